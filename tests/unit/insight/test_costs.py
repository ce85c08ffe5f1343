"""What contacts have cost, worked out by hand."""

from __future__ import annotations

import pytest
from tests.unit.insight.rig import PLAN, Desk, fold

from orchestra.insight.costs import OVERLAP, Cost, CostTally, Price
from orchestra.insight.report import measures_tables
from orchestra.model import commands as c
from orchestra.model.costs import ChannelCost, Costs, Rates

EURO = 1_000_000
COSTS = """
[costs.channels.voice]
per_contact = 200_000
per_minute = 600_000
[costs.channels.voice.topics.refund]
per_contact = 500_000
per_minute = 1_200_000
[costs.channels.chat]
per_contact = 50_000
per_minute = 600_000
"""


def a_desk() -> Desk:
    desk = Desk(PLAN + COSTS)
    desk.sign_in("ana")
    return desk


def cost(desk: Desk) -> Cost:
    return desk.measures().total.cost


def settle(desk: Desk, interaction: str, from_s: float, to_s: float, disposition: str = "resolved") -> None:
    agent = desk.take(interaction, from_s)
    desk.run(c.FinishInteraction(interaction, agent, disposition), to_s)


def test_a_call_costs_its_rate_and_its_minutes() -> None:
    """Two minutes: 0.20 + 2 x 0.60 = 1.40."""
    desk = a_desk()
    settle(desk, desk.call("joe", 10), 20, 140)
    assert cost(desk) == Cost("EUR", 1_400_000, 1, 1)
    assert cost(desk).per_contact_micros == cost(desk).per_resolution_micros == 1_400_000


def test_a_topic_may_cost_more() -> None:
    """One minute about a refund: 0.50 + 1.20."""
    desk = a_desk()
    settle(desk, desk.call("joe", 10, topic="refund"), 20, 80)
    assert cost(desk).micros == 1_700_000


def test_who_has_to_call_twice_costs_twice_per_resolution() -> None:
    """0.20 + 0.60 and again: 1.60 per resolution, 0.80 per contact."""
    desk = a_desk()
    settle(desk, desk.call("joe", 10, topic="bill"), 20, 80, "later")
    assert cost(desk).per_resolution_micros is None
    settle(desk, desk.call("joe", 1_000, topic="bill"), 1_010, 1_070)
    assert (cost(desk).per_contact_micros, cost(desk).per_resolution_micros) == (800_000, 1_600_000)


def test_who_gave_up_cost_the_contact_alone() -> None:
    desk = Desk(PLAN + COSTS)
    desk.run(c.LeaveContact(desk.call("joe", 10)), 60)
    assert cost(desk) == Cost("EUR", 200_000, 1, 0)


def test_chats_at_once_share_their_agents_time() -> None:
    """Two chats of two minutes at once, with 30 s of wrap-up each: 2 x 0.05 + 2.5 minutes of 0.60 = 1.60."""
    desk = a_desk()
    first, second = desk.write("joe", 10), desk.write("eve", 11)
    for chat in (first, second):
        desk.take(chat, 20)
    for chat in (first, second):
        desk.run(c.FinishInteraction(chat, "ana", "resolved"), 140)
    desk.wait(300)
    assert cost(desk).micros == 1_600_000


def test_what_bots_do_takes_no_agents_minute() -> None:
    bot = '[agents.rob]\nteams = ["care"]\nkind = "bot"\n[presence]\nbot_answers_within = "1h"\n'
    desk = Desk(PLAN + bot + COSTS)
    desk.sign_in("rob")
    settle(desk, desk.call("joe", 10), 20, 140)
    assert cost(desk).micros == 200_000


def test_channels_and_queues_have_their_own() -> None:
    desk = a_desk()
    settle(desk, desk.call("joe", 10), 20, 80)
    desk.run(c.LeaveContact(desk.call("eve", 100, channel="chat")), 101)
    measures = desk.measures()
    assert measures.by_channel["voice"].cost == Cost("EUR", 800_000, 1, 1)
    assert measures.by_channel["chat"].cost == Cost("EUR", 50_000, 1, 0)
    assert measures.by_queue["care"].cost == Cost("EUR", 850_000, 2, 1)


def test_wrap_up_after_a_contact_is_over_counts_with_it() -> None:
    plan = PLAN.replace('offer_timeout = "10m"', 'offer_timeout = "10m"\nwrap_up = "60s"') + COSTS
    desk = Desk(plan)
    desk.sign_in("ana", "bob")
    called = desk.call("joe", 10)
    desk.take(called, 20)
    desk.run(c.TransferToAgent(called, "ana", "bob"), 20)
    desk.run(c.AcceptConsult("cs1", "bob", 1), 20)
    desk.run(c.FinishInteraction(called, "bob"), 20)
    desk.run(c.FinishWrapUp(called, "bob"), 20)
    desk.wait(200)
    assert cost(desk).micros == 200_000 + 600_000


def test_a_channel_without_a_cost_costs_nothing_and_counts() -> None:
    desk = a_desk()
    settle(desk, desk.write("joe", 10, "mail"), 20, 80)
    assert cost(desk) == Cost("EUR", 0, 1, 1)


def test_without_costs_in_the_plan_nothing_is_told() -> None:
    desk = Desk()
    desk.sign_in("ana")
    settle(desk, desk.call("joe", 10), 20, 80)
    assert cost(desk) == Cost(None, 0, 0, 1)
    assert cost(desk).per_contact_micros is None
    assert "Costs" not in [table.title for table in measures_tables(desk.measures())]


def test_the_table_of_costs() -> None:
    desk = a_desk()
    settle(desk, desk.call("joe", 10), 20, 140)
    table = next(one for one in measures_tables(desk.measures()) if one.title == "Costs")
    assert table.rows[0] == ("all", "1", "1.40 EUR", "1.40 EUR", "1", "1.40 EUR", "-")
    assert desk.measures().to_json()["cost"] == {
        "currency": "EUR",
        "micros": 1_400_000,
        "contacts": 1,
        "resolutions": 1,
        "per_contact_micros": 1_400_000,
        "per_resolution_micros": 1_400_000,
    }


def test_a_fold_goes_on_where_it_stopped() -> None:
    desk = a_desk()
    settle(desk, desk.call("joe", 10), 20, 140)
    events = desk.events()
    for stop in range(len(events)):
        assert fold(events[stop:], fold(events[:stop])).total.cost == cost(desk)


@pytest.mark.parametrize(
    ("minutes", "rates", "micros"),
    [
        (0, Rates(7, 60), 7),
        (1, Rates(7, 60), 67),
        (2, Rates(0, 60), 120),
        (1, Rates(0, 0), 0),
    ],
)
def test_prices_are_whole_millionths(minutes: int, rates: Rates, micros: int) -> None:
    price, tally = Price(), CostTally()
    price.set(Costs(channels={"voice": ChannelCost(rates.per_contact, rates.per_minute)}))
    price.charge([tally], "voice", None, minutes * 60 * EURO * OVERLAP)
    assert (tally.micros, tally.contacts) == (micros, 1)
    price.charge([tally], "voice", None, 0, contacts=0)
    assert (tally.micros, tally.contacts) == (micros, 1)
