"""Whole calls through a Twilio of our own: what callers hear, whom they talk with, and what is kept of it.

The peer is asked over HTTP on this machine, and posts what the SDK has signed to the web application.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest
from tests.twilio_peer import HOOK, Line, TwilioPeer, account, serving

from orchestra import Plan, Workspace, commands as c, events as e
from orchestra.channels.account import Account, Conversation
from orchestra.channels.capabilities import Capabilities
from orchestra.channels.http_transport import HttpTransport
from orchestra.channels.twilio.voice import TwilioVoiceAdapter
from orchestra.codec import decode_event
from orchestra.errors import OfferExpired
from orchestra.runtime.agents import ActiveContact, Consult
from orchestra.runtime.client import connect
from orchestra.runtime.lines import Line as AccountLine
from orchestra.runtime.offers import Offer
from orchestra.runtime.sessions import AgentSession
from orchestra.web import WebApplication

PLAN = """
workspace.default_queue = "care"
teams.care = {}
queues.care.team = "care"
agents.ana.teams = ["care"]
agents.ben.teams = ["care"]
cases.dispositions.resolved.resolves = true
[channels.voice]
live = true
connects = "20s"
limit = 1
alternatives = ["callback"]
calls = { callback_key = "1", callback = "Press 1 to be called back.", goodbye = "Goodbye." }
"""

MENU = """
workspace.default_queue = "care"
teams.care = {}
skills.orders = "Knows about orders"
cases.dispositions.told.resolves = true
agents.ana = { teams = ["care"], skills = { orders = 1 } }
agents.ivr = { teams = ["care"], kind = "bot", menu = "main", capacity_percent = 1000 }
channels.voice = { live = true, connects = "20s", calls = { goodbye = "Goodbye." } }
fields.interaction.order = "text"
[queues.care]
team = "care"
[[queues.care.steps]]
pool = "bots"
lasts = "10s"
skip_if = { nobody = true }
[[queues.care.steps]]
pool = "people"
[menus.main]
start = "top"
[menus.main.steps.top]
say = "Welcome."
[menus.main.steps.top.keys.1]
label = "orders"
people = true
topic = "order"
skills = { orders = 1 }
[menus.main.steps.top.keys.2]
label = "opening hours"
say = "We are open from nine to five."
end = true
disposition = "told"
[menus.main.steps.top.keys.3]
label = "a call back"
callback = true
"""

HOLD_ON = "Please hold the line. The next free agent will be with you."
OFFERED = "Press 1 to be called back."


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # the two-way traffic with the peer is the same on both; the parts are tested on trio


class Hasty(TwilioVoiceAdapter):
    """Its provider waits for next to nothing."""

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        return attrs.evolve(super().capabilities(account, conversation), reply_deadline=None)


class Centre:
    """A workspace, a peer, and agents who take what comes."""

    def __init__(self, workspace: Workspace, peer: TwilioPeer, tasks: Any) -> None:
        self.workspace = workspace
        self.peer = peer
        self._tasks = tasks

    async def settle(self) -> None:
        await self.peer.settle(self.workspace)

    async def phone(self, number: str) -> Line:
        """The line to an agent's phone, as soon as it rings."""
        while True:
            await self.settle()
            found = [line for line in self.peer.lines.values() if line.number == number]
            if found and not found[-1].is_over:
                return found[-1]
            await anyio.sleep(0.001)

    async def hears(self, line: Line, beginning: str) -> None:
        """Return once a line was told that last; a provider may have been asked too early, and is asked again."""
        while True:
            await self.settle()
            if line.said and line.said[-1].startswith(beginning):
                return
            await anyio.sleep(0.001)

    async def takes(self, offer: Offer | Consult, agent: str) -> tuple[ActiveContact, Line]:
        """An agent takes what is offered, and answers the phone."""
        taken: list[ActiveContact] = []

        async def take() -> None:
            taken.append(await offer.accept())

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(take)
            phone = await self.phone(f"client:{agent}")
            await self.peer.answer(phone)
        await self.settle()
        return taken[0], phone

    async def connected(self, session: AgentSession) -> tuple[ActiveContact, Line]:
        return await self.takes(await session.next_offer(), session.agent)

    def events(self, *kinds: type[e.Event]) -> list[Any]:
        found = (decode_event(record) for record in self.workspace.journal.read())
        return [event for event in found if isinstance(event, kinds)]

    def verbs(self) -> list[str]:
        return [event.verb for event in self.events(e.CallSteered)]


@asynccontextmanager
async def a_centre(
    plan: str = PLAN, adapter: TwilioVoiceAdapter | None = None, url: str = "memory:", **config: str
) -> AsyncGenerator[Centre]:
    async with serving() as (peer, api), HttpTransport(allow_plain=True) as transport:
        line = AccountLine("voice", adapter or TwilioVoiceAdapter(), account(api, **config), transport)
        async with Workspace.open(Plan.parse(plan), url, channels=[line]) as workspace:
            app = WebApplication("https://acme.example")
            async with app.serving(workspace), anyio.create_task_group() as tasks:
                peer.app = app
                yield Centre(workspace, peer, tasks)
                tasks.cancel_scope.cancel()


async def test_a_call_waits_is_connected_held_resumed_and_hung_up_as_one_interaction() -> None:
    async with a_centre() as centre:
        joe = await centre.peer.call()
        assert joe.said == [f"{HOLD_ON} You are number 1 in line. {OFFERED}"]
        assert joe.at is not None
        contact, phone = await centre.connected(await centre.workspace.sign_in("ana"))
        assert phone.room == joe.room == joe.sid

        await contact.hold()
        await centre.settle()
        assert (joe.room, joe.said[-1], phone.room) == (None, "One moment, please.", joe.sid)
        await centre.peer.passes(joe)
        assert joe.said[-2:] == ["One moment, please."] * 2, "music comes to an end and begins again"

        await contact.retrieve()
        await centre.settle()
        assert joe.room == phone.room == joe.sid
        await contact.finish()
        await centre.settle()
        assert (joe.status, phone.status, joe.said[-1]) == ("completed", "completed", "Goodbye.")
        assert [event.interaction for event in centre.events(e.InteractionStarted)] == ["in1"]
        assert centre.verbs() == ["call", "join", "hold", "join", "hang_up", "hang_up_leg"]


async def test_place_and_estimated_wait_are_told_again_and_again() -> None:
    async with a_centre() as centre:
        first, second = await centre.peer.call(), await centre.peer.call("+442079460959", "CA2")
        assert second.said == [f"{HOLD_ON} You are number 2 in line. {OFFERED}"]
        ana = await centre.workspace.sign_in("ana")
        await centre.connected(ana)
        assert first.room == "CA1"
        await centre.peer.passes(second)
        assert second.said[-1].startswith(f"{HOLD_ON} You are number 1 in line. "), second.said


async def test_a_transfer_to_a_queue_and_to_an_agent_keep_the_customer_on_the_line() -> None:
    async with a_centre() as centre:
        joe = await centre.peer.call()
        ana, ben = await centre.workspace.sign_in("ana"), await centre.workspace.sign_in("ben")
        contact, anas = await centre.connected(ana)
        await contact.hold()
        await contact.transfer_to("ben", "knows better")
        asked = await ben.next_consult()
        contact, bens = await centre.takes(asked, "ben")
        assert (joe.room, bens.room, anas.status) == (joe.sid, joe.sid, "completed")

        await centre.workspace.execute(c.SetAway("ben", "lunch"))
        await contact.transfer("care")
        await centre.settle()
        assert bens.status == "completed"
        assert joe.room is None
        _, anas = await centre.connected(ana)
        assert anas.room == joe.room == joe.sid
        assert len(centre.events(e.InteractionStarted)) == 1


async def test_an_agent_who_does_not_answer_leaves_the_customer_waiting() -> None:
    async with a_centre() as centre:
        joe = await centre.peer.call()
        ana = await centre.workspace.sign_in("ana", phone="+442079460111")
        offer = await ana.next_offer()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(fails, offer)
            await centre.peer.hang_up(await centre.phone("+442079460111"), "no-answer")
        await centre.settle()
        assert centre.events(e.OfferEnded)[-1].outcome == "SETUP_FAILED"
        assert joe.at is not None
        assert joe.at.tag == "Gather", "they still wait"
        form = centre.peer.requests[0][1]
        assert (form["Timeout"], form["StatusCallbackEvent"]) == (["20"], ["answered", "completed"])


async def fails(offer: Offer) -> None:
    with pytest.raises(OfferExpired, match="could not be connected"):
        await offer.accept()


async def test_whoever_asks_for_it_while_waiting_is_called_back() -> None:
    async with a_centre() as centre:
        joe = await centre.peer.call()
        await centre.peer.press(joe, "1")
        assert joe.said[-1] == "We will call you back. Goodbye."
        assert joe.is_over
        await centre.settle()
        assert centre.events(e.InteractionAbandoned) == []
        [asked] = centre.events(e.CallbackRequested)
        offer = await (await centre.workspace.sign_in("ana")).next_offer()
        assert offer.interaction == asked.interaction


async def test_a_call_that_is_given_up_is_abandoned_once() -> None:
    async with a_centre() as centre:
        joe = await centre.peer.call()
        await centre.peer.hang_up(joe)
        await centre.peer.post(HOOK, joe, {"CallStatus": "completed"})
        assert len(centre.events(e.InteractionAbandoned)) == 1
        assert centre.events(e.InteractionAbandoned)[0].is_short


async def test_an_end_that_is_told_before_the_ringing_ends_it_at_once() -> None:
    async with a_centre() as centre:
        late = Line("CA7", "+442079460958", "completed")
        assert (await centre.peer.post(HOOK, late, {})).status == 204
        late.status = "ringing"
        answer = await centre.peer.post(HOOK, late, {})
        assert b"<Hangup />" in answer.body
        assert len(centre.events(e.InteractionAbandoned)) == 1


async def test_a_request_that_is_sent_again_is_answered_again_and_counts_once() -> None:
    async with a_centre() as centre:
        joe = await centre.peer.call()
        first, again = [await centre.peer.post(HOOK, joe, {"CallStatus": "ringing"}) for _ in range(2)]
        assert first.body == again.body
        assert len(centre.events(e.ContactTaken)) == 1


async def test_when_nobody_decides_in_time_the_call_hears_silence_and_is_told_later() -> None:
    async with a_centre(MENU, Hasty()) as centre:
        joe = await centre.peer.call()
        assert joe.said == []
        assert joe.at is not None
        assert joe.at.tag == "Pause"
        await centre.settle()
        assert joe.said == ["Welcome. For orders, press 1. For opening hours, press 2. For a call back, press 3."]
        assert len(centre.peer.requests) == 1, "it followed by a request of its own"


async def test_a_menu_is_a_bot_whose_answers_are_in_the_call_s_own_answers() -> None:
    async with a_centre(MENU) as centre:
        joe = await centre.peer.call()
        assert joe.said == ["Welcome. For orders, press 1. For opening hours, press 2. For a call back, press 3."]
        await centre.peer.passes(joe)
        assert joe.said[1:] == joe.said[:1], "who presses nothing is asked again"
        await centre.peer.press(joe, "7")
        assert joe.said[-1].startswith("That is none of the choices. Welcome.")
        await centre.peer.press(joe, "2")
        assert joe.said[-2:] == ["We are open from nine to five.", "Goodbye."]
        assert joe.is_over
        await centre.settle()
        assert centre.peer.requests == [], "all of it was in answers to the call's requests"
        assert centre.events(e.InteractionFinished)[-1].agent == "ivr"
        assert (await centre.workspace.case("ca1")).state == "RESOLVED"


async def test_a_menu_hands_over_with_what_it_found_out() -> None:
    async with a_centre(MENU) as centre:
        joe = await centre.peer.call()
        await centre.peer.press(joe, "1")
        assert joe.said[-1] == f"{HOLD_ON} You are number 1 in line."
        contact, phone = await centre.connected(await centre.workspace.sign_in("ana"))
        assert (contact.interaction, phone.room) == ("in1", joe.room)
        assert (await centre.workspace.case("ca1")).topic == "order"
        assert centre.events(e.InteractionHandedOver)[-1].skills == {"orders": 1}


async def test_a_menu_has_people_called_back() -> None:
    async with a_centre(MENU) as centre:
        joe = await centre.peer.call()
        await centre.peer.press(joe, "3")
        assert joe.said[-2:] == ["We will call you back. Goodbye.", "Goodbye."]
        assert len(centre.events(e.CallbackRequested)) == 1


async def test_without_an_answer_a_menu_gives_the_call_to_people() -> None:
    async with a_centre(MENU) as centre:
        joe = await centre.peer.call()
        for _ in range(3):
            await centre.peer.passes(joe)
        assert joe.said[-1] == f"{HOLD_ON} You are number 1 in line."


async def test_a_worker_that_does_not_own_the_workspace_answers_too(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path}/contacts.db"
    async with a_centre(MENU, url=url) as centre:
        line = AccountLine("voice", TwilioVoiceAdapter(), account())
        async with connect(url, channels=[line]) as worker:
            app = WebApplication("https://acme.example")
            async with app.serving(worker):
                centre.peer.app = app
                joe = await centre.peer.call()
                assert joe.said == [], "what the bot says is on its way from the owner"
                await centre.hears(joe, "Welcome.")
                await centre.peer.press(joe, "1")
                await centre.settle()
                if joe.at is not None and joe.at.tag == "Pause":
                    await centre.peer.passes(joe)
                assert joe.said[-1] == f"{HOLD_ON} You are number 1 in line."


async def test_a_call_outlives_the_process_that_steers_it(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path}/contacts.db"
    async with serving() as (peer, api), HttpTransport(allow_plain=True) as transport:
        line = AccountLine("voice", TwilioVoiceAdapter(), account(api), transport)
        app = WebApplication("https://acme.example")
        peer.app = app
        async with Workspace.open(Plan.parse(MENU), url, channels=[line]) as workspace, app.serving(workspace):
            joe = await peer.call()
            assert joe.said[-1].startswith("Welcome.")
        async with Workspace.open(Plan.parse(MENU), url, channels=[line]) as workspace, app.serving(workspace):
            await peer.passes(joe)
            assert joe.said[-1] == f"{HOLD_ON} You are number 1 in line.", "nobody knows how far the menu had come"
            assert (await workspace.interaction("in1")).state == "QUEUED"
            await peer.hang_up(joe)
            assert (await workspace.interaction("in1")).state == "ABANDONED"


async def test_a_provider_that_is_too_early_or_too_late_is_asked_again_or_not() -> None:
    async with a_centre() as centre:
        joe = await centre.peer.call()
        contact, _ = await centre.connected(await centre.workspace.sign_in("ana"))
        centre.peer.refusals.append((400, 21220))
        await contact.finish()
        await centre.settle()
        [over] = [event for event in centre.events(e.CallSteered) if event.verb == "hang_up"]
        accepted = [event.delivery for event in centre.events(e.DeliveryAccepted)]
        assert over.delivery in accepted, "a call that is not in progress needs no hanging up"
        assert joe.sid in {event.call_id for event in centre.events(e.CallSteered)}
