"""Carries frames to a service that Apprise knows: the `apprise` extra. The one module that imports it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

import anyio.to_thread
import apprise

from orchestra.channels.apprise.adapter import CONNECTION, NO_SUCH_RECIPIENT, NOT_CONFIRMED, TOLD
from orchestra.channels.fields import Fields
from orchestra.channels.safe_json import parse_json
from orchestra.channels.wire import FrameAnswer, FrameStep, NoAnswer, NoAnswerReason, StepResult, WireStep

__all__ = ["RECIPIENT", "AppriseTransport"]

RECIPIENT = "{recipient}"
"""Stands in an address for whom a message goes to."""

_FORMATS: Mapping[str, str] = MappingProxyType({"plain": "text", "markdown": "markdown", "html": "html"})


class AppriseTransport:
    """One service by its Apprise address, as `signal://localhost:8080/+4930000000/{recipient}`.

    Apprise waits in a thread of its own, so that the event loop goes on. Runs on asyncio and trio.

    Guarantees:
        A message is given to the service once at most. It is told to have arrived only if the service took it.
    """

    def __init__(self, url: str) -> None:
        """Describe a service. Nothing is opened yet.

        Args:
            url: its address as Apprise has them, which holds its secrets; `{recipient}` in it stands for whom a message
                goes to, and is written so that it can lead nowhere else. Without it all messages go to one place.

        Raises:
            ValueError: Apprise knows no service of such an address. The error does not quote it.
        """
        scheme = url.partition("://")[0]
        is_known = scheme in {name for plugin in apprise.Apprise().details()["schemas"] for name in _schemes(plugin)}
        if not is_known or (RECIPIENT not in url and apprise.Apprise.instantiate(url) is None):
            raise ValueError(f"Apprise knows no service of this address: {scheme[:20]!r}")
        self._url = url
        self._scheme = scheme

    def __repr__(self) -> str:
        return f"AppriseTransport({self._scheme!r})"

    async def perform(self, step: WireStep) -> StepResult:
        """Tell the service, and say whether it took it."""
        if not isinstance(step, FrameStep) or step.connection != CONNECTION:
            raise TypeError(f"Apprise takes a frame of its adapter, not {type(step).__name__}")
        frame = Fields(parse_json(step.data), "frame")
        url = self._url.replace(RECIPIENT, quote(frame.text("to"), safe=""))
        title, body, body_format = frame.text("title"), frame.text("body"), _FORMATS[frame.text("format")]
        # What is given up runs to its end unheard: the runtime then says that nobody knows.
        return await anyio.to_thread.run_sync(_tell, url, title, body, body_format, abandon_on_cancel=True)


def _schemes(plugin: Mapping[str, object]) -> set[str]:
    """By which names an address may begin."""
    found: set[str] = set()
    for name in ("protocols", "secure_protocols"):
        names = plugin.get(name)
        found |= {str(one) for one in names} if isinstance(names, (list, tuple, set, frozenset)) else set()
    return found


def _tell(url: str, title: str, body: str, body_format: str) -> StepResult:
    service = apprise.Apprise.instantiate(url)
    if service is None:
        return FrameAnswer(data=NO_SUCH_RECIPIENT)
    told = apprise.Apprise(service).notify(body=body, title=title, body_format=body_format)
    if told.status is apprise.AppriseResultStatus.TIMEOUT:
        return NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=True)
    return FrameAnswer(data=TOLD if told else NOT_CONFIRMED)
