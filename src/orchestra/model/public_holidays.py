"""The `holidays` extra: on which dates a region keeps its public holidays. The one module that imports it.

What it says of a year may change with its edition, as zone data do: whoever evolves state asks neither.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from functools import lru_cache

__all__ = ["NeedsHolidays", "has_holidays", "public_holidays"]

_REGION = re.compile(r"(?P<country>[A-Z]{2})(-(?P<part>[A-Z0-9]{1,3}))?", re.ASCII)
_MOST_REMEMBERED = 1_000
"""Years of regions; a plan asks for few."""


class NeedsHolidays(LookupError):
    """The `holidays` extra is not installed."""

    def __init__(self) -> None:
        super().__init__("needs the holidays extra: pip install 'orchestra-cx[holidays]'")


def has_holidays(region: str) -> bool:
    """Whether the holidays of a region are known.

    Args:
        region: a country, and a part of it if the part keeps its own, by ISO 3166: `DE`, `DE-BY`.

    Raises:
        NeedsHolidays: nobody here knows of any.
    """
    match, known = _REGION.fullmatch(region), _supported()
    return match is not None and match["country"] in known and match["part"] in (None, *known[match["country"]])


def _supported() -> dict[str, list[str]]:
    try:
        from holidays import list_supported_countries  # noqa: PLC0415 - only with the extra
    except ModuleNotFoundError as error:
        raise NeedsHolidays from error
    return list_supported_countries()


@lru_cache(_MOST_REMEMBERED)
def public_holidays(region: str, year: int) -> Collection[date]:
    """The dates of a region's public holidays in a year; none where nobody knows any of that year.

    Raises:
        NeedsHolidays: nobody here knows of any.
        LookupError: the region is unknown.
    """
    if not has_holidays(region):
        raise LookupError(f"no public holidays of {region!r} are known")
    from holidays import country_holidays  # noqa: PLC0415 - only with the extra

    country, _, part = region.partition("-")
    return frozenset(country_holidays(country, subdiv=part or None, years=year))
