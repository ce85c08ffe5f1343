"""What may be wrong with what a plan says of notices."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest
from tests.notice_plans import DIGESTS, NOTICES

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
            "notices.topics.x.text: tells $due, which is no fact of it; there are: none",
        ),
        (
            '[notices.topics.x]\ntext = "on $due"\nfacts = {day = "date"}',
            "notices.topics.x.text: tells $due, which is no fact of it; there are: day",
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
        ('[[notices.caps]]\nmost = 1\noverflow = "x"', "notices.caps[0].overflow: 'x' is none of defer, drop, digest"),
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


@pytest.mark.parametrize("providers", ['["main", ""]', '["main", "main"]'])
def test_each_account_is_named_once(providers: str) -> None:
    legs = f'legs = [{{channel = "email", providers = {providers}}}]\n'
    assert _faults(TOPIC + legs) == ["notices.topics.x.legs[0].providers[1]: must name each account once"]


DIGEST = '[notices.digests.d]\ntext = "$entries"\n'
LISTED = """
[notices.digests.d]
[templates.d]
facts = {entries = "entries", count = "integer"}
[templates.d.languages.en]
text = "$count:$entries"
"""
HTML = """
[notices.topics.way]
digest = "d"
[templates.way.languages.en]
text = "<b>there</b>"
medium = "html"
"""


@pytest.mark.parametrize(
    "text",
    [
        "",
        DIGEST,
        LISTED,
        '[[notices.caps]]\nmost = 1\noverflow = "digest"\ndigest = "d"\n'
        + DIGEST
        + 'at = ["09:00", "23:59"]\nmost = 100',
        LISTED.replace('entries"\n', 'entries"\nmedium = "html"\n') + HTML,
    ],
)
def test_what_is_gathered_reads_as_it_was_written(text: str) -> None:
    assert _faults("\n" + text) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (TOPIC + 'digest = "y"', "notices.topics.x.digest: no digest 'y'; there are: none"),
        ('[[notices.caps]]\nmost = 1\ndigest = "d"\n' + DIGEST, "caps[0].digest: is for what overflows into a digest"),
        ('[[notices.caps]]\nmost = 1\noverflow = "digest"', "caps[0].digest: must name the digest in which what there"),
        (
            '[[notices.caps]]\nmost = 1\noverflow = "digest"\ndigest = "z"',
            "caps[0].digest: no digest 'z'; there are: none",
        ),
        (DIGEST + 'window = "0s"', "notices.digests.d.window: must be longer than nothing"),
        (DIGEST + 'longest = "0s"', "notices.digests.d.longest: must be longer than nothing"),
        (DIGEST + 'at = ["09:00", "9:00"]', "notices.digests.d.at[1]: must be a time of the day, as 09:00"),
        (DIGEST + 'at = ["09:00"]\nleading = true', "notices.digests.d.leading: has no meaning where it leaves at"),
        (DIGEST + 'by = "x"', "notices.digests.d.by: 'x' is none of customer, case"),
        (DIGEST + "most = 1", "notices.digests.d.most: must be at least 2"),
        (DIGEST + "most = 101", "notices.digests.d.most: must be at most 100"),
        (DIGEST + 'legs = [{channel = "fax"}]', "notices.digests.d.legs[0].channel: no channel 'fax'; there are: chat"),
        (
            DIGEST.replace("$e", "$x"),
            "notices.digests.d.text: tells $xntries, which is no fact of it; there are: count, e",
        ),
        (
            DIGEST.replace("$e", "$ e"),
            "notices.digests.d.text: a $ must be followed by the name of a fact; $$ is one $",
        ),
        (DIGEST + '[templates.d.languages.en]\ntext = "x"', "notices.digests.d.text: templates.d says it already"),
        ("[notices.digests.d]", "notices.digests.d.text: must say something, or templates.d must"),
        (
            LISTED.replace("integer", "text"),
            "templates.d.facts: a digest tells count, an integer, and entries, of type",
        ),
        (
            LISTED.replace('entries = "entries", ', "").replace("$entries", ""),
            "templates.d.facts: must have entries, of",
        ),
        (LISTED + "[notices.topics.d]\n", "templates.d.facts: only a digest has facts of type entries"),
        (LISTED + HTML, "notices.digests.d: holds way, which is html, and is so nowhere itself"),
        (DIGEST + HTML, "notices.digests.d: holds way, which is html, and is so nowhere itself"),
    ],
)
def test_what_is_wrong_with_a_digest_is_told_with_its_place(text: str, fault: str) -> None:
    _, faults = Plan.examine(NOTICES + "\n" + text + "\n")
    (found,) = [f"{one.path}: {one.message}" for one in faults if one.is_error and one.path != "workspace.key"]
    assert fault in found


def test_a_channel_may_be_read_otherwise() -> None:
    text = LISTED + HTML.replace('medium = "html"', '[templates.way.languages.en.channels.email]\nmedium = "html"')
    assert _faults(text) == ["notices.digests.d: holds way, which is html, and is so nowhere itself"]


def test_the_plan_of_what_is_gathered_is_sound() -> None:
    assert [fault for fault in Plan.parse(DIGESTS).faults() if fault.is_error] == []


def test_what_hangs_on_a_digest_that_was_not_understood_is_not_judged() -> None:
    _, faults = Plan.examine(NOTICES + TOPIC + 'digest = "d"\n[notices.digests]\nd = 3\n')
    assert [fault.path for fault in faults if fault.is_error] == ["notices.digests.d"]
