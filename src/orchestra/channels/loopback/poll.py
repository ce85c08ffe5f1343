"""Asking the loopback channel for news that no webhook brought, and reading what comes."""

from __future__ import annotations

import hashlib
from datetime import datetime

from orchestra.channels.account import Account
from orchestra.channels.fields import Fields
from orchestra.channels.instants import TimeUnit, from_unix, unix_us
from orchestra.channels.loopback.decode import decode_news
from orchestra.channels.loopback.encode import DEFAULT_URL, interpret_result
from orchestra.channels.loopback.wire import SECRET_NAME, signature_headers
from orchestra.channels.port import Decoded, Issue, Polled
from orchestra.channels.safe_json import JsonObject, canonical_json, parse_json
from orchestra.channels.sending import Retry, SendPlan, Sent
from orchestra.channels.wire import HttpAnswer, HttpStep, StepResult, WireStep
from orchestra.errors import MalformedMessage

__all__ = ["decode_answer", "plan_poll"]

_POLL = "poll"


def plan_poll(cursor: str | None, account: Account, now: datetime) -> SendPlan:
    """Plan one request for a page of news."""
    body: JsonObject = {"account": account.id, "type": _POLL}
    if cursor is not None:
        body["after"] = cursor
    written = canonical_json(body)
    secret = next(iter(account.secret_values(SECRET_NAME)), "")
    step = HttpStep(
        idempotency_key=_POLL,
        rate_keys=(f"account:{account.id}",),
        safe_to_repeat=True,
        carry=str(unix_us(now) // 1_000),
        method="POST",
        url=account.text_setting("url", DEFAULT_URL),
        headers=(("Content-Type", "application/json"), *signature_headers(secret, now, written)),
        body=written,
    )
    return SendPlan((step,))


def decode_answer(step: WireStep, result: StepResult, cursor: str | None, account: Account) -> Polled:
    """Read a page: a bad event is an issue, and anything but a page is to be asked for again."""
    if not isinstance(result, HttpAnswer) or not 200 <= result.status < 300:
        outcome = interpret_result(result, _asked_at(step))
        assert not isinstance(outcome, Sent)  # only 2xx is
        retry = outcome if isinstance(outcome, Retry) else Retry(outcome.code)
        return Polled(decoded=Decoded(), cursor=cursor, retry=retry)
    digest = hashlib.sha256(result.body).hexdigest()
    try:
        return _page(step, result.body, digest, cursor, account)
    except MalformedMessage as error:
        issue = Issue(code="malformed", where=error.where, reason=error.reason, raw_digest=digest)
        return Polled(decoded=Decoded(issues=(issue,)), cursor=cursor, retry=Retry("unreadable_answer"))


def _page(step: WireStep, body: bytes, digest: str, cursor: str | None, account: Account) -> Polled:
    page = Fields(parse_json(body), "page")
    if page.text("account") != account.id:
        raise MalformedMessage("page.account", "names another account")
    decoded = decode_news(page, _asked_at(step), digest)
    return Polled(decoded=decoded, cursor=page.optional_identifier("next") or cursor, has_more=page.flag("more"))


def _asked_at(step: WireStep) -> datetime:
    return from_unix(int(step.carry), TimeUnit.MILLISECONDS, where="step.carry")
