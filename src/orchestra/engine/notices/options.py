"""What customers can choose who are told something, and what they picked of it.

Belongs here: offering options, and knowing again which was picked of which notice. Does not: what follows from it,
which is for rules and the application.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.lifecycle import DELIVERY, RECEIPTS
from orchestra.engine.notices.row import Notice
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.notices import NoticeTopic

__all__ = ["offered", "on_message"]

_ACTED = "acted"


def offered(name: str, topic: NoticeTopic, language: str) -> list[list[str]] | None:
    """What a message of a notice lets its reader pick from, each an id and a label; None for nothing.

    The id names the notice, too: the same options may stand in several messages, and be picked long after.
    """
    return [[f"{name}:{one.id}", one.label_in(language)] for one in topic.options] or None


def on_message(view: View, event: e.MessageReceived, at_us: int) -> Iterator[e.Event]:
    """Whoever picks an option of a notice has answered it, if it was told to them, and acted on what was sent."""
    name, _, option = (event.choice or "").partition(":")
    row = view.notices.notices.get(name)
    if row is None or not _is_offered(view, row, option) or not view.identity.is_same(row.customer, event.customer):
        return
    for delivery in row.left:
        message = view.deliveries.deliveries[delivery]
        if message.conversation == event.conversation and DELIVERY.allows(message.state, RECEIPTS[_ACTED]):
            yield e.ReceiptRecorded(delivery, message.customer, _ACTED, at_us, False)
    if row.answer != option:
        yield e.NoticeAnswered(name, row.customer, row.case, event.interaction, option)


def _is_offered(view: View, row: Notice, option: str) -> bool:
    topic = view.plan.notices.topics.get(row.topic)
    return bool(row.left) and topic is not None and option in [one.id for one in topic.options]
