"""Who may ask what: every command has an actor, checked against the kind of actor and the plan's roles."""

from __future__ import annotations

from orchestra.engine.contacts.state import Interaction
from orchestra.engine.presence.state import Agent
from orchestra.engine.view import View
from orchestra.errors import Fault, InvalidCommand, NotPermitted
from orchestra.model import commands as c
from orchestra.model.addresses import Actor, actor_kind, actor_name
from orchestra.model.plan import Plan
from orchestra.model.roles import Role

__all__ = ["authorize", "covers_others", "granting_roles", "may_also", "role_faults"]

_OWN_WORK: frozenset[type[c.Command]] = frozenset(
    {
        c.SignIn,
        c.SignOut,
        c.SetAway,
        c.SetAvailable,
        c.AcceptOffer,
        c.DeclineOffer,
        c.ConfirmConnected,
        c.ReportSetupFailed,
        c.HoldInteraction,
        c.RetrieveInteraction,
        c.WriteReply,
        c.TellNow,
        c.FinishInteraction,
        c.FinishWrapUp,
        c.TransferInteraction,
        c.HandOver,
        c.ReportCallback,
        c.AskConsult,
        c.ConsultQueue,
        c.AcceptConsult,
        c.DeclineConsult,
        c.EndConsult,
        c.LeaveConsult,
        c.MergeConsult,
        c.CompleteTransfer,
        c.TransferToAgent,
        c.AcceptHandOff,
        c.DeclineHandOff,
    }
)
"""Commands that an agent gives for themself: the agent they name is the actor unless another is given."""

_SUPERVISION: frozenset[type[c.Command]] = frozenset(
    {c.MonitorInteraction, c.StopMonitoring, c.Whisper, c.BargeIn, c.TakeOver}
)
"""Commands that an agent gives for themself, too, but only if a role of theirs names them."""

_FOR_THEMSELVES = _OWN_WORK | _SUPERVISION

_CASE_WORK: frozenset[type[c.Command]] = frozenset(
    {
        c.OpenCase,
        c.OpenWorkItem,
        c.SetCaseWaiting,
        c.ResumeCase,
        c.ResolveCase,
        c.ReopenCase,
        c.AssignCase,
        c.OfferHandOff,
        c.WithdrawHandOff,
        c.EscalateCase,
        c.PauseClock,
        c.ResumeClock,
        c.RaiseFinding,
        c.AcknowledgeFinding,
        c.AddRef,
        c.SetFields,
        c.SendMessage,
        c.CorrectMessage,
        c.TakeBackMessage,
        c.SendReaction,
        c.PlanNotice,
        c.CancelNotice,
        c.RequestAction,
        c.MakeCommitment,
        c.WithdrawCommitment,
        c.TellFact,
        c.SetCaseType,
        c.AdvanceCase,
        c.MakePromise,
        c.RevisePromise,
        c.WithdrawPromise,
        c.LinkQuestion,
        c.UnlinkQuestion,
        c.LinkToIncident,
        c.UnlinkFromIncident,
        c.FlagIncidentCase,
        c.InviteToChannel,
        c.WithdrawInvitation,
    }
)

_MATTERS: frozenset[type[c.Command]] = frozenset(
    {
        c.MergeCases,
        c.UnmergeCase,
        c.SplitCase,
        c.MoveInteraction,
        c.AcceptCaseSuggestion,
        c.DismissCaseSuggestion,
    }
)
"""What people see: which contacts are about one matter."""

_CALLBACKS: frozenset[type[c.Command]] = frozenset(
    {c.RequestCallback, c.ScheduleCallback, c.RescheduleCallback, c.CancelCallback}
)

_WISHES: frozenset[type[c.Command]] = frozenset(
    {
        c.RecordConsent,
        c.SetPreferences,
        c.SetCustomerZone,
        c.SetCustomerLanguage,
        c.SetCustomerForm,
        c.SetCustomerHours,
        c.SetNoticePreference,
    }
)
"""What a customer told of how and when they want to be addressed."""

_TOLD: frozenset[type[c.Command]] = _WISHES | {c.LinkAddress, c.VerifyContact}
"""What a customer told of who they are and what they want."""

_IDENTITY: frozenset[type[c.Command]] = _TOLD | {
    c.ConfirmAddress,
    c.UnlinkAddress,
    c.MergeCustomers,
    c.DismissMerge,
    c.SplitCustomers,
    c.SettleTriage,
    c.SetParticipant,
    c.RemoveParticipant,
}

_INBOUND: frozenset[type[c.Command]] = frozenset({c.ReceiveMessage, c.ReceiveContact, c.LeaveContact}) | _CALLBACKS

_HEARD: frozenset[type[c.Command]] = frozenset(
    {
        *(c.EditMessage, c.RetractMessage, c.ReactToMessage, c.RecordAutoReply, c.TakeConsent),
        *(c.AskCall, c.EndCall, c.PressKeys, c.ReportLeg),
    }
)
"""What customers cause and only their providers can know to be theirs: nobody else may say so in their name."""

_MAY: dict[str, frozenset[type[c.Command]] | None] = {
    "agent": _OWN_WORK | _CASE_WORK | _MATTERS | _CALLBACKS | _IDENTITY | {c.SettleConflict},
    "bot": _OWN_WORK | _CASE_WORK | _CALLBACKS | _TOLD,
    "customer": _INBOUND | _WISHES,
    "back_office": _CASE_WORK
    | _MATTERS
    | _CALLBACKS
    | _IDENTITY
    | {c.EraseCustomer, c.CloseCase, c.RecordReply, c.ReportFact, c.OpenIncident, c.UpdateIncident, c.LinkMatching},
    "operator": None,
    "system": None,
}
"""Kind of actor -> what it may ask without a role of its own; None for everything."""

_NAMES = {command.__name__: command for command in c.COMMANDS}


def authorize(view: View, command: c.Command) -> Actor:
    """The actor of a command, who may give it.

    Raises:
        InvalidCommand: the actor is of no known kind.
        NotPermitted: they may not.
    """
    actor = command.actor
    if actor is None:
        return _default(view, command)
    kind, name = actor_kind(actor), actor_name(actor)
    if kind not in _MAY:
        raise InvalidCommand("actor", f"must be one of {', '.join(_MAY)}, then a colon and a name")
    allowed = _MAY[kind]
    if allowed is None:
        return actor
    if kind in ("agent", "bot"):
        _authorize_agent(view, command, actor, name, allowed)
    elif type(command) not in allowed:
        raise NotPermitted(actor, type(command).__name__, f"not for a {kind.replace('_', ' ')}")
    elif kind == "customer" and name:
        _authorize_customer(view, command, actor, name)
    return actor


def _default(view: View, command: c.Command) -> Actor:
    """The agent the command names, whose roles count here too, or the kind of actor that the command is for."""
    if type(command) in _FOR_THEMSELVES:
        name: str = command.agent  # type: ignore[attr-defined]
        actor = f"{'bot' if view.agent(name).kind == 'bot' else 'agent'}:{name}"
        _authorize_agent(view, command, actor, name, _OWN_WORK)
        return actor
    return "customer" if type(command) in _INBOUND | _HEARD else "system"


def _authorize_agent(
    view: View, command: c.Command, actor: Actor, name: str, allowed: frozenset[type[c.Command]]
) -> None:
    agent = view.presence.agents.get(name)
    if agent is None:
        raise NotPermitted(actor, type(command).__name__, "no such agent")
    kind, whose = type(command).__name__, getattr(command, "agent", None)
    roles = [view.plan.roles[role] for role in agent.roles if role in view.plan.roles] if agent.roles else ()
    granting = [role for role in roles if kind in role.may or "*" in role.may]
    if agent.roles and not granting:
        raise NotPermitted(actor, kind, f"none of the roles {', '.join(agent.roles)} allows it")
    if not agent.roles and type(command) not in allowed:
        raise NotPermitted(actor, kind, "agents without a role may not")
    if whose is not None and whose != name and not any(role.others for role in granting):
        raise NotPermitted(actor, kind, f"it is {whose}'s work, and no role covers the work of others")


def covers_others(view: View, command: c.Command, agent: Agent) -> bool:
    """Whether a role of an agent lets them give a command in the work of others."""
    return any(role.others for role in _granting(view, command, agent))


def granting_roles(view: View, command: c.Command, actor: Actor) -> list[Role]:
    """The roles by which an agent or bot may give a command; none of whoever needs none."""
    agent = view.presence.agents.get(actor_name(actor)) if actor_kind(actor) in ("agent", "bot") else None
    return [] if agent is None else _granting(view, command, agent)


def _granting(view: View, command: c.Command, agent: Agent) -> list[Role]:
    kind, roles = type(command).__name__, [view.plan.roles[role] for role in agent.roles if role in view.plan.roles]
    return [role for role in roles if kind in role.may or "*" in role.may]


def may_also(view: View, command: c.Command, other: type[c.Command]) -> bool:
    """Whether whoever gave a command could give one of another kind as well."""
    if command.actor is None:
        return True
    kind, name = actor_kind(command.actor), actor_name(command.actor)
    if kind in ("agent", "bot"):
        roles = (view.plan.roles.get(role) for role in view.presence.agents[name].roles)
        return any(role is not None and (other.__name__ in role.may or "*" in role.may) for role in roles)
    return _MAY[kind] is None


def _authorize_customer(view: View, command: c.Command, actor: Actor, name: str) -> None:
    """A customer who is named asks for what is their own, or that of whom they act for in the case.

    What is not known at all is refused where it is looked up.
    """
    for kind, rows in (("interaction", view.contacts.interactions), ("case", view.cases.cases)):
        target = getattr(command, kind, None)
        key = None if target is None else view.id_of(kind, target)
        row = None if key is None else rows.get(key)
        if row is None or view.identity.is_same(row.customer, name):
            continue
        case = row.case if isinstance(row, Interaction) else key
        if case is None or not _acts(view, name, row.customer, case):
            raise NotPermitted(actor, type(command).__name__, f"it is another customer's {kind}")
    whose = getattr(command, "customer", None)
    if whose is not None and not view.identity.is_same(view.id_of("customer", whose), name):
        raise NotPermitted(actor, type(command).__name__, "it is another customer")


def _acts(view: View, name: str, customer: str, case: str) -> bool:
    """Whether somebody acts for a customer in a case of theirs."""
    if not view.identity.is_same(view.cases.cases[case].customer, customer):
        return False
    part = view.cases.part(case, view.identity.group(name))
    return part is not None and part.acts


def role_faults(plan: Plan) -> list[Fault]:
    """Names in the plan's roles that are no commands."""
    return [
        Fault(f"roles.{name}.may[{index}]", f"no command {command!r}")
        for name, role in plan.roles.items()
        for index, command in enumerate(role.may)
        if command != "*" and command not in _NAMES
    ]
