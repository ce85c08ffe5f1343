"""Moves of the random workload by which customers are told before they ask, and the plan that says how."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol, TypeVar

import attrs

from orchestra.engine.engine import Engine
from orchestra.model import commands as c
from orchestra.model.addresses import Address
from orchestra.model.notices import Cap, Digest, Leg, Notices, NoticeTopic, Option, Start
from orchestra.model.plan import Plan
from orchestra.model.quiet_hours import QuietHours

__all__ = ["WEIGHTS", "carry", "with_notices"]

Value = TypeVar("Value")

_SECOND = timedelta(seconds=1)
_LEGS = (
    Leg("chat", "delivered", 20 * _SECOND),
    Leg("email", "read", 40 * _SECOND, providers=("main", "news")),
    Leg("voice"),
)

OPTIONS = (Option("wait", "I wait"), Option("cancel", "Cancel it"))

NOTICES = Notices(
    {
        "stage": NoticeTopic(
            text="It is $stage.", facts={"stage": "text"}, lasts=600 * _SECOND, every=15 * _SECOND, options=OPTIONS
        ),
        "ready": NoticeTopic(
            text="It is ready: $ready.",
            facts={"ready": "text"},
            legs=_LEGS,
            lasts=300 * _SECOND,
            told_within=200 * _SECOND,
            after_resolved=True,
        ),
        "law": NoticeTopic(kind="legal", text="We must tell you.", lasts=200 * _SECOND),
        "recall": NoticeTopic(kind="critical", text="Do not use it.", legs=_LEGS[1:], lasts=400 * _SECOND),
        "offer": NoticeTopic(kind="marketing", purpose="news", text="It is cheap.", lasts=500 * _SECOND),
        "code": NoticeTopic(text="It is $code.", facts={"code": "integer"}, never_held=True, lasts=100 * _SECOND),
        "place": NoticeTopic(text="It is in $place.", facts={"place": "text"}, digest="news", lasts=500 * _SECOND),
        "point": NoticeTopic(
            text="It is in $place, at $point.",
            facts={"place": "text", "point": "text"},
            digest="news",
            lasts=90 * _SECOND,
            every=25 * _SECOND,
        ),
        "bargain": NoticeTopic(kind="marketing", purpose="news", text="It is free.", digest="late", legs=_LEGS),
    },
    {"email": Start("handle"), "chat": Start("handle")},
    jitter=30 * _SECOND,
    caps=[
        Cap(2, 90 * _SECOND, reserve=1),
        Cap(4, 400 * _SECOND, overflow="drop"),
        Cap(3, 150 * _SECOND, kinds=["service"], overflow="digest", digest="late"),
        Cap(9),
    ],
    digests={
        "news": Digest(
            40 * _SECOND, leading=True, most=4, longest=60 * _SECOND, text="$count are new:\n$entries", legs=_LEGS
        ),
        "late": Digest(30 * _SECOND, by="case", text="$entries"),
    },
)


QUIET = QuietHours(daily=["22:16-22:18", "22:30-22:40", "23:16-23:18", "23:30-23:40", "00:10-01:00"])
"""Runs begin at 22:13 in UTC."""


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


def with_notices(plan: Plan) -> Plan:
    """A plan by which customers are told something before they ask."""
    zone = plan.workspace.zone or "UTC"
    return attrs.evolve(plan, notices=NOTICES, quiet_hours=QUIET, workspace=attrs.evolve(plan.workspace, zone=zone))


def plan_notice(engine: Engine, choose: Chooser) -> c.Command | None:
    cases, people = list(engine.view.cases.cases)[-12:], list(engine.view.identity.customers)[-8:]
    topic = choose.pick(list(NOTICES.topics))
    values: dict[str, str | int] = {"stage": choose.pick(["sent", "there"]), "ready": choose.pick(["soon", "late"])}
    values["code"] = choose.number(1, 2)
    values |= {"place": choose.pick(["Rome", "Oslo"]), "point": choose.pick(["A", "B"])}
    facts: dict[str, str | int | bool] = {name: values[name] for name in NOTICES.topics[topic].facts}
    if not cases:
        return None
    is_of_case = choose.chance(75)
    now_us = engine.now_us
    return c.PlanNotice(
        f"n{choose.number(1, 400)}",
        topic,
        choose.pick(cases) if is_of_case else None,
        None if is_of_case else choose.pick(people),
        facts,
        choose.pick(["low", "normal", "urgent"]),
        now_us + choose.number(1, 90_000_000) if choose.chance(25) else None,
        now_us + choose.number(1, 120_000_000) if choose.chance(25) else None,
        choose.pick([None, None, "g1", "g2"]),
    )


def cancel_notice(engine: Engine, choose: Chooser) -> c.Command | None:
    names = list(engine.view.notices.notices)[-6:]
    return c.CancelNotice(choose.pick(names), "never mind") if names else None


def prefer_notices(engine: Engine, choose: Chooser) -> c.Command | None:
    people = list(engine.view.identity.customers)[-8:]
    if not people:
        return None
    topic = choose.pick([None, *NOTICES.topics])
    channel = choose.pick([None, "chat", "email"]) if topic is not None else None
    return c.SetNoticePreference(choose.pick(people), choose.pick([True, False, None]), topic, channel)


def tell_notice(engine: Engine, choose: Chooser) -> c.Command | None:
    """Whoever talks with a customer tells them what is held."""
    for customer, names in engine.view.notices.held.items():
        for interaction in engine.view.engagements.in_touch(customer):
            agent = engine.view.contacts.interactions[interaction].agent
            if agent is not None:
                return c.TellNow(interaction, agent, next(iter(names)))
    return None


def carry(engine: Engine, choose: Chooser) -> Iterable[c.Command]:
    """What is sent for a notice is carried by its provider, which mostly says what came of it.

    Each step goes by the delivery as it is then: a late command may have come in between.
    """
    rows, deliveries = engine.view.notices.notices, engine.view.deliveries.deliveries
    names = [row.delivery for row in list(rows.values())[-12:] if row.state == "SENDING" and row.delivery is not None]
    if not names:
        return
    name = choose.pick(names)
    if deliveries[name].state == "PERMITTED":
        yield c.StartDelivery(name, deliveries[name].attempts + 1, 1)
    if name in deliveries and deliveries[name].state == "STARTED":
        answer = choose.pick(["accepted", "accepted", "accepted", "accepted", "failed"])
        ids = [_provider_id(engine, name)] if answer == "accepted" else []
        yield c.RecordOutcome(name, deliveries[name].attempts, answer, ids)
    for word in ("delivered", "read"):
        if name in deliveries and deliveries[name].state in ("ACCEPTED", "DELIVERED") and choose.chance(70):
            of = deliveries[name]
            yield c.RecordReceipt(of.channel, of.account, _provider_id(engine, name), word)
    if name in deliveries and choose.chance(60):
        yield from _picked(engine, name, choose)


def _picked(engine: Engine, name: str, choose: Chooser) -> Iterable[c.Command]:
    """Whoever was told it picks an option, or one that there is not."""
    of, known = engine.view.deliveries.deliveries[name], engine.view.identity.addresses
    key = engine.view.contacts.conversations[of.conversation].address
    if key in known:
        sender = Address(known[key].kind, key)
        option = choose.pick(["wait", "wait", "cancel", "melt"])
        pick = f"pick{engine.view.position}"
        yield c.ReceiveMessage(of.channel, of.account, pick, sender, text=option, choice=f"{of.notice}:{option}")


def _provider_id(engine: Engine, name: str) -> str:
    return f"p{name}.{engine.view.deliveries.deliveries[name].attempts}"


Move = Callable[[Engine, Chooser], "c.Command | None"]

WEIGHTS: Mapping[Move, int] = {plan_notice: 12, cancel_notice: 1, prefer_notices: 2, tell_notice: 2}
"""Move -> how often it is made, relative to the others here."""
