"""How often bots answer in one conversation: programs that answer each other would never end.

Belongs here: the refusal. Does not: what becomes of a contact whose bot does not answer, which goes over to people.
"""

from __future__ import annotations

from orchestra.engine.view import View
from orchestra.errors import NotAllowedInState

__all__ = ["check_not_too_often"]


def check_not_too_often(view: View, name: str, agent: str | None, conversation: str, at_us: int) -> None:
    """Refuse a bot's answer where bots have given as many as they may (RFC 3834, section 2, on limiting responses).

    On live channels people are there: whoever talks with a bot for long does so because they like to.

    Raises:
        NotAllowedInState: they have.
    """
    channel = view.plan.channels[view.contacts.conversations[conversation].channel]
    if agent in view.bots.bots and not channel.live and not view.bots.may_answer(conversation, at_us):
        raise NotAllowedInState(name, "answered by bots as often as they may in a day", "reply")
