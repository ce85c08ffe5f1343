from __future__ import annotations

import json
from unittest.mock import patch

import pytest
from tests.unit.insight.rig import PLAN, Desk

from orchestra.engine.routing import decide
from orchestra.errors import UnknownId
from orchestra.model import commands as c
from orchestra.runtime.history.waiting import Waiting, candidates, why_waiting


def why(desk: Desk, interaction: str) -> Waiting:
    waiting = why_waiting(desk.view, interaction)
    assert waiting is not None
    return waiting


def test_without_agents_nobody_can_take_it() -> None:
    desk = Desk()
    waiting = why(desk, desk.call("joe", 10))
    assert (waiting.reason, waiting.taking, waiting.able, waiting.counts) == ("no_agents", 0, 0, {})
    assert waiting.sentence == "nobody who can take it is at work and available in queue care"


def test_agents_without_the_skill_are_nobody_who_could() -> None:
    desk = Desk()
    desk.sign_in("ana", "cid")
    waiting = why(desk, desk.call("joe", 10, queue="german"))
    assert (waiting.reason, waiting.taking, waiting.able, waiting.counts) == ("no_agents", 2, 0, {"skills": 2})
    assert (waiting.queue, waiting.channel, waiting.skills) == ("german", "voice", {"german": 3})


def test_agents_without_room_are_saturated() -> None:
    desk = Desk()
    desk.sign_in("ana", "cid")
    desk.take(desk.call("sue", 5), 6)
    waiting = why(desk, desk.call("joe", 10))
    assert (waiting.reason, waiting.able, waiting.counts) == ("saturated", 1, {"skills": 1, "saturated": 1})
    assert waiting.sentence == "1 could take it, but have no room"


def test_agents_who_declined_are_excluded() -> None:
    desk = Desk()
    desk.sign_in("ana", "bob")
    called = desk.call("joe", 10)
    desk.decline(called, 11)
    assert why_waiting(desk.view, called) is None
    desk.decline(called, 12)
    waiting = why(desk, called)
    assert (waiting.reason, waiting.able, waiting.counts) == ("excluded", 2, {"excluded": 2})


def test_all_excluded_is_excluded_even_if_they_are_busy_now() -> None:
    desk = Desk()
    desk.sign_in("ana")
    called = desk.call("joe", 10)
    desk.decline(called, 11)
    desk.take(desk.call("sue", 12), 13)
    waiting = why(desk, called)
    assert (waiting.reason, waiting.counts) == ("excluded", {"saturated": 1})


def test_one_excluded_and_the_other_busy_is_saturated() -> None:
    desk = Desk()
    desk.sign_in("bob")
    assert desk.take(desk.call("sue", 5), 6) == "bob"
    desk.sign_in("ana", at_s=7)
    called = desk.call("joe", 10)
    assert desk.decline(called, 11) == "ana"
    waiting = why(desk, called)
    assert (waiting.reason, waiting.able) == ("saturated", 2)
    assert waiting.counts == {"saturated": 1, "excluded": 1}


KNOWN = PLAN.replace(
    'retry_after = "1h"',
    'retry_after = "1h"\nsteps = [{pool = "known", beyond_capacity = true, lasts = "1h"}, {}]',
)


def test_whoever_is_asked_beyond_capacity_is_never_short_of_room_but_of_hands() -> None:
    desk = Desk(KNOWN)
    desk.sign_in("ana", "bob")
    desk.run(c.SetAway("ana", "lunch"), 3)
    called = desk.call("joe", 5, agent="ana")
    waiting = why(desk, called)
    assert (waiting.reason, waiting.able, waiting.beyond_capacity) == ("gated", 0, True)
    desk.run(c.SetAvailable("ana"), 6)
    assert why_waiting(desk.view, called) is None
    for number in range(149):
        desk.write(f"p{number}", 10, agent="ana")
    waiting = why(desk, desk.call("jim", 20, agent="ana"))
    assert (waiting.reason, waiting.able, waiting.counts) == ("saturated", 1, {"skills": 1, "saturated": 1})
    assert waiting.sentence == "1 could take it beyond capacity, but has 150 in hand"


def test_what_anybody_may_take_goes_beyond_nobodys_capacity() -> None:
    desk = Desk(KNOWN)
    desk.sign_in("ana")
    desk.take(desk.call("sue", 5), 6)
    waiting = why(desk, desk.call("joe", 10))
    assert (waiting.reason, waiting.beyond_capacity) == ("saturated", False)
    assert waiting.sentence == "1 could take it, but have no room"


def test_after_a_plan_change_it_is_offered_when_the_agent_is_placed() -> None:
    desk = Desk(PLAN.replace("weight_percent = 50", "weight_percent = 50\nlimit = 1"))
    desk.sign_in("ana")
    desk.take(desk.write("sue", 5), 6)
    waits = desk.write("joe", 10)
    assert why(desk, waits).reason == "saturated"
    plan = desk.view.plan.parse(PLAN)
    desk.ledger.execute(c.ChangePlan(plan, plan.digest(), "zones", "check"), 1_700_000_020_000_000)
    assert why(desk, waits).reason == "saturated", "as long as ana is not placed by it"
    desk.wait(21)
    assert why_waiting(desk.view, waits) is None


def test_who_is_yet_to_be_placed_after_a_plan_change_is_told_apart() -> None:
    desk = Desk()
    desk.sign_in("ana", "bob")
    plan = desk.view.plan.parse(PLAN.replace("weight_percent = 50", "weight_percent = 40"))
    with patch.object(decide, "_SEATED_AT_ONCE", 1):
        desk.run(c.ChangePlan(plan, plan.digest(), "zones", "check"), 20)
        desk.call("sue", 20)
        waits = desk.call("joe", 20)
    waiting = why(desk, waits)
    assert (waiting.reason, waiting.able, waiting.counts) == ("offer_due", 2, {"saturated": 1, "unmoved": 1})
    assert [(one.agent, one.failing) for one in candidates(desk.view, waits)][:2] == [
        ("ana", "saturated"),
        ("bob", "unmoved"),
    ]
    desk.wait(21)
    assert why_waiting(desk.view, waits) is None


def test_when_its_queue_opens_an_offer_is_due() -> None:
    desk = Desk(PLAN)
    desk.sign_in("ana")
    desk.ledger.execute(c.CloseQueue("care", "fire"), 1_700_000_005_000_000)
    waits = desk.write("joe", 10)
    assert why(desk, waits).reason == "closed"
    desk.ledger.execute(c.OpenQueue("care", "out"), 1_700_000_020_000_000)
    assert why(desk, waits).reason == "offer_due"
    desk.wait(21)
    assert why_waiting(desk.view, waits) is None


def test_the_place_is_among_those_who_wait_for_the_same() -> None:
    desk = Desk()
    first, other, second = desk.call("joe", 10), desk.call("sue", 11, queue="german"), desk.call("eve", 12)
    urgent = desk.call("kim", 13, priority=1)
    places = [why(desk, name).place for name in (urgent, first, second, other)]
    assert places == [1, 2, 3, 1]


def test_who_does_not_wait_has_no_reason() -> None:
    desk = Desk()
    desk.sign_in("ana")
    called = desk.call("joe", 10)
    assert why_waiting(desk.view, called) is None
    desk.take(called, 11)
    assert why_waiting(desk.view, called) is None
    desk.run(c.FinishInteraction(called, "ana"), 12)
    assert why_waiting(desk.view, called) is None


def test_unknown_interactions_are_refused() -> None:
    with pytest.raises(UnknownId):
        why_waiting(Desk().view, "in99")


def test_asking_changes_nothing() -> None:
    desk = Desk()
    called = desk.call("joe", 10)
    before = desk.ledger.engine.state_hash(), len(desk.view.routing.index.buckets)
    why_waiting(desk.view, called)
    assert (desk.ledger.engine.state_hash(), len(desk.view.routing.index.buckets)) == before


def test_plain_data() -> None:
    desk = Desk()
    made = json.loads(json.dumps(why(desk, desk.call("joe", 10)).to_json()))
    assert made == {
        "interaction": "in1",
        "reason": "no_agents",
        "queue": "care",
        "channel": "voice",
        "skills": {},
        "place": 1,
        "behind": None,
        "taking": 0,
        "able": 0,
        "counts": {},
        "beyond_capacity": False,
        "sentence": "nobody who can take it is at work and available in queue care",
    }


def test_a_consult_is_waited_for_by_its_own_id_and_not_by_who_takes_part() -> None:
    desk = Desk()
    desk.sign_in("ana")
    called = desk.call("joe", 10)
    desk.take(called, 20)
    desk.run(c.ConsultQueue(called, "ana", "care"), 22)
    waiting = why(desk, "cs1")
    assert (waiting.interaction, waiting.reason, waiting.able, waiting.taking) == ("cs1", "no_agents", 0, 1)
    desk.sign_in("bob", at_s=24)
    assert why_waiting(desk.view, "cs1") is None, "bob is asked"
    desk.run(c.EndConsult("cs1", "ana"), 26)
    assert why_waiting(desk.view, "cs1") is None
    with pytest.raises(UnknownId) as caught:
        why_waiting(desk.view, "cs9")
    assert (caught.value.kind, caught.value.id) == ("consult", "cs9")
