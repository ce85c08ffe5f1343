"""What becomes of notices by what becomes of their messages: receipts, failures, and the channels that are left."""

from __future__ import annotations

import attrs
import pytest
from tests.engine_driver import DAY, HOUR, SECOND
from tests.notice_plans import NOTICES, Teller

from orchestra.errors import NotAllowedInState
from orchestra.model import commands as c, events as e
from orchestra.model.hours import Hours
from orchestra.model.notices import Leg
from orchestra.model.plan import Plan


@pytest.fixture
def joe() -> Teller:
    """Joe can be written to by text message, and by mail if that does not arrive within an hour."""
    joe = Teller(channels=["email", "sms"])
    joe.plan_notice("delay")
    return joe


def _failed(joe: Teller) -> list[tuple[str, str]]:
    return [(one.channel, one.reason) for one in joe.events(e.NoticeLegFailed)]


def test_a_receipt_that_goes_as_far_as_is_asked_for_ends_it(joe: Teller) -> None:
    joe.outcome()
    assert joe.state() == "SENDING"
    assert joe.events(e.FactTold) == []
    joe.receipt("delivered")
    assert joe.state() == "SENT"
    assert [(one.fact, one.value) for one in joe.events(e.FactTold)] == [("days", 3), ("due", "2026-08-01")]
    joe.receipt("read")
    assert len(joe.events(e.NoticeSent)) == 1


def test_a_receipt_that_goes_further_does_too(joe: Teller) -> None:
    joe.outcome()
    joe.receipt("read")
    assert joe.last(e.NoticeSent) == e.NoticeSent("nt1", "cu1", "sms", "de1", "read")


def test_a_failure_does_not_wait(joe: Teller) -> None:
    joe.outcome("failed", code="no such number")
    assert _failed(joe) == [("sms", "no such number")]
    assert (joe.state(), joe.delivery("de2").channel) == ("SENDING", "email")
    joe.outcome(name="de2")
    assert (joe.state(), joe.last(e.NoticeSent).channel) == ("SENT", "email")


def test_what_does_not_arrive_in_time_goes_the_next_way(joe: Teller) -> None:
    joe.outcome()
    joe.advance(3598)
    assert joe.delivery("de1").state == "ACCEPTED"
    assert len(joe.events(e.NoticeSending)) == 1
    joe.advance(2)
    assert _failed(joe) == [("sms", "not_in_time")]
    assert joe.last(e.NoticeSending).until_us == joe.notice().expires_us


def test_what_has_not_even_left_by_then_does_not_leave_any_more(joe: Teller) -> None:
    joe.run(c.StopSending("storm", "sms"), 1)
    joe.advance(3600)
    assert (joe.delivery("de1").state, joe.delivery("de2").state) == ("CANCELED", "PERMITTED")
    assert joe.state() == "SENDING"


def test_what_is_to_be_sent_again_after_the_next_way_was_taken_is_not(joe: Teller) -> None:
    joe.start()
    joe.advance(2 * 3600)
    assert joe.last(e.NoticeSending).channel == "email"
    joe.run(c.RecordOutcome("de1", 1, "retry"))
    assert joe.last(e.DeliveryCanceled) == e.DeliveryCanceled("de1", "cu1", "not needed any more")


def test_a_late_receipt_cancels_what_is_left(joe: Teller) -> None:
    joe.outcome()
    joe.run(c.StopSending("storm", "email"), 1)
    joe.advance(3600)
    assert joe.delivery("de2").is_held
    joe.receipt("delivered")
    assert (joe.state(), joe.delivery("de2").state) == ("SENT", "CANCELED")


def test_the_other_way_has_left_as_well(joe: Teller) -> None:
    joe.outcome()
    joe.advance(3600)
    joe.outcome(name="de2")
    assert joe.state() == "SENT"
    joe.receipt("delivered")
    assert len(joe.events(e.NoticeSent)) == 1


def test_a_receipt_may_come_while_the_next_way_waits(joe: Teller) -> None:
    joe.outcome()
    contact = joe.talk()
    joe.advance(3600)
    assert joe.state() == "HELD: talking"
    joe.receipt("delivered")
    assert joe.state() == "SENT"
    joe.hang_up(contact)
    assert joe.state() == "SENT"


def test_where_nothing_is_left_it_has_failed(joe: Teller) -> None:
    joe.outcome("failed", code="gone")
    joe.outcome("failed", "de2", code="gone too")
    assert joe.state() == "FAILED: gone too"


def test_a_late_receipt_makes_good_what_had_failed(joe: Teller) -> None:
    joe.outcome()
    joe.advance(3600)
    joe.outcome("failed", "de2", code="gone")
    assert joe.state() == "FAILED: gone"
    joe.receipt("delivered")
    assert joe.state() == "SENT"


def test_nobody_knows_and_no_way_is_left(joe: Teller) -> None:
    joe.outcome("failed", code="gone")
    joe.outcome("unknown", "de2")
    assert joe.state() == "SENDING"
    joe.advance(2 * DAY / SECOND)
    assert joe.state() == "FAILED: no_receipt"
    assert joe.engine.view.timers.names_of("nt1") == []


def test_one_that_arrived_after_its_time_has_arrived() -> None:
    joe = Teller(channels=["sms"])
    joe.plan_notice("delay")
    joe.outcome()
    joe.advance(2 * DAY / SECOND)
    assert joe.state() == "FAILED: no_receipt"
    joe.receipt("delivered")
    assert joe.state() == "SENT"
    joe.receipt("failed")
    assert joe.state() == "SENT"  # the provider contradicts itself


def test_what_comes_back_after_it_was_taken_goes_the_next_way() -> None:
    plan = Plan.parse(NOTICES)
    legs = [Leg("sms"), Leg("email")]
    topics = {**plan.notices.topics, "stage": attrs.evolve(plan.notices.topics["stage"], legs=legs)}
    joe = Teller(attrs.evolve(plan, notices=attrs.evolve(plan.notices, topics=topics)), channels=["email", "sms"])
    joe.plan_notice()
    joe.outcome()
    assert joe.state() == "SENT"
    joe.receipt("failed", code="bounced")
    assert _failed(joe) == [("sms", "bounced")]
    assert (joe.state(), joe.delivery("de2").channel) == ("SENDING", "email")  # although it was told, as it seemed
    joe.outcome(name="de2")
    assert joe.state() == "SENT"


def test_a_receipt_that_tells_of_no_way_of_its_own_changes_nothing(joe: Teller) -> None:
    joe.outcome()
    joe.advance(3600)
    joe.receipt("failed")
    assert (joe.state(), joe.delivery("de1").state) == ("SENDING", "FAILED")
    assert _failed(joe) == [("sms", "not_in_time")]


def test_what_expires_after_it_has_left_elsewhere_has_failed(joe: Teller) -> None:
    joe.outcome()
    joe.run(c.StopSending("storm", "email"), 1)
    joe.advance(3 * DAY / SECOND)
    assert (joe.delivery("de2").state, joe.state()) == ("EXPIRED", "FAILED: no_receipt")


def test_ways_that_the_plan_has_no_more_are_not_gone() -> None:
    joe = Teller(channels=["email", "sms"])
    joe.plan_notice("delay")
    plan = Plan.parse(NOTICES)
    topics = {name: topic for name, topic in plan.notices.topics.items() if name != "delay"}
    joe.change_plan(attrs.evolve(plan, notices=attrs.evolve(plan.notices, topics=topics)))
    joe.refuse(c.StartDelivery("de1", 1, 1), NotAllowedInState)
    joe.advance(31)
    assert joe.state() == "SUPPRESSED: plan_changed"


def test_a_way_fails_of_what_the_plan_has_no_more() -> None:
    joe = Teller(channels=["email", "sms"])
    joe.plan_notice("delay")
    joe.start()
    plan = Plan.parse(NOTICES)
    topics = {name: topic for name, topic in plan.notices.topics.items() if name != "delay"}
    joe.change_plan(attrs.evolve(plan, notices=attrs.evolve(plan.notices, topics=topics)))
    joe.run(c.RecordOutcome("de1", 1, "failed", code="gone"), 1)
    assert joe.state() == "SUPPRESSED: plan_changed"


def test_a_wait_may_count_only_business_time() -> None:
    shop = '[calendars.shop]\nzone = "UTC"\nwed = ["09:00-11:00"]\n'
    plan = Plan.parse(NOTICES + shop)
    legs = [Leg("sms", "delivered", business_time=True), Leg("email")]
    topics = {**plan.notices.topics, "stage": attrs.evolve(plan.notices.topics["stage"], legs=legs)}
    notices = attrs.evolve(plan.notices, topics=topics)
    channels = {**plan.channels, "sms": attrs.evolve(plan.channels["sms"], calendar="shop")}
    workspace = attrs.evolve(plan.workspace, calendar="shop")
    for parts in ({"channels": channels}, {"workspace": workspace}):
        joe = Teller(attrs.evolve(plan, notices=notices, **parts), channels=["sms"])
        joe.plan_notice()
        assert joe.last(e.NoticeSending).until_us == 1_700_042_400 * SECOND  # at ten the next morning


def test_a_wait_that_no_calendar_ever_ends_lasts_as_long_as_it_is_worth_telling() -> None:
    plan = Plan.parse(NOTICES)
    legs = [Leg("sms", "delivered", business_time=True), Leg("email")]
    topics = {**plan.notices.topics, "stage": attrs.evolve(plan.notices.topics["stage"], legs=legs)}
    workspace = attrs.evolve(plan.workspace, calendar="never")
    never = {"never": Hours(zone="UTC")}
    of = attrs.evolve(plan, notices=attrs.evolve(plan.notices, topics=topics), workspace=workspace, calendars=never)
    joe = Teller(of, channels=["sms"])
    joe.plan_notice(expires_us=joe.now_us + HOUR)
    assert joe.last(e.NoticeSending).until_us == joe.notice().expires_us


def test_a_message_that_waits_its_turn_is_not_late_for_another_one(joe: Teller) -> None:
    joe.plan_notice("law", "k2")
    assert joe.delivery("de2").state == "PENDING"
    joe.run(c.CancelNotice("nt1", "x"), 1)
    joe.advance(0)
    assert (joe.state("nt1"), joe.delivery("de2").state) == ("SUPPRESSED: canceled", "PERMITTED")


def test_nothing_of_it_touches_other_messages() -> None:
    joe = Teller()
    joe.run(c.SendMessage("ca1", "hi", "news", text="Hello"), 1)
    joe.outcome("retry")
    joe.advance(60)
    joe.run(c.StartDelivery("de1", 2, 1))
    joe.run(c.RecordOutcome("de1", 2, "failed", code="x"), 1)
    joe.run(c.SendMessage("ca1", "ho", "news", text="Hello"), 1)
    joe.run(c.CancelDelivery("de2", "x"), 1)
    joe.run(c.StopSending("storm"), 1)
    joe.run(c.SendMessage("ca1", "hu", "news", text="Hello"), 1)
    joe.advance(4 * DAY / SECOND)
    assert [row.state for row in joe.engine.view.deliveries.deliveries.values()] == ["FAILED", "CANCELED", "EXPIRED"]
    assert joe.engine.view.notices.notices == {}


# What machines open


def _read(*providers: str, success_at: str = "read") -> Teller:
    """Joe is to read a mail within an hour, and is sent a text message otherwise."""
    plan = Plan.parse(NOTICES)
    legs = [Leg("email", success_at, providers=providers), Leg("sms")]
    topic = attrs.evolve(plan.notices.topics["delay"], legs=legs)
    topics = {**plan.notices.topics, "delay": topic}
    joe = Teller(attrs.evolve(plan, notices=attrs.evolve(plan.notices, topics=topics)), channels=["email", "sms"])
    joe.plan_notice("delay")
    return joe


@pytest.mark.parametrize("success_at", ["delivered", "read", "acted"])
def test_what_a_machine_opened_is_not_read_and_ends_no_wait(success_at: str) -> None:
    joe = _read(success_at=success_at)
    joe.outcome()
    joe.receipt("acted", is_weak=True)
    assert joe.state() == "SENDING"
    assert joe.events(e.FactTold) == []
    joe.advance(HOUR / SECOND)
    assert _failed(joe) == [("email", "not_in_time")]
    joe.receipt("read", is_weak=True)
    assert joe.delivery("de2").state == "PERMITTED"
    joe.receipt("acted")
    assert (joe.delivery("de2").state, joe.state()) == ("CANCELED", "SENT")


# Accounts of one channel


def _accounts(joe: Teller) -> list[tuple[str, str, str | None]]:
    talks = joe.engine.view.contacts.conversations
    return [(one.channel, talks[one.conversation].account, one.provider) for one in joe.events(e.NoticeSending)]


def test_an_account_that_fails_is_followed_by_the_next_one_at_once() -> None:
    joe = _read("first", "main")
    assert _accounts(joe) == [("email", "first", "first")]
    joe.outcome("failed", code="down")
    assert _accounts(joe)[1:] == [("email", "main", "main")]
    joe.outcome("failed", name="de2")
    assert _accounts(joe)[2:] == [("sms", "main", None)]
    assert joe.notice().channels == {"email\x1ffirst": "de1", "email\x1fmain": "de2", "sms": "de3"}
    joe.outcome(name="de3")
    assert joe.state() == "SENT"


def test_what_may_have_arrived_over_one_account_is_not_sent_over_another_one() -> None:
    joe = _read("first", "main")
    joe.outcome()
    joe.advance(HOUR / SECOND)
    assert _accounts(joe)[1:] == [("sms", "main", None)]


def test_what_is_called_back_is_tried_over_the_same_account_again() -> None:
    joe = _read("first", "main")
    call = joe.talk()
    joe.advance(60)
    assert joe.state() == "HELD: talking"
    joe.hang_up(call)
    joe.advance(600)
    assert _accounts(joe) == [("email", "first", "first")] * 2


def test_without_an_address_there_is_none_over_any_account() -> None:
    plan = Plan.parse(NOTICES)
    legs = [Leg("email", providers=["first", "other"])]
    topics = {**plan.notices.topics, "delay": attrs.evolve(plan.notices.topics["delay"], legs=legs)}
    joe = Teller(attrs.evolve(plan, notices=attrs.evolve(plan.notices, topics=topics, starts={})), channels=["sms"])
    joe.plan_notice("delay")
    assert joe.state() == "FAILED: no_address"
    assert [(one.channel, one.provider) for one in joe.events(e.NoticeLegSkipped)] == [
        ("email", "first"),
        ("email", "other"),
    ]
