"""The application's own actions from the door to their functions: called at least once, under one key, and recorded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import anyio
import attrs
import pytest
from tests.contact_centre import PLAN, Centre, SteeredJournal, message, turns

from orchestra.errors import ActionRefused, DefinitionError, InvalidCommand, JournalUnavailable, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.actions import ActionRequest, Actions
from orchestra.model.plan import Plan
from orchestra.model.rules import Action, Rule
from orchestra.runtime.history.timeline import timeline
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock
from orchestra.testing.faults import JournalFault

NAME = "refund@1"


class Refunds:
    """Gives money back, or does what it is told to; remembers what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[ActionRequest] = []

    async def __call__(self, request: ActionRequest) -> Any:
        self.asked.append(request)
        answer = self.answers.pop(0) if self.answers else None
        if callable(answer):
            return await answer()
        if isinstance(answer, Exception):
            raise answer
        return answer


def centre(plan: Plan = PLAN, journal: Any = None, clock: VirtualClock | None = None) -> Centre:
    return Centre(journal, clock or VirtualClock(), plan)


def trying(**limits: Any) -> Plan:
    return attrs.evolve(PLAN, actions=Actions(**limits))


async def state(workspace: Workspace, request: str = "ar1") -> str:
    return (await workspace.requested(request)).state


# Done


async def test_a_request_is_done_and_what_came_of_it_recorded() -> None:
    refunds, desk = Refunds({"receipt": "r7", "cents": 4900, "partial": False}), centre()
    async with desk.open(actions={NAME: refunds}) as workspace:
        got = await workspace.receive(message(1))
        asked = await workspace.request_action(NAME, "order:81", {"cents": 4900}, case=got.case.id)
        await workspace.settle()
        view = await workspace.requested(asked.id)
    (request,) = refunds.asked
    assert (request.id, request.action, request.attempt, request.values) == (asked.id, NAME, 1, {"cents": 4900})
    assert (request.customer, request.case, request.interaction) == (got.customer, got.case.id, None)
    assert request.key.startswith("ar1.")
    (done,) = desk.events(e.ActionDone)
    assert done.values == {"receipt": "r7", "cents": 4900, "partial": False}
    assert (view.state, view.attempts, view.key, view.values) == ("DONE", 1, "order:81", {"cents": 4900})


async def test_the_start_is_durable_before_the_function_is_called() -> None:
    desk = centre()
    seen: list[int] = []

    async def look() -> None:
        seen.append(len(desk.events(e.ActionStarted)))

    async with desk.open(actions={NAME: Refunds(look)}) as workspace:
        await workspace.request_action(NAME, "k1")
        await workspace.settle()
    assert seen == [1]


async def test_the_same_key_is_done_once() -> None:
    refunds = Refunds()
    async with centre().open(actions={NAME: refunds}) as workspace:
        first = await workspace.request_action(NAME, "k1")
        await workspace.settle()
        again = await workspace.request_action(NAME, "k1")
        await workspace.settle()
    assert (again.id, again.duplicate, len(refunds.asked)) == (first.id, True, 1)


async def test_a_rule_has_it_done() -> None:
    plan = attrs.evolve(PLAN, rules=[Rule("r", "CaseResolved", do=[Action("run", action=NAME)])])
    refunds = Refunds()
    desk = centre(plan)
    async with desk.open(actions={NAME: refunds}) as workspace:
        got = await workspace.receive(message(1))
        await workspace.execute(c.ResolveCase(got.case.id))
        await workspace.settle()
    assert [request.case for request in refunds.asked] == [got.case.id]
    told = [
        entry.sentence for entry in timeline(desk.journal, got.customer, details=True) if "action" in entry.sentence
    ]
    assert told == [
        "action refund@1 is to be done, which is ar1",
        "action refund@1 is being done, attempt 1",
        "action refund@1 is done",
    ]


async def test_many_are_done_side_by_side_and_not_too_many() -> None:
    running, most = 0, 0
    gate = anyio.Event()

    async def wait() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await gate.wait()
        running -= 1

    async with centre().open(actions={NAME: Refunds(*[wait] * 20)}) as workspace:
        for number in range(20):
            await workspace.request_action(NAME, f"k{number}")
        await turns()
        assert running == 16
        gate.set()
        await workspace.settle()
    assert (running, most) == (0, 16)


# What goes wrong


async def test_what_raises_is_tried_again_under_the_same_key() -> None:
    clock = VirtualClock()
    refunds, desk = Refunds(ValueError("joe is broke"), OSError(), {"receipt": "r7"}), centre(clock=clock)
    async with desk.open(actions={NAME: refunds}) as workspace:
        clock.attach(workspace)
        await workspace.request_action(NAME, "k1")
        await clock.advance(minutes=1)
        assert await state(workspace) == "DONE"
    assert [request.attempt for request in refunds.asked] == [1, 2, 3]
    assert len({request.key for request in refunds.asked}) == 1
    assert [event.code for event in desk.events(e.ActionRetried)] == ["ValueError", "OSError"]
    assert "broke" not in "".join(record.facts for record in desk.records()), "what it says may be private"


async def test_what_is_refused_is_not_tried_again() -> None:
    refunds, desk = Refunds(ActionRefused(code="no_such_order")), centre()
    async with desk.open(actions={NAME: refunds}) as workspace:
        await workspace.request_action(NAME, "k1")
        await workspace.settle()
        assert await state(workspace) == "FAILED"
    assert [event.code for event in desk.events(e.ActionFailed)] == ["no_such_order"]
    assert len(refunds.asked) == 1
    assert str(ActionRefused(code="no_such_order")) == "no_such_order"


async def test_what_takes_too_long_is_ended() -> None:
    desk = centre(trying(attempts=1, time_out=timedelta(microseconds=1)))
    async with desk.open(actions={NAME: Refunds(anyio.sleep_forever)}) as workspace:
        await workspace.request_action(NAME, "k1")
        await workspace.settle()
        assert await state(workspace) == "FAILED"
    assert [event.code for event in desk.events(e.ActionFailed)] == ["timed_out"]


@pytest.mark.parametrize(
    "answer", [5, [1], {"cents": 1.5}, {5: "x"}, {"nested": {}}, {"long": "x" * 2001}, {"big": 2**70}]
)
async def test_what_it_gives_that_cannot_be_stored_is_left_out(answer: Any) -> None:
    desk = centre()
    async with desk.open(actions={NAME: Refunds(answer)}) as workspace:
        await workspace.request_action(NAME, "k1")
        await workspace.settle()
        assert await state(workspace) == "DONE", "it was done, and must not be done again"
    assert [event.values for event in desk.events(e.ActionDone)] == [{}]


async def test_what_is_called_back_before_its_turn_is_not_done() -> None:
    gate = anyio.Event()
    refunds = Refunds(*[gate.wait] * 16)
    async with centre().open(actions={NAME: refunds}) as workspace:
        for number in range(17):
            await workspace.request_action(NAME, f"k{number}")
        await turns()
        await workspace.execute(c.CancelAction("ar17", "changed its mind"))
        gate.set()
        await workspace.settle()
        assert await state(workspace, "ar17") == "CANCELED"
    assert len(refunds.asked) == 16


async def test_the_start_of_an_attempt_that_is_not_stored_is_tried_anew() -> None:
    journal = SteeredJournal()
    refunds = Refunds()
    async with centre(journal=journal).open(actions={NAME: refunds}) as workspace:
        gate = anyio.Event()
        refunds.answers = [gate.wait]
        await workspace.request_action(NAME, "k1")
        await turns()
        journal.fail(JournalFault.REFUSE)
        gate.set()
        await workspace.settle()
        assert await state(workspace) == "DONE", "its outcome is told until it is durable"
    assert len(refunds.asked) == 1


@pytest.mark.parametrize("fault", [JournalFault.REFUSE, JournalFault.LOSE, JournalFault.OBSCURE])
async def test_an_attempt_begins_once_whatever_becomes_of_its_start(fault: JournalFault) -> None:
    journal = SteeredJournal()
    refunds, desk = Refunds(), centre(journal=journal)
    async with desk.open() as workspace:
        await workspace.receive(message(1))
        workspace._owner.actions.names.add(NAME)
        await workspace.request_action(NAME, "k1")
        journal.fail(fault)
        workspace.action(NAME)(refunds)
        await turns()
        await workspace.settle()
        assert await state(workspace) == "DONE"
    assert len(refunds.asked) == 1
    assert len(desk.events(e.ActionStarted)) == 1


# Who can do it


async def test_an_action_can_be_registered_later_and_what_an_owner_had_begun_is_tried_again() -> None:
    clock = VirtualClock()
    refunds, desk = Refunds(), centre(clock=clock)
    async with desk.open() as workspace:
        with pytest.raises(UnknownId):
            await workspace.request_action(NAME, "k1")
        workspace._owner.actions.names.add(NAME)
        await workspace.request_action(NAME, "k1")
        await workspace.request_action(NAME, "k2")
        await workspace.execute(c.StartAction("ar1", 1, 1))
    async with desk.open() as workspace:
        clock.attach(workspace)
        assert (await state(workspace), await state(workspace, "ar2")) == ("WAITING", "READY")
        assert workspace.action(NAME)(refunds) is refunds
        await clock.advance(minutes=1)
        assert (await state(workspace), await state(workspace, "ar2")) == ("DONE", "DONE")
    assert [event.code for event in desk.events(e.ActionRetried)] == ["owner_lost"]
    assert sorted((request.id, request.attempt) for request in refunds.asked) == [("ar1", 2), ("ar2", 1)]


async def test_the_decorator_gives_the_function_back() -> None:
    async with centre().open() as workspace:

        @workspace.action(NAME)
        async def refund(request: ActionRequest) -> dict[str, int | str | bool]:
            return {"cents": 1}

        await workspace.request_action(NAME, "k1")
        await workspace.settle()
        assert await state(workspace) == "DONE"


async def test_what_is_named_and_not_given_is_refused_at_the_door() -> None:
    run = [Action("run", action="refund@2"), Action("run", action=NAME), Action("run", action="tell@1")]
    plan = attrs.evolve(PLAN, rules=[Rule("r", "CaseResolved", do=run)])
    with pytest.raises(DefinitionError) as caught:
        async with centre(plan).open(actions={NAME: Refunds()}):
            pass
    assert [fault.path for fault in caught.value.faults] == ["rules[0].do[0].action", "rules[0].do[2].action"]
    async with centre(plan).open():
        pass  # they may be registered yet


async def test_what_is_still_to_be_done_needs_its_function() -> None:
    desk = centre()
    async with desk.open(actions={NAME: Refunds(OSError())}) as workspace:
        await workspace.request_action(NAME, "k1")
        await workspace.settle()
    with pytest.raises(DefinitionError, match=r"actions\.refund@1: is not registered, and ar1 needs it"):
        async with desk.open(actions={}):
            pass


async def test_a_due_attempt_goes_on_after_a_restart() -> None:
    clock = VirtualClock()
    desk, refunds = centre(clock=clock), Refunds()
    async with desk.open(actions={NAME: Refunds(OSError())}) as workspace:
        clock.attach(workspace)
        await workspace.request_action(NAME, "k1")
        await workspace.settle()
    await clock.advance(minutes=5)
    async with desk.open(actions={NAME: refunds}) as workspace:
        clock.attach(workspace)
        await workspace.settle()
        assert await state(workspace) == "DONE"
    assert [request.attempt for request in refunds.asked] == [2]


async def test_leaving_waits_for_what_is_being_done_and_begins_nothing_new() -> None:
    gate, desk = anyio.Event(), centre()
    async with anyio.create_task_group() as tasks, desk.open(actions={NAME: Refunds(gate.wait)}) as workspace:
        await workspace.request_action(NAME, "k1")
        await turns()
        tasks.start_soon(_open_soon, gate)
    assert len(desk.events(e.ActionDone)) == 1


async def _open_soon(gate: anyio.Event) -> None:
    await turns()
    gate.set()


async def test_questions_about_no_request() -> None:
    async with centre().open() as workspace:
        with pytest.raises(UnknownId, match="no request 'ar9'"):
            await workspace.requested("ar9")
        with pytest.raises(InvalidCommand):
            await workspace.request_action(NAME, "")


async def _plain(request: ActionRequest) -> None:
    return None


@pytest.mark.parametrize(
    ("actions", "told"),
    [
        ([_plain], "must be a mapping of names to functions, as {'refund@1': refund}, not list"),
        ({"refund": _plain}, "must have names with a version, as refund@1, not 'refund'"),
        ({5: _plain}, "must have names with a version, as refund@1, not 5"),
        ({NAME: print}, "must hold async functions: refund@1 is builtin_function_or_method"),
    ],
)
async def test_what_is_no_action_is_refused(actions: Any, told: str) -> None:
    with pytest.raises(DefinitionError, match=told):
        async with centre().open(actions=actions):
            pass
    async with centre().open() as workspace:
        with pytest.raises(DefinitionError, match="must have names with a version"):
            workspace.action("refund")(_plain)


async def test_a_request_that_was_not_stored_is_not_done() -> None:
    journal = SteeredJournal()
    refunds = Refunds()
    async with centre(journal=journal).open(actions={NAME: refunds}) as workspace:
        journal.fail(JournalFault.REFUSE)
        with pytest.raises(JournalUnavailable):
            await workspace.request_action(NAME, "k1")
        await workspace.settle()
        assert refunds.asked == []
        await workspace.request_action(NAME, "k1")
        await workspace.settle()
    assert len(refunds.asked) == 1


async def test_what_was_canceled_from_under_an_attempt_harms_no_other() -> None:
    refunds = Refunds()
    async with centre().open(actions={NAME: refunds}) as workspace:

        async def record_first() -> dict[str, str]:
            await workspace.execute(c.RecordAction("ar1", 1, "failed", code="elsewhere"))
            return {"receipt": "r7"}

        refunds.answers = [record_first]
        await workspace.request_action(NAME, "k1")
        await workspace.request_action(NAME, "k2")
        await workspace.settle()
        assert (await state(workspace), await state(workspace, "ar2")) == ("FAILED", "DONE")
