from __future__ import annotations

import pytest

from orchestra.engine.lifecycle import (
    CASE,
    CONSULT,
    DELIVERY,
    INTERACTION,
    MACHINES,
    OFFER,
    PRESENCE,
    RECEIPTS,
    Machine,
)
from orchestra.errors import DefinitionError, NotAllowedInState

PAIRS = [(machine, state, trigger) for machine in MACHINES for state in machine.states for trigger in machine.triggers]


@pytest.mark.parametrize(
    ("machine", "state", "trigger"),
    PAIRS,
    ids=[f"{machine.name}-{state}-{trigger}" for machine, state, trigger in PAIRS],
)
def test_each_pair_steps_or_is_refused(machine: Machine, state: str, trigger: str) -> None:
    after = machine.steps.get((state, trigger))
    assert machine.allows(state, trigger) == (after is not None)
    if after is not None:
        assert machine.step("it", state, trigger) == after
        return
    with pytest.raises(NotAllowedInState) as caught:
        machine.step("it", state, trigger)
    assert (caught.value.subject, caught.value.state, caught.value.trigger) == ("it", state, trigger)
    assert str(caught.value) == f"it is {state}: cannot {trigger.replace('_', ' ')}"


def test_the_tables_have_the_states_of_the_trade() -> None:
    assert set(INTERACTION.states) == {
        *(
            "ARRIVED",
            "SCHEDULED",
            "DIALING",
            "QUEUED",
            "OFFERED",
            "CONNECTING",
            "ACTIVE",
            "HELD",
            "WRAPPING",
            "DONE",
            "ABANDONED",
            "CANCELED",
            "DEFLECTED",
            "PARKED",
            "LINKED",
            "DEFERRED",
            "MERGED",
        ),
    }
    assert OFFER.final == set(OFFER.states) - {"PENDING", "CONNECTING"}
    assert CONSULT.final == set(CONSULT.states) - {"QUEUED", "ASKED", "CONNECTING", "JOINED", "MERGED"}
    assert set(CASE.states) == {
        *("OPEN", "WAITING_ON_CUSTOMER", "WAITING_ON_THIRD_PARTY"),
        *("RESOLVED", "CLOSED", "MERGED"),
    }
    assert set(PRESENCE.states) == {"OFFLINE", "AVAILABLE", "AWAY"}
    assert set(DELIVERY.states) == {
        *("PENDING", "PERMITTED", "STARTED", "ACCEPTED", "DELIVERED", "READ", "ACTED"),
        *("FAILED", "UNKNOWN", "EXPIRED", "CANCELED"),
    }


def test_nothing_leads_out_of_an_ended_interaction_offer_or_consult() -> None:
    for machine in (INTERACTION, OFFER, CONSULT):
        assert {source for source, _ in machine.steps} & machine.final == set()


def test_only_receipts_lead_on_from_a_finished_delivery() -> None:
    late = {trigger for (state, trigger) in DELIVERY.steps if state in DELIVERY.final}
    assert late == set(RECEIPTS.values())
    for state in ("FAILED", "EXPIRED", "CANCELED", "ACTED"):
        assert not any(DELIVERY.allows(state, trigger) for trigger in DELIVERY.triggers)


def test_states_and_triggers_come_in_order_of_first_mention() -> None:
    machine = Machine("m", "A", frozenset({"C"}), {("A", "go"): "B", ("B", "stop"): "C"})
    assert machine.states == ("A", "B", "C")
    assert machine.triggers == ("go", "stop")


def test_a_state_that_cannot_be_reached_is_an_error() -> None:
    with pytest.raises(DefinitionError) as caught:
        Machine("m", "A", frozenset({"B"}), {("A", "go"): "B", ("C", "go"): "B"})
    assert [(fault.path, fault.message) for fault in caught.value.faults] == [("m", "C cannot be reached")]


def test_a_final_state_that_cannot_be_reached_is_an_error() -> None:
    with pytest.raises(DefinitionError, match="Z cannot be reached"):
        Machine("m", "A", frozenset({"B", "Z"}), {("A", "go"): "B"})


def test_a_state_without_a_way_on_is_an_error_unless_it_is_final() -> None:
    with pytest.raises(DefinitionError) as caught:
        Machine("m", "A", frozenset(), {("A", "go"): "B", ("A", "jump"): "C", ("C", "go"): "A"})
    assert [fault.message for fault in caught.value.faults] == ["B is a dead end"]


def test_a_circle_is_no_dead_end() -> None:
    machine = Machine("m", "A", frozenset({"A"}), {("A", "go"): "B", ("B", "go"): "A"})
    assert machine.step("it", "B", "go") == "A"
