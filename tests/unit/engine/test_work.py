from __future__ import annotations

import pytest
from tests.engine_driver import CARE, DAY, HOUR, MINUTE, START, Driver, person

from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import ref
from orchestra.model.results import CaseRef, WorkOpened

WORK = CARE + '[channels.task]\nwork = true\nweight_percent = 40\nqueue = "sales"\n'
DUE = WORK.replace("priority = 2\n", 'priority = 2\nrank = "due"\n')


def a_driver(*agents: str, plan: str = WORK) -> Driver:
    """A driver in which joe has written once and been answered; nobody is at work but these."""
    driver = Driver(plan)
    driver.run(c.SignIn("ana"))
    driver.answered("joe", "email")
    driver.run(c.FinishInteraction("in1", "ana"))
    driver.run(c.SignOut("ana"))
    driver.sign_in(*agents)
    return driver


def opened(driver: Driver, key: str = "job1", *, after: float = 1, **values: object) -> WorkOpened:
    values = {"case": "ca1"} | values
    result: WorkOpened = driver.run(c.OpenWorkItem("task", key, **values), after).result  # type: ignore[arg-type]
    return result


# Opening


def test_a_work_item_of_a_case_is_offered_like_a_contact_and_done_by_its_agent() -> None:
    driver = a_driver("cleo")
    got = opened(driver, title="refund", text="of order 81")
    assert got == WorkOpened("in2", CaseRef("ca1", "C-000001"), "cu1")
    assert driver.offered() == {"in2": "cleo"}
    assert driver.last(e.OfferMade).queue == "sales"
    assert driver.last(e.OfferMade).deadline_us == driver.now_us + 2 * MINUTE, "120 s unless stated"
    driver.accept()
    driver.run(c.FinishInteraction("in2", "cleo", "callback"))
    assert driver.state(got) == "DONE"
    assert driver.last(e.InteractionDone).disposition == "callback"


def test_what_is_to_be_done_is_told_before_anybody_is_asked_to_do_it() -> None:
    driver = a_driver("cleo")
    since = len(driver.log)
    opened(driver, ref="job:1", fields={"note": "urgent"}, due_us=START + DAY, title="refund")
    assert driver.names(since) == [
        "WorkItemOpened",
        "RefAdded",
        "FieldsSet",
        "InteractionStarted",
        "InteractionAttached",
        "InteractionQueued",
        "OfferMade",
    ]
    item = driver.last(e.WorkItemOpened)
    assert (item.interaction, item.case, item.due_us, item.title) == ("in2", "ca1", START + DAY, "refund")
    assert driver.engine.view.interaction(ref("job:1"))[0] == "in2"
    assert driver.engine.view.details.fields["in2"] == {"note": "urgent"}


def test_a_work_item_without_a_case_opens_one_of_the_customer() -> None:
    driver = a_driver()
    got = opened(driver, case=None, customer="cu1", topic="refund", queue="german", skills={"billing": 20}, priority=5)
    assert got.case == CaseRef("ca2", "C-000002")
    assert driver.engine.view.cases.cases["ca2"].topic == "refund"
    item = driver.engine.view.routing.items[got.interaction]
    assert (item.queue, item.skills, item.priority) == ("german", {"billing": 20, "german": 50}, 5)


@pytest.mark.parametrize("key", ["job1", "job:1/é"])
def test_the_same_key_is_opened_once_whatever_else_is_said(key: str) -> None:
    driver = a_driver()
    first = opened(driver, key)
    again = opened(driver, key, case=None, customer="cu1", title="other")
    assert (again.interaction, again.case, again.duplicate) == (first.interaction, first.case, True)
    assert len(driver.events(e.WorkItemOpened)) == 1
    assert opened(driver, "other").interaction != first.interaction


def test_a_key_is_known_after_the_item_is_over_and_after_every_rebuild() -> None:
    driver = a_driver()
    first = opened(driver)
    driver.run(c.CancelInteraction(first.interaction, "done by hand"))
    driver.advance(60 * 86_400)
    assert opened(driver).duplicate
    for engine in (driver.replayed(), driver.reloaded()):
        assert engine.execute(c.OpenWorkItem("task", "job1", "ca1"), driver.now_us).result.duplicate


@pytest.mark.parametrize(("case", "customer"), [(None, None), ("ca1", "cu1")])
def test_a_case_or_a_customer_is_needed_and_not_both(case: str | None, customer: str | None) -> None:
    a_driver().refuse(c.OpenWorkItem("task", "k", case, customer), InvalidCommand, field="case")


@pytest.mark.parametrize(
    ("values", "error", "told"),
    [
        ({"channel": "fax"}, UnknownId, {"kind": "channel"}),
        ({"channel": "email"}, InvalidCommand, {"field": "channel"}),
        ({"key": ""}, InvalidCommand, {"field": "key"}),
        ({"case": "ca9"}, UnknownId, {"kind": "case"}),
        ({"case": None, "customer": "cu9"}, UnknownId, {"kind": "customer"}),
        ({"queue": "nowhere"}, UnknownId, {"kind": "queue"}),
        ({"skills": {"latin": 5}}, UnknownId, {"kind": "skill"}),
        ({"agent": "zoe"}, UnknownId, {"kind": "agent"}),
        ({"fields": {"colour": "red"}}, InvalidCommand, {"field": "fields.colour"}),
        ({"fields": {"note": 5}}, InvalidCommand, {"field": "fields.note"}),
        ({"ref": ""}, InvalidCommand, {"field": "ref"}),
        ({"ref": "taken"}, InvalidCommand, {"field": "ref"}),
        ({"text": "x" * 1_000_001}, InvalidCommand, {"field": "text"}),
    ],
)
def test_what_cannot_be_opened_is_refused(values: dict[str, object], error: type, told: dict[str, str]) -> None:
    driver = a_driver()
    driver.run(c.AddRef("ca1", "taken"))
    wanted = {"channel": "task", "key": "k", "case": "ca1"} | values
    driver.refuse(c.OpenWorkItem(**wanted), error, **told)  # type: ignore[arg-type]


# The case


def test_a_resolved_case_is_open_again_and_stays_open_until_the_work_is_done() -> None:
    driver = a_driver("cleo")
    driver.run(c.ResolveCase("ca1"))
    opened(driver)
    assert driver.last(e.CaseReopened).reason == "work_item"
    driver.accept()
    driver.run(c.FinishInteraction("in2", "cleo", "resolved"))
    assert driver.engine.view.cases.cases["ca1"].state == "RESOLVED"


@pytest.mark.parametrize("on", ["customer", "third_party"])
def test_a_case_that_waits_for_somebody_goes_on_waiting(on: str) -> None:
    driver = a_driver()
    driver.run(c.SetCaseWaiting("ca1", on))
    opened(driver)
    assert driver.engine.view.cases.cases["ca1"].state == f"WAITING_ON_{on.upper()}"


def test_an_open_work_item_keeps_its_case_from_being_resolved_by_a_contact() -> None:
    driver = a_driver("ana")
    opened(driver)
    driver.answered("joe", "email", topic=None)
    driver.run(c.FinishInteraction("in3", "ana", "resolved"))
    assert driver.engine.view.cases.cases["ca1"].state == "OPEN"


def test_whoever_takes_it_answers_for_the_case() -> None:
    driver = a_driver("cleo")
    got = opened(driver, case=None, customer="cu1")
    driver.accept()
    assert driver.owner(got) == ("agent", "cleo")


# Nobody is at the other end


@pytest.mark.parametrize("command", [c.WriteReply("in2", "cleo", "hi"), c.HoldInteraction("in2", "cleo")])
def test_nobody_can_be_written_to_or_put_on_hold_in_it(command: c.Command) -> None:
    driver = a_driver("cleo")
    opened(driver)
    driver.accept()
    error = driver.refuse(command, InvalidCommand, field="interaction")
    assert "work item" in str(error)


def test_nobody_can_leave_it() -> None:
    driver = a_driver()
    opened(driver)
    driver.refuse(c.LeaveContact("in2"), InvalidCommand, field="interaction")


def test_nobody_can_write_or_call_on_its_channel() -> None:
    driver = a_driver()
    for command in (
        c.ReceiveMessage("task", "main", "m9", person("joe"), text="hi"),
        c.ReceiveContact("task", "main", "k9", person("joe")),
        c.RecordReply("task", "main", "r9", person("joe"), text="hi"),
    ):
        driver.refuse(command, InvalidCommand, field="channel")


def test_what_is_sent_about_its_case_goes_where_the_customer_was_last_written_to() -> None:
    driver = a_driver()
    opened(driver)
    driver.run(c.SendMessage("ca1", "k", text="we are on it"))
    assert driver.last(e.DeliveryPlanned).channel == "email"


def test_it_is_never_over_because_nobody_writes() -> None:
    driver = a_driver("cleo")
    got = opened(driver)
    driver.accept()
    driver.advance(40 * 86_400)
    assert driver.state(got) == "ACTIVE"


# In the queue


def test_it_is_transferred_with_its_place() -> None:
    driver = a_driver("cleo")
    got = opened(driver)
    driver.accept()
    start_us = driver.engine.view.routing.items[got.interaction].start_us
    driver.run(c.TransferInteraction(got.interaction, "cleo", "german"), 600)
    item = driver.engine.view.routing.items[got.interaction]
    assert (item.queue, item.start_us, item.due_us) == ("german", start_us, None)


def test_what_is_due_first_goes_first_where_the_queue_says_so() -> None:
    driver = a_driver(plan=DUE)
    late = opened(driver, "late", due_us=START + 9 * HOUR)
    soon = opened(driver, "soon", due_us=START + HOUR)
    some = opened(driver, "some")
    last = opened(driver, "last", due_us=START + 30 * HOUR, priority=24 * 60)
    driver.run(c.DefineAgent("cleo", ["sales"], capacity_percent=200))
    driver.sign_in("cleo")
    told = [made.interaction for made in driver.pending()]
    # What has no due time counts from when it began to wait; a day's priority is a day earlier.
    assert told == [got.interaction for got in (some, soon, last, late)]


def test_what_is_due_keeps_its_place_when_it_waits_again() -> None:
    driver = a_driver("cleo", plan=DUE)
    got = opened(driver, due_us=START + HOUR)
    rank = driver.engine.view.routing.rules.rank(got.interaction, driver.engine.view.routing.items[got.interaction])
    driver.decline()
    assert driver.engine.view.routing.index.of_item[got.interaction][1] == rank


def test_elsewhere_due_times_change_nothing() -> None:
    driver = a_driver()
    opened(driver, "late", due_us=START + 9 * HOUR)
    opened(driver, "soon", due_us=START + HOUR)
    driver.sign_in("cleo")
    assert driver.pending()[0].interaction == "in2"
