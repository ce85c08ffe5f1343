"""Back offices that speak CloudEvents, compared with the standard's own library."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given, strategies as st

from orchestra.channels import inbound, outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.back_office.cloudevents import CloudEventsAdapter
from orchestra.channels.parts import Identity
from orchestra.channels.port import Decoded
from orchestra.channels.sending import Refused, SendPlan
from orchestra.channels.wire import Handshake, HttpStep, RawRequest, Rejected, Verified

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ACCOUNT = Account(
    route_key="r-1",
    channel="cloudevents",
    id="/erp",
    config={"url": "https://erp.example/in", "origins": "erp.example, backup.example"},
    secrets={"token": ("t-new", "t-old")},
)
JOE = Conversation(recipient=Identity("crm", "7"))
ADAPTER = CloudEventsAdapter()
TOKEN = ("Authorization", "Bearer t-new")
JSON = "application/cloudevents+json"
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "/erp/orders",
    "type": "progress.posted",
    "time": "2026-01-05T11:59:00Z",
    "data": {"ref": "order:81", "stage": "packed"},
}


def request(headers: Any, body: Any = b"", method: str = "POST") -> RawRequest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    url = "https://acme.example/hooks/r-1"
    return RawRequest(method=method, url=url, headers=tuple(headers), body=raw, received_at=NOW)


def decoded(headers: Any, body: Any, account: Account = ACCOUNT) -> Decoded:
    verified = ADAPTER.verify(request((TOKEN, *headers), body), account, NOW)
    assert isinstance(verified, Verified)
    return ADAPTER.decode(verified, account)


def structured(event: Any) -> Decoded:
    return decoded([("Content-Type", JSON)], event)


def binary(*headers: tuple[str, str], data: Any = None, **changes: str | None) -> Decoded:
    attributes: dict[str, Any] = {name: EVENT[name] for name in ("specversion", "id", "source", "type", "time")}
    attributes |= changes
    found = [(f"ce-{name}", value) for name, value in attributes.items() if value is not None]
    body = EVENT["data"] if data is None else data
    return decoded([("Content-Type", "application/json"), *found, *headers], body)


def only(found: Decoded) -> Any:
    assert not found.issues
    (event,) = found.events
    return event


def told(event: Any) -> Any:
    origin = event.origin
    return event.ref, event.stage, origin.dedupe_key, origin.occurred_at


# The three modes


def test_an_event_says_the_same_in_each_mode() -> None:
    expected = ("order:81", "packed", "/erp/orders e-1", datetime(2026, 1, 5, 11, 59, tzinfo=UTC))
    assert told(only(structured(EVENT))) == expected
    assert told(only(binary())) == expected
    assert told(only(decoded([("Content-Type", "application/cloudevents-batch+json")], [EVENT]))) == expected


ASCII = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
WORDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40)


@given(WORDS, ASCII, WORDS, st.booleans())
def test_what_the_standards_own_library_writes_is_read(name: str, path: str, stage: str, is_binary: bool) -> None:
    attributes = {
        "id": name,
        "source": f"/erp/{path}",
        "type": "progress.posted",
        "subject": f"order:{name}",
        "time": NOW,
        "datacontenttype": "application/json",
    }
    write = to_binary_event if is_binary else to_structured_event
    message = write(CloudEvent(attributes, {"stage": stage}))
    event = only(decoded(list(message.headers.items()), message.body))
    assert told(event) == (f"order:{name}", stage, f"/erp/{path} {name}", NOW)


def test_what_we_write_is_read_by_the_standards_own_library() -> None:
    plan = ADAPTER.encode(outbound.Message(key="key-1", text="Grüße 👋"), ACCOUNT, JOE, NOW)
    assert isinstance(plan, SendPlan)
    (step,) = plan.steps
    assert isinstance(step, HttpStep)
    headers = dict(step.headers)
    assert (step.url, headers["Authorization"]) == ("https://erp.example/in", "Bearer t-new")
    assert (step.idempotency_key, step.safe_to_repeat) == ("key-1", True)
    event = from_http_event(HTTPMessage(headers={"content-type": headers["Content-Type"]}, body=step.body))
    assert (event.get_id(), event.get_source(), event.get_type()) == ("key-1", "/orchestra", "message.written")
    assert (event.get_time(), event.get_data()) == (
        NOW,
        {"key": "key-1", "to": {"kind": "crm", "id": "7"}, "text": "Grüße 👋"},
    )


def test_our_events_bear_the_name_that_the_account_gives_us() -> None:
    account = attrs.evolve(ACCOUNT, config={**ACCOUNT.config, "source": "https://acme.example/care"})
    plan = ADAPTER.encode(outbound.Message(key="k", text="Hi"), account, JOE, NOW)
    assert isinstance(plan, SendPlan)
    assert json.loads(plan.steps[0].body)["source"] == "https://acme.example/care"  # type: ignore[union-attr]


def test_data_may_be_packed_as_base64() -> None:
    packed = base64.b64encode(json.dumps(EVENT["data"]).encode()).decode()
    rest = {name: value for name, value in EVENT.items() if name != "data"}
    assert only(structured({**rest, "data_base64": packed})).ref == "order:81"
    for other in ({**EVENT, "data_base64": packed}, {**rest, "data_base64": "!"}, {**rest, "data_base64": "e30"}):
        assert len(structured(other).issues) == 1


def test_the_subject_stands_in_for_the_case_and_headers_may_be_quoted() -> None:
    assert only(binary(subject="order:82", data={"stage": "packed"})).ref == "order:82"
    assert only(binary(subject='"order: \\"82\\""', data={"stage": "packed"})).ref == 'order: "82"'
    assert only(binary(subject="K%C3%B6ln%20%F0%9F%91%8B", data={"stage": "packed"})).ref == "Köln 👋"


@pytest.mark.parametrize(
    "found",
    [
        lambda: binary(subject="%ff"),
        lambda: binary(subject="a%0Ab"),
        lambda: binary(specversion=None),
        lambda: binary(specversion="0.3"),
        lambda: binary(id=None),
        lambda: binary(source=None),
        lambda: binary(type=None),
        lambda: binary(time="noon"),
        lambda: binary(("ce-id", "e-2")),
        lambda: binary(data=b"{"),
        lambda: decoded([], EVENT),
        lambda: decoded([("Content-Type", "application/json")], EVENT),
        lambda: decoded([("Content-Type", JSON), ("Content-Type", JSON)], EVENT),
        lambda: structured([EVENT]),
        lambda: structured({**EVENT, "specversion": "1.1"}),
        lambda: structured({**EVENT, "data": "order:81"}),
        lambda: structured({**EVENT, "data": None}),
        lambda: structured({**EVENT, "subject": 5}),
        lambda: decoded([("Content-Type", "application/cloudevents-batch+json")], EVENT),
    ],
)
def test_what_is_no_event_is_an_issue_and_answered_so(found: Any) -> None:
    result = found()
    assert (result.events, len(result.issues), result.reply.status) == ((), 1, 400)


def test_a_bad_event_of_a_batch_costs_only_itself() -> None:
    listed = [EVENT, {**EVENT, "id": "e-2", "data": {}}, {**EVENT, "id": "e-3", "source": "/other"}, 5]
    found = decoded([("Content-Type", "application/cloudevents-batch+json")], [*listed, {**EVENT, "id": "e-4"}])
    assert [event.origin.ids.event for event in found.events] == ["/erp/orders e-1", "/erp/orders e-4"]
    assert (len(found.issues), found.reply.status) == (3, 200)


def test_types_that_nobody_knows_are_kept_whatever_their_data() -> None:
    for data in ({}, "text", [1], None, 5):
        event = only(structured({**EVENT, "type": "com.example.melted", "data": data}))
        assert (type(event), event.type) == (inbound.Unrecognised, "com.example.melted")
    plain = [("Content-Type", "text/plain"), *((f"ce-{name}", EVENT[name]) for name in ("specversion", "id", "source"))]
    assert isinstance(only(decoded([*plain, ("ce-type", "x.y")], b"hello")), inbound.Unrecognised)


# Whose it is


def test_an_event_names_the_account_or_something_of_it() -> None:
    for source in ("/erp", "/erp/", "/erp/orders/eu"):
        assert structured({**EVENT, "source": source}).events
    for source in ("/", "/erp2", "/erp2/orders", "https://x.example/erp"):
        found = structured({**EVENT, "source": source})
        assert ([issue.code for issue in found.issues], found.reply.status) == (["wrong_account"], 403)


def test_source_and_id_together_are_known_again_and_never_taken_for_another() -> None:
    def key(source: str, name: str) -> str:
        return str(only(structured({**EVENT, "source": source, "id": name})).origin.dedupe_key)

    pairs = [("/erp/a", "b"), ("/erp/a b", "c"), ("/erp/a", "b c"), ("/erp/" + "x" * 400, "b"), ("/erp/a", "y" * 450)]
    keys = [key(*pair) for pair in pairs]
    assert keys == [key(*pair) for pair in pairs]
    assert len(set(keys)) == len(pairs)
    assert all(len(one) <= 400 for one in keys)


@pytest.mark.parametrize("value", ["Bearer t-new", "Bearer t-old", "bearer t-new", "BEARER t-old"])
def test_every_accepted_token_counts(value: str) -> None:
    assert isinstance(ADAPTER.verify(request([("authorization", value)]), ACCOUNT, NOW), Verified)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [TOKEN, TOKEN],
        [("Authorization", "Bearer t-newer")],
        [("Authorization", "Bearer t-ne")],
        [("Authorization", "Bearer  t-new")],
        [("Authorization", "Bearer")],
        [("Authorization", "Bearer ")],
        [("Authorization", "Basic t-new")],
        [("Authorization", "t-new")],
        [("Authorization", "Bearer é\udcff")],
        [("Authorization", "")],
    ],
)
def test_without_the_token_nothing_is_taken(headers: Any) -> None:
    verdict = ADAPTER.verify(request(headers), ACCOUNT, NOW)
    assert isinstance(verdict, Rejected)
    assert (verdict.status, verdict.code) in {(401, "token"), (401, "token_header")}


def test_a_token_in_the_address_is_none_and_an_account_without_one_takes_nothing() -> None:
    asked = attrs.evolve(request([]), url="https://acme.example/hooks/r-1?access_token=t-new")
    assert ADAPTER.verify(asked, ACCOUNT, NOW) == Rejected("token_header")
    for secrets in ({}, {"token": ()}, {"token": ("",)}):
        account = attrs.evolve(ACCOUNT, secrets=secrets)
        assert ADAPTER.verify(request([TOKEN]), account, NOW) == Rejected("token")
        refused = ADAPTER.encode(outbound.Message(key="k", text="Hi"), account, JOE, NOW)
        assert isinstance(refused, Refused)
        assert refused.code == "no_secret"


def test_a_token_that_would_forge_a_header_is_not_written() -> None:
    account = attrs.evolve(ACCOUNT, secrets={"token": ("a\r\nX: y",)})
    assert isinstance(ADAPTER.encode(outbound.Message(key="k", text="Hi"), account, JOE, NOW), Refused)


@pytest.mark.parametrize("text", ["\udc00", "a\x00b", "x" * 16_001])
def test_what_cannot_be_told_is_refused(text: str) -> None:
    assert isinstance(ADAPTER.encode(outbound.Message(key="k", text=text), ACCOUNT, JOE, NOW), Refused)


def test_other_methods_are_refused() -> None:
    assert ADAPTER.verify(request([TOKEN], method="GET"), ACCOUNT, NOW) == Rejected("method", 405)


# Whoever asks whether they may send


def asked(origin: str | None, account: Account = ACCOUNT, **more: str) -> Any:
    headers = [] if origin is None else [("WebHook-Request-Origin", origin)]
    return ADAPTER.verify(request([*headers, *more.items()], method="OPTIONS"), account, NOW)


def test_a_sender_that_may_is_given_its_name_back() -> None:
    for origin in ("erp.example", "backup.example", "ERP.Example"):
        verdict = asked(origin, **{"WebHook-Request-Callback": "https://evil.example/", "WebHook-Request-Rate": "120"})
        assert isinstance(verdict, Handshake)
        assert verdict.reply.status == 200
        assert dict(verdict.reply.headers) == {
            "Allow": "POST",
            "Content-Type": "text/plain",
            "WebHook-Allowed-Origin": origin,
            "WebHook-Allowed-Rate": "*",
        }


def test_the_rate_that_the_account_allows_is_told() -> None:
    verdict = asked("erp.example", attrs.evolve(ACCOUNT, config={**ACCOUNT.config, "rate": 60}))
    assert dict(verdict.reply.headers)["WebHook-Allowed-Rate"] == "60"


def test_nobody_else_may_send() -> None:
    for origin in ("evil.example", "erp.example.evil.example", "xerp.example", "example"):
        assert asked(origin) == Rejected("origin", 403)
    assert asked("erp.example", attrs.evolve(ACCOUNT, config={})) == Rejected("origin", 403)
    for odd in (None, "", "a b", "erp.example\r\nX: y", "*", "é.example", "x" * 254):
        assert asked(odd) == Rejected("origin_header", 400)


def test_a_delivery_that_names_another_origin_is_refused() -> None:
    def verdict(origin: str, account: Account = ACCOUNT) -> Any:
        return ADAPTER.verify(request([TOKEN, ("Origin", origin)]), account, NOW)

    assert isinstance(verdict("erp.example"), Verified)
    assert verdict("evil.example") == Rejected("origin", 403)
    assert isinstance(verdict("evil.example", attrs.evolve(ACCOUNT, config={})), Verified)


def test_its_account_is_checked_before_anything_is_connected() -> None:
    assert ADAPTER.describe().check(ACCOUNT.config, ACCOUNT.secrets) == ()
    faults = ADAPTER.describe().check({"rate": "60"}, [])
    assert [fault.path for fault in faults] == ["rate", "token"]
