"""The workspace's key: hashed addresses, reply tokens, digests. The only place that sees it."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from orchestra.channels.text import normalise_address
from orchestra.errors import DefinitionError, Fault, MalformedMessage
from orchestra.model.addresses import Address, Email, Handle, Phone, Thread
from orchestra.model.plan import Plan

__all__ = ["WorkspaceKey", "resolve_secret"]

_SHORTEST = 16

_BLOCKED = frozenset(
    {"anonymous", "unknown", "unavailable", "private", "restricted", "withheld", "null", "none", "0000", "+0000"}
)
"""What providers put where they tell no address: nobody is recognised by it."""


def resolve_secret(name: str, secrets: Mapping[str, str] | None) -> str | None:
    """The value of a secret: from the mapping given at open, else from the environment."""
    if secrets is not None and name in secrets:
        return secrets[name]
    return os.environ.get(name)


def _speller(region: str | None) -> Callable[[str], str] | None:
    """What brings the phone numbers of a region into E.164 form; None without a region.

    Raises:
        DefinitionError: nothing can.
    """
    if region is None:
        return None
    try:
        from orchestra.runtime.phones import e164, is_region  # noqa: PLC0415 - only with the extra
    except ModuleNotFoundError as error:
        remedy = "needs the phone extra: pip install 'orchestra-cx[phone]'"
        raise DefinitionError([Fault("identity.phone_region", remedy)]) from error
    if not is_region(region):
        raise DefinitionError([Fault("identity.phone_region", f"{region!r} has no phone numbers that are known")])
    return partial(e164, region=region)


def _placer(zone: str | None) -> Callable[[str], Sequence[str]] | None:
    """What tells in which time zones a phone number may be, where the plan names one and the `phone` extra is there."""
    if zone is None:
        return None
    try:
        from orchestra.runtime.phones import zones  # noqa: PLC0415 - only with the extra
    except ModuleNotFoundError:
        return None
    return zones


class WorkspaceKey:
    """Hashes what must be recognised but not known. Holds the key, shows it nowhere."""

    __slots__ = ("_blocked", "_key", "_placed", "_spelt")

    def __init__(
        self,
        key: bytes,
        blocked: Iterable[str] = (),
        spelt: Callable[[str], str] | None = None,
        placed: Callable[[str], Sequence[str]] | None = None,
    ) -> None:
        """Keep a key.

        Args:
            key: any bytes.
            blocked: values that are no address.
            spelt: gives a phone number that is not in E.164 form in that form; None leaves it to be refused.
            placed: gives the time zones in which a phone number in that form may be; None tells of none.
        """
        self._placed = placed
        self._spelt = spelt
        self._blocked = _BLOCKED | {value.strip().casefold() for value in blocked}
        self._key = hashlib.blake2b(key, digest_size=32, person=b"orchestra").digest()

    @classmethod
    def of(cls, plan: Plan, secrets: Mapping[str, str] | None = None) -> WorkspaceKey:
        """The key that the plan names; without one a key derived from the workspace's name.

        Raises:
            DefinitionError: the named secret is not set, or too short; or the region of phone numbers is unknown, or
                needs the `phone` extra, which is not installed.
        """
        name, spelt = plan.workspace.key, _speller(plan.identity.phone_region)
        numbers = spelt, _placer(plan.workspace.zone)
        if name is None:
            return cls(f"name:{plan.workspace.name}".encode(), plan.identity.blocked, *numbers)
        secret = resolve_secret(name, secrets)
        if secret is None or len(secret) < _SHORTEST:
            problem = "is not set" if secret is None else f"is shorter than {_SHORTEST} characters"
            raise DefinitionError([Fault("workspace.key", f"secret {name!r} {problem}")])
        return cls(f"secret:{secret}".encode(), plan.identity.blocked, *numbers)

    def _mac(self, purpose: str, text: str, size: int = 16) -> str:
        # A lone surrogate is refused wherever it would be stored, which is not here.
        told = f"{purpose}\x1f{text}".encode(errors="surrogatepass")
        return hmac.new(self._key, told, hashlib.sha256).hexdigest()[: 2 * size]

    @property
    def check(self) -> str:
        """Recognises this key without telling it."""
        return self._mac("check", "", 8)

    def address(self, person: Email | Phone | Handle) -> Address:
        """The address as commands carry it: normalised, hashed, with the raw value beside.

        Raises:
            MalformedMessage: it is not an address of its kind.
        """
        if person.value.strip().casefold() in self._blocked:
            return Address(person.kind, self._mac("address", f"{person.kind}\x1f"), None, person.name, matches=False)
        value = self._normalised(person)
        zones = list(self._placed(value)) if self._placed is not None and person.kind == "phone" else []
        key = self._mac("address", f"{person.kind}\x1f{value}")
        return Address(person.kind, key, value, person.name, zones=zones or None)

    def _normalised(self, person: Email | Phone | Handle) -> str:
        if person.kind != "phone" or self._spelt is None:
            return normalise_address(person.kind, person.value)
        try:
            return normalise_address("phone", person.value)  # what is in that form stays, whatever is known of numbers
        except MalformedMessage:
            return normalise_address("phone", self._spelt(person.value))

    def thread(self, value: str) -> Thread:
        """The thread as commands carry it: hashed exactly as the provider spells it, with the raw value beside."""
        return Thread(self._mac("thread", value), value)

    def digest(self, text: str) -> str:
        """Tells whether two texts are the same, without telling either."""
        return self._mac("text", text)

    def delivery_key(self, delivery: str) -> str:
        """What a provider sees as the idempotency key of a delivery: the same for every attempt."""
        return f"{delivery}.{self._mac('delivery', delivery, 12)}"

    def action_key(self, request: str) -> str:
        """What an action's function gets as the key of a request: the same for every attempt."""
        return f"{request}.{self._mac('action', request, 12)}"

    def delivery_of(self, key: str) -> str | None:
        """The delivery of a genuine idempotency key; None for any other text."""
        delivery = key.partition(".")[0]
        return delivery if hmac.compare_digest(key.encode(), self.delivery_key(delivery).encode()) else None

    def reply_token(self, case: str) -> str:
        """An unguessable token that brings an answer back to its case."""
        return f"{case}.{self._mac('reply', case, 12)}"

    def invitation_token(self, invitation: str) -> str:
        """An unguessable token by which whoever was invited is known to be, once."""
        return f"{invitation}.{self._mac('invitation', invitation, 12)}"

    def invitation_of(self, token: str) -> str | None:
        """The invitation of a genuine token; None for any other text."""
        invitation, _, mac = token.partition(".")
        genuine = self._mac("invitation", invitation, 12)
        return invitation if hmac.compare_digest(mac.encode(), genuine.encode()) else None

    def case_of(self, token: str) -> str | None:
        """The case id of a genuine reply token; None for any other text."""
        case, _, mac = token.partition(".")
        genuine = self._mac("reply", case, 12)
        return case if hmac.compare_digest(mac.encode(), genuine.encode()) else None
