from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import attrs
import pytest

from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.port import CONTRACT_VERSION, accepts_contract
from orchestra.channels.registry import GROUP, discover, find_adapter
from orchestra.errors import DefinitionError

BUILT_IN = frozenset(discover([]).adapters)


class Fax(LoopbackAdapter):
    channel = "fax"


class Telex(LoopbackAdapter):
    channel = "telex"


class Future(LoopbackAdapter):
    channel = "future"
    contract_version = CONTRACT_VERSION + 1


class Halved:
    channel = "halved"
    contract_version = CONTRACT_VERSION


@attrs.frozen
class Plugin:
    name: str
    value: str
    target: Callable[[], Any]

    def load(self) -> Any:
        return self.target()


def plugin(name: str, adapter: Any, value: str | None = None) -> Plugin:
    return Plugin(name, value or f"acme.{name}:Adapter", lambda: adapter)


def broken(name: str, error: BaseException) -> Plugin:
    def target() -> Any:
        raise error

    return Plugin(name, f"acme.{name}:Adapter", target)


def test_the_built_in_adapters_are_always_there() -> None:
    found = discover([])
    assert isinstance(found.adapters["loopback"], LoopbackAdapter)
    assert found.problems == ()


def test_what_is_installed_is_found_and_ours_is_not_doubled_by_its_own_entry_point() -> None:
    ours = EntryPoint("loopback", "orchestra.channels.loopback:LoopbackAdapter", GROUP)
    assert discover([ours]).problems == ()
    assert "loopback" in discover().adapters


def test_every_built_in_adapter_is_installed_under_its_name() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))["project"]
    installed = project["entry-points"][GROUP]
    assert installed.keys() == BUILT_IN
    assert discover([EntryPoint(name, value, GROUP) for name, value in installed.items()]).problems == ()


def test_an_entry_point_is_imported() -> None:
    found = discover([EntryPoint("absent", "no_such_package.adapter:Adapter", GROUP)])
    assert [(problem.name, problem.source) for problem in found.problems] == [
        ("absent", "no_such_package.adapter:Adapter")
    ]
    assert "ModuleNotFoundError" in found.problems[0].reason


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (broken("bad", ImportError("needs\n  acme-sdk")), "ImportError: needs acme-sdk"),
        (broken("bad", SystemExit(3)), "SystemExit: 3"),
        (broken("bad", RuntimeError("x" * 5_000)), "RuntimeError: xxx"),
        (plugin("bad", 42), "TypeError"),
        (plugin("bad", Future), "version 2"),
        (plugin("bad", dict), "version None"),
        (plugin("bad", Halved), "not have all methods"),
        (plugin("bad", Fax), "registered as 'bad' but calls itself 'fax'"),
    ],
)
def test_a_broken_plugin_is_named_and_takes_nothing_down(bad: Plugin, reason: str) -> None:
    found = discover([plugin("telex", Telex), bad, plugin("fax", Fax)])
    assert set(found.adapters) == {"fax", "telex", *BUILT_IN}
    (problem,) = found.problems
    assert problem.name == "bad"
    assert reason in problem.reason
    assert len(str(problem)) < 400
    assert "\n" not in str(problem)


def test_of_a_doubled_name_none_is_used() -> None:
    found = discover([plugin("fax", Fax, "one:Fax"), plugin("fax", Fax, "two:Fax"), plugin("telex", Telex)])
    assert set(found.adapters) == {"telex", *BUILT_IN}
    assert [(problem.name, problem.source) for problem in found.problems] == [("fax", "one:Fax"), ("fax", "two:Fax")]


def test_a_plugin_cannot_take_a_built_in_name() -> None:
    found = discover([plugin("loopback", LoopbackAdapter, "acme:Adapter")])
    assert "loopback" in found.adapters
    assert [problem.source for problem in found.problems] == ["acme:Adapter"]


def test_find_adapter() -> None:
    plugins = [plugin("fax", Fax), broken("telex", ImportError("no telex"))]
    assert find_adapter("fax", plugins).channel == "fax"
    assert find_adapter("loopback").channel == "loopback"
    with pytest.raises(DefinitionError, match="no telex") as caught:
        find_adapter("telex", plugins)
    assert [fault.path for fault in caught.value.faults] == ["channels.telex"]
    with pytest.raises(DefinitionError, match=re.escape(f"there are: {', '.join(sorted({'fax', *BUILT_IN}))}")):
        find_adapter("pigeon", plugins)


@pytest.mark.parametrize("version", [0, -1, CONTRACT_VERSION + 1, "1", None, True, 1.0])
def test_versions_that_are_not_taken(version: object) -> None:
    assert not accepts_contract(version)


def test_the_current_version_is_taken() -> None:
    assert accepts_contract(CONTRACT_VERSION)
