"""The directive `scenario`: one of the scenarios that tests play, told and drawn at every build.

What belongs here: Sphinx. What does not: drawing, and the form of the text.
"""

from __future__ import annotations

from typing import Any, ClassVar

from docs._extensions.scenario_svg import draw
from docs._extensions.scenario_text import SCENARIOS, read_scenario
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

__all__ = ["setup"]


class ScenarioPicture(SphinxDirective):
    """Draw the scenario that the argument names. Builders other than HTML get its steps."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        """Find the scenario by name, tell what it is about, and draw it."""
        path = SCENARIOS / f"{self.arguments[0]}.txt"
        if not path.is_file():
            there = ", ".join(sorted(found.stem for found in SCENARIOS.glob("*.txt")))
            raise self.error(f"no scenario {self.arguments[0]!r}; there are {there}")
        self.env.note_dependency(str(path))
        scenario = read_scenario(path.read_text("utf-8"))
        about = nodes.paragraph(scenario.about, scenario.about)
        if self.env.app.builder.format == "html":
            return [about, nodes.raw("", f'<div class="scenario">{draw(scenario)}</div>', format="html")]
        steps = "\n".join(f"{step.clock} {step.words}" for step in scenario.steps)
        return [about, nodes.literal_block(steps, steps)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("scenario", ScenarioPicture)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
