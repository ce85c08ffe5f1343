"""Notices as they stand, what customers want to be told, and with whom somebody talked until just now."""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import ClassVar

from orchestra.engine.lifecycle import NOTICE
from orchestra.engine.notices.row import GATHERING, IN_DIGEST, Crews, Notice, Value, drop, gathers_key, route
from orchestra.engine.section import Evolve, Rows, Slice
from orchestra.model import events as e

__all__ = ["DUE", "EVOLVE", "NOT_BEFORE", "RECALLED", "TALKING", "Notices", "owner_of", "wish_key"]

DUE = "notices.due"
"""Timer of a notice that waits: it is looked at then."""
TALKING = "talking"
"""Why it is held while somebody talks with the customer."""
NOT_BEFORE = "not_before"
"""Why it is planned and not told yet: it is to be told later."""

RECALLED = "recalled: "
"""What the reason begins with for which the message of a notice is called back: it is looked at again."""


def wish_key(topic: str | None, channel: str | None) -> str:
    """The key under which a customer's word on notices is held."""
    return f"{topic or '*'}\x1f{channel or '*'}"


def owner_of(row: Notice) -> str:
    """What its facts are about: its case, or else its customer."""
    return row.case or row.customer


Fact = tuple[str, str, str, Value]
"""What it is about, a fact of that, the type of its value, the value. To Python, true is 1."""


def _facts(row: Notice) -> list[Fact]:
    return [(owner_of(row), fact, type(value).__name__, value) for fact, value in row.facts.items()]


class Notices(Slice):
    """Notices by id.

    `wishes` is customer -> what about -> whether they want to be told; `cooling` is customer -> until when nobody
    disturbs them after somebody talked with them; `matters` is customer -> the case under which they are told what is
    about no case.
    """

    TABLES: ClassVar = {"notices": Notice, "wishes": None, "cooling": None, "matters": None, "counts": None}

    notices: dict[str, Notice]
    wishes: dict[str, dict[str, bool]]
    cooling: dict[str, int]
    matters: dict[str, str]
    counts: dict[str, int]

    def reindex(self) -> None:
        """Rebuild the look-ups by key, owner, group and fact, and what is held."""
        self.by_key: dict[str, str] = {}
        self.of: dict[str, dict[str, int]] = {}
        self.newest: dict[tuple[str, str], str] = {}
        self.in_group: dict[tuple[str, str], dict[str, int]] = {}
        self.telling: dict[Fact, dict[str, int]] = {}
        self.held: dict[str, dict[str, int]] = {}
        self.by_delivery: dict[str, str] = {}
        self.had: dict[str, list[tuple[int, str]]] = {}
        self.talking: dict[str, dict[str, int]] = {}
        self.crews = Crews()
        self._coolest = [(until_us, customer) for customer, until_us in self.cooling.items()]
        heapify(self._coolest)
        for name in sorted(self.notices, key=lambda name: int(name[2:])):
            self._know(name, self.notices[name])
            self._index(name, self.notices[name])

    def take_out(self, keys: Mapping[str, Sequence[str]]) -> None:
        """Forget notices that are settled."""
        for name in keys["notices"]:
            row = self.notices[name]
            del self.by_key[row.key]
            for delivery in row.aims:
                del self.by_delivery[delivery]
            self.had.pop(row.customer, None)  # all of them leave together
            self.crews.forget(name, row)
            for owner in _owners(row):
                drop(self.of, owner, name)
            if row.group is not None and self.newest.get((row.customer, row.group)) == name:
                del self.newest[row.customer, row.group]
        super().take_out(keys)

    def put_back(self, rows: Rows) -> None:
        """Know such notices again."""
        super().put_back(rows)
        for name in sorted(rows["notices"][0], key=lambda name: int(name[2:])):
            self._know(name, self.notices[name])

    def _know(self, name: str, row: Notice) -> None:
        self.by_key[row.key] = name
        self.crews.know(name, row)
        for delivery in row.aims:
            self.by_delivery[delivery] = name
        for left_us in row.left.values():
            insort(self.had.setdefault(row.customer, []), (left_us, name))
        for owner in _owners(row):
            self.of.setdefault(owner, {})[name] = 1
        if row.group is not None:
            other = self.newest.get((row.customer, row.group), name)
            self.newest[row.customer, row.group] = max(other, name, key=lambda one: int(one[2:]))

    def _index(self, name: str, row: Notice) -> None:
        if not row.waits:
            return
        if row.group is not None:
            self.in_group.setdefault((row.customer, row.group), {})[name] = 1
        self.crews.index(name, row)
        for fact in _facts(row):
            self.telling.setdefault(fact, {})[name] = 1
        if row.state == "HELD":
            self.held.setdefault(row.customer, {})[name] = 1
            if row.reason == TALKING and row.until_us is None:
                self.talking.setdefault(row.customer, {})[name] = 1

    def _unindex(self, name: str, row: Notice) -> None:
        if row.group is not None:
            drop(self.in_group, (row.customer, row.group), name)
        self.crews.unindex(name, row)
        for fact in _facts(row):
            drop(self.telling, fact, name)
        drop(self.held, row.customer, name)
        drop(self.talking, row.customer, name)

    def _step(self, name: str, trigger: str, reason: str | None = None) -> Notice:
        row = self.notices[name]
        self._unindex(name, row)
        row.state, row.reason, row.until_us = NOTICE.steps[row.state, trigger], reason, None
        self._index(name, row)
        if row.waits:
            self.timers.set(DUE, name, row.expires_us)
        else:
            self.timers.cancel(DUE, name)
        return row

    def next_notice(self) -> str:
        """The id that the next notice will have."""
        return f"nt{self.counts.get('notice', 0) + 1}"

    def cools_until(self, ids: Sequence[str]) -> int:
        """Until when nobody disturbs a person with whom somebody talked; 0 if nobody did."""
        return max((self.cooling.get(one, 0) for one in ids), default=0)

    # Changes

    def planned(self, event: e.NoticePlanned, at_us: int) -> None:
        """Enter it; it is looked at in time, or when it expires."""
        self.counts["notice"] = self.counts.get("notice", 0) + 1
        row = Notice(
            event.key,
            event.digest,
            event.customer,
            event.topic,
            event.urgency,
            event.facts,
            at_us,
            event.expires_us,
            event.case,
            event.not_before_us,
            event.group,
        )
        if event.not_before_us is not None and event.not_before_us > at_us:
            row.reason, row.until_us = NOT_BEFORE, min(event.not_before_us, event.expires_us)
        self.notices[event.notice] = row
        self._know(event.notice, row)
        self._index(event.notice, row)
        due_us = event.expires_us if event.not_before_us is None else min(event.not_before_us, event.expires_us)
        self.timers.set(DUE, event.notice, due_us)

    def held_back(self, event: e.NoticeHeld, at_us: int) -> None:
        """It waits, and whatever took it along goes without it."""
        row = self._step(event.notice, "hold", event.reason)
        if row.leader is not None:
            self._gather(event.notice, row, None, None)
        if event.until_us is not None:
            self._look(event.notice, row, event.until_us)

    def _look(self, name: str, row: Notice, at_us: int) -> None:
        """It is looked at then, unless it expires before."""
        row.until_us = min(at_us, row.expires_us)
        drop(self.talking, row.customer, name)
        self.timers.set(DUE, name, row.until_us)

    def _gather(self, name: str, row: Notice, gathers: str | None, leader: str | None) -> None:
        self._unindex(name, row)
        row.gathers, row.leader, row.gathers_us = gathers, leader, None
        self._index(name, row)

    def gathered(self, event: e.NoticeGathered, at_us: int) -> None:
        """It waits for others, or is taken along; what it takes the place of leads nothing any more."""
        row = self._step(event.notice, "hold", GATHERING if event.leader is None else IN_DIGEST)
        self._gather(event.notice, row, gathers_key(event.digest, event.about), event.leader)
        if event.leader is None:
            row.gathers_us = event.until_us
            self._look(event.notice, row, event.until_us)
            for other in () if event.instead_of is None else self.crews.of(event.instead_of):
                self._gather(other, self.notices[other], row.gathers, event.notice)
            return
        first = self.notices[event.leader]
        assert first.gathers_us is not None  # it leads
        if event.until_us < first.gathers_us:
            first.gathers_us = event.until_us
            self._look(event.leader, first, event.until_us)

    def sending(self, event: e.NoticeSending, at_us: int) -> None:
        """Its message is to leave, with all that it takes along, and has some time to arrive."""
        row = self._step(event.notice, "send")
        row.delivery = event.delivery
        row.channels[route(event.channel, event.provider)] = event.delivery
        row.aims[event.delivery] = event.success_at
        self.by_delivery[event.delivery] = event.notice
        for name in (event.notice, *self.crews.of(event.notice)):
            other = self.notices[name]
            other.matter = event.case
            if other.case is None:
                self.matters[other.customer] = event.case
            if other is not row:
                other.rides.append(event.delivery)
                self.crews.know(name, other)
        self._look(event.notice, row, event.until_us)

    def recalled(self, event: e.NoticeRecalled, at_us: int) -> None:
        """Its message does not leave: the channel is as if it had not been tried."""
        row = self._step(event.notice, "recall", event.reason)
        assert row.delivery is not None  # a message is called back
        del row.aims[row.delivery], self.by_delivery[row.delivery]
        row.channels = {channel: one for channel, one in row.channels.items() if one != row.delivery}
        for name in self.crews.aboard.pop(row.delivery, ()):
            self.notices[name].rides.remove(row.delivery)
        row.delivery = None

    def skipped(self, event: e.NoticeLegSkipped, at_us: int) -> None:
        """The channel is as good as tried."""
        self.notices[event.notice].channels[route(event.channel, event.provider)] = ""

    def leg_failed(self, event: e.NoticeLegFailed, at_us: int) -> None:
        """Its message did not arrive there."""
        self._step(event.notice, "advance", event.reason).delivery = None

    def arrived(self, event: e.NoticeSent, at_us: int) -> None:
        """The customer is told."""
        row = self._step(event.notice, "succeed")
        row.delivery, row.sent_us = event.delivery, at_us

    def suppressed(self, event: e.NoticeSuppressed, at_us: int) -> None:
        """Nobody is told."""
        self._step(event.notice, "suppress", event.reason)

    def failed(self, event: e.NoticeFailed, at_us: int) -> None:
        """It is given up."""
        self._step(event.notice, "fail", event.reason)

    def expired(self, event: e.NoticeExpired, at_us: int) -> None:
        """It is too late."""
        self._step(event.notice, "expire")

    def _told_by(self, delivery: str) -> list[str]:
        """The notices that a message tells; none if it is no notice's."""
        name = self.by_delivery.get(delivery)
        return [] if name is None else [name, *self.crews.beside(delivery)]

    def left_now(self, event: e.DeliveryStarted, at_us: int) -> None:
        """A message of it leaves: the customer has had it, unless it becomes known that they have not."""
        for name in self._told_by(event.delivery):
            row = self.notices[name]
            row.left[event.delivery] = at_us
            insort(self.had.setdefault(row.customer, []), (at_us, name))

    def not_left(self, event: e.DeliveryRetried | e.DeliveryFailed, at_us: int) -> None:
        """They have not had it."""
        self._not_had(event.delivery)

    def receipt(self, event: e.ReceiptRecorded, at_us: int) -> None:
        """They have not had it after all, if nothing else was told before."""
        if event.receipt == "failed" and not event.conflicts:
            self._not_had(event.delivery)

    def _not_had(self, delivery: str) -> None:
        for name in self._told_by(delivery):
            row = self.notices[name]
            if delivery not in row.left:
                continue
            had = self.had[row.customer]
            had.remove((row.left.pop(delivery), name))
            if not had:
                del self.had[row.customer]

    def answered(self, event: e.NoticeAnswered, at_us: int) -> None:
        """Keep what they picked last."""
        self.notices[event.notice].answer = event.option

    def preference_set(self, event: e.NoticePreferenceSet, at_us: int) -> None:
        """Remember what the customer wants to be told."""
        wishes = self.wishes.setdefault(event.customer, {})
        if event.wanted is None:
            wishes.pop(wish_key(event.topic, event.channel), None)
        else:
            wishes[wish_key(event.topic, event.channel)] = event.wanted
        if not wishes:
            del self.wishes[event.customer]

    def talk_ended(self, event: e.LiveContactEnded, at_us: int) -> None:
        """What waited for that is looked at a while later. Of those whose while is over two are forgotten each time."""
        self.cooling[event.customer] = event.until_us
        heappush(self._coolest, (event.until_us, event.customer))
        forgotten = 0
        while self._coolest and forgotten < 2:
            until_us, customer = self._coolest[0]
            if self.cooling.get(customer) == until_us:
                if until_us > at_us:
                    break
                del self.cooling[customer]
                forgotten += 1
            heappop(self._coolest)
        for name in list(self.talking.get(event.customer, ())):
            self._look(name, self.notices[name], event.until_us)


def _owners(row: Notice) -> list[str]:
    return [row.customer] if row.case is None else [row.customer, row.case]


EVOLVE: dict[type[e.Event], Evolve] = {
    e.NoticePlanned: Notices.planned,
    e.NoticeHeld: Notices.held_back,
    e.NoticeGathered: Notices.gathered,
    e.NoticeSending: Notices.sending,
    e.NoticeRecalled: Notices.recalled,
    e.NoticeLegSkipped: Notices.skipped,
    e.NoticeLegFailed: Notices.leg_failed,
    e.NoticeSent: Notices.arrived,
    e.NoticeSuppressed: Notices.suppressed,
    e.NoticeFailed: Notices.failed,
    e.NoticeExpired: Notices.expired,
    e.NoticePreferenceSet: Notices.preference_set,
    e.NoticeAnswered: Notices.answered,
    e.DeliveryStarted: Notices.left_now,
    e.DeliveryRetried: Notices.not_left,
    e.DeliveryFailed: Notices.not_left,
    e.ReceiptRecorded: Notices.receipt,
    e.LiveContactEnded: Notices.talk_ended,
}
