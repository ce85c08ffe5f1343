"""No state of its own: how far a case is, what is told of it and what is promised belong to other sections."""

from __future__ import annotations

from typing import ClassVar

from orchestra.engine.section import Evolve, Slice
from orchestra.model import events as e

__all__ = ["EVOLVE", "Progress"]


class Progress(Slice):
    """Holds nothing."""

    TABLES: ClassVar = {}


EVOLVE: dict[type[e.Event], Evolve] = {}
