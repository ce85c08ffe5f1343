"""Signatures, made by Twilio's own SDK."""

from __future__ import annotations

import hashlib
import string
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, strategies as st
from twilio.request_validator import HMAC_SHA256 as THEIR_SHA256, RequestValidator

from orchestra.channels.account import Account
from orchestra.channels.twilio import signature
from orchestra.channels.twilio.facts import SETTINGS_HEADER, SIGNATURE_HEADER
from orchestra.channels.wire import Headers, RawRequest, Rejected, Verified

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
URL = "https://acme.example/hooks/r-1?tenant=%C3%BC&a=1"
FORM = {"MessageSid": "SM5", "Body": "Grüße & + 👋", "Empty": ""}


def account(*secrets: str, algorithm: str | None = None) -> Account:
    config = {} if algorithm is None else {"algorithm": algorithm}
    return Account(route_key="r-1", channel="twilio_sms", id="AC1", config=config, secrets={"signing": secrets})


def verify(
    body: bytes,
    signed: str,
    *secrets: str,
    url: str = URL,
    more: Headers = (),
    algorithm: str | None = None,
    method: str = "POST",
) -> Verified | Rejected:
    request = RawRequest(
        method=method, url=url, headers=((SIGNATURE_HEADER, signed), *more), body=body, received_at=NOW
    )
    return signature.verify_request(request, account(*secrets, algorithm=algorithm))


def theirs(secret: str, url: str = URL, form: dict[str, str] | None = None, algorithm: str | None = None) -> str:
    return RequestValidator(secret).compute_signature(url, FORM if form is None else form, algorithm)


@pytest.mark.parametrize("secret", ["new", "old"])
def test_what_the_sdk_signs_is_taken(secret: str) -> None:
    assert isinstance(verify(urlencode(FORM).encode(), theirs(secret), "new", "old"), Verified)


def test_a_vector_of_the_documentation() -> None:
    # docs/usage/security, "Validating Signatures from Twilio": token 12345.
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature.signature_of("12345", url, tuple(form.items())) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert isinstance(verify(urlencode(form).encode(), "RSOYDt4T1cUTdK1PDd93/VVr8B8=", "12345", url=url), Verified)


NAMES = st.text(string.ascii_letters, min_size=1, max_size=8)
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


class Several(dict[str, list[str]]):
    """What the SDK takes for parameters with several values."""

    def getall(self, name: str) -> list[str]:
        return self[name]


@given(st.dictionaries(NAMES, st.lists(VALUES, min_size=1, max_size=3), max_size=5))
def test_ours_is_theirs_for_any_form(form: dict[str, list[str]]) -> None:
    pairs = [(name, value) for name, values in form.items() for value in values]
    expected = RequestValidator("s").compute_signature(URL, Several(form))
    assert signature.signature_of("s", URL, tuple(pairs)) == expected
    body = urlencode(pairs).encode()
    assert tuple(parse_qsl(body.decode(), keep_blank_values=True)) == tuple(pairs)
    assert isinstance(verify(body, expected, "s"), Verified)


@given(st.binary(max_size=60), st.text(max_size=40))
def test_no_bytes_raise(body: bytes, claimed: str) -> None:
    assert isinstance(verify(body, claimed, "s"), Rejected)


@pytest.mark.parametrize(
    ("ours", "signed"),
    [
        ("https://acme.example/x", "https://acme.example:443/x"),
        ("https://acme.example:443/x", "https://acme.example/x"),
        ("https://acme.example:8443/x", "https://acme.example:8443/x"),
        ("https://acme.example:8443/x", "https://acme.example/x"),
        ("http://acme.example/x", "http://acme.example:80/x"),
        ("https://[2001:db8::1]/x", "https://[2001:db8::1]:443/x"),
    ],
)
def test_the_port_may_be_there_or_not(ours: str, signed: str) -> None:
    assert isinstance(verify(urlencode(FORM).encode(), theirs("s", signed), "s", url=ours), Verified)


@pytest.mark.parametrize("signed", ["https://evil.example/x", "http://acme.example/x", "https://acme.example/y"])
def test_another_address_is_refused_whatever_the_host_header_says(signed: str) -> None:
    more = (("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "http"))
    found = verify(urlencode(FORM).encode(), theirs("s", signed), "s", url="https://acme.example/x", more=more)
    assert found == Rejected("signature")


def test_a_json_body_must_have_the_hash_in_the_signed_address() -> None:
    body = b'{"a": 1}'
    url = f"https://acme.example/x?bodySHA256={hashlib.sha256(body).hexdigest()}"
    signed = theirs("s", url, {})
    assert RequestValidator("s").validate(url, body.decode(), signed)
    assert isinstance(verify(body, signed, "s", url=url), Verified)
    assert verify(body + b" ", signed, "s", url=url) == Rejected("body", status=400)
    plain = theirs("s", "https://acme.example/x", {})
    assert verify(body, plain, "s", url="https://acme.example/x") == Rejected("signature")


def test_a_hash_in_the_address_takes_no_form() -> None:
    url = f"https://acme.example/x?bodySHA256={'0' * 64}"
    assert isinstance(verify(urlencode(FORM).encode(), theirs("s", url), "s", url=url), Rejected)


def test_the_account_fixes_the_algorithm() -> None:
    body, stronger = urlencode(FORM).encode(), theirs("s", algorithm=THEIR_SHA256)
    said = ((SETTINGS_HEADER, "key=webhooks_sharedkey_1, algorithm=HMAC_SHA256"),)
    assert isinstance(verify(body, stronger, "s", more=said, algorithm="HMAC_SHA256"), Verified)
    assert verify(body, theirs("s"), "s", algorithm="HMAC_SHA256") == Rejected("signature")
    assert verify(body, stronger, "s") == Rejected("signature")
    assert verify(body, theirs("s"), "s", more=said) == Rejected("signature_algorithm")
    assert verify(body, theirs("s"), "s", algorithm="NONE") == Rejected("signature_header")


@pytest.mark.parametrize("secrets", [(), ("",)])
def test_without_a_secret_nothing_passes(secrets: tuple[str, ...]) -> None:
    empty = RequestValidator("").compute_signature(URL, FORM)
    assert isinstance(verify(urlencode(FORM).encode(), empty, *secrets), Rejected)


def test_the_header_must_be_there_once() -> None:
    body, signed = urlencode(FORM).encode(), theirs("s")
    assert verify(body, signed, "s", more=((SIGNATURE_HEADER, signed),)) == Rejected("signature_header")
    assert verify(body, "", "s") == Rejected("signature_header")


def test_only_posts_are_taken() -> None:
    assert verify(b"", theirs("s", form={}), "s", method="GET") == Rejected("method", status=405)


@pytest.mark.parametrize("body", [b"a=%ff", b"\xff=1", "ü=1".encode(), b"&".join([b"a=1"] * 1_001), b"a" * 1_000_001])
def test_what_is_no_form_is_refused(body: bytes) -> None:
    assert verify(body, "x", "s") == Rejected("body", status=400)
