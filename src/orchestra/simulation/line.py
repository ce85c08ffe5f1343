"""Customers in line: they come, hear busy, wait, lose patience, try again.

Belongs here: what customers do. Does not: chance (`customers`), what agents do (`floor`).
"""

from __future__ import annotations

from orchestra.model import commands as c
from orchestra.simulation.clockwork import NEVER_US, Clockwork
from orchestra.simulation.customers import AWAITED, WAITING, Customer

__all__ = ["Line"]


class Line:
    """Everybody who is in contact, and how they got there.

    Attributes:
        customers: interaction -> who is in contact.
        coming: how many classes have a next customer, and how many will try again.
        on_line: how many wait or are served.
    """

    def __init__(self, clock: Clockwork, lines: int | None) -> None:
        self._clock = clock
        self._lines = NEVER_US if lines is None else lines
        self.customers: dict[str, Customer] = {}
        self.coming = 0
        self.on_line = 0

    @property
    def is_empty(self) -> bool:
        """Whether nobody is here and nobody will come."""
        return not self.coming and not self.customers

    def try_once(self, customer: Customer) -> None:
        """Somebody tries to get in touch."""
        self._count(customer)
        if self.on_line >= self._lines:
            self.refuse(customer)
            return
        decided = self._clock.decide(self._asked(customer))
        self._begin(customer, decided.result.interaction)
        self._clock.tell(decided)

    def ask(self, customer: Customer, interaction: str) -> None:
        """A rule of the plan has asked for work."""
        self._count(customer)
        self._begin(customer, interaction)

    @staticmethod
    def _count(customer: Customer) -> None:
        tally = customer.source.counter.tally
        tally.came += 1
        tally.first += not customer.tries

    def _begin(self, customer: Customer, interaction: str) -> None:
        customer.interaction = interaction
        self.customers[interaction] = customer

    def _asked(self, customer: Customer) -> c.Command:
        """By which command what they want comes in."""
        if not customer.source.is_work:
            return customer.contact
        person = customer.address
        self._clock.do(c.TakeIdentity(person, person))  # work is about somebody who is known
        holder = self._clock.engine.view.identity.holder(person.key)
        assert holder is not None
        return customer.work_for(holder)

    def refuse(self, customer: Customer) -> None:
        """The try was in vain: the customer hears busy, or is turned away before an agent answered."""
        self.customers.pop(customer.interaction, None)
        tally = customer.source.counter.tally
        tally.blocked += 1
        tally.first_blocked += not customer.tries
        self.fail(customer, "blocked")

    def turn_away(self, customer: Customer) -> None:
        """The engine turns the customer away: at once, or since the queue they wait in has closed."""
        if customer.state == WAITING:
            self.stop_waiting(customer)
            self.hang_up(customer)
            self.over(customer)
            if customer.is_answered:  # and waited for the rest, so the try was not in vain
                self.fail(customer, "blocked")
                return
        self.refuse(customer)

    def fail(self, customer: Customer, why: str) -> None:
        """Who had no success may try again."""
        after_us = customer.source.retry_us(customer, why)
        if after_us is not None:
            customer.state = AWAITED
            customer.source.counter.retrying.up(self._clock.now_us)
            self.coming += 1
            self._clock.archived.expect(customer.address)
            self._clock.plan(self._clock.now_us + after_us, self._again, customer)

    def _again(self, customer: Customer) -> None:
        self.coming -= 1
        customer.source.counter.retrying.down(self._clock.now_us)
        self._clock.is_back(customer.address)
        customer.source.renew(customer)
        self.try_once(customer)

    def enter(self, customer: Customer) -> None:
        """The customer has got in, and waits."""
        customer.came_us = self._clock.now_us
        customer.source.counter.entered += 1
        self.on_line += 1
        self.wait(customer)

    def wait(self, customer: Customer) -> None:
        """The customer waits, and has only so much patience left."""
        now_us = self._clock.now_us
        customer.state, customer.since_us = WAITING, now_us
        customer.stretch += 1
        customer.source.counter.waiting.up(now_us)
        if customer.patience_us is not None:
            left_us = max(0, customer.patience_us - customer.waited_us)
            self._clock.plan(now_us + left_us, self._leave, (customer, customer.stretch))

    @staticmethod
    def stays(customer: Customer) -> None:
        """Whoever has been answered does not lose patience while their agent sees to something else."""
        customer.stretch += 1

    def stop_waiting(self, customer: Customer) -> int:
        """The wait ends.

        Returns:
            All time waited in this try, microseconds.
        """
        counter, now_us = customer.source.counter, self._clock.now_us
        stint_us = now_us - customer.since_us
        counter.waiting.down(now_us)
        counter.stints_us += stint_us
        customer.stretch += 1
        customer.waited_us += stint_us
        return customer.waited_us

    def _leave(self, subject: tuple[Customer, int]) -> None:
        customer, stretch = subject
        if customer.stretch == stretch:
            self._clock.do(c.LeaveContact(customer.interaction))

    def over(self, customer: Customer) -> None:
        """The contact is over for everybody: the engine need not know it any longer."""
        del self.customers[customer.interaction]
        customer.source.counter.left += 1

    def hang_up(self, customer: Customer) -> None:
        """The line is free again."""
        self.on_line -= 1
