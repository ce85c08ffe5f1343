"""The figures of incidents, from their events alone."""

from __future__ import annotations

from tests.engine_driver import CARE, SECOND, START, person

from orchestra.insight.incidents import IncidentFigures, excepted_table, incident_figures, incidents_table
from orchestra.journal.memory import MemoryJournal
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan
from orchestra.runtime.ledger import Ledger


def told(customer: str, version: int = 1, *, at_once: bool = False) -> e.IncidentTold:
    """A customer is told."""
    return e.IncidentTold("ic1", "ca1", customer, version, "me1", "de1", "email", at_once)


def figures(*events: e.Event) -> IncidentFigures:
    """Of an incident, an event a second."""
    one = IncidentFigures(START, "no power")
    for number, event in enumerate(events, 1):
        one.add(event, START + number * SECOND)
    return one


def test_each_customer_counts_once_and_each_message() -> None:
    one = figures(told("cu1"), told("cu2", at_once=True), told("cu1", 2, at_once=True))
    assert (one.told, one.messages, one.at_once, one.first_told_us) == (2, 3, 2, SECOND)


def test_who_is_told_in_the_end_is_not_among_those_who_could_not_be() -> None:
    one = figures(*(e.IncidentNotTold("ic1", "ca1", name, 1, "no_channel") for name in ("cu1", "cu2")), told("cu2"))
    assert (one.untold, one.told) == (1, 1)


def test_cases_that_had_another_cause_do_not_count() -> None:
    linked = e.IncidentCaseLinked("ic1", "ca1", "cu1", "asked")
    assert figures(linked, linked, e.IncidentCaseUnlinked("ic1", "ca1", "cu1", "a fuse")).linked == 1


def test_how_it_ended() -> None:
    closing = e.IncidentClosing("ic1", "over", 2, "It is over.", None)
    one = figures(e.IncidentUpdated("ic1", "no power at all", 2, None), closing)
    assert (one.title, one.state, one.lasted_us) == ("no power at all", "CLOSING", None)
    settled = e.IncidentCaseSettled("ic1", "ca1", "cu1")
    kept = [
        e.IncidentCaseExcepted("ic1", "ca2", "cu2", "agent"),
        e.IncidentCaseExcepted("ic1", "ca3", "cu3", "flagged", "has a freezer"),
    ]
    one = figures(closing, e.IncidentTextApproved("ic1", 1), settled, *kept, e.IncidentClosed("ic1", 1, 2))
    assert (one.state, one.settled, one.lasted_us) == ("CLOSED", 1, 6 * SECOND)
    assert one.excepted == {"ca2": "agent", "ca3": "flagged: has a freezer"}
    assert one.to_json() == {
        "title": "no power",
        "state": "CLOSED",
        "opened": "2023-11-14T22:13:20+00:00",
        "linked": 0,
        "told": 0,
        "messages": 0,
        "at_once": 0,
        "untold": 0,
        "settled": 1,
        "excepted": 2,
        "excepted_by": {"agent": 1, "flagged": 1},
        "first_told_s": None,
        "lasted_s": 6.0,
    }
    assert excepted_table("ic1", one).rows == (("ca2", "agent"), ("ca3", "flagged: has a freezer"))


def test_a_journal_tells_of_each_incident_for_itself() -> None:
    journal = MemoryJournal()
    ledger, plan = Ledger(journal, journal.acquire("test", 0, 10**18)), Plan.parse(CARE)
    ledger.execute(c.ChangePlan(plan, plan.digest(), "zones", "check"), START)
    for number, topic in enumerate(("power", "post")):
        ledger.execute(c.OpenIncident(topic, "We know.", [topic]), START)
        ledger.execute(c.ApproveIncidentText(f"ic{number + 1}", 1), START)
    while (due_us := ledger.engine.due()) is not None:
        ledger.tick(due_us)
    for name in ("joe", "mia"):
        sender = person(name)
        ledger.execute(c.ReceiveMessage("email", "main", name, sender, topic="power", text="?"), START + SECOND)
    ledger.commit()
    found = incident_figures(journal)
    assert {name: (one.title, one.told, one.at_once, one.linked) for name, one in found.items()} == {
        "ic1": ("power", 2, 2, 2),
        "ic2": ("post", 0, 0, 0),
    }
    table = incidents_table(found)
    assert table.rows[0] == ("ic1", "power", "open", "2", "2", "2", "0", "0", "0", "-")
    assert "power" in table.to_text()
    found["ic2"].add(e.IncidentClosed("ic2", 0, 0), START + 5 * SECOND)
    assert incidents_table(found).rows[1][-1] == "5 s"
