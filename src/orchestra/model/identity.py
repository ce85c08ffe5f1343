"""The part of a plan on who customers are: what merges them, what forbids it, and what they must have consented to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from orchestra.errors import Fault

__all__ = ["MOST_ADDRESSES", "PURPOSE_RULES", "SERVICE", "Identity", "check_identity"]

MOST_ADDRESSES = 10
"""Addresses of a kind that one person has at most, unless the plan says otherwise."""

SERVICE = "service"
"""The purpose of what answers a customer or is part of what they asked for. It needs no consent."""

PURPOSE_RULES = ("opt_in", "opt_out")


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


@attrs.frozen
class Identity:
    """Who customers are.

    Attributes:
        merge_at: confidence, 0 to 100, at which two customers are merged.
        suggest_at: confidence at which they are at least suggested to people.
        unique: kinds of address of which a person has only one, such as a customer number: two people with different
            ones are never merged.
        limits: kind of address -> how many one person has at most; 10 unless stated.
        blocked: values that are no address, beside those every channel knows (`anonymous`, `unknown`, ...): nobody is
            recognised by one.
        levels: how surely a customer is who they say, the least first; contacts begin at the first.
        phone_region: where phone numbers are dialled that come without a country code, as `DE`: then `030 123456` and
            `+49 (0)30 123456` are one number. It needs the `phone` extra. None takes numbers in E.164 form alone.
        purposes: purpose of a message -> `opt_in` (only with the customer's consent) or `opt_out` (unless they forbade
            it). `service` needs none.
    """

    merge_at: int = 90
    suggest_at: int = 50
    unique: Sequence[str] = attrs.field(default=(), converter=_texts)
    limits: Mapping[str, int] = attrs.field(factory=dict)
    blocked: Sequence[str] = attrs.field(default=(), converter=_texts)
    levels: Sequence[str] = attrs.field(default=("none", "basic", "strong"), converter=_texts)
    purposes: Mapping[str, str] = attrs.field(factory=dict)
    phone_region: str | None = None

    def most(self, kind: str) -> int:
        """How many addresses of a kind one person has at most."""
        return self.limits.get(kind, MOST_ADDRESSES)


def check_identity(identity: Identity) -> Iterator[Fault]:
    """Everything wrong in it that does not depend on the rest of the plan."""
    if not 1 <= identity.merge_at <= 100:
        yield Fault("identity.merge_at", "must be from 1 to 100")
    if not 0 <= identity.suggest_at <= identity.merge_at:
        yield Fault("identity.suggest_at", "must be from 0 to merge_at")
    for kind, most in identity.limits.items():
        if most < 1:
            yield Fault(f"identity.limits.{kind}", "must be at least 1")
    region = identity.phone_region
    if region is not None and not (len(region) == 2 and region.isascii() and region.isalpha() and region.isupper()):
        yield Fault("identity.phone_region", f"{region!r} must be a region of ISO 3166, as DE")
    if not identity.levels:
        yield Fault("identity.levels", "at least one level is needed: that of contacts nobody has verified")
    for index, level in enumerate(identity.levels):
        if level in identity.levels[:index]:
            yield Fault(f"identity.levels[{index}]", f"{level!r} is named twice")
    for purpose, rule in identity.purposes.items():
        if purpose == SERVICE:
            yield Fault(f"identity.purposes.{purpose}", "needs no consent: name another purpose")
        elif rule not in PURPOSE_RULES:
            yield Fault(f"identity.purposes.{purpose}", f"must be one of {', '.join(PURPOSE_RULES)}")
