"""A witness beside a journal file: how far the journal had been acknowledged.

Belongs here: the small file `PATH-head`. Does not: the records themselves, nor the witness that stands inside the file
once it is closed (`sqlite_witness`).

SQLite ends a damaged or cut write-ahead log at the last transaction that is whole, and says nothing: what came after
is gone as if it had never been acknowledged. So after each append, and before anybody hears of it, the position and
its check are written here. They are not synced: after a loss of power the witness may be older than the journal,
which proves less but never accuses wrongly. It is never newer than a journal that kept what it acknowledged.
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from pathlib import Path

import attrs

from orchestra.journal.chain import digest

__all__ = ["Head", "Witness"]

MAGIC = b"OrH1"
LAYOUT = struct.Struct(">4sQ8s8s")


@attrs.frozen
class Witness:
    """The journal had a record at `position`, and `check` was its checksum."""

    position: int
    check: bytes

    def proof(self) -> bytes:
        """A checksum of the witness itself."""
        return digest(MAGIC, self.position.to_bytes(8, "big"), self.check)


class Head:
    """The witness file of one journal file."""

    def __init__(self, journal: Path) -> None:
        self.path = journal.with_name(journal.name + "-head")
        self._descriptor: int | None = None

    def write(self, witness: Witness) -> None:
        """Put this witness in place of the last one.

        A failure is not reported: the append it speaks of is durable, and the older witness is still true.
        """
        with suppress(OSError):
            if self._descriptor is None:
                self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.write(self._descriptor, LAYOUT.pack(MAGIC, witness.position, witness.check, witness.proof()))

    def read(self) -> Witness | None:
        """The last witness; None when there is none or it is damaged."""
        try:
            magic, position, check, proof = LAYOUT.unpack(self.path.read_bytes())
        except (OSError, struct.error):
            return None
        witness = Witness(position, check)
        return witness if (magic, proof) == (MAGIC, witness.proof()) else None

    def remove(self) -> None:
        """Take the witness away; it is no longer needed once the journal file holds everything."""
        self.forget()
        with suppress(OSError):
            self.path.unlink()

    def forget(self) -> None:
        """Let go of the file, which another owner may have replaced since."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
