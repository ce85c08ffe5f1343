"""Inviting somebody to another channel: who comes by it, what that proves, and what becomes of where they came from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.engine_driver import DAY, HOUR, Driver, person, plan

from orchestra.engine.lifecycle import INVITATION
from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.cases import Cases
from orchestra.model.engagements import Engagements, check_engagements
from orchestra.model.results import Invited

TEXT = "Please go on in private: {token}"
POINTER = "We have answered you elsewhere."


def _driver(**engagements: Any) -> Driver:
    return Driver(plan(engagements=Engagements(pointer=POINTER, **engagements)))


def _posts(driver: Driver, sender: str = "joe") -> str:
    """Somebody writes in chat, which is where everybody can read along."""
    return str(driver.message(sender, "chat", topic="order", text="Nobody helps me!").interaction)


def _invite(driver: Driver, interaction: str | None = "in1", **values: Any) -> Invited:
    asked = {"channel": "email", "interaction": interaction, "text": TEXT} | values
    invited = driver.run(c.InviteToChannel(**asked), 1).result
    assert isinstance(invited, Invited)
    return invited


def _comes(driver: Driver, sender: str, invitation: str = "iv1", channel: str = "email", **values: Any) -> Any:
    return driver.message(sender, channel, invitation=invitation, **values)


def _state(driver: Driver, interaction: str) -> str:
    return driver.engine.view.contacts.interactions[interaction].state


def _rows(driver: Driver) -> dict[str, str]:
    return {name: row.state for name, row in driver.engine.view.invitations.invitations.items()}


def _ended(driver: Driver) -> list[tuple[str, str, str | None]]:
    return [(event.invitation, event.outcome, event.reason) for event in driver.events(e.InvitationEnded)]


# Inviting


def test_the_customer_is_written_where_they_are() -> None:
    driver = _driver()
    _posts(driver)
    invited = _invite(driver)
    made, written, planned = (
        driver.last(e.InvitationMade),
        driver.last(e.MessageWritten),
        driver.last(e.DeliveryPlanned),
    )
    assert (made.invitation, made.channel, made.interaction) == (invited.id, "email", "in1")
    assert made.until_us == driver.engine.now_us + DAY
    assert (written.text, written.agent, written.message) == (TEXT, None, invited.message)
    assert (planned.key, planned.topic, planned.delivery) == ("invitation:iv1", "invitation", invited.delivery)
    assert planned.channel == "chat"
    assert _rows(driver) == {"iv1": "OFFERED"}


def test_what_they_asked_is_not_answered_by_that() -> None:
    driver = _driver()
    _posts(driver)
    _invite(driver)
    assert driver.engine.view.known.questions["in1"]


def test_it_is_written_while_somebody_talks_with_them() -> None:
    driver = _driver()
    driver.sign_in("ana")
    driver.answered("joe", "chat", topic="order")
    _invite(driver)
    assert driver.last(e.DeliveryPermitted).delivery == driver.last(e.DeliveryPlanned).delivery


def test_a_case_may_be_gone_on_with_though_nobody_is_in_touch() -> None:
    driver = _driver()
    case = driver.message("joe", "chat", topic="order").case
    driver.run(c.CancelInteraction("in1", "x"), 1)
    _invite(driver, None, case=case.id, lasts_us=HOUR)
    made = driver.last(e.InvitationMade)
    assert (made.interaction, made.until_us) == (None, driver.engine.now_us + HOUR)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"interaction": None}, "case"),
        ({"case": "ca1"}, "case"),
        ({"channel": "chat"}, "channel"),
        ({"text": ""}, "text"),
        ({"text": "x" * 500_001}, "text"),
        ({"lasts_us": 0}, "lasts_us"),
        ({"lasts_us": 91 * DAY}, "lasts_us"),
    ],
)
def test_what_makes_no_sense_is_refused(values: dict[str, Any], field: str) -> None:
    driver = _driver()
    _posts(driver)
    asked: dict[str, Any] = {"channel": "email", "interaction": "in1", "text": TEXT} | values
    driver.refuse(c.InviteToChannel(**asked), InvalidCommand, field=field)


def test_nobody_is_invited_from_what_is_over_or_to_where_nobody_comes() -> None:
    driver = _driver()
    case = driver.message("joe", "chat", topic="order").case
    driver.refuse(c.InviteToChannel("fax", "in1", text=TEXT), UnknownId, kind="channel")
    driver.run(c.CancelInteraction("in1", "x"), 1)
    driver.refuse(c.InviteToChannel("email", "in1", text=TEXT), NotAllowedInState, state="CANCELED")
    driver.run(c.ResolveCase(case.id), 1)
    driver.run(c.CloseCase(case.id), 1)
    driver.refuse(c.InviteToChannel("email", case=case.id, text=TEXT), NotAllowedInState, state="CLOSED")


def test_nobody_is_invited_from_a_work_item() -> None:
    tasks = plan()
    channels = {**tasks.channels, "task": type(tasks.channels["chat"])(work=True)}
    driver = Driver(plan(channels=channels))
    driver.message("joe", "chat")
    driver.run(c.OpenWorkItem("task", "w1", "ca1"), 1)
    driver.refuse(c.InviteToChannel("email", "in2", text=TEXT), InvalidCommand, field="interaction")


# Going on elsewhere in the middle of a conversation


def _switched(**engagements: Any) -> Driver:
    """Ana, who can have two chats, answers Joe's and invites him to go on by mail; he comes, and she has that, too."""
    driver = _driver(**engagements)
    driver.sign_in("ana")
    driver.answered("joe", "chat", topic="order", text="It does not fit here")
    _invite(driver)
    _comes(driver, "joe")
    return driver


def _weighs(driver: Driver, interaction: str) -> int:
    return driver.engine.view.routing.items[interaction].weight_percent


def test_who_goes_on_elsewhere_is_offered_to_their_agent_and_takes_nothing_where_they_were() -> None:
    driver = _switched()
    assert driver.last(e.CustomerMovedOn) == e.CustomerMovedOn("in1", "cu1", "ana", "in2")
    assert (driver.last(e.OfferMade).interaction, driver.last(e.OfferMade).agent) == ("in2", "ana")
    assert (_state(driver, "in1"), _weighs(driver, "in1")) == ("ACTIVE", 0)
    assert driver.engine.view.routing.benches["ana"].used_percent == 20
    assert driver.replayed().state_hash() == driver.reloaded().state_hash() == driver.engine.state_hash()


def test_what_comes_late_where_they_were_reaches_the_same_agent_in_the_same_case() -> None:
    driver = _switched()
    got = driver.message("joe", "chat", text="Is this still open?")
    assert (got.interaction, got.case.id) == ("in1", "ca1")
    assert (_state(driver, "in1"), _weighs(driver, "in1")) == ("ACTIVE", 50)
    assert driver.engine.view.contacts.interactions["in1"].agent == "ana"


def test_the_contact_they_left_ends_with_the_answer_they_are_given() -> None:
    driver = _switched()
    driver.accept(driver.last(e.OfferMade))
    driver.run(c.FinishInteraction("in2", "ana", "resolved"), 1)
    assert _state(driver, "in1") == "DONE"
    done = [event.reason for event in driver.events(e.InteractionDone) if event.interaction == "in1"]
    assert done == ["answered_elsewhere"]
    assert driver.engine.view.routing.benches["ana"].used_percent == 0


def test_who_does_not_come_in_time_stays_where_they_are() -> None:
    driver = _driver(invitation_lasts=timedelta(minutes=10))
    driver.sign_in("ana")
    driver.answered("joe", "chat", topic="order")
    _invite(driver)
    driver.advance(601)
    assert _ended(driver) == [("iv1", "EXPIRED", None)]
    _comes(driver, "joe")
    assert driver.events(e.CustomerMovedOn) == []
    assert (_state(driver, "in1"), _weighs(driver, "in1")) == ("ACTIVE", 50)


def test_whoever_is_on_the_line_stays_there_while_they_write_elsewhere() -> None:
    driver = _driver()
    driver.sign_in("ana")
    driver.answered("joe", "voice", topic="order")
    _invite(driver)
    _comes(driver, "joe")
    assert driver.events(e.InvitationAccepted)
    assert driver.events(e.CustomerMovedOn) == []


def test_a_contact_that_waits_or_is_over_is_not_left() -> None:
    driver = _driver()
    _posts(driver)
    _invite(driver)
    driver.run(c.CancelInteraction("in1", "spam"), 1)
    _comes(driver, "joe")
    assert driver.events(e.CustomerMovedOn) == []


# Coming


def test_whoever_was_invited_comes_about_the_case() -> None:
    driver = _driver()
    _posts(driver)
    driver.run(c.LinkAddress("cu1", person("joe-mail"), "told"), 1)
    _invite(driver)
    got = _comes(driver, "joe-mail")
    accepted = driver.last(e.InvitationAccepted)
    assert (got.case.id, accepted.interaction, accepted.by) == ("ca1", got.interaction, "cu1")
    assert driver.last(e.EngagementJoined).mode == "together"
    assert _rows(driver) == {"iv1": "ACCEPTED"}
    assert not driver.events(e.MergeSuggested)


def test_somebody_whom_nobody_knows_yet_takes_part_and_may_be_the_same() -> None:
    driver = _driver()
    _posts(driver)
    _invite(driver)
    got = _comes(driver, "joe-mail")
    suggested = driver.last(e.MergeSuggested)
    assert (got.case.id, got.customer) == ("ca1", "cu2")
    assert (suggested.customer, suggested.other, suggested.evidence) == ("cu1", "cu2", "invitation")
    assert driver.last(e.ParticipantJoined).participant == "cu2"


def test_a_token_tells_more_than_what_was_last_talked_about_there() -> None:
    driver = _driver()
    driver.message("joe", "email", topic="bill")
    driver.run(c.CancelInteraction("in1", "x"), 1)
    driver.message("joe", "chat", topic="order")
    _invite(driver, "in2")
    got = _comes(driver, "joe")
    assert (got.case.id, driver.last(e.InteractionAttached).by) == ("ca2", "reply_token")


def test_a_case_that_was_closed_too_long_ago_is_not_come_back_to() -> None:
    driver = Driver(plan(cases=Cases(reopen_within=timedelta(hours=1))))
    _posts(driver)
    driver.message("joe", "email", topic="bill")
    driver.run(c.CancelInteraction("in2", "x"), 1)
    driver.run(c.CancelInteraction("in1", "x"), 1)
    _invite(driver, None, case="ca1", channel="voice", lasts_us=DAY)
    driver.run(c.ResolveCase("ca1"), 1)
    driver.run(c.ResolveCase("ca2"), 1)
    driver.run(c.CloseCase("ca2"), 1)
    driver.run(c.MergeCases("ca2", "ca1", "the same"), 1)
    driver.advance(2 * 3600)
    got = driver.call("joe-phone", "voice", invitation="iv1")
    assert got.case.id == "ca3"


def test_a_token_verifies_nobody() -> None:
    driver = _driver()
    _posts(driver)
    _invite(driver)
    got = _comes(driver, "joe-mail")
    assert got.interaction not in driver.engine.view.identity.verified
    assert not driver.events(e.CustomersMerged)


def test_of_somebody_else_it_is_only_suggested() -> None:
    driver = _driver()
    _posts(driver)
    driver.message("zoe", "chat", topic="bill")
    driver.run(c.LinkAddress("cu2", person("zoe-mail"), "told"), 1)
    _invite(driver)
    got = _comes(driver, "zoe-mail")
    suggested = driver.last(e.CaseSuggested)
    assert got.case.id != "ca1"
    assert (suggested.interaction, suggested.case, suggested.correlator) == (got.interaction, "ca1", "invitation")
    assert suggested.score == driver.engine.view.plan.cases.suggest_at
    assert _rows(driver) == {"iv1": "OFFERED"}, "whoever was invited may still come"


def test_it_is_good_once() -> None:
    driver = _driver()
    _posts(driver)
    _invite(driver)
    _comes(driver, "joe-mail")
    other = _comes(driver, "mia")
    assert other.case.id == "ca2"
    assert not driver.events(e.CaseSuggested)
    assert len(driver.events(e.InvitationAccepted)) == 1


def test_it_is_good_on_its_channel() -> None:
    driver = _driver()
    _posts(driver)
    _invite(driver)
    got = driver.call("joe-phone", "voice", invitation="iv1")
    assert got.case.id == "ca2"


def test_it_is_good_in_time() -> None:
    driver = _driver(invitation_lasts=timedelta(hours=1))
    _posts(driver)
    _invite(driver)
    driver.advance(3600)
    assert (_ended(driver), _rows(driver)) == ([("iv1", "EXPIRED", None)], {})
    assert _comes(driver, "joe-mail").case.id == "ca2"


def test_what_nobody_made_proves_nothing() -> None:
    driver = _driver()
    _posts(driver)
    assert _comes(driver, "joe-mail", "iv99").case.id == "ca2"


def test_a_plan_that_goes_by_no_tokens_only_suggests() -> None:
    driver = Driver(plan(cases=Cases(attach=["thread"])))
    _posts(driver)
    _invite(driver)
    got = _comes(driver, "joe-mail")
    assert (got.case.id, driver.last(e.CaseSuggested).case) == ("ca2", "ca1")
    assert _rows(driver) == {"iv1": "OFFERED"}


def test_a_merged_case_is_found_by_what_it_goes_on_as() -> None:
    driver = _driver()
    _posts(driver)
    driver.message("joe", "email", topic="bill")
    _invite(driver)
    driver.run(c.MergeCases("ca2", "ca1", "the same"), 1)
    got = _comes(driver, "joe-mail")
    assert got.case.id == "ca2"
    assert driver.events(e.InvitationAccepted)


# Ending


def test_the_newer_invitation_to_a_channel_counts() -> None:
    driver = _driver()
    _posts(driver)
    _invite(driver)
    _invite(driver)
    _invite(driver, channel="voice")
    assert _ended(driver) == [("iv1", "WITHDRAWN", "replaced")]
    assert _rows(driver) == {"iv2": "OFFERED", "iv3": "OFFERED"}


def test_it_may_be_withdrawn_until_somebody_came() -> None:
    driver = _driver()
    _posts(driver)
    _invite(driver)
    driver.run(c.WithdrawInvitation("iv1", "a mistake"), 1)
    assert (_ended(driver), _rows(driver)) == ([("iv1", "WITHDRAWN", "a mistake")], {})
    driver.refuse(c.WithdrawInvitation("iv1", "again"), UnknownId, kind="invitation")
    _invite(driver)
    _comes(driver, "joe-mail", "iv2")
    driver.refuse(c.WithdrawInvitation("iv2", "late"), NotAllowedInState, state="ACCEPTED")


def test_nobody_is_invited_to_a_closed_case() -> None:
    driver = _driver()
    _posts(driver)
    _invite(driver)
    driver.run(c.CancelInteraction("in1", "x"), 1)
    driver.run(c.ResolveCase("ca1"), 1)
    assert _rows(driver) == {"iv1": "OFFERED"}, "they may still come, and open it again"
    driver.run(c.CloseCase("ca1"), 1)
    assert _ended(driver) == [("iv1", "WITHDRAWN", "case closed")]


def test_nobody_is_invited_from_a_contact_of_a_closed_case() -> None:
    driver = _driver()
    _posts(driver)
    driver.run(c.ResolveCase("ca1"), 1)
    driver.run(c.CloseCase("ca1"), 1)
    driver.refuse(c.InviteToChannel("email", "in1", text=TEXT), NotAllowedInState, state="CLOSED")


def test_what_goes_on_as_another_case_is_invited_to_still() -> None:
    driver = _driver()
    _posts(driver)
    driver.message("joe", "email", topic="bill")
    driver.run(c.CancelInteraction("in2", "x"), 1)
    driver.run(c.ResolveCase("ca2"), 1)
    driver.run(c.CloseCase("ca2"), 1)
    _invite(driver)
    driver.run(c.MergeCases("ca2", "ca1", "the same"), 1)
    assert (driver.engine.view.cases.row("ca1").state, _rows(driver)) == ("OPEN", {"iv1": "OFFERED"})


def test_every_step_is_in_the_table() -> None:
    assert set(INVITATION.steps.values()) == {"ACCEPTED", "EXPIRED", "WITHDRAWN"}
    assert INVITATION.initial == "OFFERED"


# Where they came from


def _both(driver: Driver, *, public: str) -> str:
    """Joe has posted, which is `public`, and has come by mail, which Ana has."""
    driver.sign_in("ana")
    if public == "ACTIVE":
        driver.answered("joe", "chat", topic="order")
    else:
        driver.run(c.SetAway("ana", "break"), 1)
        _posts(driver)
    _invite(driver)
    got = _comes(driver, "joe-mail")
    if public != "ACTIVE":
        driver.run(c.SetAvailable("ana"), 1)
        for offer in driver.pending():
            (driver.accept if offer.interaction == got.interaction else driver.decline)(offer)
    else:
        driver.accept()
    assert _state(driver, got.interaction) == "ACTIVE"
    return str(got.interaction)


@pytest.mark.parametrize("public", ["ACTIVE", "QUEUED"])
def test_it_closes_with_a_pointer_once_they_are_answered(public: str) -> None:
    driver = _driver()
    private = _both(driver, public=public)
    assert _state(driver, "in1") == public
    driver.run(c.FinishInteraction(private, "ana", "resolved"), 1)
    assert (_state(driver, "in1"), _state(driver, private)) == ("DONE", "DONE")
    done = next(event for event in driver.events(e.InteractionDone) if event.interaction == "in1")
    assert (done.reason, done.agent) == ("answered_elsewhere", "ana")
    assert [event.text for event in driver.events(e.MessageWritten)][-1] == POINTER
    assert driver.last(e.DeliveryPlanned).channel == "chat"
    assert _rows(driver) == {}
    assert driver.case_state(driver_got("ca1")) == "RESOLVED"


def driver_got(case: str) -> Any:
    """What a driver's questions about a case are asked of."""

    class Got:
        class Case:
            id = case

        case = Case

    return Got


def test_without_a_text_it_closes_all_the_same() -> None:
    driver = Driver()
    private = _both(driver, public="ACTIVE")
    before = len(driver.events(e.MessageWritten))
    driver.run(c.FinishInteraction(private, "ana", "resolved"), 1)
    assert (_state(driver, "in1"), len(driver.events(e.MessageWritten))) == ("DONE", before)


def test_what_is_over_already_is_not_ended_again() -> None:
    driver = _driver()
    private = _both(driver, public="ACTIVE")
    driver.run(c.FinishInteraction("in1", "ana"), 1)
    driver.run(c.FinishInteraction(private, "ana", "resolved"), 1)
    assert [event.interaction for event in driver.events(e.InteractionDone)] == ["in1", private]


def test_whoever_leaves_without_an_answer_closes_nothing() -> None:
    driver = _driver()
    _posts(driver)
    _invite(driver, channel="voice")
    call = driver.call("joe-phone", "voice", invitation="iv1").interaction
    driver.run(c.LeaveContact(call), 1)
    assert (_state(driver, "in1"), _rows(driver)) == ("QUEUED", {})


def test_a_case_without_a_contact_has_none_to_close() -> None:
    driver = _driver()
    driver.message("joe", "chat", topic="order")
    driver.run(c.CancelInteraction("in1", "x"), 1)
    _invite(driver, None, case="ca1")
    driver.sign_in("ana")
    got = _comes(driver, "joe-mail")
    driver.accept()
    driver.run(c.FinishInteraction(got.interaction, "ana", "resolved"), 1)
    assert [event.interaction for event in driver.events(e.InteractionDone)] == [got.interaction]


def test_both_engines_agree_about_invitations() -> None:
    driver = _driver()
    _posts(driver)
    _invite(driver)
    _invite(driver, channel="voice")
    _comes(driver, "joe-mail")
    for engine in (driver.replayed(), driver.reloaded()):
        assert engine.state_hash() == driver.engine.state_hash()
        rows = engine.view.invitations
        assert rows.offered(["ca1"]) == ["iv2"]
        taken = rows.taken_by("in2")
        assert taken is not None
        assert taken.channel == "email"
        assert rows.taken_by("in1") is None


def test_a_plan_says_how_long_they_last() -> None:
    (fault,) = check_engagements(Engagements(invitation_lasts=timedelta()))
    assert (fault.path, fault.message) == ("engagements.invitation_lasts", "must be above 0")


def test_somebody_else_who_comes_about_the_case_anyway_does_not_take_the_invitation_up() -> None:
    driver = _driver()
    driver.call("mia", "voice", topic="bill")
    _posts(driver)
    _invite(driver, "in2")
    got = _comes(driver, "mia", reply_case="ca2")
    assert (got.case.id, got.customer) == ("ca2", "cu1")
    assert (_rows(driver), driver.events(e.CaseSuggested)) == ({"iv1": "OFFERED"}, [])
