"""Quiet hours as a user writes them, and what may be wrong with them; when they hold for a customer is the engine's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from orchestra.errors import Fault
from orchestra.model.hours import DAYS, Hours, check_hours, minutes, zone_fault

__all__ = ["CLASSES", "QuietHours", "QuietTimes", "check_quiet_hours"]

CLASSES = ("legal", "critical", "service", "marketing")
"""What a company says by itself is of one of these classes."""

_WEEK_MINUTES = 7 * 24 * 60


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


def _texts_if_any(values: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)


@attrs.frozen
class QuietTimes:
    """When customers are left in peace, by the clock on their own wall.

    Intervals are text such as `21:00-08:00`. One that ends before it begins goes on into the next day and belongs to
    the day on which it begins; `00:00-24:00` is a whole day.

    Attributes:
        daily: intervals of every day for which no others are stated.
        mon: intervals of Mondays, instead of `daily`; an empty list for none.
        tue: of Tuesdays.
        wed: of Wednesdays.
        thu: of Thursdays.
        fri: of Fridays.
        sat: of Saturdays.
        sun: of Sundays.
        extra: on one date, beside those of its day, such as `2026-12-25 00:00-24:00`.
    """

    daily: Sequence[str] = attrs.field(default=(), converter=_texts)
    mon: Sequence[str] | None = attrs.field(default=None, converter=_texts_if_any)
    tue: Sequence[str] | None = attrs.field(default=None, converter=_texts_if_any)
    wed: Sequence[str] | None = attrs.field(default=None, converter=_texts_if_any)
    thu: Sequence[str] | None = attrs.field(default=None, converter=_texts_if_any)
    fri: Sequence[str] | None = attrs.field(default=None, converter=_texts_if_any)
    sat: Sequence[str] | None = attrs.field(default=None, converter=_texts_if_any)
    sun: Sequence[str] | None = attrs.field(default=None, converter=_texts_if_any)
    extra: Sequence[str] = attrs.field(default=(), converter=_texts)

    @property
    def week(self) -> tuple[Sequence[str], ...]:
        """The intervals of each day, Monday first."""
        own = self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun
        return tuple(self.daily if day is None else day for day in own)

    def hours(self, zone: str) -> Hours:
        """The same times on the wall of one zone."""
        mon, tue, wed, thu, fri, sat, sun = self.week
        return Hours(zone, mon, tue, wed, thu, fri, sat, sun, extra=self.extra)


@attrs.frozen
class QuietHours(QuietTimes):
    """When nothing that the company says by itself reaches a customer. It never holds for an answer to them.

    Where a notice's channel or class has times of its own, those hold instead; where both have, it is quiet while
    either is.

    Attributes:
        daily: intervals such as `21:00-08:00`, of every day for which no others are stated.
        mon: intervals of Mondays, instead of `daily`; an empty list for none.
        tue: of Tuesdays.
        wed: of Wednesdays.
        thu: of Thursdays.
        fri: of Fridays.
        sat: of Saturdays.
        sun: of Sundays.
        extra: on one date, beside those of its day, such as `2026-12-25 00:00-24:00`.
        channels: channel -> its own times.
        classes: class of a notice, `legal`, `critical`, `service` or `marketing` -> its own times.
        exempt: classes for which it is never quiet; `critical` unless stated.
        unknown: zones in which a customer may be of whom nothing tells where they are; that of the workspace unless
            stated.
    """

    channels: Mapping[str, QuietTimes] = attrs.field(factory=dict)
    classes: Mapping[str, QuietTimes] = attrs.field(factory=dict)
    exempt: Sequence[str] = attrs.field(default=("critical",), converter=_texts)
    unknown: Sequence[str] = attrs.field(default=(), converter=_texts)

    @property
    def is_stated(self) -> bool:
        """Whether it is ever quiet."""
        return any(any(times.week) or times.extra for times in (self, *self.channels.values(), *self.classes.values()))

    def times(self, channel: str, of_class: str) -> tuple[QuietTimes, ...]:
        """What holds for a notice: it is quiet while any of these times are."""
        if of_class in self.exempt:
            return ()
        own = tuple(filter(None, (self.channels.get(channel), self.classes.get(of_class))))
        return own or (self,)


def check_quiet_hours(quiet: QuietHours, zone: str | None, channels: Iterable[str] | None) -> Iterator[Fault]:
    """Everything wrong in it.

    Args:
        quiet: what the plan says.
        zone: the workspace's.
        channels: names of the plan's channels; None if they are not known.
    """
    yield from _check_times("quiet_hours", quiet)
    for name, times in quiet.channels.items():
        if channels is not None and name not in channels:
            yield Fault(f"quiet_hours.channels.{name}", f"no channel {name!r}")
        yield from _check_times(f"quiet_hours.channels.{name}", times)
    for name, times in quiet.classes.items():
        yield from _check_class(f"quiet_hours.classes.{name}", name)
        yield from _check_times(f"quiet_hours.classes.{name}", times)
    for index, name in enumerate(quiet.exempt):
        yield from _check_class(f"quiet_hours.exempt[{index}]", name)
    for index, name in enumerate(quiet.unknown):
        yield from zone_fault(f"quiet_hours.unknown[{index}]", name)
    if quiet.is_stated and zone is None:
        yield Fault("workspace.zone", "quiet hours need it: customers are there of whom nothing tells where they are")


def _check_class(path: str, name: str) -> Iterator[Fault]:
    if name not in CLASSES:
        yield Fault(path, f"must be one of {', '.join(CLASSES)}")


def _check_times(path: str, times: QuietTimes) -> Iterator[Fault]:
    found = list(_faults(path, times))
    yield from found
    if not found and _is_always(times):
        yield Fault(path, "it is never over: nothing would ever be sent")


def _faults(path: str, times: QuietTimes) -> Iterator[Fault]:
    """Those of opening hours, each where it was written; that it may never be quiet is none."""
    stated = attrs.asdict(times, recurse=False)
    for fault in check_hours(path, Hours("UTC", mon=times.daily)):
        yield from _at(fault, f"{path}.mon", f"{path}.daily")
    own = {day: stated[day] for day in DAYS if stated[day] is not None}
    for fault in check_hours(path, Hours("UTC", **own, extra=times.extra)):
        yield from _at(fault, path, path)


def _at(fault: Fault, written: str, instead: str) -> Iterator[Fault]:
    if fault.is_error:
        yield attrs.evolve(fault, path=fault.path.replace(written, instead, 1))


def _is_always(times: QuietTimes) -> bool:
    """Whether every minute of the week is quiet."""
    quiet: set[int] = set()
    for day, intervals in enumerate(times.week):
        for begin, end in map(minutes, intervals):
            quiet.update((day * 24 * 60 + minute) % _WEEK_MINUTES for minute in range(begin, end))
    return len(quiet) == _WEEK_MINUTES
