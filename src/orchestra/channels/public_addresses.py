"""Which addresses of the network strangers may lead us to.

Belongs here: the rule. Does not: asking for the addresses of a name, nor connecting (`http_transport`).
"""

from __future__ import annotations

import ipaddress

__all__ = ["is_public"]

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# What leads to an IPv4 address inside it, whatever that is: by translation (RFC 6052, RFC 8215), 6to4 (RFC 3056),
# Teredo (RFC 4380). `is_global` says yes to some of them.
_LEADING_ELSEWHERE = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))


def is_public(address: str) -> bool:
    """Tell whether an address is of the public network, so that a stranger may name it.

    Args:
        address: numbers as a resolver gives them, perhaps with a scope (`fe80::1%eth0`). Other spellings, such as
            `127.1`, are not addresses here: resolve them first.

    Returns:
        False for whatever is not: this machine, the local network, carriers' networks, metadata services, multicast,
        reserved ranges, and IPv6 addresses that stand for an IPv4 address which is not public or lead to any by
        translation.
    """
    try:
        found: _Address = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if isinstance(found, ipaddress.IPv6Address) and any(found in network for network in _LEADING_ELSEWHERE):
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved
