"""The files of a new channel plug-in, for `orchestra new-adapter`: complete, and empty where a channel is its own.

Belongs here: the texts, in which NAME and CLASS stand for the channel's. Does not: writing them anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["FILES"]

_PROJECT = """\
[build-system]
requires = ["hatchling>=1.26"]
build-backend = "hatchling.build"

[project]
name = "orchestra-NAME"
version = "0.1.0"
description = "The NAME channel for orchestra."
requires-python = ">=3.11"
dependencies = ["orchestra-cx"]

[project.optional-dependencies]
testing = ["orchestra-cx[testing]"]

# How it is found: by the channel's name.
[project.entry-points."orchestra.channels"]
NAME = "orchestra_NAME:CLASSAdapter"

[tool.hatch.build.targets.wheel]
only-include = ["orchestra_NAME.py"]

[tool.pytest.ini_options]
pythonpath = ["."]
"""

_README = """\
# orchestra-NAME

The NAME channel for [orchestra](https://pypi.org/project/orchestra-cx/).

    pip install -e ".[testing]"
    pytest -rs

The contract suite fails where the adapter is still empty, and says what is missing. What has no meaning for this
channel is declared in `not_applicable`, with its reason.
"""

_MODULE = '''\
"""The NAME channel: between the provider's bytes and the values of orchestra. Pure: no clock, no socket, no state."""

from __future__ import annotations

from datetime import datetime

from orchestra.channels import outbound, wire
from orchestra.channels.account import Account, Conversation
from orchestra.channels.answers import by_status, unanswered
from orchestra.channels.capabilities import Capabilities
from orchestra.channels.description import Description, StepKind
from orchestra.channels.port import Decoded
from orchestra.channels.sending import Failed, Interpreted, Refused, SendPlan

__all__ = ["CLASSAdapter"]


class CLASSAdapter:
    """Messages over NAME."""

    channel = "NAME"
    contract_version = 1

    def describe(self) -> Description:
        """Tell what an account needs: its settings and secrets, and what the adapter gives."""
        return Description(title="CLASS", secret_names=("webhook", "token"), step_kinds=frozenset({StepKind.HTTP}))

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        """Tell what the channel carries. Every default is the poorer case."""
        return Capabilities()

    def verify(self, request: wire.RawRequest, account: Account, now: datetime) -> (
        wire.Verified | wire.Handshake | wire.Rejected
    ):
        """Tell whether the account's provider sent this. Never raises."""
        return wire.Rejected("not_written")

    def decode(self, verified: wire.Verified, account: Account) -> Decoded:
        """Read all news of a genuine request. Never raises; what cannot be read is an issue."""
        return Decoded()

    def encode(
        self, message: outbound.Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        """Plan the sending. The same arguments give the same bytes."""
        return Refused("not_written", "the adapter cannot send yet")

    def interpret(self, step: wire.WireStep, result: wire.StepResult, now: datetime) -> Interpreted:
        """Say what came of a step. No answer after the write is `Unknown`."""
        if not isinstance(result, wire.HttpAnswer):
            return unanswered(result) or Failed("needs_http")
        return by_status(result, now, is_safe=False)
'''

_TEST = '''\
"""The NAME adapter, held to the contract of adapters: each test that fails says what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from orchestra_NAME import CLASSAdapter

from orchestra.channels.account import Account
from orchestra.channels.port import ChannelAdapter
from orchestra.testing.adapters import AdapterContract, Signing

ACCOUNT = Account(
    route_key="a-key",
    channel="NAME",
    id="acme",
    secrets={"webhook": ("new-secret", "old-secret"), "token": ("a-token",)},
)


class TestCLASS(AdapterContract):
    # Which headers prove a request, by which secret.
    signing = Signing(secret="webhook", headers=("CLASS-Signature",))
    # Points of the contract that have no meaning for this channel, each with its reason.
    not_applicable: ClassVar[Mapping[int, str]] = {}

    def adapter(self) -> ChannelAdapter:
        return CLASSAdapter()

    def account(self) -> Account:
        return ACCOUNT

    # To be supplied: sign, sample, written, answer, echo; see `orchestra.testing.adapter_rig.AdapterRig`.
'''

FILES: Mapping[str, str] = MappingProxyType(
    {
        "pyproject.toml": _PROJECT,
        "README.md": _README,
        "orchestra_NAME.py": _MODULE,
        "tests/test_NAME.py": _TEST,
    }
)
"""Path -> text."""
