"""What every command is, and what may stand for an id in one."""

from __future__ import annotations

import attrs

from orchestra.model.addresses import Actor, Ref

__all__ = ["Command", "Id"]

Id = str | Ref
"""An id that a result or event gave, or the application's own reference."""


@attrs.define
class Command:
    """Something asked of the engine, by `actor`.

    `seen` is the version of the customer's engagement that the giver knows; if it has changed since, the command is
    refused, with what came between.
    """

    actor: Actor | None = attrs.field(default=None, kw_only=True)
    seen: int | None = attrs.field(default=None, kw_only=True)
