"""dbt projects imported: what it costs, what becomes of their models, and whether the tables are those that dbt makes.

The example and a generated project of 500 models are always measured; others with `--project DIR`: a dbt project on DuckDB,
with its packages and a `profiles.yml` that names a database file.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import five_hundred_models
import measure
import peers
from measure import Contender, Target

ROUNDS = 3
FOLDER = measure.WORK / "dbt_projects"
LARGE_MB = 100

_ROWS = """
import hashlib
def told(names, rows_of):
    for name in names:
        try:
            rows = sorted(repr([str(value) for value in row]) for row in rows_of(name))
        except Exception as error:
            print("failed", error.__class__.__name__, name)
        else:
            print(len(rows), hashlib.sha256("".join(rows).encode()).hexdigest()[:12])
"""
_OURS = (
    _ROWS
    + """
import jusante, sys
from jusante.core.names import quote_table
with jusante.open(sys.argv[1]) as lake:
    told(sys.argv[2:], lambda name: (row.values() for row in lake.query(f"select * from {quote_table(name)}").to_pylist()))
"""
)
_THEIRS = (
    _ROWS
    + """
import duckdb, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
told(sys.argv[2:], lambda name: connection.execute(f"select * from {name}").fetchall())
"""
)
_LINEAGE = """
import jusante, sys
with jusante.open(sys.argv[1]) as lake:
    graph = lake.columns
    print(sum(len(graph.columns(name)) for name in lake.project.graph.ids), sum(map(len, graph.unresolved.values())))
"""


@dataclass(frozen=True)
class Case:
    """A dbt project in a folder of ours, and a project that imports it."""

    name: str
    dbt: Path
    ours: Path
    options: tuple[str, ...] = ()

    @property
    def manifest(self) -> Path:
        """What dbt wrote when it built all."""
        return self.dbt / "target" / "manifest.json"

    def importing(self, *options: str) -> list[str]:
        """The command that imports it."""
        dbt = str(peers.dbt() / "dbt")
        return [measure.JUSANTE, "import", "dbt", str(self.dbt), "--name", "it", "--dbt", dbt, *self.options, *options]


# -- the projects --------------------------------------------------------------------------------------------------------


def example() -> Case:
    """The example: its sources are files that the project ingests."""
    left_out = shutil.ignore_patterns(".jusante", "dbt", "models", "dashboards", "*.duckdb", "target", "logs")
    ours = FOLDER / "example"
    shutil.copytree(measure.ROOT / "examples" / "dbt_shop", ours, ignore=left_out)
    shutil.copytree(measure.ROOT / "examples" / "dbt_shop" / "warehouse" / "models", ours / "warehouse" / "models")
    return Case("examples/dbt_shop", ours / "warehouse", ours, ("--source", "raw=sales"))


def five_hundred() -> Case:
    """500 models over 50 raw tables, which are ingested from Parquet files."""
    dbt, ours = FOLDER / "five_hundred_dbt", FOLDER / "five_hundred"
    five_hundred_models.dbt_project(dbt)
    shutil.copy(five_hundred_models.raw() / "before.duckdb", dbt / "warehouse.duckdb")
    five_hundred_models.jusante_project(ours)
    shutil.rmtree(ours / "models")
    (ours / "ingested").rename(ours / ".jusante")
    return Case("500 models", dbt, ours)


def given(folder: Path) -> Case:
    """Somebody's dbt project, copied; its seeds are its only sources."""
    dbt, ours = FOLDER / f"{folder.name}_dbt", FOLDER / folder.name
    shutil.copytree(folder, dbt, symlinks=True, ignore=shutil.ignore_patterns("target", "logs", "*.duckdb"))
    measure.written(ours / "jusante.yaml", "name: ours\n")
    return Case(folder.name, dbt, ours)


# -- what is measured ----------------------------------------------------------------------------------------------------


def built(case: Case) -> None:
    """Let dbt build all of it. A source that a seed fills is not known to dbt as one: seeds come first."""
    dbt = str(peers.dbt() / "dbt")
    measure.run(Contender(f"dbt seed {case.name}", [dbt, "seed", "--full-refresh"], case.dbt))
    command = [dbt, "build", "--full-refresh", "--exclude", "resource_type:unit_test"]
    measure.run(Contender(f"dbt build {case.name}", command, case.dbt))


def contenders(case: Case, large: Path | None) -> list[Contender]:
    """What each round does with a project."""

    def fresh() -> None:
        shutil.rmtree(case.ours / "dbt", ignore_errors=True)

    found = [
        Contender(f"{case.name}: import dbt, dbt's compiling included", case.importing(), case.ours, prepare=fresh),
        Contender(
            f"{case.name}: import dbt --manifest",
            case.importing("--manifest", str(case.manifest)),
            case.ours,
            prepare=fresh,
        ),
        Contender(f"{case.name}: check", [measure.JUSANTE, "check"], case.ours),
    ]
    if large:
        command = case.importing("--manifest", str(large))
        found.insert(
            2, Contender(f"{case.name}: import dbt --manifest of {LARGE_MB} MB", command, case.ours, prepare=fresh)
        )
    return found


def large_manifest(case: Case) -> Path:
    """The manifest with as many long macros as make it large, which is what makes manifests large.

    It is written bit by bit: what this script itself takes would be counted for those it measures.
    """
    head, begin, rest = case.manifest.read_text().partition('"macros": {')
    macro = json.dumps({"package_name": "much", "depends_on": {"macros": []}, "macro_sql": "x" * 50_000})
    path = case.dbt / "large.json"
    with path.open("w") as file:
        file.write(head + begin)
        for number in range(LARGE_MB * 1_000_000 // len(macro)):
            file.write(f'"macro.much.m{number}": {macro}, ')
        file.write(rest)
    return path


@dataclass(frozen=True)
class Found:
    """What became of a project."""

    models: int
    here: int
    tests: int
    checked: int
    columns: int
    unresolved: int
    same: int
    compared: int

    @property
    def cells(self) -> tuple[str, ...]:
        """A row of the table."""
        return (
            f"{self.here} of {self.models}",
            f"{self.checked} of {self.tests}",
            f"{self.columns:,}",
            str(self.unresolved),
            f"{self.same} of {self.compared}",
        )


def found(case: Case) -> Found:
    """Import and run a project, and compare each of its tables with dbt's."""
    shutil.rmtree(case.ours / "dbt", ignore_errors=True)
    told = json.loads(_output([*case.importing("--manifest", str(case.manifest), "--json")], case.ours))["imports"][0]
    models = [part for part in told["tables"] if part["kind"] not in {"source", "seed"}]
    measure.run(Contender(f"{case.name}: run", [measure.JUSANTE, "run"], case.ours))
    relations = _relations(case.manifest)
    names = [part["id"] for part in models if part["state"] == "here" and part["id"] in relations]
    ours = _output([sys.executable, "-c", _OURS, str(case.ours), *names], case.ours).splitlines()
    [database] = case.dbt.glob("*.duckdb")
    code = [str(peers.dbt() / "python"), "-c", _THEIRS, str(database), *(relations[name] for name in names)]
    theirs = _output(code, case.dbt).splitlines()
    for name, mine, yours in zip(names, ours, theirs, strict=True):
        if mine != yours:
            measure.tell(f"{case.name}: {name} differs: {mine} here, {yours} in dbt")
    columns, unresolved = map(int, _output([sys.executable, "-c", _LINEAGE, str(case.ours)], case.ours).split())
    return Found(
        len(models),
        sum(part["state"] == "here" for part in models),
        len(told["tests"]),
        sum(test["state"] == "here" for test in told["tests"]),
        columns,
        unresolved,
        sum(mine == yours for mine, yours in zip(ours, theirs, strict=True)),
        len(names),
    )


def _relations(manifest: Path) -> Mapping[str, str]:
    """The relation in dbt's database of each model, by what it is called here."""
    made = json.loads(manifest.read_text())
    found = {}
    for node in made["nodes"].values():
        if node["resource_type"] == "model" and node["relation_name"]:
            found[node["unique_id"]] = node["relation_name"]
    kept = json.loads((_kept(manifest)).read_text())
    return {model["id"]: found[model["node"]] for model in kept["models"] if model["node"] in found}


def _kept(manifest: Path) -> Path:
    dbt = manifest.parent.parent
    ours = dbt.parent if dbt.name == "warehouse" else dbt.with_name(dbt.name.removesuffix("_dbt"))
    return ours / "dbt" / "it.json"


def _output(command: Sequence[str], folder: Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder).stdout


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is run; the median counts")
    parser.add_argument(
        "--project", type=Path, action="append", default=[], help="a dbt project on DuckDB; may be repeated"
    )
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    generated = five_hundred()
    cases = [example(), generated, *(given(folder.resolve()) for folder in arguments.project)]
    for case in cases:
        built(case)
    large = large_manifest(generated)
    work = [each for case in cases for each in contenders(case, large if case is generated else None)]
    costs = measure.in_turn(work, arguments.rounds)
    results = {case.name: found(case) for case in cases}
    medians = {name: measure.median(each) for name, each in costs.items()}
    head = ["", "models built here", "tests checked", "columns", "unresolved", "same rows as dbt's"]
    rows = [[name, *result.cells] for name, result in results.items()]
    targets = [
        Target("500 models: import from the manifest", 5, medians["500 models: import dbt --manifest"].cpu, "CPU s"),
        Target("500 models: check", 2, medians["500 models: check"].cpu, "CPU s"),
        Target("expressions without a known origin", 0, sum(result.unresolved for result in results.values())),
        Target("tables with other rows than dbt's", 0, sum(r.compared - r.same for r in results.values())),
    ]
    measure.publish(
        "dbt_projects",
        f"dbt projects imported, then run by jusante and compared, row by row, with what `dbt build` made. Medians of "
        f"{arguments.rounds} rounds. The 500 models are those of five_hundred_models.",
        measure.costs_table(costs),
        measure.table(head, rows),
        measure.targets_table(targets),
        f"Versions: {measure.own_versions('duckdb', 'sqlglot')}; "
        f"{measure.versions(peers.dbt(), 'dbt-core', 'dbt-duckdb', 'duckdb')}.",
    )


if __name__ == "__main__":
    main()
