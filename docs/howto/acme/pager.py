"""A channel adapter for the imaginary text-message gateway "Pager", written as one for a real gateway would be.

The gateway posts JSON to our webhook, signed with HMAC-SHA256, and takes JSON posts from us:

    {"account": ID, "news": [{"id", "kind": "text" | "status" | "echo", "at": seconds, "from", "message", "text", ...}]}
    {"account": ID, "to": NUMBER, "text": TEXT}      answered by {"message": ID}
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from datetime import datetime

from orchestra.channels import inbound, outbound, wire
from orchestra.channels.account import Account, Conversation
from orchestra.channels.answers import by_status, unanswered
from orchestra.channels.batches import digest_of, read_each, unusable
from orchestra.channels.capabilities import Capabilities
from orchestra.channels.description import ConfigField, ConfigKind, Description, StepKind
from orchestra.channels.fields import Fields
from orchestra.channels.instants import TimeUnit, from_unix
from orchestra.channels.parts import Identity, TextPart
from orchestra.channels.port import Decoded
from orchestra.channels.safe_json import parse_json
from orchestra.channels.sending import Failed, Interpreted, Refused, SendPlan, Sent
from orchestra.channels.signing import is_one_of, single_header
from orchestra.channels.writing import json_body, what_is_lost
from orchestra.errors import MalformedMessage

__all__ = ["PagerAdapter", "signature"]

LONGEST = 1_600
STATES = frozenset({"accepted", "delivered", "failed"})


def signature(secret: str, body: bytes) -> str:
    """What the gateway puts into the header `Pager-Signature`."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class PagerAdapter:
    """Text messages over the Pager gateway."""

    channel = "pager"
    contract_version = 1

    def describe(self) -> Description:
        """Tell that an account needs a URL and two secrets."""
        return Description(
            title="Pager",
            config=(ConfigField(name="url", kind=ConfigKind.TEXT, help="where sends go", is_required=True),),
            secret_names=("webhook", "token"),
            event_kinds=frozenset(
                {inbound.MessageReceived, inbound.DeliveryUpdate, inbound.OutboundEcho, inbound.Unrecognised}
            ),
            step_kinds=frozenset({StepKind.HTTP}),
        )

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        """Tell what it carries: short plain texts. It does not honour idempotency keys."""
        kinds = frozenset({"phone"})
        return Capabilities(
            text_limit=LONGEST, can_initiate=True, delivered=True, event_id_stable=True, identity_kinds=kinds
        )

    def verify(
        self, request: wire.RawRequest, account: Account, now: datetime
    ) -> wire.Verified | wire.Handshake | wire.Rejected:
        """Compare the signature, in constant time, with that of every secret still accepted."""
        claimed = single_header(request.headers, "Pager-Signature")
        if request.method != "POST" or claimed is None:
            return wire.Rejected("signature_header")
        wanted = [signature(secret, request.body).encode() for secret in account.secret_values("webhook")]
        return wire.Verified(request) if is_one_of(claimed, wanted) else wire.Rejected("signature")

    def decode(self, verified: wire.Verified, account: Account) -> Decoded:
        """Read all news; a bad piece is an issue beside the good ones."""
        request, digest = verified.request, digest_of(verified.request.body)
        try:
            body = Fields(parse_json(request.body), "body")
            if body.text("account") != account.id:
                raise MalformedMessage("body.account", "names another account")
            return read_each(body.items("news"), "news", digest, lambda item: _read(item, request, digest))
        except MalformedMessage as error:
            return unusable(error, digest)

    def encode(
        self, message: outbound.Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        """Plan one request for a text; refuse what is no text, or too long, or cannot be stored."""
        if not isinstance(message, outbound.Message):
            return Refused("text_only", "the gateway carries texts: send a message")
        if len(message.text) > LONGEST:
            return Refused("text_too_long", f"a text may have {LONGEST} characters")
        tokens = account.secret_values("token")
        if not tokens:
            return Refused("no_token", "the account needs the secret `token`")
        body = json_body({"account": account.id, "to": conversation.recipient.value, "text": message.text})
        if isinstance(body, Refused):
            return body
        step = wire.HttpStep(
            idempotency_key=message.key,
            method="POST",
            url=account.text_setting("url", ""),
            headers=(("Content-Type", "application/json"), ("Authorization", tokens[0])),
            body=body,
            degradations=(*what_is_lost(message), *(("reply_to",) if message.reply_to else ())),
        )
        return SendPlan((step,))

    def interpret(self, step: wire.WireStep, result: wire.StepResult, now: datetime) -> Interpreted:
        """Say what came of it. Without keys, a server's error may hide a message that was sent: nobody knows."""
        if not isinstance(result, wire.HttpAnswer):
            return unanswered(result) or Failed("needs_http")
        try:
            if 200 <= result.status < 300:
                return Sent((Fields(parse_json(result.body), "answer").identifier("message"),))
        except MalformedMessage:
            pass  # a proxy's page says nothing
        return by_status(result, now, is_safe=False)


def _read(item: Fields, request: wire.RawRequest, digest: str) -> Iterator[inbound.Inbound]:
    """One piece of news. What `kind` it may be tomorrow nobody knows: others are kept as they are."""
    kind, message = item.identifier("kind"), item.optional_identifier("message")
    sender = (Identity("phone", item.identifier("from")),) if "from" in item else ()
    origin = inbound.Origin(
        dedupe_key=item.identifier("id"),
        ids=inbound.ProviderIds(message=message, event=item.identifier("id")),
        identities=sender,
        occurred_at=from_unix(item.integer("at"), TimeUnit.SECONDS, where=f"{item.path}.at"),
        received_at=request.received_at,
        raw_digest=digest,
    )
    if kind == "text":
        yield inbound.MessageReceived(origin=origin, parts=(TextPart(item.text("text")),))
    elif kind == "echo":
        yield inbound.OutboundEcho(origin=origin, parts=(TextPart(item.text("text")),))
    elif kind == "status" and item.identifier("status") in STATES:
        state, code = inbound.DeliveryState(item.identifier("status")), item.optional_identifier("code")
        ids = (item.identifier("message"),)
        yield inbound.DeliveryUpdate(origin=origin, state=state, message_ids=ids, code=code)
    else:
        yield inbound.Unrecognised(origin=origin, type=kind)
