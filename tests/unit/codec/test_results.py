"""Answers through an inbox: values come back equal, refusals are raised as they were."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from tests.strategies import refusals, results

from orchestra.codec import decode_result, encode_result, results as codec_results
from orchestra.errors import (
    CommandRefused,
    JournalUnavailable,
    MalformedMessage,
    MergeVetoed,
    NotAllowedInState,
    StaleVersion,
    UnknownId,
    UnsupportedVersion,
)
from orchestra.model import results as model_results
from orchestra.model.results import CaseRef, Erased, Linked, Received, TakesPart


@given(results())
def test_values_come_back(value: Any) -> None:
    decoded = decode_result(encode_result(value))
    assert decoded == value
    assert type(decoded) is type(value)


@given(refusals())
def test_refusals_are_raised_with_their_attributes(refusal: CommandRefused) -> None:
    with pytest.raises(CommandRefused) as raised:
        decode_result(encode_result(refusal))
    assert type(raised.value) is type(refusal)
    assert vars(raised.value) == vars(refusal)
    assert str(raised.value) == str(refusal)


def test_every_result_and_every_refusal_comes_back_as_it_was() -> None:
    """Whatever a command may answer must find its way back to another process."""
    kinds = {getattr(model_results, name) for name in model_results.__all__}
    refusals_there_are = set(CommandRefused.__subclasses__()) - {OfMyOwn}
    assert set(codec_results._VALUES.values()) == kinds
    assert set(codec_results._REFUSALS.values()) == refusals_there_are
    for kind in kinds | refusals_there_are:
        assert codec_results._reader(kind.__name__)


@pytest.mark.parametrize("value", [Linked("cu1", "merged", "li1"), Erased(["cu1", "cu2"], 7), TakesPart("cu2", "ca1")])
def test_what_is_noted_of_people_comes_back(value: Any) -> None:
    assert decode_result(encode_result(value)) == value


@pytest.mark.parametrize(
    "refusal", [MergeVetoed("cu1", "cu2", "x"), StaleVersion("en7", 8, 9, ["MessageReceived in9"])]
)
def test_what_speaks_against_it_comes_back(refusal: CommandRefused) -> None:
    with pytest.raises(type(refusal)) as raised:
        decode_result(encode_result(refusal))
    assert vars(raised.value) == vars(refusal)


def test_form() -> None:
    assert encode_result(None) == '{"result":"plain","value":null,"version":1}'
    assert encode_result(Received("C1", "I1", CaseRef("K1", "C-1"))) == (
        '{"result":"Received","value":{"case":{"id":"K1","number":"C-1"},"customer":"C1","duplicate":false,'
        '"interaction":"I1"},"version":1}'
    )
    assert encode_result(UnknownId("case", "K1")) == (
        '{"refused":"UnknownId","value":{"id":"K1","kind":"case"},"version":1}'
    )


def test_tuples_come_back_as_lists() -> None:
    assert decode_result(encode_result((1, ("a",)))) == [1, ["a"]]


class OfMyOwn(NotAllowedInState):
    """A refusal that another process may not know."""


def test_other_refusals_come_back_as_the_root_with_their_text() -> None:
    for refusal in (CommandRefused("no"), OfMyOwn("K1", "closed", "resolve")):
        with pytest.raises(CommandRefused) as raised:
            decode_result(encode_result(refusal))
        assert type(raised.value) is CommandRefused
        assert str(raised.value) == str(refusal)


@pytest.mark.parametrize("value", [1.0, {"a": [0.5]}, object(), [CaseRef("K1", "1")], JournalUnavailable("x"), {1: 2}])
def test_what_is_no_answer_is_not_written(value: Any) -> None:
    with pytest.raises(TypeError):
        encode_result(value)


def test_lone_surrogates_are_refused() -> None:
    for value in ("\ud800", UnknownId("case", "\ud800"), CaseRef("\ud800", "1")):
        with pytest.raises(MalformedMessage):
            encode_result(value)


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"version": True, "result": "plain", "value": 1},
        {"version": 1, "value": 1},
        {"version": 1, "result": "plain"},
        {"version": 1, "result": "plain", "value": 1, "more": 1},
        {"version": 1, "result": "Unheard", "value": {}},
        {"version": 1, "result": ["plain"], "value": {}},
        {"version": 1, "result": "CaseRef", "value": {"id": 1, "number": "1"}},
        {"version": 1, "result": "UnknownId", "value": {"id": "1", "kind": "case"}},
        {"version": 1, "refused": "CaseRef", "value": {"id": "1", "number": "1"}},
        {"version": 1, "refused": "UnknownId", "value": {"id": "1"}},
        {"version": 1, "refused": "CommandRefused", "value": 1},
        {"version": 1, "refused": [], "value": 1},
    ],
    ids=json.dumps,
)
def test_what_is_no_answer_is_refused(body: Any) -> None:
    with pytest.raises(MalformedMessage):
        decode_result(json.dumps(body))


def test_not_json_is_refused() -> None:
    with pytest.raises(MalformedMessage):
        decode_result("{")


def test_newer_answers_are_refused_naming_both_versions() -> None:
    with pytest.raises(UnsupportedVersion) as refused:
        decode_result('{"result":"plain","value":1,"version":2}')
    assert (refused.value.found, refused.value.known) == (2, 1)
