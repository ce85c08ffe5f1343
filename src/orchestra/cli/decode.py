"""`orchestra decode`: what an adapter makes of a captured request, or which check it fails."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs

from orchestra.channels.account import Account
from orchestra.channels.inbound import Inbound
from orchestra.channels.port import ChannelAdapter, Decoded
from orchestra.channels.registry import find_adapter
from orchestra.channels.wire import Handshake, RawRequest, Rejected, Verified
from orchestra.cli.arguments import add_json, new_parser, now_us
from orchestra.cli.captures import read_account, read_capture
from orchestra.cli.output import say
from orchestra.cli.terminal import one_line, print_json, print_tables
from orchestra.errors import DefinitionError, Fault
from orchestra.insight.report import Table
from orchestra.model.instants import instant

__all__ = ["main"]

_DESCRIPTION = """\
Take a captured HTTP request through an adapter and print its news, or the check that it fails.
What people wrote is printed too: captured traffic is personal data."""

_EXAMPLES = """
orchestra decode --adapter loopback --account account.toml capture.http
orchestra decode --adapter pager --unverified --json capture.http
"""

_SHOWN = 60


def main(argv: Sequence[str]) -> int:
    """Run `orchestra decode`.

    Returns:
        0 if all of it was understood, 1 if it was refused or part of it was not.

    Raises:
        DefinitionError: there is no such adapter, or a file is not what it should be.
    """
    parser = new_parser("decode", _DESCRIPTION, _EXAMPLES)
    parser.add_argument("capture", metavar="CAPTURE", help="the request as it came: header, an empty line, body")
    parser.add_argument("--adapter", metavar="NAME", required=True, help="the channel, built in or of a plug-in")
    parser.add_argument("--account", metavar="FILE", help="a TOML file: id, tables config and secrets")
    parser.add_argument("--unverified", action="store_true", help="read it whoever sent it: for want of the secret")
    parser.add_argument("--url", metavar="URL", help="the address as configured at the provider; else that of Host")
    parser.add_argument("--at", metavar="INSTANT", help="when it came, as 2026-01-05T12:00:00Z; else now")
    add_json(parser, "one JSON object instead of a table")
    given = parser.parse_args(argv)
    adapter, at = find_adapter(given.adapter), _instant(given.at)
    account = read_account(None if given.account is None else Path(given.account), adapter.channel)
    request = read_capture(Path(given.capture), given.url, at)
    verdict = Verified(request) if given.unverified else _verdict(adapter, request, account, at)
    found = _decoded(adapter, verdict, account) if isinstance(verdict, Verified) else None
    if given.json:
        print_json(_told(verdict, found))
    else:
        _show(verdict, found)
    return 0 if not isinstance(verdict, Rejected) and (found is None or not found.issues) else 1


def _instant(given: str | None) -> datetime:
    if given is None:
        return instant(now_us())
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        raise DefinitionError([Fault("--at", "is no instant, as 2026-01-05T12:00:00Z")]) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _verdict(
    adapter: ChannelAdapter, request: RawRequest, account: Account, at: datetime
) -> Verified | Handshake | Rejected:
    try:
        return adapter.verify(request, account, at)
    except Exception as error:
        raise DefinitionError([Fault(adapter.channel, f"verify raised {type(error).__name__}")]) from error


def _decoded(adapter: ChannelAdapter, verified: Verified, account: Account) -> Decoded:
    try:
        return adapter.decode(verified, account)
    except Exception as error:
        raise DefinitionError([Fault(adapter.channel, f"decode raised {type(error).__name__}")]) from error


def _told(verdict: Verified | Handshake | Rejected, found: Decoded | None) -> dict[str, Any]:
    if isinstance(verdict, Rejected):
        return {"verdict": "rejected", "code": verdict.code, "status": verdict.status}
    if isinstance(verdict, Handshake) or found is None:
        return {"verdict": "handshake", "status": verdict.reply.status if isinstance(verdict, Handshake) else 200}
    return {
        "verdict": "verified",
        "status": found.reply.status,
        "events": [_plain(event) for event in found.events],
        "issues": [_plain(issue) for issue in found.issues],
    }


def _show(verdict: Verified | Handshake | Rejected, found: Decoded | None) -> None:
    if isinstance(verdict, Rejected):
        say(f"refused: {one_line(verdict.code)}, answered {verdict.status}")
    elif isinstance(verdict, Handshake) or found is None:
        say("a handshake: it has no news, and is answered")
    else:
        events = Table("News", ("kind", "at", "from", "key", "says"), tuple(map(_row, found.events)))
        issues = tuple((one.code, one_line(one.where), one_line(one.reason)) for one in found.issues)
        print_tables([events, *([Table("Not understood", ("code", "where", "why"), issues)] if issues else [])])
        say(f"answered {found.reply.status}")


def _row(event: Inbound) -> tuple[str, ...]:
    origin, sender = event.origin, event.origin.sender
    at = "" if origin.occurred_at is None else origin.occurred_at.isoformat()
    who = "" if sender is None else f"{sender.kind} {sender.value}"
    says = str(getattr(event, "text", "")) or "; ".join(_details(event))
    return (type(event).__name__, at, one_line(who), one_line(origin.dedupe_key), one_line(says)[:_SHOWN])


def _details(event: Inbound) -> list[str]:
    """What a kind of news has besides what all have."""
    told = {name: value for name, value in _plain(event).items() if name not in ("kind", "origin", "parts")}
    return [f"{name} {value}" for name, value in told.items() if value not in (None, [], False)]


def _plain(value: Any) -> Any:
    """The value as JSON can write it; of bytes only how many there are."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if attrs.has(type(value)):
        fields = {field.name: _plain(getattr(value, field.name)) for field in attrs.fields(type(value))}
        return {"kind": type(value).__name__, **fields} if isinstance(value, Inbound) else fields
    return value
