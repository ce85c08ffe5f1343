"""What is known of a reader stands in what they are told; where it is not known, what the plan has for that."""

from __future__ import annotations

import pytest
from tests.engine_driver import DAY, SECOND, Driver, plan
from tests.notice_plans import NOTICES, Teller

from orchestra.engine.rendering import fact_faults, say
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan
from orchestra.model.templates import Topic, Wording

ALL = "$agent|$last_topic|$last_number|$channel|$language|$form|$hours"
OTHERWISE = {
    "agent": "our team",
    "last_topic": "nothing yet",
    "last_number": "-",
    "channel": "any channel",
    "language": "",
    "form": "",
    "hours": "at any time",
}


def desk() -> Driver:
    """People who know their customers, and what these are told."""
    template = Topic(languages={"en": Wording(text=ALL)}, personal=OTHERWISE)
    return Driver(plan(templates={"hello": template}))


def told(driver: Driver, customer: str = "cu1", case: str | None = None) -> list[str]:
    return say(driver.engine.view, customer, "hello", "chat", {}, case=case).text.split("|")


def test_of_whom_nothing_is_known_something_else_is_said() -> None:
    driver = desk()
    driver.message("joe", topic="order")
    assert told(driver, case="ca1") == ["our team", "nothing yet", "-", "any channel", "", "", "at any time"]


def test_what_is_known_is_told() -> None:
    driver = desk()
    driver.sign_in("ana")
    got = driver.message("joe", topic="order")
    driver.accept()
    driver.run(c.FinishInteraction(got.interaction, "ana", "resolved"), 1)
    driver.advance(30 * DAY / SECOND)
    driver.message("joe", topic="bill")
    driver.run(c.SetCustomerLanguage("cu1", "de-AT"), 1)
    driver.run(c.SetCustomerHours("cu1", "18:00-20:00"), 1)
    number = driver.engine.view.cases.cases["ca1"].number
    assert told(driver, case="ca2")[:3] == ["ana", "order", number]
    assert told(driver)[1] == "bill", "about no matter, the last one is the newest"
    assert told(driver, case="ca2")[4:] == ["de-AT", "", "18:00-20:00"]


def test_it_is_written_as_its_medium_has_to() -> None:
    template = Topic(languages={"en": Wording(text="<p>$agent</p>", medium="html")}, personal={"agent": "a & b"})
    driver = Driver(plan(templates={"hello": template}))
    driver.message("joe")
    assert say(driver.engine.view, "cu1", "hello", "chat", {}).text == "<p>a &amp; b</p>"


def test_nobody_gives_it_as_a_fact() -> None:
    found = dict(fact_faults(Topic(personal={"agent": ""}), {"agent": "Eve"}))
    assert found == {"agent": "is no fact of this topic; there are: none"}


def test_a_notice_tells_it() -> None:
    text = NOTICES.replace('text = "It is $stage."\nfacts = {stage = "text"}\n', "")
    text += """
[templates.stage]
facts = {stage = "text"}
personal = {agent = "our team", last_topic = "nothing"}
languages.en.text = "It is $stage, says $agent; before it was $last_topic."
"""
    joe = Teller(text)
    joe.plan_notice()
    assert joe.written() == ["It is packed, says our team; before it was nothing."]
    assert joe.last(e.MessageWritten).text is not None
    assert joe.replayed(is_blanked=True).state_hash() == joe.engine.state_hash()


@pytest.mark.parametrize(
    ("personal", "path"),
    [
        ({"salary": ""}, "templates.hello.personal.salary"),
        ({"agent": "two\nlines"}, "templates.hello.personal.agent"),
        ({"form": ""}, "templates.hello.personal.form"),
        ({}, "templates.hello.languages.en.text"),
    ],
)
def test_what_is_wrong_is_found_in_the_plan(personal: dict[str, str], path: str) -> None:
    wording = Wording(text="Ask $agent" if not personal else "Hello")
    made: Plan = plan(templates={"hello": Topic({"form": "text"}, {"en": wording}, personal=personal)})
    assert path in [fault.path for fault in made.faults() if fault.is_error]
