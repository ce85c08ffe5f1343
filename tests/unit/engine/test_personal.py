"""What customers told of themselves: where they are, and how they want to be addressed; said, and taken back."""

from __future__ import annotations

import pytest
from tests.engine_driver import MINUTE, Driver, plan

from orchestra.engine.engine import Engine
from orchestra.engine.personal.state import Whereabouts
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.rules import Action, Occasion, Rule, When
from orchestra.model.templates import FormWording, Topic, Wording


@pytest.fixture
def driver() -> Driver:
    """Joe and Eve have written."""
    driver = Driver()
    driver.message("joe")
    driver.message("eve")
    return driver


def zones(driver: Driver) -> dict[str, str | None]:
    return {key.replace("\x1f", " "): row.zone for key, row in driver.engine.view.personal.zones.items()}


def test_what_a_customer_said_is_noted_with_its_evidence(driver: Driver) -> None:
    driver.run(c.SetCustomerZone("cu1", "Asia/Tokyo", evidence="in the chat"), 1)
    event = driver.last(e.CustomerZoneSet)
    assert event == e.CustomerZoneSet("cu1", "Asia/Tokyo", "said", driver.now_us, "in the chat")
    assert zones(driver) == {"cu1 said": "Asia/Tokyo"}
    assert "chat" not in repr(event)


def test_what_was_said_last_holds_whenever_it_is_noted(driver: Driver) -> None:
    now = driver.now_us
    driver.run(c.SetCustomerZone("cu1", "Asia/Tokyo", occurred_us=now - MINUTE))
    driver.run(c.SetCustomerZone("cu1", "Europe/Berlin", occurred_us=now - 2 * MINUTE))
    assert zones(driver) == {"cu1 said": "Asia/Tokyo"}
    driver.run(c.SetCustomerZone("cu1", "Europe/Paris", occurred_us=now - MINUTE))
    assert zones(driver) == {"cu1 said": "Europe/Paris"}
    driver.run(c.SetCustomerZone("cu1", None, occurred_us=now + 9 * MINUTE))
    assert driver.engine.view.personal.zones["cu1\x1fsaid"] == Whereabouts(None, now, now)


def test_an_address_tells_apart_from_what_was_said(driver: Driver) -> None:
    driver.run(c.SetCustomerZone("cu1", "Asia/Tokyo"), 1)
    driver.run(c.SetCustomerZone("cu1", "Europe/Berlin", "address"), 1)
    driver.run(c.SetCustomerZone("cu2", "Europe/Paris", "address"), 1)
    expected = {"cu1 said": "Asia/Tokyo", "cu1 address": "Europe/Berlin", "cu2 address": "Europe/Paris"}
    assert zones(driver) == expected


def test_who_is_forgotten_is_nowhere(driver: Driver) -> None:
    for name in ("cu1", "cu2"):
        driver.run(c.SetCustomerZone(name, "Asia/Tokyo"), 1)
        driver.run(c.SetCustomerZone(name, "Asia/Tokyo", "address"), 1)
    driver.run(c.EraseCustomer("cu1", "asked for it"), 1)
    assert zones(driver) == {"cu2 said": "Asia/Tokyo", "cu2 address": "Asia/Tokyo"}


@pytest.mark.parametrize("zone", ["", "Europe/Nowhere", "../etc/passwd", "europe", "x" * 300])
def test_only_zones_that_there_are_can_be_noted(driver: Driver, zone: str) -> None:
    driver.refuse(c.SetCustomerZone("cu1", zone), InvalidCommand, field="zone")


def test_a_basis_is_one_of_two_and_the_customer_is_known(driver: Driver) -> None:
    driver.refuse(c.SetCustomerZone("cu1", "Asia/Tokyo", "guess"), InvalidCommand, field="basis")
    driver.refuse(c.SetCustomerZone("cu9", "Asia/Tokyo"), UnknownId)


def test_it_all_comes_back_from_the_journal_and_from_a_snapshot(driver: Driver) -> None:
    driver.run(c.SetCustomerZone("cu1", "Asia/Tokyo", "address", evidence="letter"), 1)
    for again in (driver.replayed(is_blanked=True), driver.reloaded()):
        assert again.view.personal.zones == driver.engine.view.personal.zones
        assert again.state_hash() == driver.engine.state_hash()


# How they want to be addressed

FORMS = {"informal": FormWording(), "old": FormWording()}
INFORMAL = {"delay": Topic(languages={"en": Wording(text="x", forms=FORMS)})}


def said(driver: Driver, who: str = "cu1") -> tuple[str | None, str | None]:
    """Language and form of whoever has an id."""
    view = driver.engine.view
    ids = view.identity.group(who)
    return view.personal.said_last(ids, "language"), view.personal.said_last(ids, "form")


@pytest.fixture
def addressed() -> Driver:
    """Joe and Eve have written; templates know an informal form."""
    driver = Driver(plan(templates=INFORMAL))
    driver.message("joe")
    driver.message("eve")
    return driver


def test_language_and_form_are_noted_each_by_itself(addressed: Driver) -> None:
    assert said(addressed) == (None, None)
    addressed.run(c.SetCustomerLanguage("cu1", "de-AT"), 1)
    assert addressed.last(e.CustomerLanguageSet) == e.CustomerLanguageSet("cu1", "de-AT", addressed.now_us)
    addressed.run(c.SetCustomerForm("cu1", "informal"), 1)
    assert addressed.last(e.CustomerFormSet) == e.CustomerFormSet("cu1", "informal", addressed.now_us)
    assert said(addressed) == ("de-AT", "informal")
    assert said(addressed, "cu2") == (None, None)
    addressed.run(c.SetCustomerLanguage("cu1", None), 1)
    assert said(addressed) == (None, "informal")


def test_what_a_person_said_last_under_any_id_holds(addressed: Driver) -> None:
    now = addressed.now_us
    addressed.run(c.SetCustomerLanguage("cu1", "de", now - MINUTE))
    addressed.run(c.SetCustomerLanguage("cu1", "fr", now - 2 * MINUTE))
    addressed.run(c.SetCustomerLanguage("cu2", "en"))
    assert (said(addressed)[0], said(addressed, "cu2")[0]) == ("de", "en")
    addressed.run(c.MergeCustomers("cu1", "cu2", "same card"), 1)
    assert said(addressed)[0] == said(addressed, "cu2")[0] == "en"
    addressed.run(c.SetCustomerLanguage("cu2", "es"), 1)
    assert said(addressed)[0] == "es"
    addressed.run(c.SplitCustomers("li1", "two people"), 1)
    assert (said(addressed)[0], said(addressed, "cu2")[0]) == ("es", "en")


def test_whoever_is_forgotten_is_addressed_like_anybody(addressed: Driver) -> None:
    for name in ("cu1", "cu2"):
        addressed.run(c.SetCustomerLanguage(name, "de"), 1)
        addressed.run(c.SetCustomerForm(name, "informal"), 1)
    addressed.run(c.EraseCustomer("cu1", "asked for it"), 1)
    assert list(addressed.engine.view.personal.manners) == ["cu2\x1flanguage", "cu2\x1fform"]
    assert addressed.replayed(is_blanked=True).state_hash() == addressed.engine.state_hash()
    assert said(addressed, "cu2") == ("de", "informal")


@pytest.mark.parametrize("language", ["", "German", "d", "de_AT", "de-", "de\n", "x" * 40])
def test_a_language_is_a_tag(addressed: Driver, language: str) -> None:
    addressed.refuse(c.SetCustomerLanguage("cu1", language), InvalidCommand, field="language")


def test_a_form_is_one_of_the_templates(addressed: Driver) -> None:
    refused = addressed.refuse(c.SetCustomerForm("cu1", "royal"), InvalidCommand, field="form")
    assert "informal, old" in str(refused)
    addressed.refuse(c.SetCustomerForm("cu9", "informal"), UnknownId)
    addressed.refuse(c.SetCustomerLanguage("cu9", "de"), UnknownId)
    addressed.run(c.SetCustomerForm("cu1", None, addressed.now_us + MINUTE), 1)
    assert addressed.last(e.CustomerFormSet).occurred_us == addressed.now_us


def test_the_time_of_the_day_is_noted_and_taken_back(addressed: Driver) -> None:
    own = addressed.engine.view.personal
    addressed.run(c.SetCustomerHours("cu1", "18:00-20:00"), 1)
    assert addressed.last(e.CustomerHoursSet) == e.CustomerHoursSet("cu1", "18:00-20:00", addressed.now_us)
    assert own.said_last(["cu1"], "hours") == "18:00-20:00"
    addressed.run(c.SetCustomerHours("cu1", "09:00-12:00", addressed.now_us - MINUTE), 1)
    assert own.said_last(["cu1"], "hours") == "18:00-20:00", "they said that before"
    assert said(addressed) == (None, None)
    addressed.run(c.SetCustomerHours("cu1", None), 1)
    assert own.said_last(["cu1"], "hours") is None
    assert addressed.replayed(is_blanked=True).state_hash() == addressed.engine.state_hash()


@pytest.mark.parametrize("hours", ["", "noon", "18:00", "18:00-18:00", "25:00-26:00", "18:00-20:00,21:00-22:00"])
def test_hours_are_an_interval_of_the_day(addressed: Driver, hours: str) -> None:
    addressed.refuse(c.SetCustomerHours("cu1", hours), InvalidCommand, field="hours")
    addressed.refuse(c.SetCustomerHours("cu9", "18:00-20:00"), UnknownId)


def test_without_templates_there_is_no_form(driver: Driver) -> None:
    assert "none is named" in str(driver.refuse(c.SetCustomerForm("cu1", "old"), InvalidCommand))


def test_rules_go_by_language_and_form() -> None:
    when = When(all=[When("customer.language", value="de"), When("customer.form", "is_not_set")])
    rule = Rule("greet", "CaseOpened", when, [Action("set_field", field="case.fields.orders", value=7)])
    driver = Driver(plan(templates=INFORMAL, rules=[rule]))
    driver.message("joe")
    driver.run(c.SetCustomerLanguage("cu1", "de"), 1)
    driver.message("eve")
    assert driver.events(e.RuleFired) == []
    driver.run(c.OpenCase("cu1"), 1)
    assert [fired.rule for fired in driver.events(e.RuleFired)] == ["greet"]
    driver.run(c.SetCustomerForm("cu1", "old"), 1)
    driver.run(c.OpenCase("cu1"), 1)
    assert len(driver.events(e.RuleFired)) == 1


def fired(driver: Driver, when: When) -> bool:
    """Whether a rule on new cases of joe, who is served by ana, holds for the next one, on a topic of its own."""
    rule = Rule("know", "CaseOpened", when, [Action("set_field", field="case.fields.orders", value=7)])
    driver.change_plan(plan(templates=INFORMAL, rules=[rule]))
    before = len(driver.events(e.RuleFired))
    driver.run(c.OpenCase("cu1", topic="new"), 1)
    return len(driver.events(e.RuleFired)) > before


def test_rules_go_by_the_channel_that_somebody_would_rather_be_written_to_on(driver: Driver) -> None:
    driver.message("joe")
    assert not fired(driver, When("customer.channel", "is_set"))
    driver.run(c.SetPreferences("cu1", ["email", "chat"]), 1)
    assert fired(driver, When("customer.channel", value="email"))
    assert not fired(driver, When("customer.channel", value="chat"))


def test_rules_go_by_the_agent_whom_somebody_knows() -> None:
    driver = Driver(plan(templates=INFORMAL))
    driver.sign_in("ana")
    driver.message("joe")
    assert not fired(driver, When("customer.agent", "is_set"))
    driver.accept()
    assert fired(driver, When("customer.agent", value="ana"))


@pytest.mark.parametrize(("topic", "holds"), [("bill", True), ("order", False)])
def test_rules_go_by_what_somebody_was_in_touch_about_before(topic: str, holds: bool) -> None:
    driver = Driver(plan(templates=INFORMAL))
    got = driver.message("joe", topic="bill")
    driver.run(c.CancelInteraction(got.interaction, "over"))
    driver.run(c.ResolveCase(got.case.id))
    assert fired(driver, When("customer.last_topic", value="bill"))
    rule = Rule("know", "InteractionQueued", When("customer.last_topic", value=topic), [Action("hold")])
    driver.change_plan(plan(templates=INFORMAL, rules=[rule]))
    before = len(driver.events(e.RuleFired))
    assert driver.message("joe", "email", topic="order").case.id not in ("ca1", "ca2")
    assert (len(driver.events(e.RuleFired)) > before) is holds, "what it is about now is not what it was about before"


def test_who_was_never_in_touch_has_no_last_matter(driver: Driver) -> None:
    driver.message("joe", topic="bill")
    rule = Rule("know", "CaseOpened", When("customer.last_topic", "is_set"), [Action("notify", team="care", text="x")])
    driver.change_plan(plan(templates=INFORMAL, rules=[rule]))
    driver.message("eve", topic="bill")
    assert driver.events(e.RuleFired) == []


def test_a_predicate_is_told_of_both_where_something_is_about_a_customer() -> None:
    seen: list[Occasion] = []

    def see(occasion: Occasion) -> bool:
        seen.append(occasion)
        return False

    done = [Action("notify", team="care", text="x")]
    rules = [Rule(on, on, When(predicate="test.see@1"), done) for on in ("QueueClosed", "CaseOpened")]
    driver = Driver(plan(templates=INFORMAL, rules=rules), engine=Engine(predicates={"test.see@1": see}))
    driver.message("joe")
    driver.run(c.SetCustomerLanguage("cu1", "de"), 1)
    driver.run(c.SetCustomerForm("cu1", "old"), 1)
    driver.run(c.OpenCase("cu1"), 1)
    driver.run(c.CloseQueue("care", "storm"), 1)
    told = [(one.event, dict(one.customer)) for one in seen]
    assert told == [("CaseOpened", {}), ("CaseOpened", {"language": "de", "form": "old"}), ("QueueClosed", {})]
