"""A change of some columns touches what depends on them, and nothing else; what others see comes first."""

from pathlib import Path

from jusante.app import Lake
from jusante.core.blast import blast
from jusante.core.lineage import Origin
from projects import run, write, write_shop

BOARD = (
    "dashboard: board\ntitle: Board\nowner: board@b.example\nrows:\n"
    '  - - {chart: number, title: Sum, value: s, sql: "select sum(revenue) as s from marts.by_product"}\n'
)


def touched(folder: Path, *columns: Origin) -> list[tuple[str, str, bool]]:
    """Who is touched: its id, its kind and whether values come to it."""
    run(folder)
    with Lake.open(folder) as lake:
        found = blast(lake.project.graph, lake.columns, columns)
        return [(each.id, each.kind, each.is_direct) for each in found if each.kind != "check"]


def test_what_leaves_the_house_comes_first_and_what_does_not_depend_is_not_there(tmp_path: Path) -> None:
    write(write_shop(tmp_path), {"exposures/crm.yaml": "kind: sync\nreads: {marts.by_product: [revenue]}\n"})
    write(tmp_path, {"dashboards/board.yaml": BOARD})
    assert touched(tmp_path, Origin("files.prices", "price")) == [
        ("exposure:crm", "sync", True),
        ("dashboard:board", "dashboard", True),
        ("marts.by_product", "model", True),
        ("marts.dear", "view", True),
        ("marts.names", "model", True),  # what Python does with a column is not known
        ("marts.priced", "model", True),
    ]
    assert touched(tmp_path, Origin("shop.orders", "changed")) == []
    decided = touched(tmp_path, Origin("shop.orders", "product"))
    assert ("exposure:crm", "sync", False) in decided
