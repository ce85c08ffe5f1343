"""On which channel a contact is best served, and inviting its customer there, without await.

Generated from `orchestra.runtime.inviting` by `tests/blocking_generator.py`; do not edit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from orchestra.blocking.portal import Opened
from orchestra.model.addresses import Ref
from orchestra.runtime import inviting
from orchestra.runtime.steering import Steering

__all__ = ["Inviting"]


AnyInviting = TypeVar("AnyInviting", bound=inviting.Inviting)


class Inviting(Opened[AnyInviting]):
    """Questions after the best channel of a contact that waits."""

    def steer(
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
        return self._door.run(self._inner.steer, interaction, invite=invite, text=text, actor=actor)
