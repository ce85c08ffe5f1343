"""What Twilio's calls need and tell, each with where it says so.

Sources: the SDK (twilio 9.13.0: `twiml.voice_response`, `rest.api.v2010.account.call`), and the documentation under
www.twilio.com/docs: voice/twiml (requests and their parameters), voice/twiml/gather, /say, /dial, /conference (an empty
`waitUrl` is silence), /redirect; api/rest/change-call-state, api/errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from orchestra.channels.inbound import CallState

__all__ = [
    "ENDED",
    "GONE_CODES",
    "HIDDEN",
    "KEYS",
    "LEG_STATES",
    "NOT_YET_CODES",
    "REPLY_DEADLINE",
    "SPEECH_LIMIT",
    "TWIML_LIMIT",
    "WAIT_S",
]

REPLY_DEADLINE = timedelta(seconds=15)
"""So long Twilio waits for an answer to a webhook (usage/webhooks/webhooks-connection-overrides: read time-out); error
11200 after it, and the call ends unless there is a fallback address."""

SPEECH_LIMIT = 3_000
"""Characters in one `<Say>`: 4,096 with the basic voices (voice/twiml/say), 3,000 with those of Amazon Polly."""

TWIML_LIMIT = 4_000
"""Characters in the parameter `Twiml` of a request: error 32018 beyond it (api/errors/32018)."""

KEYS = frozenset("0123456789*#")
"""What a telephone has to press (voice/twiml/gather: `input="dtmf"`)."""

WAIT_S = 20
"""Seconds between two announcements where nothing is played meanwhile."""

ENDED: frozenset[str] = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
"""`CallStatus` of a line that is gone (`CallInstance.Status`)."""

LEG_STATES: Mapping[str, CallState] = MappingProxyType(
    {
        "in-progress": CallState.ANSWERED,
        "completed": CallState.ENDED,
        **dict.fromkeys(("busy", "failed", "no-answer", "canceled"), CallState.FAILED),
    }
)
"""`CallStatus` in the status callbacks of a call that we made, of the events `answered` and `completed`."""

NOT_YET_CODES = frozenset({21220})
"""The call is not in progress: it rings still, since the answer to its first request is on its way; or it is over."""

GONE_CODES = frozenset({20404})
"""There is no such call any more."""

HIDDEN: frozenset[str] = frozenset(
    {
        *("anonymous", "restricted", "blocked", "unknown", "unavailable", "private"),
        *("+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"),
    }
)
"""`From` of callers who hide their number: a word, or the word as it is spelled on a telephone's keys, which some
networks give: 266696687 is ANONYMOUS, then RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE."""
