"""What the page on routing says of the parts of an order is what the code says of them."""

from __future__ import annotations

from tests.docs.pages import ROOT
from tests.docs.test_catalogues import rows

from orchestra.model.routing import FITTING_ORDERS, ORDERS, OWN_ORDERS


def test_every_part_of_an_order_is_in_the_table() -> None:
    page = (ROOT / "docs" / "explanation" / "routing.md").read_text(encoding="utf-8")
    table = page.partition("| part | first goes |")[2].partition("\n\n")[0]
    found = {part: said for part, (said,) in rows(table).items()}
    assert found.keys() == set(ORDERS)
    assert {part: found[part] for part in (*OWN_ORDERS, *FITTING_ORDERS)} == {**OWN_ORDERS, **FITTING_ORDERS}
