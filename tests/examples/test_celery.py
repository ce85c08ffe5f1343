"""The Celery example: a real worker with two processes, its broker a folder, the owner in another process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples import celery_app
from orchestra import MalformedMessage, blocking, events

SETTINGS = """
from examples.celery_app import app
app.conf.update(
    broker_url="filesystem://",
    broker_transport_options={options!r},
    result_backend={results!r},
)
"""


@pytest.fixture(scope="module", autouse=True)
def settings(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where tasks and their results are kept, here and in the worker. Celery reads it once, so all tests share it."""
    queue, control, results = (tmp_path_factory.mktemp(name) for name in ("queue", "control", "results"))
    options = {
        "data_folder_in": str(queue),
        "data_folder_out": str(queue),
        "control_folder": str(control),
        "polling_interval": 0.05,  # seconds between looks into the folder: it tells of nothing by itself
    }
    chosen = SETTINGS.format(options=options, results=results.as_uri())
    exec(chosen, {})
    return chosen


@pytest.fixture
def worker(owner: str, settings: str) -> Iterator[None]:
    arguments = ["worker", "--concurrency=2", "--loglevel=WARNING", "--without-mingle", "--without-gossip"]
    start = f"{settings}app.worker_main({arguments!r})"
    process = subprocess.Popen([sys.executable, "-c", start], cwd=Path(celery_app.__file__).parents[1])
    yield
    process.terminate()
    assert process.wait() == 0


@pytest.mark.parametrize("wrong", ["", "x" * 501])
def test_a_form_that_makes_no_sense_fails_for_good(owner: str, wrong: str) -> None:
    done = celery_app.take_form.apply((wrong, "joe@example.org", "Where is my order?"))
    celery_app.workspace().close()
    celery_app.workspace.cache_clear()
    assert (done.state, type(done.result)) == ("FAILURE", MalformedMessage)


def opened(customer: str, topic: str, *, task_id: str) -> str:
    """Have a case opened and wait for its number. Its result is then forgotten, so that the next one is its own."""
    done = celery_app.open_case.apply_async((customer, topic), task_id=task_id)
    number = done.get(timeout=60, interval=0.05)
    done.forget()
    return str(number)


def test_tasks_reach_the_workspace_and_take_effect_once(owner: str, worker: None) -> None:
    forms = [(f"form-{number}", f"joe-{number}@example.org", "Where is my order?") for number in range(4)]
    for form in forms + forms:  # delivered twice
        celery_app.take_form.delay(*form)
    with blocking.connect(owner) as ws, ws.events(types=[events.MessageReceived]) as feed:
        customers = [next(feed).event.customer for _ in forms]  # type: ignore[attr-defined]
        numbers = [opened(customers[0], "late-delivery", task_id="one-task") for _ in range(2)]
        assert numbers[0] == numbers[1] != opened(customers[0], "last", task_id="another-task")
        with ws.events(types=[events.CaseOpened]) as cases:
            topics = [next(cases).event.topic]  # type: ignore[attr-defined]
            while topics[-1] != "last":
                topics.append(next(cases).event.topic)  # type: ignore[attr-defined]
    assert len(set(customers)) == 4
    assert [topic for topic in topics if topic] == ["late-delivery", "last"]
