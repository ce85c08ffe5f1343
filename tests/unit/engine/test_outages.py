"""An account of a channel is down: what is sent waits, whoever waits there is written elsewhere; nothing is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.engine_driver import DAY, MINUTE, Driver, person, plan, thread

from orchestra.engine.outages import decide
from orchestra.engine.outages.decide import _AT_ONCE
from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.costs import Costs
from orchestra.model.definitions import Deliveries
from orchestra.model.engagements import Engagements
from orchestra.model.identity import Identity

TEXT = "Our chat does not work. Please go on here: {token}"


def _driver(text: str | None = TEXT, **parts: Any) -> Driver:
    return Driver(plan(engagements=Engagements(channel_down=text), **parts))


def _down(driver: Driver, channel: str = "chat", account: str = "main", for_us: int | None = None) -> None:
    driver.run(c.ReportChannel(channel, account, "down", "no answer", for_us), 1)
    driver.advance(1)


def _up(driver: Driver, channel: str = "chat", account: str = "main") -> None:
    driver.run(c.ReportChannel(channel, account, "up", "it answers"), 1)
    driver.advance(1)


def _state(driver: Driver, delivery: str) -> str:
    return driver.engine.view.deliveries.deliveries[delivery].state


def _invited(driver: Driver) -> list[tuple[str | None, str, str]]:
    """Contact, channel and conversation of each invitation."""
    return [(event.interaction, event.channel, event.conversation) for event in driver.events(e.InvitationMade)]


def _answered(driver: Driver) -> str:
    """A reply of Ana's to Joe, by chat."""
    driver.sign_in("ana")
    return driver.sent(driver.answered("joe", "chat"))


# Sending


def test_nothing_is_permitted_while_the_account_is_down() -> None:
    driver = _driver()
    driver.sign_in("ana")
    got = driver.answered("joe", "chat")
    _down(driver)
    delivery = driver.sent(got)
    assert driver.last(e.DeliveryHeld).reason == "channel down"
    assert not driver.events(e.DeliveryPermitted)
    _up(driver)
    assert driver.last(e.DeliveryPermitted).delivery == delivery


def test_what_was_permitted_does_not_start_and_waits() -> None:
    driver = _driver()
    delivery = _answered(driver)
    _down(driver)
    driver.refuse(c.StartDelivery(delivery, 1, 1), NotAllowedInState, state="on chat, which is down")
    driver.advance(60)
    assert (_state(driver, delivery), driver.last(e.DeliveryHeld).delivery) == ("PENDING", delivery)
    _up(driver)
    assert _state(driver, delivery) == "PERMITTED"


def test_what_comes_too_late_expires_and_is_never_sent() -> None:
    driver = _driver(deliveries=Deliveries(expires_after=timedelta(hours=1)))
    delivery = _answered(driver)
    _down(driver)
    driver.advance(3600)
    assert _state(driver, delivery) == "EXPIRED"
    _up(driver)
    assert [event.delivery for event in driver.events(e.DeliveryPermitted)] == [delivery], "from before"


def test_what_nobody_knows_the_outcome_of_is_not_sent_again() -> None:
    driver = _driver()
    delivery = _answered(driver)
    driver.run(c.StartDelivery(delivery, 1, 1), 1)
    driver.run(c.RecordOutcome(delivery, 1, "unknown"), 1)
    _down(driver)
    _up(driver)
    assert (_state(driver, delivery), len(driver.events(e.DeliveryPermitted))) == ("UNKNOWN", 1)


def test_another_account_goes_on() -> None:
    driver = _driver()
    _down(driver, account="other")
    _down(driver, "email")
    assert _state(driver, _answered(driver)) == "PERMITTED"


def test_a_stop_keeps_what_an_outage_kept() -> None:
    driver = _driver()
    driver.run(c.StopSending("wrong", "chat"), 1)
    delivery = _answered(driver)
    _down(driver)
    _up(driver)
    assert _state(driver, delivery) == "PENDING"
    _down(driver)
    driver.run(c.StartSending("chat"), 1)
    driver.advance(1)
    assert _state(driver, delivery) == "PENDING"
    _up(driver)
    assert _state(driver, delivery) == "PERMITTED"


# Reporting


def test_what_is_the_case_already_changes_nothing() -> None:
    driver = _driver()
    _up(driver)
    _down(driver)
    _down(driver)
    assert (len(driver.events(e.ChannelDown)), driver.events(e.ChannelUp)) == (1, [])
    assert driver.engine.view.outages.is_down("chat", "main")
    _up(driver)
    assert not driver.engine.view.outages.is_down("chat", "main")
    assert driver.last(e.ChannelUp).reason == "it answers"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"state": "sick"}, "state"),
        ({"reason": ""}, "reason"),
        ({"account": ""}, "account"),
        ({"for_us": 0}, "for_us"),
        ({"state": "up", "for_us": 5}, "for_us"),
    ],
)
def test_what_makes_no_sense_is_refused(values: dict[str, Any], field: str) -> None:
    told = {"channel": "chat", "account": "main", "state": "down", "reason": "x"} | values
    _driver().refuse(c.ReportChannel(**told), InvalidCommand, field=field)


def test_a_channel_that_nobody_knows_is_refused() -> None:
    _driver().refuse(c.ReportChannel("fax", "main", "down", "x"), UnknownId, kind="channel")


def test_it_is_tried_again_after_a_while() -> None:
    driver = _driver()
    _down(driver, for_us=5 * MINUTE)
    assert driver.last(e.ChannelDown).until_us == driver.engine.now_us + 5 * MINUTE
    driver.advance(298)
    assert not driver.events(e.ChannelUp)
    driver.advance(2)
    assert driver.last(e.ChannelUp).reason == "tried again"


def test_whoever_says_that_it_is_up_is_believed_at_once() -> None:
    driver = _driver()
    _down(driver, for_us=5 * MINUTE)
    _up(driver)
    driver.advance(600)
    assert len(driver.events(e.ChannelUp)) == 1


# Those who wait


def _known(driver: Driver, sender: str, *channels: str) -> str:
    """Somebody who has been in touch on these channels, and waits in chat; the contact there."""
    for channel in channels:
        driver.message(sender, channel, topic="bill")
        driver.run(c.CancelInteraction(driver.last(e.InteractionStarted).interaction, "x"), 1)
    return str(driver.message(sender, "chat", topic="order").interaction)


def test_who_waits_is_written_where_they_have_been_in_touch() -> None:
    driver = _driver()
    chat = _known(driver, "joe", "email")
    _down(driver)
    assert [(name, channel) for name, channel, _ in _invited(driver)] == [(chat, "email")]
    assert driver.last(e.MessageWritten).text == TEXT
    assert driver.last(e.DeliveryPlanned).channel == "email"
    told = driver.last(e.OutageTold)
    assert (told.invited, told.is_done) == (1, True)
    assert driver.engine.view.contacts.interactions[chat].state == "QUEUED", "they keep their place"


def test_who_comes_there_has_waited_as_long_as_they_have() -> None:
    driver = _driver()
    chat = _known(driver, "joe", "email")
    start_us = driver.last(e.InteractionQueued).start_us
    _down(driver)
    driver.advance(60)
    mail = driver.message("joe", "email", invitation="iv1")
    assert (mail.case.id, driver.last(e.InvitationAccepted).interaction) == ("ca2", mail.interaction)
    assert driver.engine.view.routing.items[mail.interaction].start_us == start_us
    linked = driver.last(e.QuestionLinked)
    assert (linked.interaction, linked.to) == (chat, mail.interaction), "where they can be answered"


def test_who_has_been_nowhere_else_waits_on() -> None:
    driver = _driver()
    _known(driver, "joe")
    _down(driver)
    assert (_invited(driver), driver.last(e.OutageTold).invited) == ([], 0)


def test_nobody_is_written_about_a_closed_case() -> None:
    driver = _driver()
    _known(driver, "joe", "email")
    driver.run(c.ResolveCase("ca2"), 1)
    driver.run(c.CloseCase("ca2"), 1)
    _down(driver)
    assert (_invited(driver), driver.last(e.OutageTold).is_done) == ([], True)


def test_nobody_is_written_where_it_is_down_as_well() -> None:
    driver = _driver()
    _known(driver, "joe", "email")
    _down(driver, "email")
    _down(driver)
    assert _invited(driver) == []


def test_they_are_written_where_they_would_rather_be() -> None:
    channels = {**plan().channels, "letter": attrs.evolve(plan().channels["email"])}
    driver = _driver(channels=channels)
    driver.run(c.ReceiveMessage("letter", "main", "l1", person("joe"), topic="bill", text="x"), 1)
    driver.run(c.CancelInteraction("in1", "x"), 1)
    _known(driver, "joe", "email")
    _down(driver)
    assert [channel for _, channel, _ in _invited(driver)] == ["email"], "which is the newest"
    _up(driver)
    driver.run(c.SetPreferences("cu1", ["chat", "letter"]), 1)
    _down(driver)
    assert [channel for _, channel, _ in _invited(driver)] == ["email", "letter"]


@pytest.mark.parametrize(("given", "invited"), [(True, 1), (False, 0), (None, 0)])
def test_they_are_written_only_where_they_consented_to_it(given: bool | None, invited: int) -> None:
    identity = Identity(purposes={"switch": "opt_in"})
    driver = _driver(identity=identity, costs=Costs(purpose="switch"))
    driver.message("joe", "email")
    driver.message("joe", "chat")
    if given is not None:
        driver.run(c.RecordConsent("cu1", "switch", given, "email"), 1)
    _down(driver)
    assert len(_invited(driver)) == invited


def test_without_a_text_nobody_is_written() -> None:
    driver = _driver(None)
    _known(driver, "joe", "email")
    _down(driver)
    assert (_invited(driver), driver.last(e.OutageTold).is_done) == ([], True)


def test_very_many_are_written_in_slices() -> None:
    driver = _driver()
    many = _AT_ONCE + 3
    for number in range(many):
        _known(driver, f"p{number}", "email")
    _down(driver)
    driver.advance(1)
    assert len(_invited(driver)) == many
    slices = [(event.invited, event.is_done) for event in driver.events(e.OutageTold)]
    assert slices == [(_AT_ONCE, False), (3, True)]
    assert len({name for name, _, _ in _invited(driver)}) == many


def test_nobody_else_is_written_once_it_is_up() -> None:
    driver = _driver()
    for number in range(_AT_ONCE + 1):
        _known(driver, f"p{number}", "email")
    driver.run(c.ReportChannel("chat", "main", "down", "x"), 1)
    driver.advance(0)
    driver.run(c.ReportChannel("chat", "main", "up", "x"))
    driver.advance(5)
    assert len(_invited(driver)) <= _AT_ONCE


def test_whoever_an_agent_has_is_not_written_elsewhere() -> None:
    driver = _driver()
    driver.sign_in("ana")
    driver.message("joe", "email", topic="bill")
    driver.run(c.CancelInteraction("in1", "x"), 1)
    driver.answered("joe", "chat", topic="order", thread=thread("a"))
    _down(driver)
    assert _invited(driver) == []


def test_both_engines_agree_about_outages() -> None:
    driver = _driver()
    _known(driver, "joe", "email")
    _down(driver, for_us=DAY)
    for engine in (driver.replayed(), driver.reloaded()):
        assert engine.state_hash() == driver.engine.state_hash()
        assert engine.view.outages.is_down("chat", "main")


def test_a_plan_says_after_how_many_attempts() -> None:
    faults = plan(deliveries=Deliveries(down_after=0, try_after=timedelta())).faults()
    assert [(fault.path, fault.message) for fault in faults if fault.is_error] == [
        ("deliveries.down_after", "must be at least 1"),
        ("deliveries.try_after", "must be longer than nothing"),
    ]


def test_whoever_comes_while_others_are_written_to_is_written_to_as_well() -> None:
    driver = _driver()
    for number in range(_AT_ONCE + 2):
        driver.message(f"c{number}", "chat")
    driver.run(c.ReportChannel("chat", "main", "down", "page"))
    driver.advance(0)
    assert (driver.last(e.OutageTold).after, driver.last(e.OutageTold).is_done) == (_AT_ONCE, False)
    driver.run(c.ReceiveMessage("chat", "main", "late", person("late"), text="Hello?"), 0)
    driver.advance(1)
    assert (driver.last(e.OutageTold).after, driver.last(e.OutageTold).is_done) == (_AT_ONCE + 3, True)


def test_nobody_is_looked_at_who_was_over_before_and_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "_LOOKED_AT", 2)
    driver = _driver()
    for number in range(9):
        _known(driver, f"p{number}", "email")
    for name in list(driver.engine.view.routing.items)[:4]:
        driver.run(c.CancelInteraction(name, "spam"))
    going = sorted(int(name[2:]) for name in driver.engine.view.routing.items)
    _down(driver)
    driver.advance(1)
    ends = [event.after for event in driver.events(e.OutageTold)]
    assert ends == [*range(going[0] + 1, going[-1], 2), going[-1]]
    waiting = [name for name, item in driver.engine.view.routing.items.items() if item.channel == "chat"]
    assert len(_invited(driver)) == len(waiting)
