"""Whatever a plan says of routing, presence and channels can be simulated, and so can what a journal is fitted to."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import attrs
import pytest
from tests.counts import EXAMPLES
from tests.moves import SCORES
from tests.swarm import Run as SwarmRun

from orchestra.codec.events import to_record
from orchestra.journal.memory import MemoryJournal
from orchestra.model.cases import Disposition
from orchestra.model.events import InteractionStarted
from orchestra.model.records import Batch
from orchestra.simulation.clockwork import Clockwork
from orchestra.simulation.fitting import Fitted, fit_scenario
from orchestra.simulation.run import simulate
from orchestra.simulation.scenario import Scenario
from orchestra.simulation.schema import Run

pytestmark = pytest.mark.truth

PEOPLE = """
[run]
length = "16h"
warm_up = "2h"
batches = 3
[plan.workspace]
default_queue = "a"
[plan.teams.t]
[plan.teams.u]
[plan.skills]
g = "German"
[plan.labels.l]
limit = 1
[plan.queues.b]
team = "u"
"""

OVER = 'overflow_to = "b"\n'
QUEUE = (
    ("[plan.queues.a]\nteam = 't'",),
    (
        'when_closed = "wait"',
        'when_closed = "finish"',
        'when_closed = "turn_away"',
        f'{OVER}overflow_if = {{wait_above = "30s"}}\nwhen_closed = "overflow"',
        f'{OVER}limit = 3\nat_risk = "overflow"',
        f'{OVER}steps = [{{lasts = "40s"}}]\nwhen_closed = "turn_away"',
        'steps = [{lasts = "30s", skills = {g = 50}}, {}]',
        'steps = [{lasts = "20s", pool = "bots", skip_if = {nobody = true}}, {pool = "people"}]',
        'steps = [{pool = "known", lasts = "10s"}, {}]\nwhen_closed = "turn_away"',
        'steps = [{lasts = "30s", skip_if = {saturated = true}}, {teams = ["u", "t"], relax = {"*" = 0}}]',
    ),
    ("", 'hours = {zone = "UTC", mon = ["05:00-09:00", "10:00-15:00"]}'),
    ('requeue = "keep"', 'requeue = "front"', 'requeue = "reset"'),
    ("newest_first = true", "newest_first = false"),
    ("", "ageing_percent = 300", "ageing_percent = 0", 'ageing = [{after = "1m", priority = 3}]'),
    (
        'order = ["busy", "idle"]',
        'order = ["random"]',
        'order = ["handled", "talk", "idle"]',
        'order = ["proficiency", "spare_ratio"]',
        'order = ["affinity", "idle_inbound"]',
    ),
    ("", "ring = {first = 2}", 'ring = {first = 1, more = 1, every = "5s"}'),
    ('exhausted = "retry"', 'exhausted = "next_step"'),
    ("", 'also = {u = {after = "30s", level = 2}}'),
    ("", 'labels = ["l"]'),
)

CHANNELS = (
    ("[plan.channels.voice]\nlive = true\nlimit = 1",),
    ("", 'connects = "10s"'),
    ("", 'interrupts = ["mail"]'),
    ("", 'wrap_up = "30s"', 'wrap_up_mode = "optional"', 'wrap_up = "30s"\nwrap_up_mode = "fixed"'),
    ("", 'resume_within = "0s"', 'resume_within = "10m"'),
    ("[plan.channels.chat]\nlive = true\nweight_percent = 33",),
    ("", 'silence = {after = "1m", percent = 10}'),
    ('on_agent_lost = "requeue"', 'on_agent_lost = "park"', 'on_agent_lost = "keep"'),
    ("[plan.channels.mail]",),
    ("", "weight_percent = 20", "weight_percent = 50"),
    ('put_aside = "keep"', 'put_aside = "requeue"'),
    ('on_agent_lost = "requeue"', 'on_agent_lost = "park"', 'on_agent_lost = "keep"'),
    ('idle_after = "never"', 'idle_after = "1d"', 'idle_after = "20m"'),
    ("[plan.channels.task]\nwork = true",),
    ("", "weight_percent = 50"),
    ("[plan.presence]",),
    ("misses = 0", "misses = 1", "misses = 3"),
    ("", 'rest_after_decline = "20s"'),
    (
        "",
        'rate = {offers = 5, per = "5m"}',
        'warm_up = {percent = 50, lasts = "20m", steps = 3}',
        'on_return = {offers = 5, per = "30m"}',
    ),
)

CASES = (
    ("[plan.cases]\ndispositions = {done = {resolves = true}, open = {}}",),
    ('close_after = "1m"', 'close_after = "3h"', ""),
    ('archive_after = "1m"', 'archive_after = "2h"', ""),
    ("", 'hand_off_within = "1h"'),
)


def rule(on: str, do: str, when: str = "") -> str:
    """A rule of the plan, called as what it follows."""
    condition = f"when = {{{when}}}\n" if when else ""
    return f'[[plan.rules]]\nname = "{on}"\non = "{on}"\n{condition}do = [{{{do}}}]'


RULES = (
    (
        "",
        rule("InteractionDone", 'do = "open_work_item", channel = "task"', 'field = "interaction.live", value = true'),
        rule("InteractionAbandoned", 'do = "open_work_item", channel = "task", queue = "b", minutes = 5'),
    ),
    ("", rule("CaseResolved", 'do = "open_work_item", channel = "task", queue = "b"')),
    ("", rule("InteractionAttached", 'do = "queue", queue = "b"', 'field = "interaction.channel", value = "chat"')),
    ("", rule("OfferEnded", 'do = "raise_priority", minutes = 3'), rule("OfferEnded", 'do = "queue", queue = "b"')),
    ("", rule("OfferAccepted", 'do = "hold"'), rule("OfferAccepted", 'do = "assign", team = "u"')),
    ("", rule("InteractionQueued", 'do = "escalate"'), rule("InteractionQueued", 'do = "wait", on = "customer"')),
)

CUSTOMERS = (
    (
        'arrivals = {law = "poisson", rate = 8}',
        'arrivals = {law = "varying", rates = [0, 16, 6, 3], cycle = "8h"}',
        'arrivals = {law = "renewal", interval = {law = "gamma", mean = "8m", shape = 2}}',
    ),
    (
        'service = {law = "exponential", mean = "8m"}',
        'service = {law = "lognormal", mean = "6m", scv = 1.2}',
        'service = {law = "exponential", mean_at = ["6m", "8m"]}',
    ),
    ("", "", "skills = {g = 30}"),
    ("", 'disposition = "open"', 'disposition = "done"', 'disposition = "done"'),
)
IN_PERSON = (
    ("", 'patience = {law = "exponential", mean = "3m"}', 'patience = {law = "deterministic", mean = "4m"}'),
    ("", 'retry = {after = {law = "exponential", mean = "2m"}, percent = 50, most = 3}'),
)

GROUPS = (
    ('[groups.x]\nteams = ["t"]\nskills = {g = 60}',),
    ("agents = 1", "agents = 3"),
    ("", 'ring = {law = "exponential", mean = "8s"}'),
    ("", "decline_percent = 20"),
    ("", 'shifts = [{begins = "4h", lasts = "5h"}, {begins = "10h", lasts = "6h", agents = 1}]'),
    ('at_shift_end = "finish"', 'at_shift_end = "drop"'),
    ('[groups.y]\nagents = 2\nteams = ["u"]',),
    ("", 'shifts = [{begins = "3h", lasts = "4h"}]'),
    ('at_shift_end = "finish"', 'at_shift_end = "drop"'),
    ("", '[plan.agents.rob]\nkind = "bot"\nteams = ["t"]\ncapacity_percent = 500\n[groups.bots]\nmembers = ["rob"]'),
)


def drawn(dice: Random, rows: tuple[tuple[str, ...], ...]) -> str:
    """One of the alternatives of each row."""
    return "".join(f"{line}\n" for line in map(dice.choice, rows) if line)


def generated(seed: int) -> Scenario:
    """A scenario of a day, always the same of a seed."""
    dice = Random(seed)
    classes = "".join(
        f'[classes.{channel}]\nchannel = "{channel}"\nqueue = "a"\n'
        + drawn(dice, CUSTOMERS + (IN_PERSON if channel in ("voice", "chat") else ()))
        for channel in ("voice", "chat", "mail", "task")
    )
    lines = dice.choice(("", "", "lines = 6\n"))
    parts = (drawn(dice, rows) for rows in (QUEUE, CHANNELS, CASES, RULES, GROUPS))
    return Scenario.parse(lines + PEOPLE + "".join(parts) + classes)


@pytest.fixture(autouse=True)
def _time_never_falls(monkeypatch: pytest.MonkeyPatch) -> None:
    step = Clockwork.step

    def watched(self: Clockwork, before_us: int) -> bool:
        was_us = self.now_us
        went_on = step(self, before_us)
        assert self.now_us >= was_us
        return went_on

    monkeypatch.setattr(Clockwork, "step", watched)


@pytest.mark.parametrize("seed", range(1 + EXAMPLES // 3))
def test_whatever_a_plan_says_can_be_simulated(seed: int) -> None:
    """The books of every stretch balance, or it would break; and customers came."""
    results = simulate(generated(seed))
    assert results.total["blocked_tries"].n > 0
    for figures in (results.total, *results.classes.values(), *results.groups.values()):
        for name in {"abandoned", "blocked", "occupancy", "p_wait"} & figures.estimates.keys():
            assert 0 <= (figures[name].value or 0) <= 1


def fitted_to(seed: int) -> Fitted:
    """What the journal of a run of the swarm shows, in which somebody came."""
    run = SwarmRun(seed)
    run.go(100)
    while not any(isinstance(one.event, InteractionStarted) for one in run.driver.log):
        run.go(100)
    log, journal = run.driver.log, MemoryJournal()
    batches = [Batch([to_record(one.event, number, one.at_us, one.actor)]) for number, one in enumerate(log, 1)]
    journal.append(0, batches, journal.acquire("test", log[0].at_us, 10**15))
    return fit_scenario(journal)


@pytest.mark.parametrize("seed", range(1, 2 + EXAMPLES // 25))
def test_what_the_swarms_journals_are_fitted_to_can_be_simulated(seed: int) -> None:
    scenario = fitted_to(seed).scenario()
    short = attrs.evolve(scenario, run=Run(length=timedelta(days=1), batches=1))
    assert simulate(short, scores=SCORES).total["duration"].value == 86_400
    assert simulate(settled(short), scores=SCORES).total["duration"].value == 86_400


def settled(scenario: Scenario) -> Scenario:
    """The same, but every contact settles its case, which is closed and archived soon."""
    cases = attrs.evolve(
        scenario.plan.cases,
        dispositions={"done": Disposition(resolves=True)},
        close_after=timedelta(minutes=1),
        archive_after=timedelta(minutes=5),
    )
    classes = {name: attrs.evolve(one, disposition="done") for name, one in scenario.classes.items()}
    return attrs.evolve(scenario, plan=attrs.evolve(scenario.plan, cases=cases), classes=classes)
