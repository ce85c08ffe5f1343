"""The people who write and ring: when, about what, how long they wait, and what they answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs

from orchestra.cli.day.clockwork import MINUTE, SECOND, Clockwork
from orchestra.cli.day.plan import ACCOUNTS, TOPICS
from orchestra.cli.day.texts import FIRST_NAMES, LAST_NAMES, MORE, QUESTIONS
from orchestra.model import events as e
from orchestra.model.addresses import Address, Email
from orchestra.model.commands import LeaveContact, ReceiveContact, ReceiveMessage
from orchestra.model.results import Received

__all__ = ["Customers"]

_OPEN_HOURS: Final = 8
_PER_HOUR: Final = {"voice": 26, "chat": 18, "email": 14, "social": 8}
_BUSY_PERCENT: Final = (70, 110, 140, 120, 80, 90, 110, 80)
"""How busy each hour is, against the mean."""
_PATIENCE_S: Final = {"voice": (8, 420), "chat": (15, 600)}


@attrs.define
class _Person:
    address: Address
    topic: str


class Customers:
    """Plans every contact of the day, and answers what agents write.

    Args:
        clockwork: virtual time.
        address: makes an address as commands carry it.
    """

    def __init__(self, clockwork: Clockwork, address: Callable[[Email], Address]) -> None:
        self._clockwork = clockwork
        self._address = address
        self._people: list[_Person] = []
        self._contacts = 0
        self._patient: set[str] = set()
        self.showcased: str | None = None
        clockwork.watch(e.InteractionStarted, self._on_started)
        clockwork.watch(e.MessageWritten, self._on_written)

    def plan_day(self, start_us: int) -> None:
        """Plan all arrivals, and the one customer who uses three channels for one matter."""
        for hour in range(_OPEN_HOURS):
            for channel, mean in _PER_HOUR.items():
                wanted = mean * _BUSY_PERCENT[hour] // 100
                for _ in range(self._clockwork.rng.randint(wanted * 8 // 10, wanted * 12 // 10)):
                    at_us = start_us + (hour * 3600 * 1000 + self._clockwork.rng.randrange(3600 * 1000)) * 1000
                    self._clockwork.at(at_us, self._arrival(channel))
        self._plan_showcase(start_us)

    def _plan_showcase(self, start_us: int) -> None:
        """One matter, three channels: a mail early on, later a chat, and a call while the chat goes on."""
        maya = _Person(self._address(Email("maya.lind@example.com", "Maya Lind")), "order")

        def chat() -> None:
            got = self._contact("chat", maya, "I wrote this morning: order 81 is still not here.")
            if got is not None:
                self.showcased = got.customer

        self._clockwork.at(start_us + 45 * MINUTE, lambda: self._contact("email", maya, QUESTIONS["order"][0]))
        self._clockwork.at(start_us + 150 * MINUTE, chat)
        self._clockwork.at(start_us + 150 * MINUTE + 50 * SECOND, lambda: self._contact("voice", maya))

    def _arrival(self, channel: str) -> Callable[[], None]:
        def arrive() -> None:
            person = self._somebody()
            self._contact(channel, person, self._clockwork.rng.choice(QUESTIONS[person.topic]))

        return arrive

    def _somebody(self) -> _Person:
        """Somebody new, or one in five times somebody who was here before, mostly about the same."""
        rng = self._clockwork.rng
        if self._people and self._clockwork.chance(20):
            person = rng.choice(self._people)
            if self._clockwork.chance(25):
                person.topic = rng.choice(sorted(TOPICS))
            return person
        name = f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
        mail = f"{name.lower().replace(' ', '.')}.{len(self._people) + 1}@example.com"
        person = _Person(self._address(Email(mail, name)), rng.choice(sorted(TOPICS)))
        self._people.append(person)
        return person

    def _contact(self, channel: str, person: _Person, text: str | None = None) -> Received | None:
        self._contacts += 1
        queue = None if channel == "social" else TOPICS[person.topic]
        account, number, sender = ACCOUNTS[channel], f"{channel}-{self._contacts}", person.address
        if channel == "voice":
            command: ReceiveContact | ReceiveMessage = ReceiveContact(
                channel, account, number, sender, topic=person.topic, queue=queue
            )
        else:
            command = ReceiveMessage(channel, account, number, sender, topic=person.topic, queue=queue, text=text)
        decided = self._clockwork.do(command)
        return decided.result if decided is not None and isinstance(decided.result, Received) else None

    def _on_started(self, event: e.InteractionStarted) -> None:
        if event.channel in _PATIENCE_S:
            least, most = _PATIENCE_S[event.channel]
            self._clockwork.after(least, most, lambda: self._lose_patience(event.interaction))

    def _lose_patience(self, interaction: str) -> None:
        row = self._clockwork.view.contacts.interactions[interaction]
        if row.state in ("QUEUED", "OFFERED") and row.customer != self.showcased:
            self._clockwork.do(LeaveContact(interaction))

    def _on_written(self, event: e.MessageWritten) -> None:
        """In a chat the customer mostly answers at once; a mail or a post now and then, hours later."""
        row = self._clockwork.view.contacts.conversations[event.conversation]
        if row.channel == "chat" and self._clockwork.chance(75):
            self._clockwork.after(6, 40, lambda: self._answer(event))
        elif row.channel != "chat" and self._clockwork.chance(8):
            self._clockwork.after(20 * 60, 3 * 3600, lambda: self._answer(event))

    def _answer(self, event: e.MessageWritten) -> None:
        view = self._clockwork.view
        row = view.contacts.conversations[event.conversation]
        is_over = row.interaction is None or not view.contacts.interactions[row.interaction].is_open
        if row.channel == "chat" and is_over:
            return
        kind = view.identity.addresses[row.address].kind
        self._contacts += 1
        number, text = f"{row.channel}-{self._contacts}", self._clockwork.rng.choice(MORE)
        sender = Address(kind, row.address)
        self._clockwork.do(ReceiveMessage(row.channel, row.account, number, sender, text=text))
