"""The Flask example, with the owner in another process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from examples import flask_app
from orchestra import blocking, commands, events

FORM = {"form_id": "form-1", "email": "joe@example.org", "text": "Where is my order?"}


@pytest.fixture
def browser(owner: str) -> Iterator[FlaskClient]:
    yield flask_app.app.test_client()
    flask_app.workspace().close()
    flask_app.workspace.cache_clear()


def test_a_form_becomes_a_case_and_shows_in_the_timeline(browser: FlaskClient) -> None:
    answer = browser.post("/contact", data=FORM)
    assert answer.status_code == 202
    assert answer.json == {"case": "C-000001", "customer": "cu1"}
    history = browser.get("/customers/cu1/timeline").json
    assert history is not None
    assert FORM["text"] in [entry["text"] for entry in history]


def test_a_form_sent_twice_is_taken_once(browser: FlaskClient) -> None:
    browser.post("/contact", data=FORM)
    assert browser.post("/contact", data=FORM).json == {"case": "C-000001", "customer": "cu1"}
    history = browser.get("/customers/cu1/timeline").json
    assert history is not None
    assert [entry["text"] for entry in history].count(FORM["text"]) == 1


def test_an_agent_accepts_from_a_desktop(browser: FlaskClient, url: str) -> None:
    browser.post("/contact", data=FORM)
    with blocking.connect(url) as ws:
        ws.execute(commands.SignIn("ana"))
        with ws.events(types=[events.OfferMade]) as feed:
            offer = next(feed).event
    assert isinstance(offer, events.OfferMade)
    accept = {"agent": "ana", "token": str(offer.token)}
    taken = browser.post(f"/offers/{offer.offer}/accept", data=accept)
    assert taken.json == {"case": "C-000001", "interaction": "in1"}
    again = browser.post(f"/offers/{offer.offer}/accept", data=accept)
    assert again.json == taken.json, "a form sent twice is answered as it was"
    late = browser.post(f"/offers/{offer.offer}/accept", data=accept | {"token": str(offer.token + 1)})
    assert late.status_code == 409


def test_what_makes_no_sense_is_refused(browser: FlaskClient) -> None:
    for wrong in ({"email": "not an address"}, {"form_id": ""}, {"form_id": "x" * 501}, {"text": "x" * 500_001}):
        assert browser.post("/contact", data=FORM | wrong).status_code == 400, wrong
    assert browser.post("/contact", data={"form_id": "form-1"}).status_code == 400
    assert browser.post("/offers/of1/accept", data={"agent": "ana", "token": "one"}).status_code == 400
    assert browser.get("/customers/cu99/timeline").status_code == 404


def test_without_an_owner_the_form_can_be_sent_again(url: str, owner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    impatient = blocking.connect(url, patience_s=0.0)
    monkeypatch.setattr(flask_app, "workspace", lambda: impatient)
    assert flask_app.app.test_client().post("/contact", data=FORM).status_code == 503
    impatient.close()
