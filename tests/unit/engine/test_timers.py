from __future__ import annotations

import json
import random
import tracemalloc

from hypothesis import given, strategies as st

from orchestra.engine.timers import Entry, Timers

TimerKey = tuple[str, str]

NAMES = st.sampled_from(["a", "b"])
SUBJECTS = st.sampled_from(["1", "2", "3", "4"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), NAMES, SUBJECTS, st.integers(0, 12)),
        st.tuples(st.just("cancel"), NAMES, SUBJECTS, st.just(0)),
        st.tuples(st.just("ring"), NAMES, SUBJECTS, st.just(0)),
        st.tuples(st.just("load"), NAMES, SUBJECTS, st.just(0)),
    ),
    max_size=60,
)


def _first(due: dict[TimerKey, int]) -> Entry | None:
    return min(((at, *key) for key, at in due.items()), default=None)


@given(STEPS)
def test_timers_agree_with_a_plain_dict(steps: list[tuple[str, str, str, int]]) -> None:
    timers, model = Timers(), dict[TimerKey, int]()
    for step, name, subject, due in steps:
        if step == "set":
            timers.set(name, subject, due)
            model[name, subject] = due
        elif step == "cancel":
            timers.cancel(name, subject)
            model.pop((name, subject), None)
        elif step == "load":
            rows = json.loads(json.dumps(timers.rows()))
            timers = Timers()
            timers.load(rows)
        elif (found := timers.first()) is not None:
            timers.cancel(*found[1:])
            assert model.pop(found[1:]) == found[0]
        assert timers.first() == _first(model)
        assert len(timers) == len(model)
        assert timers.get(name, subject) == model.get((name, subject))
    assert timers.rows() == [[*key, at] for key, at in sorted(model.items())]


def test_ties_are_broken_by_key_and_never_by_when_they_were_set() -> None:
    keys = [("a", "2"), ("a", "1"), ("b", "0"), ("a", "10")]
    for order in (keys, keys[::-1]):
        timers = Timers()
        for name, subject in order:
            timers.set(name, subject, 5)
        rung = []
        while (first := timers.first()) is not None:
            rung.append(first[1:])
            timers.cancel(*first[1:])
        assert rung == sorted(keys)


def test_moving_a_timer_later_adds_no_heap_entry() -> None:
    timers = Timers()
    for due in range(1000):
        timers.set("a", "1", due)
    assert len(timers._heap) == 1
    assert timers.first() == (999, "a", "1")


def test_a_timer_moved_earlier_rings_once_at_its_new_time() -> None:
    timers = Timers()
    timers.set("a", "1", 10)
    timers.set("a", "1", 5)
    timers.set("b", "1", 7)
    assert timers.first() == (5, "a", "1")
    timers.cancel("a", "1")
    assert timers.first() == (7, "b", "1")
    timers.cancel("b", "1")
    assert timers.first() is None
    assert timers._heap == []


def entries(timers: Timers) -> int:
    return len(timers._heap) + len(timers._leaving)


def test_canceled_entries_go_a_few_at_a_time_when_they_outnumber_the_live() -> None:
    timers = Timers()
    for number in range(10_000):
        timers.set("a", str(number), number)
    for number in range(9_000):
        before = entries(timers)
        timers.cancel("a", str(number))
        assert before - entries(timers) <= 4
    for number in range(9_000, 9_900):
        timers.cancel("a", str(number))
        assert entries(timers) <= max(64, 4 * len(timers)), "the heap stays in proportion to what is set"
    assert timers.first() == (9_900, "a", "9900")
    assert len(timers) == 100


def test_a_timer_that_is_moved_earlier_again_and_again_leaves_little_behind() -> None:
    timers = Timers()
    for due in range(1000, 0, -1):
        timers.set("a", "1", due)
    assert entries(timers) <= 64 + 4
    assert timers.first() == (1, "a", "1")


def test_a_small_heap_is_left_alone() -> None:
    timers = Timers()
    for number in range(60):
        timers.set("a", str(number), number)
    for number in range(59):
        timers.cancel("a", str(number))
    assert len(timers._heap) == 60
    assert timers.first() == (59, "a", "59")


def test_canceling_what_is_not_set_changes_nothing() -> None:
    timers = Timers()
    timers.cancel("a", "1")
    assert timers.first() is None
    assert timers.rows() == []


def test_many_moves_agree_with_a_plain_dict() -> None:
    dice = random.Random(5)
    timers, model = Timers(), dict[TimerKey, int]()
    for _ in range(20_000):
        key = ("t", str(dice.randrange(300)))
        if dice.random() < 0.4:
            timers.cancel(*key)
            model.pop(key, None)
        else:
            due = dice.randrange(1000)
            timers.set(*key, due)
            model[key] = due
        if dice.random() < 0.05:
            assert timers.first() == _first(model)
    assert len(timers._heap) < 2_000


def test_a_million_timers_stay_near_150_mb() -> None:
    count = 20_000
    subjects = [f"in{number}" for number in range(count)]
    timers = Timers()
    tracemalloc.start()
    try:
        for number, subject in enumerate(subjects):
            timers.set("contacts.idle", subject, 1_700_000_000_000_000 + number * 37 % 1013)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken * (1_000_000 / count) <= 180_000_000, "beside the ids, with the instants"
