"""What holds of customers who are in touch on several channels at once, whatever they and the agents do.

Each property is looked at after every batch of random lives: who comes, who answers, what is linked, who is one person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import combinations
from random import Random

import pytest
from tests.engine_driver import Driver, plan

from orchestra.engine.engagements.leading import lead
from orchestra.engine.engagements.state import Engagements as Slice
from orchestra.engine.engine import Decided
from orchestra.engine.view import View
from orchestra.errors import CommandRefused, StaleVersion
from orchestra.model import commands as c, events as e
from orchestra.model.engagements import Engagements

SEEDS, STEPS = range(14), 90
PEOPLE, AGENTS = ("joe", "jim", "zoe"), ("ana", "bob", "cleo")
CHANNELS, TOPICS = ("chat", "voice", "email"), ("order", "bill", "return")
RULES = Engagements(
    {"chat": {"email": "separate"}, "voice": {"chat": "defer", "email": "defer"}},
    defer_for=timedelta(seconds=60),
    deferred="In a moment.",
    pointer="We have answered you elsewhere.",
)
PLAN = plan(engagements=RULES)
"""Whoever chats and then writes a mail has two places, the other way round one; what comes beside a call waits."""

PLACES, TAKEN = ("QUEUED", "OFFERED", "CONNECTING"), (e.OfferAccepted, e.TransferCompleted)
ENDED = (e.InteractionDone, e.InteractionAbandoned, e.InteractionCanceled, e.InteractionDeflected, e.QuestionAnswered)


class Life(Driver):
    """A driver that has something looked at after every batch, and remembers what was linked before it."""

    def __init__(self, seed: int, check: Callable[[Life, Decided], None]) -> None:
        self.random, self.check = Random(seed), check
        self.linked: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.first_us: dict[str, int] = {}
        self.stale = 0
        super().__init__(PLAN)

    @property
    def view(self) -> View:
        """What the engine decides by."""
        return self.engine.view

    @property
    def slice(self) -> Slice:
        """The engagements that go on."""
        return self.view.engagements

    def _keep(self, decided: Decided) -> Decided:
        self.check(self, super()._keep(decided))
        self.linked = dict(self.slice.linked)
        return decided

    def version(self, interaction: str) -> int:
        """The newest version of a contact's engagement."""
        return int(self.slice.changes_of(self.slice.of_member(interaction))[-1][0])

    def people(self) -> Iterator[tuple[str, ...]]:
        """The ids of everybody who is in touch, once each."""
        roots = {self.view.identity.root(member.customer): None for member in self.slice.members.values()}
        yield from (tuple(self.view.identity.group(root)) for root in roots)

    def attempt(self, command: c.Command) -> None:
        """Do what may be refused, for anything but that its giver has not seen the newest."""
        self.advance(1)
        if (interaction := getattr(command, "interaction", None)) in self.slice.members:
            version = self.version(interaction)
            command.seen = version - self.random.randint(1, version)
            self.refuse(command, StaleVersion, version=version)
            command.seen = version
            self.stale += 1
        try:
            self.run(command)
        except StaleVersion:
            raise AssertionError(f"{command} has seen the newest") from None
        except CommandRefused:
            pass

    def step(self) -> None:
        """Something that people do, as far as there is something to do it with."""
        self.random.choice((self.come_or_go, self.come_or_go, self.work, self.work, self.work, self.learn))()

    def come_or_go(self) -> None:
        """A customer comes on some channel about something, or one leaves, or what was planned for one is sent."""
        pick, going = self.random.choice, list(self.slice.members)
        match self.random.randrange(8):
            case 0 if going:
                name = pick(going)
                self.attempt(pick((c.LeaveContact(name), c.CancelInteraction(name, "nobody there"))))
            case 1:
                for permit in self.events(e.DeliveryPermitted)[-3:]:
                    self.attempt(c.StartDelivery(permit.delivery, permit.attempt, 1))
                self.advance(pick((5, 40, 400)))
            case 2 if cases := list(self.view.cases.cases):
                self.attempt(c.SendMessage(pick(cases), f"s{len(self.log)}", channel=pick(CHANNELS), text="Late."))
            case _:
                come = self.call if (channel := pick(CHANNELS)) == "voice" else self.message
                come(pick(PEOPLE), channel, after=pick((1, 20)), topic=pick(TOPICS))

    def work(self) -> None:
        """An agent signs in, answers an offer, or goes on with what they have in hand."""
        pick, rows = self.random.choice, self.view.contacts.interactions
        held = [(name, agent) for name in self.slice.members if (agent := rows[name].agent) is not None]
        match self.random.randrange(10):
            case 0:
                self.attempt(c.SignIn(pick(AGENTS)))
            case 1 if pending := self.pending():
                self.decline(pick(pending), 0)
            case 2 | 3 | 4 | 5 if pending := self.pending():
                self.accept(pick(pending), 0)
            case 6 if held:
                name, agent = pick(held)
                self.attempt(c.TransferToAgent(name, agent, pick(AGENTS)))
                if asked := self.events(e.ConsultAsked)[-1:]:
                    self.attempt(c.AcceptConsult(asked[0].consult, asked[0].consulted, asked[0].token))
            case 7 | 8 | 9 if held:
                name, agent = pick(held)
                done = (c.FinishInteraction(name, agent, "resolved"), c.TransferInteraction(name, agent, "care"))
                self.attempt(pick((*done, c.WriteReply(name, agent, "Soon."))))

    def learn(self) -> None:
        """It turns out who is one person, what is one matter and what is one question, or that it is not."""
        customers, cases = self.view.identity.customers, self.view.cases.cases
        pick, pair, going = self.random.choice, self.random.sample, list(self.slice.members)
        match self.random.randrange(6):
            case 0 if len(customers) > 1:
                self.attempt(c.MergeCustomers(*pair(list(customers), 2), "told", actor="operator:kim"))
            case 1 if links := self.events(e.CustomersMerged):
                self.attempt(c.SplitCustomers(pick(links).link, "two", actor="operator:kim"))
            case 2 if len(cases) > 1:
                self.attempt(c.MergeCases(*pair(list(cases), 2), "the same"))
            case 3 if merged := [name for name, row in cases.items() if row.state == "MERGED"]:
                self.attempt(c.UnmergeCase(pick(merged), "two"))
            case 4 if len(going) > 1:
                self.attempt(c.LinkQuestion(*pair(going, 2)))
            case 5 if self.slice.linked:
                self.attempt(c.UnlinkQuestion(pick(sorted(self.slice.linked))))


def _live(seed: int, check: Callable[[Life, Decided], None] = lambda life, decided: None) -> Life:
    life = Life(seed, check)
    life.sign_in(*AGENTS[: seed % 4])
    for _ in range(STEPS):
        life.step()
    return life


def _share_a_place(life: Life, one: str, other: str) -> bool:
    rows, members = life.view.contacts.interactions, life.slice.members
    first, second = sorted((one, other), key=lambda name: members[name].began)
    is_apart = members[one].is_apart or members[other].is_apart
    is_one_case = life.view.cases.root(rows[one].case or "") == life.view.cases.root(rows[other].case or "")
    return is_one_case and not is_apart and RULES.mode(rows[first].channel, rows[second].channel) == "together"


def _one_place(life: Life, decided: Decided) -> None:
    for ids in life.people():
        waiting = [name for name in life.slice.of(ids) if life.view.contacts.interactions[name].state in PLACES]
        for one, other in combinations(waiting, 2):
            assert not _share_a_place(life, one, other), f"{one} and {other} wait for one answer"


def _versions_rise(life: Life, decided: Decided) -> None:
    for name in life.slice.members:
        engagement, version = life.slice.of_member(name), life.version(name)
        assert version >= life.versions.get(engagement, 0), f"{engagement} went back"
        life.versions[engagement] = version


def _lead_has_one(life: Life, decided: Decided) -> None:
    rows = life.view.contacts.interactions
    taken = {logged.event.interaction: at for at, logged in enumerate(life.log) if isinstance(logged.event, TAKEN)}
    for ids in life.people():
        held = [name for name in life.slice.of(ids) if rows[name].agent is not None]
        longest = min(held, key=lambda name: taken[name], default=None)
        assert lead(life.view, ids) == (None if longest is None else rows[longest].agent)


def _linked_to_what_goes_on(life: Life, decided: Decided) -> None:
    rows, linked = life.view.contacts.interactions, life.slice.linked
    assert {name for name, row in rows.items() if row.state == "LINKED"} == set(linked)
    for name, to in linked.items():
        assert to not in linked
        assert not rows[to].is_final
        assert life.view.identity.is_same(rows[name].customer, rows[to].customer)


def _one_answer_for_all(life: Life, decided: Decided) -> None:
    finished = {event.interaction for event in decided.events if isinstance(event, e.InteractionFinished)}
    answered = {event.interaction: event.by for event in decided.events if isinstance(event, e.QuestionAnswered)}
    for name, to in life.linked.items():
        if to in finished:
            assert answered.pop(name) == to
    ends = Counter(logged.event.interaction for logged in life.log if isinstance(logged.event, ENDED))
    final = [name for name, row in life.view.contacts.interactions.items() if row.is_final]
    assert ends == dict.fromkeys(final, 1)


def _deferred_comes_to_its_turn(life: Life, decided: Decided) -> None:
    rows, deferred = life.view.contacts.interactions, life.slice.deferred
    assert {name for name, row in rows.items() if row.state == "DEFERRED"} == set(deferred)
    for name, row in deferred.items():
        assert row.to not in deferred
        assert not rows[row.to].is_final, f"{row.to} is over, and {name} waits for it"
        assert row.until_us > life.engine.now_us, f"{name} has waited too long"
        assert life.view.identity.is_same(rows[name].customer, rows[row.to].customer)
    ended = [event for event in decided.events if isinstance(event, e.DeferralEnded)]
    queued = [event.interaction for event in decided.events if isinstance(event, e.InteractionQueued)]
    assert all(event.interaction in queued for event in ended)
    told = Counter(logged.event.key for logged in life.log if isinstance(logged.event, e.DeliveryPlanned))
    assert all(count == 1 for key, count in told.items() if key.startswith("deferred:"))


def _age_is_kept(life: Life, decided: Decided) -> None:
    for event in decided.events:
        if isinstance(event, e.InteractionQueued):
            life.first_us.setdefault(event.interaction, event.start_us)
    for name in life.slice.members:
        if life.view.contacts.interactions[name].state in (*PLACES, "LINKED", "DEFERRED"):
            assert life.view.routing.items[name].start_us <= life.first_us[name], f"{name} waits anew"


def _nothing_automatic_leaves(life: Life, decided: Decided) -> None:
    rows = life.view.contacts.interactions
    for event in decided.events:
        if isinstance(event, e.DeliveryPermitted | e.DeliveryStarted):
            row = life.view.deliveries.deliveries[event.delivery]
            is_silent = row.automatic and row.topic not in ("deferred", "linked")  # these say that it was heard
            ids = life.view.identity.group(row.customer) if is_silent else ()
            talks = [name for name in life.slice.of(ids) if rows[name].live and rows[name].agent is not None]
            assert not talks, f"{event.delivery} left while somebody talked in {talks}"


CHECKS = (
    *(_one_place, _versions_rise, _lead_has_one, _linked_to_what_goes_on, _deferred_comes_to_its_turn),
    *(_one_answer_for_all, _age_is_kept, _nothing_automatic_leaves),
)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.strip("_"))
def test_it_holds_after_every_batch(check: Callable[[Life, Decided], None], seed: int) -> None:
    _live(seed, check)


@pytest.mark.parametrize("seed", SEEDS)
def test_it_is_rebuilt_from_the_log_and_from_the_state(seed: int) -> None:
    life = _live(seed)
    for engine in (life.replayed(), life.reloaded()):
        assert engine.state_hash() == life.engine.state_hash()
        mine, theirs = life.slice, engine.view.engagements
        assert mine._linked_to == theirs._linked_to
        assert mine._deferred_to == theirs._deferred_to
        for who in {**mine._in_touch, **theirs._in_touch}:
            assert list(mine.in_touch(who)) == list(theirs.in_touch(who))


def test_the_lives_have_all_of_it_in_them() -> None:
    lives = [_live(seed) for seed in SEEDS]
    for kind in (
        *(e.QuestionLinked, e.QuestionUnlinked, e.QuestionAnswered, e.EngagementJoined, e.EngagementModeChanged),
        *(
            e.EngagementsMerged,
            e.EngagementSplit,
            e.ContactDeferred,
            e.DeferralEnded,
            e.TransferCompleted,
            e.DeliveryHeld,
            e.DeliveryStarted,
        ),
    ):
        assert any(life.events(kind) for life in lives), kind.__name__
    assert sum(life.stale for life in lives) > 100
