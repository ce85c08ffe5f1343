"""A plan whose customers are told how their cases go on, for previews."""

from __future__ import annotations

__all__ = ["CONNECTION", "WITHOUT_TOPICS", "changed"]

CONNECTION = """
[workspace]
default_queue = "care"
calendar = "office"
language = "en"
zone = "Europe/Berlin"

[teams.care]
[queues.care]
team = "care"
[channels.tasks]
work = true
[channels.chat]
live = true
[channels.mail]

[calendars.office]
zone = "Europe/Berlin"
mon = ["09:00-17:00"]
tue = ["09:00-17:00"]
wed = ["09:00-17:00"]
thu = ["09:00-17:00"]
fri = ["09:00-17:00"]

[notices.starts.mail]
address = "email"
[notices.topics.welcome]
legs = [{channel = "mail"}]
[notices.topics.late]
legs = [{channel = "mail"}]
[notices.topics.still]
legs = [{channel = "mail"}]
[notices.topics.ready]
after_resolved = true
legs = [{channel = "mail"}]

[templates.welcome]
facts = {number = "number", due = "instant", update_by = "instant"}
languages.en = {title = "Case $number", text = "Ready by $due. You hear from us by $update_by."}
[templates.late]
facts = {due = "instant", reason = "text"}
languages.en = {text = "It takes until $due: $reason."}
[templates.still]
facts = {number = "number", update_by = "instant"}
languages.en = {text = "We are at it. You hear from us by $update_by."}
[templates.ready]
facts = {number = "number", stage = "text"}
languages.en = {text = "It is done."}

[case_types.connection]
topics = ["connection"]
resolves = true
tells = {delay = "late", update = "still"}
[[case_types.connection.stages]]
name = "received"
normal = "10h"
max_silence = "12h"
promise = "welcome"
[[case_types.connection.stages]]
name = "ready"
promise = "ready"
"""
"""A stage that takes ten hours of an office that is open for eight a day, and the end."""

WITHOUT_TOPICS = CONNECTION.replace('topics = ["connection"]\n', "")


def changed(*replacements: tuple[str, str], text: str = CONNECTION) -> str:
    """The plan's text with something else in it, each time in one place or more."""
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    return text
