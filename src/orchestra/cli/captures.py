"""Captured HTTP requests, and the accounts they are for, as files.

Belongs here: reading both. Does not: what an adapter makes of them.
"""

from __future__ import annotations

import os
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestra.channels.account import Account, ConfigValue
from orchestra.channels.wire import Headers, RawRequest, header_values
from orchestra.errors import DefinitionError, Fault

__all__ = ["read_account", "read_capture"]

_MOST_BYTES = 50_000_000


def read_capture(path: Path, url: str | None, at: datetime) -> RawRequest:
    """Read a request as it came over the wire: request line, header fields, an empty line, the body.

    Args:
        path: of the file.
        url: the address as it is configured at the provider; None makes one of the Host field and the request line.
        at: when it was received.

    Raises:
        DefinitionError: the file cannot be read, or holds no request.
    """
    data = _bytes(path)
    end, width = min((found, len(mark)) for mark in (b"\r\n\r\n", b"\n\n") if (found := _place(data, mark)) is not None)
    first, *lines = data[:end].decode("latin-1").splitlines() or [""]
    words = first.split(" ")
    if len(words) not in (2, 3) or not words[0].isupper():
        raise _fault(path, "does not begin with a request line, as POST /hooks/key HTTP/1.1")
    headers = tuple(_field(path, number, line) for number, line in enumerate(lines, 2))
    body = data[end + width :]
    return RawRequest(
        method=words[0], url=url or _address(words[1], headers), headers=headers, body=body, received_at=at
    )


def _place(data: bytes, mark: bytes) -> int | None:
    """Where the header ends; at the end of a file that has no body."""
    found = data.find(mark)
    return len(data) if found < 0 else found


def _field(path: Path, number: int, line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name or name != name.strip():
        raise _fault(path, f"line {number} is no header field")
    return name, value.strip(" \t")


def _address(target: str, headers: Headers) -> str:
    hosts = header_values(headers, "Host")
    return target if "://" in target else f"https://{hosts[0] if hosts else 'localhost'}{target}"


def read_account(path: Path | None, channel: str) -> Account:
    """Read an account from a TOML file: `id`, and the tables `config` and `secrets`.

    A secret is its value, a list of those accepted, or `$NAME` for what the environment has under that name.

    Args:
        path: of the file; None for an account of which nothing is known.
        channel: the adapter's name.

    Raises:
        DefinitionError: the file cannot be read, or says something else.
    """
    if path is None:
        return Account(route_key="captured", channel=channel, id="")
    try:
        told = tomllib.loads(_bytes(path).decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _fault(path, f"is no TOML: {error}") from None
    faults = [Fault(f"{path}.{name}", "is not known here") for name in told.keys() - {"id", "config", "secrets"}]
    config, secrets = told.get("config", {}), told.get("secrets", {})
    if not isinstance(config, dict) or not isinstance(secrets, dict):
        faults.append(Fault(str(path), "config and secrets are tables"))
    if faults:
        raise DefinitionError(faults)
    return Account(
        route_key="captured",
        channel=channel,
        id=str(told.get("id", "")),
        config={name: _setting(path, name, value) for name, value in config.items()},
        secrets={name: _secrets(path, name, value) for name, value in secrets.items()},
    )


def _setting(path: Path, name: str, value: Any) -> ConfigValue:
    if not isinstance(value, str | int | bool):
        raise _fault(path, f"config.{name} is a text, a whole number, true or false")
    return value


def _secrets(path: Path, name: str, value: Any) -> tuple[str, ...]:
    found = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) for one in found):
        raise _fault(path, f"secrets.{name} is a text or a list of texts")
    return tuple(os.environ.get(one[1:], "") if one.startswith("$") else one for one in found)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _fault(path, error.strerror or "cannot be read") from None
    if len(data) > _MOST_BYTES:
        raise _fault(path, f"is larger than {_MOST_BYTES:,} bytes")
    return data


def _fault(path: Path, reason: str) -> DefinitionError:
    return DefinitionError([Fault(str(path), reason)])
