"""Hostile bytes into the adapters of providers: genuine requests and answers, damaged at random.

What is signed may still be anything: a provider's fault, a stolen secret. It costs an issue, never an exception.
"""

from __future__ import annotations

import json
import random
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

import attrs
import pytest
from hypothesis import given, settings, strategies as st
from tests.contract import (
    test_adapters,
    test_facebook_page,
    test_messaging,
    test_telegram,
    test_twilio,
    test_web_chat,
    test_web_form,
    test_whatsapp,
)
from tests.counts import FUZZ_INPUTS

from orchestra.channels import outbound
from orchestra.channels.parts import MediaKind, MediaPart
from orchestra.channels.port import Decoded
from orchestra.channels.sending import Failed, Next, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.wire import HttpAnswer, HttpStep, RawRequest, Rejected, Verified

ADAPTERS: dict[str, Callable[[], Any]] = {
    "facebook_page": test_facebook_page.TestFacebookPage,
    "instagram": test_messaging.TestInstagram,
    "loopback": test_adapters.TestLoopback,
    "messenger": test_messaging.TestMessenger,
    "telegram": test_telegram.TestTelegram,
    "twilio_sms": test_twilio.TestTwilioSms,
    "twilio_whatsapp": test_twilio.TestTwilioWhatsApp,
    "web_chat": test_web_chat.TestWebChat,
    "web_form": test_web_form.TestWebForm,
    "whatsapp": test_whatsapp.TestWhatsApp,
}
KINDS = ("message", "echo", "edit", "delete", "delivered", "read", "failed", "unknown", "batch", "watermark")
EVERY_ADAPTER = pytest.mark.parametrize("name", ADAPTERS)
OVER_HTTP = pytest.mark.parametrize("name", [name for name in ADAPTERS if not name.startswith("web_")])
"""Those who send over HTTP: our own chat and forms have no provider who answers."""

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**63 - 1, -(2**63), 1.5, 1e308, "", "x" * 600, "\x00", "\u202e", "0", "-1", "NaN"),
    *([], {}, [[]], [None], {"id": None}, {"id": {}}, "http://169.254.169.254/", "\r\nX: y", "🏴‍☠️"),
)


def samples(case: Any) -> Iterator[RawRequest]:
    for kind in KINDS:
        try:
            yield case.sample(kind)
        except KeyError:
            continue  # the channel has nothing of the kind


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from paths(inner, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    if isinstance(value, dict):
        return {key: replaced(inner, path[1:], new) if key == path[0] else inner for key, inner in value.items()}
    return [replaced(inner, path[1:], new) if key == path[0] else inner for key, inner in enumerate(value)]


def without(value: Any, path: tuple[Any, ...]) -> Any:
    whole, last = value, path[-1]
    for key in path[:-1]:
        whole = whole[key]
    rest = (
        {key: inner for key, inner in whole.items() if key != last}
        if isinstance(whole, dict)
        else [inner for key, inner in enumerate(whole) if key != last]
    )
    return replaced(value, path[:-1], rest)


def damaged_value(value: Any, draw: random.Random) -> Any:
    for _ in range(draw.randint(1, 3)):
        path = draw.choice(list(paths(value)))
        value = without(value, path) if path and draw.random() < 0.2 else replaced(value, path, draw.choice(ODD))
    return value


def damaged_form(body: bytes, draw: random.Random) -> bytes:
    pairs = parse_qsl(body.decode(), keep_blank_values=True)
    for _ in range(draw.randint(1, 3)):
        name, _ = draw.choice(pairs)
        pairs.append((name, str(draw.choice(ODD))))
        pairs.pop(draw.randrange(len(pairs)))
    return urlencode(pairs).encode()


def damaged_bytes(body: bytes, draw: random.Random) -> bytes:
    place = draw.randrange(len(body) + 1)
    kinds = (
        lambda: body[:place],
        lambda: body[:place] + draw.randbytes(draw.randint(1, 8)) + body[place:],
        lambda: body[:place] + draw.randbytes(1) + body[place + 1 :],
        lambda: body[place:] + body[:place],
        lambda: body * 2,
    )
    return draw.choice(kinds)()


def damaged(body: bytes, draw: random.Random) -> bytes:
    if not body or draw.random() < 0.3:
        return damaged_bytes(body, draw)
    try:
        return json.dumps(damaged_value(json.loads(body), draw)).encode()
    except ValueError:
        return damaged_form(body, draw)


def taken(case: Any, body: bytes) -> Decoded:
    """What comes of a genuine request with this body."""
    request = attrs.evolve(case.sample("message"), body=body)
    try:
        signed = case.sign(request, case.account().secret_values(case.signing.secret)[0])
    except ValueError:
        return Decoded()  # the provider's own library cannot sign this
    verdict = case.adapter().verify(signed, case.account(), case.now)
    assert isinstance(verdict, Verified | Rejected)
    return case.adapter().decode(verdict, case.account()) if isinstance(verdict, Verified) else Decoded()


def assert_sound(decoded: Decoded) -> None:
    assert 200 <= decoded.reply.status < 500
    assert decoded.reply.status < 300 or not decoded.events
    for event in decoded.events:
        origin = event.origin
        told = [
            origin.dedupe_key,
            origin.ids.message or "",
            origin.ids.event or "",
            *(i.value for i in origin.identities),
        ]
        told += [part.media.ref if isinstance(part, MediaPart) else part.text for part in getattr(event, "parts", ())]
        assert origin.dedupe_key
        assert all(isinstance(text, str) and text == text.encode().decode() for text in told)
        assert origin.occurred_at is None or origin.occurred_at.tzinfo is not None
    for issue in decoded.issues:
        assert issue.reason.isprintable()
        assert issue.where.isprintable()


@EVERY_ADAPTER
@pytest.mark.fuzz
def test_damaged_requests_never_raise(name: str) -> None:
    case, draw = ADAPTERS[name](), random.Random(name)
    bodies = [request.body for request in samples(case)]
    for _ in range(FUZZ_INPUTS):
        assert_sound(taken(case, damaged(draw.choice(bodies), draw)))


@OVER_HTTP
@pytest.mark.fuzz
def test_damaged_answers_never_raise_and_never_pass_for_a_success(name: str) -> None:
    case, draw = ADAPTERS[name](), random.Random(name)
    (step, *_) = case.adapter().encode(case.messages()[0], case.account(), case.conversation(), case.now).steps
    answers = [case.answer(kind) for kind in ("accepted", "permanent", "transient")]
    for _ in range(FUZZ_INPUTS):
        answer = draw.choice(answers)
        status = draw.choice((200, 201, 204, 301, 400, 401, 403, 404, 408, 409, 413, 429, 500, 503, answer.status))
        headers = (("Retry-After", str(draw.choice(ODD))),)
        found = HttpAnswer(status=status, headers=headers, body=damaged(answer.body, draw))
        outcome = case.adapter().interpret(step, found, case.now)
        assert isinstance(outcome, Sent | Retry | Failed | Unknown | Next)
        if isinstance(outcome, Sent):
            assert status < 300 or name == "telegram", "a refusal by status is no success"
            assert all(outcome.ids)


@OVER_HTTP
@settings(max_examples=25, deadline=None)
@given(st.text(max_size=30), st.text(max_size=30))
def test_no_words_raise_and_none_get_into_headers_or_addresses(name: str, text: str, other: str) -> None:
    case = ADAPTERS[name]()
    messages: tuple[outbound.Outbound, ...] = (
        outbound.Message(key="k", text=text, reply_to=other, subject=other),
        outbound.Choices(key="k", text=text, choices=(outbound.Choice(other, text), outbound.Choice(text, other))),
        outbound.Media(key="k", kind=MediaKind.IMAGE, content_type=other, url=text, caption=other, name=text),
        outbound.Media(
            key="k", kind=MediaKind.DOCUMENT, content_type="text/plain", data=b"x", name=other, caption=text
        ),
        outbound.Template(key="k", name=text, language=other, parameters=(text, other)),
        outbound.Edit(key="k", message_id=other, text=text),
        outbound.React(key="k", message_id=text, reaction=other),
        outbound.MarkRead(key="k", message_id=other),
        outbound.Progress(key="k", text=text, stage=other),
    )
    for message in messages:
        plan = case.adapter().encode(message, case.account(), case.conversation(), case.now)
        assert isinstance(plan, SendPlan | Refused)
        for step in plan.steps if isinstance(plan, SendPlan) else ():
            assert isinstance(step, HttpStep)
            lines = [step.url, *(word for header in step.headers for word in header)]
            assert all(line.isascii() and line.isprintable() for line in lines)


@EVERY_ADAPTER
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b'"' + b"\\u0041" * 160_000,
        b"9" * 1_000_000,
        b"&" * 1_000_000,
        b"a=" + b"%41" * 333_000,
        b"[" + b"{}," * 300_000 + b"{}]",
    ],
    ids=lambda body: body[:6].decode(),
)
def test_a_megabyte_costs_little(name: str, body: bytes) -> None:
    case = ADAPTERS[name]()
    tracemalloc.start()
    try:
        decoded = taken(case, body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert_sound(decoded)
    assert not decoded.events
    # Whatever is quadratic runs into the time-out of tests.
    assert peak < 128_000_000
