"""A workspace that another process owns, without await.

Generated from `orchestra.runtime.client` by `tests/blocking_generator.py`; do not edit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from orchestra.blocking.calls import Calls
from orchestra.blocking.journeys import Journeys
from orchestra.blocking.matters import Matters
from orchestra.blocking.notifying import Notifying
from orchestra.blocking.personal import Personal
from orchestra.blocking.portal import Stream, as_is
from orchestra.channels.wire import HttpReply, RawRequest
from orchestra.model.commands import Command
from orchestra.model.events import Event
from orchestra.model.plan import Plan
from orchestra.runtime import client
from orchestra.runtime.keeping import MediaKeeping
from orchestra.runtime.lines import Line
from orchestra.runtime.published import Published

__all__ = ["Client", "connect"]


class Client(
    Calls[client.Client],
    Matters[client.Client],
    Journeys[client.Client],
    Notifying[client.Client],
    Personal[client.Client],
):
    """The way into a workspace for processes that do not own it, such as web workers. Make one with `connect`.

    Any number of clients in any number of processes may work at once. Safe to use from any thread.
    """

    @property
    def plan(self) -> Plan:
        """The plan that was in force when this was opened."""
        return self._inner.plan

    def execute(self, command: Command, request_id: str | None = None) -> Any:
        """Ask the owner to decide on a command, and give its result once that is durable.

        Args:
            command: what is asked.
            request_id: the same id always gets the same answer and takes effect once. Give your own to be able to ask
                again after a failure; without one the command is a new one.

        Raises:
            CommandRefused: it cannot be done.
            JournalUnavailable: no answer came in time. The command may still be decided; ask again with the same id.
            JournalCorrupt: what is stored of the command or its answer is damaged.
        """
        return self._door.run(self._inner.execute, command, request_id)

    def events(
        self, after: int = 0, types: Collection[type[Event]] | None = None, timeout: timedelta | None = None
    ) -> Stream[Published]:
        """Durable events past a position, in order and without gaps, then new ones as they come; never ends by itself.

        Args:
            after: a position; keep the last one seen and give it here to go on after a restart.
            types: event classes; None for all.
            timeout: the iteration ends when nothing came for this long; None waits for ever.
        """
        return Stream(self._door, self._inner.events(after, types), as_is, timeout)

    def webhook(self, route_key: str, request: RawRequest) -> HttpReply:
        """Take what a provider sends to one of the lines: verified, then durable by the owner, then answered.

        Args:
            route_key: the opaque last part of the address that was called.
            request: what came, with the address as configured.

        Returns:
            What to answer: 404 for an unknown key, the adapter's own refusal for what is not genuine, 503 when the
            owner did not take it in time and it should be sent again.
        """
        return self._door.run(self._inner.webhook, route_key, request)


def connect(
    journal: str,
    *,
    channels: Sequence[Line] = (),
    secrets: Mapping[str, str] | None = None,
    patience_s: float = 30.0,
    media: MediaKeeping | None = None,
) -> Client:
    """Connect to a workspace that another process owns, or will own. A process that forks opens one in each child.

    Args:
        journal: where it is kept, as `sqlite:contacts.db`.
        channels: own accounts whose providers' requests come to this process. It is the owner that sends.
        secrets: name -> value of secrets that the plan names; others are looked up in the environment.
        patience_s: seconds to wait for the owner's answer to a command.
        media: how files are kept whose bytes come with the requests, in the owner's own store; None keeps none. Nothing
            is fetched here.

    Raises:
        DefinitionError: an argument is of another type, nobody has ever opened the workspace, its key is another, or a
            line is wrong.
        JournalUnavailable: the journal cannot be opened.
    """
    return Client.behind(
        client.connect(journal, channels=channels, secrets=secrets, patience_s=patience_s, media=media)
    )
