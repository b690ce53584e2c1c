"""What depends on what, shown by executing: change one column of an input at a time, see which columns of the result change.

Rows are made up from the values that a query itself compares with, so that filters and joins let some of them through.
"""

import datetime as dt
import itertools
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from jusante.core.lineage import QueryLineage

Tables = Mapping[str, Mapping[str, str]]
"""The columns of tables, each with its type as DuckDB writes it."""
ROUNDS = 3
ROWS = 30


def missed(
    connection: duckdb.DuckDBPyConnection, sql: str, found: QueryLineage, tables: Tables, most: int = 4
) -> list[str]:
    """The dependences that show, and that no edge tells of. The rows of each table `a.t` lie in `kept."a.t"`.

    `most` is how many ways of changing a column are tried.
    """
    show_all(connection, tables)
    before = answers(connection, sql)
    wrong = []
    for table, columns in tables.items():
        for column, kind in columns.items():
            for change in itertools.islice(changes(kept(table), column, kind), most):
                _show(connection, table, change)
                after = answers(connection, sql)
                wrong += [f"{table}.{column} -> {name}" for name in _untold(before, after, found, f"{table}.{column}")]
        _show(connection, table, f"select * from {kept(table)}")
    return sorted(set(wrong))


def _untold(
    before: Mapping[int, list[str]], after: Mapping[int, list[str]], found: QueryLineage, changed: str
) -> Iterator[str]:
    if not before or not after:
        return
    for (number, values), (name, edges) in zip(before.items(), found.columns.items(), strict=True):
        told = {str(edge.origin).lower() for edge in edges | found.rows}
        if values != after[number] and changed.lower() not in told:
            yield name


def changes(rows: str, column: str, kind: str) -> Iterator[str]:
    """A table with other values in a column: each another one, those of other rows, none in half of them, none at all."""
    quoted = f'"{column}"'
    if kind.startswith(("STRUCT", "MAP")) or kind.endswith("]"):
        other = "null"
    elif kind in {"VARCHAR", "TEXT"}:
        other = f"{quoted} || 'x'"
    elif kind.startswith(("DATE", "TIMESTAMP")):
        other = f"({quoted} + interval 40 day)"
    elif kind == "BOOLEAN":
        other = f"not {quoted}"
    elif kind == "TIME":
        other = "time '23:11:00'"
    else:
        other = f"{quoted} + 1"
    moved = f"coalesce(lag({quoted}) over (order by rowid), last_value({quoted}) over ())"
    halved = f"case when rowid % 2 = 0 then {quoted} end"
    for value in (other, moved, halved, "null"):
        yield f"select * replace (cast({value} as {kind}) as {quoted}) from {rows}"


def answers(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[int, list[str]]:
    """What each column holds, whatever the order of the rows; nothing where the query cannot be run on these values."""
    try:
        rows = connection.execute(sql).fetchall()
    except duckdb.Error:
        return {}
    width = len(connection.description or ())
    return {number: sorted(_text(row[number]) for row in rows) for number in range(width)}


def _text(value: Any) -> str:
    """A value to compare; the last digits of a floating-point number depend on the order in which rows were added up."""
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def kept(table: str) -> str:
    """Where the unchanged rows of a table lie."""
    return f'kept."{table}"'


def show_all(connection: duckdb.DuckDBPyConnection, tables: Tables) -> None:
    """All tables with their unchanged rows."""
    for table in tables:
        _show(connection, table, f"select * from {kept(table)}")


def _show(connection: duckdb.DuckDBPyConnection, table: str, sql: str) -> None:
    connection.execute(f"create or replace view {table} as {sql}")


# -- rows that are made up -----------------------------------------------------------------------------------------------


def lake(tables: Tables, sql: str, seed: int) -> duckdb.DuckDBPyConnection:
    """A database with made-up rows for a query."""
    connection = duckdb.connect(config={"threads": "1"})
    connection.execute("create schema kept")
    chance = random.Random(seed)
    literals = _literals(sql)
    for table, columns in tables.items():
        if "." in table:
            connection.execute(f"create schema if not exists {table.partition('.')[0]}")
        shape = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        connection.execute(f"create table {kept(table)} ({shape})")
        rows = [[_value(kind, literals, chance) for kind in columns.values()] for _ in range(ROWS)]
        marks = ", ".join(f"cast(? as {kind})" for kind in columns.values())
        connection.executemany(f"insert into {kept(table)} values ({marks})", rows)
    return connection


def _literals(sql: str) -> dict[str, list[Any]]:
    tree = sqlglot.parse_one(sql, read="duckdb")
    texts = [each.this for each in tree.find_all(exp.Literal) if each.is_string]
    numbers = [each.this for each in tree.find_all(exp.Literal) if not each.is_string]
    days = [text[:10] for text in texts if _is_day(text[:10])]
    return {
        "text": [*texts, "a", "b", "7"],
        "number": [*(int(float(number)) for number in numbers if abs(float(number)) < 10_000), 0, 1, 2, 3],
        "day": days or ["2026-01-01"],
    }


def _is_day(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _value(kind: str, literals: Mapping[str, Sequence[Any]], chance: random.Random) -> Any:
    if chance.random() < 0.08:
        return None
    if kind in {"VARCHAR", "TEXT"}:
        return chance.choice(literals["text"])
    if kind.startswith(("DATE", "TIMESTAMP")):
        day = dt.date.fromisoformat(chance.choice(literals["day"])) + dt.timedelta(days=chance.choice((0, 0, 1, 3, 20)))
        return day.isoformat()
    if kind == "BOOLEAN":
        return chance.random() < 0.5
    if kind == "TIME":
        return f"{chance.randrange(24):02}:00:00"
    if kind.startswith("STRUCT"):
        return _struct(kind, literals, chance)
    if kind.endswith("[]"):
        return [_value(kind[:-2], literals, chance) for _ in range(chance.randrange(4))]
    number = chance.choice(literals["number"])
    digits = re.match(r"DECIMAL\((\d+), ?(\d+)\)", kind)
    return number % 10 ** (int(digits[1]) - int(digits[2])) if digits else number


def _struct(kind: str, literals: Mapping[str, Sequence[Any]], chance: random.Random) -> dict[str, Any]:
    found = exp.DataType.build(kind, dialect="duckdb")
    return {
        field.this.name: _value(field.kind.sql("duckdb"), literals, chance)
        for field in found.expressions
        if isinstance(field, exp.ColumnDef) and field.kind
    }


def untold(sql: str, found: QueryLineage, tables: Tables, rounds: int = ROUNDS, most: int = 4) -> list[str]:
    """The dependences that show on made-up rows and that no edge tells of."""
    wrong: set[str] = set()
    for seed in range(rounds):
        with lake(tables, sql, seed) as connection:
            wrong |= set(missed(connection, sql, found, tables, most))
    return sorted(wrong)
