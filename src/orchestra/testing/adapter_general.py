"""Points 44 to 46 of the contract of channel adapters: purity, isolation, and texts there and back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from typing import Any

import attrs
from hypothesis import HealthCheck, given, settings, strategies as st

from orchestra.channels import inbound, outbound
from orchestra.channels.port import ChannelAdapter, PollingAdapter
from orchestra.channels.registry import discover
from orchestra.channels.sending import SendPlan
from orchestra.channels.wire import NoAnswer, NoAnswerReason, RawRequest, Verified
from orchestra.testing.adapter_decode import DECODE_SAMPLES
from orchestra.testing.adapter_poll import poll_once
from orchestra.testing.adapter_rig import AdapterRig
from orchestra.testing.purity import forbid_effects

__all__ = ["GeneralPoints"]

_THREADS = 8
_ROUNDS = 5
_SENDS = frozenset({41, 42, 46})


class GeneralPoints(AdapterRig):
    """Purity, isolation, and texts there and back. Part of `AdapterContract`."""

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
        alone = [self._read(self.adapter(), sample) for sample in samples]
        # All are verified before any is decoded, then everything backwards.
        verified = [adapter.verify(sample, account, self.now) for sample in samples]
        mixed = [adapter.decode(found, account) for found in verified if isinstance(found, Verified)]
        assert mixed == alone, "decode remembers something of an earlier verify"
        backwards = [self._read(adapter, sample) for sample in reversed(samples)]
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

    def _questions(self) -> Callable[[], list[Any]]:
        """Prepare one call of every method, on one instance; it gives all that the adapter said."""
        adapter, account, conversation, now = self.adapter(), self.account(), self.conversation(), self.now
        samples, messages = self._signed_samples(), self.messages()
        steps = () if set(self.not_applicable) >= _SENDS else self._steps()
        lost = NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=True)
        polls = isinstance(adapter, PollingAdapter) and self._applies(49)
        pages = [self.page(), lost] if polls else []
        return lambda: [
            adapter.describe(),
            adapter.capabilities(account, conversation),
            *(self._read(adapter, sample) for sample in samples),
            *(adapter.encode(message, account, conversation, now) for message in messages),
            *(adapter.interpret(step, lost, now) for step in steps),
            *(poll_once(adapter, account, page, None, now) for page in pages),
        ]

    def _signed_samples(self) -> list[RawRequest]:
        kinds = [kind for point, kinds in DECODE_SAMPLES.items() if self._applies(point) for kind in kinds]
        return [self._signed(self.sample(kind)) for kind in kinds]


def _text(event: inbound.Inbound) -> str:
    return event.text if isinstance(event, inbound.OutboundEcho) else ""


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
