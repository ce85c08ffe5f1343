"""Asking for news: a gap is filled once and in order, and nobody is asked without end, whatever they answer."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import anyio
import attrs
import pytest
from tests.contact_centre import ACCOUNT, PLAN, Centre, SteeredJournal, frame, turns

from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.loopback.transport import Failure, LoopbackProvider, LoopbackTransport
from orchestra.channels.port import Decoded, Polled
from orchestra.channels.sending import Failed, Refused, Retry, SendPlan
from orchestra.channels.wire import FrameAnswer, NoAnswer, NoAnswerReason, StepResult, WireStep
from orchestra.errors import DefinitionError
from orchestra.journal.memory import MemoryJournal
from orchestra.model import events as e
from orchestra.model.commands import ChangePlan, MoveCursor, ReportChannel
from orchestra.model.plan import Plan
from orchestra.model.records import Batch, Lease
from orchestra.runtime.lines import Line
from orchestra.runtime.outcomes import checked_polled
from orchestra.runtime.polling import MOST_PAGES
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import START, VirtualClock
from orchestra.testing.faults import JournalFault

EVERY_MINUTE = attrs.evolve(
    PLAN, channels={**PLAN.channels, "chat": attrs.evolve(PLAN.channels["chat"], poll=timedelta(minutes=1))}
)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def centre(clock: VirtualClock) -> Centre:
    return Centre(SteeredJournal(), clock)


@asynccontextmanager
async def opened(centre: Centre, clock: VirtualClock, **more: Any) -> AsyncGenerator[Workspace]:
    """The workspace, after whatever there is to do at first."""
    async with centre.open(**more) as workspace:
        clock.attach(workspace)
        await clock.advance()
        yield workspace


def keep(centre: Centre, *texts: str, at: datetime = START) -> None:
    for text in texts:
        centre.provider.keep_message(text, at=at, sender=f"joe-{text}", conversation=f"c-{text}")


def taken(centre: Centre) -> list[str | None]:
    return [event.text for event in centre.events(e.MessageReceived)]


def cursors(centre: Centre) -> list[str]:
    return [event.cursor for event in centre.events(e.CursorMoved)]


def report(state: str, **more: Any) -> ReportChannel:
    return ReportChannel("chat", "main", state, "as told", **more)


async def change(workspace: Workspace, plan: Plan) -> None:
    await workspace.execute(ChangePlan(plan, plan.digest(), "zones", workspace.key.check))


# The gap


async def test_what_came_while_nobody_was_there_is_taken_at_opening(centre: Centre, clock: VirtualClock) -> None:
    keep(centre, "a", "b", "c")
    async with opened(centre, clock):
        assert taken(centre) == ["a", "b", "c"]
    assert cursors(centre) == ["3"]


async def test_page_after_page_until_there_is_no_more(centre: Centre, clock: VirtualClock) -> None:
    keep(centre, *"abcde")
    centre.provider.page_size = 2
    async with opened(centre, clock):
        assert taken(centre) == list("abcde")
    assert (centre.provider.polls, cursors(centre)) == ([None, "2", "4"], ["2", "4", "5"])


async def test_each_page_s_news_are_in_the_journal_before_its_cursor(centre: Centre, clock: VirtualClock) -> None:
    keep(centre, *"abc")
    centre.provider.page_size = 2
    async with opened(centre, clock):
        told = [event for event in centre.events() if isinstance(event, e.MessageReceived | e.CursorMoved)]
    assert [type(event).__name__[:6] for event in told] == ["Messag", "Messag", "Cursor", "Messag", "Cursor"]


async def test_the_next_owner_goes_on_from_the_cursor(centre: Centre, clock: VirtualClock) -> None:
    keep(centre, "a")
    async with opened(centre, clock):
        pass
    keep(centre, "b")
    async with opened(centre, clock):
        assert taken(centre) == ["a", "b"]
    assert centre.provider.polls == [None, "1"]


async def test_with_nothing_new_nothing_is_journaled(centre: Centre, clock: VirtualClock) -> None:
    async with opened(centre, clock):
        assert centre.provider.polls == [None]
    assert centre.counts()["CursorMoved"] == 0


async def test_what_a_webhook_brought_is_not_taken_again(centre: Centre, clock: VirtualClock) -> None:
    event = centre.provider.event("message", at=START, sender="joe", conversation="c", message="in-1", text="Hello")
    async with opened(centre, clock) as workspace:
        await workspace.webhook("r-41f6", centre.provider.webhook(event, at=START))
        centre.provider.keep(event)
        keep(centre, "b")
    async with opened(centre, clock):
        assert taken(centre) == ["Hello", "b"]


async def test_they_have_waited_since_they_wrote(centre: Centre, clock: VirtualClock) -> None:
    keep(centre, "a", at=START - timedelta(hours=2))
    keep(centre, "b", at=START - timedelta(days=30))
    async with opened(centre, clock):
        begins = [event.start_us for event in centre.events(e.InteractionQueued)]
    assert [clock.now_us() - begin for begin in begins] == [7_200_000_000, 7 * 86_400_000_000], "at most max_age"


async def test_what_cannot_be_used_is_left_out(
    centre: Centre, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    keep(centre, "a")
    centre.provider.keep({"id": "e-2", "type": "message"}, 7, centre.provider.event("hologram", at=START))
    centre.provider.keep_message("c", at=START, sender="joe\nann")
    keep(centre, "d")
    async with opened(centre, clock) as workspace:
        assert taken(centre) == ["a", "d"]
        assert workspace.health().news_unused == 1
    assert cursors(centre) == ["6"]
    assert "joe" not in caplog.text


# When it is asked


async def test_an_account_that_is_down_is_asked_once_it_is_up(centre: Centre, clock: VirtualClock) -> None:
    async with opened(centre, clock) as workspace:
        await workspace.execute(report("down"))
        keep(centre, "a", "b")
        await clock.advance(hours=1)
        assert (taken(centre), len(centre.provider.polls)) == ([], 1)
        await workspace.execute(report("up"))
        await clock.advance()
        assert taken(centre) == ["a", "b"]


async def test_one_that_was_down_at_opening_is_not_asked_before_it_is_tried(
    centre: Centre, clock: VirtualClock
) -> None:
    centre.plan = EVERY_MINUTE
    async with opened(centre, clock) as workspace:
        await workspace.execute(report("down", for_us=3_600_000_000))
    keep(centre, "a")
    async with opened(centre, clock):
        await clock.advance(minutes=59)
        assert len(centre.provider.polls) == 1
        await clock.advance(minutes=1)
        assert taken(centre) == ["a"]
    assert centre.events(e.ChannelUp)[0].reason == "tried again"


async def test_nobody_else_is_asked_when_one_is_up(centre: Centre, clock: VirtualClock) -> None:
    async with opened(centre, clock) as workspace:
        for state in ("down", "up"):
            await workspace.execute(ReportChannel("chat", "other", state, "as told"))
        await clock.advance()
        assert centre.provider.polls == [None]


async def test_it_is_asked_as_often_as_the_plan_says(centre: Centre, clock: VirtualClock) -> None:
    centre.plan = EVERY_MINUTE
    async with opened(centre, clock):
        await clock.advance(seconds=59)
        assert len(centre.provider.polls) == 1
        keep(centre, "a")
        await clock.advance(seconds=1)
        assert taken(centre) == ["a"]
        await clock.advance(minutes=5)
    assert len(centre.provider.polls) == 7


async def test_without_a_word_in_the_plan_it_is_asked_once(centre: Centre, clock: VirtualClock) -> None:
    async with opened(centre, clock):
        keep(centre, "a")
        await clock.advance(days=3)
    assert (taken(centre), len(centre.provider.polls)) == ([], 1)


async def test_another_plan_counts_from_now_on(centre: Centre, clock: VirtualClock) -> None:
    async with opened(centre, clock) as workspace:
        await clock.advance(minutes=10)
        keep(centre, "a")
        await change(workspace, EVERY_MINUTE)
        await clock.advance(minutes=1)
        assert taken(centre) == ["a"]


async def test_a_channel_that_the_plan_no_longer_has_is_left_alone(centre: Centre, clock: VirtualClock) -> None:
    centre.plan = EVERY_MINUTE
    bare = attrs.evolve(PLAN, channels={"voice": PLAN.channels["voice"]})
    async with opened(centre, clock) as workspace:
        await change(workspace, bare)
        await clock.advance(hours=1)
    assert len(centre.provider.polls) == 1


async def test_what_comes_up_while_it_is_asked_is_asked_again(centre: Centre, clock: VirtualClock) -> None:
    go_on, asked = anyio.Event(), anyio.Event()
    inner = LoopbackTransport(centre.provider)

    class Slow(LoopbackTransport):
        async def perform(self, step: WireStep) -> StepResult:
            result = await inner.perform(step)
            asked.set()
            await go_on.wait()
            return result

    centre.transport = Slow(centre.provider)
    async with centre.open() as workspace:
        clock.attach(workspace)
        await asked.wait()
        keep(centre, "a")
        await workspace.execute(report("down"))
        await workspace.execute(report("up"))
        go_on.set()
        await clock.advance()
        assert taken(centre) == ["a"]
    assert len(centre.provider.polls) == 2


async def test_who_cannot_be_asked_is_not(clock: VirtualClock) -> None:
    centre = Centre(clock=clock)
    centre.transport = None
    async with opened(centre, clock):
        pass
    assert centre.provider.polls == []


async def test_a_plan_that_wants_what_a_line_cannot_is_refused(centre: Centre) -> None:
    centre.plan, centre.transport = EVERY_MINUTE, None
    with pytest.raises(DefinitionError) as caught:
        async with centre.open():
            pass
    assert [fault.path for fault in caught.value.faults] == ["channels.chat.poll"]


@pytest.mark.parametrize(("every", "is_sound"), [(0.999_999, False), (1, True), (-60, False)])
def test_a_plan_that_asks_all_the_time_is_refused(every: float, is_sound: bool) -> None:
    chat = attrs.evolve(PLAN.channels["chat"], poll=timedelta(seconds=every))
    plan = attrs.evolve(PLAN, channels={"chat": chat, "voice": PLAN.channels["voice"]})
    found = [(fault.path, fault.message) for fault in plan.faults() if fault.is_error]
    assert found == ([] if is_sound else [("channels.chat.poll", "must be at least 1s")])


# No answer


@pytest.mark.parametrize(
    "failure", [Failure.UNAVAILABLE, Failure.RATE_LIMITED, Failure.REJECTED, Failure.NOT_CONNECTED, Failure.TIMED_OUT]
)
async def test_without_an_answer_the_cursor_stays_and_it_is_asked_again(
    centre: Centre, clock: VirtualClock, failure: Failure
) -> None:
    keep(centre, "a")
    centre.provider.fail_polls(failure, failure)
    async with opened(centre, clock):
        assert (taken(centre), cursors(centre)) == ([], [])
        await clock.advance(minutes=1)
        assert (taken(centre), cursors(centre)) == (["a"], ["1"])


async def test_it_is_left_alone_for_longer_each_time(centre: Centre, clock: VirtualClock) -> None:
    times: list[int] = []

    def ask(cursor: str | None) -> SendPlan:
        times.append(clock.now_us())
        raise OSError

    centre.adapter.on_poll = ask
    async with opened(centre, clock):
        await clock.advance(hours=1)
    rests = [(later - time) / 1_000_000 for time, later in pairwise(times)]
    assert all(2**power / 2 <= rest <= 2**power for power, rest in zip(range(1, 9), rests, strict=False))
    assert all(150 <= rest <= 300 for rest in rests[8:])
    assert len(times) < 40


async def test_the_provider_s_advice_is_followed(centre: Centre, clock: VirtualClock) -> None:
    centre.provider.fail_polls(Failure.RATE_LIMITED)
    async with opened(centre, clock):
        await clock.advance(seconds=6)
        assert centre.provider.polls == []
        await clock.advance(seconds=1)
        assert centre.provider.polls == [None]


async def test_absurd_advice_is_not(centre: Centre, clock: VirtualClock) -> None:
    centre.adapter.on_decode_poll = lambda cursor: Polled(
        decoded=Decoded(), cursor=cursor, retry=Retry("busy", timedelta(days=9_000))
    )
    keep(centre, "a")
    async with opened(centre, clock):
        centre.adapter.on_decode_poll = None
        await clock.advance(hours=1)
        assert taken(centre) == ["a"]


async def test_an_account_that_comes_up_is_asked_whatever_it_did_before(centre: Centre, clock: VirtualClock) -> None:
    keep(centre, "a")
    centre.provider.fail_polls(*[Failure.UNAVAILABLE] * 8)
    async with opened(centre, clock) as workspace:
        while centre.provider._failing_polls:
            await clock.advance(seconds=10)
        await workspace.execute(report("down"))
        await workspace.execute(report("up"))
        await clock.advance()
        assert taken(centre) == ["a"]


async def test_no_answer_is_a_failure_whatever_the_adapter_says(centre: Centre, clock: VirtualClock) -> None:
    centre.adapter.on_decode_poll = lambda cursor: Polled(decoded=Decoded(), cursor="99")
    centre.provider.fail_polls(Failure.CUT_SHORT)
    async with opened(centre, clock):
        assert cursors(centre) == []


def _raise(*_: Any) -> Any:
    raise RuntimeError("a plug-in's own fault, with joe's address in it")


def _polled(**more: Any) -> Any:
    return Polled(**{"decoded": Decoded(), "cursor": None, **more})


FAULTS: dict[str, dict[str, Any]] = {
    "poll raises": {"on_poll": _raise},
    "poll refuses": {"on_poll": lambda cursor: Refused("no", "with joe's address in it")},
    "poll gives nothing": {"on_poll": lambda cursor: None},
    "poll gives no steps": {"on_poll": lambda cursor: SendPlan((None,))},  # type: ignore[arg-type]
    "decode raises": {"on_decode_poll": _raise},
    "decode gives nothing": {"on_decode_poll": lambda cursor: None},
    "no news": {"on_decode_poll": lambda cursor: _polled(decoded=None)},
    "no events": {"on_decode_poll": lambda cursor: _polled(decoded=Decoded(events=None))},  # type: ignore[arg-type]
    "odd retry": {"on_decode_poll": lambda cursor: _polled(retry=Failed("no"))},
    "empty cursor": {"on_decode_poll": lambda cursor: _polled(cursor="")},
    "long cursor": {"on_decode_poll": lambda cursor: _polled(cursor="joe's address" * 200)},
    "odd cursor": {"on_decode_poll": lambda cursor: _polled(cursor=17)},
    "lone surrogate": {"on_decode_poll": lambda cursor: _polled(cursor="joe's address\ud800")},
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_plug_in_s_fault_is_told_by_type_and_takes_no_other_down(
    clock: VirtualClock, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "orchestra")
    centre = Centre(clock=clock)
    account = attrs.evolve(ACCOUNT, route_key="r-2", id="other")
    other = LoopbackProvider(account)
    other.keep_message("from the other", at=START)
    for name, function in FAULTS[fault].items():
        setattr(centre.adapter, name, function)
    keep(centre, "a")
    lines = [centre.line, Line("chat", LoopbackAdapter(), account, LoopbackTransport(other), "other")]
    async with Workspace.open(PLAN, centre.journal, channels=lines, clock=clock) as workspace:
        clock.attach(workspace)
        await clock.advance(minutes=10)
        assert taken(centre) == ["from the other"]
        assert [(event.account, event.cursor) for event in centre.events(e.CursorMoved)] == [("other", "1")]
        centre.adapter.on_poll = centre.adapter.on_decode_poll = None
        await clock.advance(minutes=10)
        assert taken(centre) == ["from the other", "a"]
    assert "joe's address" not in caplog.text


async def test_a_transport_that_raises_or_hangs_is_asked_again(
    centre: Centre, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("orchestra.runtime.polling._LONGEST_STEP_S", 0.01)
    faults = ["raise", "hang"]

    class Broken(LoopbackTransport):
        async def perform(self, step: WireStep) -> StepResult:
            match faults.pop(0) if faults else "none":
                case "raise":
                    raise OSError("joe's address")
                case "hang":
                    await anyio.sleep_forever()
            return await super().perform(step)

    centre.transport = Broken(centre.provider)
    keep(centre, "a")
    async with opened(centre, clock):
        await clock.advance(minutes=1)
        assert taken(centre) == ["a"]
    assert "TimeoutError" in caplog.text
    assert "joe's address" not in caplog.text


# No end


async def test_more_without_a_way_to_it_is_not_asked_for_all_the_time(centre: Centre, clock: VirtualClock) -> None:
    asked: list[str | None] = []

    def decode(cursor: str | None) -> Polled:
        asked.append(cursor)
        assert len(asked) < 500, "else this test would not end either"
        return Polled(decoded=Decoded(), cursor=cursor, has_more=True)

    centre.adapter.on_decode_poll = decode
    async with opened(centre, clock) as workspace:
        assert asked == [None]
        await workspace.execute(MoveCursor("chat", "main", "5"))
        await clock.advance(hours=1)
        assert len(asked) < 40
    assert cursors(centre) == ["5"]


async def test_cursors_that_go_round_lead_nowhere(centre: Centre, clock: VirtualClock) -> None:
    asked: list[str | None] = []

    def decode(cursor: str | None) -> Polled:
        asked.append(cursor)
        assert len(asked) < 500, "else this test would not end either"
        return Polled(decoded=Decoded(), cursor={None: "a", "a": "b", "b": "c", "c": "a"}[cursor], has_more=True)

    centre.adapter.on_decode_poll = decode
    async with opened(centre, clock):
        await clock.advance(hours=1)
    assert cursors(centre) == ["a", "b", "c"]
    assert len(asked) < 40


async def test_very_many_pages_leave_others_their_turn(centre: Centre, clock: VirtualClock) -> None:
    asked: list[int] = []

    def decode(cursor: str | None) -> Polled:
        asked.append(clock.now_us())
        return Polled(decoded=Decoded(), cursor=str(len(asked)), has_more=True)

    centre.adapter.on_decode_poll = decode
    async with opened(centre, clock):
        assert len(asked) == MOST_PAGES
        await clock.advance(seconds=1)
        assert len(asked) == 2 * MOST_PAGES
    assert len(set(asked)) == 2


async def test_an_outage_ends_a_round_between_two_pages(centre: Centre, clock: VirtualClock) -> None:
    keep(centre, *"abcd")
    centre.provider.page_size = 1
    down: list[Workspace] = []

    def watch(step: WireStep) -> None:
        if len(centre.provider.polls) == 2 and down:
            owner = down.pop()._owner
            owner.decide(report("down"))

    centre.transport = LoopbackTransport(centre.provider, watch=watch)
    async with centre.open() as workspace:
        down.append(workspace)
        clock.attach(workspace)
        await clock.advance(hours=1)
        assert taken(centre) == ["a", "b", "c"]
        await workspace.execute(report("up"))
        await clock.advance()
        assert taken(centre) == list("abcd")


# Storing


class NoCursor(SteeredJournal):
    """A journal that cannot store a cursor, so often."""

    refusals = 1

    def append(self, after: int, batches: Any, lease: Lease) -> int:
        if self.refusals and any(record.type == "CursorMoved" for batch in batches for record in records_of(batch)):
            self.refusals -= 1
            self.fail(JournalFault.LOSE)
        return super().append(after, batches, lease)


def records_of(batch: Batch) -> Any:
    return batch.records


async def test_news_whose_cursor_was_not_kept_come_again_and_change_nothing(clock: VirtualClock) -> None:
    centre = Centre(NoCursor(), clock)
    keep(centre, "a", "b")
    async with opened(centre, clock):
        assert (taken(centre), cursors(centre)) == (["a", "b"], [])
        await clock.advance(minutes=1)
    assert (taken(centre), cursors(centre), centre.provider.polls) == (["a", "b"], ["2"], [None, None])


async def test_news_that_were_not_stored_keep_the_cursor_where_it_is(centre: Centre, clock: VirtualClock) -> None:
    assert isinstance(centre.journal, SteeredJournal)
    async with opened(centre, clock) as workspace:
        keep(centre, "a", "b")
        await workspace.execute(report("down"))
        await workspace.execute(report("up"))
        centre.journal.fail(JournalFault.REFUSE)
        await clock.advance(minutes=1)
    assert (taken(centre), cursors(centre)) == (["a", "b"], ["2"])


async def test_an_outage_that_was_not_stored_keeps_nobody_from_being_asked(centre: Centre, clock: VirtualClock) -> None:
    assert isinstance(centre.journal, SteeredJournal)
    centre.plan = EVERY_MINUTE
    async with opened(centre, clock) as workspace:
        centre.journal.fail(JournalFault.LOSE)
        with pytest.raises(Exception, match="as planned"):
            await workspace.execute(report("down"))
        keep(centre, "a")
        await clock.advance(minutes=1)
        assert taken(centre) == ["a"]


# The end


async def test_leaving_waits_for_no_provider(centre: Centre, clock: VirtualClock) -> None:
    asked = anyio.Event()

    class Hanging(LoopbackTransport):
        async def perform(self, step: WireStep) -> StepResult:
            asked.set()
            await anyio.sleep_forever()
            raise AssertionError

    centre.transport = Hanging(centre.provider)
    with anyio.fail_after(3):
        async with centre.open():
            await asked.wait()


async def test_nobody_is_asked_once_the_block_is_left(centre: Centre, clock: VirtualClock) -> None:
    centre.plan = EVERY_MINUTE
    async with centre.open() as workspace:
        clock.attach(workspace)
        await clock.advance()
        workspace.end_sending()
        keep(centre, "a")
        clock._now_us += 60_000_000
        await workspace.execute(report("down"))
        await workspace.execute(report("up"))
        await turns()
        assert workspace._polling.in_flight == 0
    assert (taken(centre), len(centre.provider.polls)) == ([], 1)


# Steps


class TwoSteps:
    """Answers what it was asked, one after the other."""

    def __init__(self, *results: StepResult) -> None:
        self.results = list(results)

    async def perform(self, step: WireStep) -> StepResult:
        return self.results.pop(0)


@pytest.mark.parametrize("lost", [False, True])
async def test_of_several_steps_the_last_says_where_to_go_on(centre: Centre, clock: VirtualClock, lost: bool) -> None:
    last: StepResult = NoAnswer(NoAnswerReason.CUT_SHORT, may_have_arrived=True) if lost else FrameAnswer()
    centre.transport = TwoSteps(FrameAnswer(), last)
    centre.adapter.on_poll = lambda cursor: SendPlan((frame("log in"), frame("fetch")))
    given = iter(["first", "second"])
    centre.adapter.on_decode_poll = lambda cursor: Polled(decoded=Decoded(), cursor=next(given))
    async with opened(centre, clock):
        assert cursors(centre) == ([] if lost else ["second"])


def test_what_is_told_beside_news_is_made_to_fit() -> None:
    news = Decoded()
    assert checked_polled(Polled(decoded=news, cursor="1", has_more=1)) == Polled(  # type: ignore[arg-type]
        decoded=news, cursor="1", has_more=True
    )
    told = checked_polled(Polled(decoded=news, cursor=None, retry=Retry("busy\n", 5)))  # type: ignore[arg-type]
    assert told.retry == Retry("busy?")
    with pytest.raises(ValueError, match="too many"):
        checked_polled(Polled(decoded=Decoded(events=(None,) * 10_001), cursor=None))  # type: ignore[arg-type]


def test_a_cursor_is_shown_nowhere() -> None:
    assert "joe" not in repr(Polled(decoded=Decoded(), cursor="joe@x.example"))


async def test_two_journals_of_one_day_are_the_same(clock: VirtualClock) -> None:
    journals = []
    for _ in range(2):
        own = VirtualClock()
        centre = Centre(MemoryJournal(), own)
        keep(centre, *"abc")
        centre.provider.fail_polls(Failure.UNAVAILABLE)
        async with opened(centre, own):
            await own.advance(minutes=1)
        journals.append([(record.type, record.facts) for record in centre.records()])
    assert journals[0] == journals[1]
