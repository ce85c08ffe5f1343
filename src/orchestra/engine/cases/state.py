"""Cases as they stand, which of them are one matter, and the look-ups that attach contacts to them.

A case id never stops working and nothing of a case is ever moved because it is merged. A merge makes one case an alias
of another, so that both are one matter; taking the alias away is all that undoing it has to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import ClassVar, TypeVar

import attrs

from orchestra.engine.aliases import Aliased, number as case_age
from orchestra.engine.cases.numbers import running_number
from orchestra.engine.lifecycle import CASE
from orchestra.engine.ordered import Ordered
from orchestra.engine.section import SLICE_PAUSE_US, Evolve, Rows
from orchestra.model import events as e

__all__ = ["CLOSE", "DISOWN", "EVOLVE", "NO_PART", "SETTLED", "Case", "Cases", "Part", "Suggestion", "case_age"]

CLOSE = "cases.close"
"""Timer of a resolved case."""
DISOWN = "cases.disown"
"""Timer of an agent who is gone while still owning cases."""
SETTLED = ("RESOLVED", "CLOSED")
"""States of a case in which nobody works on it."""

_BACK: Mapping[str, Sequence[str]] = {
    "OPEN": (),
    "WAITING_ON_CUSTOMER": ("wait_on_customer",),
    "WAITING_ON_THIRD_PARTY": ("wait_on_third_party",),
    "RESOLVED": ("resolve",),
    "CLOSED": ("resolve", "close"),
}
"""State of a case before it was merged -> the steps by which it is there again, once it is open by itself."""


Key = TypeVar("Key")


@attrs.define
class Case:
    """A matter of one customer.

    `participants` and `interactions` are sets, kept as dicts of id -> 1; a snapshot forgets their order. Of a case that
    is merged, `into` is which case it goes on as, and `before` the state it was in. `touched_us` is when its newest
    contact came.
    """

    number: str
    customer: str
    owner_kind: str
    owner: str
    queue: str
    topic: str | None
    state: str = CASE.initial
    closed_us: int | None = None
    interactions: dict[str, int] = attrs.field(factory=dict)
    participants: dict[str, int] = attrs.field(factory=dict)
    touched_us: int = 0
    follows: str | None = None
    split_from: str | None = None
    into: str | None = None
    before: str | None = None


@attrs.define
class Suggestion:
    """A case that a contact may belong to, and how sure that is."""

    case: str
    score: int


def _enter(names_of: dict[Key, dict[str, int]], key: Key, name: str, *, is_in: bool) -> None:
    """Enter a name under a key, or take it out; no key stays without names."""
    if is_in:
        names_of.setdefault(key, {})[name] = 1
        return
    names = names_of.get(key)
    if names is not None:
        names.pop(name, None)
        if not names:
            del names_of[key]


@attrs.define
class Part:
    """What was said of a participant's part in a case: their role, and whether they act for the customer."""

    role: str | None = None
    acts: bool = False


NO_PART = Part()
"""Of whom nothing was said."""


def _part_key(case: str, person: str) -> str:
    return f"{case}\x1f{person}"


class Cases(Aliased):
    """Cases by id, suggestions by the interaction that they are about, and parts by case and participant.

    `forms` are the forms that numbers have had, each by the first case that was to have its number so. `reserved` are
    the numbers of archived cases that do not follow from these: number -> the case's own count.
    """

    TABLES: ClassVar = {
        "cases": Case,
        "parts": Part,
        "suggestions": Suggestion,
        "forms": None,
        "reserved": None,
        "counts": None,
    }

    cases: dict[str, Case]
    parts: dict[str, Part]
    suggestions: dict[str, Suggestion]
    forms: dict[str, str]
    reserved: dict[str, int]
    counts: dict[str, int]

    def reindex(self) -> None:
        """Rebuild what is one matter, and the look-ups by number, customer and topic, owning agent and participant."""
        super().reindex()
        self.merged_of: dict[str, dict[str, int]] = {}
        aliases = [name for name, case in self.cases.items() if case.into is not None]
        self._gather(aliases)
        for name in aliases:
            self.merged_of.setdefault(self.cases[name].customer, {})[name] = 1
        self.by_number = {case.number: name for name, case in self.cases.items()}
        self._named = set(self.reserved.values())
        self.open_by_topic: dict[tuple[str, str], dict[str, int]] = {}
        self.open_of: dict[str, dict[str, int]] = {}
        self.owned: dict[tuple[str, str], Ordered[int]] = {}
        self.joined_by: dict[str, dict[str, int]] = {}
        for name in sorted(self.cases, key=case_age):
            if self.cases[name].into is None:
                self._index(name)
                if self.cases[name].state != "CLOSED":
                    self._own(int(name[2:]), self.cases[name])
            for person in self.cases[name].participants:
                self.joined_by.setdefault(person, {})[name] = 1

    def _above(self, name: str) -> str | None:
        return self.cases[name].into

    def _index(self, name: str) -> None:
        """Enter a case where it is looked up, with all that goes on as it, or take it out."""
        case = self.cases[name]
        is_open = case.state not in SETTLED
        _enter(self.open_of, case.customer, name, is_in=is_open)
        for member in self._groups.get(name, (name,)):
            row = self.cases[member]
            if row.topic is not None:
                _enter(self.open_by_topic, (row.customer, row.topic), member, is_in=is_open)

    def _own(self, number: int, case: Case) -> None:
        """Enter a case that is not closed among those of its owner."""
        owner = case.owner_kind, case.owner
        owned = self.owned.get(owner)
        if owned is None:
            owned = self.owned[owner] = Ordered()
        owned.add(number)

    def _disown(self, number: int, case: Case) -> None:
        """Take it out."""
        owner = case.owner_kind, case.owner
        owned = self.owned[owner]
        owned.remove(number)
        if not owned:
            del self.owned[owner]
            if case.owner_kind == "agent":
                self.timers.cancel(DISOWN, case.owner)

    def owned_by(self, kind: str, owner: str, past: int, most: int) -> list[str]:
        """Cases of an agent or a team that are not closed, past one's number, oldest first; so many at most."""
        owned = self.owned.get((kind, owner))
        return [] if owned is None else [f"ca{number}" for number in islice(owned.past(past), most)]

    def take_out(self, keys: Mapping[str, Sequence[str]]) -> None:
        """Forget closed cases. A number that does not follow from the case's own stays taken."""
        for name in keys["cases"]:
            case = self.cases[name]
            del self.by_number[case.number]
            if case.number != self._own_number(case_age(name)):
                self.reserved[case.number] = case_age(name)
                self._named.add(case_age(name))
            self._part(name)
            if case.into is not None:
                _enter(self.merged_of, case.customer, name, is_in=False)
            for person in case.participants:
                _enter(self.joined_by, person, name, is_in=False)
        super().take_out(keys)

    def put_back(self, rows: Rows) -> None:
        """Know closed cases again, and which are one matter."""
        super().put_back(rows)
        names = rows["cases"][0]
        aliases = [name for name in names if self.cases[name].into is not None]
        self._gather(aliases)
        for name in names:
            case = self.cases[name]
            self.by_number[case.number] = name
            self._named.discard(self.reserved.pop(case.number, 0))
            if case.into is not None:
                _enter(self.merged_of, case.customer, name, is_in=True)
            for person in case.participants:
                _enter(self.joined_by, person, name, is_in=True)

    def _form_of(self, count: int) -> str:
        """The form that numbers had when so many cases had been opened with this one."""
        first = max((first for first in map(int, self.forms) if first <= count), default=None)
        return self.plan.cases.number if first is None else self.forms[str(first)]

    def _own_number(self, count: int) -> str:
        return self._form_of(count).format(count)

    def _is_taken(self, number: str) -> bool:
        """Whether a case has this number. Of one that is archived its form tells, or it is reserved."""
        if number in self.by_number or number in self.reserved:
            return True
        if len(self.forms) < 2:
            return False  # each number of the one form is another case's
        return any(self._is_archived(running_number(form, number), form) for form in sorted({*self.forms.values()}))

    def _is_archived(self, count: int, form: str) -> bool:
        """Whether the case of this count, 0 for none, has the number of this form and is archived."""
        is_of_form = 0 < count <= self.counts.get("case", 0) and self._form_of(count) == form
        return is_of_form and f"ca{count}" not in self.cases and count not in self._named

    # Questions

    def row(self, case: str) -> Case:
        """How the matter stands that a case is part of."""
        return self.cases[self._root_of.get(case, case)]

    def next_case(self) -> tuple[str, str]:
        """Id and number that the next case will have."""
        count = self.counts.get("case", 0) + 1
        number = self._own_number(count)
        # Brought by an import, or written by a plan with another form.
        while self._is_taken(number):
            number += "'"
        return f"ca{count}", number

    def newest_open(self, ids: Sequence[str], topic: str) -> str | None:
        """A person's newest open case on the topic, by all their ids."""
        found = (name for customer in ids for name in self.open_by_topic.get((customer, topic), ()))
        return max(found, key=case_age, default=None)

    # Changes

    def plan_changed(self, event: e.PlanChanged, at_us: int) -> None:
        """From the next case on numbers may have another form."""
        count = self.counts.get("case", 0) + 1
        if not self.forms or self._form_of(count) != event.plan.cases.number:
            self.forms[str(count)] = event.plan.cases.number

    def part(self, case: str, ids: Sequence[str]) -> Part | None:
        """What was said of a person's part in a matter, by all their ids; None if nothing was."""
        if not self.parts:
            return None
        found = (self.parts.get(_part_key(member, name)) for member in self.group(case) for name in ids)
        return next(filter(None, found), None)

    def opened(self, event: e.CaseOpened, at_us: int) -> None:
        """Enter a new case, with its first owner."""
        number = self.counts["case"] = self.counts.get("case", 0) + 1
        case = self.cases[event.case] = Case(
            event.number,
            event.customer,
            event.owner_kind,
            event.owner,
            event.queue,
            event.topic,
            touched_us=at_us,
            follows=event.follows,
        )
        self.by_number[event.number] = event.case
        self._own(number, case)
        self._index(event.case)

    def attached(self, event: e.InteractionAttached, at_us: int) -> None:
        """Count the interaction among the case's."""
        case = self.cases[event.case]
        case.interactions[event.interaction] = 1
        case.touched_us = at_us

    def joined(self, event: e.ParticipantJoined, at_us: int) -> None:
        """Count the person among the case's participants."""
        self.cases[event.case].participants[event.participant] = 1
        if event.role is not None or event.acts:
            self.parts[_part_key(event.case, event.participant)] = Part(event.role, event.acts)

    def part_changed(self, event: e.ParticipantChanged, at_us: int) -> None:
        """Know the part that the person has now."""
        self.parts[_part_key(event.case, event.participant)] = Part(event.role, event.acts)

    def left(self, event: e.ParticipantLeft, at_us: int) -> None:
        """Count the person among the case's participants no more."""
        del self.cases[event.case].participants[event.participant]
        self.parts.pop(_part_key(event.case, event.participant), None)

    def part_taken(self, event: e.PartTaken, at_us: int) -> None:
        """Find the case by its participant."""
        self.joined_by.setdefault(event.customer, {})[event.case] = 1

    def part_ended(self, event: e.PartEnded, at_us: int) -> None:
        """Find it no more."""
        joined = self.joined_by.get(event.customer, {})  # a snapshot from between the two events has it no more
        joined.pop(event.case, None)
        if not joined:
            self.joined_by.pop(event.customer, None)

    def erased(self, event: e.CustomerErased, at_us: int) -> None:
        """Whoever is forgotten acts for nobody."""
        for case in self.joined_by.get(event.customer, ()):
            part = self.parts.get(_part_key(case, event.customer))
            if part is not None:
                part.acts = False

    def owner_changed(self, event: e.CaseOwnerChanged, at_us: int) -> None:
        """Hand the case to its new owner."""
        case, number = self.cases[event.case], int(event.case[2:])
        if case.state == "CLOSED":
            case.owner_kind, case.owner = event.owner_kind, event.owner
            return
        is_agents, agent = case.owner_kind == "agent", case.owner
        self._disown(number, case)
        if is_agents and self.timers.get(DISOWN, agent) is not None:
            self.timers.set(DISOWN, agent, at_us + SLICE_PAUSE_US)
        case.owner_kind, case.owner = event.owner_kind, event.owner
        self._own(number, case)

    def queue_changed(self, event: e.CaseQueueChanged, at_us: int) -> None:
        """The case belongs to another queue."""
        self.cases[event.case].queue = event.queue

    def handed_over(self, event: e.InteractionHandedOver, at_us: int) -> None:
        """A bot may have found out what the case is about."""
        case = self.cases[event.case]
        if event.topic is None or event.topic == case.topic:
            return
        if case.topic is not None:
            _enter(self.open_by_topic, (case.customer, case.topic), event.case, is_in=False)
        case.topic = event.topic
        self._index(self.root(event.case))

    def agent_removed(self, event: e.AgentRemoved, at_us: int) -> None:
        """Begin to take the cases of an agent who is gone from them."""
        if ("agent", event.agent) in self.owned:
            self.timers.set(DISOWN, event.agent, at_us)

    def agent_defined(self, event: e.AgentDefined, at_us: int) -> None:
        """An agent who is back keeps what was not yet taken from them."""
        self.timers.cancel(DISOWN, event.agent)

    def waiting(self, event: e.CaseWaiting, at_us: int) -> None:
        """The case waits on somebody."""
        self._step(event.case, f"wait_on_{event.on}")

    def resumed(self, event: e.CaseResumed, at_us: int) -> None:
        """The case goes on."""
        self._step(event.case, "resume")

    def resolved(self, event: e.CaseResolved, at_us: int) -> None:
        """The case is settled, and closes in time."""
        self._step(event.case, "resolve")
        if event.close_us is not None:
            self.timers.set(CLOSE, event.case, event.close_us)

    def reopened(self, event: e.CaseReopened, at_us: int) -> None:
        """The case is open again, and no longer closes by itself."""
        if self.cases[event.case].state == "CLOSED":
            self._own(int(event.case[2:]), self.cases[event.case])
        self._step(event.case, "reopen")
        self.cases[event.case].closed_us = None
        self.timers.cancel(CLOSE, event.case)

    def closed(self, event: e.CaseClosed, at_us: int) -> None:
        """The case is filed."""
        self._step(event.case, "close")
        case = self.cases[event.case]
        case.closed_us = at_us
        self._disown(int(event.case[2:]), case)
        self.timers.cancel(CLOSE, event.case)
        self._forget_suggestions(event.case, is_over=True)

    def merged(self, event: e.CaseMerged, at_us: int) -> None:
        """The case goes on as another one, with all that goes on as it: whoever owns that one owns it."""
        case, root = self.cases[event.case], self.root(event.into)
        aliases = [name for name in (*self.group(event.case), *self.group(root)) if name != root]
        if case.state != "CLOSED":
            self._disown(int(event.case[2:]), case)
        case.before, case.into = case.state, event.into
        case.state = CASE.steps[case.state, "merge"]
        self._groups.pop(event.case, None)
        self._gather(aliases)
        self.merged_of.setdefault(case.customer, {})[event.case] = 1
        self.timers.cancel(CLOSE, event.case)
        _enter(self.open_of, case.customer, event.case, is_in=False)
        self._index(root)
        # Of two that are both settled nothing is opened again by it.
        is_over = self.cases[root].state == "CLOSED" and case.before in SETTLED
        self._forget_suggestions(root, is_over=is_over)

    def unmerged(self, event: e.CaseUnmerged, at_us: int) -> None:
        """The case goes on by itself, and with it what went on as it."""
        case, root = self.cases[event.case], self.root(event.case)
        aliases = [name for name in self._groups.pop(root) if name not in (root, event.case)]
        for name in (*aliases, event.case):
            del self._root_of[name]
        case.before, case.into = None, None
        case.state = CASE.steps[case.state, "unmerge"]
        for trigger in _BACK[event.state]:
            case.state = CASE.steps[case.state, trigger]
        if case.state != "CLOSED":
            case.closed_us = None
            self._own(int(event.case[2:]), case)
        if event.close_us is not None:
            self.timers.set(CLOSE, event.case, event.close_us)
        self._gather(aliases)
        merged = self.merged_of[case.customer]
        del merged[event.case]
        if not merged:
            del self.merged_of[case.customer]
        self._index(root)
        self._index(event.case)

    def split(self, event: e.CaseSplit, at_us: int) -> None:
        """Know of which case the new one was part."""
        self.cases[event.other].split_from = event.case

    def moved(self, event: e.InteractionMoved, at_us: int) -> None:
        """The interaction counts in another case."""
        del self.cases[event.before].interactions[event.interaction]
        self.cases[event.case].interactions[event.interaction] = 1
        self.suggestions.pop(event.interaction, None)

    def suggested(self, event: e.CaseSuggested, at_us: int) -> None:
        """Somebody should look whether the interaction belongs there."""
        self.suggestions[event.interaction] = Suggestion(event.case, event.score)

    def suggestion_dismissed(self, event: e.CaseSuggestionDismissed, at_us: int) -> None:
        """Somebody has looked."""
        del self.suggestions[event.interaction]

    def _forget_suggestions(self, case: str, *, is_over: bool) -> None:
        """Nobody needs to look any more at what is filed, nor at what is where it was suggested to be."""
        if not self.suggestions:
            return
        for member in self.group(case):
            for interaction in self.cases[member].interactions:
                row = self.suggestions.get(interaction)
                if row is not None and (is_over or self.root(row.case) == case):
                    del self.suggestions[interaction]

    def _step(self, name: str, trigger: str) -> None:
        case = self.cases[name]
        case.state = CASE.steps[case.state, trigger]
        self._index(name)


EVOLVE: dict[type[e.Event], Evolve] = {
    e.PlanChanged: Cases.plan_changed,
    e.CaseOpened: Cases.opened,
    e.InteractionAttached: Cases.attached,
    e.ParticipantJoined: Cases.joined,
    e.ParticipantChanged: Cases.part_changed,
    e.ParticipantLeft: Cases.left,
    e.PartTaken: Cases.part_taken,
    e.PartEnded: Cases.part_ended,
    e.CustomerErased: Cases.erased,
    e.CaseOwnerChanged: Cases.owner_changed,
    e.CaseQueueChanged: Cases.queue_changed,
    e.InteractionHandedOver: Cases.handed_over,
    e.AgentRemoved: Cases.agent_removed,
    e.AgentDefined: Cases.agent_defined,
    e.CaseWaiting: Cases.waiting,
    e.CaseResumed: Cases.resumed,
    e.CaseResolved: Cases.resolved,
    e.CaseReopened: Cases.reopened,
    e.CaseClosed: Cases.closed,
    e.CaseMerged: Cases.merged,
    e.CaseUnmerged: Cases.unmerged,
    e.CaseSplit: Cases.split,
    e.CaseSuggested: Cases.suggested,
    e.CaseSuggestionDismissed: Cases.suggestion_dismissed,
    e.InteractionMoved: Cases.moved,
}
