"""Reading what Twilio posts of messages: one that came, or how far one of ours came.

Nothing says in which order they come, and one comes again where the webhook's address asks for that (usage/webhooks/
webhooks-connection-overrides). The message's SID, and of a receipt its status, tells a repetition from news; the header
`I-Twilio-Idempotency-Token` does not, as nobody signs it.
"""

from __future__ import annotations

import re
from datetime import datetime

import attrs

from orchestra.channels import inbound
from orchestra.channels.account import Account
from orchestra.channels.batches import digest_of, issue_of, unusable
from orchestra.channels.media_kinds import media_kind
from orchestra.channels.parts import Identity, MediaPart, MediaRef, Part, TextPart, ThreadRef
from orchestra.channels.port import Decoded
from orchestra.channels.twilio.facts import (
    CONSENT_KEYWORDS,
    MEDIA_MAX,
    OPT_OUT_TYPES,
    PERMANENT_CODES,
    STATES,
    WINDOW_CODE,
)
from orchestra.channels.twilio.form import Form, read_parameters
from orchestra.channels.windows import WINDOW_IS_SHUT
from orchestra.channels.wire import HttpReply, RawRequest
from orchestra.errors import MalformedMessage

__all__ = ["EVENT_KINDS", "WHATSAPP_PREFIX", "decode_form"]

WHATSAPP_PREFIX = "whatsapp:"
"""Before every WhatsApp address ("channel address"), ours and theirs."""

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_PLACE = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,20})?")

# An answer in TwiML that tells Twilio to do nothing (docs/messaging/guides/webhook-request).
_NOTHING = HttpReply(headers=(("Content-Type", "text/xml"),), body=b"<Response/>")

EVENT_KINDS: frozenset[type[inbound.Inbound]] = frozenset(
    {
        inbound.MessageReceived,
        inbound.ChoiceSelected,
        inbound.DeliveryUpdate,
        inbound.ConsentChanged,
        inbound.Unrecognised,
    }
)


@attrs.frozen
class _Letter:
    """The form, and what belongs to it."""

    form: Form
    received_at: datetime
    digest: str

    def origin(self, key: str, message: str, sender: Identity | None) -> inbound.Origin:
        return inbound.Origin(
            dedupe_key=key,
            ids=inbound.ProviderIds(message=message),
            thread=ThreadRef(reply_to=self.form.optional_identifier("OriginalRepliedMessageSid")),
            identities=() if sender is None else (sender,),
            received_at=self.received_at,
            raw_digest=self.digest,
        )


def decode_form(request: RawRequest, account: Account) -> Decoded:
    """Read a form whose signature holds. Never raises; it names the account, or is refused."""
    digest = digest_of(request.body)
    try:
        form = Form(read_parameters(request.body))
        if form.text("AccountSid") != account.id:
            error = MalformedMessage("AccountSid", "names another account")
            return unusable(error, digest, code="wrong_account", status=403)
        letter = _Letter(form, request.received_at, digest)
    except MalformedMessage as error:
        return unusable(error, digest)
    try:
        return Decoded(events=(_read(letter),), reply=_NOTHING)
    except MalformedMessage as error:
        return Decoded(issues=(issue_of(error, digest, "malformed_event"),), reply=_NOTHING)


def _read(letter: _Letter) -> inbound.Inbound:
    """A status callback has a `MessageStatus`; a message that came has none."""
    form = letter.form
    status = form.optional("MessageStatus")
    if status is not None:
        return _status(letter, status)
    message, sender = form.identifier("MessageSid"), _identity(form)
    granted = _consent(form)
    if granted is not None:
        return inbound.ConsentChanged(origin=letter.origin(message, message, sender), is_granted=granted)
    origin = letter.origin(message, message, sender)
    choice = form.optional_identifier("ButtonPayload") or form.optional_identifier("ListId")
    if choice is not None:
        label = form.optional("ButtonText") or form.optional("ListTitle")
        return inbound.ChoiceSelected(origin=origin, choice=choice, label=label, message_id=origin.thread.reply_to)
    parts = _parts(form)
    if not parts:
        return inbound.Unrecognised(origin=origin, type=(form.optional("MessageType") or "nothing")[:100])
    return inbound.MessageReceived(origin=origin, parts=parts)


def _status(letter: _Letter, status: str) -> inbound.Inbound:
    """Whom it concerns is who it was sent to; every status of a message comes once."""
    message = letter.form.identifier("MessageSid")
    origin = letter.origin(f"{message}:{status}"[:512], message, None)
    state = STATES.get(status)
    if state is None:
        return inbound.Unrecognised(origin=origin, type=f"status:{status}"[:100])
    is_failed = state is inbound.DeliveryState.FAILED
    code = letter.form.optional_identifier("ErrorCode") or status
    if code == str(WINDOW_CODE):
        code = WINDOW_IS_SHUT.code
    return inbound.DeliveryUpdate(
        origin=origin,
        state=state,
        message_ids=(message,),
        code=code if is_failed else None,
        permanent=is_failed and code in PERMANENT_CODES,
        is_undeliverable=is_failed and code in PERMANENT_CODES,
    )


def _identity(form: Form) -> Identity:
    """A number where there is one; short codes, names and WhatsApp's own ids are known as such."""
    address = form.identifier("From")
    value = address.removeprefix(WHATSAPP_PREFIX)
    name = (form.optional("ProfileName") or "")[:512] or None
    if _E164.fullmatch(value) is not None:
        return Identity("phone", value, name=name)
    if not value:
        raise MalformedMessage("From", "is empty")
    return Identity("sms" if address == value else "whatsapp", value, name=name)


def _consent(form: Form) -> bool | None:
    kind = form.optional("OptOutType")
    if kind is not None:
        return OPT_OUT_TYPES.get(kind.upper())
    if form.identifier("From").startswith(WHATSAPP_PREFIX):
        return None  # words are blocked by nobody there
    return CONSENT_KEYWORDS.get((form.optional("Body") or "").strip().upper())


def _parts(form: Form) -> tuple[Part, ...]:
    body = form.optional("Body")
    text = () if body is None else (TextPart(body),)
    media = tuple(_media(form, place) for place in range(form.count("NumMedia", MEDIA_MAX)))
    latitude, longitude = form.optional("Latitude"), form.optional("Longitude")
    if latitude is None or longitude is None:
        return (*text, *media)
    if _PLACE.fullmatch(latitude) is None or _PLACE.fullmatch(longitude) is None:
        raise MalformedMessage("Latitude", "must be degrees")
    # RFC 5870, so that whoever shows it can tell.
    return (*text, TextPart(f"geo:{latitude},{longitude}"), *media)


def _media(form: Form, place: int) -> MediaPart:
    kind = form.optional_identifier(f"MediaContentType{place}")
    ref = form.identifier(f"MediaUrl{place}")
    return MediaPart(MediaRef(ref=ref, kind=media_kind(kind or ""), content_type=kind))
