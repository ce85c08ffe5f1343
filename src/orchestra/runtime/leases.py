"""Device leases: who was heard of when. Only a loss or a return becomes a command."""

from __future__ import annotations

import anyio

from orchestra.errors import CommandRefused, JournalUnavailable
from orchestra.model.commands import LoseDevice, ReturnDevice
from orchestra.model.structure import microseconds
from orchestra.runtime.owner import Owner

__all__ = ["Leases"]

Device = tuple[str, str]
"""(agent, device)."""


class Leases:
    """Watches the devices of signed-in agents. A device that this process itself works needs no heartbeat."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._heard_us: dict[Device, int] = {}
        self._own: dict[Device, int] = {}
        now_us = owner.clock.now_us()
        for name, agent in owner.view.presence.agents.items():
            for device in agent.devices:
                self._heard_us[name, device] = now_us  # after a restart every device has one grace

    def hold(self, agent: str, device: str) -> None:
        """This process works the device: it is never lost while the process lives."""
        self._own[agent, device] = self._own.get((agent, device), 0) + 1

    def let_go(self, agent: str, device: str) -> None:
        """This process no longer works the device; from now on it must be heard of."""
        count = self._own.get((agent, device), 0) - 1
        if count > 0:
            self._own[agent, device] = count
        else:
            self._own.pop((agent, device), None)
            self._heard_us[agent, device] = self._owner.clock.now_us()

    async def heartbeat(self, agent: str, device: str) -> None:
        """The device was heard of. One that counted as lost is back."""
        self._heard_us[agent, device] = self._owner.clock.now_us()
        row = self._owner.view.presence.agents.get(agent)
        if row is None or row.devices.get(device, False):
            return
        await self._owner.execute(ReturnDevice(agent, device))

    async def watch_for_ever(self) -> None:
        """Look for silent devices, four times in a lease."""
        while not self._owner.is_closing:
            lease_us = microseconds(self._owner.view.plan.presence.device_lease)
            await self._owner.clock.sleep_until(self._owner.clock.now_us() + max(lease_us // 4, 50_000))
            try:
                await self.look()
            except (CommandRefused, JournalUnavailable):
                await anyio.lowlevel.checkpoint()  # the next look tries again

    async def look(self) -> None:
        """Report every device that has been silent for longer than its lease."""
        now_us = self._owner.clock.now_us()
        horizon_us = now_us - microseconds(self._owner.view.plan.presence.device_lease)
        for agent, device in self._signed_in():
            heard_us = self._heard_us.setdefault((agent, device), now_us)
            if heard_us < horizon_us and (agent, device) not in self._own:
                await self._owner.execute(LoseDevice(agent, device))

    def _signed_in(self) -> list[Device]:
        agents = self._owner.view.presence.agents
        signed_in = [(name, device) for name, row in agents.items() for device, ok in row.devices.items() if ok]
        known = {(name, device) for name, row in agents.items() for device in row.devices}
        for gone in self._heard_us.keys() - known:
            del self._heard_us[gone]
        return signed_in
