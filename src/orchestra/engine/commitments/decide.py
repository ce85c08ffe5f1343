"""Making commitments, taking facts, telling that they contradict each other, and settling which of them holds."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.commitments.comparison import contradicts, differs, overlaps
from orchestra.engine.commitments.precedence import effect_of, propose
from orchestra.engine.commitments.speaking import authority_of, check_lead, check_limit, check_rank, typed
from orchestra.engine.commitments.state import EVOLVE, EXPIRY, MOST_ON_PAIR, Commitments, Conflict, Statement, age
from orchestra.engine.commitments.tasks import correction_task, decided, decision_task
from orchestra.engine.contacts.intake import check_id
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.results import Stated
from orchestra.model.structure import microseconds

__all__ = ["SECTION"]

_NOBODY = "system"
"""Who gives a command that names no actor."""

# What is said


def _make(view: View, command: c.MakeCommitment, at_us: int) -> Steps:
    if (command.case is None) == (command.customer is None):
        raise InvalidCommand("case", "give the case it was said in, or else the customer")
    actor = command.actor or _NOBODY
    row = _statement(view, command, "commitment", actor, at_us)
    check_limit(view, command, actor, command.attribute, command.value)
    assert row.customer is not None  # that of the case, or the one named
    check_lead(view, command, actor, row.case, row.customer)
    known = _said_before(view, row, command.from_us)
    if known is not None:
        return _stated(view, known, is_duplicate=True)
    _check_room(view, row)
    name = view.commitments.next_statement("commitment")
    yield e.CommitmentMade(
        name,
        row.customer,
        row.subject,
        row.attribute,
        row.type,
        row.value,
        row.by,
        row.from_us,
        row.unit,
        row.case,
        row.authority,
        row.source,
        row.until_us,
        row.ends_us,
        row.supersedes,
    )
    return _stated(view, name)


def _report(view: View, command: c.ReportFact, at_us: int) -> Steps:
    row = _statement(view, command, "fact", command.actor or _NOBODY, at_us)
    known = _said_before(view, row, command.from_us)
    if known is not None:
        return _stated(view, known, is_duplicate=True)
    overruled = _overruled(view, row)
    if overruled is not None:
        return Stated(overruled, holds=False, duplicate=True)
    replaces = _told_before(view, row)
    if replaces is None:
        _check_room(view, row)
    name = view.commitments.next_statement("fact")
    yield e.FactReported(
        name,
        row.customer,
        row.subject,
        row.attribute,
        row.type,
        row.value,
        row.by,
        row.from_us,
        row.unit,
        row.case,
        row.authority,
        row.source,
        row.until_us,
        row.ends_us,
        row.supersedes,
        replaces,
    )
    return _stated(view, name)


def _statement(view: View, said: c.MakeCommitment | c.ReportFact, kind: str, actor: str, at_us: int) -> Statement:
    """What was said, as it would be entered."""
    check_id("subject", said.subject)
    if said.source is not None:
        check_id("source", said.source)
    attribute, unit = typed(view, said)
    case, customer = _whose(view, said)
    from_us = at_us if said.from_us is None else said.from_us
    ends_us = said.until_us
    if ends_us is None and attribute.lasts is not None:
        ends_us = max(from_us, at_us) + microseconds(attribute.lasts)
    if ends_us is not None and ends_us <= max(from_us, at_us):
        raise InvalidCommand("until_us", "must be later than now, and than it begins to hold")
    row = Statement(
        kind,
        said.subject,
        said.attribute,
        attribute.type,
        said.value,
        unit,
        customer,
        case,
        actor,
        authority_of(view, said, actor, said.authority),
        said.source,
        from_us,
        said.until_us,
        ends_us,
        said.supersedes,
    )
    _check_supersedes(view, said, row)
    return row


def _whose(view: View, said: c.MakeCommitment | c.ReportFact) -> tuple[str | None, str | None]:
    if said.case is not None:
        case, row = view.case(said.case)
        return case, row.customer
    return None, None if said.customer is None else view.customer(said.customer)[0]


def _check_supersedes(view: View, said: c.MakeCommitment | c.ReportFact, row: Statement) -> None:
    if row.supersedes is None:
        return
    other = view.commitments.statements.get(row.supersedes)
    if other is None:
        if not view.commitments.is_past(row.supersedes, "statement"):
            raise UnknownId("statement", row.supersedes)
        return
    if other.pair != row.pair:
        raise InvalidCommand("supersedes", f"{row.supersedes} is about the {other.attribute} of {other.subject}")
    check_rank(view, said, row.by, row.authority, other.authority)


def _said_before(view: View, row: Statement, from_us: int | None) -> str | None:
    """The statement by which the same speaker has said the same already."""
    for name in view.commitments.on_pair.get(row.pair, ()):
        other = view.commitments.statements[name]
        if _content(view, other) == _content(view, row) and from_us in (None, other.from_us):
            return name
    return None


def _content(view: View, row: Statement) -> tuple[object, ...]:
    case = None if row.case is None else view.cases.root(row.case)
    said = row.value, row.unit, row.customer, case, row.until_us, row.supersedes
    return row.kind, row.speaker, *said


def _overruled(view: View, row: Statement) -> str | None:
    """The fact by which the same speaker told the same, if something else was settled to hold and still does."""
    for name in view.commitments.on_pair.get(row.pair, ()) if row.supersedes is None else ():
        kept = view.commitments.statements[name]
        if kept.conflict is None and overlaps(kept, row):
            same = [fact for fact, told in kept.overruled.items() if told == row.told]
            if same:
                return min(same, key=age)
    return None


def _told_before(view: View, row: Statement) -> str | None:
    """The fact for the same time whose place this one takes; one in dispute stays there until that is settled."""
    for name in view.commitments.on_pair.get(row.pair, ()):
        other = view.commitments.statements[name]
        is_its_own = other.kind == "fact" and other.speaker == row.speaker
        if is_its_own and other.conflict is None and overlaps(other, row):
            return name
    return None


def _check_room(view: View, row: Statement) -> None:
    if len(view.commitments.on_pair.get(row.pair, ())) >= MOST_ON_PAIR:
        state = f"spoken of in {MOST_ON_PAIR} statements about its {row.attribute}"
        raise NotAllowedInState(row.subject, state, "say_more")


def _stated(view: View, name: str, *, is_duplicate: bool = False) -> Stated:
    row = view.commitments.statements.get(name)
    return Stated(name, None if row is None else row.conflict, row is not None, is_duplicate)


def _withdraw(view: View, command: c.WithdrawCommitment, at_us: int) -> Steps:
    own, name = view.commitments, command.commitment
    row = own.statements.get(name)
    if row is None and own.is_past(name, "statement"):
        raise NotAllowedInState(name, "over", "withdraw")
    if row is None or row.kind != "commitment":
        raise UnknownId("commitment", name)
    if row.conflict is not None:
        raise NotAllowedInState(name, f"in conflict {row.conflict}", "withdraw")
    actor = command.actor or _NOBODY
    check_rank(view, command, actor, authority_of(view, command, actor), row.authority)
    assert row.customer is not None  # every commitment is made to somebody
    check_lead(view, command, actor, row.case, row.customer)
    yield e.CommitmentWithdrawn(name, row.customer, row.subject, row.attribute, command.reason)
    return None


# What contradicts it


def _on_made(view: View, event: e.CommitmentMade, at_us: int) -> Iterator[e.Event]:
    return _contradict(view, event.commitment)


def _on_reported(view: View, event: e.FactReported, at_us: int) -> Iterator[e.Event]:
    return _contradict(view, event.fact)


def _contradict(view: View, name: str) -> Iterator[e.Event]:
    """Tell that a statement contradicts others of its pair, if it does."""
    own = view.commitments
    row = own.statements[name]
    rivals = [other for other in own.on_pair[row.pair] if contradicts(row, own.statements[other])]
    opened = own.open_on.get(row.pair)
    if opened is not None:
        yield from _widen(view, opened, name, rivals)
    elif rivals:
        yield _raised(view, name, sorted(rivals, key=age))


def _raised(view: View, name: str, rivals: list[str]) -> e.CommitmentConflict:
    own = view.commitments
    row, first = own.statements[name], own.statements[rivals[0]]
    whose = row if first.kind == "fact" else first
    assert whose.customer is not None  # of two that contradict each other one is a commitment
    found = propose(view.plan.commitments, own.statements, [*rivals, name])
    return e.CommitmentConflict(
        own.next_conflict(),
        whose.customer,
        row.subject,
        row.attribute,
        row.type,
        name,
        row.by,
        row.value,
        rivals,
        first.by,
        first.value,
        found.keep,
        found.rule,
        found.effect,
        row.unit,
        first.unit,
        whose.case,
    )


def _widen(view: View, conflict: str, name: str, rivals: list[str]) -> Iterator[e.ConflictWidened]:
    own = view.commitments
    row, open_ = own.statements[name], own.conflicts[conflict]
    others = [other for other in rivals if other not in open_.statements]
    takes_part = name in open_.statements
    joins = rivals or any(differs(row, own.statements[other]) for other in open_.statements)
    if not joins or (takes_part and not others):
        return
    further = [*sorted(others, key=age), *([] if takes_part else [name])]
    newest = own.statements[further[-1]]
    found = propose(view.plan.commitments, own.statements, [*open_.statements, *further])
    yield e.ConflictWidened(
        conflict,
        open_.customer,
        row.subject,
        row.attribute,
        row.type,
        further,
        newest.by,
        newest.value,
        found.keep,
        found.rule,
        found.effect,
        newest.unit,
        open_.case,
    )


# What holds


def _settle(view: View, command: c.SettleConflict, at_us: int) -> Steps:
    own = view.commitments
    conflict = own.conflicts.get(command.conflict)
    if conflict is None:
        if own.is_past(command.conflict, "conflict"):
            raise NotAllowedInState(command.conflict, "settled", "settle")
        raise UnknownId("conflict", command.conflict)
    if command.keep not in conflict.statements:
        names = ", ".join(sorted(conflict.statements, key=age))
        raise InvalidCommand("keep", f"must be one of {names}")
    row = own.statements[command.keep]
    actor = command.actor or _NOBODY
    check_lead(view, command, actor, conflict.case, conflict.customer)
    if row.kind == "commitment":
        check_limit(view, command, actor, row.attribute, row.value)
    yield _corrected(view, command.conflict, conflict, command.keep, "person", command.reason)
    return None


def _on_conflict(view: View, event: e.CommitmentConflict | e.ConflictWidened, at_us: int) -> Iterator[e.Event]:
    """Settle at once what the plan, or a speaker who explicitly supersedes the others, leaves no doubt about."""
    own, mode = view.commitments, view.plan.commitments.settle
    conflict = own.conflicts[event.conflict]
    is_explicit = event.rule == "supersession" and own.statements[event.keep].supersedes in conflict.statements
    is_harmless = event.effect in ("none", "better")
    if is_explicit or mode == "precedence" or (mode == "unless_worse" and is_harmless):
        yield _corrected(view, event.conflict, conflict, event.keep, event.rule)
    else:
        yield from decision_task(view, event.conflict, at_us)


def _corrected(
    view: View, name: str, conflict: Conflict, keep: str, rule: str, reason: str | None = None
) -> e.CommitmentCorrected:
    own: Commitments = view.commitments
    row = own.statements[keep]
    ended = [other for other in sorted(own.on_pair[row.pair], key=age) if differs(row, own.statements[other])]
    told = [own.statements[other] for other in ended]
    instead = next((other for other in told if other.kind == "commitment"), told[0])
    return e.CommitmentCorrected(
        name,
        conflict.customer,
        conflict.subject,
        conflict.attribute,
        row.type,
        keep,
        row.value,
        ended,
        instead.value,
        rule,
        effect_of(view.plan.commitments, own.statements, keep, ended),
        row.unit,
        instead.unit,
        conflict.case,
        reason,
    )


def _on_corrected(view: View, event: e.CommitmentCorrected, at_us: int) -> Iterator[e.Event]:
    """What is left may contradict each other still, for another time; and what is worse is somebody's task."""
    yield from decided(view, event.conflict)
    for name in sorted(view.commitments.on_pair[event.subject, event.attribute], key=age, reverse=True):
        if name in view.commitments.statements:  # it may have gone with what became of those before it
            yield from _contradict(view, name)
    if event.effect in ("worse", "unclear") and view.plan.commitments.tasks is not None:
        yield from correction_task(view, event, view.plan.commitments.tasks, at_us)


# Time


def _expire(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    row = view.commitments.statements[name]
    if row.kind == "fact":
        yield e.FactExpired(name, row.customer, row.subject, row.attribute)
        return
    assert row.customer is not None  # every commitment is made to somebody
    yield e.CommitmentExpired(name, row.customer, row.subject, row.attribute)


SECTION = Section(
    "commitments",
    Commitments,
    {
        c.MakeCommitment: _make,
        c.WithdrawCommitment: _withdraw,
        c.ReportFact: _report,
        c.SettleConflict: _settle,
    },
    EVOLVE,
    {
        e.CommitmentMade: _on_made,
        e.FactReported: _on_reported,
        e.CommitmentConflict: _on_conflict,
        e.ConflictWidened: _on_conflict,
        e.CommitmentCorrected: _on_corrected,
    },
    {EXPIRY: _expire},
)
