"""Points 27 to 31, and 52, of the contract of channel adapters: what only mails have.

An adapter whose channel carries mails passes this suite besides `AdapterContract`::

    class TestMyMail(MailContract):
        own_address = "care@shop.example"

        def read(self, raw): ...
        def sent_id(self): ...
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import pytest

from orchestra.channels import inbound
from orchestra.channels.parts import MediaPart
from orchestra.channels.port import Decoded
from orchestra.testing.adapter_decode import assert_sound
from orchestra.testing.adapter_points import MAIL_POINTS
from orchestra.testing.adapter_rig import keys_of

__all__ = ["MAIL_POINTS", "MailContract"]

_BUDGET_S = 1.0
"""Processor time for each megabyte begun, four times what is aimed at: what explodes takes many times that."""
_MOST_REFERENCES = 200
_MOST_FILES = 200
_PLAIN = {
    "From": "Ann <ann@customer.example>",
    "To": "care@shop.example",
    "Subject": "My order",
    "Date": "Mon, 05 Jan 2026 11:59:00 +0000",
    "Message-ID": "<m-1@customer.example>",
}
_TEXT = "Where is my order?"
_START, _END = "begin-7f3a", "end-7f3a"


class MailContract(ABC):
    """What holds of every adapter for mails.

    Attributes:
        not_applicable: number of a point -> why it has no meaning here.
        own_address: ours: mails from it are our own.
    """

    not_applicable: ClassVar[Mapping[int, str]] = {}
    own_address: ClassVar[str] = "care@shop.example"

    @abstractmethod
    def read(self, raw: bytes) -> Decoded:
        """Give what the adapter makes of a genuine mail, as its server hands it over."""

    @abstractmethod
    def sent_id(self) -> str:
        """Give the Message-ID, with its angle brackets, of a mail that the adapter sent."""

    def test_27_crashers(self) -> None:
        """What parsers fall over, and what deceives them, is read as far as it goes."""
        self._needs(27)
        for raw in _crashers():
            decoded = self._read(raw)
            assert decoded.events or decoded.issues, f"nothing is said of {raw[:60]!r}"
            for event in decoded.events:
                subject = getattr(event, "subject", None) or ""
                assert not set(subject) & {"\r", "\n", "\x00"}, f"a line end got into the subject of {raw[:60]!r}"
        for charset in ("no-such", "utf-8", "\x00", "unicode_escape", "idna", "rot13", "utf-7"):
            raw = _mail(_TEXT, **{"Content-Type": f"text/plain; charset={charset}"})
            assert self._message(raw).text.strip(), f"the text is lost where its charset is {charset!r}"

    def test_28_ids(self) -> None:
        """Ids are made by others: they may be missing, doubled, or lead in circles."""
        self._needs(28)
        nameless, another = _mail(_TEXT, **{"Message-ID": ""}), _mail("Another text.", **{"Message-ID": ""})
        assert keys_of(self._read(nameless)) == keys_of(self._read(nameless)), "the same mail has the same key"
        assert keys_of(self._read(nameless)) != keys_of(self._read(another)), "without ids, another mail is another"
        doubled = b"Message-ID: <other@customer.example>\r\n" + _mail(_TEXT)
        assert keys_of(self._read(doubled)) == keys_of(self._read(doubled)), "the same mail has the same key"
        circle = _PLAIN["Message-ID"]
        origin = self._message(_mail(_TEXT, References=f"{circle} {circle}", **{"In-Reply-To": circle})).origin
        assert origin.thread.reply_to != circle, "a mail does not answer itself"
        endless = " ".join(f"<r{number}@customer.example>" for number in range(2_000))
        thread = self._message(_mail(_TEXT, References=endless)).origin.thread
        assert len(thread.references) <= _MOST_REFERENCES, "references are bounded"
        for odd in ("<>", "<a b@c>", "no brackets", "<" * 10_000, "<a@b", "<a@b>\r\n\t<c@d>", "<\xe9@b>"):
            self._message(_mail(_TEXT, **{"Message-ID": odd, "In-Reply-To": odd, "References": odd}))

    def test_29_machines(self) -> None:
        """A machine that answers a machine never ends."""
        self._needs(29)
        assert isinstance(self._event(_mail(_TEXT)), inbound.MessageReceived), "people must be heard"
        assert isinstance(self._event(_mail(_TEXT, **{"Auto-Submitted": "no"})), inbound.MessageReceived)
        for header in _MACHINE_HEADERS:
            event = self._event(_mail(_TEXT, **header))
            assert isinstance(event, inbound.AutoReplyReceived), f"a machine wrote: {header}, but: {type(event)}"
        own = self._event(_mail(_TEXT, From=f"Shop <{self.own_address}>"))
        assert isinstance(own, inbound.AutoReplyReceived | inbound.OutboundEcho), "we do not answer ourselves"
        for action, status, permanent in (
            ("failed", "5.1.1", True),
            ("failed", "4.2.2", False),
            ("delayed", "4.4.1", False),
        ):
            bounced = self._event(_report(self.sent_id(), action, status))
            assert isinstance(bounced, inbound.BounceReceived), f"{action} {status} is a bounce, but: {type(bounced)}"
            assert bounced.permanent is permanent, f"{action} {status} says whether the address is gone"
            assert bounced.message_id == self.sent_id(), "which mail came back must be told"
        for forged in (_report("<made-up@shop.example>", "failed", "5.1.1"), _pretended(self.sent_id())):
            event = self._event(forged)
            assert not isinstance(event, inbound.BounceReceived), "anybody could have any address given up"
            assert not isinstance(event, inbound.MessageReceived), "it is no person either"

    def test_30_bombs(self) -> None:
        """Time grows with the length of a text, and all of it is kept."""
        self._needs(30)
        for bomb in _bombs():
            text = self._message(_mail(f"{_START}\r\n{bomb}\r\n{_END}")).text
            assert _START in text, f"the begin of the text is lost: {bomb[:40]!r}"
            assert _END in text, f"the end of the text is lost: {bomb[:40]!r}"

    def test_31_parts(self) -> None:
        """Parts within parts end somewhere, and names of files lead nowhere."""
        self._needs(31)
        for raw in (_nested(500), _nested(5_000), _many_parts(10_000), _many_parts(50, nested=30)):
            decoded = self._read(raw)
            assert decoded.events or decoded.issues, "nothing is said of it"
            assert len(_files(decoded)) <= _MOST_FILES, "files are bounded"
        for name in _NAMES:
            files = _files(self._read(_with_file(name)))
            assert files, f"the file named {name!r} is lost"
            shown = files[0].media.name or ""
            assert not set(shown) & set('/\\:\x00\r\n"'), f"{name!r} leads somewhere: {shown!r}"
            assert shown not in {".", ".."}, f"{name!r} leads somewhere"
            assert len(shown) <= 255, "a name is bounded"

    def test_52_given_up(self) -> None:
        """Whoever is given up is written to no more: a full mailbox or a refused mail is no reason."""
        self._needs(52)
        for action, status, is_gone in _REPORTED:
            event = self._event(_report(self.sent_id(), action, status))
            assert isinstance(event, inbound.BounceReceived), f"{action} {status} is a bounce, but: {type(event)}"
            assert event.is_undeliverable is is_gone, f"{action} {status} says whether there is such an address"
            named = [identity.value for identity in event.origin.identities]
            assert not is_gone or named == ["ann@customer.example"], f"who was not reached must be told, is {named}"

    def _needs(self, point: int) -> None:
        unknown = set(self.not_applicable) - set(MAIL_POINTS)
        assert not unknown, f"not_applicable names points that do not exist: {sorted(unknown)}"
        reason = self.not_applicable.get(point)
        if reason is not None:
            assert reason.strip(), f"point {point} is declared as not applicable without a reason"
            pytest.skip(f"point {point} ({MAIL_POINTS[point]}) does not apply: {reason}")

    def _read(self, raw: bytes) -> Decoded:
        """What is made of a mail; it must be sound, and cost no more than mails of its size do."""
        before = time.thread_time()
        try:
            decoded = self.read(raw)
        except Exception as error:
            raise AssertionError(f"raised {type(error).__name__} on {raw[:60]!r}") from error
        spent = time.thread_time() - before
        assert spent <= _BUDGET_S * (1 + len(raw) // 1_000_000), f"took {spent:.1f} s for {raw[:60]!r}"
        assert_sound(decoded)
        return decoded

    def _event(self, raw: bytes) -> inbound.Inbound:
        decoded = self._read(raw)
        assert len(decoded.events) == 1, f"must be one piece of news, is {decoded.events}, with {decoded.issues}"
        return decoded.events[0]

    def _message(self, raw: bytes) -> inbound.MessageReceived:
        event = self._event(raw)
        assert isinstance(event, inbound.MessageReceived), f"a person wrote, but: {type(event)}"
        return event


_MACHINE_HEADERS: Sequence[Mapping[str, str]] = (
    {"Auto-Submitted": "auto-replied"},
    {"Auto-Submitted": "auto-generated"},
    {"Auto-Submitted": "Auto-Replied (absent)"},
    {"Return-Path": "<>"},
    {"Precedence": "bulk"},
    {"Precedence": "junk"},
    {"Precedence": "List"},
    {"List-Id": "News <news.customer.example>"},
)
_REPORTED: Sequence[tuple[str, str, bool]] = (
    ("failed", "5.1.1", True),
    ("failed", "5.1.2", True),
    ("failed", "5.1.10", True),
    ("failed", "5.2.1", False),
    ("failed", "5.2.2", False),
    ("failed", "5.3.4", False),
    ("failed", "5.7.1", False),
    ("failed", "5.0.0", False),
    ("failed", "4.2.2", False),
    ("delayed", "4.4.1", False),
)
"""What is reported of a mail (RFC 3463), and whether that says that its address takes no mail of anybody."""
_NAMES = (
    *("../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd", "C:\\x.txt", "..", ".", "a/b", "x" * 5_000),
    *("\u202egnp.exe", "con\u0000.txt", "=?utf-8?q?=2E=2E=2Fx?=", "a\u2028b", ""),
)


def _mail(text: str, **changes: str) -> bytes:
    """A mail of a person, with other header fields, or without those that are empty."""
    return _with_body(text.encode("utf-8", "surrogateescape"), **changes)


def _with_body(body: bytes, **changes: str) -> bytes:
    fields = {**_PLAIN, "Content-Type": "text/plain; charset=utf-8", **changes}
    lines = [f"{name}: {value}" for name, value in fields.items() if value]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


def _crashers() -> Iterator[bytes]:
    """Header fields known to raise in parsers, to take them long, or to deceive them."""
    for name, values in _CRASHING_FIELDS.items():
        yield from (_mail(_TEXT, **{name: value}) for value in values)
    yield from (
        _with_body(b"\xff\xfe=\x00" * 100, **{"Content-Transfer-Encoding": kind}) for kind in _TRANSFER_ENCODINGS
    )
    yield from (
        b"",
        b"\r\n",
        b"\x00" * 1_000,
        b"x" * 100_000,
        b"From: a\nTo: b\n\nLF only",
        b"From: a\rTo: b\r\rCR only",
    )
    yield from (b":\r\n" * 10_000, b"From ann\r\n" + _mail(_TEXT), b" folded: first\r\n" + _mail(_TEXT))
    yield b"".join(b"X-%d: y\r\n" % number for number in range(20_000)) + _mail(_TEXT)


_CRASHING_FIELDS: Mapping[str, Sequence[str]] = {
    "From": (
        *('"', "(" * 20_000, "<" * 20_000, '"' * 20_001, "a@b, c@d", "", "@", "a@", "=?utf-8?b?", "=?x?q?=ff?= <a@b>"),
        *("ann@customer.example" + ", x@y" * 20_000, "\udcff\udcfe <a@b>", "a" * 100_000, ":;" * 10_000, "\\" * 9_999),
    ),
    "Subject": (
        *("=?utf-8?q?Hi=0D=0ABcc:_eve@evil.example?=", "=?utf-8?b?SGkNCkJjYzogZXZl?=", "=?x-none?q?=41?="),
        *("=?utf-8?q?=ff=fe?=", "=?utf-8?b?!!!?=", "=?utf-8?q?" + "=41" * 20_000 + "?=", "\udcff", "=?" * 20_000),
        *("a\x00b", "a\rb", "=?utf-16?b?//4=?=", "=?utf-8?q?a?= " * 5_000),
    ),
    "Date": ("yesterday", "Mon, 99 Jan 2026 99:99:99 +9999", "Fri, 31 Dec 9999 23:59:59 -2359", "1", "9" * 10_000),
    "To": ("x@y, " * 20_000, '"', "undisclosed-recipients:;"),
    "Content-Type": (
        *(
            "multipart/mixed",
            'multipart/mixed; boundary=""',
            "multipart/mixed; boundary=" + "b" * 10_000,
            "message/rfc822",
        ),
        *(
            "text/plain; charset*0*=; charset*1=x",
            "text/plain; name*=utf-8''%ff",
            "/",
            "text",
            ";" * 20_000,
            "x/y; =;=",
        ),
        *(
            "text/plain; charset*=utf-8'en'%00",
            "multipart/report; report-type=delivery-status",
            'text/plain; a="' + "\\" * 9_999,
        ),
    ),
    "MIME-Version": ("(" * 10_000, "9" * 10_000),
    "Received": ("x" * 200_000,),
}
_TRANSFER_ENCODINGS = ("base64", "quoted-printable", "uuencode", "x-none", "8bit", "\x00", "base64; x=y", "BASE64 (c)")


def _bombs() -> Iterator[str]:
    """Texts that make quote strippers and link finders go back over them again and again."""
    yield from ("> " * 50_000, ">" * 100_000, "> \r\n" * 20_000, "On " * 30_000 + "wrote:", "On x\r\n" * 20_000)
    yield from ("-" * 100_000, "_" * 100_000, " " * 100_000 + "x", "\t \t" * 30_000, "a" * 200_000, "\r\n" * 50_000)
    yield from ("From: x\r\n" * 10_000, "<" * 100_000, "<a " * 40_000, "&" * 100_000, "http://" * 20_000, "@" * 100_000)
    yield from ("-- \r\n" * 20_000, "\u0301" * 100_000, "On Mon, Ann <a@b> " * 5_000 + "wrote:", "=" * 100_000)


def _nested(depth: int) -> bytes:
    """Multiparts within multiparts, with a text in the innermost."""
    heads = [
        f"Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n".encode() for level in range(depth)
    ]
    return _with_head(b"".join(heads) + b"Content-Type: text/plain\r\n\r\n" + _TEXT.encode())


def _many_parts(count: int, nested: int = 0) -> bytes:
    file = b'Content-Type: image/png\r\nContent-Disposition: attachment; filename="a.png"\r\n\r\nx\r\n'
    inner = b"".join(b"--p\r\n" + file for _ in range(count)) + b"--p--\r\n"
    for level in range(nested):
        head = f"--n{level}\r\nContent-Type: multipart/mixed; boundary={f'n{level - 1}' if level else 'p'}\r\n\r\n"
        inner = head.encode() + inner + f"--n{level}--\r\n".encode()
    boundary = f"n{nested - 1}" if nested else "p"
    return _with_head(f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n".encode() + inner)


def _with_file(name: str) -> bytes:
    field = name.replace("\\", "\\\\").replace('"', '\\"')
    part = f'Content-Type: application/pdf; name="{field}"\r\nContent-Disposition: attachment; filename="{field}"'
    body = f"--p\r\nContent-Type: text/plain\r\n\r\n{_TEXT}\r\n--p\r\n{part}\r\n\r\n%PDF\r\n--p--\r\n"
    return _with_head(b"Content-Type: multipart/mixed; boundary=p\r\n\r\n" + body.encode("utf-8", "surrogateescape"))


def _with_head(rest: bytes) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in _PLAIN.items())
    return head.encode() + b"MIME-Version: 1.0\r\n" + rest


def _report(message_id: str, action: str, status: str) -> bytes:
    """A delivery status notification (RFC 3464) about a mail of ours."""
    told = f"Final-Recipient: rfc822; ann@customer.example\r\nAction: {action}\r\nStatus: {status}\r\n"
    parts = (
        "Content-Type: text/plain\r\n\r\nYour mail could not be delivered.\r\n",
        f"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.customer.example\r\n\r\n{told}",
        f"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}\r\nSubject: Your order\r\n",
    )
    body = "".join(f"--r\r\n{part}\r\n" for part in parts) + "--r--\r\n"
    kind = "multipart/report; report-type=delivery-status; boundary=r"
    head = {"From": "MAILER-DAEMON@customer.example", "Return-Path": "<>", "Message-ID": "<dsn-1@customer.example>"}
    return _mail(body, **head, **{"Content-Type": kind, "Auto-Submitted": "auto-replied"})


def _pretended(message_id: str) -> bytes:
    """What looks like a bounce to people, and reports nothing."""
    text = f"550 5.1.1 User unknown\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\nMessage-ID: {message_id}\r\n"
    return _mail(text, From="MAILER-DAEMON@evil.example", Subject="Undelivered Mail Returned to Sender")


def _files(decoded: Decoded) -> list[MediaPart]:
    return [part for event in decoded.events for part in getattr(event, "parts", ()) if isinstance(part, MediaPart)]
