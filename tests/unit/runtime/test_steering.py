"""On which channel a waiting contact is best served, and why not on another."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st
from tests.unit.insight.rig import Desk

from orchestra.engine.identity.consent import is_allowed
from orchestra.errors import NotAllowedInState, UnknownId
from orchestra.insight.report import steering_table
from orchestra.model import commands as c
from orchestra.runtime.steering import ORDER, Option, Steering, steer

PLAN = """
[workspace]
default_queue = "care"
[teams.care]
[teams.chatters]
[queues.care]
team = "care"
[queues.chats]
team = "chatters"
[channels.voice]
live = true
connect_target = "2m"
offer_timeout = "10m"
[channels.chat]
live = true
queue = "chats"
connect_target = "2m"
offer_timeout = "10m"
[channels.mail]
queue = "chats"
[identity.purposes]
steering = "opt_out"
[costs]
purpose = "steering"
[costs.needs]
refund = ["payment"]
[costs.channels.voice]
per_contact = 2_000_000
can = ["payment"]
[costs.channels.chat]
per_contact = 500_000
[agents.ana]
teams = ["care"]
[agents.bob]
teams = ["chatters"]
"""


def a_desk(plan: str = PLAN) -> Desk:
    """Both queues have served somebody: five minutes a call, one minute a chat."""
    desk = Desk(plan)
    desk.sign_in("ana", "bob")
    for channel, lasts_s, agent in (("voice", 300, "ana"), ("chat", 60, "bob")):
        first = desk.call("zoe", 10, channel=channel)
        desk.take(first, 20)
        desk.run(c.FinishInteraction(first, agent, "resolved"), 20 + lasts_s) if channel == "chat" else None
    desk.run(c.FinishInteraction("in1", "ana", "resolved"), 320)
    return desk


def busy(desk: Desk, at_s: float = 400) -> str:
    """Ana is on the phone, and another caller waits: the id of that contact."""
    desk.take(desk.call("sue", at_s), at_s + 1)
    return desk.call("joe", at_s + 2)


def option(found: Steering, channel: str) -> Option:
    return next(one for one in found.options if one.channel == channel)


def test_who_would_wait_too_long_is_invited_to_where_somebody_is_free() -> None:
    desk = a_desk()
    found = steer(desk.view, busy(desk))
    assert (found.channel, found.is_change) == ("chat", True)
    assert found.invitation == "reply by chat now, or wait about 5 min"
    assert option(found, "chat").reason == "in time: about 0 s of 2 min, 0.5 EUR"
    assert option(found, "voice").reason == "late: about 5 min, promised are 2 min"


def test_of_those_in_time_the_cheapest_goes_first() -> None:
    desk = a_desk()
    found = steer(desk.view, desk.call("joe", 400))
    assert [one.channel for one in found.options] == ["chat", "voice"]
    assert option(found, "voice").is_in_time
    assert option(found, "voice").reason == "costs 1.5 EUR more"


def test_what_the_customer_prefers_goes_before_what_is_cheap() -> None:
    desk = a_desk()
    desk.run(c.SetPreferences(_customer(desk), ["voice"]), 390)
    found = steer(desk.view, desk.call("joe", 400))
    assert (found.channel, found.is_change, found.invitation) == ("voice", False, None)
    assert option(found, "chat").reason == "not among those that the customer prefers"


def test_what_is_promised_goes_before_what_the_customer_prefers() -> None:
    desk = a_desk()
    desk.run(c.SetPreferences(_customer(desk), ["voice"]), 390)
    assert steer(desk.view, busy(desk)).channel == "chat"


def _customer(desk: Desk) -> str:
    """Joe has called before."""
    called = desk.call("joe", 350)
    desk.run(c.LeaveContact(called), 351)
    return desk.view.contacts.interactions[called].customer


def test_no_channel_without_consent() -> None:
    desk = a_desk()
    desk.run(c.RecordConsent(_customer(desk), "steering", given=False, channel="chat"), 390)
    found = steer(desk.view, busy(desk))
    assert (found.channel, found.is_change) == ("voice", False)
    assert option(found, "chat").failing == "no consent to steering"


def test_no_channel_that_cannot_do_what_the_topic_needs() -> None:
    desk = a_desk()
    desk.take(desk.call("sue", 400), 401)
    found = steer(desk.view, desk.call("joe", 402, topic="refund"))
    assert found.channel == "voice"
    assert option(found, "chat").failing == option(found, "chat").reason == "cannot payment"


def test_no_channel_on_which_the_customer_cannot_be_reached() -> None:
    desk = a_desk(PLAN.replace("per_contact = 500_000", 'per_contact = 500_000\nreach = ["email", "phone"]'))
    assert option(steer(desk.view, busy(desk)), "chat").failing == "no address of theirs is of kind email or phone"
    desk = a_desk(PLAN.replace("per_contact = 500_000", 'per_contact = 500_000\nreach = ["handle"]'))
    assert steer(desk.view, busy(desk)).channel == "chat"


def test_no_channel_that_is_closed() -> None:
    desk = a_desk()
    desk.run(c.CloseQueue("chats", "holiday"), 390)
    found = steer(desk.view, busy(desk))
    assert (found.channel, option(found, "chat").failing) == ("voice", "closed")


def test_no_channel_of_work_items() -> None:
    plan = PLAN.replace("[channels.mail]\n", "[channels.task]\nwork = true\n[channels.mail]\n")
    desk = a_desk(plan + "[costs.channels.task]\n")
    assert option(steer(desk.view, busy(desk)), "task").failing == "for work items only"


def test_no_channel_that_is_down() -> None:
    desk = a_desk()
    called = busy(desk)
    desk.run(c.ReportChannel("chat", "sales", "down", "no answer"), 403)
    desk.run(c.ReportChannel("mail", "main", "down", "no answer"), 404)
    found = steer(desk.view, called)
    assert (found.channel, option(found, "chat").failing) == ("voice", "down: sales")
    desk.run(c.ReportChannel("chat", "sales", "up", "it answers"), 405)
    assert steer(desk.view, called).channel == "chat"


def test_nobody_is_steered_to_what_is_over() -> None:
    desk = a_desk()
    called = busy(desk)
    case = desk.view.contacts.interactions[called].case or ""
    desk.run(c.ResolveCase(case), 403)
    desk.run(c.CloseCase(case), 404)
    found = steer(desk.view, called)
    assert (found.channel, found.text) == ("voice", None)
    assert option(found, "chat").failing == "the case is closed: nobody is invited to what is over"


def test_a_work_item_is_steered_nowhere() -> None:
    desk = a_desk(PLAN.replace("[channels.mail]\n", "[channels.task]\nwork = true\n[channels.mail]\n"))
    item = desk.run(c.OpenWorkItem("task", "t1", customer=_customer(desk)), 400).result.interaction
    found = steer(desk.view, item)
    assert (found.channel, found.text) == ("task", None)
    assert option(found, "chat").failing == "in a work item nobody is in touch"


def test_channels_without_a_cost_are_not_proposed() -> None:
    desk = a_desk()
    assert {one.channel for one in steer(desk.view, busy(desk)).options} == {"voice", "chat"}


def test_a_contact_on_a_channel_without_a_cost_may_stay() -> None:
    desk = a_desk()
    desk.take(desk.call("sue", 400, channel="chat"), 401)
    found = steer(desk.view, desk.write("joe", 402, "mail"))
    assert option(found, "mail").is_current
    assert option(found, "mail").cost_micros == 0


def test_nothing_tells_how_long_it_takes_where_nobody_is() -> None:
    desk = a_desk()
    desk.run(c.SignOut("bob"), 390)
    found = steer(desk.view, busy(desk))
    assert (found.channel, option(found, "chat").wait_us) == ("voice", None)
    assert option(found, "chat").failing == "nothing tells how long it takes"


def test_a_contact_stays_where_nothing_tells_how_long_it_takes_anywhere() -> None:
    desk = Desk(PLAN)
    found = steer(desk.view, desk.call("joe", 10))
    assert (found.channel, found.is_change, found.invitation) == ("voice", False, None)
    assert option(found, "voice").reason == "nothing tells how long it takes; promised are 2 min, 2 EUR"


def test_where_nobody_is_in_time_the_shortest_wait_goes_first() -> None:
    desk = a_desk(PLAN.replace('connect_target = "2m"', 'connect_target = "1s"'))
    desk.take(desk.call("sue", 400), 401)
    desk.take(desk.call("kim", 402, channel="chat"), 403)
    found = steer(desk.view, desk.call("joe", 404))
    assert found.channel == "chat"
    assert not option(found, "chat").is_in_time
    assert found.invitation == "reply by chat within about 1 min, or wait about 5 min"


def test_where_nothing_may_be_proposed_the_contact_stays() -> None:
    desk = a_desk()
    desk.run(c.CloseQueue("care", "holiday"), 390)
    desk.run(c.CloseQueue("chats", "holiday"), 391)
    mailed = desk.write("joe", 400, "mail")
    found = steer(desk.view, mailed)
    assert (found.channel, found.is_change, found.invitation) == ("mail", False, None)
    assert {one.failing for one in found.options} == {"closed"}
    assert [one.key for one in found.options] == [None, None, None]


def test_what_is_equally_dear_and_quick_is_no_reason_to_move() -> None:
    desk = a_desk(PLAN.replace("per_contact = 2_000_000", "per_contact = 500_000"))
    found = steer(desk.view, desk.call("joe", 400))
    assert (found.channel, option(found, "chat").reason) == ("voice", "no better than to stay")


def test_minutes_are_shared_by_those_who_are_served_at_once() -> None:
    rates = "per_contact = 500_000\nper_minute = 600_000\nconcurrency = 3"
    desk = a_desk(PLAN.replace("per_contact = 500_000", rates))
    lasts_us = desk.view.routing.paces.lasts_us("chats")
    assert lasts_us == 60_000_000
    assert option(steer(desk.view, busy(desk)), "chat").cost_micros == 500_000 + 200_000
    assert desk.view.routing.paces.lasts_us("nowhere") == 0


def test_who_does_not_wait_is_not_steered() -> None:
    desk = a_desk()
    called = desk.call("joe", 400)
    desk.take(called, 410)
    with pytest.raises(NotAllowedInState):
        steer(desk.view, called)
    with pytest.raises(UnknownId):
        steer(desk.view, "in999")


def test_it_changes_nothing_and_is_the_same_again() -> None:
    desk = a_desk()
    called, before = busy(desk), len(desk.events())
    assert steer(desk.view, called) == steer(desk.view, called)
    assert len(desk.events()) == before


def test_it_is_plain_data_and_a_table() -> None:
    desk = a_desk()
    found = steer(desk.view, busy(desk))
    made = json.loads(json.dumps(found.to_json()))
    assert (made["channel"], made["order"], made["currency"]) == ("chat", list(ORDER), "EUR")
    assert made["options"][0]["wait_s"] == 0
    assert made["options"][0]["promised_s"] == 120
    table = steering_table(found)
    assert table.title == f"Channels for {found.interaction}: reply by chat now, or wait about 5 min"
    assert table.rows[0] == ("1", "chat", "0 s", "2 min", "0.50 EUR", "in time: about 0 s of 2 min, 0.5 EUR")
    assert table.rows[1][1] == "voice (is there)"


def test_the_table_tells_that_they_are_invited_already() -> None:
    desk = a_desk()
    called = busy(desk)
    desk.run(c.InviteToChannel("chat", called, text="Come!"), 403)
    found = steer(desk.view, called)
    assert (found.invited, steering_table(found).title[-15:]) == ("iv1", " (invited: iv1)")
    desk.run(c.WithdrawInvitation("iv1", "a mistake"), 404)
    assert steer(desk.view, called).invited is None


# Whatever the desk looks like


@st.composite
def desks(draw: st.DrawFn) -> tuple[Desk, str]:
    price = {name: draw(st.integers(0, 3)) * 500_000 for name in ("voice", "chat")}
    plan = PLAN.replace("per_contact = 2_000_000", f"per_contact = {price['voice']}")
    desk = a_desk(plan.replace("per_contact = 500_000", f"per_contact = {price['chat']}"))
    customer = _customer(desk)
    if draw(st.booleans()):
        desk.run(c.RecordConsent(customer, "steering", given=draw(st.booleans()), channel="chat"), 380)
    if draw(st.booleans()):
        wanted: list[Any] = draw(st.lists(st.sampled_from(["voice", "chat"]), unique=True))
        desk.run(c.SetPreferences(customer, wanted), 381)
    if draw(st.booleans()):
        desk.take(desk.call("sue", 390), 391)
    if draw(st.booleans()):
        desk.take(desk.call("kim", 392, channel="chat"), 393)
    topic = draw(st.sampled_from([None, "refund"]))
    return desk, desk.call("joe", 400, channel=draw(st.sampled_from(["voice", "chat"])), topic=topic)


@given(desks())
def test_the_best_is_allowed_able_and_the_cheapest_of_those_in_time(drawn: tuple[Desk, str]) -> None:
    desk, called = drawn
    found = steer(desk.view, called)
    customer = desk.view.contacts.interactions[called].customer
    best = option(found, found.channel)
    preferred = desk.view.identity.preferred(customer)
    if found.is_change:
        assert is_allowed(desk.view, customer, found.channel, "steering")
        assert best.failing is None
    rivals = [one for one in found.options if one.failing is None and one.is_in_time]
    if rivals and best.failing is None:
        assert best.is_in_time
        welcome = [one for one in rivals if not preferred or one.channel in preferred] or rivals
        assert best.cost_micros == min(one.cost_micros for one in welcome)
    assert all(one.reason for one in found.options)
