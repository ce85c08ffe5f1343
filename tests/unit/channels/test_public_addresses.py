from __future__ import annotations

import ipaddress
import socket

import pytest

from orchestra.channels.public_addresses import is_public


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_the_public_network_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.170",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:a9fe:a9fe",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "",
        "example.com",
    ],
)
def test_everything_else_is_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)
def test_what_stands_for_another_address_is_not_whatever_python_says_of_it(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Versions of Python differ in which of these they call global."""
    monkeypatch.setattr(ipaddress.IPv6Address, "is_global", True)
    monkeypatch.setattr(ipaddress.IPv6Address, "is_reserved", False)
    assert is_public("2606:4700::1111")
    assert not is_public(address)


@pytest.mark.parametrize("spelled", ["127.1", "0x7f000001", "2130706433", "0177.0.0.1"])
def test_what_a_resolver_makes_of_odd_spellings_is_not(spelled: str) -> None:
    resolved = socket.getaddrinfo(spelled, 80, type=socket.SOCK_STREAM)
    assert not any(is_public(str(address[0])) for *_, address in resolved)
