"""Simulated customers: who comes, with what demand and patience.

Belongs here: drawing them, each from streams of their own. Does not: what happens to them (`driver`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import Any

from orchestra.model.addresses import Address
from orchestra.model.commands import OpenWorkItem, ReceiveContact
from orchestra.model.plan import Plan
from orchestra.simulation.chance import Keyed, stream
from orchestra.simulation.laws import Speeds
from orchestra.simulation.schema import CustomerClass
from orchestra.simulation.tally import Counter

__all__ = ["AWAITED", "NEW", "SERVED", "WAITING", "WRAPPING", "Customer", "Source"]

NEW, WAITING, SERVED, WRAPPING, AWAITED = range(5)
"""States of a customer: about to come, waiting, with an agent, gone while the agent wraps up, will try again."""


_KEY_BITS = 40
_ASKED = 1 << _KEY_BITS - 1
"""Work that rules ask for has places of its own among those of a class, from here on."""


class Customer:
    """One customer, from the first try to the last.

    Attributes:
        source: their class.
        index: place among all customers of their class, from 0.
        key: a number that no other customer has, the same in every run.
        tries: how often they have tried before.
        state: one of the states above.
        interaction: of the present try; empty before.
        came_us: when the present try began.
        since_us: since when they are in this state.
        waited_us: in earlier stretches of the present try.
        earlier_us: how much longer ago their place began, which they have back from an earlier try; less than nothing
            if it began anew since they came.
        is_answered: whether an agent has answered them once.
        patience_us: how long they wait in all; None for ever.
        work_us: how long an agent of speed 1 with nothing else in hand needs for what is left of their service.
        served_us: how long they were served before the present stretch of their service.
        pace: at which speed that is worked, `paced_us` since when.
        wrap_up_us: how long the agent needs afterwards.
        agent: who serves them, of `agents`.
        stretch: rises with every change, so that what was planned before can be told apart.
        offers: how often they were offered.
    """

    __slots__ = (
        "agent",
        "came_us",
        "earlier_us",
        "index",
        "interaction",
        "is_answered",
        "key",
        "offers",
        "pace",
        "paced_us",
        "patience_us",
        "served_us",
        "since_us",
        "source",
        "state",
        "stretch",
        "tries",
        "waited_us",
        "work_us",
        "wrap_up_us",
    )

    def __init__(self, source: Source, index: int, work_us: float, patience_us: int | None, wrap_up_us: int) -> None:
        self.source = source
        self.index = index
        self.key = source.number << _KEY_BITS | index
        self.pace = 1.0
        self.paced_us = 0
        self.work_us = work_us
        self.patience_us = patience_us
        self.wrap_up_us = wrap_up_us
        self.earlier_us = 0
        self.tries = self.came_us = self.since_us = self.waited_us = self.served_us = self.stretch = self.offers = 0
        self.state = NEW
        self.interaction = ""
        self.agent: Any = None
        self.is_answered = False

    @property
    def address(self) -> Address:
        """Who they are."""
        return Address("simulated", f"{self.source.name}-{self.index}")

    @property
    def contact(self) -> ReceiveContact:
        """The command by which they get in touch."""
        one, person = self.source.definition, self.address
        return ReceiveContact(
            one.channel,
            one.account,
            f"{person.key}.{self.tries}" if self.tries else person.key,
            person,
            topic=one.topic,
            queue=one.queue,
            skills=self.source.skills,
            priority=one.priority,
        )

    def work_for(self, customer: str) -> OpenWorkItem:
        """The command by which the application asks for work on a matter of theirs, whom the engine knows so."""
        one = self.source.definition
        return OpenWorkItem(
            one.channel,
            self.address.key,
            customer=customer,
            topic=one.topic,
            queue=one.queue,
            skills=self.source.skills,
            priority=one.priority,
        )


class Source:
    """A class of customers.

    Attributes:
        name: of the class.
        number: its place among the classes.
        definition: what the scenario says of it.
        speeds: how fast its services go by what their agent has in hand; None if that does not matter.
        counter: what is counted of it.
        skills: what they need.
        is_work: whether they never get in touch, but the application asks for work on matters of theirs.
    """

    def __init__(
        self,
        name: str,
        number: int,
        definition: CustomerClass,
        seed: int,
        counter: Counter,
        *,
        is_work: bool = False,
    ) -> None:
        self.name = name
        self.number = number
        self.definition = definition
        self.counter = counter
        self.skills = dict(definition.skills)
        self.is_work = is_work
        self.speeds = Speeds.of(definition.service)
        self._seed = seed
        self._coming = self._customers("", 0)
        self._asked = self._customers("/rules", _ASKED)
        self._again = Keyed(seed, f"retry/{name}")
        self._retry_after = definition.retry.after.sampler() if definition.retry is not None else None

    def _customers(self, part: str, first: int) -> Iterator[Customer]:
        """Customer after customer, each by what the next draw of each of the class's laws gives."""
        works, patiences, wrap_ups = (self._values(what, part) for what in ("service", "patience", "wrap_up"))
        for index, work_us in enumerate(works, first):
            patience_us, wrap_up_us = next(patiences), next(wrap_ups)
            assert work_us is not None  # every class has a law of service
            patience = None if patience_us is None else round(patience_us)
            yield Customer(self, index, work_us, patience, round(wrap_up_us or 0))

    def _values(self, what: str, part: str) -> Iterator[float | None]:
        law = getattr(self.definition, what)
        if law is None:
            return repeat(None)
        draw, random = law.sampler(), stream(self._seed, f"{what}/{self.name}{part}")
        return (draw(random) for _ in repeat(None))

    def queue(self, plan: Plan) -> str:
        """Where they come to by a plan."""
        one = self.definition
        return one.queue or plan.queue_of(one.channel, one.account)

    def instants(self) -> Iterator[int]:
        """When they come, from the start of the run on, the backlog first."""
        yield from repeat(0, self.definition.backlog)
        if self.definition.arrivals is not None:
            yield from self.definition.arrivals.instants(stream(self._seed, f"arrivals/{self.name}"))

    def next(self) -> Customer:
        """The next customer of the class."""
        return next(self._coming)

    def asked(self) -> Customer:
        """The next piece of work of the class that a rule of the plan asks for. It takes no draw from who comes."""
        return next(self._asked)

    def retry_us(self, customer: Customer, why: str) -> int | None:
        """How long until they try again; None if they do not.

        Args:
            customer: whose try has failed.
            why: `blocked` or `abandoned`.
        """
        retry = self.definition.retry
        if retry is None or self._retry_after is None or why not in retry.of:
            return None
        if retry.most is not None and customer.tries >= retry.most:
            return None
        random = self._again.at(customer.key, customer.tries)
        if random.random() * 100 >= retry.percent:
            return None
        return round(self._retry_after(random))

    def renew(self, customer: Customer) -> None:
        """Let a customer try again, with new patience."""
        customer.tries += 1
        customer.state, customer.interaction, customer.waited_us = NEW, "", 0
        if self.definition.patience is not None:
            random = Keyed(self._seed, f"patience/{self.name}").at(customer.index, customer.tries)
            customer.patience_us = round(self.definition.patience.sampler()(random))
