"""Orchestrate a company's customer contacts over every channel.

`Workspace.open` owns a workspace in this process, `connect` leads to one that another process owns, and `blocking` has
both without await. `commands`, `events` and `definitions` hold what is asked, what has happened, and the parts of a
`Plan`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from orchestra.errors import (
    ActionRefused,
    CommandRefused,
    DefinitionError,
    InvalidCommand,
    InvalidData,
    JournalError,
    JournalUnavailable,
    LeaseLost,
    MalformedMessage,
    NotAllowedInState,
    NotPermitted,
    OfferExpired,
    OrchestraError,
    StaleVersion,
    TooSoon,
    UnknownId,
    WorkspaceInUse,
)
from orchestra.model import definitions
from orchestra.model.actions import ActionRequest
from orchestra.model.addresses import Email, Handle, Phone, Ref, ref
from orchestra.model.attachments import File
from orchestra.model.correlating import CaseScore, ScoredArrival, ScoredCase
from orchestra.model.message import Contact, Message
from orchestra.model.plan import Plan
from orchestra.model.rules import Action, Occasion, Rule, When
from orchestra.model.scores import ProfileScore, Score, ScoredAgent, ScoredContact, ScoredNeed, ScoredProfile
from orchestra.model.templates import ApprovedTemplate
from orchestra.model.work import WorkItem

if TYPE_CHECKING:
    from orchestra import blocking
    from orchestra.channels.account import Account
    from orchestra.model import commands, events
    from orchestra.model.results import ActionAsked, Dialed, Received, RequestedCallback, Stated, WorkOpened
    from orchestra.runtime.agents import ActiveContact, Consult
    from orchestra.runtime.client import Client, connect
    from orchestra.runtime.context import Context
    from orchestra.runtime.lines import Line
    from orchestra.runtime.offers import Offer
    from orchestra.runtime.published import Published
    from orchestra.runtime.readers import Withheld
    from orchestra.runtime.sessions import AgentSession
    from orchestra.runtime.sources import Article, Knowledge, Source
    from orchestra.runtime.workspace import Workspace

__version__ = "0.1.0"

__all__ = [
    "Account",
    "Action",
    "ActionAsked",
    "ActionRefused",
    "ActionRequest",
    "ActiveContact",
    "AgentSession",
    "ApprovedTemplate",
    "Article",
    "CaseScore",
    "Client",
    "CommandRefused",
    "Consult",
    "Contact",
    "Context",
    "DefinitionError",
    "Dialed",
    "Email",
    "File",
    "Handle",
    "InvalidCommand",
    "InvalidData",
    "JournalError",
    "JournalUnavailable",
    "Knowledge",
    "LeaseLost",
    "Line",
    "MalformedMessage",
    "Message",
    "NotAllowedInState",
    "NotPermitted",
    "Occasion",
    "Offer",
    "OfferExpired",
    "OrchestraError",
    "Phone",
    "Plan",
    "ProfileScore",
    "Published",
    "Received",
    "Ref",
    "RequestedCallback",
    "Rule",
    "Score",
    "ScoredAgent",
    "ScoredArrival",
    "ScoredCase",
    "ScoredContact",
    "ScoredNeed",
    "ScoredProfile",
    "Source",
    "StaleVersion",
    "Stated",
    "TooSoon",
    "UnknownId",
    "When",
    "Withheld",
    "WorkItem",
    "WorkOpened",
    "Workspace",
    "WorkspaceInUse",
    "__version__",
    "blocking",
    "commands",
    "connect",
    "definitions",
    "events",
    "ref",
]

# What runs is imported when it is first named, so that a process pays only for what it uses: the engine and its events
# are two thirds of the package.
_LATER = {
    "Account": "channels.account",
    "ActionAsked": "model.results",
    "ActiveContact": "runtime.agents",
    "AgentSession": "runtime.sessions",
    "Article": "runtime.sources",
    "Client": "runtime.client",
    "Consult": "runtime.agents",
    "Context": "runtime.context",
    "Dialed": "model.results",
    "Knowledge": "runtime.sources",
    "Line": "runtime.lines",
    "Offer": "runtime.offers",
    "Published": "runtime.published",
    "Received": "model.results",
    "RequestedCallback": "model.results",
    "Source": "runtime.sources",
    "Stated": "model.results",
    "Withheld": "runtime.readers",
    "WorkOpened": "model.results",
    "Workspace": "runtime.workspace",
    "blocking": "blocking",
    "commands": "model.commands",
    "connect": "runtime.client",
    "events": "model.events",
}

if not TYPE_CHECKING:  # a checker would take any name for one of ours

    def __getattr__(name: str) -> Any:
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = import_module(f"{__name__}.{_LATER[name]}")
        value = globals()[name] = getattr(module, name, module)
        return value

    def __dir__() -> list[str]:
        return __all__
