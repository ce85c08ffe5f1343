"""How what was written is said where free words do not pass, and where others read along."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.contact_centre import PLAN, Centre, frame, message

from orchestra.channels.account import Account, Conversation
from orchestra.channels.capabilities import Capabilities
from orchestra.channels.outbound import Choices, Message, Outbound, Template
from orchestra.channels.sending import Failed, Refused, SendPlan, Sent
from orchestra.channels.windows import WINDOW_IS_SHUT, is_shut
from orchestra.channels.wire import FrameAnswer, StepResult, WireStep
from orchestra.errors import CommandRefused
from orchestra.model import commands as c, events as e
from orchestra.model.notices import Leg, Notices, NoticeTopic, Start
from orchestra.model.templates import ApprovedTemplate, ChannelWording, Topic, Wording
from orchestra.runtime.agents import ActiveContact
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import START, VirtualClock

READY = ApprovedTemplate("ready_1", "en_US", ("81",))
DAY = timedelta(days=1)
WORDED = Topic(
    {"order": "text", "way": "link"},
    {
        "en": Wording(
            text="Order $order: $way",
            channels={"chat": ChannelWording(template=ApprovedTemplate("ready_2", None, ("order", "way")))},
        )
    },
)


class Wire:
    """Takes whatever is sent."""

    async def perform(self, step: WireStep) -> StepResult:
        return FrameAnswer()


@attrs.define
class Street:
    """A channel with a window of a day, in which others may read along."""

    centre: Centre
    clock: VirtualClock
    asked: list[Outbound] = attrs.field(factory=list)
    is_public: bool = False
    has_private_replies: bool = True

    def encode(self, message: Outbound, account: Account, to: Conversation, now: Any) -> SendPlan | Refused:
        self.asked.append(message)
        if not isinstance(message, Template) and is_shut(to, now, DAY):
            return WINDOW_IS_SHUT
        if isinstance(message, Template) and message.name == "unknown":
            return Refused("template_name", "no such template")
        is_private = isinstance(message, Message) and message.is_private
        if is_private and not (self.has_private_replies and message.reply_to):
            return Refused("private_reply", "name the comment")
        return SendPlan((frame(message.key),))

    def able(self, *_: object) -> Capabilities:
        able = Capabilities(threads=True, template_required_outside_window=True, buttons_max=3)
        return attrs.evolve(able, public=self.is_public)

    @property
    def said(self) -> Outbound:
        return self.asked[-1]

    @property
    def lost(self) -> list[list[str] | None]:
        return [event.lost for event in self.centre.events(e.DeliveryAccepted)]

    @property
    def codes(self) -> list[str | None]:
        return [event.code for event in self.centre.events(e.DeliveryFailed)]


@pytest.fixture
def street(monkeypatch: Any) -> Street:
    clock = VirtualClock()
    street = Street(Centre(clock=clock), clock)
    adapter = street.centre.adapter
    adapter.on_interpret = lambda step, result: Sent(("p1",))
    street.centre.transport = Wire()
    monkeypatch.setattr(type(adapter), "encode", lambda _, *given: street.encode(*given))
    monkeypatch.setattr(type(adapter), "capabilities", street.able)
    return street


async def talking(street: Street, workspace: Workspace, sender: str = "joe") -> ActiveContact:
    street.clock.attach(workspace)
    await workspace.receive(message(f"1-{sender}", sender=sender, at=START))
    session = await workspace.sign_in("ana")
    return await (await session.next_offer()).accept()


# Behind a shut window


async def test_in_the_window_free_words_are_said(street: Street) -> None:
    async with street.centre.open() as workspace:
        contact = await talking(street, workspace)
        await contact.reply("It is ready", template=READY)
        await street.clock.advance()
    assert [type(one) for one in street.asked] == [Message]
    assert street.lost == [None]


async def test_behind_it_what_stands_for_them(street: Street) -> None:
    async with street.centre.open() as workspace:
        contact = await talking(street, workspace)
        await street.clock.advance(days=2)
        await contact.reply("It is ready", template=READY)
        await street.clock.advance()
    said = street.said
    assert isinstance(said, Template)
    assert (said.name, said.language, said.parameters) == ("ready_1", "en_US", ("81",))
    assert street.lost == [["as_template"]]


async def test_without_it_nothing_is_sent_and_why_is_on_record(street: Street) -> None:
    async with street.centre.open() as workspace:
        contact = await talking(street, workspace)
        await street.clock.advance(days=2)
        await contact.reply("It is ready")
        await contact.reply("It is ready", template=attrs.evolve(READY, name="unknown"))
        await street.clock.advance()
    assert street.codes == ["window", "template_name"]


async def test_where_the_provider_knows_better_what_stands_for_them_follows(street: Street) -> None:
    answers = [Failed("window"), Sent(("p2",))]
    street.centre.adapter.on_interpret = lambda step, result: answers.pop(0)
    async with street.centre.open() as workspace:
        contact = await talking(street, workspace)
        await contact.reply("It is ready", template=READY)
        await street.clock.advance()
    assert [type(one) for one in street.asked] == [Message, Template]
    assert (street.codes, street.lost) == (["window"], [["as_template"]])
    assert street.asked[0].key != street.asked[1].key, "a provider may remember what it turned away"
    assert [event.instead_of for event in street.centre.events(e.DeliveryPlanned)] == [None, "de1"]


async def test_so_it_does_where_the_provider_says_so_later(street: Street) -> None:
    async with street.centre.open() as workspace:
        contact = await talking(street, workspace)
        await contact.reply("It is ready", template=READY)
        await street.clock.advance()
        await workspace.execute(c.RecordReceipt("chat", "main", "p1", "failed", code="window"))
        street.centre.adapter.on_interpret = lambda step, result: Sent(("p2",))
        await street.clock.advance()
    assert [type(one) for one in street.asked] == [Message, Template]
    assert street.lost == [None, ["as_template"]]


async def test_another_template_under_the_same_key_is_another_answer(street: Street) -> None:
    async with street.centre.open() as workspace:
        contact = await talking(street, workspace)
        said = await contact.reply("It is ready", "k", template=READY)
        assert await contact.reply("It is ready", "k", template=READY) == said
        for other in (attrs.evolve(READY, parameters=("82",)), None):
            with pytest.raises(CommandRefused):
                await contact.reply("It is ready", "k", template=other)
        await contact.reply("Yes", "l", answers="me1")
        with pytest.raises(CommandRefused):
            await contact.reply("Yes", "l", answers="me1", only_them=True)


def noticed(*legs: str, **more: Any) -> Any:
    notices = Notices({"ready": NoticeTopic(legs=[Leg(leg) for leg in legs])}, **more)
    return attrs.evolve(PLAN, templates={"ready": WORDED}, notices=notices)


async def notice(street: Street, workspace: Workspace) -> None:
    facts = {"order": "81", "way": "https://example.org/?t={token}"}
    await workspace.plan_notice("one", "ready", case="ca1", facts=facts)
    await street.clock.advance()


async def test_a_notice_is_said_by_the_template_that_the_plan_names(street: Street) -> None:
    street.centre.plan = noticed("chat")
    async with street.centre.open() as workspace:
        contact = await talking(street, workspace)
        await contact.finish()
        await street.clock.advance(days=2)
        await notice(street, workspace)
        said, token = street.said, workspace.key.reply_token("ca1")
    assert isinstance(said, Template)
    assert (said.name, said.language) == ("ready_2", "en")
    assert said.parameters == ("81", f"https://example.org/?t={token}")
    assert street.centre.events(e.NoticeSent)


async def test_without_one_it_goes_on_to_the_next_channel(street: Street) -> None:
    wordless = Topic(WORDED.facts, {"en": Wording(text="$order $way")})
    street.centre.plan = attrs.evolve(noticed("chat"), templates={"ready": wordless})
    async with street.centre.open() as workspace:
        contact = await talking(street, workspace)
        await contact.finish()
        await street.clock.advance(days=2)
        await notice(street, workspace)
    assert [event.reason for event in street.centre.events(e.NoticeLegFailed)] == ["window"]


async def test_so_it_does_where_the_provider_knows_better(street: Street) -> None:
    street.centre.plan = noticed("chat")
    street.centre.adapter.on_interpret = lambda step, result: Failed("window")
    async with street.centre.open() as workspace:
        contact = await talking(street, workspace)
        await contact.finish()
        await street.clock.advance(hours=1)
        await notice(street, workspace)
    assert [event.reason for event in street.centre.events(e.NoticeLegFailed)] == ["window"]
    assert [event.delivery for event in street.centre.events(e.DeliveryPlanned)] == ["de1"]


async def test_who_never_wrote_there_has_opened_no_window(street: Street) -> None:
    street.centre.plan = noticed("chat", starts={"chat": Start("loopback")})
    async with street.centre.open() as workspace:
        street.clock.attach(workspace)
        got = await workspace.receive(attrs.evolve(message(1, at=START), channel="voice"))
        await workspace.plan_notice("one", "ready", case=got.case.id, facts={"order": "81", "way": "https://a.example"})
        await street.clock.advance()
    assert [type(one) for one in street.asked] == [Template]


# Where others read along


async def test_in_public_an_answer_stands_under_what_they_wrote_last(street: Street) -> None:
    street.is_public = True
    async with street.centre.open() as workspace:
        contact = await talking(street, workspace)
        await workspace.receive(message(2, at=START))
        await workspace.receive(message(3, sender="jane", at=START))
        await contact.reply("We look into it")
        await workspace.receive(message(4, at=START))
        await street.clock.advance()
    said = street.said
    assert isinstance(said, Message)
    assert (said.reply_to, said.is_private) == ("m2", False)


async def test_what_is_for_them_alone_is_said_to_nobody_else(street: Street) -> None:
    street.is_public = True
    async with street.centre.open() as workspace:
        contact = await talking(street, workspace)
        await contact.reply("Your order 81 is late", only_them=True)
        await street.clock.advance()
        said = street.said
        assert isinstance(said, Message)
        assert (said.reply_to, said.is_private) == ("m1-joe", True)
        street.has_private_replies = False
        await contact.reply("Your order 81 is late", only_them=True)
        await street.clock.advance()
    assert all(isinstance(one, Message) and one.is_private for one in street.asked)
    assert street.codes == ["private_reply"]


@pytest.mark.parametrize("is_public", [True, False])
async def test_an_invitation_goes_to_them_alone_where_the_channel_can(street: Street, is_public: bool) -> None:
    street.is_public = is_public
    async with street.centre.open() as workspace:
        contact = await talking(street, workspace)
        await workspace.execute(c.InviteToChannel("voice", contact.interaction, text="Call us: {token}"))
        await street.clock.advance()
        street.has_private_replies = False
        await workspace.execute(c.InviteToChannel("voice", contact.interaction, text="Call us: {token}"))
        await street.clock.advance()
    private = [isinstance(one, Message) and one.is_private for one in street.asked]
    assert private == ([True, True, False] if is_public else [False, False])
    assert street.lost == ([None, ["private"]] if is_public else [None, None])


async def test_an_acknowledgement_is_public_and_under_the_comment(street: Street) -> None:
    street.is_public = True
    async with street.centre.open() as workspace:
        street.clock.attach(workspace)
        got = await workspace.receive(message(1, at=START))
        await workspace.execute(c.SendMessage(got.case.id, "ack", text="Thank you, we look into it"))
        await street.clock.advance()
    said = street.said
    assert isinstance(said, Message)
    assert (said.reply_to, said.is_private) == ("m1", False)


async def test_elsewhere_an_answer_names_what_it_answers_if_it_says_so(street: Street) -> None:
    async with street.centre.open() as workspace:
        contact = await talking(street, workspace)
        await workspace.receive(message(2, at=START))
        for answers in (None, "me1", "me99"):
            await contact.reply("Yes", answers=answers)
            await street.clock.advance()
        assert [one.reply_to for one in street.asked if isinstance(one, Message)] == [None, "m1-joe", None]
        await contact.reply("Which?", choices={"a": "A"}, answers="me1")
        await street.clock.advance()
    assert isinstance(street.said, Choices)
    assert street.lost == [None, None, ["reply_to"], ["reply_to"]]
