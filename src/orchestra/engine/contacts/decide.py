"""The life of an interaction after it has come in: hold, reply, transfer, finish, leave, and time passing."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra.engine.bots.limit import check_not_too_often
from orchestra.engine.contacts.intake import (
    already,
    check_channel,
    check_files,
    check_id,
    check_skills,
    check_text,
    check_thread,
    find_or_start,
    receive_contact,
    receive_message,
    received,
    when,
)
from orchestra.engine.contacts.owned import owned
from orchestra.engine.contacts.state import EVOLVE, IDLE, WRAP_UP, Contacts, Conversation, Interaction, taken_key
from orchestra.engine.contacts.wrap_up import check_disposition, check_end, wrap_up_of
from orchestra.engine.deliveries.planning import Beside, check_said, write_all
from orchestra.engine.identity.undeliverable import is_given_up
from orchestra.engine.lifecycle import INTERACTION
from orchestra.engine.routing.offers import end_all
from orchestra.engine.routing.rows import PARK
from orchestra.engine.section import Section, Steps
from orchestra.engine.segments.decide import end
from orchestra.engine.segments.state import OVER
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.results import Written
from orchestra.model.structure import microseconds

__all__ = ["SECTION", "finished", "left", "record_reply"]


def _refuse_work_item(key: str, interaction: Interaction, instead: str) -> None:
    """Refuse what needs somebody at the other end."""
    if interaction.conversation is None:
        raise InvalidCommand("interaction", f"{key} is a work item, with nobody at the other end: {instead}")


def _hold(view: View, command: c.HoldInteraction, at_us: int) -> Steps:
    key, interaction = owned(view, command, command.interaction, command.agent, "hold")
    _refuse_work_item(key, interaction, "leave it as it is")
    yield e.InteractionHeld(key, interaction.customer, command.agent)
    return None


def _retrieve(view: View, command: c.RetrieveInteraction, at_us: int) -> Steps:
    key, interaction = owned(view, command, command.interaction, command.agent, "retrieve")
    yield e.InteractionRetrieved(key, interaction.customer, command.agent)
    return None


def _reply(view: View, command: c.WriteReply, at_us: int) -> Steps:
    # Nobody else's keys begin so: this one is the interaction's own.
    own = None if command.key is None else f"message:{view.interaction(command.interaction)[0]}:{command.key}"
    known = view.deliveries.by_key.get(own or "")
    if known is not None:
        return _same(view, known, command)
    # Whoever could finish it now can write in it.
    key, interaction = owned(view, command, command.interaction, command.agent, "wrap_up", "reply", is_shared=True)
    _refuse_work_item(key, interaction, "SendMessage writes to the customer of its case")
    if command.key == "":
        raise InvalidCommand("key", "must not be empty")
    check_said(command)
    if command.answers is not None:
        check_id("answers", command.answers)
    if command.only_them and (command.media is not None or command.choices is not None):
        raise InvalidCommand("only_them", "is said in words alone: files and choices have no private form")
    assert interaction.case is not None
    assert interaction.conversation is not None
    if is_given_up(view, interaction.conversation):
        raise NotAllowedInState(key, "with somebody who cannot be reached there any more", "reply")
    check_not_too_often(view, key, command.agent, interaction.conversation, at_us)
    return (
        yield from write_all(
            view,
            at_us,
            conversation=interaction.conversation,
            case=interaction.case,
            customer=interaction.customer,
            text=command.text,
            choices=command.choices,
            beside=Beside(command.media, command.template, command.answers, command.only_them),
            interaction=key,
            agent=command.agent,
            key=own,
            digest=command.digest,
        )
    )


def _same(view: View, known: str, command: c.WriteReply) -> Written:
    """What was written before under that key; it was asked for again."""
    row = view.deliveries.deliveries[known]
    if row.digest != command.digest:
        raise InvalidCommand("key", f"{command.key!r} was used for another reply: {known}")
    return Written(row.message, known)


def _finish(view: View, command: c.FinishInteraction, at_us: int) -> Steps:
    key, _ = owned(view, command, command.interaction, command.agent, "wrap_up", "finish")
    check_disposition(view, command.disposition)
    yield from finished(view, key, "agent", command.disposition, at_us)
    return None


def finished(view: View, key: str, by: str, disposition: str | None, at_us: int) -> Iterator[e.Event]:
    """The contact is over; wrap-up follows if the channel has one."""
    interaction = view.contacts.interactions[key]
    agent = interaction.agent
    assert agent is not None  # only interactions in hand finish
    mode, until_us = wrap_up_of(view, view.plan.channels[interaction.channel], agent, at_us)
    yield e.InteractionFinished(key, interaction.customer, agent, by, disposition, until_us, mode)
    if mode is None:
        yield e.InteractionDone(key, interaction.customer, "finished", agent, disposition)


def _finish_wrap_up(view: View, command: c.FinishWrapUp, at_us: int) -> Steps:
    key, interaction = view.interaction(command.interaction)
    segment = view.segments.of(command.agent, key)
    if segment is not None:  # others have it, and what becomes of it is not this agent's to say
        yield from _finish_segment(view, command, segment)
        return None
    if interaction.state != "WRAPPING":
        raise NotAllowedInState(key, interaction.state, "finish_wrap_up")
    owned(view, command, key, command.agent, "end")
    check_disposition(view, command.disposition)
    disposition = command.disposition or interaction.disposition
    check_end(key, interaction.wrap_up, view.timers.get(WRAP_UP, key), disposition)
    yield e.InteractionDone(key, interaction.customer, "finished", command.agent, disposition)
    return None


def _finish_segment(view: View, command: c.FinishWrapUp, segment: str) -> Iterator[e.Event]:
    row = view.segments.segments[segment]
    check_disposition(view, command.disposition)
    check_end(row.interaction, row.wrap_up, view.timers.get(OVER, segment), command.disposition)
    yield end(view, segment, "finished", command.disposition)


def _transfer(view: View, command: c.TransferInteraction, at_us: int) -> Steps:
    key, interaction = owned(view, command, command.interaction, command.agent, "queue", "transfer")
    if command.queue not in view.plan.queues:
        raise UnknownId("queue", command.queue)
    turns_away = view.plan.queues[command.queue].when_closed == "turn_away"
    if turns_away and interaction.live and view.hours.is_closed(command.queue):
        raise InvalidCommand("queue", f"{command.queue} is closed, and turns away who waits on the line")
    check_skills(view, command.skills)
    skills = dict(sorted(command.skills.items()))
    yield e.InteractionTransferred(key, interaction.customer, command.agent, command.queue, skills)
    return None


def _leave(view: View, command: c.LeaveContact, at_us: int) -> Steps:
    key, interaction = view.interaction(command.interaction)
    _refuse_work_item(key, interaction, "CancelInteraction ends it")
    if key in view.callbacks.callbacks:  # its customer is not on the line yet
        raise NotAllowedInState(key, interaction.state, "leave")
    if not INTERACTION.allows(interaction.state, "wrap_up") and key not in view.engagements.linked:
        INTERACTION.step(key, interaction.state, "leave")
    yield from left(view, key, at_us)
    return None


def left(view: View, key: str, at_us: int) -> Iterator[e.Event]:
    """The customer of a live contact has gone: abandoned if nobody had answered, else over for the agent, too."""
    interaction = view.contacts.interactions[key]
    if INTERACTION.allows(interaction.state, "wrap_up"):
        yield from finished(view, key, "customer", None, at_us)
        return
    if key in view.engagements.linked:  # they wait on, elsewhere
        yield e.InteractionDone(key, interaction.customer, "left_linked", None)
        return
    waited_us = max(0, at_us - view.routing.items[key].start_us)
    is_short = waited_us < microseconds(view.plan.channels[interaction.channel].short_abandon)
    yield from end_all(view, key, "customer_leave", None)
    yield e.InteractionAbandoned(key, interaction.customer, waited_us, is_short)


def _cancel(view: View, command: c.CancelInteraction, at_us: int) -> Steps:
    key, interaction = view.interaction(command.interaction)
    INTERACTION.step(key, interaction.state, "cancel")
    yield from end_all(view, key, "withdraw", command.reason)
    yield e.InteractionCanceled(key, interaction.customer, command.reason)
    return None


def _record_reply(view: View, command: c.RecordReply, at_us: int) -> Steps:
    check_channel(view, command.channel)
    check_id("id", command.message_id)
    check_id("account", command.account)
    check_thread(command.thread)
    check_text(command.text)
    check_files(command.media)
    check_disposition(view, command.disposition)
    taken = already(view, command.channel, command.account, command.message_id)
    if taken is not None:
        return received(view, taken, is_duplicate=True)
    occurred_us = when(view, command.channel, command.occurred_us, at_us)
    return (yield from record_reply(view, command, None, occurred_us))


def record_reply(view: View, command: c.RecordReply, about: str | None, occurred_us: int) -> Steps:
    """Record an answer that was not taken before, about a case if one is given; gives `Received`."""
    recipient, conversation = yield from find_or_start(view, command, command.recipient)
    row = view.contacts.conversations[conversation]
    if about is None and (row.case is None or view.cases.row(row.case).state == "CLOSED"):
        yield from _case_for_reply(view, conversation)
    case = about or row.case
    assert case is not None
    message = view.contacts.next_id("message", "me")
    yield e.ReplyRecorded(
        message,
        case,
        recipient,
        command.channel,
        command.account,
        command.message_id,
        conversation,
        row.messages + 1,
        occurred_us,
        command.resolve,
        row.interaction if about is None else _answered(view, row, about),
        command.agent,
        command.disposition,
        command.text,
        command.media,
    )
    key = taken_key(command.channel, command.account, command.message_id)
    return received(view, view.contacts.taken[key], is_duplicate=False)


def _answered(view: View, row: Conversation, case: str) -> str | None:
    """The interaction of a case that is answered by writing into a conversation, which may be about another by now."""
    newest = row.interaction
    if newest is not None and view.contacts.interactions[newest].case == case:
        return newest
    return view.contacts.newest.get((case, row.customer, row.channel))


def _case_for_reply(view: View, conversation: str) -> Iterator[e.Event]:
    """An answer without a question, or to a closed case: it has a case of its own."""
    row = view.contacts.conversations[conversation]
    case, number = view.cases.next_case()
    queue = view.plan.queue_of(row.channel, row.account)
    team, late = view.plan.queues[queue].team, None if row.case is None else view.cases.root(row.case)
    yield e.CaseOpened(case, number, row.customer, "team", team, queue, None, conversation, late)


def _on_reply_recorded(view: View, event: e.ReplyRecorded, at_us: int) -> Iterator[e.Event]:
    """Whoever waited in that conversation has been answered."""
    if event.interaction is None:
        return
    interaction = view.contacts.interactions[event.interaction]
    is_left_behind = view.timers.get(PARK, event.interaction) is not None  # whoever had it in hand is gone
    if interaction.state not in ("QUEUED", "OFFERED", "CONNECTING", "LINKED", "DEFERRED") and not is_left_behind:
        return
    yield from end_all(view, event.interaction, "withdraw", "answered elsewhere")
    yield e.InteractionDone(
        event.interaction, interaction.customer, "answered_elsewhere", event.agent, event.disposition
    )


def _on_agent_gone(view: View, event: e.AgentSignedOut | e.AgentLost, at_us: int) -> Iterator[e.Event]:
    """Wrap-up ends with its agent."""
    for key in sorted(view.routing.in_hand.get(event.agent, ())):
        interaction = view.contacts.interactions[key]
        if interaction.state == "WRAPPING":
            yield e.InteractionDone(key, interaction.customer, "agent_left", event.agent, interaction.disposition)


def _idle(view: View, key: str, at_us: int) -> Iterator[e.Event]:
    interaction = view.contacts.interactions[key]
    assert interaction.agent is not None  # only answered interactions have this timer
    yield e.InteractionFinished(key, interaction.customer, interaction.agent, "idle")
    yield e.InteractionDone(key, interaction.customer, "idle", interaction.agent)


def _wrapped_up(view: View, key: str, at_us: int) -> Iterator[e.Event]:
    interaction = view.contacts.interactions[key]
    yield e.InteractionDone(key, interaction.customer, "finished", interaction.agent, interaction.disposition)


SECTION = Section(
    "contacts",
    Contacts,
    {
        c.ReceiveMessage: receive_message,
        c.ReceiveContact: receive_contact,
        c.HoldInteraction: _hold,
        c.RetrieveInteraction: _retrieve,
        c.WriteReply: _reply,
        c.FinishInteraction: _finish,
        c.FinishWrapUp: _finish_wrap_up,
        c.TransferInteraction: _transfer,
        c.LeaveContact: _leave,
        c.CancelInteraction: _cancel,
        c.RecordReply: _record_reply,
    },
    EVOLVE,
    {
        e.ReplyRecorded: _on_reply_recorded,
        e.AgentSignedOut: _on_agent_gone,
        e.AgentLost: _on_agent_gone,
    },
    {IDLE: _idle, WRAP_UP: _wrapped_up},
)
