"""Meta's signature and handshake, with pywa's validator beside ours."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given, strategies as st
from pywa.utils import webhook_updates_validator

from orchestra.channels.account import Account
from orchestra.channels.meta.signature import SIGNATURE_HEADER, signature_of, verify_request
from orchestra.channels.wire import Handshake, Headers, RawRequest, Rejected, Verified

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
URL = "https://acme.example/r-1"


def account(*secrets: str, tokens: tuple[str, ...] = ("new-token", "old-token")) -> Account:
    kept = {"app_secret": secrets, "verify_token": tokens}
    return Account(route_key="r-1", channel="whatsapp", id="1", secrets=kept)


def post(body: bytes, *values: str, secrets: tuple[str, ...] = ("new", "old"), more: Headers = ()) -> object:
    headers = (*((SIGNATURE_HEADER, value) for value in values), *more)
    request = RawRequest(method="POST", url=URL, headers=headers, body=body, received_at=NOW)
    return verify_request(request, account(*secrets))


def get(query: object, tokens: tuple[str, ...] = ("new-token", "old-token")) -> object:
    text = query if isinstance(query, str) else urlencode(query)  # type: ignore[arg-type]
    return verify_request(RawRequest(method="GET", url=f"{URL}?{text}", received_at=NOW), account("s", tokens=tokens))


@given(st.binary(max_size=50), st.sampled_from(["new", "old"]))
def test_what_we_sign_others_take_and_so_do_we(body: bytes, secret: str) -> None:
    signature = signature_of(secret, body)
    assert webhook_updates_validator(secret, body, signature)
    assert isinstance(post(body, signature), Verified)
    assert post(body + b" ", signature) == Rejected("signature")


def test_a_retired_secret_counts_no_longer() -> None:
    assert post(b"{}", signature_of("old", b"{}"), secrets=("new",)) == Rejected("signature")


@pytest.mark.parametrize("secrets", [(), ("",)])
def test_without_a_secret_nothing_passes(secrets: tuple[str, ...]) -> None:
    assert post(b"{}", signature_of("", b"{}"), secrets=secrets) == Rejected("signature")


def test_the_weaker_signature_is_not_looked_at() -> None:
    weak = hmac.new(b"new", b"{}", hashlib.sha1).hexdigest()
    assert post(b"{}", more=(("X-Hub-Signature", f"sha1={weak}"),)) == Rejected("signature_header")
    assert post(b"{}", f"sha1={weak}") == Rejected("signature_header")


@pytest.mark.parametrize(
    "value", ["", "sha256=", "sha256=" + "0" * 63, "sha256=" + "G" * 64, "sha256=" + "é" * 64, "x"]
)
def test_what_is_no_signature_is_told_as_such(value: str) -> None:
    assert post(b"{}", value) == Rejected("signature_header")


def test_upper_case_is_another_spelling_that_meta_never_uses() -> None:
    assert post(b"{}", signature_of("new", b"{}").upper().replace("SHA256", "sha256")) == Rejected("signature_header")


def test_two_signatures_are_none() -> None:
    signature = signature_of("new", b"{}")
    assert post(b"{}", signature, signature) == Rejected("signature_header")


def test_other_methods_are_refused() -> None:
    request = RawRequest(method="PUT", url=URL, received_at=NOW)
    assert verify_request(request, account("s")) == Rejected("method", status=405)


@pytest.mark.parametrize("token", ["new-token", "old-token"])
def test_the_handshake_gives_the_challenge_back_as_plain_text(token: str) -> None:
    found = get({"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "1158201444"})
    assert isinstance(found, Handshake)
    assert (found.reply.status, found.reply.body) == (200, b"1158201444")
    assert dict(found.reply.headers) == {
        "Content-Type": "text/plain; charset=utf-8",
        "X-Content-Type-Options": "nosniff",
    }


GOOD = {"hub.mode": "subscribe", "hub.verify_token": "new-token", "hub.challenge": "1"}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({**GOOD, "hub.verify_token": "guess"}, 403),
        ({**GOOD, "hub.verify_token": ""}, 403),
        ({**GOOD, "hub.mode": "unsubscribe"}, 403),
        ({**GOOD, "hub.challenge": "<script>alert(1)</script>"}, 400),
        ({**GOOD, "hub.challenge": "1\n2"}, 400),
        ({**GOOD, "hub.challenge": "1" * 513}, 400),
        ({"hub.mode": "subscribe"}, 403),
        ("", 403),
        (urlencode(GOOD) + "&hub.verify_token=guess", 403),
        ("&".join(f"a{n}=1" for n in range(30)), 400),
    ],
)
def test_any_other_handshake_is_refused(query: object, status: int) -> None:
    found = get(query)
    assert isinstance(found, Rejected)
    assert found.status == status


@pytest.mark.parametrize("tokens", [(), ("",)])
def test_without_a_token_no_address_is_confirmed(tokens: tuple[str, ...]) -> None:
    for token in ("", "new-token"):
        assert isinstance(get({**GOOD, "hub.verify_token": token}, tokens), Rejected)
