"""A scenario: a plan, who comes, who works, for how long, and what to report. Pure data, from TOML or Python.

Belongs here: reading one. Does not: what is wrong with one (`checks`), running it (`run`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from orchestra.errors import DefinitionError, Fault
from orchestra.model.instants import since_epoch_us
from orchestra.model.plan import Plan
from orchestra.model.structure import structure
from orchestra.simulation.checks import faults_of
from orchestra.simulation.schema import CustomerClass, Group, Reporting, Run

__all__ = ["Scenario", "zone_of"]


@attrs.frozen
class Scenario:
    """What is to be simulated.

    Attributes:
        plan: of the workspace; in a file a table, or the path of a plan file seen from the scenario's folder.
        classes: class -> its customers.
        groups: group -> its agents.
        run: how long.
        results: what to report.
        lines: most customers in contact at once, waiting or served; one more hears busy. None for no limit.
        seed: of all chance.
        start: the first instant, in RFC 3339; a Monday at midnight unless stated.
    """

    plan: Plan
    classes: Mapping[str, CustomerClass]
    groups: Mapping[str, Group]
    run: Run = Run()
    results: Reporting = Reporting()
    lines: int | None = None
    seed: int = 1
    start: str = "2026-01-05T00:00:00Z"

    @classmethod
    def load(cls, path: str | Path) -> Scenario:
        """Read a scenario file.

        Raises:
            DefinitionError: the file, or the plan it names, cannot be read or has faults; lists every one with its
                path.
        """
        path = Path(path)
        return cls._of(_tables(_read(path, ""), "", path), path.parent)

    @classmethod
    def parse(cls, text: str, folder: Path | None = None) -> Scenario:
        """As `load`, from the text of a file.

        Args:
            text: TOML.
            folder: where a plan's path begins; None for the current one.
        """
        return cls._of(_tables(text, ""), folder or Path())

    @classmethod
    def _of(cls, data: dict[str, Any], folder: Path) -> Scenario:
        named = data.get("plan")
        if isinstance(named, str):
            data["plan"] = _tables(_read(folder / named, "plan"), "plan", folder / named)
        scenario = structure(data, cls)
        if isinstance(scenario, list):
            raise DefinitionError(scenario)
        scenario.require_sound()
        return scenario

    def require_sound(self) -> None:
        """Raise all faults that are errors.

        Raises:
            DefinitionError: there is at least one.
        """
        faults = [fault for fault in self.faults() if fault.is_error]
        if faults:
            raise DefinitionError(faults)

    def faults(self) -> list[Fault]:
        """Everything wrong or doubtful in this scenario, errors first, each with its path."""
        return sorted(faults_of(self), key=lambda fault: (not fault.is_error, fault.path))

    @property
    def start_us(self) -> int:
        """The first instant, microseconds UTC."""
        at = datetime.fromisoformat(self.start)
        return since_epoch_us(at if at.tzinfo else at.replace(tzinfo=UTC))

    @property
    def zone(self) -> tzinfo:
        """By whose clock on the wall shifts are; the workspace's, and UTC where it has none."""
        return zone_of(self.plan)

    @property
    def is_until_empty(self) -> bool:
        """Whether it ends when everybody has been served or has left."""
        return self.run.length is None and self.run.contacts is None


def zone_of(plan: Plan) -> tzinfo:
    """The zone of a plan's workspace; UTC where it has none."""
    name = plan.workspace.zone
    return UTC if name is None else ZoneInfo(name)


def _read(path: Path, at: str) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise DefinitionError([Fault(at, f"{path}: {error.strerror}")]) from error
    except ValueError as error:
        raise DefinitionError([Fault(at, f"{path}: not UTF-8, or no name of a file")]) from error


def _tables(text: str, at: str, path: Path | None = None) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = "" if path is None else f"{path}: "
        raise DefinitionError([Fault(at, f"{where}not valid TOML: {error}")]) from error
