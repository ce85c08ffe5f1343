"""Megabytes that cost as much as bytes can: each adapter reads, or refuses, each of them within the bounds of
`tests.effort`. In CI each adapter and each megabyte has its turn, with 10,000 inputs each meets each.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

import attrs
import pytest
from tests.contract import test_mail
from tests.counts import FUZZ_INPUTS
from tests.effort import assert_cheap
from tests.property.test_hostile_channels import ADAPTERS, assert_sound, read, signed

_T = TypeVar("_T")
_S = TypeVar("_S")
_SIZE = 1_000_000


def _filled(piece: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    return before + piece * ((_SIZE - len(before) - len(after)) // len(piece)) + after


BODIES: Sequence[bytes] = (
    _filled(b"["),
    _filled(b'{"a":'),
    b"[" * 500_000 + b"]" * 500_000,
    _filled(b"\\u0041", b'"', b'"'),
    _filled(b"\\ud83d\\ude00", b'"', b'"'),
    _filled("\U0001f600".encode(), b'"', b'"'),
    _filled(b'\\"', b'"'),
    _filled(b"9"),
    _filled(b"1,", b"[", b"1]"),
    _filled(b"{},", b"[", b"{}]"),
    _filled(b"[[]],", b"[", b"[]]"),
    _filled(b'"b",', b'{"a":["\\u0000",', b'"b"]}'),
    _filled(b'"",'),
    b"[" + b"12345678," * 100_000 + b"1]",
    b"[" + b'{"a":1},' * 99_000 + b"{}]",
    b"{" + b",".join(b'"%d":1' % number for number in range(95_000)) + b"}",
    _filled(b"&"),
    _filled(b"a=1&"),
    _filled(b"%41", b"a="),
    _filled(b"%41a", b"a="),
    _filled(b"%", b"a="),
    _filled(b"a%ff="),
    _filled(b"\xff"),
    _filled(b"--b\r\n"),
)
"""For those who speak JSON or forms."""

_HEAD = b"--0815\r\nContent-Disposition: form-data"
PARTS: Sequence[bytes] = (
    _filled(b"\r\n--0815", b"--0815"),
    _filled(b"\r\n--0815", _HEAD + b'; name="email"\r\n\r\n'),
    _filled(b"\r\n--081", _HEAD + b'; name="email"\r\n\r\n', b"\r\n--0815--\r\n"),
    _filled(b' ;a="b"', _HEAD, b"\r\n\r\n\r\n--0815--\r\n"),
    _filled(_HEAD + b' ;a="b"' * 270 + b"\r\n\r\n" + b"x" * 8_000 + b"\r\n", b"", b"--0815--\r\n"),
    _filled(_HEAD + b' ; ; "' * 300 + b"\r\n\r\n" + b"x" * 8_000 + b"\r\n", b"", b"--0815--\r\n"),
    _filled(b"%22", _HEAD + b'; name="email"\r\n\r\n', b"\r\n--0815--\r\n"),
    _filled(b"\xff", _HEAD + b'; name="a"; filename="b"\r\nContent-Type: a/b\r\n\r\n', b"\r\n--0815--\r\n"),
)
"""For those who take a browser's forms with files."""

HEADS: Sequence[bytes] = (
    b"Content-Type: text/plain\n\n",
    b"Content-Type: text/plain; format=flowed\n\n",
    b"Content-Type: text/html\n\n",
    b"Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n",
    b"Content-Transfer-Encoding: base64\n\n",
    b"Content-Type: multipart/mixed; boundary=b\n\n",
    b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n",
    b"Content-Type: text/plain; ",
    b"To: ",
    b"Subject: ",
    b"References: ",
)
PIECES: Sequence[bytes] = (
    *(
        b"A",
        b"a ",
        b"\n",
        b"\n\n",
        b"\t",
        b"\xff",
        b"e\xcc\x81",
        b"\xcc\x81",
        b'"',
        b"(",
        b"> ",
        b">\n",
        b"=\n",
        b"=41",
    ),
    *(
        b"<",
        b"</",
        b"<br>",
        b"<p a=b>",
        b"<a href=x>",
        b"<div>x</div>",
        b"<!--",
        b"<script>",
        b"<blockquote>",
        b"<pre>",
    ),
    *(b"&lt;", b"&#65; <b>x</b> ", b"<a ' ", b"<a@b> ", b"a@b.example,", b"=?u?q?a?=", b"a=b; ", b"x*0*=%41; "),
    *(b"On 1 May Ana wrote:\n", b"From: a\n", b"--b\r\n\r\n", b"--b\nContent-Type: multipart/mixed; boundary=b\n\n"),
    *(b"a: b\n", b"Action: failed\n\n"),
)


def share(first: Sequence[_T], second: Sequence[_S]) -> list[tuple[_T, _S]]:
    """Each of the longer with one of the shorter, drawn by lot; all pairs where as many inputs are asked for."""
    if FUZZ_INPUTS >= 10_000:
        return [(one, other) for one in first for other in second]
    draw = random.Random("megabytes")
    return [
        (first[number % len(first)], second[number % len(second)] if number < len(second) else draw.choice(second))
        for number in range(max(len(first), len(second)))
    ]


@pytest.mark.fuzz
@pytest.mark.parametrize(
    ("name", "body"),
    [*share(tuple(ADAPTERS), BODIES), *(("web_form with files", body) for body in PARTS)],
    ids=lambda one: one if isinstance(one, str) else repr(one[:9]),
)
def test_a_megabyte_costs_little(name: str, body: bytes) -> None:
    case = ADAPTERS[name]()
    request = signed(case, attrs.evolve(case.sample("message"), body=body))
    if request is not None:
        decoded = read(case, request)
        assert_sound(decoded)
        assert not decoded.events
        assert_cheap(lambda: read(case, request))


@pytest.mark.fuzz
@pytest.mark.parametrize(("head", "piece"), share(HEADS, PIECES), ids=repr)
def test_a_megabyte_of_mail_costs_little(head: bytes, piece: bytes) -> None:
    case = test_mail.TestMails()
    body = _filled(piece, b"From: a@b.example\n" + head)
    assert_sound(case.read(body))
    assert_cheap(lambda: case.read(body))
