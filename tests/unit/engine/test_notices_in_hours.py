"""Notices that wait for the time of the day at which their customer would rather be reached."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import DAY, HOUR, MINUTE, SECOND, START
from tests.notice_plans import DIGESTS, NOTICES, Teller

from orchestra.engine.quiet_hours import wanted_from
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan
from orchestra.model.quiet_hours import QuietHours

MIDNIGHT_US = START - 22 * HOUR - 13 * MINUTE - 20 * SECOND
"""The one before the clock begins."""


def _joe(hours: str | None = "18:00-20:00", zone: str = "UTC", of: str = NOTICES, **quiet: Any) -> Teller:
    """Joe would rather be reached in the evening, and what is told of stages waits for that."""
    plan = Plan.parse(of)
    topics = {**plan.notices.topics, "stage": attrs.evolve(plan.notices.topics["stage"], in_hours=True)}
    parts = {
        "workspace": attrs.evolve(plan.workspace, zone=zone),
        "notices": attrs.evolve(plan.notices, topics=topics, jitter=timedelta()),
        "quiet_hours": QuietHours(**quiet),
    }
    joe = Teller(attrs.evolve(plan, **parts))
    if hours is not None:
        joe.run(c.SetCustomerHours("cu1", hours), 0)
    return joe


def test_it_waits_until_their_time_of_the_day_comes() -> None:
    joe = _joe()
    joe.plan_notice()
    evening_us = MIDNIGHT_US + DAY + 18 * HOUR
    assert (joe.state(), joe.notice().until_us) == ("HELD: their_hours", evening_us)
    joe.advance_to(evening_us - 1)
    assert joe.state() == "HELD: their_hours"
    joe.advance_to(evening_us)
    assert joe.state() == "SENDING"
    assert joe.replayed().state_hash() == joe.engine.state_hash()


@pytest.mark.parametrize("hours", [None, "22:00-23:00", "18:00-02:00", "00:00-24:00"])
def test_it_leaves_at_once_within_it_and_to_whoever_has_said_nothing(hours: str | None) -> None:
    joe = _joe(hours)
    joe.plan_notice()
    assert joe.state() == "SENDING"


def test_it_is_their_own_wall_that_counts() -> None:
    joe = _joe()
    joe.run(c.SetCustomerZone("cu1", "Asia/Tokyo", "said"), 1)
    joe.plan_notice()
    assert joe.notice().until_us == MIDNIGHT_US + DAY + 9 * HOUR, "six in the evening in Tokyo"


def test_other_topics_and_what_is_urgent_do_not_wait() -> None:
    joe = _joe()
    joe.plan_notice(topic="code", facts={"code": "7"})
    assert joe.state() == "SENDING"
    joe.plan_notice(key="k2", urgency="urgent")
    assert joe.state("nt2") == "SENDING"


def test_what_would_be_outdated_by_then_is_told_now() -> None:
    joe = _joe()
    joe.plan_notice(expires_us=MIDNIGHT_US + DAY + 18 * HOUR)
    assert joe.state() == "SENDING"


def test_where_it_is_quiet_at_their_time_it_is_told_when_that_is_over_within_it() -> None:
    joe = _joe("21:00-23:00", daily=["20:00-22:45"])
    joe.plan_notice()
    assert joe.state() == "HELD: quiet_hours", "it is 22:13"
    joe.advance(40 * 60)
    assert joe.state() == "SENDING", "it is 22:53"
    early = _joe("19:00-23:00", daily=["18:30-22:50"])
    early.advance(3 * 3600)
    early.plan_notice()
    assert early.notice().until_us == MIDNIGHT_US + DAY + 22 * HOUR + 50 * MINUTE


def test_where_it_is_always_quiet_at_their_time_that_counts_for_nothing() -> None:
    joe = _joe("02:00-03:00", daily=["23:00-07:00"])
    joe.plan_notice()
    assert joe.state() == "SENDING"


def test_a_time_of_the_day_that_clocks_skip_comes_the_day_after() -> None:
    joe = _joe("02:10-02:20", zone="Europe/Berlin")
    spring_us = 1_711_846_800 * SECOND  # Sunday, 31 March 2024, 02:00 becomes 03:00
    wanted_us = wanted_from(joe.engine.view, "cu1", "email", spring_us - HOUR // 2)
    assert wanted_us in (spring_us, spring_us + DAY - HOUR + 10 * MINUTE)


def test_what_was_to_leave_within_it_waits_for_the_next_day() -> None:
    joe = _joe("22:00-22:30")
    joe.run(c.StopSending("storm"), 1)
    joe.plan_notice()
    assert joe.state() == "SENDING"
    joe.advance(3600)
    joe.run(c.StartSending(), 1)
    joe.advance(0)
    assert joe.state() == "HELD: their_hours"
    assert joe.last(e.DeliveryCanceled).reason == "recalled: their_hours"
    assert joe.notice().until_us == MIDNIGHT_US + DAY + 22 * HOUR


def test_what_another_one_takes_along_goes_when_that_goes() -> None:
    joe = _joe("10:00-11:00", of=DIGESTS)
    joe.plan_notice("place", facts={"place": "Vienna"})
    joe.plan_notice("both", key="k2", facts={"stage": "sent", "due": "2026-08-01"})
    plan = joe.engine.view.plan
    topics = {**plan.notices.topics, "both": attrs.evolve(plan.notices.topics["both"], in_hours=True)}
    joe.change_plan(attrs.evolve(plan, notices=attrs.evolve(plan.notices, topics=topics)))
    joe.advance(3600)
    assert (joe.state("nt1"), joe.state("nt2")) == ("SENDING", "HELD: in_digest")
    assert "de1" in joe.notice("nt2").rides
    assert "sent" in (joe.last(e.MessageWritten).text or "")


def test_what_is_critical_waits_for_nothing() -> None:
    plan = Plan.parse(NOTICES)
    topics = {**plan.notices.topics, "recall": attrs.evolve(plan.notices.topics["recall"], in_hours=True)}
    faults = attrs.evolve(plan, notices=attrs.evolve(plan.notices, topics=topics)).faults()
    assert [fault.path for fault in faults if fault.path.startswith("notices")] == ["notices.topics.recall.in_hours"]
