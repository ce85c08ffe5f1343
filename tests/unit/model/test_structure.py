from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import attrs
import pytest
from hypothesis import given, strategies as st

from orchestra.errors import Fault
from orchestra.model.structure import (
    Lost,
    format_duration,
    microseconds,
    parse_duration,
    salvage,
    structure,
    unstructure,
)


@attrs.frozen
class Inner:
    """Something nested."""

    count: int
    wait: timedelta = timedelta(seconds=20)
    end: timedelta | None = timedelta(days=1)


@attrs.frozen
class Outer:
    """Something that nests."""

    name: str = "x"
    is_on: bool = False
    inner: Mapping[str, Inner] = attrs.field(factory=dict)
    items: Sequence[Inner] = attrs.field(default=(), converter=tuple)
    words: Sequence[str] = attrs.field(default=(), converter=tuple)


def faults(data: object) -> list[tuple[str, str]]:
    found = structure(data, Outer)
    assert isinstance(found, list)
    return [(fault.path, fault.message) for fault in found]


# Durations


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20s", timedelta(seconds=20)),
        ("5m", timedelta(minutes=5)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        ("1h 30m", timedelta(hours=1, minutes=30)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
        ("250ms", timedelta(milliseconds=250)),
        ("15us", timedelta(microseconds=15)),
        ("0s", timedelta()),
    ],
)
def test_a_duration_is_read(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "20", "s", "-1s", "1.5h", "20 seconds", "1h30", "x1s", "1s x", "20S", "٢s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration: write 20s"):
        parse_duration(text)


def test_a_duration_longer_than_time_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than any calendar"):
        parse_duration("999999999w")


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=365_000)))
def test_a_duration_that_is_written_reads_the_same(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration


def test_durations_are_written_in_the_largest_units() -> None:
    assert format_duration(timedelta(days=8, seconds=61)) == "1w1d1m1s"
    assert format_duration(timedelta()) == "0s"


@given(st.integers(-(10**15), 10**15))
def test_microseconds_are_whole(count: int) -> None:
    assert microseconds(timedelta(microseconds=count)) == count


# Plain data to values


def test_plain_data_becomes_a_value() -> None:
    data = {"name": "a", "is_on": True, "inner": {"k": {"count": 3, "wait": "1m"}}, "items": [{"count": 1}]}
    assert structure(data, Outer) == Outer("a", True, {"k": Inner(3, timedelta(minutes=1))}, [Inner(1)])


def test_never_stands_for_nothing() -> None:
    assert structure({"count": 1, "end": "never"}, Inner) == Inner(1, end=None)
    assert structure({"count": 1, "end": None}, Inner) == Inner(1, end=None)


def test_never_is_not_a_duration_where_one_is_needed() -> None:
    found = structure({"count": 1, "wait": "never"}, Inner)
    assert found == [Fault("wait", "'never' is no duration: write 20s, 5m, 1h30m, 7d")]


@pytest.mark.parametrize(
    ("data", "path", "part"),
    [
        ({"nam": "a"}, "nam", "did you mean name?"),
        ({"zzz": "a"}, "zzz", "known: name, is_on, inner, items, words"),
        ({"name": 3}, "name", "must be of type str"),
        ({"is_on": 1}, "is_on", "must be of type bool"),
        ({"inner": {"k": {}}}, "inner.k.count", "is required"),
        ({"inner": {"k": {"count": True}}}, "inner.k.count", "must be of type int"),
        ({"inner": {"k": {"count": 1, "wait": 20}}}, "inner.k.wait", "write it as text"),
        ({"items": [{"count": 1}, {"count": "2"}]}, "items[1].count", "must be of type int"),
        ({"words": ["a", 3]}, "words[1]", "must be of type str"),
        ({"words": "ab"}, "words", "must be a list, not 'ab'"),
        ({"words": {"a": 1}}, "words", "must be a list, not a table"),
        ({"inner": [1]}, "inner", "must be a table, not a list"),
        ({"inner": {"k": 3}}, "inner.k", "must be a table, not 3"),
        ({"name": ["x"]}, "name", "a list must be of type str"),
        ({"is_on": "x" * 1000}, "is_on", "xxx... must be of type bool"),
    ],
)
def test_a_fault_has_its_path(data: object, path: str, part: str) -> None:
    ((found, message),) = faults(data)
    assert found == path
    assert part in message


def test_every_fault_is_told_at_once() -> None:
    data = {"name": 1, "is_on": 2, "other": 3, "inner": {"a": {"count": "x"}, "b": {"cuont": 1}}}
    assert sorted(path for path, _ in faults(data)) == [
        "inner.a.count",
        "inner.b.count",
        "inner.b.cuont",
        "is_on",
        "name",
        "other",
    ]


def test_unstructured_data_leaves_defaults_out_and_reads_back() -> None:
    value = Outer(inner={"k": Inner(2, end=None)})
    assert unstructure(value) == {"inner": {"k": {"count": 2, "end": None}}}
    assert structure(unstructure(value), Outer) == value


# As much as can be understood


def test_sound_data_loses_nothing() -> None:
    found = salvage({"name": "a"}, Outer)
    assert (found.value, found.faults, found.lost) == (Outer("a"), [], Lost())


@pytest.mark.parametrize(
    ("data", "value", "lost"),
    [
        ({"name": 3, "is_on": True}, Outer(is_on=True), {("name",)}),
        ({"nam": "a", "is_on": True}, Outer(is_on=True), {("nam",), ("name",)}),
        ({"zzz": "a"}, Outer(), {("zzz",)}),
        ({"words": ["a", 3, "b"]}, Outer(words=["a", "", "b"]), {("words", 1)}),
        ({"words": 3}, Outer(), {("words",)}),
        ({"inner": {"a": {"count": "x"}, "b": {"count": 1}}}, Outer(inner={"b": Inner(1)}), {("inner", "a")}),
        ({"inner": {"a": {"cnt": 2}, "b": {"count": 1}}}, Outer(inner={"b": Inner(1)}), {("inner", "a")}),
        ({"items": [{"count": 1}, 3]}, Outer(), {("items",)}),
        ({"items": [{"count": "x"}], "name": "a"}, Outer("a"), {("items",)}),
    ],
)
def test_the_rest_is_built_without_what_is_broken(
    data: dict[str, object], value: Outer, lost: set[tuple[str | int, ...]]
) -> None:
    faults_before = structure(data, Outer)
    found = salvage(data, Outer)
    assert found.value == value
    assert found.faults == faults_before
    assert lost <= found.lost.places
    assert all(found.lost.has(*place) for place in lost)


@pytest.mark.parametrize("data", [{}, {"count": "x"}, {"cuont": 1}, 3, []])
def test_nothing_is_built_without_what_is_required(data: object) -> None:
    found = salvage(data, Inner)
    assert found.value is None
    assert found.faults


def test_what_was_lost() -> None:
    lost = Lost(frozenset({("inner", "a"), ("words", 1)}))
    assert lost.has("inner", "a")
    assert lost.has("inner", "a", "count")
    assert not lost.has("inner")
    assert lost.touches("inner")
    assert not lost.touches("inner", "b")
    covered = [
        path
        for path in ("inner.a", "inner.a.b", "words[1]", "inner.ab", "words[10]", "words")
        if lost.covers(Fault(path, ""))
    ]
    assert covered == ["inner.a", "inner.a.b", "words[1]"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["name", "is_on", "inner", "items", "words", "count", "x"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_is_given_something_or_nothing_is_built(data: object) -> None:
    found = salvage(data, Outer)
    assert (found.value is None) == (not isinstance(data, dict))
    assert bool(found.faults) == bool(found.lost.places)
