"""Steering that invites: where it is best, once, in the same step, and never whoever had better stay."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.contact_centre import Centre, until

from orchestra import Email, Handle, Message, Plan, Workspace, blocking
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.results import Received
from orchestra.runtime import inviting
from orchestra.runtime.steering import Steering, steer
from orchestra.testing.clock import VirtualClock

PLAN = Plan.parse("""
workspace = { name = "tests", default_queue = "letters" }
teams = { writers = {}, chatters = {} }
queues.letters = { team = "writers", service_level = { within = "4h" } }
queues.chats.team = "chatters"
channels.mail = {}
channels.chat = { live = true, queue = "chats" }
costs.channels.mail.per_contact = 300_000
costs.channels.chat.per_contact = 100_000
agents.bob.teams = ["chatters"]
agents.wim.teams = ["writers"]
""")


@pytest.fixture
def centre() -> Centre:
    return Centre(plan=PLAN, clock=VirtualClock())


def mail(number: int, sender: str = "joe") -> Message:
    return Message("mail", id=f"m{number}", sender=Email(f"{sender}@example.org"), text="Where is my parcel?")


@asynccontextmanager
async def waiting(centre: Centre) -> AsyncGenerator[tuple[Workspace, Received]]:
    """Bob has chatted once and is free; Joe waits by mail, for which nobody is there."""
    async with centre.open() as workspace:
        bob = await workspace.sign_in("bob")
        await workspace.receive(Message("chat", id="c1", sender=Handle("sue", kind="loopback"), text="Open?"))
        await (await (await bob.next_offer()).accept()).finish(disposition="resolved")
        yield workspace, await workspace.receive(mail(1))


def invited(centre: Centre) -> list[tuple[str, str]]:
    return [(event.invitation, event.channel) for event in centre.events(e.InvitationMade)]


async def test_nobody_is_invited_unless_that_is_asked_for(centre: Centre) -> None:
    async with waiting(centre) as (workspace, got):
        found = await workspace.steer(got.interaction or "")
        assert (found.channel, found.is_change, found.invited) == ("chat", True, None)
    assert invited(centre) == []


async def test_they_are_invited_in_the_words_of_the_steering(centre: Centre) -> None:
    async with waiting(centre) as (workspace, got):
        found = await workspace.steer(got.interaction or "", invite=True)
        assert found.invited is not None
        assert found.text == "You may reply by chat now, or wait. Your token is {token}"
        token = workspace.invitation_token(found.invited)
        assert found.to_json()["invited"] == found.invited
    assert invited(centre) == [(found.invited, "chat")]
    written = [record.private for record in centre.records() if record.type == "MessageWritten"]
    assert found.text in str(written)
    assert token not in str([record.private for record in centre.records()])


@pytest.mark.parametrize("text", ["Come to our chat: {token}", lambda found: f"Come to our {found.channel}: {{token}}"])
async def test_they_are_invited_in_the_words_of_the_application(centre: Centre, text: Any) -> None:
    async with waiting(centre) as (workspace, got):
        await workspace.steer(got.interaction or "", invite=True, text=text, actor="agent:bob")
    (made,) = [record for record in centre.records() if record.type == "InvitationMade"]
    assert made.actor == "agent:bob"
    assert "Come to our chat: {token}" in str([record.private for record in centre.records()])


async def test_an_open_invitation_is_not_sent_twice(centre: Centre) -> None:
    async with waiting(centre) as (workspace, got):
        first = await workspace.steer(got.interaction or "", invite=True)
        again = await workspace.steer(got.interaction or "", invite=True, text="Come!")
        assert again.invited == first.invited == (await workspace.steer(got.interaction or "")).invited
        await workspace.withdraw_invitation(first.invited or "", "a mistake")
        assert (await workspace.steer(got.interaction or "")).invited is None
        later = await workspace.steer(got.interaction or "", invite=True)
    assert invited(centre) == [(first.invited, "chat"), (later.invited, "chat")]
    assert len({name for name, _ in invited(centre)}) == 2


async def test_an_invitation_by_hand_counts_as_well_and_one_elsewhere_does_not(centre: Centre) -> None:
    async with waiting(centre) as (workspace, got):
        other = await workspace.receive(mail(2, "mia"))
        await workspace.invite("chat", "Come!", interaction=other.interaction)
        found = await workspace.steer(got.interaction or "")
        assert found.invited is None, "it is somebody else's"
        by_hand = await workspace.invite("chat", "Come!", case=got.case.id)
        assert (await workspace.steer(got.interaction or "", invite=True)).invited == by_hand.id
    assert len(invited(centre)) == 2


async def test_whoever_had_better_stay_is_not_invited(centre: Centre) -> None:
    async with waiting(centre) as (workspace, got):
        await workspace.execute(c.CloseQueue("chats", "holiday"))
        found = await workspace.steer(got.interaction or "", invite=True)
        assert (found.channel, found.invited, found.text) == ("mail", None, None)
    assert invited(centre) == []


async def test_what_was_asked_before_does_not_count(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look and the decision somebody closes the queue: it is looked at once more."""
    looks: list[str] = []
    async with waiting(centre) as (workspace, got):

        def looked(view: View, name: str) -> Steering:
            found = steer(view, name)
            looks.append(found.channel)
            if len(looks) == 1:
                workspace._owner.decide(c.CloseQueue("chats", "holiday"))
            return found

        monkeypatch.setattr(inviting, "steer", looked)
        found = await workspace.steer(got.interaction or "", invite=True)
        assert (looks, found.channel) == (["chat", "mail"], "mail")
    assert invited(centre) == []


async def test_it_is_refused_as_any_invitation_is(centre: Centre) -> None:
    async with waiting(centre) as (workspace, got):
        name = got.interaction or ""
        for text, reason in (("", "must not be empty"), (5, "text"), ("\ud800", "lone surrogate")):
            with pytest.raises(InvalidCommand, match=reason):
                await workspace.steer(name, invite=True, text=text)  # type: ignore[arg-type]
        with pytest.raises(NotPermitted):
            await workspace.steer(name, invite=True, actor=f"customer:{got.customer}")
        with pytest.raises(UnknownId):
            await workspace.steer("in99", invite=True)
        wim = await workspace.sign_in("wim")
        await (await wim.next_offer()).accept()
        with pytest.raises(NotAllowedInState):
            await workspace.steer(name, invite=True)
    assert invited(centre) == []


async def test_words_that_cannot_be_made_change_nothing(centre: Centre) -> None:
    async with waiting(centre) as (workspace, got):
        with pytest.raises(RuntimeError, match="no words"):
            await workspace.steer(got.interaction or "", invite=True, text=_no_words)
        assert (await workspace.steer(got.interaction or "", invite=True)).invited is not None
    assert len(invited(centre)) == 1


def _no_words(found: Steering) -> str:
    raise RuntimeError("no words")


async def test_the_contact_keeps_its_place_until_they_come_and_the_case_goes_along(centre: Centre) -> None:
    async with waiting(centre) as (workspace, got):
        found = await workspace.steer(got.interaction or "", invite=True)
        assert (await workspace.interaction(got.interaction or "")).state == "QUEUED"
        token = workspace.invitation_token(found.invited or "")
        chat = Message("chat", id="c2", sender=Handle("jo", kind="loopback"), text="It is me", reply_token=token)
        came = await workspace.receive(chat)
        assert came.case == got.case
        await until(lambda: bool(centre.events(e.InvitationAccepted)))
    assert [event.interaction for event in centre.events(e.InvitationAccepted)] == [came.interaction]


def test_an_application_that_does_not_wait_steers_too(tmp_path: Path) -> None:
    with blocking.open(PLAN, f"sqlite:{tmp_path / 'contacts.db'}") as workspace:
        got = workspace.receive(mail(1))
        found = workspace.steer(got.interaction or "", invite=True)
        assert (found.channel, found.invited) == ("mail", None)
