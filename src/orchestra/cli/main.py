"""The command's entry: which subcommands there are, and what becomes of an error. Imports a subcommand on demand.

Exit statuses: 0 all is well; 1 the thing asked about has faults; 2 wrong usage, or something cannot be opened, found or
written; 130 interrupted; 141 whoever read the output has gone.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from orchestra.cli.output import OutputFailed, complain, discard_output, flush, prepare_streams, say
from orchestra.errors import DefinitionError, JournalUnavailable, OrchestraError, WorkspaceInUse

__all__ = ["COMMANDS", "main"]

COMMANDS: Final[Mapping[str, str]] = {
    "demo": "a seeded day of a small contact centre, from nothing to measures",
    "replay": "take a contact log through the engine and measure it",
    "import": "take what another system knows of the past into a journal",
    "progress": "take a file in which a back office reports how cases go on",
    "check": "tell everything that is wrong or doubtful in a plan",
    "preview": "what a customer would be told of a case, when and on which channel",
    "dry-run": "which rules would have fired on what a journal holds",
    "run": "own a workspace until told to stop",
    "measures": "service level, waits, first response and the rest, from a journal",
    "timeline": "everything about one customer, over all channels",
    "incidents": "what became of incidents: who was told, what was settled, what stays open",
    "export": "everything that is stored of one customer, for themself",
    "explain": "why an interaction went to whom it went",
    "steer": "on which channel a waiting contact is best served, at what cost",
    "events": "what stands in a journal, event by event",
    "snapshot": "make the next start from this journal fast",
    "simulate": "what would happen in a scenario, with intervals",
    "staff": "the least agents that meet a service level",
    "scenario": "a scenario as a journal shows it, to simulate",
    "decode": "what an adapter makes of a captured request, or which check it fails",
    "new-adapter": "a package to begin a channel's plug-in with",
    "rekey": "encrypt under another secret from now on",
    "backup": "copy a live journal to a file and verify the copy",
}
"""Subcommand -> what it does. Each is the module of that name in this package, with `_` for `-`; but for these."""

_MODULES: Final[Mapping[str, str]] = {"import": "importing"}

_USAGE: Final = "usage: orchestra COMMAND [ARGUMENT ...]"
_EXAMPLES: Final = """\
examples:
  orchestra demo
  orchestra replay contacts.jsonl --journal sqlite:contacts.db
  orchestra timeline cu7 --journal sqlite:contacts.db
  orchestra COMMAND --help

exit status: 0 all is well, 1 the thing asked about has faults, 2 wrong usage or something cannot be opened,
130 interrupted, 141 whoever read the output has gone"""

_INTERRUPTED: Final = 130
_NOBODY_READS: Final = 141
"""What shells make of a process that SIGPIPE ended, which is how other commands end then."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the `orchestra` command.

    Args:
        argv: its arguments; None takes those of the process.

    Returns:
        The exit status: 0, 1 for faults in the thing asked about, 2 for wrong usage or what cannot be opened or
        written, 130 when interrupted, 141 when whoever read the output has gone.
    """
    prepare_streams()
    try:
        status = _answered(list(sys.argv[1:] if argv is None else argv))
        flush()
    except OutputFailed as failed:
        discard_output()
        if failed.reason is None:
            return _NOBODY_READS
        complain(f"orchestra: standard output: {failed.reason}")
        return 2
    return status


def _answered(arguments: list[str]) -> int:
    try:
        return _dispatch(arguments)
    except SystemExit as stop:  # argparse ends this way: 0 after --help, 2 after an error that it has printed
        return stop.code if isinstance(stop.code, int) else 0
    except OrchestraError as error:
        complain(f"orchestra: {_one_line(error)}")
        return 2
    except KeyboardInterrupt:
        complain("orchestra: interrupted")
        return _INTERRUPTED


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        say(_help())
        return 0 if arguments else 2
    name = arguments[0]
    if name in ("-V", "--version"):
        say(f"orchestra {_version()}")
        return 0
    if name not in COMMANDS:
        near = get_close_matches(name, COMMANDS, 1)
        hint = f"did you mean {near[0]}?" if near else f"commands: {', '.join(COMMANDS)}"
        complain(f"{_USAGE}\norchestra: no command {name[:40]!a}; {hint}")
        return 2
    module = _MODULES.get(name, name.replace("-", "_"))
    return int(import_module(f"orchestra.cli.{module}").main(arguments[1:]))


def _help() -> str:
    width = max(map(len, COMMANDS))
    rows = "\n".join(f"  {name:<{width}}  {summary}" for name, summary in COMMANDS.items())
    return f"{_USAGE}\n\nOrchestrate a company's customer contacts.\n\ncommands:\n{rows}\n\n{_EXAMPLES}"


def _version() -> str:
    try:
        return version("orchestra-cx")
    except PackageNotFoundError:
        return "(not installed)"


def _one_line(error: OrchestraError) -> str:
    text = "; ".join(_words(error).splitlines()) or type(error).__name__
    return "".join(character if character.isprintable() else " " for character in text)


def _words(error: OrchestraError) -> str:
    """What an error says, with the advice that helps at a prompt instead of that for a program."""
    if isinstance(error, DefinitionError) and len(error.faults) > 3:
        shown = "\n".join(map(str, error.faults[:3]))
        return f"{shown}\nand {len(error.faults) - 3} more (orchestra check PLAN tells all)"
    if isinstance(error, WorkspaceInUse):
        return f"workspace is owned by {error.owner}; end that process, or wait with orchestra run --standby"
    if isinstance(error, JournalUnavailable) and error.outcome_unknown:
        unknown = "whether the last of it was stored is unknown"
        return f"journal unavailable: {error.reason}; {unknown}: run the same command again, what was taken is kept"
    return str(error)
