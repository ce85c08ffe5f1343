"""What leaves to a customer, judged from outside: by what they and agents did, and by the clock on the customer's wall.

Nothing of the engine is asked. Between any two steps the clock may be put back or forward, and the process may crash.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import attrs
from hypothesis import example, given, settings, strategies as st
from tests.engine_driver import HOUR, MINUTE, Logged
from tests.notice_plans import NOTICES, Teller

from orchestra.errors import CommandRefused
from orchestra.model import commands as c, events as e
from orchestra.model.notices import Cap, Digest, Leg
from orchestra.model.plan import Plan
from orchestra.model.quiet_hours import QuietHours

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo")
BEGINS = ("2024-03-30T18:00:00+00:00", "2024-11-02T20:00:00+00:00", "2024-06-03T09:00:00+00:00")
"""The evenings before clocks change, and an ordinary morning."""
MOST = 3
"""Notices a day, on the customer's own calendar."""
COOL_DOWN = timedelta(minutes=2)
TOPICS = ("stage", "place", "offer", "law", "recall", "code", "delay")
FREE = ("law", "code")
"""What nobody's talking holds back."""

WORDS = ("announces", "announces", "leaves", "leaves", "arrives", "fails", "is lost", "is delivered", "is opened")
WORDS += ("refuses", "wants", "forbids", "allows", "calls", "hangs up", "informs", "cancels", "moves", "waits", "waits")
CLOCKS = ("as it is", "as it is", "as it is", "back", "forward", "crash")
STEP = st.tuples(st.sampled_from(WORDS), st.integers(0, 11), st.sampled_from(CLOCKS))
STEPS = st.lists(STEP, min_size=3, max_size=40)


def _steps(*said: str) -> list[tuple[str, int, str]]:
    """Steps as `leaves 0, back`; the clock is as it is unless said otherwise."""
    found = [one.partition(", ") for one in said]
    return [(does[:-2], int(does[-1]), clock or CLOCKS[0]) for does, _, clock in found]


def _plan() -> Plan:
    read = Plan.parse(NOTICES)
    legs = [Leg("sms", "delivered", timedelta(minutes=20)), Leg("email")]
    topics = dict(read.notices.topics)
    topics["delay"] = attrs.evolve(topics["delay"], legs=legs)
    topics["place"] = attrs.evolve(topics["stage"], text="It is in $place.", facts={"place": "text"}, digest="news")
    digest = Digest(timedelta(minutes=10), text="$count:\n$entries", legs=[Leg("email")])
    cap = Cap(MOST, kinds=("legal", "critical", "service", "marketing"))
    own = attrs.evolve(read.notices, topics=topics, digests={"news": digest}, caps=[cap], jitter=timedelta(minutes=5))
    engagements = attrs.evolve(read.engagements, cool_down=COOL_DOWN)
    workspace = attrs.evolve(read.workspace, zone="UTC")
    quiet = QuietHours(daily=["21:00-08:00"])
    return attrs.evolve(read, notices=own, quiet_hours=quiet, engagements=engagements, workspace=workspace)


PLAN = _plan()


def _is_quiet(at: datetime) -> bool:
    return at.time() >= time(21) or at.time() < time(8)


class Outside(Teller):
    """Joe, of whom is known what anybody can see from outside."""

    def __init__(self, begin: str) -> None:
        super().__init__(PLAN, channels=("email", "sms"))
        self.advance_to(round(datetime.fromisoformat(begin).timestamp()) * 1_000_000)
        self.sign_in("ana")
        self.zone = ZoneInfo("UTC")
        self.looked_at = len(self.log)
        self.contact: str | None = None
        self.talked_until_us = 0
        self.refused: dict[str | None, bool] = {}
        self.allows_news = False
        self.notices: dict[str, e.NoticePlanned] = {}
        self.tells: dict[str, list[str]] = {}
        self.last_told: dict[str, object] = {}
        self.told: set[str] = set()
        self.ended: set[str] = set()
        self.left: dict[str, int] = {}
        self.channels: dict[str, str] = {}

    # What happens

    def act(self, word: str, number: int) -> None:
        """Do what a word stands for."""
        topic = TOPICS[number % len(TOPICS)]
        rows = self.engine.view.deliveries.deliveries
        permitted = [name for name, row in rows.items() if row.state == "PERMITTED"]
        started = [name for name, row in rows.items() if row.state == "STARTED"]
        taken = [row for row in rows.values() if row.provider_ids]
        outcome = {"arrives": "accepted", "fails": "failed", "is lost": "unknown"}.get(word)
        if word == "announces":
            self._announce(topic, number)
        elif word == "leaves" and permitted:
            self.start(permitted[0])
        elif outcome is not None and started:
            attempts = rows[started[0]].attempts
            self.run(c.RecordOutcome(started[0], attempts, outcome, [started[0]], "code"), 0)
        elif word in ("is delivered", "is opened") and taken:
            row = taken[number % len(taken)]
            is_weak = word == "is opened"
            kind = "read" if is_weak else "delivered"
            self.run(c.RecordReceipt(row.channel, row.account, row.provider_ids[0], kind, is_weak=is_weak), 0)
        elif word == "waits":
            self.advance((1, 5, 20, 61, 130, 601, 1201, 1800, 3600, 7200, 20_000, 40_000)[number])
        else:
            self._say(word, topic, number)

    def _announce(self, topic: str, number: int) -> None:
        facts = {"stage": {"stage": f"s{number % 2}"}, "place": {"place": f"p{number % 2}"}, "code": {"code": "1"}}
        facts["delay"] = {"due": f"2026-08-0{number % 3 + 1}", "days": 1}
        key = f"k{len(self.notices) + 1}"
        expires_us = None if number % 4 else max(self.now_us, self.engine.now_us) + 40 * MINUTE
        self.run(c.PlanNotice(key, topic, "ca1", facts=facts.get(topic, {}), expires_us=expires_us), 0)

    def _say(self, word: str, topic: str, number: int) -> None:
        about = topic if number % 3 else None
        if word in ("refuses", "wants"):
            self.run(c.SetNoticePreference("cu1", word == "wants", about), 0)
            self.refused[about] = word == "refuses"
        elif word in ("forbids", "allows"):
            self.run(c.RecordConsent("cu1", "news", word == "allows"), 0)
            self.allows_news = word == "allows"
        elif word == "calls" and self.contact is None:
            self.contact = str(self.answered("joe", "voice", topic="order", after=0).interaction)
        elif word == "hangs up" and self.contact is not None:
            self.run(c.FinishInteraction(self.contact, "ana"), 0)
            self.talked_until_us, self.contact = self.engine.now_us, None
        elif word == "informs":
            self.run(c.TellFact("ca1", "stage", f"s{number % 2}"), 0)
            self.last_told["stage"] = f"s{number % 2}"
        elif word == "cancels" and self.notices:
            self.run(c.CancelNotice(list(self.notices)[number % len(self.notices)], "no"), 0)
        elif word == "moves":
            zone = ZONES[number % len(ZONES)]
            self.run(c.SetCustomerZone("cu1", zone), 0)
            self.zone = ZoneInfo(zone)

    def upset(self, clock: str) -> None:
        """The clock is put back or forward by an hour, or the process crashes."""
        if clock == "crash":
            self.engine = self.reloaded()
        elif clock != "as it is":
            self.now_us += HOUR if clock == "forward" else -HOUR

    # What is seen

    def look(self) -> None:
        """Judge what has left since the last look."""
        for logged in self.log[self.looked_at :]:
            self._see(logged)
        self.looked_at = len(self.log)

    def _see(self, logged: Logged) -> None:
        match logged.event:
            case e.NoticePlanned() as event:
                self.notices[event.notice] = event
            case e.NoticeSending() as event:
                self.channels[event.delivery] = event.channel
                aboard = self.engine.view.notices.crews.beside(event.delivery)
                self.tells[event.delivery] = [event.notice, *aboard]
            case e.DeliveryStarted(delivery=delivery) if delivery in self.tells:
                self._left(delivery, logged.at_us)
            case e.DeliveryFailed(delivery=delivery) | e.DeliveryRetried(delivery=delivery):
                self.left.pop(delivery, None)
            case e.NoticeSent() as event:
                self.told.add(event.notice)
                facts = self.notices[event.notice].facts
                self.last_told |= facts
            case e.NoticeLegFailed(notice=notice):
                self.told.discard(notice)
            case e.NoticeSuppressed(notice=notice) | e.NoticeExpired(notice=notice):
                self.ended.add(notice)
            case _:
                pass

    def _left(self, delivery: str, at_us: int) -> None:
        wall = datetime.fromtimestamp(at_us / 1e6, UTC).astimezone(self.zone)
        days = [datetime.fromtimestamp(one / 1e6, UTC).astimezone(self.zone).date() for one in self.left.values()]
        assert days.count(wall.date()) < MOST, "over the cap of the day"
        self.left[delivery] = at_us
        planned = [self.notices[name] for name in self.tells[delivery]]
        for notice in planned:
            topic = notice.topic
            assert topic == "recall" or not _is_quiet(wall), f"{topic} at {wall}"
            assert at_us < notice.expires_us, "late"
            assert notice.notice not in self.told, "told already"
            assert notice.notice not in self.ended, "not to be told any more"
            assert topic != "offer" or self.allows_news, "without consent"
            assert topic == "recall" or not self._refuses(topic), f"{topic} to who does not want it"
            if topic not in FREE:
                assert self.contact is None, "while they are on the phone"
                assert at_us - self.talked_until_us >= COOL_DOWN / timedelta(microseconds=1), "too soon after that"
        facts = {name: value for notice in planned for name, value in notice.facts.items()}
        assert not facts or facts.items() - self.last_told.items() or "delay" in {one.topic for one in planned}

    def _refuses(self, topic: str) -> bool:
        said = self.refused.get(topic)
        general = self.refused.get(None, False) and topic != "law"
        return general if said is None else said


@settings(deadline=None)
@given(st.sampled_from(BEGINS), STEPS)
@example(BEGINS[2], _steps("announces 0", "calls 0, back", "leaves 0, crash", "leaves 0, back"))
@example(BEGINS[2], _steps("announces 0", "announces 3", "announces 4", "leaves 0, crash", "leaves 0, crash"))
@example(BEGINS[2], _steps("announces 1, back", "announces 8, crash", "waits 5, back", "leaves 0, forward"))
@example(BEGINS[2], _steps("announces 0", "refuses 7", "leaves 0"))
@example(BEGINS[2], _steps("announces 0", "informs 0, back", "leaves 0"))
@example(BEGINS[2], _steps(*(word for n in (3, 4, 5, 0) for word in (f"announces {n}", "leaves 0", "arrives 0"))))
@example(BEGINS[0], _steps("moves 0", "waits 9, forward", "announces 0, back", "waits 10, crash", "leaves 0"))
@example(
    BEGINS[2], _steps("announces 6", "leaves 0, crash", "arrives 0, back", "waits 6", "is delivered 0", "leaves 0")
)
def test_nothing_leaves_that_must_not_whatever_the_clock_and_the_process_do(
    begin: str, steps: list[tuple[str, int, str]]
) -> None:
    joe = Outside(begin)
    for word, number, clock in steps:
        joe.upset(clock)
        with suppress(CommandRefused):
            joe.act(word, number)
        joe.look()


@settings(deadline=None)
@given(st.sampled_from(CLOCKS), st.sampled_from(CLOCKS), st.booleans(), st.integers(0, 4))
def test_a_late_receipt_cancels_the_legs_that_remain(before: str, between: str, has_left: bool, late_s: int) -> None:
    joe = Outside(BEGINS[2])
    for word in ("announces", "leaves", "arrives"):
        joe.act(word, 6)
    joe.upset(before)
    joe.advance_to(joe.last(e.NoticeSending).until_us)
    assert joe.last(e.NoticeSending).channel == "email"
    if has_left:
        joe.act("leaves", 0)
        joe.run(c.RecordOutcome("de2", 1, "retry", code="busy"), 0)
    joe.upset(between)
    joe.run(c.RecordReceipt("sms", "main", "de1", "delivered"), late_s)
    joe.look()
    assert joe.state() == "SENT"
    assert joe.delivery("de2").state == "CANCELED"
    for _ in range(4):
        joe.advance(600)
        joe.act("leaves", 0)
    assert [one.delivery for one in joe.events(e.DeliveryStarted)] == ["de1", "de2"][: 1 + has_left]
