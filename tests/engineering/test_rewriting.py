"""Edits of YAML leave all else as it is."""

import pytest
import yaml

from jusante.engineering.project.rewriting import Text, put_rule, rename_column

SOURCE = """\
source: s   # whose
tables:
  orders:
    key: [id]   # the key
    ingest: {mode: incremental, cursor: total}
    columns:
      email: {sensitive: email}   # hm
      # more
    checks:
      - not_null: [total, id]
      - accepted_values: {column: total, values: [total]}

  items: {key: [a, total]}
  none:
  more: {columns: {total: {type: string}}}
  last:
    columns:
      total: {type: "decimal(12,2)"}  # c
"""
TABLES = ("orders", "items", "none", "more", "last")


@pytest.mark.parametrize("table", TABLES)
def test_a_renamed_column_is_renamed_in_its_table_alone(table: str) -> None:
    text = put_rule(
        rename_column(SOURCE, ("tables", table), "total", "amount"), ("tables", table), "amount", {"was": "total"}
    )
    before, after = (yaml.safe_load(each)["tables"] for each in (SOURCE, text))
    assert after[table]["columns"]["amount"]["was"] == "total"
    assert {name: each for name, each in after.items() if name != table} == {
        name: each for name, each in before.items() if name != table
    }
    assert [line.partition("#")[2] for line in text.splitlines() if "#" in line] == [
        " whose",
        " the key",
        " hm",
        " more",
        " c",
    ]


def test_key_cursor_and_checks_follow_and_values_stay() -> None:
    orders = yaml.safe_load(rename_column(SOURCE, ("tables", "orders"), "total", "amount"))["tables"]["orders"]
    assert orders["ingest"]["cursor"] == "amount"
    assert orders["checks"] == [
        {"not_null": ["amount", "id"]},
        {"accepted_values": {"column": "amount", "values": ["total"]}},
    ]
    assert yaml.safe_load(rename_column(SOURCE, ("tables", "items"), "total", "b"))["tables"]["items"]["key"] == [
        "a",
        "b",
    ]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("value", ["amount", "try_cast(total as decimal(12,2))", "a || ': \"b\"'", "true", "1"])
def test_any_expression_is_read_back_as_it_was_written(table: str, value: str) -> None:
    text = put_rule(SOURCE, ("tables", table), "total", {"from": value})
    read = yaml.safe_load(text)["tables"][table]["columns"]["total"]["from"]
    assert read == (True if value == "true" else value)
    assert len(text.splitlines()) - len(SOURCE.splitlines()) <= 1


def test_an_item_is_taken_out_of_a_list() -> None:
    text = Text("reads:\n  a.b: [x, total, y]\n  c.d:\n    - total\n    - z\n  e.f: [total]\n")
    text.remove_item(("reads", "a.b", 1))
    text.remove_item(("reads", "c.d", 0))
    text.remove_item(("reads", "e.f", 0))
    assert text.text == "reads:\n  a.b: [x, y]\n  c.d:\n    - z\n  e.f: []\n"
