"""Planted bugs: each patch fits the tree, and the tests named beside it catch what it breaks."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from tests.counts import SABOTAGES
from tests.sabotage.run import CAUGHT, ROOT, Bug, PatchFault, bugs, patched, run_tests

ALL = bugs()
# Some of each kind: what is planted in the same part was written one after the other.
CHOSEN = ALL[:: max(1, len(ALL) // SABOTAGES)][:SABOTAGES]


@pytest.mark.parametrize("bug", ALL, ids=lambda bug: bug.name)
def test_every_patch_fits_the_tree_and_changes_code(bug: Bug) -> None:
    for path, text in patched(bug, ROOT).items():
        assert path.startswith("src/orchestra/")
        before = (ROOT / path).read_text(encoding="utf-8")
        assert ast.dump(ast.parse(text)) != ast.dump(ast.parse(before)), "it changes no code"
    assert all((ROOT / test.partition("::")[0]).exists() for test in bug.tests)


def test_there_are_enough_and_none_twice() -> None:
    assert len(ALL) >= 12
    assert len({bug.title for bug in ALL}) == len({bug.diff for bug in ALL}) == len(ALL)


def _bug(diff: str) -> Bug:
    return Bug("planted", "it breaks", (), diff)


def test_a_hunk_that_fits_nowhere_or_twice_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\ny = 2\nx = 1\n", encoding="utf-8")
    head = "--- a/a.py\n+++ b/a.py\n"
    assert patched(_bug(f"{head}@@ -2 +2 @@\n-y = 2\n+y = 3\n"), tmp_path) == {"a.py": "x = 1\ny = 3\nx = 1\n"}
    for hunk in ("-z = 2\n+z = 3\n", "-x = 1\n+x = 3\n"):
        with pytest.raises(PatchFault, match="places of"):
            patched(_bug(f"{head}@@ -1 +1 @@\n{hunk}"), tmp_path)
    with pytest.raises(PatchFault, match="changes no file"):
        patched(_bug(""), tmp_path)


@pytest.mark.sabotage
def test_the_tests_pass_without_any_bug() -> None:
    code, said = run_tests(sorted({test for bug in CHOSEN for test in bug.tests}))
    assert code == 0, said


@pytest.mark.sabotage
@pytest.mark.parametrize("bug", CHOSEN, ids=lambda bug: bug.name)
def test_the_bug_is_caught(bug: Bug) -> None:
    code, said = run_tests(bug.tests, bug)
    assert code == CAUGHT, f"nobody noticed: {bug.title}\n{said}"
