"""Channels: how contacts come in from the outer world and how messages go out to it.

What belongs here: the port that an adapter fulfils (`port`), the values that pass through it (`inbound`,
`outbound`, `wire`, `sending`, `account`, `capabilities`, `description`, `parts`), the care that foreign bytes
need (`safe_json`, `fields`, `text`, `instants`), discovery of plug-ins (`registry`), what carries wire steps out
(`transport`), and the built-in adapters. What does not: engine decisions, storage, retries, throttling.

Import the module that you need; this package re-exports nothing, so that it stays cheap to import.
"""

from __future__ import annotations

__all__: list[str] = []
