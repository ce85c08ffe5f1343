from __future__ import annotations

from typing import Any

import pytest
from tests.unit.insight.rig import PLAN, Desk, busy_day

from orchestra.insight.measures import Measures
from orchestra.insight.report import Table, explanation_tables, measures_tables, timeline_table
from orchestra.model import commands as c
from orchestra.model.attachments import Attachment
from orchestra.runtime.history.explain import explain
from orchestra.runtime.history.timeline import Entry, timeline
from orchestra.runtime.readers import Withheld

BUSY = busy_day()


def column(table: Table, name: str) -> dict[str, str]:
    place = table.header.index(name)
    return {row[0]: row[place] for row in table.rows}


def test_all_tables_of_a_busy_day() -> None:
    tables = measures_tables(BUSY.measures())
    assert [table.title for table in tables] == [
        "Cases and answers",
        "Waiting and handling",
        "Shares, of all",
        "Journeys",
        "Deliveries",
    ]
    for table in tables:
        assert all(len(row) == len(table.header) for row in table.rows)
        assert max(table.right) < len(table.header)


def test_rows_are_all_and_each_slice() -> None:
    cases = measures_tables(BUSY.measures())[0]
    assert [row[0] for row in cases.rows] == [
        "all",
        "channel chat",
        "channel mail",
        "channel voice",
        "account main",
        "queue care",
    ]
    assert column(cases, "customers") == {
        "all": "3",
        "channel chat": "2",
        "channel mail": "1",
        "channel voice": "1",
        "account main": "3",
        "queue care": "3",
    }
    assert column(cases, "within")["all"] == "1 h: 1"
    assert column(cases, "p90")["channel voice"] == "-"


def test_shares_are_told_with_what_they_are_made_of() -> None:
    shares = measures_tables(BUSY.measures())[2]
    assert shares.rows[0] == (
        "service level 80 % in 20 s, short abandons excluded, flow-outs excluded",
        "2",
        "2",
        "100.00 %",
    )
    assert shares.rows[-9:-7] == (
        ("short abandonment", "1", "3", "33.33 %"),
        ("transfer rate", "1", "1", "100.00 %"),
    )


def test_waiting_and_handling() -> None:
    contacts = measures_tables(BUSY.measures())[1]
    assert column(contacts, "ASA")["all"] == "7.5 s"
    assert column(contacts, "abandoned")["channel voice"] == "0 (0.0 %)"
    assert column(contacts, "accessible")["channel mail"] == "-"


def test_journeys_are_told_in_numbers_shares_and_spans() -> None:
    desk = Desk()
    desk.sign_in("ana")
    first = desk.call("joe", 10, topic="bill")
    desk.take(first, 20)
    desk.run(c.FinishInteraction(first, "ana", "later"), 30)
    desk.write("joe", 3_630, "mail", topic="bill")
    journeys = next(table for table in measures_tables(desk.measures()) if table.title == "Journeys")
    told = {name: column(journeys, name)["all"] for name in journeys.header[1:]}
    assert (told["contacts"], told["repeated"], told["told again per case"]) == ("2", "1 (50.0 %)", "0")
    assert (told["effort: mean"], told["silence p95"], told["told before asking"]) == ("2", "10 s", "1 (100.0 %)")
    assert (told["resolved"], told["net"], told["wait on all channels: mean"]) == ("0", "-", "10 s")


def test_hand_offs_and_findings_are_told_where_there_are_any() -> None:
    desk = Desk(PLAN + '[findings.idea]\nteams = ["sales"]\n')
    desk.call("joe", 10)
    desk.run(c.RaiseFinding("ca1", "idea"), 20)
    table = next(one for one in measures_tables(desk.measures()) if one.title.startswith("Hand-offs"))
    assert column(table, "findings") == {
        "all": "idea: 1",
        "channel voice": "idea: 1",
        "account main": "idea: 1",
        "queue care": "idea: 1",
    }
    assert column(table, "hand-offs")["all"] == "0"


def test_what_there_is_nothing_to_tell_about_is_left_out() -> None:
    assert [table.title for table in measures_tables(Measures())] == ["Cases and answers"]
    desk = Desk()
    desk.call("joe", 10)
    assert [table.title for table in measures_tables(desk.measures())][-2:] == ["Shares, of all", "Journeys"]


def test_a_timeline_is_a_table() -> None:
    table = timeline_table(timeline(BUSY.journal, "cu2"), "cu2")
    assert table.title == "Timeline of cu2"
    assert table.rows == (
        ("2023-11-14T22:13:41Z", "", "", "customer", "became known by handle"),
        ("2023-11-14T22:13:41Z", "chat", "C-000001", "customer:cu2", "the customer wrote: me too"),
        ("2023-11-14T22:13:41Z", "", "C-000001", "customer", "takes part in a case of cu1"),
    )


def entry(**more: Any) -> Entry:
    said = {"text": "Here it is.", "sentence": "agent ana answered", **more}
    return Entry(1, 0, "MessageWritten", "chat", "ca1", None, None, None, "agent:ana", **said)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "agent ana answered: Here it is."),
        ({"text": ""}, "agent ana answered"),
        ({"text": None}, "agent ana answered"),
        (
            {"media": (Attachment("me1", 1, "document", "application/pdf", 12_345, "bill.pdf"),)},
            "agent ana answered: Here it is. [document bill.pdf, application/pdf, 12,345 bytes]",
        ),
        (
            {
                "text": "",
                "media": (
                    Attachment("me1", 1, "image", None, None, None),
                    Attachment("me1", 2, "image", None, None, "b.png"),
                ),
            },
            "agent ana answered [image] [image b.png]",
        ),
        (
            {"text": Withheld("team", "care"), "media": (Attachment("me1", 1, "image", "image/png", 7, None),)},
            "agent ana answered: [withheld: team care] [image, image/png, 7 bytes]",
        ),
    ],
)
def test_a_timeline_names_the_files_of_messages(more: Any, expected: str) -> None:
    [row] = timeline_table([entry(**more)], "cu1").rows
    assert row[-1] == expected


def test_what_a_file_is_called_does_nothing_in_a_terminal() -> None:
    file = Attachment("me1", 1, "document", "a\x1b[2J/b", 7, "bill\x1b]0;x\x07.pdf")
    shown = timeline_table([entry(media=(file,))], "cu1").to_text()
    assert not set(shown) & {"\x1b", "\x07"}


def test_an_explanation_is_a_table_of_steps_and_one_for_each_decision() -> None:
    steps, first, *others = explanation_tables(explain(BUSY.journal, "in1"))
    assert steps.title == "Way of in1 (chat)"
    assert steps.rows[0] == ("2023-11-14T22:13:30Z", "made contact on chat")
    assert first.title == "of1 to ana from queue care: declined"
    assert first.rows == (
        ("1", "ana", "idle since 2023-11-14T22:13:21Z"),
        ("2", "bob", "idle since 2023-11-14T22:13:21Z"),
    )
    assert others[0].rows[-1] == ("", "1 more", "excluded")


def test_a_full_explanation_lists_everybody() -> None:
    tables = explanation_tables(explain(BUSY.journal, "in1", full=True))
    assert tables[2].rows == (
        ("1", "bob", "idle since 2023-11-14T22:13:21Z"),
        ("", "ana", "excluded"),
        ("", "cid", "offline"),
        ("", "dan", "offline"),
    )


def test_an_open_offer_is_told_as_open() -> None:
    desk = Desk()
    desk.sign_in("ana")
    tables = explanation_tables(explain(desk.journal, desk.call("joe", 10)))
    assert tables[1].title.endswith(": open")


def test_each_part_of_a_queues_order_is_told() -> None:
    order = 'order = ["affinity", "proficiency", "busy", "idle"]\nretry_after'
    desk = Desk(PLAN.replace("retry_after", order, 1))
    desk.sign_in("ana", "bob")
    first = desk.call("joe", 10)
    assert desk.take(first, 11) == "ana"
    desk.run(c.FinishInteraction(first, "ana"), 20)
    told = explanation_tables(explain(desk.journal, desk.call("joe", 30)))[1]
    assert told.rows == (
        ("1", "ana", "the customer knows them, skill 0 in all, idle since 2023-11-14T22:13:40Z"),
        ("2", "bob", "not whom the customer knows, skill 0 in all, idle since 2023-11-14T22:13:21Z"),
    )


def test_growing_older_and_being_parked_are_steps_on_the_way() -> None:
    parked = PLAN.replace('offer_timeout = "1h"', 'on_agent_lost = "park"')
    desk = Desk(parked.replace("retry_after", 'ageing = [{after = "1m", priority = 3}]\nretry_after', 1))
    mail = desk.write("joe", 10, "mail")
    desk.wait(100)
    desk.sign_in("ana", at_s=110)
    desk.take(mail, 111)
    desk.run(c.SignOut("ana"), 120)
    desk.sign_in("ana", at_s=130)
    told = [row[1] for row in explanation_tables(explain(desk.journal, mail))[0].rows]
    assert [told[place] for place in (3, 6, 7)] == [
        "has waited so long that it counts as 3 min older in queue care",
        "in1 waits for ana to come back",
        "ana went on with in1",
    ]


def test_plain_text_is_aligned() -> None:
    table = Table("Title", ("name", "count"), (("a", "1"), ("long name", "22")), frozenset({1}))
    assert table.to_text() == "Title\nname       count\n---------  -----\na              1\nlong name     22"


def test_texts_cannot_control_a_terminal() -> None:
    table = Table("T", ("text",), (("\x1b[31mred\nline\x00",),))
    assert table.to_text().splitlines() == ["T", "text", "-" * 14, " [31mred line"]
