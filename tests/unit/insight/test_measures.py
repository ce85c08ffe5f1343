from __future__ import annotations

import copy
import inspect
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st
from tests.unit.insight.rig import Desk, busy_day, fold, thread, without_private

from orchestra.insight import (
    answering,
    cases,
    contacts,
    deliveries,
    figures,
    handling,
    journey_fold,
    journeys,
    matters,
    measures as measures_module,
    returning,
    sketch,
    slices,
    tally,
    telling,
    variants,
    waiting,
)
from orchestra.insight.measures import FOLDED, Measures
from orchestra.insight.reading import measure
from orchestra.insight.variants import VARIANTS
from orchestra.journal.memory import MemoryJournal
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Address

BUSY = busy_day()
EVENTS = BUSY.events()


# The worked case: 200 in time, 100 late, 50 + 50 abandons, the short ones excluded: 200 / 350 = 57.14 %

OUTCOMES = ["in time"] * 200 + ["late"] * 100 + ["abandoned"] * 50 + ["short"] * 50
WORKED = {
    "standard": (200, 350, 57.14),
    "short_abandons_included": (200, 400, 50.0),
    "all_abandons_excluded": (200, 300, 66.67),
    "flow_outs_included": (200, 350, 57.14),
    "flow_outs_and_short_abandons_included": (200, 400, 50.0),
    "flow_outs_included_all_abandons_excluded": (200, 300, 66.67),
}


def told(made: Measures) -> dict[str, tuple[int, int, float | None]]:
    levels = made.total.service_levels
    return {key: (share.numerator, share.denominator, share.percent) for key, share in levels.items()}


def _by_hand() -> Iterator[tuple[e.Event, int]]:
    for number, outcome in enumerate(OUTCOMES):
        at_us, name = number * 100_000_000, f"in{number}"
        yield e.InteractionStarted(name, "cu1", "voice", "main", "co1", True, at_us), at_us
        yield e.InteractionQueued(name, "cu1", "care", "voice", {}, 0, at_us, number, "arrived"), at_us
        if outcome in ("in time", "late"):
            waited_us = 20_000_000 if outcome == "in time" else 20_000_001
            yield e.OfferAccepted("of1", name, "cu1", "ana"), at_us + waited_us
            yield e.InteractionDone(name, "cu1", "finished", "ana"), at_us + 50_000_000
        else:
            waited_us = 4_000_000 if outcome == "short" else 30_000_000
            yield e.InteractionAbandoned(name, "cu1", waited_us, outcome == "short"), at_us + waited_us


def test_the_worked_case_by_hand() -> None:
    assert told(fold(_by_hand())) == WORKED


def test_the_worked_case_through_the_engine() -> None:
    desk = Desk()
    desk.sign_in("ana")
    desk.run(c.SetAway("ana", "break"), 2)
    for number, outcome in enumerate(OUTCOMES):
        at_s = 100 * number + 10
        called = desk.call(f"caller {number}", at_s)
        if outcome in ("in time", "late"):
            desk.run(c.SetAvailable("ana"), at_s + (10 if outcome == "in time" else 21))
            desk.take(called, at_s + 21 if outcome == "late" else at_s + 20)
            desk.run(c.FinishInteraction(called, "ana"), at_s + 50)
            desk.run(c.SetAway("ana", "break"), at_s + 50)
        else:
            desk.run(c.LeaveContact(called), at_s + (4 if outcome == "short" else 30))
    made = desk.measures()
    assert told(made) == WORKED
    assert (made.total.abandonment.percent, made.total.short_abandonment.percent) == (12.5, 12.5)
    assert made.total.accessibility.percent == 75.0
    assert made.by_queue["care"].service_level() == made.total.service_level()


def test_flow_outs_count_where_the_variant_says_so() -> None:
    desk = Desk()
    desk.sign_in("ana")
    desk.take(desk.call("joe", 10), 15)
    desk.run(c.CancelInteraction(desk.call("sue", 20), "test"), 25)
    assert {key: share[1] for key, share in told(desk.measures()).items()} == {
        key: 1 + variant.flow_outs for key, variant in VARIANTS.items()
    }


# The real log


def _replay(path: Path) -> tuple[Measures, int]:
    """The log's lines through the engine, as a replay takes them."""
    desk = Desk(
        '[workspace]\ndefault_queue = "care"\n[teams.care]\n[queues.care]\nteam = "care"\n'
        '[channels.twitter]\nmax_age = "5000w"\n[cases]\nattach = ["thread"]\nclose_after = "5000w"\n'
    )
    made, repeats = Measures(), 0
    engine = desk.ledger.engine
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        at_us = int(datetime.fromisoformat(row["at"]).timestamp()) * 1_000_000
        common: dict[str, Any] = {"thread": thread(row["thread"]), "occurred_us": at_us}
        who = Address("handle", row["customer"])
        if row["direction"] == "inbound":
            command = c.ReceiveMessage(row["channel"], row["company"], row["message_id"], who, **common)
        else:
            command = c.RecordReply(row["channel"], row["company"], row["message_id"], who, resolve=True, **common)
        # The rig's clock stands later than the log: only the times of origin count here.
        decided = engine.execute(command, at_us)
        repeats += not decided.events
        for event in decided.events:
            made.add(event, decided.at_us)
    return made, repeats


def test_the_real_log_has_the_figures_it_is_known_to_have(contact_log: Path) -> None:
    made, repeats = _replay(contact_log)
    total = made.total
    assert (repeats, total.customers, total.cases) == (6, 539, 524)
    assert (total.messages.inbound, total.messages.outbound) == (622, 583)
    first, whole = total.first_response, total.end_to_end
    assert (first.times.n, first.times.mean_s, first.times.median_s) == (524, 126_698.494275, 7_396.5)
    assert first.within == {"3600": 230}
    assert (whole.n, whole.mean_s, whole.median_s) == (524, 128_794.870229, 8_661.0)
    assert len(made.by_account) == 24
    assert sum(f.cases for f in made.by_account.values()) == 524


# One fold


@given(st.integers(0, len(EVENTS)))
def test_a_fold_goes_on_where_it_stopped(stop: int) -> None:
    live = fold(EVENTS[:stop])
    live.to_json()
    assert fold(EVENTS[stop:], live).to_json() == fold(EVENTS).to_json()


def test_snapshots_stay_as_they_are() -> None:
    made = fold(EVENTS[: len(EVENTS) // 2])
    before, kept = made.total, copy.deepcopy(made.total.to_json())
    fold(EVENTS[len(EVENTS) // 2 :], made)
    assert before.to_json() == kept
    assert made.total.to_json() != kept


def test_private_parts_do_not_count() -> None:
    blanked = [(without_private(event), at_us) for event, at_us in EVENTS]
    assert blanked != EVENTS
    assert fold(blanked).to_json() == fold(EVENTS).to_json()


def test_events_that_are_not_folded_only_move_the_window() -> None:
    made = Measures()
    for event, at_us in EVENTS:
        if type(event).__name__ in FOLDED:
            made.add(event, at_us)
        else:
            made.skip(at_us)
    assert made.to_json() == fold(EVENTS).to_json()
    assert {"OfferMade", "AgentSignedIn"}.isdisjoint(FOLDED)


def test_all_that_is_folded_is_an_event() -> None:
    assert e.EVENTS.keys() >= FOLDED


def test_totals_are_the_sum_of_channels() -> None:
    made = fold(EVENTS)
    for count in ("queued", "answered", "abandoned", "live"):
        assert sum(getattr(f.contacts, count) for f in made.by_channel.values()) == getattr(made.total.contacts, count)
    assert sum(f.messages.inbound for f in made.by_channel.values()) == made.total.messages.inbound == 3


def test_the_fold_knows_nothing_but_the_model() -> None:
    folds = [answering, cases, contacts, deliveries, figures, handling, measures_module, sketch, slices, tally]
    folds += [journey_fold, journeys, matters, returning, telling, variants, waiting]
    for module in folds:
        source = inspect.getsource(module)
        imported = [line.split()[1] for line in source.splitlines() if line.startswith(("from orchestra", "import "))]
        assert {name for name in imported if not name.startswith(("orchestra.insight", "orchestra.model"))} <= {"attrs"}


# Plain data


def test_figures_are_plain_data_with_names() -> None:
    made = json.loads(json.dumps(fold(EVENTS).to_json()))
    assert {"by_channel", "by_account", "by_queue", "customers", "cases", "messages", "first_response"} <= made.keys()
    assert made["messages"] == {"inbound": 3, "outbound": 2}
    assert made["first_response"]["within"] == {"3600": 1}  # the other answer could not be sent
    assert made["end_to_end"]["n"] == 1
    assert made["contacts"]["waiting"] == 0
    assert made["by_channel"].keys() == {"chat", "mail", "voice"}
    assert made["by_queue"].keys() == {"care"}
    assert made["window"]["from"] == "2023-11-14T22:13:20Z"
    assert made["deliverability"]["failed_by_code"] == {"no such mailbox": 1}


def _objects(data: Any) -> Iterator[dict[str, Any]]:
    if isinstance(data, dict):
        yield data
        for part in data.values():
            yield from _objects(part)


def test_every_figure_tells_how_it_is_restated() -> None:
    made = fold(EVENTS).to_json()
    windowed = [one for one in _objects(made) if "window" in one]
    arrival_of_notices = 1
    assert len(windowed) == (1 + 3 + 1 + 1) * (1 + len(VARIANTS) + 5 + 7 + 4) + arrival_of_notices
    assert {one.get("restatement_version") for one in windowed} == {variants.RESTATEMENT_VERSION} == {1}


def test_the_asa_has_a_name() -> None:
    figures = fold(EVENTS).by_channel["chat"]
    assert figures.to_json()["asa_s"] == figures.asa_s == figures.wait.mean_s
    assert figures.asa_s is not None


def test_no_events_no_figures() -> None:
    made = Measures().to_json()
    assert made["first_response"] == {
        "n": 0,
        "mean_s": None,
        "median_s": None,
        "p90_s": None,
        "p95_s": None,
        "error": 0.0,
        "within": {"3600": 0},
    }
    assert made["handling"]["aht_s"] is made["handling"]["weighted_aht_s"] is None
    assert made["service_level"]["standard"]["percent"] is made["asa_s"] is None


# A journal


def test_a_journal_gives_the_same_figures() -> None:
    assert measure(BUSY.journal).to_json() == fold(EVENTS).to_json()


def test_a_blanked_journal_gives_the_same_figures() -> None:
    desk = busy_day()
    assert desk.journal.blank() > 0
    assert measure(desk.journal).to_json() == fold(EVENTS).to_json()


def test_part_of_a_journal_can_be_measured() -> None:
    half = len(EVENTS) // 2
    assert measure(BUSY.journal, until=half).to_json() == fold(EVENTS[:half]).to_json()
    assert measure(BUSY.journal, after=half).to_json() == fold(EVENTS[half:]).to_json()


def test_progress_is_told() -> None:
    positions: list[int] = []
    measure(BUSY.journal, on_record=positions.append)
    assert positions == [len(EVENTS)]
    desk = Desk()
    for number in range(1_100):
        desk.write("joe", number + 1)
    positions.clear()
    measure(desk.journal, on_record=positions.append)
    assert positions[-1] == desk.journal.position()
    assert positions[:-1] == list(range(1000, desk.journal.position() + 1, 1000))


def test_an_empty_journal_has_no_window() -> None:
    assert measure(MemoryJournal()).window.from_us is None


@pytest.mark.parametrize("limits", [(), (60, 3600)])
def test_limits_are_chosen(limits: tuple[int, ...]) -> None:
    within = measure(BUSY.journal, within_s=limits).total.first_response.within
    assert within == {str(limit): 1 for limit in limits}
