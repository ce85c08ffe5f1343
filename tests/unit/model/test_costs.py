from __future__ import annotations

import pytest

from orchestra.model.costs import ChannelCost, Costs, Rates
from orchestra.model.plan import Plan

BASE = """
[workspace]
default_queue = "care"
key = "k"
[teams.care]
[queues.care]
team = "care"
[channels.voice]
live = true
[channels.chat]
live = true
"""

COSTS = """
[costs]
currency = "CHF"
[costs.needs]
refund = ["payment"]
[costs.channels.voice]
per_contact = 200_000
per_minute = 650_000
can = ["payment"]
[costs.channels.chat]
per_contact = 100_000
per_minute = 600_000
concurrency = 3
reach = ["handle"]
[costs.channels.chat.topics.bill]
per_contact = 50_000
"""


def faults(text: str) -> dict[str, str]:
    _, found = Plan.examine(BASE + text)
    return {fault.path: fault.message for fault in found}


def test_costs_are_read_from_a_file() -> None:
    costs = Plan.parse(BASE + COSTS).costs
    assert costs == Costs(
        currency="CHF",
        channels={
            "voice": ChannelCost(200_000, 650_000, can=["payment"]),
            "chat": ChannelCost(
                100_000,
                600_000,
                concurrency=3,
                reach=["handle"],
                topics={"bill": Rates(50_000)},
            ),
        },
        needs={"refund": ["payment"]},
    )


def test_a_plan_with_costs_is_sound_and_stored_as_it_is() -> None:
    plan = Plan.parse(BASE + COSTS)
    assert faults(COSTS) == {}
    assert '"currency":"CHF"' in plan.to_json()
    assert "costs" not in Plan.parse(BASE).to_json()


@pytest.mark.parametrize(
    ("topic", "rates"),
    [
        (None, Rates(100_000, 600_000)),
        ("parcel", Rates(100_000, 600_000)),
        ("bill", Rates(50_000, 0)),
    ],
)
def test_topics_may_have_costs_of_their_own(topic: str | None, rates: Rates) -> None:
    assert Plan.parse(BASE + COSTS).costs.channels["chat"].rates(topic) == rates


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ('[costs]\ncurrency = "euro"', "costs.currency", "three letters"),
        ('[costs]\npurpose = "ads"', "costs.purpose", "one of identity.purposes"),
        ("[costs.channels.fax]", "costs.channels.fax", "no channel 'fax'"),
        ("[costs.channels.chat]\nconcurrency = 0", "costs.channels.chat.concurrency", "from 1 to 100"),
        ("[costs.channels.chat]\nconcurrency = 101", "costs.channels.chat.concurrency", "from 1 to 100"),
        ("[costs.channels.chat]\nper_contact = -1", "costs.channels.chat.per_contact", "from 0"),
        ("[costs.channels.chat]\nper_minute = -1", "costs.channels.chat.per_minute", "from 0"),
        ("[costs.channels.chat]\nper_contact = 1.5", "costs.channels.chat.per_contact", "int"),
        (
            "[costs.channels.chat.topics.bill]\nper_minute = -1",
            "costs.channels.chat.topics.bill.per_minute",
            "from 0",
        ),
        ('[costs.needs]\nrefund = ["payment"]', "costs.needs.refund[0]", "no channel can 'payment'"),
        ("[costs.channels.chat]\nper_contat = 1", "costs.channels.chat.per_contat", "did you mean per_contact"),
    ],
)
def test_every_fault_is_told_with_its_path(text: str, path: str, message: str) -> None:
    assert message in faults(text)[path]


def test_a_purpose_of_the_plan_may_be_that_of_invitations() -> None:
    text = '[identity.purposes]\nsteering = "opt_in"\n[costs]\npurpose = "steering"\n'
    assert faults(text) == {}


def test_what_depends_on_what_was_not_understood_is_not_told() -> None:
    assert "costs.needs.refund[0]" not in faults('[costs.needs]\nrefund = ["x"]\n[costs.channels.chat]\ncan = 3\n')
