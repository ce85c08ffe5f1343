"""Whether two customers may become one person, and the events that make them so.

Belongs here: vetoes, thresholds, merging. Does not: undoing it (`decide`), and what other sections do with a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orchestra.engine.identity.placing import place
from orchestra.engine.section import Steps
from orchestra.engine.view import View
from orchestra.errors import MergeVetoed
from orchestra.model import events as e
from orchestra.model.addresses import Address
from orchestra.model.results import Linked

__all__ = ["MOST_IDS", "PROVIDER", "link_address", "link_known", "merge"]

MOST_IDS = 100
"""Ids of one person. More than that are no person, but something that links everybody: a switchboard, a shared form."""

PROVIDER = "provider"
"""Evidence of what a provider tells."""

_CERTAIN = 100


def merge(view: View, customer: str, other: str, evidence: str, confidence: int, *, by_person: bool) -> Steps:
    """Make two customers one, or suggest it, as sure as it is; gives `Linked`.

    Args:
        view: all slices.
        customer: who they are from now on.
        other: who becomes an alias.
        evidence: how it is known.
        confidence: how sure that is, 0 to 100.
        by_person: whether an agent or operator asks for it, who may overrule that they were told apart.

    Raises:
        MergeVetoed: it is sure enough, but something forbids it.
    """
    identity, plan = view.identity, view.plan.identity
    customer, other = identity.root(customer), identity.root(other)
    if customer == other:
        return Linked(customer, "known")
    if not by_person and identity.is_apart(customer, other):
        return Linked(customer, "kept_apart")
    reason = veto(view, customer, other)
    if confidence >= plan.merge_at and reason is not None:
        raise MergeVetoed(customer, other, reason)
    return (yield from _decided(view, customer, other, evidence, confidence, reason))


def _decided(view: View, customer: str, other: str, evidence: str, confidence: int, reason: str | None) -> Steps:
    identity, plan = view.identity, view.plan.identity
    if confidence >= plan.merge_at and reason is None:
        link = identity.next_id("link", "li")
        yield e.CustomerAliased(other, customer, link)
        yield e.CustomersMerged(link, customer, other, evidence, confidence)
        return Linked(customer, "merged", link)
    if confidence < plan.suggest_at:
        return Linked(customer, "ignored")
    if identity.suggestion(customer, other) is None:
        yield e.MergeSuggested(customer, other, evidence, confidence, reason)
    return Linked(customer, "suggested")


def veto(view: View, customer: str, other: str) -> str | None:
    """What forbids that two people are one; None if nothing does."""
    identity = view.identity
    if len(identity.group(customer)) + len(identity.group(other)) > MOST_IDS:
        return f"together they have more than {MOST_IDS} ids"
    mine, theirs = _by_kind(view, customer), _by_kind(view, other)
    for kind in sorted(mine.keys() & theirs.keys()):
        reason = _too_many(view, kind, mine[kind], theirs[kind])
        if reason is not None:
            return reason
    return None


def _too_many(view: View, kind: str, mine: Iterable[str], theirs: Iterable[str]) -> str | None:
    plan, together = view.plan.identity, {*mine, *theirs}
    if kind in plan.unique and len(together) > 1:
        return f"each has a {kind} of their own"
    most = plan.most(kind)
    return f"together they have more than {most} addresses of kind {kind}" if len(together) > most else None


def _by_kind(view: View, customer: str) -> dict[str, list[str]]:
    """A person's addresses by kind."""
    identity = view.identity
    found: dict[str, list[str]] = {}
    for name in identity.group(customer):
        for address in identity.addresses_of.get(name, ()):
            found.setdefault(identity.addresses[address].kind, []).append(address)
    return found


def link_address(
    view: View, customer: str, address: Address, evidence: str, confidence: int, *, by_person: bool
) -> Steps:
    """Know a customer by another address, or merge whoever is known by it; gives `Linked`.

    Where it is not sure enough, whoever has the address is somebody else, of whom it is suggested.

    Raises:
        MergeVetoed: it is sure enough, but something forbids it.
    """
    holder = view.identity.holder(address.key)
    if holder is not None:
        return (yield from merge(view, customer, holder, evidence, confidence, by_person=by_person))
    root = view.identity.root(customer)
    if confidence >= view.plan.identity.merge_at:
        reason = _too_many(view, address.kind, _by_kind(view, root).get(address.kind, ()), [address.key])
        if reason is not None:
            raise MergeVetoed(root, address.kind, reason)
        yield e.AddressLinked(root, address.kind, address.key, evidence, confidence, address.value, address.name)
        yield from place(view, address)
        return Linked(root, "linked")
    if confidence < view.plan.identity.suggest_at:
        return Linked(root, "ignored")
    other = view.identity.next_id("customer", "cu")
    yield e.CustomerAdded(other, address.kind, address.key, address.value, address.name)
    yield from place(view, address)
    yield e.MergeSuggested(root, other, evidence, confidence)
    return Linked(root, "suggested")


def link_known(view: View, customer: str, addresses: Sequence[Address], evidence: str = PROVIDER) -> Steps:
    """Link the addresses under which a provider says it knows a sender, too.

    It never refuses: what is vetoed is suggested to people, with the veto.
    """
    for address in addresses:
        if not address.matches:
            continue
        holder = view.identity.holder(address.key)
        if holder is None:
            held = _by_kind(view, customer).get(address.kind, ())
            if _too_many(view, address.kind, held, [address.key]) is None:
                root = view.identity.root(customer)
                yield e.AddressLinked(root, address.kind, address.key, evidence, _CERTAIN, address.value, address.name)
        elif not view.identity.is_same(customer, holder) and not view.identity.is_apart(customer, holder):
            one, other = view.identity.root(holder), view.identity.root(customer)
            yield from _decided(view, one, other, evidence, _CERTAIN, veto(view, one, other))
        yield from place(view, address)
