"""Forms with a file in them, written (RFC 7578), so that equal forms give equal bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import attrs

from orchestra.channels.text import refuse_controls

__all__ = ["FormFile", "write_form"]


@attrs.frozen(kw_only=True)
class FormFile:
    """The file of a form: the field it is in, its name, what it is, its bytes."""

    field: str
    name: str
    content_type: str
    data: bytes = attrs.field(repr=False)


def write_form(fields: Mapping[str, str], file: FormFile) -> tuple[str, bytes]:
    """Give the content type and the body of a form: its fields in order, then its file.

    Raises:
        MalformedMessage: a control character in the file's name or type, which would forge a header.
    """
    # Made of the content, so that it is the same every time, and stands in no file that was not made for it.
    boundary = hashlib.sha256(b"form:" + file.data + repr(sorted(fields.items())).encode()).hexdigest()
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    name = refuse_controls(file.name, "name").replace('"', "%22")
    kind = refuse_controls(file.content_type, "content_type")
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{file.field}"; filename="{name}"\r\n'
    parts += [head.encode(), f"Content-Type: {kind}\r\n\r\n".encode(), file.data, f"\r\n--{boundary}--\r\n".encode()]
    return f"multipart/form-data; boundary={boundary}", b"".join(parts)
