"""Writes `orchestra.blocking` from the async API: `python -m tests.blocking_generator`.

The async modules are parsed, not imported. Each public class gets a counterpart with the same names, arguments and
docstrings, whose calls wait; each async iterator becomes a `Stream`; each async context is opened by a function.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs

__all__ = ["PACKAGE", "SOURCES", "TARGET", "generate"]

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "orchestra"
TARGET = PACKAGE / "blocking"
WIDTH = 120

SOURCES: Mapping[str, str] = {
    "agents": "What an agent works with beside offers, without await: consults, and the contacts taken.",
    "amending": "Changing what was sent, without await.",
    "calls": "What every way into a workspace offers, without await: commands and history.",
    "client": "A workspace that another process owns, without await.",
    "filing": "Files that customers send, without await.",
    "inviting": "On which channel a contact is best served, and inviting its customer there, without await.",
    "journeys": "How cases go on, and what customers are told of it, without await.",
    "lists": "What departments look at, in pages, without await.",
    "matters": "What is one matter and what is two, without await.",
    "notices": "What customers are told before they ask, in pages, without await.",
    "notifying": "Telling customers before they ask, without await.",
    "offers": "What is shown to an agent, without await.",
    "personal": "What customers told of themselves, without await.",
    "sessions": "An agent signed in on a device, without await.",
    "signalling": "Place, estimated wait and typing, without await.",
    "standing": "How cases stand, without await.",
    "wordings": "What customers would be told, without await.",
    "workspace": "A workspace that this process owns, without await.",
}
"""Async module -> the first line of what is made of it."""

COUNTERPARTS: Mapping[str, str] = {
    "ActiveContact": "agents",
    "Amending": "amending",
    "AgentSession": "sessions",
    "Consult": "agents",
    "Offer": "offers",
    "Calls": "calls",
    "Client": "client",
    "Filing": "filing",
    "Inviting": "inviting",
    "Journeys": "journeys",
    "Lists": "lists",
    "Matters": "matters",
    "Noticed": "notices",
    "Notifying": "notifying",
    "Signalling": "signalling",
    "Standing": "standing",
    "Personal": "personal",
    "Wordings": "wordings",
    "Workspace": "workspace",
}
"""Class -> its module, on both sides."""

OF_CONTACTS = frozenset({"Amending"})
"""What is part of a contact, not of a way into a workspace, and so neither opened nor closed."""

INTERNAL: Mapping[str, str] = {
    "action": "its functions are async, and given to `open`",
    "begin": "opening calls it",
    "begin_of": "an agent's contact asks it",
    "context_of": "an agent's offer asks it",
    "due_us": "a virtual clock asks it, in the event loop",
    "note_of": "an agent's session asks it",
    "is_pending": "an agent's session asks it",
    "offers_since": "an agent's session asks it",
    "reply_key": "an agent's contact asks it",
    "serve": "its handlers are async, and run by the owner's event loop",
}
"""Method without a counterpart -> why nobody misses it."""

WORDS: Mapping[str, list[tuple[str, str]]] = {
    "Client": [("from any task", "from any thread")],
    "Workspace": [
        ("Make one with `Workspace.open`.", "Make one with `open`."),
        ("from any task of the event loop it was opened in", "from any thread"),
    ],
    "connect": [
        (
            "or will own.\n",
            "or will own. A process that forks opens one in each child.\n",
        )
    ],
    "Signalling.signals": [
        (
            "ends when it no longer waits.",
            "ends when it no longer waits.\n\nArgs:\n    interaction: its id.\n    every: least time between two.",
        ),
    ],
    "Workspace.open": [
        (
            "Own a workspace for the length of an `async with` block.",
            "Own a workspace until it is closed, or for the length of a `with` block. It works in a thread of its own.",
        ),
        ("Leaving the block takes", "Closing takes"),
        (
            "the block is cancelled and `LeaseLost` raised; if the\n    journal's files are moved, removed",
            "calls raise `JournalUnavailable` and closing `LeaseLost`; if\n    the journal's files are moved, removed",
        ),
    ],
}
"""Where the two sides differ in words: name -> (there, here). What is not found there is a fault."""

ATTRIBUTES: Mapping[str, str] = {
    "journal": "Where it is kept. Its reading calls may be made from any thread.",
    "key": "The workspace's key: hashes addresses, makes reply tokens.",
    "plan": "The plan that was in force when this was opened.",
}
"""Docstrings of attributes that their class does not explain."""

TIMEOUT = "timeout: the iteration ends when nothing came for this long; None waits for ever."


@attrs.frozen
class Source:
    """An async module: its parsed text, and where each name in it comes from."""

    name: str
    tree: ast.Module
    origins: Mapping[str, str]

    @classmethod
    def read(cls, name: str) -> Source:
        """Parse a module of `orchestra.runtime`."""
        tree = ast.parse((PACKAGE / "runtime" / f"{name}.py").read_text("utf-8"))
        origins = {node.name: f"orchestra.runtime.{name}" for node in tree.body if isinstance(node, ast.ClassDef)}
        for node in tree.body:
            if isinstance(node, ast.ImportFrom):
                origins |= {alias.name: node.module or "" for alias in node.names}
        return cls(name, tree, origins)


_LONGEST_LINE = 120


class Names:
    """The names that the generated module uses, to be imported at its top."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._used: set[tuple[str, str]] = {("orchestra.runtime", source.name)}

    def annotation(self, node: ast.expr | None) -> str:
        """The text of an annotation, its names noted."""
        assert node is not None, f"{self._source.name}: an annotation is missing"
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and part.id in self._source.origins:
                self.use(part.id)
        return ast.unparse(node)

    def use(self, name: str, module: str | None = None) -> str:
        """Note a name: that of a counterpart, or else one of the async module's."""
        if name in COUNTERPARTS:
            module = f"orchestra.blocking.{COUNTERPARTS[name]}"
        module = module or self._source.origins[name]
        if module != f"orchestra.blocking.{self._source.name}":
            self._used.add((module, name))
        return name

    def imports(self) -> str:
        """The import statements, as the formatter wants them."""
        modules = sorted({module for module, _ in self._used})
        blocks = [[m for m in modules if m.startswith("orchestra") == ours] for ours in (False, True)]
        return "\n\n".join("\n".join(map(self._from, block)) for block in blocks if block)

    def _from(self, module: str) -> str:
        names = sorted((name for m, name in self._used if m == module), key=lambda n: (not n.isupper(), n.islower(), n))
        line = f"from {module} import {', '.join(names)}"
        if len(line) <= _LONGEST_LINE:
            return line
        return "\n".join((f"from {module} import (", *(f"    {name}," for name in names), ")"))


def generate(name: str) -> str:
    """The text of `orchestra/blocking/{name}.py`."""
    source = Source.read(name)
    names, public = Names(source), []
    parts = []
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef) and node.name in COUNTERPARTS:
            public.append(node.name)
            parts.append(_class(node, names))
            parts.extend(_opener(method, names, node.name) for method in _openers(node))
            public += [method.name for method in _openers(node)]
        elif isinstance(node, ast.AsyncFunctionDef) and _is_opener(node):
            public.append(node.name)
            parts.append(_opener(node, names))
    exported = ", ".join(f'"{name}"' for name in sorted(public, key=lambda n: (not n.isupper(), n.islower(), n)))
    origin = f"Generated from `orchestra.runtime.{name}` by `tests/blocking_generator.py`; do not edit."
    head = f'"""{SOURCES[name]}\n\n{origin}\n"""'
    top = [head, "from __future__ import annotations", names.imports(), f"__all__ = [{exported}]"]
    return "\n\n\n".join(["\n\n".join(top), *parts]) + "\n"


def _is_opener(node: ast.stmt) -> bool:
    if not isinstance(node, ast.AsyncFunctionDef) or node.name.startswith("_"):
        return False
    decorators = node.decorator_list
    return any(isinstance(decorator, ast.Name) and decorator.id == "asynccontextmanager" for decorator in decorators)


def _openers(node: ast.ClassDef) -> list[ast.AsyncFunctionDef]:
    return [method for method in node.body if isinstance(method, ast.AsyncFunctionDef) and _is_opener(method)]


def _class(node: ast.ClassDef, names: Names) -> str:
    behind = f"{COUNTERPARTS[node.name]}.{node.name}"
    bases = [names.use(ast.unparse(base)) for base in node.bases if ast.unparse(base) in COUNTERPARTS]
    if "Protocol" in map(ast.unparse, node.bases):
        names.use("TypeVar", "typing")
        any_one = f"Any{node.name}"
        variable = f'{any_one} = TypeVar("{any_one}", bound={behind})\n\n\n'
        above = names.use("Counterpart" if node.name in OF_CONTACTS else "Opened", "orchestra.blocking.portal")
        header = f"{variable}class {node.name}({above}[{any_one}]):"
    elif bases:
        above = ", ".join(f"{base}[{behind}]" for base in bases)
        header = f"class {node.name}({above}):"
        if len(header) > WIDTH:
            lines = [above] if len(above) + 4 <= WIDTH else [f"{base}[{behind}]," for base in bases]
            header = "\n".join([f"class {node.name}(", *(f"    {line}" for line in lines), "):"])
    else:
        header = f"class {node.name}({names.use('Counterpart', 'orchestra.blocking.portal')}[{behind}]):"
    members = [_docstring(_words(node.name, _sections(node)[0]), "    ")]
    members += _attributes(node, names)
    members += [_method(method, names, node.name) for method in _methods(node)]
    return "\n\n".join([f"{header}\n{members[0]}", *members[1:]])


def _methods(node: ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for method in node.body:
        if not isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) or _is_opener(method):
            continue
        if isinstance(last := method.body[-1], ast.Expr) and ast.unparse(last) == "...":
            continue  # only a promise: both classes that keep it explain it better
        if not method.name.startswith("_") and method.name not in INTERNAL:
            yield method


def _sections(node: ast.ClassDef) -> tuple[str, dict[str, str]]:
    """A class's docstring without its attributes, and those: name -> what it is."""
    text, _, attributes = (ast.get_docstring(node) or "").partition("\n\nAttributes:\n")
    found = re.findall(r"^    (\w+): (.*(?:\n     +.*)*)", attributes, re.MULTILINE)
    return text, {name: " ".join(meaning.split()) for name, meaning in found}


def _attributes(node: ast.ClassDef, names: Names) -> Iterator[str]:
    explained = _sections(node)[1]
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name) and item.target.id[0] != "_":
            name = item.target.id
            meaning = explained.get(name) or ATTRIBUTES[name]
            yield (
                f"    @property\n    def {name}(self) -> {names.annotation(item.annotation)}:\n"
                f'        """{meaning[0].upper()}{meaning[1:].rstrip(".")}."""\n        return self._inner.{name}'
            )


def _method(node: ast.FunctionDef | ast.AsyncFunctionDef, names: Names, owner: str) -> str:
    returns = node.returns
    if isinstance(returns, ast.Subscript) and ast.unparse(returns.value) in {"AsyncIterator", "AsyncGenerator"}:
        return _stream(node, returns, names, owner)
    result = names.annotation(returns)
    how = "run" if isinstance(node, ast.AsyncFunctionDef) else "run_sync"
    call = f"self._door.{how}({', '.join([f'self._inner.{node.name}', *_passed(node)])})"
    if result in COUNTERPARTS:
        call = f"{result}(self._door, {call})"
    body = call if result == "None" else f"return {call}"
    text = _words(f"{owner}.{node.name}", ast.get_docstring(node) or "")
    return "\n".join([*_signature(node, names, result, "    "), _docstring(text, " " * 8), _fitted(body, 8)])


def _stream(node: ast.FunctionDef | ast.AsyncFunctionDef, returns: ast.Subscript, names: Names, owner: str) -> str:
    names.use("timedelta", "datetime")
    first = returns.slice.elts[0] if isinstance(returns.slice, ast.Tuple) else returns.slice
    item = names.annotation(first)
    if item in COUNTERPARTS:
        names.use("partial", "functools")
        wrap = f"partial({item}, self._door)"
    else:
        wrap = names.use("as_is", "orchestra.blocking.portal")
    result = f"{names.use('Stream', 'orchestra.blocking.portal')}[{item}]"
    node.args.args.append(ast.arg("timeout", ast.parse("timedelta | None", mode="eval").body))
    node.args.defaults.append(ast.Constant(None))
    source = f"self._inner.{node.name}({', '.join(_passed(node)[:-1])})"
    text = _with_timeout(_words(f"{owner}.{node.name}", ast.get_docstring(node) or ""))
    body = f"return Stream(self._door, {source}, {wrap}, timeout)"
    return "\n".join([*_signature(node, names, result, "    "), _docstring(text, " " * 8), _fitted(body, 8)])


def _with_timeout(text: str) -> str:
    head, args, rest = text.partition("\n\nArgs:\n")
    own, blank, others = rest.partition("\n\n")
    lines = [own, f"    {TIMEOUT}"] if args else [f"    {TIMEOUT}"]
    return f"{head}\n\nArgs:\n" + "\n".join(lines) + blank + others


def _opener(node: ast.AsyncFunctionDef, names: Names, owner: str = "") -> str:
    returns = node.returns
    assert isinstance(returns, ast.Subscript)
    result = names.annotation(returns.slice)
    qualified = f"{owner}.{node.name}".strip(".")
    source = f"{COUNTERPARTS[result]}.{qualified}({', '.join(_passed(node))})"
    text = _words(qualified, ast.get_docstring(node) or "")
    signature = _signature(node, names, result, "")
    return "\n".join([*signature, _docstring(text, "    "), _fitted(f"return {result}.behind({source})", 4)])


def _passed(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    given = [arg.arg for arg in node.args.args if arg.arg not in {"self", "cls"}]
    return given + [f"{arg.arg}={arg.arg}" for arg in node.args.kwonlyargs]


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef, names: Names, result: str, indent: str) -> Iterator[str]:
    arguments = ["self"] if indent else []
    positional = [arg for arg in node.args.args if arg.arg not in {"self", "cls"}]
    defaults = [None] * (len(positional) - len(node.args.defaults)) + list(node.args.defaults)
    arguments += [_argument(arg, default, names) for arg, default in zip(positional, defaults, strict=True)]
    arguments += ["*"] if node.args.kwonlyargs else []
    keyword = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    arguments += [_argument(arg, default, names) for arg, default in keyword]
    # What it does is what the built-in function does to files.
    comment = "  # noqa: A001" if node.name == "open" else ""
    start = f"{indent}def {node.name}("
    if len(line := f"{start}{', '.join(arguments)}) -> {result}:{comment}") <= WIDTH:
        yield line
    elif len(inner := f"{indent}    {', '.join(arguments)}") <= WIDTH:
        yield from (start, inner, f"{indent}) -> {result}:")
    else:
        yield f"{start}{comment}"
        yield from (f"{indent}    {argument}," for argument in arguments)
        yield f"{indent}) -> {result}:"


def _argument(arg: ast.arg, default: ast.expr | None, names: Names) -> str:
    text = f"{arg.arg}: {names.annotation(arg.annotation)}"
    if default is None:
        return text
    names.annotation(default)
    # The formatter's quotes, where unparsing gives the other ones.
    return f"{text} = {ast.unparse(default).replace(chr(39), chr(34))}"


def _fitted(statement: str, indent: int) -> str:
    line = " " * indent + statement
    if len(line) <= WIDTH:
        return line
    start, _, rest = statement.partition("(")
    inner, end = rest.rsplit(")", 1)
    pad = " " * indent
    if len(f"{pad}    {inner}") > WIDTH and "(" in inner.partition(",")[0]:
        return f"{pad}{start}(\n{_fitted(inner, indent + 4)}\n{pad}){end}"
    if len(f"{pad}    {inner}") > WIDTH:
        inner = ",\n".join(f"{pad}    {part}" for part in inner.split(", ")).lstrip() + ","
    return f"{pad}{start}(\n{pad}    {inner}\n{pad}){end}"


def _words(name: str, text: str) -> str:
    assert text, f"{name} has no docstring"
    for there, here in WORDS.get(name, []):
        assert there in text, f"{name}: its docstring no longer says {there!r}"
        text = text.replace(there, here)
    return text


def _docstring(text: str, indent: str) -> str:
    assert not re.search(r"\b(async|await|coroutine|event loop|task)\b", text), f"not fit to block: {text}"
    end = "\n" if "\n" in text else ""
    longest = max(len(line) for line in text.splitlines())
    assert longest + len(indent) <= WIDTH, f"too long: {text}"
    return textwrap.indent(f'"""{text}{end}"""', indent)


if __name__ == "__main__":
    for chosen in SOURCES:
        (TARGET / f"{chosen}.py").write_text(generate(chosen), "utf-8")
