"""Standard output and standard error as they may be: closed, full, or a pipe that nobody reads any more.

Belongs here: writing to them so that what goes wrong is known to be their fault. Does not: what is written.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import TextIO

__all__ = ["OutputFailed", "complain", "discard_output", "flush", "is_terminal", "prepare_streams", "say", "writing"]


class OutputFailed(Exception):
    """Standard output takes nothing any more.

    Attributes:
        reason: why; None if whoever read it has gone, as `head` does, which is nobody's fault.
    """

    def __init__(self, reason: str | None) -> None:
        super().__init__(reason)
        self.reason = reason


def prepare_streams() -> None:
    """Let both streams print what can be encoded and escape the rest; without a standard error, complain to nobody."""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - stays open as the stream it replaces
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def is_terminal(stream: TextIO | None) -> bool:
    """Whether the stream is a terminal; one that was closed before the process began is none."""
    return stream is not None and stream.isatty()


@contextmanager
def writing() -> Generator[None]:
    """Whatever the operating system refuses in this block, it refused standard output.

    Raises:
        OutputFailed: it did.
    """
    if sys.stdout is None:
        raise OutputFailed("is closed")
    try:
        yield
    except BrokenPipeError as error:
        raise OutputFailed(None) from error
    except OSError as error:
        raise OutputFailed(error.strerror) from error


def say(text: str) -> None:
    """Print a line, or several, on standard output.

    Raises:
        OutputFailed: it takes nothing any more.
    """
    with writing():
        print(text)


def flush() -> None:
    """Make sure that all that was said has gone out. One that is closed has nothing to send.

    Raises:
        OutputFailed: it has not.
    """
    if sys.stdout is not None:
        with writing():
            sys.stdout.flush()


def discard_output() -> None:
    """Send what is left to nowhere: Python would complain once more when it closes the stream."""
    with suppress(OSError, AttributeError):  # closed, or no stream of the operating system
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(text: str) -> None:
    """Print a line on standard error. If that takes nothing there is nobody to tell."""
    with suppress(OSError):
        print(text, file=sys.stderr)
