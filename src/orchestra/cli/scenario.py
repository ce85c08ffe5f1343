"""`orchestra scenario`: a scenario as a journal shows it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orchestra.cli.arguments import existing, new_parser
from orchestra.cli.terminal import progress
from orchestra.errors import DefinitionError, Fault
from orchestra.simulation.fitting import fit_scenario

__all__ = ["main"]

_DESCRIPTION = """\
Write a scenario as a journal shows it: arrivals by weekday and hour, service, wrap-up, patience
and who works when, each law with how well it fits. Then change it, and simulate."""

_EXAMPLES = """
orchestra scenario --from sqlite:contacts.db -o scenario.toml
orchestra scenario --from sqlite:contacts.db
"""


def main(argv: Sequence[str]) -> int:
    """Run `orchestra scenario`.

    Raises:
        OrchestraError: the journal cannot be read, or shows nothing to fit.
    """
    parser = new_parser("scenario", _DESCRIPTION, _EXAMPLES)
    parser.add_argument("--from", dest="journal", metavar="URL", required=True, help="the journal to read")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write it; standard output by default")
    arguments = parser.parse_args(argv)
    with existing(arguments.journal) as journal, progress("reading") as bar:
        total = journal.position()
        fitted = fit_scenario(journal, lambda position: bar.advance(position, total))
        for path, remark in (*fitted.left_out.items(), *fitted.remarks.items()):
            bar.remark(f"{path}: {remark}")
    text = fitted.to_toml()
    if arguments.output is None:
        print(text, end="")
    else:
        _write(Path(arguments.output), text)
    return 0


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise DefinitionError([Fault("", f"{path}: cannot be written")]) from error
