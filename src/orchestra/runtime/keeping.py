"""Keeping the files whose bytes came with a message, in whatever process took it.

Belongs here: which of them are kept, and that it is noted. Does not: fetching files (`filing`).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import attrs

from orchestra.channels.parts import Part
from orchestra.channels.transport import Transport
from orchestra.errors import DeliveryRefused
from orchestra.journal.media import KeptMedia, MediaStore
from orchestra.journal.port import Journal
from orchestra.model.commands import Command, EraseCustomer, KeepFile
from orchestra.model.events import CustomerErased
from orchestra.model.results import Received
from orchestra.runtime.attached import files_in, told_of
from orchestra.runtime.history.files import files_now, kept_digest
from orchestra.runtime.threads import in_thread

__all__ = [
    "DOCUMENTS",
    "NOTHING_IS_KEPT",
    "MediaKeeping",
    "Taking",
    "keep_elsewhere",
    "keep_parts",
    "plain_type",
    "taken_type",
]

NOTHING_IS_KEPT = "nothing is kept: open the workspace, or connect to it, with media=MediaKeeping(...)"
"""Why files are refused."""

Taking = Callable[[str, bytes, str], Awaitable[KeptMedia]]
"""(customer, bytes, content type) -> the file as it is kept; `DeliveryRefused` if it is not taken."""

DOCUMENTS = frozenset(
    {
        *("image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "application/pdf", "text/plain"),
        *("audio/mpeg", "audio/mp4", "audio/ogg", "audio/aac", "audio/amr", "video/mp4", "video/3gpp", "video/webm"),
    }
)
"""What people commonly send. Nothing that a browser would run."""


@attrs.frozen(kw_only=True)
class MediaKeeping:
    """How files of customers are fetched and kept.

    Attributes:
        store: where they are kept.
        transport: carries the fetching. Strangers name the addresses: give `HttpTransport(public_only=True)`, whose
            `most_bytes` is at least that of here.
        most_bytes: the largest file.
        content_types: what is taken of customers, as whoever gives the file says; nobody looks inside.
        link: gives the public address of a file that is kept for a customer, for channels that fetch what they send;
            None where it has none. It is asked with the customer's id, whenever such a file is sent.
    """

    store: MediaStore
    transport: Transport
    most_bytes: int = 25_000_000
    content_types: frozenset[str] = DOCUMENTS
    link: Callable[[str, KeptMedia], str | None] | None = None


_log = logging.getLogger("orchestra.runtime")


async def keep_parts(
    journal: Journal,
    execute: Callable[[Command], Awaitable[Any]],
    keeping: MediaKeeping,
    take: Taking,
    received: Received,
    parts: Sequence[Part],
) -> None:
    """Keep the bytes that came with a message that was taken, and note that; what is not taken is left out.

    News come again and in any order: nothing is kept of a form of the message that it has not now. Whoever is forgotten
    meanwhile is forgotten with what came late.

    Raises:
        CommandRefused: its customer is forgotten meanwhile.
        JournalUnavailable: not all of it may be kept; if the message comes again, it will be.
    """
    whose, is_erased = received.customer, False
    if received.message is None:
        return
    try:
        await _keep(journal, execute, take, whose, received.message, parts)
    finally:
        is_erased = await in_thread(_is_erased, journal, whose)
        if is_erased:
            await in_thread(keeping.store.erase, whose)
    if is_erased:
        await execute(EraseCustomer(whose, "a file came late"))


async def _keep(
    journal: Journal,
    execute: Callable[[Command], Awaitable[Any]],
    take: Taking,
    whose: str,
    message: str,
    parts: Sequence[Part],
) -> None:
    position, told = await in_thread(files_now, journal, whose, message)
    if told != told_of(parts):
        return
    for number, file in enumerate(files_in(parts), 1):
        if file.data is None:
            continue
        try:
            kept = await take(whose, file.data, file.content_type or "")
        except DeliveryRefused as error:
            _log.info("a file of %s is not kept: %s", message, error)
            continue
        known = await in_thread(kept_digest, journal, (whose,), message, number, position)
        if known != kept.digest:
            await execute(KeepFile(whose, message, number, kept.digest))


def _is_erased(journal: Journal, customer: str) -> bool:
    return next(journal.read(subjects=[customer], types=[CustomerErased.__name__]), None) is not None


def taken_type(data: bytes, content_type: str, keeping: MediaKeeping) -> str:
    """The content type of a file of a customer, if it is of a size and type that is taken.

    Raises:
        DeliveryRefused: it is not.
    """
    kind = plain_type(content_type)
    if len(data) > keeping.most_bytes:
        raise DeliveryRefused("too_large")
    if kind not in keeping.content_types:
        raise DeliveryRefused("content_type")
    return kind


def plain_type(content_type: str) -> str:
    """A content type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


async def keep_elsewhere(
    journal: Journal,
    execute: Callable[[Command], Awaitable[Any]],
    keeping: MediaKeeping,
    received: Received,
    parts: Sequence[Part],
) -> None:
    """As `keep_parts`, in a process that does not own the workspace."""

    async def take(customer: str, data: bytes, content_type: str) -> KeptMedia:
        return await in_thread(keeping.store.keep, customer, data, taken_type(data, content_type, keeping))

    await keep_parts(journal, execute, keeping, take, received, parts)
