"""The part of a plan on what is personal: whether it is encrypted where it is stored."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from orchestra.errors import Fault

__all__ = ["Privacy", "check_privacy"]


@attrs.frozen
class Privacy:
    """How what is personal is kept.

    Attributes:
        encryption_key: name of the secret under which names, addresses and texts are encrypted where they are stored,
            for each customer with a key of their own. It needs the `crypto` extra, and a secret of at least 32
            characters, given at open. None stores them as they are, to be blanked when a customer is erased.
    """

    encryption_key: str | None = None


def check_privacy(privacy: Privacy) -> Iterator[Fault]:
    """Everything wrong in it that does not depend on the rest of the plan."""
    if privacy.encryption_key == "":
        yield Fault("privacy.encryption_key", "must name a secret")
