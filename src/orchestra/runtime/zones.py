"""Which edition of the time zone database this process reads."""

from __future__ import annotations

import zoneinfo
from importlib import import_module
from pathlib import Path

__all__ = ["zone_data_version"]


def zone_data_version() -> str:
    """The edition, such as `2025b`; `unknown` where the system does not tell."""
    for folder in zoneinfo.TZPATH:
        for name, prefix in (("tzdata.zi", "# version "), ("+VERSION", "")):
            file = Path(folder) / name
            if file.is_file():
                with file.open(encoding="utf-8") as lines:
                    return lines.readline().strip().removeprefix(prefix)
    try:
        version: str = import_module("tzdata").IANA_VERSION
    except ModuleNotFoundError:
        return "unknown"
    return version
