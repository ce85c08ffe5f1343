"""Archiving: who goes and who stays, when, and what is left."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.archiving import ArchivingEngine, archiving, archiving_plan
from tests.commitment_plans import COMMITTED
from tests.engine_driver import DAY, SECOND, Driver, person, replay, thread
from tests.notice_plans import DIGESTS, NOTICES

from orchestra.engine import recalling
from orchestra.engine.archive import decide, group
from orchestra.engine.archive.decide import RecallCustomer
from orchestra.engine.archive.tables import GOES_ON, LEAVES, STAYS
from orchestra.engine.engine import SECTIONS, Engine
from orchestra.errors import NeedsRecall, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.actions import ActionNames
from orchestra.model.addresses import Ref
from orchestra.model.findings import FindingKind
from orchestra.model.identity import Identity
from orchestra.model.plan import Plan
from orchestra.runtime.incidents import excepted_cases
from orchestra.runtime.views import suggested_case_of


class Archive(Driver):
    """A driven engine with a directory."""

    engine: ArchivingEngine

    def __init__(self, of: Plan | None = None, *names: Any) -> None:
        super().__init__(of or archiving_plan(), engine=ArchivingEngine(*names))
        self.sign_in("ana")

    def over(self, sender: str = "joe", channel: str = "email", **values: Any) -> Any:
        """A contact that was answered, and whose case is closed."""
        got = self.message(sender, channel, **values)
        self.close(got)
        return got

    def close(self, got: Any) -> None:
        """End a contact and close its case."""
        if not self.engine.view.contacts.interactions[got.interaction].is_final:
            self.run(c.CancelInteraction(got.interaction, "over"), 1)
        self.run(c.ResolveCase(got.case.id), 1)
        self.run(c.CloseCase(got.case.id), 1)

    def days(self, days: float) -> None:
        """Let days pass."""
        self.advance(days * 24 * 3600)

    def archived(self, after_days: float = 31) -> list[str]:
        """Who is archived by then, the oldest of each group."""
        before = len(self.events(e.CustomerArchived))
        self.days(after_days)
        return [event.customer for event in self.events(e.CustomerArchived)[before:]]

    def is_there(self, customer: str = "cu1") -> bool:
        return customer in self.engine.view.identity.customers


def leavings(engine: Engine) -> dict[str, int]:
    """How many rows there are in the tables whose rows leave."""
    return {
        f"{section}.{name}": len(getattr(getattr(engine.view, section), name))
        for section, tables in LEAVES.items()
        for name in tables
        if getattr(getattr(engine.view, section), name)
    }


# The tables


def test_every_table_is_declared_once() -> None:
    declared = [(section, name) for of in (LEAVES, GOES_ON, STAYS) for section, names in of.items() for name in names]
    there = [(section.name, name) for section in SECTIONS for name in section.state.TABLES]
    assert sorted(declared) == sorted(there), "say in engine/archive/tables.py what becomes of the rows of each table"


def test_nothing_is_archived_unless_the_plan_says_so() -> None:
    driver = Driver()
    driver.run(c.CancelInteraction(driver.message().interaction, "over"), 1)
    driver.run(c.ResolveCase("ca1"), 1)
    driver.advance(400 * 24 * 3600)
    assert "archive" not in str(driver.engine.dump()["timers"])
    assert driver.engine.dump()["sections"]["archive"] == {"counts": [[], []]}
    assert "cu1" in driver.engine.view.identity.customers


def test_a_plan_that_archives_at_once_is_refused() -> None:
    faults = archiving(archiving_plan(), timedelta()).faults()
    assert [fault.path for fault in faults if fault.is_error] == ["cases.archive_after"]


# Who goes


def test_a_customer_goes_when_their_last_case_has_been_closed_for_long() -> None:
    driver = Archive()
    driver.over()
    driver.days(20)
    driver.over()
    closed_us = driver.now_us
    assert driver.archived(30 - 1 / 24) == []
    driver.days(1)
    [gone] = [logged for logged in driver.log if isinstance(logged.event, e.CustomerArchived)]
    assert gone.at_us == closed_us + 30 * DAY
    assert gone.event.customer == "cu1"
    assert leavings(driver.engine) == {}
    assert driver.engine.view.archive.counts["archived"] == 1


def test_what_is_left_of_a_customer_is_only_what_stays() -> None:
    driver = Archive()
    driver.over(text="secret")
    assert driver.archived() == ["cu1"]
    dumped = driver.engine.dump()
    for section, names in (*GOES_ON.items(), *((name, list(of)) for name, of in LEAVES.items())):
        for name in names:
            assert dumped["sections"][section][name][0] == [], f"{section}.{name}"
    assert not any("cu1" in row for row in dumped["timers"])
    assert len(driver.engine.view.timers) == 0


def test_what_is_stored_says_nothing_private() -> None:
    driver = Archive()
    driver.over(text="my secret", thread=thread("t1"))
    driver.archived()
    event = driver.last(e.CustomerArchived)
    assert "secret" not in str(attrs.asdict(event))
    assert "joe" not in "".join(event.rows.values()).replace("key-joe", "")
    assert all(len(key) == 32 for key in event.keys)
    assert event.keys == sorted(set(event.keys))


def test_two_who_are_one_person_go_together() -> None:
    driver = Archive()
    driver.over("joe")
    driver.over("zoe", "chat")
    driver.run(c.MergeCustomers("cu1", "cu2", "passport", 100))
    assert driver.archived(62) == ["cu1"]
    assert leavings(driver.engine) == {}


def test_whoever_takes_part_in_a_case_goes_with_its_customer() -> None:
    driver = Archive()
    got = driver.message("joe", "email", thread=thread("t1"))
    driver.message("zoe", "email", thread=thread("t1"))
    for one in driver.events(e.InteractionStarted):
        if not driver.engine.view.contacts.interactions[one.interaction].is_final:
            driver.run(c.CancelInteraction(one.interaction, "over"), 1)
    driver.run(c.ResolveCase(got.case.id), 1)
    driver.run(c.CloseCase(got.case.id), 1)
    assert driver.engine.view.cases.cases["ca1"].participants == {"cu2": 1}
    assert driver.archived() == ["cu1"]
    assert leavings(driver.engine) == {}
    driver.engine.recall_all(driver.now_us)
    assert driver.engine.view.cases.joined_by == {"cu2": {"ca1": 1}}
    driver.days(31)
    assert driver.engine.view.cases.joined_by == {}


def test_cases_that_are_one_matter_go_together_and_come_back_so() -> None:
    driver = Archive()
    first = driver.message("joe", "email", topic="order")
    second = driver.call("joe", topic="bill")
    driver.run(c.MergeCases(first.case.id, second.case.id, "one matter"))
    for got in (first, second):
        driver.run(c.CancelInteraction(got.interaction, "over"), 1)
    driver.run(c.ResolveCase(first.case.id), 1)
    driver.run(c.CloseCase(first.case.id), 1)
    assert driver.archived() == ["cu1"]
    assert driver.run(c.UnmergeCase(second.case.id, "two after all")).result.id == second.case.id
    assert driver.engine.view.cases.merged_of == {}


# Who stays


def test_an_open_case_keeps_its_customer() -> None:
    driver = Archive()
    driver.run(c.CancelInteraction(driver.message().interaction, "over"), 1)
    assert driver.archived(100) == []
    assert driver.is_there()


def test_nobody_looks_at_a_customer_again_and_again_whose_case_is_open() -> None:
    driver = Archive()
    got = driver.message("joe", "email")
    driver.run(c.CancelInteraction(got.interaction, "over"), 1)
    driver.days(400)
    assert driver.events(e.ArchivePutOff) == [e.ArchivePutOff("cu1", None)]
    assert driver.engine.view.timers.names_of("cu1") == []
    driver.run(c.ResolveCase(got.case.id), 1)
    driver.run(c.CloseCase(got.case.id), 1)
    closed_us = driver.now_us
    assert driver.archived() == ["cu1"]
    assert driver.log[-1].at_us == closed_us + 30 * DAY


def test_whoever_is_kept_by_the_open_case_of_another_is_looked_at_in_time() -> None:
    driver = Archive()
    got = driver.message("joe", "email", thread=thread("t1"))
    driver.message("zoe", "email", thread=thread("t1"))
    for one in driver.events(e.InteractionStarted):
        driver.run(c.CancelInteraction(one.interaction, "over"), 1)
    driver.days(31)
    assert [(off.customer, off.until_us is None) for off in driver.events(e.ArchivePutOff)] == [
        ("cu1", True),
        ("cu2", False),
    ]
    driver.run(c.RemoveParticipant(got.case.id, "cu2", "wrong address"))
    assert driver.archived(62) == ["cu2"]
    driver.run(c.ResolveCase(got.case.id), 1)
    driver.run(c.CloseCase(got.case.id), 1)
    assert driver.archived(62) == ["cu1"]


def test_a_resolved_case_keeps_its_customer_until_it_closes() -> None:
    driver = Archive(attrs.evolve(archiving_plan(), cases=attrs.evolve(archiving_plan().cases, close_after=None)))
    driver.run(c.CancelInteraction(driver.message().interaction, "over"), 1)
    driver.run(c.ResolveCase("ca1"), 1)
    assert driver.archived(100) == []
    driver.run(c.CloseCase("ca1"), 1)
    assert driver.archived(100) == ["cu1"]


def test_a_contact_that_goes_on_keeps_its_customer() -> None:
    driver = Archive()
    got = driver.over()
    again = driver.message("joe", "email")
    driver.run(c.ResolveCase(again.case.id), 1)
    if driver.engine.view.cases.cases[again.case.id].state != "CLOSED":
        driver.run(c.CloseCase(again.case.id), 1)
    assert not driver.engine.view.contacts.interactions[again.interaction].is_final
    assert driver.archived(50) == []
    driver.run(c.CancelInteraction(again.interaction, "over"), 1)
    assert driver.archived(62) == [got.customer]


def test_a_commitment_keeps_whom_it_was_made_to() -> None:
    driver = Archive(archiving(Plan.parse(COMMITTED), timedelta(days=30)))
    got = driver.message("joe", "email")
    made = driver.run(c.MakeCommitment("order:1", "refund", 1000, "EUR", case=got.case.id)).result
    driver.close(got)
    assert driver.archived(62) == []
    driver.run(c.WithdrawCommitment(made.statement, "wrong"))
    assert driver.archived(62) == ["cu1"]


def test_an_invitation_keeps_whom_it_was_made_to() -> None:
    driver = Archive()
    got = driver.message("joe", "email", topic="order")
    other = driver.message("joe", "chat", topic="bill")
    invited = driver.run(
        c.InviteToChannel("voice", case=got.case.id, lasts_us=89 * 24 * 3600 * 1_000_000, text="Call us")
    ).result
    for one in (got, other):
        driver.run(c.CancelInteraction(one.interaction, "over"), 1)
        driver.run(c.ResolveCase(one.case.id), 1)
    driver.run(c.CloseCase(other.case.id), 1)
    driver.run(c.MergeCases(other.case.id, got.case.id, "the same"), 1)
    assert driver.archived(62) == []
    driver.run(c.WithdrawInvitation(invited.id, "too late"))
    assert driver.archived(62) == ["cu1"]


def test_what_other_departments_have_not_noted_keeps_its_customer() -> None:
    driver = Archive(attrs.evolve(archiving_plan(), findings={"bug": FindingKind(teams=["sales"])}))
    got = driver.message("joe", "email")
    finding = driver.run(c.RaiseFinding(got.case.id, "bug")).result
    driver.close(got)
    assert driver.archived(62) == []
    driver.run(c.AcknowledgeFinding(finding, "sales"))
    assert driver.archived(62) == ["cu1"]


def test_what_is_still_to_be_sent_keeps_its_customer() -> None:
    plan = archiving_plan(timedelta(hours=1))
    driver = Archive(plan)
    got = driver.over()
    driver.run(c.StopSending("holiday"))
    sent = driver.run(c.SendMessage(got.case.id, "k1", text="hello")).result.delivery
    assert driver.archived(0.5) == []
    driver.run(c.CancelDelivery(sent, "no"))
    assert driver.archived(1) == ["cu1"]


def test_what_is_still_to_be_told_keeps_its_customer_and_what_was_told_leaves_with_them() -> None:
    driver = Archive(archiving(Plan.parse(NOTICES), timedelta(days=30)))
    got = driver.over()
    driver.run(c.SetNoticePreference(got.customer, True, "law"))
    command = c.PlanNotice(
        "k1", "law", customer=got.customer, supersedes_group="g", expires_us=driver.now_us + 40 * DAY
    )
    name = driver.run(command).result
    assert driver.archived(32) == []
    driver.run(c.CancelNotice(name, "no"))
    assert driver.archived(40) == ["cu1"]
    own = driver.engine.view.notices
    assert (own.notices, own.wishes, own.matters) == ({}, {}, {})
    assert (own.by_key, own.of, own.newest) == ({}, {}, {})
    driver.refuse(c.CancelNotice("nt9", "no"), UnknownId)
    assert not driver.is_there()
    assert driver.run(command).result == name
    assert (own.by_key, own.newest) == ({"k1": name}, {("cu1", "g"): name})
    assert driver.run(command).result == name
    assert own.of == {"cu1": {name: 1}}
    assert own.wishes == {"cu1": {"law\x1f*": True}}
    assert driver.run(attrs.evolve(command, key="k2", expires_us=None)).result == "nt2"
    driver.message("joe", "email")
    driver.over("zoe")
    assert driver.archived() == ["cu2"]
    assert driver.run(command).result == name
    assert not driver.is_there("cu2")


def test_what_was_written_of_a_notice_leaves_with_it() -> None:
    driver = Archive(archiving(Plan.parse(NOTICES), timedelta(days=30)))
    got = driver.message("joe", "email")
    driver.run(c.PlanNotice("k1", "law", got.case.id))
    driver.run(c.StartDelivery("de1", 1, 1))
    driver.run(c.RecordOutcome("de1", 1, "accepted", ["p1"]))
    driver.close(got)
    driver.run(c.PlanNotice("k2", "law", got.case.id, supersedes_group="g"))
    driver.run(c.PlanNotice("k3", "law", got.case.id, supersedes_group="g"))
    assert driver.archived() == ["cu1"]
    driver.run(c.RecordReceipt("email", "main", "p1", "read"))
    assert driver.engine.view.notices.notices["nt1"].state == "SENT"
    assert driver.engine.view.notices.newest == {("cu1", "g"): "nt3"}


def test_what_was_told_by_one_message_leaves_with_it_and_comes_back_together() -> None:
    driver = Archive(archiving(Plan.parse(DIGESTS), timedelta(days=30)))
    got = driver.message("joe", "email")
    driver.run(c.PlanNotice("k1", "stage", got.case.id, facts={"stage": "sent"}), 1)
    driver.run(c.PlanNotice("k2", "place", got.case.id, facts={"place": "Rome"}), 1)
    driver.advance_to(driver.engine.view.notices.notices["nt1"].until_us or 0)
    driver.run(c.StartDelivery("de1", 1, 1), 0)
    driver.run(c.RecordOutcome("de1", 1, "accepted", ["p1"]), 0)
    crews = driver.engine.view.notices.crews
    assert crews.aboard == {"de1": {"nt2": 1}}
    driver.close(got)
    assert driver.archived() == ["cu1"]
    assert crews.aboard == {}
    driver.message("joe", "email", after=1)
    assert crews.aboard == {"de1": {"nt2": 1}}
    assert driver.engine.view.notices.notices["nt2"].leader == "nt1"


def test_an_action_that_is_to_be_done_keeps_its_customer() -> None:
    driver = Archive(None, None, None, ActionNames({"refund@1"}))
    got = driver.over()
    name = driver.run(c.RequestAction("refund@1", "k1", case=got.case.id)).result.id
    assert driver.archived(62) == []
    driver.run(c.CancelAction(name, "no"))
    assert driver.archived(62) == ["cu1"]
    assert driver.run(c.RequestAction("refund@1", "k1", case=got.case.id)).result.id == name
    assert len(driver.events(e.ActionRequested)) == 1


def test_a_contact_may_still_go_to_the_case_of_somebody_archived_where_it_was_suggested_to_be() -> None:
    driver = Archive()
    joe = driver.message("joe", "email", topic="order")
    driver.message("ann", "email", topic="bill")
    driver.run(c.InviteToChannel("chat", joe.interaction, text="Here: {token}"), 1)
    ann = driver.message("ann", "chat", invitation="iv1")
    assert driver.last(e.CaseSuggested).case == joe.case.id
    driver.close(joe)
    assert driver.archived() == ["cu1"]
    assert suggested_case_of(driver.engine.view, ann.interaction) is None
    moved = driver.run(c.AcceptCaseSuggestion(ann.interaction), 1)
    assert moved.result.id == joe.case.id
    assert driver.is_there("cu1")


def test_an_old_answer_in_a_thread_of_somebody_else_ties_nobody_to_a_case_that_leaves() -> None:
    driver = Archive()
    theirs = driver.message("pia", "chat", thread=thread("x"))
    driver.run(c.BeginImport())
    driver.run(c.ImportCase("t1", address=person("joe")))
    old = c.ImportMessage(
        "chat", "main", "old", person("mia"), inbound=False, text="there", thread=thread("x"), case=Ref("t1")
    )
    driver.run(old)
    assert driver.engine.view.contacts.conversations["co1"].case == theirs.case.id
    driver.run(c.ImportStatus(Ref("t1"), "closed"))
    assert driver.archived() == ["cu2"]
    driver.close(theirs)
    assert driver.archived() == ["cu1"]
    assert leavings(driver.engine) == {}


@pytest.mark.parametrize("is_loaded", [False, True])
def test_whoever_was_answered_in_a_case_and_has_no_part_in_it_any_more_goes_with_it(*, is_loaded: bool) -> None:
    driver = Archive()
    driver.run(c.BeginImport())
    driver.run(c.ImportCase("t1", address=person("joe")))
    for number in range(2):
        old = c.ImportMessage("chat", "main", f"old{number}", person("mia"), inbound=False, text="x", case=Ref("t1"))
        driver.run(old)
    driver.run(c.ImportStatus(Ref("t1"), "closed"))
    driver.run(c.RemoveParticipant("ca1", "cu2", "gone"))
    if is_loaded:
        driver.engine.load(json.loads(json.dumps(driver.engine.dump())))
    assert driver.archived() == ["cu1"]
    assert leavings(driver.engine) == {}


def test_a_conversation_that_has_gone_on_to_another_case_keeps_the_one_before_no_longer() -> None:
    driver = Archive()
    driver.run(c.BeginImport())
    driver.run(c.ImportCase("t1", address=person("joe")))
    driver.run(c.ImportMessage("chat", "main", "old", person("mia"), inbound=False, text="x", case=Ref("t1")))
    driver.run(c.ImportStatus(Ref("t1"), "closed"))
    driver.run(c.RemoveParticipant("ca1", "cu2", "gone"))
    assert driver.message("mia", "chat").case.id == "ca2"
    assert driver.archived() == ["cu1"]
    assert "ca1" not in driver.engine.view.cases.cases
    assert driver.engine.view.contacts.conversations["co1"].case == "ca2"


def test_a_conversation_that_has_left_with_another_case_is_looked_for_no_more() -> None:
    driver = Archive()
    driver.run(c.BeginImport())
    driver.run(c.ImportCase("t1", address=person("joe")))
    driver.run(c.ImportMessage("chat", "main", "old", person("mia"), inbound=False, text="x", case=Ref("t1")))
    driver.run(c.RemoveParticipant("ca1", "cu2", "gone"))
    driver.run(c.ImportCase("t2", "cu2"))
    driver.run(c.ImportMessage("chat", "main", "new", person("mia"), inbound=True, text="x", case=Ref("t2")))
    driver.run(c.ImportStatus(Ref("t2"), "closed"))
    assert driver.archived() == ["cu2"]
    driver.run(c.ResolveCase("ca1"), 1)
    driver.run(c.CloseCase("ca1"), 1)
    assert driver.archived() == ["cu1"]
    assert leavings(driver.engine) == {}


def test_a_suggested_merge_keeps_both() -> None:
    driver = Archive()
    driver.over("joe")
    driver.over("zoe", "chat")
    driver.run(c.MergeCustomers("cu1", "cu2", "same name", 60))
    assert driver.engine.view.identity.suggested("cu1")
    assert driver.archived(62) == []
    driver.run(c.DismissMerge("cu1", "cu2", "two people"))
    assert sorted(driver.archived(62)) == ["cu1", "cu2"]
    driver.message("joe", "email")
    assert driver.is_there("cu1")
    assert not driver.is_there("cu2")
    driver.run(c.MergeCustomers("cu1", "cu2", "same name", 60))
    assert driver.is_there("cu2"), "both are needed"
    assert not driver.engine.view.identity.suggested("cu1"), "told apart for ever"


def test_an_erasure_that_goes_on_keeps_its_customer() -> None:
    driver = Archive()
    driver.over()
    driver.run(c.EraseCustomer("cu1", "asked for"))
    assert driver.archived(62) == []
    driver.run(c.RecordErasure("cu1"))
    assert driver.archived(62) == ["cu1"]
    assert driver.engine.view.identity.suppressed == {"key-joe": 1}


def test_what_belongs_to_whom_is_taken_down_in_slices_between_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "SLICE", 4)
    driver = Archive()
    for number in range(10):
        driver.over(f"p{number}")
    engine = driver.engine
    own = engine.view.archive
    assert own.is_stocked
    own.reindex()
    assert (own.is_behind, own.of) == (True, {})
    for known in (4, 8, 10):
        engine.execute(c.SetFields("cu1", {}), driver.now_us)
        assert [len(of) for of in own.of.values()] == [1] * known
    driver.message("p3", "email")
    assert len(own.of["cu4"]) > 1, "what comes meanwhile is taken down as well"
    assert not own.is_stocked
    assert len(driver.archived(62)) == 9, "the rest is, once somebody is looked at"
    assert own.is_stocked


def test_what_belongs_to_two_or_says_so_in_its_key_is_taken_down_as_it_was_when_it_came() -> None:
    driver = Archive(attrs.evolve(archiving_plan(), identity=Identity(purposes={"news": "opt_in"})))
    driver.over("joe")
    driver.over("jim")
    own = driver.engine.view.archive
    assert own.is_stocked
    driver.run(c.MergeCustomers("cu1", "cu2", "passport", 100))
    driver.run(c.RecordConsent("cu1", "news", True))
    came = {name: sorted(of) for name, of in own.of.items()}
    assert "li1" in came["cu1"]
    assert "li1" in came["cu2"]
    own.reindex()
    group.stock(driver.engine.view)
    # What cases have is found by their contacts as well: only what those do not lead to is taken down as it comes.
    assert {name: sorted(of) for name, of in own.of.items() if name.startswith("cu")} == came


def test_without_an_archive_nothing_is_taken_down() -> None:
    driver = Driver()
    driver.message()
    assert (driver.engine.view.archive.is_behind, driver.engine.view.archive.of) == (False, {})


def test_a_part_that_is_wrapped_up_keeps_its_customer() -> None:
    driver = Archive()
    driver.over()
    view = driver.engine.view
    view.archive.reindex()
    group.stock(view)
    assert group.group_of(view, "cu1") is not None
    view.archive.of.setdefault("in1", []).append("sg1")
    assert group.group_of(view, "cu1") is not None, "one that is over keeps nobody"
    event = e.SegmentWrapUpStarted("sg1", "in1", "cu1", "ana", "email", 10, [], "manual", None)
    view.segments.started(event, driver.now_us)
    assert group.group_of(view, "cu1") is None


def test_cases_of_two_who_were_split_keep_them_until_somebody_has_looked() -> None:
    driver = Archive()
    got = driver.message("joe", "email", thread=thread("t1"))
    driver.over("zoe", "chat")
    link = driver.run(c.MergeCustomers("cu1", "cu2", "passport", 100)).result.link
    driver.message("zoe", "email", thread=thread("t1"))
    driver.close(got)
    for one in list(driver.engine.view.contacts.interactions):
        if not driver.engine.view.contacts.interactions[one].is_final:
            driver.run(c.CancelInteraction(one, "over"), 1)
    for name, case in driver.engine.view.cases.cases.items():
        if case.state not in ("CLOSED", "MERGED"):
            driver.run(c.ResolveCase(name), 1)
            driver.run(c.CloseCase(name), 1)
    driver.engine.view.identity.triage["ca1\x1fli1"] = "cu2"
    assert link == "li1"
    assert driver.archived(62) == []
    del driver.engine.view.identity.triage["ca1\x1fli1"]
    assert driver.archived(62) == ["cu1"]
    assert driver.run(c.SplitCustomers("li1", "two people")).result.customer == "cu1"
    assert not driver.engine.view.identity.is_same("cu1", "cu2")


def test_two_whose_merge_was_undone_go_and_come_back_together() -> None:
    driver = Archive()
    driver.over("joe")
    driver.over("zoe", "chat")
    driver.run(c.MergeCustomers("cu1", "cu2", "passport", 100))
    driver.run(c.SplitCustomers("li1", "two people"))
    assert driver.archived(62) == ["cu1"], "one group: the link names both"
    assert leavings(driver.engine) == {}
    driver.message("zoe", "chat")
    assert driver.is_there("cu1")
    assert driver.engine.view.identity.merges["li1"].until_us is not None
    assert driver.engine.view.identity.is_apart("cu1", "cu2")


def test_whoever_has_too_much_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Archive()
    driver.over()
    monkeypatch.setattr(group, "MOST", 3)
    assert driver.archived(62) == []
    monkeypatch.undo()
    monkeypatch.setattr(decide, "_LARGEST", 10)
    assert driver.archived(62) == []
    monkeypatch.undo()
    assert driver.archived(62) == ["cu1"]


# The plan


def test_customers_of_before_are_told_when_the_plan_begins_to_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "_SLICE", 2)
    driver = Archive(archiving(archiving_plan(), None))
    for name in ("ann", "ben", "cat", "dan", "eve"):
        driver.over(name)
    driver.days(50)
    assert driver.engine.due() is None
    driver.change_plan(archiving_plan())
    driver.advance(1)
    assert [(event.number, event.is_last) for event in driver.events(e.ArchiveSwept)] == [
        (2, False),
        (4, False),
        (5, True),
    ]
    assert driver.archived(29) == []
    assert driver.archived(2) == ["cu1", "cu2", "cu3", "cu4", "cu5"]


def test_a_shorter_time_holds_from_now_on_and_a_longer_one_when_they_are_looked_at() -> None:
    driver = Archive()
    driver.over()
    driver.days(1)
    driver.change_plan(archiving_plan(timedelta(days=2)))
    assert driver.archived(2.1) == ["cu1"]
    driver.over("zoe")
    driver.change_plan(archiving_plan(timedelta(days=10)))
    assert driver.archived(9) == []
    assert driver.archived(2) == ["cu2"]


def test_nobody_goes_any_more_when_the_plan_stops_to_archive() -> None:
    driver = Archive()
    driver.over()
    driver.change_plan(archiving(archiving_plan(), None))
    assert driver.archived(100) == []
    assert driver.events(e.ArchivePutOff) == [e.ArchivePutOff("cu1")]
    assert driver.engine.due() is None
    driver.over("zoe")
    assert driver.archived(100) == []


def test_whoever_is_recalled_stays_once_nobody_is_archived_any_more() -> None:
    driver = Archive()
    driver.over()
    assert driver.archived() == ["cu1"]
    driver.change_plan(archiving(archiving_plan(), None))
    driver.engine.recall_all(driver.now_us)
    assert driver.archived(100) == []
    assert driver.is_there()


# Rebuilding


def test_replay_and_snapshots_know_who_is_archived() -> None:
    driver = Archive()
    driver.over("joe", thread=thread("t1"))
    driver.over("zoe", "chat")
    driver.run(c.SetFields("cu1", {"vip": True}))
    driver.run(c.AddRef("cu2", "crm:2"))
    driver.archived()
    driver.message("joe", "email", thread=thread("t1"))
    replayed = replay(driver.engine.log, is_blanked=True)
    assert replayed.state_hash() == driver.engine.state_hash() == driver.reloaded().state_hash()
    for engine in (replayed, driver.reloaded()):
        with pytest.raises(NeedsRecall):
            engine.execute(c.SetFields("cu2", {"vip": True}), driver.now_us + SECOND)


def test_the_event_keeps_its_rows_whatever_becomes_of_those_who_came_back() -> None:
    driver = Archive()
    driver.over()
    driver.archived()
    rows = json.dumps(driver.last(e.CustomerArchived).rows)
    driver.engine.recall_all(driver.now_us)
    driver.over()
    driver.run(c.SetFields("cu1", {"vip": True}))
    assert json.dumps(driver.last(e.CustomerArchived).rows) == rows


# The contract


def test_a_command_about_somebody_who_may_be_archived_changes_nothing_until_it_is_looked_up() -> None:
    driver = Archive()
    driver.over()
    driver.archived()
    engine = driver.reloaded()
    before = engine.state_hash()
    command = c.ReceiveMessage("email", "main", "m9", person("joe"), text="again")
    with pytest.raises(NeedsRecall) as needed:
        engine.execute(command, driver.now_us)
    assert engine.state_hash() == before
    assert set(needed.value.keys) <= set(driver.last(e.CustomerArchived).keys)
    assert str(needed.value) == "1 keys have to be looked up in the directory of archived customers"
    decided = engine.execute(command, driver.now_us, needed.value.keys)
    assert decided.result.customer == "cu2", "the directory said that nobody is known by it"


def test_what_nobody_knows_is_refused_once_it_was_looked_up() -> None:
    driver = Archive()
    driver.over()
    driver.archived()
    engine = driver.reloaded()
    command = c.ResolveCase("ca99")
    with pytest.raises(NeedsRecall) as needed:
        engine.execute(command, driver.now_us)
    with pytest.raises(UnknownId):
        engine.execute(command, driver.now_us, needed.value.keys)


def test_deciding_asks_for_all_who_are_missing_and_goes_on_without_those_whom_nobody_has() -> None:
    driver = Archive()
    driver.over()
    driver.over("zoe")
    driver.archived()
    archived = driver.events(e.CustomerArchived)[0]
    asked: list[set[str]] = []

    def recall(keys: Collection[str], at_us: int) -> bool:
        asked.append(set(keys))
        if set(keys).isdisjoint(archived.keys):
            return False
        engine.execute(RecallCustomer(archived.rows, 1), at_us)
        return True

    engine = driver.reloaded()
    senders = [person("joe"), person("max")]
    taken = [
        recalling.decide(engine, c.ReceiveMessage("email", "main", f"m{at}", sender), driver.now_us, recall).result
        for at, sender in enumerate([*senders, *senders])
    ]
    assert [one.customer for one in taken] == ["cu1", "cu3", "cu1", "cu3"]
    assert len(asked) == 2, "once for each, who are there from then on"


def test_whoever_is_there_is_not_recalled_again() -> None:
    driver = Archive()
    driver.over()
    driver.over("zoe")
    driver.archived()
    rows = driver.events(e.CustomerArchived)[0].rows
    driver.message("joe", "email")
    before = driver.engine.state_hash()
    assert driver.engine.execute(RecallCustomer(rows, 1), driver.now_us).events == []
    assert driver.engine.state_hash() == before


def test_commands_about_those_who_are_there_ask_for_nothing() -> None:
    driver = Archive()
    driver.over("joe")
    driver.archived()
    got = driver.message("zoe", "email", thread=thread("t2"), case_number=None)
    asked = len(driver.engine.looked_up)
    driver.message("zoe", "email", thread=thread("t2"), reply_case=got.case.id, case_number=got.case.number)
    driver.run(c.SetFields(got.customer, {"vip": True}))
    assert len(driver.engine.looked_up) == asked


def test_who_is_concerned_by_an_open_incident_stays_until_it_is_closed() -> None:
    driver = Archive()
    got = driver.message("joe", "email", topic="power")
    driver.run(c.OpenIncident("no power", "We know.", ["power"]))
    driver.run(c.LinkToIncident("ic1", got.case.id))
    driver.close(got)
    assert driver.archived() == []
    driver.run(c.CloseIncident("ic1", "over"), 1)
    assert driver.archived(62) == ["cu1"]
    assert driver.engine.view.incidents.incidents["ic1"].state == "CLOSED"


def test_what_stayed_open_after_an_incident_is_listed_until_it_is_archived() -> None:
    driver = Archive()
    got = driver.message("joe", "email", topic="power")
    driver.run(c.OpenIncident("no power", "We know.", ["power"]))
    driver.run(c.LinkToIncident("ic1", got.case.id))
    driver.run(c.FlagIncidentCase("ic1", got.case.id, "a freezer"))
    driver.run(c.CloseIncident("ic1", "over"), 1)
    driver.advance(1)
    assert [one.case.id for one in excepted_cases(driver.engine.view, "ic1", None, 10)] == ["ca1"]
    driver.close(got)
    assert driver.archived(62) == ["cu1"]
    assert excepted_cases(driver.engine.view, "ic1", None, 10) == ()
