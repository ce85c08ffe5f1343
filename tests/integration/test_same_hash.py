"""The same input gives the same decisions, byte for byte: in any process, on any event loop, Python and journal.

One fact is left out of the comparison: which edition of the zone data a machine has, which `PlanChanged` tells.

`tests/golden/day-7.json` holds what one fixed day must come to, so that each interpreter that runs the tests compares
with all others. When decisions change on purpose, write it anew from the project's folder and review the change::

    python -m tests.integration.test_same_hash
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest
from tests.conftest import in_ci
from tests.contact_centre import ACCOUNT, PLAN, Centre, answered, message
from tests.integration.contact_logs import zone_edition
from tests.integration.other_python import Outcome, day, from_disk, outcome, scenarios

from orchestra.channels.inbound import DeliveryState
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.loopback.transport import Failure, LoopbackProvider, LoopbackTransport
from orchestra.journal.memory import MemoryJournal
from orchestra.journal.port import Journal
from orchestra.journal.registry import open_journal
from orchestra.journal.sqlite import SqliteJournal
from orchestra.model import commands as c
from orchestra.model.definitions import Fields
from orchestra.runtime.lines import Line
from orchestra.runtime.loading import load_engine, save_snapshot
from orchestra.runtime.workspace import Workspace
from orchestra.testing import VirtualClock

FIELDS = Fields(case={"zeta": "integer", "alpha": "text", "mid": "boolean"})
DESK = attrs.evolve(PLAN, fields=FIELDS)

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "day-7.json"

VERSIONS = ("3.11", "3.12", "3.13")
NEEDED = ("orchestra", "attr", "attrs", "cattr", "cattrs", "anyio", "tenacity", "typing_extensions", "trio")
PERHAPS = ("idna", "sniffio", "outcome", "sortedcontainers", "exceptiongroup")
"""What those need in turn, in some of their versions. All of it is plain Python, so any interpreter can import it."""

WITHOUT_SPEED = "import sys; sys.modules['msgspec'] = None  # as if it were not installed\n"
RUN = "from tests.integration.other_python import main; main()"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package, what it needs and nothing else, for other processes' paths."""
    folder = tmp_path_factory.mktemp("packages")
    for name in (*NEEDED, *PERHAPS):
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            assert name in PERHAPS, name
            continue
        origin = Path(spec.origin)
        found = origin.parent if origin.name == "__init__.py" else origin
        (folder / found.name).symlink_to(found)
    return folder


def started(python: str, code: str, *arguments: str, packages: Path, **environment: str) -> tuple[str, str]:
    """What a process of its own prints, and what it says if it fails."""
    # Nothing is covered there that is not covered here, and tracing takes ten times as long.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE"))}
    path = os.pathsep.join([str(packages), str(ROOT)])
    done = subprocess.run(
        [python, "-B", "-W", "error", "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        cwd=ROOT,
        env={**inherited, "PYTHONPATH": path, **environment},
    )
    return done.stdout, done.stderr if done.returncode else ""


def run(*what: str, python: str = sys.executable, code: str = RUN, packages: Path, **environment: str) -> Any:
    """What `other_python` prints, as data."""
    printed, failure = started(python, code, *what, packages=packages, **environment)
    assert not failure, failure
    return json.loads(printed)


def golden() -> Outcome:
    found: Outcome = json.loads(GOLDEN.read_text("utf-8"))
    return found


# This interpreter


def test_the_day_is_the_golden_one() -> None:
    assert day() == golden()


@pytest.mark.parametrize("seed", ["0", "1", "random"])
def test_the_day_does_not_depend_on_hash_seeds(seed: str, packages: Path) -> None:
    found = run("day", packages=packages, PYTHONHASHSEED=seed)
    assert found["speed"], "install the extra `speed`: else nothing is compared with the day without it"
    assert found["found"] == golden()


def test_the_day_does_not_depend_on_the_speed_extra(packages: Path) -> None:
    found = run("day", code=WITHOUT_SPEED + RUN, packages=packages)
    assert not found["speed"]
    assert found["found"] == golden()


def test_the_day_does_not_depend_on_where_it_runs(packages: Path) -> None:
    elsewhere = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "TZ": "Pacific/Kiritimati", "PYTHONOPTIMIZE": "1"}
    assert run("day", packages=packages, **elsewhere)["found"] == golden()


def test_the_day_does_not_depend_on_the_zone_data(packages: Path, tmp_path: Path) -> None:
    assert run("day", packages=packages, **zone_edition(tmp_path / "other", "2031a"))["found"] == golden()


# Other interpreters


def interpreter(version: str, packages: Path) -> str | None:
    """An interpreter of this version that starts: this one, on the path, or where pyenv puts them."""
    installed = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python3"))
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    for candidate in [sys.executable, shutil.which(f"python{version}"), *map(str, installed)]:
        if candidate is not None and started(candidate, ask, packages=packages)[0].strip() == version:
            return candidate
    return None


@pytest.fixture(scope="module", params=VERSIONS)
def other(request: pytest.FixtureRequest, packages: Path) -> str:
    """An interpreter of each version that can import what this environment has; the first must be there in CI."""
    version: str = request.param
    python = interpreter(version, packages)
    if python is not None:
        failure = started(python, f"import {', '.join(NEEDED[1:])}", packages=packages)[1]
        if not failure:
            return python
        reason = f"{python} cannot import this environment's packages: {failure.splitlines()[-1]}"
    else:
        reason = f"no interpreter of Python {version} was found"
    if in_ci() and version == VERSIONS[0]:
        pytest.fail(reason)
    pytest.skip(reason)


def test_the_day_is_the_same_on_every_python(other: str, packages: Path) -> None:
    found = run("day", python=other, code=WITHOUT_SPEED + RUN, packages=packages)
    assert not found["speed"]
    assert found["found"] == golden()


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal on disk with something of everything, and a snapshot in its midst."""
    file = tmp_path_factory.mktemp("journal") / "contacts.db"
    store = SqliteJournal(file)

    async def live() -> None:
        async with Centre(store, VirtualClock()).open() as workspace:
            for number in range(10):
                sender, topic = f"joe-{number}", f"topic-{number % 3}"
                await workspace.receive(message(number, "Grüße 👋🏽", sender=sender, topic=topic))
            save_snapshot(store)
            await answered(workspace, number="last")
            await workspace.settle()

    anyio.run(live)
    store.close()
    return file


@pytest.fixture(scope="module")
def scenarios_here(on_disk: Path) -> Mapping[str, Outcome]:
    """What this process makes of the scenarios and of the journal on disk."""
    found = {**scenarios("asyncio"), **from_disk(on_disk)}
    assert len(found) == 23
    assert found["journal"] == found["snapshot"]
    return found


@pytest.mark.parametrize(("backend", "seed"), [("asyncio", "1"), ("trio", "4242")])
def test_every_scenario_is_the_same_on_every_python(
    scenarios_here: Mapping[str, Outcome], other: str, backend: str, seed: str, on_disk: Path, packages: Path
) -> None:
    found = run("scenarios", backend, str(on_disk), python=other, packages=packages, PYTHONHASHSEED=seed)
    assert found["found"] == scenarios_here


def test_every_scenario_is_the_same_on_both_event_loops(scenarios_here: Mapping[str, Outcome], on_disk: Path) -> None:
    assert {**scenarios("trio"), **from_disk(on_disk)} == scenarios_here


# A workspace


class Scenario:
    """Two hours of a workspace in virtual time: webhooks, offers, answers, failures, an inbox, a stop, another owner.

    After each step everything due is done, so that nothing is left to the order in which a loop wakes its tasks.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.clock = VirtualClock()
        self.provider = LoopbackProvider(ACCOUNT)
        self.line = Line("chat", LoopbackAdapter(), ACCOUNT, LoopbackTransport(self.provider))

    async def run(self) -> None:
        async with Workspace.open(DESK, self.journal, channels=[self.line], clock=self.clock) as workspace:
            self.clock.attach(workspace)
            await self.first_hour(workspace)
            live = workspace.state_hash()
        assert live == load_engine(self.journal).state_hash()
        self.clock = VirtualClock(self.clock.now)  # of the next owner: it takes this workspace along and not the last
        async with Workspace.open(DESK, self.journal, channels=[self.line], clock=self.clock) as workspace:
            self.clock.attach(workspace)
            await self.second_hour(workspace)
            live = workspace.state_hash()
        assert live == load_engine(self.journal).state_hash()

    async def first_hour(self, workspace: Workspace) -> None:
        ana = await workspace.sign_in("ana")
        for number in range(4):
            request = self.provider.customer_writes(
                f"Frage {number}: wo ist es? \u00fc \U0001f4e6",
                at=self.clock.now,
                sender=f"c{number}",
                conversation=f"t{number}",
            )
            assert (await workspace.webhook(ACCOUNT.route_key, request)).status == 200
            await self.clock.advance(seconds=7)
        contact = await (await ana.next_offer()).accept()
        self.provider.fail_next(Failure.UNAVAILABLE, Failure.TIMED_OUT_AFTER_TAKING)
        await contact.reply("It comes on Friday.")
        await self.clock.advance(minutes=20)
        (delivered,) = self.provider.delivered
        receipt = self.provider.receipt(DeliveryState.READ, delivered.id, at=self.clock.now)
        assert (await workspace.webhook(ACCOUNT.route_key, receipt)).status == 200
        await contact.finish("solved")
        await self.clock.advance(minutes=5)
        await ana.available()  # she was away: all other offers of the first minutes were missed
        await (await ana.next_offer()).decline("busy")
        await workspace.execute(c.StopSending("a pause"))
        await self.clock.advance(minutes=35)

    async def second_hour(self, workspace: Workspace) -> None:
        ben = await workspace.sign_in("ben", "laptop")
        contact = await (await ben.next_offer()).accept()
        await contact.reply("held back until the pause is over")
        await self.clock.advance(minutes=5)
        await workspace.execute(c.StartSending())
        await self.clock.advance(minutes=5)
        received = await workspace.receive(message(9, "another way in", "ann", skills={}, topic="order"))
        assert received.case is not None
        await workspace.execute(c.SendMessage(received.case.id, "k1", text="of its own accord"))
        await workspace.settle()
        await workspace.execute(c.SetFields(received.case.id, {"zeta": 1, "alpha": "x", "mid": True}))
        await self.clock.advance(minutes=50)
        await ben.sign_out()
        await self.clock.advance(hours=30)


def lived(journal: Journal, backend: str) -> Outcome:
    """What the scenario comes to on that event loop."""
    anyio.run(Scenario(journal).run, backend=backend)
    return outcome(journal)


@pytest.fixture(scope="module")
def on_asyncio() -> Outcome:
    return lived(MemoryJournal(), "asyncio")


@pytest.mark.parametrize("attempt", [1, 2, 3])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_workspace_decides_the_same_on_both_event_loops(on_asyncio: Outcome, backend: str, attempt: int) -> None:
    assert on_asyncio["events"] > 60
    assert lived(MemoryJournal(), backend) == on_asyncio


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_workspace_decides_the_same_on_both_journals(on_asyncio: Outcome, backend: str, tmp_path: Path) -> None:
    journal = open_journal(f"sqlite:{tmp_path / 'same.db'}")
    assert lived(journal, backend) == on_asyncio
    journal.close()


def test_another_input_is_another_hash(on_asyncio: Outcome) -> None:
    """The comparison can fail: one more second between two contacts changes both fingerprints."""
    journal = MemoryJournal()
    scenario = Scenario(journal)
    scenario.clock = VirtualClock(scenario.clock.now + timedelta(seconds=1))
    anyio.run(scenario.run)
    other = outcome(journal)
    assert other["facts"] != on_asyncio["facts"]
    assert other["state_hash"] != on_asyncio["state_hash"]


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(day(), indent=2, sort_keys=True) + "\n", "utf-8")
