"""What holds of notices under any interleaving: none leaves that must not, nobody is told the same twice."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

from hypothesis import example, given, settings, strategies as st
from tests.engine_driver import MINUTE, Driver
from tests.invariants import WatchedEngine, check_rebuilt
from tests.notice_moves import with_notices
from tests.notice_plans import NOTICES
from tests.unit.insight.rig import fold

from orchestra.errors import CommandRefused
from orchestra.model import commands as c
from orchestra.model.plan import Plan

GATHERED = ("place", "point", "bargain")
TOPICS = ("stage", "ready", "law", "recall", "offer", "code")
WORDS = ("plans", "groups", "cancels", "tells", "wants", "wants not", "consents", "resolves", "reopens", "merges")
WORDS += (
    "gathers",
    "hurries",
    "wants less",
    "calls",
    "hangs up",
    "stops",
    "goes on",
    "leaves",
    "arrives",
    "fails",
    "is lost",
    "is read",
    "waits",
    "sleeps",
)
STEPS = st.lists(st.tuples(st.sampled_from(WORDS), st.integers(0, 5)), min_size=4, max_size=40)


class Days(Driver):
    """An engine whose every event is looked at, and the commands that the words stand for."""

    def __init__(self) -> None:
        super().__init__(with_notices(Plan.parse(NOTICES)), engine=WatchedEngine())
        for channel in ("email", "chat"):
            self.message("joe", channel, topic="order")
        self.message("mia", "email")
        for name in list(self.engine.view.contacts.interactions):
            self.run(c.CancelInteraction(name, "seen to"), 1)
        self.sign_in("ana")
        self.keys = 0

    def command(self, word: str, number: int) -> c.Command | None:
        """What a word stands for."""
        view, cases = self.engine.view, list(self.engine.view.cases.cases)
        case, topic = cases[number % len(cases)], TOPICS[number % len(TOPICS)]
        notices, deliveries = list(view.notices.notices), view.deliveries.deliveries
        calls = [name for name, row in view.contacts.interactions.items() if row.live and row.agent == "ana"]
        permitted = next((name for name, row in deliveries.items() if row.state == "PERMITTED"), None)
        started = next((name for name, row in deliveries.items() if row.state == "STARTED"), None)
        outcome = {"arrives": "accepted", "fails": "failed", "is lost": "unknown"}.get(word)
        if outcome is not None:
            return (
                None if started is None else c.RecordOutcome(started, deliveries[started].attempts, outcome, [started])
            )
        known: dict[str, c.Command | None] = {
            "plans": self.planned(topic, case, number),
            "groups": self.planned(topic, case, number, group="g"),
            "gathers": self.planned(GATHERED[number % 3], case, number),
            "hurries": self.planned(GATHERED[number % 3], case, number, urgency="urgent"),
            "wants less": c.SetNoticePreference("cu1", False, GATHERED[number % 3], "email" if number > 2 else None),
            "cancels": c.CancelNotice(notices[number % len(notices)], "no") if notices else None,
            "tells": c.TellFact(case, ("stage", "ready", "code")[number % 3], "sent" if number % 3 < 2 else 1),
            "wants": c.SetNoticePreference("cu1", True, topic if number % 2 else None),
            "wants not": c.SetNoticePreference("cu1", False, topic if number % 2 else None),
            "consents": c.RecordConsent("cu1", "news", bool(number % 2)),
            "resolves": c.ResolveCase(case),
            "reopens": c.ReopenCase(case, "again"),
            "merges": c.MergeCustomers("cu1", "cu2", "told", 100, actor="operator:kim"),
            "hangs up": c.FinishInteraction(calls[0], "ana") if calls else None,
            "stops": c.StopSending("storm", "email" if number % 2 else None),
            "goes on": c.StartSending("email" if number % 2 else None),
            "leaves": None if permitted is None else c.StartDelivery(permitted, deliveries[permitted].attempts + 1, 1),
            "is read": self.read(number),
        }
        return known[word]

    def planned(
        self, topic: str, case: str, number: int, group: str | None = None, urgency: str = "normal"
    ) -> c.Command:
        self.keys += 1
        values: dict[str, str | int | bool] = {"stage": "sent", "ready": ("soon", "sent")[number % 2], "code": 1}
        values |= {"place": ("Rome", "Oslo")[number % 2], "point": ("A", "B", "C")[number % 3]}
        wanted = self.engine.view.plan.notices.topics[topic].facts
        facts = {name: values[name] for name in wanted}
        later = self.now_us + MINUTE if number == 3 else None
        return c.PlanNotice(f"k{self.keys}", topic, case, None, facts, urgency, later, supersedes_group=group)

    def read(self, number: int) -> c.Command | None:
        known = [row for row in self.engine.view.deliveries.deliveries.values() if row.provider_ids]
        if not known:
            return None
        row = known[number % len(known)]
        return c.RecordReceipt(
            row.channel, row.account, row.provider_ids[0], ("read", "failed", "delivered")[number % 3]
        )

    def act(self, word: str, number: int) -> None:
        """Do what the word says, as far as it may be done."""
        if word == "calls":
            got = self.call("joe", "voice", topic="order", after=0)
            for offer in self.engine.view.routing.items[got.interaction].offers:
                self.try_to(c.AcceptOffer(offer, "ana", self.engine.view.routing.offers[offer].token))
        elif word == "waits":
            self.advance((1, 11, 61, 301, 700, 7200)[number])
        elif word == "sleeps":
            due = self.engine.due()
            self.advance_to(self.now_us if due is None else due)
        else:
            command = self.command(word, number)
            if command is not None:
                self.try_to(command)

    def try_to(self, command: c.Command) -> None:
        with suppress(CommandRefused):
            self.run(command)


@settings(deadline=None)
@given(STEPS)
@example([("plans", 0), ("leaves", 0), ("arrives", 0), ("plans", 0), ("waits", 2), ("leaves", 0)])
@example([("plans", 1), ("leaves", 0), ("arrives", 0), ("waits", 2), ("is read", 2), ("leaves", 0)])
@example([("calls", 0), ("plans", 0), ("waits", 2), ("hangs up", 0), ("waits", 3), ("leaves", 0)])
@example([("plans", 0), ("calls", 0), ("leaves", 0), ("sleeps", 0), ("hangs up", 0), ("waits", 4), ("leaves", 0)])
@example([("plans", 4), ("consents", 1), ("plans", 4), ("consents", 0), ("leaves", 0), ("sleeps", 0)])
@example([("groups", 0), ("leaves", 0), ("groups", 1), ("fails", 0), ("leaves", 0), ("is lost", 0), ("waits", 4)])
@example([("gathers", 0), ("gathers", 1), ("waits", 2), ("cancels", 0), ("waits", 2), ("leaves", 0), ("arrives", 0)])
@example([("gathers", 0), ("gathers", 1), ("gathers", 4), ("waits", 2), ("leaves", 0), ("fails", 0), ("leaves", 0)])
@example([("gathers", 0), ("gathers", 1), ("gathers", 4), ("wants less", 1), ("waits", 2), ("leaves", 0)])
@example([("gathers", 0), ("calls", 0), ("gathers", 1), ("hurries", 4), ("hangs up", 0), ("waits", 5), ("leaves", 0)])
def test_nothing_leaves_that_must_not(steps: list[tuple[str, int]]) -> None:
    days = Days()
    for word, number in steps:
        days.act(word, number)
    days.advance(7200)
    for engine in (days.replayed(is_blanked=True), days.reloaded()):
        check_rebuilt(days.engine, engine)
    for row in days.engine.view.notices.notices.values():
        assert not row.waits, "after two hours all of it is settled"
    check_measured(days)


def check_measured(days: Days) -> None:
    """The measures count what became of each notice, however often that changed."""
    counted = fold([(one.event, one.at_us) for one in days.log]).notices.total
    rows = list(days.engine.view.notices.notices.values())
    states = Counter(row.state.lower() for row in rows)
    assert (counted.planned, counted.waiting) == (len(rows), 0)
    found = {name: getattr(counted, name) for name in ("sent", "suppressed", "failed", "expired")}
    assert found == {name: states[name] for name in found}
    for state in ("suppressed", "failed"):
        reasons = Counter(row.reason for row in rows if row.state == state.upper())
        assert getattr(counted, f"{state}_by_reason") == reasons
    assert sum(one.sent for one in counted.channels.values()) == counted.sent
    assert all(one.tried >= 0 for one in counted.channels.values())
