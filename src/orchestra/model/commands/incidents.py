"""Commands: incidents, one cause that concerns many customers."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command, Id
from orchestra.model.identity import SERVICE

__all__ = [
    "ApproveIncidentText",
    "CloseIncident",
    "FlagIncidentCase",
    "LinkMatching",
    "LinkToIncident",
    "OpenIncident",
    "UnlinkFromIncident",
    "UpdateIncident",
]

Value = str | int | bool


@attrs.define
class OpenIncident(Command):
    """Note one cause that concerns many customers, such as an outage or a post that spreads.

    `title` is the fact as agents read it. `text` is what customers are to be told; nobody is told anything before
    `ApproveIncidentText`. It is the company's own word to everybody, and a fact: no personal data belongs in it.
    Contacts that come from now on are linked by themselves if their case is about one of `topics`, in one of `queues`,
    has these `fields`, and its customer these `customer_fields`; what is left out does not matter, and where all of it
    is, cases are linked by hand alone. What is told for a `purpose` other than `service` needs what the plan asks for.
    """

    title: str
    text: str | None = None
    topics: list[str] = attrs.field(factory=list)
    queues: list[str] = attrs.field(factory=list)
    fields: dict[str, Value] = attrs.field(factory=dict)
    customer_fields: dict[str, Value] = attrs.field(factory=dict)
    purpose: str = SERVICE


@attrs.define
class UpdateIncident(Command):
    """Note what is known now, and what customers are to be told of it once that is approved.

    `title` takes the place of the fact that was known. Until the new `text` is approved, the one before it is told.
    """

    incident: str
    title: str | None = None
    text: str | None = None


@attrs.define
class ApproveIncidentText(Command):
    """Tell an incident's text, of exactly this version, to everybody whose case is linked: once to each.

    They are told on the channel that they prefer among those on which they wrote before, else where they wrote last,
    in slices. Whoever is linked later is told then. It takes a role that names it, or an operator.
    """

    incident: str
    text_version: int


@attrs.define
class LinkToIncident(Command):
    """Note that a case comes of an incident: its customer is told what is approved, and closing the incident settles
    it. `UnlinkFromIncident` takes this back.
    """

    incident: str
    case: Id


@attrs.define
class UnlinkFromIncident(Command):
    """Note that a case has another cause: it is not linked again by itself. What was told stays told."""

    incident: str
    case: Id
    reason: str


@attrs.define
class LinkMatching(Command):
    """Link all cases that are open now and match the incident, in slices."""

    incident: str


@attrs.define
class FlagIncidentCase(Command):
    """Keep a linked case open when its incident is closed, for a `reason` that is listed then; None takes that back."""

    incident: str
    case: Id
    reason: str | None


@attrs.define
class CloseIncident(Command):
    """Close an incident: tell everybody the last `text`, if there is one, and settle the linked cases, in slices.

    A case stays open, and is listed with the reason, if somebody works on it or is on the line, a callback or a work
    item is still to be done, commitments in it contradict each other, its customer has written since they were told,
    could not be told, or if it was flagged. `resolution` is the fact; `disposition` that of the cases. Who gives a
    `text` must be one who may approve it. A closed incident stays closed.
    """

    incident: str
    resolution: str
    text: str | None = None
    disposition: str | None = None
