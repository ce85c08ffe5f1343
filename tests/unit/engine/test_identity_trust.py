"""How surely a customer is who they say, and what they consented to."""

from __future__ import annotations

import attrs
import pytest
from tests.engine_driver import MINUTE, Driver, plan

from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.identity import Identity

NEWS = Identity(purposes={"news": "opt_in", "survey": "opt_out"})


def _driver(**channel: str) -> Driver:
    channels = {**plan().channels, "voice": attrs.evolve(plan().channels["voice"], **channel)}
    return Driver(plan(channels=channels, identity=NEWS))


# Verification


def test_a_level_belongs_to_its_interaction_and_ends_with_it() -> None:
    driver = _driver()
    got, other = driver.call("joe"), driver.message("joe", "email")
    driver.run(c.VerifyContact(got.interaction, "strong", "one-time code"), 1)
    assert driver.last(e.ContactVerified) == e.ContactVerified(got.interaction, "cu1", "strong", "one-time code")
    verified = driver.engine.view.identity.verified
    assert verified == {got.interaction: "strong"}
    assert other.interaction not in verified
    driver.run(c.VerifyContact(got.interaction, "strong", "again"), 1)
    assert len(driver.events(e.ContactVerified)) == 1
    driver.run(c.VerifyContact(got.interaction, "none", "sounds like somebody else"), 1)
    driver.run(c.LeaveContact(got.interaction), 1)
    assert verified == {}
    driver.refuse(c.VerifyContact(got.interaction, "basic", "x"), NotAllowedInState)


def test_a_channel_gives_so_much_and_no_more() -> None:
    driver = _driver(most_verified="basic")
    got = driver.call("joe")
    driver.refuse(c.VerifyContact(got.interaction, "strong", "voice"), InvalidCommand, field="level")
    driver.run(c.VerifyContact(got.interaction, "basic", "birthday"), 1)


def test_handing_over_never_raises_a_level() -> None:
    driver = _driver()
    driver.sign_in("ana")
    got = driver.answered("joe", "voice")
    driver.run(c.VerifyContact(got.interaction, "basic", "birthday"), 1)
    driver.run(c.TransferInteraction(got.interaction, "ana", "german"), 1)
    assert driver.engine.view.identity.verified == {got.interaction: "basic"}


@pytest.mark.parametrize(("level", "method", "field"), [("some", "x", "level"), ("basic", "", "method")])
def test_only_levels_of_the_plan_are_given(level: str, method: str, field: str) -> None:
    driver = _driver()
    got = driver.call("joe")
    driver.refuse(c.VerifyContact(got.interaction, level, method), InvalidCommand, field=field)


# Consent


def _send(driver: Driver, case: str, purpose: str, key: str = "k") -> c.SendMessage:
    return c.SendMessage(case, key, purpose=purpose, text="hi")


def test_opt_in_needs_a_word_and_opt_out_none() -> None:
    driver = _driver()
    got = driver.message("joe", "email")
    driver.refuse(_send(driver, got.case.id, "news"), NotAllowedInState)
    driver.run(_send(driver, got.case.id, "survey", "s"), 1)
    driver.run(c.RecordConsent("cu1", "news", True, evidence="ticked the box"), 1)
    driver.run(_send(driver, got.case.id, "news"), 1)
    assert driver.last(e.DeliveryPlanned).purpose == "news"
    driver.run(c.RecordConsent("cu1", "survey", False), 1)
    driver.refuse(_send(driver, got.case.id, "survey", "s2"), NotAllowedInState)
    driver.run(c.SendMessage(got.case.id, "answer", text="hi"), 1)


def test_the_later_word_holds_in_whatever_order_they_come() -> None:
    driver = _driver()
    got = driver.message("joe", "email", after=600)
    now = driver.now_us
    driver.run(c.RecordConsent("cu1", "news", False, occurred_us=now - MINUTE))
    driver.run(c.RecordConsent("cu1", "news", True, occurred_us=now - 2 * MINUTE))
    driver.refuse(_send(driver, got.case.id, "news"), NotAllowedInState)
    driver.run(c.RecordConsent("cu1", "news", True, occurred_us=now + 9 * MINUTE))
    assert driver.last(e.ConsentRecorded).occurred_us == driver.now_us
    driver.run(_send(driver, got.case.id, "news"))


def test_a_word_about_a_channel_goes_before_one_of_the_same_time_about_all() -> None:
    driver = _driver()
    got = driver.message("joe", "email")
    driver.run(c.RecordConsent("cu1", "news", False, "email"))
    driver.run(c.RecordConsent("cu1", "news", True))
    driver.refuse(_send(driver, got.case.id, "news"), NotAllowedInState)
    driver.run(c.RecordConsent("cu1", "news", True), 1)
    driver.run(_send(driver, got.case.id, "news"))


def test_after_a_merge_the_most_restrictive_consent_holds_and_after_a_split_each_their_own() -> None:
    driver = _driver()
    got = driver.message("joe", "email")
    driver.message("jm", "email")
    driver.run(c.RecordConsent("cu1", "news", True), 1)
    driver.run(c.RecordConsent("cu2", "news", False), 1)
    driver.run(c.MergeCustomers("cu1", "cu2", "told"), 1)
    driver.refuse(_send(driver, got.case.id, "news"), NotAllowedInState)
    driver.run(c.SplitCustomers("li1", "two"), 1)
    driver.run(_send(driver, got.case.id, "news"))


def test_what_was_planned_before_consent_was_withdrawn_does_not_leave() -> None:
    driver = _driver()
    got = driver.message("joe", "email")
    driver.run(c.RecordConsent("cu1", "news", True), 1)
    delivery = driver.run(_send(driver, got.case.id, "news"), 1).result.delivery
    driver.run(c.RecordConsent("cu1", "news", False), 1)
    driver.refuse(c.StartDelivery(delivery, 1, 1), NotAllowedInState, state="without consent")
    driver.advance(120)
    canceled = driver.last(e.DeliveryCanceled)
    assert (canceled.delivery, canceled.reason) == (delivery, "no consent")


def test_what_makes_no_sense_is_refused() -> None:
    driver = _driver()
    got = driver.message("joe", "email")
    driver.refuse(c.RecordConsent("cu1", "gossip", True), InvalidCommand, field="purpose")
    driver.refuse(c.RecordConsent("cu1", "news", True, "pigeon"), UnknownId)
    driver.refuse(c.RecordConsent("cu9", "news", True), UnknownId)
    driver.refuse(_send(driver, got.case.id, "gossip"), InvalidCommand, field="purpose")
    driver.run(_send(driver, got.case.id, "survey"), 1)
    driver.refuse(_send(driver, got.case.id, "service"), InvalidCommand, field="key")


# Preferences


def _preferred(driver: Driver, customer: str = "cu1") -> list[str]:
    return list(driver.engine.view.identity.preferred(customer))


def test_a_customer_is_written_to_where_they_would_rather() -> None:
    driver = _driver()
    driver.message("joe", "email")
    assert _preferred(driver) == []
    driver.run(c.SetPreferences("cu1", ["email", "voice"]), 1)
    assert driver.last(e.PreferencesSet) == e.PreferencesSet("cu1", ["email", "voice"], driver.now_us)
    assert _preferred(driver) == ["email", "voice"]
    driver.run(c.SetPreferences("cu1", []), 1)
    assert _preferred(driver) == []


def test_of_two_preferences_the_later_one_holds_whatever_came_first() -> None:
    driver = _driver()
    driver.message("joe", "email")
    now = driver.now_us
    driver.run(c.SetPreferences("cu1", ["email"], occurred_us=now - MINUTE))
    driver.run(c.SetPreferences("cu1", ["voice"], occurred_us=now - 2 * MINUTE))
    assert _preferred(driver) == ["email"]
    driver.run(c.SetPreferences("cu1", ["voice"], occurred_us=now + 9 * MINUTE))
    assert driver.last(e.PreferencesSet).occurred_us == driver.now_us


def test_people_who_are_one_have_the_preference_that_was_said_last_and_a_split_gives_each_their_own() -> None:
    driver = _driver()
    driver.message("joe", "email")
    driver.message("jo", "email")
    driver.message("jim", "email")
    driver.run(c.SetPreferences("cu2", ["voice"]), 1)
    driver.run(c.SetPreferences("cu1", ["email"]), 1)
    driver.run(c.MergeCustomers("cu1", "cu2", "same phone"), 1)
    assert (_preferred(driver), _preferred(driver, "cu2"), _preferred(driver, "cu3")) == (["email"], ["email"], [])
    driver.run(c.SetPreferences("cu2", []), 1)
    assert _preferred(driver) == []
    link = driver.last(e.CustomersMerged).link
    driver.run(c.SplitCustomers(link, "mistake"), 1)
    # What was said of them as one person is the one person's.
    assert (_preferred(driver, "cu1"), _preferred(driver, "cu2")) == ([], ["voice"])


def test_preferences_name_channels_of_the_plan_once_and_die_with_the_customer() -> None:
    driver = _driver()
    driver.message("joe", "email")
    driver.refuse(c.SetPreferences("cu1", ["pigeon"]), UnknownId)
    driver.refuse(c.SetPreferences("cu9", ["email"]), UnknownId)
    driver.refuse(c.SetPreferences("cu1", ["email", "email"]), InvalidCommand, field="channels")
    driver.run(c.SetPreferences("cu1", ["email"], actor="customer:cu1"), 1)
    driver.run(c.EraseCustomer("cu1", "asked"), 1)
    assert driver.engine.view.identity.preferences == {}
