"""Reading what Twilio posts of calls: one that rings, keys, a call that asks what comes next, legs, and ends.

Whatever a call's documents have Twilio post comes to the same address with a query of ours, which the signature covers:
`do` says what it is, `of` tells the document from others of the call. That tells a repetition from news, and not the
header `I-Twilio-Idempotency-Token` (usage/webhooks/webhooks-connection-overrides), which nobody signs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from urllib.parse import parse_qs, urlsplit

import attrs

from orchestra.channels import inbound
from orchestra.channels.account import Account
from orchestra.channels.batches import digest_of, issue_of, unusable
from orchestra.channels.inbound import CallState
from orchestra.channels.parts import Identity
from orchestra.channels.port import Decoded
from orchestra.channels.twilio.form import Form, read_parameters
from orchestra.channels.twilio.twiml import lines_of, wait
from orchestra.channels.twilio.voice_facts import ENDED, HIDDEN, LEG_STATES
from orchestra.channels.wire import HttpReply, RawRequest
from orchestra.errors import MalformedMessage

__all__ = ["EVENT_KINDS", "decode_call", "twiml_reply"]

EVENT_KINDS: frozenset[type[inbound.Inbound]] = frozenset({inbound.CallEvent, inbound.Unrecognised})

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_KEYS = re.compile(r"[0-9A-D*#]{1,50}")
_OURS = re.compile(r"[!-~]{1,200}")
_NOTHING = HttpReply(status=204)
_SCHEMES: Mapping[str, str] = MappingProxyType({"sip:": "sip", "client:": "client"})


def twiml_reply(document: bytes) -> HttpReply:
    """The answer that has a call do what a document says."""
    return HttpReply(headers=(("Content-Type", "text/xml; charset=utf-8"),), body=document)


@attrs.frozen
class _Post:
    """A form, the query that it came with, and what belongs to it."""

    form: Form
    query: Mapping[str, str]
    received_at: datetime
    digest: str

    def event(
        self, state: CallState, key: str, call_id: str, *, keys: str | None = None, awaits: bool = False
    ) -> inbound.CallEvent:
        """News of the customer's line."""
        cause = self.form.optional_identifier("CallStatus") if state is CallState.ENDED else None
        origin = self.origin(f"{call_id}:{key}", call_id, _caller(self.form))
        return inbound.CallEvent(origin=origin, call_id=call_id, state=state, keys=keys, cause=cause, awaits=awaits)

    def origin(self, key: str, call_id: str, person: Identity | None) -> inbound.Origin:
        """Where it comes from."""
        return inbound.Origin(
            dedupe_key=key[:512],
            ids=inbound.ProviderIds(message=call_id),
            identities=() if person is None else (person,),
            received_at=self.received_at,
            raw_digest=self.digest,
        )

    def ours(self, name: str) -> str:
        """A part of the query that we once wrote ourselves."""
        found = self.query.get(name, "")
        if _OURS.fullmatch(found) is None:
            raise MalformedMessage(f"query.{name}", "is missing, or none of ours")
        return found


def decode_call(request: RawRequest, account: Account) -> Decoded:
    """Read a form whose signature holds. Never raises; it names the account, or is refused."""
    digest = digest_of(request.body)
    try:
        form = Form(read_parameters(request.body))
        if form.text("AccountSid") != account.id:
            error = MalformedMessage("AccountSid", "names another account")
            return unusable(error, digest, code="wrong_account", status=403)
        post = _Post(form, _query(request.url), request.received_at, digest)
    except MalformedMessage as error:
        return unusable(error, digest)
    try:
        event = _read(post)
    except MalformedMessage as error:
        return Decoded(issues=(issue_of(error, digest, "malformed_event"),), reply=_neutral(account, "n"))
    awaits = isinstance(event, inbound.CallEvent) and event.awaits
    return Decoded(events=(event,), reply=_neutral(account, digest[:16]) if awaits else _NOTHING)


def _neutral(account: Account, of: str) -> HttpReply:
    """Silence for a while, then ask again: by then there is a decision, or it has come by itself."""
    return twiml_reply(wait(lines_of(account), "", of, takes_keys=False))


def _query(url: str) -> dict[str, str]:
    try:
        found = parse_qs(urlsplit(url).query, max_num_fields=20)
    except ValueError:
        raise MalformedMessage("query", "is no query of ours") from None
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def _read(post: _Post) -> inbound.Inbound:
    what = post.query.get("do")
    if what is None:
        return _plain(post)
    reader = _READERS.get(what)
    if reader is None:
        origin = post.origin(f"{post.form.identifier('CallSid')}:{what}"[:512], post.form.identifier("CallSid"), None)
        return inbound.Unrecognised(origin=origin, type=what[:100])
    return reader(post)


def _plain(post: _Post) -> inbound.Inbound:
    """The first request of a call, or the status callback of its number."""
    call_id, status = post.form.identifier("CallSid"), post.form.identifier("CallStatus")
    if status in ENDED:
        return post.event(CallState.ENDED, "ended", call_id)
    if status in ("ringing", "in-progress"):
        return post.event(CallState.RINGING, "ringing", call_id, awaits=True)
    return inbound.Unrecognised(origin=post.origin(f"{call_id}:{status}", call_id, None), type=f"status:{status}"[:100])


def _idle(post: _Post) -> inbound.Inbound:
    call_id = post.form.identifier("CallSid")
    return post.event(CallState.IDLE, f"idle:{post.ours('of')}", call_id, awaits=True)


def _pressed(post: _Post) -> inbound.Inbound:
    keys, call_id = post.form.text("Digits"), post.form.identifier("CallSid")
    if _KEYS.fullmatch(keys) is None:
        raise MalformedMessage("Digits", "must be keys of a telephone")
    return post.event(CallState.KEYS_PRESSED, f"keys:{post.ours('of')}", call_id, keys=keys, awaits=True)


def _silent(post: _Post) -> inbound.Inbound:
    call_id = post.form.identifier("CallSid")
    return post.event(CallState.KEYS_PRESSED, f"keys:{post.ours('of')}", call_id, keys="", awaits=True)


def _leg(post: _Post) -> inbound.Inbound:
    """The status callback of a call that we made to an agent: `CallSid` is the agent's leg then."""
    status, leg_id = post.form.identifier("CallStatus"), post.form.identifier("CallSid")
    call_id, leg = post.ours("call"), post.ours("leg")
    origin = post.origin(f"{leg_id}:{status}", leg_id, None)
    state = LEG_STATES.get(status)
    if state is None:
        return inbound.Unrecognised(origin=origin, type=f"leg:{status}"[:100])
    return inbound.CallEvent(origin=origin, call_id=call_id, state=state, cause=status, leg=leg, leg_id=leg_id)


_READERS: Mapping[str, Callable[[_Post], inbound.Inbound]] = MappingProxyType(
    {"idle": _idle, "left": _idle, "keys": _pressed, "silence": _silent, "leg": _leg}
)


def _caller(form: Form) -> Identity:
    """Who calls; of whoever hides that there is nothing by which they could be known again."""
    value = form.identifier("From")
    if value.lower() in HIDDEN:
        return Identity("phone", "anonymous")
    if _E164.fullmatch(value) is not None:
        return Identity("phone", value)
    for scheme, kind in _SCHEMES.items():
        if value.startswith(scheme) and len(value) > len(scheme):
            return Identity(kind, value.removeprefix(scheme))
    return Identity("voice", value)
