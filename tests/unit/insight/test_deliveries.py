from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.unit.insight.rig import Desk, fold

from orchestra.insight import answering
from orchestra.insight.deliveries import RECEIPTS_COUNT_FOR_US, DeliveryFold
from orchestra.insight.figures import Deliverability
from orchestra.insight.measures import Measures
from orchestra.model import commands as c, events as e

PLANNED = e.DeliveryPlanned("de1", "k", "me1", "ca1", "cu1", "mail", "main", "co1", "reply", 7, 10**9)
ACCEPTED = e.DeliveryAccepted("de1", "cu1", 1, ["p1"])
UNKNOWN = e.DeliveryUnknown("de1", "cu1", 1, "timeout")
FAILED = e.DeliveryFailed("de1", "cu1", 1, "550")
GIVEN_UP = e.AddressGivenUp("cu1", "key-joe", "mail", "550", "de1")


def receipt(word: str, *, conflicts: bool = False, code: str | None = None) -> e.ReceiptRecorded:
    return e.ReceiptRecorded("de1", "cu1", word, 5, conflicts, code)


def told(*events: e.Event) -> dict[str, Any]:
    made = fold([(event, place) for place, event in enumerate(events)]).total.deliverability
    return {name: count for name, count in made.to_json().items() if count}


def test_what_is_sent_instead_is_a_delivery_of_its_own_and_no_other_message() -> None:
    instead = attrs.evolve(PLANNED, delivery="de2", key="k2", instead_of="de1")
    events = [PLANNED, e.DeliveryFailed("de1", "cu1", 1, "window"), instead, attrs.evolve(ACCEPTED, delivery="de2")]
    made = fold([(event, place) for place, event in enumerate(events)]).total
    counts = {name: count for name, count in made.deliverability.to_json().items() if count}
    assert counts == {"planned": 2, "sent": 1, "failed": 1, "failed_by_code": {"window": 1}}
    assert made.messages.outbound == 1


@pytest.mark.parametrize(
    ("events", "counts"),
    [
        ([], {}),
        ([ACCEPTED], {"sent": 1}),
        ([ACCEPTED, receipt("delivered")], {"sent": 1, "delivered": 1}),
        ([ACCEPTED, receipt("delivered"), receipt("delivered")], {"sent": 1, "delivered": 1}),
        ([ACCEPTED, receipt("read")], {"sent": 1, "delivered": 1, "read": 1}),
        ([ACCEPTED, attrs.evolve(receipt("read"), is_weak=True)], {"sent": 1}),
        ([ACCEPTED, receipt("read"), receipt("delivered")], {"sent": 1, "delivered": 1, "read": 1}),
        ([ACCEPTED, receipt("delivered"), receipt("acted")], {"sent": 1, "delivered": 1, "read": 1}),
        ([ACCEPTED, receipt("failed", code="bounced")], {"sent": 1, "failed": 1, "failed_by_code": {"bounced": 1}}),
        (
            [ACCEPTED, receipt("delivered"), receipt("failed", conflicts=True)],
            {"sent": 1, "delivered": 1},
        ),
        ([FAILED], {"failed": 1, "failed_by_code": {"550": 1}}),
        ([GIVEN_UP, FAILED], {"failed": 1, "failed_by_code": {"550": 1}, "given_up": 1}),
        ([FAILED, GIVEN_UP], {"failed": 1, "failed_by_code": {"550": 1}}),
        ([FAILED, receipt("delivered", conflicts=True)], {"failed": 1, "failed_by_code": {"550": 1}}),
        ([e.DeliveryFailed("de1", "cu1", 1)], {"failed": 1, "failed_by_code": {"none given": 1}}),
        ([UNKNOWN], {"unknown": 1}),
        ([UNKNOWN, receipt("delivered")], {"sent": 1, "delivered": 1}),
        ([UNKNOWN, receipt("failed")], {"failed": 1, "failed_by_code": {"none given": 1}}),
        ([e.DeliveryExpired("de1", "cu1")], {"expired": 1}),
        ([e.DeliveryCanceled("de1", "cu1", "moved")], {"canceled": 1, "canceled_by_reason": {"moved": 1}}),
    ],
)
def test_what_became_of_a_message(events: list[e.Event], counts: dict[str, Any]) -> None:
    assert told(PLANNED, *events) == {"planned": 1, **counts}


@pytest.mark.parametrize(
    "event",
    [
        ACCEPTED,
        UNKNOWN,
        FAILED,
        receipt("read"),
        e.DeliveryExpired("de1", "cu1"),
        e.DeliveryCanceled("de1", "cu1", "moved"),
    ],
)
def test_what_is_not_known_is_passed_over(event: e.Event) -> None:
    assert told(event) == {}


@pytest.mark.parametrize(
    "event",
    [FAILED, receipt("read"), receipt("failed"), e.DeliveryExpired("de1", "cu1"), e.DeliveryCanceled("de1", "cu1", "")],
)
def test_what_has_ended_is_forgotten(event: e.Event) -> None:
    assert fold([(PLANNED, 1), (event, 2)]).in_work == 0


def test_what_may_still_be_heard_of_is_forgotten_after_a_month() -> None:
    kept = DeliveryFold()
    kept.planned("de1", (), 0)
    kept.accepted(ACCEPTED, 10)
    kept.planned("de2", (), 10 + RECEIPTS_COUNT_FOR_US)
    assert len(kept) == 2
    kept.planned("de3", (), 11 + RECEIPTS_COUNT_FOR_US)
    assert len(kept) == 2
    kept.receipt(receipt("read"), 12 + RECEIPTS_COUNT_FOR_US)
    assert len(kept) == 2


def test_an_answer_of_which_nobody_ever_knows_is_settled_as_given() -> None:
    case, kept = answering.Answering(()), DeliveryFold()
    case.asked(0)
    for number in range(3):
        kept.planned(f"de{number}", (), 0, case.wrote(number))
        kept.lost(e.DeliveryUnknown(f"de{number}", "cu1", 1), number)
    assert case.kept == 3
    kept.planned("de9", (), 10 + RECEIPTS_COUNT_FOR_US)
    assert (case.kept, len(kept)) == (2, 1), "of what left, only the first and the last are kept"


def test_reasons_are_counted_up_to_a_hundred() -> None:
    measures = Measures()
    for number in range(120):
        name = f"de{number}"
        measures.add(e.DeliveryPlanned(name, "k", "me", "ca", "cu", "mail", "main", "co", "reply", 7, 1), 1)
        measures.add(e.DeliveryCanceled(name, "cu", f"reason {number:03}"), 1)
    reasons = measures.total.deliverability.canceled_by_reason
    assert (len(reasons), reasons["other"], reasons["reason 099"]) == (101, 20, 1)


def test_a_message_counts_where_it_was_written() -> None:
    desk = Desk()
    desk.sign_in("ana")
    mailed = desk.write("joe", 10, "mail")
    desk.take(mailed, 20)
    desk.run(c.WriteReply(mailed, "ana", text="hello"), 30)
    desk.run(c.StartDelivery("de1", 1, 1), 31)
    desk.run(c.RecordOutcome("de1", 1, "accepted", ["p1"]), 32)
    measures = desk.measures()
    sent = Deliverability(1, 1, 0, 0, 0, 0, 0, 0, {}, {})
    assert measures.by_channel["mail"].deliverability == sent
    assert measures.by_account["main"].deliverability == sent
    assert measures.by_queue["care"].deliverability == sent
    assert measures.total.deliverability == sent
