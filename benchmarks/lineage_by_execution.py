"""Column lineage against execution: one input column at a time is changed, and every output that changes must have an edge.

The queries were not written here: TPC-H's and TPC-DS's, those of the fixtures that sqlglot's own optimizer and lineage are
tested by, SQLMesh's sushi project and dbt's jaffle_shop as SQLMesh ships it. They come with the source distributions of the
packages and are taken from the package index each time; none of them lies in this repository.
"""

import collections
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import measure
import peers

sys.path.insert(0, str(measure.ROOT / "tests"))
sys.path.insert(0, str(measure.ROOT / "tests" / "transformation" / "lineage"))

import sqlglot
from sqlglot import exp

import executed
from jusante.core.model import QueryProblem
from jusante.transformation.lineage import lineage
from jusante.transformation.sql_analysis import table_names

ROUNDS = 2
SQLGLOT, SQLMESH = "30.30.0", "0.236.4"
FIXTURES = (
    "qualify_columns",
    "pushdown_projections",
    "pushdown_predicates",
    "merge_subqueries",
    "optimizer",
    "unnest_subqueries",
    "eliminate_subqueries",
    "optimize_joins",
    "qualify_tables",
    "eliminate_ctes",
    "eliminate_joins",
    "isolate_table_selects",
    "pushdown_cte_alias_columns",
)
_INTEGERS = dict.fromkeys(("a", "b"), "INTEGER")
FIXTURE_TABLES = {
    "x": _INTEGERS,
    "nn": _INTEGERS,
    "y": dict.fromkeys(("b", "c"), "INTEGER"),
    "z": dict.fromkeys(("b", "c"), "INTEGER"),
    "w": dict.fromkeys(("d", "e"), "VARCHAR"),
    "unpivotable": dict.fromkeys(("id", "jan", "feb", "north", "south"), "INTEGER"),
    "pivotable": {"id": "INTEGER", "cat": "VARCHAR", "val": "INTEGER", "kind": "VARCHAR", "amt": "INTEGER"},
    "comparisons": {**_INTEGERS, "c": "BOOLEAN"},
    "temporal": {"d": "DATE", "t": "TIMESTAMP"},
    "t_bool": dict.fromkeys(("a", "b"), "BOOLEAN"),
    "structs": {"one": "STRUCT(a_1 INTEGER, b_1 VARCHAR)"},
}
"""The tables that the fixtures speak of."""

_SUSHI = """
import json, re, sys
from pathlib import Path
from sqlmesh import Context
folder = Path(sys.argv[1])
# Its own settings speak of servers; what is needed of them here is this much.
(folder / "config.py").rename(folder / "config.py.txt") if (folder / "config.py").exists() else None
(folder / "config.yaml").write_text(
    "gateways: {local: {connection: {type: duckdb}}}\\n"
    "model_defaults: {dialect: duckdb, start: 2026-01-01}\\n"
)
for path in folder.glob("models/*.sql"):  # how a table is written is of no account, and needs another package
    path.write_text(re.sub(r"kind CUSTOM [(](?:[^()]|[(][^()]*[)])*[)]", "kind FULL", path.read_text()))
context = Context(paths=sys.argv[1])
found = []
for model in context.models.values():
    if not model.is_sql:
        continue
    query = context.render(model.name, start="2026-01-01", end="2026-01-31", execution_time="2026-02-01")
    tables = {}
    for name in model.depends_on:
        above = context.get_model(name)
        kinds = (above.columns_to_types or {}) if above else {}
        tables[name.replace('"', "").split(".", 1)[-1]] = {c: t.sql("duckdb").replace("UNKNOWN", "TEXT") for c, t in kinds.items()}
    found.append({"name": model.name, "sql": query.sql("duckdb"), "tables": tables})
json.dump(found, open(sys.argv[2], "w"), default=str)
"""
_JAFFLE = """
import json, pathlib, sys
import duckdb, jinja2
folder = pathlib.Path(sys.argv[1])
connection = duckdb.connect()
connection.execute("create schema jaffle")
for seed in folder.glob("seeds/*.csv"):
    connection.execute(f"create table jaffle.{seed.stem} as from read_csv('{seed}')")
found = []
for name in ("staging/stg_customers", "staging/stg_orders", "staging/stg_payments", "customers", "orders"):
    sql = jinja2.Template((folder / "models" / f"{name}.sql").read_text()).render(ref=lambda model: f"jaffle.{model}")
    columns = connection.execute("select table_name, column_name, data_type from duckdb_columns() where schema_name = 'jaffle'").fetchall()
    tables = {}
    for table, column, kind in columns:
        tables.setdefault(f"jaffle.{table}", {})[column] = kind
    found.append({"name": name, "sql": sql, "tables": {table: kinds for table, kinds in tables.items() if table in sql}})
    connection.execute(f"create table jaffle.{name.rpartition('/')[2]} as {sql}")
json.dump(found, open(sys.argv[2], "w"))
"""


@dataclass
class Tally:
    """What came of the queries of one origin."""

    queries: int = 0
    left_out: collections.Counter[str] = field(default_factory=collections.Counter)
    unresolved: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    outputs: int = 0
    empty: int = 0


def source(package: str, version: str) -> Path:
    """A package's source distribution, unpacked."""

    def take(folder: Path) -> None:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        subprocess.run([*pip, f"{package}=={version}", "--dest", str(folder)], check=True)
        (archive,) = folder.glob("*.tar.gz")
        with tarfile.open(archive) as opened:
            opened.extractall(folder, filter="data")

    return measure.data(f"sdist-{package}", f"{package} {version}", take) / f"{package}-{version}"


# -- the queries ---------------------------------------------------------------------------------------------------------

Case = tuple[str, str, executed.Tables]
"""A name, a query, the tables it reads with their columns."""


def fixtures(tally: Tally) -> Iterator[Case]:
    """Both sides of each pair: what somebody wrote, and what an optimizer made of it."""
    folder = source("sqlglot", SQLGLOT) / "tests" / "fixtures" / "optimizer"
    seen = set()
    for name in FIXTURES:
        lines = (folder / f"{name}.sql").read_text().splitlines()
        text = "\n".join(line for line in lines if not line.startswith(("#", "--")))
        for written in text.split(";"):
            case = _in_schema(written.strip(), FIXTURE_TABLES)
            if isinstance(case, str):
                tally.left_out[case] += bool(written.strip())
            elif case[0] not in seen:
                seen.add(case[0])
                yield f"{name}: {case[0]}", *case


def lineage_tests(tally: Tally) -> Iterator[Case]:
    """The texts in the tests of sqlglot's own lineage that are queries over its tables."""
    import ast

    tree = ast.parse((source("sqlglot", SQLGLOT) / "tests" / "test_lineage.py").read_text())
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    for text in sorted(texts):
        if text.strip().lower().startswith(("select", "with")):
            case = _in_schema(text, FIXTURE_TABLES)
            if isinstance(case, str):
                tally.left_out[case] += 1
            else:
                yield text, *case


def _in_schema(written: str, tables: executed.Tables) -> tuple[str, executed.Tables] | str:
    """The query with its tables in the schema `a`, and those tables; or why it is left out."""
    try:
        tree = sqlglot.parse_one(written, read="duckdb")
        inside = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    except (sqlglot.ParseError, sqlglot.TokenError):
        return "of another dialect"
    if not isinstance(tree, exp.Query):
        return "no query"
    if tree.find(exp.TableSample, exp.Rand):
        return "gives other rows each time"
    used = {}
    for table in list(tree.find_all(exp.Table)):
        if not isinstance(table.this, exp.Identifier) or table.name.lower() in inside:
            continue
        if table.db or table.name.lower() not in tables:
            return "reads other tables"
        used[f"a.{table.name.lower()}"] = tables[table.name.lower()]
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
        table.set("db", exp.to_identifier("a"))
    return tree.sql("duckdb"), used


def sushi(_: Tally) -> Iterator[Case]:
    """SQLMesh's example, rendered by itself."""
    back = measure.WORK / "sushi.json"
    command = [str(peers.sqlmesh() / "python"), "-c", _SUSHI]
    subprocess.run([*command, str(source("sqlmesh", SQLMESH) / "examples" / "sushi"), str(back)], check=True)
    for each in json.loads(back.read_text()):
        tree = sqlglot.parse_one(each["sql"], read="duckdb")
        for table in tree.find_all(exp.Table):
            table.set("catalog", None)
        yield each["name"], tree.sql("duckdb"), each["tables"]


def jaffle_shop(_: Tally) -> Iterator[Case]:
    """dbt's example, its templates filled in."""
    back = measure.WORK / "jaffle.json"
    folder = source("sqlmesh", SQLMESH) / "tests" / "fixtures" / "dbt" / "jaffle_shop_duckdb"
    subprocess.run([str(peers.sqlmesh() / "python"), "-c", _JAFFLE, str(folder), str(back)], check=True)
    for each in json.loads(back.read_text()):
        yield each["name"], each["sql"], each["tables"]


# -- what is measured ----------------------------------------------------------------------------------------------------


def tried(cases: Iterator[Case], tally: Tally, rounds: int) -> Tally:
    """Each query on made-up rows."""
    for name, sql, tables in cases:
        try:
            names = list(table_names(sqlglot.parse_one(sql, read="duckdb")))
            with executed.lake(tables, sql, 0) as connection:
                executed.show_all(connection, tables)
                result = connection.execute(sql).to_arrow_table().column_names
        except (QueryProblem, sqlglot.ParseError):
            tally.left_out["of another dialect"] += 1
            continue
        except executed.duckdb.Error:
            tally.left_out["not run by DuckDB"] += 1
            continue
        assert {table.lower() for table, _ in names} <= {*tables}, (name, names)
        known = {table: list(columns) for table, columns in tables.items()}
        found = lineage(sql, lambda table, known=known: known.get(table.lower()), result)
        tally.queries += 1
        tally.outputs += len(result)
        if found.unresolved:
            tally.unresolved.append(name)
        if len(found.columns) != len(result):
            tally.missed.append(f"{name}: {len(found.columns)} columns in place of {len(result)}")
        elif wrong := executed.untold(sql, found, tables, rounds):
            tally.missed.append(f"{name}: {', '.join(wrong)}")
    return tally


def generated(kind: str, scale: float, rounds: int = 0) -> Tally:
    """All queries of a benchmark, on its own rows; with `rounds`, on so many sets of made-up ones."""
    import test_lineage

    connection, tables, queries = test_lineage.generated(kind, scale)
    tally = Tally()
    for number, sql in queries:
        found = lineage(sql, {name: list(columns) for name, columns in tables.items()}.get)
        tally.queries += 1
        tally.outputs += len(found.columns)
        tally.unresolved += [f"{kind} {number}"] if found.unresolved else []
        # A column that the query does not name cannot change what it gives: none of these has a star over a table.
        read = {name for name, _ in table_names(sqlglot.parse_one(sql, read="duckdb"))}
        named = {t: {c: k for c, k in tables[t].items() if c in sql} or dict([*tables[t].items()][:1]) for t in read}
        if rounds:
            wrong = executed.untold(sql, found, named, rounds)
            with executed.lake(named, sql, 0) as made_up:
                executed.show_all(made_up, named)
                tally.empty += not any(executed.answers(made_up, sql).values())
        else:
            wrong = executed.missed(connection, sql, found, named, most=2)
        tally.missed += [f"{kind} {number}: {', '.join(wrong)}"] if wrong else []
        measure.tell(f"{kind} {number}: {len(wrong)} missed")
    return tally


def main() -> None:
    count = measure.rounds(ROUNDS)
    tallies: dict[str, Tally] = {}
    for name, cases in {
        "jaffle_shop": jaffle_shop,
        "SQLMesh's sushi": sushi,
        "sqlglot's lineage tests": lineage_tests,
        "sqlglot's optimizer fixtures": fixtures,
    }.items():
        tally = Tally()
        tallies[name] = tried(cases(tally), tally, count)
        measure.tell(f"{name}: {tally}")
    tallies["TPC-H, scale 0.001"] = generated("tpch", 0.001)
    tallies["TPC-DS, on made-up rows"] = generated("tpcds", 0, count)
    _publish(tallies, count)


def _publish(tallies: dict[str, Tally], count: int) -> None:
    rows = [
        [name, str(t.queries), str(t.outputs), str(len(t.unresolved)), str(len(t.missed)), str(t.left_out.total())]
        for name, t in tallies.items()
    ]
    why = sum((t.left_out for t in tallies.values()), collections.Counter[str]())
    left = "; ".join(f"{number} {reason}" for reason, number in why.most_common()) or "none"
    missed = [f"- {text}" for t in tallies.values() for text in t.missed]
    unresolved = [f"- {text}" for t in tallies.values() for text in t.unresolved]
    measure.publish(
        "lineage_by_execution",
        "One input column at a time gets other values (each another one, those of other rows, none in half of the rows, none at "
        "all), and the query is run again: an output that changes without an edge, direct or indirect, is counted as missed. "
        f"Where a project has no rows of its own, they are made up from the values that its queries compare with (sets of rows: {count}).",
        measure.table(["", "queries run", "outputs", "listed as unresolved", "missed an edge", "left out"], rows),
        f"Left out: {left}. Of TPC-DS, {tallies['TPC-DS, on made-up rows'].empty} queries gave no row on the first set of made-up rows.",
        "Missed:\n\n" + ("\n".join(missed) or "none."),
        "Listed as unresolved, and taken to depend on all that they may read:\n\n" + ("\n".join(unresolved) or "none."),
        f"Versions: sqlglot {SQLGLOT}, SQLMesh {SQLMESH}; {measure.own_versions('duckdb', 'sqlglot')}.",
    )


if __name__ == "__main__":
    main()
