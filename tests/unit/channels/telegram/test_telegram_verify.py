"""Who may speak for Telegram, and what the adapter says of itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestra.channels.account import Account, Conversation
from orchestra.channels.capabilities import ReadReceipts, TextUnit
from orchestra.channels.parts import Identity
from orchestra.channels.telegram.adapter import TelegramAdapter
from orchestra.channels.telegram.facts import SECRET_HEADER
from orchestra.channels.wire import Headers, RawRequest, Rejected, Verified

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ADAPTER = TelegramAdapter()


def account(*secrets: str) -> Account:
    return Account(route_key="r-1", channel="telegram", id="42", secrets={"webhook": secrets, "token": ("42:a",)})


def verify(headers: Headers, *secrets: str, method: str = "POST") -> Verified | Rejected:
    request = RawRequest(method=method, url="https://acme.example/r-1", headers=headers, body=b"{}", received_at=NOW)
    found = ADAPTER.verify(request, account(*secrets), NOW)
    assert isinstance(found, Verified | Rejected)
    return found


@pytest.mark.parametrize("secret", ["new", "old"])
@pytest.mark.parametrize("name", [SECRET_HEADER, SECRET_HEADER.lower()])
def test_every_secret_still_accepted_passes(secret: str, name: str) -> None:
    assert isinstance(verify(((name, secret),), "new", "old"), Verified)


@pytest.mark.parametrize("claimed", ["other", "ne", "new ", "NEW", "nëw", "\udcff", "new\x00"])
def test_anything_else_is_refused(claimed: str) -> None:
    assert verify(((SECRET_HEADER, claimed),), "new", "old") == Rejected("secret")


@pytest.mark.parametrize("headers", [(), ((SECRET_HEADER, ""),), ((SECRET_HEADER, "new"), (SECRET_HEADER, "new"))])
def test_the_header_must_be_there_once(headers: Headers) -> None:
    assert verify(headers, "new") == Rejected("secret_header")


@pytest.mark.parametrize("secrets", [(), ("",)])
def test_without_a_secret_nobody_passes(secrets: tuple[str, ...]) -> None:
    assert isinstance(verify(((SECRET_HEADER, "x"),), *secrets), Rejected)


def test_only_posts_are_taken() -> None:
    assert verify(((SECRET_HEADER, "new"),), "new", method="GET") == Rejected("method", status=405)


def test_the_description_asks_for_both_secrets() -> None:
    faults = ADAPTER.describe().check({}, ["token"])
    assert [fault.path for fault in faults] == ["webhook"]


def test_capabilities_of_private_chats_and_groups() -> None:
    private = ADAPTER.capabilities(account("s"), Conversation(id="77", recipient=Identity("telegram", "77")))
    group = ADAPTER.capabilities(account("s"), Conversation(id="-9", recipient=Identity("telegram", "77")))
    assert (private.public, group.public) == (False, True)
    assert (private.text_limit, private.text_unit) == (4_096, TextUnit.UTF16)
    assert (private.can_initiate, private.delivered, private.read) == (False, False, ReadReceipts.NONE)
