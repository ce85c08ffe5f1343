"""What every journal checks besides its records, in the same words.

Belongs here: errors and checksums of leases, requests, answers and snapshots. Does not: storing them.
"""

from __future__ import annotations

from orchestra.errors import JournalCorrupt, LeaseLost, MalformedMessage
from orchestra.journal.chain import digest
from orchestra.journal.process import is_known_dead
from orchestra.model.records import Lease, Snapshot

__all__ = [
    "damaged_request",
    "encoded",
    "fits",
    "id_check",
    "is_held",
    "not_waiting",
    "other_command",
    "other_keys",
    "prove_owner",
    "request_check",
    "snapshot_ahead",
    "snapshot_check",
    "text_check",
    "two_keys",
]


def is_held(current: Lease, holder: str, now_us: int) -> bool:
    """Whether somebody other than `holder` has this lease, neither expired nor left by a process that is gone."""
    return current.holder != holder and current.expires_us > now_us and not is_known_dead(current.holder)


def prove_owner(lease: Lease, epoch: int, holder: str | None) -> None:
    """Make sure that a lease is the one in force.

    Args:
        lease: what the caller shows.
        epoch: the newest epoch.
        holder: its holder; None when the lease was released.

    Raises:
        LeaseLost: it is not.
    """
    if lease.epoch != epoch or lease.holder != holder:
        raise LeaseLost(lease.epoch, epoch)


def snapshot_check(snapshot: Snapshot) -> bytes:
    """The checksum of a snapshot.

    Raises:
        MalformedMessage: its schema's name is not Unicode.
    """
    return digest(text_check("schema of a snapshot", snapshot.schema), snapshot.position.to_bytes(8), snapshot.state)


def snapshot_ahead(snapshot: Snapshot) -> MalformedMessage:
    """For a snapshot of a position that the journal does not have."""
    return MalformedMessage(f"snapshot at {snapshot.position}", "the journal has no such position")


def text_check(what: str, text: str) -> bytes:
    """The checksum of a text alone.

    Raises:
        MalformedMessage: the text is not Unicode.
    """
    return digest(encoded(what, text))


def request_check(what: str, request_id: str, text: str) -> bytes:
    """The checksum of a command or an answer and of the id it is stored under: neither can pass for another id's.

    Raises:
        MalformedMessage: one of them is not Unicode.
    """
    return digest(id_check(request_id), encoded(what, text))


def id_check(request_id: str) -> bytes:
    """The checksum of a request's id.

    Raises:
        MalformedMessage: it is not Unicode.
    """
    return text_check("request id", request_id)


def encoded(what: str, text: str) -> bytes:
    """A text's bytes.

    Raises:
        MalformedMessage: the text is not Unicode.
    """
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        # Not chained: the error carries the text.
        raise MalformedMessage(what, f"text is not Unicode: {error.reason}") from None


def fits(request_id: str, text: object, check: object) -> bool:
    """Whether a stored text and the id it is stored under are what their checksum was made of."""
    return isinstance(text, str) and digest(digest(request_id.encode()), text.encode()) == check


def other_command(request_id: str) -> MalformedMessage:
    """For an id that was submitted before with another command."""
    return MalformedMessage(f"request {request_id}", "the same id was submitted before with another command")


def not_waiting(request_id: str) -> MalformedMessage:
    """For an answer to a request that is not waiting; storing it would answer one id twice."""
    return MalformedMessage(f"request {request_id}", "it is answered already, or was never submitted")


def damaged_request(position: int, request_id: str) -> JournalCorrupt:
    """For a request or an answer that is not what was stored."""
    return JournalCorrupt(position, f"inbox request {request_id!r} does not fit its checksum")


def two_keys(subject: str) -> MalformedMessage:
    """For a key of somebody who has one; with another nothing that is stored of them could be read any more."""
    return MalformedMessage(f"key of {subject}", "there is one already")


def other_keys() -> MalformedMessage:
    """For keys that are to take the place of others, and are not of the same subjects."""
    return MalformedMessage("keys", "not of exactly those who have one")
