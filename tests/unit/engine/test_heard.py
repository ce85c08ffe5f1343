"""What providers tell of people by their addresses: what they want to be sent, and who else they are."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.engine_driver import CARE, HOUR, Driver, person, plan

from orchestra.engine.identity.state import consent_key
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e

PURPOSES = '[identity.purposes]\nmarketing = "opt_in"\nnews = "opt_out"\n'


@pytest.fixture
def driver() -> Driver:
    """Joe is customer cu1, under a plan with two purposes."""
    driver = Driver(plan(CARE + PURPOSES))
    driver.message("joe", "email")
    return driver


def says(driver: Driver, who: str = "joe", *, given: bool = False, **values: Any) -> list[e.Event]:
    return driver.run(c.TakeConsent("email", "main", person(who), given, **values)).events


def consents(driver: Driver, customer: str) -> dict[str, bool]:
    """What somebody said last of each purpose on e-mail."""
    rows = driver.engine.view.identity.consents
    return {
        name: rows[key].given for name in ("marketing", "news") if (key := consent_key(customer, "email", name)) in rows
    }


def test_stop_forbids_every_purpose_on_its_channel(driver: Driver) -> None:
    assert says(driver, evidence="e1") == [
        e.ConsentRecorded("cu1", "email", purpose, False, driver.now_us, "e1") for purpose in ("marketing", "news")
    ]


def test_one_purpose_may_be_meant(driver: Driver) -> None:
    assert says(driver, purpose="news", given=True) == [
        e.ConsentRecorded("cu1", "email", "news", True, driver.now_us, None)
    ]


def test_of_two_statements_the_later_one_holds(driver: Driver) -> None:
    driver.advance(3600)
    says(driver, purpose="news", given=True)
    says(driver, purpose="news", given=False, occurred_us=driver.now_us - HOUR // 2)
    assert consents(driver, "cu1")["news"] is True


def test_what_somebody_unknown_forbids_holds_from_their_first_contact_on(driver: Driver) -> None:
    assert [type(event) for event in says(driver, "zoe")][:1] == [e.CustomerAdded]
    got = driver.message("zoe", "email")
    assert consents(driver, got.customer) == {"marketing": False, "news": False}


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"purpose": "gossip"}, InvalidCommand),
        ({"channel": "pigeon"}, UnknownId),
        ({"account": ""}, InvalidCommand),
        ({"sender": attrs.evolve(person("joe"), matches=False)}, InvalidCommand),
        ({"sender": attrs.evolve(person("joe"), key="")}, InvalidCommand),
    ],
    ids=str,
)
def test_what_nobody_can_have_said_is_refused(driver: Driver, values: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        driver.run(attrs.evolve(c.TakeConsent("email", "main", person("joe"), False), **values))


def test_two_addresses_are_one_persons(driver: Driver) -> None:
    driver.run(c.TakeIdentity(person("joe"), person("joe2")))
    assert driver.message("joe2", "chat").customer == "cu1"


def test_two_who_are_known_become_one(driver: Driver) -> None:
    driver.message("joe2", "chat")
    driver.run(c.TakeIdentity(person("joe"), person("joe2")))
    assert driver.engine.view.identity.root("cu2") == driver.engine.view.identity.root("cu1")


def test_a_provider_may_know_somebody_before_they_write(driver: Driver) -> None:
    driver.run(c.TakeIdentity(person("zoe"), person("zoe2")))
    assert driver.message("zoe2", "chat").customer == driver.message("zoe", "chat").customer


def test_an_address_that_is_none_is_refused(driver: Driver) -> None:
    with pytest.raises(InvalidCommand, match="linked"):
        driver.run(c.TakeIdentity(person("joe"), attrs.evolve(person("joe2"), key="")))
