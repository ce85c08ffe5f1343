"""Replaying a contact log: each line at its recorded time, through the commands that a live channel uses.

Belongs here: the plan of a replay, and what a line becomes. Does not: how a line looks (`contact_log`), how lines are
taken (`taking`), and what any command decides.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Final

import attrs

from orchestra.engine.logs.state import Prefix
from orchestra.errors import DefinitionError, Fault, JournalError, MalformedMessage
from orchestra.journal.port import Journal
from orchestra.journal.process import process_holder
from orchestra.model.addresses import Handle
from orchestra.model.commands import Command, ReceiveMessage, RecordReply
from orchestra.model.definitions import Cases, Channel, Queue, Team, WorkspaceDefinition
from orchestra.model.plan import Plan
from orchestra.model.results import Received
from orchestra.model.scores import Scores
from orchestra.runtime.contact_log import ContactLog, Line, Mark, RawLine, parse_line
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.ledger import Ledger
from orchestra.runtime.loading import load_engine
from orchestra.runtime.taking import LEASE_US, Outcome, Progress, Taking
from orchestra.runtime.vaults import unlocked

__all__ = ["ADDRESS_KIND", "Replayed", "Survey", "replay", "replay_plan", "survey"]

ADDRESS_KIND: Final = "log"
"""Kind of the addresses of people in a contact log."""

_QUEUE: Final = "contacts"
_TEAM: Final = "company"


@attrs.frozen
class Survey:
    """A log at a glance, all of it.

    Attributes:
        lines: how many there are.
        channels: those that good lines name.
        queues: those that good lines name.
        first_us: when the first good line was written; None if there is none.
        taken: the longest prefix that the journal holds; None if it holds none.
    """

    lines: int
    channels: Collection[str]
    queues: Collection[str]
    first_us: int | None
    taken: Mark | None


@attrs.frozen
class Replayed:
    """What became of a log.

    Attributes:
        lines: lines gone through, those of the prefix taken before included.
        skipped: lines of the prefix that an earlier run had taken.
        rejected: bad lines among `lines`.
        duplicates: lines among `lines` whose message had been taken before under the same (channel, account, id).
        late: lines among `lines` that were taken later than they say, because what was taken before them was newer.
        rejected_before: bad lines among those skipped.
        position: of the journal, afterwards.
        state_hash: fingerprint of the state, afterwards.
    """

    lines: int
    skipped: int
    rejected: int
    duplicates: int
    late: int
    rejected_before: int
    position: int
    state_hash: str


def survey(log: ContactLog, known: Mapping[str, Prefix], latest_us: int | None = None) -> Survey:
    """Read a whole log once, before anything is decided.

    Args:
        log: the file.
        known: SHA-256 -> prefix that the journal holds.
        latest_us: lines later than this are bad; None is no bound.
    """
    channels: set[str] = set()
    queues: set[str] = set()
    ends = {prefix.lines for prefix in known.values()}
    first_us: int | None = None
    taken: Mark | None = None
    count = 0
    for raw in log.read():
        count = raw.number
        if count in ends and (mark := log.mark()).sha256 in known and known[mark.sha256].lines == count:
            taken = mark
        with suppress(MalformedMessage):
            line = parse_line(raw.data, count, latest_us)
            channels.add(line.channel)
            queues |= {line.queue} if line.queue is not None else set()
            first_us = line.at_us if first_us is None else first_us
    return Survey(count, channels, queues, first_us, taken)


def replay_plan(plan: Plan | None, names: Survey | None = None) -> Plan:
    """The plan under which a log is replayed.

    Args:
        plan: one to start from: the user's, or the one in force in the journal. None starts from one queue and team.
        names: channels and queues of this log are added; None adds nothing, so that lines with other names are bad.

    Returns:
        The plan in which a line's thread alone decides its case, nothing closes by itself, and ids are kept for ever.
    """
    base = plan or Plan(
        workspace=WorkspaceDefinition(default_queue=_QUEUE, name="contact-log"),
        queues={_QUEUE: Queue(team=_TEAM)},
        teams={_TEAM: Team()},
    )
    channels, queues = dict(base.channels), dict(base.queues)
    if names is not None:
        team = base.queues[base.workspace.default_queue].team if base.workspace.default_queue in base.queues else _TEAM
        channels |= {name: Channel() for name in sorted(names.channels) if name not in channels}
        queues |= {name: Queue(team=team) for name in sorted(names.queues) if name not in queues}
    return attrs.evolve(
        base,
        queues=queues,
        channels={name: _timeless(channel) for name, channel in channels.items()},
        cases=_by_thread(base.cases),
    )


def _timeless(channel: Channel) -> Channel:
    return attrs.evolve(channel, idle_after=None, max_age=None, keep_ids=None)


def _by_thread(cases: Cases) -> Cases:
    return attrs.evolve(cases, attach=("thread",), close_after=None, reopen_within=None)


def replay(
    log: ContactLog,
    journal: Journal,
    progress: Progress,
    now_us: Callable[[], int],
    *,
    plan: Plan | None = None,
    is_strict: bool = False,
    latest_us: int | None = None,
    scores: Scores | None = None,
) -> Replayed:
    """Take every line of a log that the journal has not yet.

    Args:
        log: an open contact log.
        journal: where to; a new one or one that other logs were replayed into.
        progress: is told of bad lines and of how far it is.
        now_us: the clock of the lease; decides nothing.
        plan: what to replay under; None derives one from the names that stand in the log.
        is_strict: stop before the first bad line.
        latest_us: lines later than this are bad, microseconds since 1970 UTC; None takes any. Time in a journal never
            goes back: after a line from far in the future every other would be late.
        scores: those that the plan names.

    Raises:
        DefinitionError: the plan has faults, or lacks what is in the journal; or no plan is given, and the journal
            holds contacts and no log: nothing changes the plan of a live workspace unasked.
        JournalError: the journal cannot be used, or another process owns it.

    Guarantees:
        Whenever it ends, also by a kill, the journal holds whole batches: another run takes the rest, and the state is
        as after one run. Lines taken before add no event.
    """
    journal = unlocked(journal, plan)
    lease = journal.acquire(process_holder(), now_us(), LEASE_US)
    try:
        ledger = Ledger(journal, lease, load_engine(journal, scores=scores))
        return _Replay(Taking(log, ledger, progress, now_us), latest_us).run(plan, is_strict)
    finally:
        with suppress(JournalError):  # a lease that cannot be given back runs out
            journal.release(lease)


def _live_journal() -> DefinitionError:
    problem = "holds contacts that came from no log, and a replay would put another plan into force"
    remedy = "replay into another one, or give the plan for it (--plan)"
    return DefinitionError([Fault("journal", f"{problem}: {remedy}")])


class _Replay:
    def __init__(self, taking: Taking, latest_us: int | None) -> None:
        self._taking = taking
        self._ledger = taking.ledger
        self._latest_us = latest_us

    def run(self, plan: Plan | None, is_strict: bool) -> Replayed:
        taking, engine = self._taking, self._ledger.engine
        seen = survey(taking.log, engine.view.logs.prefixes, self._latest_us)
        taking.go_on(seen.taken, engine.view.logs.prefixes)
        skipped, rejected_before = taking.lines, taking.rejected
        if not (is_strict and taking.rejected):
            self._put_plan(plan, seen)
            taking.take(self._decide, seen.lines, is_strict=is_strict)
        return Replayed(
            taking.lines + taking.unmarked,
            skipped,
            taking.rejected + taking.unmarked,
            taking.duplicates,
            taking.late,
            rejected_before,
            self._ledger.stored,
            engine.state_hash(),
        )

    def _put_plan(self, plan: Plan | None, seen: Survey) -> None:
        engine = self._ledger.engine
        if plan is None and engine.view.contacts.counts and not engine.view.logs.prefixes:
            raise _live_journal()
        in_force = engine.view.plan if "digest" in engine.view.definition.facts else None
        chosen = replay_plan(plan) if plan is not None else replay_plan(in_force, seen)
        self._key = WorkspaceKey.of(chosen)
        self._ledger.put_plan(chosen, self._key, seen.first_us or 0)

    def _decide(self, raw: RawLine) -> Outcome:
        line = parse_line(raw.data, raw.number, self._latest_us)
        decided = self._ledger.execute(self._command(line), line.at_us)
        assert isinstance(decided.result, Received)
        is_known = decided.result.duplicate
        return Outcome(is_known, not is_known and decided.at_us > line.at_us)

    def _command(self, line: Line) -> Command:
        person = self._key.address(Handle(line.customer, kind=ADDRESS_KIND))
        if line.is_inbound:
            return ReceiveMessage(
                line.channel,
                line.company,
                line.message_id,
                person,
                thread=self._key.thread(line.thread),
                occurred_us=line.at_us,
                case_number=line.case,
                topic=line.topic,
                queue=line.queue,
                text=line.text,
            )
        return RecordReply(
            line.channel,
            line.company,
            line.message_id,
            person,
            agent=line.agent,
            thread=self._key.thread(line.thread),
            occurred_us=line.at_us,
            resolve=True,
            disposition=line.disposition,
            text=line.text,
        )
