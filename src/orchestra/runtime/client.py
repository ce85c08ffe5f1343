"""A workspace that another process owns: reads from the journal, commands through its inbox."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import anyio

from orchestra.channels.wire import HttpReply, RawRequest
from orchestra.codec import decode_result, encode_command
from orchestra.errors import DefinitionError, Fault, JournalUnavailable
from orchestra.journal.port import Journal
from orchestra.journal.registry import is_absent, open_existing, shown_url
from orchestra.model.commands import Command
from orchestra.model.events import Event
from orchestra.model.plan import Plan
from orchestra.runtime.answers import Answers
from orchestra.runtime.calls import Calls
from orchestra.runtime.checks import refuse_odd_setup, refuse_unstorable
from orchestra.runtime.clock import SystemClock
from orchestra.runtime.deciding import Deciding
from orchestra.runtime.feed import follow_journal, type_names
from orchestra.runtime.inbound import digested
from orchestra.runtime.journeys import Journeys
from orchestra.runtime.keeping import MediaKeeping, keep_elsewhere
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.lines import Line, Lines
from orchestra.runtime.matters import Matters
from orchestra.runtime.news import News
from orchestra.runtime.notifying import Notifying
from orchestra.runtime.personal import Personal
from orchestra.runtime.published import Published
from orchestra.runtime.threads import close_in_thread, in_thread
from orchestra.runtime.vaults import newest_plan, unlocked
from orchestra.runtime.webhooks import Webhooks

__all__ = ["Client", "connect"]


class Client(Calls, Matters, Journeys, Notifying, Personal):
    """The way into a workspace for processes that do not own it, such as web workers. Make one with `connect`.

    Any number of clients in any number of processes may work at once. Safe to use from any task.
    """

    plan: Plan

    def __init__(
        self,
        journal: Journal,
        plan: Plan,
        key: WorkspaceKey,
        patience_s: float,
        lines: Lines,
        media: MediaKeeping | None = None,
    ) -> None:
        self.journal = journal
        self.plan = plan
        self.key = key
        self.lines = lines
        self._patience_s = patience_s
        self._answers = Answers(journal)
        keep = None if media is None else partial(keep_elsewhere, journal, self.execute, media)
        self.news = self._news = News(self.execute, key, keep=keep)
        deciding = Deciding(self.execute, lambda: self.plan, None, lambda: datetime.now(UTC))
        self._webhooks = Webhooks(SystemClock().now_us, lines, self.news, deciding)

    async def execute(self, command: Command, request_id: str | None = None) -> Any:
        """Ask the owner to decide on a command, and give its result once that is durable.

        Args:
            command: what is asked.
            request_id: the same id always gets the same answer and takes effect once. Give your own to be able to ask
                again after a failure; without one the command is a new one.

        Raises:
            CommandRefused: it cannot be done.
            JournalUnavailable: no answer came in time. The command may still be decided; ask again with the same id.
            JournalCorrupt: what is stored of the command or its answer is damaged.
        """
        refuse_unstorable(command)
        request_id = request_id or uuid.uuid4().hex
        text = encode_command(digested(command, self.key))
        await in_thread(self.journal.inbox.submit, request_id, text)
        return decode_result(await self._answer(request_id))

    async def _answer(self, request_id: str) -> str:
        try:
            with anyio.move_on_after(self._patience_s):
                return await self._answers.of(request_id)
        except JournalUnavailable as error:
            raise JournalUnavailable(error.reason, True) from error  # the command is stored, whatever became of it
        reason = f"no owner answered request {request_id} in {self._patience_s:g} s: is `orchestra run` up?"
        raise JournalUnavailable(reason, True)

    def events(self, after: int = 0, types: Collection[type[Event]] | None = None) -> AsyncGenerator[Published]:
        """Durable events past a position, in order and without gaps, then new ones as they come; never ends by itself.

        Args:
            after: a position; keep the last one seen and give it here to go on after a restart.
            types: event classes; None for all.
        """
        return follow_journal(self.journal, after, type_names(types))

    async def webhook(self, route_key: str, request: RawRequest) -> HttpReply:
        """Take what a provider sends to one of the lines: verified, then durable by the owner, then answered.

        Args:
            route_key: the opaque last part of the address that was called.
            request: what came, with the address as configured.

        Returns:
            What to answer: 404 for an unknown key, the adapter's own refusal for what is not genuine, 503 when the
            owner did not take it in time and it should be sent again.
        """
        return await self._webhooks.take(route_key, request)


@asynccontextmanager
async def connect(
    journal: str,
    *,
    channels: Sequence[Line] = (),
    secrets: Mapping[str, str] | None = None,
    patience_s: float = 30.0,
    media: MediaKeeping | None = None,
) -> AsyncGenerator[Client]:
    """Connect to a workspace that another process owns, or will own.

    Args:
        journal: where it is kept, as `sqlite:contacts.db`.
        channels: own accounts whose providers' requests come to this process. It is the owner that sends.
        secrets: name -> value of secrets that the plan names; others are looked up in the environment.
        patience_s: seconds to wait for the owner's answer to a command.
        media: how files are kept whose bytes come with the requests, in the owner's own store; None keeps none. Nothing
            is fetched here.

    Raises:
        DefinitionError: an argument is of another type, nobody has ever opened the workspace, its key is another, or a
            line is wrong.
        JournalUnavailable: the journal cannot be opened.
    """
    refuse_odd_setup(journal_url=journal, channels=channels, secrets=secrets, patience_s=patience_s)
    if await in_thread(is_absent, journal):
        raise _never_opened(journal)
    store = await in_thread(open_existing, journal)
    try:
        plan, check = await in_thread(_plan_of, store, journal)
        key = WorkspaceKey.of(plan, secrets)
        if key.check != check:
            raise DefinitionError([Fault("workspace.key", "is not the key this workspace was written under")])
        lines = Lines(channels, plan)
        yield Client(await in_thread(unlocked, store, plan, secrets), plan, key, patience_s, lines, media)
    finally:
        await close_in_thread(store)


def _plan_of(journal: Journal, url: str) -> tuple[Plan, str]:
    changed = newest_plan(journal)
    if changed is None:
        raise _never_opened(url)
    return changed.plan, changed.key_check


def _never_opened(url: str) -> DefinitionError:
    start = "start its owner first, as with `orchestra run plan.toml`, or mend the URL"
    return DefinitionError([Fault("journal", f"nobody has opened a workspace at {shown_url(url)} yet: {start}")])
