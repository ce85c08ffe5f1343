"""What holds of invitations and outages, whoever comes, goes and reports what: looked at after every batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import TypeVar

import pytest
from tests import invitation_moves
from tests.engine_driver import Driver, plan

from orchestra.engine.engine import Decided
from orchestra.errors import CommandRefused
from orchestra.model import commands as c, events as e
from orchestra.model.engagements import Engagements

SEEDS, STEPS = range(6), 60
CHANNELS, TOPICS = ("chat", "email", "voice"), ("order", "bill")
Value = TypeVar("Value")


class Chance:
    """Choices by a seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def pick(self, options: Sequence[Value]) -> Value:
        """One of the options."""
        return self._random.choice(options)

    def chance(self, percent: int) -> bool:
        """True about so often."""
        return self._random.randrange(100) < percent

    def number(self, least: int, most: int) -> int:
        """A number from one to the other."""
        return self._random.randint(least, most)


class Life(Driver):
    """A driver whose state is looked at after every batch."""

    def __init__(self, seed: int) -> None:
        self.choose = Chance(seed)
        super().__init__(plan(engagements=Engagements(channel_down="come: {token}", pointer="answered")))
        self.sign_in("ana")

    def _keep(self, decided: Decided) -> Decided:
        kept = super()._keep(decided)
        invitation_moves.check(self.engine)
        return kept

    def attempt(self, command: c.Command | None) -> None:
        """Do what may be refused."""
        self.advance(self.choose.pick((1, 5, 30)))
        if command is not None:
            with suppress(CommandRefused):
                self.run(command)

    def step(self) -> None:
        """Something that people do, as far as there is something to do it with."""
        choose, rows = self.choose, self.engine.view.contacts.interactions
        held = [name for name, row in rows.items() if row.agent is not None and row.is_open]
        match choose.number(0, 9):
            case 0 | 1 if pending := self.pending():
                self.accept(choose.pick(pending), 0)
            case 2 if held:
                self.attempt(c.FinishInteraction(choose.pick(held), "ana", choose.pick(["resolved", None])))
            case 3 if cases := list(self.engine.view.cases.cases):
                self.attempt(choose.pick([c.ResolveCase, c.CloseCase])(choose.pick(cases)))
            case 4 | 5:
                self.message(f"customer{choose.number(0, 4)}", choose.pick(CHANNELS[:2]), topic=choose.pick(TOPICS))
            case _:
                move = choose.pick(list(invitation_moves.WEIGHTS))
                self.attempt(move(self.engine, choose))


def _live(seed: int) -> Life:
    life = Life(seed)
    for _ in range(STEPS):
        life.step()
    return life


@pytest.mark.parametrize("seed", SEEDS)
def test_each_invitation_ends_once_and_brings_one_contact(seed: int) -> None:
    life = _live(seed)
    made = [event.invitation for event in life.events(e.InvitationMade)]
    ends = Counter(event.invitation for event in life.events(e.InvitationEnded))
    ends.update(event.invitation for event in life.events(e.InvitationAccepted))
    going = [name for name, row in life.engine.view.invitations.invitations.items() if row.state == "OFFERED"]
    assert len(set(made)) == len(made)
    assert ends == dict.fromkeys(set(made) - set(going), 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_is_known_by_a_token(seed: int) -> None:
    life = _live(seed)
    assert not life.engine.view.identity.verified
    assert not life.events(e.CustomersMerged)
    for event in life.events(e.InvitationAccepted):
        assert life.engine.view.contacts.interactions[event.interaction].customer == event.by


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_permitted_where_an_account_is_down(seed: int) -> None:
    life, down = _live(seed), set[tuple[str, str]]()
    rows = life.engine.view.deliveries.deliveries
    for logged in life.log:
        event = logged.event
        if isinstance(event, e.ChannelDown):
            down.add((event.channel, event.account))
        elif isinstance(event, e.ChannelUp):
            down.remove((event.channel, event.account))
        elif isinstance(event, e.DeliveryPermitted | e.DeliveryStarted):
            row = rows[event.delivery]
            assert (row.channel, row.account) not in down


@pytest.mark.parametrize("seed", SEEDS)
def test_it_is_rebuilt_from_the_log_and_from_the_state(seed: int) -> None:
    life = _live(seed)
    for engine in (life.replayed(), life.reloaded()):
        assert engine.state_hash() == life.engine.state_hash()


def test_the_lives_have_all_of_it_in_them() -> None:
    lives = [_live(seed) for seed in SEEDS]
    for kind in (e.InvitationMade, e.InvitationAccepted, e.InvitationEnded, e.ChannelDown, e.ChannelUp, e.OutageTold):
        assert any(life.events(kind) for life in lives), kind.__name__
    assert {event.outcome for life in lives for event in life.events(e.InvitationEnded)} == {"EXPIRED", "WITHDRAWN"}
