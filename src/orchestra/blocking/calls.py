"""What every way into a workspace offers, without await: commands and history.

Generated from `orchestra.runtime.calls` by `tests/blocking_generator.py`; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from orchestra.blocking.portal import Opened
from orchestra.journal.port import Journal
from orchestra.model.addresses import Email, Handle, Phone, Ref
from orchestra.model.message import Contact, Message
from orchestra.model.results import (
    ActionAsked,
    Dialed,
    Linked,
    Received,
    RequestedCallback,
    Stated,
    TakesPart,
    WorkOpened,
)
from orchestra.model.work import WorkItem
from orchestra.runtime import calls
from orchestra.runtime.history.disclosures import Disclosure
from orchestra.runtime.history.explain import Explanation
from orchestra.runtime.history.timeline import Entry
from orchestra.runtime.keys import WorkspaceKey

__all__ = ["Calls"]


AnyCalls = TypeVar("AnyCalls", bound=calls.Calls)


class Calls(Opened[AnyCalls]):
    """Commands, and what the journal tells. Reads see what is durable, and only that."""

    @property
    def journal(self) -> Journal:
        """Where it is kept. Its reading calls may be made from any thread."""
        return self._inner.journal

    @property
    def key(self) -> WorkspaceKey:
        """The workspace's key: hashes addresses, makes reply tokens."""
        return self._inner.key

    def receive(self, contact: Message | Contact) -> Received:
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
        return self._door.run(self._inner.receive, contact)

    def open_work_item(self, item: WorkItem) -> WorkOpened:
        """Ask for work on a customer's matter. Opened once per (channel, key), however often it is asked for.

        Returns:
            Interaction, case and customer it belongs to, once that is durable.

        Raises:
            MalformedMessage: a field is of another type, the key is not well formed, or the text too long.
            CommandRefused: the plan has no such channel, queue, skill or field, or nothing has that id.
            JournalUnavailable: it may not be stored; ask again with the same key.
        """
        return self._door.run(self._inner.open_work_item, item)

    def report_fact(
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
        return self._door.run(
            self._inner.report_fact,
            by,
            subject,
            attribute,
            value,
            unit,
            case=case,
            customer=customer,
            until=until,
            source=source,
        )

    def request_action(
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
        return self._door.run(
            self._inner.request_action, action, key, values, case=case, customer=customer, interaction=interaction
        )

    def request_callback(
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
        return self._door.run(self._inner.request_callback, interaction, due=due, agent=agent)

    def schedule_callback(
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
        return self._door.run(
            self._inner.schedule_callback,
            address,
            channel=channel,
            account=account,
            customer=customer,
            case=case,
            topic=topic,
            due=due,
            queue=queue,
            skills=skills,
            priority=priority,
            agent=agent,
        )

    def whom_to_call(self, interaction: str | Ref) -> Email | Phone | Handle | None:
        """The address at which the customer of a callback is to be called; None once it is erased.

        Raises:
            UnknownId: there is no such callback.
        """
        return self._door.run(self._inner.whom_to_call, interaction)

    def report_dialing(self, interaction: str | Ref, token: int, outcome: str) -> Dialed:
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
        return self._door.run(self._inner.report_dialing, interaction, token, outcome)

    def reschedule_callback(self, interaction: str | Ref, due: datetime) -> None:
        """Call the customer back at another time.

        Raises:
            MalformedMessage: `due` has no time zone.
            CommandRefused: the customer was reached or the callback is over, or `due` is past or too far ahead.
        """
        self._door.run(self._inner.reschedule_callback, interaction, due)

    def cancel_callback(self, interaction: str | Ref, reason: str) -> None:
        """Do not call the customer back.

        Raises:
            CommandRefused: the customer was reached, or the callback is over.
        """
        self._door.run(self._inner.cancel_callback, interaction, reason)

    def timeline(self, customer: str | Ref, *, actor: str | None = None) -> list[Entry]:
        """One history of a customer over all channels, teams and cases, oldest first.

        Args:
            customer: their id, or the application's own key.
            actor: for whom it is read, as `agent:ana` or `customer:cu7`; what the plan's roles do not show them is
                withheld. None is the application itself.

        Raises:
            UnknownId: nothing is known of such a customer.
            NotPermitted: the actor is nobody known, or another customer who has no part in any case of this one.
        """
        return self._door.run(self._inner.timeline, customer, actor=actor)

    def link_address(
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
        return self._door.run(self._inner.link_address, customer, address, evidence, confidence)

    def unlink_address(self, customer: str | Ref, address: Email | Phone | Handle, reason: str) -> None:
        """Note that an address is the customer's no longer: whoever writes from it next is somebody else.

        Raises:
            MalformedMessage: the address is not well formed.
            CommandRefused: the customer is not known by it.
        """
        self._door.run(self._inner.unlink_address, customer, address, reason)

    def confirm_address(self, customer: str | Ref, address: Email | Phone | Handle, channel: str | None = None) -> None:
        """Note that a customer can be reached at an address that was given up, as something sent there came back.

        Args:
            customer: their id, or the application's own key.
            address: one that they are known by.
            channel: on which; None for all of them.

        Raises:
            MalformedMessage: the address is not well formed.
            CommandRefused: the customer is not known by it, or there is no such channel.
        """
        self._door.run(self._inner.confirm_address, customer, address, channel)

    def set_participant(
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
        return self._door.run(
            self._inner.set_participant, case, person, role, acts=acts, evidence=evidence, actor=actor
        )

    def export(self, customer: str | Ref) -> list[dict[str, Any]]:
        """Everything that is stored of a customer, under all their ids, oldest first, as plain data: for themself.

        Raises:
            UnknownId: nothing is stored of such a customer.
        """
        return self._door.run(self._inner.export, customer)

    def erase(self, customer: str | Ref, reason: str) -> None:
        """Forget a customer under all their ids; returns once nothing that tells who they were is stored any more.

        What happened stays without them: measures are the same. Commands of other processes that hold texts of theirs
        are dropped with their answers, after a week.

        Raises:
            CommandRefused: there is no such customer, or the actor may not.
            JournalUnavailable: it is not done yet; whoever owns the workspace goes on with it.
        """
        self._door.run(self._inner.erase, customer, reason)

    def disclosures(self, link: str) -> list[Disclosure]:
        """What two people who were taken for one were told of each other, oldest first.

        Args:
            link: the merge that was undone.

        Raises:
            UnknownId: there is no such merge that was undone.
        """
        return self._door.run(self._inner.disclosures, link)

    def explain(self, interaction: str | Ref, *, full: bool = False, actor: str | None = None) -> Explanation:
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
        return self._door.run(self._inner.explain, interaction, full=full, actor=actor)

    def reply_token(self, case: str) -> str:
        """An unguessable token for messages about a case: an answer that carries it comes back to the case."""
        return self._door.run_sync(self._inner.reply_token, case)

    def invitation_token(self, invitation: str) -> str:
        """The token that stands for `{token}` in an invitation's message: a contact that carries it comes by that."""
        return self._door.run_sync(self._inner.invitation_token, invitation)
