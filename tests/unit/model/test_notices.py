"""What may be wrong with what a plan says of notices."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest
from tests.notice_plans import NOTICES

from orchestra.model.notices import Leg, Notices, NoticeTopic, Start
from orchestra.model.plan import Plan


def _faults(text: str) -> list[str]:
    _, faults = Plan.examine(NOTICES + text)
    return [f"{fault.path}: {fault.message}" for fault in faults if fault.path.startswith("notices")]


def test_a_plan_with_notices_is_sound_and_reads_as_it_was_written() -> None:
    assert _faults("") == []
    plan = Plan.parse(NOTICES)
    assert plan.notices.topics["delay"] == NoticeTopic(
        text="It comes on $due instead, $days days late.",
        facts={"due": "date", "days": "integer"},
        after_resolved=True,
        legs=[Leg("sms", "delivered", timedelta(hours=1)), Leg("email")],
    )
    assert plan.notices.starts == {"email": Start("handle")}
    assert Notices(mandatory=["legal"]) == Notices()


TOPIC = '\n[notices.topics.x]\ntext = "hi"\n'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[notices.topics.x]\ntext = " "', "notices.topics.x.text: must say something"),
        ('[notices.topics.x]\nlasts = "1h"', "notices.topics.x.text: must say something, or templates.x must"),
        (
            '[templates.x.languages.en]\ntext = "hello"' + TOPIC,
            "notices.topics.x.text: templates.x says it already, with facts of its own",
        ),
        (
            '[notices.topics.x]\ntext = "it costs $ 5"',
            "notices.topics.x.text: a $ must be followed by the name of a fact; $$ is one $",
        ),
        (
            '[notices.topics.x]\ntext = "on $due"',
            "notices.topics.x.text: tells $due, which is no fact of the topic; there are: none",
        ),
        (
            '[notices.topics.x]\ntext = "on $due"\nfacts = {day = "date"}',
            "notices.topics.x.text: tells $due, which is no fact of the topic; there are: day",
        ),
        (
            TOPIC + 'facts = {day = "money"}',
            "notices.topics.x.facts.day: 'money' is none of text, integer, boolean, date",
        ),
        (TOPIC + 'kind = "ad"', "notices.topics.x.kind: 'ad' is none of legal, critical, service, marketing"),
        (TOPIC + 'lasts = "0s"', "notices.topics.x.lasts: must be longer than nothing"),
        (TOPIC + 'told_within = "0s"', "notices.topics.x.told_within: must be longer than nothing"),
        (
            TOPIC + 'kind = "marketing"',
            "notices.topics.x.purpose: marketing needs a purpose that customers can forbid: one of the plan's",
        ),
        (TOPIC + 'purpose = "fun"', "notices.topics.x.purpose: no purpose 'fun'; there are: news"),
        (
            TOPIC + 'legs = [{channel = "fax"}]',
            "notices.topics.x.legs[0].channel: no channel 'fax'; there are: chat, email, sms, task, voice",
        ),
        (
            TOPIC + 'legs = [{channel = "task"}]',
            "notices.topics.x.legs[0].channel: channel task is for work items: nobody is written to there",
        ),
        (
            TOPIC + 'legs = [{channel = "sms"}, {channel = "sms"}]',
            "notices.topics.x.legs[1].channel: sms is tried already",
        ),
        (
            TOPIC + 'legs = [{channel = "sms", success_at = "seen"}]',
            "notices.topics.x.legs[0].success_at: 'seen' is none of accepted, delivered, read, acted",
        ),
        (
            TOPIC + 'legs = [{channel = "sms", wait = "0s"}]',
            "notices.topics.x.legs[0].wait: must be longer than nothing",
        ),
        ('[notices]\nmandatory = ["x"]', "notices.mandatory[0]: 'x' is none of legal, critical, service, marketing"),
        (TOPIC + 'every = "0s"', "notices.topics.x.every: must be longer than nothing"),
        ("[[notices.caps]]\nmost = 0", "notices.caps[0].most: must be at least 1"),
        ("[[notices.caps]]\nmost = 1\nreserve = 2", "notices.caps[0].reserve: must be from 0 to most"),
        (
            '[[notices.caps]]\nmost = 1\nwindow = "0s"',
            "notices.caps[0].window: must be longer than nothing, or left out for a day of the customer's calendar",
        ),
        ('[[notices.caps]]\nmost = 1\noverflow = "x"', "notices.caps[0].overflow: 'x' is none of defer, drop"),
        (
            '[[notices.caps]]\nmost = 1\nkinds = ["x"]',
            "notices.caps[0].kinds[0]: 'x' is none of legal, critical, service, marketing",
        ),
        (
            '[notices.starts.fax]\naddress = "phone"',
            "notices.starts.fax: no channel 'fax'; there are: chat, email, sms, task, voice",
        ),
        ('[notices.starts.sms]\naddress = ""', "notices.starts.sms.address: must not be empty"),
        ('[notices.starts.sms]\naddress = "phone"\naccount = ""', "notices.starts.sms.account: must not be empty"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, fault: str) -> None:
    assert _faults(f"\n{text}\n") == [fault]


def test_what_hangs_on_something_that_was_not_understood_is_not_judged() -> None:
    text = "channels.fax = 3\n" + NOTICES.replace('news = "opt_in"', "news = 3")
    _, faults = Plan.examine(text + '[notices.topics.x]\ntext = "hi"\nlegs = [{channel = "fax"}]\n')
    assert [fault.path for fault in faults] == ["channels.fax", "identity.purposes.news", "workspace.key"]


def test_nothing_is_spread_over_less_than_nothing() -> None:
    plan = Plan.parse(NOTICES)
    odd = attrs.evolve(plan, notices=attrs.evolve(plan.notices, jitter=-timedelta(seconds=1)))
    assert [str(fault.path) for fault in odd.faults() if fault.is_error] == ["notices.jitter"]
