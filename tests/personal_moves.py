"""Moves of the random workload about what customers told of themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orchestra.engine.engine import Engine
from orchestra.model import commands as c
from orchestra.model.templates import FormWording, Topic, Wording
from tests.commitment_moves import Chooser
from tests.engine_driver import SECOND

__all__ = ["WEIGHTS", "swarm_templates", "zones_of_number"]

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe")


def zones_of_number(number: int) -> list[str]:
    """Where somebody with a phone number may be: nowhere that is known, in one zone, or in two."""
    return list(ZONES[number % 3 : number % 3 + number % 3])


def set_zone(engine: Engine, choose: Chooser) -> c.Command | None:
    """Somebody is in a zone, is not there any more, or is somewhere that there is not."""
    names = list(engine.view.identity.customers)[-8:]
    if not names:
        return None
    zone = choose.pick([*ZONES, *ZONES, None, "Europe/Nowhere"])
    when = choose.pick([None, engine.now_us - choose.number(0, 60) * SECOND])
    return c.SetCustomerZone(choose.pick(names), zone, choose.pick(["said", "address", "guess"]), when)


def set_language(engine: Engine, choose: Chooser) -> c.Command | None:
    """Somebody wants to be addressed in a language, in none in particular, or in what is none."""
    names = list(engine.view.identity.customers)[-8:]
    when = choose.pick([None, engine.now_us - choose.number(0, 60) * SECOND])
    return (
        c.SetCustomerLanguage(choose.pick(names), choose.pick(["de", "de-AT", "en", None, "?"]), when)
        if names
        else None
    )


def set_form(engine: Engine, choose: Chooser) -> c.Command | None:
    """Somebody wants to be addressed in a form that there is, or in one that there is not."""
    names = list(engine.view.identity.customers)[-8:]
    return c.SetCustomerForm(choose.pick(names), choose.pick(["informal", None, "royal"])) if names else None


def set_hours(engine: Engine, choose: Chooser) -> c.Command | None:
    """Somebody would rather be reached at some time of the day, at any, or at none that there is."""
    names = list(engine.view.identity.customers)[-8:]
    hours = choose.pick(["18:00-20:00", "09:00-12:00", None, "noon"])
    return c.SetCustomerHours(choose.pick(names), hours) if names else None


def swarm_templates() -> Mapping[str, Topic]:
    """One topic, in two languages and two forms."""
    informal = {"informal": FormWording("Hi", "Your $order is late")}
    german = Wording("Verspätung", "Der Auftrag $order verspätet sich")
    return {
        "delay": Topic(
            {"order": "text"}, {"en": Wording("Delay", "Order $order is late", forms=informal), "de": german}
        )
    }


WEIGHTS: Mapping[Callable[[Engine, Chooser], c.Command | None], int] = {
    set_zone: 3,
    set_language: 2,
    set_form: 2,
    set_hours: 1,
}
"""Move -> how often it is made, relative to the others."""
