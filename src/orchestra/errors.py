"""Every error that `orchestra` raises, as one tree::

    OrchestraError
      DefinitionError        the plan, the registry or the set-up is wrong; raised at start, lists every fault
      CommandRefused         the caller's command cannot be done; nothing has changed
        InvalidCommand         a value in the command makes no sense
        NotAllowedInState      the subject's state table has no such step
        NotPermitted           the actor's roles do not allow it
        UnknownId              no such interaction, case, agent, offer, delivery or reference
        OfferExpired           the offer cannot be answered any more, or its token is not the right one
        TooSoon                it cannot end before its time
        MergeVetoed            two customers cannot be one person
        StaleVersion           the giver does not know what has come between
        Quarantined            the command broke the engine, which was loaded anew without it
      InvalidData            foreign bytes or files are malformed
        MalformedMessage       a message, a line or a payload cannot be read
        UnsupportedVersion     written by a newer version than this one understands
      JournalError           the journal could not do what was asked
        VersionConflict        another writer has appended since
        JournalUnavailable     the append failed, or nobody knows whether it did
        JournalCorrupt         stored bytes are not what was written
        JournalMoved           the files of the journal were moved, removed or replaced while it was open
        LeaseLost              another process owns the workspace now
        WorkspaceInUse         another process owns the workspace
      ChannelError           a channel's provider did not take a message
        DeliveryRefused        for good: do not try again
        DeliveryUnavailable    for now: try again later
      ActionRefused          an action of the application's cannot be done: do not try again
      ReplayMismatch         journal and code disagree
      NeedsRecall            whoever runs an engine has to look into the directory of archived customers first

Ids, states and paths are attributes, so that callers need not parse the text. No error ever carries a
message body, an address or a secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import attrs
from typing_extensions import dataclass_transform

__all__ = [
    "ActionRefused",
    "ChannelError",
    "CommandRefused",
    "DefinitionError",
    "DeliveryRefused",
    "DeliveryUnavailable",
    "Fault",
    "InvalidCommand",
    "InvalidData",
    "JournalCorrupt",
    "JournalError",
    "JournalMoved",
    "JournalUnavailable",
    "LeaseLost",
    "MalformedMessage",
    "MergeVetoed",
    "NeedsRecall",
    "NotAllowedInState",
    "NotPermitted",
    "OfferExpired",
    "OrchestraError",
    "Quarantined",
    "ReplayMismatch",
    "StaleVersion",
    "TooSoon",
    "UnknownId",
    "UnsupportedVersion",
    "VersionConflict",
    "WorkspaceInUse",
]


class OrchestraError(Exception):
    """The root: `except OrchestraError` catches whatever this library raises on purpose."""

    def __reduce__(self) -> Any:
        # Exceptions built from keyword attributes do not survive pickling by `args`; the attributes do.
        return _rebuild, (type(self), self.__dict__.copy())


def _rebuild(kind: type[OrchestraError], values: dict[str, Any]) -> OrchestraError:
    error = kind.__new__(kind)
    error.__dict__.update(values)
    return error


_Error = TypeVar("_Error", bound=type[Exception])


@dataclass_transform(field_specifiers=(attrs.field,))
def _error(kind: _Error) -> _Error:
    """An error whose annotations are its attributes and the arguments of its constructor."""
    return attrs.define(slots=False, auto_exc=True, str=False, eq=False)(kind)


@attrs.frozen
class Fault:
    """One thing that is wrong in a definition.

    Attributes:
        path: where, as in the plan file: `queues.billing.skills.german`.
        message: what is wrong and what would be right.
        is_error: False for a warning, which does not stop anything.
    """

    path: str
    message: str
    is_error: bool = True

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


@_error
class DefinitionError(OrchestraError):
    """The set-up is wrong. `faults` lists everything that is, each with its path."""

    faults: Sequence[Fault]

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


class CommandRefused(OrchestraError):
    """The command cannot be done as things stand. Nothing has changed."""


@_error
class InvalidCommand(CommandRefused):
    """A value in the command makes no sense: `field` names it, `reason` says what would."""

    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


@_error
class NotAllowedInState(CommandRefused):
    """The subject is in a state in which this cannot happen."""

    subject: str
    state: str
    trigger: str

    def __str__(self) -> str:
        return f"{self.subject} is {self.state}: cannot {self.trigger.replace('_', ' ')}"


@_error
class NotPermitted(CommandRefused):
    """The actor may not do this: no role of theirs in the plan allows it."""

    actor: str
    command: str
    reason: str

    def __str__(self) -> str:
        return f"{self.actor} may not {self.command}: {self.reason}"


@_error
class UnknownId(CommandRefused):
    """There is no such thing: `kind` says what was looked for, `id` is what was given."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"no {self.kind} {self.id!r}"


@_error
class OfferExpired(CommandRefused):
    """The offer cannot be answered any more (answered already, timed out, taken back), or the token is not its own."""

    offer: str
    state: str

    def __str__(self) -> str:
        return f"offer {self.offer} {_OFFER_WORDS.get(self.state, f'is {self.state}')}"


_OFFER_WORDS: Mapping[str, str] = {
    "PENDING": "was not made with this token",
    "CONNECTING": "was accepted already, and is being connected",
    "SETUP_FAILED": "could not be connected",
    "ACCEPTED": "was already accepted",
    "DECLINED": "was already declined",
    "TIMED_OUT": "was not answered in time",
    "RESCINDED": "was taken back",
    "WITHDRAWN": "was withdrawn",
    "CUSTOMER_LEFT": "is over: the customer left",
    "AGENT_LOST": "is over: its agent was lost",
}


@_error
class TooSoon(CommandRefused):
    """The subject ends by itself at `until_us`, microseconds since 1970, and not sooner."""

    subject: str
    until_us: int

    def __str__(self) -> str:
        until = datetime.fromtimestamp(self.until_us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"{self.subject} cannot end before {until}"


@_error
class MergeVetoed(CommandRefused):
    """Two customers, or a customer and an address, cannot be one person: `reason` says why."""

    customer: str
    other: str
    reason: str

    def __str__(self) -> str:
        return f"{self.customer} and {self.other} cannot be one person: {self.reason}"


@_error
class StaleVersion(CommandRefused):
    """The engagement is at `version`, and whoever gave the command had `seen` an older one.

    `between` is what came between, oldest first, as far as it is remembered: `MessageReceived in7`.
    """

    engagement: str
    seen: int
    version: int
    between: list[str]

    def __str__(self) -> str:
        came = f": {', '.join(self.between)}" if self.between else ""
        return f"{self.engagement} is at version {self.version}, not {self.seen} any more{came}; look again"


@_error
class Quarantined(CommandRefused):
    """The command broke a rule of the engine itself. The engine was loaded anew without it: please report this."""

    command: str
    fault: str

    def __str__(self) -> str:
        return f"{self.command} broke the engine ({self.fault}) and was set aside; nothing of it is in force"


class InvalidData(OrchestraError):
    """Foreign data cannot be used as it is."""


@_error
class MalformedMessage(InvalidData):
    """Foreign data does not have the form it must have: `where` it is, and `reason`."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}" if self.where else self.reason


@_error
class UnsupportedVersion(InvalidData):
    """Written by a newer library: `what`, its version `found`, and the newest one `known` here."""

    what: str
    found: int
    known: int

    def __str__(self) -> str:
        return (
            f"{self.what} is of version {self.found}, this library reads up to version {self.known}: "
            "use the library version that wrote it, or a later one"
        )


class JournalError(OrchestraError):
    """The journal could not do what was asked of it."""


@_error
class VersionConflict(JournalError):
    """Another writer has appended: `expected` and `found` are positions."""

    expected: int
    found: int

    def __str__(self) -> str:
        return f"the journal is at position {self.found}, not {self.expected}: another writer appended"


@_error
class JournalUnavailable(JournalError):
    """The append failed. If `outcome_unknown`, the events may or may not be in the journal."""

    reason: str
    outcome_unknown: bool = False

    def __str__(self) -> str:
        known = "; whether it was stored is unknown: ask again with the same id" if self.outcome_unknown else ""
        return f"journal unavailable: {self.reason}{known}"


@_error
class JournalCorrupt(JournalError):
    """Stored bytes are not what was written, from `position` on. `reason` says how that shows."""

    position: int
    reason: str

    def __str__(self) -> str:
        return (
            f"journal damaged at position {self.position}: {self.reason}; "
            "nothing was skipped: restore a backup, or read up to the position before it"
        )


@_error
class JournalMoved(JournalError):
    """Where the journal was opened, at `path`, there is no file any more, or another one. Nobody can go on with it.

    What was acknowledged is in the files that were there. What was being stored may be in them, or nowhere.
    """

    path: str

    def __str__(self) -> str:
        return (
            f"the journal at {self.path} was moved, removed or replaced while it was open: "
            "put the files in place that are to be used, and open it anew"
        )


@_error
class LeaseLost(JournalError):
    """Another process owns the workspace now: this one's `epoch` is older than `current`."""

    epoch: int
    current: int

    def __str__(self) -> str:
        return f"lease of epoch {self.epoch} is over, epoch {self.current} owns the workspace"


@_error
class WorkspaceInUse(JournalError):
    """Another process owns the workspace: `holder`, since `since_us` (microseconds UTC); `owner` says it for people."""

    holder: str
    since_us: int

    def __str__(self) -> str:
        return (
            f"workspace is owned by {self.owner}: connect with orchestra.connect(url), or wait for it with standby=True"
        )

    @property
    def owner(self) -> str:
        """Who owns it and since when, for people: `process 29274 on vm, since 2026-03-02T11:25:14Z`."""
        parts = self.holder.split(
            "/"
        )  # as `orchestra.journal.process` names holders; others' names are left as they are
        is_known = len(parts) == 5 and parts[2].isdigit()
        who = f"process {parts[2]} on {parts[0]}" if is_known else self.holder
        return f"{who}, since {_utc(self.since_us)}"


def _utc(at_us: int) -> str:
    try:
        return datetime.fromtimestamp(at_us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"{at_us} us"


class ChannelError(OrchestraError):
    """A channel's provider did not take a message."""


@_error
class DeliveryRefused(ChannelError):
    """The provider refuses for good; `code` is its own."""

    code: str

    def __str__(self) -> str:
        return f"refused by the channel: {self.code}"


@_error
class DeliveryUnavailable(ChannelError):
    """The provider cannot take it now; `retry_after_us` is its own advice, if it gave one."""

    code: str
    retry_after_us: int | None = None

    def __str__(self) -> str:
        return f"channel unavailable: {self.code}"


@_error
class ActionRefused(OrchestraError):
    """Raised by an action's function: it cannot be done, and is not to be tried again. `code` says why."""

    code: str

    def __str__(self) -> str:
        return self.code


@_error
class ReplayMismatch(OrchestraError):
    """Journal and code disagree at `position`: the code cannot have written what stands there."""

    position: int
    reason: str

    def __str__(self) -> str:
        return f"journal position {self.position}: {self.reason}"


@_error
class NeedsRecall(OrchestraError):
    """A command names what somebody who is archived may be behind: `keys` have to be looked up first.

    Only whoever runs an engine by themselves meets it; a workspace sees to it.
    """

    keys: Sequence[str]

    def __str__(self) -> str:
        return f"{len(self.keys)} keys have to be looked up in the directory of archived customers"
