"""Files that a user names: opened only if they are files, read within bounds, decoded with the place of a fault.

Belongs here: what can be wrong with a file before anybody looks at what it says. Does not: any format.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from orchestra.errors import DefinitionError, Fault

__all__ = ["decoded", "open_file", "read_file"]

_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def open_file(path: Path) -> BinaryIO:
    """Open a regular file to read its bytes.

    Raises:
        OSError: it cannot be opened, or is something else: a pipe would hang its reader, a device may never end.
        ValueError: that is no name of a file.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "is a pipe or a device; it must be a file", str(path))
    return path.open("rb")


def read_file(path: Path, most: int) -> bytes:
    """What stands in a file of at most so many bytes.

    Raises:
        DefinitionError: it cannot be opened, is no regular file, or is larger.
    """
    try:
        with open_file(path) as file:
            data = file.read(most + 1)
    except OSError as error:
        raise DefinitionError([Fault("", f"{path}: {error.strerror}")]) from error
    except ValueError as error:
        raise DefinitionError([Fault("", f"{str(path)!a} is no name of a file")]) from error
    if len(data) > most:
        raise DefinitionError([Fault("", f"{path}: larger than {most} bytes")])
    return data


def decoded(source: str | bytes) -> str:
    """The text that the bytes are.

    Raises:
        DefinitionError: they are not UTF-8; names the first wrong byte, and a byte order mark by its name.
    """
    try:
        text = source if isinstance(source, str) else source.decode()
    except UnicodeDecodeError as error:
        mark = ", the byte order mark of UTF-16" if error.object.startswith(_UTF_16_MARKS) else ""
        wrong = f"byte {error.start} (0x{error.object[error.start]:02X}{mark})"
        raise DefinitionError([Fault("", f"not UTF-8 at {wrong}: save the file as UTF-8")]) from None
    if text.startswith("\ufeff"):
        raise DefinitionError([Fault("", "begins with a byte order mark (bytes EF BB BF): save it as UTF-8 without")])
    return text
