"""What agents may do with the interactions in their hands."""

from __future__ import annotations

from orchestra.engine.contacts.state import Interaction
from orchestra.engine.lifecycle import INTERACTION
from orchestra.engine.view import View
from orchestra.errors import NotAllowedInState, NotPermitted
from orchestra.model import commands as c
from orchestra.model.addresses import Ref

__all__ = ["owned"]


def owned(
    view: View,
    command: c.Command,
    name: str | Ref,
    agent: str,
    trigger: str,
    wish: str | None = None,
    *,
    is_shared: bool = False,
) -> tuple[str, Interaction]:
    """An interaction that this agent handles, in a state that allows the trigger; a refusal names the wish.

    What `is_shared` may be done by all who talk with the customer.

    Raises:
        NotAllowedInState: its state does not allow the trigger.
        NotPermitted: somebody else handles it, or nobody.
    """
    key, interaction = view.interaction(name)
    if not INTERACTION.allows(interaction.state, trigger):
        raise NotAllowedInState(key, interaction.state, wish or trigger)
    is_party = is_shared and any(row.consulted == agent for _, row in view.consults.parties(key))
    if interaction.agent != agent and not is_party:
        raise NotPermitted(f"agent:{agent}", type(command).__name__, f"{key} is not theirs")
    return key, interaction
