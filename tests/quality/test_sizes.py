"""The size bars, measured on the source: small modules, small functions, more tests than code."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from tests.quality.tree import PACKAGE, ROOT, functions, modules, parse

MODULE_MEDIAN = 200
MODULE_MAX = 500
FUNCTION_MEDIAN = 8
FUNCTION_P90 = 30
FUNCTION_MAX = 60
BRANCHES_MAX = 15
TESTS_PER_CODE = 1.2

LONG_MODULES: Mapping[str, str] = {}
LONG_FUNCTIONS: Mapping[str, str] = {}
BRANCHING_FUNCTIONS: Mapping[str, str] = {}
"""File, or file:function -> why it may exceed its bar. An entry that no longer exceeds it is a fault."""


def _module_lines() -> dict[str, int]:
    return {module.where: module.text.count("\n") for module in modules()}


def _filled(text: str) -> int:
    return sum(bool(line.strip()) for line in text.splitlines())


def test_modules_are_short() -> None:
    lengths = {where: lines for where, lines in _module_lines().items() if not where.endswith("__init__.py")}
    assert median(lengths.values()) <= MODULE_MEDIAN


def test_no_module_is_too_long() -> None:
    assert {w: n for w, n in _module_lines().items() if n > MODULE_MAX and w not in LONG_MODULES} == {}


def test_functions_are_short() -> None:
    lengths = sorted(function.lines for module in modules() for function in functions(module))
    assert median(lengths) <= FUNCTION_MEDIAN
    assert lengths[int(0.9 * len(lengths))] <= FUNCTION_P90


def test_no_function_is_too_long() -> None:
    every = [function for module in modules() for function in functions(module)]
    assert {f.where: f.lines for f in every if f.lines > FUNCTION_MAX and f.where not in LONG_FUNCTIONS} == {}


def test_no_function_branches_too_much() -> None:
    every = [function for module in modules() for function in functions(module)]
    over = {f.where: f.branches for f in every if f.branches > BRANCHES_MAX and f.where not in BRANCHING_FUNCTIONS}
    assert over == {}


def test_exceptions_are_still_needed() -> None:
    every = [function for module in modules() for function in functions(module)]
    assert LONG_MODULES.keys() - {w for w, n in _module_lines().items() if n > MODULE_MAX} == set()
    assert LONG_FUNCTIONS.keys() - {f.where for f in every if f.lines > FUNCTION_MAX} == set()
    assert BRANCHING_FUNCTIONS.keys() - {f.where for f in every if f.branches > BRANCHES_MAX} == set()


def test_there_is_more_test_than_code() -> None:
    # The contract suites and test equipment that are shipped are tests, wherever they stand.
    code = sum(_filled(module.text) for module in modules() if module.part != "testing")
    shipped = sum(_filled(module.text) for module in modules() if module.part == "testing")
    tests = shipped + sum(_filled(path.read_text(encoding="utf-8")) for path in (ROOT / "tests").rglob("*.py"))
    assert tests >= TESTS_PER_CODE * code, f"{tests} lines of tests for {code} lines of code"


def test_a_function_is_measured_without_its_docstring() -> None:
    docstring = '    """One.\n\n    Two.\n    """\n'
    text = f"def f(x):\n{docstring}    if x:\n        return [y for y in x]\n    return 1 if x else 2\n"
    (found,) = functions(parse("orchestra.planted", PACKAGE / "planted.py", text))
    assert (found.lines, found.branches) == (4, 3)
