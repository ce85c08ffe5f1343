"""Contacts by person and topic: which repeats which, and from which case somebody came back."""

from __future__ import annotations

from typing import Any

import pytest

from orchestra.insight.matters import Contact, Matter
from orchestra.insight.returning import Returning
from orchestra.insight.tally import Tally

WINDOW_US = 100


class Desk:
    """Cases and contacts in memory, and what is found of them."""

    def __init__(self) -> None:
        self.cases: dict[str, Matter] = {}
        self.contacts: dict[str, Contact] = {}
        self.dirty: list[str] = []
        self.tally = Tally((3600,))
        self.returning = Returning(WINDOW_US, self.root, lambda matter: self.dirty.append(matter.name))

    def root(self, name: str) -> Matter:
        matter = self.cases[name]
        while matter.into is not None:
            matter = self.cases[matter.into]
        return matter

    def open(self, name: str, customer: str = "cu1", topic: str | None = "bill") -> Matter:
        self.cases[name] = Matter(name, customer, topic, "care")
        return self.cases[name]

    def come(self, name: str, case: str, at_us: int, **known: Any) -> Contact:
        came_us, customer = known.get("came_us", at_us), known.get("customer", self.cases[case].customer)
        number = len(self.contacts) + 1
        contact = Contact(name, number, customer, "voice", "main", at_us, came_us, True, f"en{number}")
        contact.case, contact.tallies = case, (self.tally,)
        self.cases[case].contacts.append(contact)
        self.contacts[name] = contact
        self.returning.add(contact)
        return contact

    @property
    def repeats(self) -> set[str]:
        found = {name for name, contact in self.contacts.items() if contact.is_repeat}
        assert self.tally.journey.repeated == len(found)
        return found


@pytest.fixture
def desk() -> Desk:
    return Desk()


# Repeats


def test_the_first_contact_repeats_nothing(desk: Desk) -> None:
    desk.open("ca1")
    desk.come("in1", "ca1", 10)
    assert desk.repeats == set()


@pytest.mark.parametrize(
    ("gap_us", "is_repeat"),
    [
        (0, True),
        (1, True),
        (WINDOW_US, True),
        (WINDOW_US + 1, False),
    ],
)
def test_the_next_one_repeats_it_within_the_window(desk: Desk, gap_us: int, is_repeat: bool) -> None:
    desk.open("ca1")
    desk.come("in1", "ca1", 10)
    desk.come("in2", "ca1", 10 + gap_us)
    assert desk.repeats == ({"in2"} if is_repeat else set())


def test_topics_and_people_are_kept_apart(desk: Desk) -> None:
    desk.open("ca1")
    desk.open("ca2", topic="parcel")
    desk.open("ca3", customer="cu2")
    for number, case in enumerate(("ca1", "ca2", "ca3"), 1):
        desk.come(f"in{number}", case, number)
    assert desk.repeats == set()
    desk.come("in4", "ca2", 5)
    assert desk.repeats == {"in4"}


def test_cases_without_a_topic_are_topics_of_their_own(desk: Desk) -> None:
    desk.open("ca1", topic=None)
    desk.open("ca2", topic=None)
    desk.come("in1", "ca1", 1)
    desk.come("in2", "ca2", 2)
    desk.come("in3", "ca1", 3)
    assert desk.repeats == {"in3"}


def test_one_that_becomes_known_late_is_put_where_it_belongs(desk: Desk) -> None:
    desk.open("ca1")
    desk.come("in1", "ca1", 200)
    assert desk.repeats == set()
    desk.come("in2", "ca1", 150, came_us=210)
    assert desk.repeats == {"in1"}
    desk.come("in3", "ca1", 20, came_us=220)
    assert desk.repeats == {"in1"}
    desk.come("in4", "ca1", 60, came_us=230)
    assert desk.repeats == {"in1", "in2", "in4"}


def test_who_takes_part_in_anothers_case_repeats_only_their_own(desk: Desk) -> None:
    case = desk.open("ca1")
    desk.come("in1", "ca1", 1)
    desk.come("in2", "ca1", 2, customer="cu2")
    assert desk.repeats == set()
    desk.come("in3", "ca1", 3, customer="cu2")
    assert desk.repeats == {"in3"}
    assert case.rival_us is None


# Coming back


def test_a_contact_in_another_case_on_the_topic_is_a_rival_of_the_first(desk: Desk) -> None:
    first, second = desk.open("ca1"), desk.open("ca2")
    desk.come("in1", "ca1", 10)
    assert desk.dirty == []
    desk.come("in2", "ca2", 20)
    assert (first.rival_us, second.rival_us) == (20, None)
    assert desk.dirty == ["ca1"]


def test_only_the_first_rival_counts(desk: Desk) -> None:
    first, second = desk.open("ca1"), desk.open("ca2")
    for number, case in enumerate(("ca1", "ca2", "ca2", "ca1"), 1):
        desk.come(f"in{number}", case, 10 * number)
    assert (first.rival_us, second.rival_us) == (20, 40)


def test_contacts_of_the_same_case_are_no_rivals(desk: Desk) -> None:
    first = desk.open("ca1")
    desk.come("in1", "ca1", 10)
    desk.come("in2", "ca1", 20)
    assert first.rival_us is None


def test_a_rival_that_becomes_known_late_takes_the_place_of_a_later_one(desk: Desk) -> None:
    first = desk.open("ca1")
    desk.open("ca2")
    desk.open("ca3")
    desk.come("in1", "ca1", 10)
    desk.come("in2", "ca2", 90)
    desk.come("in3", "ca3", 50, came_us=95)
    assert first.rival_us == 50


def test_a_contact_that_was_made_before_is_no_rival(desk: Desk) -> None:
    first, second = desk.open("ca1"), desk.open("ca2")
    desk.come("in1", "ca1", 50)
    desk.come("in2", "ca2", 20, came_us=60)
    assert (first.rival_us, second.rival_us) == (None, 50)


# People


def test_two_people_who_are_one_have_one_history_until_they_are_two(desk: Desk) -> None:
    first, second = desk.open("ca1"), desk.open("ca2", customer="cu2")
    desk.come("in1", "ca1", 10)
    desk.come("in2", "ca2", 20)
    desk.returning.alias("cu2", "cu1", 30)
    assert desk.returning.person("cu2") == "cu1"
    assert (desk.repeats, first.rival_us, second.rival_us) == ({"in2"}, 20, None)
    desk.come("in3", "ca1", 40)
    assert (desk.repeats, second.rival_us) == ({"in2", "in3"}, 40)
    desk.returning.unalias("cu2", 50)
    assert desk.returning.person("cu2") == "cu2"
    assert (desk.repeats, first.rival_us, second.rival_us) == ({"in3"}, None, None)


def test_a_chain_of_people_is_one_person(desk: Desk) -> None:
    for number in (1, 2, 3):
        desk.open(f"ca{number}", customer=f"cu{number}")
        desk.come(f"in{number}", f"ca{number}", 10 * number)
    desk.returning.alias("cu3", "cu2", 40)
    assert desk.repeats == {"in3"}
    desk.returning.alias("cu2", "cu1", 41)
    assert desk.repeats == {"in2", "in3"}
    assert desk.returning.person("cu3") == "cu1"
    desk.returning.unalias("cu2", 42)
    assert desk.repeats == {"in3"}


def test_a_split_that_was_no_merge_changes_nothing(desk: Desk) -> None:
    desk.open("ca1")
    desk.come("in1", "ca1", 10)
    desk.come("in2", "ca1", 20)
    desk.returning.unalias("cu1", 30)
    assert desk.repeats == {"in2"}


# Cases


def test_merged_cases_are_no_rivals_of_each_other(desk: Desk) -> None:
    first, second = desk.open("ca1"), desk.open("ca2")
    desk.come("in1", "ca1", 10)
    desk.come("in2", "ca2", 20)
    second.into = "ca1"
    desk.returning.regroup([first, second], 30)
    assert (first.rival_us, desk.repeats) == (None, {"in2"})
    second.into = None
    desk.returning.regroup([first, second], 40)
    assert (first.rival_us, desk.repeats) == (20, {"in2"})


def test_a_case_that_is_merged_takes_the_topic_of_what_it_goes_on_as(desk: Desk) -> None:
    first, second = desk.open("ca1"), desk.open("ca2", topic="parcel")
    desk.come("in1", "ca1", 10)
    desk.come("in2", "ca2", 20)
    assert desk.repeats == set()
    second.into = "ca1"
    desk.returning.regroup([first, second], 30)
    assert desk.repeats == {"in2"}


# Memory


def test_contacts_are_let_go_after_two_windows_and_stay_counted(desk: Desk) -> None:
    desk.open("ca1")
    for number in range(1, 40):
        desk.come(f"in{number}", "ca1", 50 * number)
        assert len(desk.returning) <= 5
    assert len(desk.repeats) == 38
    assert desk.contacts["in1"].topic is None


def test_a_case_that_is_forgotten_leaves_nothing(desk: Desk) -> None:
    first = desk.open("ca1")
    desk.come("in1", "ca1", 10)
    desk.returning.forget(first)
    assert desk.returning._people == {}
    desk.open("ca2")
    desk.come("in2", "ca2", 20)
    assert desk.repeats == set()
    desk.returning.forget(desk.cases["ca2"])
    assert desk.returning._people == {}


def test_a_case_is_watched_after_its_contacts_were_let_go(desk: Desk) -> None:
    first = desk.open("ca1")
    desk.open("ca2")
    desk.come("in1", "ca1", 10)
    desk.come("in2", "ca2", 5_000)
    assert desk.contacts["in1"].topic is None
    assert first.rival_us == 5_000


def test_what_was_found_long_ago_is_not_undone(desk: Desk) -> None:
    first = desk.open("ca1")
    desk.open("ca2")
    desk.come("in1", "ca1", 10)
    desk.come("in2", "ca2", 20)
    desk.come("in3", "ca2", 5_000)
    desk.returning.alias("cu9", "cu1", 5_010)
    assert first.rival_us == 20
