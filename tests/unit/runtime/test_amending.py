"""Changing what was sent: what goes to the provider, what is refused before, and what each reader is shown of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.contact_centre import PLAN, Centre, SteeredJournal, answered

from orchestra.channels.capabilities import Capabilities
from orchestra.channels.loopback.transport import Failure
from orchestra.channels.outbound import Outbound
from orchestra.channels.sending import Interpreted, Sent
from orchestra.channels.wire import StepResult, WireStep
from orchestra.errors import InvalidCommand, JournalUnavailable, NotPermitted, UnknownId
from orchestra.journal.sqlite import SqliteJournal
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan
from orchestra.runtime.agents import ActiveContact
from orchestra.runtime.amending import changes
from orchestra.runtime.client import connect
from orchestra.runtime.readers import Withheld
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock
from orchestra.testing.faults import JournalFault

pytestmark = pytest.mark.anyio

WITH_ROLES = Plan.parse("""
workspace = { name = "tests", default_queue = "care" }
teams.care = {}
queues.care = { team = "care" }
channels.chat = { live = true, weight_percent = 25 }
agents.ana.teams = ["care"]
agents.tom = { teams = ["care"], roles = ["trainee"] }
roles.trainee = { may = ["*"], sees = { own = "trace" } }
""")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def centre(clock: VirtualClock) -> Centre:
    return Centre(clock=clock)


async def sent(workspace: Workspace, text: str = "It costs 40.") -> ActiveContact:
    """A contact of ana's in which she has answered by me2, which has left."""
    contact = await answered(workspace, text)
    await workspace.settle()
    return contact


def done(centre: Centre) -> list[Mapping[str, Any]]:
    """What the provider was asked for after the first message, without whom it goes to."""
    envelope = ("account", "key", "conversation", "to", "format", "reply_to", "automatic")
    bodies = (dict(one.body) for one in centre.provider.delivered[1:])
    return [{name: value for name, value in body.items() if name not in envelope} for body in bodies]


def lacking(centre: Centre, **lacks: bool) -> None:
    """Let the channel be without some capabilities."""
    whole = centre.adapter.capabilities

    def capabilities(*arguments: Any) -> Capabilities:
        return attrs.evolve(whole(*arguments), **lacks)

    centre.adapter.capabilities = capabilities  # type: ignore[method-assign]


# What the provider is asked for


async def test_what_was_sent_is_corrected_reacted_to_and_taken_back(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact = await sent(workspace)
        corrected = await contact.correct("me2", "It costs 49.")
        reacted = await contact.react("me1", "👍")
        await contact.react("me1", None)
        await contact.take_back("me2")
        await workspace.settle()
    assert (corrected.message, corrected.delivery, reacted.message) == ("me2", "de2", "me1")
    assert done(centre) == [
        {"type": "edit", "message": "out-1", "text": "It costs 49."},
        {"type": "reaction", "message": "m1", "reaction": "👍"},
        {"type": "reaction", "message": "m1", "reaction": None},
        {"type": "delete", "message": "out-1"},
    ]
    assert [event.delivery for event in centre.events(e.DeliveryAccepted)] == ["de1", "de2", "de3", "de4", "de5"]


async def test_what_writing_gave_names_the_message(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact = await answered(workspace)
        written = await contact.reply("Second")
        await workspace.settle()
        assert (await contact.correct(written, "The second")).message == written.message
        assert (await contact.take_back(written)).message == written.message


async def test_it_is_tried_again_and_told_once(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        contact = await sent(workspace)
        centre.provider.fail_next(Failure.UNAVAILABLE, Failure.TIMED_OUT_AFTER_TAKING)
        await contact.correct("me2", "It costs 49.")
        await clock.advance(minutes=30)
    assert done(centre) == [{"type": "edit", "message": "out-1", "text": "It costs 49."}]
    assert [event.attempt for event in centre.events(e.DeliveryStarted) if event.delivery == "de2"] == [1, 2, 3]


async def test_what_has_not_left_leaves_as_it_is_now_on_any_channel(centre: Centre, clock: VirtualClock) -> None:
    lacking(centre, edit=False, delete=False)
    async with centre.open() as workspace:
        clock.attach(workspace)
        await workspace.execute(c.StopSending("incident"))
        contact = await answered(workspace, "It costs 40.")
        other = await contact.reply("Never mind.")
        await contact.correct("me2", "It costs 45.")
        await contact.correct("me2", "It costs 49.")
        await contact.take_back(other)
        await workspace.execute(c.StartSending())
        await clock.advance(minutes=1)
    assert [one.text for one in centre.provider.delivered] == ["It costs 49."]


async def test_what_is_corrected_while_it_is_about_to_leave_leaves_as_it_is_now(
    centre: Centre, clock: VirtualClock
) -> None:
    encode, asked = centre.adapter.encode, list[str]()

    def corrected_meanwhile(sending: Outbound, *others: Any) -> Any:
        asked.append(getattr(sending, "text", ""))
        if len(asked) == 1:
            workspace._owner.decide(c.CorrectMessage("me2", text="It costs 49."))
        return encode(sending, *others)

    centre.adapter.encode = corrected_meanwhile  # type: ignore[method-assign]
    async with centre.open() as workspace:
        clock.attach(workspace)
        await answered(workspace, "It costs 40.")
        await clock.advance(minutes=10)
    assert asked == ["It costs 40.", "It costs 49."]
    assert [one.text for one in centre.provider.delivered] == ["It costs 49."]


async def test_a_message_of_several_parts_is_taken_back_part_by_part(centre: Centre) -> None:
    interpret = centre.adapter.interpret

    def in_two(step: WireStep, result: StepResult) -> Interpreted:
        centre.adapter.on_interpret = None
        assert isinstance(interpret(step, result, None), Sent)
        return Sent(("out-1", "out-2"))

    centre.adapter.on_interpret = in_two
    async with centre.open() as workspace:
        contact = await sent(workspace)
        await contact.take_back("me2")
        await workspace.settle()
    assert done(centre) == [{"type": "delete", "message": "out-1"}, {"type": "delete", "message": "out-2"}]
    keys = [one.key for one in centre.provider.delivered]
    assert keys[2] == f"{keys[1]}.2"


async def test_what_can_be_picked_from_stays_in_the_words_where_there_are_no_buttons(centre: Centre) -> None:
    lacking(centre, buttons_max=0)
    async with centre.open() as workspace:
        contact = await answered(workspace)
        written = await contact.reply("Whch one?", choices={"red": "Red", "blue": "Blue"})
        await workspace.settle()
        await contact.correct(written, "Which one?")
        await workspace.settle()
    assert done(centre)[-1]["text"] == "Which one?\n1. Red\n2. Blue"


async def test_whoever_was_erased_meanwhile_is_told_nothing(centre: Centre, clock: VirtualClock) -> None:
    async with centre.open() as workspace:
        clock.attach(workspace)
        contact = await sent(workspace)
        await workspace.execute(c.StopSending("incident"))
        await contact.correct("me2", "It costs 49.")
        await contact.react("me1", "👍")
        await contact.finish()
        await workspace.erase("cu1", "asked")
        await workspace.execute(c.StartSending())
        await clock.advance(minutes=1)
        assert "49" not in "".join(str(record.private) for record in workspace.journal.read())
    assert done(centre) == []
    ends = centre.events(e.DeliveryFailed)
    assert [event.delivery for event in ends] == ["de2", "de3"]
    assert [event.code for event in ends] == ["erased", "erased"]


@pytest.mark.parametrize(
    ("act", "text", "told"),
    [
        ("corrected", "now", [("Edit", "k", "a")]),
        ("reacted", "+1", [("React", "k", "a")]),
        ("taken_back", None, [("Delete", "k", "a"), ("Delete", "k.2", "b")]),
    ],
)
def test_each_step_has_a_key_of_its_own(act: str, text: str | None, told: list[Any]) -> None:
    ids = ["a", "b"] if act == "taken_back" else ["a"]
    assert [(type(one).__name__, one.key, one.message_id) for one in changes(act, ids, "k", text)] == told
    assert changes(act, [], "k", text) == []


# What is refused before anything is decided


@pytest.mark.parametrize(
    ("lacks", "command", "words"),
    [
        ("edit", c.CorrectMessage("me2", text="49"), "where what was sent cannot be corrected: write what is right"),
        ("delete", c.TakeBackMessage("me2"), "where what was sent cannot be taken back: write what is right instead"),
        ("react", c.SendReaction("me1", reaction="+1"), "where we cannot react to messages: write instead"),
    ],
)
async def test_what_the_channel_cannot_is_refused_with_advice(
    centre: Centre, lacks: str, command: c.Command, words: str
) -> None:
    lacking(centre, **{lacks: False})
    async with centre.open() as workspace:
        await sent(workspace)
        with pytest.raises(InvalidCommand, match="is on chat, " + words):
            await workspace.execute(command)
        assert not centre.events(e.MessageAmended)
        for other in ("me99", ["me2"]):
            with pytest.raises((UnknownId, InvalidCommand)):
                await workspace.execute(attrs.evolve(command, message=other))


async def test_an_adapter_that_cannot_tell_is_asked_for_nothing(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact = await sent(workspace)

        def capabilities(*_: Any) -> Capabilities:
            raise RuntimeError("planned")

        centre.adapter.capabilities = capabilities  # type: ignore[method-assign]
        with pytest.raises(InvalidCommand):
            await contact.correct("me2", "49")


async def test_where_the_account_is_not_connected_the_delivery_tells(centre: Centre) -> None:
    async with centre.open() as workspace:
        await sent(workspace)
        workspace.lines._by_name.clear()
        assert (await workspace.execute(c.CorrectMessage("me2", text="49"))).delivery == "de2"


async def test_other_processes_are_refused_as_well(tmp_path: Path) -> None:
    file = tmp_path / "contacts.db"
    centre = Centre(SqliteJournal(file))
    lacking(centre, edit=False)
    async with centre.open() as workspace, connect(f"sqlite:{file}") as client:
        await sent(workspace)
        with pytest.raises(InvalidCommand, match="cannot be corrected"):
            await client.execute(c.CorrectMessage("me2", text="49"))
        first = await client.execute(c.TakeBackMessage("me2", "k"))
        assert await client.execute(c.TakeBackMessage("me2", "k")) == first


# Asking again


async def test_while_nobody_knows_it_is_asked_for_again_under_the_same_key() -> None:
    journal = SteeredJournal()
    centre = Centre(journal)
    async with centre.open() as workspace:
        contact = await sent(workspace)
        journal.fail(JournalFault.OBSCURE)
        written = await contact.correct("me2", "49", key="k")
        assert (await contact.correct("me2", "49", key="k")) == written
        with pytest.raises(InvalidCommand):
            await contact.correct("me2", "50", key="k")
        assert len(centre.events(e.MessageAmended)) == 1
        await workspace.settle()
        journal.fail(*[JournalFault.LOSE] * 50)
        with pytest.raises(JournalUnavailable) as caught:
            await contact.react("me1", "+1")
        assert caught.value.outcome_unknown
        journal._faults.clear()
    with pytest.raises(JournalUnavailable) as caught:
        await contact.take_back("me2")
    assert not caught.value.outcome_unknown


# What each is shown


async def shown(workspace: Workspace, **reader: Any) -> list[tuple[str, Any]]:
    kinds = ("MessageWritten", "MessageAmended")
    entries = await workspace.timeline("cu1", **reader)
    return [(entry.sentence, entry.text) for entry in entries if entry.kind in kinds]


async def test_a_customer_reads_what_it_says_now_and_agents_what_it_said() -> None:
    centre = Centre(plan=WITH_ROLES)
    async with centre.open() as workspace:
        contact = await sent(workspace)
        await contact.correct("me2", "It costs 45.")
        await contact.correct("me2", "It costs 49.")
        await contact.react("me1", "👍")
        await workspace.settle()
        history = [
            ("ana answered", "It costs 40."),
            ("ana corrected a message", "It costs 45."),
            ("ana corrected a message", "It costs 49."),
            ("ana reacted to a message", "👍"),
        ]
        assert await shown(workspace) == await shown(workspace, actor="agent:ana") == history
        assert await shown(workspace, actor="customer:cu1") == [
            ("ana answered", "It costs 49."),
            ("ana corrected a message", None),
            ("ana corrected a message", None),
            ("ana reacted to a message", "👍"),
        ]
        for sentence, text in await shown(workspace, actor="agent:tom"):
            assert isinstance(text, Withheld)
            assert "ana" not in sentence
        entry = next(one for one in await workspace.timeline("cu1") if one.kind == "MessageAmended")
        assert (entry.who, entry.channel, entry.message) == ("agent:ana", "chat", "me2")
        await contact.take_back("me2")
        await workspace.settle()
        assert (await shown(workspace))[0] == history[0]
        assert (await shown(workspace, actor="customer:cu1"))[0] == ("ana answered", Withheld("retracted"))


async def test_what_came_to_nothing_at_the_provider_changes_nothing_for_the_customer(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact = await sent(workspace)
        centre.provider.fail_next(Failure.REJECTED, Failure.REJECTED)
        await contact.correct("me2", "It costs 49.")
        await contact.take_back("me2")
        await workspace.settle()
        assert (await shown(workspace, actor="customer:cu1"))[0] == ("ana answered", "It costs 40.")


async def test_our_reaction_stays_though_its_message_was_taken_back(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact = await sent(workspace)
        await contact.react("me1", "👍")
        await workspace.execute(c.RetractMessage("chat", "main", "m1"))
        assert (await shown(workspace))[-1] == ("ana reacted to a message", "👍")


async def test_what_waits_to_be_told_says_what_it_says_now(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact = await sent(workspace)
        held = await workspace.execute(c.SendMessage(contact.case.id, "k", "delay", text="It is late."))
        await workspace.execute(c.CorrectMessage(held.message, text="It is on time."))
        [told] = (await contact.context()).tell_now
        assert told.text == "It is on time."


async def test_others_may_not(centre: Centre) -> None:
    centre.plan = attrs.evolve(PLAN, teams={**PLAN.teams, "shop": PLAN.teams["care"]})
    centre.plan = attrs.evolve(
        centre.plan, agents={**PLAN.agents, "dan": attrs.evolve(PLAN.agents["ben"], teams=("shop",))}
    )
    async with centre.open() as workspace:
        await sent(workspace)
        with pytest.raises(NotPermitted, match="of no contact that they have or had"):
            await workspace.execute(c.TakeBackMessage("me2", actor="agent:dan"))
