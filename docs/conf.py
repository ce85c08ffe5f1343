"""How Sphinx builds this documentation: `nox -s docs`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

# The extensions are imported as `docs._extensions`, by tests too.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sphinx.application import Sphinx

from orchestra import __version__

project = "orchestra"
author = "orchestra contributors"
copyright = "2026, orchestra contributors"
version = release = __version__

extensions = [
    "docs._extensions.catalogue_pages",
    "docs._extensions.scenario_pictures",
    "docs._extensions.state_diagrams",
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",
    "sphinx.ext.napoleon",
]
nitpicky = False  # Types of the core dependencies have no targets here.
exclude_patterns = ["_extensions"]

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist", "attrs_block"]
myst_heading_anchors = 3

default_role = "code"  # Docstrings write code in single backticks.
python_maximum_signature_line_length = 88

# Types beside a section of our own, such as Guarantees, would be listed twice.
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # attrs fields are told once, in their class.
napoleon_custom_sections = [("Guarantees", "notes_style"), ("Source", "notes_style")]

html_theme = "furo"
html_title = f"orchestra {release}"
html_static_path = ["_static"]
html_css_files = ["pages.css"]


def keep_markup(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Keep two habits of our docstrings from being misread: `name`s with an ending, and colons in one-liners.

    Of an attribute's docstring napoleon takes what stands before a colon for its type.
    """
    lines[:] = [re.sub(r"(`[^`]+`)(?=[a-z])", r"\1\\ ", line) for line in lines]
    if what in {"attribute", "data", "property"} and lines:
        lines[0] = f": {lines[0]}"


def setup(app: Sphinx) -> None:
    """Run before napoleon, whose own priority is 500."""
    app.connect("autodoc-process-docstring", keep_markup, priority=400)
