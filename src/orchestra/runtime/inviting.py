"""Asking on which channel a contact is best served, and inviting its customer there in the same step.

Belongs here: the calls. Does not: what is best (`steering`), and what comes of an invitation (the engine).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import attrs

from orchestra.model.addresses import Ref
from orchestra.model.commands import InviteToChannel
from orchestra.model.results import Invited
from orchestra.runtime.checks import refuse_unstorable
from orchestra.runtime.owner import Owner
from orchestra.runtime.steering import Steering, steer

__all__ = ["Inviting"]


class Inviting(Protocol):
    """Questions after the best channel of a contact that waits."""

    _owner: Owner

    async def steer(
        self,
        interaction: str | Ref,
        *,
        invite: bool = False,
        text: str | Callable[[Steering], str] | None = None,
        actor: str | None = None,
    ) -> Steering:
        """On which channel a waiting contact is best served, and why; see `steering.steer`.

        Args:
            interaction: the contact.
            invite: write to its customer that they may go on there. Unless it is asked for, nobody is invited; nor is
                anybody who had better stay, or who has an open invitation to that channel for their case.
            text: what they are written, or what makes that of the steering; its own `text` unless given. `{token}`
                stands in it for a token, as in `invite`.
            actor: who invites, as `agent:ana`.

        Returns:
            What is proposed. `invited` is the id of the open invitation, whether it was made now or before.

        Guarantees:
            What is invited to is looked up anew in the step in which it is decided on: nobody's command comes between.
            The contact keeps its place; whoever comes with the token comes about its case.

        Raises:
            NotAllowedInState: it does not wait, or UnknownId: there is none.
            CommandRefused: they cannot be invited, as in `invite`.
        """
        # Also if it is to invite: only a question brings back whoever is archived.
        found = await self._owner.read(lambda view: steer(view, interaction))
        if not invite:
            return found
        return await self._owner.in_one_step(lambda: _invited(self._owner, interaction, text, actor))


def _invited(
    owner: Owner, interaction: str | Ref, text: str | Callable[[Steering], str] | None, actor: str | None
) -> Steering:
    """What is proposed now, with an invitation to it if there was none."""
    found = steer(owner.view, interaction)
    if found.text is None or found.invited is not None:
        return found
    said = text(found) if callable(text) else text
    command = InviteToChannel(found.channel, found.interaction, text=found.text if said is None else said, actor=actor)
    refuse_unstorable(command)
    made = owner.decide(command).result
    assert isinstance(made, Invited)
    return attrs.evolve(found, invited=made.id)
