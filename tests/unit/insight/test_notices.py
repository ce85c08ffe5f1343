"""What became of notices, by topic, by channel and by reason; and that what turns out otherwise counts otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine_driver import HOUR, SECOND
from tests.notice_plans import DIGESTS, NOTICES, Teller
from tests.unit.insight.rig import fold

from orchestra.insight.deliveries import RECEIPTS_COUNT_FOR_US
from orchestra.insight.measures import Measures
from orchestra.insight.notices import NoticeFigures
from orchestra.insight.report import Table, measures_tables
from orchestra.model import commands as c, events as e

WAYS = {"tried": 1, "sent": 0, "delivered": 0, "failed": 0, "skipped": 0}


def _figures(joe: Teller) -> NoticeFigures:
    """What is counted of all that happened."""
    return _measures(joe).notices


def _measures(joe: Teller) -> Measures:
    return fold([(one.event, one.at_us) for one in joe.log])


def _counts(figures: NoticeFigures, topic: str | None = None) -> dict[str, int]:
    """The counts that are not 0."""
    one = (figures.total if topic is None else figures.by_topic[topic]).to_json()
    return {name: count for name, count in one.items() if isinstance(count, int) and count}


def _way(figures: NoticeFigures, topic: str, channel: str) -> dict[str, Any]:
    one = figures.to_json()["by_topic"][topic]["channels"][channel]
    return {name: count for name, count in one.items() if count}


@pytest.fixture
def joe() -> Teller:
    """Joe is sent text messages, and mails if they do not arrive."""
    return Teller(channels=["email", "sms"])


def test_nothing_is_counted_of_nothing(joe: Teller) -> None:
    figures = _figures(joe)
    assert (_counts(figures), figures.by_topic) == ({}, {})
    assert figures.total.arrival.percent is None


def test_a_notice_is_planned_sent_and_delivered(joe: Teller) -> None:
    joe.plan_notice("delay")
    assert _counts(_figures(joe), "delay") == {"planned": 1, "waiting": 1}
    joe.outcome()
    joe.receipt("delivered")
    figures = _figures(joe)
    assert _counts(figures) == _counts(figures, "delay") == {"planned": 1, "sent": 1, "delivered": 1}
    assert _way(figures, "delay", "sms") == {"tried": 1, "sent": 1, "delivered": 1}
    assert figures.by_topic["delay"].arrival.percent == 100


def test_what_is_delivered_later_counts_once(joe: Teller) -> None:
    joe.plan_notice("stage")
    joe.outcome()
    assert _counts(_figures(joe)) == {"planned": 1, "sent": 1}
    joe.receipt("read", is_weak=True)
    assert _counts(_figures(joe)) == {"planned": 1, "sent": 1}
    for receipt in ("delivered", "read"):
        joe.receipt(receipt)
        assert _counts(_figures(joe)) == {"planned": 1, "sent": 1, "delivered": 1}


def test_each_reason_counts_for_what_is_not_told(joe: Teller) -> None:
    joe.run(c.SetNoticePreference("cu1", False, "stage"), 1)
    joe.plan_notice("stage")
    joe.plan_notice("offer", "k2")
    joe.plan_notice("both", "k3", facts={"stage": "packed", "due": "2026-08-01"})
    joe.run(c.CancelNotice("nt3", "sold out"), 1)
    figures = _figures(joe)
    assert figures.total.suppressed_by_reason == {"canceled": 1, "no_consent": 1, "not_wanted": 1}
    assert figures.by_topic["stage"].suppressed_by_reason == {"not_wanted": 1}
    assert figures.total.suppressed == 3
    assert list(figures.by_topic) == ["both", "offer", "stage"]


def test_what_is_held_counts_each_time(joe: Teller) -> None:
    call = joe.talk()
    joe.plan_notice("stage")
    joe.hang_up(call)
    assert _figures(joe).total.held_by_reason == {"talking": 1}
    joe.advance(600)
    joe.talk()
    while joe.state() == "SENDING":
        joe.advance_to(joe.engine.due() or 0)
    figures = _figures(joe)
    assert figures.total.held_by_reason == {"talking": 2}
    assert _way(figures, "stage", "sms") == {}
    assert _counts(figures) == {"planned": 1, "waiting": 1}


def test_each_channel_counts_what_became_of_it_there(joe: Teller) -> None:
    joe.plan_notice("delay")
    joe.outcome("failed", code="no such number")
    joe.outcome(name="de2")
    figures = _figures(joe)
    assert _way(figures, "delay", "sms") == {
        "tried": 1,
        "failed": 1,
        "failed_by_reason": {"no such number": 1},
    }
    assert _way(figures, "delay", "email") == {"tried": 1, "sent": 1}


def test_what_is_not_tried_counts_by_its_reason() -> None:
    joe = Teller()
    joe.plan_notice("delay")
    joe.outcome("failed", code="full")
    figures = _figures(joe)
    assert _way(figures, "delay", "sms") == {"skipped": 1, "skipped_by_reason": {"no_address": 1}}
    assert (_counts(figures), figures.total.failed_by_reason) == ({"planned": 1, "failed": 1}, {"full": 1})
    assert figures.total.arrival.percent == 0


def test_what_arrives_after_all_has_not_failed(joe: Teller) -> None:
    joe.plan_notice("delay", expires_us=joe.now_us + 3 * HOUR)
    joe.outcome()
    joe.advance(HOUR / SECOND)
    joe.start("de2")
    joe.run(c.RecordOutcome("de2", 1, "unknown", code="timeout"), 1)
    joe.advance(3 * HOUR / SECOND)
    assert _figures(joe).total.failed_by_reason == {"no_receipt": 1}
    joe.receipt("delivered")
    figures = _figures(joe)
    assert _counts(figures) == {"planned": 1, "sent": 1, "delivered": 1}
    assert figures.total.failed_by_reason == {}
    assert _way(figures, "delay", "sms")["sent"] == 1


def test_what_has_not_arrived_after_all_is_not_sent(joe: Teller) -> None:
    joe.plan_notice("stage")
    joe.outcome()
    joe.receipt("failed", code="bounced")
    figures = _figures(joe)
    assert _counts(figures) == {"planned": 1, "failed": 1}
    assert figures.by_topic["stage"].failed_by_reason == {"bounced": 1}
    assert "sent" not in _way(figures, "stage", "sms")


def test_what_expires_is_counted_apart(joe: Teller) -> None:
    joe.run(c.StopSending("storm"), 1)
    joe.plan_notice("stage", expires_us=joe.now_us + HOUR)
    joe.advance(HOUR / SECOND)
    assert _counts(_figures(joe)) == {"planned": 1, "expired": 1}


@pytest.mark.parametrize("receipt", [None, "delivered"])
def test_what_one_message_tells_counts_each_by_itself(receipt: str | None) -> None:
    joe = Teller(DIGESTS)
    joe.plan_notice("stage")
    joe.plan_notice("place", "k2", facts={"place": "Rome"})
    joe.advance_to(joe.notice().until_us or 0)
    joe.outcome()
    if receipt is not None:
        joe.receipt(receipt)
    figures = _figures(joe)
    delivered = {} if receipt is None else {"delivered": 1}
    for topic in ("stage", "place"):
        assert _counts(figures, topic) == {"planned": 1, "sent": 1} | delivered
        assert figures.by_topic[topic].channels["email"].sent == 1
    assert figures.total.held_by_reason == {"gathering": 1, "in_digest": 1}
    assert figures.total.channels["email"].tried == 1


def test_what_waits_for_more_than_acceptance_counts_for_all_of_a_digest() -> None:
    joe = Teller(DIGESTS.replace('$entries"', '$entries"\nlegs = [{channel = "email", success_at = "read"}]'))
    joe.plan_notice("stage")
    joe.plan_notice("place", "k2", facts={"place": "Rome"})
    joe.advance_to(joe.notice().until_us or 0)
    joe.outcome()
    joe.receipt("delivered")
    assert _counts(_figures(joe)) == {"planned": 2, "delivered": 1, "waiting": 2}
    joe.receipt("read")
    assert _counts(_figures(joe)) == {"planned": 2, "sent": 2, "delivered": 2}


# What is kept


def test_nothing_is_kept_of_what_is_long_over(joe: Teller) -> None:
    measures = Measures()
    joe.plan_notice("delay")
    joe.outcome("failed")
    joe.outcome(name="de2")
    for one in joe.log:
        measures.add(one.event, one.at_us)
    kept = measures.remembered
    planned = joe.last(e.NoticePlanned)
    later_us = joe.now_us + RECEIPTS_COUNT_FOR_US
    measures.add(e.NoticePlanned("nt2", "cu1", "k2", "d", "stage", "normal", {}, later_us * 2), later_us)
    assert measures.remembered == kept + 1
    measures.add(e.NoticePlanned("nt3", "cu1", "k3", "d", "stage", "normal", {}, later_us * 2), later_us + SECOND)
    assert measures.remembered == kept + 1
    measures.add(e.ReceiptRecorded("de2", "cu1", "read", 5, False), later_us + SECOND)
    measures.add(e.NoticeSent("nt1", "cu1", "sms", "de1", "read"), later_us + SECOND)
    assert _counts(measures.notices, planned.topic) == {"planned": 1, "sent": 1}


def test_what_goes_on_is_kept(joe: Teller) -> None:
    measures = Measures()
    joe.plan_notice("stage")
    joe.outcome()
    for one in joe.log:
        measures.add(one.event, one.at_us)
    measures.add(e.NoticeLegFailed("nt1", "cu1", "sms", "de1", "bounced"), joe.now_us)
    later_us = joe.now_us + 2 * RECEIPTS_COUNT_FOR_US
    measures.add(e.NoticePlanned("nt2", "cu1", "k2", "d", "stage", "normal", {}, later_us * 2), later_us)
    measures.add(e.NoticeFailed("nt1", "cu1", "bounced"), later_us)
    assert _counts(measures.notices) == {"planned": 2, "failed": 1, "waiting": 1}


def test_what_began_before_is_not_counted() -> None:
    unknown: list[e.Event] = [
        e.NoticeHeld("nt9", "cu1", "talking"),
        e.NoticeSending("nt9", "cu1", "ca1", "sms", "co1", "me1", "de9", "read", 9),
        e.NoticeRecalled("nt9", "cu1", "talking"),
        e.NoticeLegSkipped("nt9", "cu1", "sms", "no_address"),
        e.NoticeLegFailed("nt9", "cu1", "sms", "de9", "x"),
        e.NoticeSent("nt9", "cu1", "sms", "de9", "read"),
        e.NoticeFailed("nt9", "cu1", "x"),
        e.ReceiptRecorded("de9", "cu1", "read", 5, False),
    ]
    assert _counts(fold([(event, place) for place, event in enumerate(unknown)]).notices) == {}


# Tables


def _tables(joe: Teller) -> dict[str, Table]:
    return {table.title: table for table in measures_tables(_measures(joe))}


def test_the_tables_tell_it_by_topic_by_reason_and_by_channel() -> None:
    joe = Teller(NOTICES, channels=["email", "sms"])
    joe.plan_notice("delay")
    joe.outcome("failed", code="full")
    joe.outcome(name="de2")
    joe.plan_notice("offer", "k2")
    tables = _tables(joe)
    assert tables["Notices"].rows == (
        ("all", "2", "1", "0", "0", "1", "0", "0", "1 (100.0 %)"),
        ("topic delay", "1", "1", "0", "0", "0", "0", "0", "1 (100.0 %)"),
        ("topic offer", "1", "0", "0", "0", "1", "0", "0", "-"),
    )
    assert tables["Notices held back, and why"].rows == (
        ("all", "not told", "no consent", "1"),
        ("topic offer", "not told", "no consent", "1"),
    )
    assert tables["Notices by channel"].rows[2:] == (
        ("topic delay", "email", "1", "1", "0", "-", "-"),
        ("topic delay", "sms", "1", "0", "0", "full: 1", "-"),
    )


def test_what_there_is_nothing_to_tell_of_has_no_table(joe: Teller) -> None:
    assert not {title for title in _tables(joe) if title.startswith("Notices")}
    joe.run(c.StopSending("storm"), 1)
    joe.plan_notice("law")
    assert {title for title in _tables(joe) if title.startswith("Notices")} == {"Notices", "Notices by channel"}
    joe = Teller()
    joe.plan_notice("offer")
    assert "Notices by channel" not in _tables(joe)
