"""TwiML: what a call is to do, as a document. Written here and escaped, never put together of foreign markup.

Belongs here: documents for the customer's line and for agents' legs. Does not: requests (`voice_encode`), and what
comes back (`voice_decode`).
"""

from __future__ import annotations

import re
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, SubElement, tostring

import attrs

from orchestra.channels.account import Account
from orchestra.channels.twilio.voice_facts import WAIT_S

__all__ = ["Lines", "document_for_leg", "gather", "hang_up", "hold", "join", "lines_of", "say", "wait"]

# All that XML 1.0 has no place for (section 2.2), surrogates apart, which are refused before.
_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@attrs.frozen(kw_only=True)
class Lines:
    """How an account speaks, and where its calls ask what comes next.

    Attributes:
        address: the public address of its webhook.
        language: of what is said.
        voice: whose voice says it.
        music: the public address of what those on hold and waiting hear.
    """

    address: str
    language: str | None = None
    voice: str | None = None
    music: str | None = None

    def at(self, what: str, **named: str) -> str:
        """Give the address to which news of that kind come."""
        return f"{self.address}?{urlencode({'do': what, **named})}"


def lines_of(account: Account) -> Lines:
    """Give how an account speaks, and where its calls ask."""
    known = {name: account.text_setting(name, "") or None for name in ("language", "voice", "music")}
    return Lines(address=account.text_setting("callback_url", ""), **known)


def say(lines: Lines, text: str, of: str) -> bytes:
    """Say something, then ask what comes next."""
    response = Element("Response")
    _speak(response, lines, text)
    return _ask(response, lines, of)


def gather(lines: Lines, text: str, of: str, within_s: int) -> bytes:
    """Ask for one key; without one in time, tell so."""
    response = Element("Response")
    inside = _keys(response, lines, of, within_s)
    _speak(inside, lines, text)
    _redirect(response, lines.at("silence", of=of))
    return _written(response)


def wait(lines: Lines, text: str, of: str, *, takes_keys: bool) -> bytes:
    """Say where they stand, then music or silence for a while, then ask again."""
    response = Element("Response")
    inside = _keys(response, lines, of, 1 if lines.music else WAIT_S) if takes_keys else response
    _speak(inside, lines, text)
    _pass_time(inside, lines, is_gather=takes_keys)
    return _ask(response, lines, of)


def hold(lines: Lines, text: str, of: str) -> bytes:
    """Say so, then music or silence, until something else is told."""
    response = Element("Response")
    _speak(response, lines, text)
    _pass_time(response, lines, is_gather=False)
    return _ask(response, lines, of)


def join(lines: Lines, room: str, of: str) -> bytes:
    """Bring the customer into the room where the agents are; afterwards ask what comes next."""
    response = Element("Response")
    dial = SubElement(response, "Dial", {"action": lines.at("left", of=of), "method": "POST"})
    _room(dial, room)
    return _written(response)


def document_for_leg(room: str) -> bytes:
    """What an agent's phone does when it is answered: come into the room."""
    response = Element("Response")
    _room(SubElement(response, "Dial"), room)
    return _written(response)


def hang_up(lines: Lines, text: str) -> bytes:
    """Say the last words, and end the call."""
    response = Element("Response")
    _speak(response, lines, text)
    SubElement(response, "Hangup")
    return _written(response)


def _room(dial: Element, name: str) -> None:
    """No beeps, no music while one is alone: what a customer hears before is told by other documents.

    Nobody's leaving ends it: whoever is left is hung up on, or joined by others, as the engine says.
    """
    conference = SubElement(
        dial,
        "Conference",
        {"beep": "false", "startConferenceOnEnter": "true", "endConferenceOnExit": "false", "waitUrl": ""},
    )
    conference.text = name


def _keys(response: Element, lines: Lines, of: str, within_s: int) -> Element:
    return SubElement(
        response,
        "Gather",
        {
            "input": "dtmf",
            "numDigits": "1",
            "finishOnKey": "",
            "timeout": str(within_s),
            "action": lines.at("keys", of=of),
            "method": "POST",
        },
    )


def _speak(inside: Element, lines: Lines, text: str) -> None:
    if not text:
        return
    named = {"language": lines.language, "voice": lines.voice}
    spoken = SubElement(inside, "Say", {name: value for name, value in named.items() if value})
    spoken.text = _NO_XML.sub(" ", text)


def _pass_time(inside: Element, lines: Lines, *, is_gather: bool) -> None:
    if lines.music:
        SubElement(inside, "Play").text = lines.music
    elif not is_gather:  # a gathering takes its own time
        SubElement(inside, "Pause", {"length": str(WAIT_S)})


def _ask(response: Element, lines: Lines, of: str) -> bytes:
    _redirect(response, lines.at("idle", of=of))
    return _written(response)


def _redirect(response: Element, address: str) -> None:
    SubElement(response, "Redirect", {"method": "POST"}).text = address


def _written(response: Element) -> bytes:
    return b'<?xml version="1.0" encoding="UTF-8"?>' + tostring(response, encoding="unicode").encode()
