"""Moves of the random workload that import what another system knows of the past."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from orchestra.engine.engine import Engine
from orchestra.model import commands as c
from orchestra.model.addresses import Ref
from orchestra.model.commands.imports import CASE_STATUSES
from tests.engine_driver import DAY, MINUTE, person, thread

__all__ = ["MOVES", "import_history"]

Value = TypeVar("Value")

PEOPLE = tuple(f"customer{number}" for number in range(6))
CHANNELS = ("chat", "voice", "email")


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


def begin_import(engine: Engine, choose: Chooser) -> c.Command:
    return c.BeginImport()


def import_customer(engine: Engine, choose: Chooser) -> c.Command:
    known = [person(choose.pick(PEOPLE)) for _ in range(choose.number(1, 2))]
    return c.ImportCustomer(f"user{choose.number(1, 20)}", known, choose.pick([{}, {"vip": True}]))


def import_case(engine: Engine, choose: Chooser) -> c.Command:
    return c.ImportCase(
        f"ticket{choose.number(1, 30)}",
        address=person(choose.pick(PEOPLE)),
        # Some are numbers that the plan would give, too.
        number=choose.pick([None, f"#{choose.number(1, 200)}", f"C-{len(engine.view.cases.cases) + 2:06}"]),
        topic=choose.pick([None, "order", "bill"]),
        queue=choose.pick([None, "care", "german"]),
        agent=choose.pick([None, None, "ana", "bob"]),
        fields=choose.pick([{}, {"orders": 2}]),
    )


def _case(engine: Engine, choose: Chooser) -> str | None:
    cases = list(engine.view.cases.cases)[-8:]
    return choose.pick([None, *cases])


def import_message(engine: Engine, choose: Chooser) -> c.Command:
    return c.ImportMessage(
        choose.pick(CHANNELS),
        "main",
        f"old{choose.number(1, 400)}",
        person(choose.pick(PEOPLE)),
        choose.chance(60),
        _case(engine, choose),
        choose.pick([None, None, thread("t1")]),
        engine.now_us - choose.pick([0, MINUTE, 90 * DAY]),
        choose.pick([None, "ana", "gone"]),
        "from long ago",
    )


def import_status(engine: Engine, choose: Chooser) -> c.Command | None:
    case = _case(engine, choose)
    at_us = choose.pick([None, engine.now_us, engine.now_us - MINUTE])
    return None if case is None else c.ImportStatus(case, choose.pick(CASE_STATUSES), at_us)


def import_history(engine: Engine, choose: Chooser) -> Iterable[c.Command]:
    """A batch of a history: a customer with a case, what was written in it, and how it stood."""
    yield c.BeginImport()
    yield import_customer(engine, choose)
    ticket = f"ticket{choose.number(1, 30)}"
    yield c.ImportCase(ticket, address=person(choose.pick(PEOPLE)))
    for _ in range(choose.number(1, 4)):
        message = import_message(engine, choose)
        assert isinstance(message, c.ImportMessage)
        message.case = Ref(ticket)
        yield message
    yield c.ImportStatus(Ref(ticket), choose.pick(CASE_STATUSES))
    if choose.chance(80):
        yield c.MarkLog(f"batch{engine.position}", choose.number(1, 9), 0, 0)


MOVES: Sequence[Callable[[Engine, Chooser], c.Command | None]] = (
    begin_import,
    import_customer,
    import_case,
    import_message,
    import_status,
)
"""Commands of an import, each as it may come at any time."""
