"""Shares that name what they are made of, and the variants of a service level.

Belongs here: numerator, denominator, name, window. Does not: counting.
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from orchestra.model.instants import instant_text

__all__ = ["RESTATEMENT_VERSION", "STANDARD", "VARIANTS", "Share", "Variant", "Window"]

RESTATEMENT_VERSION: Final = 1
"""By which rules figures are restated when something becomes known late; rises when those rules change."""


@attrs.frozen
class Window:
    """The time that figures are about; both ends are None before any event.

    From the first event folded, or from the oldest message or contact if that had happened before, to the last event.
    """

    from_us: int | None = None
    to_us: int | None = None

    def to_json(self) -> dict[str, str | None]:
        """Both ends as RFC 3339 text."""
        ends = (None if end is None else instant_text(end) for end in (self.from_us, self.to_us))
        return dict(zip(("from", "to"), ends, strict=True))


@attrs.frozen
class Share:
    """A share that says what it is a share of: `name` (with its variant), numerator, denominator, window.

    Its JSON names the rules of its restatement, too.
    """

    name: str
    numerator: int
    denominator: int
    window: Window

    @property
    def percent(self) -> float | None:
        """Per cent to two places; None of nothing."""
        if not self.denominator:
            return None
        whole, rest = divmod(10_000 * self.numerator, self.denominator)
        return (whole + (2 * rest >= self.denominator)) / 100

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "name": self.name,
            "numerator": self.numerator,
            "denominator": self.denominator,
            "percent": self.percent,
            "window": self.window.to_json(),
            "restatement_version": RESTATEMENT_VERSION,
        }


@attrs.frozen
class Variant:
    """What a service level counts beside the answered.

    Attributes:
        flow_outs: whether those count who left the queue neither answered nor abandoned.
        short_abandons: whether short abandons count.
        abandons: whether any abandons count.
    """

    flow_outs: bool = False
    short_abandons: bool = False
    abandons: bool = True

    @property
    def name(self) -> str:
        """What it counts, in words."""
        abandons = "short abandons included" if self.short_abandons else "short abandons excluded"
        told = abandons if self.abandons else "all abandons excluded"
        return told + (", flow-outs included" if self.flow_outs else ", flow-outs excluded")

    def denominator(self, *, answered: int, abandoned: int, short: int, flow_outs: int) -> int:
        """All that count; `abandoned` includes the short ones."""
        counted = answered + (flow_outs if self.flow_outs else 0)
        if self.abandons:
            counted += abandoned if self.short_abandons else abandoned - short
        return counted


STANDARD = Variant()
"""Flow-outs and short abandons excluded."""

VARIANTS = {
    "standard": STANDARD,
    "short_abandons_included": Variant(short_abandons=True),
    "all_abandons_excluded": Variant(abandons=False),
    "flow_outs_included": Variant(flow_outs=True),
    "flow_outs_and_short_abandons_included": Variant(flow_outs=True, short_abandons=True),
    "flow_outs_included_all_abandons_excluded": Variant(flow_outs=True, abandons=False),
}
"""Key in JSON -> variant."""
