"""What is told of a file that is taken line by line.

Belongs here: bad lines and progress. Does not: what lines mean.
"""

from __future__ import annotations

from orchestra.cli.terminal import Bar

__all__ = ["LinesTold"]

_MOST_FAULTS = 1_000
"""Bad lines that are listed in JSON; all are counted, and told on standard error."""


class LinesTold:
    """Tells of bad lines and progress as they come; remembers them for who reads JSON."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self.faults: list[dict[str, object]] = []

    def bad_line(self, number: int, reason: str) -> None:
        """Tell of a line that is not taken."""
        self._bar.remark(f"line {number}: {reason}")
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append({"line": number, "reason": reason})

    def advance(self, lines: int, total: int) -> None:
        """Tell how many lines of all are done."""
        self._bar.advance(lines, total)
