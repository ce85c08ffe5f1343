"""What may be wrong or doubtful about what a plan says of commitments, and of roles that may make them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from orchestra.errors import Fault
from orchestra.model.commitments import BETTER, SETTLE, CommitmentAttribute, Commitments, is_currency
from orchestra.model.definitions import Channel, Role
from orchestra.model.structure import Lost

__all__ = ["check_commitments", "check_may_commit"]

_HIGHEST_RANK = 1000
_COMMITTING = {"*", "MakeCommitment", "SettleConflict"}
_MEASURED = ("money", "quantity")


def check_commitments(commitments: Commitments, channels: Mapping[str, Channel], lost: Lost) -> Iterator[Fault]:
    """The faults of attributes and authorities, of how conflicts are settled and who is asked."""
    for name, attribute in commitments.attributes.items():
        yield from _check_attribute(f"commitments.attributes.{name}", attribute)
    for name, rank in commitments.authorities.items():
        if not 1 <= rank <= _HIGHEST_RANK:
            yield Fault(f"commitments.authorities.{name}", f"must be from 1 to {_HIGHEST_RANK}")
    if commitments.settle not in SETTLE:
        yield Fault("commitments.settle", f"must be {', '.join(SETTLE[:-1])} or {SETTLE[-1]}")
    if commitments.tasks is None and commitments.attributes:
        text = "names no channel: nobody is asked to deal with what turns out worse than a customer was told"
        yield Fault("commitments.tasks", text, is_error=False)
    for field in ("tasks", "decisions"):
        yield from _check_tasks(f"commitments.{field}", getattr(commitments, field), channels, lost)


def _check_attribute(path: str, attribute: CommitmentAttribute) -> Iterator[Fault]:
    kind, actions = attribute.type, attribute.actions
    if kind not in BETTER:
        yield Fault(f"{path}.type", f"{kind!r} is none of {', '.join(BETTER)}")
        return
    if attribute.better is not None and attribute.better not in BETTER[kind]:
        allowed = " or ".join(BETTER[kind]) or "left out: of actions, those named first are better"
        yield Fault(f"{path}.better", f"must be {allowed}")
    if attribute.unit is not None and kind not in _MEASURED:
        yield Fault(f"{path}.unit", f"means nothing: a value of type {kind} has no unit")
    elif kind == "money" and attribute.unit is not None and not is_currency(attribute.unit):
        yield Fault(f"{path}.unit", "must be the code of a currency, such as EUR")
    if actions and kind != "action":
        yield Fault(f"{path}.actions", f"means nothing: a value of type {kind} is no action")
    if len(set(actions)) < len(actions) or not all(actions):
        yield Fault(f"{path}.actions", "must be different words")
    if attribute.lasts is not None and attribute.lasts <= timedelta():
        yield Fault(f"{path}.lasts", "must be longer than nothing")


def _check_tasks(path: str, name: str | None, channels: Mapping[str, Channel], lost: Lost) -> Iterator[Fault]:
    if name is None:
        return
    if name in channels:
        if not channels[name].work and not lost.has("channels", name, "work"):
            yield Fault(path, f"channel {name} takes contacts: work = true marks one for work items")
    elif not lost.has("channels", name):
        yield Fault(path, f"no channel {name!r}; there are: {_named(channels)}")


def check_may_commit(path: str, role: Role, commitments: Commitments, lost: Lost) -> Iterator[Fault]:
    """The faults of what a role may commit to, and of the authority it speaks with; `path` is the role's."""
    attributes = commitments.attributes
    if role.may_commit and not _COMMITTING & set(role.may):
        yield Fault(f"{path}.may_commit", "means nothing: the role may make no commitments", is_error=False)
    for name, limit in role.may_commit.items():
        where = f"{path}.may_commit.{name}"
        if name in attributes:
            yield from _check_limit(where, limit, attributes[name])
        elif not lost.has("commitments", "attributes", name):
            yield Fault(where, f"no attribute {name!r}; there are: {_named(attributes)}")
    authority, known = role.authority, commitments.authorities
    if authority is not None and authority not in known and not lost.has("commitments", "authorities", authority):
        yield Fault(f"{path}.authority", f"no authority {authority!r}; there are: {_named(known)}")


def _named(known: Mapping[str, object]) -> str:
    return ", ".join(sorted(known)) or "none"


def _check_limit(where: str, limit: str | int | bool, attribute: CommitmentAttribute) -> Iterator[Fault]:
    if limit is True:
        return
    if isinstance(limit, bool | str):
        yield Fault(where, "must be a whole number, or true for no limit")
    elif attribute.type not in _MEASURED:
        yield Fault(where, f"must be true: a value of type {attribute.type} has no limit")
    elif attribute.unit is None:
        yield Fault(where, "needs an attribute with a unit, to say of what it is so many")
    elif limit < 0:
        yield Fault(where, "must be 0 or more")
