"""What was said stands in the order in which it was said, and all else where it happened."""

from __future__ import annotations

import random

import pytest
from tests.engine_driver import MINUTE, SECOND, START, Driver

from orchestra.codec import to_record
from orchestra.journal.memory import MemoryJournal
from orchestra.model import commands as c, events as e
from orchestra.model.instants import instant_text
from orchestra.model.records import Batch, Record
from orchestra.runtime.history.order import in_order, said_us
from orchestra.runtime.history.timeline import Entry, timeline

Said = tuple[str, int, int, str | None]
"""A message's id, when it came, when it was said, and what it answers."""


def received(name: str, came: int, said: int, conversation: str = "co1") -> tuple[Record, e.Event]:
    fields = ("in1", "ca1", "cu1", "chat", "main", name, conversation, 1)
    return record(e.MessageReceived(name, *fields, said, "hello"), came)


def written(name: str, came: int, answers: str | None = None) -> tuple[Record, e.Event]:
    return record(e.MessageWritten(name, "ca1", "cu1", "co1", 1, text="hi", answers=answers), came)


def record(event: e.Event, at_us: int) -> tuple[Record, e.Event]:
    return to_record(event, at_us, at_us, "system"), event


def names(found: list[tuple[Record, e.Event]]) -> list[str]:
    return [getattr(event, "message", type(event).__name__) for _, event in in_order(found)]


def test_what_crossed_an_answer_stands_before_it() -> None:
    assert names([received("a", 10, 9), written("b", 20), received("c", 30, 15)]) == ["a", "c", "b"]


def test_what_was_said_at_the_same_time_stands_as_it_came() -> None:
    assert names([written("b", 20), received("a", 30, 20), received("c", 31, 20)]) == ["b", "a", "c"]


def test_an_answer_stands_behind_what_it_answers_whatever_clocks_say() -> None:
    late = [received("a", 30, 30), written("b", 30, "a"), received("c", 31, 5), written("d", 32, "unknown")]
    assert names(late) == ["c", "a", "b", "d"]
    behind = [received("a", 50, 50), written("b", 40, "a"), received("c", 60, 45)]  # the writer's clock stepped back
    assert names(behind) == ["c", "a", "b"]


def test_other_conversations_and_all_else_stay_where_they_are() -> None:
    queued = record(e.CustomerErased("cu1", "asked"), 25)
    found = [received("a", 20, 20), queued, received("x", 26, 1, "co2"), received("b", 30, 10)]
    assert names(found) == ["b", "CustomerErased", "x", "a"]


@pytest.mark.parametrize("seed", range(30))
def test_nothing_is_lost_and_times_rise_in_each_conversation(seed: int) -> None:
    rng = random.Random(seed)
    found = [
        received(f"m{came}", came, rng.randint(0, came), f"co{rng.randint(1, 3)}")
        if rng.random() < 0.7
        else written(f"m{came}", came)
        for came in range(1, 30)
    ]
    ordered = in_order(found)
    assert sorted(one.position for one, _ in ordered) == [one.position for one, _ in found]
    for conversation in ("co1", "co2", "co3"):
        times = [said_us(*one) for one in ordered if one[1].conversation == conversation]  # type: ignore[attr-defined]
        assert times == sorted(times)
    assert in_order(ordered) == ordered


def shown(driver: Driver) -> list[Entry]:
    journal = MemoryJournal()
    lease = journal.acquire("test", START, MINUTE)
    records = [
        to_record(logged.event, position, logged.at_us, logged.actor) for position, logged in enumerate(driver.log, 1)
    ]
    journal.append(0, [Batch(records)], lease)
    return [entry for entry in timeline(journal, "cu1") if entry.text is not None]


def test_a_timeline_tells_when_a_late_message_was_said() -> None:
    driver = Driver()
    driver.sign_in("ana")
    got = driver.answered(text="first")
    driver.run(c.WriteReply(got.interaction, "ana", "answer"), 60)
    driver.message(text="second", after=30, occurred_us=driver.now_us - 10 * SECOND)
    driver.message(text="third", after=MINUTE // SECOND)
    first, second, answer, third = shown(driver)
    assert [entry.text for entry in (first, second, answer, third)] == ["first", "second", "answer", "third"]
    assert (first.said_us, answer.said_us, third.said_us) == (None, None, None)
    assert second.said_us is not None
    assert second.said_us < answer.at_us < second.at_us
    assert second.to_json()["said"] == instant_text(second.said_us)
