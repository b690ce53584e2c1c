"""When enough has come: rows and bytes, since a snapshot, by cases."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from jusante.app import Lake
from jusante.app.conductor import Conductor
from jusante.core.trigger import Condition
from jusante.orchestration.conducting.sizes import Amount, came_since, reached
from jusante.ports.table_store import Snapshot
from projects import insert, run, sql, write, write_shop

CASES = yaml.safe_load((Path(__file__).parent / "sizes.yaml").read_text(encoding="utf-8"))
MINUTE = dt.timedelta(minutes=1)


def _snapshot(told: list[Any], last: int) -> Snapshot:
    number, rows, added, size, *same = told
    at = dt.datetime(2026, 1, number, tzinfo=dt.UTC)
    summary = {"jusante.same-as": "1"} if same else {}
    return Snapshot(number, at, "append", rows, 1, 10 * rows, summary, number == last, added, size)


@pytest.mark.parametrize("case", CASES, ids=[case["says"] for case in CASES])
def test_a_size_is_reached(case: dict[str, Any]) -> None:
    history = [_snapshot(told, case["snapshots"][-1][0]) for told in case["snapshots"]]
    found = reached(Condition(**case["when"]), came_since(history, case["since"]), "above", "s")
    assert [found.holds, found.why] == case["finds"]


def test_it_holds_again_only_when_as_much_has_come_once_more() -> None:
    marks = [reached(Condition(bytes="1kB"), Amount(0, size), "above", "s").mark for size in (1000, 1999, 2000)]
    assert marks[0] == marks[1] != marks[2]
    assert marks[0] != reached(Condition(bytes="1kB"), Amount(0, 1000), "above", "later").mark


def test_rows_to_come_are_taken_to_be_as_large_as_those_before() -> None:
    assert Amount(10, 250).of(4) == Amount(4, 100)
    assert Amount().of(4) == Amount(4, 4)


def test_tables_and_models_are_made_when_enough_bytes_are_there(tmp_path: Path) -> None:
    write_shop(tmp_path)
    source = (tmp_path / "sources/shop.yaml").read_text()
    when = "when: {bytes: %s, look: 1s}"
    write(tmp_path, {"sources/shop.yaml": source.replace("cursor: changed", f"cursor: changed, {when % '10kB'}")})
    write(tmp_path, {"models/marts/big.sql": f"/* jusante\n{when % '1kB'}\n*/\nselect count(*) as n from shop.orders"})
    run(tmp_path)
    now = dt.datetime.now(dt.UTC)

    def due() -> dict[str, str]:
        nonlocal now
        now += MINUTE
        with Lake.open(tmp_path) as lake:
            found = Conductor(lake, now).turn(now).due
        return {each.asset: each.why for each in found if each.kind == "condition"}

    insert(tmp_path, [(5, "tea", 1, 5)])
    assert due() == {}
    sql(tmp_path / "shop.db", "insert into orders values (?, 'tea', 1, ?)", [(n, n) for n in range(100, 400)])
    found = due()
    assert set(found) == {"shop.orders"}
    assert found["shop.orders"].endswith("new at the source")
    found = due()
    assert set(found) == {"marts.big"}
    assert found["marts.big"].endswith("new above")
    assert due() == {}, "each fires once"
