"""The adapter of back offices that speak CloudEvents over HTTP: events with a shared token, in either direction.

Source: http-webhook.md of github.com/cloudevents/spec, sections 3 (Authorization) and 4 (Abuse protection). Of the two
ways to give the token only the header is taken: addresses are logged on the way.
"""

from __future__ import annotations

import re
from datetime import datetime

from orchestra.channels.account import Account, Conversation
from orchestra.channels.back_office.event_modes import STRUCTURED_TYPE, decode_events
from orchestra.channels.back_office.letters import URL, capabilities_of, interpret_answer, letter_of, posted
from orchestra.channels.back_office.payloads import EVENT_KINDS, PROGRESS_TYPE
from orchestra.channels.back_office.times import to_rfc3339
from orchestra.channels.capabilities import Capabilities
from orchestra.channels.description import ConfigField, ConfigKind, Description, StepKind
from orchestra.channels.outbound import Outbound
from orchestra.channels.port import Decoded
from orchestra.channels.safe_json import JsonObject
from orchestra.channels.sending import Interpreted, Refused, SendPlan
from orchestra.channels.signing import is_one_of, single_header
from orchestra.channels.wire import (
    Handshake,
    Headers,
    HttpReply,
    RawRequest,
    Rejected,
    StepResult,
    Verified,
    WireStep,
    header_values,
)
from orchestra.channels.writing import json_body

__all__ = ["CloudEventsAdapter"]

CHANNEL = "cloudevents"
SECRET_NAME = "token"  # noqa: S105 - the name under which the secret is kept, not a secret
DEFAULT_SOURCE = "/orchestra"

# A token stands in a header, where a line end would forge another one.
_TOKEN = re.compile(r"[!-~]+")
_ORIGIN = re.compile(r"[A-Za-z0-9.-]{1,253}")

_DESCRIPTION = Description(
    title="CloudEvents",
    config=(
        URL,
        PROGRESS_TYPE,
        ConfigField(name="origins", kind=ConfigKind.TEXT, help="who may register here, by DNS name; comma-separated"),
        ConfigField(name="rate", kind=ConfigKind.INTEGER, help="requests a minute that they may send; any unless set"),
        ConfigField(name="source", kind=ConfigKind.TEXT, help=f"what our events call us; {DEFAULT_SOURCE} if not set"),
    ),
    secret_names=(SECRET_NAME,),
    event_kinds=EVENT_KINDS,
    step_kinds=frozenset({StepKind.HTTP}),
)


class CloudEventsAdapter:
    """A back office whose events carry a token. An account's id is the source that they name, or the start of it."""

    channel = CHANNEL
    contract_version = 1

    def describe(self) -> Description:
        """Tell what an account needs: a secret named `token`, which is the bearer's in either direction."""
        return _DESCRIPTION

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        """Tell what a back office carries."""
        return capabilities_of(CHANNEL)

    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verified | Handshake | Rejected:
        """Compare the token; or, of whoever asks whether they may send, the name.

        That question proves nothing and gives no access: it keeps senders from being pointed at those who want nothing.
        """
        if request.method == "OPTIONS":
            return _permission(request, account)
        if request.method != "POST":
            return Rejected("method", status=405)
        if any(not _may_send(origin, account) for origin in header_values(request.headers, "Origin")):
            return Rejected("origin", status=403)
        scheme, _, claimed = (single_header(request.headers, "Authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or not claimed:
            return Rejected("token_header")
        expected = [secret.encode() for secret in account.secret_values(SECRET_NAME)]
        return Verified(request) if is_one_of(claimed, expected) else Rejected("token")

    def decode(self, verified: Verified, account: Account) -> Decoded:
        """Read the events, in whichever mode they are. Of a batch a bad one is an issue beside the good ones."""
        return decode_events(verified.request, account)

    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        """Plan one request with an event in structured mode; its id is the message's key, equal in every attempt."""
        letter, tokens = letter_of(message, conversation), account.secret_values(SECRET_NAME)
        if isinstance(letter, Refused):
            return letter
        if not tokens or _TOKEN.fullmatch(tokens[0]) is None:
            return Refused("no_secret", "the account needs a token of visible ASCII characters")
        event: JsonObject = {
            "specversion": "1.0",
            "id": message.key,
            "source": account.text_setting("source", DEFAULT_SOURCE),
            "type": letter.type,
            "time": to_rfc3339(now),
            "datacontenttype": "application/json",
            "data": letter.data,
        }
        body = json_body(event)
        if isinstance(body, Refused):
            return body
        headers = (("Content-Type", STRUCTURED_TYPE), ("Authorization", f"Bearer {tokens[0]}"))
        return posted(letter, message.key, account, headers, body)

    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        """Say what came of it: any success is one, 410 is final, and receivers know a repeated id."""
        return interpret_answer(step, result, now)


def _may_send(origin: str, account: Account) -> bool:
    names = account.text_setting("origins", "")
    return not names or origin.strip().lower() in {name.strip().lower() for name in names.split(",")}


def _permission(request: RawRequest, account: Account) -> Handshake | Rejected:
    """Whoever asks under a name that may send gets it back (section 4.2); nobody may unless names are set."""
    origin = single_header(request.headers, "WebHook-Request-Origin")
    if origin is None or _ORIGIN.fullmatch(origin) is None:
        return Rejected("origin_header", status=400)
    if not account.text_setting("origins", "") or not _may_send(origin, account):
        return Rejected("origin", status=403)
    rate = account.config.get("rate")
    allowed: Headers = (
        ("Allow", "POST"),
        ("Content-Type", "text/plain"),
        ("WebHook-Allowed-Origin", origin),
        ("WebHook-Allowed-Rate", "*" if rate is None else str(rate)),
    )
    return Handshake(HttpReply(headers=allowed, body=origin.encode()))
