"""All timers of a workspace: those that commands wait for, and those whose work can wait a moment.

Belongs here: which of both goes first. Does not: keeping timers in order (`timers`).
"""

from __future__ import annotations

from collections.abc import Iterable

from orchestra.engine.timers import Entry, Timers

__all__ = ["Agenda"]


class Agenda(Timers):
    """Timers by name and subject; of those whose names are in `patient` a great many may fall due at once.

    A command that comes in between goes before these: it finds what they would have changed as it was until then.
    """

    __slots__ = ("_later", "patient")

    def __init__(self) -> None:
        super().__init__()
        self.patient: frozenset[str] = frozenset()
        self._later = Timers()

    def __len__(self) -> int:
        return super().__len__() + len(self._later)

    def set(self, name: str, subject: str, due_us: int) -> None:
        """Set or move a timer; see `Timers`."""
        if name in self.patient:
            self._later.set(name, subject, due_us)
        else:
            super().set(name, subject, due_us)

    def cancel(self, name: str, subject: str) -> None:
        """Unset a timer; one that is not set is left alone."""
        if name in self.patient:
            self._later.cancel(name, subject)
        else:
            super().cancel(name, subject)

    def cancel_all(self, names: Iterable[str], subject: str) -> None:
        """Unset several timers of a subject, most of which are not set."""
        chosen = tuple(names)
        super().cancel_all(chosen, subject)
        self._later.cancel_all(chosen, subject)

    def get(self, name: str, subject: str) -> int | None:
        """When the timer is due, or None if it is not set."""
        return self._later.get(name, subject) if name in self.patient else super().get(name, subject)

    def names_of(self, subject: str) -> list[str]:
        """The timers that are set of a subject."""
        return super().names_of(subject) + self._later.names_of(subject)

    def first(self) -> Entry | None:
        """The earliest timer of all, or None if there is none. It stays set."""
        prompt, later = super().first(), self._later.first()
        if prompt is None or later is None:
            return prompt or later
        return min(prompt, later)

    def first_prompt(self) -> Entry | None:
        """The earliest of those that commands wait for, or None if there is none."""
        return super().first()

    def rows(self) -> list[list[str | int]]:
        """All timers as plain rows, sorted."""
        return sorted([*super().rows(), *self._later.rows()])

    def load(self, rows: list[list[str | int]]) -> None:
        """Take the place of all timers by those that `rows` gave."""
        super().load([row for row in rows if row[0] not in self.patient])
        self._later.load([row for row in rows if row[0] in self.patient])
