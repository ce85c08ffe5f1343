"""The part of a plan on how cases go on: their types, the stages that they go through, and when a delay is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import attrs

__all__ = ["RESOLUTION", "UPDATE", "CaseType", "Delay", "Stage", "Tells", "type_of_topic"]

RESOLUTION = "resolution"
"""What a promise may be about beside a stage: that the matter is done."""

UPDATE = "update"
"""What a promise may be about beside a stage: that the customer hears of the matter."""


def _stages(values: Iterable[Stage]) -> tuple[Stage, ...]:
    """Lists, as files have them, and tuples make equal plans."""
    return tuple(values)


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


@attrs.frozen
class Stage:
    """Something that a case goes through, as `checked` or `shipping`. The last one is reached when the matter is done.

    Attributes:
        name: what it is called in commands, in promises and by people; each its own.
        normal: how long it takes normally, in business time; else what most of those took that were finished lately.
        least: how long it takes at the least; else what few of those took that were finished lately, or as long as
            normally.
        max_silence: for how long the customer may hear nothing of the case, in business time; for ever unless stated.
        promise: the topic of the notice by which the customer is told that it is reached and what comes next; that of
            the first stage acknowledges the case. None unless stated.
    """

    name: str
    normal: timedelta | None = None
    least: timedelta | None = None
    max_silence: timedelta | None = None
    promise: str | None = None


@attrs.frozen
class Delay:
    """How much later than promised something must be expected for that to be a delay of which the customer hears.

    Attributes:
        at_least: so much business time, whatever is left until the promised time.
        percent: so much of the business time that is left until the promised time, if that is more.
        made_up_percent: a delay that was foreseen counts as made up once what is expected is later than promised by
            less than so much of what makes a delay.
    """

    at_least: timedelta = timedelta(hours=4)
    percent: int = 20
    made_up_percent: int = 50


@attrs.frozen
class Tells:
    """What customers are told of the way of a case, as topics of notices; nothing unless stated.

    Attributes:
        delay: once a delay is foreseen.
        made_up: once one that was foreseen is none any more.
        update: once they have heard nothing for as long as a stage's longest silence, and whenever something else would
            tell times that cannot be foreseen.
    """

    delay: str | None = None
    made_up: str | None = None
    update: str | None = None


@attrs.frozen
class CaseType:
    """A kind of matter, and the stages that it goes through, one after the other.

    Attributes:
        topics: cases that are opened on one of these topics are of this type; none unless stated.
        calendar: by which business time counts in it; the workspace's unless stated.
        stages: at least one, in order.
        resolves: whether a case is resolved when it reaches the last stage.
        delay: when a delay is one.
        percentile: how many of a hundred finished stages took no longer than what counts as normal.
        learned_from: how many of a stage must have been finished lately for what is normal to be learned from them.
        update_ahead: how long before the customer must have heard of the case that is due, in business time.
        tells: what customers are told on the way, beside the stages' own promises.
        silent: whether customers are told nothing of such cases by themselves, because the application acknowledges
            them: with their number, what is normal and the next word. Otherwise the first stage has a promise.
    """

    topics: Sequence[str] = attrs.field(default=(), converter=_texts)
    calendar: str | None = None
    stages: Sequence[Stage] = attrs.field(default=(), converter=_stages)
    resolves: bool = False
    delay: Delay = Delay()
    percentile: int = 80
    learned_from: int = 20
    update_ahead: timedelta = timedelta(minutes=15)
    tells: Tells = Tells()
    silent: bool = False

    def place(self, stage: str) -> int | None:
        """Which of the stages it is, counted from 0; None if it is none."""
        return next((place for place, one in enumerate(self.stages) if one.name == stage), None)

    def place_of(self, stage: str) -> int:
        """Which of the stages one is that there is, counted from 0."""
        return [one.name for one in self.stages].index(stage)


def type_of_topic(case_types: Mapping[str, CaseType], topic: str | None) -> str | None:
    """The type of cases on a topic; None if they are of none."""
    return next((name for name, one in case_types.items() if topic in one.topics), None)
