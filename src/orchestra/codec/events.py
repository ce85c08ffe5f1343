"""Events to records and back: names, versions, upcasters, and private parts kept apart from facts."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from orchestra.codec.canonical import canonical, speed
from orchestra.codec.forms import Decode, Encode, Encoded, form_of
from orchestra.codec.plan_changed import decode_plan_changed, encode_plan_changed
from orchestra.codec.text import is_object, is_plain, loads
from orchestra.errors import MalformedMessage, ReplayMismatch, UnsupportedVersion
from orchestra.model.events import EVENTS, Event, PlanChanged
from orchestra.model.private import is_sealed
from orchestra.model.records import Record

__all__ = ["UPCASTERS", "EventCodec", "Upcaster", "decode_event", "encode_event", "to_record"]

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
"""Facts of one version -> facts of the next, as plain data. A fact that is None counts as left out."""

UPCASTERS: Mapping[tuple[str, int], Upcaster] = MappingProxyType({})
"""(type, version) -> what lifts facts of that version to the next. Empty: every event is still of version 1."""


class EventCodec:
    """Writes and reads one set of event classes.

    The module's functions use one for all events of the library; make another to read with other upcasters.
    """

    __slots__ = ("_decoders", "_encoders", "_events", "_speed", "_upcasters")

    def __init__(
        self,
        events: Mapping[str, type[Event]] = EVENTS,
        upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS,
        *,
        use_speed: bool = True,
    ) -> None:
        """Nothing is built yet: each class's functions are, once, when its first event comes.

        Args:
            events: name -> class.
            upcasters: (type, version) -> what lifts facts of that version to the next.
            use_speed: False leaves the `speed` extra alone even if it is installed. The text is the same.
        """
        self._events = events
        self._upcasters = upcasters
        self._speed = speed() if use_speed else None
        self._encoders: dict[type[Event], Encode] = {}
        self._decoders: dict[str, tuple[int, Decode]] = {}

    def encode(self, event: Event) -> Encoded:
        """See `encode_event`."""
        encode = self._encoders.get(type(event)) or self._build_encoder(type(event))
        return encode(event)

    def to_record(self, event: Event, position: int, at_us: int, actor: str) -> Record:
        """See `to_record`."""
        name, version, facts, private = self.encode(event)
        return Record(position, at_us, name, version, actor, getattr(event, "customer", None), facts, private)

    def decode(self, record: Record) -> Event:
        """See `decode_event`."""
        known, decode = self._decoders.get(record.type) or self._build_decoder(record)
        try:
            return decode(record.facts if record.version == known else self._lift(record, known), record.private)
        except MalformedMessage as error:
            if is_sealed(record.private):  # read by who has no key, and needs the facts alone
                return self.decode(attrs.evolve(record, private=None))
            raise ReplayMismatch(record.position, f"{record.type} cannot be read: {error}") from None

    # Two threads may build the same function at once: either is right.

    def _build_encoder(self, kind: type[Event]) -> Encode:
        if self._events.get(kind.__name__) is not kind:
            raise TypeError(f"{kind.__name__} is no event of this codec")
        encode, _ = self._functions(kind)
        self._encoders[kind] = encode
        return encode

    def _build_decoder(self, record: Record) -> tuple[int, Decode]:
        kind = self._events.get(record.type)
        if kind is None:
            raise UnsupportedVersion(f"event {record.type}", record.version, 0)
        _, decode = self._functions(kind)
        self._decoders[record.type] = kind.version, decode
        return kind.version, decode

    def _functions(self, kind: type[Event]) -> tuple[Encode, Decode]:
        if kind is PlanChanged:
            return encode_plan_changed, decode_plan_changed
        form = form_of(kind)
        encode, decode = form.encoder(), form.decoder()
        if self._speed is None:
            return encode, decode
        return self._speed.fast_encoder(form, encode), self._speed.fast_decoder(form, decode)

    def _lift(self, record: Record, known: int) -> str:
        if record.version > known:
            raise UnsupportedVersion(f"event {record.type}", record.version, known)
        facts = loads(record.facts, "facts")
        for version in range(record.version, known):
            upcaster = self._upcasters.get((record.type, version))
            if upcaster is None:
                raise MalformedMessage("version", f"nothing lifts version {version} to {version + 1}")
            facts = _lifted(facts, upcaster, version)
        return canonical(facts)


def _lifted(facts: Any, upcaster: Upcaster, version: int) -> dict[str, Any]:
    if not is_object(facts):
        raise MalformedMessage("facts", "must be an object")
    try:
        lifted = {name: fact for name, fact in upcaster(facts).items() if fact is not None}
    except (LookupError, TypeError, ValueError) as error:
        raise MalformedMessage("facts", f"cannot be lifted from version {version}: {type(error).__name__}") from error
    if not is_plain(lifted):
        raise MalformedMessage("facts", f"lifted from version {version} to what has no canonical form")
    return lifted


@functools.cache
def _codec() -> EventCodec:
    return EventCodec()


def encode_event(event: Event) -> Encoded:
    """What a journal stores of an event: (type, version, facts, private).

    Facts are a canonical JSON object with every field but the private ones; what is None is left out. The private part
    is a canonical JSON object with the private fields that are not None, or None if there is none.

    Raises:
        TypeError: a field holds what its type does not allow; floats have no place in any.
        MalformedMessage: a text holds a lone surrogate.
    """
    return _codec().encode(event)


def to_record(event: Event, position: int, at_us: int, actor: str) -> Record:
    """The record of an event; its subject is the event's customer, if it has one.

    Args:
        event: what was decided.
        position: in the journal, from 1.
        at_us: engine time, microseconds since 1970 UTC.
        actor: who caused it, `kind:name`.

    Raises:
        TypeError: a field holds what its type does not allow; floats have no place in any.
        MalformedMessage: a text holds a lone surrogate.
    """
    return _codec().to_record(event, position, at_us, actor)


def decode_event(record: Record) -> Event:
    """The event of a record. Private fields are None where the private part was blanked, or is encrypted.

    Dicts come back in the order of their keys, whatever order they were written in.

    Raises:
        UnsupportedVersion: a newer library wrote the record: its type is not known here (`known` is 0) or its version
            is newer than the one known here.
        ReplayMismatch: facts or private part are not what this event consists of.
    """
    return _codec().decode(record)
