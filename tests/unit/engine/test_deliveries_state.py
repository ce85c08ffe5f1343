from __future__ import annotations

from tests.engine_driver import Driver
from tests.invariants import check_rebuilt

from orchestra.engine.deliveries.early import early_key
from orchestra.engine.deliveries.state import scope_key
from orchestra.model import commands as c


def test_keys_are_distinct() -> None:
    scopes = [scope_key(None, None), scope_key("chat", None), scope_key(None, "chat"), scope_key("chat", "chat")]
    assert len(set(scopes)) == 4
    assert early_key("a", "b", "c", "read") != early_key("a", "b", "c", "acted")


def test_what_is_derived_is_rebuilt() -> None:
    driver = Driver()
    driver.sign_in("ana")
    got = driver.answered()
    for _ in range(12):
        driver.sent(got)
    driver.run(c.StartDelivery("de1", 1, 1))
    driver.run(c.RecordOutcome("de1", 1, "accepted", provider_ids=["p1", "p2"]))
    driver.run(c.StartDelivery("de2", 1, 1))
    driver.run(c.CancelDelivery("de3", "x"))
    driver.run(c.RecordReceipt("chat", "main", "p9", "read"))
    driver.run(c.StopSending("x", "chat"))
    case = driver.message("jim").case.id
    driver.run(c.SendMessage(case, "k1", text="hi"))
    driver.advance(20)
    mine, theirs = driver.engine.view.deliveries, driver.reloaded().view.deliveries
    assert theirs.by_key == mine.by_key
    assert theirs.by_provider_id == mine.by_provider_id
    assert theirs.held == mine.held
    assert theirs.held == {("chat", "message"): {"de13": 1}}
    assert theirs.line == mine.line
    assert [list(names) for names in theirs.line.values()] == [["de2", *(f"de{number}" for number in range(4, 13))]]
    assert (theirs.permitted, theirs.started, theirs.unsent) == (mine.permitted, mine.started, mine.unsent)
    assert list(theirs.started) == ["de2"]
    assert theirs.unsent == 11
    check_rebuilt(driver.engine, driver.reloaded())
    check_rebuilt(driver.engine, driver.replayed())
