"""What reads tables outside of the project stands in its graph: named, owned, and kept from what it has no purpose for."""

from pathlib import Path

import pytest

from jusante import app
from jusante.app import Lake
from jusante.core.lineage import Origin
from projects import made, run, write, write_shop

CRM = "kind: sync\nowner: sales@b.example\nreads: {marts.priced: [price], marts.by_product: []}\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A shop whose prices go to a CRM."""
    return write(write_shop(tmp_path), {"exposures/crm.yaml": CRM})


def test_an_exposure_reads_columns_and_is_not_made(shop: Path) -> None:
    assert "exposure:crm" not in made(run(shop))
    with Lake.open(shop) as lake:
        assert lake.project.graph["exposure:crm"].owner == "sales@b.example"
        assert lake.columns.columns("exposure:crm") == (
            "marts.priced.price",
            "marts.by_product.product",
            "marts.by_product.revenue",
        )
        below = {step.target.table for step in lake.columns.below([Origin("files.prices", "price")])}
        assert "exposure:crm" in below
        assert lake.plan() == tuple(task for task in lake.plan() if task.action == "ingest" or not task.certain)


def test_a_table_that_nobody_makes_is_told_with_its_line(shop: Path) -> None:
    write(shop, {"exposures/crm.yaml": "kind: sync\nreads:\n  marts.price: []\n"})
    _, problems = app.check(shop)
    told = next(problem for problem in problems if problem.code == "J110")
    assert (told.where, told.fix) == ("exposures/crm.yaml:3", "did you mean marts.priced?")


def test_sensitive_columns_come_to_an_exposure_for_their_purpose_only(shop: Path) -> None:
    source = (shop / "sources/shop.yaml").read_text()
    rule = ", columns: {product: {sensitive: name, purpose: [support]}}}\n"
    write(shop, {"sources/shop.yaml": source.rstrip().removesuffix("}") + rule})
    run(shop)
    write(shop, {"exposures/crm.yaml": "kind: sync\nreads: {marts.priced: [product]}\n"})
    assert [problem.code for problem in app.check(shop)[1] if problem.severity == "error"] == ["J140"]
    write(shop, {"exposures/crm.yaml": "kind: sync\npurpose: [support]\nreads: {marts.priced: [product]}\n"})
    assert not [problem for problem in app.check(shop)[1] if problem.severity == "error"]
