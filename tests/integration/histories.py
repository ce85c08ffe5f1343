"""Histories made for tests: help desks that never were, with what goes wrong in exports."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

__all__ = ["BEGIN", "PLAN", "History", "help_desk"]

BEGIN = datetime(2024, 1, 8, 9, tzinfo=UTC)
"""A Monday."""

PLAN = """
[workspace]
name = "acme"
default_queue = "care"
[teams.care]
[queues.care]
team = "care"
[queues.billing]
team = "care"
[channels.email]
[channels.loopback]
[channels.chat]
live = true
[identity.purposes]
news = "opt_in"
[fields.case]
order = "text"
[cases.dispositions.resolved]
resolves = true
"""


def person(name: str) -> dict[str, str]:
    """Their address."""
    return {"kind": "email", "value": f"{name}@example.com"}


class History:
    """Writes lines one after another; hours are since nine o'clock on a Monday."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def add(self, hours: float, kind: str, **fields: Any) -> History:
        """A line."""
        at = (BEGIN + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")
        self.lines.append(json.dumps({"type": kind, "at": at, **fields}).encode())
        return self

    def ticket(self, hours: float, ticket: str, who: str, **fields: Any) -> History:
        """A case, under its own number."""
        return self.add(hours, "case", id=f"zd:{ticket}", number=f"#{ticket}", address=person(who), **fields)

    def ask(self, hours: float, ticket: str, who: str, number: str, **fields: Any) -> History:
        """The customer writes."""
        return self._message(hours, ticket, who, number, {"direction": "inbound"} | fields)

    def answer(self, hours: float, ticket: str, who: str, number: str, **fields: Any) -> History:
        """The company answers."""
        return self._message(hours, ticket, who, number, {"direction": "outbound"} | fields)

    def _message(self, hours: float, ticket: str, who: str, number: str, fields: dict[str, Any]) -> History:
        common = {"channel": "email", "account": "help", "case": f"zd:{ticket}", "text": f"text of {number}"}
        return self.add(hours, "message", **({**common, "id": number, "address": person(who)} | fields))

    def stands(self, hours: float, ticket: str, status: str, **fields: Any) -> History:
        """How the case stood from then on."""
        return self.add(hours, "status", case=f"zd:{ticket}", status=status, **fields)

    def write(self, path: Path, count: int | None = None) -> Path:
        """The first `count` lines, or all, as a file."""
        path.write_bytes(b"".join(line + b"\n" for line in self.lines[:count]))
        return path


def help_desk(tickets: int) -> History:
    """So many tickets, a day after another; every third stays open, every seventh is reopened."""
    history = History()
    history.add(-1, "agent", id="ana", teams=["care"], name="Ana")
    for number in range(tickets):
        ticket, who, at = str(1000 + number), f"person{number % 17}", 24.0 * number
        history.add(at, "customer", id=f"zd:user:{number % 17}", addresses=[person(who)])
        history.ticket(at, ticket, who, agent="ana" if number % 2 else None)
        history.ask(at, ticket, who, f"m{number}-1")
        if number % 3:
            history.answer(at + 2, ticket, who, f"m{number}-2", agent="ana")
            history.stands(at + 2, ticket, "resolved")
        if number % 7 == 0:
            history.ask(at + 3, ticket, f"friend{number}", f"m{number}-3")
            history.stands(at + 4, ticket, "waiting_on_third_party")
    return history
