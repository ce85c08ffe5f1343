"""The costs of a plan: how they are read, what is wrong with them, and what makes steering by them pointless."""

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
    assert "costs.channels.fax" not in faults("[channels]\nfax = 3\n[costs.channels.fax]\n")


# What is doubtful


MAIL = """
[channels.mail]
queue = "letters"
[queues.letters]
team = "care"
"""


def warnings(text: str) -> dict[str, str]:
    _, found = Plan.examine(BASE + text)
    return {fault.path: fault.message for fault in found if not fault.is_error and fault.path.startswith("costs")}


def test_whoever_writes_needs_another_promise_than_whoever_calls() -> None:
    text = MAIL + "[costs.channels.mail]\n[costs.channels.chat]\n"
    promise = "counts as late after 20 s: queues.letters.service_level promises no other time"
    assert warnings(text) == {"costs.channels.mail": promise}
    assert warnings(text.replace('team = "care"', 'team = "care"\nservice_level = { within = "4h" }')) == {}
    assert warnings(text.replace("[channels.mail]", "[channels.mail]\nlive = true")) == {}
    assert warnings(text.replace("[channels.mail]", "[channels.mail]\nwork = true")) == {}


def test_without_a_queue_of_its_own_the_promise_is_that_of_the_default() -> None:
    text = "[channels.mail]\n[costs.channels.mail]\n"
    assert "queues.care" in warnings(text)["costs.channels.mail"]


@pytest.mark.parametrize("change", [("[queues.letters]\n", "[queues.letters]\nservice_level = 3\n"), ("[queues", "[q")])
def test_a_promise_that_was_not_understood_is_not_judged(change: tuple[str, str]) -> None:
    assert warnings(MAIL.replace(*change) + "[costs.channels.mail]\n") == {}


@pytest.mark.parametrize(
    ("kind", "meant"),
    [("e-mail", "email"), ("telephone", "phone"), ("handles", "handle"), ("customernumber", "customer_number")],
)
def test_a_kind_of_address_that_is_nearly_another_is_told(kind: str, meant: str) -> None:
    text = f'[costs.channels.chat]\nreach = ["phone", "{kind}"]\n[identity]\nlimits.customer_number = 1\n'
    assert f"did you mean {meant}?" in warnings(text)["costs.channels.chat.reach[1]"]


def test_any_other_kind_may_be_what_an_adapter_says() -> None:
    text = '[costs.channels.chat]\nreach = ["email", "session", "badge"]\n[identity]\nunique = ["badge"]\n'
    assert warnings(text) == {}


def test_a_topic_for_which_no_channel_can_everything_is_told() -> None:
    text = COSTS.replace('refund = ["payment"]', 'refund = ["payment", "files"]')
    text = text.replace('reach = ["handle"]', 'can = ["files"]')
    assert warnings(text) == {"costs.needs.refund": "no channel can all of it: matters of refund are proposed for none"}
    assert warnings(text.replace('can = ["files"]', 'can = ["files", "payment"]')) == {}
    assert warnings("[costs.needs]\nrefund = []\n") == {}


def test_a_plan_with_doubtful_costs_is_sound() -> None:
    Plan.parse(BASE + MAIL + "[costs.channels.mail]\n")
