from __future__ import annotations

from tests.engine_driver import Driver

from orchestra.engine.logs.state import Prefix
from orchestra.errors import InvalidCommand
from orchestra.model import commands as c, events as e


def test_a_log_that_grows_keeps_its_newest_prefix() -> None:
    driver = Driver()
    assert driver.run(c.MarkLog("a", 10, 1, 2)).events == [e.LogTaken("a", 10, 1, 2, None)]
    assert driver.run(c.MarkLog("b", 11, 1, 3, "a", 5)).events == [e.LogTaken("b", 11, 1, 3, "a", 5)]
    assert driver.engine.view.logs.prefixes == {"b": Prefix(11, 1, 3, 5)}


def test_several_logs_are_kept_apart() -> None:
    driver = Driver()
    driver.run(c.MarkLog("a", 10, 0, 0))
    driver.run(c.MarkLog("x", 5, 0, 0))
    driver.run(c.MarkLog("y", 6, 0, 0, "x"))
    assert set(driver.engine.view.logs.prefixes) == {"a", "y"}


def test_what_does_not_fit_is_refused() -> None:
    driver = Driver()
    driver.run(c.MarkLog("a", 10, 0, 0))
    driver.refuse(c.MarkLog("a", 10, 0, 0), InvalidCommand, field="sha256")
    driver.refuse(c.MarkLog("b", 11, 0, 0, "none"), InvalidCommand, field="previous")
    driver.refuse(c.MarkLog("b", 10, 0, 0, "a"), InvalidCommand, field="lines")
    driver.run(c.MarkLog("b", 11, 0, 0, "a"))
    driver.refuse(c.MarkLog("c", 12, 0, 0, "a"), InvalidCommand, field="previous")
