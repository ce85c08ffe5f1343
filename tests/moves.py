"""Moves of a random workload: commands that make some sense in the present state, and some that make none.

Each move is given the engine and a chooser, so that a seeded run and a hypothesis machine draw from the same moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Protocol, TypeVar

import attrs

from orchestra.engine.definition.decide import missing
from orchestra.engine.engine import Engine
from orchestra.model import commands as c
from orchestra.model.actions import Actions
from orchestra.model.addresses import Address, ref
from orchestra.model.correlating import PLAIN, CaseScore, ScoredArrival, ScoredCase
from orchestra.model.definitions import AgentDefinition, Callbacks, Channel, Label, Queue, Rate, Silence, WarmUp
from orchestra.model.engagements import Engagements
from orchestra.model.hours import Hours
from orchestra.model.identity import Identity
from orchestra.model.pace import SendingRate
from orchestra.model.plan import Plan
from orchestra.model.routing import Ageing, Condition, Ring, Serving, Step
from orchestra.model.scores import (
    ProfileScore,
    Score,
    ScoredAgent,
    ScoredContact,
    ScoredNeed,
    ScoredProfile,
    Scores,
)
from tests import (
    action_moves,
    case_moves,
    commitment_moves,
    incident_moves,
    invitation_moves,
    ownership_moves,
    participant_moves,
    personal_moves,
)
from tests.engine_driver import CARE, HOUR, SECOND, person, thread
from tests.rule_plans import swarm_rules

__all__ = [
    "MOVES",
    "SCORES",
    "WEIGHTS",
    "Chooser",
    "Move",
    "change_midway",
    "come_back_to_no_queue",
    "confer",
    "customer_first",
    "next_plan",
    "seek_help",
    "stop_answers",
    "supervise",
    "swarm_plan",
]

Value = TypeVar("Value")
Move = Callable[[Engine, "Chooser"], "c.Command | None"]

AGENTS = ("ana", "bob", "cleo", "dan", "eve", "rob", "rob")
EXPERT = "fay"
"""Serves the queue that only consults come to, so that somebody is free to be consulted even where much waits."""
CUSTOMERS = tuple(f"customer{number}" for number in range(6))
CHANNELS = ("chat", "voice", "email")
TOPICS = ("order", "bill")
DISPOSITIONS = ("resolved", "callback", None)
REASONS = ("lunch", "meeting")


def _each(agent: ScoredAgent, contact: ScoredContact) -> int:
    """Whoever has little of this channel in hand, and of these whoever has German for who asks for none."""
    return agent.skills.get("german", 0) * (not contact.skills) - 100 * agent.open_on.get(contact.channel, 0)


def _fitting(profile: ScoredProfile, need: ScoredNeed) -> int:
    """Whoever has few skills that are not asked for."""
    return -len(profile.skills.keys() - need.skills.keys())


def _matching(case: ScoredCase, arrival: ScoredArrival) -> int:
    """Anything, the same for the same two."""
    return (7 * int(case.case[2:]) + 13 * int(arrival.interaction[2:])) % 101


def _half_matching(case: ScoredCase, arrival: ScoredArrival) -> int:
    return (100 // len(case.topics)) * (arrival.topic in case.topics)


def _failing(agent: ScoredAgent, contact: ScoredContact) -> int:
    return 100 // agent.open


SCORES: Scores = {
    "swarm.each@1": Score(_each),
    "swarm.fitting@2": ProfileScore(_fitting),
    "swarm.failing@1": Score(_failing),
    "swarm.matching@1": CaseScore(_matching),
    "swarm.half_matching@1": CaseScore(_half_matching),
}
"""Those that the plans of the swarm may name. Some fail: of who has nothing in hand, or of cases without a topic."""

_SCORED = (
    ["score:swarm.each@1", "idle"],
    ["busy", "score:swarm.fitting@2", "idle"],
    ["score:swarm.failing@1", "affinity", "score:swarm.fitting@2", "random"],
)


_BY_KNOWN = (["affinity", "busy", "idle"], ["busy", "affinity", "random"], ["proficiency", "affinity"])


class Chooser(Protocol):
    """Where choices come from."""

    def pick(self, options: Sequence[Value]) -> Value:
        """One of the options; there is at least one."""
        ...

    def number(self, least: int, most: int) -> int:
        """A number from `least` to `most`, both included."""
        ...

    def chance(self, percent: int) -> bool:
        """True about so often."""
        ...


@cache
def _care() -> Plan:
    return Plan.parse(CARE)


def swarm_plan() -> Plan:
    """A plan in which everything happens soon: short ids, short waits, few attempts."""
    plan = _care()
    second = timedelta(seconds=1)
    channels = {
        "chat": attrs.evolve(
            plan.channels["chat"], wrap_up=5 * second, connects=20 * second, silence=Silence(8 * second, 40)
        ),
        "voice": attrs.evolve(
            plan.channels["voice"],
            keep_ids=None,
            interrupts=["email", "task"],
            connect_target=30 * second,
            most_verified="basic",
        ),
        "email": attrs.evolve(
            plan.channels["email"],
            idle_after=600 * second,
            offer_timeout=90 * second,
            silence=Silence(30 * second, 0),
            on_agent_lost="park",
            park_for=40 * second,
            rate=SendingRate(3, 10 * second, 2),
        ),
        "task": Channel(work=True, weight_percent=30, wrap_up=3 * second, on_agent_lost="keep"),
    }
    channels["voice"] = attrs.evolve(channels["voice"], wrap_up_mode="required", wrap_up_percent=30)
    channels["email"] = attrs.evolve(channels["email"], wrap_up_mode="optional", wrap_up_percent=50)
    cases = attrs.evolve(
        plan.cases,
        close_after=1800 * second,
        reopen_within=3600 * second,
        hand_off_within=50 * second,
        topic_window=600 * second,
        correlator="swarm.matching@1",
        link_at=85,
        suggest_at=30,
        candidates=3,
    )
    deliveries = attrs.evolve(
        plan.deliveries,
        attempts=4,
        longest_retry=60 * second,
        permit=10 * second,
        expires_after=900 * second,
    )
    presence = attrs.evolve(
        plan.presence,
        misses=2,
        grace=20 * second,
        rest_after_decline=5 * second,
        rest_after_miss=9 * second,
        rest_after_setup_failure=3 * second,
        rate=Rate(6, 40 * second),
        on_return=Rate(5, 30 * second),
        warm_up=WarmUp(50, 20 * second, 4),
        window=120 * second,
    )
    callbacks = attrs.evolve(plan.callbacks, attempts=2, retry_after=20 * second, priority=1)
    queues = {
        "care": attrs.evolve(
            plan.queues["care"],
            also={"sales": Serving(20 * second, level=2)},
            limit=3,
            ageing=[Ageing(10 * second, 1), Ageing(30 * second, 5)],
            ring=Ring(first=2, every=4 * second, most=4),
        ),
        "german": attrs.evolve(
            plan.queues["german"],
            rank="due",
            known="last",
            labels=["complex"],
            exhausted="next_step",
            order=["position", "handled", "talk", "idle"],
            steps=[
                Step(pool="known", lasts=15 * second, skip_if=Condition(nobody=True)),
                Step(pool="bots", lasts=20 * second, skip_if=Condition(saturated=True)),
                Step(lasts=40 * second, clock="item"),
                Step(order=["preferred", "random"], prefer={"billing": 10}, relax={"*": 0}, ring=Ring(first=3)),
            ],
        ),
        "sales": attrs.evolve(
            plan.queues["sales"],
            newest_first=True,
            ageing=[Ageing(15 * second, 2)],
            requeue="front",
            labels=["money", "complex"],
            when_closed="overflow",
            order=["level", "affinity", "idle_inbound"],
            steps=[Step(lasts=60 * second, skills={"billing": 30})],
            overflow_to="care",
            overflow_if=Condition(waiting_above=3),
        ),
        "experts": Queue(
            "experts",
            also={"care": Serving(15 * second), "sales": Serving(40 * second, level=2)},
            labels=["money"],
            ageing=[Ageing(5 * second, 1)],
            limit=2,
            when_closed="turn_away",
            retry_after=10 * second,
        ),
    }
    agents = {
        **plan.agents,
        "rob": AgentDefinition(["care"], {"german": 90}, capacity_percent=300, kind="bot"),
        EXPERT: AgentDefinition(["experts"], capacity_percent=200),
    }
    presence = attrs.evolve(presence, bot_answers_within=25 * second)
    return attrs.evolve(
        plan,
        workspace=attrs.evolve(plan.workspace, zone="Europe/Berlin"),
        channels=channels,
        cases=cases,
        deliveries=deliveries,
        presence=presence,
        queues=queues,
        agents=agents,
        callbacks=callbacks,
        teams=ownership_moves.swarm_teams(),
        findings=ownership_moves.swarm_findings(),
        labels={"complex": Label(2), "money": Label(1)},
        engagements=Engagements(
            {
                "email": {"voice": "separate", "chat": "link"},
                "voice": {"email": "separate", "chat": "defer"},
                "chat": {"chat": "defer"},
            },
            defer_for=40 * second,
            deferred="in a moment",
            linked="heard",
            never_held=["delay"],
            pointer="answered",
            channel_down="come: {token}",
        ),
        identity=Identity(unique=["number"], limits={"phone": 3}, purposes={"news": "opt_in", "survey": "opt_out"}),
        commitments=commitment_moves.swarm_commitments(),
        actions=Actions(attempts=2, longest_retry=60 * second),
        participants=participant_moves.swarm_participants(),
        templates=personal_moves.swarm_templates(),
    )


def customer_first(choose: Chooser, callbacks: Callbacks) -> Callbacks:
    """Customers are called before any agent is asked, some ahead of their turn."""
    return attrs.evolve(
        callbacks,
        first="customer",
        at_once=choose.pick([1, 2]),
        dial_ahead=timedelta(seconds=choose.pick([0, 0, 30])),
        answer_within=timedelta(seconds=20),
    )


def beyond_capacity(plan: Plan) -> Plan:
    """The plan, where the one who knows the customer is asked whatever else they have in hand."""
    queues = dict(plan.queues)
    for name in ("care", "german"):
        others = [step for step in queues[name].steps if step.pool != "known"] or [Step()]
        known = Step(pool="known", beyond_capacity=True, lasts=timedelta(seconds=15))
        queues[name] = attrs.evolve(queues[name], known="last", steps=[known, *others])
    return attrs.evolve(plan, queues=queues)


def next_plan(choose: Chooser) -> Plan:
    """A plan that differs from the first: limits cut, weights and targets moved, an agent or a skill gone."""
    plan = swarm_plan()
    channels: dict[str, Channel] = dict(plan.channels)
    name = choose.pick(CHANNELS)
    channels[name] = attrs.evolve(
        channels[name],
        limit=choose.pick([None, 1, 2]),
        weight_percent=choose.pick([10, 50, 100]),
        on_agent_lost=choose.pick(["keep", "requeue", "park"]),
        idle_after=choose.pick([None, timedelta(minutes=3)]),
        connects=choose.pick([None, timedelta(seconds=5)]),
    )
    queues: dict[str, Queue] = dict(plan.queues)
    queues["german"] = attrs.evolve(
        queues["german"], team=choose.pick(["care", "sales"]), labels=choose.pick([["complex"], [], ["money"]])
    )
    queues["care"] = attrs.evolve(
        queues["care"],
        tier=choose.pick([0, 1]),
        ageing_percent=choose.pick([0, 100, 300]),
        ageing=choose.pick([[], [Ageing(20 * timedelta(seconds=1), 3)]]),
        requeue=choose.pick(["keep", "front", "reset"]),
        hours=choose.pick(
            [None, None, Hours("Europe/Berlin", extra=["2023-11-14 23:20-23:50", "2023-11-15 00:10-02:00"])]
        ),
        when_closed=choose.pick(["wait", "turn_away", "finish"]),
        ring=choose.pick([Ring(), Ring(first=4), Ring(every=timedelta(seconds=2), more=2, most=5)]),
        order=choose.pick(
            [
                ["idle"],
                ["spare_ratio", "proficiency"],
                ["random"],
                ["open", "random"],
                ["busy", "idle_inbound"],
                *_BY_KNOWN,
                *_SCORED,
            ]
        ),
        steps=choose.pick([[], [Step(lasts=timedelta(seconds=30), teams=["sales"]), Step()]]),
    )
    agents = dict(plan.agents)
    if choose.chance(50):
        agents.pop(choose.pick(sorted(agents)))
    else:
        who = choose.pick(sorted(agents))
        agents[who] = attrs.evolve(agents[who], skills={}, capacity_percent=choose.pick([50, 100, 200]))
    callbacks = choose.pick([plan.callbacks, customer_first(choose, plan.callbacks)])
    attach = choose.pick(
        [plan.cases.attach, ("customer_topic", "correlator"), ("case_number", "reply_token"), ("engagement",)]
    )
    cases = attrs.evolve(
        plan.cases,
        number={None: plan.cases.number, 1: "{}0", 2: "{}"}[channels[name].limit],  # the last two meet
        attach=attach,
        close_after=choose.pick([None, timedelta(minutes=5)]),
        topic_window=choose.pick([None, timedelta(seconds=30)]),
        correlator=choose.pick(["swarm.matching@1", "swarm.half_matching@1", PLAIN]),
    )
    labels = {"complex": Label(choose.pick([1, 2])), "money": Label(choose.pick([1, 3]))}
    return attrs.evolve(
        plan,
        channels=channels,
        queues=queues,
        agents=agents,
        cases=cases,
        labels=labels,
        callbacks=callbacks,
        commitments=commitment_moves.swarm_commitments(choose.pick(["person", "unless_worse", "precedence"])),
        rules=choose.pick([[], swarm_rules(with_predicate=False)]),
    )


def _some(choose: Chooser, names: Iterable[str]) -> str | None:
    """One of the newest of these, so that runs of any length stay busy; now and then one that does not exist."""
    options = list(names)[-12:]
    if choose.chance(2):
        return "in999"
    return choose.pick(options) if options else None


def _agent(choose: Chooser) -> str:
    return choose.pick((*AGENTS, EXPERT))


def _interaction(engine: Engine, choose: Chooser, *states: str) -> str | None:
    rows = engine.view.contacts.interactions
    return _some(choose, (name for name, row in rows.items() if row.state in states))


def _handler(engine: Engine, choose: Chooser, interaction: str) -> str:
    row = engine.view.contacts.interactions.get(interaction)
    return row.agent if row is not None and row.agent is not None and not choose.chance(3) else _agent(choose)


def _case(engine: Engine, choose: Chooser, *states: str) -> str | None:
    rows = engine.view.cases.cases
    return _some(choose, (name for name, row in rows.items() if not states or row.state in states))


# Contacts


def receive(engine: Engine, choose: Chooser) -> c.Command:
    count = engine.view.contacts.counts.get("taken", 0)
    return c.ReceiveMessage(
        choose.pick(CHANNELS),
        choose.pick(["main", "main", "sales"]),
        f"m{count + 1 - (choose.number(0, count) if choose.chance(10) else 0)}",
        person(choose.pick(CUSTOMERS)),
        thread=choose.pick([None, None, thread("t1"), thread("t2")]),
        also=[_address(choose)] if choose.chance(4) else [],
        occurred_us=None if choose.chance(60) else engine.now_us - choose.number(-HOUR, 10 * HOUR),
        reply_case=_case(engine, choose) if choose.chance(10) else None,
        case_number=f"C-{choose.number(1, 9):06d}" if choose.chance(10) else None,
        topic=choose.pick([None, *TOPICS]),
        queue=choose.pick([None, None, None, "german"]),
        skills=choose.pick([{}, {}, {"billing": 30}, {"german": 80}]),
        priority=choose.pick([0, 0, 5]),
        text="hello",
    )


def call(engine: Engine, choose: Chooser) -> c.Command:
    count = engine.view.contacts.counts.get("taken", 0)
    return c.ReceiveContact(
        choose.pick(["voice", "voice", "chat"]),
        "main",
        f"k{count + 1 - (choose.number(0, count) if choose.chance(10) else 0)}",
        person(choose.pick(CUSTOMERS)) if choose.chance(97) else Address("handle", "key-hidden", matches=False),
        topic=choose.pick([None, *TOPICS]),
    )


def open_work(engine: Engine, choose: Chooser) -> c.Command | None:
    case = _case(engine, choose) if choose.chance(60) else None
    customer = None if case else _some(choose, engine.view.identity.customers)
    if case is None and customer is None:
        return None
    count = len(engine.view.work.items)
    return c.OpenWorkItem(
        "task",
        f"job{count + 1 - (choose.number(0, count) if choose.chance(20) else 0)}",
        case,
        customer,
        choose.pick([None, *TOPICS]) if customer else None,
        choose.pick([None, "german", "german", "sales"]),
        choose.pick([{}, {"billing": 30}]),
        due_us=choose.pick([None, engine.now_us + choose.number(-HOUR, HOUR)]),
        ref=f"job:{count + 1}" if choose.chance(30) else None,
        fields=choose.pick([{}, {"note": "call back"}]),
        title="look",
    )


def link_question(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _interaction(engine, choose, "QUEUED", "OFFERED")
    if name is None or name not in engine.view.engagements.members:
        return None
    customer = engine.view.contacts.interactions[name].customer
    others = [one for one in engine.view.engagements.of(engine.view.identity.group(customer)) if one != name]
    to = _some(choose, (one for one in others if one not in engine.view.engagements.linked))
    return c.LinkQuestion(name, to) if to else None


def unlink_question(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _some(choose, iter(engine.view.engagements.linked))
    return c.UnlinkQuestion(name) if name else None


def leave(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _interaction(engine, choose, "LINKED", "DEFERRED", "QUEUED", "OFFERED", "CONNECTING", "ACTIVE", "HELD")
    return c.LeaveContact(name) if name else None


def cancel(engine: Engine, choose: Chooser) -> c.Command | None:
    waits = "QUEUED", "LINKED", "DEFERRED", "DIALING", "OFFERED", "CONNECTING"
    name = _interaction(engine, choose, *waits, "ACTIVE", "HELD", "PARKED")
    return c.CancelInteraction(name, "not needed") if name else None


def hold(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _interaction(engine, choose, "ACTIVE")
    return c.HoldInteraction(name, _handler(engine, choose, name)) if name else None


def retrieve(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _interaction(engine, choose, "HELD")
    return c.RetrieveInteraction(name, _handler(engine, choose, name)) if name else None


def reply(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _interaction(engine, choose, "ACTIVE", "HELD")
    return c.WriteReply(name, _handler(engine, choose, name), "answer") if name else None


def finish(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _interaction(engine, choose, "ACTIVE", "HELD", "PARKED")
    return c.FinishInteraction(name, _handler(engine, choose, name), choose.pick(DISPOSITIONS)) if name else None


def finish_wrap_up(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _interaction(engine, choose, "WRAPPING")
    return c.FinishWrapUp(name, _handler(engine, choose, name), choose.pick(DISPOSITIONS)) if name else None


def finish_segment(engine: Engine, choose: Chooser) -> c.Command | None:
    rows = engine.view.segments.segments
    name = _some(choose, rows)
    if name not in rows:
        return None
    who = rows[name].agent if choose.chance(97) else _agent(choose)
    return c.FinishWrapUp(rows[name].interaction, who, choose.pick(DISPOSITIONS))


def transfer(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _interaction(engine, choose, "ACTIVE", "HELD")
    if name is None:
        return None
    skills = choose.pick([{}, {"german": 20}])
    return c.TransferInteraction(name, _handler(engine, choose, name), choose.pick(["care", "german", "sales"]), skills)


def hand_over(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _some(choose, engine.view.bots.in_hand)
    if name is None:
        return None
    return c.HandOver(
        name,
        _handler(engine, choose, name),
        choose.pick([None, None, "care", "german", "sales"]),
        choose.pick([{}, {"billing": 20}]),
        choose.pick([0, 10]),
        choose.pick([None, *TOPICS]),
        choose.pick([{}, {"note": "angry"}]),
        text="wants a person",
    )


def record_reply(engine: Engine, choose: Chooser) -> c.Command:
    count = engine.view.contacts.counts.get("taken", 0)
    return c.RecordReply(
        choose.pick(CHANNELS),
        "main",
        f"r{count + 1}",
        person(choose.pick(CUSTOMERS)),
        choose.pick([None, "ana"]),
        thread=choose.pick([None, thread("t1")]),
        resolve=choose.chance(50),
        text="done",
    )


# Callbacks


def _callback(engine: Engine, choose: Chooser, *states: str) -> str | None:
    rows = engine.view.contacts.interactions
    return _some(choose, (name for name in engine.view.callbacks.callbacks if rows[name].state in states))


def request_callback(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _interaction(engine, choose, "QUEUED", "OFFERED", "CONNECTING", "ACTIVE", "DONE", "ABANDONED")
    due_us = choose.pick([None, None, engine.now_us + choose.number(-SECOND, 10 * 60 * SECOND)])
    return c.RequestCallback(name, due_us, choose.pick([None, None, _agent(choose)])) if name else None


def schedule_callback(engine: Engine, choose: Chooser) -> c.Command | None:
    customer = _some(choose, engine.view.identity.customers) if choose.chance(30) else None
    return c.ScheduleCallback(
        choose.pick(["voice", "voice", "chat"]),
        "main",
        person(choose.pick([*CUSTOMERS, "stranger"])),
        customer,
        _case(engine, choose) if choose.chance(30) else None,
        choose.pick([None, None, *TOPICS]),
        choose.pick([None, None, engine.now_us + choose.number(-SECOND, 10 * 60 * SECOND)]),
        choose.pick([None, None, "german", "sales"]),
        choose.pick([{}, {"billing": 30}]),
        choose.pick([0, 5]),
    )


def reschedule_callback(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _callback(engine, choose, "SCHEDULED", "QUEUED", "DIALING", "OFFERED", "CONNECTING", "ACTIVE")
    return c.RescheduleCallback(name, engine.now_us + choose.number(1, 60 * SECOND)) if name else None


def cancel_callback(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _callback(engine, choose, "SCHEDULED", "QUEUED", "DIALING", "OFFERED", "ACTIVE")
    return c.CancelCallback(name, "no longer wanted") if name else None


def report_callback(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _callback(engine, choose, "DIALING", "ACTIVE")
    outcome = choose.pick(["answered", "answered", "busy", "no_answer", "wrong_number", "wrong_number", "machine"])
    row = engine.view.callbacks.callbacks.get(name or "")
    if name and row and engine.view.contacts.interactions[name].state == "DIALING":
        return c.ReportDialing(name, row.token - choose.chance(3), outcome)
    return c.ReportCallback(name, _handler(engine, choose, name), outcome) if name else None


# Agents


def sign_in(engine: Engine, choose: Chooser) -> c.Command:
    return c.SignIn(EXPERT if choose.chance(30) else _agent(choose), choose.pick(["main", "main", "phone"]))


def sign_out(engine: Engine, choose: Chooser) -> c.Command:
    return c.SignOut(_agent(choose))


def away(engine: Engine, choose: Chooser) -> c.Command:
    return c.SetAway(_agent(choose), choose.pick(REASONS))


def available(engine: Engine, choose: Chooser) -> c.Command:
    return c.SetAvailable(_agent(choose))


def lose_device(engine: Engine, choose: Chooser) -> c.Command:
    return c.LoseDevice(_agent(choose), choose.pick(["main", "main", "phone"]))


def return_device(engine: Engine, choose: Chooser) -> c.Command:
    return c.ReturnDevice(_agent(choose), choose.pick(["main", "main", "phone"]))


def define_agent(engine: Engine, choose: Chooser) -> c.Command:
    return c.DefineAgent(
        choose.pick(AGENTS),
        choose.pick([["care"], ["sales"], ["sales", "care"]]),
        choose.pick([{}, {"german": 60}, {"german": 90, "billing": 50}]),
        capacity_percent=choose.pick([40, 100, 100, 300]),
        kind=choose.pick(["person", "person", "bot"]),
    )


def remove_agent(engine: Engine, choose: Chooser) -> c.Command:
    return c.RemoveAgent(_agent(choose))


def _offer(engine: Engine, choose: Chooser, state: str = "PENDING") -> str | None:
    offers = engine.view.routing.offers
    is_any = choose.chance(5)
    return _some(choose, (name for name, row in offers.items() if is_any or row.state == state))


def accept(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _offer(engine, choose)
    row = engine.view.routing.offers.get(name or "")
    return c.AcceptOffer(name, row.agent, row.token - choose.chance(3)) if name and row else None


def decline(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _offer(engine, choose)
    row = engine.view.routing.offers.get(name or "")
    return c.DeclineOffer(name, row.agent, row.token) if name and row else None


def confirm(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _offer(engine, choose, "CONNECTING")
    row = engine.view.routing.offers.get(name or "")
    return c.ConfirmConnected(name, row.agent, row.token - choose.chance(3)) if name and row else None


def fail_setup(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _offer(engine, choose, "CONNECTING")
    row = engine.view.routing.offers.get(name or "")
    return c.ReportSetupFailed(name, row.agent, row.token, choose.pick([None, "no line"])) if name and row else None


def rescind(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _offer(engine, choose, choose.pick(["PENDING", "CONNECTING"]))
    return c.RescindOffer(name, "supervisor") if name else None


# Queues


def close_queue(engine: Engine, choose: Chooser) -> c.Command:
    until_us = engine.now_us + choose.number(SECOND, 300 * SECOND) if choose.chance(60) else None
    return c.CloseQueue(choose.pick(["care", "german", "sales", "experts"]), "meeting", until_us)


def open_queue(engine: Engine, choose: Chooser) -> c.Command:
    closed = [name for name, door in engine.view.hours.doors.items() if not door.is_open]
    return c.OpenQueue(choose.pick(closed or ["care"]), "back")


# Consults


def ask_consult(engine: Engine, choose: Chooser) -> c.Command | None:
    view = engine.view
    pairs = [
        (name, agent)
        for name, row in view.contacts.interactions.items()
        if row.state in ("ACTIVE", "HELD")
        for agent, bench in view.routing.benches.items()
        if bench.takes_work and agent != row.agent and view.routing.has_room(agent, view.routing.part_in(name))
    ]
    name = _interaction(engine, choose, "ACTIVE", "HELD")
    if name is None:
        return None
    name, other = choose.pick(pairs[-12:]) if pairs and not choose.chance(5) else (name, _agent(choose))
    kind = choose.pick([c.AskConsult, c.AskConsult, c.TransferToAgent])
    return kind(name, _handler(engine, choose, name), other, "who is this?")


def consult_queue(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _interaction(engine, choose, "ACTIVE", "HELD")
    if name is None:
        return None
    queue = choose.pick(["care", "german", "sales", "experts", "experts"])
    skills = choose.pick([{}, {}, {"german": 20}])
    return c.ConsultQueue(name, _handler(engine, choose, name), queue, skills, choose.pick([0, 0, 5]), "who knows?")


def answer_consult(engine: Engine, choose: Chooser) -> c.Command | None:
    rows = engine.view.consults.consults
    name = _some(choose, (name for name, row in rows.items() if row.consulted or choose.chance(5)))
    row = engine.view.consults.consults.get(name or "")
    if not name or row is None:
        return None
    who, token = row.consulted if choose.chance(97) else _agent(choose), row.token - choose.chance(3)
    return c.DeclineConsult(name, who, token) if choose.chance(15) else c.AcceptConsult(name, who, token)


def connect_consult(engine: Engine, choose: Chooser) -> c.Command | None:
    rows = engine.view.consults.consults
    name = _some(choose, (name for name, row in rows.items() if row.state == "CONNECTING" or choose.chance(5)))
    if name not in rows:
        return None
    who, token = rows[name].consulted, rows[name].token - choose.chance(3)
    return c.ReportSetupFailed(name, who, token) if choose.chance(15) else c.ConfirmConnected(name, who, token)


def end_consult(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _some(choose, engine.view.consults.consults)
    row = engine.view.consults.consults.get(name or "")
    if not name or row is None:
        return None
    return (
        c.EndConsult(name, row.agent) if choose.chance(50) or not row.consulted else c.LeaveConsult(name, row.consulted)
    )


def merge_consult(engine: Engine, choose: Chooser) -> c.Command | None:
    rows = engine.view.consults.consults
    name = _some(choose, (name for name, row in rows.items() if row.state == "JOINED" or choose.chance(5)))
    return c.MergeConsult(name, rows[name].agent) if name in rows else None


def complete_transfer(engine: Engine, choose: Chooser) -> c.Command | None:
    rows = engine.view.consults.consults
    name = _some(choose, (name for name, row in rows.items() if row.state != "ASKED" or choose.chance(5)))
    return c.CompleteTransfer(name, rows[name].agent if choose.chance(97) else _agent(choose)) if name in rows else None


# Cases and labels


def open_case(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _some(choose, engine.view.identity.customers)
    return c.OpenCase(name, choose.pick([None, *TOPICS]), choose.pick([None, "sales"])) if name else None


def wait(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _case(engine, choose)
    return c.SetCaseWaiting(name, choose.pick(["customer", "third_party"]), "papers") if name else None


def resume(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _case(engine, choose, "WAITING_ON_CUSTOMER", "WAITING_ON_THIRD_PARTY")
    return c.ResumeCase(name) if name else None


def _seen(engine: Engine, choose: Chooser, case: str) -> int | None:
    """Mostly nothing, else the version of the customer's engagement, now and then an older or newer one."""
    row = engine.view.cases.cases.get(case)
    known = [] if row is None else engine.view.engagements.by(engine.view.identity.group(row.customer))
    if not known or choose.chance(60):
        return None
    return engine.view.engagements.changes_of(known[0])[-1][0] + choose.pick([0, 0, -1, 1])


def resolve(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _case(engine, choose)
    return c.ResolveCase(name, choose.pick(DISPOSITIONS), seen=_seen(engine, choose, name)) if name else None


def reopen(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _case(engine, choose, "RESOLVED", "CLOSED")
    return c.ReopenCase(name, "not settled") if name else None


def close(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _case(engine, choose, "RESOLVED")
    return c.CloseCase(name) if name else None


def assign(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _case(engine, choose)
    if name is None:
        return None
    if choose.chance(60):
        return c.AssignCase(name, "agent", _agent(choose))
    return c.AssignCase(name, "team", choose.pick(["care", "sales"]))


def add_ref(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _case(engine, choose) if choose.chance(50) else _some(choose, engine.view.identity.customers)
    return c.AddRef(name, f"order:{choose.number(1, 20)}") if name else None


def set_fields(engine: Engine, choose: Chooser) -> c.Command | None:
    if choose.chance(30):
        return c.SetFields(ref(f"order:{choose.number(1, 20)}"), {"orders": choose.pick([None, 1, 2])})
    name = _case(engine, choose)
    return c.SetFields(name, {"orders": choose.pick([None, 1, 2])}) if name else None


# Who customers are


def _address(choose: Chooser) -> Address:
    kind = choose.pick(["handle", "handle", "phone", "number"])
    if kind == "handle":
        return person(choose.pick(CUSTOMERS))
    number = choose.number(1, 6)
    zones = personal_moves.zones_of_number(number) if kind == "phone" else None
    return attrs.evolve(person(f"{kind}{number}"), kind=kind, zones=zones)


def _asker(choose: Chooser) -> str | None:
    return choose.pick([None, None, "agent:ana", "operator:root"])


def link_address(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _some(choose, engine.view.identity.customers)
    sure = choose.pick([100, 100, 60, 10])
    return c.LinkAddress(name, _address(choose), "told", sure, actor=_asker(choose)) if name else None


def confirm_address(engine: Engine, choose: Chooser) -> c.Command | None:
    lost = sorted(engine.view.identity.given_up)
    if not lost:
        return None
    channel, _, address = choose.pick(lost).partition("\x1f")
    row = engine.view.identity.given_up[f"{channel}\x1f{address}"]
    return c.ConfirmAddress(row.customer, Address("handle", address), choose.pick([None, channel]))


def unlink_address(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _some(choose, engine.view.identity.customers)
    if name is None:
        return None
    keys = sorted(engine.view.identity.addresses_of.get(name, ()))
    address = Address("handle", choose.pick(keys)) if keys and choose.chance(90) else _address(choose)
    return c.UnlinkAddress(name, address, "given up")


def merge(engine: Engine, choose: Chooser) -> c.Command | None:
    one, other = (_some(choose, engine.view.identity.customers) for _ in range(2))
    sure = choose.pick([100, 100, 90, 60, 10])
    return c.MergeCustomers(one, other, "told", sure, actor=_asker(choose)) if one and other else None


def dismiss(engine: Engine, choose: Chooser) -> c.Command | None:
    one, other = (_some(choose, engine.view.identity.customers) for _ in range(2))
    return c.DismissMerge(one, other, "two people") if one and other else None


def split(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _some(choose, engine.view.identity.merges)
    return c.SplitCustomers(name, "two people") if name else None


def settle_triage(engine: Engine, choose: Chooser) -> c.Command | None:
    key = _some(choose, engine.view.identity.triage)
    return None if key is None else c.SettleTriage(*(key.split("\x1f") if "\x1f" in key else (key, "li1")))


def verify(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _some(choose, engine.view.contacts.interactions)
    return c.VerifyContact(name, choose.pick(["none", "basic", "strong"]), "asked") if name else None


def consent(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _some(choose, engine.view.identity.customers)
    if name is None:
        return None
    channel, purpose = choose.pick([None, "email", "chat"]), choose.pick(["news", "news", "survey", "gossip"])
    return c.RecordConsent(name, purpose, choose.chance(60), channel, engine.now_us - choose.number(0, 60) * SECOND)


def prefer(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _some(choose, engine.view.identity.customers)
    channels = choose.pick([["email"], ["chat", "email"], [], ["pigeon"], ["chat", "chat"]])
    when = choose.pick([None, engine.now_us - choose.number(0, 60) * SECOND])
    return c.SetPreferences(name, channels, when) if name else None


def erase(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _some(choose, engine.view.identity.customers)
    return c.EraseCustomer(name, "asked") if name else None


def record_erasure(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _some(choose, engine.view.identity.erasing)
    return c.RecordErasure(name) if name else None


# Deliveries


def _delivery(engine: Engine, choose: Chooser, *states: str) -> str | None:
    rows = engine.view.deliveries.deliveries
    return _some(choose, (name for name, row in rows.items() if row.state in states))


def send(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _case(engine, choose)
    if name is None:
        return None
    topic, channel = choose.pick(["message", "delay"]), choose.pick([None, "email"])
    purpose = choose.pick(["service", "service", "service", "news", "survey"])
    actor = choose.pick([None, None, "operator:kim"])
    number = choose.number(1, 60)
    template = ["news_1", "en"] if number % 2 else None
    common = name, f"key{number}", topic, channel
    return c.SendMessage(*common, purpose=purpose, text="news", template=template, actor=actor)


def remind(engine: Engine, choose: Chooser) -> c.Command | None:
    """The application sends something while somebody talks with the customer."""
    rows = engine.view.contacts.interactions.values()
    talked = [row.case for row in rows if row.live and row.agent and row.case and row.is_open]
    return c.SendMessage(choose.pick(talked), f"remind{engine.position}", text="news") if talked else None


def tell_now(engine: Engine, choose: Chooser) -> c.Command | None:
    hushed = [name for names in engine.view.deliveries.hushed.values() for name in names]
    delivery = _some(choose, iter(hushed))
    if delivery not in engine.view.deliveries.deliveries:
        return None
    rows = engine.view.contacts.interactions
    customer = engine.view.deliveries.deliveries[delivery].customer
    mine = [
        (name, rows[name].agent)
        for name in engine.view.engagements.of(engine.view.identity.group(customer))
        if rows[name].agent is not None and rows[name].state in ("ACTIVE", "HELD")
    ]
    if not mine:
        return None
    interaction, agent = choose.pick(mine)
    return c.TellNow(interaction, str(agent), delivery)


def start(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _delivery(engine, choose, "PERMITTED")
    row = engine.view.deliveries.deliveries.get(name or "")
    if not name or row is None:
        return None
    return c.StartDelivery(name, row.attempts + 1 + choose.chance(3), 1, row.wording)


def outcome(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _delivery(engine, choose, "STARTED")
    row = engine.view.deliveries.deliveries.get(name or "")
    if not name or row is None:
        return None
    what = choose.pick(["accepted", "accepted", "retry", "retry", "failed", "unknown"])
    return c.RecordOutcome(
        name,
        row.attempts,
        what,
        provider_ids=[f"p{name}.{row.attempts}"] if what == "accepted" else [],
        retry_after_us=choose.pick([None, 30 * SECOND]),
        safe_to_repeat=choose.chance(50),
        is_undeliverable=choose.chance(60),
        code="window" if what == "failed" else None,
    )


def recover(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _delivery(engine, choose, "STARTED")
    return c.RecoverDelivery(name, choose.number(1, 2), choose.chance(50)) if name else None


def resume_deliveries(engine: Engine, choose: Chooser) -> c.Command | None:
    lapsed = sorted(engine.view.deliveries.lapsed)
    return c.ResumeDeliveries(*choose.pick(lapsed)) if lapsed else None


def receipt(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _delivery(engine, choose, "STARTED", "ACCEPTED", "DELIVERED", "READ", "ACTED", "FAILED")
    row = engine.view.deliveries.deliveries.get(name or "")
    if not name or row is None:
        return None
    word = choose.pick(["delivered", "read", "acted", "failed"])
    provider_id, is_dead = f"p{name}.{max(1, row.attempts)}", choose.chance(60)
    own, code = name if choose.chance(10) else None, "window" if word == "failed" else None
    place = row.channel, row.account, provider_id, word
    return c.RecordReceipt(*place, code=code, is_undeliverable=is_dead, delivery=own)


def cancel_delivery(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _delivery(engine, choose, "PENDING", "PERMITTED", "STARTED")
    return c.CancelDelivery(name, "withdrawn") if name else None


def stop(engine: Engine, choose: Chooser) -> c.Command:
    return c.StopSending("incident", choose.pick([None, *CHANNELS]), choose.pick([None, "reply", "delay"]))


def start_sending(engine: Engine, choose: Chooser) -> c.Command | None:
    stops = sorted(engine.view.deliveries.stops)
    if not stops:
        return None
    channel, topic = choose.pick(stops).split("\x1f")
    return c.StartSending(None if channel == "*" else channel, None if topic == "*" else topic)


# The rest


def come_back_to_no_queue(engine: Engine, choose: Chooser) -> Iterable[c.Command]:
    """A case closes, a plan drops its queue, and it reopens. Each command is made once those before it are done."""
    customer = _some(choose, engine.view.identity.customers)
    plan = swarm_plan()
    more = attrs.evolve(plan, queues={**plan.queues, "fair": Queue("sales")})
    case, _ = engine.view.cases.next_case()
    if customer is None or missing(engine.view, plan):
        return
    yield c.ChangePlan(more, more.digest(), "2025b", "check")
    yield c.OpenCase(customer, None, "fair")
    yield c.ResolveCase(case)
    yield c.CloseCase(case)
    yield c.ChangePlan(plan, plan.digest(), "2025b", "check")
    yield c.ReopenCase(case, "not settled")


def change_midway(engine: Engine, choose: Chooser) -> Iterable[c.Command]:
    """Much waits when a plan changes how it is served, and much happens before all is moved: another change, too."""
    for _ in range(choose.number(0, 8)):
        yield receive(engine, choose)
    for _ in range(choose.number(2, 3)):
        yield change_plan(engine, choose)
        for _ in range(choose.number(0, 5)):
            if (command := choose.pick(_MIDWAY)(engine, choose)) is not None:
                yield command


def supervise(engine: Engine, choose: Chooser) -> Iterable[c.Command]:
    """Somebody listens to a contact, whispers, and may come in."""
    name, agent = _interaction(engine, choose, "ACTIVE", "HELD"), choose.pick((*AGENTS, EXPERT))
    if name is None:
        return
    yield c.SignIn(agent)
    yield c.MonitorInteraction(name, agent, actor="operator:eve")
    yield c.Whisper(name, agent, "offer a discount", actor="operator:eve")
    kind = choose.pick([c.StopMonitoring, c.BargeIn, c.TakeOver, None])
    if kind is not None:
        yield kind(name, agent, actor="operator:eve")
    if choose.chance(30):
        yield c.TakeOver(name, agent, actor="operator:eve")


def _connect(engine: Engine, choose: Chooser) -> Iterable[c.Command]:
    """Somebody takes a chat that rings, and talks: it comes to that seldom where each step is left to chance."""
    offers, items = engine.view.routing.offers, engine.view.routing.items
    pending = (name for name, row in offers.items() if row.state == "PENDING")
    name = _some(choose, (name for name in pending if items[offers[name].interaction].channel == "chat"))
    row = offers.get(name or "")
    if name and row:
        yield c.AcceptOffer(name, row.agent, row.token)
        yield c.ConfirmConnected(name, row.agent, row.token)


def _talk(engine: Engine, choose: Chooser) -> str | None:
    """What somebody has in hand: a chat, if there is one, into which others must be connected."""
    rows = engine.view.contacts.interactions
    chats = (name for name, row in rows.items() if row.channel == "chat" and row.state in ("ACTIVE", "HELD"))
    return _some(choose, chats) or _interaction(engine, choose, "ACTIVE", "HELD")


def confer(engine: Engine, choose: Chooser) -> Iterable[c.Command]:
    """The expert comes to work, is consulted, and talks with the customer; then the contact may be theirs."""
    yield c.SignIn(EXPERT)
    yield from _connect(engine, choose)
    name = _talk(engine, choose)
    if name is None:
        return
    agent, token = _handler(engine, choose, name), engine.view.consults.next_token()
    yield c.AskConsult(name, agent, EXPERT)
    yield c.AcceptConsult(f"cs{token}", EXPERT, token)
    if choose.chance(90):
        yield c.ConfirmConnected(f"cs{token}", EXPERT, token)
    yield c.MergeConsult(f"cs{token}", agent)
    if choose.chance(30):
        yield c.SignOut(agent)
    elif choose.chance(30):
        yield c.CompleteTransfer(f"cs{token}", agent)


def seek_help(engine: Engine, choose: Chooser) -> Iterable[c.Command]:
    """A queue is asked for help; whoever it asks answers somehow, or something else becomes of it."""
    name = _talk(engine, choose)
    if name is None:
        return
    if choose.chance(60):
        yield c.SignIn(EXPERT)
    agent, consult = _handler(engine, choose, name), f"cs{engine.view.consults.next_token()}"
    yield c.ConsultQueue(name, agent, choose.pick(["experts", "experts", "care"]), note="who knows?")
    for _ in range(choose.number(1, 4)):
        row = engine.view.consults.consults.get(consult)
        if row is None:
            return
        if not row.consulted:
            if choose.chance(20):
                yield choose.pick([c.EndConsult(consult, agent), c.CloseQueue("experts", "meeting"), c.SignOut(agent)])
            return
        consulted, token = row.consulted, row.token
        yield choose.pick(
            [
                c.DeclineConsult(consult, consulted, token, "busy"),
                c.AcceptConsult(consult, consulted, token),
                c.ConfirmConnected(consult, consulted, token),
                c.ReportSetupFailed(consult, consulted, token),
                c.SetAway(consulted, "lunch"),
                c.MergeConsult(consult, agent),
                c.CompleteTransfer(consult, agent),
            ]
        )


def stop_answers(engine: Engine, choose: Chooser) -> Iterable[c.Command]:
    """Answers are held while something else goes on in the same conversation, and then released."""
    name = _interaction(engine, choose, "ACTIVE", "HELD")
    row = engine.view.contacts.interactions.get(name or "")
    if name is None or row is None or row.case is None:
        return
    yield c.StopSending("incident", None, "reply")
    yield c.WriteReply(name, _handler(engine, choose, name), "here it is")
    yield c.SendMessage(row.case, f"late{engine.position}", "delay", row.channel, text="it is late")
    yield c.StartSending(None, "reply")


def change_plan(engine: Engine, choose: Chooser) -> c.Command:
    plan = next_plan(choose) if choose.chance(70) else swarm_plan()
    return c.ChangePlan(plan, plan.digest(), "2025b", "check")


def mark_log(engine: Engine, choose: Chooser) -> c.Command:
    known = sorted(engine.view.logs.prefixes)
    previous = choose.pick([None, *known])
    lines = engine.view.logs.prefixes[previous].lines if previous else 0
    return c.MarkLog(f"sha{choose.number(1, 1000)}", lines + choose.number(0, 9), 0, 0, previous)


_MIDWAY: Sequence[Move] = (
    receive,
    call,
    accept,
    decline,
    finish,
    leave,
    cancel,
    transfer,
    hand_over,
    request_callback,
    consult_queue,
    sign_in,
    sign_out,
    define_agent,
    close_queue,
    open_queue,
)
"""What comes between the slices of a plan change."""

WEIGHTS: Mapping[Move, int] = {
    receive: 14,
    call: 7,
    open_work: 3,
    accept: 24,
    decline: 4,
    confirm: 12,
    fail_setup: 2,
    finish: 7,
    reply: 10,
    start: 9,
    outcome: 9,
    receipt: 6,
    sign_in: 7,
    request_callback: 8,
    schedule_callback: 2,
    reschedule_callback: 1,
    cancel_callback: 1,
    report_callback: 20,
    leave: 2,
    cancel: 1,
    hold: 8,
    retrieve: 12,
    finish_wrap_up: 2,
    finish_segment: 3,
    transfer: 2,
    hand_over: 3,
    record_reply: 2,
    sign_out: 1,
    away: 1,
    available: 2,
    lose_device: 2,
    return_device: 2,
    define_agent: 2,
    remove_agent: 1,
    rescind: 1,
    close_queue: 1,
    open_queue: 3,
    ask_consult: 5,
    consult_queue: 3,
    answer_consult: 10,
    connect_consult: 4,
    end_consult: 1,
    merge_consult: 2,
    complete_transfer: 2,
    open_case: 1,
    wait: 1,
    resume: 1,
    resolve: 4,
    link_question: 2,
    unlink_question: 2,
    reopen: 2,
    close: 4,
    assign: 1,
    add_ref: 1,
    set_fields: 1,
    send: 9,
    recover: 1,
    resume_deliveries: 2,
    tell_now: 2,
    remind: 8,
    cancel_delivery: 1,
    stop: 1,
    start_sending: 2,
    change_plan: 2,
    mark_log: 1,
    link_address: 3,
    confirm_address: 1,
    unlink_address: 1,
    merge: 4,
    dismiss: 1,
    split: 3,
    settle_triage: 4,
    verify: 2,
    consent: 3,
    prefer: 2,
    erase: 1,
    record_erasure: 2,
    **case_moves.WEIGHTS,
    **commitment_moves.WEIGHTS,
    **ownership_moves.WEIGHTS,
    **action_moves.WEIGHTS,
    **participant_moves.WEIGHTS,
    **invitation_moves.WEIGHTS,
    **incident_moves.WEIGHTS,
    **personal_moves.WEIGHTS,
}
"""Move -> how often it is made, relative to the others."""

MOVES: Sequence[Move] = tuple(WEIGHTS)
"""All moves."""
