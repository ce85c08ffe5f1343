"""What a customer would be told, as an application asks for it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import attrs
import pytest
from tests.contact_centre import PLAN, message

from orchestra.errors import InvalidCommand, UnknownId
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
