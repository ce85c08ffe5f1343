"""How facts read: days, times, amounts and lengths of time in a language, on a customer's wall."""

from __future__ import annotations

import pytest
from tests.unit.engine.test_calendar import us

from orchestra.engine.fact_texts import fact_text
from orchestra.model.facts import ENTRIES, FACT_TYPES, Fact
from orchestra.model.templates import Language

ISO = Language()
MONTHS = ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli"]
GERMAN = Language(
    date="$weekday, $day. $month_name $year",
    time="$hour2:$minute2 Uhr",
    instant="$date um $time ($zone)",
    money="$amount $currency",
    months=[*MONTHS, "August", "September", "Oktober", "November", "Dezember"],
    weekdays=["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"],
    decimal=",",
    group=".",
    units={"day": ["Tag", "Tage"], "hour": ["Std.", "Std."], "minute": ["Min.", "Min."], "second": ["Sek.", "Sek."]},
)
AMERICAN = Language(date="$month/$day/$year", time="$hour12:$minute2 $half", money="$currency $amount", group=",")
SUMMER = us("2026-07-01T22:30:00+00:00")
HOUR = 3_600_000_000


@pytest.mark.parametrize(
    ("kind", "value", "iso", "german", "american"),
    [
        ("text", "x", "x", "x", "x"),
        ("number", "K-1", "K-1", "K-1", "K-1"),
        ("link", "https://e.org/{token}", *3 * ["https://e.org/{token}"]),
        ("integer", 1234567, "1234567", "1.234.567", "1,234,567"),
        ("integer", -1234, "-1234", "-1.234", "-1,234"),
        ("money", "123456 EUR", "1234.56 EUR", "1.234,56 EUR", "EUR 1,234.56"),
        ("money", "-5 EUR", "-0.05 EUR", "-0,05 EUR", "EUR -0.05"),
        ("money", "1234 JPY", "1234 JPY", "1.234 JPY", "JPY 1,234"),
        ("date", "2026-07-02", "2026-07-02", "Do, 2. Juli 2026", "7/2/2026"),
        ("time", "00:05", "00:05", "00:05 Uhr", "12:05 am"),
        ("time", "12:30", "12:30", "12:30 Uhr", "12:30 pm"),
        ("time", "23:00", "23:00", "23:00 Uhr", "11:00 pm"),
        ("instant", SUMMER, "2026-07-02 00:30", "Do, 2. Juli 2026 um 00:30 Uhr (CEST)", "7/2/2026 12:30 am"),
        ("duration", 0, "0 seconds", "0 Sek.", "0 seconds"),
        ("duration", 1_999_999, "1 second", "1 Sek.", "1 second"),
        ("duration", HOUR, "1 hour", "1 Std.", "1 hour"),
        ("duration", 49 * HOUR + 60_000_000, "2 days 1 hour", "2 Tage 1 Std.", "2 days 1 hour"),
        ("duration", 24 * HOUR + 120_000_000, "1 day 2 minutes", "1 Tag 2 Min.", "1 day 2 minutes"),
    ],
)
def test_a_fact_reads_as_its_language_writes_it(kind: str, value: Fact, iso: str, german: str, american: str) -> None:
    written = [fact_text(kind, value, language, "Europe/Berlin") for language in (ISO, GERMAN, AMERICAN)]
    assert written == [iso, german, american]


def test_an_instant_is_read_on_the_wall_of_its_reader_also_when_clocks_change() -> None:
    first, second = us("2024-10-27T00:30:00+00:00"), us("2024-10-27T01:30:00+00:00")
    read = [fact_text("instant", at, GERMAN, "Europe/Berlin") for at in (first, second)]
    assert read == ["So, 27. Oktober 2024 um 02:30 Uhr (CEST)", "So, 27. Oktober 2024 um 02:30 Uhr (CET)"]
    assert fact_text("instant", first, ISO, "America/New_York") == "2024-10-26 20:30"


def test_every_type_can_be_read() -> None:
    values: dict[str, Fact] = {"money": "1 EUR", "date": "2026-01-01", "time": "10:00", "text": "x", "number": "1"}
    for kind in FACT_TYPES.keys() - {ENTRIES}:  # nobody gives that one a value
        assert fact_text(kind, values.get(kind, 1), ISO, "UTC")
