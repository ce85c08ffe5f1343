"""Many notices that are due at one instant: commands go before them, and none of them waits for ever."""

from __future__ import annotations

import pytest
from tests.engine_driver import DAY, HOUR, SECOND
from tests.notice_plans import Teller

from orchestra.engine.engine import TickFirst
from orchestra.model import commands as c, events as e

COUNT = 60


@pytest.fixture
def burst() -> Teller:
    """So many notices are due in an hour, and the hour is over."""
    joe = Teller()
    due_us = joe.now_us + HOUR
    for number in range(COUNT):
        case = f"ca{number + 1}"
        if number:
            joe.message(f"p{number}", "email")
        joe.plan_notice(key=f"k{number}", case=case, not_before_us=due_us, expires_us=due_us + DAY)
    joe.now_us = due_us
    return joe


def told(joe: Teller) -> int:
    return len(joe.events(e.NoticeSending))


def test_a_command_goes_before_what_is_due(burst: Teller) -> None:
    engine = burst.engine
    assert engine.due() == burst.now_us
    prompt_us = engine.due(is_prompt=True)
    assert prompt_us is None or prompt_us > burst.now_us
    before = told(burst)
    decided = engine.execute(c.SetNoticePreference("cu1", wanted=False), burst.now_us)
    assert [type(event) for event in decided.events] == [e.NoticePreferenceSet]
    assert told(burst) == before == 0


def test_what_is_prompt_rings_first_and_alone(burst: Teller) -> None:
    engine = burst.engine
    engine.execute(c.SendMessage("ca1", key="bill", topic="bill", text="Your bill.", channel="email"), burst.now_us)
    late_us = burst.now_us + 30 * SECOND  # nobody uses its permit
    assert engine.due(is_prompt=True) == late_us
    with pytest.raises(TickFirst):
        engine.execute(c.SetNoticePreference("cu1", wanted=False), late_us)
    rung = engine.tick(late_us, is_prompt=True)
    assert rung.events
    assert not any(isinstance(event, e.NoticeSending) for event in rung.events)
    assert engine.due() == burst.now_us, "what is patient is due still"
    engine.execute(c.SetNoticePreference("cu1", wanted=False), late_us)


def test_it_is_worked_off_a_little_at_a_time(burst: Teller) -> None:
    engine, slices = burst.engine, list[int]()
    while engine.due() == burst.now_us:
        decided = engine.tick(burst.now_us)
        slices.append(sum(isinstance(event, e.NoticeSending) for event in decided.events))
        assert len(decided.events) < 20 + 10
    assert sum(slices) == COUNT
    assert max(slices) <= 5


def test_a_notice_that_is_called_off_meanwhile_is_not_told(burst: Teller) -> None:
    engine = burst.engine
    engine.execute(c.CancelNotice("nt60", "a mistake"), burst.now_us)
    while engine.due() == burst.now_us:
        engine.tick(burst.now_us)
    assert engine.view.notices.notices["nt60"].state == "SUPPRESSED"
    assert engine.view.notices.notices["nt59"].state == "SENDING"


def test_what_is_due_comes_back_from_a_snapshot(burst: Teller) -> None:
    again = burst.reloaded()
    assert again.due() == burst.now_us
    assert again.due(is_prompt=True) == burst.engine.due(is_prompt=True)
    for engine in (again, burst.engine):
        while engine.due() == burst.now_us:
            engine.tick(burst.now_us)
    assert again.state_hash() == burst.engine.state_hash()
