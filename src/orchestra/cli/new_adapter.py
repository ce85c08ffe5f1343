"""`orchestra new-adapter`: a package to begin a channel's plug-in with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from keyword import iskeyword
from pathlib import Path

from orchestra.cli.arguments import new_parser
from orchestra.cli.output import say
from orchestra.cli.skeleton import FILES
from orchestra.cli.terminal import one_line
from orchestra.errors import DefinitionError, Fault

__all__ = ["main", "written"]

_DESCRIPTION = """\
Write a package to begin a channel's plug-in with: its entry point, an adapter that is empty where
a channel is its own, and a test module whose contract suite fails until it is not. Nothing that is
there already is changed."""

_EXAMPLES = """
orchestra new-adapter pager
orchestra new-adapter pager --in plugins
"""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def main(argv: Sequence[str]) -> int:
    """Run `orchestra new-adapter`.

    Raises:
        DefinitionError: the name is none for a channel, or something of that name is there already.
    """
    parser = new_parser("new-adapter", _DESCRIPTION, _EXAMPLES)
    parser.add_argument("name", metavar="NAME", help="of the channel: small letters, digits and underscores")
    parser.add_argument(
        "--in", dest="folder", metavar="FOLDER", default=".", help="where to make it; here if not stated"
    )
    given = parser.parse_args(argv)
    target = Path(given.folder) / f"orchestra-{given.name}"
    for name, text in written(given.name).items():
        _write(target / name, text)
    shown = one_line(str(target))
    say(f"{shown}: written; next: pip install -e '{shown}[testing]' && pytest -rs {shown}")
    return 0


def written(name: str) -> dict[str, str]:
    """Give the files of a channel's plug-in, path -> text.

    Raises:
        DefinitionError: the name is none for a channel.
    """
    if _NAME.fullmatch(name) is None or iskeyword(name):
        raise DefinitionError([Fault("name", "has 1 to 40 small letters, digits and underscores, a letter first")])
    title = "".join(word.capitalize() for word in name.split("_"))
    return {
        path.replace("NAME", name): text.replace("NAME", name).replace("CLASS", title) for path, text in FILES.items()
    }


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise DefinitionError([Fault(str(path), "is there already")]) from None
    except OSError as error:
        raise DefinitionError([Fault(str(path), error.strerror or "cannot be written")]) from None
