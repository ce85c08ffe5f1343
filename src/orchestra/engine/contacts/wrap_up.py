"""Whether wrap-up follows when an agent is done, how long it lasts, and when the agent may end it."""

from __future__ import annotations

from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, TooSoon
from orchestra.model.definitions import Channel
from orchestra.model.structure import microseconds

__all__ = ["check_disposition", "check_end", "wrap_up_of"]


def wrap_up_of(view: View, channel: Channel, agent: str, at_us: int) -> tuple[str | None, int | None]:
    """How an agent's wrap-up ends that begins now, None if there is none; and when it ends by itself, if it does."""
    if view.presence.agents[agent].state == "OFFLINE":
        return None, None  # whoever is gone ends nothing
    lasts_us, mode = microseconds(channel.wrap_up), channel.wrap_up_mode
    ends_by_itself = lasts_us > 0 and mode != "required"
    has_any = ends_by_itself or mode in ("optional", "required")
    return mode if has_any else None, at_us + lasts_us if ends_by_itself else None


def check_disposition(view: View, disposition: str | None) -> None:
    """Refuse an outcome that the plan does not know."""
    known = view.plan.cases.dispositions
    if disposition is not None and known and disposition not in known:
        raise InvalidCommand("disposition", f"must be one of {', '.join(sorted(known))}")


def check_end(subject: str, mode: str | None, until_us: int | None, disposition: str | None) -> None:
    """Refuse what an agent may not end yet.

    Args:
        subject: whose wrap-up it is.
        mode: how it ends.
        until_us: when it ends by itself, if it does.
        disposition: the outcome that was given, if any.
    """
    if mode == "fixed":
        assert until_us is not None  # it is its time that ends it
        raise TooSoon(subject, until_us)
    if mode == "required" and not disposition:
        raise InvalidCommand("disposition", "must be given before wrap-up can end")
