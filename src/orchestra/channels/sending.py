"""What comes of a message: the plan for sending it, the refusal, and the outcome of each step."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeAlias

import attrs

from orchestra.channels.wire import WireStep

__all__ = ["Failed", "Interpreted", "Next", "Outcome", "Refused", "Retry", "SendPlan", "Sent", "Unknown"]


@attrs.frozen
class SendPlan:
    """Wire steps in the order in which they must succeed; at least one."""

    steps: tuple[WireStep, ...] = attrs.field(validator=attrs.validators.min_len(1))

    @property
    def degradations(self) -> tuple[str, ...]:
        """What the channel could not carry, over all steps, each word once, in order."""
        return tuple(dict.fromkeys(word for step in self.steps for word in step.degradations))


@attrs.frozen
class Refused:
    """The channel cannot carry this at all.

    Attributes:
        code: a fixed word of the adapter.
        reason: what would pass instead, for people; never a quotation of the message.
    """

    code: str
    reason: str


@attrs.frozen
class Sent:
    """The provider has it: `ids` are those it gave, and may be empty if it gives none."""

    ids: tuple[str, ...] = ()


@attrs.frozen
class Retry:
    """The provider does not have it, and may take it later. `after` is its own advice, if it gave any."""

    code: str
    after: timedelta | None = None


@attrs.frozen
class Failed:
    """The provider will not take it. If `permanent`, this message will never pass there.

    It `is_undeliverable` if nobody can be reached at the recipient's address, with whatever message.
    """

    code: str
    permanent: bool = True
    is_undeliverable: bool = False


@attrs.frozen
class Unknown:
    """Nobody knows whether the provider has it. To be sent again only if the step is safe to repeat."""

    code: str


@attrs.frozen
class Next:
    """The step succeeded and yields another one, as a sending follows an upload."""

    step: WireStep


Outcome: TypeAlias = Sent | Retry | Failed | Unknown
Interpreted: TypeAlias = Sent | Retry | Failed | Unknown | Next
