from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import DAY, HOUR, Driver, person, plan, thread

from orchestra.errors import InvalidCommand, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Thread
from orchestra.model.private import private_names
from orchestra.model.results import CaseRef, Received


def _message(**values: Any) -> c.ReceiveMessage:
    given = {"channel": "chat", "account": "main", "message_id": "x1", "sender": person("joe"), "text": "hi"} | values
    return c.ReceiveMessage(**given)


def _contact(**values: Any) -> c.ReceiveContact:
    given = {"channel": "voice", "account": "main", "contact_id": "k1", "sender": person("joe")} | values
    return c.ReceiveContact(**given)


# Taking


def test_a_message_from_nobody_known_makes_customer_conversation_interaction_and_case() -> None:
    driver = Driver()
    decided = driver.run(_message(topic="order", skills={"german": 10}, priority=3))
    at_us = driver.now_us
    assert decided.events == [
        e.CustomerAdded("cu1", "handle", "key-joe", value="joe", name="Joe"),
        e.ConversationStarted("co1", "cu1", "chat", "main", "@key-joe", "key-joe"),
        e.InteractionStarted(
            "in1", "cu1", "chat", "main", "co1", True, at_us, topic="order", skills={"german": 10}, priority=3
        ),
        e.CaseOpened("ca1", "C-000001", "cu1", "team", "care", "care", "order", "co1"),
        e.InteractionAttached("in1", "ca1", "cu1", "new"),
        e.InteractionQueued("in1", "cu1", "care", "chat", {"german": 10}, 3, at_us, 1, "arrived"),
        e.MessageReceived("me1", "in1", "ca1", "cu1", "chat", "main", "x1", "co1", 1, at_us, "hi"),
    ]
    assert decided.result == Received("cu1", "in1", CaseRef("ca1", "C-000001"), "me1")
    assert decided.actor == "customer"


def test_a_contact_without_text_is_taken_alike() -> None:
    driver = Driver()
    decided = driver.run(_contact())
    assert decided.events[-1] == e.ContactTaken("in1", "ca1", "cu1", "voice", "main", "k1")
    assert decided.result == Received("cu1", "in1", CaseRef("ca1", "C-000001"))


@pytest.mark.parametrize("command", [_message(), _contact()])
def test_an_id_is_taken_once(command: c.Command) -> None:
    driver = Driver()
    first = driver.run(command).result
    again = driver.run(command, 60)
    assert again.events == []
    assert again.result == attrs.evolve(first, duplicate=True)


def test_an_id_is_taken_once_per_channel_and_account() -> None:
    driver = Driver()
    results = [
        driver.run(_message()).result,
        driver.run(_message(account="other")).result,
        driver.run(_message(channel="email")).result,
        driver.run(_message(message_id="m2")).result,
    ]
    assert [result.duplicate for result in results] == [False] * 4
    assert len({result.message for result in results}) == 4
    assert driver.run(_message(account="other")).result.message == results[1].message


def test_ids_whose_parts_run_together_are_told_apart() -> None:
    driver = Driver()
    driver.run(_message(account="a", message_id="b"))
    driver.refuse(_message(account="a\x1fb", message_id="c"), InvalidCommand, field="account")
    driver.refuse(_message(account="a", message_id="b\x1f"), InvalidCommand, field="id")
    driver.refuse(_contact(account="a", contact_id="\x1fb"), InvalidCommand, field="id")


def test_a_reply_recorded_takes_its_id_too() -> None:
    driver = Driver()
    reply = c.RecordReply("chat", "main", "x1", person("joe"), text="done")
    first = driver.run(reply).result
    assert driver.run(reply).result == attrs.evolve(first, duplicate=True)
    assert driver.run(_message()).result.duplicate


# How long ids are kept


def test_ids_are_kept_for_seven_days_at_least() -> None:
    driver = Driver()
    driver.run(_message(channel="email"))
    driver.advance_to(driver.now_us + 7 * DAY)
    driver.message(channel="email", after=0)
    assert driver.run(_message(channel="email")).result.duplicate
    driver.advance(1)
    driver.message(channel="email", after=0)
    assert not driver.run(_message(channel="email")).result.duplicate


def test_each_id_taken_forgets_at_most_two() -> None:
    driver = Driver()
    for _ in range(10):
        driver.message(channel="email", after=0)
    driver.advance_to(driver.now_us + 8 * DAY)
    sizes = []
    for _ in range(8):
        driver.message(channel="email", after=0)
        sizes.append(len(driver.engine.view.contacts.taken))
    assert sizes == [9, 8, 7, 6, 5, 6, 7, 8]


def test_a_quiet_channel_forgets_nothing_for_a_busy_one() -> None:
    driver = Driver()
    driver.run(_message(channel="chat"))
    driver.advance_to(driver.now_us + 30 * DAY)
    for _ in range(5):
        driver.message(channel="email")
    assert driver.run(_message(channel="chat")).result.duplicate


def test_a_channel_may_keep_ids_for_ever() -> None:
    channels = dict(plan().channels)
    channels["email"] = attrs.evolve(channels["email"], keep_ids=None)
    driver = Driver(plan(channels=channels))
    driver.run(_message(channel="email"))
    driver.advance_to(driver.now_us + 4000 * DAY)
    for _ in range(5):
        driver.message(channel="email")
    assert driver.run(_message(channel="email")).result.duplicate
    assert driver.reloaded().execute(_message(channel="email"), driver.now_us).result.duplicate


# When it happened


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        (None, 0),
        (0, 0),
        (HOUR, 0),
        (-HOUR, -HOUR),
        (-7 * DAY, -7 * DAY),
        (-7 * DAY - 1, -7 * DAY),
        (-4000 * DAY, -7 * DAY),
    ],
)
def test_a_source_time_is_never_after_now_nor_older_than_the_channel_believes(said: int | None, taken: int) -> None:
    driver = Driver()
    now_us = driver.now_us
    driver.run(_message(occurred_us=None if said is None else now_us + said))
    assert driver.last(e.MessageReceived).occurred_us == now_us + taken
    assert driver.last(e.InteractionStarted).occurred_us == now_us + taken
    assert driver.last(e.InteractionQueued).start_us == now_us + taken


def test_a_channel_may_believe_any_age() -> None:
    channels = dict(plan().channels)
    channels["email"] = attrs.evolve(channels["email"], max_age=None)
    driver = Driver(plan(channels=channels))
    driver.run(_message(channel="email", occurred_us=5))
    assert driver.last(e.MessageReceived).occurred_us == 5


# Conversations and interactions


def test_messages_of_one_conversation_share_the_interaction_and_keep_their_order() -> None:
    driver = Driver()
    got = [driver.message() for _ in range(3)]
    assert {result.interaction for result in got} == {"in1"}
    driver.sign_in("ana")
    driver.accept()
    driver.sent(got[0])
    driver.message()
    numbers = [event.number for event in [*driver.events(e.MessageReceived), *driver.events(e.MessageWritten)]]
    assert sorted(numbers) == [1, 2, 3, 4, 5]
    assert driver.last(e.MessageWritten).number == 4


def test_a_message_that_comes_late_is_numbered_as_it_came() -> None:
    driver = Driver()
    driver.message(occurred_us=driver.now_us)
    driver.message(occurred_us=driver.now_us - HOUR)
    assert [event.number for event in driver.events(e.MessageReceived)] == [1, 2]
    wrote_us = driver.engine.view.contacts.conversations["co1"].last_inbound_us
    assert wrote_us == driver.events(e.MessageReceived)[0].occurred_us, "they wrote last what they wrote last"


def test_every_call_is_an_interaction_of_its_own() -> None:
    driver = Driver()
    first, second = driver.call(), driver.call()
    assert (first.interaction, second.interaction) == ("in1", "in2")
    assert first.case == second.case


def test_threads_keep_conversations_apart() -> None:
    driver = Driver()
    first = driver.message(channel="email", thread=thread("t1"))
    second = driver.message(channel="email", thread=thread("t2"))
    third = driver.message(channel="email", thread=thread("t1"))
    assert first.interaction == third.interaction != second.interaction
    assert first.customer == second.customer
    assert first.case != second.case


def test_a_thread_is_a_hash_beside_which_the_provider_s_key_stands() -> None:
    """The provider's key may be a phone number: like an address, it is private."""
    driver = Driver()
    driver.message(channel="email", thread=thread("+4930555019283"))
    started = driver.last(e.ConversationStarted)
    assert (started.thread, started.value) == ("key-+4930555019283", "+4930555019283")
    assert private_names(e.ConversationStarted) == {"value"}
    driver.message("eve", channel="email")
    started = driver.last(e.ConversationStarted)
    assert (started.thread, started.value) == ("@key-eve", None)
    rows = driver.engine.view.contacts.conversations
    assert [rows[name].has_thread for name in ("co1", "co2")] == [True, False]


def test_a_thread_may_begin_like_the_mark_of_having_none() -> None:
    driver = Driver()
    first = driver.message(channel="email", thread=Thread("hash", "@key-joe"))
    assert driver.message(channel="email").interaction != first.interaction


def test_a_thread_belongs_to_an_account() -> None:
    driver = Driver()
    first = driver.message(channel="email", thread=thread("t1"))
    second = driver.message(channel="email", account="sales", thread=thread("t1"))
    assert first.interaction != second.interaction
    assert driver.last(e.InteractionQueued).queue == "sales"


def test_after_the_end_a_message_begins_another_interaction() -> None:
    driver = Driver()
    driver.sign_in("ana")
    got = driver.answered()
    driver.run(c.FinishInteraction(got.interaction, "ana"))
    again = driver.message()
    assert (got.interaction, again.interaction) == ("in1", "in2")
    assert again.case == got.case


def test_during_wrap_up_a_message_begins_another_interaction() -> None:
    driver = Driver()
    driver.sign_in("ana", "bob")
    got = driver.answered(channel="voice")
    driver.run(c.FinishInteraction(got.interaction, driver.agent_of(got)))
    assert driver.state(got) == "WRAPPING"
    assert driver.message(channel="voice").interaction == "in2"


def test_one_customer_has_one_address_on_many_channels() -> None:
    driver = Driver()
    assert driver.message(channel="chat").customer == driver.call().customer == "cu1"
    assert driver.message("jim").customer == "cu2"


def test_live_and_not_is_told() -> None:
    driver = Driver()
    driver.message(channel="email")
    assert not driver.last(e.InteractionStarted).live
    driver.call()
    assert driver.last(e.InteractionStarted).live


# Where it waits


def test_the_contact_may_say_where_it_waits() -> None:
    driver = Driver()
    driver.run(_message(queue="german", skills={"billing": 5, "german": 80}))
    queued = driver.last(e.InteractionQueued)
    assert (queued.queue, queued.skills) == ("german", {"billing": 5, "german": 80})
    assert driver.last(e.CaseOpened).queue == "german"


def test_the_queues_level_holds_if_the_contact_asks_for_less() -> None:
    driver = Driver()
    driver.run(_message(queue="german", skills={"german": 5}))
    assert driver.last(e.InteractionQueued).skills == {"german": 50}


def test_priorities_of_queue_and_contact_add_up() -> None:
    driver = Driver()
    driver.run(_message(queue="sales", priority=5))
    assert driver.last(e.InteractionQueued).priority == 7


# Refusals


@pytest.mark.parametrize("make", [_message, _contact])
@pytest.mark.parametrize(
    ("values", "error", "attributes"),
    [
        ({"channel": "fax"}, UnknownId, {"kind": "channel", "id": "fax"}),
        ({"queue": "none"}, UnknownId, {"kind": "queue", "id": "none"}),
        ({"skills": {"none": 1}}, UnknownId, {"kind": "skill", "id": "none"}),
        ({"skills": {"german": 0}}, InvalidCommand, {"field": "skills.german"}),
        ({"skills": {"german": 101}}, InvalidCommand, {"field": "skills.german"}),
        ({"account": ""}, InvalidCommand, {"field": "account"}),
        ({"thread": Thread("")}, InvalidCommand, {"field": "thread"}),
        ({"thread": Thread("key", "")}, InvalidCommand, {"field": "thread"}),
        ({"thread": Thread("a\x1fb")}, InvalidCommand, {"field": "thread"}),
        ({"thread": Thread("key", "x" * 501)}, InvalidCommand, {"field": "thread"}),
        ({"thread": Thread("@key-joe")}, InvalidCommand, {"field": "thread"}),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, values: Any, error: Any, attributes: Any) -> None:
    Driver().refuse(make(**values), error, **attributes)


@pytest.mark.parametrize("bad", ["", "x" * 501, "a\x1fb"])
def test_ids_that_make_no_sense(bad: str) -> None:
    driver = Driver()
    driver.refuse(_message(message_id=bad), InvalidCommand, field="id")
    driver.refuse(_contact(contact_id=bad), InvalidCommand, field="id")
    driver.refuse(c.RecordReply("chat", "main", bad, person("joe")), InvalidCommand, field="id")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"reply_to": ""}, "reply_to"),
        ({"reply_to": "a\x1fb"}, "reply_to"),
        ({"sequence": -1}, "sequence"),
        ({"sequence": 2**63}, "sequence"),
    ],
)
def test_a_place_among_other_messages_that_makes_no_sense(values: Any, field: str) -> None:
    Driver().refuse(_message(**values), InvalidCommand, field=field)


def test_what_a_message_answers_and_its_providers_number_are_kept() -> None:
    driver = Driver()
    driver.run(_message(reply_to="sms-7", sequence=0))
    told = driver.last(e.MessageReceived)
    assert (told.reply_to, told.sequence) == ("sms-7", 0)
    driver.run(_message(message_id="x2", sequence=2**63 - 1))
    told = driver.last(e.MessageReceived)
    assert (told.reply_to, told.sequence) == (None, 2**63 - 1)


def test_a_text_beyond_all_measure() -> None:
    driver = Driver()
    driver.refuse(_message(text="x" * 500_001), InvalidCommand, field="text")
    assert driver.run(_message(text="x" * 500_000)).events
    assert driver.run(_message(message_id="m2", text=None)).events


def test_a_repeat_is_a_repeat_even_if_its_channel_is_gone() -> None:
    driver = Driver()
    got = driver.run(_message(channel="email")).result
    driver.run(c.CancelInteraction(got.interaction, "x"))
    channels = {name: channel for name, channel in plan().channels.items() if name != "email"}
    driver.change_plan(plan(channels=channels))
    assert driver.run(_message(channel="email")).result.duplicate
    driver.refuse(_message(channel="email", message_id="m2"), UnknownId, kind="channel")


def test_ages_of_days_are_of_engine_time() -> None:
    assert plan().channels["email"].keep_ids == timedelta(days=7)
