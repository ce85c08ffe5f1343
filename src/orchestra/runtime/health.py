"""How a workspace is doing, for whoever watches it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import attrs

from orchestra.engine.view import View
from orchestra.model.scores import ScoreFailure
from orchestra.runtime.news import News

__all__ = ["Health", "health_of"]


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
        deliveries_waiting: account, as `sms/main` -> how many messages wait until its rate lets it take more.
        sends_in_flight: attempts under way in this process.
        sending_stops: scopes an operator has stopped.
        channels_down: accounts over which nothing is sent, as `chat/main`.
        actions_open: requests for the application's own actions that are not at their end yet.
        conflicts_open: contradictions about commitments that nobody has settled yet; notices about them wait.
        quarantined: commands set aside because they broke the engine; anything but 0 is a fault to report.
        news_unused: inbound news of kinds that nothing here uses.
        provider_notices: account, as `whatsapp/main` -> what its provider told its owner last in this process: a limit,
            a rating, a permission that lapsed, in the adapter's word.
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
    deliveries_waiting: Mapping[str, int]
    sends_in_flight: int
    sending_stops: int
    channels_down: tuple[str, ...]
    actions_open: int
    conflicts_open: int
    quarantined: int
    news_unused: int
    provider_notices: Mapping[str, str]
    scores_failed: Mapping[str, ScoreFailure]


def health_of(figures: Mapping[str, int], view: View, in_flight: int, news: News) -> Health:
    """The account of a workspace, from its owner's figures and its state.

    Args:
        figures: the owner's.
        view: the state.
        in_flight: attempts to send that are under way.
        news: what takes those that come in.
    """
    return Health(
        position=figures["position"],
        epoch=figures["epoch"],
        append_latency=timedelta(microseconds=figures["append_us"]),
        pending_events=figures["pending_events"],
        oldest_pending=timedelta(microseconds=figures["oldest_pending_us"]),
        timer_lag=timedelta(microseconds=figures["timer_lag_us"]),
        timers=figures["timers"],
        waiting=view.routing.index.waiting,
        agents_taking_work=len(view.routing.index.at_work),
        deliveries_unsent=view.deliveries.unsent,
        deliveries_waiting=view.deliveries.waiting_over(),
        sends_in_flight=in_flight,
        sending_stops=len(view.deliveries.stops),
        channels_down=tuple(key.replace("\x1f", "/") for key in sorted(view.outages.outages)),
        actions_open=len(view.actions.open),
        conflicts_open=len(view.commitments.conflicts),
        quarantined=figures["quarantined"],
        news_unused=news.unused,
        provider_notices=dict(news.told),
        scores_failed=view.plans.rating.failures(),
    )
