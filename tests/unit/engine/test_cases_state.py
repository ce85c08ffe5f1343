from __future__ import annotations

from tests.engine_driver import Driver

from orchestra.engine.engine import Engine
from orchestra.model import commands as c


def owned(engine: Engine) -> dict[str, list[int]]:
    """Agent -> the cases that would go from them if they went."""
    return {name: list(found) for (kind, name), found in engine.view.cases.owned.items() if kind == "agent"}


def test_what_is_derived_is_rebuilt() -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.answered("joe", topic="order")
    driver.message("jim", topic="order")
    driver.run(c.OpenCase("cu1", "order"))
    driver.run(c.OpenCase("cu2", "bill"))
    driver.run(c.ResolveCase("ca4"))
    mine, theirs = driver.engine.view.cases, driver.reloaded().view.cases
    assert theirs.by_number == mine.by_number == {f"C-{number:06d}": f"ca{number}" for number in range(1, 5)}
    expected = {("cu1", "order"): {"ca1": 1, "ca3": 1}, ("cu2", "order"): {"ca2": 1}}
    assert theirs.open_by_topic == mine.open_by_topic == expected
    assert owned(driver.engine) == owned(driver.reloaded()) == {"ana": [1]}
    assert theirs.owned_by("team", "care", 0, 9) == mine.owned_by("team", "care", 0, 9) == ["ca2", "ca3", "ca4"]


def test_the_newest_is_told_by_number_and_not_by_text() -> None:
    driver = Driver()
    driver.message()
    for _ in range(11):
        driver.run(c.OpenCase("cu1", "order"))
    for engine in (driver.engine, driver.reloaded()):
        assert engine.view.cases.newest_open(("cu1",), "order") == "ca12"
        assert engine.view.cases.newest_open(("cu1",), "bill") is None
        assert engine.view.cases.next_case() == ("ca13", "C-000013")


def test_a_closed_case_is_nobodys_to_hand_back() -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.answered()
    driver.run(c.ResolveCase("ca1"))
    assert owned(driver.engine) == {"ana": [1]}
    driver.run(c.CloseCase("ca1"))
    assert owned(driver.engine) == {}
    driver.run(c.ReopenCase("ca1", "x"))
    assert owned(driver.engine) == {"ana": [1]}


def test_assigning_a_closed_case_leaves_it_filed() -> None:
    driver = Driver()
    driver.message()
    driver.run(c.ResolveCase("ca1"))
    driver.run(c.CloseCase("ca1"))
    driver.run(c.AssignCase("ca1", "agent", "bob"))
    assert owned(driver.engine) == {}
    driver.run(c.AssignCase("ca1", "team", "care"))
    assert owned(driver.reloaded()) == {}


def test_cases_of_an_owner_come_in_pages_the_oldest_first() -> None:
    driver = Driver()
    driver.message()
    for _ in range(11):
        driver.run(c.OpenCase("cu1"))
    driver.run(c.AssignCase("ca3", "team", "sales"))
    for cases in (driver.engine.view.cases, driver.reloaded().view.cases):
        assert cases.owned_by("team", "care", 0, 3) == ["ca1", "ca2", "ca4"]
        assert cases.owned_by("team", "care", 4, 3) == ["ca5", "ca6", "ca7"]
        assert cases.owned_by("team", "care", 11, 3) == ["ca12"]
        assert cases.owned_by("team", "sales", 0, 3) == ["ca3"]
        assert cases.owned_by("agent", "care", 0, 3) == []
