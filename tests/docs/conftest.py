"""The plug-ins of the how-to guides are imported as a reader's would be: `acme.pager`."""

from __future__ import annotations

import sys

from tests.docs.pages import DOCS

sys.path.insert(0, str(DOCS / "howto"))
