"""Digests: what waits for what, who takes whom along, and that nothing is lost whoever of them goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import DAY, HOUR, MINUTE, SECOND
from tests.notice_plans import DIGESTS, NOTICES, Teller

from orchestra.errors import NotAllowedInState
from orchestra.model import commands as c, events as e
from orchestra.model.notices import Cap, Digest, Leg
from orchestra.model.plan import Plan

TEXT = "$count things are new:\n$entries"


def _gatherer(digest: Digest | None = None, *, plan: str = DIGESTS, **values: Any) -> Teller:
    """Joe, of whom such a digest is kept."""
    read = Plan.parse(plan)
    digests = read.notices.digests if digest is None else {"news": digest}
    caps = values.pop("caps", ())
    return Teller(attrs.evolve(read, notices=attrs.evolve(read.notices, digests=digests, caps=caps)), **values)


@pytest.fixture
def joe() -> Teller:
    """What changes for Joe is gathered for an hour."""
    return _gatherer()


def _stage(joe: Teller, number: int, stage: str | None = None, **values: Any) -> str:
    return joe.plan_notice("stage", f"k{number}", facts={"stage": stage or f"at {number}"}, **values)


def _place(joe: Teller, number: int, **values: Any) -> str:
    return joe.plan_notice("place", f"k{number}", facts={"place": f"Town {number}"}, **values)


def _two(joe: Teller) -> None:
    """A stage and a place, a minute apart."""
    _stage(joe, 1, "packed")
    _place(joe, 2, after=60)


def _leave(joe: Teller, name: str = "nt1") -> None:
    """Let time pass until the digest that one leads leaves."""
    joe.advance_to(joe.notice(name).until_us or 0)


def _states(joe: Teller) -> list[str]:
    return [joe.state(name) for name in joe.engine.view.notices.notices]


def test_what_is_gathered_leaves_as_one_message_when_the_window_is_over(joe: Teller) -> None:
    _two(joe)
    assert _states(joe) == ["HELD: gathering", "HELD: in_digest"]
    first = joe.events(e.NoticeGathered)[0]
    assert first == e.NoticeGathered("nt1", "cu1", "news", "cu1", joe.notice().planned_us + HOUR)
    assert joe.last(e.NoticeGathered) == attrs.evolve(first, notice="nt2", leader="nt1")
    joe.advance_to(first.until_us - 1)
    assert joe.written() == []
    joe.advance_to(first.until_us)
    assert joe.written() == ["2 things are new:\n- It is packed.\n- It is in Town 2."]
    assert _states(joe) == ["SENDING", "HELD: in_digest"]
    joe.outcome()
    assert _states(joe) == ["SENT", "SENT"]
    sent = joe.events(e.NoticeSent)
    assert sent[1] == e.NoticeSent("nt2", "cu1", "email", "de1", "accepted")
    told = [(one.fact, one.value, one.notice) for one in joe.events(e.FactTold)]
    assert told == [("stage", "packed", "nt1"), ("place", "Town 2", "nt2")]


def test_the_edition_of_the_words_is_that_of_the_digest_if_it_takes_any_along(joe: Teller) -> None:
    _two(joe)
    _leave(joe)
    joe.outcome()
    together = joe.last(e.NoticeSending).wording
    _stage(joe, 3)
    assert together not in {event.wording for event in joe.events(e.NoticePlanned)}
    _leave(joe, "nt3")
    assert joe.last(e.NoticeSending).wording == joe.last(e.NoticePlanned).wording


def test_one_alone_is_told_in_its_own_words(joe: Teller) -> None:
    _stage(joe, 1, "packed")
    joe.advance(HOUR / SECOND)
    assert joe.written() == ["It is packed."]
    joe.outcome()
    _stage(joe, 2)
    assert joe.state("nt2") == "HELD: gathering"


def test_what_comes_once_it_has_left_waits_for_the_next_one(joe: Teller) -> None:
    _stage(joe, 1)
    joe.advance(HOUR / SECOND)
    _stage(joe, 2)
    assert _states(joe) == ["SENDING", "HELD: gathering"]
    joe.outcome()
    joe.advance(HOUR / SECOND)
    assert joe.written() == ["It is at 1.", "It is at 2."]


def test_the_newest_value_of_a_fact_is_told(joe: Teller) -> None:
    _two(joe)
    _stage(joe, 3, "sent")
    assert _states(joe) == ["SUPPRESSED: outdated", "HELD: gathering", "HELD: in_digest"]
    assert joe.last(e.NoticeSuppressed) == e.NoticeSuppressed("nt1", "cu1", "outdated", "nt3")
    joe.advance(HOUR / SECOND)
    assert joe.written() == ["2 things are new:\n- It is in Town 2.\n- It is sent."]


def test_of_what_several_tell_in_part_the_newest_value_stands_in_all_of_them(joe: Teller) -> None:
    joe.plan_notice("both", "k1", facts={"stage": "packed", "due": "2026-08-01"})
    _stage(joe, 2, "sent")
    joe.advance(HOUR / SECOND)
    assert joe.written() == ["2 things are new:\n- It is sent, and comes on 2026-08-01.\n- It is sent."]
    joe.outcome()
    assert [(one.fact, one.value) for one in joe.events(e.FactTold)] == [
        ("due", "2026-08-01"),
        ("stage", "sent"),
        ("stage", "sent"),
    ]


def test_what_is_of_several_cases_is_told_of_each(joe: Teller) -> None:
    joe.run(c.OpenCase("cu1"), 1)
    _stage(joe, 1, "packed")
    _stage(joe, 2, "sent", case="ca2")
    joe.plan_notice("stage", "k3", customer="cu1", facts={"stage": "there"})
    assert _states(joe) == ["HELD: gathering", "HELD: in_digest", "HELD: in_digest"]
    joe.advance(HOUR / SECOND)
    assert joe.written() == ["3 things are new:\n- It is packed.\n- It is sent.\n- It is there."]
    joe.outcome()
    assert [(one.case, one.value) for one in joe.events(e.FactTold)] == [
        ("ca1", "packed"),
        ("ca2", "sent"),
        ("ca1", "there"),
    ]


def test_it_may_be_gathered_case_by_case() -> None:
    joe = _gatherer(Digest(by="case", text=TEXT))
    joe.run(c.OpenCase("cu1"), 1)
    _stage(joe, 1)
    _stage(joe, 2, case="ca2")
    _place(joe, 3)
    joe.plan_notice("place", "k4", customer="cu1", facts={"place": "Rome"})
    assert [one.leader for one in joe.events(e.NoticeGathered)] == [None, None, "nt1", None]
    assert [one.about for one in joe.events(e.NoticeGathered)] == ["ca1", "ca2", "ca1", "cu1"]


def test_what_is_urgent_takes_along_what_has_been_gathered(joe: Teller) -> None:
    _two(joe)
    joe.plan_notice("both", "k3", facts={"stage": "lost", "due": "2026-08-01"}, urgency="urgent")
    assert joe.last(e.NoticeGathered).until_us == joe.now_us
    joe.advance(0)
    assert joe.written() == ["2 things are new:\n- It is in Town 2.\n- It is lost, and comes on 2026-08-01."]
    joe.outcome()
    _stage(joe, 4, urgency="urgent")
    joe.advance(0)
    assert joe.written()[1:] == ["It is at 4."]


def test_what_would_expire_meanwhile_does_not_wait(joe: Teller) -> None:
    _stage(joe, 1)
    _place(joe, 2, expires_us=joe.now_us + 30 * MINUTE)
    joe.advance(0)
    assert joe.written() == ["2 things are new:\n- It is at 1.\n- It is in Town 2."]


def test_a_full_digest_leaves() -> None:
    joe = _gatherer(Digest(most=2, text=TEXT))
    _stage(joe, 1)
    _place(joe, 2)
    joe.advance(0)
    assert joe.written() == ["2 things are new:\n- It is at 1.\n- It is in Town 2."]


def test_a_full_digest_that_is_held_takes_no_more() -> None:
    joe = _gatherer(Digest(most=2, text=TEXT))
    call = joe.talk()
    _stage(joe, 1)
    _place(joe, 2)
    joe.plan_notice("place", "k3", customer="cu1", facts={"place": "Rome"})
    assert _states(joe) == ["HELD: talking"] * 3
    joe.hang_up(call)
    joe.advance(HOUR / SECOND)
    assert [one.leader for one in joe.events(e.NoticeGathered)] == [None, "nt1", None]


def test_nothing_waits_longer_than_the_plan_says() -> None:
    joe = _gatherer(Digest(window=timedelta(hours=3), longest=timedelta(hours=1), text=TEXT))
    _stage(joe, 1)
    assert joe.notice().until_us == joe.now_us + HOUR


def test_it_may_leave_at_times_of_the_customers_own_day() -> None:
    joe = _gatherer(Digest(at=["23:59", "09:00"], text=TEXT))
    joe.run(c.SetCustomerZone("cu1", "Asia/Tokyo"), 1)  # it is 07:13 there
    _stage(joe, 1)
    assert joe.notice().until_us == joe.now_us - joe.now_us % HOUR + 2 * HOUR  # 09:00, at 00:00 UTC
    joe.advance_to(joe.notice().until_us)
    assert joe.written() == ["It is at 1."]
    joe.outcome()
    _stage(joe, 2)
    assert joe.notice("nt2").until_us == (joe.notice().sent_us or 0) // HOUR * HOUR + 14 * HOUR + 59 * MINUTE


def test_the_first_one_may_go_ahead() -> None:
    joe = _gatherer(Digest(leading=True, text=TEXT))
    _stage(joe, 1)
    joe.advance(0)
    assert joe.written() == ["It is at 1."]
    let_go_us = joe.notice().gathers_us or 0
    _stage(joe, 2)  # though the first one has not left yet
    assert joe.notice("nt2").until_us == let_go_us + HOUR
    joe.outcome()
    left_us = joe.notice().left["de1"]
    _place(joe, 3, after=60)
    assert joe.state("nt3") == "HELD: in_digest"
    joe.advance_to(let_go_us + HOUR)
    joe.outcome(name="de2")
    assert joe.state("nt3") == "SENT"
    assert left_us > let_go_us
    joe.advance(2 * HOUR / SECOND)
    _stage(joe, 4)
    joe.advance(0)
    assert joe.written()[2:] == ["It is at 4."]
    joe.outcome(name="de3")
    _stage(joe, 5, after=60)
    assert joe.notice("nt5").until_us == joe.notice("nt4").left["de3"] + HOUR


def test_only_what_is_of_the_digest_goes_ahead_of_it() -> None:
    joe = _gatherer(Digest(leading=True, text=TEXT))
    _stage(joe, 1)
    joe.advance(0)
    joe.outcome()
    joe.advance(600)
    joe.plan_notice("code", "k2")
    joe.outcome(name="de2")
    _stage(joe, 3)
    assert joe.notice("nt3").until_us == joe.notice().left["de1"] + HOUR


def test_what_is_of_no_urgency_does_not_go_ahead() -> None:
    joe = _gatherer(Digest(leading=True, text=TEXT))
    _stage(joe, 1, urgency="low")
    assert joe.state() == "HELD: gathering"


def test_two_classes_are_not_gathered_together() -> None:
    joe = _gatherer(plan=DIGESTS.replace('kind = "legal"', 'kind = "legal"\ndigest = "news"'))
    _stage(joe, 1)
    joe.plan_notice("law", "k2")
    assert _states(joe) == ["HELD: gathering", "HELD: gathering"]


# Who leads


def test_who_is_cancelled_is_followed_by_the_oldest_and_nothing_is_lost(joe: Teller) -> None:
    _two(joe)
    joe.plan_notice("place", "k3", customer="cu1", facts={"place": "Rome"})
    until_us = joe.notice().until_us
    joe.run(c.CancelNotice("nt1", "sold out"), 1)
    assert _states(joe) == ["SUPPRESSED: canceled", "HELD: gathering", "HELD: in_digest"]
    promoted = joe.last(e.NoticeGathered)
    assert promoted == e.NoticeGathered("nt2", "cu1", "news", "cu1", until_us or 0, None, "nt1")
    assert joe.notice("nt3").leader == "nt2"
    assert joe.notice("nt2").until_us == until_us
    joe.advance(HOUR / SECOND)
    assert joe.written() == ["2 things are new:\n- It is in Town 2.\n- It is in Rome."]


def test_who_is_cancelled_while_its_message_is_to_leave_takes_nothing_with_it(joe: Teller) -> None:
    _two(joe)
    _leave(joe)
    joe.run(c.CancelNotice("nt1", "sold out"), 1)
    assert joe.delivery("de1").state == "CANCELED"
    joe.advance(0)
    assert joe.written()[1:] == ["It is in Town 2."]
    joe.outcome(name="de2")
    assert _states(joe) == ["SUPPRESSED: canceled", "SENT"]


def test_what_is_cancelled_does_not_leave_in_the_message_of_another_one(joe: Teller) -> None:
    _two(joe)
    _leave(joe)
    joe.run(c.CancelNotice("nt2", "sold out"), 1)
    assert joe.last(e.NoticeRecalled).reason == "changed"
    assert joe.written()[1:] == ["It is packed."]
    assert _states(joe) == ["SENDING", "SUPPRESSED: canceled"]


def test_what_has_left_with_another_one_cannot_be_called_back(joe: Teller) -> None:
    _two(joe)
    _leave(joe)
    joe.start()
    joe.refuse(c.CancelNotice("nt2", "sold out"), NotAllowedInState)
    call = joe.talk()
    joe.refuse(c.TellNow(call, "ana", "nt2"), NotAllowedInState)
    joe.run(c.RecordOutcome("de1", 1, "accepted", ["p-de1"]), 1)
    assert _states(joe) == ["SENT", "SENT"]


def test_who_expires_is_followed(joe: Teller) -> None:
    call = joe.talk()
    _stage(joe, 1, expires_us=joe.now_us + 2 * HOUR)
    joe.hang_up(call)
    joe.advance(600)
    _place(joe, 2)
    joe.run(c.StopSending("storm"), 1)
    joe.advance(2 * HOUR / SECOND)
    assert _states(joe) == ["EXPIRED", "SENDING"]
    joe.run(c.StartSending(), 1)
    joe.advance(1)
    joe.outcome(name=joe.notice("nt2").delivery or "")
    assert joe.state("nt2") == "SENT"
    assert joe.written()[-1] == "It is in Town 2."


def test_what_expires_in_the_message_of_another_one_does_not_leave(joe: Teller) -> None:
    _stage(joe, 1)
    _place(joe, 2, expires_us=joe.now_us + 2 * HOUR)
    joe.run(c.StopSending("storm"), 1)
    joe.advance(2 * HOUR / SECOND)
    assert _states(joe) == ["SENDING", "EXPIRED"]
    joe.run(c.StartSending(), 1)
    joe.advance(1)
    assert joe.written() == ["2 things are new:\n- It is at 1.\n- It is in Town 2.", "It is at 1."]


def test_an_agent_tells_one_of_them(joe: Teller) -> None:
    _two(joe)
    call = joe.talk()
    joe.run(c.TellNow(call, "ana", "nt1"), 1)
    assert _states(joe) == ["SUPPRESSED: told", "HELD: gathering"]
    joe.hang_up(call)
    joe.advance(HOUR / SECOND)
    assert joe.written() == ["It is in Town 2."]


# What is asked when it leaves


def test_what_must_not_be_told_any_more_stays_behind(joe: Teller) -> None:
    _two(joe)
    joe.run(c.SetNoticePreference("cu1", False, "place"), 1)
    joe.advance(HOUR / SECOND)
    assert joe.written() == ["It is packed."]
    assert _states(joe) == ["SENDING", "SUPPRESSED: not_wanted"]


def test_what_must_not_be_told_any_more_is_asked_again_as_it_leaves(joe: Teller) -> None:
    _two(joe)
    _leave(joe)
    joe.run(c.SetNoticePreference("cu1", False, "place"), 1)
    refused = joe.refuse(c.StartDelivery("de1", 1, 1), NotAllowedInState)
    assert "not_wanted" in str(refused)
    joe.advance(60)
    assert joe.written()[1:] == ["It is packed."]
    assert joe.state("nt2") == "SUPPRESSED: not_wanted"


def test_what_waits_for_something_else_goes_by_itself() -> None:
    joe = _gatherer(plan=DIGESTS.replace('text = "It is in $place."', 'text = "It is in $place."\nevery = "2h"'))
    _place(joe, 1)
    joe.advance(HOUR / SECOND)
    joe.outcome()
    joe.advance(60)
    _stage(joe, 2)
    _place(joe, 3)
    joe.advance(HOUR / SECOND)
    assert joe.state("nt3") == "HELD: throttled"
    assert (joe.notice("nt3").leader, joe.notice("nt3").gathers) == (None, None)
    joe.outcome(name="de2")
    joe.advance(3 * HOUR / SECOND)
    assert joe.written() == ["It is in Town 1.", "It is at 2.", "It is in Town 3."]


def test_a_stop_of_one_topic_keeps_that_and_nothing_else(joe: Teller) -> None:
    _two(joe)
    joe.run(c.StopSending("wrong towns", topic="place"), 1)
    _leave(joe)
    assert joe.written() == ["It is packed.", "It is in Town 2."]
    assert [joe.delivery(name).state for name in ("de1", "de2")] == ["PERMITTED", "PENDING"]
    joe.outcome()
    joe.run(c.StartSending(topic="place"), 1)
    joe.advance(1)
    joe.outcome(name="de2")
    assert _states(joe) == ["SENT", "SENT"]


def test_a_stop_of_one_topic_parts_what_is_to_leave_together(joe: Teller) -> None:
    _two(joe)
    _leave(joe)
    joe.run(c.StopSending("wrong towns", topic="place"), 1)
    assert "parted" in str(joe.refuse(c.StartDelivery("de1", 1, 1), NotAllowedInState))
    joe.advance(60)
    assert joe.written()[1:] == ["It is packed.", "It is in Town 2."]


def test_who_does_not_want_one_of_them_on_a_channel_gets_it_on_the_next() -> None:
    joe = _gatherer(Digest(text=TEXT, legs=[Leg("sms"), Leg("email")]), channels=("email", "sms"))
    _stage(joe, 1)
    _place(joe, 2)
    joe.plan_notice("both", "k3", facts={"stage": "sent", "due": "2026-08-01"})
    joe.run(c.SetNoticePreference("cu1", False, "place", "sms"), 1)
    joe.run(c.SetNoticePreference("cu1", False, "both", "sms"), 1)
    joe.advance(HOUR / SECOND)
    assert [joe.notice(name).state for name in ("nt1", "nt2", "nt3")] == ["SUPPRESSED", "SENDING", "HELD"]
    assert joe.last(e.NoticeSending).channel == "email"


def test_two_of_three_stay_behind_together() -> None:
    joe = _gatherer(Digest(text=TEXT, legs=[Leg("sms"), Leg("email")]), channels=("email", "sms"))
    joe.run(c.OpenCase("cu1"), 1)
    _stage(joe, 1)
    _place(joe, 2)
    _place(joe, 3, case="ca2")
    joe.run(c.SetNoticePreference("cu1", False, "place", "sms"), 1)
    joe.advance(HOUR / SECOND)
    assert joe.written() == ["It is at 1.", "2 things are new:\n- It is in Town 2.\n- It is in Town 3."]
    assert [one.channel for one in joe.events(e.NoticeSending)] == ["sms", "email"]


def test_people_who_part_get_what_is_theirs(joe: Teller) -> None:
    joe.message("mia", "email")
    joe.run(c.MergeCustomers("cu1", "cu2", "told", 100, actor="operator:kim"), 1)
    _stage(joe, 1)
    joe.plan_notice("place", "k2", case="ca2", facts={"place": "Rome"})
    assert joe.state("nt2") == "HELD: in_digest"
    joe.run(c.SplitCustomers("li1", "two people", actor="operator:kim"), 1)
    _leave(joe)
    assert joe.written() == ["It is at 1.", "It is in Rome."]
    assert len({one.conversation for one in joe.events(e.NoticeSending)}) == 2


# What becomes of it


def _tried(joe: Teller) -> None:
    _two(joe)
    _leave(joe)


def test_what_does_not_arrive_is_tried_together_on_the_next_channel() -> None:
    joe = _gatherer(Digest(text=TEXT, legs=[Leg("sms", "delivered"), Leg("email")]), channels=("email", "sms"))
    _tried(joe)
    joe.outcome("failed")
    assert joe.written()[0] == joe.written()[1]
    joe.outcome(name="de2")
    assert _states(joe) == ["SENT", "SENT"]


def test_what_arrives_late_ends_all_of_it() -> None:
    joe = _gatherer(Digest(text=TEXT, legs=[Leg("sms", "delivered"), Leg("email")]), channels=("email", "sms"))
    _tried(joe)
    joe.outcome()
    joe.advance(HOUR / SECOND)
    assert joe.delivery("de2").state == "PERMITTED"
    joe.receipt("delivered")
    assert joe.delivery("de2").state == "CANCELED"
    assert _states(joe) == ["SENT", "SENT"]


def test_what_arrives_nowhere_has_failed_for_all(joe: Teller) -> None:
    _tried(joe)
    joe.outcome("failed", code="full")
    assert _states(joe) == ["FAILED: full", "FAILED: full"]


def test_what_is_told_not_to_have_arrived_after_all_is_tried_again_for_all() -> None:
    joe = _gatherer(Digest(text=TEXT, legs=[Leg("sms"), Leg("email")]), channels=("email", "sms"))
    _tried(joe)
    joe.outcome()
    assert _states(joe) == ["SENT", "SENT"]
    joe.receipt("failed")
    assert [one.notice for one in joe.events(e.NoticeLegFailed)] == ["nt1", "nt2"]
    joe.outcome(name="de2")
    assert _states(joe) == ["SENT", "SENT"]
    assert joe.written()[0] == joe.written()[1]


def test_what_left_and_is_not_heard_of_has_failed_when_its_time_is_over() -> None:
    legs = [Leg("sms", "read", timedelta(hours=30)), Leg("email", "read")]
    joe = _gatherer(Digest(text=TEXT, legs=legs), channels=("email", "sms"))
    _stage(joe, 1, expires_us=joe.now_us + 3 * DAY)
    _place(joe, 2, expires_us=joe.now_us + DAY)
    joe.advance(HOUR / SECOND)
    joe.outcome()
    joe.advance(DAY / SECOND)
    assert _states(joe) == ["SENDING", "FAILED: no_receipt"]
    joe.receipt("read")
    assert _states(joe) == ["SENT", "SENT"]


def test_a_digest_counts_once_where_there_is_room_for_so_many() -> None:
    joe = _gatherer(caps=[Cap(2, timedelta(days=1))])
    _tried(joe)
    joe.outcome()
    joe.plan_notice("code", "k3")
    assert joe.state("nt3") == "SENDING"
    joe.outcome(name="de2")
    joe.plan_notice("code", "k4", facts={"code": "4712"})
    assert joe.state("nt4") == "HELD: capped"


def test_what_there_is_no_room_for_is_gathered_until_there_is() -> None:
    joe = _gatherer(caps=[Cap(1, timedelta(days=1), overflow="digest", digest="news")])
    joe.plan_notice("code", "k1")
    joe.outcome()
    left_us = joe.notice().left["de1"]
    joe.plan_notice("code", "k2", facts={"code": "b"})
    joe.plan_notice("both", "k3", facts={"stage": "sent", "due": "2026-08-01"})
    assert _states(joe)[1:] == ["HELD: gathering", "HELD: in_digest"]
    joe.advance(2 * HOUR / SECOND)
    assert _states(joe)[1:] == ["HELD: capped", "HELD: in_digest"]
    joe.plan_notice("law", "k4")
    joe.plan_notice("place", "k5", facts={"place": "Rome"})
    assert _states(joe)[3:] == ["SENDING", "HELD: in_digest"]
    joe.advance_to(left_us + DAY)
    assert joe.written()[-1] == (
        "3 things are new:\n- Your code is b.\n- It is sent, and comes on 2026-08-01.\n- It is in Rome."
    )


def test_what_left_by_itself_meanwhile_is_not_told_twice_by_a_late_receipt() -> None:
    joe = _gatherer(Digest(text=TEXT, legs=[Leg("sms", "delivered"), Leg("email")]), channels=("email", "sms"))
    _tried(joe)
    joe.outcome()
    joe.run(c.StopSending("wrong towns", topic="place"), 1)
    joe.advance(HOUR / SECOND)
    assert joe.written()[1:] == ["It is packed.", "It is in Town 2."]
    joe.run(c.StartSending(topic="place"), 1)
    joe.run(c.StopSending("no mails of it", topic="stage"), 0)
    while joe.delivery("de3").state != "PERMITTED":
        joe.advance_to(joe.engine.due() or 0)
    joe.outcome(name="de3")
    assert _states(joe) == ["SENDING", "SENT"]
    joe.receipt("delivered")
    assert _states(joe) == ["SENT", "SENT"]
    assert [one.notice for one in joe.events(e.NoticeSent)] == ["nt2", "nt1"]


def test_what_is_cancelled_stays_in_what_has_failed_before() -> None:
    joe = _gatherer(Digest(text=TEXT, legs=[Leg("sms"), Leg("email")]), channels=("email", "sms"))
    _tried(joe)
    joe.outcome("failed")
    joe.run(c.CancelNotice("nt2", "sold out"), 1)
    assert [joe.delivery(name).state for name in ("de1", "de2")] == ["FAILED", "CANCELED"]
    assert joe.written()[2:] == ["It is packed."]


# Templates


def test_a_template_says_it_in_the_customers_language_and_medium() -> None:
    own_text = 'text = "$count things are new:\\n$entries"\n'
    assert own_text in DIGESTS
    text = DIGESTS.replace(own_text, "")
    text += """
[templates.news]
facts = {count = "integer", entries = "entries"}
[templates.news.languages.en]
title = "$count news $entries"
text = "<p>News:</p>$entries"
medium = "html"
[templates.news.languages.de]
text = "<p>Neuigkeiten:</p>$entries"
medium = "html"
[notices.topics.way]
digest = "news"
[templates.way]
facts = {place = "text"}
[templates.way.languages.en]
text = "<b>$place</b>"
medium = "html"
[templates.way.languages.de]
text = "In $place"
"""
    joe = _gatherer(plan=text)
    _stage(joe, 1, "<sent>")
    joe.plan_notice("way", "k2", facts={"place": "A&B"})
    joe.advance(HOUR / SECOND)
    written = joe.last(e.MessageWritten)
    assert written.text == "<p>News:</p><ul><li>It is &lt;sent&gt;.</li><li><b>A&amp;B</b></li></ul>"
    assert (written.title, written.medium) == ("2 news", "html")
    assert len(joe.last(e.NoticeSending).wording or "") == 16


def test_a_digest_that_the_plan_does_not_know_any_more_holds_nothing_together(joe: Teller) -> None:
    _two(joe)
    plan = Plan.parse(NOTICES + '[notices.topics.place]\ntext = "It is in $place."\nfacts = {place = "text"}\n')
    joe.run(c.ChangePlan(plan, "later", "zones", "check"), 1)
    joe.advance(HOUR / SECOND)
    assert joe.written() == ["It is packed.", "It is in Town 2."]
