"""Importing a history: what another system knows of customers, cases and messages, each line at its own time.

Belongs here: what a line becomes, and what is taken from it that is known already. Does not: how a line looks
(`import_lines`), how lines are taken (`taking`), and what any command decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from typing import Any, Final

import attrs

from orchestra.engine.archive.keys import key_of
from orchestra.engine.identity.state import consent_key
from orchestra.engine.logs.state import Prefix
from orchestra.engine.view import View
from orchestra.errors import DefinitionError, Fault, InvalidCommand, JournalError, MalformedMessage, UnknownId
from orchestra.journal.port import Journal
from orchestra.journal.process import process_holder
from orchestra.model.addresses import Address, Ref
from orchestra.model.commands import (
    Command,
    DefineAgent,
    ImportCase,
    ImportCustomer,
    ImportMessage,
    ImportStatus,
    RecordConsent,
)
from orchestra.model.plan import Plan
from orchestra.model.records import Lease
from orchestra.model.results import Received
from orchestra.model.scores import Scores
from orchestra.runtime.contact_log import ContactLog, Mark, RawLine
from orchestra.runtime.import_known import KnownMessages
from orchestra.runtime.import_lines import (
    AgentLine,
    CaseLine,
    ConsentLine,
    CustomerLine,
    HistoryLine,
    MessageLine,
    Person,
    StatusLine,
    parse_history_line,
)
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.ledger import Ledger
from orchestra.runtime.loading import load_engine
from orchestra.runtime.taking import LEASE_US, Outcome, Progress, Taking
from orchestra.runtime.vaults import unlocked

__all__ = ["FAR_US", "Imported", "Unstoring", "import_history"]

_ACTOR: Final = "operator:import"
FAR_US: Final = 2**62


@attrs.frozen
class Imported:
    """What became of a history.

    Attributes:
        lines: lines gone through, those that an earlier run took included.
        skipped: lines that an earlier run had taken.
        rejected: bad lines among `lines`.
        known: lines among `lines` that said what was known already, and changed nothing.
        late: lines among `lines` that were taken later than they say, because what was taken before them was newer.
        rejected_before: bad lines among those skipped.
        taken: type of line -> how many this run took, those that were known not counted.
        position: of the journal, afterwards; what it would be, of a rehearsal.
        state_hash: fingerprint of the state, afterwards.
    """

    lines: int
    skipped: int
    rejected: int
    known: int
    late: int
    rejected_before: int
    taken: Mapping[str, int]
    position: int
    state_hash: str


class Unstoring(Ledger):
    """Decides as any ledger and stores nothing."""

    def commit(self) -> int:
        """Forget what is pending, as if it were stored."""
        self.has_stored(self.engine.position, self.take())
        return self.stored


def import_history(
    log: ContactLog,
    journal: Journal,
    progress: Progress,
    now_us: Callable[[], int],
    *,
    plan: Plan | None = None,
    secrets: Mapping[str, str] | None = None,
    is_rehearsal: bool = False,
    latest_us: int | None = None,
    scores: Scores | None = None,
) -> Imported:
    """Take every line of a history that the journal has not yet.

    Args:
        log: an open history file.
        journal: where to: a new one, or one that nobody owns.
        progress: is told of bad lines and of how far it is.
        now_us: the clock of the lease; decides nothing.
        plan: the workspace's. None takes the one in force in the journal.
        secrets: name -> value, for the key that the plan names; the environment is asked for what is not in it.
        is_rehearsal: whether nothing is stored.
        latest_us: lines later than this are bad, microseconds since 1970 UTC; None takes any.
        scores: those that the plan names.

    Raises:
        DefinitionError: the plan has faults or there is none, its key is not the workspace's, or agents are at work.
        JournalError: the journal cannot be used, or another process owns it.

    Guarantees:
        Whenever it ends, also by a kill, the journal holds whole batches, and another run takes the rest. Lines taken
        before add no event. Nothing is sent to anybody, and nobody is offered work.
    """
    journal = unlocked(journal, plan, secrets)
    if is_rehearsal:
        ledger: Ledger = Unstoring(journal, Lease(0, "", 0, FAR_US), load_engine(journal, scores=scores))
        return _imported(log, ledger, progress, now_us, plan, secrets, latest_us)
    lease = journal.acquire(process_holder(), now_us(), LEASE_US)
    try:
        ledger = Ledger(journal, lease, load_engine(journal, scores=scores))
        return _imported(log, ledger, progress, now_us, plan, secrets, latest_us)
    finally:
        with suppress(JournalError):  # a lease that cannot be given back runs out
            journal.release(lease)


def _imported(
    log: ContactLog,
    ledger: Ledger,
    progress: Progress,
    now_us: Callable[[], int],
    plan: Plan | None,
    secrets: Mapping[str, str] | None,
    latest_us: int | None,
) -> Imported:
    view = ledger.engine.view
    chosen = plan or (view.plan if "digest" in view.definition.facts else None)
    if chosen is None:
        raise DefinitionError([Fault("plan", "is needed for a new journal: give the workspace's plan (--plan)")])
    _refuse_at_work(view)
    key = WorkspaceKey.of(chosen, secrets)
    seen = _survey(log, view.logs.prefixes, latest_us)
    ledger.put_plan(chosen, key, seen.first_us or 0)
    taking = Taking(log, ledger, progress, now_us, of_past=True)
    taking.go_on(seen.taken, view.logs.prefixes)
    skipped, rejected_before = taking.lines, taking.rejected
    lines = _Lines(ledger, key, latest_us)
    taking.take(lines.decide, seen.lines, is_strict=False)
    return Imported(
        taking.lines + taking.unmarked,
        skipped,
        taking.rejected + taking.unmarked,
        taking.duplicates,
        taking.late,
        rejected_before,
        dict(sorted(lines.taken.items())),
        ledger.stored,
        ledger.engine.state_hash(),
    )


def _refuse_at_work(view: View) -> None:
    """Refuse a journal in which agents take work: what is imported would be offered to them on the way."""
    working = [name for name, agent in sorted(view.presence.agents.items()) if agent.takes_work]
    if working:
        named = ", ".join(working[:3]) + (", ..." if len(working) > 3 else "")
        problem = f"agents are signed in ({named}), and would be offered what is imported"
        raise DefinitionError([Fault("journal", f"{problem}: sign them out first, or import before you open it")])


@attrs.frozen
class _Survey:
    """How many lines a file has, when the first good one was, and how far the journal has it."""

    lines: int
    first_us: int | None
    taken: Mark | None


def _survey(log: ContactLog, known: Mapping[str, Prefix], latest_us: int | None) -> _Survey:
    ends = {prefix.lines for prefix in known.values()}
    first_us: int | None = None
    taken: Mark | None = None
    count = 0
    for raw in log.read():
        count = raw.number
        if count in ends and (mark := log.mark()).sha256 in known and known[mark.sha256].lines == count:
            taken = mark
        if first_us is None:
            with suppress(MalformedMessage):
                first_us = parse_history_line(raw.data, count, latest_us).at_us
    return _Survey(count, first_us, taken)


class _Lines:
    """Turns lines into commands, and counts what they were."""

    def __init__(self, ledger: Ledger, key: WorkspaceKey, latest_us: int | None) -> None:
        self._ledger = ledger
        self._latest_us = latest_us
        self._view = ledger.engine.view
        self._context = _Context(ledger, key, KnownMessages(ledger.journal, self._view))
        self.taken: Counter[str] = Counter()

    def decide(self, raw: RawLine) -> Outcome:
        """Execute what a line says.

        Raises:
            MalformedMessage: it is no line of a history.
            CommandRefused: it names what is not there, or says what cannot be.
        """
        line = parse_history_line(raw.data, raw.number, self._latest_us)
        kind, make = _MAKERS[type(line)]
        try:
            command = make(self._context, line)
            if command is None:
                return Outcome(was_known=True, is_late=False)
            decided = self._ledger.execute(attrs.evolve(command, actor=_ACTOR), line.at_us)
        except UnknownId as error:
            raise MalformedMessage(f"line {raw.number}", self._mended(error)) from None
        if not decided.events:
            return Outcome(was_known=True, is_late=False)
        if isinstance(line, MessageLine):
            assert isinstance(decided.result, Received)
            self._context.messages.add(line.channel, line.account, line.id, decided.result.customer)
        self.taken[kind] += 1
        return Outcome(was_known=False, is_late=decided.at_us > line.at_us)

    def _mended(self, error: UnknownId) -> str:
        """What is to be done about a name that means nothing."""
        name = error.id.removeprefix("ref:")
        if error.kind in ("case", "customer"):
            return f"no {error.kind} {name[:100]!a} is known yet: its {error.kind} line must come before this one"
        tables: Mapping[str, Any] = {
            "channel": self._view.plan.channels,
            "queue": self._view.plan.queues,
            "agent": self._view.presence.agents,
        }
        near = get_close_matches(name[:100], sorted(tables.get(error.kind, ())), 1)
        hint = f"did you mean {near[0]!a}?" if near else "add it to the plan, or change the line"
        return f"no {error.kind} {name[:100]!a}; {hint}"


@attrs.frozen
class _Context:
    """What makers look into: the state as it stands, the key that hashes addresses, and what the journal holds."""

    ledger: Ledger
    key: WorkspaceKey
    messages: KnownMessages

    @property
    def view(self) -> View:
        """All slices of the state."""
        return self.ledger.engine.view

    def address(self, person: Person) -> Address:
        """The address as commands carry it.

        Raises:
            MalformedMessage: it is not one of its kind.
        """
        try:
            return self.key.address(person)
        except MalformedMessage as error:
            raise MalformedMessage("", f"address of kind {person.kind}: {error.reason}") from None

    def holder(self, address: Address, at_us: int) -> str | None:
        """Who is known by an address; whoever is archived comes back first."""
        if address.matches and address.key not in self.view.identity.addresses:
            self._recall(key_of("address", address.key), at_us)
        return self.view.identity.holder(address.key)

    def customer(self, ref: str, at_us: int) -> str:
        """Whom a reference names; whoever is archived comes back first.

        Raises:
            UnknownId: nobody.
        """
        if ref not in self.view.details.refs:
            self._recall(key_of("ref", ref), at_us)
        return self.view.customer(Ref(ref))[0]

    def _recall(self, key: str, at_us: int) -> None:
        if not self.view.archive.is_empty:
            self.ledger.recall([key], at_us)


def _agent(context: _Context, line: AgentLine) -> Command | None:
    if line.id in context.view.presence.agents:
        return None  # whoever is known is not changed back to what they once were
    return DefineAgent(line.id, list(line.teams), dict(line.skills), list(line.roles), name=line.name)


def _customer(context: _Context, line: CustomerLine) -> Command:
    return ImportCustomer(line.id, [context.address(person) for person in line.addresses], dict(line.fields))


def _consent(context: _Context, line: ConsentLine) -> Command | None:
    customer = _whose(context, line)
    row = context.view.identity.consents.get(consent_key(customer, line.channel, line.purpose))
    if row is not None and row.occurred_us >= line.at_us:
        return None  # what they said then, or later, is known
    return RecordConsent(customer, line.purpose, line.given, line.channel, line.at_us, line.evidence)


def _whose(context: _Context, line: ConsentLine) -> str:
    if line.customer is not None:
        return context.customer(line.customer, line.at_us)
    assert line.address is not None  # one of them is given
    holder = context.holder(context.address(line.address), line.at_us)
    if holder is None:
        raise InvalidCommand("address", "nobody is known by it yet: a customer line must come before this one")
    return context.view.customer(holder)[0]


def _case(context: _Context, line: CaseLine) -> Command:
    return ImportCase(
        line.id,
        None if line.customer is None else Ref(line.customer),
        None if line.address is None else context.address(line.address),
        line.number,
        line.topic,
        line.queue,
        line.agent,
        dict(line.fields),
    )


def _message(context: _Context, line: MessageLine) -> Command | None:
    address = context.address(line.address)
    # Only what is older than the newest can have been taken before.
    is_late = line.at_us < context.ledger.engine.now_us
    if is_late:
        context.holder(address, line.at_us)  # whose messages are looked through, once they are there
    if is_late and context.messages.has(line.channel, line.account, line.id, address.key):
        return None
    return ImportMessage(
        line.channel,
        line.account,
        line.id,
        address,
        line.inbound,
        None if line.case is None else Ref(line.case),
        None if line.thread is None else context.key.thread(line.thread),
        line.at_us,
        line.agent,
        line.text,
        None if line.media is None else list(line.media),
    )


def _status(context: _Context, line: StatusLine) -> Command:
    return ImportStatus(Ref(line.case), line.status, line.at_us, line.disposition)


_MAKERS: Final[Mapping[type[HistoryLine], tuple[str, Callable[[_Context, Any], Command | None]]]] = {
    AgentLine: ("agent", _agent),
    CustomerLine: ("customer", _customer),
    ConsentLine: ("consent", _consent),
    CaseLine: ("case", _case),
    MessageLine: ("message", _message),
    StatusLine: ("status", _status),
}
"""Class of line -> its type, and what makes a command of it; None if there is nothing to ask for."""
