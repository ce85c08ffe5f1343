"""The codec against cattrs' JSON converter, on the same events: those of contacts that are offered and answered.

Both sides encode to text and decode from text. Ours also keeps private fields apart, checks every type and writes
canonical text; the peer writes one text and checks what its converter checks. Also reported: the size of the text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cattrs.preconf.json import make_converter
from measure import Case, main

from orchestra.codec import EventCodec
from orchestra.codec.canonical import speed
from orchestra.model.events import (
    CaseOpened,
    CaseResolved,
    CustomerAdded,
    DeliveryAccepted,
    DeliveryPermitted,
    DeliveryStarted,
    Event,
    InteractionAttached,
    InteractionDone,
    MessageReceived,
    OfferAccepted,
)

_US = 1_700_000_000_000_000
_REPEAT = 400
_TEXT = "Hello,\nmy order 81 was to arrive on Monday — it is Thursday now. Where is it?"


def _events(number: int) -> list[Event]:
    """Events of one contact, of the classes that a journal holds most of."""
    customer, interaction, case = f"C{number}", f"I{number}", f"K{number}"
    at, thread, delivery = _US + number * 1_000_003, f"email|main|{number}", f"D{number}"
    return [
        CustomerAdded(customer, "email", f"{number:032x}", f"c{number}@mail.example", "Ana Muñoz"),
        InteractionAttached(interaction, case, customer, "thread"),
        MessageReceived(
            f"M{number}", interaction, case, customer, "email", "main", f"<{number}@mail.example>", thread, 1, at, _TEXT
        ),
        CaseOpened(case, f"C-{number:06d}", customer, "team", "care", "care", "delivery", interaction),
        OfferAccepted(f"O{number}", interaction, customer, "ana"),
        DeliveryPermitted(delivery, customer, 1, at + 30_000_000),
        DeliveryStarted(delivery, customer, 1, 7),
        DeliveryAccepted(delivery, customer, 1, [f"provider-{number}"]),
        InteractionDone(interaction, customer, "finished", "ana", "resolved"),
        CaseResolved(case, customer, "resolved", at + 604_800_000_000),
    ]


def _cases(codec: EventCodec, title: str, targets: tuple[float | None, float | None]) -> list[Case]:
    events = [event for number in range(_REPEAT) for event in _events(number)]
    converter, ours = make_converter(), [(event,) for event in events]
    records = [codec.to_record(event, position, _US, "agent:ana") for position, event in enumerate(events, 1)]
    texts = [(converter.dumps(event), type(event)) for event in events]
    assert [codec.decode(record) for record in records] == events
    assert [converter.loads(*text) for text in texts] == events
    encode, decode = _over(codec.encode, ours), _over(codec.decode, [(record,) for record in records])
    return [
        Case(f"encode {title}", encode, _over(converter.dumps, ours), len(events), targets[0], "cattrs json"),
        Case(
            f"decode {title}",
            decode,
            _over(converter.loads, texts),
            len(events),
            targets[1],
            "cattrs json",
        ),
    ]


def _over(function: Callable[..., Any], values: list[tuple[Any, ...]]) -> Callable[[], None]:
    def program() -> None:
        for value in values:
            function(*value)

    return program


if __name__ == "__main__":
    if speed() is None:
        raise SystemExit("the `speed` extra is not installed: the targets are set for it")
    main(
        "codec",
        [
            *_cases(EventCodec(), "with the speed extra", (3.0, 2.0)),
            *_cases(EventCodec(use_speed=False), "without", (None, None)),
        ],
    )
