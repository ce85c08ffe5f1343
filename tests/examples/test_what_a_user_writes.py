"""The short programs by which the library is introduced, with only their names filled in."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import orchestra
from orchestra import Email, Message, Plan, Workspace, ref
from orchestra.model.commands import AcceptOffer, AddRef, ResolveCase
from orchestra.model.events import CaseResolved, OfferMade

PLAN = Path(__file__).resolve().parents[2] / "examples" / "plan.toml"


def _form(number: int) -> Message:
    return Message("web-form", id=f"f{number}", sender=Email(f"joe-{number}@example.org"), text="Where is my order?")


async def test_an_agent_at_work(tmp_path: Path) -> None:
    plan = Plan.load(PLAN)
    async with Workspace.open(plan, journal=f"sqlite:{tmp_path / 'contacts.db'}") as ws:
        ana = await ws.sign_in("ana")
        for number in range(3):
            await ws.receive(_form(number))
        answered = []
        async with aclosing(ana.offers()) as offers:
            async for offer in offers:
                contact = await offer.accept()
                await contact.reply("Hello, I have your order in front of me.")
                await contact.finish(disposition="resolved")
                answered.append((await ws.case(contact.case.id)).state)
                if len(answered) == 3:
                    break
        assert answered == ["RESOLVED"] * 3


def test_without_await_in_any_worker(owner: str) -> None:
    ws = orchestra.blocking.connect(owner)
    got = ws.receive(_form(1))
    assert got.case.number == "C-000001"
    ws.close()


async def test_every_call_has_a_stateless_form_and_takes_the_application_s_own_keys() -> None:
    async with Workspace.open(PLAN) as ws:
        await ws.sign_in("ana")
        got = await ws.receive(_form(1))
        await ws.execute(AddRef(got.case.id, "order:81"))
        async with aclosing(ws.events(types=[OfferMade])) as feed:
            made = (await anext(feed)).event
        assert isinstance(made, OfferMade)
        offer_id, token = made.offer, made.token
        await ws.execute(AcceptOffer(offer_id, agent="ana", token=token))
        await ws.execute(ResolveCase(ref("order:81")))
        assert (await ws.case(ref("order:81"))).state == "RESOLVED"


async def test_the_feed_goes_on_from_a_position() -> None:
    async with Workspace.open(PLAN) as ws:
        cases, position = [], 0
        for number in range(3):
            got = await ws.receive(_form(number))
            await ws.execute(ResolveCase(got.case.id))
            async with aclosing(ws.events(after=position, types=[CaseResolved])) as feed:
                async for record in feed:
                    assert isinstance(record.event, CaseResolved)
                    cases.append(record.event.case)
                    position = record.position
                    break
        assert cases == ["ca1", "ca2", "ca3"]
