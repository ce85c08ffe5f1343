"""Rates of those who come in: token buckets by name, of which no more are kept than fit.

Belongs here: who has to wait, and for how long. Does not: what is told to them (`application`, `chat`).
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable

__all__ = ["Rates", "network_of"]

_BURST_S = 10
_IPV6_NETWORK = 64


class Rates:
    """How often each of many may do something.

    Args:
        per_second: how often one may in the long run; in a burst, as often as in ten seconds.
        kept: how many names are told apart. One that is forgotten begins anew, so whoever has this many names has as
            many buckets; what bounds those is the bucket of what they all go to.
        monotonic_s: a clock that never goes back, in seconds.
    """

    def __init__(self, per_second: int, kept: int, monotonic_s: Callable[[], float]) -> None:
        self._per_second = per_second
        self._most_kept = kept
        self._monotonic_s = monotonic_s
        self._full_at_s: OrderedDict[str, float] = OrderedDict()

    @property
    def kept(self) -> int:
        """How many names are told apart now."""
        return len(self._full_at_s)

    def wait_s(self, name: str) -> float:
        """Take one, and give 0; or take none, and give the seconds until there is one."""
        now_s = self._monotonic_s()
        full_at_s = max(now_s, self._full_at_s.get(name, now_s)) + 1 / self._per_second
        over_s = full_at_s - now_s - _BURST_S
        if over_s > 0:
            return over_s
        self._full_at_s[name] = full_at_s
        self._full_at_s.move_to_end(name)
        if len(self._full_at_s) > self._most_kept:
            self._full_at_s.popitem(last=False)
        return 0.0


def network_of(host: str) -> str:
    """Whose requests count together: those of one IPv4 address, or of one IPv6 network, as one household has."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host[:100]
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        return str(mapped)
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, _IPV6_NETWORK), strict=False))
