"""From a message to the mail that carries it, and what came of sending it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import attrs

from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.mail.addresses import Mailbox, spelt
from orchestra.channels.mail.html_text import text_of_html
from orchestra.channels.mail.mime import (
    address_field,
    ascii_domain,
    date_field,
    field,
    file_part,
    holding,
    text_part,
)
from orchestra.channels.mail.names import safe_name
from orchestra.channels.mail.reports import no_address
from orchestra.channels.mail.settings import Settings
from orchestra.channels.mail.tokens import bounce_address, sealed_id, unsubscribe_subject
from orchestra.channels.mail.words import clean_line
from orchestra.channels.parts import TextFormat
from orchestra.channels.sending import Failed, Outcome, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.text import refuse_controls
from orchestra.channels.wire import NoAnswer, SmtpAnswer, SmtpStep, StepResult, WireStep
from orchestra.channels.writing import UNENCODABLE, has_unencodable, linked, listed
from orchestra.errors import MalformedMessage

__all__ = ["encode_mail", "interpret_answer"]

_ANSWERED = re.compile(r"(<[!-;=?-~]{1,400}>)(?:\.[0-9a-f]{16})?")
"""The id of a mail, perhaps with the mark that mails which came in are told apart by."""
_PURPOSE = re.compile(r"[a-z0-9_.-]{1,100}")
_TOKEN = re.compile(r"[A-Za-z0-9._-]{1,100}")
_LONGEST_SUBJECT = 900
_HEADER = Refused("header", "an address or the title cannot stand in a header")


@attrs.frozen(kw_only=True)
class _Content:
    """What kinds of messages have in common once they are a mail's text.

    Attributes:
        text: what it says.
        format: how that is to be read.
        file: a file that goes along, with its type and name.
        message: the message where it says more: a subject, what it answers.
        degradations: what got lost.
    """

    text: str
    format: TextFormat = TextFormat.PLAIN
    file: tuple[bytes, str, str] | None = None
    message: outbound.Message | None = None
    degradations: tuple[str, ...] = ()


def encode_mail(
    message: outbound.Outbound, account: Account, conversation: Conversation, now: datetime
) -> SendPlan | Refused:
    """Plan one mail, or say why there can be none. Each attempt of a delivery sends the same mail under the same id."""
    settings = Settings.of(account)
    content = _CONTENTS.get(type(message), _nothing)(message)
    if isinstance(content, Refused):
        return content
    refusal = _objection(content, settings, conversation)
    if refusal is not None:
        return refusal
    return _planned(message.key, content, settings, conversation, now)


def _objection(content: _Content, settings: Settings, conversation: Conversation) -> Refused | None:
    if not settings.secrets or spelt(settings.sender.address) is None:
        return Refused("account", "the account needs a sender and a token secret")
    if has_unencodable(content.text):
        return UNENCODABLE
    subject = (content.message and content.message.subject) or ""
    try:
        refuse_controls(subject, "subject")
    except MalformedMessage:
        return _HEADER
    if conversation.recipient.kind != "email" or spelt(conversation.recipient.value) is None:
        return _HEADER
    return None if len(subject) <= _LONGEST_SUBJECT else _HEADER


def _planned(
    key: str, content: _Content, settings: Settings, conversation: Conversation, now: datetime
) -> SendPlan | Refused:
    recipient = ascii_domain(conversation.recipient.value)
    named = sealed_id(settings, key, conversation.case_token)
    header, lost = _header(content, settings, conversation)
    written = "".join(
        [
            *header[:2],
            date_field(now.astimezone(UTC)),
            field("Message-ID", named),
            *header[2:],
            field("MIME-Version", "1.0"),
            _body(content, settings, key),
        ]
    ).encode()
    if len(written) > settings.bounds.mail_bytes:
        return Refused("too_large", f"a mail may have {settings.bounds.mail_bytes} bytes")
    step = SmtpStep(
        idempotency_key=key,
        degradations=(*content.degradations, *lost),
        carry=named,
        sender=ascii_domain(bounce_address(settings, key)),
        recipients=(recipient,),
        message=written,
    )
    return SendPlan((step,))


def _header(content: _Content, settings: Settings, conversation: Conversation) -> tuple[list[str], tuple[str, ...]]:
    """The fields beside date and id, and what of them got lost: From, To and Subject come first."""
    name = clean_line(conversation.recipient.name or "")[:200] or None
    to = Mailbox(ascii_domain(conversation.recipient.value), name)
    sender = attrs.evolve(settings.sender, address=ascii_domain(settings.sender.address))
    message = content.message
    subject = (message and message.subject) or settings.subject
    fields = [address_field("From", sender), address_field("To", to), field("Subject", subject, is_text=True)]
    local, _, domain = sender.address.rpartition("@")
    tagged = f"{local}+{conversation.case_token}"
    is_token = _TOKEN.fullmatch(conversation.case_token or "") is not None
    if settings.has_plus and is_token and len(tagged.encode()) <= 64:
        fields.append(address_field("Reply-To", Mailbox(f"{tagged}@{domain}", sender.name)))
    answered = _answered(content, conversation)
    fields += _threading(answered)
    if message is not None and message.is_automatic:
        fields += _of_a_machine(sender, is_answer=bool(answered))
    if message is None or message.purpose is None:
        return fields, ()
    if _PURPOSE.fullmatch(message.purpose) is None:
        return fields, ("unsubscribe",)
    said = unsubscribe_subject(settings, message.purpose, to.address)
    return [*fields, field("List-Unsubscribe", f"<mailto:{sender.address}?subject={quote(said)}>")], ()


def _answered(content: _Content, conversation: Conversation) -> tuple[str, ...]:
    """The ids of the mails that this one answers: the one that began the thread, then the one answered."""
    reply_to = content.message.reply_to if content.message is not None else None
    found = [_ANSWERED.fullmatch(one) for one in (conversation.id, reply_to) if one is not None]
    return tuple(dict.fromkeys(one[1] for one in found if one is not None))


def _threading(answered: tuple[str, ...]) -> list[str]:
    return [field("In-Reply-To", answered[-1]), field("References", " ".join(answered))] if answered else []


def _of_a_machine(sender: Mailbox, *, is_answer: bool) -> list[str]:
    """Whoever answers by machine leaves this alone (RFC 3834, section 5; the last one is what Exchange knows)."""
    return [
        field("Auto-Submitted", "auto-replied" if is_answer else "auto-generated"),
        field("X-Loop", sender.address),
        field("X-Auto-Response-Suppress", "OOF, AutoReply"),
    ]


def _body(content: _Content, settings: Settings, key: str) -> str:
    boundary = "=_" + hashlib.sha256(f"{settings.secrets[0]}\x1f{key}".encode()).hexdigest()[:32]
    part = text_part(content.text)
    if content.format is TextFormat.HTML:
        alternatives = [text_part(text_of_html(content.text)), text_part(content.text, "html")]
        part = holding("alternative", f"{boundary}a", alternatives)
    return part if content.file is None else holding("mixed", f"{boundary}m", [part, file_part(*content.file)])


def _message(message: outbound.Message) -> _Content:
    lost = ("format",) if message.format is TextFormat.MARKDOWN else ()
    return _Content(text=message.text, format=message.format, message=message, degradations=lost)


def _choices(message: outbound.Choices) -> _Content:
    return _Content(text=listed(message), degradations=("choices_as_text",))


def _progress(message: outbound.Progress) -> _Content:
    return _Content(text=message.text, degradations=("progress_as_text",))


def _media(message: outbound.Media) -> _Content | Refused:
    if message.data is not None:
        ending = message.content_type.partition("/")[2]
        name = safe_name(message.name, ending if ending.isalnum() else "bin")
        return _Content(text=message.caption or "", file=(message.data, message.content_type, name))
    text = linked(message)
    return (
        Refused("media", "a file needs its bytes or an address")
        if text is None
        else _Content(text=text, degradations=("media_as_link",))
    )


def _nothing(_message: outbound.Outbound) -> Refused:
    return Refused("kind", "messages, choices, files and progress can be mailed")


# Any: a table over a union cannot say that each key's type is the parameter of its value.
_CONTENTS: Mapping[type, Callable[[Any], _Content | Refused]] = MappingProxyType(
    {
        outbound.Message: _message,
        outbound.Choices: _choices,
        outbound.Progress: _progress,
        outbound.Media: _media,
    }
)

_GONE = 500
"""Reply codes from here on are final, those from 400 are not (RFC 5321, section 4.2.1)."""
_NOT_ABOUT_THE_MAIL = frozenset({530, 534, 535, 538, 421, 454})
"""The server does not take anything from us: it wants to know who we are (RFC 4954, section 6), or is going down."""
_ENHANCED = re.compile(r"\b([245]\.[0-9]{1,3}\.[0-9]{1,3})\b")


def interpret_answer(step: WireStep, result: StepResult) -> Outcome:
    """Say what came of a mail: without an answer only what cannot have arrived is tried again."""
    if isinstance(result, NoAnswer):
        code = result.reason.value
        return Unknown(code) if result.may_have_arrived else Retry(code)
    if not isinstance(result, SmtpAnswer) or not isinstance(step, SmtpStep):
        return Failed("no_mail_server")
    reply = next((code for who, code in result.refused if who in step.recipients), result.code)
    enhanced = _ENHANCED.search(result.text[:500])
    code = f"smtp_{reply}" if enhanced is None or reply < 400 else f"smtp_{reply}_{enhanced[1]}"
    if reply in _NOT_ABOUT_THE_MAIL:
        return Retry(code)
    if reply >= _GONE:
        return Failed(code, is_undeliverable=enhanced is not None and no_address(enhanced[1]))
    return Sent((step.carry,)) if 200 <= reply < 300 else Retry(code)
