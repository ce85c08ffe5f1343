"""A queue is asked for help: the consult waits there like a contact, and whoever accepts takes part as if named."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import MINUTE, SECOND, person, plan
from tests.invariants import WatchedEngine, check_liveness, check_rebuilt
from tests.unit.engine.consult_desk import Desk

from orchestra.engine.lifecycle import CONSULT
from orchestra.errors import CommandRefused, InvalidCommand, NotAllowedInState, NotPermitted, OfferExpired, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Callbacks, Label
from orchestra.model.plan import Plan
from orchestra.model.results import Consulted, ConsultingQueue
from orchestra.model.routing import Serving, Step
from orchestra.runtime.history.waiting import candidates, why_waiting


def seek(desk: Desk, got: Any, queue: str = "care", after: float = 1, **values: Any) -> ConsultingQueue:
    """Whoever has the contact asks a queue for help."""
    command = c.ConsultQueue(got.interaction, desk.agent_of(got), queue, **{"note": "who is it?", **values})
    result: ConsultingQueue = desk.run(command, after).result
    return result


def asked(desk: Desk, consult: str = "cs1") -> str:
    """Who is asked now; nobody if it waits."""
    return desk.engine.view.consults.consults[consult].consulted


def answer(desk: Desk, kind: Any = c.AcceptConsult, consult: str = "cs1", after: float = 1, **values: Any) -> Any:
    """Whoever is asked answers."""
    row = desk.engine.view.consults.consults[consult]
    return desk.run(kind(consult, row.consulted, row.token, **values), after).result


def queues(changes: dict[str, dict[str, Any]], **parts: Any) -> Plan:
    first = plan(**parts)
    changed = {name: attrs.evolve(first.queues[name], **values) for name, values in changes.items()}
    return attrs.evolve(first, queues={**first.queues, **changed})


def busy(desk: Desk, *agents: str) -> None:
    """These agents have no room for a chat."""
    for agent in agents:
        row = desk.engine.view.presence.agents[agent]
        desk.run(c.DefineAgent(agent, row.teams, row.skills, capacity_percent=10))


def free(desk: Desk, *agents: str) -> None:
    """These agents have room again."""
    for agent in agents:
        row = desk.engine.view.presence.agents[agent]
        desk.run(c.DefineAgent(agent, row.teams, row.skills), 1)


# The way it goes


def test_the_best_and_free_of_the_queue_is_asked(desk: Desk, got: Any) -> None:
    assert seek(desk, got) == ConsultingQueue("cs1", "care")
    queued, made = desk.last(e.ConsultQueued), desk.last(e.ConsultAsked)
    assert (queued.agent, queued.queue, queued.reason, queued.barred) == ("ana", "care", "asked", ["ana"])
    assert (queued.note, made.note) == ("who is it?", None)
    assert (made.agent, made.consulted, made.queue, made.purpose) == ("ana", "bob", "care", "consult")
    assert (made.token, made.deadline_us) == (2, desk.now_us + 30 * SECOND)
    assert (made.key[-1], [key[-1] for key in made.runners_up], made.failed) == ("bob", ["cleo"], {"barred": 1})
    assert (desk.used("bob"), desk.used("ana")) == (50, 50)
    assert "who is it?" not in repr(queued)


def test_who_accepts_takes_part_as_if_named(desk: Desk, got: Any) -> None:
    seek(desk, got)
    assert answer(desk) == Consulted("cs1", got.interaction, got.case, got.customer, "ana")
    assert (desk.state(got), desk.agent_of(got)) == ("ACTIVE", "ana")
    assert list(desk.engine.view.routing.items) == [got.interaction]
    desk.run(c.MergeConsult("cs1", "ana"), 1)
    desk.run(c.WriteReply(got.interaction, "bob", "hello"), 1)
    desk.run(c.CompleteTransfer("cs1", "ana"), 1)
    assert (desk.agent_of(got), desk.used("ana"), desk.used("bob")) == ("bob", 0, 50)


def test_who_declines_is_not_asked_again_and_the_next_one_is(desk: Desk, got: Any) -> None:
    seek(desk, got)
    answer(desk, c.DeclineConsult, reason="busy")
    queued = desk.last(e.ConsultQueued)
    assert (queued.reason, queued.consulted, queued.told, queued.note) == ("declined", "bob", "busy", None)
    assert (asked(desk), desk.used("bob"), desk.used("cleo")) == ("cleo", 0, 50)
    assert desk.engine.view.routing.benches["bob"].rests is False
    desk.refuse(c.AcceptConsult("cs1", "bob", 2), NotPermitted, actor="agent:bob")


def test_who_does_not_answer_in_time_is_asked_no_more_and_not_blamed(desk: Desk, got: Any) -> None:
    seek(desk, got)
    desk.advance(30)
    assert (desk.last(e.ConsultQueued).reason, asked(desk)) == ("timed_out", "cleo")
    bench = desk.engine.view.routing.benches["bob"]
    assert (bench.rests, desk.engine.view.presence.agents["bob"].misses) == (False, 0)
    assert desk.events(e.ConsultEnded) == []


def test_once_all_have_declined_they_are_asked_again_later_and_never_who_asks(desk: Desk, got: Any) -> None:
    seek(desk, got)
    answer(desk, c.DeclineConsult)
    answer(desk, c.DeclineConsult)
    exhausted = desk.last(e.RoutingExhausted)
    assert (exhausted.interaction, exhausted.consult, exhausted.queue) == (got.interaction, "cs1", "care")
    waiting = why_waiting(desk.engine.view, "cs1")
    assert waiting is not None
    assert (waiting.reason, waiting.able) == ("excluded", 2)
    desk.advance(30)
    assert desk.last(e.RoutingRetried).consult == "cs1"
    assert asked(desk) in ("bob", "cleo")
    first = desk.events(e.ConsultAsked)[0]
    desk.refuse(c.AcceptConsult("cs1", asked(desk), first.token), OfferExpired, state="ASKED")
    answer(desk)


def test_who_goes_away_is_asked_no_more_and_may_be_when_they_are_back(desk: Desk, got: Any) -> None:
    desk.run(c.SetAway("cleo", "lunch"))
    seek(desk, got)
    desk.run(c.SetAway("bob", "lunch"), 1)
    assert (desk.last(e.ConsultQueued).reason, asked(desk)) == ("agent_lost", "")
    desk.run(c.SetAvailable("bob"), 1)
    assert asked(desk) == "bob"
    desk.run(c.SignOut("bob"), 1)
    assert asked(desk) == ""
    waiting = why_waiting(desk.engine.view, "cs1")
    assert waiting is not None
    assert (waiting.reason, waiting.able, waiting.place) == ("no_agents", 0, 1)
    assert (desk.state(got), desk.agent_of(got)) == ("ACTIVE", "ana")


def test_who_could_not_be_connected_is_followed_by_the_next(desk: Desk, got: Any) -> None:
    first = plan()
    chat = attrs.evolve(first.channels["chat"], connects=timedelta(seconds=15))
    desk.change_plan(attrs.evolve(first, channels={**first.channels, "chat": chat}))
    seek(desk, got)
    assert answer(desk).is_connecting
    row = desk.engine.view.consults.consults["cs1"]
    desk.run(c.ReportSetupFailed("cs1", "bob", row.token, "no line"), 1)
    queued = desk.last(e.ConsultQueued)
    assert (queued.reason, queued.told, asked(desk)) == ("setup_failed", "no line", "cleo")
    answer(desk)
    desk.run(c.ConfirmConnected("cs1", "cleo", desk.last(e.ConsultAsked).token), 1)
    assert desk.engine.view.consults.consults["cs1"].state == "JOINED"


def test_one_agent_is_asked_by_queues_as_often_as_they_have_room(desk: Desk, got: Any) -> None:
    desk.run(c.SetAway("cleo", "lunch"))
    second = desk.message("mia")
    desk.accept(desk.offer_to("bob"))
    desk.run(c.TransferToAgent(second.interaction, "bob", "ana"), 1)
    desk.run(c.AcceptConsult("cs1", "ana", 1), 1)
    assert [desk.agent_of(one) for one in (got, second)] == ["ana", "ana"]
    for one in (got, second):
        seek(desk, one)
    assert [asked(desk, name) for name in ("cs2", "cs4")] == ["bob", "bob"]
    answer(desk, c.DeclineConsult, "cs2")
    assert (asked(desk, "cs2"), asked(desk, "cs4"), desk.used("bob")) == ("", "bob", 50)
    desk.run(c.SetAway("bob", "lunch"), 1)
    assert (asked(desk, "cs4"), desk.used("bob")) == ("", 0)


# Waiting among contacts


def test_a_consult_waits_among_contacts_by_priority_and_place(desk: Desk, got: Any) -> None:
    busy(desk, "bob", "cleo")
    before = desk.message("mia", agent=None)
    desk.run(c.SetAway("ana", "lunch"))
    if before.interaction in desk.offered():
        desk.advance(30)
    seek(desk, got)
    after = desk.message("zoe")
    view = desk.engine.view
    assert [view.routing.place(name)[0] for name in (before.interaction, "cs1", after.interaction)] == [0, 1, 2]  # type: ignore[index]
    free(desk, "bob")
    assert (asked(desk), desk.offered()) == ("bob", {before.interaction: "bob"})
    assert view.routing.place("cs1") is None


def test_what_it_is_worth_more_moves_it_ahead(desk: Desk, got: Any) -> None:
    busy(desk, "bob", "cleo")
    desk.run(c.SetAway("ana", "lunch"))
    waiting = desk.message("mia")
    seek(desk, got, priority=5, skills={})
    assert desk.engine.view.routing.items["cs1"].priority * MINUTE == 5 * MINUTE
    desk.run(c.DefineAgent("bob", ["care"], capacity_percent=50), 1)
    assert (asked(desk), desk.offered()) == ("bob", {})
    assert desk.state(waiting) == "QUEUED"


def test_only_those_are_asked_who_have_the_skills(desk: Desk, got: Any) -> None:
    seek(desk, got, "german", skills={"billing": 30})
    assert desk.last(e.ConsultQueued).skills == {"billing": 30, "german": 50}
    assert asked(desk) == "cleo"


def test_nothing_is_put_aside_for_a_consult() -> None:
    first = plan()
    chat = attrs.evolve(first.channels["chat"], interrupts=["email"])
    email = attrs.evolve(first.channels["email"], weight_percent=80)
    desk = Desk(attrs.evolve(first, channels={**first.channels, "chat": chat, "email": email}), engine=WatchedEngine())
    desk.sign_in("ana")
    got = desk.answered()
    desk.run(c.SignIn("bob"), 1)
    mail = desk.message("mia", "email")
    desk.accept()
    assert desk.agent_of(mail) == "bob"
    seek(desk, got)
    waiting = why_waiting(desk.engine.view, "cs1")
    assert waiting is not None
    assert (asked(desk), waiting.reason, waiting.counts["saturated"]) == ("", "saturated", 1)
    assert [one.failing for one in candidates(desk.engine.view, "cs1") if one.agent in ("ana", "bob")] == [
        "takes part",
        "saturated",
    ]
    desk.run(c.SetAway("ana", "lunch"))
    other = desk.message("zoe")
    assert desk.offered() == {other.interaction: "bob"}, "a contact goes before it by putting work aside"
    desk.run(c.FinishInteraction(mail.interaction, "bob"), 1)
    assert asked(desk) == "bob"
    check_liveness(desk.engine)


def test_bots_are_never_asked_and_ask_no_queue(desk: Desk, got: Any) -> None:
    desk.run(c.DefineAgent("rob", ["care"], kind="bot"))
    desk.sign_in("rob")
    busy(desk, "bob", "cleo")
    seek(desk, got)
    assert asked(desk) == ""
    theirs = desk.message("mia")
    made = desk.offer_to("rob")
    desk.accept(made)
    desk.refuse(c.ConsultQueue(theirs.interaction, "rob", "care"), InvalidCommand, field="agent")


def test_steps_and_gates_of_the_queue_hold_for_a_consult(desk: Desk, got: Any) -> None:
    seconds = timedelta(seconds=1)
    steps = [Step(lasts=10 * seconds, skills={"billing": 100}), Step()]
    also = {"sales": Serving(20 * seconds)}
    desk.change_plan(queues({"german": {"steps": steps, "also": also, "skills": {}, "team": "care"}}))
    desk.run(c.SignOut("bob"))
    desk.run(c.DefineAgent("cleo", ["sales"]))
    seek(desk, got, "german")
    desk.advance(10)
    entered = desk.last(e.StepEntered)
    assert (entered.interaction, entered.consult, entered.step, asked(desk)) == (got.interaction, "cs1", 1, "")
    waiting = why_waiting(desk.engine.view, "cs1")
    assert waiting is not None
    assert waiting.reason == "gated"
    desk.advance(10)
    opened = desk.last(e.GateOpened)
    assert (opened.interaction, opened.consult, asked(desk)) == (got.interaction, "cs1", "cleo")


def test_a_consult_overflows_with_its_place(desk: Desk, got: Any) -> None:
    step = Step(lasts=timedelta(seconds=10), skills={"billing": 100})
    desk.change_plan(queues({"care": {"steps": [step], "overflow_to": "sales"}}))
    seek(desk, got)
    start_us = desk.now_us
    desk.advance(10)
    queued = desk.last(e.ConsultQueued)
    assert (queued.queue, queued.reason, queued.consulted, queued.start_us) == ("sales", "overflowed", None, start_us)
    assert (asked(desk), desk.last(e.ConsultAsked).queue) == ("cleo", "sales")


def test_a_declined_consult_has_the_place_that_the_queue_gives(desk: Desk, got: Any) -> None:
    desk.change_plan(queues({"care": {"requeue": "reset"}}))
    seek(desk, got)
    answer(desk, c.DeclineConsult, after=5)
    assert desk.last(e.ConsultQueued).start_us == desk.now_us
    desk.change_plan(queues({"care": {"requeue": "front"}}))
    answer(desk, c.DeclineConsult)
    assert desk.last(e.ConsultQueued).at_front


def test_the_pace_of_a_queue_counts_consults_and_its_service_level_does_not(desk: Desk, got: Any) -> None:
    pace, start_us = desk.engine.view.routing.pace, desk.now_us
    before = list(pace["care"])
    busy(desk, "bob", "cleo")
    seek(desk, got, after=300)
    desk.advance(39)
    free(desk, "bob")
    answer(desk, after=20)
    last_us, waiting_us, interval_us, *others = pace["care"]
    assert (last_us, waiting_us) == (desk.now_us, start_us + 300 * SECOND)
    assert (before[2], interval_us, others) == (0, 60 * SECOND, before[3:])


def test_a_callback_behind_a_consult_is_dialled_once_that_waits_no_more() -> None:
    callbacks = Callbacks(first="customer", dial_ahead=timedelta(seconds=90))
    desk = Desk(plan(callbacks=callbacks), engine=WatchedEngine())
    desk.sign_in("ana")
    before = desk.answered("mia")
    desk.run(c.FinishInteraction(before.interaction, "ana"), 60)
    got = desk.answered()
    seek(desk, got)
    callback = desk.run(c.ScheduleCallback("voice", "main", person("zoe"), queue="care"), 1).result.interaction
    assert desk.events(e.CallbackDialing) == [], "two go before an agent is free, a minute each"
    desk.run(c.EndConsult("cs1", "ana"), 1)
    assert desk.last(e.CallbackDialing).interaction == callback


# Who takes part is not asked


def test_who_asks_is_not_asked_though_nobody_else_serves_the_queue(desk: Desk, got: Any) -> None:
    desk.run(c.SignOut("bob"))
    desk.run(c.SignOut("cleo"))
    seek(desk, got)
    assert (asked(desk), desk.events(e.RoutingExhausted)) == ("", [])
    desk.sign_in("bob")
    assert asked(desk) == "bob"


def test_no_wait_is_foretold_as_long_as_nobody_but_who_asks_serves_the_queue(desk: Desk) -> None:
    before = desk.answered("mia")
    desk.run(c.FinishInteraction(before.interaction, "ana"), 60)
    seek(desk, desk.answered())
    assert desk.engine.view.routing.place("cs1") == (0, None)
    desk.run(c.DefineAgent("bob", ["care"], capacity_percent=10))
    desk.sign_in("bob")
    assert desk.engine.view.routing.place("cs1") == (0, 30 * SECOND)


def test_who_has_been_merged_is_not_asked(desk: Desk, got: Any) -> None:
    desk.join(desk.ask(got, "bob"))
    desk.run(c.MergeConsult("cs1", "ana"), 1)
    seek(desk, got)
    assert desk.last(e.ConsultQueued).barred == ["ana", "bob"]
    assert asked(desk, "cs2") == "cleo"
    answer(desk, c.DeclineConsult, "cs2")
    desk.advance(30)
    assert asked(desk, "cs2") == "cleo", "whoever takes part stays excluded when the others are asked again"


@pytest.mark.parametrize("waits", [True, False])
def test_who_barges_in_is_not_asked(desk: Desk, got: Any, waits: bool) -> None:
    desk.run(c.SetAway("cleo", "lunch"))
    if waits:
        desk.run(c.SetAway("bob", "lunch"))
    seek(desk, got)
    assert asked(desk) == ("" if waits else "bob")
    desk.run(c.MonitorInteraction(got.interaction, "cleo", actor="operator:eve"), 1)
    desk.run(c.BargeIn(got.interaction, "cleo", actor="operator:eve"), 1)
    desk.run(c.SetAvailable("cleo"), 1)
    if not waits:
        answer(desk, c.DeclineConsult)
    assert asked(desk) == ""
    assert desk.engine.view.routing.items["cs1"].barred == ["ana", "cleo"]


def test_where_the_last_who_could_be_asked_barges_in_the_others_are_asked_again(desk: Desk, got: Any) -> None:
    busy(desk, "cleo")
    seek(desk, got)
    answer(desk, c.DeclineConsult)
    assert asked(desk) == "", "cleo has no room, and bob has declined"
    desk.run(c.MonitorInteraction(got.interaction, "cleo", actor="operator:eve"), 1)
    desk.run(c.BargeIn(got.interaction, "cleo", actor="operator:eve"), 1)
    desk.advance(1)
    assert desk.last(e.RoutingExhausted).consult == "cs1"
    desk.advance(45)
    assert asked(desk) == "bob"


# Closed and full


@pytest.mark.parametrize("policy", ["turn_away", "finish"])
def test_a_closed_queue_that_takes_nobody_cannot_be_asked(desk: Desk, got: Any, policy: str) -> None:
    desk.change_plan(queues({"sales": {"when_closed": policy}}))
    desk.run(c.CloseQueue("sales", "meeting"))
    ask = c.ConsultQueue(got.interaction, "ana", "sales")
    desk.refuse(ask, NotAllowedInState, subject="sales", state="CLOSED", trigger="be_consulted")


@pytest.mark.parametrize(
    ("policy", "becomes"), [("wait", ""), ("turn_away", None), ("finish", "cleo"), ("overflow", "bob")]
)
def test_a_queue_closes_while_a_consult_waits(desk: Desk, got: Any, policy: str, becomes: str | None) -> None:
    desk.change_plan(queues({"sales": {"when_closed": policy, "overflow_to": "care"}}))
    busy(desk, "cleo")
    seek(desk, got, "sales")
    assert asked(desk) == ""
    desk.run(c.CloseQueue("sales", "meeting"), 1)
    desk.advance(1)
    free(desk, "cleo")
    if becomes is None:
        ended = desk.last(e.ConsultEnded)
        assert (ended.outcome, ended.reason, ended.consulted, ended.queue) == ("DEFLECTED", "closed", None, "sales")
        desk.unchanged(got)
        return
    assert asked(desk) == becomes
    if policy == "wait":
        waiting = why_waiting(desk.engine.view, "cs1")
        assert waiting is not None
        assert waiting.reason == "closed"
        desk.run(c.OpenQueue("sales", "back"), 1)
        desk.advance(1)
        assert asked(desk) == "cleo"


def test_who_declines_after_the_queue_has_closed_ends_it(desk: Desk, got: Any) -> None:
    desk.change_plan(queues({"sales": {"when_closed": "turn_away"}}))
    seek(desk, got, "sales")
    desk.run(c.CloseQueue("sales", "meeting"), 1)
    desk.advance(1)
    assert asked(desk) == "cleo"
    answer(desk, c.DeclineConsult)
    assert desk.outcome() == "DEFLECTED"
    desk.unchanged(got)


def test_a_consult_on_what_is_written_waits_until_the_queue_opens(desk: Desk) -> None:
    desk.change_plan(queues({"sales": {"when_closed": "turn_away"}}))
    got = desk.answered("joe", "email")
    desk.sign_in("cleo")
    desk.run(c.CloseQueue("sales", "meeting"), 1)
    seek(desk, got, "sales")
    desk.advance(1)
    assert asked(desk) == ""


def test_a_closed_queue_sends_a_consult_to_the_one_it_overflows_to(desk: Desk, got: Any) -> None:
    desk.change_plan(queues({"sales": {"when_closed": "overflow", "overflow_to": "care"}}))
    desk.run(c.CloseQueue("sales", "meeting"))
    assert seek(desk, got, "sales") == ConsultingQueue("cs1", "care")
    assert desk.last(e.ConsultQueued).reason == "overflowed"


def test_a_full_queue_cannot_be_asked_unless_somebody_else_is_free(desk: Desk, got: Any) -> None:
    desk.change_plan(queues({"care": {"limit": 1}}))
    busy(desk, "bob", "cleo")
    desk.run(c.SetAway("ana", "lunch"))
    desk.message("mia")
    desk.run(c.SetAvailable("ana"))
    desk.decline()
    ask = c.ConsultQueue(got.interaction, "ana", "care")
    desk.refuse(ask, NotAllowedInState, subject="care", state="FULL", trigger="be_consulted")
    desk.run(c.SetAway("ana", "lunch"))
    desk.run(c.DefineAgent("bob", ["care"], capacity_percent=100), 1)
    seek(desk, got)
    assert asked(desk) == "bob"


# How it ends


@pytest.mark.parametrize("is_asked", [True, False])
@pytest.mark.parametrize(
    ("command", "outcome"),
    [
        (c.EndConsult("cs1", "ana", "found it"), "CANCELED"),
        (c.LeaveContact("in1"), "CUSTOMER_LEFT"),
        (c.FinishInteraction("in1", "ana"), "CANCELED"),
        (c.CancelInteraction("in1", "over"), "CANCELED"),
        (c.TransferInteraction("in1", "ana", "sales"), "CANCELED"),
        (c.SignOut("ana"), "CANCELED"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_ends_a_consult_ends_it_wherever_it_is(
    desk: Desk, got: Any, is_asked: bool, command: c.Command, outcome: str
) -> None:
    if not is_asked:
        busy(desk, "bob", "cleo")
    seek(desk, got)
    assert bool(asked(desk)) is is_asked
    decided = desk.run(command, 1)
    ended = [event for event in decided.events if isinstance(event, e.ConsultEnded)]
    assert [(one.outcome, one.queue, one.consulted) for one in ended] == [
        (outcome, "care", "bob" if is_asked else None)
    ]
    assert desk.engine.view.consults.consults == {}
    assert "cs1" not in desk.engine.view.routing.items
    desk.refuse(c.EndConsult("cs1", "ana"), OfferExpired, state="over")


@pytest.mark.parametrize("state", ["QUEUED", "ASKED"])
def test_a_consult_ends_when_its_contact_becomes_another_agents(desk: Desk, got: Any, state: str) -> None:
    desk.join(desk.ask(got, "bob"))
    desk.run(c.MergeConsult("cs1", "ana"), 1)
    if state == "QUEUED":
        busy(desk, "cleo")
    seek(desk, got)
    assert desk.engine.view.consults.consults["cs2"].state == state
    desk.run(c.CompleteTransfer("cs1", "ana"), 1)
    assert (desk.outcome(), desk.agent_of(got)) == ("CANCELED", "bob")
    assert desk.engine.view.consults.consults == {}


def test_who_takes_part_already_stays_when_the_contact_becomes_another_agents(desk: Desk, got: Any) -> None:
    desk.join(desk.ask(got, "bob"))
    desk.run(c.MergeConsult("cs1", "ana"), 1)
    seek(desk, got)
    answer(desk, consult="cs2")
    desk.run(c.CompleteTransfer("cs1", "ana"), 1)
    assert desk.engine.view.consults.consults["cs2"].state == "JOINED"
    desk.run(c.EndConsult("cs2", "bob"), 1)
    assert desk.outcome() == "ENDED"


def test_nobody_answers_for_a_consult_that_waits(desk: Desk, got: Any) -> None:
    busy(desk, "bob", "cleo")
    seek(desk, got)
    for command in (c.AcceptConsult("cs1", "bob", 0), c.DeclineConsult("cs1", "bob", 0), c.LeaveConsult("cs1", "bob")):
        desk.refuse(command, NotPermitted)
    for command in (c.MergeConsult("cs1", "ana"), c.CompleteTransfer("cs1", "ana")):
        desk.refuse(command, NotAllowedInState, subject="cs1", state="QUEUED")


@pytest.mark.parametrize(
    ("command", "error", "attributes"),
    [
        (c.ConsultQueue("in1", "ana", "nowhere"), UnknownId, {"kind": "queue"}),
        (c.ConsultQueue("in1", "ana", "care", {"flying": 1}), UnknownId, {"kind": "skill"}),
        (c.ConsultQueue("in1", "ana", "care", {"german": 0}), InvalidCommand, {"field": "skills.german"}),
        (c.ConsultQueue("in1", "ana", "care", note="x" * 500_001), InvalidCommand, {"field": "note"}),
        (c.ConsultQueue("in1", "bob", "care"), NotPermitted, {"actor": "agent:bob"}),
        (c.ConsultQueue("in9", "ana", "care"), UnknownId, {"kind": "interaction"}),
    ],
)
def test_what_makes_no_sense_is_refused(
    desk: Desk, got: Any, command: c.Command, error: type[CommandRefused], attributes: dict[str, Any]
) -> None:
    desk.refuse(command, error, **attributes)


def test_one_consult_at_a_time_named_or_of_a_queue(desk: Desk, got: Any) -> None:
    busy(desk, "bob", "cleo")
    seek(desk, got)
    for command in (c.ConsultQueue("in1", "ana", "sales"), c.AskConsult("in1", "ana", "bob")):
        desk.refuse(command, NotAllowedInState, subject="cs1", state="QUEUED", trigger="ask_another")


def test_a_plan_that_lacks_the_queue_of_a_consult_is_refused(desk: Desk, got: Any) -> None:
    busy(desk, "bob", "cleo")
    seek(desk, got, "german", skills={"billing": 30})
    first = plan()
    without = attrs.evolve(first, queues={name: one for name, one in first.queues.items() if name != "german"})
    refused = desk.refuse(c.ChangePlan(without, without.digest(), "2025b", "check"), InvalidCommand, field="plan")
    assert "queues.german: is missing, and consult cs1 needs it" in str(refused)
    skills = {name: text for name, text in first.skills.items() if name != "billing"}
    cleo = attrs.evolve(first.agents["cleo"], skills={"german": 90})
    without = attrs.evolve(first, skills=skills, agents={**first.agents, "cleo": cleo})
    refused = desk.refuse(c.ChangePlan(without, without.digest(), "2025b", "check"), InvalidCommand, field="plan")
    assert "skills.billing: is missing, and consult cs1 needs it" in str(refused)


# Labels


def labeled() -> Desk:
    """The contacts of sales are about money, of which an agent has one at once; the others are complex."""
    first = queues({"sales": {"labels": ["money"]}, "care": {"labels": ["complex"]}})
    desk = Desk(attrs.evolve(first, labels={"money": Label(1), "complex": Label(9)}), engine=WatchedEngine())
    desk.sign_in("ana")
    return desk


def test_the_labels_of_the_queue_count_for_who_is_asked_and_go_with_a_transfer() -> None:
    desk = labeled()
    chat = attrs.evolve(desk.engine.view.plan.channels["chat"], wrap_up=timedelta(seconds=10))
    current = desk.engine.view.plan
    desk.change_plan(attrs.evolve(current, channels={**current.channels, "chat": chat}))
    got = desk.answered()
    desk.sign_in("cleo")
    seek(desk, got, "sales")
    benches = desk.engine.view.routing.benches
    assert (benches["cleo"].labels, benches["ana"].labels) == ({"money": 1}, {"complex": 1})
    answer(desk)
    desk.run(c.CompleteTransfer("cs1", "ana"), 1)
    assert (benches["cleo"].labels, benches["ana"].labels) == ({"money": 1}, {"complex": 1})
    assert desk.last(e.SegmentWrapUpStarted).labels == ["complex"]
    desk.run(c.FinishInteraction(got.interaction, "cleo"), 1)
    desk.advance(20)
    assert (benches["cleo"].labels, benches["ana"].labels) == ({}, {})
    check_rebuilt(desk.engine, desk.replayed(is_blanked=True))


def test_who_has_as_many_of_a_label_as_they_may_is_not_asked() -> None:
    desk = labeled()
    got = desk.answered()
    desk.sign_in("cleo")
    money = desk.message("mia", "email", account="sales")
    desk.accept(desk.offer_to("cleo"))
    assert desk.agent_of(money) == "cleo"
    seek(desk, got, "sales")
    assert asked(desk) == ""
    desk.run(c.FinishInteraction(money.interaction, "cleo"), 1)
    assert asked(desk) == "cleo"


# The table, walked


_TO: dict[str, list[str]] = {"QUEUED": [], "ASKED": ["ask"], "CONNECTING": ["ask", "connect"]}


@pytest.mark.parametrize(
    ("state", "trigger"),
    [step for step in CONSULT.steps if step[0] == "QUEUED" or step[1] == "queue"],
)
def test_each_step_of_a_queues_consult_is_taken(state: str, trigger: str) -> None:
    first = queues(
        {"sales": {"when_closed": "turn_away", "overflow_to": "care", "steps": [Step(lasts=timedelta(0, 9))]}}
    )
    chat = attrs.evolve(first.channels["chat"], connects=timedelta(seconds=15))
    channels = {**first.channels, "chat": chat} if state == "CONNECTING" else first.channels
    desk = Desk(attrs.evolve(first, channels=channels), engine=WatchedEngine())
    desk.sign_in("ana")
    got = desk.answered()
    if state != "QUEUED":
        desk.sign_in("cleo")
    seek(desk, got, "sales")
    if state == "CONNECTING":
        answer(desk)
    assert desk.engine.view.consults.consults["cs1"].state == state
    after, before = CONSULT.steps[state, trigger], len(desk.log)
    match trigger:
        case "queue" if state == "QUEUED":
            desk.advance(9)
        case "queue":
            desk.run(c.SignOut("cleo"), 1)
        case "ask":
            desk.sign_in("cleo")
        case "end":
            desk.run(c.EndConsult("cs1", "ana"), 1)
        case "customer_leave":
            desk.run(c.LeaveContact("in1"), 1)
        case "deflect":
            desk.run(c.CloseQueue("sales", "meeting"), 1)
            desk.advance(0)
        case _:
            raise AssertionError(trigger)
    if after in CONSULT.final:
        assert desk.outcome() == after
    else:
        assert desk.engine.view.consults.consults["cs1"].state == after
    assert {"ConsultQueued", "ConsultAsked", "ConsultEnded"} & set(desk.names(before))
