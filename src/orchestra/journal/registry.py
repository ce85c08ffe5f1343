"""Journals by URL: those that ship, and those of installed packages.

Belongs here: `scheme:rest` to an open journal, and what is wrong with plug-ins. Does not: any journal.

A package offers a journal by an entry point in the group `orchestra.journals`: its name is the scheme, its object is
called with the rest of the URL and returns a `Journal`. It may carry `contract_version`, the version of the port that
it was written for; without one that is 1. It is imported when a URL asks for it, and no sooner.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, cast
from urllib.parse import parse_qsl, urlencode

from orchestra.errors import DefinitionError, Fault, OrchestraError
from orchestra.journal.port import Journal

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = [
    "CONTRACT_VERSION",
    "GROUP",
    "check_journals",
    "is_absent",
    "lasting_url",
    "open_existing",
    "open_journal",
    "shown_url",
]

GROUP: Final = "orchestra.journals"
CONTRACT_VERSION: Final = 1
"""The version of `orchestra.journal.port` that a plug-in must be written for."""

_PASSWORD: Final = re.compile(r"//[^/@]*@")

Factory: TypeAlias = Callable[[str], object]
"""What a plug-in offers; that it gives a journal remains to be seen."""


def open_journal(url: str) -> Journal:
    """Open the journal at `url`, making an empty one if there is none.

    * `memory:` is a new one in this process's memory.
    * `sqlite:PATH` is a file; the path is relative to the working directory or absolute. Options follow a question
      mark: `sqlite:contacts.db?synchronous=NORMAL&create=no` (`FULL` and `yes` unless given). With `read_only=yes`
      nothing is written, and a copy in a folder that cannot be written is read as it stands.
    * Any other scheme is looked up among the installed packages.

    Raises:
        DefinitionError: the scheme is unknown or its plug-in unusable, or the rest of the URL makes no sense.
        MalformedMessage: what is there is not a journal.
        UnsupportedVersion: a newer library wrote it.
        JournalError: it cannot be opened.
    """
    scheme, colon, rest = url.partition(":")
    if colon and scheme in _BUILT_IN:
        return _BUILT_IN[scheme](rest)
    offered = _offered()
    if not colon or scheme not in offered:
        known = ", ".join(f"{name}:" for name in sorted({*_BUILT_IN, *offered}))
        raise _wrong("journal", f"{url!r} names no known kind of journal; known are {known}")
    return _opened_by(scheme, _loaded(scheme, offered[scheme]), rest)


def open_existing(url: str, *, read_only: bool = False) -> Journal:
    """As `open_journal`, but a file that is not there is not made.

    Args:
        url: where.
        read_only: whether nothing will be written.

    Raises:
        JournalUnavailable: there is none, or it cannot be opened.
        OrchestraError: as `open_journal`.
    """
    if url.startswith("sqlite:"):
        for option in ("create=no", "read_only=yes") if read_only else ("create=no",):
            if option.partition("=")[0] not in dict(parse_qsl(url.partition("?")[2], keep_blank_values=True)):
                url += ("&" if "?" in url else "?") + option
    return open_journal(url)


def lasting_url(url: str) -> str:
    """The URL for another process to open the same journal later: in any working directory, and none if it is gone.

    Ask while the working directory is the one that `url` was opened in. Schemes of other packages stay as they are.
    """
    scheme, _, rest = url.partition(":")
    if scheme != "sqlite":
        return url
    path, _, query = rest.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True)) | {"create": "no"}
    return f"sqlite:{Path(path).absolute()}?{urlencode(options)}"


def is_absent(url: str) -> bool:
    """Whether there is certainly no journal at `url`: its file does not exist. Nothing is known of other stores."""
    scheme, _, rest = url.partition(":")
    return scheme == "sqlite" and not Path(rest.partition("?")[0]).exists()


def shown_url(url: str) -> str:
    """The URL as messages and logs may hold it: without options, and without a name and password."""
    return _PASSWORD.sub("//", url.partition("?")[0])


def check_journals() -> Sequence[Fault]:
    """What is wrong with the installed journal plug-ins, each by name; empty when nothing is.

    Imports every one of them. A faulty one keeps nobody from using the others.
    """
    faults: list[Fault] = []
    for scheme, offers in sorted(_offered().items()):
        if scheme in _BUILT_IN:
            faults.append(Fault(_path(scheme), f"the built-in journal is used instead of {_sources(offers)}", False))
            continue
        try:
            _loaded(scheme, offers)
        except DefinitionError as error:
            faults.extend(error.faults)
    return faults


def _offered() -> Mapping[str, Sequence[EntryPoint]]:
    # Costs as much to import as the rest of the library's start; most programs never get here.
    from importlib.metadata import entry_points  # noqa: PLC0415

    offered: defaultdict[str, list[EntryPoint]] = defaultdict(list)
    for point in entry_points(group=GROUP):
        # This library's own are known without being installed.
        if not point.value.startswith("orchestra.journal."):
            offered[point.name].append(point)
    return offered


def _loaded(scheme: str, offers: Sequence[EntryPoint]) -> Factory:
    if len(offers) > 1:
        raise _wrong(_path(scheme), f"several packages offer it: {_sources(offers)}; uninstall all but one")
    try:
        factory: object = offers[0].load()
    except Exception as error:  # a trust border: foreign code runs while it is imported
        raise _wrong(_path(scheme), f"{_sources(offers)} cannot be imported: {error!r}") from error
    version = getattr(factory, "contract_version", CONTRACT_VERSION)
    if version != CONTRACT_VERSION:
        raise _wrong(
            _path(scheme), f"{_sources(offers)} is for contract {version}, this library has {CONTRACT_VERSION}"
        )
    if not callable(factory):
        raise _wrong(_path(scheme), f"{_sources(offers)} cannot be called with the rest of a URL")
    return cast(Factory, factory)


def _opened_by(scheme: str, factory: Factory, rest: str) -> Journal:
    try:
        journal = factory(rest)
    except OrchestraError:
        raise
    except Exception as error:  # a trust border, as above
        raise _wrong(_path(scheme), f"it could not open {rest!r}: {error!r}") from error
    if not isinstance(journal, Journal):
        raise _wrong(_path(scheme), f"it gave a {type(journal).__name__}, which is not a journal")
    return journal


def _open_memory(rest: str) -> Journal:
    if rest:
        raise _wrong("journal", f"nothing may follow 'memory:', not {rest!r}")
    # Each journal is imported when it is opened: importing the library must not cost what it may never use.
    from orchestra.journal.memory import MemoryJournal  # noqa: PLC0415

    return MemoryJournal()


def _open_sqlite(rest: str) -> Journal:
    path, _, query = rest.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    create = options.pop("create", "yes")
    read_only = options.pop("read_only", "no")
    synchronous = options.pop("synchronous", "FULL").upper()
    faults = [
        Fault(f"journal.{name}", "no such option; known are create, read_only and synchronous") for name in options
    ]
    if not path:
        faults.append(Fault("journal", "a path must follow 'sqlite:'"))
    if path == ":memory:":  # SQLite's own name for no file
        faults.append(Fault("journal", "':memory:' would be a file of that name; write memory: for one in memory"))
    for name, value in (("create", create), ("read_only", read_only)):
        if value not in {"yes", "no"}:
            faults.append(Fault(f"journal.{name}", f"{value!r} is neither yes nor no"))
    if faults:
        raise DefinitionError(faults)
    from orchestra.journal.sqlite import SqliteJournal  # noqa: PLC0415 - as above

    return SqliteJournal(path, synchronous=synchronous, create=create == "yes", read_only=read_only == "yes")


def _wrong(path: str, message: str) -> DefinitionError:
    return DefinitionError([Fault(path, message)])


def _path(scheme: str) -> str:
    return f"{GROUP}.{scheme}"


def _sources(offers: Sequence[EntryPoint]) -> str:
    return ", ".join(sorted(f"{point.value} ({point.dist.name if point.dist else 'unknown'})" for point in offers))


_BUILT_IN: Mapping[str, Callable[[str], Journal]] = {"memory": _open_memory, "sqlite": _open_sqlite}
