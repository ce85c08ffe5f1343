"""The command's entry: help, usage, errors of the tree in one line, exit statuses."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module

import pytest

from orchestra.cli import main as entry
from orchestra.cli.main import COMMANDS, main
from orchestra.errors import DefinitionError, Fault, JournalUnavailable, OrchestraError

Capture = pytest.CaptureFixture[str]


def raising(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    def fail(argv: Sequence[str]) -> int:
        raise error

    monkeypatch.setattr(import_module("orchestra.cli.backup"), "main", fail)
    return main(["backup"])


@pytest.mark.parametrize("asked", ["--help", "-h", "help"])
def test_help_names_every_command(asked: str, capsys: Capture) -> None:
    assert main([asked]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in COMMANDS)
    assert "examples:" in shown


def test_help_without_being_asked_is_wrong_usage(capsys: Capture) -> None:
    assert main([]) == 2
    assert "usage: orchestra" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_teaches_by_example(name: str, capsys: Capture) -> None:
    assert main([name, "--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: orchestra {name}")
    assert f"examples:\n  orchestra {name}" in shown
    assert all(len(line) <= 100 for line in shown.splitlines())


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"demo"}))
def test_missing_arguments_are_wrong_usage(name: str, capsys: Capture) -> None:
    assert main([name]) == 2
    assert f"orchestra {name}: error:" in capsys.readouterr().err


def test_a_near_miss_is_recognised(capsys: Capture) -> None:
    assert main(["reply"]) == 2
    assert "no command 'reply'; did you mean replay?" in capsys.readouterr().err


def test_an_unknown_command_tells_the_known_ones(capsys: Capture) -> None:
    assert main(["\x1b[2Jqqqqqqqq"]) == 2
    assert r"no command '\x1b[2Jqqqqqqqq'; commands: demo, replay" in capsys.readouterr().err


@pytest.mark.parametrize("asked", ["--version", "-V"])
def test_the_version(asked: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry, "version", lambda name: f"1.2.3 of {name}")
    assert main([asked]) == 0
    assert capsys.readouterr().out == "orchestra 1.2.3 of orchestra-cx\n"


def test_the_version_of_a_checkout(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise entry.PackageNotFoundError(name)

    monkeypatch.setattr(entry, "version", missing)
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == "orchestra (not installed)\n"


def test_errors_of_the_tree_are_one_line(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert raising(JournalUnavailable("disk\x1b[2J full\nreally"), monkeypatch) == 2
    assert capsys.readouterr().err == "orchestra: journal unavailable: disk [2J full; really\n"


def test_an_error_without_words_is_named(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert raising(OrchestraError(), monkeypatch) == 2
    assert capsys.readouterr().err == "orchestra: OrchestraError\n"


@pytest.mark.parametrize(
    ("count", "told"), [(1, "p0: m"), (3, "p0: m; p1: m; p2: m"), (5, "p0: m; p1: m; p2: m; and 2 more")]
)
def test_many_faults_are_counted(count: int, told: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert raising(DefinitionError([Fault(f"p{number}", "m") for number in range(count)]), monkeypatch) == 2
    assert capsys.readouterr().err.startswith(f"orchestra: {told}")


def test_other_errors_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError):
        raising(ZeroDivisionError(), monkeypatch)


def test_an_interrupt_is_told(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert raising(KeyboardInterrupt(), monkeypatch) == 130
    assert capsys.readouterr().err == "orchestra: interrupted\n"


@pytest.mark.parametrize(("code", "status"), [(None, 0), (0, 0), (2, 2), ("text", 0)])
def test_a_parser_may_stop_it(code: object, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert raising(SystemExit(code), monkeypatch) == status


def run(*arguments: str, options: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *options, "-m", "orchestra.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_as_a_process() -> None:
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "usage: orchestra" in done.stdout


def test_help_imports_no_engine() -> None:
    code = (
        "import sys; from orchestra.cli.main import main; main(['--help']); "
        "print(*[n for n in sys.modules if n.startswith(('orchestra.engine', 'orchestra.runtime', 'rich', 'anyio'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == ""


def test_a_reader_that_goes_away_is_no_error() -> None:
    """As `head` does: the rest is not printed, and nothing is said about it."""
    code = (
        "import os, sys; from orchestra.cli.main import main\n"
        "reader, writer = os.pipe(); os.close(reader); os.dup2(writer, 1)\n"
        "sys.exit(main(['demo', '--help']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode in (0, 1), done.stderr) == (True, "")


def test_what_the_terminal_cannot_show_is_escaped() -> None:
    code = "from orchestra.cli.main import main; main(['--help']); print('\\u2603')"
    command = [sys.executable, "-c", code]
    environment = {**__import__("os").environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=environment)
    assert done.stdout.splitlines()[-1] == "\\u2603"
