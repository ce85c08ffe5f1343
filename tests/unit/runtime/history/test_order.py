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


def received(
    name: str,
    came: int,
    said: int,
    conversation: str = "co1",
    reply_to: str | None = None,
    sequence: int | None = None,
) -> tuple[Record, e.Event]:
    fields = ("in1", "ca1", "cu1", "chat", "main", f"p-{name}", conversation, 1)
    event = e.MessageReceived(name, *fields, said, "hello", reply_to=reply_to, sequence=sequence)
    return record(event, came)


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


def sent(name: str, came: int, provider_id: str) -> list[tuple[Record, e.Event]]:
    planned = e.DeliveryPlanned(f"d-{name}", "k", name, "ca1", "cu1", "chat", "main", "co1", "reply", 1, START)
    return [
        written(name, came),
        record(planned, came),
        record(e.DeliveryAccepted(f"d-{name}", "cu1", 1, [provider_id]), came + 1),
    ]


def said(found: list[tuple[Record, e.Event]]) -> list[str]:
    return [event.message for _, event in in_order(found) if isinstance(event, e.MessageReceived | e.MessageWritten)]


def test_what_a_provider_numbers_stands_in_the_order_of_its_numbers_whatever_clocks_say() -> None:
    apart = [received("b", 10, 9, sequence=2), received("c", 11, 7, sequence=3), received("a", 12, 8, sequence=1)]
    assert names(apart) == ["a", "b", "c"]
    with_others = [*apart, written("d", 20), received("e", 30, 15, sequence=4), received("x", 31, 1)]
    assert names(with_others) == ["x", "a", "b", "c", "e", "d"]


def test_what_names_the_message_that_it_answers_stands_behind_it() -> None:
    stepped = received("b", 30, 5, reply_to="p-a")  # the clock of whoever answers is behind
    assert names([received("a", 20, 20), stepped]) == ["a", "b"]
    assert names([stepped, received("a", 40, 35)]) == ["a", "b"]  # what it answers comes after it
    answer = received("q", 60, 10, reply_to="sms-7")
    assert said([*sent("a", 50, "sms-7"), answer]) == ["a", "q"]
    assert said([*sent("a", 50, "sms-7"), received("q", 60, 10, reply_to="sms-8")]) == ["q", "a"]


def test_an_id_of_another_conversation_names_nothing() -> None:
    assert names([received("a", 20, 20, "co2"), received("b", 30, 25), received("c", 31, 5, reply_to="p-a")]) == [
        "a",
        "c",
        "b",
    ]


def test_answers_of_answers_and_numbers_go_together() -> None:
    found = [
        received("c", 10, 1, reply_to="p-b"),
        received("b", 11, 2, sequence=8),
        received("a", 12, 50, sequence=7),
    ]
    assert names(found) == ["a", "b", "c"]


def test_messages_that_claim_to_answer_each_other_are_all_told() -> None:
    found = [received("a", 10, 10, reply_to="p-b"), received("b", 11, 11, reply_to="p-a"), received("c", 12, 12)]
    assert sorted(names(found)) == ["a", "b", "c"]
    assert names([received("a", 10, 10, reply_to="p-a")]) == ["a"]


def test_thousands_in_one_conversation_need_no_deep_stack() -> None:
    count = 5_000
    found = [received(f"m{n}", count - n, count - n, sequence=n) for n in reversed(range(count))]
    assert names(found) == [f"m{n}" for n in range(count)]


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


@pytest.mark.parametrize("seed", range(30))
def test_whatever_is_claimed_nothing_is_lost_and_numbers_rise(seed: int) -> None:
    rng = random.Random(seed)
    count = 25
    numbers = rng.sample(range(100), count)
    found = [
        received(
            f"m{came}",
            came,
            rng.randint(0, came),
            reply_to=f"p-m{rng.randrange(count)}" if rng.random() < 0.2 and came % 2 else None,
            sequence=numbers[came] if not came % 2 else None,
        )
        for came in range(count)
    ]
    ordered = in_order(found)
    assert sorted(one.position for one, _ in ordered) == [one.position for one, _ in found]
    rising = [event.sequence for _, event in ordered if isinstance(event, e.MessageReceived) and event.sequence]
    assert rising == sorted(rising)
    assert in_order(found) == ordered


def test_a_timeline_goes_by_the_numbers_and_answers_that_a_channel_gives() -> None:
    driver = Driver()
    driver.message(text="second", sequence=12)
    driver.message(text="first", sequence=11)
    driver.message(text="third", occurred_us=START, sequence=13)
    driver.message(text="of the second", occurred_us=START, message_id="m9", reply_to="m1")
    assert [entry.text for entry in shown(driver)] == ["first", "second", "third", "of the second"]
