"""What becomes of the messages of notices, and of the notices by that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestra.engine.lifecycle import DELIVERY, NOTICE
from orchestra.engine.notices.checks import has_left
from orchestra.engine.notices.choosing import legs_for
from orchestra.engine.notices.row import Notice
from orchestra.engine.notices.state import RECALLED
from orchestra.engine.notices.telling import arrived, called_back, look, suppress
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.notices import SUCCESS

__all__ = ["on_accepted", "on_canceled", "on_expired", "on_failed", "on_receipt", "on_retried", "on_time"]


def _notice(view: View, delivery: str) -> tuple[str, Notice] | None:
    """Whose message it is; None if it is no notice's."""
    name = view.deliveries.deliveries[delivery].notice
    return None if name is None else (name, view.notices.notices[name])


def on_accepted(view: View, event: e.DeliveryAccepted, at_us: int) -> Iterable[e.Event]:
    """A provider has it."""
    return _came(view, event.delivery, "accepted")


def on_receipt(view: View, event: e.ReceiptRecorded, at_us: int) -> Iterable[e.Event]:
    """It came so far; or it did not come, whatever was said before. What a machine may have read nobody need have."""
    if event.is_weak:
        return ()
    if event.receipt != "failed":
        return _came(view, event.delivery, event.receipt)
    failed = view.deliveries.deliveries[event.delivery].state == "FAILED"
    return _failed(view, event.delivery, event.code or "failed", at_us) if failed else ()


def _came(view: View, delivery: str, receipt: str) -> Iterator[e.Event]:
    """The customer is told once a message has come as far as its channel asks for; other channels are not needed."""
    found = _notice(view, delivery)
    if found is None:
        return
    name, row = found
    aim = row.aims.get(delivery)
    if aim is None or SUCCESS.index(receipt) < SUCCESS.index(aim) or not NOTICE.allows(row.state, "succeed"):
        return
    channel = view.deliveries.deliveries[delivery].channel
    yield from arrived(view, name, delivery, channel, receipt)


def on_failed(view: View, event: e.DeliveryFailed, at_us: int) -> Iterable[e.Event]:
    """It will not be tried again there."""
    return _failed(view, event.delivery, event.code or "failed", at_us)


def _failed(view: View, delivery: str, reason: str, at_us: int) -> Iterator[e.Event]:
    """The next channel is tried at once."""
    found = _notice(view, delivery)
    if found is not None and found[1].delivery == delivery and NOTICE.allows(found[1].state, "advance"):
        yield from _advance(view, *found, reason, at_us)


def _advance(view: View, name: str, row: Notice, reason: str, at_us: int) -> Iterator[e.Event]:
    delivery = row.delivery
    assert delivery is not None  # one is being sent, or has arrived
    message = view.deliveries.deliveries[delivery]
    yield e.NoticeLegFailed(name, row.customer, message.channel, delivery, reason)
    for other in view.notices.crews.beside(delivery):
        beside = view.notices.notices[other]
        if (beside.state, beside.delivery) == ("SENT", delivery):
            yield e.NoticeLegFailed(other, beside.customer, message.channel, delivery, reason)
    if DELIVERY.allows(message.state, "cancel"):
        yield e.DeliveryCanceled(delivery, message.customer, "not in time")
    topic = view.plan.notices.topics.get(row.topic)
    if topic is None or legs_for(view, name, row, topic):
        yield from look(view, name, at_us)
    else:
        yield e.NoticeFailed(name, row.customer, reason)


def on_retried(view: View, event: e.DeliveryRetried, at_us: int) -> Iterator[e.Event]:
    """It has not left after all: of a notice that has gone on since then, it does not leave any more."""
    found = _notice(view, event.delivery)
    if found is not None and not (found[1].state == "SENDING" and found[1].delivery == event.delivery):
        yield e.DeliveryCanceled(event.delivery, event.customer, "not needed any more")


def on_expired(view: View, event: e.DeliveryExpired, at_us: int) -> Iterator[e.Event]:
    """Its time passed before it could leave."""
    found = _notice(view, event.delivery)
    if found is not None and found[1].state == "SENDING" and found[1].delivery == event.delivery:
        yield _over(view, *found)


def _over(view: View, name: str, row: Notice) -> e.NoticeExpired | e.NoticeFailed:
    """Its time has passed: it never left, or nobody knows whether it arrived."""
    if has_left(row):
        return e.NoticeFailed(name, row.customer, "no_receipt")
    return e.NoticeExpired(name, row.customer)


def on_canceled(view: View, event: e.DeliveryCanceled, at_us: int) -> Iterator[e.Event]:
    """Its message was called back: as it must not leave now, or by somebody who does not want it to."""
    found = _notice(view, event.delivery)
    if found is None or found[1].state != "SENDING" or found[1].delivery != event.delivery:
        return
    name, row = found
    if event.reason.startswith(RECALLED):
        yield e.NoticeRecalled(name, row.customer, event.reason.removeprefix(RECALLED))
        yield from look(view, name, at_us)
    else:
        yield from suppress(view, name, "canceled")


def on_time(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """It is time to look at a notice again; or its message has not arrived in time."""
    row = view.notices.notices[name]
    if row.state != "SENDING" and not (has_left(row) and at_us >= row.expires_us):
        yield from look(view, name, at_us)
    elif at_us < row.expires_us:
        yield from _advance(view, name, row, "not_in_time", at_us)
    else:
        yield _over(view, name, row)
        yield from called_back(view, row)
