"""What an adapter says about itself, so that a set-up can be checked before anything is connected."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping

import attrs

from orchestra.channels.account import ConfigValue
from orchestra.channels.inbound import Inbound
from orchestra.errors import Fault

__all__ = ["ConfigField", "ConfigKind", "Description", "StepKind"]


class ConfigKind(enum.Enum):
    """What a setting's value is."""

    TEXT = "text"
    INTEGER = "integer"
    FLAG = "flag"


class StepKind(enum.Enum):
    """Which transports an adapter needs."""

    HTTP = "http"
    SMTP = "smtp"
    FRAME = "frame"
    IMAP = "imap"


_TYPES: Mapping[ConfigKind, type] = {ConfigKind.TEXT: str, ConfigKind.INTEGER: int, ConfigKind.FLAG: bool}


@attrs.frozen(kw_only=True)
class ConfigField:
    """One setting of an account; `help` says what to write there."""

    name: str
    kind: ConfigKind
    help: str
    is_required: bool = False


@attrs.frozen(kw_only=True)
class Description:
    """An adapter's own account of itself.

    Attributes:
        title: what people call the channel.
        config: the settings of an account.
        secret_names: the secrets that an account must have.
        event_kinds: the inbound events that it may give.
        step_kinds: the wire steps that it may ask for.
    """

    title: str
    config: tuple[ConfigField, ...] = ()
    secret_names: tuple[str, ...] = ()
    event_kinds: frozenset[type[Inbound]] = frozenset()
    step_kinds: frozenset[StepKind] = frozenset()

    def check(self, config: Mapping[str, ConfigValue], secrets: Iterable[str], path: str = "") -> tuple[Fault, ...]:
        """List all that is wrong with an account's settings.

        Args:
            config: the settings given.
            secrets: the names of the secrets that have a value.
            path: where the account stands in the plan, put before each fault.

        Returns:
            One fault for each missing, unknown or mistyped setting and each missing secret; empty if all is well.
        """
        known = {field.name: field for field in self.config}
        faults = [_fault(path, name, "is missing") for name in known if known[name].is_required and name not in config]
        for name, value in config.items():
            if name not in known:
                faults.append(_fault(path, name, "is no setting of this channel"))
            elif type(value) is not _TYPES[known[name].kind]:
                faults.append(_fault(path, name, f"must be {known[name].kind.value}"))
        given = set(secrets)
        faults += [_fault(path, name, "secret is missing") for name in self.secret_names if name not in given]
        return tuple(faults)


def _fault(path: str, name: str, message: str) -> Fault:
    return Fault(f"{path}.{name}" if path else name, message)
