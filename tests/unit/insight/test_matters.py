"""What one case counts as, given what is known of it."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from orchestra.insight.journeys import CaseCount
from orchestra.insight.matters import Contact, Matter, counted, in_order

WINDOW_US = 100


def a_contact(number: int, **known: Any) -> Contact:
    """A contact made at ten times its number, alone."""
    made_us = known.pop("at_us", number * 10)
    contact = Contact(
        f"in{number}",
        number,
        "cu1",
        known.pop("channel", "voice"),
        "main",
        made_us,
        made_us,
        known.pop("is_own", True),
        known.pop("engagement", f"en{number}"),
    )
    for name, value in known.items():
        setattr(contact, name, value)
    return contact


def a_matter(*contacts: Contact, name: str = "ca1", **known: Any) -> Matter:
    """A case with these contacts."""
    matter = Matter(name, "cu1", "bill", "care", contacts=list(contacts))
    for field, value in known.items():
        setattr(matter, field, value)
    return matter


def count(*matters: Matter, now_us: int = 1_000) -> CaseCount:
    return counted(list(matters), WINDOW_US, now_us)


def differs(found: CaseCount) -> dict[str, int]:
    """What is not nothing in a count."""
    return {name: int(value) for name, value in attrs.asdict(found).items() if value}


# Cases without contacts of customers


def test_a_case_that_no_customer_came_with_counts_as_nothing() -> None:
    assert count(a_matter(resolved_us=50)) == CaseCount()


def test_work_alone_makes_no_journey_even_if_somebody_is_met() -> None:
    work = a_contact(1, is_own=False, agents={"ana"})
    assert count(a_matter(work, resolved_us=50)) == CaseCount()


def test_who_is_met_in_a_callback_is_met() -> None:
    own = a_contact(1, agents={"ana"})
    back = a_contact(2, is_own=False, agents={"bob"})
    assert differs(count(a_matter(own, back))) == {
        "effort_of": 1,
        "contacts": 1,
        "agents": 2,
    }


# Resolution


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (
            {},
            {},
        ),
        (
            {"resolved_us": 50},
            {"resolved": 1, "single": 1, "attainable": 1, "single_attainable": 1, "stayed": 1},
        ),
        (
            {"resolved_us": 50, "has_waited_on_others": True},
            {"resolved": 1, "single": 1, "stayed": 1},
        ),
        (
            {"resolved_us": 50, "rival_us": 150},
            {"resolved": 1, "single": 1, "attainable": 1, "single_attainable": 1},
        ),
        (
            {"resolved_us": 50, "rival_us": 151},
            {"resolved": 1, "single": 1, "attainable": 1, "single_attainable": 1, "stayed": 1},
        ),
        (
            {"resolved_us": 50, "rival_us": 20},
            {"resolved": 1, "single": 1, "attainable": 1, "single_attainable": 1},
        ),
        (
            {"resolved_us": 50, "followed_us": 150},
            {"resolved": 1, "single": 1, "attainable": 1, "single_attainable": 1},
        ),
        (
            {"resolved_us": 50, "rival_us": 900, "followed_us": 151},
            {"resolved": 1, "single": 1, "attainable": 1, "single_attainable": 1, "stayed": 1},
        ),
        (
            {"resolved_us": 50, "rival_us": 900, "followed_us": 60},
            {"resolved": 1, "single": 1, "attainable": 1, "single_attainable": 1},
        ),
    ],
)
def test_what_one_contact_settles(known: dict[str, Any], expected: dict[str, int]) -> None:
    found = differs(count(a_matter(a_contact(1), **known)))
    assert found == {"effort_of": 1, "contacts": 1, **expected}


@pytest.mark.parametrize(
    ("engagements", "stayed"),
    [
        (("en1", "en1"), 1),
        (("en1", "en2"), 0),
        (("en1", "en1", "en1"), 1),
        (("en1", "en1", "en3"), 0),
        (("en1", "en2", "en1"), 0),
    ],
)
def test_several_contacts_stay_if_they_are_one_engagement(engagements: tuple[str, ...], stayed: int) -> None:
    contacts = [a_contact(number, engagement=name) for number, name in enumerate(engagements, 1)]
    found = count(a_matter(*contacts, resolved_us=100))
    assert (found.resolved, found.single, found.single_attainable, found.stayed) == (1, 0, 0, stayed)


def test_one_part_that_waited_on_others_makes_the_whole_wait() -> None:
    first = a_matter(a_contact(1), resolved_us=50)
    other = a_matter(name="ca2", has_waited_on_others=True)
    assert count(first, other).attainable == 0


def test_only_the_case_that_goes_on_says_whether_it_is_settled() -> None:
    first = a_matter(a_contact(1))
    other = a_matter(a_contact(2), name="ca2", resolved_us=30)
    assert count(first, other).resolved == 0
    assert count(other, first).resolved == 1


# Self-service


@pytest.mark.parametrize(
    ("contact", "known", "now_us", "expected"),
    [
        ({"is_with_bots": True}, {}, 151, (1, 1, 0)),
        ({"is_with_bots": True}, {}, 150, (1, 0, 1)),
        ({"is_with_bots": True}, {"rival_us": 90}, 151, (1, 0, 0)),
        ({"is_with_bots": True}, {"rival_us": 90}, 100, (1, 0, 0)),
        ({"is_with_bots": True}, {"is_answered_elsewhere": True}, 151, (0, 0, 0)),
        ({"is_with_bots": True, "agents": {"ana"}}, {}, 151, (0, 0, 0)),
        ({"is_with_bots": False}, {}, 151, (0, 0, 0)),
    ],
)
def test_what_bots_settle_by_themselves(
    contact: dict[str, Any], known: dict[str, Any], now_us: int, expected: tuple[int, int, int]
) -> None:
    found = count(a_matter(a_contact(1, **contact), resolved_us=50, **known), now_us=now_us)
    assert (found.self_served, found.deflected, found.maybe_deflected) == expected


def test_nothing_is_self_served_before_it_is_settled() -> None:
    found = count(a_matter(a_contact(1, is_with_bots=True)))
    assert (found.self_served, found.deflected, found.maybe_deflected) == (0, 0, 0)


# Effort


def test_contacts_are_in_the_order_in_which_they_were_made() -> None:
    late, first, twin = a_contact(1, at_us=50), a_contact(2, at_us=10), a_contact(3, at_us=50)
    assert in_order([twin, late, first]) == [first, late, twin]


@pytest.mark.parametrize(
    ("channels", "switches"),
    [
        (["voice"], 0),
        (["voice", "voice"], 0),
        (["voice", "chat"], 1),
        (["voice", "chat", "voice"], 2),
        (["voice", "chat", "chat", "mail"], 2),
    ],
)
def test_channel_switches(channels: list[str], switches: int) -> None:
    contacts = [a_contact(number, channel=name) for number, name in enumerate(channels, 1)]
    assert count(a_matter(*contacts)).switches == switches


def test_channel_switches_go_by_time_over_merged_cases() -> None:
    first = a_matter(a_contact(1), a_contact(3))
    other = a_matter(a_contact(2, channel="chat"), name="ca2")
    assert count(first).switches == 0
    assert count(first, other).switches == 2


def test_an_agent_who_is_met_twice_is_one_agent() -> None:
    contacts = (
        a_contact(1, agents={"ana"}),
        a_contact(2, agents={"ana", "bob"}),
    )
    found = count(a_matter(*contacts))
    assert found.agents == 2


@pytest.mark.parametrize(
    ("found", "index"),
    [
        (CaseCount(), 0),
        (CaseCount(contacts=1), 0),
        (CaseCount(contacts=1, agents=1), 0),
        (CaseCount(contacts=2, agents=1), 1),
        (CaseCount(contacts=1, agents=3), 2),
        (CaseCount(contacts=1, switches=2), 2),
        (CaseCount(contacts=1, transfers=2), 2),
        (CaseCount(contacts=1, reasked=1, reverified=1, restated=1), 3),
        (CaseCount(contacts=3, agents=2, switches=1, transfers=1, restated=1), 6),
    ],
)
def test_the_index_of_effort(found: CaseCount, index: int) -> None:
    assert found.index == index


# Details told twice: (running number, field, value) in two contacts and the case


@pytest.mark.parametrize(
    ("first", "second", "of_case", "again"),
    [
        ([], [], [], 0),
        ([(1, "order", "81")], [], [], 0),
        ([(1, "order", "81")], [(2, "order", "81")], [], 1),
        ([(1, "order", "81")], [(2, "order", "82")], [], 0),
        ([(1, "order", "81")], [(2, "parcel", "81")], [], 0),
        ([(1, "order", "81"), (2, "order", "82")], [(3, "order", "81")], [], 0),
        ([(1, "order", "81"), (2, "order", "82")], [(3, "order", "82")], [], 1),
        ([(1, "order", "81"), (2, "order", None)], [(3, "order", "81")], [], 0),
        ([(1, "order", "81")], [(2, "order", "82"), (3, "order", "81")], [], 1),
        ([(2, "order", "81")], [], [(1, "order", "81")], 1),
        ([(2, "order", "81")], [(3, "order", "81")], [(1, "order", "81")], 2),
        ([(1, "count", 1)], [(2, "count", 1)], [], 1),
        ([(1, "order", "81"), (3, "order", "82")], [(2, "order", "81"), (4, "order", "82")], [], 2),
    ],
)
def test_details_told_twice(first: Any, second: Any, of_case: Any, again: int) -> None:
    contacts = a_contact(1, told=first), a_contact(2, told=second)
    assert count(a_matter(*contacts, told=of_case)).reasked == again


def test_a_detail_that_a_merged_case_held_is_told_twice() -> None:
    first = a_matter(a_contact(1, told=[(1, "order", "81")]))
    other = a_matter(a_contact(2, told=[(2, "order", "81")]), name="ca2")
    assert count(first).reasked == count(other).reasked == 0
    assert count(first, other).reasked == 1


@pytest.mark.parametrize(
    ("first", "second", "again"),
    [
        ([], [], 0),
        ([(1, 1)], [], 0),
        ([(1, 1), (2, 2)], [], 0),
        ([(1, 1), (2, 1)], [], 1),
        ([(1, 2), (2, 1)], [], 1),
        ([(1, 1)], [(2, 1)], 1),
        ([(1, 1)], [(2, 2)], 0),
        ([(3, 1)], [(2, 2)], 1),
        ([(1, 1), (4, 2)], [(2, 1), (3, 2)], 2),
    ],
)
def test_proofs_given_twice(first: list[tuple[int, int]], second: list[tuple[int, int]], again: int) -> None:
    contacts = a_contact(1, verified=first), a_contact(2, verified=second)
    assert count(a_matter(*contacts)).reverified == again


def test_questions_asked_twice() -> None:
    contacts = (
        a_contact(1),
        a_contact(2, is_linked=True),
        a_contact(3, is_linked=True),
    )
    assert count(a_matter(*contacts)).restated == 2


def test_what_was_asked_in_another_case_alone_is_no_case_of_its_own() -> None:
    asked = a_contact(2, is_linked=True), a_contact(3, is_linked=True, channel="mail")
    found = count(a_matter(*asked, resolved_us=100))
    assert (found.effort_of, found.resolved, found.single, found.stayed) == (0, 0, 0, 0)
    assert (found.contacts, found.restated, found.switches) == (2, 2, 1)
    assert count(a_matter(*asked, a_contact(4), resolved_us=100)).resolved == 1


def test_transfers_add_up() -> None:
    contacts = (
        a_contact(1, transfers=2),
        a_contact(2, transfers=1, is_own=False),
    )
    assert count(a_matter(*contacts)).transfers == 3
