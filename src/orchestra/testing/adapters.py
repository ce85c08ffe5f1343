"""The contract of channel adapters as a test suite, for every adapter: ours and anybody's.

Needs pytest and hypothesis. Subclass it in a test module and supply the abstract methods::

    class TestMine(AdapterContract):
        def adapter(self): ...
        def account(self): ...
        def sign(self, request): ...
        def sample(self, kind): ...

Each test carries the number of its point in the contract. A point that has no meaning for a channel is declared
in `not_applicable` with the reason, which the test run shows. The suite knows no adapter and imports none.
"""

from __future__ import annotations

import copy
import itertools
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import attrs
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from orchestra.channels import inbound, outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.parts import Identity
from orchestra.channels.port import ChannelAdapter, Decoded, Polled, PollingAdapter
from orchestra.channels.registry import discover
from orchestra.channels.sending import Failed, Next, Retry, SendPlan, Sent, Unknown
from orchestra.channels.wire import HttpAnswer, NoAnswer, NoAnswerReason, RawRequest, StepResult, Verified, WireStep
from orchestra.testing.known import Known, learn
from orchestra.testing.purity import forbid_effects

__all__ = ["POINTS", "AdapterContract"]

POINTS: Mapping[int, str] = {
    16: "batches: empty, several, one bad among good",
    17: "an unknown type is Unrecognised and answered 2xx",
    18: "a redelivery has the same dedupe key",
    19: "a permuted order gives the same final state",
    20: "our own echo is no inbound message",
    36: "the same arguments give the same bytes",
    41: "no answer after the write is Unknown",
    42: "permanent and transient refusals are told apart",
    44: "pure and thread-safe",
    45: "a broken plug-in stands alone",
    46: "text survives the round trip through the provider",
    47: "a failed poll leaves the cursor, and says so",
    48: "hostile answers to a poll never raise, and lead nowhere",
    49: "the same page has the same dedupe keys",
}
"""The points that this suite checks, by their number in the contract."""

_SAMPLES: Mapping[int, tuple[str, ...]] = {
    16: ("empty_batch", "batch", "bad_among_good"),
    17: ("unknown",),
    18: ("message", "redelivery"),
    20: ("echo",),
}
_HOSTILE: Sequence[bytes] = (
    b"",
    b"{",
    b"null",
    b"[]",
    b"{}",
    b"17",
    b"\xff\xfe\x00",
    b"\xef\xbb\xbf{}",
    b'{"a": "\\ud800"}',
    b"[" * 10_000,
    b"9" * 10_000,
    b"<html>Service unavailable</html>",
    b"\x00" * 100,
)
_THREADS = 8
_ROUNDS = 5


class AdapterContract(ABC):
    """The suite. See the module for its use.

    Attributes:
        not_applicable: number of a point -> why it has no meaning for this channel.
        now: the instant at which everything here happens; `sign` must sign for it.
        sequence_kinds: the samples that point 19 permutes: news about the same messages.
    """

    not_applicable: ClassVar[Mapping[int, str]] = {}
    now: ClassVar[datetime] = datetime(2026, 1, 5, 12, tzinfo=UTC)
    sequence_kinds: ClassVar[tuple[str, ...]] = ("message", "edit", "delete", "delivered", "read")

    # What a subclass supplies.

    @abstractmethod
    def adapter(self) -> ChannelAdapter:
        """Give a new instance of the adapter."""

    @abstractmethod
    def account(self) -> Account:
        """Give an account with its secrets; equal at every call."""

    @abstractmethod
    def sign(self, request: RawRequest) -> RawRequest:
        """Give the request as the account's provider would send it at `now`."""

    @abstractmethod
    def sample(self, kind: str) -> RawRequest:
        """Give an unsigned request of a kind; equal at every call.

        Kinds: `message` (one new message), `redelivery` (the same news, sent again), `batch` (at least two pieces
        of news), `bad_among_good` (the batch with one unreadable piece in its midst), `empty_batch`, `unknown`
        (one piece of a type that does not exist), `echo` (one message of ours), and those of `sequence_kinds`:
        `edit` and `delete` of the message in `message`, `delivered` and `read` of one of ours.
        """

    def conversation(self) -> Conversation:
        """Give the conversation to write in. Override it for a recipient that the channel takes."""
        return Conversation(id="conversation-1", recipient=Identity(self.adapter().channel, "customer-1"))

    def messages(self) -> Sequence[outbound.Outbound]:
        """Give messages to encode: at least one that the channel carries, first."""
        return (
            outbound.Message(key="key-1", text="Your order is on its way."),
            outbound.Message(key="key-2", text="Grüße, ありがとう 👋🏽 e\u0301"),
            outbound.Choices(
                key="key-3", text="Which day?", choices=(outbound.Choice("a", "Monday"), outbound.Choice("b", "Friday"))
            ),
            outbound.Progress(key="key-4", text="Packed.", stage="packed", due_at=self.now + timedelta(days=2)),
        )

    def answer(self, kind: str) -> StepResult:
        """Give the provider's answer to a step: `accepted`, `permanent` (refused for good) or `transient`."""
        pytest.fail(f"supply answer({kind!r}), or declare point 42 as not applicable")

    def echo(self, step: WireStep) -> RawRequest:
        """Give the unsigned request by which the provider, as it understood the step, would echo the message."""
        pytest.fail(f"supply echo() of {type(step).__name__}, or declare point 46 as not applicable")

    def page(self) -> StepResult:
        """Give the provider's answer to a poll from the very beginning: a page of at least two pieces of news."""
        pytest.fail("supply page(), or declare points 47 to 49 as not applicable")

    # Decoding.

    def test_16_batches(self) -> None:
        """All of a batch is read; a bad piece costs only itself."""
        self._needs(16)
        empty, batch, damaged = (self._decoded(self.sample(kind)) for kind in _SAMPLES[16])
        assert (empty.events, empty.issues) == ((), ()), "an empty batch is no news and no error"
        assert len(batch.events) >= 2, "the batch must hold at least two pieces of news"
        assert not batch.issues, f"good news was not understood: {batch.issues}"
        keys = _keys(batch)
        assert len(set(keys)) == len(keys), "different news must have different dedupe keys"
        assert _keys(damaged) == keys, "one bad piece must not take others down, nor change their order"
        assert damaged.issues, "the bad piece must be reported as an issue"
        for decoded in (empty, batch, damaged):
            assert _is_success(decoded), "the provider would send the whole batch again"

    def test_17_unknown_type(self) -> None:
        """What providers invent tomorrow is kept and answered as received."""
        self._needs(17)
        decoded = self._decoded(self.sample("unknown"))
        kinds = [type(event) for event in decoded.events]
        assert kinds == [inbound.Unrecognised], f"must be one Unrecognised, is {kinds}"
        assert _is_success(decoded), "a refusal would make the provider send it again, or give us up"

    def test_18_redelivery(self) -> None:
        """The same news has the same key, whenever and however often it comes."""
        self._needs(18)
        first, second = self._decoded(self.sample("message")), self._decoded(self.sample("redelivery"))
        again = self._decoded(self._received_later(self.sample("message"), 3_600))
        assert first.events, "the message was not read"
        assert _keys(first) == _keys(second), "a second attempt must have the key of the first"
        assert _keys(first) == _keys(again), "the key must not depend on when it was received"

    def test_19_permuted_order(self) -> None:
        """Providers keep no order: whatever comes first, the same must be known in the end."""
        self._needs(19)
        samples = [self.sample(kind) for kind in self.sequence_kinds]
        states: list[Mapping[str, Known]] = []
        for order in itertools.permutations(samples):
            state: dict[str, Known] = {}
            for place, request in enumerate(order):
                for event in self._decoded(self._received_later(request, place)).events:
                    learn(state, event)
            states.append(state)
        assert states[0], "the samples must tell something about messages"
        assert all(state == states[0] for state in states), "what is known depends on the order of arrival"

    def test_20_own_echo(self) -> None:
        """A message of ours that is shown to us must not look like a customer's."""
        self._needs(20)
        events = self._decoded(self.sample("echo")).events
        kinds = [type(event) for event in events]
        assert kinds == [inbound.OutboundEcho], f"must be one OutboundEcho, is {kinds}"
        assert events[0].origin.ids.message, "an echo without the message's id cannot be matched with its sending"

    # Encoding and interpreting.

    def test_36_deterministic_bytes(self) -> None:
        """A retry, a replay and another process send the same bytes."""
        self._needs(36)
        for message in self.messages():
            plans = [self._encode(copy.deepcopy(message)) for _ in range(3)]
            assert plans[1:] == plans[:-1], f"{type(message).__name__}: two calls gave different plans"

    def test_41_no_answer(self) -> None:
        """Who does not know must say so; who knows that nothing left may try again."""
        self._needs(41)
        for step in self._steps():
            for reason in (NoAnswerReason.TIMED_OUT, NoAnswerReason.CUT_SHORT):
                outcome = self._interpret(step, NoAnswer(reason, may_have_arrived=True))
                assert isinstance(outcome, Unknown), f"{reason.value} after the write must be Unknown, is {outcome}"
            outcome = self._interpret(step, NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False))
            assert _is_transient(outcome), f"nothing was written: may be tried again, but is {outcome}"

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
        assert _is_transient(passing), f"a passing refusal must be Retry, is {passing}"

    # General.

    def test_44_no_effects(self) -> None:
        """No clock, no randomness, no file, no socket."""
        self._needs(44)
        ask = self._questions()
        # Once unwatched, so that lazy imports are done.
        for watch in (nullcontext, forbid_effects):
            with watch():
                ask()

    def test_44_no_memory(self) -> None:
        """What it was asked before does not change what it says, nor does it change what it is given."""
        self._needs(44)
        samples, account, adapter = self._signed_samples(), self.account(), self.adapter()
        alone = [_decode(self.adapter(), sample, account, self.now) for sample in samples]
        # All are verified before any is decoded, then everything backwards.
        verified = [adapter.verify(sample, account, self.now) for sample in samples]
        mixed = [adapter.decode(found, account) for found in verified if isinstance(found, Verified)]
        assert mixed == alone, "decode remembers something of an earlier verify"
        backwards = [_decode(adapter, sample, account, self.now) for sample in reversed(samples)]
        assert backwards[::-1] == alone, "decode remembers something of an earlier decode"
        assert account == self.account(), "the account was changed"
        once = [self._encode(message) for message in self.messages()]
        together = [adapter.encode(message, account, self.conversation(), self.now) for message in self.messages()]
        assert together == once, "encode remembers something of an earlier encode"

    def test_44_threads(self) -> None:
        """One instance serves many threads, and each gets its own answers."""
        self._needs(44)
        ask = self._questions()
        expected = ask()
        with _frequent_switches(), ThreadPoolExecutor(_THREADS) as pool:
            asked = [pool.submit(ask) for _ in range(_THREADS * _ROUNDS)]
        assert all(answers.result() == expected for answers in asked), "threads disturb each other"

    def test_45_broken_plugin_stands_alone(self) -> None:
        """A plug-in that cannot be used is named, and this adapter is found beside it."""
        self._needs(45)
        mine = self.adapter()
        plugins = [
            _Plugin("broken", "broken:Adapter", _raise_import_error),
            _Plugin("future", "future:Adapter", lambda: _FromTheFuture),
            _Plugin("doubled", "one:Adapter", lambda: self.adapter),
            _Plugin("doubled", "two:Adapter", lambda: self.adapter),
        ]
        built_in = discover([]).adapters
        own = [] if mine.channel in built_in else [_Plugin(mine.channel, "mine:Adapter", lambda: self.adapter)]
        discovery = discover([*plugins, *own])
        assert set(discovery.adapters) == {*built_in, mine.channel}, "this adapter must be found, and no broken one"
        assert {problem.name for problem in discovery.problems} == {"broken", "future", "doubled"}
        assert isinstance(mine, ChannelAdapter), "the adapter lacks a part of the port"

    def test_46_round_trip(self) -> None:
        """What we say is what the provider understands, and its echo is read as what we said."""
        self._needs(46)
        limit = self.adapter().capabilities(self.account(), self.conversation()).text_limit or 200
        # UTF-16 and UTF-8 take up to four bytes for a character: a quarter fits any unit.
        storable = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
        texts = st.text(storable, min_size=1, max_size=min(200, max(1, limit // 4)))

        @given(texts)
        @settings(
            max_examples=100,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow],
        )
        def check(text: str) -> None:
            plan = self._encode(outbound.Message(key="round-trip", text=text))
            assert isinstance(plan, SendPlan), f"a text within the limit was refused: {plan}"
            echoes = [event for step in plan.steps for event in self._decoded(self.echo(step)).events]
            assert echoes, "the echo was not read"
            assert all(isinstance(event, inbound.OutboundEcho) for event in echoes), "an echo was read as other news"
            assert "".join(_text(event) for event in echoes) == text, "the text changed on its way"

        check()

    # Asking for news, where the adapter can.

    def test_47_failed_poll(self) -> None:
        """Who moves on after a failure loses what came in between."""
        self._needs_polling(47)
        results: list[StepResult] = [NoAnswer(reason, may_have_arrived=True) for reason in NoAnswerReason]
        results += [HttpAnswer(status=status, body=body) for status in (429, 500, 503) for body in _HOSTILE[:6]]
        for cursor, result in itertools.product((None, self._cursor()), results):
            polled = self._polled(result, cursor)
            assert polled.cursor == cursor, f"the cursor moved though there was no answer: {result}"
            assert polled.retry is not None, f"a failure must say so, or it passes for no news: {result}"
            assert not polled.decoded.events, f"there was news in a failure: {result}"
            assert not polled.has_more, f"it would be asked again at once: {result}"

    def test_48_hostile_poll(self) -> None:
        """Whatever comes, the runtime is told what it is, and the cursor leads to nothing that was not there."""
        self._needs_polling(48)
        for cursor, body in itertools.product((None, self._cursor()), _HOSTILE):
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
        assert _keys(first.decoded) == _keys(again.decoded), "the key must not depend on when or how often it was asked"
        assert len(set(_keys(first.decoded))) == len(first.decoded.events), "different news must have different keys"
        assert first.cursor is not None, "a page must say where to go on"
        assert first.cursor == again.cursor, "the same page must lead to the same place"
        assert 1 <= len(first.cursor) <= 2_000, "the cursor cannot be kept"
        assert first.retry is None, "an answer that was read is no failure"

    # Shared by the tests.

    def _needs_polling(self, point: int) -> None:
        self._needs(point)
        if not isinstance(self.adapter(), PollingAdapter):
            pytest.skip(f"point {point} ({POINTS[point]}) does not apply: the adapter asks for no news")

    def _cursor(self) -> str | None:
        return self._polled(self.page(), None).cursor

    def _polled(self, result: StepResult, cursor: str | None, now: datetime | None = None) -> Polled:
        """What comes of one poll that is answered so."""
        return _poll(self.adapter(), self.account(), result, cursor, now or self.now)

    def _needs(self, point: int) -> None:
        unknown = set(self.not_applicable) - set(POINTS)
        assert not unknown, f"not_applicable names points that do not exist: {sorted(unknown)}"
        reason = self.not_applicable.get(point)
        if reason is not None:
            assert reason.strip(), f"point {point} is declared as not applicable without a reason"
            pytest.skip(f"point {point} ({POINTS[point]}) does not apply: {reason}")

    def _decoded(self, request: RawRequest) -> Decoded:
        return _decode(self.adapter(), self.sign(request), self.account(), self.now)

    def _received_later(self, request: RawRequest, seconds: int) -> RawRequest:
        return attrs.evolve(request, received_at=self.now + timedelta(seconds=seconds))

    def _encode(self, message: outbound.Outbound) -> object:
        return self.adapter().encode(message, self.account(), self.conversation(), self.now)

    def _encodes(self) -> bool:
        return not {41, 42, 46} <= set(self.not_applicable)

    def _steps(self) -> tuple[WireStep, ...]:
        plan = self._encode(self.messages()[0])
        assert isinstance(plan, SendPlan), f"the first of messages() must be one that the channel carries: {plan}"
        return plan.steps

    def _interpret(self, step: WireStep, result: StepResult) -> object:
        return self.adapter().interpret(step, result, self.now)

    def _questions(self) -> Callable[[], list[Any]]:
        """Prepare one call of every method, on one instance; it gives all that the adapter said."""
        adapter, account, conversation, now = self.adapter(), self.account(), self.conversation(), self.now
        samples, messages = self._signed_samples(), self.messages()
        steps = self._steps() if self._encodes() else ()
        lost = NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=True)
        polls = isinstance(adapter, PollingAdapter) and 49 not in self.not_applicable
        pages = [self.page(), lost] if polls else []
        return lambda: [
            adapter.describe(),
            adapter.capabilities(account, conversation),
            *(_decode(adapter, sample, account, now) for sample in samples),
            *(adapter.encode(message, account, conversation, now) for message in messages),
            *(adapter.interpret(step, lost, now) for step in steps),
            *(_poll(adapter, account, page, None, now) for page in pages),
        ]

    def _signed_samples(self) -> list[RawRequest]:
        kinds = [kind for point in _SAMPLES if point not in self.not_applicable for kind in _SAMPLES[point]]
        return [self.sign(self.sample(kind)) for kind in kinds]


def _text(event: inbound.Inbound) -> str:
    return event.text if isinstance(event, inbound.OutboundEcho) else ""


def _keys(decoded: Decoded) -> list[str]:
    return [event.origin.dedupe_key for event in decoded.events]


def _is_success(decoded: Decoded) -> bool:
    return 200 <= decoded.reply.status < 300


def _is_transient(outcome: object) -> bool:
    return isinstance(outcome, Retry) or (isinstance(outcome, Failed) and not outcome.permanent)


def _decode(adapter: ChannelAdapter, request: RawRequest, account: Account, now: datetime) -> Decoded:
    verified = adapter.verify(request, account, now)
    assert isinstance(verified, Verified), f"a genuine request was not accepted: {verified}"
    return adapter.decode(verified, account)


def _poll(adapter: object, account: Account, result: StepResult, cursor: str | None, now: datetime) -> Polled:
    assert isinstance(adapter, PollingAdapter)
    step = adapter.poll(cursor, account, now).steps[-1]
    try:
        return adapter.decode_poll(step, result, cursor, account)
    except Exception as error:
        raise AssertionError(f"decode_poll raised {type(error).__name__} on {result}") from error


@contextmanager
def _frequent_switches() -> Generator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@attrs.frozen
class _Plugin:
    """An entry point that is not installed; `import_it` gives what it names."""

    name: str
    value: str
    import_it: Any

    def load(self) -> Any:
        return self.import_it()


class _FromTheFuture:
    contract_version = 1_000


def _raise_import_error() -> Any:
    raise ImportError("no module named broken")
