"""Points 14 to 26 of the contract of channel adapters: what a genuine request holds."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Mapping

import attrs

from orchestra.channels import inbound
from orchestra.channels.parts import MediaPart, Part
from orchestra.channels.port import Decoded
from orchestra.channels.wire import RawRequest, Verified
from orchestra.testing.adapter_hostile import HOSTILE_BODIES, TEXTS, damaged, doubled_keys
from orchestra.testing.adapter_rig import AdapterRig, is_success, keys_of
from orchestra.testing.known import Known, learn
from orchestra.testing.purity import forbid_effects

__all__ = ["DECODE_SAMPLES", "DecodePoints", "assert_sound"]

DECODE_SAMPLES: Mapping[int, tuple[str, ...]] = {
    16: ("empty_batch", "batch", "bad_among_good"),
    17: ("unknown",),
    18: ("message", "redelivery"),
    20: ("echo",),
}
_FOREIGN_TYPES = (
    "text/html",
    "",
    "multipart/form-data",
    "application/x-www-form-urlencoded; charset=utf-7",
    "\x00",
    ";",
)
_HARMLESS = (inbound.Unrecognised, inbound.ChannelNotice)
_NO_FILE = "169.254.169.254"


class DecodePoints(AdapterRig):
    """What a request holds. Part of `AdapterContract`."""

    def test_14_hostile_bodies(self) -> None:
        """Whoever has the secret may still send anything: it costs an issue, never an exception."""
        self._needs(14)
        sample = self.sample("message")
        for body in HOSTILE_BODIES:
            decoded = self._taken(attrs.evolve(sample, body=body))
            news = [event for event in decoded.events if not isinstance(event, _HARMLESS)]
            assert not news, f"there was news in {body[:40]!r}"
        for body in damaged(sample.body):
            self._taken(attrs.evolve(sample, body=body))
        for body in doubled_keys(sample.body):
            decoded = self._taken(attrs.evolve(sample, body=body))
            assert not decoded.events or decoded.issues, "of two equal keys nobody knows which one counts"

    def test_15_content_type(self) -> None:
        """The body is what it is, whatever its headers say of it."""
        self._needs(15)
        sample = self.sample("message")
        keys = keys_of(self._decoded(sample))
        for kind in (self.content_type, f"{self.content_type}; charset=utf-8", self.content_type.upper()):
            assert keys_of(self._decoded(_of_type(sample, kind))) == keys, f"the message must be read as {kind}"
        for kind in _FOREIGN_TYPES:
            self._taken(_of_type(sample, kind))
        packed = attrs.evolve(sample, body=gzip.compress(sample.body), headers=(("Content-Encoding", "gzip"),))
        news = [event for event in self._taken(packed).events if not isinstance(event, _HARMLESS)]
        assert not news, "a body is unpacked before it gets here, within bounds, or not at all"

    def test_16_batches(self) -> None:
        """All of a batch is read; a bad piece costs only itself."""
        self._needs(16)
        empty, batch, damaged_batch = (self._decoded(self.sample(kind)) for kind in DECODE_SAMPLES[16])
        assert (empty.events, empty.issues) == ((), ()), "an empty batch is no news and no error"
        assert len(batch.events) >= 2, "the batch must hold at least two pieces of news"
        assert not batch.issues, f"good news was not understood: {batch.issues}"
        keys = keys_of(batch)
        assert len(set(keys)) == len(keys), "different news must have different dedupe keys"
        assert keys_of(damaged_batch) == keys, "one bad piece must not take others down, nor change their order"
        assert damaged_batch.issues, "the bad piece must be reported as an issue"
        for decoded in (empty, batch, damaged_batch):
            assert is_success(decoded), "the provider would send the whole batch again"

    def test_17_unknown_type(self) -> None:
        """What providers invent tomorrow is kept and answered as received."""
        self._needs(17)
        decoded = self._decoded(self.sample("unknown"))
        _assert_kinds(decoded, inbound.Unrecognised)
        assert is_success(decoded), "a refusal would make the provider send it again, or give us up"

    def test_18_redelivery(self) -> None:
        """The same news has the same key, whenever and however often it comes."""
        self._needs(18)
        first, second = self._decoded(self.sample("message")), self._decoded(self.sample("redelivery"))
        again = self._decoded(self._received_later(self.sample("message"), 3_600))
        assert first.events, "the message was not read"
        assert keys_of(first) == keys_of(second), "a second attempt must have the key of the first"
        assert keys_of(first) == keys_of(again), "the key must not depend on when it was received"

    def test_19_permuted_order(self) -> None:
        """Providers keep no order: whatever comes first, the same must be known in the end."""
        self._needs(19)
        states = self._states(*self.sequence_kinds)
        assert states[0], "the samples must tell something about messages"
        assert all(state == states[0] for state in states), "what is known depends on the order of arrival"

    def test_20_own_echo(self) -> None:
        """A message of ours that is shown to us must not look like a customer's."""
        self._needs(20)
        decoded = self._decoded(self.sample("echo"))
        _assert_kinds(decoded, inbound.OutboundEcho)
        message = decoded.events[0].origin.ids.message
        assert message, "an echo without the message's id cannot be matched with its sending"

    def test_21_without_phone(self) -> None:
        """Some people have no number, or do not show it: the provider's own id is who they are."""
        self._needs(21)
        decoded = self._decoded(self.sample("without_phone"))
        is_call = any(isinstance(event, inbound.CallEvent) for event in decoded.events)
        _assert_kinds(decoded, inbound.CallEvent if is_call else inbound.MessageReceived)
        sender = decoded.events[0].origin.sender
        assert sender is not None, "the sender must be known by some id, or nobody can answer"
        assert sender.kind != "phone", "an id of the provider is no number"
        assert sender.value, "an identity must not be empty"

    def test_22_watermark(self) -> None:
        """Where only a time is told, it is told as such."""
        self._needs(22)
        decoded = self._decoded(self.sample("watermark"))
        _assert_kinds(decoded, inbound.DeliveryUpdate)
        update = decoded.events[0]
        assert isinstance(update, inbound.DeliveryUpdate)
        assert update.watermark is not None, "up to when must be told"
        assert not update.message_ids, "which messages that are is for those who know when they were sent"

    def test_23_unseen(self) -> None:
        """An edit may come before its message, or without it."""
        self._needs(23)
        edited, deleted = self._decoded(self.sample("edit")), self._decoded(self.sample("delete"))
        _assert_kinds(edited, inbound.MessageEdited)
        _assert_kinds(deleted, inbound.MessageDeleted)
        ids = self._decoded(self.sample("message")).events[0].origin.ids.message
        for event in (*edited.events, *deleted.events):
            assert isinstance(event, inbound.MessageEdited | inbound.MessageDeleted)
            assert event.message_id == ids, "it must name its message as the message names itself"

    def test_24_receipts(self) -> None:
        """Each receipt is told as it is: what it means after others is decided elsewhere."""
        self._needs(24)
        for kind in ("failed", "late_accepted"):
            decoded = self._decoded(self.sample(kind))
            _assert_kinds(decoded, inbound.DeliveryUpdate)
            assert_sound(decoded)
        failed = self._decoded(self.sample("failed")).events[0]
        assert isinstance(failed, inbound.DeliveryUpdate)
        assert failed.state is inbound.DeliveryState.FAILED, "a failure must be told"
        assert failed.code, "why it failed must be told"
        states = self._states("failed", "late_accepted")
        assert len(states[0]) == 1, "both receipts must name the same message"
        assert states[0] == states[1], "a late receipt must not undo a failure"

    def test_25_hostile_media(self) -> None:
        """Whatever address a file has, nobody goes there while reading."""
        self._needs(25)
        request = self._signed(self.sample("hostile_media"))
        decoded = self._read(self.adapter(), request)
        with forbid_effects():
            again = self._read(self.adapter(), request)
        assert again == decoded, "the file changes what is read"
        found = [part for event in decoded.events for part in _parts(event) if isinstance(part, MediaPart)]
        assert found, "the file must be named"
        assert _NO_FILE in found[0].media.ref, "its address must be kept, for whoever may fetch it"
        assert _NO_FILE not in repr(decoded), "an address may hold a secret: not to be shown"

    def test_26_raw_text(self) -> None:
        """What people wrote is kept; showing it safely is the business of whoever shows it."""
        self._needs(26)
        for text in TEXTS:
            decoded = self._decoded(self.written(text))
            _assert_kinds(decoded, inbound.MessageReceived)
            event = decoded.events[0]
            assert isinstance(event, inbound.MessageReceived)
            assert event.text == text, f"the text was changed: {text!r}"
            assert text not in repr(decoded), "what people write is shown in no repr"

    def _taken(self, request: RawRequest) -> Decoded:
        """What comes of a request that is genuine, whatever it holds: nothing if it is refused at the door."""
        verdict = self._verdict(self._signed(request))
        decoded = self._decode(self.adapter(), verdict) if isinstance(verdict, Verified) else Decoded()
        assert_sound(decoded)
        return decoded

    def _states(self, *kinds: str) -> list[Mapping[str, Known]]:
        """What is known in the end, for every order in which the samples may come."""
        found: list[Mapping[str, Known]] = []
        for order in itertools.permutations([self.sample(kind) for kind in kinds]):
            state: dict[str, Known] = {}
            for place, request in enumerate(order):
                for event in self._decoded(self._received_later(request, place)).events:
                    learn(state, event)
            found.append(state)
        return found


def assert_sound(decoded: object) -> None:
    """Check that something is what `decode` may give: values that can be stored and told.

    Raises:
        AssertionError: it is not, and why.
    """
    assert isinstance(decoded, Decoded), f"decode gave {type(decoded).__name__}"
    assert 200 <= decoded.reply.status < 500, "what cannot be read is no fault of ours"
    for issue in decoded.issues:
        assert issue.reason.isprintable(), "a reason is for people, and no quotation"
    for event in decoded.events:
        origin = event.origin
        assert origin.dedupe_key, "news without a key cannot be told from others"
        assert origin.occurred_at is None or origin.occurred_at.tzinfo is not None, "an instant has a time zone"
        if isinstance(event, inbound.DeliveryUpdate | inbound.BounceReceived):
            assert event.permanent or not event.is_undeliverable, "an address that is given up fails for good"
        texts = [part.text for part in _parts(event) if not isinstance(part, MediaPart)]
        names = [name for identity in origin.identities for name in (identity.value, identity.name or "")]
        for text in (origin.dedupe_key, origin.ids.message or "", *names, *texts):
            assert isinstance(text, str), f"must be text, is {type(text).__name__}"
            assert _is_storable(text), "a lone surrogate cannot be stored"


def _is_storable(text: str) -> bool:
    return not any(0xD800 <= ord(character) <= 0xDFFF for character in text)


def _parts(event: inbound.Inbound) -> tuple[Part, ...]:
    found: tuple[Part, ...] = getattr(event, "parts", ())
    return found


def _assert_kinds(decoded: Decoded, kind: type[inbound.Inbound]) -> None:
    kinds = [type(event) for event in decoded.events]
    assert kinds == [kind], f"must be one {kind.__name__}, is {kinds}, with {decoded.issues}"


def _of_type(request: RawRequest, kind: str) -> RawRequest:
    rest = tuple(field for field in request.headers if field[0].lower() != "content-type")
    return attrs.evolve(request, headers=(*rest, ("Content-Type", kind)))
