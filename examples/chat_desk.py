"""One process, one event loop: own a workspace, let an agent answer chats, and see each case resolved.

The block of `Workspace.open` is the life of the workspace: timers ring, messages are sent, and leaving it stores what
was decided and ends the rest. Inside it, agents and feeds are ordinary tasks. The chat provider is the one in memory
that ships for tests, so this runs as it is: `python examples/chat_desk.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import anyio

from orchestra import Account, Line, Plan, Workspace, events
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.loopback.transport import LoopbackProvider, LoopbackTransport

PLAN = Plan.load(Path(__file__).with_name("plan.toml"))


async def work(ws: Workspace, agent: str) -> None:
    """An agent who answers whatever is offered, until cancelled."""
    session = await ws.sign_in(agent)
    async for offer in session.offers():
        contact = await offer.accept()
        await contact.reply("Hello, I have your order in front of me.")
        await contact.finish(disposition="resolved")


async def main(journal: str = "memory:", customers: int = 3) -> list[str]:
    """Take one message from each customer; give the numbers of the cases, in the order in which they were resolved."""
    account = Account(route_key="hooks-7f3a", channel="loopback", id="shop", secrets={"signing": ("an example",)})
    provider = LoopbackProvider(account)
    chat = Line("chat", LoopbackAdapter(), account, LoopbackTransport(provider))
    resolved: list[str] = []
    async with Workspace.open(PLAN, journal, channels=[chat]) as ws, anyio.create_task_group() as tasks:
        tasks.start_soon(work, ws, "ana")
        for who in [f"customer-{number}" for number in range(customers)]:
            now = datetime.now(UTC)
            news = provider.customer_writes("Where is my order?", at=now, sender=who, conversation=who)
            await ws.webhook(account.route_key, news)
        async for record in ws.events(types=[events.CaseResolved]):
            if isinstance(record.event, events.CaseResolved):
                resolved.append((await ws.case(record.event.case)).number)
            if len(resolved) == customers:
                tasks.cancel_scope.cancel()
    return resolved


if __name__ == "__main__":
    print("resolved:", *anyio.run(main))
