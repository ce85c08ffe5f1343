"""The one event that holds more than plain values: `PlanChanged` holds a plan, and the plan names people."""

from __future__ import annotations

from typing import Any

from orchestra.codec.canonical import canonical
from orchestra.codec.readers import object_reader, reader_of
from orchestra.codec.text import is_object, loads
from orchestra.errors import MalformedMessage
from orchestra.model.events import PlanChanged
from orchestra.model.structure import unstructure

__all__ = ["decode_plan_changed", "encode_plan_changed"]

_READ = object_reader(PlanChanged)
_READ_NAMES = reader_of(dict[str, str])


def encode_plan_changed(event: PlanChanged) -> tuple[str, int, str, str | None]:
    """As any encoder. What the plan calls its agents is the private part; the rest of the plan is facts."""
    plan = unstructure(event.plan)
    names = {agent: data.pop("name") for agent, data in plan.get("agents", {}).items() if "name" in data}
    facts = {"digest": event.digest, "key_check": event.key_check, "plan": plan, "zone_data": event.zone_data}
    for name in ("digest", "key_check", "zone_data"):
        if type(facts[name]) is not str:
            raise TypeError(f"PlanChanged.{name}: must be text")
    private = canonical({"agent_names": names}, where="private of PlanChanged") if names else None
    return "PlanChanged", event.version, canonical(facts, where="facts of PlanChanged"), private


def decode_plan_changed(facts: str, private: str | None) -> PlanChanged:
    """As any decoder. Without the private part the plan's agents have no names."""
    data = loads(facts, "facts")
    if private is not None:
        _give_names(data, loads(private, "private"))
    return _READ(data, "facts")


def _give_names(data: Any, private: Any) -> None:
    if not is_object(private) or private.keys() != {"agent_names"}:
        raise MalformedMessage("private", "must have agent_names and nothing else")
    names = _READ_NAMES(private["agent_names"], "private.agent_names")
    try:
        for agent, name in names.items():
            data["plan"]["agents"][agent]["name"] = name
    except (KeyError, TypeError):
        raise MalformedMessage("private.agent_names", "names an agent that the plan lacks") from None
