"""Public names are explained: every module, every class and function in `__all__`, every public method of those."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.quality.tree import PACKAGE, Module, modules, parse

_UNEXPLAINED_IS_FINE = frozenset({"override", "overload", "setter", "deleter", "validator", "default"})
"""Decorators of functions whose meaning is stated at another definition."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _exported(module: Module) -> list[str] | None:
    for node in module.tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            assert isinstance(node, ast.Assign | ast.AnnAssign)
            assert node.value is not None, f"{module.where}: an __all__ without a value"
            try:
                return list(ast.literal_eval(node.value))
            except ValueError:
                return []
    return None


def _needs_none(node: _Function) -> bool:
    names = {ast.unparse(decorator).partition("(")[0].rpartition(".")[2] for decorator in node.decorator_list}
    return bool(names & _UNEXPLAINED_IS_FINE)


def _unexplained(module: Module) -> Iterator[str]:
    if ast.get_docstring(module.tree) is None:
        yield module.where
    exported = set(_exported(module) or ())
    for node in module.tree.body:
        if isinstance(node, ast.ClassDef | _Function) and node.name in exported:
            if ast.get_docstring(node) is None and not (isinstance(node, _Function) and _needs_none(node)):
                yield f"{module.where}:{node.name}"
            if isinstance(node, ast.ClassDef):
                yield from (f"{module.where}:{node.name}.{name}" for name in _methods(node))


def _methods(node: ast.ClassDef) -> Iterator[str]:
    # A contract suite's tests say by their names what must hold.
    named = (method for method in node.body if isinstance(method, _Function))
    for method in (method for method in named if not method.name.startswith(("_", "test_"))):
        if ast.get_docstring(method) is None and not _needs_none(method):
            yield method.name


def test_everything_public_is_explained() -> None:
    assert [name for module in modules() for name in _unexplained(module)] == []


def test_every_module_states_what_is_public() -> None:
    silent = [
        m.where for m in modules() if _exported(m) is None and not m.where.endswith(("__init__.py", "__main__.py"))
    ]
    assert silent == []


def test_every_module_postpones_annotations() -> None:
    def postpones(module: Module) -> bool:
        return any(isinstance(n, ast.ImportFrom) and n.module == "__future__" for n in module.tree.body)

    with_code = (m for m in modules() if any(not isinstance(n, ast.Expr | ast.Assign) for n in m.tree.body))
    assert [m.where for m in with_code if not postpones(m)] == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("x = 1", ["planted.py"]),
        ('"""M."""\n__all__ = ["f"]\ndef f(): ...\ndef g(): ...', ["planted.py:f"]),
        (
            '"""M."""\n__all__ = ["C"]\nclass C:\n    """C."""\n    def m(self): ...\n    def _n(self): ...',
            ["planted.py:C.m"],
        ),
        ('"""M."""\n__all__ = ["C"]\nclass C:\n    """C."""\n    @override\n    def m(self): ...', []),
    ],
)
def test_what_lacks_an_explanation_is_found(text: str, missing: list[str]) -> None:
    assert list(_unexplained(parse("orchestra.planted", PACKAGE / "planted.py", text))) == missing
