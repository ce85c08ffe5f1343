"""The people who answer: shifts and breaks, offers taken, declined and missed, and how they handle what they took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import attrs

from orchestra.cli.day.clockwork import MINUTE, Clockwork
from orchestra.cli.day.texts import ANSWERS
from orchestra.engine.contacts.state import Interaction
from orchestra.model import commands as c, events as e

__all__ = ["Agents"]

_SHIFT_HOURS: Final = (8, 9)
_WRITING_S: Final[Mapping[str, tuple[int, int]]] = {"email": (60, 400), "social": (30, 150)}


@attrs.frozen
class _Hand:
    """What an agent took with one offer. It may be taken out of their hand at any time."""

    offer: str
    interaction: str
    agent: str


class Agents:
    """Signs everybody in and out, and lets them work.

    Args:
        clockwork: virtual time.
        names: the agents of the plan.
    """

    def __init__(self, clockwork: Clockwork, names: Sequence[str]) -> None:
        self._clockwork = clockwork
        self._names = names
        self._taken_with: dict[str, str] = {}
        clockwork.watch(e.OfferMade, self._on_offer)
        clockwork.watch(e.OfferAccepted, self._on_accepted)
        clockwork.watch(e.InteractionFinished, self._on_finished)
        clockwork.watch(e.AgentWentAway, self._on_away)

    def plan_day(self, start_us: int) -> None:
        """Plan shifts and breaks."""
        at, do = self._clockwork.at, self._clockwork.do
        for number, name in enumerate(self._names):
            begin_us = start_us - 5 * MINUTE + self._clockwork.rng.randrange(8) * MINUTE
            end_us = start_us + _SHIFT_HOURS[number % 2] * 60 * MINUTE
            at(begin_us, partial(do, c.SignIn(name)))
            at(start_us + (150 + 25 * number) * MINUTE, partial(do, c.SetAway(name, "break")))
            at(end_us, partial(do, c.SetAway(name, "end of shift")))

    def _on_away(self, event: e.AgentWentAway) -> None:
        if event.reason == "end of shift":
            self._leave_when_done(event.agent)
        elif event.reason == "break":
            self._clockwork.after(14 * 60, 16 * 60, partial(self._return, event.agent, event.reason))
        else:
            self._clockwork.after(90, 240, partial(self._return, event.agent, event.reason))

    def _return(self, agent: str, reason: str) -> None:
        row = self._clockwork.view.presence.agents[agent]
        if (row.state, row.reason) == ("AWAY", reason):
            self._clockwork.do(c.SetAvailable(agent))

    def _leave_when_done(self, agent: str) -> None:
        if self._clockwork.view.routing.in_hand.get(agent):
            self._clockwork.after(30, 30, partial(self._leave_when_done, agent))
        else:
            self._clockwork.do(c.SignOut(agent, "end of shift"))

    # Offers

    def _on_offer(self, event: e.OfferMade) -> None:
        drawn = self._clockwork.rng.randrange(100)
        if drawn < 88:
            accept = c.AcceptOffer(event.offer, event.agent, event.token)
            self._clockwork.after(1, 8, partial(self._clockwork.do, accept))
        elif drawn < 93:
            decline = c.DeclineOffer(event.offer, event.agent, event.token, "not now")
            self._clockwork.after(2, 6, partial(self._clockwork.do, decline))

    def _on_accepted(self, event: e.OfferAccepted) -> None:
        self._taken_with[event.interaction] = event.offer
        hand = _Hand(event.offer, event.interaction, event.agent)
        channel = self._row(hand).channel
        if channel == "voice":
            self._talk(hand)
        elif channel == "chat":
            self._clockwork.after(8, 30, partial(self._chat, hand, self._clockwork.rng.randint(3, 5)))
        else:
            least, most = _WRITING_S[channel]
            self._clockwork.after(least, most, partial(self._write, hand))

    def _row(self, hand: _Hand) -> Interaction:
        return self._clockwork.view.contacts.interactions[hand.interaction]

    def _holds(self, hand: _Hand) -> bool:
        row = self._row(hand)
        is_theirs = row.agent == hand.agent and self._taken_with[hand.interaction] == hand.offer
        return is_theirs and row.state in ("ACTIVE", "HELD")

    # Handling

    def _talk(self, hand: _Hand) -> None:
        drawn = self._clockwork.rng.randrange(100)
        if drawn < 7:
            self._clockwork.after(30, 90, partial(self._transfer, hand))
            return
        if drawn < 27:
            self._clockwork.after(20, 50, partial(self._hold, hand))
        self._clockwork.after(60, 420, partial(self._end_call, hand))

    def _hold(self, hand: _Hand) -> None:
        if self._holds(hand):
            self._clockwork.do(c.HoldInteraction(hand.interaction, hand.agent))
            self._clockwork.after(10, 60, partial(self._retrieve, hand))

    def _retrieve(self, hand: _Hand) -> None:
        if self._holds(hand):
            self._clockwork.do(c.RetrieveInteraction(hand.interaction, hand.agent))

    def _transfer(self, hand: _Hand) -> None:
        if self._holds(hand):
            other = "orders" if self._row(hand).queue == "technical" else "technical"
            self._clockwork.do(c.TransferInteraction(hand.interaction, hand.agent, other))

    def _end_call(self, hand: _Hand) -> None:
        if self._holds(hand) and self._clockwork.chance(15):
            self._clockwork.do(c.LeaveContact(hand.interaction))
        else:
            self._finish(hand)

    def _chat(self, hand: _Hand, rounds: int) -> None:
        if not self._holds(hand):
            return
        self._reply(hand)
        if rounds > 1:
            self._clockwork.after(25, 70, partial(self._chat, hand, rounds - 1))
        else:
            self._clockwork.after(5, 20, partial(self._finish, hand))

    def _write(self, hand: _Hand) -> None:
        if self._holds(hand):
            self._reply(hand)
            self._clockwork.after(3, 15, partial(self._finish, hand))

    def _reply(self, hand: _Hand) -> None:
        text = self._clockwork.rng.choice(ANSWERS)
        self._clockwork.do(c.WriteReply(hand.interaction, hand.agent, text))

    def _finish(self, hand: _Hand) -> None:
        if not self._holds(hand):
            return
        case = self._row(hand).case
        is_settled = self._clockwork.chance(80)
        disposition = "resolved" if is_settled else "follow_up"
        self._clockwork.do(c.FinishInteraction(hand.interaction, hand.agent, disposition))
        if not is_settled and case is not None and self._clockwork.view.cases.cases[case].state == "OPEN":
            self._clockwork.do(c.SetCaseWaiting(case, "customer", "a document is missing"))

    def _on_finished(self, event: e.InteractionFinished) -> None:
        if event.wrap_up_until_us is not None and self._clockwork.chance(70):
            self._clockwork.after(3, 18, partial(self._wrap_up, event))

    def _wrap_up(self, event: e.InteractionFinished) -> None:
        disposition = event.disposition or "resolved"
        self._clockwork.do(c.FinishWrapUp(event.interaction, event.agent, disposition))
