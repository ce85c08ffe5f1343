from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import DAY, SECOND, Driver, person, plan, thread

from orchestra.engine.contacts.state import IDLE, WRAP_UP
from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Thread
from orchestra.model.results import CaseRef, Received, Written


@pytest.fixture
def driver() -> Driver:
    driver = Driver()
    driver.sign_in("ana")
    return driver


# Hold and retrieve


def test_hold_and_retrieve(driver: Driver) -> None:
    got = driver.answered()
    assert driver.run(c.HoldInteraction("in1", "ana")).events == [e.InteractionHeld("in1", "cu1", "ana")]
    assert driver.state(got) == "HELD"
    assert driver.run(c.RetrieveInteraction("in1", "ana")).events == [e.InteractionRetrieved("in1", "cu1", "ana")]
    assert driver.state(got) == "ACTIVE"


OWNERS_WORK: list[Any] = [
    lambda agent: c.HoldInteraction("in1", agent),
    lambda agent: c.WriteReply("in1", agent, "hi"),
    lambda agent: c.FinishInteraction("in1", agent),
    lambda agent: c.TransferInteraction("in1", agent, "care"),
]


@pytest.mark.parametrize("make", OWNERS_WORK)
def test_only_its_agent_handles_an_interaction(driver: Driver, make: Any) -> None:
    driver.answered()
    driver.refuse(make("bob"), NotPermitted, actor="agent:bob")


@pytest.mark.parametrize("make", OWNERS_WORK[:3])
def test_nobody_handles_an_interaction_that_waits_or_is_over(driver: Driver, make: Any) -> None:
    got = driver.message()
    driver.refuse(make("ana"), NotAllowedInState, subject="in1", state="OFFERED")
    driver.run(c.SetAway("ana", "x"))
    driver.refuse(make("ana"), NotAllowedInState, subject="in1", state="QUEUED")
    driver.run(c.CancelInteraction(got.interaction, "x"))
    driver.refuse(make("ana"), NotAllowedInState, subject="in1", state="CANCELED")


@pytest.mark.parametrize(
    "command",
    [
        c.HoldInteraction("in9", "ana"),
        c.RetrieveInteraction("in9", "ana"),
        c.WriteReply("in9", "ana", "hi"),
        c.FinishInteraction("in9", "ana"),
        c.FinishWrapUp("in9", "ana"),
        c.TransferInteraction("in9", "ana", "care"),
        c.LeaveContact("in9"),
        c.CancelInteraction("in9", "x"),
    ],
)
def test_an_interaction_that_nobody_knows(driver: Driver, command: c.Command) -> None:
    driver.refuse(command, UnknownId, kind="interaction", id="in9")


def test_what_is_not_on_hold_is_not_retrieved(driver: Driver) -> None:
    driver.answered()
    driver.refuse(c.RetrieveInteraction("in1", "ana"), NotAllowedInState, state="ACTIVE", trigger="retrieve")
    driver.run(c.HoldInteraction("in1", "ana"))
    driver.refuse(c.HoldInteraction("in1", "ana"), NotAllowedInState, state="HELD", trigger="hold")
    driver.refuse(c.RetrieveInteraction("in1", "bob"), NotPermitted)


# Replies


def test_a_reply_is_written_and_planned(driver: Driver) -> None:
    got = driver.answered()
    decided = driver.run(c.WriteReply("in1", "ana", "hello"))
    written, planned, permitted = decided.events
    assert written == e.MessageWritten("me2", "ca1", "cu1", "co1", 2, "in1", "ana", "hello")
    assert isinstance(planned, e.DeliveryPlanned)
    assert (planned.key, planned.message, planned.topic, planned.interaction) == ("message:me2", "me2", "reply", "in1")
    assert planned.body == decided.first
    assert isinstance(permitted, e.DeliveryPermitted)
    assert (decided.result.message, decided.result.delivery) == ("me2", "de1")
    assert driver.state(got) == "ACTIVE"


def test_a_customer_on_hold_may_be_written_to(driver: Driver) -> None:
    driver.answered()
    driver.run(c.HoldInteraction("in1", "ana"))
    assert driver.run(c.WriteReply("in1", "ana", "one moment")).events


@pytest.mark.parametrize("text", [None, "", "x" * 500_001])
def test_a_reply_needs_a_text_of_some_measure(driver: Driver, text: str | None) -> None:
    driver.answered()
    driver.refuse(c.WriteReply("in1", "ana", text), InvalidCommand, field="text")


def test_a_reply_is_written_once_under_its_key(driver: Driver) -> None:
    driver.answered()
    command = c.WriteReply("in1", "ana", "hello", key="k1", digest="d1")
    first = driver.run(command)
    assert first.result == Written("me2", "de1")
    again = driver.run(command)
    assert (again.events, again.result) == ([], first.result)
    assert driver.run(c.WriteReply("in1", "ana", "hello", key="k2", digest="d1")).result == Written("me3", "de2")
    driver.run(c.FinishInteraction("in1", "ana"))
    again = driver.run(command)
    assert (again.events, again.result) == ([], first.result), "it was written, whatever happened since"


def test_a_key_of_a_reply_means_one_text(driver: Driver) -> None:
    driver.answered()
    driver.run(c.WriteReply("in1", "ana", "hello", key="k1", digest="d1"))
    driver.refuse(c.WriteReply("in1", "ana", "bye", key="k1", digest="d2"), InvalidCommand, field="key")
    driver.refuse(c.WriteReply("in1", "ana", "bye", key=""), InvalidCommand, field="key")


def test_keys_of_replies_are_those_of_their_interaction_alone(driver: Driver) -> None:
    """Nor does a message that answers no interaction know of them."""
    driver.answered("joe", "email")
    driver.answered("eve", "email")
    driver.run(c.SendMessage("ca1", "k1", digest="d1", text="hello"))
    for number in (1, 2):
        command = c.WriteReply(f"in{number}", "ana", "hello", key="k1", digest="d1")
        assert driver.run(command).result == Written(f"me{number + 3}", f"de{number + 1}")


# What is over


@pytest.mark.parametrize(
    ("command", "wish"),
    [
        (c.WriteReply("in1", "ana", "hello"), "reply"),
        (c.WriteReply("in1", "ana", ""), "reply"),
        (c.FinishInteraction("in1", "ana"), "finish"),
        (c.TransferInteraction("in1", "ana", "care"), "transfer"),
        (c.HoldInteraction("in1", "ana"), "hold"),
    ],
)
def test_a_refusal_names_what_was_wanted(driver: Driver, command: c.Command, wish: str) -> None:
    driver.answered()
    driver.run(c.FinishInteraction("in1", "ana"))
    error = driver.refuse(command, NotAllowedInState, subject="in1", state="DONE", trigger=wish)
    assert str(error) == f"in1 is DONE: cannot {wish}"


# Finish and wrap-up


def test_without_wrap_up_the_finish_is_the_end(driver: Driver) -> None:
    got = driver.answered()
    assert driver.run(c.FinishInteraction("in1", "ana", "callback")).events == [
        e.InteractionFinished("in1", "cu1", "ana", "agent", "callback", None),
        e.InteractionDone("in1", "cu1", "finished", "ana", "callback"),
    ]
    assert driver.state(got) == "DONE"


def test_wrap_up_ends_by_time(driver: Driver) -> None:
    got = driver.answered(channel="voice")
    until = driver.now_us + 10 * SECOND
    assert driver.run(c.FinishInteraction("in1", "ana", "resolved")).events == [
        e.InteractionFinished("in1", "cu1", "ana", "agent", "resolved", until, "timed")
    ]
    assert driver.state(got) == "WRAPPING"
    assert driver.advance(9.999) == []
    done, resolved = driver.advance(0.001)
    assert done == e.InteractionDone("in1", "cu1", "finished", "ana", "resolved")
    assert isinstance(resolved, e.CaseResolved)


@pytest.mark.parametrize(
    ("first", "second", "final"), [("resolved", None, "resolved"), ("resolved", "callback", "callback")]
)
def test_wrap_up_ends_by_its_agent(driver: Driver, first: str, second: str | None, final: str) -> None:
    got = driver.answered(channel="voice")
    driver.run(c.FinishInteraction("in1", "ana", first))
    done = driver.run(c.FinishWrapUp("in1", "ana", second)).events[0]
    assert done == e.InteractionDone("in1", "cu1", "finished", "ana", final)
    assert driver.state(got) == "DONE"
    assert driver.engine.view.timers.get(WRAP_UP, "in1") is None


def test_wrap_up_holds_capacity_until_it_ends(driver: Driver) -> None:
    driver.answered(channel="voice")
    driver.call("jim")
    driver.run(c.FinishInteraction("in1", "ana"))
    assert driver.offered() == {}
    driver.advance(10)
    assert driver.offered() == {"in2": "ana"}


def test_wrap_up_ends_with_its_agent(driver: Driver) -> None:
    driver.answered(channel="voice")
    driver.run(c.FinishInteraction("in1", "ana", "callback"))
    events = driver.run(c.SignOut("ana")).events
    assert events[1] == e.InteractionDone("in1", "cu1", "agent_left", "ana", "callback")


def test_what_an_agent_who_is_gone_has_is_over_at_once_when_it_is_finished() -> None:
    channels = dict(plan().channels)
    channels["voice"] = attrs.evolve(channels["voice"], on_agent_lost="keep")
    driver = Driver(plan(channels=channels))
    driver.sign_in("ana")
    got = driver.answered(channel="voice")
    driver.run(c.SignOut("ana"))
    assert driver.state(got) == "ACTIVE"
    events = driver.run(c.FinishInteraction("in1", "ana", "callback")).events
    assert e.InteractionDone("in1", "cu1", "finished", "ana", "callback") in events
    assert driver.run(c.RemoveAgent("ana")).events == [e.AgentRemoved("ana")]


def test_wrap_up_commands_out_of_place(driver: Driver) -> None:
    driver.answered(channel="voice")
    driver.refuse(c.FinishWrapUp("in1", "ana"), NotAllowedInState, state="ACTIVE", trigger="finish_wrap_up")
    driver.run(c.FinishInteraction("in1", "ana"))
    driver.refuse(c.FinishInteraction("in1", "ana"), NotAllowedInState, state="WRAPPING")
    driver.refuse(c.FinishWrapUp("in1", "bob"), NotPermitted)
    driver.refuse(c.FinishWrapUp("in1", "ana", "none"), InvalidCommand, field="disposition")
    driver.refuse(c.CancelInteraction("in1", "x"), NotAllowedInState, state="WRAPPING")
    driver.refuse(c.LeaveContact("in1"), NotAllowedInState, state="WRAPPING")


def test_dispositions_are_those_of_the_plan_if_it_lists_any(driver: Driver) -> None:
    driver.answered()
    driver.refuse(c.FinishInteraction("in1", "ana", "none"), InvalidCommand, field="disposition")
    driver.change_plan(plan(cases=attrs.evolve(plan().cases, dispositions={})))
    assert driver.run(c.FinishInteraction("in1", "ana", "none")).events


# Leaving and canceling


def test_whoever_leaves_while_waiting_has_abandoned() -> None:
    driver = Driver()
    driver.message()
    assert driver.run(c.LeaveContact("in1"), 4).events == [e.InteractionAbandoned("in1", "cu1", 4 * SECOND, True)]
    driver.call("jim")
    assert driver.run(c.LeaveContact("in2"), 5).events == [e.InteractionAbandoned("in2", "cu2", 5 * SECOND, False)]


def test_whoever_leaves_during_an_offer_ends_it(driver: Driver) -> None:
    driver.message()
    ended, abandoned = driver.run(c.LeaveContact("in1"), 1).events
    assert ended == e.OfferEnded("of1", "in1", "cu1", "ana", "CUSTOMER_LEFT", None)
    assert isinstance(abandoned, e.InteractionAbandoned)
    assert driver.engine.view.routing.benches["ana"].used_percent == 0


@pytest.mark.parametrize("is_held", [False, True])
def test_whoever_leaves_after_an_answer_is_finished(driver: Driver, is_held: bool) -> None:
    got = driver.answered(channel="voice")
    if is_held:
        driver.run(c.HoldInteraction("in1", "ana"))
    finished = driver.run(c.LeaveContact("in1")).events[0]
    assert isinstance(finished, e.InteractionFinished)
    assert (finished.by, finished.agent) == ("customer", "ana")
    assert driver.state(got) == "WRAPPING"


def test_whoever_left_cannot_leave_again(driver: Driver) -> None:
    driver.message()
    driver.run(c.LeaveContact("in1"))
    driver.refuse(c.LeaveContact("in1"), NotAllowedInState, state="ABANDONED", trigger="leave")


@pytest.mark.parametrize("state", ["QUEUED", "OFFERED", "ACTIVE", "HELD"])
def test_canceling_in_any_state_before_the_end(state: str) -> None:
    driver = Driver()
    if state != "QUEUED":
        driver.sign_in("ana")
    got = driver.message()
    if state in ("ACTIVE", "HELD"):
        driver.accept()
    if state == "HELD":
        driver.run(c.HoldInteraction("in1", "ana"))
    assert driver.state(got) == state
    events = driver.run(c.CancelInteraction("in1", "spam")).events
    assert events[-1] == e.InteractionCanceled("in1", "cu1", "spam")
    if state == "OFFERED":
        assert events[0] == e.OfferEnded("of1", "in1", "cu1", "ana", "WITHDRAWN", "spam")
    assert driver.state(got) == "CANCELED"
    driver.refuse(c.CancelInteraction("in1", "spam"), NotAllowedInState, state="CANCELED", trigger="cancel")
    assert all(bench.used_percent == 0 for bench in driver.engine.view.routing.benches.values())


# Transfer


def test_a_transfer_keeps_the_place_and_names_other_needs() -> None:
    driver = Driver()
    driver.sign_in("bob")
    driver.answered(skills={"german": 10})
    start_us = driver.last(e.InteractionQueued).start_us
    events = driver.run(c.TransferInteraction("in1", "bob", "sales", {"billing": 30})).events
    assert events[0] == e.InteractionTransferred("in1", "cu1", "bob", "sales", {"billing": 30})
    assert e.InteractionQueued(
        "in1", "cu1", "sales", "chat", {"billing": 30}, 2, start_us, 1, "transferred"
    ) in driver.events(e.InteractionQueued)
    assert driver.engine.view.contacts.interactions["in1"].agent is None


@pytest.mark.parametrize(
    ("queue", "skills", "error", "attributes"),
    [
        ("none", {}, UnknownId, {"kind": "queue", "id": "none"}),
        ("care", {"none": 1}, UnknownId, {"kind": "skill", "id": "none"}),
        ("care", {"german": 101}, InvalidCommand, {"field": "skills.german"}),
    ],
)
def test_transfers_that_make_no_sense(driver: Driver, queue: str, skills: Any, error: Any, attributes: Any) -> None:
    driver.answered()
    driver.refuse(c.TransferInteraction("in1", "ana", queue, skills), error, **attributes)


def test_what_is_not_in_hand_cannot_be_handed_over(driver: Driver) -> None:
    driver.message()
    driver.refuse(c.TransferInteraction("in1", "ana", "care"), NotPermitted, actor="agent:ana")
    driver.run(c.SetAway("ana", "x"))
    driver.refuse(c.TransferInteraction("in1", "ana", "care"), NotAllowedInState, state="QUEUED")


# Time passing


def test_an_answered_interaction_without_any_message_ends(driver: Driver) -> None:
    got = driver.answered(channel="email")
    assert driver.advance_to(driver.now_us + DAY - 1) == []
    assert driver.advance_to(driver.now_us + 1) == [
        e.InteractionFinished("in1", "cu1", "ana", "idle"),
        e.InteractionDone("in1", "cu1", "idle", "ana"),
    ]
    assert driver.state(got) == "DONE"
    assert driver.case_state(got) == "OPEN"


@pytest.mark.parametrize("who", ["customer", "agent"])
@pytest.mark.parametrize("is_held", [False, True])
def test_every_message_keeps_it_open_for_another_idle_time(driver: Driver, who: str, is_held: bool) -> None:
    got = driver.answered(channel="email")
    if is_held:
        driver.run(c.HoldInteraction("in1", "ana"))
    driver.advance_to(driver.now_us + DAY - 5 * SECOND)
    if who == "customer":
        assert driver.message(channel="email").interaction == "in1"
    else:
        driver.sent(got)
        driver.run(c.CancelDelivery("de1", "x"))
    driver.advance_to(driver.now_us + DAY - 1)
    assert driver.state(got) == ("HELD" if is_held else "ACTIVE")
    driver.advance_to(driver.now_us + 1)
    assert driver.state(got) == "DONE"


def test_retrieving_begins_another_idle_time(driver: Driver) -> None:
    got = driver.answered(channel="email")
    driver.run(c.HoldInteraction("in1", "ana"))
    driver.advance_to(driver.now_us + DAY - 5 * SECOND)
    driver.run(c.RetrieveInteraction("in1", "ana"))
    driver.advance_to(driver.now_us + DAY - 1)
    assert driver.state(got) == "ACTIVE"


def test_what_waits_is_never_idle(driver: Driver) -> None:
    driver.run(c.SignOut("ana"))
    got = driver.message(channel="email")
    driver.advance_to(driver.now_us + 400 * DAY)
    assert driver.state(got) == "QUEUED"
    assert driver.engine.view.timers.get(IDLE, "in1") is None


def test_live_interactions_and_channels_without_a_time_are_never_idle(driver: Driver) -> None:
    live = driver.answered()
    channels = dict(plan().channels)
    channels["email"] = attrs.evolve(channels["email"], idle_after=None)
    driver.change_plan(plan(channels=channels))
    quiet = driver.answered("jim", "email")
    driver.advance_to(driver.now_us + 400 * DAY)
    assert (driver.state(live), driver.state(quiet)) == ("ACTIVE", "ACTIVE")


def test_a_transferred_interaction_is_not_idle_while_it_waits(driver: Driver) -> None:
    driver.answered(channel="email")
    driver.run(c.TransferInteraction("in1", "ana", "sales"))
    assert driver.engine.view.timers.get(IDLE, "in1") is None


def test_a_shorter_idle_time_of_a_new_plan_holds_from_the_next_message(driver: Driver) -> None:
    got = driver.answered(channel="email")
    channels = dict(plan().channels)
    channels["email"] = attrs.evolve(channels["email"], idle_after=timedelta(seconds=30))
    driver.change_plan(plan(channels=channels))
    driver.message(channel="email")
    driver.advance(30)
    assert driver.state(got) == "DONE"


# Answers given elsewhere


def _reply(**values: Any) -> c.RecordReply:
    given = {"channel": "email", "account": "main", "message_id": "r1", "recipient": person("joe"), "text": "done"}
    return c.RecordReply(**(given | values))


def test_an_answer_elsewhere_ends_the_waiting(driver: Driver) -> None:
    driver.run(c.SignOut("ana"))
    got = driver.message(channel="email")
    decided = driver.run(_reply(agent="eve", disposition="callback"))
    at_us = driver.now_us
    assert decided.events == [
        e.ReplyRecorded(
            *("me2", "ca1", "cu1", "email", "main", "r1", "co1", 2, at_us, False),
            *("in1", "eve", "callback", "done"),
        ),
        e.InteractionDone("in1", "cu1", "answered_elsewhere", "eve", "callback"),
    ]
    assert decided.result == Received("cu1", "in1", CaseRef("ca1", "C-000001"), "me2")
    assert driver.case_state(got) == "OPEN"


def test_an_answer_elsewhere_withdraws_the_offer(driver: Driver) -> None:
    driver.message(channel="email")
    assert driver.offered() == {"in1": "ana"}
    events = driver.run(_reply(resolve=True)).events
    assert [type(event) for event in events] == [
        e.ReplyRecorded,
        e.OfferEnded,
        e.InteractionDone,
        e.CaseResolved,
    ]
    assert driver.last(e.OfferEnded).outcome == "WITHDRAWN"


def test_an_answer_elsewhere_leaves_what_an_agent_has_in_hand(driver: Driver) -> None:
    got = driver.answered(channel="email")
    assert [type(event) for event in driver.run(_reply()).events] == [e.ReplyRecorded]
    assert driver.state(got) == "ACTIVE"
    driver.run(c.FinishInteraction("in1", "ana"))
    assert driver.run(_reply(message_id="r2")).result.interaction == "in1"


def test_an_answer_without_a_question_has_a_case_of_its_own() -> None:
    driver = Driver()
    decided = driver.run(_reply(account="sales", resolve=True))
    assert [type(event) for event in decided.events] == [
        *(e.CustomerAdded, e.ConversationStarted, e.CaseOpened, e.ReplyRecorded, e.CaseResolved),
    ]
    assert (driver.last(e.CaseOpened).queue, driver.last(e.CaseOpened).owner) == ("sales", "sales")
    assert decided.result.interaction is None
    assert driver.message(channel="email", account="sales").case == decided.result.case


def test_an_answer_is_its_recipients_who_takes_part() -> None:
    driver = Driver()
    first = driver.run(_reply(thread=thread("t1"))).result
    decided = driver.run(_reply(thread=thread("t1"), message_id="r2", recipient=person("eve"), resolve=True))
    assert [type(event) for event in decided.events] == [
        *(e.CustomerAdded, e.ReplyRecorded, e.ParticipantJoined, e.PartTaken, e.CaseResolved),
    ]
    assert driver.last(e.ReplyRecorded).customer == decided.result.customer == "cu2"
    assert driver.last(e.ParticipantJoined) == e.ParticipantJoined(first.case.id, "cu1", "cu2")
    assert driver.last(e.CaseResolved).customer == "cu1"
    driver.run(_reply(thread=thread("t1"), message_id="r3", recipient=person("eve")))
    assert len(driver.events(e.ParticipantJoined)) == 1, "they join once"


def test_an_answer_to_a_closed_case_has_a_case_of_its_own() -> None:
    driver = Driver()
    first = driver.run(_reply(resolve=True)).result
    driver.run(c.CloseCase(first.case.id))
    second = driver.run(_reply(message_id="r2")).result
    assert (first.case.id, second.case.id) == ("ca1", "ca2")
    assert driver.message(channel="email").case == second.case


@pytest.mark.parametrize(
    ("values", "error", "attributes"),
    [
        ({"channel": "fax"}, UnknownId, {"kind": "channel"}),
        ({"account": ""}, InvalidCommand, {"field": "account"}),
        ({"thread": thread("\x1f")}, InvalidCommand, {"field": "thread"}),
        ({"thread": Thread("@key-eve")}, InvalidCommand, {"field": "thread"}),
        ({"text": "x" * 500_001}, InvalidCommand, {"field": "text"}),
        ({"disposition": "none"}, InvalidCommand, {"field": "disposition"}),
    ],
)
def test_answers_that_make_no_sense(values: Any, error: Any, attributes: Any) -> None:
    Driver().refuse(_reply(**values), error, **attributes)


def test_an_answers_time_is_believed_like_a_messages() -> None:
    driver = Driver()
    driver.run(_reply(occurred_us=driver.now_us - SECOND, thread=thread("t1")))
    assert driver.last(e.ReplyRecorded).occurred_us == driver.now_us - SECOND
    assert driver.last(e.ConversationStarted).thread == "key-t1"
