"""News of messages in any order, any number of times: what a message says in the end is the same."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from hypothesis import given, strategies as st
from tests.engine_driver import SECOND, Driver, person

from orchestra.errors import UnknownId
from orchestra.model import commands as c, events as e

FIRST_S = 100
"""All of it happened before it is told: seconds before the first is."""


@attrs.frozen
class News:
    """Something that a provider tells of a message: it came, it was edited, or it was taken back, at a second."""

    message: str
    kind: str
    second: int

    @property
    def text(self) -> str:
        """What the message said then."""
        return f"{self.message} at {self.second}"

    def commands(self, start_us: int) -> list[c.Command]:
        """As the runtime makes them: an edit is the message itself where that has not come."""
        occurred_us = start_us - (FIRST_S - self.second) * SECOND
        if self.kind == "taken back":
            return [c.RetractMessage("email", "main", self.message, occurred_us)]
        received = c.ReceiveMessage(
            "email", "main", self.message, person("joe"), occurred_us=occurred_us, text=self.text
        )
        if self.kind == "came":
            return [received]
        edit_id = f"{self.message}-{self.second}"
        return [received, c.EditMessage("email", "main", self.message, edit_id, occurred_us, self.text)]


@st.composite
def histories(draw: st.DrawFn) -> list[News]:
    """What happened to a few messages, the oldest first: each came, then was edited, then perhaps taken back."""
    news = []
    for number in range(draw(st.integers(1, 3))):
        seconds = sorted(draw(st.sets(st.integers(0, FIRST_S - 1), min_size=1, max_size=5)))
        name = f"m{number}"
        kinds = ["came", *["edited"] * (len(seconds) - 1)]
        if len(seconds) > 1 and draw(st.booleans()):
            kinds[-1] = "taken back"
        news += [News(name, kind, second) for kind, second in zip(kinds, seconds, strict=True)]
    return sorted(news, key=lambda one: one.second)


def told(news: Sequence[News]) -> Driver:
    """An engine that was told all of it in this order."""
    driver = Driver()
    driver.advance(FIRST_S)
    start_us = driver.now_us
    for one in news:
        for command in one.commands(start_us):
            driver.run(command)
    return driver


def says(driver: Driver) -> dict[str, str | None]:
    """What each message that came says in the end; None if it was taken back."""
    texts: dict[str, str | None] = {}
    for logged in driver.log:
        match logged.event:
            case e.MessageReceived(message_id=name, text=text) | e.MessageEdited(message_id=name, text=text):
                assert texts.get(name, "") is not None, "what was taken back says something again"
                texts[name] = text
            case e.MessageRetracted(message_id=name):
                texts[name] = None
            case _:
                pass
    return texts


def expected(news: Sequence[News]) -> dict[str, str | None]:
    """What each message says after the last that happened to it."""
    return {one.message: None if one.kind == "taken back" else one.text for one in news}


@given(histories(), st.randoms(use_true_random=False), st.lists(st.integers(0, 100), max_size=6))
def test_order_and_repetition_change_nothing(history: list[News], random: object, again: list[int]) -> None:
    shuffled = [*history, *(history[index % len(history)] for index in again)]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert says(told(shuffled)) == expected(history) == says(told(history))


@given(histories(), st.data())
def test_whatever_was_told_is_known_after_loading(history: list[News], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(history)))
    driver = told(history[:cut])
    rest = [command for one in history[cut:] for command in one.commands(driver.now_us)]
    copies = [driver.replayed(), driver.reloaded()]
    for command in rest:
        decided = driver.run(command).events
        assert [copy.execute(command, driver.now_us).events for copy in copies] == [decided, decided]


@given(histories())
def test_one_contact_holds_all_of_it(history: list[News]) -> None:
    driver = told(history)
    assert len(driver.events(e.InteractionStarted)) == 1
    assert {event.interaction for event in driver.events(e.MessageEdited)} <= {"in1"}


@given(histories())
def test_an_edit_alone_is_refused_where_nothing_came(history: list[News]) -> None:
    driver = Driver()
    for one in history:
        if one.kind == "edited":
            _, edit = one.commands(driver.now_us)
            try:
                driver.run(edit)
            except UnknownId:
                continue
            raise AssertionError("there was nothing to be edited")
    assert driver.log == Driver().log
