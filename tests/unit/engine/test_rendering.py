"""What a customer is told, word for word: in their language, in the form they want, and safe whatever facts hold."""

from __future__ import annotations

import attrs
import pytest
from tests.engine_driver import CARE, Driver, plan
from tests.unit.engine.test_calendar import us

from orchestra.engine.rendering import Rendered, fact_faults, listed, render, say
from orchestra.engine.view import View
from orchestra.model import commands as c
from orchestra.model.escaping import Line
from orchestra.model.facts import Fact
from orchestra.model.templates import ApprovedTemplate, ChannelWording, FormWording, Language, Topic, Wording

DUE = us("2026-12-01T13:00:00+00:00")
INFORMAL = FormWording("Dein $order")
DELAY = Topic(
    {"order": "text", "due": "instant", "price": "money", "way": "link"},
    {
        "en": Wording("Order $order", "Order $order comes $due. It costs $price, that is $$. See $way"),
        "de": Wording(
            "Auftrag $order", "Der Auftrag $order kommt $due.", forms={"informal": FormWording("Dein $order")}
        ),
        "fr": Wording(text='<p>$order, <a href="$way">$due</a></p>', medium="html"),
        "nl": Wording(text="**$order** $way", medium="markdown", channels={"chat": ChannelWording(medium="plain")}),
    },
)
FACTS: dict[str, Fact] = {
    "order": "A-1",
    "due": DUE,
    "price": "123450 EUR",
    "way": "https://example.org/?case={token}&x=1",
}
GERMAN = Language(date="$day.$month.$year", time="$hour2:$minute2 Uhr", instant="$date, $time", decimal=",", group=".")


def view(language: str = "en", **topics: Topic) -> View:
    workspace = attrs.evolve(plan().workspace, language=language)
    templates = {"delay": DELAY, **topics}
    return Driver(plan(workspace=workspace, templates=templates, languages={"de": GERMAN})).engine.view


def told(language: str | None = None, channel: str = "email", form: str | None = None, **facts: Fact) -> Rendered:
    return render(view(), "delay", language, channel, FACTS | facts, "Europe/Berlin", form=form)


def test_facts_stand_in_the_words_of_the_plan() -> None:
    text = (
        "Order A-1 comes 2026-12-01 14:00. It costs 1234.50 EUR, that is $. See https://example.org/?case={token}&x=1"
    )
    assert told() == Rendered(Line("Order A-1"), text, "plain", "en")


def test_what_the_provider_has_approved_stands_for_it_on_its_channel_alone() -> None:
    plain = ApprovedTemplate("delay_1", None, ["due", "order"])
    here = {
        "chat": ChannelWording(template=plain),
        "voice": ChannelWording(template=attrs.evolve(plain, language="en")),
    }
    facts: dict[str, Fact] = {"order": "A-1\n<b>", "due": DUE}
    topic = Topic(
        {"order": "text", "due": "instant"},
        {"en": Wording(text="$order"), "de-AT": Wording(text="<p>$order</p>", medium="html", channels=here)},
    )
    found = {
        channel: render(view(late=topic), "late", "de-AT", channel, facts, "Europe/Berlin").template
        for channel in ("chat", "voice", "email")
    }
    said = ["1.12.2026, 14:00 Uhr", "A-1 <b>"]
    assert found == {"chat": ["delay_1", "de_AT", *said], "voice": ["delay_1", "en", *said], "email": None}
    assert render(view(late=topic), "late", "en", "chat", facts, "UTC").template is None


def test_a_wording_with_conditions_knows_its_facts_as_they_are_written() -> None:
    text = "{% if order %}{{ order }} comes {{ due }}{% endif %}"
    view_ = view(late=Topic({"order": "text", "due": "instant"}, {"en": Wording(text=text)}, "jinja"))
    assert render(view_, "late", "en", "chat", FACTS, "UTC").text == "A-1 comes 2026-12-01 13:00"


@pytest.mark.parametrize(
    ("language", "said_in"),
    [("de", "de"), ("de-AT", "de"), ("de-AT-1996", "de"), ("fr", "fr"), ("es", "en"), (None, "en"), ("den", "en")],
)
def test_a_customer_is_told_in_their_language_or_in_that_of_the_workspace(language: str | None, said_in: str) -> None:
    assert told(language).language == said_in


def test_dates_are_written_as_the_language_in_which_it_is_said_writes_them() -> None:
    assert told("de-AT").text == "Der Auftrag A-1 kommt 1.12.2026, 14:00 Uhr."
    assert "2026-12-01 14:00" in told("fr").text
    german = view("de", delay=Topic({"due": "instant"}, {"de": Wording(text="$due"), "es": Wording(text="$due")}))
    assert render(german, "delay", "es", "email", FACTS, "UTC").text == "2026-12-01 13:00"


def test_whoever_wants_another_form_is_told_in_it() -> None:
    assert told("de", form="informal").title == Line("Dein A-1")
    assert told("de", form="formal").title == told("de").title == Line("Auftrag A-1")


def test_what_has_no_title_has_none() -> None:
    assert told("fr").title is None


def test_a_fact_is_no_markup_in_any_medium() -> None:
    hostile = '<img src=x onerror="alert(1)"> **b** [x](http://e)'
    assert told("fr", order=hostile).text.startswith("<p>&lt;img src=x onerror=&quot;alert(1)&quot;&gt; **b**")
    assert told("fr").text == ('<p>A-1, <a href="https://example.org/?case={token}&amp;x=1">2026-12-01 14:00</a></p>')
    assert told("nl", order="*_[x](y)").text.startswith(r"**\*\_\[x\]\(y\)** https://example.org/?case={token}&x=1")
    assert told("nl", channel="chat", order="*x*").text.startswith("***x*** https")


def test_a_fact_begins_no_line_and_no_header() -> None:
    found = told(order="A\r\nBcc: all@example.org\0\u202egnp", price="100 EUR")
    assert found.title == Line("Order A Bcc: all@example.orggnp")
    assert len(found.text.splitlines()) == 1


def test_a_fact_names_no_fact_and_no_token() -> None:
    found = told(order="$price ${due} $$ {token}")
    assert found.text.startswith("Order $price $(due) $$ (token) comes")
    assert found.text.count("{token}") == 1
    parts = Topic({"a": "text", "b": "text"}, {"en": Wording(text="$a$b")})
    joined = render(view(parts=parts), "parts", None, "email", {"a": "{tok", "b": "en}"}, "UTC")
    assert "{token}" not in joined.text


def test_what_is_missing_mistyped_or_unheard_of_is_told_by_name() -> None:
    assert list(fact_faults(DELAY, FACTS)) == []
    found = dict(fact_faults(DELAY, {"order": "", "due": "now", "way": FACTS["way"], "colour": "red"}))
    assert found == {
        "order": "must be a text of 1 to 1000 characters",
        "due": "must be microseconds since 1970 UTC",
        "price": "is missing: a money",
        "colour": "is no fact of this topic; there are: due, order, price, way",
    }
    assert list(fact_faults(Topic(), {"x": 1})) == [("x", "is no fact of this topic; there are: none")]


def test_a_plan_of_a_file_says_the_same() -> None:
    ready = """
        [templates.ready.facts]
        days = "integer"
        [templates.ready.languages.en]
        text = "Ready in $days days"
    """
    driver = Driver(plan(CARE + ready))
    assert render(driver.engine.view, "ready", None, "chat", {"days": 3}, "UTC").text == "Ready in 3 days"


def test_a_customer_is_addressed_as_they_want_on_their_own_clock() -> None:
    driver = Driver(plan(templates={"delay": DELAY}, languages={"de": GERMAN}))
    driver.message("joe")
    joe = driver.engine.view
    assert say(joe, "cu1", "delay", "email", FACTS) == render(joe, "delay", None, "email", FACTS, "UTC")
    driver.run(c.SetCustomerLanguage("cu1", "de"), 1)
    driver.run(c.SetCustomerForm("cu1", "informal"), 1)
    driver.run(c.SetCustomerZone("cu1", "Asia/Tokyo"), 1)
    found = say(joe, "cu1", "delay", "email", FACTS)
    assert (found.title, found.text) == (Line("Dein A-1"), "Der Auftrag A-1 kommt 1.12.2026, 22:00 Uhr.")


def test_nobody_gives_what_a_digest_holds() -> None:
    topic = Topic(facts={"entries": "entries"})
    assert list(fact_faults(topic, {})) == []
    assert list(fact_faults(topic, {"entries": "- x"})) == [("entries", "must be left out: it is what a digest holds")]


def test_what_a_digest_holds_is_a_list_in_its_medium() -> None:
    entries = [Rendered(None, "a < b\nc", "plain", "en"), Rendered(None, "<b>d</b>", "html", "en")]
    assert listed(entries, "html") == "<ul><li>a &lt; b\nc</li><li><b>d</b></li></ul>"
    assert listed(entries[:1], "plain") == "- a < b\n  c"
    assert listed(entries[:1], "markdown") == "- a \\< b\n  c"
