"""What whoever talks with a customer hears of what the customer asks elsewhere meanwhile."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime

import anyio
import pytest
from tests.contact_centre import turns

from orchestra.model import commands as c
from orchestra.model.addresses import Handle
from orchestra.model.message import Contact, Message
from orchestra.model.plan import Plan
from orchestra.runtime.agents import ActiveContact
from orchestra.runtime.context import Question
from orchestra.runtime.readers import Withheld
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio

SHOP = Plan.parse("""
workspace = { name = "tests", default_queue = "care" }
teams.care = {}
teams.hats = {}
queues.care = { team = "care" }
queues.hats = { team = "hats" }
channels.voice = { live = true }
channels.page = { weight_percent = 10 }
channels.text = { weight_percent = 10 }
channels.mail = { weight_percent = 10, accounts = { hats = { queue = "hats" } } }
engagements.pairs.voice = { page = "link", text = "defer" }
agents.ana.teams = ["care"]
agents.ben.teams = ["care"]
agents.tom = { teams = ["care"], roles = ["trainee"] }
roles.trainee = { may = ["*"], sees = { own = "facts" } }
brands.shoes = { accounts = { voice = ["main"], page = ["main"], text = ["main"], mail = ["main"] }, teams = ["care"] }
brands.hats = { accounts = { mail = ["hats"] }, teams = ["hats"] }
""")
JOE = Handle("joe")


@pytest.fixture
async def ws() -> AsyncGenerator[Workspace, None]:
    async with Workspace.open(SHOP, clock=VirtualClock(datetime(2026, 3, 2, 9, tzinfo=UTC))) as workspace:
        yield workspace


async def on_the_phone(ws: Workspace, agent: str = "ana") -> ActiveContact:
    session = await ws.sign_in(agent)
    await ws.receive(Contact("voice", id="call", sender=JOE, topic="order"))
    return await (await session.next_offer()).accept()


async def writes(ws: Workspace, number: int, channel: str = "page", account: str = "main", topic: str = "order") -> str:
    text = f"t{number}"
    got = await ws.receive(Message(channel, id=text, account=account, sender=JOE, text=text, topic=topic))
    assert got.interaction is not None
    return got.interaction


async def test_the_context_of_a_call_tells_what_is_asked_in_public(ws: Workspace) -> None:
    call = await on_the_phone(ws)
    assert (await call.context()).asked_elsewhere == ()
    await writes(ws, 1, "text")
    await writes(ws, 2)
    await writes(ws, 3, "text")
    context = await call.context()
    assert (context.linked, context.deferred) == (("page",), ("text",))
    asked = [(question.text, question.channel) for question in context.asked_elsewhere]
    assert asked == [("t1", "text"), ("t2", "page"), ("t3", "text")], "in the order in which it was asked"
    assert "t1" not in repr(context)


async def test_it_comes_while_they_talk_and_ends_with_the_call(ws: Workspace) -> None:
    call = await on_the_phone(ws)
    await writes(ws, 1, "text")
    heard: list[str] = []

    async def listen() -> None:
        async for question in call.elsewhere():
            assert isinstance(question.text, str)
            heard.append(question.text)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen)
        await writes(ws, 2)
        await writes(ws, 3, "mail", topic="bill")
        await writes(ws, 4)
        with anyio.fail_after(30):
            while len(heard) < 3:
                await turns()
        await call.finish()
    assert heard == ["t1", "t2", "t4"], "and what is about something else is somebody else's"


async def test_what_was_linked_by_hand_comes_with_what_was_written_before(ws: Workspace) -> None:
    call = await on_the_phone(ws)
    mail = await writes(ws, 1, "mail", topic="bill")
    await ws.execute(c.LinkQuestion(mail, call.interaction, actor="agent:ana"))
    async with aclosing(call.elsewhere()) as questions:
        assert (await anext(questions)).text == "t1"
        await ws.execute(c.UnlinkQuestion(mail, actor="agent:ana"))
        assert (await call.context()).asked_elsewhere == ()


async def test_it_ends_once_the_call_is_in_other_hands(ws: Workspace) -> None:
    call = await on_the_phone(ws)
    ben = await ws.sign_in("ben")
    consult = await call.transfer_to("ben")
    await (await ben.next_consult()).accept()
    await consult.completed()
    await writes(ws, 1)
    assert [question async for question in call.elsewhere()] == []


async def test_who_is_shown_no_texts_is_shown_none_of_these(ws: Workspace) -> None:
    call = await on_the_phone(ws, "tom")
    await writes(ws, 1)
    (question,) = (await call.context()).asked_elsewhere
    assert (question.text, question.channel) == (Withheld("role"), "page")


async def test_what_belongs_to_another_brand_stays_there(ws: Workspace) -> None:
    call = await on_the_phone(ws)
    mail = await writes(ws, 1, "mail", "hats", topic="hat")
    await ws.execute(c.LinkQuestion(mail, call.interaction))
    (question,) = (await call.context()).asked_elsewhere
    assert question == Question("me1", Withheld("brand", "hats"), channel="mail")
