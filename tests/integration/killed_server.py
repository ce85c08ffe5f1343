"""Servers of tests that are killed in the middle of what they do."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Self

__all__ = ["KilledServer"]

ROOT = Path(__file__).resolve().parents[2]


class KilledServer:
    """A server as a process, which can be killed and started again on the same port.

    Args:
        module: what is run, with the port and the journal as arguments.
        journal: where its workspace is kept.
        more: further arguments.
    """

    def __init__(self, module: str, journal: str, *more: str) -> None:
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._command = [sys.executable, "-m", module, str(self.port), journal, *more]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and return when it listens."""
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
        self._process = subprocess.Popen(self._command, cwd=ROOT, env=environment)
        for _ in range(600):
            assert self._process.poll() is None, "the server has ended"
            with closing(socket.socket()) as attempt:
                if attempt.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("the server does not listen")

    def kill(self) -> None:
        """Kill it in the middle of whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Kill it."""
        self.kill()
