"""The adapter of back offices that speak Standard Webhooks: one signed event in a request, in either direction.

Source: spec/standard-webhooks.md of github.com/standard-webhooks/standard-webhooks, version 1.0.0.
"""

from __future__ import annotations

from datetime import datetime

from orchestra.channels.account import Account, Conversation
from orchestra.channels.back_office.letters import URL, capabilities_of, interpret_answer, letter_of, posted
from orchestra.channels.back_office.payloads import EVENT_KINDS, PROGRESS_TYPE, Told, read_told
from orchestra.channels.back_office.signatures import ID_HEADER, SECRET_NAME, keys_of, objection, signed_headers
from orchestra.channels.back_office.times import from_rfc3339, to_rfc3339
from orchestra.channels.batches import digest_of, unusable
from orchestra.channels.capabilities import Capabilities
from orchestra.channels.description import Description, StepKind
from orchestra.channels.fields import Fields
from orchestra.channels.outbound import Outbound
from orchestra.channels.port import Decoded
from orchestra.channels.safe_json import parse_json
from orchestra.channels.sending import Interpreted, Refused, SendPlan
from orchestra.channels.signing import single_header
from orchestra.channels.wire import Handshake, RawRequest, Rejected, StepResult, Verified, WireStep
from orchestra.channels.writing import json_body
from orchestra.errors import MalformedMessage

__all__ = ["StandardWebhooksAdapter"]

CHANNEL = "standard_webhooks"

_DESCRIPTION = Description(
    title="Standard Webhooks",
    config=(URL, PROGRESS_TYPE),
    secret_names=(SECRET_NAME,),
    event_kinds=EVENT_KINDS,
    step_kinds=frozenset({StepKind.HTTP}),
)


class StandardWebhooksAdapter:
    """A back office that signs what it tells, and checks the signature of what it is told, with one shared secret."""

    channel = CHANNEL
    contract_version = 1

    def describe(self) -> Description:
        """Tell what an account needs: a secret named `signing`, as `whsec_...`."""
        return _DESCRIPTION

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        """Tell what a back office carries."""
        return capabilities_of(CHANNEL)

    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verified | Handshake | Rejected:
        """Check method, age and signature; of several signatures one has to hold."""
        if request.method != "POST":
            return Rejected("method", status=405)
        code = objection(request.headers, request.body, account.secret_values(SECRET_NAME), now)
        return Verified(request) if code is None else Rejected(code)

    def decode(self, verified: Verified, account: Account) -> Decoded:
        """Read the one event. What is wrong with it is an issue, and answered 400: it will not pass later either."""
        request = verified.request
        digest = digest_of(request.body)
        try:
            return Decoded(events=(read_told(_told(request), request, account, digest),))
        except MalformedMessage as error:
            return unusable(error, digest)

    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        """Plan one signed request; its id is the message's key, equal in every attempt."""
        letter, keys = letter_of(message, conversation), keys_of(account.secret_values(SECRET_NAME))
        if isinstance(letter, Refused):
            return letter
        if not keys:
            return Refused("no_secret", "the account needs a secret as whsec_... to sign with")
        body = json_body({"type": letter.type, "timestamp": to_rfc3339(now), "data": letter.data})
        if isinstance(body, Refused):
            return body
        headers = (("Content-Type", "application/json"), *signed_headers(keys[0], message.key, now, body))
        return posted(letter, message.key, account, headers, body)

    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        """Say what came of it: any success is one, 410 is final, and receivers know a repeated id."""
        return interpret_answer(step, result, now)


def _told(request: RawRequest) -> Told:
    body = Fields(parse_json(request.body), "body")
    name = single_header(request.headers, ID_HEADER)
    if name is None:
        raise MalformedMessage(ID_HEADER, "is missing")
    occurred = from_rfc3339(body.text("timestamp"), "body.timestamp") if "timestamp" in body else None
    # The data may as well be part of the object itself ("Payload structure").
    data = body.child("data") if "data" in body else body
    return Told(id=name, type=body.identifier("type"), occurred=occurred, data=data)
