"""A process of its own that follows the workspace: prints each resolved case, also over restarts.

The feed has every event in order and without gaps. Whoever follows it keeps the last position dealt with and goes on
behind it. Here that is a file, written after the work: after a crash the last case may come again, none is left out.
Run it beside the owner: `python examples/resolved_cases.py sqlite:contacts.db`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from orchestra import blocking, events


def resolved_cases(journal: str, position_file: Path) -> Iterator[str]:
    """Ids of the cases resolved since the last run, then of each that is resolved from now on."""
    after = int(position_file.read_text()) if position_file.exists() else 0
    with blocking.connect(journal) as ws, ws.events(after=after, types=[events.CaseResolved]) as feed:
        for record in feed:
            if isinstance(record.event, events.CaseResolved):
                yield record.event.case
            position_file.write_text(str(record.position))


if __name__ == "__main__":
    for case in resolved_cases(sys.argv[1], Path("resolved.position")):
        print("resolved:", case)
