"""A Django project in one file: a contact form in, a customer's history out.

The workspace is owned by another process, `orchestra run examples/plan.toml --journal sqlite:contacts.db`; this one
connects to it when the first view needs it. `python examples/django_app.py runserver`, or behind gunicorn:
`gunicorn --workers 4 examples.django_app:application`.
"""

from __future__ import annotations

import os
import sys
from functools import cache

from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils.datastructures import MultiValueDictKeyError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from orchestra import (
    CommandRefused,
    Email,
    InvalidCommand,
    JournalUnavailable,
    MalformedMessage,
    Message,
    UnknownId,
    blocking,
)

settings.configure(
    ALLOWED_HOSTS=["localhost", "127.0.0.1", "testserver"],
    CONTACTS=os.environ.get("CONTACTS", "sqlite:contacts.db"),
    ROOT_URLCONF=__name__,
    SECRET_KEY="only-for-this-example",
)


@cache
def workspace() -> blocking.Client:
    """This process's connection, for all its threads. After the fork, because it is opened by the first view."""
    return blocking.connect(settings.CONTACTS)


@csrf_exempt
@require_POST
def contact(request: HttpRequest) -> JsonResponse:
    """The form carries an id made when it was shown: sent twice, it is taken once."""
    form = request.POST
    try:
        message = Message("web-form", id=form["form_id"], sender=Email(form["email"]), text=form["text"])
        got = workspace().receive(message)
    except (MalformedMessage, InvalidCommand, MultiValueDictKeyError) as error:  # what was sent makes no sense
        return JsonResponse({"error": str(error)}, status=400)
    except CommandRefused as error:  # it cannot be done as things stand
        return JsonResponse({"error": str(error)}, status=409)
    except JournalUnavailable as error:
        return JsonResponse({"error": str(error)}, status=503)
    return JsonResponse({"case": got.case.number, "customer": got.customer}, status=202)


@require_GET
def timeline(request: HttpRequest, customer: str) -> JsonResponse:
    """What happened with a customer, over all channels."""
    try:
        entries = workspace().timeline(customer)
    except UnknownId as error:
        return JsonResponse({"error": str(error)}, status=404)
    return JsonResponse([entry.to_json() for entry in entries], safe=False)


urlpatterns = [
    path("contact", contact),
    path("customers/<str:customer>/timeline", timeline),
]

application = get_wsgi_application()

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
