"""Agents at work: they answer, work at their pace, wrap up, come and go.

Belongs here: what agents do. Does not: chance (`agents`), what customers do (`line`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from orchestra.errors import OfferExpired
from orchestra.model import commands as c
from orchestra.model.events import OfferMade
from orchestra.model.structure import microseconds
from orchestra.simulation.agents import Agent, Crew, staffing_changes
from orchestra.simulation.clockwork import Clockwork
from orchestra.simulation.customers import SERVED, WRAPPING, Customer

__all__ = ["Floor"]


class Floor:
    """All agents, with what they have in hand.

    Args:
        clock: virtual time.
        crews: the groups.
        zone: by whose clock on the wall they come and go.
        is_paced: whether the speed of any service depends on what its agent has in hand.
        away_reason: what agents give who finish their last work after their shift.

    Attributes:
        agents: name -> agent.
    """

    def __init__(
        self, clock: Clockwork, crews: Sequence[Crew], zone: tzinfo, *, is_paced: bool, away_reason: str
    ) -> None:
        self._clock = clock
        self._crews = crews
        self._zone = zone
        self._is_paced = is_paced
        self._away_reason = away_reason
        self.agents = {agent.name: agent for crew in crews for agent in crew.agents}

    def open(self) -> None:
        """Define all agents, and plan when they come and go."""
        for crew in self._crews:
            group = crew.definition
            for agent in crew.agents[len(group.members) :]:
                profile = list(group.teams), dict(group.skills), list(group.roles), group.capacity_percent
                self._clock.do(c.DefineAgent(agent.name, *profile))
            self._plan_staff(crew, staffing_changes(group, self._clock.now_us, self._zone))

    # Offers

    def answer(self, customer: Customer, event: OfferMade) -> None:
        """An offer rings, until it is accepted or declined."""
        crew = self.agents[event.agent].crew
        customer.offers += 1
        if crew.answers_at_once:
            self._clock.at_once(self._accept, event)
            return
        ring_us, accepts = crew.answer(customer)
        self._clock.plan(self._clock.now_us + ring_us, self._accept if accepts else self._decline, event)

    def _accept(self, event: OfferMade) -> None:
        """Accept; where the channel connects, that takes no time here."""
        try:
            accepted = self._clock.decide(c.AcceptOffer(event.offer, event.agent, event.token))
            self._clock.tell(accepted)
            if accepted.result.is_connecting:
                self._clock.do(c.ConfirmConnected(event.offer, event.agent, event.token))
        except OfferExpired:  # a person is late: the customer has left, or somebody else has it
            return

    def _decline(self, event: OfferMade) -> None:
        try:
            self._clock.do(c.DeclineOffer(event.offer, event.agent, event.token))
        except OfferExpired:
            return

    # Work

    def take(self, customer: Customer, agent: Agent) -> None:
        """The agent has the customer, and begins to work."""
        now_us, crew = self._clock.now_us, agent.crew
        customer.state, customer.since_us, customer.paced_us = SERVED, now_us, now_us
        customer.agent = agent
        customer.source.counter.serving.up(now_us)
        crew.counter.serving.up(now_us)
        agent.in_hand[customer] = None
        self._count_busy(agent)
        if self._is_paced:
            customer.pace = 0.0
            self._pace(agent)
        else:
            customer.pace = crew.definition.speed
            self._plan_finish(customer)

    def _count_busy(self, agent: Agent) -> None:
        """Count the time that an agent is there and has anything in hand."""
        is_busy = agent.is_in and bool(agent.in_hand)
        if is_busy is not agent.is_busy:
            agent.is_busy = is_busy
            busy = agent.crew.counter.busy
            (busy.up if is_busy else busy.down)(self._clock.now_us)

    def _pace(self, agent: Agent) -> None:
        """What an agent has in hand goes on at the speed that now holds; what is kept for who is gone, not at all."""
        speed = agent.crew.definition.speed if agent.is_in else 0.0
        for customer in agent.in_hand:
            speeds = customer.source.speeds
            pace = speed * (1.0 if speeds is None else speeds.at(len(agent.in_hand)))
            if customer.state == SERVED and pace != customer.pace:
                self._work(customer)
                customer.pace = pace
                self._plan_finish(customer)

    def _work(self, customer: Customer) -> None:
        """What has been worked since the pace was set is no longer left."""
        done_us = (self._clock.now_us - customer.paced_us) * customer.pace
        customer.work_us, customer.paced_us = max(0.0, customer.work_us - done_us), self._clock.now_us

    def _plan_finish(self, customer: Customer) -> None:
        customer.stretch += 1
        if customer.pace:
            left_us = round(customer.work_us / customer.pace)
            self._clock.plan(self._clock.now_us + left_us, self._finish, (customer, customer.stretch))

    def _finish(self, subject: tuple[Customer, int]) -> None:
        customer, stretch = subject
        if customer.stretch == stretch:
            disposition = customer.source.definition.disposition
            self._clock.do(c.FinishInteraction(customer.interaction, customer.agent.name, disposition))

    def finished(self, customer: Customer, mode: str | None, until_us: int | None) -> None:
        """The service is over; wrap-up may follow, until an instant at most if there is one."""
        now_us = self._clock.now_us
        self._count(customer, now_us - customer.since_us + customer.served_us)
        self._stop(customer)
        customer.state, customer.since_us = WRAPPING, now_us
        ends_by_agent = mode not in (None, "fixed")
        if ends_by_agent and (until_us is None or now_us + customer.wrap_up_us < until_us):
            self._clock.plan(now_us + customer.wrap_up_us, self._wrap_up, (customer, customer.stretch))

    def lapsed(self, customer: Customer) -> None:
        """What an agent has put aside is over without them, as nobody has written for too long."""
        self._count(customer, customer.served_us)
        customer.state, customer.since_us = WRAPPING, self._clock.now_us

    def _count(self, customer: Customer, service_us: int) -> None:
        """A service has ended."""
        for counter in (customer.source.counter, customer.agent.crew.counter):
            counter.tally.served += 1
            counter.tally.service_us += service_us
            counter.tally.stay_us += self._clock.now_us - customer.came_us

    def _wrap_up(self, subject: tuple[Customer, int]) -> None:
        customer, stretch = subject
        if customer.stretch == stretch:
            self._clock.do(c.FinishWrapUp(customer.interaction, customer.agent.name))

    def interrupt(self, customer: Customer) -> None:
        """The agent no longer has the customer, whose service is not over: what is left of it stays to be done."""
        self._work(customer)
        customer.served_us += self._clock.now_us - customer.since_us
        self._stop(customer)
        self.release(customer)

    def _stop(self, customer: Customer) -> None:
        customer.stretch += 1
        customer.source.counter.serving.down(self._clock.now_us)
        customer.agent.crew.counter.serving.down(self._clock.now_us)

    def release(self, customer: Customer) -> None:
        """The agent has one less in hand, unless they had put it aside."""
        agent: Agent = customer.agent
        customer.stretch += 1
        if customer not in agent.in_hand:
            return
        del agent.in_hand[customer]
        self._count_busy(agent)
        if not agent.in_hand:
            if not agent.is_wanted:
                self._clock.at_once(self._sign_out, agent)
        elif self._is_paced:
            self._pace(agent)

    # Shifts

    def _plan_staff(self, crew: Crew, changes: Iterator[tuple[int, int]]) -> None:
        change = next(changes, None)
        if change is not None:
            self._clock.plan(change[0], self._change_staff, (crew, change[1], changes))

    def _change_staff(self, subject: tuple[Crew, int, Iterator[tuple[int, int]]]) -> None:
        crew, wanted, changes = subject
        self._plan_staff(crew, changes)
        for place, agent in enumerate(crew.agents):
            is_wanted = place < wanted
            if is_wanted != agent.is_wanted:
                agent.is_wanted = is_wanted
                (self._begin_shift if is_wanted else self._end_shift)(agent)

    def _begin_shift(self, agent: Agent) -> None:
        if agent.is_in:
            self._come_back(agent)
        else:
            self._clock.do(c.SignIn(agent.name))

    def _end_shift(self, agent: Agent) -> None:
        if agent.crew.definition.at_shift_end == "drop" or not agent.in_hand:
            self._sign_out(agent)
        elif not agent.is_away:
            self._clock.do(c.SetAway(agent.name, self._away_reason))

    def _sign_out(self, agent: Agent) -> None:
        if agent.is_in and not agent.is_wanted:
            self._clock.do(c.SignOut(agent.name))

    def signed_in(self, agent: Agent) -> None:
        """The agent is there."""
        agent.is_in, agent.is_away = True, False
        agent.crew.counter.staffed.up(self._clock.now_us)
        self._count_busy(agent)
        self._pace(agent)

    def signed_out(self, agent: Agent) -> None:
        """The agent is gone; what they keep is gone on with when they are back."""
        agent.is_in = agent.is_away = False
        agent.crew.counter.staffed.down(self._clock.now_us)
        self._count_busy(agent)
        self._pace(agent)

    def went_away(self, agent: Agent) -> None:
        """The agent takes nothing new; unless the shift is over they come back after a while."""
        agent.is_away = True
        if agent.is_wanted:
            after_us = microseconds(agent.crew.definition.back_after)
            self._clock.plan(self._clock.now_us + after_us, self._come_back, agent)

    def _come_back(self, agent: Agent) -> None:
        if agent.is_in and agent.is_away and agent.is_wanted:
            self._clock.do(c.SetAvailable(agent.name))
