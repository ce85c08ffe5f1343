"""How a case goes on, as callers see it: what its customer was told."""

from __future__ import annotations

from datetime import datetime

import attrs

from orchestra.engine.view import View
from orchestra.model.addresses import Ref
from orchestra.model.instants import instant
from orchestra.runtime.readers import Withheld, reader_in
from orchestra.runtime.redacting import hidden_of_case

__all__ = ["ToldFact", "told_in"]


@attrs.frozen
class ToldFact:
    """What a customer was told last of a fact of their case.

    Attributes:
        value: what they were told; a mark that says why if the reader is not shown it.
        at: when.
    """

    fact: str
    value: str | int | bool | Withheld
    at: datetime


def told_in(view: View, case: str | Ref, actor: str | None) -> tuple[ToldFact, ...]:
    """What a case's customer was told, as an actor sees it; facts by name.

    Raises:
        UnknownId: there is no such case.
        NotPermitted: it is another customer's, or the actor is nobody known.
    """
    reader, key = reader_in(view, actor), view.case(case)[0]
    mark = hidden_of_case(view, reader, key)
    found = view.facts.all(view.cases.group(key)).items()
    marks = {fact: mark or (Withheld("role") if reader.hides(fact) else None) for fact, _ in found}
    return tuple(ToldFact(fact, marks[fact] or told.value, instant(told.at_us)) for fact, told in found)
