"""A Twilio of our own for calls: an API on this machine that is asked over HTTP, and lines that do what TwiML says.

A line runs its document up to what takes time (a gathering, music, a room) and stays there until the test lets time
pass, presses a key or hangs up, or until the API is told otherwise. The SDK signs the requests to the application.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.etree.ElementTree import Element, fromstring

import anyio
import attrs
from anyio.abc import TaskGroup
from twilio.request_validator import RequestValidator
from twilio.twiml import voice_response

from orchestra.channels.account import Account
from orchestra.runtime.workspace import Workspace
from tests.asgi_client import Answer, Application, ask
from tests.http_peer import answering

__all__ = ["NUMBER", "SID", "TOKEN", "Line", "TwilioPeer", "account", "serving"]

SID = "AC" + "0" * 31 + "1"
TOKEN = "the-auth-token"
NUMBER = "+442079460000"
HOOK = "https://acme.example/hooks/r-voice"


def account(api: str = "https://api.twilio.com", **config: Any) -> Account:
    """The company's account at it."""
    known = {"number": NUMBER, "callback_url": HOOK, "agents": "client:{agent}", "url": api, **config}
    secrets = {"signing": (TOKEN,), "password": (TOKEN,)}
    return Account(route_key="r-voice", channel="twilio_voice", id=SID, config=known, secrets=secrets)


@attrs.define
class Line:
    """One line: that of a customer, or of an agent who was called. `said` is all that was heard on it, in order."""

    sid: str
    number: str
    status: str = "ringing"
    said: list[str] = attrs.field(factory=list)
    todo: list[Element] = attrs.field(factory=list)
    at: Element | None = None
    told: Mapping[str, list[str]] = attrs.field(factory=dict)

    @property
    def room(self) -> str | None:
        """The conference it is in."""
        found = None if self.at is None else self.at.find("Conference")
        return None if found is None else found.text

    @property
    def is_over(self) -> bool:
        """Whether nobody is on it any more."""
        return self.status not in ("ringing", "in-progress")


class TwilioPeer:
    """The provider. `requests` are those that its API was asked, in order: path, and form."""

    def __init__(self, tasks: TaskGroup) -> None:
        self.app: Application | None = None
        self.lines: dict[str, Line] = {}
        self.requests: list[tuple[str, Mapping[str, list[str]]]] = []
        self.refusals: list[tuple[int, int]] = []
        self.is_deaf = False
        self._tasks = tasks
        self._busy = 0

    # What a test does.

    async def call(self, number: str = "+442079460958", sid: str = "CA1") -> Line:
        """Somebody calls the company's number; gives their line once it does what the answer says."""
        line = self.lines[sid] = Line(sid, number)
        await self._ask(line, HOOK, {"CallStatus": "ringing", "Direction": "inbound"})
        return line

    async def press(self, line: Line, key: str) -> None:
        """Press a key while that is asked for."""
        assert line.at is not None, "the line does nothing that takes time"
        assert line.at.tag == "Gather", f"no key is asked for, but {line.at.tag}"
        await self._ask(line, line.at.attrib["action"], {"Digits": key, "msg": "Gather End"})

    async def passes(self, line: Line) -> None:
        """Let what the line does come to its end."""
        assert line.at is not None, "the line does nothing that takes time"
        assert line.room is None, "nobody leaves a room by waiting"
        line.at = None
        await self._go_on(line)

    async def hang_up(self, line: Line, status: str = "completed") -> None:
        """Whoever is on a line hangs up, or never answers."""
        line.status, line.at, line.todo = status, None, []
        if line.told:
            await self._tell(line)
        else:
            await self.post(HOOK, line, {"CallStatus": status})

    async def answer(self, line: Line) -> None:
        """An agent answers their phone."""
        line.status = "in-progress"
        await self._tell(line)
        line.todo = list(fromstring(line.told["Twiml"][0]))
        await self._go_on(line)

    def agent(self, target: str) -> Line:
        """The newest line to an agent."""
        return next(line for line in reversed(self.lines.values()) if line.number == target)

    async def settle(self, workspace: Workspace) -> None:
        """Return when neither side has anything to do."""
        while True:
            await workspace.settle()
            if not self._busy:
                return
            await anyio.sleep(0.001)

    async def post(self, url: str, line: Line, fields: Mapping[str, str]) -> Answer:
        """Send a signed request about a line."""
        assert self.app is not None
        form = {"AccountSid": SID, "CallSid": line.sid, "From": line.number, "To": NUMBER, **fields}
        form = {"CallStatus": line.status, "ApiVersion": "2010-04-01", **form}
        proof = RequestValidator(TOKEN).compute_signature(url, form)
        headers = [("Content-Type", "application/x-www-form-urlencoded"), ("X-Twilio-Signature", proof)]
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return await ask(self.app, "POST", path, headers, urlencode(form).encode())

    # What a line does.

    async def _ask(self, line: Line, url: str, fields: Mapping[str, str]) -> None:
        """Ask the application what comes next, and do that."""
        before = line.todo, line.at
        answer = await self.post(url, line, fields)
        assert answer.status == 200, answer
        if line.is_over or (line.todo, line.at) != before:
            return  # hung up, or told otherwise by the API, meanwhile
        if line.status == "ringing":
            line.status = "in-progress"
        await self._follow(line, answer.body.decode())

    async def _follow(self, line: Line, document: str) -> None:
        root = fromstring(document)
        assert root.tag == "Response"
        line.todo, line.at = list(root), None
        await self._go_on(line)

    async def _go_on(self, line: Line) -> None:
        while line.todo and line.at is None:
            verb = line.todo.pop(0)
            assert hasattr(voice_response, verb.tag), f"no verb of Twilio's: {verb.tag}"
            if verb.tag == "Say":
                line.said.append(verb.text or "")
            elif verb.tag == "Hangup":
                await self.hang_up(line)
                return
            elif verb.tag == "Redirect":
                await self._ask(line, verb.text or "", {})
                return
            else:
                line.said += [found.text or "" for found in verb.iter("Say")]
                line.at = verb

    async def _tell(self, line: Line) -> None:
        events = line.told.get("StatusCallbackEvent", ["completed"])
        if ("answered" if line.status == "in-progress" else "completed") in events:
            await self.post(line.told["StatusCallback"][0], line, {"CallStatus": line.status})

    # What its API does.

    def _asked(self, path: str, form: Mapping[str, list[str]]) -> tuple[int, dict[str, Any]]:
        self.requests.append((path, form))
        if self.refusals:
            status, code = self.refusals.pop(0)
            return status, {"code": code, "message": "no", "status": status}
        base = f"/2010-04-01/Accounts/{SID}/Calls"
        if path == f"{base}.json":
            line = Line(f"CA9{len(self.lines)}", form["To"][0], told=form)
            self.lines[line.sid] = line
            return 201, {"sid": line.sid, "status": "queued"}
        known = self.lines.get(path.removeprefix(f"{base}/").removesuffix(".json"))
        if known is None or known.is_over:
            return 404, {"code": 20404, "message": "not found", "status": 404}
        if known.status == "ringing" and "Twiml" in form:
            return 400, {"code": 21220, "message": "Call is not in-progress", "status": 400}
        self._start(self._changed, known, form)
        return 200, {"sid": known.sid, "status": "in-progress"}

    async def _changed(self, line: Line, form: Mapping[str, list[str]]) -> None:
        if form.get("Status") == ["completed"]:
            await self.hang_up(line)
        else:
            await self._follow(line, form["Twiml"][0])

    def _start(self, work: Any, *args: Any) -> None:
        self._busy += 1

        async def done() -> None:
            try:
                await work(*args)
            finally:
                self._busy -= 1

        self._tasks.start_soon(done)

    def api(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """Answer one request of the API."""
        assert headers["authorization"].startswith("Basic ")
        status, told = self._asked(path, parse_qs(body.decode()))
        return status, json.dumps(told).encode()


@asynccontextmanager
async def serving() -> AsyncGenerator[tuple[TwilioPeer, str]]:
    """The peer, and the address of its API, for the length of a block."""
    async with anyio.create_task_group() as tasks:
        peer = TwilioPeer(tasks)
        async with answering(peer.api) as address:
            yield peer, address
        tasks.cancel_scope.cancel()
