"""What the Apprise adapter asks for, and what its transport does with it, over a real service on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import apprise
import attrs
import pytest
from tests.notified_service import NotifiedService, notified_service

from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.apprise.adapter import NO_SUCH_RECIPIENT, NOT_CONFIRMED, TOLD, AppriseAdapter
from orchestra.channels.apprise.transport import AppriseTransport
from orchestra.channels.parts import Identity, MediaKind, TextFormat
from orchestra.channels.port import Decoded
from orchestra.channels.sending import Failed, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.transport import Transport
from orchestra.channels.wire import (
    FrameAnswer,
    FrameStep,
    HttpAnswer,
    HttpStep,
    NoAnswer,
    NoAnswerReason,
    RawRequest,
    Rejected,
    Verified,
)

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ACCOUNT = Account(route_key="r", channel="apprise", id="signal")
ANN = Conversation(recipient=Identity("signal", "+4930123456"))
ADAPTER = AppriseAdapter()


@pytest.fixture
def service() -> Iterator[NotifiedService]:
    with notified_service() as found:
        yield found


def only(message: outbound.Outbound, to: Conversation = ANN, account: Account = ACCOUNT) -> FrameStep:
    plan = ADAPTER.encode(message, account, to, NOW)
    assert isinstance(plan, SendPlan), plan
    (step,) = plan.steps
    assert isinstance(step, FrameStep)
    return step


def refused(message: outbound.Outbound) -> str:
    plan = ADAPTER.encode(message, ACCOUNT, ANN, NOW)
    assert isinstance(plan, Refused), plan
    return plan.code


def file(**more: Any) -> outbound.Media:
    return outbound.Media(key="k", kind=MediaKind.IMAGE, content_type="image/png", **more)


@pytest.mark.parametrize(
    ("message", "expected", "lost"),
    [
        (
            outbound.Message(key="k", text="Grüße 👋", subject="Order", format=TextFormat.HTML),
            {"title": "Order", "body": "Grüße 👋", "format": "html"},
            (),
        ),
        (
            outbound.Message(key="k", text="Hi", reply_to="m-1"),
            {"title": "", "body": "Hi", "format": "plain"},
            ("reply_to",),
        ),
        (
            outbound.Choices(key="k", text="Day?", choices=(outbound.Choice("a", "Mon"),)),
            {"title": "", "body": "Day?\n1. Mon", "format": "plain"},
            ("choices_as_text",),
        ),
        (
            file(url="https://a.example/x", caption="Yours"),
            {"title": "", "body": "Yours\nhttps://a.example/x", "format": "plain"},
            ("media_as_link",),
        ),
        (
            outbound.Progress(key="k", text="Packed.", stage="packed"),
            {"title": "", "body": "Packed.", "format": "plain"},
            ("progress_as_text",),
        ),
    ],
)
def test_frames_say_what_to_tell_whom(message: outbound.Outbound, expected: dict[str, str], lost: tuple[str]) -> None:
    step = only(message)
    assert json.loads(step.data) == {"to": "+4930123456", **expected}
    assert step.degradations == lost
    assert not step.safe_to_repeat


def test_what_may_come_twice_may_be_sent_again() -> None:
    account = attrs.evolve(ACCOUNT, config={"repeat": True})
    assert only(outbound.Message(key="k", text="Hi"), account=account).safe_to_repeat
    assert ADAPTER.capabilities(account, ANN).outbound_idempotency
    assert not ADAPTER.capabilities(ACCOUNT, ANN).outbound_idempotency


def test_what_cannot_be_told_is_refused() -> None:
    assert refused(file(data=b"x")) == "media_bytes"
    assert refused(outbound.Message(key="k", text=" ")) == "empty_text"
    assert refused(outbound.Message(key="k", text="\ud800")) == "unencodable_text"
    assert refused(outbound.Template(key="k", name="x", language="en")) == "template"
    assert refused(outbound.Edit(key="k", message_id="m", text="x")) == "edit"
    assert refused(outbound.Delete(key="k", message_id="m")) == "delete"
    assert refused(outbound.React(key="k", message_id="m", reaction="x")) == "react"
    assert refused(outbound.Typing(key="k")) == "typing"
    assert refused(outbound.MarkRead(key="k", message_id="m")) == "mark_read"
    assert refused(outbound.CallAction(key="k", call_id="c", verb=outbound.CallVerb.HOLD)) == "call"


def test_nothing_comes_in() -> None:
    request = RawRequest(method="POST", url="https://acme.example/r", body=b"{}", received_at=NOW)
    assert ADAPTER.verify(request, ACCOUNT, NOW) == Rejected("outward_only", status=404)
    assert ADAPTER.decode(Verified(request), ACCOUNT) == Decoded()


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (FrameAnswer(data=TOLD), Sent()),
        (FrameAnswer(data=NO_SUCH_RECIPIENT), Failed("no_such_recipient")),
        (FrameAnswer(data=NOT_CONFIRMED), Unknown("not_confirmed")),
        (FrameAnswer(data=None), Unknown("not_confirmed")),
        (HttpAnswer(status=200), Failed("needs_apprise")),
        (NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=True), Unknown("timed_out")),
        (NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False), Retry("not_connected")),
    ],
)
def test_outcomes(result: Any, expected: Any) -> None:
    assert ADAPTER.interpret(only(outbound.Message(key="k", text="Hi")), result, NOW) == expected


async def tell(url: str, message: outbound.Outbound, to: Conversation = ANN) -> Any:
    step = only(message, to)
    return ADAPTER.interpret(step, await AppriseTransport(url).perform(step), NOW)


async def test_a_service_is_told(service: NotifiedService) -> None:
    message = outbound.Message(key="k", text="Grüße 👋 <b>&", subject="Order")
    assert await tell(f"{service.url}/{{recipient}}", message) == Sent()
    ((path, told),) = service.told
    assert (unquote(path), told["title"], told["message"]) == ("/+4930123456", "Order", "Grüße 👋 <b>&")


async def test_without_a_recipient_all_go_to_one_place(service: NotifiedService) -> None:
    assert await tell(f"{service.url}/room", outbound.Message(key="k", text="Hi")) == Sent()
    assert service.told[0][0] == "/room"


async def test_no_recipient_leads_elsewhere(service: NotifiedService) -> None:
    to = Conversation(recipient=Identity("signal", "../admin?method=GET&x=1#y"))
    assert await tell(f"{service.url}/{{recipient}}", outbound.Message(key="k", text="Hi"), to) == Sent()
    ((path, _),) = service.told
    assert unquote(path) == "/../admin?method=GET&x=1#y"
    assert not set("?#") & set(path), "what may lead elsewhere is written so that it does not"
    assert path.count("/") == 1


@pytest.mark.parametrize("status", [400, 500])
async def test_what_a_service_does_not_take_is_unknown(service: NotifiedService, status: int) -> None:
    service.status = status
    assert await tell(f"{service.url}/x", outbound.Message(key="k", text="Hi")) == Unknown("not_confirmed")
    assert len(service.told) == 1


async def test_a_recipient_that_the_service_cannot_have_is_a_failure() -> None:
    to = Conversation(recipient=Identity("port", "no port"))
    assert await tell("json://localhost:{recipient}/x", outbound.Message(key="k", text="Hi"), to) == Failed(
        "no_such_recipient"
    )


async def test_a_time_out_is_unknown(service: NotifiedService, monkeypatch: pytest.MonkeyPatch) -> None:
    late = apprise.AppriseResult(status=apprise.AppriseResultStatus.TIMEOUT)
    monkeypatch.setattr(apprise.Apprise, "notify", lambda *_args, **_more: late)
    assert await tell(f"{service.url}/x", outbound.Message(key="k", text="Hi")) == Unknown("timed_out")


@pytest.mark.parametrize("url", ["bogus://secret-token", "no address", "json://", "{recipient}"])
def test_an_address_that_apprise_does_not_know_is_told_at_once_and_never_quoted(url: str) -> None:
    with pytest.raises(ValueError) as caught:
        AppriseTransport(url)
    assert "secret-token" not in str(caught.value)


async def test_only_its_own_frames_are_taken(service: NotifiedService) -> None:
    transport = AppriseTransport(f"{service.url}/x?secret=1")
    assert isinstance(transport, Transport)
    assert "secret" not in repr(transport)
    for step in (
        HttpStep(idempotency_key="k", method="GET", url="https://a.example"),
        FrameStep(idempotency_key="k", connection="another", data=b"{}"),
    ):
        with pytest.raises(TypeError):
            await transport.perform(step)
