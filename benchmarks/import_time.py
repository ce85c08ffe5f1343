"""Importing the package, over a bare interpreter that has its five dependencies imported already. Limit: 0.15 s."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

from measure import arguments

LIMIT_S = 0.15
PROGRAM = """
import time, attrs, cattrs, anyio, tenacity, typing_extensions
start = time.perf_counter()
import orchestra
taken = time.perf_counter() - start
import sys
extras = sorted({"rich", "msgspec", "tzdata", "pytest", "hypothesis"} & set(sys.modules))
print(taken, ",".join(extras))
"""


def once() -> tuple[float, str]:
    """Seconds, and the extras that the import pulled in."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    seconds, _, extras = done.stdout.strip().partition(" ")
    return float(seconds), extras


def main() -> int:
    """Measure and print."""
    given = arguments("import of the package").parse_args()
    once()  # compiles
    taken = [once() for _ in range(given.rounds)]
    seconds, extras = [each for each, _ in taken], taken[0][1]
    median = statistics.median(seconds)
    passed = median <= LIMIT_S and not extras
    row = {"min": min(seconds), "median": median, "max": max(seconds), "limit_s": LIMIT_S, "extras": extras}
    if given.json:
        print(json.dumps({"benchmark": "import", "results": [row | {"passed": passed}]}))
    else:
        print(
            f"import: {min(seconds):.3f} / {median:.3f} / {max(seconds):.3f} s, limit {LIMIT_S} s, "
            f"extras: {extras or 'none'}"
        )
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
