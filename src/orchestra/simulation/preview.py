"""What a customer would be told of a case of a type, when and on which channel, played by the engine in virtual time.

What belongs here: playing a case through its stages, as planned or with a delay. What does not: showing it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from orchestra.engine.engine import Engine
from orchestra.errors import DefinitionError, Fault
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Address
from orchestra.model.case_types import Stage
from orchestra.model.instants import instant, since_epoch_us
from orchestra.model.plan import Plan
from orchestra.model.structure import format_duration, microseconds

__all__ = ["Moment", "Path", "late_stage", "preview", "zone_of"]

_ASSUMED = timedelta(days=1)
"""What a stage takes of which the plan says nothing: elsewhere it is learned from those that were finished."""
_USUAL_PERCENT = 80
"""Of its normal time: what a stage takes when all is well, so that it is over in time."""
_TOLD_PERCENT = 110
"""Of the time that a delayed stage takes: what whoever works on it then says that it will take."""
_LATE_PERCENT = 300
"""Of its normal time: what the longest stage takes where nobody says which one is late."""
_LONGEST = timedelta(days=366)
"""What a stage may take in a preview."""
_YEARS = range(1971, 3000)
"""When a preview may begin."""
_AFTERWARDS_US = microseconds(timedelta(days=7))
"""How long one still looks after the last stage has been reached, as what is told of it may be held."""
_NOTHING = timedelta()
_SECOND_US = 1_000_000
"""Moments are told to the second: what follows at once comes a thousandth of one later."""
_CUSTOMER = "sample"
_REASON = "(the reason)"
"""Why a stage takes longer, as whoever works on it would say."""


@attrs.frozen
class Moment:
    """Something that happens on the way.

    Attributes:
        at: when, by the clock on the wall of the plan's calendar.
        kind: `stage`, `told`, `held`, `suppressed`, `promise` or `delay`.
        said: in words, or the name of the stage.
        channel: on which the customer is told; None if they are not.
        topic: of what they are told.
        title: what stands above it, where the channel has such.
        text: what they are told.
    """

    at: datetime
    kind: str
    said: str
    channel: str | None = None
    topic: str | None = None
    title: str | None = None
    text: str | None = None

    def since(self, earlier: Moment) -> timedelta:
        """How much time has passed since another moment, whatever clocks on the wall have done meanwhile."""
        return self.at.astimezone(UTC) - earlier.at.astimezone(UTC)


@attrs.frozen
class Path:
    """What a customer would be told on one way through the stages; at least one moment, its begin."""

    name: str
    moments: tuple[Moment, ...]


def preview(
    plan: Plan, case_type: str, start: datetime, *, delays: Mapping[str, timedelta] | None = None, name: str = ""
) -> Path:
    """Play a case of a type.

    Args:
        plan: sound, with that type.
        case_type: its name.
        start: when the customer gets in touch, with a time zone.
        delays: stage -> how long it takes in business time instead of nearly its normal time; none if all is well.
        name: of the path.

    Returns:
        All that the customer is told, and what is held back, in order.

    Raises:
        DefinitionError: the plan has no such case type or stage, or no channel on which anybody could write; a delay is
            none or too long, or it begins too early or late.
    """
    faults = list(_faults(plan, case_type, start, delays or {}))
    if faults:
        raise DefinitionError(faults)
    return Path(name or case_type, tuple(_Play(plan, case_type, since_epoch_us(start), delays or {}).moments()))


def late_stage(plan: Plan, case_type: str) -> tuple[str, timedelta] | None:
    """The stage of a type that takes longest, and how long it takes if it is late; None if none takes any time."""
    stages = [stage for stage in plan.case_types[case_type].stages[:-1] if _normal(stage)]
    longest = max(stages, key=_normal, default=None)
    return None if longest is None else (longest.name, min(_normal(longest) * _LATE_PERCENT // 100, _LONGEST))


def zone_of(plan: Plan, case_type: str) -> tzinfo:
    """On whose wall the times of a preview are read: that of the type's calendar, else of the workspace, else UTC."""
    calendar = _calendar(plan, case_type)
    name = plan.workspace.zone if calendar is None else plan.calendars[calendar].zone
    return UTC if name is None else ZoneInfo(name)


def _calendar(plan: Plan, case_type: str) -> str | None:
    """By which business time counts in a type of cases, as for the engine; None for around the clock."""
    one = plan.case_types.get(case_type)
    return plan.calendar_of() if one is None or one.calendar is None else one.calendar


def _faults(plan: Plan, case_type: str, start: datetime, delays: Mapping[str, timedelta]) -> Iterator[Fault]:
    if start.year not in _YEARS:
        yield Fault("start", f"must be within the years {_YEARS.start} to {_YEARS.stop - 1}")
    if _first_channel(plan) is None:
        yield Fault("channels", "none of them is one on which customers write")
    if case_type not in plan.case_types:
        known = ", ".join(sorted(plan.case_types)) or "none"
        yield Fault("case_types", f"no case type {case_type!r}; there are: {known}")
        return
    path = f"case_types.{case_type}.stages"
    stages = {stage.name: stage for stage in plan.case_types[case_type].stages[:-1]}
    for name, lasts in delays.items():
        if name not in stages:
            known = ", ".join(stages) or "none"
            yield Fault(path, f"no stage {name!r} that takes time; there are: {known}")
        elif lasts <= _usual(stages[name]):
            yield Fault(path, f"{name} takes {format_duration(_usual(stages[name]))} if all is well: nothing is late")
    for name, stage in stages.items():
        if max(_normal(stage), delays.get(name, _NOTHING)) > _LONGEST:
            yield Fault(path, f"{name} takes too long for a preview: at most {format_duration(_LONGEST)}")


def _normal(stage: Stage) -> timedelta:
    return _ASSUMED if stage.normal is None else stage.normal


def _usual(stage: Stage) -> timedelta:
    """What a stage takes if all is well."""
    return _normal(stage) * _USUAL_PERCENT // 100


def _first_channel(plan: Plan) -> str | None:
    """Where the sample customer writes first: where nobody waits on a line, if there is such a channel."""
    written = [name for name, channel in plan.channels.items() if not channel.work]
    return next((name for name in written if not plan.channels[name].live), written[0] if written else None)


class _Play:
    """One case in virtual time. Whatever is permitted leaves at once, and arrives."""

    def __init__(self, plan: Plan, case_type: str, start_us: int, delays: Mapping[str, timedelta]) -> None:
        self._engine = Engine()
        self._name = case_type
        self._type = plan.case_types[case_type]
        self._delays = delays
        self._now_us = start_us
        self._moments: list[Moment] = []
        self._to_do: deque[c.Command] = deque()
        self._topics: dict[str, str] = {}
        self._zone = zone_of(plan, case_type)
        self._calendar = _calendar(plan, case_type)
        self._run(c.ChangePlan(plan, plan.digest(), "preview", "preview"))

    def moments(self) -> list[Moment]:
        """Play it, from the first contact to a while after the last stage."""
        case = self._opened()
        for stage, follows in zip(self._type.stages, self._type.stages[1:], strict=False):
            self._passed(case, stage)
            self._run(c.AdvanceCase(case, follows.name))
        self._until(self._now_us + _AFTERWARDS_US)
        return self._moments

    def _passed(self, case: str, stage: Stage) -> None:
        """Let a stage that begins now pass. It takes longer only once it should be over: nobody knows before."""
        usual_us = self._after(microseconds(_usual(stage)))
        if stage.name in self._delays:
            lasts_us = microseconds(self._delays[stage.name])
            over_us, told_us = self._after(lasts_us), self._after(lasts_us * _TOLD_PERCENT // 100)
            self._until(usual_us)
            self._run(c.AdvanceCase(case, stage.name, due_us=told_us, reason=_REASON))
            self._until(over_us)
        else:
            self._until(usual_us)

    def _opened(self) -> str:
        plan = self._engine.view.plan
        channel = _first_channel(plan)
        assert channel is not None  # looked at before
        kinds = dict.fromkeys(start.address for start in plan.notices.starts.values())
        also = [Address(kind, f"{_CUSTOMER}-{kind}", "") for kind in kinds]
        sender = Address("handle", _CUSTOMER, "")
        topic = next(iter(self._type.topics), None)
        got = self._run(c.ReceiveMessage(channel, "main", "first", sender, also=also, topic=topic, text="…"))
        if self._engine.view.stages.course(got.case.id) is None:
            self._run(c.SetCaseType(got.case.id, self._name))
        return str(got.case.id)

    def _after(self, lasts_us: int) -> int:
        """When so much business time has passed.

        Raises:
            DefinitionError: the calendar has no more of it.
        """
        due_us = self._engine.view.plans.time(self._calendar).due(self._now_us, lasts_us)
        if due_us is None:
            raise DefinitionError([Fault(f"calendars.{self._calendar}", "is not open for as long as the stages take")])
        return due_us

    def _run(self, command: c.Command) -> Any:
        self._until(self._now_us)
        decided = self._engine.execute(command, self._now_us)
        self._note(decided.events)
        return decided.result

    def _until(self, at_us: int) -> None:
        """Let time pass, and whatever is permitted meanwhile arrive."""
        while self._comes_by(at_us):
            due_us = self._engine.due()
            if due_us is not None and due_us <= self._now_us:
                self._note(self._engine.tick(self._now_us).events)
            elif self._to_do:
                self._note(self._engine.execute(self._to_do.popleft(), self._now_us).events)
            else:
                assert due_us is not None  # else nothing comes
                self._now_us = due_us
        self._now_us = max(self._now_us, at_us)

    def _comes_by(self, at_us: int) -> bool:
        """Whether something is still to happen by an instant."""
        due_us = self._engine.due()
        return bool(self._to_do) or (due_us is not None and due_us <= max(at_us, self._now_us))

    def _note(self, events: list[e.Event]) -> None:
        for event in events:
            look = _LOOKS.get(type(event))
            if look is not None:
                look(self, event)

    def _add(self, kind: str, said: str, **more: str | None) -> None:
        self._moments.append(Moment(self._wall(self._now_us), kind, said, **more))

    def _wall(self, at_us: int) -> datetime:
        return instant(at_us - at_us % _SECOND_US).astimezone(self._zone)

    def _day(self, at_us: int) -> str:
        return f"{self._wall(at_us):%a %d %b %H:%M}"

    # What is told of events

    def stage(self, event: e.StageEntered) -> None:
        self._add("stage", event.stage)

    def sending(self, event: e.NoticeSending) -> None:
        self._topics[event.message] = self._topic(event.notice)

    def written(self, event: e.MessageWritten) -> None:
        channel = self._engine.view.contacts.conversations[event.conversation].channel
        topic = self._topics.get(event.message)
        self._add("told", topic or "message", channel=channel, topic=topic, title=event.title, text=event.text)

    def held(self, event: e.NoticeHeld) -> None:
        until = "" if event.until_us is None else f", until {self._day(event.until_us)}"
        self._told_not("held", event.notice, f"waits: {event.reason}{until}")

    def gathered(self, event: e.NoticeGathered) -> None:
        self._told_not("held", event.notice, f"waits in the digest {event.digest}")

    def suppressed(self, event: e.NoticeSuppressed) -> None:
        self._told_not("suppressed", event.notice, f"is not told: {event.reason}")

    def failed(self, event: e.NoticeFailed) -> None:
        self._told_not("suppressed", event.notice, f"arrives nowhere: {event.reason}")

    def expired(self, event: e.NoticeExpired) -> None:
        self._told_not("suppressed", event.notice, "is not told: its time has passed")

    def _told_not(self, kind: str, notice: str, why: str) -> None:
        topic = self._topic(notice)
        self._add(kind, f"{topic} {why}", topic=topic)

    def _topic(self, notice: str) -> str:
        return str(self._engine.view.notices.notices[notice].topic)

    def promised(self, event: e.PromiseMade | e.PromiseRevised) -> None:
        verb = "is promised" if isinstance(event, e.PromiseMade) else "is promised anew"
        self._add("promise", f"{event.what} {verb} by {self._day(event.due_us)}")

    def kept(self, event: e.PromiseKept) -> None:
        self._add("promise", f"the promise of {event.what} is kept{_AGAINST[event.against]}")

    def kept_late(self, event: e.PromiseKeptLate) -> None:
        self._add("promise", f"what was promised of {event.what} is done, late")

    def broken(self, event: e.PromiseBroken) -> None:
        self._add("delay", f"the promise of {event.what} is broken{_AGAINST[event.against]}")

    def delayed(self, event: e.DelayForeseen) -> None:
        expected = "at a time that nobody can tell" if event.new_due_us is None else f"by {self._day(event.new_due_us)}"
        self._add("delay", f"{event.what} is late: promised by {self._day(event.due_us)}, expected {expected}")

    def permitted(self, event: e.DeliveryPermitted) -> None:
        """It leaves at once, and is told to have been delivered."""
        row = self._engine.view.deliveries.deliveries[event.delivery]
        name, attempt, place = event.delivery, event.attempt, (row.channel, row.account)
        self._to_do.append(c.StartDelivery(name, attempt, 1))
        self._to_do.append(c.RecordOutcome(name, attempt, "accepted", [f"id-{name}"]))
        self._to_do.append(c.RecordReceipt(*place, f"id-{name}", "delivered"))


_AGAINST: Mapping[str, str] = {"first": ", as told first", "last": ", as told last", "both": ""}
"""Which of the times it was that a promise is judged by; all the same if nothing else was told since."""

_LOOKS: Mapping[type[e.Event], Callable[[_Play, Any], None]] = {
    e.StageEntered: _Play.stage,
    e.NoticeSending: _Play.sending,
    e.MessageWritten: _Play.written,
    e.NoticeHeld: _Play.held,
    e.NoticeGathered: _Play.gathered,
    e.NoticeSuppressed: _Play.suppressed,
    e.NoticeFailed: _Play.failed,
    e.NoticeExpired: _Play.expired,
    e.PromiseMade: _Play.promised,
    e.PromiseRevised: _Play.promised,
    e.PromiseKept: _Play.kept,
    e.PromiseKeptLate: _Play.kept_late,
    e.PromiseBroken: _Play.broken,
    e.DelayForeseen: _Play.delayed,
    e.DeliveryPermitted: _Play.permitted,
}
"""Event -> what is told of it, or follows from it."""
