"""What the actions of rules do: mostly what a command would, decided by the section whose concern it is.

Belongs here: from an action to events. Does not: when it is done, and what becomes of one that cannot be (`firing`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orchestra.engine.actions.decide import SECTION as ACTIONS
from orchestra.engine.cases.decide import SECTION as CASES
from orchestra.engine.contacts.decide import SECTION as CONTACTS
from orchestra.engine.deliveries.decide import conversation_with
from orchestra.engine.deliveries.planning import write
from orchestra.engine.details.decide import SECTION as DETAILS
from orchestra.engine.engagements.decide import SECTION as ENGAGEMENTS
from orchestra.engine.engagements.leading import members_of
from orchestra.engine.invitations.decide import SECTION as INVITATIONS
from orchestra.engine.ownership.decide import SECTION as OWNERSHIP
from orchestra.engine.routing.arriving import required
from orchestra.engine.routing.offers import end_all
from orchestra.engine.rules.scene import Scene
from orchestra.engine.section import Decide, Steps
from orchestra.engine.work.decide import SECTION as WORK
from orchestra.errors import InvalidCommand, NotAllowedInState
from orchestra.model import commands as c, events as e
from orchestra.model.rules import Action

__all__ = ["AT_ONCE", "RULE_KEYS", "act"]

RULE_KEYS = "rule:"
"""The keys of work and actions that a rule asks for begin so; its name and the position of the cause follow."""

AT_ONCE: Mapping[type[e.Event], str] = {e.InteractionAttached: "queue"}
"""Event -> what is done at once when it happens: a contact is routed before it has come to wait anywhere."""

_DECIDE: Mapping[type[c.Command], Decide] = {
    **ACTIONS.decide,
    **CASES.decide,
    **CONTACTS.decide,
    **DETAILS.decide,
    **ENGAGEMENTS.decide,
    **INVITATIONS.decide,
    **OWNERSHIP.decide,
    **WORK.decide,
}


def act(scene: Scene, rule: str, action: Action) -> Steps:
    """The events of an action.

    Raises:
        CommandRefused: it cannot be done as things stand; before the first event.
    """
    return _VERBS[action.do](scene, rule, action)


def _run(scene: Scene, command: c.Command) -> Steps:
    return _DECIDE[type(command)](scene.view, command, scene.at_us)


def _interaction(scene: Scene, verb: str) -> str:
    if scene.interaction not in scene.view.contacts.interactions:
        raise InvalidCommand("interaction", f"there is none to {verb}")
    return scene.interaction


def _case(scene: Scene, verb: str) -> str:
    if scene.case not in scene.view.cases.cases:
        raise InvalidCommand("case", f"there is none to {verb}")
    return scene.case


def _queue(scene: Scene, rule: str, action: Action) -> Steps:
    view, name = scene.view, _interaction(scene, "queue")
    row, queue = view.contacts.interactions[name], action.queue
    assert queue is not None  # the plan is sound
    if row.state == "ARRIVED" and name not in view.callbacks.callbacks:
        yield e.InteractionRouted(name, row.customer, queue, rule)
    elif row.state in ("ACTIVE", "HELD") and row.agent is not None:
        yield from _run(scene, c.TransferInteraction(name, row.agent, queue))
    elif row.state not in ("QUEUED", "OFFERED", "CONNECTING"):
        raise NotAllowedInState(name, row.state, "queue")
    elif row.queue != queue:
        yield from end_all(view, name, "withdraw", f"rule {rule}")
        yield _moved(scene, name, queue)


def _moved(scene: Scene, name: str, queue: str) -> e.InteractionQueued:
    """It waits in another queue, with its age, by what that one asks for and what it needs itself."""
    view = scene.view
    item = view.routing.items[name]
    before, after = view.plan.queues[item.queue], view.plan.queues[queue]
    own = {skill: level for skill, level in item.skills.items() if before.skills.get(skill) != level}
    return e.InteractionQueued(
        name,
        item.customer,
        queue,
        item.channel,
        required(after.skills, own),
        item.priority - before.priority + after.priority,
        item.start_us,
        item.order,
        "rule",
        item.agent,
        first=item.first,
    )


def _raise_priority(scene: Scene, rule: str, action: Action) -> Steps:
    view, name = scene.view, _interaction(scene, "raise_priority")
    item, minutes = view.routing.items.get(name), action.minutes
    if item is None or item.state not in ("WAITING", "OFFERED"):
        raise NotAllowedInState(name, view.contacts.interactions[name].state, "raise_priority")
    assert minutes is not None  # the plan is sound
    if view.routing.standing.is_behind(item):
        yield e.RoutingMoved([name])
    yield e.InteractionPrioritized(name, item.customer, item.queue, item.priority + minutes, rule)


def _hold(scene: Scene, rule: str, action: Action) -> Steps:
    name = _interaction(scene, "hold")
    row = scene.view.contacts.interactions[name]
    if row.agent is None:
        raise NotAllowedInState(name, row.state, "hold")
    return _run(scene, c.HoldInteraction(name, row.agent))


def _acknowledge(scene: Scene, rule: str, action: Action) -> Steps:
    view, case = scene.view, _case(scene, "acknowledge")
    row = view.contacts.interactions.get(scene.interaction or "")
    conversation = row.conversation if row is not None and row.case == case else None
    if conversation is None:
        conversation = conversation_with(view, case, view.cases.cases[case].customer, None)
    customer = view.contacts.conversations[conversation].customer
    assert action.text is not None  # the plan is sound
    yield from write(
        view,
        scene.at_us,
        conversation=conversation,
        case=case,
        customer=customer,
        automatic=True,
        text=action.text,
        topic="acknowledgement",
    )


def _link(scene: Scene, rule: str, action: Action) -> Steps:
    """Link it to the oldest of what else its customer is in touch on."""
    view, name = scene.view, _interaction(scene, "link")
    own = view.engagements
    others = [] if name not in own.members else [other for other in members_of(view, name) if other != name]
    free = [other for other in others if other not in own.linked]
    if not free:
        raise InvalidCommand("to", f"the customer of {name} is in touch on nothing else")
    return _run(scene, c.LinkQuestion(name, min(free, key=lambda other: own.members[other].began)))


def _invite(scene: Scene, rule: str, action: Action) -> Steps:
    assert action.channel is not None  # the plan is sound
    return _run(scene, c.InviteToChannel(action.channel, _interaction(scene, "invite"), text=action.text))


def _escalate(scene: Scene, rule: str, action: Action) -> Steps:
    return _run(scene, c.EscalateCase(_case(scene, "escalate"), f"rule {rule}"))


def _wait(scene: Scene, rule: str, action: Action) -> Steps:
    assert action.on is not None  # the plan is sound
    return _run(scene, c.SetCaseWaiting(_case(scene, "wait"), action.on, rule))


def _assign(scene: Scene, rule: str, action: Action) -> Steps:
    kind, owner = ("team", action.team) if action.team is not None else ("agent", action.agent)
    assert owner is not None  # the plan is sound
    return _run(scene, c.AssignCase(_case(scene, "assign"), kind, owner))


def _open_work_item(scene: Scene, rule: str, action: Action) -> Steps:
    assert action.channel is not None  # the plan is sound
    has_case = scene.case in scene.view.cases.cases
    return _run(
        scene,
        c.OpenWorkItem(
            action.channel,
            f"{RULE_KEYS}{rule}:{scene.cause}",
            scene.case if has_case else None,
            None if has_case else scene.customer,
            queue=action.queue,
            priority=action.minutes or 0,
            title=action.title,
        ),
    )


def _set_field(scene: Scene, rule: str, action: Action) -> Steps:
    assert action.field is not None  # the plan is sound
    about, _, field = action.field.split(".", 2)
    target = scene.name(about)
    if target is None:
        raise InvalidCommand("field", f"there is no {about} to set it of")
    return _run(scene, c.SetFields(target, {field: action.value}))


def _notify(scene: Scene, rule: str, action: Action) -> Steps:
    assert action.team is not None  # the plan is sound
    assert action.text is not None
    name = scene.view.rules.next_notification()
    yield e.TeamNotified(name, action.team, rule, action.text, scene.customer, scene.case, scene.interaction)


def _run_action(scene: Scene, rule: str, action: Action) -> Steps:
    assert action.action is not None  # the plan is sound
    case = scene.case if scene.case in scene.view.cases.cases else None
    key = f"{RULE_KEYS}{rule}:{scene.cause}"
    return _run(scene, c.RequestAction(action.action, key, case, scene.customer, scene.interaction))


_VERBS: Mapping[str, Callable[[Scene, str, Action], Steps]] = {
    "queue": _queue,
    "raise_priority": _raise_priority,
    "hold": _hold,
    "link": _link,
    "invite": _invite,
    "acknowledge": _acknowledge,
    "wait": _wait,
    "assign": _assign,
    "escalate": _escalate,
    "open_work_item": _open_work_item,
    "set_field": _set_field,
    "notify": _notify,
    "run": _run_action,
}
"""What an action does -> how."""
