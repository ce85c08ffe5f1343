"""The adapter of the company's own forms."""

from __future__ import annotations

import re
from datetime import datetime

from orchestra.channels import inbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.batches import digest_of, issue_of
from orchestra.channels.capabilities import Capabilities
from orchestra.channels.description import Description
from orchestra.channels.form_parts import FormPart
from orchestra.channels.mail.names import safe_name
from orchestra.channels.media_kinds import media_kind
from orchestra.channels.outbound import Outbound
from orchestra.channels.parts import Identity, MediaPart, MediaRef, TextPart
from orchestra.channels.port import Decoded, Taken
from orchestra.channels.sending import Interpreted, Refused, SendPlan, Unknown
from orchestra.channels.signing import single_header
from orchestra.channels.web_form.replies import faulty, is_allowed, preflight, thanks, with_token
from orchestra.channels.web_form.settings import CHANNEL, CONFIG, ID_FIELD, SECRET_NAME, TOKEN_FIELD, FormSettings
from orchestra.channels.web_form.submission import FORM, JSON, PARTS, Sent, Values, encoding_of, fingerprint, read_sent
from orchestra.channels.web_form.tokens import form_token, is_genuine
from orchestra.channels.wire import (
    Handshake,
    HttpReply,
    RawRequest,
    Rejected,
    StepResult,
    Verified,
    WireStep,
    header_values,
)
from orchestra.errors import MalformedMessage

__all__ = ["WebFormAdapter"]

_TOKEN_HEADER = "X-Form-Token"  # noqa: S105 - the name of a header
_LONGEST_TEXT = 20_000
_LONGEST_VALUE = 500
_ID = re.compile(r"[!-~]{1,200}")

_DESCRIPTION = Description(
    title="Web form",
    config=CONFIG,
    secret_names=(SECRET_NAME,),
    event_kinds=frozenset({inbound.MessageReceived}),
)

_CAPABILITIES = Capabilities(event_id_stable=True, identity_kinds=frozenset({"email", "phone"}))


class WebFormAdapter:
    """The adapter of forms. One instance serves any number of accounts and threads.

    A page asks for the form's token by a GET of the account's address, or the application writes it into the page
    (`form_token`). The form is sent there by a POST, as a form, with files if the account takes some, or as a JSON
    object of strings, with the declared fields and the token: in the field `form_token`, or the header `X-Form-Token`.
    With a `form_id` it is taken once, however often it is sent. Whoever fills in the trap is thanked, and nothing is
    taken.
    """

    channel = CHANNEL
    contract_version = 1

    def describe(self) -> Description:
        """Tell what an account needs: its fields, the origins of its pages, and a secret named `form`."""
        return _DESCRIPTION

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        """Tell what the channel carries: nothing, to the customer."""
        return _CAPABILITIES

    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verified | Handshake | Rejected:
        """Check whose page it is, then the form's token. Asking for a token is a handshake."""
        settings = FormSettings.of(account)
        if request.method not in ("GET", "OPTIONS", "POST"):
            return Rejected("method", status=405)
        if not account.secret_values(SECRET_NAME):
            return Rejected("no_secret", status=404)
        if not is_allowed(request, settings):
            return Rejected("origin", status=403)
        if request.method == "OPTIONS":
            return Handshake(preflight(request))
        if request.method == "GET":
            return Handshake(with_token(request, form_token(account, now)))
        token = _token(request, settings) or ""
        return Verified(request) if is_genuine(token, account, settings, now) else Rejected("token", status=403)

    def decode(self, verified: Verified, account: Account) -> Decoded:
        """Read the form. What is wrong with it is answered field by field."""
        request, settings = verified.request, FormSettings.of(account)
        digest = digest_of(request.body)
        if encoding_of(request) not in (FORM, JSON, PARTS):
            return _refused([MalformedMessage("body", "must be a form or JSON")], request, 415, digest)
        try:
            sent = read_sent(request, settings)
        except MalformedMessage as error:
            return _refused([error], request, 400, digest)
        values = sent.values
        if values.get(settings.trap):
            return Decoded(reply=thanks(None, request, settings))
        faults = _faults(values, settings)
        if faults:
            return _refused(faults, request, 422, digest)
        return Decoded(events=(_message(sent, settings, request, digest),), reply=thanks(None, request, settings))

    def answer(self, verified: Verified, decoded: Decoded, taken: Taken, account: Account) -> HttpReply:
        """Answer with the case's number; or that the sender's address is none."""
        settings = FormSettings.of(account)
        if not decoded.events:
            return decoded.reply
        if taken.left_out:
            return faulty([MalformedMessage(settings.sender, "is not valid")], verified.request)
        number = taken.case_numbers[0] if taken.case_numbers else None
        return thanks(number, verified.request, settings)

    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        """Refuse: nothing leads back to a page."""
        return Refused("one_way", "whoever sent a form is answered on the channel of the address they gave")

    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        """Say that nobody knows: no step is this channel's."""
        return Unknown("one_way")


def _token(request: RawRequest, settings: FormSettings) -> str | None:
    if header_values(request.headers, _TOKEN_HEADER):
        return single_header(request.headers, _TOKEN_HEADER)
    try:
        return read_sent(request, settings).values.get(TOKEN_FIELD)
    except MalformedMessage:
        return None


def _refused(faults: list[MalformedMessage], request: RawRequest, status: int, digest: str) -> Decoded:
    issues = tuple(issue_of(fault, digest) for fault in faults)
    return Decoded(issues=issues, reply=faulty(faults, request, status))


def _faults(values: Values, settings: FormSettings) -> list[MalformedMessage]:
    required = [name for name in settings.fields if name in settings.required]
    needed = dict.fromkeys([*required, settings.sender])
    faults = [MalformedMessage(name, "is missing") for name in needed if not values.get(name, "").strip()]
    for name in settings.fields:
        longest = _LONGEST_TEXT if name == settings.text else _LONGEST_VALUE
        if len(values.get(name, "")) > longest:
            faults.append(MalformedMessage(name, f"may have {longest} characters"))
    if values.get(ID_FIELD) and _ID.fullmatch(values[ID_FIELD]) is None:
        faults.append(MalformedMessage(ID_FIELD, "must be 1 to 200 visible ASCII characters"))
    return faults


def _message(sent: Sent, settings: FormSettings, request: RawRequest, digest: str) -> inbound.MessageReceived:
    values = sent.values
    key = values.get(ID_FIELD) or fingerprint(sent, _token(request, settings) or "")
    name = " ".join(values.get(settings.name, "").split()) or None
    sender = Identity(settings.sender_kind, values[settings.sender].strip(), name=name)
    origin = inbound.Origin(
        dedupe_key=key,
        ids=inbound.ProviderIds(message=key),
        identities=(sender,),
        received_at=request.received_at,
        raw_digest=digest,
    )
    subject = " ".join(values.get(settings.subject, "").split()) or None
    files = tuple(_file(file, number) for number, file in enumerate(sent.files, 1))
    return inbound.MessageReceived(origin=origin, parts=(TextPart(_text(values, settings)), *files), subject=subject)


def _file(file: FormPart, number: int) -> MediaPart:
    """What a browser says of a file is anybody's word: its name is made safe, and its bytes are known by their hash."""
    return MediaPart(
        MediaRef(
            ref=f"sha256:{digest_of(file.data)}",
            kind=media_kind(file.content_type or ""),
            content_type=file.content_type,
            size_bytes=len(file.data),
            name=safe_name(file.file_name, number=number),
            data=file.data,
        )
    )


def _text(values: Values, settings: FormSettings) -> str:
    """What was written, and below it each other field that was filled in."""
    known = {settings.sender, settings.name, settings.text}
    others = [name for name in settings.fields if name not in known and values.get(name, "").strip()]
    lines = [f"{name}: {' '.join(values[name].split())}" for name in others]
    text = values.get(settings.text, "").strip()
    return "\n\n".join(part for part in (text, "\n".join(lines)) if part)
