"""The how-to guides on embedding: they show the examples, which have tests, and the commands on them are run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from tests.docs.pages import DOCS, ROOT, blocks

GUIDES = ("embed-async", "embed-sync", "many-processes", "send-mails", "serve-the-web")
PROGRAMS = {"orchestra": "orchestra.cli", "gunicorn": "gunicorn"}


def _included(page: Path) -> list[Path]:
    shown = re.findall(r"^```\{literalinclude\} (\S+)$", page.read_text("utf-8"), re.MULTILINE)
    return [(page.parent / path).resolve() for path in shown]


@pytest.mark.parametrize("guide", GUIDES)
def test_every_program_shown_is_an_example_that_is_there(guide: str) -> None:
    page = DOCS / "howto" / f"{guide}.md"
    shown = _included(page)
    assert shown
    assert [path for path in shown if not path.is_file() or path.parent != ROOT / "examples"] == []
    assert [block for block in blocks(page) if block.language == "python"] == []


def test_every_example_is_shown_and_has_a_test() -> None:
    examples = set((ROOT / "examples").glob("*.py"))
    assert examples == {path for guide in GUIDES for path in _included(DOCS / "howto" / f"{guide}.md")}
    tested = "".join(path.read_text("utf-8") for path in (ROOT / "tests" / "examples").glob("test_*.py"))
    assert [path.stem for path in examples if not re.search(rf"\b{path.stem}\b", tested)] == []


def _session() -> list[tuple[str, str]]:
    """The commands of the page, each with what it prints."""
    (shown,) = [block.text for block in blocks(DOCS / "howto" / "many-processes.md") if block.language == "console"]
    return re.findall(r"^\$ (.+)\n((?:[^$].*\n)*)", shown, re.MULTILINE)


@contextmanager
def _started(command: str, folder: Path, when_ready: str) -> Iterator[str]:
    """A command of the page, running; gives the line by which it says that it is ready."""
    words = shlex.split(command)
    settings = dict(word.split("=", 1) for word in words if re.match(r"[A-Z]+=", word))
    program, *arguments = words[len(settings) :]
    # Any free port, so that tests can run side by side; and the examples where the page supposes them.
    arguments = [re.sub(r":8000$", ":0", argument) for argument in arguments]
    arguments = [str(ROOT / argument) if argument.startswith("examples/") else argument for argument in arguments]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | settings | {"PYTHONPATH": path}
    with subprocess.Popen(
        [sys.executable, "-m", PROGRAMS[program], *arguments],
        cwd=folder,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        told = ""
        for line in process.stderr:
            told = line
            if when_ready in line:
                break
        try:
            assert when_ready in told, told
            yield told
        finally:
            process.terminate()
            process.communicate()
    assert process.returncode == 0


def test_the_commands_of_the_page_do_what_it_shows(tmp_path: Path) -> None:
    (tmp_path / "gunicorn.conf.py").write_text("control_socket_disable = True\n")
    (owner, _), (workers, _), *requests = _session()
    with _started(owner, tmp_path, " owns "), _started(workers, tmp_path, "Listening at") as listening:
        port = re.findall(r"127\.0\.0\.1:(\d+)", listening)[0]
        for command, printed in requests:
            curl, _, form, url = shlex.split(command)
            assert curl == "curl"
            with urlopen(url.replace("8000", port), form.encode(), timeout=60) as answer:
                assert answer.read().decode() == printed
