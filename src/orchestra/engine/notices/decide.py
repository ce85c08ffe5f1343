"""Notices: planning and cancelling them, what customers want of them, and when somebody has stopped talking."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator

from orchestra.engine.contacts.intake import check_id
from orchestra.engine.engagements.leading import talks_with
from orchestra.engine.lifecycle import NOTICE
from orchestra.engine.notices.checks import has_left
from orchestra.engine.notices.options import on_message
from orchestra.engine.notices.planning import announce
from orchestra.engine.notices.receipts import (
    on_accepted,
    on_canceled,
    on_expired,
    on_failed,
    on_receipt,
    on_retried,
    on_time,
)
from orchestra.engine.notices.saying import missing
from orchestra.engine.notices.state import DUE, EVOLVE, Notices, wish_key
from orchestra.engine.notices.telling import on_given_up, on_over, suppress
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.notices import URGENCIES, NoticeTopic
from orchestra.model.progress import KEYS
from orchestra.model.structure import microseconds

__all__ = ["SECTION", "plan_notice"]

LetGo = e.InteractionFinished | e.InteractionDone | e.InteractionQueued | e.InteractionCanceled | e.TransferCompleted


def _plan(view: View, command: c.PlanNotice, at_us: int) -> Steps:
    if command.key.startswith(KEYS):
        raise InvalidCommand("key", f"must not begin with {KEYS!r}, which those of the library's own do")
    return (yield from plan_notice(view, command, at_us))


def plan_notice(view: View, command: c.PlanNotice, at_us: int) -> Steps:
    """Plan a notice, and look at once whether it can be told; gives its id.

    Raises:
        CommandRefused: the plan has no such topic, or it is asked for otherwise than before; before the first event.
    """
    case, customer = _whom(view, command)
    check_id("key", command.key)
    digest = _digest(command, case or customer)
    known = view.notices.by_key.get(command.key)
    if known is not None:
        if view.notices.notices[known].digest != digest:
            raise InvalidCommand("key", f"{command.key!r} was used for another notice: {known}")
        return known
    topic = view.plan.notices.topics.get(command.topic)
    if topic is None:
        raise UnknownId("topic", command.topic)
    for fact, why in missing(view, command.topic, topic, command.facts):
        raise InvalidCommand(f"facts.{fact}", why)
    expires_us = _check_times(command, topic, at_us)
    return (
        yield from announce(
            view,
            at_us,
            key=command.key,
            digest=digest,
            topic=command.topic,
            customer=customer,
            expires_us=expires_us,
            facts=command.facts,
            case=case,
            urgency=command.urgency,
            not_before_us=command.not_before_us,
            group=command.supersedes_group,
        )
    )


def _whom(view: View, command: c.PlanNotice) -> tuple[str | None, str]:
    """The case that it is about, if it is about one, and its customer."""
    if (command.case is None) == (command.customer is None):
        raise InvalidCommand("case", "give the case it is about, or else the customer")
    if command.customer is not None:
        return None, view.customer(command.customer)[0]
    assert command.case is not None  # just asked
    key = view.id_of("case", command.case)
    view.case(key)
    return key, view.cases.cases[key].customer  # its own: the case that it goes on as may be parted from it


def _digest(command: c.PlanNotice, about: str) -> str:
    """The hash of all that is asked for, whatever it was named by."""
    body = (
        about,
        command.topic,
        dict(sorted(command.facts.items())),
        command.urgency,
        command.not_before_us,
        command.expires_us,
        command.supersedes_group,
    )
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _check_times(command: c.PlanNotice, topic: NoticeTopic, at_us: int) -> int:
    """When it expires."""
    if command.urgency not in URGENCIES:
        raise InvalidCommand("urgency", f"must be one of {', '.join(URGENCIES)}")
    if command.supersedes_group is not None:
        check_id("supersedes_group", command.supersedes_group)
    from_us = max(at_us, command.not_before_us or at_us)
    expires_us = command.expires_us
    if expires_us is None:
        return from_us + microseconds(topic.lasts)
    if expires_us <= from_us:
        raise InvalidCommand("expires_us", "must be later than now, and than it may be told")
    return expires_us


def _cancel(view: View, command: c.CancelNotice, at_us: int) -> Steps:
    row = view.notices.notices.get(command.notice)
    if row is None:
        raise UnknownId("notice", command.notice)
    check_id("reason", command.reason)
    NOTICE.step(command.notice, row.state, "suppress")
    if has_left(row):
        raise NotAllowedInState(command.notice, "with the provider", "cancel")
    yield from suppress(view, command.notice, "canceled", command.reason)
    return None


def _prefer(view: View, command: c.SetNoticePreference, at_us: int) -> Steps:
    customer, _ = view.customer(command.customer)
    if command.topic is None and command.channel is not None:
        raise InvalidCommand("topic", f"name what they want on {command.channel}, or leave out the channel")
    if command.topic is not None and command.topic not in view.plan.notices.topics:
        raise UnknownId("topic", command.topic)
    if command.channel is not None and command.channel not in view.plan.channels:
        raise UnknownId("channel", command.channel)
    key = wish_key(command.topic, command.channel)
    if view.notices.wishes.get(customer, {}).get(key) != command.wanted:
        yield e.NoticePreferenceSet(customer, command.wanted, command.topic, command.channel)
    return None


# Somebody has stopped talking


def _on_let_go(view: View, event: LetGo, at_us: int) -> Iterable[e.Event]:
    if not view.notices.talking and not view.plan.notices.topics:
        return ()
    return _freed(view, event.customer, at_us, has_talked=_has_talked(view, event))


def _has_talked(view: View, event: LetGo) -> bool:
    """Whether a person was on the line with the customer until now."""
    if not isinstance(event, e.InteractionFinished) or not view.plan.notices.topics:
        return False
    return view.contacts.interactions[event.interaction].live and event.agent not in view.bots.bots


def _freed(view: View, customer: str, at_us: int, *, has_talked: bool = False) -> Iterator[e.Event]:
    ids = view.identity.group(customer)
    if talks_with(view, ids) is not None:
        return
    until_us = at_us + microseconds(view.plan.engagements.cool_down)
    for one in ids:
        if one in view.notices.talking or (has_talked and one == customer):
            yield e.LiveContactEnded(one, until_us)


def _on_split(view: View, event: e.CustomersSplit, at_us: int) -> Iterator[e.Event]:
    """Somebody talks with one of the two, and not with the other."""
    for customer in (event.customer, event.other):
        yield from _freed(view, customer, at_us)


def _on_agent_defined(view: View, event: e.AgentDefined, at_us: int) -> Iterator[e.Event]:
    """Whoever is a bot from now on talks with nobody."""
    if event.kind == "bot" and view.notices.talking:
        for interaction in sorted(view.routing.in_hand.get(event.agent, ())):
            yield from _freed(view, view.contacts.interactions[interaction].customer, at_us)


SECTION = Section(
    "notices",
    Notices,
    {c.PlanNotice: _plan, c.CancelNotice: _cancel, c.SetNoticePreference: _prefer},
    EVOLVE,
    {
        e.MessageReceived: on_message,
        e.DeliveryAccepted: on_accepted,
        e.ReceiptRecorded: on_receipt,
        e.DeliveryFailed: on_failed,
        e.DeliveryRetried: on_retried,
        e.DeliveryExpired: on_expired,
        e.DeliveryCanceled: on_canceled,
        e.NoticeSuppressed: on_over,
        e.NoticeExpired: on_over,
        e.NoticeFailed: on_given_up,
        e.InteractionFinished: _on_let_go,
        e.InteractionDone: _on_let_go,
        e.InteractionQueued: _on_let_go,
        e.InteractionCanceled: _on_let_go,
        e.TransferCompleted: _on_let_go,
        e.CustomersSplit: _on_split,
        e.AgentDefined: _on_agent_defined,
    },
    {DUE: on_time},
    frozenset({DUE}),
)
