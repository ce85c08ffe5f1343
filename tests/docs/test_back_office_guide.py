"""The how-to guide for back offices: its example, in which the back office signs as the standard's own library does."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from standardwebhooks.webhooks import Webhook

from orchestra import Handle, Line, Message, Plan, Workspace, ref
from orchestra.channels.account import Account
from orchestra.channels.registry import find_adapter
from orchestra.channels.wire import RawRequest
from orchestra.model.commands import AddRef

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

ERP = Account(route_key="r-4b11e9", channel="standard_webhooks", id="erp", secrets={"signing": (SECRET,)})

PLAN = Plan.parse("""
workspace.default_queue = "care"
teams.care = {}
queues.care.team = "care"
channels.erp = {}
channels.web = {}
agents.ana.teams = ["care"]

[case_types.order]
topics = ["order"]
silent = true  # the shop confirms orders itself
stages = [{ name = "received" }, { name = "packed" }, { name = "shipped" }]
""")


def from_erp(name: str, at: str, stage: str, **more: str) -> RawRequest:
    event = {"type": "progress.posted", "timestamp": at, "data": {"ref": "order:81", "stage": stage, **more}}
    body, now = json.dumps(event), datetime.now(UTC)
    headers = (
        ("webhook-id", name),
        ("webhook-timestamp", str(int(now.timestamp()))),
        ("webhook-signature", Webhook(SECRET).sign(name, now, body)),
    )
    return RawRequest(
        method="POST",
        url="https://acme.example/hooks/r-4b11e9",
        headers=headers,
        body=body.encode(),
        received_at=now,
    )


async def test_a_case_goes_on_by_what_the_erp_tells() -> None:
    line = Line("erp", find_adapter("standard_webhooks"), ERP)
    async with Workspace.open(PLAN, channels=[line]) as ws:
        got = await ws.receive(Message("web", id="1", sender=Handle("joe"), text="One kettle, please.", topic="order"))
        assert got.case is not None
        await ws.execute(AddRef(got.case.id, "order:81"))  # under this the ERP knows it

        shipped = from_erp("msg_2", "2026-01-05T12:00:00Z", "shipped", due="2099-01-07T12:00:00Z", reason="no driver")
        packed = from_erp("msg_1", "2026-01-05T11:00:00Z", "packed")
        for request in (shipped, packed, shipped):  # late, and twice
            assert (await ws.webhook("r-4b11e9", request)).status == 200

        assert (await ws.progress(ref("order:81"))).stage == "shipped"


async def test_a_case_goes_on_by_a_file(tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text(
        "ref,stage,at,due,reason\n"
        "order:81,packed,2026-01-05T11:00:00Z,,\n"
        "order:81,shipped,2026-01-05T12:00:00Z,2099-01-07T12:00:00Z,no driver\n"
    )
    async with Workspace.open(PLAN) as ws:
        got = await ws.receive(Message("web", id="1", sender=Handle("joe"), text="One kettle, please.", topic="order"))
        assert got.case is not None
        await ws.execute(AddRef(got.case.id, "order:81"))

        done = await ws.take_progress(orders, account="erp/main")
        assert (done.taken, done.rejected) == (2, 0)
        assert (await ws.progress(ref("order:81"))).stage == "shipped"

        again = await ws.take_progress(orders, account="erp/main")
        assert (again.taken, again.known) == (0, 2)


async def test_who_does_not_know_the_secret_is_refused() -> None:
    line = Line("erp", find_adapter("standard_webhooks"), ERP)
    async with Workspace.open(PLAN, channels=[line]) as ws:
        genuine = from_erp("msg_1", "2026-01-05T11:00:00Z", "packed")
        forged = RawRequest(
            method="POST", url=genuine.url, headers=genuine.headers, body=b"{}", received_at=genuine.received_at
        )
        assert (await ws.webhook("r-4b11e9", forged)).status == 401
