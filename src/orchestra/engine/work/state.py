"""Work items as they were opened, and the keys that they were opened under."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import attrs

from orchestra.engine.section import Evolve, Rows, Slice
from orchestra.model import events as e

__all__ = ["EVOLVE", "Work", "WorkItem"]


@attrs.define
class WorkItem:
    """What was asked for, by the id of its interaction. `case` is None if it was opened for a new one."""

    channel: str
    key: str
    case: str | None
    due_us: int | None


class Work(Slice):
    """Work items by interaction. Kept as long as their interactions: a key is taken once for ever."""

    TABLES: ClassVar = {"items": WorkItem}

    items: dict[str, WorkItem]

    def reindex(self) -> None:
        """Rebuild the look-up by channel and key."""
        self.by_key = {(row.channel, row.key): name for name, row in self.items.items()}

    def take_out(self, keys: Mapping[str, Sequence[str]]) -> None:
        """Forget items that are over."""
        for name in keys["items"]:
            row = self.items[name]
            del self.by_key[row.channel, row.key]
        super().take_out(keys)

    def put_back(self, rows: Rows) -> None:
        """Know them again."""
        super().put_back(rows)
        self.by_key.update(((self.items[name].channel, self.items[name].key), name) for name in rows["items"][0])

    def opened(self, event: e.WorkItemOpened, at_us: int) -> None:
        """Remember the item under its key."""
        self.items[event.interaction] = WorkItem(event.channel, event.key, event.case, event.due_us)
        self.by_key[event.channel, event.key] = event.interaction


EVOLVE: dict[type[e.Event], Evolve] = {e.WorkItemOpened: Work.opened}
