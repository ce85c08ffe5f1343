"""A workspace that this process owns, without await.

Generated from `orchestra.runtime.workspace` by `tests/blocking_generator.py`; do not edit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from orchestra.blocking.calls import Calls
from orchestra.blocking.filing import Filing
from orchestra.blocking.inviting import Inviting
from orchestra.blocking.journeys import Journeys
from orchestra.blocking.lists import Lists
from orchestra.blocking.matters import Matters
from orchestra.blocking.notices import Noticed
from orchestra.blocking.notifying import Notifying
from orchestra.blocking.personal import Personal
from orchestra.blocking.portal import Stream, as_is
from orchestra.blocking.sessions import AgentSession
from orchestra.blocking.signalling import Signalling
from orchestra.blocking.standing import Standing
from orchestra.blocking.wordings import Wordings
from orchestra.channels.wire import HttpReply, RawRequest
from orchestra.journal.port import Journal
from orchestra.model.actions import ActionFunctions
from orchestra.model.addresses import Ref
from orchestra.model.commands import Command
from orchestra.model.events import Event
from orchestra.model.plan import Plan
from orchestra.model.rules import Predicates
from orchestra.model.scores import Scores
from orchestra.runtime import workspace
from orchestra.runtime.clock import Clock
from orchestra.runtime.commitments import CommitmentView, ConflictView
from orchestra.runtime.filing import MediaKeeping
from orchestra.runtime.health import Health
from orchestra.runtime.history.waiting import Waiting
from orchestra.runtime.lines import Line
from orchestra.runtime.published import Published
from orchestra.runtime.sources import Knowledge, Source
from orchestra.runtime.views import CaseView, CustomerView, EngagementView, InteractionView, RequestView

__all__ = ["Workspace", "open"]


class Workspace(
    Calls[workspace.Workspace],
    Matters[workspace.Workspace],
    Journeys[workspace.Workspace],
    Notifying[workspace.Workspace],
    Lists[workspace.Workspace],
    Standing[workspace.Workspace],
    Noticed[workspace.Workspace],
    Inviting[workspace.Workspace],
    Personal[workspace.Workspace],
    Wordings[workspace.Workspace],
    Filing[workspace.Workspace],
    Signalling[workspace.Workspace],
):
    """The owner of a workspace. Make one with `open`.

    All calls may be made from any thread. What a call returns is durable.
    """

    def execute(self, command: Command) -> Any:
        """Decide on a command, and give its result once that is durable.

        Raises:
            CommandRefused: it cannot be done as things stand; nothing has changed.
            JournalUnavailable: it may not be durable; with `outcome_unknown`, ask again with the same ids.
        """
        return self._door.run(self._inner.execute, command)

    def events(
        self, after: int = 0, types: Collection[type[Event]] | None = None, timeout: timedelta | None = None
    ) -> Stream[Published]:
        """Durable events past a position, in order and without gaps, then new ones as they come.

        Args:
            after: a position; keep the last one seen and give it here to go on after a restart.
            types: event classes; None for all.
            timeout: the iteration ends when nothing came for this long; None waits for ever.
        """
        return Stream(self._door, self._inner.events(after, types), as_is, timeout)

    def case(self, case: str | Ref, *, actor: str | None = None) -> CaseView:
        """A case as it stands; for an `actor`, as in `timeline`.

        Raises:
            UnknownId: there is no such case.
            NotPermitted: the actor is a customer who is told nothing of it, or nobody known.
        """
        return self._door.run(self._inner.case, case, actor=actor)

    def interaction(self, interaction: str | Ref, *, actor: str | None = None) -> InteractionView:
        """An interaction as it stands; for an `actor`, as in `timeline`.

        Raises:
            UnknownId: there is no such interaction.
            NotPermitted: the actor is a customer who is told nothing of it, or nobody known.
        """
        return self._door.run(self._inner.interaction, interaction, actor=actor)

    def customer(self, customer: str | Ref, *, actor: str | None = None) -> CustomerView:
        """A customer as they stand: who they are, with all ids that are theirs; for an `actor`, as in `timeline`.

        Raises:
            UnknownId: there is no such customer.
            NotPermitted: the actor is another customer, or nobody known.
        """
        return self._door.run(self._inner.customer, customer, actor=actor)

    def engagement(self, customer: str | Ref, *, actor: str | None = None) -> EngagementView | None:
        """What a customer is in touch with now, and who leads; None if they are not in touch.

        Raises:
            UnknownId: there is no such customer.
            NotPermitted: the actor is another customer, or nobody known.
        """
        return self._door.run(self._inner.engagement, customer, actor=actor)

    def commitments(
        self,
        subject: str | None = None,
        *,
        case: str | Ref | None = None,
        customer: str | Ref | None = None,
        actor: str | None = None,
    ) -> tuple[CommitmentView, ...]:
        """What was said of a subject, in a case, or to a customer, and holds or is in dispute; oldest first.

        Raises:
            InvalidCommand: not exactly one of them is given.
            UnknownId: there is no such case or customer.
            NotPermitted: the actor is a customer who is told nothing of it, or nobody known.
        """
        return self._door.run(self._inner.commitments, subject, case=case, customer=customer, actor=actor)

    def conflict(self, conflict: str, *, actor: str | None = None) -> ConflictView:
        """An open conflict, and what precedence proposes.

        Raises:
            UnknownId: there is no such conflict, or it is settled.
            NotPermitted: the actor is a customer, or nobody known.
        """
        return self._door.run(self._inner.conflict, conflict, actor=actor)

    def requested(self, request: str) -> RequestView:
        """A request for one of the application's own actions as it stands.

        Raises:
            UnknownId: there is no such request.
        """
        return self._door.run(self._inner.requested, request)

    def why_waiting(self, interaction: str | Ref) -> Waiting | None:
        """Why an interaction, or a consult by its id, still waits; None if it does not.

        Raises:
            UnknownId: there is none of that id.
        """
        return self._door.run(self._inner.why_waiting, interaction)

    def health(self) -> Health:
        """How the workspace is doing now."""
        return self._door.run_sync(self._inner.health)

    def sign_in(
        self, agent: str, device: str = "main", *, heartbeats: bool = False, phone: str | None = None
    ) -> AgentSession:
        """Sign an agent in on a device.

        Args:
            agent: the agent's id, from the plan or `DefineAgent`.
            device: the device's name; an agent may have several.
            heartbeats: the device proves its presence by `heartbeat` from now on; else it is present while this process
                lives and the agent stays signed in.
            phone: where they are called for calls that are steered, as `+49301234567`, `sip:ana@shop.example` or
                `client:ana`; remembered while this process lives, and stored nowhere. None is where the account of the
                call has its agents called.

        Raises:
            UnknownId: there is no such agent.
        """
        return AgentSession(
            self._door, self._door.run(self._inner.sign_in, agent, device, heartbeats=heartbeats, phone=phone)
        )

    def heartbeat(self, agent: str, device: str = "main") -> None:
        """A signed-in device is still there. Give it more often than the plan's `presence.device_lease`."""
        self._door.run(self._inner.heartbeat, agent, device)

    def webhook(self, route_key: str, request: RawRequest) -> HttpReply:
        """Take what a provider sends to one of the lines: verified, then durable, then answered.

        Args:
            route_key: the opaque last part of the address that was called.
            request: what came, with the address as configured.

        Returns:
            What to answer: 404 for an unknown key, the adapter's own refusal for what is not genuine, 503 when it could
            not be stored and should be sent again.
        """
        return self._door.run(self._inner.webhook, route_key, request)

    def settle(self) -> None:
        """Return when all that is due now is done and stored, and every message due to be sent has been tried.

        Moves no clock: what is due later stays due. Waits for providers' answers, and for a journal that is out of
        reach to come back. Under steady traffic there may always be something due, so a service that goes on has no
        use for it; scripts, demonstrations and tests do. Returns early if the workspace is closing.
        """
        self._door.run(self._inner.settle)

    def finish_sending(self) -> None:
        """Begin no further sending, and let what has begun come to its end."""
        self._door.run(self._inner.finish_sending)

    def end_sending(self) -> None:
        """Begin no further sending."""
        self._door.run_sync(self._inner.end_sending)

    def state_hash(self) -> str:
        """A fingerprint of the state as decided."""
        return self._door.run_sync(self._inner.state_hash)


def open(  # noqa: A001
    plan: Plan | str | Path,
    journal: str | Journal = "memory:",
    *,
    channels: Sequence[Line] = (),
    secrets: Mapping[str, str] | None = None,
    standby: bool = False,
    clock: Clock | None = None,
    sources: Mapping[str, Source | Knowledge] | None = None,
    scores: Scores | None = None,
    predicates: Predicates | None = None,
    actions: ActionFunctions | None = None,
    media: MediaKeeping | None = None,
) -> Workspace:
    """Own a workspace until it is closed, or for the length of a `with` block. It works in a thread of its own.

    Args:
        plan: what the workspace is, or the path of its plan file.
        journal: where it is kept, as `sqlite:contacts.db`, or an open journal, which is left open.
        channels: own accounts that this process speaks for.
        secrets: name -> value of secrets that the plan names; others are looked up in the environment.
        standby: wait for another owner to go, instead of raising `WorkspaceInUse`.
        clock: where the time comes from; the computer's clock by default.
        sources: name -> what an offer's context is looked up in beside the workspace: a CRM, a help centre.
        scores: name and version, as `acme.vip@2` -> what orders agents, or tells where contacts belong.
        predicates: as of scores -> a function that the plan's rules may ask whether they are to fire.
        actions: as of scores -> an `ActionFunction`: what rules and `request_action` have done by the application.
            Where they are given, all must be that the plan's rules and what is still to be done name.
        media: how files that customers send are fetched and kept; None keeps none.

    Guarantees:
        Closing takes no more calls, stores what was decided, ends all background work and gives the lease
        back. If the lease is lost to another process, calls raise `JournalUnavailable` and closing `LeaseLost`; if
        the journal's files are moved, removed or replaced meanwhile, `JournalMoved`.

    Raises:
        DefinitionError: an argument is of another type, or the plan, a line or a secret is wrong; lists all faults.
        WorkspaceInUse: another process owns it.
        JournalCorrupt, JournalUnavailable, UnsupportedVersion: the journal cannot be used.
    """
    return Workspace.behind(
        workspace.Workspace.open(
            plan,
            journal,
            channels=channels,
            secrets=secrets,
            standby=standby,
            clock=clock,
            sources=sources,
            scores=scores,
            predicates=predicates,
            actions=actions,
            media=media,
        )
    )
