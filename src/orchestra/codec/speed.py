"""The `speed` extra: the codec's two hot functions and its canonical text, by msgspec. The one module that imports it.

Same text out, same errors: whatever msgspec will not take goes to the functions that need no extra, which take it or
say what is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, cast

import msgspec

from orchestra.codec.forms import (
    Decode,
    Encode,
    Field,
    Form,
    compile_function,
    encode_head,
)
from orchestra.codec.text import is_plain, write

__all__ = ["fast_decoder", "fast_encoder", "fast_write"]

Function = TypeVar("Function", Encode, Decode)

# Names of dict entries are sorted; those of structs stand in the order of their definition, which is sorted too.
_ENCODE = msgspec.json.Encoder(order="deterministic").encode
_NOT_TAKEN = (msgspec.MsgspecError, UnicodeError, OverflowError, RecursionError)


def fast_write(value: Any) -> str:
    """As `text.write`, except that a lone surrogate may be refused here already, as it would be there."""
    if not is_plain(value):
        return write(value)
    try:
        return _ENCODE(value).decode()
    except _NOT_TAKEN:
        return write(value)


def fast_encoder(form: Form, plain: Encode) -> Encode:
    """As `Form.encoder`, which is `plain`: what this one does not take is left to it."""
    names = {
        "Facts": _struct("Facts", form.facts, [None] * len(form.facts)),
        "Private": _struct("Private", form.private, [None] * len(form.private)),
        "dumps": _ENCODE,
        **form.head_names(),
    }
    return _compile("encode", [*encode_head(form), *_attempt(_encoding(form), "event")], names, plain)


def _encoding(form: Form) -> list[str]:
    facts = f"dumps(Facts({_arguments(form.facts)})).decode()"
    private = f"dumps(Private({_arguments(form.private)})).decode()"
    if form.private:
        blank = " is ".join([*(field.variable for field in form.private), "None"])
        private = f"None if {blank} else {private}"
    else:
        private = "None"
    return [f"return {form.name!r}, {form.kind.version}, {facts}, {private}"]


def _attempt(lines: Sequence[str], arguments: str) -> list[str]:
    """The lines, and what msgspec does not take left to the function that needs no extra."""
    tried = (f"        {line}" for line in lines)
    return ["    try:", *tried, "    except not_taken:", f"        return plain({arguments})"]


def _compile(name: str, lines: Sequence[str], names: dict[str, Any], plain: Function) -> Function:
    return cast("Function", compile_function(name, lines, {**names, "not_taken": _NOT_TAKEN, "plain": plain}))


def _arguments(fields: Sequence[Field]) -> str:
    return ", ".join(field.variable for field in fields)


def fast_decoder(form: Form, plain: Decode) -> Decode:
    """As `Form.decoder`, which is `plain`: what this one does not take is left to it."""
    facts, private = (
        _struct(part, fields, [None if field.is_optional else msgspec.NODEFAULT for field in fields])
        for part, fields in (("Facts", form.facts), ("Private", form.private))
    )
    hidden = {field.variable for field in form.private}
    by_variable = {field.variable: field.name for field in [*form.facts, *form.private]}
    given = [f"{'hidden' if v in hidden else 'read'}.{by_variable[v]}" for v in form.variables]
    bare = ["None" if v in hidden else name for v, name in zip(form.variables, given, strict=True)]
    lines = [
        "read = read_facts(facts)",
        "if private is None:",
        f"    return Kind({', '.join(bare)})",
        "hidden = read_private(private)",
        f"return Kind({', '.join(given)})",
    ]
    names = {
        "Kind": form.kind,
        "read_facts": msgspec.json.Decoder(facts).decode,
        "read_private": msgspec.json.Decoder(private).decode,
    }
    return _compile("decode", ["def decode(facts, private):", *_attempt(lines, "facts, private")], names, plain)


def _struct(name: str, fields: Sequence[Field], defaults: Sequence[Any]) -> type[msgspec.Struct]:
    """A struct of these fields. An optional one is left out if None, and must then be left out: null is refused."""
    return msgspec.defstruct(
        name,
        [(field.name, field.type, default) for field, default in zip(fields, defaults, strict=True)],
        omit_defaults=True,
        forbid_unknown_fields=True,
        gc=False,
        kw_only=msgspec.NODEFAULT in defaults,
    )
