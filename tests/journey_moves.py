"""Moves of the random workload by which cases go on, and their customers are told and promised things."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol, TypeVar

import attrs

from orchestra.engine.engine import Engine
from orchestra.model import commands as c
from orchestra.model.case_types import CaseType, Delay, Stage, Tells
from orchestra.model.hours import Hours
from orchestra.model.notices import NoticeTopic
from orchestra.model.plan import Plan
from orchestra.model.templates import Topic, Wording
from tests.engine_driver import MINUTE, SECOND

__all__ = ["WEIGHTS", "slip", "with_case_types"]

Value = TypeVar("Value")

SPEAKERS = (None, None, "agent:ana", "back_office:erp")
STAGES = ("received", "checked", "shipping", "ready")


_TOLD = {
    "order_received": {"number": "number", "due": "instant", "update_by": "instant"},
    "order_late": {"before": "instant", "due": "instant"},
    "order_well": {"due": "instant"},
    "order_goes_on": {"update_by": "instant"},
}
_TOPICS = {name: NoticeTopic() for name in _TOLD}
_TEMPLATES = {
    name: Topic(facts, {"en": Wording(text=" ".join(f"${fact}" for fact in facts))}) for name, facts in _TOLD.items()
}


class Chooser(Protocol):
    """Where choices come from."""

    def pick(self, options: Sequence[Value]) -> Value:
        """One of the options; there is at least one."""
        ...

    def number(self, least: int, most: int) -> int:
        """A number from `least` to `most`, both included."""
        ...

    def chance(self, percent: int) -> bool:
        """True about so often."""
        ...


def with_case_types(plan: Plan, choose: Chooser) -> Plan:
    """A plan under which orders and bills go through stages; some of these are learned, and times change with it."""
    second = timedelta(seconds=1)
    silence, normal = choose.pick([20, 20, 60]) * second, choose.pick([20, 20, 5]) * second
    stages = [
        Stage("received", normal, max_silence=silence, promise="order_received"),
        Stage("checked", None, max_silence=silence),
        Stage("shipping", 60 * second, 30 * second, max_silence=4 * silence),
        Stage("ready"),
    ]
    order = CaseType(
        ["order"],
        choose.pick(["shifts", "shifts", None]),
        stages,
        resolves=choose.chance(70),
        delay=Delay(10 * second, choose.pick([0, 20])),
        learned_from=2,
        update_ahead=5 * second,
        tells=Tells("order_late", "order_well", "order_goes_on"),
    )
    bill = CaseType(
        ["bill"], None, [Stage("asked", 10 * second, max_silence=silence)], update_ahead=5 * second, silent=True
    )
    day = ["00:00-12:00", "12:30-23:30", "23:31-24:00"]
    shifts = Hours("Europe/Berlin", day, day, day, day, day, day, day)
    calendars = {**plan.calendars, "shifts": shifts}
    notices = attrs.evolve(plan.notices, topics={**plan.notices.topics, **_TOPICS})
    templates = {**plan.templates, **_TEMPLATES}
    types = {"order": order, "bill": bill}
    return attrs.evolve(plan, calendars=calendars, case_types=types, notices=notices, templates=templates)


def _case(engine: Engine, choose: Chooser) -> str | None:
    """One of the newest cases; now and then one that does not exist."""
    names = list(engine.view.cases.cases)[-12:]
    return "ca999" if choose.chance(2) else choose.pick(names) if names else None


def _running(engine: Engine, choose: Chooser) -> str | None:
    """One of the newest cases that go on by stages; now and then another one."""
    names = [name for name, row in engine.view.stages.courses.items() if not row.is_over][-8:]
    return choose.pick(names) if names and choose.chance(90) else _case(engine, choose)


def _soon(engine: Engine, choose: Chooser) -> int | None:
    return choose.pick([None, None, engine.now_us + choose.number(1, 3 * MINUTE)])


def tell_fact(engine: Engine, choose: Chooser) -> c.Command | None:
    case = _case(engine, choose)
    if case is None:
        return None
    value = choose.pick(["soon", "late", 3, True])
    row = engine.view.cases.cases.get(case)
    contact = choose.pick([None, *row.interactions]) if row is not None else None
    return c.TellFact(case, choose.pick(["ready", "price"]), value, contact, actor=choose.pick(SPEAKERS))


def advance(engine: Engine, choose: Chooser) -> c.Command | None:
    case = _running(engine, choose)
    if case is None:
        return None
    course = engine.view.stages.courses.get(case)
    following = STAGES[min(STAGES.index(course.stage) + 1, 3)] if course and course.stage in STAGES else "checked"
    stage = choose.pick([following, following, following, *STAGES, "asked"])
    reason = choose.pick([None, "no driver"])
    return c.AdvanceCase(case, stage, _soon(engine, choose), None, reason, actor=choose.pick(SPEAKERS))


def report(engine: Engine, choose: Chooser) -> c.Command | None:
    """What a back office reports comes again, or late, and its clock may be wrong."""
    case = _running(engine, choose)
    if case is None:
        return None
    made_us = choose.pick([None, engine.now_us + choose.number(-2 * MINUTE, 2 * MINUTE), engine.now_us + 9 * MINUTE])
    told = choose.pick(STAGES), _soon(engine, choose), None, choose.pick([None, "no driver"])
    return c.AdvanceCase(case, *told, f"r{choose.number(0, 20)}", made_us, actor="back_office:erp")


def set_case_type(engine: Engine, choose: Chooser) -> c.Command | None:
    case = _case(engine, choose)
    return None if case is None else c.SetCaseType(case, choose.pick(["order", "order", "bill", None, "odd"]))


def make_promise(engine: Engine, choose: Chooser) -> c.Command | None:
    case = _running(engine, choose)
    if case is None:
        return None
    what = choose.pick(["resolution", "resolution", "update", *STAGES])
    return c.MakePromise(case, what, _soon(engine, choose), actor=choose.pick(SPEAKERS))


def _promise(engine: Engine, choose: Chooser) -> str | None:
    names = [name for name, row in engine.view.promises.promises.items() if row.done_us is None][-8:]
    return "pr999" if choose.chance(2) else choose.pick(names) if names else None


def revise_promise(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _promise(engine, choose)
    return None if name is None else c.RevisePromise(name, "no driver", _soon(engine, choose))


def withdraw_promise(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _promise(engine, choose)
    return None if name is None else c.WithdrawPromise(name, "not wanted")


def slip(engine: Engine, choose: Chooser) -> Iterable[c.Command]:
    """What was promised is late, and made up or told; something else may come between."""
    case = _running(engine, choose)
    if case is None:
        return
    due_us = engine.now_us + choose.number(30 * SECOND, 2 * MINUTE)
    yield c.MakePromise(case, "resolution", due_us)
    yield c.AdvanceCase(case, "shipping", due_us + MINUTE, due_us, "no driver")
    if choose.chance(30):
        yield choose.pick([c.ResolveCase(case), c.TellFact(case, "ready", "late"), c.SetCaseType(case, "bill")])
    if choose.chance(60):
        yield c.AdvanceCase(case, "shipping", due_us)
    name = f"pr{engine.view.promises.counts.get('promise', 0)}"
    yield choose.pick([c.RevisePromise(name, "no driver"), c.AdvanceCase(case, "ready"), c.ReopenCase(case, "again")])


Move = Callable[[Engine, Chooser], "c.Command | None"]

WEIGHTS: Mapping[Move, int] = {
    tell_fact: 3,
    advance: 6,
    report: 6,
    set_case_type: 2,
    make_promise: 6,
    revise_promise: 3,
    withdraw_promise: 1,
}
"""Move -> how often it is made, relative to the others here."""
