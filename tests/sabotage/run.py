"""Plants one bug after the other in a copy of the package; the tests named beside each must catch it.

    python tests/sabotage/run.py                 all bugs, after a look that the tests pass without any
    python tests/sabotage/run.py decline token   those whose name contains one of the words

A bug is a file in `patches/`: what it breaks (`Bug:`), which tests must notice (`Tests:`), and a unified diff.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import attrs

__all__ = ["Bug", "PatchFault", "bugs", "patched", "run_tests"]

ROOT = Path(__file__).resolve().parents[2]
PATCHES = Path(__file__).parent / "patches"
CAUGHT = 1
"""What pytest returns when tests ran and some failed. A copy that cannot even be imported returns something else."""

_HUNK = re.compile(r"^@@ .*@@.*\n", re.MULTILINE)
_FILE = re.compile(r"^--- a/(?P<path>\S+)\n\+\+\+ b/(?P=path)\n", re.MULTILINE)

_PROGRAM = """
import pathlib, sys
import orchestra
assert pathlib.Path(orchestra.__file__).is_relative_to(sys.argv[1]), "the tests would run on another copy"
import pytest
sys.exit(pytest.main(sys.argv[2:]))
"""


class PatchFault(Exception):
    """A patch that is malformed, or does not fit the tree as it is."""


@attrs.frozen
class Bug:
    """One planted bug."""

    name: str
    title: str
    tests: tuple[str, ...]
    diff: str


def _read(path: Path) -> Bug:
    text = path.read_text(encoding="utf-8")
    head, marker, rest = text.partition("--- a/")
    fields = dict(re.findall(r"^(Bug|Tests): (.+)$", head, re.MULTILINE))
    if not marker or fields.keys() != {"Bug", "Tests"}:
        raise PatchFault(f"{path.name}: needs `Bug:`, `Tests:` and a diff")
    return Bug(path.stem, fields["Bug"], tuple(fields["Tests"].split()), marker + rest)


def bugs() -> list[Bug]:
    """All planted bugs, by name."""
    return [_read(path) for path in sorted(PATCHES.glob("*.patch"))]


def patched(bug: Bug, root: Path) -> dict[str, str]:
    """Path -> text of the files that the bug changes, as they are with it.

    A hunk applies where its old lines stand, wherever that is: moving code does not break a patch, changing it does.

    Raises:
        PatchFault: a hunk's old lines stand nowhere, or in several places.
    """
    parts = _FILE.split(bug.diff)
    changed = {}
    for path, hunks in zip(parts[1::2], parts[2::2], strict=True):
        text = (root / path).read_text(encoding="utf-8")
        for hunk in _HUNK.split(hunks)[1:]:
            lines = hunk.splitlines(keepends=True)
            old = "".join(line[1:] for line in lines if line[0] in " -")
            new = "".join(line[1:] for line in lines if line[0] in " +")
            if text.count(old) != 1:
                raise PatchFault(f"{bug.name}: a hunk fits {text.count(old)} places of {path}")
            text = text.replace(old, new)
        changed[path] = text
    if not changed:
        raise PatchFault(f"{bug.name}: changes no file")
    return changed


@cache
def _compiled() -> Path:
    """A copy of the package whose modules pytest has compiled: that takes longer than most of the tests."""
    folder = tempfile.mkdtemp(prefix="sabotage-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    source = Path(folder) / "src"
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
    _pytest(source, "--collect-only", "tests/unit/engine/test_engine.py")
    return source


def _pytest(source: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PYTHONPATH": str(source), "ORCHESTRA_EXAMPLES": "25"}
    for name in ("PYTEST_ADDOPTS", "PYTHONDONTWRITEBYTECODE"):
        env.pop(name, None)
    options = ["-x", "-q", "--no-header", "--tb=line", "-p", "no:cacheprovider", "-W", "default"]
    command = [sys.executable, "-c", _PROGRAM, str(source), *options, *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def run_tests(tests: Sequence[str], bug: Bug | None = None) -> tuple[int, str]:
    """Run tests on a copy of the package, with a bug or without; gives pytest's code and the end of what it said."""
    with tempfile.TemporaryDirectory(prefix="sabotage-") as folder:
        source = Path(folder) / "src"
        shutil.copytree(_compiled(), source)
        for path, text in (patched(bug, ROOT) if bug else {}).items():
            (Path(folder) / path).write_text(text, encoding="utf-8")
            for compiled in (Path(folder) / path).parent.glob(f"__pycache__/{Path(path).stem}.*.pyc"):
                compiled.unlink()
        done = _pytest(source, *tests)
    return done.returncode, (done.stdout + done.stderr)[-2_000:]


def main(words: Sequence[str]) -> int:
    """Plant the bugs whose name contains one of the words, or all; gives the number that nobody caught."""
    chosen = [bug for bug in bugs() if not words or any(word in bug.name for word in words)]
    code, said = run_tests(sorted({test for bug in chosen for test in bug.tests}))
    if code:
        sys.stdout.write(f"the tests fail without any bug:\n{said}\n")
        return 1
    missed = 0
    for bug in chosen:
        began = time.monotonic()
        code, said = run_tests(bug.tests, bug)
        missed += code != CAUGHT
        verdict = "caught" if code == CAUGHT else f"MISSED (pytest returned {code})\n{said}"
        sys.stdout.write(f"{bug.name:40} {time.monotonic() - began:5.1f} s  {verdict}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{len(chosen) - missed} of {len(chosen)} planted bugs caught\n")
    return missed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
