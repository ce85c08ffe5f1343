"""Events: incidents, one cause that concerns many customers."""

from __future__ import annotations

import attrs

from orchestra.model.event import Event

__all__ = [
    "IncidentAdvanced",
    "IncidentCaseExcepted",
    "IncidentCaseFlagged",
    "IncidentCaseLinked",
    "IncidentCaseSettled",
    "IncidentCaseUnlinked",
    "IncidentClosed",
    "IncidentClosing",
    "IncidentMatching",
    "IncidentNotTold",
    "IncidentOpened",
    "IncidentTextApproved",
    "IncidentTold",
    "IncidentUpdated",
]

Value = str | int | bool


@attrs.define
class IncidentOpened(Event):
    """Many customers are concerned by one cause. A `text`, version 1, waits to be approved."""

    incident: str
    title: str
    text: str | None
    topics: list[str]
    queues: list[str]
    fields: dict[str, Value]
    customer_fields: dict[str, Value]
    purpose: str


@attrs.define
class IncidentUpdated(Event):
    """More is known; `text_version` is that of the text, a new one if there is a `text`."""

    incident: str
    title: str
    text_version: int
    text: str | None


@attrs.define
class IncidentTextApproved(Event):
    """The text may be told: from now on, everybody concerned is."""

    incident: str
    text_version: int


@attrs.define
class IncidentCaseLinked(Event):
    """A case comes of the incident: somebody said so (`asked`), or it matches: when its contact came (`contact`), since
    more became known of it (`learned`), or in a search of all open cases (`search`).
    """

    incident: str
    case: str
    customer: str
    by: str


@attrs.define
class IncidentCaseUnlinked(Event):
    """The case has another cause."""

    incident: str
    case: str
    customer: str
    reason: str


@attrs.define
class IncidentCaseFlagged(Event):
    """The case is to stay open when the incident is closed; None if not any more."""

    incident: str
    case: str
    customer: str
    reason: str | None


@attrs.define
class IncidentMatching(Event):
    """All open cases are looked at, in slices, and linked if they match."""

    incident: str


@attrs.define
class IncidentAdvanced(Event):
    """A slice of a walk over cases is done: of `match`, `tell` or `settle`. `past` is the number of the last case."""

    incident: str
    walk: str
    past: int
    more: bool


@attrs.define
class IncidentTold(Event):
    """A customer is told this version of the text; `at_once` if that is the answer to a contact that has just come."""

    incident: str
    case: str
    customer: str
    text_version: int
    message: str
    delivery: str
    channel: str
    at_once: bool


@attrs.define
class IncidentNotTold(Event):
    """A customer cannot be told: they never wrote on a channel that is still theirs (`no_channel`), or do not want it
    (`no_consent`).
    """

    incident: str
    case: str
    customer: str
    text_version: int
    reason: str


@attrs.define
class IncidentClosing(Event):
    """The cause is gone: the linked cases are settled, in slices. `text_version` is that of the text told with it."""

    incident: str
    resolution: str
    text_version: int
    text: str | None
    disposition: str | None


@attrs.define
class IncidentCaseSettled(Event):
    """The case is resolved with its incident."""

    incident: str
    case: str
    customer: str


@attrs.define
class IncidentCaseExcepted(Event):
    """The case stays open though its incident is closed, and is listed.

    `reason` is agent, on_the_line, callback, work, contacts, conflict, question or not_told; or `flagged`, and `note`
    says why.
    """

    incident: str
    case: str
    customer: str
    reason: str
    note: str | None = None


@attrs.define
class IncidentClosed(Event):
    """All linked cases are settled, but for those that are listed."""

    incident: str
    settled: int
    excepted: int
