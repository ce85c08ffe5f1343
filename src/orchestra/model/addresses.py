"""Who writes and where they can be reached: addresses, references, actors."""

from __future__ import annotations

from typing import Literal

import attrs

__all__ = ["Actor", "Address", "Email", "Handle", "Phone", "Ref", "Thread", "actor_kind", "actor_name", "ref"]

Actor = str
"""`kind:name`, where kind is agent, customer, bot, back_office, operator or system (`system` has no name)."""

ActorKind = Literal["agent", "customer", "bot", "back_office", "operator", "system"]


def actor_kind(actor: Actor) -> str:
    """The part before the colon: `agent` of `agent:ana`."""
    return actor.partition(":")[0]


def actor_name(actor: Actor) -> str:
    """The part after the colon: `ana` of `agent:ana`; empty if there is none."""
    return actor.partition(":")[2]


@attrs.frozen
class Ref:
    """The application's own key for a customer, case or interaction, as `order:81`. Any command may use one."""

    value: str


def ref(value: str) -> Ref:
    """The application's own key: `ref("order:81")` addresses whatever that reference was added to.

    Args:
        value: any text without control characters, at most 200 characters; by custom `kind:key`.
    """
    return Ref(value)


@attrs.frozen
class Address:
    """Where a person can be reached, as commands carry it.

    Attributes:
        kind: email, phone, handle or any kind an adapter names.
        key: HMAC of the normalised address under the workspace's key: the only form in facts and state.
        value: the address itself; private.
        name: what the person is called there; private.
        matches: whether somebody can be recognised by it; not by that of a hidden caller.
        zones: the time zones in which whoever has it may be; None if it does not tell.
    """

    kind: str
    key: str
    value: str | None = attrs.field(default=None, repr=False)
    name: str | None = attrs.field(default=None, repr=False)
    matches: bool = True
    zones: list[str] | None = attrs.field(default=None, hash=False)


@attrs.frozen
class Thread:
    """A conversation by its provider's own key, as commands carry it.

    Attributes:
        key: HMAC of the provider's key under the workspace's key: the only form in facts and state.
        value: the provider's key itself, which may well be a phone number; private.
    """

    key: str
    value: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class Email:
    """An e-mail address as an application gives it. Shows neither itself nor the name in its repr."""

    value: str = attrs.field(repr=False)
    name: str | None = attrs.field(default=None, repr=False)
    kind: str = attrs.field(default="email", init=False)


@attrs.frozen
class Phone:
    """A phone number in E.164 form (`+4930123456`), or as it is dialled in the plan's `phone_region`."""

    value: str = attrs.field(repr=False)
    name: str | None = attrs.field(default=None, repr=False)
    kind: str = attrs.field(default="phone", init=False)


@attrs.frozen
class Handle:
    """A name or id that only its provider knows: a social media handle, a chat visitor, a customer number."""

    value: str = attrs.field(repr=False)
    name: str | None = attrs.field(default=None, repr=False)
    kind: str = attrs.field(default="handle", kw_only=True)
