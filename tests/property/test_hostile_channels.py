"""Hostile bytes into the adapters of providers: genuine requests and answers, damaged at random.

What is signed may still be anything: a provider's fault, a stolen secret. It costs an issue, never an exception.
"""

from __future__ import annotations

import json
import random
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import attrs
import pytest
from hypothesis import given, settings, strategies as st
from tests.contract import (
    test_adapters,
    test_apprise,
    test_back_office,
    test_facebook_page,
    test_messaging,
    test_telegram,
    test_twilio,
    test_twilio_voice,
    test_web_chat,
    test_web_form,
    test_whatsapp,
)
from tests.counts import FUZZ_INPUTS

from orchestra.channels import inbound, outbound
from orchestra.channels.apprise.adapter import NO_SUCH_RECIPIENT, TOLD
from orchestra.channels.parts import MediaKind, MediaPart
from orchestra.channels.port import Decoded
from orchestra.channels.sending import Failed, Next, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.web_chat.codec import WebChatCodec
from orchestra.channels.wire import FrameAnswer, Headers, HttpAnswer, HttpStep, RawRequest, Rejected, Verified
from orchestra.testing.adapter_hostile import HOSTILE_BODIES

ADAPTERS: dict[str, Callable[[], Any]] = {
    "cloudevents": test_back_office.TestCloudEvents,
    "cloudevents in binary mode": test_back_office.TestCloudEventsInBinaryMode,
    "facebook_page": test_facebook_page.TestFacebookPage,
    "instagram": test_messaging.TestInstagram,
    "loopback": test_adapters.TestLoopback,
    "messenger": test_messaging.TestMessenger,
    "standard_webhooks": test_back_office.TestStandardWebhooks,
    "telegram": test_telegram.TestTelegram,
    "twilio_sms": test_twilio.TestTwilioSms,
    "twilio_voice": test_twilio_voice.TestTwilioVoice,
    "twilio_whatsapp": test_twilio.TestTwilioWhatsApp,
    "web_chat": test_web_chat.TestWebChat,
    "web_form": test_web_form.TestWebForm,
    "web_form with files": test_web_form.TestWebFormWithFiles,
    "whatsapp": test_whatsapp.TestWhatsApp,
}
WORDS = (
    *("object", "entry", "changes", "messaging", "value", "messages", "message", "from", "id", "text", "body", "type"),
    *(
        "data",
        "source",
        "specversion",
        "update_id",
        "chat",
        "frames",
        "events",
        "email",
        "statuses",
        "time",
        "timestamp",
    ),
)
"""The names of fields that adapters look at."""
KINDS = ("message", "echo", "edit", "delete", "delivered", "read", "failed", "unknown", "batch", "watermark")
EVERY_ADAPTER = pytest.mark.parametrize("name", ADAPTERS)
OVER_HTTP = pytest.mark.parametrize("name", [name for name in ADAPTERS if not name.startswith("web_")])
"""Those who send over HTTP: our own chat and forms have no provider who answers."""

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**63 - 1, -(2**63), 1.5, 1e308, "", "x" * 600, "\x00", "\u202e", "0", "-1", "NaN"),
    *([], {}, [[]], [None], {"id": None}, {"id": {}}, "http://169.254.169.254/", "\r\nX: y", "🏴‍☠️"),
)

FRAMES: tuple[dict[str, Any], ...] = (
    {"type": "hello", "version": 1, "after": 3, "token": "x"},
    {"type": "message", "id": "a1", "text": "Hello"},
    {"type": "typing", "is_typing": True},
    {"type": "received", "id": "s-1"},
    {"type": "read", "id": "s-1"},
    {"type": "ping"},
)
FORM_PIECES = (
    *(b"\r\n", b"\r\n\r\n", b"--0815\r\n", b"--0815--\r\n", b'"', b"\x00", b"\xff", b"%22", b"x" * 3_000),
    *(b'; name="email"', b'; filename="../../etc/passwd"', b"; filename*=utf-8''%00", b": "),
    *(b"Content-Type: multipart/mixed; boundary=0815\r\n", b"Content-Transfer-Encoding: base64\r\n"),
    b"Content-Type: text/plain; charset=utf-7\r\n",
)
"""What is put into the parts of a browser's form."""
CALL_NEWS: tuple[tuple[str, dict[str, str]], ...] = (
    ("", {"CallStatus": "completed"}),
    ("?do=idle&of=k1", {"CallStatus": "in-progress"}),
    ("?do=keys&of=k1", {"CallStatus": "in-progress", "Digits": "1"}),
    ("?do=silence&of=k1", {"CallStatus": "in-progress"}),
    ("?do=left&of=k1", {"CallStatus": "in-progress", "DialCallStatus": "completed"}),
    ("?do=leg&call=CA1&leg=of7", {"CallStatus": "in-progress"}),
    ("?do=leg&call=CA1&leg=of7", {"CallStatus": "no-answer"}),
    ("?do=leg&call=%00&leg=%ff&leg=x", {"CallStatus": "in-progress"}),
    ("?do=\u202e&of=", {"CallStatus": "in-progress"}),
)
"""What Twilio posts of calls beside the first ring: our own query, and fields."""
ODD_HEADERS = ("", "\x00", "x" * 9_000, "%ZZ", "%ff", "2026-99-01T00:00:00Z", "{", "\xff")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=6),
    max_leaves=12,
)


def samples(case: Any) -> Iterator[RawRequest]:
    for kind in KINDS:
        try:
            yield case.sample(kind)
        except (KeyError, ValueError):
            continue  # the channel has nothing of the kind
    if isinstance(case, test_twilio_voice.TestTwilioVoice):
        for query, fields in CALL_NEWS:
            yield attrs.evolve(case.request(fields), url=f"{test_twilio_voice.URL}{query}")


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


def damaged_parts(body: bytes, draw: random.Random) -> bytes:
    """A browser's form whose parts are doubled, gone, moved, or have something odd in their middle."""
    delimiter = body.partition(b"\r\n")[0]
    first, *parts, last = body.split(delimiter)
    for _ in range(draw.randint(1, 3)):
        place = draw.randrange(len(parts))
        part = parts.pop(place)
        cut = draw.randrange(len(part) + 1)
        odd = draw.choice((*FORM_PIECES, str(draw.choice(ODD)).encode(), draw.randbytes(4)))
        put = draw.choice(((), (part, part), (part[:cut] + odd + part[cut:],), (part[:cut] + part[cut + len(odd) :],)))
        other = draw.choice((place, draw.randrange(len(parts) + 1)))
        parts = [*parts[:other], *put, *parts[other:]] or [part]
    return delimiter.join([first, *parts, last])


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
    if body.startswith(b"--"):
        return damaged_parts(body, draw)
    try:
        return json.dumps(damaged_value(json.loads(body), draw)).encode()
    except ValueError:
        return damaged_form(body, draw)


def damaged_headers(headers: Headers, draw: random.Random) -> Headers:
    """Now and then one of them is doubled, gone, or has an odd value: events may stand in headers."""
    if not headers or draw.random() < 0.6:
        return headers
    place = draw.randrange(len(headers))
    name, value = headers[place]
    odd = draw.choice((f"{value}x", value * 2, *ODD_HEADERS))
    found = draw.choice((((name, odd),), (), ((name, value), (name, odd))))
    return (*headers[:place], *found, *headers[place + 1 :])


def signed(case: Any, request: RawRequest) -> RawRequest | None:
    """The request as the provider would send it; None if its own library cannot sign this."""
    try:
        found = case.sign(request, case.account().secret_values(case.signing.secret)[0])
    except ValueError:
        return None
    assert isinstance(found, RawRequest)
    return found


def read(case: Any, request: RawRequest) -> Decoded:
    """What comes of a signed request."""
    verdict = case.adapter().verify(request, case.account(), case.now)
    assert isinstance(verdict, Verified | Rejected)
    return case.adapter().decode(verdict, case.account()) if isinstance(verdict, Verified) else Decoded()


def taken(case: Any, request: RawRequest) -> Decoded:
    """What comes of a genuine request."""
    found = signed(case, request)
    return Decoded() if found is None else read(case, found)


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
    requests, news, issues = list(samples(case)), 0, 0
    for _ in range(FUZZ_INPUTS):
        request = draw.choice(requests)
        headers, body = damaged_headers(request.headers, draw), damaged(request.body, draw)
        decoded = taken(case, attrs.evolve(request, headers=headers, body=body))
        assert_sound(decoded)
        news, issues = news + bool(decoded.events), issues + bool(decoded.issues)
    assert FUZZ_INPUTS < 100 or (news and issues), "damage that is always noticed at once gets nowhere"


@EVERY_ADAPTER
@pytest.mark.fuzz
def test_what_no_provider_sends_is_no_news(name: str) -> None:
    case = ADAPTERS[name]()
    for body in HOSTILE_BODIES:
        decoded = taken(case, attrs.evolve(case.sample("message"), body=body))
        assert_sound(decoded)
        assert not any(isinstance(event, inbound.MessageReceived) for event in decoded.events)


@EVERY_ADAPTER
@settings(max_examples=25, deadline=None)
@given(body=JSON.map(json.dumps).map(str.encode) | st.binary(max_size=200))
def test_no_bytes_raise(name: str, body: bytes) -> None:
    case = ADAPTERS[name]()
    assert_sound(taken(case, attrs.evolve(case.sample("message"), body=body)))


@pytest.mark.fuzz
def test_damaged_frames_of_a_chat_never_raise() -> None:
    now, draw = test_web_chat.TestWebChat.now, random.Random("frames")
    for _ in range(FUZZ_INPUTS):
        codec = WebChatCodec(test_web_chat.ACCOUNT, 0, lambda: "p-1")
        assert not codec.feed(b'{"type":"hello","version":1}', now).is_closing
        for _ in range(2):
            step = codec.feed(damaged(json.dumps(draw.choice(FRAMES)).encode(), draw), now)
            assert_sound(step.decoded)
            assert step.is_closing or not step.decoded.issues


@pytest.mark.fuzz
def test_whatever_a_service_of_apprise_answers_means_something() -> None:
    case, draw = test_apprise.TestApprise(), random.Random("apprise")
    plan = case.adapter().encode(case.messages()[0], case.account(), case.conversation(), case.now)
    assert isinstance(plan, SendPlan)
    for _ in range(FUZZ_INPUTS):
        answer = FrameAnswer(data=damaged_bytes(draw.choice((TOLD, NO_SUCH_RECIPIENT)), draw))
        outcome = case.adapter().interpret(plan.steps[0], answer, case.now)
        assert isinstance(outcome, Sent) == (answer.data == TOLD)
        assert isinstance(outcome, Sent | Failed | Unknown)


def test_every_adapter_that_comes_with_the_package_is_among_them() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    has_its_own = {"apprise", "mail"}  # the one has no news, the other's are no requests: see test_hostile_mails
    assert set(project["entry-points"]["orchestra.channels"]) <= {*ADAPTERS, *has_its_own}


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
