"""Trying deliveries until they end: permits, outcomes, retries, and the operator's stop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestra.engine.bots.limit import check_not_too_often
from orchestra.engine.contacts.intake import check_id
from orchestra.engine.contacts.owned import owned
from orchestra.engine.deliveries.amending import correct, react, take_back
from orchestra.engine.deliveries.pace import RATE
from orchestra.engine.deliveries.planning import (
    SAID_AT_ONCE,
    Beside,
    check_said,
    conversation_with,
    recipient,
    write_all,
)
from orchestra.engine.deliveries.receipts import given_up, overtaken, record_receipt, record_watermark
from orchestra.engine.deliveries.state import (
    DUE,
    EVOLVE,
    EXPIRY,
    HUSH,
    PERMIT,
    RELEASE,
    SLICE,
    TALKING,
    Deliveries,
    Delivery,
    scope_key,
)
from orchestra.engine.deliveries.window import turned_away
from orchestra.engine.engagements.leading import talks_with
from orchestra.engine.identity.consent import is_allowed
from orchestra.engine.identity.undeliverable import UNDELIVERABLE, is_given_up
from orchestra.engine.lifecycle import DELIVERY
from orchestra.engine.notices.checks import stays
from orchestra.engine.notices.state import RECALLED
from orchestra.engine.notices.telling import told_by
from orchestra.engine.outages.state import account_key
from orchestra.engine.section import SLICE_PAUSE_US, Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import actor_kind, actor_name
from orchestra.model.identity import SERVICE
from orchestra.model.limits import line_fault
from orchestra.model.results import Written
from orchestra.model.structure import microseconds

__all__ = ["SECTION", "conversation_with"]

LetGo = e.InteractionFinished | e.InteractionDone | e.InteractionQueued | e.InteractionCanceled | e.TransferCompleted

_LONGEST_RETRY_AFTER_US = 24 * 3600 * 1_000_000
_PERMITS = 50
"""Given at once over one account."""
_PEOPLE = ("agent", "bot", "operator")
"""Whose messages are somebody's answer. What the application sends by itself is not."""
_OUTCOMES = ("accepted", "retry", "failed", "unknown")


def _send(view: View, command: c.SendMessage, at_us: int) -> Steps:
    case_id, case = view.case(command.case)
    person = case.customer if command.to is None else recipient(view, case_id, case, command.to)
    check_said(command)
    if command.title is not None and (fault := line_fault(command.title)) is not None:
        raise InvalidCommand("title", fault)
    if not command.key or command.key.startswith("message:"):
        raise InvalidCommand("key", "must not be empty, nor begin with 'message:', which replies use")
    if command.purpose != SERVICE and command.purpose not in view.plan.identity.purposes:
        raise InvalidCommand("purpose", f"must be {SERVICE} or one of the plan's purposes")
    known = view.deliveries.by_key.get(command.key)
    if known is not None:
        return _same(view, known, case_id, person, command)
    if command.subject is not None:
        _check_subject(view, command.subject)
    conversation = conversation_with(view, case_id, person, command.channel)
    row = view.contacts.conversations[conversation]
    if not is_allowed(view, row.customer, row.channel, command.purpose):
        raise NotAllowedInState(row.customer, f"without consent to {command.purpose} on {row.channel}", "send")
    check_not_too_often(view, conversation, _bot(command.actor or ""), conversation, at_us)
    return (
        yield from write_all(
            view,
            at_us,
            conversation=conversation,
            case=case_id,
            customer=view.contacts.conversations[conversation].customer,
            text=command.text,
            title=command.title,
            choices=command.choices,
            beside=Beside(command.media, command.template),
            agent=_bot(command.actor or ""),
            key=command.key,
            topic=command.topic,
            digest=command.digest,
            purpose=command.purpose,
            subject=command.subject,
            automatic=actor_kind(command.actor or "system") not in _PEOPLE,
        )
    )


def _bot(actor: str) -> str | None:
    """The bot that writes, as one that replies in a contact; people who write to a case may be anybody."""
    return actor_name(actor) if actor_kind(actor) == "bot" else None


def _check_subject(view: View, subject: str) -> None:
    """Refuse to tell a customer of what two statements contradict each other in: one of both is wrong."""
    check_id("subject", subject)
    conflict = view.commitments.frozen_by(subject)
    if conflict is not None:
        raise NotAllowedInState(subject, f"in conflict {conflict}", "send_message")


def _same(view: View, known: str, case: str, person: str, command: c.SendMessage) -> Written:
    row = view.deliveries.deliveries[known]
    said = view.cases.root(row.case), row.topic, row.digest, row.purpose, row.subject
    is_theirs = view.identity.is_same(row.customer, person)
    if not is_theirs or said != (case, command.topic, command.digest, command.purpose, command.subject):
        raise InvalidCommand("key", f"{command.key!r} was used for another message: {known}")
    return Written(row.message, known)


def _start(view: View, command: c.StartDelivery, at_us: int) -> Steps:
    row = view.delivery(command.delivery)
    DELIVERY.step(command.delivery, row.state, "start")
    if command.attempt != row.attempts + 1:
        raise InvalidCommand("attempt", f"the permit is for attempt {row.attempts + 1}")
    if view.deliveries.is_stopped(row.channel, row.topic):
        raise NotAllowedInState(command.delivery, "stopped by an operator", "start")
    if view.deliveries.is_down(row):
        raise NotAllowedInState(command.delivery, f"on {row.channel}, which is down", "start")
    if not is_allowed(view, row.customer, row.channel, row.purpose):
        raise NotAllowedInState(command.delivery, "without consent", "start")
    if row.is_outdated:
        raise NotAllowedInState(command.delivery, "outdated by a correction", "start")
    if is_given_up(view, row.conversation):
        raise NotAllowedInState(command.delivery, UNDELIVERABLE, "start")
    if command.wording != row.wording:
        raise NotAllowedInState(command.delivery, "corrected meanwhile", "start")
    if row.subject in view.deliveries.frozen:
        raise NotAllowedInState(command.delivery, f"about {row.subject}, in {_conflict(view, row)}", "start")
    if _is_hushed(view, row):
        raise NotAllowedInState(command.delivery, "while somebody talks with its customer", "start")
    reason = stays(view, command.delivery, at_us)
    if reason is not None:
        raise NotAllowedInState(command.delivery, f"a notice that must not leave now: {reason}", "start")
    if view.deliveries.token_at(row.channel, row.account, at_us) > at_us:
        raise NotAllowedInState(command.delivery, f"faster than {row.channel} takes", "start")
    yield e.DeliveryStarted(command.delivery, row.customer, command.attempt, command.epoch)
    return None


def _outcome(view: View, command: c.RecordOutcome, at_us: int) -> Steps:
    row = view.delivery(command.delivery)
    if command.outcome not in _OUTCOMES:
        raise InvalidCommand("outcome", f"must be one of {', '.join(_OUTCOMES)}")
    if row.state != "STARTED" or command.attempt != row.attempts:
        raise NotAllowedInState(command.delivery, f"{row.state} at attempt {row.attempts}", "record_outcome")
    if command.outcome == "accepted":
        yield e.DeliveryAccepted(
            command.delivery, row.customer, command.attempt, _own_ids(view, row, command), command.lost
        )
    elif command.outcome == "failed":
        if command.is_undeliverable:
            yield from given_up(view, command.delivery, command.code, None)
        yield e.DeliveryFailed(command.delivery, row.customer, command.attempt, command.code)
    elif command.outcome == "unknown" and not command.safe_to_repeat:
        yield e.DeliveryUnknown(command.delivery, row.customer, command.attempt, command.code)
    else:
        yield _again(view, command.delivery, row, command.code or command.outcome, command.retry_after_us, at_us)
    return None


def _own_ids(view: View, row: Delivery, command: c.RecordOutcome) -> list[str]:
    """The provider's ids of it; what changes a message may be told under the id of that, which stays the message's."""
    known = () if row.act is None else view.deliveries.by_provider_id
    return [one for one in command.provider_ids if (row.channel, row.account, one) not in known]


def _again(
    view: View, name: str, row: Delivery, code: str | None, retry_after_us: int | None, at_us: int
) -> e.DeliveryRetried | e.DeliveryFailed:
    """Another attempt after a full-jitter back-off (Brooker 2015, "Exponential Backoff And Jitter"), or the end.

    What a provider asks to wait comes before it: all that it turned away at once must not come back at once.
    """
    limits = view.plan.deliveries
    if row.attempts >= limits.attempts:
        return e.DeliveryFailed(name, row.customer, row.attempts, code)
    ceiling = min(
        microseconds(limits.longest_retry),
        microseconds(limits.first_retry) << min(row.attempts - 1, 40),
    )
    wait_us = view.draw(ceiling + 1, "retry", name, row.attempts)
    if retry_after_us is not None:
        wait_us += min(max(retry_after_us, 0), _LONGEST_RETRY_AFTER_US)
    return e.DeliveryRetried(name, row.customer, row.attempts, at_us + wait_us, code)


def _recover(view: View, command: c.RecoverDelivery, at_us: int) -> Steps:
    row = view.delivery(command.delivery)
    if row.state != "STARTED" or row.epoch >= command.epoch:
        raise NotAllowedInState(command.delivery, f"{row.state} in epoch {row.epoch}", "recover")
    if command.safe_to_repeat:
        yield _again(view, command.delivery, row, "owner_lost", None, at_us)
    else:
        yield e.DeliveryUnknown(command.delivery, row.customer, row.attempts, "owner_lost")
    return None


def _cancel(view: View, command: c.CancelDelivery, at_us: int) -> Steps:
    row = view.delivery(command.delivery)
    DELIVERY.step(command.delivery, row.state, "cancel")
    yield e.DeliveryCanceled(command.delivery, row.customer, command.reason)
    return None


def _stop(view: View, command: c.StopSending, at_us: int) -> Steps:
    if command.channel is not None and command.channel not in view.plan.channels:
        raise UnknownId("channel", command.channel)
    if command.topic in ("", "*"):
        raise InvalidCommand("topic", "must name a topic, or be left out for all of them")
    if scope_key(command.channel, command.topic) not in view.deliveries.stops:
        yield e.SendingStopped(command.channel, command.topic, command.reason)
    return None


def _start_sending(view: View, command: c.StartSending, at_us: int) -> Steps:
    if scope_key(command.channel, command.topic) not in view.deliveries.stops:
        raise NotAllowedInState("sending of this scope", "not stopped", "start")
    yield e.SendingStarted(command.channel, command.topic)
    return None


def _resume(view: View, command: c.ResumeDeliveries, at_us: int) -> Steps:
    if (command.channel, command.account) in view.deliveries.lapsed:
        yield e.DeliveriesResumed(command.channel, command.account)
    return None


def _permit(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    row = view.deliveries.deliveries[name]
    if at_us >= row.expires_us:
        yield e.DeliveryExpired(name, row.customer)
    elif (reason := stays(view, name, at_us)) is not None:
        yield e.DeliveryCanceled(name, row.customer, f"{RECALLED}{reason}")
    elif not is_allowed(view, row.customer, row.channel, row.purpose):
        yield e.DeliveryCanceled(name, row.customer, "no consent")
    elif row.is_outdated:
        yield e.DeliveryCanceled(name, row.customer, "corrected")
    elif is_given_up(view, row.conversation):
        yield e.DeliveryCanceled(name, row.customer, UNDELIVERABLE)
    elif view.deliveries.is_kept(row):
        yield e.DeliveryHeld(name, row.customer, _conflict(view, row))
    elif _is_hushed(view, row):
        yield e.DeliveryHeld(name, row.customer, TALKING)
    elif _must_wait(view, row, at_us):
        yield e.DeliverySpread(name, row.customer)
    else:
        until_us = at_us + microseconds(view.plan.deliveries.permit)
        yield e.DeliveryPermitted(name, row.customer, row.attempts + 1, until_us)


def _must_wait(view: View, row: Delivery, at_us: int) -> bool:
    """Whether a delivery waits until its account takes more, or behind what waits for that already."""
    own = view.deliveries
    if not own.has_room(row.channel, row.account, at_us):
        return True
    return not row.waits and own.goes_before(account_key(row.channel, row.account), automatic=row.automatic)


def _take_more(view: View, key: str, at_us: int) -> Iterator[e.Event]:
    """Permit what waits over an account as far as it takes more; people's words first."""
    own, (channel, _, account) = view.deliveries, key.partition("\x1f")
    for _ in range(_PERMITS):
        name = own.first_waiting(key)
        if name is None or not own.has_room(channel, account, at_us):
            break
        yield from _permit(view, name, at_us)
    next_us = own.room_at(channel, account, at_us) if own.first_waiting(key) is not None else None
    yield e.AccountPaced(channel, account, at_us + SLICE_PAUSE_US if next_us == at_us else next_us)


def _is_hushed(view: View, row: Delivery) -> bool:
    """Whether a delivery that nobody wrote waits until nobody talks with its customer any more."""
    rules = view.plan.engagements
    return (
        row.automatic
        and row.notice is None  # it says itself when it must not leave
        and rules.hold_automation
        and row.topic not in SAID_AT_ONCE
        and row.topic not in rules.never_held
        and talks_with(view, view.identity.group(row.customer)) is not None
    )


def _tell_now(view: View, command: c.TellNow, at_us: int) -> Steps:
    key, interaction = owned(view, command, command.interaction, command.agent, "wrap_up", "tell_now", is_shared=True)
    if command.delivery in view.notices.notices:
        yield from told_by(view, command.delivery, command.agent, key)
        return None
    row = view.delivery(command.delivery)
    if not row.is_hushed:
        raise NotAllowedInState(command.delivery, row.state, "tell_now")
    if not view.identity.is_same(row.customer, interaction.customer):
        raise InvalidCommand("delivery", f"{command.delivery} is for somebody else")
    yield e.DeliveryCanceled(command.delivery, row.customer, "told")
    return None


def _on_let_go(view: View, event: LetGo, at_us: int) -> Iterable[e.Event]:
    return _silence(view, event.customer, at_us) if view.deliveries.hushed else ()


def _on_split(view: View, event: e.CustomersSplit, at_us: int) -> Iterator[e.Event]:
    """Somebody talks with one of the two, and not with the other."""
    for customer in (event.customer, event.other):
        yield from _silence(view, customer, at_us)


def _on_agent_defined(view: View, event: e.AgentDefined, at_us: int) -> Iterator[e.Event]:
    """Whoever is a bot from now on talks with nobody."""
    if event.kind == "bot" and view.deliveries.hushed:
        for interaction in sorted(view.routing.in_hand.get(event.agent, ())):
            yield from _silence(view, view.contacts.interactions[interaction].customer, at_us)


def _silence(view: View, customer: str, at_us: int) -> Iterator[e.Event]:
    """What was held while somebody talked with a customer leaves a while after they have stopped."""
    ids = view.identity.group(customer)
    if talks_with(view, ids) is not None:
        return
    until_us = at_us + microseconds(view.plan.engagements.cool_down)
    for one in ids:
        if one in view.deliveries.hushed:
            yield e.TalkEnded(one, until_us)


def _hush_over(view: View, customer: str, at_us: int) -> Iterator[e.Event]:
    hushed = view.deliveries.hushed.get(customer, {})
    names = sorted(hushed, key=lambda name: int(name[2:]))[:SLICE]
    yield e.AutomationResumed(customer, names, len(hushed) > SLICE)


def _conflict(view: View, row: Delivery) -> str | None:
    """What is told of a delivery that an open conflict or an outage keeps; None if neither does."""
    if view.deliveries.is_down(row):
        return "channel down"
    conflict = None if row.subject is None else view.commitments.frozen_by(row.subject)
    return None if conflict is None else f"conflict {conflict}"


def _on_planned(
    view: View, event: e.DeliveryPlanned | e.CallSteered | e.MessageAmended, at_us: int
) -> Iterator[e.Event]:
    if event.delivery is not None and view.deliveries.is_first(event.delivery):
        yield from _permit(view, event.delivery, at_us)


def _permit_over(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    """Nobody used the permit: the attempt does not count, and is permitted anew; after ever longer gaps, since an
    account that is not connected may stay so for days.
    """
    row = view.deliveries.deliveries[name]
    if row.is_outdated:
        yield e.DeliveryCanceled(name, row.customer, "corrected")
    elif (reason := stays(view, name, at_us)) is not None:
        yield e.DeliveryCanceled(name, row.customer, f"{RECALLED}{reason}")
    elif is_given_up(view, row.conversation):
        yield e.DeliveryCanceled(name, row.customer, UNDELIVERABLE)
    elif view.deliveries.is_kept(row):
        yield e.DeliveryHeld(name, row.customer, _conflict(view, row))
    elif _is_hushed(view, row):
        yield e.DeliveryHeld(name, row.customer, TALKING)
    else:
        limits = view.plan.deliveries
        gap_us = min(microseconds(limits.longest_retry), microseconds(limits.permit) * (2 ** min(row.lapses, 40) - 1))
        yield e.DeliveryRetried(name, row.customer, row.attempts, at_us + gap_us, "permit_unused")


def _expire(view: View, name: str, at_us: int) -> Iterator[e.Event]:
    yield e.DeliveryExpired(name, view.deliveries.deliveries[name].customer)


def _release(view: View, _: str, at_us: int) -> Iterator[e.Event]:
    for name in [name for name, _ in zip(view.deliveries.to_release, range(SLICE), strict=False)]:
        row = view.deliveries.deliveries[name]
        is_free = not row.is_outdated and not view.deliveries.is_kept(row) and not _is_hushed(view, row)
        if row.conversation in view.deliveries.line and is_free:
            yield e.DeliveryReleased(name, row.customer)
        else:
            yield from _permit(view, name, at_us)


SECTION = Section(
    "deliveries",
    Deliveries,
    {
        c.SendMessage: _send,
        c.CorrectMessage: correct,
        c.TakeBackMessage: take_back,
        c.SendReaction: react,
        c.StartDelivery: _start,
        c.RecordOutcome: _outcome,
        c.RecoverDelivery: _recover,
        c.RecordReceipt: record_receipt,
        c.RecordWatermark: record_watermark,
        c.CancelDelivery: _cancel,
        c.TellNow: _tell_now,
        c.StopSending: _stop,
        c.StartSending: _start_sending,
        c.ResumeDeliveries: _resume,
    },
    EVOLVE,
    {
        e.DeliveryPlanned: _on_planned,
        e.CallSteered: _on_planned,
        e.MessageAmended: _on_planned,
        e.DeliveryAccepted: overtaken,
        e.DeliveryFailed: turned_away,
        e.ReceiptRecorded: turned_away,
        e.InteractionFinished: _on_let_go,
        e.InteractionDone: _on_let_go,
        e.InteractionQueued: _on_let_go,
        e.InteractionCanceled: _on_let_go,
        e.TransferCompleted: _on_let_go,
        e.CustomersSplit: _on_split,
        e.AgentDefined: _on_agent_defined,
    },
    {DUE: _permit, PERMIT: _permit_over, EXPIRY: _expire, RELEASE: _release, HUSH: _hush_over, RATE: _take_more},
)
