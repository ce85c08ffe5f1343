"""The package's source as the quality tests see it: files, modules, syntax trees, imports. Nothing is imported."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import attrs

__all__ = ["PACKAGE", "ROOT", "Function", "Import", "Module", "functions", "modules", "parse", "tracked"]

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "orchestra"


@attrs.frozen
class Import:
    """One imported module, dotted, and the line that imports it."""

    name: str
    line: int


@attrs.frozen
class Module:
    """A source file: `name` is dotted, a package's `__init__` bears the package's name."""

    name: str
    path: Path
    text: str
    tree: ast.Module = attrs.field(repr=False, eq=False)

    @property
    def where(self) -> str:
        """The path below src/orchestra."""
        return self.path.relative_to(PACKAGE).as_posix()

    @property
    def part(self) -> str:
        """The layer: `engine` for `orchestra.engine.timers`, the empty string for the package itself."""
        return self.name.partition(".")[2].partition(".")[0]

    def imports(self, known: frozenset[str] = frozenset()) -> Iterator[Import]:
        """All imports anywhere in the file, also type-only ones and those inside functions.

        `from a import b` names `a.b` if that is a module in `known`, else `a`.
        """
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (Import(alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                source = node.module or ""
                for alias in node.names:
                    inner = f"{source}.{alias.name}"
                    yield Import(inner if inner in known else source, node.lineno)


@attrs.frozen
class Function:
    """A function or method; `lines` counts from `def` to the end, without the docstring."""

    where: str
    lines: int
    branches: int


def _dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def parse(name: str, path: Path, text: str) -> Module:
    """A module from its text."""
    return Module(name, path, text, ast.parse(text, str(path)))


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the package, by path."""
    found = (path for path in sorted(PACKAGE.rglob("*.py")))
    return tuple(parse(_dotted(path), path, path.read_text(encoding="utf-8")) for path in found)


_BRANCHES = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case, ast.comprehension)


def functions(module: Module) -> Iterator[Function]:
    """Every function of a module, nested ones too; the body of a nested one counts for both."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            doc = node.body[0] if ast.get_docstring(node) is not None else None
            docstring = (doc.end_lineno or 0) - doc.lineno + 1 if doc else 0
            lines = (node.end_lineno or 0) - node.lineno + 1 - docstring
            branches = sum(isinstance(inner, _BRANCHES) for inner in ast.walk(node))
            yield Function(f"{module.where}:{node.name}", lines, branches)


@cache
def tracked() -> tuple[Path, ...]:
    """The project's files: those git knows, or in an unpacked source distribution those that are there."""
    if not (ROOT / ".git").exists():
        folders = ("src", "docs", "examples", "benchmarks", "tests")
        return tuple(p for folder in folders for p in sorted((ROOT / folder).rglob("*")) if p.is_file())
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    return tuple(path for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file())
