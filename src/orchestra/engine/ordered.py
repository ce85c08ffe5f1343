"""A sorted collection of keys: first, position and removal without moving more than a block of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heapreplace
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

__all__ = ["Ordered", "merged"]


class _Comparable(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


Key = TypeVar("Key", bound=_Comparable)

_BLOCK = 512


class Ordered(Generic[Key]):
    """Distinct keys in ascending order, held in blocks so that each change moves at most a block."""

    __slots__ = ("_blocks", "_size", "_tops")

    def __init__(self) -> None:
        self._blocks: list[list[Key]] = []
        self._tops: list[Key] = []
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Key]:
        for block in self._blocks:
            yield from block

    def first(self) -> Key | None:
        """The least key, or None when empty."""
        return self._blocks[0][0] if self._blocks else None

    def at(self, index: int) -> Key:
        """The key with so many before it. Costs in proportion to the number of blocks.

        Raises:
            IndexError: there are not so many.
        """
        for block in self._blocks:
            if index < len(block):
                return block[index]
            index -= len(block)
        raise IndexError(index)

    def past(self, key: Key) -> Iterator[Key]:
        """The keys that are greater than this one, in order; whoever takes few of them pays for few."""
        index = bisect_right(self._tops, key)
        for block in self._blocks[index : index + 1]:
            yield from block[bisect_right(block, key) :]
        for at in range(index + 1, len(self._blocks)):
            yield from self._blocks[at]

    def add(self, key: Key) -> int:
        """Add a key that is not yet there, and give the block to which it went. One greater than all costs least."""
        self._size += 1
        blocks, tops = self._blocks, self._tops
        if not blocks:
            blocks.append([key])
            tops.append(key)
            return 0
        if tops[-1] < key:
            index, tops[-1] = len(tops) - 1, key
            blocks[-1].append(key)
        else:
            index = bisect_left(tops, key)
            insort(blocks[index], key)
        if len(blocks[index]) > 2 * _BLOCK:
            self._split(index)
        return index

    def remove(self, key: Key) -> None:
        """Take out a key. The least of all costs least.

        Raises:
            KeyError: it is not there.
        """
        blocks = self._blocks
        if blocks and blocks[0][0] == key:
            index = at = 0
            block = blocks[0]
        else:
            index = bisect_left(self._tops, key)
            block = blocks[index] if index < len(blocks) else []
            at = bisect_left(block, key)
            if at == len(block) or block[at] != key:
                raise KeyError(key)
        del block[at]
        self._size -= 1
        if not block:
            self._drop(index)
        elif at == len(block):
            self._tops[index] = block[-1]

    def position(self, key: Key) -> int:
        """How many keys are less than this one. Costs in proportion to the number of blocks."""
        index = bisect_left(self._tops, key)
        before = sum(map(len, self._blocks[:index]))
        return before + (bisect_left(self._blocks[index], key) if index < len(self._blocks) else 0)

    def _split(self, index: int) -> None:
        block = self._blocks[index]
        self._blocks[index : index + 1] = [block[:_BLOCK], block[_BLOCK:]]
        self._tops[index : index + 1] = [block[_BLOCK - 1], block[-1]]

    def _drop(self, index: int) -> None:
        del self._blocks[index], self._tops[index]


def merged(several: Sequence[Ordered[Key]]) -> Iterator[Key]:
    """The keys of several collections in one order. Of each only the first is looked at before it was taken."""
    heads = [(first, number) for number, ordered in enumerate(several) if (first := ordered.first()) is not None]
    heapify(heads)
    begun: dict[int, Iterator[Key]] = {}
    while heads:
        key, number = heads[0]
        yield key
        if number not in begun:
            begun[number] = islice(several[number], 1, None)
        following = next(begun[number], None)
        if following is None:
            heappop(heads)
        else:
            heapreplace(heads, (following, number))
