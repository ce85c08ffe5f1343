"""What is checked of whoever commits the company: the form of what they say, their authority, their role's limits."""

from __future__ import annotations

import re
from datetime import date

from orchestra.engine.contacts.intake import check_id
from orchestra.engine.engagements.leading import HELPING, lead
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotPermitted, UnknownId
from orchestra.model.addresses import Actor, actor_kind, actor_name
from orchestra.model.commands import Command, MakeCommitment, ReportFact
from orchestra.model.commitments import is_currency, value_text
from orchestra.model.definitions import CommitmentAttribute, Role

__all__ = ["authority_of", "check_lead", "check_limit", "check_rank", "typed"]

_MOST = 10**15
_LONGEST_WORD = 100
_LIMITED = ("agent", "bot")
"""Kinds of actors whose roles say with which authority they speak, and how far they may go."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def typed(view: View, said: MakeCommitment | ReportFact) -> tuple[CommitmentAttribute, str | None]:
    """The attribute that was spoken of, and the unit of its value.

    Raises:
        UnknownId: the plan has no such attribute.
        InvalidCommand: the value or the unit is not of the attribute's type.
    """
    attribute = view.plan.commitments.attributes.get(said.attribute)
    if attribute is None:
        raise UnknownId("attribute", said.attribute)
    if attribute.type in ("money", "quantity"):
        if type(said.value) is not int or not 0 <= said.value <= _MOST:
            what = "minor units, such as 4900 for 49.00" if attribute.type == "money" else "units"
            raise InvalidCommand("value", f"must be a whole number of {what}, from 0")
        return attribute, _unit(attribute, said.unit)
    if said.unit is not None:
        raise InvalidCommand("unit", f"a value of type {attribute.type} has none")
    if attribute.type == "date":
        _check_date(said.value)
    else:
        _check_action(attribute, said.value)
    return attribute, None


def _unit(attribute: CommitmentAttribute, unit: str | None) -> str:
    found = attribute.unit if unit is None else unit
    if found is None:
        raise InvalidCommand("unit", "is needed: the plan names none for this attribute")
    if attribute.unit not in (None, found):
        raise InvalidCommand("unit", f"must be {attribute.unit}")
    if attribute.type == "money" and not is_currency(found):
        raise InvalidCommand("unit", "must be the code of a currency, such as EUR")
    check_id("unit", found)
    return found


def _check_date(value: int | str) -> None:
    if not isinstance(value, str) or _DATE.fullmatch(value) is None:
        raise InvalidCommand("value", "must be a day, as 2026-12-01")
    try:
        date.fromisoformat(value)
    except ValueError:
        raise InvalidCommand("value", "is no day of any calendar") from None


def _check_action(attribute: CommitmentAttribute, value: int | str) -> None:
    if not isinstance(value, str) or not value or len(value) > _LONGEST_WORD or not value.isprintable():
        raise InvalidCommand("value", f"must be a word of at most {_LONGEST_WORD} characters")
    if attribute.actions and value not in attribute.actions:
        raise InvalidCommand("value", f"must be one of {', '.join(attribute.actions)}")


def _roles(view: View, actor: Actor) -> list[Role] | None:
    """The roles of an agent or bot; None for everybody else, and for agents without any."""
    agent = view.presence.agents.get(actor_name(actor)) if actor_kind(actor) in _LIMITED else None
    if agent is None or not agent.roles:
        return None
    return [view.plan.roles[role] for role in agent.roles if role in view.plan.roles]


def authority_of(view: View, command: Command, actor: Actor, given: str | None = None) -> str | None:
    """The authority that a speaker speaks with: the one given, else the highest of theirs.

    Raises:
        UnknownId: the plan has no such authority.
        NotPermitted: none of an agent's roles speaks with it.
    """
    ranks, kind = view.plan.commitments.authorities, actor_kind(actor)
    own = [role.authority for role in _roles(view, actor) or () if role.authority is not None]
    if given is not None:
        if given not in ranks:
            raise UnknownId("authority", given)
        if kind in _LIMITED and given not in own:
            raise NotPermitted(actor, type(command).__name__, f"no role of theirs speaks with authority {given}")
        return given
    if kind == "back_office":
        return actor_name(actor) if actor_name(actor) in ranks else None
    return max(own, key=lambda name: (ranks[name], name), default=None)


def check_rank(view: View, command: Command, actor: Actor, authority: str | None, other: str | None) -> None:
    """Refuse to replace or withdraw what was said with a higher authority. Operators and the system may.

    Raises:
        NotPermitted: the speaker's authority is lower.
    """
    if actor_kind(actor) in ("operator", "system"):
        return
    ranks = view.plan.commitments.authorities
    if ranks.get(authority or "", 0) < ranks.get(other or "", 0):
        raise NotPermitted(actor, type(command).__name__, f"it was said with a higher authority, {other}")


def check_limit(view: View, command: Command, actor: Actor, attribute: str, value: int | str) -> None:
    """Refuse what an agent's roles do not let them grant a customer.

    Raises:
        NotPermitted: no role that allows the command allows that much; says how much they may grant.
    """
    roles, kind = _roles(view, actor), type(command).__name__
    if roles is None:
        return
    granting = [role for role in roles if kind in role.may or "*" in role.may]
    if any(not role.may_commit for role in granting):
        return
    limits = [role.may_commit[attribute] for role in granting if attribute in role.may_commit]
    if not limits:
        raise NotPermitted(actor, kind, f"no role of theirs may commit the company to any {attribute}")
    definition = view.plan.commitments.attributes[attribute]
    amounts = [limit for limit in limits if type(limit) is int]
    if len(amounts) < len(limits) or not isinstance(value, int):
        return
    is_least = definition.better == "lower"
    limit = min(amounts) if is_least else max(amounts)
    if value < limit if is_least else value > limit:
        most = f"{value_text(definition.type, limit, definition.unit)} {'at least' if is_least else 'at most'}"
        raise NotPermitted(actor, kind, f"they may commit to a {attribute} of {most}")


def check_lead(view: View, command: Command, actor: Actor, case: str | None, customer: str) -> None:
    """Refuse an agent who helps whoever leads: they may write, but only the lead commits the company.

    Raises:
        NotPermitted: all that they have in hand of the customer's, on the case, goes together with the lead's.
    """
    if actor_kind(actor) not in _LIMITED:
        return
    ids, own, name = view.identity.group(customer), view.engagements, actor_name(actor)
    rows = view.contacts.interactions
    mine = [one for one in own.of(ids) if rows[one].agent == name and case in (None, rows[one].case)]
    if not mine or any(own.members[one].mode not in HELPING for one in mine):
        return
    leads = lead(view, ids)
    if leads not in (None, name):
        text = f"{leads} leads {own.of_member(mine[0])}: who helps commits the company to nothing"
        raise NotPermitted(actor, type(command).__name__, text)
