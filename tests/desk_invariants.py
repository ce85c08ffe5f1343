"""What must hold of work items between any two batches."""

from __future__ import annotations

from orchestra.engine.engine import Engine

__all__ = ["check"]


def check(engine: Engine) -> None:
    """Everything that must hold."""
    _check_work(engine)


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
