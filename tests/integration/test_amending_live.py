"""What was sent is changed over a bot of Telegram's: the real adapter and HTTP, and a Bot API on this machine."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest
from tests.docs.test_telegram_guide import BOT, PLAN, UPDATE, from_telegram
from tests.http_peer import answering

from orchestra.channels.http_transport import HttpTransport
from orchestra.channels.registry import find_adapter
from orchestra.codec import decode_event
from orchestra.errors import InvalidCommand, NotAllowedInState
from orchestra.model import events as e
from orchestra.runtime.agents import ActiveContact
from orchestra.runtime.lines import Line
from orchestra.runtime.workspace import Workspace

pytestmark = pytest.mark.anyio


class BotApi:
    """The provider: the chat as its members see it, by message id, and every method that was called."""

    def __init__(self) -> None:
        self.chat: dict[int, str] = {}
        self.reactions: dict[int, list[str]] = {}
        self.called: list[str] = []
        self.faults: list[tuple[int, str]] = []

    def answer(self, path: str, _fields: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        said: dict[str, Any] = json.loads(body)
        method = path.rpartition("/")[2]
        if method == "getUpdates":
            return 409, _refusal(409, "Conflict: webhook is active")
        self.called.append(method)
        if self.faults:
            status, words = self.faults.pop(0)
            return status, _refusal(status, words)
        return getattr(self, method)(said)  # type: ignore[no-any-return]

    def sendMessage(self, said: dict[str, Any]) -> tuple[int, bytes]:
        number = 6 + len(self.chat)
        self.chat[number] = said["text"]
        return 200, _message(number)

    def editMessageText(self, said: dict[str, Any]) -> tuple[int, bytes]:
        number = said["message_id"]
        if number not in self.chat:
            return 400, _refusal(400, "Bad Request: message to edit not found")
        if self.chat[number] == said["text"]:
            return 400, _refusal(400, "Bad Request: message is not modified")
        self.chat[number] = said["text"]
        return 200, _message(number)

    def deleteMessage(self, said: dict[str, Any]) -> tuple[int, bytes]:
        if self.chat.pop(said["message_id"], None) is None:
            return 400, _refusal(400, "Bad Request: message to delete not found")
        return 200, b'{"ok": true, "result": true}'

    def setMessageReaction(self, said: dict[str, Any]) -> tuple[int, bytes]:
        self.reactions[said["message_id"]] = [one["emoji"] for one in said["reaction"]]
        return 200, b'{"ok": true, "result": true}'


def _message(number: int) -> bytes:
    found = {"message_id": number, "date": 1, "chat": {"id": 77, "type": "private"}}
    return json.dumps({"ok": True, "result": found}).encode()


def _refusal(code: int, words: str) -> bytes:
    return json.dumps({"ok": False, "error_code": code, "description": words}).encode()


@asynccontextmanager
async def answered(api: BotApi) -> AsyncGenerator[tuple[Workspace, ActiveContact]]:
    """A contact in which ana has answered, over the wire."""
    async with answering(api.answer) as url, HttpTransport(allow_plain=True) as transport:
        line = Line("telegram", find_adapter("telegram"), attrs.evolve(BOT, config={"url": url}), transport)
        async with Workspace.open(PLAN, channels=[line]) as workspace:
            ana = await workspace.sign_in("ana")
            assert (await workspace.webhook("r-51d0c8", from_telegram(UPDATE))).status == 200
            contact = await (await ana.next_offer()).accept()
            await contact.reply("It arrives on Frday.")
            await workspace.settle()
            yield workspace, contact


async def test_the_chat_shows_what_the_history_says() -> None:
    api = BotApi()
    async with answered(api) as (workspace, contact):
        assert api.chat == {6: "It arrives on Frday."}
        await contact.correct("me2", "It arrives on Friday.")
        await contact.react("me1", "👍")
        await workspace.settle()
        assert (api.chat, api.reactions) == ({6: "It arrives on Friday."}, {5: ["👍"]})
        written = next(
            one for one in await workspace.timeline("cu1", actor="customer:cu1") if one.kind == "MessageWritten"
        )
        assert written.text == api.chat[6]
        await contact.react("me1", None)
        await contact.take_back("me2")
        await workspace.settle()
        assert (api.chat, api.reactions) == ({}, {5: []})
        with pytest.raises(NotAllowedInState):
            await contact.correct("me2", "Again")
        with pytest.raises(InvalidCommand):
            await contact.correct("me2", "")


async def test_what_the_bot_is_told_to_wait_for_is_tried_again_and_done_once() -> None:
    api = BotApi()
    async with answered(api) as (workspace, contact):
        api.faults = [(500, "Internal Server Error")]
        await contact.correct("me2", "It arrives on Friday.")
        await workspace.settle()
        found = [decode_event(record) for record in workspace.journal.read(types=["DeliveryRetried"])]
        assert [(event.delivery, event.code) for event in found if isinstance(event, e.DeliveryRetried)] == [
            ("de2", "telegram_500")
        ]
        assert api.called == ["sendMessage", "editMessageText"]


async def test_what_is_gone_there_is_told() -> None:
    api = BotApi()
    async with answered(api) as (workspace, contact):
        api.chat.clear()
        await contact.correct("me2", "It arrives on Friday.")
        await workspace.settle()
        failed = next(iter(workspace.journal.read(types=["DeliveryFailed"])))
        event = decode_event(failed)
        assert isinstance(event, e.DeliveryFailed)
        assert (event.delivery, event.code) == ("de2", "telegram_400")
        read = await workspace.timeline("cu1", actor="customer:cu1")
        assert "It arrives on Frday." in [entry.text for entry in read]
