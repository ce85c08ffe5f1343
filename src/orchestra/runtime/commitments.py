"""Commitments, facts and conflicts as callers see them, and how an agent's words become a command."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import attrs

from orchestra.engine.commitments.state import Statement, age
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, MalformedMessage, UnknownId
from orchestra.model import commands as c
from orchestra.model.addresses import Ref
from orchestra.model.commitments import value_text
from orchestra.model.instants import instant, since_epoch_us
from orchestra.runtime.readers import Withheld

__all__ = [
    "CommitmentView",
    "ConflictView",
    "commitments_in",
    "conflict_view",
    "fact_of",
    "plain_value",
    "said_in_context",
    "until_us",
]

_MOST_IN_CONTEXT = 20


@attrs.frozen
class CommitmentView:
    """What was said of a subject, and holds or is in dispute.

    Attributes:
        kind: `commitment`, said to a customer, or `fact`, told by a back office.
        value: whole minor units of money, a whole quantity, a day as 2026-12-01, or the word of an action; a mark that
            says why if the reader is not shown it.
        unit: the currency or unit of a value that is shown and has one.
        text: the value as it reads: `49.00 EUR`; a mark if it is withheld.
        by: who said it: `agent:ana`, `back_office:billing`.
        valid_until: None if it holds until something else does.
        conflict: id of the open conflict that it takes part in.
    """

    id: str
    kind: str
    subject: str
    attribute: str
    value: int | str | Withheld
    unit: str | None
    text: str | Withheld
    by: str
    authority: str | None
    source: str | None
    customer: str | None
    case: str | None
    valid_from: datetime
    valid_until: datetime | None
    conflict: str | None


@attrs.frozen
class ConflictView:
    """An open conflict.

    Attributes:
        statements: those that take part, oldest first.
        keep: the one that precedence proposes to keep.
        rule: the rule that decided: `supersession`, `authority`, `specific`, `favourable` or `newest`.
        effect: what that would mean for whoever was told otherwise: `none`, `better`, `worse` or `unclear`.
    """

    id: str
    subject: str
    attribute: str
    customer: str
    case: str | None
    statements: tuple[CommitmentView, ...]
    keep: str
    rule: str
    effect: str


def commitments_in(
    view: View, subject: str | None = None, case: str | Ref | None = None, customer: str | Ref | None = None
) -> tuple[CommitmentView, ...]:
    """What was said of a subject, in a case, or to a customer, and holds or is in dispute; oldest first.

    Raises:
        InvalidCommand: not exactly one of them is given.
        UnknownId: there is no such case or customer.
    """
    if (subject is None) + (case is None) + (customer is None) != 2:
        raise InvalidCommand("subject", "give a subject, a case or a customer")
    if subject is not None:
        return _views(view, view.commitments.on_subject.get(subject, {}))
    if case is not None:
        return _views(view, _said_in(view, view.case(case)[0]))
    assert customer is not None  # it is the one that is given
    return _views(view, _said_to(view, view.customer(customer)[0]))


def said_in_context(view: View, case: str, customer: str) -> tuple[CommitmentView, ...]:
    """The newest of what was said in a case or to its customer, newest first."""
    names = {*_said_in(view, case), *_said_to(view, customer)}
    return tuple(reversed(_views(view, sorted(names, key=age)[-_MOST_IN_CONTEXT:])))


def _said_in(view: View, case: str) -> set[str]:
    """What was said in a matter, in any case that goes on as it."""
    return {name for member in view.cases.group(case) for name in view.commitments.of_case.get(member, ())}


def _said_to(view: View, customer: str) -> set[str]:
    """What was said to a customer, under any of their ids."""
    return {name for known in view.identity.group(customer) for name in view.commitments.of_customer.get(known, ())}


def conflict_view(view: View, conflict: str) -> ConflictView:
    """An open conflict.

    Raises:
        UnknownId: there is no such conflict, or it is settled.
    """
    row = view.commitments.conflicts.get(conflict)
    if row is None:
        raise UnknownId("conflict", conflict)
    statements = _views(view, row.statements)
    proposed = row.keep, row.rule, row.effect
    customer = view.identity.root(row.customer)
    return ConflictView(conflict, row.subject, row.attribute, customer, _case(view, row.case), statements, *proposed)


def _case(view: View, case: str | None) -> str | None:
    return None if case is None else view.cases.root(case)


def _views(view: View, names: Iterable[str]) -> tuple[CommitmentView, ...]:
    return tuple(_view(view, name, view.commitments.statements[name]) for name in sorted(names, key=age))


def _view(view: View, name: str, row: Statement) -> CommitmentView:
    return CommitmentView(
        name,
        row.kind,
        row.subject,
        row.attribute,
        row.value,
        row.unit,
        value_text(row.type, row.value, row.unit),
        row.by,
        row.authority,
        row.source,
        None if row.customer is None else view.identity.root(row.customer),
        _case(view, row.case),
        instant(row.from_us),
        None if row.ends_us is None else instant(row.ends_us),
        row.conflict,
    )


def plain_value(value: int | str | date) -> int | str:
    """A value as commands have it: a day as text."""
    if isinstance(value, datetime):
        raise MalformedMessage("value", "must be a day, not a time of it")
    return value.isoformat() if isinstance(value, date) else value


def until_us(until: datetime | None) -> int | None:
    """An instant as commands have it."""
    if until is None:
        return None
    if until.tzinfo is None:
        raise MalformedMessage("until", "needs a time zone: datetime.now(UTC), not datetime.now()")
    return since_epoch_us(until)


def fact_of(
    by: str,
    subject: str,
    attribute: str,
    value: int | str | date,
    unit: str | None,
    case: str | Ref | None,
    customer: str | Ref | None,
    until: datetime | None,
    source: str | None,
) -> c.ReportFact:
    """The command by which a back office tells a fact."""
    return c.ReportFact(
        subject,
        attribute,
        plain_value(value),
        unit,
        case=case,
        customer=customer,
        until_us=until_us(until),
        source=source,
        actor=f"back_office:{by}",
    )
