"""Contact logs made for tests, and running the command on them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from orchestra.cli.main import main

__all__ = ["JsonRun", "LogWriter", "generated", "run_json", "run_process", "zone_edition"]

_BEGIN = datetime(2024, 3, 4, 9, tzinfo=UTC)

JsonRun = tuple[int, dict[str, Any], str]
"""Exit status, what was printed, and what was said on standard error."""


class LogWriter:
    """Writes lines of one conversation after another; minutes are since nine o'clock on a Monday."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def add(self, minute: float, direction: str, thread: str, customer: str, number: str, **extra: Any) -> LogWriter:
        """A good line, unless `extra` spoils it."""
        at = _BEGIN + timedelta(minutes=minute)
        row = {
            "at": at.isoformat().replace("+00:00", "Z"),
            "channel": "chat",
            "direction": direction,
            "company": "acme",
            "customer": customer,
            "thread": thread,
            "message_id": number,
            "text": f"text of {number}",
        }
        self.lines.append(json.dumps(row | extra).encode())
        return self

    def ask(self, minute: float, thread: str, customer: str, number: str, **extra: Any) -> LogWriter:
        """The customer writes."""
        return self.add(minute, "inbound", thread, customer, number, **extra)

    def answer(self, minute: float, thread: str, customer: str, number: str, **extra: Any) -> LogWriter:
        """The company answers."""
        return self.add(minute, "outbound", thread, customer, number, **extra)

    def raw(self, data: bytes) -> LogWriter:
        """Whatever else stands in a line."""
        self.lines.append(data)
        return self

    def write(self, path: Path, count: int | None = None, *, end: bytes = b"\n") -> Path:
        """The first `count` lines, or all, as a file."""
        lines = self.lines[:count]
        path.write_bytes(b"\n".join(lines) + (end if lines else b""))
        return path


def generated(conversations: int) -> LogWriter:
    """So many conversations; every fifth is answered late, every seventh has a third line, every eleventh a bad one."""
    log = LogWriter()
    for number in range(conversations):
        minute, thread, who = float(number), f"t{number}", f"person-{number % 97}"
        log.ask(minute, thread, who, f"m{number}-1", company=f"company-{number % 3}")
        if number % 11 == 0:
            log.raw(b'{"at": "' + thread.encode())
        if number % 13 == 0:
            log.ask(minute, thread, who, f"m{number}-1", company=f"company-{number % 3}")
        log.answer(
            minute + (600 if number % 5 == 0 else 1), thread, who, f"m{number}-2", company=f"company-{number % 3}"
        )
        if number % 7 == 0:
            log.ask(minute + 3000, thread, f"friend-{number}", f"m{number}-3", company=f"company-{number % 3}")
    return log


def run_json(capsys: Any, *arguments: str | Path) -> JsonRun:
    """Run the command in this process with `--json`."""
    status = main([*map(str, arguments), "--json"])
    out, err = capsys.readouterr()
    return status, json.loads(out) if out else {}, err


def run_process(
    arguments: Iterable[str | Path],
    code: str | None = None,
    options: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the command, or a program that ends in it, in a process of its own."""
    start = ["-c", code] if code is not None else ["-m", "orchestra.cli"]
    command = [sys.executable, *options, *start, *map(str, arguments)]
    env = {**os.environ, **(environment or {})}
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False, env=env)


def zone_edition(folder: Path, name: str) -> Mapping[str, str]:
    """The environment of a machine whose zone data is of that edition; `folder` is made to hold it."""
    folder.mkdir(parents=True)
    (folder / "tzdata.zi").write_text(f"# version {name}\n", "utf-8")
    return {"PYTHONTZPATH": str(folder)}
