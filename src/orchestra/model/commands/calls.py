"""Commands: calls that are steered."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command
from orchestra.model.private import private

__all__ = ["AskCall", "PressKeys", "ReportLeg"]


@attrs.define
class AskCall(Command):
    """What a call is to do now, as its provider asks.

    Changes nothing, unless the answer `is_sent`, since nobody can give it: a line that is to wait or end is sent that,
    if nothing is on its way to it.
    """

    channel: str
    account: str
    call_id: str
    is_sent: bool = False


@attrs.define
class PressKeys(Command):
    """The customer of a call pressed keys, or none within the time given: `keys` is empty then. Taken once per `press`.

    Whoever waits and presses the channel's callback key is called back.
    """

    channel: str
    account: str
    call_id: str
    press: str
    keys: str | None = private()


@attrs.define
class ReportLeg(Command):
    """What became of an agent's leg of a call, which is named as the offer or consult: `answered`, `failed` or `ended`.

    An answer connects agent and customer. An agent who hangs up has finished.
    """

    channel: str
    account: str
    call_id: str
    leg: str
    state: str
    leg_id: str | None = None
