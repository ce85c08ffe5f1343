"""Opening a journal whose private parts are encrypted: with which secret, and what is told if it is not the one.

Belongs here: finding the secret, and changing it. Does not: what is sealed and how (`journal.sealed`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

from orchestra.codec import decode_event
from orchestra.errors import DefinitionError, Fault
from orchestra.journal.port import Journal
from orchestra.model.events import PlanChanged
from orchestra.model.plan import Plan
from orchestra.model.records import Lease
from orchestra.runtime.keys import resolve_secret

if TYPE_CHECKING:  # needs the extra
    from orchestra.journal.sealed import SealedJournal

__all__ = ["is_encrypted", "newest_plan", "rekey", "unlocked"]

_PATH = "privacy.encryption_key"
_OWN = ""
_SHORTEST = 32


def newest_plan(journal: Journal) -> PlanChanged | None:
    """The last plan that was put into force in a journal; None if none was."""
    newest = deque(journal.read(types=[PlanChanged.__name__]), maxlen=1)
    changed = decode_event(newest[0]) if newest else None
    assert changed is None or isinstance(changed, PlanChanged)
    return changed


def is_encrypted(journal: Journal) -> bool:
    """Whether private parts in a journal are encrypted, all of them or those that came last."""
    return bool(journal.keys.find([_OWN]))


def unlocked(journal: Journal, plan: Plan | None = None, secrets: Mapping[str, str] | None = None) -> Journal:
    """The journal as whoever may read and write private parts sees it.

    Args:
        journal: an open one.
        plan: names the secret; None takes the one in force in the journal.
        secrets: name -> value; the environment is asked for what is not in it.

    Returns:
        The journal itself where nothing is encrypted and the plan names no secret.

    Raises:
        DefinitionError: the secret is not named, not set, too short or not the journal's; or the `crypto` extra is not
            installed.
    """
    if plan is None:
        changed = newest_plan(journal)
        plan = Plan() if changed is None else changed.plan
    name = plan.privacy.encryption_key
    if name is None:
        if is_encrypted(journal):
            told = "this journal is encrypted: name the secret here under which it was"
            raise DefinitionError([Fault(_PATH, told)])
        return journal
    return _sealed(journal, _secret(name, secrets))


def _secret(name: str, secrets: Mapping[str, str] | None) -> str:
    secret = resolve_secret(name, secrets)
    if secret is None or len(secret) < _SHORTEST:
        told = "is not set: give it at open, or in the environment" if secret is None else "is too short"
        problem = f"secret {name!r} {told}; it has at least {_SHORTEST} characters"
        raise DefinitionError([Fault(_PATH, problem)])
    return secret


def _sealed(journal: Journal, secret: str) -> SealedJournal:
    try:
        from orchestra.journal.sealed import SealedJournal, Vault, WrongSecret  # noqa: PLC0415 - only with the extra
    except ModuleNotFoundError as error:
        remedy = "needs the crypto extra: pip install 'orchestra-cx[crypto]'"
        raise DefinitionError([Fault(_PATH, remedy)]) from error
    try:
        return SealedJournal(journal, Vault(secret, journal.keys))
    except WrongSecret:
        told = "is not the secret that this journal is encrypted under; after orchestra rekey it is the new one"
        raise DefinitionError([Fault(_PATH, told)]) from None


def rekey(journal: Journal, old: str, new: str, lease: Lease, secrets: Mapping[str, str] | None = None) -> int:
    """Wrap all keys under another secret; gives how many. Nothing else is written anew.

    Args:
        journal: one that nobody else owns.
        old: name of the secret that holds now.
        new: name of the one that is to hold.
        lease: proof of ownership.
        secrets: as in `unlocked`.

    Raises:
        DefinitionError: a secret is not set or too short, the old one is not the journal's, or nothing is encrypted.
        LeaseLost: somebody else owns the journal.
    """
    if not is_encrypted(journal):
        raise DefinitionError([Fault(_PATH, "nothing is encrypted in this journal")])
    before, after = _secret(old, secrets), _secret(new, secrets)
    vaulted = _sealed(journal, before)  # says what is wrong with the old one
    from orchestra.journal.sealed import rewrapped  # noqa: PLC0415 - as above

    wrapped = rewrapped(vaulted.keys, before, after)
    journal.keys.replace(wrapped, lease)
    return len(wrapped)
