"""Incidents: who is linked, and that each customer is told each approved text once, where they prefer."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.engine_driver import CARE, DAY, SECOND, Driver, person, plan

from orchestra.engine.incidents.state import Incident
from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Role

TOLD = "Power is out in the north. We are on it."


@pytest.fixture
def driver() -> Driver:
    """Nothing has happened yet."""
    return Driver(CARE)


def outage(driver: Driver, text: str | None = TOLD, **values: Any) -> str:
    """An outage is known; contacts about `power` match it."""
    values = {"topics": ["power"]} | values
    name: str = driver.run(c.OpenIncident("no power in the north", text, **values)).result
    return name


def approve(driver: Driver, incident: str = "ic1", version: int = 1) -> None:
    """Its text is approved, and everybody told who is linked."""
    driver.run(c.ApproveIncidentText(incident, version))
    driver.advance(1)


def mail(driver: Driver, sender: str = "joe", topic: str | None = "power", **values: Any) -> Any:
    """A mail about the power."""
    return driver.message(sender, **{"channel": "email", "topic": topic} | values)


def row(driver: Driver, incident: str = "ic1") -> Incident:
    """How it stands."""
    return driver.engine.view.incidents.incidents[incident]


def linked(driver: Driver, incident: str = "ic1") -> list[str]:
    """The cases that are linked to it; the same after a reload and a replay."""
    for engine in (driver.reloaded(), driver.replayed(is_blanked=True)):
        assert engine.state_hash() == driver.engine.state_hash()
        assert list(engine.view.incidents.linked(incident)) == list(driver.engine.view.incidents.linked(incident))
        assert engine.view.incidents.matching == driver.engine.view.incidents.matching
    return list(driver.engine.view.incidents.linked(incident))


def told(driver: Driver) -> list[tuple[str, int, str, bool]]:
    """Who was told which version, where, and whether at once."""
    return [(one.customer, one.text_version, one.channel, one.at_once) for one in driver.events(e.IncidentTold)]


# Opening, text and approval


def test_it_is_opened_with_what_matches_it(driver: Driver) -> None:
    command = c.OpenIncident("no power", "We know.", ["b", "a", "a"], ["care"], {"orders": 2}, {"vip": True})
    decided = driver.run(command)
    opened = e.IncidentOpened(
        "ic1", "no power", "We know.", ["a", "b"], ["care"], {"orders": 2}, {"vip": True}, "service"
    )
    assert (decided.events, decided.result) == ([opened], "ic1")
    assert driver.run(c.OpenIncident("post")).result == "ic2"
    assert (row(driver).version, row(driver, "ic2").version) == (1, 0)
    assert driver.engine.view.incidents.matching == {("topic", "a"): {"ic1": 1}, ("topic", "b"): {"ic1": 1}}
    assert linked(driver) == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\nb"}, "title"),
        ({"text": " "}, "text"),
        ({"text": "x" * 2001}, "text"),
        ({"topics": [""]}, "topics"),
        ({"fields": {"colour": "red"}}, "fields.colour"),
        ({"fields": {"orders": "two"}}, "fields.orders"),
        ({"fields": {"orders": None}}, "fields.orders"),
        ({"customer_fields": {"orders": 1}}, "customer_fields.orders"),
        ({"customer_fields": {"vip": None}}, "customer_fields.vip"),
        ({"purpose": "news"}, "purpose"),
    ],
)
def test_what_is_no_incident_is_refused(driver: Driver, values: dict[str, Any], field: str) -> None:
    driver.refuse(c.OpenIncident(**{"title": "no power"} | values), InvalidCommand, field=field)


def test_a_queue_that_there_is_not_is_refused(driver: Driver) -> None:
    driver.refuse(c.OpenIncident("no power", queues=["power"]), UnknownId)


@pytest.mark.parametrize(
    "command",
    [
        c.UpdateIncident("ic9", "x"),
        c.ApproveIncidentText("ic9", 1),
        c.LinkToIncident("ic9", "ca1"),
        c.UnlinkFromIncident("ic9", "ca1", "x"),
        c.LinkMatching("ic9"),
        c.FlagIncidentCase("ic9", "ca1", "x"),
        c.CloseIncident("ic9", "x"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_an_incident_that_there_is_not_is_refused(driver: Driver, command: c.Command) -> None:
    driver.refuse(command, UnknownId)


def test_nobody_is_told_before_the_text_is_approved(driver: Driver) -> None:
    mail(driver)
    outage(driver)
    driver.run(c.LinkToIncident("ic1", "ca1"))
    mail(driver, "mia")
    driver.advance(60)
    assert linked(driver) == ["ca1", "ca2"]
    assert (told(driver), driver.events(e.DeliveryPlanned)) == ([], [])
    approve(driver)
    assert told(driver) == [("cu1", 1, "email", False), ("cu2", 1, "email", False)]


def test_only_the_newest_text_is_approved_and_only_once(driver: Driver) -> None:
    outage(driver)
    driver.run(c.UpdateIncident("ic1", text="Back at six."))
    driver.refuse(c.ApproveIncidentText("ic1", 1), NotAllowedInState)
    driver.refuse(c.ApproveIncidentText("ic1", 3), NotAllowedInState)
    driver.run(c.ApproveIncidentText("ic1", 2))
    driver.refuse(c.ApproveIncidentText("ic1", 2), NotAllowedInState)
    outage(driver, None)
    driver.refuse(c.ApproveIncidentText("ic2", 0), NotAllowedInState)


def test_an_update_keeps_what_it_does_not_name(driver: Driver) -> None:
    outage(driver)
    assert driver.run(c.UpdateIncident("ic1", "no power anywhere")).result == 1
    assert (row(driver).title, row(driver).text, row(driver).version) == ("no power anywhere", TOLD, 1)
    assert driver.run(c.UpdateIncident("ic1", text="At six.")).result == 2
    assert (row(driver).title, row(driver).text, row(driver).version) == ("no power anywhere", "At six.", 2)
    driver.refuse(c.UpdateIncident("ic1"), InvalidCommand, field="text")
    driver.refuse(c.UpdateIncident("ic1", ""), InvalidCommand, field="title")
    driver.refuse(c.UpdateIncident("ic1", text=""), InvalidCommand, field="text")


def test_approving_takes_a_role_that_names_it() -> None:
    roles = {"head": Role(["ApproveIncidentText"])}
    driver = Driver(attrs.evolve(plan(), roles=roles))
    driver.run(c.DefineAgent("sue", ["care"], roles=["head"]))
    outage(driver)
    for actor in ("agent:ana", "back_office:status"):
        driver.refuse(c.ApproveIncidentText("ic1", 1, actor=actor), NotPermitted)
    driver.run(c.ApproveIncidentText("ic1", 1, actor="agent:sue"))


# Told once to each


def test_each_customer_is_told_once_of_each_text(driver: Driver) -> None:
    mail(driver)
    driver.run(c.OpenCase("cu1", "power"))
    outage(driver)
    driver.run(c.LinkMatching("ic1"))
    driver.advance(1)
    assert linked(driver) == ["ca1", "ca2"]
    approve(driver)
    mail(driver)
    assert told(driver) == [("cu1", 1, "email", False)]
    driver.run(c.UpdateIncident("ic1", text="Back at six."))
    mail(driver)
    assert len(told(driver)) == 1
    approve(driver, version=2)
    mail(driver)
    assert told(driver) == [("cu1", 1, "email", False), ("cu1", 2, "email", False)]
    texts = [one.text for one in driver.events(e.MessageWritten)]
    assert texts == [TOLD, "Back at six."]


def test_what_is_told_is_an_automatic_message_about_an_incident(driver: Driver) -> None:
    outage(driver)
    approve(driver)
    mail(driver)
    planned = driver.last(e.DeliveryPlanned)
    assert (planned.key, planned.topic, planned.purpose) == ("message:ic1:1:cu1", "incident", "service")
    assert planned.automatic
    assert driver.engine.view.known.questions["in1"] == ["me1"], "it is no answer: the contact goes on waiting"
    assert driver.engine.view.contacts.interactions["in1"].state == "QUEUED"


def test_an_older_text_that_has_not_left_is_called_back(driver: Driver) -> None:
    outage(driver)
    driver.run(c.StopSending("check", None, "incident"))
    approve(driver)
    mail(driver)
    driver.run(c.UpdateIncident("ic1", text="Back at six."))
    approve(driver, version=2)
    assert driver.last(e.DeliveryCanceled) == e.DeliveryCanceled("de1", "cu1", "ic1 was updated")
    assert [one.state for one in driver.engine.view.deliveries.deliveries.values()] == ["CANCELED", "PENDING"]
    driver.run(c.StartSending(None, "incident"))
    driver.advance(1)
    driver.run(c.StartDelivery("de2", 1, 1))
    driver.run(c.UpdateIncident("ic1", text="Back at nine."))
    approve(driver, version=3)
    assert len(driver.events(e.DeliveryCanceled)) == 1, "what has left cannot be called back"


def test_an_approval_in_the_middle_of_telling_begins_anew(driver: Driver) -> None:
    outage(driver)
    for name in ("joe", "mia"):
        mail(driver, name)
    driver.run(c.ApproveIncidentText("ic1", 1))
    driver.run(c.UpdateIncident("ic1", text="Back at six."))
    approve(driver, version=2)
    assert told(driver) == [("cu1", 2, "email", False), ("cu2", 2, "email", False)]


def test_whoever_is_linked_later_is_told_then(driver: Driver) -> None:
    mail(driver, topic=None)
    outage(driver)
    approve(driver)
    driver.run(c.LinkToIncident("ic1", "ca1"))
    assert told(driver) == [("cu1", 1, "email", False)]


def test_whose_matter_is_settled_hears_no_more_of_it(driver: Driver) -> None:
    outage(driver)
    mail(driver)
    driver.run(c.ResolveCase("ca1"))
    approve(driver)
    assert (linked(driver), told(driver)) == (["ca1"], [])
    mail(driver)
    assert told(driver) == [("cu1", 1, "email", True)], "they are back, and hear it"


def test_they_are_told_where_they_prefer(driver: Driver) -> None:
    mail(driver)
    chat = driver.message("joe", topic="power")
    driver.run(c.LeaveContact(chat.interaction))
    mail(driver, "mia")
    driver.call("mia", topic="power")
    for name in ("cu1", "cu2"):
        driver.run(c.SetPreferences(name, ["voice", "chat"]))
    outage(driver)
    driver.run(c.LinkMatching("ic1"))
    approve(driver)
    assert told(driver) == [("cu1", 1, "chat", False), ("cu2", 1, "email", False)]


def test_without_a_preference_they_are_told_where_they_are_or_wrote_last(driver: Driver) -> None:
    outage(driver)
    mail(driver, "joe")
    mail(driver, "mia")
    gone, _ = driver.message("joe", topic="power"), driver.message("mia", topic="power")
    driver.run(c.LeaveContact(gone.interaction))
    approve(driver)
    assert told(driver) == [("cu1", 1, "email", False), ("cu2", 1, "chat", False)]


def test_who_has_no_written_contact_in_the_case_is_told_in_another(driver: Driver) -> None:
    mail(driver, topic="invoice")
    driver.call("joe", topic="power")
    outage(driver)
    driver.run(c.LinkToIncident("ic1", "ca2"))
    approve(driver)
    assert told(driver) == [("cu1", 1, "email", False)]


def test_who_never_wrote_cannot_be_told_until_they_do(driver: Driver) -> None:
    outage(driver)
    driver.call("joe", topic="power")
    approve(driver)
    assert driver.events(e.IncidentNotTold) == [e.IncidentNotTold("ic1", "ca1", "cu1", 1, "no_channel")]
    driver.call("joe", topic="power")
    assert len(driver.events(e.IncidentNotTold)) == 1, "once is enough"
    assert row(driver).untold == {"cu1": 1}
    mail(driver)
    assert (told(driver), row(driver).untold) == ([("cu1", 1, "email", True)], {})


def test_who_calls_is_told_where_they_wrote_once_nobody_talks_with_them(driver: Driver) -> None:
    mail(driver, topic="invoice")
    outage(driver)
    approve(driver)
    driver.sign_in("ana")
    driver.run(c.SetAway("ana", "lunch"))
    driver.call("joe", topic="power")
    assert told(driver) == [("cu1", 1, "email", False)]
    assert not row(driver).at_once


def test_what_comes_while_somebody_talks_with_them_is_held(driver: Driver) -> None:
    driver.sign_in("ana")
    driver.answered("joe", "voice")
    outage(driver)
    approve(driver)
    mail(driver)
    assert told(driver) == [("cu1", 1, "email", True)]
    assert driver.last(e.DeliveryHeld).reason == "somebody talks with them"


def test_nobody_is_told_in_a_conversation_of_somebody_else(driver: Driver) -> None:
    # Taken for Joe, Mia is to be called where he was; then it turns out that they are two.
    driver.call("joe", topic="invoice")
    got = driver.call("mia", topic="power")
    driver.run(c.MergeCustomers("cu2", "cu1", "told"), 1)
    asked = driver.run(
        c.ScheduleCallback("voice", "main", person("joe"), case=got.case.id, due_us=driver.now_us + 3_600 * SECOND), 1
    ).result
    driver.run(c.SplitCustomers("li1", "two"), 1)
    talk = driver.engine.view.contacts.interactions[asked.interaction].conversation
    assert driver.engine.view.contacts.conversations[talk or ""].customer == "cu1"
    driver.run(c.SendMessage("ca1", "k", text="Your invoice"), 1)
    outage(driver)
    driver.run(c.LinkToIncident("ic1", got.case.id))
    approve(driver)
    assert (told(driver), driver.last(e.IncidentNotTold).reason) == ([], "no_channel")


def test_without_the_consent_that_a_purpose_needs_nobody_is_told() -> None:
    driver = Driver(CARE + '[identity.purposes]\noutages = "opt_in"\n')
    mail(driver)
    mail(driver, "mia")
    driver.run(c.RecordConsent("cu2", "outages", True, "email"))
    outage(driver, purpose="outages")
    driver.run(c.LinkMatching("ic1"))
    approve(driver)
    assert driver.events(e.IncidentNotTold) == [e.IncidentNotTold("ic1", "ca1", "cu1", 1, "no_consent")]
    assert told(driver) == [("cu2", 1, "email", False)]
    assert driver.last(e.DeliveryPlanned).purpose == "outages"


def test_who_was_forgotten_is_told_nothing_unless_they_come_back(driver: Driver) -> None:
    outage(driver)
    mail(driver)
    driver.run(c.EraseCustomer("cu1", "asked"))
    approve(driver)
    assert (told(driver), driver.last(e.IncidentNotTold).reason) == ([], "no_channel")
    back = mail(driver)
    assert back.customer != "cu1"
    assert told(driver) == [(back.customer, 1, "email", True)]
    driver.run(c.UpdateIncident("ic1", text="Back at six."))
    approve(driver, version=2)
    assert told(driver)[1:] == [(back.customer, 2, "email", False)]


# Contacts that match


def test_a_contact_that_matches_hears_it_at_once_where_it_came(driver: Driver) -> None:
    outage(driver)
    approve(driver)
    driver.run(c.OpenIncident("a post", "We saw it.", ["post"]))
    got = driver.message("joe", topic="power")
    assert driver.last(e.IncidentCaseLinked) == e.IncidentCaseLinked("ic1", got.case.id, "cu1", "contact")
    assert told(driver) == [("cu1", 1, "chat", True)]
    mail(driver, "mia", "invoice")
    assert (linked(driver), len(told(driver)), row(driver).at_once) == (["ca1"], 1, 1)


def test_what_a_contact_is_about_counts_though_its_case_is_about_something_else(driver: Driver) -> None:
    outage(driver)
    approve(driver)
    got = mail(driver, topic=None)
    driver.message("joe", channel="chat", topic="power", reply_case=got.case.id)
    assert driver.last(e.IncidentCaseLinked).case == got.case.id
    assert told(driver) == [("cu1", 1, "chat", True)]


def test_where_nothing_is_open_a_contact_costs_nothing(driver: Driver) -> None:
    mail(driver)
    assert (driver.engine.view.incidents.incidents, driver.engine.view.incidents.links) == ({}, {})


@pytest.mark.parametrize(
    ("values", "matched"),
    [
        ({"topics": ["power"]}, ["ca1", "ca2"]),
        ({"topics": ["power", "light"]}, ["ca1", "ca2", "ca3"]),
        ({"topics": [], "queues": ["sales"]}, ["ca2", "ca3"]),
        ({"queues": ["sales"]}, ["ca2"]),
        ({"topics": [], "fields": {"orders": 1}}, ["ca1", "ca4"]),
        ({"topics": [], "customer_fields": {"vip": True}}, ["ca1", "ca3"]),
        ({"topics": [], "fields": {"orders": 1}, "customer_fields": {"vip": True}}, ["ca1"]),
        ({"fields": {"orders": 7}}, []),
    ],
)
def test_all_that_is_asked_for_must_match(driver: Driver, values: dict[str, Any], matched: list[str]) -> None:
    mail(driver, "joe")
    mail(driver, "mia", account="sales", queue="sales")
    mail(driver, "zoe", "light", queue="sales")
    mail(driver, "leo", None)
    mail(driver, "kim", "power", queue="care")
    driver.run(c.ResolveCase("ca5"))
    driver.run(c.SetFields("ca1", {"orders": 1, "due": "2026-12-01"}))
    driver.run(c.SetFields("ca4", {"orders": 1}))
    driver.run(c.SetFields("cu1", {"vip": True}))
    driver.run(c.SetFields("cu3", {"vip": True}))
    outage(driver, **values)
    driver.run(c.LinkMatching("ic1"))
    driver.advance(1)
    assert linked(driver) == matched
    assert {one.by for one in driver.events(e.IncidentCaseLinked)} <= {"search"}


def test_true_is_not_one(driver: Driver) -> None:
    mail(driver)
    driver.run(c.SetFields("cu1", {"vip": False}))
    outage(driver, topics=[], customer_fields={"vip": True})
    driver.run(c.LinkMatching("ic1"))
    driver.advance(1)
    assert linked(driver) == []


def test_what_becomes_known_of_a_case_or_its_customer_links_it(driver: Driver) -> None:
    mail(driver, "joe", None)
    mail(driver, "mia", None)
    outage(driver, topics=[], fields={"orders": 1})
    outage(driver, topics=[], customer_fields={"vip": True})
    for name in ("ic1", "ic2"):
        approve(driver, name)
    driver.run(c.SetFields("ca1", {"orders": 1}))
    driver.run(c.SetFields("cu2", {"vip": True}))
    driver.run(c.SetFields("in1", {"note": "x"}))
    assert (linked(driver), linked(driver, "ic2")) == (["ca1"], ["ca2"])
    assert [one.by for one in driver.events(e.IncidentCaseLinked)] == ["learned", "learned"]
    assert told(driver) == [("cu1", 1, "email", False), ("cu2", 1, "email", False)]
    driver.run(c.UpdateIncident("ic1", text="Back at six."))
    driver.run(c.SetFields("ca1", {"orders": 2}))
    assert len(told(driver)) == 2, "it is linked already"


def test_a_topic_that_a_bot_finds_out_links_the_case() -> None:
    bot = CARE + '[agents.bert]\nkind = "bot"\nteams = ["sales"]\n'
    driver = Driver(bot)
    outage(driver)
    driver.sign_in("bert")
    driver.message("joe", queue="sales")
    driver.accept(driver.offer_to("bert"))
    driver.run(c.HandOver("in1", "bert", "care", topic="power"))
    assert linked(driver) == ["ca1"]


def test_of_two_that_match_the_older_one_counts(driver: Driver) -> None:
    outage(driver)
    outage(driver, queues=["care"])
    mail(driver)
    assert (linked(driver), linked(driver, "ic2")) == (["ca1"], [])


def test_what_comes_from_another_system_is_told_nothing(driver: Driver) -> None:
    outage(driver)
    approve(driver)
    driver.run(c.BeginImport())
    mail(driver)
    driver.call("mia", topic="power")
    driver.run(c.SetFields("ca1", {"orders": 1}))
    assert (linked(driver), told(driver)) == ([], [])


# Linking by hand


def test_what_was_unlinked_is_not_linked_again_by_itself(driver: Driver) -> None:
    outage(driver)
    mail(driver)
    decided = driver.run(c.UnlinkFromIncident("ic1", "ca1", "their own fuse", actor="agent:ana"))
    assert decided.events == [e.IncidentCaseUnlinked("ic1", "ca1", "cu1", "their own fuse")]
    mail(driver)
    driver.run(c.LinkMatching("ic1"))
    approve(driver)
    assert (linked(driver), told(driver)) == ([], [])
    driver.refuse(c.UnlinkFromIncident("ic1", "ca1", "x"), NotAllowedInState, subject="ca1")
    driver.run(c.LinkToIncident("ic1", "ca1", actor="agent:ana"))
    assert (linked(driver), row(driver).apart) == (["ca1"], {})
    assert driver.run(c.LinkToIncident("ic1", "ca1")).events == []
    driver.refuse(c.UnlinkFromIncident("ic1", "ca1", ""), InvalidCommand, field="reason")


def test_what_cannot_be_linked_is_refused(driver: Driver) -> None:
    mail(driver, topic=None)
    mail(driver, "mia", topic=None)
    outage(driver)
    outage(driver)
    driver.run(c.LinkToIncident("ic1", "ca1"))
    driver.refuse(c.LinkToIncident("ic2", "ca1"), NotAllowedInState, subject="ca1")
    driver.run(c.ResolveCase("ca2"))
    driver.refuse(c.LinkToIncident("ic1", "ca2"), NotAllowedInState, state="RESOLVED")
    driver.refuse(c.LinkToIncident("ic1", "ca9"), UnknownId)
    driver.run(c.CloseIncident("ic1", "power is back"))
    driver.refuse(c.LinkToIncident("ic2", "ca1"), NotAllowedInState, subject="ca1")
    driver.refuse(c.LinkToIncident("ic1", "ca1"), NotAllowedInState, state="CLOSING")


def test_a_search_needs_something_to_match(driver: Driver) -> None:
    outage(driver, topics=[])
    driver.refuse(c.LinkMatching("ic1"), InvalidCommand, field="incident")


def test_a_search_leaves_what_another_incident_has(driver: Driver) -> None:
    outage(driver)
    mail(driver)
    outage(driver)
    driver.run(c.LinkMatching("ic2"))
    driver.advance(1)
    assert (linked(driver), linked(driver, "ic2")) == (["ca1"], [])


# One matter, one person


def test_merged_cases_count_as_one_and_have_their_links_back_when_taken_apart(driver: Driver) -> None:
    mail(driver, topic=None)
    driver.run(c.OpenCase("cu1", "power"))
    driver.run(c.OpenCase("cu1", "light"))
    outage(driver)
    driver.run(c.LinkToIncident("ic1", "ca2"))
    driver.run(c.MergeCases("ca1", "ca2", "the same"))
    driver.run(c.MergeCases("ca1", "ca3", "the same"))
    assert driver.run(c.LinkToIncident("ic1", "ca3")).events == [], "the matter is linked already"
    approve(driver)
    assert (linked(driver), told(driver)) == (["ca2"], [("cu1", 1, "email", False)])
    driver.run(c.UnmergeCase("ca2", "two matters"))
    driver.run(c.UnlinkFromIncident("ic1", "ca2", "another cause"))
    assert linked(driver) == []


def test_a_matter_that_was_linked_twice_is_unlinked_with_all_its_cases(driver: Driver) -> None:
    mail(driver)
    driver.run(c.OpenCase("cu1", "power"))
    outage(driver)
    driver.run(c.LinkMatching("ic1"))
    driver.advance(1)
    driver.run(c.MergeCases("ca1", "ca2", "the same"))
    decided = driver.run(c.UnlinkFromIncident("ic1", "ca2", "another cause"))
    assert [one.case for one in decided.events if isinstance(one, e.IncidentCaseUnlinked)] == ["ca1", "ca2"]
    driver.run(c.LinkMatching("ic1"))
    driver.advance(1)
    assert linked(driver) == []


def test_what_is_split_off_is_not_linked(driver: Driver) -> None:
    outage(driver)
    mail(driver)
    chat = driver.message("joe", topic="power")
    driver.run(c.SplitCase("ca1", "another matter", [chat.interaction]))
    assert linked(driver) == ["ca1"]


def test_two_who_are_one_person_are_told_once_and_each_again_as_two(driver: Driver) -> None:
    outage(driver)
    mail(driver)
    mail(driver, "mia")
    driver.run(c.MergeCustomers("cu1", "cu2", "told", 100))
    approve(driver)
    assert told(driver) == [("cu1", 1, "email", False)]
    driver.run(c.SplitCustomers("li1", "two people"))
    assert told(driver)[1:] == [("cu2", 1, "email", False)]
    assert [one.text for one in driver.events(e.MessageWritten)] == [TOLD, TOLD]


def test_a_split_tells_nothing_of_what_is_over_or_settled(driver: Driver) -> None:
    mail(driver)
    mail(driver, "mia")
    driver.run(c.MergeCustomers("cu1", "cu2", "told", 100))
    driver.run(c.SplitCustomers("li1", "two people"))
    outage(driver)
    driver.run(c.LinkMatching("ic1"))
    driver.advance(1)
    driver.run(c.MergeCustomers("cu1", "cu2", "told", 100, actor="operator:kim"))
    approve(driver)
    driver.run(c.ResolveCase("ca2"))
    count = len(told(driver))
    driver.run(c.SplitCustomers("li2", "two people"))
    assert len(told(driver)) == count


def test_a_participant_s_message_has_the_customer_told_where_the_customer_writes(driver: Driver) -> None:
    outage(driver)
    got = mail(driver)
    driver.run(c.SetParticipant("ca1", mail(driver, "mia", None).customer, "helper"))
    approve(driver)
    before = len(told(driver))
    driver.message("mia", channel="email", reply_case=got.case.id, after=DAY / SECOND * 2)
    assert [one[0] for one in told(driver)] == ["cu1"]
    assert before == 1


def test_an_incident_that_nothing_matches_leaves_contacts_alone(driver: Driver) -> None:
    outage(driver, topics=[])
    approve(driver)
    mail(driver)
    driver.run(c.SetFields("ca1", {"orders": 1}))
    assert (linked(driver), told(driver)) == ([], [])
    driver.run(c.LinkToIncident("ic1", "ca1"))
    assert driver.engine.view.incidents.count("ic1") == 1
    assert driver.engine.view.incidents.count("ic2") == 0
