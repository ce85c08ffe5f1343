"""The same input gives the same decisions, byte for byte: in any process, on any event loop, Python and journal.

`tests/golden/day-7.json` holds what one fixed day must come to, so that each interpreter that runs the tests compares
with all others. When decisions change on purpose, write it anew from the project's folder and review the change:

    python -m tests.integration.test_same_hash
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest
from tests.contact_centre import ACCOUNT, PLAN, message

from orchestra.channels.inbound import DeliveryState
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.loopback_transport import Failure, LoopbackProvider, LoopbackTransport
from orchestra.journal.memory import MemoryJournal
from orchestra.journal.port import Journal
from orchestra.journal.registry import open_journal
from orchestra.model import commands as c
from orchestra.model.definitions import Fields
from orchestra.runtime.lines import Line
from orchestra.runtime.loading import load_engine
from orchestra.runtime.workspace import Workspace
from orchestra.testing import VirtualClock

FIELDS = Fields(case={"zeta": "integer", "alpha": "text", "mid": "boolean"})
DESK = attrs.evolve(PLAN, fields=FIELDS)

Outcome = Mapping[str, Any]
"""What a scenario came to: events, a digest of all facts, the state's hash."""

GOLDEN = Path(__file__).parents[1] / "golden" / "day-7.json"

CORE = ("attr", "attrs", "cattr", "cattrs", "anyio", "tenacity", "typing_extensions", "idna", "sniffio")
"""What the package imports at run time, with what that imports: all of it plain Python, so any interpreter can."""

# Runs where no pytest and nothing of the tests may be installed, so it imports the package alone. The edition of the
# time zone database is a fact of the plan and another one on another machine: here it is fixed.
DAY = """
import hashlib, json, sys
if "without-speed" in sys.argv:
    sys.modules["msgspec"] = None  # as if it were not installed
from orchestra.codec.canonical import speed
from orchestra.cli.day.simulation import simulate
from orchestra.journal.memory import MemoryJournal
from orchestra.runtime import ledger
from orchestra.runtime.loading import load_engine

ledger.zone_data_version = lambda: "of the tests"


def outcome(journal):
    digest = hashlib.blake2b(digest_size=32)
    for r in journal.read():
        digest.update(repr((r.position, r.at_us, r.type, r.version, r.actor, r.subject, r.facts)).encode())
        digest.update(b"\\n")
    loaded = load_engine(journal)
    return {"events": journal.position(), "facts": digest.hexdigest(), "state_hash": loaded.state_hash()}


def day():
    journal = MemoryJournal()
    kept = ledger.Ledger(journal, journal.acquire("test", 0, 10**12))
    lived = simulate(kept, 7, lambda minutes, total: None)
    found = outcome(journal)
    assert found["state_hash"] == lived.state_hash == kept.engine.state_hash()
    return found
"""
PRINT_DAY = DAY + "print(json.dumps({**day(), 'speed': speed() is not None, 'python': sys.version_info[:2]}))\n"


def golden() -> Outcome:
    found: Outcome = json.loads(GOLDEN.read_text("utf-8"))
    return found


def in_process(
    *options: str, python: str = sys.executable, path: Sequence[Path] = (), **environment: str
) -> dict[str, Any]:
    """The day of a process of its own; what else it printed about itself is taken along."""
    folders = os.pathsep.join(map(str, path)) or os.environ.get("PYTHONPATH", "")
    # Nothing is covered there that is not covered here, and tracing takes ten times as long.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    variables = {**inherited, "PYTHONPATH": folders, **environment}
    command = [python, "-c", PRINT_DAY, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False, env=variables)
    assert done.returncode == 0, done.stderr
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


def decided(printed: dict[str, Any]) -> Outcome:
    return {name: printed[name] for name in ("events", "facts", "state_hash")}


# This interpreter


def here() -> Outcome:
    """The day in this process."""
    from orchestra.runtime import ledger  # noqa: PLC0415 - the module, whose name is changed and changed back

    before = ledger.zone_data_version
    space: dict[str, Any] = {}
    try:
        exec(DAY, space)
        found: Outcome = space["day"]()
    finally:
        ledger.zone_data_version = before
    return found


def test_the_day_is_the_golden_one() -> None:
    assert here() == golden()


@pytest.mark.parametrize("seed", ["0", "1", "random"])
def test_the_day_does_not_depend_on_hash_seeds(seed: str) -> None:
    found = in_process(PYTHONHASHSEED=seed)
    assert found["speed"], "install the extra `speed`: else nothing is compared with the day without it"
    assert decided(found) == golden()


def test_the_day_does_not_depend_on_the_speed_extra() -> None:
    found = in_process("without-speed")
    assert not found["speed"]
    assert decided(found) == golden()


def test_the_day_does_not_depend_on_where_it_runs() -> None:
    elsewhere = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "TZ": "Pacific/Kiritimati", "PYTHONOPTIMIZE": "1"}
    assert decided(in_process(**elsewhere)) == golden()


# Other interpreters


def interpreter(version: str) -> str | None:
    """An interpreter of this version that starts: on the path, or where pyenv puts them."""
    installed = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python3"))
    for candidate in [shutil.which(f"python{version}"), *map(str, installed)]:
        if candidate is not None and _says(candidate, "import sys; print('%d.%d' % sys.version_info[:2])") == version:
            return candidate
    return None


def _says(python: str, code: str, **environment: str) -> str | None:
    done = subprocess.run(
        [python, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )
    return done.stdout.strip() if done.returncode == 0 else None


def core_only(folder: Path) -> Path:
    """A folder with the package and its core dependencies and nothing else, for other interpreters' paths."""
    for name in ("orchestra", *CORE):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            origin = Path(spec.origin)
            found = origin.parent if origin.name == "__init__.py" else origin
            (folder / found.name).symlink_to(found)
    return folder


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_day_is_the_same_on_every_python(version: str, tmp_path: Path) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no Python {version} here")
    folder = core_only(tmp_path)
    imports = "import attrs, cattrs, anyio, tenacity, typing_extensions; print('all')"
    if _says(python, imports, PYTHONPATH=str(folder)) != "all":
        pytest.skip(f"{python} cannot import the core dependencies of this environment")
    found = in_process("without-speed", python=python, path=[folder], PYTHONDONTWRITEBYTECODE="1")
    assert found["python"] == [int(part) for part in version.split(".")]
    assert decided(found) == golden()


# A workspace


def outcome(journal: Journal) -> Outcome:
    """As the day's own."""
    facts = [(r.position, r.at_us, r.type, r.version, r.actor, r.subject, r.facts) for r in journal.read()]
    digest = hashlib.blake2b(json.dumps(facts).encode(), digest_size=32)
    return {"events": len(facts), "facts": digest.hexdigest(), "state_hash": load_engine(journal).state_hash()}


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
    GOLDEN.write_text(json.dumps(here(), indent=2, sort_keys=True) + "\n", "utf-8")
