"""The form of the guide on the web door, in a real browser, against the example that the guide shows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.browser import browser_page
from tests.docs.pages import DOCS, blocks
from tests.integration.killed_server import KilledServer

from orchestra.codec import decode_event
from orchestra.journal.registry import open_journal
from orchestra.model import events as e

pytestmark = pytest.mark.timeout(120)

PAGE = "https://shop.example/contact"
OTHER = "https://evil.example/"
HOOK = "https://contacts.shop.example"


class _Shop(KilledServer):
    """The example under uvicorn."""

    def __init__(self) -> None:
        super().__init__("uvicorn", "")
        self._command = [sys.executable, "-m", "uvicorn", "examples.web_door:app", "--port", str(self.port)]


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:{tmp_path}/contacts.db"
    for name, value in {"CONTACTS": url, "CHAT_SECRET": "of the chat", "FORM_SECRET": "of the form"}.items():
        monkeypatch.setenv(name, value)
    return url


@pytest.fixture
def page(journal: str) -> Iterator[Any]:
    (form,) = [block.text for block in blocks(DOCS / "howto" / "serve-the-web.md") if "<form" in block.text]
    with _Shop() as shop, browser_page() as page:

        def lead(route: Any) -> None:
            """To the server, as DNS and a proxy would; a page of the outer world may not reach this host itself."""
            place = urlsplit(page.url)
            headers = {**route.request.headers, "origin": f"{place.scheme}://{place.netloc}"}
            address = route.request.url.replace(HOOK, f"http://127.0.0.1:{shop.port}")
            route.fulfill(response=route.fetch(url=address, headers=headers))

        page.route(f"{HOOK}/**", lead)
        for address in (PAGE, OTHER):
            page.route(address, lambda route: route.fulfill(body=f"<!doctype html>{form}", content_type="text/html"))
        with page.expect_response(lambda answer: "/hooks/" in answer.url):  # the token is there
            page.goto(PAGE)
        yield page


def test_the_form_is_answered_with_its_case_however_often_it_is_sent(page: Any, journal: str) -> None:
    page.get_by_label("E-mail").fill("jo@example.org")
    page.get_by_label("Message").fill("Where is my order?")
    assert not page.get_by_label("Website").is_visible()
    page.wait_for_timeout(2_500)  # nobody fills it in faster
    for _ in range(2):
        with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
            page.get_by_role("button", name="Send").click()
        assert answered.value.json() == {"case": "C-000001"}
    page.wait_for_function("() => document.querySelector('output').textContent === 'Your case: C-000001'")
    stored = map(decode_event, open_journal(journal).read())
    assert [event.text for event in stored if isinstance(event, e.MessageReceived)] == ["Where is my order?"]


def test_a_page_of_others_cannot_send_it(page: Any) -> None:
    with page.expect_response(lambda answer: "/hooks/" in answer.url) as refused:
        page.goto(OTHER)
    assert refused.value.status == 403
