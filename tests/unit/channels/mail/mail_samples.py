"""Mails as they come in, made of what each test is about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from orchestra.channels.account import Account, ConfigValue
from orchestra.channels.mail.settings import Settings

__all__ = ["NOW", "account", "report", "settings", "written"]

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SECRETS = MappingProxyType(
    {"token": ("a secret of the shop's own", "the one before"), "inbound": ("shared with the server",)}
)


def account(**config: ConfigValue) -> Account:
    """The shop's account."""
    return Account(
        route_key="opaque",
        channel="mail",
        id="care@shop.example",
        config={"from": "Shop <care@shop.example>", **config},
        secrets=SECRETS,
    )


def settings(**config: ConfigValue) -> Settings:
    return Settings.of(account(**config))


_USUAL = MappingProxyType(
    {
        "From": "Joe Doe <joe@example.com>",
        "To": "care@shop.example",
        "Subject": "My order",
        "Date": "Mon, 30 Nov 2026 10:00:00 +0000",
        "Message-ID": "<m1@example.com>",
    }
)


def written(
    text: str = "Where is it?", fields: Mapping[str, str | None] = MappingProxyType({}), **more: str | None
) -> bytes:
    """A mail. Fields by name, underscores standing for hyphens; None leaves one out."""
    given = {**fields, **{name.replace("_", "-"): value for name, value in more.items()}}
    names = {name.lower() for name in given}
    kept = {name: value for name, value in _USUAL.items() if name.lower() not in names}
    lines = [f"{name}: {value}" for name, value in {**kept, **given}.items() if value is not None]
    return "\r\n".join([*lines, "", text, ""]).encode()


def report(kind: str, groups: str, original: str = "", **fields: str | None) -> bytes:
    """A report by a mail system; `original` is the header that comes back with it."""
    returned = f"\r\n--r\r\nContent-Type: text/rfc822-headers\r\n\r\n{original}\r\n" if original else "\r\n"
    text = (
        (
            "--r\r\n\r\nIt did not arrive.\r\n--r\r\n"
            f"Content-Type: message/{kind}\r\n\r\n{groups.strip()}\r\n{returned}--r--"
        )
        .replace("\r\n", "\n")
        .replace("\n", "\r\n")
    )
    return written(
        text,
        {
            "From": "MAILER-DAEMON@mx.example",
            "Return-Path": "<>",
            "Content-Type": f'multipart/report; report-type={kind}; boundary="r"',
            **fields,
        },
    )
