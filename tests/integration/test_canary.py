"""Nothing personal and nothing secret may come out where it does not belong: a day full of canaries, and a search.

Canaries stand for customers' names, addresses and texts, agents' names and all secrets. Everything that the library
writes down or shows is collected while the scenarios run (facts, logs, reprs, errors, states, snapshots) and searched.
The private parts are searched too, and must hold what is personal: else nothing was tested.
"""

from __future__ import annotations

import json
import logging
import traceback
import zlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.contact_centre import Scripted, SteeredJournal, message

from orchestra import blocking
from orchestra.channels.account import Account, Conversation
from orchestra.channels.inbound import DeliveryState
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.loopback.transport import Failure, LoopbackProvider, LoopbackTransport
from orchestra.channels.outbound import Message as OutboundMessage
from orchestra.channels.parts import Identity
from orchestra.channels.sending import SendPlan
from orchestra.channels.wire import RawRequest, Verified
from orchestra.codec import decode_event, encode_command
from orchestra.engine.engine import SCHEMA, Engine
from orchestra.errors import (
    CommandRefused,
    DefinitionError,
    InvalidCommand,
    InvalidData,
    JournalUnavailable,
    MalformedMessage,
    OrchestraError,
    Quarantined,
)
from orchestra.insight.reading import measure
from orchestra.journal.memory import MemoryJournal
from orchestra.journal.port import Journal
from orchestra.journal.registry import open_journal
from orchestra.model import commands as c
from orchestra.model.addresses import Email, Handle, Phone
from orchestra.model.message import Contact, Message
from orchestra.model.plan import Plan
from orchestra.model.records import Batch, Lease
from orchestra.runtime.client import connect
from orchestra.runtime.contact_log import ContactLog, parse_line
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.ledger import Ledger
from orchestra.runtime.lines import Line
from orchestra.runtime.loading import load_engine, save_snapshot
from orchestra.runtime.replaying import replay
from orchestra.runtime.workspace import Workspace
from orchestra.testing import VirtualClock
from orchestra.testing.clock import START
from orchestra.testing.faults import JournalFault

PERSONAL: Mapping[str, str] = {
    "handle": "canary-handle-3kq7",
    "name": "Canary Wren Ostrander",
    "email": "canary.nightjar@example.org",
    "phone": "+4930555019283",
    "thread": "+4930555019284",
    "webhook text": "canary webhook: my cellar is under water",
    "reply text": "canary reply: a plumber is on the way",
    "client text": "canary client: the plumber never came",
    "case text": "canary case: we are sorry about the plumber",
    "agent in plan": "Canary Ada Planner",
    "agent by command": "Canary Bruno Commander",
}
"""What only private parts may hold."""

REFUSED: Mapping[str, str] = {
    "refused text": "canary refused: nobody took this",
    "refused address": "canary-refused-address",
    "fault": "canary fault: a plug-in quotes a customer",
}
"""What was never taken, and so must be nowhere at all."""

SECRETS: Mapping[str, str] = {
    "workspace key": "canary-workspace-key-5d1f0a",
    "short key": "canary-short",
    "other key": "canary-other-key-8c2b77aa",
    "signing": "canary-signing-secret-now",
    "signing before": "canary-signing-secret-before",
    "route key": "canary-route-key-9e41",
    "forged token": "ca1.canaryforgedtoken",
}
"""What must be nowhere at all, private parts included."""

IN_LOG: Mapping[str, str] = {
    "log customer": "canary-log-customer",
    "log text": "canary log: where is my refund",
    "log answer": "canary log answer: on its way",
}
"""What a contact log holds, and private parts alone may hold after it."""

KEY_NAME = "CANARY_WORKSPACE_KEY"

PLAN = Plan.parse(f"""
workspace = {{ name = "canaries", default_queue = "care", key = "{KEY_NAME}" }}
teams.care = {{}}
queues.care.team = "care"
channels.chat = {{ live = true, weight_percent = 25, wrap_up = "10s" }}
channels.mail.weight_percent = 25
channels.voice.live = true
agents.ana = {{ teams = ["care"], name = "{PERSONAL["agent in plan"]}" }}
""")

PERSON = {"kind": "loopback", "id": PERSONAL["handle"], "name": PERSONAL["name"]}


class Shown:
    """All that was shown, with where: to be searched in the end."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []

    def text(self, where: str, text: str) -> None:
        self.texts.append((where, text))

    def objects(self, *objects: Any) -> None:
        """How each of them shows itself, and how those show themselves that it consists of."""
        for shown in objects:
            name = type(shown).__name__
            self.text(f"repr of {name}", repr(shown))
            self.text(f"str of {name}", str(shown))
            if attrs.has(type(shown)):
                nested = (getattr(shown, field.name) for field in attrs.fields(type(shown)) if field.repr is not False)
                self.objects(*(value for value in nested if attrs.has(type(value))))

    def error(self, error: BaseException) -> None:
        """All that a log or a tracker of errors would show of it: chained ones and their attributes included."""
        self.text(f"traceback of {type(error).__name__}", "".join(traceback.format_exception(error)))
        chained: BaseException | None = error
        while chained is not None:
            self.objects(chained)
            self.text(f"attributes of {type(chained).__name__}", repr(vars(chained)))
            chained = chained.__cause__ or (None if chained.__suppress_context__ else chained.__context__)

    def logs(self, records: Iterable[logging.LogRecord]) -> None:
        for record in records:
            if not record.name.startswith("orchestra"):
                continue
            error = record.exc_info and "".join(traceback.format_exception(*record.exc_info))
            parts = (record.getMessage(), record.msg, record.args, error, record.exc_text, record.stack_info)
            self.text(f"log of {record.name}", repr(parts))

    def journal(self, journal: Journal) -> None:
        """Facts, states and snapshots; records and events as they show themselves."""
        for record in journal.read():
            self.text(f"facts of {record.type}", repr((record.facts, record.subject, record.actor)))
            self.objects(record, decode_event(record))
        engine = load_engine(journal, use_snapshot=False)
        self.text("state", json.dumps(engine.dump(), ensure_ascii=False))
        self.objects(engine, engine.view, engine.view.plan)
        save_snapshot(journal)
        snapshot = journal.load_snapshot(SCHEMA)
        assert snapshot is not None
        self.objects(snapshot)
        self.text("snapshot", zlib.decompress(snapshot.state).decode())
        self.text("measures", json.dumps(measure(journal).to_json()))

    def found(self, *canaries: Mapping[str, str]) -> list[tuple[str, str]]:
        """(which canary, where) for each that can be seen."""
        return [
            (name, where)
            for wanted in canaries
            for name, canary in wanted.items()
            for where, text in self.texts
            if canary in text or canary.removeprefix("+") in text
        ]

    def of_kind(self, beginning: str) -> int:
        return sum(where.startswith(beginning) for where, _ in self.texts)


class Watched(SteeredJournal):
    """Notes the batches that pass."""

    def __init__(self, inner: Journal, shown: Shown) -> None:
        super().__init__(inner)
        self._shown = shown

    def append(self, after: int, batches: Sequence[Batch], lease: Lease) -> int:
        self._shown.objects(lease, *batches, *(batch.done for batch in batches if batch.done))
        return super().append(after, batches, lease)


class House:
    """A workspace on SQLite whose customers, agents and secrets are canaries."""

    def __init__(self, folder: Path, shown: Shown) -> None:
        self.shown = shown
        self.path = folder / "canaries.db"
        self.url = f"sqlite:{self.path}"
        self.journal = Watched(open_journal(self.url), shown)
        self.secrets = {KEY_NAME: SECRETS["workspace key"]}
        self.clock = VirtualClock()
        self.adapter = Scripted()
        self.account = Account(
            route_key=SECRETS["route key"],
            channel="loopback",
            id="acme",
            secrets={"signing": (SECRETS["signing"], SECRETS["signing before"])},
        )
        self.provider = LoopbackProvider(self.account)
        self.line = Line("chat", self.adapter, self.account, LoopbackTransport(self.provider))
        self._events = 0

    def open(self) -> Any:
        return Workspace.open(self.plan, self.journal, channels=[self.line], secrets=self.secrets, clock=self.clock)

    @property
    def plan(self) -> Plan:
        return PLAN

    def written(self, **fields: Any) -> Any:
        """An event of a webhook: the customer writes."""
        self._events += 1
        common: dict[str, Any] = {"id": f"e-{self._events}", "type": "message", "at": 1_767_600_000_000}
        common["conversation"] = PERSONAL["thread"]
        text = PERSONAL["webhook text"]
        return {**common, "from": PERSON, "message": f"m-{self._events}", "text": text, **fields}

    async def deliver(self, workspace: Workspace, *events: Any) -> int:
        """Hand in a signed webhook; gives the status."""
        return await self.post(workspace, self.provider.webhook(*events, at=self.clock.now))

    async def post(self, workspace: Workspace, request: RawRequest) -> int:
        reply = await workspace.webhook(SECRETS["route key"], request)
        self.shown.objects(request, reply, Verified(request), self.line, self.account)
        return reply.status

    async def refused(self, kind: type[OrchestraError], call: Awaitable[Any]) -> None:
        """The call is refused, and what it says is noted."""
        try:
            await call
        except kind as error:
            self.shown.error(error)
        else:
            pytest.fail(f"not refused with {kind.__name__}")


@pytest.fixture
def shown(caplog: pytest.LogCaptureFixture) -> Shown:
    caplog.set_level(logging.DEBUG, logger="orchestra")
    return Shown()


@pytest.fixture
def house(tmp_path: Path, shown: Shown) -> House:
    return House(tmp_path, shown)


def private_text(journal: Journal) -> str:
    return "\n".join(record.private or "" for record in journal.read())


def raw_bytes(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


def nowhere(shown: Shown, caplog: pytest.LogCaptureFixture, journal: Journal, logs_at_least: int) -> None:
    """Search everything; and make sure that there was something to search."""
    shown.logs(caplog.records)
    shown.journal(journal)
    assert shown.found(PERSONAL, REFUSED, SECRETS, IN_LOG) == []
    assert shown.of_kind("log of") >= logs_at_least
    assert shown.of_kind("facts of") > 8
    stored = private_text(journal)
    assert [name for name, canary in {**SECRETS, **REFUSED}.items() if canary in stored] == []


# An ordinary day


async def test_an_ordinary_day_shows_nobody(house: House, caplog: pytest.LogCaptureFixture) -> None:
    shown = house.shown
    async with house.open() as workspace:
        house.clock.attach(workspace)
        await one_contact(house, workspace)
        await over_the_inbox(house, workspace)
        await answers_with_tokens(house, workspace)
        shown.objects(workspace, workspace.key, workspace.health(), house.plan)
    nowhere(shown, caplog, house.journal, 0)
    stored = private_text(house.journal)
    assert [name for name, canary in PERSONAL.items() if canary not in stored] == []
    house.journal.close()
    on_disk = raw_bytes(house.path)
    assert PERSONAL["reply text"].encode() in on_disk
    assert [name for name, canary in SECRETS.items() if canary.encode() in on_disk] == []


async def one_contact(house: House, workspace: Workspace) -> None:
    """A webhook in, an offer taken, an answer out, its receipt, a call beside it."""
    shown = house.shown
    ben = c.DefineAgent("ben", ["care"], name=PERSONAL["agent by command"])
    shown.objects(ben, await workspace.execute(ben))
    event = house.written()
    assert await house.deliver(workspace, event) == 200
    assert await house.deliver(workspace, event, house.written()) == 200
    session = await workspace.sign_in("ana")
    offer = await session.next_offer()
    shown.objects(session, offer, await workspace.why_waiting(offer.interaction))
    shown.objects(await workspace.steer(offer.interaction))
    contact = await offer.accept()
    texts = contact.messages()
    assert await anext(texts) == PERSONAL["webhook text"]
    await texts.aclose()
    shown.objects(contact, contact.case, await contact.reply(PERSONAL["reply text"]))
    await workspace.settle()
    (delivered,) = house.provider.delivered
    assert (delivered.recipient, delivered.text) == (PERSONAL["handle"], PERSONAL["reply text"])
    receipt = house.provider.receipt(DeliveryState.READ, delivered.id, at=house.clock.now)
    assert await house.post(workspace, receipt) == 200
    shown.objects(delivered, await workspace.case(contact.case.id), await workspace.interaction(contact.interaction))
    await contact.hold()
    await contact.retrieve()
    await contact.finish("solved")
    await house.clock.advance(minutes=1)
    await look_back(house, workspace, contact.customer, contact.interaction)


async def look_back(house: House, workspace: Workspace, customer: str, interaction: str) -> None:
    """History, explanation and feed: the texts are there, and no repr shows them."""
    entries = await workspace.timeline(customer)
    assert PERSONAL["reply text"] in {entry.text for entry in entries}
    explanation = await workspace.explain(interaction, full=True)
    house.shown.objects(*entries, explanation, *explanation.steps, *explanation.decisions)
    house.shown.text("explanation", json.dumps(explanation.to_json()))
    house.shown.text("sentences", "\n".join(entry.sentence for entry in entries))
    end = workspace.health().position
    feed = workspace.events()
    async for entry in feed:
        house.shown.objects(entry)
        if entry.position >= end:
            break
    await feed.aclose()


async def over_the_inbox(house: House, workspace: Workspace) -> None:
    """Another process writes through the inbox: an e-mail, a call, a message of the company's own."""
    shown = house.shown
    async with connect(house.url, secrets=house.secrets, patience_s=20) as client:
        mail = Message(
            "mail",
            id="mail-1",
            sender=Email(PERSONAL["email"], PERSONAL["name"]),
            text=PERSONAL["client text"],
            thread=PERSONAL["thread"],
        )
        call = Contact("voice", id="call-1", sender=Phone(PERSONAL["phone"], PERSONAL["name"]))
        received = await client.receive(mail)
        shown.objects(client, client.key, client.plan, mail, mail.sender, call, call.sender, received)
        shown.objects(await client.receive(call), *await client.timeline(received.customer))
        assert received.case is not None
        sent = c.SendMessage(received.case.id, "sorry", text=PERSONAL["case text"])
        shown.objects(sent, await client.execute(sent))
        await house.refused(
            CommandRefused, client.execute(attrs.evolve(sent, text=REFUSED["refused text"], digest=None))
        )
        await house.refused(CommandRefused, client.execute(c.WriteReply("in999", "ana", text=REFUSED["refused text"])))
        for wrong in ([REFUSED["refused text"]], f"{REFUSED['refused text']}\ud800"):
            await house.refused(InvalidCommand, client.execute(c.WriteReply("in1", "ana", text=wrong)))
        null = f"{REFUSED['refused text']}\x00"
        await house.refused(InvalidData, client.execute(c.WriteReply("in1", "ana", text=null)))
        await house.refused(InvalidData, client.receive(message("bad", "text", f"{REFUSED['refused address']}\x00")))
    await workspace.settle()


async def answers_with_tokens(house: House, workspace: Workspace) -> None:
    """A genuine reply token leads to its case, and is as secret as a forged one."""
    received = await workspace.receive(message("t0", "first", PERSONAL["handle"]))
    assert received.case is not None
    token = workspace.reply_token(received.case.id)
    genuine = message("t1", "again", "canary-friend", reply_token=token)
    assert (await workspace.receive(genuine)).case == received.case
    forged = message("t2", "and again", PERSONAL["handle"], reply_token=SECRETS["forged token"])
    house.shown.objects(genuine, forged, await workspace.receive(forged))
    house.shown.journal(house.journal)
    assert house.shown.found({"genuine token": token.partition(".")[2]}) == []


# Bad input


async def test_refusals_quote_nobody(house: House, caplog: pytest.LogCaptureFixture) -> None:
    text, who = REFUSED["refused text"], REFUSED["refused address"]
    async with house.open() as workspace:
        house.clock.attach(workspace)
        await house.deliver(workspace, house.written())
        for sender in (
            Email(who),
            Email(f"{who} at@example.org"),
            Email(f"{who}@exa mple.org"),
            Phone(f"+49{who}"),
            Handle(f"{who}\n", kind="loopback"),
            Handle(f"{who}\ud800", kind="loopback"),
            Handle(who * 100, kind="loopback"),
        ):
            bad = Message("chat", id="b1", sender=sender, text=text)
            house.shown.objects(bad, sender)
            await house.refused(MalformedMessage, workspace.receive(bad))
        named = Handle("joe", f"{who}\ud800", kind="loopback")
        await house.refused(CommandRefused, workspace.receive(Message("chat", id="b2", sender=named, text="hello")))
        await house.refused(MalformedMessage, workspace.receive(message("b3", f"{text}\udc00")))
        await house.refused(MalformedMessage, workspace.receive(message("b4", text * 20_000)))
        await house.refused(CommandRefused, workspace.receive(Message("fax", id="b5", sender=Handle(who), text=text)))
        await house.refused(CommandRefused, workspace.execute(c.WriteReply("in1", "ana", text=text)))
        await house.refused(CommandRefused, workspace.execute(c.WriteReply("in1", "ana", text=f"{text}\ud800")))
        await house.refused(CommandRefused, workspace.execute(c.SendMessage("ca99", "k", text=text)))
        await house.refused(CommandRefused, workspace.execute(c.DefineAgent("eve", ["nobody"], name=who)))
        for wrong in ([text], text.encode(), {"text": text}):
            await house.refused(InvalidCommand, workspace.execute(c.SendMessage("ca1", "k1", digest="d", text=wrong)))
    nowhere(house.shown, caplog, house.journal, 0)


async def test_bad_webhooks_are_quoted_nowhere(house: House, caplog: pytest.LogCaptureFixture) -> None:
    text, who = REFUSED["refused text"], REFUSED["refused address"]
    async with house.open() as workspace:
        house.clock.attach(workspace)
        good = house.provider.webhook(house.written(text=text), at=house.clock.now)
        assert await house.post(workspace, attrs.evolve(good, body=good.body + b" ")) == 401
        assert await house.post(workspace, attrs.evolve(good, method="PUT")) == 405
        assert await house.post(workspace, attrs.evolve(good, headers=(*good.headers, *good.headers))) == 401
        stale = house.provider.webhook(house.written(text=text), at=house.clock.now - timedelta(hours=1))
        assert await house.post(workspace, stale) == 401
        bad_items = [
            house.written(text=[text]),
            house.written(**{"from": {"id": f"{who}\n"}, "text": text}),
            house.written(**{"from": {"id": who, "kind": "email"}, "text": text}),
            house.written(**{"from": {"id": who, "kind": "phone"}, "text": text}),
            house.written(**{"from": who, "text": text}),
            house.written(at=text),
            {"id": "e-x", "type": text, "at": 1_767_600_000_000, "from": {"id": who}},
            text,
        ]
        for item in bad_items:
            assert await house.deliver(workspace, item) == 200
        assert await house.deliver(workspace, *bad_items) == 200
        assert await house.deliver(workspace, house.written(text=f"{text}\x00")) == 400
        assert (await workspace.webhook(f"{SECRETS['route key']}x", good)).status == 404
        await house.deliver(workspace, *(house.written() for _ in range(3)))
    nowhere(house.shown, caplog, house.journal, 8)


async def test_set_up_errors_name_no_secret(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_NAME, raising=False)

    async def opening(secrets: Mapping[str, str], *lines: Line) -> None:
        async with Workspace.open(PLAN, MemoryJournal(), channels=lines, secrets=secrets):
            pytest.fail("it opened")

    async def connecting(key: str) -> None:
        async with connect(house.url, secrets={KEY_NAME: key}):
            pytest.fail("it connected")

    async with house.open():
        pass
    await house.refused(DefinitionError, opening({}))
    await house.refused(DefinitionError, opening({KEY_NAME: SECRETS["short key"]}))
    await house.refused(DefinitionError, opening(house.secrets, house.line, attrs.evolve(house.line)))
    config = {"url": 7, "extra": SECRETS["signing before"]}
    bare = Account(route_key=SECRETS["route key"], channel="loopback", id="acme", config=config)
    unsigned = Line("chat", LoopbackAdapter(), bare)
    await house.refused(DefinitionError, opening(house.secrets, unsigned, attrs.evolve(house.line, channel="fax")))
    await house.refused(DefinitionError, connecting(SECRETS["other key"]))
    house.secrets = {KEY_NAME: SECRETS["other key"]}
    await house.refused(DefinitionError, reopening(house))
    house.shown.objects(bare, unsigned)
    assert house.shown.of_kind("traceback of DefinitionError") == 6
    assert house.shown.found(PERSONAL, REFUSED, SECRETS) == []


async def reopening(house: House) -> None:
    async with house.open():
        pytest.fail("it opened with another key")


# Faults


async def test_faults_of_plug_ins_and_providers_quote_nobody(house: House, caplog: pytest.LogCaptureFixture) -> None:
    def fault(*_: Any) -> Any:
        raise RuntimeError(REFUSED["fault"], PERSONAL["reply text"], SECRETS["signing"])

    house.provider.fail_next(Failure.UNAVAILABLE, Failure.TIMED_OUT_AFTER_TAKING)
    async with house.open() as workspace:
        house.clock.attach(workspace)
        for part in ("on_verify", "on_decode"):
            setattr(house.adapter, part, fault)
            assert await house.deliver(workspace, house.written()) == 500
            setattr(house.adapter, part, None)
        assert await house.deliver(workspace, house.written()) == 200
        session = await workspace.sign_in("ana")
        contact = await (await session.next_offer()).accept()
        await contact.reply(PERSONAL["reply text"])
        await house.clock.advance(minutes=30)
        for part in ("on_encode", "on_interpret"):
            setattr(house.adapter, part, fault)
            await contact.reply(PERSONAL["reply text"])
            await house.clock.advance(minutes=1)
            setattr(house.adapter, part, None)
        house.shown.objects(*house.provider.delivered, await planned(house))
    nowhere(house.shown, caplog, house.journal, 4)


async def planned(house: House) -> SendPlan:
    """A plan for sending, as adapters give it to transports: a secret has signed it."""
    recipient = Identity("loopback", PERSONAL["handle"], PERSONAL["name"])
    conversation = Conversation(recipient=recipient, id=PERSONAL["thread"])
    outgoing = OutboundMessage(key="de1.0", text=PERSONAL["reply text"])
    plan = house.adapter.encode(outgoing, house.account, conversation, START)
    assert isinstance(plan, SendPlan)
    result = await LoopbackTransport(house.provider).perform(plan.steps[0])
    house.shown.objects(plan, *plan.steps, result, conversation, outgoing, house.adapter.describe())
    return plan


async def test_faults_of_the_engine_quote_nobody(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Engine.execute

    def execute(self: Engine, command: Any, at_us: int, *absent: Any) -> Any:
        decided = original(self, command, at_us, *absent)
        if isinstance(command, c.ReceiveMessage) and command.text == REFUSED["refused text"]:
            raise KeyError(command.text, command.sender.value)
        return decided

    monkeypatch.setattr(Engine, "execute", execute)
    async with house.open() as workspace:
        house.clock.attach(workspace)
        await house.deliver(workspace, house.written())
        assert await house.deliver(workspace, house.written(text=REFUSED["refused text"])) == 200
        with pytest.raises(Quarantined) as caught:
            await workspace.receive(message("q", REFUSED["refused text"], PERSONAL["handle"]))
        house.shown.objects(caught.value)
        await workspace.settle()
        await house.deliver(workspace, house.written())
    nowhere(house.shown, caplog, house.journal, 4)


@pytest.mark.parametrize("fault", [JournalFault.REFUSE, JournalFault.LOSE, JournalFault.OBSCURE])
async def test_faults_of_the_journal_quote_nobody(
    house: House, caplog: pytest.LogCaptureFixture, fault: JournalFault
) -> None:
    async with house.open() as workspace:
        house.clock.attach(workspace)
        await house.deliver(workspace, house.written())
        house.journal.fail(fault)
        assert await house.deliver(workspace, house.written()) == 503
        house.journal.fail(fault)
        await house.refused(JournalUnavailable, workspace.receive(message("f", "text", PERSONAL["handle"])))
        await workspace.receive(message("f", "text", PERSONAL["handle"]))
    nowhere(house.shown, caplog, house.journal, 4)


# Other ways in


def test_the_blocking_door_shows_nobody(house: House, caplog: pytest.LogCaptureFixture) -> None:
    shown = house.shown
    with blocking.open(PLAN, house.journal, channels=[house.line], secrets=house.secrets) as workspace:
        received = workspace.receive(message(1, PERSONAL["client text"], PERSONAL["handle"]))
        session = workspace.sign_in("ana")
        offer = session.next_offer()
        contact = offer.accept()
        shown.objects(workspace, received, session, offer, contact, contact.reply(PERSONAL["reply text"]))
        for refused in (
            lambda: contact.reply(f"{REFUSED['refused text']}\ud800"),
            lambda: workspace.receive(message(2, REFUSED["refused text"], f"{REFUSED['refused address']}\n")),
        ):
            show_error(shown, refused)
        shown.objects(*workspace.timeline(received.customer))
    nowhere(shown, caplog, house.journal, 0)


def show_error(shown: Shown, call: Callable[[], Any]) -> None:
    with pytest.raises(OrchestraError) as caught:
        call()
    shown.error(caught.value)


def log_lines() -> list[Any]:
    common = {
        "at": "2026-03-02T09:00:00Z",
        "channel": "chat",
        "company": "acme",
        "customer": IN_LOG["log customer"],
        "thread": "t1",
    }
    asks = {**common, "direction": "inbound", "message_id": "m1", "text": IN_LOG["log text"]}
    answers = {**common, "direction": "outbound", "message_id": "m2", "text": IN_LOG["log answer"]}
    text, who = REFUSED["refused text"], REFUSED["refused address"]
    bad = [
        {**asks, "text": [text]},
        {**asks, "customer": f"{who}\n", "text": text},
        {**asks, "customer": [who]},
        {**asks, "customer": who * 50, "text": text},
        {**asks, "at": text},
        {**asks, "direction": who},
        {**asks, "text": f"{text}\ud800"},
        {**asks, "message_id": "m\x1f", "text": text},
        text,
    ]
    return [asks, answers, *bad, {**asks, "message_id": "m3"}]


def test_a_contact_log_shows_nobody(
    tmp_path: Path, shown: Shown, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Watcher:
        bad = 0

        def bad_line(self, number: int, reason: str) -> None:
            self.bad += 1
            shown.text("reason", reason)

        def advance(self, lines: int, total: int) -> None:
            pass

    monkeypatch.setenv(KEY_NAME, SECRETS["workspace key"])
    rows = [json.dumps(row).encode() for row in log_lines()]
    broken = [b'{"text": "' + REFUSED["refused text"].encode(), b'{"text": "' + b'\xff"}', b'{"a":1,"a":2}']
    path = tmp_path / "contacts.jsonl"
    path.write_bytes(b"\n".join([*rows, *broken, rows[0]]) + b"\n")
    journal, watcher = open_journal(f"sqlite:{tmp_path / 'log.db'}"), Watcher()
    with ContactLog(path) as log:
        shown.objects(log, replay(log, journal, watcher, lambda: 1, plan=PLAN))
        shown.objects(*log.read(), parse_line(rows[0], 1))
    assert watcher.bad == len(log_lines()) - 3 + len(broken)
    for number, row in enumerate([*rows[2:-1], *broken], 3):
        show_parse_error(shown, row, number)
    nowhere(shown, caplog, journal, 0)
    stored = private_text(journal)
    assert [name for name, canary in IN_LOG.items() if canary not in stored] == []
    journal.close()


def show_parse_error(shown: Shown, row: bytes, number: int) -> None:
    try:
        line = parse_line(row, number)
    except MalformedMessage as error:
        shown.error(error)
    else:
        shown.objects(line)  # only the engine knows what is wrong with it


def test_what_waits_in_an_inbox_shows_nobody(shown: Shown, caplog: pytest.LogCaptureFixture) -> None:
    journal = MemoryJournal()
    key = WorkspaceKey(SECRETS["workspace key"].encode())
    person = key.address(Email(PERSONAL["email"], PERSONAL["name"]))
    command = c.ReceiveMessage("chat", "main", "m1", person, text=PERSONAL["client text"])
    journal.inbox.submit("r1", encode_command(command))
    (waiting,) = journal.inbox.waiting()
    assert PERSONAL["client text"] in waiting.command
    with pytest.raises(InvalidData) as caught:
        journal.inbox.submit("r1", encode_command(attrs.evolve(command, text=REFUSED["refused text"])))
    shown.error(caught.value)
    ledger = Ledger(journal, journal.acquire("test", 0, 10**12))
    ledger.put_plan(PLAN, key, 0)
    decided = ledger.execute(command, 10, "r1")
    pending = ledger.take()
    shown.objects(waiting, command, person, decided, *decided.events, *pending, key, journal, ledger)
    shown.logs(caplog.records)
    assert shown.found(PERSONAL, REFUSED, SECRETS) == []


def test_the_search_finds_what_is_shown(shown: Shown, caplog: pytest.LogCaptureFixture) -> None:
    """A search that finds nothing proves something only if it can find."""
    logging.getLogger("orchestra.test").debug("taken: %s", PERSONAL["reply text"])
    logging.getLogger("elsewhere").warning(PERSONAL["phone"])
    shown.logs(caplog.records)
    shown.objects(Identity(PERSONAL["handle"], "x"), RuntimeError(PERSONAL["phone"].removeprefix("+")))
    try:
        try:
            raise KeyError(PERSONAL["email"])
        except KeyError as error:
            raise JournalUnavailable("no") from error
    except JournalUnavailable as error:
        shown.error(error)
    found = {name for name, _ in shown.found(PERSONAL)}
    assert found == {"reply text", "handle", "phone", "email"}
