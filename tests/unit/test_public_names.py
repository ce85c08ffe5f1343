"""What `import orchestra` gives, and what it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import orchestra


@pytest.mark.parametrize("name", orchestra.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(orchestra, name) is not None
    assert name in dir(orchestra)


def test_no_name_is_listed_twice_or_in_disorder() -> None:
    assert sorted(set(orchestra.__all__)) == sorted(orchestra.__all__)
    assert orchestra._LATER.keys() <= set(orchestra.__all__)


def test_a_name_that_is_not_ours_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'wrokspace'"):
        _ = orchestra.wrokspace  # type: ignore[attr-defined]


def _run(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout


def test_naming_the_package_imports_neither_the_engine_nor_an_extra() -> None:
    loaded = _run("import sys, orchestra; print(*sys.modules)").split()
    assert "orchestra.model.plan" in loaded
    assert {"orchestra.engine", "orchestra.runtime", "rich", "msgspec", "tzdata", "pytest"} & set(loaded) == set()


def test_star_import_gives_all_of_it() -> None:
    assert (
        _run("from orchestra import *; print(Workspace.__name__, blocking.connect.__name__)") == "Workspace connect\n"
    )
