"""Menus: what a bot says and does, worked out of the menu and the answers; and on a channel without a line."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given, strategies as st
from tests.contact_centre import PLAN, Centre, message, until

from orchestra.model import events as e
from orchestra.model.definitions import AgentDefinition
from orchestra.model.menus import Menu, MenuKey, MenuStep
from orchestra.model.plan import Plan
from orchestra.model.routing import Condition, Step
from orchestra.runtime.menus import Talk

TOP = MenuStep(
    "How can we help?",
    {
        "1": MenuKey("orders", go="orders"),
        "2": MenuKey("opening hours", say="From nine to five."),
        "3": MenuKey("goodbye", say="Bye.", end=True),
        "4": MenuKey("a call", callback=True),
    },
)
ORDERS = MenuStep("Which order?", {"1": MenuKey(people=True, topic="order", priority=5), "0": MenuKey(go="top")})
MENU = Menu("top", {"top": TOP, "orders": ORDERS}, tries=2)


def test_it_begins_with_its_first_question_and_what_can_be_answered() -> None:
    turn = Talk.begin(MENU).ask()
    assert (turn.say, turn.then) == ("How can we help?", None)
    assert turn.choices == {"1": "orders", "2": "opening hours", "3": "goodbye", "4": "a call"}


@pytest.mark.parametrize("answer", ["1", " 1 ", "orders", "ORDERS"])
def test_an_answer_is_a_key_or_what_it_is_called(answer: str) -> None:
    talk, turn = Talk.begin(MENU).answered(answer)
    assert (talk.step, turn.say, turn.choices) == ("orders", "Which order?", {"1": "1", "0": "0"})
    talk, turn = talk.answered("0")
    assert (talk.step, turn.say) == ("top", "How can we help?")


def test_what_it_can_tell_it_tells_and_asks_again() -> None:
    talk, turn = Talk.begin(MENU).answered("2")
    assert (talk, turn.say) == (Talk.begin(MENU), "From nine to five. How can we help?")


def test_an_end_says_its_last_words() -> None:
    _, turn = Talk.begin(MENU).answered("3")
    assert (turn.say, turn.then) == ("Bye.", TOP.keys["3"])


def test_who_answers_in_vain_too_often_goes_to_people() -> None:
    talk, turn = Talk.begin(MENU).answered("9")
    assert turn.say == "That is none of the choices. How can we help?"
    right, _ = talk.answered("2")
    assert right.in_vain == 0
    _, turn = talk.answered("")
    assert turn.then is not None
    assert turn.then.people


def test_who_says_nothing_is_only_asked_again() -> None:
    assert Talk.begin(MENU).answered("")[1].say == "How can we help?"


@given(st.lists(st.sampled_from(["0", "1", "2", "3", "4", "9", "", "orders", "é"]), max_size=30))
def test_every_talk_stays_within_its_menu_and_ends_after_so_many_tries(answers: list[str]) -> None:
    talk, in_vain = Talk.begin(MENU), 0
    for answer in answers:
        talk, turn = talk.answered(answer)
        assert talk.step in MENU.steps
        assert (turn.then is None) == bool(turn.choices)
        if turn.then is not None:
            return
        in_vain = in_vain + 1 if talk.in_vain else 0
        assert talk.in_vain == in_vain < MENU.tries


def with_menu() -> Plan:
    bots = Step(pool="bots", lasts=PLAN.channels["chat"].answer_within, skip_if=Condition(nobody=True))
    queue = attrs.evolve(PLAN.queues["care"], steps=[bots, Step(pool="people")])
    channels = {**PLAN.channels, "chat": attrs.evolve(PLAN.channels["chat"], live=False)}
    agents = {**PLAN.agents, "greeter": AgentDefinition(["care"], kind="bot", menu="main", capacity_percent=1000)}
    return attrs.evolve(PLAN, queues={"care": queue}, channels=channels, agents=agents, menus={"main": MENU})


async def test_on_a_chat_the_same_menu_has_buttons() -> None:
    centre = Centre(plan=with_menu())
    async with centre.open() as workspace:
        await workspace.receive(message(1))
        await until(lambda: bool(centre.events(e.MessageWritten)))
        await workspace.settle()
        shown = ["orders", "opening hours", "goodbye", "a call"]
        assert [label for _, label in centre.events(e.MessageWritten)[0].choices] == shown
        await workspace.receive(message(2, "orders"))
        await workspace.receive(message(3, "1"))
        await until(lambda: bool(centre.events(e.InteractionHandedOver)))
        handed = centre.events(e.InteractionHandedOver)[0]
        assert (handed.agent, handed.topic, handed.priority, handed.reason) == ("greeter", "order", 5, "menu")


async def test_where_nobody_waits_on_a_line_a_call_back_is_for_people() -> None:
    centre = Centre(plan=with_menu())
    async with centre.open() as workspace:
        await workspace.receive(message(1))
        await workspace.receive(message(2, "a call"))
        await until(lambda: bool(centre.events(e.InteractionHandedOver)))
        assert centre.events(e.InteractionHandedOver)[0].reason == "callback"
