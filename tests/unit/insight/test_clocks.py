"""Which clocks were met, by policy: counted once of a matter, and restated when cases are merged, parted and opened."""

from __future__ import annotations

from itertools import pairwise

import pytest
from tests.unit.insight.rig import PLAN, Desk, fold, thread

from orchestra.insight.clocks import ClockTally, Verdict, verdicts_counted
from orchestra.insight.figures import Figures
from orchestra.insight.report import measures_tables
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan

CLOCKED = f"""{PLAN}
[[clocks]]
name = "reply"
measures = "first_reply"
target = "60s"
[[clocks]]
name = "solve"
measures = "resolution"
target = "1h"
pause_on = ["customer", "third_party"]
[[clocks]]
name = "update"
measures = "periodic_update"
target = "10m"
[[clocks]]
name = "contact"
measures = "resolution"
scope = "interaction"
target = "1h"
"""


def counted(figures: Figures) -> dict[str, tuple[int, int, int]]:
    """Policy -> met, breached, over."""
    return {policy: (one.met, one.breached, one.over) for policy, one in figures.clocks.items()}


def desk(*texts: str) -> Desk:
    """Joe writes about these, at ten seconds and every ten after it, each in a conversation of its own."""
    desk = Desk(CLOCKED)
    for number, text in enumerate(texts, 1):
        desk.write("joe", 10 * number, "mail", text, topic=text, thread=thread(text))
    return desk


def write(desk: Desk, case: str, at_s: float) -> None:
    """A person of the company writes to the customer."""
    desk.run(c.SendMessage(case, f"k{at_s}", text="It goes on.", actor="operator"), at_s)


def test_what_is_met_and_breached_counts_where_its_case_does() -> None:
    one = desk("order", "bill")
    write(one, "ca1", 40)
    one.wait(200)
    measures = one.measures()
    assert counted(measures.total) == {"reply": (1, 1, 1), "update": (1, 0, 1)}
    for part in (measures.by_channel["mail"], measures.by_queue["care"], measures.by_account["main"]):
        assert counted(part) == counted(measures.total)
    met = measures.total.clocks["reply"]
    assert (met.measures, met.share.percent, met.share.name) == ("first_reply", 50.0, "clock reply met")
    assert (met.mean_ran_s, met.mean_paused_s) == (30.0, 0.0)
    assert met.to_json() == {
        "measures": "first_reply",
        "met": 1,
        "breached": 1,
        "over": 1,
        "share": met.share.to_json(),
        "ran_s": 30.0,
        "paused_s": 0.0,
    }
    assert measures.to_json()["clocks"]["reply"]["met"] == 1


def test_what_is_breached_and_goes_on_counts_before_it_is_over() -> None:
    one = desk("order")
    one.wait(80)
    reply = one.measures().total.clocks["reply"]
    assert (reply.met, reply.breached, reply.over, reply.mean_ran_s, reply.mean_paused_s) == (0, 1, 0, None, None)
    write(one, "ca1", 110)
    reply = one.measures().total.clocks["reply"]
    assert (reply.met, reply.breached, reply.over, reply.mean_ran_s) == (0, 1, 1, 100.0)


def test_how_long_one_stood_still_is_told_apart() -> None:
    one = desk("order")
    one.run(c.SetCaseWaiting("ca1", "customer"), 610)
    one.run(c.ResumeCase("ca1"), 4000)
    one.run(c.ResolveCase("ca1"), 4100)
    solve = one.measures().total.clocks["solve"]
    assert (solve.met, solve.mean_ran_s, solve.mean_paused_s) == (1, 700.0, 3390.0)
    (table,) = (each for each in measures_tables(one.measures()) if each.title.startswith("Clocks"))
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["solve"] == ("resolution", "1", "0", "100.00 %", "11 min 40 s", "56 min 30 s")


def test_a_case_that_is_opened_again_is_not_solved_yet() -> None:
    one = desk("order")
    one.run(c.ResolveCase("ca1"), 100)
    assert counted(one.measures().total)["solve"] == (1, 0, 1)
    one.run(c.ReopenCase("ca1", "again"), 200)
    assert "solve" not in counted(one.measures().total)
    one.wait(4000)
    assert counted(one.measures().total)["solve"] == (0, 1, 0)
    one.run(c.ResolveCase("ca1"), 4100)
    assert counted(one.measures().total)["solve"] == (0, 1, 1)
    one.run(c.ReopenCase("ca1", "again"), 4200)
    assert counted(one.measures().total)["solve"] == (0, 1, 0)


def test_merged_cases_are_one_matter_and_two_again_when_they_are_parted() -> None:
    one = desk("order", "bill")
    one.run(c.CancelInteraction("in1", "answered"), 90)
    one.run(c.ResolveCase("ca1"), 100)
    one.wait(4000)
    assert counted(one.measures().total)["solve"] == (1, 1, 1)
    assert counted(one.measures().total)["reply"] == (0, 2, 0)
    one.run(c.MergeCases("ca2", "ca1", "the same"), 4100)
    assert counted(one.measures().total)["solve"] == (0, 1, 0)
    assert counted(one.measures().total)["reply"] == (0, 1, 0)
    one.run(c.ResolveCase("ca2"), 4200)
    assert counted(one.measures().total)["solve"] == (0, 1, 1)
    one.run(c.UnmergeCase("ca1", "two matters"), 4300)
    assert counted(one.measures().total)["solve"][:2] == (1, 1)


def test_what_is_told_again_and_again_counts_each_time_also_of_merged_cases() -> None:
    one = desk("order", "bill")
    write(one, "ca1", 100)
    write(one, "ca1", 200)
    write(one, "ca2", 300)
    assert counted(one.measures().total)["update"] == (3, 0, 3)
    # What was told in either was told in both: the last word of the one was news of the other, too.
    one.run(c.MergeCases("ca2", "ca1", "the same"), 400)
    assert counted(one.measures().total)["update"] == (4, 0, 4)


def test_a_contact_counts_by_itself_where_it_began() -> None:
    one = desk("order", "bill")
    one.run(c.MoveInteraction("in2", "ca1", "one matter"), 100)
    one.wait(4000)
    assert counted(one.measures().total)["contact"] == (0, 2, 0)
    one.run(c.CancelInteraction("in2", "not needed"), 4100)
    one.run(c.CancelInteraction("in1", "not needed"), 4100)
    assert counted(one.measures().total)["contact"] == (0, 2, 0)


def test_another_policy_takes_the_clock_with_it() -> None:
    one = desk("order")
    text = CLOCKED.replace('"solve"', '"solve soon"').replace('target = "1h"', 'target = "30m"', 1)
    plan = Plan.parse(text)
    one.run(c.ChangePlan(plan, plan.digest(), "zones", "check"), 100)
    one.run(c.ResolveCase("ca1"), 200)
    assert {"solve", "solve soon"} & counted(one.measures().total).keys() == {"solve soon"}


def test_clocks_of_cases_that_are_not_known_are_passed_over() -> None:
    one = desk("order")
    one.wait(4000)
    one.run(c.ResolveCase("ca1"), 4100)
    one.run(c.ReopenCase("ca1", "again"), 4200)
    known = [(event, at_us) for event, at_us in one.events() if not isinstance(event, e.CaseOpened)]
    assert fold(known).total.clocks == {}
    late = [(event, at_us) for event, at_us in one.events() if not isinstance(event, e.ClockStarted)]
    assert fold(late).total.clocks == {}


def test_nothing_is_remembered_of_what_is_over() -> None:
    one = desk("order")
    assert one.measures().remembered > 0
    before = one.measures().remembered
    one.run(c.ResolveCase("ca1"), 100)
    assert one.measures().remembered < before


MET = Verdict("a", "resolution", "case", is_met=True)
LONGER = Verdict("b", "resolution", "case", is_met=True, ran_us=5)
LATE = Verdict("a", "resolution", "case", is_breached=True)
AGAIN = Verdict("a", "next_reply", "case", is_met=True)
AGAIN_LATE = Verdict("a", "next_reply", "case", is_breached=True)
OF_ONE = Verdict("a", "resolution", "interaction", is_met=True)


@pytest.mark.parametrize(
    ("verdicts", "counts"),
    [
        ([], {}),
        ([Verdict("a", "resolution", "case")], {}),
        ([MET], {"a": (1, 0)}),
        ([MET, LONGER], {"b": (1, 0)}),
        ([LATE, LONGER], {"a": (0, 1)}),
        ([AGAIN_LATE, AGAIN], {"a": (1, 1)}),
        ([OF_ONE, OF_ONE], {"a": (2, 0)}),
    ],
)
def test_what_is_measured_once_of_a_matter_counts_once(
    verdicts: list[Verdict], counts: dict[str, tuple[int, int]]
) -> None:
    found = verdicts_counted(verdicts)
    assert {policy: (count.met, count.breached) for policy, count in found.items()} == counts
    tally = ClockTally()
    for before, after in pairwise([{}, found, {}, found]):
        tally.replace(before, after)
    assert {policy: (count.met, count.breached) for policy, count in tally.by_policy.items()} == counts
