"""A journal whose private parts are encrypted, each customer's under a key of their own, over any other journal.

Belongs here: what is sealed before it is stored and opened after it is read, and the customers' keys. Does not: which
secret it is (`runtime.vaults`), and the ciphers (`crypto`).

A private part is stored as `sealed:`, the name of its key, and the encrypted text. Facts are stored as ever, so replay,
hashes and measures are the same. A private part whose key was destroyed reads as blanked.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import attrs

from orchestra.errors import JournalCorrupt
from orchestra.journal.checks import encoded
from orchestra.journal.crypto import Cipher, key_of, new_key
from orchestra.journal.port import Directory, Inbox, Journal, KeyTable
from orchestra.model.private import SEALED, is_sealed
from orchestra.model.records import Batch, Done, Lease, Record, Request, Snapshot

__all__ = ["OWN", "SealedJournal", "Vault", "WrongSecret", "rewrapped"]

OWN = ""
"""Whose key seals what is of no customer, and shows that a journal is encrypted."""

_MOST_KEPT = 20_000


class WrongSecret(Exception):
    """The journal's keys were wrapped under another secret."""


class Vault:
    """The keys of a journal's customers, unwrapped as they are needed.

    Args:
        secret: wraps the keys.
        keys: where they are kept.

    Raises:
        WrongSecret: they were wrapped under another.
    """

    def __init__(self, secret: str, keys: KeyTable) -> None:
        self._master = Cipher(key_of(secret))
        self._keys = keys
        # Held from the look into the table until what was found is known: no reader may bring back a destroyed key.
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Cipher] = OrderedDict()
        self._own: Cipher | None = None
        self.find(OWN)

    def _unwrapped(self, subject: str, wrapped: str) -> Cipher:
        key = self._master.open(wrapped, f"key of {subject}")
        if key is None:
            raise WrongSecret(subject)
        return Cipher(key)

    def find(self, subject: str) -> Cipher | None:
        """The key of a customer; None if they have none, or no more.

        Raises:
            WrongSecret: it is damaged, or was wrapped anew under another secret.
        """
        with self._lock:
            known = self._own if subject == OWN else self._known.get(subject)
            if known is None:
                wrapped = self._keys.find([subject]).get(subject)
                if wrapped is None:
                    return None
                known = self._unwrapped(subject, wrapped)
            self._keep(subject, known)
            return known

    def make(self) -> tuple[Cipher, bytes]:
        """A new key, which nobody has yet."""
        key = new_key()
        return Cipher(key), key

    def wrap(self, subject: str, key: bytes) -> str:
        """The key as it may be stored."""
        return self._master.seal(key, f"key of {subject}")

    def keep(self, ciphers: Mapping[str, Cipher]) -> None:
        """Know keys that are stored now. Bounded: who was not asked for lately is unwrapped again."""
        with self._lock:
            for subject, cipher in ciphers.items():
                self._keep(subject, cipher)

    def _keep(self, subject: str, cipher: Cipher) -> None:
        if subject == OWN:
            self._own = cipher
            return
        self._known[subject] = cipher
        self._known.move_to_end(subject)
        if len(self._known) > _MOST_KEPT:
            self._known.popitem(last=False)

    def destroy(self, subjects: Collection[str] | None) -> None:
        """Destroy customers' keys, those of all if None; never the journal's own."""
        with self._lock:
            doomed = (self._keys.everything().keys() if subjects is None else set(subjects)) - {OWN}
            for subject in doomed:
                self._known.pop(subject, None)
            self._keys.destroy(doomed)


def rewrapped(keys: KeyTable, old: str, new: str) -> Mapping[str, str]:
    """All keys, wrapped under another secret.

    Raises:
        WrongSecret: they were not wrapped under the old one.
    """
    before, after = Cipher(key_of(old)), Cipher(key_of(new))
    found: dict[str, str] = {}
    for subject, wrapped in keys.everything().items():
        key = before.open(wrapped, f"key of {subject}")
        if key is None:
            raise WrongSecret(subject)
        found[subject] = after.seal(key, f"key of {subject}")
    return found


def _about(record: Record) -> str:
    return f"{record.type}\x1f{record.version}\x1f{record.subject or OWN}"


class _Sealing:
    """One append: its batches sealed, with the keys that are new in it."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self.made: dict[str, Cipher] = {}
        self._wrapped: dict[str, str] = {}

    def batch(self, batch: Batch) -> Batch:
        """The batch as it is stored."""
        own = self._cipher(OWN)
        records = [self._record(record) for record in batch.records]
        done = batch.done
        if done is not None:
            text = encoded(f"answer to {done.request_id}", done.result)
            result = SEALED + own.seal(text, f"answer\x1f{done.request_id}")
            done = Done(done.request_id, result, done.at_us)
        keys, self._wrapped = self._wrapped, {}
        return Batch(records, done, {**batch.keys, **keys}, batch.filed, batch.struck)

    def _record(self, record: Record) -> Record:
        if record.private is None:
            return record
        what = f"record {record.position}"
        text, _ = encoded(what, record.private), encoded(what, _about(record))
        cipher = self._cipher(record.subject or OWN)
        sealed = f"{SEALED}{cipher.name}:{cipher.seal(text, _about(record))}"
        return attrs.evolve(record, private=sealed)

    def _cipher(self, subject: str) -> Cipher:
        known = self.made.get(subject) or self._vault.find(subject)
        if known is None:
            known, key = self._vault.make()
            self.made[subject] = known
            self._wrapped[subject] = self._vault.wrap(subject, key)
        return known


class SealedJournal:
    """A journal as its owner and readers see it, over one that stores what nobody else can read.

    Safe to use as the inner one is.

    Args:
        inner: the journal that stores.
        vault: the keys.
    """

    def __init__(self, inner: Journal, vault: Vault) -> None:
        self.inner = inner
        self._vault = vault
        self._inbox = _SealedInbox(inner.inbox, vault)

    @property
    def inbox(self) -> Inbox:
        """The inner journal's inbox, its commands and answers sealed."""
        return self._inbox

    @property
    def keys(self) -> KeyTable:
        """The inner journal's keys."""
        return self.inner.keys

    @property
    def directory(self) -> Directory:
        """The inner journal's directory: what it holds are hashes."""
        return self.inner.directory

    def acquire(self, holder: str, now_us: int, ttl_us: int) -> Lease:
        """Passed on; see the port."""
        return self.inner.acquire(holder, now_us, ttl_us)

    def renew(self, lease: Lease, now_us: int, ttl_us: int) -> Lease:
        """Passed on; see the port."""
        return self.inner.renew(lease, now_us, ttl_us)

    def release(self, lease: Lease) -> None:
        """Passed on; see the port."""
        self.inner.release(lease)

    def append(self, after: int, batches: Sequence[Batch], lease: Lease) -> int:
        """Store batches sealed, with the keys that are new in them; see the port.

        Raises:
            JournalCorrupt: also where a key cannot be unwrapped.
        """
        sealing = _Sealing(self._vault)
        try:
            sealed = [sealing.batch(batch) for batch in batches]
        except WrongSecret:
            raise _no_key(after) from None
        position = self.inner.append(after, sealed, lease)
        self._vault.keep(sealing.made)  # only now: of what was not stored, or may not have been, the table tells
        return position

    def position(self) -> int:
        """Passed on; see the port."""
        return self.inner.position()

    def read(
        self,
        after: int = 0,
        *,
        limit: int | None = None,
        subjects: Collection[str] | None = None,
        types: Collection[str] | None = None,
    ) -> Iterator[Record]:
        """Records with their private parts opened; see the port.

        Raises:
            JournalCorrupt: also where a private part is not what was sealed.
        """
        return map(self._opened, self.inner.read(after, limit=limit, subjects=subjects, types=types))

    def _opened(self, record: Record) -> Record:
        if not is_sealed(record.private):
            return record
        name, _, sealed = str(record.private).removeprefix(SEALED).partition(":")
        try:
            cipher = self._vault.find(record.subject or OWN)
        except WrongSecret:
            raise _no_key(record.position) from None
        if cipher is None or cipher.name != name:
            return attrs.evolve(record, private=None)  # its key was destroyed; whoever came later has another
        private = cipher.open(sealed, _about(record))
        if private is None:
            raise JournalCorrupt(record.position, "its private part is not what was sealed")
        return attrs.evolve(record, private=private.decode())

    def blank(self, subjects: Collection[str] | None = None) -> int:
        """Destroy keys, so that every copy without them is unreadable, and then the private parts; see the port."""
        self._vault.destroy(subjects)
        return self.inner.blank(subjects)

    def save_snapshot(self, snapshot: Snapshot) -> None:
        """Passed on, for a state holds nothing private; see the port."""
        self.inner.save_snapshot(snapshot)

    def load_snapshot(self, schema: str) -> Snapshot | None:
        """Passed on; see the port."""
        return self.inner.load_snapshot(schema)

    def changes(self) -> int:
        """Passed on; see the port."""
        return self.inner.changes()

    def backup(self, target: Path) -> int:
        """Passed on: the copy is sealed as the journal is, and has its keys, wrapped; see the port."""
        return self.inner.backup(target)

    def close(self) -> None:
        """Close the inner journal."""
        self.inner.close()


def _no_key(position: int) -> JournalCorrupt:
    return JournalCorrupt(position, "a customer's key is damaged, or was wrapped anew since this journal was opened")


class _SealedInbox:
    """The inbox of a sealed journal. What waits in it or was answered is of no customer's key: it is kept for days."""

    def __init__(self, inner: Inbox, vault: Vault) -> None:
        self._inner = inner
        self._vault = vault

    def submit(self, request_id: str, command: str) -> None:
        """Store a command sealed, the same one in the same form, so that it is known again; see the port."""
        own = self._vault.find(OWN)
        assert own is not None  # whoever connects finds a journal that was opened before
        about = f"command\x1f{request_id}"
        text, _ = encoded(f"request {request_id}", command), encoded("request id", request_id)
        self._inner.submit(request_id, SEALED + own.seal(text, about, is_repeatable=True))

    def waiting(self, limit: int = 1000) -> Sequence[Request]:
        """Requests not yet answered, opened; one that cannot be is given as damaged. See the port."""
        return [
            attrs.evolve(request, command=self._opened(request.command, f"command\x1f{request.request_id}"))
            for request in self._inner.waiting(limit)
        ]

    def result(self, request_id: str) -> str | None:
        """The stored answer, opened; see the port.

        Raises:
            JournalCorrupt: the answer is not what was sealed.
        """
        result = self._inner.result(request_id)
        opened = self._opened(result, f"answer\x1f{request_id}")
        if result is not None and opened is None:
            raise JournalCorrupt(0, f"the answer to inbox request {request_id!r} is not what was sealed")
        return opened

    def _opened(self, text: str | None, about: str) -> str | None:
        if text is None or not is_sealed(text):
            return text  # from before the journal was encrypted
        own = self._vault.find(OWN)
        opened = None if own is None else own.open(text.removeprefix(SEALED), about)
        return None if opened is None else opened.decode()

    def forget(self, before_us: int) -> int:
        """Passed on; see the port."""
        return self._inner.forget(before_us)
