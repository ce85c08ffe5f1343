"""Whether promises are kept: when what was promised is done, and at the instant at which it is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from orchestra.engine.promises.state import Promise
from orchestra.engine.stages.forecasting import target
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.case_types import RESOLUTION, UPDATE

__all__ = ["break_due", "keep_all", "keep_stages", "keep_updates"]

Picks = Callable[[Promise], bool]


def keep_all(view: View, case: str, at_us: int) -> Iterator[e.Event]:
    """The matter is settled: all that was promised in it is done."""
    return _keep(view, case, lambda row: True, at_us)


def keep_updates(view: View, case: str, at_us: int) -> Iterator[e.Event]:
    """The customer has heard of the matter."""
    return _keep(view, case, lambda row: row.what == UPDATE, at_us)


def keep_stages(view: View, event: e.StageEntered, at_us: int) -> Iterator[e.Event]:
    """The case has come so far that what was promised of earlier stages is done."""
    one = view.plan.case_types[event.type]

    def is_done(row: Promise) -> bool:
        is_of_type = row.what == RESOLUTION or one.place(row.what) is not None
        return is_of_type and target(one, -1, row.what) <= event.place

    return _keep(view, event.case, is_done, at_us)


def _keep(view: View, case: str, picks: Picks, at_us: int) -> Iterator[e.Event]:
    for name in view.promises.open_in(view.cases.group(case)):
        row = view.promises.promises[name]
        if not picks(row):
            continue
        while row.next_us is not None and row.next_us <= at_us:
            yield from break_due(view, name, at_us)  # in a late tick its own timer may come after this
        yield _kept(view, case, name, row, at_us)


def _kept(view: View, case: str, name: str, row: Promise, at_us: int) -> e.PromiseKept | e.PromiseKeptLate:
    """Against which due it is kept, of those that are not missed yet."""
    of = name, case, view.cases.cases[case].customer, row.what
    is_open = row.last == "OPEN"
    if row.is_judged:
        return (
            e.PromiseKept(*of, row.due_us, "last")
            if is_open
            else e.PromiseKeptLate(*of, row.first_us, at_us - row.first_us)
        )
    return e.PromiseKept(*of, row.first_us, "both" if is_open else "first")


def break_due(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """The timer of a promise that is due: it was not done by then."""
    row: Promise = view.promises.promises[name]
    due_us = row.next_us
    assert due_us is not None  # it rings for that
    is_first = not row.is_judged and row.first_us == due_us
    is_last = row.last == "OPEN" and row.due_us == due_us
    against = "both" if is_first and is_last else "first" if is_first else "last"
    warned_us = None if row.told_us is None or not is_first else row.first_us - row.told_us
    case = view.cases.root(row.case)
    yield e.PromiseBroken(name, case, view.cases.cases[case].customer, row.what, due_us, against, warned_us)
