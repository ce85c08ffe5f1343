from __future__ import annotations

from tests.engine_driver import Driver

from orchestra.model import commands as c, events as e


def test_the_body_is_where_the_text_stands_wherever_the_batch_begins() -> None:
    driver = Driver()
    driver.sign_in("ana")
    got = driver.answered()
    for number in range(3):
        driver.run(c.WriteReply(got.interaction, "ana", f"text {number}"), 1)
        driver.run(c.SendMessage(got.case.id, f"k{number}", text=f"news {number}"), 1)
    for planned in driver.events(e.DeliveryPlanned):
        written = driver.log[planned.body - 1].event
        assert isinstance(written, e.MessageWritten)
        assert (written.message, written.case, written.conversation) == (
            planned.message,
            planned.case,
            planned.conversation,
        )
    assert [event.number for event in driver.events(e.MessageWritten)] == [2, 3, 4, 5, 6, 7]


def test_keys_of_replies_are_their_messages() -> None:
    driver = Driver()
    driver.sign_in("ana")
    got = driver.answered()
    driver.sent(got)
    driver.sent(got)
    assert [event.key for event in driver.events(e.DeliveryPlanned)] == ["message:me2", "message:me3"]
