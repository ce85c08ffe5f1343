"""200 webhooks a second through the web door on SQLite, whose server is killed in the middle.

The provider sends again what it got no 2xx for, as providers do. Every webhook that was answered 2xx is in the journal,
once, and began one interaction. `nox -s "proof(webhooks)"` runs it for a minute.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.contact_centre import ACCOUNT
from tests.counts import WEBHOOK_SECONDS
from tests.integration.killed_server import KilledServer

from orchestra.channels.loopback.transport import LoopbackProvider
from orchestra.codec import decode_event
from orchestra.journal.registry import open_journal
from orchestra.model import events as e

pytestmark = [pytest.mark.webhooks, pytest.mark.timeout(180 + 5 * WEBHOOK_SECONDS)]

A_SECOND = 200
SENDERS = 16
REPEATED = 20
"""Every so many webhooks one comes twice, though it was taken."""


@attrs.define
class Provider:
    """One connection's share of a provider's webhooks."""

    port: int
    number: int
    taken: list[str] = attrs.field(factory=list)
    attempts: int = 0

    def send_all(self, begin: float) -> None:
        """Send each webhook at its time, and again until it is taken; each tells of somebody new."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        for count in range(self.number, A_SECOND * WEBHOOK_SECONDS, SENDERS):
            time.sleep(max(0.0, begin + count / A_SECOND - time.monotonic()))
            name = f"event-{count}"
            for _ in range(2 if count % REPEATED == 0 else 1):
                while not self._is_taken(connection, name):
                    connection.close()
                    time.sleep(0.1)
            self.taken.append(name)
        connection.close()

    def _is_taken(self, connection: http.client.HTTPConnection, name: str) -> bool:
        self.attempts += 1
        now = datetime.now(UTC)
        provider = LoopbackProvider(ACCOUNT)
        event: dict[str, Any] = {
            **provider.event("message", at=now, sender=f"sender of {name}", conversation=name, message=name, text=name),
            "id": name,
        }
        request = provider.webhook(event, at=now)
        try:
            connection.request("POST", f"/hooks/{ACCOUNT.route_key}", request.body, dict(request.headers))
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return False
        assert answer.status in (200, 429, 500, 503), answer.status
        return answer.status == 200


def test_what_was_answered_is_stored_once(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path}/contacts.db"
    with KilledServer("tests.integration.hook_server", url) as server:
        providers = [Provider(server.port, number) for number in range(SENDERS)]
        begin = time.monotonic()
        with ThreadPoolExecutor(SENDERS) as threads:
            sending = [threads.submit(provider.send_all, begin) for provider in providers]
            for part in (1, 2):
                _wait_until(lambda share=part / 3: _count(providers) >= share * A_SECOND * WEBHOOK_SECONDS, sending)
                server.kill()
                server.start()
            for one in sending:
                one.result()
    taken = {name for provider in providers for name in provider.taken}
    assert len(taken) == A_SECOND * WEBHOOK_SECONDS
    found = [decode_event(record) for record in open_journal(url).read()]
    received = Counter(event.message_id for event in found if isinstance(event, e.MessageReceived))
    assert received == dict.fromkeys(taken, 1)
    begun = [event.conversation for event in found if isinstance(event, e.InteractionStarted)]
    assert len(begun) == len(set(begun)) == len(taken)
    assert len({event.customer for event in found if isinstance(event, e.CustomerAdded)}) == len(taken)


def _count(providers: list[Provider]) -> int:
    return sum(len(provider.taken) for provider in providers)


def _wait_until(holds: Any, sending: list[Any]) -> None:
    """Return when it holds; a sender that failed is told at once."""
    pause = threading.Event()
    while not holds():
        for one in sending:
            if one.done():
                one.result()
        pause.wait(0.02)
