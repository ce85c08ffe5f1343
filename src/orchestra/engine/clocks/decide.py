"""When clocks are looked at: what happens to cases, contacts and engagements, what time brings, what people say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from orchestra.engine.clocks.settling import recount, resumed, settle
from orchestra.engine.clocks.standing import standing
from orchestra.engine.clocks.state import DUE, EVOLVE, WALK, Clock, Clocks
from orchestra.engine.clocks.timing import is_stale, ran, rings, upcoming
from orchestra.engine.clocks.waits import together
from orchestra.engine.deliveries.planning import SAID_AT_ONCE
from orchestra.engine.engagements.state import named_after
from orchestra.engine.lifecycle import CLOCK
from orchestra.engine.section import React, Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e

__all__ = ["SECTION"]

_AT_ONCE = 20
"""Subjects that are looked at in one step: each has at most six clocks, and a few events of each."""
_LONGEST_REASON = 200
_NO_ANSWER = ("acknowledgement", *SAID_AT_ONCE)
"""Topics of what, written by nobody, tells no more than that something has come in."""
_BY_ITSELF = ("invitation",)
"""Topics of what is written without anybody having said so."""


# What people say


def _pause(view: View, command: c.PauseClock, at_us: int) -> Steps:
    row = _clock(view, command.clock, "pause")
    if not 0 < len(command.reason) <= _LONGEST_REASON or not command.reason.isprintable():
        raise InvalidCommand("reason", f"must say why, in 1 to {_LONGEST_REASON} printable characters")
    policy = next((one for one in view.plan.clocks if one.name == row.policy), None)
    if policy is not None and policy.reasons and command.reason not in policy.reasons:
        raise InvalidCommand("reason", f"must be one of {', '.join(policy.reasons)}")
    if not row.by_hand or row.reason != command.reason:
        about = command.clock, row.customer, row.case, row.policy, row.measure
        yield e.ClockPaused(*about, command.reason, True, ran(view, row, at_us), row.interaction)
    return None


def _resume(view: View, command: c.ResumeClock, at_us: int) -> Steps:
    row = _clock(view, command.clock, "resume")
    if not row.by_hand:
        raise NotAllowedInState(command.clock, f"{row.state}, and not paused by hand", "resume")
    yield resumed(view, command.clock, row, at_us)
    yield from settle(view, row.subject, at_us)
    return None


def _clock(view: View, name: str, trigger: str) -> Clock:
    row = view.clocks.clocks.get(name)
    if row is None:
        raise UnknownId("clock", name)
    if trigger == "pause":
        CLOCK.step(name, row.state, trigger)
    return row


# Answers


def _on_planned(view: View, event: e.DeliveryPlanned, at_us: int) -> Iterator[e.Event]:
    """Whatever is written answers the customer, but what only tells them that their question has come in."""
    if event.automatic and event.topic in _NO_ANSWER:
        return
    by = "automatic" if event.automatic or event.topic in _BY_ITSELF else _kind(view, view.clocks.author)
    interaction = event.interaction
    if interaction is None:
        newest = view.contacts.conversations[event.conversation].interaction
        row = view.contacts.interactions.get(newest or "")
        if row is not None and row.case is not None and view.cases.root(row.case) == view.cases.root(event.case):
            interaction = newest
    yield from _answered(view, event.case, event.customer, by, interaction)


def _kind(view: View, agent: str | None) -> str:
    return "bot" if agent in view.bots.bots else "person"


def _answered(view: View, case: str, customer: str, by: str, interaction: str | None) -> Iterator[e.CustomerAnswered]:
    own = view.clocks.tracks
    # Of a matter that goes on as a case of which nothing is measured, another one may be.
    measured = case if case in own else next((one for one in view.cases.group(case) if one in own), case)
    if measured in own or interaction in own:
        yield e.CustomerAnswered(measured, customer, by, interaction)


def _on_recorded(view: View, event: e.ReplyRecorded, at_us: int) -> Iterator[e.Event]:
    return _answered(view, event.case, event.customer, _kind(view, event.agent), event.interaction)


def _on_talk(
    view: View, event: e.OfferAccepted | e.TransferCompleted | e.CallbackAnswered, at_us: int
) -> Iterator[e.Event]:
    """Whoever comes to talk with a customer answers them."""
    agent = event.to if isinstance(event, e.TransferCompleted) else event.agent
    row = view.contacts.interactions[event.interaction]
    is_on_line = row.live and event.interaction not in view.callbacks.callbacks
    if is_on_line and agent is not None and row.case is not None:
        yield from _answered(view, row.case, event.customer, _kind(view, agent), event.interaction)
    yield from _look(view, _contact(view, event.interaction), at_us)


# What happens


def _look(view: View, subjects: Iterable[str | None], at_us: int, *, is_heard: bool = False) -> Iterator[e.Event]:
    """See to the clocks of these; where they are very many, to the rest of them in slices."""
    own = view.clocks
    known = [one for one in dict.fromkeys(subjects) if one is not None and (one in own.tracks or one in own.of)]
    for subject in known[:_AT_ONCE]:
        yield from settle(view, subject, at_us, is_heard=is_heard)
    later = [own.tracks[one].customer for one in known[_AT_ONCE:] if one in own.tracks]
    for customer in dict.fromkeys(later):
        yield e.ClocksChecked(customer, 0, is_done=False)


def _matter(view: View, case: str) -> Iterator[str]:
    """All that is one matter: the cases, and the contacts that go on in them."""
    members = view.cases.group(case)
    yield view.cases.root(case)
    yield from members
    for member in members:
        yield from view.clocks.in_case.get(member, ())


def _contact(view: View, interaction: str) -> Iterator[str | None]:
    """A contact, the engagement that it is part of, and its matter."""
    case = view.contacts.interactions[interaction].case
    assert case is not None  # every interaction has a case from its first batch on
    yield interaction
    yield view.clocks.engaged.get(interaction)
    yield from _matter(view, case)


Contact = (
    e.InteractionStarted
    | e.InteractionQueued
    | e.InteractionParked
    | e.InteractionInterrupted
    | e.InteractionResumed
    | e.InteractionFinished
    | e.InteractionHandedOver
    | e.CallbackScheduled
    | e.QuestionLinked
    | e.CustomerAnswered
)


def _on_contact(view: View, event: Contact, at_us: int) -> Iterator[e.Event]:
    if isinstance(event, e.CustomerAnswered):
        both = (_matter(view, event.case), () if event.interaction is None else _contact(view, event.interaction))
        return _look(view, (one for part in both for one in part), at_us)
    return _look(view, _contact(view, event.interaction), at_us)


def _on_attached(view: View, event: e.InteractionAttached, at_us: int) -> Iterator[e.Event]:
    """With which others it goes on is not known yet; who waited for the customer has heard of them."""
    is_heard = view.contacts.interactions[event.interaction].conversation is not None
    return _look(view, (event.interaction, *_matter(view, event.case)), at_us, is_heard=is_heard)


def _on_received(view: View, event: e.MessageReceived, at_us: int) -> Iterator[e.Event]:
    return _look(view, _contact(view, event.interaction), at_us, is_heard=True)


Over = e.InteractionDone | e.InteractionAbandoned | e.InteractionCanceled | e.InteractionDeflected | e.QuestionAnswered


def _on_over(view: View, event: Over, at_us: int) -> Iterator[e.Event]:
    """Its clocks are over, and those of its engagement with its last contact."""
    yield from _look(view, _contact(view, event.interaction), at_us)
    engagement = view.clocks.engaged.get(event.interaction)
    if engagement is not None and standing(view, engagement).over is not None:
        yield e.ClocksForgotten(engagement, view.clocks.tracks[engagement].customer)


Matter = (
    e.CaseWaiting
    | e.CaseResumed
    | e.CaseResolved
    | e.CaseReopened
    | e.CaseQueueChanged
    | e.CaseClosed
    | e.CaseMerged
    | e.CaseUnmerged
)


def _on_matter(view: View, event: Matter, at_us: int) -> Iterator[e.Event]:
    yield from _look(view, _matter(view, event.case), at_us)
    if isinstance(event, e.CaseUnmerged):
        yield from _look(view, _matter(view, event.into), at_us)
    if view.cases.row(event.case).state == "CLOSED":
        for member in view.cases.group(event.case):
            if member in view.clocks.tracks:
                yield e.ClocksForgotten(member, view.cases.cases[member].customer)


def _on_opened(view: View, event: e.CaseOpened, at_us: int) -> Iterator[e.Event]:
    """A case that a contact opens is looked at once that is part of it."""
    return _look(view, (event.case,) if event.conversation is None else (), at_us)


def _on_moved(view: View, event: e.InteractionMoved, at_us: int) -> Iterator[e.Event]:
    return _look(view, (*_matter(view, event.before), *_contact(view, event.interaction)), at_us)


def _on_fields(view: View, event: e.FieldsSet, at_us: int) -> Iterator[e.Event]:
    """Other policies may fit."""
    if event.target in view.contacts.interactions:
        yield from _look(view, (event.target, view.clocks.engaged.get(event.target)), at_us)
    elif event.target in view.cases.cases:
        yield from _look(view, _matter(view, event.target), at_us)
    else:
        for one in view.identity.group(event.target):
            yield from _on_customer(view, one, at_us)


def _on_customer(view: View, customer: str, at_us: int) -> Iterator[e.Event]:
    first = view.clocks.past(customer, 0, _AT_ONCE + 1)
    if len(first) > _AT_ONCE:
        yield e.ClocksChecked(customer, 0, is_done=False)
    else:
        yield from _look(view, (subject for _, subject in first), at_us)


# Engagements


def _on_engaged(
    view: View, event: e.EngagementJoined | e.EngagementsMerged | e.EngagementSplit, at_us: int
) -> Iterator[e.Event]:
    """Waits of an engagement that others were part of count in each that they are part of now, once."""
    other = named_after(event.interaction) if isinstance(event, e.EngagementJoined) else event.other
    for engagement in (event.engagement, other):
        name = view.clocks.of.get(engagement, {}).get("requester_wait")
        track = view.clocks.tracks.get(engagement)
        if name is not None and track is None:
            row = view.clocks.clocks[name]
            about = name, row.customer, row.case, row.policy, row.measure
            yield e.ClockCanceled(*about, "merged", ran(view, row, at_us), row.interaction)
        elif name is not None and track is not None:
            calendar = view.clocks.clocks[name].calendar
            if calendar is not None and calendar not in view.plan.calendars:
                continue  # another plan holds since a moment ago, and it is still looked at
            waited_us = together(track.waits.values(), view.plans.time(calendar).elapsed, at_us)
            yield from recount(view, name, waited_us, at_us)
    yield from _look(view, (event.engagement, other), at_us)


# Time


def _ring(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """A clock has reached a warning or its target, when the timer says, however late it is noticed."""
    row, reached_us = view.clocks.clocks[name], view.timers.get(DUE, name)
    assert reached_us is not None  # it rings
    if is_stale(view, row):
        yield from settle(view, row.subject, at_us)
        return
    about = name, row.customer, row.case, row.policy, row.measure
    percent = upcoming(row.warn_at, row.warned)
    if percent is None:
        yield e.ClockBreached(*about, row.target_us, reached_us, row.interaction)
        return
    time = view.plans.time(row.calendar)
    due = rings(time, row.from_us, row.ran_us, row.target_us, upcoming(row.warn_at, percent))
    yield e.ClockWarned(*about, percent, reached_us, row.interaction, *due)


def _walk(view: View, of: str, at_us: int) -> Iterator[e.Event]:
    found = view.clocks.past(of, view.clocks.walks[of], _AT_ONCE)
    for _, subject in found:
        yield from settle(view, subject, at_us)
    last = found[-1][0] if found else 0
    yield e.ClocksChecked(of, last, is_done=len(found) < _AT_ONCE)


_REACT: Mapping[type[e.Event], React] = {
    e.DeliveryPlanned: _on_planned,
    e.ReplyRecorded: _on_recorded,
    e.OfferAccepted: _on_talk,
    e.TransferCompleted: _on_talk,
    e.CallbackAnswered: _on_talk,
    **dict.fromkeys(Contact.__args__, _on_contact),
    e.InteractionAttached: _on_attached,
    e.MessageReceived: _on_received,
    **dict.fromkeys(Over.__args__, _on_over),
    e.CaseOpened: _on_opened,
    **dict.fromkeys(Matter.__args__, _on_matter),
    e.InteractionMoved: _on_moved,
    e.FieldsSet: _on_fields,
    e.EngagementJoined: _on_engaged,
    e.EngagementsMerged: _on_engaged,
    e.EngagementSplit: _on_engaged,
}


def _if_any(react: Callable[..., Iterable[e.Event]]) -> React:
    """Where nothing is measured, nothing is looked at."""
    return lambda view, event, at_us: react(view, event, at_us) if view.clocks.tracks or view.clocks.of else ()


SECTION = Section(
    "clocks",
    Clocks,
    {c.PauseClock: _pause, c.ResumeClock: _resume},
    EVOLVE,
    {kind: _if_any(react) for kind, react in _REACT.items()},
    {DUE: _ring, WALK: _walk},
)
"""How long what is measured takes, in business time, and when that is too long."""
