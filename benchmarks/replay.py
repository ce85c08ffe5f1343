"""Loading: a journal of many events, and a snapshot of many open cases. Figures in seconds, against the stated limits.

`--events` and `--cases` set the sizes; the limits, a million events in 30 s and 100,000 open cases in 2 s, are scaled.
Each is set against reading the same rows with the raw driver, and the same bytes with `json`, in the same run.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path

from contacts import Desk, drive
from measure import arguments

from orchestra.codec import to_record
from orchestra.engine.engine import SCHEMA
from orchestra.journal.sqlite import SqliteJournal
from orchestra.model.records import Batch
from orchestra.runtime.loading import load_engine, save_snapshot

REPLAY_LIMIT_S = 30.0
SNAPSHOT_LIMIT_S = 2.0


def timed(work: Callable[[], object], rounds: int) -> list[float]:
    """Seconds of each round."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        made = work()
        seconds.append(time.perf_counter() - start)
        del made  # not before the clock is read: letting go of it is not part of loading
    return seconds


def fill(path: Path, desk: Desk) -> int:
    """Write what the desk kept into a journal; gives the number of events."""
    assert desk.kept is not None
    journal = SqliteJournal(path)
    lease = journal.acquire("bench", 0, 10**18)
    for first in range(0, len(desk.kept), 1000):
        part = desk.kept[first : first + 1000]
        records = [to_record(event, first + n, at, actor) for n, (event, at, actor) in enumerate(part, 1)]
        journal.append(first, [Batch(records)], lease)
    journal.close()
    return len(desk.kept)


def replay_figures(folder: Path, events: int, rounds: int) -> dict[str, object]:
    """Load a journal of that many events without a snapshot."""
    desk = Desk(keep=True)
    number = 1
    while len(desk.kept or ()) < events:
        drive(desk, number, 200)
        number += 200
    path = folder / "replay.db"
    count = fill(path, desk)
    expected = desk.engine.state_hash()
    del desk
    journal = SqliteJournal(path)
    assert load_engine(journal).state_hash() == expected
    ours = timed(lambda: load_engine(journal), rounds)
    raw = timed(lambda: sqlite3.connect(path).execute("select * from record").fetchall(), rounds)
    journal.close()
    return figures(f"replay of {count:,} events", ours, raw, REPLAY_LIMIT_S * count / 1_000_000)


def snapshot_figures(folder: Path, cases: int, rounds: int) -> dict[str, object]:
    """Load a snapshot with that many open cases."""
    desk = Desk(keep=True)
    for number in range(cases):
        desk.arrive(number + 1)
    path = folder / "snapshot.db"
    fill(path, desk)
    del desk
    journal = SqliteJournal(path)
    save_snapshot(journal)
    snapshot = journal.load_snapshot(SCHEMA)
    assert snapshot is not None
    ours = timed(lambda: load_engine(journal), rounds)
    raw = timed(lambda: json.loads(zlib.decompress(snapshot.state)), rounds)
    journal.close()
    return figures(f"snapshot of {cases:,} open cases", ours, raw, SNAPSHOT_LIMIT_S * cases / 100_000)


def figures(name: str, ours: list[float], raw: list[float], limit_s: float) -> dict[str, object]:
    """Min, median and max of both, and whether the limit is met."""
    spread = [sorted(side) for side in (ours, raw)]
    rows = [{"min": s[0], "median": s[len(s) // 2], "max": s[-1]} for s in spread]
    median = rows[0]["median"]
    return {"name": name, "ours_s": rows[0], "raw_s": rows[1], "limit_s": limit_s, "passed": median <= limit_s}


def main() -> int:
    """Run both and print."""
    parser = arguments("loading")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.set_defaults(rounds=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="replay-bench-") as name:
        results = [
            replay_figures(Path(name), given.events, given.rounds),
            snapshot_figures(Path(name), given.cases, given.rounds),
        ]
    if given.json:
        print(json.dumps({"benchmark": "loading", "results": results}, indent=1))
    else:
        for result in results:
            print(result["name"])
            for side in ("ours_s", "raw_s"):
                print(f"  {side:<8}", "  ".join(f"{k} {v:8.3f}" for k, v in result[side].items()))  # type: ignore[attr-defined]
            print(f"  limit    {result['limit_s']:.3f} s: {'met' if result['passed'] else 'MISSED'}")
    return 0 if all(result["passed"] for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
