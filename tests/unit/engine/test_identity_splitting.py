"""Undoing a merge: each goes back to what came from their own addresses, and the rest is sorted out by people."""

from __future__ import annotations

import pytest
from tests.engine_driver import Driver, person

from orchestra.engine.identity import decide
from orchestra.errors import NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.results import Linked


def _merged() -> Driver:
    driver = Driver()
    driver.message("joe", topic="order")
    driver.message("jm", "email", topic="bill")
    driver.run(c.MergeCustomers("cu1", "cu2", "told"), 1)
    return driver


def test_a_split_is_the_state_before_the_merge() -> None:
    driver = _merged()
    before = Driver()
    before.message("joe", topic="order")
    before.message("jm", "email", topic="bill")
    assert driver.run(c.SplitCustomers("li1", "two people"), 1).result == Linked("cu1", "split", "li1")
    driver.advance(1)
    mine, theirs = driver.engine.view, before.engine.view
    assert [mine.identity.root(name) for name in ("cu1", "cu2")] == ["cu1", "cu2"]
    for name in ("contacts", "cases", "known", "details"):
        assert getattr(mine, name).dump() == getattr(theirs, name).dump()
    assert (mine.identity.customers, mine.identity.addresses) == (theirs.identity.customers, theirs.identity.addresses)


def test_events_belong_to_whose_address_they_came_from() -> None:
    driver = _merged()
    got = driver.message("jm", "email", topic="order", account="second")
    assert got.customer == "cu1"
    driver.run(c.SplitCustomers("li1", "two people"), 1)
    started = driver.last(e.InteractionStarted)
    assert started.customer == "cu2"
    assert driver.message("jm", "email", topic="bill", account="third").customer == "cu2"


def test_cases_in_which_both_have_a_part_are_listed_for_people() -> None:
    driver = _merged()
    mixed = driver.message("jm", "email", topic="order", account="second")
    driver.message("joe", "chat", topic="order")
    driver.run(c.SplitCustomers("li1", "two people"), 1)
    driver.advance(1)
    assert driver.events(e.TriageNeeded) == [e.TriageNeeded(mixed.case.id, "li1", "cu1", "cu2")]
    assert driver.events(e.TriageListed) == [e.TriageListed("li1", "cu1")]
    identity = driver.engine.view.identity
    assert (identity.triage, identity.listing) == ({f"{mixed.case.id}\x1fli1": "cu2"}, {})
    driver.run(c.SettleTriage(mixed.case.id, "li1"), 1)
    assert identity.triage == {}
    driver.refuse(c.SettleTriage(mixed.case.id, "li1"), UnknownId)


def test_a_case_of_somebody_else_in_which_one_has_a_part_is_not_listed() -> None:
    driver = _merged()
    zoe = driver.call("zoe")
    driver.run(c.SetParticipant(zoe.case.id, "cu1"), 1)
    assert "cu1" in driver.engine.view.cases.joined_by
    driver.run(c.SplitCustomers("li1", "two people"), 1)
    driver.advance(1)
    assert (driver.events(e.TriageNeeded), driver.last(e.TriageListed).link) == ([], "li1")


def test_many_mixed_cases_are_listed_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "_SLICE", 2)
    driver = _merged()
    for number in range(5):
        driver.message("joe", "email", topic=f"t{number}", account=f"a{number}")
        driver.message("jm", "email", topic=f"t{number}", account=f"a{number}")
    driver.run(c.SplitCustomers("li1", "two people"), 1)
    driver.advance(1)
    assert len(driver.events(e.TriageNeeded)) == len({event.case for event in driver.events(e.TriageNeeded)}) == 5
    assert [len(batch.events) for batch in driver.batches if isinstance(batch.events[0], e.TriageNeeded)] == [2, 2, 2]
    assert driver.replayed().state_hash() == driver.engine.state_hash()


def test_what_was_merged_into_either_stays_with_them() -> None:
    driver = Driver()
    for name in ("a", "b", "c", "d"):
        driver.call(name)
    for ids in (("cu1", "cu2"), ("cu3", "cu4"), ("cu1", "cu3")):
        driver.run(c.MergeCustomers(*ids, "told"), 1)
    driver.run(c.SplitCustomers("li3", "two"), 1)
    groups = [list(driver.engine.view.identity.group(f"cu{number}")) for number in range(1, 5)]
    assert groups == [["cu1", "cu2"], ["cu1", "cu2"], ["cu3", "cu4"], ["cu3", "cu4"]]
    driver.run(c.SplitCustomers("li1", "two"), 1)
    driver.run(c.SplitCustomers("li2", "two"), 1)
    assert [list(driver.engine.view.identity.group(f"cu{n}")) for n in range(1, 5)] == [
        ["cu1"],
        ["cu2"],
        ["cu3"],
        ["cu4"],
    ]
    assert driver.reloaded().state_hash() == driver.replayed().state_hash() == driver.engine.state_hash()


def test_who_is_split_again_before_all_is_listed_keeps_their_part_of_what_was_theirs() -> None:
    driver = _merged()
    theirs = driver.message("ann", "email", topic="parcel", account="third")
    driver.run(c.MergeCustomers("cu1", "cu3", "told"), 1)
    joined = driver.message("jm", "email", topic="parcel", account="second")
    assert joined.case == theirs.case
    driver.run(c.SplitCustomers("li1", "two people"))
    driver.run(c.SplitCustomers("li2", "two people"))
    driver.advance(1)
    listed = {(event.case, event.link): event.other for event in driver.events(e.TriageNeeded)}
    assert listed[joined.case.id, "li1"] == "cu2"
    assert driver.reloaded().state_hash() == driver.replayed().state_hash() == driver.engine.state_hash()


def test_an_older_merge_is_undone_beneath_a_newer_one() -> None:
    driver = Driver()
    for name in ("a", "b", "c"):
        driver.call(name)
    driver.run(c.MergeCustomers("cu1", "cu2", "told"), 1)
    driver.run(c.MergeCustomers("cu3", "cu1", "told"), 1)
    driver.run(c.SplitCustomers("li1", "two"), 1)
    identity = driver.engine.view.identity
    assert [list(identity.group(f"cu{number}")) for number in (1, 2, 3)] == [["cu1", "cu3"], ["cu2"], ["cu1", "cu3"]]


def test_who_was_split_is_never_merged_again_by_itself() -> None:
    driver = _merged()
    driver.run(c.SplitCustomers("li1", "two people"), 1)
    assert driver.run(c.MergeCustomers("cu2", "cu1", "login"), 1).result == Linked("cu2", "kept_apart")
    again = driver.run(c.LinkAddress("cu1", person("jm"), "told", actor="operator:root"), 1).result
    assert again == Linked("cu1", "merged", "li2")


def test_only_a_merge_that_holds_can_be_undone() -> None:
    driver = _merged()
    driver.refuse(c.SplitCustomers("li9", "x"), UnknownId)
    driver.run(c.SplitCustomers("li1", "two people"), 1)
    driver.refuse(c.SplitCustomers("li1", "x"), NotAllowedInState)
