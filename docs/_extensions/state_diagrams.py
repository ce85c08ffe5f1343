"""The directive `state-diagram`: one of the engine's state tables as a picture, drawn at every build.

What belongs here: Sphinx. What does not: drawing.
"""

from __future__ import annotations

from typing import Any, ClassVar

from docs._extensions.state_svg import draw
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from orchestra.engine.lifecycle import MACHINES

__all__ = ["setup"]


class StateDiagram(SphinxDirective):
    """Draw the machine that the argument names. Builders other than HTML get the rows of its table."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        """Find the machine by name and draw it."""
        machines = {machine.name: machine for machine in MACHINES}
        if self.arguments[0] not in machines:
            raise self.error(f"no state table {self.arguments[0]!r}; there are {', '.join(machines)}")
        machine = machines[self.arguments[0]]
        if self.env.app.builder.format == "html":
            return [nodes.raw("", f'<div class="state-diagram">{draw(machine)}</div>', format="html")]
        rows = "\n".join(f"{state} {trigger} {after}" for (state, trigger), after in machine.steps.items())
        return [nodes.literal_block(rows, rows)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("state-diagram", StateDiagram)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
