from __future__ import annotations

from typing import Any

import pytest
from tests.engine_driver import CARE, DAY, SECOND, Driver, plan

from orchestra.errors import InvalidCommand, NotPermitted, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan

BOTS = CARE.replace(
    '[queues.care]\nteam = "care"\n',
    '[queues.care]\nteam = "care"\n'
    '[[queues.care.steps]]\npool = "bots"\nlasts = "20s"\nskip_if = {nobody = true}\n'
    '[[queues.care.steps]]\npool = "people"\n',
).replace("[presence]\n", '[presence]\nbot_answers_within = "30s"\n')
ROB = '[agents.rob]\nkind = "bot"\nteams = ["care"]\ncapacity_percent = 400\n'


def a_driver(*agents: str, text: str = BOTS + ROB) -> Driver:
    driver = Driver(text)
    driver.sign_in(*agents)
    return driver


def with_bot(*others: str, channel: str = "chat", **values: Any) -> tuple[Driver, Any]:
    """A contact that rob has, with others at work."""
    driver = a_driver("rob", *others)
    return driver, driver.answered(channel=channel, **values)


# Who is asked


def test_bots_are_asked_first_and_people_after_the_step() -> None:
    driver = a_driver("ana", "rob")
    got = driver.message()
    assert driver.offered() == {got.interaction: "rob"}
    driver.decline()
    assert driver.offered() == {got.interaction: "ana"} or driver.advance(20) is not None
    assert driver.offered() == {got.interaction: "ana"}


def test_without_a_bot_at_work_the_step_is_skipped() -> None:
    driver = a_driver("ana")
    got = driver.message()
    assert driver.offered() == {got.interaction: "ana"}


def test_a_bot_never_serves_a_step_for_people_nor_a_person_one_for_bots() -> None:
    driver = a_driver("rob")
    driver.message()
    driver.decline()
    driver.advance(600)
    assert driver.offered() == {}
    driver = a_driver("ana", "rob")
    for number in range(9):
        driver.message(f"joe{number}", after=0)
    assert sorted(driver.offered().values()) == ["rob"] * 8, "the ninth waits for the bot as long as its step lasts"
    driver.advance(20)
    assert "ana" in driver.offered().values()


def test_where_no_step_says_otherwise_bots_and_people_are_asked_alike() -> None:
    driver = a_driver("rob", "ana", text=CARE + ROB)
    driver.message("joe", after=0)
    driver.message("jim", after=0)
    assert sorted(driver.offered().values()) == ["ana", "rob"]


def test_bots_are_told_by_no_skill_that_an_order_counts() -> None:
    text = (BOTS + ROB).replace('pool = "people"\n', 'pool = "people"\norder = ["proficiency_min", "proficiency"]\n')
    driver = a_driver("bob", text=text)
    driver.message(skills={"german": 10})
    assert driver.last(e.OfferMade).key == [-60, -60, "bob"]


def test_a_bot_that_misses_again_and_again_is_set_away() -> None:
    driver = a_driver("rob")
    for number in range(3):
        driver.message(f"joe{number}", "email")
    driver.advance(600)
    assert driver.last(e.AgentWentAway).agent == "rob"


def test_a_bot_signs_as_a_bot() -> None:
    driver, _ = with_bot()
    assert driver.batches[-1].actor == "bot:rob"
    driver.sign_in("ana")
    assert driver.batches[-1].actor == "agent:ana"


def test_a_bot_does_not_answer_for_a_case() -> None:
    driver, got = with_bot("ana")
    assert driver.owner(got) == ("team", "care")
    driver.run(c.HandOver(got.interaction, "rob"), 1)
    driver.accept()
    assert driver.owner(got) == ("agent", "ana")


# Handing over


def test_people_get_it_with_its_place_and_with_what_the_bot_found_out() -> None:
    driver, got = with_bot("ana", "cleo")
    before = driver.engine.view.routing.items[got.interaction]
    start_us, order = before.start_us, before.order
    driver.run(
        c.HandOver(got.interaction, "rob", None, {"billing": 20}, 5, "refund", {"note": "angry"}, text="double charge"),
        7,
    )
    assert driver.offered() == {got.interaction: "cleo"}, "ana knows nothing of billing"
    queued = driver.last(e.InteractionQueued)
    assert (queued.reason, queued.start_us, queued.order) == ("handed_over", start_us, order)
    assert (queued.queue, queued.skills, queued.priority) == ("care", {"billing": 20}, 5)
    assert driver.engine.view.cases.cases[got.case.id].topic == "refund"
    assert driver.engine.view.details.fields[got.interaction] == {"note": "angry"}
    assert driver.last(e.InteractionHandedOver).text == "double charge"


def test_another_queue_asks_for_its_own_skills_and_the_bots() -> None:
    driver, got = with_bot()
    driver.run(c.HandOver(got.interaction, "rob", "german", {"billing": 10}))
    item = driver.engine.view.routing.items[got.interaction]
    assert (item.queue, item.skills, item.priority) == ("german", {"billing": 10, "german": 50}, 0)
    driver.sign_in("cleo")
    driver.accept()
    driver.run(c.TransferInteraction(got.interaction, "cleo", "sales"))
    assert driver.engine.view.routing.items[got.interaction].priority == 2


def test_no_bot_gets_it_back_even_where_none_but_bots_are_asked() -> None:
    text = (BOTS + ROB).replace('[[queues.care.steps]]\npool = "people"\n', "")
    driver = a_driver("rob", text=text + '[agents.bot2]\nkind = "bot"\nteams = ["care"]\n')
    got = driver.answered()
    driver.sign_in("bot2")
    driver.run(c.HandOver(got.interaction, "rob"))
    driver.advance(3600)
    assert driver.offered() == {}
    driver.sign_in("ana")
    assert driver.offered() == {got.interaction: "ana"}


def test_a_person_may_give_it_to_bots_again() -> None:
    more = '[queues.survey]\nteam = "care"\nsteps = [{pool = "bots", lasts = "1m"}, {}]\n'
    driver = a_driver("rob", "ana", text=BOTS + ROB + more)
    got = driver.answered()
    driver.run(c.HandOver(got.interaction, "rob"))
    driver.accept()
    driver.run(c.TransferInteraction(got.interaction, "ana", "survey"))
    assert driver.offered() == {got.interaction: "rob"}


def test_a_contact_that_was_declined_by_people_before_is_asked_of_all_of_them() -> None:
    driver = a_driver("ana", text=CARE + ROB)
    got = driver.message()
    driver.decline()
    driver.sign_in("rob")
    driver.accept()
    assert driver.agent_of(got) == "rob"
    driver.run(c.HandOver(got.interaction, "rob"))
    assert driver.offered() == {got.interaction: "ana"}


@pytest.mark.parametrize(
    ("values", "error", "told"),
    [
        ({"queue": "nowhere"}, UnknownId, {"kind": "queue"}),
        ({"skills": {"latin": 1}}, UnknownId, {"kind": "skill"}),
        ({"fields": {"colour": "red"}}, InvalidCommand, {"field": "fields.colour"}),
        ({"text": "x" * 500_001}, InvalidCommand, {"field": "text"}),
        ({"agent": "ana"}, NotPermitted, {}),
    ],
)
def test_what_cannot_be_handed_over_is_refused(values: dict[str, Any], error: type, told: dict[str, str]) -> None:
    driver, got = with_bot("ana")
    driver.refuse(c.HandOver(got.interaction, **{"agent": "rob", **values}), error, **told)


def test_what_nobody_has_cannot_be_handed_over_and_people_transfer() -> None:
    driver = a_driver("ana", text=CARE)
    got = driver.message()
    driver.refuse(c.HandOver(got.interaction, "ana"), NotPermitted)
    driver.accept()
    driver.refuse(c.HandOver(got.interaction, "ana"), InvalidCommand, field="agent")


@pytest.mark.parametrize(("before", "after"), [(None, "bill"), ("order", "bill"), ("order", None), ("bill", "bill")])
def test_the_topic_found_out_is_the_one_that_later_contacts_attach_by(before: str | None, after: str | None) -> None:
    driver, got = with_bot(topic=before)
    driver.run(c.HandOver(got.interaction, "rob", topic=after))
    case, topic = got.case.id, after or before
    assert driver.engine.view.cases.cases[case].topic == topic
    assert driver.engine.view.cases.open_by_topic == {("cu1", topic): {case: 1}}
    assert driver.reloaded().view.cases.open_by_topic == {("cu1", topic): {case: 1}}


def test_other_cases_of_the_topic_before_keep_it() -> None:
    driver, got = with_bot(topic="order")
    driver.run(c.OpenCase("cu1", "order"))
    driver.run(c.HandOver(got.interaction, "rob", topic="bill"))
    topics = driver.engine.view.cases.open_by_topic
    assert topics == {("cu1", "order"): {"ca2": 1}, ("cu1", "bill"): {got.case.id: 1}}


def test_the_topic_of_a_resolved_case_attaches_nothing() -> None:
    driver, got = with_bot(topic="order")
    driver.run(c.ResolveCase(got.case.id))
    driver.run(c.HandOver(got.interaction, "rob", topic="bill"))
    assert driver.engine.view.cases.open_by_topic == {}


# A bot that fails


def test_a_bot_that_takes_something_and_says_nothing_loses_it_to_people() -> None:
    driver, got = with_bot("ana")
    driver.advance(29)
    assert driver.agent_of(got) == "rob"
    driver.advance(1)
    handed = driver.last(e.InteractionHandedOver)
    assert (handed.agent, handed.reason, handed.queue) == ("rob", "no_answer", "care")
    assert driver.offered() == {got.interaction: "ana"}


def test_the_time_counts_from_the_first_message_without_an_answer() -> None:
    driver, got = with_bot("ana", channel="email")
    driver.sent(got)
    driver.advance(3600)
    assert driver.agent_of(got) == "rob", "the customer has the answer"
    driver.message("joe", "email")
    driver.message("joe", "email", 20)
    assert driver.engine.view.timers.get("bots.silent", got.interaction) == driver.now_us + 10 * SECOND
    driver.advance(10)
    assert driver.offered() == {got.interaction: "ana"}


@pytest.mark.parametrize("end", ["finish", "cancel", "leave", "sign_out"])
def test_what_the_bot_has_no_longer_is_not_taken_from_it(end: str) -> None:
    driver, got = with_bot()
    command = {
        "finish": c.FinishInteraction(got.interaction, "rob"),
        "cancel": c.CancelInteraction(got.interaction, "x"),
        "leave": c.LeaveContact(got.interaction),
        "sign_out": c.SignOut("rob"),
    }[end]
    driver.run(command)
    driver.advance(3600)
    assert driver.events(e.InteractionHandedOver) == []
    assert driver.engine.view.bots.in_hand == {}


def test_people_may_take_their_time() -> None:
    driver = a_driver("ana", text=CARE)
    got = driver.answered(channel="email")
    driver.advance(DAY // SECOND - 1)
    assert driver.agent_of(got) == "ana"


def test_an_agent_may_become_a_bot_and_a_person_again() -> None:
    driver = a_driver("ana")
    driver.run(c.DefineAgent("ana", ["care"], kind="bot"))
    got = driver.message()
    assert driver.offered() == {got.interaction: "ana"}
    assert driver.last(e.InteractionQueued).reason == "arrived"
    driver.accept()
    assert driver.engine.view.bots.in_hand == {got.interaction: "ana"}
    driver.run(c.DefineAgent("ana", ["care"]))
    assert driver.engine.view.bots.bots == {"rob": 1}
    driver.run(c.RemoveAgent("rob"))
    assert driver.engine.view.bots.bots == {}


def test_another_kind_of_agent_is_refused() -> None:
    a_driver().refuse(c.DefineAgent("x", ["care"], kind="dog"), InvalidCommand, field="kind")


def test_a_plan_that_makes_a_person_a_bot_redefines_them() -> None:
    driver = a_driver("ana")
    before = len(driver.events(e.AgentDefined))
    ana = '[agents.ana]\nteams = ["care"]\n'
    driver.change_plan((BOTS + ROB).replace(ana, f'{ana}kind = "bot"\n'))
    assert [event.kind for event in driver.events(e.AgentDefined)[before:]] == ["bot"]


# The plan


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (CARE.replace("[agents.ana]\n", '[agents.ana]\nkind = "dog"\n'), "agents.ana.kind"),
        (CARE.replace("[skills]\n", '[skills]\n"@bot" = "x"\n'), "skills.@bot"),
        (CARE.replace("[presence]\n", '[presence]\nbot_answers_within = "0s"\n'), "presence.bot_answers_within"),
        (CARE.replace("[presence]\n", "[presence]\nbot_answers = 0\n"), "presence.bot_answers"),
    ],
)
def test_what_is_wrong_is_told(text: str, path: str) -> None:
    _, faults = Plan.examine(text)
    assert [fault.path for fault in faults if fault.is_error] == [path]


def test_a_queue_that_ends_with_bots_is_doubtful_and_one_without_a_bot_too() -> None:
    step = 'steps = [{pool = "bots"}]\n'
    text = CARE.replace('[queues.care]\nteam = "care"\n', f'[queues.care]\nteam = "care"\n{step}')
    told = [(fault.path, fault.message) for fault in plan(text).faults() if fault.path.startswith("queues")]
    assert told == [
        ("queues.care.steps[0]", "is for bots alone, and no step is left for people"),
        ("queues.care.steps[0]", "no agent of the plan can serve it"),
    ]
    assert [fault.path for fault in plan(text + ROB).faults() if "can serve" in fault.message] == []


def test_who_was_a_bot_when_they_took_it_does_not_get_it_back_at_once() -> None:
    driver, _ = with_bot()
    driver.run(c.DefineAgent("rob", ["care"], kind="person"))
    handed = [event for event in driver.advance(3600) if isinstance(event, e.InteractionHandedOver)]
    assert [event.reason for event in handed] == ["no_answer"]
    assert "rob" not in driver.offered().values()
    assert driver.events(e.RoutingExhausted) != [], "nobody else is at work"
