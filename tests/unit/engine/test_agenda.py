"""Timers of two kinds: as one to whoever waits for all, and apart for commands."""

from __future__ import annotations

import json

from hypothesis import given, strategies as st

from orchestra.engine.agenda import Agenda
from orchestra.engine.timers import Timers

NAMES = st.sampled_from(["prompt", "patient"])
STEPS = st.lists(
    st.tuples(st.sampled_from(["set", "cancel", "load"]), NAMES, st.sampled_from("123"), st.integers(0, 9)),
    max_size=40,
)


def agenda() -> Agenda:
    made = Agenda()
    made.patient = frozenset({"patient"})
    return made


@given(STEPS)
def test_all_of_them_together_are_as_any_timers(steps: list[tuple[str, str, str, int]]) -> None:
    found, plain = agenda(), Timers()
    for step, name, subject, due_us in steps:
        if step == "set":
            found.set(name, subject, due_us)
            plain.set(name, subject, due_us)
        elif step == "cancel":
            found.cancel(name, subject)
            plain.cancel(name, subject)
        else:
            rows = json.loads(json.dumps(found.rows()))
            found = agenda()
            found.load(rows)
        assert found.first() == plain.first()
        assert found.rows() == plain.rows()
        assert len(found) == len(plain)
        assert found.get(name, subject) == plain.get(name, subject)
        assert sorted(found.names_of(subject)) == sorted(plain.names_of(subject))
        prompt = [(due, name, subject) for name, subject, due in plain.rows() if name == "prompt"]
        assert found.first_prompt() == min(prompt, default=None)


def test_several_timers_of_a_subject_go_whatever_their_kinds() -> None:
    found = agenda()
    for name in ("prompt", "patient"):
        found.set(name, "1", 5)
    found.cancel_all(("prompt", "patient", "none"), "1")
    assert found.rows() == []
