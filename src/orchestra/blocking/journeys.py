"""How cases go on, and what customers are told of it, without await.

Generated from `orchestra.runtime.journeys` by `tests/blocking_generator.py`; do not edit.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

from orchestra.blocking.portal import Opened
from orchestra.model.addresses import Ref
from orchestra.model.case_types import RESOLUTION
from orchestra.model.results import Promised
from orchestra.runtime import journeys
from orchestra.runtime.progress_files import ProgressTaken
from orchestra.runtime.taking import Progress

__all__ = ["Journeys"]


AnyJourneys = TypeVar("AnyJourneys", bound=journeys.Journeys)


class Journeys(Opened[AnyJourneys]):
    """Commands about how cases go on, and what was told of that."""

    def tell_fact(
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
        self._door.run(self._inner.tell_fact, case, fact, value, interaction=interaction, actor=actor)

    def pause_clock(self, clock: str, reason: str, *, actor: str | None = None) -> None:
        """Let a service clock stand still, until the customer is heard again or it is resumed.

        Args:
            clock: its id, as `clocks` gives it.
            reason: why, as its policy may have it; in the company's words, never personal data.
            actor: who says so, as `agent:ana`; the application itself unless given.

        Raises:
            CommandRefused: there is no such clock, it is over, or its policy does not allow that reason.
        """
        self._door.run(self._inner.pause_clock, clock, reason, actor=actor)

    def resume_clock(self, clock: str, *, actor: str | None = None) -> None:
        """Let a service clock go on that was paused; while its case waits it may stand still for that.

        Args:
            clock: its id, as `clocks` gives it.
            actor: who says so, as `agent:ana`; the application itself unless given.

        Raises:
            CommandRefused: there is no such clock, or nobody has paused it.
        """
        self._door.run(self._inner.resume_clock, clock, actor=actor)

    def set_case_type(self, case: str | Ref, case_type: str | None, *, actor: str | None = None) -> None:
        """Say which of the plan's types a case is of, whatever its topic says; it begins with the first stage.

        Args:
            case: its id, or the application's own key.
            case_type: one of the plan's `case_types`; None for none.
            actor: who says so, as `agent:ana`; the application itself unless given.

        Raises:
            CommandRefused: there is no such case or type, or the case is settled.
        """
        self._door.run(self._inner.set_case_type, case, case_type, actor=actor)

    def advance(
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
        self._door.run(
            self._inner.advance,
            case,
            stage,
            due=due,
            earliest=earliest,
            reason=reason,
            actor=actor,
            report=report,
            reported=reported,
        )

    def take_progress(
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
        return self._door.run(self._inner.take_progress, file, account=account, watcher=watcher)

    def promise(
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
        return self._door.run(
            self._inner.promise,
            case,
            what,
            due=due,
            earliest=earliest,
            confidence=confidence,
            interaction=interaction,
            actor=actor,
        )

    def revise_promise(
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
        return self._door.run(
            self._inner.revise_promise,
            promise,
            reason,
            due=due,
            earliest=earliest,
            confidence=confidence,
            interaction=interaction,
            actor=actor,
        )

    def withdraw_promise(self, promise: str, reason: str, *, actor: str | None = None) -> None:
        """Note that a customer was told that a promise does not hold.

        Raises:
            CommandRefused: there is no such promise, or it is done, broken or withdrawn.
        """
        self._door.run(self._inner.withdraw_promise, promise, reason, actor=actor)
