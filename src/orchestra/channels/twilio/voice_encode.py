"""Telling a call what to do: as the answer to its own request, or by a request to Twilio's API."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import attrs

from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.outbound import CallVerb
from orchestra.channels.parts import TextFormat
from orchestra.channels.sending import Refused, SendPlan
from orchestra.channels.twilio import twiml
from orchestra.channels.twilio.encode import authorization
from orchestra.channels.twilio.facts import DEFAULT_URL
from orchestra.channels.twilio.voice_decode import twiml_reply
from orchestra.channels.twilio.voice_facts import SPEECH_LIMIT, TWIML_LIMIT
from orchestra.channels.wire import HttpReply, HttpStep
from orchestra.channels.writing import UNENCODABLE, has_unencodable, listed

__all__ = ["decided_reply", "encode_action"]

_ACCOUNT = re.compile(r"[A-Za-z0-9]{1,64}")
_CALL = re.compile(r"[A-Za-z0-9]{1,64}")
_TARGET = re.compile(r"(\+[1-9][0-9]{6,14}|(sip|client):[A-Za-z0-9._@:;=+-]{1,200})")
_KEY = re.compile(r"[0-9*#]")
_KEYS_WITHIN_S = 8
_SHORTEST_RING_S, _LONGEST_RING_S = 5, 600
_TOO_LONG = Refused("text_too_long", f"a call is told at most {TWIML_LIMIT} characters at once, escaped")
_NO_CALL = Refused("no_call", "only a call that goes on can be told something: give its id as the conversation's")


@attrs.frozen
class _Told:
    """What a line is to be told: a document, or that it ends; and what was lost."""

    document: bytes
    lost: tuple[str, ...] = ()
    is_safe: bool = True


def encode_action(message: outbound.Outbound, account: Account, conversation: Conversation) -> SendPlan | Refused:
    """Plan the request that has a call do something, or say why none can."""
    proof = authorization(account)
    if proof is None or _ACCOUNT.fullmatch(account.id) is None:
        return Refused("no_credentials", "the account needs its SID as id, and the secret `password`")
    call = _call_of(message, conversation)
    if _CALL.fullmatch(call) is None:
        return _NO_CALL
    made = _made(message, account, call)
    if isinstance(made, Refused):
        return made
    where, fields, told = made
    if any(len(value) > TWIML_LIMIT for name, value in fields if name == "Twiml"):
        return _TOO_LONG
    base = f"{account.text_setting('url', DEFAULT_URL)}/2010-04-01/Accounts/{account.id}"
    step = HttpStep(
        idempotency_key=message.key,
        rate_keys=(f"account:{account.id}",),
        safe_to_repeat=told.is_safe,
        degradations=told.lost,
        carry=_carry(message),
        method="POST",
        url=f"{base}/{where}.json",
        headers=(("Content-Type", "application/x-www-form-urlencoded"), proof),
        body=urlencode(fields).encode(),
    )
    return SendPlan((step,))


def decided_reply(message: outbound.Outbound, account: Account, conversation: Conversation) -> HttpReply | None:
    """Give the answer to a call's own request that has it do something; None if that takes a request to the API."""
    told = _told(message, account, _call_of(message, conversation))
    return twiml_reply(told.document) if isinstance(told, _Told) and told.document else None


def _call_of(message: outbound.Outbound, conversation: Conversation) -> str:
    return message.call_id if isinstance(message, outbound.CallAction) else conversation.id or ""


def _carry(message: outbound.Outbound) -> str:
    """What the answer is read by: a call that is over already has been hung up."""
    return message.verb.value if isinstance(message, outbound.CallAction) else ""


_Made = tuple[str, list[tuple[str, str]], _Told]


def _made(message: outbound.Outbound, account: Account, call: str) -> _Made | Refused:
    if isinstance(message, outbound.CallAction) and message.verb is CallVerb.CALL:
        return _call_agent(message, account, call)
    if isinstance(message, outbound.CallAction) and message.leg_id is not None:
        if message.verb is not CallVerb.HANG_UP or _CALL.fullmatch(message.leg_id) is None:
            return Refused("leg", "an agent's leg can be hung up, by the id that Twilio gave it")
        return f"Calls/{message.leg_id}", [("Status", "completed")], _Told(b"")
    told = _told(message, account, call)
    if isinstance(told, Refused):
        return told
    if isinstance(message, outbound.CallAction) and message.verb is CallVerb.HANG_UP and not message.text:
        return f"Calls/{call}", [("Status", "completed")], told
    return f"Calls/{call}", [("Twiml", told.document.decode())], told


def _call_agent(action: outbound.CallAction, account: Account, call: str) -> _Made | Refused:
    """A call of its own to the agent, whose phone comes into the room of the customer's call when they answer."""
    target = action.target or account.text_setting("agents", "").replace("{agent}", action.agent or "")
    if _TARGET.fullmatch(target) is None or not target.isascii():
        return Refused("target", "an agent is called at a number, sip:... or client:...; see the setting `agents`")
    if not action.leg or has_unencodable(action.leg):
        return Refused("leg", "an agent's leg needs a name")
    lasts_s = 0 if action.lasts is None else int(action.lasts.total_seconds())
    lines = twiml.lines_of(account)
    fields = [
        ("To", target),
        ("From", account.text_setting("number", "")),
        ("Twiml", twiml.document_for_leg(call).decode()),
        ("Timeout", str(min(max(lasts_s, _SHORTEST_RING_S), _LONGEST_RING_S))),
        ("StatusCallback", lines.at("leg", call=call, leg=action.leg)),
        ("StatusCallbackEvent", "answered"),
        ("StatusCallbackEvent", "completed"),
    ]
    return "Calls", fields, _Told(b"", is_safe=False)


def _told(message: outbound.Outbound, account: Account, call: str) -> _Told | Refused:
    writer = _WRITERS.get(type(message))
    if writer is None:
        return Refused("not_spoken", "a call can only be told something, or asked for a key")
    if any(map(has_unencodable, _texts(message))):
        return UNENCODABLE
    told = writer(message, account, call)
    return _TOO_LONG if isinstance(told, _Told) and any(len(one) > SPEECH_LIMIT for one in _texts(message)) else told


def _texts(message: outbound.Outbound) -> tuple[str, ...]:
    choices = message.choices if isinstance(message, outbound.Choices) else ()
    labels = (part for choice in choices for part in (choice.id, choice.label))
    return (getattr(message, "text", None) or "", *labels)


def _message(message: outbound.Message, account: Account, _call: str) -> _Told | Refused:
    if not message.text:
        return Refused("empty_text", "a call is told something")
    lines = twiml.lines_of(account)
    is_marked, has_more = message.format is not TextFormat.PLAIN, bool(message.subject or message.reply_to)
    lost = (*(("format",) if is_marked else ()), *(("subject",) if has_more else ()))
    return _Told(twiml.say(lines, message.text, message.key), lost, is_safe=False)


def _choices(message: outbound.Choices, account: Account, _call: str) -> _Told | Refused:
    """Choices whose ids are keys are asked for; what they are called is spoken where the label is more than the key.

    Others are only told: what is pressed then is for whoever asked to make sense of.
    """
    if not all(_KEY.fullmatch(choice.id) for choice in message.choices):
        text = listed(message)
        return _Told(
            twiml.gather(twiml.lines_of(account), text, message.key, _KEYS_WITHIN_S), ("choices_as_text",), False
        )
    pattern = account.text_setting("press", "For {label}, press {key}.")
    spoken = [
        pattern.replace("{label}", choice.label).replace("{key}", choice.id)
        for choice in message.choices
        if choice.label != choice.id
    ]
    text = " ".join([message.text, *spoken])
    document = twiml.gather(twiml.lines_of(account), text, message.key, _KEYS_WITHIN_S)
    return _Told(document, is_safe=False)


def _progress(message: outbound.Progress, account: Account, _call: str) -> _Told:
    return _Told(twiml.say(twiml.lines_of(account), message.text, message.key), ("progress_as_text",), is_safe=False)


def _action(action: outbound.CallAction, account: Account, call: str) -> _Told | Refused:
    lines, text, key = twiml.lines_of(account), action.text or "", action.key
    match action.verb:
        case CallVerb.SAY:
            return _Told(twiml.say(lines, text, key), is_safe=False)
        case CallVerb.GATHER:
            return _Told(twiml.gather(lines, text, key, _KEYS_WITHIN_S), is_safe=False)
        case CallVerb.WAIT:
            return _Told(twiml.wait(lines, text, key, takes_keys=action.takes_keys))
        case CallVerb.LISTEN:
            return _Told(twiml.wait(lines, text, key, takes_keys=True))
        case CallVerb.HOLD:
            return _Told(twiml.hold(lines, text, key))
        case CallVerb.JOIN | CallVerb.RESUME:
            return _Told(twiml.join(lines, call, key))
        case CallVerb.HANG_UP if action.leg_id is None:
            return _Told(twiml.hang_up(lines, text))
        case _:
            return Refused("verb", f"a call cannot be told to {action.verb.value}")


# Any: a table over a union cannot say that each key's type is the parameter of its value.
_WRITERS: Mapping[type, Callable[[Any, Account, str], _Told | Refused]] = MappingProxyType(
    {
        outbound.Message: _message,
        outbound.Choices: _choices,
        outbound.Progress: _progress,
        outbound.CallAction: _action,
    }
)
