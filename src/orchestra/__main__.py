"""`python -m orchestra` is the `orchestra` command."""

from __future__ import annotations

import sys

from orchestra.cli.main import main

sys.exit(main())
