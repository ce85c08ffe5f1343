"""How far the news of an account have been taken is known again after any restart, and only moves by its event."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine_driver import Driver

from orchestra.errors import InvalidCommand, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e


def _of(driver: Driver, channel: str = "chat", account: str = "main") -> str | None:
    return driver.engine.view.cursors.of(channel, account)


def test_nobody_has_been_asked_at_first() -> None:
    assert _of(Driver()) is None


def test_a_cursor_moves() -> None:
    driver = Driver()
    driver.run(c.MoveCursor("chat", "main", "17"))
    assert driver.last(e.CursorMoved) == e.CursorMoved("chat", "main", "17")
    driver.run(c.MoveCursor("chat", "main", "9"))
    assert _of(driver) == "9", "what is further is the provider's affair"


def test_each_account_has_its_own() -> None:
    driver = Driver()
    driver.run(c.MoveCursor("chat", "main", "1"))
    driver.run(c.MoveCursor("chat", "sales", "2"))
    driver.run(c.MoveCursor("email", "main", "3"))
    assert (_of(driver), _of(driver, account="sales"), _of(driver, "email")) == ("1", "2", "3")
    assert _of(driver, "email", "sales") is None


def test_the_same_again_changes_nothing() -> None:
    driver = Driver()
    driver.run(c.MoveCursor("chat", "main", "17"))
    driver.run(c.MoveCursor("chat", "main", "17"))
    assert len(driver.events(e.CursorMoved)) == 1


def test_it_is_there_after_a_restart() -> None:
    driver = Driver()
    driver.run(c.MoveCursor("chat", "main", "17"))
    for engine in (driver.replayed(), driver.reloaded()):
        assert engine.view.cursors.of("chat", "main") == "17"
        assert engine.state_hash() == driver.engine.state_hash()


def test_an_outage_leaves_it_where_it_is() -> None:
    driver = Driver()
    driver.run(c.MoveCursor("chat", "main", "17"))
    driver.run(c.ReportChannel("chat", "main", "down", "x"))
    assert _of(driver) == "17"
    driver.run(c.MoveCursor("chat", "main", "18"))
    driver.run(c.ReportChannel("chat", "main", "up", "x"))
    assert _of(driver) == "18"


@pytest.mark.parametrize(
    ("values", "field"),
    [({"cursor": ""}, "cursor"), ({"cursor": "x" * 2_001}, "cursor"), ({"account": ""}, "account")],
)
def test_what_makes_no_sense_is_refused(values: dict[str, Any], field: str) -> None:
    Driver().refuse(
        c.MoveCursor(**{"channel": "chat", "account": "main", "cursor": "1"} | values), InvalidCommand, field=field
    )


def test_the_longest_is_taken() -> None:
    driver = Driver()
    driver.run(c.MoveCursor("chat", "main", "x" * 2_000))
    assert len(_of(driver) or "") == 2_000


def test_a_channel_that_nobody_knows_is_refused() -> None:
    Driver().refuse(c.MoveCursor("fax", "main", "1"), UnknownId, kind="channel")


def test_agents_and_customers_may_not() -> None:
    driver = Driver()
    driver.sign_in("ana")
    for actor in ("agent:ana", "customer"):
        driver.refuse(c.MoveCursor("chat", "main", "1", actor=actor), NotPermitted, actor=actor)


def test_it_is_shown_nowhere() -> None:
    shown = [repr(c.MoveCursor("chat", "main", "joe@x.example")), repr(e.CursorMoved("chat", "main", "joe@x.example"))]
    assert not any("joe" in text for text in shown)
