"""The short programs by which the library is introduced, with only their names filled in."""

from __future__ import annotations

from pathlib import Path

import anyio

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
        await ws.receive(_form(1))
        async for offer in ana.offers():
            contact = await offer.accept()
            await contact.reply("Hello, I have your order in front of me.")
            await contact.finish(disposition="resolved")
            break
        assert (await ws.case(contact.case.id)).state == "RESOLVED"


def test_without_await_in_any_worker(owner: str) -> None:
    ws = orchestra.blocking.connect(owner)
    got = ws.receive(_form(1))
    assert got.case.number == "C-000001"
    ws.close()


async def test_the_stateless_form_the_feed_and_the_application_s_own_keys() -> None:
    async with Workspace.open(PLAN) as ws, anyio.create_task_group() as tasks:
        await ws.sign_in("ana")
        got = await ws.receive(_form(1))
        await ws.execute(AddRef(got.case.id, "order:81"))
        async for made in ws.events(types=[OfferMade]):
            assert isinstance(made.event, OfferMade)
            offer_id, token, position = made.event.offer, made.event.token, made.position
            break
        await ws.execute(AcceptOffer(offer_id, agent="ana", token=token))
        await ws.execute(ResolveCase(ref("order:81")))
        async for record in ws.events(after=position, types=[CaseResolved]):
            assert isinstance(record.event, CaseResolved)
            assert record.event.case == got.case.id
            break
        tasks.cancel_scope.cancel()
