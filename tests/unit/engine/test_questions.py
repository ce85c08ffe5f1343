"""The same question on two channels at once: one place in the queues, one answer, and nobody waits longer for it."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest
from tests.engine_driver import MINUTE, SECOND, Driver, person, plan, thread

from orchestra.errors import InvalidCommand, NotAllowedInState
from orchestra.model import commands as c, events as e
from orchestra.model.engagements import Engagements


def _state(driver: Driver, interaction: str) -> str:
    return driver.engine.view.contacts.interactions[interaction].state


def _to(driver: Driver, interaction: str) -> str | None:
    return driver.engine.view.engagements.linked.get(interaction)


def _recorded(channel: str) -> c.RecordReply:
    return c.RecordReply(channel, "main", "r1", person("joe"), agent="eve")


def _waiting(*channels: str, **engagements: object) -> Driver:
    """Joe comes on these channels about his order, and nobody is at work."""
    driver = Driver(plan(engagements=Engagements(**engagements)))
    for channel in channels:
        if channel == "voice":
            driver.call("joe", channel, topic="order")
        else:
            driver.message("joe", channel, topic="order")
    return driver


def test_who_waits_for_one_matter_waits_once() -> None:
    driver = _waiting("chat", "email")
    assert driver.last(e.QuestionLinked).to == "in1"
    assert (_state(driver, "in1"), _state(driver, "in2")) == ("QUEUED", "LINKED")
    driver.sign_in("ana", "bob")
    assert [made.interaction for made in driver.pending()] == ["in1"]


def test_somebody_on_the_line_keeps_their_place_before_what_is_written() -> None:
    driver = _waiting("email", "voice")
    assert (_to(driver, "in1"), _state(driver, "in2")) == ("in2", "QUEUED")


def test_whoever_changes_the_channel_has_waited_as_long_as_they_have() -> None:
    driver = _waiting("email", "voice")
    queued = driver.events(e.InteractionQueued)
    assert queued[1].start_us == queued[0].start_us
    driver.advance(10 * MINUTE)
    driver.call("zoe", "voice")
    driver.sign_in("ana")
    assert driver.last(e.OfferMade).interaction == "in2"


def test_what_rings_already_keeps_its_place() -> None:
    driver = _waiting("email")
    driver.sign_in("ana")
    driver.call("joe", "voice", topic="order")
    assert (_state(driver, "in1"), _to(driver, "in2")) == ("OFFERED", "in1")


def test_what_an_agent_is_being_connected_to_keeps_its_place() -> None:
    channels = {**plan().channels, "voice": attrs.evolve(plan().channels["voice"], connects=timedelta(seconds=20))}
    driver = Driver(plan(channels=channels))
    driver.sign_in("ana", "bob")
    driver.call("joe", "voice", topic="order")
    offer = driver.last(e.OfferMade)
    driver.accept(offer)
    driver.message("joe", "chat", topic="order")
    assert (_state(driver, "in1"), _to(driver, "in2")) == ("CONNECTING", "in1")
    driver.fail(offer)
    assert _to(driver, "in2") == "in1"


def test_what_finds_somebody_free_takes_the_place() -> None:
    driver = _waiting("chat")
    driver.sign_in("ana")
    driver.decline()
    driver.call("joe", "voice", topic="order")
    assert (driver.last(e.OfferMade).interaction, _to(driver, "in1")) == ("in2", "in2")


def test_another_matter_has_a_place_of_its_own() -> None:
    driver = _waiting("chat")
    driver.message("joe", "email", topic="bill")
    assert (_state(driver, "in1"), _state(driver, "in2")) == ("QUEUED", "QUEUED")


def test_the_plan_may_keep_channels_apart() -> None:
    driver = _waiting("chat", "email", pairs={"chat": {"email": "separate"}})
    assert (_state(driver, "in1"), _state(driver, "in2")) == ("QUEUED", "QUEUED")


def test_what_an_agent_has_in_hand_is_no_place() -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.answered("joe", "voice", topic="order")
    driver.message("joe", "email", topic="order")
    assert _state(driver, "in2") == "QUEUED"
    driver.run(c.TransferInteraction("in1", "ana", "german"), 1)
    assert _state(driver, "in2") == "LINKED", "but what is given back to the queues is one"


# One answer


def test_one_answer_is_the_answer_to_all() -> None:
    driver = _waiting("voice", "chat", "email", pointer="We have answered you on the phone.")
    driver.sign_in("ana")
    driver.accept()
    driver.run(c.FinishInteraction("in1", "ana", "resolved"), 5)
    assert [event.interaction for event in driver.events(e.QuestionAnswered)] == ["in2", "in3"]
    assert {_state(driver, name) for name in ("in2", "in3")} == {"MERGED"}
    told = [event for event in driver.events(e.DeliveryPlanned) if event.topic == "pointer"]
    assert [(event.channel, event.interaction) for event in told] == [("chat", "in2"), ("email", "in3")]
    driver.run(c.FinishWrapUp("in1", "ana"), 1)
    assert driver.engine.view.cases.cases["ca1"].state == "RESOLVED"
    assert driver.engine.view.engagements.members == {}


def test_nothing_is_told_where_the_plan_has_no_words_for_it_or_nobody_reads() -> None:
    driver = _waiting("chat", "email")
    driver.sign_in("ana")
    driver.accept()
    driver.run(c.FinishInteraction("in1", "ana"), 5)
    assert not driver.events(e.DeliveryPlanned)
    driver = _waiting("email", "voice", pointer="We have answered you by mail.")
    driver.run(c.UnlinkQuestion("in1"), 1)
    driver.run(c.LinkQuestion("in2", "in1"), 1)
    driver.sign_in("ana")
    driver.accept()
    driver.run(c.FinishInteraction("in1", "ana"), 5)
    assert _state(driver, "in2") == "MERGED"
    assert not driver.events(e.DeliveryPlanned)


def test_an_answer_that_was_given_elsewhere_counts_as_well() -> None:
    driver = _waiting("chat", "email")
    driver.run(_recorded("chat"), 1)
    assert (_state(driver, "in1"), _state(driver, "in2")) == ("DONE", "MERGED")


# No answer


@pytest.mark.parametrize("end", [c.LeaveContact("in1"), c.CancelInteraction("in1", "nobody there")])
def test_without_an_answer_what_was_linked_waits_again_once_with_its_age(end: c.Command) -> None:
    driver = _waiting("voice", "chat", "email")
    assert {_to(driver, "in2"), _to(driver, "in3")} == {"in1"}
    driver.run(end, 60)
    again = driver.last(e.InteractionQueued)
    assert (again.interaction, again.reason) == ("in2", "unlinked")
    assert again.start_us == driver.events(e.InteractionQueued)[0].start_us
    assert (_state(driver, "in2"), _to(driver, "in3")) == ("QUEUED", "in2")


def test_what_cannot_wait_again_takes_nobody_with_it() -> None:
    queues = {**plan().queues, "care": attrs.evolve(plan().queues["care"], when_closed="turn_away")}
    driver = Driver(plan(queues=queues))
    driver.call("joe", topic="order")
    driver.message("joe", "chat", topic="order")
    driver.message("joe", "email", topic="order")
    driver.run(c.CloseQueue("care", "fire drill"), 1)
    driver.advance(1)
    assert (_state(driver, "in1"), _state(driver, "in2")) == ("DEFLECTED", "DEFLECTED")
    assert _state(driver, "in3") == "QUEUED"


def test_who_leaves_where_they_wait_for_another_answer_has_given_up_nothing() -> None:
    driver = _waiting("voice", "chat")
    assert driver.run(c.LeaveContact("in2"), 1).events == [e.InteractionDone("in2", "cu1", "left_linked", None)]
    assert not driver.events(e.InteractionAbandoned)


def test_what_is_linked_may_be_canceled_or_answered_where_it_was_asked() -> None:
    driver = _waiting("voice", "email", "chat")
    driver.run(c.CancelInteraction("in3", "spam"), 1)
    assert _state(driver, "in3") == "CANCELED"
    driver.run(_recorded("email"), 1)
    assert _state(driver, "in2") == "DONE"
    assert driver.engine.view.engagements.linked == {}


# By hand


def test_an_agent_links_what_asks_the_same_as_what_they_answer() -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.answered("joe", "voice", topic="order")
    driver.message("joe", "email", topic="bill")
    driver.run(c.LinkQuestion("in2", "in1", actor="agent:ana"), 1)
    assert driver.last(e.QuestionLinked).by == "asked"
    driver.run(c.FinishInteraction("in1", "ana"), 1)
    assert _state(driver, "in2") == "MERGED"


def test_what_was_linked_goes_along() -> None:
    driver = _waiting("chat", "email")
    driver.call("joe", "voice", topic="bill")
    driver.run(c.LinkQuestion("in1", "in3"), 1)
    assert {_to(driver, "in1"), _to(driver, "in2")} == {"in3"}


def test_people_say_that_it_is_another_question_and_it_stays_so() -> None:
    driver = _waiting("chat", "email")
    driver.run(c.UnlinkQuestion("in2", actor="operator:kim"), 1)
    assert (_state(driver, "in1"), _state(driver, "in2")) == ("QUEUED", "QUEUED")
    driver.call("joe", "voice", topic="order")
    assert (_to(driver, "in2"), _to(driver, "in3")) == (None, "in1")


def test_what_is_not_so_is_refused() -> None:
    driver = _waiting("chat", "email")
    driver.message("zoe", "email")
    driver.refuse(c.UnlinkQuestion("in1"), NotAllowedInState, state="QUEUED")
    driver.refuse(c.LinkQuestion("in2", "in1"), NotAllowedInState, state="LINKED")
    driver.refuse(c.LinkQuestion("in1", "in2"), NotAllowedInState, state="LINKED")
    driver.refuse(c.LinkQuestion("in1", "in3"), InvalidCommand, field="to")
    driver.refuse(c.LinkQuestion("in1", "in1"), InvalidCommand, field="to")
    driver.run(c.CancelInteraction("in3", "spam"), 1)
    driver.refuse(c.LinkQuestion("in1", "in3"), NotAllowedInState, state="CANCELED")


def test_a_text_that_says_nothing_is_a_fault_of_the_plan() -> None:
    faults = plan(engagements=Engagements(pointer="")).faults()
    assert "engagements.pointer" in [fault.path for fault in faults]


# When it turns out who they are


def test_who_turns_out_to_be_two_waits_for_two_answers() -> None:
    driver = _waiting("chat")
    driver.message("jm", "email", topic="bill")
    driver.run(c.MergeCustomers("cu1", "cu2", "told"), 1)
    driver.run(c.LinkQuestion("in2", "in1"), 1)
    driver.run(c.SplitCustomers("li1", "two"), 1)
    assert driver.last(e.QuestionUnlinked).reason == "split"
    assert (_state(driver, "in1"), _state(driver, "in2")) == ("QUEUED", "QUEUED")


def test_all_of_it_is_rebuilt() -> None:
    driver = _waiting("chat", "email", "voice")
    driver.run(c.UnlinkQuestion("in2"), 1)
    mine, theirs = driver.engine.view.engagements, driver.reloaded().view.engagements
    assert (mine.linked, mine._linked_to) == (theirs.linked, theirs._linked_to)
    assert driver.replayed().state_hash() == driver.engine.state_hash()
    assert driver.engine.now_us % SECOND == 0


def test_who_comes_while_another_is_being_connected_holds_no_second_place_when_that_comes_to_nothing() -> None:
    of = plan()
    voice = attrs.evolve(of.channels["voice"], connects=timedelta(seconds=20))
    driver = Driver(attrs.evolve(of, channels={**of.channels, "voice": voice}))
    driver.sign_in("ana")
    driver.call("joe", "voice", topic="order")
    driver.accept()
    assert _state(driver, "in1") == "CONNECTING"
    driver.message("joe", "email", topic="order")
    driver.run(c.SetAway("ana", "lunch"))
    assert (_state(driver, "in1"), _to(driver, "in2")) == ("QUEUED", "in1")


def test_who_turn_out_to_be_one_hold_one_place_in_the_case_of_another() -> None:
    driver = Driver()
    driver.message("joe", "chat", thread=thread("t1"))
    driver.run(c.CancelInteraction("in1", "seen to"), 1)
    driver.sign_in("ana")
    driver.answered("jan", "voice", reply_case="ca1")
    driver.message("jane", "chat", thread=thread("t2"), reply_case="ca1")
    driver.message("jan", "email", thread=thread("t3"), reply_case="ca1")
    assert [_state(driver, name) for name in ("in3", "in4")] == ["QUEUED", "QUEUED"]
    driver.run(c.MergeCustomers("cu2", "cu3", "told"), 1)
    assert (_state(driver, "in3"), _to(driver, "in4")) == ("QUEUED", "in3")


def test_what_is_parted_and_turned_away_at_once_is_in_touch_no_more() -> None:
    """The chat was to be answered with the call; as a matter of its own it would wait in a queue that has closed."""
    first = plan()
    care = attrs.evolve(first.queues["care"], when_closed="turn_away")
    driver = Driver(plan(queues={**first.queues, "care": care}))
    driver.sign_in("ana")
    call = driver.call("joe", "voice", topic="order")
    driver.message("joe", "chat", topic="order")
    driver.accept(driver.events(e.OfferMade)[0])
    driver.run(c.CloseQueue("care", "fire"), 1)
    assert (_state(driver, "in1"), _state(driver, "in2")) == ("ACTIVE", "LINKED")
    driver.run(c.SplitCase(call.case.id, "two matters", ["in2"]), 1)
    assert driver.last(e.InteractionDeflected).interaction == "in2"
    assert list(driver.engine.view.engagements.members) == ["in1"]
