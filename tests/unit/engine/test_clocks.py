"""Service clocks: what starts and fulfils each of them; that warnings and breaches are told once, at their time."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.clock_plans import clocked, of, of_clocks, row, running, told, us
from tests.engine_driver import DAY, HOUR, MINUTE, SECOND, START, Driver, person

from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e

FIRST = """
[[clocks]]
name = "first"
measures = "first_reply"
target = "1h"
warn_at = [50, 80]
"""
NEXT = """
[[clocks]]
name = "next"
measures = "next_reply"
target = "2h"
"""


def mail(driver: Driver, sender: str = "joe", **values: Any) -> Any:
    return driver.message(sender, **{"channel": "email"} | values)


def answer(driver: Driver, interaction: str = "in1", agent: str = "ana", after: float = 1) -> list[e.Event]:
    return driver.run(c.WriteReply(interaction, agent, "hello"), after).events


def in_hand(text: str, **values: Any) -> Driver:
    """Ana has a mail in hand."""
    driver = clocked(text)
    driver.sign_in("ana")
    mail(driver, **values)
    driver.accept(after=0)
    return driver


# Replies


def test_a_first_reply_is_due_from_the_first_word_until_a_person_answers() -> None:
    driver = clocked(FIRST)
    mail(driver)
    began = START + SECOND
    started = e.ClockStarted(
        "ck1",
        "cu1",
        "ca1",
        "first",
        "first_reply",
        "case",
        HOUR,
        [50, 80],
        True,
        due_us=began + HOUR,
        next_us=began + HOUR // 2,
    )
    assert driver.last(e.ClockStarted) == started
    driver.sign_in("ana")
    driver.accept()
    answer(driver)
    fulfilled = e.ClockFulfilled("ck1", "cu1", "ca1", "first", "first_reply", True, HOUR, 3 * SECOND, 0)
    assert driver.last(e.ClockFulfilled) == fulfilled
    assert driver.last(e.CustomerAnswered) == e.CustomerAnswered("ca1", "cu1", "person", "in1")
    assert (running(driver), driver.engine.view.clocks.of) == ({}, {})
    assert driver.engine.due() is None or driver.engine.view.timers.names_of("ck1") == []


def test_warnings_and_the_breach_are_told_once_when_they_are_reached() -> None:
    driver = clocked(FIRST)
    mail(driver)
    assert of_clocks(driver.advance(30 * 60 - 1)) == []
    assert of_clocks(driver.advance(1)) == ["Warned"]
    assert of_clocks(driver.advance(18 * 60)) == ["Warned"]
    assert of_clocks(driver.advance(12 * 60 - 1)) == []
    assert of_clocks(driver.advance(1)) == ["Breached"]
    assert of_clocks(driver.advance(10 * 24 * 3600)) == []
    began = START + SECOND
    assert told(driver, "percent", "reached_us", "breached_us") == [
        ("Started",),
        ("Warned", 50, began + 30 * MINUTE),
        ("Warned", 80, began + 48 * MINUTE),
        ("Breached", began + HOUR),
    ]
    assert (row(driver).breached_us, row(driver).warned, row(driver).state) == (began + HOUR, 80, "RUNNING")


def test_what_is_noticed_late_was_still_reached_in_time() -> None:
    driver = clocked(FIRST)
    mail(driver)
    driver.now_us += DAY  # nobody was there to notice
    decided = driver.engine.tick(driver.now_us)
    assert of_clocks(decided.events) == ["Warned", "Warned", "Breached"]
    reached = [getattr(event, "reached_us", None) or getattr(event, "breached_us", None) for event in decided.events]
    began = START + SECOND
    assert [at for at in reached if at] == [began + 30 * MINUTE, began + 48 * MINUTE, began + HOUR]
    assert decided.at_us == driver.now_us


def test_a_reply_at_the_very_instant_is_too_late_and_one_before_it_is_not() -> None:
    late, early = in_hand(FIRST), in_hand(FIRST)
    answer(late, after=3600)
    answer(early, after=3600 - 1e-6)
    assert (late.last(e.ClockFulfilled).met, early.last(e.ClockFulfilled).met) == (False, True)
    assert (late.last(e.ClockFulfilled).ran_us, early.last(e.ClockFulfilled).ran_us) == (HOUR, HOUR - 1)


def test_the_next_reply_is_due_from_the_oldest_word_without_answer() -> None:
    driver = in_hand(FIRST + NEXT)
    mail(driver)
    assert [event.measure for event in driver.events(e.ClockStarted)] == ["first_reply"]
    answer(driver)
    mail(driver, after=60)
    mail(driver, after=60)
    assert [event.measure for event in driver.events(e.ClockStarted)] == ["first_reply", "next_reply"]
    answer(driver, after=60)
    assert driver.last(e.ClockFulfilled).ran_us == 120 * SECOND
    answer(driver)
    assert running(driver) == {}
    mail(driver)
    assert running(driver) == {"ck3": "RUNNING"}


def test_a_contact_has_replies_of_its_own() -> None:
    driver = in_hand(of("first_reply", "interaction") + of("next_reply", "interaction", "2h"))
    answer(driver)
    mail(driver)
    answer(driver)
    assert told(driver, "measure", "interaction") == [
        ("Started", "first_reply", "in1"),
        ("Fulfilled", "first_reply", "in1"),
        ("Started", "next_reply", "in1"),
        ("Fulfilled", "next_reply", "in1"),
    ]


def test_whoever_picks_up_a_call_replies() -> None:
    driver = clocked(FIRST + of("first_reply", "interaction", "20s", name="at once"))
    driver.sign_in("ana")
    driver.call()
    driver.accept()
    assert [event.policy for event in driver.events(e.ClockFulfilled)] == ["first", "at once"]
    assert driver.last(e.ClockFulfilled).ran_us == SECOND


def test_an_answer_given_elsewhere_is_a_reply() -> None:
    driver = clocked(FIRST)
    mail(driver)
    driver.run(c.RecordReply("email", "main", "x1", recipient=person("joe"), text="hello"), 60)
    assert told(driver, "met") == [("Started",), ("Fulfilled", True)]


def test_a_contact_that_is_over_without_a_reply_needs_none() -> None:
    driver = clocked(FIRST + of("first_reply", "interaction", name="contact"))
    driver.call()
    driver.run(c.LeaveContact("in1"), 60)
    assert told(driver, "reason", "interaction")[-1] == ("Canceled", "abandoned", "in1")
    assert running(driver) == {"ck2": "RUNNING"}
    driver.run(c.ResolveCase("ca1"), 60)
    assert told(driver, "reason", "ran_us")[-1] == ("Canceled", "resolved", 120 * SECOND)
    assert running(driver) == {}


@pytest.mark.parametrize("human_only", [True, False])
def test_what_nobody_wrote_is_no_reply_of_a_person(human_only: bool) -> None:
    driver = clocked(FIRST + f"human_only = {str(human_only).lower()}\n")
    mail(driver)
    driver.run(c.SendMessage("ca1", "k1", text="We have it.", topic="acknowledgement", actor="system"))
    assert running(driver) == {"ck1": "RUNNING"}
    driver.run(c.SendMessage("ca1", "k2", text="It takes long.", topic="delay", actor="system"))
    assert running(driver) == ({"ck1": "RUNNING"} if human_only else {})
    assert driver.last(e.CustomerAnswered).by == "automatic"
    driver.run(c.SendMessage("ca1", "k3", text="Hello, I am Ana.", actor="operator"))
    assert running(driver) == {}
    assert driver.last(e.CustomerAnswered).by == "person"


def test_an_acknowledgement_by_rule_is_no_reply() -> None:
    rule = """
[[rules]]
name = "thanks"
on = "InteractionAttached"
do = [{do = "acknowledge", text = "We have it."}]
"""
    driver = clocked(FIRST + "human_only = false\n" + rule)
    mail(driver)
    assert driver.last(e.DeliveryPlanned).automatic
    assert running(driver) == {"ck1": "RUNNING"}
    assert driver.events(e.CustomerAnswered) == []


def test_a_bot_is_not_a_person() -> None:
    bot = '[agents.rob]\nteams = ["care"]\nkind = "bot"\n'
    driver = clocked(bot + FIRST + NEXT + "human_only = false\n")
    driver.sign_in("rob")
    mail(driver)
    driver.accept()
    answer(driver, agent="rob")
    assert driver.last(e.CustomerAnswered).by == "bot"
    assert running(driver) == {"ck1": "RUNNING"}
    driver.run(c.SendMessage("ca1", "k1", text="More of it.", actor="bot:rob"))
    assert driver.last(e.CustomerAnswered).by == "bot"
    driver.run(c.HandOver("in1", "rob", "care"))
    driver.sign_in("ana")
    driver.accept()
    answer(driver)
    assert running(driver) == {}


# Everything else


def test_a_customer_is_told_something_every_so_often() -> None:
    driver = in_hand(of("periodic_update", target="1d"))
    answer(driver, after=3600)
    driver.advance(24 * 3600)
    driver.run(c.SendMessage("ca1", "k1", text="Still at it.", actor="operator"), 3600)
    driver.run(c.ResolveCase("ca1"), 60)
    assert told(driver, "met", "ran_us", "reason") == [
        ("Started",),
        ("Fulfilled", True, HOUR),
        ("Started",),
        ("Breached",),
        ("Fulfilled", False, 25 * HOUR),
        ("Started",),
        ("Canceled", 60 * SECOND, "resolved"),
    ]


def test_a_case_that_is_opened_without_a_contact_is_to_be_solved_too() -> None:
    driver = clocked(of("resolution", target="2d") + FIRST)
    mail(driver)
    driver.run(c.OpenCase("cu1", topic="order"), 60)
    assert told(driver, "case", "measure") == [
        ("Started", "ca1", "resolution"),
        ("Started", "ca1", "first_reply"),
        ("Started", "ca2", "resolution"),
    ]
    driver.run(c.ResolveCase("ca2"), 60)
    assert told(driver, "case", "met")[-1] == ("Fulfilled", "ca2", True)


def test_work_counts_as_long_as_an_agent_has_it_in_hand() -> None:
    driver = in_hand(of("agent_work") + of("agent_work", "interaction", name="of one"))
    driver.run(c.TransferInteraction("in1", "ana", "sales"), 600)
    assert running(driver) == {"ck1": "PAUSED", "ck2": "PAUSED"}
    assert {event.reason for event in driver.events(e.ClockPaused)} == {"nobody"}
    driver.sign_in("cleo")
    driver.accept()
    driver.run(c.FinishInteraction("in1", "cleo"), 600)
    assert told(driver, "clock", "ran_us", "reason")[-2:] == [
        ("Fulfilled", "ck1", 1200 * SECOND),
        ("Paused", "ck2", 1200 * SECOND, "nobody"),
    ]
    driver.run(c.ResolveCase("ca1"), 60)
    assert driver.last(e.ClockFulfilled).ran_us == 1200 * SECOND


def test_work_items_are_done_and_worked_on_and_nobody_waits_for_a_reply() -> None:
    text = of("resolution", "interaction") + of("agent_work", "interaction") + of("first_reply", "interaction")
    driver = clocked(text)
    mail(driver)
    driver.run(c.OpenWorkItem("task", "t1", "ca1", title="look"), 60)
    mine = [event.measure for event in driver.events(e.ClockStarted) if event.interaction == "in2"]
    assert mine == ["resolution"]
    driver.run(c.CancelInteraction("in2", "not needed"), 60)
    assert told(driver, "interaction", "reason")[-1] == ("Canceled", "in2", "canceled")


# Calendars


@pytest.mark.parametrize(
    ("zone", "hours", "begins", "target", "due"),
    [
        # The clocks go forward in the night before: nine o'clock on the wall is an hour earlier in absolute time.
        ("America/New_York", "09:00-17:00", "2026-03-06 17:30", "1s", "2026-03-09 09:00:01"),
        ("America/New_York", "00:00-24:00", "2026-03-08 00:00", "23h", "2026-03-09 00:00:00"),
        ("America/New_York", "00:00-24:00", "2026-11-01 00:00", "25h", "2026-11-02 00:00:00"),
        ("Asia/Tokyo", "08:00-12:00", "2026-03-06 12:00", "1s", "2026-03-09 08:00:01"),
        ("Europe/Berlin", "09:00-12:00", "2026-03-27 11:00", "2h", "2026-03-30 10:00:00"),
    ],
)
def test_due_is_told_by_the_clock_on_the_wall(zone: str, hours: str, begins: str, target: str, due: str) -> None:
    days = "".join(f'{day} = ["{hours}"]\n' for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
    if "00:00" not in hours:
        days = days.replace("sat =", "#").replace("sun =", "#")
    driver = clocked(
        f'[calendars.there]\nzone = "{zone}"\n{days}' + of("first_reply", target=target, calendar='"there"')
    )
    driver.advance_to(us(begins, zone))
    mail(driver, after=0)
    assert driver.last(e.ClockStarted).due_us == us(due, zone)
    driver.advance(10 * 24 * 3600)
    assert driver.last(e.ClockBreached).breached_us == us(due, zone)


def test_a_split_shift_does_not_count_at_noon() -> None:
    driver = clocked(of("first_reply", target="2h", calendar='"office"', warn_at="[50]"))
    driver.advance_to(us("2026-02-02 11:30", "Europe/Berlin"))
    mail(driver, after=0)
    driver.advance(24 * 3600)
    assert driver.last(e.ClockWarned).reached_us == us("2026-02-02 13:30", "Europe/Berlin")
    assert driver.last(e.ClockBreached).breached_us == us("2026-02-02 14:30", "Europe/Berlin")


def test_a_clock_whose_calendar_is_never_open_again_never_rings() -> None:
    never = '[calendars.once]\nzone = "UTC"\nextra = ["2020-01-01 09:00-10:00"]\n'
    driver = clocked(never + of("first_reply", calendar='"once"', warn_at="[50]"))
    mail(driver)
    assert (driver.last(e.ClockStarted).due_us, driver.last(e.ClockStarted).next_us) == (None, None)
    assert driver.engine.view.timers.names_of("ck1") == []


@pytest.mark.parametrize(
    ("policy", "channel", "workspace", "found"),
    [("office", "night", "day", "office"), (None, "night", "day", "night"), (None, None, "day", "day"), (None,) * 4],
)
def test_time_counts_by_the_calendar_that_is_nearest(
    policy: str | None, channel: str | None, workspace: str | None, found: str | None
) -> None:
    text = "".join(f'[calendars.{name}]\nzone = "UTC"\nmon = ["09:00-10:00"]\n' for name in ("night", "day"))
    text += of("first_reply", **({} if policy is None else {"calendar": f'"{policy}"'}))
    driver = clocked(text)
    plan = driver.engine.view.plan
    channels = {**plan.channels, "email": attrs.evolve(plan.channels["email"], calendar=channel)}
    driver.change_plan(
        attrs.evolve(plan, channels=channels, workspace=attrs.evolve(plan.workspace, calendar=workspace))
    )
    mail(driver)
    assert driver.last(e.ClockStarted).calendar == found


# Pausing by hand


def test_a_clock_is_paused_for_a_reason_until_the_customer_is_heard() -> None:
    driver = in_hand(of("resolution", target="1h"))
    driver.run(c.PauseClock("ck1", "parts ordered"), 600)
    assert (row(driver).state, row(driver).reason, row(driver).ran_us) == ("PAUSED", "parts ordered", 600 * SECOND)
    assert driver.run(c.PauseClock("ck1", "parts ordered"), 60).events == []
    assert of_clocks(driver.advance(24 * 3600)) == []
    mail(driver, after=0)
    resumed = driver.last(e.ClockResumed)
    assert (resumed.reason, resumed.paused_us) == ("parts ordered", 60 * SECOND + DAY)
    assert resumed.due_us == driver.now_us + HOUR - 600 * SECOND
    driver.advance(3000)
    assert driver.last(e.ClockBreached).breached_us == driver.now_us


def test_a_clock_is_resumed_by_hand() -> None:
    driver = in_hand(of("resolution", target="1h"))
    driver.run(c.PauseClock("ck1", "parts ordered"), 600)
    driver.run(c.ResumeClock("ck1"), 600)
    assert (row(driver).state, row(driver).paused_us) == ("RUNNING", 600 * SECOND)
    driver.refuse(c.ResumeClock("ck1"), NotAllowedInState)
    driver.run(c.SetCaseWaiting("ca1", "customer"))
    driver.run(c.PauseClock("ck1", "holidays"), 60)
    driver.run(c.ResumeClock("ck1"), 60)
    assert (row(driver).state, row(driver).reason, row(driver).by_hand) == ("PAUSED", "customer", False)
    assert row(driver).paused_us == 720 * SECOND


def test_what_cannot_be_paused_is_refused() -> None:
    driver = in_hand(of("resolution", target="1h", reasons='["parts ordered"]'))
    driver.refuse(c.PauseClock("ck9", "parts ordered"), UnknownId, kind="clock")
    driver.refuse(c.ResumeClock("ck9"), UnknownId, kind="clock")
    for reason in ("", "holidays", "x" * 201, "a\nb"):
        driver.refuse(c.PauseClock("ck1", reason), InvalidCommand, field="reason")
    driver.run(c.ResolveCase("ca1"))
    driver.refuse(c.PauseClock("ck1", "parts ordered"), NotAllowedInState)


# What follows


def test_a_rule_escalates_a_case_whose_clock_is_breached() -> None:
    rules = """
[teams.leads]
[[rules]]
name = "late"
on = "ClockBreached"
when = {field = "event.policy", value = "first"}
do = [{do = "escalate"}]
[[rules]]
name = "nearly"
on = "ClockWarned"
when = {field = "event.percent", operator = "at_least", value = 80}
do = [{do = "notify", team = "care", text = "One is nearly late."}]
"""
    driver = clocked(FIRST + rules)
    plan = driver.engine.view.plan
    care = attrs.evolve(plan.teams["care"], escalates_to="leads")
    driver.change_plan(attrs.evolve(plan, teams={**plan.teams, "care": care}))
    mail(driver)
    driver.advance(50 * 60)
    assert [event.rule for event in driver.events(e.TeamNotified)] == ["nearly"]
    assert driver.events(e.CaseEscalated) == []
    driver.advance(10 * 60)
    assert [(event.case, event.team, event.to) for event in driver.events(e.CaseEscalated)] == [
        ("ca1", "care", "leads")
    ]
    assert driver.engine.view.cases.cases["ca1"].owner == "leads"
