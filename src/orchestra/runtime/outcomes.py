"""What an adapter says of a message or of news, in a form that can be used: checked, because it is foreign code.

Belongs here: what of an answer is made to fit, what is a fault, and the command that an outcome becomes. Does not:
calling adapters, and what any outcome leads to.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import islice

from orchestra.channels.port import Decoded, Polled
from orchestra.channels.sending import Failed, Interpreted, Next, Outcome, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.wire import FrameStep, HttpStep, ImapStep, SmtpStep, WireStep
from orchestra.model.commands import RecordOutcome
from orchestra.model.limits import cursor_fault
from orchestra.model.structure import microseconds

__all__ = ["ADAPTER_FAULT", "checked_outcome", "checked_plan", "checked_polled", "no_more", "record_of"]

ADAPTER_FAULT = "adapter_fault"
"""The code of whatever ends because an adapter or a transport does not do what its contract says."""

_LONGEST_CODE = 100
_LONGEST_ID = 500
_MOST_IDS = 100
_MOST_LOST = 20
_MOST_NEWS = 10_000


def checked_plan(given: object) -> SendPlan | Failed:
    """What `encode` gave, if it is what `encode` may give. A refusal is a failure by now.

    Raises:
        TypeError, ValueError: it is something else.
    """
    if isinstance(given, Refused):
        return Failed(_code(given.code))
    if isinstance(given, SendPlan):
        return SendPlan(tuple(map(_step, given.steps)))
    raise TypeError(f"encode gave {type(given).__name__}")


def checked_outcome(given: object) -> Interpreted:
    """What `interpret` gave, if it is what `interpret` may give.

    What is told beside the outcome is made to fit: numbers become text, codes short, advice that is no duration none.

    Raises:
        TypeError, ValueError: it is something else, or ids that no receipt could ever be matched with.
    """
    match given:
        case Sent(ids):
            return Sent(_ids(ids))
        case Retry(code, after):
            return Retry(_code(code), after if isinstance(after, timedelta) else None)
        case Failed(code, permanent, is_undeliverable):
            return Failed(_code(code), bool(permanent), permanent is True and is_undeliverable is True)
        case Unknown(code):
            return Unknown(_code(code))
        case Next(step):
            return Next(_step(step))
        case _:
            raise TypeError(f"interpret gave {type(given).__name__}")


def checked_polled(given: object) -> Polled:
    """What `decode_poll` gave, if it is what `decode_poll` may give.

    Raises:
        TypeError, ValueError: it is something else, more news than one page may have, or a cursor that cannot be kept.
    """
    if not isinstance(given, Polled):
        raise TypeError(f"decode_poll gave {type(given).__name__}")
    decoded = _decoded(given.decoded)
    retry = None if given.retry is None else checked_outcome(given.retry)
    if not isinstance(retry, Retry | None):
        raise TypeError(f"retry is {type(retry).__name__}")
    return Polled(decoded=decoded, cursor=_cursor(given.cursor), has_more=bool(given.has_more), retry=retry)


def _decoded(given: object) -> Decoded:
    if not isinstance(given, Decoded):
        raise TypeError(f"{type(given).__name__} is no news")
    if len(given.events) > _MOST_NEWS:
        raise ValueError("too many news at once")
    return given


def _cursor(given: object) -> str | None:
    if given is None:
        return None
    if not isinstance(given, str) or cursor_fault(given) is not None:
        raise ValueError("a cursor is a short text")
    given.encode()  # a lone surrogate cannot be stored
    return str.__str__(given)


def _step(given: object) -> WireStep:
    if not isinstance(given, HttpStep | SmtpStep | FrameStep | ImapStep):
        raise TypeError(f"{type(given).__name__} is no step")
    return given


def _code(given: object) -> str:
    """A code is for people: whatever it is, the outcome it came with stands."""
    text = _text(given)
    shown = "" if text is None else "".join(one if one.isprintable() else "?" for one in text[:_LONGEST_CODE])
    return shown or ADAPTER_FAULT


def _ids(given: object) -> tuple[str, ...]:
    if not isinstance(given, tuple | list) or len(given) > _MOST_IDS:
        raise TypeError("ids are a short tuple")
    return tuple(map(_id, given))


def _id(given: object) -> str:
    text = _text(given)
    if text is None or not 0 < len(text) <= _LONGEST_ID:
        raise ValueError("an id is a short text")
    text.encode()  # a lone surrogate can be neither stored nor told
    return text


def _text(given: object) -> str | None:
    """Text, or a number as text: providers' ids and codes often are numbers."""
    if isinstance(given, str):
        return str.__str__(given)  # nothing but text is stored: a mail's header, say, is a kind of its own
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else None


def no_more(outcome: Outcome) -> Outcome:
    """What it means that a step failed after one that must not be done twice: trying again would do that."""
    if isinstance(outcome, Retry) or (isinstance(outcome, Failed) and not outcome.permanent):
        return Unknown(outcome.code)
    return outcome


def record_of(
    delivery: str, attempt: int, outcome: Outcome, is_safe: bool, lost: Iterable[object] = ()
) -> RecordOutcome:
    """The command that records an outcome. `is_safe`: all that was done for it may be done again.

    `lost` names what of the message the channel could not carry, in an adapter's words.
    """
    match outcome:
        case Sent(ids):
            words = list(dict.fromkeys(map(_code, islice(lost, _MOST_LOST))))
            return RecordOutcome(delivery, attempt, "accepted", list(ids), lost=words or None)
        case Retry(code, after):
            after_us = None if after is None else microseconds(after)
            return RecordOutcome(delivery, attempt, "retry", code=code, retry_after_us=after_us)
        case Failed(code, False):
            return RecordOutcome(delivery, attempt, "retry", code=code)
        case Failed(code, _, is_undeliverable):
            return RecordOutcome(delivery, attempt, "failed", code=code, is_undeliverable=is_undeliverable)
        case Unknown(code):
            return RecordOutcome(delivery, attempt, "unknown", code=code, safe_to_repeat=is_safe)
