"""Callbacks through the runtime: asked for by any process, reported by agents, told in the timeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import attrs
import pytest
from tests.contact_centre import PLAN, Centre, message

from orchestra.codec import to_record
from orchestra.errors import CommandRefused, MalformedMessage, UnknownId
from orchestra.journal.port import Journal
from orchestra.journal.sqlite import SqliteJournal
from orchestra.model import events as e
from orchestra.model.addresses import Email, Handle, Phone
from orchestra.model.definitions import Callbacks
from orchestra.model.records import Record
from orchestra.model.results import Dialed
from orchestra.runtime.client import connect
from orchestra.runtime.history.calling import whom_to_call
from orchestra.testing.clock import START, VirtualClock

LIVE = attrs.evolve(PLAN, channels={name: attrs.evolve(row, live=True) for name, row in PLAN.channels.items()})


@pytest.fixture
def centre() -> Centre:
    return Centre(plan=LIVE, clock=VirtualClock())


async def test_it_is_asked_for_once_taken_reported_and_told(centre: Centre) -> None:
    async with centre.open() as workspace:
        received = await workspace.receive(message(1))
        waiting = await workspace.request_callback(received.interaction or "")
        assert (waiting.due_us, waiting.is_new) == (None, True)
        assert not (await workspace.request_callback(received.interaction or "")).is_new
        ana = await workspace.sign_in("ana")
        offer = await ana.next_offer()
        assert offer.interaction == waiting.interaction
        contact = await offer.accept()
        await contact.report_callback("no_answer")
        sentences = [entry.sentence for entry in await workspace.timeline(received.customer)]
        for told in (
            f"asked to be called back, which is {waiting.interaction}",
            "ana called, attempt 1, and did not reach them (no answer)",
        ):
            assert told in sentences
        explained = await workspace.explain(waiting.interaction)
        assert [step.kind for step in explained.steps][:2] == ["CallbackRequested", "InteractionAttached"]
        assert explained.steps[-1].kind == "CallbackScheduled"
        assert explained.channel == "chat"
        assert [text async for text in contact.messages()] == [], "it is no longer with the agent"


async def test_it_is_moved_and_canceled(centre: Centre) -> None:
    async with centre.open() as workspace:
        received = await workspace.receive(message(1))
        now = START
        waiting = await workspace.request_callback(received.interaction or "", due=now + timedelta(days=1))
        await workspace.reschedule_callback(waiting.interaction, now + timedelta(days=2))
        assert [event.reason for event in centre.events(e.CallbackScheduled)] == ["requested", "rescheduled"]
        await workspace.cancel_callback(waiting.interaction, "settled")
        assert centre.events(e.InteractionCanceled)[-1].reason == "settled"
        with pytest.raises(CommandRefused):
            await workspace.cancel_callback(waiting.interaction, "settled")


async def test_a_time_without_zone_is_refused(centre: Centre) -> None:
    async with centre.open() as workspace:
        received = await workspace.receive(message(1))
        with pytest.raises(MalformedMessage, match="time zone"):
            await workspace.request_callback(received.interaction or "", due=datetime(2026, 1, 5))  # noqa: DTZ001 - it is what is refused


async def test_customers_are_called_first_and_the_application_tells_what_became_of_it() -> None:
    centre = Centre(plan=attrs.evolve(LIVE, callbacks=Callbacks(first="customer", attempts=1)), clock=VirtualClock())
    async with centre.open() as workspace:
        ana = await workspace.sign_in("ana")
        asked = await workspace.schedule_callback(Phone("+49301234567", "Joe"), channel="chat", topic="order")
        assert (asked.customer, asked.case.number) == ("cu1", "C-000001")
        made = centre.events(e.CallbackDialing)[-1]
        assert await workspace.whom_to_call(made.interaction) == Phone("+49301234567")
        told = await workspace.report_dialing(made.interaction, made.token, "answered")
        assert told == Dialed(waits=True)
        offer = await ana.next_offer()
        assert offer.interaction == asked.interaction
        with pytest.raises(CommandRefused):
            await workspace.report_dialing(made.interaction, made.token, "busy")
        sentences = [entry.sentence for entry in await workspace.timeline(asked.customer)]
        for sentence in (f"is being called for {asked.interaction}, attempt 1", "answered the call of the company"):
            assert sentence in sentences
        steps = (await workspace.explain(asked.interaction)).steps
        assert [step.kind for step in steps if step.kind.startswith("Callback")] == [
            "CallbackRequested",
            "CallbackDialing",
            "CallbackAnswered",
        ]


async def test_whom_to_call_is_the_address_that_was_given_or_the_customers_own(centre: Centre) -> None:
    async with centre.open() as workspace:
        received = await workspace.receive(message(1))
        with pytest.raises(UnknownId):
            await workspace.whom_to_call(received.interaction or "")
        with pytest.raises(MalformedMessage, match="address"):
            await workspace.schedule_callback("+49301234567", channel="chat")  # type: ignore[arg-type]
        own = await workspace.request_callback(received.interaction or "")
        writer = next(event for event in centre.events(e.CustomerAdded))
        found = await workspace.whom_to_call(own.interaction)
        assert found is not None
        assert (found.kind, found.value) == (writer.kind, writer.value)
        for person in (Email("joe@example.org"), Handle("joe", kind="visitor")):
            other = await workspace.schedule_callback(
                person, channel="chat", customer=received.customer, topic=person.kind
            )
            assert await workspace.whom_to_call(other.interaction) == person


async def test_another_process_asks_for_callbacks_and_reports_calls(tmp_path: Path) -> None:
    file = tmp_path / "contacts.db"
    plan = attrs.evolve(LIVE, callbacks=Callbacks(first="customer"))
    journal = SqliteJournal(file)
    centre = Centre(journal, clock=VirtualClock(), plan=plan)
    async with centre.open() as workspace, connect(f"sqlite:{file}") as client:
        await workspace.sign_in("ana")
        received = await client.receive(message(1))
        asked = await client.request_callback(received.interaction or "")
        assert (asked.customer, asked.case) == (received.customer, received.case)
        again = await client.schedule_callback(Phone("+49301234567"), channel="chat", case=received.case.id)
        assert (again.interaction, again.is_new) == (asked.interaction, False)
        made = centre.events(e.CallbackDialing)[-1]
        assert await client.whom_to_call(made.interaction) is not None
        assert (await client.report_dialing(made.interaction, made.token, "answered")).waits
    journal.close()


def test_an_address_that_was_erased_is_nobodys_to_call() -> None:
    whole = [
        e.CustomerAdded("cu1", "phone", "key-joe", "+49301234567"),
        e.CallbackRequested("in1", "ca1", "cu1", "voice", "main", "co1", "care", {}, None),
        e.CallbackRequested("in2", "ca2", "cu1", "voice", "main", "co1", "care", {}, None, None, 0, "phone", None),
    ]
    journal = cast("Journal", _Told(whole))
    assert whom_to_call(journal, "in1", "cu1") == Phone("+49301234567")
    assert whom_to_call(journal, "in2", "cu1") is None, "another was given, which is erased"
    blanked = cast("Journal", _Told([e.CustomerAdded("cu1", "phone", "key-joe"), whole[1]]))
    assert whom_to_call(blanked, "in1", "cu1") is None


class _Told:
    """A journal of these events alone."""

    def __init__(self, events: Sequence[e.Event]) -> None:
        self._records = [to_record(event, position, 0, "system") for position, event in enumerate(events, 1)]

    def read(self, after: int = 0, **_: object) -> Iterator[Record]:
        return iter(self._records[after:])
