"""How Sphinx builds this documentation: `nox -s docs`."""

from __future__ import annotations

from importlib.metadata import version as installed_version

project = "orchestra"
author = "orchestra contributors"
copyright = "2026, orchestra contributors"
version = release = installed_version("orchestra-cx")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",
    "sphinx.ext.napoleon",
]
nitpicky = False  # Types of the core dependencies have no targets here.
exclude_patterns: list[str] = []

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist", "attrs_block"]
myst_heading_anchors = 3

autodoc_typehints = "description"
autodoc_member_order = "bysource"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_custom_sections = [("Guarantees", "notes_style"), ("Source", "notes_style")]

html_theme = "furo"
html_title = f"orchestra {release}"
