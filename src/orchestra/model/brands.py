"""The part of a plan on brands: which of the company's accounts and teams belong to which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from orchestra.errors import Fault

__all__ = ["Brand", "accounts_of", "check_brands"]


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    """Lists, as files have them, and tuples make equal plans."""
    return tuple(values)


def _accounts(values: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    return {channel: tuple(accounts) for channel, accounts in values.items()}


@attrs.frozen
class Brand:
    """A name under which the company meets its customers. Brands of one workspace share its customers.

    Attributes:
        accounts: channel -> its own accounts there, each of one brand alone; what comes on them is the brand's.
        teams: who works for it. A team may work for several brands; one that no brand names works for all.
        name: what people call it; none unless stated.
    """

    accounts: Mapping[str, Sequence[str]] = attrs.field(factory=dict, converter=_accounts)
    teams: Sequence[str] = attrs.field(default=(), converter=_texts)
    name: str | None = None


def accounts_of(brands: Mapping[str, Brand]) -> dict[tuple[str, str], str]:
    """Channel and account -> the brand whose it is."""
    return {
        (channel, account): name
        for name, brand in brands.items()
        for channel, accounts in brand.accounts.items()
        for account in accounts
    }


def check_brands(brands: Mapping[str, Brand]) -> Iterator[Fault]:
    """Everything wrong in them that does not depend on the rest of the plan."""
    whose: dict[tuple[str, str], str] = {}
    for name, brand in brands.items():
        if not brand.accounts:
            yield Fault(f"brands.{name}.accounts", "names none: nothing belongs to it", is_error=False)
        for channel, accounts in brand.accounts.items():
            for index, account in enumerate(accounts):
                other = whose.setdefault((channel, account), name)
                if other != name:
                    yield Fault(f"brands.{name}.accounts.{channel}[{index}]", f"{account!r} is an account of {other}")
