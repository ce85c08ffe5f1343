"""From a mail to the news that it is: a message, a machine's answer, a bounce, a wish to get no more."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import attrs

from orchestra.channels import inbound
from orchestra.channels.account import Account
from orchestra.channels.instants import TimeUnit
from orchestra.channels.mail.header import split_header
from orchestra.channels.mail.nature import automatic_reason, is_authentic
from orchestra.channels.mail.parsed import Attachment, Mail
from orchestra.channels.mail.reading import read_mail
from orchestra.channels.mail.reports import Report, Told, report_of
from orchestra.channels.mail.settings import Settings
from orchestra.channels.mail.tokens import Ours, ours_of, ours_of_address, unsubscribe_purpose
from orchestra.channels.parts import Identity, MediaKind, MediaPart, MediaRef, Part, TextPart, ThreadRef
from orchestra.channels.port import Decoded, Issue
from orchestra.channels.wire import HttpReply

__all__ = ["EVENT_KINDS", "decode_mail"]

EVENT_KINDS: frozenset[type[inbound.Inbound]] = frozenset(
    {
        inbound.MessageReceived,
        inbound.AutoReplyReceived,
        inbound.BounceReceived,
        inbound.DeliveryUpdate,
        inbound.ConsentChanged,
        inbound.OutboundEcho,
        inbound.Unrecognised,
    }
)
"""What a mail may turn out to be."""

_NEEDED = ("from", "to", "subject", "date", "message-id", "received", "return-path")
"""Without any of these, bytes are no mail."""
_AHEAD = timedelta(hours=1)
"""How far a sender's clock may be ahead of ours and still be believed."""
_WHITE = re.compile(rb"\s+")
_LONGEST_TOKEN = 200
_REACHED = {"delivered": inbound.DeliveryState.DELIVERED, "displayed": inbound.DeliveryState.READ}
_FAILED = frozenset({"failed", "delayed"})


@attrs.frozen
class _Incoming:
    """A mail, what it was read from, and what of ours it answers."""

    mail: Mail
    settings: Settings
    digest: str
    key: str
    received_at: datetime
    is_redelivery: bool
    ours: Ours | None
    token: str | None

    @property
    def named(self) -> str | None:
        """The id that the mail is known under: its own, and a mark of what it says, as some programs give all their
        mails the same. Ours are known by theirs alone.
        """
        own = self.mail.message_id
        return own if own is None or ours_of(self.settings, own) is not None else f"{own}.{self.key[-16:]}"

    def origin(self, who: Identity | None, number: int = 0) -> inbound.Origin:
        """Say where a piece of news comes from; the further ones of a mail are told apart by their number."""
        mail, date = self.mail, self.mail.date
        return inbound.Origin(
            dedupe_key=self.key if number == 0 else f"{self.key}.{number}",
            ids=inbound.ProviderIds(
                message=self.named, other=() if self.ours is None else (("answers", self.ours.key),)
            ),
            received_at=self.received_at,
            raw_digest=self.digest,
            thread=_thread(mail, self.token, self.settings),
            identities=() if who is None else (who,),
            occurred_at=date if date is not None and date <= self.received_at + _AHEAD else None,
            occurred_unit=TimeUnit.SECONDS,
            is_redelivery=self.is_redelivery,
        )


def decode_mail(
    data: bytes, account: Account, received_at: datetime, *, is_redelivery: bool = False, is_cut: bool = False
) -> Decoded:
    """Read a mail as news.

    Args:
        data: the whole mail (RFC 5322).
        account: whose mailbox it came to.
        received_at: when it reached us.
        is_redelivery: it is known to have come before.
        is_cut: only its beginning is there.

    Returns:
        What it is, and an issue for each thing that could not be read. Never raises. The reply asks a sender not to try
        again, unless the bytes are no mail at all.
    """
    settings = Settings.of(account)
    digest = hashlib.sha256(data).hexdigest()
    mail = read_mail(data, settings.bounds)
    if not any(name in mail.root.header for name in _NEEDED):
        issue = Issue(code="no_mail", where="mail", reason="has no header of a mail", raw_digest=digest)
        return Decoded(issues=(issue,), reply=HttpReply(status=400))
    ours, token = _answered(mail, settings)
    incoming = _Incoming(
        mail, settings, digest, dedupe_key(data, mail, settings), received_at, is_redelivery, ours, token
    )
    faults = (*mail.faults, *(("cut",) if is_cut else ()), *(() if mail.senders else ("no_sender",)))
    issues = [Issue(code=fault, where="mail", reason="is not all there", raw_digest=digest) for fault in faults]
    return Decoded(events=tuple(_news(incoming)), issues=tuple(issues))


def dedupe_key(data: bytes, mail: Mail, settings: Settings) -> str:
    """Give what a mail is known by, wherever it comes from and however often.

    The message id alone would not do: some programs give the same to all their mails, and anybody can copy one to have
    another's mail taken for known. Lines that servers add on the way count nothing, nor does where a mail is cut.
    """
    header = mail.root.header
    _, begin, _ = split_header(data, settings.bounds)
    told = [header.raw(name).strip() for name in ("message-id", "from", "date", "subject")]
    body = _WHITE.sub(b"", data[begin : begin + 1_024])
    hashed = hashlib.sha256("\x1f".join(told).encode() + b"\x1f" + body)
    return f"mail.{hashed.hexdigest()[:40]}"


def _answered(mail: Mail, settings: Settings) -> tuple[Ours | None, str | None]:
    """Which mail of ours it answers, and the token of a case: the nearest mail counts, an address before any mail."""
    behind = [text for found in mail.recipients if (text := settings.behind_plus(found.address)) is not None]
    addressed = [ours for found in mail.recipients if (ours := ours_of_address(settings, found.address)) is not None]
    named = [
        ours
        for message_id in (*mail.in_reply_to, *reversed(mail.references))
        if (ours := ours_of(settings, message_id)) is not None
    ]
    ours = next(iter((*named, *addressed)), None)
    tokens = [text.lower() for text in behind if "=" not in text and len(text) <= _LONGEST_TOKEN]
    token = next(iter(tokens), None) or next((one.case_token for one in named if one.case_token is not None), None)
    return ours, token


def _thread(mail: Mail, token: str | None, settings: Settings) -> ThreadRef:
    """The mail that began it is what a thread is known by; an id that names the mail itself leads in circles."""
    references = tuple(named for named in mail.references if named != mail.message_id)
    answered = tuple(named for named in mail.in_reply_to if named != mail.message_id)
    began = next(iter((*references, *answered)), mail.message_id)
    reply_to = next(iter((*answered, *references[-1:])), None)
    number = None if settings.case_number is None else settings.case_number.search(mail.subject)
    return ThreadRef(
        conversation=began,
        reply_to=reply_to,
        references=references,
        token=token,
        case_number=None if number is None else number[0],
    )


def _sender(mail: Mail, settings: Settings) -> Identity | None:
    first = next(iter((*mail.senders, *mail.reply_to)), None)
    if first is None:
        return None
    if mail.reply_to and any(first.address.lower() == form.lower() for form in settings.forms):
        return Identity("email", mail.reply_to[0].address, mail.reply_to[0].name)
    return Identity("email", first.address, first.name, is_authentic(mail, settings))


def _news(incoming: _Incoming) -> Iterator[inbound.Inbound]:
    mail, settings = incoming.mail, incoming.settings
    own = ours_of(settings, mail.message_id or "")
    if own is not None and any(settings.is_own(sender.address) for sender in mail.senders):
        yield inbound.OutboundEcho(origin=incoming.origin(_to_whom(incoming)), parts=_parts(mail), key=own.key)
        return
    report = report_of(mail, settings.bounds)
    if report is not None:
        yield from _reported(incoming, report)
        return
    sender = _sender(mail, settings)
    origin = incoming.origin(sender)
    purpose = None if sender is None else unsubscribe_purpose(settings, mail.subject, sender.value)
    if purpose is not None:
        yield inbound.ConsentChanged(origin=origin, is_granted=False, topic=purpose)
        return
    reason = automatic_reason(mail, settings)
    subject = mail.subject or None
    if reason is not None:
        yield inbound.AutoReplyReceived(origin=origin, parts=_parts(mail), reason=reason, subject=subject)
        return
    yield inbound.MessageReceived(origin=origin, parts=_parts(mail), subject=subject)


def _to_whom(incoming: _Incoming) -> Identity | None:
    others = [found for found in incoming.mail.recipients if not incoming.settings.is_own(found.address)]
    return Identity("email", others[0].address, others[0].name) if others else None


def _reported(incoming: _Incoming, report: Report) -> Iterator[inbound.Inbound]:
    """What a report tells of a mail of ours. One that names none may have been made up by anybody."""
    mail, settings = incoming.mail, incoming.settings
    sender = _sender(mail, settings)
    if not report.told:
        yield inbound.Unrecognised(origin=incoming.origin(sender), type=f"report:{report.kind}"[:200])
        return
    candidates = (*report.message_ids, *mail.in_reply_to, *reversed(mail.references))
    message_id = next((one for one in candidates if ours_of(settings, one) is not None), None)
    ours = ours_of(settings, message_id or "") or incoming.ours
    if ours is None:
        reason, subject = "report_of_nothing_ours", mail.subject or None
        origin = incoming.origin(sender)
        yield inbound.AutoReplyReceived(origin=origin, parts=_parts(mail), reason=reason, subject=subject)
        return
    known = attrs.evolve(incoming, ours=ours)
    for number, told in enumerate(report.told):
        who = None if told.recipient is None else Identity("email", told.recipient)
        event = _told(known.origin(who, number), message_id, told)
        if event is not None:
            yield event


def _told(origin: inbound.Origin, message_id: str | None, told: Told) -> inbound.Inbound | None:
    if told.action in _FAILED:
        return inbound.BounceReceived(
            origin=origin,
            message_id=message_id,
            permanent=told.is_permanent,
            code=told.status or told.action,
            is_final=told.action == "failed",
            is_undeliverable=told.is_undeliverable,
        )
    state = _REACHED.get(told.action)
    if state is None or message_id is None:
        return None
    return inbound.DeliveryUpdate(origin=origin, state=state, message_ids=(message_id,))


def _parts(mail: Mail) -> tuple[Part, ...]:
    return (TextPart(mail.text, unquoted=mail.unquoted), *map(_file, mail.attachments))


def _file(attachment: Attachment) -> MediaPart:
    prefix = attachment.content_type.partition("/")[0].upper()
    return MediaPart(
        MediaRef(
            ref=f"sha256:{hashlib.sha256(attachment.data).hexdigest()}",
            kind=MediaKind[prefix] if prefix in MediaKind.__members__ else MediaKind.DOCUMENT,
            content_type=attachment.content_type,
            size_bytes=len(attachment.data),
            name=attachment.name,
            data=attachment.data,
        )
    )
