"""The lines of a progress file: what a back office reports of cases, as CSV or JSON Lines, read within bounds.

Belongs here: the form of a file and of its lines. Does not: what becomes of them (`progress_files`).
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Sequence
from typing import Final

import attrs

from orchestra.channels.back_office.times import from_rfc3339
from orchestra.channels.instants import unix_us
from orchestra.channels.safe_json import JsonObject
from orchestra.errors import MalformedMessage
from orchestra.model.addresses import Ref
from orchestra.model.commands import AdvanceCase
from orchestra.runtime.contact_log import line_object, name_of, refuse_unknown
from orchestra.runtime.inbound import few_words

__all__ = ["Columns", "ProgressLine", "columns_of", "parse_progress_line", "report_of"]

_REQUIRED: Final = ("ref", "stage")
_OPTIONAL: Final = ("id", "at", "due", "earliest", "reason")
_KNOWN: Final = (*_REQUIRED, *_OPTIONAL)
_DELIMITERS: Final = (",", ";", "\t")
_MARK: Final = b"\xef\xbb\xbf"
"""What spreadsheets begin a text in UTF-8 with."""


@attrs.frozen
class Columns:
    """The columns of a CSV file, in order, and what stands between them."""

    names: Sequence[str]
    delimiter: str


@attrs.frozen
class ProgressLine:
    """What a back office reports of a case.

    Attributes:
        ref: the application's own key of the case.
        stage: one of the stages of its type.
        id: equal each time the report comes; made of what it says if the line has none.
        at_us: when it was made, by the sender's clock, microseconds since 1970 UTC; None if that is not told.
        due_us: by when that stage should be over.
        earliest_us: not before when.
        reason: why, in a few words.
    """

    ref: str
    stage: str
    id: str
    at_us: int | None
    due_us: int | None
    earliest_us: int | None
    reason: str | None = attrs.field(repr=False)


def columns_of(first: bytes, where: str) -> Columns | None:
    """The columns that the first line of a file names; None if it is a line of JSON.

    Raises:
        MalformedMessage: it is neither, a column is not known or named twice, or `ref` or `stage` is not among them.
    """
    line = first.removeprefix(_MARK)
    if line.lstrip().startswith(b"{"):
        return None
    found = [Columns(names, delimiter) for delimiter in _DELIMITERS if (names := _cells(line, delimiter, where))]
    columns = max(found, key=lambda one: len(one.names), default=Columns((), ","))
    columns = attrs.evolve(columns, names=[name.strip().lower() for name in columns.names])
    refuse_unknown(dict.fromkeys(columns.names), _REQUIRED, _OPTIONAL, where)
    if len(set(columns.names)) < len(columns.names):
        raise MalformedMessage(where, "names a column twice")
    return columns


def _cells(line: bytes, delimiter: str, where: str) -> list[str]:
    try:
        rows = list(csv.reader([line.decode("utf-8").rstrip("\r\n")], delimiter=delimiter, strict=True))
    except UnicodeDecodeError:
        raise MalformedMessage(where, "is not UTF-8") from None
    except csv.Error as error:
        raise MalformedMessage(where, f"is no row of CSV on one line: {error}") from None
    return rows[0] if rows else []


def parse_progress_line(data: bytes, number: int, columns: Columns | None) -> ProgressLine:
    """Read one line.

    Args:
        data: its bytes, with or without a line end.
        number: from 1, for errors.
        columns: those of a CSV file; None reads JSON.

    Raises:
        MalformedMessage: it reports nothing; tells the line's number and what is to be mended, quotes no value.
    """
    where = f"line {number}"
    value = line_object(data.removeprefix(_MARK), where) if columns is None else _row(data, columns, where)
    refuse_unknown(value, _REQUIRED, _OPTIONAL, where)
    given = {name: content for name, content in value.items() if content is not None}
    if not given.keys() & {"id", "at"}:
        raise MalformedMessage(where, "needs id or at: without either nobody can tell whether it has come before")
    names = {name: name_of(value, name, where) for name in ("ref", "stage", "id") if name in given or name in _REQUIRED}
    times = {name: _instant(given.get(name), name, where) for name in ("at", "due", "earliest")}
    if times["earliest"] is not None and (times["due"] is None or times["earliest"] > times["due"]):
        raise MalformedMessage(where, "earliest must not be later than due")
    reason = given.get("reason")
    if reason is not None and not isinstance(reason, str):
        raise MalformedMessage(where, "reason must be a string")
    said = [names["ref"], names["stage"], times["at"], times["due"], times["earliest"], reason]
    own = names.get("id") or hashlib.blake2b(json.dumps(said).encode(), digest_size=16).hexdigest()
    return ProgressLine(names["ref"], names["stage"], own, times["at"], times["due"], times["earliest"], reason)


def _row(data: bytes, columns: Columns, where: str) -> JsonObject:
    if not data.strip():
        raise MalformedMessage(where, "is empty")
    cells = _cells(data, columns.delimiter, where)
    if len(cells) != len(columns.names):
        raise MalformedMessage(
            where, f"has {len(cells)} cells, where the first line names {len(columns.names)} columns"
        )
    return {name: cell.strip() or None for name, cell in zip(columns.names, cells, strict=True)}


def _instant(value: object, name: str, where: str) -> int | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise MalformedMessage(where, f"{name} must be an instant as RFC 3339 writes it, such as 2026-03-02T09:30:00Z")
    try:
        return unix_us(from_rfc3339(value, name)[0])
    except MalformedMessage as error:
        raise MalformedMessage(where, f"{name} {error.reason}") from None


def report_of(line: ProgressLine, account: str, actor: str) -> AdvanceCase:
    """The command by which a case goes on as a line says.

    Args:
        line: what is reported.
        account: of the back office: within it no other report has the same id.
        actor: who reports.
    """
    return AdvanceCase(
        Ref(line.ref),
        line.stage,
        due_us=line.due_us,
        earliest_us=line.earliest_us,
        reason=few_words(line.reason),
        report=f"{account}/{line.id}",
        reported_us=line.at_us,
        actor=actor,
    )
