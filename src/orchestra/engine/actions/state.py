"""Requests for the application's own actions as they stand, and the keys that they were made under."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import attrs

from orchestra.engine.lifecycle import ACTION
from orchestra.engine.section import Evolve, Rows, Slice
from orchestra.model import events as e

__all__ = ["DUE", "EVOLVE", "Requested", "Requests"]

DUE = "actions.due"
"""Timer of a request's next attempt."""

OPEN = frozenset({"READY", "WAITING", "STARTED"})


@attrs.define
class Requested:
    """A request. `attempts` counts those that started, the last one by the owner of `epoch`."""

    action: str
    key: str
    values: dict[str, str | int | bool]
    customer: str | None
    case: str | None
    interaction: str | None
    state: str = ACTION.initial
    attempts: int = 0
    epoch: int = 0


class Requests(Slice):
    """Requests by id. Kept, since a key is taken once for ever."""

    TABLES: ClassVar = {"requests": Requested, "counts": None}

    requests: dict[str, Requested]
    counts: dict[str, int]

    def reindex(self) -> None:
        """Rebuild the look-up by action and key, and what is ready, under way, and open."""
        self.by_key: dict[tuple[str, str], str] = {}
        self.ready: dict[str, int] = {}
        self.started: dict[str, int] = {}
        self.open: dict[str, int] = {}
        for name in sorted(self.requests, key=lambda name: int(name[2:])):
            row = self.requests[name]
            self.by_key[row.action, row.key] = name
            self._index(name, row)

    def _index(self, name: str, row: Requested) -> None:
        for names, is_in in (
            (self.ready, row.state == "READY"),
            (self.started, row.state == "STARTED"),
            (self.open, row.state in OPEN),
        ):
            if is_in:
                names[name] = 1
            else:
                names.pop(name, None)

    def take_out(self, keys: Mapping[str, Sequence[str]]) -> None:
        """Forget requests that have ended."""
        for name in keys["requests"]:
            row = self.requests[name]
            del self.by_key[row.action, row.key]
        super().take_out(keys)

    def put_back(self, rows: Rows) -> None:
        """Know them again."""
        super().put_back(rows)
        for name in rows["requests"][0]:
            self.by_key[self.requests[name].action, self.requests[name].key] = name

    def next_request(self) -> str:
        """The id that the next request will have."""
        return f"ar{self.counts.get('request', 0) + 1}"

    def _step(self, name: str, trigger: str) -> Requested:
        row = self.requests[name]
        row.state = ACTION.step(name, row.state, trigger)
        self._index(name, row)
        return row

    def requested(self, event: e.ActionRequested, at_us: int) -> None:
        """It is to be done at once."""
        self.counts["request"] = self.counts.get("request", 0) + 1
        row = self.requests[event.request] = Requested(
            event.action, event.key, event.values, event.customer, event.case, event.interaction
        )
        self.by_key[event.action, event.key] = event.request
        self._index(event.request, row)

    def due(self, event: e.ActionDue, at_us: int) -> None:
        """The next attempt may begin."""
        self._step(event.request, "ring")
        self.timers.cancel(DUE, event.request)

    def started_now(self, event: e.ActionStarted, at_us: int) -> None:
        """An attempt is under way."""
        row = self._step(event.request, "start")
        row.attempts, row.epoch = event.attempt, event.epoch

    def done(self, event: e.ActionDone, at_us: int) -> None:
        """It is done."""
        self._step(event.request, "finish")

    def retried(self, event: e.ActionRetried, at_us: int) -> None:
        """The next attempt is due later."""
        self._step(event.request, "retry")
        self.timers.set(DUE, event.request, event.next_us)

    def failed(self, event: e.ActionFailed, at_us: int) -> None:
        """It is given up."""
        self._step(event.request, "fail")

    def unknown(self, event: e.ActionUnknown, at_us: int) -> None:
        """Nobody knows."""
        self._step(event.request, "lose")

    def canceled(self, event: e.ActionCanceled, at_us: int) -> None:
        """It was called back."""
        self._step(event.request, "cancel")
        self.timers.cancel(DUE, event.request)


EVOLVE: dict[type[e.Event], Evolve] = {
    e.ActionRequested: Requests.requested,
    e.ActionDue: Requests.due,
    e.ActionStarted: Requests.started_now,
    e.ActionDone: Requests.done,
    e.ActionRetried: Requests.retried,
    e.ActionFailed: Requests.failed,
    e.ActionUnknown: Requests.unknown,
    e.ActionCanceled: Requests.canceled,
}
