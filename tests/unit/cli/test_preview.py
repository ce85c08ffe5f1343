"""`orchestra preview`: what a customer would be told, as tables, JSON and pictures, and as it happens."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path as FilePath
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from tests.browser import browser_page
from tests.preview_plans import CONNECTION, changed

from orchestra.cli.main import main
from orchestra.cli.preview_svg import CHARACTER, picture
from orchestra.model.plan import Plan
from orchestra.simulation.preview import Moment, Path, preview

Capture = pytest.CaptureFixture[str]
Box = tuple[str, float, float, float, float]
"""A text, and where it is: left, top, right, bottom."""

SVG = "{http://www.w3.org/2000/svg}"
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 30, 10, tzinfo=BERLIN)
START = ("--start", "2026-11-30T10:00")
WELCOME = "Ready by 2026-12-01 12:00. You hear from us by 2026-12-01 14:00."


def previewed(folder: FilePath, *options: str, text: str = CONNECTION, case_type: str = "connection") -> int:
    path = folder / "plan.toml"
    path.write_text(text, encoding="utf-8")
    return main(["preview", str(path), "--case-type", case_type, *options])


# Tables


def test_both_ways_as_tables(tmp_path: FilePath, capsys: Capture) -> None:
    assert previewed(tmp_path, *START) == 0
    planned, delayed = capsys.readouterr().out.split("\n\n")
    assert planned.splitlines() == [
        "connection, as planned",
        "when              channel  what     said",
        "----------------  -------  -------  " + "-" * 80,
        "Mon 30 Nov 10:00           stage    received",
        f"Mon 30 Nov 10:00  mail     welcome  Case C-000001 / {WELCOME}",
        "Mon 30 Nov 10:00           promise  resolution is promised by Tue 01 Dec 12:00",
        "Mon 30 Nov 10:00           promise  update is promised by Tue 01 Dec 14:00",
        "Tue 01 Dec 10:00           stage    ready",
        "Tue 01 Dec 10:00           promise  the promise of resolution is kept",
        "Tue 01 Dec 10:00  mail     ready    It is done.",
        "Tue 01 Dec 10:00           promise  the promise of update is kept",
    ]
    assert delayed.splitlines()[0] == "connection, with a delay of received"
    assert "Thu 03 Dec 16:00           stage    ready" in delayed, (
        "thrice ten hours of an office that is open for eight"
    )


def test_how_late_a_stage_is(tmp_path: FilePath, capsys: Capture) -> None:
    assert previewed(tmp_path, *START, "--delay", "received=24h") == 0
    _, delayed = capsys.readouterr().out.split("\n\n")
    assert "Thu 03 Dec 10:00           stage    ready" in delayed


def test_several_stages_are_late(tmp_path: FilePath, capsys: Capture) -> None:
    stage = '[[case_types.connection.stages]]\nname = "a=b"\nnormal = "2h"\nmax_silence = "12h"\n'
    text = changed(
        ('[[case_types.connection.stages]]\nname = "ready"', f'{stage}[[case_types.connection.stages]]\nname = "ready"')
    )
    assert previewed(tmp_path, *START, "--delay", "received=20h", "--delay", "a=b=6h", text=text) == 0
    planned, delayed = capsys.readouterr().out.split("\n\n")
    assert delayed.startswith("connection, with a delay of received, a=b\n")
    assert [_stages(planned), _stages(delayed)] == [
        ["Mon 30 Nov 10:00", "Tue 01 Dec 10:00", "Tue 01 Dec 11:36"],
        ["Mon 30 Nov 10:00", "Wed 02 Dec 14:00", "Thu 03 Dec 12:00"],
    ]


def _stages(table: str) -> list[str]:
    return [line[:16] for line in table.splitlines() if " stage " in line]


def test_a_type_in_which_nothing_takes_time_has_one_way(tmp_path: FilePath, capsys: Capture) -> None:
    assert previewed(tmp_path, *START, "--svg", str(tmp_path / "way"), text=changed(('"10h"', '"0s"'))) == 0
    assert capsys.readouterr().out.count("connection, ") == 1
    assert sorted(path.name for path in tmp_path.glob("*.svg")) == ["way.svg"]


def test_a_start_is_on_the_wall_of_the_calendar_or_in_a_zone_that_is_named(tmp_path: FilePath, capsys: Capture) -> None:
    assert previewed(tmp_path, *START) == 0
    wall = capsys.readouterr().out
    assert previewed(tmp_path, "--start", "2026-11-30T09:00Z") == 0
    assert capsys.readouterr().out == wall


def test_without_a_start_it_begins_now(tmp_path: FilePath, capsys: Capture) -> None:
    before = datetime.now(BERLIN).replace(second=0, microsecond=0)
    assert previewed(tmp_path, "--json") == 0
    begin = datetime.fromisoformat(json.loads(capsys.readouterr().out)["paths"][0]["moments"][0]["at"])
    assert before <= begin <= datetime.now(BERLIN)
    assert begin.second == 0


# JSON


def test_both_ways_as_json(tmp_path: FilePath, capsys: Capture) -> None:
    assert previewed(tmp_path, *START, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["case_type"] == "connection"
    assert [path["name"] for path in told["paths"]] == [
        "connection, as planned",
        "connection, with a delay of received",
    ]
    stage, welcome, *_ = told["paths"][0]["moments"]
    assert stage == {
        "at": "2026-11-30T10:00:00+01:00",
        "kind": "stage",
        "said": "received",
        "channel": None,
        "topic": None,
        "title": None,
        "text": None,
    }
    assert (welcome["kind"], welcome["channel"], welcome["topic"]) == ("told", "mail", "welcome")
    assert (welcome["title"], welcome["text"][:5]) == ("Case C-000001", "Ready")


# As it happens


def test_as_it_happens(tmp_path: FilePath, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    assert previewed(tmp_path, *START, "--speed", "3600") == 0
    planned, delayed, rest = capsys.readouterr().out.split("\n\n")
    lines = planned.splitlines()
    assert lines[0] == "connection, as planned"
    assert lines[1] == "Mon 30 Nov 10:00  -  stage: received"
    assert lines[2].startswith("Mon 30 Nov 10:00  mail  welcome: Case C-000001 / Ready by")
    assert delayed.startswith("connection, with a delay of received\n")
    assert rest == ""
    assert slept[: len(lines) - 1] == [0, 0, 0, 0, 24, 0, 0, 0], "a day takes twenty-four seconds"
    assert len(slept) == len(lines) - 1 + len(delayed.splitlines()) - 1


def test_what_is_told_cannot_steer_a_terminal(
    tmp_path: FilePath, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    text = changed(('"It is done."', '"It is\\ndone."'))
    assert previewed(tmp_path, *START, "--speed", "1", text=text) == 0
    assert "ready: It is done.\n" in capsys.readouterr().out


# Wrong usage


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (("--start", "tomorrow"), "a time such as 2026-11-30T09:00"),
        (("--delay", "received"), "a stage and a time, as provisioning=9d"),
        (("--delay", "received=long"), "'long' is no duration"),
        (("--speed", "0.5"), "a number of at least 1"),
        (("--speed", "nan"), "a number of at least 1"),
        (("--speed", "1e13"), "a number of at least 1"),
        (("--speed", "fast"), "a number of at least 1"),
        (("--json", "--speed", "60"), "give one of them"),
    ],
)
def test_bad_arguments(options: Sequence[str], fault: str, tmp_path: FilePath, capsys: Capture) -> None:
    assert previewed(tmp_path, *options) == 2
    told = capsys.readouterr()
    assert fault in told.err
    assert told.out == ""


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (("--start", "1901-01-01"), "start: must be within the years"),
        (("--delay", "ready=9d"), "no stage 'ready' that takes time; there are: received"),
        (("--delay", "received=1h"), "nothing is late"),
    ],
)
def test_what_cannot_be_shown(options: Sequence[str], fault: str, tmp_path: FilePath, capsys: Capture) -> None:
    assert previewed(tmp_path, *options) == 2
    assert fault in capsys.readouterr().err


def test_an_unknown_type(tmp_path: FilePath, capsys: Capture) -> None:
    assert previewed(tmp_path, case_type="move") == 2
    assert capsys.readouterr().err == "orchestra: case_types: no case type 'move'; there are: connection\n"


def test_a_plan_with_a_fault(tmp_path: FilePath, capsys: Capture) -> None:
    assert previewed(tmp_path, text=changed(('team = "care"', 'team = "cares"'))) == 2
    assert "queues.care.team" in capsys.readouterr().err


def test_a_picture_that_cannot_be_written(tmp_path: FilePath, capsys: Capture) -> None:
    assert previewed(tmp_path, "--svg", str(tmp_path / "missing" / "way")) == 2
    told = capsys.readouterr()
    assert told.err.endswith("way.svg: cannot be written\n")
    assert told.out == ""


def test_help(capsys: Capture) -> None:
    assert main(["preview", "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(option in shown for option in ("--case-type", "--start", "--delay", "--svg", "--speed", "--json"))


# Pictures


def connection(late: int | None = None, text: str = CONNECTION, start: datetime = MONDAY) -> Path:
    delays = {} if late is None else {"received": timedelta(hours=late)}
    return preview(Plan.parse(text), "connection", start, delays=delays, name="connection, and more")


def way(*moments: Moment, name: str = "a way") -> Path:
    return Path(name, moments)


def told(hours: float, said: str, channel: str | None = "mail", text: str = "It is done.") -> Moment:
    return Moment(MONDAY + timedelta(hours=hours), "told", said, channel, said, None, text)


LONG = "it goes on and on " * 30
WORST = way(
    Moment(MONDAY, "stage", '<b>a stage</b> & "more"'),
    *(told(number / 60, f"<i>topic</i> {number}", "<u>averylongchannel</u>", LONG) for number in range(40)),
    Moment(MONDAY + timedelta(hours=1), "stage", "short"),
    *(told(1 + number / 4, LONG, None, "x" * 500) for number in range(100)),
    Moment(MONDAY + timedelta(hours=40), "stage", "the last stage has a name that is long"),
    told(40, "at the end", text="安装需要更长的时间" * 40),
    Moment(MONDAY + timedelta(hours=40), "suppressed", "a\x00b\x1bc\ud800d\ne"),
    name="<script>alert(1)</script> & more " * 10,
)
PATHS = {
    "planned": connection(),
    "delayed": connection(24),
    "long": connection(2000),
    "worst": WORST,
    "moment": way(Moment(MONDAY, "stage", "ready")),
    "stage": way(Moment(MONDAY, "stage", "ready"), told(0, "done")),
    "clocks": way(
        Moment(datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1), "stage", "in a night"),
        told(30 * 24, "after the clocks have changed"),
    ),
    "gap": way(
        Moment(datetime(2027, 3, 28, 0, tzinfo=BERLIN), "stage", "in a night"),
        Moment(datetime(2027, 3, 28, 5, tzinfo=BERLIN), "told", "ready", "mail"),
    ),
    "years": way(Moment(MONDAY, "stage", "slow"), told(24 * 365 * 30, "at last")),
}

every_path = pytest.mark.parametrize("name", PATHS)


def drawn(name: str) -> ET.Element:
    return ET.fromstring(picture(PATHS[name]))


def boxes(root: ET.Element) -> list[Box]:
    """Every text, as wide as its characters are taken to be."""
    found = []
    for text in root.iter(f"{SVG}text"):
        said, x, y = text.text or "", float(text.get("x", "")), float(text.get("y", ""))
        wide = CHARACTER * sum(2 if character >= "\u2e80" else 1 for character in said)
        x -= wide / 2 if text.get("class") == "number" else 0
        found.append((said, x, y - 11, x + wide, y + 3))
    return found


def overlapping(found: Sequence[Box]) -> list[tuple[str, str]]:
    return [
        (a[0], b[0])
        for a, b in itertools.combinations(found, 2)
        if a[1] < b[3] and b[1] < a[3] and a[2] < b[4] and b[2] < a[4]
    ]


def outside(found: Sequence[Box], width: float, height: float) -> list[str]:
    return [text for text, left, top, right, bottom in found if left < 0 or top < 0 or right > width or bottom > height]


@every_path
def test_no_text_lies_on_another_or_outside(name: str) -> None:
    root = drawn(name)
    assert overlapping(boxes(root)) == []
    assert outside(boxes(root), float(root.get("width", "")), float(root.get("height", ""))) == []


@every_path
def test_nothing_is_outside_of_the_frame(name: str) -> None:
    root = drawn(name)
    width, height = float(root.get("width", "")), float(root.get("height", ""))
    assert root.get("viewBox") == f"0 0 {width:g} {height:g}"
    for mark in root.iter(f"{SVG}circle"):
        x, y, radius = (float(mark.get(key, "")) for key in ("cx", "cy", "r"))
        assert radius <= x <= width - radius
        assert radius <= y <= height - radius
    for stage in root.iter(f"{SVG}rect"):
        x, y, wide, high = (float(stage.get(key, "0")) for key in ("x", "y", "width", "height"))
        assert 0 <= x <= x + wide <= width
        assert 0 <= y <= y + high <= height
    for line in root.iter(f"{SVG}line"):
        assert all(0 <= float(line.get(key, "")) <= width for key in ("x1", "x2"))
        assert all(0 <= float(line.get(key, "")) <= height for key in ("y1", "y2"))


@every_path
def test_no_mark_lies_on_another(name: str) -> None:
    marks = [tuple(float(mark.get(key, "")) for key in ("cx", "cy", "r")) for mark in drawn(name).iter(f"{SVG}circle")]
    assert all(
        (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 >= (a[2] + b[2]) ** 2 for a, b in itertools.combinations(marks, 2)
    )


@every_path
def test_every_moment_is_in_the_picture(name: str) -> None:
    root = drawn(name)
    others = [moment for moment in PATHS[name].moments if moment.kind != "stage"]
    assert [mark.get("class") for mark in in_order(root)] == [moment.kind for moment in others]
    assert len(root.findall(f"{SVG}rect[@class='stage']")) == len(PATHS[name].moments) - len(others)


def in_order(root: ET.Element) -> list[ET.Element]:
    """The marks, by the number that stands on each."""
    numbers = [text.text for text in root.iter(f"{SVG}text") if text.get("class") == "number"]
    marks = zip(numbers, root.iter(f"{SVG}circle"), strict=True)
    return [mark for _, mark in sorted(marks, key=lambda one: int(one[0] or ""))]


def test_what_a_picture_says() -> None:
    said = [text for text, *_ in boxes(drawn("planned"))]
    assert said[0] == "connection, and more"
    assert [text for text in said if text in ("stages", "mail", "case", "received", "ready")] == [
        "stages",
        "mail",
        "case",
        "received",
        "ready",
    ]
    assert "2 Mon 30 Nov 10:00: resolution is promised by Tue 01 Dec 12:00" in said
    assert "6 Tue 01 Dec 10:00 mail: ready “It is done.”" not in said, "the fifth is that"
    assert "5 Tue 01 Dec 10:00 mail: ready “It is done.”" in said


def test_marks_stand_at_their_times() -> None:
    root = ET.fromstring(picture(way(Moment(MONDAY, "stage", "s"), *(told(hours, "t") for hours in (0, 6, 24)))))
    first, second, third = (float(mark.get("cx", "")) for mark in in_order(root))
    assert (second - first) * 4 == third - first


def test_marks_stand_at_their_times_where_clocks_go_back() -> None:
    night = datetime(2026, 10, 25, 1, tzinfo=BERLIN)
    marks = [Moment(night.replace(hour=hour), "told", "t", "mail") for hour in (1, 3, 5)]
    first, second, third = (
        float(mark.get("cx", ""))
        for mark in in_order(ET.fromstring(picture(way(Moment(marks[0].at, "stage", "s"), *marks))))
    )
    assert (second - first) * 5 == pytest.approx((third - first) * 3)


@pytest.mark.parametrize(
    ("hours", "ticks"),
    [
        (24, ["12:00", "15:00", "18:00", "21:00", "01 Dec", "03:00", "06:00", "09:00"]),
        (96, ["12:00", "01 Dec", "12:00", "02 Dec", "12:00", "03 Dec", "12:00", "04 Dec"]),
        (240, [f"{day:02} Dec" for day in range(1, 11)]),
    ],
)
def test_lines_stand_at_round_times(hours: int, ticks: Sequence[str]) -> None:
    root = ET.fromstring(picture(way(Moment(MONDAY, "stage", "s"), told(hours, "t"))))
    assert [text.text for text in root.iter(f"{SVG}text") if text.get("class") == "tick"] == ticks


def test_signs_are_escaped_and_what_no_xml_may_hold_is_left_out() -> None:
    root = drawn("worst")
    assert (root.findtext(f"{SVG}title") or "").startswith("<script>alert(1)</script> & more")
    assert [child.tag for child in root.iter() if child.tag.endswith("script")] == []
    said = [text for text, *_ in boxes(root)]
    assert any("<u>averylongchannel</u>: <i>topic</i> 0 “it goes on" in text for text in said)
    assert any("a b c d e" in text for text in said)


def test_pictures_are_written(tmp_path: FilePath, capsys: Capture) -> None:
    assert previewed(tmp_path, *START, "--svg", str(tmp_path / "way"), "--json") == 0
    json.loads(capsys.readouterr().out)
    for name, heading in (("way", "connection, as planned"), ("way-delayed", "connection, with a delay of received")):
        root = ET.fromstring((tmp_path / f"{name}.svg").read_text("utf-8"))
        assert root.findtext(f"{SVG}title") == heading


LOOK = """
() => [...document.querySelectorAll("svg")].map(svg => {
  const frame = svg.getBoundingClientRect();
  return [...svg.querySelectorAll("text")].map(text => {
    const box = text.getBoundingClientRect(), [x, y] = [frame.left, frame.top];
    return [text.textContent, box.left - x, box.top - y, box.right - x, box.bottom - y];
  });
})
"""


def test_a_browser_puts_no_text_on_another_or_outside() -> None:
    pictures = {name: picture(path) for name, path in PATHS.items()}
    with browser_page() as page:
        page.set_content(f'<!doctype html><meta charset="utf-8">{"".join(pictures.values())}')
        seen: list[list[Box]] = page.evaluate(LOOK)
    assert len(seen) == len(pictures)
    for name, found in zip(pictures, seen, strict=True):
        root = drawn(name)
        assert all(box[1] < box[3] for box in found if box[0]), "drawn without letters"
        assert overlapping(found) == [], name
        assert outside(found, float(root.get("width", "")), float(root.get("height", ""))) == [], name
