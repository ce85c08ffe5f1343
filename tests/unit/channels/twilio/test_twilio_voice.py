"""Calls by Twilio: what is read of its requests, and what its SDK and an XML parser make of what it is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit
from xml.etree.ElementTree import Element, fromstring

import attrs
import pytest
from hypothesis import given, strategies as st
from tests.twilio_peer import HOOK, NUMBER, SID, account
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from twilio.twiml import TwiML
from twilio.twiml.voice_response import Conference, Dial, Gather, VoiceResponse

from orchestra.channels import inbound, outbound
from orchestra.channels.account import Conversation
from orchestra.channels.inbound import CallState
from orchestra.channels.outbound import CallVerb
from orchestra.channels.parts import Identity, TextFormat
from orchestra.channels.port import Decoded
from orchestra.channels.sending import Failed, Refused, Retry, SendPlan, Sent
from orchestra.channels.twilio import twiml
from orchestra.channels.twilio.voice import TwilioVoiceAdapter
from orchestra.channels.twilio.voice_facts import SPEECH_LIMIT, TWIML_LIMIT
from orchestra.channels.wire import HttpAnswer, HttpStep, RawRequest, Verified

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
CALL = "CA" + "0" * 31 + "5"
ADAPTER = TwilioVoiceAdapter()
TO = Conversation(recipient=Identity("phone", "+4930123456"), id=CALL)


def posted(query: str = "", **fields: str) -> Decoded:
    form = {
        "AccountSid": SID,
        "CallSid": CALL,
        "From": "+4930123456",
        "To": NUMBER,
        "CallStatus": "in-progress",
        **fields,
    }
    body = urlencode(form).encode()
    request = RawRequest(method="POST", url=f"{HOOK}{query}", body=body, received_at=NOW)
    return ADAPTER.decode(Verified(request), account())


def event_of(query: str = "", **fields: str) -> inbound.CallEvent:
    decoded = posted(query, **fields)
    [event] = decoded.events
    assert isinstance(event, inbound.CallEvent)
    assert decoded.issues == ()
    return event


def action(verb: CallVerb, **values: Any) -> outbound.CallAction:
    return outbound.CallAction(**{"key": "k1", "call_id": CALL, "verb": verb, **values})


def told(message: outbound.Outbound, **config: Any) -> Element:
    """The document that a call is told, which is the same whether it is an answer or a request."""
    reply = ADAPTER.decide(message, account(**config), TO, NOW)
    plan = ADAPTER.encode(message, account(**config), TO, NOW)
    assert reply is not None
    assert isinstance(plan, SendPlan)
    form = form_of(plan)
    if "Twiml" in form:
        assert form["Twiml"] == [reply.body.decode()]
    assert dict(reply.headers)["Content-Type"].startswith("text/xml")
    return fromstring(reply.body)


def form_of(plan: SendPlan | Refused) -> dict[str, list[str]]:
    assert isinstance(plan, SendPlan)
    [step] = plan.steps
    assert isinstance(step, HttpStep)
    return parse_qs(step.body.decode(), keep_blank_values=True)


def refused(message: outbound.Outbound, to: Conversation = TO, **config: Any) -> str:
    plan = ADAPTER.encode(message, account(**config), to, NOW)
    assert isinstance(plan, Refused)
    return plan.code


# What comes in


@pytest.mark.parametrize("status", ["ringing", "in-progress"])
def test_a_call_that_begins_rings_and_waits_for_an_answer(status: str) -> None:
    event = event_of(CallStatus=status)
    assert (event.call_id, event.state, event.awaits) == (CALL, CallState.RINGING, True)
    assert event.origin.identities == (Identity("phone", "+4930123456"),)


@pytest.mark.parametrize("status", ["completed", "busy", "failed", "no-answer", "canceled"])
def test_a_call_ends_in_any_state_once(status: str) -> None:
    event = event_of(CallStatus=status)
    assert (event.state, event.cause, event.awaits) == (CallState.ENDED, status, False)
    assert event.origin.dedupe_key == f"{CALL}:ended"
    assert posted(CallStatus=status).reply.status == 204


def test_keys_and_their_absence_are_told_apart_by_the_document_that_asked() -> None:
    event = event_of("?do=keys&of=k7", Digits="1")
    assert (event.state, event.keys, event.origin.dedupe_key) == (CallState.KEYS_PRESSED, "1", f"{CALL}:keys:k7")
    again = event_of("?do=silence&of=k7")
    assert (again.state, again.keys) == (CallState.KEYS_PRESSED, "")
    assert again.origin.dedupe_key == event.origin.dedupe_key, "of the two that one document asks for, the first counts"
    assert "keys='1'" not in repr(event), "a key may be part of a secret"


@pytest.mark.parametrize("what", ["idle", "left"])
def test_a_call_that_has_done_all_asks_what_comes_next(what: str) -> None:
    event = event_of(f"?do={what}&of=k8")
    assert (event.state, event.awaits) == (CallState.IDLE, True)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("in-progress", CallState.ANSWERED),
        ("completed", CallState.ENDED),
        ("busy", CallState.FAILED),
        ("no-answer", CallState.FAILED),
        ("failed", CallState.FAILED),
        ("canceled", CallState.FAILED),
    ],
)
def test_agents_phones_are_told_of_by_our_own_names(status: str, state: CallState) -> None:
    event = event_of("?do=leg&call=CA77&leg=of3", CallStatus=status)
    assert (event.call_id, event.leg, event.leg_id, event.state) == ("CA77", "of3", CALL, state)
    assert not event.awaits
    assert event.origin.identities == ()


@pytest.mark.parametrize(
    ("query", "fields", "kind"),
    [
        ("", {"CallStatus": "teleported"}, "status:teleported"),
        ("?do=dance", {}, "dance"),
        ("?do=leg&call=CA1&leg=of1", {"CallStatus": "ringing"}, "leg:ringing"),
    ],
)
def test_what_nobody_knows_is_kept_as_such(query: str, fields: Mapping[str, str], kind: str) -> None:
    [event] = posted(query, **fields).events
    assert isinstance(event, inbound.Unrecognised)
    assert event.type == kind


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("?do=keys&of=k7", {"Digits": "one"}),
        ("?do=keys&of=k7", {"Digits": ""}),
        ("?do=keys&of=k7", {"Digits": "1" * 51}),
        ("?do=keys", {"Digits": "1"}),
        ("?do=idle&of=", {}),
        ("?do=idle&of=%C3%A9", {}),
        ("?do=leg&call=CA1", {}),
        ("", {"CallSid": ""}),
        ("", {"From": ""}),
    ],
)
def test_what_cannot_be_read_is_an_issue_and_the_call_goes_on(query: str, fields: Mapping[str, str]) -> None:
    decoded = posted(query, **fields)
    assert decoded.events == ()
    assert [issue.code for issue in decoded.issues] == ["malformed_event"]
    assert fromstring(decoded.reply.body).tag == "Response"


def test_a_query_without_end_and_another_account_are_refused() -> None:
    assert posted("?" + "&".join(f"a{n}=1" for n in range(30))).reply.status == 400
    assert posted(AccountSid="AC2").reply.status == 403


@pytest.mark.parametrize(
    ("caller", "identity"),
    [
        ("+4930123456", Identity("phone", "+4930123456")),
        ("anonymous", Identity("phone", "anonymous")),
        ("Restricted", Identity("phone", "anonymous")),
        ("+266696687", Identity("phone", "anonymous")),
        ("sip:joe@acme.example", Identity("sip", "joe@acme.example")),
        ("client:joe", Identity("client", "joe")),
        ("911", Identity("voice", "911")),
    ],
)
def test_callers_are_known_as_far_as_they_show_themselves(caller: str, identity: Identity) -> None:
    assert event_of(From=caller, CallStatus="ringing").origin.sender == identity


def test_the_neutral_answer_is_silence_that_asks_again() -> None:
    root = fromstring(posted(CallStatus="ringing").reply.body)
    assert [verb.tag for verb in root] == ["Pause", "Redirect"]
    assert parse_qs(urlsplit(root[1].text or "").query)["do"] == ["idle"]
    assert posted(CallStatus="ringing").reply == posted(CallStatus="ringing").reply


# What it is told


def by_sdk(document: TwiML) -> Element:
    return fromstring(document.to_xml())


def same(one: Element, other: Element) -> bool:
    """Whether two documents say the same, whatever the order of their attributes."""
    alike = (one.tag, one.attrib, one.text or "") == (other.tag, other.attrib, other.text or "")
    return alike and len(one) == len(other) and all(map(same, one, other))


def test_a_question_is_what_the_sdk_would_write() -> None:
    message = outbound.Choices(
        key="k1", text="Which day?", choices=(outbound.Choice("1", "Monday"), outbound.Choice("2", "2"))
    )
    expected = VoiceResponse()
    gather = Gather(
        input="dtmf", num_digits=1, finish_on_key="", timeout=8, action=f"{HOOK}?do=keys&of=k1", method="POST"
    )
    gather.say("Which day? For Monday, press 1.", language="en-GB", voice="Polly.Amy")
    expected.append(gather)
    expected.redirect(f"{HOOK}?do=silence&of=k1", method="POST")
    assert same(told(message, language="en-GB", voice="Polly.Amy"), by_sdk(expected))


def test_choices_whose_ids_are_no_keys_are_only_told() -> None:
    message = outbound.Choices(key="k1", text="Well?", choices=(outbound.Choice("yes", "Yes"),))
    assert told(message).findtext("Gather/Say") == "Well?\n1. Yes"
    plan = ADAPTER.encode(message, account(), TO, NOW)
    assert isinstance(plan, SendPlan)
    assert plan.degradations == ("choices_as_text",)


def test_coming_into_the_room_is_what_the_sdk_would_write() -> None:
    expected = VoiceResponse()
    dial = Dial(action=f"{HOOK}?do=left&of=k1", method="POST")
    room: dict[str, Any] = {"beep": "false", "start_conference_on_enter": True, "end_conference_on_exit": False}
    dial.append(Conference(CALL, wait_url="", **room))
    expected.append(dial)
    for verb in (CallVerb.JOIN, CallVerb.RESUME):
        assert same(told(action(verb)), by_sdk(expected))


def test_waiting_takes_keys_where_one_means_something_and_plays_music_where_there_is_some() -> None:
    text = "You are next."
    plain = told(action(CallVerb.WAIT, text=text))
    assert [verb.tag for verb in plain] == ["Say", "Pause", "Redirect"]
    keyed = told(action(CallVerb.WAIT, text=text, takes_keys=True))
    assert [verb.tag for verb in keyed] == ["Gather", "Redirect"]
    assert ([verb.tag for verb in keyed[0]], keyed[0].attrib["timeout"]) == (["Say"], "20")
    music = told(action(CallVerb.WAIT, text=text, takes_keys=True), music="https://acme.example/wait.mp3")
    assert ([verb.tag for verb in music[0]], music[0].attrib["timeout"]) == (["Say", "Play"], "1")
    held = told(action(CallVerb.HOLD, text="One moment."), music="https://acme.example/wait.mp3")
    assert [verb.tag for verb in held] == ["Say", "Play", "Redirect"]
    assert [verb.tag for verb in told(action(CallVerb.LISTEN))] == ["Gather", "Redirect"]


def test_saying_asking_and_hanging_up() -> None:
    assert [verb.tag for verb in told(action(CallVerb.SAY, text="Hello."))] == ["Say", "Redirect"]
    assert [verb.tag for verb in told(action(CallVerb.GATHER, text="Which?"))] == ["Gather", "Redirect"]
    assert [verb.tag for verb in told(action(CallVerb.HANG_UP, text="Goodbye."))] == ["Say", "Hangup"]
    assert [verb.tag for verb in told(action(CallVerb.HANG_UP))] == ["Hangup"]
    assert form_of(ADAPTER.encode(action(CallVerb.HANG_UP), account(), TO, NOW)) == {"Status": ["completed"]}


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=120))
def test_whatever_is_said_is_text_and_nothing_else(text: str) -> None:
    reply = ADAPTER.decide(outbound.Message(key="k1", text=text), account(), TO, NOW)
    assert reply is not None
    root = fromstring(reply.body)
    assert [verb.tag for verb in root] == ["Say", "Redirect"]
    heard = root[0].text or ""
    assert heard.split() == "".join(" " if twiml._NO_XML.match(one) else one for one in text).split()


def test_markup_and_addresses_are_escaped() -> None:
    root = told(outbound.Message(key='k"<&', text="</Say><Dial>+1900</Dial>"))
    assert (root[0].tag, root[0].text) == ("Say", "</Say><Dial>+1900</Dial>")
    assert parse_qs(urlsplit(root[1].text or "").query)["of"] == ['k"<&']


class Recorder(TwilioHttpClient):
    """What the SDK would send."""

    def request(self, method: str, url: str, *args: Any, **named: Any) -> Response:  # type: ignore[override]
        self.sent = method, url, named.get("data") or args[1], named.get("auth") or args[3]
        return Response(200, '{"sid": "CA1"}')


def test_requests_are_those_that_the_sdk_would_make() -> None:
    recorder = Recorder()
    client = Client(SID, "the-auth-token", http_client=recorder)
    document = '<?xml version="1.0" encoding="UTF-8"?><Response><Say>Hi.</Say><Hangup /></Response>'
    client.calls(CALL).update(twiml=document)
    assert as_sent(action(CallVerb.HANG_UP, text="Hi.")) == recorder.sent
    client.calls("CA9").update(status="completed")
    assert as_sent(action(CallVerb.HANG_UP, leg_id="CA9")) == recorder.sent
    room = twiml.document_for_leg(CALL).decode()
    callback = f"{HOOK}?do=leg&call={CALL}&leg=of7"
    client.calls.create(
        to="client:ana",
        from_=NUMBER,
        twiml=room,
        timeout=20,
        status_callback=callback,
        status_callback_event=["answered", "completed"],
    )
    call = action(CallVerb.CALL, agent="ana", leg="of7", lasts=timedelta(seconds=20))
    assert as_sent(call) == recorder.sent


def as_sent(message: outbound.Outbound) -> Any:
    plan = ADAPTER.encode(message, account(), TO, NOW)
    assert isinstance(plan, SendPlan)
    [step] = plan.steps
    assert isinstance(step, HttpStep)
    data: dict[str, Any] = {}
    for name, value in parse_qsl(step.body.decode()):
        data.setdefault(name, []).append(value)
    flat = {name: values if name == "StatusCallbackEvent" else values[0] for name, values in data.items()}
    if "Timeout" in flat:
        flat["Timeout"] = int(flat["Timeout"])
    return step.method, step.url, flat, (SID, "the-auth-token")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (action(CallVerb.CALL, agent="ana"), "leg"),
        (action(CallVerb.CALL, leg="of1", target="ana@acme.example"), "target"),
        (action(CallVerb.CALL, leg="of1", target="client:ana\r\nTo: x"), "target"),
        (action(CallVerb.HOLD, leg_id="CA9"), "leg"),
        (action(CallVerb.HANG_UP, leg_id="../Calls"), "leg"),
        (action(CallVerb.ANSWER), "verb"),
        (action(CallVerb.TRANSFER, target="+4930111111"), "verb"),
        (action(CallVerb.HANG_UP, call_id="../Messages"), "no_call"),
        (outbound.Message(key="k1", text=""), "empty_text"),
        (outbound.Message(key="k1", text="a\x00"), "unencodable_text"),
        (outbound.Message(key="k1", text="a" * (SPEECH_LIMIT + 1)), "text_too_long"),
        (outbound.Message(key="k1", text="&" * SPEECH_LIMIT), "text_too_long"),
        (outbound.Typing(key="k1"), "not_spoken"),
    ],
)
def test_what_a_call_cannot_be_told_is_refused(message: outbound.Outbound, code: str) -> None:
    assert refused(message) == code


def test_without_a_call_or_credentials_nothing_is_told() -> None:
    message = outbound.Message(key="k1", text="Hello.")
    assert refused(message, attrs.evolve(TO, id=None)) == "no_call"
    nobody = attrs.evolve(account(), secrets={"signing": ("a",)})
    plan = ADAPTER.encode(message, nobody, TO, NOW)
    assert isinstance(plan, Refused)
    assert plan.code == "no_credentials"
    assert ADAPTER.decide(action(CallVerb.CALL, agent="ana", leg="of1"), account(), TO, NOW) is None
    assert ADAPTER.decide(action(CallVerb.HANG_UP, leg_id="CA9"), account(), TO, NOW) is None


def test_what_is_lost_is_told_and_what_must_not_be_done_twice_too() -> None:
    marked = outbound.Message(key="k1", text="<b>Hi</b>", format=TextFormat.HTML, subject="About")
    plan = ADAPTER.encode(marked, account(), TO, NOW)
    assert isinstance(plan, SendPlan)
    assert plan.degradations == ("format", "subject")
    call = ADAPTER.encode(action(CallVerb.CALL, agent="ana", leg="of1"), account(), TO, NOW)
    hold = ADAPTER.encode(action(CallVerb.HOLD), account(), TO, NOW)
    assert isinstance(call, SendPlan)
    assert isinstance(hold, SendPlan)
    assert (call.steps[0].safe_to_repeat, hold.steps[0].safe_to_repeat) == (False, True)
    assert form_of(call)["Timeout"] == ["5"]
    assert len(form_of(hold)["Twiml"][0]) < TWIML_LIMIT


# What came of it


def answered(status: int, code: int, verb: CallVerb = CallVerb.JOIN, **headers: str) -> object:
    plan = ADAPTER.encode(action(verb), account(), TO, NOW)
    assert isinstance(plan, SendPlan)
    body = f'{{"code": {code}, "message": "no", "status": {status}}}'.encode()
    return ADAPTER.interpret(plan.steps[0], HttpAnswer(status=status, headers=tuple(headers.items()), body=body), NOW)


def test_a_call_that_is_not_in_progress_is_told_again_soon_and_one_that_is_over_needs_no_end() -> None:
    assert answered(400, 21220) == Retry("twilio_21220", timedelta(seconds=1))
    assert answered(404, 20404, **{"Retry-After": "7"}) == Retry("twilio_20404", timedelta(seconds=7))
    assert answered(404, 20404, CallVerb.HANG_UP) == Sent()
    assert answered(400, 21218) == Failed("twilio_21218")
    plan = ADAPTER.encode(action(CallVerb.JOIN), account(), TO, NOW)
    assert isinstance(plan, SendPlan)
    assert ADAPTER.interpret(plan.steps[0], HttpAnswer(status=201, body=b'{"sid": "CA9"}'), NOW) == Sent(("CA9",))
