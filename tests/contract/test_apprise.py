"""The Apprise adapter, held to the contract of adapters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar

from orchestra.channels.account import Account, Conversation
from orchestra.channels.apprise.adapter import AppriseAdapter
from orchestra.channels.parts import Identity
from orchestra.channels.port import ChannelAdapter
from orchestra.channels.wire import FrameStep, WireStep
from orchestra.testing.adapters import DECODING, PROOF, AdapterContract


class TestApprise(AdapterContract):
    not_applicable: ClassVar[Mapping[int, str]] = {
        **dict.fromkeys((*PROOF, *DECODING), "nothing comes in"),
        32: "services differ in length, and Apprise shortens",
        33: "there is no window",
        38: "Apprise tells no advice",
        39: "a success is told by a word",
        40: "services honour no keys",
        42: "Apprise does not say why a service did not take a message",
        43: "there are no pages: a frame is answered by a word",
        46: "services show nobody what was sent; what they get is in the unit tests",
    }

    def adapter(self) -> ChannelAdapter:
        return AppriseAdapter()

    def account(self) -> Account:
        return Account(route_key="r-11ce07", channel="apprise", id="signal")

    def conversation(self) -> Conversation:
        return Conversation(recipient=Identity("signal", "ann"))

    def shown(self, step: WireStep) -> str:
        assert isinstance(step, FrameStep)
        return str(json.loads(step.data)["body"])
