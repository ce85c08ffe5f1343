"""Linking, merging, splitting, verifying, consenting: what may be noted about who a customer is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import nsmallest

from orchestra.engine.identity.heard import check_purpose, take_consent, take_identity
from orchestra.engine.identity.linking import link_address, merge
from orchestra.engine.identity.state import EVOLVE, TRIAGE, Identity
from orchestra.engine.identity.undeliverable import confirm_address
from orchestra.engine.section import Section, Steps
from orchestra.engine.view import View
from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import actor_kind
from orchestra.model.limits import id_fault
from orchestra.model.results import Erased, Linked

__all__ = ["SECTION"]

_SLICE = 200
_LONGEST_WORD = 100


def _link(view: View, command: c.LinkAddress, at_us: int) -> Steps:
    customer, _ = view.customer(command.customer)
    _check_evidence(command.evidence, command.confidence)
    if (fault := id_fault(command.address.key)) is not None:
        raise InvalidCommand("address", fault)
    if not command.address.matches:
        raise InvalidCommand("address", "is blocked: it names nobody, so nobody can be known by it")
    return (
        yield from link_address(
            view, customer, command.address, command.evidence, command.confidence, by_person=_is_by_person(command)
        )
    )


def _check_evidence(evidence: str, confidence: int) -> None:
    _check_word("evidence", evidence)
    if not 0 <= confidence <= 100:
        raise InvalidCommand("confidence", "must be from 0 to 100")


def _check_word(field: str, text: str) -> None:
    if not text or len(text) > _LONGEST_WORD or not text.isprintable():
        raise InvalidCommand(field, f"must be 1 to {_LONGEST_WORD} printable characters")


def _is_by_person(command: c.Command) -> bool:
    return command.actor is not None and actor_kind(command.actor) in ("agent", "operator")


def _unlink(view: View, command: c.UnlinkAddress, at_us: int) -> Steps:
    customer, _ = view.customer(command.customer)
    holder = view.identity.holder(command.address.key)
    if holder is None or not view.identity.is_same(holder, customer):
        raise UnknownId(f"address of {customer}", command.address.kind)
    yield e.AddressUnlinked(holder, command.address.key, command.reason)
    return None


def _confirm(view: View, command: c.ConfirmAddress, at_us: int) -> Steps:
    yield from confirm_address(view, command, at_us)
    return None


def _merge(view: View, command: c.MergeCustomers, at_us: int) -> Steps:
    customer, _ = view.customer(command.customer)
    other, _ = view.customer(command.other)
    _check_evidence(command.evidence, command.confidence)
    by_person = _is_by_person(command)
    return (yield from merge(view, customer, other, command.evidence, command.confidence, by_person=by_person))


def _dismiss(view: View, command: c.DismissMerge, at_us: int) -> Steps:
    customer, _ = view.customer(command.customer)
    other, _ = view.customer(command.other)
    if view.identity.is_same(customer, other):
        raise InvalidCommand("other", f"{other} is the same person as {customer}: SplitCustomers undoes that")
    if not view.identity.is_apart(customer, other) or view.identity.suggestion(customer, other) is not None:
        yield e.MergeDismissed(customer, other, command.reason)
    return None


def _split(view: View, command: c.SplitCustomers, at_us: int) -> Steps:
    row = view.identity.merges.get(command.link)
    if row is None:
        raise UnknownId("link", command.link)
    if row.until_us is not None:
        raise NotAllowedInState(command.link, "undone already", "split")
    yield e.CustomerUnaliased(row.other, row.customer, command.link)
    yield e.CustomersSplit(command.link, row.customer, row.other, command.reason)
    return Linked(row.customer, "split", command.link)


def _settle(view: View, command: c.SettleTriage, at_us: int) -> Steps:
    key, _ = view.case(command.case)
    listed = [case for case in view.cases.group(key) if f"{case}\x1f{command.link}" in view.identity.triage]
    if not listed:
        raise UnknownId("case to sort out", f"{key} of {command.link}")
    for case in listed:
        yield e.TriageSettled(case, command.link, view.cases.cases[case].customer)
    return None


def _erase(view: View, command: c.EraseCustomer, at_us: int) -> Steps:
    customer, _ = view.customer(command.customer)
    ids = tuple(view.identity.group(customer))
    position = view.position
    for name in ids:
        yield e.CustomerErased(name, command.reason)
    return Erased(list(ids), position)


def _erasure_done(view: View, command: c.RecordErasure, at_us: int) -> Steps:
    if command.customer not in view.identity.erasing:
        raise NotAllowedInState(command.customer, "not being erased", "record_erasure")
    yield e.ErasureDone(command.customer)
    return None


def _list_mixed(view: View, link: str, at_us: int) -> Iterator[e.Event]:
    """List the next cases in which both sides of a split have a part; say so when there are no more."""
    listing = view.identity.listing[link]
    mixed = {case: other for case, other in _mixed(view, *listing.sides) if case > listing.last}
    for case in nsmallest(_SLICE, mixed):
        yield e.TriageNeeded(case, link, view.cases.cases[case].customer, mixed[case])
    if len(mixed) <= _SLICE:
        yield e.TriageListed(link, view.identity.merges[link].customer)


def _mixed(view: View, side: Sequence[str], other: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Cases of one side in which the other has a part, and whose part that is."""
    for names, apart in ((side, other), (other, side)):
        for name in names:
            for case in view.cases.joined_by.get(name, ()):
                if view.cases.cases[case].customer in apart:
                    yield case, name
            for case in view.cases.merged_of.get(name, ()):
                if view.cases.row(case).customer in apart:
                    yield view.cases.root(case), name


def _verify(view: View, command: c.VerifyContact, at_us: int) -> Steps:
    key, interaction = view.interaction(command.interaction)
    levels = view.plan.identity.levels
    if command.level not in levels:
        raise InvalidCommand("level", f"must be one of {', '.join(levels)}")
    _check_word("method", command.method)
    if interaction.is_final:
        raise NotAllowedInState(key, interaction.state, "verify")
    channel = view.plan.channels.get(interaction.channel)
    most = None if channel is None else channel.most_verified
    if most is not None and levels.index(command.level) > levels.index(most):
        raise InvalidCommand("level", f"{interaction.channel} can give {most} at most")
    if view.identity.verified.get(key, levels[0]) != command.level:
        yield e.ContactVerified(key, interaction.customer, command.level, command.method)
    return None


def _consent(view: View, command: c.RecordConsent, at_us: int) -> Steps:
    customer, _ = view.customer(command.customer)
    check_purpose(view, command.purpose)
    if command.channel is not None and command.channel not in view.plan.channels:
        raise UnknownId("channel", command.channel)
    occurred_us = at_us if command.occurred_us is None else min(command.occurred_us, at_us)
    yield e.ConsentRecorded(customer, command.channel, command.purpose, command.given, occurred_us, command.evidence)
    return None


def _prefer(view: View, command: c.SetPreferences, at_us: int) -> Steps:
    customer, _ = view.customer(command.customer)
    for channel in command.channels:
        if channel not in view.plan.channels:
            raise UnknownId("channel", channel)
    if len(set(command.channels)) < len(command.channels):
        raise InvalidCommand("channels", "names a channel twice")
    occurred_us = at_us if command.occurred_us is None else min(command.occurred_us, at_us)
    yield e.PreferencesSet(customer, list(command.channels), occurred_us)
    return None


SECTION = Section(
    "identity",
    Identity,
    {
        c.LinkAddress: _link,
        c.UnlinkAddress: _unlink,
        c.ConfirmAddress: _confirm,
        c.MergeCustomers: _merge,
        c.DismissMerge: _dismiss,
        c.SplitCustomers: _split,
        c.SettleTriage: _settle,
        c.VerifyContact: _verify,
        c.RecordConsent: _consent,
        c.TakeConsent: take_consent,
        c.TakeIdentity: take_identity,
        c.SetPreferences: _prefer,
        c.EraseCustomer: _erase,
        c.RecordErasure: _erasure_done,
    },
    EVOLVE,
    timers={TRIAGE: _list_mixed},
)
