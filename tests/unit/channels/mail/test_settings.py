"""What an account says about mails."""

from __future__ import annotations

from tests.unit.channels.mail.mail_samples import account, settings

from orchestra.channels.account import Account
from orchestra.channels.mail.addresses import Mailbox
from orchestra.channels.mail.settings import CONFIG, Settings


def test_what_is_not_said_is_filled_in() -> None:
    found = settings()
    assert found.sender == Mailbox("care@shop.example", "Shop")
    assert found.subject == "A message from Shop"
    assert (found.folder, found.first_days, found.has_plus, found.trusted) == ("INBOX", 1, False, "")
    assert found.bounds.mail_bytes == 25_000_000


def test_what_is_said_counts() -> None:
    found = settings(
        subject="News", aliases="sales@shop.example, Ann <ann@shop.example>", forms="form@shop.example",
        trusted_results=" MX.shop.example ", folder="Care", first_days=0, most_bytes=1_000, plus_addresses=True,
    )  # fmt: skip
    assert (found.subject, found.folder, found.first_days, found.bounds.mail_bytes) == ("News", "Care", 0, 1_000)
    assert found.own == ("care@shop.example", "sales@shop.example", "ann@shop.example")
    assert found.forms == ("form@shop.example",)
    assert (found.trusted, found.has_plus) == ("mx.shop.example", True)


def test_what_is_not_well_formed_counts_as_not_said() -> None:
    found = settings(first_days=-1, most_bytes=True, plus_addresses="yes", folder=3)
    assert (found.first_days, found.bounds.mail_bytes, found.has_plus, found.folder) == (1, 25_000_000, False, "INBOX")
    assert Settings.of(Account(route_key="r", channel="mail", id="x")).sender.address == ""


def test_own_addresses_are_known_whatever_is_behind_their_plus() -> None:
    found = settings(aliases="sales@shop.example")
    assert all(map(found.is_own, ("care@shop.example", "Care@Shop.Example", "sales+x@shop.example")))
    assert not any(map(found.is_own, ("joe@example.com", "care@example.com", "", "care", "@shop.example")))
    assert found.behind_plus("Care+ca1.abc@shop.example") == "ca1.abc"
    assert found.behind_plus("care@shop.example") is None
    assert found.behind_plus("care+@shop.example") is None
    assert found.behind_plus("joe+ca1@example.com") is None


def test_every_setting_is_described_once() -> None:
    names = [field.name for field in CONFIG]
    assert len(set(names)) == len(names)
    assert {field.name for field in CONFIG if field.is_required} == {"from"}
    assert all(field.help for field in CONFIG)


def test_no_secret_and_no_address_shows() -> None:
    shown = repr(Settings.of(account(aliases="ann@shop.example")))
    assert "secret" not in shown.replace("secrets", "")
    assert "ann@" not in shown
