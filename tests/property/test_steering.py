"""What holds of steering in whatever state a random workload comes to, and of those who are invited by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from unittest.mock import patch

import attrs
import pytest
from tests import moves
from tests.counts import EXAMPLES
from tests.swarm import Dice, Run

from orchestra.engine.identity.consent import is_allowed
from orchestra.model import commands as c, events as e
from orchestra.model.costs import ChannelCost, Costs
from orchestra.model.plan import Plan
from orchestra.runtime.steering import Steering, steer

SEEDS, STEPS = range(max(10, min(EXAMPLES, 20))), 150
COSTS = Costs(
    channels={
        "chat": ChannelCost(100_000, 600_000, concurrency=2),
        "voice": ChannelCost(200_000, 600_000, can=["payment"], reach=["handle", "phone"]),
        "task": ChannelCost(),
    },
    needs={"bill": ["payment"]},
    purpose="survey",
)
"""The plan does not know what mail costs, so nobody is invited to it."""

Place = tuple[str, int, int]
unpriced = moves.swarm_plan


def priced() -> Plan:
    """The plan of the swarm, with costs."""
    return attrs.evolve(unpriced(), costs=COSTS)


class Steered(Run):
    """A run in which contacts are steered: looked at in all sorts of states, and some of them invited."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.chance = Dice(seed + 3_000_000)
        self.seen: Counter[str] = Counter()
        self.inviting: tuple[str, dict[str, Place]] | None = None
        self.invited: dict[str, tuple[str, Place]] = {}

    def commands(self) -> Iterator[c.Command]:
        """Now and then somebody is invited to where they are best served."""
        yield from super().commands()
        if not self.chance.chance(40):
            return
        steered = (steer(self.driver.engine.view, name) for name in self.waiting())
        better = [found for found in steered if found.text is not None and found.invited is None]
        if better:
            found = self.chance.pick(better)
            self.inviting = found.interaction, self.places()
            yield c.InviteToChannel(found.channel, found.interaction, text=found.text or "")
            assert self.inviting is None, f"{found.interaction} could not be invited to {found.channel}"

    def keep(self, events: Sequence[object], at_us: int, actor: str) -> None:
        """After each batch, look at whoever was invited, and at anybody."""
        super().keep(events, at_us, actor)
        if self.inviting is not None:
            (name, before), self.inviting = self.inviting, None
            assert self.places() == before, "an invitation moved somebody"
            (made,) = (event for event in events if isinstance(event, e.InvitationMade))
            if name in before:  # and is not just offered to somebody
                self.invited[made.invitation] = name, before[name]
            self.seen["invited"] += 1
        self.look_at_invited(events)
        if self.chance.chance(25) and (names := self.waiting()):
            self.look(self.chance.pick(names))

    def look_at_invited(self, events: Sequence[object]) -> None:
        """Until they come, or something else becomes of their contact, they keep their place."""
        for event in events:
            if isinstance(event, e.InvitationAccepted | e.InvitationEnded):
                was = self.invited.pop(event.invitation, None)
                self.seen["came"] += was is not None and isinstance(event, e.InvitationAccepted)
        named = {getattr(event, "interaction", None) for event in events}
        places = self.places()
        for invitation, (name, place) in list(self.invited.items()):
            now = places.get(name)
            assert now == place or name in named, f"{name} lost its place before they came, and nothing was said of it"
            if now is None:
                del self.invited[invitation]
            else:
                self.invited[invitation] = name, now

    def places(self) -> dict[str, Place]:
        """Where each who waits stands."""
        items = self.driver.engine.view.routing.items.items()
        return {name: (item.queue, item.start_us, item.order) for name, item in items if item.state == "WAITING"}

    def waiting(self) -> list[str]:
        """Those who may be steered."""
        items = self.driver.engine.view.routing.items.items()
        return [name for name, item in items if item.state in ("WAITING", "OFFERED") and item.consult_on is None]

    def look(self, name: str) -> None:
        """Steer one of them: nothing changes, and what is proposed is right."""
        engine = self.driver.engine
        before = engine.state_hash(), engine.position, engine.due()
        found = steer(engine.view, name)
        assert steer(engine.view, name) == found, "the same question has two answers"
        assert (engine.state_hash(), engine.position, engine.due()) == before, "steering changed something"
        self.check(found)
        self.seen["change" if found.is_change else "stay"] += 1
        self.seen.update(one.failing.split()[0] for one in found.options if one.failing is not None)

    def check(self, found: Steering) -> None:
        """What is proposed may be, and nothing else is better."""
        view = self.driver.engine.view
        item = view.routing.items[found.interaction]
        assert [one.channel for one in found.options if one.is_current] == [item.channel], "their own is not there"
        assert {one.channel for one in found.options} == {*view.plan.costs.channels, item.channel}
        best = next(one for one in found.options if one.channel == found.channel)
        able = [one for one in found.options if one.failing is None]
        assert best.is_current or best.failing is None, f"{best.channel} is proposed, though {best.failing}"
        assert all((one.key is None) is (one.failing is not None) for one in found.options)
        keys = [one.key for one in able if one.key is not None]
        assert list(found.options[: len(able)]) == able, "one that cannot be proposed stands before one that can"
        assert keys == sorted(keys), "one stands before a better one"
        assert best.key == (keys[0] if keys else None), "another one is better"
        if any(one.is_in_time for one in able):
            assert best.is_in_time, "one in time is not proposed"
        if found.is_change:
            assert is_allowed(view, item.customer, found.channel, COSTS.purpose)
            assert not view.plan.channels[found.channel].work
            assert not view.plan.channels[item.channel].work
            assert not any(key.startswith(f"{found.channel}\x1f") for key in view.outages.outages)
        assert (found.text is None) is not found.is_change


@cache
def gone(seed: int) -> Counter[str]:
    """What was seen in a run."""
    run = Steered(seed)
    with patch.object(moves, "swarm_plan", priced):
        run.go(STEPS)
    return run.seen


@pytest.mark.parametrize("seed", SEEDS)
def test_steering_changes_nothing_and_proposes_the_best_that_may_be(seed: int) -> None:
    assert gone(seed)["stay"] + gone(seed)["change"]


def test_the_runs_come_to_all_that_can_be_proposed_or_not() -> None:
    seen = sum((gone(seed) for seed in SEEDS), Counter[str]())
    wanted = {"stay", "change", "invited", "came", "cannot", "closed", "in", "for", "down:", "nothing", "no", "the"}
    assert wanted - seen.keys() == set(), seen
