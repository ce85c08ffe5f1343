from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.engine_driver import DAY, HOUR, MINUTE, SECOND, Driver, plan

from orchestra.engine.deliveries import decide as module
from orchestra.engine.deliveries.state import DUE, EXPIRY, PERMIT, RELEASE
from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Deliveries
from orchestra.model.results import Written
from orchestra.model.structure import microseconds


@pytest.fixture
def driver() -> Driver:
    return _with_delivery(Driver())


def _with_delivery(driver: Driver) -> Driver:
    driver.sign_in("ana")
    driver.sent(driver.answered("joe", "email"))
    return driver


def _row(driver: Driver, name: str = "de1") -> Any:
    return driver.engine.view.deliveries.deliveries[name]


def _start(driver: Driver, name: str = "de1", epoch: int = 1) -> None:
    driver.run(c.StartDelivery(name, _row(driver, name).attempts + 1, epoch))


def _outcome(driver: Driver, what: str, name: str = "de1", **values: Any) -> list[e.Event]:
    return driver.run(c.RecordOutcome(name, _row(driver, name).attempts, what, **values)).events


def _accepted(driver: Driver, *provider_ids: str, name: str = "de1") -> None:
    _start(driver, name)
    _outcome(driver, "accepted", name, provider_ids=list(provider_ids) or [f"p-{name}"])


def _receipt(driver: Driver, word: str, provider_id: str = "p-de1", **values: Any) -> list[e.Event]:
    return driver.run(c.RecordReceipt("email", "main", provider_id, word, **values)).events


def _timers(driver: Driver, name: str = "de1") -> set[str]:
    return {timer for timer in (DUE, PERMIT, EXPIRY) if driver.engine.view.timers.get(timer, name) is not None}


# Planning


def test_a_reply_is_permitted_at_once(driver: Driver) -> None:
    planned, permitted = driver.last(e.DeliveryPlanned), driver.last(e.DeliveryPermitted)
    assert planned == e.DeliveryPlanned(
        *("de1", "message:me2", "me2", "ca1", "cu1", "email", "main", "co1", "reply"),
        body=planned.body,
        expires_us=driver.now_us + 3 * DAY,
        interaction="in1",
    )
    assert permitted == e.DeliveryPermitted("de1", "cu1", 1, driver.now_us + 30 * SECOND)
    assert _timers(driver) == {PERMIT, EXPIRY}
    body = driver.log[planned.body - 1].event
    assert isinstance(body, e.MessageWritten)
    assert body.text == "hi"


def test_a_message_that_answers_nothing(driver: Driver) -> None:
    decided = driver.run(c.SendMessage("ca1", "delay:81", "delay", digest="d1", text="It is late."))
    written, planned = decided.events
    assert written == e.MessageWritten("me3", "ca1", "cu1", "co1", 3, None, None, "It is late.")
    assert isinstance(planned, e.DeliveryPlanned)
    assert (planned.key, planned.topic, planned.digest, planned.interaction) == ("delay:81", "delay", "d1", None)
    assert decided.result == Written("me3", "de2")


def test_a_message_may_have_a_title(driver: Driver) -> None:
    written, _ = driver.run(c.SendMessage("ca1", "k", text="It is late.", title="Your order 81")).events
    assert isinstance(written, e.MessageWritten)
    assert (written.title, written.text) == ("Your order 81", "It is late.")
    assert "Your order 81" not in repr(written)


def test_a_key_is_sent_once(driver: Driver) -> None:
    command = c.SendMessage("ca1", "delay:81", "delay", digest="d1", text="It is late.")
    first = driver.run(command).result
    again = driver.run(command, 60)
    assert (again.events, again.result) == ([], first)


@pytest.mark.parametrize("change", [{"topic": "other"}, {"digest": "d2"}, {"digest": None}, {"case": "ca2"}])
def test_the_same_key_for_another_message_is_refused(driver: Driver, change: Any) -> None:
    command = c.SendMessage("ca1", "delay:81", "delay", digest="d1", text="It is late.")
    driver.run(command)
    driver.run(c.OpenCase("cu1"))
    driver.refuse(attrs.evolve(command, **change), InvalidCommand, field="key")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"text": None}, "text"),
        ({"text": ""}, "text"),
        ({"text": "x" * 500_001}, "text"),
        ({"title": ""}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"title": "Hello\nBcc: eve@example.com"}, "title"),
        ({"title": "half\ud83d"}, "title"),
        ({"key": ""}, "key"),
        ({"key": "message:me2"}, "key"),
        ({"channel": "voice"}, "channel"),
        ({"case": "ca2"}, "channel"),
    ],
)
def test_messages_that_make_no_sense(driver: Driver, values: Any, field: str) -> None:
    driver.run(c.OpenCase("cu1"))
    command = c.SendMessage("ca1", "k", text="hi")
    driver.refuse(attrs.evolve(command, **values), InvalidCommand, field=field)


def test_a_message_to_a_case_that_nobody_knows(driver: Driver) -> None:
    driver.refuse(c.SendMessage("ca9", "k", text="hi"), UnknownId, kind="case")


def test_the_newest_conversation_of_the_case_carries_it() -> None:
    driver = Driver()
    for number in range(11):
        driver.call("joe", "voice" if number % 2 else "chat", topic="order")
    assert {event.case for event in driver.events(e.InteractionAttached)} == {"ca1"}
    driver.message("joe", "email", topic="order")
    command = c.SendMessage("ca1", "k", text="hi")
    newest = driver.engine.view.contacts.interactions["in12"].conversation
    assert driver.reloaded().execute(command, driver.now_us).events[0].conversation == newest  # type: ignore[attr-defined]
    driver.run(command)
    assert driver.last(e.DeliveryPlanned).conversation == newest
    driver.run(attrs.evolve(command, key="k2", channel="chat"))
    assert driver.last(e.DeliveryPlanned).channel == "chat"


def test_a_channel_that_the_plan_lost_carries_nothing() -> None:
    driver = Driver()
    driver.message("joe", "email", topic="order")
    driver.message("joe", "chat", topic="order")
    driver.run(c.CancelInteraction("in2", "x"))
    driver.change_plan(plan(channels={name: row for name, row in plan().channels.items() if name != "chat"}))
    driver.run(c.SendMessage("ca1", "k", text="hi"))
    assert driver.last(e.DeliveryPlanned).channel == "email"
    driver.refuse(c.SendMessage("ca1", "k2", channel="chat", text="hi"), InvalidCommand, field="channel")


# Permits


def test_an_attempt_starts_under_its_permit_only(driver: Driver) -> None:
    driver.refuse(c.StartDelivery("de9", 1, 1), UnknownId, kind="delivery", id="de9")
    driver.refuse(c.StartDelivery("de1", 2, 1), InvalidCommand, field="attempt")
    driver.refuse(c.StartDelivery("de1", 0, 1), InvalidCommand, field="attempt")
    assert driver.run(c.StartDelivery("de1", 1, 7)).events == [e.DeliveryStarted("de1", "cu1", 1, 7)]
    assert (_row(driver).state, _row(driver).attempts, _row(driver).epoch) == ("STARTED", 1, 7)
    assert _timers(driver) == set()
    driver.refuse(c.StartDelivery("de1", 1, 1), NotAllowedInState, subject="de1", state="STARTED", trigger="start")


def test_a_permit_that_nobody_used_is_given_anew_and_counts_as_no_attempt(driver: Driver) -> None:
    driver.advance_to(driver.now_us + 30 * SECOND - 1)
    assert _row(driver).state == "PERMITTED"
    retried, permitted = driver.advance_to(driver.now_us + 1)
    assert retried == e.DeliveryRetried("de1", "cu1", 0, driver.now_us, "permit_unused")
    assert permitted == e.DeliveryPermitted("de1", "cu1", 1, driver.now_us + 30 * SECOND)
    _start(driver)
    assert _row(driver).attempts == 1


def _gap_s(driver: Driver) -> int:
    """Let the permit lapse; gives the seconds until it is given anew."""
    driver.advance_to(driver.last(e.DeliveryPermitted).until_us)
    gap_us = driver.last(e.DeliveryRetried).next_us - driver.now_us
    driver.advance_to(driver.now_us + gap_us)
    assert _row(driver).state == "PERMITTED"
    return gap_us // SECOND


def test_permits_that_nobody_uses_are_given_at_ever_longer_gaps(driver: Driver) -> None:
    assert [_gap_s(driver) for _ in range(9)] == [0, 30, 90, 210, 450, 930, 1890, 3600, 3600]
    _start(driver)
    _outcome(driver, "retry")
    driver.advance(3)
    assert _row(driver).state == "PERMITTED"
    assert _gap_s(driver) == 0


def test_an_account_that_is_connected_again_wakes_nothing_that_a_stop_keeps(driver: Driver) -> None:
    assert _gap_s(driver) == 0
    driver.run(c.StopSending("incident"))
    driver.advance(31)
    assert (_row(driver).state, _row(driver).is_held, _row(driver).lapses) == ("PENDING", True, 1)
    driver.run(c.ResumeDeliveries(_row(driver).channel, _row(driver).account))
    assert driver.engine.view.timers.get(DUE, "de1") is None
    driver.run(c.StartSending())
    driver.advance(1)
    assert (_row(driver).state, _row(driver).is_held) == ("PERMITTED", False)


def test_what_lapsed_is_due_when_its_account_is_connected_again() -> None:
    driver = _with_delivery(Driver(plan()))
    for number in range(2, 452):
        case = driver.message(f"writer-{number}", "email", after=0).case.id
        driver.run(c.SendMessage(case, f"k{number}", text="hi"))
    driver.advance(31)
    driver.advance(31)
    lapsed = {name for name, row in driver.engine.view.deliveries.deliveries.items() if row.state == "PENDING"}
    assert len(lapsed) == 451
    channel, account = _row(driver).channel, _row(driver).account
    assert driver.run(c.ResumeDeliveries(channel, "another")).events == []
    driver.refuse(c.ResumeDeliveries(channel, account, actor="agent:ana"), NotPermitted)
    resumed, *permitted = driver.run(c.ResumeDeliveries(channel, account)).events
    assert resumed == e.DeliveriesResumed(channel, account)
    permitted += driver.advance_to(driver.now_us)
    assert {event.delivery for event in permitted} == {f"de{number}" for number in range(1, 201)}
    permitted += driver.advance_to(driver.now_us + 2_000)
    assert len(permitted) == 451
    assert driver.run(c.ResumeDeliveries(channel, account)).events == []


def test_what_is_held_by_a_stop_stays_so_when_its_account_is_connected(driver: Driver) -> None:
    driver.advance(31)
    driver.advance(31)
    driver.run(c.StopSending("incident"))
    driver.run(c.ResumeDeliveries(_row(driver).channel, _row(driver).account))
    driver.advance(1)
    assert (_row(driver).state, _row(driver).is_held) == ("PENDING", True)


def test_a_permit_that_ran_out_starts_nothing(driver: Driver) -> None:
    _start(driver)
    _outcome(driver, "retry", retry_after_us=HOUR)
    driver.refuse(c.StartDelivery("de1", 2, 1), NotAllowedInState, state="PENDING", trigger="start")


# Outcomes


def test_the_provider_takes_it(driver: Driver) -> None:
    _start(driver)
    ids = ["p1", "p2"]
    command = c.RecordOutcome("de1", 1, "accepted", provider_ids=ids)
    assert driver.run(command).events == [e.DeliveryAccepted("de1", "cu1", 1, ["p1", "p2"])]
    ids.append("p3")
    assert _row(driver).provider_ids == ["p1", "p2"], "the caller's list is the caller's"
    assert _timers(driver) == set()


@pytest.mark.parametrize(("what", "state"), [("failed", "FAILED"), ("unknown", "UNKNOWN")])
def test_outcomes_that_end_it(driver: Driver, what: str, state: str) -> None:
    _start(driver)
    kind = {"failed": e.DeliveryFailed, "unknown": e.DeliveryUnknown}[what]
    assert _outcome(driver, what, code="550") == [kind("de1", "cu1", 1, "550")]
    assert _row(driver).state == state
    driver.advance(30 * 86_400)
    assert _row(driver).state == state


def test_an_unknown_outcome_is_repeated_only_if_the_provider_honours_keys(driver: Driver) -> None:
    _start(driver)
    (event,) = _outcome(driver, "unknown", safe_to_repeat=True)
    assert isinstance(event, e.DeliveryRetried)
    assert event.code == "unknown"


@pytest.mark.parametrize(
    ("attempt", "outcome", "error"),
    [
        (1, "perhaps", InvalidCommand),
        (0, "accepted", NotAllowedInState),
        (2, "accepted", NotAllowedInState),
    ],
)
def test_outcomes_that_make_no_sense(driver: Driver, attempt: int, outcome: str, error: Any) -> None:
    _start(driver)
    driver.refuse(c.RecordOutcome("de1", attempt, outcome), error)
    driver.refuse(c.RecordOutcome("de9", 1, "accepted"), UnknownId, kind="delivery")


def test_an_outcome_before_the_start_or_after_the_end(driver: Driver) -> None:
    driver.refuse(c.RecordOutcome("de1", 0, "accepted"), NotAllowedInState, state="PERMITTED at attempt 0")
    _accepted(driver)
    driver.refuse(c.RecordOutcome("de1", 1, "failed"), NotAllowedInState, state="ACCEPTED at attempt 1")


# Retries


def _retry_waits(driver: Driver, **values: Any) -> list[int]:
    waits = []
    while _row(driver).state in ("PENDING", "PERMITTED"):
        driver.advance_to(max(driver.now_us, driver.engine.view.timers.get(DUE, "de1") or 0))
        _start(driver)
        (event,) = _outcome(driver, "retry", **values)
        if isinstance(event, e.DeliveryRetried):
            waits.append(event.next_us - driver.now_us)
    return waits


def test_waits_are_drawn_up_to_a_ceiling_that_doubles() -> None:
    drawn: list[list[int]] = []
    for seed in range(40):
        workspace = attrs.evolve(plan().workspace, seed=seed)
        driver = _with_delivery(Driver(plan(workspace=workspace)))
        drawn.append(_retry_waits(driver))
    assert {len(waits) for waits in drawn} == {7}
    for number in range(7):
        ceiling = 2 * SECOND << number
        column = [waits[number] for waits in drawn]
        assert all(0 <= wait <= ceiling for wait in column)
        assert min(column) < ceiling // 4, "full jitter begins at nothing"
        assert max(column) > ceiling * 3 // 4
    assert len({tuple(waits) for waits in drawn}) == 40


def test_the_longest_wait_is_bounded() -> None:
    deliveries = Deliveries(attempts=80)
    driver = _with_delivery(Driver(plan(deliveries=attrs.evolve(deliveries, expires_after=DAYS))))
    waits = _retry_waits(driver)
    assert len(waits) == 79
    assert max(waits) <= microseconds(deliveries.longest_retry)


DAYS = plan().deliveries.expires_after * 100


def test_attempts_are_bounded() -> None:
    driver = _with_delivery(Driver(plan(deliveries=Deliveries(attempts=2))))
    assert len(_retry_waits(driver, code="503")) == 1
    assert driver.last(e.DeliveryFailed) == e.DeliveryFailed("de1", "cu1", 2, "503")


@pytest.mark.parametrize(
    ("asked", "least"), [(10 * 60 * SECOND, 10 * 60 * SECOND), (48 * HOUR, 24 * HOUR), (-5, 0), (None, 0)]
)
def test_the_providers_advice_is_the_least_wait(driver: Driver, asked: int | None, least: int) -> None:
    _start(driver)
    (event,) = _outcome(driver, "retry", retry_after_us=asked, code="429")
    assert isinstance(event, e.DeliveryRetried)
    waited = event.next_us - driver.now_us
    assert least <= waited <= least + 2 * SECOND
    assert event.code == "429"


def test_what_a_provider_turned_away_at_once_does_not_come_back_at_once() -> None:
    waited = set()
    for seed in range(20):
        driver = _with_delivery(Driver(plan(workspace=attrs.evolve(plan().workspace, seed=seed))))
        _start(driver)
        (event,) = _outcome(driver, "retry", retry_after_us=10 * MINUTE)
        assert isinstance(event, e.DeliveryRetried)
        waited.add(event.next_us - driver.now_us)
    assert len(waited) == 20
    assert min(waited) >= 10 * MINUTE


def test_a_retry_is_permitted_when_it_is_due(driver: Driver) -> None:
    _start(driver)
    _outcome(driver, "retry", retry_after_us=HOUR)
    assert _timers(driver) == {DUE, EXPIRY}
    due_us = driver.last(e.DeliveryRetried).next_us
    assert due_us >= driver.now_us + HOUR
    assert driver.advance_to(due_us - 1) == []
    assert driver.advance_to(due_us) == [e.DeliveryPermitted("de1", "cu1", 2, due_us + 30 * SECOND)]


# Expiry and cancelling


def test_what_could_not_leave_in_time_expires(driver: Driver) -> None:
    driver.run(c.StopSending("incident"))
    expires_us = _row(driver).expires_us
    assert e.DeliveryExpired not in map(type, driver.advance_to(expires_us - 1))
    assert driver.advance_to(expires_us) == [e.DeliveryExpired("de1", "cu1")]
    assert _timers(driver) == set()


def test_nothing_is_permitted_after_it_expired(driver: Driver) -> None:
    expires_us = _row(driver).expires_us
    _start(driver)
    driver.advance_to(expires_us + HOUR)
    _outcome(driver, "retry", retry_after_us=1)
    assert driver.advance(3) == [e.DeliveryExpired("de1", "cu1")]


def test_a_late_owner_permits_nothing_that_expired(driver: Driver) -> None:
    driver.run(c.FinishInteraction("in1", "ana"))
    engine = driver.reloaded()
    decided = engine.tick(_row(driver).expires_us + DAY)
    assert [type(event) for event in decided.events] == [e.DeliveryRetried, e.DeliveryExpired]


def test_a_started_one_does_not_expire(driver: Driver) -> None:
    driver.run(c.FinishInteraction("in1", "ana"))
    _start(driver)
    assert driver.advance(30 * 86_400) == []
    _outcome(driver, "accepted", provider_ids=["p1"])
    assert _row(driver).state == "ACCEPTED"


@pytest.mark.parametrize("state", ["PENDING", "PERMITTED", "HELD"])
def test_what_has_not_left_is_called_back(driver: Driver, state: str) -> None:
    if state == "PENDING":
        _start(driver)
        _outcome(driver, "retry")
    elif state == "HELD":
        driver.run(c.StopSending("x"))
        driver.advance(30)
        assert _row(driver).is_held
    assert driver.run(c.CancelDelivery("de1", "withdrawn")).events == [e.DeliveryCanceled("de1", "cu1", "withdrawn")]
    assert _timers(driver) == set()
    assert not _row(driver).is_held
    assert driver.engine.view.deliveries.unsent == 0


@pytest.mark.parametrize("state", ["STARTED", "ACCEPTED", "CANCELED"])
def test_what_has_left_cannot_be_called_back(driver: Driver, state: str) -> None:
    if state == "CANCELED":
        driver.run(c.CancelDelivery("de1", "x"))
    else:
        _start(driver)
    if state == "ACCEPTED":
        _outcome(driver, "accepted")
    driver.refuse(c.CancelDelivery("de1", "x"), NotAllowedInState, state=state, trigger="cancel")
    driver.refuse(c.CancelDelivery("de9", "x"), UnknownId)


# Recovery


@pytest.mark.parametrize("is_safe", [False, True])
def test_what_a_lost_owner_had_started(driver: Driver, is_safe: bool) -> None:
    _start(driver, epoch=3)
    (event,) = driver.run(c.RecoverDelivery("de1", 4, is_safe)).events
    if is_safe:
        assert isinstance(event, e.DeliveryRetried)
        assert event.code == "owner_lost"
        driver.advance(3)
        assert driver.run(c.StartDelivery("de1", 2, 4)).events
    else:
        assert event == e.DeliveryUnknown("de1", "cu1", 1, "owner_lost")


def test_what_ones_own_epoch_started_is_not_recovered(driver: Driver) -> None:
    _start(driver, epoch=3)
    for epoch in (2, 3):
        driver.refuse(c.RecoverDelivery("de1", epoch), NotAllowedInState, subject="de1", state="STARTED in epoch 3")
    driver.refuse(c.RecoverDelivery("de9", 4), UnknownId)
    driver.run(c.RecoverDelivery("de1", 4))
    driver.refuse(c.RecoverDelivery("de1", 5), NotAllowedInState, state="UNKNOWN in epoch 3")


def test_recovery_counts_as_an_attempt() -> None:
    driver = _with_delivery(Driver(plan(deliveries=Deliveries(attempts=1))))
    _start(driver)
    assert driver.run(c.RecoverDelivery("de1", 2, True)).events == [e.DeliveryFailed("de1", "cu1", 1, "owner_lost")]


# Receipts


@pytest.mark.parametrize(
    ("words", "states"),
    [
        (["delivered", "read", "acted"], ["DELIVERED", "READ", "ACTED"]),
        (["read", "delivered"], ["READ", "READ"]),
        (["acted", "read", "delivered", "acted"], ["ACTED"] * 4),
        (["delivered", "delivered"], ["DELIVERED"] * 2),
        (["failed"], ["FAILED"]),
        (["failed", "delivered"], ["FAILED", "FAILED"]),
        (["delivered", "failed"], ["DELIVERED", "DELIVERED"]),
        (["failed", "failed"], ["FAILED", "FAILED"]),
    ],
)
def test_receipts_never_regress(driver: Driver, words: list[str], states: list[str]) -> None:
    _accepted(driver)
    seen = []
    for word in words:
        _receipt(driver, word)
        seen.append(_row(driver).state)
    assert seen == states


def test_a_receipt_that_tells_nothing_new_is_dropped(driver: Driver) -> None:
    _accepted(driver)
    assert len(_receipt(driver, "read")) == 1
    assert _receipt(driver, "read") == []
    assert _receipt(driver, "delivered") == []


@pytest.mark.parametrize(("first", "second"), [("failed", "delivered"), ("delivered", "failed"), ("acted", "failed")])
def test_receipts_that_contradict_are_kept(driver: Driver, first: str, second: str) -> None:
    _accepted(driver)
    _receipt(driver, first)
    (event,) = _receipt(driver, second, code="551")
    assert event == e.ReceiptRecorded("de1", "cu1", second, driver.now_us, conflicts=True, code="551")


def test_a_repeated_failure_is_no_conflict(driver: Driver) -> None:
    _accepted(driver)
    _receipt(driver, "failed")
    assert _receipt(driver, "failed") == []


@pytest.mark.parametrize(
    ("word", "state"), [("delivered", "DELIVERED"), ("read", "READ"), ("acted", "ACTED"), ("failed", "FAILED")]
)
def test_a_receipt_tells_what_became_of_an_accepted_one(driver: Driver, word: str, state: str) -> None:
    _accepted(driver)
    (event,) = _receipt(driver, word)
    assert event == e.ReceiptRecorded("de1", "cu1", word, driver.now_us, conflicts=False)
    assert _row(driver).state == state


def test_receipts_by_any_of_the_providers_ids(driver: Driver) -> None:
    _accepted(driver, "p1", "p2")
    _receipt(driver, "delivered", "p1")
    _receipt(driver, "read", "p2")
    assert _row(driver).state == "READ"


@pytest.mark.parametrize(("said", "taken"), [(None, 0), (HOUR, 0), (-HOUR, -HOUR)])
def test_a_receipt_happened_no_later_than_now(driver: Driver, said: int | None, taken: int) -> None:
    _accepted(driver)
    occurred = None if said is None else driver.now_us + said
    (event,) = _receipt(driver, "read", occurred_us=occurred)
    assert isinstance(event, e.ReceiptRecorded)
    assert event.occurred_us == driver.now_us + taken


def test_receipts_that_make_no_sense(driver: Driver) -> None:
    driver.refuse(c.RecordReceipt("email", "main", "p1", "eaten"), InvalidCommand, field="receipt")
    driver.refuse(c.RecordReceipt("fax", "main", "p1", "read"), UnknownId, kind="channel", id="fax")


@pytest.mark.parametrize("word", ["read", "acted"])
def test_what_a_machine_opened_is_noted_once_and_proves_nothing(driver: Driver, word: str) -> None:
    _accepted(driver)
    (event,) = _receipt(driver, word, is_weak=True)
    assert event == e.ReceiptRecorded("de1", "cu1", word, driver.now_us, conflicts=False, is_weak=True)
    assert _row(driver).state == "ACCEPTED"
    assert _receipt(driver, "read", is_weak=True) == []
    (event,) = _receipt(driver, "read")
    assert isinstance(event, e.ReceiptRecorded)
    assert (event.is_weak, _row(driver).state) == (False, "READ")


@pytest.mark.parametrize("known", ["read", "failed"])
def test_what_a_machine_opened_says_nothing_of_what_is_known(driver: Driver, known: str) -> None:
    _accepted(driver)
    _receipt(driver, known)
    assert _receipt(driver, "read", is_weak=True) == []


def test_what_a_machine_opened_is_not_kept_for_a_message_that_nobody_knows(driver: Driver) -> None:
    assert _receipt(driver, "read", "p9", is_weak=True) == []
    assert driver.engine.view.deliveries.early == {}


@pytest.mark.parametrize("word", ["delivered", "failed"])
def test_only_what_people_do_is_done_by_machines(driver: Driver, word: str) -> None:
    command = c.RecordReceipt("email", "main", "p1", word, is_weak=True)
    driver.refuse(command, InvalidCommand, field="is_weak")


# Early receipts


def test_a_receipt_that_overtakes_the_answer_counts_when_the_answer_comes(driver: Driver) -> None:
    _start(driver)
    assert _receipt(driver, "delivered", "p1", code="ok") == [
        e.ReceiptKept("email", "main", "p1", "delivered", driver.now_us, "ok")
    ]
    assert _receipt(driver, "delivered", "p1") == []
    early_us = driver.now_us
    driver.advance(1)
    accepted, recorded = _outcome(driver, "accepted", provider_ids=["p0", "p1"])
    assert isinstance(accepted, e.DeliveryAccepted)
    assert isinstance(recorded, e.ReceiptRecorded)
    assert (recorded.receipt, recorded.occurred_us, recorded.code, recorded.conflicts) == (
        *("delivered", early_us, "ok"),
        False,
    )
    assert _row(driver).state == "DELIVERED"
    assert driver.engine.view.deliveries.early == {}


def test_early_receipts_that_contradict_each_other(driver: Driver) -> None:
    _start(driver)
    for word in ("failed", "read", "delivered"):
        _receipt(driver, word, "p1")
    events = _outcome(driver, "accepted", provider_ids=["p1"])
    told = [(event.receipt, event.conflicts) for event in events if isinstance(event, e.ReceiptRecorded)]
    assert told == [("delivered", False), ("read", False), ("failed", True)]
    assert driver.engine.view.deliveries.early == {}
    assert _row(driver).state == "READ"


def test_early_receipts_of_other_accounts_wait_on(driver: Driver) -> None:
    _start(driver)
    driver.run(c.RecordReceipt("email", "other", "p1", "read"))
    driver.run(c.RecordReceipt("chat", "main", "p1", "read"))
    _outcome(driver, "accepted", provider_ids=["p1"])
    assert _row(driver).state == "ACCEPTED"
    assert len(driver.engine.view.deliveries.early) == 2


def test_receipts_that_nobody_came_for_are_forgotten(driver: Driver) -> None:
    early = driver.engine.view.deliveries.early
    for number in range(6):
        _receipt(driver, "read", f"p{number}")
    driver.advance(8 * 86_400)
    sizes = []
    for number in range(10, 16):
        _receipt(driver, "read", f"p{number}")
        sizes.append(len(early))
    assert sizes == [5, 4, 3, 4, 5, 6]
    assert driver.reloaded().view.deliveries.early == early


def test_claimed_receipts_do_not_hold_up_forgetting(driver: Driver) -> None:
    _start(driver)
    _receipt(driver, "delivered", "p1")
    _receipt(driver, "read", "p2")
    _outcome(driver, "accepted", provider_ids=["p1"])
    _receipt(driver, "read", "p3")
    driver.advance(8 * 86_400)
    _receipt(driver, "read", "p4")
    _receipt(driver, "read", "p5")
    assert {key.split("\x1f")[2] for key in driver.engine.view.deliveries.early} == {"p4", "p5"}


# The operator's stop


SCOPES = [(None, None), ("email", None), (None, "reply"), ("email", "reply")]


@pytest.mark.parametrize(("channel", "topic"), SCOPES)
def test_a_stop_holds_what_it_covers(driver: Driver, channel: str | None, topic: str | None) -> None:
    assert driver.run(c.StopSending("incident", channel, topic)).events == [
        e.SendingStopped(channel, topic, "incident")
    ]
    assert driver.run(c.StopSending("again", channel, topic)).events == []
    driver.refuse(c.StartDelivery("de1", 1, 1), NotAllowedInState, subject="de1", state="stopped by an operator")
    assert driver.advance(30) == [e.DeliveryHeld("de1", "cu1")]
    assert _timers(driver) == {EXPIRY}
    driver.run(c.WriteReply("in1", "ana", "more"))
    assert driver.last(e.DeliveryHeld).delivery == "de2"
    assert driver.run(c.StartSending(channel, topic)).events == [e.SendingStarted(channel, topic)]
    assert [type(event) for event in driver.advance(0)] == [e.DeliveryPermitted, e.DeliveryReleased]
    assert driver.engine.view.deliveries.held == {}
    assert driver.engine.view.timers.get(RELEASE, "") is None


@pytest.mark.parametrize(("channel", "topic"), [("chat", None), (None, "delay"), ("chat", "reply"), ("email", "delay")])
def test_a_stop_of_another_scope_holds_nothing(driver: Driver, channel: str | None, topic: str | None) -> None:
    driver.run(c.StopSending("incident", channel, topic))
    assert driver.run(c.StartDelivery("de1", 1, 1)).events


def test_what_two_stops_hold_needs_both_lifted(driver: Driver) -> None:
    driver.run(c.StopSending("a"))
    driver.run(c.StopSending("b", "email"))
    driver.advance(30)
    driver.run(c.StartSending())
    assert driver.advance(1) == []
    driver.run(c.StartSending("email"))
    assert [type(event) for event in driver.advance(0)] == [e.DeliveryPermitted]


def test_a_stop_while_the_release_walks_holds_what_is_left(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLICE", 2)
    driver.run(c.StopSending("a"))
    for _ in range(5):
        driver.run(c.WriteReply("in1", "ana", "more"), 0)
    driver.advance(30)
    driver.run(c.StartSending())
    driver.advance(0)
    assert sorted(driver.engine.view.deliveries.permitted) == ["de1"]
    assert {name for names in driver.engine.view.deliveries.held.values() for name in names}.isdisjoint(["de1", "de2"])
    driver.run(c.CancelDelivery("de3", "x"))
    driver.run(c.StopSending("b"))
    assert driver.reloaded().state_hash() == driver.engine.state_hash()
    driver.advance(1)
    assert {name for names in driver.engine.view.deliveries.held.values() for name in names} == {"de4", "de5", "de6"}
    driver.run(c.StartSending())
    driver.advance(1)
    assert driver.engine.view.deliveries.held == {}


def test_a_release_goes_in_slices_which_yield_to_commands(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLICE", 2)
    driver.run(c.StopSending("a"))
    for _ in range(4):
        driver.run(c.WriteReply("in1", "ana", "more"), 0)
    driver.advance(30)
    driver.run(c.StartSending())
    since = len(driver.batches)
    driver.advance(1)
    assert [len(batch.events) for batch in driver.batches[since:]] == [2, 2, 1]


def test_the_last_of_a_release_may_be_called_back(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLICE", 1)
    driver.run(c.StopSending("a"))
    driver.run(c.WriteReply("in1", "ana", "more"), 0)
    driver.advance(30)
    driver.run(c.StartSending())
    driver.advance(0)
    driver.run(c.CancelDelivery("de2", "x"))
    assert driver.engine.view.timers.get(RELEASE, "") is None


def test_what_is_released_after_it_expired_expires() -> None:
    driver = _with_delivery(Driver())
    driver.run(c.FinishInteraction("in1", "ana"))
    driver.run(c.StopSending("a"))
    driver.advance(30)
    engine = driver.reloaded()
    late_us = _row(driver).expires_us - 1
    engine.execute(c.StartSending(), late_us)
    assert [type(event) for event in engine.tick(late_us + SECOND).events] == [e.DeliveryExpired]


def test_a_retry_that_falls_due_during_a_stop_is_held(driver: Driver) -> None:
    _start(driver)
    driver.run(c.StopSending("a"))
    _outcome(driver, "retry")
    assert driver.advance(3) == [e.DeliveryHeld("de1", "cu1")]
    assert _row(driver).state == "PENDING"


def test_an_outcome_is_taken_in_spite_of_a_stop(driver: Driver) -> None:
    _start(driver)
    driver.run(c.StopSending("a"))
    assert _outcome(driver, "accepted", provider_ids=["p1"])


def test_lifting_a_stop_that_holds_nothing(driver: Driver) -> None:
    driver.run(c.StopSending("a", "chat"))
    driver.run(c.StartSending("chat"))
    assert driver.engine.view.timers.get(RELEASE, "") is None


def test_stops_that_make_no_sense(driver: Driver) -> None:
    driver.refuse(c.StopSending("x", "fax"), UnknownId, kind="channel", id="fax")
    driver.refuse(c.StartSending(), NotAllowedInState, state="not stopped")
    driver.run(c.StopSending("x", "email"))
    for channel, topic in ((None, None), ("email", "reply"), (None, "reply"), ("chat", None)):
        driver.refuse(c.StartSending(channel, topic), NotAllowedInState)


def test_a_case_may_be_closed_and_its_message_still_leaves(driver: Driver) -> None:
    driver.run(c.FinishInteraction("in1", "ana", "resolved"))
    driver.run(c.CloseCase("ca1"))
    _start(driver)
    assert _row(driver).state == "STARTED"


@pytest.mark.parametrize("topic", ["", "*"])
def test_a_stop_names_a_topic_or_none(topic: str) -> None:
    Driver().refuse(c.StopSending("test", topic=topic), InvalidCommand, field="topic")


def test_what_is_sent_goes_to_the_customer_and_not_to_others_in_the_case() -> None:
    driver = Driver()
    first = driver.message("joe")
    driver.message("eva", "email", reply_case=first.case.id)
    driver.run(c.SendMessage(first.case.id, "k1", text="News"))
    planned = driver.last(e.DeliveryPlanned)
    assert (planned.customer, planned.channel) == (first.customer, "chat")
    driver.refuse(c.SendMessage(first.case.id, "k2", channel="email", text="News"), InvalidCommand, field="channel")
