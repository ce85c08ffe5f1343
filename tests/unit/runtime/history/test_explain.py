from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from tests.unit.insight.rig import PLAN, START_US, Desk, busy_day

from orchestra.errors import UnknownId
from orchestra.model import commands as c
from orchestra.model.records import Record
from orchestra.runtime.history.explain import Explanation, explain
from orchestra.runtime.history.waiting import Candidate, candidates
from orchestra.runtime.loading import save_snapshot

SECOND = 1_000_000


def listed(explanation: Explanation, place: int) -> list[tuple[int | None, str, str | None]]:
    candidates = explanation.decisions[place].candidates
    assert candidates is not None
    return [(one.rank, one.agent, one.failing) for one in candidates]


def crowd() -> tuple[Desk, str]:
    """One contact, and agents who fail each condition there is."""
    desk = Desk()
    for name, skills in (
        ("eva", {"german": 2}),
        ("fay", {"german": 3}),
        ("gus", {"german": 4}),
        ("hal", {"german": 5}),
    ):
        desk.run(c.DefineAgent(name, ["care"], skills), 0.5)
    desk.sign_in("ana", "bob", "cid", "eva", "fay", "gus", "hal")
    desk.run(c.SetAway("gus", "lunch"), 2)
    desk.run(c.LoseDevice("hal", "main"), 3)
    busy = desk.call("sue", 5, queue="german")
    assert desk.take(busy, 6) == "bob"
    return desk, desk.call("joe", 10, queue="german")


def test_each_decision_is_told_with_key_and_outcome() -> None:
    explanation = explain(busy_day().journal, "in1")
    assert (explanation.customer, explanation.channel) == ("cu1", "chat")
    told = [(one.offer, one.agent, one.outcome, one.reason, one.queue) for one in explanation.decisions]
    assert told == [
        ("of1", "ana", "DECLINED", "busy", "care"),
        ("of2", "bob", "ACCEPTED", None, "care"),
        ("of3", "ana", "ACCEPTED", None, "care"),
    ]
    first = explanation.decisions[0]
    assert first.key == [0, START_US + SECOND, "ana"]
    assert first.runners_up == [[0, START_US + SECOND + 1, "bob"]]
    assert explanation.decisions[1].failed == {"excluded": 1}
    assert first.candidates is None


def test_steps_are_those_of_routing() -> None:
    explanation = explain(busy_day().journal, "in1")
    assert [step.kind for step in explanation.steps] == [
        "InteractionStarted",
        "InteractionAttached",
        "InteractionQueued",
        "OfferMade",
        "OfferEnded",
        "InteractionQueued",
        "OfferMade",
        "OfferAccepted",
        "InteractionTransferred",
        "SegmentWrapUpStarted",
        "InteractionQueued",
        "OfferMade",
        "OfferAccepted",
        "SegmentWrapUpEnded",
        "InteractionFinished",
        "InteractionDone",
    ]
    assert explanation.steps[3].sentence == "offered to ana"


def test_an_open_offer_has_no_outcome() -> None:
    desk = Desk()
    desk.sign_in("ana")
    explanation = explain(desk.journal, desk.call("joe", 10))
    assert [one.outcome for one in explanation.decisions] == [None]


def test_the_full_list_names_each_agents_first_failing_condition() -> None:
    desk, called = crowd()
    explanation = explain(desk.journal, called, full=True)
    assert listed(explanation, 0) == [
        (1, "fay", None),
        (None, "ana", "skill german 0 < 3"),
        (None, "bob", "saturated"),
        (None, "cid", "team care"),
        (None, "dan", "offline"),
        (None, "eva", "skill german 2 < 3"),
        (None, "gus", "away"),
        (None, "hal", "device lost"),
    ]


def test_the_excluded_are_listed_as_such() -> None:
    desk, called = crowd()
    desk.run(c.SetAvailable("gus"), 12)
    assert desk.decline(called, 13) == "fay"
    assert listed(explain(desk.journal, called, full=True), 1)[0] == (1, "gus", None)
    assert (None, "fay", "excluded") in listed(explain(desk.journal, called, full=True), 1)


def test_the_full_list_agrees_with_what_the_decision_recorded() -> None:
    desk = busy_day()
    for interaction in ("in1", "in2", "in3"):
        for decision in explain(desk.journal, interaction, full=True).decisions:
            assert decision.candidates is not None
            ranked = [one.key for one in decision.candidates if one.rank is not None]
            assert ranked[: 1 + len(decision.runners_up)] == [decision.key, *decision.runners_up]
            kinds = Counter(_counted(one) for one in decision.candidates if one.failing is not None)
            del kinds["absent"]
            assert kinds == decision.failed


def _counted(one: Candidate) -> str:
    assert one.failing is not None
    if one.failing.startswith(("team", "skill")):
        return "skills"
    return "absent" if one.failing in ("offline", "away", "device lost") else one.failing


def test_a_snapshot_changes_nothing() -> None:
    desk, called = crowd()
    before = explain(desk.journal, called, full=True)
    save_snapshot(desk.journal)
    assert explain(desk.journal, called, full=True) == before
    desk.decline(called, 20)
    desk.run(c.SetAvailable("gus"), 30)
    assert len(explain(desk.journal, called, full=True).decisions) == 2


def test_two_offers_in_a_row_are_each_seen_from_before() -> None:
    desk = Desk()
    desk.sign_in("ana", "bob")
    called = desk.call("joe", 10)
    desk.decline(called, 11)
    explanation = explain(desk.journal, called, full=True)
    assert listed(explanation, 0)[:2] == [(1, "ana", None), (2, "bob", None)]
    assert listed(explanation, 1)[:2] == [(1, "bob", None), (None, "ana", "excluded")]


def test_who_is_asked_beyond_their_capacity_is_told_so_and_nobody_else_was_meant() -> None:
    steps = 'steps = [{pool = "known", beyond_capacity = true, lasts = "1h"}, {}]'
    desk = Desk(PLAN.replace('retry_after = "1h"', f'retry_after = "1h"\n{steps}'))
    desk.sign_in("ana", "bob")
    desk.take(desk.call("sue", 5, agent="ana"), 6)
    called = desk.call("joe", 10, agent="ana")
    told = explain(desk.journal, called, full=True)
    assert [step.sentence for step in told.steps[-1:]] == ["offered to ana, beyond their capacity"]
    assert [(one.agent, one.beyond_capacity) for one in told.decisions] == [("ana", True)]
    assert told.to_json()["decisions"][0]["beyond_capacity"] is True
    assert listed(told, 0) == [
        (1, "ana", None),
        (None, "bob", "it is for ana alone"),
        (None, "cid", "offline"),
        (None, "dan", "offline"),
    ]
    within = explain(desk.journal, "in1", full=True)
    assert within.steps[3].sentence == "offered to ana"
    assert not within.decisions[0].beyond_capacity


def test_a_known_agent_without_room_is_listed_so() -> None:
    steps = 'steps = [{pool = "known", lasts = "1h"}, {}]'
    desk = Desk(PLAN.replace('retry_after = "1h"', f'retry_after = "1h"\n{steps}'))
    desk.sign_in("ana", "bob")
    desk.take(desk.call("sue", 5, agent="ana"), 6)
    called = desk.call("joe", 10, agent="ana")
    assert [(one.agent, one.failing) for one in candidates(desk.view, called)] == [
        ("ana", "saturated"),
        ("bob", "it is for ana alone"),
        ("cid", "offline"),
        ("dan", "offline"),
    ]


def test_a_ring_is_told_with_who_won_and_who_lost() -> None:
    plan = PLAN.replace('retry_after = "1h"', 'retry_after = "1h"\nring = {first = 2}').replace(
        'offer_timeout = "10m"', 'offer_timeout = "10m"\nconnects = "30s"'
    )
    desk = Desk(plan)
    desk.sign_in("ana", "bob")
    name = desk.call("joe", 10)
    desk.wait(10)
    offer = desk.view.routing.items[name].ringing["bob"]
    token = desk.view.routing.offers[offer].token
    desk.run(c.AcceptOffer(offer, "bob", token), 12)
    waiting = explain(desk.journal, name)
    assert [decision.outcome for decision in waiting.decisions] == [None, None]
    desk.run(c.ConfirmConnected(offer, "bob", token), 14)
    told = explain(desk.journal, name, full=True)
    assert [(one.agent, one.outcome, one.reason) for one in told.decisions] == [
        ("ana", "RESCINDED", "another agent took it"),
        ("bob", "ACCEPTED", None),
    ]
    assert [step.sentence for step in told.steps[-6:]] == [
        "offered to ana",
        "rings up to 2 agents of queue care now",
        "offered to bob",
        "bob answered, and is being connected",
        "bob took it",
        "the offer to ana ended: rescinded (another agent took it)",
    ]
    assert listed(told, 1)[0] == (1, "bob", None)
    assert (None, "ana", "saturated") in listed(told, 1), "the offer that she has takes all her room"
    assert desk.view.agent("ana").misses == 0


def test_knowing_the_customer_spares_the_search() -> None:
    desk = busy_day()
    assert explain(desk.journal, "in1", customer="cu1") == explain(desk.journal, "in1")


@pytest.mark.parametrize("customer", [None, "cu1", "cu9"])
def test_unknown_interactions_are_refused(customer: str | None) -> None:
    with pytest.raises(UnknownId, match="no interaction 'in99'"):
        explain(busy_day().journal, "in99", customer=customer)


@pytest.mark.parametrize("wrong", ["", "in", "in0", "in-1", "in1x", "1", "in\u0661", "ca1", "in" + "9" * 5000])
def test_what_is_no_id_of_an_interaction_is_unknown(wrong: str) -> None:
    with pytest.raises(UnknownId):
        explain(busy_day().journal, wrong)


def test_each_is_found_wherever_it_began() -> None:
    desk = Desk()
    started = [desk.call(f"joe-{number}", number) for number in range(1, 30)]
    desk.run(c.DefineAgent("eva", ["care"]), 40)
    for place, interaction in enumerate(started, 1):
        assert explain(desk.journal, interaction).customer == f"cu{place}"


def test_little_is_read_to_find_one() -> None:
    desk = Desk()
    started = [desk.call(f"joe-{number}", number) for number in range(1, 300)]
    given: list[int] = []
    original = desk.journal.read

    def read(after: int = 0, **more: Any) -> Iterator[Record]:
        for record in original(after, **more):
            given.append(record.position)
            yield record

    desk.journal.read = read  # type: ignore[method-assign]
    explain(desk.journal, started[-1])
    assert len(given) < desk.journal.position() / 10


def test_another_customers_interaction_is_unknown() -> None:
    with pytest.raises(UnknownId):
        explain(busy_day().journal, "in1", customer="cu3")


def test_who_never_was_offered_has_no_decisions() -> None:
    desk = Desk()
    explanation = explain(desk.journal, desk.call("joe", 10), full=True)
    assert explanation.decisions == []
    assert len(explanation.steps) == 3


def test_plain_data() -> None:
    made = json.loads(json.dumps(explain(busy_day().journal, "in1", full=True).to_json()))
    assert made.keys() == {"interaction", "customer", "channel", "steps", "decisions", "withheld"}
    assert made["steps"][0] == {
        "position": made["steps"][0]["position"],
        "at": "2023-11-14T22:13:30Z",
        "kind": "InteractionStarted",
        "sentence": "made contact on chat",
    }
    first = made["decisions"][0]
    assert (first["at"], first["outcome"], first["reason"]) == ("2023-11-14T22:13:30Z", "DECLINED", "busy")
    assert first["candidates"][0] == {
        "agent": "ana",
        "rank": 1,
        "failing": None,
        "key": [0, START_US + SECOND, "ana"],
    }


def helped() -> tuple[Desk, str]:
    """A call of ana's, about which queue care asks bob, who is busy, and eva, who helps."""
    desk = Desk()
    desk.sign_in("ana", "bob")
    desk.run(c.DefineAgent("eva", ["care"]), 0.5)
    called = desk.call("joe", 10)
    assert desk.take(called, 20) == "ana"
    desk.run(c.ConsultQueue(called, "ana", "care"), 22)
    desk.run(c.DeclineConsult("cs1", "bob", 2, "at lunch"), 24)
    desk.sign_in("eva", at_s=26)
    return desk, called


def test_whom_a_queue_asked_for_help_is_a_decision_about_the_contact() -> None:
    desk, called = helped()
    told = [(one.offer, one.agent, one.outcome, one.reason) for one in explain(desk.journal, called).decisions]
    assert told == [
        ("of1", "ana", "ACCEPTED", None),
        ("cs1", "bob", "DECLINED", "at lunch"),
        ("cs1", "eva", None, None),
    ]
    desk.run(c.AcceptConsult("cs1", "eva", 3), 28)
    explanation = explain(desk.journal, called, full=True)
    assert (explanation.decisions[2].outcome, explanation.decisions[2].failed) == (
        "ACCEPTED",
        {"saturated": 1, "excluded": 1},
    )
    assert listed(explanation, 2)[:3] == [(1, "eva", None), (None, "ana", "saturated"), (None, "bob", "excluded")]
    assert [step.sentence for step in explanation.steps if step.kind.startswith("Consult")] == [
        "ana asks queue care for help with in1 (asked)",
        "ana asked bob for help with in1",
        "ana asks queue care for help with in1 (declined)",
        "ana asked eva for help with in1",
        "eva came to ana",
    ]


def test_how_a_queue_was_asked_in_vain_is_told() -> None:
    desk, called = helped()
    desk.run(c.EndConsult("cs1", "ana", "found it"), 28)
    decision = explain(desk.journal, called).decisions[-1]
    assert (decision.agent, decision.outcome, decision.reason) == ("eva", "CANCELED", "found it")
    desk.run(c.AskConsult(called, "ana", "eva"), 29)
    assert len(explain(desk.journal, called).decisions) == 3, "who is asked by name was not decided on"
    desk.run(c.EndConsult("cs4", "ana"), 30)
    for agent in ("bob", "eva"):
        desk.run(c.SetAway(agent, "lunch"), 31)
    desk.run(c.ConsultQueue(called, "ana", "care"), 32)
    desk.run(c.EndConsult("cs5", "ana"), 33)
    assert explain(desk.journal, called).steps[-1].sentence == "queue care is asked no more: canceled"
