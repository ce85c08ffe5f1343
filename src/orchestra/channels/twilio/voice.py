"""The Twilio adapter for calls.

Sound stays at Twilio: this tells calls what to do, and reads what becomes of them. A customer waits on their own line;
an agent is called when they take the contact, and once they answer both come into one room, a conference named as the
customer's call. Holding takes the customer out of it and leaves agents there, so that they can talk among themselves.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from orchestra.channels.account import Account, Conversation
from orchestra.channels.answers import retry_after
from orchestra.channels.capabilities import Capabilities
from orchestra.channels.description import ConfigField, ConfigKind, Description, StepKind
from orchestra.channels.fields import Fields
from orchestra.channels.outbound import CallVerb, Outbound
from orchestra.channels.port import Decoded
from orchestra.channels.safe_json import parse_json
from orchestra.channels.sending import Interpreted, Refused, Retry, SendPlan, Sent
from orchestra.channels.twilio.facts import DEFAULT_URL, PASSWORD_SECRET, RATE_BUCKETS, SIGNING_SECRET
from orchestra.channels.twilio.interpret import interpret_result
from orchestra.channels.twilio.signature import ALGORITHM_SETTING, HMAC_SHA1, HMAC_SHA256, verify_request
from orchestra.channels.twilio.voice_decode import EVENT_KINDS, decode_call
from orchestra.channels.twilio.voice_encode import decided_reply, encode_action
from orchestra.channels.twilio.voice_facts import GONE_CODES, KEYS, NOT_YET_CODES, REPLY_DEADLINE, SPEECH_LIMIT
from orchestra.channels.wire import (
    Handshake,
    HttpAnswer,
    HttpReply,
    RawRequest,
    Rejected,
    StepResult,
    Verified,
    WireStep,
)
from orchestra.errors import MalformedMessage

__all__ = ["TwilioVoiceAdapter"]

_AGAIN = timedelta(seconds=1)

_CONFIG = (
    ConfigField(
        name="number", kind=ConfigKind.TEXT, help="the number that is called, as +4930123456", is_required=True
    ),
    ConfigField(
        name="callback_url",
        kind=ConfigKind.TEXT,
        help="the public address of this account's webhook, as https://shop.example/hooks/KEY",
        is_required=True,
    ),
    ConfigField(
        name="agents",
        kind=ConfigKind.TEXT,
        help="where agents are called who sign in without a phone, as client:{agent} or sip:{agent}@shop.example",
    ),
    ConfigField(name="language", kind=ConfigKind.TEXT, help="of what is said, as en-GB; Twilio's if not set"),
    ConfigField(name="voice", kind=ConfigKind.TEXT, help="whose voice says it, as Polly.Amy; Twilio's if not set"),
    ConfigField(name="music", kind=ConfigKind.TEXT, help="public address of what those who wait hear; or silence"),
    ConfigField(
        name="press", kind=ConfigKind.TEXT, help="how a choice is spoken: For {label}, press {key}. unless set"
    ),
    ConfigField(name="user", kind=ConfigKind.TEXT, help="the SID of an API key; the account's if not set"),
    ConfigField(
        name=ALGORITHM_SETTING,
        kind=ConfigKind.TEXT,
        help=f"{HMAC_SHA256} if a SharedKey signs the webhooks; {HMAC_SHA1} if not set",
    ),
    ConfigField(name="url", kind=ConfigKind.TEXT, help=f"where Twilio's API is; {DEFAULT_URL} if not set"),
)


class TwilioVoiceAdapter:
    """Calls to a Twilio number, all whose webhooks are the account's. Its id is its Account SID."""

    channel = "twilio_voice"
    contract_version = 1

    def describe(self) -> Description:
        """Tell what an account needs: a number, its webhook, and two secrets, which may both be the Auth Token."""
        return Description(
            title="Voice by Twilio",
            config=_CONFIG,
            secret_names=(SIGNING_SECRET, PASSWORD_SECRET),
            event_kinds=EVENT_KINDS,
            step_kinds=frozenset({StepKind.HTTP}),
        )

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        """Tell what a call carries: speech, keys, and a decision in the answer to its requests."""
        return Capabilities(
            text_limit=SPEECH_LIMIT,
            buttons_max=len(KEYS),
            rate_buckets=RATE_BUCKETS,
            keeps_order=True,
            event_id_stable=True,
            identity_kinds=frozenset({"phone", "sip", "client", "voice"}),
            live=True,
            reply_deadline=REPLY_DEADLINE,
        )

    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verified | Handshake | Rejected:
        """Check the signature over the configured address, its query and the form."""
        return verify_request(request, account)

    def decode(self, verified: Verified, account: Account) -> Decoded:
        """Read one piece of news; the reply is silence for a while, after which the call asks again."""
        return decode_call(verified.request, account)

    def decide(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> HttpReply | None:
        """Write the TwiML that has the same effect as the request would have."""
        return decided_reply(message, account, conversation)

    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        """Plan the request that changes what a call does, or calls an agent."""
        return encode_action(message, account, conversation)

    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        """Say what came of it. A call that is not in progress may be soon; one that is over has been hung up."""
        code = _code(result)
        if code in NOT_YET_CODES | GONE_CODES:
            if step.carry == CallVerb.HANG_UP.value:
                return Sent()
            assert isinstance(result, HttpAnswer)  # only an answer has a code
            return Retry(f"twilio_{code}", retry_after(result.headers, now) or _AGAIN)
        return interpret_result(step, result, now)


def _code(result: StepResult) -> int | None:
    """Twilio's own code of a refusal, if that is what came."""
    if not isinstance(result, HttpAnswer) or not 400 <= result.status < 500 or result.status == 429:
        return None
    try:
        return Fields(parse_json(result.body), "answer").integer("code")
    except MalformedMessage:
        return None
