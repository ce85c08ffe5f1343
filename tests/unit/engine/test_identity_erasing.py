"""Forgetting a customer: nobody is known by their ids any more, and they are found on no list again."""

from __future__ import annotations

from tests.engine_driver import Driver, person, plan

from orchestra.errors import NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import ref
from orchestra.model.identity import Identity
from orchestra.model.results import Erased


def _driver() -> Driver:
    driver = Driver(plan(identity=Identity(purposes={"news": "opt_out"})))
    driver.message("joe", "email")
    driver.message("jm", "email")
    driver.run(c.MergeCustomers("cu1", "cu2", "told"), 1)
    return driver


def test_all_ids_of_a_person_are_forgotten() -> None:
    driver = _driver()
    position = driver.engine.position
    assert driver.run(c.EraseCustomer("cu2", "asked"), 1).result == Erased(["cu1", "cu2"], position)
    assert driver.events(e.CustomerErased) == [e.CustomerErased("cu1", "asked"), e.CustomerErased("cu2", "asked")]
    identity = driver.engine.view.identity
    assert identity.addresses == {}
    assert identity.suppressed == {"key-joe": 1, "key-jm": 1}
    assert identity.root("cu2") == "cu1", "an alias goes on working"
    assert driver.replayed(is_blanked=True).state_hash() == driver.engine.state_hash()


def test_it_is_pending_until_the_store_has_done_it() -> None:
    driver = _driver()
    driver.refuse(c.RecordErasure("cu1"), NotAllowedInState)
    driver.run(c.EraseCustomer("cu1", "asked"), 1)
    assert driver.engine.view.identity.erasing == {"cu1": 1, "cu2": 1}
    driver.run(c.RecordErasure("cu1"), 1)
    driver.run(c.RecordErasure("cu2"), 1)
    assert driver.engine.view.identity.erasing == {}
    driver.refuse(c.EraseCustomer("cu9", "asked"), UnknownId)


def test_who_comes_from_the_address_next_is_somebody_new_and_sent_only_what_they_ask_for() -> None:
    driver = _driver()
    driver.run(c.EraseCustomer("cu1", "asked"), 1)
    got = driver.message("joe", "email")
    assert got.customer == "cu3"
    news = c.SendMessage(got.case.id, "k", purpose="news", text="hi")
    driver.refuse(news, NotAllowedInState)
    driver.run(c.RecordConsent("cu3", "news", True), 1)
    driver.run(news, 1)
    other = driver.message("zoe", "email")
    driver.run(c.SendMessage(other.case.id, "k2", purpose="news", text="hi"), 1)


def test_references_fields_and_suggestions_go_too() -> None:
    driver = _driver()
    driver.run(c.AddRef("cu1", "crm:7"))
    driver.run(c.SetFields("cu1", {"vip": True}))
    driver.run(c.LinkAddress("cu1", person("zoe"), "same name", 60))
    driver.run(c.EraseCustomer("cu1", "asked"), 1)
    view = driver.engine.view
    assert (view.details.refs, view.details.fields, view.identity.suggestions) == ({}, {}, {})
    driver.refuse(c.OpenCase(ref("crm:7")), UnknownId)
