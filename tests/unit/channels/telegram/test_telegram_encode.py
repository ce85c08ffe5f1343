"""What is sent to Telegram: compared with what python-telegram-bot sends for the same."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any

import pytest
import telegram as ptb
from telegram import constants
from telegram.request import BaseRequest, RequestData

from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.parts import Identity, MediaKind, MediaRef, TextFormat
from orchestra.channels.sending import Failed, Next, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.telegram import facts
from orchestra.channels.telegram.adapter import TelegramAdapter
from orchestra.channels.wire import FrameAnswer, HttpAnswer, HttpStep, NoAnswer, NoAnswerReason, StepResult

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
TOKEN = "42:token_A-b"
ACCOUNT = Account(route_key="r-1", channel="telegram", id="42", secrets={"token": (TOKEN,), "webhook": ("s",)})
CONVERSATION = Conversation(id="77", recipient=Identity("telegram", "77"))
ADAPTER = TelegramAdapter()


class Recorder(BaseRequest):
    """A wire for python-telegram-bot that answers what it is told, and keeps what was sent."""

    read_timeout = 1.0

    def __init__(self, status: int = 200, answer: Any = None) -> None:
        self.status, self.answer = status, answer or {"ok": True, "result": True}
        self.sent: list[tuple[str, RequestData | None]] = []

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def do_request(self, url: str, method: str, request_data: Any = None, **_: Any) -> tuple[int, bytes]:
        self.sent.append((url, request_data))
        return self.status, json.dumps(self.answer).encode()


FILE = {"file_id": "file-1", "file_unique_id": "u", "file_size": 9, "file_path": "photos/file_5.jpg"}


async def theirs(call: Callable[[ptb.Bot], Awaitable[Any]], told: Any = None) -> tuple[str, RequestData]:
    wire = Recorder(answer=told)
    await call(ptb.Bot(TOKEN, request=wire, get_updates_request=wire))
    ((url, data),) = wire.sent
    assert data is not None
    return url, data


def plan(message: outbound.Outbound, conversation: Conversation = CONVERSATION) -> SendPlan:
    found = ADAPTER.encode(message, ACCOUNT, conversation, NOW)
    assert isinstance(found, SendPlan), found
    return found


def only(message: outbound.Outbound, conversation: Conversation = CONVERSATION) -> HttpStep:
    (step,) = plan(message, conversation).steps
    assert isinstance(step, HttpStep)
    assert step.method == "POST"
    return step


def refused(message: outbound.Outbound, account: Account = ACCOUNT, to: Conversation = CONVERSATION) -> str:
    found = ADAPTER.encode(message, account, to, NOW)
    assert isinstance(found, Refused), found
    return found.code


BUTTONS = ptb.InlineKeyboardMarkup.from_column(
    [ptb.InlineKeyboardButton("Monday", callback_data="a"), ptb.InlineKeyboardButton("Friday", callback_data="b")]
)
CALLS: list[tuple[outbound.Outbound, Callable[[ptb.Bot], Awaitable[Any]]]] = [
    (outbound.Message(key="k", text="Hi 👋"), lambda bot: bot.send_message(77, "Hi 👋")),
    (
        outbound.Message(key="k", text="That one.", reply_to="77:5"),
        lambda bot: bot.send_message(
            77, "That one.", reply_parameters=ptb.ReplyParameters(5, allow_sending_without_reply=True)
        ),
    ),
    (
        outbound.Choices(
            key="k", text="Day?", choices=(outbound.Choice("a", "Monday"), outbound.Choice("b", "Friday"))
        ),
        lambda bot: bot.send_message(77, "Day?", reply_markup=BUTTONS),
    ),
    (
        outbound.Media(key="k", kind=MediaKind.IMAGE, content_type="image/png", url="https://a.example/x.png"),
        lambda bot: bot.send_photo(77, "https://a.example/x.png"),
    ),
    (
        outbound.Media(
            key="k", kind=MediaKind.DOCUMENT, content_type="text/csv", url="https://a.example/x", caption="All"
        ),
        lambda bot: bot.send_document(77, "https://a.example/x", caption="All"),
    ),
    (outbound.Edit(key="k", message_id="77:5", text="New"), lambda bot: bot.edit_message_text("New", 77, 5)),
    (outbound.Delete(key="k", message_id="77:5"), lambda bot: bot.delete_message(77, 5)),
    (
        outbound.React(key="k", message_id="77:5", reaction="👍"),
        lambda bot: bot.set_message_reaction(77, 5, [ptb.ReactionTypeEmoji("👍")]),
    ),
    (outbound.Typing(key="k"), lambda bot: bot.send_chat_action(77, "typing")),
]


@pytest.mark.parametrize(("message", "call"), CALLS, ids=[type(message).__name__ for message, _ in CALLS])
async def test_our_calls_are_theirs(message: outbound.Outbound, call: Callable[[ptb.Bot], Awaitable[Any]]) -> None:
    url, data = await theirs(call)
    step = only(message)
    assert step.url == url
    # Theirs are forms, where what is no text is JSON.
    ours = {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in json.loads(step.body).items()
    }
    expected = {name: value for name, value in data.json_parameters.items() if name != "is_big"}
    assert {name: _read(value) for name, value in ours.items()} == {name: _read(v) for name, v in expected.items()}


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


async def test_an_upload_is_a_form_with_the_file_in_it() -> None:
    message = outbound.Media(
        key="k", kind=MediaKind.DOCUMENT, content_type="text/plain", data=b"a,b\r\n--", name='x".csv', caption="All ö"
    )
    step = only(message)
    url, _ = await theirs(lambda bot: bot.send_document(77, b"a", caption="All ö"))
    assert step.url == url
    ((_, content_type),) = step.headers
    form = _form(content_type, step.body)
    assert form["chat_id"] == (None, b"77")
    assert form["caption"] == (None, "All ö".encode())
    assert form["document"] == ("x%22.csv", b"a,b\r\n--")
    assert step == only(message), "the same message gives the same bytes"


def _form(content_type: str, body: bytes) -> dict[str, tuple[str | None, bytes]]:
    """What stands in a form, read by the standard library's reader of mails."""
    read = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body, policy=policy.HTTP)
    found: dict[str, tuple[str | None, bytes]] = {}
    for part in read.iter_parts():
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        found[str(part.get_param("name", header="content-disposition"))] = (part.get_filename(), payload)
    return found


def test_a_topic_is_answered_in_the_topic() -> None:
    step = only(outbound.Message(key="k", text="Hi"), Conversation(id="-9/3", recipient=Identity("telegram", "77")))
    body = json.loads(step.body)
    assert (body["chat_id"], body["message_thread_id"]) == (-9, 3)
    assert step.rate_keys == ("account:42", "chat:-9", "group:-9")


def test_what_is_private_goes_to_the_persons_own_chat() -> None:
    group = Conversation(id="-9/3", recipient=Identity("telegram", "77"))
    step = only(outbound.Message(key="k", text="Only for you", reply_to="-9:5", is_private=True), group)
    assert json.loads(step.body) == {"chat_id": 77, "text": "Only for you"}
    assert step.degradations == ("reply_to",)
    assert only(outbound.Message(key="k", text="Hi", is_private=True), group).rate_keys == ("account:42", "chat:77")


def test_without_a_chat_the_person_is_written_to() -> None:
    step = only(outbound.Message(key="k", text="Hi"), Conversation(recipient=Identity("telegram", "78")))
    assert json.loads(step.body)["chat_id"] == 78
    assert step.rate_keys == ("account:42", "chat:78")


def test_a_server_of_ones_own() -> None:
    account = Account(
        route_key="r", channel="telegram", id="42", config={"url": "http://bots.lan"}, secrets={"token": (TOKEN,)}
    )
    found = ADAPTER.encode(outbound.Message(key="k", text="Hi"), account, CONVERSATION, NOW)
    assert isinstance(found, SendPlan)
    (step,) = found.steps
    assert isinstance(step, HttpStep)
    assert step.url == f"http://bots.lan/bot{TOKEN}/sendMessage"
    assert TOKEN not in repr(step)


@pytest.mark.parametrize("token", ["", "42", "42:a/../x", "42:a?x", "42:a#x", "x:a"])
def test_a_token_that_would_lead_elsewhere_is_refused(token: str) -> None:
    account = Account(route_key="r", channel="telegram", id="42", secrets={"token": (token,)})
    assert refused(outbound.Message(key="k", text="Hi"), account) == "no_token"


def test_who_never_wrote_cannot_be_written_to() -> None:
    to = Conversation(recipient=Identity("phone", "+4930123456"))
    assert refused(outbound.Message(key="k", text="Hi"), to=to) == "no_chat"


def test_what_a_text_loses_is_told() -> None:
    message = outbound.Message(key="k", text="<b>Hi</b>", format=TextFormat.HTML, subject="Order")
    assert plan(message).degradations == ("format", "subject")
    assert plan(outbound.Progress(key="k", text="Packed.", stage="packed")).degradations == ("progress_as_text",)
    assert plan(outbound.Message(key="k", text="Hi")).degradations == ()


@pytest.mark.parametrize(
    "choice", [outbound.Choice("x" * 65, "A"), outbound.Choice("a", "A" * 65), outbound.Choice("", "A")]
)
def test_choices_that_do_not_fit_are_listed(choice: outbound.Choice) -> None:
    step = only(outbound.Choices(key="k", text="Which?", choices=(choice, outbound.Choice("b", "B"))))
    assert step.degradations == ("choices_as_text",)
    assert json.loads(step.body) == {"chat_id": 77, "text": f"Which?\n1. {choice.label}\n2. B"}


def test_an_id_of_64_bytes_is_a_button_and_its_bytes_count() -> None:
    fits = outbound.Choices(key="k", text="?", choices=(outbound.Choice("x" * 64, "A"),))
    assert plan(fits).degradations == ()
    wide = outbound.Choices(key="k", text="?", choices=(outbound.Choice("ö" * 33, "A"),))
    assert plan(wide).degradations == ("choices_as_text",)


def test_a_picture_that_clients_do_not_show_is_a_document() -> None:
    step = only(outbound.Media(key="k", kind=MediaKind.IMAGE, content_type="image/tiff", url="https://a.example/x"))
    assert step.url.endswith("/sendDocument")
    assert step.degradations == ("media_as_document",)


def test_a_long_caption_follows_its_picture() -> None:
    def picture(caption: str) -> SendPlan:
        url = "https://a.example/x"
        return plan(outbound.Media(key="k", kind=MediaKind.IMAGE, content_type="image/png", url=url, caption=caption))

    assert len(picture("👋" * 512).steps) == 1
    long = picture("👋" * 512 + "!")
    first, second = (json.loads(step.body) for step in long.steps if isinstance(step, HttpStep))
    assert "caption" not in first
    assert second["text"] == "👋" * 512 + "!"
    assert [step.idempotency_key for step in long.steps] == ["k", "k:1"]
    assert long.degradations == ("caption_apart",)


def test_what_cannot_be_carried_is_refused() -> None:
    big = b"x" * 10_000_001
    assert (
        refused(outbound.Media(key="k", kind=MediaKind.IMAGE, content_type="image/png", data=big)) == "media_too_large"
    )
    assert refused(outbound.Media(key="k", kind=MediaKind.IMAGE, content_type="image/png")) == "no_media"
    forged = outbound.Media(key="k", kind=MediaKind.IMAGE, content_type="image/png", data=b"x", name="a\r\nX: y")
    assert refused(forged) == "file_name"
    assert refused(outbound.Media(key="k", kind=MediaKind.IMAGE, content_type="image/png", data=b"", name="\ud800"))
    assert refused(outbound.Template(key="k", name="welcome", language="en")) == "template"
    assert refused(outbound.MarkRead(key="k", message_id="77:5")) == "mark_read"
    assert refused(outbound.CallAction(key="k", call_id="c", verb=outbound.CallVerb.HOLD)) == "call"
    assert refused(outbound.Typing(key="k", is_typing=False)) == "typing_ends"
    for text in ("\ud800", "\x00"):
        assert refused(outbound.Message(key="k", text=text)) == "unencodable_text"


def test_a_long_text_goes_out_in_pieces_measured_in_utf_16() -> None:
    def texts(text: str) -> list[str]:
        steps = plan(outbound.Message(key="k", text=text, reply_to="77:5")).steps
        return [json.loads(step.body)["text"] for step in steps if isinstance(step, HttpStep)]

    assert texts("👋" * 2_048) == ["👋" * 2_048]
    assert texts("👋" * 2_049) == ["👋" * 2_048, "👋"]
    assert texts("x" * 4_097) == ["x" * 4_096, "x"]
    split = plan(outbound.Message(key="k", text="x" * 4_097, reply_to="77:5"))
    assert split.degradations == ("split",)
    first, last = (json.loads(step.body) for step in split.steps if isinstance(step, HttpStep))
    assert "reply_parameters" not in first
    assert last["reply_parameters"]["message_id"] == 5
    assert refused(outbound.Message(key="k", text="x" * (8 * 4_096 + 1))) == "text_too_long"


def test_an_edit_is_never_parted() -> None:
    assert plan(outbound.Edit(key="k", message_id="7:5", text="👋" * 2_048))
    assert refused(outbound.Edit(key="k", message_id="7:5", text="👋" * 2_048 + "!")) == "text_too_long"


@pytest.mark.parametrize("message_id", ["", "x", "77:", "77:5:6", "77:5x"])
def test_an_id_that_is_none_is_refused(message_id: str) -> None:
    assert refused(outbound.Delete(key="k", message_id=message_id)) == "message_id"
    assert refused(outbound.Message(key="k", text="Hi", reply_to=message_id)) == "message_id"


def test_only_what_twice_is_once_may_be_repeated() -> None:
    assert not only(outbound.Message(key="k", text="Hi")).safe_to_repeat
    for message in (
        outbound.Edit(key="k", message_id="77:5", text="New"),
        outbound.Delete(key="k", message_id="77:5"),
        outbound.React(key="k", message_id="77:5", reaction=None),
        outbound.Typing(key="k"),
    ):
        assert only(message).safe_to_repeat


def test_limits_are_those_of_the_library() -> None:
    assert facts.TEXT_LIMIT == constants.MessageLimit.MAX_TEXT_LENGTH
    assert facts.CAPTION_LIMIT == constants.MessageLimit.CAPTION_LENGTH
    assert facts.CHOICE_ID_MAX_BYTES == constants.InlineKeyboardButtonLimit.MAX_CALLBACK_DATA
    assert facts.BUTTONS_MAX == constants.InlineKeyboardMarkupLimit.TOTAL_BUTTON_NUMBER
    assert facts.MEDIA[MediaKind.IMAGE].max_bytes == constants.FileSizeLimit.PHOTOSIZE_UPLOAD
    assert facts.MEDIA[MediaKind.VIDEO].max_bytes == constants.FileSizeLimit.FILESIZE_UPLOAD
    assert set(facts.ALLOWED_UPDATES) < set(constants.UpdateType)
    permits = {bucket.name: bucket.permits for bucket in facts.RATE_BUCKETS}
    assert permits == {
        "account": constants.FloodLimit.MESSAGES_PER_SECOND,
        "chat": constants.FloodLimit.MESSAGES_PER_SECOND_PER_CHAT,
        "group": constants.FloodLimit.MESSAGES_PER_MINUTE_PER_GROUP,
    }


def interpret(result: StepResult, message: outbound.Outbound | None = None) -> Any:
    return ADAPTER.interpret(only(message or outbound.Message(key="k", text="Hi")), result, NOW)


def answer(status: int, **body: Any) -> HttpAnswer:
    return HttpAnswer(status=status, body=json.dumps(body).encode())


EDIT = outbound.Edit(key="k", message_id="77:5", text="New")
LIMITED = {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 7"}
ANSWERS: list[tuple[int, dict[str, Any], Any, type[Exception] | None]] = [
    (200, {"ok": True, "result": True}, Sent(), None),
    (400, {"ok": False, "error_code": 400, "description": "Bad Request"}, Failed("telegram_400"), ptb.error.BadRequest),
    (
        403,
        {"ok": False, "error_code": 403, "description": "Forbidden"},
        Failed("telegram_403", is_undeliverable=True),
        ptb.error.Forbidden,
    ),
    (401, {"ok": False, "error_code": 401, "description": "No"}, Retry("telegram_401"), ptb.error.InvalidToken),
    (404, {"ok": False, "error_code": 404, "description": "No"}, Retry("telegram_404"), ptb.error.InvalidToken),
    (502, {"ok": False, "error_code": 502, "description": "Bad"}, Unknown("telegram_502"), ptb.error.NetworkError),
]


@pytest.mark.parametrize(("status", "body", "expected", "raised"), ANSWERS)
async def test_answers_are_read_as_the_library_reads_them(
    status: int, body: dict[str, Any], expected: Any, raised: type[Exception] | None
) -> None:
    assert interpret(answer(status, **body)) == expected
    wire = Recorder(status, body)
    bot = ptb.Bot(TOKEN, request=wire, get_updates_request=wire)
    if raised is None:
        assert await bot.send_chat_action(77, "typing")
    else:
        with pytest.raises(raised):
            await bot.send_chat_action(77, "typing")


@pytest.mark.parametrize(
    ("parameters", "seconds"),
    [({"retry_after": 7}, 7), ({"retry_after": 10**9}, 86_400), ({"retry_after": -1}, None), ({}, None)],
)
def test_the_advice_of_a_limit_is_honoured(parameters: dict[str, int], seconds: int | None) -> None:
    outcome = interpret(answer(429, **LIMITED, parameters=parameters))
    assert isinstance(outcome, Retry)
    assert (None if outcome.after is None else outcome.after.total_seconds()) == seconds


def test_a_sent_message_has_the_id_by_which_news_name_it() -> None:
    sent = interpret(answer(200, ok=True, result={"message_id": 8, "date": 1, "chat": {"id": -9, "type": "group"}}))
    assert sent == Sent(("-9:8",))


def test_an_edit_to_what_it_says_already_is_done() -> None:
    told = answer(400, ok=False, error_code=400, description="Bad Request: message is not modified: specified new")
    assert interpret(told, EDIT) == Sent()


def test_what_is_gone_was_deleted() -> None:
    told = answer(400, ok=False, error_code=400, description="Bad Request: message to delete not found")
    assert interpret(told, EDIT) == Sent()


def test_an_error_in_a_success_is_an_error() -> None:
    forbidden = answer(200, ok=False, error_code=403, description="Forbidden")
    assert interpret(forbidden) == Failed("telegram_403", is_undeliverable=True)
    assert interpret(answer(200, ok=False)) == Failed("telegram_200")


def test_a_servers_fault_is_tried_again_only_where_that_is_safe() -> None:
    fault = answer(500, ok=False, error_code=500, description="Internal Server Error")
    assert interpret(fault) == Unknown("telegram_500")
    assert interpret(fault, EDIT) == Retry("telegram_500")
    assert interpret(HttpAnswer(status=502, body=b"<html>"), EDIT) == Retry("http_502")


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"ok": 1}', b'{"ok": true}', b'{"ok": true, "result": 1}']
)
def test_a_page_of_somebody_else_is_no_success(body: bytes) -> None:
    assert interpret(HttpAnswer(status=200, body=body)) == Unknown("unreadable_answer")


def test_a_page_of_somebody_else_with_a_status() -> None:
    assert interpret(HttpAnswer(status=413, body=b"<html>")) == Failed("http_413")
    assert isinstance(interpret(HttpAnswer(status=429, body=b"<html>", headers=(("Retry-After", "7"),))), Retry)


def test_no_answer() -> None:
    assert interpret(NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=True)) == Unknown("timed_out")
    assert interpret(NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)) == Retry("not_connected")
    assert interpret(FrameAnswer()) == Failed("needs_http")


async def test_a_file_is_asked_for_as_the_library_does_and_then_fetched_where_it_would_be() -> None:
    step = ADAPTER.fetch(MediaRef(ref="file-1", kind=MediaKind.IMAGE), ACCOUNT)
    assert isinstance(step, HttpStep)
    url, data = await theirs(lambda bot: bot.get_file("file-1"), {"ok": True, "result": FILE})
    assert (step.url, json.loads(step.body)) == (url, data.json_parameters)
    found = ADAPTER.interpret(step, answer(200, ok=True, result=FILE), NOW)
    assert isinstance(found, Next)
    assert isinstance(found.step, HttpStep)
    assert found.step.url == f"https://api.telegram.org/file/bot{TOKEN}/photos/file_5.jpg"
    assert (found.step.method, found.step.headers) == ("GET", ())
    assert TOKEN not in repr(found)


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "../x", "photos/../x", "a b", "x?y", "x#y", "http://evil.example/x"]
)
def test_no_file_is_fetched_from_elsewhere(path: str) -> None:
    step = ADAPTER.fetch(MediaRef(ref="file-1", kind=MediaKind.IMAGE), ACCOUNT)
    assert isinstance(step, HttpStep)
    told = answer(200, ok=True, result={**FILE, "file_path": path})
    assert ADAPTER.interpret(step, told, NOW) == Unknown("unreadable_answer")


def test_without_a_token_no_file_is_asked_for() -> None:
    account = Account(route_key="r", channel="telegram", id="42")
    assert isinstance(ADAPTER.fetch(MediaRef(ref="x", kind=MediaKind.IMAGE), account), Refused)
    assert isinstance(ADAPTER.fetch(MediaRef(ref="\ud800", kind=MediaKind.IMAGE), ACCOUNT), Refused)


def test_a_caption_that_no_number_of_messages_holds_is_refused() -> None:
    url, caption = "https://a.example/x", "x" * (8 * 4_096 + 1)
    media = outbound.Media(key="k", kind=MediaKind.IMAGE, content_type="image/png", url=url, caption=caption)
    assert refused(media) == "text_too_long"
