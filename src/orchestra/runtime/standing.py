"""How cases stand. Belongs here: the calls. Does not: how what they give is put together (`progress`)."""

from __future__ import annotations

from typing import Protocol

from orchestra.model.addresses import Ref
from orchestra.runtime.checks import refuse_no_id
from orchestra.runtime.owner import Owner
from orchestra.runtime.progress import ToldFact, told_in

__all__ = ["Standing"]


class Standing(Protocol):
    """How cases stand. Reads see what is durable, and only that."""

    _owner: Owner

    async def told(self, case: str | Ref, *, actor: str | None = None) -> tuple[ToldFact, ...]:
        """What a case's customer was told last of each fact, facts by name; for an `actor`, as in `timeline`.

        Raises:
            UnknownId: there is no such case.
            NotPermitted: the actor is a customer who is told nothing of it, or nobody known.
        """
        refuse_no_id("case", case)
        return await self._owner.read(lambda view: told_in(view, case, actor))
