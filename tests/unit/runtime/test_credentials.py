"""Credentials: fetched once for all who wait, in memory only, renewed before they expire and when they are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import attrs
import pytest
from tests.contact_centre import PLAN, message
from typing_extensions import override

from orchestra.channels.account import Account, Conversation
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.loopback.transport import LoopbackProvider, LoopbackTransport
from orchestra.channels.outbound import Outbound
from orchestra.channels.port import Authorized, AuthorizingAdapter
from orchestra.channels.sending import Failed, Next, Refused, Retry, SendPlan, Sent
from orchestra.channels.wire import HttpAnswer, HttpStep, NoAnswer, NoAnswerReason, StepResult, WireStep
from orchestra.journal.memory import MemoryJournal
from orchestra.runtime.credentials import Credentials, Unauthorized
from orchestra.runtime.lines import Line
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ACCOUNT = Account(route_key="r-1", channel="loopback", id="acme", secrets={"signing": ("s" * 20,)})
ASKING = "token"


def asking(number: int = 1) -> HttpStep:
    return HttpStep(idempotency_key=ASKING, method="POST", url=f"https://id.example/{number}", safe_to_repeat=True)


class Guarded(LoopbackAdapter):
    """The loopback channel behind a token: `authorize` asks for it, sends carry it, and 401 refuses it."""

    def __init__(self) -> None:
        self.reading: Callable[[StepResult], Any] = self.read
        self.needs = True

    def authorize(self, account: Account, now: datetime) -> SendPlan | None:
        return SendPlan((asking(),)) if self.needs else None

    def decode_authorization(
        self, step: WireStep, result: StepResult, now: datetime
    ) -> Authorized | Next | Retry | Failed:
        found: Authorized | Next | Retry | Failed = self.reading(result)
        return found

    @staticmethod
    def read(result: StepResult) -> Authorized | Retry:
        if not isinstance(result, HttpAnswer):
            return Retry("unanswered", timedelta(seconds=9))
        told = json.loads(result.body)
        return Authorized(secrets={"access": told["token"]}, expires_at=NOW + timedelta(seconds=told["until"]))

    @override
    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        plan = super().encode(message, account, conversation, now)
        assert isinstance(plan, SendPlan)
        return with_token(plan, account)

    @override
    def poll(self, cursor: str | None, account: Account, now: datetime) -> SendPlan:
        return with_token(super().poll(cursor, account, now), account)


def with_token(plan: SendPlan, account: Account) -> SendPlan:
    step = plan.steps[0]
    assert isinstance(step, HttpStep)
    tokens = tuple(("Token", one) for one in account.secret_values("access"))
    return SendPlan((attrs.evolve(step, headers=(*step.headers, *tokens)),))


@attrs.define
class Door:
    """A transport that gives tokens out, one after the other, and lets those in whose token is good."""

    inner: LoopbackTransport = attrs.field(factory=lambda: LoopbackTransport(LoopbackProvider(ACCOUNT)))
    lifetime_s: int = 3_600
    given: int = 0
    good: int = 1
    is_down: bool = False
    seen: list[str] = attrs.field(factory=list)
    polled: list[str] = attrs.field(factory=list)

    async def perform(self, step: WireStep) -> StepResult:
        assert isinstance(step, HttpStep)
        if step.idempotency_key == ASKING:
            await anyio.lowlevel.checkpoint()
            if self.is_down:
                return NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)
            self.given += 1
            return HttpAnswer(
                status=200, body=json.dumps({"token": f"tok-{self.given}", "until": self.lifetime_s}).encode()
            )
        token = dict(step.headers).get("Token", "")
        (self.polled if step.idempotency_key == "poll" else self.seen).append(token)
        if token != f"tok-{self.good}":
            return HttpAnswer(status=401)
        return await self.inner.perform(step)


def line(door: Door | None, adapter: LoopbackAdapter | None = None) -> Line:
    return Line("chat", adapter or Guarded(), ACCOUNT, door)


def access(account: Account) -> tuple[str, ...]:
    return account.secret_values("access")


def test_it_is_an_optional_part_of_the_port() -> None:
    assert isinstance(Guarded(), AuthorizingAdapter)
    assert not isinstance(LoopbackAdapter(), AuthorizingAdapter)


async def test_however_many_ask_one_fetch_serves_them() -> None:
    door, credentials = Door(), Credentials()
    one, found = line(door), list[Account]()

    async def ask() -> None:
        found.append(await credentials.account_of(one, NOW))

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(ask)
    assert door.given == 1
    assert {access(account) for account in found} == {("tok-1",)}
    assert found[0].secret_values("signing") == ACCOUNT.secret_values("signing")
    assert "tok-1" not in repr(found[0])
    assert access(await credentials.account_of(one, NOW + timedelta(minutes=54))) == ("tok-1",)


async def test_they_are_renewed_before_they_expire() -> None:
    door, credentials = Door(), Credentials()
    one = line(door)
    await credentials.account_of(one, NOW)
    door.lifetime_s = 7_200
    assert access(await credentials.account_of(one, NOW + timedelta(minutes=56))) == ("tok-2",)


async def test_short_lived_ones_are_renewed_in_their_last_tenth() -> None:
    door, credentials = Door(lifetime_s=60), Credentials()
    one = line(door)
    await credentials.account_of(one, NOW)
    assert access(await credentials.account_of(one, NOW + timedelta(seconds=53))) == ("tok-1",)
    assert access(await credentials.account_of(one, NOW + timedelta(seconds=55))) == ("tok-2",)


async def test_while_there_are_no_new_ones_the_old_ones_serve_until_they_expire() -> None:
    door, credentials = Door(), Credentials()
    one = line(door)
    await credentials.account_of(one, NOW)
    door.is_down = True
    assert access(await credentials.account_of(one, NOW + timedelta(minutes=59))) == ("tok-1",)
    with pytest.raises(Unauthorized) as caught:
        await credentials.account_of(one, NOW + timedelta(minutes=60))
    assert caught.value.outcome == Retry("unanswered", timedelta(seconds=9))


async def test_refused_ones_are_fetched_anew_once() -> None:
    door, credentials = Door(good=2), Credentials()
    one = line(door)
    first = attrs.evolve(one, account=await credentials.account_of(one, NOW))
    refusal = HttpAnswer(status=401)
    assert credentials.refused(first, refusal)
    assert credentials.refused(first, refusal), "others had them, too: new ones are on their way"
    second = attrs.evolve(one, account=await credentials.account_of(one, NOW))
    assert access(second.account) == ("tok-2",)
    assert not credentials.refused(second, refusal), "no others would do"
    third = attrs.evolve(one, account=await credentials.account_of(one, NOW))
    assert not credentials.refused(third, HttpAnswer(status=200))
    assert credentials.refused(third, refusal), "they were good meanwhile"


async def test_no_answer_refuses_nothing() -> None:
    door, credentials = Door(), Credentials()
    one = line(door)
    used = attrs.evolve(one, account=await credentials.account_of(one, NOW))
    assert not credentials.refused(used, NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=True))
    assert not Credentials().refused(used, HttpAnswer(status=401))


async def test_who_needs_none_has_their_account() -> None:
    door, credentials, adapter = Door(), Credentials(), Guarded()
    adapter.needs = False
    one = line(door, adapter)
    assert await credentials.account_of(one, NOW) is ACCOUNT
    assert not credentials.refused(one, HttpAnswer(status=401)), "there is nothing to renew"
    assert await credentials.account_of(line(None), NOW) is ACCOUNT
    assert await credentials.account_of(line(door, LoopbackAdapter()), NOW) is ACCOUNT
    assert door.given == 0


async def test_several_steps_may_lead_to_them() -> None:
    door, credentials, adapter = Door(), Credentials(), Guarded()
    answers: list[Any] = [Next(asking(2)), Authorized(secrets={"access": "t"})]
    adapter.reading = lambda _: answers.pop(0)
    assert access(await credentials.account_of(line(door, adapter), NOW)) == ("t",)
    assert door.given == 2


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (Failed("invalid_client"), Failed("invalid_client")),
        (Failed("down", permanent=False), Retry("down")),
        (Retry("slow", timedelta(seconds=3)), Retry("slow", timedelta(seconds=3))),
        (Next(asking()), Retry("adapter_fault")),
        (Sent(), Retry("adapter_fault")),
    ],
)
async def test_there_are_none(given: Any, outcome: Retry | Failed) -> None:
    adapter = Guarded()
    adapter.reading = lambda _: given
    with pytest.raises(Unauthorized) as caught:
        await Credentials().account_of(line(Door(), adapter), NOW)
    assert caught.value.outcome == outcome


@pytest.mark.parametrize(
    "given",
    [
        None,
        Authorized(secrets={"access": ""}),
        Authorized(secrets={"access": "x" * 20_001}),
        Authorized(secrets={"access": 7}),  # type: ignore[dict-item]
        Authorized(secrets={str(number): "x" for number in range(21)}),
        Authorized(secrets={"access": "t"}, expires_at=datetime(2026, 1, 1)),  # noqa: DTZ001 - what is refused
    ],
)
async def test_what_an_adapter_may_not_give(given: Any) -> None:
    adapter = Guarded()
    adapter.reading = lambda _: given
    with pytest.raises((TypeError, ValueError)):
        await Credentials().account_of(line(Door(), adapter), NOW)


async def reply(
    door: Door, adapter: Guarded, minutes: int = 10, then: Callable[[], None] = lambda: None
) -> MemoryJournal:
    """A workspace in which somebody is answered through that door; and its journal."""
    clock, journal = VirtualClock(NOW), MemoryJournal()
    async with Workspace.open(PLAN, journal, channels=[line(door, adapter)], clock=clock) as workspace:
        clock.attach(workspace)
        await clock.advance()
        then()
        ana = await workspace.sign_in("ana")
        await workspace.receive(message(1))
        contact = await (await ana.next_offer()).accept()
        await contact.reply("Hello back")
        await clock.advance(minutes=minutes)
    return journal


def types_in(journal: MemoryJournal) -> list[str]:
    return [record.type for record in journal.read() if record.type.startswith("Delivery")]


async def test_what_is_sent_carries_them_and_no_journal_does() -> None:
    door = Door()
    journal = await reply(door, Guarded())
    assert door.seen == ["tok-1"]
    assert types_in(journal)[-1] == "DeliveryAccepted"
    assert not any("tok-1" in repr((record.facts, record.private)) for record in journal.read())


async def test_after_a_refusal_the_message_is_sent_with_new_ones() -> None:
    door = Door()
    adapter = Guarded()
    journal = await reply(door, adapter, then=lambda: setattr(door, "good", 2))
    assert door.seen == ["tok-1", "tok-2"]
    assert types_in(journal)[-1] == "DeliveryAccepted"


async def test_a_second_refusal_is_the_answer() -> None:
    door = Door()
    journal = await reply(door, Guarded(), then=lambda: setattr(door, "good", 99))
    assert door.seen == ["tok-1", "tok-2"]
    assert types_in(journal)[-1] == "DeliveryFailed"


async def test_without_them_nothing_is_sent_and_it_is_tried_again() -> None:
    door = Door(is_down=True)
    journal = await reply(door, Guarded(), minutes=1)
    assert door.seen == []
    assert "DeliveryRetried" in types_in(journal)
    assert "DeliveryFailed" not in types_in(journal)


async def test_an_adapter_that_raises_ends_its_attempt_only() -> None:
    adapter = Guarded()
    adapter.reading = lambda _: 1 / 0
    journal = await reply(Door(), adapter, minutes=1)
    assert "DeliveryRetried" in types_in(journal)


async def test_polls_carry_them_too() -> None:
    door, clock = Door(good=2), VirtualClock(NOW)
    async with Workspace.open(PLAN, channels=[line(door)], clock=clock) as workspace:
        clock.attach(workspace)
        await clock.advance(minutes=1)
    assert door.polled == ["tok-1", "tok-2"]
