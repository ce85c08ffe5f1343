"""The Django example, with the owner in another process."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client

from examples import django_app

FORM = {"form_id": "form-1", "email": "joe@example.org", "text": "Where is my order?"}


@pytest.fixture
def browser(owner: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setattr(django_app.settings, "CONTACTS", owner)
    yield Client()
    django_app.workspace().close()
    django_app.workspace.cache_clear()


def _json(answer: HttpResponse) -> object:
    return json.loads(answer.content)


def test_a_form_becomes_a_case_and_shows_in_the_timeline(browser: Client) -> None:
    answer = browser.post("/contact", FORM)
    assert answer.status_code == 202
    assert _json(answer) == {"case": "C-000001", "customer": "cu1"}
    assert _json(browser.post("/contact", FORM)) == _json(answer)
    history = json.loads(browser.get("/customers/cu1/timeline").content)
    assert [entry["text"] for entry in history].count(FORM["text"]) == 1


def test_what_makes_no_sense_is_refused(browser: Client) -> None:
    for wrong in ({"email": "not an address"}, {"form_id": ""}, {"form_id": "x" * 501}, {"text": "x" * 500_001}):
        assert browser.post("/contact", FORM | wrong).status_code == 400, wrong
    assert browser.post("/contact", {"form_id": "form-1"}).status_code == 400
    assert browser.get("/customers/cu99/timeline").status_code == 404
    assert browser.get("/contact").status_code == 405
