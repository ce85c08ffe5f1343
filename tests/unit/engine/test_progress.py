"""What customers are told of the way of their cases, and what they are promised by it."""

from __future__ import annotations

from typing import Any

import attrs
from tests.engine_driver import CARE, HOUR, Driver

from orchestra.errors import InvalidCommand
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan
from orchestra.model.quiet_hours import QuietHours

TOLD = (
    CARE
    + """
[notices.topics.welcome]
[notices.topics.stage]
[notices.topics.late]
[notices.topics.well]
[notices.topics.still]
[notices.topics.done]
after_resolved = true
[templates.welcome]
facts = {number = "number", due = "instant", earliest = "instant", update_by = "instant"}
languages.en.text = "$number: by $due, you hear by $update_by, from $earliest"
[templates.stage]
facts = {stage = "text", next = "text", due = "instant"}
languages.en.text = "$stage, then $next by $due"
[templates.late]
facts = {before = "instant", due = "instant", update_by = "instant"}
languages.en.text = "not by $before but by $due, you hear by $update_by"
[templates.well]
facts = {before = "instant", due = "instant"}
languages.en.text = "by $before after all: $due"
[templates.still]
facts = {type = "text", update_by = "instant"}
languages.en.text = "still at the $type, you hear by $update_by"
[templates.done]
facts = {number = "number", stage = "text"}
languages.en.text = "$number is $stage"
[case_types.order]
topics = ["order"]
tells = {delay = "late", made_up = "well", update = "still"}
delay = {at_least = "2h", percent = 0}
[[case_types.order.stages]]
name = "received"
normal = "1h"
max_silence = "4h"
promise = "welcome"
[[case_types.order.stages]]
name = "checked"
normal = "2h"
max_silence = "4h"
promise = "stage"
[[case_types.order.stages]]
name = "shipping"
normal = "24h"
least = "12h"
max_silence = "8h"
[[case_types.order.stages]]
name = "ready"
promise = "done"
"""
).replace("[workspace]", '[workspace]\nlanguage = "en"\nzone = "UTC"', 1)


class Told(Driver):
    """Joe has an order, and whatever is sent arrives at once."""

    def __init__(self, of: Plan | None = None, topic: str = "order") -> None:
        super().__init__(of or Plan.parse(TOLD))
        self.message("joe", "email", 0, topic=topic)
        self.began_us = self.now_us
        self.arrive()

    def arrive(self) -> None:
        """Let all that is to be told now leave and arrive."""
        self.advance(0.001)
        rows = self.engine.view.deliveries
        while rows.permitted:
            name = min(rows.permitted, key=lambda one: int(one[2:]))
            attempt = rows.deliveries[name].attempts + 1
            self.run(c.StartDelivery(name, attempt, 1))
            self.run(c.RecordOutcome(name, attempt, "accepted", [f"p-{name}"]))

    def to(self, stage: str, after_h: float = 0, **values: Any) -> None:
        """Come to a stage after so many hours, and let what follows from that arrive."""
        self.hours(after_h)
        self.run(c.AdvanceCase("ca1", stage, **values))
        self.arrive()

    def hours(self, count: float) -> None:
        """Let hours pass, and what they bring arrive."""
        until_us = self.now_us + round(count * HOUR)
        while (due := self.engine.due()) is not None and due <= until_us:
            self.advance_to(due)
            self.arrive()
        self.advance_to(until_us)

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        """Topic and facts of all notices that arrived, in order; instants as hours since it began."""
        rows = self.engine.view.notices.notices
        return [(rows[one.notice].topic, self._read(rows[one.notice].facts)) for one in self.events(e.NoticeSent)]

    def _read(self, facts: dict[str, Any]) -> dict[str, Any]:
        return {name: value if isinstance(value, str) else self.hour(value) for name, value in facts.items()}

    def hour(self, at_us: int) -> float:
        """How many hours an instant is after it began."""
        return round((at_us - self.began_us) / HOUR, 3)

    def topics(self) -> list[str]:
        return [topic for topic, _ in self.told()]

    def promised(self) -> list[tuple[str, float]]:
        """What is promised and not done, and by which hour."""
        rows = self.engine.view.promises
        names = rows.open_in(self.engine.view.cases.group("ca1"))
        return [(rows.promises[name].what, self.hour(rows.promises[name].due_us)) for name in names]


def sound(driver: Told) -> Told:
    assert driver.reloaded().state_hash() == driver.replayed().state_hash() == driver.engine.state_hash()
    return driver


def test_a_case_is_acknowledged_by_its_number_its_normal_time_and_the_next_word() -> None:
    driver = sound(Told())
    assert driver.told() == [("welcome", {"number": "C-000001", "earliest": 15, "due": 27, "update_by": 4})]
    assert driver.promised() == [("resolution", 27), ("update", 4)]
    made = [(one.basis, one.stated_via, driver.hour(one.earliest_us)) for one in driver.events(e.PromiseMade)]
    assert made == [("normal_time", "nt1", 15), ("normal_time", "nt1", 0)]


def test_nothing_is_promised_before_the_customer_was_told() -> None:
    driver = Driver(Plan.parse(TOLD))
    driver.message("joe", "email", topic="order")
    driver.advance(1)
    assert driver.events(e.PromiseMade) == []
    driver.run(c.StartDelivery("de1", 1, 1))
    driver.run(c.RecordOutcome("de1", 1, "failed", code="gone"))
    assert driver.events(e.PromiseMade) == []


def test_each_stage_is_told_and_what_is_promised_anew_is_revised() -> None:
    driver = Told()
    driver.to("checked", 0.5)
    assert driver.topics() == ["welcome", "stage"]
    assert driver.told()[-1][1] == {"stage": "checked", "next": "shipping", "due": 26.5}
    revised = driver.last(e.PromiseRevised)
    said = (revised.what, driver.hour(revised.due_us), revised.reason, revised.stated_via)
    assert said == ("resolution", 26.5, "told", "nt2")
    assert [one.what for one in driver.events(e.PromiseKept)] == ["update"]
    driver.to("shipping", 1)
    assert driver.topics() == ["welcome", "stage"]  # which no text tells
    driver.to("ready", 7)
    assert driver.told()[-1] == ("done", {"number": "C-000001", "stage": "ready"})
    sound(driver)


def test_a_delay_is_told_before_the_customer_asks_and_once() -> None:
    driver = Told()
    driver.to("checked", 0.5)
    driver.to("checked", due_us=driver.began_us + 40 * HOUR, reason="a part is missing")
    late = [facts for topic, facts in driver.told() if topic == "late"]
    assert [(one["before"], one["due"]) for one in late] == [(26.5, 64)]
    assert driver.last(e.PromiseRevised).reason == "a part is missing"
    assert ("resolution", 64) in driver.promised()
    driver.hours(3)
    assert [topic for topic in driver.topics() if topic == "late"] == ["late"]
    sound(driver)


def test_a_delay_that_is_made_up_is_told_unless_it_was_never_told() -> None:
    plan = Plan.parse(TOLD)
    order = plan.case_types["order"]
    order = attrs.evolve(order, tells=attrs.evolve(order.tells, delay=None))
    driver = Told(attrs.evolve(plan, case_types={"order": order}))
    driver.to("received", 0.5, due_us=driver.began_us + 9 * HOUR)
    assert driver.topics() == ["welcome", "still"]  # a delay that no text tells: what can be told is the next word
    driver.to("received", 0.5, due_us=driver.began_us + 3 * HOUR // 2)
    assert driver.told()[-1] == ("well", {"before": 27, "due": 27.5})


def test_silence_is_broken_though_nothing_has_changed() -> None:
    driver = Told()
    driver.to("shipping")
    driver.hours(24)
    assert driver.topics() == ["welcome", "still", "still", "still"]
    by = [facts["update_by"] for topic, facts in driver.told() if topic == "still"]
    assert by == sorted(set(by))
    kept = [one for one in driver.events(e.PromiseKept) if one.what == "update"]
    assert len(kept) == 3
    assert [one.what for one in driver.events(e.PromiseBroken)] == []


def test_a_word_that_waits_is_not_given_up_for_saying_that_there_is_none() -> None:
    """At night a delay becomes known, and the silence is over before the morning: the customer is told of the delay."""
    quiet = QuietHours(daily=["23:00-22:00"])
    driver = Told(attrs.evolve(Plan.parse(TOLD), quiet_hours=quiet))
    driver.to("checked", 0.7)
    driver.to("shipping", 0.2, due_us=driver.now_us + 90 * HOUR)
    driver.hours(20)
    assert driver.events(e.UpdateDue)
    driver.hours(5)
    assert driver.topics() == ["welcome", "stage", "late"]


def test_where_nothing_can_be_foreseen_the_next_word_is_promised_and_no_date() -> None:
    plan = Plan.parse(TOLD)
    order = plan.case_types["order"]
    stages = [attrs.evolve(stage, normal=None, least=None) for stage in order.stages]
    driver = Told(attrs.evolve(plan, case_types={"order": attrs.evolve(order, stages=stages)}))
    assert driver.told() == [("still", {"type": "order", "update_by": 4})]
    assert driver.promised() == [("update", 4)]


def test_a_case_of_no_type_is_told_nothing() -> None:
    assert Told(topic="bill").told() == []


def test_nothing_is_told_where_no_text_is_named() -> None:
    plan = Plan.parse(TOLD)
    order = attrs.evolve(plan.case_types["order"], tells=type(plan.case_types["order"].tells)())
    driver = Told(attrs.evolve(plan, case_types={"order": order}))
    driver.to("shipping")
    driver.hours(9)
    driver.to("shipping", due_us=driver.now_us + 90 * HOUR)
    driver.to("shipping", due_us=driver.now_us + 1 * HOUR)
    assert driver.topics() == ["welcome"]


def test_what_goes_on_as_another_case_is_told_there() -> None:
    driver = Told(topic="bill")
    driver.message("joe", "email", 0, topic="order", account="second")
    driver.arrive()
    driver.run(c.MergeCases("ca2", "ca1", "the same"))
    driver.to("checked", 0.5)
    assert driver.topics() == ["welcome", "stage"]
    assert driver.last(e.PromiseRevised).case == driver.engine.view.cases.root("ca1")
    sound(driver)


def test_the_next_word_comes_when_it_was_promised_whatever_the_stage_that_follows_allows() -> None:
    driver = Told()
    driver.to("shipping")
    driver.hours(3.8)
    assert [(topic, facts.get("update_by")) for topic, facts in driver.told()] == [("welcome", 4), ("still", 11.75)]
    assert driver.events(e.PromiseBroken) == []


def test_a_later_word_takes_the_place_of_one_that_has_not_left() -> None:
    driver = Told()
    driver.run(c.StopSending("disk full"), 1)
    for hour in (50, 80):
        driver.run(c.AdvanceCase("ca1", "received", due_us=driver.began_us + hour * HOUR))
        driver.advance(60)
    found = [(one.notice, one.reason, one.by) for one in driver.events(e.NoticeSuppressed)]
    assert found == [("nt2", "superseded", "nt3")]


def test_a_stage_that_is_late_as_it_begins_is_told_and_so_is_the_delay() -> None:
    driver = Told()
    driver.to("checked", due_us=driver.began_us + 40 * HOUR)
    driver.hours(0.1)
    assert driver.topics() == ["welcome", "late", "stage"]


def test_what_was_promised_already_for_then_is_promised_once() -> None:
    driver = Driver(Plan.parse(TOLD))
    driver.message("joe", "email", topic="order")
    driver.run(c.MakePromise("ca1", due_us=driver.now_us + 27 * HOUR))
    driver.advance(1)
    driver.run(c.StartDelivery("de1", 1, 1))
    driver.run(c.RecordOutcome("de1", 1, "accepted", ["p1"]))
    assert [one.what for one in driver.events(e.PromiseMade)] == ["resolution", "update"]
    assert driver.events(e.PromiseRevised) == []


def test_what_an_agent_tells_in_its_place_is_promised_too() -> None:
    driver = Told()
    driver.run(c.CancelInteraction("in1", "seen to"))
    driver.sign_in("ana")
    call = driver.answered("joe", "voice", topic="order").interaction
    driver.run(c.AdvanceCase("ca1", "received", due_us=driver.began_us + 40 * HOUR))
    driver.advance(0.001)
    (held,) = [one.notice for one in driver.events(e.NoticeHeld)]
    driver.run(c.TellNow(call, "ana", held))
    revised = driver.last(e.PromiseRevised)
    assert (driver.hour(revised.due_us), revised.stated_via) == (66, call)


def test_nothing_takes_the_place_of_the_acknowledgement() -> None:
    driver = Driver(Plan.parse(TOLD))
    driver.message("joe", "email", topic="order")
    driver.run(c.AdvanceCase("ca1", "checked"))
    driver.advance(1)
    assert driver.events(e.NoticeSuppressed) == []
    assert [one.topic for one in driver.events(e.DeliveryPlanned)] == ["welcome", "stage"]


def test_what_a_customer_hears_after_the_time_it_tells_promises_nothing() -> None:
    driver = Driver(Plan.parse(TOLD))
    driver.message("joe", "email", topic="order")
    driver.run(c.StopSending("disk full"))
    driver.advance(3.6 * 3600)
    driver.run(c.StartSending())
    driver.advance(1)
    driver.run(c.StartDelivery("de1", 1, 1))
    driver.advance(3600)
    driver.run(c.RecordOutcome("de1", 1, "accepted", ["p1"]))
    assert [one.what for one in driver.events(e.PromiseMade)] == ["resolution"]


def test_what_an_application_tells_of_its_own_promises_nothing() -> None:
    driver = Told()
    made = len(driver.events(e.PromiseMade))
    facts = {"before": driver.now_us, "due": driver.now_us + HOUR}
    driver.refuse(c.PlanNotice("progress:ca1:7", "well", "ca1", facts=facts), InvalidCommand, field="key")
    driver.run(c.PlanNotice("mine", "well", "ca1", facts=facts))
    driver.arrive()
    assert driver.topics()[-1] == "well"
    assert len(driver.events(e.PromiseMade)) == made


def test_the_last_stage_is_told_though_the_case_is_resolved_by_it() -> None:
    plan = Plan.parse(TOLD)
    driver = Told(attrs.evolve(plan, case_types={"order": attrs.evolve(plan.case_types["order"], resolves=True)}))
    driver.run(c.CancelInteraction("in1", "seen to"), 1)
    driver.to("ready")
    assert driver.engine.view.cases.cases["ca1"].state == "RESOLVED"
    assert driver.told()[-1] == ("done", {"number": "C-000001", "stage": "ready"})


def test_a_settled_case_is_promised_nothing() -> None:
    driver = Told()
    driver.run(c.AdvanceCase("ca1", "checked"))
    driver.advance(0.001)
    driver.run(c.StartDelivery("de2", 1, 1))
    driver.run(c.ResolveCase("ca1"))
    driver.run(c.RecordOutcome("de2", 1, "accepted", ["p2"]))
    assert driver.topics()[-1] == "stage"
    assert driver.promised() == []
