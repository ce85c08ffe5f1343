"""What every test may rely on: the backend, the shared data, hypothesis profiles. No test doubles: those ship."""

from __future__ import annotations

import gc
import inspect
import os
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.counts import EXAMPLES

# Tests make many small objects and few cycles: by its own measure the collector takes a twelfth of their time.
gc.set_threshold(50_000, 20, 50)

hypothesis.settings.register_profile(
    "orchestra",
    deadline=None,
    max_examples=EXAMPLES,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("orchestra")


def in_ci() -> bool:
    """Whether what is missing must fail instead of being skipped."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}


def pytest_configure(config: pytest.Config) -> None:
    """Let coverage look on where tests run: neither where they are handed out, nor in the processes that they start.

    There it would only cost time: what runs there runs here, too.
    """
    if hasattr(config, "workerinput"):
        os.environ.pop("COVERAGE_PROCESS_START", None)
    elif "ORCHESTRA_COVERAGE" in os.environ:
        os.environ["COVERAGE_PROCESS_START"] = os.environ["ORCHESTRA_COVERAGE"]


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Collector, name: str, obj: Any) -> None:
    """Let anyio run every coroutine test, so that none is forgotten and `-m anyio` selects them all."""
    if not isinstance(collector, pytest.Module | pytest.Class) or not collector.istestfunction(obj, name):
        return
    drawn_by_hypothesis = getattr(obj, "hypothesis", None)
    test = drawn_by_hypothesis.inner_test if drawn_by_hypothesis else obj
    if inspect.iscoroutinefunction(test):
        pytest.mark.anyio(obj)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is drawn by hypothesis in the folder of properties can be repeated as often as one likes."""
    for item in items:
        if item.path.parent.name == "property":
            item.add_marker("property")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The event loop of this run: asyncio, or what ORCHESTRA_BACKEND names."""
    return os.environ.get("ORCHESTRA_BACKEND", "asyncio")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared data that ORCHESTRA_SHARED names. Without it a test is skipped; in CI it fails."""
    named = os.environ.get("ORCHESTRA_SHARED")
    if named and Path(named).is_dir():
        return Path(named)
    message = "ORCHESTRA_SHARED names no folder with the shared data"
    if in_ci():
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def contact_log(shared: Path) -> Path:
    """The real contact log: 1,211 lines of public customer care."""
    return shared / "data" / "customer_care.jsonl"
