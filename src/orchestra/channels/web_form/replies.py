"""Answers to forms: for scripts as JSON, for browsers as a redirect or a plain page."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from orchestra.channels.safe_json import JsonObject, canonical_json
from orchestra.channels.web_form.settings import FormSettings
from orchestra.channels.web_form.submission import wants_json
from orchestra.channels.wire import Headers, HttpReply, RawRequest, header_values
from orchestra.errors import MalformedMessage

__all__ = ["cors", "faulty", "is_allowed", "preflight", "thanks", "with_token"]


def is_allowed(request: RawRequest, settings: FormSettings) -> bool:
    """Tell whether the page that a request comes from may hold the form. What is no browser names none."""
    told = header_values(request.headers, "Origin")
    if not told:
        return settings.apps or request.method == "GET"
    return len(told) == 1 and told[0].lower() in settings.origins


def cors(request: RawRequest) -> Headers:
    """Give the headers by which a browser lets a page read the answer; the page is allowed."""
    told = header_values(request.headers, "Origin")
    return (*((("Access-Control-Allow-Origin", told[0]),) if told else ()), ("Vary", "Origin"))


def preflight(request: RawRequest) -> HttpReply:
    """Answer a browser that asks whether a page may send the form by script."""
    asked = (
        ("Access-Control-Allow-Methods", "GET, POST"),
        ("Access-Control-Allow-Headers", "Content-Type, X-Form-Token"),
        ("Access-Control-Max-Age", "600"),
    )
    return HttpReply(status=204, headers=(*cors(request), *asked))


def with_token(request: RawRequest, token: str) -> HttpReply:
    """Answer a page that asks for a form's token."""
    return _json(200, {"form_token": token}, request, ("Cache-Control", "no-store"))


def faulty(faults: Sequence[MalformedMessage], request: RawRequest, status: int = 422) -> HttpReply:
    """Answer a form that cannot be taken: with each field that is wrong, and why."""
    if wants_json(request):
        told: JsonObject = {"faults": [{"field": fault.where, "reason": fault.reason} for fault in faults]}
        return _json(status, told, request)
    lines = [f"{fault.where}: {fault.reason}" for fault in faults]
    return _page(status, "\n".join(["This could not be sent:", *lines]), request)


def thanks(number: str | None, request: RawRequest, settings: FormSettings) -> HttpReply:
    """Answer a form that is taken, with its case's number."""
    if wants_json(request):
        told: JsonObject = {} if number is None else {"case": number}
        return _json(200, told, request)
    if settings.done_url:
        joint = "&" if "?" in settings.done_url else "?"
        query = "" if number is None else f"{joint}case={quote(number, safe='')}"
        return HttpReply(status=303, headers=(*cors(request), ("Location", f"{settings.done_url}{query}")))
    return _page(200, "Thank you." if number is None else f"Thank you. The number of your case is {number}.", request)


def _json(status: int, told: JsonObject, request: RawRequest, *more: tuple[str, str]) -> HttpReply:
    headers = (*cors(request), ("Content-Type", "application/json"), *more)
    return HttpReply(status=status, headers=headers, body=canonical_json(told))


def _page(status: int, text: str, request: RawRequest) -> HttpReply:
    """A page of plain text: whatever a field was called, it is no markup."""
    headers = (*cors(request), ("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff"))
    return HttpReply(status=status, headers=headers, body=f"{text}\n".encode())
