"""What every event is."""

from __future__ import annotations

from typing import ClassVar

import attrs

__all__ = ["Event"]


@attrs.define
class Event:
    """Something that the engine decided."""

    version: ClassVar[int] = 1
