"""What customers told of themselves: the zone in which they are, said or proven, and taken back."""

from __future__ import annotations

import pytest
from tests.engine_driver import MINUTE, Driver

from orchestra.engine.personal.state import Whereabouts
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e


@pytest.fixture
def driver() -> Driver:
    """Joe and Eve have written."""
    driver = Driver()
    driver.message("joe")
    driver.message("eve")
    return driver


def zones(driver: Driver) -> dict[str, str | None]:
    return {key.replace("\x1f", " "): row.zone for key, row in driver.engine.view.personal.zones.items()}


def test_what_a_customer_said_is_noted_with_its_evidence(driver: Driver) -> None:
    driver.run(c.SetCustomerZone("cu1", "Asia/Tokyo", evidence="in the chat"), 1)
    event = driver.last(e.CustomerZoneSet)
    assert event == e.CustomerZoneSet("cu1", "Asia/Tokyo", "said", driver.now_us, "in the chat")
    assert zones(driver) == {"cu1 said": "Asia/Tokyo"}
    assert "chat" not in repr(event)


def test_what_was_said_last_holds_whenever_it_is_noted(driver: Driver) -> None:
    now = driver.now_us
    driver.run(c.SetCustomerZone("cu1", "Asia/Tokyo", occurred_us=now - MINUTE))
    driver.run(c.SetCustomerZone("cu1", "Europe/Berlin", occurred_us=now - 2 * MINUTE))
    assert zones(driver) == {"cu1 said": "Asia/Tokyo"}
    driver.run(c.SetCustomerZone("cu1", "Europe/Paris", occurred_us=now - MINUTE))
    assert zones(driver) == {"cu1 said": "Europe/Paris"}
    driver.run(c.SetCustomerZone("cu1", None, occurred_us=now + 9 * MINUTE))
    assert driver.engine.view.personal.zones["cu1\x1fsaid"] == Whereabouts(None, now, now)


def test_an_address_tells_apart_from_what_was_said(driver: Driver) -> None:
    driver.run(c.SetCustomerZone("cu1", "Asia/Tokyo"), 1)
    driver.run(c.SetCustomerZone("cu1", "Europe/Berlin", "address"), 1)
    driver.run(c.SetCustomerZone("cu2", "Europe/Paris", "address"), 1)
    expected = {"cu1 said": "Asia/Tokyo", "cu1 address": "Europe/Berlin", "cu2 address": "Europe/Paris"}
    assert zones(driver) == expected


def test_who_is_forgotten_is_nowhere(driver: Driver) -> None:
    for name in ("cu1", "cu2"):
        driver.run(c.SetCustomerZone(name, "Asia/Tokyo"), 1)
        driver.run(c.SetCustomerZone(name, "Asia/Tokyo", "address"), 1)
    driver.run(c.EraseCustomer("cu1", "asked for it"), 1)
    assert zones(driver) == {"cu2 said": "Asia/Tokyo", "cu2 address": "Asia/Tokyo"}


@pytest.mark.parametrize("zone", ["", "Europe/Nowhere", "../etc/passwd", "europe", "x" * 300])
def test_only_zones_that_there_are_can_be_noted(driver: Driver, zone: str) -> None:
    driver.refuse(c.SetCustomerZone("cu1", zone), InvalidCommand, field="zone")


def test_a_basis_is_one_of_two_and_the_customer_is_known(driver: Driver) -> None:
    driver.refuse(c.SetCustomerZone("cu1", "Asia/Tokyo", "guess"), InvalidCommand, field="basis")
    driver.refuse(c.SetCustomerZone("cu9", "Asia/Tokyo"), UnknownId)


def test_it_all_comes_back_from_the_journal_and_from_a_snapshot(driver: Driver) -> None:
    driver.run(c.SetCustomerZone("cu1", "Asia/Tokyo", "address", evidence="letter"), 1)
    for again in (driver.replayed(is_blanked=True), driver.reloaded()):
        assert again.view.personal.zones == driver.engine.view.personal.zones
        assert again.state_hash() == driver.engine.state_hash()
