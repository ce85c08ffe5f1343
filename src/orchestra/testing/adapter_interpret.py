"""Points 38 to 43 of the contract of channel adapters: what came of a step."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import timedelta
from email.utils import format_datetime

from orchestra.channels.sending import Failed, Next, Retry, Sent, Unknown
from orchestra.channels.wire import HttpAnswer, NoAnswer, NoAnswerReason
from orchestra.testing.adapter_rig import AdapterRig, is_transient

__all__ = ["InterpretPoints"]

_PATIENCE = timedelta(days=1)
_PAGES = (
    *(b"<html><body>Service unavailable</body></html>", b"", b"\xff\xfe\x00", b"null", b"[]", b"{}", b"17", b'"ok"'),
    *(b"[" * 10_000, b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"x" * 1_000_000),
)
_ABSURD = (
    *("-5", "0", "1e9", "NaN", "inf", "", "soon", "9" * 400, "0x10", "1_000", " 7", "\u0667", "7.5"),
    *("Mon, 99 Jan 2026 12:00:00 GMT", "Mon, 05 Jan 9999 12:00:00 GMT", "Mon, 05 Jan 1970 12:00:00 GMT", ";;;"),
)


class InterpretPoints(AdapterRig):
    """What came of a step. Part of `AdapterContract`."""

    def test_38_advice(self) -> None:
        """The provider knows best when to come again, within reason."""
        self._needs(38)
        at = format_datetime(self.now + timedelta(seconds=7), usegmt=True)
        for advice in ("7", at):
            outcome = self._throttled(advice)
            assert outcome is None or outcome.after == timedelta(seconds=7), f"advice of {advice} was not taken"
        self._throttled(None)
        for absurd in _ABSURD:
            outcome = self._throttled(absurd)
            after = None if outcome is None else outcome.after
            assert after is None or timedelta() <= after <= _PATIENCE, f"{absurd[:40]!r} is no advice, but gave {after}"

    def test_39_error_in_success(self) -> None:
        """What the body says counts, not the status alone."""
        self._needs(39)
        outcome = self._interpret(self._steps()[0], self.answer("error_in_success"))
        assert isinstance(outcome, (Failed, Retry, Unknown)), f"the provider has refused it, but: {outcome}"

    def test_40_already_accepted(self) -> None:
        """Who repeats under the same key has sent it the first time."""
        self._needs(40)
        outcome = self._interpret(self._steps()[0], self.answer("already_accepted"))
        assert isinstance(outcome, Sent), f"the provider has it, but: {outcome}"

    def test_41_no_answer(self) -> None:
        """Who does not know must say so; who knows that nothing left may try again."""
        self._needs(41)
        for step in self._steps():
            for reason in (NoAnswerReason.TIMED_OUT, NoAnswerReason.CUT_SHORT):
                outcome = self._interpret(step, NoAnswer(reason, may_have_arrived=True))
                assert isinstance(outcome, Unknown), f"{reason.value} after the write must be Unknown, is {outcome}"
            outcome = self._interpret(step, NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False))
            assert is_transient(outcome), f"nothing was written: may be tried again, but is {outcome}"

    def test_42_permanent_and_transient(self) -> None:
        """A refusal for good is not tried again, a passing one is not given up."""
        self._needs(42)
        step = self._steps()[0]
        accepted, refused, passing = (
            self._interpret(step, self.answer(kind)) for kind in ("accepted", "permanent", "transient")
        )
        assert isinstance(accepted, (Sent, Next)), f"an accepted message must be Sent, is {accepted}"
        assert isinstance(refused, Failed), f"a refusal for good must be Failed, is {refused}"
        assert refused.permanent, "a refusal for good must be permanent"
        assert is_transient(passing), f"a passing refusal must be Retry, is {passing}"
        assert not _is_given_up(passing), "a passing refusal is no reason to give an address up"

    def test_43_foreign_pages(self) -> None:
        """A proxy, a captive portal or a maintenance page says nothing about the message."""
        self._needs(43)
        for step in self._steps():
            for status, body in itertools.product(self._statuses(), _PAGES):
                allowed = _MEANINGS[status]
                outcome = self._interpret(step, HttpAnswer(status=status, body=body))
                assert isinstance(outcome, allowed), f"{status} with a page of another kind gave {outcome}"
                lasting = isinstance(outcome, Failed) and outcome.permanent
                assert not lasting or 300 <= status < 500, f"{status} may pass, but is final: {outcome}"
                assert not _is_given_up(outcome), f"nobody's address is given up for a page of another kind ({status})"

    def _statuses(self) -> list[int]:
        return [status for status in _MEANINGS if self.success_has_body or status != _SUCCESS]

    def _throttled(self, advice: str | None) -> Retry | None:
        answer = self.throttled(advice)
        if answer is None:
            return None
        outcome = self._interpret(self._steps()[0], answer)
        assert isinstance(outcome, Retry), f"it is only too fast, but: {outcome}"
        return outcome


def _is_given_up(outcome: object) -> bool:
    return isinstance(outcome, Failed) and outcome.is_undeliverable


_SUCCESS = 200
_PASSING = (Retry, Unknown, Failed)
_MEANINGS: Mapping[int, tuple[type, ...]] = {
    _SUCCESS: (Unknown, Retry),
    400: _PASSING,
    403: _PASSING,
    404: _PASSING,
    429: (Retry,),
    **dict.fromkeys((301, 302, 500, 502, 503, 504), _PASSING),
}
"""What a status may mean whose body is no answer of the provider. 200 may have sent it: never Sent, nor Failed."""
