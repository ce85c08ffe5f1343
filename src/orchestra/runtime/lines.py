"""Own accounts on channels, connected: which adapter speaks for them, over which transport."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import attrs

from orchestra.channels.account import Account
from orchestra.channels.port import ChannelAdapter, DecidingAdapter, PollingAdapter, accepts_contract
from orchestra.channels.transport import Transport
from orchestra.errors import DefinitionError, Fault
from orchestra.model.plan import Plan

__all__ = ["Line", "Lines"]


@attrs.frozen
class Line:
    """One of the company's accounts on a channel.

    Attributes:
        channel: the channel's name in the plan.
        adapter: speaks the provider's language.
        account: who we are there.
        transport: carries the adapter's steps; None for an account that only receives.
        name: the account's name in the plan and in events.
    """

    channel: str
    adapter: ChannelAdapter
    account: Account
    transport: Transport | None = None
    name: str = "main"

    @property
    def can_be_asked(self) -> bool:
        """Whether its provider can be asked for news."""
        return self.transport is not None and isinstance(self.adapter, PollingAdapter)


class Lines:
    """The lines of a workspace, by channel and account, and by the opaque key of their webhook's address."""

    def __init__(self, lines: Iterable[Line], plan: Plan) -> None:
        self._by_name: dict[tuple[str, str], Line] = {}
        self._by_route: dict[str, Line] = {}
        faults: list[Fault] = []
        for line in lines:
            faults.extend(_faults(line, plan))
            if (line.channel, line.name) in self._by_name:
                faults.append(Fault(f"channels.{line.channel}", f"two lines are named {line.name!r}"))
            if line.account.route_key in self._by_route:
                faults.append(Fault(f"channels.{line.channel}", "two lines have the same route key"))
            self._by_name[line.channel, line.name] = line
            self._by_route[line.account.route_key] = line
        if faults:
            raise DefinitionError(faults)

    def of(self, channel: str, account: str) -> Line | None:
        """The line of an account, or None if it is not connected here."""
        return self._by_name.get((channel, account))

    def all(self) -> Collection[Line]:
        """Every line."""
        return self._by_name.values()

    def at(self, route_key: str) -> Line | None:
        """The line whose webhook's address ends in this key."""
        return self._by_route.get(route_key)


def _faults(line: Line, plan: Plan) -> list[Fault]:
    path = f"channels.{line.channel}"
    faults = list(line.adapter.describe().check(line.account.config, line.account.secrets, path))
    if line.channel not in plan.channels:
        faults.append(Fault(path, "is not in the plan"))
    elif plan.channels[line.channel].poll is not None and not line.can_be_asked:
        faults.append(Fault(f"{path}.poll", "its adapter cannot ask for news, or has no transport to ask over"))
    elif isinstance(line.adapter, DecidingAdapter) and plan.channels[line.channel].calls is None:
        faults.append(Fault(f"{path}.calls", "is needed, if only as an empty table: its adapter has calls steered"))
    if not accepts_contract(line.adapter.contract_version):
        version = line.adapter.contract_version
        faults.append(Fault(path, f"its adapter is of contract version {version}, which is not supported"))
    return faults
