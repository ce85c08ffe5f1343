"""Drives an engine through a scenario in virtual time, from one due instant to the next.

Belongs here: putting everybody together, and what the engine's events mean to them, as one table. Does not: any
decision about a contact; what customers (`line`) and agents (`floor`) do; figures (`results`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from orchestra.engine.engine import Engine
from orchestra.model import commands as c, events as e
from orchestra.model.scores import Scores
from orchestra.model.structure import microseconds
from orchestra.simulation.agents import Crew
from orchestra.simulation.books import Books, SimulationBroken, Stretch
from orchestra.simulation.clockwork import NEVER_US, Clockwork
from orchestra.simulation.customers import NEW, SERVED, WAITING, WRAPPING, Customer, Source
from orchestra.simulation.floor import Floor
from orchestra.simulation.line import Line
from orchestra.simulation.scenario import Scenario
from orchestra.simulation.tally import Counter

__all__ = ["Driver", "Progress"]

Progress = Callable[[float], None]
"""Told now and then which share of a run is over."""

_TELL_EVERY = 500


class Driver:
    """One run of a scenario.

    Args:
        scenario: without errors.
        seed: of all chance.
        on_progress: told how far it is.
        scores: those that the plan names.
    """

    def __init__(
        self, scenario: Scenario, seed: int, on_progress: Progress | None = None, scores: Scores | None = None
    ) -> None:
        self._scenario = scenario
        self._run = scenario.run
        self._on_progress = on_progress
        self._start_us = scenario.start_us
        self._clock = Clockwork(self._start_us, self._notice, scores)
        counters = [Counter(self._start_us, scenario.results.limits_us) for _ in (*scenario.classes, *scenario.groups)]
        self._sources = [
            Source(name, number, one, seed, counters.pop(), is_work=scenario.plan.channels[one.channel].work)
            for number, (name, one) in enumerate(scenario.classes.items())
        ]
        self._crews = [Crew(name, group, seed, counters.pop()) for name, group in scenario.groups.items()]
        is_paced = any(source.speeds is not None for source in self._sources)
        reasons = scenario.plan.presence.away_reasons or ("shift over",)
        self._floor = Floor(self._clock, self._crews, scenario.zone, is_paced=is_paced, away_reason=reasons[0])
        self._line = Line(self._clock, scenario.lines)
        self._books = Books(self._sources, self._crews)
        self._came = 0
        self._is_over = False
        self._cuts_us, self._cuts_at = _cuts(scenario)
        self._next_cut_us = next(self._cuts_us, NEVER_US)
        self._next_cut_at = next(self._cuts_at, NEVER_US)
        self._is_warm = not (scenario.run.warm_up or scenario.run.warm_up_contacts)

    @property
    def engine(self) -> Engine:
        """The engine that decided all of it, to look at."""
        return self._clock.engine

    def run(self) -> list[Stretch]:
        """Let everything happen.

        Returns:
            The stretches that count, in order.

        Raises:
            SimulationBroken: the run contradicts itself, or never ends.
            CommandRefused: the engine does not take what the scenario describes.
        """
        self._set_up()
        step = self._clock.step
        while not self._is_over:
            if not step(self._next_cut_us):
                if self._next_cut_us == NEVER_US:
                    break
                self._cut_time()
            elif self._run.length is None and self._line.is_empty:  # nobody is left
                self._is_over = True
        self._close()
        return self._books.kept

    def _set_up(self) -> None:
        plan = self._scenario.plan
        self._clock.do(c.ChangePlan(plan, plan.digest(), "none", "none"))
        self._floor.open()
        for source in self._sources:
            self._plan_next(source, source.instants())
        results = self._scenario.results
        for at in results.at:
            assert results.cycle is not None  # checked
            subject = microseconds(at), microseconds(results.cycle)
            self._clock.plan(self._start_us + subject[0], self._look, subject)

    # Stretches

    def _cut_time(self) -> None:
        self._clock.now_us = self._next_cut_us
        self._next_cut_us = next(self._cuts_us, NEVER_US)
        self._cut()
        self._is_over = self._next_cut_us == NEVER_US

    def _cut_contacts(self) -> None:
        self._next_cut_at = next(self._cuts_at, NEVER_US)
        self._cut()
        self._is_over = self._next_cut_at == NEVER_US

    def _cut(self) -> None:
        self._books.cut(self._clock.now_us, self._line.customers.values(), is_kept=self._is_warm)
        self._is_warm = True

    def _close(self) -> None:
        """The last stretch ends where the run does."""
        is_cut = self._run.length is not None or (self._run.contacts is not None and self._next_cut_at == NEVER_US)
        if not is_cut:
            if self._line.customers:
                raise SimulationBroken(f"{len(self._line.customers)} customers wait whom nobody will ever serve")
            self._cut()
        self._tell(1.0)

    def _look(self, subject: tuple[int, int]) -> None:
        at_us, cycle_us = subject
        for counter in (keeper.counter for keepers in (self._sources, self._crews) for keeper in keepers):
            counter.look(at_us)
        self._clock.plan(self._clock.now_us + cycle_us, self._look, subject)

    def _tell(self, share: float) -> None:
        if self._on_progress is not None:
            self._on_progress(share)

    # Customers come

    def _plan_next(self, source: Source, instants: Iterator[int]) -> None:
        at_us = next(instants, None)
        if at_us is not None:
            self._line.coming += 1
            self._clock.plan(self._start_us + at_us, self._come, (source, instants))

    def _come(self, subject: tuple[Source, Iterator[int]]) -> None:
        self._line.coming -= 1
        if self._came >= self._next_cut_at:
            self._cut_contacts()
            if self._is_over:
                return
        self._came += 1
        if not self._came % _TELL_EVERY:
            self._tell(self._share())
        source, instants = subject
        self._plan_next(source, instants)
        self._line.try_once(source.next())

    def _share(self) -> float:
        if self._run.length is not None:
            return (self._clock.now_us - self._start_us) / microseconds(self._run.length)
        return self._came / (self._run.contacts or self._came + len(self._line.customers))

    # What events mean to the people

    def _notice(self, events: list[e.Event]) -> None:
        rows = self.MEANING
        for event in events:
            row = rows.get(type(event))
            if row is not None:
                row(self, event)

    def _on_started(self, event: e.InteractionStarted) -> None:
        if event.interaction not in self._line.customers:  # no customer comes so: a rule of the plan asks for work
            queue = event.queue or self._scenario.plan.queue_of(event.channel, event.account)
            self._line.ask(self._class_of(event.channel, queue).asked(), event.interaction)

    def _class_of(self, channel: str, queue: str) -> Source:
        """The class that says how long such work takes: of its queue, or else of another one."""
        sources = [source for source in self._sources if source.definition.channel == channel]
        if not sources:
            raise SimulationBroken(f"work was asked for on channel {channel}, and no class says how long it takes")
        plan = self._scenario.plan
        of_queue = (source for source in sources if source.queue(plan) == queue)
        return next(of_queue, sources[0])

    def _on_queued(self, event: e.InteractionQueued) -> None:
        customer = self._line.customers[event.interaction]
        if customer.state == NEW:
            self._line.enter(customer)
        elif customer.state == SERVED:  # the agent has gone
            self._put_aside(customer)
        if not customer.is_answered:  # a queue may let their place begin anew
            customer.earlier_us = customer.came_us - event.start_us

    def _put_aside(self, customer: Customer) -> None:
        """The customer waits again, with what is left of the service."""
        self._floor.interrupt(customer)
        self._line.wait(customer)

    def _on_interrupted(self, event: e.InteractionInterrupted | e.InteractionParked) -> None:
        customer = self._line.customers[event.interaction]
        if customer.state == SERVED:  # else it was put aside before
            self._put_aside(customer)
            self._line.stays(customer)

    def _on_resumed(self, event: e.InteractionResumed) -> None:
        customer = self._line.customers[event.interaction]
        self._line.stop_waiting(customer)
        self._floor.take(customer, self._floor.agents[event.agent])

    def _on_offered(self, event: e.OfferMade) -> None:
        self._floor.answer(self._line.customers[event.interaction], event)

    def _on_accepted(self, event: e.OfferAccepted) -> None:
        customer, agent = self._line.customers[event.interaction], self._floor.agents[event.agent]
        waited_us = self._line.stop_waiting(customer)
        if not customer.is_answered:
            customer.is_answered = True
            customer.source.counter.answered(waited_us)
            agent.crew.counter.answered(waited_us)
            agent.crew.begin(customer)
        self._floor.take(customer, agent)

    def _on_finished(self, event: e.InteractionFinished) -> None:
        customer = self._line.customers[event.interaction]
        if customer.state == WAITING:  # put aside
            self._line.stop_waiting(customer)
            self._floor.lapsed(customer)
        else:
            self._floor.finished(customer, event.wrap_up, event.wrap_up_until_us)
        self._line.hang_up(customer)

    def _on_done(self, event: e.InteractionDone) -> None:
        customer = self._line.customers[event.interaction]
        if customer.state != WRAPPING:
            raise SimulationBroken(f"{event.interaction} is done ({event.reason}) before anybody finished it")
        self._floor.release(customer)
        self._line.over(customer)

    def _on_abandoned(self, event: e.InteractionAbandoned) -> None:
        customer = self._line.customers[event.interaction]
        waited_us = self._line.stop_waiting(customer)
        if not customer.is_answered:
            if event.waited_us != waited_us + customer.earlier_us:
                raise SimulationBroken(f"{event.interaction} waited {waited_us} us, the engine says {event.waited_us}")
            customer.source.counter.abandoned(waited_us)
        self._line.hang_up(customer)
        self._line.over(customer)
        self._line.fail(customer, "abandoned")

    def _on_deflected(self, event: e.InteractionDeflected) -> None:
        self._line.turn_away(self._line.customers[event.interaction])

    def _on_signed_in(self, event: e.AgentSignedIn) -> None:
        self._floor.signed_in(self._floor.agents[event.agent])

    def _on_signed_out(self, event: e.AgentSignedOut) -> None:
        self._floor.signed_out(self._floor.agents[event.agent])

    def _on_away(self, event: e.AgentWentAway) -> None:
        self._floor.went_away(self._floor.agents[event.agent])

    def _on_available(self, event: e.AgentAvailable) -> None:
        self._floor.agents[event.agent].is_away = False

    MEANING: ClassVar[Mapping[type[e.Event], Callable[[Any, Any], None]]] = {
        e.InteractionStarted: _on_started,
        e.InteractionQueued: _on_queued,
        e.OfferMade: _on_offered,
        e.OfferAccepted: _on_accepted,
        e.InteractionInterrupted: _on_interrupted,
        e.InteractionParked: _on_interrupted,
        e.InteractionResumed: _on_resumed,
        e.InteractionFinished: _on_finished,
        e.InteractionDone: _on_done,
        e.InteractionAbandoned: _on_abandoned,
        e.InteractionDeflected: _on_deflected,
        e.AgentSignedIn: _on_signed_in,
        e.AgentSignedOut: _on_signed_out,
        e.AgentWentAway: _on_away,
        e.AgentAvailable: _on_available,
    }
    """Event -> what it means to the simulated people. Other events mean nothing to them."""


def _cuts(scenario: Scenario) -> tuple[Iterator[int], Iterator[int]]:
    """Instants at which a stretch ends, and numbers of customers who have come."""
    run = scenario.run
    if run.length is not None:
        begin_us, end_us = (scenario.start_us + microseconds(span) for span in (run.warm_up, run.length))
        return _bounds(begin_us, end_us, run.batches, is_cut_first=bool(run.warm_up)), iter(())
    if run.contacts is not None:
        first = run.warm_up_contacts
        return iter(()), _bounds(first, run.contacts, run.batches, is_cut_first=bool(first))
    return iter(()), iter(())


def _bounds(begin: int, end: int, parts: int, *, is_cut_first: bool) -> Iterator[int]:
    return (begin + (end - begin) * part // parts for part in range(0 if is_cut_first else 1, parts + 1))
