"""What customers can choose who are told something: offered where it was told, and known again when it is picked."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine_driver import DAY, SECOND
from tests.notice_plans import DIGESTS, NOTICES, Teller

from orchestra.errors import DefinitionError
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan

OPTIONS = """
options = [
    {id = "wait", label = "I wait", labels = {de = "Ich warte"}},
    {id = "cancel", label = "Cancel it"},
]
"""
OFFERING = NOTICES.replace("[notices.topics.both]", f"{OPTIONS}[notices.topics.both]")
"""A delay lets its customer choose."""


@pytest.fixture
def joe() -> Teller:
    """Joe was told by mail that it comes later."""
    joe = Teller(OFFERING)
    joe.plan_notice("delay")
    joe.outcome()
    return joe


def pick(joe: Teller, choice: str, sender: str = "joe", **values: Any) -> list[e.Event]:
    before = len(joe.log)
    joe.message(sender, "email", text="as picked", choice=choice, **values)
    return [one.event for one in joe.log[before:]]


def answers(joe: Teller) -> list[tuple[str, str]]:
    joe.notice()
    return [(one.notice, one.option) for one in joe.events(e.NoticeAnswered)]


def test_they_stand_in_the_message(joe: Teller) -> None:
    assert joe.last(e.MessageWritten).choices == [["nt1:wait", "I wait"], ["nt1:cancel", "Cancel it"]]


def test_they_read_in_the_language_of_the_message() -> None:
    template = """
[templates.late]
languages.en.text = "It is late."
languages.de.text = "Es kommt später."
[notices.topics.late]
"""
    joe = Teller(NOTICES + template + OPTIONS)
    joe.run(c.SetCustomerLanguage("cu1", "de-AT"), 1)
    joe.plan_notice("late", facts={})
    assert joe.last(e.MessageWritten).choices == [["nt1:wait", "Ich warte"], ["nt1:cancel", "Cancel it"]]


def test_a_notice_without_any_offers_nothing(joe: Teller) -> None:
    joe.plan_notice(key="k2")
    assert joe.last(e.MessageWritten).choices is None


def test_what_is_picked_is_known(joe: Teller) -> None:
    found = pick(joe, "nt1:cancel")
    answered = next(event for event in found if isinstance(event, e.NoticeAnswered))
    received = joe.last(e.MessageReceived)
    assert answered == e.NoticeAnswered("nt1", "cu1", "ca1", received.interaction, "cancel")
    assert joe.notice().answer == "cancel"
    assert joe.delivery().state == "ACTED"


def test_the_same_again_says_nothing_new_and_another_one_does(joe: Teller) -> None:
    for option in ("wait", "wait", "cancel"):
        pick(joe, f"nt1:{option}")
    assert answers(joe) == [("nt1", "wait"), ("nt1", "cancel")]
    assert [one.receipt for one in joe.events(e.ReceiptRecorded)] == ["acted"]


@pytest.mark.parametrize("choice", ["nt1:melt", "nt9:wait", "wait", "nt1", "nt1:", ":wait", "nt1:wait:x"])
def test_what_was_never_offered_answers_nothing(joe: Teller, choice: str) -> None:
    pick(joe, choice)
    assert answers(joe) == []
    assert joe.last(e.MessageReceived).choice == choice


def test_nobody_answers_what_another_one_was_told(joe: Teller) -> None:
    pick(joe, "nt1:cancel", sender="eve")
    assert answers(joe) == []


def test_what_has_not_been_told_cannot_be_answered(joe: Teller) -> None:
    joe.run(c.PlanNotice("k2", "delay", "ca1", facts={"due": "2026-09-01", "days": 9}, not_before_us=joe.now_us + DAY))
    pick(joe, "nt2:wait")
    assert answers(joe) == []


def test_what_the_plan_does_not_offer_any_more_is_no_answer(joe: Teller) -> None:
    joe.run(c.ChangePlan(Plan.parse(NOTICES), "later", "zones", "check"), 1)
    pick(joe, "nt1:wait")
    assert answers(joe) == []


def test_from_another_conversation_it_answers_and_nothing_is_known_of_the_message(joe: Teller) -> None:
    joe.message("joe", "chat", text="as picked", choice="nt1:wait")
    assert answers(joe) == [("nt1", "wait")]
    assert joe.delivery().state == "ACCEPTED"


def test_a_pick_ends_the_ways_that_are_left() -> None:
    joe = Teller(OFFERING.replace('success_at = "delivered", wait = "1h"', 'success_at = "acted", wait = "1h"'))
    joe.message("joe", "sms")
    joe.plan_notice("delay")
    joe.outcome()
    assert joe.state() == "SENDING"
    before = len(joe.log)
    joe.message("joe", "sms", text="as picked", choice="nt1:wait")
    assert joe.state() == "SENT"
    joe.advance(2 * DAY / SECOND)
    assert len(joe.events(e.NoticeSending)) == 1
    assert "NoticeAnswered" in joe.names(before)


def test_what_is_gathered_with_others_has_none() -> None:
    joe = Teller(DIGESTS.replace('digest = "news"\n', f'digest = "news"{OPTIONS}', 1))
    joe.plan_notice()
    joe.plan_notice("place", "k2", facts={"place": "Rome"})
    joe.advance(3600)
    assert joe.last(e.MessageWritten).choices is None


def test_rules_follow_it() -> None:
    rule = """
[[rules]]
name = "called off"
on = "NoticeAnswered"
when = { field = "event.option", value = "cancel" }
do = [{ do = "assign", team = "sales" }]
"""
    joe = Teller(OFFERING + rule)
    joe.plan_notice("delay")
    joe.outcome()
    pick(joe, "nt1:wait")
    assert joe.events(e.RuleFired) == []
    pick(joe, "nt1:cancel")
    assert [one.rule for one in joe.events(e.RuleFired)] == ["called off"]


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ('{id = "Wait", label = "a"}', "options[0].id"),
        ('{id = "wait", label = "a"}, {id = "wait", label = "b"}', "options[1].id"),
        ('{id = "wait", label = ""}', "options[0].label"),
        ('{id = "wait", label = "a", labels = {de = "a\\nb"}}', "options[0].labels.de"),
        ('{id = "wait", label = "a", labels = {german = "a"}}', "options[0].labels.german"),
        (", ".join(f'{{id = "o{number}", label = "a"}}' for number in range(21)), "options"),
    ],
)
def test_what_is_wrong_is_found_in_the_plan(options: str, path: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        Plan.parse(NOTICES + f'[notices.topics.late]\ntext = "Late."\noptions = [{options}]\n')
    assert [fault.path for fault in caught.value.faults] == [f"notices.topics.late.{path}"]
