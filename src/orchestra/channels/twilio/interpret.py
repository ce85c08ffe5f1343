"""Reading what Twilio's API answers: a message, or an error with a code of its own (docs/api/errors)."""

from __future__ import annotations

from datetime import datetime

from orchestra.channels.answers import by_status, retry_after, unanswered
from orchestra.channels.fields import Fields
from orchestra.channels.inbound import DeliveryState
from orchestra.channels.safe_json import parse_json
from orchestra.channels.sending import Failed, Outcome, Retry, Sent, Unknown
from orchestra.channels.twilio.facts import ACCOUNT_CODES, PASSING_CODES, PERMANENT_CODES, STATES, WINDOW_CODE
from orchestra.channels.windows import WINDOW_IS_SHUT
from orchestra.channels.wire import HttpAnswer, StepResult, WireStep
from orchestra.errors import MalformedMessage

__all__ = ["interpret_result"]


def interpret_result(step: WireStep, result: StepResult, now: datetime) -> Outcome:
    """Say what came of a request. Twilio honours no keys for messages: a server's error may hide a success."""
    lost = unanswered(result)
    if lost is not None or not isinstance(result, HttpAnswer):
        return lost or Failed("needs_http")
    try:
        answer = Fields(parse_json(result.body), "answer")
        return _sent(answer) if 200 <= result.status < 300 else _refused(answer, step, result, now)
    except MalformedMessage:
        return by_status(result, now, is_safe=step.safe_to_repeat)


def _sent(answer: Fields) -> Outcome:
    """A message may be born dead: its status tells."""
    message = answer.identifier("sid")
    status = answer.text("status") if "status" in answer else "accepted"
    if STATES.get(status) is not DeliveryState.FAILED:
        return Sent((message,))
    if "error_code" not in answer:
        return Failed(f"twilio_{status}")
    return _failed(answer.integer("error_code"))


def _failed(code: int) -> Failed:
    if code == WINDOW_CODE:
        return Failed(WINDOW_IS_SHUT.code)
    return Failed(f"twilio_{code}", is_undeliverable=str(code) in PERMANENT_CODES)


def _refused(answer: Fields, step: WireStep, result: HttpAnswer, now: datetime) -> Outcome:
    code = answer.integer("code")
    word = f"twilio_{code}"
    if code in PASSING_CODES or result.status == 429:
        return Retry(word, retry_after(result.headers, now))
    if code in ACCOUNT_CODES or result.status == 401:
        return Retry(word)
    if result.status >= 500:
        return Retry(word) if step.safe_to_repeat else Unknown(word)
    return _failed(code) if result.status >= 400 else Unknown(word)
