"""Fixtures for tests of applications, in a pytest plugin that is active wherever this library is installed.

A test asks for what it needs by name::

    async def test_an_answer(workspace, customer, agent, outbox):
        await customer.writes("Where is my order?")
        contact = await (await agent.next_offer()).accept()
        await contact.reply("It comes on Friday.")
        await workspace.settle()
        assert outbox.texts == ["It comes on Friday."]

Such tests run by anyio's own plugin, on the event loops that the fixture `anyio_backend` names; nothing in them waits
for real time. Override `orchestra_plan` (or `orchestra_journal`, `orchestra_channels`, `orchestra_scores`) to test with
your own.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

import pytest

from orchestra.journal.memory import MemoryJournal
from orchestra.journal.port import Journal
from orchestra.model.plan import Plan
from orchestra.model.rules import Predicates
from orchestra.model.scores import Scores
from orchestra.runtime.lines import Line
from orchestra.runtime.sessions import AgentSession
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock
from orchestra.testing.customer import Customer
from orchestra.testing.outbox import Outbox

__all__ = [
    "agent",
    "clock",
    "customer",
    "orchestra_channels",
    "orchestra_journal",
    "orchestra_plan",
    "orchestra_scores",
    "outbox",
    "workspace",
]

_PLAN = """
workspace = { name = "tests", default_queue = "care" }
teams.care = {}
queues.care.team = "care"
channels.chat = { live = true, weight_percent = 25 }
channels.voice.live = true
channels.email = {}
agents.ana.teams = ["care"]
agents.ben.teams = ["care"]
"""


@pytest.fixture
def orchestra_plan() -> Plan:
    """The plan of `workspace`: a team and queue `care`, agents `ana` and `ben`, channels chat, voice and email."""
    return Plan.parse(_PLAN)


@pytest.fixture
def orchestra_journal() -> Journal:
    """Where `workspace` is kept: in memory."""
    return MemoryJournal()


@pytest.fixture
def orchestra_channels(outbox: Outbox) -> Sequence[Line]:
    """The lines of `workspace`: for every channel of the plan one to a provider in memory, which `outbox` shows."""
    return outbox.lines


@pytest.fixture
def orchestra_scores() -> Scores:
    """The scores that the plan of `workspace` may name: none."""
    return {}


@pytest.fixture
def orchestra_predicates() -> Predicates:
    """The predicates that the rules of `workspace` may name: none."""
    return {}


@pytest.fixture
def clock() -> VirtualClock:
    """The time in `workspace`: stands still until `await clock.advance(days=6)`."""
    return VirtualClock()


@pytest.fixture
def outbox(orchestra_plan: Plan, orchestra_journal: Journal) -> Outbox:
    """What `workspace` sent and its providers took, in order."""
    return Outbox(orchestra_plan, orchestra_journal)


# Asking for `anyio_backend` is what makes anyio's plugin run these fixtures, and with them the test.


@pytest.fixture
async def workspace(
    anyio_backend: object,
    orchestra_plan: Plan,
    orchestra_journal: Journal,
    orchestra_channels: Sequence[Line],
    orchestra_scores: Scores,
    orchestra_predicates: Predicates,
    clock: VirtualClock,
) -> AsyncGenerator[Workspace]:
    """An open workspace, left when the test is over."""
    async with Workspace.open(
        orchestra_plan,
        orchestra_journal,
        channels=orchestra_channels,
        clock=clock,
        scores=orchestra_scores,
        predicates=orchestra_predicates,
    ) as opened:
        clock.attach(opened)
        yield opened


@pytest.fixture
def customer(workspace: Workspace, orchestra_plan: Plan) -> Customer:
    """A person who writes on the plan's first channel, and calls on `voice` or else the first live one."""
    names = list(orchestra_plan.channels)
    live = [name for name in names if orchestra_plan.channels[name].live]
    calls_on = "voice" if "voice" in names else (live or names)[0]
    return Customer(workspace, writes_on=names[0], calls_on=calls_on)


@pytest.fixture
async def agent(anyio_backend: object, workspace: Workspace, orchestra_plan: Plan) -> AgentSession:
    """The plan's first agent, signed in."""
    if not orchestra_plan.agents:
        pytest.fail("the fixture `agent` needs an agent in the plan: name one in `orchestra_plan`")
    return await workspace.sign_in(next(iter(orchestra_plan.agents)))
