"""How a workspace is doing, for whoever watches it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import attrs

from orchestra.model.scores import ScoreFailure

__all__ = ["Health"]


@attrs.frozen
class Health:
    """A workspace's own account of itself.

    Attributes:
        position: the last durable position.
        epoch: of the lease it runs under.
        append_latency: how long the last append took.
        pending_events: decided and not yet durable.
        oldest_pending: how long the oldest of them waits.
        timer_lag: how late the earliest timer is; zero when none is due.
        timers: how many are set.
        waiting: interactions and consults in queues.
        agents_taking_work: who may be offered something.
        deliveries_unsent: outbound messages whose outcome is still open.
        sends_in_flight: attempts under way in this process.
        sending_stops: scopes an operator has stopped.
        quarantined: commands set aside because they broke the engine; anything but 0 is a fault to report.
        news_unused: inbound news of kinds that nothing here uses.
        scores_failed: name of a score -> how often it gave none since the engine was loaded, and why the last time;
            whoever it was asked of went behind all others.
    """

    position: int
    epoch: int
    append_latency: timedelta
    pending_events: int
    oldest_pending: timedelta
    timer_lag: timedelta
    timers: int
    waiting: int
    agents_taking_work: int
    deliveries_unsent: int
    sends_in_flight: int
    sending_stops: int
    quarantined: int
    news_unused: int
    scores_failed: Mapping[str, ScoreFailure]
