"""What a broken plug-in says of a message: made to fit or found out, and the harm stays with its own message."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.contact_centre import Centre, answered, frame

from orchestra.channels.sending import Failed, Next, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.wire import FrameAnswer, StepResult, WireStep
from orchestra.errors import InvalidCommand
from orchestra.model import events as e
from orchestra.model.commands import RecordOutcome
from orchestra.runtime.outcomes import checked_outcome, checked_plan, no_more, record_of
from orchestra.runtime.sending import Sending
from orchestra.testing.clock import VirtualClock

FAULTS: list[Any] = [
    None,
    "sent",
    Sent,
    Sent(None),  # type: ignore[arg-type]
    Sent("abc"),  # type: ignore[arg-type]
    Sent((b"abc",)),  # type: ignore[arg-type]
    Sent((True,)),  # type: ignore[arg-type]
    Sent(("",)),
    Sent(("x" * 501,)),
    Sent(("x",) * 101),
    Sent(("\ud800",)),
    Next(None),  # type: ignore[arg-type]
    Refused("too_long", "no place in an interpretation"),
]

PLAN_FAULTS: list[Any] = [None, SendPlan, Failed("no"), SendPlan([None])]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (Sent(("a", "b")), Sent(("a", "b"))),
        (Sent((123,)), Sent(("123",))),  # type: ignore[arg-type]
        (Sent(["a"]), Sent(("a",))),  # type: ignore[arg-type]
        (Sent(), Sent()),
        (Retry("busy", timedelta(seconds=5)), Retry("busy", timedelta(seconds=5))),
        (Retry("busy", 5), Retry("busy")),  # type: ignore[arg-type]
        (Retry(429), Retry("429")),  # type: ignore[arg-type]
        (Failed(131047), Failed("131047")),  # type: ignore[arg-type]
        (Failed("x" * 3000), Failed("x" * 100)),
        (Failed("no\ud800\n"), Failed("no??")),
        (Failed("no", None), Failed("no", permanent=False)),  # type: ignore[arg-type]
        (Failed("gone", is_undeliverable=True), Failed("gone", is_undeliverable=True)),
        (Failed("busy", permanent=False, is_undeliverable=True), Failed("busy", permanent=False)),
        (Failed("gone", is_undeliverable="yes"), Failed("gone")),  # type: ignore[arg-type]
        (Failed(None), Failed("adapter_fault")),  # type: ignore[arg-type]
        (Unknown(""), Unknown("adapter_fault")),
        (Unknown(True), Unknown("adapter_fault")),  # type: ignore[arg-type]
        (Next(frame("a")), Next(frame("a"))),
    ],
)
def test_what_is_told_beside_an_outcome_is_made_to_fit(given: Any, kept: Any) -> None:
    assert checked_outcome(given) == kept


@pytest.mark.parametrize("given", FAULTS)
def test_what_is_no_outcome_is_found_out(given: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        checked_outcome(given)


def test_an_id_that_is_text_of_a_kind_of_its_own_is_text() -> None:
    kept = checked_outcome(Sent((Header("m1"),)))
    assert isinstance(kept, Sent)
    assert [(one, type(one)) for one in kept.ids] == [("m1", str)]


class Header(str):
    """As a mail's headers are."""

    __slots__ = ()


def test_a_plan_is_a_plan_or_a_refusal() -> None:
    plan = SendPlan((frame("a"), frame("b")))
    assert checked_plan(plan) == plan
    assert checked_plan(Refused("too_long", "write less")) == Failed("too_long")
    assert checked_plan(Refused(17, "write less")) == Failed("17")  # type: ignore[arg-type]


@pytest.mark.parametrize("given", PLAN_FAULTS)
def test_what_is_no_plan_is_found_out(given: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        checked_plan(given)


@pytest.mark.parametrize(
    ("outcome", "after"),
    [
        (Retry("busy"), Unknown("busy")),
        (Failed("busy", permanent=False), Unknown("busy")),
        (Failed("no"), Failed("no")),
        (Unknown("cut"), Unknown("cut")),
        (Sent(), Sent()),
    ],
)
def test_nothing_is_tried_again_after_what_must_not_be_done_twice(outcome: Any, after: Any) -> None:
    assert no_more(outcome) == after


@pytest.mark.parametrize(
    ("outcome", "command"),
    [
        (Sent(("a",)), RecordOutcome("de1", 2, "accepted", ["a"])),
        (Retry("busy"), RecordOutcome("de1", 2, "retry", code="busy")),
        (Retry("busy", timedelta(seconds=5)), RecordOutcome("de1", 2, "retry", code="busy", retry_after_us=5_000_000)),
        (Failed("no"), RecordOutcome("de1", 2, "failed", code="no")),
        (Failed("no", is_undeliverable=True), RecordOutcome("de1", 2, "failed", code="no", is_undeliverable=True)),
        (Failed("no", permanent=False), RecordOutcome("de1", 2, "retry", code="no")),
        (Unknown("cut"), RecordOutcome("de1", 2, "unknown", code="cut", safe_to_repeat=True)),
    ],
)
def test_the_record_of_an_outcome(outcome: Any, command: RecordOutcome) -> None:
    assert record_of("de1", 2, outcome, is_safe=True) == command


# In a workspace


class Wire:
    """A transport that counts."""

    def __init__(self) -> None:
        self.written = 0

    async def perform(self, step: WireStep) -> StepResult:
        self.written += 1
        return FrameAnswer()


def scripted(centre: Centre, outcome: Any) -> Wire:
    wire = Wire()
    centre.transport = wire
    centre.adapter.on_encode = lambda message: SendPlan((frame("a"),))
    centre.adapter.on_interpret = lambda step, result: outcome
    return wire


async def end_of(centre: Centre, clock: VirtualClock) -> list[tuple[str, str | None]]:
    """How the delivery of one reply ends in ten days, in a workspace that goes on."""
    async with centre.open() as workspace:
        clock.attach(workspace)
        await answered(workspace)
        await clock.advance(days=10)
        assert workspace.health().deliveries_unsent == 0
    ends = centre.events(e.DeliveryAccepted, e.DeliveryFailed, e.DeliveryUnknown, e.DeliveryExpired)
    return [(type(event).__name__, getattr(event, "code", None)) for event in ends]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def centre(clock: VirtualClock) -> Centre:
    return Centre(clock=clock)


@pytest.mark.parametrize("given", FAULTS)
async def test_after_an_answer_that_is_none_nobody_knows(centre: Centre, clock: VirtualClock, given: Any) -> None:
    wire = scripted(centre, given)
    assert await end_of(centre, clock) == [("DeliveryUnknown", "adapter_fault")]
    assert wire.written == 1


@pytest.mark.parametrize("given", PLAN_FAULTS)
async def test_without_a_plan_the_message_fails_unsent(centre: Centre, clock: VirtualClock, given: Any) -> None:
    wire = scripted(centre, Sent())
    centre.adapter.on_encode = lambda message: given
    assert await end_of(centre, clock) == [("DeliveryFailed", "adapter_fault")]
    assert wire.written == 0


async def test_an_outcome_that_is_refused_is_not_known(
    centre: Centre, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever slips through all checks, the delivery ends."""
    wire = scripted(centre, Sent(("out-1",)))
    record = Sending._record

    async def refuse(sending: Sending, command: RecordOutcome) -> None:
        if command.outcome == "accepted":
            raise InvalidCommand("provider_ids", "as planned")
        await record(sending, command)

    monkeypatch.setattr(Sending, "_record", refuse)
    assert await end_of(centre, clock) == [("DeliveryUnknown", "adapter_fault")]
    assert wire.written == 1


async def test_no_fault_of_one_delivery_ends_the_workspace(
    centre: Centre, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scripted(centre, Sent())
    start, faults = Sending._start, [RuntimeError("as planned, with joe's address in it")]

    def fail_once(sending: Sending, *rows: Any) -> Any:
        if faults:
            raise faults.pop()
        return start(sending, *rows)

    monkeypatch.setattr(Sending, "_start", fail_once)
    assert await end_of(centre, clock) == [("DeliveryAccepted", None)]
    assert "RuntimeError" in caplog.text
    assert "joe" not in caplog.text
