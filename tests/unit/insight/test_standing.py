"""What a key says to people."""

from __future__ import annotations

import pytest

from orchestra.engine.scores import UNRATED
from orchestra.insight.standing import standing
from orchestra.model.routing import FITTING_ORDERS, ORDERS, OWN_ORDERS, RANDOM

NOON = 1_700_000_000_000_000

SAID = {
    "affinity": (0, "the customer knows them"),
    "busy": (1, "busy"),
    "idle": (NOON, "unchanged since 2023-11-14T22:13:20Z"),
    "idle_inbound": (NOON, "no contact of a customer's since 2023-11-14T22:13:20Z"),
    "offered": (NOON, "last offered something 2023-11-14T22:13:20Z"),
    "open": (3, "3 in hand"),
    "spare": (-40, "40 % of a budget left"),
    "spare_ratio": (250_000, "25 % of their budget used"),
    "handled": (7, "7 taken lately"),
    "talk": (90_000_000, "talked 1 min 30 s lately"),
    "position": (2, "position 2"),
    "level": (1, "level 1"),
    "proficiency": (-150, "skill 150 in all"),
    "proficiency_min": (-60, "weakest skill 60"),
    "preferred": (-1, "meets 1 preferences"),
    "score:acme.vip@2": (-9, "score:acme.vip@2 9"),
}


@pytest.mark.parametrize("part", SAID)
def test_each_part_is_told_in_words(part: str) -> None:
    value, said = SAID[part]
    assert standing([part], [value, "ana"]) == said


def test_every_part_has_words() -> None:
    assert SAID.keys() >= {*OWN_ORDERS, *FITTING_ORDERS, *ORDERS} - {RANDOM}


def test_what_most_queues_go_by_is_said_shorter() -> None:
    assert standing(["busy", "idle"], [0, NOON, "ana"]) == "idle since 2023-11-14T22:13:20Z"
    assert standing(["busy", "idle"], [1, NOON, "ana"]) == "busy since 2023-11-14T22:13:20Z"
    assert standing(["affinity", "busy", "idle"], [1, 0, NOON, "ana"]) == (
        "not whom the customer knows, idle since 2023-11-14T22:13:20Z"
    )


def test_what_never_was_and_what_failed_are_said_as_such() -> None:
    assert standing(["offered", "score:a@1"], [0, UNRATED, "ana"]) == "never offered anything, score:a@1 failed"


def test_chance_alone_says_nothing() -> None:
    assert standing([], ["ana"]) == ""
