"""All who are free, in order, so that those of some profiles are found without a look at the others.

Belongs here: how they are held. Does not: who is free (`takers`), and who is asked first (`choice`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orchestra.engine.ordered import Ordered
from orchestra.engine.routing.sides import Entry, Placed

__all__ = ["Crowd"]

_COMING = 64
"""So many may have come whom nobody has asked for yet. Where contacts wait, most are given one before anybody asks."""


class Crowd:
    """Agents in order. Those who have come are put in their places once somebody asks, or once they are many."""

    __slots__ = ("_blocks", "_coming")

    def __init__(self, of_agent: Mapping[str, Placed]) -> None:
        self._blocks = _Blocks(of_agent)
        self._coming: dict[Entry, bool] = {}

    def __len__(self) -> int:
        return len(self._blocks) + len(self._coming)

    def add(self, key: Entry) -> None:
        """Add an agent who is not yet there."""
        self._coming[key] = True
        if len(self._coming) > _COMING:
            self.in_order()

    def remove(self, key: Entry) -> None:
        """Take out an agent who is there."""
        if not self._coming.pop(key, False):
            self._blocks.remove(key)

    def in_order(self) -> Ordered[Entry]:
        """All of them, to be looked at only."""
        for key in self._coming:
            self._blocks.add(key)
        self._coming.clear()
        return self._blocks

    def among(self, mask: int) -> Iterator[Entry]:
        """Those whose profile is in a mask, in order."""
        self.in_order()
        return self._blocks.among(mask)


class _Blocks(Ordered[Entry]):
    """Agents in order. Each block knows the profiles of those in it as a mask, in which some may be who have left.

    `of_agent` says of which profile they are.
    """

    __slots__ = ("_masks", "_of_agent")

    def __init__(self, of_agent: Mapping[str, Placed]) -> None:
        super().__init__()
        self._masks: list[int] = []
        self._of_agent = of_agent

    def add(self, key: Entry) -> int:
        """Add an agent who is not yet there."""
        if not self._masks:
            self._masks.append(0)
        index = super().add(key)
        self._masks[index] |= self._of_agent[key[-1]].profile.bit
        return index

    def _split(self, index: int) -> None:
        super()._split(index)
        self._masks[index : index + 1] = map(self._found, self._blocks[index : index + 2])

    def _drop(self, index: int) -> None:
        super()._drop(index)
        del self._masks[index]

    def among(self, mask: int) -> Iterator[Entry]:
        """Those whose profile is in a mask, in order.

        Blocks where no such profile is are passed over. Where one was and has left, the block is looked through in vain
        once: then it knows.
        """
        of_agent = self._of_agent
        for index, block in enumerate(self._blocks):
            if not self._masks[index] & mask:
                continue
            is_vain = True
            for entry in block:
                if mask & of_agent[entry[-1]].profile.bit:
                    is_vain = False
                    yield entry
            if is_vain:
                self._masks[index] = self._found(block)

    def _found(self, block: list[Entry]) -> int:
        """The profiles of those in a block, as a mask."""
        mask = 0
        for bit in {self._of_agent[entry[-1]].profile.bit for entry in block}:
            mask |= bit
        return mask
