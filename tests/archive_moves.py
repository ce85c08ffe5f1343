"""Moves of a random workload by which customers come to rest, so that they can be archived."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.engine import Engine
from orchestra.model import commands as c
from tests.moves import Chooser

__all__ = ["settle"]


def settle(engine: Engine, choose: Chooser) -> Iterator[c.Command]:
    """What ends all that goes on of one customer."""
    names = sorted(engine.view.identity.customers)
    if not names:
        return
    ids = engine.view.identity.group(choose.pick(names))
    for name, row in sorted(engine.view.contacts.interactions.items()):
        if row.customer in ids and not row.is_final:
            yield c.CancelInteraction(name, "settled")
    for name, delivery in sorted(engine.view.deliveries.deliveries.items()):
        if delivery.customer in ids and delivery.state == "PENDING":
            yield c.CancelDelivery(name, "settled")
    for name, statement in sorted(engine.view.commitments.statements.items()):
        if statement.customer in ids and statement.conflict is None:
            yield c.WithdrawCommitment(name, "settled")
    for name, case in sorted(engine.view.cases.cases.items()):
        if case.customer in ids and case.into is None and case.state != "CLOSED":
            yield c.ResolveCase(name)
            yield c.CloseCase(name)
