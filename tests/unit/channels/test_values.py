"""What the values of the port promise: secrets and persons stay out of every repr, bad set-ups are listed."""

from __future__ import annotations

import copy
from datetime import UTC, datetime

import attrs
import pytest

from orchestra.channels import inbound, outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.capabilities import Capabilities, MediaLimit
from orchestra.channels.description import ConfigField, ConfigKind, Description
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.loopback.transport import LoopbackProvider, LoopbackTransport
from orchestra.channels.parts import Identity, MediaKind, MediaPart, MediaRef, TextPart, ThreadRef, text_of
from orchestra.channels.port import AuthorizingAdapter, ChannelAdapter, FetchingAdapter, PollingAdapter, StreamCodec
from orchestra.channels.sending import SendPlan
from orchestra.channels.transport import Transport
from orchestra.channels.wire import (
    FrameAnswer,
    FrameStep,
    HttpAnswer,
    HttpReply,
    HttpStep,
    RawRequest,
    SmtpAnswer,
    SmtpStep,
    Verified,
    header_values,
)
from orchestra.errors import InvalidCommand

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
C = "canary-7531"
ANN = Identity("email", C, name=C)
ORIGIN = inbound.Origin(
    dedupe_key="e-1",
    ids=inbound.ProviderIds(message="m-1"),
    received_at=NOW,
    raw_digest="00",
    identities=(ANN,),
    thread=ThreadRef(conversation=C, token=C),
)
PARTS = (TextPart(C), MediaPart(MediaRef(ref=C, kind=MediaKind.IMAGE, name=C), caption=C))
REQUEST = RawRequest(
    method="POST", url=f"https://acme.example/{C}?{C}", headers=((C, C),), body=C.encode(), received_at=NOW
)
HTTP = HttpStep(
    idempotency_key="k",
    method="POST",
    url=f"https://x:{C}@api.example/bot{C}/send",
    headers=((C, C),),
    body=C.encode(),
    carry=C,
    rate_keys=(C,),
)


@pytest.mark.parametrize(
    "value",
    [
        Account(route_key=C, channel="loopback", id="acme", config={"url": C}, secrets={"signing": (C,)}),
        Conversation(recipient=ANN, id=C, reply_tokens=(C,)),
        REQUEST,
        Verified(REQUEST),
        HttpReply(headers=((C, C),), body=C.encode()),
        SendPlan((HTTP,)),
        SmtpStep(idempotency_key="k", sender=C, recipients=(C,), message=C.encode()),
        FrameStep(idempotency_key="k", connection="c", data=C.encode()),
        HttpAnswer(status=200, headers=((C, C),), body=C.encode()),
        SmtpAnswer(code=250, text=C, refused=((C, 550),)),
        FrameAnswer(data=C.encode()),
        inbound.MessageReceived(origin=ORIGIN, parts=PARTS, subject=C),
        inbound.OutboundEcho(origin=ORIGIN, parts=PARTS),
        inbound.IdentityLinked(origin=ORIGIN, linked=ANN),
        inbound.ChoiceSelected(origin=ORIGIN, choice="a", label=C),
        inbound.CallEvent(origin=ORIGIN, call_id="c", state=inbound.CallState.KEYS_PRESSED, keys=C),
        outbound.Message(key="k", text=C, subject=C),
        outbound.Choices(key="k", text=C, choices=(outbound.Choice("a", C),)),
        outbound.Media(
            key="k", kind=MediaKind.IMAGE, content_type="image/png", data=C.encode(), url=C, name=C, caption=C
        ),
        outbound.Template(key="k", name="welcome", language="en", parameters=(C,)),
        outbound.Edit(key="k", message_id="m", text=C),
        outbound.Progress(key="k", text=C, stage="packed"),
        outbound.CallAction(key="k", call_id="c", verb=outbound.CallVerb.SAY, text=C, target=C),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_secret_and_no_person_shows(value: object) -> None:
    assert C not in repr(value)
    assert type(value).__name__ in repr(value)


def test_a_url_shows_its_host_alone() -> None:
    assert "'api.example'" in repr(HTTP)
    assert C not in repr(attrs.evolve(REQUEST, url=f"https://[{C}"))


def test_headers_keep_doubles_and_ignore_case() -> None:
    headers = (("X-Id", "1"), ("Other", "2"), ("x-id", "3"))
    assert header_values(headers, "X-ID") == ("1", "3")
    assert header_values(headers, "absent") == ()


def test_an_account_is_read_only_and_knows_no_empty_secret() -> None:
    secrets: dict[str, tuple[str, ...]] = {"signing": ("new", "", "old")}
    account = Account(route_key="r", channel="loopback", id="acme", config={"url": "u", "n": 1}, secrets=secrets)
    secrets["signing"] = ("changed",)
    assert account.secret_values("signing") == ("new", "old")
    assert account.secret_values("absent") == ()
    assert account.text_setting("url", "default") == "u"
    assert account.text_setting("n", "default") == "default"
    with pytest.raises(TypeError):
        account.secrets["signing"] = ("changed",)  # type: ignore[index]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        account.id = "other"  # type: ignore[misc]
    assert {account: 1}[attrs.evolve(account)] == 1


def test_capabilities_are_read_only_and_hashable() -> None:
    image = MediaLimit(frozenset({"image/png"}), max_bytes=5_000_000)
    capabilities = Capabilities(media={MediaKind.IMAGE: image})
    assert capabilities.media[MediaKind.IMAGE].max_bytes == 5_000_000
    assert len({capabilities, attrs.evolve(capabilities)}) == 1


@pytest.mark.parametrize("key", ["", "a b", "a\nb", "ä", "k" * 201])
def test_a_key_can_stand_in_a_header(key: str) -> None:
    with pytest.raises(InvalidCommand) as caught:
        outbound.Message(key=key, text="Hello")
    assert caught.value.field == "key"


def test_outbound_values_can_be_copied() -> None:
    message = outbound.Choices(key="k", text="Day?", choices=(outbound.Choice("a", "Monday"),))
    assert copy.deepcopy(message) == message


def test_a_plan_has_steps() -> None:
    with pytest.raises(ValueError, match="steps"):
        SendPlan(())


def test_degradations_of_a_plan_are_those_of_its_steps_once() -> None:
    first = attrs.evolve(HTTP, degradations=("format", "subject"))
    second = attrs.evolve(HTTP, degradations=("subject", "buttons"))
    assert SendPlan((first, second)).degradations == ("format", "subject", "buttons")


def test_what_a_message_says_in_words() -> None:
    silent = MediaPart(MediaRef(ref="r", kind=MediaKind.AUDIO))
    captioned = MediaPart(MediaRef(ref="r", kind=MediaKind.IMAGE), caption="The box")
    assert text_of((TextPart("Broken."), silent, captioned)) == "Broken.\nThe box"
    assert text_of((silent,)) == ""
    assert inbound.MessageEdited(origin=ORIGIN, message_id="m", parts=(TextPart("Sorry"),)).text == "Sorry"


def test_what_a_message_says_anew_is_told_apart() -> None:
    box = MediaPart(MediaRef(ref="r", kind=MediaKind.IMAGE), caption="The box")
    parts = (TextPart("Yes.\n> Broken?", unquoted="Yes."), TextPart("Bye."), box)
    message = inbound.MessageReceived(origin=ORIGIN, parts=parts)
    assert message.text == "Yes.\n> Broken?\nBye.\nThe box"
    assert message.unquoted_text == "Yes.\nBye.\nThe box"
    assert inbound.AutoReplyReceived(origin=ORIGIN, parts=parts[1:], reason="x").text == "Bye.\nThe box"


def test_the_sender_is_the_first_identity() -> None:
    assert ORIGIN.sender == ANN
    assert attrs.evolve(ORIGIN, identities=()).sender is None


def test_a_description_lists_every_fault_of_an_account() -> None:
    description = Description(
        title="Fax",
        config=(
            ConfigField(name="number", kind=ConfigKind.TEXT, help="ours", is_required=True),
            ConfigField(name="pages", kind=ConfigKind.INTEGER, help="at most"),
            ConfigField(name="fine", kind=ConfigKind.FLAG, help="resolution"),
        ),
        secret_names=("token", "signing"),
    )
    faults = description.check({"pages": True, "fine": 1, "colour": "red"}, ["token"], path="channels.fax")
    assert {(fault.path, fault.message) for fault in faults} == {
        ("channels.fax.number", "is missing"),
        ("channels.fax.pages", "must be integer"),
        ("channels.fax.fine", "must be flag"),
        ("channels.fax.colour", "is no setting of this channel"),
        ("channels.fax.signing", "secret is missing"),
    }
    assert description.check({"number": "+49", "pages": 3, "fine": True}, ["token", "signing"]) == ()
    assert [fault.path for fault in description.check({"number": "+49"}, ["token"])] == ["signing"]


def test_parts_of_the_port_are_asked_for_one_by_one() -> None:
    adapter = LoopbackAdapter()
    assert isinstance(adapter, ChannelAdapter)
    assert isinstance(adapter, PollingAdapter)
    for part in (AuthorizingAdapter, FetchingAdapter, StreamCodec):
        assert not isinstance(adapter, part)
    account = Account(route_key="r", channel="loopback", id="acme", secrets={"signing": ("s",)})
    assert isinstance(LoopbackTransport(LoopbackProvider(account)), Transport)
