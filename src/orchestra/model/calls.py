"""The parts of a plan on calls that the library steers: what callers hear, and which key asks for a callback."""

from __future__ import annotations

import string
from collections.abc import Collection, Iterator

import attrs

from orchestra.errors import Fault

__all__ = ["KEYS", "CallHandling", "check_call_handling"]

KEYS = frozenset("0123456789*#")
"""What a telephone has to press."""

_LONGEST = 1_000
_HOLES = {"place": {"place"}, "estimate": {"least", "most"}, "short_estimate": {"most"}}


@attrs.frozen
class CallHandling:
    """What callers on a channel hear whose calls the library steers, step by step. All texts are spoken.

    Attributes:
        wait: said while nobody is free.
        place: then how many go before them, where that is known; `{place}` counts from 1. Empty for nothing.
        estimate: then how long it will probably take, in whole minutes, where that is known: `{least}` to `{most}`,
            which is the estimate less and more its own spread. Empty for nothing.
        short_estimate: the same where it may be over at once: `{most}` minutes or less.
        callback_key: what to press while waiting to be called back instead; none unless stated.
        callback: says so.
        callback_taken: said to whoever has asked for that, before the call is ended.
        closed: said to whoever is turned away, before the call is ended.
        hold: said to whoever is put on hold.
        goodbye: said before a call is ended that is over for any other reason; nothing unless stated.
    """

    wait: str = "Please hold the line. The next free agent will be with you."
    place: str = "You are number {place} in line."
    estimate: str = "It will probably take {least} to {most} minutes."
    short_estimate: str = "It will probably take {most} minutes or less."
    callback_key: str | None = None
    callback: str = ""
    callback_taken: str = "We will call you back. Goodbye."
    closed: str = "We cannot take your call now. Please try again later. Goodbye."
    hold: str = "One moment, please."
    goodbye: str = ""


def check_call_handling(path: str, calls: CallHandling, alternatives: Collection[str]) -> Iterator[Fault]:
    """Everything wrong or doubtful in how the calls of a channel are steered.

    Args:
        path: where it stands.
        calls: what is checked.
        alternatives: those of its channel.
    """
    for field in attrs.fields(CallHandling):
        text = getattr(calls, field.name)
        if field.name == "callback_key":
            continue
        if len(text) > _LONGEST:
            yield Fault(f"{path}.{field.name}", f"must have at most {_LONGEST} characters")
        yield from _check_holes(f"{path}.{field.name}", text, _HOLES.get(field.name, set()))
    if calls.callback_key is None:
        return
    if calls.callback_key not in KEYS:
        yield Fault(f"{path}.callback_key", "must be one key: a digit, * or #")
    if not calls.callback:
        yield Fault(f"{path}.callback", "must say which key to press to be called back")
    if "callback" not in alternatives:
        told = "callbacks are no alternative of the channel, so that nobody is told when the wait is long"
        yield Fault(f"{path}.callback_key", told, is_error=False)


def _check_holes(path: str, text: str, known: Collection[str]) -> Iterator[Fault]:
    try:
        found = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError:
        yield Fault(path, "has a brace without its other half")
        return
    for name in sorted(found - set(known)):
        shown = ", ".join(f"{{{one}}}" for one in sorted(known)) or "nothing"
        yield Fault(path, f"{{{name}}} stands for nothing here; known is {shown}")
