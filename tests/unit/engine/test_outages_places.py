"""A channel goes down while one matter waits on two: the contact that can be answered has the place."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest
from tests.engine_driver import Driver, plan

from orchestra.model import commands as c, events as e
from orchestra.model.engagements import Engagements
from orchestra.model.plan import Plan


def _waiting(*channels: str, who: str = "joe", driver: Driver | None = None, of: Plan | None = None) -> Driver:
    """Somebody comes on these channels about their order, and nobody is at work."""
    driver = driver or Driver(of or plan(engagements=Engagements(channel_down=None)))
    for channel in channels:
        if channel == "voice":
            driver.call(who, channel, topic="order")
        else:
            driver.message(who, channel, topic="order")
    return driver


def _report(driver: Driver, channel: str, state: str = "down", reason: str = "no answer") -> None:
    driver.run(c.ReportChannel(channel, "main", state, reason), 1)
    driver.advance(1)


def _states(driver: Driver) -> dict[str, str]:
    return {name: row.state for name, row in driver.engine.view.contacts.interactions.items()}


def test_the_contact_on_a_channel_that_is_up_has_the_place() -> None:
    driver = _waiting("chat", "email")
    assert _states(driver) == {"in1": "QUEUED", "in2": "LINKED"}
    start_us = driver.engine.view.routing.items["in1"].start_us
    _report(driver, "chat")
    assert _states(driver) == {"in1": "LINKED", "in2": "QUEUED"}
    assert driver.last(e.QuestionUnlinked).reason == "channel down"
    assert (driver.last(e.QuestionLinked).interaction, driver.last(e.QuestionLinked).to) == ("in1", "in2")
    assert driver.engine.view.routing.items["in2"].start_us == start_us, "it costs nobody their place"
    for engine in (driver.replayed(), driver.reloaded()):
        assert engine.state_hash() == driver.engine.state_hash()


def test_its_answer_is_the_answer_to_both() -> None:
    driver = _waiting("chat", "email")
    _report(driver, "chat")
    driver.sign_in("ana")
    driver.accept()
    driver.run(c.FinishInteraction("in2", "ana", "resolved"), 5)
    assert _states(driver)["in1"] == "MERGED"


def test_the_place_is_not_given_back_when_it_is_up_again_and_is_when_the_other_is_down() -> None:
    driver = _waiting("chat", "email")
    _report(driver, "chat")
    _report(driver, "chat", "up")
    assert _states(driver) == {"in1": "LINKED", "in2": "QUEUED"}
    _report(driver, "email")
    assert _states(driver) == {"in1": "QUEUED", "in2": "LINKED"}


@pytest.mark.parametrize("others", [["email"], []])
def test_where_all_is_down_nothing_changes(others: list[str]) -> None:
    driver = _waiting("chat", *others)
    before = _states(driver)
    for channel in others:
        _report(driver, channel)
    _report(driver, "chat")
    assert _states(driver) == before
    assert not driver.events(e.QuestionUnlinked)


def test_of_several_the_one_that_is_answered_first_has_it_and_the_others_go_along() -> None:
    channels = {**plan().channels, "letter": attrs.evolve(plan().channels["email"])}
    driver = _waiting("voice", "letter", "email", "chat", of=plan(channels=channels))
    assert _states(driver)["in1"] == "QUEUED"
    _report(driver, "letter")
    _report(driver, "voice")
    assert _states(driver) == {"in1": "LINKED", "in2": "LINKED", "in3": "LINKED", "in4": "QUEUED"}
    assert driver.engine.view.engagements.linked_to("in4") == ["in1", "in2", "in3"], "somebody waits in the chat"


def test_what_rings_gives_its_place_and_what_is_being_connected_does_not() -> None:
    channels = {**plan().channels, "chat": attrs.evolve(plan().channels["chat"], connects=timedelta(seconds=20))}
    for is_connecting in (False, True):
        driver = Driver(plan(channels=channels))
        driver.sign_in("ana")
        _waiting("chat", "email", driver=driver)
        if is_connecting:
            driver.accept(driver.events(e.OfferMade)[0])
        _report(driver, "chat")
        assert _states(driver) == (
            {"in1": "CONNECTING", "in2": "LINKED"} if is_connecting else {"in1": "LINKED", "in2": "OFFERED"}
        )
        assert [made.interaction for made in driver.pending()] == ([] if is_connecting else ["in2"])


def test_whoever_an_agent_has_in_hand_stays_there() -> None:
    driver = Driver()
    driver.sign_in("ana")
    _waiting("chat", "email", driver=driver)
    driver.accept(driver.events(e.OfferMade)[0])
    _report(driver, "chat")
    assert _states(driver) == {"in1": "ACTIVE", "in2": "LINKED"}


def test_what_people_linked_stays_linked() -> None:
    driver = Driver()
    driver.message("joe", "chat", topic="order")
    driver.message("joe", "email", topic="bill")
    driver.run(c.LinkQuestion("in2", "in1"), 1)
    _report(driver, "chat")
    assert _states(driver) == {"in1": "LINKED", "in2": "QUEUED"}
    assert driver.last(e.QuestionLinked).by == "asked"


def test_nothing_goes_to_a_queue_that_is_closed() -> None:
    """Who is on the line there would be turned away."""
    for is_closed in (False, True):
        driver = Driver()
        driver.sign_in("ana")
        _waiting("email", "voice", driver=driver)
        assert _states(driver) == {"in1": "OFFERED", "in2": "LINKED"}
        if is_closed:
            driver.run(c.CloseQueue("care", "fire"))
        _report(driver, "email")
        assert _states(driver)["in2"] == ("LINKED" if is_closed else "OFFERED")


def test_somebody_who_holds_a_place_elsewhere_is_not_invited_as_well() -> None:
    driver = _waiting("chat", "email", of=plan(engagements=Engagements(channel_down="Please go on here: {token}")))
    _report(driver, "chat")
    assert driver.events(e.InvitationMade) == []
    told = driver.last(e.OutageTold)
    assert (told.invited, told.is_done) == (0, True)


def test_without_a_text_those_who_wait_once_are_not_looked_at() -> None:
    driver = _waiting("chat", "email")
    driver.message("ann", "chat", topic="bill")
    _report(driver, "chat")
    assert [event.is_done for event in driver.events(e.OutageTold)] == [True]
    assert _states(driver)["in3"] == "QUEUED"


def test_very_many_give_their_places_in_slices() -> None:
    driver = Driver(plan())
    for number in range(11):
        _waiting("chat", "email", who=f"p{number}", driver=driver)
    _report(driver, "chat")
    driver.advance(1)
    assert {*_states(driver).values()} == {"LINKED", "QUEUED"}
    contacts = driver.engine.view.contacts.interactions
    assert {row.channel for row in contacts.values() if row.state == "QUEUED"} == {"email"}
    assert [event.is_done for event in driver.events(e.OutageTold)] == [False, False, True]


def test_what_is_answered_sooner_elsewhere_takes_along_what_people_had_linked() -> None:
    """The mail's place is the chat's as soon as it has one again: the call goes where the mail went."""
    pairs = {"voice": {"email": "separate", "chat": "separate"}}
    driver = _waiting("voice", "email", of=plan(engagements=Engagements(channel_down=None, pairs=pairs)))
    driver.run(c.LinkQuestion("in2", "in1"), 1)
    _waiting("chat", driver=driver)
    assert _states(driver) == {"in1": "QUEUED", "in2": "LINKED", "in3": "QUEUED"}
    _report(driver, "voice")
    assert _states(driver) == {"in1": "LINKED", "in2": "LINKED", "in3": "QUEUED"}
    assert driver.engine.view.engagements.linked_to("in3") == ["in1", "in2"]
