"""The Apprise adapter: what to tell whom, as a frame for `transport.AppriseTransport`.

A frame is a JSON object `{"to", "title", "body", "format"}`; what comes back is one of the words below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import attrs

from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.answers import unanswered
from orchestra.channels.capabilities import Capabilities
from orchestra.channels.description import ConfigField, ConfigKind, Description, StepKind
from orchestra.channels.parts import TextFormat
from orchestra.channels.port import Decoded
from orchestra.channels.sending import Failed, Interpreted, Refused, SendPlan, Sent, Unknown
from orchestra.channels.wire import (
    FrameAnswer,
    FrameStep,
    Handshake,
    RawRequest,
    Rejected,
    StepResult,
    Verified,
    WireStep,
)
from orchestra.channels.writing import UNENCODABLE, json_body, linked, listed

__all__ = ["CONNECTION", "NOT_CONFIRMED", "NO_SUCH_RECIPIENT", "TOLD", "AppriseAdapter"]

CONNECTION = "apprise"
"""The one connection that frames name."""

TOLD = b"told"
"""The service took it."""

NOT_CONFIRMED = b"not_confirmed"
"""The service refused it, or did not answer: Apprise does not say which, nor whether anything arrived."""

NO_SUCH_RECIPIENT = b"no_such_recipient"
"""The service cannot have a recipient of this kind."""

_REPEAT = "repeat"
_DESCRIPTION = Description(
    title="Apprise",
    config=(
        ConfigField(
            name=_REPEAT, kind=ConfigKind.FLAG, help="send again what may have arrived already; it may come twice"
        ),
    ),
    step_kinds=frozenset({StepKind.FRAME}),
)


@attrs.frozen
class _Told:
    """What to tell: title, text, how it is marked up, and what it lost."""

    body: str
    title: str = ""
    format: TextFormat = TextFormat.PLAIN
    lost: tuple[str, ...] = ()


class AppriseAdapter:
    """One service by its Apprise address, outward only: nothing comes in, and nobody tells what arrived.

    An account's id is a name of yours. Recipients may be of any kind of identity that the service takes.
    """

    channel = "apprise"
    contract_version = 1

    def describe(self) -> Description:
        """Tell that an account needs nothing: the address, which holds secrets, is the transport's."""
        return _DESCRIPTION

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        """Tell what passes: texts, marked up or not. Services differ in length; Apprise shortens what is too long."""
        return Capabilities(
            formats=frozenset(TextFormat), can_initiate=True, outbound_idempotency=account.config.get(_REPEAT) is True
        )

    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verified | Handshake | Rejected:
        """Refuse everything: nothing comes in."""
        return Rejected("outward_only", status=404)

    def decode(self, verified: Verified, account: Account) -> Decoded:
        """Read nothing."""
        return Decoded()

    def encode(
        self, message: outbound.Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        """Plan one frame. Choices are a numbered list, files links, each with its degradation."""
        told = _WRITERS[type(message)](message)
        if isinstance(told, Refused):
            return told
        if not told.body.strip():
            return Refused("empty_text", "a message needs a text")
        fields = {
            "to": conversation.recipient.value,
            "title": told.title,
            "body": told.body,
            "format": told.format.value,
        }
        data = json_body({**fields})
        if isinstance(data, Refused):
            return UNENCODABLE
        step = FrameStep(
            idempotency_key=message.key,
            safe_to_repeat=account.config.get(_REPEAT) is True,
            degradations=told.lost,
            connection=CONNECTION,
            data=data,
        )
        return SendPlan((step,))

    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        """Say what came of it: no service is known to say why it did not take a message."""
        if not isinstance(result, FrameAnswer):
            return unanswered(result) or Failed("needs_apprise")
        if result.data == TOLD:
            return Sent()
        if result.data == NO_SUCH_RECIPIENT:
            return Failed(NO_SUCH_RECIPIENT.decode())
        return Unknown(NOT_CONFIRMED.decode())


def _message(message: outbound.Message) -> _Told:
    lost = () if message.reply_to is None else ("reply_to",)
    return _Told(message.text, message.subject or "", message.format, lost)


def _choices(message: outbound.Choices) -> _Told:
    return _Told(listed(message), lost=("choices_as_text",))


def _media(message: outbound.Media) -> _Told | Refused:
    words = linked(message)
    if words is None:
        return Refused("media_bytes", "only texts are sent: give the file's public address")
    return _Told(words, lost=("media_as_link",))


def _progress(message: outbound.Progress) -> _Told:
    return _Told(message.text, lost=("progress_as_text",))


def _no(what: str) -> Callable[[Any], Refused]:
    refusal = Refused(what, "only texts are sent: send a message")
    return lambda _message: refusal


# Any: a table over a union cannot say that each key's type is the parameter of its value.
_WRITERS: Mapping[type, Callable[[Any], _Told | Refused]] = MappingProxyType(
    {
        outbound.Message: _message,
        outbound.Choices: _choices,
        outbound.Media: _media,
        outbound.Progress: _progress,
        outbound.Template: _no("template"),
        outbound.Edit: _no("edit"),
        outbound.Delete: _no("delete"),
        outbound.React: _no("react"),
        outbound.Typing: _no("typing"),
        outbound.MarkRead: _no("mark_read"),
        outbound.CallAction: _no("call"),
    }
)
