"""When a case was first asked and when it was answered, restated whenever something older becomes known or is undone.

Belongs here: the instants of one case that may still decide its times. Does not: which event is about which case.
"""

from __future__ import annotations

import attrs

from orchestra.insight.tally import Tally

__all__ = ["Answer", "Answering"]


class Answering:
    """First response and end-to-end time of one case, kept right in its tallies.

    They are those of the messages' own times, in whatever order the messages become known. An answer that never left
    is none. Of the answers after the first question that have left, only the first and the last are kept.

    Args:
        tallies: where the case counts. May be replaced as long as nothing was asked or answered; after that, `move`.
    """

    __slots__ = (
        *("_absorbed", "_asked_us", "_early", "_first_us", "_into", "_last_us", "_leaving", "_response_us", "_span_us"),
        "tallies",
    )

    def __init__(self, tallies: tuple[Tally, ...]) -> None:
        self.tallies = tallies
        self._asked_us: int | None = None
        self._early: list[int] = []
        self._first_us: int | None = None
        self._last_us: int | None = None
        self._leaving: set[Answer] = set()
        self._response_us: int | None = None
        self._span_us: int | None = None
        self._absorbed: list[Answering] = []
        self._into: Answering | None = None

    def absorb(self, other: Answering) -> None:
        """The other case is the same matter: from now on its questions and answers count here, and it has no times."""
        other._into = self
        self._absorbed.append(other)
        other._replace(None, None)
        self.restate()

    def release(self, other: Answering) -> None:
        """The other case is a matter of its own after all, with all that is known of it."""
        self._absorbed.remove(other)
        other._into = None
        self.restate()
        other.restate()

    @property
    def kept(self) -> int:
        """How many instants of answers are kept."""
        ends = (self._first_us, self._last_us)
        return len(self._early) + len(self._leaving) + sum(end is not None for end in ends)

    def move(self, before: Tally, after: Tally) -> None:
        """The case counts in another tally than it did; what is known of it goes there."""
        before.respond(self._response_us, None)
        after.respond(None, self._response_us)
        before.end_to_end.replace(self._span_us, None)
        after.end_to_end.replace(None, self._span_us)
        self.tallies = tuple(after if tally is before else tally for tally in self.tallies)

    def asked(self, at_us: int) -> None:
        """A customer wrote at that time."""
        if self._asked_us is not None and at_us >= self._asked_us:
            return
        self._asked_us = at_us
        early, self._early = self._early, []
        for answered_us in early:
            self._settle(answered_us)
        self.restate()

    def wrote(self, at_us: int) -> Answer:
        """An answer was written and is to be sent: it counts until it turns out that it never left."""
        answer = Answer(self, at_us)
        self._leaving.add(answer)
        self.restate()
        return answer

    def answered(self, at_us: int) -> None:
        """An answer was given at that time."""
        self._settle(at_us)
        self.restate()

    def settle(self, answer: Answer, *, is_given: bool) -> None:
        """It is known of an answer that was written whether it left."""
        if answer in self._leaving:
            self._leaving.remove(answer)
            if is_given:
                self._settle(answer.at_us)
            self.restate()

    def _settle(self, at_us: int) -> None:
        """Keep of an answer what may still matter: one older than the question does if an older question comes."""
        if self._asked_us is None or at_us < self._asked_us:
            self._early.append(at_us)
            return
        self._first_us = at_us if self._first_us is None else min(at_us, self._first_us)
        self._last_us = at_us if self._last_us is None else max(at_us, self._last_us)

    def restate(self) -> None:
        """Replace both times by what they are now."""
        if self._into is not None:
            self._into.restate()
            return
        asked_us = self._asked_us if not self._absorbed else self.first_asked()
        if asked_us is None:
            self._replace(None, None)
            return
        given = self.given(asked_us)
        self._replace(min(given) - asked_us if given else None, max(given) - asked_us if given else None)

    def first_asked(self) -> int | None:
        """When a customer wrote first, here or in what was absorbed."""
        asked = (self._asked_us, *(other.first_asked() for other in self._absorbed))
        return min((at_us for at_us in asked if at_us is not None), default=None)

    def given(self, asked_us: int) -> list[int]:
        """Answers among which are the first and the last after a question, here and in what was absorbed."""
        given = [end for end in (self._first_us, self._last_us) if end is not None]
        given += [answer.at_us for answer in self._leaving if answer.at_us >= asked_us]
        for other in self._absorbed:
            given += other.given(asked_us)
        if self._absorbed or self._into is not None:  # what is too early for the own question may answer another's
            given += [at_us for at_us in self._early if at_us >= asked_us]
        return given

    def _replace(self, response_us: int | None, span_us: int | None) -> None:
        if (response_us, span_us) == (self._response_us, self._span_us):
            return
        for tally in self.tallies:
            tally.respond(self._response_us, response_us)
            tally.end_to_end.replace(self._span_us, span_us)
        self._response_us, self._span_us = response_us, span_us


@attrs.define(eq=False)
class Answer:
    """An answer of a case that is to be sent."""

    _case: Answering = attrs.field(repr=False)
    at_us: int

    def left(self) -> None:
        """The provider has it. Saying so again changes nothing."""
        self._case.settle(self, is_given=True)

    def never_left(self) -> None:
        """It was canceled, failed or expired. Changes nothing about an answer that had left."""
        self._case.settle(self, is_given=False)
