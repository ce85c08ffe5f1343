"""`orchestra decode`: captured requests, and the checks that they fail."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.contract.courier import CourierCase
from tests.contract.loopback_case import LoopbackCase

from orchestra.channels.loopback import LoopbackAdapter
from orchestra.channels.wire import RawRequest
from orchestra.cli.captures import read_account, read_capture
from orchestra.cli.main import main
from orchestra.errors import DefinitionError

Capture = pytest.CaptureFixture[str]
AT = "2026-01-05T12:00:00Z"
ACCOUNT = """
id = "acme"
[secrets]
signing = ["$ORCHESTRA_TEST_SECRET", "old-secret"]
"""


def captured(request: RawRequest, line_end: str = "\r\n") -> bytes:
    lines = [f"{request.method} /hooks/r-41f6 HTTP/1.1", "Host: acme.example"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    return line_end.join([*lines, "", ""]).encode() + request.body


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ORCHESTRA_TEST_SECRET", "new-secret")
    case = LoopbackCase()
    for kind in ("message", "batch", "bad_among_good", "watermark"):
        (tmp_path / f"{kind}.http").write_bytes(captured(case.sign(case.sample(kind), "new-secret")))
    (tmp_path / "account.toml").write_text(ACCOUNT)
    return tmp_path


def decode(folder: Path, name: str, *more: str, adapter: str = "loopback") -> int:
    account = [] if "--account" in more else ["--account", str(folder / "account.toml")]
    return main(["decode", "--adapter", adapter, *account, "--at", AT, *more, str(folder / name)])


def test_the_news_is_told(folder: Path, capsys: Capture) -> None:
    assert decode(folder, "batch.http") == 0
    out = capsys.readouterr().out
    for told in ("MessageReceived", "loopback ann", "e-1", "Where is my order?", "ReactionChanged", "reaction +1"):
        assert told in out
    assert out.endswith("answered 200\n")


def test_the_news_as_json(folder: Path, capsys: Capture) -> None:
    assert decode(folder, "watermark.http", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["verdict"], told["status"], told["issues"]) == ("verified", 200, [])
    (event,) = told["events"]
    assert event["kind"] == "DeliveryUpdate"
    assert event["state"] == "read"
    assert event["watermark"] == "2026-01-05T12:00:00+00:00"
    assert event["origin"]["dedupe_key"] == "e-12"
    assert event["origin"]["identities"][0]["value"] == "ann"


def test_what_is_not_understood_is_told(folder: Path, capsys: Capture) -> None:
    assert decode(folder, "bad_among_good.http") == 1
    assert "body.events[1].at" in capsys.readouterr().out


def test_the_failing_check_is_told(folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRA_TEST_SECRET", "another")
    assert decode(folder, "message.http") == 1
    assert capsys.readouterr().out == "refused: signature, answered 401\n"
    assert decode(folder, "message.http", "--at", "2026-01-06T12:00:00", "--json") == 1
    assert json.loads(capsys.readouterr().out) == {"verdict": "rejected", "code": "stale", "status": 401}


def test_without_the_secret_it_can_still_be_read(folder: Path, capsys: Capture) -> None:
    (folder / "bare.toml").write_text('id = "acme"')
    assert decode(folder, "message.http", "--unverified", "--account", str(folder / "bare.toml")) == 0
    assert "Where is my order?" in capsys.readouterr().out


def test_a_handshake_is_told(folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CourierCase()
    monkeypatch.setattr("orchestra.cli.decode.find_adapter", lambda _: case.adapter())
    (folder / "account.toml").write_text('id = "acme"\nsecrets.handshake = "open-sesame"')
    (folder / "try.http").write_text("GET /hooks?challenge=c&token=open-sesame HTTP/1.1\n\n")
    assert decode(folder, "try.http") == 0
    assert capsys.readouterr().out.startswith("a handshake")
    assert decode(folder, "try.http", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"verdict": "handshake", "status": 200}


@pytest.mark.parametrize("method", ["verify", "decode"])
def test_an_adapter_that_raises_is_named(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(LoopbackAdapter, method, fail)
    assert decode(folder, "message.http") == 2
    assert f"{method} raised ZeroDivisionError" in capsys.readouterr().err


def test_there_is_no_such_adapter(folder: Path, capsys: Capture) -> None:
    assert decode(folder, "message.http", adapter="telepathy") == 2
    assert "no such channel" in capsys.readouterr().err


@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_a_capture_is_read_as_it_came(tmp_path: Path, line_end: str) -> None:
    at = datetime(2026, 1, 5, tzinfo=UTC)
    path = tmp_path / "capture.http"
    headers = (("Host", "acme.example"), ("X-A", "1"), ("x-a", "2"))
    lines = ["POST /hooks?a=%C3%BC HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]
    path.write_bytes(line_end.join(lines).encode() + b"\x00\xff\r\n\r\n more")
    request = read_capture(path, None, at)
    assert (request.method, request.url, request.received_at) == ("POST", "https://acme.example/hooks?a=%C3%BC", at)
    assert request.headers == headers
    assert request.body == b"\x00\xff\r\n\r\n more"
    assert read_capture(path, "https://public.example/", at).url == "https://public.example/"


def test_a_capture_without_a_body(tmp_path: Path) -> None:
    path = tmp_path / "capture.http"
    path.write_bytes(b"GET https://acme.example/hooks HTTP/1.1\nX-A: 1")
    request = read_capture(path, None, datetime(2026, 1, 5, tzinfo=UTC))
    assert (request.method, request.url, request.body) == ("GET", "https://acme.example/hooks", b"")


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "request line"), ("hello", "request line"), ("GET / HTTP/1.1\nno field\n\n", "line 2 is no header field")],
)
def test_what_is_no_capture(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "capture.http"
    path.write_text(text)
    with pytest.raises(DefinitionError, match=reason):
        read_capture(path, None, datetime(2026, 1, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("id = ", "is no TOML"),
        ('name = "x"', "is not known here"),
        ("config = 7", "are tables"),
        ("config.a = 1.5", "config.a is a text"),
        ("secrets.a = 7", "secrets.a is a text or a list"),
    ],
)
def test_what_is_no_account(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "account.toml"
    path.write_text(text)
    with pytest.raises(DefinitionError, match=reason):
        read_account(path, "loopback")


def test_an_account_of_which_nothing_is_known() -> None:
    account = read_account(None, "loopback")
    assert (account.channel, account.id, dict(account.secrets)) == ("loopback", "", {})


def test_files_that_are_not_there(folder: Path, capsys: Capture) -> None:
    assert decode(folder, "nowhere.http") == 2
    assert "No such file" in capsys.readouterr().err
    assert decode(folder, "message.http", "--at", "yesterday") == 2
    assert "no instant" in capsys.readouterr().err
