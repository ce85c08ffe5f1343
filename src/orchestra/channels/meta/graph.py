"""Calls of Meta's Graph API, and what its errors mean.

Sources: Graph API, "Handling Errors"; Messenger Platform, "Common Error Codes"; WhatsApp Cloud API, "Error Codes", and
the classes of `pywa.errors` (version 4.5.0), which tests compare with.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import attrs

from orchestra.channels.account import Account
from orchestra.channels.answers import by_status, retry_after, unanswered
from orchestra.channels.description import ConfigField, ConfigKind
from orchestra.channels.fields import Fields
from orchestra.channels.safe_json import JsonObject, parse_json
from orchestra.channels.sending import Failed, Interpreted, Outcome, Refused, Retry, Sent, Unknown
from orchestra.channels.windows import WINDOW_IS_SHUT
from orchestra.channels.wire import HttpAnswer, HttpStep, StepResult, WireStep
from orchestra.channels.writing import json_body
from orchestra.errors import MalformedMessage

__all__ = [
    "DEFAULT_URL",
    "TOKEN",
    "URL_FIELD",
    "WINDOW_IS_SHUT_CODE",
    "Caller",
    "caller_of",
    "interpret_answer",
    "sent_if_true",
]

DEFAULT_URL = "https://graph.facebook.com/v25.0"
"""The API, and its version: each is kept for about two years."""

TOKEN = "token"  # noqa: S105 - the name under which the secret is kept, not a secret
"""The access token: of a system user, or of a Page."""

URL_FIELD = ConfigField(
    name="url", kind=ConfigKind.TEXT, help=f"the Graph API with its version; {DEFAULT_URL} if not set"
)

_ID = re.compile(r"[0-9]{1,64}")
# What may stand in a header: a token from elsewhere must not forge one.
_TOKEN = re.compile(r"[!-~]{1,2000}")

_PASSING = frozenset({2, 4, 17, 32, 341, 613, 80001, 80006, 80007, 130429, 131016, 131048, 131056, 131057, 133016})
"""Too fast, or down for a moment: the application's, the Page's, the account's, a pair's limit; maintenance."""

_ACCOUNT = frozenset({0, 3, 10, 102, 190, 368, 131005, 131031, 131042, 131045, *range(200, 300)})
"""The account is at fault (token, permission, policy, payment): a message passes once that is mended."""

_PERSON = frozenset({(10, 2018278), (10, 2018065), (10, 2534022), (200, 1545041), (200, 2018310)})
"""Codes of the account that mean the person in truth: outside the window, or not to be reached."""

WINDOW_IS_SHUT_CODE = 131047
"""WhatsApp's "Re-engagement message": a template would have passed."""

_NOBODY_KNOWS = frozenset({1, 131000})
"""An unknown error, of which nobody says whether it was sent."""


@attrs.frozen
class Caller:
    """Who calls: the account's id at Meta, its token, and where the API is. Made by `caller_of`."""

    id: str
    url: str = attrs.field(repr=False)
    token: str = attrs.field(repr=False)

    def post(
        self,
        path: str,
        fields: JsonObject,
        key: str,
        *,
        rate_keys: tuple[str, ...] = (),
        is_safe: bool = False,
        lost: tuple[str, ...] = (),
    ) -> HttpStep | Refused:
        """Plan a call with a JSON body, or say that its texts cannot be sent."""
        body = json_body(fields)
        if isinstance(body, Refused):
            return body
        return HttpStep(
            idempotency_key=key,
            rate_keys=rate_keys,
            safe_to_repeat=is_safe,
            degradations=lost,
            method="POST",
            url=f"{self.url}/{path}",
            headers=(("Content-Type", "application/json"), self.proof),
            body=body,
        )

    @property
    def proof(self) -> tuple[str, str]:
        """Give the header that says who calls."""
        return ("Authorization", f"Bearer {self.token}")


def caller_of(account: Account) -> Caller | Refused:
    """Give who calls, or say what the account lacks."""
    tokens = account.secret_values(TOKEN)
    if not tokens or _TOKEN.fullmatch(tokens[0]) is None or _ID.fullmatch(account.id) is None:
        return Refused("no_credentials", "the account needs its id at Meta, which is a number, and the secret `token`")
    return Caller(account.id, account.text_setting("url", DEFAULT_URL), tokens[0])


def interpret_answer(
    step: WireStep, result: StepResult, now: datetime, read: Callable[[Fields], Interpreted]
) -> Interpreted:
    """Say what came of a call.

    Args:
        step: what was called.
        result: what came.
        now: for advice that is a date.
        read: gives the outcome of a success, or raises `MalformedMessage`: then nobody knows.
    """
    lost = unanswered(result)
    if lost is not None or not isinstance(result, HttpAnswer):
        return lost or Failed("needs_http")
    try:
        answer = Fields(parse_json(result.body), "answer")
        if "error" in answer:
            return _refused(answer.child("error"), step, result, now)
        if 200 <= result.status < 300:
            return read(answer)
    except MalformedMessage:
        pass
    return by_status(result, now, is_safe=step.safe_to_repeat)


def _refused(error: Fields, step: WireStep, result: HttpAnswer, now: datetime) -> Outcome:
    code = error.integer("code")
    subcode = error.integer("error_subcode") if "error_subcode" in error else 0
    word = f"graph_{code}_{subcode}" if subcode else f"graph_{code}"
    if code == WINDOW_IS_SHUT_CODE:
        return Failed(WINDOW_IS_SHUT.code)
    if (code, subcode) in _PERSON:
        return Failed(word)
    if code in _PASSING or code in _ACCOUNT or result.status == 429 or error.is_true("is_transient"):
        return Retry(word, retry_after(result.headers, now))
    if code in _NOBODY_KNOWS or result.status >= 500:
        return Retry(word) if step.safe_to_repeat else Unknown(word)
    return Failed(word)


def sent_if_true(answer: Fields) -> Outcome:
    """Read the answer of calls that make nothing: `success` is true.

    Raises:
        MalformedMessage: it is not.
    """
    if not answer.is_true("success"):
        raise MalformedMessage(f"{answer.path}.success", "must be true")
    return Sent()
