"""A person on the other side, for tests: writes, calls and hangs up through a workspace.

Belongs here: what a customer does. Does not: what reaches them (`outbox`).
"""

from __future__ import annotations

from datetime import datetime

from orchestra.model.addresses import Handle
from orchestra.model.commands import LeaveContact
from orchestra.model.message import Contact, Message
from orchestra.model.results import Received
from orchestra.runtime.calls import Calls

__all__ = ["Customer"]


class Customer:
    """Somebody who makes contact. Every message and call of theirs has an id of its own.

    Args:
        workspace: whom they contact; a `connect`ed one will do.
        handle: what the channels know them by; another handle is another person.
        writes_on: the channel for messages.
        calls_on: the channel for calls.

    Attributes:
        handle: what the channels know them by.
        last: what the workspace said of their last message or call; None before the first.
    """

    def __init__(
        self, workspace: Calls, handle: str = "customer-1", *, writes_on: str = "chat", calls_on: str = "voice"
    ) -> None:
        self.handle = handle
        self.last: Received | None = None
        self._workspace = workspace
        self._writes_on = writes_on
        self._calls_on = calls_on
        self._contacts = 0

    def __repr__(self) -> str:
        return f"Customer({self.handle!r})"

    async def writes(
        self,
        text: str,
        *,
        channel: str | None = None,
        thread: str | None = None,
        topic: str | None = None,
        reply_token: str | None = None,
        at: datetime | None = None,
    ) -> Received:
        """Write a message; returns when it is durable.

        Args:
            text: what it says.
            channel: another channel than usual.
            thread: the provider's conversation key.
            topic: what it is about.
            reply_token: of an earlier message of the company's that it answers.
            at: when it was written; now unless given.
        """
        message = Message(
            channel or self._writes_on,
            id=self._next_id(),
            sender=self._address(),
            text=text,
            thread=thread,
            topic=topic,
            reply_token=reply_token,
            at=at,
        )
        return await self._hand_in(message)

    async def calls(self, *, channel: str | None = None, topic: str | None = None) -> Received:
        """Call, or make contact in another way without a text; returns when it is durable."""
        name = channel or self._calls_on
        return await self._hand_in(Contact(name, id=self._next_id(), sender=self._address(), topic=topic))

    async def hangs_up(self) -> None:
        """Leave the last contact.

        Raises:
            CommandRefused: it is over already.
            AssertionError: there was none.
        """
        if self.last is None or self.last.interaction is None:
            raise AssertionError(f"{self.handle} has not made contact: there is nothing to hang up")
        await self._workspace.execute(LeaveContact(self.last.interaction))

    async def _hand_in(self, contact: Message | Contact) -> Received:
        self.last = await self._workspace.receive(contact)
        return self.last

    def _next_id(self) -> str:
        self._contacts += 1
        return f"{self.handle}-{self._contacts}"

    def _address(self) -> Handle:
        return Handle(self.handle, kind="loopback")
