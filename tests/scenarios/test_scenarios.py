"""Every scenario comes to exactly the timelines that its file tells."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from docs._extensions.scenario_text import Step, read_scenario

from orchestra.codec import decode_event
from orchestra.model import events as e
from orchestra.model.plan import Plan
from tests.docs.pages import DOCS
from tests.engine_driver import SECOND
from tests.scenarios.stage import FOLDER, Stage, clock_of, names, play, written


@pytest.mark.parametrize("name", names())
def test_it_comes_to_what_the_file_tells(name: str) -> None:
    scenario, stage = play(name)
    for whom in scenario.timelines:
        assert stage.told(whom.customer, whom.reader) == list(whom.lines), (whom.customer, whom.reader)


@pytest.mark.parametrize("name", names())
def test_a_file_is_as_it_would_be_written(name: str) -> None:
    assert written(name) == (FOLDER / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", names())
def test_the_same_steps_come_to_the_same_journal(name: str) -> None:
    once, again = play(name)[1], play(name)[1]
    assert list(once.journal.read()) == list(again.journal.read())


def test_there_are_scenarios() -> None:
    assert len(names()) >= 8
    titles = [read_scenario((FOLDER / f"{name}.txt").read_text("utf-8")).title for name in names()]
    assert len(set(titles)) == len(titles)


def test_the_shop_is_a_plan_without_errors() -> None:
    assert [fault for fault in Plan.load(FOLDER / "shop.toml").faults() if fault.is_error] == []


def _reasons(name: str) -> Iterator[str]:
    """Why notices were held back in a scenario, or not told."""
    for record in play(name)[1].journal.read():
        match decode_event(record):
            case e.NoticeExpired():
                yield "expired"
            case e.NoticeGathered(leader=leader):
                yield "gathering" if leader is None else "in_digest"
            case e.NoticeHeld() | e.NoticeSuppressed() | e.NoticeLegSkipped() as event:
                yield event.reason


def test_each_reason_that_holds_a_notice_back_has_its_scenario() -> None:
    rows = re.findall(r"^\| (`.+?`) \|", (DOCS / "howto" / "notices.md").read_text("utf-8"), re.MULTILINE)
    told = {reason for row in rows for reason in re.findall(r"`(\w+)`", row)}
    assert len(told) >= 18
    assert told - {reason for name in names() if name.startswith("notice_") for reason in _reasons(name)} == set()


def test_the_shop_of_the_notices_is_a_plan_without_errors() -> None:
    assert [fault for fault in Plan.load(FOLDER / "notices.toml").faults() if fault.is_error] == []


def test_who_comes_back_was_archived_and_is_the_same_customer() -> None:
    _, on = play("comes_back")
    told = [record.type for record in on.journal.read() if record.type in ("CustomerArchived", "CustomerRecalled")]
    assert told == ["CustomerArchived", "CustomerRecalled"]
    assert on.id_of("joe") == "cu1"


def test_nobody_is_steered_who_had_better_stay() -> None:
    on = stage()
    on.do(step("joe writes on mail about order: Where is it?"))
    with pytest.raises(AssertionError, match="joe had better stay"):
        on.do(step("shop steers joe on mail"))


def stage() -> Stage:
    return Stage(Plan.load(FOLDER / "shop.toml"))


def step(words: str, clock: str = "09:00:00", refused: str | None = None) -> Step:
    return Step(clock_of(clock), clock, words, refused)


def test_a_step_that_nobody_understands_fails() -> None:
    with pytest.raises(AssertionError, match="nobody knows what this means: joe dances"):
        stage().do(step("joe dances"))


def test_a_step_that_is_refused_must_say_so() -> None:
    on = stage()
    on.do(step("ana signs in"))
    on.do(step("joe calls on voice"))
    on.do(step("ana takes it"))
    refused = "must be one of the plan's: relative"
    with pytest.raises(AssertionError):
        on.do(step("ana notes on voice that mia is a stranger", refused="something else"))
    on.do(step("ana notes on voice that mia is a stranger", refused=f"role: {refused}"))
    with pytest.raises(AssertionError, match="ana answers on voice"):
        on.do(step("ana answers on voice: hi", refused="no"))


@pytest.mark.parametrize("words", ["ana takes it", "ana declines"])
def test_nobody_takes_what_they_are_not_offered(words: str) -> None:
    with pytest.raises(AssertionError, match="ana is offered nothing"):
        stage().do(step(words))


def test_time_passes_between_steps() -> None:
    on = stage()
    on.do(step("ana signs in"))
    on.do(step("joe calls on voice"))
    on.do(step("ben signs in", "09:01:00"))
    assert "09:00:20 voice  the offer to ana ended: timed out" in on.told("joe")


def test_times_of_the_day() -> None:
    assert [clock_of(text).total_seconds() for text in ("00:00:05", "9:00", "10:01:02")] == [5, 32_400, 36_062]
    assert SECOND == 1_000_000
