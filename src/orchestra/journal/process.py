"""Who holds a lease: a name for this process, and whether a named process is known to be gone.

Belongs here: asking the operating system about processes. Does not: what a lease allows (`port.Journal`).

A lease whose process was killed need not be waited for. Every answer here errs on the side of "still alive": a
wrong "dead" takes a workspace from a working owner, a wrong "alive" costs the rest of one lease.
"""

from __future__ import annotations

import os
import secrets
import socket
import sys
from pathlib import Path

import attrs

__all__ = ["is_known_dead", "process_holder"]

UNKNOWN = "-"
PROC = Path("/proc")


@attrs.frozen
class _Identity:
    host: str
    boot: str
    pid: int
    started: str


def process_holder() -> str:
    """A name for this process as holder of a lease: `host/boot/pid/start/nonce`.

    Every call gives another name, so that two workspaces in one process are two holders.
    """
    own = _own_identity()
    return f"{own.host}/{own.boot}/{own.pid}/{own.started}/{secrets.token_hex(4)}"


def is_known_dead(holder: str) -> bool:
    """Whether that holder's process is certain to be gone.

    False whenever that cannot be told from here: another host, another boot or container, a name in a form of
    somebody else's, a system that gives no answer.
    """
    other = _parsed(holder)
    own = _own_identity()
    if other is None or (other.host, other.boot) != (own.host, own.boot) or sys.platform == "win32":
        return False
    try:
        os.kill(other.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    state, started = _status(other.pid)
    if state in {"Z", "X"}:  # killed, and not yet collected by its parent
        return True
    return UNKNOWN not in {started, other.started} and started != other.started


def _parsed(holder: str) -> _Identity | None:
    parts = holder.split("/")
    if len(parts) != 5 or not parts[2].isascii() or not parts[2].isdigit():
        return None
    pid = int(parts[2])
    return _Identity(parts[0], parts[1], pid, parts[3]) if 0 < pid < 2**31 else None


def _own_identity() -> _Identity:
    pid = os.getpid()
    return _Identity(socket.gethostname().replace("/", "_"), _boot(), pid, _status(pid)[1])


def _boot() -> str:
    # A process number means nothing in another container, so the namespace is part of "this boot".
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        space = str((PROC / "self/ns/pid").readlink()).strip("pid:[]")
    except OSError:
        return UNKNOWN
    return f"{boot}.{space}"


def _status(pid: int) -> tuple[str, str]:
    # proc(5): fields after the command in brackets, which itself may hold brackets: state is the 3rd field of the
    # line and the start time in clock ticks since boot the 22nd.
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return fields[0], fields[19]
    except (OSError, IndexError):
        return UNKNOWN, UNKNOWN
