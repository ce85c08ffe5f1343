"""Taking what another system knows of the past: customers, cases, messages, and how cases stood.

What is taken here goes through the events of live work, so that timelines, measures and correlation know it; but nobody
waits on a line, times are believed, and the case that a message belongs to is the one that the file says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from orchestra.engine.cases.decide import resolved
from orchestra.engine.contacts.decide import record_reply
from orchestra.engine.contacts.intake import (
    add_customer,
    already,
    check_channel,
    check_files,
    check_id,
    check_text,
    check_thread,
    find_or_start,
    received,
)
from orchestra.engine.contacts.state import taken_key
from orchestra.engine.contacts.wrap_up import check_disposition
from orchestra.engine.details.decide import check_fields, check_ref
from orchestra.engine.identity.linking import link_known
from orchestra.engine.routing.offers import end_all
from orchestra.engine.section import Decide, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Address
from orchestra.model.commands.imports import CASE_STATUSES
from orchestra.model.results import CaseRef, Linked

__all__ = ["DECIDE"]

_EVIDENCE = "import"
_MOST_ADDRESSES = 20
_MOST_ENDED = 200
_LONGEST_NUMBER = 100


def _begin(view: View, command: c.BeginImport, at_us: int) -> Steps:
    if not view.logs.importing:
        yield e.ImportBegun(command.previous)
    return None


def _check_begun(view: View, trigger: str) -> None:
    if not view.logs.importing:
        raise NotAllowedInState("workspace", "not importing", trigger)


def _customer(view: View, command: c.ImportCustomer, at_us: int) -> Steps:
    _check_begun(view, "import_customer")
    if not 1 <= len(command.addresses) <= _MOST_ADDRESSES:
        raise InvalidCommand("addresses", f"must be 1 to {_MOST_ADDRESSES}")
    for address in command.addresses:
        check_id("addresses", address.key)
    check_fields(view, "customer", command.fields)
    known = _known(view, command.ref, "customer")
    customer = known or _holder(view, command.addresses)
    position = view.position
    if customer is None:
        customer = yield from add_customer(view, command.addresses[0])
    yield from link_known(view, customer, command.addresses, _EVIDENCE)
    root = view.identity.root(customer)
    if known is None:
        yield e.RefAdded(root, command.ref, root)
    yield from _set_fields(view, root, root, command.fields)
    return Linked(root, "known" if view.position == position else "linked")


def _known(view: View, ref: str, kind: str) -> str | None:
    """What a reference names already, if it names anything.

    Raises:
        InvalidCommand: it is no reference, or names what is of another kind.
    """
    key = view.details.refs.get(ref)
    if key is None:
        check_ref(view, ref)
        return None
    table: Mapping[str, object] = view.identity.customers if kind == "customer" else view.cases.cases
    if key not in table:
        raise InvalidCommand("ref", f"already names {key}, which is no {kind}")
    return key


def _holder(view: View, addresses: list[Address]) -> str | None:
    """Who is known by one of the addresses."""
    found = (view.identity.holder(address.key) for address in addresses if address.matches)
    return next((customer for customer in found if customer is not None), None)


def _set_fields(view: View, target: str, customer: str, fields: Mapping[str, str | int | bool | None]) -> Steps:
    held = view.details.fields.get(target, {})
    changed = {name: value for name, value in sorted(fields.items()) if held.get(name) != value}
    if changed:
        yield e.FieldsSet(target, changed, customer)


def _case(view: View, command: c.ImportCase, at_us: int) -> Steps:
    _check_begun(view, "import_case")
    known = _known(view, command.ref, "case")
    if known is not None:
        return CaseRef(known, view.cases.cases[known].number)
    _check_case(view, command)
    customer = yield from _whose(view, command)
    queue = command.queue or view.plan.workspace.default_queue
    team = view.plan.queues[queue].team
    case, number = view.cases.next_case()
    number = command.number or number
    owner = ("team", team) if command.agent is None else ("agent", command.agent)
    yield e.CaseOpened(case, number, customer, *owner, queue, command.topic)
    yield e.RefAdded(case, command.ref, customer)
    yield from _set_fields(view, case, customer, command.fields)
    return CaseRef(case, number)


def _check_case(view: View, command: c.ImportCase) -> None:
    if (command.customer is None) == (command.address is None):
        raise InvalidCommand("customer", "is needed, or address: exactly one of them")
    if command.customer is not None:
        view.customer(command.customer)
    if command.address is not None:
        check_id("address", command.address.key)
    if command.queue is not None and command.queue not in view.plan.queues:
        raise UnknownId("queue", command.queue)
    if command.agent is not None:
        view.agent(command.agent)
    if command.number is not None:
        _check_number(view, command.number)
    check_fields(view, "case", command.fields)


def _check_number(view: View, number: str) -> None:
    if not number or len(number) > _LONGEST_NUMBER or not number.isprintable():
        raise InvalidCommand("number", f"must be 1 to {_LONGEST_NUMBER} printable characters")
    if number in view.cases.by_number:
        raise InvalidCommand("number", f"is that of {view.cases.by_number[number]} already")


def _whose(view: View, command: c.ImportCase) -> Steps:
    """Whose case it is, after the event that makes them known if nobody has the address."""
    if command.customer is not None:
        customer, _ = view.customer(command.customer)
        return customer
    assert command.address is not None  # `_check_case` has seen to that
    return _holder(view, [command.address]) or (yield from add_customer(view, command.address))


def _message(view: View, command: c.ImportMessage, at_us: int) -> Steps:
    _check_begun(view, "import_message")
    check_id("id", command.message_id)
    check_id("account", command.account)
    check_id("address", command.address.key)
    check_thread(command.thread)
    check_text(command.text)
    check_files(command.media)
    check_channel(view, command.channel)
    taken = already(view, command.channel, command.account, command.message_id)
    if taken is not None:
        return received(view, taken, is_duplicate=True)
    case = None if command.case is None else view.case(command.case)[0]
    # A longest age is a guard against the clocks of others; what an export says of the past is believed.
    occurred_us = at_us if command.occurred_us is None else min(command.occurred_us, at_us)
    if command.inbound:
        return (yield from _inbound(view, command, case, occurred_us))
    reply = c.RecordReply(
        command.channel,
        command.account,
        command.message_id,
        command.address,
        command.agent,
        command.thread,
        text=command.text,
        media=command.media,
    )
    return (yield from record_reply(view, reply, case, occurred_us))


def _inbound(view: View, command: c.ImportMessage, case: str | None, occurred_us: int) -> Steps:
    customer, conversation = yield from find_or_start(view, command, command.address)
    is_live = view.plan.channels[command.channel].live
    interaction = _contact(view, conversation, case, is_live=is_live)
    if interaction is None:
        interaction = view.contacts.next_id("interaction", "in")
        yield e.InteractionStarted(
            interaction,
            view.contacts.conversations[conversation].customer,
            command.channel,
            command.account,
            conversation,
            False,
            occurred_us,
            case,
            queue=_queue(view, case),
        )
    belongs_to = view.contacts.interactions[interaction].case
    assert belongs_to is not None  # attaching is a reaction to starting
    yield e.MessageReceived(
        view.contacts.next_id("message", "me"),
        interaction,
        belongs_to,
        customer,
        command.channel,
        command.account,
        command.message_id,
        conversation,
        view.contacts.conversations[conversation].messages + 1,
        occurred_us,
        command.text,
        media=command.media,
    )
    key = taken_key(command.channel, command.account, command.message_id)
    return received(view, view.contacts.taken[key], is_duplicate=False)


def _queue(view: View, case: str | None) -> str | None:
    """Where a message of the case waits; None for where the channel says."""
    queue = None if case is None else view.cases.cases[case].queue
    return queue if queue in view.plan.queues else None


def _contact(view: View, conversation: str, case: str | None, *, is_live: bool) -> str | None:
    """The interaction of a conversation that a message is part of, if it begins no other.

    That is the one that goes on; on a live channel, where a contact of the past is over at once, also one that is over.
    It is another's if it is of another case than is named.
    """
    name = view.contacts.conversations[conversation].interaction
    if name is None:
        return None
    row = view.contacts.interactions[name]
    goes_on = row.is_open or (is_live and row.state == "CANCELED")
    is_same = case is None or (row.case is not None and view.cases.root(row.case) == view.cases.root(case))
    return name if goes_on and is_same else None


def _status(view: View, command: c.ImportStatus, at_us: int) -> Steps:
    _check_begun(view, "import_status")
    key, case = view.case(command.case)
    if command.status not in CASE_STATUSES:
        raise InvalidCommand("status", f"must be one of {', '.join(CASE_STATUSES)}")
    check_disposition(view, command.disposition)
    occurred_us = at_us if command.occurred_us is None else min(command.occurred_us, at_us)
    if view.logs.statuses.get(key, -1) >= occurred_us:
        return None
    yield e.StatusImported(key, case.customer, command.status, occurred_us)
    if command.status in ("resolved", "closed"):
        yield from _end_waits(view, key)
        yield from _settled(view, key, command, at_us)
    else:
        yield from _goes_on(view, key, command.status)
    return None


def _end_waits(view: View, case: str) -> Iterator[e.Event]:
    """Who waits for an answer in a settled matter does so no more; of very many the newest wait on."""
    rows = view.contacts.interactions
    # Those linked to another go first: they would wait again when that one ends.
    of_matter = (name for member in view.cases.group(case) for name in view.cases.cases[member].interactions)
    names = sorted(of_matter, key=lambda name: (rows[name].state != "LINKED", int(name[2:])))
    waiting = (name for name in names if rows[name].state in ("LINKED", "DEFERRED", "QUEUED", "OFFERED"))
    for name in islice(waiting, _MOST_ENDED):
        yield from end_all(view, name, "withdraw", "settled")
        yield e.InteractionCanceled(name, rows[name].customer, "settled")


def _settled(view: View, key: str, command: c.ImportStatus, at_us: int) -> Iterator[e.Event]:
    row = view.cases.cases[key]
    if row.state == "CLOSED" and command.status == "resolved":
        yield e.CaseReopened(key, row.customer, _EVIDENCE)
    if row.state not in ("RESOLVED", "CLOSED"):
        yield resolved(view, key, row, command.disposition, at_us)
    if command.status == "closed" and row.state == "RESOLVED":
        yield e.CaseClosed(key, row.customer, _EVIDENCE)


def _goes_on(view: View, key: str, status: str) -> Iterator[e.Event]:
    row = view.cases.cases[key]
    if row.state in ("RESOLVED", "CLOSED"):
        yield e.CaseReopened(key, row.customer, _EVIDENCE)
    if row.state == status.upper():
        return
    if status == "open":
        yield e.CaseResumed(key, row.customer, _EVIDENCE)
    else:
        yield e.CaseWaiting(key, row.customer, status.removeprefix("waiting_on_"))


DECIDE: dict[type[c.Command], Decide] = {
    c.BeginImport: _begin,
    c.ImportCustomer: _customer,
    c.ImportCase: _case,
    c.ImportMessage: _message,
    c.ImportStatus: _status,
}
"""Command -> steps."""
