"""Inbound webhooks: verifying and decoding one, against the vendor's own verifier and the standard library's parser.

Ours gives typed events with bounded fields, redelivery keys and issues, and never raises; the peers give a truth value
and a dictionary. Twilio's form is split by hand, since its library only checks; of Meta there is no library that does
more than a few lines, so those lines are the peer, and have no target. Beside the whole, what checking alone takes is
compared with the same peer.

The last row is the whole way of a webhook: through the web application into a journal on SQLite that syncs before the
answer, 64 at once, against a handler that checks the same signature and writes the same body into a table, one sync for
each. What that handler does not do (cases, routing, who somebody is) ours does in the same time.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import anyio
from measure import Case, Given, arguments, report, run
from standardwebhooks import Webhook
from twilio.request_validator import RequestValidator

from orchestra import Plan, Workspace
from orchestra.channels.account import Account
from orchestra.channels.back_office.standard_webhooks import StandardWebhooksAdapter
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.loopback.transport import LoopbackProvider
from orchestra.channels.meta.whatsapp import WhatsAppAdapter
from orchestra.channels.twilio.adapter import TwilioSmsAdapter
from orchestra.channels.wire import RawRequest, Verified
from orchestra.runtime.lines import Line
from orchestra.web import WebApplication, WebLimits

COUNT = 500
NOW = datetime.now(UTC)
ROUTE = "r-7d10"
URL = f"https://contacts.shop.example/hooks/{ROUTE}"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOKEN = "12345678901234567890123456789012"
AT_ONCE, HOOKS = 64, 512


def account_of(channel: str, name: str, config: dict[str, Any], secrets: dict[str, tuple[str, ...]]) -> Account:
    """An account of ours."""
    return Account(route_key=ROUTE, channel=channel, id=name, config=config, secrets=secrets)


def request_of(body: str | bytes, *headers: tuple[str, str]) -> RawRequest:
    """A webhook."""
    raw = body.encode() if isinstance(body, str) else body
    return RawRequest(method="POST", url=URL, received_at=NOW, headers=headers, body=raw)


def taken(adapter: Any, account: Account, request: RawRequest) -> Callable[[], None]:
    """Verify and decode, after a look that it is news."""
    verdict = adapter.verify(request, account, NOW)
    assert isinstance(verdict, Verified), verdict
    assert adapter.decode(verdict, account).events

    def program() -> None:
        for _ in range(COUNT):
            adapter.decode(adapter.verify(request, account, NOW), account)

    return program


def checked(adapter: Any, account: Account, request: RawRequest) -> Callable[[], None]:
    """Verify alone."""
    return repeated(lambda: adapter.verify(request, account, NOW))


def repeated(work: Callable[[], object]) -> Callable[[], None]:
    """As often as ours."""
    work()

    def program() -> None:
        for _ in range(COUNT):
            work()

    return program


def rows(
    name: str,
    adapter: Any,
    account: Account,
    request: RawRequest,
    peer: Callable[[], None],
    target: float | None,
    peer_name: str,
) -> list[Case]:
    """Both comparisons of a channel."""
    whole, check = taken(adapter, account, request), checked(adapter, account, request)
    return [
        Case(f"{name}: verify + decode", whole, peer, COUNT, target, peer_name),
        Case(f"{name}: verify", check, peer, COUNT, None, peer_name),
    ]


def standard() -> list[Case]:
    """A back office's event, against the library of the standard."""
    data = {"message": "in-1", "text": "Where is my order?", "from": {"id": "crm-7"}}
    body = json.dumps({"type": "message.received", "timestamp": NOW.isoformat(), "data": data})
    hook = Webhook(SECRET)
    at = str(int(NOW.timestamp()))
    headers = {"webhook-id": "e-1", "webhook-timestamp": at, "webhook-signature": hook.sign("e-1", NOW, body)}
    account = account_of("standard_webhooks", "erp", {"url": URL}, {"signing": (SECRET,)})
    request = request_of(body, *headers.items())
    peer = repeated(lambda: hook.verify(body, headers))
    return rows("standard webhooks", StandardWebhooksAdapter(), account, request, peer, 0.5, "standardwebhooks")


def twilio() -> list[Case]:
    """A text message, against Twilio's library and the standard library's forms."""
    form = {"MessageSid": "SM1", "From": "+4930123456", "To": "+4930654321", "Body": "Where is my order?"}
    more = {
        "AccountSid": "AC1",
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
    }
    told = {**form, **more}
    body, validator = urlencode(told), RequestValidator(TOKEN)
    signature = validator.compute_signature(URL, told)
    account = account_of("twilio_sms", "AC1", {"sender": "+4930654321"}, {"signing": (TOKEN,), "password": ("x",)})
    headers = (("Content-Type", "application/x-www-form-urlencoded"), ("X-Twilio-Signature", signature))
    request = request_of(body, *headers)

    def peer() -> object:
        parsed = dict(parse_qsl(body, keep_blank_values=True))
        assert validator.validate(URL, parsed, signature)
        return parsed

    return rows("twilio sms", TwilioSmsAdapter(), account, request, repeated(peer), 0.5, "twilio")


def whatsapp() -> list[Case]:
    """A WhatsApp message, against the lines that its documentation has."""
    message = {"from": "4930123456", "id": "wamid.1", "timestamp": str(int(NOW.timestamp())), "type": "text"}
    message |= {"text": {"body": "Where is my order?"}}
    value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": "4711", "display_phone_number": "4930"}}
    value |= {"contacts": [{"wa_id": "4930123456", "profile": {"name": "Jo"}}], "messages": [message]}
    entry = [{"id": "1", "changes": [{"field": "messages", "value": value}]}]
    body = json.dumps({"object": "whatsapp_business_account", "entry": entry}).encode()
    mac = hmac.new(TOKEN.encode(), body, hashlib.sha256).hexdigest()
    account = account_of("whatsapp", "4711", {}, {"app_secret": (TOKEN,), "token": ("x",)})
    request = request_of(body, ("X-Hub-Signature-256", f"sha256={mac}"))

    def peer() -> object:
        assert hmac.compare_digest(hmac.new(TOKEN.encode(), body, hashlib.sha256).hexdigest(), mac)
        return json.loads(body)

    return rows("whatsapp", WhatsAppAdapter(), account, request, repeated(peer), None, "hmac + json")


# The whole way

PLAN = """
workspace = { name = "shop", default_queue = "care" }
teams.care = {}
queues.care = { team = "care" }
channels.chat = { weight_percent = 5 }
"""
ACCOUNT = account_of("loopback", "main", {}, {"signing": ("signing-0123456789",)})


def requests() -> list[RawRequest]:
    """Messages, each of somebody else."""
    return [
        LoopbackProvider(ACCOUNT).customer_writes(f"Message {number}", sender=f"c{number}", at=datetime.now(UTC))
        for number in range(HOOKS)
    ]


async def through_the_door() -> float:
    """Webhooks a second."""
    with tempfile.TemporaryDirectory() as folder:
        app = WebApplication("https://x.example", limits=WebLimits(per_account=100_000, per_peer=100_000))
        line = Line("chat", LoopbackAdapter(), ACCOUNT)
        opened = Workspace.open(Plan.parse(PLAN), f"sqlite:{folder}/c.db", channels=[line])
        async with opened as workspace, app.serving(workspace):
            waiting = requests()
            begin = anyio.current_time()
            async with anyio.create_task_group() as tasks:
                for _ in range(AT_ONCE):
                    tasks.start_soon(_send_all, app, waiting)
            return HOOKS / (anyio.current_time() - begin)


async def _send_all(app: WebApplication, waiting: list[RawRequest]) -> None:
    while waiting:
        request = waiting.pop()
        sent: list[Any] = []

        async def receive(body: bytes = request.body) -> Any:
            return {"type": "http.request", "body": body}

        async def send(message: Any, sent: list[Any] = sent) -> None:
            sent.append(message)

        fields = [(name.lower().encode(), value.encode()) for name, value in request.headers]
        scope = {"type": "http", "method": "POST", "path": f"/hooks/{ROUTE}", "root_path": "", "headers": fields}
        await app({**scope, "client": ("203.0.113.7", 1), "query_string": b""}, receive, send)
        assert sent[0]["status"] == 200, sent


def by_hand() -> float:
    """The same a second: checked and written by hand."""
    adapter = LoopbackAdapter()
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder) / "c.db", isolation_level=None)
        database.execute("pragma journal_mode=wal")
        database.execute("pragma synchronous=full")
        database.execute("create table hooks (id integer primary key, body blob not null)")
        waiting = requests()
        begin = datetime.now(UTC)
        for request in waiting:
            assert isinstance(adapter.verify(request, ACCOUNT, datetime.now(UTC)), Verified)
            json.loads(request.body)
            database.execute("insert into hooks (body) values (?)", (request.body,))
        rate = HOOKS / (datetime.now(UTC) - begin).total_seconds()
        database.close()
    return rate


def whole_way(rounds: int) -> Given:
    """Both in turn."""
    rates = [(anyio.run(through_the_door), by_hand()) for _ in range(rounds)]
    ours, peer = zip(*rates, strict=True)
    return Given("through the door to SQLite", ours, peer, None, "check + insert")


if __name__ == "__main__":
    chosen = arguments("webhooks").parse_args()
    cases = [*standard(), *twilio(), *whatsapp()]
    results = [run(case, chosen.rounds) for case in cases]
    results.append(run(whole_way(min(chosen.rounds, 3)), chosen.rounds))
    raise SystemExit(report("webhooks", results, as_json=chosen.json))
