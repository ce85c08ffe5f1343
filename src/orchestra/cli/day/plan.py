"""The contact centre of the day: two teams, three queues, four channels, eight agents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from orchestra.model.definitions import (
    AgentDefinition,
    Cases,
    Channel,
    Disposition,
    Presence,
    Queue,
    ServiceLevel,
    Team,
    WorkspaceDefinition,
)
from orchestra.model.plan import Plan

__all__ = ["ACCOUNTS", "TOPICS", "day_plan"]

ACCOUNTS: Final[Mapping[str, str]] = {"voice": "hotline", "chat": "shop", "email": "service", "social": "page"}
"""Channel -> the company's own account on it."""

TOPICS: Final[Mapping[str, str]] = {"order": "orders", "refund": "orders", "setup": "technical", "outage": "technical"}
"""Topic -> queue that serves it; what comes in on social media waits in a queue of its own."""

_MINUTE: Final = timedelta(minutes=1)
_SECOND: Final = timedelta(seconds=1)


def day_plan(seed: int) -> Plan:
    """The plan of the day."""
    return Plan(
        workspace=WorkspaceDefinition(default_queue="orders", name="demo", seed=seed),
        teams={"care": Team("Customer care"), "technicians": Team("Technicians")},
        queues={
            "orders": Queue("care"),
            "technical": Queue("technicians", {"technical": 2}, service_level=ServiceLevel(80, 30 * _SECOND)),
            "social": Queue("care", {"writing": 1}, priority=-5),
        },
        channels=_channels(),
        skills={"technical": "knows the devices", "writing": "answers in public"},
        agents=_agents(),
        presence=Presence(away_reasons=("break", "end of shift", "missed offers")),
        cases=Cases(dispositions={"resolved": Disposition(resolves=True), "follow_up": Disposition()}),
    )


def _channels() -> dict[str, Channel]:
    return {
        "voice": Channel(live=True, limit=1, offer_timeout=15 * _SECOND, wrap_up=60 * _SECOND),
        "chat": Channel(live=True, weight_percent=35, limit=2, offer_timeout=20 * _SECOND, wrap_up=20 * _SECOND),
        "email": Channel(weight_percent=60, limit=1, offer_timeout=_MINUTE),
        "social": Channel(queue="social", weight_percent=30, offer_timeout=_MINUTE),
    }


def _agents() -> dict[str, AgentDefinition]:
    care, both, technicians = ("care",), ("care", "technicians"), ("technicians",)
    return {
        "ana": AgentDefinition(care, {"writing": 2}, name="Ana Sousa"),
        "ben": AgentDefinition(care, {"writing": 1}, name="Ben Okafor"),
        "chloe": AgentDefinition(care, {}, name="Chloe Martin"),
        "deniz": AgentDefinition(both, {"technical": 2, "writing": 1}, name="Deniz Kaya"),
        "emil": AgentDefinition(both, {"technical": 2}, name="Emil Berg"),
        "farah": AgentDefinition(technicians, {"technical": 3}, name="Farah Aziz"),
        "goran": AgentDefinition(technicians, {"technical": 2}, name="Goran Babic"),
        "hana": AgentDefinition(care, {"writing": 2}, capacity_percent=70, name="Hana Mori"),
    }
