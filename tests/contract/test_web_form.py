"""The shipped contract suite over the adapter of forms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

import attrs

from orchestra.channels.account import Account
from orchestra.channels.port import ChannelAdapter
from orchestra.channels.web_form import WebFormAdapter, form_token
from orchestra.channels.wire import RawRequest
from orchestra.testing.adapter_points import SENDING
from orchestra.testing.adapter_rig import Signing
from orchestra.testing.adapters import AdapterContract

ACCOUNT = Account(
    route_key="form-41f6",
    channel="web_form",
    id="shop",
    config={"fields": "name, email*, order, message*", "origins": "https://shop.example"},
    secrets={"form": ("new secret", "old secret")},
)


class TestWebForm(AdapterContract):
    """Forms that a script sends."""

    not_applicable: ClassVar[Mapping[int, str]] = {
        **dict.fromkeys(SENDING, "whoever sent a form is answered on another channel"),
        5: "a token says itself when it was made: tests of tokens check that",
        7: "there is one algorithm",
        9: "a form bears a token, which covers no body",
        10: "a form bears a token, which covers no address",
        12: "whoever asks for a token is told no challenge",
        16: "a request is one form",
        17: "a form is a message",
        19: "forms come once, and nothing changes them",
        20: "a form is no message of ours",
        21: "who writes is known by what they say",
        22: "nothing is told of what was read",
        23: "nothing is edited or deleted",
        24: "nothing is told of what has arrived",
        25: "files come with their form, none stands behind an address",
    }
    signing = Signing(secret="form", headers=("X-Form-Token",), covers_body=False)
    names_account: ClassVar[bool] = False

    def adapter(self) -> ChannelAdapter:
        return WebFormAdapter()

    def account(self) -> Account:
        return ACCOUNT

    def sign(self, request: RawRequest, secret: str) -> RawRequest:
        if not secret:
            raise ValueError("there can be no token without a secret")
        token = form_token(attrs.evolve(ACCOUNT, secrets={"form": (secret,)}), self.now - timedelta(minutes=1))
        return attrs.evolve(request, headers=(*request.headers, ("X-Form-Token", token)))

    def sample(self, kind: str) -> RawRequest:
        more: dict[str, Any] = {"mood": "good", "more": "x"} if kind == "extended" else {}
        return self._request({**_FIELDS, **more})

    def written(self, text: str) -> RawRequest:
        return self._request({**_FIELDS, "message": text})

    def _request(self, fields: dict[str, Any]) -> RawRequest:
        headers = (("Content-Type", "application/json"), ("Origin", "https://shop.example"))
        body = json.dumps(fields).encode()
        url = "https://door.example/hooks/form-41f6"
        return RawRequest(method="POST", url=url, headers=headers, body=body, received_at=self.now)


class TestWebFormWithFiles(TestWebForm):
    """Forms that a browser sends by itself, with a file."""

    content_type = "multipart/form-data; boundary=0815"

    def account(self) -> Account:
        return attrs.evolve(ACCOUNT, config={**ACCOUNT.config, "files": 2})

    def _request(self, fields: dict[str, Any]) -> RawRequest:
        head = "--0815\r\nContent-Disposition: form-data; name="
        parts = [f'{head}"{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
        file = f'{head}"paper"; filename="a.pdf"\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n--0815--\r\n'
        headers = (("Content-Type", self.content_type), ("Origin", "https://shop.example"))
        body = "".join([*parts, file]).encode()
        url = "https://door.example/hooks/form-41f6"
        return RawRequest(method="POST", url=url, headers=headers, body=body, received_at=self.now)


_FIELDS = {"form_id": "f-1", "name": "Jo", "email": "jo@example.org", "message": "Where is my order?"}
