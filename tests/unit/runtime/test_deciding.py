"""Requests that wait for what comes next: who gets the decision, and what they get where there is none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import attrs
import pytest
from tests.contact_centre import turns

from orchestra.channels import inbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.capabilities import Capabilities
from orchestra.channels.inbound import CallEvent, CallState
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.outbound import CallAction, CallVerb, Message, Outbound
from orchestra.channels.parts import Identity
from orchestra.channels.port import Decoded
from orchestra.channels.wire import HttpReply
from orchestra.errors import DefinitionError, JournalUnavailable, UnknownId
from orchestra.model.commands import AskCall, Command, ReportLeg
from orchestra.model.plan import Plan
from orchestra.model.results import CallStanding
from orchestra.runtime.deciding import Deciding, awaited_in
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.lines import Line, Lines
from orchestra.runtime.news import News
from orchestra.runtime.published import Bell

NOW = datetime(2026, 11, 30, 10, tzinfo=UTC)
PLAN = Plan.parse("""
workspace.default_queue = "care"
teams.care = {}
queues.care.team = "care"
channels.voice = { live = true, connects = "20s", calls = {} }
channels.chat = {}
""")
NEUTRAL = HttpReply(body=b"hush")
TO = Conversation(recipient=Identity("phone", "+49301234567"), id="call1")
ORIGIN = inbound.Origin(dedupe_key="call1:idle", ids=inbound.ProviderIds(), received_at=NOW, raw_digest="d")
ASKS = CallEvent(origin=ORIGIN, call_id="call1", state=CallState.IDLE, awaits=True)
DECODED = Decoded(events=(ASKS,), reply=NEUTRAL)


Decide = Callable[[Outbound], HttpReply | None]


class Telephone(LoopbackAdapter):
    """Answers with the verb, or with what a test has it do."""

    def __init__(
        self, decide: Callable[[Outbound], HttpReply | None] | None = None, within_s: float | None = 60
    ) -> None:
        self._decide = decide
        self._within_s = within_s

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        if self._within_s is None:
            raise RuntimeError("no idea")
        known = super().capabilities(account, conversation)
        return attrs.evolve(known, reply_deadline=timedelta(seconds=self._within_s))

    def decide(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> HttpReply | None:
        if self._decide is not None:
            return self._decide(message)
        return HttpReply(body=(message.verb.value if isinstance(message, CallAction) else "said").encode())


def line_of(adapter: Any, channel: str = "voice") -> Line:
    account = Account(route_key="r-1", channel="loopback", id="acme", secrets={"signing": ("s" * 20,)})
    return Line(channel, adapter, account)


class Owner:
    """Says how a call stands, one standing after the other, then always the last."""

    def __init__(self, *stands: CallStanding | Exception) -> None:
        self.stands = list(stands)
        self.bell = Bell()
        self.asked: list[Command] = []

    async def execute(self, command: Command) -> object:
        await anyio.lowlevel.checkpoint()
        self.asked.append(command)
        found = self.stands.pop(0) if len(self.stands) > 1 else self.stands[0]
        if isinstance(found, Exception):
            raise found
        return found

    def deciding(self, plan: Plan = PLAN, *, is_owner: bool = True) -> Deciding:
        return Deciding(self.execute, lambda: plan, self.bell if is_owner else None, lambda: NOW)


async def nothing_new() -> None:
    await anyio.lowlevel.checkpoint()


WAITS = CallStanding("wait", "in1", position=0)
SPEAKS = CallStanding("listen", "in1", is_due=True)


async def test_what_is_known_is_the_answer() -> None:
    owner = Owner(WAITS)
    reply = await owner.deciding().answer(line_of(Telephone()), ASKS, DECODED, nothing_new)
    assert reply.body == b"wait"
    assert owner.asked == [AskCall("voice", "main", "call1")]


async def test_what_is_about_to_be_said_is_waited_for_and_is_the_answer() -> None:
    owner, line = Owner(SPEAKS), line_of(Telephone())
    deciding = owner.deciding()
    replies: list[HttpReply] = []

    async def ask() -> None:
        replies.append(await deciding.answer(line, ASKS, DECODED, nothing_new))

    assert not deciding.take(line, Message(key="k", text="Hello."), TO), "nobody waits yet"
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await turns()
        assert replies == []
        assert not deciding.take(line, Message(key="k", text="Hello."), attrs.evolve(TO, id="call2"))
        assert deciding.take(line, Message(key="k", text="Hello."), TO)
        assert not deciding.take(line, Message(key="k2", text="Again."), TO), "it has its answer"
        owner.bell.ring()
    assert [reply.body for reply in replies] == [b"said"]
    assert not deciding.take(line, CallAction(key="k", call_id="call1", verb=CallVerb.HOLD), TO), (
        "nobody waits any more"
    )


async def test_what_is_not_said_after_all_is_not_waited_for() -> None:
    owner, line = Owner(SPEAKS, WAITS), line_of(Telephone())
    deciding = owner.deciding()
    replies: list[HttpReply] = []

    async def ask() -> None:
        replies.append(await deciding.answer(line, ASKS, DECODED, nothing_new))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await turns()
        owner.bell.ring()
    assert [reply.body for reply in replies] == [b"wait"]


async def test_of_two_requests_of_one_call_the_first_gets_what_is_sent() -> None:
    owner, line = Owner(SPEAKS), line_of(Telephone())
    deciding = owner.deciding()
    replies: dict[str, bytes] = {}

    async def ask(name: str) -> None:
        replies[name] = (await deciding.answer(line, ASKS, DECODED, nothing_new)).body

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask, "first")
        await turns()
        tasks.start_soon(ask, "second")
        await turns()
        assert deciding.take(line, Message(key="k", text="Hello."), TO)
        owner.bell.ring()
        await turns()
        assert replies == {"first": b"said"}
        owner.stands = [WAITS]
        owner.bell.ring()
    assert replies["second"] == b"wait"


@pytest.mark.parametrize("within_s", [0.0, 0.01, None])
async def test_who_waits_too_long_gets_the_neutral_answer(within_s: float | None) -> None:
    reply = await Owner(SPEAKS).deciding().answer(line_of(Telephone(within_s=within_s)), ASKS, DECODED, nothing_new)
    assert reply == NEUTRAL


async def test_who_does_not_own_the_workspace_waits_for_nothing() -> None:
    reply = await Owner(SPEAKS).deciding(is_owner=False).answer(line_of(Telephone()), ASKS, DECODED, nothing_new)
    assert reply == NEUTRAL
    reply = await Owner(WAITS).deciding(is_owner=False).answer(line_of(Telephone()), ASKS, DECODED, nothing_new)
    assert reply.body == b"wait"


@pytest.mark.parametrize("stands", [CallStanding(), UnknownId("call", "call1"), JournalUnavailable("no disk")])
async def test_where_nobody_says_what_to_do_the_answer_is_neutral(stands: CallStanding | Exception) -> None:
    assert await Owner(stands).deciding().answer(line_of(Telephone()), ASKS, DECODED, nothing_new) == NEUTRAL


async def test_a_plan_that_steers_no_calls_any_more_and_an_adapter_that_fails_give_the_neutral_answer() -> None:
    voice = attrs.evolve(PLAN.channels["voice"], calls=None)
    changed = attrs.evolve(PLAN, channels={"voice": voice})
    for plan in (changed, attrs.evolve(PLAN, channels={})):
        assert await Owner(WAITS).deciding(plan).answer(line_of(Telephone()), ASKS, DECODED, nothing_new) == NEUTRAL

    def fails(message: Outbound) -> HttpReply:
        raise RuntimeError("a plug-in's fault")

    assert await Owner(WAITS).deciding().answer(line_of(Telephone(fails)), ASKS, DECODED, nothing_new) == NEUTRAL
    silent = line_of(Telephone(lambda message: None))
    assert await Owner(WAITS).deciding().answer(silent, ASKS, DECODED, nothing_new) == NEUTRAL


async def test_news_that_are_not_durable_are_answered_by_nobody() -> None:
    async def lost() -> None:
        raise JournalUnavailable("no disk")

    with pytest.raises(JournalUnavailable):
        await Owner(WAITS).deciding().answer(line_of(Telephone()), ASKS, DECODED, lost)


@pytest.mark.parametrize("state", [CallState.RINGING, CallState.KEYS_PRESSED, CallState.IDLE, CallState.HELD])
@pytest.mark.parametrize("awaits", [True, False])
async def test_a_call_whose_provider_asks_nothing_is_sent_what_to_do(state: CallState, awaits: bool) -> None:
    owner = Owner(WAITS)
    caller = attrs.evolve(ORIGIN, identities=(Identity("phone", "+49301234567"),))
    event = attrs.evolve(ASKS, origin=caller, state=state, awaits=awaits)
    news = News(owner.execute, WorkspaceKey.of(PLAN, None))
    taken = await news.take(line_of(Telephone()), Decoded(events=(event,)))
    assert taken.left_out == 0
    sent = [command for command in owner.asked if isinstance(command, AskCall)]
    is_next = state is not CallState.HELD and not awaits
    assert sent == ([AskCall("voice", "main", "call1", is_sent=True)] if is_next else [])
    assert news.unused == (state is CallState.HELD)


async def test_of_an_agent_s_leg_no_line_is_sent_anything() -> None:
    owner = Owner(WAITS)
    event = attrs.evolve(ASKS, state=CallState.ANSWERED, leg="of1", leg_id="CA9", awaits=False)
    await News(owner.execute, WorkspaceKey.of(PLAN, None)).take(line_of(Telephone()), Decoded(events=(event,)))
    assert owner.asked == [ReportLeg("voice", "main", "call1", "of1", "answered", "CA9")]


def test_only_news_that_ask_are_waited_for() -> None:
    told = attrs.evolve(ASKS, awaits=False)
    assert awaited_in(line_of(Telephone()), Decoded(events=(told, ASKS))) is ASKS
    assert awaited_in(line_of(Telephone()), Decoded(events=(told,))) is None
    assert awaited_in(line_of(LoopbackAdapter()), Decoded(events=(ASKS,))) is None


def test_a_line_whose_calls_are_steered_needs_a_plan_that_says_how() -> None:
    Lines([line_of(Telephone())], PLAN)
    with pytest.raises(DefinitionError, match=r"channels\.chat\.calls"):
        Lines([line_of(Telephone(), "chat")], PLAN)
