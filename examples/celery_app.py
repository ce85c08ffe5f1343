"""Celery tasks that talk to a workspace: each takes effect once, however often the broker delivers it.

A task's id stays the same when it is retried or delivered again. Given as the request id, it makes the owner answer as
it did the first time. The workspace is owned by `orchestra run examples/plan.toml --journal sqlite:contacts.db`; start
workers with `celery --app examples.celery_app worker`.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from celery import Celery, Task

from orchestra import Email, JournalUnavailable, Message, blocking, commands

app = Celery("contacts", broker=os.environ.get("BROKER", "memory://"))
app.conf.update(task_acks_late=True, task_reject_on_worker_lost=True)


@cache
def workspace() -> blocking.Client:
    """This process's connection. Opened by its first task, so each process of the pool has its own."""
    return blocking.connect(os.environ.get("CONTACTS", "sqlite:contacts.db"))


@app.task(autoretry_for=[JournalUnavailable], retry_backoff=True)
def take_form(form_id: str, email: str, text: str) -> str:
    """Take a form that was kept in the broker while the workspace was down; gives the case's number.

    Only what the journal could not do is tried again. A form that makes no sense raises `MalformedMessage`, which fails
    the task for good: whoever sent it is told, as a web application tells by 400.
    """
    return workspace().receive(Message("web-form", id=form_id, sender=Email(email), text=text)).case.number


@app.task(bind=True, autoretry_for=[JournalUnavailable], retry_backoff=True)
def open_case(task: Task[Any, Any], customer: str, topic: str) -> str:
    """Open a case: a command without a natural id, which the task's own id keeps from being done twice."""
    opened = workspace().execute(commands.OpenCase(customer, topic=topic), request_id=task.request.id)
    return str(opened.number)
