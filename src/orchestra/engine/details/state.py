"""References and fields as they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from orchestra.engine.section import Evolve, Rows, Slice
from orchestra.model import events as e

__all__ = ["EVOLVE", "Details", "Value"]

Value = str | int | bool


class Details(Slice):
    """`refs` is the application's key -> id, `fields` is id -> field -> value."""

    TABLES: ClassVar = {"refs": None, "fields": None}

    refs: dict[str, str]
    fields: dict[str, dict[str, Value]]

    def reindex(self) -> None:
        """Rebuild the look-up of references by what they name."""
        self.refs_of: dict[str, dict[str, int]] = {}
        for ref, target in self.refs.items():
            self.refs_of.setdefault(target, {})[ref] = 1

    def take_out(self, keys: Mapping[str, Sequence[str]]) -> None:
        """Forget what the application called somebody, and their things."""
        for ref in keys["refs"]:
            self.refs_of.pop(self.refs[ref], None)
        super().take_out(keys)

    def put_back(self, rows: Rows) -> None:
        """Know it again."""
        super().put_back(rows)
        for ref in rows["refs"][0]:
            self.refs_of.setdefault(self.refs[ref], {})[ref] = 1

    def ref_added(self, event: e.RefAdded, at_us: int) -> None:
        """The reference names the target."""
        self.refs[event.ref] = event.target
        self.refs_of.setdefault(event.target, {})[event.ref] = 1

    def fields_set(self, event: e.FieldsSet, at_us: int) -> None:
        """Set the fields, or remove them."""
        fields = self.fields.setdefault(event.target, {})
        for name, value in event.fields.items():
            if value is None:
                fields.pop(name, None)
            else:
                fields[name] = value
        if not fields:
            del self.fields[event.target]

    def erased(self, event: e.CustomerErased, at_us: int) -> None:
        """What the application knows the customer by is forgotten, too."""
        self.fields.pop(event.customer, None)
        for ref in self.refs_of.pop(event.customer, ()):
            del self.refs[ref]


EVOLVE: dict[type[e.Event], Evolve] = {
    e.RefAdded: Details.ref_added,
    e.FieldsSet: Details.fields_set,
    e.CustomerErased: Details.erased,
}
