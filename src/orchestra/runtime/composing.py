"""What a delivery carries, as the adapter's plan: the message that was written, or what stands for it there.

Belongs here: whom it goes to, which values an adapter is asked to carry, in which order, and what was lost on the way.
Does not: carrying the plan out (`sending`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence

import attrs

from orchestra.channels.account import Conversation
from orchestra.channels.outbound import Choice, Choices, Media, Message, Outbound
from orchestra.channels.parts import Identity, MediaKind, TextFormat
from orchestra.channels.sending import Failed, Refused, SendPlan
from orchestra.channels.windows import WINDOW_IS_SHUT
from orchestra.codec import decode_event
from orchestra.engine.contacts import state as contacts
from orchestra.engine.deliveries.state import Delivery
from orchestra.journal.media import KeptMedia
from orchestra.model import events as e
from orchestra.model.attachments import in_words
from orchestra.model.escaping import TOKEN
from orchestra.model.identity import SERVICE
from orchestra.model.instants import instant
from orchestra.runtime.announcing import steered_action
from orchestra.runtime.filing import Files
from orchestra.runtime.history.people import person_of
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.lines import Line
from orchestra.runtime.outcomes import ADAPTER_FAULT, checked_plan
from orchestra.runtime.owner import Owner
from orchestra.runtime.threads import in_thread

__all__ = ["Composed", "Composing", "with_token"]

_ADDRESSES = ("CustomerAdded", "AddressLinked")
_NOBODY = Identity("none", "")

_log = logging.getLogger("orchestra.sending")


@attrs.frozen
class _Way:
    """One way of saying it, and what is lost by it."""

    message: Outbound
    lost: tuple[str, ...] = ()


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
        call = self._owner.view.calls.calls.get(row.interaction or "")
        to = to if call is None else attrs.evolve(to, id=call.call_id)
        return self._asked(delivery, list(self._ways(delivery, row, written, file)), line, to)

    def _asked(self, delivery: str, ways: Sequence[_Way], line: Line, to: Conversation) -> Composed | Failed:
        try:
            return self._encoded(ways, line, to)
        except Exception as error:  # noqa: BLE001 - a plug-in's fault ends its own message, and nothing else
            _log.error("%s: adapter of %s cannot encode: %s", delivery, line.channel, type(error).__name__)
            return Failed(ADAPTER_FAULT)

    def _encoded(self, ways: Sequence[_Way], line: Line, to: Conversation) -> Composed | Failed:
        """The first way that the adapter would go; the reason why it goes none is that of the first."""
        now = instant(self._owner.clock.now_us())
        refusal: Refused | None = None
        for way in ways:
            if refusal is not None and refusal.code == WINDOW_IS_SHUT.code:
                break  # no free words pass, whatever they say
            given = line.adapter.encode(way.message, line.account, to, now)
            if isinstance(given, Refused):
                refusal = refusal or given
                continue
            plan = checked_plan(given)
            return plan if isinstance(plan, Failed) else Composed(_losing(plan, way.lost), way.message, to)
        assert refusal is not None  # there is at least one way
        failed = checked_plan(refusal)
        assert isinstance(failed, Failed)  # that is what a refusal is by now
        return failed

    def _ways(self, delivery: str, row: Delivery, written: e.MessageWritten, file: KeptMedia | None) -> Iterator[_Way]:
        """How it can be said, the best first."""
        key = self._owner.key.delivery_key(delivery)
        text = None if written.text is None else with_token(row, written.text, self._owner.key)
        if file is not None:
            yield from self._with_file(key, row, written, text, file)
        elif written.choices is not None:
            choices = tuple(Choice(name, label) for name, label in written.choices)
            yield _Way(Choices(key=key, text=text or "", choices=choices))
        else:
            yield _Way(self._message(key, row, written, text or ""))

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
        self, key: str, row: Delivery, written: e.MessageWritten, text: str | None, file: KeptMedia
    ) -> Iterator[_Way]:
        """The file itself; where the channel takes no such bytes its address; where it has none its name, once."""
        assert written.media is not None
        told = written.media[0]
        name, kind = told.get("name"), MediaKind(told["kind"])
        named = None if name is None else str(name)
        whole = Media(
            key=key, kind=kind, content_type=file.content_type, data=file.data, name=named, caption=text or None
        )
        lost = () if written.title is None else ("subject",)
        yield _Way(whole, lost)
        url = self._files.link(row.customer, file)
        if url is not None:
            yield _Way(attrs.evolve(whole, data=None, url=url), lost)
        words = in_words(text, written.media)
        yield _Way(self._message(key, row, written, words or ""), ("media_as_name",))

    async def _file(self, customer: str, digest: str) -> KeptMedia | None:
        person = await in_thread(person_of, self._owner.journal, customer)
        return await self._files.find(person.ids, digest)

    def _fetch(
        self, row: Delivery, conversation: contacts.Conversation
    ) -> tuple[e.MessageWritten | e.CallSteered | None, Conversation | None]:
        """What was written, or steered, and the recipient in their thread; None once the private parts are erased."""
        body = next(self._owner.journal.read(row.body - 1, limit=1), None)
        found = None if body is None else decode_event(body)
        written = found if isinstance(found, e.MessageWritten | e.CallSteered) else None
        recipient, thread = self._recipient(conversation), None
        if conversation.has_thread:
            thread = self._thread(row.conversation, conversation.customer)
        if recipient is None or (conversation.has_thread and thread is None):
            return written, None
        wrote_us = conversation.last_inbound_us
        return written, Conversation(
            recipient=recipient,
            id=thread,
            last_inbound_at=None if wrote_us is None else instant(wrote_us),
            case_token=self._owner.key.reply_token(row.case),
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
