"""What must hold of notices: nothing leaves that must not, nobody is told twice, and whatever waits is looked at."""

from __future__ import annotations

import attrs

from orchestra.engine.cases.state import SETTLED
from orchestra.engine.engagements.leading import talks_with
from orchestra.engine.engine import Engine
from orchestra.engine.identity.consent import is_allowed
from orchestra.engine.lifecycle import NOTICE
from orchestra.engine.notices.row import Notice
from orchestra.engine.notices.state import DUE, TALKING
from orchestra.engine.quiet_hours import quiet_until
from orchestra.model import events as e
from tests.watching import NOW, due_of, invariant

__all__ = ["NoticeWitness", "check", "check_against"]

Value = str | int | bool

_STATES = frozenset(NOTICE.states)


@attrs.define
class NoticeWitness:
    """Remembers what customers said of notices, what they were told, and who was talked with until when."""

    wishes: dict[tuple[str, str | None, str | None], bool] = attrs.field(factory=dict)
    told: dict[tuple[str, str], tuple[Value, int]] = attrs.field(factory=dict)
    cooling: dict[str, int] = attrs.field(factory=dict)
    ended: dict[str, int] = attrs.field(factory=dict)
    keys: dict[str, str] = attrs.field(factory=dict)
    sent: dict[str, int] = attrs.field(factory=dict)
    had: dict[str, tuple[tuple[str, ...], int]] = attrs.field(factory=dict)
    gathered: dict[str, str | None] = attrs.field(factory=dict)

    def see(self, engine: Engine, event: e.Event, at_us: int) -> None:
        """Take notice of an event that the engine has just evolved."""
        match event:
            case e.NoticePlanned():
                assert event.key not in self.keys, f"{event.key} is two notices"
                self.keys[event.key] = event.notice
            case e.NoticePreferenceSet():
                self._see_wish(event)
            case e.LiveContactEnded():
                assert talks_with(engine.view, engine.view.identity.group(event.customer)) is None
                self.cooling[event.customer] = event.until_us
            case e.FactTold():
                self.told[event.case, event.fact] = event.value, engine.now_us
            case e.NoticeSending():
                self._see_sending(engine, event)
            case e.DeliveryStarted():
                self._see_left(engine, event)
            case e.DeliveryFailed() | e.DeliveryRetried():
                self.had.pop(event.delivery, None)
            case e.ReceiptRecorded(receipt="failed", conflicts=False):
                self.had.pop(event.delivery, None)
            case e.NoticeSent():
                row = engine.view.notices.notices[event.notice]
                assert event.delivery in row.aims or event.delivery in row.rides, "by a message that tells it"
                self.sent[event.notice] = engine.now_us
            case e.NoticeGathered():
                self._see_gathered(engine, event)
            case e.NoticeHeld():
                if self.gathered.get(event.notice) is not None:
                    del self.gathered[event.notice]
            case e.NoticeSuppressed() | e.NoticeFailed() | e.NoticeExpired():
                self.ended[event.notice] = engine.now_us
            case _:
                pass

    def _see_wish(self, event: e.NoticePreferenceSet) -> None:
        key = event.customer, event.topic, event.channel
        if event.wanted is None:
            del self.wishes[key]
        else:
            assert self.wishes.get(key) is not event.wanted, "said again"
            self.wishes[key] = event.wanted

    def _see_sending(self, engine: Engine, event: e.NoticeSending) -> None:
        row = engine.view.notices.notices[event.notice]
        talk = engine.view.contacts.conversations[event.conversation]
        assert talk.channel == event.channel
        assert engine.view.identity.is_same(talk.customer, row.customer), "told somebody else"
        assert row.not_before_us is None or engine.now_us >= row.not_before_us, "before its time"
        assert engine.now_us < event.until_us <= row.expires_us

    def _see_left(self, engine: Engine, event: e.DeliveryStarted) -> None:
        """A message leaves: nothing may speak against it, as far as events alone have told."""
        view, delivery = engine.view, engine.view.deliveries.deliveries[event.delivery]
        if delivery.notice is None:
            return
        rows, now_us = view.notices.notices, engine.now_us
        names = (delivery.notice, *view.notices.crews.beside(event.delivery))
        assert (rows[names[0]].state, rows[names[0]].delivery) == ("SENDING", event.delivery), "not being sent"
        for name in names:
            self._check_leaving(engine, rows[name], delivery.channel, now_us)
            self._check_room(engine, names, rows[name], event.delivery)
            self._check_news(engine, rows[name])
        assert len({view.plan.notices.topics[rows[name].topic].purpose for name in names}) == 1, "under one purpose"
        self.had[event.delivery] = names, now_us

    def _check_leaving(self, engine: Engine, row: Notice, channel: str, now_us: int) -> None:
        view = engine.view
        topic, ids = view.plan.notices.topics[row.topic], view.identity.group(row.customer)
        assert row.waits, "of what is settled"
        assert row.not_before_us is None or now_us >= row.not_before_us, "before its time"
        assert now_us < row.expires_us, "too late"
        assert row.case is None or topic.after_resolved or view.cases.row(row.case).state not in SETTLED
        assert row.case is None or view.identity.is_same(view.cases.row(row.case).customer, row.customer)
        assert is_allowed(view, row.customer, channel, topic.purpose), "without consent"
        assert not view.deliveries.is_stopped(channel, row.topic), "though it is stopped"
        assert not any(one in view.identity.erasing for one in ids), "to who is to be forgotten"
        if topic.kind != "critical":
            assert self._wants(row, ids, channel, topic.kind == "legal"), "to who does not want it"
        if topic.kind != "legal" and not topic.never_held:
            assert talks_with(view, ids) is None, "while somebody talks with them"
            assert all(self.cooling.get(one, 0) <= now_us for one in ids), "just after somebody talked with them"
        quiet_us = quiet_until(view, row.customer, channel, now_us, of_class=topic.kind)
        assert quiet_us is None, "while they are left in peace"

    def _see_gathered(self, engine: Engine, event: e.NoticeGathered) -> None:
        """What is gathered is taken along by something that waits, or takes others along itself."""
        rows = engine.view.notices.notices
        self.gathered[event.notice] = event.leader
        if event.leader is None:
            for name in [one for one, leader in self.gathered.items() if leader == event.instead_of is not None]:
                if rows[name].waits:
                    self.gathered[name] = event.notice
            self.gathered[event.notice] = None
        else:
            assert rows[event.leader].waits, "after what has gone"
            assert rows[event.leader].leader is None, "in the second row"

    def _check_room(self, engine: Engine, names: tuple[str, ...], row: Notice, delivery: str) -> None:
        """No more have left to a person than the plan says; days of their calendar are looked at elsewhere."""
        plan, rows, ids = (
            engine.view.plan.notices,
            engine.view.notices.notices,
            engine.view.identity.group(row.customer),
        )
        kind = plan.topics[row.topic].kind
        left = [(others, at_us) for others, at_us in self.had.values() if others[0] != names[0]]
        theirs = [(others, engine.now_us - at_us) for others, at_us in left if rows[others[0]].customer in ids]
        every = plan.topics[row.topic].every
        if every is not None:
            ages = [age for others, age in theirs if row.topic in {rows[one].topic for one in others}]
            assert all(age >= every // every.resolution for age in ages), "too soon after another one"
        for cap in plan.caps:
            if kind in cap.kinds and cap.window is not None:
                within = [others for others, age in theirs if age < cap.window // cap.window.resolution]
                counted = [others for others in within if plan.topics[rows[others[0]].topic].kind in cap.kinds]
                most = cap.most - (cap.reserve if kind != "service" else 0)
                assert len(counted) < most, "more than there is room for"

    def _wants(self, row: Notice, ids: tuple[str, ...], channel: str, is_mandatory: bool) -> bool:
        scopes: list[tuple[str | None, str | None]] = [(row.topic, channel), (row.topic, None)]
        scopes += [] if is_mandatory else [(None, None)]
        for scope in scopes:
            said = {self.wishes[one, *scope] for one in ids if (one, *scope) in self.wishes}
            if said:
                return said == {True}
        return True

    def _check_news(self, engine: Engine, row: Notice) -> None:
        within = engine.view.plan.notices.topics[row.topic].told_within
        within_us = within // within.resolution
        about = row.case or row.matter
        assert about is not None, "written under no case"
        if not row.facts:
            return
        group = engine.view.cases.group(engine.view.cases.root(about))
        for fact, value in row.facts.items():
            told = [self.told[case, fact] for case in group if (case, fact) in self.told]
            newest = max(told, key=lambda one: one[1], default=None)
            if newest is None or (type(newest[0]), newest[0]) != (type(value), value):
                return
            if newest[1] <= engine.now_us - within_us or newest[1] == row.sent_us:
                return
        raise AssertionError("they know all of it")


def check(engine: Engine) -> None:
    """Everything that must hold between two batches."""
    view, own, due = engine.view, engine.view.notices, due_of(engine, DUE)
    for name, row in own.notices.items():
        waits = row.waits
        assert (name in due) == waits, f"{name}, {row.state}, is looked at never or for ever"
        assert row.state in _STATES
        assert row.delivery is None or row.delivery in row.aims or row.delivery in row.rides
        assert set(filter(None, row.channels.values())) <= set(row.aims)
        if row.state == "SENDING":
            assert row.delivery is not None
            message = view.deliveries.deliveries[row.delivery]
            assert message.state not in ("FAILED", "CANCELED", "EXPIRED"), f"{name} waits for what is over"
        if row.state == "HELD":
            assert row.reason
            if row.leader is not None:
                leader = own.notices[row.leader]
                assert leader.waits, f"{name} waits for {row.leader}, which has gone without it"
                assert leader.leader is None
        if not waits and row.aims:
            left = [one for one in row.aims if view.deliveries.deliveries[one].state in ("PENDING", "PERMITTED")]
            assert left == [], f"a message of {name}, which is settled, is still to leave"
    waiting = {name for name, row in own.notices.items() if row.state == "HELD"}
    assert {name for names in own.held.values() for name in names} == waiting


def _check_talking(engine: Engine) -> None:
    view = engine.view
    for name, row in view.notices.notices.items():
        if row.state == "HELD" and row.reason == TALKING and row.until_us is None:
            assert talks_with(view, view.identity.group(row.customer)), f"{name} waits for nobody"


def check_against(engine: Engine, witness: NoticeWitness) -> None:
    """What customers said, and which notices there are, is what the events say."""
    own = engine.view.notices
    said = {(one, *key): word for (one, *key), word in witness.wishes.items()}
    rows = {
        (customer, *(None if part == "*" else part for part in key.split("\x1f"))): wanted
        for customer, wishes in own.wishes.items()
        for key, wanted in wishes.items()
    }
    assert rows == said
    assert own.by_key == witness.keys
    waiting = {name: row.leader for name, row in own.notices.items() if row.waits and row.gathers is not None}
    assert waiting.items() <= witness.gathered.items()
    assert all(row.waits or name in witness.sent or name in witness.ended for name, row in own.notices.items())


def _check_cooling(engine: Engine, witness: NoticeWitness) -> None:
    own = engine.view.notices
    newest = {one: until_us for one, until_us in witness.cooling.items() if until_us > engine.now_us}
    assert newest.items() <= own.cooling.items(), "somebody is disturbed too early"
    queued = set(own._coolest)
    assert all((until_us, one) in queued for one, until_us in own.cooling.items()), "never forgotten"


INVARIANTS = (
    invariant(check, "notices", "deliveries", DUE),
    invariant(_check_talking, "notices", "identity", "engagements", "contacts", "bots"),
    invariant(check_against, "notices", "seen notices", of="notices"),
    invariant(_check_cooling, "notices", "seen notices", NOW, of="notices"),
)
"""Each invariant with all that it reads."""
