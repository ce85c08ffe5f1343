"""What each reader is shown of a timeline and of an explanation: always that it happened, not always what."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.insight.rig import PLAN, Desk, person, thread

from orchestra.cli.main import main
from orchestra.errors import NotPermitted
from orchestra.insight.report import explanation_tables, timeline_table
from orchestra.model import commands as c
from orchestra.model.events import EVENTS
from orchestra.runtime.history.explain import explain
from orchestra.runtime.history.phrases import PHRASES
from orchestra.runtime.history.redaction import OUTWARD, in_words
from orchestra.runtime.history.timeline import Entry, timeline
from orchestra.runtime.readers import Reader, Withheld, reader_in

SHOP = (
    PLAN
    + """
[teams.hats]
[queues.sales]
team = "sales"
[queues.hats]
team = "hats"
[channels.mail.accounts.sales]
queue = "sales"
[channels.mail.accounts.hats]
queue = "hats"
[brands.shoes]
accounts = {chat = ["main"], mail = ["main", "sales"]}
teams = ["care", "sales"]
[brands.hats]
accounts = {mail = ["hats"]}
teams = ["hats"]
[agents.hal]
teams = ["hats"]
[agents.tom]
teams = ["care"]
roles = ["trainee"]
[roles.trainee]
may = ["*"]
sees = {own = "trace", withholds = ["price"]}
[roles.clerk]
may = ["*"]
sees = {withholds = ["price"]}
[agents.kim]
teams = ["care"]
roles = ["clerk"]
[commitments.attributes.price]
type = "money"
unit = "EUR"
[commitments.attributes.pieces]
type = "quantity"
[participants.relative]
sees = "facts"
told = true
[participants.carer]
sees = "all"
[participants.expert]
shown = true
"""
)
MAIL = {"sales": "s", "hats": "h", "main": "m"}


def shop() -> Desk:
    """Joe has something to do with care, sales and another brand; Eve and Max write in his first case."""
    desk = Desk(SHOP)
    desk.sign_in("ana", "cid", "hal")
    mail(desk, "joe", "main", 10, "my shoe broke", thread=thread("t1"))
    mail(desk, "joe", "sales", 11, "what does it cost", thread=thread("t2"))
    mail(desk, "joe", "hats", 12, "a hat please", thread=thread("t3"))
    assert [desk.take(name, 13 + number) for number, name in enumerate(("in1", "in2", "in3"))] == ["ana", "cid", "hal"]
    for name, agent, text in (("in1", "ana", "send it in"), ("in2", "cid", "49 euros"), ("in3", "hal", "which size")):
        desk.run(c.WriteReply(name, agent, text), 20)
    desk.run(c.MakeCommitment("shoe", "price", 4900, case="ca2", actor="agent:cid"), 21)
    desk.run(c.MakeCommitment("shoe", "pieces", 2, "pairs", case="ca1", actor="agent:ana"), 22)
    desk.run(c.MakeCommitment("hat", "price", 900, case="ca3", actor="agent:hal"), 23)
    mail(desk, "eve", "main", 30, "his foot hurts", thread=thread("t1"))
    mail(desk, "max", "main", 31, "glue it", thread=thread("t1"))
    desk.run(c.SetParticipant("ca1", "cu2", "relative"), 32)
    desk.run(c.SetParticipant("ca1", "cu3", "expert"), 33)
    return desk


def mail(desk: Desk, who: str, account: str, at_s: float, text: str, **more: Any) -> str:
    command = c.ReceiveMessage("mail", account, f"{who}-{at_s}", person(who), text=text, **more)
    interaction: str = desk.run(command, at_s).result.interaction
    return interaction


SHOP_DAY = shop()


def reader(actor: str | None) -> Reader:
    return reader_in(SHOP_DAY.view, actor)


def seen(actor: str | None, customer: str = "cu1", desk: Desk = SHOP_DAY) -> list[Entry]:
    return timeline(desk.journal, customer, reader=reader_in(desk.view, actor))


def texts(entries: list[Entry]) -> list[str]:
    return [str(entry.text) for entry in entries if entry.text is not None]


EVERYTHING = [
    "my shoe broke",
    "what does it cost",
    "a hat please",
    "send it in",
    "49 euros",
    "which size",
    "his foot hurts",
    "glue it",
]


@pytest.mark.parametrize("actor", [None, "system", "operator:root"])
def test_the_application_is_shown_everything(actor: str | None) -> None:
    assert texts(seen(actor)) == EVERYTHING


def test_a_team_reads_what_it_answers_for_and_facts_of_the_others() -> None:
    entries = seen("agent:ana")
    assert texts(entries) == [
        "my shoe broke",
        "[withheld: team sales]",
        "[withheld: brand hats]",
        "send it in",
        "[withheld: team sales]",
        "[withheld: brand hats]",
        "his foot hurts",
        "glue it",
    ]
    assert {entry.text for entry in entries if isinstance(entry.text, Withheld)} == {
        Withheld("team", "sales"),
        Withheld("brand", "hats"),
    }
    said = [entry.sentence for entry in entries if entry.kind == "CommitmentMade"]
    assert said == [
        "agent:cid said: price of shoe is 49.00 EUR",
        "agent:ana said: pieces of shoe is 2 pairs",
        "commitment made",
    ]


def test_that_something_happened_always_stays() -> None:
    whole = seen(None)
    for actor in ("agent:ana", "agent:cid", "agent:hal", "agent:tom", "back_office:erp"):
        entries = seen(actor)
        for field in ("position", "at_us", "kind", "channel", "case", "number", "team", "brand"):
            assert [getattr(entry, field) for entry in entries] == [getattr(entry, field) for entry in whole], actor
        assert [entry.text is None for entry in entries] == [entry.text is None for entry in whole]


def test_it_is_told_in_which_team_and_under_which_brand() -> None:
    written = [entry for entry in seen("agent:ana") if entry.kind == "MessageWritten"]
    assert [(entry.team, entry.brand) for entry in written] == [("care", "shoes"), ("sales", "shoes"), ("hats", "hats")]
    cases = [entry for entry in seen("agent:ana") if entry.kind == "CommitmentMade"]
    assert [(entry.team, entry.brand) for entry in cases] == [("sales", "shoes"), ("care", "shoes"), ("hats", "hats")]


def test_of_another_brand_only_a_trace_is_shown() -> None:
    of_hats = [entry for entry in seen("agent:ana") if entry.brand == "hats"]
    for entry in of_hats:
        assert entry.sentence == in_words(entry.kind)
        assert entry.who in ("customer:cu1", "team:hats")
    assert {entry.who for entry in of_hats if entry.kind == "MessageWritten"} == {"team:hats"}
    assert "hat" not in " ".join(entry.sentence.replace("what", "") for entry in of_hats)


def test_one_brand_reads_no_text_of_the_other_and_has_the_same_history() -> None:
    one, other = seen("agent:ana"), seen("agent:hal")
    assert [entry.position for entry in one] == [entry.position for entry in other]
    assert [text for text in texts(other) if not text.startswith("[")] == ["a hat please", "which size"]


def test_whoever_had_a_contact_in_hand_goes_on_reading_it() -> None:
    desk = shop()
    desk.run(c.TransferInteraction("in1", "ana", "hats"), 40)
    desk.take("in1", 41)
    assert "my shoe broke" in texts(seen("agent:ana", desk=desk)), "it was hers"
    assert "my shoe broke" in texts(seen("agent:hal", desk=desk)), "it is his"
    assert "what does it cost" not in texts(seen("agent:hal", desk=desk))


def test_whoever_helped_goes_on_reading_it() -> None:
    desk = shop()
    desk.run(c.AskConsult("in1", "ana", "hal"), 40)
    assert "my shoe broke" not in texts(seen("agent:hal", desk=desk)), "he has not answered"
    desk.run(c.AcceptConsult("cs1", "hal", 1), 41)
    assert "my shoe broke" in texts(seen("agent:hal", desk=desk))
    desk.run(c.TransferToAgent("in2", "cid", "hal"), 42)
    desk.run(c.AcceptConsult("cs2", "hal", 2), 43)
    assert "what does it cost" in texts(seen("agent:hal", desk=desk))


def test_a_role_may_show_less_of_ones_own() -> None:
    entries = seen("agent:tom")
    assert texts(entries)[0] == "[withheld: role]"
    assert [entry.sentence for entry in entries if entry.kind == "CommitmentMade"] == [
        "commitment made",  # its price is withheld from them
        "commitment made",
        "commitment made",
    ]
    assert {entry.who for entry in entries if entry.kind == "CommitmentMade"} == {"agent:cid", "team:care", "team:hats"}


def test_an_attribute_is_withheld_wherever_it_stands() -> None:
    entries = seen("agent:kim")
    assert "my shoe broke" in texts(entries)
    assert [entry.sentence for entry in entries if entry.kind == "CommitmentMade"] == [
        "commitment made",
        "agent:ana said: pieces of shoe is 2 pairs",
        "commitment made",
    ]


# Customers and participants


def test_a_customer_is_shown_their_own_and_not_how_the_company_works() -> None:
    entries = seen("customer:cu1")
    assert {entry.kind for entry in entries} <= OUTWARD
    assert texts(entries) == [*EVERYTHING[:6], "[withheld: person cu2]", "glue it"], "the expert's word is for all"
    assert "InteractionQueued" not in {entry.kind for entry in entries}


def test_a_customer_is_told_no_reasons_and_codes_of_the_company() -> None:
    desk = shop()
    desk.run(c.FinishInteraction("in1", "ana", "resolved"), 40)
    desk.run(c.ReopenCase("ca1", "he was rude"), 41)
    sentences = [entry.sentence for entry in seen("customer:cu1", desk=desk)]
    assert "the case is resolved" in sentences
    assert "the case is open again" in sentences
    assert "the case is open again (he was rude)" in [entry.sentence for entry in seen(None, desk=desk)]


def test_a_participant_is_shown_facts_of_the_case_if_their_role_says_so() -> None:
    entries = seen("customer:cu2")
    assert {entry.case for entry in entries} == {"ca1"}
    assert texts(entries) == ["[withheld: person cu1]", "[withheld: person cu1]", "his foot hurts", "glue it"]
    assert "agent:ana said: pieces of shoe is 2 pairs" in [entry.sentence for entry in entries]


def test_how_surely_the_customer_is_known_is_no_participants_business() -> None:
    desk = shop()
    desk.run(c.VerifyContact("in1", "basic", "asked"), 40)
    assert "ContactVerified" in {entry.kind for entry in seen("customer:cu1", desk=desk)}
    assert "ContactVerified" not in {entry.kind for entry in seen("customer:cu2", desk=desk)}


def test_a_participant_without_such_a_role_is_shown_what_is_theirs() -> None:
    entries = seen("customer:cu3")
    assert [(entry.kind, entry.text) for entry in entries] == [("MessageReceived", "glue it")]


def test_a_participant_may_be_shown_all_but_what_is_anothers() -> None:
    desk = shop()
    desk.run(c.SetParticipant("ca1", "cu2", "carer"), 40)
    assert texts(seen("customer:cu2", desk=desk)) == ["my shoe broke", "send it in", "his foot hurts", "glue it"]
    desk.run(c.SetParticipant("ca1", "cu3"), 41)
    assert texts(seen("customer:cu2", desk=desk))[-1] == "[withheld: person cu3]"


def test_a_participant_is_shown_what_any_of_their_ids_is() -> None:
    desk = shop()
    mail(desk, "eva", "main", 40, "me again", thread=thread("t1"))
    desk.run(c.MergeCustomers("cu4", "cu2", "login"), 41)
    entries = seen("customer:cu4", desk=desk)
    assert texts(entries)[-3:] == ["his foot hurts", "glue it", "me again"]
    assert "CommitmentMade" in {entry.kind for entry in entries}


def test_whoever_has_no_part_is_shown_nothing() -> None:
    desk = shop()
    desk.write("zoe", 40)
    desk.run(c.RemoveParticipant("ca1", "cu2", "asked to"), 41)
    for actor in ("customer:cu4", "customer:cu2"):
        with pytest.raises(NotPermitted, match="no case"):
            seen(actor, desk=desk)
    assert texts(seen("customer:cu2", "cu2", desk)) == ["his foot hurts"], "their own stays theirs"


def test_a_participants_own_timeline_is_of_the_team_whose_case_it_is() -> None:
    assert texts(seen("agent:ana", "cu2")) == ["his foot hurts"]
    assert texts(seen("agent:cid", "cu2")) == ["[withheld: team care]"]
    assert texts(seen("agent:hal", "cu2")) == ["[withheld: brand shoes]"]


def test_a_participant_who_is_forgotten_leaves_no_text_and_no_word_of_others() -> None:
    desk = shop()
    desk.run(c.EraseCustomer("cu2", "asked"), 40)
    desk.journal.blank(["cu2"])
    assert texts(seen(None, desk=desk)) == [text for text in EVERYTHING if text != "his foot hurts"]
    assert "cu2 takes part in the case as relative now" in [entry.sentence for entry in seen(None, desk=desk)]


# Explanations


def test_how_a_contact_went_its_way_is_told_to_its_brand() -> None:
    whole = explain(SHOP_DAY.journal, "in3", reader=reader("agent:hal"))
    assert whole == explain(SHOP_DAY.journal, "in3")
    assert whole.withheld is None
    trace = explain(SHOP_DAY.journal, "in3", full=True, reader=reader("agent:ana"))
    assert (trace.decisions, trace.withheld) == ([], Withheld("brand", "hats"))
    assert [step.kind for step in trace.steps] == [step.kind for step in whole.steps]
    assert {step.sentence for step in trace.steps} == {in_words(step.kind) for step in trace.steps}
    assert json.loads(json.dumps(trace.to_json()))["withheld"] == {"withheld": "brand", "of": "hats"}
    assert len(explanation_tables(trace)) == 1


def test_other_teams_are_told_the_facts_of_it() -> None:
    assert explain(SHOP_DAY.journal, "in2", reader=reader("agent:ana")) == explain(SHOP_DAY.journal, "in2")


def test_customers_are_told_nothing_of_it() -> None:
    with pytest.raises(NotPermitted, match="not for a customer"):
        explain(SHOP_DAY.journal, "in1", reader=reader("customer:cu1"))


# Words


def test_what_customers_are_shown_are_events_that_there_are() -> None:
    assert set(EVENTS) >= OUTWARD
    assert set(PHRASES) >= OUTWARD


def test_a_kind_in_words() -> None:
    assert in_words("CommitmentMade") == "commitment made"
    assert in_words("InteractionHandedOver") == "interaction handed over"


def test_a_withheld_text_is_plain_data_and_can_be_printed() -> None:
    entry = next(entry for entry in seen("agent:cid") if entry.kind == "MessageReceived")
    assert json.loads(json.dumps(entry.to_json()))["text"] == {"withheld": "team", "of": "care"}
    table = timeline_table(seen("agent:cid"), "cu1").to_text()
    assert "the customer wrote: [withheld: team care]" in table
    assert "my shoe broke" not in table


def test_the_command_line_reads_for_somebody(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    log, where = tmp_path / "log.jsonl", f"sqlite:{tmp_path / 'log.db'}"
    line = {"at": "2026-03-02T09:00:00Z", "channel": "forum", "direction": "inbound", "company": "shop"}
    log.write_text(json.dumps({**line, "customer": "joe", "thread": "t", "message_id": "m", "text": "secret"}) + "\n")
    assert main(["replay", str(log), "--journal", where]) == 0
    capsys.readouterr()
    assert main(["timeline", "cu1", "--as", "back_office:erp", "--journal", where]) == 0
    assert "[withheld: team company]" in capsys.readouterr().out
    assert main(["explain", "in1", "--as", "customer:cu1", "--journal", where]) == 2
    assert "not for a customer" in capsys.readouterr().err
    assert main(["timeline", "cu1", "--as", "agent:ana", "--journal", where]) == 2
    assert "no such agent" in capsys.readouterr().err
