"""`orchestra run`: a process that owns a workspace."""

from __future__ import annotations

import argparse
import logging
import signal
from collections.abc import Sequence

import anyio
from anyio.abc import TaskStatus

from orchestra.cli.arguments import add_predicates, add_scores, new_parser, predicates_of, scores_of
from orchestra.cli.terminal import one_line
from orchestra.errors import OrchestraError
from orchestra.journal.registry import shown_url
from orchestra.runtime.workspace import Workspace

__all__ = ["main"]

_DESCRIPTION = """\
Own a workspace until SIGTERM or SIGINT: let its timers ring, and answer the commands that
other processes submit. Stops cleanly: what was decided is stored, the ownership given back.
A standby that still waits stops as well. The exit status is then 0.
Logs to standard error, ids only."""

_EXAMPLES = """
orchestra run plan.toml --journal sqlite:contacts.db
orchestra run plan.toml --journal sqlite:contacts.db --standby
orchestra run plan.toml --journal sqlite:contacts.db --scores acme.routing:scores
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
    add_scores(parser)
    add_predicates(parser)
    arguments = parser.parse_args(argv)
    arguments.scores, arguments.predicates = scores_of(arguments), predicates_of(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    anyio.run(_own, arguments)
    return 0


async def _own(arguments: argparse.Namespace) -> None:
    stop, failure = _Stop(), None
    async with anyio.create_task_group() as tasks:
        await tasks.start(stop.listen)
        try:
            with stop.waiting:
                await _own_until(stop, arguments)
        except OrchestraError as error:  # goes out below as it was raised, not in a group
            failure = error
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure
    _log.info("stopped")


async def _own_until(stop: _Stop, arguments: argparse.Namespace) -> None:
    where = one_line(shown_url(arguments.journal))
    if arguments.standby:
        _log.info("standing by for %s", where)
    async with Workspace.open(
        arguments.plan,
        arguments.journal,
        standby=arguments.standby,
        scores=arguments.scores,
        predicates=arguments.predicates,
    ) as workspace:
        stop.owns = True
        health = workspace.health()
        _log.info("owns %s (epoch %d, position %d)", where, health.epoch, health.position)
        await stop.told.wait()
        _log.info("stopping at position %d", workspace.health().position)


class _Stop:
    """The first signal to stop: ends the waiting for a workspace, or lets one that is owned be left."""

    def __init__(self) -> None:
        self.waiting = anyio.CancelScope()
        self.told = anyio.Event()
        self.owns = False

    async def listen(self, *, task_status: TaskStatus[None]) -> None:
        # Only the first: a second one ends the process at once.
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            task_status.started()
            async for number in signals:
                _log.info("%s: stopping", signal.Signals(number).name)
                break
        if self.owns:
            self.told.set()
        else:
            self.waiting.cancel()
