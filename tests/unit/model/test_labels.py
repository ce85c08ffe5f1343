"""Faults of labels, each with its path."""

from __future__ import annotations

import pytest
from tests.engine_driver import CARE

from orchestra.model.plan import Plan


def said(text: str) -> dict[str, bool]:
    """Path -> whether it is an error, of what is said about labels."""
    return {fault.path: fault.is_error for fault in Plan.examine(CARE + text)[1] if "labels" in fault.path}


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_an_error(limit: int) -> None:
    text = f"[labels.complex]\nlimit = {limit}\n[queues.fax]\nteam = 'care'\nlabels = ['complex']\n"
    assert said(text) == {"labels.complex.limit": True}


def test_no_label_may_look_like_one_of_the_librarys_own() -> None:
    text = "[labels.'@beyond']\nlimit = 1\n[queues.fax]\nteam = 'care'\nlabels = ['@beyond']\n"
    assert said(text) == {"labels.@beyond": True}


def test_an_unknown_label_is_an_error() -> None:
    text = "[labels.complex]\nlimit = 1\n[queues.fax]\nteam = 'care'\nlabels = ['complex', 'vip']\n"
    assert said(text) == {"queues.fax.labels[1]": True}


def test_a_label_that_no_queue_gives_is_doubtful() -> None:
    assert said("[labels.complex]\nlimit = 1\n") == {"labels.complex": False}


def test_a_label_needs_a_limit() -> None:
    assert said("[labels.complex]\n[queues.fax]\nteam = 'care'\nlabels = ['complex']\n") == {
        "labels.complex.limit": True
    }


def test_a_label_that_was_not_understood_is_not_said_to_be_unknown() -> None:
    assert said("[labels.complex]\nlimit = 'two'\n[queues.fax]\nteam = 'care'\nlabels = ['complex']\n") == {
        "labels.complex.limit": True
    }
