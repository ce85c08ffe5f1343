"""Asking Telegram for updates, for bots that have no webhook (`getUpdates` in the Bot API's reference).

Asking with an offset makes Telegram forget all updates before it: the cursor is the one after the last that is durable.
"""

from __future__ import annotations

import re
from datetime import datetime

from orchestra.channels.account import Account
from orchestra.channels.batches import digest_of, issue_of, joined
from orchestra.channels.fields import Fields
from orchestra.channels.instants import TimeUnit, from_unix, unix_us
from orchestra.channels.port import Decoded, Polled
from orchestra.channels.safe_json import JsonObject, JsonValue, canonical_json, parse_json
from orchestra.channels.sending import Retry, SendPlan
from orchestra.channels.telegram.address import prefix_of
from orchestra.channels.telegram.decode import read_update
from orchestra.channels.telegram.facts import ALLOWED_UPDATES
from orchestra.channels.telegram.interpret import interpret_result
from orchestra.channels.wire import HttpAnswer, HttpStep, StepResult, WireStep
from orchestra.errors import MalformedMessage

__all__ = ["decode_page", "plan_poll"]

_MOST = 100
_OFFSET = re.compile(r"-?[0-9]{1,18}")
_CONFLICT = 409
"""`Conflict` of python-telegram-bot: the bot has a webhook, by which the news come."""


def plan_poll(cursor: str | None, account: Account, now: datetime) -> SendPlan:
    """Plan one call for a page of updates. Without a token it leads nowhere, which the answer then tells."""
    fields: JsonObject = {"limit": _MOST, "timeout": 0, "allowed_updates": list(ALLOWED_UPDATES)}
    if cursor is not None and _OFFSET.fullmatch(cursor) is not None:
        fields["offset"] = int(cursor)
    prefix = prefix_of(account)
    step = HttpStep(
        idempotency_key="poll",
        rate_keys=(f"account:{account.id}",),
        safe_to_repeat=True,
        carry=str(unix_us(now) // 1_000),
        method="POST",
        url=f"{prefix}getUpdates" if isinstance(prefix, str) else "",
        headers=(("Content-Type", "application/json"),),
        body=canonical_json(fields),
    )
    return SendPlan((step,))


def decode_page(step: WireStep, result: StepResult, cursor: str | None, account: Account) -> Polled:
    """Read a page. A bad update is an issue; that a webhook brings the news is no fault, and there are none here."""
    if isinstance(result, HttpAnswer) and result.status == _CONFLICT:
        return Polled(decoded=Decoded(), cursor=cursor)
    digest = digest_of(result.body) if isinstance(result, HttpAnswer) else ""
    if isinstance(result, HttpAnswer) and 200 <= result.status < 300:
        try:
            return _page(step, result.body, digest, cursor, account)
        except MalformedMessage as error:
            decoded = Decoded(issues=(issue_of(error, digest),))
            return Polled(decoded=decoded, cursor=cursor, retry=Retry("unreadable_answer"))
    asked_at = from_unix(int(step.carry), TimeUnit.MILLISECONDS)
    outcome = interpret_result(step, result, asked_at)
    retry = outcome if isinstance(outcome, Retry) else Retry(getattr(outcome, "code", "unreadable_answer"))
    return Polled(decoded=Decoded(), cursor=cursor, retry=retry)


def _page(step: WireStep, body: bytes, digest: str, cursor: str | None, account: Account) -> Polled:
    answer = Fields(parse_json(body), "answer")
    if not answer.is_true("ok"):
        raise MalformedMessage("answer.ok", "must be true")
    if "result" not in answer:
        raise MalformedMessage("answer.result", "is missing")
    items, asked_at = answer.items("result"), from_unix(int(step.carry), TimeUnit.MILLISECONDS)
    found = [read_update(item, account, asked_at, digest) for item in items]
    known = [number for number in map(_number, items) if number is not None]
    following = str(max(known) + 1) if known else cursor
    return Polled(decoded=joined(found), cursor=following, has_more=len(items) >= _MOST and following != cursor)


def _number(item: JsonValue) -> int | None:
    number = item.get("update_id") if isinstance(item, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None
