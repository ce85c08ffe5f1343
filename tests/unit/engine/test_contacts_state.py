from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.engine_driver import Driver, replay, thread

from orchestra.engine.contacts.state import Interaction, taken_key
from orchestra.engine.engine import Engine
from orchestra.engine.lifecycle import INTERACTION
from orchestra.model import commands as c, events as e


@pytest.mark.parametrize("state", INTERACTION.states)
def test_open_is_neither_final_nor_wrapping(state: str) -> None:
    row = Interaction("cu1", "chat", "main", "co1", True, 0, state)
    assert row.is_final == (state in {"DONE", "ABANDONED", "CANCELED", "DEFLECTED", "MERGED"})
    assert row.is_open == (state not in {"DONE", "ABANDONED", "CANCELED", "DEFLECTED", "MERGED", "WRAPPING"})


def test_keys_of_ids_are_distinct() -> None:
    assert len({taken_key("a", "b", "c"), taken_key("ab", "", "c"), taken_key("a", "bc", "")}) == 3


def test_what_is_derived_is_rebuilt() -> None:
    driver = Driver()
    driver.message(thread=thread("t1"))
    driver.message("jim", "email")
    driver.call()
    mine, theirs = driver.engine.view.contacts, driver.reloaded().view.contacts
    assert theirs.by_thread == mine.by_thread
    assert theirs._oldest == mine._oldest
    assert set(mine._oldest) == {"chat", "email", "voice"}


def test_what_is_derived_is_rebuilt_between_the_start_of_a_contact_and_its_case() -> None:
    driver = Driver()
    driver.message("joe")
    at = next(n for n, logged in enumerate(driver.log) if isinstance(logged.event, e.InteractionStarted)) + 1
    halfway, loaded = replay(driver.log[:at]), Engine()
    loaded.load(halfway.dump())
    assert loaded.view.contacts.interactions["in1"].case is None
    assert (loaded.view.contacts.open_in_case, loaded.view.contacts.newest) == ({}, {})
    for logged in driver.log[at:]:
        loaded.replay(logged.event, logged.at_us)
    mine, theirs = driver.engine.view.contacts, loaded.view.contacts
    assert (theirs.open_in_case, theirs.newest) == (mine.open_in_case, mine.newest) != ({}, {})
    assert loaded.state_hash() == driver.engine.state_hash()


def test_ids_come_from_counts() -> None:
    driver = Driver()
    contacts = driver.engine.view.contacts
    assert contacts.next_id("message", "me") == "me1"
    driver.message()
    assert (contacts.next_id("message", "me"), contacts.next_id("conversation", "co")) == ("me2", "co2")
    assert contacts.counts == {"conversation": 1, "interaction": 1, "message": 1, "taken": 1}


def test_nothing_personal_is_in_the_state() -> None:
    driver = Driver()
    driver.message("joe", text="my secret")
    text = str(driver.engine.dump())
    assert "secret" not in text
    assert "Joe" not in text


def test_what_is_open_in_a_case_is_counted_in_every_state() -> None:
    driver = Driver()
    driver.sign_in("ana")
    counts: list[int] = []

    def note() -> None:
        mine, theirs = driver.engine.view.contacts, driver.reloaded().view.contacts
        assert theirs.open_in_case == mine.open_in_case
        assert theirs.newest == mine.newest
        counts.append(mine.open_in_case.get("ca1", 0))

    first = driver.answered("joe", "voice", topic="order")
    note()
    driver.message("joe", "email", topic="order")
    note()
    driver.message("joe", "chat", topic="order")
    note()
    driver.run(c.FinishInteraction(first.interaction, "ana"))
    assert driver.state(first) == "WRAPPING"
    note()
    driver.run(c.FinishWrapUp(first.interaction, "ana"))
    note()
    driver.run(c.CancelInteraction("in2", "x"))
    note()
    driver.run(c.LeaveContact("in3"))
    note()
    assert counts == [1, 2, 3, 2, 2, 1, 0]
    assert driver.engine.view.contacts.open_in_case == {}
    assert driver.engine.view.contacts.newest == {
        ("ca1", "cu1", "voice"): "in1",
        ("ca1", "cu1", "email"): "in2",
        ("ca1", "cu1", "chat"): "in3",
    }


class Unwalked(dict[str, int]):
    """A set of a case's interactions that nobody may go through: a case may have thousands of them."""

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("went through all interactions of the case")

    values = items = keys = __iter__  # type: ignore[assignment]


def test_no_command_goes_through_all_interactions_of_a_case() -> None:
    driver = Driver()
    driver.sign_in("ana")
    for _ in range(12):
        got = driver.answered("joe", "email", thread=thread("T1"))
        driver.run(c.FinishInteraction(got.interaction, "ana"))
    assert driver.reloaded().view.contacts.newest == {("ca1", "cu1", "email"): "in12"}, "by number, not by text"
    row = driver.engine.view.cases.cases["ca1"]
    row.interactions = Unwalked(row.interactions)
    got = driver.answered("joe", "email", thread=thread("T1"))
    driver.run(c.SendMessage("ca1", "k1", text="News"))
    driver.run(c.FinishInteraction(got.interaction, "ana", "resolved"))
    driver.run(c.CloseCase("ca1"))
    assert driver.engine.view.cases.cases["ca1"].state == "CLOSED"
    driver.message("joe", "email", thread=thread("T1"))
    assert driver.engine.view.cases.cases["ca1"].state == "OPEN"
