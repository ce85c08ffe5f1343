"""Invitations as the application sees them: a token that is sent and stored nowhere, and whoever comes with it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import attrs
import pytest
from tests.contact_centre import PLAN, Centre, message, until

from orchestra import Handle, Message, blocking
from orchestra.errors import NotPermitted, UnknownId
from orchestra.model import events as e
from orchestra.model.results import Invited
from orchestra.testing.clock import VirtualClock

SHOP = attrs.evolve(PLAN, channels={**PLAN.channels, "mail": attrs.evolve(PLAN.channels["chat"], live=False)})


@pytest.fixture
def centre() -> Centre:
    return Centre(plan=SHOP, clock=VirtualClock())


def _private(centre: Centre) -> str:
    return str([record.private for record in centre.records()])


async def test_the_token_is_sent_and_stored_nowhere(centre: Centre) -> None:
    texts = centre.texts()
    async with centre.open() as workspace:
        got = await workspace.receive(message(1, "Nobody helps me!"))
        invited = await workspace.invite("mail", "Come: {token}", interaction=got.interaction)
        await until(lambda: bool(texts))
        token = workspace.invitation_token(invited.id)
    assert texts == [f"Come: {token}"]
    assert "Come: {token}" in _private(centre)
    assert token not in _private(centre)


async def test_whoever_comes_with_the_token_comes_about_the_case(centre: Centre) -> None:
    async with centre.open() as workspace:
        got = await workspace.receive(message(1, "Nobody helps me!"))
        invited = await workspace.invite("mail", "Come: {token}", case=got.case.id, lasts=timedelta(hours=1))
        mail = Message("mail", id="1", sender=Handle("josy", kind="loopback"), text="It is me")
        token = workspace.invitation_token(invited.id)
        by_token = await workspace.receive(attrs.evolve(mail, reply_token=token))
        assert (by_token.case, by_token.customer == got.customer) == (got.case, False)
        forged = await workspace.receive(attrs.evolve(mail, id="2", sender=Handle("mia"), reply_token=f"{token}0"))
        assert forged.case != got.case
    assert [event.invitation for event in centre.events(e.InvitationAccepted)] == [invited.id]


async def test_it_is_taken_back(centre: Centre) -> None:
    async with centre.open() as workspace:
        got = await workspace.receive(message(1))
        invited = await workspace.invite("mail", "Come", interaction=got.interaction, actor="operator:kim")
        await workspace.withdraw_invitation(invited.id, "a mistake")
        with pytest.raises(UnknownId):
            await workspace.withdraw_invitation(invited.id, "a mistake")
        with pytest.raises(NotPermitted):
            await workspace.invite("mail", "Come", interaction=got.interaction, actor=f"customer:{got.customer}")


def test_an_application_that_does_not_wait_invites_too(tmp_path: Path) -> None:
    with blocking.open(SHOP, f"sqlite:{tmp_path / 'contacts.db'}") as workspace:
        got = workspace.receive(message(1))
        invited = workspace.invite("mail", "Come", interaction=got.interaction)
        assert isinstance(invited, Invited)
        assert workspace.invitation_token(invited.id).startswith(f"{invited.id}.")
        workspace.withdraw_invitation(invited.id, "a mistake")


async def test_the_text_of_others_stays_as_it_is(centre: Centre) -> None:
    texts = centre.texts()
    async with centre.open() as workspace:
        got = await workspace.receive(message(1))
        session = await workspace.sign_in("ana")
        contact = await (await session.next_offer()).accept()
        await contact.reply("Write {token} there")
        await until(lambda: bool(texts))
    assert (texts, got.customer) == (["Write {token} there"], "cu1")
