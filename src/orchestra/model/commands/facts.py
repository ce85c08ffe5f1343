"""Commands: what customers are told."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command, Id

__all__ = ["TellFact"]


@attrs.define
class TellFact(Command):
    """The customer was told something of their case: when it will be ready, where it stands.

    `fact` is what it is about, in the application's words, and `value` what they were told; neither is personal data.
    `interaction` is the contact in which they were, if it was in one. Nobody need tell them the same again.
    """

    case: Id
    fact: str
    value: str | int | bool
    interaction: Id | None = None
