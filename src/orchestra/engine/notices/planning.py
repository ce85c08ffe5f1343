"""Entering a notice that is to be told, and looking at it at once. Refuses nothing: whoever asks has checked it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from orchestra.engine.notices.checks import has_left
from orchestra.engine.notices.row import Value
from orchestra.engine.notices.saying import version_of
from orchestra.engine.notices.telling import look, suppress
from orchestra.engine.section import Steps
from orchestra.engine.view import View
from orchestra.model import events as e

__all__ = ["announce"]


def announce(
    view: View,
    at_us: int,
    *,
    key: str,
    digest: str,
    topic: str,
    customer: str,
    expires_us: int,
    facts: Mapping[str, Value],
    case: str | None = None,
    urgency: str = "normal",
    not_before_us: int | None = None,
    group: str | None = None,
) -> Steps:
    """Enter a notice under a key that none has, with all that its topic tells; gives its id.

    Of those of its group that have not left it takes the place.
    """
    name = view.notices.next_notice()
    yield e.NoticePlanned(
        name,
        customer,
        key,
        digest,
        topic,
        urgency,
        dict(sorted(facts.items())),
        expires_us,
        case,
        not_before_us,
        group,
        version_of(view, topic, view.plan.notices.topics[topic]),
    )
    yield from _replaced(view, name)
    yield from look(view, name, at_us)
    return name


def _replaced(view: View, name: str) -> Iterator[e.Event]:
    """Of the notices of a group the newest counts; what has left of the others, has."""
    row = view.notices.notices[name]
    if row.group is None:
        return
    older = (one for person in view.identity.group(row.customer) for one in _waiting(view, person, row.group))
    for one in [one for one in older if one != name and not has_left(view.notices.notices[one])]:
        yield from suppress(view, one, "superseded", name)


def _waiting(view: View, customer: str, group: str) -> Iterable[str]:
    return view.notices.in_group.get((customer, group), ())
