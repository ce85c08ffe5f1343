from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from orchestra.channels import inbound, outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.inbound import DeliveryState
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.loopback.transport import Failure, LoopbackProvider, LoopbackTransport
from orchestra.channels.loopback.wire import signature_headers
from orchestra.channels.parts import Identity
from orchestra.channels.port import Decoded, Polled
from orchestra.channels.sending import Interpreted, Retry, SendPlan, Sent, Unknown
from orchestra.channels.wire import (
    FrameAnswer,
    FrameStep,
    HttpAnswer,
    HttpStep,
    NoAnswer,
    NoAnswerReason,
    RawRequest,
    StepResult,
    Verified,
    WireStep,
)

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ACCOUNT = Account(route_key="r-1", channel="loopback", id="acme", secrets={"signing": ("secret",)})
CONVERSATION = Conversation(id="c-1", recipient=Identity("loopback", "ann"))
ADAPTER = LoopbackAdapter()


@pytest.fixture
def provider() -> LoopbackProvider:
    return LoopbackProvider(ACCOUNT)


def step_of(text: str = "Hello", key: str = "k-1") -> HttpStep:
    plan = ADAPTER.encode(outbound.Message(key=key, text=text), ACCOUNT, CONVERSATION, NOW)
    assert isinstance(plan, SendPlan)
    assert isinstance(plan.steps[0], HttpStep)
    return plan.steps[0]


def outcome(step: HttpStep, result: StepResult) -> Interpreted:
    return ADAPTER.interpret(step, result, NOW)


def heard(request: RawRequest) -> tuple[inbound.Inbound, ...]:
    verified = ADAPTER.verify(request, ACCOUNT, request.received_at)
    assert isinstance(verified, Verified)
    decoded = ADAPTER.decode(verified, ACCOUNT)
    assert decoded.issues == ()
    return decoded.events


async def test_a_message_arrives(provider: LoopbackProvider) -> None:
    step = step_of()
    result = await LoopbackTransport(provider).perform(step)
    assert outcome(step, result) == Sent(("out-1",))
    (delivered,) = provider.delivered
    assert (delivered.key, delivered.type, delivered.recipient, delivered.text) == ("k-1", "message", "ann", "Hello")
    assert delivered.body["conversation"] == "c-1"
    assert "Hello" not in repr(delivered)


async def test_the_transport_leads_http_steps_only(provider: LoopbackProvider) -> None:
    frame = FrameStep(idempotency_key="k", connection="c", data=b"")
    result = await LoopbackTransport(provider).perform(frame)
    assert result == NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)


async def test_a_watcher_sees_each_step_before_it_leaves(provider: LoopbackProvider) -> None:
    def crash(_step: WireStep) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await LoopbackTransport(provider, watch=crash).perform(step_of())
    assert provider.attempts == []


def test_a_repeated_key_is_delivered_once_and_answered_alike(provider: LoopbackProvider) -> None:
    first = provider.receive(step_of())
    provider.receive(step_of(key="k-2"))
    assert provider.receive(step_of()) == first
    assert [delivered.key for delivered in provider.delivered] == ["k-1", "k-2"]
    assert provider.attempts == ["k-1", "k-2", "k-1"]


def test_a_key_is_not_lent_to_another_message(provider: LoopbackProvider) -> None:
    provider.receive(step_of("Hello"))
    assert provider.receive(step_of("Goodbye")) == HttpAnswer(status=409)
    assert [delivered.text for delivered in provider.delivered] == ["Hello"]


@pytest.mark.parametrize("failure", Failure)
def test_after_any_failure_a_second_attempt_delivers_once(provider: LoopbackProvider, failure: Failure) -> None:
    provider.fail_next(failure)
    step = step_of()
    first = outcome(step, provider.receive(step))
    taken = failure in {Failure.ERROR_AFTER_TAKING, Failure.TIMED_OUT_AFTER_TAKING, Failure.CUT_SHORT}
    assert len(provider.delivered) == int(taken)
    assert not isinstance(first, Sent)
    assert outcome(step, provider.receive(step)) == Sent(("out-1",))
    assert len(provider.delivered) == 1
    reached = 1 if failure is Failure.NOT_CONNECTED else 2
    assert len(provider.attempts) == reached


def test_failures_come_in_the_order_told(provider: LoopbackProvider) -> None:
    provider.fail_next(Failure.RATE_LIMITED, Failure.TIMED_OUT)
    provider.fail_always(Failure.UNAVAILABLE)
    step = step_of()
    outcomes = [outcome(step, provider.receive(step)) for _ in range(4)]
    assert outcomes == [
        Retry("http_429", timedelta(seconds=7)),
        Unknown("timed_out"),
        Retry("http_503"),
        Retry("http_503"),
    ]
    provider.fail_always(None)
    assert isinstance(outcome(step, provider.receive(step)), Sent)


def test_only_what_is_genuine_and_whole_is_taken(provider: LoopbackProvider) -> None:
    step = step_of()
    unsigned = attrs.evolve(step, headers=())
    assert provider.receive(unsigned) == HttpAnswer(status=401)
    keyless = attrs.evolve(step, headers=signature_headers("secret", NOW, step.body))
    assert provider.receive(keyless) == HttpAnswer(status=400)
    foreign = attrs.evolve(ACCOUNT, id="other")
    for body in (b"no json", LoopbackProvider(foreign).webhook(at=NOW).body):
        headers = (("Idempotency-Key", "k"), *signature_headers("secret", NOW, body))
        assert provider.receive(attrs.evolve(step, headers=headers, body=body)) == HttpAnswer(status=400)
    assert provider.delivered == []


def test_a_customer_writes(provider: LoopbackProvider) -> None:
    first, second = (heard(provider.customer_writes(text, at=NOW, sender="ann"))[0] for text in ("Hi", "Anyone?"))
    assert isinstance(first, inbound.MessageReceived)
    assert isinstance(second, inbound.MessageReceived)
    assert (first.text, second.text) == ("Hi", "Anyone?")
    assert first.origin.sender == Identity("loopback", "ann")
    assert (first.origin.ids.message, second.origin.ids.message) == ("in-1", "in-2")
    assert first.origin.occurred_at == NOW


def test_receipts_and_watermark(provider: LoopbackProvider) -> None:
    provider.receive(step_of())
    (receipt,) = heard(provider.receipt(DeliveryState.DELIVERED, "out-1", at=NOW))
    assert isinstance(receipt, inbound.DeliveryUpdate)
    assert (receipt.state, receipt.message_ids) == (DeliveryState.DELIVERED, ("out-1",))
    (read,) = heard(provider.read_up_to(NOW, at=NOW + timedelta(minutes=1)))
    assert isinstance(read, inbound.DeliveryUpdate)
    assert (read.state, read.watermark) == (DeliveryState.READ, NOW)


def test_an_echo_names_the_sending(provider: LoopbackProvider) -> None:
    provider.receive(step_of())
    (echo,) = heard(provider.echo(provider.delivered[0], at=NOW))
    assert isinstance(echo, inbound.OutboundEcho)
    assert (echo.key, echo.text, echo.origin.ids.message) == ("k-1", "Hello", "out-1")


def test_the_same_news_can_be_sent_again(provider: LoopbackProvider) -> None:
    news = provider.event("typing", at=NOW, sender="ann", typing=True)
    first, again = (heard(provider.webhook(news, at=NOW, attempt=attempt))[0].origin for attempt in (1, 2))
    assert first.dedupe_key == again.dedupe_key
    assert (first.is_redelivery, again.is_redelivery) == (False, True)


# Asking for news


def ask(provider: LoopbackProvider, cursor: str | None = None) -> Polled:
    (step,) = ADAPTER.poll(cursor, ACCOUNT, NOW).steps
    assert isinstance(step, HttpStep)
    return ADAPTER.decode_poll(step, provider.receive(step), cursor, ACCOUNT)


def test_with_nothing_kept_there_is_no_news(provider: LoopbackProvider) -> None:
    assert ask(provider) == Polled(decoded=Decoded(), cursor=None)
    assert (provider.polls, provider.attempts) == ([None], [])


def test_what_is_kept_is_told_in_pages_and_in_order(provider: LoopbackProvider) -> None:
    provider.page_size = 2
    for text in ("a", "b", "c"):
        provider.keep_message(text, at=NOW, sender="ann")
    first = ask(provider)
    assert [event.text for event in first.decoded.events if isinstance(event, inbound.MessageReceived)] == ["a", "b"]
    assert (first.cursor, first.has_more, first.retry) == ("2", True, None)
    second = ask(provider, first.cursor)
    assert [event.text for event in second.decoded.events if isinstance(event, inbound.MessageReceived)] == ["c"]
    assert (second.cursor, second.has_more) == ("3", False)
    assert ask(provider, second.cursor) == Polled(decoded=Decoded(), cursor="3")
    assert provider.polls == [None, "2", "3"]


def test_news_are_the_same_by_webhook_and_by_poll(provider: LoopbackProvider) -> None:
    news = provider.event("message", at=NOW, sender="ann", message="in-1", text="Hello")
    provider.keep(news)
    (told,), (asked,) = heard(provider.webhook(news, at=NOW)), ask(provider).decoded.events
    assert told.origin.dedupe_key == asked.origin.dedupe_key
    assert (asked.origin.received_at, asked.origin.occurred_at) == (NOW, NOW)
    assert not asked.origin.is_redelivery


def test_one_bad_piece_of_a_page_costs_only_itself(provider: LoopbackProvider) -> None:
    provider.keep_message("a", at=NOW)
    provider.keep({"id": "e-9", "type": "message"})
    provider.keep_message("c", at=NOW)
    polled = ask(provider)
    assert (len(polled.decoded.events), polled.cursor) == (2, "3")
    assert [issue.where for issue in polled.decoded.issues] == ["page.events[1].at"]


def test_polls_fail_apart_from_sends(provider: LoopbackProvider) -> None:
    provider.keep_message("a", at=NOW)
    provider.fail_next(Failure.UNAVAILABLE)
    provider.fail_polls(Failure.RATE_LIMITED, Failure.TIMED_OUT, Failure.NOT_CONNECTED, Failure.REJECTED)
    told = [ask(provider, "0") for _ in range(5)]
    assert [polled.retry for polled in told] == [
        Retry("http_429", timedelta(seconds=7)),
        Retry("timed_out"),
        Retry("not_connected"),
        Retry("http_422"),
        None,
    ]
    assert [polled.cursor for polled in told] == ["0", "0", "0", "0", "1"]
    assert outcome(step_of(), provider.receive(step_of())) == Retry("http_503")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"no json", 400),
        (b"{}", 400),
        (b'{"account":"other","type":"poll"}', 400),
        (b'{"account":"acme","type":"message"}', 400),
        (b'{"account":"acme","after":"x","type":"poll"}', 400),
        (b'{"account":"acme","type":"poll"}', 200),
    ],
)
def test_a_poll_must_be_one(provider: LoopbackProvider, body: bytes, status: int) -> None:
    step = attrs.evolve(step_of(), headers=signature_headers("secret", NOW, body), body=body)
    answer = provider.receive(step)
    assert isinstance(answer, HttpAnswer)
    assert answer.status == status
    assert provider.receive(attrs.evolve(step, headers=())) == HttpAnswer(status=401)


@pytest.mark.parametrize(
    "change",
    [
        {"account": "other"},
        {"account": None},
        {"events": {}},
        {"next": 17},
        {"next": ""},
        {"more": "yes"},
        {"more": None},
    ],
)
def test_what_is_no_page_is_asked_for_again(change: dict[str, object]) -> None:
    page = {"account": "acme", "events": [], "next": "9", "more": False, **change}
    (step,) = ADAPTER.poll("4", ACCOUNT, NOW).steps
    polled = ADAPTER.decode_poll(step, HttpAnswer(status=200, body=json.dumps(page).encode()), "4", ACCOUNT)
    assert (polled.cursor, polled.has_more, polled.decoded.events) == ("4", False, ())
    assert polled.retry == Retry("unreadable_answer")
    assert [issue.code for issue in polled.decoded.issues] == ["malformed"]


def test_the_answer_to_something_else_is_none() -> None:
    (step,) = ADAPTER.poll(None, ACCOUNT, NOW).steps
    assert ADAPTER.decode_poll(step, FrameAnswer(), None, ACCOUNT).retry == Retry("loopback_needs_http")


def test_without_a_secret_it_is_asked_in_vain(provider: LoopbackProvider) -> None:
    (step,) = ADAPTER.poll(None, attrs.evolve(ACCOUNT, secrets={}), NOW).steps
    assert isinstance(step, HttpStep)
    assert provider.receive(step) == HttpAnswer(status=401)


def test_a_cursor_stands_in_no_repr(provider: LoopbackProvider) -> None:
    assert "joe" not in repr(ADAPTER.poll("joe@x.example", ACCOUNT, NOW))
    assert "joe" not in repr(Polled(decoded=Decoded(), cursor="joe@x.example"))


def test_two_providers_told_the_same_do_the_same() -> None:
    one, two = LoopbackProvider(ACCOUNT), LoopbackProvider(ACCOUNT)
    for provider in (one, two):
        provider.fail_next(Failure.CUT_SHORT)
        provider.receive(step_of())
        provider.receive(step_of(key="k-2"))
    assert one.delivered == two.delivered
    assert one.customer_writes("Hi", at=NOW) == two.customer_writes("Hi", at=NOW)
