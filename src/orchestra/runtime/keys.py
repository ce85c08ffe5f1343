"""The workspace's key: hashed addresses, reply tokens, digests. The only place that sees it."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable, Mapping

from orchestra.channels.text import normalise_address
from orchestra.errors import DefinitionError, Fault
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


class WorkspaceKey:
    """Hashes what must be recognised but not known. Holds the key, shows it nowhere."""

    __slots__ = ("_blocked", "_key")

    def __init__(self, key: bytes, blocked: Iterable[str] = ()) -> None:
        self._blocked = _BLOCKED | {value.strip().casefold() for value in blocked}
        self._key = hashlib.blake2b(key, digest_size=32, person=b"orchestra").digest()

    @classmethod
    def of(cls, plan: Plan, secrets: Mapping[str, str] | None = None) -> WorkspaceKey:
        """The key that the plan names; without one a key derived from the workspace's name.

        Raises:
            DefinitionError: the named secret is not set, or too short.
        """
        name = plan.workspace.key
        if name is None:
            return cls(f"name:{plan.workspace.name}".encode(), plan.identity.blocked)
        secret = resolve_secret(name, secrets)
        if secret is None or len(secret) < _SHORTEST:
            problem = "is not set" if secret is None else f"is shorter than {_SHORTEST} characters"
            raise DefinitionError([Fault("workspace.key", f"secret {name!r} {problem}")])
        return cls(f"secret:{secret}".encode(), plan.identity.blocked)

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
        value = normalise_address(person.kind, person.value)
        return Address(person.kind, self._mac("address", f"{person.kind}\x1f{value}"), value, person.name)

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

    def case_of(self, token: str) -> str | None:
        """The case id of a genuine reply token; None for any other text."""
        case, _, mac = token.partition(".")
        genuine = self._mac("reply", case, 12)
        return case if hmac.compare_digest(mac.encode(), genuine.encode()) else None
