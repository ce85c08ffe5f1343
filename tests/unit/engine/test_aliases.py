"""Ids that go on as others: whatever the order in which they did, each has one root and all share one group."""

from __future__ import annotations

from typing import ClassVar

import pytest
from hypothesis import given, strategies as st

from orchestra.engine.aliases import Aliased, number
from orchestra.engine.section import Plans
from orchestra.engine.timers import Timers


class Pets(Aliased):
    """Pets, of whom some turn out to be others: the plainest state with aliases."""

    TABLES: ClassVar = {"pets": None}

    pets: dict[str, str | None]

    def reindex(self) -> None:
        super().reindex()
        self._gather(name for name, other in self.pets.items() if other is not None)

    def _above(self, name: str) -> str | None:
        return self.pets[name]


def pets(**others: str | None) -> Pets:
    found = Pets(Plans(), Timers())
    found.pets.update(others)
    found.reindex()
    return found


def test_who_is_nobodys_alias_is_a_group_of_their_own() -> None:
    alone = pets(pe1=None, pe2=None)
    assert (alone.root("pe1"), alone.group("pe1")) == ("pe1", ("pe1",))
    some = pets(pe1=None, pe2="pe1", pe3=None)
    assert (some.root("pe3"), some.group("pe3")) == ("pe3", ("pe3",))


def test_an_alias_of_an_alias_goes_on_as_the_last() -> None:
    found = pets(pe1="pe10", pe2="pe1", pe10=None, pe11="pe2")
    assert {found.root(name) for name in found.pets} == {"pe10"}
    assert {found.group(name) for name in found.pets} == {("pe1", "pe2", "pe10", "pe11")}


@pytest.mark.parametrize(("name", "age"), [("pe1", 1), ("ca12", 12)])
def test_ids_are_as_old_as_their_number(name: str, age: int) -> None:
    assert number(name) == age


@given(st.lists(st.integers(0, 30), max_size=30))
def test_groups_are_those_that_following_each_by_hand_gives(above: list[int]) -> None:
    # Each goes on as one of those before it, or, where it names itself or a later one, by itself.
    rows = {f"pe{i}": f"pe{j}" if j < i else None for i, j in enumerate(above)}
    found, by_hand = pets(**rows), {}
    for name in rows:
        root = name
        while (to := rows[root]) is not None:
            root = to
        by_hand.setdefault(root, []).append(name)
    for root, names in by_hand.items():
        for name in names:
            assert (found.root(name), found.group(name)) == (root, tuple(sorted(names, key=number)))
