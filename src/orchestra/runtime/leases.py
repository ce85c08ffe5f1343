"""Device leases: who was heard of when. Only a loss or a return becomes a command."""

from __future__ import annotations

import anyio

from orchestra.errors import CommandRefused, JournalUnavailable, Quarantined
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
    """Watches the devices of signed-in agents. A device that this process itself works needs no heartbeat.

    Who is there is read from the state as decided, which an append that fails takes back. So only durable events make a
    device forgotten, and after a reload all are looked at anew.
    """

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._heard_us: dict[str, dict[str, int]] = {}
        self._own: dict[str, set[str]] = {}
        self._news = Bell()
        self._looking = anyio.Lock()
        for name, agent in owner.view.presence.agents.items():
            for device in agent.devices:
                self._hear(name, device)  # after a restart every device has one grace

    def due_us(self) -> int | None:
        """When the next device would count as lost; None if none can."""
        lease_us = microseconds(self._owner.view.plan.presence.device_lease)
        return min((self._heard(device) + lease_us + 1 for device in self._watched()), default=None)

    def hold(self, agent: str, device: str) -> None:
        """This process works the device: it is never lost while the process lives and the agent stays signed in."""
        self._own.setdefault(agent, set()).add(device)
        self._news.ring()

    def let_go(self, agent: str, device: str) -> None:
        """This process no longer works the device; from now on it must be heard of."""
        self._own.get(agent, set()).discard(device)
        self._hear(agent, device)
        self._news.ring()

    async def heartbeat(self, agent: str, device: str) -> None:
        """The device was heard of. One that counted as lost is back."""
        row = self._owner.view.presence.agents.get(agent)
        if row is None:
            return
        if device in row.devices:
            self._hear(agent, device)
        if not row.devices.get(device, False):
            await self._owner.execute(ReturnDevice(agent, device))

    def told(self, entry: Published) -> None:
        """Listen to durable events: some tell of devices."""
        match entry.event:
            case e.AgentSignedIn(agent=agent, device=device) | e.DeviceReturned(agent=agent, device=device):
                self._hear(agent, device)
                self._news.ring()
            case e.AgentSignedOut(agent=agent) | e.AgentLost(agent=agent) | e.AgentRemoved(agent=agent):
                self._heard_us.pop(agent, None)
                self._own.pop(agent, None)
            case e.PlanChanged():
                self._news.ring()
            case _:
                pass

    def reloaded(self) -> None:
        """Look anew: what was decided and lost may have hidden a device."""
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
        async with self._looking:  # two who looked at once would both report the same device
            has_found = False
            while (due_us := self.due_us()) is not None and due_us <= self._owner.now_us:
                has_found = True
                await self._report(*min(self._watched(), key=self._heard))
            return has_found

    async def _report(self, agent: str, device: str) -> None:
        try:
            await self._owner.execute(LoseDevice(agent, device))
        except Quarantined:
            self._hear(agent, device)  # it keeps nobody from looking after the others, and has its turn again later
        except CommandRefused:
            pass  # signed out, or heard of, while this waited for its turn

    def _hear(self, agent: str, device: str) -> None:
        self._heard_us.setdefault(agent, {})[device] = self._owner.now_us

    def _heard(self, device: Device) -> int:
        agent, name = device
        return self._heard_us.setdefault(agent, {}).setdefault(name, self._owner.now_us)

    def _watched(self) -> list[Device]:
        """Devices of people that count as present and must be heard of; what becomes of a bot's work, a timer tells."""
        people = [(name, row) for name, row in self._owner.view.presence.agents.items() if row.kind == "person"]
        present = [(name, device) for name, row in people for device, answers in row.devices.items() if answers]
        return [(name, device) for name, device in present if device not in self._own.get(name, ())]
