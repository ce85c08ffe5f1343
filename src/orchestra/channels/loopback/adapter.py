"""The adapter of the loopback channel.

Nothing in it is pretended: requests are signed and checked, batches, redeliveries, receipts and refusals happen
as with any provider, only without a network. The protocol is described in `wire`, the provider is
`transport.LoopbackProvider`.
"""

from __future__ import annotations

import hmac
import re
from datetime import datetime, timedelta

from orchestra.channels.account import Account, Conversation
from orchestra.channels.capabilities import Capabilities, RateBucket, ReadReceipts
from orchestra.channels.description import ConfigField, ConfigKind, Description, StepKind
from orchestra.channels.instants import unix_us
from orchestra.channels.loopback.decode import EVENT_KINDS, decode_request
from orchestra.channels.loopback.encode import (
    BUTTON_LABEL_MAX,
    BUTTONS_MAX,
    DEFAULT_URL,
    TEXT_LIMIT,
    encode_message,
    interpret_result,
)
from orchestra.channels.loopback.poll import decode_answer, plan_poll
from orchestra.channels.loopback.wire import CHANNEL, SECRET_NAME, SIGNATURE_HEADER, TIMESTAMP_HEADER, signature_of
from orchestra.channels.outbound import Outbound
from orchestra.channels.port import Decoded, Polled
from orchestra.channels.sending import Interpreted, Refused, SendPlan
from orchestra.channels.wire import (
    Handshake,
    RawRequest,
    Rejected,
    StepResult,
    Verified,
    WireStep,
    header_values,
)

__all__ = ["REPLAY_WINDOW", "LoopbackAdapter"]

REPLAY_WINDOW = timedelta(minutes=5)
"""How far a webhook's timestamp may be from our clock, either way."""

_TIMESTAMP = re.compile(r"[0-9]{1,11}")
_SIGNATURE = re.compile(r"v1=[0-9a-f]{64}")

_DESCRIPTION = Description(
    title="Loopback",
    config=(ConfigField(name="url", kind=ConfigKind.TEXT, help=f"where sends go; {DEFAULT_URL} if not set"),),
    secret_names=(SECRET_NAME,),
    event_kinds=EVENT_KINDS,
    step_kinds=frozenset({StepKind.HTTP}),
)

_CAPABILITIES = Capabilities(
    text_limit=TEXT_LIMIT,
    buttons_max=BUTTONS_MAX,
    button_label_max=BUTTON_LABEL_MAX,
    can_initiate=True,
    typing=True,
    delivered=True,
    read=ReadReceipts.WATERMARK,
    edit=True,
    delete=True,
    react=True,
    threads=True,
    rate_buckets=(RateBucket("account", permits=1_000, period=timedelta(seconds=1)),),
    keeps_order=True,
    outbound_idempotency=True,
    event_id_stable=True,
    identity_kinds=frozenset({CHANNEL}),
)


class LoopbackAdapter:
    """The adapter of the loopback channel. One instance serves any number of accounts and threads."""

    channel = CHANNEL
    contract_version = 1

    def describe(self) -> Description:
        """Tell what an account needs: a secret named `signing`."""
        return _DESCRIPTION

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        """Tell what the channel carries: the same everywhere."""
        return _CAPABILITIES

    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verified | Handshake | Rejected:
        """Check method, age and signature, each header being there exactly once."""
        if request.method != "POST":
            return Rejected("method", status=405)
        timestamps = header_values(request.headers, TIMESTAMP_HEADER)
        signatures = header_values(request.headers, SIGNATURE_HEADER)
        if len(timestamps) != 1 or len(signatures) != 1:
            return Rejected("signature_headers")
        timestamp, signature = timestamps[0], signatures[0]
        if _TIMESTAMP.fullmatch(timestamp) is None or _SIGNATURE.fullmatch(signature) is None:
            return Rejected("signature_form")
        if abs(unix_us(now) - int(timestamp) * 1_000_000) > REPLAY_WINDOW // timedelta(microseconds=1):
            return Rejected("stale")
        return Verified(request) if _is_signed(account, timestamp, signature, request.body) else Rejected("signature")

    def decode(self, verified: Verified, account: Account) -> Decoded:
        """Read a batch of events. A bad one is an issue; an unknown type is `Unrecognised`."""
        return decode_request(verified.request, account)

    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        """Plan exactly one HTTP request.

        Marked-up text is sent as it is, choices beyond three as a numbered list, media as a link, progress as
        text, each with its degradation. Refused: texts over the limit, media bytes, templates, calls.
        """
        return encode_message(message, account, conversation, now)

    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        """Say what came of it: the provider honours keys, so a 5xx may be tried again."""
        return interpret_result(result, now)

    def poll(self, cursor: str | None, account: Account, now: datetime) -> SendPlan:
        """Plan one request for the news after the cursor."""
        return plan_poll(cursor, account, now)

    def decode_poll(self, step: WireStep, result: StepResult, cursor: str | None, account: Account) -> Polled:
        """Read a page. Its events are those of webhooks, with the same ids."""
        return decode_answer(step, result, cursor, account)


def _is_signed(account: Account, timestamp: str, signature: str, body: bytes) -> bool:
    # All accepted secrets are tried, and compared in constant time, so that timing tells nothing.
    matches = [
        hmac.compare_digest(signature_of(secret, timestamp, body), signature)
        for secret in account.secret_values(SECRET_NAME)
    ]
    return any(matches)
