"""Texts under a key: opened by nobody else, as nothing else, and never in part."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pytest
from hypothesis import given, strategies as st

from orchestra.journal.crypto import KEY_BYTES, Cipher, key_of, new_key

CIPHER = Cipher(bytes(range(KEY_BYTES)))


@given(st.binary(max_size=200), st.text(max_size=40).filter(lambda text: text.isprintable()))
def test_what_was_sealed_is_opened_as_what_it_was(text: bytes, about: str) -> None:
    sealed = CIPHER.seal(text, about)
    assert CIPHER.open(sealed, about) == text
    assert CIPHER.open(sealed, f"{about}.") is None
    assert Cipher(new_key()).open(sealed, about) is None
    assert text not in b64decode(sealed) or len(text) < 4


def test_the_same_text_never_looks_the_same_unless_it_is_to_be_known_again() -> None:
    assert CIPHER.seal(b"hello", "a") != CIPHER.seal(b"hello", "a")
    again = {CIPHER.seal(b"hello", "a", is_repeatable=True) for _ in range(3)}
    assert len(again) == 1
    other = {
        CIPHER.seal(b"hello!", "a", is_repeatable=True),
        CIPHER.seal(b"hello", "b", is_repeatable=True),
        Cipher(new_key()).seal(b"hello", "a", is_repeatable=True),
    }
    assert len(other - again) == 3
    assert CIPHER.open(again.pop(), "a") == b"hello"


def test_where_one_text_ends_the_other_does_not_begin() -> None:
    one, other = (CIPHER.seal(text, about, is_repeatable=True) for text, about in ((b"bc", "a"), (b"c", "ab")))
    assert b64decode(one)[:12] != b64decode(other)[:12]


@pytest.mark.parametrize("place", [0, 5, 12, 20, -1])
def test_a_changed_byte_opens_nothing(place: int) -> None:
    data = bytearray(b64decode(CIPHER.seal(b"a text of some length", "a")))
    data[place] ^= 1
    assert CIPHER.open(b64encode(data).decode(), "a") is None


@pytest.mark.parametrize("sealed", ["", "x", "AAAA", "no base64!", b64encode(bytes(27)).decode(), "é"])
def test_what_is_nothing_sealed_opens_nothing(sealed: str) -> None:
    assert CIPHER.open(sealed, "a") is None


def test_secrets_make_keys_and_keys_have_names_that_tell_nothing() -> None:
    assert key_of("s" * 32) == key_of("s" * 32) != key_of("s" * 33)
    assert len(key_of("s")) == len(new_key()) == KEY_BYTES
    assert new_key() != new_key()
    assert CIPHER.name == Cipher(bytes(range(KEY_BYTES))).name != Cipher(new_key()).name
    assert CIPHER.name not in bytes(range(KEY_BYTES)).hex()
    assert bytes(range(KEY_BYTES)).hex() not in repr(CIPHER)
