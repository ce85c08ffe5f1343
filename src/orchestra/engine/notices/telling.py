"""Telling customers: looking at a notice again, writing its message where it can be, and ending it.

Belongs here: what follows from what stops a notice, or from nothing stopping it. Does not: what stops one (`checks`),
what becomes of its message (`receipts`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from orchestra.engine.cases.decide import resolved
from orchestra.engine.deliveries.planning import Beside, write
from orchestra.engine.identity.undeliverable import UNDELIVERABLE
from orchestra.engine.lifecycle import CASE, DELIVERY, NOTICE
from orchestra.engine.notices.checks import Stop, quiet, stopped
from orchestra.engine.notices.choosing import account_of, begin, lacks, legs_for, legs_of, matter_of, place_on, refusal
from orchestra.engine.notices.gathering import is_alone, joined, left_behind, outdated, rides_with, succeeded
from orchestra.engine.notices.options import offered
from orchestra.engine.notices.row import Notice, Value
from orchestra.engine.notices.saying import gathered_wording, newest, version_of, wording
from orchestra.engine.notices.state import RECALLED
from orchestra.engine.rendering import Rendered
from orchestra.engine.section import Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState
from orchestra.model import events as e
from orchestra.model.addresses import Address
from orchestra.model.notices import Leg, NoticeTopic
from orchestra.model.structure import microseconds

__all__ = ["arrived", "called_back", "look", "on_given_up", "on_over", "suppress", "told_by"]


def look(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """Decide what becomes of a notice that is not being sent: it is told, waits, or ends."""
    row = view.notices.notices[name]
    stop = stopped(view, name, at_us)
    if stop is not None and stop.trigger != "hold":
        yield from _ended(view, name, row, stop)
    elif row.not_before_us is not None and at_us < row.not_before_us:
        return  # its timer rings then
    elif stop is not None:
        yield from _held(view, name, row, stop)
    else:
        yield from _send(view, name, row, at_us)


def _held(view: View, name: str, row: Notice, stop: Stop) -> Iterator[e.Event]:
    """It waits; in a digest it takes the place of what that holds already of the same facts."""
    if stop.place is None:
        yield e.NoticeHeld(name, row.customer, stop.reason, stop.until_us)
        return
    yield joined(name, row, stop.place)
    for other in list(outdated(view, name)):
        yield from suppress(view, other, "outdated", name)


def _ended(view: View, name: str, row: Notice, stop: Stop) -> Iterator[e.Event]:
    if stop.trigger == "suppress":
        yield from suppress(view, name, stop.reason, stop.by)
    else:
        yield e.NoticeExpired(name, row.customer)
        yield from called_back(view, row)


def suppress(view: View, name: str, reason: str, by: str | None = None) -> Iterator[e.Event]:
    """End a notice: nobody is told."""
    row = view.notices.notices[name]
    yield e.NoticeSuppressed(name, row.customer, reason, by)
    yield from called_back(view, row)


def called_back(view: View, row: Notice, but: str | None = None) -> Iterator[e.Event]:
    """Its messages that have not left do not leave, but for one."""
    for delivery in sorted(row.aims):
        message = view.deliveries.deliveries[delivery]
        if delivery != but and DELIVERY.allows(message.state, "cancel"):
            yield e.DeliveryCanceled(delivery, message.customer, "not needed any more")


def on_over(view: View, event: e.NoticeSuppressed | e.NoticeExpired, at_us: int) -> Iterator[e.Event]:
    """What it was to take along is led by another one; a message that tells it does not leave as it is."""
    row = view.notices.notices[event.notice]
    yield from succeeded(view, event.notice, at_us)
    for delivery in row.rides:
        message = view.deliveries.deliveries[delivery]
        if DELIVERY.allows(message.state, "cancel"):
            yield e.DeliveryCanceled(delivery, message.customer, f"{RECALLED}changed")


def on_given_up(view: View, event: e.NoticeFailed, at_us: int) -> Iterator[e.Event]:
    """What it was to take along was tried with it, and arrived nowhere either."""
    for name in view.notices.crews.of(event.notice):
        yield e.NoticeFailed(name, view.notices.notices[name].customer, event.reason)


# Sending


def _send(view: View, name: str, row: Notice, at_us: int) -> Iterator[e.Event]:
    """Write it on the next channel on which it can be; without any it has failed."""
    yield from _sorted_out(view, name, at_us)
    topic, refused, lost = view.plan.notices.topics[row.topic], None, None
    for leg in legs_for(view, name, row, topic):
        place = place_on(view, row, leg)
        reason = lacks(view, row, leg.channel) if place is None else refusal(view, row, topic, leg.channel)
        if place is not None and reason is None:
            stop = quiet(view, name, at_us, leg.channel)
            if stop is None:
                yield from left_behind(view, list(_staying(view, name, leg.channel)), at_us)
                yield from _write(view, name, row, leg, place, at_us)
            else:
                yield e.NoticeHeld(name, row.customer, stop.reason, stop.until_us)
            return
        if topic.legs:
            yield e.NoticeLegSkipped(name, row.customer, leg.channel, reason or "", account_of(leg))
        refused = refused or (None if place is None else reason)
        lost = lost or (reason if reason == UNDELIVERABLE else None)
    if refused is not None and not row.aims:
        yield from suppress(view, name, refused)
    else:
        yield e.NoticeFailed(name, row.customer, lost or "no_address")


def _sorted_out(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """Of what it is to take along nothing goes that must not be told now."""
    for other in view.notices.crews.of(name):
        row, stop = view.notices.notices[other], stopped(view, other, at_us)
        if stop is not None and stop.trigger == "hold":
            yield e.NoticeHeld(other, row.customer, stop.reason, stop.until_us)
        elif stop is not None:
            yield from _ended(view, other, row, stop)


def _staying(view: View, name: str, channel: str) -> Iterator[str]:
    """What it was to take along and cannot, on a channel: all of it, if it goes alone as the plan knows no digest."""
    rows, topics = view.notices.notices, view.plan.notices.topics
    is_by_itself = is_alone(view, name, rows[name])
    for other in view.notices.crews.of(name):
        row = rows[other]
        refused = refusal(view, row, topics[row.topic], channel)
        if is_by_itself or refused is not None or not rides_with(view, name, other, channel):
            yield other


def _worded(view: View, name: str, row: Notice, channel: str) -> Rendered:
    names = [name, *view.notices.crews.of(name)]
    if len(names) == 1:
        return wording(view, row, view.plan.notices.topics[row.topic], channel)
    assert row.gathers is not None  # it takes others along
    in_order = sorted(names, key=lambda one: int(one[2:]))
    return gathered_wording(view, in_order, row.gathers.partition("\x1f")[0], channel)


def _edition(view: View, name: str, row: Notice) -> str:
    """The edition of the words in which it is said: of its own, or of its digest."""
    notices = view.plan.notices
    if row.gathers is None or not view.notices.crews.of(name):
        return version_of(view, row.topic, notices.topics[row.topic])
    digest = row.gathers.partition("\x1f")[0]
    return version_of(view, digest, notices.digests[digest])


def _write(view: View, name: str, row: Notice, leg: Leg, place: str | Address, at_us: int) -> Iterator[e.Event]:
    conversation = (yield from begin(view, leg, place)) if isinstance(place, Address) else place
    talk = view.contacts.conversations[conversation]
    case = yield from _matter(view, row, conversation, at_us)
    message, delivery = view.contacts.next_id("message", "me"), view.deliveries.next_delivery()
    topic = view.plan.notices.topics[row.topic]
    until_us, worded = _until(view, name, row, topic, leg, at_us), _worded(view, name, row, leg.channel)
    yield e.NoticeSending(
        name,
        row.customer,
        case,
        leg.channel,
        conversation,
        message,
        delivery,
        leg.success_at,
        until_us,
        account_of(leg),
        _edition(view, name, row),
    )
    yield from write(
        view,
        at_us,
        conversation=conversation,
        case=case,
        customer=talk.customer,
        text=worded.text,
        title=None if worded.title is None else worded.title.text,
        medium=None if worded.medium == "plain" else worded.medium,
        choices=None if view.notices.crews.of(name) else offered(name, topic, worded.language),
        beside=Beside(template=worded.template),
        key=f"message:{name}:{delivery}",
        topic=row.topic,
        purpose=topic.purpose,
        automatic=True,
        notice=name,
        expires_us=row.expires_us,
    )


def _until(view: View, name: str, row: Notice, topic: NoticeTopic, leg: Leg, at_us: int) -> int:
    """By when it must have arrived on a channel: as long as it is worth telling, on the last one."""
    legs = legs_of(view, name, row, topic)
    tried = {one.partition("\x1f")[0] for one in row.channels}
    if not any(other.channel != leg.channel and other.channel not in tried for other in legs):
        return row.expires_us
    calendar = None
    if leg.business_time:
        calendar = view.plan.channels[leg.channel].calendar or view.plan.workspace.calendar
    due_us = view.plans.time(calendar).due(at_us, microseconds(leg.wait))
    return row.expires_us if due_us is None else min(due_us, row.expires_us)


def _matter(view: View, row: Notice, conversation: str, at_us: int) -> Steps:
    """The case under which it is written; what is about none is a matter of its own, settled unless they answer."""
    if row.case is not None:
        return view.cases.root(row.case)
    known = matter_of(view, row.customer)
    if known is not None and view.cases.row(known).state not in CASE.final:
        return view.cases.root(known)
    talk = view.contacts.conversations[conversation]
    case, number = view.cases.next_case()
    queue = view.plan.queue_of(talk.channel, talk.account)
    place = conversation if talk.case is None else None
    yield e.CaseOpened(case, number, talk.customer, "team", view.plan.queues[queue].team, queue, None, place)
    yield resolved(view, case, view.cases.cases[case], None, at_us)
    return case


# What was told


def told_by(view: View, name: str, agent: str, interaction: str) -> Iterator[e.Event]:
    """An agent has told a held notice to the customer with whom they talk.

    Raises:
        NotAllowedInState: it is not held.
        InvalidCommand: it is for somebody else.
    """
    row, contact = view.notices.notices[name], view.contacts.interactions[interaction]
    if row.state != "HELD" or row.left:
        raise NotAllowedInState(name, "with the provider" if row.left else row.state, "tell_now")
    if not view.identity.is_same(row.customer, contact.customer):
        raise InvalidCommand("delivery", f"{name} is for somebody else")
    by = f"{'bot' if agent in view.bots.bots else 'agent'}:{agent}"
    about, case = row.case or row.matter, contact.case
    is_there = about is not None and case is not None and view.cases.root(about) == view.cases.root(case)
    yield from suppress(view, name, "told", by)
    yield from told(view, name, by, interaction=interaction if is_there else None, notice=name)


def arrived(view: View, name: str, delivery: str, channel: str, receipt: str) -> Iterator[e.Event]:
    """That the message of a notice came so far: it is told, and so is all that stands beside it."""
    rows = view.notices.notices
    all_of_it = sorted((name, *view.notices.crews.beside(delivery)), key=lambda one: int(one[2:]))
    facts = newest(view, all_of_it)
    for one in (name, *(other for other in all_of_it if other != name)):
        if NOTICE.allows(rows[one].state, "succeed"):
            yield e.NoticeSent(one, rows[one].customer, channel, delivery, receipt)
            yield from told(view, one, "system", notice=one, facts=facts[one])
            yield from called_back(view, rows[one], delivery)


def told(
    view: View,
    name: str,
    by: str,
    *,
    interaction: str | None = None,
    notice: str | None = None,
    facts: Mapping[str, Value] | None = None,
) -> Iterable[e.Event]:
    """That the customer knows the facts of a notice now; of what is about no case nobody keeps that."""
    row = view.notices.notices[name]
    about = row.case or row.matter
    if about is None:
        return
    case = view.cases.root(about)
    customer = view.cases.cases[case].customer
    for fact, value in sorted((row.facts if facts is None else facts).items()):
        yield e.FactTold(case, customer, fact, value, by, interaction, notice)
