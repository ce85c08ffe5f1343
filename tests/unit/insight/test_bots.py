from __future__ import annotations

import pytest
from tests.unit.insight.rig import PLAN, Desk

from orchestra.insight.figures import Bots, Figures
from orchestra.model import commands as c

VOICE = "[channels.voice]\nlive = true\n"
STEERED = PLAN.replace(VOICE, f'{VOICE}connects = "20s"\ncalls = {{}}\n')
ROB = '[agents.rob]\nteams = ["care"]\nkind = "bot"\n[presence]\nbot_answers_within = "1h"\n'


def a_desk(*agents: str) -> Desk:
    desk = Desk(PLAN + ROB)
    desk.sign_in(*agents)
    return desk


def total(desk: Desk) -> Figures:
    return desk.measures().total


def test_what_a_bot_handles_counts_in_no_figure_of_agents() -> None:
    desk = a_desk("rob")
    called = desk.call("joe", 10)
    assert desk.take(called, 12) == "rob"
    desk.run(c.FinishInteraction(called, "rob"), 42)
    figures = total(desk)
    assert figures.bots == Bots(1, 0, 30_000_000)
    assert (figures.handling.handled, figures.aht_s) == (0, None)
    assert (figures.contacts.answered, figures.contacts.answered_by_bots) == (1, 1)
    assert (figures.contacts.live, figures.contacts.live_connected) == (0, 0)
    assert desk.measures().by_queue["care"].bots == Bots(1, 0, 30_000_000)
    assert figures.to_json()["bots"] == {"handled": 1, "handed_over": 0, "aht_s": 30.0}
    assert Bots(0, 0, 0).aht_s is None


@pytest.mark.parametrize(("at_s", "connected"), [(130, 1), (131, 0)])
def test_a_live_contact_is_connected_when_a_person_takes_it_counted_from_its_arrival(
    at_s: float, connected: int
) -> None:
    desk = a_desk("rob")
    called = desk.call("joe", 10)
    desk.take(called, 12)
    desk.run(c.HandOver(called, "rob"), 40)
    assert total(desk).contacts.live == 0
    desk.sign_in("ana", at_s=41)
    assert desk.take(called, at_s) == "ana"
    desk.run(c.FinishInteraction(called, "ana"), at_s + 20)
    figures = total(desk)
    assert (figures.contacts.live, figures.contacts.live_connected) == (1, connected)
    assert figures.bots == Bots(1, 1, 28_000_000)
    assert (figures.handling.handled, figures.handling.transferred, figures.aht_s) == (1, 0, 20.0)
    queue = desk.measures().by_queue["care"]
    assert (queue.bots, queue.handling.handled) == (Bots(1, 1, 28_000_000), 1)
    # Of the queue, each wait; of all, each contact.
    assert (queue.contacts.queued, figures.contacts.queued) == (2, 1)


def test_whoever_leaves_before_a_person_answers_was_not_connected() -> None:
    desk = a_desk("rob")
    called = desk.call("joe", 10)
    desk.take(called, 12)
    desk.run(c.HandOver(called, "rob"), 40)
    desk.run(c.LeaveContact(called), 50)
    figures = total(desk)
    assert (figures.contacts.live, figures.contacts.live_connected) == (1, 0)
    assert figures.contacts.left_after_answer == 1


def test_who_was_a_bot_and_is_a_person_counts_as_one() -> None:
    desk = a_desk("rob")
    desk.run(c.DefineAgent("rob", ["care"]), 5)
    called = desk.call("joe", 10)
    desk.take(called, 12)
    desk.run(c.FinishInteraction(called, "rob"), 42)
    assert total(desk).bots.handled == 0
    assert total(desk).aht_s == 30.0


def test_a_call_that_a_menu_settles_is_the_bot_s_and_no_customer_was_connected_or_lost() -> None:
    desk = Desk(STEERED + ROB)
    desk.sign_in("rob")
    called = desk.call("joe", 10)
    assert desk.take(called, 12) == "rob", "it has no phone that must ring"
    desk.run(c.FinishInteraction(called, "rob"), 42)
    figures = total(desk)
    assert figures.bots == Bots(1, 0, 30_000_000)
    assert (figures.contacts.answered_by_bots, figures.contacts.abandoned) == (1, 0)
    assert (figures.contacts.live, figures.contacts.live_connected) == (0, 0)
    assert figures.deliverability.planned == 0, "what its line is told is no message"
