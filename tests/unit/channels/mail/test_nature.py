"""Whether a machine wrote a mail, and whether its sender is who they seem."""

from __future__ import annotations

import pytest
from tests.unit.channels.mail.mail_samples import settings, written

from orchestra.channels.mail.nature import automatic_reason, is_authentic
from orchestra.channels.mail.reading import read_mail

OWN = settings(aliases="sales@shop.example", forms="form@shop.example", trusted_results="mx.shop.example")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, None),
        ({"Auto-Submitted": "no"}, None),
        ({"Auto-Submitted": "No (really)"}, None),
        ({"Auto-Submitted": "auto-replied"}, "auto_submitted"),
        ({"Auto-Submitted": "Auto-Generated; x=y"}, "auto_submitted"),
        ({"Auto-Submitted": "auto-notified (a comment)"}, "auto_submitted"),
        ({"Precedence": "Bulk"}, "bulk"),
        ({"Precedence": "junk"}, "bulk"),
        ({"Precedence": "list"}, "bulk"),
        ({"Precedence": "first-class"}, None),
        ({"List-Id": "News <news.example.com>"}, "list"),
        ({"Return-Path": "<>"}, "null_return_path"),
        ({"Return-Path": ""}, "null_return_path"),
        ({"Return-Path": "<joe@example.com>"}, None),
        ({"From": "care@shop.example"}, "own_address"),
        ({"From": "Care+x@SHOP.example"}, "own_address"),
        ({"From": "sales@shop.example"}, "own_address"),
        ({"X-Loop": "care@shop.example"}, "loop"),
        ({"X-Loop": "somebody@example.com"}, None),
        ({"X-Autoreply": "yes"}, "auto_reply_mark"),
        ({"X-Autorespond": ""}, "auto_reply_mark"),
        ({"From": "Mailer-Daemon@example.com"}, "mailer_daemon"),
        ({"From": "form@shop.example", "Auto-Submitted": "auto-generated"}, None),
        ({"From": '"'}, None),
    ],
)
def test_machines_are_told_from_people(fields: dict[str, str], reason: str | None) -> None:
    assert automatic_reason(read_mail(written(fields=fields)), OWN) == reason


OWN_LIST = {"List-Id": "Care <Care.shop.example>", "Precedence": "list"}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (OWN_LIST, None),
        ({**OWN_LIST, "Precedence": "bulk"}, "bulk"),
        ({**OWN_LIST, "Auto-Submitted": "auto-replied"}, "auto_submitted"),
        ({**OWN_LIST, "List-Id": "<news.example.com>"}, "bulk"),
        ({"List-Id": "<news.example.com>"}, "list"),
        ({"List-Id": "care.shop.example"}, "list"),
        ({"Precedence": "list"}, "bulk"),
    ],
)
def test_what_an_own_group_passes_on_is_a_persons(fields: dict[str, str], reason: str | None) -> None:
    own = settings(lists="sales.shop.example, Care.Shop.Example")
    assert automatic_reason(read_mail(written(fields=fields)), own) == reason
    assert automatic_reason(read_mail(written(fields=OWN_LIST)), OWN) == "bulk"


def test_what_another_list_passed_on_before_is_that_lists() -> None:
    own = settings(lists="care.shop.example")
    both = b"List-Id: <news.example.com>\r\n" + written(fields={"List-Id": "<care.shop.example>"})
    assert automatic_reason(read_mail(both), own) == "list"


def test_a_mail_that_passed_too_many_servers_goes_round() -> None:
    hops = b"Received: from a by b\r\n"
    assert automatic_reason(read_mail(hops * 50 + written()), OWN) is None
    assert automatic_reason(read_mail(hops * 51 + written()), OWN) == "loop"


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ("mx.shop.example; dmarc=pass header.from=example.com", True),
        ("MX.shop.example 1; spf=pass; DMARC=pass (p=none) header.from=example.com", True),
        ("mx.shop.example; dmarc=fail", False),
        ("mx.shop.example; spf=pass", False),
        ("mx.shop.example", False),
        ("mx.eve.example; dmarc=pass", False),
        ("mx.shop.example.eve.example; dmarc=pass", False),
        ('mx.shop.example; spf=fail reason="x; dmarc=pass"', False),
        ("mx.shop.example; spf=fail (x; dmarc=pass)", False),
        ("mx.shop.example; spf=fail (a (x) ; dmarc=pass ; (y) b)", False),
        ("mx.shop.example; spf=fail (a ; dmarc=pass", False),
        ('mx.shop.example; spf=fail " ; dmarc=pass', False),
        ("mx.shop.example; xdmarc=pass", False),
        ("", False),
    ],
)
def test_only_the_own_server_vouches_for_a_sender(result: str, expected: bool) -> None:
    mail = read_mail(written(Authentication_Results=result))
    assert is_authentic(mail, OWN) is expected
    assert is_authentic(mail, settings()) is False


def test_only_its_first_word_counts_and_only_for_one_sender() -> None:
    forged = b"Authentication-Results: mx.shop.example; dmarc=pass\r\n"
    own = b"Authentication-Results: mx.shop.example; dmarc=fail\r\n"
    assert not is_authentic(read_mail(own + forged + written()), OWN)
    assert is_authentic(read_mail(b"Authentication-Results: other.example; dmarc=fail\r\n" + forged + written()), OWN)
    assert not is_authentic(read_mail(forged + written(From="joe@example.com, ann@example.com")), OWN)
    assert not is_authentic(read_mail(forged + written(From=None)), OWN)
