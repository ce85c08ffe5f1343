"""A channel adapter for the imaginary text-message gateway "Pager", written as one for a real gateway would be.

The gateway posts JSON to our webhook, signed with HMAC-SHA256, and takes JSON posts from us:

    {"account": ID, "news": [{"id", "kind": "text" | "status" | "echo", "at": seconds, "from", "message", "text", ...}]}
    {"account": ID, "to": NUMBER, "text": TEXT}      answered by {"message": ID}
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from orchestra.channels import inbound, outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.answers import retry_after
from orchestra.channels.capabilities import Capabilities, ReadReceipts
from orchestra.channels.description import ConfigField, ConfigKind, Description, StepKind
from orchestra.channels.fields import Fields
from orchestra.channels.instants import TimeUnit, from_unix
from orchestra.channels.parts import Identity, TextFormat, TextPart
from orchestra.channels.port import Decoded, Issue
from orchestra.channels.safe_json import JsonValue, canonical_json, parse_json
from orchestra.channels.sending import Failed, Interpreted, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.wire import (
    Handshake,
    HttpAnswer,
    HttpReply,
    HttpStep,
    NoAnswer,
    RawRequest,
    Rejected,
    StepResult,
    Verified,
    WireStep,
    header_values,
)
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
        return Capabilities(
            text_limit=LONGEST,
            can_initiate=True,
            delivered=True,
            read=ReadReceipts.NONE,
            event_id_stable=True,
            identity_kinds=frozenset({"phone"}),
        )

    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verified | Handshake | Rejected:
        """Compare the signature, in constant time, with that of every secret still accepted."""
        claimed = header_values(request.headers, "Pager-Signature")
        if request.method != "POST" or len(claimed) != 1:
            return Rejected("signature_header")
        given = claimed[0].encode("utf-8", "replace")
        secrets = account.secret_values("webhook")
        matches = [hmac.compare_digest(given, signature(secret, request.body).encode()) for secret in secrets]
        return Verified(request) if any(matches) else Rejected("signature")

    def decode(self, verified: Verified, account: Account) -> Decoded:
        """Read all news; a bad piece is an issue beside the good ones."""
        request = verified.request
        digest = hashlib.sha256(request.body).hexdigest()
        events: list[inbound.Inbound] = []
        issues: list[Issue] = []
        try:
            items = self._news(request, account)
        except MalformedMessage as error:
            return Decoded(issues=(_issue(error, digest),), reply=HttpReply(status=400))
        for place, item in enumerate(items):
            try:
                events.append(_read(Fields(item, f"news[{place}]"), request, digest))
            except MalformedMessage as error:
                issues.append(_issue(error, digest))
        return Decoded(events=tuple(events), issues=tuple(issues))

    @staticmethod
    def _news(request: RawRequest, account: Account) -> list[JsonValue]:
        body = Fields(parse_json(request.body), "body")
        if body.text("account") != account.id:
            raise MalformedMessage("body.account", "names another account")
        return body.items("news")

    def encode(
        self, message: outbound.Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        """Plan one request for a text; refuse what is no text, or too long, or cannot be stored."""
        if not isinstance(message, outbound.Message):
            return Refused("text_only", "the gateway carries texts: send a message")
        if len(message.text) > LONGEST:
            return Refused("text_too_long", f"a text may have {LONGEST} characters")
        lost = tuple(name for name in ("subject", "reply_to") if getattr(message, name))
        lost += ("format",) if message.format is not TextFormat.PLAIN else ()
        tokens = account.secret_values("token")
        if not tokens:
            return Refused("no_token", "the account needs the secret `token`")
        fields: dict[str, JsonValue] = {
            "account": account.id,
            "to": conversation.recipient.value,
            "text": message.text,
        }
        step = HttpStep(
            idempotency_key=message.key,
            method="POST",
            url=account.text_setting("url", ""),
            headers=(("Content-Type", "application/json"), ("Authorization", tokens[0])),
            body=canonical_json(fields),
            degradations=lost,
        )
        return SendPlan((step,))

    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        """Say what came of it. Without keys, a server's error may hide a message that was sent: nobody knows."""
        if isinstance(result, NoAnswer):
            return Unknown(result.reason.value) if result.may_have_arrived else Retry(result.reason.value)
        if not isinstance(result, HttpAnswer):
            return Failed("needs_http")
        code = f"http_{result.status}"
        if result.status == 429:
            return Retry(code, retry_after(result.headers, now))
        if 400 <= result.status < 500:
            return Failed(code)
        if not 200 <= result.status < 300:
            return Unknown(code)
        try:
            return Sent((Fields(parse_json(result.body), "answer").identifier("message"),))
        except MalformedMessage:
            return Unknown("unreadable_answer")


def _issue(error: MalformedMessage, digest: str) -> Issue:
    return Issue(code="malformed", where=error.where, reason=error.reason, raw_digest=digest)


def _read(item: Fields, request: RawRequest, digest: str) -> inbound.Inbound:
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
        return inbound.MessageReceived(origin=origin, parts=(TextPart(item.text("text")),))
    if kind == "echo":
        return inbound.OutboundEcho(origin=origin, parts=(TextPart(item.text("text")),))
    if kind == "status" and item.identifier("status") in STATES:
        state, code = inbound.DeliveryState(item.identifier("status")), item.optional_identifier("code")
        ids = (item.identifier("message"),)
        return inbound.DeliveryUpdate(origin=origin, state=state, message_ids=ids, code=code)
    return inbound.Unrecognised(origin=origin, type=kind)
