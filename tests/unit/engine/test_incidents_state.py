"""The state of incidents, event by event: rows, look-ups, and the timers of the three walks."""

from __future__ import annotations

import json

import pytest

from orchestra.engine.incidents.state import EVOLVE, MATCH, SETTLE, TELL, Incident, Incidents, listed
from orchestra.engine.lifecycle import INCIDENT
from orchestra.engine.section import SLICE_PAUSE_US, Plans
from orchestra.engine.timers import Timers
from orchestra.model import events as e

NOW_US = 1_000_000


class Rig:
    """The slice alone, and the clock that its events are given."""

    def __init__(self) -> None:
        self.timers = Timers()
        self.own = Incidents(Plans(), self.timers)
        self.now_us = NOW_US

    def see(self, *events: e.Event) -> None:
        """Evolve events, each an instant later; what is derived is always what a reload derives."""
        for event in events:
            self.now_us += 1
            EVOLVE[type(event)](self.own, event, self.now_us)
            other = Incidents(Plans(), Timers())
            other.load(json.loads(json.dumps(self.own.dump(), sort_keys=True)))
            assert other.dump() == self.own.dump()
            assert (other.open, other.matching) == (self.own.open, self.own.matching)
            assert other.of_customer == self.own.of_customer
            assert {name: list(other.linked(name)) for name in other.incidents} == {
                name: list(self.own.linked(name)) for name in self.own.incidents
            }

    def due(self, timer: str, incident: str = "ic1") -> int | None:
        """How long after the last event a walk goes on; None if it does not."""
        due_us = self.timers.get(timer, incident)
        return None if due_us is None else due_us - self.now_us

    @property
    def row(self) -> Incident:
        """The first incident."""
        return self.own.incidents["ic1"]


def opened(number: int = 1, text: str | None = "We know.", **values: object) -> e.IncidentOpened:
    """An incident about power."""
    wanted = {"topics": ["power"], "queues": [], "fields": {}, "customer_fields": {}} | values
    return e.IncidentOpened(f"ic{number}", "no power", text, purpose="service", **wanted)  # type: ignore[arg-type]


def linked(case: str, customer: str = "cu1", incident: str = "ic1") -> e.IncidentCaseLinked:
    """A case comes of an incident."""
    return e.IncidentCaseLinked(incident, case, customer, "asked")


def told(customer: str, version: int, message: str, *, at_once: bool = False) -> e.IncidentTold:
    """A customer is told."""
    return e.IncidentTold("ic1", "ca1", customer, version, message, "de1", "email", at_once)


CLOSING = e.IncidentClosing("ic1", "over", 2, "It is over.", "resolved")


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_a_life_has_three_states() -> None:
    assert INCIDENT.states == ("OPEN", "CLOSING", "CLOSED")
    assert set(INCIDENT.steps) == {("OPEN", "close"), ("CLOSING", "end")}


def test_incidents_are_numbered_one_after_the_other(rig: Rig) -> None:
    assert rig.own.next_incident() == "ic1"
    rig.see(opened(), opened(2, None))
    assert rig.own.next_incident() == "ic3"
    assert (rig.own.incidents["ic1"].version, rig.own.incidents["ic2"].version) == (1, 0)
    assert rig.row.opened_us == NOW_US + 1


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        ({"topics": ["a", "b"], "queues": ["care"]}, [("topic", "a"), ("topic", "b")]),
        ({"topics": [], "queues": ["care", "sales"], "fields": {"x": 1}}, [("queue", "care"), ("queue", "sales")]),
        ({"topics": [], "fields": {"y": 1, "x": 1}, "customer_fields": {"z": 1}}, [("field", "x")]),
        ({"topics": [], "customer_fields": {"z": 1, "w": 2}}, [("customer_field", "w")]),
        ({"topics": []}, []),
    ],
)
def test_it_is_looked_up_by_what_is_rarest(rig: Rig, values: dict[str, object], keys: list[tuple[str, str]]) -> None:
    rig.see(opened(**values))
    assert rig.row.looked_up_by() == keys
    assert rig.own.matching == {key: {"ic1": 1} for key in keys}
    rig.see(CLOSING)
    assert (rig.own.matching, rig.own.open) == ({}, {})


def test_two_of_one_topic_are_looked_up_together(rig: Rig) -> None:
    rig.see(opened(), opened(2))
    assert rig.own.matching == {("topic", "power"): {"ic1": 1, "ic2": 1}}
    rig.see(CLOSING)
    assert rig.own.matching == {("topic", "power"): {"ic2": 1}}
    assert list(rig.own.open) == ["ic2"]


def test_a_text_waits_beside_the_one_that_is_told(rig: Rig) -> None:
    rig.see(opened(), e.IncidentTextApproved("ic1", 1), e.IncidentUpdated("ic1", "no light", 2, "At six."))
    row = rig.row
    assert (row.title, row.text, row.version, row.told_text, row.approved) == ("no light", "At six.", 2, "We know.", 1)
    rig.see(e.IncidentUpdated("ic1", "no power", 2, None), e.IncidentTextApproved("ic1", 2))
    assert (row.title, row.told_text, row.approved) == ("no power", "At six.", 2)


def test_an_approval_begins_to_tell_and_begins_anew(rig: Rig) -> None:
    rig.see(opened(), e.IncidentTextApproved("ic1", 1))
    assert (rig.due(TELL), rig.row.past) == (SLICE_PAUSE_US, {"tell": 0})
    rig.see(e.IncidentAdvanced("ic1", "tell", 7, True))
    assert (rig.due(TELL), rig.row.past) == (SLICE_PAUSE_US, {"tell": 7})
    rig.see(e.IncidentTextApproved("ic1", 2))
    assert (rig.due(TELL), rig.row.past) == (SLICE_PAUSE_US, {"tell": 0})
    rig.see(e.IncidentAdvanced("ic1", "tell", 9, False))
    assert (rig.due(TELL), rig.row.past) == (None, {})


def test_a_search_has_a_place_of_its_own(rig: Rig) -> None:
    rig.see(opened(), e.IncidentTextApproved("ic1", 1), e.IncidentMatching("ic1"))
    rig.see(e.IncidentAdvanced("ic1", "match", 5, True))
    assert rig.row.past == {"tell": 0, "match": 5}
    rig.see(e.IncidentAdvanced("ic1", "tell", 0, False))
    assert (rig.due(MATCH) is not None, rig.due(TELL)) == (True, None)


def test_links_are_found_by_incident_and_by_customer(rig: Rig) -> None:
    rig.see(opened(), opened(2), linked("ca10"), linked("ca9"), linked("ca3", "cu2", "ic2"))
    own = rig.own
    assert list(own.linked("ic1")) == ["ca9", "ca10"]
    assert list(own.linked("ic1", 9)) == ["ca10"]
    assert (own.count("ic1"), own.count("ic2"), own.count("ic3")) == (2, 1, 0)
    assert own.of_customer == {"cu1": {"ca9": 1, "ca10": 1}, "cu2": {"ca3": 1}}
    assert own.of_cases(["ca3", "ca9", "ca10"]) == {"ic1": "ca9", "ic2": "ca3"}
    rig.see(e.IncidentCaseUnlinked("ic1", "ca9", "cu1", "x"), e.IncidentCaseUnlinked("ic1", "ca10", "cu1", "x"))
    assert (list(own.linked("ic1")), rig.row.apart) == ([], {"ca9": 1, "ca10": 1})
    assert own.of_customer == {"cu2": {"ca3": 1}}
    rig.see(linked("ca9"))
    assert rig.row.apart == {"ca10": 1}


def test_a_flag_stands_with_the_link(rig: Rig) -> None:
    rig.see(opened(), linked("ca1"), e.IncidentCaseFlagged("ic1", "ca1", "cu1", "check"))
    assert rig.own.links["ca1"].flag == "check"
    rig.see(e.IncidentCaseFlagged("ic1", "ca1", "cu1", None))
    assert rig.own.links["ca1"].flag is None


def test_what_a_person_knows_is_the_newest_that_any_id_was_told(rig: Rig) -> None:
    rig.see(opened(), told("cu1", 1, "me5"), told("cu2", 2, "me9", at_once=True))
    assert rig.row.told_to(["cu1"]) == (1, 5)
    assert rig.row.told_to(["cu1", "cu2"]) == (2, 9)
    assert rig.row.told_to(["cu3"]) == (0, 0)
    assert rig.row.at_once == 1
    rig.see(told("cu1", 2, "me12", at_once=True))
    assert (rig.row.told, rig.row.at_once) == ({"cu1": [2, 12], "cu2": [2, 9]}, 2)


def test_who_could_not_be_told_is_known_until_they_are(rig: Rig) -> None:
    rig.see(opened(), e.IncidentNotTold("ic1", "ca1", "cu1", 1, "no_channel"))
    assert rig.row.untold == {"cu1": 1}
    rig.see(told("cu1", 1, "me5"))
    assert rig.row.untold == {}


def test_closing_ends_the_other_walks_and_begins_to_settle(rig: Rig) -> None:
    rig.see(opened(), e.IncidentTextApproved("ic1", 1), e.IncidentMatching("ic1"), CLOSING)
    assert (rig.due(TELL), rig.due(MATCH), rig.due(SETTLE)) == (None, None, SLICE_PAUSE_US)
    row = rig.row
    assert (row.state, row.past, row.resolution, row.disposition) == ("CLOSING", {"settle": 0}, "over", "resolved")
    assert (row.told_text, row.approved, row.version) == ("It is over.", 2, 2)


def test_closing_without_a_text_leaves_what_is_told(rig: Rig) -> None:
    rig.see(opened(), e.IncidentTextApproved("ic1", 1), e.IncidentClosing("ic1", "over", 1, None, None))
    assert (rig.row.told_text, rig.row.approved) == ("We know.", 1)


def test_what_a_slice_has_settled_is_linked_no_more(rig: Rig) -> None:
    rig.see(opened(), *(linked(f"ca{number}", f"cu{number}") for number in (1, 2, 5)), CLOSING)
    rig.see(e.IncidentCaseSettled("ic1", "ca1", "cu1"), e.IncidentCaseExcepted("ic1", "ca2", "cu2", "agent"))
    rig.see(e.IncidentAdvanced("ic1", "settle", 2, True))
    assert (list(rig.own.links), rig.row.past, rig.due(SETTLE)) == (["ca5"], {"settle": 2}, SLICE_PAUSE_US)
    rig.see(e.IncidentCaseExcepted("ic1", "ca5", "cu5", "flagged", "a freezer"))
    rig.see(e.IncidentAdvanced("ic1", "settle", 5, False), e.IncidentClosed("ic1", 1, 2))
    assert (rig.own.links, rig.due(SETTLE), rig.row.past) == ({}, None, {})
    assert rig.row.excepted == {"ca2": "agent", "ca5": "flagged: a freezer"}
    assert (rig.row.state, rig.row.settled, rig.row.closed_us, rig.row.apart) == ("CLOSED", 1, rig.now_us, {})


def test_exceptions_are_listed_by_their_numbers() -> None:
    row = Incident("no power", [], [], {}, {}, NOW_US, excepted={"ca10": "agent", "ca9": "work", "ca2": "question"})
    assert listed(row, 0) == ["ca2", "ca9", "ca10"]
    assert (listed(row, 2), listed(row, 10)) == (["ca9", "ca10"], [])
