"""Which promises were kept, by the first word and the last, and restated when cases are merged and parted."""

from __future__ import annotations

import json

import attrs
import pytest
from tests.unit.insight.rig import PLAN, START_US, Desk, fold, thread

from orchestra.insight.promises import WARNED_US, PromiseCount, PromisesKept, Stated, stated_counted
from orchestra.insight.report import measures_tables
from orchestra.insight.variants import Window
from orchestra.model import commands as c, events as e

STAGED = f"""{PLAN}
[case_types.order]
topics = ["order", "second"]
silent = true
[[case_types.order.stages]]
name = "doing"
normal = "1h"
[[case_types.order.stages]]
name = "done"
"""
HOUR = 3600


def desk(*texts: str) -> Desk:
    """Joe writes about these, at ten seconds and every ten after it, each in a conversation of its own."""
    made = Desk(STAGED)
    for number, text in enumerate(texts or ("order",), 1):
        made.write("joe", 10 * number, "mail", text, topic=text, thread=thread(text))
    return made


def at(hours: float) -> int:
    """An instant so many hours after the start."""
    return START_US + round(hours * HOUR * 1_000_000)


def told(one: Desk) -> dict[str, int]:
    """What is counted of promises, without what is not there."""
    kept = one.measures().total.promises
    counts = attrs.asdict(kept, filter=lambda field, _: field.name != "window")
    return {name: count for name, count in counts.items() if count}


def test_a_promise_that_is_kept_counts_where_its_case_does() -> None:
    one = desk()
    one.run(c.MakePromise("ca1", "resolution", at(3)), 60)
    assert told(one) == {"stated": 1}
    one.run(c.ResolveCase("ca1"), HOUR)
    measures = one.measures()
    assert told(one) == {"stated": 1, "kept_first": 1, "kept_last": 1}
    for part in (measures.by_channel["mail"], measures.by_queue["care"], measures.by_account["main"]):
        assert part.promises == attrs.evolve(measures.total.promises, window=part.promises.window)
    shares = measures.total.promises.shares
    assert {key: share.percent for key, share in shares.items()} == {
        "kept_first": 100.0,
        "kept_last": 100.0,
        "warned": None,
        "updates": None,
    }


def test_the_first_word_and_the_last_are_told_apart() -> None:
    one = desk()
    one.run(c.MakePromise("ca1", "resolution", at(3)), 60)
    one.run(c.RevisePromise("pr1", "late", at(6)), HOUR)
    one.run(c.ResolveCase("ca1"), 5 * HOUR)
    assert told(one) == {"stated": 1, "revised": 1, "broken_first": 1, "kept_last": 1, "warned": 1}


def test_whoever_is_told_too_late_was_not_warned() -> None:
    one = desk()
    one.run(c.MakePromise("ca1", "resolution", at(3)), 60)
    one.run(c.RevisePromise("pr1", "late", at(4)), 2.5 * HOUR)
    one.wait(5 * HOUR)
    counts = told(one)
    assert (counts["broken_first"], counts["broken_last"]) == (1, 1)
    assert "warned" not in counts
    one.run(c.ResolveCase("ca1"), 7 * HOUR)
    kept = one.measures().total.promises
    assert (kept.done_late, kept.mean_late_s) == (1, 4.0 * HOUR)


def test_what_was_revised_after_it_was_broken_is_open_again_by_the_last_word() -> None:
    one = desk()
    one.run(c.MakePromise("ca1", "resolution", at(1)), 60)
    one.wait(2 * HOUR)
    assert (told(one)["broken_first"], told(one)["broken_last"]) == (1, 1)
    one.run(c.RevisePromise("pr1", "sorry", at(4)), 2 * HOUR)
    assert "broken_last" not in told(one)
    one.run(c.ResolveCase("ca1"), 3 * HOUR)
    assert (told(one)["broken_first"], told(one)["kept_last"]) == (1, 1)


def test_updates_are_counted_apart() -> None:
    one = desk()
    one.run(c.MakePromise("ca1", "update", at(1)), 60)
    one.run(c.TellFact("ca1", "ready", "soon"), 120)
    one.run(c.MakePromise("ca1", "update", at(2)), 180)
    one.wait(3 * HOUR)
    assert told(one) == {"updates_kept": 1, "updates_broken": 1}
    one.run(c.TellFact("ca1", "ready", "late"), 4 * HOUR)
    assert told(one) == {"updates_kept": 1, "updates_broken": 1}


def test_what_is_withdrawn_is_neither_kept_nor_broken() -> None:
    one = desk()
    one.run(c.MakePromise("ca1", "doing", at(3)), 60)
    one.run(c.WithdrawPromise("pr1", "not wanted"), 120)
    one.wait(5 * HOUR)
    assert told(one) == {"stated": 1, "withdrawn": 1}


def test_delays_that_were_foreseen_are_counted() -> None:
    one = desk()
    one.run(c.MakePromise("ca1", "resolution", at(20)), 60)
    one.run(c.AdvanceCase("ca1", "doing", at(40)), 120)
    assert told(one) == {"stated": 1, "delays": 1}


def test_merged_cases_are_one_matter_and_two_again_when_they_are_parted() -> None:
    one = desk("order", "bill")
    one.run(c.MakePromise("ca1", "resolution", at(3)), 60)
    one.run(c.MakePromise("ca2", "resolution", at(2)), 60)
    before = told(one)
    one.run(c.MergeCases("ca1", "ca2", "one matter"), 70)
    assert told(one) == before == {"stated": 2}
    one.run(c.ResolveCase("ca1"), 2.5 * HOUR)
    late_us = HOUR // 2 * 1_000_000
    kept = {"stated": 2, "kept_first": 1, "kept_last": 1, "broken_first": 1, "broken_last": 1}
    assert told(one) == {**kept, "done_late": 1, "late_us": late_us}
    after = told(one)
    one.run(c.UnmergeCase("ca2", "two matters"), 3 * HOUR)
    assert told(one) == after


def test_promises_count_in_the_queue_that_the_matter_counts_in() -> None:
    one = desk("order", "bill")
    one.run(c.MakePromise("ca2", "resolution", at(2)), 60)
    one.run(c.MergeCases("ca1", "ca2", "one matter"), 70)
    assert one.measures().by_queue["care"].promises.stated == 1


def test_a_promise_of_a_case_that_began_before_counts_nowhere() -> None:
    events: list[tuple[e.Event, int]] = [
        (e.PromiseMade("pr1", "ca1", "cu1", "resolution", 0, 10, "agent"), 1),
        (e.PromiseRevised("pr1", "ca1", "cu1", "resolution", 10, 0, 20, "agent", 1, "late"), 2),
        (e.DelayForeseen("pr1", "ca1", "cu1", "resolution", "doing", 20, None, None, None, "overrun"), 3),
        (e.PromiseBroken("pr1", "ca1", "cu1", "resolution", 10, "first", 8), 10),
        (e.PromiseKept("pr1", "ca1", "cu1", "resolution", 20, "last"), 11),
        (e.PromiseKeptLate("pr2", "ca1", "cu1", "resolution", 10, 5), 12),
        (e.PromiseWithdrawn("pr3", "ca1", "cu1", "resolution", "no"), 13),
    ]
    measures = fold(events)
    assert measures.total.promises == PromisesKept(measures.window, *[0] * 13)
    assert measures.remembered == 0


@pytest.mark.parametrize(("warned_us", "is_warned"), [(None, False), (WARNED_US - 1, False), (WARNED_US, True)])
def test_a_warning_comes_an_hour_before(warned_us: int | None, is_warned: bool) -> None:
    counted = stated_counted([Stated(False, False, True, warned_us)])
    assert (counted.broken_first, counted.warned) == (1, int(is_warned))
    assert stated_counted([Stated(False, True, True, warned_us)]).warned == 0, "it was not late"


def test_what_is_counted_and_taken_back_is_nothing() -> None:
    some = [Stated(False, True, True), Stated(False, False, None, WARNED_US, 5, True, False, 3), Stated(True, False)]
    counted, sums = stated_counted(some), PromiseCount()
    sums.replace(None, counted)
    assert sums == counted
    sums.replace(counted, None)
    assert sums == PromiseCount()


def test_figures_as_plain_data_and_as_a_table() -> None:
    one = desk()
    tables = {table.title for table in measures_tables(one.measures())}
    assert "Promises, of all" not in tables
    one.run(c.MakePromise("ca1", "resolution", at(3)), 60)
    one.run(c.MakePromise("ca1", "update", at(2)), 60)
    one.run(c.ResolveCase("ca1"), HOUR)
    plain = json.loads(json.dumps(one.measures().to_json()))["promises"]
    assert (plain["stated"], plain["kept_first"], plain["updates_kept"], plain["mean_late_s"]) == (1, 1, 1, None)
    assert plain["shares"]["kept_first"]["percent"] == 100.0
    assert "window" not in plain
    (table,) = (each for each in measures_tables(one.measures()) if each.title == "Promises, of all")
    assert table.rows == (
        ("promises kept, by the first word", "1", "1", "100.00 %"),
        ("promises kept, by the last word", "1", "1", "100.00 %"),
        ("late promises told an hour before", "0", "0", "-"),
        ("promised updates kept", "1", "1", "100.00 %"),
    )


def test_shares_say_over_which_window() -> None:
    window = Window(1, 2)
    kept = PromiseCount(stated=4, kept_first=3, broken_first=1, warned=1).figures(window)
    assert kept.shares["kept_first"].percent == 75.0
    assert kept.shares["warned"].percent == 100.0
    assert kept.shares["warned"].window == window
