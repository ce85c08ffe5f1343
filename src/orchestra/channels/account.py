"""Who we are at a provider, and whom we are in conversation with: both read-only to adapters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Never, TypeAlias

import attrs

from orchestra.channels.parts import Identity

__all__ = ["Account", "ConfigValue", "Conversation"]

ConfigValue: TypeAlias = str | int | bool

_NONE: Mapping[str, Never] = MappingProxyType({})


def _freeze_config(values: Mapping[str, ConfigValue]) -> Mapping[str, ConfigValue]:
    return MappingProxyType(dict(values))


def _freeze_secrets(values: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    # An empty secret would sign anything for anybody: it counts as none.
    return MappingProxyType({name: tuple(secret for secret in known if secret) for name, known in values.items()})


@attrs.frozen(kw_only=True)
class Account:
    """One account of the company at a provider.

    Attributes:
        route_key: opaque and unguessable: the last part of the public address that its webhooks come to. The
            account of a request is found by this, never by what a body claims.
        channel: the adapter's name.
        id: the account's own id at the provider, which a body must name.
        config: the settings that the adapter's description asks for.
        secrets: name -> its values, the one to sign with first, then those still accepted while rotating.
    """

    route_key: str = attrs.field(repr=False)
    channel: str
    id: str
    config: Mapping[str, ConfigValue] = attrs.field(default=_NONE, converter=_freeze_config, hash=False, repr=False)
    secrets: Mapping[str, tuple[str, ...]] = attrs.field(
        default=_NONE, converter=_freeze_secrets, hash=False, repr=False
    )

    def secret_values(self, name: str) -> tuple[str, ...]:
        """Give every accepted value of a secret, the current one first; empty if there is none: refuse then."""
        return self.secrets.get(name, ())

    def text_setting(self, name: str, default: str) -> str:
        """Give a setting that is text, or the default where it is not set."""
        value = self.config.get(name, default)
        return value if isinstance(value, str) else default


@attrs.frozen(kw_only=True)
class Conversation:
    """An exchange with one person on one account, as it stood when the message was planned.

    Attributes:
        recipient: whom a message goes to.
        id: the provider's id of the exchange; None before the first message.
        last_inbound_at: when they last wrote, by the provider's clock.
        window_closes_at: until when the channel lets us write freely; None if it sets no window.
        watermark: up to when they have read.
        reply_tokens: what the channel gave us to answer with, newest first.
        case_token: ours, and unguessable: an address, link or id that carries it brings what comes back to its case
            (`ThreadRef.token`).
    """

    recipient: Identity
    id: str | None = attrs.field(default=None, repr=False)
    last_inbound_at: datetime | None = None
    window_closes_at: datetime | None = None
    watermark: datetime | None = None
    reply_tokens: tuple[str, ...] = attrs.field(default=(), repr=False)
    case_token: str | None = attrs.field(default=None, repr=False)
