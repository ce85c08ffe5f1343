"""Credentials that expire: fetched when they are needed, kept in memory only, renewed before they expire.

Belongs here: whose credentials are fresh, and that one fetch serves all who wait. Does not: how they are asked for and
read, which is the adapter's (`AuthorizingAdapter`), and when an attempt is repeated, which the engine decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import anyio
import attrs

from orchestra.channels.account import Account
from orchestra.channels.port import Authorized, AuthorizingAdapter
from orchestra.channels.sending import Failed, Next, Retry, SendPlan
from orchestra.channels.transport import Transport
from orchestra.channels.wire import HttpAnswer, StepResult
from orchestra.runtime.lines import Line
from orchestra.runtime.outcomes import ADAPTER_FAULT, checked_outcome, checked_plan

__all__ = ["Credentials", "Unauthorized"]

_EARLY = timedelta(minutes=5)
_LONGEST_STEP_S = 60.0
_MOST_STEPS = 4
_REFUSED = 401
_MOST_SECRETS, _LONGEST_SECRET = 20, 20_000


class Unauthorized(Exception):
    """There are no credentials now. `code` and `after` are the adapter's: nothing has been sent."""

    def __init__(self, code: str, after: timedelta | None = None, *, is_final: bool = False) -> None:
        super().__init__(code)
        self.outcome: Retry | Failed = Failed(code) if is_final else Retry(code, after)


@attrs.define(eq=False)
class _Kept:
    """The credentials of one line.

    Attributes:
        account: the account with them; None if there are none.
        until: when they expire; None if that is not known.
        since: when they came.
        is_second: they were fetched because those before were refused.
        needs_none: the account has no need of any.
    """

    lock: anyio.Lock = attrs.field(factory=anyio.Lock)
    account: Account | None = attrs.field(default=None, repr=False)
    since: datetime | None = None
    until: datetime | None = None
    is_second: bool = False
    needs_none: bool = False

    def is_fresh(self, now: datetime) -> bool:
        """Whether they will do for what is sent now: they are renewed some time before they expire."""
        if self.account is None or self.since is None:
            return False
        return self.until is None or now < self.until - min(_EARLY, (self.until - self.since) / 10)


class Credentials:
    """The credentials of all lines whose adapters ask for some."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], _Kept] = {}

    async def account_of(self, line: Line, now: datetime) -> Account:
        """Give the account with which to speak for a line: with fresh credentials among its secrets.

        However many ask at once, they are fetched once.

        Raises:
            Unauthorized: there are none, and why.
            TypeError, ValueError: the adapter gave what it may not.
        """
        if line.transport is None or not isinstance(line.adapter, AuthorizingAdapter):
            return line.account
        kept = self._kept.setdefault((line.channel, line.name), _Kept())
        if not kept.is_fresh(now):
            async with kept.lock:
                if not kept.is_fresh(now):  # else somebody else fetched them meanwhile
                    await self._renew(line, line.adapter, line.transport, kept, now)
        assert kept.account is not None
        return kept.account

    def refused(self, line: Line, result: StepResult) -> bool:
        """Hear an answer: whether it refuses credentials that can be renewed, so that the same may be sent again.

        Of fresh ones that are refused straight away no others would do: then the answer stands as it is.

        Args:
            line: with the account that the step was made with.
            result: what came of the step.
        """
        kept = self._kept.get((line.channel, line.name))
        if kept is None or not isinstance(result, HttpAnswer) or kept.needs_none:
            return False
        if result.status != _REFUSED:
            kept.is_second = False
            return False
        if kept.account is line.account:
            kept.account = None
            if kept.is_second:
                kept.is_second = False
                return False
            kept.is_second = True
        return True

    async def _renew(
        self, line: Line, adapter: AuthorizingAdapter, transport: Transport, kept: _Kept, now: datetime
    ) -> None:
        is_usable = kept.account is not None and kept.until is not None and now < kept.until
        try:
            found = await _fetch(line, adapter, transport, now)
        except Unauthorized as error:
            if is_usable and isinstance(error.outcome, Retry):
                return  # they still are good for a while
            raise
        kept.since, kept.until = now, None if found is None else found.expires_at
        kept.needs_none = found is None
        kept.account = line.account if found is None else _with_secrets(line.account, found)


def _with_secrets(account: Account, found: Authorized) -> Account:
    return attrs.evolve(account, secrets={**account.secrets, **{name: (one,) for name, one in found.secrets.items()}})


async def _fetch(line: Line, adapter: AuthorizingAdapter, transport: Transport, now: datetime) -> Authorized | None:
    """Credentials from the provider; None if the account needs none."""
    given = adapter.authorize(line.account, now)
    if given is None:
        return None
    plan = checked_plan(given)
    waiting = list(plan.steps) if isinstance(plan, SendPlan) else []
    for _ in range(_MOST_STEPS):
        if not waiting:
            break
        step = waiting.pop(0)
        try:
            with anyio.fail_after(_LONGEST_STEP_S):
                result = await transport.perform(step)
        except TimeoutError:
            raise Unauthorized("timed_out") from None
        found = _checked(adapter.decode_authorization(step, result, now))
        if isinstance(found, Authorized):
            return found
        waiting.insert(0, found.step)
    raise Unauthorized(ADAPTER_FAULT)


def _checked(given: object) -> Authorized | Next:
    """What `decode_authorization` gave, if it is what it may give.

    Raises:
        Unauthorized: it says that there are none.
        TypeError, ValueError: it is something else.
    """
    if isinstance(given, Authorized):
        _check_secrets(given.secrets)
        if given.expires_at is not None and given.expires_at.tzinfo is None:
            raise ValueError("an instant has a time zone")
        return given
    found = checked_outcome(given)
    if isinstance(found, Next):
        return found
    if isinstance(found, Retry):
        raise Unauthorized(found.code, found.after)
    raise Unauthorized(getattr(found, "code", ADAPTER_FAULT), is_final=isinstance(found, Failed) and found.permanent)


def _check_secrets(secrets: Mapping[str, object]) -> None:
    if len(secrets) > _MOST_SECRETS:
        raise ValueError("too many credentials")
    for value in secrets.values():
        if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_SECRET:
            raise TypeError("a credential is a text")
