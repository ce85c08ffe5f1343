"""Rules: what they follow, what they do, in which order, and what becomes of what cannot be done."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.engine_driver import HOUR, START, Driver, plan
from tests.invariants import WatchedEngine, check_rebuilt
from tests.rule_plans import RULED, field, outcomes, ruled

from orchestra.engine.routing import decide
from orchestra.engine.rules.firing import FULL
from orchestra.errors import InvalidCommand
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Team
from orchestra.model.routing import Ring
from orchestra.model.rules import Action, Rule, When

TOLD = Action("notify", team="sales", text="look")


def rule(on: str, *do: Action, when: When | None = None, name: str = "r", **more: Any) -> Rule:
    """A rule of that name."""
    return Rule(name, on, when or When(), do or (TOLD,), **more)


def failures(driver: Driver) -> list[tuple[str | None, str]]:
    """Which actions could not be done, and why."""
    return [(event.action, event.reason) for event in driver.events(e.RuleFailed)]


# What they follow


def test_a_rule_follows_its_event_and_tells_of_what_it_is() -> None:
    driver = ruled(rule("MessageReceived", TOLD))
    got = driver.message()
    fired = driver.last(e.RuleFired)
    cause = next(at for at, logged in enumerate(driver.log, 1) if isinstance(logged.event, e.MessageReceived))
    assert fired == e.RuleFired(
        "r", "MessageReceived", cause, ["notify"], 1, got.customer, got.case.id, got.interaction
    )
    assert driver.last(e.TeamNotified) == e.TeamNotified(
        "nt1", "sales", "r", "look", got.customer, got.case.id, got.interaction
    )


def test_a_plan_without_rules_lets_nothing_follow() -> None:
    driver = ruled()
    driver.message()
    assert outcomes(driver) == []


def test_rules_are_asked_when_all_that_follows_by_itself_has_followed() -> None:
    driver = ruled(rule("CaseOpened", when=field("event.topic", operator="is_not_set")))
    driver.message()
    names = driver.names()
    assert names.index("RuleFired") > names.index("MessageReceived") > names.index("CaseOpened")


def test_rules_are_part_of_the_batch_of_their_cause() -> None:
    driver = ruled(rule("MessageReceived"))
    driver.message()
    assert [type(event).__name__ for event in driver.batches[-1].events][-2:] == ["RuleFired", "TeamNotified"]


def test_rules_follow_what_time_brings() -> None:
    driver = ruled(rule("OfferEnded", when=field("event.outcome", "TIMED_OUT")))
    driver.sign_in("ana")
    driver.message()
    assert outcomes(driver) == []
    driver.advance(31)
    assert outcomes(driver) == [("fired", "r", "1")]


def test_rules_may_follow_what_is_about_no_customer() -> None:
    driver = ruled(rule("AgentSignedIn", when=field("event.agent", "bob")))
    driver.sign_in("ana", "bob")
    assert driver.events(e.TeamNotified) == [e.TeamNotified("nt1", "sales", "r", "look")]


def test_the_result_of_a_command_is_its_own() -> None:
    driver = ruled(rule("CaseOpened", Action("assign", team="sales")))
    got = driver.message()
    assert (got.case.number, driver.owner(got)) == ("C-000001", ("team", "sales"))


def test_more_urgent_rules_go_first_and_equals_in_the_order_of_the_plan() -> None:
    rules = [rule("MessageReceived", name=name, priority=priority) for name, priority in (("a", 0), ("b", 5), ("c", 0))]
    driver = ruled(*rules)
    driver.message()
    assert outcomes(driver) == [("fired", "b", "1"), ("fired", "a", "1"), ("fired", "c", "1")]


def test_all_rules_of_an_event_are_asked_before_the_first_one_does_anything() -> None:
    driver = ruled(
        rule("MessageReceived", Action("assign", team="sales"), name="first", priority=1),
        rule("MessageReceived", when=field("case.owner", "care"), name="second"),
        rule("MessageReceived", when=field("case.owner", "sales"), name="third"),
    )
    driver.message()
    assert outcomes(driver) == [("fired", "first", "1"), ("fired", "second", "1")]


# With the plan


def test_another_plan_has_other_rules_at_once() -> None:
    driver = ruled(rule("MessageReceived", name="old"))
    driver.change_plan(plan(RULED, rules=[rule("CaseReopened"), rule("MessageReceived", name="new")]))
    driver.message()
    driver.change_plan(plan(RULED))
    driver.message("sue")
    assert outcomes(driver) == [("fired", "new", "1")]


def test_what_a_change_of_plan_brings_is_followed_by_the_new_rules_from_then_on() -> None:
    driver = ruled(rule("AgentDefined"))
    assert outcomes(driver) == [], "the first plan came by a command that no rule followed yet"
    more = plan(RULED, rules=[rule("AgentDefined")])
    bob = attrs.evolve(more.agents["bob"], position=3)
    driver.change_plan(attrs.evolve(more, agents={**more.agents, "bob": bob}))
    assert outcomes(driver) == [("fired", "r", "1")]


def test_rules_go_on_after_a_replay_and_from_a_snapshot() -> None:
    driver = ruled(rule("MessageReceived", most_per_hour=2))
    driver.message()
    for engine in (driver.replayed(), driver.reloaded()):
        other = Driver(None, engine=engine)
        other.now_us = driver.now_us
        for number in (8, 9, 10):
            other.message(message_id=f"m{number}")
        assert outcomes(other) == [("fired", "r", "1"), ("stopped", "r", "often")]
        assert other.engine.state_hash() != driver.engine.state_hash()


def test_a_plan_of_a_journal_may_name_an_event_that_there_is_no_more() -> None:
    driver = Driver(None)
    of = plan(RULED, rules=[rule("NeverHeardOf"), rule("MessageReceived", name="known")])
    driver.engine.replay(e.PlanChanged(of, of.digest(), "2025b", "check"), START)
    driver.message()
    assert outcomes(driver) == [("fired", "known", "1")]


def test_a_plan_whose_rules_make_no_sense_is_refused() -> None:
    of = plan(RULED, rules=[rule("CaseOpend")])
    error = ruled().refuse(c.ChangePlan(of, of.digest(), "2025b", "check"), InvalidCommand, field="plan")
    assert "rules[0].on: no event 'CaseOpend' that a rule may follow; did you mean CaseOpened?" in str(error)


# Where a contact waits


def test_a_contact_that_has_just_come_is_routed_before_it_waits() -> None:
    driver = ruled(rule("InteractionAttached", Action("queue", queue="sales"), TOLD))
    driver.sign_in("ana", "cleo")
    got = driver.message(queue="german")
    assert driver.events(e.InteractionRouted) == [e.InteractionRouted(got.interaction, got.customer, "sales", "r")]
    assert [queued.queue for queued in driver.events(e.InteractionQueued)] == ["sales"]
    assert driver.last(e.OfferMade).agent == "cleo"
    assert driver.names().index("TeamNotified") > driver.names().index("MessageReceived"), "all else comes afterwards"


def test_a_contact_whose_rule_does_not_hold_waits_where_it_was_meant_to() -> None:
    when = field("interaction.channel", "voice")
    driver = ruled(rule("InteractionAttached", Action("queue", queue="sales"), when=when))
    driver.message()
    assert (driver.last(e.InteractionQueued).queue, outcomes(driver)) == ("care", [])


def test_of_two_rules_that_route_the_last_one_counts() -> None:
    driver = Driver(
        plan(
            RULED,
            rules=[
                rule("InteractionAttached", Action("queue", queue="sales"), name="a"),
                rule("InteractionAttached", Action("queue", queue="german"), name="b"),
            ],
        )
    )
    driver.message()
    assert [queued.queue for queued in driver.events(e.InteractionQueued)] == ["german"]


def test_a_contact_that_waits_is_moved_with_its_age() -> None:
    driver = ruled(
        rule("MessageReceived", Action("queue", queue="sales"), when=field("event.number", 2)),
    )
    driver.message(queue="german", skills={"billing": 10}, priority=3)
    driver.message()
    first, moved = driver.events(e.InteractionQueued)
    assert (moved.queue, moved.reason, moved.start_us, moved.order) == ("sales", "rule", first.start_us, first.order)
    assert (moved.skills, moved.priority) == ({"billing": 10}, 5), "what the queue asked for is asked no more"


def test_a_contact_that_rings_is_taken_back_and_moved() -> None:
    driver = ruled(rule("MessageReceived", Action("queue", queue="sales"), when=field("event.number", 2)))
    driver.sign_in("ana", "cleo")
    got = driver.message()
    assert driver.last(e.OfferMade).agent == "ana"
    driver.message()
    assert (driver.last(e.OfferEnded).outcome, driver.last(e.OfferEnded).reason) == ("WITHDRAWN", "rule r")
    assert driver.ringing(got) == {"cleo": "PENDING"}


def test_a_contact_in_hand_is_transferred() -> None:
    driver = ruled(rule("MessageReceived", Action("queue", queue="sales"), when=field("event.number", 2)))
    driver.sign_in("ana", "cleo")
    driver.answered()
    driver.message()
    assert driver.last(e.InteractionTransferred).queue == "sales"
    assert driver.last(e.OfferMade).agent == "cleo"


def test_a_contact_that_waits_there_stays_as_it_is() -> None:
    driver = ruled(rule("MessageReceived", Action("queue", queue="care")))
    driver.message()
    assert len(driver.events(e.InteractionQueued)) == 1
    assert outcomes(driver) == [("fired", "r", "1")]


def test_a_contact_that_is_over_waits_nowhere() -> None:
    driver = ruled(rule("InteractionDone", Action("queue", queue="sales"), Action("raise_priority", minutes=1)))
    driver.sign_in("ana")
    got = driver.answered()
    driver.run(c.FinishInteraction(got.interaction, "ana"))
    assert failures(driver) == [
        ("queue", "in1 is DONE: cannot queue"),
        ("raise_priority", "in1 is DONE: cannot raise priority"),
    ]


def test_a_callback_that_has_just_been_asked_for_is_not_rerouted() -> None:
    driver = ruled(rule("CallbackRequested", Action("queue", queue="sales")))
    got = driver.call()
    driver.run(c.RequestCallback(got.interaction), 1)
    assert driver.engine.view.contacts.interactions["in2"].queue == "sales"
    assert not driver.events(e.InteractionRouted)


def test_priority_counts_as_age_and_offers_go_by_it() -> None:
    driver = ruled(
        rule("MessageReceived", Action("raise_priority", minutes=10), when=field("customer.fields.vip", value=True))
    )
    driver.message("joe")
    sue = driver.message("sue")
    driver.run(c.SetFields(sue.customer, {"vip": True}))
    driver.message("sue")
    assert driver.last(e.InteractionPrioritized) == e.InteractionPrioritized(
        sue.interaction, sue.customer, "care", 10, "r"
    )
    driver.sign_in("ana")
    assert (
        driver.last(e.OfferMade).interaction == sue.interaction
        or driver.events(e.OfferMade)[0].interaction == sue.interaction
    )


def test_what_rings_counts_as_older_once_it_waits_again() -> None:
    driver = ruled(rule("OfferMade", Action("raise_priority", minutes=10)))
    driver.sign_in("ana")
    got = driver.message()
    assert driver.engine.view.routing.items[got.interaction].priority == 10
    assert driver.state(got) == "OFFERED"
    driver.decline()
    assert driver.last(e.InteractionQueued).priority == 10


def test_what_rings_for_more_agents_counts_as_older_among_what_does() -> None:
    of = plan(RULED, rules=[rule("RingWidened", Action("raise_priority", minutes=10))])
    care = attrs.evolve(of.queues["care"], ring=Ring(first=2))
    driver = Driver(attrs.evolve(of, queues={**of.queues, "care": care}), engine=WatchedEngine())
    driver.sign_in("ana")
    driver.message()
    driver.advance(1)
    assert driver.events(e.InteractionPrioritized)
    check_rebuilt(driver.engine, driver.reloaded())


def test_what_is_behind_a_change_of_plan_is_moved_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "_MOVED_AT_ONCE", 1)
    driver = ruled(rule("MessageReceived", Action("raise_priority", minutes=10), when=field("event.number", 2)))
    for sender in ("joe", "sue", "tim"):
        driver.message(sender)
    of = driver.engine.view.plan
    care = attrs.evolve(of.queues["care"], ageing_percent=50)
    driver.change_plan(attrs.evolve(of, queues={**of.queues, "care": care}))
    driver.message("tim", after=0)
    names = driver.names()
    assert names.index("RoutingMoved", names.index("RuleFired")) == names.index("InteractionPrioritized") - 1


# What else they do


def test_a_customer_is_put_on_hold_while_somebody_has_them() -> None:
    driver = ruled(rule("MessageReceived", Action("hold"), when=field("event.number", 2, "at_least")))
    driver.sign_in("ana")
    got = driver.answered()
    driver.message()
    assert (driver.state(got), driver.last(e.InteractionHeld).agent) == ("HELD", "ana")
    driver.message()
    assert failures(driver) == [("hold", "in1 is HELD: cannot hold")]


def test_nobody_is_put_on_hold_whom_nobody_has() -> None:
    driver = ruled(rule("MessageReceived", Action("hold")))
    driver.message()
    assert failures(driver) == [("hold", "in1 is QUEUED: cannot hold")]


def test_a_contact_is_linked_to_what_else_its_customer_is_in_touch_on() -> None:
    driver = ruled(rule("EngagementJoined", Action("link"), when=field("event.mode", "separate")))
    joe = driver.message("joe", "email", topic="order")
    late = driver.message("joe", "chat", topic="refund")
    linked = driver.last(e.QuestionLinked)
    assert (linked.interaction, linked.to, linked.by) == (late.interaction, joe.interaction, "asked")


def test_a_contact_that_is_alone_is_linked_to_nothing() -> None:
    driver = ruled(rule("MessageReceived", Action("link")), rule("CaseResolved", TOLD, name="s"))
    driver.message()
    assert failures(driver) == [("link", "to: the customer of in1 is in touch on nothing else")]


def test_a_work_item_is_linked_to_nothing() -> None:
    driver = ruled(rule("WorkItemOpened", Action("link")))
    got = driver.message()
    driver.run(c.OpenWorkItem("task", "k1", got.case.id))
    assert failures(driver) == [("link", "to: the customer of in2 is in touch on nothing else")]


def test_a_contact_is_invited_to_another_channel() -> None:
    driver = ruled(rule("MessageReceived", Action("invite", channel="email", text="In private: {token}")))
    got = driver.message("joe", "chat")
    made = driver.last(e.InvitationMade)
    assert (made.interaction, made.case, made.channel) == (got.interaction, got.case.id, "email")
    assert driver.last(e.MessageWritten).text == "In private: {token}"
    driver.message("zoe", "email")
    assert failures(driver) == [("invite", "channel: they are on email already")]


def test_a_case_escalates_to_the_next_team() -> None:
    driver = ruled(rule("CaseOpened", Action("escalate")))
    teams = {**driver.engine.view.plan.teams, "care": Team(escalates_to="sales")}
    driver.message("joe")
    assert failures(driver) == [("escalate", "ca1 is with care, from which nothing escalates: cannot escalate")]
    driver.change_plan(attrs.evolve(driver.engine.view.plan, teams=teams))
    driver.message("zoe")
    escalated = driver.last(e.CaseEscalated)
    assert (escalated.team, escalated.to, escalated.reason) == ("care", "sales", "rule r")


def test_an_acknowledgement_is_sent_as_any_message_is() -> None:
    driver = ruled(rule("MessageReceived", Action("acknowledge", text="We have it.")))
    got = driver.message(channel="email")
    written, planned = driver.last(e.MessageWritten), driver.last(e.DeliveryPlanned)
    assert (written.text, written.case, written.agent, written.interaction) == ("We have it.", got.case.id, None, None)
    assert (planned.topic, planned.channel, planned.purpose) == ("acknowledgement", "email", "service")
    assert driver.last(e.DeliveryPermitted).delivery == planned.delivery


def test_an_acknowledgement_goes_to_whoever_wrote_where_they_wrote() -> None:
    driver = ruled(rule("MessageReceived", Action("acknowledge", text="We have it.")))
    driver.message("joe", "email")
    driver.message("joe", "chat", topic="other")
    channels = {row.channel for row in driver.engine.view.deliveries.deliveries.values()}
    assert channels == {"email", "chat"}


def test_what_is_about_a_case_alone_is_acknowledged_where_its_customer_wrote_last() -> None:
    driver = ruled(rule("CaseReopened", Action("acknowledge", text="We look again.")))
    got = driver.message(channel="email")
    driver.run(c.ResolveCase(got.case.id))
    driver.run(c.ReopenCase(got.case.id, "not settled"), 1)
    assert driver.last(e.MessageWritten).conversation == "co1"


def test_a_case_whose_customer_never_wrote_cannot_be_acknowledged() -> None:
    driver = ruled(rule("CaseOpened", Action("acknowledge", text="We have it."), when=field("event.topic", "order")))
    got = driver.message()
    driver.run(c.OpenCase(got.customer, "order"))
    assert failures(driver) == [
        ("acknowledge", "channel: case ca2 has had no contact with its customer on any channel")
    ]


def test_a_case_waits_and_gets_another_owner() -> None:
    driver = ruled(rule("MessageReceived", Action("wait", on="third_party"), Action("assign", agent="cleo")))
    got = driver.message()
    assert (driver.case_state(got), driver.owner(got)) == ("WAITING_ON_THIRD_PARTY", ("agent", "cleo"))
    driver.message()
    assert failures(driver) == [("wait", "ca1 is WAITING_ON_THIRD_PARTY: cannot wait on third party")]
    assert len(driver.events(e.CaseOwnerChanged)) == 1, "whose it is already need not be told"


def test_an_agent_who_is_gone_cannot_answer_for_a_case() -> None:
    driver = ruled(rule("MessageReceived", Action("assign", agent="dora"), TOLD))
    driver.message()
    assert failures(driver) == [("assign", "no agent 'dora'")]
    assert driver.events(e.TeamNotified), "what comes after it is done all the same"


def test_a_work_item_is_opened_in_the_case() -> None:
    driver = ruled(
        rule("CaseResolved", Action("open_work_item", channel="task", queue="sales", title="check", minutes=7)),
    )
    got = driver.message()
    driver.run(c.ResolveCase(got.case.id), 1)
    opened, queued = driver.last(e.WorkItemOpened), driver.last(e.InteractionQueued)
    assert (opened.case, opened.channel, opened.title) == (got.case.id, "task", "check")
    assert opened.key == f"rule:r:{driver.last(e.RuleFired).cause}"
    assert (queued.queue, queued.priority) == ("sales", 9)


def test_a_work_item_of_a_customer_without_a_case_has_a_case_of_its_own() -> None:
    driver = ruled(rule("ConsentRecorded", Action("open_work_item", channel="task")))
    got = driver.message()
    of = attrs.evolve(
        driver.engine.view.plan, identity=attrs.evolve(driver.engine.view.plan.identity, purposes={"news": "opt_in"})
    )
    driver.change_plan(of)
    driver.run(c.RecordConsent(got.customer, "news", given=False), 1)
    assert driver.last(e.WorkItemOpened).case is None
    assert len(driver.engine.view.cases.cases) == 2


def test_fields_are_set_and_removed() -> None:
    driver = ruled(
        rule(
            "MessageReceived",
            Action("set_field", field="customer.fields.vip", value=True),
            Action("set_field", field="case.fields.orders", value=3),
            Action("set_field", field="interaction.fields.note", value="new"),
            name="set",
        ),
        rule("CaseResolved", Action("set_field", field="case.fields.orders"), name="remove"),
    )
    got = driver.message()
    held = driver.engine.view.details.fields
    assert held == {got.customer: {"vip": True}, got.case.id: {"orders": 3}, got.interaction: {"note": "new"}}
    driver.run(c.ResolveCase(got.case.id))
    assert got.case.id not in held


def test_what_an_event_is_not_about_after_all_is_told() -> None:
    actions = [
        Action("queue", queue="sales"),
        Action("hold"),
        Action("raise_priority", minutes=1),
        Action("set_field", field="interaction.fields.note", value="x"),
        Action("wait", on="customer"),
    ]
    driver = ruled(rule("FieldsSet", *actions, when=field("event.target", "cu1")))
    driver.message()
    driver.run(c.SetFields("cu1", {"vip": True}))
    assert failures(driver) == [
        ("queue", "interaction: there is none to queue"),
        ("hold", "interaction: there is none to hold"),
        ("raise_priority", "interaction: there is none to raise_priority"),
        ("set_field", "field: there is no interaction to set it of"),
        ("wait", "case: there is none to wait"),
    ]


# Rules that feed each other


def feeding() -> tuple[Rule, Rule]:
    return (
        rule("CaseOwnerChanged", Action("assign", agent="ana"), when=field("case.owner", "sales"), name="to ana"),
        rule("CaseOwnerChanged", Action("assign", team="sales"), when=field("case.owner", "ana"), name="to sales"),
    )


def test_rules_that_feed_each_other_come_to_an_end() -> None:
    driver = ruled(*feeding())
    got = driver.message()
    driver.run(c.AssignCase(got.case.id, "team", "sales"))
    assert outcomes(driver) == [
        ("fired", "to ana", "1"),
        ("fired", "to sales", "2"),
        ("fired", "to ana", "3"),
        ("fired", "to sales", "4"),
        ("fired", "to ana", "5"),
        ("stopped", "to sales", "depth"),
    ]
    driver.run(c.AssignCase(got.case.id, "team", "care"))
    assert outcomes(driver)[6:] == []


def test_a_rule_is_stopped_that_fires_too_often_for_one_case_until_the_hour_is_over() -> None:
    driver = ruled(rule("MessageReceived", most_per_hour=2))
    driver.advance_to((START // HOUR + 1) * HOUR)
    for _ in range(4):
        driver.message("joe", "email")
    assert outcomes(driver) == [("fired", "r", "1"), ("fired", "r", "1"), ("stopped", "r", "often")]
    driver.message("sue", "email")
    assert outcomes(driver)[3:] == [("fired", "r", "1")], "another case has its own count"
    driver.advance_to((START // HOUR + 2) * HOUR)
    driver.message("joe", "email")
    assert outcomes(driver)[4:] == [("fired", "r", "1")]
    assert len(driver.engine.view.rules.fired) == 1, "what was counted before is forgotten"


def test_what_is_about_nobody_is_counted_together() -> None:
    driver = ruled(rule("AgentSignedIn", most_per_hour=2))
    driver.sign_in("ana", "bob", "cleo")
    assert outcomes(driver) == [("fired", "r", "1"), ("fired", "r", "1"), ("stopped", "r", "often")]


def test_a_batch_that_is_full_takes_no_more_of_rules() -> None:
    many = [rule("CaseOwnerChanged", *[TOLD] * 10, name=f"r{number}") for number in range(80)]
    driver = ruled(*many)
    got = driver.message()
    decided = driver.run(c.AssignCase(got.case.id, "team", "sales"))
    assert len(decided.events) == FULL + 1
    last = driver.last(e.RuleStopped)
    assert (last.reason, len(driver.events(e.RuleStopped))) == ("batch", 1)
    driver.message("sue")
    driver.run(c.AssignCase("ca2", "team", "sales"))
    assert len(driver.events(e.RuleStopped)) == 2, "another batch begins anew"


def test_a_rule_whose_turn_comes_when_the_batch_is_full_is_stopped_before_it_fires() -> None:
    first = rule("CaseOwnerChanged", *[TOLD] * 8, name="r0")
    many = [rule("CaseOwnerChanged", *[TOLD] * 9, name=f"r{number}") for number in range(1, 80)]
    driver = ruled(first, *many)
    got = driver.message()
    driver.run(c.AssignCase(got.case.id, "team", "sales"))
    assert (driver.last(e.RuleFired).rule, driver.last(e.RuleStopped).rule) == ("r69", "r70")
    assert len(driver.events(e.TeamNotified)) == 8 + 9 * 69
