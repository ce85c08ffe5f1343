"""Instants and durations as reports show them. Belongs here: integers to text. Does not: reading any clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["instant", "instant_text", "seconds", "since_epoch_us", "span_text"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = 1_000_000


def instant(at_us: int) -> datetime:
    """The aware datetime of microseconds since 1970 UTC."""
    return _EPOCH + timedelta(microseconds=at_us)


def since_epoch_us(at: datetime) -> int:
    """Microseconds since 1970 UTC of an aware datetime, exactly.

    Raises:
        ValueError: it has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone: datetime.now(UTC), not datetime.now()")
    return (at - _EPOCH) // timedelta(microseconds=1)


def instant_text(at_us: int) -> str:
    """RFC 3339 in UTC, with a fraction only if there is one."""
    return instant(at_us).isoformat().removesuffix("+00:00") + "Z"


def seconds(total_us: int, count: int = 1) -> float:
    """`total_us / count` in seconds, rounded to the microsecond (half to even) before it becomes a float."""
    whole, rest = divmod(total_us, count)
    whole += 2 * rest > count or (2 * rest == count and whole % 2 == 1)
    return whole / _MICROSECOND


_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def span_text(length_s: float | None) -> str:
    """A duration for people: `1.5 s`, `3 min 20 s`, `1 d 11 h`; a dash for None."""
    if length_s is None:
        return "-"
    if length_s < 60:
        return f"{length_s:.1f}".removesuffix(".0") + " s"
    whole = round(length_s)
    parts: list[str] = []
    for size, unit in (*_UNITS, (1, "s")):
        count, whole = divmod(whole, size)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
    return " ".join(part for part in parts[:2] if part)
