"""Asking Telegram for updates."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from telegram.constants import PollingLimit

from orchestra.channels import inbound
from orchestra.channels.account import Account
from orchestra.channels.port import Decoded, Polled, PollingAdapter
from orchestra.channels.sending import Retry
from orchestra.channels.telegram.adapter import TelegramAdapter
from orchestra.channels.telegram.facts import ALLOWED_UPDATES
from orchestra.channels.wire import HttpAnswer, HttpStep, NoAnswer, NoAnswerReason, RawRequest, StepResult, Verified

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ACCOUNT = Account(route_key="r", channel="telegram", id="42", secrets={"token": ("42:a-token",), "webhook": ("s",)})
ADAPTER = TelegramAdapter()


def update(number: Any, text: str = "Hi") -> dict[str, Any]:
    chat = {"id": 77, "type": "private"}
    message = {
        "message_id": 5,
        "date": 1_767_614_400,
        "chat": chat,
        "from": {"id": 77, "first_name": "Ann"},
        "text": text,
    }
    return {"update_id": number, "message": message}


def step(cursor: str | None = None, account: Account = ACCOUNT) -> HttpStep:
    (found,) = ADAPTER.poll(cursor, account, NOW).steps
    assert isinstance(found, HttpStep)
    return found


def polled(result: StepResult, cursor: str | None = None) -> Polled:
    return ADAPTER.decode_poll(step(cursor), result, cursor, ACCOUNT)


def page(*updates: Any, **more: Any) -> HttpAnswer:
    return HttpAnswer(status=200, body=json.dumps({"ok": True, "result": list(updates), **more}).encode())


def test_it_asks_for_all_that_a_webhook_would_bring() -> None:
    assert isinstance(ADAPTER, PollingAdapter)
    assert step().url == "https://api.telegram.org/bot42:a-token/getUpdates"
    assert json.loads(step().body) == {
        "limit": PollingLimit.MAX_LIMIT,
        "timeout": 0,
        "allowed_updates": list(ALLOWED_UPDATES),
    }
    assert json.loads(step("902").body)["offset"] == 902


@pytest.mark.parametrize("cursor", ["", "x", "1" * 19, "9.5"])
def test_a_cursor_of_another_kind_asks_from_the_beginning(cursor: str) -> None:
    assert "offset" not in json.loads(step(cursor).body)


def test_without_a_token_it_leads_nowhere() -> None:
    assert step(account=Account(route_key="r", channel="telegram", id="42")).url == ""


def test_a_page_says_where_to_go_on_and_has_the_keys_of_the_webhook() -> None:
    found = polled(page(update(900), update(905, "Hello?")), "900")
    assert (found.cursor, found.has_more, found.retry) == ("906", False, None)
    request = RawRequest(method="POST", url="https://a.example", body=json.dumps(update(900)).encode(), received_at=NOW)
    posted = ADAPTER.decode(Verified(request), ACCOUNT)
    assert found.decoded.events[0].origin.dedupe_key == posted.events[0].origin.dedupe_key
    assert found.decoded.events[0].origin.received_at == NOW


def test_nothing_new_leaves_the_cursor() -> None:
    assert polled(page(), "900") == Polled(decoded=Decoded(), cursor="900")


def test_a_full_page_has_more() -> None:
    assert polled(page(*(update(number) for number in range(100)))).has_more
    assert not polled(page(*(update(number) for number in range(99)))).has_more


def test_a_bad_update_costs_only_itself() -> None:
    found = polled(page(update(900), None, update(True), {"update_id": 903, "message": 5}, update(902)))
    assert [type(event) for event in found.decoded.events] == [inbound.MessageReceived] * 2
    assert len(found.decoded.issues) == 3
    assert found.cursor == "904"


def test_a_page_of_nothing_but_bad_updates_leads_nowhere() -> None:
    found = polled(page(*[None] * 100), "900")
    assert (found.cursor, found.has_more) == ("900", False)


def test_where_a_webhook_brings_the_news_there_are_none_here() -> None:
    told = {"ok": False, "error_code": 409, "description": "Conflict: can't use getUpdates while webhook is active"}
    assert polled(HttpAnswer(status=409, body=json.dumps(told).encode()), "900") == Polled(
        decoded=Decoded(), cursor="900"
    )


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=True), "timed_out"),
        (HttpAnswer(status=401, body=b'{"ok": false, "error_code": 401}'), "telegram_401"),
        (HttpAnswer(status=502, body=b"<html>"), "http_502"),
        (
            HttpAnswer(status=400, body=b'{"ok": false, "error_code": 400, "description": "message is not modified"}'),
            "unreadable_answer",
        ),
        (HttpAnswer(status=200, body=b"[]"), "unreadable_answer"),
        (HttpAnswer(status=200, body=b'{"ok": true}'), "unreadable_answer"),
        (HttpAnswer(status=200, body=b'{"ok": false, "result": []}'), "unreadable_answer"),
        (HttpAnswer(status=200, body=b'{"ok": true, "result": {}}'), "unreadable_answer"),
    ],
)
def test_what_is_no_page_is_asked_for_again(result: StepResult, code: str) -> None:
    found = polled(result, "900")
    assert found.cursor == "900"
    assert isinstance(found.retry, Retry)
    assert found.retry.code == code
