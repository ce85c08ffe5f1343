"""What is told of messages: edited, taken back, reacted to, answered by a machine; each once and in any order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from tests.archiving import ArchivingEngine, archiving_plan
from tests.engine_driver import DAY, SECOND, Driver, person, thread

from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e

AN_HOUR = 3600


@pytest.fixture
def driver() -> Driver:
    """Joe has mailed `m1`, which is message me1 of contact in1 in case ca1."""
    driver = Driver()
    driver.message("joe", "email", message_id="m1", text="I want it blue")
    return driver


def edit(driver: Driver, text: str = "I want it red", edit_id: str = "e1", **values: Any) -> list[e.Event]:
    message = values.pop("message_id", "m1")
    return driver.run(c.EditMessage("email", "main", message, edit_id, text=text, **values)).events


def retract(driver: Driver, message: str = "m1", **values: Any) -> list[e.Event]:
    return driver.run(c.RetractMessage("email", "main", message, **values)).events


def react(
    driver: Driver, reaction: str | None = "+1", number: str = "r1", message: str = "m1", who: str = "joe"
) -> list[e.Event]:
    return driver.run(c.ReactToMessage("email", "main", message, number, person(who), reaction=reaction)).events


def machine(driver: Driver, number: str = "a1", who: str = "joe", **values: Any) -> list[e.Event]:
    command = c.RecordAutoReply("email", "main", number, person(who), "vacation", text="I am away", **values)
    return driver.run(command).events


# Edits


def test_an_edit_says_what_the_message_says_now(driver: Driver) -> None:
    assert edit(driver) == [
        e.MessageEdited("me1", "in1", "ca1", "cu1", "email", "main", "m1", "e1", driver.now_us, "I want it red")
    ]


def test_an_edit_starts_no_contact_and_changes_no_wait(driver: Driver) -> None:
    before = driver.engine.view.routing.items["in1"]
    edit(driver)
    assert driver.engine.view.routing.items == {"in1": before}
    assert len(driver.events(e.InteractionStarted)) == 1


def test_an_edit_is_taken_once(driver: Driver) -> None:
    edit(driver)
    assert edit(driver) == []


@pytest.mark.parametrize(("second_s", "holds"), [(-10, False), (0, True), (10, True)])
def test_of_two_edits_the_later_one_holds_in_whatever_order_they_come(
    driver: Driver, second_s: int, *, holds: bool
) -> None:
    driver.advance(AN_HOUR)
    first_us = driver.now_us - AN_HOUR * SECOND // 2
    edit(driver, occurred_us=first_us)
    later = edit(driver, "green", "e2", occurred_us=first_us + second_s * SECOND)
    assert [event.text for event in later if isinstance(event, e.MessageEdited)] == ["green"] * holds


def test_an_edit_of_what_nobody_took_is_refused(driver: Driver) -> None:
    with pytest.raises(UnknownId):
        edit(driver, message_id="m9")


def test_a_call_has_nothing_to_be_edited(driver: Driver) -> None:
    driver.run(c.ReceiveContact("voice", "main", "call1", person("joe")))
    with pytest.raises(UnknownId):
        driver.run(c.EditMessage("voice", "main", "call1", "e1", text="x"))
    with pytest.raises(UnknownId):
        driver.run(c.RetractMessage("voice", "main", "call1"))


def test_an_edit_belongs_to_the_case_that_its_contact_belongs_to_now(driver: Driver) -> None:
    driver.run(c.OpenCase("cu1", "order"))
    driver.run(c.MoveInteraction("in1", "ca2", reason="about the order"))
    assert driver.run(c.EditMessage("email", "main", "m1", "e1", text="x")).events[0].case == "ca2"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "values",
    [{"channel": "pigeon"}, {"account": ""}, {"message_id": ""}, {"edit_id": ""}, {"text": "x" * 2_000_000}],
    ids=str,
)
def test_what_no_edit_can_be_is_refused(driver: Driver, values: dict[str, str]) -> None:
    command = c.EditMessage("email", "main", "m1", "e1", text="x")
    with pytest.raises((InvalidCommand, UnknownId)):
        driver.run(attrs.evolve(command, **values))


# Taking back


def test_a_message_that_was_taken_back_stays_so(driver: Driver) -> None:
    assert retract(driver) == [
        e.MessageRetracted("me1", "in1", "ca1", "cu1", "email", "main", "m1", driver.now_us),
    ]
    assert retract(driver) == []
    assert edit(driver) == []


def test_what_is_taken_back_before_it_comes_is_so_when_it_comes(driver: Driver) -> None:
    kept = retract(driver, "m2")
    assert kept == [e.RetractionKept("email", "main", "m2", driver.now_us)]
    assert retract(driver, "m2") == []
    told_us = driver.now_us
    driver.advance(AN_HOUR)
    driver.message("joe", "email", message_id="m2", text="Forget it")
    assert driver.last(e.MessageRetracted) == e.MessageRetracted(
        "me2", "in1", "ca1", "cu1", "email", "main", "m2", told_us
    )


def test_what_nobody_came_for_is_forgotten_after_a_week(driver: Driver) -> None:
    for number in range(5):
        retract(driver, f"x{number}")
    driver.advance(7 * 24 * 3600 - 1)
    retract(driver, "y1")
    assert len(driver.engine.view.remarks.remarks) == 6
    driver.advance(3600)
    for number in range(3):
        retract(driver, f"z{number}")
    assert sorted(key.rpartition("\x1f")[2] for key in driver.engine.view.remarks.remarks) == ["y1", "z0", "z1", "z2"]


def test_what_is_told_anew_of_a_message_counts_from_then(driver: Driver) -> None:
    edit(driver, "1", "e1")
    driver.advance(6 * 24 * 3600)
    edit(driver, "2", "e2")
    driver.advance(2 * 24 * 3600)
    retract(driver, "z")
    assert edit(driver, "2", "e2") == []


# Reactions


def test_a_reaction_to_a_message_of_theirs(driver: Driver) -> None:
    assert react(driver) == [
        e.ReactionChanged("me1", "ca1", "cu1", "email", "main", "m1", "r1", driver.now_us, "+1"),
    ]
    assert react(driver) == []
    assert react(driver, None, "r2")[0].text is None  # type: ignore[attr-defined]


def test_a_reaction_to_a_message_of_ours() -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.sent(driver.answered("joe", "email"))
    driver.run(c.StartDelivery("de1", 1, 1))
    driver.run(c.RecordOutcome("de1", 1, "accepted", provider_ids=["p1"]))
    [event] = react(driver, message="p1")
    assert isinstance(event, e.ReactionChanged)
    assert (event.message, event.case) == (driver.engine.view.deliveries.deliveries["de1"].message, "ca1")


def test_what_strangers_think_is_not_kept(driver: Driver) -> None:
    assert react(driver, who="zoe") == []
    driver.message("mia", "email")
    assert react(driver, who="mia") == []
    hidden = attrs.evolve(person("joe"), matches=False)
    assert driver.run(c.ReactToMessage("email", "main", "m1", "r1", hidden, reaction="+1")).events == []


def test_a_reaction_to_nothing_is_refused(driver: Driver) -> None:
    with pytest.raises(UnknownId):
        react(driver, message="m9")


@pytest.mark.parametrize("reaction", ["", "x" * 65, "a\nb"])
def test_what_is_no_reaction_is_refused(driver: Driver, reaction: str) -> None:
    with pytest.raises(InvalidCommand, match="reaction"):
        react(driver, reaction)


# Machines


def test_the_answer_of_a_machine_belongs_to_the_case_and_asks_nothing(driver: Driver) -> None:
    driver.run(c.CancelInteraction("in1", "over"))
    assert machine(driver) == [
        e.AutoReplyRecorded("ca1", "cu1", "email", "main", "a1", "co1", "vacation", driver.now_us, "I am away")
    ]
    assert driver.engine.view.routing.items == {}
    assert machine(driver) == []


def test_a_machine_is_known_by_the_token_that_it_gives_back_or_by_its_thread(driver: Driver) -> None:
    driver.message("joe", "email", topic="bill", thread=thread("t1"), message_id="m2")
    cases = [
        machine(driver, "a1", "daemon", reply_case="ca1"),
        machine(driver, "a2", "daemon", thread=thread("t1")),
        machine(driver, "a3", "daemon", thread=thread("t1"), reply_case="ca1"),
    ]
    theirs = driver.engine.view.contacts.conversations["co2"].case
    assert [event.case for (event,) in cases] == ["ca1", theirs, "ca1"]  # type: ignore[attr-defined]


def test_a_machine_that_answers_nothing_of_ours_is_ignored(driver: Driver) -> None:
    assert machine(driver, who="zoe") == []


# Replay, archive


def test_replay_and_snapshots_know_what_was_told(driver: Driver) -> None:
    edit(driver)
    retract(driver, "m2")
    machine(driver)
    for again in (driver.replayed(is_blanked=True), driver.reloaded()):
        assert again.state_hash() == driver.engine.state_hash()
        decided = again.execute(c.EditMessage("email", "main", "m1", "e1", text="x"), driver.now_us)
        assert decided.events == []


@pytest.mark.parametrize("tell", [edit, retract, react, machine])
def test_what_is_told_of_a_message_of_somebody_archived_brings_them_back(
    tell: Callable[[Driver], list[e.Event]],
) -> None:
    driver = Driver(archiving_plan(), engine=ArchivingEngine())
    got = driver.message("joe", "email", message_id="m1")
    driver.run(c.CancelInteraction(got.interaction, "over"), 1)
    driver.run(c.ResolveCase(got.case.id), 1)
    driver.run(c.CloseCase(got.case.id), 1)
    driver.advance(31 * DAY // SECOND)
    assert driver.engine.view.identity.customers == {}
    assert len(tell(driver)) == 1
    assert "cu1" in driver.engine.view.identity.customers


def test_a_reaction_to_a_message_of_ours_brings_its_customer_back() -> None:
    driver = Driver(archiving_plan(), engine=ArchivingEngine())
    driver.sign_in("ana")
    got = driver.answered("joe", "email")
    driver.sent(got)
    driver.run(c.StartDelivery("de1", 1, 1))
    driver.run(c.RecordOutcome("de1", 1, "accepted", provider_ids=["p1"]))
    driver.run(c.FinishInteraction(got.interaction, "ana"))
    driver.run(c.ResolveCase("ca1"), 1)
    driver.run(c.CloseCase("ca1"), 1)
    driver.advance(31 * DAY // SECOND)
    assert driver.engine.view.identity.customers == {}
    assert len(react(driver, message="p1")) == 1


def test_what_is_told_of_nothing_that_was_ever_taken_brings_nobody_back() -> None:
    driver = Driver(archiving_plan(), engine=ArchivingEngine())
    got = driver.message("joe", "email", message_id="m1")
    driver.run(c.CancelInteraction(got.interaction, "over"), 1)
    driver.run(c.ResolveCase(got.case.id), 1)
    driver.run(c.CloseCase(got.case.id), 1)
    driver.advance(31 * DAY // SECOND)
    assert len(retract(driver, "m9")) == 1
    for command in (c.EndCall("voice", "main", "call9"), c.EditMessage("email", "main", "m9", "e1", text="x")):
        with pytest.raises(UnknownId):
            driver.run(command)
    assert driver.engine.view.identity.customers == {}
