"""Lineage is kept by hash: what did not change is not worked out again, and a broken file costs nothing but time."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from jusante.core.asset import Asset, Ingested
from jusante.core.column_graph import ColumnGraph
from jusante.core.graph import Graph
from jusante.core.lineage import Origin
from jusante.core.model import Model, SqlModel
from jusante.core.place import Place
from jusante.core.source import Source, SourceTable
from jusante.transformation.lineage import Kept, column_graph
from jusante.transformation.sql_analysis import analyse

CHAIN = 40
SOURCE = Source(source="raw", kind="files")


def chain() -> dict[str, str]:
    """Models in a row, each of the one before it."""
    sql = {"m.m0": "select id, amount from raw.t"}
    for number in range(1, CHAIN):
        sql[f"m.m{number}"] = f"select id, amount + {number} as amount from m.m{number - 1} where id > {number}"
    return sql


def graph_of(sql: Mapping[str, str]) -> Graph:
    place = Place("x", 1)
    assets = [Asset("raw.t", place, (), Ingested(SOURCE, SourceTable(), "t"))]
    for name, text in sql.items():
        query = analyse(text)
        assets.append(Asset(name, place, query.reads, SqlModel(Model(), query)))
    return Graph(assets)


def built(sql: Mapping[str, str], path: Path, columns: tuple[str, ...] = ("id", "amount")) -> tuple[ColumnGraph, int]:
    kept = Kept(path)
    found = column_graph(graph_of(sql), lambda name: columns if name == "raw.t" else None, kept)
    return found, kept.anew


@pytest.fixture
def path(tmp_path: Path) -> Path:
    built(chain(), tmp_path / "lineage.json")
    return tmp_path / "lineage.json"


def test_nothing_is_worked_out_twice(path: Path) -> None:
    assert built(chain(), path.with_name("other.json"))[1] == CHAIN
    assert built(chain(), path)[1] == 0


def test_another_form_of_the_same_query_is_the_same(path: Path) -> None:
    assert (
        built(chain() | {"m.m7": "-- a remark\nSELECT id,\n  amount + 7 AS amount FROM m.m6 WHERE id > 7"}, path)[1]
        == 0
    )


def test_an_edit_that_keeps_the_columns_is_worked_out_alone(path: Path) -> None:
    found, anew = built(chain() | {"m.m7": "select id, amount * 2 as amount from m.m6"}, path)
    assert anew == 1
    assert not any(
        step.target.table == "m.m7" and not step.target.column for step in found.above([Origin("m.m39", "id")])
    )


def test_an_edit_of_the_columns_reaches_what_reads_them_and_no_further(path: Path) -> None:
    assert built(chain() | {"m.m7": "select id, amount, 1 as one from m.m6"}, path)[1] == 2
    stars = chain() | {"m.m8": "select * from m.m7", "m.m7": "select id, amount, 1 as one from m.m6"}
    assert built(stars, path)[1] == 2, "the star, and what reads the columns that it hands on"


def test_a_column_that_comes_at_the_source_reaches_its_reader(path: Path) -> None:
    assert built(chain(), path, ("id", "amount", "more"))[1] == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1}', "\x00"])
def test_a_broken_file_is_made_anew(path: Path, text: str) -> None:
    path.write_text(text)
    found, anew = built(chain(), path)
    assert anew == CHAIN
    assert Origin("m.m39", "amount") in found
    assert built(chain(), path)[1] == 0


def test_what_is_kept_is_what_was_found(path: Path) -> None:
    fresh, _ = built(chain(), path.with_name("other.json"))
    kept, _ = built(chain(), path)
    for number in range(CHAIN):
        assert kept.lineage(f"m.m{number}") == fresh.lineage(f"m.m{number}")


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    assert built(chain(), tmp_path / "nowhere" / "lineage.json")[1] == CHAIN
