"""Files that customers send and are sent: fetched when somebody wants to see them, kept with them, erased with them.

Belongs here: the call, what may be fetched, and following where an adapter leads. Does not: where files are kept
(`journal.media`), and whether an address may be gone to at all, which is the transport's (`public_only`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol
from urllib.parse import urljoin

import anyio
import attrs

from orchestra.channels.parts import MediaRef, Part
from orchestra.channels.port import FetchingAdapter
from orchestra.channels.sending import Failed, Next, Refused, Retry
from orchestra.channels.wire import HttpAnswer, HttpStep, NoAnswer, StepResult, header_values
from orchestra.errors import DeliveryRefused, DeliveryUnavailable, InvalidCommand, UnknownId
from orchestra.journal.media import KeptMedia
from orchestra.model import events as e
from orchestra.model.addresses import Ref
from orchestra.model.attachments import Attachment, File
from orchestra.model.commands import KeepFile
from orchestra.model.instants import instant
from orchestra.model.results import Received
from orchestra.model.structure import microseconds
from orchestra.runtime.credentials import Credentials, Unauthorized
from orchestra.runtime.history.files import find_file
from orchestra.runtime.keeping import DOCUMENTS, NOTHING_IS_KEPT, MediaKeeping, keep_parts, plain_type, taken_type
from orchestra.runtime.lines import Line, Lines
from orchestra.runtime.outcomes import checked_outcome
from orchestra.runtime.owner import Owner
from orchestra.runtime.published import Published
from orchestra.runtime.readers import reader_in
from orchestra.runtime.threads import in_thread
from orchestra.runtime.views import customer_view

__all__ = ["DOCUMENTS", "Files", "Filing", "MediaKeeping"]

_MOST_STEPS = 4
_LONGEST_STEP_S = 60.0
_MOVED = frozenset({301, 302, 303, 307, 308})


class Files:
    """Fetches files for an owner, and sees to it that none is kept of somebody who is to be forgotten."""

    def __init__(self, owner: Owner, lines: Lines, keeping: MediaKeeping | None) -> None:
        self._owner = owner
        self._lines = lines
        self.credentials = Credentials()
        self._keeping = keeping
        self._forgotten: set[str] = set()
        owner.recent.listeners.append(self.heard)

    def heard(self, entry: Published) -> None:
        """Listen to durable events: somebody is to be forgotten, and a fetch for them may be under way."""
        if isinstance(entry.event, e.CustomerErased):
            self._forgotten.add(entry.event.customer)

    async def erase(self, customer: str) -> None:
        """Destroy what is kept of somebody.

        Raises:
            JournalUnavailable: some may still be there.
        """
        if self._keeping is not None:
            await in_thread(self._keeping.store.erase, customer)

    async def fetch(self, customer: str | Ref, media: MediaRef, channel: str, account: str) -> KeptMedia:
        """See `Filing.fetch_media`."""
        keeping, line = self._keeps(), self._lines.of(channel, account)
        if line is None:
            raise UnknownId("line", f"{channel}/{account}")
        whose = await self._whose(customer)
        return await self._take(keeping, whose, *await self._bytes(keeping, line, media))

    async def attachment(self, customer: str | Ref, file: Attachment, actor: str | None) -> KeptMedia:
        """See `Filing.fetch_attachment`."""
        owner = self._owner
        self._keeps()
        whose, reader = await owner.read(lambda view: (customer_view(view, customer).id, reader_in(view, actor)))
        self._refuse_forgotten(whose)
        found = await in_thread(find_file, owner.journal, whose, file.message, file.number, reader)
        kept = None if found.digest is None else await self.find(found.customers, found.digest)
        if kept is not None:
            return kept
        if found.media is None or found.channel is None:
            raise DeliveryRefused("not_kept")
        writer = found.customers[-1]
        kept = await self.fetch(writer, found.media, found.channel, found.account or "main")
        await owner.execute(KeepFile(writer, file.message, file.number, kept.digest))
        return kept

    async def find(self, customers: Sequence[str], digest: str) -> KeptMedia | None:
        """A file that is kept for somebody under one of their ids; None if there is none."""
        if self._keeping is None:
            return None
        for customer in customers:
            kept = await in_thread(self._keeping.store.find, customer, digest)
            if kept is not None:
                return kept
        return None

    def link(self, customer: str, kept: KeptMedia) -> str | None:
        """The public address of a file, where the application gives it one."""
        keeping = self._keeping
        return None if keeping is None or keeping.link is None else keeping.link(customer, kept)

    async def keep(self, customer: str | Ref, file: File) -> KeptMedia:
        """See `Filing.keep_file`."""
        keeping = self._keeps()
        if not 0 < len(file.data) <= keeping.most_bytes:
            raise InvalidCommand("media", f"a file must have 1 to {keeping.most_bytes} bytes")
        whose = await self._whose(customer)
        return await self._keep(keeping, whose, file.data, plain_type(file.content_type))

    async def keep_all(self, received: Received, parts: Sequence[Part]) -> None:
        """Keep the bytes that came with a message that was taken, as `keep_parts`."""
        keeping = self._keeps()
        take = partial(self._take, keeping)
        await keep_parts(self._owner.journal, self._owner.execute, keeping, take, received, parts)

    def _keeps(self) -> MediaKeeping:
        if self._keeping is None:
            raise InvalidCommand("media", NOTHING_IS_KEPT)
        return self._keeping

    async def _whose(self, customer: str | Ref) -> str:
        """Whose file it will be, unless they are forgotten."""
        whose = await self._owner.read(lambda view: customer_view(view, customer).id)
        self._refuse_forgotten(whose)
        return whose

    async def _take(self, keeping: MediaKeeping, whose: str, data: bytes, content_type: str) -> KeptMedia:
        """Keep a file that a customer sent."""
        return await self._keep(keeping, whose, data, taken_type(data, content_type, keeping))

    async def _keep(self, keeping: MediaKeeping, whose: str, data: bytes, kind: str) -> KeptMedia:
        kept = await in_thread(keeping.store.keep, whose, data, kind)
        if whose in self._forgotten:  # meanwhile: nothing of them may stay
            await self.erase(whose)
            self._refuse_forgotten(whose)
        return kept

    def _refuse_forgotten(self, customer: str) -> None:
        if customer in self._forgotten or customer in self._owner.view.identity.erasing:
            raise UnknownId("customer", customer)

    async def _bytes(self, keeping: MediaKeeping, line: Line, media: MediaRef) -> tuple[bytes, str]:
        """The file, and what whoever gave it says it is."""
        if media.data is not None:
            return media.data, media.content_type or ""
        step = await self._first(line, media)
        for _ in range(_MOST_STEPS):
            with anyio.move_on_after(_LONGEST_STEP_S):
                result = await keeping.transport.perform(step)
                following = self._following(line, step, result)
                if isinstance(following, HttpAnswer):
                    kinds = header_values(following.headers, "Content-Type")
                    return following.body, kinds[0] if len(kinds) == 1 else media.content_type or ""
                step = following
                continue
            raise DeliveryUnavailable("timed_out")
        raise DeliveryRefused("too_many_steps")

    async def _first(self, line: Line, media: MediaRef) -> HttpStep:
        if not isinstance(line.adapter, FetchingAdapter):
            return HttpStep(idempotency_key="fetch", safe_to_repeat=True, method="GET", url=media.ref)
        try:
            account = await self.credentials.account_of(line, instant(self._owner.clock.now_us()))
        except Unauthorized as error:
            raise DeliveryUnavailable(str(error)) from None
        step = line.adapter.fetch(media, account)
        if isinstance(step, Refused):
            raise DeliveryRefused(step.code)
        return step

    def _following(self, line: Line, step: HttpStep, result: StepResult) -> HttpStep | HttpAnswer:
        """What to ask for next; or the answer that is the file.

        Where a server says that it is elsewhere that is asked for there, without anything that proved who we are.

        Raises:
            DeliveryRefused: it cannot be had.
            DeliveryUnavailable: not now.
        """
        if isinstance(result, NoAnswer) and not result.may_have_arrived and result.reason.value == "not_allowed":
            raise DeliveryRefused("not_allowed")
        if isinstance(result, HttpAnswer) and result.status in _MOVED:
            places = header_values(result.headers, "Location")
            if len(places) != 1:
                raise DeliveryRefused("moved_nowhere")
            return attrs.evolve(step, method="GET", url=urljoin(step.url, places[0]), headers=(), body=b"", carry="")
        outcome = checked_outcome(line.adapter.interpret(step, result, instant(self._owner.clock.now_us())))
        if isinstance(outcome, Next) and isinstance(outcome.step, HttpStep):
            return outcome.step
        if isinstance(result, HttpAnswer) and 200 <= result.status < 300:
            return result
        if isinstance(outcome, Failed) and outcome.permanent:
            raise DeliveryRefused(outcome.code)
        after = outcome.after if isinstance(outcome, Retry) else None
        raise DeliveryUnavailable(
            getattr(outcome, "code", "unreadable"), None if after is None else microseconds(after)
        )


class Filing(Protocol):
    """Files that customers send, and that they are sent."""

    _files: Files

    async def fetch_media(
        self, customer: str | Ref, media: MediaRef, *, channel: str, account: str = "main"
    ) -> KeptMedia:
        """Fetch a file that a message named, and keep it with the customer until they are erased.

        Asked for again, it is fetched again, and kept once. What is kept is found by its digest in the store that the
        workspace was opened with.

        Args:
            customer: whose file it is.
            media: what the message named, as the adapter gave it.
            channel: on which it came.
            account: to which of our accounts there.

        Raises:
            UnknownId: there is no such customer, or they are forgotten; or there is no such line.
            InvalidCommand: the workspace was opened without `media`.
            DeliveryRefused: it cannot be had, is too large, or of a type that is not taken.
            DeliveryUnavailable: it cannot be had now.
            JournalUnavailable: it cannot be kept now.
        """
        return await self._files.fetch(customer, media, channel, account)

    async def fetch_attachment(
        self, customer: str | Ref, attachment: Attachment, *, actor: str | None = None
    ) -> KeptMedia:
        """A file of a message: from the store if it is kept, else fetched and kept with whoever wrote the message.

        Args:
            customer: in whose timeline the message stands.
            attachment: as a timeline or a context gives it.
            actor: for whom, as `agent:ana`: who is not shown a message's text is not given its files; None for all.

        Raises:
            UnknownId: there is no such file, or not any more: its message was taken back, or the customer is forgotten.
            NotPermitted: the actor is not shown the message.
            InvalidCommand: the workspace was opened without `media`.
            DeliveryRefused: it cannot be had, is too large, or of a type that is not taken; `not_kept` if its bytes
                came with a message and were not taken then.
            DeliveryUnavailable: it cannot be had now.
            JournalUnavailable: it cannot be kept now.
        """
        return await self._files.attachment(customer, attachment, actor)

    async def keep_file(self, customer: str | Ref, file: File) -> KeptMedia:
        """Keep a file that a customer is to be sent, until they are erased.

        Args:
            customer: whom it is for.
            file: its bytes, and what they are.

        Raises:
            UnknownId: there is no such customer, or they are forgotten.
            InvalidCommand: it is empty or too large, or the workspace was opened without `media`.
            JournalUnavailable: it cannot be kept now.
        """
        return await self._files.keep(customer, file)
