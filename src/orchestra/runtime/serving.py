"""Serving a bot in this process: each offer is taken and given to the application's handler, many at once.

Belongs here: the life of a handler, and what becomes of its contact when it fails. Does not: when a bot has owed an
answer for too long, which the engine decides.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import anyio
from anyio.abc import TaskStatus

from orchestra.errors import CommandRefused, InvalidCommand, JournalError, JournalUnavailable
from orchestra.model import commands as c, events as e
from orchestra.model.structure import microseconds
from orchestra.runtime.agents import ActiveContact
from orchestra.runtime.offers import Offer
from orchestra.runtime.owner import Owner
from orchestra.runtime.published import Published
from orchestra.runtime.sessions import AgentSession

__all__ = ["Bots", "Handler"]

_ASKED_AT_MOST = 5
_OWN_DOING = ("handed_over", "transferred")

_log = logging.getLogger("orchestra.runtime")

Handler = Callable[[ActiveContact], Awaitable[None]]
"""What an application gives for its bot: finishes the contact, or hands it over, or leaves it to people."""


class Bots:
    """The bots that this process serves. How many contacts each has at once its capacity says, as for any agent."""

    def __init__(self, owner: Owner, sign_in: Callable[[str, str], Awaitable[AgentSession]]) -> None:
        self._owner = owner
        self._sign_in = sign_in
        self._served: set[str] = set()

    async def serve(self, bot: str, handler: Handler, begun: TaskStatus[None]) -> None:
        """As `Workspace.serve`."""
        agent = await self._owner.read(lambda view: view.agent(bot))
        if agent.kind != "bot":
            raise InvalidCommand("bot", f'{bot} is no bot: kind = "bot" in the plan makes one')
        if bot in self._served:
            raise InvalidCommand("bot", f"{bot} is served already")
        self._served.add(bot)
        try:
            session = await self._sign_in(bot, "served")
            await self._clear(bot)
            if self._owner.view.presence.agents[bot].state == "AWAY":
                await session.available()
            begun.started()
            await _Service(self._owner, session, handler).run()
        finally:
            self._served.discard(bot)
            with anyio.CancelScope(shield=True):
                await self._leave(bot)

    async def _clear(self, bot: str) -> None:
        """What it had in hand when it was last served goes to people: whoever knew how far that had come is gone."""
        for interaction, whose in sorted(self._owner.view.bots.in_hand.items()):
            if whose == bot:
                await self._owner.execute(c.HandOver(interaction, bot, reason="interrupted"))

    async def _leave(self, bot: str) -> None:
        """Nobody serves the bot any more: it is offered nothing."""
        try:
            await self._owner.execute(c.SignOut(bot, "not served"))
        except (CommandRefused, JournalError) as error:
            _log.info("%s not signed out: %s", bot, type(error).__name__)


class _Service:
    """A bot at work.

    A handler that raises, or returns while it still has its contact, harms nobody else: the contact goes to people. One
    whose contact was taken away is cancelled, and one whose contact is over has some time to end.
    """

    def __init__(self, owner: Owner, session: AgentSession, handler: Handler) -> None:
        self._owner = owner
        self._session = session
        self._handler = handler
        self._scopes: dict[str, anyio.CancelScope] = {}

    async def run(self) -> None:
        """Take every offer, until cancelled or until the workspace closes."""
        listeners = self._owner.recent.listeners
        listeners.append(self._heard)
        try:
            async with anyio.create_task_group() as tasks, aclosing(self._session.offers()) as offers:
                async for offer in offers:
                    tasks.start_soon(self._serve, offer)
                tasks.cancel_scope.cancel()
        finally:
            listeners.remove(self._heard)

    def _heard(self, entry: Published) -> None:
        """Listen to durable events: some tell that a contact is no longer with the bot."""
        event = entry.event
        scope = self._scopes.get(getattr(event, "interaction", None) or "")
        if scope is None:
            return
        if isinstance(event, e.InteractionHandedOver):
            if event.reason == "no_answer":
                scope.cancel()
        elif isinstance(event, e.InteractionQueued):
            if event.reason not in _OWN_DOING:
                scope.cancel()
        elif isinstance(event, e.InteractionDone | e.InteractionFinished | e.InteractionCanceled | e.CallbackScheduled):
            left_us = microseconds(self._owner.view.plan.presence.bot_answers_within)
            scope.deadline = min(scope.deadline, anyio.current_time() + left_us / 1_000_000)

    async def _serve(self, offer: Offer) -> None:
        try:
            contact = await offer.accept()
        except (CommandRefused, JournalUnavailable) as error:
            _log.info("%s not taken: %s", offer.id, type(error).__name__)
            return
        reason = "left"
        with anyio.CancelScope() as scope:
            self._scopes[contact.interaction] = scope
            try:
                await self._handler(contact)
            except Exception as error:  # noqa: BLE001 - the application's code: whatever it raises ends its own contact only
                # Its text may quote what customers wrote.
                _log.error("bot %s failed in %s: %s", contact.agent, contact.interaction, type(error).__name__)
                reason = "failed"
            except anyio.get_cancelled_exc_class():
                reason = "interrupted"
                raise
            finally:
                del self._scopes[contact.interaction]
                if not scope.cancel_called:
                    with anyio.CancelScope(shield=True):
                        await self._to_people(contact, reason)

    async def _to_people(self, contact: ActiveContact, reason: str) -> None:
        """Hand over what the bot still has. If that cannot be stored, the bot owes an answer, and time does it."""
        for _ in range(_ASKED_AT_MOST):
            try:
                row = self._owner.view.contacts.interactions[contact.interaction]
                if row.agent == contact.agent and row.state in ("ACTIVE", "HELD", "PARKED"):
                    await contact.hand_over(reason=reason)
            except CommandRefused:
                return
            except JournalUnavailable as error:
                _log.warning("%s not handed over: %s", contact.interaction, type(error).__name__)
            else:
                return
