"""Whether it is quiet for a customer, and until when: by the clock on every wall that may be theirs.

Pure functions of the state, the plan and the zone data of this system. As with calendars, nothing that evolves state
may ask: what was found out stands in events.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache

from orchestra.engine.calendar import Calendar, Interval
from orchestra.engine.personal.state import BASES, Whereabouts, zone_key
from orchestra.engine.view import View
from orchestra.model.hours import Hours, zone_fault
from orchestra.model.quiet_hours import QuietTimes

__all__ = ["quiet_until", "wanted_from", "zone_of", "zones_of"]

_DAY = timedelta(days=1)
_TRIES = 3
_WEEK_US = 7 * _DAY // timedelta(microseconds=1)


def quiet_until(view: View, customer: str, channel: str, at_us: int, *, of_class: str = "service") -> int | None:
    """When the quiet time in which a customer is now will be over on a channel; None if it is not quiet.

    Where a customer may be in several zones it is quiet as long as it is in any of them. That may be for ever, for
    somebody who may be anywhere: it looks a week ahead and no further, and may find that it is quiet then, too.

    Args:
        view: all slices.
        customer: any id of theirs.
        channel: on which they would be told.
        at_us: now, microseconds since 1970 UTC.
        of_class: of what they would be told: `legal`, `critical`, `service` or `marketing`.
    """
    times = view.plan.quiet_hours.times(channel, of_class)
    walls = [one.hours(zone) for one in times if any(one.week) or one.extra for zone in zones_of(view, customer)]
    until_us = at_us
    while until_us < at_us + _WEEK_US:
        later_us = max((_end(wall, until_us) for wall in walls), default=until_us)
        if later_us == until_us:
            break
        until_us = later_us
    return until_us if until_us > at_us else None


def wanted_from(view: View, customer: str, channel: str, at_us: int, *, of_class: str = "service") -> int:
    """When a customer would next rather be told something, on their own wall, and it is not quiet there.

    That is now if they have not said so, and where it is always quiet at the time that they have said.

    Args:
        view: all slices.
        customer: any id of theirs.
        channel: on which they would be told.
        at_us: now, microseconds since 1970 UTC.
        of_class: of what they would be told.
    """
    interval = view.personal.said_last(view.identity.group(customer), "hours")
    if interval is None:
        return at_us
    wall, until_us = _daily(zone_of(view, customer), interval), at_us
    for _ in range(_TRIES):
        until_us = _next_in(wall, until_us)
        quiet_us = quiet_until(view, customer, channel, until_us, of_class=of_class)
        if quiet_us is None:
            return until_us
        until_us = quiet_us
    return at_us


@lru_cache(maxsize=1024)
def _daily(zone: str, interval: str) -> Hours:
    return QuietTimes([interval]).hours(zone)


def _next_in(wall: Hours, at_us: int) -> int:
    """The first instant from one on at which a wall's interval of each day lasts."""
    today = _calendar(wall).day_of(at_us)
    days = (today + number * _DAY for number in range(-1, 4))  # a day may lack an interval that its clock skips
    found = (max(begin, at_us) for day in days for begin, end in _beginning(wall, day) if at_us < end)
    return min(found, default=at_us)


def zones_of(view: View, customer: str) -> Sequence[str]:
    """The zones in which a customer may be, in order, as far as this system knows them; none if nothing tells.

    What they said goes before their verified address, that before their phone numbers, and those before what the plan
    takes for granted. Of several ids of one person all count that are known equally well.
    """
    ids = view.identity.group(customer)
    for basis in BASES:
        if found := _known_here(_noted(view, ids, basis)):
            return found
    identity = view.identity
    addresses = (identity.addresses[key] for name in ids for key in identity.addresses_of.get(name, ()))
    by_number = [zone for address in addresses for zone in address.zones or ()]
    if found := _known_here(by_number):
        return found
    return _known_here(view.plan.quiet_hours.unknown) or _known_here([view.plan.workspace.zone or ""])


def zone_of(view: View, customer: str) -> str:
    """The zone by which a customer is told a time: theirs if it is certain, else the workspace's, else UTC."""
    zones, own = zones_of(view, customer), view.plan.workspace.zone or "UTC"
    return own if own in zones or len(zones) != 1 else zones[0]


def _noted(view: View, ids: Sequence[str], basis: str) -> list[str]:
    """What was noted under the ids of a person, and is not overruled by what they said since the ids are theirs."""
    zones = view.personal.zones
    rows = {name: row for name in ids if (row := zones.get(zone_key(name, basis))) is not None}
    whole = rows.get(view.identity.root(ids[0]))
    return [row.zone for name, row in rows.items() if row.zone is not None and not _is_past(view, name, row, whole)]


def _is_past(view: View, name: str, row: Whereabouts, whole: Whereabouts | None) -> bool:
    """Whether the person said otherwise later, when this id of theirs was theirs already."""
    if whole is None or row is whole:
        return False
    return whole.noted_us >= _joined_us(view, name) and whole.occurred_us >= row.occurred_us


def _joined_us(view: View, name: str) -> int:
    """Since when an alias has been an id of the person of whom it is one now."""
    since_us = 0
    while (link := view.identity.customers[name].link) is not None:
        merge = view.identity.merges[link]
        name, since_us = merge.customer, max(since_us, merge.since_us)
    return since_us


def _known_here(zones: Sequence[str]) -> list[str]:
    return [zone for zone in sorted(set(zones)) if _is_zone(zone)]


@lru_cache(maxsize=1024)
def _is_zone(zone: str) -> bool:
    """Zone data differ between systems: an event may name a zone that this one does not know."""
    return not any(zone_fault("", zone))


def _end(wall: Hours, at_us: int) -> int:
    """When what is quiet at an instant on one wall ends, at the latest as one interval of it says; or that instant."""
    today = _calendar(wall).day_of(at_us)
    return max((end for begin, end in _around(wall, today) if begin <= at_us < end), default=at_us)


def _around(wall: Hours, day: date) -> Iterator[Interval]:
    """What may be quiet on a day: an interval lasts no longer than two."""
    for begins in (day - _DAY, day):
        yield from _beginning(wall, begins)


@lru_cache(maxsize=1024)
def _calendar(wall: Hours) -> Calendar:
    return Calendar(wall)


@lru_cache(maxsize=4096)
def _beginning(wall: Hours, day: date) -> tuple[Interval, ...]:
    return tuple(_calendar(wall).intervals([day]))
