"""What an account's configuration says of its form."""

from __future__ import annotations

import attrs

from orchestra.channels.account import Account
from orchestra.channels.description import ConfigField, ConfigKind

__all__ = ["CHANNEL", "CONFIG", "ID_FIELD", "SECRET_NAME", "TOKEN_FIELD", "FormSettings"]

CHANNEL = "web_form"
SECRET_NAME = "form"  # noqa: S105 - the name under which the secret is kept, not a secret
TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field
ID_FIELD = "form_id"

_MOST_FILE_BYTES = 3_000_000
_LEAST_SECONDS = 2
_MOST_HOURS = 24


def _text(name: str, told: str, *, is_required: bool = False) -> ConfigField:
    return ConfigField(name=name, kind=ConfigKind.TEXT, help=told, is_required=is_required)


CONFIG = (
    _text(
        "fields", "the form's fields with commas between, required ones with a star: `name, email*`", is_required=True
    ),
    _text("origins", "the origins whose pages hold it, as `https://shop.example`, commas between", is_required=True),
    _text("sender", "the field that says who writes; email"),
    _text("sender_kind", "what stands there: email or phone; email"),
    _text("name", "the field with their name; name"),
    _text("text", "the field with what they write; message"),
    _text("subject", "the field with what it is about; none"),
    _text("trap", "a field that people do not see and machines fill in; website"),
    _text("done_url", "where the browser goes when the form is taken; a plain page if not set"),
    ConfigField(name="apps", kind=ConfigKind.FLAG, help="whether it may come from what is no browser; false"),
    ConfigField(name="files", kind=ConfigKind.INTEGER, help="how many files may come with it; 0"),
    ConfigField(name="file_bytes", kind=ConfigKind.INTEGER, help=f"how large each of them may be; {_MOST_FILE_BYTES}"),
    ConfigField(name="least_seconds", kind=ConfigKind.INTEGER, help=f"nobody fills it in faster; {_LEAST_SECONDS}"),
    ConfigField(name="most_hours", kind=ConfigKind.INTEGER, help=f"how long a page may stand open; {_MOST_HOURS}"),
)
"""The settings of an account."""


@attrs.frozen(kw_only=True)
class FormSettings:
    """An account's form; attributes as in `CONFIG`."""

    fields: tuple[str, ...]
    required: frozenset[str]
    origins: frozenset[str]
    sender: str
    sender_kind: str
    name: str
    text: str
    subject: str
    trap: str
    done_url: str
    apps: bool
    files: int
    file_bytes: int
    least_seconds: int
    most_hours: int

    @classmethod
    def of(cls, account: Account) -> FormSettings:
        """Read an account's configuration, which its description has checked."""
        named = [one.strip() for one in account.text_setting("fields", "").split(",") if one.strip()]
        origins = account.text_setting("origins", "").split(",")
        return cls(
            fields=tuple(one.rstrip("*").strip() for one in named),
            required=frozenset(one.rstrip("*").strip() for one in named if one.endswith("*")),
            origins=frozenset(origin.strip().rstrip("/").lower() for origin in origins if origin.strip()),
            sender=account.text_setting("sender", "email"),
            sender_kind=account.text_setting("sender_kind", "email"),
            name=account.text_setting("name", "name"),
            text=account.text_setting("text", "message"),
            subject=account.text_setting("subject", ""),
            trap=account.text_setting("trap", "website"),
            done_url=account.text_setting("done_url", ""),
            apps=account.config.get("apps") is True,
            files=_integer(account, "files", 0),
            file_bytes=_integer(account, "file_bytes", _MOST_FILE_BYTES),
            least_seconds=_integer(account, "least_seconds", _LEAST_SECONDS),
            most_hours=_integer(account, "most_hours", _MOST_HOURS),
        )


def _integer(account: Account, name: str, default: int) -> int:
    value = account.config.get(name, default)
    return value if isinstance(value, int) else default
