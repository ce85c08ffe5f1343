"""Notices: planning them, and everything that keeps one from being told, in its order."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.engine_driver import DAY, HOUR, MINUTE, SECOND
from tests.notice_plans import NOTICES, Teller

from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Ref
from orchestra.model.plan import Plan


@pytest.fixture
def joe() -> Teller:
    """Joe has an open case, and can be written to by mail."""
    return Teller()


# Planning


def test_a_notice_is_written_where_its_customer_wrote_and_arrives(joe: Teller) -> None:
    before = len(joe.log)
    assert joe.plan_notice() == "nt1"
    assert joe.names(before) == [
        "NoticePlanned",
        "NoticeSending",
        "MessageWritten",
        "DeliveryPlanned",
        "DeliveryPermitted",
    ]
    assert attrs.evolve(joe.last(e.NoticeSending), wording=None) == e.NoticeSending(
        "nt1", "cu1", "ca1", "email", "co1", "me2", "de1", "accepted", joe.now_us + 2 * DAY
    )
    row = joe.delivery()
    assert (row.notice, row.topic, row.purpose, row.automatic) == ("nt1", "stage", "service", True)
    assert row.expires_us == joe.notice().expires_us
    assert joe.written() == ["It is packed."]
    joe.outcome()
    assert joe.state() == "SENT"
    assert joe.last(e.NoticeSent) == e.NoticeSent("nt1", "cu1", "email", "de1", "accepted")
    assert joe.last(e.FactTold) == e.FactTold("ca1", "cu1", "stage", "packed", "system", None, "nt1")
    assert joe.notice().sent_us == joe.now_us
    assert joe.engine.view.timers.names_of("nt1") == []


def test_which_edition_of_its_words_was_meant_and_said_is_known(joe: Teller) -> None:
    joe.plan_notice(not_before_us=joe.now_us + HOUR)
    meant = joe.last(e.NoticePlanned).wording
    joe.run(c.ChangePlan(Plan.parse(NOTICES.replace("It is $stage.", "Now $stage.")), "later", "zones", "check"), 1)
    joe.advance(HOUR / SECOND)
    assert joe.written() == ["Now packed."]
    said = joe.last(e.NoticeSending).wording
    assert meant is not None
    assert said is not None
    assert meant != said
    joe.plan_notice(key="k2", facts={"stage": "sent"})
    assert (joe.last(e.NoticePlanned).wording, joe.last(e.NoticeSending).wording) == (said, said)


def test_one_key_is_one_notice(joe: Teller) -> None:
    assert joe.plan_notice() == "nt1"
    joe.run(c.AddRef("ca1", "order:81"), 1)
    before = len(joe.log)
    assert joe.plan_notice(case=Ref("order:81")) == "nt1"
    assert joe.names(before) == []
    for other in ({"facts": {"stage": "sent"}}, {"urgency": "low"}, {"supersedes_group": "g"}, {"expires_us": 1 << 60}):
        command = c.PlanNotice("k1", "stage", "ca1", **{"facts": {"stage": "packed"}} | other)
        assert "nt1" in str(joe.refuse(command, InvalidCommand, field="key"))
    other_case = c.PlanNotice("k1", "stage", customer="cu1", facts={"stage": "packed"})
    joe.refuse(other_case, InvalidCommand, field="key")


def test_a_key_means_the_same_after_its_case_was_merged(joe: Teller) -> None:
    joe.plan_notice()
    joe.run(c.OpenCase("cu1"), 1)
    joe.run(c.MergeCases("ca2", "ca1", "the same"), 1)
    assert joe.plan_notice() == "nt1"
    assert joe.plan_notice(key="k2", facts={"stage": "sent"}) == "nt2"
    assert joe.last(e.NoticeSending).case == "ca2"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"case": None}, "case"),
        ({"customer": "cu1"}, "case"),
        ({"key": ""}, "key"),
        ({"facts": {}}, "facts.stage"),
        ({"facts": {"stage": 1}}, "facts.stage"),
        ({"facts": {"stage": "x", "due": "x"}}, "facts.due"),
        ({"urgency": "now"}, "urgency"),
        ({"supersedes_group": ""}, "supersedes_group"),
        ({"expires_us": 1}, "expires_us"),
        ({"expires_us": 1 << 60, "not_before_us": 1 << 60}, "expires_us"),
    ],
)
def test_what_is_no_notice_is_refused(joe: Teller, values: dict[str, Any], field: str) -> None:
    values = {"key": "k1", "topic": "stage", "case": "ca1", "facts": {"stage": "x"}} | values
    joe.refuse(c.PlanNotice(**values), InvalidCommand, field=field)


@pytest.mark.parametrize("values", [{"topic": "x"}, {"case": "ca9"}, {"case": None, "customer": "cu9"}])
def test_what_there_is_not_is_refused(joe: Teller, values: dict[str, Any]) -> None:
    values = {"key": "k1", "topic": "stage", "case": "ca1", "facts": {"stage": "x"}} | values
    joe.refuse(c.PlanNotice(**values), UnknownId)


def test_it_waits_for_its_time(joe: Teller) -> None:
    joe.plan_notice(not_before_us=joe.now_us + HOUR)
    assert joe.state() == "PLANNED: not_before"
    assert joe.notice().expires_us == joe.now_us - SECOND + HOUR + 2 * DAY
    joe.advance(3599)
    assert joe.state() == "SENDING"


def test_what_is_not_to_be_told_is_not_planned_for_later(joe: Teller) -> None:
    joe.run(c.SetNoticePreference("cu1", False), 1)
    joe.plan_notice(not_before_us=joe.now_us + HOUR)
    assert joe.state() == "SUPPRESSED: not_wanted"


def test_a_notice_is_cancelled(joe: Teller) -> None:
    joe.plan_notice()
    joe.run(c.CancelNotice("nt1", "never mind"), 1)
    assert joe.last(e.NoticeSuppressed) == e.NoticeSuppressed("nt1", "cu1", "canceled", "never mind")
    assert (joe.state(), joe.delivery().state) == ("SUPPRESSED: canceled", "CANCELED")
    joe.refuse(c.CancelNotice("nt1", "again"), NotAllowedInState)
    joe.refuse(c.CancelNotice("nt9", "x"), UnknownId)
    joe.plan_notice(key="k2")
    joe.refuse(c.CancelNotice("nt2", ""), InvalidCommand, field="reason")
    joe.start("de2")
    joe.refuse(c.CancelNotice("nt2", "too late"), NotAllowedInState)


def test_who_calls_back_its_message_does_not_want_it_told(joe: Teller) -> None:
    joe.plan_notice()
    joe.run(c.CancelDelivery("de1", "wrong"), 1)
    assert joe.state() == "SUPPRESSED: canceled"


# 1: relevant, in time, the newest


def test_what_is_settled_is_not_told_unless_the_topic_says_so(joe: Teller) -> None:
    joe.run(c.ResolveCase("ca1"), 1)
    joe.plan_notice()
    assert joe.state() == "SUPPRESSED: resolved"
    joe.plan_notice("delay", "k2")
    assert joe.state("nt2") == "SENDING"


def test_a_case_that_is_settled_while_it_waits(joe: Teller) -> None:
    joe.plan_notice(not_before_us=joe.now_us + HOUR)
    joe.run(c.ResolveCase("ca1"), 1)
    joe.advance(3600)
    assert joe.state() == "SUPPRESSED: resolved"


def test_it_expires_before_it_arrives_late(joe: Teller) -> None:
    joe.run(c.StopSending("storm"), 1)
    joe.plan_notice(expires_us=joe.now_us + HOUR)
    assert joe.state() == "SENDING"
    joe.advance(3600)
    assert (joe.state(), joe.delivery().state) == ("EXPIRED", "EXPIRED")
    joe.plan_notice(key="k2", not_before_us=joe.now_us + HOUR)
    joe.talk()
    joe.advance(3 * DAY / SECOND)
    assert joe.state("nt2") == "EXPIRED"


def test_of_a_group_the_newest_is_told(joe: Teller) -> None:
    joe.plan_notice(supersedes_group="progress", not_before_us=joe.now_us + HOUR)
    joe.plan_notice(key="k2", facts={"stage": "sent"}, supersedes_group="progress")
    assert joe.state() == "SUPPRESSED: superseded"
    assert joe.last(e.NoticeSuppressed).by == "nt2"
    joe.plan_notice(key="k3", facts={"stage": "there"}, supersedes_group="progress")
    assert (joe.state("nt2"), joe.delivery().state) == ("SUPPRESSED: superseded", "CANCELED")
    joe.start("de2")
    joe.plan_notice(key="k4", facts={"stage": "back"}, supersedes_group="progress")
    assert (joe.state("nt3"), joe.state("nt4")) == ("SENDING", "SENDING")
    joe.run(c.RecordOutcome("de2", 1, "retry"), 1)
    joe.advance(10)
    assert joe.state("nt3") == "SUPPRESSED: superseded"


def test_groups_of_two_people_have_nothing_in_common(joe: Teller) -> None:
    joe.message("ada", "email")
    joe.plan_notice(supersedes_group="progress")
    joe.plan_notice(key="k2", case="ca2", supersedes_group="progress")
    assert (joe.state("nt1"), joe.state("nt2")) == ("SENDING", "SENDING")


def test_what_the_plan_does_not_know_any_more_is_not_told(joe: Teller) -> None:
    joe.plan_notice(not_before_us=joe.now_us + HOUR)
    joe.plan_notice("code", "k2", not_before_us=joe.now_us + HOUR)
    plan = Plan.parse(NOTICES)
    topics = {name: topic for name, topic in plan.notices.topics.items() if name != "code"}
    topics["stage"] = attrs.evolve(topics["stage"], facts={"stage": "text", "due": "date"})
    joe.change_plan(attrs.evolve(plan, notices=attrs.evolve(plan.notices, topics=topics)))
    joe.advance(3600)
    assert (joe.state("nt1"), joe.state("nt2")) == ("SUPPRESSED: plan_changed",) * 2


# 2: erasure and consent


def test_nobody_is_told_who_is_to_be_forgotten(joe: Teller) -> None:
    joe.plan_notice(not_before_us=joe.now_us + HOUR)
    joe.run(c.EraseCustomer("cu1", "asked"), 1)
    joe.advance(3600)
    assert joe.state() == "SUPPRESSED: erased"
    joe.run(c.RecordErasure("cu1"), 1)
    joe.plan_notice(key="k2")
    assert joe.state("nt2") == "FAILED: no_address"


def test_marketing_needs_consent_also_while_its_message_waits(joe: Teller) -> None:
    joe.plan_notice("offer")
    assert joe.state() == "SUPPRESSED: no_consent"
    joe.run(c.RecordConsent("cu1", "news", given=True), 1)
    joe.plan_notice("offer", "k2")
    assert joe.state("nt2") == "SENDING"
    joe.run(c.RecordConsent("cu1", "news", given=False), 1)
    joe.refuse(c.StartDelivery("de1", 1, 1), NotAllowedInState)
    joe.advance(31)
    assert (joe.state("nt2"), joe.delivery().state) == ("SUPPRESSED: no_consent", "CANCELED")
    assert [type(one).__name__ for one in joe.events(e.NoticeRecalled)] == ["NoticeRecalled"]


# 3: preferences


def test_of_what_a_customer_said_the_narrowest_counts(joe: Teller) -> None:
    said: list[tuple[bool | None, str | None, str | None]] = [
        (False, None, None),
        (True, "stage", None),
        (False, "stage", "email"),
        (None, "stage", "email"),
        (None, "stage", None),
        (None, None, None),
    ]
    told = []
    for number, (wanted, topic, channel) in enumerate(said):
        joe.run(c.SetNoticePreference("cu1", wanted, topic, channel), 1)
        joe.plan_notice(key=f"k{number}", facts={"stage": f"{number}"})
        told.append(joe.state(f"nt{number + 1}"))
    no = "SUPPRESSED: not_wanted"
    assert told == [no, "SENDING", no, "SENDING", no, "SENDING"]
    assert joe.engine.view.notices.wishes == {}


def test_who_has_said_nothing_is_told_what_the_topic_says(joe: Teller) -> None:
    joe.plan_notice("quiet")
    assert joe.state() == "SUPPRESSED: not_wanted"
    joe.run(c.SetNoticePreference("cu1", True, "quiet"), 1)
    joe.plan_notice("quiet", "k2")
    assert joe.state("nt2") == "SENDING"


def test_what_is_mandatory_reaches_who_wants_nothing_but_not_who_wants_nothing_of_that(joe: Teller) -> None:
    joe.run(c.SetNoticePreference("cu1", False), 1)
    joe.plan_notice("law")
    joe.plan_notice("recall", "k2")
    assert (joe.state("nt1"), joe.state("nt2")) == ("SENDING", "SENDING")
    joe.run(c.SetNoticePreference("cu1", False, "law"), 1)
    joe.run(c.SetNoticePreference("cu1", False, "recall"), 1)
    joe.plan_notice("law", "k3")
    joe.plan_notice("recall", "k4")
    assert (joe.state("nt3"), joe.state("nt4")) == ("SUPPRESSED: not_wanted", "SENDING")


def test_of_two_ids_of_one_person_the_more_restrictive_counts(joe: Teller) -> None:
    joe.message("ada", "email")
    joe.run(c.SetNoticePreference("cu1", True, "stage"), 1)
    joe.run(c.SetNoticePreference("cu2", False, "stage"), 1)
    joe.run(c.MergeCustomers("cu1", "cu2", "said"), 1)
    joe.plan_notice()
    assert joe.state() == "SUPPRESSED: not_wanted"


def test_what_is_said_again_changes_nothing(joe: Teller) -> None:
    joe.run(c.SetNoticePreference("cu1", False), 1)
    before = len(joe.log)
    joe.run(c.SetNoticePreference("cu1", False), 1)
    joe.run(c.SetNoticePreference("cu1", None, "stage"), 1)
    assert joe.names(before) == []
    joe.refuse(c.SetNoticePreference("cu1", False, None, "email"), InvalidCommand, field="topic")
    joe.refuse(c.SetNoticePreference("cu1", False, "x"), UnknownId)
    joe.refuse(c.SetNoticePreference("cu1", False, "stage", "fax"), UnknownId)
    joe.refuse(c.SetNoticePreference("cu9", False), UnknownId)
    joe.refuse(c.SetNoticePreference("cu1", True, actor="customer:cu2"), NotPermitted)


# 5: told already


def test_nobody_is_told_what_an_agent_has_told_unless_it_has_changed(joe: Teller) -> None:
    joe.run(c.TellFact("ca1", "stage", "packed", actor="agent:ana"), 1)
    joe.plan_notice()
    assert joe.state() == "SUPPRESSED: already_told"
    joe.plan_notice(key="k2", facts={"stage": "sent"})
    assert joe.state("nt2") == "SENDING"
    joe.run(c.TellFact("ca1", "stage", "sent", actor="agent:ana"), 1)
    joe.refuse(c.StartDelivery("de1", 1, 1), NotAllowedInState)
    joe.advance(31)
    assert joe.state("nt2") == "SUPPRESSED: already_told"


def test_one_fact_that_is_new_is_worth_telling(joe: Teller) -> None:
    joe.run(c.TellFact("ca1", "due", "2026-08-01"), 1)
    joe.plan_notice("delay")
    assert joe.state() == "SENDING"
    joe.outcome()
    joe.run(c.TellFact("ca1", "days", 3), 1)
    joe.plan_notice("delay", "k2")
    assert joe.state("nt2") == "SUPPRESSED: already_told"


def test_true_is_not_one(joe: Teller) -> None:
    joe.run(c.TellFact("ca1", "days", True), 1)
    joe.run(c.TellFact("ca1", "due", "2026-08-01"), 1)
    joe.plan_notice("delay", facts={"due": "2026-08-01", "days": 1})
    assert joe.state() == "SENDING"


def test_after_a_while_it_is_told_again(joe: Teller) -> None:
    joe.plan_notice()
    joe.outcome()
    joe.advance(30 * DAY / SECOND - 2)
    joe.plan_notice(key="k2")
    assert joe.state("nt2") == "SUPPRESSED: already_told"
    joe.plan_notice(key="k3")
    assert joe.state("nt3") == "SENDING"


def test_a_burst_of_the_same_is_told_once(joe: Teller) -> None:
    for number in range(5):
        joe.plan_notice(key=f"k{number}", after=0, not_before_us=joe.now_us + MINUTE)
    assert [joe.state(f"nt{n}") for n in range(1, 6)] == ["PLANNED: not_before", *["SUPPRESSED: duplicate"] * 4]
    assert joe.last(e.NoticeSuppressed).by == "nt1"
    joe.plan_notice(key="other", facts={"stage": "sent"})
    joe.plan_notice("delay", "more")
    assert (joe.state("nt6"), joe.state("nt7")) == ("SENDING", "SENDING")


def test_one_that_outlives_the_other_waits_to_see_what_becomes_of_it(joe: Teller) -> None:
    joe.plan_notice(expires_us=joe.now_us + HOUR)
    joe.plan_notice(key="k2")
    assert joe.state("nt2") == "HELD: being_told"
    joe.start()
    joe.run(c.RecordOutcome("de1", 1, "unknown"), 1)
    joe.advance(3600)
    assert (joe.state("nt1"), joe.state("nt2")) == ("FAILED: no_receipt", "SENDING")


def test_what_is_about_no_case_is_told_once_too(joe: Teller) -> None:
    joe.plan_notice(customer="cu1")
    joe.plan_notice(key="k2", customer="cu1")
    assert joe.state("nt2") == "SUPPRESSED: duplicate"
    joe.outcome()
    joe.plan_notice(key="k3", customer="cu1")
    assert joe.state("nt3") == "SUPPRESSED: already_told"


# 8: where it is told


def test_what_is_about_no_case_is_a_matter_of_its_own(joe: Teller) -> None:
    joe.plan_notice("law", customer="cu1")
    opened = joe.last(e.CaseOpened)
    assert (opened.case, opened.customer, opened.owner, opened.conversation) == ("ca2", "cu1", "care", None)
    assert joe.engine.view.cases.cases["ca2"].state == "RESOLVED"
    joe.plan_notice("recall", "k2", customer="cu1")
    assert [row.matter for row in joe.engine.view.notices.notices.values()] == ["ca2", "ca2"]
    joe.run(c.CloseCase("ca2"), 1)
    joe.plan_notice("code", "k3", customer="cu1")
    assert joe.notice("nt3").matter == "ca3"


def test_who_was_never_in_touch_there_is_written_to_at_an_address_of_theirs() -> None:
    ada = Teller(channels=["chat"])
    ada.plan_notice("delay")
    assert [one.channel for one in ada.events(e.NoticeLegSkipped)] == ["sms"]
    began = ada.last(e.ConversationStarted)
    assert (began.channel, began.account, began.address, began.thread) == ("email", "main", "key-joe", "@key-joe")
    assert began.customer == "cu1"
    assert ada.last(e.NoticeSending).conversation == began.conversation
    got = ada.message("joe", "email", topic="order")
    assert ada.engine.view.contacts.interactions[got.interaction].conversation == began.conversation


def test_a_conversation_that_was_begun_is_gone_on_with() -> None:
    ada = Teller(channels=["chat"])
    ada.plan_notice("delay")
    ada.outcome()
    ada.plan_notice("delay", "k2", facts={"due": "2026-08-09", "days": 8})
    assert len(ada.events(e.ConversationStarted)) == 2  # that of the chat, and one
    assert ada.last(e.NoticeSending).conversation == "co2"


def test_it_goes_where_they_would_rather_be_written_to() -> None:
    joe = Teller(channels=["email", "sms"])
    joe.run(c.SetPreferences("cu1", ["email"]), 1)
    joe.plan_notice()
    joe.plan_notice("delay", "k2")
    assert [one.channel for one in joe.events(e.NoticeSending)] == ["email", "email"]
    joe.run(c.SetPreferences("cu1", []), 1)
    joe.plan_notice("code", "k3")
    joe.plan_notice("delay", "k4", facts={"due": "2026-08-09", "days": 8})
    assert [one.channel for one in joe.events(e.NoticeSending)][2:] == ["sms", "sms"]


def test_who_could_be_told_and_does_not_want_it_is_not_taken_for_who_cannot(joe: Teller) -> None:
    joe.run(c.SetNoticePreference("cu1", False, "delay", "email"), 1)
    joe.plan_notice("delay")
    assert joe.state() == "SUPPRESSED: not_wanted"
    assert [one.reason for one in joe.events(e.NoticeLegSkipped)] == ["no_address", "not_wanted"]


def test_who_has_no_address_cannot_be_told() -> None:
    plan = Plan.parse(NOTICES)
    nobody = Teller(attrs.evolve(plan, notices=attrs.evolve(plan.notices, starts={})), channels=[])
    nobody.run(c.OpenCase(_added(nobody)), 1)
    nobody.plan_notice()
    assert nobody.state() == "FAILED: no_address"
    nobody.plan_notice("delay", "k2")
    assert nobody.state("nt2") == "FAILED: no_address"
    assert [one.reason for one in nobody.events(e.NoticeLegSkipped)] == ["no_address"] * 2


def _added(driver: Teller) -> str:
    """A customer who called, and cannot be written to."""
    got = driver.call("joe", "voice")
    driver.run(c.LeaveContact(got.interaction), 1)
    return str(got.customer)


def test_one_that_is_newer_and_has_left_is_waited_for(joe: Teller) -> None:
    joe.plan_notice(not_before_us=joe.now_us + HOUR)
    joe.plan_notice("both", "k2", facts={"stage": "packed", "due": "2026-08-01"})
    joe.start()
    joe.advance(3600)
    assert joe.state("nt1") == "HELD: being_told"
    assert joe.notice().until_us == joe.notice("nt2").expires_us
    joe.run(c.RecordOutcome("de1", 1, "accepted", ["p1"]), 1)
    joe.advance(2 * DAY / SECOND)
    assert (joe.state("nt1"), joe.state("nt2")) == ("SUPPRESSED: already_told", "SENT")


def test_a_case_that_goes_on_as_another_persons_is_told_nobody(joe: Teller) -> None:
    joe.message("ada", "email")
    joe.run(c.MergeCustomers("cu1", "cu2", "said"), 1)
    joe.run(c.MergeCases("ca2", "ca1", "the same"), 1)
    joe.plan_notice(not_before_us=joe.now_us + HOUR)
    assert joe.notice().customer == "cu1"
    joe.run(c.SplitCustomers("li1", "wrong"), 1)
    joe.advance(3600)
    assert joe.state() == "SUPPRESSED: not_theirs"


def test_who_was_told_under_the_case_of_somebody_else_is_told_under_one_of_their_own(joe: Teller) -> None:
    joe.message("ada", "email")
    joe.run(c.MergeCustomers("cu1", "cu2", "said"), 1)
    joe.plan_notice("law", customer="cu1")
    assert joe.engine.view.cases.cases[joe.last(e.NoticeSending).case].customer == "cu2"  # who wrote last
    joe.run(c.SplitCustomers("li1", "wrong"), 1)
    joe.plan_notice("recall", "k2", customer="cu1")
    assert joe.engine.view.cases.cases[joe.last(e.NoticeSending).case].customer == "cu1"
