"""What callers are told of their place and wait, and what a call is told that stands so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from orchestra.channels.outbound import CallVerb
from orchestra.model.calls import CallHandling
from orchestra.model.events import CallSteered
from orchestra.model.results import CallStanding
from orchestra.runtime.announcing import action_of, estimate_of, leg_action, wait_text

CALLS = CallHandling(callback_key="1", callback="Press 1.", goodbye="Goodbye.")
MINUTE = 60_000_000
HOLD_ON = CALLS.wait


@given(st.integers(0, 10_000), st.integers(0, 10**12))
def test_an_estimate_is_a_range_of_whole_minutes_around_what_is_foreseen(position: int, wait_us: int) -> None:
    least, most = estimate_of(position, wait_us)
    assert 0 <= least < most
    assert least * MINUTE <= wait_us <= most * MINUTE


def test_the_estimate_s_spread_is_that_of_so_many_waits() -> None:
    assert estimate_of(0, 4 * MINUTE) == (0, 8), "of one wait nobody can say more"
    assert estimate_of(3, 4 * MINUTE) == (2, 6)
    assert estimate_of(15, 16 * MINUTE) == (12, 20)
    assert estimate_of(99, 100 * MINUTE) == (90, 110)
    assert estimate_of(5, 0) == (0, 1)


def test_nothing_is_said_that_is_not_known() -> None:
    assert wait_text(CALLS, None, None) == f"{HOLD_ON} Press 1."
    assert wait_text(CALLS, None, 60 * MINUTE) == f"{HOLD_ON} Press 1."
    assert wait_text(CALLS, 4, None) == f"{HOLD_ON} You are number 5 in line. Press 1."
    known = wait_text(CALLS, 3, 4 * MINUTE)
    assert known == f"{HOLD_ON} You are number 4 in line. It will probably take 2 to 6 minutes. Press 1."
    short = wait_text(CALLS, 0, MINUTE)
    assert short == f"{HOLD_ON} You are number 1 in line. It will probably take 2 minutes or less. Press 1."


def test_what_the_plan_says_nothing_of_is_not_said() -> None:
    quiet = CallHandling(wait="", place="", estimate="", short_estimate="")
    assert wait_text(quiet, 3, 4 * MINUTE) == ""


@pytest.mark.parametrize(
    ("stands", "verb", "text", "takes_keys"),
    [
        (CallStanding("wait", position=0), CallVerb.WAIT, f"{HOLD_ON} You are number 1 in line. Press 1.", True),
        (CallStanding("listen"), CallVerb.LISTEN, "", False),
        (CallStanding("hold"), CallVerb.HOLD, "One moment, please.", False),
        (CallStanding("join"), CallVerb.JOIN, "", False),
        (CallStanding("hang_up", reason="closed"), CallVerb.HANG_UP, CALLS.closed, False),
        (CallStanding("hang_up", reason="callback"), CallVerb.HANG_UP, CALLS.callback_taken, False),
        (CallStanding("hang_up", reason="over"), CallVerb.HANG_UP, "Goodbye.", False),
        (CallStanding("hang_up"), CallVerb.HANG_UP, "Goodbye.", False),
    ],
)
def test_a_call_is_told_what_it_is_to_do(stands: CallStanding, verb: CallVerb, text: str, takes_keys: bool) -> None:
    action = action_of(stands, CALLS, "call1", "k1")
    assert action is not None
    told = (action.call_id, action.key, action.verb, action.text, action.takes_keys)
    assert told == ("call1", "k1", verb, text, takes_keys)


def test_a_call_that_nobody_knows_is_told_nothing_and_without_a_key_none_is_taken() -> None:
    assert action_of(CallStanding(), CALLS, "call1", "k1") is None
    waiting = action_of(CallStanding("wait"), CallHandling(), "call1", "k1")
    assert waiting is not None
    assert not waiting.takes_keys


def test_agents_phones_are_called_and_hung_up() -> None:
    where = "de1", "in1", "ca1", "cu1", "voice", "main", "co1", 1, 2
    called = CallSteered(*where, "call1", "call", agent="ana", leg="of1", lasts_us=20_000_000)
    action = leg_action(called, "k1", "+4930123456")
    assert (action.verb, action.target, action.agent, action.leg) == (CallVerb.CALL, "+4930123456", "ana", "of1")
    assert action.lasts == timedelta(seconds=20)
    over = leg_action(CallSteered(*where, "call1", "hang_up_leg", leg="of1", leg_id="CA9"), "k2", None)
    assert (over.verb, over.leg_id, over.lasts) == (CallVerb.HANG_UP, "CA9", None)
