"""Deliveries as they stand, what is held by an operator's stop, and receipts that came too early."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from orchestra.engine.deliveries.amended import Amended
from orchestra.engine.deliveries.early import Early, EarlyReceipt
from orchestra.engine.deliveries.pace import DUE, Bucket, Paced
from orchestra.engine.deliveries.row import Delivery
from orchestra.engine.lifecycle import DELIVERY, RECEIPTS
from orchestra.engine.outages.state import account_key
from orchestra.engine.section import SLICE_PAUSE_US, Evolve, Rows
from orchestra.model import events as e

__all__ = [
    "DUE",
    "EVOLVE",
    "EXPIRY",
    "HUSH",
    "PERMIT",
    "RELEASE",
    "SLICE",
    "TALKING",
    "Deliveries",
    "Delivery",
    "scope_key",
]

EXPIRY = "deliveries.expiry"
"""Timer of a delivery that has not left."""
PERMIT = "deliveries.permit"
"""Timer of a permit not yet used."""
RELEASE = "deliveries.release"
"""Timer of the walk over deliveries whose stop was lifted."""
HUSH = "deliveries.hush"
"""Timer of a customer with whom somebody talked: what was held meanwhile is due then."""
TALKING = "somebody talks with them"
"""Why what an application sends by itself is held."""

SLICE = 200
"""Deliveries released in one go."""

_UNREAD = ("ACCEPTED", "DELIVERED")


def scope_key(channel: str | None, topic: str | None) -> str:
    """The key of a stop's scope."""
    return f"{channel or '*'}\x1f{topic or '*'}"


class Deliveries(Paced, Early, Amended):
    """Deliveries by id; `stops` is scope -> reason, `down` the accounts that are; `early` is provider id -> receipts.

    `frozen` is subject -> how many open conflicts there are about it; `about` is subject -> what has yet to leave.
    `line` is conversation -> the deliveries that are to leave, in that order: the first one alone is permitted; and
    `unread` those that the provider has and nobody is known to have read.
    """

    TABLES: ClassVar = {
        "deliveries": Delivery,
        "stops": None,
        "down": None,
        "frozen": None,
        "to_release": None,
        "early": EarlyReceipt,
        "buckets": Bucket,
        "counts": None,
    }

    deliveries: dict[str, Delivery]
    stops: dict[str, str]
    down: dict[str, int]
    frozen: dict[str, int]
    to_release: dict[str, int]
    early: dict[str, EarlyReceipt]
    counts: dict[str, int]

    def reindex(self) -> None:
        """Rebuild the look-ups by key and provider id, and what is held, lapsed, out and waits."""
        super().reindex()
        self.by_key: dict[str, str] = {}
        self.by_provider_id: dict[tuple[str, str, str], str] = {}
        self.held: dict[tuple[str, str], dict[str, int]] = {}
        self.hushed: dict[str, dict[str, int]] = {}
        self.lapsed: dict[tuple[str, str], dict[str, int]] = {}
        self.permitted: dict[str, int] = {}
        self.started: dict[str, int] = {}
        self.unsent = 0
        self.line: dict[str, dict[str, int]] = {}
        self.about: dict[str, dict[str, int]] = {}
        self.unread: dict[str, dict[str, int]] = {}
        for name in sorted(self.deliveries, key=lambda name: int(name[2:])):
            row = self.deliveries[name]
            self.by_key[row.key] = name
            self._know_message(name, row)
            self._know(name, row)
            self._index(name, row)
            if row.is_held:
                self._hold(name, row)
        unsent = [(row.turn, name) for name, row in self.deliveries.items() if _is_unsent(row) and not row.is_held]
        for turn, name in sorted(unsent):
            self.line.setdefault(self.deliveries[name].conversation, {})[name] = turn

    def take_out(self, keys: Mapping[str, Sequence[str]]) -> None:
        """Forget deliveries of which nothing is to leave any more."""
        for name in keys["deliveries"]:
            row = self.deliveries[name]
            del self.by_key[row.key]
            self._forget_message(row)
            for provider_id in row.provider_ids:
                self.by_provider_id.pop((row.channel, row.account, provider_id), None)
            _drop(self.unread, row.conversation, name)
        super().take_out(keys)

    def put_back(self, rows: Rows) -> None:
        """Know such deliveries again."""
        super().put_back(rows)
        for name in rows["deliveries"][0]:
            row = self.deliveries[name]
            self.by_key[row.key] = name
            self._know_message(name, row)
            self._know(name, row)
            if row.state in _UNREAD:
                self.unread.setdefault(row.conversation, {})[name] = 1

    def _know(self, name: str, row: Delivery) -> None:
        for provider_id in row.provider_ids:
            self.by_provider_id[row.channel, row.account, provider_id] = name

    def _index(self, name: str, row: Delivery) -> None:
        self.unsent += _is_unsent(row)
        if row.subject is not None and _is_unsent(row):
            self.about.setdefault(row.subject, {})[name] = 1
        if row.state == "PERMITTED":
            self.permitted[name] = 1
            self._keep(account_key(row.channel, row.account), 1)
        elif row.state == "STARTED":
            self.started[name] = 1
        elif row.state == "PENDING" and row.lapses:
            self.lapsed.setdefault((row.channel, row.account), {})[name] = 1
        elif row.state in _UNREAD:
            self.unread.setdefault(row.conversation, {})[name] = 1

    def _unindex(self, name: str, row: Delivery) -> None:
        self.unsent -= _is_unsent(row)
        if row.subject is not None:
            _drop(self.about, row.subject, name)
        if self.permitted.pop(name, None) is not None:
            self._keep(account_key(row.channel, row.account), -1)
        self.started.pop(name, None)
        if row.state in _UNREAD:
            _drop(self.unread, row.conversation, name)
        if row.state == "PENDING" and row.lapses:
            _drop(self.lapsed, (row.channel, row.account), name)

    def _step(self, name: str, trigger: str) -> Delivery:
        row = self.deliveries[name]
        self._unindex(name, row)
        row.state = DELIVERY.steps[row.state, trigger]
        self._index(name, row)
        return row

    def _line_up(self, name: str, row: Delivery) -> None:
        """Its turn comes after those of its conversation that are to leave before it."""
        row.turn = self.counts["turn"] = self.counts.get("turn", 0) + 1
        self.line.setdefault(row.conversation, {})[name] = row.turn

    def _leave_line(self, name: str, row: Delivery, at_us: int) -> None:
        """It is no longer to leave: if it was its turn, the next one is due."""
        was_first = self.is_first(name)
        _drop(self.line, row.conversation, name)
        following = next(iter(self.line.get(row.conversation, ())), None)
        if was_first and following is not None:
            self.timers.set(DUE, following, at_us)

    def is_first(self, name: str) -> bool:
        """Whether it is a delivery's turn in its conversation."""
        return next(iter(self.line.get(self.deliveries[name].conversation, ())), None) == name

    def next_delivery(self) -> str:
        """The id that the next delivery will have."""
        return f"de{self.counts.get('delivery', 0) + 1}"

    def is_stopped(self, channel: str, topic: str) -> bool:
        """Whether an operator's stop covers this channel and topic."""
        return bool(self.stops) and any(key in self.stops for key in _scopes(channel, topic))

    def is_kept(self, row: Delivery) -> bool:
        """Whether an operator's stop, an open conflict about its subject or an outage keeps a delivery from leaving."""
        return row.subject in self.frozen or self.is_stopped(row.channel, row.topic) or self.is_down(row)

    def is_down(self, row: Delivery) -> bool:
        """Whether the account over which a delivery is to leave is down."""
        return bool(self.down) and account_key(row.channel, row.account) in self.down

    def planned(self, event: e.DeliveryPlanned, at_us: int) -> None:
        """Enter the delivery, which expires in time."""
        self.counts["delivery"] = self.counts.get("delivery", 0) + 1
        row = Delivery(
            event.key,
            event.message,
            event.case,
            event.customer,
            event.channel,
            event.account,
            event.conversation,
            event.topic,
            event.body,
            event.digest,
            event.interaction,
            event.expires_us,
            event.purpose,
            subject=event.subject,
            automatic=event.automatic,
            notice=event.notice,
            has_template=event.has_template,
            instead_of=event.instead_of,
        )
        self._enter(event.delivery, row)

    def steered(self, event: e.CallSteered, at_us: int) -> None:
        """What a call's line, or an agent's phone, is told; it is no message."""
        self.counts["delivery"] = self.counts.get("delivery", 0) + 1
        row = Delivery(
            f"call:{event.delivery}",
            "",
            event.case,
            event.customer,
            event.channel,
            event.account,
            event.conversation,
            "call" if event.leg is None else "leg",
            event.body,
            None,
            event.interaction,
            event.expires_us,
        )
        self._enter(event.delivery, row)

    def amended(self, event: e.MessageAmended, at_us: int) -> None:
        """Enter the delivery that changes a message, or change what has not left."""
        row = self._amend(event)
        if row is not None and event.delivery is not None:
            self.counts["delivery"] = self.counts.get("delivery", 0) + 1
            self._enter(event.delivery, row)

    def _enter(self, name: str, row: Delivery) -> None:
        self.deliveries[name] = row
        self.by_key[row.key] = name
        self._know_message(name, row)
        self._index(name, row)
        self._line_up(name, row)
        self.timers.set(EXPIRY, name, row.expires_us)

    def permitted_to(self, event: e.DeliveryPermitted, at_us: int) -> None:
        """The attempt may leave; the permit runs."""
        row = self._step(event.delivery, "permit")
        self._end_wait(event.delivery, row)
        row.until_us = event.until_us
        self._unhold(event.delivery, row, at_us)
        self.timers.cancel(DUE, event.delivery)
        self.timers.set(PERMIT, event.delivery, event.until_us)

    def held_back(self, event: e.DeliveryHeld, at_us: int) -> None:
        """A stop keeps it: no timer but its expiry runs."""
        row = self.deliveries[event.delivery]
        if row.state == "PERMITTED":
            self._step(event.delivery, "lapse")
            self._look(row.channel, row.account, at_us)
        self._end_wait(event.delivery, row)
        self._unhold(event.delivery, row, at_us)
        self._leave_line(event.delivery, row, at_us)
        row.is_hushed = event.reason == TALKING
        self._hold(event.delivery, row)
        self.timers.cancel(DUE, event.delivery)
        self.timers.cancel(PERMIT, event.delivery)

    def spread_out(self, event: e.DeliverySpread, at_us: int) -> None:
        """No stop keeps it, but its account takes no more."""
        self._unhold(event.delivery, self.deliveries[event.delivery], at_us)
        self.spread(event, at_us)

    def released(self, event: e.DeliveryReleased, at_us: int) -> None:
        """No stop keeps it; others of its conversation leave first."""
        self._unhold(event.delivery, self.deliveries[event.delivery], at_us)

    def _hold(self, name: str, row: Delivery) -> None:
        row.is_held = True
        self.held.setdefault((row.channel, row.topic), {})[name] = 1
        if row.is_hushed:
            self.hushed.setdefault(row.customer, {})[name] = 1

    def _unhold(self, name: str, row: Delivery, at_us: int) -> None:
        if not row.is_held:
            return
        row.is_held = False
        self._unhush(name, row)
        self._line_up(name, row)
        _drop(self.held, (row.channel, row.topic), name)
        if self.to_release.pop(name, None) is None:
            return
        if self.to_release:
            self.timers.set(RELEASE, "", at_us + SLICE_PAUSE_US)
        else:
            self.timers.cancel(RELEASE, "")

    def _unhush(self, name: str, row: Delivery) -> None:
        if row.is_hushed:
            row.is_hushed = False
            _drop(self.hushed, row.customer, name)

    def talk_over(self, event: e.TalkEnded, at_us: int) -> None:
        """What was held while somebody talked with the customer is due a while later."""
        self.timers.set(HUSH, event.customer, event.until_us)

    def unhushed(self, event: e.AutomationResumed, at_us: int) -> None:
        """It is to be permitted, slice by slice, unless somebody talks with the customer again by then."""
        for name in event.deliveries:
            self._unhush(name, self.deliveries[name])
        self._release({name: 1 for name in event.deliveries if self._is_free(self.deliveries[name])}, at_us)
        if event.more:
            self.timers.set(HUSH, event.customer, at_us + SLICE_PAUSE_US)
        else:
            self.timers.cancel(HUSH, event.customer)

    def started_now(self, event: e.DeliveryStarted, at_us: int) -> None:
        """The attempt has left: it can neither lapse nor expire."""
        row = self._step(event.delivery, "start")
        self._take(row.channel, row.account, at_us)
        self._look(row.channel, row.account, at_us)
        row.lapses = 0
        row.attempts, row.epoch, row.until_us, row.started_us = event.attempt, event.epoch, None, at_us
        self.timers.cancel(PERMIT, event.delivery)
        self.timers.cancel(EXPIRY, event.delivery)

    def accepted(self, event: e.DeliveryAccepted, at_us: int) -> None:
        """The provider has it, under these ids."""
        row = self._step(event.delivery, "accept")
        self._leave_line(event.delivery, row, at_us)
        row.provider_ids = event.provider_ids
        self._know(event.delivery, row)

    def retried(self, event: e.DeliveryRetried, at_us: int) -> None:
        """The next attempt is due later; it may expire until then."""
        row = self.deliveries[event.delivery]
        is_lapse = row.state == "PERMITTED"
        row.lapses += is_lapse
        self._step(event.delivery, "lapse" if is_lapse else "retry")
        self._look(row.channel, row.account, at_us)
        row.until_us = None
        self.timers.cancel(PERMIT, event.delivery)
        self.timers.set(DUE, event.delivery, event.next_us)
        self.timers.set(EXPIRY, event.delivery, row.expires_us)

    def failed(self, event: e.DeliveryFailed, at_us: int) -> None:
        """It is given up."""
        self._leave_line(event.delivery, self._step(event.delivery, "fail"), at_us)

    def unknown(self, event: e.DeliveryUnknown, at_us: int) -> None:
        """Nobody knows."""
        self._leave_line(event.delivery, self._step(event.delivery, "lose"), at_us)

    def expired(self, event: e.DeliveryExpired, at_us: int) -> None:
        """It is too late."""
        self._give_up(event.delivery, "expire", at_us)

    def canceled(self, event: e.DeliveryCanceled, at_us: int) -> None:
        """It was called back."""
        self._give_up(event.delivery, "cancel", at_us)

    def _give_up(self, name: str, trigger: str, at_us: int) -> None:
        row = self._step(name, trigger)
        self._end_wait(name, row)
        self._look(row.channel, row.account, at_us)
        self._unhold(name, row, at_us)
        self._leave_line(name, row, at_us)
        for timer in (DUE, PERMIT, EXPIRY):
            self.timers.cancel(timer, name)

    def receipt(self, event: e.ReceiptRecorded, at_us: int) -> None:
        """Step as far as the receipt says, never back."""
        row = self.deliveries[event.delivery]
        if event.is_weak:
            row.is_opened = True
            return
        trigger = RECEIPTS[event.receipt]
        if DELIVERY.allows(row.state, trigger):
            self._step(event.delivery, trigger)
        if event.early_key is not None:
            del self.early[event.early_key]

    def stopped(self, event: e.SendingStopped, at_us: int) -> None:
        """Nothing of the scope is permitted from here on."""
        self.stops[scope_key(event.channel, event.topic)] = event.reason

    def sending_started(self, event: e.SendingStarted, at_us: int) -> None:
        """What no other stop keeps is to be permitted, slice by slice."""
        del self.stops[scope_key(event.channel, event.topic)]
        free = {
            name: 1
            for (channel, topic), names in self.held.items()
            if not self.is_stopped(channel, topic)
            for name in names
        }
        self._release(free, at_us)

    def _release(self, names: dict[str, int], at_us: int) -> None:
        self.to_release = dict(sorted((self.to_release | names).items()))
        if self.to_release:
            self.timers.set(RELEASE, "", at_us)

    def channel_down(self, event: e.ChannelDown, at_us: int) -> None:
        """Nothing is permitted there from here on."""
        self.down[account_key(event.channel, event.account)] = 1

    def channel_up(self, event: e.ChannelUp, at_us: int) -> None:
        """What nothing else keeps is to be permitted, slice by slice, unless it is too late for it by then."""
        del self.down[account_key(event.channel, event.account)]
        held = (name for (channel, _), names in self.held.items() if channel == event.channel for name in names)
        rows = {name: self.deliveries[name] for name in held}
        there = {name: 1 for name, row in rows.items() if row.account == event.account and self._is_free(row)}
        self._release({name: 1 for name in there if not rows[name].is_hushed}, at_us)

    def conflict_raised(self, event: e.CommitmentConflict, at_us: int) -> None:
        """Nothing about the subject is permitted from here on."""
        self.frozen[event.subject] = self.frozen.get(event.subject, 0) + 1

    def corrected(self, event: e.CommitmentCorrected, at_us: int) -> None:
        """What was written of the subject must not leave if it may say what holds no more; else it may, in slices."""
        self.frozen[event.subject] -= 1
        if not self.frozen[event.subject]:
            del self.frozen[event.subject]
        rows = {name: self.deliveries[name] for name in self.about.get(event.subject, ())}
        for row in rows.values():
            row.is_outdated = row.is_outdated or event.effect != "none"
        self._release({name: 1 for name, row in rows.items() if row.is_held and self._is_free(row)}, at_us)

    def _is_free(self, row: Delivery) -> bool:
        return row.is_outdated or not self.is_kept(row)

    def resumed(self, event: e.DeliveriesResumed, at_us: int) -> None:
        """What lapsed there is due now, slice by slice; but not what a stop keeps, or what waits for its turn."""
        lapsed = (name for name in self.lapsed.get((event.channel, event.account), ()) if self.is_first(name))
        names = [name for name in lapsed if not self.deliveries[name].waits]
        for number, name in enumerate(sorted(names, key=lambda name: int(name[2:]))):
            self.timers.set(DUE, name, at_us + number // SLICE * SLICE_PAUSE_US)


def _is_unsent(row: Delivery) -> bool:
    return row.state in ("PENDING", "PERMITTED", "STARTED")


def _drop(names_of: dict[Any, dict[str, int]], key: Any, name: str) -> None:
    names = names_of.get(key, {})
    names.pop(name, None)
    if not names:
        names_of.pop(key, None)


def _scopes(channel: str, topic: str) -> Iterator[str]:
    yield scope_key(None, None)
    yield scope_key(channel, None)
    yield scope_key(None, topic)
    yield scope_key(channel, topic)


EVOLVE: dict[type[e.Event], Evolve] = {
    e.DeliveryPlanned: Deliveries.planned,
    e.CallSteered: Deliveries.steered,
    e.MessageAmended: Deliveries.amended,
    e.DeliveryPermitted: Deliveries.permitted_to,
    e.DeliveryHeld: Deliveries.held_back,
    e.DeliveryReleased: Deliveries.released,
    e.DeliverySpread: Deliveries.spread_out,
    e.AccountPaced: Deliveries.paced,
    e.PlanChanged: Deliveries.rates_changed,
    e.DeliveryStarted: Deliveries.started_now,
    e.DeliveryAccepted: Deliveries.accepted,
    e.DeliveryRetried: Deliveries.retried,
    e.DeliveryFailed: Deliveries.failed,
    e.DeliveryUnknown: Deliveries.unknown,
    e.DeliveryExpired: Deliveries.expired,
    e.DeliveryCanceled: Deliveries.canceled,
    e.ReceiptRecorded: Deliveries.receipt,
    e.ReceiptKept: Deliveries.receipt_kept,
    e.SendingStopped: Deliveries.stopped,
    e.ChannelDown: Deliveries.channel_down,
    e.ChannelUp: Deliveries.channel_up,
    e.SendingStarted: Deliveries.sending_started,
    e.DeliveriesResumed: Deliveries.resumed,
    e.TalkEnded: Deliveries.talk_over,
    e.AutomationResumed: Deliveries.unhushed,
    e.CommitmentConflict: Deliveries.conflict_raised,
    e.CommitmentCorrected: Deliveries.corrected,
}
