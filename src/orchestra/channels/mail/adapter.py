"""The adapter for e-mail: out over any mail server, in from a mailbox or from whatever posts mails to us.

Where answers by machines are kept from answering each other: here, mails of machines are told as such
(`AutoReplyReceived`, with the reason) and ours are marked; how many automatic messages one person gets in a time is the
plan's to say (`every` of a topic, `[[notices.caps]]`), and the engine's to keep, as it alone remembers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parseaddr

from orchestra.channels.account import Account, ConfigValue, Conversation
from orchestra.channels.capabilities import Capabilities
from orchestra.channels.description import Description, StepKind
from orchestra.channels.mail.inbox import decode_inbox, plan_inbox
from orchestra.channels.mail.incoming import EVENT_KINDS, decode_mail
from orchestra.channels.mail.outgoing import encode_mail, interpret_answer
from orchestra.channels.mail.posted import verify_post
from orchestra.channels.mail.settings import CONFIG, INBOUND_SECRET, TOKEN_SECRET
from orchestra.channels.outbound import Outbound
from orchestra.channels.parts import TextFormat
from orchestra.channels.port import Decoded, Polled
from orchestra.channels.sending import Interpreted, Refused, SendPlan
from orchestra.channels.wire import Handshake, RawRequest, Rejected, StepResult, Verified, WireStep

__all__ = ["MailAdapter", "mail_account"]

_DESCRIPTION = Description(
    title="E-mail",
    config=CONFIG,
    secret_names=(TOKEN_SECRET,),
    event_kinds=EVENT_KINDS,
    step_kinds=frozenset({StepKind.SMTP, StepKind.IMAP}),
)

_CAPABILITIES = Capabilities(
    formats=frozenset({TextFormat.PLAIN, TextFormat.HTML}),
    can_initiate=True,
    threads=True,
    event_id_stable=True,
    identity_kinds=frozenset({"email"}),
)


def mail_account(sender: str, *, token: str, inbound: str = "", route_key: str = "", **config: ConfigValue) -> Account:
    """Give the account of an address.

    Args:
        sender: whom mails come from, as `Shop <care@shop.example>`.
        token: a secret of 16 characters or more, which proves ids and addresses to be ours. Keep it.
        inbound: the secret of whatever posts mails to us; empty if nothing does.
        route_key: the last, unguessable part of the address that mails are posted to; where nothing posts, it need not
            be given.
        config: further settings (`MailAdapter().describe().config`).
    """
    address = parseaddr(sender)[1]
    secrets: Mapping[str, tuple[str, ...]] = {TOKEN_SECRET: (token,), INBOUND_SECRET: (inbound,)}
    return Account(
        route_key=route_key or f"mail-{address}",
        channel=MailAdapter.channel,
        id=address,
        config={"from": sender, **config},
        secrets=secrets,
    )


class MailAdapter:
    """The adapter for e-mail. One instance serves any number of accounts and threads."""

    channel = "mail"
    contract_version = 1

    def describe(self) -> Description:
        """Tell what an account needs: whom mails come from, and a secret named `token`."""
        return _DESCRIPTION

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        """Tell what mails carry. No server promises to take the same mail only once, nor to tell of its arrival."""
        return _CAPABILITIES

    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verified | Handshake | Rejected:
        """Tell whether who posts a mail has the account's secret named `inbound`; see `posted`."""
        return verify_post(request, account, now)

    def decode(self, verified: Verified, account: Account) -> Decoded:
        """Read a posted mail: the body is the mail as it came."""
        return decode_mail(verified.request.body, account, verified.request.received_at)

    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        """Plan one mail. Each attempt of a delivery sends the same mail, under an id that nobody can guess.

        Choices are sent as a numbered list, files as attachments or, by their address, as a link, progress as text, and
        Markdown as it stands, each with its degradation. Refused: edits, reactions, templates, calls.
        """
        return encode_mail(message, account, conversation, now)

    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        """Say what came of a mail: only what cannot have arrived is tried again."""
        return interpret_answer(step, result)

    def poll(self, cursor: str | None, account: Account, now: datetime) -> SendPlan:
        """Plan one asking of the mailbox for what came since."""
        return plan_inbox(cursor, account, now)

    def decode_poll(self, step: WireStep, result: StepResult, cursor: str | None, account: Account) -> Polled:
        """Read the mails that came. Their keys are those that they would have if they were posted."""
        return decode_inbox(step, result, cursor, account)
