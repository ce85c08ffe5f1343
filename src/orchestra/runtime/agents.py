"""What an agent works with beside offers: consults, and the contacts taken."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import date, datetime

from orchestra.journal.media import KeptMedia
from orchestra.model import commands as c, events as e
from orchestra.model.attachments import Attachment, File
from orchestra.model.case_types import RESOLUTION
from orchestra.model.instants import instant, since_epoch_us
from orchestra.model.results import (
    Accepted,
    CaseRef,
    Consulted,
    Consulting,
    ConsultingQueue,
    Promised,
    RequestedCallback,
    Stated,
    Written,
)
from orchestra.model.templates import ApprovedTemplate, template_data
from orchestra.runtime.amending import Amending
from orchestra.runtime.attached import file_to_send
from orchestra.runtime.commitments import plain_value, until_us
from orchestra.runtime.context import Context, Question
from orchestra.runtime.desk import Desk, until_consult, until_known
from orchestra.runtime.hearing import asked_elsewhere, said_in
from orchestra.runtime.journeys import instant_us

__all__ = ["ActiveContact", "Consult"]


class Consult:
    """One agent asks another, or a queue, to help with a contact; or another agent to take it.

    Attributes:
        id: for the stateless form, `AcceptConsult(id, consulted, token)`.
        token: proves that the answer is to this very consult.
        agent: who has the contact, and asks.
        consulted: who is asked; of a queue, whoever takes part, once that was `answered`, and nobody, "", before.
        queue: which queue is asked, if one is; where it waits, if that one overflows.
        interaction: id of the contact.
        customer: whose it is.
        channel: what it is on.
        purpose: `consult`, or `transfer`: who accepts has the contact.
        note: what it is about, if the agent who asks has said so.
        deadline: an answer at or after it is too late; for whoever asks a queue there is none.
    """

    id: str
    token: int
    agent: str
    consulted: str
    queue: str | None
    interaction: str
    customer: str
    channel: str
    purpose: str
    note: str | None
    deadline: datetime | None

    def __init__(self, workspace: Desk, event: e.ConsultAsked, note: str | None = None) -> None:
        self._workspace = workspace
        self.id = event.consult
        self.token = event.token
        self.agent = event.agent
        self.consulted = event.consulted
        self.queue = event.queue
        self.interaction = event.interaction
        self.customer = event.customer
        self.channel = event.channel
        self.purpose = event.purpose
        self.note = event.note if note is None else note
        self.deadline = instant(event.deadline_us) if event.token else None

    def __repr__(self) -> str:
        return f"Consult({self.id!r}, interaction={self.interaction!r}, consulted={self.consulted!r})"

    async def accept(self) -> ActiveContact:
        """Take part, as the agent who is asked; take the contact if it is a transfer.

        What it gives can be worked with from when the contact is this agent's: at once if it is a transfer, else if it
        is handed over (see `completed`). Where the channel `connects`, it returns once `ConfirmConnected` has come.

        Raises:
            OfferExpired: it timed out, was ended, they could not be connected, or the contact is over.
        """
        consulted: Consulted = await self._workspace.execute(c.AcceptConsult(self.id, self.consulted, self.token))
        if consulted.is_connecting:
            await self.answered()
        return ActiveContact(self._workspace, consulted, self.consulted, self.channel)

    async def context(self) -> Context:
        """What is known about the contact, for the agent who is asked or takes part, as `Offer.context`.

        Raises:
            NotPermitted: they are not asked and take no part, or not any more.
        """
        return await self._workspace.context_of(self.interaction, self.consulted)

    async def decline(self, reason: str | None = None) -> None:
        """Refuse, as the agent who is asked.

        Raises:
            OfferExpired: it has ended or was answered already.
        """
        await self._workspace.execute(c.DeclineConsult(self.id, self.consulted, self.token, reason))

    async def leave(self) -> None:
        """Take part no more, as the agent who was asked."""
        await self._workspace.execute(c.LeaveConsult(self.id, self.consulted))

    async def answered(self) -> None:
        """Return when the other agent takes part; `consulted` says who that is.

        Raises:
            OfferExpired: they declined, did not answer in time or went away, or it was ended; `state` says which.
            JournalUnavailable: the workspace closed before that.
        """
        await self._until(e.ConsultAccepted)

    async def completed(self) -> None:
        """Return when the contact is the consulted agent's.

        Raises:
            OfferExpired: they declined, did not answer in time, went away or left, or it was ended; `state` says which.
            JournalUnavailable: the workspace closed before that.
        """
        await self._until(e.TransferCompleted)

    async def _until(self, awaited: type[e.ConsultAccepted | e.TransferCompleted]) -> None:
        event = await until_consult(self._workspace, self.id, self.interaction, self.customer, awaited)
        self.consulted = event.consulted if isinstance(event, e.ConsultAccepted) else event.to

    async def merge(self) -> None:
        """Bring the agent who takes part together with the customer, as the agent who asked: a conference.

        Raises:
            NotAllowedInState: they have not answered yet, or as many talk with the customer as the channel allows.
            OfferExpired: it has ended already.
        """
        await self._workspace.execute(c.MergeConsult(self.id, self.agent))

    async def transfer(self) -> None:
        """Hand the contact over to the agent who takes part, as the agent who asked.

        Raises:
            NotAllowedInState: they have not answered yet.
            OfferExpired: it has ended already.
        """
        await self._workspace.execute(c.CompleteTransfer(self.id, self.agent))

    async def end(self, reason: str | None = None) -> None:
        """Ask no more, or let the other agent go, as the agent who asked.

        Raises:
            OfferExpired: it has ended already.
        """
        await self._workspace.execute(c.EndConsult(self.id, self.agent, reason))


class ActiveContact(Amending):
    """An interaction in an agent's hands.

    Attributes:
        agent: in whose hands.
        interaction: its id.
        case: id and number of its case.
        customer: whose it is.
        channel: what it is on.
    """

    agent: str
    interaction: str
    case: CaseRef
    customer: str
    channel: str

    def __init__(self, workspace: Desk, accepted: Accepted | Consulted, agent: str, channel: str) -> None:
        self._workspace = workspace
        self.agent = agent
        self.interaction = accepted.interaction
        self.case = accepted.case
        self.customer = accepted.customer
        self.channel = channel

    def __repr__(self) -> str:
        return f"ActiveContact({self.interaction!r}, case={self.case.number!r}, agent={self.agent!r})"

    async def messages(self) -> AsyncGenerator[str, None]:
        """What the customer writes in this interaction: what is there already, then new texts, until it is over.

        In a call that is steered it is the keys that they press, empty where they pressed none in time.
        """
        async with aclosing(said_in(self._workspace, self.interaction, self.customer, self.agent)) as texts:
            async for text in texts:
                yield text

    async def elsewhere(self) -> AsyncGenerator[Question, None]:
        """What the customer asks in other contacts that wait for this one: what is there already, then new questions.

        It ends when this one is over, or in other hands. Of what the agent is not shown there is no text.
        """
        heard = asked_elsewhere(self._workspace, self.interaction, self.customer, self.agent)
        async with aclosing(heard) as questions:
            async for question in questions:
                yield question

    def typing(self) -> None:
        """Show the customer that this agent is typing, where the channel can. Call it again and again meanwhile."""
        self._workspace.typing(self.interaction, self.agent)

    def mark_read(self) -> None:
        """Show the customer that what they wrote last was read, where the channel can."""
        self._workspace.mark_read(self.interaction)

    async def fetch(self, attachment: Attachment) -> KeptMedia:
        """A file of a message of the customer's timeline, as `Workspace.fetch_attachment` gives it to this agent.

        Raises:
            NotPermitted: the agent is not shown the message.
            UnknownId: there is no such file, or not any more.
            InvalidCommand: the workspace keeps no files.
            DeliveryRefused: it cannot be had.
            DeliveryUnavailable: it cannot be had now.
            JournalUnavailable: it cannot be kept now.
        """
        return await self._workspace.fetch_attachment(self.customer, attachment, actor=f"agent:{self.agent}")

    async def context(self) -> Context:
        """What is known about it now, as `Offer.context`.

        Raises:
            NotPermitted: it is not in this agent's hands any more.
        """
        return await self._workspace.context_of(self.interaction, self.agent)

    async def reply(
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
        picks = None if choices is None else [[name, label] for name, label in choices.items()]
        files = [file_to_send(await self._workspace.keep_file(self.customer, one), one.name) for one in media]
        key = key or self._workspace.reply_key()
        command = c.WriteReply(self.interaction, self.agent, text, key, choices=picks, media=files or None)
        command.template, command.answers, command.only_them = template_data(template), answers, only_them
        return await until_known(self._workspace, command)

    async def commit(
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
        command = c.MakeCommitment(
            subject,
            attribute,
            plain_value(value),
            unit,
            case=self.case.id,
            until_us=until_us(until),
            source=self.interaction,
            supersedes=supersedes,
            actor=f"agent:{self.agent}",
        )
        stated: Stated = await self._workspace.execute(command)
        return stated

    async def tell_fact(self, fact: str, value: int | str | date) -> None:
        """Note what the customer was just told of their case, so that nobody need tell them the same again.

        Args:
            fact: what it is about, in the application's words, as `ready`; never personal data.
            value: what they were told: a word, a number, true or false, a day; never personal data.

        Raises:
            CommandRefused: the contact was moved to another case, or the fact or its value is too long.
        """
        actor = f"agent:{self.agent}"
        await self._workspace.execute(c.TellFact(self.case.id, fact, plain_value(value), self.interaction, actor=actor))

    async def promise(self, what: str = RESOLUTION, due: datetime | None = None) -> Promised:
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
        actor, due_us = f"agent:{self.agent}", instant_us("due", due)
        command = c.MakePromise(self.case.id, what, due_us, interaction=self.interaction, actor=actor)
        promised: Promised = await self._workspace.execute(command)
        return promised

    async def hold(self) -> None:
        """Put the customer on hold."""
        await self._workspace.execute(c.HoldInteraction(self.interaction, self.agent))

    async def retrieve(self) -> None:
        """Take the customer back from hold."""
        await self._workspace.execute(c.RetrieveInteraction(self.interaction, self.agent))

    async def consult(self, agent: str, note: str | None = None) -> Consult:
        """Ask another agent for help. The customer stays here, whatever comes of it.

        Args:
            agent: whom to ask; they must be available and have room for one more of this channel.
            note: tells them what it is about.

        Raises:
            NotAllowedInState: they cannot be asked now, somebody else is asked already, or the contact is over.
        """
        return await self._ask(c.AskConsult(self.interaction, self.agent, agent, note), agent, "consult")

    async def consult_queue(
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
        command = c.ConsultQueue(self.interaction, self.agent, queue, skills or {}, priority, note)
        asked: ConsultingQueue = await self._workspace.execute(command)
        names = (asked.consult, self.interaction, self.customer, self.agent, "", self.channel)
        return Consult(self._workspace, e.ConsultAsked(*names, 0, 0, 0, queue=asked.queue), note)

    async def transfer_to(self, agent: str, note: str | None = None) -> Consult:
        """Ask another agent to take the contact, which stays here until they do; `completed` tells.

        Args:
            agent: whom to ask; they must be available and have room for one more of this channel.
            note: tells them what it is about.

        Raises:
            NotAllowedInState: they cannot be asked now, somebody else is asked already, or the contact is over.
        """
        return await self._ask(c.TransferToAgent(self.interaction, self.agent, agent, note), agent, "transfer")

    async def _ask(self, command: c.AskConsult | c.TransferToAgent, agent: str, purpose: str) -> Consult:
        asked: Consulting = await self._workspace.execute(command)
        names = (asked.consult, self.interaction, self.customer, self.agent, agent, self.channel)
        event = e.ConsultAsked(*names, asked.token, asked.weight_percent, asked.deadline_us, purpose, command.note)
        return Consult(self._workspace, event)

    async def transfer(self, queue: str, skills: dict[str, int] | None = None) -> None:
        """Hand over to a queue; the customer keeps the place that the waiting so far has earned."""
        await self._workspace.execute(c.TransferInteraction(self.interaction, self.agent, queue, skills or {}))

    async def hand_over(
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
        found = skills or {}, priority, topic, fields or {}, reason, text
        await self._workspace.execute(c.HandOver(self.interaction, self.agent, queue, *found))

    async def call_back(self, at: datetime | None = None) -> RequestedCallback:
        """Have the customer of a live contact called back: when it is their turn, or at a time.

        Args:
            at: the time; None for their turn in the queue.

        Raises:
            InvalidCommand: the time lies in the past or too far ahead, or the contact is not live.
        """
        due_us = None if at is None else since_epoch_us(at)
        command = c.RequestCallback(self.interaction, due_us, self.agent, actor=f"agent:{self.agent}")
        requested: RequestedCallback = await self._workspace.execute(command)
        return requested

    async def report_callback(self, outcome: str) -> None:
        """Tell what became of dialling the customer: answered, busy, no_answer, wrong_number or machine."""
        await self._workspace.execute(c.ReportCallback(self.interaction, self.agent, outcome))

    async def finish(self, disposition: str | None = None) -> None:
        """End the contact. Wrap-up follows where the channel has one."""
        await self._workspace.execute(c.FinishInteraction(self.interaction, self.agent, disposition))

    async def finish_wrap_up(self, disposition: str | None = None) -> None:
        """End wrap-up before its time; after a transfer, that of the agent's own part.

        Raises:
            TooSoon: the channel's wrap-up is `fixed`, so that its time alone ends it.
            InvalidCommand: the channel's wrap-up needs a disposition, and none has been given.
        """
        await self._workspace.execute(c.FinishWrapUp(self.interaction, self.agent, disposition))
