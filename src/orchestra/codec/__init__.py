"""Values to text and back: events as facts and private parts, commands, results, and canonical JSON.

What belongs here: forms of text, versions and upcasters. What does not: files, journals, and what any event means.
"""

from __future__ import annotations

from orchestra.codec.canonical import canonical
from orchestra.codec.commands import COMMAND_VERSION, MAX_COMMAND_BYTES, decode_command, encode_command
from orchestra.codec.events import UPCASTERS, EventCodec, Upcaster, decode_event, encode_event, to_record
from orchestra.codec.results import RESULT_VERSION, decode_result, encode_result

__all__ = [
    "COMMAND_VERSION",
    "MAX_COMMAND_BYTES",
    "RESULT_VERSION",
    "UPCASTERS",
    "EventCodec",
    "Upcaster",
    "canonical",
    "decode_command",
    "decode_event",
    "decode_result",
    "encode_command",
    "encode_event",
    "encode_result",
    "to_record",
]
