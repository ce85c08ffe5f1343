"""Commands: agents."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command
from orchestra.model.private import private

__all__ = ["DefineAgent", "LoseDevice", "RemoveAgent", "ReturnDevice", "SetAvailable", "SetAway", "SignIn", "SignOut"]


@attrs.define
class DefineAgent(Command):
    """Add an agent or replace their profile. Skills are skill -> level; capacity is a percentage of a full budget.

    `kind` is `person` or `bot`.
    """

    agent: str
    teams: list[str]
    skills: dict[str, int] = attrs.field(factory=dict)
    roles: list[str] = attrs.field(factory=list)
    capacity_percent: int = 100
    name: str | None = private()
    kind: str = "person"
    position: int = 0


@attrs.define
class RemoveAgent(Command):
    """Take an agent out. Their offers end, their interactions queue again, their cases go back to the team."""

    agent: str


@attrs.define
class SignIn(Command):
    """Begin to work, on one device. Signing in on another device adds it."""

    agent: str
    device: str = "main"


@attrs.define
class SignOut(Command):
    """Stop working on all devices. Offers are taken back; work in hand queues again or stays, as its channel says."""

    agent: str
    reason: str = "signed_out"


@attrs.define
class SetAway(Command):
    """Take no new work, with a reason from the plan's list or any text."""

    agent: str
    reason: str


@attrs.define
class SetAvailable(Command):
    """Take new work again."""

    agent: str


@attrs.define
class LoseDevice(Command):
    """A device's lease ran out. With the last device gone offers end, and after the grace work in hand queues again."""

    agent: str
    device: str


@attrs.define
class ReturnDevice(Command):
    """A lost device is back."""

    agent: str
    device: str
