"""How fast an account sends: never faster than its bucket allows, people's words first, each conversation in order."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest
from tests.engine_driver import SECOND, Driver, plan
from tests.invariants import WatchedEngine, check_liveness, check_rebuilt, check_state

from orchestra.engine.deliveries.pace import RATE, Bucket, rate_of
from orchestra.errors import NotAllowedInState
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Account
from orchestra.model.pace import SendingRate
from orchestra.model.plan import Plan

SLOW = SendingRate(2, timedelta(seconds=10), 1)
"""One every five seconds."""


def paced(rate: SendingRate | None = SLOW, **accounts: SendingRate) -> Plan:
    email = plan().channels["email"]
    own = {name: Account(rate=one) for name, one in accounts.items()}
    return plan(channels={**plan().channels, "email": attrs.evolve(email, rate=rate, accounts=own)})


def desk(of: Plan | None = None, *customers: str) -> Driver:
    """Customers have written by mail, and nobody has them in hand."""
    driver = Driver(of or paced(), engine=WatchedEngine())
    for name in customers or ("joe", "jim", "jon", "joy"):
        driver.message(name, "email")
    return driver


def send(driver: Driver, case: int, key: str, actor: str | None = None, after: float = 0) -> str:
    """A message of the application's own, or of whoever is named; gives the delivery."""
    command = c.SendMessage(f"ca{case}", key=key, topic="delay", text="late", channel="email", actor=actor)
    delivery: str = driver.run(command, after).result.delivery
    return delivery


def begin(driver: Driver, name: str, after: float = 0) -> None:
    attempts = driver.engine.view.deliveries.deliveries[name].attempts
    driver.run(c.StartDelivery(name, attempts + 1, 1), after)


def state(driver: Driver, *names: str) -> list[str]:
    check_state(driver.engine, driver.engine.witness)  # type: ignore[attr-defined]
    check_liveness(driver.engine)
    check_rebuilt(driver.engine, driver.reloaded())
    return [driver.engine.view.deliveries.deliveries[name].state for name in names]


def waiting(driver: Driver) -> dict[str, int]:
    return dict(driver.engine.view.deliveries.waiting_over())


# The bucket


def test_a_bucket_fills_evenly_up_to_its_burst() -> None:
    bucket = Bucket(3, 10, 2, 0, 100)
    assert [bucket.filled(at_us) for at_us in (100, 101, 106, 107, 1000)] == [0, 3, 18, 20, 20]
    assert bucket.reaches(1, 100) == 104  # 12 parts of 10: never before the token is whole
    assert bucket.reaches(2, 100) == 107
    assert bucket.reaches(3, 100) is None
    assert bucket.reaches(1, 500) == 500


def test_an_accounts_own_rate_goes_before_that_of_its_channel() -> None:
    own = SendingRate(1)
    of = paced(SLOW, main=own)
    assert rate_of(of, "email", "main") == own
    assert rate_of(of, "email", "other") == SLOW
    assert rate_of(of, "chat", "main") is rate_of(of, "fax", "main") is None


# Who goes when


def test_what_an_account_does_not_take_yet_waits_until_it_does() -> None:
    driver = desk()
    names = [send(driver, case, f"k{case}") for case in (1, 2, 3)]
    assert state(driver, *names) == ["PERMITTED", "PENDING", "PENDING"]
    assert driver.events(e.DeliverySpread) == [e.DeliverySpread("de2", "cu2"), e.DeliverySpread("de3", "cu3")]
    assert waiting(driver) == {"email/main": 2}
    driver.advance(20)
    assert state(driver, *names) == ["PERMITTED", "PENDING", "PENDING"]  # the first has not begun
    begin(driver, "de1")
    driver.advance(4.999999)
    assert state(driver, *names) == ["STARTED", "PENDING", "PENDING"]
    driver.advance(0.000001)
    assert state(driver, *names) == ["STARTED", "PERMITTED", "PENDING"]
    begin(driver, "de2")
    driver.advance(5)
    assert state(driver, *names) == ["STARTED", "STARTED", "PERMITTED"]
    assert waiting(driver) == {}
    assert driver.engine.view.timers.get(RATE, "email\x1fmain") is None


def test_so_many_leave_at_once_after_a_rest() -> None:
    driver = desk(paced(SendingRate(2, timedelta(seconds=10), 3)))
    names = [send(driver, case, f"k{case}") for case in (1, 2, 3, 4)]
    assert state(driver, *names) == [*3 * ["PERMITTED"], "PENDING"]
    for name in names[:3]:
        begin(driver, name)
    driver.advance(4.999999)
    assert state(driver, names[3]) == ["PENDING"]
    driver.advance(0.000001)
    assert state(driver, names[3]) == ["PERMITTED"]


def test_late_starts_keep_to_the_rate() -> None:
    driver = desk(paced(SendingRate(1, timedelta(seconds=1), 2)))
    names = [send(driver, case, f"k{case}") for case in (1, 2, 3, 4)]
    driver.advance(20)
    assert state(driver, *names) == ["PERMITTED", "PERMITTED", "PENDING", "PENDING"]
    begin(driver, "de1")
    begin(driver, "de2")
    assert state(driver, *names) == ["STARTED", "STARTED", "PENDING", "PENDING"]
    driver.advance(1)
    assert state(driver, *names)[2:] == ["PERMITTED", "PENDING"]


def test_a_permit_that_nobody_uses_is_given_to_the_next() -> None:
    driver = desk()
    names = [send(driver, case, f"k{case}") for case in (1, 2)]
    driver.advance(30)
    assert state(driver, *names) == ["PENDING", "PERMITTED"]
    driver.run(c.CancelDelivery("de2", "told"))
    driver.advance(1)
    assert state(driver, *names) == ["PERMITTED", "CANCELED"]


def test_peoples_words_go_before_what_nobody_wrote() -> None:
    driver = desk(paced(), "joe")
    driver.sign_in("ana")
    driver.accept()
    for name in ("jim", "jon", "joy"):
        driver.message(name, "email")
    first = send(driver, 2, "k2")
    written = [send(driver, case, f"k{case}") for case in (3, 4)]
    begin(driver, first)
    said = driver.sent(driver.message("joe", "email", after=0))
    assert state(driver, *written, said) == ["PENDING", "PENDING", "PENDING"]
    driver.advance(4)
    assert state(driver, *written, said) == ["PENDING", "PENDING", "PERMITTED"]
    begin(driver, said)
    driver.advance(5)
    assert state(driver, *written) == ["PERMITTED", "PENDING"]


def test_nothing_overtakes_what_waits_already() -> None:
    driver = desk()
    names = [send(driver, case, f"k{case}") for case in (1, 2)]
    begin(driver, names[0])
    late = send(driver, 3, "k3", after=5)  # at the very instant at which the next token is there
    assert state(driver, *names, late) == ["STARTED", "PERMITTED", "PENDING"]


def test_a_conversation_keeps_its_order() -> None:
    driver = desk()
    names = [send(driver, 1, f"k{number}") for number in range(3)]
    assert waiting(driver) == {}
    for number, name in enumerate(names):
        driver.advance(6)
        assert state(driver, *names)[number:] == ["PERMITTED", *["PENDING"] * (2 - number)]
        begin(driver, name)
        driver.run(c.RecordOutcome(name, 1, "accepted", [f"p{number}"]))


def test_each_account_has_a_bucket_of_its_own() -> None:
    driver = desk(paced(SLOW, fast=SendingRate(1000, burst=100)), "joe")
    for number, account in enumerate(("fast", "fast", "other"), 2):
        driver.message(f"jim{number}", "email", account=account)
    names = [send(driver, case, f"k{case}") for case in (1, 2, 3, 4)]
    assert state(driver, *names) == 4 * ["PERMITTED"]


def test_channels_without_a_rate_send_as_fast_as_they_can() -> None:
    driver = desk(paced(None))
    names = [send(driver, case, f"k{case}") for case in (1, 2, 3, 4)]
    for name in names:
        begin(driver, name)
    assert state(driver, *names) == 4 * ["STARTED"]
    assert driver.engine.view.deliveries.buckets == {}


# What comes between


def test_when_what_waits_is_called_back_the_next_one_goes() -> None:
    driver = desk()
    names = [send(driver, case, f"k{case}") for case in (1, 2, 3)]
    begin(driver, names[0])
    driver.run(c.CancelDelivery(names[1], "told"))
    driver.advance(5)
    assert state(driver, *names) == ["STARTED", "CANCELED", "PERMITTED"]


def test_a_stop_holds_what_waits_and_gives_it_back_at_its_rate() -> None:
    driver = desk()
    names = [send(driver, case, f"k{case}") for case in (1, 2, 3)]
    begin(driver, names[0])
    driver.run(c.StopSending("wrong text", "email", "delay"))
    driver.advance(5)
    assert [held.delivery for held in driver.events(e.DeliveryHeld)] == names[1:]
    assert waiting(driver) == {}
    driver.run(c.StartSending("email", "delay"), 1)
    driver.advance(1)
    assert state(driver, *names) == ["STARTED", "PERMITTED", "PENDING"]


def test_what_waits_for_too_long_expires() -> None:
    driver = desk()
    names = [send(driver, case, f"k{case}") for case in (1, 2)]
    driver.advance(29)
    driver.run(c.StopSending("storm"))
    driver.advance(3 * 24 * 3600)
    assert state(driver, *names) == ["EXPIRED", "EXPIRED"]
    assert waiting(driver) == {}


def test_an_outage_holds_what_waits_and_gives_it_back_at_its_rate() -> None:
    driver = desk()
    names = [send(driver, case, f"k{case}") for case in (1, 2, 3)]
    begin(driver, names[0])
    driver.run(c.ReportChannel("email", "main", "down", "no answer"))
    driver.advance(20)
    assert waiting(driver) == {}
    driver.run(c.ReportChannel("email", "main", "up", "answers"))
    driver.advance(1)
    assert sorted(state(driver, *names[1:])) == ["PENDING", "PERMITTED"]
    assert waiting(driver) == {"email/main": 1}


def test_what_lapsed_and_waits_keeps_its_place_when_its_account_is_connected() -> None:
    driver = desk(paced(SendingRate(1, timedelta(seconds=60), 1)))
    names = [send(driver, case, f"k{case}") for case in (1, 2, 3)]
    driver.advance(31)  # the first permit lapsed, and the second has it now
    assert state(driver, *names) == ["PENDING", "PERMITTED", "PENDING"]
    driver.advance(30)
    before = waiting(driver)
    driver.run(c.ResumeDeliveries("email", "main"))
    driver.advance(0)
    assert waiting(driver) == before
    assert state(driver, *names).count("PERMITTED") == 1


def test_a_retry_takes_a_token_of_its_own() -> None:
    driver = desk()
    names = [send(driver, case, f"k{case}") for case in (1, 2)]
    begin(driver, names[0])
    driver.run(c.RecordOutcome(names[0], 1, "retry", retry_after_us=SECOND))
    driver.advance(5)
    assert state(driver, *names) == ["PENDING", "PERMITTED"]
    begin(driver, names[1])
    driver.advance(5)
    assert state(driver, *names) == ["PERMITTED", "STARTED"]


# Other rates


def test_a_start_that_a_new_rate_does_not_allow_is_refused() -> None:
    driver = desk(paced(None))
    names = [send(driver, case, f"k{case}") for case in (1, 2, 3)]
    driver.change_plan(paced())
    begin(driver, names[0])
    driver.refuse(c.StartDelivery(names[1], 1, 1), NotAllowedInState, state="faster than email takes")
    begin(driver, names[1], after=5)


def test_another_rate_holds_from_its_instant_on() -> None:
    driver = desk(paced(SendingRate(1, timedelta(seconds=60), 4)))
    names = [send(driver, case, f"k{case}") for case in (1, 2, 3, 4)]
    begin(driver, names[0])
    driver.change_plan(paced(SendingRate(1, timedelta(seconds=1), 2)))
    assert driver.engine.view.deliveries.buckets["email\x1fmain"].level == 2 * SECOND
    begin(driver, names[1])
    begin(driver, names[2])
    driver.refuse(c.StartDelivery(names[3], 1, 1), NotAllowedInState)
    begin(driver, names[3], after=1)


def test_without_a_rate_all_that_waits_leaves() -> None:
    driver = desk()
    names = [send(driver, case, f"k{case}") for case in (1, 2, 3)]
    begin(driver, names[0])
    driver.change_plan(paced(None))
    driver.advance(0)
    assert state(driver, *names) == ["STARTED", "PERMITTED", "PERMITTED"]
    assert driver.engine.view.deliveries.buckets == {}


def test_more_than_go_at_once_are_permitted_in_slices() -> None:
    names = [f"c{number}" for number in range(120)]
    driver = desk(paced(), *names)
    sent = [send(driver, case, f"k{case}") for case in range(1, 121)]
    before = len(driver.batches)
    driver.change_plan(paced(None))
    driver.advance(1)
    assert set(state(driver, *sent)) == {"PERMITTED"}
    permitted = [sum(isinstance(event, e.DeliveryPermitted) for event in one.events) for one in driver.batches[before:]]
    assert [count for count in permitted if count] == [50, 50, 19]


def test_a_burst_is_spread_evenly() -> None:
    names = [f"c{number}" for number in range(60)]
    driver = desk(paced(SendingRate(10, timedelta(seconds=1), 5)), *names)
    for case in range(1, 61):
        send(driver, case, f"k{case}")
    started: list[int] = []
    while len(started) < 60:
        for name in list(driver.engine.view.deliveries.permitted):
            begin(driver, name)
            started.append(driver.now_us)
        driver.advance_to(max(driver.engine.due() or 0, driver.now_us))
    first = started[0]
    assert [at_us - first for at_us in started[:5]] == [0] * 5
    assert [at_us - first for at_us in started[5:]] == [number * SECOND // 10 for number in range(1, 56)]
    assert len(driver.events(e.AccountPaced)) <= 60 + 5


def test_it_all_comes_back_from_the_journal_and_from_a_snapshot() -> None:
    driver = desk()
    for case in (1, 2, 3):
        send(driver, case, f"k{case}")
    begin(driver, "de1")
    for again in (driver.replayed(is_blanked=True), driver.reloaded()):
        assert again.state_hash() == driver.engine.state_hash()
        assert again.view.deliveries.waiting == driver.engine.view.deliveries.waiting
        assert again.view.deliveries.out == driver.engine.view.deliveries.out
    assert driver.engine.view.deliveries.first_waiting("email\x1fmain") == "de2"


@pytest.mark.parametrize("rate", [SendingRate(0), SendingRate(1, burst=0), SendingRate(1, timedelta())])
def test_rates_that_make_no_sense(rate: SendingRate) -> None:
    found = [fault.path for fault in paced(rate, main=rate).faults() if fault.is_error]
    field = "count" if not rate.count else "burst" if not rate.burst else "per"
    assert sorted(found) == [f"channels.email.accounts.main.rate.{field}", f"channels.email.rate.{field}"]
    assert paced(SendingRate(10**6, timedelta(days=1), 10**6)).faults() == paced(None).faults()


# Fast accounts


FAST = SendingRate(100, timedelta(seconds=1), 1)
"""One every ten milliseconds: five of them in the moment by which permits are ahead."""


def fast(count: int) -> tuple[Driver, list[str]]:
    driver = desk(paced(FAST), *(f"c{number}" for number in range(count)))
    return driver, [send(driver, case, f"k{case}") for case in range(1, count + 1)]


def test_a_fast_account_gives_permits_a_moment_ahead_of_their_tokens() -> None:
    driver, names = fast(12)
    assert state(driver, *names) == [*6 * ["PERMITTED"], *6 * ["PENDING"]]
    now_us, own = driver.now_us, driver.engine.view.deliveries
    assert own.token_at("email", "main", now_us) == now_us
    begin(driver, names[0])
    assert own.token_at("email", "main", now_us) == now_us + SECOND // 100
    driver.refuse(c.StartDelivery(names[1], 1, 1), NotAllowedInState, state="faster than email takes")
    driver.advance(0.009999)
    driver.refuse(c.StartDelivery(names[1], 1, 1), NotAllowedInState, state="faster than email takes")
    begin(driver, names[1], after=0.000001)


def test_permits_ahead_are_given_several_at_a_time() -> None:
    driver, names = fast(12)
    for number in range(3):
        begin(driver, names[number], after=0.01 if number else 0)
        driver.advance(0)
    assert state(driver, *names)[3:] == [*3 * ["PERMITTED"], *6 * ["PENDING"]]
    begin(driver, names[3], after=0.01)
    driver.advance(0)
    assert state(driver, *names)[4:] == [*5 * ["PERMITTED"], *3 * ["PENDING"]]


def test_all_of_a_fast_burst_leaves_and_never_faster_than_its_rate() -> None:
    driver, names = fast(40)
    began: list[int] = []
    while len(began) < len(names):
        own = driver.engine.view.deliveries
        driver.advance_to(own.token_at("email", "main", driver.now_us))
        begin(driver, next(iter(own.permitted)))
        began.append(driver.now_us)
        driver.advance(0)
    assert [at_us - began[0] for at_us in began] == [number * SECOND // 100 for number in range(len(names))]
    assert len(driver.events(e.AccountPaced)) < len(names) / 2


def test_an_account_without_a_rate_has_a_token_at_once() -> None:
    driver = desk(paced(None))
    assert driver.engine.view.deliveries.token_at("email", "main", driver.now_us) == driver.now_us
