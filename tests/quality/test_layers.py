"""Imports point one way: every import under src/orchestra is parsed, type-only ones included."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping

import pytest

from tests.quality.tree import PACKAGE, Module, modules, parse

_GROUND = frozenset({"errors", "model"})
_STORES = _GROUND | {"codec", "journal", "channels"}
_RUNTIME = _STORES | {"engine", "runtime"}

ARROWS: Mapping[str, frozenset[str]] = {
    "": frozenset({"errors", "model", "codec", "engine", "journal", "channels", "runtime", "insight", "blocking"}),
    "__main__": frozenset({"cli"}),
    "errors": frozenset({"errors"}),
    "model": _GROUND,
    "engine": _GROUND | {"engine"},
    "codec": _GROUND | {"codec"},
    "journal": _GROUND | {"journal"},
    "channels": _GROUND | {"channels"},
    "runtime": _RUNTIME,
    "blocking": _RUNTIME | {"blocking"},
    "insight": _RUNTIME | {"insight"},
    "simulation": _GROUND | {"engine", "codec", "journal", "simulation"},
    "testing": _RUNTIME | {"insight", "blocking", "testing"},
    "web": _RUNTIME | {"web"},
    "cli": _RUNTIME | {"insight", "blocking", "simulation", "cli"},
}
"""Part -> the parts it may import. A part that is not listed here is itself a fault."""

CORE = frozenset({"attr", "attrs", "cattrs", "anyio", "tenacity", "typing_extensions"})

EXTRAS: Mapping[str, str] = {
    "rich": "cli/",
    "msgspec": "codec",
    "cryptography": "journal/crypto",
    "holidays": "model/public_holidays",
    "jinja2": "model/jinja_texts",
    "phonenumbers": "runtime/phones",
    "aiosmtplib": "channels/smtp_transport",
    "apprise": "channels/apprise/transport",
    "imapclient": "channels/imap_transport",
    "httpx2": "channels/http_transport",
    "websockets": "channels/websocket_transport",
    "tzdata": "",
}
"""Distribution of an extra -> what the path of the only file that imports it starts with."""

SHIPPED_TESTS = frozenset({"pytest", "hypothesis"})
"""What `orchestra.testing` may import beyond the core: who uses it has it."""

ENGINE_MAY_USE = frozenset({"attr", "attrs", "typing_extensions"})

NOT_IN_ENGINE = frozenset(
    [
        "asyncio",
        "concurrent",
        "ctypes",
        "glob",
        "http",
        "io",
        "locale",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "platform",
        "queue",
        "random",
        "secrets",
        "select",
        "selectors",
        "shelve",
        "shutil",
        "signal",
        "socket",
        "socketserver",
        "sqlite3",
        "ssl",
        "subprocess",
        "tempfile",
        "threading",
        "time",
        "urllib",
        "uuid",
        "warnings",
        "weakref",
    ]
)
"""Standard modules that read a clock, draw numbers, touch the world, or depend on the machine."""

NOT_CALLED_IN_ENGINE = frozenset({"breakpoint", "float", "hash", "id", "input", "open", "print"})
"""Built-ins that differ between runs or platforms, or leave the engine."""

NOT_READ_IN_ENGINE = frozenset({"now", "today", "utcnow"})
"""Methods that read the clock."""

DRIVERS = frozenset({"sqlite3", "asyncpg", "psycopg", "nats", "orchestra.journal.sqlite"})
"""What `orchestra.testing` must not import: a contract suite that knows a backend bends towards it."""

BROAD_CATCHES: Mapping[str, str] = {
    "channels/registry.py": "plug-in loading: an adapter's module may raise anything when imported",
    "cli/decode.py": "the adapter that is asked about",
    "cli/arguments.py": "the application's module that holds its scores, when imported",
    "engine/rules/conditions.py": "the application's predicates",
    "engine/scores.py": "the application's scores",
    "journal/registry.py": "plug-in loading: a journal's module may raise anything when imported",
    "runtime/amending.py": "adapters' capabilities: foreign code",
    "runtime/acting.py": "the application's own actions",
    "runtime/news.py": "what adapters made of an item: foreign code",
    "runtime/owner.py": "command loop: whatever the engine raises discards it, and quarantines the command",
    "runtime/passing.py": "adapters' capabilities, encode and interpret, and transports: foreign code",
    "runtime/polling.py": "adapters' poll and decode_poll, and transports: foreign code",
    "runtime/serving.py": "the application's handler for its bot",
    "runtime/composing.py": "adapters' encode: foreign code",
    "runtime/sending.py": "adapters' interpret and capabilities, and transports: foreign code",
    "runtime/streaming.py": "codecs of streams: foreign code",
    "runtime/sources.py": "the application's sources of context",
    "runtime/deciding.py": "adapters' deadline and decide: foreign code",
    "runtime/webhooks.py": "adapters' verify and decode: foreign code",
    "runtime/workspace.py": "the caller's own block, whose error goes out as it was",
    "web/hooks.py": "adapters' replies, and whatever else of theirs no trust border below has caught",
    "testing/adapter_fetch.py": "the adapter under test, whose fault is told as one",
    "testing/adapter_mail.py": "the adapter under test, whose fault is told as one",
    "testing/adapter_poll.py": "the adapter under test, whose fault is told as one",
    "testing/adapter_rig.py": "the adapter under test, whose fault is told as one",
}
"""File -> the trust border it stands at. Handlers that clean up and re-raise are no catches and need no entry."""

_KNOWN = frozenset(module.name for module in modules())


def _inner(module: Module) -> Iterator[tuple[str, int]]:
    for found in module.imports(_KNOWN):
        if found.name == "orchestra" or found.name.startswith("orchestra."):
            yield found.name, found.line


def _outer(module: Module) -> Iterator[tuple[str, int]]:
    for found in module.imports(_KNOWN):
        top = found.name.partition(".")[0]
        if top != "orchestra" and top not in sys.stdlib_module_names:
            yield top, found.line


def _part(name: str) -> str:
    return name.partition(".")[2].partition(".")[0]


def test_every_part_has_its_arrows() -> None:
    assert {module.part for module in modules()} - ARROWS.keys() == set()


def test_arrows_point_one_way() -> None:
    wrong = [
        f"{module.where}:{line} imports {name}"
        for module in modules()
        for name, line in _inner(module)
        if name != "orchestra" and _part(name) not in ARROWS.get(module.part, frozenset())
    ]
    assert wrong == []


def test_nothing_inside_imports_the_package_itself() -> None:
    assert [f"{m.where}:{line}" for m in modules() for name, line in _inner(m) if name == "orchestra"] == []


def test_imports_are_absolute() -> None:
    relative = [
        f"{module.where}:{node.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def _cycles(graph: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """The groups of modules that reach each other (Tarjan 1972, with an explicit stack)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    open_: list[str] = []
    found: list[list[str]] = []
    for start in sorted(graph):
        work = [] if start in index else [(start, iter(sorted(graph[start])))]
        if work:
            index[start] = low[start] = len(index)
            open_.append(start)
        while work:
            node, targets = work[-1]
            target = next(targets, None)
            if target is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    group = open_[open_.index(node) :]
                    del open_[open_.index(node) :]
                    if len(group) > 1 or node in graph[node]:
                        found.append(sorted(group))
            elif target not in index:
                index[target] = low[target] = len(index)
                open_.append(target)
                work.append((target, iter(sorted(graph[target]))))
            elif target in open_:
                low[node] = min(low[node], index[target])
    return found


def test_the_search_finds_cycles() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": set(), "f": {"f"}}
    assert _cycles({name: frozenset(targets) for name, targets in graph.items()}) == [["a", "b", "c"], ["f"]]


def test_no_import_cycle() -> None:
    graph = {m.name: frozenset(name for name, _ in _inner(m) if name in _KNOWN) for m in modules()}
    assert _cycles(graph) == []


def test_only_the_core_dependencies_and_each_extra_in_one_file() -> None:
    users: dict[str, set[str]] = {}
    wrong = []
    for module in modules():
        allowed = CORE | EXTRAS.keys() | (SHIPPED_TESTS if module.part == "testing" else frozenset())
        for name, line in _outer(module):
            if name not in allowed:
                wrong.append(f"{module.where}:{line} imports {name}")
            elif name in EXTRAS:
                users.setdefault(name, set()).add(module.where)
                if not module.where.startswith(EXTRAS[name]):
                    wrong.append(f"{module.where}:{line} imports {name}, which belongs to {EXTRAS[name]}")
    assert wrong == []
    assert {name: where for name, where in users.items() if len(where) > 1} == {}


def _impurities(module: Module) -> Iterator[str]:
    for name, line in _outer(module):
        if name not in ENGINE_MAY_USE:
            yield f"{module.where}:{line} imports {name}"
    for found in module.imports(_KNOWN):
        if found.name.partition(".")[0] in NOT_IN_ENGINE:
            yield f"{module.where}:{found.line} imports {found.name}"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NOT_CALLED_IN_ENGINE:
            yield f"{module.where}:{node.lineno} calls {node.func.id}"
        elif (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in NOT_READ_IN_ENGINE
        ):
            yield f"{module.where}:{node.lineno} reads the clock"
        elif isinstance(node, ast.Await | ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith):
            yield f"{module.where}:{node.lineno} awaits"
        elif isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield f"{module.where}:{node.lineno} holds a float"


def test_the_engine_is_pure() -> None:
    assert [fault for module in modules() if module.part == "engine" for fault in _impurities(module)] == []


@pytest.mark.parametrize(
    "line",
    [
        "import time",
        "from os import path",
        "import anyio",
        "x = hash('a')",
        "x = datetime.now()",
        "async def f(): ...",
        "x = 0.5",
    ],
)
def test_an_impure_line_is_seen(line: str) -> None:
    module = parse("orchestra.engine.planted", PACKAGE / "engine" / "planted.py", line)
    assert len(list(_impurities(module))) == 1


def test_shipped_tests_import_no_driver() -> None:
    wrong = [
        f"{module.where}:{found.line} imports {found.name}"
        for module in modules()
        if module.part == "testing"
        for found in module.imports(_KNOWN)
        if found.name in DRIVERS or found.name.partition(".")[0] in DRIVERS
    ]
    assert wrong == []


def _is_broad(kind: ast.expr | None) -> bool:
    if isinstance(kind, ast.Tuple):
        return any(_is_broad(item) for item in kind.elts)
    return kind is None or (isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"})


def _broad_catches(module: Module) -> Iterator[int]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type):
            last = node.body[-1]
            if not (isinstance(last, ast.Raise) and last.exc is None):
                yield node.lineno
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func).endswith("suppress")
            and any(map(_is_broad, node.args))
        ):
            yield node.lineno


def test_broad_catches_stand_at_trust_borders_only() -> None:
    wrong = [f"{m.where}:{line}" for m in modules() if m.where not in BROAD_CATCHES for line in _broad_catches(m)]
    assert wrong == []


def test_every_listed_trust_border_is_one() -> None:
    catching = {module.where for module in modules() if any(True for _ in _broad_catches(module))}
    assert BROAD_CATCHES.keys() - catching == set()


@pytest.mark.parametrize(
    ("text", "broad"),
    [
        ("try: f()\nexcept Exception: pass", 1),
        ("try: f()\nexcept (ValueError, BaseException) as e: g(e)", 1),
        ("try: f()\nexcept: pass", 1),
        ("with contextlib.suppress(Exception): f()", 1),
        ("try: f()\nexcept BaseException:\n    undo()\n    raise", 0),
        ("try: f()\nexcept ValueError: pass", 0),
    ],
)
def test_broad_catches_are_told_from_others(text: str, broad: int) -> None:
    assert len(list(_broad_catches(parse("orchestra.planted", PACKAGE / "planted.py", text)))) == broad
