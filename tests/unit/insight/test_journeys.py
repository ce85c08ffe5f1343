"""Journeys over several contacts, worked out by hand and through the engine."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.insight.rig import PLAN, Desk, busy_day, fold, thread
from tests.unit.insight.test_measures import _replay

from orchestra.insight.journeys import CaseCount, Journeys, JourneyTally
from orchestra.insight.measures import Measures
from orchestra.insight.waiting import union_us
from orchestra.model import commands as c, events as e

US = 1_000_000
HOUR = 3_600
DAY = 24 * HOUR
RETURN = 7 * DAY

MORE = """
[fields.interaction]
order = "text"
[fields.case]
order = "text"
"""


def a_desk(more: str = "") -> Desk:
    desk = Desk(PLAN + MORE + more)
    desk.sign_in("ana")
    return desk


def total(desk: Desk) -> Journeys:
    return desk.measures().total.journeys


def settle(desk: Desk, interaction: str, at_s: float, disposition: str = "resolved") -> None:
    """An agent takes it and settles its case."""
    agent = desk.take(interaction, at_s)
    desk.run(c.FinishInteraction(interaction, agent, disposition), at_s + 10)


def share(journeys: Journeys, key: str) -> tuple[int, int]:
    found = journeys.shares[key]
    return found.numerator, found.denominator


def resolution(journeys: Journeys) -> dict[str, tuple[int, int]]:
    return {key: share(journeys, key) for key in ("gross", "net", "cross_channel")}


# First contact resolution


def test_a_case_that_one_call_settles_is_resolved_at_first_contact_in_every_variant() -> None:
    desk = a_desk()
    settle(desk, desk.call("joe", 10, topic="bill"), 20)
    assert resolution(total(desk)) == {"gross": (1, 1), "net": (1, 1), "cross_channel": (1, 1)}


def test_an_open_case_is_in_no_denominator() -> None:
    desk = a_desk()
    settle(desk, desk.call("joe", 10), 20, "later")
    assert resolution(total(desk)) == {"gross": (0, 0), "net": (0, 0), "cross_channel": (0, 0)}


def test_a_case_that_waited_on_others_counts_in_gross_and_not_in_net() -> None:
    desk = a_desk()
    called = desk.call("joe", 10)
    desk.take(called, 20)
    desk.run(c.SetCaseWaiting("ca1", "third_party"), 25)
    desk.run(c.FinishInteraction(called, "ana", "resolved"), 30)
    other = desk.call("eve", 40)
    desk.take(other, 50)
    desk.run(c.SetCaseWaiting("ca2", "customer"), 55)
    desk.run(c.FinishInteraction(other, "ana", "resolved"), 60)
    assert resolution(total(desk)) == {"gross": (2, 2), "net": (1, 1), "cross_channel": (2, 2)}


def test_a_phone_call_and_a_chat_in_the_same_moment_are_one_engagement_though_two_contacts() -> None:
    desk = a_desk()
    called = desk.call("joe", 10, topic="bill")
    desk.take(called, 20)
    desk.write("joe", 30, "mail", topic="bill")
    desk.run(c.FinishInteraction(called, "ana", "resolved"), 60)
    journeys = total(desk)
    assert share(journeys, "gross") == (0, journeys.count.resolved)
    assert share(journeys, "cross_channel") == (journeys.count.resolved, journeys.count.resolved)
    assert journeys.count.switches == 1


def test_two_contacts_one_after_the_other_are_no_first_contact_resolution() -> None:
    desk = a_desk()
    settle(desk, desk.call("joe", 10, topic="bill"), 20, "later")
    settle(desk, desk.call("joe", HOUR, topic="bill"), HOUR + 10)
    assert resolution(total(desk)) == {"gross": (0, 1), "net": (0, 1), "cross_channel": (0, 1)}


@pytest.mark.parametrize(("after_s", "stayed"), [(RETURN - 1, 0), (RETURN + 1, 1)])
def test_who_comes_back_within_the_window_takes_it_back(after_s: int, stayed: int) -> None:
    plan = PLAN.replace('close_after = "7d"', 'close_after = "1h"\nattach = ["thread"]')
    desk = Desk(plan)
    desk.sign_in("ana")
    settle(desk, desk.call("joe", 10, topic="bill"), 20)  # settled at 30
    assert share(total(desk), "cross_channel") == (1, 1)
    desk.write("joe", 30 + after_s, "mail", topic="bill", thread=thread("new"))
    assert resolution(total(desk)) == {"gross": (1, 1), "net": (1, 1), "cross_channel": (stayed, 1)}


def test_another_topic_is_no_return() -> None:
    desk = a_desk()
    settle(desk, desk.call("joe", 10, topic="bill"), 20)
    desk.write("joe", HOUR, "mail", topic="parcel")
    assert share(total(desk), "cross_channel") == (1, 1)


def test_a_case_that_comes_back_is_settled_no_more() -> None:
    desk = a_desk()
    settle(desk, desk.call("joe", 10, topic="bill"), 20)
    desk.run(c.ReopenCase("ca1", "not settled"), 100)
    assert share(total(desk), "gross") == (0, 0)
    desk.run(c.ResolveCase("ca1", "resolved"), 200)
    assert share(total(desk), "gross") == (1, 1)


def test_a_case_that_follows_is_a_return_whatever_its_topic() -> None:
    at_us = 100 * US
    events = list(_case("ca1", "in1", "cu1", at_us, None))
    events += [(e.CaseResolved("ca1", "cu1"), at_us + US)]
    follower = e.CaseOpened("ca2", "C-2", "cu1", "team", "care", "care", follows="ca1")
    assert share(fold([*events, (follower, at_us + DAY * US)]).total.journeys, "cross_channel") == (0, 1)
    assert share(fold([*events, (follower, at_us + (RETURN + 2) * US)]).total.journeys, "cross_channel") == (1, 1)


def _case(case: str, interaction: str, customer: str, at_us: int, topic: str | None, channel: str = "voice") -> Any:
    yield e.CaseOpened(case, case, customer, "team", "care", "care", topic), at_us
    yield from _contact(case, interaction, customer, at_us, channel)


def _contact(case: str, interaction: str, customer: str, at_us: int, channel: str = "voice") -> Any:
    yield e.InteractionStarted(interaction, customer, channel, "main", "co1", False, at_us), at_us
    yield e.InteractionAttached(interaction, case, customer, "thread"), at_us


def _taken(interaction: str, customer: str, agent: str, at_us: int) -> Any:
    yield e.InteractionQueued(interaction, customer, "care", "voice", {}, 0, at_us, 1, "arrived"), at_us
    yield e.OfferAccepted("of1", interaction, customer, agent), at_us


# Repeats


def test_the_repeat_rate_by_hand() -> None:
    """Five contacts of one person: two repeat one of the same topic, one comes too late, one is about another."""
    at_s = (0, DAY, DAY + 1, 9 * DAY, 9 * DAY + 1)
    topics = ("bill", "bill", "parcel", "bill", "bill")
    events: list[Any] = []
    for number, (at, topic) in enumerate(zip(at_s, topics, strict=True), 1):
        events += _case(f"ca{number}", f"in{number}", "cu1", at * US, topic)
    journeys = fold(events).total.journeys
    assert share(journeys, "repeat_rate") == (2, 5)
    assert journeys.repeat_rate.name == "repeat rate, same topic within 7 d"
    assert share(fold(events, Measures(return_s=9 * DAY)).total.journeys, "repeat_rate") == (3, 5)


def test_contacts_of_two_people_repeat_nothing_until_they_are_one_and_again_when_they_are_two() -> None:
    events = [*_case("ca1", "in1", "cu1", US, "bill"), *_case("ca2", "in2", "cu2", 5 * US, "bill")]
    events += [(e.CaseResolved("ca1", "cu1"), 2 * US)]
    assert _repeats(events) == ((0, 2), (1, 1))
    events += [(e.CustomerAliased("cu2", "cu1", "li1"), 10 * US)]
    assert _repeats(events) == ((1, 2), (0, 1))
    events += [(e.CustomerUnaliased("cu2", "cu1", "li1"), 20 * US)]
    assert _repeats(events) == ((0, 2), (1, 1))


def _repeats(events: list[Any]) -> tuple[tuple[int, int], tuple[int, int]]:
    journeys = fold(sorted(events, key=lambda item: item[1])).total.journeys
    return share(journeys, "repeat_rate"), share(journeys, "cross_channel")


def test_a_contact_that_becomes_known_late_makes_a_later_one_a_repeat() -> None:
    first = list(_case("ca1", "in1", "cu1", 100 * US, "bill"))
    late = [(e.CaseOpened("ca2", "2", "cu1", "team", "care", "care", "bill"), 200 * US)]
    started = e.InteractionStarted("in2", "cu1", "mail", "main", "co2", False, 50 * US)
    late += [(started, 200 * US), (e.InteractionAttached("in2", "ca2", "cu1", "thread"), 200 * US)]  # type: ignore[list-item]
    measures = fold([*first, *late])
    assert share(measures.by_channel["voice"].journeys, "repeat_rate") == (1, 1)
    assert share(measures.by_channel["mail"].journeys, "repeat_rate") == (0, 1)


def test_cases_of_no_topic_repeat_only_themselves() -> None:
    events = [*_case("ca1", "in1", "cu1", US, None), *_case("ca2", "in2", "cu1", 2 * US, None)]
    assert _repeats(events)[0] == (0, 2)
    events += _contact("ca1", "in3", "cu1", 3 * US)
    assert _repeats(events)[0] == (1, 3)


def test_work_items_and_callbacks_are_no_contacts_of_customers() -> None:
    desk = a_desk()
    called = desk.call("joe", 10)
    desk.run(c.RequestCallback(called), 20)
    journeys = total(desk)
    assert (journeys.contacts, journeys.count.contacts) == (1, 1)
    work = e.InteractionStarted("in9", "cu1", "task", "main", None, False, 40 * US)
    opened = e.CaseOpened("ca9", "9", "cu1", "team", "care", "care")
    events = [(opened, 40 * US), (work, 40 * US), (e.InteractionAttached("in9", "ca9", "cu1", "work"), 40 * US)]
    assert fold(events).total.journeys.count == CaseCount()


# Times repeated, and effort


def test_details_told_twice_count_once_each() -> None:
    desk = a_desk()
    settle(desk, desk.call("joe", 10, topic="bill"), 20, "later")
    desk.run(c.SetFields("in1", {"order": "81"}), 40)
    assert total(desk).repeats.reasked == 0
    second = desk.call("joe", HOUR, topic="bill")
    desk.run(c.SetFields(second, {"order": "81"}), HOUR + 1)
    assert total(desk).repeats.reasked == 1
    desk.run(c.SetFields("ca1", {"order": "81"}), HOUR + 2)
    assert total(desk).repeats.reasked == 2
    desk.run(c.SetFields("ca1", {"order": "82"}), HOUR + 3)
    desk.run(c.SetFields("ca1", {"order": None}), HOUR + 4)
    assert total(desk).repeats.to_json() == {"reasked": 2, "reverified": 0, "restated": 0, "per_case": 2.0}


def test_who_has_proved_who_they_are_proves_it_again() -> None:
    desk = a_desk()
    first = desk.call("joe", 10, topic="bill")
    for number, level in enumerate(("basic", "strong", "basic", "strong")):
        desk.run(c.VerifyContact(first, level, "pin"), 20 + number)
    known = [event for event, _ in desk.events() if isinstance(event, e.ContactVerified)]
    steps = [("none", "basic", "strong").index(event.level) for event in known]
    again = sum(rank <= max(steps[:place], default=-1) for place, rank in enumerate(steps))
    assert total(desk).repeats.reverified == again
    second = desk.call("joe", 30, channel="chat", topic="bill")
    desk.run(c.VerifyContact(second, "basic", "pin"), 40)
    assert total(desk).repeats.reverified == again + 1


def test_a_question_asked_on_two_channels_is_a_problem_stated_twice_unless_it_was_another() -> None:
    desk = Desk()
    first = desk.call("joe", 10, topic="bill")
    second = desk.write("joe", 20, "mail", topic="bill")
    desk.run(c.LinkQuestion(second, first), 30) if not desk.view.engagements.linked else None
    assert total(desk).repeats.restated == 1
    desk.run(c.UnlinkQuestion(next(iter(desk.view.engagements.linked))), 40)
    assert total(desk).repeats.restated == 0


def test_the_effort_of_a_case_by_hand() -> None:
    """Call, transferred to a second agent; chat the day after: 1 + 1 + 1 + 1 + 0 = 4."""
    desk = a_desk()
    called = desk.call("joe", 10, topic="bill")
    desk.take(called, 20)
    desk.run(c.TransferInteraction(called, "ana", "german"), 30)
    desk.sign_in("bob", at_s=31)
    desk.take(called, 40)
    desk.run(c.FinishInteraction(called, "bob", "later"), 50)
    settle(desk, desk.write("joe", DAY, topic="bill"), DAY + 10)
    effort = total(desk).effort
    assert (effort.cases, effort.contacts, effort.channel_switches, effort.transfers, effort.agents_met) == (
        1,
        2,
        1,
        1,
        2,
    )
    assert (effort.mean, effort.median, effort.p90) == (4.0, 4, 4)
    told = effort.to_json()["index"]
    assert told["formula"] == "(contacts - 1) + channel switches + transfers + (agents met - 1) + repeats"
    assert CaseCount(contacts=0, agents=0).index == 0


def test_a_transfer_from_agent_to_agent_counts_and_one_from_a_bot_does_not() -> None:
    events = [*_case("ca1", "in1", "cu1", US, None), *_taken("in1", "cu1", "ana", 2 * US)]
    bot = e.AgentDefined("rob", ["care"], {}, [], 100, "plan", kind="bot")
    done = e.TransferCompleted("cs1", "in1", "cu1", "ana", "bob", 100)
    count = fold([(bot, 0), *events, (done, 3 * US)]).total.journeys.count
    assert (count.transfers, count.agents) == (1, 2)
    done = e.TransferCompleted("cs1", "in1", "cu1", "rob", "ana", 100)
    count = fold([(bot, 0), *events, (done, 3 * US)]).total.journeys.count
    assert (count.transfers, count.agents) == (0, 1)


def test_merged_cases_are_one_journey_and_unmerged_ones_two_again() -> None:
    desk = a_desk()
    settle(desk, desk.call("joe", 10, topic="bill"), 20)
    settle(desk, desk.write("joe", HOUR, topic="parcel"), HOUR + 10)
    desk.wait(HOUR + 100)  # wrap-up is over
    before = desk.measures().to_json()
    desk.run(c.MergeCases("ca1", "ca2", "same"), 2 * HOUR)
    journeys = total(desk)
    assert (journeys.effort.cases, journeys.effort.contacts, journeys.effort.channel_switches) == (1, 2, 1)
    assert share(journeys, "repeat_rate") == (1, 2)
    assert resolution(journeys) == {"gross": (0, 1), "net": (0, 1), "cross_channel": (0, 1)}
    desk.run(c.UnmergeCase("ca2", "not the same"), 3 * HOUR)
    after = desk.measures().to_json()
    assert _figures(after) == _figures(before)


def _figures(made: dict[str, Any]) -> Any:
    """Journeys without their window and without silence, which is what was heard and is not undone."""
    text = json.dumps({key: made[key] for key in made if key == "journeys" or key.startswith("by_")})
    data = json.loads(text)
    for part in (data, *(one for key in data if key.startswith("by_") for one in data[key].values())):
        _strip(part["journeys"])
    return {
        key: part if key == "journeys" else {n: one["journeys"] for n, one in part.items()}
        for key, part in data.items()
    }


def _strip(data: Any) -> None:
    for key in ("window", "proactivity"):
        data.pop(key, None)
    for value in data.values():
        if isinstance(value, dict):
            _strip(value)


def test_a_contact_that_moves_takes_its_part_of_the_journey_with_it() -> None:
    desk = a_desk()
    settle(desk, desk.call("joe", 10, topic="bill"), 20, "later")
    second = desk.write("joe", HOUR, topic="bill")
    settle(desk, second, HOUR + 10, "later")
    assert total(desk).effort.mean == 2.0
    desk.run(c.SplitCase("ca1", "another matter", interactions=[second], topic="parcel"), 2 * HOUR)
    journeys = total(desk)
    assert (journeys.effort.cases, journeys.effort.mean, journeys.effort.contacts) == (2, 0.0, 2)
    assert share(journeys, "repeat_rate") == (0, 2)


# Waiting on several channels


def test_spans_count_once_where_they_overlap() -> None:
    assert union_us([]) == 0
    assert union_us([(5, 9), (0, 4), (3, 6)]) == 9
    assert union_us([(0, 10), (2, 3), (20, 25)]) == 15


def test_who_waits_on_two_channels_has_waited_once() -> None:
    """A call from 10 to 100 and a mail from 40: answered at 100 and at 160, 150 seconds in all."""
    desk = Desk()
    called = desk.call("joe", 10, topic="bill")
    mailed = desk.write("joe", 40, "mail", topic="parcel")
    desk.sign_in("ana", at_s=90)
    desk.take(called, 100)
    assert total(desk).engagement_wait.mean_s == 90.0
    desk.sign_in("dan", at_s=110)
    desk.take(mailed, 160)
    measures = desk.measures()
    assert (measures.total.wait.n, measures.total.asa_s) == (2, 105.0)
    union = measures.total.journeys.engagement_wait
    assert (union.n, union.mean_s) == (1, 150.0)
    assert measures.by_channel["voice"].journeys.engagement_wait.mean_s == 150.0


def test_a_wait_that_was_given_up_is_part_of_one_that_was_answered_elsewhere() -> None:
    """Waits from 10 in a chat, calls at 40, leaves the chat at 60 and is answered at 70."""
    desk = Desk()
    chat = desk.call("joe", 10, channel="chat", topic="a")
    called = desk.call("joe", 40, topic="b")
    desk.run(c.LeaveContact(chat), 60)
    assert total(desk).engagement_wait.n == 0
    desk.sign_in("ana", at_s=61)
    desk.take(called, 70)
    assert total(desk).engagement_wait.mean_s == 60.0


def test_a_lone_wait_is_the_same_in_both_figures() -> None:
    measures = busy_day().measures()
    assert measures.total.journeys.engagement_wait == measures.total.wait


def test_engagements_that_merge_and_split_are_counted_anew() -> None:
    events: list[Any] = []
    for number in (1, 2):
        name, at_us = f"in{number}", number * 10 * US
        events += _case(f"ca{number}", name, f"cu{number}", at_us, None)
        events += [(e.InteractionQueued(name, f"cu{number}", "care", "voice", {}, 0, at_us, number, "arrived"), at_us)]
    events += [(e.OfferAccepted(f"of{n}", f"in{n}", f"cu{n}", "ana"), (30 + n) * US) for n in (1, 2)]
    waits = fold(events).total.journeys.engagement_wait
    assert (waits.n, waits.mean_s) == (2, 16.5)
    events += [(e.EngagementsMerged("en1", "cu1", "en2", ["in2"]), 40 * US)]
    waits = fold(events).total.journeys.engagement_wait
    assert (waits.n, waits.mean_s) == (1, 22.0)
    events += [(e.EngagementSplit("en1", "cu1", "en2", ["in2"]), 50 * US)]
    waits = fold(events).total.journeys.engagement_wait
    assert (waits.n, waits.mean_s) == (2, 16.5)


# Who speaks first


def test_who_is_told_before_asking_and_who_asks_again() -> None:
    """Joe writes, is answered after 100 s, writes twice more an hour and two later, and is answered in the end."""
    desk = Desk(PLAN.replace("[channels.mail]", '[channels.mail]\nidle_after = "never"'))
    desk.write("joe", 10, "mail", topic="bill", thread=thread("t1"))
    desk.run(c.SendMessage("ca1", "k1", text="we are on it"), 110)
    journeys = total(desk)
    assert share(journeys, "told_before_asking") == (1, 1)
    assert (journeys.proactivity.silence.n, journeys.proactivity.silence.mean_s) == (1, 100.0)
    desk.call("joe", HOUR, topic="bill")
    desk.call("joe", 2 * HOUR, channel="chat", topic="bill")
    journeys = total(desk)
    assert share(journeys, "told_before_asking") == (1, 2)
    assert share(journeys, "status_chasing") == (1, 1)
    desk.run(c.ResolveCase("ca1", "resolved"), 3 * HOUR)
    silence = total(desk).proactivity.silence
    assert (silence.n, silence.p95_s) == (2, 3 * HOUR - 110.0)


def test_nobody_is_silent_while_it_is_the_customers_turn() -> None:
    desk = Desk()
    desk.write("joe", 10, "mail", topic="bill")
    desk.run(c.SetCaseWaiting("ca1", "customer"), 30)
    desk.run(c.ResumeCase("ca1"), 1_000)
    desk.run(c.ResolveCase("ca1", "resolved"), 1_040)
    silence = total(desk).proactivity.silence
    assert (silence.n, silence.mean_s) == (2, 30.0)


# Hand-offs, escalations, findings


def _hand_offs() -> list[Any]:
    events = list(_case("ca1", "in1", "cu1", US, None))
    for number in range(1, 5):
        events += [(e.HandOffOffered(f"ho{number}", "ca1", "cu1", "team", "care", "team", "sales", 9), US)]
    events += [(e.HandOffAccepted("ho1", "ca1", "cu1", "cid", "sales"), US)]
    for number, outcome in enumerate(("DECLINED", "TIMED_OUT", "WITHDRAWN"), 2):
        events += [(e.HandOffEnded(f"ho{number}", "ca1", "cu1", outcome), US)]
    events += [(e.CaseEscalated("ca1", "cu1", "care", "sales", reason), US) for reason in ("unanswered", "angry")]
    events += [(e.FindingRaised("fi1", "ca1", "cu1", "idea", ["sales"], {}), US)]
    return [*events, (e.FindingAcknowledged("fi1", "ca1", "cu1", "idea", "sales"), US)]


def test_hand_offs_escalations_and_findings_are_counted_where_their_case_counts() -> None:
    measures = fold(_hand_offs())
    for figures in (measures.total, measures.by_queue["care"], measures.by_channel["voice"]):
        assert figures.journeys.hand_offs.to_json() == {
            "offered": 4,
            "accepted": 1,
            "declined": 1,
            "timed_out": 1,
            "withdrawn": 1,
            "escalated": 2,
            "escalated_by_time": 1,
            "findings": {"idea": 1},
            "findings_acknowledged": 1,
        }


def test_kinds_of_findings_beyond_the_first_hundred_are_others() -> None:
    events = _hand_offs() + [(e.FindingRaised("fi", "ca1", "cu1", f"k{n}", [], {}), US) for n in range(120)]
    found = fold(events).total.journeys.hand_offs.findings
    assert (len(found), found["other"], sum(found.values())) == (101, 21, 121)


def test_hand_offs_of_cases_that_are_not_known_are_passed_over() -> None:
    assert fold(_hand_offs()[3:]).total.journeys.hand_offs.offered == 0


# Deflection


BOT = '[agents.rob]\nteams = ["care"]\nkind = "bot"\n[presence]\nbot_answers_within = "1h"\n'


def test_what_a_bot_settles_is_deflected_once_the_customer_has_not_come_back() -> None:
    desk = Desk(PLAN + BOT)
    desk.sign_in("rob")
    settle(desk, desk.call("joe", 10, topic="bill"), 20)  # settled at 30
    journeys = total(desk)
    assert (share(journeys, "deflection"), journeys.count.maybe_deflected) == ((0, 0), 1)
    measures = desk.measures()
    measures.skip(desk.events()[-1][1] + RETURN * US)
    assert share(measures.total.journeys, "deflection") == (0, 0)
    measures.skip(desk.events()[-1][1] + RETURN * US + 1)
    assert share(measures.total.journeys, "deflection") == (1, 1)
    assert measures.total.journeys.to_json()["still_counting"] == {"deflection": 0}


def test_who_comes_back_from_a_bot_was_not_deflected() -> None:
    desk = Desk(PLAN + BOT)
    desk.sign_in("rob")
    settle(desk, desk.call("joe", 10, topic="bill"), 20)
    desk.run(c.SignOut("rob"), 50)
    desk.write("joe", DAY, "mail", topic="bill")
    assert share(total(desk), "deflection") == (0, 1)


@pytest.mark.parametrize("who", ["person", "elsewhere"])
def test_what_people_settled_is_nobodys_deflection(who: str) -> None:
    at_us = 10 * US
    rob = e.AgentDefined("rob", ["care"], {}, [], 100, "plan", kind="bot")
    events: list[Any] = [(rob, 0), *_case("ca1", "in1", "cu1", at_us, None)]
    events += _taken("in1", "cu1", "rob", at_us)
    if who == "person":
        events += _taken("in1", "cu1", "ana", at_us)
    else:
        events += [(e.ReplyRecorded("me1", "ca1", "cu1", "voice", "main", "x", "co1", 1, at_us, True), at_us)]
    events += [(e.CaseResolved("ca1", "cu1"), at_us)]
    assert fold(events).total.journeys.count.self_served == 0


def test_a_bot_that_is_a_person_now_is_met() -> None:
    rob = [(e.AgentDefined("rob", ["care"], {}, [], 100, "plan", kind=kind), 0) for kind in ("bot", "person")]
    events = [*rob, *_case("ca1", "in1", "cu1", US, None), *_taken("in1", "cu1", "rob", US)]
    assert fold(events).total.journeys.count.agents == 1


# Slices, memory, and folds that begin in the middle


def test_a_case_counts_in_the_queue_that_it_is_in_now() -> None:
    events = [*_case("ca1", "in1", "cu1", US, None), (e.CaseResolved("ca1", "cu1"), US)]
    events += [(e.CaseQueueChanged("ca1", "cu1", "german", "moved"), 2 * US)]
    by_queue = fold(events).by_queue
    assert by_queue["german"].journeys.count.resolved == 1
    live = fold(events[:-1])
    assert live.by_queue["care"].journeys.count.resolved == 1
    fold(events[-1:], live)
    assert live.by_queue["care"].journeys.count == CaseCount()
    assert live.by_queue["german"].journeys == by_queue["german"].journeys


def test_what_can_no_longer_change_is_forgotten_and_still_counts() -> None:
    plan = PLAN.replace('close_after = "7d"', 'close_after = "1h"\nreopen_within = "1h"')
    desk = Desk(plan)
    desk.sign_in("ana")
    kept = []
    for number in range(12):
        at_s = number * 5 * DAY + 10
        settle(desk, desk.call(f"joe {number}", at_s, topic="bill"), at_s + 10)
        desk.wait(at_s + 2 * HOUR)
        kept.append(desk.measures().remembered)
    assert max(kept[6:]) <= 12
    assert resolution(total(desk))["gross"] == (12, 12)


def test_merged_cases_are_forgotten_together() -> None:
    events: list[Any] = [*_case("ca1", "in1", "cu1", US, "a"), *_case("ca2", "in2", "cu1", US, "b")]
    events += [(e.CaseMerged("ca2", "cu1", "ca1", "same"), US), (e.CaseResolved("ca1", "cu1"), US)]
    events += [(e.CaseClosed("ca1", "cu1", "time"), US)]
    later = 40 * DAY * US
    events += [*_case("ca3", "in3", "cu9", later, "b"), (e.CaseClosed("ca3", "cu9", "time"), later)]
    measures = fold(events)
    assert set(measures._journeys._cases) == {"ca3"}
    assert measures.total.journeys.count.resolved == 1


def test_a_closed_case_that_is_unmerged_is_filed_again() -> None:
    events: list[Any] = [*_case("ca1", "in1", "cu1", US, "a"), *_case("ca2", "in2", "cu1", US, "b")]
    events += [(e.CaseMerged("ca2", "cu1", "ca1", "same"), US)]
    events += [(e.CaseUnmerged("ca2", "cu1", "ca1", "CLOSED", "other"), 2 * US)]
    later = 40 * DAY * US
    events += [*_case("ca3", "in3", "cu9", later, "b"), (e.CaseClosed("ca3", "cu9", "time"), later)]
    assert "ca2" not in fold(events)._journeys._cases


UNKNOWN: list[e.Event] = [
    e.InteractionAttached("in9", "ca9", "cu1", "thread"),
    e.InteractionMoved("in9", "cu1", "ca9", "ca8", "asked"),
    e.OfferAccepted("of1", "in9", "cu1", "ana"),
    e.InteractionTransferred("in9", "cu1", "ana", "care", {}),
    e.TransferCompleted("cs1", "in9", "cu1", "ana", "bob", 100),
    e.ReplyRecorded("me1", "ca9", "cu1", "voice", "main", "x", "co1", 1, 0, True),
    e.FieldsSet("in9", {"order": "1"}, "cu1"),
    e.ContactVerified("in9", "cu1", "basic", "pin"),
    e.QuestionLinked("in9", "cu1", "in8", "asked"),
    e.QuestionUnlinked("in9", "cu1", "asked"),
    e.QuestionAnswered("in9", "cu1", "in8"),
    e.EngagementJoined("en8", "cu1", "in9", "together"),
    e.EngagementsMerged("en8", "cu1", "en9", ["in9"]),
    e.EngagementSplit("en8", "cu1", "en9", ["in9"]),
    e.CaseQueueChanged("ca9", "cu1", "care", "moved"),
    e.CaseWaiting("ca9", "cu1", "third_party"),
    e.CaseResumed("ca9", "cu1", "asked"),
    e.CaseResolved("ca9", "cu1"),
    e.CaseReopened("ca9", "cu1", "asked"),
    e.CaseClosed("ca9", "cu1", "time"),
    e.CaseMerged("ca9", "cu1", "ca8", "same"),
    e.CaseUnmerged("ca9", "cu1", "ca8", "OPEN", "other"),
    e.CustomerAliased("cu9", "cu8", "li1"),
    e.CustomerUnaliased("cu9", "cu8", "li1"),
    e.InteractionFinished("in9", "cu1", "ana", "agent"),
    e.InteractionQueued("in9", "cu1", "care", "voice", {}, 0, 0, 1, "arrived"),
    e.InteractionDone("in9", "cu1", "finished"),
    e.InteractionDeflected("in9", "cu1", "care", "full"),
]


@pytest.mark.parametrize("event", UNKNOWN, ids=lambda event: type(event).__name__)
def test_journeys_that_began_before_the_fold_count_for_nothing(event: e.Event) -> None:
    measures = fold([(event, 5)])
    journeys = measures.total.journeys
    assert (journeys.count, journeys.contacts, journeys.engagement_wait.n) == (CaseCount(), 0, 0)
    assert measures.remembered == 0


def test_a_contact_that_never_had_a_case_is_forgotten() -> None:
    started = e.InteractionStarted("in1", "cu1", "voice", "main", "co1", True, US)
    assert fold([(started, US), (e.InteractionDeflected("in1", "cu1", "care", "full"), US)]).remembered == 0


# Plain data


def test_journeys_are_plain_data_with_their_window_and_variant() -> None:
    made = json.loads(json.dumps(busy_day().measures().to_json()))["journeys"]
    assert made["first_contact_resolution"].keys() == {"gross", "net", "cross_channel"}
    for key in ("gross", "net", "cross_channel"):
        one = made["first_contact_resolution"][key]
        assert one["name"].startswith("first contact resolution, ")
        assert {"numerator", "denominator", "window", "restatement_version"} <= one.keys()
    assert made["effort"]["index"]["error"] == 0.0
    assert made["restatement_version"] == 1


def test_effort_of_no_case_is_none() -> None:
    effort = Measures().total.journeys.effort
    assert (effort.mean, effort.median, effort.p90, effort.error) == (None, None, None, 0.0)
    assert Measures().total.journeys.repeats.per_case is None


def test_counts_are_taken_back_as_they_were_given() -> None:
    tally, count = JourneyTally(), CaseCount(effort_of=1, contacts=3, agents=2)
    tally.replace(None, count)
    assert tally.index.n == 1
    tally.replace(count, None)
    assert (tally.index.n, set(tally.counts.values())) == (0, {0})


def test_the_real_log_says_who_wrote_again(contact_log: Any) -> None:
    journeys = _replay(contact_log)[0].total.journeys
    assert (journeys.contacts, journeys.effort.cases) == (journeys.count.contacts, 524)
    assert journeys.count.resolved == 524
