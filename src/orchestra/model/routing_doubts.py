"""Words of a plan about routing that are of no use as the rest of it stands: nothing is wrong, and little is meant so.

Belongs here: doubts that need several parts of a plan. Does not: what is wrong (`routing_checks`, `capacity_checks`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from orchestra.errors import Fault
from orchestra.model.definitions import AgentDefinition, Queue
from orchestra.model.plan_data import PlanData
from orchestra.model.routing import Condition, Step
from orchestra.model.routing_checks import serves
from orchestra.model.structure import Lost

__all__ = ["check_use", "runs_out"]

_BUDGET_PERCENT = 100
"""What an agent has who is defined by command and not told otherwise."""
_PREFERRED = "preferred"


def check_use(plan: PlanData, lost: Lost) -> Iterator[Fault]:
    """Warn of an overflow to which nothing leads, preferences that no step has, and work that nobody could be given."""
    has_live = lost.touches("channels") or any(channel.live for channel in plan.channels.values())
    for name, queue in plan.queues.items():
        if not lost.touches("queues", name):
            yield from _overflow(f"queues.{name}", queue, has_live=has_live)
            yield from _preferred(f"queues.{name}", queue)
    if not (lost.touches("agents") or lost.touches("channels")):
        yield from _warm_up(plan)
        if not lost.touches("queues"):
            yield from _room(plan)


def _overflow(path: str, queue: Queue, *, has_live: bool) -> Iterator[Fault]:
    """A queue that overflows to another may do so when a step is over, when somebody comes, when it closes, at risk."""
    if queue.overflow_to is None:
        return
    at_once = queue.overflow_if != Condition() or queue.when_closed == "overflow"
    of_live = queue.limit is not None or queue.at_risk == "overflow" or queue.when_closed == "finish"
    if not (at_once or (has_live and of_live) or runs_out(queue.steps)):
        text = "nothing leads there: no last step ends, and neither overflow_if nor limit, when_closed or at_risk does"
        yield Fault(f"{path}.overflow_to", text, is_error=False)


def runs_out(steps: Sequence[Step]) -> bool:
    """Whether some step may be over and no step left: those after it may all be skipped."""
    for step in reversed(steps):
        if step.lasts is not None:
            return True
        if step.pool not in ("known", "bots") and step.skip_if == Condition():
            return False
    return False


def _preferred(path: str, queue: Queue) -> Iterator[Fault]:
    """The order of a step goes by what that step prefers, that of the queue by what steps without their own do."""
    own = [(f"{path}.steps[{number}].order", step.order, [step]) for number, step in enumerate(queue.steps)]
    by_queue = [step for step in queue.steps if not step.order]
    for where, order, steps in [(f"{path}.order", queue.order, by_queue), *own]:
        if _PREFERRED in order and not any(step.prefer for step in steps):
            at = list(order).index(_PREFERRED)
            yield Fault(f"{where}[{at}]", "all are alike by it: no step of this order has prefer", is_error=False)


def _warm_up(plan: PlanData) -> Iterator[Fault]:
    """At first whoever has signed in has a share of their budget; bots have the whole."""
    warm_up = plan.presence.warm_up
    budgets = [agent.capacity_percent for agent in plan.agents.values() if agent.kind == "person"]
    budget = max(budgets, default=0 if plan.agents else _BUDGET_PERCENT)
    least = min((channel.weight_percent for channel in plan.channels.values()), default=0)
    share = max(1, budget * warm_up.percent // 100)
    if warm_up.lasts and share < least <= budget:
        text = f"leaves {share} at first, and a contact of any channel takes {least}: nobody is offered one until later"
        yield Fault("presence.warm_up.percent", text, is_error=False)


def _room(plan: PlanData) -> Iterator[Fault]:
    """Contacts of a channel may weigh more than anybody has who serves the queues to which they come."""
    agents = plan.agents.values()
    most = max((agent.capacity_percent for agent in agents), default=0)
    for name, channel in plan.channels.items():
        if channel.weight_percent > most:
            continue  # nobody at all has so much, which is told of the channel
        queues = list(_queues_of(plan, name))
        if any(step.beyond_capacity for queue in queues for step in plan.queues[queue].steps):
            continue
        serving = [agent.capacity_percent for agent in agents if _serves_any(plan, agent, queues)]
        if serving and channel.weight_percent > max(serving):
            text = f"is more than anybody has who serves {' or '.join(queues)}, which is {max(serving)}"
            yield Fault(f"channels.{name}.weight_percent", f"{text}: nobody is offered such a contact", is_error=False)


def _queues_of(plan: PlanData, channel: str) -> Iterable[str]:
    """The queues that contacts of a channel come to as far as the plan says, and those that these overflow to."""
    accounts = plan.channels[channel].accounts
    actions = [action.queue for rule in plan.rules for action in rule.do]
    keys = [key.queue for menu in plan.menus.values() for step in menu.steps.values() for key in step.keys.values()]
    to_follow = [plan.queue_of(channel, account) for account in ("", *accounts)]
    to_follow += [queue for queue in (*actions, *keys) if queue is not None]
    found: dict[str, None] = {}
    while to_follow:
        queue = to_follow.pop(0)
        if queue in plan.queues and queue not in found:
            found[queue] = None
            to_follow += [plan.queues[queue].overflow_to or ""]
    return found


def _serves_any(plan: PlanData, agent: AgentDefinition, queues: Iterable[str]) -> bool:
    steps = ((plan.queues[name], step) for name in queues for step in plan.queues[name].steps or (Step(),))
    return any(step.pool != "known" and serves(agent, queue, step) for queue, step in steps)
