"""The blocking door on a real workspace: both ways in, agents at work, feeds, and what goes wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orchestra import (
    DefinitionError,
    Handle,
    JournalUnavailable,
    LeaseLost,
    Message,
    OfferExpired,
    Plan,
    UnknownId,
    WorkspaceInUse,
    blocking,
    commands,
    events,
)
from orchestra.journal.registry import open_journal
from orchestra.testing import Outbox

PLAN = Plan.parse("""
    [workspace]
    default_queue = "care"
    [teams.care]
    [queues.care]
    team = "care"
    [channels.chat]
    live = true
    [channels.web-form]
    [agents.ana]
    teams = ["care"]
    capacity_percent = 1000
""")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:{tmp_path / 'contacts.db'}"


@pytest.fixture
def workspace(url: str) -> Iterator[blocking.Workspace]:
    with blocking.open(PLAN, url) as opened:
        yield opened


@pytest.fixture
def client(url: str, workspace: blocking.Workspace) -> Iterator[blocking.Client]:
    opened = blocking.connect(url)
    yield opened
    opened.close()


def _message(number: int, channel: str = "chat") -> Message:
    return Message(channel, id=f"m{number}", sender=Handle(f"visitor-{number}"), text=f"Question {number}")


def test_an_agent_handles_a_contact_without_await(workspace: blocking.Workspace) -> None:
    ana = workspace.sign_in("ana")
    assert (ana.agent, ana.device) == ("ana", "main")
    received = workspace.receive(_message(1))
    offer = ana.next_offer()
    assert (offer.interaction, offer.queue, offer.channel, offer.agent) == (received.interaction, "care", "chat", "ana")
    assert repr(offer).startswith("Offer(")
    contact = offer.accept()
    assert contact.case == received.case
    with contact.messages() as texts:
        assert next(texts) == "Question 1"
    assert contact.reply("An answer").delivery
    contact.hold()
    contact.retrieve()
    contact.finish("resolved")
    assert workspace.case(received.case.id).state == "RESOLVED"
    with workspace.events(types=[events.CaseResolved]) as feed:
        assert next(feed).type == "CaseResolved"


def test_settle_returns_when_an_answer_is_sent() -> None:
    journal = open_journal("memory:")
    outbox = Outbox(PLAN, journal)
    with blocking.open(PLAN, journal, channels=outbox.lines) as ws:
        ana = ws.sign_in("ana")
        ws.receive(_message(1))
        ana.next_offer().accept().reply("An answer")
        ws.settle()
        assert outbox.texts == ["An answer"]
        assert ws.health().sends_in_flight == 0
    journal.close()


def test_offers_come_one_after_the_other(workspace: blocking.Workspace) -> None:
    ana = workspace.sign_in("ana")
    for number in range(3):
        workspace.receive(_message(number))
    with ana.offers() as offers:
        taken = [next(offers).accept().interaction for _ in range(3)]
    assert taken == ["in1", "in2", "in3"]


def test_the_stateless_form_of_an_offer(workspace: blocking.Workspace) -> None:
    ana = workspace.sign_in("ana")
    workspace.receive(_message(1))
    offer = ana.next_offer()
    accepted = workspace.execute(commands.AcceptOffer(offer.id, "ana", offer.token))
    contact = offer.accept()
    assert (contact.interaction, contact.case) == (accepted.interaction, accepted.case)
    with pytest.raises(OfferExpired) as refused:
        workspace.execute(commands.DeclineOffer(offer.id, "ana", offer.token))
    assert refused.value.offer == offer.id


def test_a_client_s_commands_are_decided_by_the_owner(workspace: blocking.Workspace, client: blocking.Client) -> None:
    got = client.receive(_message(1, "web-form"))
    assert workspace.interaction(got.interaction or "").state == "QUEUED"
    assert workspace.why_waiting(got.interaction or "") is not None
    assert client.plan == PLAN
    assert client.reply_token(got.case.id) == workspace.reply_token(got.case.id)
    assert client.timeline(got.customer) == workspace.timeline(got.customer)
    with pytest.raises(UnknownId):
        client.execute(commands.ResolveCase("ca99"))


def test_the_same_request_gets_the_same_answer(workspace: blocking.Workspace, client: blocking.Client) -> None:
    customer = client.receive(_message(1)).customer
    first = client.execute(commands.OpenCase(customer), "open-1")
    assert client.execute(commands.OpenCase(customer), "open-1") == first
    assert client.execute(commands.OpenCase(customer), "open-2") != first


def test_any_thread_may_call(workspace: blocking.Workspace, client: blocking.Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda number: client.receive(_message(number)), range(40)))
    assert len({received.case.number for received in got}) == 40
    assert workspace.health().pending_events == 0


def test_a_client_s_feed_goes_on_where_it_was_left(workspace: blocking.Workspace, client: blocking.Client) -> None:
    client.receive(_message(1))
    with client.events(types=[events.MessageReceived]) as feed:
        seen = next(feed).position
    client.receive(_message(2))
    with client.events(after=seen, types=[events.MessageReceived]) as feed:
        received = next(feed).event
    assert isinstance(received, events.MessageReceived)
    assert received.text == "Question 2"


def test_closing_a_workspace_ends_what_waits_for_it(url: str) -> None:
    workspace = blocking.open(PLAN, url)
    ana = workspace.sign_in("ana")
    is_waiting = threading.Event()

    def wait() -> list[blocking.Offer]:
        is_waiting.set()
        return list(ana.offers())

    with ThreadPoolExecutor(2) as pool:
        offers, feed = pool.submit(wait), pool.submit(lambda: list(workspace.events()))
        is_waiting.wait()
        workspace.close()
        assert offers.result() == []
        assert [entry.position for entry in feed.result()] == list(range(1, len(feed.result()) + 1))
    with pytest.raises(JournalUnavailable):
        workspace.health()


def test_a_second_owner_is_told_who_is_there(workspace: blocking.Workspace, url: str) -> None:
    with pytest.raises(WorkspaceInUse):
        blocking.open(PLAN, url)


def test_nobody_connects_before_there_was_an_owner(url: str) -> None:
    with pytest.raises(DefinitionError, match="start its owner first"):
        blocking.connect(url)


def test_a_silent_owner_is_reported_with_what_to_do(url: str) -> None:
    blocking.open(PLAN, url).close()
    with blocking.connect(url, patience_s=0.0) as client:
        with pytest.raises(JournalUnavailable, match="orchestra run") as raised:
            client.receive(_message(1))
        assert raised.value.outcome_unknown


def test_an_owner_that_lost_its_lease_says_so_when_closed(url: str) -> None:
    workspace = blocking.open(PLAN, url)
    other = open_journal(url)
    try:
        long_after_us = time.time_ns() // 1000 + 10**12
        other.acquire("somebody-else", long_after_us, 10**6)
        with pytest.raises(JournalUnavailable):
            workspace.receive(_message(1))
        with pytest.raises(LeaseLost):
            workspace.close()
    finally:
        other.close()
