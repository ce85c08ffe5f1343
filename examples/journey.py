"""From signing up on the website to being connected: the customer hears of it before they ask.

`examples/journey.toml` says what they are told when; `orchestra preview examples/journey.toml --case-type connection`
shows it. The website calls `signed_up`, the back office `came_to`; `ask_how_it_was` runs beside them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from orchestra import Email, Message, Phone, Workspace, commands, events, ref
from orchestra.model.instants import instant

__all__ = ["PLAN", "ask_how_it_was", "came_to", "signed_up"]

PLAN = Path(__file__).with_name("journey.toml")


async def signed_up(workspace: Workspace, order: str, mail: str, phone: str, text: str) -> str:
    """Somebody has filled in the form: one case, known by the order's number, too; gives the number they are told."""
    form = Message("form", id=order, sender=Email(mail), also=[Phone(phone)], topic="connection", text=text)
    got = await workspace.receive(form)
    await workspace.execute(commands.AddRef(got.case.id, f"order:{order}"))
    assert got.interaction is not None  # a form always is one
    await workspace.execute(commands.CancelInteraction(got.interaction, "nothing to answer"))
    return got.case.number


async def came_to(
    workspace: Workspace, order: str, stage: str, *, due: datetime | None = None, reason: str | None = None
) -> None:
    """The back office says how far an order is, and by when that will be over if it knows better than the plan."""
    case = ref(f"order:{order}")
    await workspace.advance(case, stage, due=due, reason=reason)
    if stage == "ready":
        await workspace.execute(commands.ResolveCase(case))


async def ask_how_it_was(workspace: Workspace) -> None:
    """Whoever's matter is done is asked about it, once, an hour later."""
    async for record in workspace.events(types=[events.CaseResolved]):
        if isinstance(record.event, events.CaseResolved):
            case = record.event.case
            number = (await workspace.case(case)).number
            facts = {"number": number, "scale": "1 (very hard) to 7 (very easy)"}
            later = instant(record.at_us) + timedelta(hours=1)
            await workspace.plan_notice(f"survey:{case}", "survey", case=case, facts=facts, not_before=later)
