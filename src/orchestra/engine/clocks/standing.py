"""How things stand with what a clock measures: what is asked, waited for, worked on, and over.

Belongs here: reading other sections. Does not: what follows for the clocks (`settling`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from orchestra.engine.cases.state import SETTLED
from orchestra.engine.clocks.tracks import Track
from orchestra.engine.view import View

__all__ = ["Standing", "scope_of", "standing"]

_WAITS: Mapping[str, str] = {"WAITING_ON_CUSTOMER": "customer", "WAITING_ON_THIRD_PARTY": "third_party"}
_SCOPES = {"ca": "case", "in": "interaction", "en": "engagement"}
_DONE = ("DONE", "MERGED", "WRAPPING")


@attrs.frozen
class Standing:
    """How things stand with a subject.

    Attributes:
        case: the case that it is, or is part of; of an engagement, that of its first contact.
        interaction: the contact that it is, or with which it began.
        is_own: whether it begins clocks of its own: a case that goes on as another one does not.
        tracks: what is known of it; of a case, of all that are the same matter.
        over: why it is over; None while it goes on.
        is_done: whether it is over as it should be.
        is_final: whether nothing at all is done about it any more.
        waits_on: whom the matter waits on, unless the customer was heard since and has no answer.
    """

    subject: str
    scope: str
    customer: str
    case: str
    interaction: str | None
    is_own: bool
    tracks: list[Track]
    over: str | None
    is_done: bool
    is_final: bool
    waits_on: str | None
    is_answered: bool = False
    is_waiting: bool = False

    @property
    def is_worked(self) -> bool:
        """Whether an agent has any of it in hand."""
        return any(track.worked for track in self.tracks)

    def told(self, *, human_only: bool) -> int:
        """When its customer was last answered."""
        return max((track.human if human_only else track.told for track in self.tracks), default=0)

    def is_open(self, *, human_only: bool) -> bool:
        """Whether its customer asked something that is not answered."""
        told = self.told(human_only=human_only)
        return any(asked > told for track in self.tracks for asked in track.asked.values())


def scope_of(subject: str) -> str:
    """What kind of thing a subject is."""
    return _SCOPES[subject[:2]]


def standing(view: View, subject: str) -> Standing:
    """How things stand with a case, a contact or an engagement."""
    return _OF[scope_of(subject)](view, subject)


def _of_case(view: View, subject: str) -> Standing:
    root = view.cases.root(subject)
    row, tracks = view.cases.cases[root], list(_matter(view, subject))
    own = view.clocks.tracks.get(subject)
    over = row.state.lower() if row.state in SETTLED else None
    return Standing(
        subject,
        "case",
        view.cases.cases[subject].customer,
        subject,
        None if own is None else own.first,
        root == subject,
        tracks,
        over,
        is_done=True,
        is_final=over is not None,
        waits_on=_waits_on(view, subject),
    )


def _of_interaction(view: View, subject: str) -> Standing:
    row, track = view.contacts.interactions[subject], view.clocks.tracks.get(subject)
    assert row.case is not None  # every interaction has a case from its first batch on
    return Standing(
        subject,
        "interaction",
        row.customer,
        row.case,
        subject,
        is_own=True,
        tracks=[] if track is None else [track],
        over=None if row.is_open else row.state.lower(),
        is_done=row.state in _DONE,
        is_final=row.is_final,
        waits_on=_waits_on(view, row.case),
        is_answered=row.state == "MERGED",
    )


def _of_engagement(view: View, subject: str) -> Standing:
    track = view.clocks.tracks[subject]
    assert track.first is not None  # it is named after one
    first = view.contacts.interactions[track.first]
    assert first.case is not None  # as of each interaction
    is_over = not any(name in view.engagements.members for name in track.waits)
    return Standing(
        subject,
        "engagement",
        track.customer,
        first.case,
        track.first,
        is_own=True,
        tracks=[track],
        over="left" if is_over else None,
        is_done=True,
        is_final=is_over,
        waits_on=None,
        is_waiting=any(spans and spans[-1][1] is None for spans in track.waits.values()),
    )


_OF = {"case": _of_case, "interaction": _of_interaction, "engagement": _of_engagement}


def _matter(view: View, case: str) -> Iterator[Track]:
    for member in view.cases.group(case):
        track = view.clocks.tracks.get(member)
        if track is not None:
            yield track


def _waits_on(view: View, case: str) -> str | None:
    """Whom a matter waits on. A customer who is heard meanwhile waits for us, until they are answered."""
    on = _WAITS.get(view.cases.row(case).state)
    tracks = list(_matter(view, case))
    heard = max((track.heard for track in tracks), default=0)
    since = max((max(track.waited, track.told) for track in tracks), default=0)
    return None if heard > since else on
