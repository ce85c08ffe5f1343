"""Calls that are steered: what their lines are told as the contact goes on, and what follows from what they tell."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine_driver import CARE, HOUR, SECOND, Driver

from orchestra.engine.engine import Engine
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.results import CallStanding

CALLS = CARE.replace(
    '[channels.voice]\nlive = true\nlimit = 1\noffer_timeout = "20s"\n',
    '[channels.voice]\nlive = true\nlimit = 2\noffer_timeout = "20s"\nconnects = "20s"\nalternatives = ["callback"]\n'
    'calls = { callback_key = "1", callback = "Press 1 to be called back." }\n',
)
BOT_STEPS = (
    '[queues.care]\nteam = "care"\n'
    '[[queues.care.steps]]\npool = "bots"\nlasts = "10s"\nskip_if = {nobody = true}\n'
    '[[queues.care.steps]]\npool = "people"\n'
)
WITH_BOT = (
    CALLS.replace('[queues.care]\nteam = "care"\n', BOT_STEPS)
    + '[agents.rob]\nkind = "bot"\nteams = ["care"]\ncapacity_percent = 400\n'
)
CALL = "voice", "main", "call1"


class Caller(Driver):
    """A customer who calls as `call1`, agents' phones that are told of, and a provider that takes what it is told."""

    def ring(self, sender: str = "joe", call_id: str = "call1", after: float = 1) -> Any:
        return self.call(sender, contact_id=call_id, after=after)

    def stands(self, call_id: str = "call1") -> CallStanding:
        decided = self.run(c.AskCall("voice", "main", call_id))
        assert decided.events == [], "asking changes nothing"
        found: CallStanding = decided.result
        return found

    def press(self, keys: str | None, press: str = "p1", after: float = 1) -> CallStanding:
        found: CallStanding = self.run(c.PressKeys(*CALL, press, keys), after).result
        return found

    def leg(self, state: str, name: str | None = None, leg_id: str | None = "leg1", after: float = 1) -> list[e.Event]:
        named = name or next(event.leg for event in reversed(self.told()) if event.verb == "call")
        return self.run(c.ReportLeg(*CALL, named or "", state, leg_id), after).events

    def told(self) -> list[e.CallSteered]:
        return self.events(e.CallSteered)

    def verbs(self) -> list[str]:
        return [event.verb for event in self.told()]

    def sent(self, *ids: str) -> None:  # type: ignore[override]
        """The provider takes what is permitted, one after the other."""
        while permitted := sorted(self.engine.view.deliveries.permitted):
            attempt = self.engine.view.deliveries.deliveries[permitted[0]].attempts + 1
            self.run(c.StartDelivery(permitted[0], attempt, 1))
            self.run(c.RecordOutcome(permitted[0], attempt, "accepted", list(ids)))

    def talks(self) -> Any:
        """A call that ana has, on the line with its customer."""
        self.sign_in("ana")
        got = self.ring()
        self.accept()
        self.sent("leg1")
        self.leg("answered")
        self.sent()
        return got


@pytest.fixture
def caller() -> Caller:
    return Caller(CALLS)


# Waiting


def test_whoever_waits_is_sent_place_and_wait_when_their_line_asks(caller: Caller) -> None:
    first = caller.ring()
    assert caller.stands() == CallStanding("wait", first.interaction, position=0)
    caller.ring("mia", "call2")
    assert caller.stands("call2").position == 1
    assert caller.verbs() == [], "their lines ask by themselves"


def test_a_line_that_cannot_be_answered_is_sent_what_it_is_to_do(caller: Caller) -> None:
    told = c.AskCall(*CALL, is_sent=True)
    assert caller.run(told).events == [], "nobody knows it"
    caller.ring()
    assert caller.run(told).result.verb == "wait"
    assert caller.verbs() == ["wait"]
    caller.run(told)
    assert caller.verbs() == ["wait"], "that is on its way"
    caller.sent()
    caller.run(told)
    assert caller.verbs() == ["wait", "wait"], "and is told anew when it has come to its end"
    caller.run(c.CancelInteraction("in1", "a test call"))
    caller.sent()
    caller.run(told)
    assert caller.verbs() == ["wait", "wait", "hang_up", "hang_up"]
    caller.run(c.EndCall(*CALL), 1)
    caller.run(told)
    assert len(caller.verbs()) == 4, "there is nobody on it"


def test_a_call_that_nobody_took_and_a_message_stand_nowhere(caller: Caller) -> None:
    assert caller.stands() == CallStanding()
    caller.message("joe", "chat", message_id="call9")
    assert caller.run(c.AskCall("chat", "main", "call9")).result == CallStanding()
    caller.refuse(c.AskCall("voice", "main", ""), InvalidCommand, field="call_id")
    caller.refuse(c.PressKeys("voice", "main", "call9", "p1", "1"), UnknownId)


def test_calls_of_other_channels_are_not_steered() -> None:
    caller = Caller(CARE)
    caller.sign_in("ana")
    caller.ring()
    caller.accept()
    caller.run(c.FinishInteraction("in1", "ana"))
    assert caller.verbs() == []
    assert caller.stands() == CallStanding("hang_up", "in1", reason="over")


def test_whoever_is_turned_away_is_hung_up_on() -> None:
    caller = Caller(CALLS.replace('[queues.care]\nteam = "care"\n', '[queues.care]\nteam = "care"\nlimit = 1\n'))
    caller.ring()
    caller.ring("mia", "call2")
    assert caller.stands("call2") == CallStanding("hang_up", "in2", reason="closed")
    assert caller.verbs() == []


def test_when_the_queue_closes_the_line_is_sent() -> None:
    text = CALLS.replace('[queues.care]\nteam = "care"\n', '[queues.care]\nteam = "care"\nwhen_closed = "turn_away"\n')
    caller = Caller(text)
    caller.ring()
    caller.run(c.CloseQueue("care", "a fire drill"))
    caller.advance(1)
    [told] = caller.told()
    assert (told.verb, told.reason) == ("hang_up", "closed")
    assert caller.stands().reason == "closed"
    assert caller.stands().is_due, "it is on its way to the line"
    caller.sent()
    assert not caller.stands().is_due


# Connecting


def test_an_agent_who_accepts_is_called_and_then_joined(caller: Caller) -> None:
    got = caller.talks()
    called, joined = caller.told()
    assert (called.verb, called.agent, called.leg, called.lasts_us) == ("call", "ana", "of1", 20 * SECOND)
    assert called.call_id == "call1"
    assert joined.verb == "join"
    assert caller.state(got) == "ACTIVE"
    assert caller.stands() == CallStanding("join", got.interaction)
    assert caller.engine.view.calls.legs["of1"].leg_id == "leg1"


def test_an_answer_counts_though_the_provider_s_own_answer_comes_later(caller: Caller) -> None:
    caller.sign_in("ana")
    got = caller.ring()
    caller.accept()
    caller.leg("answered", leg_id="leg7")
    assert caller.state(got) == "ACTIVE"
    assert caller.engine.view.calls.legs["of1"].leg_id == "leg7"
    assert caller.leg("answered", leg_id="leg7") == [], "told again it changes nothing"


@pytest.mark.parametrize("state", ["failed", "ended"])
def test_an_agent_who_does_not_answer_leaves_the_customer_in_place(caller: Caller, state: str) -> None:
    caller.sign_in("ana")
    got = caller.ring()
    caller.accept()
    caller.sent("leg1")
    caller.leg(state)
    assert caller.last(e.OfferEnded).outcome == "SETUP_FAILED"
    assert caller.stands().verb == "wait"
    assert caller.engine.view.calls.legs == {}
    assert caller.verbs() == ["call"], "the line goes on waiting"
    assert caller.leg("ended") == [], "of a leg that is gone nothing follows"
    assert caller.state(got) == "QUEUED"


def test_a_phone_that_rings_too_long_is_hung_up(caller: Caller) -> None:
    caller.sign_in("ana")
    caller.ring()
    caller.accept()
    caller.sent("leg1")
    caller.advance(20)
    assert caller.last(e.OfferEnded).outcome == "SETUP_FAILED"
    hung_up = caller.told()[-1]
    assert (hung_up.verb, hung_up.leg, hung_up.leg_id) == ("hang_up_leg", "of1", "leg1")
    assert caller.leg("answered") == []


def test_a_phone_that_is_not_called_yet_is_not_called_any_more(caller: Caller) -> None:
    caller.sign_in("ana")
    caller.ring()
    caller.accept()
    caller.run(c.EndCall(*CALL), 1)
    assert [event.reason for event in caller.events(e.DeliveryCanceled)] == ["superseded"]
    assert caller.verbs() == ["call"]
    assert (caller.engine.view.calls.calls, caller.engine.view.calls.legs) == ({}, {})


def start(caller: Caller) -> str:
    [delivery] = caller.engine.view.deliveries.permitted
    caller.run(c.StartDelivery(delivery, 1, 1))
    return delivery


def test_a_phone_that_is_being_called_is_hung_up_as_soon_as_its_id_is_known(caller: Caller) -> None:
    caller.sign_in("ana")
    caller.ring()
    caller.accept()
    delivery = start(caller)
    caller.run(c.EndCall(*CALL), 1)
    assert caller.verbs() == ["call"]
    assert caller.engine.view.calls.calls == {}
    caller.run(c.RecordOutcome(delivery, 1, "accepted", ["leg1"]))
    hung_up = caller.told()[-1]
    assert (hung_up.verb, hung_up.leg_id, hung_up.call_id) == ("hang_up_leg", "leg1", "call1")
    assert caller.engine.view.calls.legs == {}


def test_nobody_knows_whether_a_phone_rings(caller: Caller) -> None:
    caller.sign_in("ana")
    got = caller.ring()
    caller.accept()
    caller.run(c.RecordOutcome(start(caller), 1, "unknown"))
    caller.leg("answered", leg_id="leg3")
    assert caller.state(got) == "ACTIVE", "it does, after all"
    assert caller.engine.view.calls.legs["of1"].leg_id == "leg3"


@pytest.mark.parametrize("outcome", ["unknown", "failed"])
def test_a_phone_that_is_wanted_no_more_and_cannot_be_called_is_forgotten(caller: Caller, outcome: str) -> None:
    caller.sign_in("ana")
    caller.ring()
    caller.accept()
    delivery = start(caller)
    caller.run(c.EndCall(*CALL), 1)
    caller.run(c.RecordOutcome(delivery, 1, outcome))
    assert caller.engine.view.calls.legs == {}
    assert caller.verbs() == ["call"]


def test_an_answer_that_comes_too_late_lets_the_agent_go(caller: Caller) -> None:
    caller.sign_in("ana")
    caller.ring()
    caller.accept()
    start(caller)
    caller.advance(25)
    assert caller.engine.view.calls.legs["of1"].is_over
    caller.leg("answered")
    assert caller.told()[-1].verb == "hang_up_leg"


def test_who_is_accepted_without_ids_has_none_to_hang_up(caller: Caller) -> None:
    caller.sign_in("ana")
    caller.ring()
    caller.accept()
    caller.sent()
    assert caller.engine.view.calls.legs["of1"].leg_id is None


# On the line


def test_hold_and_retrieve_are_told_the_line(caller: Caller) -> None:
    caller.talks()
    caller.run(c.HoldInteraction("in1", "ana"))
    assert caller.stands().verb == "hold"
    caller.run(c.RetrieveInteraction("in1", "ana"))
    assert caller.verbs() == ["call", "join", "hold", "join"]
    assert [event.reason for event in caller.events(e.DeliveryCanceled)] == ["superseded"], "the hold had not left"


def test_what_a_stop_kept_from_a_line_is_overtaken_by_what_comes_after(caller: Caller) -> None:
    caller.talks()
    caller.run(c.StopSending("the lines are down", "voice"))
    caller.run(c.HoldInteraction("in1", "ana"))
    assert caller.engine.view.deliveries.deliveries[caller.told()[-1].delivery].is_held
    caller.run(c.RetrieveInteraction("in1", "ana"))
    assert [event.reason for event in caller.events(e.DeliveryCanceled)] == ["superseded"], "the hold was not told"
    caller.run(c.StartSending("voice"))
    caller.advance(1)
    caller.sent()
    shown = [event.delivery for event in caller.told() if event.leg is None]
    told = [event.delivery for event in caller.events(e.DeliveryAccepted)]
    assert [name for name in shown if name in told] == [shown[0], shown[-1]], "joined, and joined again"


def test_what_is_tried_again_is_overtaken_too(caller: Caller) -> None:
    caller.talks()
    caller.run(c.HoldInteraction("in1", "ana"))
    hold = caller.told()[-1].delivery
    caller.run(c.StartDelivery(hold, 1, 1))
    caller.run(c.RetrieveInteraction("in1", "ana"))
    caller.run(c.RecordOutcome(hold, 1, "retry"))
    assert caller.events(e.DeliveryCanceled) == [], "nobody knew whether the hold had been told"
    caller.run(c.HoldInteraction("in1", "ana"))
    assert [event.delivery for event in caller.events(e.DeliveryCanceled)] == [hold, caller.told()[-2].delivery]
    assert caller.engine.view.calls.calls["in1"].untold == [caller.told()[-1].delivery]


def test_a_line_that_goes_while_it_is_told_is_forgotten(caller: Caller) -> None:
    caller.talks()
    caller.run(c.FinishInteraction("in1", "ana"), 1)
    hang_up = next(event.delivery for event in caller.told() if event.verb == "hang_up")
    caller.run(c.StartDelivery(hang_up, 1, 1))
    caller.run(c.EndCall(*CALL), 1)
    calls = caller.engine.view.calls
    assert (calls.calls, calls.of_step) == ({}, {})
    caller.run(c.RecordOutcome(hang_up, 1, "accepted"))
    assert caller.last(e.DeliveryAccepted).delivery == hang_up


def test_legs_are_found_by_their_call_alone(caller: Caller) -> None:
    caller.talks()
    caller.ring("mia", "call2")
    caller.run(c.DefineAgent("ben", ["care"]))
    caller.sign_in("ben")
    caller.accept()
    calls = caller.engine.view.calls
    assert {name: [leg for leg, _ in calls.legs_of(name)] for name in ("in1", "in2", "in3")} == {
        "in1": ["of1"],
        "in2": ["of2"],
        "in3": [],
    }


def test_an_agent_who_finishes_hangs_up_on_both(caller: Caller) -> None:
    caller.talks()
    caller.run(c.FinishInteraction("in1", "ana"))
    assert caller.verbs() == ["call", "join", "hang_up", "hang_up_leg"]
    assert caller.told()[-2].reason == "over"
    caller.sent()
    caller.advance(30)
    assert caller.engine.view.calls.calls["in1"].over == "over", "its provider has not told that the line is gone"
    assert [type(event) for event in caller.run(c.EndCall(*CALL), 1).events] == [e.CallEnded]
    assert caller.engine.view.calls.calls == {}
    assert caller.run(c.EndCall(*CALL), 1).events == []


def test_a_customer_who_hangs_up_leaves_the_agent_nobody(caller: Caller) -> None:
    got = caller.talks()
    caller.run(c.EndCall(*CALL), 1)
    assert caller.last(e.InteractionFinished).by == "customer"
    assert caller.verbs()[-1] == "hang_up_leg"
    assert "hang_up" not in caller.verbs(), "there is no line to be told"
    assert caller.state(got) == "WRAPPING"
    assert caller.stands().verb == "hang_up"


def test_an_agent_who_hangs_up_has_finished(caller: Caller) -> None:
    got = caller.talks()
    caller.leg("ended", "of1")
    assert caller.last(e.InteractionFinished).by == "agent"
    assert caller.state(got) == "WRAPPING"
    assert caller.verbs() == ["call", "join", "hang_up"]
    assert caller.engine.view.calls.legs == {}


def test_a_phone_of_who_is_gone_ends_nothing() -> None:
    caller = Caller(CALLS.replace("alternatives", 'on_agent_lost = "park"\nalternatives'))
    got = caller.talks()
    caller.run(c.SignOut("ana"))
    assert caller.state(got) == "PARKED"
    assert caller.stands().verb == "wait"
    caller.leg("ended", "of1")
    assert caller.state(got) == "PARKED"


def test_a_phone_that_fails_once_on_the_line_changes_nothing(caller: Caller) -> None:
    got = caller.talks()
    caller.leg("failed", "of1")
    assert caller.state(got) == "ACTIVE"


def test_what_is_no_state_of_a_leg_and_no_leg_of_the_call_is_refused_or_passed_over(caller: Caller) -> None:
    caller.talks()
    caller.refuse(c.ReportLeg(*CALL, "of1", "lost"), InvalidCommand, field="state")
    caller.ring("mia", "call2")
    assert caller.run(c.ReportLeg("voice", "main", "call2", "of1", "ended")).events == []


def test_a_transfer_to_a_queue_takes_the_customer_off_the_line(caller: Caller) -> None:
    caller.talks()
    caller.run(c.TransferInteraction("in1", "ana", "sales"))
    assert caller.verbs() == ["call", "join", "wait", "hang_up_leg"]
    caller.sign_in("cleo")
    caller.accept()
    caller.sent("leg2")
    caller.leg("answered", leg_id="leg2")
    assert caller.verbs()[-1] == "join"
    assert caller.agent_of(caller.run(c.AskCall(*CALL)).result) == "cleo"


def test_an_agent_who_takes_over_is_called_and_the_one_who_asked_let_go(caller: Caller) -> None:
    caller.talks()
    caller.sign_in("bob")
    asked = caller.run(c.TransferToAgent("in1", "ana", "bob")).result
    caller.run(c.AcceptConsult(asked.consult, "bob", asked.token))
    assert (caller.told()[-1].verb, caller.told()[-1].agent, caller.told()[-1].leg) == ("call", "bob", asked.consult)
    caller.sent("leg2")
    caller.leg("answered", asked.consult, "leg2")
    assert caller.last(e.TransferCompleted).to == "bob"
    assert caller.told()[-1].leg == "of1"
    assert caller.verbs()[2:] == ["call", "hang_up_leg"], "the customer is in the room already"
    caller.leg("ended", asked.consult)
    assert caller.last(e.InteractionFinished).agent == "bob"


def test_a_transfer_while_on_hold_brings_the_customer_back(caller: Caller) -> None:
    caller.talks()
    caller.run(c.HoldInteraction("in1", "ana"))
    caller.sent()
    caller.sign_in("bob")
    asked = caller.run(c.TransferToAgent("in1", "ana", "bob")).result
    caller.run(c.AcceptConsult(asked.consult, "bob", asked.token))
    caller.sent("leg2")
    caller.leg("answered", asked.consult, "leg2")
    assert caller.verbs()[3:] == ["call", "join", "hang_up_leg"]


def consulted(caller: Caller) -> Any:
    caller.talks()
    caller.sign_in("bob")
    asked = caller.run(c.AskConsult("in1", "ana", "bob")).result
    caller.run(c.AcceptConsult(asked.consult, "bob", asked.token))
    caller.sent("leg2")
    return asked


def test_who_is_asked_for_help_and_does_not_answer_helps_not(caller: Caller) -> None:
    asked = consulted(caller)
    caller.leg("failed", asked.consult)
    assert caller.last(e.ConsultEnded).outcome == "SETUP_FAILED"
    assert caller.stands().verb == "join"


def test_who_helps_and_hangs_up_helps_no_more(caller: Caller) -> None:
    asked = consulted(caller)
    caller.leg("answered", asked.consult, "leg2")
    assert caller.last(e.ConsultAccepted).consulted == "bob"
    caller.leg("ended", asked.consult)
    assert (caller.last(e.ConsultEnded).outcome, caller.last(e.ConsultEnded).reason) == ("LEFT", "hung up")
    assert caller.stands().verb == "join"


def test_who_helps_and_is_let_go_is_hung_up_on(caller: Caller) -> None:
    asked = consulted(caller)
    caller.leg("answered", asked.consult, "leg2")
    caller.run(c.EndConsult(asked.consult, "ana"))
    assert (caller.told()[-1].verb, caller.told()[-1].leg_id) == ("hang_up_leg", "leg2")


def test_consults_of_other_channels_call_nobody() -> None:
    text = CARE.replace("[channels.chat]\nlive = true\n", '[channels.chat]\nlive = true\nconnects = "20s"\n')
    caller = Caller(text)
    caller.sign_in("ana")
    caller.answered()
    caller.sign_in("bob")
    asked = caller.run(c.TransferToAgent("in1", "ana", "bob")).result
    caller.run(c.AcceptConsult(asked.consult, "bob", asked.token))
    caller.run(c.ConfirmConnected(asked.consult, "bob", asked.token))
    caller.run(c.HoldInteraction("in1", "bob"))
    assert caller.last(e.TransferCompleted).to == "bob"
    assert caller.verbs() == []


# Keys


def test_the_callback_key_gives_the_place_to_a_callback(caller: Caller) -> None:
    got = caller.ring()
    stands = caller.press("1")
    assert caller.last(e.CallbackRequested).asked_in == got.interaction
    assert caller.events(e.InteractionAbandoned) == []
    assert stands == CallStanding("hang_up", got.interaction, reason="callback", is_due=True)
    assert (caller.told()[-1].verb, caller.told()[-1].reason) == ("hang_up", "callback")
    assert caller.press("1") == stands, "told again it changes nothing"
    assert len(caller.events(e.KeysPressed)) == 1


def test_other_keys_and_keys_to_others_ask_for_nothing(caller: Caller) -> None:
    caller.ring()
    assert caller.press("2").verb == "wait"
    assert caller.press("2").verb == "wait", "told again it is no press of its own"
    assert caller.press(None, "p2").verb == "wait"
    assert caller.events(e.CallbackRequested) == []
    assert [event.keys for event in caller.events(e.KeysPressed)] == ["2", ""]
    caller.refuse(c.PressKeys(*CALL, "", "1"), InvalidCommand, field="press")
    caller.refuse(c.PressKeys(*CALL, "p3", "1" * 51), InvalidCommand, field="keys")
    caller.sign_in("ana")
    caller.accept()
    caller.sent("leg1")
    caller.leg("answered")
    assert caller.press("1", "p4").verb == "join"
    assert caller.events(e.CallbackRequested) == []


def test_presses_are_remembered_for_a_while(caller: Caller) -> None:
    caller.ring()
    for number in range(25):
        caller.press("9", f"p{number}")
    assert caller.engine.view.calls.calls["in1"].presses == [f"p{number}" for number in range(5, 25)]


def test_keys_of_calls_that_are_not_steered_are_nobody_s() -> None:
    caller = Caller(CARE)
    caller.ring()
    assert caller.press("1").verb == "hang_up"
    assert caller.events(e.KeysPressed) == []


# Bots


def with_bot() -> Caller:
    caller = Caller(WITH_BOT)
    caller.sign_in("rob")
    caller.ring()
    return caller


def test_a_bot_s_line_listens_and_is_sent_nothing_else() -> None:
    caller = with_bot()
    assert caller.stands() == CallStanding("listen", "in1", is_due=True), "it is asked, and will speak"
    assert caller.accept().result.is_connecting is False, "a bot has no phone that must ring"
    assert caller.stands().is_due
    caller.run(c.WriteReply("in1", "rob", "For orders press 1."))
    assert caller.stands().is_due, "its words are on their way"
    caller.sent()
    assert caller.stands() == CallStanding("listen", "in1")
    assert caller.press("1").is_due, "it owes an answer again"
    assert caller.verbs() == []


def test_a_bot_that_owes_an_answer_to_a_key_loses_the_call_to_people() -> None:
    caller = with_bot()
    caller.accept()
    caller.run(c.WriteReply("in1", "rob", "For orders press 1."), 1)
    caller.sent()
    caller.advance(120)
    caller.press("1")
    caller.press("2", "p2")
    caller.advance(60)
    assert caller.last(e.InteractionHandedOver).reason == "no_answer"
    assert caller.stands().verb == "wait"
    assert caller.verbs() == [], "its line asks by itself"


def test_a_bot_s_last_words_are_not_cut_off() -> None:
    caller = with_bot()
    caller.accept()
    caller.run(c.WriteReply("in1", "rob", "We are open from nine to five. Goodbye."))
    caller.run(c.FinishInteraction("in1", "rob", "resolved"))
    assert caller.verbs() == []
    assert caller.stands() == CallStanding("hang_up", "in1", reason="over", is_due=True)
    caller.sent()
    assert not caller.stands().is_due


# Ends


def test_whoever_hangs_up_while_waiting_has_abandoned_once(caller: Caller) -> None:
    caller.ring()
    caller.run(c.EndCall(*CALL), 30)
    [left] = caller.events(e.InteractionAbandoned)
    assert (left.waited_us, left.is_short) == (30 * SECOND, False)
    assert caller.run(c.EndCall(*CALL), 1).events == []
    assert caller.engine.view.calls.calls == {}


def test_an_end_that_overtakes_the_ringing_ends_the_call_at_once(caller: Caller) -> None:
    caller.run(c.EndCall(*CALL))
    assert caller.run(c.EndCall(*CALL)).events == [], "it is kept once"
    caller.ring()
    assert caller.last(e.InteractionAbandoned).is_short
    assert caller.engine.view.calls.calls == {}
    assert caller.stands().verb == "hang_up"
    caller.ring("mia", "call2")
    assert caller.stands("call2").verb == "wait"


def test_of_too_many_that_ended_early_the_oldest_is_forgotten(caller: Caller) -> None:
    for number in range(1_001):
        caller.run(c.EndCall("voice", "main", f"early{number}"))
    assert len(caller.engine.view.calls.ended) == 1_000
    caller.ring(call_id="early0")
    assert caller.stands("early0").verb == "wait"


def test_a_call_of_which_nobody_tells_the_end_is_over_in_a_day(caller: Caller) -> None:
    caller.ring()
    caller.advance(24 * 3600)
    assert caller.last(e.CallEnded).by == "time"
    assert len(caller.events(e.InteractionAbandoned)) == 1


def test_a_line_of_which_nobody_tells_the_end_is_forgotten_hours_after_the_contact(caller: Caller) -> None:
    caller.talks()
    caller.run(c.FinishInteraction("in1", "ana"))
    since = caller.now_us
    while caller.engine.view.calls.calls:
        caller.advance(600)
    assert caller.now_us - since == 4 * HOUR
    assert caller.last(e.CallEnded).is_over


def test_a_call_that_waits_for_another_contact_s_answer_may_be_left(caller: Caller) -> None:
    caller.message("joe", "chat")
    call = caller.ring()
    other = next(iter(caller.engine.view.engagements.linked), None)
    if other != call.interaction:
        caller.run(c.LinkQuestion(call.interaction, "in1"))
    assert caller.stands().verb == "wait"
    caller.run(c.EndCall(*CALL), 1)
    assert caller.last(e.InteractionDone).reason == "left_linked"


def test_what_the_application_cancels_is_hung_up(caller: Caller) -> None:
    caller.ring()
    caller.run(c.CancelInteraction("in1", "a test call"))
    assert (caller.told()[-1].verb, caller.told()[-1].reason) == ("hang_up", "a test call")


# Laws


def test_state_survives_replay_and_reload(caller: Caller) -> None:
    caller.talks()
    caller.press("5")
    caller.run(c.EndCall("voice", "main", "call7"))
    for engine in (caller.replayed(), caller.replayed(is_blanked=True), caller.reloaded()):
        assert isinstance(engine, Engine)
        assert engine.state_hash() == caller.engine.state_hash()
        assert engine.view.calls.by_delivery == caller.engine.view.calls.by_delivery
