"""Cases that are settled with another one, in which all that was asked in them has been answered.

Belongs here: which those are. Does not: which contact is answered with which (`engagements`).
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.cases.merging import is_worked
from orchestra.engine.cases.state import SETTLED
from orchestra.engine.view import View

__all__ = ["answered_in"]


def answered_in(view: View, case: str) -> Iterator[str]:
    """The person's cases in which nothing was but what has been answered in this matter, oldest first.

    One that goes through stages is more than a question: whoever sees to these says when it is settled.
    """
    root = view.cases.root(case)
    ids = view.identity.group(view.cases.cases[root].customer)
    for name in sorted((name for one in ids for name in view.cases.open_of.get(one, ())), key=_number):
        is_open = view.cases.cases[name].state not in SETTLED  # of those before it some may have been settled meanwhile
        if is_open and name != root and view.stages.course(name) is None and not is_worked(view, name):
            answers = [_answered_in(view, one) for member in view.cases.group(name) for one in _contacts(view, member)]
            if answers and all(answer == root for answer in answers):
                yield name


def _contacts(view: View, case: str) -> Iterator[str]:
    yield from view.cases.cases[case].interactions


def _answered_in(view: View, interaction: str) -> str | None:
    """The matter in which a contact was answered together with another one; None if it was answered for itself."""
    by = view.contacts.interactions[interaction].answered_by
    case = None if by is None else view.contacts.interactions[by].case
    return None if case is None else view.cases.root(case)


def _number(name: str) -> int:
    return int(name[2:])
