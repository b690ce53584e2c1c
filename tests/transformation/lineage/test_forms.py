"""What an expression leaves of a value: a table of pairs, and what execution shows of it."""

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from jusante.core.form import FORMS, Form, later, tells_more
from jusante.core.lineage import DIRECT, Edge
from jusante.transformation.lineage import lineage

PAIRS: dict[str, list[str]] = yaml.safe_load((Path(__file__).parent / "forms.yaml").read_text(encoding="utf-8"))
CASES = [(expression, form) for form, expressions in PAIRS.items() for expression in expressions]
COLUMNS = {"a.p": ["id", "mail", "phone", "born", "pay", "kind"]}
PEOPLE = [
    (1, "quirin@weser.example", "+49 421 55511", "1931-07-23", 83_471, "x"),
    (3, "yrsa@eyja.example", "+354 555 3311", "1958-02-14", 70_223, "x"),
    (2, "zoraide@douro.example", "+351 22 55522", "1944-11-30", 61_359, "y"),
]


def query(expression: str) -> str:
    return f"select {expression} as v from a.p"


def asked_about(expression: str) -> str:
    """The column whose form is told: the first that is named, keys and kinds aside."""
    return re.findall(r"\b(mail|pay|born)\b", expression)[0]


def forms(expression: str) -> set[str]:
    edges = lineage(query(expression), COLUMNS.get).columns["v"]
    return {edge.form for edge in edges if edge.origin.column == asked_about(expression) and edge.is_direct}


@pytest.mark.parametrize(("expression", "form"), CASES, ids=[expression for expression, _ in CASES])
def test_an_expression_leaves_this_much_of_a_value(expression: str, form: str) -> None:
    found = forms(expression)
    most = min(found, key=FORMS.index, default="only decides")
    assert most == form


@pytest.mark.parametrize("column", ["mail", "pay", "born"])
def test_where_less_than_a_part_is_left_no_value_can_be_read(column: str) -> None:
    connection = duckdb.connect()
    connection.execute("create schema a")
    connection.execute(
        "create table a.p (id int, mail varchar, phone varchar, born date, pay decimal(18, 0), kind varchar)"
    )
    connection.executemany("insert into a.p values (?, ?, ?, ?, ?, ?)", PEOPLE)
    place = COLUMNS["a.p"].index(column)
    for expression, form in CASES:
        if form in {"whole", "part"} or asked_about(expression) != column:
            continue
        shown = str(connection.execute(query(expression)).fetchall())
        for person in PEOPLE:
            assert str(person[place]) not in shown, expression


def test_a_function_that_nobody_knows_leaves_all() -> None:
    assert forms("no_such_function(mail)") == {"whole"}
    assert forms("sum(no_such_aggregate(pay))") == {"aggregate"}


def test_words_are_in_order_and_the_later_stays() -> None:
    for one in FORMS:
        for other in FORMS:
            assert later(one, other) == later(other, one)
            assert later(one, other) in {one, other}
            assert not (tells_more(one, other) and tells_more(other, one))
    form: Form = "hashed"
    assert later("part", form) == "hashed"


PAST = [
    "select #2 as v from a.p",
    "select q.* from query('select mail from a.p') as q, a.p",
    "select v from (summarize a.p) as s, a.p",
]


@pytest.mark.parametrize("sql", PAST)
def test_what_reads_columns_without_naming_them_leaves_all_of_all(sql: str) -> None:
    found = lineage(sql, COLUMNS.get, ("v",))
    assert found.unresolved
    shown = {edge.origin.column for edge in found.columns["v"] if edge.form == "whole"}
    assert shown == set(COLUMNS["a.p"])


def test_the_name_of_a_table_is_its_row() -> None:
    found = lineage("select p as v, to_json(p) as w from a.p as p", COLUMNS.get)
    for name in ("v", "w"):
        assert {edge.origin.column for edge in found.columns[name]} == set(COLUMNS["a.p"])


def test_what_only_decides_is_indirect_and_can_be_inferred() -> None:
    edges: frozenset[Edge] = lineage("select id from a.p where mail is null", COLUMNS.get).rows
    assert {(edge.how in DIRECT, edge.form) for edge in edges} == {(False, "inferred")}


def test_columns_that_are_not_known_yet_are_the_table_s_own() -> None:
    from jusante.core.lineage import SomeColumns

    some: dict[str, Any] = {"a.p": SomeColumns(("mail",))}
    found = lineage("select id * 2 as d, (select q.mail from a.p as q where q.id = p.id) as m from a.p as p", some.get)
    assert {edge.origin.column for edge in found.columns["d"]} == {"id"}
    assert {edge.origin.column for edge in found.columns["m"] if edge.is_direct} == {"mail"}
    star = lineage("select v from (select * from a.p) as s", some.get)
    assert {edge.origin.column for edge in star.columns["v"]} == {"mail", ""}
