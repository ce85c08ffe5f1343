"""The points of credentials and files, against a sound adapter and adapters with planted bugs."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from tests.contract.loopback_case import LoopbackCase
from tests.contract.test_adapter_suite_catches import is_caught
from typing_extensions import override

from orchestra.channels.account import Account
from orchestra.channels.fields import Fields
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.parts import MediaRef
from orchestra.channels.port import Authorized
from orchestra.channels.safe_json import parse_json
from orchestra.channels.sending import Failed, Interpreted, Next, Refused, Retry, SendPlan
from orchestra.channels.wire import HttpAnswer, HttpStep, StepResult, WireStep
from orchestra.errors import MalformedMessage
from orchestra.testing.adapters import POINTS

HOME = "files.loopback.example"


class RemoteAdapter(LoopbackAdapter):
    """The loopback channel with credentials that expire and files behind them."""

    def authorize(self, account: Account, now: datetime) -> SendPlan | None:
        return SendPlan((HttpStep(idempotency_key="token", method="POST", url="https://id.loopback.example/"),))

    def decode_authorization(
        self, step: WireStep, result: StepResult, now: datetime
    ) -> Authorized | Next | Retry | Failed:
        if not isinstance(result, HttpAnswer) or result.status != 200:
            return Retry("unanswered")
        try:
            token = Fields(parse_json(result.body), "answer").identifier("token")
        except MalformedMessage:
            return Retry("unreadable_answer")
        return Authorized(secrets={"access": token}, expires_at=datetime(2026, 1, 6, tzinfo=UTC))

    def fetch(self, media_ref: MediaRef, account: Account) -> HttpStep | Refused:
        try:
            parts = urlsplit(media_ref.ref)
        except ValueError:
            return Refused("no_address", "is none")
        if not media_ref.ref.isprintable():
            return Refused("no_address", "is none")
        is_home = parts.scheme == "https" and parts.netloc == HOME
        return self.fetching(media_ref.ref, account.secret_values("signing")[0] if is_home else "")

    @staticmethod
    def fetching(url: str, secret: str) -> HttpStep:
        headers = (("Authorization", secret),) if secret else ()
        return HttpStep(idempotency_key="fetch", method="GET", url=url, headers=headers)


class RemoteCase(LoopbackCase):
    @override
    def adapter(self) -> RemoteAdapter:
        return RemoteAdapter()

    @override
    def authorization(self) -> StepResult:
        return HttpAnswer(status=200, body=b'{"token": "canary-token"}')


class BelievesAnyAnswer(RemoteAdapter):
    @override
    def decode_authorization(
        self, step: WireStep, result: StepResult, now: datetime
    ) -> Authorized | Next | Retry | Failed:
        body = result.body if isinstance(result, HttpAnswer) else b""
        return Authorized(secrets={"access": body[:20].decode("latin-1")})


class IgnoresTheStatus(RemoteAdapter):
    @override
    def decode_authorization(
        self, step: WireStep, result: StepResult, now: datetime
    ) -> Authorized | Next | Retry | Failed:
        found = super().decode_authorization(step, result, now)
        return Authorized(secrets={"access": "the old one"}) if isinstance(found, Retry) else found


class AsksDifferently(RemoteAdapter):
    asked = 0

    @override
    def authorize(self, account: Account, now: datetime) -> SendPlan | None:
        type(self).asked += 1
        step = HttpStep(idempotency_key=str(self.asked), method="POST", url="https://id.loopback.example/")
        return SendPlan((step,))


class TellsEverybody(RemoteAdapter):
    @override
    def fetch(self, media_ref: MediaRef, account: Account) -> HttpStep | Refused:
        return self.fetching(media_ref.ref, account.secret_values("signing")[0])


class LooksForTheNameOnly(RemoteAdapter):
    """`https://evil.example#@acme.example/` has it, too."""

    @override
    def fetch(self, media_ref: MediaRef, account: Account) -> HttpStep | Refused:
        is_home = "example" in media_ref.ref
        return self.fetching(media_ref.ref, account.secret_values("signing")[0] if is_home else "")


class RaisesOnOddAddresses(RemoteAdapter):
    @override
    def fetch(self, media_ref: MediaRef, account: Account) -> HttpStep | Refused:
        urlsplit(media_ref.ref)
        return super().fetch(media_ref, account)


class FollowsWithTheToken(RemoteAdapter):
    """The answer says where the file is, and anybody may have written that."""

    @override
    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        if isinstance(result, HttpAnswer) and b"url" in result.body:
            return Next(self.fetching(Fields(parse_json(result.body), "answer").text("url"), "new-secret"))
        return super().interpret(step, result, now)


BROKEN: dict[type[RemoteAdapter], str] = {
    BelievesAnyAnswer: "test_50_credentials",
    IgnoresTheStatus: "test_50_credentials",
    AsksDifferently: "test_50_credentials",
    TellsEverybody: "test_51_files",
    LooksForTheNameOnly: "test_51_files",
    RaisesOnOddAddresses: "test_51_files",
    FollowsWithTheToken: "test_51_files",
}


@pytest.mark.parametrize("test", sorted(set(BROKEN.values())))
def test_a_sound_adapter_passes(test: str) -> None:
    getattr(RemoteCase(), test)()


@pytest.mark.parametrize("adapter", BROKEN, ids=lambda adapter: adapter.__name__)
def test_a_planted_bug_is_caught(adapter: type[RemoteAdapter]) -> None:
    assert is_caught(RemoteCase, adapter, BROKEN[adapter])


def test_both_points_are_of_the_contract() -> None:
    assert {int(test.split("_")[1]) for test in BROKEN.values()} <= set(POINTS)


def test_who_has_neither_need_not_pass_for_it() -> None:
    for test in (LoopbackCase().test_50_credentials, LoopbackCase().test_51_files):
        with pytest.raises(pytest.skip.Exception, match="does not apply"):
            test()
