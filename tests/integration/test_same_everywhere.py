"""The same inputs give the same facts and the same state: in every process, loop, hash seed and version of Python."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import zoneinfo
from pathlib import Path

import pytest
from tests.conftest import in_ci
from tests.contact_centre import Centre, answered, message
from tests.integration.other_python import hashes

from orchestra.journal.sqlite import SqliteJournal
from orchestra.runtime.loading import save_snapshot
from orchestra.testing.clock import VirtualClock

pytestmark = pytest.mark.timeout(300)

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ((3, 11), (3, 12), (3, 13))
NEEDED = ("orchestra", "attr", "attrs", "cattrs", "anyio", "tenacity", "typing_extensions")
PERHAPS = ("idna", "sniffio", "outcome", "sortedcontainers", "trio", "exceptiongroup")
"""What those need in turn, in some of their versions. All of it is Python alone, so any version can import it."""


@pytest.fixture
async def journal(tmp_path: Path) -> Path:
    """A journal on disk with something of everything, and a snapshot in its midst."""
    file = tmp_path / "contacts.db"
    store = SqliteJournal(file)
    centre = Centre(store, VirtualClock())
    async with centre.open() as workspace:
        for number in range(10):
            await workspace.receive(message(number, "Grüße 👋🏽", sender=f"joe-{number}", topic=f"topic-{number % 3}"))
        save_snapshot(store)
        await answered(workspace, number="last")
        await workspace.settle()
    store.close()
    return file


@pytest.fixture
def zone_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One edition of the zone data for all, which is a fact of every plan."""
    folder = tmp_path / "zones"
    folder.mkdir()
    (folder / "tzdata.zi").write_text("# version 2026a\n", encoding="utf-8")
    monkeypatch.setattr(zoneinfo, "TZPATH", (str(folder),))
    return folder


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder with this process's own packages, to be imported by other versions too."""
    folder = tmp_path / "packages"
    folder.mkdir()
    for name in (*NEEDED, *PERHAPS):
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            assert name in PERHAPS, name
            continue
        origin = Path(spec.origin)
        target = origin.parent if origin.name == "__init__.py" else origin
        (folder / target.name).symlink_to(target)
    return folder


def _run(python: str, backend: str, journal: Path, packages: Path, zone_data: Path, hash_seed: str) -> list[str]:
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE"))},
        "PYTHONPATH": os.pathsep.join([str(packages), str(ROOT)]),
        "PYTHONTZPATH": str(zone_data),
        "PYTHONHASHSEED": hash_seed,
    }
    command = [python, "-W", "error", "-m", "tests.integration.other_python", backend, str(journal)]
    done = subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def _interpreter(version: tuple[int, int]) -> str | None:
    name = f"python{version[0]}.{version[1]}"
    managed = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version[0]}.{version[1]}.*/bin/python"))
    for candidate in (sys.executable, shutil.which(name), *map(str, managed)):
        if candidate is not None and _version(candidate) == version:
            return candidate
    return None


def _version(python: str) -> tuple[int, int] | None:
    script = "import sys; print(*sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", script], check=False, capture_output=True, text=True)
    except OSError:
        return None
    if done.returncode != 0:
        return None
    major, minor = done.stdout.split()
    return int(major), int(minor)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: f"{version[0]}.{version[1]}")
async def test_every_python_comes_to_the_same(
    version: tuple[int, int], journal: Path, zone_data: Path, packages: Path
) -> None:
    python = _interpreter(version)
    if python is None:
        if in_ci() and version == VERSIONS[0]:
            pytest.fail("the first version must be there")
        pytest.skip(f"no interpreter of Python {version[0]}.{version[1]} was found")
    here = _run(sys.executable, "asyncio", journal, packages, zone_data, "0")
    assert len(here) == 22
    assert _run(python, "asyncio", journal, packages, zone_data, "1") == here
    assert _run(python, "trio", journal, packages, zone_data, "4242") == here


def test_this_process_comes_to_the_same_again(tmp_path: Path, zone_data: Path) -> None:
    file = tmp_path / "empty.db"
    SqliteJournal(file).close()
    assert hashes("asyncio", file) == hashes("trio", file)
