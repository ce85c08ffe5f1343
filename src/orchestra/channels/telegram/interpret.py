"""Reading what the Bot API answers: one object, whatever the status ("Making requests" of its reference)."""

from __future__ import annotations

from datetime import datetime, timedelta

from orchestra.channels.answers import by_status, retry_after, seconds_of_advice, unanswered
from orchestra.channels.fields import Fields
from orchestra.channels.safe_json import parse_json
from orchestra.channels.sending import Failed, Interpreted, Next, Outcome, Retry, Sent, Unknown
from orchestra.channels.telegram.decode import message_id
from orchestra.channels.telegram.files import file_of
from orchestra.channels.wire import HttpAnswer, StepResult, WireStep
from orchestra.errors import MalformedMessage

__all__ = ["interpret_result"]

# An edit to what the message says already, or of one that is gone: so it was done before.
_DONE_BEFORE = ("message is not modified", "message to delete not found")

_FORBIDDEN = 403
_NO_SUCH_TOKEN = frozenset({401, 404})
"""`InvalidToken` of python-telegram-bot: the account is at fault, not the message, which passes once that is mended."""


def interpret_result(step: WireStep, result: StepResult, now: datetime) -> Interpreted:
    """Say what came of a call."""
    lost = unanswered(result)
    if lost is not None or not isinstance(result, HttpAnswer):
        return lost or Failed("needs_http")
    try:
        answer = Fields(parse_json(result.body), "answer")
        is_ok = answer.flag("ok")
    except MalformedMessage:
        return by_status(result, now, is_safe=step.safe_to_repeat)
    try:
        return _sent(step, answer) if is_ok else _refused(answer, step, result, now)
    except MalformedMessage:
        return Unknown("unreadable_answer")


def _sent(step: WireStep, answer: Fields) -> Interpreted:
    """Methods that send give the message, `getFile` the place of a file, others only true."""
    if answer.is_true("result"):
        return Sent()
    message = answer.child("result")
    following = file_of(step, message)
    if following is not None:
        return Next(following)
    return Sent((message_id(message.child("chat").integer("id"), message.integer("message_id")),))


def _refused(answer: Fields, step: WireStep, result: HttpAnswer, now: datetime) -> Outcome:
    code = answer.integer("error_code") if "error_code" in answer else result.status
    word = f"telegram_{code}"
    if code == 429:
        return Retry(word, _advice(answer) or retry_after(result.headers, now))
    if code in _NO_SUCH_TOKEN:
        return Retry(word)
    if code >= 500:
        return Retry(word) if step.safe_to_repeat else Unknown(word)
    if "description" in answer and any(words in answer.text("description") for words in _DONE_BEFORE):
        return Sent()
    # Whoever has stopped the bot, or is gone, is written to in vain until they write again (`Forbidden` of
    # python-telegram-bot).
    return Failed(word, is_undeliverable=code == _FORBIDDEN)


def _advice(answer: Fields) -> timedelta | None:
    """`ResponseParameters.retry_after`, in seconds."""
    if "parameters" not in answer or "retry_after" not in answer.child("parameters"):
        return None
    return seconds_of_advice(answer.child("parameters").integer("retry_after"))
