from __future__ import annotations

import pytest
from tests.engine_driver import CARE, Driver, person

from orchestra.engine.known.state import MOST_CONTACTS, MOST_QUESTIONS
from orchestra.model import commands as c, events as e

LAST = CARE.replace(
    '[queues.care]\nteam = "care"\n',
    '[queues.care]\nteam = "care"\nknown = "last"\nsteps = [{pool = "known", lasts = "30s"}, {}]\n',
)


def a_driver(*agents: str, text: str = LAST) -> Driver:
    driver = Driver(text)
    driver.sign_in(*agents)
    return driver


def handled(driver: Driver, who: str, sender: str = "joe", **values: object) -> None:
    """A contact of somebody's that this agent alone is there to take, and ends."""
    driver.sign_in(who)
    got = driver.answered(sender, "email", **values)
    driver.run(c.FinishInteraction(got.interaction, who, "resolved"))
    driver.run(c.CloseCase(got.case.id))
    driver.run(c.SignOut(who))


# Who is asked first


def test_the_last_person_is_asked_first_whoever_owns_the_case() -> None:
    driver = a_driver()
    handled(driver, "bob")
    driver.sign_in("ana", "bob")
    got = driver.message(channel="email", topic="other")
    assert driver.offered() == {got.interaction: "bob"}
    assert driver.last(e.InteractionQueued).agent == "bob"


def test_they_are_asked_within_their_capacity_only() -> None:
    driver = a_driver()
    handled(driver, "bob")
    driver.sign_in("bob", "ana")
    driver.run(c.DefineAgent("bob", ["care"], capacity_percent=10))
    got = driver.message(channel="email")
    assert driver.offered() == {}
    driver.advance(30)
    assert driver.offered() == {got.interaction: "ana"}


def test_where_the_queue_says_nothing_the_owner_is_asked() -> None:
    driver = a_driver(text=LAST.replace('known = "last"\n', ""))
    handled(driver, "bob")
    driver.sign_in("ana")
    got = driver.message(channel="email", topic="other")
    assert driver.offered() == {got.interaction: "ana"}


def test_who_has_never_been_answered_goes_by_the_owner_of_the_case() -> None:
    driver = a_driver()
    driver.message(channel="email")
    driver.run(c.AssignCase("ca1", "agent", "cleo"))
    driver.run(c.CancelInteraction("in1", "x"))
    driver.message(channel="email")
    assert driver.last(e.InteractionQueued).agent == "cleo"


def test_somebody_who_is_gone_is_not_asked() -> None:
    driver = a_driver()
    handled(driver, "bob")
    driver.run(c.RemoveAgent("bob"))
    driver.sign_in("ana")
    got = driver.message(channel="email")
    assert driver.offered() == {got.interaction: "ana"}


def test_who_is_named_goes_before_who_is_known() -> None:
    driver = a_driver()
    handled(driver, "bob")
    driver.message(channel="email", agent="cleo")
    assert driver.last(e.InteractionQueued).agent == "cleo"


def test_a_bot_knows_nobody() -> None:
    driver = a_driver()
    handled(driver, "bob")
    driver.run(c.DefineAgent("rob", ["care"], kind="bot"))
    handled(driver, "rob", agent="rob")
    assert driver.engine.view.known.customers["cu1"].agent == "bob"
    driver.run(c.DefineAgent("rob", ["care"]))
    handled(driver, "rob", agent="rob")
    assert driver.engine.view.known.customers["cu1"].agent == "rob"
    driver.run(c.DefineAgent("rob", ["care"], kind="bot"))
    driver.run(c.RemoveAgent("rob"))
    assert driver.engine.view.known.bots == {}


# What is remembered is bounded


def test_the_newest_contacts_of_a_customer_are_remembered() -> None:
    driver = a_driver()
    for _ in range(MOST_CONTACTS + 3):
        driver.call("joe")
    driver.call("jim")
    newest = [f"in{number}" for number in range(4, MOST_CONTACTS + 4)]
    assert driver.engine.view.known.customers["cu1"].contacts == newest
    assert driver.engine.view.known.customers["cu2"].contacts == [f"in{MOST_CONTACTS + 4}"]


def test_the_messages_since_the_last_answer_are_the_question() -> None:
    driver = a_driver("ana")
    got = driver.answered(channel="email")
    driver.message(channel="email")
    questions = driver.engine.view.known.questions
    assert questions == {got.interaction: ["me1", "me2"]}
    driver.sent(got)
    assert questions == {got.interaction: []}
    for _ in range(MOST_QUESTIONS + 2):
        driver.message(channel="email")
    assert questions[got.interaction] == [f"me{number}" for number in range(6, MOST_QUESTIONS + 6)]
    driver.run(c.FinishInteraction(got.interaction, "ana"))
    assert questions == {}


@pytest.mark.parametrize("resolve", [True, False])
def test_an_answer_given_elsewhere_answers_the_question(resolve: bool) -> None:
    driver = a_driver()
    driver.message(channel="email")
    driver.run(c.RecordReply("email", "main", "r1", person("joe"), resolve=resolve, text="done"))
    assert driver.engine.view.known.questions == {}


def test_an_answer_given_elsewhere_while_an_agent_has_it_answers_it_too() -> None:
    driver = a_driver("ana")
    got = driver.answered(channel="email")
    driver.run(c.RecordReply("email", "main", "r1", person("joe"), text="done"))
    assert driver.engine.view.known.questions == {got.interaction: []}


def test_who_is_turned_away_asks_nothing() -> None:
    driver = a_driver(text=LAST.replace('known = "last"\n', "limit = 0\n"))
    got = driver.message()
    assert driver.state(got) == "DEFLECTED"
    assert driver.engine.view.known.questions == {}


def test_who_has_become_a_bot_when_a_contact_is_transferred_to_them_knows_nobody() -> None:
    driver = Driver()
    driver.sign_in("ana")
    got = driver.answered()
    driver.sign_in("bob")
    driver.run(c.TransferToAgent(got.interaction, "ana", "bob"))
    driver.run(c.DefineAgent("bob", ["care"], kind="bot"))
    asked = driver.last(e.ConsultAsked)
    driver.run(c.AcceptConsult(asked.consult, "bob", asked.token), 1)
    assert driver.last(e.TransferCompleted).to == "bob"
    assert driver.engine.view.known.customers[got.customer].agent == "ana"
