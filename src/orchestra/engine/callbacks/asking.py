"""Asking for callbacks: in a live contact, whose place they take, or for somebody who is in none."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.cases.attach import has_part
from orchestra.engine.cases.state import SETTLED
from orchestra.engine.contacts.intake import add_customer, check_channel, check_id, check_route, find_or_begin
from orchestra.engine.contacts.state import NO_THREAD, Interaction
from orchestra.engine.routing.arriving import required
from orchestra.engine.routing.offers import end_all
from orchestra.engine.section import Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Address
from orchestra.model.results import RequestedCallback
from orchestra.model.structure import microseconds

__all__ = ["WAITS", "check_due", "request", "schedule"]

WAITS = ("QUEUED", "OFFERED", "CONNECTING")
"""States of a contact in which its customer waits on the line."""


def check_due(view: View, due_us: int | None, at_us: int) -> None:
    """Refuse a time that is past or too far ahead."""
    if due_us is None:
        return
    if due_us <= at_us:
        raise InvalidCommand("due_us", "lies in the past")
    ahead = view.plan.callbacks.ahead
    if due_us > at_us + microseconds(ahead):
        raise InvalidCommand("due_us", f"lies too far ahead: at most {ahead.days} days and {ahead.seconds} seconds")


def request(view: View, command: c.RequestCallback, at_us: int) -> Steps:
    """Decide on a callback instead of a live contact."""
    key, asking = view.interaction(command.interaction)
    if not asking.live:
        raise InvalidCommand("interaction", f"{key} is no live contact: its customer does not wait on a line")
    if command.agent is not None:
        view.agent(command.agent)
    check_due(view, command.due_us, at_us)
    assert asking.case is not None  # every interaction has a case from its first batch on
    known = view.callbacks.of(view.identity.group(asking.customer), view.cases.group(asking.case))
    if known is not None:
        if known != key and asking.state in WAITS:
            yield from _ends(view, key, asking)
        return _known(view, known)
    return (yield from _requested(view, command, key, asking, at_us))


def _known(view: View, key: str) -> RequestedCallback:
    """The callback that a customer has in a case already."""
    row = view.callbacks.callbacks[key]
    case = view.matter(row.case)
    return RequestedCallback(key, row.due_us, is_new=False, case=case, customer=row.customer)


def _requested(view: View, command: c.RequestCallback, key: str, asking: Interaction, at_us: int) -> Steps:
    """The waiting contact ends, and the callback waits in its place, or for its time."""
    item = view.routing.items.get(key)
    waits = item is not None and asking.state in WAITS
    queue = asking.queue or view.plan.queue_of(asking.channel, asking.account)
    if queue not in view.plan.queues:
        queue = view.plan.workspace.default_queue
    assert asking.case is not None
    assert asking.conversation is not None  # only work items have none, and they are never live
    skills = dict(view.plan.queues[queue].skills) if item is None else item.skills
    priority = view.plan.queues[queue].priority if item is None else item.priority
    start_us, order = (item.start_us, item.order) if item and waits else (at_us, view.routing.next_order())
    agent = command.agent or (item.agent if item and waits else None)
    at_front = item is not None and waits and item.at_front
    if waits:
        yield from _ends(view, key, asking)
    asked = e.CallbackRequested(
        view.contacts.next_id("interaction", "in"),
        asking.case,
        asking.customer,
        asking.channel,
        asking.account,
        asking.conversation,
        queue,
        skills,
        key,
        agent,
        priority - view.plan.queues[queue].priority,
    )
    return (yield from _begins(view, asked, command.due_us, start_us, order, at_front))


def _begins(
    view: View, asked: e.CallbackRequested, due_us: int | None, start_us: int, order: int, at_front: bool
) -> Steps:
    """The callback waits for its turn, in a place, or for its time."""
    yield asked
    yield e.InteractionAttached(asked.interaction, asked.case, asked.customer, "callback")
    if due_us is not None:
        yield e.CallbackScheduled(asked.interaction, asked.customer, due_us, "requested")
    else:
        yield e.InteractionQueued(
            asked.interaction,
            asked.customer,
            asked.queue,
            asked.channel,
            asked.skills,
            view.plan.queues[asked.queue].priority + asked.priority,
            start_us,
            order,
            "callback",
            asked.agent,
            at_front,
            view.plan.callbacks.first,
        )
    case = view.matter(asked.case)
    return RequestedCallback(asked.interaction, due_us, is_new=True, case=case, customer=asked.customer)


def _ends(view: View, key: str, asking: Interaction) -> Iterator[e.Event]:
    """The customer hangs up because they will be called: nobody was abandoned."""
    yield from end_all(view, key, "withdraw", "to be called back")
    yield e.InteractionDone(key, asking.customer, "callback")


def schedule(view: View, command: c.ScheduleCallback, at_us: int) -> Steps:
    """Decide on a callback to somebody who is in no live contact."""
    check_channel(view, command.channel)
    if not view.plan.channels[command.channel].live:
        raise InvalidCommand("channel", f"{command.channel} is not live: nobody can be called on it")
    check_id("account", command.account)
    check_id("address", command.address.key)
    check_route(view, command)
    check_due(view, command.due_us, at_us)
    customer = _whom(view, command)
    case = _matter(view, command, customer)
    known = None
    if customer is not None and case is not None:
        known = view.callbacks.of(view.identity.group(customer), view.cases.group(case))
    if known is not None:
        return _known(view, known)
    return (yield from _scheduled(view, command, customer, case, at_us))


def _whom(view: View, command: c.ScheduleCallback) -> str | None:
    """The customer to call; None if nobody is known by the address."""
    key, case = (None, None) if command.case is None else view.case(command.case)
    if command.customer is None:
        return _holder(view, command.address) if case is None else case.customer
    customer, _ = view.customer(command.customer)
    if key is not None and not has_part(view, key, customer):
        raise InvalidCommand("case", f"{customer} has no part in {key}")
    return customer


def _matter(view: View, command: c.ScheduleCallback, customer: str | None) -> str | None:
    """The case that the callback is about; None if it is a new matter."""
    if command.case is not None:
        return view.case(command.case)[0]
    if customer is None:
        return None
    if command.topic is not None:
        return view.cases.newest_open(view.identity.group(customer), command.topic)
    known = view.contacts.by_thread.get((command.channel, command.account, f"{NO_THREAD}{command.address.key}"))
    conversation = None if known is None else view.contacts.conversations[known]
    if conversation is None or not view.identity.is_same(conversation.customer, customer):
        return None
    last = conversation.case
    if last is None or view.cases.row(last).state in SETTLED or not has_part(view, last, customer):
        return None
    return last


def _called(view: View, conversation: str, whom: str) -> str:
    """Under which of their ids somebody is called: if two people turn out to be two, each keeps their own number."""
    owner = view.contacts.conversations[conversation].customer
    return owner if view.identity.is_same(owner, whom) else whom


def _holder(view: View, address: Address) -> str | None:
    return view.identity.holder(address.key) if address.matches else None


def _scheduled(view: View, command: c.ScheduleCallback, customer: str | None, case: str | None, at_us: int) -> Steps:
    """Customer, conversation and case are made if they are new; then the callback begins."""
    person = command.address
    whom: str = customer or (yield from add_customer(view, person))
    conversation = yield from find_or_begin(view, whom, command.channel, command.account, None, person)
    queue = command.queue or view.plan.queue_of(command.channel, command.account)
    definition = view.plan.queues[queue]
    if case is None:
        case, number = view.cases.next_case()
        yield e.CaseOpened(case, number, whom, "team", definition.team, queue, command.topic, conversation)
    asked = e.CallbackRequested(
        view.contacts.next_id("interaction", "in"),
        case,
        _called(view, conversation, whom),
        command.channel,
        command.account,
        conversation,
        queue,
        required(definition.skills, command.skills),
        None,
        command.agent,
        command.priority,
        person.kind,
        person.value,
    )
    return (yield from _begins(view, asked, command.due_us, at_us, view.routing.next_order(), False))
