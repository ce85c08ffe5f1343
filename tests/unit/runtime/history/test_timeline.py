from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.contact_centre import Centre, message
from tests.unit.insight.rig import Desk, busy_day, person, thread

from orchestra.errors import UnknownId
from orchestra.journal.memory import MemoryJournal
from orchestra.journal.registry import open_journal
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import ref
from orchestra.model.events import EVENTS
from orchestra.model.records import Record
from orchestra.runtime.client import connect
from orchestra.runtime.history.phrases import DETAILS, PHRASES, sentence
from orchestra.runtime.history.timeline import Entry, timeline

BUSY = busy_day()


def story(entries: list[Entry]) -> list[tuple[str | None, str | None, str]]:
    return [(entry.channel, entry.number, entry.sentence) for entry in entries]


def test_a_timeline_goes_over_all_channels_in_one_order() -> None:
    entries = timeline(BUSY.journal, "cu1")
    assert [entry.position for entry in entries] == sorted({entry.position for entry in entries})
    assert [entry.at_us for entry in entries] == sorted(entry.at_us for entry in entries)
    assert story(entries) == [
        (None, None, "became known by handle"),
        ("chat", "C-000001", "made contact on chat"),
        (None, "C-000001", "case C-000001 opened, team care answers for it"),
        ("chat", "C-000001", "waits in queue care (arrived)"),
        ("chat", "C-000001", "offered to ana"),
        ("chat", "C-000001", "the customer wrote"),
        ("chat", "C-000001", "the offer to ana ended: declined (busy)"),
        ("chat", "C-000001", "waits in queue care (declined)"),
        ("chat", "C-000001", "offered to bob"),
        ("chat", "C-000001", "bob took it"),
        (None, "C-000001", "agent bob now answers for the case (accepted)"),
        ("chat", "C-000001", "bob answered"),
        ("chat", "C-000001", "cu2 wrote"),
        ("chat", "C-000001", "cu2 takes part in the case"),
        ("chat", "C-000001", "bob handed over to queue care"),
        (None, "C-000001", "team care now answers for the case (transferred)"),
        ("chat", "C-000001", "bob wraps up their part of in1"),
        ("chat", "C-000001", "waits in queue care (transferred)"),
        ("chat", "C-000001", "offered to ana"),
        ("chat", "C-000001", "ana took it"),
        (None, "C-000001", "agent ana now answers for the case (accepted)"),
        ("chat", "C-000001", "bob has wrapped up their part of in1 (finished)"),
        ("chat", "C-000001", "the contact with ana ended, by agent [resolved]"),
        ("chat", "C-000001", "in1 is over (finished) [resolved]"),
        (None, "C-000001", "the case is resolved [resolved]"),
        ("mail", "C-000003", "made contact on mail"),
        (None, "C-000003", "case C-000003 opened, team care answers for it"),
        ("mail", "C-000003", "waits in queue care (arrived)"),
        ("mail", "C-000003", "offered to bob"),
        ("mail", "C-000003", "the customer wrote"),
        ("mail", "C-000003", "bob took it"),
        (None, "C-000003", "agent bob now answers for the case (accepted)"),
        ("mail", "C-000003", "bob answered"),
        ("mail", "C-000003", "the message could not be sent (no such mailbox)"),
        ("chat", "C-000001", "the message was read"),
    ]


def test_who_wrote_what() -> None:
    written = [(entry.who, entry.text) for entry in timeline(BUSY.journal, "cu1") if entry.text is not None]
    assert written == [
        ("customer:cu1", "help"),
        ("agent:bob", "hello"),
        ("customer:cu2", "me too"),
        ("customer:cu1", "and another thing"),
        ("agent:bob", "done"),
    ]


def test_a_participant_has_what_they_wrote_and_not_the_case() -> None:
    entries = timeline(BUSY.journal, "cu2")
    assert story(entries) == [
        (None, None, "became known by handle"),
        ("chat", "C-000001", "the customer wrote"),
        (None, "C-000001", "takes part in a case of cu1"),
    ]
    assert (entries[1].case, entries[1].text, entries[1].who) == ("ca1", "me too", "customer:cu2")


def test_answers_to_a_participant_stand_in_the_case_too() -> None:
    desk = Desk()
    desk.sign_in("ana")
    desk.write("joe", 10, thread=thread("t"))
    desk.take("in1", 11)
    desk.run(c.FinishInteraction("in1", "ana"), 12)
    desk.run(c.FinishWrapUp("in1", "ana"), 13)
    second = desk.write("eve", 20, text="me too", thread=thread("t"))
    desk.take(second, 21)
    desk.run(c.WriteReply(second, "ana", "to eve"), 22)
    told = [(entry.channel, entry.sentence, entry.text) for entry in timeline(desk.journal, "cu1") if entry.text]
    assert told[-2:] == [("chat", "cu2 wrote", "me too"), ("chat", "ana answered", "to eve")]


def test_a_participants_own_cases_are_not_shown_to_others() -> None:
    desk = Desk()
    desk.write("joe", 10, thread=thread("t"))
    desk.write("eve", 20, text="in joe's", thread=thread("t"))
    desk.write("eve", 30, "mail", text="her own")
    desk.call("eve", 40, "voice", thread=thread("t2"))
    texts = {who: [entry.text for entry in timeline(desk.journal, who) if entry.text] for who in ("cu1", "cu2")}
    assert texts == {"cu1": ["help", "in joe's"], "cu2": ["in joe's", "her own"]}


def test_calls_of_participants_are_shown() -> None:
    desk = Desk()
    desk.call("joe", 10, thread=thread("t"))
    desk.call("eve", 20, thread=thread("t"))
    sentences = [entry.sentence for entry in timeline(desk.journal, "cu1")]
    assert "the customer called main on voice" in sentences
    assert "cu2 called main on voice" in sentences


def test_details_are_told_on_demand() -> None:
    shown = {entry.kind for entry in timeline(BUSY.journal, "cu1")}
    told = {entry.kind for entry in timeline(BUSY.journal, "cu1", details=True)}
    assert shown.isdisjoint(DETAILS)
    assert {"DeliveryPlanned", "DeliveryStarted", "ConversationStarted"} <= told - shown
    entries = timeline(BUSY.journal, "cu1", details=True)
    assert {entry.channel for entry in entries if entry.kind == "DeliveryStarted"} == {"chat", "mail"}


def test_erased_texts_are_gone_and_the_rest_is_there() -> None:
    desk = busy_day()
    before = timeline(desk.journal, "cu1")
    desk.journal.blank({"cu1"})
    after = timeline(desk.journal, "cu1")
    assert [entry.text for entry in after if entry.text] == ["me too"]
    assert story(after) == story(before)


def test_answers_given_elsewhere_are_told() -> None:
    desk = Desk()
    desk.write("joe", 10, "mail", thread=thread("t"))
    for number, agent in enumerate((None, "ana")):
        desk.run(
            c.RecordReply("mail", "main", f"r{number}", person("joe"), agent, thread=thread("t"), text="x"), 20 + number
        )
    replies = [entry for entry in timeline(desk.journal, "cu1") if entry.kind == "ReplyRecorded"]
    assert [(entry.who, entry.sentence) for entry in replies] == [
        ("system", "the company answered outside of this system"),
        ("agent:ana", "ana answered outside of this system"),
    ]


def test_an_answer_to_a_participant_is_told_to_both() -> None:
    desk = Desk()
    desk.write("joe", 10, thread=thread("t"))
    desk.write("eve", 20, text="me too", thread=thread("t"))
    for number, (who, text) in enumerate((("eve", "to eve"), ("sue", "to sue"), ("joe", "to joe"))):
        reply = c.RecordReply("chat", "main", f"r{number}", person(who), "ana", thread=thread("t"), text=text)
        desk.run(reply, 30 + number)
    told = {
        who: [(entry.sentence, entry.text) for entry in timeline(desk.journal, who) if entry.kind == "ReplyRecorded"]
        for who in ("cu1", "cu2", "cu3")
    }
    assert told == {
        "cu1": [
            ("ana answered cu2 outside of this system", "to eve"),
            ("ana answered cu3 outside of this system", "to sue"),
            ("ana answered outside of this system", "to joe"),
        ],
        "cu2": [("ana answered outside of this system", "to eve")],
        "cu3": [("ana answered outside of this system", "to sue")],
    }
    assert desk.measures().total.customers == 3


def test_an_unknown_customer_has_no_timeline() -> None:
    with pytest.raises(UnknownId, match="no customer 'cu9'"):
        timeline(BUSY.journal, "cu9")


class _Watched(MemoryJournal):
    """Remembers which subjects were asked for."""

    def __init__(self, inner: MemoryJournal) -> None:
        self.inner = inner
        self.asked: list[object] = []

    def read(self, after: int = 0, **asked: Any) -> Iterator[Record]:
        self.asked.append(asked["subjects"])
        return self.inner.read(after, **asked)


def test_a_timeline_never_reads_the_whole_journal() -> None:
    watched = _Watched(BUSY.journal)
    timeline(watched, "cu1")
    assert watched.asked == [["cu1"], ("cu1",), ["cu2"]]


def test_plain_data() -> None:
    entry = next(entry for entry in timeline(BUSY.journal, "cu1") if entry.text == "hello")
    assert json.loads(json.dumps(entry.to_json())) == {
        "position": entry.position,
        "at": "2023-11-14T22:13:40Z",
        "kind": "MessageWritten",
        "channel": "chat",
        "case": "ca1",
        "number": "C-000001",
        "team": "care",
        "brand": None,
        "who": "agent:bob",
        "text": "hello",
        "sentence": "bob answered",
        "message": "me2",
        "media": [],
        "said": None,
    }
    assert entry.at == datetime(2023, 11, 14, 22, 13, 40, tzinfo=UTC)
    assert "hello" not in repr(entry)


# Phrases


def _of_customers() -> list[str]:
    return sorted(name for name, kind in EVENTS.items() if "customer" in attrs.fields_dict(kind))


def test_every_event_of_a_customer_has_a_phrase() -> None:
    assert sorted(PHRASES) == _of_customers()
    assert PHRASES.keys() >= DETAILS


_SAMPLES = {"str": "thing", "str | None": "thing", "int": 5_000_000, "int | None": 5, "bool": True, "list[str]": []}


def _sample(kind: type[e.Event], *, filled: bool) -> e.Event:
    given = {}
    for field in attrs.fields(kind):
        if field.metadata.get("orchestra.private"):
            given[field.name] = "a secret"
        elif filled or field.default is attrs.NOTHING:
            empty: dict[str, object] = {"skills": {}, "failed": {}, "fields": {"vip": True}}
            given[field.name] = empty.get(field.name, _SAMPLES.get(str(field.type), []))
    return kind(**given)


@pytest.mark.parametrize("name", _of_customers())
@pytest.mark.parametrize("filled", [True, False])
def test_every_phrase_can_be_filled_and_quotes_nothing_private(name: str, filled: bool) -> None:
    text = sentence(_sample(EVENTS[name], filled=filled), "cu1")
    assert text
    assert "secret" not in text
    assert "{" not in text
    assert "None" not in text


def test_waits_are_told_in_seconds() -> None:
    assert (
        sentence(e.InteractionAbandoned("in1", "cu1", 2_500_000, True), "cu1") == "left without an answer after 2.5 s"
    )


def test_fields_are_named_without_their_values() -> None:
    event = e.FieldsSet("cu1", {"vip": True, "grade": "gold"}, "cu1")
    assert sentence(event, "cu1") == "grade, vip of cu1 set"


async def test_the_applications_own_key_tells_whose_timeline_it_is(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'contacts.db'}"
    async with Centre(open_journal(url)).open() as workspace:
        got = await workspace.receive(message(1))
        await workspace.execute(c.AddRef(got.customer, "crm:7"))
        await workspace.execute(c.AddRef(got.interaction, "call:1"))
        async with connect(url) as client:
            for way in (workspace, client):
                assert await way.timeline(ref("crm:7")) == await way.timeline(got.customer)
                assert await way.explain(ref("call:1")) == await way.explain(got.interaction)
                with pytest.raises(UnknownId, match="ref:crm:8"):
                    await way.timeline(ref("crm:8"))
