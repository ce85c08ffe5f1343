"""Statements that hold, and the open conflicts between them. What holds no more is in the journal alone."""

from __future__ import annotations

from typing import ClassVar, TypeVar

import attrs

from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e

__all__ = ["EVOLVE", "EXPIRY", "MOST_ON_PAIR", "Commitments", "Conflict", "Pair", "Statement", "age"]

EXPIRY = "commitments.expiry"
"""Timer of a statement that holds for a time."""

MOST_ON_PAIR = 20
"""Most statements about one attribute of one subject that hold at once."""

Key = TypeVar("Key")

Pair = tuple[str, str]
"""A subject and one of its attributes: what is said of another pair contradicts nothing."""

Told = list[str | int | None]
"""By whom, with which authority, from which source, and what: value and unit."""


@attrs.define
class Statement:
    """What somebody said of a subject.

    `kind` is `commitment` (said to a customer) or `fact` (told by a back office). A fact that was settled to hold is a
    commitment from then on: it is what the customer is told. `until_us` is what the speaker said of how long it holds,
    `ends_us` when it ends by itself. `conflict` is the open one it takes part in. `overruled` are the facts against
    which it was settled to hold: id -> who told what.
    """

    kind: str
    subject: str
    attribute: str
    type: str
    value: int | str
    unit: str | None
    customer: str | None
    case: str | None
    by: str
    authority: str | None
    source: str | None
    from_us: int
    until_us: int | None
    ends_us: int | None
    supersedes: str | None
    conflict: str | None = None
    overruled: dict[str, Told] = attrs.field(factory=dict)

    @property
    def told(self) -> Told:
        """Who says what."""
        return [*self.speaker, self.value, self.unit]

    @property
    def speaker(self) -> tuple[str, str | None, str | None]:
        """Who said it, with which authority, from which source: what counts as one voice."""
        return self.by, self.authority, self.source

    @property
    def pair(self) -> Pair:
        """What it is about."""
        return self.subject, self.attribute


@attrs.define
class Conflict:
    """An open conflict, and what precedence proposes. `statements` are those that take part, a set as dict of id -> 1.

    `customer` and `case` are those of the oldest commitment in it.
    """

    subject: str
    attribute: str
    customer: str
    case: str | None
    keep: str
    rule: str
    effect: str
    statements: dict[str, int]


class Commitments(Slice):
    """Statements and open conflicts by id. Statements count in one row: what was said as cm1, what was told as fa2."""

    TABLES: ClassVar = {"statements": Statement, "conflicts": Conflict, "counts": None}

    statements: dict[str, Statement]
    conflicts: dict[str, Conflict]
    counts: dict[str, int]

    def reindex(self) -> None:
        """Rebuild the look-ups by pair, case and customer, and which subjects are frozen."""
        self.on_pair: dict[Pair, dict[str, int]] = {}
        self.on_subject: dict[str, dict[str, int]] = {}
        self.of_case: dict[str, dict[str, int]] = {}
        self.of_customer: dict[str, dict[str, int]] = {}
        self.open_on: dict[Pair, str] = {}
        self.frozen: dict[str, dict[str, int]] = {}
        for name in sorted(self.statements, key=age):
            self._index(name, self.statements[name])
        for name, conflict in self.conflicts.items():
            self._open(name, conflict)

    def _index(self, name: str, row: Statement) -> None:
        self.on_pair.setdefault(row.pair, {})[name] = 1
        self.on_subject.setdefault(row.subject, {})[name] = 1
        if row.case is not None:
            self.of_case.setdefault(row.case, {})[name] = 1
        if row.customer is not None:
            self.of_customer.setdefault(row.customer, {})[name] = 1

    def _open(self, name: str, conflict: Conflict) -> None:
        self.open_on[conflict.subject, conflict.attribute] = name
        self.frozen.setdefault(conflict.subject, {})[name] = 1

    def _forget(self, name: str) -> None:
        row = self.statements.pop(name)
        _drop(self.on_pair, row.pair, name)
        _drop(self.on_subject, row.subject, name)
        if row.case is not None:
            _drop(self.of_case, row.case, name)
        if row.customer is not None:
            _drop(self.of_customer, row.customer, name)
        self.timers.cancel(EXPIRY, name)

    def next_statement(self, kind: str) -> str:
        """The id that the next commitment or fact will have."""
        return f"{'cm' if kind == 'commitment' else 'fa'}{self.counts.get('statement', 0) + 1}"

    def next_conflict(self) -> str:
        """The id that the next conflict will have."""
        return f"cf{self.counts.get('conflict', 0) + 1}"

    def is_past(self, name: str, kind: str) -> bool:
        """Whether there was a `statement` or `conflict` of this id."""
        number = name[2:]
        is_number = number.isascii() and number.isdecimal() and len(number) < 20
        return is_number and name[:2] in _PREFIXES[kind] and 0 < int(number) <= self.counts.get(kind, 0)

    def frozen_by(self, subject: str) -> str | None:
        """The oldest open conflict about a subject."""
        return next(iter(sorted(self.frozen.get(subject, ()), key=age)), None)

    def made(self, event: e.CommitmentMade, at_us: int) -> None:
        """Enter what was said to a customer."""
        self._state(event.commitment, "commitment", event)

    def reported(self, event: e.FactReported, at_us: int) -> None:
        """Enter what a back office told, in the place of what it told before."""
        if event.replaces is not None:
            self._forget(event.replaces)
        self._state(event.fact, "fact", event)

    def _state(self, name: str, kind: str, event: e.CommitmentMade | e.FactReported) -> None:
        self.counts["statement"] = self.counts.get("statement", 0) + 1
        row = self.statements[name] = Statement(
            kind,
            event.subject,
            event.attribute,
            event.type,
            event.value,
            event.unit,
            event.customer,
            event.case,
            event.by,
            event.authority,
            event.source,
            event.from_us,
            event.until_us,
            event.ends_us,
            event.supersedes,
        )
        self._index(name, row)
        if event.ends_us is not None:
            self.timers.set(EXPIRY, name, event.ends_us)

    def withdrawn(self, event: e.CommitmentWithdrawn | e.CommitmentExpired, at_us: int) -> None:
        """Forget a commitment."""
        self._forget(event.commitment)

    def fact_expired(self, event: e.FactExpired, at_us: int) -> None:
        """Forget a fact."""
        self._forget(event.fact)

    def conflict_raised(self, event: e.CommitmentConflict, at_us: int) -> None:
        """Open a conflict. What is in dispute does not expire: whoever was told it must not lose it by waiting."""
        self.counts["conflict"] = self.counts.get("conflict", 0) + 1
        row = self.conflicts[event.conflict] = Conflict(
            event.subject, event.attribute, event.customer, event.case, event.keep, event.rule, event.effect, {}
        )
        self._open(event.conflict, row)
        self._join(event.conflict, [*event.against, event.statement])

    def widened(self, event: e.ConflictWidened, at_us: int) -> None:
        """Let further statements take part."""
        row = self.conflicts[event.conflict]
        row.keep, row.rule, row.effect = event.keep, event.rule, event.effect
        self._join(event.conflict, event.statements)

    def _join(self, conflict: str, names: list[str]) -> None:
        for name in names:
            self.conflicts[conflict].statements[name] = 1
            self.statements[name].conflict = conflict
            self.timers.cancel(EXPIRY, name)

    def corrected(self, event: e.CommitmentCorrected, at_us: int) -> None:
        """Close a conflict: forget what was ended. What is kept is the company's word; what is left may expire."""
        row = self.conflicts.pop(event.conflict)
        del self.open_on[row.subject, row.attribute]
        _drop(self.frozen, row.subject, event.conflict)
        for name in row.statements:
            statement = self.statements[name]
            statement.conflict = None
            if statement.ends_us is not None:
                self.timers.set(EXPIRY, name, max(statement.ends_us, at_us))
        kept = self.statements[event.keep]
        for name in event.ended:
            if self.statements[name].kind == "fact":
                kept.overruled[name] = self.statements[name].told
            self._forget(name)
        for name in sorted(kept.overruled, key=age)[:-MOST_ON_PAIR]:
            del kept.overruled[name]
        kept.kind = "commitment"
        if kept.customer is None:
            kept.customer, kept.case = row.customer, row.case
            self._index(event.keep, kept)


_PREFIXES = {"statement": ("cm", "fa"), "conflict": ("cf",)}


def age(name: str) -> int:
    """What orders ids by when they were given, oldest first."""
    return int(name[2:])


def _drop(names_of: dict[Key, dict[str, int]], key: Key, name: str) -> None:
    names = names_of[key]
    del names[name]
    if not names:
        del names_of[key]


EVOLVE: dict[type[e.Event], Evolve] = {
    e.CommitmentMade: Commitments.made,
    e.FactReported: Commitments.reported,
    e.CommitmentWithdrawn: Commitments.withdrawn,
    e.CommitmentExpired: Commitments.withdrawn,
    e.FactExpired: Commitments.fact_expired,
    e.CommitmentConflict: Commitments.conflict_raised,
    e.ConflictWidened: Commitments.widened,
    e.CommitmentCorrected: Commitments.corrected,
}
