"""Moves of the random workload that commit the company, contradict it, and settle that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol, TypeVar

from orchestra.engine.engine import Engine
from orchestra.model import commands as c
from orchestra.model.definitions import CommitmentAttribute, Commitments
from tests.engine_driver import MINUTE

__all__ = ["WEIGHTS", "dispute", "swarm_commitments"]

Value = TypeVar("Value")

SUBJECTS = ("order:1", "order:2")
OFFICES = ("back_office:billing", "back_office:carrier", "back_office:erp")
SPEAKERS = (None, "agent:ana", "agent:bob", *OFFICES)
VALUES: Mapping[str, Sequence[int | str]] = {
    "price": (4900, 5200, 5900),
    "delivery": ("2023-11-15", "2023-11-17"),
    "remedy": ("repair", "replacement", "voucher"),
}


class Chooser(Protocol):
    """Where choices come from."""

    def pick(self, options: Sequence[Value]) -> Value:
        """One of the options; there is at least one."""
        ...

    def number(self, least: int, most: int) -> int:
        """A number from `least` to `most`, both included."""
        ...

    def chance(self, percent: int) -> bool:
        """True about so often."""
        ...


def swarm_commitments(settle: str = "unless_worse") -> Commitments:
    """Prices, days and remedies; what is said of them does not last long."""
    return Commitments(
        attributes={
            "price": CommitmentAttribute("money", "lower", "EUR", lasts=timedelta(minutes=20)),
            "delivery": CommitmentAttribute("date", "earlier", lasts=None),
            "remedy": CommitmentAttribute("action", actions=["replacement", "repair", "voucher"]),
        },
        authorities={"carrier": 30, "billing": 10, "manager": 20},
        settle=settle,
        tasks="task",
        decisions="task",
    )


def _said(engine: Engine, choose: Chooser) -> dict[str, object]:
    attribute = choose.pick(sorted(VALUES))
    newest = list(engine.view.commitments.statements)[-6:]
    return {
        "subject": choose.pick(SUBJECTS),
        "attribute": attribute,
        "value": choose.pick(VALUES[attribute]),
        "from_us": choose.pick([None, None, None, engine.now_us + 5 * MINUTE]),
        "until_us": choose.pick([None, None, engine.now_us + choose.number(1, 20) * MINUTE]),
        "authority": choose.pick([None, None, None, "manager"]),
        "source": choose.pick([None, "bill:7"]),
        "supersedes": choose.pick(newest) if newest and choose.chance(15) else None,
    }


def make_commitment(engine: Engine, choose: Chooser) -> c.Command | None:
    cases = list(engine.view.cases.cases)[-12:]
    if not cases:
        return None
    case = choose.pick(cases)
    customer = engine.view.cases.cases[case].customer if choose.chance(20) else None
    whose = {"customer": customer} if customer else {"case": case}
    return c.MakeCommitment(**_said(engine, choose), **whose, actor=choose.pick(SPEAKERS))  # type: ignore[arg-type]


def report_fact(engine: Engine, choose: Chooser) -> c.Command | None:
    cases = list(engine.view.cases.cases)[-12:]
    case = choose.pick(cases) if cases and choose.chance(30) else None
    return c.ReportFact(**_said(engine, choose), case=case, actor=choose.pick(OFFICES))  # type: ignore[arg-type]


def settle_conflict(engine: Engine, choose: Chooser) -> c.Command | None:
    own = engine.view.commitments
    if not own.conflicts:
        return None
    name = choose.pick(sorted(own.conflicts))
    keep = choose.pick(sorted(own.statements if choose.chance(5) else own.conflicts[name].statements))
    return c.SettleConflict(name, keep, "decided")


def withdraw_commitment(engine: Engine, choose: Chooser) -> c.Command | None:
    statements = list(engine.view.commitments.statements)[-6:]
    return c.WithdrawCommitment(choose.pick(statements), "typo") if statements else None


def dispute(engine: Engine, choose: Chooser) -> Iterable[c.Command]:
    """Something is said, something is sent about it, others contradict it, and that may be settled."""
    cases = list(engine.view.cases.cases)[-12:]
    if not cases:
        return
    case, subject = choose.pick(cases), choose.pick(SUBJECTS)
    yield c.MakeCommitment(subject, "price", 4900, case=case, actor="agent:ana")
    if choose.chance(50):
        yield c.SendMessage(case, f"about{engine.position}", "delay", subject=subject, text="it costs 49")
    yield c.ReportFact(subject, "price", 5900, authority="manager", actor=choose.pick(OFFICES))
    for _ in range(choose.number(0, 2)):
        yield c.MakeCommitment(subject, "price", choose.pick([5200, 5700]), case=case, actor=choose.pick(SPEAKERS))
    open_ = engine.view.commitments.open_on.get((subject, "price"))
    if open_ is not None and choose.chance(60):
        yield c.SettleConflict(open_, choose.pick(sorted(engine.view.commitments.conflicts[open_].statements)))


def send_about(engine: Engine, choose: Chooser) -> c.Command | None:
    cases = list(engine.view.cases.cases)[-12:]
    if not cases:
        return None
    return c.SendMessage(
        choose.pick(cases), f"about{engine.position}", "delay", subject=choose.pick(SUBJECTS), text="it"
    )


WEIGHTS: Mapping[Callable[[Engine, Chooser], c.Command | None], int] = {
    make_commitment: 6,
    report_fact: 4,
    settle_conflict: 3,
    withdraw_commitment: 1,
    send_about: 3,
}
"""Move -> how often it is made, relative to the others."""
