"""What the sessions of noxfile.py look for is where they look."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REPEATED = ("crash", "faults", "fuzz", "reach", "swarm", "torture", "truth", "webhooks", "workers")


def folders(name: str) -> tuple[str, ...]:
    """The folders that a constant of noxfile.py lists."""
    for node in ast.parse((ROOT / "noxfile.py").read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            found: tuple[str, ...] = eval(ast.unparse(node.value), {"__builtins__": {}})
            return found
    raise LookupError(name)


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("AWAITING", r"^ *async def test_"),
        ("PROVING", rf"pytest\.mark\.(?:{'|'.join(REPEATED)})\b"),
    ],
)
def test_no_test_of_a_session_is_in_a_folder_where_it_is_not_looked_for(name: str, pattern: str) -> None:
    among = tuple(f"{folder}/" for folder in folders(name))
    found = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if re.search(pattern, path.read_text("utf-8"), re.MULTILINE)
    ]
    assert len(found) > len(among)
    assert [path for path in found if not path.startswith(among)] == []
