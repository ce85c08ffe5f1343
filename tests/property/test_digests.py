"""What holds of digests whoever of them is cancelled, replaced or hurried: nothing is lost, and nothing told twice."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import example, given, settings, strategies as st
from tests.notice_plans import DIGESTS, Teller

from orchestra.errors import CommandRefused
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan

PLAN = Plan.parse(DIGESTS)
WORDS = ("tells", "tells of another", "tells the customer", "hurries", "cancels", "leaves", "fails", "parts", "waits")
STEPS = st.lists(st.tuples(st.sampled_from(WORDS), st.integers(0, 7)), min_size=2, max_size=30)


class Gatherer(Teller):
    """Joe, with two cases, of whom an hour is gathered."""

    def __init__(self) -> None:
        super().__init__(PLAN, channels=("email", "sms"))
        self.run(c.OpenCase("cu1"), 1)
        self.canceled: set[str] = set()

    def act(self, word: str, number: int) -> None:
        """Do what a word stands for, as far as it may be done."""
        fact, value = ("stage", "place")[number % 2], f"value {number % 3}"
        about = {"tells of another": {"case": "ca2"}, "tells the customer": {"customer": "cu1"}}.get(word, {})
        key = f"k{self.engine.view.notices.counts.get('notice', 0) + 1}"
        if word.startswith("tells") or word == "hurries":
            urgency = "urgent" if word == "hurries" else "normal"
            self.plan_notice(fact, key, facts={fact: value}, urgency=urgency, **about)
        elif word == "waits":
            self.advance((1, 60, 600, 1800, 3599, 3600, 3601, 7200)[number])
        elif word == "parts":
            self.run(c.StopSending("no", topic=fact) if number < 4 else c.StartSending(topic=fact), 1)
        elif word == "cancels":
            waiting = [name for name, row in self.engine.view.notices.notices.items() if row.waits]
            if waiting:
                name = waiting[number % len(waiting)]
                self.run(c.CancelNotice(name, "no"), 1)
                self.canceled.add(name)
        else:
            self.leave("accepted" if word == "leaves" else "retry")

    def leave(self, outcome: str) -> None:
        """The first message that may leave does."""
        rows = self.engine.view.deliveries.deliveries
        name = next((name for name, row in rows.items() if row.state == "PERMITTED"), None)
        if name is not None:
            self.outcome(outcome, name)

    def finish(self) -> None:
        """Whatever may leave does, until nothing is waited for."""
        while any(row.waits for row in self.engine.view.notices.notices.values()):
            self.leave("accepted")
            self.advance_to(self.engine.due() or self.now_us)


@settings(deadline=None)
@given(STEPS)
@example([("tells", 0), ("tells", 1), ("cancels", 0), ("waits", 6), ("leaves", 0)])
@example([("tells", 0), ("tells", 1), ("waits", 5), ("cancels", 0), ("leaves", 0)])
@example([("tells", 0), ("tells", 1), ("tells of another", 2), ("waits", 6), ("cancels", 1), ("leaves", 0)])
@example([("tells", 0), ("tells", 1), ("hurries", 2), ("parts", 1), ("waits", 0), ("leaves", 0), ("parts", 5)])
def test_nothing_that_is_gathered_is_lost(steps: list[tuple[str, int]]) -> None:
    joe = Gatherer()
    for word, number in steps:
        with suppress(CommandRefused):
            joe.act(word, number)
    for topic in ("stage", "place"):
        with suppress(CommandRefused):
            joe.run(c.StartSending(topic=topic), 1)
    joe.finish()
    ended = {event.notice: event for event in joe.events(e.NoticeSuppressed)}
    for name, row in joe.engine.view.notices.notices.items():
        if name in joe.canceled:
            assert (row.state, row.reason) == ("SUPPRESSED", "canceled")
        elif row.state != "SENT":
            assert row.reason in ("outdated", "already_told", "duplicate"), (name, row.state, row.reason)
            assert row.reason != "outdated" or ended[name].by is not None
    lines = _texts(joe)
    for row in joe.engine.view.notices.notices.values():
        if row.state == "SENT":
            assert any(str(value) in line for value in row.facts.values() for line in lines)


def _texts(joe: Teller) -> list[str]:
    """What has left, line by line."""
    written = {event.message: event.text or "" for event in joe.events(e.MessageWritten)}
    rows = joe.engine.view.deliveries.deliveries
    return [line for row in rows.values() if row.state == "ACCEPTED" for line in written[row.message].splitlines()]


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), min_size=2, max_size=12, unique=True), st.data())
def test_whoever_is_cancelled_the_others_are_told_once(values: list[int], data: st.DataObject) -> None:
    joe = Gatherer()
    for value in values:
        joe.run(c.OpenCase("cu1"), 1)
        joe.plan_notice("place", f"k{value}", case=f"ca{values.index(value) + 3}", facts={"place": f"Town {value}"})
    gone = data.draw(st.sets(st.sampled_from(values), max_size=len(values) - 1))
    when = data.draw(st.sampled_from(["before", "as it leaves"]))
    if when == "as it leaves":
        joe.advance_to(joe.notice().until_us or 0)
    for value in sorted(gone):
        joe.run(c.CancelNotice(f"nt{values.index(value) + 1}", "no"), 0)
    joe.finish()
    told = [line for line in _texts(joe) if "Town" in line]
    assert sorted(line.removeprefix("- ") for line in told) == sorted(
        f"It is in Town {value}." for value in values if value not in gone
    )
