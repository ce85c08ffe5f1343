"""Signatures of Standard Webhooks, compared with the standard's own library."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st
from standardwebhooks.webhooks import Webhook

from orchestra.channels.back_office.signatures import keys_of, objection, signature_of, signed_headers

# The example of the standard's own tests: its secret, message, time and signature.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EXAMPLE = ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
AT = datetime.fromtimestamp(1614265330, UTC)


def headers(*, name: str | None = None, at: str | None = None, signature: str | None = None) -> Any:
    return (
        ("Webhook-Id", EXAMPLE[0] if name is None else name),
        ("Webhook-Timestamp", EXAMPLE[1] if at is None else at),
        ("Webhook-Signature", SIGNATURE if signature is None else signature),
    )


def refused(found: Any, body: bytes = EXAMPLE[2], secrets: Any = (SECRET,), now: datetime = AT) -> str | None:
    return objection(found, body, secrets, now)


def test_the_standards_own_example_holds() -> None:
    (key,) = keys_of([SECRET])
    assert signature_of(key, *EXAMPLE) == SIGNATURE
    assert refused(headers()) is None


@given(st.binary(min_size=24, max_size=64), st.from_regex(r"\A[!-~]{1,40}\Z"), st.text(max_size=200))
def test_both_sign_alike(raw: bytes, name: str, text: str) -> None:
    secret = "whsec_" + base64.b64encode(raw).decode()
    body = json.dumps({"text": text})
    theirs = Webhook(secret).sign(name, AT, body)
    (key,) = keys_of([secret])
    assert signature_of(key, name, EXAMPLE[1], body.encode()) == theirs
    found = (("webhook-id", name), ("webhook-timestamp", EXAMPLE[1]), ("webhook-signature", theirs))
    assert refused(found, body.encode(), (secret,)) is None


def test_what_we_sign_holds_for_the_standards_own_library() -> None:
    now = datetime.now(UTC)
    body = b'{"type": "progress.told"}'
    (key,) = keys_of([SECRET])
    assert Webhook(SECRET).verify(body, dict(signed_headers(key, "key-1", now, body))) == {"type": "progress.told"}


def test_of_several_signatures_one_has_to_hold() -> None:
    other = "v1," + base64.b64encode(b"x" * 32).decode()
    asymmetric = "v1a," + base64.b64encode(b"x" * 64).decode()
    for given_ in (f"{other} {SIGNATURE}", f"{asymmetric} {SIGNATURE} {other}", f"v9,? {SIGNATURE}", f"  {SIGNATURE}"):
        assert refused(headers(signature=given_)) is None
    for given_ in (other, asymmetric, SIGNATURE.replace("v1,", "v1a,"), SIGNATURE.replace("v1,", ""), f"{SIGNATURE},"):
        assert refused(headers(signature=given_)) == "signature"


def test_another_spelling_of_the_same_bytes_is_no_signature() -> None:
    # The last letter before the sign of equality has two bits that no byte takes.
    other = SIGNATURE[:-2] + "F="
    assert base64.b64decode(other[3:]) == base64.b64decode(SIGNATURE[3:])
    assert refused(headers(signature=other)) == "signature"


def test_secrets_rotate_and_those_that_are_none_count_for_nothing() -> None:
    new = "whsec_" + base64.b64encode(b"n" * 32).decode()
    assert refused(headers(), secrets=(new, SECRET)) is None
    assert refused(headers(), secrets=(new,)) == "signature"
    assert refused(headers(), secrets=()) == "signature"
    assert keys_of([new, SECRET.removeprefix("whsec_"), new.rstrip("=")]) == (b"n" * 32, *keys_of([SECRET]), b"n" * 32)


@pytest.mark.parametrize(
    "secret",
    [
        *("", "whsec_", "whsec_!!!!", "whsec_" + base64.b64encode(b"short").decode(), "whsec_\u00e9" * 20),
        *("whpk_" + base64.b64encode(b"p" * 32).decode(), "whsk_" + base64.b64encode(b"s" * 64).decode()),
        *("whsec_" + base64.b64encode(b"l" * 65).decode(), "whsec_" + base64.b64encode(b"w" * 32).decode() + "\n"),
    ],
)
def test_what_is_no_symmetric_secret_signs_nothing(secret: str) -> None:
    assert keys_of([secret]) == ()
    public = signature_of(b"p" * 32, *EXAMPLE)
    assert refused(headers(signature=public), secrets=(secret,)) == "signature"


@pytest.mark.parametrize(("seconds", "code"), [(300, None), (-300, None), (301, "stale"), (-301, "stale")])
def test_an_attempt_is_as_old_as_it_says(seconds: int, code: str | None) -> None:
    assert refused(headers(), now=AT + timedelta(seconds=seconds)) == code


@pytest.mark.parametrize(
    "changes",
    [
        *({"name": name} for name in ("", "a b", "\u00e9", "x" * 257, "a\n", "\udcff")),
        *({"at": at} for at in ("", " 1614265330", "1614265330.0", "1_614_265_330", "\u0661614265330", "9" * 12, "-1")),
        {"signature": ""},
        {"signature": SIGNATURE + " " * 5_000},
    ],
)
def test_what_has_not_the_form_is_not_compared(changes: Any) -> None:
    assert refused(headers(**changes)) in {"signature_headers", "signature_form"}


def test_a_changed_byte_is_noticed_wherever_it_is() -> None:
    for place in range(len(EXAMPLE[2])):
        body = bytearray(EXAMPLE[2])
        body[place] ^= 1
        assert refused(headers(), bytes(body)) == "signature"
    assert refused(headers(name="msg_other")) == "signature"
    assert refused(headers(at="1614265331")) == "signature"
    for name in ("Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"):
        twice = (*headers(), *(field for field in headers() if field[0] == name))
        assert refused(twice) == "signature_headers"
        assert refused(tuple(field for field in headers() if field[0] != name)) == "signature_headers"
