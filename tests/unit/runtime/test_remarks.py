"""What was told of messages, as timelines and contexts show it to each reader, and as it is erased."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.contact_centre import Centre

from orchestra.model import commands as c
from orchestra.model.addresses import Handle
from orchestra.model.message import Message
from orchestra.model.plan import Plan
from orchestra.runtime.client import connect
from orchestra.runtime.readers import Withheld
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio

SHOP = Plan.parse("""
workspace = { name = "tests", default_queue = "care" }
teams.care = {}
queues.care = { team = "care" }
channels.chat = { live = true, weight_percent = 10 }
channels.mail = { weight_percent = 10 }
agents.ana.teams = ["care"]
agents.tom = { teams = ["care"], roles = ["trainee"] }
roles.trainee = { may = ["*"], sees = { own = "trace" } }
identity.purposes = { news = "opt_out" }
""")
AT = datetime(2026, 3, 1, tzinfo=UTC)
JOE = Handle("joe")


@pytest.fixture
def centre() -> Centre:
    return Centre(plan=SHOP, clock=VirtualClock(AT))


async def wrote(ws: Workspace, number: int = 1, text: str = "blue", sender: Handle = JOE) -> Any:
    return await ws.receive(Message("mail", id=f"m{number}", sender=sender, text=text))


async def edited(ws: Workspace, text: str = "red", number: int = 1, edit: str = "e1") -> Any:
    return await ws.execute(c.EditMessage("mail", "main", f"m{number}", edit, text=text))


async def texts(ws: Workspace, **reader: Any) -> list[tuple[str, Any]]:
    """What a reader is shown of messages, the oldest first."""
    entries = await ws.timeline("cu1", **reader)
    kinds = ("Message", "Reaction", "AutoReply")
    return [(entry.kind, entry.text) for entry in entries if entry.kind.startswith(kinds)]


async def test_both_forms_of_a_message_are_history(centre: Centre) -> None:
    async with centre.open() as ws:
        await wrote(ws)
        await edited(ws)
        assert await texts(ws) == [("MessageReceived", "blue"), ("MessageEdited", "red")]


async def test_nobody_is_shown_what_was_taken_back_in_any_of_its_forms(centre: Centre) -> None:
    gone = Withheld("retracted")
    async with centre.open() as ws:
        await wrote(ws)
        await edited(ws)
        await wrote(ws, 2, "green")
        await ws.execute(c.RetractMessage("mail", "main", "m1"))
        shown = [
            ("MessageReceived", gone),
            ("MessageEdited", gone),
            ("MessageReceived", "green"),
            ("MessageRetracted", None),
        ]
        assert await texts(ws) == shown
        assert await texts(ws, actor="customer:cu1") == shown
        assert str(gone) == "[withheld: retracted]"


async def test_who_did_it_is_the_customer(centre: Centre) -> None:
    async with centre.open() as ws:
        await wrote(ws)
        await edited(ws)
        await ws.execute(c.ReactToMessage("mail", "main", "m1", "r1", ws.key.address(JOE), reaction="+1"))
        entries = {entry.kind: entry for entry in await ws.timeline("cu1")}
    assert entries["MessageEdited"].who == entries["ReactionChanged"].who == "customer:cu1"
    assert entries["MessageEdited"].sentence == "the customer changed what they wrote"
    assert (entries["ReactionChanged"].sentence, entries["ReactionChanged"].text) == (
        "the customer reacted to a message",
        "+1",
    )


async def test_a_machine_is_told_from_the_customer(centre: Centre) -> None:
    async with centre.open() as ws:
        await wrote(ws)
        await ws.execute(c.RecordAutoReply("mail", "main", "a1", ws.key.address(JOE), "vacation", text="I am away"))
        entry = (await ws.timeline("cu1"))[-1]
    assert (entry.sentence, entry.text) == ("a machine answered for the customer (vacation)", "I am away")


async def test_whoever_is_shown_no_texts_is_shown_none_of_these(centre: Centre) -> None:
    async with centre.open() as ws:
        await wrote(ws)
        await edited(ws)
        shown = dict(await texts(ws, actor="agent:tom"))
        assert {"blue", "red"}.isdisjoint(str(text) for text in shown.values())
        assert set(shown) == {"MessageReceived", "MessageEdited"}


async def test_what_is_handed_over_says_what_the_message_says_now(centre: Centre) -> None:
    async with centre.open() as ws:
        got = await wrote(ws)
        await wrote(ws, 2, "green")
        await edited(ws)
        await ws.execute(c.RetractMessage("mail", "main", "m2"))
        await ws.execute(c.OfferHandOff(got.case.id, "agent", "ana"))
        context = await ws.hand_off_context("ho1", "ana")
    assert [question.text for question in context.questions] == ["red", None]


async def test_what_a_message_said_in_between_is_erased_with_its_writer(centre: Centre) -> None:
    async with centre.open() as ws:
        await wrote(ws, text="secret-1")
        await edited(ws, "secret-2")
        await ws.execute(c.ReactToMessage("mail", "main", "m1", "r1", ws.key.address(JOE), reaction="heart"))
        await ws.execute(c.RecordAutoReply("mail", "main", "a1", ws.key.address(JOE), "vacation", text="secret-3"))
        await ws.erase("cu1", "asked")
    private = "".join(record.private or "" for record in centre.records())
    facts = "".join(record.facts for record in centre.records())
    assert "secret" not in private + facts
    assert "heart" not in private + facts


async def test_another_process_may_tell_it_as_well(centre: Centre, tmp_path: Any) -> None:
    url = f"sqlite:{tmp_path / 'shop.db'}"
    async with Workspace.open(SHOP, url) as ws, connect(url) as client:
        await wrote(ws)
        await client.execute(c.EditMessage("mail", "main", "m1", "e1", text="red"))
        await client.execute(c.TakeConsent("mail", "main", ws.key.address(JOE), given=False))
        assert await texts(ws) == [("MessageReceived", "blue"), ("MessageEdited", "red")]
        view = await ws.customer("cu1")
        assert [(held.purpose, held.given) for held in view.consents] == [("news", False)]
