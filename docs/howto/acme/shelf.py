"""Journals in this process's memory, by name: unlike `memory:`, several openers can share one.

So an owner and its clients can be tried in one process without a file: `shelf:trial`.
"""

from __future__ import annotations

from orchestra.journal.memory import MemoryJournal, MemoryStore

__all__ = ["ShelfJournal"]

_STORES: dict[str, MemoryStore] = {}


class ShelfJournal(MemoryJournal):
    """The journal that stands under that name, made if there is none."""

    contract_version = 1

    def __init__(self, name: str) -> None:
        super().__init__(_STORES.setdefault(name, MemoryStore()))
