"""Changing what was sent: who may correct a message, take it back or react, and by which delivery that leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.archiving import ArchivingEngine, archiving
from tests.commitment_plans import a_driver, bill, quote
from tests.engine_driver import Driver, person

from orchestra.errors import InvalidCommand, NotAllowedInState, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import Role
from orchestra.model.plan import Plan
from orchestra.model.results import Written

CENTRE = """
workspace = { name = "tests", default_queue = "care" }
teams.care = {}
teams.shop = {}
queues.care = { team = "care" }
channels.chat = { weight_percent = 25 }
channels.email = { weight_percent = 10 }
agents.ana.teams = ["care"]
agents.bob.teams = ["care"]
agents.dan.teams = ["shop"]
identity.purposes = { news = "opt_out" }
"""


class Desk(Driver):
    """Joe has written m1, which is me1; ana has answered by me2, which is delivery de1."""

    def __init__(self, plan: str | Plan = CENTRE, **more: Any) -> None:
        super().__init__(plan, **more)
        self.sign_in("ana")
        self.got = self.answered()
        self.sent(self.got, "It costs 40.")

    def leave(self, name: str = "de1", outcome: str = "accepted", ids: tuple[str, ...] = ("p1",), **more: Any) -> None:
        row = self.engine.view.deliveries.deliveries[name]
        self.run(c.StartDelivery(name, row.attempts + 1, 1, row.wording))
        self.run(c.RecordOutcome(name, row.attempts, outcome, list(ids), **more))

    def amendments(self) -> Iterator[tuple[str, str | None, str | None]]:
        return ((event.act, event.delivery, event.text) for event in self.events(e.MessageAmended))


@pytest.fixture
def desk() -> Desk:
    """Where the answer has left, and its provider knows it as p1."""
    desk = Desk()
    desk.leave()
    return desk


def correct(text: str = "It costs 49.", **values: Any) -> c.CorrectMessage:
    return c.CorrectMessage(values.pop("message", "me2"), text=text, **{"actor": "agent:ana", **values})


def take_back(**values: Any) -> c.TakeBackMessage:
    return c.TakeBackMessage(values.pop("message", "me2"), **{"actor": "agent:ana", **values})


def react(reaction: str | None = "+1", **values: Any) -> c.SendReaction:
    return c.SendReaction(values.pop("message", "me1"), reaction=reaction, **{"actor": "agent:ana", **values})


# What has left is changed at its provider


@pytest.mark.parametrize(
    ("command", "act", "text", "of"),
    [
        (correct(), "corrected", "It costs 49.", "de1"),
        (take_back(), "taken_back", None, "de1"),
        (react(), "reacted", "+1", None),
        (react(None), "reacted", None, None),
    ],
)
def test_it_is_a_delivery_with_a_permit_as_any(
    desk: Desk, command: c.Command, act: str, text: str | None, of: str | None
) -> None:
    decided = desk.run(command, 1)
    amended, permitted = decided.events
    assert isinstance(amended, e.MessageAmended)
    assert decided.result == Written(amended.message, "de2")
    assert (amended.act, amended.text, amended.of, amended.agent) == (act, text, of, "ana")
    assert (amended.delivery, amended.key, amended.interaction) == ("de2", "message:de2", "in1")
    assert (amended.case, amended.customer, amended.channel, amended.conversation) == ("ca1", "cu1", "chat", "co1")
    assert amended.body == desk.engine.position - 1
    assert permitted == e.DeliveryPermitted("de2", "cu1", 1, desk.now_us + 30_000_000)


def test_it_is_tried_again_and_ends_as_any(desk: Desk) -> None:
    desk.run(correct(), 1)
    desk.leave("de2", "retry", ())
    assert desk.engine.view.deliveries.deliveries["de2"].state == "PENDING"
    desk.advance(24 * 3600 * 3)
    assert desk.engine.view.deliveries.deliveries["de2"].state == "EXPIRED"
    assert desk.engine.view.deliveries.deliveries["de1"].state == "ACCEPTED"


def test_it_leaves_after_what_was_asked_for_before_it(desk: Desk) -> None:
    desk.run(correct("one"), 1)
    desk.run(correct("two"), 1)
    states = [desk.engine.view.deliveries.deliveries[name].state for name in ("de2", "de3")]
    assert states == ["PERMITTED", "PENDING"]
    desk.leave("de2")
    desk.advance(0)
    assert desk.engine.view.deliveries.deliveries["de3"].state == "PERMITTED"


def test_an_operators_stop_holds_it_like_the_message(desk: Desk) -> None:
    desk.run(c.StopSending("incident", topic="reply"))
    for command in (correct(), react(), take_back()):
        assert isinstance(desk.run(command, 1).events[1], e.DeliveryHeld)
    desk.run(c.StartSending(topic="reply"))
    desk.advance(1)
    assert len([event for event in desk.events(e.DeliveryPermitted) if event.delivery == "de2"]) == 1


def test_receipts_stay_with_the_message_whose_id_the_provider_names_again(desk: Desk) -> None:
    desk.run(correct(), 1)
    desk.leave("de2", ids=("p1", "p2"))
    assert desk.last(e.DeliveryAccepted).provider_ids == ["p2"]
    desk.run(c.RecordReceipt("chat", "main", "p1", "read"))
    assert desk.last(e.ReceiptRecorded).delivery == "de1"


def test_a_correction_is_for_the_purpose_of_its_message_and_taking_back_is_always_allowed(desk: Desk) -> None:
    desk.run(c.SendMessage("ca1", "k", purpose="news", text="New!"), 1)
    desk.leave("de2", ids=("p2",))
    desk.run(c.RecordConsent("cu1", "news", given=False))
    desk.run(correct(message="me3", actor="operator"), 1)
    assert isinstance(desk.batches[-1].events[1], e.DeliveryCanceled)
    desk.run(take_back(message="me3", actor="operator"), 1)
    assert isinstance(desk.batches[-1].events[1], e.DeliveryPermitted)


def test_the_same_key_is_the_same_change(desk: Desk) -> None:
    first = desk.run(correct(key="k", digest="d"), 1).result
    again = desk.run(correct(key="k", digest="d"), 1)
    assert (again.result, again.events) == (first, [])
    assert desk.last(e.MessageAmended).key == "message:me2:amend:k"
    desk.refuse(correct(key="k", digest="other"), InvalidCommand, field="key")
    desk.refuse(take_back(key="k"), InvalidCommand, field="key")
    assert desk.run(react(key="k", digest="d"), 1).result == Written("me1", "de3")
    assert desk.run(react(key="k", digest="d"), 1).result == Written("me1", "de3")
    assert desk.run(take_back(key="t"), 1).result == desk.run(take_back(key="t"), 1).result == Written("me2", "de4")


# What has not left leaves as it is now, or not at all


def test_before_it_leaves_a_message_is_changed_itself() -> None:
    desk = Desk()
    decided = desk.run(correct(), 1)
    assert [type(event) for event in decided.events] == [e.MessageAmended]
    assert (decided.result, decided.events[0].delivery, decided.events[0].key) == (Written("me2", "de1"), None, None)  # type: ignore[attr-defined]
    row = desk.engine.view.deliveries.deliveries["de1"]
    assert row.wording == desk.engine.position
    desk.refuse(c.StartDelivery("de1", 1, 1), NotAllowedInState, state="corrected meanwhile")
    desk.run(c.StartDelivery("de1", 1, 1, row.wording))


def test_before_it_leaves_a_message_is_called_back() -> None:
    desk = Desk()
    decided = desk.run(take_back(), 1)
    assert [type(event) for event in decided.events] == [e.MessageAmended, e.DeliveryCanceled]
    assert decided.result == desk.run(take_back(), 1).result == Written("me2", "de1")
    desk.refuse(correct(), NotAllowedInState, state="taken back")


# What was taken back stays so


def test_a_message_is_taken_back_once(desk: Desk) -> None:
    assert desk.run(take_back(), 1).result == Written("me2", "de2")
    again = desk.run(take_back(), 1)
    assert (again.result, again.events) == (Written("me2", "de2"), [])
    desk.refuse(correct(), NotAllowedInState, state="taken back")


def test_what_could_not_be_taken_back_may_be_asked_for_again(desk: Desk) -> None:
    desk.run(take_back(), 1)
    desk.leave("de2", "failed", ())
    assert desk.run(correct(), 1).result == Written("me2", "de3")
    assert desk.run(take_back(), 1).result == Written("me2", "de4")


# What is refused


@pytest.mark.parametrize("command", [correct(""), correct(None), react(""), react("a\nb"), react("x" * 65)])  # type: ignore[arg-type]
def test_what_says_nothing_is_refused(desk: Desk, command: c.Command) -> None:
    desk.refuse(command, InvalidCommand)


@pytest.mark.parametrize("command", [correct, take_back, react])
def test_an_empty_key_and_an_unknown_message_are_refused(desk: Desk, command: Any) -> None:
    desk.refuse(command(key=""), InvalidCommand, field="key")
    desk.refuse(command(message="me99"), UnknownId, kind="message", id="me99")


def test_what_is_theirs_is_not_corrected_and_what_is_ours_gets_no_reaction(desk: Desk) -> None:
    desk.refuse(correct(message="me1"), UnknownId)
    desk.refuse(react(message="me2"), UnknownId)
    desk.run(c.RecordReply("chat", "main", "r1", person("mia"), text="By hand"))
    desk.refuse(react(message="me3"), UnknownId)


def test_what_its_writer_took_back_gets_no_reaction(desk: Desk) -> None:
    desk.run(c.RetractMessage("chat", "main", "m1"))
    desk.refuse(react(), NotAllowedInState, state="taken back by its writer")


def test_what_is_leaving_or_never_arrived_is_left_alone() -> None:
    desk = Desk()
    desk.run(c.StartDelivery("de1", 1, 1))
    desk.refuse(correct(), NotAllowedInState, state="just leaving, so ask again in a moment")
    desk.run(c.RecordOutcome("de1", 1, "retry"))
    for command in (correct(), take_back()):
        desk.refuse(command, NotAllowedInState, state="being tried again, which CancelDelivery ends")
    desk.run(c.CancelDelivery("de1", "x"))
    desk.refuse(correct(), NotAllowedInState, state="CANCELED")


def test_what_the_provider_has_under_no_id_is_left_alone() -> None:
    desk = Desk()
    desk.leave(ids=())
    desk.refuse(take_back(), NotAllowedInState, state="known to its provider by no id")


def test_what_went_in_parts_is_taken_back_together_and_not_corrected() -> None:
    desk = Desk()
    desk.leave(ids=("p1", "p2"))
    desk.refuse(correct(), NotAllowedInState, state="there in 2 parts, to be taken back together")
    desk.run(take_back())
    other = Desk()
    other.leave(ids=tuple("abcdefghi"))
    other.refuse(take_back(), NotAllowedInState, state="there in more than 8 parts")


def test_about_what_two_statements_contradict_each_other_nothing_new_is_said() -> None:
    driver = a_driver(settle="person")
    quote(driver, actor="agent:sam")
    said = driver.run(c.SendMessage("ca1", "k", "order", subject="order:81", text="It costs 40."), 1).result
    driver.run(c.StartDelivery(said.delivery, 1, 1))
    driver.run(c.RecordOutcome(said.delivery, 1, "accepted", ["p1"]))
    bill(driver)
    refusal = driver.refuse(correct(message=said.message, actor="operator"), NotAllowedInState)
    assert str(refusal) == "order:81 is in conflict cf1: cannot correct"
    driver.run(take_back(message=said.message, actor="operator"))


def test_notices_and_invitations_are_changed_by_other_means(desk: Desk) -> None:
    rows = desk.engine.view.deliveries.deliveries
    rows["de1"] = attrs.evolve(rows["de1"], notice="nt1")
    desk.refuse(correct(), InvalidCommand, field="message")
    rows["de1"] = attrs.evolve(rows["de1"], notice=None, key="invitation:iv1")
    desk.refuse(take_back(), InvalidCommand, field="message")


@pytest.mark.parametrize("command", [correct(), take_back(), react()])
def test_whoever_is_erased_or_cannot_be_reached_is_told_nothing(desk: Desk, command: c.Command) -> None:
    desk.run(c.RecordReceipt("chat", "main", "p1", "failed", is_undeliverable=True))
    desk.refuse(command, NotAllowedInState, state="undeliverable")
    desk.run(c.EraseCustomer("cu1", "asked"))
    desk.refuse(command, NotAllowedInState, state="erased")


# What a template stands for


TEMPLATE = ["price_1", "en_US", "40"]


@pytest.mark.parametrize("command", [correct, take_back])
def test_a_template_that_says_what_was_said_before_follows_nothing_that_was_changed(desk: Desk, command: Any) -> None:
    written = desk.run(c.WriteReply("in1", "ana", "It costs 40.", template=TEMPLATE), 1).result
    desk.leave(written.delivery, ids=("p2",))
    desk.run(command(message=written.message), 1)
    desk.run(c.RecordReceipt("chat", "main", "p2", "failed", code="window"))
    assert [event for event in desk.events(e.DeliveryPlanned) if event.instead_of is not None] == []


def test_what_leaves_as_a_template_is_not_corrected_but_taken_back(desk: Desk) -> None:
    written = desk.run(c.WriteReply("in1", "ana", "It costs 40.", template=TEMPLATE), 1).result
    desk.leave(written.delivery, "failed", (), code="window")
    assert desk.last(e.DeliveryPlanned).instead_of == written.delivery
    desk.refuse(correct(message=written.message), NotAllowedInState, state="said by its template")
    assert desk.run(take_back(message=written.message), 1).result == Written(written.message, "de3")
    assert desk.last(e.DeliveryCanceled).delivery == "de3"


# Who may


def test_whoever_has_no_part_in_it_may_not(desk: Desk) -> None:
    for command in (correct(), take_back(), react()):
        desk.refuse(attrs.evolve(command, actor="agent:dan"), NotPermitted, actor="agent:dan")
        desk.run(attrs.evolve(command, actor="back_office:shop"))


def test_the_team_of_the_case_may(desk: Desk) -> None:
    assert desk.owner(desk.got) == ("agent", "ana")
    desk.run(correct(actor="agent:bob"))
    desk.run(c.AssignCase("ca1", "team", "care"))
    desk.run(correct(actor="agent:bob"))
    desk.run(c.AssignCase("ca1", "agent", "dan"))
    desk.run(correct(actor="agent:dan"))


def test_whoever_had_the_contact_may_when_it_is_over(desk: Desk) -> None:
    desk.run(c.AssignCase("ca1", "team", "shop"))
    desk.run(c.FinishInteraction("in1", "ana"))
    desk.run(c.AssignCase("ca1", "team", "shop"))
    desk.run(correct())
    desk.refuse(correct(actor="agent:bob"), NotPermitted)


def test_whoever_is_brought_in_may() -> None:
    desk = Desk()
    desk.leave()
    desk.sign_in("dan")
    asked = desk.run(c.AskConsult("in1", "ana", "dan")).result
    desk.run(c.AcceptConsult(asked.consult, "dan", asked.token), 1)
    desk.refuse(correct(actor="agent:dan"), NotPermitted)
    desk.run(c.MergeConsult(asked.consult, "ana"))
    desk.run(correct(actor="agent:dan"))


def test_a_role_says_who_may_and_who_covers_others() -> None:
    roles = {"lead": Role(("CorrectMessage",), others=True), "writer": Role(("WriteReply",))}
    plan = Plan.parse(CENTRE)
    agents = {
        **plan.agents,
        "dan": attrs.evolve(plan.agents["dan"], roles=("lead",)),
        "bob": attrs.evolve(plan.agents["bob"], roles=("writer",)),
    }
    desk = Desk(attrs.evolve(plan, roles=roles, agents=agents))
    desk.leave()
    desk.run(correct(actor="agent:dan"))
    desk.refuse(take_back(actor="agent:dan"), NotPermitted)
    desk.refuse(correct(actor="agent:bob"), NotPermitted)


def test_the_application_may_and_customers_may_not(desk: Desk) -> None:
    assert desk.run(correct(actor=None)).events[0].agent is None  # type: ignore[attr-defined]
    desk.refuse(correct(actor="customer:cu1"), NotPermitted)


# State


def test_it_is_rebuilt_without_any_text(desk: Desk) -> None:
    for command in (correct(), react(), take_back()):
        desk.run(command, 1)
    unsent = desk.sent(desk.got)
    desk.run(correct(message="me3"), 1)
    assert desk.engine.view.deliveries.deliveries[unsent].wording
    for engine in (desk.replayed(is_blanked=True), desk.reloaded()):
        assert engine.state_hash() == desk.engine.state_hash()
        assert (
            engine.view.deliveries.by_message == desk.engine.view.deliveries.by_message == {"me2": "de1", "me3": unsent}
        )
        assert engine.view.contacts.by_message == desk.engine.view.contacts.by_message


def test_messages_are_forgotten_with_the_ids_of_their_provider(desk: Desk) -> None:
    assert desk.engine.view.contacts.by_message == {"me1": "chat\x1fmain\x1fm1"}
    desk.advance(24 * 3600 * 8)
    desk.message("mia")
    assert set(desk.engine.view.contacts.by_message) == {"me3"}
    desk.refuse(react(), UnknownId)


def test_whoever_is_archived_comes_back_for_it() -> None:
    desk = Desk(archiving(Plan.parse(CENTRE), timedelta(days=30)), engine=ArchivingEngine())
    desk.leave()
    desk.run(correct(), 1)
    desk.leave("de2")
    desk.run(c.FinishInteraction("in1", "ana"))
    desk.run(c.ResolveCase("ca1"), 1)
    desk.advance(400 * 24 * 3600)
    assert not desk.engine.view.deliveries.by_message
    desk.run(take_back(actor="operator"))
    assert desk.last(e.MessageAmended).of == "de1"
    assert desk.engine.view.deliveries.by_message == {"me2": "de1"}
