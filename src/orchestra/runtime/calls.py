"""What every way into a workspace offers, whether it owns the engine or asks another process: commands and history."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping
from datetime import date, datetime
from typing import Any, Protocol

from orchestra.errors import JournalUnavailable, MalformedMessage
from orchestra.journal.port import Journal
from orchestra.model.addresses import Email, Handle, Phone, Ref
from orchestra.model.commands import (
    CancelCallback,
    Command,
    ConfirmAddress,
    EraseCustomer,
    LinkAddress,
    ReportDialing,
    RequestAction,
    RequestCallback,
    RescheduleCallback,
    ScheduleCallback,
    SetParticipant,
    UnlinkAddress,
)
from orchestra.model.events import ErasureDone, Event
from orchestra.model.instants import since_epoch_us
from orchestra.model.message import Contact, Message
from orchestra.model.results import (
    ActionAsked,
    Dialed,
    Erased,
    Linked,
    Received,
    RequestedCallback,
    Stated,
    TakesPart,
    WorkOpened,
)
from orchestra.model.scores import Scores
from orchestra.model.work import WorkItem
from orchestra.runtime.checks import refuse_no_id
from orchestra.runtime.commitments import fact_of
from orchestra.runtime.history.calling import whom_to_call
from orchestra.runtime.history.disclosures import Disclosure, disclosures
from orchestra.runtime.history.explain import Explanation, explain
from orchestra.runtime.history.export import export
from orchestra.runtime.history.references import target_of
from orchestra.runtime.history.timeline import Entry, timeline
from orchestra.runtime.inbound import receive
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.news import News
from orchestra.runtime.published import Published
from orchestra.runtime.readers import Reader, reader_of
from orchestra.runtime.threads import in_thread
from orchestra.runtime.work import open_work_item

__all__ = ["Calls"]


class Calls(Protocol):
    """Commands, and what the journal tells. Reads see what is durable, and only that."""

    journal: Journal
    key: WorkspaceKey
    _news: News

    async def execute(self, command: Command) -> object:
        """Decide on a command and give its result, once that is durable."""
        ...

    def events(self, after: int = 0, types: Collection[type[Event]] | None = None) -> AsyncGenerator[Published]:
        """Durable events past a position, in order, then new ones as they come."""
        ...

    async def receive(self, contact: Message | Contact) -> Received:
        """Take an inbound message or contact. Taken once per (channel, account, id), however often it is handed in.

        Files that come with a message are kept before it counts as taken. One that is too large, or of a type that is
        not taken of customers, is named with the message and not kept.

        Returns:
            Customer, interaction and case it belongs to, once that is durable.

        Raises:
            MalformedMessage: a field is of another type, its address or an id is not well formed, the text too long,
                or there are too many files or empty ones.
            CommandRefused: the plan has no such channel, queue or skill; there are files, and nothing is kept here; or
                their customer was forgotten meanwhile.
            JournalUnavailable: it may not be stored; hand it in again.
        """
        files = contact.media if isinstance(contact, Message) else ()
        command = receive(contact, self.key)
        self._news.refuse_files(files)
        received = await self.execute(command)
        assert isinstance(received, Received)
        await self._news.keep(received, files)
        return received

    async def open_work_item(self, item: WorkItem) -> WorkOpened:
        """Ask for work on a customer's matter. Opened once per (channel, key), however often it is asked for.

        Returns:
            Interaction, case and customer it belongs to, once that is durable.

        Raises:
            MalformedMessage: a field is of another type, the key is not well formed, or the text too long.
            CommandRefused: the plan has no such channel, queue, skill or field, or nothing has that id.
            JournalUnavailable: it may not be stored; ask again with the same key.
        """
        opened = await self.execute(open_work_item(item))
        assert isinstance(opened, WorkOpened)
        return opened

    async def report_fact(
        self,
        by: str,
        subject: str,
        attribute: str,
        value: int | str | date,
        unit: str | None = None,
        *,
        case: str | Ref | None = None,
        customer: str | Ref | None = None,
        until: datetime | None = None,
        source: str | None = None,
    ) -> Stated:
        """Tell what is so in a back office: a bill was issued, an order shipped. It may contradict what was said.

        Args:
            by: the back office's name; if the plan has an authority of that name, it speaks with it.
            subject: the application's own key for what it is about, as `order:81`.
            attribute: one of the plan's, as `price`.
            value: of the attribute's type: whole minor units of money (4900 for 49.00), a quantity, a day, a word.
            unit: the currency or unit; the plan's unless given.
            case: id or reference of the case that it belongs to, where that is known.
            customer: id or reference of whose matter it is, where only that is known.
            until: how long it holds, with a time zone; as long as the plan says unless given.
            source: the application's own key for where it was told, such as a bill's number.

        Raises:
            CommandRefused: the plan has no such attribute, or the value is not of its type.
            MalformedMessage: `until` has no time zone, or the value is a time.
        """
        stated = await self.execute(fact_of(by, subject, attribute, value, unit, case, customer, until, source))
        assert isinstance(stated, Stated)
        return stated

    async def request_action(
        self,
        action: str,
        key: str,
        values: Mapping[str, str | int | bool] | None = None,
        *,
        case: str | Ref | None = None,
        customer: str | Ref | None = None,
        interaction: str | Ref | None = None,
    ) -> ActionAsked:
        """Have one of the application's own actions done, at least once. Taken once per action and key.

        Args:
            action: its name and version, as `refund@1`.
            key: the application's own, such as the order's number.
            values: what its function needs; never personal data.
            case: id or reference of the case that it belongs to.
            customer: id or reference of whose matter it is, where it belongs to no case.
            interaction: id or reference of the interaction that it is about.

        Raises:
            CommandRefused: no such action is registered, the key was used with other values, or nothing has that id.
            JournalUnavailable: it may not be stored; ask again with the same key.
        """
        asked = await self.execute(RequestAction(action, key, case, customer, interaction, dict(values or {})))
        assert isinstance(asked, ActionAsked)
        return asked

    async def request_callback(
        self, interaction: str | Ref, *, due: datetime | None = None, agent: str | None = None
    ) -> RequestedCallback:
        """Have the customer of a live contact called back. One callback waits per customer and case.

        A contact that waits for an agent ends, without counting as abandoned, and the callback takes its place.

        Args:
            interaction: the contact, waiting, in hand or over.
            due: when the callback begins to wait, with a time zone; at once unless given.
            agent: who is asked first, where the queue's steps begin with whoever knows the customer.

        Raises:
            MalformedMessage: `due` has no time zone.
            CommandRefused: the contact is not live, or `due` is past or too far ahead.
        """
        requested = await self.execute(RequestCallback(interaction, _due_us(due), agent))
        assert isinstance(requested, RequestedCallback)
        return requested

    async def schedule_callback(
        self,
        address: Email | Phone | Handle,
        *,
        channel: str,
        account: str = "main",
        customer: str | Ref | None = None,
        case: str | Ref | None = None,
        topic: str | None = None,
        due: datetime | None = None,
        queue: str | None = None,
        skills: Mapping[str, int] | None = None,
        priority: int = 0,
        agent: str | None = None,
    ) -> RequestedCallback:
        """Have somebody called who is in no live contact: who filled in a form, chats, or is to be told something.

        Args:
            address: whom to call.
            channel: a live channel of the plan, on which they are called.
            account: the company's own account on it.
            customer: whose callback it is; that of the case, or who has the address, unless given.
            case: what it is about; else the customer's open case on the topic, or the one last talked of at that
                address, or a new one.
            topic: what it is about, in the plan's or the application's words.
            due: when the callback begins to wait, with a time zone; at once unless given.
            queue: where it waits, instead of the channel's own queue.
            skills: skill -> least level that the agent must have, on top of the queue's.
            priority: minutes of waiting that it is worth more than others of its queue.
            agent: who is asked first, where the queue's steps begin with whoever knows the customer.

        Returns:
            The callback; the one that there is if the customer has one in that case already.

        Raises:
            MalformedMessage: the address is not well formed, or `due` has no time zone.
            CommandRefused: the channel is not live, `due` is past or too far ahead, or something named is not known.
        """
        where = customer, case, topic, _due_us(due), queue, dict(skills or {}), priority, agent
        requested = await self.execute(ScheduleCallback(channel, account, self.key.address(_person(address)), *where))
        assert isinstance(requested, RequestedCallback)
        return requested

    async def whom_to_call(self, interaction: str | Ref) -> Email | Phone | Handle | None:
        """The address at which the customer of a callback is to be called; None once it is erased.

        Raises:
            UnknownId: there is no such callback.
        """
        key = await self._id("interaction", interaction)
        return await in_thread(lambda: whom_to_call(self.journal, key, self._whose(key)))

    async def report_dialing(self, interaction: str | Ref, token: int, outcome: str) -> Dialed:
        """Tell what became of calling a customer who is called before any agent is asked.

        Args:
            interaction: the callback.
            token: that of the `CallbackDialing` that asked for the call.
            outcome: answered, busy, no_answer, wrong_number or machine.

        Returns:
            Whether the customer now waits for an agent, and when they are called again if not.

        Raises:
            CommandRefused: the call is over: it was reported already, is too late, or is wanted no more. Whoever
                answered nevertheless is to be told.
        """
        dialed = await self.execute(ReportDialing(interaction, token, outcome))
        assert isinstance(dialed, Dialed)
        return dialed

    async def reschedule_callback(self, interaction: str | Ref, due: datetime) -> None:
        """Call the customer back at another time.

        Raises:
            MalformedMessage: `due` has no time zone.
            CommandRefused: the customer was reached or the callback is over, or `due` is past or too far ahead.
        """
        due_us = _due_us(due)
        assert due_us is not None  # there is a time
        await self.execute(RescheduleCallback(interaction, due_us))

    async def cancel_callback(self, interaction: str | Ref, reason: str) -> None:
        """Do not call the customer back.

        Raises:
            CommandRefused: the customer was reached, or the callback is over.
        """
        await self.execute(CancelCallback(interaction, reason))

    async def timeline(self, customer: str | Ref, *, actor: str | None = None) -> list[Entry]:
        """One history of a customer over all channels, teams and cases, oldest first.

        Args:
            customer: their id, or the application's own key.
            actor: for whom it is read, as `agent:ana` or `customer:cu7`; what the plan's roles do not show them is
                withheld. None is the application itself.

        Raises:
            UnknownId: nothing is known of such a customer.
            NotPermitted: the actor is nobody known, or another customer who has no part in any case of this one.
        """
        key, reader = await self._id("customer", customer), await self._reader(actor)
        return await in_thread(lambda: timeline(self.journal, key, reader=reader))

    async def link_address(
        self, customer: str | Ref, address: Email | Phone | Handle, evidence: str, confidence: int = 100
    ) -> Linked:
        """Note that a customer can be reached, and may write, under another address, too.

        Args:
            customer: their id, or the application's own key.
            address: the other address. Whoever is known by it is merged into the customer.
            evidence: how it is known, in a word.
            confidence: how sure that is, 0 to 100.

        Raises:
            MalformedMessage: the address is not well formed.
            MergeVetoed: something forbids that it is theirs.
            CommandRefused: there is no such customer, or the address is blocked.
        """
        known = self.key.address(_person(address))
        linked = await self.execute(LinkAddress(customer, known, evidence, confidence))
        assert isinstance(linked, Linked)
        return linked

    async def unlink_address(self, customer: str | Ref, address: Email | Phone | Handle, reason: str) -> None:
        """Note that an address is the customer's no longer: whoever writes from it next is somebody else.

        Raises:
            MalformedMessage: the address is not well formed.
            CommandRefused: the customer is not known by it.
        """
        await self.execute(UnlinkAddress(customer, self.key.address(_person(address)), reason))

    async def confirm_address(
        self, customer: str | Ref, address: Email | Phone | Handle, channel: str | None = None
    ) -> None:
        """Note that a customer can be reached at an address that was given up, as something sent there came back.

        Args:
            customer: their id, or the application's own key.
            address: one that they are known by.
            channel: on which; None for all of them.

        Raises:
            MalformedMessage: the address is not well formed.
            CommandRefused: the customer is not known by it, or there is no such channel.
        """
        await self.execute(ConfirmAddress(customer, self.key.address(_person(address)), channel))

    async def set_participant(
        self,
        case: str | Ref,
        person: str | Ref | Email | Phone | Handle,
        role: str | None = None,
        *,
        acts: bool = False,
        evidence: str | None = None,
        actor: str | None = None,
    ) -> TakesPart:
        """Note that somebody other than the case's customer has a part in it, and which.

        Args:
            case: its id, or the application's own key.
            person: a customer's id, the application's own key for one, or an address at which they are reached.
            role: as which they take part, one of the plan's `participants` if it names any.
            acts: whether they act for the case's customer: they may ask for what the customer may.
            evidence: of the customer's consent to that, such as a document's number; needed where they begin to act.
            actor: who says so, as `agent:ana`.

        Raises:
            MalformedMessage: the address is not well formed.
            CommandRefused: there is no such case, customer or role, the case is closed or theirs, or no evidence.
        """
        participant = person if isinstance(person, str | Ref) else None
        address = self.key.address(_person(person)) if participant is None else None
        command = SetParticipant(case, participant, role, acts, address, evidence, actor=actor)
        taken = await self.execute(command)
        assert isinstance(taken, TakesPart)
        return taken

    async def export(self, customer: str | Ref) -> list[dict[str, Any]]:
        """Everything that is stored of a customer, under all their ids, oldest first, as plain data: for themself.

        Raises:
            UnknownId: nothing is stored of such a customer.
        """
        key = await self._id("customer", customer)
        return await in_thread(lambda: list(export(self.journal, key)))

    async def erase(self, customer: str | Ref, reason: str) -> None:
        """Forget a customer under all their ids; returns once nothing that tells who they were is stored any more.

        What happened stays without them: measures are the same. Commands of other processes that hold texts of theirs
        are dropped with their answers, after a week.

        Raises:
            CommandRefused: there is no such customer, or the actor may not.
            JournalUnavailable: it is not done yet; whoever owns the workspace goes on with it.
        """
        erased = await self.execute(EraseCustomer(customer, reason))
        assert isinstance(erased, Erased)
        left = set(erased.ids)
        done = self.events(erased.position, [ErasureDone])
        try:
            async for entry in done:
                assert isinstance(entry.event, ErasureDone)
                left.discard(entry.event.customer)
                if not left:
                    return
        finally:
            await done.aclose()
        raise JournalUnavailable("the workspace was left before all was erased: whoever owns it next goes on with it")

    async def disclosures(self, link: str) -> list[Disclosure]:
        """What two people who were taken for one were told of each other, oldest first.

        Args:
            link: the merge that was undone.

        Raises:
            UnknownId: there is no such merge that was undone.
        """
        return await in_thread(disclosures, self.journal, link)

    async def explain(self, interaction: str | Ref, *, full: bool = False, actor: str | None = None) -> Explanation:
        """Why an interaction went to whom it went: every offer with what was compared.

        Args:
            interaction: its id, or the application's own key.
            full: also list every agent with the first condition they failed, from the state rebuilt at each offer.
            actor: for whom it is read, as in `timeline`.

        Raises:
            UnknownId: there is no such interaction.
            NotPermitted: the actor is a customer, or nobody known.
            DefinitionError: `full`, and the plan orders agents by a score that this process does not have.
        """
        key, reader = await self._id("interaction", interaction), await self._reader(actor)
        customer, scores = self._whose(key), self._scores()
        return await in_thread(
            lambda: explain(self.journal, key, full=full, customer=customer, scores=scores, reader=reader)
        )

    async def _reader(self, actor: str | None) -> Reader:
        """Who an actor is, of which the journal tells."""
        return await in_thread(reader_of, self.journal, actor)

    def _scores(self) -> Scores | None:
        """The scores that plans may name, as far as this process has them."""
        return None

    async def _id(self, kind: str, name: str | Ref) -> str:
        """The id behind an id or a reference, of which the journal tells."""
        refuse_no_id(kind, name)
        return name if isinstance(name, str) else await in_thread(target_of, self.journal, kind, name)

    def _whose(self, interaction: str) -> str | None:
        """The customer of an interaction, if that can be told without reading the journal."""
        return None

    def reply_token(self, case: str) -> str:
        """An unguessable token for messages about a case: an answer that carries it comes back to the case."""
        return self.key.reply_token(case)

    def invitation_token(self, invitation: str) -> str:
        """The token that stands for `{token}` in an invitation's message: a contact that carries it comes by that."""
        return self.key.invitation_token(invitation)


def _person(address: object) -> Email | Phone | Handle:
    if not isinstance(address, Email | Phone | Handle):
        raise MalformedMessage("address", "must be an Email, a Phone or a Handle")
    return address


def _due_us(due: datetime | None) -> int | None:
    if due is None:
        return None
    if due.tzinfo is None:
        raise MalformedMessage("due", "needs a time zone: datetime.now(UTC), not datetime.now()")
    return since_epoch_us(due)
