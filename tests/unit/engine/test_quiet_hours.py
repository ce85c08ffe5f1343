"""When it is quiet for a customer: on whose wall, on which channel, for what; and until when."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.engine_driver import DAY, HOUR, MINUTE, Driver, person, plan
from tests.unit.engine.test_calendar import us

from orchestra.engine.quiet_hours import quiet_until, zone_of, zones_of
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Address
from orchestra.model.quiet_hours import QuietHours, QuietTimes

NIGHT = QuietHours(daily=["21:00-08:00"])
BERLIN_NIGHT_US = us("2024-01-15T23:00:00+01:00")
"""Five in the afternoon in New York, seven in the morning in Tokyo."""


def quiet_driver(quiet: QuietHours = NIGHT, zone: str | None = "Europe/Berlin") -> Driver:
    driver = Driver(plan(quiet_hours=quiet, workspace=attrs.evolve(plan().workspace, zone=zone)))
    driver.message("joe")
    driver.message("eve")
    return driver


def until(driver: Driver, at: str | int, channel: str = "email", who: str = "cu1", **more: Any) -> int | None:
    return quiet_until(driver.engine.view, who, channel, us(at) if isinstance(at, str) else at, **more)


def zones(driver: Driver, who: str = "cu1") -> list[str]:
    return list(zones_of(driver.engine.view, who))


def phone(number: str, *zones: str) -> Address:
    return Address("phone", f"key-{number}", number, zones=list(zones))


def call(driver: Driver, who: Address, name: str = "k1", **more: Any) -> Any:
    return driver.run(c.ReceiveContact("voice", "main", name, sender=who, **more), 1).result


# When


def test_the_night_is_quiet_until_the_morning() -> None:
    driver = quiet_driver()
    morning = us("2024-01-16T08:00:00+01:00")
    assert until(driver, "2024-01-15T20:59:00+01:00") is None
    assert until(driver, "2024-01-15T21:00:00+01:00") == morning
    assert until(driver, "2024-01-16T07:59:00+01:00") == morning
    assert until(driver, morning) is None


def test_without_quiet_hours_it_is_never_quiet() -> None:
    assert until(quiet_driver(QuietHours()), BERLIN_NIGHT_US) is None
    assert until(quiet_driver(QuietHours(), None), BERLIN_NIGHT_US) is None
    assert until(Driver(), BERLIN_NIGHT_US) is None


def test_a_day_may_have_times_of_its_own_and_quiet_times_that_meet_are_one() -> None:
    quiet = QuietHours(daily=["21:00-08:00"], sun=["00:00-24:00"], mon=["00:00-07:00"], wed=[])
    driver = quiet_driver(quiet)
    assert until(driver, "2024-01-13T22:00:00+01:00") == us("2024-01-15T07:00:00+01:00")  # Saturday evening
    assert until(driver, "2024-01-16T22:00:00+01:00") == us("2024-01-17T08:00:00+01:00")
    assert until(driver, "2024-01-17T22:00:00+01:00") is None


def test_one_date_may_be_quieter_than_others() -> None:
    driver = quiet_driver(QuietHours(daily=["21:00-08:00"], extra=["2024-12-25 00:00-24:00"]))
    assert until(driver, "2024-12-24T22:00:00+01:00") == us("2024-12-26T08:00:00+01:00")
    assert until(driver, "2024-12-26T12:00:00+01:00") is None


def test_a_channel_and_a_class_may_have_times_of_their_own() -> None:
    own = {"voice": QuietTimes(daily=["18:00-10:00"]), "chat": QuietTimes()}
    quiet = QuietHours(daily=["21:00-08:00"], channels=own, classes={"marketing": QuietTimes(daily=["12:00-14:00"])})
    driver = quiet_driver(quiet)
    evening, night, noon = (f"2024-01-15T{hour}:00:00+01:00" for hour in ("19", "23", "13"))
    assert until(driver, evening) is None
    assert until(driver, evening, "voice") == us("2024-01-16T10:00:00+01:00")
    assert until(driver, night, "chat") is None
    assert until(driver, night, of_class="legal") == us("2024-01-16T08:00:00+01:00")
    assert until(driver, night, of_class="marketing") is None
    assert until(driver, noon, "chat", of_class="marketing") == us("2024-01-15T14:00:00+01:00")
    assert until(driver, evening, "voice", of_class="marketing") == us("2024-01-16T10:00:00+01:00")


def test_for_some_classes_it_is_never_quiet() -> None:
    driver = quiet_driver()
    assert until(driver, BERLIN_NIGHT_US, of_class="critical") is None
    assert until(driver, BERLIN_NIGHT_US, of_class="legal") is not None
    driver = quiet_driver(QuietHours(daily=["21:00-08:00"], exempt=["legal"]))
    assert until(driver, BERLIN_NIGHT_US, of_class="critical") is not None
    assert until(driver, BERLIN_NIGHT_US, of_class="legal") is None


def test_the_night_in_which_clocks_change_ends_in_the_morning_too() -> None:
    driver = quiet_driver()
    spring = until(driver, "2024-03-30T22:00:00+01:00")
    assert spring == us("2024-03-31T08:00:00+02:00") == us("2024-03-30T22:00:00+01:00") + 9 * HOUR
    autumn = until(driver, "2024-10-26T22:00:00+02:00")
    assert autumn == us("2024-10-27T08:00:00+01:00") == us("2024-10-26T22:00:00+02:00") + 11 * HOUR


def test_an_end_that_is_skipped_or_comes_twice_is_the_later_one() -> None:
    driver = quiet_driver(QuietHours(daily=["22:00-02:30"]))
    assert until(driver, "2024-03-31T01:59:00+01:00") == us("2024-03-31T03:00:00+02:00")
    assert until(driver, "2024-10-27T02:45:00+02:00") == us("2024-10-27T02:30:00+01:00")
    assert until(driver, "2024-10-27T02:30:00+01:00") is None


# Where


def test_what_is_known_best_counts_alone() -> None:
    driver = quiet_driver()
    assert zones(driver) == ["Europe/Berlin"]
    got = call(driver, phone("+81312345678", "Asia/Tokyo"))
    whom = got.customer
    assert zones(driver, whom) == ["Asia/Tokyo"]
    assert until(driver, BERLIN_NIGHT_US, who=whom) == us("2024-01-16T08:00:00+09:00")
    driver.run(c.SetCustomerZone(whom, "America/New_York", "address"), 1)
    assert zones(driver, whom) == ["America/New_York"]
    assert until(driver, BERLIN_NIGHT_US, who=whom) is None
    driver.run(c.SetCustomerZone(whom, "Europe/London"), 1)
    assert zones(driver, whom) == ["Europe/London"]
    driver.run(c.SetCustomerZone(whom, None), 1)
    assert zones(driver, whom) == ["America/New_York"]
    assert zones(driver) == ["Europe/Berlin"]


def test_whoever_may_be_in_several_zones_is_told_when_it_is_quiet_in_none() -> None:
    driver = quiet_driver()
    whom = call(driver, phone("+79161234567", "Asia/Kamchatka", "Europe/Moscow")).customer
    evening = us("2024-01-15T21:30:00+12:00")
    assert until(driver, evening - HOUR, who=whom) is None
    # It is 12:30 in Moscow; when Kamchatka wakes it is 23:00 there.
    assert until(driver, evening, who=whom) == us("2024-01-16T08:00:00+03:00")


def test_whoever_may_be_anywhere_is_never_told_and_looked_at_again_in_a_week() -> None:
    driver = quiet_driver(QuietHours(daily=["20:00-09:00"], unknown=["Europe/Berlin", "Pacific/Auckland"]))
    at_us = us("2024-01-15T12:00:00+00:00")
    ends = until(driver, at_us)
    assert ends is not None
    assert 7 * DAY <= ends - at_us < 8 * DAY
    assert until(driver, ends) is not None


def test_the_plan_may_say_where_unknown_customers_may_be() -> None:
    driver = quiet_driver(QuietHours(daily=["21:00-08:00"], unknown=["America/New_York", "America/Los_Angeles"]))
    assert zones(driver) == ["America/Los_Angeles", "America/New_York"]
    assert until(driver, BERLIN_NIGHT_US) is None
    assert until(driver, "2024-01-15T21:00:00-05:00") == us("2024-01-16T08:00:00-08:00")


def test_a_zone_that_is_not_known_here_tells_nothing() -> None:
    driver = quiet_driver()
    whom = call(driver, phone("+15550100", "Mars/Olympus", "../../x")).customer
    assert zones(driver, whom) == ["Europe/Berlin"]
    again = call(driver, phone("+15550101", "Mars/Olympus", "Asia/Tokyo"), "k2").customer
    assert zones(driver, again) == ["Asia/Tokyo"]
    assert zones(quiet_driver(QuietHours(), None)) == []


def test_one_zone_is_that_by_which_times_are_told() -> None:
    driver = quiet_driver()
    view = driver.engine.view
    assert zone_of(view, "cu1") == "Europe/Berlin"
    driver.run(c.SetCustomerZone("cu1", "Asia/Tokyo"))
    assert zone_of(view, "cu1") == "Asia/Tokyo"
    whom = call(driver, phone("+79161234567", "Asia/Kamchatka", "Europe/Moscow")).customer
    assert zone_of(view, whom) == "Europe/Berlin"
    assert zone_of(quiet_driver(QuietHours(), None).engine.view, "cu1") == "UTC"


# One person of several ids


def test_all_ids_of_a_person_count_until_they_say_so_themselves() -> None:
    driver = quiet_driver()
    driver.run(c.SetCustomerZone("cu1", "Europe/Berlin"), 1)
    driver.run(c.SetCustomerZone("cu2", "Asia/Tokyo"), 1)
    driver.run(c.MergeCustomers("cu1", "cu2", "same card"), 1)
    assert zones(driver) == zones(driver, "cu2") == ["Asia/Tokyo", "Europe/Berlin"]
    assert until(driver, BERLIN_NIGHT_US) == us("2024-01-16T08:00:00+01:00")
    driver.run(c.SetCustomerZone("cu2", "America/New_York"), 1)
    assert zones(driver) == ["America/New_York"]
    driver.run(c.SetCustomerZone("cu1", None), 1)
    assert zones(driver) == ["Europe/Berlin"]
    driver.run(c.SplitCustomers("li1", "two people"), 1)
    assert (zones(driver), zones(driver, "cu2")) == (["Europe/Berlin"], ["Asia/Tokyo"])


def test_what_was_said_before_two_became_one_overrules_nothing() -> None:
    driver = quiet_driver()
    driver.run(c.SetCustomerZone("cu2", "Asia/Tokyo"), 1)
    driver.run(c.SetCustomerZone("cu1", "Europe/Berlin"), 1)
    driver.run(c.MergeCustomers("cu1", "cu2", "same card"), 1)
    assert zones(driver) == ["Asia/Tokyo", "Europe/Berlin"]
    early = driver.now_us - DAY
    driver.run(c.SetCustomerZone("cu1", "Europe/Paris", occurred_us=early), 1)
    assert zones(driver) == ["Asia/Tokyo", "Europe/Berlin"]


def test_an_alias_of_an_alias_is_theirs_since_the_last_merge() -> None:
    driver = quiet_driver()
    driver.message("kim")
    driver.run(c.SetCustomerZone("cu3", "Asia/Tokyo"), 1)
    driver.run(c.MergeCustomers("cu2", "cu3", "same card"), 1)
    driver.run(c.SetCustomerZone("cu1", "Europe/Berlin"), 1)
    driver.run(c.MergeCustomers("cu1", "cu2", "same card"), 1)
    assert zones(driver, "cu3") == ["Asia/Tokyo", "Europe/Berlin"]
    driver.run(c.SetCustomerZone("cu3", "Europe/Paris"), 1)
    assert zones(driver) == ["Europe/Paris"]


# Addresses that tell


def test_a_number_tells_once_and_again_when_it_tells_otherwise() -> None:
    driver = quiet_driver()
    first = phone("+4930123456", "Europe/Berlin")
    whom = call(driver, first).customer
    placed = e.AddressPlaced(whom, first.key, ["Europe/Berlin"])
    assert driver.events(e.AddressPlaced) == [placed]
    call(driver, first, "k2")
    call(driver, phone("+4930123456"), "k3")
    assert driver.events(e.AddressPlaced) == [placed]
    call(driver, phone("+4930123456", "Europe/Berlin", "Europe/Busingen"), "k4")
    assert driver.last(e.AddressPlaced).zones == ["Europe/Berlin", "Europe/Busingen"]


def test_all_numbers_of_a_person_count_however_they_came() -> None:
    driver = quiet_driver()
    driver.run(c.LinkAddress("cu1", phone("+81312345678", "Asia/Tokyo"), "told"), 1)
    assert zones(driver) == ["Asia/Tokyo"]
    whom = call(driver, person("kim"), also=[phone("+12125550123", "America/New_York")]).customer
    assert zones(driver, whom) == ["America/New_York"]
    driver.run(c.LinkAddress("cu1", phone("+12125550123", "America/New_York"), "told"), 1)
    assert zones(driver) == ["America/New_York", "Asia/Tokyo"]
    driver.run(c.UnlinkAddress("cu1", phone("+81312345678"), "sold"), 1)
    assert zones(driver) == ["America/New_York"]


def test_a_guess_tells_of_whom_it_is_and_of_nobody_else() -> None:
    driver = quiet_driver()
    driver.run(c.LinkAddress("cu1", phone("+81312345678", "Asia/Tokyo"), "guess", 60), 1)
    assert zones(driver) == ["Europe/Berlin"]
    assert zones(driver, "cu3") == ["Asia/Tokyo"]


@pytest.mark.parametrize("odd", [["UTC"] * 65, [""], ["x" * 65]])
def test_what_no_number_could_tell_is_left_out(odd: list[str]) -> None:
    driver = quiet_driver()
    whom = call(driver, phone("+15550100", *odd)).customer
    assert driver.events(e.AddressPlaced) == []
    hidden = attrs.evolve(phone("+15550101", "Asia/Tokyo"), matches=False)
    call(driver, hidden, "k2")
    assert (driver.events(e.AddressPlaced), zones(driver, whom)) == ([], ["Europe/Berlin"])


def test_where_they_are_comes_back_from_the_journal_and_from_a_snapshot() -> None:
    driver = quiet_driver()
    whom = call(driver, phone("+81312345678", "Asia/Tokyo")).customer
    driver.advance(MINUTE / 1_000_000)
    for again in (driver.replayed(is_blanked=True), driver.reloaded()):
        assert zones_of(again.view, whom) == ["Asia/Tokyo"]
        assert again.state_hash() == driver.engine.state_hash()
