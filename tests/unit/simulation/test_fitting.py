"""A journal of a simulated centre gives back the scenario that made it."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import exp, log, sqrt
from random import Random
from statistics import NormalDist
from zoneinfo import ZoneInfo

import attrs
import pytest
from tests.unit.simulation.scenes import DESK, PLAN, recorded, scene

from orchestra.codec.events import to_record
from orchestra.engine.engine import Decided, Engine
from orchestra.engine.section import Steps
from orchestra.errors import DefinitionError
from orchestra.journal.memory import MemoryJournal
from orchestra.model import commands as c
from orchestra.model.instants import since_epoch_us
from orchestra.model.plan import Plan
from orchestra.model.records import Batch
from orchestra.simulation.driver import Driver
from orchestra.simulation.durations import fit_patience, fit_service
from orchestra.simulation.fitting import Fitted, fit_scenario, hourly_rates, time_in_slots
from orchestra.simulation.observing import Observed
from orchestra.simulation.run import simulate
from orchestra.simulation.scenario import Scenario
from orchestra.simulation.schema import Run
from orchestra.simulation.staffing import Target, ignored, staff

SECOND = 1_000_000
HOUR_US = 3_600 * SECOND
DAY_US = 24 * HOUR_US
MONDAY_US = 1_767_571_200 * SECOND


class Noting(Engine):
    """An engine that keeps all it decides as a journal's batches."""

    def __init__(self) -> None:
        super().__init__(predicates={"acme.vip@1": lambda _: True})
        self.batches: list[Batch] = []

    def _run(self, steps: Steps, at_us: int, actor: str) -> Decided:
        decided = super()._run(steps, at_us, actor)
        if decided.events:
            numbered = enumerate(decided.events, decided.first)
            self.batches.append(Batch([to_record(event, n, decided.at_us, decided.actor) for n, event in numbered]))
        return decided


def journal_of(scenario: Scenario, last: str | None = None) -> MemoryJournal:
    """The journal that a live centre would have left, with a last plan if one is given."""
    driver, engine = Driver(scenario, 1), Noting()
    driver._clock.engine = engine
    driver.run()
    if last is not None:
        plan = Plan.parse(last.replace("[plan.", "["))
        for case in list(engine.view.cases.cases):
            engine.execute(c.ResolveCase(case), driver._clock.now_us)
            engine.execute(c.CloseCase(case), driver._clock.now_us)
        engine.execute(c.ChangePlan(plan, plan.digest(), "none", "none"), driver._clock.now_us + DAY_US)
    journal = MemoryJournal()
    journal.append(0, engine.batches, journal.acquire("test", MONDAY_US, 10**15))
    return journal


def centre(days: int = 14) -> Scenario:
    """Some days: calls in the daytime, with little patience, and agents from eight to six."""
    calls = recorded(0, channel="talk", rest='wrap_up = {law = "gamma", mean = "20s", scv = 0.2}\n')
    hours = ", ".join("40.0" if 9 <= hour < 17 else "0.0" for hour in range(24))
    calls = calls.replace('{law = "recorded", at_s = [0.0]}', f'{{law = "varying", cycle = "1d", rates = [{hours}]}}')
    calls = calls.replace('{law = "deterministic", mean_s = 10.0}', '{law = "lognormal", mean = "4m", scv = 0.5}')
    calls += 'patience = {law = "exponential", mean = "2m"}\n'
    shifts = 'shifts = [{begins = "8h", lasts = "10h", days = ["mon", "tue", "wed", "thu", "fri"], agents = 3}]\n'
    desk = DESK.replace("agents = 1", "agents = 4") + "skills = {german = 50}\n" + shifts
    return scene(f'[run]\nlength = "{days}d"\nbatches = 1\n' + calls + desk)


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit_scenario(journal_of(centre()))


NAME = "classes.talk-care"


def test_arrivals_are_found_by_weekday_and_hour(fitted: Fitted) -> None:
    rates = fitted.data["classes"]["talk-care"]["arrivals"]["rates"]
    assert len(rates) == 168
    busy = [rate for place, rate in enumerate(rates) if 9 <= place % 24 < 17]
    assert sum(busy) / len(busy) == pytest.approx(40, rel=0.05)
    assert sum(rates) == pytest.approx(sum(busy))
    fit = fitted.fits[f"{NAME}.arrivals"]
    assert fit.seen == pytest.approx(14 * 8 * 40, rel=0.05)
    assert fit.goodness is not None
    assert fit.goodness.p_value > 0.01


def test_the_law_of_service_is_found(fitted: Fitted) -> None:
    service = fitted.data["classes"]["talk-care"]["service"]
    assert service["law"] == "lognormal"
    assert service["mean_s"] == pytest.approx(240, rel=0.05)
    assert service["scv"] == pytest.approx(0.5, rel=0.15)


def test_the_law_of_wrap_up_is_found(fitted: Fitted) -> None:
    wrap_up = fitted.data["classes"]["talk-care"]["wrap_up"]
    assert wrap_up["law"] == "gamma"
    assert wrap_up["mean_s"] == pytest.approx(20, rel=0.05)


def test_patience_is_found_though_most_of_it_was_never_tried(fitted: Fitted) -> None:
    patience = fitted.data["classes"]["talk-care"]["patience"]
    assert patience == {"law": "exponential", "mean_s": pytest.approx(120, rel=0.1)}
    fit = fitted.fits[f"{NAME}.patience"]
    assert fit.cut_off > 500
    assert fit.goodness is not None
    assert fit.goodness.p_value > 0.05


def test_who_works_when_is_found(fitted: Fitted) -> None:
    (group,) = fitted.data["groups"].values()
    assert group["skills"] == {"german": 50}
    assert group["agents"] == 3  # the fourth never came
    days = ["mon", "tue", "wed", "thu", "fri"]
    assert group["shifts"] == [{"begins": "8h", "lasts": "10h", "days": days, "agents": 3}]


def test_what_was_found_is_a_scenario(fitted: Fitted) -> None:
    scenario = fitted.scenario()
    assert scenario.faults() == []
    assert scenario.plan == centre().plan
    assert scenario.start == "2026-01-05T00:00:00Z"
    assert scenario.run.length == timedelta(days=28)


def test_each_fit_stands_beside_its_law(fitted: Fitted) -> None:
    text = fitted.to_toml()
    assert tomllib.loads(text)["classes"].keys() == {"talk-care"}
    lines = text.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("patience = "))
    assert lines[place - 1].startswith("# ")
    assert "cut off; KS" in lines[place - 1]


def test_who_was_not_served_gets_a_guess_that_is_told() -> None:
    run = '[run]\nlength = "1h"\nbatches = 1\n'
    shifts = 'shifts = [{begins = "8h", lasts = "1h"}]\n'
    fitted = fit_scenario(journal_of(scene(run + recorded(5) + DESK + shifts)))
    assert fitted.data["classes"]["voice-care"]["service"] == {"law": "exponential", "mean_s": 300.0}
    assert "guess" in fitted.remarks["classes.voice-care.service"]
    assert "always there" in fitted.remarks["groups.group-1"]
    assert fitted.scenario().faults() == []


def test_staff_takes_what_was_fitted() -> None:
    """Whoever is added to members is like them."""
    shift = 'members = ["ana"]\nshifts = [{begins = "0h", lasts = "3h"}]\n'
    text = recorded(*range(5, 3600, 12)) + "[groups.desk]\n" + shift
    scenario = fit_scenario(journal_of(scene('[run]\nlength = "1d"\nbatches = 1\n' + text))).scenario()
    short = attrs.evolve(scenario, run=Run(length=timedelta(hours=4), batches=1))
    assert ignored(short)
    found = staff(short, Target(99, timedelta(seconds=5)), seeds=1, processes=1)
    assert found.best.agents["group-1"] > 0


def test_members_of_the_plan_stay_members() -> None:
    run = '[run]\nlength = "2h"\nbatches = 1\n'
    desk = '[groups.desk]\nmembers = ["ana"]\n'
    fitted = fit_scenario(journal_of(scene(run + recorded(5, 600, rest="skills = {german = 1}") + desk)))
    (group,) = fitted.data["groups"].values()
    assert group["members"] == ["ana"]
    assert fitted.data["classes"]["voice-care"]["skills"] == {"german": 1}
    assert fitted.data["classes"]["voice-care"]["service"] == {"law": "deterministic", "mean_s": 10.0}


def test_customers_of_other_skills_are_another_class() -> None:
    run = '[run]\nlength = "2h"\nbatches = 1\n'
    text = recorded(5) + recorded(6, name="german", rest="skills = {german = 1}") + '[groups.desk]\nmembers = ["ana"]\n'
    assert fit_scenario(journal_of(scene(run + text))).data["classes"].keys() == {"voice-care", "voice-care-2"}


def test_those_who_still_wait_have_waited_so_long() -> None:
    run = '[run]\nlength = "1h"\nbatches = 1\n'
    shifts = 'shifts = [{begins = "8h", lasts = "1h"}]\n'
    late = recorded(5) + recorded(3000, name="more")
    (seen,) = Observed.of(journal_of(scene(run + late + DESK + shifts))).kinds.values()
    # The last that is recorded is that the second has waited as long as a live contact is to at most.
    assert list(seen.cut_waits) == [3115 * SECOND, 120 * SECOND]


def test_a_second_wait_tells_nothing_of_the_first() -> None:
    shift = 'shifts = [{begins = "8h", lasts = "8h"}]\nat_shift_end = "drop"'
    observed = Observed.of(journal_of(scene(recorded(16 * 3600 - 4, channel="mail") + DESK + shift)))
    (seen,) = observed.kinds.values()
    assert (list(seen.cut_waits), list(seen.services)) == ([0], [])
    assert next(end - begin for begin, end in observed.stays["desk-1"]) == 8 * HOUR_US


BACK = '[plan.teams.back]\n[plan.queues.back]\nteam = "back"\n'


def overflowing(rest: str) -> Observed:
    """Three calls within two seconds for one agent of `care`, and one of `back` who helps out as the plan says."""
    plan = PLAN.replace("[plan.queues.care]", f'[plan.queues.care]\noverflow_to = "back"\n{rest}') + BACK
    groups = DESK + DESK.replace("desk", "more").replace('"care"', '"back"')
    return Observed.of(journal_of(scene(recorded(0, 1, 2, rest='queue = "care"') + groups, plan)))


def test_who_overflows_at_once_came_to_the_queue_that_was_meant() -> None:
    (kind, seen), *others = overflowing("overflow_if = {saturated = true}").kinds.items()
    assert (kind, others) == (("voice", "care", ()), [])
    assert [at_us - MONDAY_US for at_us in seen.arrivals] == [0, SECOND, 2 * SECOND]
    assert (list(seen.cut_waits), list(seen.services)) == ([0, 0, 9 * SECOND], [10 * SECOND] * 3)


def test_who_overflows_later_came_but_once_and_waits_on() -> None:
    ((kind, seen),) = overflowing('steps = [{lasts = "5s"}]').kinds.items()
    assert kind == ("voice", "care", ())
    assert len(seen.arrivals) == 3
    assert list(seen.cut_waits) == [0, 5 * SECOND, 14 * SECOND]


def test_who_is_turned_away_came_too() -> None:
    plan = PLAN.replace("[plan.queues.care]", "[plan.queues.care]\nlimit = 0")
    ((kind, seen),) = Observed.of(journal_of(scene(recorded(0, 1, 20) + DESK, plan))).kinds.items()
    assert kind == ("voice", "care", ())
    assert [at_us - MONDAY_US for at_us in seen.arrivals] == [0, SECOND, 20 * SECOND]
    assert (list(seen.waits), list(seen.cut_waits)) == ([], [0, 0])


def test_who_is_turned_away_while_they_wait_came_but_once_and_would_have_waited_longer() -> None:
    plan = PLAN.replace(
        "[plan.queues.care]",
        '[plan.queues.care]\nwhen_closed = "turn_away"\nhours = {zone = "UTC", mon = ["00:00-00:01"]}',
    )
    ((_, seen),) = Observed.of(journal_of(scene(recorded(0, 10, service_s=100) + DESK, plan))).kinds.items()
    assert [at_us - MONDAY_US for at_us in seen.arrivals] == [0, 10 * SECOND]
    assert (list(seen.waits), list(seen.cut_waits), list(seen.services)) == ([], [0, 50 * SECOND], [100 * SECOND])


# What the last plan says


REQUIRED = PLAN.replace('wrap_up = "1m"', 'wrap_up_mode = "required"')


def finished_with(*dispositions: str, last: str) -> Fitted:
    """The fit of a day on which so many calls were finished so, one after another."""
    texts = [
        recorded(60 * number, channel="talk", name=f"talk{number}", rest=f'disposition = "{given}"')
        for number, given in enumerate(dispositions)
    ]
    return fit_scenario(journal_of(scene("".join(texts) + DESK, REQUIRED), last))


@pytest.mark.parametrize(
    ("dispositions", "expected"),
    [(("sold", "lost", "lost"), "lost"), (("sold", "lost"), "lost"), (("sold", "sold", "a", "b"), "sold")],
)
def test_the_most_frequent_disposition_ends_a_wrap_up_that_requires_one(
    dispositions: Sequence[str], expected: str
) -> None:
    fitted = finished_with(*dispositions, last=REQUIRED)
    assert fitted.data["classes"]["talk-care"]["disposition"] == expected
    assert (fitted.scenario().faults(), fitted.remarks, fitted.left_out) == ([], {}, {})


def test_of_dispositions_only_those_of_the_last_plan_are_given() -> None:
    known = "[plan.cases.dispositions.sold]\n[plan.cases.dispositions.back]\n"
    fitted = finished_with("lost", "lost", "sold", last=REQUIRED + known)
    assert fitted.data["classes"]["talk-care"]["disposition"] == "sold"
    guessed = finished_with("lost", last=REQUIRED + known)
    assert guessed.data["classes"]["talk-care"]["disposition"] == "back"
    assert "guess" in guessed.remarks["classes.talk-care.disposition"]
    assert guessed.scenario().faults() == []


def test_a_wrap_up_that_was_not_required_yet_gets_a_guess() -> None:
    fitted = fit_scenario(journal_of(scene(recorded(0, channel="talk") + DESK), REQUIRED))
    assert fitted.data["classes"]["talk-care"]["disposition"] == "done"
    assert "disposition was seen" in fitted.to_toml()
    assert fitted.scenario().faults() == []


def test_what_agents_finished_with_counts_though_there_was_no_wrap_up() -> None:
    text = recorded(0, channel="voice", rest='disposition = "sold"')
    last = PLAN.replace("[plan.channels.voice]", '[plan.channels.voice]\nwrap_up_mode = "required"')
    fitted = fit_scenario(journal_of(scene(text + DESK), last))
    assert fitted.data["classes"]["voice-care"]["disposition"] == "sold"


def test_wrap_up_is_left_out_where_the_last_plan_has_none() -> None:
    text = recorded(0, channel="talk", rest='wrap_up = {law = "deterministic", mean = "15s"}') + DESK
    fitted = fit_scenario(journal_of(scene(text), PLAN.replace('wrap_up = "1m"', "")))
    assert "wrap_up" not in fitted.data["classes"]["talk-care"]
    assert "wrap-up is left out" in fitted.to_toml()
    assert fitted.scenario().faults() == []


@pytest.mark.parametrize(
    ("lost", "gone"),
    [
        ("[plan.channels.chat]\nlive = true\nweight_percent = 33\n", "channel 'chat'"),
        ('[plan.queues.sales]\nteam = "sales"\n', "queue 'sales'"),
        ('[plan.skills]\ngerman = "German"\n', "skill 'german'"),
    ],
)
def test_who_came_where_the_last_plan_has_nothing_is_left_out(lost: str, gone: str) -> None:
    rest = 'queue = "sales"\nskills = {german = 1}'
    plan = PLAN.replace("skills = {german = 90}\n", "")
    desk = DESK.replace('["care"]', '["care", "sales"]') + "skills = {german = 50}\n"
    text = recorded(0, 100) + recorded(200, 300, channel="chat", name="chats", rest=rest) + desk
    fitted = fit_scenario(journal_of(scene(text, plan), plan.replace(lost, "")))
    why = {"classes.chat-sales": f"left out, as the last plan has no {gone} (2 came)"}
    assert (fitted.data["classes"].keys(), fitted.left_out) == ({"voice-care"}, why)
    assert fitted.to_toml().startswith(f"# classes.chat-sales: left out, as the last plan has no {gone}")
    assert fitted.scenario().faults() == []


def test_nothing_can_be_fitted_if_all_are_left_out() -> None:
    journal = journal_of(scene(recorded(0) + DESK), PLAN.replace("[plan.channels.voice]", "[plan.channels.phone]"))
    with pytest.raises(DefinitionError, match=r"classes\.voice-care: left out, .* no channel 'voice'"):
        fit_scenario(journal)


def test_members_whose_role_no_longer_lets_them_work_are_left_out() -> None:
    last = PLAN.replace("[plan.agents.ana]", '[plan.roles.head]\nmay = ["SignIn"]\n[plan.agents.ana]\nroles = ["head"]')
    desk = '[groups.desk]\nmembers = ["ana"]\n'
    fitted = fit_scenario(journal_of(scene(recorded(0) + desk), last))
    assert "lets them work: ana" in fitted.left_out["groups.group-1"]
    assert fitted.data["groups"] == {"group-1": {"agents": 1, "teams": ["care", "sales"]}}
    assert fitted.scenario().faults() == []


def test_rules_that_ask_predicates_are_left_out_and_no_fault_of_a_run_without_a_path() -> None:
    rule = '[[plan.rules]]\nname = "{name}"\non = "InteractionAttached"\n{when}'
    rule += 'do = [{{do = "raise_priority", minutes = 1}}]\n'
    asking = rule.format(name="good", when='when = {predicate = "acme.vip@1"}\n')
    text = recorded(0) + DESK
    fitted = fit_scenario(journal_of(scene(text), PLAN + asking + rule.format(name="all", when="")))
    assert fitted.left_out.keys() == {"plan.rules[0]"}
    assert "ask no predicates" in fitted.to_toml()
    assert [one.name for one in fitted.scenario().plan.rules] == ["all"]
    with pytest.raises(DefinitionError) as caught:
        simulate(scene(text, PLAN + asking))
    assert [fault.path for fault in caught.value.faults] == ["plan.rules[0].when.predicate"]


def test_work_items_are_a_class_too() -> None:
    fitted = fit_scenario(journal_of(scene(recorded(0, 5, channel="task") + DESK)))
    assert fitted.scenario().classes["task-care"].channel == "task"
    assert fitted.scenario().faults() == []


def test_progress_is_told_by_position() -> None:
    told: list[int] = []
    fit_scenario(journal_of(scene(recorded(*range(300)) + DESK)), told.append)
    assert told == list(range(1000, told[-1] + 1, 1000))


def test_an_empty_journal_shows_nothing() -> None:
    with pytest.raises(DefinitionError, match="no customers"):
        fit_scenario(MemoryJournal())


# By hand


def test_rates_are_counts_over_the_time_that_was_seen() -> None:
    """From Monday 0:00 to Tuesday of the next week, 1:00: the first hours were seen twice."""
    arrivals = [MONDAY_US, MONDAY_US + 1, MONDAY_US + 7 * 24 * HOUR_US, MONDAY_US + 30 * HOUR_US]
    rates = hourly_rates(arrivals, MONDAY_US, MONDAY_US + (8 * 24 + 1) * HOUR_US)
    assert (rates[0], rates[30], rates[31], sum(rates)) == (1.5, 1, 0, 2.5)


def test_hours_that_were_never_seen_have_no_rate() -> None:
    rates = hourly_rates([MONDAY_US], MONDAY_US, MONDAY_US + HOUR_US // 2)
    assert (rates[0], sum(rates)) == (2, 2)


def test_time_is_shared_out_over_the_hours() -> None:
    spans = time_in_slots([(MONDAY_US + HOUR_US // 2, MONDAY_US + 2 * HOUR_US), (MONDAY_US, MONDAY_US + 1)])
    assert spans[:3] == [HOUR_US // 2 + 1, HOUR_US, 0]


@pytest.mark.parametrize(
    ("zone", "hour"),
    [("Europe/Berlin", 1), ("America/New_York", 19 + 6 * 24), ("Asia/Kolkata", 5), ("Pacific/Kiritimati", 14)],
)
def test_hours_are_those_of_the_clock_on_the_wall(zone: str, hour: int) -> None:
    rates = hourly_rates([MONDAY_US + 1], MONDAY_US, MONDAY_US + HOUR_US // 4, ZoneInfo(zone))
    assert [place for place, rate in enumerate(rates) if rate] == [hour]


def test_an_hour_that_the_clocks_skip_was_never_seen_and_one_that_they_repeat_was_seen_twice() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    for day, hours in ((datetime(2026, 3, 29, tzinfo=berlin), 0), (datetime(2026, 10, 25, tzinfo=berlin), 2)):
        begin_us, end_us = (since_epoch_us(one) for one in (day, day + timedelta(days=1)))
        spans = time_in_slots([(begin_us, end_us)], berlin)
        sunday = 6 * 24
        assert spans[sunday + 2] == hours * HOUR_US
        assert spans[sunday + 3] == HOUR_US
        assert sum(spans) == end_us - begin_us


def test_weeks_and_shifts_are_those_of_the_workspaces_zone() -> None:
    """A desk that opens at eight in New York opens at eight in the scenario, which begins on a Monday there."""
    scenario = centre(days=2)
    there = attrs.evolve(
        scenario,
        plan=attrs.evolve(scenario.plan, workspace=attrs.evolve(scenario.plan.workspace, zone="America/New_York")),
        start="2026-01-05T05:00:00Z",
    )
    found = fit_scenario(journal_of(there))
    assert found.data["start"] == "2026-01-05T05:00:00Z"
    (group,) = found.data["groups"].values()
    assert group["shifts"] == [{"begins": "8h", "lasts": "10h", "days": ["mon", "tue"], "agents": 3}]
    rates = found.data["classes"]["talk-care"]["arrivals"]["rates"]
    assert {place % 24 for place, rate in enumerate(rates) if rate} == set(range(9, 17))


def test_patience_is_all_time_waited_over_those_who_left() -> None:
    fit = fit_patience([10 * SECOND, 20 * SECOND], [30 * SECOND, 40 * SECOND])
    assert fit is not None
    assert fit.law == {"law": "exponential", "mean_s": 50.0}
    assert (fit.seen, fit.cut_off) == (2, 2)


def seen_of(patience: Sequence[int], answered: Sequence[int]) -> tuple[list[int], list[int]]:
    """Who left after how long, and who was answered before they would have."""
    pairs = list(zip(patience, answered, strict=True))
    return [own for own, other in pairs if own < other], [other for own, other in pairs if own >= other]


def test_patience_that_begins_late_is_lognormal_though_most_of_it_was_cut_off() -> None:
    """Hardly anybody leaves within the first minute: no exponential law says so."""
    random = Random(11)
    patience = [round(random.lognormvariate(log(180e6), 0.4)) for _ in range(4000)]
    answered = [round(random.expovariate(1 / 120e6)) for _ in range(4000)]
    waits, cut_waits = seen_of(patience, answered)
    assert len(cut_waits) > 2 * len(waits)
    fit = fit_patience(waits, cut_waits)
    assert fit is not None
    assert fit.law["law"] == "lognormal"
    # The law drawn from has this mean and squared coefficient of variation.
    assert fit.law["mean_s"] == pytest.approx(180 * exp(0.08), rel=0.04)
    assert fit.law["scv"] == pytest.approx(exp(0.16) - 1, rel=0.15)
    assert fit.goodness is not None
    assert fit.goodness.p_value > 0.05


@pytest.mark.parametrize("seed", range(8))
def test_patience_that_knows_no_past_stays_exponential(seed: int) -> None:
    random = Random(seed)
    patience, answered = ([round(random.expovariate(1 / 120e6)) for _ in range(2000)] for _ in range(2))
    fit = fit_patience(*seen_of(patience, answered))
    assert fit is not None
    assert fit.law == {"law": "exponential", "mean_s": pytest.approx(120, rel=0.1)}


def test_the_law_of_patience_is_the_likeliest_of_its_kind() -> None:
    """As likely by the law that was found as by none near it."""
    random = Random(3)
    patience = [round(random.lognormvariate(log(60e6), 0.5)) for _ in range(500)]
    waits, cut_waits = seen_of(patience, [round(random.uniform(0, 120e6)) for _ in range(500)])
    fit = fit_patience(waits, cut_waits)
    assert fit is not None

    def likelihood(mean_s: float, scv: float) -> float:
        sigma = sqrt(log(1 + scv))
        law = NormalDist(log(mean_s * 1e6) - sigma * sigma / 2, sigma)
        ends = sum(log(law.pdf(log(value)) / value) for value in waits)
        return ends + sum(log(1 - law.cdf(log(value))) for value in cut_waits if value)

    best = likelihood(fit.law["mean_s"], fit.law["scv"])
    for factor in (0.97, 1.03):
        assert best > likelihood(fit.law["mean_s"] * factor, fit.law["scv"])
        assert best > likelihood(fit.law["mean_s"], fit.law["scv"] * factor)


@pytest.mark.parametrize(
    ("waits", "cut_waits"),
    [
        pytest.param([0, 1, 5], [7], id="somebody left at once"),
        pytest.param([5, 5, 5], [7, 9], id="all left after the same time"),
        pytest.param([100, 101], [10**14] * 500, id="hardly anybody left"),
    ],
)
def test_patience_of_which_too_little_is_known_is_exponential(waits: list[int], cut_waits: list[int]) -> None:
    fit = fit_patience(waits, cut_waits)
    assert fit is not None
    assert fit.law["law"] == "exponential"


def test_where_nobody_left_patience_is_unknown() -> None:
    assert fit_patience([], [SECOND]) is None


@pytest.mark.parametrize("law", ["exponential", "gamma", "lognormal"])
def test_the_best_of_the_laws_is_taken(law: str) -> None:
    random = Random(5)
    draws = {
        "exponential": lambda: random.expovariate(1 / 60e6),
        "gamma": lambda: random.gammavariate(4, 15e6),
        "lognormal": lambda: random.lognormvariate(log(60e6), 1),
    }
    fit = fit_service([round(draws[law]()) for _ in range(5000)])
    assert fit is not None
    # A gamma law of shape 1 is the exponential law.
    assert fit.law["law"] == law or (law == "exponential" and fit.law["scv"] == pytest.approx(1, abs=0.1))


def test_durations_that_never_vary_are_deterministic() -> None:
    fit = fit_service([SECOND, SECOND])
    assert fit is not None
    assert (fit.law, fit.goodness) == ({"law": "deterministic", "mean_s": 1.0}, None)
    assert fit.remark() == "2 seen"


def test_no_durations_have_no_law() -> None:
    assert fit_service([]) is None


def test_durations_of_nothing_are_no_logarithms() -> None:
    fit = fit_service([0, SECOND, 2 * SECOND])
    assert fit is not None
    assert fit.law["law"] in {"exponential", "gamma"}


RULES = """
[[plan.rules]]
name = "look: into it"
on = "InteractionDone"
when = {field = "interaction.channel", value = "voice"}
do = [{do = "open_work_item", channel = "task"}]
"""


def worked(last: str, rest: str = "") -> Fitted:
    """Three calls, each followed by work; then another plan."""
    text = '[run]\nlength = "3h"\nbatches = 1\n' + recorded(0, 3600, 7200, rest=rest)
    work = '[classes.tasks]\nchannel = "task"\nservice = {law = "deterministic", mean = "30s"}\n'
    return fit_scenario(journal_of(scene(text + work + DESK, PLAN + RULES), last))


def test_work_that_rules_of_the_plan_ask_for_does_not_come_by_itself() -> None:
    fitted = worked(PLAN + RULES)
    tasks = fitted.data["classes"]["task-care"]
    assert "arrivals" not in tasks
    assert tasks["service"] == {"law": "deterministic", "mean_s": 30.0}
    assert fitted.remarks["classes.task-care.channel"] == "rules of the plan ask for all of it"
    assert "rules of the plan ask for all of it" in fitted.to_toml()
    scenario = fitted.scenario()
    assert scenario.faults() == []
    (stretch,) = Driver(attrs.evolve(scenario, run=Run(length=timedelta(days=7), batches=1)), 1).run()
    assert 0 < stretch.classes["task-care"].came <= stretch.classes["voice-care"].answered


def test_work_that_no_rule_of_the_plan_asks_for_any_more_comes_as_it_did() -> None:
    for plan in (PLAN, PLAN + RULES.replace("look: into it", "look"), PLAN + RULES.replace('"task"', '"other"')):
        more = "[plan.channels.other]\nwork = true\n" if '"other"' in plan else ""
        fitted = worked(more + plan)
        assert fitted.fits["classes.task-care.arrivals"].seen == 3
        assert fitted.scenario().faults() == []


def test_work_that_rules_ask_for_and_that_was_never_seen_is_a_guess() -> None:
    run = '[run]\nlength = "3h"\nbatches = 1\n'
    plan = PLAN + RULES.replace("}]", ', queue = "sales"}, {do = "open_work_item", channel = "task"}]')
    fitted = fit_scenario(journal_of(scene(run + recorded(0) + DESK), plan))
    guess = {"channel": "task", "queue": "sales", "service": {"law": "exponential", "mean_s": 300.0}}
    assert fitted.data["classes"]["task"] == guess
    assert "'look: into it' asks for was never seen" in fitted.remarks["classes.task.service"]
    assert [fault.path for fault in fitted.scenario().faults()] == ["classes.task"], "no group serves the queue"


def test_a_disposition_that_most_were_finished_with_is_the_classs() -> None:
    cases = "[plan.cases]\ndispositions = {done = {resolves = true}}\n"
    run = '[run]\nlength = "3h"\nbatches = 1\n'
    given, none = recorded(0, 100, 200, rest='disposition = "done"'), recorded(300, 400, name="others")
    fitted = fit_scenario(journal_of(scene(run + given + none + DESK, PLAN + cases)))
    assert fitted.data["classes"]["voice-care"]["disposition"] == "done"
    none = recorded(300, 400, 500, name="others")
    fitted = fit_scenario(journal_of(scene(run + given + none + DESK, PLAN + cases)))
    assert "disposition" not in fitted.data["classes"]["voice-care"], "half of them"
