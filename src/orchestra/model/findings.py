"""The part of a plan that says what contacts bring to light for other departments, and who wants to know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from orchestra.errors import Fault
from orchestra.model.structure import Lost

__all__ = ["FIELD_TYPES", "FindingKind", "check_findings"]

FIELD_TYPES = ("text", "integer", "boolean", "date")


def _words(values: Iterable[str]) -> tuple[str, ...]:
    """Lists, as files have them, and tuples make equal plans."""
    return tuple(values)


@attrs.frozen
class FindingKind:
    """Something that a contact brings to light and that is of use to others: praise, a chance to sell, a fault.

    Attributes:
        teams: who wants to know: each has it on its list until somebody acknowledges it for that team.
        fields: what it consists of: field -> `text`, `integer`, `boolean` or `date`. Never personal data; none unless
            stated.
    """

    teams: Sequence[str] = attrs.field(converter=_words)
    fields: Mapping[str, str] = attrs.field(factory=dict)


def check_findings(findings: Mapping[str, FindingKind], teams: Mapping[str, object], lost: Lost) -> Iterator[Fault]:
    """The faults of kinds of findings."""
    for name, kind in findings.items():
        path = f"findings.{name}"
        if not kind.teams and not lost.touches("findings", name, "teams"):
            yield Fault(f"{path}.teams", "must name at least one team that wants to know")
        if len(set(kind.teams)) < len(kind.teams):
            yield Fault(f"{path}.teams", "must be different teams")
        for index, team in enumerate(kind.teams):
            if team not in teams and not lost.has("teams", team) and not lost.has("findings", name, "teams", index):
                text = f"no team {team!r}; there are: {', '.join(sorted(teams)) or 'none'}"
                yield Fault(f"{path}.teams[{index}]", text)
        for field, type_ in kind.fields.items():
            if type_ not in FIELD_TYPES:
                yield Fault(f"{path}.fields.{field}", f"{type_!r} is none of {', '.join(FIELD_TYPES)}")
