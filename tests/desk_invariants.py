"""What must hold of work items and bots between any two batches."""

from __future__ import annotations

from orchestra.engine.engine import Engine

__all__ = ["check"]


def check(engine: Engine) -> None:
    """Everything that must hold."""
    _check_work(engine)
    _check_bots(engine)


def _check_work(engine: Engine) -> None:
    view = engine.view
    alone = {name for name, row in view.contacts.interactions.items() if row.conversation is None}
    assert alone == set(view.work.items), "work items, and they alone, are part of no conversation"
    keys = [(row.channel, row.key) for row in view.work.items.values()]
    assert len(keys) == len(set(keys)), "a work item was opened twice"
    for name, row in view.work.items.items():
        interaction = view.contacts.interactions[name]
        assert not interaction.live
        assert interaction.state not in ("HELD", "ABANDONED", "DEFLECTED")
        assert row.case in (None, interaction.case), f"{name} belongs to another case than it was opened for"
        assert view.timers.get("contacts.idle", name) is None, f"{name} would be over because nobody writes in it"
        if name in view.routing.items:
            assert view.routing.items[name].due_us == row.due_us


def _check_bots(engine: Engine) -> None:
    view = engine.view
    assert set(view.bots.bots) == {name for name, agent in view.presence.agents.items() if agent.kind == "bot"}
    for name, bench in view.routing.benches.items():
        assert bench.kind == view.presence.agents[name].kind
    for name, bot in view.bots.in_hand.items():
        row = view.contacts.interactions[name]
        assert (row.agent, row.state in ("ACTIVE", "HELD", "PARKED")) == (bot, True), f"{name} is not with {bot}"
        due_us = view.timers.get("bots.silent", name)
        # A plan may since allow longer or shorter.
        assert due_us is None or due_us > engine.now_us, f"{bot} has owed an answer in {name} for too long"
    for name, item in view.routing.items.items():
        if item.for_people and item.state in ("OFFERED", "TAKEN") and item.held_by not in view.bots.bots:
            assert name not in view.bots.in_hand, f"{name} was handed over and is still with a bot"
