from __future__ import annotations

import pytest
from tests.engine_driver import Driver, thread

from orchestra.engine.contacts.state import Interaction, taken_key
from orchestra.engine.lifecycle import INTERACTION


@pytest.mark.parametrize("state", INTERACTION.states)
def test_open_is_neither_final_nor_wrapping(state: str) -> None:
    row = Interaction("cu1", "chat", "main", "co1", True, 0, state)
    assert row.is_final == (state in {"DONE", "ABANDONED", "CANCELED"})
    assert row.is_open == (state not in {"DONE", "ABANDONED", "CANCELED", "WRAPPING"})


def test_keys_of_ids_are_distinct() -> None:
    assert len({taken_key("a", "b", "c"), taken_key("ab", "", "c"), taken_key("a", "bc", "")}) == 3


def test_what_is_derived_is_rebuilt() -> None:
    driver = Driver()
    driver.message(thread=thread("t1"))
    driver.message("jim", "email")
    driver.call()
    mine, theirs = driver.engine.view.contacts, driver.reloaded().view.contacts
    assert theirs.by_address == mine.by_address == {"key-joe": "cu1", "key-jim": "cu2"}
    assert theirs.by_thread == mine.by_thread
    assert theirs._oldest == mine._oldest
    assert set(mine._oldest) == {"chat", "email", "voice"}


def test_ids_come_from_counts() -> None:
    driver = Driver()
    contacts = driver.engine.view.contacts
    assert contacts.next_id("message", "me") == "me1"
    driver.message()
    assert (contacts.next_id("message", "me"), contacts.next_id("customer", "cu")) == ("me2", "cu2")
    assert contacts.counts == {"customer": 1, "conversation": 1, "interaction": 1, "message": 1, "taken": 1}


def test_nothing_personal_is_in_the_state() -> None:
    driver = Driver()
    driver.message("joe", text="my secret")
    text = str(driver.engine.dump())
    assert "secret" not in text
    assert "Joe" not in text
