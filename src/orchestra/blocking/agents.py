"""What an agent works with beside offers, without await: consults, and the contacts taken.

Generated from `orchestra.runtime.agents` by `tests/blocking_generator.py`; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from orchestra.blocking.amending import Amending
from orchestra.blocking.portal import Counterpart, Stream, as_is
from orchestra.journal.media import KeptMedia
from orchestra.model.attachments import Attachment, File
from orchestra.model.case_types import RESOLUTION
from orchestra.model.results import CaseRef, Promised, RequestedCallback, Stated, Written
from orchestra.model.templates import ApprovedTemplate
from orchestra.runtime import agents
from orchestra.runtime.context import Context, Question

__all__ = ["ActiveContact", "Consult"]


class Consult(Counterpart[agents.Consult]):
    """One agent asks another, or a queue, to help with a contact; or another agent to take it."""

    @property
    def id(self) -> str:
        """For the stateless form, `AcceptConsult(id, consulted, token)`."""
        return self._inner.id

    @property
    def token(self) -> int:
        """Proves that the answer is to this very consult."""
        return self._inner.token

    @property
    def agent(self) -> str:
        """Who has the contact, and asks."""
        return self._inner.agent

    @property
    def consulted(self) -> str:
        """Who is asked; of a queue, whoever takes part, once that was `answered`, and nobody, "", before."""
        return self._inner.consulted

    @property
    def queue(self) -> str | None:
        """Which queue is asked, if one is; where it waits, if that one overflows."""
        return self._inner.queue

    @property
    def interaction(self) -> str:
        """Id of the contact."""
        return self._inner.interaction

    @property
    def customer(self) -> str:
        """Whose it is."""
        return self._inner.customer

    @property
    def channel(self) -> str:
        """What it is on."""
        return self._inner.channel

    @property
    def purpose(self) -> str:
        """`consult`, or `transfer`: who accepts has the contact."""
        return self._inner.purpose

    @property
    def note(self) -> str | None:
        """What it is about, if the agent who asks has said so."""
        return self._inner.note

    @property
    def deadline(self) -> datetime | None:
        """An answer at or after it is too late; for whoever asks a queue there is none."""
        return self._inner.deadline

    def accept(self) -> ActiveContact:
        """Take part, as the agent who is asked; take the contact if it is a transfer.

        What it gives can be worked with from when the contact is this agent's: at once if it is a transfer, else if it
        is handed over (see `completed`). Where the channel `connects`, it returns once `ConfirmConnected` has come.

        Raises:
            OfferExpired: it timed out, was ended, they could not be connected, or the contact is over.
        """
        return ActiveContact(self._door, self._door.run(self._inner.accept))

    def context(self) -> Context:
        """What is known about the contact, for the agent who is asked or takes part, as `Offer.context`.

        Raises:
            NotPermitted: they are not asked and take no part, or not any more.
        """
        return self._door.run(self._inner.context)

    def decline(self, reason: str | None = None) -> None:
        """Refuse, as the agent who is asked.

        Raises:
            OfferExpired: it has ended or was answered already.
        """
        self._door.run(self._inner.decline, reason)

    def leave(self) -> None:
        """Take part no more, as the agent who was asked."""
        self._door.run(self._inner.leave)

    def answered(self) -> None:
        """Return when the other agent takes part; `consulted` says who that is.

        Raises:
            OfferExpired: they declined, did not answer in time or went away, or it was ended; `state` says which.
            JournalUnavailable: the workspace closed before that.
        """
        self._door.run(self._inner.answered)

    def completed(self) -> None:
        """Return when the contact is the consulted agent's.

        Raises:
            OfferExpired: they declined, did not answer in time, went away or left, or it was ended; `state` says which.
            JournalUnavailable: the workspace closed before that.
        """
        self._door.run(self._inner.completed)

    def merge(self) -> None:
        """Bring the agent who takes part together with the customer, as the agent who asked: a conference.

        Raises:
            NotAllowedInState: they have not answered yet, or as many talk with the customer as the channel allows.
            OfferExpired: it has ended already.
        """
        self._door.run(self._inner.merge)

    def transfer(self) -> None:
        """Hand the contact over to the agent who takes part, as the agent who asked.

        Raises:
            NotAllowedInState: they have not answered yet.
            OfferExpired: it has ended already.
        """
        self._door.run(self._inner.transfer)

    def end(self, reason: str | None = None) -> None:
        """Ask no more, or let the other agent go, as the agent who asked.

        Raises:
            OfferExpired: it has ended already.
        """
        self._door.run(self._inner.end, reason)


class ActiveContact(Amending[agents.ActiveContact]):
    """An interaction in an agent's hands."""

    @property
    def agent(self) -> str:
        """In whose hands."""
        return self._inner.agent

    @property
    def interaction(self) -> str:
        """Its id."""
        return self._inner.interaction

    @property
    def case(self) -> CaseRef:
        """Id and number of its case."""
        return self._inner.case

    @property
    def customer(self) -> str:
        """Whose it is."""
        return self._inner.customer

    @property
    def channel(self) -> str:
        """What it is on."""
        return self._inner.channel

    def messages(self, timeout: timedelta | None = None) -> Stream[str]:
        """What the customer writes in this interaction: what is there already, then new texts, until it is over.

        In a call that is steered it is the keys that they press, empty where they pressed none in time.

        Args:
            timeout: the iteration ends when nothing came for this long; None waits for ever.
        """
        return Stream(self._door, self._inner.messages(), as_is, timeout)

    def elsewhere(self, timeout: timedelta | None = None) -> Stream[Question]:
        """What the customer asks in other contacts that wait for this one: what is there already, then new questions.

        It ends when this one is over, or in other hands. Of what the agent is not shown there is no text.

        Args:
            timeout: the iteration ends when nothing came for this long; None waits for ever.
        """
        return Stream(self._door, self._inner.elsewhere(), as_is, timeout)

    def typing(self) -> None:
        """Show the customer that this agent is typing, where the channel can. Call it again and again meanwhile."""
        self._door.run_sync(self._inner.typing)

    def mark_read(self) -> None:
        """Show the customer that what they wrote last was read, where the channel can."""
        self._door.run_sync(self._inner.mark_read)

    def fetch(self, attachment: Attachment) -> KeptMedia:
        """A file of a message of the customer's timeline, as `Workspace.fetch_attachment` gives it to this agent.

        Raises:
            NotPermitted: the agent is not shown the message.
            UnknownId: there is no such file, or not any more.
            InvalidCommand: the workspace keeps no files.
            DeliveryRefused: it cannot be had.
            DeliveryUnavailable: it cannot be had now.
            JournalUnavailable: it cannot be kept now.
        """
        return self._door.run(self._inner.fetch, attachment)

    def context(self) -> Context:
        """What is known about it now, as `Offer.context`.

        Raises:
            NotPermitted: it is not in this agent's hands any more.
        """
        return self._door.run(self._inner.context)

    def reply(
        self,
        text: str,
        key: str | None = None,
        *,
        choices: Mapping[str, str] | None = None,
        media: Sequence[File] = (),
        template: ApprovedTemplate | None = None,
        answers: str | None = None,
        only_them: bool = False,
    ) -> Written:
        """Write to the customer on this channel; returns when it is durable and its delivery planned.

        Args:
            text: what to write.
            key: written once per interaction and key. Give your own to be able to ask again after a failure; without
                one each call writes a message of its own.
            choices: id -> label of what they can pick from, in order, at most 20: buttons where the channel has them,
                else a list. What they pick comes back as a message with that id (`MessageReceived.choice`).
            media: files to send, at most 20; with one the text may be empty. They are kept with the customer first. The
                first goes with the text where the channel can, the others follow as messages of their own. Where the
                channel carries no such file, its address or name is said instead, which the delivery notes as `lost`.
            template: what stands for the text where the channel lets no free words pass, since they wrote too long ago.
                Without one the delivery fails there, with the code `window`.
            answers: id of the message that it answers, where the channel shows that; as `Question.message` has it.
            only_them: where others can read along, say it to the customer alone; where the channel cannot, the delivery
                fails, and nothing is said in public.

        Guarantees:
            While nobody knows whether the message was stored, it is asked for again under the same key, a few times.

        Raises:
            CommandRefused: the interaction is not in this agent's hands, or the key was used for another text; or there
                are files and the workspace keeps none, or not of that size.
            JournalUnavailable: it may not be stored; with `outcome_unknown`, ask again with the same key.
        """
        return self._door.run(
            self._inner.reply,
            text,
            key,
            choices=choices,
            media=media,
            template=template,
            answers=answers,
            only_them=only_them,
        )

    def commit(
        self,
        subject: str,
        attribute: str,
        value: int | str | date,
        unit: str | None = None,
        *,
        until: datetime | None = None,
        supersedes: str | None = None,
    ) -> Stated:
        """Record what the customer was just told: a price, a day, what will be done.

        Args:
            subject: the application's own key for what it is about, as `order:81`.
            attribute: one of the plan's, as `price`.
            value: of the attribute's type: whole minor units of money (4900 for 49.00), a quantity, a day, a word.
            unit: the currency or unit; the plan's unless given.
            until: how long it holds, with a time zone; as long as the plan says unless given.
            supersedes: id of what was said before and is explicitly replaced by this.

        Raises:
            NotPermitted: the agent's roles do not let them grant that much; says how much they do.
            CommandRefused: the plan has no such attribute, or the value is not of its type.
        """
        return self._door.run(self._inner.commit, subject, attribute, value, unit, until=until, supersedes=supersedes)

    def tell_fact(self, fact: str, value: int | str | date) -> None:
        """Note what the customer was just told of their case, so that nobody need tell them the same again.

        Args:
            fact: what it is about, in the application's words, as `ready`; never personal data.
            value: what they were told: a word, a number, true or false, a day; never personal data.

        Raises:
            CommandRefused: the contact was moved to another case, or the fact or its value is too long.
        """
        self._door.run(self._inner.tell_fact, fact, value)

    def promise(self, what: str = RESOLUTION, due: datetime | None = None) -> Promised:
        """Note what the customer was just promised of their case.

        Args:
            what: a stage of it, which is to be over then; or `resolution`: the matter is done; or `update`: they hear
                of it.
            due: by when, with a time zone; what is foreseen unless given, or where nothing is, the next update.

        Raises:
            MalformedMessage: the time has no time zone.
            NotPermitted: no role of the agent's lets them promise that.
            CommandRefused: the case has no such stage, that was promised already for another time, or nothing can be
                foreseen.
        """
        return self._door.run(self._inner.promise, what, due)

    def hold(self) -> None:
        """Put the customer on hold."""
        self._door.run(self._inner.hold)

    def retrieve(self) -> None:
        """Take the customer back from hold."""
        self._door.run(self._inner.retrieve)

    def consult(self, agent: str, note: str | None = None) -> Consult:
        """Ask another agent for help. The customer stays here, whatever comes of it.

        Args:
            agent: whom to ask; they must be available and have room for one more of this channel.
            note: tells them what it is about.

        Raises:
            NotAllowedInState: they cannot be asked now, somebody else is asked already, or the contact is over.
        """
        return Consult(self._door, self._door.run(self._inner.consult, agent, note))

    def consult_queue(
        self, queue: str, note: str | None = None, *, skills: dict[str, int] | None = None, priority: int = 0
    ) -> Consult:
        """Ask whoever of a queue is best and free next for help. The customer stays here, whatever comes of it.

        Args:
            queue: where the consult waits, among the contacts there.
            note: tells whoever is asked what it is about.
            skills: skill -> least level, on top of what the queue asks for.
            priority: minutes of waiting that it is worth more than others there.

        Raises:
            NotAllowedInState: the queue is closed or full, somebody else is asked already, or the contact is over.
        """
        return Consult(
            self._door, self._door.run(self._inner.consult_queue, queue, note, skills=skills, priority=priority)
        )

    def transfer_to(self, agent: str, note: str | None = None) -> Consult:
        """Ask another agent to take the contact, which stays here until they do; `completed` tells.

        Args:
            agent: whom to ask; they must be available and have room for one more of this channel.
            note: tells them what it is about.

        Raises:
            NotAllowedInState: they cannot be asked now, somebody else is asked already, or the contact is over.
        """
        return Consult(self._door, self._door.run(self._inner.transfer_to, agent, note))

    def transfer(self, queue: str, skills: dict[str, int] | None = None) -> None:
        """Hand over to a queue; the customer keeps the place that the waiting so far has earned."""
        self._door.run(self._inner.transfer, queue, skills)

    def hand_over(
        self,
        queue: str | None = None,
        *,
        skills: dict[str, int] | None = None,
        priority: int = 0,
        topic: str | None = None,
        fields: dict[str, str | int | bool | None] | None = None,
        text: str | None = None,
        reason: str = "asked",
    ) -> None:
        """Hand over from a bot to people, who get it with its place and with what the bot has found out.

        Args:
            queue: where they wait; its own unless given.
            skills: skill -> least level, asked for on top of what is.
            priority: minutes of waiting that it is worth more than before.
            topic: what the case is about.
            fields: fields of the interaction that the plan declares.
            text: for whoever takes over; private.
            reason: why, in a word.

        Raises:
            CommandRefused: the agent is no bot or has it no longer, or the plan has no such queue, skill or field.
        """
        self._door.run(
            self._inner.hand_over,
            queue,
            skills=skills,
            priority=priority,
            topic=topic,
            fields=fields,
            text=text,
            reason=reason,
        )

    def call_back(self, at: datetime | None = None) -> RequestedCallback:
        """Have the customer of a live contact called back: when it is their turn, or at a time.

        Args:
            at: the time; None for their turn in the queue.

        Raises:
            InvalidCommand: the time lies in the past or too far ahead, or the contact is not live.
        """
        return self._door.run(self._inner.call_back, at)

    def report_callback(self, outcome: str) -> None:
        """Tell what became of dialling the customer: answered, busy, no_answer, wrong_number or machine."""
        self._door.run(self._inner.report_callback, outcome)

    def finish(self, disposition: str | None = None) -> None:
        """End the contact. Wrap-up follows where the channel has one."""
        self._door.run(self._inner.finish, disposition)

    def finish_wrap_up(self, disposition: str | None = None) -> None:
        """End wrap-up before its time; after a transfer, that of the agent's own part.

        Raises:
            TooSoon: the channel's wrap-up is `fixed`, so that its time alone ends it.
            InvalidCommand: the channel's wrap-up needs a disposition, and none has been given.
        """
        self._door.run(self._inner.finish_wrap_up, disposition)
