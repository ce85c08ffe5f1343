"""Where what the journal tells belongs: channel, case, team, brand, and who had it in hand.

Belongs here: what a customer's events leave to be looked up. Does not: who may see it (`readers`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orchestra.model import events as e
from orchestra.model.brands import accounts_of
from orchestra.model.plan import Plan
from orchestra.runtime.readers import Place

__all__ = ["PLACING", "Places"]

_NAMES = ("interaction", "delivery", "message")
"""Fields by which an event names something that has a channel, best first."""


class Places:
    """Learns from events, in order, and then tells of each where it belongs."""

    def __init__(self, plan: Plan) -> None:
        self._brands = accounts_of(plan.brands)
        self._teams = {name: queue.team for name, queue in plan.queues.items()}
        self._accounts: dict[str, tuple[str, str]] = {}
        self._cases: dict[str, str] = {}
        self._queued: dict[str, str] = {}
        self._hands: dict[str, set[str]] = {}
        self._owners: dict[str, str] = {}
        self._owning: dict[str, str] = {}
        self._branded: dict[str, str | None] = {}
        self.numbers: dict[str, str] = {}

    def learn(self, event: e.Event) -> None:
        """Note what later and earlier events of the same things do not say themselves."""
        told = _TOLD.get(type(event))
        if told is not None:
            told(self, event)

    def came(self, event: Any) -> None:
        """It came on an account."""
        self._accounts[event.interaction] = event.channel, event.account

    def conversed(self, event: e.ConversationStarted) -> None:
        """It goes on on an account."""
        self._accounts[event.conversation] = event.channel, event.account

    def attached(self, event: e.InteractionAttached) -> None:
        """It belongs to a case, which is of the brand that it first came up with."""
        self._cases[event.interaction] = event.case
        if self._branded.get(event.case) is None:
            self._branded[event.case] = self._brand(event.interaction)

    def queued(self, event: e.InteractionQueued) -> None:
        """It is for the team of the queue that it waited in last."""
        team = self._teams.get(event.queue)
        if team is not None:
            self._queued[event.interaction] = team

    def accepted(self, event: e.OfferAccepted) -> None:
        """An agent took it."""
        self._hands.setdefault(event.interaction, set()).add(event.agent)

    def consulted(self, event: e.ConsultAccepted) -> None:
        """An agent came to help."""
        self._hands.setdefault(event.interaction, set()).add(event.consulted)

    def transferred(self, event: e.TransferCompleted) -> None:
        """An agent got it from another."""
        self._hands.setdefault(event.interaction, set()).add(event.to)

    def planned(self, event: e.DeliveryPlanned) -> None:
        """A message goes out on an account, in a case."""
        account = event.channel, event.account
        self._accounts[event.delivery] = self._accounts[event.message] = account
        self._cases[event.delivery] = event.case

    def amended(self, event: e.MessageAmended) -> None:
        """A message is changed, in a case."""
        if event.delivery is not None:
            self._accounts[event.delivery] = event.channel, event.account
            self._cases[event.delivery] = event.case

    def steered(self, event: e.CallSteered) -> None:
        """A call is told something, in a case."""
        self._accounts[event.delivery] = event.channel, event.account
        self._cases[event.delivery] = event.case

    def opened(self, event: e.CaseOpened) -> None:
        """A case has a number, an owner, and perhaps a conversation in which it came up."""
        self.numbers[event.case] = event.number
        self.owned(event)
        if event.conversation is not None:
            self._branded[event.case] = self._brand(event.conversation)

    def owned(self, event: e.CaseOpened | e.CaseOwnerChanged) -> None:
        """Somebody else answers for the case."""
        self._owners[event.case] = f"{event.owner_kind}:{event.owner}"
        if event.owner_kind == "team":
            self._owning[event.case] = event.owner

    def _brand(self, name: str) -> str | None:
        account = self._accounts.get(name)
        return None if account is None else self._brands.get(account)

    def _account(self, event: e.Event) -> tuple[str, str] | None:
        names = (getattr(event, field, None) for field in _NAMES)
        return next((self._accounts[name] for name in names if name in self._accounts), None)

    def channel(self, event: e.Event) -> str | None:
        """On which channel it happened, if on one."""
        said: str | None = getattr(event, "channel", None)
        known = self._account(event)
        return said if said is not None or known is None else known[0]

    def case(self, event: e.Event) -> str | None:
        """To which case it belongs, if to one."""
        said: str | None = getattr(event, "case", None)
        names = (getattr(event, field, None) for field in _NAMES)
        return said or next((self._cases[name] for name in names if name in self._cases), None)

    def place(self, event: e.Event) -> Place:
        """Where it belongs."""
        channel, account = getattr(event, "channel", None), getattr(event, "account", None)
        known = self._account(event) if channel is None or account is None else (channel, account)
        return self._place(getattr(event, "interaction", None) or "", self.case(event), known)

    def of_interaction(self, interaction: str) -> Place:
        """Where an interaction belongs."""
        return self._place(interaction, self._cases.get(interaction), self._accounts.get(interaction))

    def _place(self, interaction: str, case: str | None, account: tuple[str, str] | None) -> Place:
        queued, owner = self._queued.get(interaction), self._owners.get(case or "")
        answers = frozenset(filter(None, (owner, None if queued is None else f"team:{queued}")))
        brand = self._branded.get(case or "") if account is None else self._brands.get(account)
        return Place(
            queued or self._owning.get(case or ""), answers, frozenset(self._hands.get(interaction, ())), brand
        )


_TOLD: Mapping[type[e.Event], Callable[[Places, Any], None]] = {
    e.InteractionStarted: Places.came,
    e.CallbackRequested: Places.came,
    e.ConversationStarted: Places.conversed,
    e.InteractionAttached: Places.attached,
    e.InteractionQueued: Places.queued,
    e.OfferAccepted: Places.accepted,
    e.ConsultAccepted: Places.consulted,
    e.TransferCompleted: Places.transferred,
    e.DeliveryPlanned: Places.planned,
    e.CallSteered: Places.steered,
    e.MessageAmended: Places.amended,
    e.CaseOpened: Places.opened,
    e.CaseOwnerChanged: Places.owned,
}

PLACING = tuple(kind.__name__ for kind in _TOLD)
"""Types of the events from which places are learned."""
