"""`orchestra new-adapter`: the skeleton runs, and fails exactly where it is empty."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from orchestra.cli.main import main
from orchestra.cli.new_adapter import written
from orchestra.errors import DefinitionError

Capture = pytest.CaptureFixture[str]
ROOT = Path(__file__).resolve().parents[3]
PAGES = ROOT / "docs" / "howto"


def made(folder: Path, name: str = "pager") -> Path:
    assert main(["new-adapter", name, "--in", str(folder)]) == 0
    return folder / f"orchestra-{name}"


def suite(project: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(project), "."]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=120, check=False)


def test_the_files_are_whole(tmp_path: Path, capsys: Capture) -> None:
    project = made(tmp_path, "smoke_signal")
    found = {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()}
    assert found == {"pyproject.toml", "README.md", "orchestra_smoke_signal.py", "tests/test_smoke_signal.py"}
    told = tomllib.loads((project / "pyproject.toml").read_text())
    points = told["project"]["entry-points"]["orchestra.channels"]
    assert points == {"smoke_signal": "orchestra_smoke_signal:SmokeSignalAdapter"}
    assert not any(re.search("NAME|CLASS", path.read_text()) for path in project.rglob("*") if path.is_file())
    assert "pytest -rs" in capsys.readouterr().out


def test_its_suite_runs_and_fails_where_it_is_empty(tmp_path: Path) -> None:
    ran = suite(made(tmp_path))
    assert ran.returncode == 1, ran.stdout
    failed = set(re.findall(r"FAILED \S+::test_(\d\d)", ran.stdout))
    assert {"01", "14", "16", "26", "32", "41", "42", "46"} <= failed
    assert "45" not in failed, "it is an adapter already"
    assert "supply sample('message')" in ran.stdout
    assert "ERROR" not in ran.stdout


def test_the_guide_makes_an_adapter_of_it(tmp_path: Path) -> None:
    """The code of the how-to, put into the skeleton as it stands there."""
    project = made(tmp_path)
    module = (PAGES / "acme" / "pager.py").read_text()
    assert module.count("\n") <= 150
    page = (PAGES / "write-an-adapter.md").read_text()
    assert "{literalinclude} acme/pager.py" in page
    begin, end = re.findall(r":(?:start-at|end-before): (.+)", page)[:2]
    tests = (ROOT / "tests" / "docs" / "test_pager.py").read_text()
    head, shown = tests[: tests.index("from orchestra import")], tests[tests.index(begin) : tests.index(end)]
    imports = re.search(r"from orchestra\.channels\.account.*?\n\n", tests, re.DOTALL)
    assert imports is not None
    (project / "orchestra_pager.py").write_text(module)
    contract = head.replace("acme.pager", "orchestra_pager") + imports.group() + shown
    (project / "tests" / "test_pager.py").write_text(re.sub(r"PLAN = .*?\"\"\"\)\n", "", contract, flags=re.DOTALL))
    ran = suite(project)
    assert ran.returncode == 0, ran.stdout
    assert int(re.findall(r"(\d+) passed", ran.stdout)[0]) >= 30


@pytest.mark.parametrize("name", ["", "Pager", "1st", "a-b", "a b", "../x", "class", "x" * 41, "\u00e9"])
def test_names_that_are_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(DefinitionError, match="small letters"):
        written(name)
    assert main(["new-adapter", name or "", "--in", str(tmp_path)]) == 2
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path, capsys: Capture) -> None:
    project = made(tmp_path)
    (project / "orchestra_pager.py").write_text("mine")
    assert main(["new-adapter", "pager", "--in", str(tmp_path)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert (project / "orchestra_pager.py").read_text() == "mine"


def test_a_place_where_nothing_can_be_written(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "file").write_text("")
    assert main(["new-adapter", "pager", "--in", str(tmp_path / "file")]) == 2
    assert "Not a directory" in capsys.readouterr().err
    shutil.rmtree(tmp_path)
