"""Commands: cases."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command, Id

__all__ = [
    "AcceptCaseSuggestion",
    "AddRef",
    "AssignCase",
    "CloseCase",
    "DismissCaseSuggestion",
    "MergeCases",
    "MoveInteraction",
    "OpenCase",
    "ReopenCase",
    "ResolveCase",
    "ResumeCase",
    "SetCaseWaiting",
    "SetFields",
    "SplitCase",
    "UnmergeCase",
]


@attrs.define
class OpenCase(Command):
    """Open a case for a known customer without a contact."""

    customer: Id
    topic: str | None = None
    queue: str | None = None


@attrs.define
class SetCaseWaiting(Command):
    """The case waits `on` customer or third_party."""

    case: Id
    on: str
    reason: str | None = None


@attrs.define
class ResumeCase(Command):
    """What the case waited for has come."""

    case: Id


@attrs.define
class ResolveCase(Command):
    """The matter is settled."""

    case: Id
    disposition: str | None = None


@attrs.define
class ReopenCase(Command):
    """It was not settled after all."""

    case: Id
    reason: str


@attrs.define
class CloseCase(Command):
    """File a resolved case for good."""

    case: Id


@attrs.define
class AssignCase(Command):
    """Make an agent or a team the one accountable owner."""

    case: Id
    owner_kind: str
    owner: str


@attrs.define
class MergeCases(Command):
    """Note that two cases of one customer are the same matter: `other` goes on as `case`.

    Its id, number, threads and tokens go on working. Its contacts, participants, references and commitments count among
    those of `case`, whose owner is accountable for all of it. Nothing is rewritten, so `UnmergeCase` can undo it.
    """

    case: Id
    other: Id
    reason: str


@attrs.define
class UnmergeCase(Command):
    """Undo a merge: the case that was merged goes on by itself, with everything that came from it.

    That is what came in while it was merged, too, where it came by the case's own number, thread, token or topic.
    """

    case: Id
    reason: str


@attrs.define
class SplitCase(Command):
    """Make part of a case a case of its own, with its own number and owner. `MergeCases` undoes it.

    `interactions` go along, and all those of the case in these `conversations`. The case is the customer's whose the
    contacts are: the case's own, if any of them is theirs. Its owner is the agent who has the newest of them in hand,
    or else the team of `queue`, which is the case's unless stated.
    """

    case: Id
    reason: str
    interactions: list[Id] = attrs.field(factory=list)
    conversations: list[str] = attrs.field(factory=list)
    topic: str | None = None
    queue: str | None = None


@attrs.define
class MoveInteraction(Command):
    """Put an interaction right that belongs to the wrong case. Moving it back undoes that.

    Whose it is becomes a participant, if the case is another customer's. A case that it was open for stays as it is:
    `MergeCases` takes everything of a case along.
    """

    interaction: Id
    case: Id
    reason: str


@attrs.define
class AcceptCaseSuggestion(Command):
    """Note that an interaction belongs to the case that was suggested for it, as an agent can see.

    Its own case, as long as that holds nothing else, goes on as the suggested one, so that `UnmergeCase` undoes it;
    else the interaction is moved, and `MoveInteraction` does.
    """

    interaction: Id


@attrs.define
class DismissCaseSuggestion(Command):
    """Note that an interaction does not belong to the case that was suggested for it."""

    interaction: Id
    reason: str


@attrs.define
class AddRef(Command):
    """Let a customer, case or interaction be addressed by the application's own key."""

    target: Id
    ref: str


@attrs.define
class SetFields(Command):
    """Set typed fields that the plan declares. A value of None removes the field."""

    target: Id
    fields: dict[str, str | int | bool | None]
