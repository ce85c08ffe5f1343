"""Commands: service clocks."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command

__all__ = ["PauseClock", "ResumeClock"]


@attrs.define
class PauseClock(Command):
    """Let a clock stand still for a reason, which its policy may have to allow, until the customer is heard again.

    The reason is the company's own word: no personal data belongs in it.
    """

    clock: str
    reason: str


@attrs.define
class ResumeClock(Command):
    """Let a clock go on that was paused by hand."""

    clock: str
