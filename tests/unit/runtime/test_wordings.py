"""What a customer would be told, as an application asks for it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import attrs
import pytest
from tests.contact_centre import PLAN, Centre, message

from orchestra.channels import outbound
from orchestra.channels.parts import TextFormat
from orchestra.channels.sending import Refused
from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model.events import MessageWritten
from orchestra.model.notices import Leg, Notices, NoticeTopic
from orchestra.model.templates import Topic, Wording
from orchestra.runtime.wordings import Told, plain_fact
from orchestra.runtime.workspace import Workspace

pytestmark = pytest.mark.anyio

READY = Topic(
    {"day": "date", "at": "instant", "within": "duration", "count": "integer", "what": "text"},
    {
        "en": Wording("Ready", "$what x $count: $day, $at, $within"),
        "de": Wording(text="Fertig: $at", medium="html"),
    },
)
ZONED = attrs.evolve(PLAN, templates={"ready": READY}, workspace=attrs.evolve(PLAN.workspace, zone="Europe/Berlin"))
MOMENT = timedelta(microseconds=1)
FACTS = {
    "day": date(2026, 12, 1),
    "at": datetime(2026, 12, 1, 13, tzinfo=UTC),
    "within": timedelta(days=2),
    "count": 3,
    "what": "Boxes",
}


def test_facts_are_stored_as_text_and_whole_numbers() -> None:
    stored = [plain_fact(value) for value in FACTS.values()]
    assert stored == ["2026-12-01", 1_796_130_000_000_000, 172_800_000_000, 3, "Boxes"]


async def test_what_a_customer_would_be_told() -> None:
    async with Workspace.open(ZONED) as workspace:
        whom = (await workspace.receive(message("1"))).customer
        channel = next(iter(PLAN.channels))
        text = "Boxes x 3: 2026-12-01, 2026-12-01 14:00, 2 days"
        assert await workspace.wording(whom, "ready", channel, FACTS) == Told("Ready", text, "plain", "en")
        await workspace.set_language(whom, "de")
        told = await workspace.wording(whom, "ready", channel, FACTS)
        assert told == Told(None, "Fertig: 2026-12-01 14:00", "html", "de")


async def test_what_is_not_known_or_missing_is_told_by_name() -> None:
    async with Workspace.open(ZONED) as workspace:
        whom = (await workspace.receive(message("1"))).customer
        channel = next(iter(PLAN.channels))
        for unknown in (("cu9", "ready", channel), (whom, "done", channel), (whom, "ready", "fax")):
            with pytest.raises(UnknownId):
                await workspace.wording(*unknown, FACTS)
        with pytest.raises(InvalidCommand, match=r"facts\.count: must be a whole number"):
            await workspace.wording(whom, "ready", channel, {**FACTS, "count": "many"})


WAY = Topic(
    {"what": "text", "way": "link"},
    {
        "en": Wording("Ready: $what", '<p>$what <a href="$way">Answer</a></p>', "html"),
        "de": Wording(text="$what: $way"),
    },
)
NOTIFIED = attrs.evolve(
    ZONED, templates={"ready": WAY}, notices=Notices({"ready": NoticeTopic(legs=[Leg("chat")], told_within=MOMENT)})
)


async def test_a_notice_is_sent_as_its_medium_is_read_with_a_token_that_brings_the_answer_back() -> None:
    sent: list[outbound.Message] = []

    def seen(one: outbound.Outbound) -> Refused:
        assert isinstance(one, outbound.Message)
        sent.append(one)
        return Refused("seen", "it was only to be read")

    centre = Centre(plan=NOTIFIED)
    centre.adapter.on_encode = seen
    async with centre.open() as workspace:
        got = await workspace.receive(message("1"))
        facts = {"what": "<b>{token}\r\nBcc: x", "way": "https://example.org/?t={token}"}
        await workspace.plan_notice("one", "ready", case=got.case.id, facts=facts)
        await workspace.settle()
        await workspace.set_language(got.customer, "de")
        await workspace.plan_notice("two", "ready", case=got.case.id, facts={**facts, "what": "All"})
        await workspace.settle()
        token = workspace.key.reply_token(got.case.id)
        in_html, plain = sent
        assert (in_html.format, in_html.subject) == (TextFormat.HTML, "Ready: <b>(token) Bcc: x")
        way = f'<a href="https://example.org/?t={token}">Answer</a>'
        assert in_html.text == f"<p>&lt;b&gt;(token) Bcc: x {way}</p>"
        assert (plain.format, plain.subject) == (TextFormat.PLAIN, None)
        assert plain.text == f"All: https://example.org/?t={token}"
        again = await workspace.receive(message("2", sender="joe", reply_token=token))
        assert again.case == got.case
    written = centre.events(MessageWritten)
    assert [one.medium for one in written] == ["html", None]
    assert token not in "".join(str(one.text) for one in written)


async def test_a_notice_without_a_template_says_its_facts_in_one_line() -> None:
    topics = Notices({"ready": NoticeTopic(text="Ready: $what", facts={"what": "text"}, legs=[Leg("chat")])})
    centre = Centre(plan=attrs.evolve(ZONED, templates={}, notices=topics))
    texts = centre.texts()
    async with centre.open() as workspace:
        got = await workspace.receive(message("1"))
        await workspace.plan_notice("one", "ready", case=got.case.id, facts={"what": "a\u202e\nb"})
        await workspace.settle()
    assert texts == ["Ready: a b"]
