"""What a customer would be told of a case: the moments of a way through its stages, exactly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.preview_plans import CONNECTION, WITHOUT_TOPICS, changed

from orchestra.errors import DefinitionError
from orchestra.model.plan import Plan
from orchestra.simulation.preview import Moment, late_stage, preview, zone_of

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 30, 10, tzinfo=BERLIN)
HOUR = timedelta(hours=1)
AROUND_THE_CLOCK = (('calendar = "office"\n', ""),)
WELCOME = "Ready by 2026-12-01 12:00. You hear from us by 2026-12-01 14:00."


def moments(
    text: str = CONNECTION, start: datetime = MONDAY, late: timedelta | None = None, stage: str = "received"
) -> tuple[Moment, ...]:
    return preview(
        Plan.parse(text), "connection", start, delays={} if late is None else {stage: late}, name="a way"
    ).moments


def told(*args: object, **options: object) -> list[str]:
    """Each moment as a line, without the texts."""
    return [f"{one.at:%a %H:%M} {one.kind} {one.said}" for one in moments(*args, **options)]  # type: ignore[arg-type]


def faults(text: str = CONNECTION, case_type: str = "connection", **options: object) -> list[tuple[str, str]]:
    asked = {"start": MONDAY} | options
    with pytest.raises(DefinitionError) as caught:
        preview(Plan.parse(text), case_type, **asked)  # type: ignore[arg-type]
    return [(fault.path, fault.message) for fault in caught.value.faults]


# The ways


def test_all_is_well() -> None:
    assert told() == [
        "Mon 10:00 stage received",
        "Mon 10:00 told welcome",
        "Mon 10:00 promise resolution is promised by Tue 01 Dec 12:00",
        "Mon 10:00 promise update is promised by Tue 01 Dec 14:00",
        "Tue 10:00 stage ready",
        "Tue 10:00 promise the promise of resolution is kept",
        "Tue 10:00 told ready",
        "Tue 10:00 promise the promise of update is kept",
    ]


def test_a_stage_is_late() -> None:
    assert told(late=24 * HOUR) == [
        "Mon 10:00 stage received",
        "Mon 10:00 told welcome",
        "Mon 10:00 promise resolution is promised by Tue 01 Dec 12:00",
        "Mon 10:00 promise update is promised by Tue 01 Dec 14:00",
        "Tue 10:00 delay resolution is late: promised by Tue 01 Dec 12:00, expected by Thu 03 Dec 12:24",
        "Tue 10:00 told late",
        "Tue 10:00 promise the promise of update is kept",
        "Tue 10:00 promise resolution is promised anew by Thu 03 Dec 12:24",
        "Tue 12:00 delay the promise of resolution is broken, as told first",
        "Wed 13:45 told still",
        "Wed 13:45 promise update is promised by Fri 04 Dec 09:45",
        "Thu 10:00 stage ready",
        "Thu 10:00 promise the promise of resolution is kept, as told last",
        "Thu 10:00 told ready",
        "Thu 10:00 promise the promise of update is kept",
    ]


def test_what_is_told_and_where() -> None:
    _, welcome, promise, *_ = moments()
    assert welcome == Moment(MONDAY, "told", "welcome", "mail", "welcome", "Case C-000001", WELCOME)
    assert (promise.channel, promise.topic, promise.title, promise.text) == (None, None, None, None)
    late = next(one for one in moments(late=24 * HOUR) if one.topic == "late")
    assert (late.title, late.text) == (None, "It takes until 2026-12-03 12:24: (the reason).")


def test_what_is_a_little_late_is_told_by_nobody_and_done_late() -> None:
    assert told(late=11 * HOUR)[4:] == [
        "Tue 12:00 delay the promise of resolution is broken",
        "Tue 13:00 stage ready",
        "Tue 13:00 promise what was promised of resolution is done, late",
        "Tue 13:00 told ready",
        "Tue 13:00 promise the promise of update is kept",
    ]


def test_a_way_has_the_name_that_it_is_given_or_that_of_the_type() -> None:
    plan = Plan.parse(CONNECTION)
    assert preview(plan, "connection", MONDAY).name == "connection"
    assert preview(plan, "connection", MONDAY, name="a way").name == "a way"


def test_each_preview_begins_anew() -> None:
    assert moments(late=24 * HOUR) == moments(late=24 * HOUR)


def test_on_a_line_where_there_is_no_other_channel() -> None:
    only_chat = changed(("[channels.mail]\n", ""), ('"mail"', '"chat"'), ("starts.mail", "starts.chat"))
    assert {one.channel for one in moments(only_chat)} == {None, "chat"}


def test_what_is_held_is_told_later() -> None:
    quiet = changed(("[templates.welcome]", '[quiet_hours]\ndaily = ["00:00-12:00"]\n[templates.welcome]'))
    lines = told(quiet)
    assert lines[1].startswith("Mon 10:00 held welcome waits: quiet_hours, until Mon 30 Nov 12:")
    assert [line.split()[2:] for line in lines if "told" in line.split()] == [["told", "welcome"], ["told", "ready"]]
    held = moments(quiet)[1]
    assert (held.topic, held.channel, held.text) == ("welcome", None, None)


def test_what_is_held_until_something_else_is_true_is_not_told() -> None:
    quiet = changed(
        ("[templates.welcome]", '[quiet_hours]\ntue = ["00:00-18:00"]\n[templates.welcome]'), ('"12h"', '"40h"')
    )
    way = moments(quiet, late=14 * HOUR)
    lines = [(one.kind, one.said.split(", ")[0]) for one in way if one.kind in ("held", "suppressed", "told")]
    assert lines == [
        ("told", "welcome"),
        ("held", "late waits: quiet_hours"),
        ("suppressed", "late is not told: superseded"),
        ("held", "ready waits: quiet_hours"),
        ("told", "ready"),
    ]
    assert next(one.topic for one in way if one.kind == "suppressed") == "late"


def test_what_arrives_nowhere() -> None:
    text = changed(('[notices.starts.mail]\naddress = "email"\n', ""), ("[channels.mail]", "[channels.sms]"))
    lines = told(changed(("[channels.sms]", "[channels.mail]\n[channels.sms]"), ('"mail"}', '"sms"}'), text=text))
    assert lines[1] == "Mon 10:00 suppressed welcome arrives nowhere: no_address"


def test_what_waits_longer_than_it_is_true_is_not_told() -> None:
    text = changed(
        ("[templates.welcome]", '[quiet_hours]\ntue = ["00:00-24:00"]\n[templates.welcome]'),
        ("[notices.topics.ready]", '[notices.topics.ready]\nlasts = "1h"'),
    )
    assert "Tue 11:00 suppressed ready is not told: its time has passed" in told(text)


def test_a_type_without_topics_is_set() -> None:
    assert moments(WITHOUT_TOPICS) == moments()


def test_a_stage_of_which_the_plan_says_nothing_takes_a_day() -> None:
    lines = told(changed(('normal = "10h"\n', ""), *AROUND_THE_CLOCK))
    assert [line for line in lines if "stage" in line] == ["Mon 10:00 stage received", "Tue 05:12 stage ready"]


def test_a_stage_may_take_no_time() -> None:
    lines = told(changed(('normal = "10h"', 'normal = "0s"')))
    assert [line for line in lines if "stage" in line] == ["Mon 10:00 stage received", "Mon 10:00 stage ready"]


def test_a_type_with_one_stage() -> None:
    first = CONNECTION[CONNECTION.index('[[case_types.connection.stages]]\nname = "received"') :]
    text = CONNECTION.replace(first, '[[case_types.connection.stages]]\nname = "ready"\npromise = "ready"\n')
    assert told(text) == ["Mon 10:00 stage ready", "Mon 10:00 told ready"]
    assert late_stage(Plan.parse(text), "connection") is None


# Which stage is late


@pytest.mark.parametrize(
    ("normal", "late"),
    [
        ('normal = "10h"', timedelta(hours=30)),
        ("", timedelta(days=3)),
        ('normal = "200d"', timedelta(days=366)),
    ],
)
def test_the_longest_stage_is_late_thrice(normal: str, late: timedelta) -> None:
    plan = Plan.parse(changed(('normal = "10h"', normal)))
    assert late_stage(plan, "connection") == ("received", late)


def test_what_takes_no_time_is_not_late() -> None:
    assert late_stage(Plan.parse(changed(('normal = "10h"', 'normal = "0s"'))), "connection") is None


# Zones


def test_times_are_those_on_the_wall_of_the_calendar() -> None:
    (first, *_) = moments(start=datetime(2026, 11, 30, 9, tzinfo=UTC))
    assert (first.at, f"{first.at:%H:%M}") == (MONDAY, "10:00")


def test_whose_wall_it_is() -> None:
    lisbon = '[calendars.lisbon]\nzone = "Europe/Lisbon"\nmon = ["09:00-17:00"]\n'
    own = changed(("[calendars.office]", f"{lisbon}[calendars.office]"), ("resolves", 'calendar = "lisbon"\nresolves'))
    assert zone_of(Plan.parse(CONNECTION), "connection") == BERLIN
    assert zone_of(Plan.parse(own), "connection") == ZoneInfo("Europe/Lisbon")
    tokyo = changed(*AROUND_THE_CLOCK, ('language = "en"\nzone = "Europe/Berlin"', 'zone = "Asia/Tokyo"'))
    assert zone_of(Plan.parse(tokyo), "connection") == ZoneInfo("Asia/Tokyo")
    nowhere = changed(*AROUND_THE_CLOCK, ('language = "en"\nzone = "Europe/Berlin"', ""))
    assert zone_of(Plan.parse(nowhere), "connection") == UTC
    assert zone_of(Plan.parse(CONNECTION), "another") == BERLIN


def test_how_much_time_passes_where_clocks_go_back() -> None:
    night = datetime(2026, 10, 25, 1, 30, tzinfo=BERLIN)
    text = changed(*AROUND_THE_CLOCK, ('normal = "10h"', 'normal = "2h30m"'))
    first, *_, last = moments(text, night)
    assert (f"{last.at:%H:%M}", last.since(first)) == ("02:30", 2 * HOUR)


# Faults


def test_an_unknown_type() -> None:
    assert faults(case_type="move") == [("case_types", "no case type 'move'; there are: connection")]
    without = CONNECTION[: CONNECTION.index("[case_types")]
    assert faults(without) == [("case_types", "no case type 'connection'; there are: none")]


@pytest.mark.parametrize("stage", ["shipping", "ready"])
def test_a_stage_that_cannot_be_late(stage: str) -> None:
    message = f"no stage {stage!r} that takes time; there are: received"
    assert faults(delays={stage: 24 * HOUR}) == [("case_types.connection.stages", message)]


@pytest.mark.parametrize("hours", [0, 8])
def test_what_is_no_delay(hours: int) -> None:
    message = "received takes 8h if all is well: nothing is late"
    assert faults(delays={"received": hours * HOUR}) == [("case_types.connection.stages", message)]
    assert moments(late=8 * HOUR + timedelta(microseconds=1))


def test_what_takes_too_long() -> None:
    message = "received takes too long for a preview: at most 52w2d"
    assert faults(delays={"received": timedelta(days=367)}) == [("case_types.connection.stages", message)]
    assert faults(changed(('"10h"', '"367d"'))) == [("case_types.connection.stages", message)]


@pytest.mark.parametrize("year", [1, 1970, 3000, 9999])
def test_a_time_at_which_no_preview_begins(year: int) -> None:
    assert faults(start=datetime(year, 6, 1, tzinfo=UTC)) == [("start", "must be within the years 1971 to 2999")]


@pytest.mark.parametrize("year", [1971, 2999])
def test_times_at_which_one_may_begin(year: int) -> None:
    assert moments(start=datetime(year, 6, 1, tzinfo=UTC))[-1].at.year == year


def test_a_plan_with_no_channel_to_write_on() -> None:
    text = (
        '[workspace]\ndefault_queue = "care"\n[teams.care]\n[queues.care]\nteam = "care"\n'
        "[channels.tasks]\nwork = true\n[case_types.move]\nsilent = true\n[[case_types.move.stages]]\nname = 'done'\n"
    )
    assert faults(text, "move") == [("channels", "none of them is one on which customers write")]


def test_a_calendar_that_is_not_open_for_long() -> None:
    hours = "".join(f'{day} = ["09:00-17:00"]\n' for day in ("mon", "tue", "wed", "thu", "fri"))
    text = changed((hours, 'extra = ["2026-11-30 09:00-17:00"]\n'))
    assert faults(text) == [("calendars.office", "is not open for as long as the stages take")]


def test_a_start_without_a_zone_is_no_instant() -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        moments(start=datetime(2026, 11, 30, 10))  # noqa: DTZ001 - on purpose
