"""Commands: supervision. Agents may give them only if a role of theirs names them."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command, Id
from orchestra.model.private import private

__all__ = ["BargeIn", "MonitorInteraction", "StopMonitoring", "TakeOver", "Whisper"]


@attrs.define
class MonitorInteraction(Command):
    """Listen to an interaction that another agent has, unheard."""

    interaction: Id
    agent: str


@attrs.define
class StopMonitoring(Command):
    """Listen no more."""

    interaction: Id
    agent: str


@attrs.define
class Whisper(Command):
    """Say something to the agent whose interaction this supervisor listens to; the customer does not hear it."""

    interaction: Id
    agent: str
    text: str | None = private()


@attrs.define
class BargeIn(Command):
    """Talk with the customer of an interaction that this supervisor listens to, too; it stays the other agent's."""

    interaction: Id
    agent: str


@attrs.define
class TakeOver(Command):
    """Have an interaction instead of its agent, as the supervisor who listens or has barged in."""

    interaction: Id
    agent: str
