"""Events to records and back, with and without the `speed` extra: the same text, the same events, the same errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar

import attrs
import pytest
from hypothesis import given, settings, strategies as st
from tests.counts import FUZZ_INPUTS
from tests.strategies import INTEGERS, LONE_SURROGATES, SCALARS, TEXTS, events, instances

from orchestra.codec import UPCASTERS, EventCodec, canonical, decode_event, encode_event, to_record
from orchestra.codec.forms import form_of
from orchestra.errors import InvalidData, MalformedMessage, OrchestraError, ReplayMismatch, UnsupportedVersion
from orchestra.model.events import (
    EVENTS,
    AgentRemoved,
    CustomerAdded,
    DeviceLost,
    Event,
    InteractionAbandoned,
    InteractionHeld,
    InteractionStarted,
    MessageReceived,
    OfferMade,
    PlanChanged,
    SendingStarted,
)
from orchestra.model.private import private, private_names
from orchestra.model.records import Record

FAST, SLOW = EventCodec(), EventCodec(use_speed=False)
CODECS = pytest.mark.parametrize("codec", [FAST, SLOW], ids=["speed", "plain"])
EVERY_CLASS = pytest.mark.parametrize("name", sorted(EVENTS))

ABANDONED = InteractionAbandoned("I1", "C1", 5_000_000, is_short=True)
OFFER = OfferMade("O1", "I1", "C1", "ana", "care", "chat", 1, 100, 9, [3, "ana"], [[4, "ben"]], {"skill": 2})


def comparable(event: Event) -> Any:
    """Plans compare by their text: lists in them may come back as tuples."""
    return (event.plan.to_json(), event.digest) if isinstance(event, PlanChanged) else event


def outcome(function: Callable[[Any], Any], value: Any) -> Any:
    """What a call gives or raises, for comparison."""
    try:
        given = function(value)
    except (OrchestraError, TypeError) as error:
        return type(error), str(error)
    return comparable(given) if isinstance(given, Event) else given


def assert_stored_alike(event: Event) -> None:
    record = SLOW.to_record(event, 7, 8, "agent:ana")
    assert FAST.to_record(event, 7, 8, "agent:ana") == record
    for codec in (FAST, SLOW):
        assert comparable(codec.decode(record)) == comparable(event)
        bare = codec.decode(attrs.evolve(record, private=None))
        hidden = private_names(type(event))
        blanked = attrs.evolve(event, **dict.fromkeys(hidden))
        if not isinstance(event, PlanChanged):
            assert bare == blanked
        # Facts do not depend on what is private.
        assert codec.encode(bare)[2:] == (record.facts, None)


@EVERY_CLASS
@given(data=st.data())
def test_every_class_is_stored_alike(name: str, data: st.DataObject) -> None:
    assert_stored_alike(data.draw(instances(EVENTS[name])))


@given(events())
def test_text_is_canonical_and_without_nulls(event: Event) -> None:
    name, version, facts, hidden = encode_event(event)
    assert (name, version) == (type(event).__name__, event.version)
    for text in filter(None, (facts, hidden)):
        assert canonical(json.loads(text)) == text
    if not isinstance(event, PlanChanged):
        parts = json.loads(facts) | json.loads(hidden or "{}")
        assert parts == {key: value for key, value in attrs.asdict(event).items() if value is not None}
        assert set(json.loads(hidden or "{}")) <= private_names(type(event))


@CODECS
def test_form(codec: EventCodec) -> None:
    event = MessageReceived("M1", "I1", "K1", "C1", "chat", "main", "é", "V1", 1, 2**63 - 1, 'a\u2028\x00😀"\\/')
    record = codec.to_record(event, 3, 4, "customer:C1")
    assert record == Record(
        position=3,
        at_us=4,
        type="MessageReceived",
        version=1,
        actor="customer:C1",
        subject="C1",
        facts='{"account":"main","case":"K1","channel":"chat","conversation":"V1","customer":"C1","interaction":"I1",'
        '"message":"M1","message_id":"é","number":1,"occurred_us":9223372036854775807}',
        private='{"text":"a\u2028\\u0000😀\\"\\\\/"}',
    )
    assert codec.encode(ABANDONED)[2:] == (
        '{"customer":"C1","interaction":"I1","is_short":true,"waited_us":5000000}',
        None,
    )
    assert codec.encode(SendingStarted(None, None))[2] == "{}"
    assert codec.encode(SendingStarted(None, "bill"))[2] == '{"topic":"bill"}'
    assert codec.encode(CustomerAdded("C1", "email", "hmac", None, "Ana"))[3] == '{"name":"Ana"}'
    assert '"failed":{"skill":2},' in codec.encode(OFFER)[2]


def test_subject_is_the_customer_if_there_is_one() -> None:
    assert to_record(ABANDONED, 1, 2, "system").subject == "C1"
    assert to_record(AgentRemoved("ana"), 1, 2, "system").subject is None


def test_dicts_are_written_in_order_of_keys() -> None:
    one, other = (attrs.evolve(OFFER, failed=failed) for failed in ({"b": 1, "a": 2}, {"a": 2, "b": 1}))
    assert encode_event(one) == encode_event(other)
    decoded = decode_event(to_record(one, 1, 2, "system"))
    assert isinstance(decoded, OfferMade)
    assert list(decoded.failed) == ["a", "b"]


def changed(event: Event, **fields: Any) -> Event:
    """A copy with values that types forbid."""
    return attrs.evolve(event, **fields)


ADDRESS = CustomerAdded("C1", "email", "key")
MISFITS = [
    changed(ABANDONED, waited_us=1.0),
    changed(ABANDONED, waited_us=float("nan")),
    changed(ABANDONED, waited_us=True),
    changed(ABANDONED, waited_us=None),
    changed(ABANDONED, is_short=1),
    changed(ABANDONED, customer=None),
    changed(ABANDONED, customer=1),
    changed(OFFER, key=[1.5]),
    changed(OFFER, key=(1, "a")),
    changed(OFFER, runners_up=[[1, None]]),
    changed(OFFER, failed={"skill": 0.5}),
    changed(OFFER, failed={1: 1}),
    changed(DeviceLost("ana", "main", None), grace_until_us=1.0),
    changed(ADDRESS, value=1.0),
    changed(ADDRESS, value=b"x"),
]


@CODECS
@pytest.mark.parametrize("event", MISFITS, ids=repr)
def test_only_values_of_the_fields_types_become_facts(codec: EventCodec, event: Event) -> None:
    with pytest.raises(TypeError) as refused:
        codec.encode(event)
    assert str(refused.value).startswith(f"{type(event).__name__}.")
    assert outcome(SLOW.encode, event) == (TypeError, str(refused.value))


@EVERY_CLASS
@pytest.mark.fuzz
@settings(max_examples=max(1, FUZZ_INPUTS // 50))  # of each of the many classes
@given(data=st.data())
def test_any_value_in_any_field_is_taken_or_refused_alike(name: str, data: st.DataObject) -> None:
    event = data.draw(instances(EVENTS[name]))
    field = data.draw(st.sampled_from(attrs.fields(EVENTS[name])))
    odd = SCALARS | st.floats() | LONE_SURROGATES | st.lists(SCALARS | st.floats(), max_size=2)
    if name == "PlanChanged" and field.name == "plan":
        return
    setattr(event, field.name, data.draw(odd | st.dictionaries(TEXTS, SCALARS | st.floats(), max_size=2)))
    expected = outcome(SLOW.encode, event)
    assert outcome(FAST.encode, event) == expected
    if expected[0] not in {TypeError, MalformedMessage}:
        assert_stored_alike(event)


@CODECS
@given(text=LONE_SURROGATES)
def test_lone_surrogates_are_refused(codec: EventCodec, text: str) -> None:
    with pytest.raises(MalformedMessage) as refused:
        codec.encode(AgentRemoved(text))
    assert refused.value.where == "facts of AgentRemoved"
    with pytest.raises(MalformedMessage) as refused:
        codec.encode(CustomerAdded("C1", "email", "key", text))
    assert refused.value.where == "private of CustomerAdded"
    with pytest.raises(MalformedMessage):
        codec.encode(attrs.evolve(OFFER, failed={text: 1}))


def test_only_known_classes_are_written() -> None:
    unknown = type("AgentRemoved", (Event,), {})
    with pytest.raises(TypeError, match="no event"):
        encode_event(unknown())


# What stands in a journal


HELD = to_record(InteractionHeld("I1", "C1", "ana"), 41, 2, "agent:ana")
ADDED = to_record(CustomerAdded("C1", "email", "key", "a@b.example", "Ana"), 41, 2, "system")
STARTED = to_record(InteractionStarted("I1", "C1", "chat", "main", "V1", live=True, occurred_us=1), 41, 2, "system")

MALFORMED = [
    (attrs.evolve(HELD, facts=facts), path)
    for facts, path in [
        ("", "facts"),
        ("{", "facts"),
        ("[]", "facts"),
        ("null", "facts"),
        ('"x"', "facts"),
        ("[" * 100_000, "facts"),
        ('{"agent":"ana","customer":"C1"}', "facts.interaction"),
        ('{"agent":null,"customer":"C1","interaction":"I1"}', "facts.agent"),
        ('{"agent":1,"customer":"C1","interaction":"I1"}', "facts.agent"),
        ('{"agent":1.0,"customer":"C1","interaction":"I1"}', "facts.agent"),
        ('{"agent":NaN,"customer":"C1","interaction":"I1"}', "facts"),
        ('{"agent":"ana","customer":"C1","interaction":"I1","x":1}', "facts"),
        ('{"agent":"ana","customer":"C1","interaction":"\\ud800"}', "facts"),
        ('{"agent":"ana","customer":"C1","interaction":"\ud800"}', "facts"),
        ('{"agent":"ana","customer":"C1","interaction":"I1"}}', "facts"),
    ]
] + [
    (attrs.evolve(HELD, private='{"text":"x"}'), "private"),
    (attrs.evolve(HELD, version=0), "version"),
    (attrs.evolve(HELD, version=-1), "version"),
    (attrs.evolve(STARTED, facts=STARTED.facts.replace('"live":true', '"live":1')), "facts.live"),
    (attrs.evolve(STARTED, facts=STARTED.facts.replace('"occurred_us":1', '"occurred_us":1.0')), "facts.occurred_us"),
    (attrs.evolve(STARTED, facts=STARTED.facts.replace('"occurred_us":1', '"occurred_us":true')), "facts.occurred_us"),
    (attrs.evolve(STARTED, facts=STARTED.facts.replace('"skills":{}', '"skills":{"a":"b"}')), "facts.skills.a"),
    (attrs.evolve(STARTED, facts=STARTED.facts.replace('"skills":{}', '"skills":[]')), "facts.skills"),
    (attrs.evolve(STARTED, facts=STARTED.facts.replace('"skills":{}', '"skills":{},"topic":null')), "facts.topic"),
    *(
        (attrs.evolve(ADDED, private=text), path)
        for text, path in [
            ("", "private"),
            ("[]", "private"),
            ('{"value":1}', "private.value"),
            ('{"value":null}', "private.value"),
            ('{"other":"x"}', "private"),
            ('{"value":"\\udc00"}', "private"),
        ]
    ),
]


@CODECS
@pytest.mark.parametrize(("record", "path"), MALFORMED)
def test_malformed_records_are_refused_with_their_position(codec: EventCodec, record: Record, path: str) -> None:
    with pytest.raises(ReplayMismatch) as refused:
        codec.decode(record)
    assert refused.value.position == 41
    if path != "facts" or "has" in refused.value.reason:
        assert f"{record.type} cannot be read: {path}" in refused.value.reason
    assert "a@b.example" not in str(refused.value)
    assert outcome(codec.decode, record) == outcome(SLOW.decode, record)


@EVERY_CLASS
@pytest.mark.fuzz
@settings(max_examples=max(1, FUZZ_INPUTS // 50))  # of each of the many classes
@given(data=st.data())
def test_changed_facts_are_read_or_refused_alike(name: str, data: st.DataObject) -> None:
    record = to_record(data.draw(instances(EVENTS[name])), 1, 2, "system")
    facts = json.loads(record.facts)
    key = data.draw(st.sampled_from([*facts, "other", "topic"]))
    change = data.draw(st.sampled_from(["drop", "replace", "cut", "insert"]))
    if change == "drop":
        facts.pop(key, None)
    elif change == "replace":
        facts[key] = data.draw(SCALARS | st.floats() | st.lists(SCALARS, max_size=2) | INTEGERS.map(lambda n: {"a": n}))
    text = json.dumps(facts, ensure_ascii=data.draw(st.booleans()))
    place = data.draw(st.integers(0, len(text)))
    if change == "cut":
        text = text[:place] + text[place + 1 :]
    elif change == "insert":
        text = (
            text[:place] + data.draw(st.sampled_from(['"', ",", "1", ".0", "\\", "{", "]", " ", "\x00"])) + text[place:]
        )
    changed = attrs.evolve(record, facts=text)
    expected = outcome(SLOW.decode, changed)
    assert outcome(FAST.decode, changed) == expected
    if not isinstance(expected, Event):
        assert expected[0] is ReplayMismatch or name == "PlanChanged"


@CODECS
def test_newer_records_are_refused_naming_both_versions(codec: EventCodec) -> None:
    with pytest.raises(UnsupportedVersion) as refused:
        codec.decode(attrs.evolve(HELD, version=3))
    assert (refused.value.what, refused.value.found, refused.value.known) == ("event InteractionHeld", 3, 1)
    with pytest.raises(UnsupportedVersion) as refused:
        codec.decode(attrs.evolve(HELD, type="CustomerTeleported", version=2))
    assert (refused.value.what, refused.value.found, refused.value.known) == ("event CustomerTeleported", 2, 0)
    assert isinstance(refused.value, InvalidData)


# Upcasters


@attrs.define
class CallParked(Event):
    """Version 1 had `agent` and `minutes`; version 2 had microseconds; version 3 names the reason."""

    version: ClassVar[int] = 3
    agent: str
    until_us: int
    reason: str
    topic: str | None = None
    note: str | None = private()


def to_two(facts: dict[str, Any]) -> dict[str, Any]:
    return {"agent": facts["agent"], "until_us": facts["minutes"] * 60_000_000, "topic": facts.get("topic")}


def to_three(facts: dict[str, Any]) -> dict[str, Any]:
    return {**facts, "reason": "unknown"}


LIFTS = {("CallParked", 1): to_two, ("CallParked", 2): to_three}


@pytest.mark.parametrize("use_speed", [True, False])
@pytest.mark.parametrize(
    ("version", "facts"),
    [
        (1, '{"agent":"ana","minutes":2}'),
        (2, '{"agent":"ana","until_us":120000000}'),
        (3, '{"agent":"ana","reason":"unknown","until_us":120000000}'),
    ],
)
def test_old_facts_are_lifted_version_by_version(version: int, facts: str, *, use_speed: bool) -> None:
    codec = EventCodec({"CallParked": CallParked}, LIFTS, use_speed=use_speed)
    record = Record(5, 6, "CallParked", version, "system", None, facts, '{"note":"n"}')
    assert codec.decode(record) == CallParked("ana", 120_000_000, "unknown", None, "n")
    with pytest.raises(UnsupportedVersion):
        codec.decode(attrs.evolve(record, version=4))


@pytest.mark.parametrize(
    ("facts", "lifts"),
    [
        ('{"agent":"ana"}', LIFTS),
        ('{"agent":"ana","minutes":"x"}', LIFTS),
        ('{"agent":"ana","minutes":0.5}', LIFTS),
        ("[]", LIFTS),
        ("", LIFTS),
        ('{"agent":"ana","minutes":2}', {("CallParked", 1): to_two}),
        ('{"agent":"ana","minutes":2}', {}),
    ],
)
def test_facts_that_cannot_be_lifted_are_refused(facts: str, lifts: Any) -> None:
    codec = EventCodec({"CallParked": CallParked}, lifts)
    with pytest.raises(ReplayMismatch) as refused:
        codec.decode(Record(5, 6, "CallParked", 1, "system", None, facts))
    assert refused.value.position == 5


def test_nothing_is_lifted_yet() -> None:
    assert not UPCASTERS
    assert {kind.version for kind in EVENTS.values()} == {1}


# How forms are built


def test_a_type_without_reader_is_refused_at_once() -> None:
    @attrs.define
    class Odd(Event):
        share: float

    @attrs.define
    class Odder(Event):
        either: list[str] | dict[str, str]

    for kind in (Odd, Odder):
        with pytest.raises((TypeError, ValueError, NameError)):
            form_of(kind)
