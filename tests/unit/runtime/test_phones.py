"""Phone numbers as people write them: one number, one customer; and what is no number is told so."""

from __future__ import annotations

import sys
from unittest.mock import patch

import pytest
from hypothesis import given, strategies as st

from orchestra.errors import DefinitionError, MalformedMessage
from orchestra.model.addresses import Handle, Phone
from orchestra.model.plan import Plan
from orchestra.runtime.keys import WorkspaceKey
from orchestra.runtime.phones import e164, is_region, zones

BERLIN = "+4930123456"


def plan(region: str | None = None, zone: str | None = None) -> Plan:
    named = "" if region is None else f'[identity]\nphone_region = "{region}"\n'
    placed = "" if zone is None else f'zone = "{zone}"\n'
    return Plan.parse(f'[workspace]\ndefault_queue = "q"\n{placed}[teams.t]\n[queues.q]\nteam = "t"\n{named}')


STRICT, GERMAN = WorkspaceKey.of(plan()), WorkspaceKey.of(plan("DE"))


@pytest.mark.parametrize(
    "written",
    [
        "030123456",
        "(030) 12 34 56",
        "0049 30 123456",
        "+49 30 123456",
        "+49 (0)30 123456",
        "030/123-456",
        " 030123456 ",
    ],
)
def test_one_number_however_it_is_written(written: str) -> None:
    assert e164(written, "DE") == BERLIN
    assert GERMAN.address(Phone(written)) == GERMAN.address(Phone(BERLIN))
    with pytest.raises(MalformedMessage, match="a plus sign and 7 to 15 digits"):
        STRICT.address(Phone(written))


def test_a_number_without_a_country_code_is_of_the_region() -> None:
    assert e164("020 7946 0018", "GB") == "+442079460018"
    assert e164("020 7946 0018", "DE") != e164("020 7946 0018", "GB")
    assert e164("+44 20 7946 0018", "DE") == "+442079460018"
    assert e164("06 698 12345", "IT") == "+390669812345"


@pytest.mark.parametrize("given", [BERLIN, "+49030123456", "+6834000", "+99912345678"])
def test_what_is_in_the_form_stays_with_and_without_a_region(given: str) -> None:
    """So a region that is named later finds everybody again who was known before."""
    assert GERMAN.address(Phone(given)) == STRICT.address(Phone(given))


@pytest.mark.parametrize(
    "given",
    ["", "12", "hello", "call 030 123456", "0800 FLOWERS", "030 1234567890123456789", "joe@example.com", "030\n123456"],
)
def test_what_is_no_number_is_refused_and_not_quoted(given: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        GERMAN.address(Phone(given))
    assert given == "" or given not in str(caught.value)


def test_an_extension_is_refused() -> None:
    """Everybody behind a switchboard would be one person."""
    with pytest.raises(MalformedMessage, match="extension"):
        e164("030 123456 #5", "DE")


def test_only_phone_numbers_are_spelt() -> None:
    assert GERMAN.address(Handle("030123456", kind="crm")) == STRICT.address(Handle("030123456", kind="crm"))


def test_withheld_numbers_are_blocked_before_they_are_read() -> None:
    assert not GERMAN.address(Phone("anonymous")).matches


@pytest.mark.parametrize("region", ["de", "DEU", "D", "", "D1", "ÄÖ"])
def test_a_region_is_two_capital_letters(region: str) -> None:
    with pytest.raises(DefinitionError, match="must be a region of ISO 3166, as DE") as caught:
        plan(region)
    assert [fault.path for fault in caught.value.faults] == ["identity.phone_region"]


def test_a_region_that_has_no_numbers_is_told_at_open() -> None:
    assert (is_region("DE"), is_region("XX")) == (True, False)
    with pytest.raises(DefinitionError, match="'XX' has no phone numbers that are known"):
        WorkspaceKey.of(plan("XX"))


def test_without_the_extra_a_region_says_what_to_install() -> None:
    missing = {"phonenumbers": None, "orchestra.runtime.phones": None}
    with patch.dict(sys.modules, missing):
        assert WorkspaceKey.of(plan()).address(Phone(BERLIN)).value == BERLIN
        with pytest.raises(DefinitionError, match=r"needs the phone extra: pip install 'orchestra-cx\[phone\]'"):
            WorkspaceKey.of(plan("DE"))


# Where numbers are


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (BERLIN, ("Europe/Berlin",)),
        ("+12125550123", ("America/New_York",)),
        ("+13105551234", ("America/Los_Angeles",)),
        ("+81312345678", ("Asia/Tokyo",)),
        ("+870773111632", ()),  # a satellite's
        ("+99912345678", ()),
        ("+1", ()),
        ("no number", ()),
    ],
)
def test_a_number_tells_where_it_is(number: str, expected: tuple[str, ...]) -> None:
    assert zones(number) == expected


def test_a_mobile_number_tells_all_zones_of_its_country() -> None:
    found = zones("+79161234567")
    assert {"Europe/Moscow", "Asia/Kamchatka"} < set(found)
    assert list(found) == sorted(found)


def test_addresses_tell_it_where_the_plan_names_a_zone_and_are_no_others_for_it() -> None:
    key = WorkspaceKey.of(plan(zone="Europe/London"))
    found = key.address(Phone(BERLIN))
    assert (found.zones, found.key) == (["Europe/Berlin"], STRICT.address(Phone(BERLIN)).key)
    assert STRICT.address(Phone(BERLIN)).zones is None
    assert key.address(Handle(BERLIN, kind="crm")).zones is None
    assert key.address(Phone("anonymous")).zones is None
    german = WorkspaceKey.of(plan("DE", "Europe/London"))
    assert german.address(Phone("030 123456")).zones == ["Europe/Berlin"]


def test_without_the_extra_no_number_tells_where_it_is() -> None:
    with patch.dict(sys.modules, {"phonenumbers": None, "orchestra.runtime.phones": None}):
        assert WorkspaceKey.of(plan(zone="Europe/London")).address(Phone(BERLIN)).zones is None


@given(st.text(max_size=40) | st.from_regex(r"[+0-9 ()/#;,.-]{0,40}", fullmatch=True))
def test_whatever_is_written_becomes_a_number_in_the_form_or_is_refused(text: str) -> None:
    try:
        address = GERMAN.address(Phone(text))
    except MalformedMessage:
        return
    if address.matches:
        assert address.value is not None
        assert GERMAN.address(Phone(address.value)) == address == STRICT.address(Phone(address.value))
