"""Points 32 to 37 of the contract of channel adapters: what goes out."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

import attrs

from orchestra.channels import outbound
from orchestra.channels.account import Conversation
from orchestra.channels.capabilities import Capabilities, TextUnit
from orchestra.channels.graphemes import graphemes
from orchestra.channels.parts import MediaKind, TextFormat
from orchestra.channels.segments import text_length
from orchestra.channels.sending import Refused, SendPlan
from orchestra.channels.wire import HttpStep, NoAnswer, NoAnswerReason, SmtpStep, WireStep
from orchestra.testing.adapter_decode import DECODE_SAMPLES
from orchestra.testing.adapter_rig import AdapterRig

__all__ = ["EncodePoints"]

_CLUSTERS = ("e\u0301", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea", "\u0ba8\u0bbf")
_INJECTION = "a\r\nBcc: eve@evil.example\r\n\r\n\x00"
_FORGED = b"bcc: eve@evil.example"
_CANARY = "canary-7f3a-text"
_LONGEST_CHECKED = 100_000


class EncodePoints(AdapterRig):
    """What goes out. Part of `AdapterContract`."""

    def test_32_limits(self) -> None:
        """What fits is sent as it is; what does not is refused, or sent in pieces of whole characters."""
        self._needs(32)
        capabilities = self._capabilities()
        limit, unit = capabilities.text_limit, capabilities.text_unit
        assert limit is not None, "the channel has no limit: declare point 32 as not applicable"
        assert limit <= _LONGEST_CHECKED, "no channel takes that: declare point 32 as not applicable"
        for text in _texts_around(limit, unit):
            plan = self._encode(outbound.Message(key="limit", text=text))
            if text_length(text, unit) <= limit:
                assert isinstance(plan, SendPlan), f"{text_length(text, unit)} {unit.value} fit, but: {plan}"
            if isinstance(plan, SendPlan):
                self._assert_pieces(plan, text, limit, unit)

    def test_33_window(self) -> None:
        """After the window only what the provider has approved beforehand passes."""
        self._needs(33)
        conversation = self.shut_conversation()
        capabilities = self.adapter().capabilities(self.account(), conversation)
        assert capabilities.template_required_outside_window, "there is no window: declare point 33 as not applicable"
        message = outbound.Message(key="window", text="Your order is on its way.")
        refused = self._encode(message, conversation)
        assert isinstance(refused, Refused), "the provider would refuse it, or charge for it"
        assert "template" in refused.reason.lower(), f"the refusal must name the way that is open: {refused.reason}"
        passed = self._encode(self.template(), conversation)
        assert isinstance(passed, SendPlan), f"a template passes: {passed}"
        soon = attrs.evolve(conversation, window_closes_at=self.now.replace(microsecond=1))
        assert isinstance(self._encode(message, soon), SendPlan), "the window is open until it closes"

    def test_34_injection(self) -> None:
        """No text of anybody gets into a header, an address or an envelope as more than text."""
        self._needs(34)
        conversation = self.conversation()
        for message in self._carried():
            for hostile in _injected(message):
                self._assert_clean(self._encode(hostile))
            for elsewhere in _injected_conversations(conversation):
                self._assert_clean(self._encode(message, elsewhere))

    def test_35_degradation(self) -> None:
        """What the channel cannot carry is refused, or sent without it and said so."""
        self._needs(35)
        capabilities = self._capabilities()
        for message, is_beyond in _BEYOND:
            if is_beyond(capabilities):
                plan = self._encode(message)
                lost = isinstance(plan, Refused) or plan.degradations
                assert lost, f"{message} is beyond what the channel carries, and nothing says so"
        plain = self._encode(self.messages()[0])
        assert isinstance(plain, SendPlan), f"the first of messages() must be one that the channel carries: {plain}"
        assert not plain.degradations, f"nothing of a plain message is lost, but: {plain.degradations}"

    def test_36_deterministic_bytes(self) -> None:
        """A retry, a replay and another process send the same bytes."""
        self._needs(36)
        for message in self.messages():
            plans = [self._encode(copy.deepcopy(message)) for _ in range(3)]
            assert plans[1:] == plans[:-1], f"{type(message).__name__}: two calls gave different plans"

    def test_37_secrets(self) -> None:
        """Whatever is shown or logged by whoever holds these values tells no secret and quotes nobody."""
        self._needs(37)
        account = self.account()
        hidden = [value for values in account.secrets.values() for value in values]
        hidden += [account.route_key, _CANARY]
        logged = _Log()
        root = logging.getLogger()
        level = root.level
        root.addHandler(logged)
        root.setLevel(logging.DEBUG)
        try:
            shown = list(self._shown_values())
        finally:
            root.removeHandler(logged)
            root.setLevel(level)
        for text in (*shown, *logged.lines):
            for value in hidden:
                assert value not in text, f"{'a secret' if value != _CANARY else 'a text'} is shown in {text[:80]!r}"

    def _shown_values(self) -> Iterator[str]:
        adapter, account, now = self.adapter(), self.account(), self.now
        yield from (repr(account), str(account), repr(adapter.describe()))
        bad = {field.name: _CANARY for field in adapter.describe().config} | {"unknown": _CANARY}
        yield repr(adapter.describe().check(bad, ()))
        if self.signing is not None:
            for kind in (kind for point, kinds in DECODE_SAMPLES.items() if self._applies(point) for kind in kinds):
                request = self._signed(self.sample(kind))
                verdict = adapter.verify(request, account, now)
                yield from (repr(request), repr(verdict), repr(self._decoded(self.sample(kind))))
            yield repr(adapter.verify(self.sample("message"), account, now)) if self._applies(18) else ""
        for message in (outbound.Message(key="canary", text=_CANARY), *self.messages()):
            plan = self._encode(message)
            yield from (repr(message), repr(plan))
            for step in plan.steps if isinstance(plan, SendPlan) else ():
                yield repr(self._interpret(step, NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=True)))

    def _capabilities(self) -> Capabilities:
        return self.adapter().capabilities(self.account(), self.conversation())

    def _carried(self) -> Iterator[outbound.Outbound]:
        yield from self.messages()
        yield outbound.Message(key="subject", text="It is here.", subject="Your order", reply_to="message-1")
        yield from (message for message, _ in _BEYOND)
        yield from (self.template(), outbound.Edit(key="edit", message_id="message-1", text="Later."))
        yield from (outbound.Delete(key="delete", message_id="message-1"), outbound.MarkRead(key="r", message_id="m-1"))
        yield outbound.React(key="react", message_id="message-1", reaction="+1")

    def _assert_pieces(self, plan: SendPlan, text: str, limit: int, unit: TextUnit) -> None:
        pieces = [piece for step in plan.steps if (piece := self.shown(step))]
        assert "".join(pieces) == text, "something was dropped or added"
        assert all(text_length(piece, unit) <= limit for piece in pieces), f"a piece is over {limit} {unit.value}"
        ends = set(accumulate(map(len, graphemes(text))))
        assert set(accumulate(map(len, pieces))) <= ends, "a character was cut"
        assert len(pieces) == 1 or plan.degradations, "that it was sent in pieces must be recorded"

    @staticmethod
    def _assert_clean(plan: SendPlan | Refused) -> None:
        for step in plan.steps if isinstance(plan, SendPlan) else ():
            for line in _lines_on_the_wire(step):
                assert line.isprintable(), f"a control character got into {type(step).__name__}: {line[:60]!r}"
            if isinstance(step, SmtpStep):
                head = step.message.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
                assert b"\x00" not in step.message, "a mail has no NUL"
                assert not any(line.startswith(_FORGED) for line in head.lower().split(b"\n")), "a header was forged"


def _lines_on_the_wire(step: WireStep) -> Iterator[str]:
    yield step.idempotency_key
    if isinstance(step, HttpStep):
        yield from (step.method, step.url)
        for name, value in step.headers:
            yield from (name, value)
    elif isinstance(step, SmtpStep):
        yield from (step.sender, *step.recipients)


def _injected(message: outbound.Outbound) -> Iterator[outbound.Outbound]:
    """The message with each of its texts in turn made hostile; its key is checked when it is made."""
    for attribute in attrs.fields(type(message)):
        value = getattr(message, attribute.name)
        if isinstance(value, str) and attribute.name != "key":
            changes: dict[str, Any] = {attribute.name: value + _INJECTION}
            yield attrs.evolve(message, **changes)
    if isinstance(message, outbound.Choices):
        yield attrs.evolve(message, choices=(outbound.Choice("a" + _INJECTION, "Monday" + _INJECTION),))
    if isinstance(message, outbound.Template):
        yield attrs.evolve(message, parameters=(_INJECTION,))


def _injected_conversations(conversation: Conversation) -> Iterator[Conversation]:
    recipient = conversation.recipient
    yield attrs.evolve(conversation, recipient=attrs.evolve(recipient, value=recipient.value + _INJECTION))
    yield attrs.evolve(conversation, recipient=attrs.evolve(recipient, name=_INJECTION))
    yield attrs.evolve(conversation, id=(conversation.id or "c") + _INJECTION)
    yield attrs.evolve(conversation, reply_tokens=(_INJECTION,))


def _texts_around(limit: int, unit: TextUnit) -> Iterator[str]:
    """Texts just below, at and above a limit, of plain letters and with characters that are long to count."""
    for letter in ("a", "\u00fc", "\u3042", "\U0001f44b"):
        fitting = _fitting(letter, limit, unit)
        yield from (letter * (fitting - 1), letter * fitting, letter * (fitting + 1))
    for cluster in _CLUSTERS:
        fitting = _fitting(cluster, limit, unit)
        yield from (cluster * fitting, cluster * (fitting + 1), "a" + cluster * fitting, cluster * (3 * fitting))


def _fitting(piece: str, limit: int, unit: TextUnit) -> int:
    """How many of a piece fit, at least one."""
    low, high = 1, limit * 160 + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if text_length(piece * middle, unit) <= limit else (low, middle)
    return low


def _media(kind: MediaKind, content_type: str) -> outbound.Media:
    url = "https://acme.example/file"
    return outbound.Media(key="media", kind=kind, content_type=content_type, url=url, name="file", caption="Yours")


def _takes(kind: MediaKind, content_type: str) -> Callable[[Capabilities], bool]:
    def is_beyond(capabilities: Capabilities) -> bool:
        limit = capabilities.media.get(kind)
        return limit is None or bool(limit.content_types and content_type not in limit.content_types)

    return is_beyond


def _buttons(count: int, label: str) -> outbound.Choices:
    choices = tuple(outbound.Choice(f"c{number}", f"{label}{number}") for number in range(count))
    return outbound.Choices(key="choices", text="Which one?", choices=choices)


def _marked_up(kind: TextFormat) -> outbound.Message:
    return outbound.Message(key="format", text="<b>It is *here*</b>", format=kind)


_BEYOND: tuple[tuple[outbound.Outbound, Callable[[Capabilities], bool]], ...] = (
    (_marked_up(TextFormat.MARKDOWN), lambda can: TextFormat.MARKDOWN not in can.formats),
    (_marked_up(TextFormat.HTML), lambda can: TextFormat.HTML not in can.formats),
    (outbound.Message(key="thread", text="Yes.", reply_to="message-1"), lambda can: not can.threads),
    (_buttons(2, "Day "), lambda can: can.buttons_max < 2),
    (_buttons(60, "Day "), lambda can: can.buttons_max < 60),
    (_buttons(2, "A day that is rather long to name " * 4), lambda can: can.button_label_max < 100),
    (_media(MediaKind.IMAGE, "image/png"), _takes(MediaKind.IMAGE, "image/png")),
    (_media(MediaKind.DOCUMENT, "application/x-odd"), _takes(MediaKind.DOCUMENT, "application/x-odd")),
    (outbound.Edit(key="e", message_id="m-1", text="Later."), lambda can: not can.edit),
    (outbound.Delete(key="d", message_id="m-1"), lambda can: not can.delete),
    (outbound.React(key="r", message_id="m-1", reaction="+1"), lambda can: not can.react),
    (outbound.Typing(key="t"), lambda can: not can.typing),
)
"""What some channels cannot carry, and how to tell which."""


class _Log(logging.Handler):
    """Whatever is logged meanwhile."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
