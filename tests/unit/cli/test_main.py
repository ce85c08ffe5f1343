"""The command's entry: help, usage, errors of the tree in one line, exit statuses."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TextIO

import pytest

from orchestra.cli import main as entry
from orchestra.cli.main import COMMANDS, main
from orchestra.cli.output import OutputFailed, complain, flush, is_terminal, prepare_streams, say
from orchestra.errors import DefinitionError, Fault, JournalUnavailable, OrchestraError, WorkspaceInUse

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


def test_who_owns_the_workspace_is_said_in_words_of_the_command(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert raising(WorkspaceInUse("vm/boot.4026/29274/5506/8d1f", 1_772_450_714_000_000), monkeypatch) == 2
    assert capsys.readouterr().err == (
        "orchestra: workspace is owned by process 29274 on vm, since 2026-03-02T11:25:14Z; "
        "end that process, or wait with orchestra run --standby\n"
    )


def test_an_unknown_outcome_is_asked_again_as_the_command_is(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert raising(JournalUnavailable("the disk is full", True), monkeypatch) == 2
    told = capsys.readouterr().err
    assert "run the same command again, what was taken is kept" in told
    assert "id" not in told.split()


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


def run(*arguments: str, module: str = "orchestra.cli") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("module", ["orchestra", "orchestra.cli"])
def test_as_a_process(module: str) -> None:
    done = run("--help", module=module)
    assert (done.returncode, done.stderr) == (0, "")
    assert "usage: orchestra" in done.stdout


def test_help_imports_no_engine() -> None:
    code = (
        "import sys; from orchestra.cli.main import main; main(['--help']); "
        "print(*[n for n in sys.modules if n.startswith(('orchestra.engine', 'orchestra.runtime', 'rich', 'anyio'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == ""


# Standard output that takes nothing

PLAN = """
[workspace]
default_queue = "care"
[queues.care]
team = "care"
[teams.care]
"""

LINE = (
    '{"at": "2026-03-02T09:00:00Z", "channel": "mail", "direction": "inbound", "company": "shop", '
    '"customer": "joe", "thread": "t", "message_id": "m", "text": "hello"}\n'
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a plan, a log, and a journal of it."""
    found = tmp_path_factory.mktemp("output")
    (found / "plan.toml").write_text(PLAN)
    (found / "log.jsonl").write_text(LINE)
    assert main(["replay", str(found / "log.jsonl"), "--journal", f"sqlite:{found / 'log.db'}"]) == 0
    return found


WRITING = [
    ["--help"],
    ["--version"],
    ["demo", "--help"],
    ["check", "plan.toml"],
    ["check", "plan.toml", "--json"],
    ["replay", "log.jsonl"],
    ["replay", "log.jsonl", "--json"],
    ["events", "--journal", "sqlite:log.db"],
    ["timeline", "cu1", "--journal", "sqlite:log.db"],
    ["snapshot", "sqlite:log.db"],
]


def into(folder: Path, arguments: Sequence[str], redirection: str) -> subprocess.CompletedProcess[str]:
    """The command as a shell runs it, its output redirected; the status is the command's own."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [SOURCE, os.environ.get("PYTHONPATH")]))}
    return subprocess.run(
        ["sh", "-c", f'"$0" -m orchestra.cli "$@" {redirection}', sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


SOURCE = str(Path(entry.__file__).resolve().parents[2])

AS_PROCESSES = [["--help"], ["replay", "log.jsonl"]]
"""Which of them run as processes too, so that what Python itself says of its streams at their end is seen as well."""

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")


def unread() -> TextIO:
    """A pipe whose reader has gone, as `head` does: the rest is not printed, and it is not taken for a fault."""
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "w")


KINDS: dict[str, tuple[Callable[[], TextIO | None], int, str]] = {
    "full": (lambda: FULL.open("w"), 2, "orchestra: standard output: No space left on device\n"),
    "closed": (lambda: None, 2, "orchestra: standard output: is closed\n"),
    "left": (unread, 141, ""),
}
"""Kind of output that takes nothing -> how to open it; the status; what is complained of, in one line or not at all."""
OUTPUTS = [pytest.param(kind, marks=needs_full if kind == "full" else ()) for kind in KINDS]


@pytest.mark.parametrize("kind", OUTPUTS)
@pytest.mark.parametrize("arguments", WRITING, ids=" ".join)
def test_output_that_takes_nothing_is_told_in_one_line(
    folder: Path, arguments: list[str], kind: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, status, told = KINDS[kind]
    stream = begin()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(arguments) == status
    if stream is not None:
        stream.close()  # as Python does at its end, and would complain of what it cannot get rid of
    monkeypatch.undo()
    assert capsys.readouterr() == ("", told)


@needs_full
@pytest.mark.parametrize("arguments", AS_PROCESSES)
def test_a_process_whose_output_is_full_says_so_once(folder: Path, arguments: list[str]) -> None:
    done = into(folder, arguments, ">/dev/full")
    assert (done.returncode, done.stderr) == KINDS["full"][1:]


@pytest.mark.parametrize("arguments", AS_PROCESSES)
def test_a_process_whose_output_is_closed_says_so_once(folder: Path, arguments: list[str]) -> None:
    done = into(folder, arguments, ">&-")
    assert (done.returncode, done.stderr) == KINDS["closed"][1:]


@pytest.mark.parametrize("arguments", AS_PROCESSES)
def test_a_reader_that_goes_away_always_gives_its_own_status(folder: Path, arguments: list[str]) -> None:
    """The rest is not printed, nothing is said about it, and it is not taken for a fault."""
    code = (
        "import os, sys; from orchestra.cli.main import main\n"
        "reader, writer = os.pipe(); os.close(reader); os.dup2(writer, 1)\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, *arguments]
    environment = {**os.environ, "PYTHONPATH": SOURCE}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == KINDS["left"][1:]


@pytest.mark.parametrize(
    ("argument", "redirection"),
    [("chekc", "2>&-"), ("chekc", "2>/dev/full"), ("chekc", "2>&- >&-"), ("check", "2>/dev/full")],
)
def test_a_complaint_that_nobody_can_hear_changes_no_status(folder: Path, argument: str, redirection: str) -> None:
    assert into(folder, [argument], redirection).returncode == 2


@pytest.mark.parametrize("arguments", [["check", "missing.toml"], ["check"]], ids=" ".join)
@pytest.mark.parametrize("begin", [lambda: None, pytest.param(lambda: FULL.open("w"), marks=needs_full)])
@pytest.mark.parametrize("has_output", [True, False])
def test_a_subcommands_complaint_that_nobody_can_hear_changes_no_status(
    arguments: list[str],
    begin: Callable[[], TextIO | None],
    has_output: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    stream = begin()
    monkeypatch.setattr(sys, "stderr", stream)
    if not has_output:
        monkeypatch.setattr(sys, "stdout", None)
    assert main(arguments) == 2
    with suppress(OSError):  # what is still in it goes nowhere
        sys.stderr.close()


def test_a_stream_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert not is_terminal(sys.stdout)
    with pytest.raises(OutputFailed) as caught:
        say("hello")
    assert caught.value.reason == "is closed"
    flush()
    prepare_streams()
    complain("to nobody")
    assert main(["--version"]) == 2
    sys.stderr.close()


def test_a_stream_of_no_operating_system_may_fail_too(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stdout", Full())
    assert main(["--version"]) == 2
    assert capsys.readouterr().err == "orchestra: standard output: No space left on device\n"


def test_what_the_terminal_cannot_show_is_escaped() -> None:
    code = "from orchestra.cli.main import main; main(['--help']); print('\\u2603')"
    command = [sys.executable, "-c", code]
    environment = {**__import__("os").environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=environment)
    assert done.stdout.splitlines()[-1] == "\\u2603"
