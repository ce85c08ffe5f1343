"""Closing an incident: all linked cases are settled in slices, and what stays open is listed with the reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from tests.commitment_plans import COMMITTED, bill, quote
from tests.engine_driver import CARE, MINUTE, Driver, person, plan

from orchestra.engine.engine import MAX_BATCH
from orchestra.engine.incidents import walking
from orchestra.engine.incidents.state import listed
from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Role

TOLD = "Power is out in the north. We are on it."
BACK = "Power is back."


def concerned(driver: Driver, *senders: str) -> None:
    """An outage is known and told, and people have written of it."""
    driver.run(c.OpenIncident("no power in the north", TOLD, ["power"]))
    driver.run(c.ApproveIncidentText("ic1", 1))
    for sender in senders:
        mail(driver, sender)


def mail(driver: Driver, sender: str = "joe", topic: str | None = "power", **values: Any) -> Any:
    """A mail about the power."""
    return driver.message(sender, **{"channel": "email", "topic": topic} | values)


def close(driver: Driver, text: str | None = BACK, **values: Any) -> None:
    """It is over, and all is settled that can be."""
    driver.run(c.CloseIncident("ic1", "power is back", text, **values))
    driver.advance(1)


def excepted(driver: Driver) -> dict[str, str]:
    """Case -> why it stays open; the same after a reload and a replay."""
    for engine in (driver.reloaded(), driver.replayed(is_blanked=True)):
        assert engine.state_hash() == driver.engine.state_hash()
        assert engine.view.incidents.open == driver.engine.view.incidents.open
    return driver.engine.view.incidents.incidents["ic1"].excepted


def told(driver: Driver) -> list[tuple[str, int]]:
    """Who was told which version."""
    return [(one.customer, one.text_version) for one in driver.events(e.IncidentTold)]


def test_all_are_told_that_it_is_over_and_settled() -> None:
    driver = Driver(CARE)
    concerned(driver, "joe", "mia")
    decided = driver.run(c.CloseIncident("ic1", "power is back", BACK, "resolved"))
    assert decided.events == [e.IncidentClosing("ic1", "power is back", 2, BACK, "resolved")]
    driver.advance(1)
    assert told(driver) == [("cu1", 1), ("cu2", 1), ("cu1", 2), ("cu2", 2)]
    assert [one.disposition for one in driver.events(e.CaseResolved)] == ["resolved", "resolved"]
    assert [(one.interaction, one.reason) for one in driver.events(e.InteractionDone)] == [
        ("in1", "incident"),
        ("in2", "incident"),
    ]
    assert driver.last(e.IncidentClosed) == e.IncidentClosed("ic1", 2, 0)
    own = driver.engine.view.incidents
    assert (excepted(driver), own.links, own.open, own.matching, own.of_customer) == ({}, {}, {}, {}, {})
    row = own.incidents["ic1"]
    assert (row.state, row.settled, row.resolution, row.past) == ("CLOSED", 2, "power is back", {})
    assert row.closed_us is not None
    assert driver.engine.due() is None or driver.engine.view.timers.get("incidents.settle", "ic1") is None


def test_a_closed_incident_stays_closed_and_nothing_matches_it() -> None:
    driver = Driver(CARE)
    concerned(driver)
    close(driver)
    mail(driver)
    for command in (
        c.CloseIncident("ic1", "again"),
        c.UpdateIncident("ic1", text="x"),
        c.ApproveIncidentText("ic1", 2),
        c.LinkMatching("ic1"),
        c.LinkToIncident("ic1", "ca1"),
        c.FlagIncidentCase("ic1", "ca1", "x"),
    ):
        driver.refuse(command, NotAllowedInState, state="CLOSED")
    assert (told(driver), driver.events(e.IncidentCaseLinked)) == ([], [])


def test_without_a_last_text_whoever_knows_hears_nothing_more() -> None:
    driver = Driver(CARE)
    concerned(driver, "joe")
    close(driver, None)
    assert told(driver) == [("cu1", 1)]
    assert driver.last(e.IncidentClosed).settled == 1


def test_a_text_that_was_never_approved_is_told_nobody() -> None:
    driver = Driver(CARE)
    driver.run(c.OpenIncident("no power", TOLD, ["power"]))
    mail(driver)
    close(driver, None)
    assert (told(driver), excepted(driver)) == ([], {})
    assert driver.case_state(mail(driver, "joe", None)) == "OPEN"


def test_a_question_that_the_last_text_answers_keeps_nothing_open() -> None:
    """They wrote before anybody was told anything."""
    driver = Driver(CARE)
    driver.run(c.OpenIncident("no power", None, ["power"]))
    mail(driver)
    mail(driver)
    close(driver)
    assert (told(driver), excepted(driver)) == ([("cu1", 1)], {})


Case = Callable[[Driver], object]


def _agent(driver: Driver) -> None:
    driver.sign_in("ana")
    driver.accept()


def _wrapping(driver: Driver) -> None:
    got = driver.call("joe", topic="power")
    driver.sign_in("ana", "bob")
    driver.accept(next(made for made in driver.pending() if made.interaction == got.interaction))
    driver.run(c.FinishInteraction(got.interaction, driver.agent_of(got)))


def _line(driver: Driver) -> None:
    driver.call("joe", topic="power")


def _callback(driver: Driver) -> None:
    driver.run(c.ScheduleCallback("voice", "main", person("joe"), case="ca1", due_us=driver.now_us + 60 * MINUTE))


def _work(driver: Driver) -> None:
    driver.run(c.OpenWorkItem("task", "t1", "ca1"))


def _question(driver: Driver) -> None:
    mail(driver, text="And the refund?")


def _flagged(driver: Driver) -> None:
    driver.run(c.FlagIncidentCase("ic1", "ca1", "has a freezer", actor="agent:ana"))


def _conflict(driver: Driver) -> None:
    quote(driver, 4900, case="ca1")
    bill(driver, 5900)


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (_agent, "agent"),
        (_wrapping, "agent"),
        (_line, "on_the_line"),
        (_callback, "callback"),
        (_work, "work"),
        (_question, "question"),
        (_flagged, "flagged: has a freezer"),
        (_conflict, "conflict"),
    ],
)
def test_what_has_something_of_its_own_stays_open_and_hears_it_too(happens: Case, reason: str) -> None:
    driver = Driver(COMMITTED)
    concerned(driver, "joe")
    happens(driver)
    mail(driver, "mia")
    close(driver)
    assert excepted(driver) == {"ca1": reason}
    assert driver.engine.view.cases.cases["ca1"].state == "OPEN"
    assert driver.engine.view.cases.cases["ca2"].state == "RESOLVED"
    assert ("cu1", 2) in told(driver)
    assert driver.last(e.IncidentClosed) == e.IncidentClosed("ic1", 1, 1)


def test_more_contacts_than_can_be_ended_at_once_stay_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "_MOST_ENDED", 0)
    driver = Driver(CARE)
    concerned(driver, "joe")
    close(driver)
    assert excepted(driver) == {"ca1": "contacts"}


def test_who_could_not_be_told_stays_open() -> None:
    driver = Driver(CARE)
    concerned(driver)
    driver.run(c.CancelInteraction(driver.call("joe", topic="power").interaction, "hung up"))
    close(driver)
    assert excepted(driver) == {"ca1": "not_told"}


def test_a_flag_can_be_taken_back() -> None:
    driver = Driver(CARE)
    concerned(driver, "joe")
    _flagged(driver)
    assert driver.run(c.FlagIncidentCase("ic1", "ca1", "has a freezer")).events == []
    decided = driver.run(c.FlagIncidentCase("ic1", "ca1", None))
    assert decided.events == [e.IncidentCaseFlagged("ic1", "ca1", "cu1", None)]
    driver.refuse(c.FlagIncidentCase("ic1", "ca1", ""), InvalidCommand, field="reason")
    mail(driver, "mia", None)
    driver.refuse(c.FlagIncidentCase("ic1", "ca2", "x"), NotAllowedInState, subject="ca2")
    close(driver)
    assert excepted(driver) == {}


def test_what_somebody_has_settled_already_is_left_alone() -> None:
    driver = Driver(CARE)
    concerned(driver, "joe")
    driver.run(c.ResolveCase("ca1"))
    close(driver)
    assert (len(driver.events(e.CaseResolved)), told(driver)) == (1, [("cu1", 1)])
    assert driver.last(e.IncidentClosed) == e.IncidentClosed("ic1", 0, 0)


def test_offers_of_what_is_settled_are_withdrawn() -> None:
    driver = Driver(CARE)
    concerned(driver, "joe")
    driver.sign_in("ana")
    assert driver.offered() == {"in1": "ana"}
    close(driver)
    assert (driver.offered(), driver.last(e.OfferEnded).reason) == ({}, "incident closed")


def test_all_that_waits_for_one_answer_is_settled_together() -> None:
    driver = Driver(CARE)
    concerned(driver, "joe")
    mail(driver, account="sales", queue="care")
    driver.run(c.UpdateIncident("ic1", text="Back at six."))
    driver.run(c.ApproveIncidentText("ic1", 2))
    driver.advance(1)
    close(driver)
    assert excepted(driver) == {}
    assert {row.state for row in driver.engine.view.contacts.interactions.values()} == {"DONE"}


def test_a_merged_matter_is_settled_once() -> None:
    driver = Driver(CARE)
    concerned(driver, "joe")
    driver.run(c.OpenCase("cu1", "power"))
    driver.run(c.LinkToIncident("ic1", "ca2"))
    driver.run(c.MergeCases("ca1", "ca2", "the same"))
    close(driver)
    assert driver.last(e.IncidentClosed) == e.IncidentClosed("ic1", 1, 0)
    assert driver.engine.view.cases.row("ca2").state == "RESOLVED"


def test_a_merged_matter_is_listed_once_and_by_any_flag() -> None:
    driver = Driver(CARE)
    concerned(driver, "joe")
    driver.run(c.OpenCase("cu1", "light"))
    driver.run(c.OpenCase("cu1", "power"))
    driver.run(c.LinkToIncident("ic1", "ca3"))
    driver.run(c.FlagIncidentCase("ic1", "ca3", "has a freezer"))
    for other in ("ca2", "ca3"):
        driver.run(c.MergeCases("ca1", other, "the same"))
    close(driver)
    assert excepted(driver) == {"ca1": "flagged: has a freezer"}


def test_two_incidents_of_one_matter_do_not_meet() -> None:
    """The cases were linked to two, and turned out to be one matter."""
    driver = Driver(CARE)
    concerned(driver, "joe")
    driver.run(c.OpenIncident("a post", "We saw it.", ["post"]))
    driver.run(c.OpenCase("cu1", "other"))
    driver.run(c.LinkToIncident("ic2", "ca2"))
    driver.run(c.MergeCases("ca1", "ca2", "the same"))
    driver.run(c.FlagIncidentCase("ic2", "ca2", "angry"))
    close(driver)
    assert excepted(driver) == {}
    assert driver.engine.view.incidents.of_cases(["ca2", "ca1"]) == {"ic2": "ca2"}


def test_who_may_close_but_not_approve_gives_no_text() -> None:
    roles = {"lead": Role(["CloseIncident"]), "head": Role(["*"]), "chief": Role(["ApproveIncidentText"])}
    driver = Driver(attrs.evolve(plan(), roles=roles))
    driver.run(c.DefineAgent("lea", ["care"], roles=["lead"]))
    driver.run(c.DefineAgent("hal", ["care"], roles=["head"]))
    driver.run(c.DefineAgent("pam", ["care"], roles=["lead", "chief"]))
    for name in ("hal", "pam", "root", "none"):
        driver.run(c.OpenIncident("no power"))
        number = len(driver.events(e.IncidentOpened))
        actor = {"root": "operator:root", "none": None}.get(name, f"agent:{name}")
        driver.refuse(c.CloseIncident(f"ic{number}", "over", BACK, actor="agent:lea"), NotPermitted)
        driver.run(c.CloseIncident(f"ic{number}", "over", BACK, actor=actor))
    driver.run(c.OpenIncident("no power"))
    driver.run(c.CloseIncident("ic5", "over", actor="agent:lea"))


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (c.CloseIncident("ic1", ""), "resolution"),
        (c.CloseIncident("ic1", "over", " "), "text"),
        (c.CloseIncident("ic1", "over", None, "gone"), "disposition"),
    ],
)
def test_what_closes_nothing_is_refused(command: c.Command, field: str) -> None:
    driver = Driver(CARE)
    concerned(driver)
    driver.refuse(command, InvalidCommand, field=field)


# Slices


def test_many_are_linked_told_and_settled_in_slices() -> None:
    driver = Driver(CARE)
    for number in range(150):
        driver.message(f"c{number}", channel="email", topic="power", after=0)
    driver.run(c.OpenIncident("no power", TOLD, ["power"]))
    driver.run(c.LinkMatching("ic1"))
    driver.advance(1)
    driver.run(c.ApproveIncidentText("ic1", 1))
    driver.advance(1)
    close(driver)
    walks = driver.events(e.IncidentAdvanced)
    for walk in ("match", "tell", "settle"):
        ends = [one for one in walks if one.walk == walk]
        assert len(ends) > 1
        assert [one.more for one in ends] == [True] * (len(ends) - 1) + [False]
        assert [one.past for one in ends] == sorted({one.past for one in ends})
    assert max(len(batch.events) for batch in driver.batches) < MAX_BATCH / 3
    assert driver.last(e.IncidentClosed) == e.IncidentClosed("ic1", 150, 0)
    assert sorted(told(driver)) == sorted((f"cu{number}", version) for number in range(1, 151) for version in (1, 2))


def test_a_slice_looks_at_so_many_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "_LOOKED_AT", 2)
    driver = Driver(CARE)
    for number in range(4):
        mail(driver, f"c{number}", "light")
    driver.run(c.OpenIncident("no power", TOLD, ["power"]))
    driver.run(c.LinkMatching("ic1"))
    driver.advance(1)
    ends = [(one.past, one.more) for one in driver.events(e.IncidentAdvanced)]
    assert ends == [(2, True), (4, True), (4, False)]


def test_what_comes_between_two_slices_is_neither_missed_nor_told_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "_ENOUGH", 1)
    driver = Driver(CARE)
    for name in ("joe", "mia", "zoe"):
        mail(driver, name)
    driver.run(c.OpenIncident("no power", TOLD, ["power"]))
    driver.run(c.LinkMatching("ic1"))
    driver.run(c.ApproveIncidentText("ic1", 1), 0.001)
    driver.message("kim", channel="email", topic="power", after=0.001)
    driver.message("zoe", channel="email", after=0)
    driver.advance(1)
    assert sorted(told(driver)) == [("cu1", 1), ("cu2", 1), ("cu3", 1), ("cu4", 1)]
    driver.run(c.CloseIncident("ic1", "power is back", BACK))
    driver.message("zoe", channel="email", after=0.001)
    driver.advance(1)
    assert excepted(driver) == {"ca3": "question"}


def test_the_list_of_exceptions_comes_in_pages() -> None:
    driver = Driver(CARE)
    concerned(driver, "joe", "mia", "zoe")
    for case in ("ca1", "ca2", "ca3"):
        driver.run(c.FlagIncidentCase("ic1", case, "check"))
    close(driver)
    row = driver.engine.view.incidents.incidents["ic1"]
    assert (listed(row, 0), listed(row, 2), listed(row, 3)) == (["ca1", "ca2", "ca3"], ["ca3"], [])
