"""What must hold of notices: nothing leaves that must not, nobody is told twice, and whatever waits is looked at."""

from __future__ import annotations

import attrs

from orchestra.engine.cases.state import SETTLED
from orchestra.engine.engagements.leading import talks_with
from orchestra.engine.engine import Engine
from orchestra.engine.identity.consent import is_allowed
from orchestra.engine.lifecycle import NOTICE
from orchestra.engine.notices.state import DUE, TALKING, Notice
from orchestra.engine.quiet_hours import quiet_until
from orchestra.model import events as e

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
    had: dict[str, tuple[str, int]] = attrs.field(factory=dict)

    def see(self, engine: Engine, event: e.Event) -> None:
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
                assert engine.view.notices.notices[event.notice].aims[event.delivery], "by a message of its own"
                self.sent[event.notice] = engine.now_us
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
        row, now_us = view.notices.notices[delivery.notice], engine.now_us
        topic, ids = view.plan.notices.topics[row.topic], view.identity.group(row.customer)
        assert (row.state, row.delivery) == ("SENDING", event.delivery), "of a notice that is not being sent"
        assert now_us < row.expires_us, "too late"
        assert row.case is None or topic.after_resolved or view.cases.row(row.case).state not in SETTLED
        assert is_allowed(view, row.customer, delivery.channel, topic.purpose), "without consent"
        assert not any(one in view.identity.erasing for one in ids), "to who is to be forgotten"
        if topic.kind != "critical":
            assert self._wants(row, ids, delivery.channel, topic.kind == "legal"), "to who does not want it"
        if topic.kind != "legal" and not topic.never_held:
            assert talks_with(view, ids) is None, "while somebody talks with them"
            assert all(self.cooling.get(one, 0) <= now_us for one in ids), "just after somebody talked with them"
        quiet_us = quiet_until(view, row.customer, delivery.channel, now_us, of_class=topic.kind)
        assert quiet_us is None, "while they are left in peace"
        self._check_room(engine, delivery.notice, row, ids)
        self.had[event.delivery] = delivery.notice, now_us
        self._check_news(engine, row, topic.told_within // topic.told_within.resolution)

    def _check_room(self, engine: Engine, name: str, row: Notice, ids: tuple[str, ...]) -> None:
        """No more have left to a person than the plan says; days of their calendar are looked at elsewhere."""
        plan, rows = engine.view.plan.notices, engine.view.notices.notices
        kind = plan.topics[row.topic].kind
        had = [(rows[other], at_us) for other, at_us in self.had.values() if other != name]
        theirs = [(other, engine.now_us - at_us) for other, at_us in had if other.customer in ids]
        every = plan.topics[row.topic].every
        if every is not None:
            ages = [age for other, age in theirs if other.topic == row.topic]
            assert all(age >= every // every.resolution for age in ages), "too soon after another one"
        for cap in plan.caps:
            if kind in cap.kinds and cap.window is not None:
                window_us = cap.window // cap.window.resolution
                counted = [age for one, age in theirs if age < window_us and plan.topics[one.topic].kind in cap.kinds]
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

    def _check_news(self, engine: Engine, row: Notice, within_us: int) -> None:
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
    view, own = engine.view, engine.view.notices
    for name, row in own.notices.items():
        due_us = view.timers.get(DUE, name)
        assert (due_us is not None) == row.waits, f"{name}, {row.state}, is looked at never or for ever"
        assert row.state in _STATES
        assert row.delivery is None or row.delivery in row.aims
        assert set(filter(None, row.channels.values())) <= set(row.aims)
        if row.state == "SENDING":
            assert row.delivery is not None
            message = view.deliveries.deliveries[row.delivery]
            assert message.state not in ("FAILED", "CANCELED", "EXPIRED"), f"{name} waits for what is over"
        if row.state == "HELD":
            assert row.reason
            if row.reason == TALKING and row.until_us is None:
                assert talks_with(view, view.identity.group(row.customer)), f"{name} waits for nobody"
        if not row.waits:
            left = [one for one in row.aims if view.deliveries.deliveries[one].state in ("PENDING", "PERMITTED")]
            assert left == [], f"a message of {name}, which is settled, is still to leave"
    waiting = {name for name, row in own.notices.items() if row.state == "HELD"}
    assert {name for names in own.held.values() for name in names} == waiting


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
    assert all(row.waits or name in witness.sent or name in witness.ended for name, row in own.notices.items())
    newest = {one: until_us for one, until_us in witness.cooling.items() if until_us > engine.now_us}
    assert newest.items() <= own.cooling.items(), "somebody is disturbed too early"
