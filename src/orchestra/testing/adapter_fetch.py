"""Points 50 and 51 of the contract of channel adapters: credentials that expire, and files behind authentication."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from orchestra.channels.account import Account
from orchestra.channels.parts import MediaKind, MediaRef
from orchestra.channels.port import Authorized, AuthorizingAdapter, FetchingAdapter
from orchestra.channels.sending import Failed, Next, Refused, Retry
from orchestra.channels.wire import HttpAnswer, HttpStep, NoAnswer, NoAnswerReason, StepResult
from orchestra.testing.adapter_hostile import HOSTILE_BODIES
from orchestra.testing.adapter_points import POINTS
from orchestra.testing.adapter_rig import AdapterRig

__all__ = ["FetchPoints"]

_REFS = (
    *(
        "http://169.254.169.254/latest/meta-data",
        "https://evil.example/a.png",
        "file:///etc/passwd",
        "//evil.example/x",
    ),
    *("https://acme@evil.example/", "https://evil.example/\r\nX: y", "", "..", "../../me", "17", "x" * 5_000, "\x00"),
    *("[::1", "https://[::1", "https://evil.example#@acme.example/"),
    *("javascript:alert(1)", "https://evil.example:99999/", "\u202e", "17/../../me?fields=token", "17?access_token=x"),
)


class FetchPoints(AdapterRig):
    """Credentials that expire, and files behind authentication. Part of `AdapterContract`."""

    def test_50_credentials(self) -> None:
        """What is no answer of the provider gives no credentials, and no credentials are shown."""
        self._needs(50)
        adapter = self.adapter()
        if not isinstance(adapter, AuthorizingAdapter):
            pytest.skip(f"point 50 ({POINTS[50]}) does not apply: the adapter has no credentials that expire")
        plan = adapter.authorize(self.account(), self.now)
        assert plan is not None, "give an account() that needs credentials"
        assert plan == adapter.authorize(self.account(), self.now), "two calls gave different plans"
        for step in plan.steps:
            granted = adapter.decode_authorization(step, self.authorization(), self.now)
            assert isinstance(granted, (Authorized, Next)), f"the provider gave credentials, but: {granted}"
            if isinstance(granted, Authorized):
                assert granted.secrets, "there must be at least one"
                shown = repr(granted)
                assert not any(value in shown for value in granted.secrets.values()), "credentials are shown"
            lost: list[StepResult] = [NoAnswer(reason, may_have_arrived=True) for reason in NoAnswerReason]
            lost += [HttpAnswer(status=status, body=body) for status in (200, 401, 503) for body in HOSTILE_BODIES]
            for result in lost:
                given = adapter.decode_authorization(step, result, self.now)
                assert isinstance(given, (Retry, Failed)), f"credentials came of {result}: {given}"

    def test_51_files(self) -> None:
        """Whoever names a file does not get what proves who we are, nor where it leads."""
        self._needs(51)
        adapter = self.adapter()
        if not isinstance(adapter, FetchingAdapter):
            pytest.skip(f"point 51 ({POINTS[51]}) does not apply: the adapter's files are public")
        account = self.account()
        for ref in _REFS:
            media = MediaRef(ref=ref, kind=MediaKind.IMAGE)
            try:
                step = adapter.fetch(media, account)
            except Exception as error:
                raise AssertionError(f"fetch raised {type(error).__name__} on {ref[:60]!r}") from error
            assert isinstance(step, HttpStep | Refused), f"fetch gave {step}"
            if isinstance(step, HttpStep):
                self._assert_secret_at_home(step, account, ref)
                moved = HttpAnswer(status=200, body=b'{"url": "https://evil.example/a.png"}')
                following = self._interpret(step, moved)
                if isinstance(following, Next) and isinstance(following.step, HttpStep):
                    self._assert_secret_at_home(following.step, account, "an answer")

    def _assert_secret_at_home(self, step: HttpStep, account: Account, whose: str) -> None:
        """What proves who we are goes to hosts only that the adapter knows without being told."""
        known = "evil.example" not in step.url and "169.254" not in step.url
        told = [step.url, *(word for header in step.headers for word in header), repr(step.body)]
        for values in account.secrets.values():
            for value in values:
                assert known or not any(value in text for text in told), f"a secret goes where {whose[:60]!r} leads"
        for name, value in step.headers:
            assert (name + value).isprintable(), f"a control character got into a header from {whose[:60]!r}"
        if known and any(value in text for values in account.secrets.values() for value in values for text in told):
            host = urlsplit(step.url).hostname or ""
            assert host, f"a secret goes nowhere in particular for {whose[:60]!r}"
