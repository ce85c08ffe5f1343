"""Storage of the workspace's records: the ports, the journals that ship, and how one is opened by URL.

Belongs here: whatever puts records, leases, inbox requests and snapshots on a disk or in a list. Does not: what the
records mean (`codec`, `engine`) and when they are written (`runtime`). Import the concrete module:
`orchestra.journal.port`, `.registry`, `.sqlite`, `.memory`.
"""

from __future__ import annotations

__all__: list[str] = []
