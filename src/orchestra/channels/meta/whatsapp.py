"""The WhatsApp adapter, by Meta's Cloud API."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from orchestra.channels.account import Account, Conversation
from orchestra.channels.capabilities import Capabilities, ReadReceipts
from orchestra.channels.description import ConfigField, ConfigKind, Description, StepKind
from orchestra.channels.fields import Fields
from orchestra.channels.meta.graph import TOKEN, URL_FIELD, caller_of, interpret_answer, sent_if_true
from orchestra.channels.meta.signature import APP_SECRET, VERIFY_TOKEN, verify_request
from orchestra.channels.meta.whatsapp_decode import EVENT_KINDS, decode_request
from orchestra.channels.meta.whatsapp_encode import encode_message, uploaded
from orchestra.channels.meta.whatsapp_facts import (
    BUTTON_LABEL_MAX,
    BUTTONS_MAX,
    CAPTION_LIMIT,
    MEDIA,
    RATE_BUCKETS,
    REPLY_WINDOW,
    TEXT_LIMIT,
)
from orchestra.channels.meta.whatsapp_messages import PERSON
from orchestra.channels.outbound import Outbound
from orchestra.channels.parts import MediaRef
from orchestra.channels.port import Decoded
from orchestra.channels.sending import Interpreted, Next, Refused, SendPlan, Sent
from orchestra.channels.wire import Handshake, HttpStep, RawRequest, Rejected, StepResult, Verified, WireStep

__all__ = ["WhatsAppAdapter"]

_DESCRIPTION = Description(
    title="WhatsApp",
    config=(
        URL_FIELD,
        ConfigField(
            name="list_button",
            kind=ConfigKind.TEXT,
            help="what opens a list of four to ten choices, as 'Choose'; without it they are numbered lines",
        ),
    ),
    secret_names=(APP_SECRET, VERIFY_TOKEN, TOKEN),
    event_kinds=EVENT_KINDS,
    step_kinds=frozenset({StepKind.HTTP}),
)
_CAPABILITIES = Capabilities(
    text_limit=TEXT_LIMIT,
    caption_limit=CAPTION_LIMIT,
    buttons_max=BUTTONS_MAX,
    button_label_max=BUTTON_LABEL_MAX,
    media=MEDIA,
    template_required_outside_window=True,
    reply_window=REPLY_WINDOW,
    can_initiate=True,
    delivered=True,
    read=ReadReceipts.PER_MESSAGE,
    react=True,
    threads=True,
    rate_buckets=RATE_BUCKETS,
    event_id_stable=True,
    identity_kinds=frozenset({"phone", PERSON}),
)

_ASKED_FOR_ADDRESS = "media"
_FILE_HOSTS = ("fbsbx.com", "whatsapp.net", "facebook.com")


class WhatsAppAdapter:
    """A business phone number on WhatsApp.

    An account's id is its phone number id. People are known by their number, and by a business-scoped id as `whatsapp`
    where they do not show it. Outside 24 hours from a person's last message only templates pass.
    """

    channel = "whatsapp"
    contract_version = 1

    def describe(self) -> Description:
        """Tell what an account needs: the app's secret, the token of the handshake, and an access token."""
        return _DESCRIPTION

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        """Tell what the channel carries: the same everywhere."""
        return _CAPABILITIES

    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verified | Handshake | Rejected:
        """Check the signature over the body, or answer the handshake; see `orchestra.channels.meta.signature`."""
        return verify_request(request, account)

    def decode(self, verified: Verified, account: Account) -> Decoded:
        """Read all of a batch: messages, edits, reactions, choices, statuses, preferences, notices to the owner."""
        return decode_request(verified.request, account)

    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        """Plan one call, several for a long text, or an upload that a sending follows.

        Choices that do not fit are a numbered list, files of other types links, each with its degradation. Refused:
        edits, deletions, typing, calls, and all but templates outside the window.
        """
        return encode_message(message, account, conversation, now)

    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        """Say what came of it. An upload yields the sending; asking for a file's address yields the fetching."""
        return interpret_answer(step, result, now, lambda answer: _made(step, answer))

    def fetch(self, media_ref: MediaRef, account: Account) -> HttpStep | Refused:
        """Plan the asking for a file's address, which `interpret` follows up by fetching it."""
        caller = caller_of(account)
        if isinstance(caller, Refused):
            return caller
        if not (media_ref.ref.isascii() and media_ref.ref.isdecimal()):
            return Refused("media_id", "a file is named by its id, which is a number")
        return HttpStep(
            idempotency_key="fetch",
            safe_to_repeat=True,
            carry=_ASKED_FOR_ADDRESS,
            method="GET",
            url=f"{caller.url}/{media_ref.ref}",
            headers=(caller.proof,),
        )


def _made(step: WireStep, answer: Fields) -> Interpreted:
    if not isinstance(step, HttpStep) or "success" in answer:
        return sent_if_true(answer)
    if step.carry == _ASKED_FOR_ADDRESS:
        return Next(_fetching(step, answer.text("url")))
    if step.carry:
        return Next(uploaded(step, answer.identifier("id")))
    found = tuple(message.identifier("id") for message in answer.children("messages"))
    return Sent(found) if found else sent_if_true(answer)


def _fetching(step: HttpStep, url: str) -> HttpStep:
    """The token goes to Meta's own hosts only, whatever the answer names."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host, parts = "", urlsplit("")
    is_theirs = parts.scheme == "https" and any(host == one or host.endswith(f".{one}") for one in _FILE_HOSTS)
    return HttpStep(
        idempotency_key="fetch:file",
        safe_to_repeat=True,
        method="GET",
        url=url,
        headers=step.headers if is_theirs else (),
    )
