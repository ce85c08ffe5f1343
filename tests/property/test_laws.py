"""The ten laws of the engine, by number. What storage and tasks add to them is tested beside those."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from functools import cache

import attrs
import pytest
from tests import moves
from tests.engine_driver import START, Driver, Logged, replay
from tests.invariants import check_rebuilt, check_state
from tests.scripts import Step, run_step, script, told
from tests.swarm import Run

from orchestra.engine.engine import Engine
from orchestra.engine.lifecycle import INTERACTION, OFFER
from orchestra.model import commands as c, events as e
from orchestra.model.progress import KEYS
from orchestra.testing.purity import forbid_effects

SEEDS = range(6)


@pytest.mark.parametrize("how", ["replay", "snapshot", "both"])
@pytest.mark.parametrize("seed", SEEDS)
def test_law_01_recovery_at_any_position_then_the_same_events(seed: int, how: str) -> None:
    steps = script(seed)
    engine, log, expected = Engine(moves.SCORES), list[Logged](), list[list[str]]()
    lengths, snapshots = [], list[str]()
    for step in steps:
        lengths.append(len(log))
        snapshots.append(json.dumps(engine.dump(), sort_keys=True))
        decided = run_step(engine, step)
        expected.append(told(decided))
        log += [Logged(event, one.at_us, one.actor) for one in decided for event in one.events]
    for at in range(0, len(steps), 7):
        recovered = Engine(moves.SCORES)
        if how == "replay":
            recovered = replay(log[: lengths[at]], scores=moves.SCORES)
        elif how == "snapshot":
            recovered.load(json.loads(snapshots[at]))
        else:
            half = at // 2
            recovered.load(json.loads(snapshots[half]))
            for logged in log[lengths[half] : lengths[at]]:
                recovered.replay(logged.event, logged.at_us)
        for number, step in enumerate(steps[at:], at):
            assert told(run_step(recovered, step)) == expected[number], f"step {number}, recovered at {at}"
        check_rebuilt(engine, recovered)


@pytest.mark.parametrize("seed", SEEDS)
def test_law_02_refusal_changes_nothing(seed: int) -> None:
    engine, refusals = Engine(moves.SCORES), 0
    untouched = Engine(moves.SCORES)
    for step in script(seed):
        before, rows = engine.state_hash(), json.dumps(engine.dump(), sort_keys=True)
        decided = run_step(engine, step)
        if decided and decided[-1].actor == "refused":
            refusals += 1
            if len(decided) == 1:
                assert engine.state_hash() == before
                assert json.dumps(engine.dump(), sort_keys=True) == rows
        elif step.command is not None:
            run_step(untouched, step)
            continue
        run_step(untouched, Step(None, step.at_us))
    assert refusals > 0
    check_rebuilt(engine, untouched)


ENDS = (e.QuestionAnswered, e.InteractionDone, e.InteractionAbandoned, e.InteractionCanceled, e.InteractionDeflected)


@pytest.mark.parametrize("seed", SEEDS)
def test_law_03_no_interaction_is_lost(seed: int) -> None:
    engine, started, ended = Engine(moves.SCORES), set[str](), Counter[str]()
    for step in script(seed):
        for one in run_step(engine, step):
            for event in one.events:
                if isinstance(event, e.InteractionStarted | e.CallbackRequested):
                    started.add(event.interaction)
                if isinstance(event, ENDS):
                    ended[event.interaction] += 1
        rows = engine.view.contacts.interactions
        assert rows.keys() == started
        assert ended == Counter(name for name, row in rows.items() if row.state in INTERACTION.final)
        scheduled = {name for name, row in rows.items() if row.state == "SCHEDULED"}
        assert scheduled == {name for name, row in engine.view.callbacks.callbacks.items() if row.due_us is not None}
        routed = {name for name, item in engine.view.routing.items.items() if item.consult_on is None}
        linked = {name for name, row in rows.items() if row.state == "LINKED"}
        assert linked == engine.view.engagements.linked.keys()
        assert {name for name, row in rows.items() if not row.is_final} - scheduled == routed
        _check_deadlines(engine)


def _check_deadlines(engine: Engine) -> None:
    """Whatever is not over has a timer, a person who has it in hand, a queue, or another answer to wait for."""
    routing, timers = engine.view.routing, engine.view.timers
    for name, row in engine.view.contacts.interactions.items():
        if row.state == "QUEUED":
            item = routing.items[name]
            bucket, rank = routing.index.of_item[name]
            assert rank in bucket.waiting
            if routing.standing.is_behind(item):
                assert item.queue in routing.to_move
                assert timers.get("routing.move", "") is not None
            else:
                assert bucket.wanted == routing.rules.wanted(item)
                assert rank == routing.rules.rank(name, item)
        elif row.state in ("OFFERED", "CONNECTING"):
            for offer in routing.items[name].ringing.values():
                timer = "routing.offer" if routing.offers[offer].state == "PENDING" else "routing.connect"
                assert timers.get(timer, offer) == routing.offers[offer].deadline_us
        elif row.state == "SCHEDULED":
            assert timers.get("callbacks.due", name) == engine.view.callbacks.callbacks[name].due_us
        elif row.state == "LINKED":
            to = engine.view.contacts.interactions[engine.view.engagements.linked[name]]
            assert to.is_open, "waits for the answer to what is over"
            assert to.state != "LINKED", "waits for what waits"
        elif row.state == "DEFERRED":
            deferral = engine.view.engagements.deferred[name]
            assert timers.get("engagements.defer", name) == deferral.until_us
            assert not engine.view.contacts.interactions[deferral.to].is_final
        elif row.state == "DIALING":
            assert timers.get("callbacks.call", name) is not None
        elif row.state == "PARKED":
            assert row.agent in engine.view.presence.agents
            assert routing.items[name].lent_to is not None or timers.get("routing.park", name) is not None
        elif row.state == "WRAPPING":
            is_timed = row.wrap_up in ("timed", "fixed")
            assert row.agent in engine.view.presence.agents
            assert not is_timed or timers.get("contacts.wrap_up", name) is not None
        elif not row.is_final:
            assert row.agent in engine.view.presence.agents


@pytest.mark.parametrize("seed", SEEDS)
def test_law_04_never_two_owners_never_more_capacity_than_granted(seed: int) -> None:
    engine = Engine(moves.SCORES)
    for step in script(seed):
        granted = dict.fromkeys(engine.view.routing.benches, True)
        for one in run_step(engine, step):
            for event in one.events:
                if isinstance(event, e.OfferMade):
                    granted[event.agent] = False
        check_state(engine)
        holders: defaultdict[str, list[str]] = defaultdict(list)
        for agent, items in engine.view.routing.in_hand.items():
            for name in items:
                if engine.view.routing.items[name].state == "TAKEN":
                    holders[name].append(agent)
        assert all(len(agents) == 1 for agents in holders.values())
        for agent, bench in engine.view.routing.benches.items():
            if not granted.get(agent, True):
                assert bench.used_percent <= bench.capacity_percent


@pytest.mark.parametrize("seed", SEEDS)
def test_law_05_every_offer_ends_exactly_once(seed: int) -> None:
    engine, made, ended = Engine(moves.SCORES), dict[str, e.OfferMade](), dict[str, str]()
    until_us: dict[str, int] = {}
    for step in script(seed):
        for one in run_step(engine, step):
            for event in one.events:
                if isinstance(event, e.OfferMade):
                    assert event.offer not in made
                    made[event.offer], until_us[event.offer] = event, event.deadline_us
                elif isinstance(event, e.OfferConnecting):
                    assert one.at_us < until_us[event.offer]
                    until_us[event.offer] = event.until_us
                elif isinstance(event, e.OfferAccepted | e.OfferEnded):
                    outcome = event.outcome if isinstance(event, e.OfferEnded) else "ACCEPTED"
                    assert event.offer not in ended
                    assert outcome in OFFER.final
                    assert one.actor, "with reason and actor"
                    is_late = one.at_us >= until_us[event.offer]
                    assert is_late or outcome != "TIMED_OUT"
                    assert not is_late or outcome != "ACCEPTED"
                    ended[event.offer] = outcome
        is_open = {name for name, row in engine.view.routing.offers.items() if row.is_open}
        assert made.keys() - ended.keys() == is_open
        assert [event.token for event in made.values()] == list(range(1, len(made) + 1))
    run_step(engine, Step(c.SignOut("ana"), engine.now_us))
    assert ended


@pytest.mark.parametrize("seed", SEEDS)
def test_law_06_the_order_of_messages_within_a_conversation_holds(seed: int) -> None:
    engine, numbers = Engine(moves.SCORES), defaultdict[str, list[int]](list)
    for step in script(seed):
        for one in run_step(engine, step):
            for event in one.events:
                if isinstance(event, e.MessageReceived | e.MessageWritten | e.ReplyRecorded):
                    numbers[event.conversation].append(event.number)
    assert numbers
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())


@cache
def ran(seed: int) -> Run:
    """A run that is over. Several laws are looked for in it, and none of them changes it."""
    run = Run(seed)
    run.go(120)
    return run


@pytest.mark.parametrize("seed", range(20))
def test_law_07_a_delivery_is_tried_until_it_ends_and_never_blindly_twice(seed: int) -> None:
    run = ran(seed)
    started: Counter[tuple[str, int]] = Counter()
    ends: dict[str, str] = {}
    keys: dict[str, str] = {}
    for logged in run.driver.log:
        event = logged.event
        if isinstance(event, e.DeliveryPlanned):
            assert keys.setdefault(event.key, event.delivery) == event.delivery
        elif isinstance(event, e.DeliveryStarted):
            started[event.delivery, event.attempt] += 1
            assert event.delivery not in ends, f"{event.delivery} left after {ends.get(event.delivery)}"
        elif isinstance(
            event, e.DeliveryAccepted | e.DeliveryFailed | e.DeliveryUnknown | e.DeliveryExpired | e.DeliveryCanceled
        ):
            assert event.delivery not in ends
            ends[event.delivery] = type(event).__name__
    assert set(started.values()) <= {1}
    rows, notices = run.driver.engine.view.deliveries.deliveries, run.driver.engine.view.notices.notices
    # Of a case that goes on the customer hears again and again: the last word may be on its way.
    words = {name for name, row in rows.items() if row.notice in notices and notices[row.notice].key.startswith(KEYS)}
    left = {name for name in rows if name not in ends} - words
    assert left == {name for name, row in rows.items() if row.state == "STARTED"} - words


@pytest.mark.reach
def test_law_08_an_operators_stop_and_an_expiry_are_never_violated() -> None:
    """Quiet hours and consent come with the step that has them; these are the bans on sending that exist."""
    for seed in range(20):
        run = ran(seed)
        stops: set[tuple[str | None, str | None]] = set()
        planned: dict[str, tuple[str, str, int]] = {}
        for logged in run.driver.log:
            event = logged.event
            if isinstance(event, e.SendingStopped):
                stops.add((event.channel, event.topic))
            elif isinstance(event, e.SendingStarted):
                stops.remove((event.channel, event.topic))
            elif isinstance(event, e.DeliveryPlanned):
                planned[event.delivery] = event.channel, event.topic, event.expires_us
            elif isinstance(event, e.MessageAmended):
                if event.delivery is not None:
                    planned[event.delivery] = event.channel, event.topic, event.expires_us
            elif isinstance(event, e.CallSteered):
                topic = "call" if event.leg is None else "leg"
                planned[event.delivery] = event.channel, topic, event.expires_us
            elif isinstance(event, e.DeliveryStarted | e.DeliveryPermitted):
                channel, topic, expires_us = planned[event.delivery]
                scopes = {(x, y) for x in (None, channel) for y in (None, topic)}
                assert not scopes & stops
                assert logged.at_us < expires_us


@pytest.mark.parametrize("seed", range(20))
def test_law_09_every_open_case_has_exactly_one_accountable_owner(seed: int) -> None:
    run = ran(seed)
    owners: dict[str, tuple[str, str]] = {}
    for logged in run.driver.log:
        event = logged.event
        if isinstance(event, e.CaseOpened):
            assert event.case not in owners
            owners[event.case] = (event.owner_kind, event.owner)
        elif isinstance(event, e.CaseOwnerChanged):
            assert owners[event.case] != (event.owner_kind, event.owner), "nothing changed"
            owners[event.case] = (event.owner_kind, event.owner)
    view = run.driver.engine.view
    for name, case in view.cases.cases.items():
        assert (case.owner_kind, case.owner) == owners[name]
        if case.state != "CLOSED":
            assert case.owner in (view.plan.teams if case.owner_kind == "team" else view.presence.agents)


@pytest.mark.parametrize("seed", SEEDS)
def test_law_10_same_inputs_same_facts(seed: int) -> None:
    steps, outputs = script(seed), []
    for _ in range(2):
        engine = Engine(moves.SCORES)
        with forbid_effects():
            outputs.append([told(run_step(engine, step)) for step in steps])
        outputs[-1].append([engine.state_hash()])
    assert outputs[0] == outputs[1]


PRINT_HASHES = """
from orchestra.engine.engine import Engine
from tests import moves
from tests.scripts import run_step, script
for seed in range(3):
    engine = Engine(moves.SCORES)
    for step in script(seed):
        run_step(engine, step)
    print(engine.state_hash(), engine.position)
"""


@pytest.mark.reach
def test_law_10_whatever_the_process_and_the_seed_of_its_hashes() -> None:
    printed = set()
    for hash_seed in ("0", "1", "4242"):
        env = os.environ | {
            "PYTHONHASHSEED": hash_seed,
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        }
        done = subprocess.run([sys.executable, "-c", PRINT_HASHES], env=env, check=True, capture_output=True, text=True)
        printed.add(done.stdout)
    assert len(printed) == 1
    assert printed.pop().count("\n") == 3


def test_law_10_another_seed_other_draws() -> None:
    hashes = set()
    for seed in (1, 2):
        plan = moves.swarm_plan()
        seeded = attrs.evolve(plan, workspace=attrs.evolve(plan.workspace, seed=seed))
        driver = Driver(seeded, engine=Engine(moves.SCORES))
        driver.sign_in("ana")
        driver.sent(driver.answered())
        driver.run(c.StartDelivery("de1", 1, 1))
        driver.run(c.RecordOutcome("de1", 1, "retry"))
        hashes.add(driver.last(e.DeliveryRetried).next_us)
    assert len(hashes) == 2
    assert min(hashes) >= START
