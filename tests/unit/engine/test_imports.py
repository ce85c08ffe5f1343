"""Importing the past: customers, cases, messages and statuses, each once, in the case that is named."""

from __future__ import annotations

import attrs
import pytest
from tests.engine_driver import DAY, SECOND, Driver, person, plan, thread

from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Address, Ref, ref
from orchestra.model.results import CaseRef, Linked

T1 = Ref("t1")


def importing(text: str | None = None) -> Driver:
    driver = Driver() if text is None else Driver(text)
    driver.run(c.BeginImport())
    return driver


def with_case(**values: object) -> Driver:
    driver = importing()
    driver.run(c.ImportCase("t1", address=person("joe"), **values))  # type: ignore[arg-type]
    return driver


def wrote(number: str, who: str = "joe", channel: str = "email", **values: object) -> c.ImportMessage:
    return c.ImportMessage(channel, "main", number, person(who), inbound=True, text="hello", **values)  # type: ignore[arg-type]


def answered(number: str, who: str = "joe", channel: str = "email", **values: object) -> c.ImportMessage:
    return c.ImportMessage(channel, "main", number, person(who), inbound=False, text="there", **values)  # type: ignore[arg-type]


def test_messages_of_the_past_bring_their_files() -> None:
    driver, file = with_case(), {"kind": "image", "name": "a.png"}
    driver.run(wrote("m1", case=T1, media=[file]))
    driver.run(answered("m2", case=T1, media=[file]))
    assert driver.last(e.MessageReceived).media == driver.last(e.ReplyRecorded).media == [file]
    driver.refuse(wrote("m3", case=T1, media=[{}]), InvalidCommand, field="media")


# Beginning and ending


@pytest.mark.parametrize(
    "command",
    [
        c.ImportCustomer("u1", [person("joe")]),
        c.ImportCase("t1", address=person("joe")),
        wrote("m1"),
        c.ImportStatus(T1, "open"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_the_past_is_taken_only_in_an_import(command: c.Command) -> None:
    driver = Driver()
    driver.refuse(command, NotAllowedInState, state="not importing")
    driver.run(c.BeginImport())
    driver.run(c.MarkLog("a", 1, 0, 0))
    driver.refuse(command, NotAllowedInState, state="not importing")


def test_an_import_that_goes_on_begins_once() -> None:
    driver = Driver()
    assert driver.run(c.BeginImport("a")).events == [e.ImportBegun("a")]
    assert driver.run(c.BeginImport("a")).events == []


# Customers


def test_a_customer_is_known_by_all_their_addresses_and_by_the_key() -> None:
    driver = importing()
    taken = driver.run(c.ImportCustomer("u1", [person("joe"), person("jo")], {"vip": True}))
    assert taken.result == Linked("cu1", "linked")
    assert [type(event) for event in taken.events] == [e.CustomerAdded, e.AddressLinked, e.RefAdded, e.FieldsSet]
    view = driver.engine.view
    assert view.identity.addresses["key-jo"].evidence == "import"
    assert view.customer(ref("u1"))[0] == view.identity.holder("key-jo") == "cu1"


def test_the_same_customer_again_adds_what_is_new() -> None:
    driver = importing()
    driver.run(c.ImportCustomer("u1", [person("joe")], {"vip": True}))
    again = driver.run(c.ImportCustomer("u1", [person("joe")], {"vip": True}))
    assert (again.events, again.result) == ([], Linked("cu1", "known"))
    more = driver.run(c.ImportCustomer("u1", [person("joe"), person("jo")]))
    assert [type(event) for event in more.events] == [e.AddressLinked]


def test_whoever_has_one_of_the_addresses_is_the_customer() -> None:
    driver = importing()
    driver.run(c.ImportCase("t1", address=person("jo")))
    assert driver.run(c.ImportCustomer("u1", [person("joe"), person("jo")])).result == Linked("cu1", "linked")
    assert driver.engine.view.identity.holder("key-joe") == "cu1"


def test_two_who_are_one_in_the_other_system_are_merged() -> None:
    driver = importing()
    driver.run(c.ImportCase("t1", address=person("joe")))
    driver.run(c.ImportCase("t2", address=person("jo")))
    taken = driver.run(c.ImportCustomer("u1", [person("joe"), person("jo")]))
    assert driver.engine.view.identity.is_same("cu1", "cu2")
    merged = next(event for event in taken.events if isinstance(event, e.CustomersMerged))
    assert (merged.evidence, merged.confidence) == ("import", 100)


def test_a_hidden_address_names_nobody() -> None:
    driver = importing()
    hidden = Address("phone", "key-none", matches=False)
    driver.run(c.ImportCustomer("u1", [hidden]))
    driver.run(c.ImportCustomer("u2", [hidden]))
    assert driver.engine.view.customer(ref("u2"))[0] == "cu2"


def test_what_no_customer_can_be_is_refused() -> None:
    driver = with_case()
    driver.refuse(c.ImportCustomer("u1", []), InvalidCommand, field="addresses")
    driver.refuse(c.ImportCustomer("u1", [person(f"p{n}") for n in range(21)]), InvalidCommand, field="addresses")
    driver.refuse(c.ImportCustomer("u1", [Address("email", "")]), InvalidCommand, field="addresses")
    driver.refuse(c.ImportCustomer("u1", [person("joe")], {"shoe": 1}), InvalidCommand, field="fields.shoe")
    driver.refuse(c.ImportCustomer("", [person("joe")]), InvalidCommand, field="ref")
    driver.refuse(c.ImportCustomer("t1", [person("joe")]), InvalidCommand, field="ref")


# Cases


def test_a_case_keeps_its_number_and_its_owner() -> None:
    driver = importing()
    driver.run(c.ImportCustomer("u1", [person("joe")]))
    command = c.ImportCase("t1", ref("u1"), None, "#1001", "order", "german", "ana", {"orders": 2})
    taken = driver.run(command)
    assert taken.result == CaseRef("ca1", "#1001")
    opened, *_ = taken.events
    assert opened == e.CaseOpened("ca1", "#1001", "cu1", "agent", "ana", "german", "order")
    assert driver.engine.view.details.fields["ca1"] == {"orders": 2}
    again = driver.run(command)
    assert (again.events, again.result) == ([], CaseRef("ca1", "#1001"))


def test_a_case_without_a_number_gets_one_and_its_team_answers_for_it() -> None:
    driver = with_case()
    case = driver.engine.view.cases.cases["ca1"]
    assert (case.number, case.owner_kind, case.owner, case.queue) == ("C-000001", "team", "care", "care")


def test_a_number_that_was_imported_is_given_to_no_other_case() -> None:
    driver = with_case(number="C-000002")
    assert driver.run(c.OpenCase("cu1")).result == CaseRef("ca2", "C-000002'")
    driver.refuse(c.ImportCase("t3", "cu1", number="C-000002"), InvalidCommand, field="number")
    assert driver.engine.view.cases.by_number == {"C-000002": "ca1", "C-000002'": "ca2"}


def test_what_no_case_can_be_is_refused() -> None:
    driver = with_case()
    driver.run(c.ImportCustomer("u1", [person("joe")]))
    driver.refuse(c.ImportCase("t2"), InvalidCommand, field="customer")
    driver.refuse(c.ImportCase("t2", "cu1", person("joe")), InvalidCommand, field="customer")
    driver.refuse(c.ImportCase("t2", ref("u9")), UnknownId, kind="customer")
    driver.refuse(c.ImportCase("t2", None, Address("email", "")), InvalidCommand, field="address")
    driver.refuse(c.ImportCase("t2", "cu1", queue="none"), UnknownId, kind="queue")
    driver.refuse(c.ImportCase("t2", "cu1", agent="zoe"), UnknownId, kind="agent")
    driver.refuse(c.ImportCase("t2", "cu1", number=""), InvalidCommand, field="number")
    driver.refuse(c.ImportCase("t2", "cu1", number="a\nb"), InvalidCommand, field="number")
    driver.refuse(c.ImportCase("t2", "cu1", number="9" * 101), InvalidCommand, field="number")
    driver.refuse(c.ImportCase("t2", "cu1", fields={"shoe": 1}), InvalidCommand, field="fields.shoe")
    driver.refuse(c.ImportCase("u1", "cu1"), InvalidCommand, field="ref")


# Messages


def test_a_message_belongs_to_the_case_that_is_named_whatever_else_would_attach_it() -> None:
    driver = with_case(topic="order", queue="german")
    driver.run(c.ImportCase("t2", "cu1", topic="bill"))
    driver.run(wrote("m1", case=Ref("t2"), thread=thread("x")))
    taken = driver.run(wrote("m2", case=T1, thread=thread("x")))
    assert taken.result.case == CaseRef("ca1", "C-000001")
    attached = next(event for event in taken.events if isinstance(event, e.InteractionAttached))
    assert (attached.case, attached.by) == ("ca1", "import")
    assert driver.engine.view.routing.items["in2"].queue == "german"


def test_an_answer_ends_the_wait_in_its_own_case() -> None:
    driver = with_case()
    driver.run(c.ImportCase("t2", "cu1"))
    driver.run(wrote("m1", case=T1))
    driver.run(wrote("m2", case=Ref("t2")))
    taken = driver.run(answered("m3", case=T1, agent="old.hand"))
    done = next(event for event in taken.events if isinstance(event, e.InteractionDone))
    assert (done.interaction, done.reason, done.agent) == ("in1", "answered_elsewhere", "old.hand")
    assert driver.run(answered("m4", case=Ref("t2"))).result.interaction == "in2"
    assert driver.run(answered("m5", "mia", case=T1)).result.interaction is None


def test_more_from_the_same_case_goes_on_in_one_contact() -> None:
    driver = with_case()
    assert driver.run(wrote("m1", case=T1)).result.interaction == "in1"
    assert driver.run(wrote("m2", case=T1)).result.interaction == "in1"
    assert driver.run(wrote("m3")).result.interaction == "in1"
    driver.run(c.ImportStatus(T1, "resolved"))
    assert driver.run(wrote("m4", case=T1)).result.interaction == "in2"
    assert driver.engine.view.cases.cases["ca1"].state == "OPEN"


def test_a_message_without_a_case_attaches_as_the_plan_says() -> None:
    driver = importing()
    assert driver.run(wrote("m1")).result.case.id == "ca1"
    assert driver.run(answered("m2")).result.case.id == "ca1"


def test_a_message_is_taken_once_and_its_time_is_believed() -> None:
    driver = with_case()
    long_ago = driver.now_us - 900 * DAY
    message = wrote("m1", case=T1, occurred_us=long_ago)
    (received,) = (event for event in driver.run(message).events if isinstance(event, e.MessageReceived))
    assert received.occurred_us == long_ago
    again = driver.run(message)
    assert (again.events, again.result.duplicate) == ([], True)
    future = driver.run(answered("m2", case=T1, occurred_us=driver.now_us + DAY))
    assert next(event for event in future.events if isinstance(event, e.ReplyRecorded)).occurred_us == driver.now_us


def test_nobody_waits_on_a_line_that_is_years_old() -> None:
    driver = with_case()
    taken = driver.run(wrote("m1", channel="voice", case=T1))
    assert e.InteractionCanceled("in1", "cu1", "import") in taken.events
    assert driver.events(e.InteractionQueued) == []
    assert driver.events(e.EngagementJoined) == []


def test_a_chat_of_the_past_is_one_contact() -> None:
    driver = with_case()
    driver.run(c.ImportCase("t2", "cu1"))
    assert driver.run(wrote("m1", channel="chat", case=T1)).result.interaction == "in1"
    assert driver.run(answered("m2", channel="chat", case=T1)).result.interaction == "in1"
    assert driver.run(wrote("m3", channel="chat", case=T1)).result.interaction == "in1"
    assert driver.run(wrote("m4", channel="chat", case=Ref("t2"))).result.interaction == "in2"
    assert driver.engine.view.routing.items == {}


def test_what_no_message_can_be_is_refused() -> None:
    driver = with_case()
    driver.refuse(wrote(""), InvalidCommand, field="id")
    driver.refuse(attrs.evolve(wrote("m1"), account=""), InvalidCommand, field="account")
    driver.refuse(attrs.evolve(wrote("m1"), address=Address("email", "")), InvalidCommand, field="address")
    driver.refuse(wrote("m1", thread=thread("")), InvalidCommand, field="thread")
    driver.refuse(attrs.evolve(wrote("m1"), text="x" * 500_001), InvalidCommand, field="text")
    driver.refuse(wrote("m1", channel="pigeon"), UnknownId, kind="channel")
    driver.refuse(wrote("m1", case=Ref("t9")), UnknownId, kind="case")


def test_a_queue_that_the_plan_dropped_gives_way_to_that_of_the_channel() -> None:
    driver = with_case(queue="sales")
    driver.run(c.ImportStatus(T1, "closed"))
    driver.run(c.MarkLog("a", 1, 0, 0))
    smaller = plan()
    smaller = attrs.evolve(
        smaller,
        queues={name: queue for name, queue in smaller.queues.items() if name != "sales"},
        channels={name: attrs.evolve(channel, accounts={}) for name, channel in smaller.channels.items()},
    )
    driver.change_plan(smaller)
    driver.run(c.BeginImport())
    driver.run(wrote("m1", case=T1))
    assert driver.engine.view.routing.items["in1"].queue == "care"


# How cases stood


@pytest.mark.parametrize("before", ["open", "waiting_on_customer", "waiting_on_third_party", "resolved", "closed"])
@pytest.mark.parametrize("after", ["open", "waiting_on_customer", "waiting_on_third_party", "resolved", "closed"])
def test_a_case_stands_as_it_was_told_whatever_it_was_before(before: str, after: str) -> None:
    driver = with_case()
    driver.run(c.ImportStatus(T1, before), 1)
    driver.run(c.ImportStatus(T1, after), 1)
    assert driver.engine.view.cases.cases["ca1"].state == after.upper()
    if before == after:
        assert len(driver.batches[-1].events) == 1


def test_what_waits_in_a_settled_case_waits_no_more() -> None:
    driver = with_case()
    driver.run(wrote("m1", case=T1))
    driver.run(wrote("m2", "mia", case=T1))
    taken = driver.run(c.ImportStatus(T1, "closed", disposition="resolved"))
    canceled = [event.interaction for event in taken.events if isinstance(event, e.InteractionCanceled)]
    assert canceled == ["in1", "in2"]
    assert driver.engine.view.routing.items == {}
    resolved = next(event for event in taken.events if isinstance(event, e.CaseResolved))
    assert resolved.disposition == "resolved"


def test_of_very_many_who_wait_a_batch_takes_what_fits() -> None:
    driver = with_case()
    for number in range(205):
        driver.run(wrote(f"m{number}", f"p{number}", case=T1))
    taken = driver.run(c.ImportStatus(T1, "resolved"))
    assert sum(isinstance(event, e.InteractionCanceled) for event in taken.events) == 200


def test_only_what_is_newer_changes_how_a_case_stands() -> None:
    driver = with_case()
    told = driver.now_us - 10 * SECOND
    assert driver.run(c.ImportStatus(T1, "resolved", told)).events
    assert driver.run(c.ImportStatus(T1, "open", told)).events == []
    assert driver.run(c.ImportStatus(T1, "open", told - SECOND)).events == []
    assert driver.run(c.ImportStatus(T1, "open", told + SECOND)).events
    assert driver.engine.view.logs.statuses == {"ca1": told + SECOND}


def test_what_no_status_can_be_is_refused() -> None:
    driver = with_case()
    driver.refuse(c.ImportStatus(T1, "solved"), InvalidCommand, field="status")
    driver.refuse(c.ImportStatus(Ref("t9"), "open"), UnknownId, kind="case")
    driver.refuse(c.ImportStatus(T1, "resolved", disposition="lost"), InvalidCommand, field="disposition")


# Afterwards


def test_a_reply_that_names_the_imported_number_joins_the_case() -> None:
    driver = with_case(number="#1001")
    driver.run(wrote("m1", case=T1))
    driver.run(c.ImportStatus(T1, "resolved"))
    driver.run(c.MarkLog("a", 3, 0, 0))
    assert driver.message("joe", "email", case_number="#1001").case == CaseRef("ca1", "#1001")
    assert driver.message("eve", "email", case_number="#1001").case.id == "ca2"


def test_a_verified_token_decides_before_all_else_only_in_an_import() -> None:
    driver = with_case()
    driver.run(c.ImportCase("t2", "cu1"))
    driver.run(wrote("m1", case=T1, thread=thread("x")))
    driver.run(c.ImportStatus(T1, "resolved"))
    driver.run(c.MarkLog("a", 3, 0, 0))
    assert driver.message("joe", "email", thread=thread("x"), reply_case="ca2").case.id == "ca1"
    driver.run(c.BeginImport())
    assert driver.message("eve", "email", reply_case="ca99").case.id == "ca3"


def test_what_was_imported_is_rebuilt_the_same() -> None:
    driver = with_case(number="#1001")
    driver.run(wrote("m1", case=T1))
    driver.run(c.ImportStatus(T1, "waiting_on_customer"))
    for engine in (driver.replayed(is_blanked=True), driver.reloaded()):
        assert engine.state_hash() == driver.engine.state_hash()


# Contacts at the same time

ON_TWO = """
[workspace]
default_queue = "care"
[teams.care]
[queues.care]
team = "care"
[channels.email]
[channels.letter]
[engagements]
pointer = "See our other answer."
"""


def test_what_waited_on_two_channels_is_answered_once_and_nobody_is_told_now() -> None:
    driver = importing(ON_TWO)
    driver.run(c.ImportCase("t1", address=person("joe")))
    driver.run(wrote("m1", case=T1))
    driver.run(wrote("m2", channel="letter", case=T1))
    assert driver.engine.view.contacts.interactions["in2"].state == "LINKED"
    driver.run(answered("m3", case=T1))
    assert [driver.engine.view.contacts.interactions[name].is_final for name in ("in1", "in2")] == [True, True]
    assert driver.events(e.MessageWritten) == []


def test_what_waits_on_two_channels_in_a_settled_case_waits_on_none() -> None:
    driver = importing(ON_TWO)
    driver.run(c.ImportCase("t1", address=person("joe")))
    for number in range(6):
        driver.run(
            wrote(f"m{number}", channel="letter" if number % 2 else "email", case=T1, thread=thread(f"t{number}"))
        )
    driver.run(c.ImportStatus(T1, "closed"))
    assert driver.engine.view.routing.items == {}
    assert all(row.is_final for row in driver.engine.view.contacts.interactions.values())
