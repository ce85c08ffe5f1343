"""Points 47 to 49 of the contract of channel adapters: asking for news, where an adapter can."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest

from orchestra.channels.account import Account
from orchestra.channels.port import Polled, PollingAdapter
from orchestra.channels.wire import HttpAnswer, NoAnswer, NoAnswerReason, StepResult
from orchestra.testing.adapter_hostile import HOSTILE_BODIES
from orchestra.testing.adapter_points import POINTS
from orchestra.testing.adapter_rig import AdapterRig, keys_of

__all__ = ["PollPoints", "poll_once"]


class PollPoints(AdapterRig):
    """Asking for news. Part of `AdapterContract`."""

    def test_47_failed_poll(self) -> None:
        """Who moves on after a failure loses what came in between."""
        self._needs_polling(47)
        results: list[StepResult] = [NoAnswer(reason, may_have_arrived=True) for reason in NoAnswerReason]
        results += [HttpAnswer(status=status, body=body) for status in (429, 500, 503) for body in HOSTILE_BODIES[:6]]
        for cursor, result in itertools.product((None, self._cursor()), results):
            polled = self._polled(result, cursor)
            assert polled.cursor == cursor, f"the cursor moved though there was no answer: {result}"
            assert polled.retry is not None, f"a failure must say so, or it passes for no news: {result}"
            assert not polled.decoded.events, f"there was news in a failure: {result}"
            assert not polled.has_more, f"it would be asked again at once: {result}"

    def test_48_hostile_poll(self) -> None:
        """Whatever comes, the runtime is told what it is, and the cursor leads to nothing that was not there."""
        self._needs_polling(48)
        for cursor, body in itertools.product((None, self._cursor()), HOSTILE_BODIES):
            polled = self._polled(HttpAnswer(status=200, body=body), cursor)
            assert polled.cursor == cursor, f"the cursor moved on {body[:20]!r}"
            assert not polled.decoded.events, f"there was news in {body[:20]!r}"
            assert not polled.has_more, f"it would be asked again at once after {body[:20]!r}"

    def test_49_same_page(self) -> None:
        """A page comes again after a crash before its cursor was kept: nobody's message may count twice."""
        self._needs_polling(49)
        first = self._polled(self.page(), None)
        again = self._polled(self.page(), None, self.now + timedelta(hours=1))
        assert len(first.decoded.events) >= 2, "the page must hold at least two pieces of news"
        keys = keys_of(first.decoded)
        assert keys == keys_of(again.decoded), "the key must not depend on when or how often it was asked"
        assert len(set(keys)) == len(keys), "different news must have different keys"
        assert first.cursor is not None, "a page must say where to go on"
        assert first.cursor == again.cursor, "the same page must lead to the same place"
        assert 1 <= len(first.cursor) <= 2_000, "the cursor cannot be kept"
        assert first.retry is None, "an answer that was read is no failure"

    def _needs_polling(self, point: int) -> None:
        self._needs(point)
        if not isinstance(self.adapter(), PollingAdapter):
            pytest.skip(f"point {point} ({POINTS[point]}) does not apply: the adapter asks for no news")

    def _cursor(self) -> str | None:
        return self._polled(self.page(), None).cursor

    def _polled(self, result: StepResult, cursor: str | None, now: datetime | None = None) -> Polled:
        """What comes of one poll that is answered so."""
        return poll_once(self.adapter(), self.account(), result, cursor, now or self.now)


def poll_once(adapter: object, account: Account, result: StepResult, cursor: str | None, now: datetime) -> Polled:
    """Ask, answer the last step so, and give what the adapter reads in that.

    Raises:
        AssertionError: it raised something.
    """
    assert isinstance(adapter, PollingAdapter)
    step = adapter.poll(cursor, account, now).steps[-1]
    try:
        return adapter.decode_poll(step, result, cursor, account)
    except Exception as error:
        raise AssertionError(f"decode_poll raised {type(error).__name__} on {result}") from error
