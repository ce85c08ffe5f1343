"""Webhooks: verified, then durable, then answered; one bad item spoils nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import anyio
import attrs
import pytest
from tests.contact_centre import Centre, SteeredJournal, answered, turns

from orchestra.channels.inbound import DeliveryState
from orchestra.channels.wire import Handshake, HttpReply, RawRequest
from orchestra.engine.engine import Engine
from orchestra.model import events as e
from orchestra.runtime.signals import TypingSignal
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import START, VirtualClock
from orchestra.testing.faults import JournalFault

ROUTE = "r-41f6"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def centre(clock: VirtualClock) -> Centre:
    return Centre(SteeredJournal(), clock)


def written(centre: Centre, name: str = "e-1", **more: Any) -> Any:
    fields = {"sender": "joe", "conversation": "c-1", "message": name, "text": "Hello", **more}
    return {**centre.provider.event("message", at=START, **fields), "id": name}


async def deliver(workspace: Workspace, centre: Centre, *events: Any) -> HttpReply:
    return await workspace.webhook(ROUTE, centre.provider.webhook(*events, at=START))


async def test_a_message_is_taken(centre: Centre) -> None:
    async with centre.open() as workspace:
        reply = await deliver(workspace, centre, written(centre))
        assert reply.status == 200
        received = centre.events(e.MessageReceived)[0]
        assert (received.text, received.channel, received.account, received.message_id) == (
            "Hello",
            "chat",
            "main",
            "e-1",
        )
        added = centre.events(e.CustomerAdded)[0]
        assert (added.kind, added.value) == ("loopback", "joe")
        assert "joe" not in centre.records()[-1].facts


async def test_the_same_news_twice_is_taken_once(centre: Centre) -> None:
    async with centre.open() as workspace:
        for attempt in (1, 2, 3):
            request = centre.provider.webhook(written(centre), at=START, attempt=attempt)
            assert (await workspace.webhook(ROUTE, request)).status == 200
    assert centre.counts()["MessageReceived"] == 1


async def test_an_unknown_address_is_not_found(centre: Centre) -> None:
    async with centre.open() as workspace:
        assert (await workspace.webhook("r-none", RawRequest(method="POST", url="", received_at=START))).status == 404


async def test_what_is_not_genuine_is_refused(centre: Centre) -> None:
    async with centre.open() as workspace:
        request = centre.provider.webhook(written(centre), at=START)
        forged = attrs.evolve(request, body=request.body.replace(b"Hello", b"Pay 1"))
        assert (await workspace.webhook(ROUTE, forged)).status == 401
        assert (await workspace.webhook(ROUTE, attrs.evolve(request, method="GET"))).status == 405
        old = centre.provider.webhook(written(centre), at=START - timedelta(minutes=6))
        assert (await workspace.webhook(ROUTE, old)).status == 401
    assert centre.counts()["MessageReceived"] == 0


async def test_a_handshake_gets_its_answer(centre: Centre) -> None:
    centre.adapter.on_verify = lambda: Handshake(HttpReply(status=202, body=b"challenge"))
    async with centre.open() as workspace:
        reply = await deliver(workspace, centre)
        assert (reply.status, reply.body) == (202, b"challenge")


async def test_one_bad_item_spoils_nothing_else(centre: Centre, caplog: pytest.LogCaptureFixture) -> None:
    unusable = [written(centre, "e-3", sender="  "), written(centre, "e-4", sender="joe\nann")]
    bad = [{"id": "e-2", "type": "message"}, 7, *unusable]
    async with centre.open() as workspace:
        reply = await deliver(workspace, centre, written(centre, "e-1"), *bad, written(centre, "e-9"))
        assert reply.status == 200
    taken = [event.message_id for event in centre.events(e.MessageReceived)]
    assert taken[0] == "e-1"
    assert taken[-1] == "e-9"
    assert "e-2" not in taken
    assert "Hello" not in caplog.text


async def test_one_item_that_breaks_the_engine_spoils_nothing_else(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Engine.execute

    def execute(self: Engine, command: Any, at_us: int, *absent: Any) -> Any:
        decided = original(self, command, at_us, *absent)
        if getattr(command, "text", None) == "poison":
            raise KeyError("planted")
        return decided

    monkeypatch.setattr(Engine, "execute", execute)
    async with centre.open() as workspace:
        items = [written(centre, "e-1"), written(centre, "e-2", text="poison"), written(centre, "e-3")]
        assert (await deliver(workspace, centre, *items)).status == 200
        assert workspace.health().quarantined == 1
    assert [event.message_id for event in centre.events(e.MessageReceived)] == ["e-1", "e-3"]


@pytest.mark.parametrize("fault", [JournalFault.REFUSE, JournalFault.LOSE, JournalFault.OBSCURE])
async def test_what_could_not_be_stored_is_asked_for_again(centre: Centre, fault: JournalFault) -> None:
    assert isinstance(centre.journal, SteeredJournal)
    items = [written(centre, "e-1"), written(centre, "e-2")]
    async with centre.open() as workspace:
        centre.journal.fail(fault)
        assert (await deliver(workspace, centre, *items)).status == 503
        assert (await deliver(workspace, centre, *items)).status == 200
    assert [event.message_id for event in centre.events(e.MessageReceived)] == ["e-1", "e-2"]


def _raise(*_: Any) -> Any:
    raise RuntimeError("a plug-in's own fault, with joe's address in it")


@pytest.mark.parametrize("part", ["on_verify", "on_decode"])
async def test_an_adapter_s_fault_concerns_its_own_request_only(
    centre: Centre, part: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with centre.open() as workspace:
        setattr(centre.adapter, part, _raise)
        assert (await deliver(workspace, centre, written(centre))).status == 500
        setattr(centre.adapter, part, None)
        assert (await deliver(workspace, centre, written(centre))).status == 200
    assert "joe's address" not in caplog.text


@pytest.mark.parametrize(
    "spoilt", [{"occurred_at": "now, says joe"}, {"occurred_at": START.replace(tzinfo=None)}, {"identities": ("joe",)}]
)
async def test_an_item_that_an_adapter_made_wrongly_spoils_nothing_else(
    centre: Centre, spoilt: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    good = [written(centre, "e-1"), written(centre, "e-9")]
    verified = centre.adapter.verify(centre.provider.webhook(*good, at=START), centre.line.account, START)
    decoded = centre.adapter.decode(verified, centre.line.account)
    first, last = decoded.events
    junk = attrs.evolve(first, origin=attrs.evolve(first.origin, **spoilt))
    centre.adapter.on_decode = lambda: attrs.evolve(decoded, events=(junk, last))
    async with centre.open() as workspace:
        assert (await deliver(workspace, centre, *good)).status == 200
    assert [event.message_id for event in centre.events(e.MessageReceived)] == ["e-9"]
    assert "one item left out" in caplog.text
    assert "joe" not in caplog.text


async def test_news_that_nothing_uses_is_counted(centre: Centre) -> None:
    async with centre.open() as workspace:
        typing = centre.provider.event("typing", at=START, sender="joe", conversation="c-1", typing=True)
        unknown = centre.provider.event("hologram", at=START)
        nobody = centre.provider.event("message", at=START, message="m-1", text="Hello")
        assert (await deliver(workspace, centre, typing, unknown, nobody)).status == 200
        assert workspace.health().news_unused == 2


async def test_what_a_provider_tells_its_owner_is_shown_to_whoever_watches(
    centre: Centre, caplog: pytest.LogCaptureFixture
) -> None:
    async with centre.open() as workspace:
        assert workspace.health().provider_notices == {}
        first = centre.provider.event("notice", at=START, code="quality_low")
        again = attrs.evolve(centre.provider.webhook(first, at=START))
        assert (await workspace.webhook(ROUTE, again)).status == 200
        last = centre.provider.event("notice", at=START, code="limit_lowered")
        assert (await deliver(workspace, centre, last, written(centre))).status == 200
        assert workspace.health().provider_notices == {"chat/main": "limit_lowered"}
        assert workspace.health().news_unused == 0
    assert "chat/main: its provider tells its owner: quality_low" in caplog.text
    assert centre.counts()["MessageReceived"] == 1


async def test_receipts_find_their_delivery(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        await answered(workspace)
        await workspace.settle()
        for state in (DeliveryState.ACCEPTED, DeliveryState.READ, DeliveryState.DELIVERED):
            request = centre.provider.receipt(state, "out-1", at=START)
            assert (await workspace.webhook(ROUTE, request)).status == 200
    assert [event.receipt for event in centre.events(e.ReceiptRecorded)] == ["read"]


async def test_our_own_echo_is_no_news(centre: Centre) -> None:
    async with centre.open() as workspace:
        await answered(workspace)
        await workspace.settle()
        before = centre.journal.position()
        request = centre.provider.echo(centre.provider.delivered[0], at=START)
        assert (await workspace.webhook(ROUTE, request)).status == 200
        assert centre.journal.position() == before


async def test_an_answer_given_elsewhere_is_recorded(centre: Centre) -> None:
    async with centre.open() as workspace:
        await deliver(workspace, centre, written(centre))
        fields: dict[str, Any] = {"sender": "joe", "conversation": "c-1", "text": "Done"}
        for number, key in enumerate((None, "de1.forged")):
            fields["message"] = f"x-1{number}"
            echo = centre.provider.event("echo", at=START, **fields, **({} if key is None else {"key": key}))
            assert (await deliver(workspace, centre, echo)).status == 200
        nobody = centre.provider.event("echo", at=START, message="x-2", text="Done")
        assert (await deliver(workspace, centre, nobody)).status == 200
    replies = centre.events(e.ReplyRecorded)
    assert [reply.text for reply in replies] == ["Done", "Done"]


async def test_a_reply_token_brings_an_answer_back_to_its_case(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact = await answered(workspace)
        token = workspace.reply_token(contact.case.id)
        assert workspace.key.case_of(token) == contact.case.id
        assert workspace.key.case_of(token[:-1] + ("0" if token[-1] != "0" else "1")) is None


# What is told of a message


async def test_what_a_message_says_now_is_what_agents_are_shown_of_it(centre: Centre) -> None:
    news = [
        {"message": "m-1", "text": "I want it blue"},
        {"message": "m-2", "text": "Call me"},
        {"message": "m-3", "text": "I am cross"},
    ]
    later = [("edit", {"message": "m-1", "text": "I want it red"}), ("delete", {"message": "m-3"})]
    async with centre.open() as workspace:
        events = [written(centre, f"e-{number}", **more) for number, more in enumerate(news)]
        events += [centre.provider.event(kind, at=START, sender="joe", **more) for kind, more in later]
        assert (await deliver(workspace, centre, *events)).status == 200
        ana = await workspace.sign_in("ana")
        offer = await ana.next_offer()
        shown = (await offer.context()).questions
        assert [question.text for question in shown] == ["I want it red", "Call me", None]
        entries = await workspace.timeline("cu1")
    said = [(entry.kind, str(entry.text)) for entry in entries if entry.kind.startswith("Message")]
    assert said == [
        ("MessageReceived", "I want it blue"),
        ("MessageReceived", "Call me"),
        ("MessageReceived", "[withheld: retracted]"),
        ("MessageEdited", "I want it red"),
        ("MessageRetracted", "None"),
    ]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1)])
async def test_news_of_a_message_come_in_any_order(centre: Centre, order: tuple[int, ...]) -> None:
    first = written(centre, "e-0", message="m-1", text="I want it blue")
    edit = centre.provider.event(
        "edit", at=START, sender="joe", conversation="c-1", message="m-1", text="I want it red"
    )
    delete = centre.provider.event("delete", at=START, sender="joe", message="m-1")
    news = [first, edit, delete]
    async with centre.open() as workspace:
        await deliver(workspace, centre, *(news[number] for number in order))
        assert centre.counts()["MessageReceived"] == 1
        assert centre.counts()["InteractionStarted"] == 1
        ana = await workspace.sign_in("ana")
        assert [question.text for question in (await (await ana.next_offer()).context()).questions] == [None]


async def test_that_somebody_types_is_shown_and_never_kept(centre: Centre) -> None:
    heard: list[Any] = []

    async def listen(workspace: Workspace) -> None:
        async for signal in workspace.signals("in1", every=timedelta()):
            heard.append(signal)  # noqa: PERF401

    def typing(sender: str, **more: Any) -> Any:
        return centre.provider.event("typing", at=START, sender=sender, **{"conversation": "c-1", **more})

    async with centre.open() as workspace:
        await deliver(workspace, centre, written(centre))
        position = centre.journal.position()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen, workspace)
            await turns()
            unheard = (
                typing("joe", typing=False),
                typing("joe", conversation="c-9"),
                typing("joe\n", conversation=None),
            )
            for event in unheard:
                await deliver(workspace, centre, {"typing": True, **event})
            await turns()
            assert len(heard) == 1
            await deliver(workspace, centre, typing("joe", typing=True))
            await turns()
            tasks.cancel_scope.cancel()
        assert heard[1:] == [TypingSignal("in1", "customer")]
        assert centre.journal.position() == position
