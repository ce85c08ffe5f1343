"""What a person sees: tables, JSON and progress; with rich where it is installed, as plain text where it is not.

Tables and JSON go to standard output, progress and remarks to standard error. Output that goes to a file or a pipe is
always plain, so that it does not depend on what is installed.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Final, Protocol

import attrs

from orchestra.cli.fitting import fitted
from orchestra.cli.output import complain, is_terminal, say, writing
from orchestra.cli.plain import fits, plain_table
from orchestra.insight.report import Table

__all__ = ["Bar", "one_line", "print_json", "print_tables", "progress", "terminal_width"]

_BAR_WIDTH: Final = 30


class Bar(Protocol):
    """A progress bar, or what stands for one where there is no terminal."""

    def advance(self, done: int, total: int) -> None:
        """So much of all is done."""

    def remark(self, text: str) -> None:
        """Say something on standard error, without spoiling the bar."""


def one_line(text: str) -> str:
    """The text as it may stand in a line on a terminal: line ends as spaces, nothing that steers the terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def terminal_width() -> int | None:
    """Columns of the terminal that standard output is; None if it is none."""
    return shutil.get_terminal_size().columns if is_terminal(sys.stdout) else None


def print_json(value: Any) -> None:
    """Print one JSON value, indented."""
    say(json.dumps(value, ensure_ascii=False, indent=2))


def print_tables(tables: Sequence[Table]) -> None:
    """Print tables, an empty line between them."""
    width = terminal_width()
    safe = [attrs.evolve(table, rows=tuple(tuple(map(one_line, row)) for row in table.rows)) for table in tables]
    if width is not None:
        safe = [part for table in safe for part in fitted(table, width)]
    if width is not None and _has_rich() and all(fits(table, width) for table in safe):
        from orchestra.cli.with_rich import draw_tables  # noqa: PLC0415 - only with the extra

        with writing():
            draw_tables(safe, width)
    else:
        say("\n\n".join(plain_table(table, width) for table in safe))


@contextmanager
def progress(label: str) -> Generator[Bar]:
    """A progress bar on standard error while the block runs; none if that is no terminal."""
    if not is_terminal(sys.stderr):
        yield _NoBar()
    elif _has_rich():
        from orchestra.cli.with_rich import rich_bar  # noqa: PLC0415 - only with the extra

        with rich_bar(label) as shown:
            yield shown
    else:
        bar = _PlainBar(label)
        try:
            yield bar
        finally:
            bar.clear()


def _has_rich() -> bool:
    return find_spec("rich") is not None


class _NoBar:
    def advance(self, done: int, total: int) -> None:
        pass

    def remark(self, text: str) -> None:
        complain(one_line(text))


class _PlainBar:
    def __init__(self, label: str) -> None:
        self._label = label
        self._shown = ""

    def advance(self, done: int, total: int) -> None:
        filled = _BAR_WIDTH * done // max(total, 1)
        bar = "#" * filled + "." * (_BAR_WIDTH - filled)
        self._show(f"{self._label} [{bar}] {done}/{total}")

    def remark(self, text: str) -> None:
        shown = self._shown
        self.clear()
        complain(one_line(text))
        self._show(shown)

    def clear(self) -> None:
        """Leave the line empty, for what comes next."""
        self._show("")

    def _show(self, text: str) -> None:
        left_over = max(len(self._shown) - len(text), 0)
        sys.stderr.write(f"\r{text}{' ' * left_over}" + ("\r" if not text else ""))
        sys.stderr.flush()
        self._shown = text
