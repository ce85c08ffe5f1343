"""Tables and progress bars as rich draws them. Imported only where the `cli` extra is installed."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Final

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table as Drawn
from rich.text import Text

from orchestra.insight.report import Table

__all__ = ["RichBar", "draw_tables", "rich_bar"]

_BAR_WIDTH: Final = 30
_RULE: Final = box.Box("    \n    \n -- \n    \n    \n    \n    \n    \n".replace("-", "─"))


def draw_tables(tables: Sequence[Table], width: int) -> None:
    """Print tables on standard output, an empty line between them, folded to the width."""
    console = Console(highlight=False)
    for number, table in enumerate(tables):
        if number:
            console.print()
        console.print(_drawn(table), width=width)


def _drawn(table: Table) -> Drawn:
    # Cells are Text: a customer's words must not be taken for markup.
    title = Text(table.title, style="bold cyan", justify="left")
    drawn = Drawn(
        title=title, title_justify="left", header_style="bold", box=_RULE, show_edge=False, padding=(0, 1, 0, 0)
    )
    for index, name in enumerate(table.header):
        drawn.add_column(Text(name), justify="right" if index in table.right else "left", overflow="fold")
    for row in table.rows:
        drawn.add_row(*map(Text, row))
    return drawn


@contextmanager
def rich_bar(label: str) -> Generator[RichBar]:
    """A progress bar on standard error that leaves nothing behind."""
    columns = (TextColumn("{task.description}"), BarColumn(_BAR_WIDTH), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True, highlight=False), transient=True) as shown:
        yield RichBar(shown, shown.add_task(label, total=None))


class RichBar:
    """A task of a progress bar."""

    def __init__(self, shown: Progress, task: TaskID) -> None:
        self._shown = shown
        self._task = task

    def advance(self, done: int, total: int) -> None:
        """So much of all is done."""
        self._shown.update(self._task, completed=done, total=total)

    def remark(self, text: str) -> None:
        """Say something above the bar."""
        self._shown.console.print(Text(text))
