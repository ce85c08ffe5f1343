"""The adapter of Facebook Pages: what people write there in public, and the Page's answers."""

from __future__ import annotations

from datetime import datetime

from orchestra.channels.account import Account, Conversation
from orchestra.channels.capabilities import Capabilities
from orchestra.channels.description import Description, StepKind
from orchestra.channels.meta.graph import TOKEN, URL_FIELD, interpret_answer
from orchestra.channels.meta.page_decode import AUTHOR_UNKNOWN, EVENT_KINDS, PERSON, decode_request
from orchestra.channels.meta.page_encode import MEDIA, RATE_BUCKETS, TEXT_LIMIT, encode_message, read_sent
from orchestra.channels.meta.signature import APP_SECRET, VERIFY_TOKEN, verify_request
from orchestra.channels.outbound import Outbound
from orchestra.channels.port import Decoded
from orchestra.channels.sending import Interpreted, Refused, SendPlan
from orchestra.channels.wire import Handshake, RawRequest, Rejected, StepResult, Verified, WireStep

__all__ = ["FacebookPageAdapter"]

_DESCRIPTION = Description(
    title="Facebook Page",
    config=(URL_FIELD,),
    secret_names=(APP_SECRET, VERIFY_TOKEN, TOKEN),
    event_kinds=EVENT_KINDS,
    step_kinds=frozenset({StepKind.HTTP}),
)
_CAPABILITIES = Capabilities(
    text_limit=TEXT_LIMIT,
    caption_limit=TEXT_LIMIT,
    media=MEDIA,
    edit=True,
    delete=True,
    react=True,
    threads=True,
    rate_buckets=RATE_BUCKETS,
    event_id_stable=True,
    identity_kinds=frozenset({PERSON, AUTHOR_UNKNOWN}),
    public=True,
)


class FacebookPageAdapter:
    """A Facebook Page: posts of visitors and comments, which everybody reads.

    An account's id is the Page's. A conversation is one person's part of the thread under a comment or post. A message
    that `is_private` goes to the writer of the comment in `reply_to` alone, once, within seven days.
    """

    channel = "facebook_page"
    contract_version = 1

    def describe(self) -> Description:
        """Tell what an account needs: the app's secret, the token of the handshake, and a Page's access token."""
        return _DESCRIPTION

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        """Tell what comments carry: the same everywhere."""
        return _CAPABILITIES

    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verified | Handshake | Rejected:
        """Check the signature over the body, or answer the handshake; see `orchestra.channels.meta.signature`."""
        return verify_request(request, account)

    def decode(self, verified: Verified, account: Account) -> Decoded:
        """Read a batch: visitors' posts, comments, edits, deletions, reactions. What the Page says is an echo."""
        return decode_request(verified.request, account)

    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        """Plan a comment, several for a long text, or one private reply.

        Choices are a numbered list, files other than pictures links, each with its degradation.
        """
        return encode_message(message, account, conversation)

    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        """Say what came of it. Calls are not honoured by key, so that a server's error is unknown."""
        return interpret_answer(step, result, now, read_sent)
