"""Device leases: who was heard of when. Only a loss or a return becomes a command."""

from __future__ import annotations

from collections.abc import Mapping

import anyio

from orchestra.engine.presence.state import Agent
from orchestra.errors import JournalUnavailable
from orchestra.model import events as e
from orchestra.model.commands import LoseDevice, ReturnDevice
from orchestra.model.structure import microseconds
from orchestra.runtime.clock import sleep_until
from orchestra.runtime.owner import Owner
from orchestra.runtime.published import Bell, Published

__all__ = ["Leases"]

_PAUSE_S = 0.5

Device = tuple[str, str]
"""(agent, device)."""


class Leases:
    """Watches the devices of signed-in agents. A device that this process itself works needs no heartbeat."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._heard_us: dict[Device, int] = {}
        self._own: dict[Device, int] = {}
        self._news = Bell()
        now_us = owner.clock.now_us()
        for name, agent in owner.view.presence.agents.items():
            for device in agent.devices:
                self._heard_us[name, device] = now_us  # after a restart every device has one grace

    def due_us(self) -> int | None:
        """When the next device would count as lost; None if none can."""
        lease_us = microseconds(self._owner.view.plan.presence.device_lease)
        return min((self._heard(device) + lease_us + 1 for device in self._watched()), default=None)

    def hold(self, agent: str, device: str) -> None:
        """This process works the device: it is never lost while the process lives."""
        self._own[agent, device] = self._own.get((agent, device), 0) + 1
        self._news.ring()

    def let_go(self, agent: str, device: str) -> None:
        """This process no longer works the device; from now on it must be heard of."""
        count = self._own.get((agent, device), 0) - 1
        if count > 0:
            self._own[agent, device] = count
        else:
            self._own.pop((agent, device), None)
            self._heard_us[agent, device] = self._owner.clock.now_us()
        self._news.ring()

    async def heartbeat(self, agent: str, device: str) -> None:
        """The device was heard of. One that counted as lost is back."""
        self._heard_us[agent, device] = self._owner.clock.now_us()
        row = self._owner.view.presence.agents.get(agent)
        if row is None or row.devices.get(device, False):
            return
        await self._owner.execute(ReturnDevice(agent, device))

    def told(self, entry: Published) -> None:
        """Listen to durable events: some tell of devices."""
        if isinstance(entry.event, e.AgentSignedIn | e.DeviceReturned):
            self._heard_us[entry.event.agent, entry.event.device] = self._owner.clock.now_us()
            self._news.ring()
        elif isinstance(entry.event, e.PlanChanged):
            self._news.ring()

    async def watch_for_ever(self) -> None:
        """Report every device as lost when its lease has run out."""
        while not self._owner.is_closing:
            news = self._news.stroke
            await sleep_until(self._owner.clock, self.due_us(), news)
            try:
                await self.look()
            except JournalUnavailable:
                await anyio.sleep(_PAUSE_S)

    async def look(self) -> bool:
        """Report every device that has been silent for longer than its lease; False if none has."""
        has_found = False
        while (due_us := self.due_us()) is not None and due_us <= self._owner.clock.now_us():
            agent, device = min(self._watched(), key=self._heard)
            has_found = True
            await self._owner.execute(LoseDevice(agent, device))
        return has_found

    def _heard(self, device: Device) -> int:
        return self._heard_us.setdefault(device, self._owner.clock.now_us())

    def _watched(self) -> list[Device]:
        """Devices that count as present and must be heard of."""
        agents = self._owner.view.presence.agents
        for gone in [(name, device) for name, device in self._heard_us if not _has(agents, name, device)]:
            del self._heard_us[gone]
        present = [(name, device) for name, row in agents.items() for device, ok in row.devices.items() if ok]
        return [device for device in present if device not in self._own]


def _has(agents: Mapping[str, Agent], name: str, device: str) -> bool:
    return name in agents and device in agents[name].devices
