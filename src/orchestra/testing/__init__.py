"""What ships for tests of applications and plug-ins: contract suites, a virtual clock, fixtures.

Import the module that you need; this package re-exports nothing and imports no driver.
"""

from __future__ import annotations

__all__: list[str] = []
