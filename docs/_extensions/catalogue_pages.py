"""The directives `plan-keys`, `event-catalogue`, `command-catalogue` and `public-names`.

What belongs here: Sphinx. What does not: what the catalogues say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from docs._extensions.catalogues import command_catalogue, event_catalogue, plan_keys, public_names
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

__all__ = ["setup"]


class _Catalogue(SphinxDirective):
    """Parses what its `write` gives as if it stood on the page."""

    write: ClassVar[Callable[[], str]]

    def run(self) -> list[nodes.Node]:
        """Write and parse."""
        return self.parse_text_to_nodes(type(self).write(), allow_section_headings=True)


class PlanKeys(_Catalogue):
    """Every table and key of a plan file."""

    write = staticmethod(plan_keys)


class EventCatalogue(_Catalogue):
    """Every event."""

    write = staticmethod(event_catalogue)


class CommandCatalogue(_Catalogue):
    """Every command."""

    write = staticmethod(command_catalogue)


class PublicNames(_Catalogue):
    """What `orchestra` itself gives."""

    write = staticmethod(public_names)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("plan-keys", PlanKeys)
    app.add_directive("event-catalogue", EventCatalogue)
    app.add_directive("command-catalogue", CommandCatalogue)
    app.add_directive("public-names", PublicNames)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
