"""What a workspace sent, as the customers' providers got it: for tests.

Belongs here: lines that lead to providers in memory, and what arrived there. Does not: what customers do (`customer`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from orchestra.channels.account import Account
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.loopback.transport import Delivered, LoopbackProvider, LoopbackTransport
from orchestra.channels.loopback.wire import CHANNEL, SECRET_NAME
from orchestra.channels.wire import StepResult, WireStep
from orchestra.codec import decode_event
from orchestra.journal.port import Journal
from orchestra.model.events import DeliveryPlanned, MessageAmended
from orchestra.model.plan import Plan
from orchestra.runtime.lines import Line

__all__ = ["Outbox", "Outgoing"]

_SECRET = "a secret of tests only"


@attrs.frozen(kw_only=True)
class Outgoing:
    """A message that arrived at its provider.

    Attributes:
        channel: on which channel.
        to: the recipient, as the channel knows them.
        text: what it said.
        kind: `message`; or what was done to one before: `edit`, `delete` or `reaction`.
        delivery: id of the delivery.
        topic: what it was sent as: `reply` for an agent's answer.
        case: the case it belongs to.
        customer: whom it concerns.
    """

    channel: str
    to: str = attrs.field(repr=False)
    text: str = attrs.field(repr=False)
    kind: str = "message"
    delivery: str
    topic: str
    case: str
    customer: str


class Outbox:
    """Everything that was delivered, over all channels, in order. Iterate over it, or ask for its length.

    Each channel of the plan has a provider in memory, on the account `main`.

    Args:
        plan: its channels are served.
        journal: where the workspace is kept.
    """

    def __init__(self, plan: Plan, journal: Journal) -> None:
        self._journal = journal
        self._arrived: list[tuple[str, Delivered]] = []
        self._planned: dict[str, DeliveryPlanned | MessageAmended] = {}
        self._read = 0
        accounts = {name: _account(name) for name in plan.channels}
        self._providers = {name: LoopbackProvider(account) for name, account in accounts.items()}
        self._lines = [self._line(name, account) for name, account in accounts.items()]

    def _line(self, channel: str, account: Account) -> Line:
        transport = _Watched(channel, self._providers[channel], self._arrived)
        return Line(channel, LoopbackAdapter(), account, transport)

    @property
    def lines(self) -> Sequence[Line]:
        """What to open the workspace with, as `channels`."""
        return self._lines

    @property
    def providers(self) -> Mapping[str, LoopbackProvider]:
        """Channel -> its provider: tell it to fail, or have it make webhooks."""
        return self._providers

    @property
    def last(self) -> Outgoing:
        """The latest message.

        Raises:
            IndexError: nothing was delivered yet.
        """
        return self._outgoing(*self._arrived[-1])

    @property
    def texts(self) -> list[str]:
        """What was said, in order."""
        return [message.text for message in self]

    def __len__(self) -> int:
        return len(self._arrived)

    def __iter__(self) -> Iterator[Outgoing]:
        return iter([self._outgoing(*entry) for entry in self._arrived])

    def _outgoing(self, channel: str, delivered: Delivered) -> Outgoing:
        delivery = delivered.key.partition(".")[0]
        planned = self._plan_of(delivery)
        return Outgoing(
            channel=channel,
            to=delivered.recipient,
            text=delivered.text or "",
            kind=delivered.type,
            delivery=delivery,
            topic=planned.topic,
            case=planned.case,
            customer=planned.customer,
        )

    def _plan_of(self, delivery: str) -> DeliveryPlanned | MessageAmended:
        if delivery not in self._planned:
            for record in self._journal.read(self._read, types=["DeliveryPlanned", "MessageAmended"]):
                event = decode_event(record)
                assert isinstance(event, DeliveryPlanned | MessageAmended)
                self._read = record.position
                if event.delivery is not None:
                    self._planned[event.delivery] = event
        return self._planned[delivery]


class _Watched:
    """The way to a provider; notes what the provider took."""

    def __init__(self, channel: str, provider: LoopbackProvider, arrived: list[tuple[str, Delivered]]) -> None:
        self._channel = channel
        self._provider = provider
        self._arrived = arrived
        self._way = LoopbackTransport(provider)

    async def perform(self, step: WireStep) -> StepResult:
        """Carry the step, as any transport."""
        before = len(self._provider.delivered)
        result = await self._way.perform(step)
        self._arrived += [(self._channel, delivered) for delivered in self._provider.delivered[before:]]
        return result


def _account(channel: str) -> Account:
    return Account(route_key=f"{channel}-route", channel=CHANNEL, id="tests", secrets={SECRET_NAME: (_SECRET,)})
