"""Reading lists of news."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from orchestra.channels import inbound
from orchestra.channels.batches import digest_of, issue_of, joined, read_each, unusable
from orchestra.channels.fields import Fields
from orchestra.errors import MalformedMessage


def read(item: Fields) -> Iterator[inbound.Inbound]:
    for name in item.identifiers("ids"):
        origin = inbound.Origin(
            dedupe_key=name, ids=inbound.ProviderIds(), received_at=datetime(2026, 1, 5, tzinfo=UTC), raw_digest="d"
        )
        yield inbound.Unrecognised(origin=origin, type="x")
    item.flag("is_whole")


def test_a_bad_piece_costs_only_itself_and_what_stood_before_it_counts() -> None:
    found = read_each(
        [{"ids": ["a"], "is_whole": True}, 5, {"ids": ["b"]}, {"ids": ["c"], "is_whole": True}], "x", "d", read
    )
    assert [event.origin.dedupe_key for event in found.events] == ["a", "b", "c"]
    assert [(issue.code, issue.where) for issue in found.issues] == [
        ("malformed_event", "x[1]"),
        ("malformed_event", "x[2].is_whole"),
    ]
    assert found.reply.status == 200


def test_nothing_is_no_news() -> None:
    assert read_each([], "x", "d", read) == joined([])


def test_readings_are_joined_in_order() -> None:
    first = read_each([{"ids": ["a", "b"], "is_whole": True}, None], "x", "d", read)
    second = read_each([None, {"ids": ["c"], "is_whole": True}], "y", "d", read)
    both = joined([first, second])
    assert [event.origin.dedupe_key for event in both.events] == ["a", "b", "c"]
    assert [issue.where for issue in both.issues] == ["x[1]", "y[0]"]


def test_an_issue_quotes_nothing_and_names_the_bytes() -> None:
    error = MalformedMessage("body.id", "is missing")
    assert digest_of(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    issue = issue_of(error, "d")
    assert (issue.code, issue.where, issue.reason, issue.raw_digest) == ("malformed", "body.id", "is missing", "d")
    refused = unusable(error, "d", code="wrong_account", status=403)
    assert (refused.issues[0].code, refused.reply.status) == ("wrong_account", 403)
