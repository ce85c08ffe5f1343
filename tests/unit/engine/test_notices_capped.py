"""Nobody gets more notices than the plan says: of a topic, of some classes, in a time or in a day of their own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
from tests.engine_driver import DAY, HOUR, SECOND, START
from tests.notice_plans import NOTICES, Teller

from orchestra.errors import NotAllowedInState
from orchestra.model import commands as c
from orchestra.model.notices import Cap
from orchestra.model.plan import Plan

MIDNIGHT_US = START + HOUR + 46 * 60 * SECOND + 40 * SECOND  # the clock begins at 22:13:20


def _joe(*caps: Cap, **stage: Any) -> Teller:
    """Joe, whose plan has such limits."""
    plan = Plan.parse(NOTICES)
    topics = {**plan.notices.topics, "stage": attrs.evolve(plan.notices.topics["stage"], **stage)}
    joe = Teller(attrs.evolve(plan, notices=attrs.evolve(plan.notices, topics=topics, caps=caps)))
    joe.run(c.RecordConsent("cu1", "news", given=True), 1)
    return joe


def _told(joe: Teller, number: int, outcome: str = "accepted", topic: str = "stage", **values: Any) -> str:
    """Plan one, and let it leave if it may; how it stands."""
    facts = {"facts": {"stage": f"{number}"}} if topic == "stage" else {}
    name = joe.plan_notice(topic, f"k{number}", **facts | values)
    row = joe.notice(name)
    if row.delivery is not None:
        joe.outcome(outcome, row.delivery)
    return joe.state(name)


def test_what_there_is_no_room_for_waits_until_there_is() -> None:
    joe = _joe(Cap(2, timedelta(hours=1)))
    assert [_told(joe, number) for number in (1, 2, 3)] == ["SENT", "SENT", "HELD: capped"]
    first_us = joe.notice("nt1").left["de1"]
    assert joe.notice("nt3").until_us == first_us + HOUR
    joe.advance_to(first_us + HOUR - 1)
    assert joe.state("nt3") == "HELD: capped"
    joe.advance_to(first_us + HOUR)
    assert joe.state("nt3") == "SENDING"


def test_it_may_be_dropped_instead() -> None:
    joe = _joe(Cap(1, timedelta(hours=1), overflow="drop"))
    assert [_told(joe, number) for number in (1, 2)] == ["SENT", "SUPPRESSED: capped"]


def test_what_is_known_not_to_have_arrived_does_not_count() -> None:
    joe = _joe(Cap(1, timedelta(hours=1)))
    assert [_told(joe, 1, "failed"), _told(joe, 2, "unknown"), _told(joe, 3)] == [
        "FAILED: failed",
        "SENDING",
        "HELD: capped",
    ]
    assert joe.engine.view.notices.had == {"cu1": [(joe.notice("nt2").left["de2"], "nt2")]}


def test_what_bounces_after_it_was_taken_does_not_count_any_more() -> None:
    joe = _joe(Cap(1, timedelta(hours=1)))
    _told(joe, 1)
    joe.receipt("failed")
    assert joe.engine.view.notices.had == {}
    joe.receipt("read")
    assert _told(joe, 2) == "SENT"
    joe.receipt("read", "de2")
    joe.receipt("failed", "de2")  # it contradicts what was told before
    assert _told(joe, 3) == "HELD: capped"


def test_of_two_that_are_about_to_leave_one_leaves() -> None:
    joe = _joe(Cap(1, timedelta(hours=1)))
    joe.message("joe", "sms", topic="order")
    joe.plan_notice()
    joe.run(c.SetPreferences("cu1", ["email"]), 1)
    joe.plan_notice(key="k2", facts={"stage": "sent"})
    assert [joe.delivery(name).state for name in ("de1", "de2")] == ["PERMITTED", "PERMITTED"]
    joe.start("de1")
    joe.refuse(c.StartDelivery("de2", 1, 1), NotAllowedInState)
    joe.advance(31)
    assert joe.state("nt2") == "HELD: capped"


def test_a_message_that_is_tried_again_is_not_counted_twice() -> None:
    joe = _joe(Cap(1, timedelta(hours=1)))
    joe.plan_notice()
    joe.start()
    joe.run(c.RecordOutcome("de1", 1, "retry"), 1)
    assert joe.engine.view.notices.had == {}
    joe.advance(10)
    joe.outcome()
    assert joe.state() == "SENT"


def test_some_room_is_kept_for_service() -> None:
    joe = _joe(Cap(2, timedelta(hours=1), reserve=1))
    assert _told(joe, 1, topic="offer") == "SENT"
    assert _told(joe, 2, topic="offer") == "HELD: capped"
    assert _told(joe, 3) == "SENT"
    assert _told(joe, 4) == "HELD: capped"


def test_where_all_room_is_kept_nothing_waits_for_any() -> None:
    joe = _joe(Cap(1, timedelta(hours=1), reserve=1))
    assert _told(joe, 1, topic="offer") == "SUPPRESSED: capped"


def test_other_classes_neither_count_nor_are_counted() -> None:
    joe = _joe(Cap(1, timedelta(hours=1), kinds=["marketing"]))
    assert _told(joe, 1) == "SENT"
    assert _told(joe, 2, topic="offer") == "SENT"
    assert _told(joe, 3) == "SENT"
    assert _told(joe, 4, topic="law") == "SENT"
    assert _told(joe, 5, topic="offer") == "HELD: capped"


def test_what_the_plan_knows_no_more_does_not_count() -> None:
    joe = _joe(Cap(1, timedelta(hours=1)))
    _told(joe, 1)
    plan = joe.engine.view.plan
    topics = {name: topic for name, topic in plan.notices.topics.items() if name != "stage"}
    joe.change_plan(attrs.evolve(plan, notices=attrs.evolve(plan.notices, topics=topics)))
    assert _told(joe, 2, topic="code", facts={"code": "1"}) == "SENT"


def test_a_day_is_one_of_their_own_calendar() -> None:
    joe = _joe(Cap(1))
    assert [_told(joe, number) for number in (1, 2)] == ["SENT", "HELD: capped"]
    assert joe.notice("nt2").until_us == MIDNIGHT_US
    joe.run(c.SetCustomerZone("cu1", "Asia/Tokyo"), 1)  # where it is past seven in the morning
    assert _told(joe, 3) == "HELD: capped"
    assert joe.notice("nt3").until_us == MIDNIGHT_US + 15 * HOUR
    joe.advance_to(MIDNIGHT_US)
    assert joe.state("nt2") == "HELD: capped"
    joe.advance_to(MIDNIGHT_US + 15 * HOUR)
    joe.outcome(name=joe.notice("nt2").delivery or "")
    assert joe.state("nt2") == "SENT"
    joe.advance(60)
    assert joe.state("nt3") == "HELD: capped"


def test_all_ids_of_a_person_count() -> None:
    joe = _joe(Cap(1, timedelta(hours=1)))
    _told(joe, 1)
    joe.message("ada", "email")
    joe.run(c.MergeCustomers("cu1", "cu2", "said"), 1)
    assert _told(joe, 2, case="ca2") == "HELD: capped"


def test_one_topic_may_be_told_at_most_so_often() -> None:
    joe = _joe(every=timedelta(hours=1))
    assert [_told(joe, number) for number in (1, 2)] == ["SENT", "HELD: throttled"]
    assert joe.notice("nt2").until_us == joe.notice("nt1").left["de1"] + HOUR
    assert _told(joe, 3, topic="law") == "SENT"
    joe.advance(HOUR / SECOND)
    assert joe.state("nt2") == "SENDING"


def test_the_next_way_of_one_that_has_left_needs_no_room() -> None:
    plan = Plan.parse(NOTICES)
    notices = attrs.evolve(plan.notices, caps=[Cap(1, timedelta(days=1))])
    joe = Teller(attrs.evolve(plan, notices=notices), channels=["email", "sms"])
    joe.plan_notice("delay")
    joe.outcome()
    joe.advance(HOUR / SECOND)
    joe.outcome(name="de2")
    assert joe.state() == "SENT"
    assert len(joe.engine.view.notices.had["cu1"]) == 2
    joe.advance(DAY / SECOND)
