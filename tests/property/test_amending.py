"""Messages that are written, corrected and taken back in any order, while sending stops, fails and goes on.

What the customer has in their chat in the end is what their history says, and nothing that was taken back comes again.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
from hypothesis import given, strategies as st
from tests.engine_driver import Driver

from orchestra.errors import CommandRefused
from orchestra.model import commands as c, events as e
from orchestra.runtime.history.amended import Amended
from orchestra.runtime.readers import Withheld

Step = tuple[str, int]
"""What is done, and which of those that it may be done to."""

STEPS = ("write", "correct", "take_back", "carry", "carry", "carry", "stop", "go_on", "wait")
OUTCOMES = ("accepted", "accepted", "accepted", "failed", "retry")


@attrs.define
class Chat:
    """A conversation, and the chat as its customer sees it: the provider's id of a message -> what it says."""

    driver: Driver = attrs.field(factory=Driver)
    seen: dict[str, str] = attrs.field(factory=dict)
    gone: set[str] = attrs.field(factory=set)

    def begin(self) -> None:
        """Joe writes, and ana has it in hand."""
        self.driver.sign_in("ana")
        self.driver.answered()

    def do(self, step: Step, number: int) -> None:
        """Take a step; what is refused changes nothing."""
        what, choice = step
        messages = [event.message for event in self.driver.events(e.MessageWritten)] or ["me99"]
        message = messages[choice % len(messages)]
        commands: Mapping[str, c.Command] = {
            "write": c.WriteReply("in1", "ana", f"said {number}"),
            "correct": c.CorrectMessage(message, text=f"corrected {number}", actor="agent:ana"),
            "take_back": c.TakeBackMessage(message, actor="agent:ana"),
            "stop": c.StopSending("a test"),
            "go_on": c.StartSending(),
        }
        if what == "wait":
            self.driver.advance(60)
        elif what == "carry":
            self.carry(OUTCOMES[choice % len(OUTCOMES)])
        else:
            try:
                self.driver.run(commands[what], 1)
            except CommandRefused:
                return

    def carry(self, outcome: str) -> None:
        """Make the first attempt that is permitted, with what is to leave now, and let that come of it."""
        own = self.driver.engine.view.deliveries
        name = min(own.permitted, key=lambda one: int(one[2:]), default=None)
        if name is None or own.stops:
            return
        row = own.deliveries[name]
        said = self.driver.log[(row.wording or row.body) - 1].event
        assert isinstance(said, e.MessageWritten | e.MessageAmended)
        self.driver.run(c.StartDelivery(name, row.attempts + 1, 1, row.wording))
        ids = [f"p{name}"] if row.of is None else list(own.deliveries[row.of].provider_ids)
        if outcome == "accepted":
            self.arrive(row.act, ids[0], said.text or "")
        self.driver.run(c.RecordOutcome(name, row.attempts, outcome, ids if outcome == "accepted" else []))

    def arrive(self, act: str | None, name: str, text: str) -> None:
        """The provider has taken it."""
        assert name not in self.gone, "something follows what was taken back"
        if act == "taken_back":
            self.gone.add(name)
            del self.seen[name]
        else:
            assert (act is None) == (name not in self.seen), "a message came twice, or was changed before it came"
            self.seen[name] = text

    def end(self) -> None:
        """Let everything leave that is still to leave."""
        self.do(("go_on", 0), 0)
        while self.driver.engine.view.deliveries.unsent:
            self.driver.advance(1)
            self.carry("accepted")

    def told(self) -> dict[str, str]:
        """What the customer's history says of each message that came and is there."""
        own, now = self.driver.engine.view.deliveries, Amended([logged.event for logged in self.driver.log])
        shown = {event.message: now.now(event, event.text) for event in self.driver.events(e.MessageWritten)}
        there = {
            row.provider_ids[0]: shown[row.message]
            for row in own.deliveries.values()
            if row.act is None and row.provider_ids
        }
        return {name: text for name, text in there.items() if not isinstance(text, Withheld) and text is not None}


def lived(steps: list[Step]) -> Chat:
    chat = Chat()
    chat.begin()
    for number, step in enumerate(steps):
        chat.do(step, number)
    return chat


steps = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 20)), max_size=40)


@given(steps)
def test_the_chat_shows_what_the_history_says(taken: list[Step]) -> None:
    chat = lived(taken)
    chat.end()
    assert chat.told() == chat.seen


@given(steps)
def test_whatever_was_changed_is_known_after_loading_without_any_text(taken: list[Step]) -> None:
    driver = lived(taken).driver
    for engine in (driver.replayed(is_blanked=True), driver.reloaded()):
        assert engine.state_hash() == driver.engine.state_hash()
        assert engine.view.deliveries.by_message == driver.engine.view.deliveries.by_message


@given(steps)
def test_a_message_is_changed_at_its_provider_only_once_it_is_there(taken: list[Step]) -> None:
    there: set[str] = set()
    planned: dict[str, e.MessageAmended] = {}
    for logged in lived(taken).driver.log:
        match logged.event:
            case e.DeliveryAccepted(delivery=name):
                there.add(name)
            case e.MessageAmended(delivery=str(name)):
                planned[name] = logged.event
                assert logged.event.of in there
            case e.DeliveryStarted(delivery=name) if name in planned:
                assert planned[name].of in there
            case _:
                pass
