"""A gap in what comes in is filled by cursor: on a disk, over restarts, and beside what webhooks bring."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

import attrs
import pytest

from orchestra import Account, Plan, Workspace
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.loopback.transport import Failure, LoopbackProvider, LoopbackTransport
from orchestra.codec import decode_event
from orchestra.journal.registry import open_journal
from orchestra.model import events as e
from orchestra.model.commands import ReportChannel
from orchestra.runtime.lines import Line
from orchestra.runtime.loading import load_engine
from orchestra.testing.clock import START, VirtualClock

ACCOUNT = Account(route_key="r-91c0", channel="loopback", id="acme", secrets={"signing": ("s" * 20,)})

PLAN = Plan.parse("""
    workspace = {default_queue = "care"}
    teams.care = {}
    queues.care = {team = "care"}
    agents.ana = {teams = ["care"]}
    channels.page = {weight_percent = 100}
""")


class Shop:
    """A workspace on a disk, one life after the other, and the provider of its page."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:{folder / 'shop.db'}"
        self.clock = VirtualClock()
        self.provider = LoopbackProvider(ACCOUNT)
        self.plan = PLAN

    def open(self) -> AbstractAsyncContextManager[Workspace]:
        line = Line("page", LoopbackAdapter(), ACCOUNT, LoopbackTransport(self.provider))
        return Workspace.open(self.plan, self.url, channels=[line], clock=self.clock)

    def events(self, *kinds: type[e.Event]) -> Iterator[e.Event]:
        journal = open_journal(self.url)
        try:
            yield from [event for event in map(decode_event, journal.read()) if isinstance(event, kinds)]
        finally:
            journal.close()

    def texts(self) -> list[str | None]:
        return [event.text for event in self.events(e.MessageReceived) if isinstance(event, e.MessageReceived)]

    def cursor(self) -> str | None:
        journal = open_journal(self.url)
        try:
            return load_engine(journal).view.cursors.of("page", "main")
        finally:
            journal.close()

    def writes(self, *texts: str, minutes_ago: float = 0) -> None:
        """Somebody writes each of these while nobody takes webhooks."""
        at = self.clock.now - timedelta(minutes=minutes_ago)
        for text in texts:
            self.provider.keep_message(text, at=at, sender=f"of-{text}", conversation=text)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


async def live(shop: Shop, **span: float) -> None:
    """One life of the workspace."""
    async with shop.open() as workspace:
        shop.clock.attach(workspace)
        await shop.clock.advance(**span)


async def test_three_messages_of_the_night_are_taken_once_and_in_order(shop: Shop) -> None:
    await live(shop)
    for text, minutes in (("a", 90), ("b", 60), ("c", 30)):
        shop.writes(text, minutes_ago=minutes)
    for _ in range(3):
        await live(shop, minutes=1)
    assert (shop.texts(), shop.cursor()) == (["a", "b", "c"], "3")
    begins = [event.start_us for event in shop.events(e.InteractionQueued) if isinstance(event, e.InteractionQueued)]
    opened_us = shop.clock.now_us() - 180_000_000
    assert [(opened_us - begin) // 60_000_000 for begin in begins] == [90, 60, 30], "they have waited since they wrote"


async def test_who_wrote_first_is_answered_first(shop: Shop) -> None:
    shop.writes("a", minutes_ago=60)
    shop.writes("b", minutes_ago=90)
    async with shop.open() as workspace:
        shop.clock.attach(workspace)
        await shop.clock.advance()
        ana = await workspace.sign_in("ana")
        first = await (await ana.next_offer()).accept()
        await first.reply("Hello")
        await first.finish("done")
        second = await (await ana.next_offer()).accept()
        customers = [first.customer, second.customer]
    names = {
        event.value: event.customer for event in shop.events(e.CustomerAdded) if isinstance(event, e.CustomerAdded)
    }
    assert customers == [names["of-b"], names["of-a"]]


async def test_a_long_gap_is_taken_page_by_page(shop: Shop) -> None:
    shop.provider.page_size = 7
    shop.writes(*(f"m{number}" for number in range(100)))
    await live(shop, seconds=1)
    assert shop.texts() == [f"m{number}" for number in range(100)]
    assert shop.provider.polls == [None, *(str(number) for number in range(7, 100, 7))]


async def test_whatever_fails_on_the_way_nothing_is_lost_nor_doubled(shop: Shop) -> None:
    shop.provider.page_size = 1
    shop.writes("a", "b", "c")
    for failure in Failure:
        shop.provider.fail_polls(failure)
        await live(shop)
    await live(shop, minutes=1)
    assert (shop.texts(), shop.cursor()) == (["a", "b", "c"], "3")


async def test_an_account_goes_down_and_comes_up_over_a_restart(shop: Shop) -> None:
    async with shop.open() as workspace:
        shop.clock.attach(workspace)
        await shop.clock.advance()
        await workspace.execute(ReportChannel("page", "main", "down", "provider's page"))
    shop.writes("a")
    async with shop.open() as workspace:
        shop.clock.attach(workspace)
        await shop.clock.advance(hours=1)
        assert shop.texts() == []
        shop.writes("b")
        await workspace.execute(ReportChannel("page", "main", "up", "provider's page"))
        await shop.clock.advance()
        assert shop.texts() == ["a", "b"]
    assert len(shop.provider.polls) == 2, "at the first opening, and when it was up"


async def test_webhooks_and_polls_bring_the_same_once(shop: Shop) -> None:
    shop.plan = attrs.evolve(PLAN, channels={"page": attrs.evolve(PLAN.channels["page"], poll=timedelta(minutes=5))})
    async with shop.open() as workspace:
        shop.clock.attach(workspace)
        await shop.clock.advance()
        for number in range(6):
            news = shop.provider.event(
                "message", at=shop.clock.now, sender="joe", message=f"x{number}", text=f"{number}"
            )
            shop.provider.keep(news)
            if number % 2:
                request = shop.provider.webhook(news, at=shop.clock.now)
                assert (await workspace.webhook("r-91c0", request)).status == 200
            await shop.clock.advance(minutes=2)
        await shop.clock.advance(minutes=5)
    assert sorted(filter(None, shop.texts())) == [str(number) for number in range(6)]
    assert shop.cursor() == "6"


async def test_an_earlier_life_without_polls_knows_what_it_took(shop: Shop) -> None:
    """What a webhook brought before there was any cursor comes again with the first poll, and is known."""
    news = shop.provider.event("message", at=START, sender="joe", message="x", text="Hello")
    async with shop.open() as workspace:
        await workspace.webhook("r-91c0", shop.provider.webhook(news, at=START))
    shop.provider.keep(news)
    await live(shop)
    assert (shop.texts(), shop.cursor()) == (["Hello"], "1")
