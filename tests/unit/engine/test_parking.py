"""Work that is parked while its agent is gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
from tests.engine_driver import MINUTE, SECOND, Driver, person, plan
from tests.invariants import WatchedEngine, check_liveness, check_rebuilt

from orchestra.engine.routing.rows import PARK
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Channel


def centre(*agents: str, **parts: Any) -> Driver:
    """A centre that parks mails for ten minutes, and calls that nobody is left to have, too."""
    first = plan()
    park = {"on_agent_lost": "park", "park_for": timedelta(minutes=10)}
    channels = {
        **first.channels,
        "email": attrs.evolve(first.channels["email"], **park),
        "voice": attrs.evolve(first.channels["voice"], interrupts=["email"], **park),
        "task": Channel(work=True, **park),
        **parts,
    }
    driver = Driver(plan(channels=channels), engine=WatchedEngine())
    driver.sign_in(*(agents or ("ana",)))
    return driver


def rebuilt(driver: Driver) -> None:
    """All holds, after a rebuild too."""
    driver.advance(0)
    check_liveness(driver.engine)
    check_rebuilt(driver.engine, driver.reloaded())
    check_rebuilt(driver.engine, driver.replayed(is_blanked=True))


def test_it_is_parked_when_its_agent_signs_out_and_goes_on_when_they_come_back() -> None:
    driver = centre()
    got = driver.answered("joe", "email")
    driver.run(c.SignOut("ana"))
    assert driver.last(e.InteractionParked) == e.InteractionParked("in1", "cu1", "ana", driver.now_us + 10 * MINUTE)
    assert (driver.state(got), driver.agent_of(got)) == ("PARKED", "ana")
    rebuilt(driver)
    driver.sign_in("bob")
    assert driver.offered() == {}, "it waits for her alone"
    driver.sign_in("ana")
    assert driver.last(e.InteractionResumed) == e.InteractionResumed("in1", "cu1", "ana")
    assert (driver.state(got), driver.engine.view.timers.get(PARK, "in1")) == ("ACTIVE", None)
    assert driver.engine.view.routing.benches["ana"].used_percent == 20
    rebuilt(driver)


def test_it_is_parked_when_its_agent_is_lost() -> None:
    driver = centre()
    got = driver.answered("joe", "email")
    driver.run(c.HoldInteraction("in1", "ana"))
    driver.run(c.LoseDevice("ana", "main"))
    driver.advance(60)
    assert driver.state(got) == "PARKED"
    driver.sign_in("ana")
    driver.run(c.SignIn("ana", "phone"))
    assert (driver.state(got), len(driver.events(e.InteractionResumed))) == ("ACTIVE", 1)


def test_after_its_time_it_waits_for_anybody_with_its_place() -> None:
    driver = centre()
    driver.answered("joe", "email")
    driver.run(c.SignOut("ana"))
    driver.message("jim", "email")
    driver.advance(10 * 60)
    queued = driver.last(e.InteractionQueued)
    assert (queued.interaction, queued.reason) == ("in1", "parked_too_long")
    first = driver.events(e.InteractionQueued)[0]
    assert (queued.start_us, queued.order) == (first.start_us, first.order)
    rebuilt(driver)
    driver.sign_in("bob")
    assert [made.interaction for made in driver.events(e.OfferMade)[-2:]] == ["in1", "in2"]


def test_when_the_customer_writes_it_waits_for_anybody() -> None:
    driver = centre()
    got = driver.answered("joe", "email")
    driver.run(c.SignOut("ana"))
    driver.sign_in("bob")
    driver.message("joe", "email")
    assert driver.last(e.InteractionQueued).reason == "customer_wrote"
    assert driver.offered() == {got.interaction: "bob"}
    driver.message("joe", "email")
    assert driver.events(e.InteractionQueued)[-1].reason == "customer_wrote"
    assert len(driver.events(e.InteractionQueued)) == 2, "it waits by now"
    rebuilt(driver)


def test_several_are_gone_on_with_in_order() -> None:
    driver = centre()
    driver.answered("joe", "email")
    driver.answered("jim", "email")
    driver.run(c.SignOut("ana"))
    driver.sign_in("ana")
    assert [event.interaction for event in driver.events(e.InteractionResumed)] == ["in1", "in2"]


def test_what_was_put_aside_stays_so_until_there_is_room() -> None:
    driver = centre()
    mail = driver.answered("joe", "email")
    call = driver.answered("jim", "voice")
    assert driver.state(mail) == "PARKED"
    driver.run(c.SignOut("ana"))
    assert [event.interaction for event in driver.events(e.InteractionParked)] == ["in1", "in2"]
    rebuilt(driver)
    driver.sign_in("ana")
    assert (driver.state(mail), driver.state(call)) == ("PARKED", "ACTIVE"), "she goes on with the call first"
    assert driver.engine.view.timers.get(PARK, "in1") is None
    rebuilt(driver)
    driver.run(c.FinishInteraction("in2", "ana"))
    driver.run(c.FinishWrapUp("in2", "ana"))
    assert driver.state(mail) == "ACTIVE"
    assert driver.engine.view.routing.benches["ana"].used_percent == 20


def test_what_was_put_aside_for_something_that_is_over_goes_on_too() -> None:
    driver = centre()
    mail = driver.answered("joe", "email")
    driver.answered("jim", "voice")
    driver.run(c.SignOut("ana"))
    driver.run(c.LeaveContact("in2"))
    driver.advance(10)
    driver.sign_in("ana")
    assert driver.state(mail) == "ACTIVE"
    rebuilt(driver)


def _recorded(driver: Driver, **more: Any) -> None:
    driver.run(c.RecordReply("email", "main", "r1", person("joe"), agent="eve", text="done", **more), 1)


def test_what_was_answered_elsewhere_while_its_agent_is_gone_is_over() -> None:
    driver = centre()
    got = driver.answered("joe", "email")
    driver.run(c.SignOut("ana"))
    _recorded(driver, resolve=True)
    assert (driver.state(got), driver.case_state(got)) == ("DONE", "RESOLVED")
    assert driver.last(e.InteractionDone).reason == "answered_elsewhere"
    driver.sign_in("ana", "bob")
    driver.advance(11 * 60)
    assert driver.offered() == {}, "nobody answers it once more"
    rebuilt(driver)


def test_what_was_only_put_aside_is_still_its_agents() -> None:
    driver = centre()
    got = driver.answered("joe", "email")
    driver.answered("zoe", "voice")
    assert driver.state(got) == "PARKED"
    _recorded(driver)
    assert driver.state(got) == "PARKED"


def test_what_was_put_aside_by_somebody_who_is_removed_waits_for_anybody() -> None:
    driver = centre()
    mail = driver.answered("joe", "email")
    driver.answered("jim", "voice")
    driver.run(c.SignOut("ana"))
    driver.run(c.FinishInteraction("in2", "ana"))
    driver.run(c.RemoveAgent("ana"))
    assert (driver.state(mail), driver.events(e.InteractionResumed)) == ("QUEUED", [])
    rebuilt(driver)


def test_it_ends_as_anything_else_does() -> None:
    driver = centre()
    for name, end in (
        ("in1", c.CancelInteraction("in1", "spam")),
        ("in2", c.FinishInteraction("in2", "ana")),
        ("in3", c.TransferInteraction("in3", "ana", "sales")),
    ):
        driver.sign_in("ana")
        driver.answered(f"p{name}", "email")
        driver.run(c.SignOut("ana"))
        driver.run(end)
        assert driver.engine.view.timers.get(PARK, name) is None
        rebuilt(driver)


def test_whoever_wraps_up_meanwhile_is_not_disturbed() -> None:
    driver = centre()
    driver.answered("joe", "voice")
    driver.run(c.SignOut("ana"))
    driver.run(c.FinishInteraction("in1", "ana"))
    assert driver.engine.view.timers.get(PARK, "in1") is None
    driver.advance(20 * 60)
    assert driver.last(e.InteractionDone).reason == "finished"


def test_an_agent_who_is_removed_comes_back_to_nothing() -> None:
    driver = centre()
    got = driver.answered("joe", "email")
    driver.run(c.SignOut("ana"))
    driver.run(c.RemoveAgent("ana"))
    assert (driver.state(got), driver.last(e.InteractionQueued).reason) == ("QUEUED", "agent_removed")
    rebuilt(driver)


def test_a_callback_that_nobody_has_dialled_is_somebody_elses() -> None:
    driver = centre()
    driver.run(c.SetAway("ana", "lunch"))
    driver.call("joe")
    callback = driver.run(c.RequestCallback("in1")).result.interaction
    driver.run(c.SetAvailable("ana"))
    driver.accept()
    driver.run(c.SignOut("ana"))
    assert driver.engine.view.contacts.interactions[callback].state == "QUEUED"
    assert driver.events(e.InteractionParked) == []


def test_a_work_item_is_parked_for_its_time() -> None:
    driver = centre()
    driver.answered("joe", "email")
    driver.run(c.FinishInteraction("in1", "ana"))
    driver.run(c.OpenWorkItem("task", "job1", customer="cu1", topic="bill", title="look"))
    driver.accept()
    driver.run(c.SignOut("ana"))
    driver.advance(10 * 60)
    assert driver.last(e.InteractionQueued).reason == "parked_too_long"


def test_what_was_being_transferred_is_parked_once_that_has_failed() -> None:
    driver = centre("ana", "bob")
    got = driver.answered("joe", "email")
    agent = driver.agent_of(got)
    other = {"ana": "bob", "bob": "ana"}[agent]
    asked = driver.run(c.TransferToAgent(got.interaction, agent, other)).result
    driver.run(c.SignOut(agent))
    assert (driver.state(got), driver.events(e.InteractionParked)) == ("ACTIVE", [])
    driver.run(c.DeclineConsult(asked.consult, other, asked.token))
    assert driver.last(e.InteractionParked).until_us == driver.now_us + 10 * MINUTE
    rebuilt(driver)
    driver.sign_in(agent)
    assert driver.state(got) == "ACTIVE"


def test_a_plan_that_says_otherwise_changes_nothing_for_what_is_parked() -> None:
    driver = centre()
    got = driver.answered("joe", "email")
    driver.run(c.SignOut("ana"))
    until_us = driver.last(e.InteractionParked).until_us
    driver.change_plan(plan())
    assert driver.engine.view.timers.get(PARK, got.interaction) == until_us
    driver.advance_to(until_us)
    assert driver.state(got) == "QUEUED"


def test_it_is_counted_from_the_instant_in_which_they_are_gone() -> None:
    driver = centre()
    driver.answered("joe", "email")
    driver.run(c.LoseDevice("ana", "main"))
    lost_us = driver.now_us + 60 * SECOND
    driver.advance(59)
    assert driver.events(e.InteractionParked) == []
    driver.advance(1)
    assert driver.last(e.InteractionParked).until_us == lost_us + 10 * MINUTE


def test_whoever_goes_on_with_it_by_a_plan_that_puts_nothing_aside_is_offered_no_more_than_there_is_room_for() -> None:
    driver = centre()
    for number in range(5):
        driver.answered(f"m{number}", "email")
    driver.answered("jim", "voice")
    less = attrs.evolve(driver.engine.view.plan.channels["voice"], interrupts=[])
    driver.change_plan(plan(channels={**driver.engine.view.plan.channels, "voice": less}))
    driver.run(c.FinishInteraction("in6", "ana"), 1)
    driver.run(c.FinishWrapUp("in6", "ana"))
    assert len(driver.events(e.InteractionResumed)) == 5
    assert driver.engine.view.routing.benches["ana"].used_percent == 100
    driver.message("late", "email")
    assert driver.offered() == {}, "five mails are all that she has room for"
    rebuilt(driver)
