"""Writing a message and planning its delivery, in one step."""

from __future__ import annotations

from orchestra.engine.section import Steps
from orchestra.engine.view import View
from orchestra.model import events as e
from orchestra.model.identity import SERVICE
from orchestra.model.results import Written
from orchestra.model.structure import microseconds

__all__ = ["write"]


def write(
    view: View,
    at_us: int,
    *,
    conversation: str,
    case: str,
    customer: str,
    text: str,
    interaction: str | None = None,
    agent: str | None = None,
    key: str | None = None,
    topic: str = "reply",
    digest: str | None = None,
    purpose: str = SERVICE,
    subject: str | None = None,
    automatic: bool = False,
) -> Steps:
    """Write a message into a conversation and plan its delivery; gives `Written`.

    Without a key of the caller's the message's own id is the key.
    """
    row = view.contacts.conversations[conversation]
    message, delivery = view.contacts.next_id("message", "me"), view.deliveries.next_delivery()
    body = view.position + 1  # where the next event, which holds the text, will stand
    yield e.MessageWritten(message, case, customer, conversation, row.messages + 1, interaction, agent, text)
    yield e.DeliveryPlanned(
        delivery,
        key or f"message:{message}",
        message,
        case,
        customer,
        row.channel,
        row.account,
        conversation,
        topic,
        body,
        at_us + microseconds(view.plan.deliveries.expires_after),
        interaction,
        digest,
        purpose,
        subject,
        automatic,
    )
    return Written(message, delivery)
