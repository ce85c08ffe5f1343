"""What may answer a customer is found for the agent who looks at the offer, and no offer waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import anyio
import attrs
import pytest
from tests.contact_centre import PLAN, Centre, message

from orchestra import Article, Knowledge, Message, Source
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Channel
from orchestra.model.work import WorkItem
from orchestra.runtime.sources import Asked
from orchestra.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio

LATE = Article("Where is my parcel?", "https://help.example/late", "Parcels take three days.")
BROKEN = Article("Broken on arrival", "kb:7")


CHANNELS = {"chat": attrs.evolve(PLAN.channels["chat"], wrap_up=timedelta()), "task": Channel(work=True)}


@pytest.fixture
def centre() -> Centre:
    return Centre(plan=attrs.evolve(PLAN, channels=CHANNELS), clock=VirtualClock())


class HelpCentre:
    """Finds the same articles for everybody, and remembers what it was asked."""

    def __init__(self, *found: Any) -> None:
        self.found: Any = list(found)
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    async def __call__(self, asked: Asked, texts: Sequence[str]) -> Any:
        self.asked.append((asked.interaction, tuple(texts)))
        return self.found


async def known(centre: Centre, *messages: Message, **sources: Knowledge | Source) -> Any:
    """The context of the offer after some messages of one customer."""
    async with centre.open(sources=sources) as workspace:
        for one in messages:
            await workspace.receive(one)
        ana = await workspace.sign_in("ana")
        return await (await ana.next_offer()).context()


async def test_what_may_answer_comes_with_the_offer(centre: Centre) -> None:
    helps = HelpCentre(LATE, BROKEN)
    context = await known(centre, message(1, text="Where is it?"), message(2, text="Hello?"), help=Knowledge(helps))
    assert context.knowledge == {"help": [LATE, BROKEN]}
    assert helps.asked == [("in1", ("Where is it?", "Hello?"))]
    assert (context.sources, context.missing) == ({}, {})
    assert "parcel" not in repr(context)


async def test_a_work_items_words_are_asked_too(centre: Centre) -> None:
    helps = HelpCentre(LATE)
    async with centre.open(sources={"help": Knowledge(helps)}) as workspace:
        got = await workspace.receive(message(1, text="Where is it?"))
        ana = await workspace.sign_in("ana")
        contact = await (await ana.next_offer()).accept()
        await contact.finish()
        task = WorkItem("task", key="k1", case=got.case.id, title="Look for it", text="It is lost.")
        await workspace.open_work_item(task)
        context = await (await ana.next_offer()).context()
    assert context.knowledge == {"help": [LATE]}
    assert helps.asked == [(context.interaction, ("Look for it", "It is lost."))]


async def test_what_fails_is_slow_or_odd_is_named_and_the_others_are_told(centre: Centre) -> None:
    async def fails(asked: Asked, texts: Sequence[str]) -> list[Article]:
        raise ValueError("secret")

    async def sleeps(asked: Asked, texts: Sequence[str]) -> list[Article]:
        await anyio.sleep_forever()
        return []

    def gives(found: Any) -> Knowledge:
        helps = HelpCentre()
        helps.found = found
        return Knowledge(helps)

    async def crm(asked: Asked) -> dict[str, str]:
        return {"name": "Joe"}

    context = await known(
        centre,
        message(1),
        article=gives(LATE),
        crm=Source(crm),
        fails=Knowledge(fails),
        good=gives((LATE,)),
        long=gives([Article("x" * 20_001, "kb:1")]),
        many=gives([LATE] * 6),
        none=gives(None),
        nothing=gives([]),
        odd=gives([Article("title", 7)]),  # type: ignore[arg-type]
        sleeps=Knowledge(sleeps, time_out=timedelta(milliseconds=20)),
        texts=gives("kb:1"),
        untitled=gives([Article(b"title", "kb:1")]),  # type: ignore[arg-type]
    )
    assert context.sources == {"crm": {"name": "Joe"}}
    assert context.knowledge == {"good": (LATE,), "nothing": []}
    assert context.missing == {
        "article": "gave no list of articles",
        "fails": "failed",
        "long": "gave too much",
        "many": "gave too much",
        "none": "gave no list of articles",
        "odd": "gave an article that is no text",
        "sleeps": "timed out",
        "texts": "gave no list of articles",
        "untitled": "gave an article that is no text",
    }


async def test_it_is_found_again_for_other_words_and_after_its_time(centre: Centre) -> None:
    clock, helps = centre.clock, HelpCentre(LATE)
    assert isinstance(clock, VirtualClock)
    async with centre.open(sources={"help": Knowledge(helps, keep=timedelta(minutes=5))}) as workspace:
        clock.attach(workspace)
        await workspace.receive(message(1, text="Where is it?"))
        ana = await workspace.sign_in("ana")
        contact = await (await ana.next_offer()).accept()
        for _ in range(2):
            assert (await contact.context()).knowledge == {"help": [LATE]}
        assert len(helps.asked) == 1
        await workspace.receive(message(2, text="Hello?"))
        await contact.context()
        await clock.advance(minutes=5)
        await contact.context()
    assert [texts for _, texts in helps.asked] == [("Where is it?",), *[("Where is it?", "Hello?")] * 2]


async def test_what_an_agent_must_not_read_is_not_asked_about(centre: Centre) -> None:
    helps = HelpCentre(LATE)
    async with centre.open(sources={"help": Knowledge(helps)}) as workspace:
        got = await workspace.receive(message(1, text="Where is it?"))
        await workspace.execute(c.EraseCustomer(got.customer, "asked for it"))
        async with aclosing(workspace.events(0, [e.ErasureDone])) as done:
            await anext(done)
        ana = await workspace.sign_in("ana")
        context = await (await ana.next_offer()).context()
    assert [asked.text for asked in context.questions] == [None]
    assert [texts for _, texts in helps.asked] == [()]
