"""A driver for tests of consults, with shorthand for asking and answering."""

from __future__ import annotations

from typing import Any

from tests.engine_driver import Driver

from orchestra.model import commands as c, events as e

__all__ = ["Desk"]


class Desk(Driver):
    """A driver with shorthand for consults."""

    def ask(self, got: Any, consulted: str = "bob", after: float = 1) -> Any:
        """Whoever has the contact asks for help; gives the result."""
        return self.run(c.AskConsult(got.interaction, self.agent_of(got), consulted, "who is it?"), after).result

    def join(self, asked: Any, agent: str = "bob", after: float = 1) -> Any:
        """The agent who is asked takes part; gives the result."""
        return self.run(c.AcceptConsult(asked.consult, agent, asked.token), after).result

    def outcome(self) -> str:
        """How the last consult ended."""
        return self.last(e.ConsultEnded).outcome

    def used(self, agent: str) -> int:
        """How much of an agent's budget is held."""
        return self.engine.view.routing.benches[agent].used_percent

    def unchanged(self, got: Any, agent: str = "ana") -> None:
        """The contact is still the agent's, and nobody else has a part in it."""
        assert (self.state(got), self.agent_of(got)) == ("ACTIVE", agent)
        assert self.engine.view.consults.consults == {}

    def transfer(self, got: Any, to: str = "bob", after: float = 1) -> Any:
        """Whoever has the contact asks somebody to take it; gives the result."""
        return self.run(c.TransferToAgent(got.interaction, self.agent_of(got), to, "yours"), after).result
