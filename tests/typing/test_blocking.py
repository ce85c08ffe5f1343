"""The blocking door as type checkers see it: real signatures, and the async API's own values."""

from __future__ import annotations

from typing import Any, assert_type

import orchestra
from orchestra import Handle, Message, Plan, Published, Received, blocking

PLAN = Plan.parse("""
    workspace.default_queue = "care"
    teams.care = {}
    queues.care.team = "care"
    channels.chat.live = true
    agents.ana.teams = ["care"]
""")


def test_results_have_their_types() -> None:
    with blocking.open(PLAN) as ws:
        assert_type(ws, blocking.Workspace)
        ana = assert_type(ws.sign_in("ana"), blocking.AgentSession)
        got = assert_type(ws.receive(Message("chat", id="m1", sender=Handle("joe"), text="Hello")), Received)
        offer = assert_type(ana.next_offer(), blocking.Offer)
        contact = assert_type(offer.accept(), blocking.ActiveContact)
        assert_type(contact.messages(), blocking.Stream[str])
        assert_type(ana.offers(), blocking.Stream[blocking.Offer])
        assert_type(assert_type(ws.events(), blocking.Stream[Published]).__enter__(), blocking.Stream[Published])
        assert_type(contact.customer, str)
        assert_type(ws.execute(orchestra.commands.ResolveCase(got.case.id)), Any)
        assert contact.case == got.case


def test_both_ways_to_write_it() -> None:
    assert orchestra.blocking.connect is blocking.connect
    assert_type(orchestra.blocking.connect.__name__, str)
