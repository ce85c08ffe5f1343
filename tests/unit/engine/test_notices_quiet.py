"""Notices wait for the end of quiet hours, are spread after it, and are said in the customer's own language."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import DAY, HOUR, MINUTE, SECOND, START
from tests.notice_plans import NOTICES, Teller

from orchestra.engine.notices.saying import said
from orchestra.errors import InvalidCommand, NotAllowedInState
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan
from orchestra.model.quiet_hours import QuietHours

QUIET = ["22:30-07:00"]
NIGHT_US = START + 1000 * SECOND  # the clock begins at 22:13:20
MORNING_US = START - 22 * HOUR - 13 * MINUTE - 20 * SECOND + 31 * HOUR


def _joe(jitter: timedelta = timedelta(), **quiet: Any) -> Teller:
    """Joe is left in peace from half past ten at night until seven in the morning."""
    plan = Plan.parse(NOTICES)
    workspace = attrs.evolve(plan.workspace, zone="UTC")
    notices = attrs.evolve(plan.notices, jitter=jitter)
    hours = QuietHours(**{"daily": QUIET} | quiet)
    return Teller(attrs.evolve(plan, workspace=workspace, notices=notices, quiet_hours=hours))


def test_what_is_planned_at_night_is_told_in_the_morning() -> None:
    joe = _joe()
    joe.advance_to(NIGHT_US)
    joe.plan_notice()
    assert joe.state() == "HELD: quiet_hours"
    assert joe.notice().until_us == MORNING_US
    joe.advance_to(MORNING_US - 1)
    assert joe.state() == "HELD: quiet_hours"
    joe.advance_to(MORNING_US)
    assert joe.state() == "SENDING"


def test_what_could_not_leave_before_the_night_leaves_in_the_morning() -> None:
    joe = _joe()
    joe.run(c.StopSending("storm"), 1)
    joe.plan_notice()
    joe.advance_to(NIGHT_US)
    joe.run(c.StartSending(), 1)
    joe.advance(0)
    assert joe.state() == "HELD: quiet_hours"
    assert joe.last(e.DeliveryCanceled).reason == "recalled: quiet_hours"
    joe.advance_to(MORNING_US)
    assert (joe.state(), joe.delivery("de2").state) == ("SENDING", "PERMITTED")


def test_a_permit_ends_where_the_night_begins() -> None:
    joe = _joe()
    joe.advance_to(NIGHT_US - 10 * SECOND)
    joe.plan_notice()
    joe.advance_to(NIGHT_US)
    joe.refuse(c.StartDelivery("de1", 1, 1), NotAllowedInState)
    joe.advance(31)
    assert joe.state() == "HELD: quiet_hours"


def test_what_waited_for_the_morning_is_spread_after_it() -> None:
    joe = _joe(timedelta(minutes=15))
    joe.advance_to(NIGHT_US)
    for number in range(20):
        joe.plan_notice(key=f"k{number}", facts={"stage": f"{number}"}, after=0)
    spread = [joe.notice(f"nt{number + 1}").until_us or 0 for number in range(20)]
    assert len(set(spread)) == 20
    assert MORNING_US <= min(spread) < max(spread) <= MORNING_US + 15 * MINUTE
    assert max(spread) - min(spread) > 5 * MINUTE


def test_nothing_is_spread_past_its_own_time() -> None:
    joe = _joe(timedelta(minutes=15))
    joe.advance_to(NIGHT_US)
    for number in range(20):
        joe.plan_notice(key=f"k{number}", facts={"stage": f"{number}"}, expires_us=MORNING_US + 3)
    assert {joe.notice(f"nt{number + 1}").until_us or 0 for number in range(20)} <= {
        MORNING_US,
        MORNING_US + 1,
        MORNING_US + 2,
    }
    joe.plan_notice(key="late", expires_us=MORNING_US - MINUTE)
    joe.advance_to(MORNING_US)
    assert joe.state("nt21") == "EXPIRED"


def test_it_is_asked_again_in_the_morning() -> None:
    joe = _joe()
    joe.advance_to(NIGHT_US)
    joe.plan_notice()
    joe.run(c.TellFact("ca1", "stage", "packed"), 60)
    joe.advance_to(MORNING_US)
    assert joe.state() == "SUPPRESSED: already_told"


def test_some_classes_know_no_night() -> None:
    joe = _joe(exempt=["critical", "legal"])
    joe.advance_to(NIGHT_US)
    joe.plan_notice("recall")
    joe.plan_notice("law", "k2")
    joe.plan_notice("code", "k3")
    assert [joe.state(f"nt{number}") for number in (1, 2, 3)] == ["SENDING", "SENDING", "HELD: quiet_hours"]


def test_what_waits_for_the_morning_may_be_told_by_who_talks_with_them() -> None:
    joe = _joe()
    joe.advance_to(NIGHT_US)
    joe.plan_notice()
    contact = joe.talk()
    joe.run(c.TellNow(contact, "ana", "nt1"), 1)
    assert joe.state() == "SUPPRESSED: told"


# What is said


TEMPLATES = """
[languages.de]
date = "$day2.$month2.$year"
[templates.ready]
facts = {due = "date", what = "text"}
[templates.ready.languages.en]
title = "About your order"
text = "It is ready on $due: $what."
[templates.ready.languages.de]
text = "Fertig am $due: $what."
[templates.ready.languages.de.forms.informal]
text = "Fertig f\\u00fcr dich am $due: $what."
[notices.topics.ready]
"""
READY = {"due": "2026-08-01", "what": "a bike"}


@pytest.fixture
def zoe() -> Teller:
    """Whoever is told something by templates."""
    return Teller(NOTICES + TEMPLATES)


def test_it_is_said_in_the_customers_language_and_form(zoe: Teller) -> None:
    zoe.plan_notice("ready", facts=READY)
    zoe.run(c.SetCustomerLanguage("cu1", "de-AT"), 1)
    zoe.plan_notice("ready", "k2", facts=READY | {"what": "two"})
    zoe.run(c.SetCustomerForm("cu1", "informal"), 1)
    zoe.plan_notice("ready", "k3", facts=READY | {"what": "three"})
    written = [(event.title, event.text) for event in zoe.events(e.MessageWritten)]
    assert written == [
        ("About your order", "It is ready on 2026-08-01: a bike."),
        (None, "Fertig am 01.08.2026: two."),
        (None, "Fertig f\u00fcr dich am 01.08.2026: three."),
    ]


@pytest.mark.parametrize("facts", [{"due": "2026-08-01"}, READY | {"due": "soon"}, READY | {"more": "x"}])
def test_its_facts_are_those_of_the_template(zoe: Teller, facts: dict[str, str | int | bool]) -> None:
    zoe.refuse(c.PlanNotice("k", "ready", "ca1", facts=facts), InvalidCommand)


def test_a_template_that_is_gone_says_nothing(zoe: Teller) -> None:
    zoe.plan_notice("ready", facts=READY, not_before_us=zoe.now_us + HOUR)
    plan = zoe.engine.view.plan
    topic = attrs.evolve(plan.notices.topics["ready"], text="It is ready on $due.", facts={"due": "date"})
    topics = {**plan.notices.topics, "ready": topic}
    zoe.change_plan(attrs.evolve(plan, templates={}, notices=attrs.evolve(plan.notices, topics=topics)))
    zoe.advance(DAY / SECOND)
    assert zoe.state() == "SUPPRESSED: plan_changed"  # it has another fact than the text


def test_who_is_to_tell_it_sees_what_it_says(zoe: Teller) -> None:
    zoe.talk()
    zoe.plan_notice("ready", facts=READY)
    zoe.plan_notice("delay", "k2")
    view = zoe.engine.view
    held = [said(view, zoe.notice(name)) for name in ("nt1", "nt2")]
    assert held == ["It is ready on 2026-08-01: a bike.", "It comes on 2026-08-01 instead, 3 days late."]
    topics = {name: topic for name, topic in view.plan.notices.topics.items() if name not in ("delay", "ready")}
    zoe.change_plan(attrs.evolve(view.plan, templates={}, notices=attrs.evolve(view.plan.notices, topics=topics)))
    assert [said(view, zoe.notice(name)) for name in ("nt1", "nt2")] == [None, None]
