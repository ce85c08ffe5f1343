"""What subcommands have in common: parsers that teach by example, and journals by URL."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from importlib import import_module
from typing import Any, NoReturn

from orchestra.cli.output import complain, say
from orchestra.errors import DefinitionError, Fault, JournalUnavailable
from orchestra.journal.port import Journal
from orchestra.journal.registry import open_existing, open_journal, shown_url
from orchestra.model.rules import Predicates
from orchestra.model.scores import Scores
from orchestra.runtime.checks import refuse_odd_setup
from orchestra.runtime.vaults import unlocked

__all__ = [
    "add_journal",
    "add_json",
    "add_predicates",
    "add_reader",
    "add_scores",
    "existing",
    "new_parser",
    "now_us",
    "opened",
    "predicates_of",
    "scores_of",
]


class _Parser(argparse.ArgumentParser):
    """A parser that writes as all others do: by itself it drops help, and dies of complaints, that nobody can read.

    Of complaints only some versions of Python 3.11 die.
    """

    def print_help(self, file: Any = None) -> None:
        say(self.format_help().rstrip())

    def error(self, message: str) -> NoReturn:
        complain(f"{self.format_usage()}{self.prog}: error: {message}")
        raise SystemExit(2)


def new_parser(name: str, description: str, examples: str) -> argparse.ArgumentParser:
    """A subcommand's parser.

    Args:
        name: of the subcommand.
        description: what it does, for its help.
        examples: command lines, one each, shown at the end of the help.
    """
    shown = "\n".join(f"  {line.strip()}" for line in examples.strip().splitlines())
    return _Parser(
        prog=f"orchestra {name}",
        description=description,
        epilog=f"examples:\n{shown}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def add_journal(parser: argparse.ArgumentParser) -> None:
    """Let a reading subcommand be told which journal to read."""
    parser.add_argument("--journal", metavar="URL", required=True, help="the journal to read, as sqlite:contacts.db")


def add_json(parser: argparse.ArgumentParser, what: str = "one JSON object instead of tables") -> None:
    """Let a subcommand print for programs."""
    parser.add_argument("--json", action="store_true", help=f"print {what}")


def add_scores(parser: argparse.ArgumentParser) -> None:
    """Let a subcommand be told where the scores are that a plan names."""
    parser.add_argument(
        "--scores", metavar="MODULE:NAME", help="the mapping of scores that the plan names, as acme.routing:scores"
    )


def add_predicates(parser: argparse.ArgumentParser) -> None:
    """Let a subcommand be told where the predicates are that a plan's rules name."""
    parser.add_argument(
        "--predicates",
        metavar="MODULE:NAME",
        help="the mapping of predicates that rules name, as acme.rules:all",
    )


def add_reader(parser: argparse.ArgumentParser) -> None:
    """Add `--as`, for whom it is read."""
    parser.add_argument(
        "--as", dest="reader", metavar="ACTOR", help="what agent:ana or customer:cu7 sees; all of it unless given"
    )


def scores_of(arguments: argparse.Namespace) -> Scores | None:
    """The scores that `--scores` names, imported from where Python finds modules or from here; None without it.

    Raises:
        DefinitionError: there is no such mapping of scores.
    """
    scores: Scores | None = _imported("--scores", arguments.scores, "acme.routing:scores")
    refuse_odd_setup(scores=scores)
    if scores is not None and not scores:
        raise DefinitionError([Fault("--scores", f"{arguments.scores} holds no score")])
    return scores


def predicates_of(arguments: argparse.Namespace) -> Predicates | None:
    """The predicates that `--predicates` names, imported as scores are; None without it.

    Raises:
        DefinitionError: there is no such mapping of predicates.
    """
    predicates: Predicates | None = _imported("--predicates", arguments.predicates, "acme.rules:predicates")
    refuse_odd_setup(predicates=predicates)
    return predicates


def _imported(option: str, where: str | None, example: str) -> Any:
    if where is None:
        return None
    module, colon, name = where.partition(":")
    if not (module and colon and name):
        raise DefinitionError([Fault(option, f"{where!r} is no MODULE:NAME, as {example}")])
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        return getattr(import_module(module), name)
    except Exception as error:
        text = f"{where} cannot be imported ({type(error).__name__}: {error})"
        raise DefinitionError([Fault(option, text)]) from error


def now_us() -> int:
    """The time by this computer's clock, microseconds since 1970 UTC."""
    return time.time_ns() // 1000


@contextmanager
def opened(url: str) -> Generator[Journal]:
    """A journal, closed at the end; an empty one is made if there is none.

    Raises:
        DefinitionError: the URL makes no sense.
        JournalError: it cannot be opened.
    """
    with closing(open_journal(url)) as journal:
        yield journal


@contextmanager
def existing(url: str, *, read_only: bool = True, private: bool = False) -> Generator[Journal]:
    """A journal to read, closed at the end. Makes none.

    Args:
        url: where.
        read_only: False for who also writes to it.
        private: whether private parts are to be read, for which an encrypted journal wants its secret.

    Raises:
        DefinitionError: the URL makes no sense, or the secret is not in the environment or is another.
        JournalUnavailable: there is none, or nothing is in it.
    """
    with closing(open_existing(url, read_only=read_only)) as journal:
        if not journal.position():
            raise JournalUnavailable(f"nothing is in {shown_url(url)}")
        yield unlocked(journal) if private else journal
