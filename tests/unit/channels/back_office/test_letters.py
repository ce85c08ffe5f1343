"""What back offices are told, and what their answers say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.back_office.letters import (
    TEXT_LIMIT,
    Letter,
    capabilities_of,
    interpret_answer,
    letter_of,
    posted,
)
from orchestra.channels.parts import Identity, MediaKind, TextFormat
from orchestra.channels.sending import Failed, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.wire import FrameAnswer, HttpAnswer, HttpStep, NoAnswer, NoAnswerReason

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
JOE = Conversation(recipient=Identity("crm", "7"))
STEP = HttpStep(idempotency_key="key-1", method="POST", url="https://erp.example/in", safe_to_repeat=True)


def letter(message: Any) -> Letter:
    found = letter_of(message, JOE)
    assert isinstance(found, Letter)
    return found


def test_a_message_goes_out_with_all_that_it_has() -> None:
    message = outbound.Message(key="k", text="<b>Hi</b>", format=TextFormat.HTML, subject="Your order", reply_to="m-1")
    found = letter(message)
    assert (found.type, found.degradations) == ("message.written", ())
    assert found.data == {
        "key": "k",
        "to": {"kind": "crm", "id": "7"},
        "text": "<b>Hi</b>",
        "format": "html",
        "subject": "Your order",
        "reply_to": "m-1",
    }
    plain = letter(outbound.Message(key="k", text="Hi"))
    assert set(plain.data) == {"key", "to", "text"}


def test_whom_it_goes_to_is_not_overwritten_by_what_it_says() -> None:
    found = letter_of(outbound.Message(key="k", text="Hi"), Conversation(recipient=Identity("crm", "7"), id="c-1"))
    assert isinstance(found, Letter)
    assert (found.data["key"], found.data["conversation"]) == ("k", "c-1")


def test_choices_are_buttons_or_a_numbered_list() -> None:
    days = (outbound.Choice("a", "Monday"), outbound.Choice("b", "Friday"))
    buttons = letter(outbound.Choices(key="k", text="Which day?", choices=days))
    assert buttons.data["choices"] == [{"id": "a", "label": "Monday"}, {"id": "b", "label": "Friday"}]
    assert (buttons.data["text"], buttons.degradations) == ("Which day?", ())
    long = (outbound.Choice("a", "x" * 201),)
    for choices in (long, days * 51):
        listed = letter(outbound.Choices(key="k", text="Which?", choices=choices))
        assert listed.degradations == ("choices_as_text",)
        assert str(listed.data["text"]).startswith("Which?\n1. ")
        assert "choices" not in listed.data


def test_a_file_goes_by_its_address() -> None:
    file = outbound.Media(key="k", kind=MediaKind.IMAGE, content_type="image/png", url="https://a.example/1")
    found = letter(file)
    assert (found.data["text"], found.degradations) == ("https://a.example/1", ("media_as_link",))
    bare = outbound.Media(key="k", kind=MediaKind.IMAGE, content_type="image/png", data=b"x")
    assert letter_of(bare, JOE) == Refused("media_bytes", "a back office takes texts and addresses of files only")


def test_progress_tells_the_stage_and_the_time_if_there_is_one() -> None:
    found = letter(outbound.Progress(key="k", text="Packed.", stage="packed"))
    assert (found.type, found.data["stage"]) == ("progress.told", "packed")
    assert "due" not in found.data


@pytest.mark.parametrize(
    "message",
    [
        outbound.Template(key="k", name="n", language="en"),
        outbound.Edit(key="k", message_id="m", text="x"),
        outbound.Delete(key="k", message_id="m"),
        outbound.React(key="k", message_id="m", reaction="+1"),
        outbound.Typing(key="k"),
        outbound.MarkRead(key="k", message_id="m"),
        outbound.CallAction(key="k", call_id="c", verb=outbound.CallVerb.ANSWER),
    ],
)
def test_other_things_are_not_told(message: Any) -> None:
    refused = letter_of(message, JOE)
    assert isinstance(refused, Refused)
    assert refused.code == "unsupported"


@pytest.mark.parametrize(("length", "is_taken"), [(TEXT_LIMIT - 1, True), (TEXT_LIMIT, True), (TEXT_LIMIT + 1, False)])
def test_a_text_has_a_longest(length: int, is_taken: bool) -> None:
    text = "\U0001f44b" * length
    for message in (outbound.Message(key="k", text=text), outbound.Progress(key="k", text=text, stage="s")):
        assert isinstance(letter_of(message, JOE), Letter) is is_taken
    assert capabilities_of("erp").text_limit == TEXT_LIMIT


def test_it_is_posted_where_the_account_says() -> None:
    account = Account(route_key="r", channel="erp", id="erp", config={"url": "https://erp.example/in"})
    plan = posted(Letter("message.written", {}, ("media_as_link",)), "key-1", account, (("A", "b"),), b"{}")
    assert isinstance(plan, SendPlan)
    (step,) = plan.steps
    assert isinstance(step, HttpStep)
    assert (step.url, step.body, step.headers) == ("https://erp.example/in", b"{}", (("A", "b"),))
    assert (step.rate_keys, plan.degradations) == (("account:erp",), ("media_as_link",))


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (HttpAnswer(status=200, body=b"<html>"), Sent(("key-1",))),
        (HttpAnswer(status=204), Sent(("key-1",))),
        (HttpAnswer(status=202, body=b'{"ok": false}'), Sent(("key-1",))),
        (HttpAnswer(status=410), Failed("gone")),
        (HttpAnswer(status=400), Failed("http_400")),
        (HttpAnswer(status=415), Failed("http_415")),
        (HttpAnswer(status=401), Retry("http_401")),
        (HttpAnswer(status=403), Retry("http_403")),
        (HttpAnswer(status=404), Retry("http_404")),
        (HttpAnswer(status=429, headers=(("Retry-After", "7"),)), Retry("http_429", timedelta(seconds=7))),
        (HttpAnswer(status=503), Retry("http_503")),
        (HttpAnswer(status=302), Unknown("http_302")),
        (NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=True), Unknown("timed_out")),
        (NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False), Retry("not_connected")),
        (FrameAnswer(), Failed("needs_http")),
    ],
)
def test_a_status_says_what_came_of_it(result: Any, outcome: Any) -> None:
    assert interpret_answer(STEP, result, NOW) == outcome
