"""Actions and rules from other doors: another process, a program without await, and the fixtures of tests."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
from tests.contact_centre import PLAN, Centre, message

from orchestra import blocking
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.journal.registry import open_journal
from orchestra.model import commands as c, events as e
from orchestra.model.actions import ActionRequest
from orchestra.model.results import ActionAsked
from orchestra.model.rules import Action, Occasion, Rule, When
from orchestra.runtime.client import connect
from orchestra.testing.clock import VirtualClock

NAME = "refund@1"


async def refund(request: ActionRequest) -> dict[str, int | str | bool]:
    return {"paid": request.values.get("cents", 0)}


def is_first(occasion: Occasion) -> bool:
    return occasion.facts["number"] == 1


RULES = (
    Rule(
        "first",
        "MessageReceived",
        When(predicate="acme.first@1"),
        [Action("run", action=NAME)],
    ),
)


async def test_another_process_asks_for_an_action(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'contacts.db'}"
    desk = Centre(open_journal(url), VirtualClock(), PLAN)
    async with desk.open(actions={NAME: refund}) as workspace, connect(url) as client:
        got = await client.receive(message(1))
        asked = await client.request_action(NAME, "k1", {"cents": 5}, case=got.case.id)
        again = await client.request_action(NAME, "k1", {"cents": 5}, case=got.case.id)
        assert (asked, again) == (ActionAsked("ar1"), ActionAsked("ar1", duplicate=True))
        with pytest.raises(InvalidCommand, match="was used for another request"):
            await client.request_action(NAME, "k1", {"cents": 6})
        with pytest.raises(UnknownId, match="no action 'tell@1'"):
            await client.request_action("tell@1", "k1")
        await workspace.settle()
        assert (await workspace.requested("ar1")).state == "DONE"
    (done,) = desk.events(e.ActionDone)
    assert done.values == {"paid": 5}


def test_a_program_without_await_has_actions_done() -> None:
    plan = attrs.evolve(PLAN, rules=RULES)
    with blocking.open(plan, actions={NAME: refund}, predicates={"acme.first@1": is_first}) as workspace:
        got = workspace.receive(message(1))
        asked = workspace.request_action(NAME, "k1", {"cents": 7}, customer=got.customer)
        workspace.settle()
        by_rule, by_hand = workspace.requested("ar1"), workspace.requested(asked.id)
        assert (by_rule.state, by_rule.case) == ("DONE", got.case.id)
        assert (by_hand.state, by_hand.customer, by_hand.case) == ("DONE", got.customer, None)
        assert workspace.health().actions_open == 0


async def test_health_tells_of_what_is_still_to_be_done() -> None:
    async with Centre(None, VirtualClock(), PLAN).open() as workspace:
        workspace._owner.actions.names.add(NAME)
        await workspace.request_action(NAME, "k1")
        await workspace.request_action(NAME, "k2")
        assert workspace.health().actions_open == 2
        await workspace.execute(c.CancelAction("ar1", "changed its mind"))
        assert workspace.health().actions_open == 1
        workspace.action(NAME)(refund)
        await workspace.settle()
        assert workspace.health().actions_open == 0
