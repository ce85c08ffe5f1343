"""The installed distribution is what it says it is, also to type checkers."""

from __future__ import annotations

from importlib.metadata import distribution, version
from importlib.resources import files
from typing import assert_type

import orchestra
from orchestra.channels.registry import discover


def test_the_version_is_the_distribution_s() -> None:
    assert_type(orchestra.__version__, str)
    assert orchestra.__version__ == version("orchestra-cx")


def test_it_tells_checkers_that_it_is_typed() -> None:
    assert files(orchestra).joinpath("py.typed").is_file()


def test_every_entry_point_can_be_imported() -> None:
    entry_points = distribution("orchestra-cx").entry_points
    assert {(point.group, point.name) for point in entry_points} == {
        ("console_scripts", "orchestra"),
        ("pytest11", "orchestra"),
        *(("orchestra.channels", name) for name in discover(()).adapters),
    }
    for point in entry_points:
        assert callable(point.load()) or point.group == "pytest11"
