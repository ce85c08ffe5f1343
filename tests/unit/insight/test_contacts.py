from __future__ import annotations

import attrs
import pytest
from tests.unit.insight.rig import PLAN, SECOND, START_US, Desk, fold, person, thread

from orchestra.insight.figures import Figures
from orchestra.model import commands as c, events as e


def total(desk: Desk) -> Figures:
    return desk.measures().total


# Waiting


def test_a_contact_waits_until_an_agent_answers() -> None:
    desk = Desk()
    called = desk.call("joe", 10)
    figures = total(desk)
    assert (figures.contacts.queued, figures.contacts.waiting, figures.wait.n) == (1, 1, 0)
    desk.sign_in("ana", at_s=25)
    desk.take(called, 40)
    figures = total(desk)
    assert (figures.contacts.waiting, figures.contacts.answered, figures.contacts.answered_in_time) == (0, 1, 0)
    assert figures.wait.mean_s == 30.0


def test_what_is_asked_twice_is_one_question() -> None:
    desk = Desk()
    called = desk.call("joe", 10)
    desk.run(c.ReceiveMessage("mail", "main", "m9", person("joe"), text="where is it?"), 20)
    figures = total(desk)
    assert (figures.contacts.queued, figures.contacts.waiting, figures.contacts.linked) == (1, 1, 0)
    desk.sign_in("ana", at_s=30)
    desk.take(called, 40)
    desk.run(c.FinishInteraction(called, "ana"), 60)
    figures = total(desk)
    assert (figures.contacts.queued, figures.contacts.answered, figures.contacts.linked) == (1, 1, 1)


def test_a_question_that_is_unlinked_counts_as_long_as_it_has_waited() -> None:
    desk = Desk()
    desk.call("joe", 10)
    written = desk.run(
        c.ReceiveMessage("mail", "main", "m9", person("joe"), text="where is it?"), 20
    ).result.interaction
    desk.run(c.UnlinkQuestion(written), 30)
    desk.sign_in("ana", "bob", at_s=40)
    desk.take(written, 50)
    figures = total(desk)
    assert (figures.contacts.queued, figures.contacts.linked, figures.wait.mean_s) == (2, 0, 40.0)


def test_declined_offers_do_not_make_another_wait() -> None:
    desk = Desk()
    desk.sign_in("ana", "bob")
    called = desk.call("joe", 10)
    desk.decline(called, 15)
    desk.take(called, 18)
    figures = total(desk)
    assert (figures.contacts.queued, figures.wait.n, figures.wait.mean_s) == (1, 1, 8.0)


def test_a_ring_is_answered_once_when_it_is_connected_and_its_losers_missed_nothing() -> None:
    plan = PLAN.replace('retry_after = "1h"', 'retry_after = "1h"\nring = {first = 2}').replace(
        'offer_timeout = "10m"', 'offer_timeout = "10m"\nconnects = "30s"'
    )
    desk = Desk(plan)
    desk.sign_in("ana", "bob")
    called = desk.call("joe", 10)
    desk.wait(10)
    offers = desk.view.routing.items[called].ringing
    tokens = {agent: desk.view.routing.offers[offer].token for agent, offer in offers.items()}
    for agent, offer in list(offers.items()):
        desk.run(c.AcceptOffer(offer, agent, tokens[agent]), 12)
    desk.run(c.ReportSetupFailed(offers["ana"], "ana", tokens["ana"]), 13)
    figures = total(desk)
    assert (figures.contacts.queued, figures.contacts.waiting, figures.contacts.answered) == (1, 1, 0)
    desk.run(c.ConfirmConnected(offers["bob"], "bob", tokens["bob"]), 15)
    desk.run(c.FinishInteraction(called, "bob"), 45)
    figures = total(desk)
    assert (figures.contacts.queued, figures.contacts.answered, figures.wait.mean_s) == (1, 1, 5.0)
    assert (figures.handling.handled, figures.aht_s) == (1, 30.0)


def test_the_wait_begins_when_the_contact_was_made() -> None:
    desk = Desk()
    desk.sign_in("ana")
    mailed = desk.write("joe", 100, "mail", occurred_us=1_700_000_040_000_000)
    desk.take(mailed, 110)
    assert total(desk).wait.mean_s == 70.0


@pytest.mark.parametrize(("answered_at", "in_time"), [(30, 1), (30.000001, 0)])
def test_the_target_includes_its_end(answered_at: float, in_time: int) -> None:
    desk = Desk()
    desk.sign_in("ana")
    called = desk.call("joe", 10)
    desk.take(called, answered_at)
    assert total(desk).contacts.answered_in_time == in_time


def test_each_queue_has_its_own_target() -> None:
    desk = Desk()
    desk.sign_in("bob")
    desk.take(desk.call("joe", 10, queue="german"), 70)
    measures = desk.measures()
    share = measures.by_queue["german"].service_level()
    assert (share.numerator, share.denominator) == (1, 1)
    assert share.name == "service level 90 % in 60 s, short abandons excluded, flow-outs excluded"


def test_a_changed_target_counts_from_then_on() -> None:
    desk = Desk()
    desk.sign_in("ana")
    first = desk.call("joe", 10)
    desk.take(first, 45)
    desk.run(c.FinishInteraction(first, "ana"), 50)
    changed = PLAN.replace('retry_after = "1h"', 'service_level = {percent = 70, within = "1m"}')
    plan = desk.view.plan.parse(changed)
    desk.run(c.ChangePlan(plan, plan.digest(), "zones", "check"), 60)
    desk.take(desk.call("sue", 100), 135)
    figures = total(desk)
    assert (figures.contacts.answered, figures.contacts.answered_in_time) == (2, 1)
    assert figures.targets == ("70 % in 60 s", "80 % in 20 s")


def test_many_targets_are_not_all_named() -> None:
    measures = Desk().measures()
    tally = measures._slices.total
    tally.targets |= {(80, seconds * 1_000_000) for seconds in (10, 20, 30)} | {(80, 500_000)}
    assert measures.total.service_level().name.startswith("service level of each queue, ")
    assert measures.total.targets[0] == "80 % in 0.5 s"


# Leaving


def test_who_leaves_has_abandoned() -> None:
    desk = Desk()
    desk.run(c.LeaveContact(desk.call("joe", 10)), 30)
    desk.run(c.LeaveContact(desk.call("sue", 40)), 43)
    figures = total(desk)
    assert (figures.contacts.abandoned, figures.contacts.short_abandons, figures.contacts.waiting) == (2, 1, 0)
    assert (figures.abandonment.numerator, figures.abandonment.denominator) == (1, 2)
    assert (figures.short_abandonment.numerator, figures.short_abandonment.denominator) == (1, 2)


def test_a_canceled_wait_is_a_flow_out() -> None:
    desk = Desk()
    desk.run(c.CancelInteraction(desk.call("joe", 10), "test call"), 30)
    figures = total(desk)
    assert (figures.contacts.flow_outs, figures.contacts.waiting, figures.handling.handled) == (1, 0, 0)


def test_who_is_turned_away_was_not_connected_and_never_waited() -> None:
    desk = Desk(PLAN.replace('team = "care"\nretry_after', 'team = "care"\nlimit = 0\nretry_after'))
    desk.call("joe", 10)
    figures = total(desk)
    assert (figures.contacts.turned_away, figures.contacts.queued, figures.contacts.abandoned) == (1, 0, 0)
    assert (figures.accessibility.numerator, figures.accessibility.denominator) == (0, 1)


def test_an_answer_elsewhere_ends_the_wait_when_it_was_given() -> None:
    desk = Desk()
    desk.write("joe", 10, "mail", thread=thread("t1"))
    reply = c.RecordReply(
        "mail", "main", "r1", person("joe"), thread=thread("t1"), occurred_us=1_700_000_025_000_000, text="outside"
    )
    desk.run(reply, 100)
    figures = total(desk)
    assert (figures.contacts.answered, figures.contacts.answered_elsewhere) == (1, 1)
    assert (figures.wait.mean_s, figures.handling.handled) == (15.0, 0)


def _answered_elsewhere(*answers_s: float) -> Figures:
    """A mail of second 10, whose answers are recorded at 100 and later, given at these times."""
    desk = Desk()
    desk.write("joe", 10, "mail", thread=thread("t1"))
    for number, at_s in enumerate(answers_s):
        reply = c.RecordReply("mail", "main", f"r{number}", person("joe"), thread=thread("t1"))
        desk.run(attrs.evolve(reply, occurred_us=START_US + round(at_s * SECOND)), 100 + number)
    return total(desk)


@pytest.mark.parametrize(
    ("answers_s", "wait_s", "in_time"),
    [
        ((90, 25), 15, 1),
        ((25, 90), 15, 1),
        ((90, 5), 80, 0),
        ((5,), 0, 1),
        ((5, 90), 80, 0),
        ((5, 90, 30, 8, 40), 20, 1),
    ],
)
def test_the_first_answer_given_elsewhere_ends_the_wait_whichever_is_recorded_first(
    answers_s: tuple[float, ...], wait_s: float, in_time: int
) -> None:
    figures = _answered_elsewhere(*answers_s)
    assert (figures.contacts.answered, figures.contacts.answered_in_time, figures.wait.n) == (1, in_time, 1)
    assert figures.wait.mean_s == wait_s


def test_an_answer_to_the_next_contact_changes_nothing_about_the_one_before() -> None:
    desk = Desk()
    reply = c.RecordReply("mail", "main", "r0", person("joe"), thread=thread("t1"), resolve=True)
    desk.write("joe", 10, "mail", thread=thread("t1"))
    desk.run(reply, 100)
    desk.write("joe", 200, "mail", thread=thread("t1"))
    desk.run(attrs.evolve(reply, message_id="r1", occurred_us=START_US + 210 * SECOND), 220)
    desk.run(attrs.evolve(reply, message_id="r2", occurred_us=START_US + 205 * SECOND), 230)
    assert (total(desk).wait.n, total(desk).wait.mean_s) == (2, (90 + 5) / 2)


def test_other_ends_of_a_wait_are_flow_outs() -> None:
    desk = Desk()
    called = desk.call("joe", 10)
    measures = desk.measures()
    measures.add(e.InteractionDone(called, "cu1", "merged"), 1_700_000_030_000_000)
    assert measures.total.contacts.flow_outs == 1


# Accessibility


@pytest.mark.parametrize(("answered_at", "connected"), [(130, 1), (131, 0)])
def test_live_contacts_are_accessible_within_two_minutes(answered_at: float, connected: int) -> None:
    desk = Desk()
    desk.sign_in("ana")
    desk.take(desk.call("joe", 10), answered_at)
    share = total(desk).accessibility
    assert (share.numerator, share.denominator) == (connected, 1)


def test_whoever_left_was_not_connected_and_who_waits_is_open() -> None:
    desk = Desk()
    desk.run(c.LeaveContact(desk.call("joe", 10)), 12)
    desk.run(c.CancelInteraction(desk.call("sue", 20), "test"), 22)
    desk.call("eve", 30)
    share = total(desk).accessibility
    assert (share.numerator, share.denominator) == (0, 2)


def test_mail_has_no_accessibility() -> None:
    desk = Desk()
    desk.sign_in("ana")
    desk.take(desk.write("joe", 10, "mail"), 12)
    assert total(desk).accessibility.percent is None


# Handling


def test_talk_hold_and_wrap_up_are_handling() -> None:
    desk = Desk()
    desk.sign_in("ana")
    chat = desk.write("joe", 10)
    desk.take(chat, 20)
    desk.run(c.HoldInteraction(chat, "ana"), 50)
    desk.run(c.RetrieveInteraction(chat, "ana"), 60)
    desk.run(c.FinishInteraction(chat, "ana", "resolved"), 100)
    assert total(desk).handling.handled == 0
    desk.run(c.FinishWrapUp(chat, "ana"), 115)
    handling = total(desk).handling.to_json()
    assert handling == {
        "handled": 1,
        "talk_s": 70.0,
        "hold_s": 10.0,
        "wrap_up_s": 15.0,
        "aht_s": 95.0,
        "weighted_aht_s": 95.0,
    }


def test_wrap_up_ends_by_itself() -> None:
    desk = Desk()
    desk.sign_in("ana")
    chat = desk.write("joe", 10)
    desk.take(chat, 20)
    desk.run(c.LeaveContact(chat), 30)
    desk.wait(500)
    assert total(desk).aht_s == 40.0


def test_two_chats_at_once_are_weighted() -> None:
    desk = Desk()
    desk.sign_in("ana")
    first, second = desk.write("joe", 10), desk.write("sue", 11)
    desk.take(first, 20)
    desk.take(second, 40)
    for chat in (first, second):
        desk.run(c.FinishInteraction(chat, "ana"), 60)
        desk.run(c.FinishWrapUp(chat, "ana"), 60)
    figures = total(desk)
    assert (figures.aht_s, figures.weighted_aht_s) == (30.0, 20.0)


def test_what_nobody_wrote_in_was_over_at_the_last_message() -> None:
    desk = Desk()
    desk.sign_in("ana")
    mailed = desk.write("joe", 10, "mail")
    desk.take(mailed, 20)
    desk.run(c.WriteReply(mailed, "ana", text="?"), 50)
    desk.write("joe", 70, "mail", "!")
    desk.wait(200_000)
    assert total(desk).handling.talk_us == 50_000_000


def test_canceled_work_was_handled() -> None:
    desk = Desk()
    desk.sign_in("ana")
    called = desk.call("joe", 10)
    desk.take(called, 20)
    desk.run(c.CancelInteraction(called, "fraud"), 35)
    figures = total(desk)
    assert (figures.handling.handled, figures.aht_s, figures.contacts.flow_outs) == (1, 15.0, 0)


# Waiting again


def _transferred() -> tuple[Desk, str]:
    desk = Desk()
    desk.sign_in("ana", "bob")
    called = desk.call("joe", 10)
    assert desk.take(called, 20) == "ana"
    desk.run(c.TransferInteraction(called, "ana", "german"), 50)
    return desk, called


def _consulted() -> tuple[Desk, str]:
    """A call that ana has from 20 on, and bob takes part in from 24 on."""
    desk = Desk()
    desk.sign_in("ana", "bob")
    called = desk.call("joe", 10)
    assert desk.take(called, 20) == "ana"
    desk.run(c.AskConsult(called, "ana", "bob"), 22)
    desk.run(c.AcceptConsult("cs1", "bob", 1), 24)
    return desk, called


def test_a_transferred_contact_counts_once_over_all_and_in_each_queue() -> None:
    desk, called = _transferred()
    assert desk.take(called, 58) == "bob"
    desk.run(c.FinishInteraction(called, "bob"), 78)
    measures = desk.measures()
    care, german = measures.by_queue["care"], measures.by_queue["german"]
    assert (measures.total.contacts.queued, care.contacts.queued, german.contacts.queued) == (1, 1, 1)
    assert (measures.total.wait.mean_s, care.wait.mean_s, german.wait.mean_s) == (10.0, 10.0, 8.0)
    assert (measures.total.aht_s, care.aht_s, german.aht_s) == (50.0, 30.0, 20.0)
    shares = [(f.transfer_rate.numerator, f.transfer_rate.denominator) for f in (measures.total, care, german)]
    assert shares == [(1, 1), (1, 1), (0, 1)]
    assert measures.by_channel["voice"].accessibility.denominator == 1
    assert german.accessibility.denominator == 0


def test_a_contact_that_is_handed_over_is_a_transfer_and_a_consult_is_none() -> None:
    desk, called = _consulted()
    desk.run(c.EndConsult("cs1", "ana"), 30)
    desk.run(c.FinishInteraction(called, "ana"), 40)
    share = desk.measures().total.transfer_rate
    assert (share.numerator, share.denominator) == (0, 1)
    share = desk.measures().total.consult_rate
    assert (share.numerator, share.denominator) == (1, 1)
    desk, called = _consulted()
    desk.run(c.CompleteTransfer("cs1", "ana"), 30)
    desk.run(c.FinishInteraction(called, "bob"), 45)
    measures = desk.measures()
    care = measures.by_queue["care"]
    shares = [(f.transfer_rate.numerator, f.transfer_rate.denominator) for f in (measures.total, care)]
    assert shares == [(1, 1), (1, 2)]
    assert (measures.total.contacts.queued, measures.total.wait.mean_s) == (1, 10.0)
    assert (measures.total.aht_s, care.aht_s) == (25.0, 12.5)
    shares = [(f.consult_rate.numerator, f.consult_rate.denominator) for f in (measures.total, care)]
    assert shares == [(1, 1), (1, 2)]


def test_a_consult_that_waits_in_a_queue_is_no_contact_of_its_own() -> None:
    told = []
    for is_asked in (False, True):
        desk = Desk()
        desk.sign_in("ana", "bob")
        called = desk.call("joe", 10)
        assert desk.take(called, 20) == "ana"
        if is_asked:
            desk.run(c.ConsultQueue(called, "ana", "care"), 22)
            desk.run(c.DeclineConsult("cs1", "bob", 2), 24)
            desk.wait(60)
            desk.run(c.EndConsult("cs1", "ana"), 70)
        desk.run(c.FinishInteraction(called, "ana"), 80)
        told.append(desk.measures().to_json())
    assert told[0] == told[1]
    desk, called = _consulted()
    desk.run(c.EndConsult("cs1", "ana"), 26)
    desk.run(c.ConsultQueue(called, "ana", "care"), 27)
    desk.run(c.AcceptConsult("cs2", "bob", 3), 28)
    desk.run(c.FinishInteraction(called, "ana"), 40)
    total = desk.measures().total
    assert (total.contacts.queued, total.contacts.answered, total.accessibility.denominator) == (1, 1, 1)
    assert (total.consult_rate.numerator, total.consult_rate.denominator) == (1, 1)


def test_a_contact_that_another_agent_is_asked_to_take_is_no_consult() -> None:
    desk = Desk()
    desk.sign_in("ana", "bob")
    called = desk.call("joe", 10)
    desk.take(called, 20)
    desk.run(c.TransferToAgent(called, "ana", "bob"), 22)
    desk.run(c.AcceptConsult("cs1", "bob", 1), 24)
    desk.run(c.FinishInteraction(called, "bob"), 30)
    total = desk.measures().total
    assert (total.transfer_rate.numerator, total.consult_rate.numerator) == (1, 0)


@pytest.mark.parametrize(("ends_s", "wrap_up_s"), [(35, 5), (None, 20)])
def test_who_gives_a_contact_away_wraps_it_up_as_part_of_handling_it(ends_s: int | None, wrap_up_s: int) -> None:
    desk = Desk(PLAN.replace('offer_timeout = "10m"', 'offer_timeout = "10m"\nwrap_up = "20s"'))
    desk.sign_in("ana", "bob")
    called = desk.call("joe", 10)
    desk.take(called, 20)
    desk.run(c.TransferToAgent(called, "ana", "bob"), 25)
    desk.run(c.AcceptConsult("cs1", "bob", 1), 30)
    if ends_s is not None:
        desk.run(c.FinishWrapUp(called, "ana", "resolved"), ends_s)
    desk.run(c.FinishInteraction(called, "bob"), 40)
    desk.run(c.FinishWrapUp(called, "bob"), 40)
    desk.wait(60)
    measures = desk.measures()
    for figures, handled in ((measures.total, 1), (measures.by_channel["voice"], 1), (measures.by_queue["care"], 2)):
        handling = figures.handling
        assert (handling.handled, handling.talk_us, handling.wrap_up_us) == (
            handled,
            20_000_000,
            wrap_up_s * 1_000_000,
        )
    assert measures._contacts._segments == {}


def test_a_bot_wraps_up_its_part_apart_from_people() -> None:
    plan = PLAN.replace("[agents.ana]\n", '[agents.ana]\nkind = "bot"\n')
    desk = Desk(plan.replace('offer_timeout = "10m"', 'offer_timeout = "10m"\nwrap_up = "20s"'))
    desk.sign_in("ana")
    called = desk.call("joe", 10)
    desk.take(called, 20)
    desk.sign_in("bob", at_s=21)
    desk.run(c.TransferInteraction(called, "ana", "german"), 30)
    desk.take(called, 32)
    desk.run(c.FinishInteraction(called, "bob"), 40)
    desk.wait(70)
    handling = desk.measures().total.handling
    assert (handling.handled, handling.talk_us, handling.wrap_up_us) == (1, 8_000_000, 20_000_000)
    assert desk.measures().by_queue["german"].handling.wrap_up_us == 20_000_000


def test_who_leaves_after_an_answer_is_told_apart() -> None:
    desk, called = _transferred()
    desk.run(c.LeaveContact(called), 90)
    measures = desk.measures()
    assert measures.total.contacts.abandoned == 0
    assert measures.total.contacts.left_after_answer == 1
    assert measures.by_channel["voice"].contacts.left_after_answer == 1
    assert measures.by_queue["german"].contacts.abandoned == 1
    assert measures.total.handling.handled == 1


def test_work_taken_from_a_lost_agent_waits_again() -> None:
    desk = Desk()
    desk.sign_in("ana")
    called = desk.call("joe", 10)
    desk.take(called, 20)
    desk.run(c.SignOut("ana"), 40)
    measures = desk.measures()
    assert measures.by_queue["care"].contacts.queued == 2
    assert measures.by_queue["care"].contacts.waiting == 1
    assert measures.total.contacts.waiting == 0
    assert measures.by_queue["care"].handling.talk_us == 20_000_000
    assert measures.total.transfer_rate.numerator == 0


PARKING = PLAN.replace('offer_timeout = "1h"', 'offer_timeout = "1h"\non_agent_lost = "park"')


def test_nobodys_time_goes_into_what_is_parked() -> None:
    desk = Desk(PARKING)
    desk.sign_in("ana")
    mail = desk.write("joe", 10, "mail")
    desk.take(mail, 20)
    desk.run(c.SignOut("ana"), 50)
    desk.run(c.SignIn("ana"), 1_050)
    desk.run(c.FinishInteraction(mail, "ana", "resolved"), 1_060)
    handling = total(desk).handling.to_json()
    assert (handling["talk_s"], handling["weighted_aht_s"]) == (40.0, 40.0)


def test_what_is_parked_and_then_waits_was_in_hand_until_its_agent_was_gone() -> None:
    desk = Desk(PARKING)
    desk.sign_in("ana")
    mail = desk.write("joe", 10, "mail")
    desk.take(mail, 20)
    desk.run(c.SignOut("ana"), 50)
    desk.write("joe", 500, "mail")
    measures = desk.measures()
    assert measures.by_queue["care"].handling.talk_us == 30_000_000
    assert measures.by_queue["care"].contacts.waiting == 1


# Memory, and folds that begin in the middle


def test_what_is_over_is_forgotten() -> None:
    desk = Desk()
    desk.sign_in("ana")
    for number in range(5):
        called = desk.call("joe", 100 * number + 10)
        desk.take(called, 100 * number + 20)
        desk.run(c.FinishInteraction(called, "ana", "resolved"), 100 * number + 30)
    measures = desk.measures()
    contacts = measures._contacts
    assert contacts.open == {}


def test_work_begun_before_the_fold_counts_for_nothing() -> None:
    desk, called = _transferred()
    desk.take(called, 58)
    desk.run(c.HoldInteraction(called, "bob"), 60)
    desk.run(c.FinishInteraction(called, "bob"), 78)
    begun = [kind for kind, _ in desk.events() if isinstance(kind, e.InteractionStarted)]
    events = desk.events()
    after = next(place for place, (event, _) in enumerate(events) if event == begun[0]) + 1
    figures = fold(events[after:]).total
    assert (figures.contacts.queued, figures.handling.handled, figures.wait.n) == (0, 0, 0)


@pytest.mark.parametrize(
    "event",
    [
        e.InteractionDone("in9", "cu1", "finished"),
        e.InteractionCanceled("in9", "cu1", "x"),
        e.InteractionAbandoned("in9", "cu1", 7, True),
        e.InteractionFinished("in9", "cu1", "ana", "agent"),
        e.InteractionTransferred("in9", "cu1", "ana", "care", {}),
        e.ConsultAccepted("cs1", "in9", "cu1", "ana", "bob", "consult"),
        e.TransferCompleted("cs1", "in9", "cu1", "ana", "bob", 100),
        e.InteractionRetrieved("in9", "cu1", "ana"),
        e.InteractionAttached("in9", "ca9", "cu1", "thread"),
    ],
)
def test_ends_of_what_is_not_known_are_passed_over(event: e.Event) -> None:
    measures = fold([(event, 5)])
    assert measures.total == fold([], measures).total
    assert measures.total.contacts.queued == measures.total.handling.handled == 0
