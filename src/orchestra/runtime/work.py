"""From what an application asks for to the command that opens a work item."""

from __future__ import annotations

from orchestra.channels.text import clean_text
from orchestra.errors import MalformedMessage
from orchestra.model.commands import OpenWorkItem
from orchestra.model.instants import since_epoch_us
from orchestra.model.limits import id_fault, text_fault
from orchestra.model.work import WorkItem
from orchestra.runtime.fitting import misfit

__all__ = ["open_work_item"]


def open_work_item(item: WorkItem) -> OpenWorkItem:
    """The command that opens a work item, its title and text cleaned.

    Raises:
        MalformedMessage: it is no work item, a field is of another type, the key is not well formed, or the text too
            long.
    """
    _refuse_other_kinds(item)
    if (found := misfit(item)) is not None:
        raise MalformedMessage(*found)
    if item.due is not None and item.due.tzinfo is None:
        raise MalformedMessage("due", "needs a time zone: datetime.now(UTC), not datetime.now()")
    if (fault := id_fault(item.key)) is not None:
        raise MalformedMessage("key", fault)
    text = _cleaned(item.text)
    if (fault := text_fault(text)) is not None:
        raise MalformedMessage("text", fault)
    return OpenWorkItem(
        item.channel,
        item.key,
        item.case,
        item.customer,
        item.topic,
        item.queue,
        dict(item.skills),
        item.priority,
        item.agent,
        None if item.due is None else since_epoch_us(item.due),
        item.ref,
        dict(item.fields),
        _cleaned(item.title),
        text,
    )


def _refuse_other_kinds(item: object) -> None:
    if not isinstance(item, WorkItem):
        raise MalformedMessage("", f"must be a WorkItem, not {type(item).__name__}")


def _cleaned(text: str | None) -> str | None:
    return None if text is None else clean_text(text)
