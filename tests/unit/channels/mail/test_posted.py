"""Mails that are posted."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest
from tests.unit.channels.mail.mail_samples import NOW, account, written

from orchestra.channels.account import Account
from orchestra.channels.mail.posted import SIGNATURE_HEADER, TIMESTAMP_HEADER, post_headers, verify_post
from orchestra.channels.wire import Headers, RawRequest, Rejected, Verified

SECRET = "shared with the server"
BODY = written()
SIGNED = post_headers(SECRET, NOW, BODY)


def posted(headers: Headers = SIGNED, body: bytes = BODY, method: str = "POST") -> RawRequest:
    return RawRequest(method=method, url="https://shop.example/hooks/x", headers=headers, body=body, received_at=NOW)


def verdict(request: RawRequest, who: Account | None = None, **later: float) -> str:
    found = verify_post(request, who or account(), NOW + timedelta(**later))
    if isinstance(found, Verified):
        assert found.request == request
        return "genuine"
    assert isinstance(found, Rejected)
    return found.code


def test_whoever_has_the_secret_may_post() -> None:
    assert verdict(posted()) == "genuine"
    assert verdict(posted((*SIGNED, ("Content-Type", "anything")))) == "genuine"


def test_nothing_else_is_taken() -> None:
    timestamp, signature = SIGNED
    assert verdict(posted(body=BODY + b"x")) == "signature"
    assert verdict(posted(post_headers("another secret", NOW, BODY))) == "signature"
    assert verdict(posted((timestamp, (SIGNATURE_HEADER, signature[1][:-1])))) == "signature"
    assert verdict(posted((timestamp, (SIGNATURE_HEADER, "é" * 67)))) == "signature"
    assert verdict(posted((timestamp,))) == "signature_headers"
    assert verdict(posted((signature,))) == "signature_headers"
    assert verdict(posted((*SIGNED, signature))) == "signature_headers"
    assert verdict(posted(method="PUT")) == "method"


@pytest.mark.parametrize("value", ["", "x", "1_0", "1.0", "-1", " 1", "٣", "9" * 12])
def test_a_timestamp_is_written_in_one_way(value: str) -> None:
    assert verdict(posted(((TIMESTAMP_HEADER, value), SIGNED[1]))) == "signature_headers"


def test_old_and_early_posts_are_refused() -> None:
    assert verdict(posted(), minutes=5) == "genuine"
    assert verdict(posted(), minutes=5, seconds=1) == "stale"
    assert verdict(posted(), minutes=-5) == "genuine"
    assert verdict(posted(), minutes=-5, seconds=-1) == "stale"


def test_a_bearer_has_the_secret_itself() -> None:
    who = account(inbound="bearer")
    assert verdict(posted((("Authorization", f"Bearer {SECRET}"),)), who) == "genuine"
    assert verdict(posted((("Authorization", "Bearer x"),)), who) == "signature"
    assert verdict(posted((("Authorization", SECRET),)), who) == "signature"
    assert verdict(posted(), who) == "signature_headers"
    assert verdict(posted((("Authorization", f"Bearer {SECRET}"),))) == "signature_headers"


def test_old_secrets_count_while_they_are_replaced() -> None:
    who = attrs.evolve(account(), secrets={"inbound": ("new", SECRET)})
    assert verdict(posted(), who) == "genuine"
    assert verdict(posted(), attrs.evolve(who, secrets={"inbound": ("new",)})) == "signature"


def test_an_account_without_secret_or_with_another_way_takes_none() -> None:
    assert verdict(posted(), attrs.evolve(account(), secrets={"inbound": ("",)})) == "takes_no_posts"
    assert verdict(posted(), account(inbound="none")) == "takes_no_posts"
