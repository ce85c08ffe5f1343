"""How cases go on, and what their customers are told of it, also by who asks another process."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from orchestra.errors import MalformedMessage
from orchestra.model.addresses import Ref
from orchestra.model.case_types import RESOLUTION
from orchestra.model.commands import (
    AdvanceCase,
    Command,
    MakePromise,
    PauseClock,
    ResumeClock,
    RevisePromise,
    SetCaseType,
    TellFact,
    WithdrawPromise,
)
from orchestra.model.instants import since_epoch_us
from orchestra.model.results import Promised
from orchestra.runtime.commitments import plain_value
from orchestra.runtime.contact_log import ContactLog
from orchestra.runtime.progress_files import ProgressTaken, Unwatched, take_progress
from orchestra.runtime.taking import Progress

__all__ = ["Journeys", "instant_us"]


class Journeys(Protocol):
    """Commands about how cases go on, and what was told of that."""

    async def execute(self, command: Command) -> object:
        """Decide on a command and give its result, once that is durable."""
        ...

    async def tell_fact(
        self,
        case: str | Ref,
        fact: str,
        value: str | int | date,
        *,
        interaction: str | Ref | None = None,
        actor: str | None = None,
    ) -> None:
        """Note that a case's customer was told something of it, so that nobody need tell them the same again.

        Args:
            case: its id, or the application's own key.
            fact: what it is about, in the application's words, as `ready`; never personal data.
            value: what they were told: a word, a number, true or false, a day; never personal data.
            interaction: the contact in which they were told, if it was in one.
            actor: who told them, as `agent:ana`; the application itself unless given.

        Raises:
            MalformedMessage: the value is a time of a day.
            CommandRefused: there is no such case, the contact is not part of it, or the fact or its value is too long.
        """
        await self.execute(TellFact(case, fact, plain_value(value), interaction, actor=actor))

    async def pause_clock(self, clock: str, reason: str, *, actor: str | None = None) -> None:
        """Let a service clock stand still, until the customer is heard again or it is resumed.

        Args:
            clock: its id, as `clocks` gives it.
            reason: why, as its policy may have it; in the company's words, never personal data.
            actor: who says so, as `agent:ana`; the application itself unless given.

        Raises:
            CommandRefused: there is no such clock, it is over, or its policy does not allow that reason.
        """
        await self.execute(PauseClock(clock, reason, actor=actor))

    async def resume_clock(self, clock: str, *, actor: str | None = None) -> None:
        """Let a service clock go on that was paused; while its case waits it may stand still for that.

        Args:
            clock: its id, as `clocks` gives it.
            actor: who says so, as `agent:ana`; the application itself unless given.

        Raises:
            CommandRefused: there is no such clock, or nobody has paused it.
        """
        await self.execute(ResumeClock(clock, actor=actor))

    async def set_case_type(self, case: str | Ref, case_type: str | None, *, actor: str | None = None) -> None:
        """Say which of the plan's types a case is of, whatever its topic says; it begins with the first stage.

        Args:
            case: its id, or the application's own key.
            case_type: one of the plan's `case_types`; None for none.
            actor: who says so, as `agent:ana`; the application itself unless given.

        Raises:
            CommandRefused: there is no such case or type, or the case is settled.
        """
        await self.execute(SetCaseType(case, case_type, actor=actor))

    async def advance(
        self,
        case: str | Ref,
        stage: str,
        *,
        due: datetime | None = None,
        earliest: datetime | None = None,
        reason: str | None = None,
        actor: str | None = None,
        report: str | None = None,
        reported: datetime | None = None,
    ) -> None:
        """Say that a case has come to a stage; or, in that stage already, by when that will be over.

        Args:
            case: its id, or the application's own key.
            stage: one of its type.
            due: by when the stage is expected to be over, with a time zone; what is normal unless given.
            earliest: not before when; exactly then unless given.
            reason: why, in a few words without personal data.
            actor: who says so, as `back_office:erp`; the application itself unless given.
            report: id of what a back office reports, equal each time it is sent. Give it where reports may come again,
                or one that was made before another one after it.
            reported: when it was made, by its sender's clock.

        Guarantees:
            Saying the same again changes nothing. A report that comes again changes nothing, nor does one made before
            the newest; and none leads a case back unless it was made after that came to its stage.

        Raises:
            MalformedMessage: a time has no time zone.
            CommandRefused: there is no such case, it has no such stage or is settled; or the time is over, unless it is
                that of a report, where it is left away.
        """
        times = instant_us("due", due), instant_us("earliest", earliest)
        made_us = instant_us("reported", reported)
        await self.execute(AdvanceCase(case, stage, *times, reason, report, made_us, actor=actor))

    async def take_progress(
        self, file: str | Path, *, account: str = "file/main", watcher: Progress | None = None
    ) -> ProgressTaken:
        """Take a file in which a back office reports how cases go on, as signed events do: CSV or JSON Lines.

        A line has `ref`, the application's own key of the case, and `stage`; `id` or `at`, or both: by its id a report
        is known that comes again, by the time at which it was made one that comes late; and may have `due`, `earliest`
        and `reason`. A CSV file names these in its first line. Instants are written as in RFC 3339.

        Args:
            file: where it is.
            account: of the back office, as `erp/main`: the one over which its signed events come, if they do, so that
                what is told by both ways is known again.
            watcher: is told of each bad line, and of how far it is, in bytes.

        Returns:
            How many lines there were, and what became of them.

        Guarantees:
            As `advance` with a report. A bad line takes no other down. The same file may be taken again, also after a
            run that was killed: what was taken changes nothing.

        Raises:
            MalformedMessage: the file cannot be read, or its first line is neither JSON nor the names of its columns.
            InvalidCommand: the account is not well formed.
            JournalError: a report was not decided on, or nobody knows; those before it were. Take the file again.
        """
        with ContactLog(file) as log:
            return await take_progress(log, self.execute, watcher or Unwatched(), account)

    async def promise(
        self,
        case: str | Ref,
        what: str = RESOLUTION,
        *,
        due: datetime | None = None,
        earliest: datetime | None = None,
        confidence: int | None = None,
        interaction: str | Ref | None = None,
        actor: str | None = None,
    ) -> Promised:
        """Note that a customer was promised something of their case.

        Args:
            case: its id, or the application's own key.
            what: a stage of it, which is to be over then; or `resolution`: the matter is done; or `update`: they hear
                of it.
            due: by when, with a time zone; what is foreseen unless given, or where nothing is, the next update.
            earliest: not before when; from now on unless given.
            confidence: how sure that is, 1 to 100.
            interaction: the contact in which it was said, if it was in one.
            actor: who promised it, as `agent:ana`; the application itself unless given.

        Raises:
            MalformedMessage: a time has no time zone.
            NotPermitted: no role of the agent's lets them promise that.
            CommandRefused: there is no such case, it has no such stage or is settled, that was promised already for
                another time, or nothing can be foreseen.
        """
        times = instant_us("due", due), instant_us("earliest", earliest)
        return _promised(await self.execute(MakePromise(case, what, *times, confidence, interaction, actor=actor)))

    async def revise_promise(
        self,
        promise: str,
        reason: str,
        *,
        due: datetime | None = None,
        earliest: datetime | None = None,
        confidence: int | None = None,
        interaction: str | Ref | None = None,
        actor: str | None = None,
    ) -> Promised:
        """Note that a customer was told another time than they were promised, by which it is still judged.

        Args:
            promise: its id.
            reason: why, in a few words without personal data.
            due: by when now, with a time zone; what is foreseen unless given.
            earliest: not before when; from now on unless given.
            confidence: how sure that is, 1 to 100.
            interaction: the contact in which it was said, if it was in one.
            actor: who said so, as `agent:ana`; the application itself unless given.

        Raises:
            MalformedMessage: a time has no time zone.
            NotPermitted: no role of the agent's lets them promise that.
            CommandRefused: there is no such promise, it is done or withdrawn, or nothing can be foreseen.
        """
        times = instant_us("due", due), instant_us("earliest", earliest)
        command = RevisePromise(promise, reason, *times, confidence, interaction, actor=actor)
        return _promised(await self.execute(command))

    async def withdraw_promise(self, promise: str, reason: str, *, actor: str | None = None) -> None:
        """Note that a customer was told that a promise does not hold.

        Raises:
            CommandRefused: there is no such promise, or it is done, broken or withdrawn.
        """
        await self.execute(WithdrawPromise(promise, reason, actor=actor))


def _promised(result: object) -> Promised:
    assert isinstance(result, Promised)
    return result


def instant_us(field: str, at: datetime | None) -> int | None:
    """An instant as commands have it.

    Raises:
        MalformedMessage: it has no time zone.
    """
    if at is None:
        return None
    if at.tzinfo is None:
        raise MalformedMessage(field, "needs a time zone: datetime.now(UTC), not datetime.now()")
    return since_epoch_us(at)
