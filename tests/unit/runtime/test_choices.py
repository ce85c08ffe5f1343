"""What customers may pick from, as it reaches the channel and as it comes back; and what channels know of the talk."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.contact_centre import Centre, Scripted, message

from orchestra.channels.account import Conversation
from orchestra.channels.outbound import Choice, Choices, Message, Outbound
from orchestra.channels.sending import Refused, SendPlan
from orchestra.errors import CommandRefused
from orchestra.model import commands as c, events as e
from orchestra.runtime.composing import listed
from orchestra.testing.clock import START, VirtualClock

ROUTE = "r-41f6"
COLOURS = {"red": "Red", "blue": "Blue, please"}


class Noting(Scripted):
    """The loopback adapter, which notes what it was given to carry and to whom."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[tuple[Outbound, Conversation]] = []

    def encode(self, message: Outbound, *others: Any) -> SendPlan | Refused:
        self.given.append((message, others[1]))
        return super().encode(message, *others)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def centre(clock: VirtualClock) -> Centre:
    centre = Centre(clock=clock)
    centre.adapter = Noting()
    return centre


def given(centre: Centre) -> list[tuple[Outbound, Conversation]]:
    assert isinstance(centre.adapter, Noting)
    return centre.adapter.given


async def test_an_agent_offers_them_and_sees_what_was_picked(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        ana = await workspace.sign_in("ana")
        await workspace.receive(message(1))
        contact = await (await ana.next_offer()).accept()
        await contact.reply("Which one?", choices=COLOURS)
        await clock.advance()
        [(sent, _)] = given(centre)
        assert isinstance(sent, Choices)
        assert (sent.text, sent.choices) == ("Which one?", (Choice("red", "Red"), Choice("blue", "Blue, please")))
        picked = centre.provider.event("choice", at=START, sender="joe", choice="blue", label="Blue, please")
        assert (await workspace.webhook(ROUTE, centre.provider.webhook(picked, at=START))).status == 200
    received = centre.events(e.MessageReceived)[-1]
    assert (received.choice, received.text) == ("blue", "Blue, please")


async def test_without_any_it_is_a_message(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        got = await workspace.receive(message(1))
        await workspace.execute(c.SendMessage(got.case.id, "k1", text="Done"))
        await clock.advance()
    assert [type(sent) for sent, _ in given(centre)] == [Message]


async def test_other_choices_under_the_same_key_are_another_message(centre: Centre) -> None:
    async with centre.open() as workspace:
        got = await workspace.receive(message(1))
        first = c.SendMessage(got.case.id, "k1", text="Which one?", choices=[["red", "Red"], ["blue", "Blue"]])
        assert await workspace.execute(first) == await workspace.execute(first)
        other = c.SendMessage(got.case.id, "k1", text="Which one?", choices=[["blue", "Blue"], ["red", "Red"]])
        with pytest.raises(CommandRefused):
            await workspace.execute(other)


async def test_a_channel_knows_when_the_customer_wrote_last(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        got = await workspace.receive(message(1, at=START - timedelta(hours=2)))
        await workspace.execute(c.SendMessage(got.case.id, "k1", text="Done"))
        await clock.advance()
    assert [talk.last_inbound_at for _, talk in given(centre)] == [START - timedelta(hours=2)]


@pytest.mark.parametrize(
    ("medium", "text"),
    [
        (None, "Which one?\n1. Red\n2. Blue & green"),
        ("html", "Which one?<ol><li>Red</li><li>Blue &amp; green</li></ol>"),
        ("markdown", "Which one?\n\n1. Red\n2. Blue \\& green"),
    ],
)
def test_where_a_channel_has_no_choices_they_stand_in_the_text(medium: str | None, text: str) -> None:
    written = e.MessageWritten(
        "me1", "ca1", "cu1", "co1", 1, choices=[["red", "Red"], ["blue", "Blue & green"]], medium=medium
    )
    assert listed("Which one?", written) == text


async def test_a_channel_without_choices_is_given_a_message_with_all_that_belongs_to_it(
    centre: Centre, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    capabilities = Noting.capabilities
    monkeypatch.setattr(
        Noting, "capabilities", lambda self, *about: attrs.evolve(capabilities(self, *about), buttons_max=0)
    )
    async with centre.open() as workspace:
        clock.attach(workspace)
        got = await workspace.receive(message(1))
        choices = [["red", "Red"], ["blue", "Blue"]]
        await workspace.execute(c.SendMessage(got.case.id, "k1", text="Which?", title="One", choices=choices))
        await clock.advance()
    [(sent, _)] = given(centre)
    assert isinstance(sent, Message)
    assert (sent.text, sent.subject, sent.is_automatic) == ("Which?\n1. Red\n2. Blue", "One", True)
