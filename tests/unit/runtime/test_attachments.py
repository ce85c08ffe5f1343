"""Files of messages, from the adapter to the timeline and from the media store to the adapter."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest
from anyio import from_thread
from hypothesis import given, strategies as st
from tests.contact_centre import Centre, answered, frame, message, until
from typing_extensions import override

from orchestra.channels.inbound import Inbound, MessageEdited, MessageReceived, Origin, OutboundEcho, ProviderIds
from orchestra.channels.outbound import Choices, Media, Message, Outbound
from orchestra.channels.parts import Identity, MediaKind, MediaPart, MediaRef, Part, TextPart
from orchestra.channels.port import Decoded
from orchestra.channels.sending import Refused, SendPlan, Sent
from orchestra.channels.wire import FrameAnswer, HttpAnswer, HttpStep, StepResult, WireStep
from orchestra.errors import (
    CommandRefused,
    DeliveryRefused,
    InvalidCommand,
    JournalUnavailable,
    MalformedMessage,
    NotPermitted,
    UnknownId,
)
from orchestra.journal.media import FolderMediaStore, KeptMedia
from orchestra.model import commands as c, events as e
from orchestra.model.attachments import MOST_FILES, Attachment, File, files_fault, in_words
from orchestra.model.plan import Plan
from orchestra.runtime.attached import file_to_send, told_of
from orchestra.runtime.client import connect
from orchestra.runtime.context import Question
from orchestra.runtime.history.timeline import timeline
from orchestra.runtime.keeping import MediaKeeping
from orchestra.runtime.readers import Withheld
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import START, VirtualClock

PICTURE = b"\x89PNG..."
DIGEST = hashlib.sha256(PICTURE).hexdigest()
REF = MediaRef(
    ref="https://files.example/a.png", kind=MediaKind.IMAGE, content_type="image/png", size_bytes=7, name="a.png"
)
BYTES = attrs.evolve(REF, ref="part:1", data=PICTURE)
SHOWN = Attachment("me1", 1, "image", "image/png", 7, "a.png")
PDF = File(b"%PDF", "application/pdf", "bill.pdf")
PLAN = Plan.parse("""
workspace = { name = "tests", default_queue = "care" }
teams.care = {}
teams.shop = {}
queues.care = { team = "care", announce_every = "0s" }
channels.chat = { live = true, weight_percent = 25, offer_timeout = "1m" }
agents.ana.teams = ["care"]
agents.tom = { teams = ["shop"], roles = ["trainee"] }
roles.trainee = { may = ["*"], sees = { own = "trace" } }
""")


@attrs.define
class Wire:
    """Gives every file that is asked for."""

    asked: list[str] = attrs.field(factory=list)

    async def perform(self, step: WireStep) -> StepResult:
        assert isinstance(step, HttpStep)
        self.asked.append(step.url)
        return HttpAnswer(status=200, headers=(("Content-Type", "image/png"),), body=PICTURE)


class Sink:
    """Takes whatever is sent."""

    async def perform(self, step: WireStep) -> StepResult:
        return FrameAnswer()


@attrs.define
class House:
    """A workspace that keeps files, and everything that belongs to it."""

    centre: Centre
    clock: VirtualClock
    wire: Wire
    store: FolderMediaStore
    sent: list[Outbound] = attrs.field(factory=list)
    link: Callable[[str, KeptMedia], str | None] | None = None
    most_bytes: int = 1_000

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Workspace]:
        keeping = MediaKeeping(store=self.store, transport=self.wire, most_bytes=self.most_bytes, link=self.link)
        async with self.centre.open(media=keeping) as workspace:
            self.clock.attach(workspace)
            yield workspace

    def carries(self, *kinds: type[Outbound], but: str = "media_type") -> None:
        """Let the channel carry these kinds of messages and refuse all others with that code."""
        self.carries_what(lambda message: isinstance(message, kinds), but)

    def carries_what(self, is_carried: Callable[[Outbound], bool], but: str) -> None:
        """Let the channel carry such messages and refuse all others with that code."""

        def encode(message: Outbound) -> SendPlan | Refused:
            self.sent.append(message)
            return SendPlan((frame(message.key),)) if is_carried(message) else Refused(but, "no")

        self.centre.adapter.on_encode = encode
        self.centre.adapter.on_interpret = lambda step, result: Sent((f"p{len(self.sent)}",))
        self.centre.transport = Sink()


@pytest.fixture
def house(tmp_path: Path) -> House:
    clock = VirtualClock()
    return House(Centre(clock=clock, plan=PLAN), clock, Wire(), FolderMediaStore(tmp_path))


def origin(name: str) -> Origin:
    joe = Identity("loopback", "joe")
    return Origin(
        dedupe_key=name, ids=ProviderIds(message=name), identities=(joe,), received_at=START, raw_digest="0" * 64
    )


def wrote(*parts: Part, name: str = "m1") -> MessageReceived:
    return MessageReceived(origin=origin(name), parts=parts)


async def take(house: House, workspace: Workspace, *events: Inbound) -> None:
    await workspace.news.take(house.centre.line, Decoded(events=events))


# What came


async def test_a_file_is_shown_with_its_message_and_fetched_when_asked_for(house: House) -> None:
    async with house.open() as workspace:
        await take(house, workspace, wrote(TextPart("look"), MediaPart(REF, "at this")))
        [entry] = [one for one in await workspace.timeline("cu1") if one.kind == "MessageReceived"]
        assert (entry.text, entry.message, entry.media) == ("look\nat this", "me1", (SHOWN,))
        assert entry.to_json()["media"] == [attrs.asdict(SHOWN)]
        assert house.wire.asked == []
        kept = await workspace.fetch_attachment("cu1", SHOWN)
        assert (kept.data, kept.content_type, kept.digest) == (PICTURE, "image/png", DIGEST)
        assert await workspace.fetch_attachment("cu1", SHOWN) == kept
    assert house.wire.asked == [REF.ref], "what is kept is not fetched again"
    assert [event.digest for event in house.centre.events(e.FileKept)] == [DIGEST]


async def test_nothing_that_tells_of_a_file_is_a_fact(house: House) -> None:
    async with house.open() as workspace:
        await take(house, workspace, wrote(MediaPart(REF)))
        await workspace.fetch_attachment("cu1", SHOWN)
    for record in house.centre.records():
        assert not any(hidden in record.facts for hidden in ("a.png", "files.example", DIGEST, "image"))


async def test_bytes_that_came_along_are_kept_before_the_news_count_as_taken(house: House) -> None:
    async with house.open() as workspace:
        await take(house, workspace, wrote(MediaPart(BYTES)))
        assert house.store.find("cu1", DIGEST) is not None
        assert (await workspace.fetch_attachment("cu1", SHOWN)).data == PICTURE
        await take(house, workspace, wrote(MediaPart(BYTES)))
    assert house.wire.asked == []
    assert len(house.centre.events(e.FileKept)) == 1, "the same message again is no other file"


def handed_in(*files: File, name: str = "m9", **more: Any) -> Any:
    return attrs.evolve(message(9), id=name, text="", media=files, **more)


async def test_an_application_hands_in_files_as_channels_bring_them(house: House) -> None:
    async with house.open() as workspace:
        got = await workspace.receive(handed_in(PDF, File(PICTURE, "image/png; x=y", "a.png")))
        again = await workspace.receive(handed_in(PDF, File(PICTURE, "image/png; x=y", "a.png")))
        assert (got.duplicate, again.duplicate) == (False, True)
        [entry] = [entry for entry in await workspace.timeline(got.customer) if entry.message == got.message]
        bill, picture = entry.media
        assert (bill.kind, bill.name, picture.kind, picture.size_bytes) == ("document", "bill.pdf", "image", 7)
        assert (await workspace.fetch_attachment(got.customer, bill)).data == b"%PDF"
        assert (await workspace.fetch_attachment(got.customer, picture)).data == PICTURE
    assert house.wire.asked == []
    assert len(house.centre.events(e.FileKept)) == 2
    assert house.centre.events(e.MessageReceived)[0].text == ""


async def test_of_those_nothing_is_kept_that_is_not_taken_of_customers(house: House) -> None:
    async with house.open() as workspace:
        got = await workspace.receive(handed_in(File(b"MZ", "application/x-msdownload", "a.exe"), PDF))
        [entry] = [entry for entry in await workspace.timeline(got.customer) if entry.message == got.message]
        with pytest.raises(DeliveryRefused, match="not_kept"):
            await workspace.fetch_attachment(got.customer, entry.media[0])
        assert (await workspace.fetch_attachment(got.customer, entry.media[1])).data == b"%PDF"


@pytest.mark.parametrize(
    ("files", "where"),
    [
        ([File(b"", "image/png")], r"media\[0\].data"),
        ([PDF, File("text", "text/plain")], r"media\[1\].data"),  # type: ignore[arg-type]
        ([b"%PDF"], "media"),
        ([PDF] * (MOST_FILES + 1), "media"),
    ],
)
async def test_what_is_no_file_is_refused_before_anything_is_taken(house: House, files: Any, where: str) -> None:
    async with house.open() as workspace:
        with pytest.raises(MalformedMessage, match=where):
            await workspace.receive(handed_in(*files))
    assert house.centre.events(e.MessageReceived) == []


async def test_where_nothing_is_kept_files_are_refused_before_anything_is_taken(house: House) -> None:
    async with house.centre.open() as workspace:
        house.clock.attach(workspace)
        with pytest.raises(InvalidCommand, match="nothing is kept"):
            await workspace.receive(handed_in(PDF))
        assert not (await workspace.receive(handed_in())).duplicate
    assert [event.media for event in house.centre.events(e.MessageReceived)] == [None]


async def test_if_they_cannot_be_kept_now_the_news_have_to_come_again(house: House, monkeypatch: Any) -> None:
    def full(*_: object) -> KeptMedia:
        raise JournalUnavailable("media: disk full")

    async with house.open() as workspace:
        with monkeypatch.context() as broken:
            broken.setattr(house.store, "keep", full)
            with pytest.raises(JournalUnavailable):
                await take(house, workspace, wrote(MediaPart(BYTES)))
        await take(house, workspace, wrote(MediaPart(BYTES)))
        assert (await workspace.fetch_attachment("cu1", SHOWN)).data == PICTURE


async def test_what_is_not_taken_is_named_and_not_kept(house: House) -> None:
    odd = attrs.evolve(BYTES, content_type="text/html")
    large = attrs.evolve(BYTES, data=b"x" * 2_000)
    async with house.open() as workspace:
        await take(house, workspace, wrote(MediaPart(odd), MediaPart(large), MediaPart(BYTES)))
        [question] = [one for one in await workspace.timeline("cu1") if one.media]
        assert [file.size_bytes for file in question.media] == [7, 2_000, 7]
        for number in (1, 2):
            with pytest.raises(DeliveryRefused, match="not_kept"):
                await workspace.fetch_attachment("cu1", question.media[number - 1])
        assert (await workspace.fetch_attachment("cu1", question.media[2])).data == PICTURE


async def test_an_edit_says_which_files_there_are_now(house: House) -> None:
    other = attrs.evolve(BYTES, data=b"other", name="b.png")
    edit = MessageEdited(origin=origin("m1:2"), message_id="m1", parts=(TextPart("now"), MediaPart(other)))
    async with house.open() as workspace:
        await take(house, workspace, wrote(TextPart("look"), MediaPart(BYTES)))
        await take(house, workspace, edit)
        assert (await workspace.fetch_attachment("cu1", SHOWN)).data == b"other"
        for again in (wrote(TextPart("look"), MediaPart(BYTES)), edit):
            await take(house, workspace, again)
            assert (await workspace.fetch_attachment("cu1", SHOWN)).data == b"other", "what comes again is no news"
        await workspace.sign_in("ana")
        context = await workspace.context_of("in1", "ana")
    assert context.questions == (Question("me1", "now", (attrs.evolve(SHOWN, size_bytes=5, name="b.png"),)),)


async def test_what_was_taken_back_is_given_to_nobody(house: House) -> None:
    async with house.open() as workspace:
        await take(house, workspace, wrote(MediaPart(BYTES)))
        await workspace.execute(c.RetractMessage("chat", "main", "m1"))
        [entry] = [one for one in await workspace.timeline("cu1") if one.kind == "MessageReceived"]
        assert (entry.text, entry.media) == (Withheld("retracted"), ())
        with pytest.raises(UnknownId):
            await workspace.fetch_attachment("cu1", SHOWN)


async def test_who_is_not_shown_the_text_is_not_given_the_file(house: House) -> None:
    async with house.open() as workspace:
        await take(house, workspace, wrote(MediaPart(REF)))
        [entry] = [one for one in await workspace.timeline("cu1", actor="agent:tom") if one.media]
        assert isinstance(entry.text, Withheld)
        assert entry.media == (attrs.evolve(SHOWN, name=None),)
        with pytest.raises(NotPermitted):
            await workspace.fetch_attachment("cu1", entry.media[0], actor="agent:tom")
        assert (await workspace.fetch_attachment("cu1", SHOWN, actor="customer:cu1")).data == PICTURE
        await workspace.receive(message(2, sender="jane"))
        with pytest.raises(NotPermitted):
            await workspace.fetch_attachment("cu1", SHOWN, actor="customer:cu2")


async def test_there_are_no_files_but_those_of_the_message(house: House) -> None:
    async with house.open() as workspace:
        await take(house, workspace, wrote(MediaPart(REF)))
        for message_id, number in (("me1", 2), ("me1", 0), ("me9", 1)):
            with pytest.raises(UnknownId):
                await workspace.fetch_attachment("cu1", attrs.evolve(SHOWN, message=message_id, number=number))
    async with house.centre.open() as bare:
        with pytest.raises(InvalidCommand, match="MediaKeeping"):
            await bare.fetch_attachment("cu1", SHOWN)


async def test_files_are_found_by_the_person_who_is_both_and_erased_with_them(house: House) -> None:
    async with house.open() as workspace:
        await workspace.receive(message(7, sender="jane"))
        await take(house, workspace, wrote(MediaPart(BYTES)))
        assert house.store.find("cu2", DIGEST) is not None
        await workspace.execute(c.MergeCustomers("cu1", "cu2", evidence="passport"))
        assert (await workspace.fetch_attachment("cu1", attrs.evolve(SHOWN, message="me2"))).data == PICTURE
        await workspace.erase("cu1", "asked")
        assert house.store.find("cu1", DIGEST) is house.store.find("cu2", DIGEST) is None
        assert all(one.media == () for one in await workspace.timeline("cu1"))
        with pytest.raises(UnknownId):
            await workspace.fetch_attachment("cu1", attrs.evolve(SHOWN, message="me2"))


async def test_a_customer_is_given_their_files_with_all_else_that_is_stored(house: House) -> None:
    async with house.open() as workspace:
        await take(house, workspace, wrote(MediaPart(REF)))
        told = [one["media"] for one in await workspace.export("cu1") if one["event"] == "MessageReceived"]
    assert told == [[{"kind": "image", "type": "image/png", "size": 7, "name": "a.png", "ref": REF.ref}]]


async def test_what_another_tool_sent_is_shown_with_its_files(house: House) -> None:
    async with house.open() as workspace:
        await take(house, workspace, OutboundEcho(origin=origin("e1"), parts=(MediaPart(REF),)))
        [entry] = [one for one in await workspace.timeline("cu1") if one.kind == "ReplyRecorded"]
        assert entry.media == (SHOWN,)
        assert (await workspace.fetch_attachment("cu1", SHOWN)).data == PICTURE


# In a process that does not own the workspace


class Slow(FolderMediaStore):
    """A store in which something happens while a file is kept."""

    meanwhile: Callable[[], object] | None = None

    @override
    def keep(self, customer: str, data: bytes, content_type: str) -> KeptMedia:
        if self.meanwhile is not None:
            from_thread.run(self.meanwhile)
        return super().keep(customer, data, content_type)


@pytest.mark.parametrize("is_erased", [False, True])
async def test_another_process_keeps_them_unless_they_are_forgotten(tmp_path: Path, is_erased: bool) -> None:
    url, store, line = f"sqlite:{tmp_path}/contacts.db", Slow(tmp_path / "files"), Centre().line
    keeping = MediaKeeping(store=store, transport=Wire(), most_bytes=100)
    large = attrs.evolve(BYTES, data=b"x" * 101)
    async with (
        Workspace.open(PLAN, url, media=keeping) as workspace,
        connect(url, channels=[line], media=keeping) as client,
    ):
        if is_erased:
            store.meanwhile = partial(workspace.erase, "cu1", "asked")
        news = Decoded(events=(wrote(MediaPart(BYTES), MediaPart(large)),))
        await client.news.take(line, news)
        if is_erased:
            await until(lambda: all(one.private is None for one in workspace.journal.read(subjects=["cu1"])))
            assert store.find("cu1", DIGEST) is None
            return
        assert (await workspace.fetch_attachment("cu1", SHOWN)).data == PICTURE
        with pytest.raises(DeliveryRefused, match="not_kept"):
            await workspace.fetch_attachment("cu1", attrs.evolve(SHOWN, number=2))


async def test_another_process_hands_in_files_and_asks_again_until_they_are_kept(tmp_path: Path) -> None:
    url, store = f"sqlite:{tmp_path}/contacts.db", FolderMediaStore(tmp_path / "files")
    keeping = MediaKeeping(store=store, transport=Wire())
    async with (
        Workspace.open(PLAN, url, media=keeping) as workspace,
        connect(url) as without,
        connect(url, media=keeping) as client,
    ):
        with pytest.raises(InvalidCommand, match="nothing is kept"):
            await without.receive(handed_in(PDF))
        await workspace.receive(handed_in())
        await client.receive(handed_in(PDF))
        [entry] = [entry for entry in await workspace.timeline("cu1") if entry.kind == "MessageReceived"]
        assert entry.media == (), "under the same id it is the same message"
        got = await client.receive(handed_in(PDF, name="m10"))
        [entry] = [entry for entry in await workspace.timeline("cu1") if entry.message == got.message]
        assert (await workspace.fetch_attachment("cu1", entry.media[0])).data == b"%PDF"


_NAMES = st.text(max_size=400)


@given(
    st.lists(
        st.builds(
            MediaRef,
            ref=st.text(max_size=5_000),
            kind=st.sampled_from(MediaKind),
            content_type=st.none() | _NAMES,
            size_bytes=st.none() | st.integers(),
            name=st.none() | _NAMES,
            data=st.none() | st.binary(max_size=9),
        ),
        max_size=MOST_FILES + 5,
    )
)
def test_whatever_an_adapter_says_of_files_can_be_journaled(refs: list[MediaRef]) -> None:
    told = told_of([MediaPart(ref) for ref in refs])
    assert files_fault(told) is None
    assert [file["kind"] for file in told or ()] == [ref.kind.value for ref in refs[:MOST_FILES]]
    for file, ref in zip(told or (), refs, strict=False):
        assert file.get("size") == (len(ref.data) if ref.data is not None else file.get("size"))
        assert "ref" not in file or (ref.data is None and file["ref"] == ref.ref)


# What is sent


async def test_a_file_goes_with_the_text(house: House) -> None:
    house.carries(Message, Media)
    async with house.open() as workspace:
        contact = await answered(workspace)
        await contact.reply("Your bill", media=[PDF])
        await house.clock.advance()
        sent = house.sent[-1]
        assert isinstance(sent, Media)
        assert (sent.data, sent.kind, sent.content_type) == (b"%PDF", MediaKind.DOCUMENT, "application/pdf")
        assert (sent.name, sent.caption) == ("bill.pdf", "Your bill")
        [entry] = [one for one in await workspace.timeline("cu1") if one.media]
        assert entry.text == "Your bill"
        assert (await contact.fetch(entry.media[0])).data == b"%PDF"
        assert house.store.find("cu1", hashlib.sha256(b"%PDF").hexdigest()) is not None
    assert [event.lost for event in house.centre.events(e.DeliveryAccepted)] == [None, None]


async def test_more_files_follow_as_messages_of_their_own(house: House) -> None:
    house.carries(Message, Media, Choices)
    async with house.open() as workspace:
        contact = await answered(workspace)
        await contact.reply("", media=[PDF, File(b"2", "image/png")])
        await contact.reply("Well?", choices={"y": "Yes"}, media=[PDF])
        await house.clock.advance()
        shown = [one for one in await workspace.timeline("cu1") if one.kind == "MessageWritten"]
    assert [(one.text, len(one.media)) for one in shown[1:]] == [("", 1), ("", 1), ("Well?", 0), ("", 1)]
    assert [(type(one), getattr(one, "caption", None)) for one in house.sent[1:]] == [
        (Media, None),
        (Media, None),
        (Choices, None),
        (Media, None),
    ]


@pytest.mark.parametrize("link", [None, "https://acme.example/bill"])
async def test_where_the_channel_takes_no_bytes_it_is_linked_or_named_once(house: House, link: str | None) -> None:
    house.link = lambda customer, kept: link
    house.carries(Message)
    async with house.open() as workspace:
        contact = await answered(workspace)
        await contact.reply("Your bill", media=[PDF])
        await house.clock.advance()
    entries = timeline(house.centre.journal, "cu1", details=True)
    told = [one.sentence for one in entries if one.kind == "DeliveryAccepted"]
    tried = [(getattr(one, "data", None), getattr(one, "url", None)) for one in house.sent[1:]]
    assert tried == [(b"%PDF", None), *([] if link is None else [(None, link)]), (None, None)]
    said = house.sent[-1]
    assert isinstance(said, Message)
    assert said.text == "Your bill\n[bill.pdf]"
    assert told == ["the provider took the message", "the provider took the message without: media as name"]
    assert [event.lost for event in house.centre.events(e.DeliveryAccepted)] == [None, ["media_as_name"]]


async def test_a_channel_that_fetches_files_is_given_the_address(house: House) -> None:
    house.link = lambda customer, kept: f"https://acme.example/{customer}/{kept.digest[:4]}"
    house.carries_what(lambda message: not isinstance(message, Media) or message.url is not None, "media_bytes")
    async with house.open() as workspace:
        contact = await answered(workspace)
        await contact.reply("", media=[PDF])
        await house.clock.advance()
    sent = house.sent[-1]
    assert isinstance(sent, Media)
    assert (sent.url or "").startswith("https://acme.example/cu1/")
    assert [event.lost for event in house.centre.events(e.DeliveryAccepted)] == [None, None]


async def test_behind_a_shut_window_no_other_words_are_tried(house: House) -> None:
    house.carries(but="window")
    async with house.open() as workspace:
        contact = await answered(workspace)
        await contact.reply("Your bill", media=[PDF])
        await house.clock.advance()
    assert [type(one) for one in house.sent] == [Message, Media]
    assert [event.code for event in house.centre.events(e.DeliveryFailed)] == ["window", "window"]


async def test_a_file_that_is_gone_is_not_sent(house: House) -> None:
    house.carries(Message, Media)
    async with house.open() as workspace:
        contact = await answered(workspace)
        await house.clock.advance()
        await workspace.execute(c.StopSending("a moment"))
        await contact.reply("Your bill", media=[PDF])
        house.store.erase("cu1")
        await workspace.execute(c.StartSending())
        await house.clock.advance()
    assert [event.code for event in house.centre.events(e.DeliveryFailed)] == ["no_file"]


async def test_what_cannot_be_kept_is_refused_before_anything_is_said(house: House) -> None:
    async with house.open() as workspace:
        contact = await answered(workspace)
        for data in (b"", b"x" * 1_001):
            with pytest.raises(InvalidCommand, match="bytes"):
                await contact.reply("Here", media=[File(data, "image/png")])
    assert len(house.centre.events(e.MessageWritten)) == 1


async def test_other_files_under_the_same_key_are_another_message(house: House) -> None:
    async with house.open() as workspace:
        contact = await answered(workspace)
        first = await contact.reply("", "k", media=[PDF])
        assert await contact.reply("", "k", media=[PDF]) == first
        with pytest.raises(CommandRefused):
            await contact.reply("", "k", media=[File(b"other", "application/pdf", "bill.pdf")])
        kept = await workspace.keep_file("cu1", PDF)
        said = c.SendMessage("ca1", "k1", title="Bill", media=[file_to_send(kept, "a\nb")])
        assert await workspace.execute(said) == await workspace.execute(said)
    assert house.centre.events(e.MessageWritten)[-1].media[0]["name"] == "a b"


def test_a_message_in_words() -> None:
    files = [{"kind": "image", "name": "a.png"}, {"kind": "audio"}]
    assert in_words("look", files) == "look\n[a.png]\n[audio]"
    assert in_words("", files[1:]) == "[audio]"
    assert (in_words("look", None), in_words("", ()), in_words(None, None)) == ("look", "", None)
