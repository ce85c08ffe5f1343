"""The program that a mail server pipes mails into, against a real web server that leads to a workspace."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from tests.unit.channels.mail.mail_samples import written

from examples import mail_pipe
from orchestra import Line, Plan, blocking
from orchestra.channels.mail.adapter import MailAdapter, mail_account
from orchestra.channels.wire import RawRequest
from orchestra.journal.memory import MemoryJournal

SECRET = "shared with the mail server"
SHOP = mail_account("care@shop.example", token="a secret of the shop's own", inbound=SECRET, route_key="r-5e11")
PLAN = Plan.parse('[workspace]\ndefault_queue = "care"\n[teams.care]\n[queues.care]\nteam = "care"\n[channels.mail]')


@contextmanager
def door(workspace: blocking.Workspace) -> Generator[str]:
    """The address that mails are posted to, as a web framework would serve it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = RawRequest(
                method="POST",
                url="https://desk.shop.example" + self.path,
                headers=tuple(self.headers.items()),
                body=body,
                received_at=datetime.now(UTC),
            )
            self.send_response(workspace.webhook(self.path.rpartition("/")[2], request).status)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hooks/r-5e11"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_mail_is_in_the_journal_once_the_server_is_told_so() -> None:
    journal = MemoryJournal()
    with blocking.open(PLAN, journal, channels=[Line("mail", MailAdapter(), SHOP)]) as ws, door(ws) as url:
        assert mail_pipe.post(written(), url, SECRET) == mail_pipe.TAKEN
        assert [record.type for record in journal.read(types=["MessageReceived"])] == ["MessageReceived"]
        assert mail_pipe.post(written(), url, SECRET) == mail_pipe.TAKEN  # it was told twice, and is taken once
        assert mail_pipe.post(b"no mail", url, SECRET) == mail_pipe.NO_MAIL
        assert mail_pipe.post(written("x"), url, "another secret") == mail_pipe.TRY_AGAIN
        assert mail_pipe.post(written("x"), url + "x", SECRET) == mail_pipe.TRY_AGAIN
        assert len(list(journal.read(types=["MessageReceived"]))) == 1


def test_without_a_workspace_the_mail_server_keeps_the_mail() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/hooks/x"
    program = Path(mail_pipe.__file__)
    ended = subprocess.run(
        [sys.executable, str(program), url], input=written(), env={**os.environ, "MAIL_SECRET": SECRET}, check=False
    )
    assert ended.returncode == mail_pipe.TRY_AGAIN
