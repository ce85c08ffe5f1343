"""A second contact that waits until the lead is done with the first: its age, its deadline, and who has it then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import MINUTE, Driver, person, plan, thread

from orchestra.errors import NotAllowedInState
from orchestra.model import commands as c, events as e
from orchestra.model.engagements import Engagements, check_engagements
from orchestra.model.routing import Step
from orchestra.runtime.history.waiting import why_waiting
from orchestra.runtime.views import engagement_view

PAIRS = {"voice": {"chat": "defer", "email": "defer"}, "chat": {"chat": "defer"}}
LIMIT = timedelta(minutes=5)


def _driver(pairs: dict[str, dict[str, str]] = PAIRS, **parts: Any) -> Driver:
    return Driver(plan(engagements=Engagements(pairs, defer_for=LIMIT, **parts)))


def _on_the_phone(*agents: str, **parts: Any) -> Driver:
    """Joe talks with Ana about his order; the others have signed in after her."""
    driver = _driver(**parts)
    driver.sign_in("ana")
    driver.answered("joe", "voice", topic="order")
    driver.sign_in(*agents)
    return driver


def _chats(driver: Driver, text: str = "hello") -> str:
    return str(driver.message("joe", "chat", topic="order", text=text).interaction)


def _state(driver: Driver, interaction: str) -> str:
    return driver.engine.view.contacts.interactions[interaction].state


def _finish(driver: Driver, after: float = 1) -> None:
    driver.run(c.FinishInteraction("in1", "ana", "resolved"), after)


def _deferred(driver: Driver) -> dict[str, str]:
    return {name: row.to for name, row in driver.engine.view.engagements.deferred.items()}


def test_it_waits_though_others_have_nothing_to_do() -> None:
    driver = _on_the_phone("bob")
    chat = _chats(driver)
    told = driver.last(e.ContactDeferred)
    assert (told.interaction, told.to, told.until_us) == (chat, "in1", driver.engine.now_us + 5 * MINUTE)
    assert (_state(driver, chat), driver.pending()) == ("DEFERRED", [])
    assert driver.engine.view.engagements.members[chat].mode == "defer"


def test_the_lead_has_it_once_they_are_done_with_the_first() -> None:
    driver = _on_the_phone("bob")
    chat = _chats(driver)
    queued_us = driver.last(e.InteractionQueued).start_us
    driver.advance(120)
    _finish(driver)
    assert _state(driver, chat) == "DEFERRED", "Ana still wraps up"
    driver.advance(10)
    ended, queued = driver.last(e.DeferralEnded), driver.last(e.InteractionQueued)
    assert (ended.reason, ended.agent) == ("lead_done", "ana")
    assert (queued.reason, queued.start_us) == ("deferral_over", queued_us), "it is as old as it was"
    assert driver.last(e.OfferMade).agent == "ana", "Bob has been idle for longer"
    assert not driver.last(e.OfferMade).leads, "but nobody talks with Joe now"
    driver.accept()
    assert _state(driver, chat) == "ACTIVE"


def test_a_lead_who_declines_is_one_of_many() -> None:
    driver = _on_the_phone("bob")
    _chats(driver)
    _finish(driver)
    driver.advance(10)
    driver.decline()
    assert driver.last(e.OfferMade).agent == "bob"


def test_a_lead_who_is_gone_is_not_waited_for() -> None:
    driver = _on_the_phone("bob")
    chat = _chats(driver)
    _finish(driver)
    driver.run(c.SignOut("ana"), 1)
    assert driver.last(e.OfferMade).agent == "bob"
    assert _state(driver, chat) == "OFFERED"


def test_at_the_deadline_it_is_routed_as_any_other() -> None:
    driver = _on_the_phone("bob")
    chat = _chats(driver)
    driver.advance(299)
    assert _state(driver, chat) == "DEFERRED"
    driver.advance(1)
    assert (driver.last(e.DeferralEnded).reason, driver.last(e.DeferralEnded).agent) == ("too_long", None)
    assert driver.last(e.OfferMade).agent == "bob"
    driver.decline()
    assert [event.reason for event in driver.events(e.InteractionQueued)][-1] == "declined"
    assert len(driver.events(e.ContactDeferred)) == 1, "nothing is deferred twice"


def test_who_waits_for_nobody_in_particular_waits_for_the_first_contact() -> None:
    driver = _driver()
    driver.call("joe", "voice", topic="order")
    chat = _chats(driver)
    assert _deferred(driver) == {chat: "in1"}
    driver.run(c.LeaveContact("in1"), 1)
    assert (driver.last(e.DeferralEnded).agent, _state(driver, chat)) == (None, "QUEUED")


@pytest.mark.parametrize("after", ["abandoned", "canceled"])
def test_however_the_first_one_ends(after: str) -> None:
    driver = _driver()
    driver.call("joe", "voice", topic="order")
    chat = _chats(driver)
    driver.run(c.LeaveContact("in1") if after == "abandoned" else c.CancelInteraction("in1", "wrong number"), 1)
    assert _state(driver, chat) == "QUEUED"
    assert driver.engine.view.timers.get("engagements.defer", chat) is None


def test_another_case_another_pair_and_another_order_are_not_deferred() -> None:
    driver = _on_the_phone("bob")
    driver.message("joe", "chat", topic="bill")
    assert driver.last(e.EngagementJoined).mode == "separate"
    other = _driver()
    other.message("joe", "chat", topic="order")
    other.call("joe", "voice", topic="order")
    assert other.last(e.EngagementJoined).mode == "together"
    assert not driver.events(e.ContactDeferred)
    assert not other.events(e.ContactDeferred)


def test_together_goes_before_to_defer() -> None:
    driver = _on_the_phone("bob", pairs={"voice": {"email": "defer"}})
    driver.message("joe", "chat", topic="order")
    driver.message("joe", "email", topic="order")
    assert driver.last(e.EngagementJoined).mode == "together"
    assert not driver.events(e.ContactDeferred)


def test_what_is_deferred_is_waited_for_by_nobody() -> None:
    driver = _on_the_phone("bob")
    chat = _chats(driver)
    mail = driver.message("joe", "email", topic="order").interaction
    assert driver.engine.view.engagements.members[mail].mode == "together", "with the chat"
    assert _deferred(driver) == {chat: "in1"}


def test_the_customer_is_told_once_where_they_wrote() -> None:
    driver = _on_the_phone(deferred="In a moment.")
    _chats(driver)
    driver.message("joe", "chat", topic="order", text="still there?")
    assert [(one.text, one.agent) for one in driver.events(e.MessageWritten)] == [("In a moment.", None)]
    planned = driver.last(e.DeliveryPlanned)
    assert (planned.topic, planned.channel, planned.automatic) == ("deferred", "chat", True)
    assert driver.events(e.DeliveryPermitted), "it leaves while they talk: it answers what they have just done"


def test_nothing_is_told_without_a_text() -> None:
    driver = _on_the_phone()
    _chats(driver)
    assert not driver.events(e.MessageWritten)


def test_whoever_is_told_nothing_since_they_called_is_told_nothing() -> None:
    driver = _driver({"chat": {"voice": "defer"}}, deferred="In a moment.")
    driver.sign_in("ana")
    driver.answered("joe", "chat", topic="order")
    driver.call("joe", "voice", topic="order")
    assert driver.events(e.ContactDeferred)
    assert not driver.events(e.MessageWritten)


def test_the_customer_may_leave() -> None:
    driver = _on_the_phone()
    chat = _chats(driver)
    driver.advance(30)
    driver.run(c.LeaveContact(chat), 1)
    assert _state(driver, chat) == "ABANDONED"
    assert _deferred(driver) == {}
    _finish(driver)
    driver.advance(600)
    assert not driver.events(e.DeferralEnded)


def test_it_may_be_canceled() -> None:
    driver = _on_the_phone()
    chat = _chats(driver)
    driver.run(c.CancelInteraction(chat, "spam"), 1)
    assert (_state(driver, chat), _deferred(driver)) == ("CANCELED", {})


def test_the_lead_may_take_it_as_the_same_question() -> None:
    driver = _on_the_phone()
    chat = _chats(driver)
    driver.run(c.LinkQuestion(chat, "in1", actor="agent:ana"), 1)
    assert (_state(driver, chat), _deferred(driver)) == ("LINKED", {})
    _finish(driver)
    assert _state(driver, chat) == "MERGED"


def test_what_is_linked_no_more_waits_in_its_queue() -> None:
    driver = _on_the_phone("bob")
    chat = _chats(driver)
    driver.run(c.LinkQuestion(chat, "in1"), 1)
    driver.run(c.UnlinkQuestion(chat), 1)
    assert _state(driver, chat) == "OFFERED"


def test_a_first_contact_that_is_answered_with_another_one() -> None:
    driver = _driver()
    driver.sign_in("ana")
    driver.answered("joe", "email", topic="bill")
    driver.run(c.SetAway("ana", "break"), 1)
    driver.call("joe", "voice", topic="order")
    chat = _chats(driver)
    driver.run(c.LinkQuestion("in2", "in1"), 1)
    assert _deferred(driver) == {chat: "in2"}
    _finish(driver)
    assert driver.last(e.DeferralEnded).agent == "ana", "who answered it"


def test_an_answer_given_elsewhere_is_the_end_of_it() -> None:
    driver = _on_the_phone()
    chat = _chats(driver)
    driver.run(c.RecordReply("chat", "main", "r1", person("joe"), agent="eve"), 1)
    assert (_state(driver, chat), _deferred(driver)) == ("DONE", {})


def test_no_agent_may_finish_what_nobody_has() -> None:
    driver = _on_the_phone()
    chat = _chats(driver)
    driver.refuse(c.FinishInteraction(chat, "ana", "resolved"), NotAllowedInState)
    assert _state(driver, chat) == "DEFERRED"


def test_what_turns_out_to_be_another_matter_waits_no_longer() -> None:
    driver = _on_the_phone("bob")
    chat = _chats(driver)
    other = driver.message("zoe", "email", topic="bill").case
    driver.run(c.MoveInteraction(chat, other.id, "about that"), 1)
    assert driver.last(e.DeferralEnded).reason == "another matter"
    assert _state(driver, chat) == "OFFERED"


def test_when_the_first_one_turns_out_to_be_another_matter() -> None:
    driver = _on_the_phone("bob")
    chat = _chats(driver)
    other = driver.message("zoe", "email", topic="bill").case
    driver.run(c.MoveInteraction("in1", other.id, "about that"), 1)
    assert (driver.last(e.DeferralEnded).reason, _deferred(driver)) == ("another matter", {})
    assert _state(driver, chat) in ("QUEUED", "OFFERED")


def test_a_bot_is_not_asked_first_for_having_had_it() -> None:
    driver = _driver({"chat": {"chat": "defer"}})
    driver.run(c.DefineAgent("rob", ["care"], {}, kind="bot"), 1)
    driver.sign_in("rob")
    driver.answered("joe", "chat", topic="order")
    other = driver.message("joe", "chat", topic="order", thread=thread("b")).interaction
    assert _deferred(driver) == {other: "in1"}
    driver.run(c.FinishInteraction("in1", "rob", "resolved"), 1)
    driver.advance(30)
    assert driver.last(e.DeferralEnded).agent is None


def test_very_many_are_not_put_off_at_once() -> None:
    driver = _driver({"chat": {"chat": "defer"}})
    driver.sign_in("ana")
    driver.answered("joe", "chat", topic="order", thread=thread("a"))
    for number in range(55):
        driver.message("joe", "chat", 0, topic="order", thread=thread(f"t{number}"))
    assert len(_deferred(driver)) == 50
    _finish(driver)
    assert (_deferred(driver), len(driver.events(e.DeferralEnded))) == ({}, 50), "in one batch, which is not too long"


def test_it_is_told_why_it_waits() -> None:
    driver = _on_the_phone("bob")
    chat = _chats(driver)
    view = driver.engine.view
    waiting = why_waiting(view, chat)
    assert waiting is not None
    assert (waiting.reason, waiting.behind, waiting.place) == ("deferred", "in1", 0)
    assert waiting.sentence == "it waits until in1 is over"
    assert waiting.able == 2
    engagement = engagement_view(view, "cu1")
    assert engagement is not None
    assert (engagement.deferred, engagement.members[chat]) == ({chat: "in1"}, "defer")


def test_both_engines_agree_about_what_waits() -> None:
    driver = _on_the_phone("bob", deferred="In a moment.")
    chat = _chats(driver)
    for engine in (driver.replayed(), driver.reloaded()):
        assert engine.state_hash() == driver.engine.state_hash()
        assert engine.view.engagements.deferred_to("in1") == [chat]


def test_a_plan_says_how_long() -> None:
    faults = check_engagements(Engagements({"voice": {"chat": "later"}}, defer_for=timedelta(), deferred=""))
    assert [(fault.path, fault.message) for fault in faults] == [
        ("engagements.defer_for", "must be above 0"),
        ("engagements.deferred", "must not be empty: leave it out to tell nothing"),
        ("engagements.pairs.voice.chat", "must be one of together, link, defer, separate"),
    ]


def test_someone_who_is_two_people_waits_for_nobody_else() -> None:
    driver = _driver()
    driver.sign_in("ana")
    driver.answered("joe", "voice", topic="order")
    driver.message("jim", "chat", topic="bill")
    link = driver.run(c.MergeCustomers("cu1", "cu2", "told", actor="operator:kim"), 1).result
    view = driver.engine.view
    cases = sorted(view.cases.cases)
    driver.run(c.LeaveContact("in2"), 1)
    driver.run(c.MergeCases(cases[1], cases[0], "the same"), 1)
    chat = driver.message("jim", "chat", topic="order").interaction
    assert chat in _deferred(driver), link
    links = driver.events(e.CustomersMerged)
    driver.run(c.SplitCustomers(links[0].link, "two", actor="operator:kim"), 1)
    assert (driver.last(e.DeferralEnded).reason, _deferred(driver)) == ("split", {})


def test_when_the_two_go_together_after_all() -> None:
    driver = _driver({"voice": {"chat": "defer"}})
    driver.sign_in("ana", "bob")
    mail = driver.message("joe", "email", topic="bill")
    driver.answered("joe", "voice", topic="order")
    chat = driver.message("joe", "chat", topic="order")
    assert _deferred(driver) == {chat.interaction: "in2"}
    driver.run(c.MoveInteraction(mail.interaction, chat.case.id, "the same"), 1)
    assert driver.last(e.EngagementModeChanged).mode == "together"
    assert (driver.last(e.DeferralEnded).reason, _deferred(driver)) == ("goes another way", {})


def test_who_has_waited_for_longer_is_asked_for_first() -> None:
    driver = _on_the_phone()
    jim = driver.message("jim", "chat", topic="bill").interaction
    chat = _chats(driver)
    _finish(driver)
    driver.advance(10)
    assert [event.interaction for event in driver.events(e.OfferMade)] == ["in1", jim, chat]


def test_so_it_is_where_wrapping_up_leaves_room_at_once() -> None:
    base = plan(engagements=Engagements(PAIRS, defer_for=LIMIT))
    mail = attrs.evolve(base.channels["email"], weight_percent=100, wrap_up=timedelta(minutes=1), wrap_up_percent=0)
    driver = Driver(attrs.evolve(base, channels={**base.channels, "email": mail}))
    driver.sign_in("ana")
    driver.answered("joe", "email", topic="bill")
    driver.run(c.SetAway("ana", "break"), 1)
    driver.call("joe", "voice", topic="order")
    jim = driver.message("jim", "chat", topic="bill").interaction
    chat = _chats(driver)
    driver.run(c.LinkQuestion("in2", "in1"), 1)
    driver.run(c.SetAvailable("ana"), 1)
    assert (_deferred(driver), driver.pending()) == ({chat: "in2"}, [])
    _finish(driver)
    assert [event.interaction for event in driver.events(e.OfferMade)][1:] == [jim, chat]


def _overflowing() -> Driver:
    """Joe waits in a chat about his bill, and in one about his order, which moves on after ten seconds."""
    first = plan(engagements=Engagements(PAIRS, defer_for=LIMIT))
    care = attrs.evolve(first.queues["care"], steps=(Step(lasts=timedelta(seconds=10)),), overflow_to="sales")
    driver = Driver(attrs.evolve(first, queues={**first.queues, "care": care}))
    driver.message("joe", "chat", topic="bill", queue="sales")
    driver.message("joe", "chat", topic="order", account="second", after=0)
    # As if what it was to wait for when it came had been waiting itself.
    driver.engine.view.engagements.members["in2"].mode = "defer"
    return driver


def test_what_moves_on_does_not_wait_for_what_waits_for_its_answer() -> None:
    driver = _overflowing()
    call = driver.call("joe", topic="order", after=0).interaction
    assert driver.engine.view.engagements.linked == {call: "in2"}
    driver.advance(10)
    assert driver.last(e.InteractionQueued).reason == "overflowed"
    assert _state(driver, "in2") == "QUEUED"


def test_what_moves_on_does_not_wait_once_others_wait_for_it() -> None:
    driver = _overflowing()
    later = driver.message("joe", "chat", topic="order", account="third", after=0).interaction
    assert _deferred(driver) == {later: "in2"}
    call = driver.call("joe", topic="order", after=0).interaction
    driver.run(c.UnlinkQuestion(call))
    assert _state(driver, call) == "QUEUED"
    driver.advance(10)
    assert driver.last(e.InteractionQueued).reason == "overflowed"
    assert _deferred(driver) == {later: "in2"}
