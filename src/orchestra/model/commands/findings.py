"""Commands: findings for other departments."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command, Id
from orchestra.model.private import private

__all__ = ["AcknowledgeFinding", "RaiseFinding"]


@attrs.define
class RaiseFinding(Command):
    """Tell the teams that want to know what a case has brought to light.

    `kind` is one of the plan's findings, which says who wants to know; `fields` are those that it declares, and no
    personal data; `text` is what else there is to say.
    """

    case: Id
    kind: str
    fields: dict[str, str | int | bool | None] = attrs.field(factory=dict)
    text: str | None = private()


@attrs.define
class AcknowledgeFinding(Command):
    """A team has taken note of a finding, which leaves its list; an agent says so for a team of theirs."""

    finding: str
    team: str
