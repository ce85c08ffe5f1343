"""Catching hidden effects of code that must be pure: clocks, randomness, files and sockets.

It watches calls, so it also sees what was imported under another name before the watch began.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["EffectSeen", "forbid_effects"]

_MODULES = frozenset({"socket", "ssl", "subprocess", "random", "secrets", "threading", "tempfile", "asyncio.events"})
_FUNCTIONS = frozenset(
    {
        *(
            f"time.{name}"
            for name in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
        ),
        *("time.sleep", "time.localtime", "time.gmtime", "time.process_time"),
        *("datetime.now", "datetime.utcnow", "datetime.today", "date.today"),
        *("posix.urandom", "nt.urandom", "_uuid.generate_time_safe", "Random.random", "Random.getrandbits"),
        *("_io.open", "io.open", "_socket.getaddrinfo", "posix.open", "nt.open"),
    }
)


class EffectSeen(AssertionError):
    """Code that must be pure has called something that is not."""


@contextmanager
def forbid_effects() -> Generator[None]:
    """Fail if the current thread reads a clock, draws randomness, opens a file or makes a socket meanwhile.

    The call itself is prevented. Code that swallows the error is still caught, when the block ends.

    Raises:
        EffectSeen: names the calls.
    """
    seen: list[str] = []

    def watch(frame: FrameType, event: str, function: Any) -> None:
        name = _effect(frame, event, function)
        if name is not None:
            seen.append(name)
            raise EffectSeen(name)

    before, collects = sys.getprofile(), gc.isenabled()
    gc.disable()  # what others do whenever garbage is collected is not the doing of the code that is watched
    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()
        if seen:
            raise EffectSeen(f"not pure: calls {', '.join(seen)}")


def _effect(frame: FrameType, event: str, function: Any) -> str | None:
    """Name the effect that a call has, if it is one of those forbidden."""
    if event == "call":
        module = frame.f_globals.get("__name__")
        return f"{module}.{frame.f_code.co_name}" if module in _MODULES else None
    if event != "c_call":
        return None
    # Functions have a module; methods of built-in classes have none, but a qualified name.
    module = getattr(function, "__module__", None)
    plain = function.__qualname__
    name = f"{module}.{plain}" if module and "." not in plain else plain
    return name if name in _FUNCTIONS else None
