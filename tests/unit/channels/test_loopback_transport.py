from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from orchestra.channels import inbound, outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.inbound import DeliveryState
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.loopback_transport import Failure, LoopbackProvider, LoopbackTransport
from orchestra.channels.loopback_wire import signature_headers
from orchestra.channels.parts import Identity
from orchestra.channels.sending import Interpreted, Retry, SendPlan, Sent, Unknown
from orchestra.channels.wire import (
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


def test_two_providers_told_the_same_do_the_same() -> None:
    one, two = LoopbackProvider(ACCOUNT), LoopbackProvider(ACCOUNT)
    for provider in (one, two):
        provider.fail_next(Failure.CUT_SHORT)
        provider.receive(step_of())
        provider.receive(step_of(key="k-2"))
    assert one.delivered == two.delivered
    assert one.customer_writes("Hi", at=NOW) == two.customer_writes("Hi", at=NOW)
