"""Which policy holds, and that a change of it moves the target and keeps what has passed."""

from __future__ import annotations

from typing import Any

import pytest
from tests.clock_plans import CLOCKED, clocked, of, of_clocks, row, running, told, us
from tests.engine_driver import HOUR, SECOND, Driver, plan, thread

from orchestra.engine.clocks.timing import paused, ran
from orchestra.model import commands as c, events as e

VIP = of("resolution", target="1h", name="vip", when='{field = "customer.fields.vip", value = true}')
BIG = of("resolution", target="2h", name="big", when='{field = "case.fields.orders", operator = "at_least", value = 3}')
SALES = of("resolution", target="3h", name="sales", when='{field = "case.queue", value = "sales"}')
ALL = of("resolution", target="10h", name="all", warn_at="[50]")


def mail(driver: Driver, sender: str = "joe", **values: Any) -> Any:
    return driver.message(sender, **{"channel": "email"} | values)


def change(driver: Driver, text: str) -> list[e.Event]:
    """Another plan holds, and what it changes is done; what time brought is given."""
    driver.change_plan(plan(CLOCKED + text))
    return driver.advance(1)


# Which


def test_the_first_that_fits_holds() -> None:
    driver = clocked(VIP + BIG + SALES + ALL)
    mail(driver, account="sales")
    mail(driver, "eve")
    assert [(one.case, one.policy) for one in driver.events(e.ClockStarted)] == [("ca1", "sales"), ("ca2", "all")]


@pytest.mark.parametrize(
    ("field", "value", "is_it"),
    [
        ("interaction.channel", '"email"', True),
        ("interaction.channel", '"chat"', False),
        ("interaction.account", '"main"', True),
        ("interaction.live", "false", True),
        ("interaction.fields.note", '"odd"', False),
        ("case.topic", '"order"', True),
        ("case.topic", '"bill"', False),
    ],
)
@pytest.mark.parametrize(("measure", "scope"), [("first_reply", "case"), ("resolution", "interaction")])
def test_a_policy_is_asked_about_case_and_contact(
    field: str, value: str, is_it: bool, measure: str, scope: str
) -> None:
    driver = clocked(of(measure, scope, when=f'{{field = "{field}", value = {value}}}'))
    mail(driver, topic="order")
    assert bool(running(driver)) is is_it


def test_a_case_and_an_engagement_are_asked_about_the_contact_they_began_with() -> None:
    only = '{field = "interaction.channel", value = "email"}'
    driver = clocked(of("next_reply", when=only) + of("requester_wait", "engagement", when=only))
    driver.sign_in("ana")
    mail(driver, topic="order", after=0)
    driver.accept(after=0)
    driver.run(c.WriteReply("in1", "ana", "hello"))
    driver.call(topic="order")
    assert sorted(one.measure for one in driver.events(e.ClockStarted)) == ["next_reply", "requester_wait"]


def test_where_no_policy_fits_there_is_no_clock() -> None:
    driver = clocked(VIP)
    mail(driver)
    assert running(driver) == {}
    driver.run(c.SetFields("cu1", {"vip": True}), 60)
    assert running(driver) == {"ck1": "RUNNING"}
    assert driver.last(e.ClockStarted).due_us == driver.now_us + HOUR
    driver.run(c.SetFields("cu1", {"vip": False}), 60)
    assert told(driver, "policy", "reason", "ran_us")[-1] == ("Canceled", "vip", "no_policy", 60 * SECOND)


# Another one


def test_a_change_of_what_fits_keeps_what_has_passed() -> None:
    driver = clocked(VIP + BIG + SALES + ALL)
    mail(driver, after=0)
    driver.run(c.PauseClock("ck1", "parts ordered"), 600)
    driver.run(c.ResumeClock("ck1"), 300)
    driver.run(c.SetFields("ca1", {"orders": 3}), 600)
    moved = driver.last(e.ClockMoved)
    assert (moved.before, moved.policy, moved.ran_us, moved.paused_us) == ("all", "big", 1200 * SECOND, 300 * SECOND)
    assert moved.due_us == moved.next_us == driver.now_us + 2 * HOUR - 1200 * SECOND
    driver.run(c.SetFields("cu1", {"vip": True}), 600)
    assert driver.last(e.ClockMoved).due_us == driver.now_us + HOUR - 1800 * SECOND
    driver.advance(3600)
    assert driver.last(e.ClockBreached).breached_us == driver.now_us - 1800 * SECOND
    driver.run(c.SetFields("cu1", {"vip": False}), 60)
    driver.advance(24 * 3600)
    assert len(driver.events(e.ClockBreached)) == 1  # once, whatever holds afterwards
    driver.run(c.ResolveCase("ca1"))
    assert (driver.last(e.ClockFulfilled).policy, driver.last(e.ClockFulfilled).met) == ("big", False)


def test_what_is_late_by_another_target_is_late_from_now_on() -> None:
    driver = clocked(VIP + ALL)
    mail(driver, after=0)
    driver.advance(2 * 3600)
    driver.run(c.SetFields("cu1", {"vip": True}))
    assert driver.last(e.ClockMoved).due_us == driver.now_us
    driver.advance(0)
    assert driver.last(e.ClockBreached).breached_us == driver.now_us


def test_the_queue_of_a_case_decides_when_it_changes() -> None:
    driver = clocked(SALES + ALL)
    driver.sign_in("ana")
    mail(driver, after=0)
    driver.accept(after=0)
    driver.run(c.TransferInteraction("in1", "ana", "sales"), 60)
    assert driver.engine.view.cases.cases["ca1"].queue == "care"
    driver.run(c.AssignCase("ca1", "team", "sales"), 60)
    assert of_clocks(driver.batches[-1].events) == []


def test_a_paused_clock_moves_too() -> None:
    driver = clocked(BIG + ALL)
    mail(driver, after=0)
    driver.run(c.PauseClock("ck1", "parts ordered"), 600)
    driver.run(c.SetFields("ca1", {"orders": 3}), 600)
    assert (driver.last(e.ClockMoved).due_us, row(driver).state, row(driver).paused_us) == (
        None,
        "PAUSED",
        600 * SECOND,
    )
    assert row(driver).reason == "parts ordered"
    driver.run(c.ResumeClock("ck1"), 600)
    assert driver.last(e.ClockResumed).due_us == driver.now_us + 2 * HOUR - 600 * SECOND
    assert driver.last(e.ClockResumed).paused_us == 1200 * SECOND


def test_of_one_contact_its_fields_decide() -> None:
    note = of("resolution", "interaction", name="odd", when='{field = "interaction.fields.note", value = "odd"}')
    driver = clocked(note)
    mail(driver, after=0)
    driver.run(c.SetFields("in1", {"note": "odd"}), 60)
    assert running(driver) == {"ck1": "RUNNING"}
    driver.run(c.SetFields("in1", {"note": "even"}), 60)
    assert running(driver) == {}


# Another plan


def test_another_plan_moves_targets_slice_by_slice() -> None:
    driver = clocked(ALL)
    for number in range(45):
        mail(driver, f"joe{number}", after=0)
    brought = change(driver, ALL.replace("10h", "5h"))
    checked = [event for event in brought if isinstance(event, e.ClocksChecked)]
    moved = [event for event in brought if isinstance(event, e.ClockMoved)]
    # A case, its contact: two of which something is measured each.
    assert [one.is_done for one in checked] == [False] * 4 + [True]
    assert (len(moved), {one.target_us for one in moved}) == (45, {5 * HOUR})
    assert (driver.engine.view.clocks.walks, driver.engine.view.timers.names_of("*")) == ({}, [])
    change(driver, ALL.replace("10h", "5h") + of("first_reply"))
    assert driver.events(e.ClockMoved) == moved  # nothing else than before is said of them
    assert len(running(driver)) == 90


def test_what_a_plan_names_no_more_is_for_nothing() -> None:
    driver = clocked(ALL + of("first_reply"))
    mail(driver, after=0)
    change(driver, of("first_reply"))
    assert told(driver, "measure", "reason") == [
        ("Started", "resolution"),
        ("Started", "first_reply"),
        ("Canceled", "resolution", "no_policy"),
        ("sChecked",),
    ]
    change(driver, "")
    assert running(driver) == {}
    mail(driver, "eve")
    assert "ca2" not in driver.engine.view.clocks.tracks


def test_what_was_open_before_there_were_clocks_has_none_until_it_is_opened_again() -> None:
    driver = clocked("")
    mail(driver, after=0)
    change(driver, ALL)
    assert running(driver) == {}
    driver.run(c.ResolveCase("ca1"), 60)
    driver.run(c.ReopenCase("ca1", "again"), 60)
    assert running(driver) == {"ck1": "RUNNING"}


def test_the_same_policy_by_another_calendar_keeps_what_has_passed_by_the_first() -> None:
    def days(hours: str) -> str:
        return "".join(f'{day} = ["{hours}"]\n' for day in ("mon", "tue", "wed", "thu", "fri"))

    def shop(hours: str) -> str:
        return f'[calendars.shop]\nzone = "UTC"\n{days(hours)}'

    policy = of("resolution", target="10h", calendar='"shop"')
    driver = clocked(shop("08:00-12:00") + policy)
    driver.advance_to(us("2026-02-02 00:00"))
    mail(driver, after=0)
    driver.advance_to(us("2026-02-02 10:00"))
    change(driver, shop("08:00-20:00") + policy)
    assert row(driver).ran_us == 2 * HOUR
    assert driver.last(e.ClockMoved).due_us == us("2026-02-02 18:00")
    assert driver.engine.view.clocks.changed == {}
    driver.advance_to(us("2026-02-02 15:00"))
    driver.change_plan(plan(CLOCKED + shop("08:00-09:00") + policy))
    driver.change_plan(plan(CLOCKED + of("resolution", target="10h", calendar='"office"')))
    assert row(driver).calendar == "shop"  # a moment from now it is another one
    driver.run(c.PauseClock("ck1", "parts ordered"))
    assert row(driver).ran_us == 7 * HOUR
    driver.advance(1)
    assert (row(driver).calendar, row(driver).ran_us) == ("office", 7 * HOUR)


def test_what_rings_before_it_is_looked_at_is_looked_at_first() -> None:
    shop = '[calendars.shop]\nzone = "UTC"\nmon = ["08:00-12:00"]\n'
    policy = of("resolution", target="2h", calendar='"shop"')
    driver = clocked(shop + policy)
    driver.advance_to(us("2026-02-02 08:00"))
    for number in range(30):
        mail(driver, f"joe{number}", after=0)
    driver.now_us = us("2026-02-02 09:59:59")
    driver.change_plan(plan(CLOCKED + shop.replace("08:00", "06:00") + policy.replace("2h", "3h")))
    driver.now_us = us("2026-02-02 10:30")
    driver.advance(0)
    assert driver.events(e.ClockBreached) == []
    assert {one.due_us for one in driver.events(e.ClockMoved)} == {us("2026-02-02 11:00")}


def test_a_clock_without_its_calendar_is_told_nothing_until_it_has_another() -> None:
    shop = '[calendars.shop]\nzone = "UTC"\nmon = ["08:00-12:00"]\n'
    driver = clocked(shop + of("resolution", target="2h", calendar='"shop"'))
    driver.advance_to(us("2026-02-02 08:00"))
    mail(driver, after=0)
    driver.run(c.PauseClock("ck1", "parts ordered"), 600)
    driver.advance(600)
    driver.change_plan(plan(CLOCKED + of("resolution", target="2h")))
    driver.run(c.ResumeClock("ck1"))
    assert running(driver) == {"ck1": "RUNNING"}
    driver.advance(1)
    assert (row(driver).calendar, row(driver).ran_us, row(driver).paused_us) == (None, 600 * SECOND, 600 * SECOND)


# Many


def test_where_very_much_is_concerned_it_is_looked_at_in_slices() -> None:
    driver = clocked(VIP + ALL)
    for number in range(25):
        mail(driver, thread=thread(f"t{number}"), topic=f"topic{number}", after=0)
    driver.run(c.SetFields("cu1", {"vip": True}), 60)
    assert driver.batches[-1].events[-1] == e.ClocksChecked("cu1", 0, is_done=False)
    assert driver.events(e.ClockMoved) == []
    driver.advance(1)
    assert len(driver.events(e.ClockMoved)) == 25
    assert driver.engine.view.clocks.walks == {}


def test_a_matter_of_very_many_cases_is_answered_in_slices() -> None:
    driver = clocked(of("first_reply", target="1d"))
    for number in range(25):
        mail(driver, thread=thread(f"t{number}"), topic=f"topic{number}", after=0)
    for number in range(2, 26):
        driver.run(c.MergeCases("ca1", f"ca{number}", "the same"))
    driver.run(c.SendMessage("ca1", "k1", text="All of it comes.", actor="operator"), 60)
    assert 0 < len(driver.events(e.ClockFulfilled)) < 25
    driver.advance(1)
    assert len(driver.events(e.ClockFulfilled)) == 25
    assert running(driver) == {}


def test_a_bot_finds_out_what_it_is_about() -> None:
    bot = '[agents.rob]\nteams = ["care"]\nkind = "bot"\n'
    bills = of("resolution", target="1h", name="bills", when='{field = "case.topic", value = "bill"}')
    driver = clocked(bot + bills + ALL)
    driver.sign_in("rob")
    mail(driver, after=0)
    driver.accept()
    driver.run(c.HandOver("in1", "rob", topic="bill"))
    assert row(driver).policy == "bills"


def test_what_starts_at_the_instant_of_a_change_goes_by_the_hours_that_hold_then() -> None:
    def shop(hours: str) -> str:
        return f'[calendars.shop]\nzone = "UTC"\nmon = ["{hours}"]\n'

    policy = of("resolution", target="2h", calendar='"shop"', warn_at="[50]")
    driver = clocked(shop("08:00-18:00") + policy)
    driver.advance_to(us("2026-02-02 09:00"))
    mail(driver, after=0)
    driver.change_plan(plan(CLOCKED + shop("13:00-18:00") + policy))
    mail(driver, "eve", after=0)
    driver.advance_to(us("2026-02-02 12:00"))
    assert driver.events(e.ClockWarned) == []
    assert {row(driver, name).due_us for name in ("ck1", "ck2")} == {us("2026-02-02 15:00")}
    assert [one.clock for one in driver.events(e.ClockMoved)] == ["ck1"]


def test_what_is_due_at_the_instant_of_a_change_is_told_once() -> None:
    shop = '[calendars.shop]\nzone = "UTC"\nmon = ["08:00-18:00"]\n'
    driver = clocked(shop + of("resolution", target="2h", calendar='"shop"'))
    driver.advance_to(us("2026-02-02 08:00"))
    mail(driver, after=0)
    driver.advance(3600)
    later = shop.replace("18:00", "19:00") + of("resolution", target="1h", calendar='"shop"')
    driver.change_plan(plan(CLOCKED + later))
    driver.change_plan(plan(CLOCKED + later.replace("19:00", "20:00")))
    driver.advance(60)
    assert [one.breached_us for one in driver.events(e.ClockBreached)] == [us("2026-02-02 09:00")]
    assert row(driver).ran_us == 3600 * SECOND


def test_what_goes_on_between_two_changes_goes_by_the_hours_in_between() -> None:
    def shop(hours: str) -> str:
        return f'[calendars.shop]\nzone = "UTC"\nmon = ["{hours}"]\n' + of("resolution", target="9h", calendar='"shop"')

    driver = clocked(shop("08:00-12:00"))
    driver.advance_to(us("2026-02-02 08:00"))
    for number in range(45):
        mail(driver, f"joe{number}", after=0)
    driver.advance_to(us("2026-02-02 10:00"))
    # The last of so many is not looked at yet when it is paused, nor when hours change once more.
    driver.change_plan(plan(CLOCKED + shop("09:00-18:00")))
    driver.run(c.PauseClock("ck45", "parts ordered"))
    driver.change_plan(plan(CLOCKED + shop("17:00-18:00")))
    clock = driver.engine.view.clocks.clocks["ck45"]
    assert (clock.ran_us, clock.edition) == (2 * HOUR, 1)
    assert paused(driver.engine.view, clock, us("2026-02-02 18:00")) == HOUR
    assert ran(driver.engine.view, driver.engine.view.clocks.clocks["ck44"], us("2026-02-02 18:00")) == 3 * HOUR


def test_while_a_calendar_is_gone_no_time_passes_by_it() -> None:
    shop = '[calendars.shop]\nzone = "UTC"\nmon = ["08:00-18:00"]\n' + of("resolution", target="9h", calendar='"shop"')
    driver = clocked(shop)
    driver.advance_to(us("2026-02-02 08:00"))
    for number in range(45):
        mail(driver, f"joe{number}", after=0)
    driver.advance_to(us("2026-02-02 10:00"))
    # The last of so many is not looked at yet when the calendar goes, nor when it is back: both within one walk.
    driver.change_plan(plan(CLOCKED + of("resolution", target="9h", calendar='"office"')))
    driver.now_us = us("2026-02-02 11:00")
    driver.change_plan(plan(CLOCKED + shop))
    view = driver.engine.view
    assert [hours is None for _, _, hours in view.clocks.changed["shop"]] == [False, True]
    clock = view.clocks.clocks["ck45"]
    assert (clock.calendar, clock.edition) == ("shop", 0)
    assert ran(view, clock, us("2026-02-02 12:00")) == 3 * HOUR
    again = driver.reloaded().view
    assert ran(again, again.clocks.clocks["ck45"], us("2026-02-02 12:00")) == 3 * HOUR
