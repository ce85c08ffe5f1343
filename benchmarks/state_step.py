"""One step of a state machine with the event that tells of it, against `transitions`."""

from __future__ import annotations

from measure import Case, main
from transitions import Machine as PeerMachine

from orchestra.engine.lifecycle import INTERACTION
from orchestra.model.events import InteractionHeld, InteractionRetrieved

STEPS = 20_000


class Held:
    """The peer's model: its machine adds state and triggers; the callbacks make the events."""

    def __init__(self) -> None:
        self.events: list[object] = []

    def tell_held(self) -> None:
        """Make the event of a hold."""
        self.events.append(InteractionHeld("in1", "cu1", "ana"))

    def tell_retrieved(self) -> None:
        """Make the event of a return."""
        self.events.append(InteractionRetrieved("in1", "cu1", "ana"))


def ours() -> None:
    """Hold and retrieve, by the table."""
    state, events = "ACTIVE", []
    for _ in range(STEPS // 2):
        state = INTERACTION.step("in1", state, "hold")
        events.append(InteractionHeld("in1", "cu1", "ana"))
        state = INTERACTION.step("in1", state, "retrieve")
        events.append(InteractionRetrieved("in1", "cu1", "ana"))


def peer() -> None:
    """Hold and retrieve, by triggers with callbacks."""
    model = Held()
    transitions = [
        {"trigger": trigger, "source": source, "dest": after, "after": f"tell_{tell}"}
        for source, trigger, after, tell in (
            ("ACTIVE", "hold", "HELD", "held"),
            ("HELD", "retrieve", "ACTIVE", "retrieved"),
        )
    ]
    PeerMachine(
        model, states=list(INTERACTION.states), transitions=transitions, initial="ACTIVE", auto_transitions=False
    )
    for _ in range(STEPS // 2):
        model.hold()
        model.retrieve()


if __name__ == "__main__":
    main("state step", [Case("step with event", ours, peer, count=STEPS, target=5.0, peer_name="transitions")])
