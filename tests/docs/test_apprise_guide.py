"""The how-to guide for Apprise: its example, with a real service on loopback."""

from __future__ import annotations

from tests.notified_service import notified_service

from orchestra import Handle, Line, Message, Plan, Workspace
from orchestra.channels.account import Account
from orchestra.channels.apprise.transport import AppriseTransport
from orchestra.channels.registry import find_adapter

ROOM = Account(route_key="r-11ce07", channel="apprise", id="signal")

PLAN = Plan.parse("""
workspace.default_queue = "care"
teams.care = {}
queues.care.team = "care"
channels.signal = {}
agents.ana.teams = ["care"]
""")


async def test_a_service_is_told() -> None:
    with notified_service() as service:
        line = Line("signal", find_adapter("apprise"), ROOM, AppriseTransport(f"{service.url}/{{recipient}}"))
        async with Workspace.open(PLAN, channels=[line]) as ws:
            ana = await ws.sign_in("ana")
            # What comes in on the service comes in another way: here, handed in by an application.
            await ws.receive(
                Message("signal", id="m-1", sender=Handle("ann", kind="signal"), text="Where is my order?")
            )

            contact = await (await ana.next_offer()).accept()
            await contact.reply("It arrives on Friday.")
            await ws.settle()
            ((path, told),) = service.told
            assert (path, told["message"]) == ("/ann", "It arrives on Friday.")
