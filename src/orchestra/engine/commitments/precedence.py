"""Which of several statements holds: by supersession, authority, detail, the customer's favour, or age."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce

import attrs

from orchestra.engine.commitments.comparison import differs, is_better
from orchestra.engine.commitments.state import Statement, age
from orchestra.model.definitions import CommitmentAttribute, Commitments

__all__ = ["RULES", "Proposal", "effect_of", "prevailing", "propose"]

Statements = Mapping[str, Statement]
Named = tuple[str, Statement]
"""Id and row of a statement."""


@attrs.frozen
class Proposal:
    """What precedence proposes: the statement to keep, the rule that decided, and what it would mean."""

    keep: str
    rule: str
    effect: str


def _supersession(plan: Commitments, one: Named, other: Named) -> bool | None:
    if _supersedes(one, other):
        return True
    return False if _supersedes(other, one) else None


def _supersedes(one: Named, other: Named) -> bool:
    """Explicitly; and what a back office tells now goes before what it told before."""
    is_its_own = one[1].kind == "fact" and one[1].speaker == other[1].speaker and _newest_of(one, other)
    return is_its_own or one[1].supersedes == other[0]


def _authority(plan: Commitments, one: Named, other: Named) -> bool | None:
    return _higher(*(plan.authorities.get(row.authority or "", 0) for _, row in (one, other)))


def _specific(plan: Commitments, one: Named, other: Named) -> bool | None:
    return _higher(*(_detail(row) for _, row in (one, other)))


def _detail(row: Statement) -> int:
    """What was said for a case is more specific than for a customer, and that than in general; then what has an end."""
    return 2 * ((row.customer is not None) + (row.case is not None)) + (row.until_us is not None)


def _favourable(plan: Commitments, one: Named, other: Named) -> bool | None:
    return is_better(_attribute(plan, one[1]), one[1], other[1])


def _newest(plan: Commitments, one: Named, other: Named) -> bool:
    return _newest_of(one, other)


def _newest_of(one: Named, other: Named) -> bool:
    return age(one[0]) > age(other[0])


def _higher(one: int, other: int) -> bool | None:
    return None if one == other else one > other


RULES: Mapping[str, Callable[[Commitments, Named, Named], bool | None]] = {
    "supersession": _supersession,
    "authority": _authority,
    "specific": _specific,
    "favourable": _favourable,
    "newest": _newest,
}
"""Rule -> whether the first of two statements goes before the second by it; None if it does not tell them apart."""


def prevailing(plan: Commitments, statements: Statements, one: str, other: str) -> tuple[str, str]:
    """The one of two statements that holds, and the first rule that tells them apart."""
    pair = (one, statements[one]), (other, statements[other])
    told = ((rule, goes_first) for rule, tell in RULES.items() if (goes_first := tell(plan, *pair)) is not None)
    rule, goes_first = next(told)  # the last rule tells any two apart
    return (one if goes_first else other), rule


def propose(plan: Commitments, statements: Statements, names: Iterable[str]) -> Proposal:
    """What precedence proposes for statements of one conflict; the rule is the one that told the best two apart."""

    def better(one: str, other: str) -> str:
        return prevailing(plan, statements, one, other)[0]

    ordered = sorted(names, key=age)
    keep = reduce(better, ordered)
    ended = [name for name in ordered if differs(statements[name], statements[keep])]
    _, rule = prevailing(plan, statements, keep, reduce(better, ended))
    return Proposal(keep, rule, effect_of(plan, statements, keep, ended))


def effect_of(plan: Commitments, statements: Statements, keep: str, ended: Iterable[str]) -> str:
    """What it means for whoever was told what is `ended` that `keep` holds.

    Returns:
        `none` if no commitment is ended, `worse` if what holds is worse than one of them, `unclear` if that is not
        known of one of them, else `better`.
    """
    holds = statements[keep]
    told = [statements[name] for name in ended if statements[name].kind == "commitment"]
    better = [is_better(_attribute(plan, holds), holds, row) for row in told]
    if not better:
        return "none"
    if False in better:
        return "worse"
    return "unclear" if None in better else "better"


def _attribute(plan: Commitments, row: Statement) -> CommitmentAttribute:
    return plan.attributes[row.attribute]
