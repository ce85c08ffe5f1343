"""Bodies, and words for what a channel cannot carry otherwise."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from orchestra.channels import outbound
from orchestra.channels.parts import MediaKind, TextFormat
from orchestra.channels.writing import UNENCODABLE, has_unencodable, json_body, linked, listed, what_is_lost


@pytest.mark.parametrize("text", ["\x00", "a\ud800", "\\\x00"])
def test_what_no_provider_takes_is_refused(text: str) -> None:
    assert json_body({"text": text}) is UNENCODABLE
    assert json_body({text: "x"}) is UNENCODABLE
    assert has_unencodable(text)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_every_other_text_is_written(text: str) -> None:
    body = json_body({"text": text})
    assert isinstance(body, bytes)
    assert json.loads(body) == {"text": text}
    assert not has_unencodable(text)


@pytest.mark.parametrize("text", ["\\u0000", "\\\\u0000", "u0000"])
def test_what_only_looks_like_nul_is_written(text: str) -> None:
    body = json_body({"text": text})
    assert isinstance(body, bytes)
    assert json.loads(body) == {"text": text}


def test_choices_as_text() -> None:
    message = outbound.Choices(key="k", text="Day?", choices=(outbound.Choice("a", "Mon"), outbound.Choice("b", "Fri")))
    assert listed(message) == "Day?\n1. Mon\n2. Fri"


def test_files_as_text() -> None:
    def file(**fields: str) -> outbound.Media:
        return outbound.Media(key="k", kind=MediaKind.IMAGE, content_type="image/png", **fields)

    assert linked(file(url="https://a.example")) == "https://a.example"
    assert linked(file(url="https://a.example", caption="The bill")) == "The bill\nhttps://a.example"
    assert linked(file(caption="The bill")) is None


def test_what_plain_texts_lose() -> None:
    assert what_is_lost(outbound.Message(key="k", text="Hi")) == ()
    message = outbound.Message(key="k", text="Hi", format=TextFormat.MARKDOWN, subject="Order")
    assert what_is_lost(message) == ("format", "subject")
