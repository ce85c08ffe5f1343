"""The real contact log with its companies as brands: one history of a customer, redacted by brand; the same figures."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.contact_logs import run_json

from orchestra.cli.main import main
from orchestra.journal.port import Journal
from orchestra.journal.registry import open_journal
from orchestra.runtime.history.timeline import Entry, timeline
from orchestra.runtime.readers import Withheld, reader_of

FIGURES = {"customers": 539, "cases": 524}
TWO_BRANDS = "customer-0013"


def lines_of(log: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


def plan_of(log: Path) -> str:
    """A plan in which each company of a log is a brand, with a team, a queue and an agent of its own."""
    names = sorted({line["company"] for line in lines_of(log)})
    parts = ['[workspace]\ndefault_queue = "q0"\n[channels.twitter]\n']
    for number, name in enumerate(names):
        parts.append(f'[teams.t{number}]\n[queues.q{number}]\nteam = "t{number}"\n[agents.a{number}]\n')
        parts.append(f'teams = ["t{number}"]\n[channels.twitter.accounts.{json.dumps(name)}]\nqueue = "q{number}"\n')
        accounts = f"{{twitter = [{json.dumps(name)}]}}"
        parts.append(f'[brands.b{number}]\nname = {json.dumps(name)}\nteams = ["t{number}"]\naccounts = {accounts}\n')
    return "".join(parts)


@pytest.fixture(scope="module")
def replayed(contact_log: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Journal, Path]]:
    """A journal of the whole log under that plan, and the log."""
    folder = tmp_path_factory.mktemp("brands")
    (folder / "plan.toml").write_text(plan_of(contact_log))
    url = f"sqlite:{folder / 'contacts.db'}"
    assert main(["replay", str(contact_log), "--plan", str(folder / "plan.toml"), "--journal", url, "--json"]) == 0
    journal = open_journal(url)
    yield journal, contact_log
    journal.close()


def test_the_figures_are_those_of_the_log_and_each_brands_are_its_companys(
    contact_log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "plan.toml").write_text(plan_of(contact_log))
    _, plain, _ = run_json(capsys, "replay", str(contact_log))
    _, got, _ = run_json(capsys, "replay", str(contact_log), "--plan", str(tmp_path / "plan.toml"))
    assert {key: got[key] for key in FIGURES} == FIGURES
    for key in ("customers", "cases", "messages", "first_response", "end_to_end", "lines", "duplicates", "rejected"):
        assert got[key] == plain[key], key
    names = sorted({line["company"] for line in lines_of(contact_log)})
    assert plain["by_brand"] == {}
    assert len(got["by_brand"]) == len(names) == 24
    for number, name in enumerate(names):
        assert got["by_brand"][f"b{number}"] == got["by_account"][name]
        for key in ("customers", "cases", "messages", "first_response"):
            assert got["by_brand"][f"b{number}"][key] == plain["by_account"][name][key]


def _whose(journal: Journal, log: Path) -> str:
    """The id of the customer who wrote to two companies, found by what they wrote."""
    first = next(line["message_id"] for line in lines_of(log) if line["customer"] == TWO_BRANDS)
    for record in journal.read(types=["MessageReceived"]):
        if json.loads(record.facts)["message_id"] == first:
            assert record.subject is not None
            return record.subject
    raise AssertionError("nobody wrote it")


def _read(journal: Journal, customer: str, actor: str | None) -> list[Entry]:
    return timeline(journal, customer, reader=reader_of(journal, actor))


def test_the_one_who_wrote_to_two_brands_has_one_history_redacted_by_brand(replayed: tuple[Journal, Path]) -> None:
    journal, log = replayed
    customer = _whose(journal, log)
    first: dict[str, str] = {}
    for line in lines_of(log):
        first.setdefault(line["thread"], line["customer"])  # whoever began it; others who write are participants
    theirs = [line for line in lines_of(log) if TWO_BRANDS in (line["customer"], first[line["thread"]])]
    said = Counter(line["text"] for line in theirs)
    whole = _read(journal, customer, None)
    assert Counter(entry.text for entry in whole if entry.text is not None) == said
    brands = {entry.brand for entry in whole if entry.text is not None}
    assert len(brands) == len({line["company"] for line in theirs}) == 2
    agents = {brand: f"agent:a{str(brand)[1:]}" for brand in brands}
    shown: Counter[Any] = Counter()
    for brand, agent in agents.items():
        entries = _read(journal, customer, agent)
        assert [(entry.position, entry.at_us, entry.kind, entry.channel, entry.team) for entry in entries] == [
            (entry.position, entry.at_us, entry.kind, entry.channel, entry.team) for entry in whole
        ]
        for entry, known in zip(entries, whole, strict=True):
            if known.brand in (brand, None):
                assert entry == known
            elif known.text is not None:
                assert entry.text == Withheld("brand", known.brand)
                assert known.text not in repr(entry.to_json())
        shown.update(entry.text for entry in entries if isinstance(entry.text, str))
    assert shown == said, "each text is read by the agents of its brand, and by no others"


def test_a_third_brand_reads_neither(replayed: tuple[Journal, Path]) -> None:
    journal, log = replayed
    customer = _whose(journal, log)
    companies = {line["company"] for line in lines_of(log) if line["customer"] == TWO_BRANDS}
    names = sorted({line["company"] for line in lines_of(log)})
    other = next(number for number, name in enumerate(names) if name not in companies)
    entries = _read(journal, customer, f"agent:a{other}")
    assert {type(entry.text) for entry in entries if entry.text is not None} == {Withheld}
    assert len(entries) == len(_read(journal, customer, None))
