"""What a plan may say to customers, what is wrong with it, and which wording goes before which."""

from __future__ import annotations

import pytest

from orchestra.errors import DefinitionError
from orchestra.model.plan import Plan
from orchestra.model.templates import ChannelWording, FormWording, Topic, Wording, fallbacks, forms_of

TOPIC = """
[templates.delay.facts]
due = "instant"
order = "text"
[templates.delay.languages.en]
title = "Order $order is late"
text = "Your order $order comes ${due}. It costs $$5 more."
"""


HERE = "templates.delay.languages.en.channels.sms.template"
APPROVED = f"""{TOPIC}
[{HERE}]
name = "delay_1"
language = "en_US"
parameters = ["order", "due"]
"""


def faults(text: str, workspace: str = "") -> dict[str, str]:
    start = (
        f'[workspace]\ndefault_queue = "q"\nkey = "K"\n{workspace}\n[teams.t]\n[queues.q]\nteam = "t"\n[channels.sms]\n'
    )
    try:
        found = Plan.parse(f"{start}[agents.a]\nteams = ['t']\n{text}").faults()
    except DefinitionError as error:
        found = list(error.faults)
    return {fault.path: fault.message for fault in found}


def test_a_sound_plan_has_no_fault() -> None:
    assert faults("") == {}
    assert faults(TOPIC) == {}
    assert faults(APPROVED) == {}
    assert faults(APPROVED.replace('language = "en_US"', "")) == {}
    more = """
        [templates.delay.languages.de-AT]
        text = "Später: $due"
        medium = "markdown"
        [templates.delay.languages.de-AT.forms.informal]
        title = "Hallo"
        [templates.delay.languages.de-AT.channels.sms]
        medium = "plain"
        [templates.delay.languages.de-AT.channels.sms.forms.informal]
        text = "Servus"
        [languages.de]
        date = "$weekday, $day. $month_name $year"
        time = "$hour2:$minute2 Uhr"
        instant = "am $date um $time ($zone)"
        months = ["Jän", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"]
        weekdays = ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"]
        decimal = ","
        group = "."
    """
    assert faults(TOPIC + more) == {}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (TOPIC.replace('due = "instant"', 'due = "moment"'), "templates.delay.facts.due"),
        (TOPIC.replace('due = "instant"', 'when = "instant"'), "templates.delay.languages.en.text"),
        (TOPIC.replace('due = "instant"', 'Due-at = "date"\ndue = "instant"'), "templates.delay.facts.Due-at"),
        (TOPIC.replace("order $order comes", "order $orders comes"), "templates.delay.languages.en.text"),
        (TOPIC.replace("$$5", "$5"), "templates.delay.languages.en.text"),
        (TOPIC.replace("is late", "is\\nlate"), "templates.delay.languages.en.title"),
        (TOPIC.replace("is late", "is\\u202elate"), "templates.delay.languages.en.title"),
        (TOPIC.replace("is late", "l" * 500), "templates.delay.languages.en.title"),
        (TOPIC.replace("costs", "cost\\u0000s"), "templates.delay.languages.en.text"),
        (TOPIC.replace("costs", "c" * 20_000), "templates.delay.languages.en.text"),
        (TOPIC.replace("languages.en", "languages.de"), "templates.delay.languages"),
        (TOPIC + '[templates.delay.languages.german]\ntext = "x"', "templates.delay.languages.german"),
        (TOPIC + '[templates.delay.languages.de]\ntext = "$when"', "templates.delay.languages.de.text"),
        (TOPIC + '[templates.delay.languages.de]\ntitle = "x"', "templates.delay.languages.de.text"),
        (TOPIC + 'medium = "rtf"', "templates.delay.languages.en.medium"),
        (TOPIC + "[templates.delay.languages.en.channels.fax]", "templates.delay.languages.en.channels.fax"),
        (
            TOPIC + '[templates.delay.languages.en.channels.sms]\ntext = "$x"\n',
            "templates.delay.languages.en.channels.sms.text",
        ),
        (
            TOPIC + '[templates.delay.languages.en.channels.sms]\nmedium = "x"\n',
            "templates.delay.languages.en.channels.sms.medium",
        ),
        (
            TOPIC + '[templates.delay.languages.en.channels.sms.forms.old]\ntitle = "$x"',
            "templates.delay.languages.en.channels.sms.forms.old.title",
        ),
        (
            TOPIC + '[templates.delay.languages.en.forms.old]\ntext = "$x"',
            "templates.delay.languages.en.forms.old.text",
        ),
        (APPROVED.replace('"delay_1"', '""'), f"{HERE}.name"),
        (APPROVED.replace("delay_1", "a\\nb"), f"{HERE}.name"),
        (APPROVED.replace("delay_1", "d" * 501), f"{HERE}.name"),
        (APPROVED.replace("en_US", "English!"), f"{HERE}.language"),
        (APPROVED.replace('"due"', '"when"'), f"{HERE}.parameters"),
        (
            APPROVED.replace('"due"', '"all"').replace('order = "text"', 'order = "text"\nall = "entries"'),
            f"{HERE}.parameters",
        ),
        ('[languages.de]\ndate = "$dag"', "languages.de.date"),
        ('[languages.de]\ntime = "$day"', "languages.de.time"),
        ('[languages.de]\nmoney = "$"', "languages.de.money"),
        ('[languages.de]\ninstant = "a\\nb"', "languages.de.instant"),
        ('[languages.de]\ndate = "$month_name"', "languages.de.months"),
        ('[languages.de]\ndate = "$weekday"', "languages.de.weekdays"),
        ('[languages.de]\nmonths = ["Jan"]', "languages.de.months"),
        ('[languages.de]\nhalves = ["a\\n", "b"]', "languages.de.halves"),
        (
            '[languages.de]\nunits = {day = ["a", "b"], hour = ["a", "b"], minute = ["a", "b"]}',
            "languages.de.units.second",
        ),
        ('[languages.de]\ndecimal = "\\n"', "languages.de"),
        ("[languages.German]", "languages.German"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(text: str, path: str) -> None:
    assert list(faults(text)) == [path]


def test_the_workspace_has_a_language() -> None:
    assert list(faults("", 'language = "Deutsch"')) == ["workspace.language"]
    assert faults(TOPIC.replace("languages.en", "languages.de"), 'language = "de"') == {}


def test_what_is_not_understood_hides_no_other_fault() -> None:
    found = faults(TOPIC + 'colour = "red"\n[languages.German]')
    assert {"templates.delay.languages.en.colour", "languages.German"} <= found.keys()


def test_what_is_said_most_particularly_is_said() -> None:
    on_sms = ChannelWording(text="sms", medium="plain", forms={"old": FormWording(title="Old sms")})
    forms = {"old": FormWording("Old", "old"), "new": FormWording(text="new")}
    wording = Wording("Title", "text", "html", forms, {"sms": on_sms, "chat": ChannelWording("Chat")})
    assert wording.chosen("email", None) == ("Title", "text", "html")
    assert wording.chosen("email", "old") == ("Old", "old", "html")
    assert wording.chosen("email", "new") == ("Title", "new", "html")
    assert wording.chosen("email", "unheard") == ("Title", "text", "html")
    assert wording.chosen("sms", None) == ("Title", "sms", "plain")
    assert wording.chosen("sms", "old") == ("Old sms", "sms", "plain")
    assert wording.chosen("chat", "old") == ("Chat", "old", "html")
    assert Wording(text="x").chosen("chat", None) == (None, "x", "plain")


def test_forms_are_those_that_wordings_name() -> None:
    one = Wording(
        text="x", forms={"old": FormWording()}, channels={"sms": ChannelWording(forms={"new": FormWording()})}
    )
    assert forms_of([Topic(languages={"en": one, "de": Wording(text="y")}), Topic()]) == ["new", "old"]


def test_a_language_falls_back_to_its_own_then_to_the_workspaces() -> None:
    assert list(fallbacks("de-AT-1996", "en")) == ["de-AT-1996", "de-AT", "de", "en"]
    assert list(fallbacks(None, "en")) == ["en"]
