"""What people of the day write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

__all__ = ["ANSWERS", "FIRST_NAMES", "LAST_NAMES", "MORE", "QUESTIONS"]

QUESTIONS: Final[Mapping[str, Sequence[str]]] = {
    "order": (
        "My order was due yesterday. Where is it?",
        "Half of my order is missing.",
        "Can I still change the delivery address?",
    ),
    "refund": (
        "I sent the shoes back two weeks ago. When do I get my money?",
        "The refund is smaller than what I paid.",
    ),
    "setup": (
        "The router asks for a code that I do not have.",
        "How do I move my old settings to the new phone?",
    ),
    "outage": (
        "No internet since this morning. Is that only me?",
        "The connection drops every few minutes.",
    ),
}
"""Topic -> how contacts about it begin."""

MORE: Final = (
    "Yes, that is the number.",
    "I have tried that already.",
    "It says the same as before.",
    "That helps, one moment.",
    "Could you check once more?",
)
"""What customers answer in between."""

ANSWERS: Final = (
    "Thank you for waiting. I am looking at it now.",
    "Could you tell me the number on the letter?",
    "I have found it, and corrected what was wrong.",
    "That is done now. You will get a confirmation.",
    "I have asked a colleague to look into it today.",
)
"""What agents write."""

FIRST_NAMES: Final = ("Alex", "Bo", "Carla", "Dina", "Egon", "Femi", "Gita", "Hugo", "Ines", "Jun", "Kofi", "Lena")
LAST_NAMES: Final = ("Adler", "Brandt", "Costa", "Duarte", "Eze", "Fischer", "Gupta", "Haas", "Ito", "Jensen", "Kim")
