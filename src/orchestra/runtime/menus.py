"""Bots that ask a menu of the plan: what they say and do is worked out of the menu and the answers alone.

Belongs here: the talk, as values, and the handler that carries it out. Does not: what a menu may say (`model.menus`),
and the life of a handler (`serving`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing

import attrs

from orchestra.errors import InvalidCommand
from orchestra.model.menus import Menu, MenuKey
from orchestra.runtime.agents import ActiveContact

__all__ = ["Talk", "Turn", "asking"]


@attrs.frozen
class Turn:
    """What is to be said now, and then done: `then` ends the talk, None asks `choices`."""

    say: str
    choices: dict[str, str] = attrs.field(factory=dict, hash=False)
    then: MenuKey | None = None


@attrs.frozen
class Talk:
    """How far a talk is: the step that is asked, and how often in a row it was asked in vain."""

    menu: Menu
    step: str
    in_vain: int = 0

    @classmethod
    def begin(cls, menu: Menu) -> Talk:
        """A talk that has just begun."""
        return cls(menu, menu.start)

    def ask(self, before: str = "") -> Turn:
        """The question of the step, after something said before."""
        step = self.menu.steps[self.step]
        choices = {name: key.label or name for name, key in step.keys.items()}
        return Turn(" ".join(filter(None, (before, step.say))), choices)

    def answered(self, answer: str) -> tuple[Talk, Turn]:
        """How the talk goes on after an answer: a key, what it is called, or anything else; empty for none in time."""
        key = self._key(answer.strip())
        if key is None:
            tried = attrs.evolve(self, in_vain=self.in_vain + 1)
            if tried.in_vain >= self.menu.tries:
                return tried, Turn("", then=MenuKey(people=True))
            return tried, tried.ask(self.menu.unknown if answer.strip() else "")
        if key.people or key.callback or key.end:
            return self, Turn(key.say, then=key)
        following = Talk(self.menu, key.go or self.step)
        return following, following.ask(key.say)

    def _key(self, answer: str) -> MenuKey | None:
        keys = self.menu.steps[self.step].keys
        called = {(key.label or name).casefold(): key for name, key in keys.items()}
        return keys.get(answer) or called.get(answer.casefold())


def asking(menu: Menu, callback_taken: Callable[[str], str]) -> Callable[[ActiveContact], Awaitable[None]]:
    """The handler of a bot that asks this menu.

    Args:
        menu: what is asked.
        callback_taken: channel -> what is said there to who will be called back, unless the menu says it.
    """

    async def ask(contact: ActiveContact) -> None:
        talk = Talk.begin(menu)
        await _say(contact, talk.ask())
        async with aclosing(contact.messages()) as answers:
            async for answer in answers:
                talk, turn = talk.answered(answer)
                if turn.then is not None:
                    await _end(contact, turn.say, turn.then, callback_taken)
                    return
                await _say(contact, turn)

    return ask


async def _say(contact: ActiveContact, turn: Turn) -> None:
    await contact.reply(turn.say, choices=turn.choices)


async def _end(contact: ActiveContact, say: str, key: MenuKey, callback_taken: Callable[[str], str]) -> None:
    if key.callback:
        try:
            await contact.call_back()
        except InvalidCommand:  # nobody waits on a line there: people know what else can be done
            await contact.hand_over(reason="callback")
            return
        say = say or callback_taken(contact.channel)
    if say:
        await contact.reply(say)
    if key.people:
        found = {"skills": dict(key.skills), "priority": key.priority, "topic": key.topic, "fields": dict(key.fields)}
        await contact.hand_over(key.queue, reason="menu", **found)  # type: ignore[arg-type]
    else:
        await contact.finish(key.disposition)
