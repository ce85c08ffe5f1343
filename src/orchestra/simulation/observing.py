"""What a journal shows of customers and agents: when they came, how long they waited, talked, worked.

Belongs here: a fold over records. Does not: laws (`fitting`).
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping
from itertools import chain
from typing import Any, ClassVar

import attrs

from orchestra.codec import decode_event
from orchestra.engine.rules.acting import RULE_KEYS
from orchestra.journal.port import Journal
from orchestra.model import events as e
from orchestra.model.plan import Plan

__all__ = ["Kind", "Observed", "Profile", "Seen", "Stay"]

Kind = tuple[str, str, tuple[tuple[str, int], ...]]
"""(channel, queue, skills): customers who are alike."""

Profile = tuple[tuple[str, ...], tuple[tuple[str, int], ...], int]
"""(teams, skills, capacity): agents who are alike."""

Stay = tuple[int, int]
"""(from, to) of an agent's being signed in, microseconds UTC."""

_TELL_EVERY = 1000


def _times() -> array[int]:
    return array("q")


@attrs.define
class Seen:
    """What was seen of customers who are alike. All durations are microseconds.

    Attributes:
        arrivals: instants.
        asked: rule of the plan -> the instants at which it asked for such work.
        waits: of those who left before they were answered.
        cut_waits: of those who were answered, turned away or still wait: their patience lasted at least so long.
        services: from the answer to the finish.
        wrap_ups: from the finish to the end.
        dispositions: what agents finished with -> how often.
    """

    arrivals: array[int] = attrs.field(factory=_times)
    asked: dict[str, array[int]] = attrs.field(factory=dict)
    waits: array[int] = attrs.field(factory=_times)
    cut_waits: array[int] = attrs.field(factory=_times)
    services: array[int] = attrs.field(factory=_times)
    wrap_ups: array[int] = attrs.field(factory=_times)
    dispositions: Counter[str] = attrs.field(factory=Counter)

    def came(self, rules: Container[str] = ()) -> list[int]:
        """The instants of all arrivals, but of those that these rules have asked for."""
        asked = (times for rule, times in self.asked.items() if rule not in rules)
        return sorted(chain(self.arrivals, *asked))


class Observed:
    """What a journal shows.

    Attributes:
        kinds: customers who are alike -> what was seen of them.
        plan: the last one.
        agents: agent -> profile, and whether the plan defines them.
        stays: agent -> when they were signed in.
        first_us, last_us: instants of the first and last record that was read; 0 of an empty journal.
    """

    def __init__(self) -> None:
        self.kinds: dict[Kind, Seen] = {}
        self.plan: Plan | None = None
        self.agents: dict[str, tuple[Profile, bool]] = {}
        self.stays: dict[str, list[Stay]] = {}
        self.first_us = self.last_us = 0
        self._came: dict[str, Kind] = {}
        self._asked_by: dict[str, str] = {}
        self._waiting: dict[str, tuple[Kind, int]] = {}
        self._served: dict[str, tuple[Kind, int]] = {}
        self._wrapping: dict[str, tuple[Kind, int]] = {}
        self._signed_in: dict[str, int] = {}

    @classmethod
    def of(cls, journal: Journal, on_record: Callable[[int], None] | None = None) -> Observed:
        """Read a journal from beginning to end.

        Args:
            journal: what to read.
            on_record: told a position now and then.

        Raises:
            JournalCorrupt: a record is damaged.
            ReplayMismatch: a record's facts are not what its event consists of.
            UnsupportedVersion: a newer library wrote it.
        """
        observed = cls()
        for record in journal.read():
            observed.last_us = record.at_us
            observed.first_us = observed.first_us or record.at_us
            if record.type in cls.FOLDED:
                event = decode_event(record)
                cls.FOLDED[record.type](observed, event, record.at_us)
            if on_record is not None and record.position % _TELL_EVERY == 0:
                on_record(record.position)
        observed._close()
        return observed

    def _close(self) -> None:
        """What goes on at the end is cut off there."""
        for kind, since_us in self._waiting.values():
            self.kinds[kind].cut_waits.append(max(0, self.last_us - since_us))
        for agent, since_us in self._signed_in.items():
            self.stays.setdefault(agent, []).append((since_us, self.last_us))

    def _changed(self, event: e.PlanChanged, at_us: int) -> None:
        self.plan = event.plan

    def _defined(self, event: e.AgentDefined, at_us: int) -> None:
        profile = tuple(event.teams), tuple(sorted(event.skills.items())), event.capacity_percent
        self.agents[event.agent] = profile, event.source == "plan"

    def _removed(self, event: e.AgentRemoved, at_us: int) -> None:
        self.agents.pop(event.agent, None)

    def _signed_on(self, event: e.AgentSignedIn, at_us: int) -> None:
        self._signed_in.setdefault(event.agent, at_us)

    def _gone(self, event: e.AgentSignedOut | e.AgentLost, at_us: int) -> None:
        since_us = self._signed_in.pop(event.agent, None)
        if since_us is not None:
            self.stays.setdefault(event.agent, []).append((since_us, at_us))

    def _opened(self, event: e.WorkItemOpened, at_us: int) -> None:
        if event.key.startswith(RULE_KEYS):
            self._asked_by[event.interaction] = event.key.removeprefix(RULE_KEYS).rpartition(":")[0]

    def _started(self, event: e.InteractionStarted, at_us: int) -> None:
        assert self.plan is not None  # the first thing in any journal
        queue = event.queue or self.plan.queue_of(event.channel, event.account)
        self._came[event.interaction] = event.channel, queue, tuple(sorted(event.skills.items()))

    def _queued(self, event: e.InteractionQueued, at_us: int) -> None:
        kind = self._came.pop(event.interaction, None)
        if kind is not None and event.reason in ("arrived", "overflowed"):
            # One whom another queue takes at once is of the kind of the queue that was meant: it overflows again there.
            self._arrived(event.interaction, kind, event.start_us)
            self._waiting[event.interaction] = kind, event.start_us
        else:  # a second wait tells nothing of the first patience, nor a part of a service of the whole
            self._served.pop(event.interaction, None)

    def _arrived(self, interaction: str, kind: Kind, at_us: int) -> None:
        seen, rule = self.kinds.setdefault(kind, Seen()), self._asked_by.pop(interaction, None)
        (seen.arrivals if rule is None else seen.asked.setdefault(rule, _times())).append(at_us)

    def _deflected(self, event: e.InteractionDeflected, at_us: int) -> None:
        kind = self._came.pop(event.interaction, None)
        if kind is not None:
            self._arrived(event.interaction, kind, at_us)
        else:  # came in before: the queue they waited in has closed
            self._cut_off(event.interaction, at_us)

    def _accepted(self, event: e.OfferAccepted, at_us: int) -> None:
        kind = self._cut_off(event.interaction, at_us)
        if kind is not None:
            self._served[event.interaction] = kind, at_us

    def _cut_off(self, interaction: str, at_us: int) -> Kind | None:
        """The first wait ends otherwise than by patience; gives whose kind it was of."""
        kind, since_us = self._waiting.pop(interaction, (None, 0))
        if kind is not None:
            self.kinds[kind].cut_waits.append(max(0, at_us - since_us))
        return kind

    def _abandoned(self, event: e.InteractionAbandoned, at_us: int) -> None:
        found = self._waiting.pop(event.interaction, None)
        if found is not None:
            self.kinds[found[0]].waits.append(event.waited_us)

    def _finished(self, event: e.InteractionFinished, at_us: int) -> None:
        found = self._served.pop(event.interaction, None)
        if found is not None:
            kind, since_us = found
            self.kinds[kind].services.append(at_us - since_us)
            if event.wrap_up is not None:
                self._wrapping[event.interaction] = kind, at_us
            elif event.disposition is not None:
                self.kinds[kind].dispositions[event.disposition] += 1

    def _done(self, event: e.InteractionDone, at_us: int) -> None:
        found = self._wrapping.pop(event.interaction, None)
        if found is not None:
            self.kinds[found[0]].wrap_ups.append(at_us - found[1])
            if event.disposition is not None:
                self.kinds[found[0]].dispositions[event.disposition] += 1
        self._waiting.pop(event.interaction, None)

    def _canceled(self, event: e.InteractionCanceled, at_us: int) -> None:
        for table in (self._waiting, self._served):
            table.pop(event.interaction, None)

    FOLDED: ClassVar[Mapping[str, Callable[[Any, Any, int], None]]] = {
        "PlanChanged": _changed,
        "AgentDefined": _defined,
        "AgentRemoved": _removed,
        "AgentSignedIn": _signed_on,
        "AgentSignedOut": _gone,
        "AgentLost": _gone,
        "WorkItemOpened": _opened,
        "InteractionStarted": _started,
        "InteractionQueued": _queued,
        "InteractionDeflected": _deflected,
        "OfferAccepted": _accepted,
        "InteractionAbandoned": _abandoned,
        "InteractionFinished": _finished,
        "InteractionDone": _done,
        "InteractionCanceled": _canceled,
    }
    """Type of a record -> what it shows. The others show nothing of this."""

    def groups(self) -> Iterator[tuple[Profile, list[str]]]:
        """Agents who are alike and have worked; all who are known, if nobody was ever seen to sign in."""
        found: dict[Profile, list[str]] = {}
        for agent, (profile, _) in sorted(self.agents.items()):
            if agent in self.stays or not self.stays:
                found.setdefault(profile, []).append(agent)
        return iter(sorted(found.items()))
