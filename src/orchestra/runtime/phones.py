"""The `phone` extra: numbers as people write them, in the form that is stored. The one module that imports it.

What this makes of a number may change with the edition of its data, so it is done before a command is made: nothing
that follows events depends on it. A number that is in that form already is left alone, whatever the data says of it.
"""

from __future__ import annotations

import phonenumbers
from phonenumbers import timezone

from orchestra.errors import MalformedMessage

__all__ = ["e164", "is_region", "zones"]

_NOT_KNOWN = "Etc/Unknown"


def is_region(region: str) -> bool:
    """Whether it is a region whose numbers are known, as `DE`."""
    return region in phonenumbers.SUPPORTED_REGIONS


def e164(value: str, region: str) -> str:
    """A number in E.164 form.

    Args:
        value: as somebody wrote it: `(030) 123456`, `0049 30 123456`, `+49 (0)30 123456`.
        region: where it would be dialled so.

    Raises:
        MalformedMessage: it is none that could be, or has an extension, which no such form can hold; quotes nothing.
    """
    other = MalformedMessage("phone", f"not a number in E.164 form, nor one of {region}")
    if any(character.isalpha() for character in value):
        raise other  # a number would be found in any sentence, and made of any word
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        raise other from None
    if number.extension:
        raise MalformedMessage("phone", "a number with an extension has no E.164 form")
    if not phonenumbers.is_possible_number(number):
        raise other
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def zones(value: str) -> tuple[str, ...]:
    """The time zones in which whoever has a number in E.164 form may be; none if that is not known.

    A number of one town tells one, a mobile number often all of its country's. Where people took their phone it does
    not tell.
    """
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        return ()
    found = (zone for zone in timezone.time_zones_for_number(number) if zone != _NOT_KNOWN)
    return tuple(sorted(found))
