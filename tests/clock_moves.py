"""Moves of the random workload that pause and resume clocks, and the clocks of the plans under which it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol, TypeVar

import attrs

from orchestra.engine.engine import Engine
from orchestra.model import commands as c
from orchestra.model.clocks import ClockPolicy
from orchestra.model.hours import Hours
from orchestra.model.plan import Plan
from orchestra.model.rules import Action, Rule, When

__all__ = ["WEIGHTS", "changed", "with_clocks"]

Value = TypeVar("Value")

_HOURS = (
    Hours("Europe/Berlin", tue=["22:00-23:15", "23:16-23:40"], wed=["00:00-00:20", "00:21-04:00"]),
    Hours("Europe/Berlin", tue=["23:20-23:59"], extra=["2023-11-15 00:02-06:00"]),
    Hours("Asia/Tokyo", wed=["07:00-07:30", "08:00-12:00"]),
)
"""Of the hours in which runs take place, with closed times in between."""
_ORDER = When("case.topic", value="order")
_VIP = When("customer.fields.vip", value=True)
_MAIL = When("interaction.channel", value="email")


class Chooser(Protocol):
    """Where choices come from."""

    def pick(self, options: Sequence[Value]) -> Value:
        """One of the options; there is at least one."""
        ...

    def number(self, least: int, most: int) -> int:
        """A number from `least` to `most`, both included."""
        ...

    def chance(self, percent: int) -> bool:
        """True about so often."""
        ...


def _seconds(count: int) -> timedelta:
    return timedelta(seconds=count)


_POLICIES = (
    ClockPolicy("first of orders", "first_reply", _seconds(40), when=_ORDER, warn_at=[50, 80]),
    ClockPolicy("first", "first_reply", _seconds(120), calendar="shop", warn_at=[50]),
    ClockPolicy("first of a mail", "first_reply", _seconds(90), "interaction", _MAIL, human_only=False),
    ClockPolicy("next", "next_reply", _seconds(60), human_only=False, pause_on=["customer", "third_party"]),
    ClockPolicy("next in one", "next_reply", _seconds(30), "interaction"),
    ClockPolicy("wait", "requester_wait", _seconds(300), calendar="shop", pause_on=["third_party"]),
    ClockPolicy("wait of vips", "requester_wait", _seconds(20), "engagement", _VIP),
    ClockPolicy("wait at once", "requester_wait", _seconds(45), "engagement", calendar="shop", warn_at=[10, 90]),
    ClockPolicy("work", "agent_work", _seconds(200), calendar="shop"),
    ClockPolicy("work on one", "agent_work", _seconds(60), "interaction", warn_at=[75]),
    ClockPolicy("update", "periodic_update", _seconds(150), calendar="shop"),
    ClockPolicy("solve for vips", "resolution", _seconds(200), when=_VIP, warn_at=[80], pause_on=["third_party"]),
    ClockPolicy("solve", "resolution", _seconds(900), warn_at=[50], pause_on=["customer", "third_party"]),
    ClockPolicy("be done", "resolution", _seconds(300), "interaction", reasons=["parts"]),
)
_ESCALATES = Rule("late", "ClockBreached", When("event.policy", value="solve"), [Action("escalate")])


def with_clocks(plan: Plan) -> Plan:
    """A plan of the workload, with clocks and a calendar by which some run."""
    return attrs.evolve(
        plan, clocks=_POLICIES, calendars={**plan.calendars, "shop": _HOURS[0]}, rules=[*plan.rules, _ESCALATES]
    )


def changed(plan: Plan, choose: Chooser) -> Plan:
    """A plan with clocks that say something else than before: targets moved, some gone, other hours, or no hours."""
    hours = choose.pick([*_HOURS, None])
    policies = [policy for policy in _POLICIES if not choose.chance(25)]
    policies = [
        attrs.evolve(
            policy,
            target=choose.pick([policy.target, policy.target / 2, policy.target * 2]),
            calendar=None if hours is None else policy.calendar,
            human_only=policy.human_only ^ choose.chance(10),
        )
        for policy in policies
    ]
    calendars = {**plan.calendars, **({} if hours is None else {"shop": hours})}
    return attrs.evolve(plan, clocks=[] if choose.chance(5) else policies, calendars=calendars)


# Moves


def _some(choose: Chooser, names: Iterable[str]) -> str | None:
    """One of the newest of these; now and then one that does not exist."""
    options = list(names)[-12:]
    if choose.chance(2):
        return "ck999"
    return choose.pick(options) if options else None


def pause_clock(engine: Engine, choose: Chooser) -> c.Command | None:
    name = _some(choose, engine.view.clocks.clocks)
    return None if name is None else c.PauseClock(name, choose.pick(["parts", "parts", "holidays", ""]))


def resume_clock(engine: Engine, choose: Chooser) -> c.Command | None:
    rows = engine.view.clocks.clocks
    name = _some(choose, (name for name, row in rows.items() if row.by_hand or choose.chance(5)))
    return None if name is None else c.ResumeClock(name)


def wait_or_go_on(engine: Engine, choose: Chooser) -> c.Command | None:
    case = _some(choose, engine.view.cases.cases)
    if case is None:
        return None
    return choose.pick([c.SetCaseWaiting(case, "third_party"), c.SetCaseWaiting(case, "customer"), c.ResumeCase(case)])


def tell(engine: Engine, choose: Chooser) -> c.Command | None:
    case = _some(choose, engine.view.cases.cases)
    actor = choose.pick(["operator", "system", "bot:rob"])
    topic = choose.pick(["message", "acknowledgement"])
    return (
        None if case is None else c.SendMessage(case, f"tell{engine.position}", topic, text="It goes on.", actor=actor)
    )


def set_what_decides(engine: Engine, choose: Chooser) -> c.Command | None:
    customer = _some(choose, engine.view.identity.customers)
    return None if customer is None else c.SetFields(customer, {"vip": choose.pick([True, False, None])})


Move = Callable[[Engine, Chooser], "c.Command | None"]

WEIGHTS: Mapping[Move, int] = {
    pause_clock: 4,
    resume_clock: 3,
    wait_or_go_on: 4,
    tell: 3,
    set_what_decides: 2,
}
"""Move -> how often it is made."""
