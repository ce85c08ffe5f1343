"""Where chance comes from: named streams, the same for the same seed, name and index whatever else happens.

Two plans under one seed meet the same customers: the n-th customer of a class draws the n-th value of each of that
class's streams. What only some customers need (a retry, a refusal) is drawn by index, so that needing it moves nobody.
"""

from __future__ import annotations

import hashlib
from random import Random

__all__ = ["Keyed", "stream"]


def _key(seed: int, name: str) -> bytes:
    return hashlib.blake2b(f"{seed}\x1f{name}".encode(), digest_size=32).digest()


def stream(seed: int, name: str) -> Random:
    """A stream of its own: drawing from it leaves all others as they are.

    Args:
        seed: of the run.
        name: what it is for, as `service/sales`.
    """
    return Random(int.from_bytes(_key(seed, name)))


class Keyed:
    """A stream for each index: what index 7 draws does not depend on whether index 6 drew.

    Args:
        seed: of the run.
        name: what it is for.
    """

    __slots__ = ("_key", "_random")

    def __init__(self, seed: int, name: str) -> None:
        self._key = _key(seed, name)
        self._random = Random(0)

    def at(self, index: int, count: int = 0) -> Random:
        """The stream of the `count`-th draw of an index. It is valid until the next call."""
        text = index.to_bytes(8) + count.to_bytes(8)
        self._random.seed(int.from_bytes(hashlib.blake2b(text, key=self._key, digest_size=16).digest()))
        return self._random
