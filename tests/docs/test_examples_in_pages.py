"""No code on a page that nobody runs; numbers and lists that the code could change are compared with it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from tests.docs.pages import DOCS, blocks

from orchestra.channels.port import CONTRACT_VERSION as ADAPTERS
from orchestra.engine.engine import MAX_BATCH, SECTIONS, Engine
from orchestra.engine.routing.rows import MOST_IN_HAND
from orchestra.insight.sketch import ERROR, EXACT
from orchestra.insight.variants import VARIANTS
from orchestra.journal.port import FORMAT
from orchestra.journal.registry import CONTRACT_VERSION as JOURNALS
from orchestra.model.addresses import Address
from orchestra.model.commands import ChangePlan, ReceiveMessage, SignIn
from orchestra.model.plan import Plan
from orchestra.runtime.owner import LEASE_TTL_US

PAGES = sorted(DOCS.rglob("*.md"))
OURS = [page for page in PAGES if page.stem not in {"embed-async", "embed-sync", "many-processes"}]


def page_text(name: str) -> str:
    """A page in one line, so that it may be wrapped anywhere."""
    return " ".join((DOCS / name).read_text(encoding="utf-8").split())


@pytest.mark.parametrize("page", OURS, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_every_program_on_a_page_has_a_name_under_which_it_is_run(page: Path) -> None:
    assert [block.text for block in blocks(page) if block.language == "python" and not block.caption] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_every_toml_is_toml(page: Path) -> None:
    for block in blocks(page):
        if block.language == "toml":
            assert tomllib.loads(block.text)


def test_the_plan_of_the_reference_is_sound() -> None:
    (plan,) = [block.text for block in blocks(DOCS / "reference" / "plan.md") if block.language == "toml"]
    assert [str(fault) for fault in Plan.parse(plan).faults() if fault.path != "workspace.key"] == []


def test_the_sections_are_those_that_the_page_names() -> None:
    (named,) = re.findall(
        r"The engine consists of sections, one per concern: (.+?)\.", page_text("explanation/engine.md")
    )
    assert re.findall(r"\b(\w+)(?: \([^)]*\))?(?:,|$)", named) == [section.name for section in SECTIONS]


def test_the_batch_shown_is_the_batch_decided() -> None:
    (plan,) = [block.text for block in blocks(DOCS / "tutorial" / "index.md") if block.caption == "plan.toml"]
    engine, parsed = Engine(), Plan.parse(plan)
    engine.execute(ChangePlan(parsed, parsed.digest(), "2025b", "key"), 1)
    engine.execute(SignIn("ana"), 2)
    decided = engine.execute(ReceiveMessage("chat", "main", "m1", Address("handle", "abc")), 3)
    shown = re.findall(
        r"^\| `(\w+)` \| (?:contacts|cases|routing)", (DOCS / "explanation/engine.md").read_text(), re.MULTILINE
    )
    assert [type(event).__name__ for event in decided.events] == shown


@pytest.mark.parametrize(
    ("page", "claim"),
    [
        ("explanation/engine.md", f"never has more than {MAX_BATCH:,} events"),
        ("explanation/routing.md", f"fewer than {MOST_IN_HAND} in all"),
        ("explanation/durability.md", f"a **lease** for {LEASE_TTL_US // 1_000_000} seconds and renews it every five"),
        ("howto/standby.md", f"{LEASE_TTL_US // 1_000_000} seconds after it was last renewed"),
        ("explanation/measures.md", f"exact up to {EXACT:,} values"),
        ("explanation/measures.md", f"the largest relative error, 1/{round(1 / ERROR)}"),
        ("versioning.md", f"a number of its own, now {FORMAT}"),
        ("versioning.md", f"(`contract_version`, now {ADAPTERS} for both)"),
    ],
)
def test_numbers_are_those_of_the_code(page: str, claim: str) -> None:
    assert claim in page_text(page)


def test_both_ports_have_the_version_that_is_told() -> None:
    assert ADAPTERS == JOURNALS


def test_every_variant_of_a_service_level_is_in_the_table() -> None:
    table = re.findall(
        r"^\| `(\w+)` \|([^|]*)\|([^|]*)\|([^|]*)\|$", (DOCS / "explanation/measures.md").read_text(), re.MULTILINE
    )
    shown = {name: tuple(cell.strip() == "count" for cell in cells) for name, *cells in table}
    assert shown == {
        name: (one.flow_outs, one.abandons and one.short_abandons, one.abandons) for name, one in VARIANTS.items()
    }
