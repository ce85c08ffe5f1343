"""Where the bytes of files are kept that customers send: the port, and a folder that fulfils it.

Belongs here: keeping, finding and erasing. Does not: fetching files (`runtime.media`), and what a journal says of them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Protocol, runtime_checkable
from uuid import uuid4

import attrs

from orchestra.errors import JournalCorrupt, JournalUnavailable

__all__ = ["FolderMediaStore", "KeptMedia", "MediaStore"]

_LONGEST_TYPE = 200


@attrs.frozen
class KeptMedia:
    """A file as it is kept.

    Attributes:
        digest: SHA-256 of its bytes, hexadecimal: the name under which it is found again.
        content_type: what whoever gave it said of it. Nobody has looked inside: show it as a download.
        data: its bytes.
    """

    digest: str
    content_type: str
    data: bytes = attrs.field(repr=False)


@runtime_checkable
class MediaStore(Protocol):
    """Keeps files by customer, each once however often it is kept. All methods may block, and are called in threads.

    Guarantees:
        What `keep` has returned of is durable. After `erase` nothing of the customer is found, nor left in the store.
    """

    def keep(self, customer: str, data: bytes, content_type: str) -> KeptMedia:
        """Keep a file of a customer.

        Raises:
            JournalUnavailable: it cannot be kept now.
        """
        ...

    def find(self, customer: str, digest: str) -> KeptMedia | None:
        """Give a file of a customer; None if there is none of that digest.

        Raises:
            JournalCorrupt: it is not what was kept.
            JournalUnavailable: it cannot be read now.
        """
        ...

    def erase(self, customer: str) -> None:
        """Destroy all files of a customer; if there are none, all is well.

        Raises:
            JournalUnavailable: some may still be there.
        """
        ...


class FolderMediaStore:
    """Files in a folder of each customer, in a folder that nothing else uses.

    The same file of two customers is kept twice, so that erasing one of them takes nothing from the other.
    """

    def __init__(self, folder: str | Path) -> None:
        """Name the folder; it is made when it is needed."""
        self._root = Path(folder)

    def __repr__(self) -> str:
        return f"FolderMediaStore({str(self._root)!r})"

    def keep(self, customer: str, data: bytes, content_type: str) -> KeptMedia:
        """Keep a file: written whole under another name first, so that a crash leaves no half of it."""
        kind = content_type if content_type.isprintable() and len(content_type) <= _LONGEST_TYPE else ""
        kept = KeptMedia(hashlib.sha256(data).hexdigest(), kind or "application/octet-stream", data)
        folder = self._folder(customer)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._write(folder, kept)
        except OSError as error:
            raise JournalUnavailable(f"media: {error.strerror}") from error
        return kept

    def find(self, customer: str, digest: str) -> KeptMedia | None:
        """Give a file, checked against its digest."""
        if not digest.isalnum():
            return None
        try:
            kind, _, data = (self._folder(customer) / digest).read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise JournalUnavailable(f"media: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise JournalCorrupt(0, f"media {digest}: is not what was kept")
        return KeptMedia(digest, kind.decode("utf-8", "replace"), data)

    def erase(self, customer: str) -> None:
        """Destroy a customer's folder."""
        try:
            shutil.rmtree(self._folder(customer))
        except FileNotFoundError:
            return
        except OSError as error:
            raise JournalUnavailable(f"media: {error.strerror}") from error

    def _folder(self, customer: str) -> Path:
        return self._root / hashlib.sha256(customer.encode()).hexdigest()[:32]

    @staticmethod
    def _write(folder: Path, kept: KeptMedia) -> None:
        draft = folder / f"{uuid4().hex}.draft"
        with draft.open("xb") as file:
            file.write(kept.content_type.encode() + b"\n" + kept.data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / kept.digest)
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
