"""What ships for tests of applications and plug-ins: contract suites, a virtual clock, failing journals, fixtures.

The fixtures are active wherever the library is installed; see `orchestra.testing.plugin`. The contract suites need
pytest and hypothesis, and are imported when they are asked for. Nothing here imports a driver.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from orchestra.testing.clock import VirtualClock
from orchestra.testing.customer import Customer
from orchestra.testing.faults import Crash, FaultyJournal, JournalFault
from orchestra.testing.outbox import Outbox, Outgoing

if TYPE_CHECKING:
    from orchestra.testing.adapters import AdapterContract, MailContract
    from orchestra.testing.journals import JournalContract

__all__ = [
    "AdapterContract",
    "Crash",
    "Customer",
    "FaultyJournal",
    "JournalContract",
    "JournalFault",
    "MailContract",
    "Outbox",
    "Outgoing",
    "VirtualClock",
]

_SUITES = {
    "AdapterContract": "orchestra.testing.adapters",
    "JournalContract": "orchestra.testing.journals",
    "MailContract": "orchestra.testing.adapters",
}


def __getattr__(name: str) -> Any:
    """Import a contract suite when it is asked for: hypothesis is not everybody's."""
    if name not in _SUITES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_SUITES[name]), name)
