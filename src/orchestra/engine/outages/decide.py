"""Accounts of channels go down and come up again; those who wait where nobody can be reached are answered elsewhere.

Belongs here: what is told of an account, and whom that concerns. Does not: holding what is to be sent (`deliveries`),
what an invitation is (`invitations`), and which of several contacts has a place (`engagements`).
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.contacts.intake import check_channel, check_id
from orchestra.engine.engagements.questions import give_place
from orchestra.engine.identity.consent import is_allowed
from orchestra.engine.invitations.decide import invited
from orchestra.engine.outages.state import EVOLVE, TELL, TRY, Outages
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand
from orchestra.model import commands as c, events as e

__all__ = ["SECTION"]

_AT_ONCE = 50
"""Contacts that are written to in one go; each invitation is a handful of events."""
_OF_PLACE = 12
"""A place that is given to another contact, which may ring at very many, counts as so many invitations."""
_LOOKED_AT = 1_000
"""Contacts that are looked at in one go."""


def _report(view: View, command: c.ReportChannel, at_us: int) -> Steps:
    check_id("account", command.account)
    is_down = view.outages.is_down(command.channel, command.account)
    if command.state not in ("down", "up"):
        raise InvalidCommand("state", "must be down or up")
    if not command.reason:
        raise InvalidCommand("reason", "must say why")
    if command.for_us is not None and (command.for_us <= 0 or command.state == "up"):
        raise InvalidCommand("for_us", "must be above 0, and is of what is down")
    if command.state == "up":
        if is_down:
            yield e.ChannelUp(command.channel, command.account, command.reason)
        return None
    check_channel(view, command.channel)
    if not is_down:
        until_us = None if command.for_us is None else at_us + command.for_us
        yield e.ChannelDown(command.channel, command.account, command.reason, until_us)
    return None


def _try(view: View, key: str, at_us: int) -> Iterator[e.Event]:
    """It has been down for as long as was said: what waits shows whether it is up."""
    channel, account = key.split("\x1f")
    yield e.ChannelUp(channel, account, "tried again")


def _tell(view: View, key: str, at_us: int) -> Iterator[e.Event]:
    """Let the next of those who wait there be answered where they wait as well, or write where they have been."""
    channel, account = key.split("\x1f")
    row, text = view.outages.outages[key], view.plan.engagements.channel_down
    if text is None and not view.engagements.linked:
        yield e.OutageTold(channel, account, row.after, 0, True)
        return
    numbers, until = _next(view, channel, account, row.after, is_told=text is not None)
    told = 0
    for name in (f"in{number}" for number in numbers):
        yield from give_place(view, name)
        other = _elsewhere(view, name, channel) if _waits(view, name) else None
        if text is not None and other is not None:
            told += 1
            yield from _invited(view, name, other, text, at_us)
    yield e.OutageTold(channel, account, until, told, until == _last(view))


def _next(view: View, channel: str, account: str, after: int, *, is_told: bool) -> tuple[list[int], int]:
    """The next contacts on that account to do something about, oldest first, and the last one that was looked at."""
    items = view.routing.items
    if not after:  # one walk for an outage: nobody who waits came before these
        going = (int(name[2:]) for name, item in items.items() if item.consult_on is None)
        after = min(going, default=_last(view) + 1) - 1
    until = min(after + _LOOKED_AT, _last(view))
    numbers, events = list[int](), 0
    for number in range(after + 1, until + 1):
        if events >= _AT_ONCE:
            return numbers, number - 1
        ahead = _ahead(view, f"in{number}", channel, account, is_told=is_told)
        if ahead:
            numbers.append(number)
            events += ahead
    return numbers, until


def _ahead(view: View, name: str, channel: str, account: str, *, is_told: bool) -> int:
    """How much comes of a contact on that account, counted in invitations; 0 if it is none that anything comes of."""
    item = view.routing.items.get(name)
    if item is None or item.channel != channel or view.contacts.interactions[name].account != account:
        return 0
    linked = len(view.engagements.linked_to(name))
    return _OF_PLACE + linked if linked else int(is_told and _waits(view, name))


def _last(view: View) -> int:
    return view.contacts.counts.get("interaction", 0)


def _waits(view: View, name: str) -> bool:
    return view.routing.items[name].state == "WAITING"


def _elsewhere(view: View, name: str, down: str) -> str | None:
    """The conversation in which somebody is written: on the channel that they like best, else the newest.

    As whoever is steered, they are invited to no channel on which they have not consented to that.
    """
    waits = view.contacts.interactions[name]
    if view.cases.row(waits.case or "").state == "CLOSED":
        return None  # nobody is invited to what is over
    ids = view.identity.group(waits.customer)
    rows, found, purpose = view.contacts.interactions, dict[str, str](), view.plan.costs.purpose
    for past in view.known.contacts_of(ids):
        row = rows[past]
        is_known = row.channel in view.plan.channels and row.conversation is not None
        if not is_known or row.channel == down or view.outages.is_down(row.channel, row.account):
            continue
        if is_allowed(view, waits.customer, row.channel, purpose):
            assert row.conversation is not None  # just asked
            found[row.channel] = row.conversation  # the newest of each comes last
    liked = [channel for channel in view.identity.preferred(ids[0]) if channel in found]
    return found[liked[0]] if liked else next(reversed(found.values()), None)


def _invited(view: View, name: str, conversation: str, text: str, at_us: int) -> Iterator[e.Event]:
    case = view.contacts.interactions[name].case
    assert case is not None  # what waits has a case
    channel = view.contacts.conversations[conversation].channel
    yield from invited(view, at_us, view.cases.root(case), name, conversation, channel, text)


SECTION = Section(
    "outages",
    Outages,
    {c.ReportChannel: _report},
    EVOLVE,
    {},
    {TRY: _try, TELL: _tell},
)
