"""What the adapters of Messenger and Instagram have in common, which is all but their limits."""

from __future__ import annotations

from datetime import datetime

from orchestra.channels.account import Account, Conversation
from orchestra.channels.capabilities import Capabilities
from orchestra.channels.description import ConfigField, ConfigKind, Description, StepKind
from orchestra.channels.meta.graph import TOKEN, URL_FIELD, interpret_answer
from orchestra.channels.meta.messaging_decode import EVENT_KINDS, decode_request
from orchestra.channels.meta.messaging_encode import encode_message, read_sent
from orchestra.channels.meta.messaging_facts import HUMAN_AGENT, HUMAN_WINDOW, REPLY_WINDOW, Medium
from orchestra.channels.meta.signature import APP_SECRET, VERIFY_TOKEN, verify_request
from orchestra.channels.outbound import Outbound
from orchestra.channels.port import Decoded
from orchestra.channels.sending import Interpreted, Refused, SendPlan
from orchestra.channels.wire import Handshake, RawRequest, Rejected, StepResult, Verified, WireStep

__all__ = ["Messaging"]

_HUMAN = ConfigField(
    name=HUMAN_AGENT,
    kind=ConfigKind.FLAG,
    help="Meta lets the company's people answer for 7 days with the tag HUMAN_AGENT",
)


class Messaging:
    """An adapter of the Send API; a subclass names its `medium`."""

    contract_version = 1
    medium: Medium

    def describe(self) -> Description:
        """Tell what an account needs: the app's secret, the token of the handshake, and an access token."""
        return Description(
            title=self.medium.title,
            config=(URL_FIELD, _HUMAN),
            secret_names=(APP_SECRET, VERIFY_TOKEN, TOKEN),
            event_kinds=EVENT_KINDS,
            step_kinds=frozenset({StepKind.HTTP}),
        )

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        """Tell what the channel carries, and how long after a person's last message."""
        is_human = account.config.get(HUMAN_AGENT) is True
        return Capabilities(
            text_limit=self.medium.text_limit,
            text_unit=self.medium.text_unit,
            buttons_max=self.medium.choices_max,
            button_label_max=self.medium.label_max,
            media=self.medium.media,
            reply_window=HUMAN_WINDOW if is_human else REPLY_WINDOW,
            typing=True,
            delivered=self.medium.has_metadata,
            read=self.medium.read,
            react=True,
            rate_buckets=self.medium.rate_buckets,
            event_id_stable=True,
            identity_kinds=frozenset({self.medium.channel}),
        )

    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verified | Handshake | Rejected:
        """Check the signature over the body, or answer the handshake; see `orchestra.channels.meta.signature`."""
        return verify_request(request, account)

    def decode(self, verified: Verified, account: Account) -> Decoded:
        """Read all of a batch. What is on standby, for another app to answer, is kept and not read."""
        return decode_request(verified.request, account, self.medium)

    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        """Plan one call, or several for a long text or a caption.

        Choices that do not fit are a numbered list, files of other types links, each with its degradation. Refused:
        edits, deletions, templates, calls, and everything outside the window.
        """
        return encode_message(message, account, conversation, now, self.medium)

    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        """Say what came of it. Calls are not honoured by key, so that a server's error is unknown."""
        return interpret_answer(step, result, now, read_sent)
