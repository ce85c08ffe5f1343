"""Carrying out deliveries: whatever a provider or plug-in does, each ends, and none is blindly sent twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import anyio
import pytest
from tests.contact_centre import PLAN, Centre, SteeredJournal, answered, frame, message, turns

from orchestra.channels.account import Conversation
from orchestra.channels.loopback.transport import Failure
from orchestra.channels.outbound import Message
from orchestra.channels.sending import Failed, Interpreted, Next, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.wire import FrameAnswer, FrameStep, StepResult, WireStep
from orchestra.journal.memory import MemoryJournal
from orchestra.model import events as e
from orchestra.model.commands import SendMessage, StartSending, StopSending, WriteReply
from orchestra.model.plan import Plan
from orchestra.runtime.sending import Sending
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock

ENDS = (e.DeliveryAccepted, e.DeliveryFailed, e.DeliveryUnknown, e.DeliveryExpired, e.DeliveryCanceled)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def centre(clock: VirtualClock) -> Centre:
    return Centre(clock=clock)


class Wire:
    """A transport that notes what was written, and may hang or raise."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.error: Exception | None = None
        self.hangs = False
        self.has_written = anyio.Event()

    async def perform(self, step: WireStep) -> StepResult:
        assert isinstance(step, FrameStep)
        self.written.append(step.data.decode())
        self.has_written.set()
        if self.error is not None:
            raise self.error
        if self.hangs:
            await anyio.sleep_forever()
        return FrameAnswer()


def scripted(centre: Centre, outcomes: dict[str, Any], *steps: FrameStep) -> Wire:
    """Let every message be sent in these steps; outcomes: step -> what comes of it, or a list for one time each."""
    wire = Wire()
    centre.transport = wire
    centre.adapter.on_encode = lambda message: SendPlan(steps)

    def interpret(step: WireStep, result: StepResult) -> Interpreted:
        found: Any = outcomes[step.idempotency_key]
        return found.pop(0) if isinstance(found, list) else found

    centre.adapter.on_interpret = interpret
    return wire


async def replied(centre: Centre, clock: VirtualClock, **span: float) -> Workspace:
    """A workspace in which one reply was written, and so much time has passed."""
    async with centre.open() as workspace:
        clock.attach(workspace)
        await answered(workspace)
        await clock.advance(**span)
        return workspace


def ended(centre: Centre) -> list[tuple[str, str | None]]:
    """How deliveries ended, with the code."""
    return [(type(event).__name__, getattr(event, "code", None)) for event in centre.events(*ENDS)]


async def test_it_is_accepted(centre: Centre, clock: VirtualClock) -> None:
    await replied(centre, clock)
    assert [(event.attempt, event.provider_ids) for event in centre.events(e.DeliveryAccepted)] == [(1, ["out-1"])]
    assert centre.provider.delivered[0].text == "Hello back"
    assert centre.provider.delivered[0].recipient == "joe"


async def test_a_title_is_the_subject_of_what_is_sent(centre: Centre, clock: VirtualClock) -> None:
    sent: list[Message] = []
    wire = scripted(centre, {"one": Sent(())}, frame("one"))
    encode = centre.adapter.on_encode
    assert encode is not None
    centre.adapter.on_encode = lambda message: sent.append(message) or encode(message)
    async with centre.open() as workspace:
        clock.attach(workspace)
        got = await answered(workspace)
        await workspace.execute(
            SendMessage(got.case.id, "k", text="It is late.", title="Your order", actor="agent:ana")
        )
        await clock.advance(minutes=1)
    assert wire.written
    assert [(message.subject, message.text) for message in sent] == [
        (None, "Hello back"),
        ("Your order", "It is late."),
    ]


@pytest.mark.parametrize("failure", [Failure.RATE_LIMITED, Failure.UNAVAILABLE, Failure.NOT_CONNECTED])
async def test_a_transient_refusal_is_tried_again(centre: Centre, clock: VirtualClock, failure: Failure) -> None:
    centre.provider.fail_next(failure, failure)
    await replied(centre, clock, minutes=5)
    assert centre.counts()["DeliveryRetried"] == 2
    assert ended(centre) == [("DeliveryAccepted", None)]
    assert len(centre.provider.delivered) == 1


async def test_the_provider_s_advice_is_followed(centre: Centre, clock: VirtualClock) -> None:
    centre.provider.fail_next(Failure.RATE_LIMITED)
    await replied(centre, clock, minutes=1)
    retried, started = centre.events(e.DeliveryRetried)[0], centre.events(e.DeliveryStarted)
    times = {record.position: record.at_us for record in centre.records()}
    positions = [record.position for record in centre.records() if record.type == "DeliveryRetried"]
    assert retried.next_us - times[positions[0]] >= 7_000_000
    assert len(started) == 2


@pytest.mark.parametrize(
    "failure", [Failure.ERROR_AFTER_TAKING, Failure.TIMED_OUT_AFTER_TAKING, Failure.CUT_SHORT, Failure.TIMED_OUT]
)
async def test_a_provider_that_honours_keys_is_asked_again(
    centre: Centre, clock: VirtualClock, failure: Failure
) -> None:
    centre.provider.fail_next(failure)
    await replied(centre, clock, minutes=5)
    assert len(centre.provider.attempts) == 2
    assert len(set(centre.provider.attempts)) == 1
    assert len(centre.provider.delivered) == 1
    assert ended(centre) == [("DeliveryAccepted", None)]


async def test_a_final_refusal_ends_it(centre: Centre, clock: VirtualClock) -> None:
    centre.provider.fail_next(Failure.REJECTED)
    await replied(centre, clock, days=1)
    assert len(centre.provider.attempts) == 1
    assert [kind for kind, _ in ended(centre)] == ["DeliveryFailed"]


async def test_it_is_not_tried_for_ever(centre: Centre, clock: VirtualClock) -> None:
    centre.provider.fail_always(Failure.UNAVAILABLE)
    await replied(centre, clock, days=4)
    assert len(centre.provider.attempts) == PLAN.deliveries.attempts
    assert [kind for kind, _ in ended(centre)] == ["DeliveryFailed"]


async def test_what_nobody_knows_and_may_not_be_repeated_stays_unknown(centre: Centre, clock: VirtualClock) -> None:
    wire = scripted(centre, {"a": Unknown("cut")}, frame("a"))
    await replied(centre, clock, days=4)
    assert wire.written == ["a"]
    assert ended(centre) == [("DeliveryUnknown", "cut")]


async def test_what_is_safe_to_repeat_is_repeated(centre: Centre, clock: VirtualClock) -> None:
    wire = scripted(centre, {"a": [Unknown("cut"), Sent(("id-1",))]}, frame("a", safe_to_repeat=True))
    await replied(centre, clock, minutes=5)
    assert wire.written == ["a", "a"]
    assert centre.events(e.DeliveryAccepted)[0].provider_ids == ["id-1"]


async def test_steps_are_carried_out_in_order(centre: Centre, clock: VirtualClock) -> None:
    outcomes = {"a": Sent(("1",)), "b": Next(frame("c")), "c": Sent(("2", "3")), "d": Sent()}
    wire = scripted(centre, outcomes, frame("a"), frame("b"), frame("d"))
    await replied(centre, clock)
    assert wire.written == ["a", "b", "c", "d"]
    assert centre.events(e.DeliveryAccepted)[0].provider_ids == ["1", "2", "3"]


async def test_steps_without_end_are_cut_off(centre: Centre, clock: VirtualClock) -> None:
    wire = scripted(centre, {"a": Next(frame("a"))}, frame("a"))
    await replied(centre, clock, days=4)
    assert len(wire.written) == 8
    assert ended(centre) == [("DeliveryFailed", "too_many_steps")]


@pytest.mark.parametrize("outcome", [Retry("busy"), Failed("busy", permanent=False)])
async def test_a_failure_after_an_unsafe_step_is_not_tried_again(
    centre: Centre, clock: VirtualClock, outcome: Interpreted
) -> None:
    wire = scripted(centre, {"a": Sent(), "b": outcome}, frame("a"), frame("b", safe_to_repeat=True))
    await replied(centre, clock, days=4)
    assert wire.written == ["a", "b"]
    assert ended(centre) == [("DeliveryUnknown", "busy")]


async def test_a_failure_after_a_safe_step_is_tried_again(centre: Centre, clock: VirtualClock) -> None:
    outcomes = {"a": Sent(), "b": [Retry("busy"), Sent()]}
    wire = scripted(centre, outcomes, frame("a", safe_to_repeat=True), frame("b"))
    await replied(centre, clock, minutes=5)
    assert wire.written == ["a", "b", "a", "b"]
    assert ended(centre) == [("DeliveryAccepted", None)]


async def test_a_further_step_that_is_not_safe_counts_too(centre: Centre, clock: VirtualClock) -> None:
    wire = scripted(centre, {"a": Next(frame("b")), "b": Unknown("cut")}, frame("a", safe_to_repeat=True))
    await replied(centre, clock, days=4)
    assert wire.written == ["a", "b"]
    assert ended(centre) == [("DeliveryUnknown", "cut")]


@pytest.mark.parametrize(
    ("outcome", "retried"), [(Failed("no"), 0), (Failed("later", permanent=False), 1), (Retry("busy"), 1)]
)
async def test_what_an_adapter_says_is_recorded(
    centre: Centre, clock: VirtualClock, outcome: Interpreted, retried: int
) -> None:
    scripted(centre, {"a": [outcome, Sent()]}, frame("a"))
    await replied(centre, clock, minutes=5)
    assert centre.counts()["DeliveryRetried"] == retried
    assert [kind for kind, _ in ended(centre)] == ["DeliveryAccepted" if retried else "DeliveryFailed"]


async def test_what_a_channel_cannot_carry_fails_unsent(centre: Centre, clock: VirtualClock) -> None:
    centre.adapter.on_encode = lambda message: Refused("too_long", "write less")
    await replied(centre, clock, days=1)
    assert centre.provider.attempts == []
    assert ended(centre) == [("DeliveryFailed", "too_long")]


def _raise(*_: Any) -> Any:
    raise RuntimeError("a plug-in's own fault, with joe's address in it")


async def test_an_adapter_that_cannot_encode_harms_only_its_message(
    centre: Centre, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    centre.adapter.on_encode = _raise
    async with centre.open() as workspace:
        clock.attach(workspace)
        contact = await answered(workspace)
        await workspace.settle()
        assert ended(centre) == [("DeliveryFailed", "adapter_fault")]
        centre.adapter.on_encode = None
        await contact.reply("Once more")
        await workspace.settle()
    assert [delivered.text for delivered in centre.provider.delivered] == ["Once more"]
    assert "joe's address" not in caplog.text


async def test_an_adapter_that_cannot_interpret_leaves_it_unknown(centre: Centre, clock: VirtualClock) -> None:
    wire = scripted(centre, {}, frame("a"))
    centre.adapter.on_interpret = _raise
    await replied(centre, clock, days=4)
    assert wire.written == ["a"]
    assert ended(centre) == [("DeliveryUnknown", "adapter_fault")]


async def test_a_transport_that_raises_leaves_it_unknown(centre: Centre, clock: VirtualClock) -> None:
    wire = scripted(centre, {}, frame("a"))
    wire.error = OSError("connection reset")
    await replied(centre, clock, days=4)
    assert wire.written == ["a"]
    assert ended(centre) == [("DeliveryUnknown", "adapter_fault")]


async def test_a_transport_that_hangs_is_given_up(
    centre: Centre, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestra.runtime.sending._LONGEST_STEP_S", 0.01)
    wire = scripted(centre, {}, frame("a"))
    wire.hangs = True
    await replied(centre, clock)
    assert ended(centre) == [("DeliveryUnknown", "timed_out")]


async def test_without_a_transport_the_permit_lapses(centre: Centre, clock: VirtualClock) -> None:
    centre.transport = None
    await replied(centre, clock, seconds=31)
    assert centre.counts()["DeliveryStarted"] == 0
    assert centre.counts()["DeliveryRetried"] >= 1


@pytest.mark.parametrize("thread", ["T-5", "@companychannel", "+4915112345678", None])
async def test_the_adapter_is_told_the_provider_s_own_thread(
    centre: Centre, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, thread: str | None
) -> None:
    """In clear, as the recipient is; and neither is in clear in any fact."""
    told: list[Conversation] = []
    encode = type(centre.adapter).encode

    def listen(adapter: Any, message: Any, account: Any, conversation: Conversation, now: Any) -> Any:
        told.append(conversation)
        return encode(adapter, message, account, conversation, now)

    monkeypatch.setattr(type(centre.adapter), "encode", listen)
    async with centre.open() as workspace:
        for number, where in enumerate(["another", thread]):
            received = await workspace.receive(message(number, thread=where))
            await workspace.execute(SendMessage(received.case.id, f"k{number}", text="News"))
        await workspace.settle()
        rows = workspace._owner.view.contacts.conversations.values()
        assert all(where not in str(row) for row in rows for where in ("another", thread or "joe"))
    assert {(conversation.id, conversation.recipient.value) for conversation in told} == {
        ("another", "joe"),
        (thread, "joe"),
    }
    for record in centre.records():
        assert all(f'"{value}"' not in record.facts for value in ("another", thread, "joe")), record.type


# The operator's stop


async def test_nothing_leaves_while_sending_is_stopped(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.execute(StopSending("a wrong price"))
        await answered(workspace)
        await clock.advance(hours=1)
        assert centre.provider.attempts == []
        assert workspace.health().sending_stops == 1
        await workspace.execute(StartSending())
        await workspace.settle()
        assert len(centre.provider.delivered) == 1


async def test_a_stop_of_one_topic_leaves_the_others(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        contact = await answered(workspace)
        await workspace.execute(StopSending("a wrong price", topic="offer"))
        for topic in ("offer", "delay"):
            await workspace.execute(SendMessage(contact.case.id, topic, topic=topic, text=topic, actor="operator:kim"))
        await workspace.settle()
        assert [delivered.text for delivered in centre.provider.delivered] == ["Hello back", "delay"]


async def test_a_stop_between_permit_and_start_holds_it(clock: VirtualClock) -> None:
    journal = SteeredJournal()
    centre = Centre(journal, clock)
    async with centre.open() as workspace:
        clock.attach(workspace)
        await answered(workspace)
        await workspace.settle()
        journal.hold()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(workspace.execute, WriteReply("in1", "ana", text="Held"))
            await journal.held()
            tasks.start_soon(workspace.execute, StopSending("a wrong price"))  # the permit is decided by now
            await turns()
            journal.let_pass()
        await clock.advance(minutes=5)
        assert [delivered.text for delivered in centre.provider.delivered] == ["Hello back"]
        assert centre.counts()["DeliveryHeld"] == 1
        await workspace.execute(StartSending())
        await workspace.settle()
        assert [delivered.text for delivered in centre.provider.delivered] == ["Hello back", "Held"]


# What is gone cannot be sent


@pytest.mark.parametrize("thread", [None, "T-5"])
async def test_an_erased_message_is_not_sent(centre: Centre, clock: VirtualClock, thread: str | None) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.execute(StopSending("wait"))
        received = await workspace.receive(message(1, thread=thread))
        await workspace.execute(SendMessage(received.case.id, "k1", text="News"))
        centre.journal.blank(["cu1"])
        await workspace.execute(StartSending())
        await clock.advance(days=4)
    assert centre.provider.attempts == []
    assert ended(centre) == [("DeliveryFailed", "erased")]


# Recovery


class _Killed(BaseException):
    """The process ends here."""


async def _killed_after_write(centre: Centre, wire: Wire) -> None:
    """Leave the workspace at the very moment a step was written and no outcome is known."""
    wire.hangs = True
    try:
        async with centre.open() as workspace:
            await answered(workspace)
            await wire.has_written.wait()
            raise _Killed
    except _Killed:
        wire.hangs = False


@pytest.mark.parametrize(("honours_keys", "end"), [(True, "DeliveryAccepted"), (False, "DeliveryUnknown")])
async def test_what_had_started_is_resent_only_if_the_provider_honours_keys(
    centre: Centre, clock: VirtualClock, honours_keys: bool, end: str
) -> None:
    centre.adapter.honours_keys = honours_keys
    wire = scripted(centre, {"a": Sent()}, frame("a"))
    await _killed_after_write(centre, wire)
    assert ended(centre) == []
    async with centre.open() as workspace:
        clock.attach(workspace)
        await clock.advance(minutes=5)
    assert wire.written == ["a"] * (2 if honours_keys else 1)
    assert [kind for kind, _ in ended(centre)] == [end]


async def test_a_line_that_is_gone_at_recovery_counts_as_not_honouring_keys(
    centre: Centre, clock: VirtualClock
) -> None:
    wire = scripted(centre, {"a": Sent()}, frame("a"))
    await _killed_after_write(centre, wire)
    async with Workspace.open(PLAN, centre.journal, clock=clock) as workspace:
        await workspace.settle()
    assert ended(centre) == [("DeliveryUnknown", "owner_lost")]


async def test_an_adapter_that_cannot_tell_its_capabilities_keeps_nobody_out(
    centre: Centre, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = scripted(centre, {"a": Sent()}, frame("a"))
    await _killed_after_write(centre, wire)
    monkeypatch.setattr(type(centre.adapter), "capabilities", _raise)
    async with centre.open() as workspace:
        await workspace.settle()
    assert ended(centre) == [("DeliveryUnknown", "owner_lost")]


async def test_a_permit_of_an_earlier_owner_is_used_by_the_next(centre: Centre, clock: VirtualClock) -> None:
    centre.transport = None
    async with centre.open() as workspace:
        await answered(workspace)
    assert centre.counts()["DeliveryStarted"] == 0
    centre.transport = Centre().transport
    async with centre.open() as workspace:
        await workspace.settle()
    assert centre.counts()["DeliveryStarted"] == 1


async def test_what_waited_for_days_for_its_line_leaves_when_it_is_connected(
    centre: Centre, clock: VirtualClock
) -> None:
    centre.transport = None
    async with centre.open() as workspace:
        clock.attach(workspace)
        await answered(workspace)
        await clock.advance(hours=20)
    assert centre.counts()["DeliveryStarted"] == 0
    assert centre.counts()["DeliveryPermitted"] < 40
    centre.transport = Centre().transport
    async with centre.open() as workspace:
        await workspace.settle()
    assert centre.counts()["DeliveriesResumed"] == 1
    assert centre.counts()["DeliveryAccepted"] == 1


async def test_a_sending_under_way_is_finished_before_the_block_is_left(centre: Centre) -> None:
    wire = scripted(centre, {"a": Sent()}, frame("a"))
    go_on = anyio.Event()

    async def perform(step: WireStep) -> StepResult:
        wire.has_written.set()
        await go_on.wait()
        return FrameAnswer()

    wire.perform = perform  # type: ignore[method-assign]
    left = anyio.Event()

    async def run() -> None:
        async with centre.open() as workspace:
            await answered(workspace)
            await wire.has_written.wait()
        left.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        await wire.has_written.wait()
        await turns()
        assert not left.is_set()
        go_on.set()
    assert [kind for kind, _ in ended(centre)] == ["DeliveryAccepted"]


async def test_leaving_does_not_wait_for_a_provider_that_hangs(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestra.runtime.sending._LONGEST_END_S", 0.01)
    wire = scripted(centre, {}, frame("a"))
    wire.hangs = True
    with anyio.fail_after(30):
        async with centre.open() as workspace:
            await answered(workspace)
            await wire.has_written.wait()
    assert ended(centre) == []


async def test_no_sending_begins_while_the_block_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """A permit that becomes durable with the last append is left to the next owner."""
    journal = SteeredJournal(MemoryJournal())
    centre = Centre(journal)
    async with centre.open() as workspace:
        ana = await workspace.sign_in("ana")
        await workspace.receive(message(1))
        await (await ana.next_offer()).accept()
        journal.hold()
        with anyio.move_on_after(0.01):
            await workspace.execute(WriteReply("in1", "ana", text="Later"))
        monkeypatch.setattr(Sending, "finish", _let_pass(journal))
    assert centre.counts()["DeliveryPermitted"] == 1
    assert centre.counts()["DeliveryStarted"] == 0
    async with centre.open() as workspace:
        await workspace.settle()
    assert [delivered.text for delivered in centre.provider.delivered] == ["Later"]


def _let_pass(journal: SteeredJournal) -> Callable[[Sending], Any]:
    async def finish(sending: Sending) -> None:
        journal.let_pass()

    return finish


async def test_many_deliveries_leave_side_by_side_but_not_all_at_once(
    centre: Centre, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once, most, full = 0, 0, anyio.Event()
    wire = scripted(centre, {"a": Sent()}, frame("a"))

    async def perform(step: WireStep) -> StepResult:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        if at_once == 64:
            full.set()
        await full.wait()
        await turns(5)
        at_once -= 1
        return FrameAnswer()

    wire.perform = perform  # type: ignore[method-assign]
    async with centre.open() as workspace:
        cases = [(await workspace.receive(message(n, sender=f"writer-{n}"))).case.id for n in range(150)]
        async with anyio.create_task_group() as tasks:
            for number, case in enumerate(cases):
                tasks.start_soon(workspace.execute, SendMessage(case, f"k{number}", text="News"))
        await workspace.settle()
    assert len(ended(centre)) == 150
    assert most == 64


async def test_a_delivery_that_expires_is_not_sent(clock: VirtualClock) -> None:
    plan = Plan.parse(PLAN_WITH_EXPIRY)
    centre = Centre(clock=clock, plan=plan)
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.execute(StopSending("wait"))
        await answered(workspace)
        await clock.advance(minutes=11)
        await workspace.execute(StartSending())
        await workspace.settle()
    assert centre.provider.attempts == []
    assert ended(centre) == [("DeliveryExpired", None)]
    assert plan.deliveries.expires_after == timedelta(minutes=10)


PLAN_WITH_EXPIRY = """
workspace = { default_queue = "care" }
teams.care = {}
queues.care.team = "care"
channels.chat.live = true
agents.ana.teams = ["care"]
deliveries.expires_after = "10m"
"""


async def test_a_body_that_cannot_be_read_is_read_at_the_next_attempt(
    clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    journal = SteeredJournal()
    centre = Centre(journal, clock)
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.execute(StopSending("wait"))
        await answered(workspace)
        journal.reads_fail = True
        await workspace.execute(StartSending())
        await workspace.settle()
        assert centre.provider.attempts == []
        assert "JournalUnavailable" in caplog.text
        journal.reads_fail = False
        await clock.advance(minutes=5)
        assert len(centre.provider.delivered) == 1


async def test_an_adapter_is_told_whose_words_they_are_and_by_what_answers_find_their_case(
    centre: Centre, clock: VirtualClock
) -> None:
    told: list[tuple[Message, Conversation]] = []

    class Watched(type(centre.adapter)):  # type: ignore[misc]
        def encode(self, message: Any, account: Any, conversation: Any, now: Any) -> SendPlan | Refused:
            told.append((message, conversation))
            return super().encode(message, account, conversation, now)  # type: ignore[no-any-return]

    centre.adapter = Watched()
    async with centre.open() as workspace:
        clock.attach(workspace)
        contact = await answered(workspace)
        await contact.finish()
        await workspace.execute(SendMessage(contact.case.id, "k1", text="It is late."))
        await clock.advance(hours=1)
        token = workspace.reply_token(contact.case.id)
    assert [(message.text, message.is_automatic, message.purpose) for message, _ in told] == [
        ("Hello back", False, None),
        ("It is late.", True, None),
    ]
    assert {conversation.case_token for _, conversation in told} == {token}
