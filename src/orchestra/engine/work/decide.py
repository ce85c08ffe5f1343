"""Opening work items, once per channel and key. What becomes of them is decided like that of any contact."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.contacts.intake import check_id, check_route, check_text
from orchestra.engine.details.decide import check_fields, check_ref
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.engine.work.state import EVOLVE, Work
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.results import WorkOpened

__all__ = ["CONFLICT_KEYS", "DECISION_KEYS", "SECTION", "opening"]

CONFLICT_KEYS = "conflict:"
"""The keys of work items that follow from settled conflicts begin so."""
DECISION_KEYS = "decision:"
"""The keys of work items that ask for conflicts to be settled begin so."""

_ACCOUNT = "main"
"""Work items come in over no account of the company's; their channel's one place is called so."""


def _open(view: View, command: c.OpenWorkItem, at_us: int) -> Steps:
    check_id("key", command.key)
    known = view.work.by_key.get((command.channel, command.key))
    if known is not None:
        return _opened(view, known, is_duplicate=True)
    for prefix in (CONFLICT_KEYS, DECISION_KEYS):
        if command.key.startswith(prefix):
            raise InvalidCommand("key", f"must not begin with {prefix!r}, which conflicts use")
    case, customer = _whose(view, command)
    _check(view, command)
    name = view.contacts.next_id("interaction", "in")
    yield from opening(view, command, case, customer, at_us)
    return _opened(view, name, is_duplicate=False)


def opening(view: View, item: c.OpenWorkItem, case: str | None, customer: str, at_us: int) -> Iterator[e.Event]:
    """The events that open a work item, whoever asks for it, of a case or of a customer's new one."""
    name = view.contacts.next_id("interaction", "in")
    yield e.WorkItemOpened(name, customer, item.channel, item.key, case, item.due_us, item.title, item.text)
    if item.ref is not None:
        yield e.RefAdded(name, item.ref, customer)
    if item.fields:
        yield e.FieldsSet(name, dict(sorted(item.fields.items())), customer)
    yield e.InteractionStarted(
        name,
        customer,
        item.channel,
        _ACCOUNT,
        None,
        False,
        at_us,
        topic=item.topic,
        queue=item.queue,
        skills=dict(sorted(item.skills.items())),
        priority=item.priority,
        agent=item.agent,
    )


def _whose(view: View, command: c.OpenWorkItem) -> tuple[str | None, str]:
    """The case that it was opened for, if that is there already, and whose it is."""
    if (command.case is None) == (command.customer is None):
        raise InvalidCommand("case", "give the case, or else the customer of a new one")
    if command.case is not None:
        case, row = view.case(command.case)
        return case, row.customer
    assert command.customer is not None  # just checked
    return None, view.customer(command.customer)[0]


def _check(view: View, command: c.OpenWorkItem) -> None:
    if command.channel not in view.plan.channels:
        raise UnknownId("channel", command.channel)
    if not view.plan.channels[command.channel].work:
        raise InvalidCommand("channel", f"{command.channel} takes contacts: work = true marks one for work items")
    check_route(view, command)
    check_text(command.text)
    check_fields(view, "interaction", command.fields)
    if command.ref is not None:
        check_ref(view, command.ref)


def _opened(view: View, name: str, *, is_duplicate: bool) -> WorkOpened:
    row = view.contacts.interactions[name]
    assert row.case is not None  # attaching is a reaction to starting
    case = view.matter(row.case)
    return WorkOpened(name, case, view.identity.root(row.customer), is_duplicate)


SECTION = Section("work", Work, {c.OpenWorkItem: _open}, EVOLVE)
