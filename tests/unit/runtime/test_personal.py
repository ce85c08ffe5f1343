"""What customers told of themselves, as an application notes and sees it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest
from tests.contact_centre import PLAN

from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model.addresses import Phone
from orchestra.model.definitions import Channel
from orchestra.model.message import Contact
from orchestra.model.quiet_hours import QuietHours
from orchestra.model.templates import FormWording, Topic, Wording
from orchestra.runtime.client import connect
from orchestra.runtime.workspace import Workspace

pytestmark = pytest.mark.anyio

QUIET = attrs.evolve(
    PLAN,
    workspace=attrs.evolve(PLAN.workspace, zone="Europe/Berlin"),
    channels={**PLAN.channels, "voice": Channel(live=True)},
    quiet_hours=QuietHours(daily=["21:00-08:00"]),
)


async def test_a_phone_number_tells_where_its_customer_is_until_they_tell_themselves(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'w.db'}"
    async with Workspace.open(QUIET, url) as workspace:
        whom = (await workspace.receive(Contact("voice", id="1", sender=Phone("+81312345678")))).customer
        assert (await workspace.customer(whom)).zones == ("Asia/Tokyo",)
        await workspace.set_zone(whom, "Europe/Paris", basis="address", evidence="a letter came back from there")
        assert (await workspace.customer(whom)).zones == ("Europe/Paris",)
        async with connect(url) as client:
            await client.set_zone(whom, "America/New_York", since=datetime(2024, 1, 1, tzinfo=UTC), actor="agent:ana")
        assert (await workspace.customer(whom)).zones == ("America/New_York",)
        with pytest.raises(InvalidCommand):
            await workspace.set_zone(whom, "New York")
        with pytest.raises(UnknownId):
            await workspace.set_zone("cu9", None)


async def test_the_timeline_tells_where_a_customer_is() -> None:
    async with Workspace.open(QUIET) as workspace:
        whom = (await workspace.receive(Contact("voice", id="1", sender=Phone("+79161234567")))).customer
        again = (await workspace.receive(Contact("voice", id="2", sender=Phone("+4930123456")))).customer
        await workspace.set_zone(whom, "Asia/Omsk")
        await workspace.set_zone(whom, None)
        phrases = [entry.sentence for entry in await workspace.timeline(whom)]
        assert [text for text in phrases if text.startswith("is ")] == [
            "is probably in one of 16 time zones",
            "is in Asia/Omsk",
            "is in no time zone that is known",
        ]
        assert "is probably in Europe/Berlin" in [entry.sentence for entry in await workspace.timeline(again)]


async def test_language_and_form_are_seen_with_the_customer_and_in_the_timeline(tmp_path: Path) -> None:
    informal = Wording(text="x", forms={"informal": FormWording()})
    plan = attrs.evolve(QUIET, templates={"delay": Topic(languages={"en": informal})})
    url = f"sqlite:{tmp_path / 'w.db'}"
    async with Workspace.open(plan, url) as workspace:
        whom = (await workspace.receive(Contact("voice", id="1", sender=Phone("+4930123456")))).customer
        before = await workspace.customer(whom)
        assert (before.language, before.form) == (None, None)
        async with connect(url) as client:
            await client.set_language(whom, "de-AT", since=datetime(2024, 1, 1, tzinfo=UTC), actor="agent:ana")
            await client.set_form(whom, "informal", since=datetime(2024, 1, 1, tzinfo=UTC))
        after = await workspace.customer(whom)
        assert (after.language, after.form) == ("de-AT", "informal")
        await workspace.set_language(whom, None)
        await workspace.set_form(whom, None)
        told = [entry.sentence for entry in await workspace.timeline(whom)]
        assert [text for text in told if text.startswith("wants")] == [
            "wants to be addressed in de-AT",
            "wants to be addressed in the informal form",
            "wants to be addressed in no language in particular",
            "wants to be addressed in no form in particular",
        ]
