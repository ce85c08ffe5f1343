"""What is known of a customer beside their matters: how they want to be addressed, and with whom they had to do."""

from __future__ import annotations

from collections.abc import Sequence

from orchestra.engine.view import View

__all__ = ["Person"]


class Person:
    """What is known of a customer, as conditions compare it and wordings tell it; looked up when it is asked for."""

    __slots__ = ("_case", "_ids", "_view")

    def __init__(self, view: View, ids: Sequence[str], case: str | None) -> None:
        """Know a person by all their ids, in one of their cases or in none."""
        self._view = view
        self._ids = ids
        self._case = case

    @property
    def language(self) -> str | None:
        """In which they want to be addressed."""
        return self._view.personal.said_last(self._ids, "language")

    @property
    def form(self) -> str | None:
        """In which form they want to be addressed."""
        return self._view.personal.said_last(self._ids, "form")

    @property
    def hours(self) -> str | None:
        """At what time of their day they would rather be reached."""
        return self._view.personal.said_last(self._ids, "hours")

    @property
    def channel(self) -> str | None:
        """On which they would rather be written to than on any other."""
        return next(iter(self._view.identity.preferred(self._ids[0])), None)

    @property
    def agent(self) -> str | None:
        """The person who last took a contact of theirs."""
        return self._view.known.agent_of(self._ids)

    @property
    def last_topic(self) -> str | None:
        """What the matter was about that they were in touch of last, other than this one."""
        last = self._last_case()
        return None if last is None else self._view.cases.cases[last].topic

    @property
    def last_number(self) -> str | None:
        """The number of that matter."""
        last = self._last_case()
        return None if last is None else self._view.cases.cases[last].number

    def _last_case(self) -> str | None:
        view = self._view
        own = None if self._case is None else view.cases.root(self._case)
        rows = (view.contacts.interactions.get(name) for name in reversed(view.known.contacts_of(self._ids)))
        matters = (view.cases.root(row.case) for row in rows if row is not None and row.case is not None)
        return next((case for case in matters if case != own), None)
