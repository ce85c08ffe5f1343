"""The part of a plan on roles: what agents may do, and what they see of customers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import attrs

from orchestra.errors import Fault

__all__ = ["SIGHT", "Role", "Sight", "check_sight"]

SIGHT = ("trace", "facts", "all")
"""How much is seen, from least to most."""


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    """Lists, as files have them, and tuples make equal plans."""
    return tuple(values)


@attrs.frozen
class Sight:
    """What those who hold a role see of customers, where a call is told for whom it reads.

    `all` is everything; `facts` is everything but what people wrote, and what other systems tell of them; `trace` is
    that something of a kind happened, when, on which channel and in which team. A contact that an agent has in hand, or
    is offered, counts as their own.

    Attributes:
        own: of what one of their teams, or they themselves, answer for.
        teams: of what other teams answer for.
        brands: of what belongs to a brand for which none of their teams works.
        withholds: attributes of commitments, and fields of customers, cases and interactions, that they are not shown
            wherever they stand; none unless stated.
    """

    own: str = "all"
    teams: str = "facts"
    brands: str = "trace"
    withholds: Sequence[str] = attrs.field(default=(), converter=_texts)


@attrs.frozen
class Role:
    """What those who hold it may do and see.

    Attributes:
        may: names of commands, or `*` for all.
        others: whether also in other agents' work; only their own unless stated.
        may_commit: attribute of a commitment -> the most that they may grant a customer: the highest value, or the
            lowest where lower is better, in the attribute's unit (5000 for 50.00 of money); true for no limit. If none
            is named, a role that may make commitments may make any.
        authority: the authority that they speak with when they commit the company; none unless stated.
        may_promise: what they may promise a customer: `any` time, what the `forecast` of the case says or later, or
            `none`.
        sees: what they see of customers. Who holds several roles sees what any of them shows.
    """

    may: Sequence[str] = attrs.field(converter=_texts)
    others: bool = False
    may_commit: Mapping[str, str | int | bool] = attrs.field(factory=dict)
    authority: str | None = None
    may_promise: str = "any"
    sees: Sight = Sight()


def check_sight(path: str, sight: Sight, known: Collection[str] | None) -> Iterator[Fault]:
    """The faults of what a role sees; `path` is the role's, `known` all attributes and fields if they are certain."""
    for scope in ("own", "teams", "brands"):
        if getattr(sight, scope) not in SIGHT:
            yield Fault(f"{path}.sees.{scope}", f"must be one of {', '.join(SIGHT)}")
    for index, name in enumerate(sight.withholds):
        if known is not None and name not in known:
            there = ", ".join(sorted(known)) or "none"
            text = f"no field and no attribute of commitments {name!r}; there are: {there}"
            yield Fault(f"{path}.sees.withholds[{index}]", text)
