"""What was open before a plan had clocks: nothing of it is measured, and nothing of it is in the way."""

from __future__ import annotations

from tests.clock_plans import CLOCKED, clocked, of, row, running, told
from tests.engine_driver import SECOND, Driver, person, plan

from orchestra.model import commands as c, events as e

EVERYTHING = (
    of("first_reply")
    + of("agent_work")
    + of("requester_wait", "engagement")
    + of("resolution", "interaction", name="contact")
)


def old_and_new() -> Driver:
    """A mail of Joe's is in Ana's hands from before; then there are clocks, and he calls about the same."""
    driver = clocked("")
    driver.sign_in("ana")
    driver.message(channel="email", topic="order", after=0)
    driver.accept(after=0)
    driver.change_plan(plan(CLOCKED + EVERYTHING))
    driver.advance(1)
    assert driver.engine.view.clocks.tracks == {}
    return driver


def test_an_old_contact_goes_on_without_clocks() -> None:
    driver = old_and_new()
    driver.message("eve", channel="email")
    driver.run(c.SetCaseWaiting("ca1", "customer"))
    driver.message(channel="email", topic="order")
    driver.run(c.WriteReply("in1", "ana", "hello"))
    driver.run(c.RecordReply("email", "main", "x1", person("joe")), 1)
    driver.run(c.FinishInteraction("in1", "ana"))
    assert {one.customer for one in driver.events(e.ClockStarted)} == {"cu2"}
    assert driver.events(e.CustomerAnswered) == []


def test_an_old_case_takes_new_contacts_which_are_measured() -> None:
    driver = old_and_new()
    driver.call(topic="order")
    assert driver.engine.view.contacts.interactions["in2"].case == "ca1"
    assert {one.subject for one in driver.engine.view.clocks.clocks.values()} == {"in2", "en1"}
    driver.run(c.SetCaseWaiting("ca1", "customer"), 60)
    driver.run(c.ResumeCase("ca1"), 60)
    # Nothing is known of when the case began to wait, nor that anybody was heard or answered in it.
    assert [event.reason for event in driver.events(e.ClockPaused)] == ["customer"]
    assert set(running(driver).values()) == {"RUNNING"}


def test_old_and_new_contacts_move_between_old_and_new_cases() -> None:
    driver = old_and_new()
    driver.call(topic="order")
    driver.run(c.SplitCase("ca1", "two matters", interactions=["in1"]), 60)
    assert driver.engine.view.clocks.tracks["ca2"].worked == {}
    driver.run(c.MoveInteraction("in2", "ca2", "one matter"), 60)
    assert [one.case for one in driver.events(e.ClockStarted) if one.policy == "first_reply"] == ["ca2"]
    driver.run(c.MoveInteraction("in2", "ca1", "another"), 60)
    canceled = driver.last(e.ClockCanceled)
    assert (canceled.case, canceled.policy, canceled.reason) == ("ca2", "first_reply", "moved")
    driver.run(c.MoveInteraction("in1", "ca1", "another"), 60)
    assert driver.engine.view.contacts.interactions["in1"].case == "ca1"


def test_an_old_engagement_is_measured_once_a_new_contact_is_part_of_it() -> None:
    driver = clocked("")
    driver.message("joe", after=0)
    driver.call("ann", after=10)
    driver.change_plan(plan(CLOCKED + of("requester_wait", "engagement")))
    driver.advance(1)
    driver.call("eve", after=10)
    assert driver.engine.view.clocks.engaged == {"in3": "en3"}
    driver.run(c.MergeCustomers("cu1", "cu2", "agent said so"), 10)
    assert running(driver) == {"ck1": "RUNNING"}
    driver.run(c.MergeCustomers("cu1", "cu3", "agent said so"), 10)
    assert driver.engine.view.clocks.engaged == {"in3": "en1"}
    assert told(driver, "reason", "engagement") == [("Started", "en3"), ("Canceled", "merged"), ("Started", "en1")]


def test_parked_work_is_nobodys() -> None:
    text = CLOCKED.replace('on_agent_lost = "keep"', 'on_agent_lost = "park"')
    driver = clocked(of("agent_work"), before=text)
    driver.sign_in("ana")
    driver.message(channel="email", after=0)
    driver.accept(after=0)
    driver.run(c.SignOut("ana"), 60)
    assert (row(driver).state, row(driver).ran_us) == ("PAUSED", 60 * SECOND)
    driver.run(c.SignIn("ana"), 60)
    assert row(driver).state == "RUNNING"


def test_whoever_is_called_back_is_in_touch_once_they_answer() -> None:
    driver = clocked(of("requester_wait", "engagement") + of("first_reply", "interaction"))
    driver.sign_in("ana")
    driver.call(after=0)
    driver.run(c.RequestCallback("in1"), 1)
    assert "in2" not in driver.engine.view.clocks.engaged
    assert driver.engine.view.contacts.interactions["in2"].state in ("QUEUED", "OFFERED")
    driver.accept()
    driver.run(c.ReportCallback("in2", "ana", "answered"), 1)
    assert driver.engine.view.clocks.engaged == {"in2": "en2"}
    assert driver.last(e.CustomerAnswered).interaction == "in2"
    assert [one.interaction for one in driver.events(e.ClockFulfilled) if one.measure == "first_reply"][-1] == "in2"


def test_an_answer_in_another_matter_answers_nothing_here() -> None:
    driver = clocked(of("first_reply", "interaction", human_only="false"))
    driver.sign_in("ana")
    driver.message(channel="email", topic="order", after=0)
    driver.accept(after=0)
    driver.run(c.FinishInteraction("in1", "ana"), 1)
    driver.message(channel="email", topic="bill")
    assert [one.case for one in driver.engine.view.contacts.interactions.values()] == ["ca1", "ca2"]
    driver.run(c.SendMessage("ca1", "k1", text="Your order has left.", actor="operator"), 1)
    assert driver.last(e.CustomerAnswered) == e.CustomerAnswered("ca1", "cu1", "person", None)
    assert [one.subject for one in driver.engine.view.clocks.clocks.values()] == ["in2"]
    driver.run(c.SendMessage("ca2", "k2", text="Your bill is right.", actor="operator"), 1)
    assert running(driver) == {}


def test_an_answer_in_a_matter_of_which_one_case_is_older_than_all_clocks_answers_the_other() -> None:
    driver = clocked("")
    driver.message("joe", "email", topic="order", after=0)
    driver.change_plan(plan(CLOCKED + of("first_reply", human_only="true")))
    driver.advance(1)
    driver.message("joe", "email", topic="bill", account="second", after=10)
    assert [one.case for one in driver.events(e.ClockStarted)] == ["ca2"]
    driver.run(c.MergeCases("ca1", "ca2", "the same"), 10)
    driver.run(c.CancelInteraction("in2", "seen to"))
    assert driver.engine.view.cases.root("ca2") == "ca1"
    assert list(driver.engine.view.clocks.tracks) == ["ca2"]
    driver.run(c.SendMessage("ca1", "k", text="It is on its way.", actor="agent:ana"), 10)
    assert [one.clock for one in driver.events(e.ClockFulfilled)] == ["ck1"]
