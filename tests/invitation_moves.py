"""Moves of the random workload that invite customers elsewhere, report outages and move cursors, and what must hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from orchestra.engine.engine import Engine
from orchestra.model import commands as c
from tests.engine_driver import SECOND, person
from tests.watching import invariant

__all__ = ["WEIGHTS", "check"]

Value = TypeVar("Value")
CHANNELS = ("chat", "voice", "email")


class Chooser(Protocol):
    """Where choices come from."""

    def pick(self, options: Sequence[Value]) -> Value:
        """One of the options; there is at least one."""
        ...

    def chance(self, percent: int) -> bool:
        """True about so often."""
        ...

    def number(self, least: int, most: int) -> int:
        """A number from one to the other."""
        ...


def invite(engine: Engine, choose: Chooser) -> c.Command | None:
    going, cases = list(engine.view.engagements.members)[-12:], list(engine.view.cases.cases)[-12:]
    lasts_us = choose.pick([None, 40 * SECOND])
    rows = engine.view.contacts.interactions
    in_hand = [name for name in engine.view.engagements.members if rows[name].state in ("ACTIVE", "HELD")]
    if in_hand and choose.chance(50):
        return c.InviteToChannel(choose.pick(CHANNELS), choose.pick(in_hand), None, None, "come: {token}")
    if going and choose.chance(70):
        return c.InviteToChannel(choose.pick(CHANNELS), choose.pick(going), None, lasts_us, "come: {token}")
    return c.InviteToChannel(choose.pick(CHANNELS), None, choose.pick(cases), lasts_us, "come") if cases else None


def come(engine: Engine, choose: Chooser) -> c.Command | None:
    """Somebody comes with a token: whoever was invited, somebody else, or somebody nobody knows."""
    rows = engine.view.invitations.invitations
    if not rows:
        return None
    contacts = engine.view.contacts.interactions
    states = {name: contacts[row.interaction].state for name, row in rows.items() if row.interaction in contacts}
    in_hand = [name for name, state in states.items() if state in ("ACTIVE", "HELD") and rows[name].taken_by is None]
    name = choose.pick(in_hand if in_hand and choose.chance(50) else sorted(rows)[-6:])
    channel = rows[name].channel if choose.chance(80) else choose.pick(CHANNELS)
    known = choose.chance(50)
    sender = person(f"customer{choose.number(0, 8)}" if known else f"invited{engine.position}")
    count = engine.view.contacts.counts.get("taken", 0)
    if channel == "voice":
        return c.ReceiveContact(channel, "main", f"k{count + 1}-{name}", sender, invitation=name)
    return c.ReceiveMessage(channel, "main", f"m{count + 1}-{name}", sender, invitation=name, text="here I am")


def withdraw(engine: Engine, choose: Chooser) -> c.Command | None:
    rows = engine.view.invitations.invitations
    return c.WithdrawInvitation(choose.pick(sorted(rows)), "a mistake") if rows else None


def report(engine: Engine, choose: Chooser) -> c.Command | None:
    channel, account = choose.pick(CHANNELS), choose.pick(["main", "main", "sales"])
    if engine.view.outages.outages and choose.chance(60):
        channel, account = choose.pick(sorted(engine.view.outages.outages)).split("\x1f")
        return c.ReportChannel(channel, account, "up", "it answers")
    return c.ReportChannel(channel, account, "down", "no answer", choose.pick([None, 30 * SECOND]))


def go_on(engine: Engine, choose: Chooser) -> c.Command | None:
    """A page of news was taken: the provider gives another cursor, or the same once more."""
    channel, account = choose.pick(CHANNELS), choose.pick(["main", "sales"])
    return c.MoveCursor(channel, account, choose.pick([f"at {engine.position}", "the beginning"]))


WEIGHTS: Mapping[Callable[[Engine, Chooser], c.Command | None], int] = {
    invite: 12,
    come: 30,
    withdraw: 1,
    report: 2,
    go_on: 2,
}
"""Move -> how often it is made, relative to the others."""


def check(engine: Engine) -> None:
    """An invitation waits for somebody until it expires, or for the end of the contact that came by it."""
    view = engine.view
    assert view.deliveries.down.keys() == view.outages.outages.keys()
    contacts, taken = view.contacts.interactions, []
    for name, row in view.invitations.invitations.items():
        due = view.timers.get("invitations.expire", name)
        if row.state == "OFFERED":
            assert due == row.until_us, f"{name} may be taken up for ever"
            assert row.taken_by is None
            assert view.cases.cases[row.case].state != "CLOSED", f"{name} is to what is over"
        else:
            assert (row.state, due) == ("ACCEPTED", None)
            assert row.taken_by is not None
            assert not contacts[row.taken_by].is_final, f"{name} outlives the contact that came by it"
            assert contacts[row.taken_by].channel == row.channel
            taken.append(row.taken_by)
    assert len(set(taken)) == len(taken), "one contact came by two invitations"


INVARIANTS = (invariant(check, "deliveries", "outages", "contacts", "cases", "invitations", "invitations.expire"),)
"""Each invariant with all that it reads."""
