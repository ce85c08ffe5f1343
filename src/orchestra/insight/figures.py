"""What the measures say, as values that stay as they are. Belongs here: definitions of figures. Does not: counting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from orchestra.insight.clocks import ClocksMet
from orchestra.insight.costs import OVERLAP, Cost
from orchestra.insight.journeys import Journeys
from orchestra.insight.promises import PromisesKept
from orchestra.insight.sketch import Times
from orchestra.insight.variants import RESTATEMENT_VERSION, STANDARD, VARIANTS, Share, Variant, Window
from orchestra.model.instants import seconds

__all__ = ["OVERLAP", "Bots", "Contacts", "Deliverability", "Figures", "FirstResponse", "Handling", "Messages"]

_NAMED = 3


@attrs.frozen
class Messages:
    """Messages received and written."""

    inbound: int
    outbound: int


@attrs.frozen
class Contacts:
    """What became of contacts that waited. Of a queue: of each time that one waited there.

    Attributes:
        queued: all.
        waiting: not answered, and nobody gone.
        answered: by an agent, or elsewhere.
        answered_in_time: of these, within the target of the queue at that time.
        answered_elsewhere: of the answered, by a reply that was recorded.
        abandoned: the customer left before an answer, short ones included.
        short_abandons: of these, sooner than the channel counts.
        flow_outs: left the queue otherwise.
        left_after_answer: were answered, waited again, and left; of a queue these are among the abandoned.
        live: those on live channels whose first wait is over, and those turned away.
        live_connected: of these, connected to a person within 120 s. What a bot saw to by itself is not among the live.
        turned_away: came to a full queue; not among the queued.
        answered_by_bots: of the answered, by a bot first.
        called_back: of those that left otherwise, for a callback. They do not count in abandonment.
        callbacks: were asked for; not among the queued.
        callbacks_answered: of these, the customer was reached.
        callbacks_failed: of these, ended after the last attempt without reaching the customer.
        callbacks_dialed: calls to customers who are called before any agent is asked.
        callbacks_abandoned: of the abandoned, customers who were called so, answered, and gave up before an agent came.
        linked: asked what another contact of theirs asked, and were over with its answer; not among the queued.
    """

    queued: int
    answered: int
    answered_in_time: int
    answered_elsewhere: int
    abandoned: int
    short_abandons: int
    flow_outs: int
    left_after_answer: int
    live: int
    live_connected: int
    turned_away: int
    answered_by_bots: int
    called_back: int
    callbacks: int
    callbacks_answered: int
    callbacks_failed: int
    callbacks_dialed: int
    callbacks_abandoned: int
    linked: int

    @property
    def waiting(self) -> int:
        """Not answered, and nobody gone."""
        return self.queued - self.answered - self.abandoned - self.flow_outs


@attrs.frozen
class FirstResponse:
    """From a case's first inbound message to the first answer after it; `within` is seconds -> how many."""

    times: Times
    within: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**self.times.to_json(), "within": dict(self.within)}


@attrs.frozen
class Handling:
    """Agents' work on contacts that an agent, no bot, took and that are over, in microseconds.

    An answered contact that ended because nobody wrote counts up to its last message. `weighted` shares each moment of
    an agent equally among all that they had in hand, in units of `OVERLAP` to the microsecond.
    """

    handled: int
    transferred: int
    consulted: int
    talk_us: int
    hold_us: int
    wrap_up_us: int
    weighted: int

    def to_json(self) -> dict[str, Any]:
        """Plain data, durations in seconds."""
        return {
            "handled": self.handled,
            "talk_s": seconds(self.talk_us),
            "hold_s": seconds(self.hold_us),
            "wrap_up_s": seconds(self.wrap_up_us),
            "aht_s": self.aht_s,
            "weighted_aht_s": self.weighted_aht_s,
        }

    @property
    def aht_s(self) -> float | None:
        """(talk + hold + wrap-up) / handled."""
        if not self.handled:
            return None
        return seconds(self.talk_us + self.hold_us + self.wrap_up_us, self.handled)

    @property
    def weighted_aht_s(self) -> float | None:
        """The same with concurrent work shared out."""
        return seconds(self.weighted, OVERLAP * self.handled) if self.handled else None


@attrs.frozen
class Bots:
    """Bots' work on contacts that are over, which counts in no figure of agents' work.

    Attributes:
        handled: those that a bot took.
        handed_over: of these, left to people.
        spent_us: the time they were with bots, microseconds.
    """

    handled: int
    handed_over: int
    spent_us: int

    @property
    def aht_s(self) -> float | None:
        """Time with bots / handled by bots, in seconds."""
        return seconds(self.spent_us, self.handled) if self.handled else None

    def to_json(self) -> dict[str, Any]:
        """Plain data, durations in seconds."""
        return {"handled": self.handled, "handed_over": self.handed_over, "aht_s": self.aht_s}


@attrs.frozen
class Deliverability:
    """What became of outbound messages.

    `sent` were accepted by the provider, `delivered` include the read. A message that failed after it was sent counts
    in both. `unknown` are those of which nobody ever heard again. `given_up` are those that came back so that
    their address was given up. Reasons and codes are text -> how many.
    """

    planned: int
    sent: int
    delivered: int
    read: int
    failed: int
    unknown: int
    expired: int
    canceled: int
    failed_by_code: Mapping[str, int]
    canceled_by_reason: Mapping[str, int]
    given_up: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return attrs.asdict(self)


@attrs.frozen
class Figures:
    """All measures of one channel, account, queue, or of everything, over one window.

    Attributes:
        targets: the service levels that were in force, as `80 % in 20 s`.
        journeys: what goes over several contacts: first contact resolution, repeats, effort, silence.
        clocks: policy of a service clock -> how often it was met, sorted.
        promises: whether customers could rely on what they were told.
        cost: what contacts that are over have cost, by the plan of their time.
        wait: from arrival (of a queue: from entering it) to the answer, of the answered; its mean is the ASA.
    """

    window: Window
    customers: int
    cases: int
    messages: Messages
    contacts: Contacts
    first_response: FirstResponse
    end_to_end: Times
    wait: Times
    handling: Handling
    bots: Bots
    deliverability: Deliverability
    journeys: Journeys
    cost: Cost
    clocks: Mapping[str, ClocksMet]
    promises: PromisesKept
    targets: tuple[str, ...]

    def service_level(self, variant: Variant = STANDARD) -> Share:
        """(answered - answered late) / all that the variant counts."""
        contacts = self.contacts
        denominator = variant.denominator(
            answered=contacts.answered,
            abandoned=contacts.abandoned,
            short=contacts.short_abandons,
            flow_outs=contacts.flow_outs,
        )
        target = " and ".join(self.targets) if len(self.targets) <= _NAMED else "of each queue"
        return Share(f"service level {target}, {variant.name}", contacts.answered_in_time, denominator, self.window)

    @property
    def service_levels(self) -> dict[str, Share]:
        """Every variant by its key."""
        return {key: self.service_level(variant) for key, variant in VARIANTS.items()}

    @property
    def accessibility(self) -> Share:
        """Live contacts connected to an agent within 120 s, of those whose wait is over."""
        return self._share("accessibility within 120 s", self.contacts.live_connected, self.contacts.live)

    @property
    def abandonment(self) -> Share:
        """Abandoned / queued, without those who asked to be called back; the short ones apart."""
        contacts = self.contacts
        long = contacts.abandoned - contacts.short_abandons
        return self._share("abandonment, short abandons apart", long, contacts.queued - contacts.called_back)

    @property
    def short_abandonment(self) -> Share:
        """Short abandons / queued, without those who asked to be called back."""
        contacts = self.contacts
        return self._share("short abandonment", contacts.short_abandons, contacts.queued - contacts.called_back)

    @property
    def transfer_rate(self) -> Share:
        """Handled with at least one transfer / handled."""
        return self._share("transfer rate", self.handling.transferred, self.handling.handled)

    @property
    def consult_rate(self) -> Share:
        """Handled with at least one consult in which the other agent took part / handled."""
        return self._share("consult rate", self.handling.consulted, self.handling.handled)

    @property
    def asa_s(self) -> float | None:
        """Average speed of answer: the mean wait of the answered, in seconds."""
        return self.wait.mean_s

    @property
    def aht_s(self) -> float | None:
        """(talk + hold + wrap-up) / handled, in seconds."""
        return self.handling.aht_s

    @property
    def weighted_aht_s(self) -> float | None:
        """The same with concurrent work shared out among what the agent had in hand."""
        return self.handling.weighted_aht_s

    def _share(self, name: str, numerator: int, denominator: int) -> Share:
        return Share(name, numerator, denominator, self.window)

    def to_json(self) -> dict[str, Any]:
        """Plain data; durations in seconds, shares with what they are made of."""
        return {
            "window": self.window.to_json(),
            "restatement_version": RESTATEMENT_VERSION,
            "customers": self.customers,
            "cases": self.cases,
            "messages": attrs.asdict(self.messages),
            "contacts": {**attrs.asdict(self.contacts), "waiting": self.contacts.waiting},
            "first_response": self.first_response.to_json(),
            "end_to_end": self.end_to_end.to_json(),
            "wait": self.wait.to_json(),
            "asa_s": self.asa_s,
            "service_level": {key: share.to_json() for key, share in self.service_levels.items()},
            "accessibility": self.accessibility.to_json(),
            "abandonment": self.abandonment.to_json(),
            "short_abandonment": self.short_abandonment.to_json(),
            "handling": self.handling.to_json(),
            "bots": self.bots.to_json(),
            "transfer_rate": self.transfer_rate.to_json(),
            "consult_rate": self.consult_rate.to_json(),
            "deliverability": self.deliverability.to_json(),
            "journeys": self.journeys.to_json(),
            "cost": self.cost.to_json(),
            "promises": self.promises.to_json(),
            "clocks": {policy: met.to_json() for policy, met in self.clocks.items()},
        }
