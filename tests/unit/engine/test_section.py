from __future__ import annotations

import json
from typing import ClassVar

import attrs
import pytest
from tests.engine_driver import CARE

from orchestra.engine.section import Plans, Section, Slice
from orchestra.engine.timers import Timers
from orchestra.model.hours import Hours
from orchestra.model.plan import Plan


@attrs.define
class Row:
    number: int
    names: list[str] = attrs.field(factory=list)


class Shelf(Slice):
    TABLES: ClassVar = {"rows": Row, "counts": None}

    rows: dict[str, Row]
    counts: dict[str, int]

    def reindex(self) -> None:
        self.by_number = {row.number: name for name, row in self.rows.items()}


def test_a_slice_begins_empty_and_indexed() -> None:
    shelf = Shelf(Plans(), Timers())
    assert (shelf.rows, shelf.counts, shelf.by_number) == ({}, {}, {})


def test_columns_come_sorted_by_key_and_go_back_as_rows() -> None:
    shelf = Shelf(Plans(), Timers())
    shelf.rows = {"b": Row(2, ["x"]), "a": Row(1, [])}
    shelf.counts = {"z": 1, "y": 2}
    dumped = shelf.dump()
    assert dumped == {"rows": [["a", "b"], [1, 2], [[], ["x"]]], "counts": [["y", "z"], [2, 1]]}
    other = Shelf(Plans(), Timers())
    other.load(json.loads(json.dumps(dumped)))
    assert other.rows == shelf.rows
    assert other.counts == shelf.counts
    assert other.by_number == {1: "a", 2: "b"}


@pytest.mark.parametrize(
    "rows",
    [
        [["a"], [1]],
        [["a"], [1], [[]], [2]],
        [["a"], [1], []],
        [["a"], [1, 2], [[]]],
        [["a", "b"], [1], [[]]],
    ],
)
def test_columns_that_do_not_fit_are_refused(rows: list[list[object]]) -> None:
    with pytest.raises(ValueError, match="rows: the columns do not fit"):
        Shelf(Plans(), Timers()).load({"rows": rows, "counts": [[], []]})


def test_slices_share_the_plan_in_force() -> None:
    plans = Plans()
    shelf = Shelf(plans, Timers())
    assert shelf.plan == Plan()
    plans.plan = Plan.parse(CARE)
    assert shelf.plan is plans.plan


def test_a_section_without_tables_of_functions_has_empty_ones() -> None:
    section = Section("shelf", Shelf)
    assert (section.decide, section.evolve, section.react, section.timers) == ({}, {}, {}, {})


def test_time_passes_by_the_calendar_of_the_plan_in_force() -> None:
    plans = Plans()
    short, long = (Hours("UTC", mon=[f"09:00-{end}:00"]) for end in ("10", "17"))
    assert plans.time(None).elapsed(0, 5) == 5
    plans.plan = Plan(calendars={"office": short})
    monday_us = 4 * 86_400_000_000  # 1970 began on a Thursday
    assert plans.time("office").elapsed(monday_us, 2 * monday_us) == 3_600_000_000
    assert plans.time("office") is plans.time("office")
    plans.plan = Plan(calendars={"office": long})
    assert plans.time("office").elapsed(monday_us, 2 * monday_us) == 8 * 3_600_000_000
