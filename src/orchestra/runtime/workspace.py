"""A workspace in this process: opened as owner, with everything that belongs to it running until it is left."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import anyio
from anyio.abc import TaskGroup, TaskStatus

from orchestra.channels.wire import HttpReply, RawRequest
from orchestra.journal.port import Journal
from orchestra.journal.registry import lasting_url, open_journal
from orchestra.model.actions import ActionFunction, ActionFunctions, ActionNames
from orchestra.model.addresses import Ref
from orchestra.model.commands import Command, SignIn
from orchestra.model.events import Event
from orchestra.model.instants import instant
from orchestra.model.plan import Plan
from orchestra.model.rules import Predicates
from orchestra.model.scores import Scores
from orchestra.runtime.acting import Acting
from orchestra.runtime.amending import if_able
from orchestra.runtime.answering import Answering
from orchestra.runtime.calls import Calls
from orchestra.runtime.checks import refuse_no_id, refuse_odd_setup
from orchestra.runtime.clock import Clock, SystemClock
from orchestra.runtime.commitments import CommitmentView, ConflictView
from orchestra.runtime.context import Context, Contexts
from orchestra.runtime.deciding import Calling, Deciding
from orchestra.runtime.erasing import Erasing
from orchestra.runtime.failures import only_failure
from orchestra.runtime.feed import follow, type_names
from orchestra.runtime.filing import Files, Filing, MediaKeeping
from orchestra.runtime.health import Health, health_of
from orchestra.runtime.history.waiting import Waiting, why_waiting
from orchestra.runtime.inbound import digested
from orchestra.runtime.inviting import Inviting
from orchestra.runtime.journeys import Journeys
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.leases import Leases
from orchestra.runtime.lines import Line, Lines
from orchestra.runtime.lists import Lists
from orchestra.runtime.looking import Looking
from orchestra.runtime.matters import Matters
from orchestra.runtime.menus import asking
from orchestra.runtime.news import News
from orchestra.runtime.notices import Noticed
from orchestra.runtime.notifying import Notifying
from orchestra.runtime.owner import Owner
from orchestra.runtime.passing import Passing
from orchestra.runtime.personal import Personal
from orchestra.runtime.polling import Polling
from orchestra.runtime.published import Published
from orchestra.runtime.readers import Reader, reader_in
from orchestra.runtime.redacting import (
    case_for,
    commitments_for,
    conflict_for,
    customer_for,
    engagement_for,
    interaction_for,
)
from orchestra.runtime.sending import Sending
from orchestra.runtime.serving import Bots, Handler
from orchestra.runtime.sessions import AgentSession
from orchestra.runtime.settling import Settling
from orchestra.runtime.signalling import Signalling
from orchestra.runtime.signals import Signals
from orchestra.runtime.snapshots import snapshot_for_ever
from orchestra.runtime.sources import Knowledge, Source, Sources
from orchestra.runtime.standing import Standing
from orchestra.runtime.tenure import acquire, release
from orchestra.runtime.threads import close_in_thread, in_thread
from orchestra.runtime.turns import Turns
from orchestra.runtime.vaults import unlocked
from orchestra.runtime.views import CaseView, CustomerView, EngagementView, InteractionView, RequestView, request_view
from orchestra.runtime.webhooks import Webhooks
from orchestra.runtime.wordings import Wordings

__all__ = ["Workspace"]

_Given: TypeAlias = tuple[Mapping[str, Source | Knowledge], ActionFunctions, MediaKeeping | None]
"""What the application gives to work with: sources, actions, and how files are kept."""


class Workspace(
    Calls,
    Matters,
    Journeys,
    Notifying,
    Lists,
    Standing,
    Noticed,
    Inviting,
    Personal,
    Wordings,
    Filing,
    Looking,
    Signalling,
):
    """The owner of a workspace. Make one with `Workspace.open`.

    All calls may be made from any task of the event loop it was opened in. What a call returns is durable.
    """

    def __init__(self, owner: Owner, lines: Lines, tasks: TaskGroup, given: _Given) -> None:
        sources, actions, media = given
        self._owner, self._files = owner, Files(owner, lines, media)
        self._acting = Acting(owner, actions, tasks)
        self._turns = Turns(owner)
        deciding = Deciding(owner.execute, lambda: owner.view.plan, owner.recent.bell, lambda: instant(owner.now_us))
        self._phones: dict[str, str] = {}
        calling = Calling(deciding, self._phones)
        self._sending = Sending(owner, lines, tasks, self._files, self._turns, calling)
        self._leases = Leases(owner)
        self._signals = Signals(owner, Passing(owner, lines, self._files, tasks))
        keep = None if media is None else self._files.keep_all
        self.news = self._news = News(owner.execute, owner.key, self._signals.typing_in, keep)
        self._polling = Polling(owner, lines, self.news, tasks, self._files.credentials)
        self._answering = Answering(owner, lines)
        self._settling = Settling(owner, self._leases, (self._sending, self._acting, self._polling))
        self._webhooks = Webhooks(owner.clock.now_us, lines, self.news, deciding)
        self._replies = 0
        self._bots = Bots(owner, self.sign_in)
        self._contexts = Contexts(owner, Sources(sources, owner.clock))
        self.journal, self.key, self.lines = owner.journal, owner.key, lines

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
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
    ) -> AsyncGenerator[Workspace]:
        """Own a workspace for the length of an `async with` block.

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
            Leaving the block takes no more calls, stores what was decided, ends all background work and gives the lease
            back. If the lease is lost to another process, the block is cancelled and `LeaseLost` raised; if the
            journal's files are moved, removed or replaced meanwhile, `JournalMoved`.

        Raises:
            DefinitionError: an argument is of another type, or the plan, a line or a secret is wrong; lists all faults.
            WorkspaceInUse: another process owns it.
            JournalCorrupt, JournalUnavailable, UnsupportedVersion: the journal cannot be used.
        """
        given = {"channels": channels, "secrets": secrets, "clock": clock, "sources": sources}
        refuse_odd_setup(plan=plan, journal=journal, scores=scores, predicates=predicates, actions=actions, **given)
        plan = plan if isinstance(plan, Plan) else Plan.load(plan)
        plan.require_sound()
        key, lines = WorkspaceKey.of(plan, secrets), Lines(channels, plan)
        url = lasting_url(journal) if isinstance(journal, str) and not journal.startswith("memory:") else None
        store = await in_thread(open_journal, journal) if isinstance(journal, str) else journal
        try:
            store = await in_thread(unlocked, store, plan, secrets)
            lease = await acquire(store, standby=standby)
            try:
                named = scores, predicates, ActionNames(set(actions or ()), actions is not None)
                owner = await in_thread(Owner, store, lease, plan, key, clock or SystemClock(), *named)
                async with _running(owner, lines, url, (sources or {}, actions or {}, media)) as workspace:
                    yield workspace
            finally:
                with anyio.CancelScope(shield=True):
                    await release(store, lease)
        finally:
            if isinstance(journal, str):
                await close_in_thread(store)

    async def begin(self, tasks: TaskGroup, url: str | None) -> None:
        """Start the background work, and take up what an earlier owner left. Snapshots need a URL to open."""
        owner = self._owner
        await owner.durable(owner.engine.position)
        owner.recent.listeners += [self._sending.heard, self._acting.heard, self._polling.heard, self._leases.told]
        owner.after_reload += [self._leases.reloaded, self._polling.look_anew]
        for work in (
            owner.ring_for_ever,
            self._turns.ring_for_ever,
            owner.renew_for_ever,
            self._leases.watch_for_ever,
            self._answering.answer_for_ever,
            self._answering.forget_for_ever,
            Erasing(owner, self._files).erase_for_ever,
        ):
            tasks.start_soon(work)
        if url is not None:
            tasks.start_soon(snapshot_for_ever, owner, url)
        for one in (self._sending, self._acting, self._polling):
            await one.recover()
        for name, agent in owner.view.plan.agents.items():
            if agent.menu is not None:
                await tasks.start(self.serve, name, asking(owner.view.plan.menus[agent.menu], self._callback_taken))

    def _callback_taken(self, channel: str) -> str:
        calls = self._owner.view.plan.channels[channel].calls
        return "" if calls is None else calls.callback_taken

    # Commands and reads

    async def execute(self, command: Command) -> Any:
        """Decide on a command, and give its result once that is durable.

        Raises:
            CommandRefused: it cannot be done as things stand; nothing has changed.
            JournalUnavailable: it may not be durable; with `outcome_unknown`, ask again with the same ids.
        """
        return await self._owner.execute(if_able(self._owner.view, self.lines, digested(command, self.key)))

    def events(self, after: int = 0, types: Collection[type[Event]] | None = None) -> AsyncGenerator[Published]:
        """Durable events past a position, in order and without gaps, then new ones as they come.

        Args:
            after: a position; keep the last one seen and give it here to go on after a restart.
            types: event classes; None for all.
        """
        return follow(self.journal, self._owner.recent, after, type_names(types), lambda: self._owner.is_over)

    async def case(self, case: str | Ref, *, actor: str | None = None) -> CaseView:
        """A case as it stands; for an `actor`, as in `timeline`.

        Raises:
            UnknownId: there is no such case.
            NotPermitted: the actor is a customer who is told nothing of it, or nobody known.
        """
        refuse_no_id("case", case)
        return await self._owner.read(lambda view: case_for(view, case, actor))

    async def interaction(self, interaction: str | Ref, *, actor: str | None = None) -> InteractionView:
        """An interaction as it stands; for an `actor`, as in `timeline`.

        Raises:
            UnknownId: there is no such interaction.
            NotPermitted: the actor is a customer who is told nothing of it, or nobody known.
        """
        refuse_no_id("interaction", interaction)
        return await self._owner.read(lambda view: interaction_for(view, interaction, actor))

    async def customer(self, customer: str | Ref, *, actor: str | None = None) -> CustomerView:
        """A customer as they stand: who they are, with all ids that are theirs; for an `actor`, as in `timeline`.

        Raises:
            UnknownId: there is no such customer.
            NotPermitted: the actor is another customer, or nobody known.
        """
        refuse_no_id("customer", customer)
        return await self._owner.read(lambda view: customer_for(view, customer, actor))

    async def engagement(self, customer: str | Ref, *, actor: str | None = None) -> EngagementView | None:
        """What a customer is in touch with now, and who leads; None if they are not in touch.

        Raises:
            UnknownId: there is no such customer.
            NotPermitted: the actor is another customer, or nobody known.
        """
        refuse_no_id("customer", customer)
        return await self._owner.read(lambda view: engagement_for(view, customer, actor))

    async def commitments(
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
        return await self._owner.read(lambda view: commitments_for(view, actor, subject, case, customer))

    async def conflict(self, conflict: str, *, actor: str | None = None) -> ConflictView:
        """An open conflict, and what precedence proposes.

        Raises:
            UnknownId: there is no such conflict, or it is settled.
            NotPermitted: the actor is a customer, or nobody known.
        """
        return await self._owner.read(lambda view: conflict_for(view, conflict, actor))

    async def _reader(self, actor: str | None) -> Reader:
        return await self._owner.read(lambda view: reader_in(view, actor))

    async def requested(self, request: str) -> RequestView:
        """A request for one of the application's own actions as it stands.

        Raises:
            UnknownId: there is no such request.
        """
        return await self._owner.read(lambda view: request_view(view, request))

    def action(self, name: str) -> Callable[[ActionFunction], ActionFunction]:
        """Register an async function as one of the application's own actions: `@ws.action("refund@1")`.

        What waits for it begins at once. It is called at least once for each request, with an `ActionRequest`: what it
        does under the same key twice must be done once. It gives what came of it, as plain values by name, or None;
        raises `ActionRefused` if it is not to be tried again, and anything else if it is.

        Args:
            name: with a version, as rules and requests name it.

        Raises:
            DefinitionError: the name has no version, or that is no async function.
        """

        def register(function: ActionFunction) -> ActionFunction:
            self._acting.register(name, function)
            return function

        return register

    def _whose(self, interaction: str) -> str | None:
        row = self._owner.view.contacts.interactions.get(interaction)
        return None if row is None else row.customer

    def _scores(self) -> Scores:
        return self._owner.view.plans.rating.scores

    async def why_waiting(self, interaction: str | Ref) -> Waiting | None:
        """Why an interaction, or a consult by its id, still waits; None if it does not.

        Raises:
            UnknownId: there is none of that id.
        """
        refuse_no_id("interaction", interaction)
        return await self._owner.read(lambda view: why_waiting(view, interaction))

    def health(self) -> Health:
        """How the workspace is doing now."""
        return health_of(self._owner.figures(), self._owner.view, self._sending.in_flight, self.news)

    # Agents

    async def sign_in(
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
        await self.execute(SignIn(agent, device))
        if phone is not None:
            self._phones[agent] = phone
        if heartbeats:
            self._leases.let_go(agent, device)
        else:
            self._leases.hold(agent, device)
        return AgentSession(self, agent, device)

    async def serve(
        self, bot: str, handler: Handler, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
    ) -> None:
        """Work as a bot: take what it is offered and give it to a handler, as many at once as its capacity allows.

        Runs until it is cancelled or the workspace closes: `await tasks.start(ws.serve, "greeter", greet)` returns when
        the bot is at work. What the bot still had from before, as after a crash, goes to people.

        Args:
            bot: an agent whose kind is `bot`.
            handler: gets each contact; it finishes it, hands it over, or leaves it to people by returning.
            task_status: told when the bot is at work.

        Guarantees:
            A handler that raises, or that leaves a customer without an answer for longer than the plan's
            `presence.bot_answers_within`, loses its own contact to people and harms no other.

        Raises:
            UnknownId: there is no such agent.
            InvalidCommand: it is no bot, or is served already.
        """
        await self._bots.serve(bot, handler, task_status)

    async def heartbeat(self, agent: str, device: str = "main") -> None:
        """A signed-in device is still there. Give it more often than the plan's `presence.device_lease`."""
        await self._leases.heartbeat(agent, device)

    async def context_of(self, interaction: str, agent: str) -> Context:
        """What is known about an interaction that is offered to an agent, or in their hands."""
        return await self._contexts.of(interaction, agent)

    def reply_key(self) -> str:
        """A key that no reply had before: the owner's epoch, and a count."""
        self._replies += 1
        return f"{self._owner.lease.epoch}.{self._replies}"

    # Channels

    async def webhook(self, route_key: str, request: RawRequest) -> HttpReply:
        """Take what a provider sends to one of the lines: verified, then durable, then answered.

        Args:
            route_key: the opaque last part of the address that was called.
            request: what came, with the address as configured.

        Returns:
            What to answer: 404 for an unknown key, the adapter's own refusal for what is not genuine, 503 when it could
            not be stored and should be sent again.
        """
        return await self._webhooks.take(route_key, request)

    # Waiting until nothing is due

    async def settle(self) -> None:
        """Return when all that is due now is done and stored, and every message due to be sent has been tried.

        Moves no clock: what is due later stays due. Waits for providers' answers, and for a journal that is out of
        reach to come back. Under steady traffic there may always be something due, so a service that goes on has no
        use for it; scripts, demonstrations and tests do. Returns early if the workspace is closing.
        """
        await self._settling.settle()

    def due_us(self) -> int | None:
        """When the next timer falls or the next device counts as lost, microseconds UTC; None if none ever will."""
        return self._settling.due_us()

    async def finish_sending(self) -> None:
        """Begin no further sending, and let what has begun come to its end."""
        await self._sending.finish()
        await self._acting.finish()

    def end_sending(self) -> None:
        """Begin no further sending."""
        for one in (self._sending, self._acting, self._polling):
            one.end()

    def state_hash(self) -> str:
        """A fingerprint of the state as decided."""
        return self._owner.engine.state_hash()


@asynccontextmanager
async def _running(owner: Owner, lines: Lines, url: str | None, given: _Given) -> AsyncGenerator[Workspace]:
    """Run the background work around the block. Its own failure, or the block's, comes out as it was raised."""
    failure: Exception | None = None
    try:
        async with anyio.create_task_group() as storing:
            storing.start_soon(owner.store_for_ever)
            try:
                async with anyio.create_task_group() as tasks:
                    workspace = Workspace(owner, lines, tasks, given)
                    await workspace.begin(tasks, url)
                    try:
                        yield workspace
                    except Exception as error:  # noqa: BLE001 - goes out below as it was raised, not in a group
                        failure = error
                    finally:
                        workspace.end_sending()
                    await workspace.finish_sending()
                    tasks.cancel_scope.cancel()
            finally:
                owner.close()  # the storing ends when all is stored
    except BaseExceptionGroup as group:
        raise only_failure(group) from group
    if failure is not None:
        raise failure
