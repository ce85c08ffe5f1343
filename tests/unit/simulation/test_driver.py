"""Small runs whose every figure is known by hand."""

from __future__ import annotations

from itertools import islice
from typing import Any

import attrs
import pytest
from tests.unit.simulation.scenes import DESK, FOLLOWED, PLAN, counted, figures, ran, recorded, scene

from orchestra.engine.engine import Engine
from orchestra.errors import DefinitionError
from orchestra.model import events as e
from orchestra.model.addresses import Address
from orchestra.simulation.books import SimulationBroken
from orchestra.simulation.clockwork import Clockwork
from orchestra.simulation.driver import Driver
from orchestra.simulation.scenario import Scenario
from orchestra.simulation.tally import Tally, merged

SECOND = 1_000_000


def seconds(tally: Tally, curve: str) -> float:
    return tally.areas[curve] / SECOND


def test_one_agent_serves_one_after_the_other() -> None:
    tallies = counted(scene(recorded(0, 5, 30) + DESK))
    calls, desk = tallies["calls"], tallies["desk"]
    assert (calls.came, calls.answered, calls.abandoned, calls.waited) == (3, 3, 0, 1)
    assert calls.wait_us == 5 * SECOND
    assert calls.length_us == 40 * SECOND
    assert (seconds(calls, "waiting"), seconds(calls, "serving")) == (5, 30)
    assert (seconds(desk, "busy"), seconds(desk, "staffed")) == (30, 40)
    assert (calls.served, calls.service_us) == (3, 30 * SECOND)
    assert calls.stay_us == 35 * SECOND


def test_who_has_no_patience_left_leaves() -> None:
    patience = 'patience = {law = "deterministic", mean = "3s"}'
    calls = counted(scene(recorded(0, 1, 12, rest=patience) + DESK))["calls"]
    assert (calls.answered, calls.abandoned) == (2, 1)
    assert calls.wait_us == 3 * SECOND
    assert calls.answered_us == 0
    assert seconds(calls, "waiting") == 3


def test_who_finds_no_line_hears_busy_and_never_reaches_the_engine() -> None:
    driver = Driver(scene("lines = 1\n" + recorded(0, 1, 11) + DESK), 1)
    (stretch,) = driver.run()
    calls = stretch.classes["calls"]
    assert (calls.came, calls.blocked, calls.answered) == (3, 1, 2)
    assert len(driver.engine.view.contacts.interactions) == 2


def test_who_comes_to_a_full_queue_is_turned_away() -> None:
    plan = PLAN.replace('[plan.queues.care]\nteam = "care"', '[plan.queues.care]\nteam = "care"\nlimit = 1')
    calls = counted(scene(recorded(0, 1, 2, 11) + DESK, plan))["calls"]
    assert (calls.came, calls.blocked, calls.answered, calls.waited) == (4, 1, 3, 2)


def test_where_known_agents_are_asked_beyond_their_capacity_others_go_as_ever() -> None:
    """Nobody knows a customer who is simulated, so that all of them skip the step."""
    steps = '[plan.queues.care]\nteam = "care"\nsteps = [{pool = "known", beyond_capacity = true, lasts = "1m"}, {}]'
    plan = PLAN.replace('[plan.queues.care]\nteam = "care"', steps)
    of = recorded(0, 5, 30, rest='patience = {law = "deterministic", mean = "8s"}') + DESK
    assert counted(scene(of, plan)) == counted(scene(of))


def test_who_gives_up_after_a_place_that_began_anew_has_waited_all_the_same() -> None:
    """The engine tells of the wait since then; the figures are of all of it."""
    plan = PLAN.replace('[plan.queues.care]\nteam = "care"', '[plan.queues.care]\nteam = "care"\nrequeue = "reset"')
    patience = 'patience = {law = "deterministic", mean = "20s"}'
    scenario = scene(
        recorded(0, rest=patience) + DESK + 'decline_percent = 100\nring = {law = "deterministic", mean = "7s"}', plan
    )
    driver = Driver(scenario, 1)
    (stretch,) = driver.run()
    assert (stretch.classes["calls"].abandoned, stretch.classes["calls"].wait_us) == (1, 20 * SECOND)


CLOSING = PLAN.replace(
    "[plan.queues.care]",
    '[plan.queues.care]\nwhen_closed = "turn_away"\nhours = {zone = "UTC", mon = ["00:00-00:01", "01:00-02:00"]}',
)
"""A queue that closes after a minute, and opens again after an hour."""


def test_who_waits_when_the_queue_closes_is_turned_away() -> None:
    """The first is served on; the others leave the line at 60, and with it the time they waited; one comes too late."""
    run = '[run]\nlength = "100s"\nbatches = 4\n'
    patience = 'patience = {law = "deterministic", mean = "5m"}'
    stretches = ran(scene(run + "\n" + recorded(0, 10, 30, 70, service_s=65, rest=patience) + DESK, CLOSING))
    calls = merged(stretch.classes["calls"] for stretch in stretches)
    assert (calls.came, calls.first_blocked, calls.answered, calls.abandoned, calls.served) == (4, 3, 1, 0, 1)
    assert (seconds(calls, "waiting"), calls.wait_us) == (50 + 30, 0)
    assert [stretch.classes["calls"].blocked for stretch in stretches] == [0, 0, 3, 0]


def test_lines_are_free_again_when_those_who_wait_are_turned_away() -> None:
    rest = 'retry = {after = {law = "deterministic", mean = "1h"}, of = ["blocked"]}'
    calls = counted(scene("lines = 2\n" + recorded(0, 10, service_s=70, rest=rest) + DESK, CLOSING))["calls"]
    assert (calls.came, calls.first, calls.blocked, calls.answered) == (3, 2, 1, 2)
    assert seconds(calls, "retrying") == 3600


def test_who_was_answered_before_their_queue_turned_them_away_was_not_blocked() -> None:
    """The agent leaves at 40 for good, and the call waits anew: at 60 it is over."""
    shift = 'shifts = [{begins = "0s", lasts = "40s"}]\nat_shift_end = "drop"'
    calls = counted(scene(recorded(0, service_s=50) + DESK + shift, CLOSING))["calls"]
    assert (calls.came, calls.answered, calls.blocked, calls.served) == (1, 1, 0, 0)
    assert (seconds(calls, "waiting"), seconds(calls, "serving")) == (20, 40)


def test_what_is_put_aside_is_gone_on_with() -> None:
    plan = PLAN.replace(
        "[plan.channels.talk]", '[plan.channels.urgent]\nlive = true\ninterrupts = ["voice"]\n[plan.channels.talk]'
    )
    urgent = recorded(4).replace("calls", "urgent").replace('"voice"', '"urgent"')
    tallies = counted(scene(recorded(0, rest='patience = {law = "deterministic", mean = "5s"}') + urgent + DESK, plan))
    calls, first = tallies["calls"], tallies["urgent"]
    assert (calls.abandoned, calls.served, first.served) == (0, 1, 1)
    assert (calls.stay_us, first.stay_us) == (20 * SECOND, 10 * SECOND)
    assert seconds(calls, "serving") == 10


def test_what_is_put_aside_may_be_over_before_it_is_gone_on_with() -> None:
    """The mail is read for 4 s, put aside at 4, and idle for a minute at 60: the call still goes on then."""
    aside = '[plan.channels.urgent]\nlive = true\ninterrupts = ["mail"]\n[plan.channels.talk]'
    plan = PLAN.replace("[plan.channels.talk]", aside).replace('idle_after = "never"', 'idle_after = "1m"')
    urgent = recorded(4, service_s=100, channel="urgent", name="urgent")
    tallies = counted(scene(recorded(0, channel="mail", name="mails") + urgent + DESK, plan))
    mails = tallies["mails"]
    assert (mails.answered, mails.served, mails.service_us, mails.stay_us) == (1, 1, 4 * SECOND, 60 * SECOND)
    assert (seconds(mails, "waiting"), seconds(tallies["desk"], "busy")) == (56, 104)


def test_who_heard_busy_tries_again() -> None:
    retry = 'retry = {after = {law = "deterministic", mean = "20s"}}'
    calls = counted(scene("lines = 1\n" + recorded(0, 1, rest=retry) + DESK))["calls"]
    assert (calls.came, calls.first, calls.blocked, calls.first_blocked, calls.answered) == (3, 2, 1, 1, 2)
    assert seconds(calls, "retrying") == 20
    assert calls.wait_us == 0


def test_who_left_tries_again_with_new_patience() -> None:
    rest = 'patience = {law = "deterministic", mean = "3s"}\n'
    rest += 'retry = {after = {law = "deterministic", mean = "2s"}, of = ["abandoned"]}'
    calls = counted(scene(recorded(0, 1, rest=rest) + DESK))["calls"]
    # Leaves at 4, is back from 6 to 9, and at 11 is answered at once.
    assert (calls.came, calls.abandoned, calls.answered) == (4, 2, 2)
    assert (calls.wait_us, calls.answered_us) == (6 * SECOND, 0)
    assert seconds(calls, "retrying") == 4


def test_tries_are_limited() -> None:
    retry = 'retry = {after = {law = "deterministic", mean = "1s"}, most = 2}'
    calls = counted(scene("lines = 1\n" + recorded(0, 1, rest=retry) + DESK))["calls"]
    assert (calls.came, calls.blocked, calls.answered) == (4, 3, 1)


def test_time_never_falls_though_who_is_back_in_their_place_was_to_be_answered_long_ago(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second waits from 1 to 151, and is back at 152 in the old place, whose connect target was at 121."""
    told: list[int] = []
    step = Clockwork.step

    def noted(self: Clockwork, before_us: int) -> bool:
        went_on = step(self, before_us)
        told.append(self.now_us)
        return went_on

    monkeypatch.setattr(Clockwork, "step", noted)
    rest = 'patience = {law = "deterministic", mean = "150s"}\n'
    rest += 'retry = {after = {law = "deterministic", mean = "1s"}, of = ["abandoned"], most = 1}'
    calls = counted(scene(recorded(0, 1, service_s=1000, rest=rest) + DESK))["calls"]
    assert told == sorted(told)
    assert (calls.came, calls.abandoned, calls.wait_us) == (3, 2, 300 * SECOND)


@pytest.fixture
def archiving() -> Scenario:
    """Settled customers are archived soon; two who are turned away try again after that."""
    plan = PLAN.replace('[plan.queues.care]\nteam = "care"', '[plan.queues.care]\nteam = "care"\nlimit = 1')
    plan += '[plan.cases]\nclose_after = "1s"\narchive_after = "1m"\ndispositions = {done = {resolves = true}}\n'
    rest = 'disposition = "done"\nretry = {after = {law = "deterministic", mean = "5m"}}'
    return scene(recorded(0, 1, 2, 3, 11, 200, 400, rest=rest) + DESK, plan)


def test_settled_customers_are_archived_as_the_plan_says_and_no_figure_changes(archiving: Scenario) -> None:
    kept = attrs.evolve(archiving.plan, cases=attrs.evolve(archiving.plan.cases, archive_after=None))
    assert counted(archiving) == counted(attrs.evolve(archiving, plan=kept))
    driver = Driver(archiving, 1)
    (stretch,) = driver.run()
    calls = stretch.classes["calls"]
    assert (calls.came, calls.first, calls.answered, calls.blocked) == (9, 7, 7, 2)
    view = driver.engine.view
    assert len(view.identity.customers) <= 3, "the others are settled"
    assert view.archive.counts["archived"] == 7 - len(view.identity.customers)


def test_a_chance_of_trying_again() -> None:
    retry = 'retry = {after = {law = "deterministic", mean = "1s"}, percent = 50}'
    times = [0.0, *(1 + number / 1000 for number in range(400))]
    calls = counted(scene("lines = 1\n" + recorded(*times, service_s=1000, rest=retry) + DESK))["calls"]
    assert calls.first == 401
    assert calls.came - calls.first == pytest.approx(400, abs=90)  # 400 first failures, each 1/2 + 1/4 + ... further


def test_an_offer_that_rings_is_waited_for() -> None:
    calls = counted(scene(recorded(0, 1) + DESK + 'ring = {law = "deterministic", mean = "4s"}'))["calls"]
    assert calls.wait_us == (4 + 17) * SECOND


def test_who_leaves_while_it_rings_is_no_fault_of_the_agent() -> None:
    patience = 'patience = {law = "deterministic", mean = "3s"}'
    ring = 'ring = {law = "deterministic", mean = "4s"}'
    tallies = counted(scene(recorded(0, 1, 60, rest=patience) + DESK + ring))
    assert (tallies["calls"].answered, tallies["calls"].abandoned) == (0, 3)
    assert seconds(tallies["desk"], "busy") == 0


def test_missed_offers_set_an_agent_away_who_comes_back() -> None:
    """Every second answer comes too late; two misses in a row, and the agent is away for five minutes."""
    ring = 'ring = {law = "empirical", values_s = [1.0, 25.0]}'
    tallies = counted(scene(recorded(*range(0, 6000, 100)) + DESK + ring))
    assert tallies["calls"].answered == 60
    assert tallies["calls"].wait_us > 60 * SECOND
    assert seconds(tallies["desk"], "staffed") == tallies["desk"].length_us / SECOND


def test_declined_offers_are_asked_again_later() -> None:
    tallies = counted(scene(recorded(*range(0, 3000, 100)) + DESK + "decline_percent = 50"))
    assert tallies["calls"].answered == 30
    assert tallies["calls"].wait_us >= 5 * 30 * SECOND


def test_wrap_up_keeps_the_agent() -> None:
    rest = 'wrap_up = {law = "deterministic", mean = "15s"}'
    tallies = counted(scene(recorded(0, 1, channel="talk", rest=rest) + DESK))
    assert tallies["calls"].wait_us == 24 * SECOND
    assert seconds(tallies["desk"], "busy") == 50
    assert seconds(tallies["calls"], "serving") == 20


def test_wrap_up_ends_with_the_channels_longest() -> None:
    rest = 'wrap_up = {law = "deterministic", mean = "5m"}'
    tallies = counted(scene(recorded(0, channel="talk", rest=rest) + DESK))
    assert seconds(tallies["desk"], "busy") == 70


@pytest.mark.parametrize(("mode", "busy"), [("optional", 310), ("required", 310), ("fixed", 70)])
def test_wrap_up_ends_as_its_mode_says(mode: str, busy: int) -> None:
    lasts = 'wrap_up = "1m"'
    plan = PLAN.replace(lasts, f'wrap_up_mode = "{mode}"\n{lasts if mode == "fixed" else ""}')
    rest = 'disposition = "done"\nwrap_up = {law = "deterministic", mean = "5m"}'
    tallies = counted(scene(recorded(0, channel="talk", rest=rest) + DESK, plan))
    assert seconds(tallies["desk"], "busy") == busy


def test_without_a_law_wrap_up_takes_no_time() -> None:
    assert seconds(counted(scene(recorded(0, channel="talk") + DESK))["desk"], "busy") == 10


CHATS = """
[classes.chats]
channel = "chat"
arrivals = {law = "recorded", at_s = [0.0, 4.0]}
service = {law = "deterministic", mean_at_s = [10.0, 20.0]}
"""


def test_work_goes_on_at_the_speed_of_what_is_in_hand() -> None:
    """4 s alone leave 6, which take 12 beside another; that has 4 left then, alone."""
    chats = counted(scene(CHATS + DESK))["chats"]
    assert chats.wait_us == 0
    assert chats.length_us == 20 * SECOND
    assert chats.service_us == (16 + 16) * SECOND


def test_a_wrap_up_counts_as_in_hand() -> None:
    talks = recorded(0, 10, channel="talk", rest='wrap_up = {law = "deterministic", mean = "6s"}', name="talks")
    text = talks.replace("mean_s = 10.0", "mean_at_s = [10.0, 20.0]") + DESK + "capacity_percent = 200"
    # The second begins while the first is wrapped up: 6 s at half speed leave 7.
    assert counted(scene(text))["talks"].service_us == (10 + 13) * SECOND


def test_work_items_are_opened_and_done() -> None:
    driver = Driver(scene(recorded(0, 4, channel="task", name="tasks") + recorded(2) + DESK), 1)
    (stretch,) = driver.run()
    tasks = stretch.classes["tasks"]
    assert (tasks.came, tasks.answered, tasks.served, tasks.wait_us) == (2, 2, 2, 16 * SECOND)
    view = driver.engine.view
    assert [row.channel for row in view.contacts.interactions.values()] == ["task", "voice", "task"]
    assert len({row.customer for row in view.contacts.interactions.values()}) == 3


def test_fast_agents_need_less() -> None:
    assert counted(scene(recorded(0) + DESK + "speed = 2.5"))["calls"].service_us == 4 * SECOND


def test_a_groups_own_law_holds_there() -> None:
    own = 'service = {calls = {law = "deterministic", mean = "3s"}}'
    tallies = counted(scene(recorded(0, 0) + DESK + own + DESK.replace("desk", "other")))
    assert tallies["desk"].service_us == 3 * SECOND
    assert tallies["other"].service_us == 10 * SECOND


DAY_S = 86_400


def test_nobody_answers_before_the_shift() -> None:
    shift = 'shifts = [{begins = "8h", lasts = "8h"}]'
    tallies = counted(scene(recorded(8 * 3600 - 10) + DESK + shift))
    assert tallies["calls"].wait_us == 10 * SECOND
    assert seconds(tallies["desk"], "staffed") == 10


def test_after_the_shift_the_last_work_is_finished() -> None:
    shift = 'shifts = [{begins = "8h", lasts = "8h", days = ["mon"]}]'
    run = '[run]\nlength = "2d"\nbatches = 1\n'
    tallies = counted(scene(run + recorded(16 * 3600 - 4, 16 * 3600 - 2) + DESK + shift))
    assert (tallies["calls"].answered, tallies["calls"].served) == (1, 1)
    assert tallies["desk"].areas["staffed"] == (8 * 3600 + 6) * SECOND
    assert seconds(tallies["desk"], "busy") == 10


def test_who_drops_everything_leaves_the_rest_to_others() -> None:
    """4 s are worked, the other 6 on the next day; the second wait is no second answer."""
    shift = 'shifts = [{begins = "8h", lasts = "8h"}]\nat_shift_end = "drop"'
    mails = recorded(16 * 3600 - 4, channel="mail")
    tallies = counted(scene(mails + DESK + shift))
    calls = tallies["calls"]
    assert (calls.answered, calls.served, calls.wait_us) == (1, 1, 0)
    assert seconds(calls, "waiting") == 16 * 3600
    assert seconds(calls, "serving") == 10
    assert calls.service_us == 10 * SECOND
    assert calls.stay_us == (10 + 16 * 3600) * SECOND
    assert calls.length_us == (10 + 16 * 3600) * SECOND + (16 * 3600 - 4) * SECOND


@pytest.mark.parametrize("park_for", ["1h", "1d"])
def test_what_is_parked_waits_for_the_next_shift(park_for: str) -> None:
    shift = 'shifts = [{begins = "8h", lasts = "8h"}]\nat_shift_end = "drop"'
    plan = PLAN.replace('on_agent_lost = "requeue"', f'on_agent_lost = "park"\npark_for = "{park_for}"')
    calls = counted(scene(recorded(16 * 3600 - 4, channel="mail") + DESK + shift, plan))["calls"]
    assert (calls.answered, calls.served) == (1, 1)
    assert (seconds(calls, "waiting"), seconds(calls, "serving")) == (16 * 3600, 10)


@pytest.mark.parametrize("service", ["mean_s = 10.0", "mean_at_s = [10.0, 20.0]"])
def test_what_an_agent_keeps_who_is_gone_is_gone_on_with_in_the_next_shift(service: str) -> None:
    """4 s are worked before the shift ends, and 6 in the next one; nobody is at work in between."""
    shift = 'shifts = [{begins = "8h", lasts = "8h"}]\nat_shift_end = "drop"'
    plan = PLAN.replace('on_agent_lost = "requeue"', 'on_agent_lost = "keep"')
    run, mails = '[run]\nlength = "34h"\nbatches = 1\n', recorded(16 * 3600 - 4, channel="mail")
    tallies = counted(scene(run + mails.replace("mean_s = 10.0", service) + DESK + shift, plan))
    calls, desk = tallies["calls"], tallies["desk"]
    assert (calls.answered, calls.served, calls.service_us) == (1, 1, (10 + 16 * 3600) * SECOND)
    assert (seconds(desk, "busy"), seconds(desk, "staffed")) == (10, 10 * 3600)


SALES = '[groups.sales]\nagents = 1\nteams = ["sales"]\n'


def test_work_that_rules_ask_for_is_done_by_those_who_serve_its_queue() -> None:
    """Two calls of 10 s, one after the other; each is followed by work of 30 s. None of it comes by itself."""
    work = '[classes.looking]\nchannel = "task"\nqueue = "sales"\nservice = {law = "deterministic", mean = "30s"}\n'
    other = work.replace("looking", "other").replace("sales", "care").replace("30s", "1s")
    driver = Driver(scene(recorded(0, 5) + other + work + DESK + SALES, PLAN + FOLLOWED), 1)
    (stretch,) = driver.run()
    calls, looking, sales = stretch.classes["calls"], stretch.classes["looking"], stretch.groups["sales"]
    assert (calls.answered, looking.came, looking.first, looking.answered) == (2, 2, 2, 2)
    assert (looking.wait_us, seconds(sales, "busy")) == (20 * SECOND, 60)
    assert stretch.classes["other"].came == 0
    assert looking.length_us == 70 * SECOND


def test_whoever_was_archived_meanwhile_is_known_when_they_try_again() -> None:
    """Who left is settled by work that a rule asks for, and archived before they call again; others never come back."""
    plan = PLAN + FOLLOWED.replace("InteractionDone", "InteractionAbandoned")
    plan += '[plan.cases]\nclose_after = "1s"\narchive_after = "1m"\ndispositions = {done = {resolves = true}}\n'
    rest = 'disposition = "done"\npatience = {law = "deterministic", mean = "5s"}\n'
    rest += 'retry = {after = {law = "deterministic", mean = "10m"}, of = ["abandoned"]}'
    work = (
        '[classes.looking]\nchannel = "task"\nservice = {law = "deterministic", mean = "30s"}\ndisposition = "done"\n'
    )
    scenario = scene(recorded(0, 1, 300, 900, rest=rest) + work + DESK + SALES, plan)
    driver, seen = Driver(scenario, 1), list[e.Event]()
    notice = driver._clock._notice
    driver._clock._notice = lambda events: (seen.extend(events), notice(events))[1]
    (stretch,) = driver.run()
    calls = stretch.classes["calls"]
    assert (calls.came, calls.answered, calls.abandoned) == (5, 4, 1)
    (back,) = [event.customer for event in seen if isinstance(event, e.CustomerRecalled)]
    assert [event.customer for event in seen if isinstance(event, e.InteractionAbandoned)] == [back]
    assert sum(isinstance(event, e.CustomerAdded) for event in seen) == 4, "they are who they were"
    assert driver._clock.archived.take(Address("simulated", "calls-1")) is None


def test_work_of_another_queue_takes_as_long_as_that_of_the_channel() -> None:
    other = '[classes.other]\nchannel = "task"\nqueue = "care"\nservice = {law = "deterministic", mean = "7s"}\n'
    tallies = counted(scene(recorded(0) + other + DESK + SALES, PLAN + FOLLOWED))
    assert (tallies["other"].served, seconds(tallies["sales"], "busy")) == (1, 7)


def test_work_that_rules_ask_for_changes_no_draw_of_those_who_come() -> None:
    tasks = '[classes.tasks]\nchannel = "task"\nbacklog = 5\nservice = {law = "exponential", mean = "30s"}\n'
    text = tasks + recorded(0, 50, 90, 200) + DESK.replace('"care"', '"care", "sales"').replace("= 1", "= 9")
    followed, alone = (Driver(scene(text, plan), 1) for plan in (PLAN + FOLLOWED, PLAN))
    came, drawn = list[int](), list[list[float]]()
    for driver in (followed, alone):
        (stretch,) = driver.run()
        came.append(stretch.classes["tasks"].came)
        drawn.append([customer.work_us for customer in islice(driver._sources[0]._coming, 3)])
    assert drawn[0] == drawn[1]
    assert came == [9, 5]


def test_work_that_nobody_described_breaks_a_run() -> None:
    driver = Driver(scene(recorded(0) + DESK), 1)
    driver._set_up()
    event = e.InteractionStarted("in9", "cu9", "task", "main", None, False, 0)
    with pytest.raises(SimulationBroken, match="work was asked for on channel task, and no class says how long"):
        driver._notice([event])


def test_shifts_that_overlap_add_up() -> None:
    shifts = 'shifts = [{begins = "8h", lasts = "4h", agents = 2}, {begins = "10h", lasts = "4h", agents = 1}]'
    desk = DESK.replace("agents = 1", "agents = 3") + shifts
    run = '[run]\nlength = "1d"\nbatches = 24\n'
    levels = [
        stretch.groups["desk"].areas["staffed"] // 3_600_000_000 for stretch in ran(scene(run + recorded(0) + desk))
    ]
    assert levels == [0] * 8 + [2, 2, 3, 3, 1, 1] + [0] * 10


def test_a_shift_goes_on_beyond_midnight_and_the_week() -> None:
    shift = 'shifts = [{begins = "22h", lasts = "4h", days = ["sun"]}]'
    run = '[run]\nlength = "8d"\nbatches = 8\n'
    levels = [
        stretch.groups["desk"].areas["staffed"] // 3_600_000_000
        for stretch in ran(scene(run + recorded(0) + DESK + shift))
    ]
    assert levels == [2, 0, 0, 0, 0, 0, 2, 2]


def test_agents_of_the_plan_can_be_members() -> None:
    desk = '[groups.desk]\nmembers = ["ana"]\n'
    calls = counted(scene(recorded(0, rest='queue = "sales"\nskills = {german = 80}') + desk))["calls"]
    assert calls.answered == 1


def test_skills_lead_to_who_has_them() -> None:
    text = recorded(0, 0, rest="skills = {german = 50}") + DESK
    tallies = counted(scene(text + DESK.replace("desk", "able") + "skills = {german = 60}"))
    assert (tallies["desk"].answered, tallies["able"].answered) == (0, 2)


def test_priority_goes_first() -> None:
    urgent = recorded(2, name="urgent", rest="priority = 10")
    tallies = counted(scene(recorded(0, 1) + urgent + DESK))
    assert tallies["urgent"].wait_us == 8 * SECOND
    assert tallies["calls"].wait_us == 19 * SECOND


def test_a_backlog_is_there_from_the_start() -> None:
    text = recorded(channel="mail", rest="backlog = 3")
    calls = counted(scene(text + DESK))["calls"]
    assert (calls.came, calls.wait_us, calls.length_us) == (3, 30 * SECOND, 30 * SECOND)


def test_a_run_by_contacts_counts_so_many_after_the_warm_up() -> None:
    run = "[run]\ncontacts = 60\nwarm_up_contacts = 20\nbatches = 4\n"
    poisson = recorded(0).replace('{law = "recorded", at_s = [0.0]}', '{law = "poisson", rate = 10}')
    stretches = ran(scene(run + poisson + DESK))
    assert [stretch.classes["calls"].came for stretch in stretches] == [10, 10, 10, 10]


def test_a_run_by_contacts_may_use_up_all_there_are() -> None:
    run = "[run]\ncontacts = 4\nbatches = 2\n"
    stretches = ran(scene(run + recorded(0, 1, 2, 3) + DESK))
    assert [stretch.classes["calls"].came for stretch in stretches] == [2, 2]
    assert sum(stretch.classes["calls"].served for stretch in stretches) == 4


def test_a_run_by_time_is_cut_into_equal_parts_after_the_warm_up() -> None:
    run = '[run]\nlength = "100s"\nwarm_up = "20s"\nbatches = 4\n'
    stretches = ran(scene(run + recorded(0, 30, 31, 95) + DESK))
    assert [stretch.classes["calls"].length_us for stretch in stretches] == [20 * SECOND] * 4
    assert [stretch.classes["calls"].came for stretch in stretches] == [2, 0, 0, 1]
    assert [seconds(stretch.classes["calls"], "serving") for stretch in stretches] == [10, 10, 0, 5]


def test_a_run_by_time_lasts_to_its_end_though_nobody_comes() -> None:
    (stretch,) = ran(scene('[run]\nlength = "1d"\nbatches = 1\n' + recorded(0) + DESK))
    assert stretch.classes["calls"].length_us == DAY_S * SECOND


def test_looks_are_at_the_same_instant_of_every_cycle() -> None:
    run = '[run]\nlength = "40s"\nbatches = 1\n[results]\ncycle = "10s"\nat = ["5s"]\n'
    results = figures(scene(run + recorded(0, 4, 21) + DESK))
    assert results.total["in_service_at.5"].value == 0.75
    assert results.total["queue_length_at.5"].value == 0.25


def test_progress_is_told_and_ends_at_one() -> None:
    told: list[float] = []
    run = "[run]\ncontacts = 1500\nbatches = 1\n"
    poisson = recorded(0, service_s=1).replace('{law = "recorded", at_s = [0.0]}', '{law = "poisson", rate = 10}')
    Driver(scene(run + poisson + DESK), 1, told.append).run()
    assert told == [500 / 1500, 1000 / 1500, 1.0, 1.0]


def test_equal_seeds_give_equal_runs_and_others_do_not() -> None:
    run = "[run]\ncontacts = 300\nbatches = 2\n"
    poisson = recorded(0).replace('{law = "recorded", at_s = [0.0]}', '{law = "poisson", rate = 300}')
    scenario = scene(run + poisson + DESK + 'ring = {law = "exponential", mean = "1s"}')
    assert ran(scenario, 3) == ran(scenario, 3)
    assert ran(scenario, 3) != ran(scenario, 4)


def test_whom_nobody_can_serve_breaks_a_run_without_an_end() -> None:
    text = recorded(0, rest="skills = {german = 50}") + DESK
    with pytest.raises((SimulationBroken, DefinitionError)):
        Driver(scene(text), 1).run()


def test_every_step_is_the_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the people do are commands, and what they learn are events of the engine."""
    executed: list[str] = []
    execute = Engine.execute

    def noted(self: Engine, command: Any, at_us: int, absent: Any) -> Any:
        executed.append(type(command).__name__)
        return execute(self, command, at_us, absent)

    monkeypatch.setattr(Engine, "execute", noted)
    driver = Driver(scene(recorded(0) + DESK), 1)
    driver.run()
    contact = ["ReceiveContact", "AcceptOffer", "FinishInteraction"]
    assert executed == ["ChangePlan", "DefineAgent", "SignIn", *contact]
    assert [row.state for row in driver.engine.view.contacts.interactions.values()] == ["DONE"]


def test_of_several_who_ring_the_first_has_the_contact_once_it_is_connected() -> None:
    of = PLAN.replace(
        '[plan.queues.care]\nteam = "care"', '[plan.queues.care]\nteam = "care"\nring = {first = 3}'
    ).replace('offer_timeout = "20s"', 'offer_timeout = "20s"\nconnects = "30s"')
    ring = 'ring = {law = "exponential", mean = "2s"}'
    text = recorded(0, 100, 200) + DESK.replace("agents = 1", "agents = 3") + ring
    driver = Driver(scene(text, of), 1)
    driver.run()
    routing = driver.engine.view.routing
    assert [row.state for row in driver.engine.view.contacts.interactions.values()] == ["DONE"] * 3
    assert routing.next_token() > 3, "several were asked"
    assert {bench.used_percent for bench in routing.benches.values()} == {0}


@pytest.mark.parametrize("curve", ["waiting", "serving"])
def test_books_that_do_not_balance_are_refused(curve: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(self: Driver, event: e.OfferAccepted) -> None:
        accepted(self, event)
        getattr(self._line.customers[event.interaction].source.counter, curve).up(0)

    accepted = Driver._on_accepted
    monkeypatch.setattr(Driver, "MEANING", {**Driver.MEANING, e.OfferAccepted: forgetful})
    with pytest.raises(SimulationBroken, match="calls: customers"):
        ran(scene(recorded(0) + DESK))


def test_littles_law_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(self: Driver, event: e.OfferAccepted) -> None:
        accepted(self, event)
        self._line.customers[event.interaction].source.counter.stints_us += 1

    accepted = Driver._on_accepted
    monkeypatch.setattr(Driver, "MEANING", {**Driver.MEANING, e.OfferAccepted: forgetful})
    with pytest.raises(SimulationBroken, match="Little's law"):
        ran(scene(recorded(0) + DESK))


def test_flow_balance_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(self: Driver, event: e.InteractionQueued) -> None:
        queued(self, event)
        self._line.customers[event.interaction].source.counter.entered += 1

    queued = Driver._on_queued
    monkeypatch.setattr(Driver, "MEANING", {**Driver.MEANING, e.InteractionQueued: forgetful})
    with pytest.raises(SimulationBroken, match="flow in"):
        ran(scene(recorded(0) + DESK))
