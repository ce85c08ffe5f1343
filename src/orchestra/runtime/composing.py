"""What a delivery carries, as the adapter's plan: the message that was written, or what stands for it there.

Belongs here: whom it goes to, which values an adapter is asked to carry, in which order, and what was lost on the way.
Does not: carrying the plan out (`sending`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence

import attrs

from orchestra.channels.account import Conversation
from orchestra.channels.capabilities import Capabilities
from orchestra.channels.outbound import Choice, Choices, Media, Message, Outbound, Template
from orchestra.channels.parts import Identity, MediaKind, TextFormat
from orchestra.channels.sending import Failed, Refused, SendPlan
from orchestra.channels.windows import WINDOW_IS_SHUT
from orchestra.codec import decode_event
from orchestra.engine.contacts import state as contacts
from orchestra.engine.deliveries.state import Delivery
from orchestra.journal.media import KeptMedia
from orchestra.model import events as e
from orchestra.model.attachments import in_words
from orchestra.model.escaping import TOKEN, escape
from orchestra.model.identity import SERVICE
from orchestra.model.instants import instant
from orchestra.runtime.amending import changes
from orchestra.runtime.announcing import steered_action
from orchestra.runtime.filing import Files
from orchestra.runtime.history.people import person_of
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.lines import Line
from orchestra.runtime.outcomes import ADAPTER_FAULT, checked_plan
from orchestra.runtime.owner import Owner
from orchestra.runtime.threads import in_thread

__all__ = ["Composed", "Composing", "listed", "with_token"]

_ADDRESSES = ("CustomerAdded", "AddressLinked")
_NOBODY = Identity("none", "")

_log = logging.getLogger("orchestra.sending")


@attrs.frozen
class _Way:
    """One way of saying it, and what is lost by it."""

    message: Outbound
    lost: tuple[str, ...] = ()


@attrs.frozen
class _Place:
    """What the channel can do there, and the provider's id of the message that is answered."""

    able: Capabilities
    answered: str | None


@attrs.frozen
class Composed:
    """What is sent, to whom, and how the adapter sends it."""

    plan: SendPlan
    message: Outbound
    to: Conversation


class Composing:
    """Asks adapters how they would carry what was written, or have a call do what it is to do.

    Args:
        owner: whose deliveries.
        files: those that messages bring.
        phones: agent -> where they are called.
    """

    def __init__(self, owner: Owner, files: Files, phones: Mapping[str, str]) -> None:
        self._owner = owner
        self._files = files
        self._phones = phones

    async def plan(self, delivery: str, row: Delivery, line: Line) -> Composed | Failed:
        """The adapter's plan for a delivery's message."""
        conversation = self._owner.view.contacts.conversations[row.conversation]
        written, to = await in_thread(self._fetch, row, conversation)
        if isinstance(written, e.MessageAmended):
            return await self._amendment(delivery, row, written, line, to)
        if isinstance(written, e.CallSteered):
            action = steered_action(self._owner.view, written, self._owner.key.delivery_key(delivery), self._phones)
            return self._asked(delivery, [_Way(action)], line, to or Conversation(recipient=_NOBODY))
        if written is None or (written.text is None and written.media is None) or to is None:
            return Failed("erased")
        file = None
        if written.media is not None:
            file = await self._file(conversation.customer, str(written.media[0]["digest"]))
            if file is None:
                return Failed("no_file")
        able, answered = self._able(delivery, line, to), None
        if written.answers is not None or able.public is True:
            writer = conversation.customer
            answered = await in_thread(self.newest, row.conversation, writer, written.answers, row.body)
        ways = list(self._ways(delivery, row, written, file, _Place(able, answered)))
        has_none = able.template_required_outside_window is True and to.last_inbound_at is None
        is_shut = has_none or row.instead_of is not None
        call = self._owner.view.calls.calls.get(row.interaction or "")
        to = to if call is None else attrs.evolve(to, id=call.call_id)
        return self._asked(delivery, ways, line, to, is_shut=is_shut)

    async def _amendment(
        self, delivery: str, row: Delivery, amended: e.MessageAmended, line: Line, to: Conversation | None
    ) -> Composed | Failed:
        """The adapter's plan for what is to become of a message, in as many steps as it has parts there."""
        if to is None or (amended.act == "corrected" and amended.text is None):
            return Failed("erased")
        text = amended.text
        if row.of is None:
            found = await in_thread(self.newest, row.conversation, row.customer, row.message)
            ids = [] if found is None else [found]
        else:
            of = self._owner.view.deliveries.deliveries[row.of]
            ids = of.provider_ids
            original = await in_thread(self._written, of.body)
            if isinstance(original, e.MessageWritten) and not self._able(delivery, line, to).buttons_max:
                text = listed(text or "", original) if original.choices is not None else text
        values = changes(amended.act, ids, self._owner.key.delivery_key(delivery), text)
        plans = [self._asked(delivery, [_Way(value)], line, to) for value in values]
        steps = [step for plan in plans if isinstance(plan, Composed) for step in plan.plan.steps]
        failed = next((plan for plan in plans if isinstance(plan, Failed)), None if plans else Failed("not_found"))
        return failed or Composed(SendPlan(tuple(steps)), values[0], to)

    def _able(self, delivery: str, line: Line, to: Conversation) -> Capabilities:
        """What the channel can do there; the poorest of all where the adapter cannot tell."""
        try:
            return line.adapter.capabilities(line.account, to)
        except Exception as error:  # noqa: BLE001 - a plug-in's fault
            _log.error(
                "%s: adapter of %s cannot tell its capabilities: %s", delivery, line.channel, type(error).__name__
            )
            return Capabilities()

    def _asked(
        self, delivery: str, ways: Sequence[_Way], line: Line, to: Conversation, *, is_shut: bool = False
    ) -> Composed | Failed:
        try:
            return self._encoded(ways, line, to, is_shut=is_shut)
        except Exception as error:  # noqa: BLE001 - a plug-in's fault ends its own message, and nothing else
            _log.error("%s: adapter of %s cannot encode: %s", delivery, line.channel, type(error).__name__)
            return Failed(ADAPTER_FAULT)

    def _encoded(self, ways: Sequence[_Way], line: Line, to: Conversation, *, is_shut: bool) -> Composed | Failed:
        """The first way that the adapter would go; where it goes none, why it does not go the first.

        Behind a shut window no free words pass, whatever they say; before nothing but free words is tried. Whoever has
        never written there has opened none.
        """
        now = instant(self._owner.clock.now_us())
        refusal = WINDOW_IS_SHUT if is_shut and any(isinstance(way.message, Template) for way in ways) else None
        for way in ways:
            is_approved = isinstance(way.message, Template)
            if is_approved != (refusal is not None and refusal.code == WINDOW_IS_SHUT.code):
                continue
            given = line.adapter.encode(way.message, line.account, to, now)
            if isinstance(given, Refused):
                refusal = given if is_approved else refusal or given
                continue
            plan = checked_plan(given)
            return plan if isinstance(plan, Failed) else Composed(_losing(plan, way.lost), way.message, to)
        assert refusal is not None  # there is at least one way
        failed = checked_plan(refusal)
        assert isinstance(failed, Failed)  # that is what a refusal is by now
        return failed

    def _ways(
        self, delivery: str, row: Delivery, written: e.MessageWritten, file: KeptMedia | None, place: _Place
    ) -> Iterator[_Way]:
        """How it can be said, the best first."""
        key = self._owner.key.delivery_key(delivery)
        text = None if written.text is None else with_token(row, written.text, self._owner.key)
        unthreaded = () if written.answers is None else ("reply_to",)
        if file is not None:
            yield from self._with_file(key, row, written, text, file, unthreaded)
        elif written.choices is not None and not place.able.buttons_max:
            words = self._message(key, row, written, listed(text or "", written))
            for way in self._in_words(row, written, words, place):
                yield attrs.evolve(way, lost=(*way.lost, "choices_as_text"))
        elif written.choices is not None:
            choices = tuple(Choice(name, label) for name, label in written.choices)
            yield _Way(Choices(key=key, text=text or "", choices=choices), unthreaded)
        else:
            yield from self._in_words(row, written, self._message(key, row, written, text or ""), place)
        if written.template is not None:
            name, language, *parameters = (with_token(row, one, self._owner.key) for one in written.template)
            approved = Template(key=key, name=name, language=language, parameters=tuple(parameters))
            yield _Way(approved, ("as_template", *unthreaded))

    @staticmethod
    def _in_words(row: Delivery, written: e.MessageWritten, message: Message, place: _Place) -> Iterator[_Way]:
        """Where others can read along, under what it answers; and what is for nobody else to them alone.

        An invitation is written in public where the channel can do no other: its token is not enough to be believed.
        """
        is_lost = written.answers is not None and place.answered is None
        lost = ("reply_to",) if is_lost else ()
        message = attrs.evolve(message, reply_to=place.answered)
        if not (written.only_them and place.able.public is True):
            yield _Way(message, lost)
            return
        yield _Way(attrs.evolve(message, is_private=True), lost)
        if row.topic == "invitation":
            yield _Way(message, (*lost, "private"))

    def _message(self, key: str, row: Delivery, written: e.MessageWritten, text: str) -> Message:
        return Message(
            key=key,
            text=text,
            format=TextFormat(written.medium or "plain"),
            subject=written.title,
            is_automatic=row.automatic or written.agent in self._owner.view.bots.bots,
            purpose=None if row.purpose == SERVICE else row.purpose,
        )

    def _with_file(
        self,
        key: str,
        row: Delivery,
        written: e.MessageWritten,
        text: str | None,
        file: KeptMedia,
        unthreaded: tuple[str, ...],
    ) -> Iterator[_Way]:
        """The file itself; where the channel takes no such bytes its address; where it has none its name, once."""
        assert written.media is not None
        told = written.media[0]
        name, kind = told.get("name"), MediaKind(told["kind"])
        named = None if name is None else str(name)
        whole = Media(
            key=key, kind=kind, content_type=file.content_type, data=file.data, name=named, caption=text or None
        )
        lost = unthreaded if written.title is None else (*unthreaded, "subject")
        yield _Way(whole, lost)
        url = self._files.link(row.customer, file)
        if url is not None:
            yield _Way(attrs.evolve(whole, data=None, url=url), lost)
        words = in_words(text, written.media)
        yield _Way(self._message(key, row, written, words or ""), (*unthreaded, "media_as_name"))

    async def _file(self, customer: str, digest: str) -> KeptMedia | None:
        person = await in_thread(person_of, self._owner.journal, customer)
        return await self._files.find(person.ids, digest)

    def _fetch(
        self, row: Delivery, conversation: contacts.Conversation
    ) -> tuple[e.MessageWritten | e.MessageAmended | e.CallSteered | None, Conversation | None]:
        """What was written, amended or steered, and to whom; None once erased."""
        found = self._written(row.body)
        written = found if isinstance(found, e.MessageWritten | e.MessageAmended | e.CallSteered) else None
        if row.wording and isinstance(written, e.MessageWritten):
            words = self._written(row.wording)
            # The template said what it was to say before.
            text = words.text if isinstance(words, e.MessageAmended) else None
            written = attrs.evolve(written, text=text, template=None)
        return written, self._conversation(row.conversation, conversation, row.case)

    def _written(self, position: int) -> e.Event | None:
        record = next(self._owner.journal.read(position - 1, limit=1), None)
        return None if record is None else decode_event(record)

    async def recipient(self, conversation: str, case: str) -> Conversation | None:
        """Whom we talk with in a conversation; None once they are erased."""
        return await in_thread(
            self._conversation, conversation, self._owner.view.contacts.conversations[conversation], case
        )

    def newest(
        self, conversation: str, customer: str, message: str | None = None, before: int | None = None
    ) -> str | None:
        """The provider's id of a message in a conversation that its customer wrote, or of the last one.

        Args:
            conversation: where it was written.
            customer: by whom.
            message: which one; None for the last.
            before: a position that it stands before; None for any.
        """
        found = None
        for record in self._owner.journal.read(subjects=[customer], types=["MessageReceived"]):
            if before is not None and record.position >= before:
                break
            event = decode_event(record)
            if isinstance(event, e.MessageReceived) and event.conversation == conversation:
                found = event.message_id if message in (None, event.message) else found
        return found

    def _conversation(self, name: str, row: contacts.Conversation, case: str) -> Conversation | None:
        """The recipient in their thread, whom only private parts name."""
        recipient, thread = self._recipient(row), None
        if row.has_thread:
            thread = self._thread(name, row.customer)
        if recipient is None or (row.has_thread and thread is None):
            return None
        wrote_us = row.last_inbound_us
        return Conversation(
            recipient=recipient,
            id=thread,
            last_inbound_at=None if wrote_us is None else instant(wrote_us),
            case_token=self._owner.key.reply_token(case),
        )

    def _recipient(self, conversation: contacts.Conversation) -> Identity | None:
        """Whom to write to: whoever has the address that the conversation is with."""
        for record in self._owner.journal.read(subjects=[conversation.customer], types=_ADDRESSES):
            known = decode_event(record)
            if isinstance(known, e.CustomerAdded | e.AddressLinked) and known.address == conversation.address:
                return None if known.value is None else Identity(known.kind, known.value, known.name)
        return None

    def _thread(self, conversation: str, customer: str) -> str | None:
        for record in self._owner.journal.read(subjects=[customer], types=["ConversationStarted"]):
            started = decode_event(record)
            if isinstance(started, e.ConversationStarted) and started.conversation == conversation:
                return started.value
        return None


def listed(text: str, written: e.MessageWritten) -> str:
    """A text with what can be picked from behind it, one a line, as its medium writes lists."""
    labels = [escape(label, written.medium or "plain") for _, label in written.choices or ()]
    if written.medium == "html":
        return text + "<ol>" + "".join(f"<li>{label}</li>" for label in labels) + "</ol>"
    lines = [f"{number}. {label}" for number, label in enumerate(labels, 1)]
    return "\n".join([text, *([""] if written.medium == "markdown" else []), *lines])


def _losing(plan: SendPlan, lost: tuple[str, ...]) -> SendPlan:
    """The plan, with what was lost before the adapter was asked."""
    if not lost:
        return plan
    first, *others = plan.steps
    return SendPlan((attrs.evolve(first, degradations=(*first.degradations, *lost)), *others))


def with_token(row: Delivery | e.DeliveryPlanned, text: str, key: WorkspaceKey) -> str:
    """The text as it is sent: in an invitation or a notice its token, which stands nowhere before."""
    if row.notice is not None:
        return text.replace(TOKEN, key.reply_token(row.case))
    kind, _, invitation = row.key.partition(":")
    return text.replace(TOKEN, key.invitation_token(invitation)) if kind == "invitation" else text
