from __future__ import annotations

from orchestra.engine.routing.pace import Pace
from orchestra.engine.routing.rows import Item


def test_how_long_contacts_keep_their_agents_is_a_smoothed_mean() -> None:
    pace = Pace({})
    assert pace.lasts_us("care") == 0
    item = Item("cu1", "voice", "care")
    item.taken_us = 100
    pace.over(item, 900)
    assert pace.lasts_us("care") == 800
    pace.over(item, 1_700)
    assert pace.lasts_us("care") == (7 * 800 + 1_600) // 8
    assert pace.lasts_us("sales") == 0
