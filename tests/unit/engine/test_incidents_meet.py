"""Where incidents meet the rest: rules, stops, retries, what others link, and the history that people read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.engine_driver import CARE, HOUR, MINUTE, SECOND, Driver, thread

from orchestra.engine.incidents import walking
from orchestra.errors import InvalidCommand, NotAllowedInState
from orchestra.model import commands as c, events as e
from orchestra.runtime.history.phrases import sentence

RULED = (
    CARE
    + """
[[rules]]
name = "tell care"
on = "IncidentCaseExcepted"
do = [{ do = "notify", team = "care", text = "look at it" }]
"""
)


def outage(driver: Driver, *, is_approved: bool = True) -> None:
    """An outage is known, and told."""
    driver.run(c.OpenIncident("no power", "We know.", ["power"]))
    if is_approved:
        driver.run(c.ApproveIncidentText("ic1", 1))
        driver.advance(1)


def mail(driver: Driver, sender: str = "joe", **values: object) -> str:
    """A mail about the power; gives its case."""
    case: str = driver.message(sender, **{"channel": "email", "topic": "power"} | values).case.id
    return case


def test_rules_follow_what_becomes_of_an_incident() -> None:
    driver = Driver(RULED)
    outage(driver)
    driver.run(c.FlagIncidentCase("ic1", mail(driver), "a freezer"))
    driver.run(c.CloseIncident("ic1", "over"))
    driver.advance(1)
    assert driver.last(e.TeamNotified).team == "care"


def test_a_stop_of_the_topic_holds_all_of_it_and_nothing_is_told_twice() -> None:
    driver = Driver(CARE)
    driver.run(c.StopSending("check", topic="incident"))
    outage(driver)
    for name in ("joe", "mia"):
        mail(driver, name)
    assert len(driver.events(e.DeliveryHeld)) == 2
    driver.run(c.StartSending(topic="incident"))
    driver.advance(1)
    mail(driver)
    assert len(driver.events(e.DeliveryPlanned)) == 2
    assert {one.state for one in driver.engine.view.deliveries.deliveries.values()} == {"PERMITTED"}


def test_what_could_not_be_sent_is_tried_again_under_one_key() -> None:
    driver = Driver(CARE)
    outage(driver)
    mail(driver)
    driver.run(c.StartDelivery("de1", 1, 1))
    driver.run(c.RecordOutcome("de1", 1, "retry", safe_to_repeat=True))
    driver.advance(HOUR / SECOND)
    assert [one.key for one in driver.events(e.DeliveryPlanned)] == ["message:ic1:1:cu1"]


def test_no_key_of_the_application_s_can_be_taken_for_one_of_an_incident() -> None:
    driver = Driver(CARE)
    mail(driver)
    driver.refuse(c.SendMessage("ca1", "message:ic1:1:cu1", text="hello"), InvalidCommand, field="key")


def test_all_that_write_in_one_thread_are_told_there_once() -> None:
    driver = Driver(CARE)
    outage(driver)
    mail(driver, thread=thread("t1"))
    mail(driver, "mia", thread=thread("t1"))
    assert [one.customer for one in driver.events(e.IncidentTold)] == ["cu1"]


def test_a_linked_question_is_told_where_it_was_asked() -> None:
    driver = Driver(CARE)
    outage(driver, is_approved=False)
    mail(driver)
    driver.message("joe", topic="power")
    driver.run(c.ApproveIncidentText("ic1", 1))
    driver.advance(1)
    assert [one.channel for one in driver.events(e.IncidentTold)] == ["chat"]
    assert len(driver.engine.view.engagements.linked) == 1


def test_a_case_that_waits_on_its_customer_is_settled_too() -> None:
    driver = Driver(CARE)
    outage(driver)
    driver.run(c.SetCaseWaiting(mail(driver), "third_party", "the grid"))
    driver.run(c.CloseIncident("ic1", "over", "It is over."))
    driver.advance(1)
    assert driver.engine.view.cases.cases["ca1"].state == "RESOLVED"


def test_whoever_comes_back_after_it_is_over_has_their_case_open_again() -> None:
    driver = Driver(CARE)
    outage(driver)
    mail(driver)
    driver.run(c.CloseIncident("ic1", "over", "It is over."))
    driver.advance(1)
    assert mail(driver) == "ca1"
    assert driver.engine.view.cases.cases["ca1"].state == "OPEN"
    assert driver.engine.view.incidents.links == {}


def test_a_case_can_come_of_the_next_incident_once_it_is_settled_with_one() -> None:
    driver = Driver(CARE)
    outage(driver)
    mail(driver)
    driver.run(c.CloseIncident("ic1", "over"))
    driver.advance(1)
    driver.run(c.OpenIncident("again", "Again.", ["power"]))
    driver.run(c.ApproveIncidentText("ic2", 1))
    mail(driver)
    assert [(one.incident, one.case) for one in driver.events(e.IncidentCaseLinked)] == [("ic1", "ca1"), ("ic2", "ca1")]
    assert driver.last(e.IncidentTold).incident == "ic2"


def test_what_is_being_settled_is_not_taken_by_another_incident(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "_LOOKED_AT", 1)
    driver = Driver(CARE)
    outage(driver)
    for name in ("joe", "mia"):
        mail(driver, name)
    driver.run(c.OpenIncident("again", "Again.", ["power"]))
    driver.run(c.CloseIncident("ic1", "over"))
    driver.refuse(c.LinkToIncident("ic2", "ca2"), NotAllowedInState, subject="ca2")
    mail(driver, "mia", after=0)
    assert driver.engine.view.incidents.links["ca2"].incident == "ic1"
    driver.advance(1)
    assert driver.engine.view.incidents.incidents["ic1"].excepted == {"ca2": "question"}


def test_where_teams_own_the_cases_a_search_finds_those_of_all() -> None:
    driver = Driver(CARE)
    mail(driver)
    mail(driver, "mia", queue="sales")
    driver.run(c.AssignCase("ca1", "agent", "ana"))
    outage(driver)
    driver.run(c.LinkMatching("ic1"))
    driver.advance(1)
    assert list(driver.engine.view.incidents.links) == ["ca1", "ca2"]
    assert driver.last(e.IncidentAdvanced) == e.IncidentAdvanced("ic1", "match", 2, False)


def test_a_search_sees_neither_what_is_merged_nor_what_is_filed() -> None:
    driver = Driver(CARE)
    mail(driver)
    for _ in range(2):
        driver.run(c.OpenCase("cu1", "power"))
    driver.run(c.MergeCases("ca1", "ca2", "the same"))
    driver.run(c.ResolveCase("ca3"))
    driver.run(c.CloseCase("ca3"))
    outage(driver)
    driver.run(c.LinkMatching("ic1"))
    driver.advance(MINUTE / SECOND)
    assert list(driver.engine.view.incidents.links) == ["ca1"]


def _said(driver: Driver) -> Iterator[str]:
    for logged in driver.log:
        if type(logged.event).__name__.startswith("Incident") and hasattr(logged.event, "customer"):
            yield sentence(logged.event, ["cu1", "cu2"])


def test_the_history_says_it_in_people_s_words() -> None:
    driver = Driver(CARE)
    outage(driver)
    driver.run(c.FlagIncidentCase("ic1", mail(driver), "a freezer"))
    driver.run(c.FlagIncidentCase("ic1", "ca1", None))
    driver.run(c.UnlinkFromIncident("ic1", "ca1", "a fuse"))
    driver.run(c.LinkToIncident("ic1", "ca1"))
    driver.call("mia", topic="power")
    driver.run(c.CloseIncident("ic1", "over"))
    driver.advance(1)
    assert list(_said(driver)) == [
        "the case comes of incident ic1, which it matches",
        "is told of incident ic1 on email, version 1",
        "the case stays open when incident ic1 is closed (a freezer)",
        "the case is settled as well when incident ic1 is closed",
        "the case does not come of incident ic1 (a fuse)",
        "the case comes of incident ic1",
        "the case comes of incident ic1, which it matches",
        "could not be told of incident ic1, version 1 (no channel)",
        "the case is settled with incident ic1",
        "the case stays open after incident ic1 (on the line)",
    ]


CONSENTED = CARE + '[identity.purposes]\noutages = "opt_out"\n'


def test_who_forbids_it_later_is_told_no_more() -> None:
    driver = Driver(CONSENTED)
    driver.run(c.OpenIncident("no power", "We know.", ["power"], purpose="outages"))
    driver.run(c.ApproveIncidentText("ic1", 1))
    mail(driver)
    assert [one.customer for one in driver.events(e.IncidentTold)] == ["cu1"]
    driver.run(c.RecordConsent("cu1", "outages", False))
    driver.run(c.UpdateIncident("ic1", text="Back at six."))
    driver.run(c.ApproveIncidentText("ic1", 2))
    driver.advance(1)
    assert len(driver.events(e.IncidentTold)) == 1
    assert driver.last(e.IncidentNotTold) == e.IncidentNotTold("ic1", "ca1", "cu1", 2, "no_consent")
    driver.run(c.CloseIncident("ic1", "over"))
    driver.advance(1)
    assert driver.engine.view.incidents.incidents["ic1"].excepted == {"ca1": "not_told"}


def test_who_forbids_a_channel_is_told_on_another() -> None:
    driver = Driver(CONSENTED)
    mail(driver)
    driver.message("joe", topic="power")
    driver.run(c.SetPreferences("cu1", ["chat", "email"]))
    driver.run(c.RecordConsent("cu1", "outages", False, "chat"))
    driver.run(c.OpenIncident("no power", "We know.", ["power"], purpose="outages"))
    driver.run(c.LinkMatching("ic1"))
    driver.run(c.ApproveIncidentText("ic1", 1))
    driver.advance(1)
    assert [one.channel for one in driver.events(e.IncidentTold)] == ["email"]


def test_each_text_goes_where_the_customer_prefers_by_then() -> None:
    driver = Driver(CARE)
    driver.message("joe", topic="power")
    mail(driver)
    outage(driver, is_approved=False)
    driver.run(c.LinkMatching("ic1"))
    for version, channel in enumerate(("email", "chat", "email"), 1):
        driver.run(c.SetPreferences("cu1", [channel]))
        if version > 1:
            driver.run(c.UpdateIncident("ic1", text=f"Back at {version}."))
        driver.run(c.ApproveIncidentText("ic1", version))
        driver.advance(1)
    assert [one.channel for one in driver.events(e.IncidentTold)] == ["email", "chat", "email"]
    assert [one.text_version for one in driver.events(e.IncidentTold)] == [1, 2, 3]


def test_an_incident_that_was_never_told_is_closed_in_silence() -> None:
    driver = Driver(CARE)
    outage(driver, is_approved=False)
    driver.call("joe", topic="power")
    driver.run(c.CancelInteraction("in1", "hung up"))
    driver.run(c.CloseIncident("ic1", "a false alarm"))
    driver.advance(1)
    assert (driver.events(e.IncidentTold), driver.events(e.DeliveryPlanned)) == ([], [])
    assert driver.last(e.IncidentClosed) == e.IncidentClosed("ic1", 1, 0)
