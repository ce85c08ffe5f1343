"""What `orchestra.testing` offers, and what it leaves unimported until asked."""

from __future__ import annotations

import subprocess
import sys

import pytest

from orchestra import testing


def test_every_public_name_is_there() -> None:
    for name in testing.__all__:
        assert getattr(testing, name).__name__ == name


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="Nonsense"):
        _ = testing.Nonsense


def test_the_plugin_needs_no_hypothesis() -> None:
    script = "import sys, orchestra.testing.plugin; raise SystemExit('hypothesis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
