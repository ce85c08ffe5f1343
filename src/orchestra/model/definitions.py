"""The parts of a plan: queues, channels, teams, agents, roles, cases, deliveries. Pure data with defaults that work.

Durations are `timedelta` (text such as `20s` in a plan file), skill levels whole numbers from 1, shares whole percents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import attrs

from orchestra.model.brands import Brand
from orchestra.model.calls import CallHandling
from orchestra.model.cases import Cases, Disposition
from orchestra.model.commitments import CommitmentAttribute, Commitments
from orchestra.model.findings import FindingKind
from orchestra.model.hours import Hours
from orchestra.model.menus import Menu, MenuKey, MenuStep
from orchestra.model.pace import SendingRate
from orchestra.model.participants import Participant
from orchestra.model.roles import Role, Sight
from orchestra.model.routing import Ageing, Condition, Ring, Serving, Step
from orchestra.model.teams import Team

__all__ = [
    "Account",
    "Ageing",
    "AgentDefinition",
    "Brand",
    "CallHandling",
    "Callbacks",
    "Cases",
    "Channel",
    "CommitmentAttribute",
    "Commitments",
    "Condition",
    "Deliveries",
    "Disposition",
    "Fields",
    "FindingKind",
    "Label",
    "Menu",
    "MenuKey",
    "MenuStep",
    "Participant",
    "Presence",
    "Queue",
    "Rate",
    "Ring",
    "Role",
    "ServiceLevel",
    "Serving",
    "Sight",
    "Silence",
    "Step",
    "Team",
    "WarmUp",
    "WorkspaceDefinition",
]


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    """Lists, as files have them, and tuples make equal plans."""
    return tuple(values)


def _steps(values: Iterable[Step]) -> tuple[Step, ...]:
    return tuple(values)


def _ages(values: Iterable[Ageing]) -> tuple[Ageing, ...]:
    return tuple(values)


def _seconds(count: int) -> timedelta:
    return timedelta(seconds=count)


@attrs.frozen
class WorkspaceDefinition:
    """What holds for the workspace as a whole.

    Attributes:
        name: shows in reports, seeds the default key.
        seed: of every seeded choice; change it and equal inputs are decided with other jitter.
        key: name of the secret under which addresses are hashed. None derives a key from the name, which keeps
            addresses out of facts but lets whoever knows the name test a guess: fine for a trial, not for production.
        default_queue: where contacts wait whose channel names no queue.
        calendar: by which business time counts where nothing names another; around the clock unless stated.
        language: in which customers are told something of whom no other language is known, or for which there is no
            wording.
        zone: the IANA zone of the company, such as `Europe/Berlin`, and of customers of whom nothing tells where they
            are; none unless stated.
    """

    default_queue: str = ""
    name: str = "workspace"
    seed: int = 0
    key: str | None = None
    calendar: str | None = None
    zone: str | None = None
    language: str = "en"


@attrs.frozen
class ServiceLevel:
    """The share of contacts that should be answered within a time.

    Attributes:
        percent: the share, from 1 to 100; 80 unless stated.
        within: the time, counted from when the contact queued; 20 seconds unless stated.
    """

    percent: int = 80
    within: timedelta = _seconds(20)


@attrs.frozen
class Label:
    """A mark of work of which nobody should have too much at once, whatever its channel. Queues name their labels.

    Attributes:
        limit: most interactions with this label that one agent has at once.
    """

    limit: int


@attrs.frozen
class Queue:
    """Where interactions wait.

    Attributes:
        team: accountable for the cases of this queue, and whose agents serve it.
        skills: skill -> least level an agent must have.
        labels: which labels its interactions carry; none unless stated.
        tier: whatever waits in a queue of a lower tier goes first, however long others have waited; 0 unless stated.
        priority: minutes of waiting that its interactions are worth more than others an agent can take.
        ageing_percent: how fast waiting counts, compared to other queues; at 0 only priority does.
        ageing: ages from which on its interactions have minutes of waiting ahead of others, the lowest first; what each
            gives adds up. None unless stated, so that all age evenly.
        newest_first: whether the last to come is served first.
        rank: `waiting` counts from when a contact began to wait; `due` from when it is due, if it has a due time: what
            is due in an hour counts as if it began to wait in an hour.
        requeue: the place of what waits again: `keep` its own, `front` before all others, `reset` at the end.
        also: team -> how it serves this queue beside the queue's own.
        known: who knows the customer, for steps that ask them: the `owner` of the case, or the `last` person who took a
            contact of theirs, and the owner where there is none.
        order: how agents who could be offered a contact are ordered, from what counts most; names from the catalogue,
            or `score:NAME@VERSION` for a score of the application's own.
        ring: how many agents a contact rings at once; one, until they answer or time is up, unless stated.
        steps: whom contacts are offered to, one step after the other; all who serve the queue, for good, unless stated.
        overflow_to: the queue that contacts move to, with their place, when the last step is over.
        overflow_if: when a contact that arrives moves there at once.
        hours: when it is open; always unless stated.
        when_closed: what becomes of contacts while it is closed. `wait`: nobody is asked until it opens; `overflow`:
            they move to `overflow_to`; `turn_away`: live ones are turned away, what is written waits; `finish`: those
            who wait already are served, live ones who come later go to `overflow_to` or are turned away.
        limit: most live contacts that wait here; a further one whom nobody can take at once goes to `overflow_to`, or
            is turned away. What is written is never turned away. None for no limit.
        at_risk: what happens to a live contact when its channel's connect target is at risk: `help` opens it to all
            teams of `also` at once, `overflow` moves it to `overflow_to`, with its place.
        exhausted: once all have declined or missed a contact: `retry` asks them again later, `next_step` goes on.
        service_level: what reports compare against.
        retry_after: how long after everybody declined they are asked again.
        announce_every: those who listen are told a contact's place and estimated wait no more often than this.
    """

    team: str
    skills: Mapping[str, int] = attrs.field(factory=dict)
    labels: Sequence[str] = attrs.field(default=(), converter=_texts)
    tier: int = 0
    priority: int = 0
    ageing_percent: int = 100
    ageing: Sequence[Ageing] = attrs.field(default=(), converter=_ages)
    newest_first: bool = False
    rank: str = "waiting"
    requeue: str = "keep"
    also: Mapping[str, Serving] = attrs.field(factory=dict)
    known: str = "owner"
    order: Sequence[str] = attrs.field(default=("busy", "idle"), converter=_texts)
    ring: Ring = Ring()
    steps: Sequence[Step] = attrs.field(default=(), converter=_steps)
    overflow_to: str | None = None
    overflow_if: Condition = Condition()
    hours: Hours | None = None
    when_closed: str = "wait"
    limit: int | None = None
    at_risk: str = "help"
    exhausted: str = "retry"
    service_level: ServiceLevel = ServiceLevel()
    retry_after: timedelta = _seconds(30)
    announce_every: timedelta = _seconds(5)


@attrs.frozen
class Account:
    """One of the company's own accounts on a channel: a number, a page, a mailbox. Unset values are the channel's.

    Attributes:
        queue: where its contacts wait, instead of the channel's queue.
        rate: how fast it sends, instead of the channel's rate.
    """

    queue: str | None = None
    rate: SendingRate | None = None


@attrs.frozen
class Silence:
    """What a contact weighs while its customer, who has been answered, says nothing.

    Attributes:
        after: how long after the last message of ours, if the customer has written nothing since; never unless stated.
        percent: the share of its weight that counts from then on, until the customer writes again.
    """

    after: timedelta | None = None
    percent: int = 100


_ANSWER_LIVE = _seconds(20)
_ANSWER = _seconds(60)
_ANSWER_WORK = _seconds(120)


@attrs.frozen
class Channel:
    """A medium and how it is worked.

    Attributes:
        live: the customer waits on the line (voice, chat); else they wrote and went on with their day.
        work: its interactions are work items, which the application opens: tasks and back-office work, in which nobody
            writes; never live.
        queue: where its contacts wait; None for the workspace's default.
        accounts: own accounts that differ from the rest; accounts not listed are taken as they come.
        weight_percent: share of an agent's budget that one interaction takes.
        limit: most interactions of this channel that one agent has at once; None for no limit but the budget.
        interrupts: channels whose work an agent puts aside for a contact of this one, where the budget has no room.
        put_aside: `keep` or `requeue`: whether work of this channel that is put aside stays with its agent, or waits
            for anybody again.
        offer_timeout: how long an agent has to answer an offer; 20 s for a live channel, 120 s for work items and 60 s
            for others unless stated.
        connects: how long it may take, after the agent's answer, until agent and customer are connected, which then
            has to be confirmed; None where the answer is all it takes.
        parties: most agents who talk with one customer at once, with the one who has the contact; at least 2, and 3
            unless stated.
        wrap_up: longest time for work after contact.
        wrap_up_mode: how that work ends. `timed`: by itself, or sooner by the agent; none if `wrap_up` is zero.
            `optional`: by the agent, or after `wrap_up` unless that is zero. `required`: only by the agent, who has to
            give a disposition. `fixed`: by itself and never sooner. Agents who are gone have none.
        wrap_up_percent: the share of its weight that still counts while it is being wrapped up.
        silence: after how long without a word from a customer who has been answered a contact weighs less.
        idle_after: an answered interaction without any message for this long is over; None for never, as it always is
            for work items.
        short_abandon: those who leave sooner are counted apart.
        connect_target: within which a live contact should be connected. When three quarters of it have passed, the
            queue's `at_risk` says what helps.
        alternatives: what customers are to be offered when the wait will probably be longer: names of channels, or
            `callback`; none unless stated.
        resume_within: a live contact that its customer gave up gets its place back if they come to the same queue again
            within this time; not at all if zero.
        max_age: a message that claims to be older is taken as this old; None believes any age.
        keep_ids: how long message ids are kept against repeats, at least a week; None for ever.
        on_agent_lost: what becomes of work in hand when its agent signs out or falls silent. `requeue`: it waits for
            anybody, with its place; `keep`: it stays with them; `park`: it stays with them until they come back, but
            waits for anybody once the customer writes, or after `park_for`.
        park_for: how long parked work waits for its agent; an hour unless stated.
        most_verified: the highest of the plan's levels that a customer can be verified to on it; None for any.
        poll: how often its accounts are asked for news, at least a second, where their adapter can ask; None for only
            when the workspace opens and when an account is up again, to fill the gap.
        rate: how fast each of its accounts sends; as fast as it can unless stated.
        calendar: by which business time counts on it; the workspace's unless stated.
        calls: what callers hear, where it brings calls that the library steers; none unless stated.
    """

    live: bool = False
    work: bool = False
    queue: str | None = None
    accounts: Mapping[str, Account] = attrs.field(factory=dict)
    weight_percent: int = 100
    limit: int | None = None
    interrupts: Sequence[str] = attrs.field(default=(), converter=_texts)
    put_aside: str = "keep"
    offer_timeout: timedelta | None = None
    connects: timedelta | None = None
    parties: int = 3
    wrap_up: timedelta = timedelta()
    wrap_up_mode: str = "timed"
    wrap_up_percent: int = 100
    silence: Silence = Silence()
    idle_after: timedelta | None = timedelta(days=1)
    short_abandon: timedelta = _seconds(5)
    connect_target: timedelta = _seconds(120)
    alternatives: Sequence[str] = attrs.field(default=(), converter=_texts)
    resume_within: timedelta = _seconds(60)
    max_age: timedelta | None = timedelta(days=7)
    keep_ids: timedelta | None = timedelta(days=7)
    on_agent_lost: str = "requeue"
    park_for: timedelta = timedelta(hours=1)
    most_verified: str | None = None
    poll: timedelta | None = None
    rate: SendingRate | None = None
    calendar: str | None = None
    calls: CallHandling | None = None

    @property
    def answer_within(self) -> timedelta:
        """How long an agent has to answer an offer."""
        if self.offer_timeout is not None:
            return self.offer_timeout
        if self.live:
            return _ANSWER_LIVE
        return _ANSWER_WORK if self.work else _ANSWER


@attrs.frozen
class AgentDefinition:
    """An agent named in the plan. Larger companies define theirs by command, from their directory.

    Attributes:
        teams: the teams they work in; at least one.
        skills: skill -> level from 1 to 100; none unless stated.
        roles: what they may do; without any, an agent's usual work.
        capacity_percent: their budget, of which each interaction takes its channel's weight; from 1 to 10,000, and 100
            unless stated.
        name: what people call them; private, and none unless stated.
        kind: `person`, or `bot` for a program, which needs no device that answers; see `presence.bot_answers_within`.
        position: their place where the order of a queue goes by it, lowest first; 0 unless stated.
        menu: of a bot, the menu that it asks; it needs no program then, and whoever owns the workspace serves it.
    """

    teams: Sequence[str] = attrs.field(converter=_texts)
    skills: Mapping[str, int] = attrs.field(factory=dict)
    roles: Sequence[str] = attrs.field(default=(), converter=_texts)
    capacity_percent: int = 100
    name: str | None = attrs.field(default=None, repr=False)
    kind: str = "person"
    position: int = 0
    menu: str | None = None


@attrs.frozen
class Rate:
    """At most so much within a time.

    Attributes:
        offers: how many at most, from 1 to 100; None for no limit.
        per: within how long; a minute unless stated.
    """

    offers: int | None = None
    per: timedelta = _seconds(60)


@attrs.frozen
class WarmUp:
    """How an agent's budget grows after signing in.

    Attributes:
        percent: the share of the budget at the beginning; all of it unless stated.
        lasts: how long until it is all of it; not at all unless stated.
        steps: in how many equal steps it grows, from 1 to 100.
    """

    percent: int = 100
    lasts: timedelta = timedelta()
    steps: int = 1


@attrs.frozen
class Presence:
    """How agents come, and how their absence shows.

    Attributes:
        misses: offers missed in a row until the agent is set away; 0 for never.
        rest_after_decline: how long an agent is offered nothing after declining; not at all unless stated.
        rest_after_miss: how long after missing an offer.
        rest_after_setup_failure: how long after a contact could not be connected to them, so that they do not get the
            next ones that fail; 5 seconds unless stated.
        rate: how many offers an agent is made at most, and within how long; each counts, whatever becomes of it.
        on_return: how much an agent takes at most within some time after signing in, so that whoever was away does not
            get all that waits; what they decline or miss does not count.
        warm_up: how an agent's budget grows after signing in.
        window: how far back the orders `handled` and `talk` look, in twelfths; an hour unless stated.
        grace: how long all devices may be silent until work in hand is dealt with.
        bot_answers_within: how long a bot may owe an answer to what it has taken, or to a customer who wrote, until
            the contact goes over to people.
        bot_answers: how many answers of bots one conversation gets within a day, on channels that are not live, until a
            person writes in it: nothing else ends a talk with a machine that does not say that it is one.
        device_lease: how long a device may be silent until it counts as lost.
        away_reasons: those that may be given; empty for any.
    """

    misses: int = 3
    rest_after_decline: timedelta = timedelta()
    rest_after_miss: timedelta = timedelta()
    rest_after_setup_failure: timedelta = _seconds(5)
    rate: Rate = Rate()
    on_return: Rate = Rate()
    warm_up: WarmUp = WarmUp()
    window: timedelta = timedelta(hours=1)
    grace: timedelta = _seconds(60)
    device_lease: timedelta = _seconds(30)
    bot_answers_within: timedelta = _seconds(60)
    bot_answers: int = 20
    away_reasons: Sequence[str] = attrs.field(default=(), converter=_texts)


@attrs.frozen
class Deliveries:
    """How outbound messages are tried.

    Attributes:
        attempts: at most this many.
        first_retry: longest wait before the second attempt; doubles each time, drawn evenly from zero to it.
        longest_retry: longest wait between attempts.
        permit: how long an attempt may take from permission to start.
        expires_after: not sent at all after this long.
        down_after: how many attempts in a row must come to nothing before an account counts as down; never by itself if
            none.
        try_after: after how long it is tried again then.
    """

    attempts: int = 8
    first_retry: timedelta = _seconds(2)
    longest_retry: timedelta = timedelta(hours=1)
    permit: timedelta = _seconds(30)
    expires_after: timedelta = timedelta(days=3)
    down_after: int | None = None
    try_after: timedelta = _seconds(60)


@attrs.frozen
class Callbacks:
    """How customers are called back.

    Attributes:
        attempts: how often a customer is dialled at most; a wrong number is not dialled again.
        retry_after: how long after a failed attempt the next one queues.
        ahead: how far ahead a callback may be scheduled, at most 30 days.
        priority: minutes of waiting that a callback whose time has come is worth more than others of its queue; none
            unless stated.
        first: who is on the line first: the `agent`, who takes the callback and has the customer called, or the
            `customer`, who is called when it is their turn and then waits for an agent, before all others.
        at_once: how many customers of one queue are called at once at most, where they are first; from 1 to 100, and
            never more than there are agents who could take them.
        dial_ahead: customers who are first are called when an agent is free, or once their estimated wait is no longer
            than this.
        answer_within: how long a customer who is first is called; without a report by then nobody answered.
    """

    attempts: int = 3
    retry_after: timedelta = timedelta(minutes=30)
    ahead: timedelta = timedelta(days=30)
    priority: int = 0
    first: str = "agent"
    at_once: int = 3
    dial_ahead: timedelta = timedelta()
    answer_within: timedelta = _seconds(60)


@attrs.frozen
class Fields:
    """Typed fields the application may set. Never personal data; none unless stated.

    Attributes:
        customer: field of a customer -> `text`, `integer`, `boolean` or `date`.
        case: field of a case -> `text`, `integer`, `boolean` or `date`.
        interaction: field of an interaction -> `text`, `integer`, `boolean` or `date`.
    """

    customer: Mapping[str, str] = attrs.field(factory=dict)
    case: Mapping[str, str] = attrs.field(factory=dict)
    interaction: Mapping[str, str] = attrs.field(factory=dict)
