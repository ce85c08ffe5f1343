"""A small contact centre for tests of the runtime: a plan, a journal that can be steered, a line with a script."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
import attrs
from anyio import to_thread

from orchestra.channels.account import Account, Conversation
from orchestra.channels.capabilities import Capabilities
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.loopback.transport import LoopbackProvider, LoopbackTransport
from orchestra.channels.outbound import Outbound
from orchestra.channels.port import Polled
from orchestra.channels.sending import Interpreted, Refused, SendPlan
from orchestra.channels.transport import Transport
from orchestra.channels.wire import FrameStep, HttpStep, StepResult, WireStep
from orchestra.codec import decode_event
from orchestra.errors import JournalUnavailable
from orchestra.journal.memory import MemoryJournal
from orchestra.journal.port import Journal
from orchestra.model.addresses import Handle
from orchestra.model.events import Event
from orchestra.model.message import Message
from orchestra.model.plan import Plan
from orchestra.model.records import Batch, Lease, Record
from orchestra.runtime.agents import ActiveContact
from orchestra.runtime.clock import Clock
from orchestra.runtime.lines import Line
from orchestra.runtime.workspace import Workspace
from orchestra.testing.faults import FaultyJournal, JournalFault

ACCOUNT = Account(route_key="r-41f6", channel="loopback", id="acme", secrets={"signing": ("s" * 20,)})

PLAN = Plan.parse("""
workspace = { name = "tests", default_queue = "care" }
teams.care = {}
queues.care = { team = "care", announce_every = "0s" }
channels.chat = { live = true, weight_percent = 25, wrap_up = "10s", offer_timeout = "1m" }
channels.voice.live = true
agents.ana.teams = ["care"]
agents.ben.teams = ["care"]
""")


def message(number: int | str, text: str = "Hello", sender: str = "joe", **more: Any) -> Message:
    """A chat message of somebody."""
    return Message("chat", id=f"m{number}", sender=Handle(sender, kind="loopback"), text=text, **more)


class SteeredJournal(FaultyJournal):
    """A journal in memory, or another, whose appends a test can hold up or let fail.

    Attributes:
        groups: number of batches of each append that was stored.
        reads_fail: whether reading raises `JournalUnavailable`.
    """

    def __init__(self, inner: Journal | None = None) -> None:
        super().__init__(inner or MemoryJournal())
        self.groups: list[int] = []
        self.reads_fail = False
        self._faults: list[JournalFault | Exception] = []
        self._may_pass = threading.Event()
        self._may_pass.set()
        self._has_come = threading.Event()

    def hold(self) -> None:
        """Hold up the next append before it stores anything."""
        self._has_come.clear()
        self._may_pass.clear()

    def let_pass(self) -> None:
        """Let the append that waits go on, and those after it."""
        self._may_pass.set()

    async def held(self) -> None:
        """Return when an append waits, and all tasks have had their turns."""
        assert await to_thread.run_sync(self._has_come.wait, 8)
        await turns()

    def fail(self, *faults: JournalFault | Exception) -> None:
        """Treat the next appends so, one each."""
        self._faults.extend(faults)

    def append(self, after: int, batches: Sequence[Batch], lease: Lease) -> int:
        self._has_come.set()
        assert self._may_pass.wait(8)
        fault = self._faults.pop(0) if self._faults else None
        if isinstance(fault, Exception):
            raise fault
        if fault is JournalFault.REFUSE or fault is JournalFault.LOSE:
            raise JournalUnavailable("as planned", fault is JournalFault.LOSE)
        position = super().append(after, batches, lease)
        if fault is JournalFault.OBSCURE:
            raise JournalUnavailable("as planned", True)
        self.groups.append(len(batches))
        return position

    def read(self, after: int = 0, **more: Any) -> Any:
        if self.reads_fail:
            raise JournalUnavailable("cannot be read, as planned")
        return super().read(after, **more)


async def turns(count: int = 30) -> None:
    """Let every task that is awake run on."""
    for _ in range(count):
        await anyio.lowlevel.checkpoint()


async def until(holds: Callable[[], bool]) -> None:
    """Let tasks run on until something holds, however long storing takes."""
    while not holds():
        await anyio.lowlevel.checkpoint()


@attrs.define
class Scripted(LoopbackAdapter):
    """The loopback adapter with some of its functions replaced."""

    on_decode: Callable[..., Any] | None = None
    on_verify: Callable[..., Any] | None = None
    on_encode: Callable[[Outbound], SendPlan | Refused] | None = None
    on_interpret: Callable[[WireStep, StepResult], Interpreted] | None = None
    on_poll: Callable[[str | None], SendPlan] | None = None
    on_decode_poll: Callable[[str | None], Polled] | None = None
    honours_keys: bool = True

    def verify(self, *arguments: Any) -> Any:
        return self.on_verify() if self.on_verify else super().verify(*arguments)

    def decode(self, *arguments: Any) -> Any:
        return self.on_decode() if self.on_decode else super().decode(*arguments)

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        return attrs.evolve(super().capabilities(account, conversation), outbound_idempotency=self.honours_keys)

    def encode(self, message: Outbound, *others: Any) -> SendPlan | Refused:
        return self.on_encode(message) if self.on_encode else super().encode(message, *others)

    def interpret(self, step: WireStep, result: StepResult, now: Any) -> Interpreted:
        return self.on_interpret(step, result) if self.on_interpret else super().interpret(step, result, now)

    def poll(self, cursor: str | None, *others: Any) -> SendPlan:
        return self.on_poll(cursor) if self.on_poll else super().poll(cursor, *others)

    def decode_poll(self, step: WireStep, result: StepResult, cursor: str | None, account: Account) -> Polled:
        return (
            self.on_decode_poll(cursor) if self.on_decode_poll else super().decode_poll(step, result, cursor, account)
        )


def frame(name: str, *, safe_to_repeat: bool = False) -> FrameStep:
    """A step of a scripted plan."""
    return FrameStep(idempotency_key=name, connection="test", data=name.encode(), safe_to_repeat=safe_to_repeat)


@attrs.frozen
class Answering:
    """Answers polls as the provider does; what is sent goes over a test's own transport."""

    sending: Transport
    provider: LoopbackProvider

    async def perform(self, step: WireStep) -> StepResult:
        if isinstance(step, HttpStep) and step.idempotency_key == "poll":
            return self.provider.receive(step)
        return await self.sending.perform(step)


class Centre:
    """Everything of one workspace in a test. Attributes as their types say."""

    def __init__(self, journal: Journal | None = None, clock: Clock | None = None, plan: Plan = PLAN) -> None:
        self.plan = plan
        self.journal = journal or MemoryJournal()
        self.clock = clock
        self.adapter = Scripted()
        self.provider = LoopbackProvider(ACCOUNT)
        self.transport: Transport | None = LoopbackTransport(self.provider)

    @property
    def line(self) -> Line:
        """The chat line."""
        transport = self.transport
        if transport is not None and not isinstance(transport, LoopbackTransport):
            transport = Answering(transport, self.provider)
        return Line("chat", self.adapter, ACCOUNT, transport)

    @asynccontextmanager
    async def open(self, **more: Any) -> AsyncGenerator[Workspace]:
        """The workspace."""
        async with Workspace.open(self.plan, self.journal, channels=[self.line], clock=self.clock, **more) as workspace:
            yield workspace

    def events(self, *kinds: type[Event]) -> list[Any]:
        """What the journal holds, of these kinds if any are named."""
        return [event for event in map(decode_event, self.journal.read()) if not kinds or isinstance(event, kinds)]

    def records(self) -> list[Record]:
        """The records of the journal."""
        return list(self.journal.read())

    def texts(self) -> list[str]:
        """What is written to customers from now on, word for word; the channel refuses to carry it."""
        texts: list[str] = []

        def seen(message: Outbound) -> Refused:
            texts.append(message.text)
            return Refused("seen", "it was only to be read")

        self.adapter.on_encode = seen
        return texts

    def counts(self) -> Counter[str]:
        """Event type -> how many the journal holds."""
        return Counter(record.type for record in self.records())


async def answered(workspace: Workspace, text: str = "Hello back", number: int | str = 1) -> ActiveContact:
    """A contact of somebody's, taken by ana and replied to."""
    await workspace.receive(message(number))
    session = await workspace.sign_in("ana")
    contact = await (await session.next_offer()).accept()
    await contact.reply(text)
    return contact
