"""What agents' sessions need of the workspace they are in, and what events say about their part in an interaction."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from typing import Any, Protocol

from orchestra.errors import JournalUnavailable, OfferExpired
from orchestra.journal.media import KeptMedia
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Ref
from orchestra.model.attachments import Attachment, File
from orchestra.model.results import Written
from orchestra.runtime.case_context import CaseContext
from orchestra.runtime.context import Context
from orchestra.runtime.ownership import HandOffView
from orchestra.runtime.published import Published

__all__ = ["Desk", "has_part", "until_consult", "until_known"]

_ASKED_AT_MOST = 5


class Desk(Protocol):
    """What an agent's session needs of the workspace it is in."""

    async def execute(self, command: c.Command) -> Any:
        """Decide on a command and give its result, once that is durable."""
        ...

    def events(self, after: int = 0, types: Collection[type[e.Event]] | None = None) -> AsyncGenerator[Published]:
        """Durable events past a position, in order, then new ones as they come."""
        ...

    async def offers_since(self, agent: str) -> int:
        """A position before which nothing was offered to or asked of the agent that is still pending."""
        ...

    async def begin_of(self, interaction: str, customer: str) -> int:
        """The position before an interaction of the customer began."""
        ...

    async def context_of(self, interaction: str, agent: str) -> Context:
        """What is known about an interaction that is offered to an agent, or in their hands."""
        ...

    async def hand_offs(
        self, *, agent: str | None = None, team: str | None = None, after: str | None = None, limit: int = 50
    ) -> tuple[HandOffView, ...]:
        """The cases that are offered to a team, or to an agent and the teams they are of."""
        ...

    async def hand_off_context(self, hand_off: str, agent: str) -> CaseContext:
        """What goes with a case that is offered to an agent or a team of theirs."""
        ...

    async def note_of(self, consult: str, customer: str) -> str | None:
        """What was written to whoever a queue asks for help."""
        ...

    def is_pending(self, offer: str, token: int | None = None) -> bool:
        """Whether an offer or a consult can still be answered, under this token if one is given."""
        ...

    async def keep_file(self, customer: str | Ref, file: File) -> KeptMedia:
        """Keep a file that a customer is to be sent."""
        ...

    async def fetch_attachment(
        self, customer: str | Ref, attachment: Attachment, *, actor: str | None = None
    ) -> KeptMedia:
        """A file of a message."""
        ...

    def typing(self, interaction: str, who: str) -> None:
        """Tell that somebody is typing in an interaction."""
        ...

    def mark_read(self, interaction: str) -> None:
        """Show the customer that what they wrote last was read."""
        ...

    def reply_key(self) -> str:
        """A key that no reply had before."""
        ...


def has_part(event: e.Event, agent: str, had_part: bool) -> bool:
    """Whether an agent has a part in an interaction after this event of it: has it, or is consulted about it."""
    match event:
        case e.OfferAccepted():
            return event.agent == agent
        case e.ConsultAccepted():
            return had_part or event.consulted == agent
        case e.TransferCompleted():
            return event.to == agent or (had_part and event.agent != agent)
        case e.ConsultEnded():
            return had_part and event.consulted != agent
        case _:
            return False


async def until_consult(
    desk: Desk, consult: str, interaction: str, customer: str, awaited: type[e.ConsultAccepted | e.TransferCompleted]
) -> e.ConsultAccepted | e.TransferCompleted:
    """The event by which that happens to a consult, once it has.

    Raises:
        OfferExpired: it ended otherwise; `state` says how.
        JournalUnavailable: the workspace closed before that.
    """
    after = await desk.begin_of(interaction, customer)
    async with aclosing(desk.events(after=after, types=[awaited, e.ConsultEnded])) as entries:
        async for entry in entries:
            event = entry.event
            if isinstance(event, awaited) and event.consult == consult:
                return event
            if isinstance(event, e.ConsultEnded) and event.consult == consult:
                raise OfferExpired(consult, event.outcome)
    raise JournalUnavailable("the workspace is closed")


async def until_known(desk: Desk, command: c.Command) -> Written:
    """Ask for what has a key of its own, again while nobody knows whether it was stored, a few times.

    Raises:
        CommandRefused: it cannot be done.
        JournalUnavailable: it may not be stored; with `outcome_unknown`, ask again with the same key.
    """
    unknown: JournalUnavailable | None = None
    for _ in range(_ASKED_AT_MOST):
        try:
            written: Written = await desk.execute(command)
        except JournalUnavailable as error:
            if not error.outcome_unknown:
                raise unknown or error from None  # of an earlier asking nobody knows still
            unknown = error
        else:
            return written
    assert unknown is not None  # it was asked for at least once
    raise unknown
