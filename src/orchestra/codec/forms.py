"""Forms: how one event class is written and read. Built once a class, by generating two short functions.

A generated function costs half of what a loop over the fields costs, on a path that every event takes twice. What
`MessageWritten` (cut short) turns into::

    def encode(event):
        f0, f1 = event.agent, event.case
        p0 = event.text
        if not ((f0 is None or type(f0) is str) and type(f1) is str and (p0 is None or type(p0) is str)):
            return misfit(event)
        facts = "{" + (("" if f0 is None else f',"agent":{quote(f0)}') + f',"case":{quote(f1)}')[1:] + "}"
        ...

    def decode(facts, private):
        data = loads(facts, "facts")
        if type(data) is not dict:
            return misfit(facts, private)
        f0, f1 = data.get("agent"), data.get("case")
        if not (... and len(data) + (f0 is None) == 2):
            return misfit(facts, private)
        ...

`misfit` goes over the fields again with the slow readers, to raise an error that says what does not fit.

The rule of the text: None is left out and everything else is written, defaults too. So what old facts mean does not
change with a default in the code, and a new field that may be None needs no new version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from types import NoneType
from typing import Any, NoReturn, cast, get_args

import attrs

from orchestra.codec.readers import Reader, field_types, reader_of
from orchestra.codec.text import is_object, loads, quote, refuse_surrogates, write
from orchestra.errors import MalformedMessage
from orchestra.model.events import Event
from orchestra.model.private import private_names

__all__ = [
    "Decode",
    "Encode",
    "Encoded",
    "Field",
    "Form",
    "compile_function",
    "encode_head",
    "form_of",
]

Encoded = tuple[str, int, str, str | None]
"""Type name, version, facts, private part."""
Encode = Callable[[Any], Encoded]
Decode = Callable[[str, str | None], Event]

_SCALARS = (str, int, bool)
_WRITERS = {str: "quote({})", int: "number({})", bool: "('true' if {} else 'false')"}


@attrs.frozen
class Field:
    """One field of an event. `variable` is its name in generated code, `type` its type without None."""

    name: str
    variable: str
    type: Any
    is_optional: bool
    reader: Reader


@attrs.frozen
class Form:
    """What an event class consists of: facts and private fields by name, and all variables in order of construction."""

    kind: type[Event]
    facts: Sequence[Field]
    private: Sequence[Field]
    variables: Sequence[str]

    @property
    def name(self) -> str:
        """The event's name."""
        return self.kind.__name__

    def encoder(self) -> Encode:
        """A function from an event to its texts.

        Raises (the function):
            TypeError: a field holds what its type does not allow, such as a float.
            MalformedMessage: a text holds a lone surrogate.
        """
        return cast("Encode", compile_function("encode", _encoder_lines(self), self._names(_encode_misfit(self))))

    def decoder(self) -> Decode:
        """A function from facts and private part to an event. A missing private part leaves its fields None.

        Raises (the function):
            MalformedMessage: the texts are not what the encoder gives, with the path.
        """
        return cast("Decode", compile_function("decode", _decoder_lines(self), self._names(_decode_misfit(self))))

    def head_names(self) -> dict[str, Any]:
        """What the first half of an encoder refers to: how to check lists and dicts, and who says what does not fit."""
        composed = (field for field in chain(self.facts, self.private) if field.type not in _SCALARS)
        sound = {f"sound_{field.variable}": _sound(field.reader) for field in composed}
        return {**sound, "misfit": _encode_misfit(self)}

    def _names(self, misfit: Callable[..., NoReturn]) -> dict[str, Any]:
        return {
            **self.head_names(),
            "Kind": self.kind,
            "loads": loads,
            "number": int.__repr__,
            "quote": quote,
            "refuse_surrogates": refuse_surrogates,
            "write": write,
            "misfit": misfit,
        }


def form_of(kind: type[Event]) -> Form:
    """The form of an event class, from its annotations."""
    hidden = private_names(kind)
    hints = field_types(kind)
    names = sorted(hints)
    facts = [_field(name, f"f{index}", hints[name]) for index, name in enumerate(names) if name not in hidden]
    private = [_field(name, f"p{index}", hints[name]) for index, name in enumerate(names) if name in hidden]
    variables = {field.name: field.variable for field in chain(facts, private)}
    return Form(kind, facts, private, [variables[name] for name in hints])


def _field(name: str, variable: str, annotation: Any) -> Field:
    members = get_args(annotation)
    if NoneType not in members:
        return Field(name, variable, annotation, is_optional=False, reader=reader_of(annotation))
    (kind,) = (member for member in members if member is not NoneType)
    return Field(name, variable, kind, is_optional=True, reader=reader_of(annotation))


def compile_function(name: str, lines: Iterable[str], names: Mapping[str, Any]) -> Any:
    """Run generated source, made of names from the model alone, and return the function it defines."""
    space = dict(names)
    exec("\n".join(lines), space)  # noqa: S102 - no foreign text gets into the source
    return space[name]


def encode_head(form: Form) -> list[str]:
    """The first half of an encoder: fetch the fields into variables, refuse what is not of its field's type."""
    fields = [*form.facts, *form.private]
    return [
        "def encode(event):",
        *(f"    {field.variable} = event.{field.name}" for field in fields),
        f"    if not ({_guard(fields)}):",
        "        return misfit(event)",
    ]


def _encoder_lines(form: Form) -> list[str]:
    lines = [*encode_head(form), f"    facts = {_text(form.facts)}", *_refusal("facts", form, "    ")]
    if not form.private:
        return [*lines, f"    return {form.name!r}, {form.kind.version}, facts, None"]
    blank = " is ".join([*(field.variable for field in form.private), "None"])
    return [
        *lines,
        f"    if {blank}:",
        f"        return {form.name!r}, {form.kind.version}, facts, None",
        f"    private = {_text(form.private)}",
        *_refusal("private", form, "    "),
        f"    return {form.name!r}, {form.kind.version}, facts, private",
    ]


def _refusal(part: str, form: Form, indent: str) -> list[str]:
    return [
        f"{indent}if not {part}.isascii():",
        f"{indent}    refuse_surrogates({part}, '{part} of {form.name}')",
    ]


def _text(fields: Sequence[Field]) -> str:
    pieces = " + ".join(_piece(field) for field in fields) or "''"
    return f"'{{' + ({pieces})[1:] + '}}'"


def _piece(field: Field) -> str:
    written = _WRITERS.get(field.type, "write({})").format(field.variable)
    piece = f"""f',"{field.name}":{{{written.replace("'", '"')}}}'"""
    return f"('' if {field.variable} is None else {piece})" if field.is_optional else piece


def _decoder_lines(form: Form) -> list[str]:
    lines = ["def decode(facts, private):", *_reading("facts", form.facts, "    ")]
    if form.private:
        blank = " = ".join(field.variable for field in form.private)
        lines += ["    if private is None:", f"        {blank} = None", "    else:"]
        lines += _reading("private", form.private, "        ")
    else:
        lines += ["    if private is not None:", *_reading("private", (), "        ")]
    return [*lines, f"    return Kind({', '.join(form.variables)})"]


def _reading(part: str, fields: Sequence[Field], indent: str) -> list[str]:
    count = " + ".join(["len(data)", *(f"({field.variable} is None)" for field in fields if field.is_optional)])
    guard = " and ".join(filter(None, [_guard(fields), f"{count} == {len(fields)}"]))
    return [
        f"{indent}data = loads({part}, '{part}')",
        f"{indent}if type(data) is not dict:",
        f"{indent}    return misfit(facts, private)",
        *(f"{indent}{field.variable} = data.get({field.name!r})" for field in fields),
        f"{indent}if not ({guard}):",
        f"{indent}    return misfit(facts, private)",
    ]


def _guard(fields: Sequence[Field]) -> str:
    """An expression that is true if every variable has its field's exact type."""
    return " and ".join(chain(_same(fields), _single(fields))) or "True"


def _same(fields: Sequence[Field]) -> Iterable[str]:
    for kind in _SCALARS:
        of_kind = [f"type({field.variable})" for field in fields if field.type is kind and not field.is_optional]
        if of_kind:
            yield f"{' is '.join(of_kind)} is {kind.__name__}"


def _single(fields: Sequence[Field]) -> Iterable[str]:
    for field in fields:
        if field.type not in _SCALARS:
            yield f"sound_{field.variable}({field.variable})"
        elif field.is_optional:
            yield f"({field.variable} is None or type({field.variable}) is {field.type.__name__})"


def _sound(reader: Reader) -> Callable[[Any], bool]:
    def sound(value: Any) -> bool:
        try:
            reader(value, "")
        except MalformedMessage:
            return False
        return True

    return sound


def _encode_misfit(form: Form) -> Callable[[Any], NoReturn]:
    def misfit(event: Any) -> NoReturn:
        faults = (_fault(field, event) for field in chain(form.facts, form.private))
        raise TypeError(f"{form.name}.{next(filter(None, faults))}")

    return misfit


def _fault(field: Field, event: Event) -> str | None:
    try:
        field.reader(getattr(event, field.name), field.name)
    except MalformedMessage as error:
        return str(error)
    return None


def _decode_misfit(form: Form) -> Callable[[str, str | None], NoReturn]:
    def misfit(facts: str, private: str | None) -> NoReturn:
        _explain("facts", facts, form.facts)
        _explain("private", private or "{}", form.private)
        raise AssertionError("guards and readers disagree")

    return misfit


def _explain(part: str, text: str, fields: Sequence[Field]) -> None:
    data = loads(text, part)
    if not is_object(data):
        raise MalformedMessage(part, "must be an object")
    by_name = {field.name: field for field in fields}
    if unknown := data.keys() - by_name.keys():
        raise MalformedMessage(part, f"has {len(unknown)} fields too many, the first {min(unknown)[:40]!r}")
    for name, field in by_name.items():
        if name not in data and not field.is_optional:
            raise MalformedMessage(f"{part}.{name}", "is required")
        if name in data and data[name] is None:
            raise MalformedMessage(f"{part}.{name}", "must be left out rather than null")
        if name in data:
            field.reader(data[name], f"{part}.{name}")
