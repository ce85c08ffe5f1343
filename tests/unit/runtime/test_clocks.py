"""Service clocks through the runtime: what the desk sees of them, and pausing them here and from elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest
from tests.contact_centre import PLAN, Centre, answered, message

from orchestra.errors import InvalidCommand, UnknownId
from orchestra.journal.registry import open_journal
from orchestra.model.clocks import ClockPolicy
from orchestra.model.commands import ResolveCase
from orchestra.model.hours import Hours
from orchestra.runtime.client import connect
from orchestra.runtime.clocks import ClockView
from orchestra.testing.clock import VirtualClock

HOUR = timedelta(hours=1)
AT = datetime(2026, 3, 2, 16, tzinfo=UTC)
OFFICE = Hours("UTC", mon=["09:00-17:00"], tue=["09:00-17:00"])
POLICIES = (
    ClockPolicy("solve", "resolution", 10 * HOUR, calendar="office", warn_at=[10], reasons=["parts"]),
    ClockPolicy("reply", "first_reply", HOUR, "interaction"),
    ClockPolicy("wait", "requester_wait", HOUR, "engagement"),
)


@pytest.fixture
def centre() -> Centre:
    return Centre(plan=attrs.evolve(PLAN, clocks=POLICIES, calendars={"office": OFFICE}), clock=VirtualClock(AT))


def by_policy(found: tuple[ClockView, ...]) -> dict[str, ClockView]:
    return {one.policy: one for one in found}


async def test_the_desk_sees_what_is_due_when(centre: Centre) -> None:
    async with centre.open() as workspace:
        await workspace.receive(message("m1"))
        found = by_policy(await workspace.clocks("ca1"))
        assert found.keys() == {"solve", "reply", "wait"}
        solve = found["solve"]
        assert (solve.state, solve.target, solve.left, solve.ran) == ("RUNNING", 10 * HOUR, 10 * HOUR, timedelta())
        assert solve.due == datetime(2026, 3, 9, 10, tzinfo=UTC)
        await centre.clock.advance(hours=2)
        found = by_policy(await workspace.clocks("ca1"))
        assert (found["solve"].ran, found["solve"].left, found["solve"].warned) == (HOUR, 9 * HOUR, 10)
        assert (found["reply"].left, found["reply"].due) == (-HOUR, None)
        assert found["reply"].breached == AT + HOUR
        assert {one.subject for one in found.values()} == {"ca1", "in1", "en1"}


async def test_the_desk_pauses_and_resumes(centre: Centre) -> None:
    async with centre.open() as workspace:
        await answered(workspace)
        (solve,) = (one for one in await workspace.clocks("ca1") if one.policy == "solve")
        with pytest.raises(InvalidCommand):
            await workspace.pause_clock(solve.id, "holidays")
        await workspace.pause_clock(solve.id, "parts", actor="agent:ana")
        await centre.clock.advance(hours=24)
        paused = by_policy(await workspace.clocks("ca1"))["solve"]
        assert (paused.state, paused.reason, paused.due) == ("PAUSED", "parts", None)
        assert (paused.since, paused.paused, paused.left) == (AT, 8 * HOUR, 10 * HOUR)
        await workspace.resume_clock(solve.id)
        assert by_policy(await workspace.clocks("ca1"))["solve"].due == datetime(2026, 3, 10, 10, tzinfo=UTC)
        told = [entry.sentence for entry in await workspace.timeline("cu1") if "clock solve" in entry.sentence]
        assert told == ["clock solve stands still (parts) after 0 s", "clock solve goes on"]
        with pytest.raises(UnknownId):
            await workspace.clocks("ca9")


async def test_what_is_settled_shows_what_would_go_on(centre: Centre) -> None:
    async with centre.open() as workspace:
        contact = await answered(workspace)
        await contact.reply("Done.")
        await contact.finish()
        await workspace.execute(ResolveCase("ca1"))
        (solve,) = await workspace.clocks("ca1")
        assert (solve.state, solve.due, solve.since, solve.reason) == ("FULFILLED", None, None, None)


async def test_whoever_asks_from_elsewhere_pauses_as_well(tmp_path: Path, centre: Centre) -> None:
    url = f"sqlite:{tmp_path / 'contacts.db'}"
    elsewhere = Centre(open_journal(url), centre.clock, centre.plan)
    async with elsewhere.open() as workspace, connect(url) as client:
        await workspace.receive(message("m1"))
        (solve,) = (one for one in await workspace.clocks("ca1") if one.policy == "solve")
        await client.pause_clock(solve.id, "parts")
        assert by_policy(await workspace.clocks("ca1"))["solve"].state == "PAUSED"
        await client.resume_clock(solve.id)
        assert by_policy(await workspace.clocks("ca1"))["solve"].state == "RUNNING"
