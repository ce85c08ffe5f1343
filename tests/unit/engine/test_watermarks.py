"""Receipts for all that was sent up to an instant: which messages they are of."""

from __future__ import annotations

import attrs
import pytest
from tests.archiving import ArchivingEngine, archiving_plan
from tests.engine_driver import DAY, SECOND, Driver, person, thread

from orchestra.engine.deliveries import watermark
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e


def written(driver: Driver, count: int) -> list[int]:
    """That many mails to joe, which the provider has; gives when each was sent."""
    driver.sign_in("ana")
    got = driver.answered("joe", "email")
    sent = []
    for number in range(1, count + 1):
        driver.sent(got)
        driver.run(c.StartDelivery(f"de{number}", 1, 1), 10)
        sent.append(driver.now_us)
        driver.run(c.RecordOutcome(f"de{number}", 1, "accepted", provider_ids=[f"p{number}"]), 1)
    return sent


def up_to(driver: Driver, until_us: int, receipt: str = "read", who: str = "joe") -> list[str]:
    """What is known to be read now."""
    events = driver.run(c.RecordWatermark("email", "main", person(who), receipt, until_us), 1).events
    return [event.delivery for event in events if isinstance(event, e.ReceiptRecorded)]


def test_all_that_was_sent_by_then_is_read_and_nothing_later() -> None:
    driver = Driver()
    sent = written(driver, 3)
    assert up_to(driver, sent[1]) == ["de1", "de2"]
    assert [driver.engine.view.deliveries.deliveries[f"de{number}"].state for number in (1, 2, 3)] == [
        "READ",
        "READ",
        "ACCEPTED",
    ]
    assert driver.last(e.ReceiptRecorded).occurred_us == sent[1]


def test_what_is_known_is_not_told_again() -> None:
    driver = Driver()
    sent = written(driver, 2)
    assert up_to(driver, sent[1], "delivered") == ["de1", "de2"]
    assert up_to(driver, sent[1], "delivered") == []
    assert up_to(driver, sent[1]) == ["de1", "de2"]
    assert up_to(driver, sent[1]) == []


def test_nobody_else_has_read_it() -> None:
    driver = Driver()
    sent = written(driver, 1)
    assert up_to(driver, sent[0], who="mia") == []
    assert driver.run(c.RecordWatermark("email", "main", person("joe"), "read", sent[0], thread("other"))).events == []


def test_an_instant_that_is_yet_to_come_is_now() -> None:
    driver = Driver()
    written(driver, 1)
    assert up_to(driver, driver.now_us + DAY) == ["de1"]
    assert driver.last(e.ReceiptRecorded).occurred_us == driver.now_us


def test_one_receipt_means_the_newest_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watermark, "_MOST", 2)
    driver = Driver()
    sent = written(driver, 12)
    assert up_to(driver, sent[-1]) == ["de11", "de12"]


def test_what_is_unread_is_the_same_after_loading() -> None:
    driver = Driver()
    sent = written(driver, 12)
    up_to(driver, sent[3])
    command = c.RecordWatermark("email", "main", person("joe"), "read", sent[10])
    again = [engine.execute(command, driver.now_us).events for engine in (driver.replayed(), driver.reloaded())]
    assert again == [driver.run(command).events] * 2
    assert len(again[0]) == 7


@pytest.mark.parametrize("values", [{"receipt": "failed"}, {"account": ""}, {"channel": "pigeon"}], ids=str)
def test_what_no_provider_can_tell_so_is_refused(values: dict[str, str]) -> None:
    command = c.RecordWatermark("email", "main", person("joe"), "read", 1)
    with pytest.raises((InvalidCommand, UnknownId)):
        Driver().run(attrs.evolve(command, **values))


def test_a_late_receipt_brings_somebody_archived_back() -> None:
    driver = Driver(archiving_plan(), engine=ArchivingEngine())
    sent = written(driver, 2)
    driver.run(c.FinishInteraction("in1", "ana"))
    driver.run(c.ResolveCase("ca1"), 1)
    driver.run(c.CloseCase("ca1"), 1)
    driver.advance(31 * DAY // SECOND)
    assert driver.engine.view.deliveries.unread == {}
    assert up_to(driver, sent[1]) == ["de1", "de2"]
