"""The workspace's key: it recognises what it may not know."""

from __future__ import annotations

import pytest

from orchestra.errors import DefinitionError, MalformedMessage
from orchestra.model.addresses import Email, Handle, Phone
from orchestra.model.plan import Plan
from orchestra.runtime.keys import WorkspaceKey, resolve_secret

SECRET = "correct horse battery staple"


def plan(key: str | None = None, name: str = "one") -> Plan:
    named = "" if key is None else f'\nkey = "{key}"'
    text = f'[workspace]\nname = "{name}"\ndefault_queue = "q"{named}\n[teams.t]\n[queues.q]\nteam = "t"\n'
    return Plan.parse(text)


KEY = WorkspaceKey.of(plan())


def test_a_secret_comes_from_the_mapping_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTACT_KEY", "from the environment")
    assert resolve_secret("CONTACT_KEY", None) == "from the environment"
    assert resolve_secret("CONTACT_KEY", {"OTHER": "x"}) == "from the environment"
    assert resolve_secret("CONTACT_KEY", {"CONTACT_KEY": "from the mapping"}) == "from the mapping"
    assert resolve_secret("NOT_SET_ANYWHERE", {}) is None


@pytest.mark.parametrize(("secrets", "problem"), [({}, "is not set"), ({"K": "x" * 15}, "shorter than 16")])
def test_a_bad_secret_is_a_fault_of_the_plan(secrets: dict[str, str], problem: str) -> None:
    with pytest.raises(DefinitionError, match=problem) as caught:
        WorkspaceKey.of(plan("K"), secrets)
    assert [fault.path for fault in caught.value.faults] == ["workspace.key"]
    assert "xxx" not in str(caught.value)


def test_a_thread_is_known_by_its_hash_alone() -> None:
    thread = KEY.thread("+4930555019283")
    assert thread == KEY.thread("+4930555019283")
    assert thread.value == "+4930555019283"
    assert "4930555019283" not in repr(thread)
    assert len({thread.key, KEY.thread("+4930555019284").key, KEY.address(Phone("+4930555019283")).key}) == 3
    assert not KEY.thread("@companychannel").key.startswith("@")


def test_other_secrets_and_names_are_other_keys() -> None:
    keys = [
        KEY,
        WorkspaceKey.of(plan(name="two")),
        WorkspaceKey.of(plan("K"), {"K": SECRET}),
        WorkspaceKey.of(plan("K"), {"K": SECRET + "!"}),
        WorkspaceKey.of(plan("K"), {"K": "name:one" + " " * 10}),
    ]
    assert len({key.check for key in keys}) == len(keys)
    assert WorkspaceKey.of(plan("K"), {"K": SECRET}).check == keys[2].check
    assert len({key.address(Email("joe@example.org")).key for key in keys}) == len(keys)


def test_the_key_shows_nowhere() -> None:
    key = WorkspaceKey.of(plan("K"), {"K": SECRET})
    assert SECRET not in repr(key)
    assert key._key.hex() not in repr(key)
    with pytest.raises(AttributeError):
        _ = key.__dict__


def test_an_address_is_recognised_however_it_is_written() -> None:
    first, second = KEY.address(Email("joe@Example.ORG", "Joe")), KEY.address(Email("joe@example.org"))
    assert first.key == second.key
    assert (first.kind, first.value, first.name) == ("email", second.value, "Joe")
    assert "joe" not in first.key
    assert "joe" not in repr(first)


def test_kinds_of_addresses_are_kept_apart() -> None:
    keys = {KEY.address(person).key for person in (Handle("4930123456"), Phone("+4930123456"), Handle("+4930123456"))}
    assert len(keys) == 3
    assert KEY.address(Handle("joe")).key != KEY.address(Handle("joe", kind="loopback")).key


@pytest.mark.parametrize("person", [Email("joe"), Email(""), Phone("call me"), Handle(""), Handle("joe\nann")])
def test_what_is_no_address_is_refused_without_quoting_it(person: Email | Phone | Handle) -> None:
    with pytest.raises(MalformedMessage) as caught:
        KEY.address(person)
    assert not person.value or person.value not in str(caught.value)


def test_equal_texts_have_equal_digests_and_others_do_not() -> None:
    assert KEY.digest("Hello") == KEY.digest("Hello") != KEY.digest("Hello ")
    assert KEY.digest("Hello") != WorkspaceKey.of(plan(name="two")).digest("Hello")


def test_purposes_are_kept_apart() -> None:
    assert KEY.digest("ca1") not in KEY.reply_token("ca1")
    assert KEY.reply_token("ca1").partition(".")[2] != KEY.delivery_key("ca1").partition(".")[2]


def test_a_reply_token_is_of_its_case_only() -> None:
    token = KEY.reply_token("ca7")
    assert KEY.case_of(token) == "ca7"
    mac = token.partition(".")[2]
    for forged in ("", "ca7", "ca7.", f"ca8.{mac}", f"ca7.{mac[:-1]}", f"{token}0", token.upper(), "ca7.\u00e9", "."):
        assert KEY.case_of(forged) is None
    assert WorkspaceKey.of(plan(name="two")).case_of(token) is None


def test_a_delivery_key_is_of_its_delivery_only() -> None:
    key = KEY.delivery_key("de7")
    assert key == KEY.delivery_key("de7")
    assert KEY.delivery_of(key) == "de7"
    for forged in ("", "de7", f"de8.{key.partition('.')[2]}", key[:-1], "\u00e9.x"):
        assert KEY.delivery_of(forged) is None
