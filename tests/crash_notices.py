"""Scenarios as in `crash_scenarios` in which customers are told something: planned, permitted, sent, and received."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import attrs

from orchestra.channels.loopback.transport import Failure
from orchestra.errors import JournalUnavailable
from orchestra.model import commands as c
from orchestra.model.case_types import CaseType, Delay, Stage, Tells
from orchestra.model.notices import Leg, Notices, NoticeTopic
from orchestra.model.templates import Topic, Wording
from orchestra.testing.clock import START
from tests.contact_centre import message
from tests.crash_scenarios import PATIENT, Scenario, World

__all__ = ["TELLING", "prepare_telling"]

_HOUR = timedelta(hours=1)
_WAYS = {
    "welcome": {"number": "number", "due": "instant", "update_by": "instant"},
    "still": {"update_by": "instant"},
    "late": {"before": "instant", "due": "instant"},
}
_STAGES = [
    Stage("received", 2 * _HOUR, max_silence=3 * _HOUR, promise="welcome"),
    Stage("shipping", 4 * _HOUR, max_silence=3 * _HOUR),
    Stage("ready"),
]
_ORDER = CaseType(["order"], stages=_STAGES, delay=Delay(_HOUR, 0), tells=Tells(delay="late", update="still"))
_ARRIVES = Leg("chat", "delivered", 6 * _HOUR)

TOLD = attrs.evolve(
    PATIENT,
    case_types={"order": _ORDER},
    notices=Notices(
        {
            "stage": NoticeTopic(text="It is $stage.", facts={"stage": "text"}, legs=[_ARRIVES]),
            **{name: NoticeTopic(never_held=True) for name in _WAYS},
        }
    ),
    templates={
        name: Topic(facts, {"en": Wording(text=" ".join(f"${fact}" for fact in facts))})
        for name, facts in _WAYS.items()
    },
)


async def _is_over(world: World) -> None:
    """A customer of whom there is a case, and no contact that goes on."""
    await world.comes(message(1))
    await world.execute(c.CancelInteraction("in1", "over"))
    await world.passes("a pause", hours=2)


async def _plans(world: World, key: str, stage: str, **more: object) -> None:
    command = c.PlanNotice(key, "stage", "ca1", facts={"stage": stage}, **more)  # type: ignore[arg-type]
    await world.execute(command)


async def _told(world: World, step: str, name: str, kind: str, at: datetime, **fields: object) -> None:
    """A provider tells something under an id, and signs it anew whenever it tells it again."""
    provider = world.centre.provider

    async def tell() -> None:
        event = {**provider.event(kind, at=at, **fields), "id": name}  # type: ignore[arg-type]
        reply = await world.workspace.webhook("r-41f6", provider.webhook(event, at=world.clock.now))
        if reply.status == 503:
            raise JournalUnavailable("the provider is asked to send it again", True)
        assert reply.status == 200

    await world.do(step, tell)


async def _arrives(world: World) -> None:
    """All that was sent is known to have arrived; the provider says so twice."""
    ids = [sent.id for sent in world.centre.provider.delivered]
    for step in ("receipt", "receipt again"):
        await _told(world, step, "r-1", "delivery", START, state="delivered", messages=ids)


async def a_notice_until_it_arrives(world: World) -> None:
    await _is_over(world)
    await _plans(world, "k1", "packed")
    await world.passes("sending", minutes=10)
    await _arrives(world)
    await world.passes("the end", hours=8)


async def a_notice_in_the_place_of_another(world: World) -> None:
    await _is_over(world)
    later_us = world.clock.now_us() + 3_600_000_000 if "later" not in world.known else world.known["later"]
    world.known["later"] = later_us
    for key in ("k1", "k2"):
        await _plans(world, key, f"packed for {key}", not_before_us=later_us, supersedes_group="g")
    await world.passes("sending", hours=2)


async def a_notice_that_waits_for_the_end_of_a_talk(world: World) -> None:
    await world.comes(message(1))
    await _plans(world, "k1", "packed")
    await world.passes("the talk", hours=1)
    await world.execute(c.CancelInteraction("in1", "over"))
    await world.passes("sending", hours=3)


async def a_notice_whose_answer_is_lost(world: World) -> None:
    await _is_over(world)
    await _plans(world, "k1", "packed")
    await world.passes("retries", hours=1)
    await _arrives(world)


async def a_case_that_is_late(world: World) -> None:
    """Its customer is told that it was received, that it goes on though nothing is new, and that it will be late."""
    await world.comes(message(1, topic="order"))
    await world.execute(c.CancelInteraction("in1", "over"))
    await world.passes("a silence", hours=4)


async def a_case_that_goes_on(world: World) -> None:
    """Its customer is told that it was received; the back office reports twice, and late."""
    await world.comes(message(1, topic="order"))
    await world.execute(c.CancelInteraction("in1", "over"))
    await world.execute(c.AddRef("ca1", "order:81"))
    for step, stage in (("report", "shipping"), ("late report", "received"), ("report again", "shipping")):
        made = START + timedelta(minutes=2 if stage == "shipping" else 1)
        await _told(world, step, f"p-{stage}", "progress", made, ref="order:81", stage=stage)
    await world.passes("the end", minutes=10)


TELLING: Mapping[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        a_notice_until_it_arrives,
        a_case_that_goes_on,
        a_case_that_is_late,
        a_notice_in_the_place_of_another,
        a_notice_that_waits_for_the_end_of_a_talk,
        a_notice_whose_answer_is_lost,
    )
}
"""Scenarios with notices, whose attempts may differ; what is told, of what and how often does not."""


def prepare_telling(name: str) -> World:
    """The world in which such a scenario begins."""
    world = World(TOLD)
    if name == a_notice_whose_answer_is_lost.__name__:
        world.centre.provider.fail_next(Failure.TIMED_OUT_AFTER_TAKING, Failure.CUT_SHORT)
    return world
