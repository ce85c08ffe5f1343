"""Forms: whose page they come from, that they were asked for, what is read of them, and what is answered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import attrs
import httpx2
import pytest
from hypothesis import given, strategies as st
from tests.contract.test_web_form import ACCOUNT

from orchestra.channels import inbound
from orchestra.channels.account import Account
from orchestra.channels.parts import MediaKind, MediaPart
from orchestra.channels.port import Decoded, Taken
from orchestra.channels.web_form import WebFormAdapter, form_token
from orchestra.channels.web_form.settings import FormSettings
from orchestra.channels.web_form.tokens import is_genuine
from orchestra.channels.wire import Handshake, HttpReply, RawRequest, Rejected, Verified, header_values
from orchestra.errors import DefinitionError
from orchestra.testing.clock import START

ADAPTER = WebFormAdapter()
ORIGIN = ("Origin", "https://shop.example")
FIELDS = {"name": "Jo", "email": "jo@example.org", "order": "81", "message": "Where is\nmy order?"}
FORM = ("Content-Type", "application/x-www-form-urlencoded")
JSON = ("Content-Type", "application/json; charset=utf-8")


def configured(**config: Any) -> Account:
    return attrs.evolve(ACCOUNT, config={**ACCOUNT.config, **config})


def token(account: Account = ACCOUNT, at: datetime = START) -> str:
    return form_token(account, at - timedelta(minutes=1))


def sent(
    fields: Mapping[str, Any] = FIELDS, *headers: tuple[str, str], method: str = "POST", encoding: Any = FORM
) -> RawRequest:
    """A form as a browser sends it, with its token among the fields."""
    told = {**fields, "form_token": fields.get("form_token", token())}
    body = (urlencode(told) if encoding == FORM else json.dumps(told)).encode()
    fixed = (ORIGIN, encoding) if not header_values(headers, "Origin") else (encoding,)
    return RawRequest(method=method, url="https://x/y", headers=(*fixed, *headers), body=body, received_at=START)


def decoded(request: RawRequest, account: Account = ACCOUNT) -> Decoded:
    verdict = ADAPTER.verify(request, account, START)
    assert isinstance(verdict, Verified), verdict
    return ADAPTER.decode(verdict, account)


def message(request: RawRequest, account: Account = ACCOUNT) -> inbound.MessageReceived:
    (event,) = decoded(request, account).events
    assert isinstance(event, inbound.MessageReceived)
    return event


def answered(request: RawRequest, taken: Taken, account: Account = ACCOUNT) -> HttpReply:
    return ADAPTER.answer(Verified(request), decoded(request, account), taken, account)


# Whose it is


def test_a_form_is_genuine_in_either_encoding() -> None:
    assert isinstance(ADAPTER.verify(sent(), ACCOUNT, START), Verified)
    assert isinstance(ADAPTER.verify(sent(encoding=JSON), ACCOUNT, START), Verified)


@pytest.mark.parametrize(
    ("age", "is_good"),
    [
        (timedelta(seconds=1), False),
        (timedelta(seconds=2), True),
        (timedelta(hours=24), True),
        (timedelta(hours=24, seconds=1), False),
        (-timedelta(seconds=10), False),
    ],
)
def test_a_token_has_an_age(age: timedelta, is_good: bool) -> None:
    made = form_token(ACCOUNT, START - age)
    assert is_genuine(made, ACCOUNT, FormSettings.of(ACCOUNT), START) is is_good


def test_how_old_a_token_may_be_the_account_says() -> None:
    account = configured(least_seconds=0, most_hours=1)
    settings = FormSettings.of(account)
    assert is_genuine(form_token(account, START), account, settings, START)
    assert not is_genuine(form_token(account, START - timedelta(hours=2)), account, settings, START)


def test_a_token_is_for_one_account_and_its_secrets() -> None:
    settings = FormSettings.of(ACCOUNT)
    old = attrs.evolve(ACCOUNT, secrets={"form": ("old secret",)})
    assert is_genuine(token(old), ACCOUNT, settings, START)
    assert not is_genuine(token(attrs.evolve(ACCOUNT, id="other")), ACCOUNT, settings, START)
    assert not is_genuine(token(attrs.evolve(ACCOUNT, secrets={"form": ("another",)})), ACCOUNT, settings, START)
    with pytest.raises(DefinitionError, match="form"):
        form_token(attrs.evolve(ACCOUNT, secrets={}), START)


@given(st.text(max_size=100) | st.from_regex(r"[0-9]{1,17}\.[0-9a-f]{64}", fullmatch=True))
def test_no_text_is_a_token_by_chance(text: str) -> None:
    assert not is_genuine(text, ACCOUNT, FormSettings.of(ACCOUNT), START)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (sent(FIELDS, ("Origin", "https://evil.example")), "origin"),
        (sent(FIELDS, ("Origin", "null")), "origin"),
        (sent(FIELDS, ORIGIN, ORIGIN), "origin"),
        (attrs.evolve(sent(), headers=(FORM,)), "origin"),
        (sent({**FIELDS, "form_token": ""}), "token"),
        (sent({**FIELDS, "form_token": "1." + "0" * 64}), "token"),
        (sent(FIELDS, ("X-Form-Token", "x")), "token"),
        (sent(FIELDS, ("X-Form-Token", token()), ("X-Form-Token", token())), "token"),
        (attrs.evolve(sent(), body=b"form_token=%ff"), "token"),
        (sent(method="PUT"), "method"),
    ],
)
def test_others_are_refused(request_: RawRequest, code: str) -> None:
    verdict = ADAPTER.verify(request_, ACCOUNT, START)
    assert isinstance(verdict, Rejected)
    assert verdict.code == code


def test_what_is_no_browser_may_send_it_where_the_account_says_so() -> None:
    request = attrs.evolve(sent(), headers=(FORM,))
    assert isinstance(ADAPTER.verify(request, configured(apps=True), START), Verified)


def test_a_page_is_given_a_token() -> None:
    asked = RawRequest(method="GET", url="https://x/y", headers=(ORIGIN,), received_at=START)
    verdict = ADAPTER.verify(asked, ACCOUNT, START)
    assert isinstance(verdict, Handshake)
    given_ = json.loads(verdict.reply.body)["form_token"]
    assert is_genuine(given_, ACCOUNT, FormSettings.of(ACCOUNT), START + timedelta(seconds=5))
    assert ("Access-Control-Allow-Origin", "https://shop.example") in verdict.reply.headers
    assert ("Cache-Control", "no-store") in verdict.reply.headers
    elsewhere = attrs.evolve(asked, headers=(("Origin", "https://evil.example"),))
    assert ADAPTER.verify(elsewhere, ACCOUNT, START) == Rejected("origin", status=403)


def test_a_browser_may_ask_first() -> None:
    asked = RawRequest(method="OPTIONS", url="https://x/y", headers=(ORIGIN,), received_at=START)
    verdict = ADAPTER.verify(asked, ACCOUNT, START)
    assert isinstance(verdict, Handshake)
    assert verdict.reply.status == 204
    assert dict(verdict.reply.headers)["Access-Control-Allow-Headers"] == "Content-Type, X-Form-Token"


# What is read


@pytest.mark.parametrize("encoding", [FORM, JSON])
def test_a_form_is_a_message_of_whoever_filled_it_in(encoding: tuple[str, str]) -> None:
    event = message(sent({**FIELDS, "unknown": "x", "name": " Jo \n Doe "}, encoding=encoding))
    sender = event.origin.sender
    assert sender is not None
    assert (sender.kind, sender.value, sender.name, sender.is_verified) == ("email", "jo@example.org", "Jo Doe", False)
    assert event.text == "Where is\nmy order?\n\norder: 81"


def test_which_fields_say_what_the_account_says() -> None:
    account = configured(
        fields="tel, who, about, words", sender="tel", sender_kind="phone", name="who", text="words", subject="about"
    )
    event = message(sent({"tel": "+4930123456", "who": "Jo", "about": "An order", "words": "Hello"}), account)
    assert event.origin.sender is not None
    assert (event.origin.sender.kind, event.origin.sender.value) == ("phone", "+4930123456")
    assert (event.subject, event.text) == ("An order", "Hello\n\nabout: An order")


def test_a_form_is_taken_once_by_its_id() -> None:
    first, again = sent({**FIELDS, "form_id": "f-1"}), sent({**FIELDS, "form_id": "f-1", "message": "again"})
    assert message(first).origin.dedupe_key == message(again).origin.dedupe_key == "f-1"
    other = sent({**FIELDS, "form_id": "f-2"})
    assert message(other).origin.dedupe_key == "f-2"


def test_without_an_id_the_same_form_is_taken_once() -> None:
    assert message(sent()).origin.dedupe_key == message(sent()).origin.dedupe_key
    later = {**FIELDS, "form_token": token(at=START - timedelta(seconds=9))}
    assert message(sent(later)).origin.dedupe_key != message(sent()).origin.dedupe_key
    with_header = attrs.evolve(
        sent(FIELDS, ("X-Form-Token", later["form_token"]), encoding=JSON), body=json.dumps(FIELDS).encode()
    )
    in_header = attrs.evolve(with_header, headers=(ORIGIN, JSON, ("X-Form-Token", token())))
    assert message(with_header).origin.dedupe_key != message(in_header).origin.dedupe_key


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({**FIELDS, "email": " "}, "email"),
        ({"name": "Jo", "email": "jo@example.org"}, "message"),
        ({**FIELDS, "message": "x" * 20_001}, "message"),
        ({**FIELDS, "order": "x" * 501}, "order"),
        ({**FIELDS, "form_id": "a b"}, "form_id"),
    ],
)
def test_what_is_wrong_is_told_field_by_field(fields: dict[str, str], where: str) -> None:
    as_form, as_json = decoded(sent(fields)), decoded(sent(fields, encoding=JSON))
    assert as_form.events == as_json.events == ()
    assert as_form.reply.status == as_json.reply.status == 422
    assert where.encode() in as_form.reply.body
    assert [fault["field"] for fault in json.loads(as_json.reply.body)["faults"]] == [where]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"email": 1}', 400),
        (b"[]", 400),
        (b"{", 400),
        (b'{"' + b"n" * 101 + b'": "x"}', 400),
        (b'{"email": ["x"]}', 400),
        (json.dumps({f"f{number}": "" for number in range(101)}).encode(), 400),
        (b'"' + b"x" * 200_000 + b'"', 400),
    ],
)
def test_hostile_json_is_no_form(body: bytes, status: int) -> None:
    request = attrs.evolve(sent(FIELDS, ("X-Form-Token", token()), encoding=JSON), body=body)
    found = decoded(request)
    assert (found.events, found.reply.status) == ((), status)


@pytest.mark.parametrize(
    "body",
    [b"email=a&email=b", b"email=%ff", b"email=%00", "email=ä".encode(), b"&".join([b"a=b"] * 101), b"x" * 200_001],
)
def test_hostile_forms_are_none(body: bytes) -> None:
    request = attrs.evolve(sent(FIELDS, ("X-Form-Token", token())), body=body)
    found = decoded(request)
    assert (found.events, found.reply.status) == ((), 400)


@pytest.mark.parametrize("kind", ["text/plain", "multipart/mixed; boundary=x", ""])
def test_other_encodings_are_refused(kind: str) -> None:
    request = sent(FIELDS, ("X-Form-Token", token()), encoding=("Content-Type", kind))
    assert decoded(request).reply.status == 415


@given(st.binary(max_size=300), st.sampled_from([FORM, JSON]))
def test_no_bytes_raise(body: bytes, encoding: tuple[str, str]) -> None:
    request = attrs.evolve(sent(FIELDS, ("X-Form-Token", token()), encoding=encoding), body=body)
    found = decoded(request)
    assert found.reply.status in (200, 400, 422)


# What is answered


def test_a_script_is_told_the_case() -> None:
    reply = answered(sent(encoding=JSON), Taken(case_numbers=("C-000001",)))
    assert (reply.status, json.loads(reply.body)) == (200, {"case": "C-000001"})
    assert ("Access-Control-Allow-Origin", "https://shop.example") in reply.headers


def test_a_browser_is_led_on_with_the_case() -> None:
    account = configured(done_url="https://shop.example/thanks?from=form")
    reply = answered(sent(), Taken(case_numbers=("C/1 &x",)), account)
    assert reply.status == 303
    assert dict(reply.headers)["Location"] == "https://shop.example/thanks?from=form&case=C%2F1%20%26x"
    plain = configured(done_url="https://shop.example/thanks")
    assert dict(answered(sent(), Taken(case_numbers=("C-1",)), plain).headers)["Location"].endswith("/thanks?case=C-1")


def test_without_a_page_of_its_own_the_number_is_told_in_words() -> None:
    reply = answered(sent(), Taken(case_numbers=("C-000001",)))
    assert (reply.status, reply.body) == (200, b"Thank you. The number of your case is C-000001.\n")
    assert dict(reply.headers)["Content-Type"] == "text/plain; charset=utf-8"


def test_an_address_that_is_none_is_told() -> None:
    reply = answered(sent(encoding=JSON), Taken(left_out=1))
    assert (reply.status, json.loads(reply.body)["faults"][0]["field"]) == (422, "email")


def test_machines_are_thanked_and_not_taken() -> None:
    request = sent({**FIELDS, "website": "https://buy.example"})
    assert decoded(request).events == ()
    reply = answered(request, Taken())
    assert (reply.status, reply.body) == (200, b"Thank you.\n")


def test_what_was_refused_stays_so() -> None:
    request = sent({**FIELDS, "email": ""})
    assert answered(request, Taken()).status == 422


# Files

WITH_FILES = configured(files=2, file_bytes=10)


def with_files(*files: tuple[str, bytes, str], **fields: str) -> RawRequest:
    """A form with files as a client of others writes it."""
    told = {**FIELDS, "form_token": token(), **fields}
    request = httpx2.Request("POST", "https://x/y", data=told, files=[("paper", file) for file in files])
    kind = ("Content-Type", request.headers["Content-Type"])
    return attrs.evolve(sent(encoding=kind), body=request.read())


def test_files_come_with_the_form() -> None:
    picture, paper = ("../a.png", b"PNG", "image/png"), ("b\u202e.pdf", b"PDF", "application/pdf")
    event = message(with_files(picture, paper), WITH_FILES)
    assert event.text.startswith("Where is")
    _, *files = event.parts
    shown = [(one.media.name, one.media.kind, one.media.data) for one in files if isinstance(one, MediaPart)]
    assert shown == [("a.png", MediaKind.IMAGE, b"PNG"), ("b.pdf", MediaKind.DOCUMENT, b"PDF")]
    assert [one.media.size_bytes for one in files if isinstance(one, MediaPart)] == [3, 3]


@pytest.mark.parametrize(
    ("account", "sizes", "reason"),
    [
        (ACCOUNT, [1], "takes no file"),
        (WITH_FILES, [1, 1, 1], "takes 2 files at most"),
        (WITH_FILES, [11], "may have 10 bytes"),
    ],
)
def test_more_than_the_form_takes_is_answered_by_the_field(account: Account, sizes: list[int], reason: str) -> None:
    request = with_files(*[("a.txt", b"x" * size, "text/plain") for size in sizes])
    headers = (*request.headers, ("X-Form-Token", token()), ("Accept", "application/json"))
    found = decoded(attrs.evolve(request, headers=headers), account)
    assert not found.events
    assert found.reply.status == 400
    assert json.loads(found.reply.body) == {"faults": [{"field": "paper", "reason": reason}]}


def test_forms_that_differ_in_a_file_alone_are_two() -> None:
    one, same, other = (message(with_files(("a", data, "text/plain")), WITH_FILES) for data in (b"1", b"1", b"2"))
    assert one.origin.dedupe_key == same.origin.dedupe_key != other.origin.dedupe_key


def test_a_form_without_an_end_is_malformed() -> None:
    request = sent(FIELDS, ("X-Form-Token", token()), encoding=("Content-Type", "multipart/form-data; boundary=x"))
    assert decoded(request, WITH_FILES).reply.status == 400
