"""One customer on the phone, on the company's page and by mail: one case, one agent, one answer.

Calls come by Twilio, comments by Facebook, mails by any server; all of them to one web door:

    async with Workspace.open(PLAN, "sqlite:contacts.db", channels=lines(...)) as ws, app.serving(ws):
        tasks.start_soon(recognise, ws, CUSTOMER_FILE)
        await work(ws, "ana", "Your shoes leave today.")
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestra import Account, Email, Handle, Line, Phone, Plan, Workspace, events
from orchestra.channels.registry import find_adapter
from orchestra.channels.transport import Transport

__all__ = ["PLAN", "lines", "recognise", "work"]

PLAN = Plan.parse("""
[workspace]
name = "shoes"
default_queue = "care"

[teams.care]

[queues.care]
team = "care"

[channels.voice]
live = true
weight_percent = 50
connects = "20s"
wrap_up = "0s"
calls = { goodbye = "Thank you. Goodbye." }

[channels.page]
weight_percent = 20

[channels.mail]
weight_percent = 20

[cases.dispositions.resolved]
resolves = true

[[rules]]
name = "say in public that somebody cares, and nothing else"
on = "InteractionAttached"
when = { field = "interaction.channel", value = "page" }
do = [{ do = "acknowledge", text = "Thank you for telling us. We are in touch with you directly." }]

[agents.ana]
teams = ["care"]

[agents.ben]
teams = ["care"]
""")


def lines(voice: Account, page: Account, mail: Account, web: Transport, post: Transport) -> list[Line]:
    """The shop's number, page and address; `web` reaches Twilio's and Facebook's servers, `post` those for mails."""
    return [
        Line("voice", find_adapter("twilio_voice"), voice, web),
        Line("page", find_adapter("facebook_page"), page, web),
        Line("mail", find_adapter("mail"), mail, post),
    ]


async def recognise(ws: Workspace, customer_file: Mapping[str, Sequence[Email | Handle | Phone]]) -> None:
    """Whoever calls from a number of the shop's customer file is known by all that stands there: phone -> the rest."""
    async for record in ws.events(types=[events.CustomerAdded]):
        if isinstance(record.event, events.CustomerAdded):
            for address in customer_file.get(record.event.value or "", ()):
                await ws.link_address(record.event.customer, address, "customer file")


async def work(ws: Workspace, agent: str, answer: str) -> None:
    """An agent takes a call, and what its customer writes meanwhile; answers once, in writing; and ends the call."""
    session = await ws.sign_in(agent)
    call = await (await session.next_offer()).accept()
    async for offer in session.offers():
        if offer.channel == "mail" and offer.customer == call.customer:
            mail = await offer.accept()
            await mail.reply(answer)
            await mail.finish()
            break
    await call.finish("resolved")
