"""What of a timeline its reader is not shown: that it happened always stays.

Belongs here: which words, texts and entries. Does not: who sees how much of what belongs where (`readers`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from orchestra.errors import NotPermitted
from orchestra.model import events as e
from orchestra.model.definitions import Participant
from orchestra.model.participants import PARTS
from orchestra.runtime.readers import Reader, Withheld

__all__ = ["OUTWARD", "Parts", "in_words"]

OUTWARD = frozenset(
    {
        "AddressGivenUp",
        "AddressLinked",
        "AddressTakenUp",
        "AddressUnlinked",
        "CallbackRequested",
        "CallbackScheduled",
        "CaseClosed",
        "CaseOpened",
        "CaseReopened",
        "CaseResolved",
        "CaseResumed",
        "CaseWaiting",
        "CommitmentCorrected",
        "CommitmentExpired",
        "CommitmentMade",
        "CommitmentWithdrawn",
        "ConsentRecorded",
        "ContactTaken",
        "ContactVerified",
        "CustomerAdded",
        "FactTold",
        "CustomerFormSet",
        "CustomerHoursSet",
        "CustomerLanguageSet",
        "CustomerZoneSet",
        "InteractionAbandoned",
        "InteractionStarted",
        "AutoReplyRecorded",
        "MessageAmended",
        "MessageEdited",
        "MessageReceived",
        "MessageRetracted",
        "ReactionChanged",
        "MessageWritten",
        "NoticePreferenceSet",
        "ParticipantChanged",
        "ParticipantJoined",
        "ParticipantLeft",
        "PartEnded",
        "PartTaken",
        "PreferencesSet",
        "PromiseKept",
        "PromiseKeptLate",
        "PromiseBroken",
        "PromiseMade",
        "PromiseRevised",
        "PromiseWithdrawn",
        "ReplyRecorded",
        "StageEntered",
    }
)
"""Types of the events that customers see of their own timeline. All else is how the company works."""

_THEIRS_ALONE = frozenset({"ContactVerified"})
"""Of these, what is about the customer themself and no participant's business, though it happened in a case."""

_BETWEEN = re.compile(r"(?<=[a-z])(?=[A-Z])")
_UNNAMED = Participant()


def in_words(kind: str) -> str:
    """An event's name as words, which tell nothing but what kind of thing happened: `commitment made`."""
    return _BETWEEN.sub(" ", kind).lower()


class Parts:
    """Who has which part in a customer's cases, and what a customer may therefore see of the timeline.

    Raises:
        NotPermitted: the reader is a customer who has no part in any of them.
    """

    def __init__(self, reader: Reader, ids: Sequence[str], events: Iterable[e.Event]) -> None:
        self._reader = reader
        self._ids = ids
        self._is_own = not set(ids).isdisjoint(reader.ids)
        self._roles: dict[tuple[str, str], str | None] = {}
        for event in events:
            self._learn(event)
        if not self._is_own and not any(person in reader.ids for _, person in self._roles):
            raise NotPermitted(
                str(reader.actor), "timeline", "it is another customer, in no case of whom they have a part"
            )

    def _learn(self, event: e.Event) -> None:
        match event:
            case e.ParticipantJoined() | e.ParticipantChanged():
                self._roles[event.case, event.participant] = event.role
            case e.ParticipantLeft():
                self._roles.pop((event.case, event.participant), None)
            case _:
                pass

    def _part(self, case: str, person: str) -> Participant:
        role = self._roles.get((case, person))
        named: Mapping[str, Participant] = self._reader.plan.participants
        return named.get(role or "", _UNNAMED)

    def shows(self, kind: str, event: e.Event, case: str | None) -> bool:
        """Whether the reader sees that this happened."""
        if kind not in OUTWARD:
            return False
        if self._is_own or self._is_by_reader(event):
            return True
        return kind not in _THEIRS_ALONE and self._sees(case) in ("facts", "all")

    def _sees(self, case: str | None) -> str:
        """How much of a case the reader sees as a participant."""
        mine = [one for one in self._reader.ids if case is not None and (case, one) in self._roles]
        return max((self._part(case or "", one).sees for one in mine), key=PARTS.index, default="none")

    def _is_by_reader(self, event: e.Event) -> bool:
        return not self._is_own and getattr(event, "customer", None) in self._reader.ids

    def withheld(self, event: e.Event, case: str | None) -> Withheld | None:
        """What stands for the text of an event that is shown; None if the reader may read it."""
        whom = getattr(event, "customer", None)
        if whom is None or whom in self._reader.ids:
            return None
        if whom in self._ids:
            return None if self._sees(case) == "all" else Withheld("person", whom)
        return None if self._part(case or "", whom).shown else Withheld("person", whom)
