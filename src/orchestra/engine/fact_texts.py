"""How facts read in a language: days and times on a customer's wall, amounts, lengths of time. Pure.

Belongs here: values as text that is foreign yet, and acts in no medium only once it is escaped. Does not: sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from string import Template
from typing import TypeAlias
from zoneinfo import ZoneInfo

from orchestra.model.commitments import value_text
from orchestra.model.facts import Fact, money_parts
from orchestra.model.instants import instant
from orchestra.model.templates import Language

__all__ = ["fact_text"]

_SECOND_US = 1_000_000
_UNITS = (("day", 86_400 * _SECOND_US), ("hour", 3_600 * _SECOND_US), ("minute", 60 * _SECOND_US))

_Write: TypeAlias = Callable[[str | int, Language, str], str]


def fact_text(kind: str, value: Fact, language: Language, zone: str) -> str:
    """How a fact reads.

    Args:
        kind: its type.
        value: of that type.
        language: in which it is read.
        zone: on whose wall an instant is read.
    """
    return _WRITERS[kind](value, language, zone)


def _as_it_is(value: Fact, language: Language, zone: str) -> str:
    return str(value)


def _integer(value: Fact, language: Language, zone: str) -> str:
    return f"{int(value):,}".replace(",", language.group)


def _money(value: Fact, language: Language, zone: str) -> str:
    amount, currency = money_parts(str(value))
    whole, point, part = value_text("money", abs(amount), currency).partition(" ")[0].partition(".")
    sign = "-" if amount < 0 else ""
    written = sign + _integer(int(whole), language, zone) + (language.decimal if point else "") + part
    return Template(language.money).substitute(amount=written, currency=currency)


def _date(value: Fact, language: Language, zone: str) -> str:
    return Template(language.date).substitute(_of_date(date.fromisoformat(str(value)), language))


def _time(value: Fact, language: Language, zone: str) -> str:
    return Template(language.time).substitute(_of_time(time.fromisoformat(str(value)), language, ""))


def _instant(value: Fact, language: Language, zone: str) -> str:
    on_wall = instant(int(value)).astimezone(ZoneInfo(zone))
    parts = _of_date(on_wall.date(), language) | _of_time(on_wall.time(), language, _zone_name(on_wall))
    whole = {"date": Template(language.date).substitute(parts), "time": Template(language.time).substitute(parts)}
    return Template(language.instant).substitute(parts | whole)


def _zone_name(at: datetime) -> str:
    return at.tzname() or "UTC"


def _duration(value: Fact, language: Language, zone: str) -> str:
    """The two greatest units of it; what is less than a minute in seconds."""
    left_us, found = int(value), []
    for unit, length_us in _UNITS:
        count, left_us = divmod(left_us, length_us)
        if count:
            found.append(_counted(count, unit, language))
    return " ".join(found[:2]) or _counted(left_us // _SECOND_US, "second", language)


def _counted(count: int, unit: str, language: Language) -> str:
    one, several = language.units[unit]
    return f"{count} {one if count == 1 else several}"


def _of_date(day: date, language: Language) -> dict[str, str]:
    return {
        "day": str(day.day),
        "day2": f"{day.day:02}",
        "month": str(day.month),
        "month2": f"{day.month:02}",
        "year": f"{day.year:04}",
        "month_name": language.months[day.month - 1] if language.months else "",
        "weekday": language.weekdays[day.weekday()] if language.weekdays else "",
    }


def _of_time(at: time, language: Language, zone: str) -> dict[str, str]:
    return {
        "hour": str(at.hour),
        "hour2": f"{at.hour:02}",
        "hour12": str((at.hour + 11) % 12 + 1),
        "half": language.halves[at.hour // 12],
        "minute2": f"{at.minute:02}",
        "zone": zone,
    }


_WRITERS: Mapping[str, _Write] = {
    "text": _as_it_is,
    "integer": _integer,
    "money": _money,
    "date": _date,
    "time": _time,
    "instant": _instant,
    "duration": _duration,
    "number": _as_it_is,
    "link": _as_it_is,
}
