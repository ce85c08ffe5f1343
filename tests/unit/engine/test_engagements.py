"""Contacts of one customer at the same time: one engagement, one lead, and nobody acts on what they have not seen."""

from __future__ import annotations

import attrs
import pytest
from tests.engine_driver import Driver, person, plan, thread

from orchestra.engine.engagements.leading import MOST_LOOKED_AT, lead, lead_for, members_of
from orchestra.engine.engagements.state import MOST_CHANGES
from orchestra.errors import InvalidCommand, StaleVersion
from orchestra.model import commands as c, events as e
from orchestra.model.engagements import Engagements


def _version(driver: Driver, name: str = "en1") -> int:
    return driver.engine.view.engagements.changes_of(name)[-1][0]


def _names(driver: Driver) -> list[str]:
    engagements = driver.engine.view.engagements
    return sorted({engagements.of_member(one) for one in engagements.members})


def _modes(driver: Driver, name: str = "en1") -> dict[str, str]:
    engagements = driver.engine.view.engagements
    return {one: row.mode for one, row in sorted(engagements.members.items()) if engagements.of_member(one) == name}


def _lead(driver: Driver, name: str = "en1") -> str | None:
    view = driver.engine.view
    members = view.engagements.members
    return lead(view, {members[one].customer: 1 for one in members if view.engagements.of_member(one) == name})


def _on_the_phone() -> Driver:
    """Ana is on the phone with Joe, about an order."""
    driver = Driver()
    driver.sign_in("ana")
    driver.answered("joe", "voice", topic="order")
    return driver


def test_it_lasts_as_long_as_the_customer_is_in_touch() -> None:
    driver = _on_the_phone()
    assert (_lead(driver), _modes(driver)) == ("ana", {"in1": "first"})
    driver.run(c.FinishInteraction("in1", "ana"), 5)
    assert _names(driver) == []
    driver.call("joe")
    assert _names(driver) == ["en2"]


def test_who_chats_while_on_the_phone_gets_the_same_agent() -> None:
    driver = Driver(
        plan(channels={**plan().channels, "voice": attrs.evolve(plan().channels["voice"], weight_percent=50)})
    )
    driver.sign_in("bob", "ana")
    phone = driver.answered("joe", "voice", topic="order")
    lead = driver.agent_of(phone)
    chat = driver.message("joe", "chat", topic="order")
    assert _modes(driver) == {"in1": "first", "in2": "together"}
    assert chat.case == phone.case
    assert driver.last(e.OfferMade).agent == lead, "not whoever has been idle longest"
    driver.accept()
    assert _lead(driver) == lead


def test_another_helps_where_the_lead_has_no_room() -> None:
    driver = _on_the_phone()
    driver.sign_in("bob")
    driver.message("joe", "chat", topic="order")
    assert driver.last(e.OfferMade).agent == "bob"
    driver.accept()
    assert _lead(driver) == "ana"


def test_another_case_is_separate_and_seen_all_the_same() -> None:
    driver = _on_the_phone()
    driver.message("joe", "chat", topic="bill")
    assert _modes(driver) == {"in1": "first", "in2": "separate"}
    assert lead_for(driver.engine.view, "in2") is None


def test_the_plan_says_which_channels_go_together() -> None:
    separate = Engagements({"voice": {"chat": "separate"}})
    driver = Driver(plan(engagements=separate))
    driver.call("joe", topic="order")
    driver.message("joe", "chat", topic="order")
    driver.message("joe", "email", topic="order")
    assert _modes(driver) == {"in1": "first", "in2": "separate", "in3": "together"}


def test_a_work_item_is_no_contact() -> None:
    channels = {**plan().channels, "task": attrs.evolve(plan().channels["email"], work=True)}
    driver = Driver(plan(channels=channels))
    got = driver.call("joe")
    driver.run(c.OpenWorkItem("task", "k", got.case.id), 1)
    assert _modes(driver) == {got.interaction: "first"}


def test_a_callback_is_none_until_it_is_answered() -> None:
    driver = Driver()
    asked = driver.run(c.RequestCallback(driver.call("joe").interaction), 1).result
    assert _names(driver) == []
    driver.sign_in("ana")
    driver.accept()
    assert _names(driver) == []
    driver.run(c.ReportCallback(asked.interaction, "ana", "answered"), 1)
    assert _modes(driver, "en2") == {asked.interaction: "first"}
    assert _lead(driver, "en2") == "ana"


def test_who_was_called_back_joins_where_they_came_meanwhile() -> None:
    driver = Driver()
    asked = driver.run(c.RequestCallback(driver.call("joe").interaction), 1).result
    driver.message("joe", "email", topic="bill")
    driver.sign_in("ana")
    driver.accept(next(made for made in driver.pending() if made.interaction == asked.interaction))
    driver.run(c.ReportCallback(asked.interaction, "ana", "answered"), 1)
    assert _modes(driver, "en3") == {"in2": "separate", "in3": "first"}


# Who leads


def test_the_lead_passes_on_with_the_last_of_theirs() -> None:
    driver = _on_the_phone()
    driver.sign_in("bob")
    got = driver.message("joe", "chat", topic="order")
    driver.accept()
    driver.run(c.FinishInteraction("in1", "ana"), 1)
    assert _lead(driver) == "bob"
    driver.run(c.TransferToAgent("in2", "bob", "ana"), 11)
    asked = driver.last(e.ConsultAsked)
    driver.run(c.AcceptConsult(asked.consult, "ana", asked.token), 1)
    assert _lead(driver) == driver.agent_of(got)
    driver.run(c.TransferInteraction("in2", driver.agent_of(got), "german"), 1)
    assert _lead(driver) is None


def test_a_bot_never_leads() -> None:
    driver = Driver()
    driver.run(c.DefineAgent("rob", ["care"], kind="bot"))
    driver.run(c.SignIn("rob"), 1)
    driver.answered("joe", "chat")
    assert _lead(driver) is None
    driver.run(c.DefineAgent("rob", ["care"]), 1)
    assert _lead(driver) == "rob"
    driver.run(c.DefineAgent("rob", ["care"], kind="bot"), 1)
    assert _lead(driver) is None


def test_somebody_with_very_many_contacts_costs_no_more_than_one_with_many() -> None:
    driver = _on_the_phone()
    for number in range(MOST_LOOKED_AT):
        driver.message("joe", "email", topic="order", thread=thread(f"t{number}"))
    assert _lead(driver) == "ana"
    assert len(list(members_of(driver.engine.view, "in2"))) == MOST_LOOKED_AT


# What a command must have seen


def test_a_command_that_has_not_seen_the_last_message_is_refused_with_what_came_between() -> None:
    driver = _on_the_phone()
    seen = _version(driver)
    driver.run(c.ResolveCase("ca1", seen=seen), 1)
    driver.run(c.ReopenCase("ca1", "more to it", seen=seen), 1)
    driver.message("joe", "chat", topic="order")
    refused = driver.refuse(
        c.ResolveCase("ca1", seen=seen), StaleVersion, engagement="en1", seen=seen, version=_version(driver)
    )
    assert isinstance(refused, StaleVersion)
    assert refused.between == ["EngagementJoined in2", "MessageReceived in2"]
    version = _version(driver)
    assert str(refused) == (
        f"en1 is at version {version}, not {seen} any more: EngagementJoined in2, MessageReceived in2; look again"
    )
    for command in (
        c.FinishInteraction("in1", "ana", seen=seen),
        c.AddRef("cu1", "crm:7"),
        c.OpenCase("cu1", seen=seen),
    ):
        if command.seen is not None:
            driver.refuse(command, StaleVersion)
    driver.run(c.FinishInteraction("in1", "ana", seen=version))


def test_a_version_that_makes_no_sense_is_refused() -> None:
    driver = _on_the_phone()
    driver.refuse(c.ResolveCase("ca1", seen=9999), InvalidCommand, field="seen")
    driver.refuse(c.SignIn("ana", seen=1), InvalidCommand, field="seen")
    driver.run(c.FinishInteraction("in1", "ana"))
    driver.refuse(c.ResolveCase("ca1", seen=1), InvalidCommand, field="seen")
    driver.refuse(c.FinishWrapUp("in1", "ana", seen=1), InvalidCommand, field="seen")


def test_so_many_changes_are_told_and_no_more() -> None:
    driver = Driver()
    driver.message("joe", "chat")
    for _ in range(MOST_CHANGES + 10):
        driver.message("joe", "chat")
    refused = driver.refuse(c.ResolveCase("ca1", seen=1), StaleVersion)
    assert isinstance(refused, StaleVersion)
    assert MOST_CHANGES <= len(refused.between) <= 2 * MOST_CHANGES


# Identity learned in mid-contact


def _two() -> Driver:
    driver = Driver()
    driver.sign_in("ana", "bob")
    driver.answered("joe", "voice", topic="order")
    driver.answered("jm", "chat", topic="bill")
    return driver


def test_engagements_of_two_who_are_one_become_one() -> None:
    driver = _two()
    versions = [_version(driver, name) for name in ("en1", "en2")]
    driver.run(c.MergeCustomers("cu1", "cu2", "told"), 1)
    assert driver.last(e.EngagementsMerged) == e.EngagementsMerged("en1", "cu1", "en2", ["in2"])
    assert _version(driver) > max(versions)
    assert _modes(driver) == {"in1": "first", "in2": "separate"}
    assert _names(driver) == ["en1"]


def test_contacts_about_one_case_go_together_also_after_their_customer_turned_out_to_be_somebody_else() -> None:
    driver = _two()
    driver.message("jm", "email", topic="bill")
    assert _modes(driver, "en2") == {"in2": "first", "in3": "together"}
    driver.run(c.MergeCustomers("cu1", "cu2", "told"), 1)
    assert _modes(driver) == {"in1": "first", "in2": "separate", "in3": "together"}
    assert driver.last(e.EngagementModeChanged) == e.EngagementModeChanged("en1", "cu2", "in3", "together")
    assert driver.replayed().state_hash() == driver.reloaded().state_hash() == driver.engine.state_hash()


def test_and_two_again_when_they_are_split() -> None:
    driver = _two()
    leads = [_lead(driver, name) for name in ("en1", "en2")]
    driver.run(c.MergeCustomers("cu1", "cu2", "told"), 1)
    version = _version(driver)
    driver.run(c.SplitCustomers("li1", "two"), 1)
    assert driver.last(e.EngagementSplit) == e.EngagementSplit("en1", "cu1", "en2", ["in2"])
    assert (list(_modes(driver)), list(_modes(driver, "en2"))) == (["in1"], ["in2"])
    assert min(_version(driver, name) for name in ("en1", "en2")) > version
    assert [_lead(driver, name) for name in ("en1", "en2")] == leads
    assert driver.replayed().state_hash() == driver.reloaded().state_hash() == driver.engine.state_hash()


def test_the_side_that_an_engagement_is_named_after_keeps_it() -> None:
    driver = _two()
    driver.run(c.MergeCustomers("cu2", "cu1", "told"), 1)
    driver.run(c.SplitCustomers("li1", "two"), 1)
    assert driver.last(e.EngagementSplit) == e.EngagementSplit("en1", "cu2", "en2", ["in2"])


def test_who_comes_under_another_id_and_is_not_in_touch_otherwise_is_alone() -> None:
    driver = Driver()
    driver.run(c.MergeCustomers(driver.message("joe").customer, driver.message("jm").customer, "told"), 1)
    driver.run(c.CancelInteraction("in1", "spam"), 1)
    driver.run(c.CancelInteraction("in2", "spam"), 1)
    joined = len(driver.events(e.EngagementJoined))
    driver.message("jm", "email")
    assert len(driver.events(e.EngagementJoined)) == joined


def test_who_is_merged_or_split_while_not_in_touch_changes_nothing() -> None:
    driver = Driver()
    driver.message("joe", "chat")
    driver.run(c.LinkAddress("cu1", person("zoe"), "same name", 60))
    driver.run(c.MergeCustomers("cu1", "cu2", "told"), 1)
    driver.run(c.SplitCustomers("li1", "two"), 1)
    assert not driver.events(e.EngagementsMerged) + driver.events(e.EngagementSplit)


def test_a_plan_names_channels_and_modes() -> None:
    faulty = plan(engagements=Engagements({"voice": {"chat": "sometimes", "pigeon": "together"}, "fax": {}}))
    assert [fault.path for fault in faulty.faults() if fault.path.startswith("engagements")] == [
        "engagements.pairs.fax",
        "engagements.pairs.voice.chat",
        "engagements.pairs.voice.pigeon",
    ]


@pytest.mark.parametrize("channel", ["voice", "chat"])
def test_what_is_derived_is_rebuilt(channel: str) -> None:
    driver = _two()
    driver.call("joe", channel)
    mine, theirs = driver.engine.view.engagements, driver.reloaded().view.engagements
    assert mine._in_touch == theirs._in_touch
    assert {who: list(names) for who, names in mine._in_touch.items()} == {
        who: list(names) for who, names in theirs._in_touch.items()
    }
