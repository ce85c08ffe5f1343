"""`orchestra run`: a process that owns a workspace."""

from __future__ import annotations

import argparse
import logging
import signal
from collections.abc import Sequence

import anyio

from orchestra.cli.arguments import new_parser
from orchestra.cli.terminal import one_line
from orchestra.runtime.workspace import Workspace

__all__ = ["main"]

_DESCRIPTION = """\
Own a workspace until SIGTERM or SIGINT: let its timers ring, and answer the commands that
other processes submit. Stops cleanly: what was decided is stored, the ownership given back.
Logs to standard error, ids only."""

_EXAMPLES = """
orchestra run plan.toml --journal sqlite:contacts.db
orchestra run plan.toml --journal sqlite:contacts.db --standby
"""

_log = logging.getLogger("orchestra.run")


def main(argv: Sequence[str]) -> int:
    """Run `orchestra run`.

    Raises:
        OrchestraError: the plan has faults, the journal cannot be used, or another process owns the workspace.
    """
    parser = new_parser("run", _DESCRIPTION, _EXAMPLES)
    parser.add_argument("plan", metavar="PLAN", help="a plan file")
    parser.add_argument("--journal", metavar="URL", required=True, help="where the workspace is, as sqlite:contacts.db")
    parser.add_argument("--standby", action="store_true", help="wait for another owner to go, instead of ending")
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    anyio.run(_own, arguments)
    return 0


async def _own(arguments: argparse.Namespace) -> None:
    # Until the workspace is open a signal ends the process at once: it owns nothing yet.
    async with Workspace.open(arguments.plan, arguments.journal, standby=arguments.standby) as workspace:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            health = workspace.health()
            where = one_line(arguments.journal.partition("?")[0])
            _log.info("owns %s: epoch %d, position %d", where, health.epoch, health.position)
            async for number in signals:
                _log.info("%s: stopping at position %d", signal.Signals(number).name, workspace.health().position)
                break
    _log.info("stopped")
