"""What a customer says while somebody has their contact in hand: in it, and in what waits for it.

Belongs here: following both as it comes. Does not: what was there before (`context`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from orchestra.errors import NotPermitted
from orchestra.model import events as e
from orchestra.runtime.context import Question
from orchestra.runtime.desk import Desk, has_part

__all__ = ["asked_elsewhere", "said_in"]

_OVER = (e.InteractionDone, e.InteractionFinished, e.InteractionCanceled)
_WAITS = (e.QuestionLinked, e.ContactDeferred)


async def said_in(desk: Desk, interaction: str, customer: str, agent: str) -> AsyncGenerator[str, None]:
    """What the customer writes in an interaction, or which keys they press, while the agent has a part in it."""
    over = (*_OVER, e.InteractionQueued, e.CallbackScheduled)
    after = await desk.begin_of(interaction, customer)
    parts = (e.OfferAccepted, e.ConsultAccepted, e.TransferCompleted, e.ConsultEnded)
    takes_part = False
    said = (e.MessageReceived, e.KeysPressed)
    async with aclosing(desk.events(after=after, types=[*said, *parts, *over])) as entries:
        async for entry in entries:
            event = entry.event
            if getattr(event, "interaction", None) != interaction:
                continue
            if isinstance(event, e.MessageReceived):
                yield event.text or ""
                continue
            if isinstance(event, e.KeysPressed):
                yield event.keys or ""
                continue
            had_part, takes_part = takes_part, has_part(event, agent, takes_part)
            if had_part and not takes_part:
                return


async def asked_elsewhere(desk: Desk, interaction: str, customer: str, agent: str) -> AsyncGenerator[Question, None]:
    """What the customer asks in contacts that wait for this one, as the agent may see it, until that is over."""
    after = await desk.begin_of(interaction, customer)
    waiting: set[str] = set()
    told: set[str] = set()
    async with aclosing(desk.events(after=after, types=[*_WAITS, e.MessageReceived, *_OVER])) as entries:
        async for entry in entries:
            event = entry.event
            if isinstance(event, _OVER) and event.interaction == interaction:
                return
            if isinstance(event, e.QuestionLinked | e.ContactDeferred) and event.to == interaction:
                waiting.add(event.interaction)
            if getattr(event, "interaction", None) not in waiting:
                continue
            try:
                context = await desk.context_of(interaction, agent)
            except NotPermitted:
                return
            for question in context.asked_elsewhere:
                if question.message not in told:
                    told.add(question.message)
                    yield question
