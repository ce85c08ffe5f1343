"""Files of messages: taken with them, sent as messages of their own, and noted where they are kept."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine_driver import Driver, person

from orchestra.codec import decode_event, to_record
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.attachments import MOST_FILES, FileData

PICTURE: FileData = {"kind": "image", "type": "image/png", "size": 9, "name": "a.png", "ref": "https://files.example/a"}
DIGEST = "5" * 64


def kept(name: str) -> FileData:
    """A file that the media store has."""
    return {"kind": "document", "type": "application/pdf", "name": name, "digest": DIGEST}


@pytest.fixture
def driver() -> Driver:
    """Ana talks with joe in in1."""
    driver = Driver()
    driver.sign_in("ana")
    driver.answered("joe", "email")
    return driver


def test_a_message_is_journaled_with_its_files(driver: Driver) -> None:
    driver.run(c.ReceiveMessage("email", "main", "m9", person("joe"), text="", media=[PICTURE]))
    event = driver.last(e.MessageReceived)
    assert (event.text, event.media) == ("", [PICTURE])
    record = to_record(event, 1, 1, "system")
    assert "a.png" not in record.facts
    assert "a.png" in (record.private or "")
    assert decode_event(record) == event


def test_so_is_what_it_says_after_an_edit_and_what_was_said_elsewhere(driver: Driver) -> None:
    driver.run(c.EditMessage("email", "main", "m1", "e1", text="see", media=[PICTURE]))
    assert driver.last(e.MessageEdited).media == [PICTURE]
    driver.run(c.RecordReply("email", "main", "r1", person("joe"), text="here", media=[PICTURE]))
    assert driver.last(e.ReplyRecorded).media == [PICTURE]


@pytest.mark.parametrize(
    "media",
    [
        [],
        [PICTURE] * (MOST_FILES + 1),
        [{}],
        [{"kind": "hologram"}],
        [{**PICTURE, "owner": "joe"}],
        [{**PICTURE, "size": -1}],
        [{**PICTURE, "size": "9"}],
        [{**PICTURE, "size": 1 << 60}],
        [{**PICTURE, "name": ""}],
        [{**PICTURE, "name": "a\nb"}],
        [{**PICTURE, "name": 7}],
        [{**PICTURE, "ref": "x" * 4_001}],
        [PICTURE, {**PICTURE, "digest": "x" * 65}],
    ],
    ids=lambda media: str(media)[:40],
)
def test_what_describes_no_file_is_refused(driver: Driver, media: Any) -> None:
    joe = person("joe")
    for command in (
        c.ReceiveMessage("email", "main", "m9", joe, text="x", media=media),
        c.EditMessage("email", "main", "m1", "e1", text="x", media=media),
        c.RecordReply("email", "main", "r1", joe, text="x", media=media),
        c.WriteReply("in1", "ana", "x", media=media),
        c.SendMessage("ca1", "k1", text="x", media=media),
    ):
        driver.refuse(command, InvalidCommand, field="media")


def written(driver: Driver) -> list[tuple[str | None, list[FileData] | None]]:
    return [(event.text, event.media) for event in driver.events(e.MessageWritten)]


def test_the_first_file_goes_with_the_text_and_each_other_is_a_message(driver: Driver) -> None:
    before = len(written(driver))
    said = driver.run(c.WriteReply("in1", "ana", "Here", key="k", media=[kept("a"), kept("b"), kept("c")])).result
    assert written(driver)[before:] == [("Here", [kept("a")]), (None, [kept("b")]), (None, [kept("c")])]
    planned = driver.events(e.DeliveryPlanned)[-3:]
    assert said.delivery == planned[0].delivery
    assert [event.key for event in planned] == ["message:in1:k", *(f"message:{one.message}" for one in planned[1:])]
    numbers = [event.number for event in driver.events(e.MessageWritten)][before:]
    assert numbers == list(range(numbers[0], numbers[0] + 3))


def test_asked_for_again_it_is_written_once(driver: Driver) -> None:
    command = c.WriteReply("in1", "ana", "Here", key="k", digest="d", media=[kept("a"), kept("b")])
    said, count = driver.run(command).result, len(written(driver))
    assert (driver.run(command).result, len(written(driver))) == (said, count)


def test_a_file_may_be_all_that_is_said(driver: Driver) -> None:
    driver.run(c.WriteReply("in1", "ana", media=[kept("a")]))
    driver.run(c.SendMessage("ca1", "k1", text="", media=[kept("b")]))
    assert written(driver)[-2:] == [(None, [kept("a")]), (None, [kept("b")])]


def test_a_title_or_choices_leave_the_file_a_message_of_its_own(driver: Driver) -> None:
    driver.run(c.SendMessage("ca1", "k1", text="Here", title="Your bill", media=[kept("a")]))
    driver.run(c.WriteReply("in1", "ana", "Well?", choices=[["y", "Yes"]], media=[kept("b")]))
    assert written(driver)[-4:] == [("Here", None), (None, [kept("a")]), ("Well?", None), (None, [kept("b")])]
    titled, bare, asked, apart = driver.events(e.MessageWritten)[-4:]
    assert (titled.title, bare.title, asked.choices, apart.choices) == ("Your bill", None, [["y", "Yes"]], None)


def test_only_what_is_kept_can_be_sent(driver: Driver) -> None:
    driver.refuse(c.WriteReply("in1", "ana", "x", media=[PICTURE]), InvalidCommand, field="media")
    driver.refuse(c.SendMessage("ca1", "k1", media=[kept("a"), PICTURE]), InvalidCommand, field="media")
    driver.refuse(c.WriteReply("in1", "ana"), InvalidCommand, field="text")


TEMPLATE = ["ready_1", "en_US", "81"]


def test_what_stands_for_a_text_goes_with_it(driver: Driver) -> None:
    driver.run(
        c.WriteReply("in1", "ana", "It is ready", media=[kept("a"), kept("b")], template=TEMPLATE, answers="me1")
    )
    first, second = driver.events(e.MessageWritten)[-2:]
    assert (first.template, first.answers, first.only_them) == (TEMPLATE, "me1", None)
    assert (second.template, second.answers) == (None, "me1")
    assert "81" not in to_record(first, 1, 1, "system").facts
    driver.run(c.SendMessage("ca1", "k1", text="It is ready", template=TEMPLATE))
    assert driver.last(e.MessageWritten).template == TEMPLATE


@pytest.mark.parametrize(
    "template",
    [[], ["ready_1"], ["ready_1", "en", *["x"] * 51], ["", "en"], ["a\nb", "en"], ["ready_1", "en", "x" * 1_025]],
    ids=lambda template: str(len(template)),
)
def test_what_is_no_template_is_refused(driver: Driver, template: list[str]) -> None:
    driver.refuse(c.WriteReply("in1", "ana", "x", template=template), InvalidCommand, field="template")
    driver.refuse(c.SendMessage("ca1", "k1", text="x", template=template), InvalidCommand, field="template")


def test_a_template_stands_for_a_text(driver: Driver) -> None:
    wordless = c.WriteReply("in1", "ana", media=[kept("a")], template=TEMPLATE)
    driver.refuse(wordless, InvalidCommand, field="template")


def test_what_is_for_them_alone_is_said_in_words(driver: Driver) -> None:
    driver.run(c.WriteReply("in1", "ana", "It is ready", only_them=True))
    assert driver.last(e.MessageWritten).only_them is True
    for more in ({"media": [kept("a")]}, {"choices": [["y", "Yes"]]}):
        driver.refuse(c.WriteReply("in1", "ana", "x", only_them=True, **more), InvalidCommand, field="only_them")
    driver.refuse(c.WriteReply("in1", "ana", "x", answers=""), InvalidCommand, field="answers")


def test_an_invitation_is_for_them_alone(driver: Driver) -> None:
    driver.run(c.InviteToChannel("chat", interaction="in1", text="Here: {token}"))
    assert driver.last(e.MessageWritten).only_them is True


def test_where_a_file_is_kept_is_noted_with_its_customer(driver: Driver) -> None:
    driver.run(c.KeepFile("cu1", "me1", 2, DIGEST))
    assert driver.last(e.FileKept) == e.FileKept("me1", "cu1", 2, DIGEST)
    assert driver.engine.view.remarks.counts["file"] == 1


@pytest.mark.parametrize(
    ("message", "number", "digest", "field"),
    [
        ("", 1, DIGEST, "message"),
        ("me1", 0, DIGEST, "place"),
        ("me1", MOST_FILES + 1, DIGEST, "place"),
        ("me1", 1, None, "digest"),
        ("me1", 1, "A" * 64, "digest"),
        ("me1", 1, "5" * 63, "digest"),
    ],
)
def test_a_note_that_leads_nowhere_is_refused(
    driver: Driver, message: str, number: int, digest: str | None, field: str
) -> None:
    driver.refuse(c.KeepFile("cu1", message, number, digest), InvalidCommand, field=field)


def test_nothing_is_noted_of_who_is_to_be_forgotten(driver: Driver) -> None:
    driver.refuse(c.KeepFile("cu9", "me1", 1, DIGEST), UnknownId)
    driver.run(c.EraseCustomer("cu1", "asked"))
    driver.refuse(c.KeepFile("cu1", "me1", 1, DIGEST), UnknownId)


def test_what_the_channel_could_not_carry_is_on_record(driver: Driver) -> None:
    driver.run(c.WriteReply("in1", "ana", "Here", media=[kept("a")]))
    delivery = driver.last(e.DeliveryPlanned).delivery
    driver.run(c.StartDelivery(delivery, 1, 1))
    driver.run(c.RecordOutcome(delivery, 1, "accepted", ["p1"], lost=["media_as_name"]))
    assert driver.last(e.DeliveryAccepted).lost == ["media_as_name"]
