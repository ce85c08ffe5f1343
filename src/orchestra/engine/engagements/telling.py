"""What somebody is told at once who writes where nobody answers them now: once, if the plan has a text for that.

Belongs here: that word. Does not: which contacts wait (`deferring`), or are answered with another (`joining`).
"""

from __future__ import annotations

from collections.abc import Iterable

from orchestra.engine.deliveries.planning import write
from orchestra.engine.engagements.state import linked_key, told_key
from orchestra.engine.view import View
from orchestra.model import events as e

__all__ = ["told_once"]


def told_once(view: View, event: e.MessageReceived, at_us: int) -> Iterable[e.Event]:
    """Tell whoever writes in a contact that waits for another, or is linked to one as the plan has it, why.

    It answers what they have just done here, so it is not held while somebody talks with them elsewhere.
    """
    own, name, texts = view.engagements, event.interaction, view.plan.engagements
    if name in own.linked:
        member = own.members[name]
        is_due, text = member.mode == "link" and not member.is_told, texts.linked
        key, topic = linked_key(name), "linked"
    else:
        row = own.deferred.get(name)
        is_due, text = row is not None and not row.is_told, texts.deferred
        key, topic = told_key(name), "deferred"
    if text is None or not is_due:
        return ()
    talk = view.contacts.interactions[name]
    assert talk.case is not None  # what waits or is linked has a case
    return write(
        view,
        at_us,
        conversation=event.conversation,
        case=talk.case,
        customer=talk.customer,
        text=text,
        key=key,
        topic=topic,
        automatic=True,
    )
