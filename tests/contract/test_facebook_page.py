"""The adapter of Facebook Pages, held to the contract of adapters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from orchestra.channels import outbound
from orchestra.channels.account import Account, Conversation
from orchestra.channels.meta.page import FacebookPageAdapter
from orchestra.channels.meta.signature import signature_of
from orchestra.channels.parts import Identity
from orchestra.channels.port import ChannelAdapter
from orchestra.channels.wire import HttpAnswer, HttpStep, RawRequest, StepResult, WireStep
from orchestra.testing.adapters import AdapterContract, Signing

PAGE, POST, COMMENT = "104910", "104910_81", "81_500"
URL = "https://acme.example/hooks/r-2f6d"
NOWHERE = "http://169.254.169.254/latest/meta-data"


class TestFacebookPage(AdapterContract):
    not_applicable: ClassVar[Mapping[int, str]] = {
        5: "nothing says when a request was sent",
        9: "the signature is always over the body",
        22: "there are no receipts",
        24: "there are no receipts",
        33: "there is no window",
        40: "the provider honours no keys",
    }
    signing = Signing(secret="app_secret", headers=("X-Hub-Signature-256",))
    sequence_kinds = ("message", "edit", "delete")

    def adapter(self) -> ChannelAdapter:
        return FacebookPageAdapter()

    def account(self) -> Account:
        secrets = {"app_secret": ("new-secret", "old-secret"), "verify_token": ("a-verify-token",), "token": ("EAA-t",)}
        return Account(route_key="r-2f6d", channel="facebook_page", id=PAGE, secrets=secrets)

    def conversation(self) -> Conversation:
        return Conversation(id=f"{COMMENT}/650123", recipient=Identity("messenger", "650123"))

    def messages(self) -> tuple[outbound.Outbound, ...]:
        private = outbound.Message(key="key-9", text="Only for you.", reply_to=COMMENT, is_private=True)
        return (*super().messages(), private)

    def sign(self, request: RawRequest, secret: str) -> RawRequest:
        proof = ("X-Hub-Signature-256", signature_of(secret, request.body))
        return attrs.evolve(request, headers=(*request.headers, proof))

    def handshake(self, kind: str) -> RawRequest:
        token = "a-guess" if kind == "wrong_token" else "a-verify-token"
        challenge = "%3Cscript%3Ealert(1)%3C%2Fscript%3E" if kind == "markup" else "1158201444"
        url = f"{URL}?hub.mode=subscribe&hub.challenge={challenge}&hub.verify_token={token}"
        return RawRequest(method="GET", url=url, received_at=self.now)

    def sample(self, kind: str) -> RawRequest:
        return self.request(self.changes(kind), account="1" if kind == "other_account" else PAGE)

    def written(self, text: str) -> RawRequest:
        return self.request([self.comment(message=text)])

    def answer(self, kind: str) -> StepResult:
        refused = {"message": "Unsupported post request", "code": 100, "error_subcode": 33}
        answers: dict[str, tuple[int, Any]] = {
            "accepted": (200, {"id": "81_501"}),
            "permanent": (400, {"error": refused}),
            "transient": (400, {"error": {"message": "limit", "code": 32}}),
            "error_in_success": (200, {"error": refused}),
        }
        status, body = answers[kind]
        return HttpAnswer(status=status, body=json.dumps(body).encode())

    def echo(self, step: WireStep) -> RawRequest:
        assert isinstance(step, HttpStep)
        ours = {"id": PAGE, "name": "Acme"}
        said = json.loads(step.body)["message"]
        return self.request([self.comment(**{"from": ours}, comment_id="81_501", parent_id=COMMENT, message=said)])

    def comment(self, **fields: Any) -> dict[str, Any]:
        written = int(self.now.timestamp()) - 60
        who = {"id": "650123", "name": "Ann"}
        value = {
            "item": "comment",
            "verb": "add",
            "comment_id": COMMENT,
            "post_id": POST,
            "parent_id": POST,
            "from": who,
        }
        return {"field": "feed", "value": {**value, "created_time": written, "message": "Where?", **fields}}

    def changes(self, kind: str) -> list[Any]:
        comment = self.comment()
        like = self.comment(item="reaction", reaction_type="love", message=None)
        changes = {
            "message": [comment],
            "redelivery": [comment],
            "other_account": [comment],
            "extended": [{**comment, "colour": "green"}],
            "batch": [comment, like],
            "bad_among_good": [comment, {"field": "feed", "value": {"item": 5}}, like],
            "empty_batch": [],
            "unknown": [self.comment(item="hologram")],
            "echo": [self.comment(**{"from": {"id": PAGE}}, comment_id="81_501", parent_id=COMMENT)],
            "without_phone": [comment],
            "hostile_media": [self.comment(photo=NOWHERE)],
            "edit": [self.comment(verb="edited", message="Where is order 81?")],
            "delete": [self.comment(verb="remove", message=None)],
        }
        return changes[kind]

    def request(self, changes: list[Any], account: str = PAGE) -> RawRequest:
        entry = {"id": account, "time": int(self.now.timestamp()), "changes": changes}
        body = json.dumps({"object": "page", "entry": [entry]}).encode()
        return RawRequest(method="POST", url=URL, body=body, received_at=self.now)
