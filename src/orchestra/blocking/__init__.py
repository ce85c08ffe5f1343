"""The whole public API without await, for Flask, Django, Celery and scripts: any thread, any number of processes.

The same names, arguments, results and errors as in `orchestra`, each call waiting until it is done. `connect` leads to
a workspace that another process owns; `open` owns one, in a thread of this process. What is iterated there with
`async for` is a `Stream` here.

What belongs here: names. What does not: anything else. Signatures and docstrings are generated.
"""

from __future__ import annotations

from orchestra.blocking.agents import ActiveContact, Consult
from orchestra.blocking.client import Client, connect
from orchestra.blocking.offers import Offer
from orchestra.blocking.portal import Stream
from orchestra.blocking.sessions import AgentSession
from orchestra.blocking.workspace import Workspace, open  # noqa: A004 - what the built-in function does to files

__all__ = [
    "ActiveContact",
    "AgentSession",
    "Client",
    "Consult",
    "Offer",
    "Stream",
    "Workspace",
    "connect",
    "open",
]
