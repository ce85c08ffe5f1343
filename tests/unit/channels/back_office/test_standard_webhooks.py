"""Back offices that speak Standard Webhooks: what is taken of them, and what they are told."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from standardwebhooks.webhooks import Webhook

from orchestra.channels import inbound, outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.back_office.signatures import keys_of, signed_headers
from orchestra.channels.back_office.standard_webhooks import StandardWebhooksAdapter
from orchestra.channels.parts import Identity
from orchestra.channels.port import Decoded
from orchestra.channels.sending import Refused, SendPlan
from orchestra.channels.wire import HttpStep, RawRequest, Rejected, Verified

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
ACCOUNT = Account(
    route_key="r-1",
    channel="standard_webhooks",
    id="erp",
    config={"url": "https://erp.example/in"},
    secrets={"signing": (SECRET,)},
)
JOE = Conversation(recipient=Identity("email", "joe@example.org"), id="c-1")
ADAPTER = StandardWebhooksAdapter()


def request(body: Any, name: str = "msg_1", method: str = "POST") -> RawRequest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = signed_headers(keys_of([SECRET])[0], name, NOW, raw)
    return RawRequest(method=method, url="https://acme.example/hooks/r-1", headers=found, body=raw, received_at=NOW)


def decoded(body: Any, name: str = "msg_1") -> Decoded:
    verified = ADAPTER.verify(request(body, name), ACCOUNT, NOW)
    assert isinstance(verified, Verified)
    return ADAPTER.decode(verified, ACCOUNT)


def encoded(message: Any, account: Account = ACCOUNT, conversation: Conversation = JOE) -> Any:
    plan = ADAPTER.encode(message, account, conversation, NOW)
    return plan.steps[0] if isinstance(plan, SendPlan) else plan


PROGRESS = {
    "type": "progress.posted",
    "timestamp": "2026-01-05T11:58:30.25Z",
    "data": {"ref": "order:81", "stage": "packed"},
}


def test_an_event_is_known_by_its_message_and_happened_when_its_body_says() -> None:
    (event,) = decoded(PROGRESS, "msg_7").events
    assert isinstance(event, inbound.ProgressPosted)
    assert (event.ref, event.stage, event.origin.dedupe_key) == ("order:81", "packed", "msg_7")
    assert event.origin.occurred_at == NOW - timedelta(seconds=89.75), "not when this attempt was made"


def test_the_data_may_be_part_of_the_object_itself() -> None:
    (event,) = decoded({"type": "progress.posted", "ref": "order:81", "stage": "packed"}).events
    assert isinstance(event, inbound.ProgressPosted)
    assert event.origin.occurred_at is None


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"null", b"{}", b'{"type": 5}', b'{"type": ""}', b"\xff"),
        {**PROGRESS, "timestamp": "yesterday"},
        {**PROGRESS, "timestamp": 1767614400},
        {**PROGRESS, "data": []},
        {**PROGRESS, "data": {"ref": "order:81"}},
        b'1767614400.{"type":"progress.posted"}',
    ],
)
def test_what_is_no_event_is_an_issue_and_answered_so(body: Any) -> None:
    found = decoded(body)
    assert (found.events, len(found.issues), found.reply.status) == ((), 1, 400)
    assert found.issues[0].code == "malformed"


def test_only_posts_are_taken() -> None:
    for method in ("GET", "OPTIONS", "PUT"):
        assert ADAPTER.verify(request(PROGRESS, method=method), ACCOUNT, NOW) == Rejected("method", 405)


def test_what_was_not_verified_by_its_headers_is_no_event() -> None:
    bare = attrs.evolve(request(PROGRESS), headers=())
    assert ADAPTER.verify(bare, ACCOUNT, NOW) == Rejected("signature_headers")
    assert [issue.where for issue in ADAPTER.decode(Verified(bare), ACCOUNT).issues] == ["webhook-id"]


def test_what_is_told_is_signed_as_the_standard_has_it() -> None:
    due = NOW + timedelta(days=2)
    step = encoded(outbound.Progress(key="key-1", text="Packed.", stage="packed", due_at=due))
    assert isinstance(step, HttpStep)
    found = dict(step.headers)
    assert (step.method, step.url, found["webhook-id"]) == ("POST", "https://erp.example/in", "key-1")
    assert (step.idempotency_key, step.safe_to_repeat) == ("key-1", True)
    assert found["webhook-signature"] == Webhook(SECRET).sign("key-1", NOW, step.body.decode())
    assert json.loads(step.body) == {
        "type": "progress.told",
        "timestamp": "2026-01-05T12:00:00Z",
        "data": {
            "key": "key-1",
            "to": {"kind": "email", "id": "joe@example.org"},
            "conversation": "c-1",
            "text": "Packed.",
            "stage": "packed",
            "due": "2026-01-07T12:00:00Z",
        },
    }


def test_what_we_told_and_comes_back_is_no_news() -> None:
    step = encoded(outbound.Progress(key="key-1", text="Packed.", stage="packed"))
    (event,) = decoded(step.body, "key-1").events
    assert isinstance(event, inbound.Unrecognised)


@pytest.mark.parametrize("secrets", [{}, {"signing": ("",)}, {"signing": ("whpk_" + "p" * 43,)}])
def test_without_a_secret_nothing_is_told(secrets: Any) -> None:
    refused = encoded(outbound.Message(key="k", text="Hello"), attrs.evolve(ACCOUNT, secrets=secrets))
    assert isinstance(refused, Refused)
    assert refused.code == "no_secret"


def test_an_account_that_only_receives_tells_nothing() -> None:
    refused = encoded(outbound.Message(key="k", text="Hello"), attrs.evolve(ACCOUNT, config={}))
    assert refused == Refused("no_url", "the account has no address to post to")


def test_a_text_that_cannot_be_stored_is_refused() -> None:
    for text in ("\udc00", "a\x00b"):
        assert encoded(outbound.Message(key="k", text=text)).code == "unencodable_text"


def test_its_account_is_checked_before_anything_is_connected() -> None:
    description = ADAPTER.describe()
    assert description.check({"url": "https://erp.example/in"}, ["signing"]) == ()
    assert [str(fault.path) for fault in description.check({"uri": "x"}, [])] == ["uri", "signing"]
