"""The chat's page in a real browser: writing and being answered, typing, coming back after the server was killed.

It runs with the other tests that need a browser, which only the session docs has.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.browser import browser_page
from tests.chat_shop import PATH
from tests.integration.chat_server import ChatServer

from orchestra.codec import decode_event
from orchestra.journal.registry import open_journal
from orchestra.model import events as e

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:{tmp_path_factory.mktemp('shop')}/contacts.db"


@pytest.fixture(scope="module")
def server(journal: str) -> Iterator[ChatServer]:
    with ChatServer(journal) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with browser_page() as page:
        yield page.context.browser


@pytest.fixture
def page(browser: Any, server: ChatServer) -> Iterator[Any]:
    """The page of somebody new."""
    faults: list[str] = []
    with closing(browser.new_context()) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(address_of(server))
        yield page
    assert faults == []


def address_of(server: ChatServer) -> str:
    return f"http://127.0.0.1:{server.port}{PATH}"


def write(page: Any, text: str) -> None:
    page.get_by_label("Your message").fill(text)
    page.keyboard.press("Enter")


def shown(page: Any) -> list[str]:
    """What the log shows, without the times."""
    return list(page.evaluate("[...document.querySelectorAll('#log li')].map(item => item.firstChild.textContent)"))


def wait_for(page: Any, count: int) -> None:
    """Return when so many messages are shown, none of them still on its way."""
    page.wait_for_function(
        "count => document.querySelectorAll('#log li').length === count && !document.querySelector('[data-pending]')",
        arg=count,
    )


def test_a_customer_writes_and_is_answered(page: Any) -> None:
    write(page, "Where is my order?")
    wait_for(page, 2)
    write(page, "It is <b>urgent</b>\n\u202eand so on")
    wait_for(page, 4)
    assert shown(page) == [
        "Where is my order?",
        "You said: Where is my order?",
        "It is <b>urgent</b> \u202eand so on".replace(" \u202e", "\n\u202e"),
        "You said: It is <b>urgent</b>\n\u202eand so on",
    ]
    assert page.locator("#log b").count() == 0


def test_the_agents_typing_is_shown_and_gone_with_the_answer(page: Any) -> None:
    write(page, "Hello")
    wait_for(page, 2)
    write(page, "Answer slowly, please")
    page.wait_for_function("() => document.getElementById('status').textContent.includes('typing')")
    wait_for(page, 4)
    assert page.get_by_role("status").inner_text() == ""


def test_who_waits_sees_their_place(page: Any, browser: Any, server: ChatServer, tmp_path: Path) -> None:
    write(page, "Take a break")
    wait_for(page, 2)
    with closing(browser.new_context()) as context:
        other = context.new_page()
        other.goto(address_of(server))
        write(other, "Is anybody there?")
        other.wait_for_function("() => document.getElementById('place').textContent.startsWith('You are next.')")
        assert other.locator("#place").get_attribute("aria-live") == "polite"
        other.reload()
        other.wait_for_function("() => document.getElementById('place').textContent.startsWith('You are next.')")
        picture = tmp_path / "waiting.png"
        other.screenshot(path=picture)
        assert picture.stat().st_size > 3_000
        write(page, "Come back")
        wait_for(other, 2)
        other.wait_for_function("() => document.getElementById('place').textContent === ''")


def test_nothing_is_lost_or_doubled_when_the_server_is_killed(page: Any, server: ChatServer, journal: str) -> None:
    write(page, "One, killed")
    wait_for(page, 2)
    server.kill()
    page.wait_for_function("() => document.getElementById('status').textContent.startsWith('No connection')")
    write(page, "Two, killed")
    write(page, "Three, killed")
    assert page.locator("[data-pending]").count() == 2
    server.start()
    wait_for(page, 6)
    write(page, "Four, killed")
    server.kill()  # perhaps before it was taken, perhaps between that and its acknowledgement
    server.start()
    wait_for(page, 8)
    seen = shown(page)
    assert [text for text in seen if not text.startswith("You said")] == [
        "One, killed",
        "Two, killed",
        "Three, killed",
        "Four, killed",
    ]
    assert [text for text in seen if text.startswith("You said")] == [
        f"You said: {text}" for text in ("One, killed", "Two, killed", "Three, killed", "Four, killed")
    ]
    received = [
        event.text for event in map(decode_event, open_journal(journal).read()) if isinstance(event, e.MessageReceived)
    ]
    own = ["One, killed", "Two, killed", "Three, killed", "Four, killed"]
    assert [text for text in received if text in own] == own
    page.reload()
    wait_for(page, 8)
    assert shown(page) == seen


def test_what_was_written_without_a_connection_survives_the_page(page: Any, server: ChatServer) -> None:
    write(page, "One")
    wait_for(page, 2)
    server.kill()
    write(page, "Two")
    other = page.context.new_page()
    page.close()
    server.start()
    other.goto(address_of(server))
    wait_for(other, 4)
    assert shown(other) == ["One", "You said: One", "Two", "You said: Two"]


def test_every_tab_shows_the_same(page: Any, server: ChatServer) -> None:
    write(page, "One")
    wait_for(page, 2)
    other = page.context.new_page()
    other.goto(address_of(server))
    wait_for(other, 2)
    write(other, "Two")
    wait_for(page, 4)
    wait_for(other, 4)
    assert shown(page) == shown(other)


def test_the_page_is_for_everybody(page: Any, tmp_path: Path) -> None:
    """It is used with the keyboard alone, told to screen readers, readable, and fits onto a small screen."""
    write(page, "One")
    wait_for(page, 2)
    assert page.get_by_role("log", name="Messages").get_attribute("aria-live") == "polite"
    assert page.get_by_role("heading", name="Chat with <us>").is_visible()
    page.get_by_label("Your message").focus()
    page.keyboard.type("Two")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Send"
    page.keyboard.press("Enter")
    wait_for(page, 4)
    page.set_viewport_size({"width": 320, "height": 480})
    assert page.evaluate("document.documentElement.scrollWidth <= 320")
    assert page.get_by_role("button", name="Send").bounding_box()["height"] >= 44
    picture = tmp_path / "chat.png"
    page.screenshot(path=picture)
    assert picture.stat().st_size > 3_000
