"""What customers were told of their cases: by whom, where, and what of it is remembered."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.archiving import ArchivingEngine, archiving_plan
from tests.engine_driver import DAY, Driver, plan

from orchestra.engine.facts.state import MOST_FACTS, Told
from orchestra.errors import CommandRefused, InvalidCommand, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import ref


@pytest.fixture
def driver() -> Driver:
    """Joe has written twice: cases ca1 and ca2; mia has case ca3."""
    driver = Driver()
    for sender, topic in (("joe", "order"), ("joe", "bill"), ("mia", "order")):
        driver.message(sender, "email", topic=topic, thread=None)
        driver.run(c.CancelInteraction(driver.last(e.InteractionStarted).interaction, "over"))
    return driver


def told(driver: Driver, case: str, fact: str = "ready") -> Told | None:
    """What was told last of a fact in a matter."""
    view = driver.engine.view
    return view.facts.last(view.cases.group(case), fact)


def test_who_told_it_and_in_which_contact_is_known(driver: Driver) -> None:
    decided = driver.run(c.TellFact("ca1", "ready", "2026-12-01", "in1", actor="agent:ana"))
    assert decided.events == [e.FactTold("ca1", "cu1", "ready", "2026-12-01", "agent:ana", "in1")]
    assert told(driver, "ca1") == Told("2026-12-01", driver.now_us)
    assert told(driver, "ca1", "price") is None
    assert told(driver, "ca2") is None


def test_the_application_tells_as_the_system_and_names_cases_by_its_own_keys(driver: Driver) -> None:
    driver.run(c.AddRef("ca1", "order:81"))
    driver.run(c.TellFact(ref("order:81"), "parts", 3))
    assert driver.last(e.FactTold) == e.FactTold("ca1", "cu1", "parts", 3, "system")


def test_what_was_told_last_holds_and_telling_it_again_is_told_again(driver: Driver) -> None:
    driver.run(c.TellFact("ca1", "ready", "2026-12-01"))
    driver.run(c.TellFact("ca1", "ready", "2026-12-03"), 60)
    assert told(driver, "ca1") == Told("2026-12-03", driver.now_us)
    driver.run(c.TellFact("ca1", "ready", "2026-12-03"), 60)
    assert told(driver, "ca1") == Told("2026-12-03", driver.now_us)


def test_cases_that_are_one_matter_have_one_memory(driver: Driver) -> None:
    driver.run(c.TellFact("ca1", "ready", "2026-12-01"))
    driver.run(c.TellFact("ca2", "ready", "2026-12-05"), 60)
    driver.run(c.TellFact("ca2", "price", 4900), 60)
    driver.run(c.TellFact("ca1", "open", True), 60)
    driver.run(c.MergeCases("ca1", "ca2", "one matter"))
    view = driver.engine.view
    for case in ("ca1", "ca2"):
        values = {fact: one.value for fact, one in view.facts.all(view.cases.group(case)).items()}
        assert list(values.items()) == [("open", True), ("price", 4900), ("ready", "2026-12-05")]
    driver.run(c.TellFact("ca2", "ready", "2026-12-09"))
    assert driver.last(e.FactTold).case == "ca1"
    driver.run(c.UnmergeCase("ca2", "two matters"))
    assert told(driver, "ca1") == Told("2026-12-09", driver.now_us)
    assert told(driver, "ca2", "price") is not None
    assert told(driver, "ca1", "price") is None


def test_of_two_told_at_once_that_of_the_younger_case_counts(driver: Driver) -> None:
    driver.run(c.TellFact("ca2", "ready", "later"))
    driver.run(c.TellFact("ca1", "ready", "sooner"))
    driver.run(c.MergeCases("ca1", "ca2", "one matter"))
    assert told(driver, "ca1") == Told("later", driver.now_us)
    driver.run(c.TellFact("ca1", "ready", "last"), 1)
    assert told(driver, "ca1") == Told("last", driver.now_us)


def test_a_contact_of_a_merged_case_is_part_of_the_matter(driver: Driver) -> None:
    driver.run(c.MergeCases("ca1", "ca2", "one matter"))
    driver.run(c.TellFact("ca1", "ready", "soon", "in2"))
    assert driver.last(e.FactTold).interaction == "in2"


def test_only_so_many_facts_are_remembered_and_the_newest_always_is(driver: Driver) -> None:
    for number in range(MOST_FACTS):
        driver.run(c.TellFact("ca1", f"fact{number:02}", number), 1)
    driver.run(c.TellFact("ca1", "fact00", "again"))
    driver.run(c.TellFact("ca1", "a", "new"))
    remembered = driver.engine.view.facts.told["ca1"]
    assert len(remembered) == MOST_FACTS
    assert "fact01" not in remembered, "it was told longest ago"
    assert (remembered["fact00"][0], remembered["a"][0]) == ("again", "new")
    for engine in (driver.reloaded(), driver.replayed(is_blanked=True)):
        assert engine.state_hash() == driver.engine.state_hash()


def test_what_is_told_just_now_is_not_forgotten_for_what_was_told_at_the_same_time(driver: Driver) -> None:
    for number in range(MOST_FACTS + 1):
        driver.run(c.TellFact("ca1", f"fact{MOST_FACTS - number:02}", number))
    remembered = driver.engine.view.facts.told["ca1"]
    assert "fact00" in remembered
    assert "fact01" not in remembered


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (c.TellFact("ca9", "ready", "soon"), UnknownId),
        (c.TellFact("ca1", "", "soon"), InvalidCommand),
        (c.TellFact("ca1", "ready", ""), InvalidCommand),
        (c.TellFact("ca1", "ready", "so\non"), InvalidCommand),
        (c.TellFact("ca1", "ready", "x" * 201), InvalidCommand),
        (c.TellFact("ca1", "ready", 10**15 + 1), InvalidCommand),
        (c.TellFact("ca1", "ready", "soon", "in9"), UnknownId),
        (c.TellFact("ca1", "ready", "soon", "in2"), InvalidCommand),
        (c.TellFact("ca1", "ready", "soon", actor="customer:cu1"), NotPermitted),
    ],
)
def test_what_cannot_be_told(driver: Driver, command: c.Command, error: type[CommandRefused]) -> None:
    driver.refuse(command, error)
    assert driver.events(e.FactTold) == []


def test_it_goes_with_an_archived_customer_and_comes_back_with_them() -> None:
    engine = ArchivingEngine()
    driver = Driver(archiving_plan(), engine=engine)
    got = driver.message()
    driver.run(c.TellFact(got.case.id, "ready", "soon"))
    for command in (c.CancelInteraction(got.interaction, "over"), c.ResolveCase("ca1"), c.CloseCase("ca1")):
        driver.run(command)
    driver.advance(40 * DAY // 1_000_000)
    assert engine.view.facts.told == {}
    driver.run(c.TellFact("ca1", "price", 4900))
    assert set(engine.view.facts.told["ca1"]) == {"price", "ready"}


def test_it_stays_as_long_as_its_case_is_known() -> None:
    driver = Driver(plan())
    driver.message()
    driver.run(c.TellFact("ca1", "ready", "soon"))
    driver.run(c.ResolveCase("ca1"))
    driver.advance(timedelta(days=20).total_seconds())
    assert driver.engine.view.cases.cases["ca1"].state == "CLOSED"
    assert told(driver, "ca1") is not None
