"""The server in `test_webhooks_under_load`: `python -m tests.integration.hook_server PORT JOURNAL`.

It owns a workspace and takes the webhooks of one loopback account.
"""

from __future__ import annotations

import sys
from typing import Any

import uvicorn
from tests.contact_centre import ACCOUNT, PLAN

from orchestra import Line, Workspace
from orchestra.channels.loopback import LoopbackAdapter
from orchestra.web import WebApplication


def main(port: str, journal: str) -> None:
    """Serve until killed."""
    lines = [Line("chat", LoopbackAdapter(), ACCOUNT)]
    app: Any = WebApplication(
        f"http://127.0.0.1:{port}", lambda: Workspace.open(PLAN, journal, channels=lines, standby=True)
    )
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="error", ws="none", access_log=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
