"""What leads to a customer who is archived: hashed keys, those of a group and those that a command names.

The state does not hold them. A command that names what the state does not know says so before anything is decided, and
whoever runs the engine asks the journal's directory. What is known by id raises `UnknownId` where it is looked up; here
are the look-ups where a miss is no mistake: whoever is not known by an address, for one, is a new customer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import attrs

from orchestra.engine.archive.group import Group
from orchestra.engine.contacts.state import taken_key
from orchestra.engine.view import View
from orchestra.errors import UnknownId
from orchestra.model import commands as c
from orchestra.model.addresses import Address, Ref, Thread, actor_kind, actor_name

__all__ = ["behind_unknown", "key_of", "keys_of", "looked_up"]

Named = tuple[str, str]
"""How something is named: kind of name, and the name."""


def key_of(kind: str, *parts: str) -> str:
    """The key in the directory of what is named so: BLAKE2b of it."""
    return hashlib.blake2b("\x1f".join((kind, *parts)).encode(), digest_size=16).hexdigest()


def keys_of(view: View, group: Group) -> list[str]:
    """All that leads to a group, sorted."""
    return sorted({key_of(*named) for named in _names(view, group)})


def _names(view: View, group: Group) -> Iterator[tuple[str, ...]]:
    for name in group.all():
        if "\x1f" not in name:
            yield "id", name
        for ref in view.details.refs_of.get(name, ()):
            yield "ref", ref
    for name in group.of("cu"):
        for address in view.identity.addresses_of.get(name, ()):
            yield "address", address
    for name in group.of("co"):
        talk = view.contacts.conversations[name]
        yield "address", talk.address
        yield "thread", *talk.key
    for name in group.of("ca"):
        yield "number", view.cases.cases[name].number
    for name in group.of("in"):
        item = view.work.items.get(name)
        if item is not None:
            yield "work", item.channel, item.key
    for name in group.of("ar"):
        request = view.actions.requests[name]
        yield "action", request.action, request.key
    for name in group.of("nt"):
        yield "notice", view.notices.notices[name].key
    for name in group.of("de"):
        delivery = view.deliveries.deliveries[name]
        yield "delivery", delivery.key
        if delivery.act is None and delivery.message:
            yield "id", delivery.message
        for provider_id in delivery.provider_ids:
            yield "provider", delivery.channel, delivery.account, provider_id


# What commands name


def looked_up(view: View, command: c.Command) -> Iterator[str]:
    """Keys of what a command names and the state does not know, where that alone would not refuse it."""
    actor = command.actor
    if actor is not None and actor_kind(actor) == "customer":
        name = actor_name(actor)
        if name and name not in view.identity.customers:
            yield key_of("id", name)
    find = _BY_KIND.get(type(command))
    if find is not None:
        yield from find(view, command)
    for field in attrs.fields(type(command)):
        value = getattr(command, field.name)
        if isinstance(value, Address):
            yield from _address(view, value)
        elif isinstance(value, list) and value and isinstance(value[0], Address):
            for address in value:
                yield from _address(view, address)


def _address(view: View, address: Address) -> Iterator[str]:
    if address.matches and address.key not in view.identity.addresses:
        yield key_of("address", address.key)


def _ref(view: View, ref: str) -> Iterator[str]:
    if ref not in view.details.refs:
        yield key_of("ref", ref)


def _thread(view: View, command: Any) -> Iterator[str]:
    thread: Thread | None = command.thread
    if thread is not None and (command.channel, command.account, thread.key) not in view.contacts.by_thread:
        yield key_of("thread", command.channel, command.account, thread.key)


def _id(rows: Mapping[str, Any], name: str | Ref | None) -> Iterator[str]:
    if isinstance(name, str) and name not in rows:
        yield key_of("id", name)


def _inbound(view: View, command: c.ReceiveMessage | c.ReceiveContact) -> Iterator[str]:
    provider_id = command.message_id if isinstance(command, c.ReceiveMessage) else command.contact_id
    taken = view.contacts.taken.get(taken_key(command.channel, command.account, provider_id))
    if taken is not None:
        yield from _id(view.cases.cases, taken.case)
    yield from _thread(view, command)
    yield from _id(view.cases.cases, command.reply_case)
    number = command.case_number
    if number is not None and number not in view.cases.by_number:
        yield key_of("number", number)


def _recorded(view: View, command: c.RecordReply | c.ImportMessage) -> Iterator[str]:
    taken = view.contacts.taken.get(taken_key(command.channel, command.account, command.message_id))
    if taken is not None:
        yield from _id(view.cases.cases, taken.case)
    yield from _thread(view, command)


def _case_imported(view: View, command: c.ImportCase) -> Iterator[str]:
    yield from _ref(view, command.ref)
    if command.number is not None and command.number not in view.cases.by_number:
        yield key_of("number", command.number)


def _sent(view: View, command: c.SendMessage) -> Iterator[str]:
    if command.key not in view.deliveries.by_key:
        yield key_of("delivery", command.key)


def _planned(view: View, command: c.PlanNotice) -> Iterator[str]:
    if command.key not in view.notices.by_key:
        yield key_of("notice", command.key)


def _opened(view: View, command: c.OpenWorkItem) -> Iterator[str]:
    if (command.channel, command.key) not in view.work.by_key:
        yield key_of("work", command.channel, command.key)


def _requested(view: View, command: c.RequestAction) -> Iterator[str]:
    if (command.action, command.key) not in view.actions.by_key:
        yield key_of("action", command.action, command.key)


def _receipt(view: View, command: c.RecordReceipt) -> Iterator[str]:
    if command.delivery is None:
        yield from _provider(view, command.channel, command.account, command.provider_id)
    else:
        yield from _id(view.deliveries.deliveries, command.delivery)


def _provider(view: View, channel: str, account: str, provider_id: str) -> Iterator[str]:
    if (channel, account, provider_id) not in view.deliveries.by_provider_id:
        yield key_of("provider", channel, account, provider_id)


def _remark(view: View, command: c.EditMessage | c.RetractMessage | c.ReactToMessage) -> Iterator[str]:
    taken = view.contacts.taken.get(taken_key(command.channel, command.account, command.message_id))
    if taken is not None:
        yield from _id(view.cases.cases, taken.case)
    elif isinstance(command, c.ReactToMessage):  # to a message of ours
        yield from _provider(view, command.channel, command.account, command.message_id)


def _call(view: View, command: c.AskCall | c.EndCall | c.PressKeys | c.ReportLeg) -> Iterator[str]:
    taken = view.contacts.taken.get(taken_key(command.channel, command.account, command.call_id))
    if taken is not None:
        yield from _id(view.cases.cases, taken.case)


def _auto_reply(view: View, command: c.RecordAutoReply) -> Iterator[str]:
    yield from _thread(view, command)
    yield from _id(view.cases.cases, command.reply_case)


def _accepted(view: View, command: c.AcceptCaseSuggestion) -> Iterator[str]:
    """The case of somebody else to which a contact may belong."""
    given = command.interaction
    name = given if isinstance(given, str) else view.details.refs.get(given.value, "")
    row = view.cases.suggestions.get(name)
    return _id(view.cases.cases, None if row is None else row.case)


def _named(view: View, command: c.AddRef | c.ImportCustomer) -> Iterator[str]:
    yield from _ref(view, command.ref)


_BY_KIND: Mapping[type[c.Command], Callable[[View, Any], Iterable[str]]] = {
    c.AcceptCaseSuggestion: _accepted,
    c.ReceiveMessage: _inbound,
    c.ReceiveContact: _inbound,
    c.RecordReply: _recorded,
    c.ImportMessage: _recorded,
    c.ImportCase: _case_imported,
    c.ImportCustomer: _named,
    c.AddRef: _named,
    c.SendMessage: _sent,
    c.PlanNotice: _planned,
    c.OpenWorkItem: _opened,
    c.RequestAction: _requested,
    c.RecordReceipt: _receipt,
    c.RecordWatermark: _thread,
    c.EditMessage: _remark,
    c.RetractMessage: _remark,
    c.ReactToMessage: _remark,
    c.RecordAutoReply: _auto_reply,
    c.AskCall: _call,
    c.EndCall: _call,
    c.PressKeys: _call,
    c.ReportLeg: _call,
}
"""Kind of command -> keys of what it names, beside addresses, which all are looked at."""


def behind_unknown(error: UnknownId) -> str:
    """The key of what was refused because the state does not know it."""
    ref = error.id.removeprefix("ref:")
    return key_of("ref" if ref != error.id else "id", ref)
