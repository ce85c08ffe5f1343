"""The plan: everything a user defines about a workspace, as pure data, from Python or a TOML file.

Belongs here: reading and writing a plan. Does not: what it says (`plan_data`), and what is wrong with it
(`plan_checks`).
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path

import attrs

from orchestra.errors import DefinitionError, Fault
from orchestra.model.files import decoded, read_file
from orchestra.model.plan_checks import plan_faults
from orchestra.model.plan_data import PlanData
from orchestra.model.structure import Lost, salvage, unstructure

__all__ = ["Plan"]

_MAX_PLAN_BYTES = 900_000
_MAX_FILE_BYTES = 2 * _MAX_PLAN_BYTES
"""A file also has comments and names that are no part of the stored form."""
_NOTHING_LOST = Lost()


@attrs.frozen
class Plan(PlanData):
    """What a workspace is: its queues, teams, channels, agents and policies.

    Pure data: build it in Python or load it from a file, both give the same value. `faults()` tells all that is wrong;
    opening a workspace with a faulty plan raises them together.
    """

    @classmethod
    def load(cls, path: str | Path) -> Plan:
        """Read a plan file.

        Args:
            path: a TOML file whose tables are named as the attributes here.

        Raises:
            DefinitionError: the file cannot be read, or has faults; lists every one with its path in the file.
        """
        return cls._sound(cls.read_file(path))

    @classmethod
    def parse(cls, text: str) -> Plan:
        """As `load`, from the text of a plan file."""
        return cls._sound(text)

    @classmethod
    def _sound(cls, source: str | bytes) -> Plan:
        plan, faults = cls.examine(source)
        errors = [fault for fault in faults if fault.is_error]
        if errors:
            raise DefinitionError(errors)
        return plan

    @staticmethod
    def read_file(path: str | Path) -> bytes:
        """What stands in a plan file.

        Raises:
            DefinitionError: it cannot be opened, is no regular file, or is larger than any plan.
        """
        return read_file(Path(path), _MAX_FILE_BYTES)

    @classmethod
    def examine(cls, source: str | bytes, *further: Callable[[Plan], Iterable[Fault]]) -> tuple[Plan, list[Fault]]:
        """A plan file's text as far as it can be understood, and everything wrong or doubtful in it, errors first.

        What cannot be understood is left out and the rest is checked; what is wrong only because of that is not told.

        Args:
            source: what stands in a plan file.
            further: checks of a plan beside its own.
        """
        try:
            data = tomllib.loads(decoded(source))
        except DefinitionError as error:
            return cls(), list(error.faults)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            return cls(), [Fault("", f"not valid TOML: {error}")]
        salvaged = salvage(data, cls)
        plan = salvaged.value or cls()
        found = [*_found(plan, salvaged.lost), *(fault for check in further for fault in check(plan))]
        return plan, _sorted([*salvaged.faults, *(fault for fault in found if not salvaged.lost.covers(fault))])

    def require_sound(self) -> None:
        """Raise all faults that are errors.

        Raises:
            DefinitionError: there is at least one.
        """
        faults = [fault for fault in self.faults() if fault.is_error]
        if faults:
            raise DefinitionError(faults)

    def faults(self) -> list[Fault]:
        """Everything wrong or doubtful in this plan, errors first, each with its path."""
        return _sorted(_found(self, _NOTHING_LOST))

    def to_json(self) -> str:
        """Canonical JSON of this plan: equal plans give equal text. Whatever is at its default is left out."""
        return json.dumps(unstructure(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def without_names(self) -> Plan:
        """This plan without the names of people, which are private and so no part of the state."""
        agents = {key: attrs.evolve(agent, name=None) for key, agent in self.agents.items()}
        return attrs.evolve(self, agents=agents)

    def digest(self) -> str:
        """A fingerprint: equal plans, and only those, have the same."""
        return hashlib.blake2b(self.to_json().encode(), digest_size=16).hexdigest()


def _found(plan: Plan, lost: Lost) -> list[Fault]:
    found = plan_faults(plan, lost)
    if len(plan.to_json().encode()) > _MAX_PLAN_BYTES:
        found.append(Fault("", f"the plan is larger than {_MAX_PLAN_BYTES} bytes; agents can be defined by command"))
    return found


def _sorted(faults: Iterable[Fault]) -> list[Fault]:
    return sorted(faults, key=lambda fault: (not fault.is_error, fault.path))
