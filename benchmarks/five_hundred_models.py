"""500 small SQL models, the same SQL for jusante, dbt and SQLMesh: checking them, building all, and building none anew.

50 raw tables of 1,000 rows stand below ten layers of 50 models, each of which reads one to three models of the layer
below it. All models are tables. The rows are few, so that what is measured is the tool and not the engine, which is
DuckDB for all three.
"""

import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import measure
import peers
from measure import Contender, Target

ROUNDS = 3
LAYERS, WIDTH = 10, 50
ROWS = 1000
PARALLEL = 4  # the default of jusante, given to all
FOLDER = measure.WORK / "five_hundred_models"

_RAW = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1] + "/before.duckdb")
connection.execute("create schema raw")
for number in range(int(sys.argv[2])):
    connection.execute(f'''create table raw.t{number:02} as select i as id, (i * 7 + {number}) % 100 as key,
        cast((i * 37 + {number}) % 10000 / 100.0 as decimal(18, 2)) as amount, date '2026-01-01' + cast(i % 90 as int) as day,
        'label ' || (i % 13) as label from range({sys.argv[3]}) as r(i)''')
    connection.execute(f"copy raw.t{number:02} to '{sys.argv[1]}/t{number:02}.parquet' (format parquet)")
"""
_JUSANTE_ROWS = """
import jusante, sys
with jusante.open(sys.argv[1]) as lake:
    for name in sys.argv[2:]:
        print(*lake.query(f"select count(*), sum(amount), min(id), max(label) from {name}").to_pylist()[0].values())
"""
_DUCKDB_ROWS = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
for name in sys.argv[2:]:
    print(*connection.execute(f"select count(*), sum(amount), min(id), max(label) from {name}").fetchone())
"""


# -- the models ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SqlModel:
    """A model: its SQL, in which `{0}`, `{1}` … stand for the tables in `reads`, each a layer (-1: raw) and a number."""

    layer: int
    name: str
    sql: str
    reads: tuple[tuple[int, str], ...]


def models() -> list[SqlModel]:
    """The 500, the same each time."""
    chance = random.Random(7)
    made: list[SqlModel] = []
    for layer in range(LAYERS):
        for place in range(WIDTH):
            count = 1 if layer == 0 else chance.choice((1, 2, 2, 3))
            below = chance.sample(range(WIDTH), count) if layer else [place]
            reads = tuple((layer - 1, name_of(layer - 1, number)) for number in below)
            made.append(SqlModel(layer, name_of(layer, place), _sql(chance, count, layer), reads))
    return made


def name_of(layer: int, place: int) -> str:
    return f"t{place:02}" if layer < 0 else f"m_{layer * WIDTH + place:03}"


def _sql(chance: random.Random, count: int, layer: int) -> str:
    low, share = chance.randrange(5), chance.randrange(1, 9)
    if layer == 0:
        return (
            f"select id, key, cast(amount * 1.0{share} as decimal(18, 2)) as amount, day, upper(label) as label\n"
            f"from {{0}}\nwhere amount > {low}\n"
        )
    if count == 1 and chance.random() < 0.3:
        return (
            "select min(id) as id, key, cast(sum(amount) as decimal(18, 2)) as amount, max(day) as day, min(label) as label\n"
            f"from {{0}}\nwhere id % {share + 1} <> 0\ngroup by key\n"
        )
    if count == 1:
        return (
            "with ranked as (\n  select *, row_number() over (partition by key order by id) as place from {0}\n)\n"
            f"select id, key, cast(amount + place as decimal(18, 2)) as amount, day, label\nfrom ranked\nwhere place > {low % 2}\n"
        )
    joined = "".join(f"\nleft join {{{number}}} as j{number} on j{number}.id = a.id" for number in range(1, count))
    added = " + ".join(f"coalesce(j{number}.amount, 0.{share})" for number in range(1, count))
    return (
        f"select a.id, a.key, cast(a.amount / 2 + ({added}) / 4 as decimal(18, 2)) as amount, a.day,\n"
        f"  case when j1.id is null then a.label else j1.label end as label\nfrom {{0}} as a{joined}\n"
    )


# -- the projects --------------------------------------------------------------------------------------------------------


def raw() -> Path:
    """The raw tables, as Parquet files and in a DuckDB database."""
    code = [str(peers.dbt() / "python"), "-c", _RAW]
    return measure.data(
        "raw", f"{_RAW} {WIDTH} {ROWS}", lambda to: subprocess.run([*code, str(to), str(WIDTH), str(ROWS)], check=True)
    )


def plain(layer: int, name: str) -> str:
    """A table's name in SQL."""
    return f"raw.{name}" if layer < 0 else f"layer_{layer}.{name}"


def referred(layer: int, name: str) -> str:
    """A table's name as dbt wants it."""
    return f"{{{{ source('raw', '{name}') }}}}" if layer < 0 else f"{{{{ ref('{name}') }}}}"


def sql_of(model: SqlModel, named: Callable[[int, str], str] = plain) -> str:
    return model.sql.format(*(named(*read) for read in model.reads))


def jusante_project(folder: Path) -> None:
    measure.written(folder / "jusante.yaml", "name: models\n")
    tables = "".join(f"  {name_of(-1, i)}: {{path: raw/{name_of(-1, i)}.parquet}}\n" for i in range(WIDTH))
    measure.written(folder / "sources" / "raw.yaml", f"source: raw\nkind: files\ntables:\n{tables}")
    shutil.copytree(raw(), folder / "raw", ignore=shutil.ignore_patterns("*.duckdb"))
    for model in models():
        measure.written(folder / "models" / f"layer_{model.layer}" / f"{model.name}.sql", sql_of(model))
    ingest = Contender("jusante run source:raw", [measure.JUSANTE, "run", "source:raw"], folder)
    measure.run(ingest)
    (folder / ".jusante").rename(folder / "ingested")


def dbt_project(folder: Path) -> None:
    measure.written(
        folder / "dbt_project.yml",
        "name: models\nversion: '1.0'\nprofile: models\nmodel-paths: [models]\nmodels: {+materialized: table}\n",
    )
    measure.written(
        folder / "profiles.yml",
        f"models:\n  target: dev\n  outputs:\n    dev: {{type: duckdb, path: warehouse.duckdb, threads: {PARALLEL}}}\n",
    )
    tables = "".join(f"      - name: {name_of(-1, i)}\n" for i in range(WIDTH))
    measure.written(
        folder / "models" / "sources.yml", f"sources:\n  - name: raw\n    schema: raw\n    tables:\n{tables}"
    )
    for model in models():
        measure.written(folder / "models" / f"layer_{model.layer}" / f"{model.name}.sql", sql_of(model, referred))


def sqlmesh_project(folder: Path) -> None:
    measure.written(
        folder / "config.yaml",
        "gateways:\n  local:\n"
        f"    connection: {{type: duckdb, database: warehouse.duckdb, concurrent_tasks: {PARALLEL}}}\n"
        "default_gateway: local\nmodel_defaults: {dialect: duckdb, start: 2026-01-01}\n",
    )
    columns = "{id: bigint, key: bigint, amount: 'decimal(18,2)', day: date, label: varchar}"
    tables = "".join(f"- name: {plain(-1, name_of(-1, i))}\n  columns: {columns}\n" for i in range(WIDTH))
    measure.written(folder / "external_models.yaml", tables)
    for model in models():
        head = f"MODEL (name {plain(model.layer, model.name)}, kind FULL);\n\n"
        measure.written(folder / "models" / f"layer_{model.layer}" / f"{model.name}.sql", head + sql_of(model))


# -- what is measured ----------------------------------------------------------------------------------------------------


def contenders() -> list[tuple[str, Contender]]:
    """What each round does, in this order, each with the kind of work it is."""
    jusante, dbt, sqlmesh = FOLDER / "jusante", FOLDER / "dbt", FOLDER / "sqlmesh"
    jusante_project(jusante)
    dbt_project(dbt)
    sqlmesh_project(sqlmesh)
    dbt_command = str(peers.dbt() / "dbt")
    sqlmesh_command = str(peers.sqlmesh() / "sqlmesh")
    apply = [sqlmesh_command, "plan", "--auto-apply", "--no-prompts"]

    def fresh_jusante() -> None:
        shutil.rmtree(jusante / ".jusante", ignore_errors=True)
        shutil.copytree(jusante / "ingested", jusante / ".jusante")

    def fresh_dbt() -> None:
        shutil.copy(raw() / "before.duckdb", dbt / "warehouse.duckdb")

    def fresh_sqlmesh() -> None:
        shutil.copy(raw() / "before.duckdb", sqlmesh / "warehouse.duckdb")

    def remember() -> None:
        shutil.rmtree(dbt / "before", ignore_errors=True)
        shutil.copytree(dbt / "target", dbt / "before")

    modified = ["--select", "state:modified+", "--state", "before"]
    return [
        (
            "check",
            Contender("jusante check, nothing kept", [measure.JUSANTE, "check"], jusante, prepare=fresh_jusante),
        ),
        ("check", Contender("jusante check", [measure.JUSANTE, "check"], jusante)),
        ("check", Contender("dbt parse --no-partial-parse", [dbt_command, "parse", "--no-partial-parse"], dbt)),
        ("check", Contender("dbt parse, from its cache", [dbt_command, "parse"], dbt, prepare=fresh_dbt)),
        ("check", Contender("sqlmesh lint", [sqlmesh_command, "lint"], sqlmesh, prepare=fresh_sqlmesh)),
        ("build", Contender("jusante run", [measure.JUSANTE, "run"], jusante)),
        ("build", Contender("dbt run", [dbt_command, "run"], dbt)),
        ("build", Contender("sqlmesh plan --auto-apply", apply, sqlmesh)),
        ("nothing", Contender("jusante run, again", [measure.JUSANTE, "run"], jusante)),
        ("nothing", Contender("dbt run state:modified+", [dbt_command, "run", *modified], dbt, prepare=remember)),
        ("nothing", Contender("sqlmesh plan --auto-apply, again", apply, sqlmesh)),
    ]


def same() -> None:
    """Raise AssertionError unless all three have made the same tables."""
    last = [model for model in models() if model.layer == LAYERS - 1]
    names = [plain(model.layer, model.name) for model in last]
    found = {
        "jusante": _output([sys.executable, "-c", _JUSANTE_ROWS, str(FOLDER / "jusante"), *names]),
        "dbt": _output(_duckdb(FOLDER / "dbt", [f"main.{model.name}" for model in last])),
        "sqlmesh": _output(_duckdb(FOLDER / "sqlmesh", names)),
    }
    assert len(set(found.values())) == 1, "the tools have made different tables: " + str(
        {tool: text[:200] for tool, text in found.items()}
    )


def _duckdb(folder: Path, names: Sequence[str]) -> list[str]:
    return [str(peers.dbt() / "python"), "-c", _DUCKDB_ROWS, str(folder / "warehouse.duckdb"), *names]


def _output(command: Sequence[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> None:
    count = measure.rounds(ROUNDS)
    shutil.rmtree(FOLDER, ignore_errors=True)
    work = contenders()
    costs = measure.in_turn([contender for _, contender in work], count)
    same()
    medians = {name: measure.median(found) for name, found in costs.items()}
    by_kind = {kind: {c.name: costs[c.name] for k, c in work if k == kind} for kind, _ in work}
    targets = [
        Target("`jusante check`", 2, medians["jusante check"].cpu, "CPU s"),
        Target("full build", 30, medians["jusante run"].cpu, "CPU s"),
        Target("nothing changed", 2, medians["jusante run, again"].cpu, "CPU s"),
        Target(
            "peak memory of the build, against dbt's", medians["dbt run"].peak_mb, medians["jusante run"].peak_mb, "MB"
        ),
    ]
    measure.publish(
        "five_hundred_models",
        f"{LAYERS * WIDTH} SQL models over {WIDTH} raw tables of {ROWS:,} rows; {PARALLEL} tasks at once. The raw tables are there "
        "before: ingested by jusante from Parquet files, which it asks for news in each run; in the database of the others. "
        f"Medians of {count} rounds; files and caches of each tool are warm. All three made the same rows.",
        "What checks a project: `sqlmesh lint` loads all models and applies its rules, `dbt parse` reads them without looking "
        "into the SQL. jusante follows all columns and judges all joins; what it found is kept by hash. What a peer does when "
        "nothing changed: dbt builds all anew at the cost of a full build, or, asked for what changed since a kept state, "
        "nothing; SQLMesh plans and finds nothing to do.",
        "Checking\n\n" + measure.costs_table(by_kind["check"]),
        "Full build\n\n" + measure.costs_table(by_kind["build"]),
        "Nothing changed\n\n" + measure.costs_table(by_kind["nothing"]),
        measure.targets_table(targets),
        f"Versions: {measure.own_versions('duckdb', 'pyiceberg', 'sqlglot')}; "
        f"{measure.versions(peers.dbt(), 'dbt-core', 'dbt-duckdb', 'duckdb')}; "
        f"{measure.versions(peers.sqlmesh(), 'sqlmesh', 'duckdb', 'sqlglot')}.",
    )


if __name__ == "__main__":
    main()
