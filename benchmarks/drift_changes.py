"""Changes of shape with known answers, in real sources of each kind: how many are found, and are renames right?"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path

import measure
from measure import Target

sys.path.insert(0, str(measure.ROOT / "tests"))

import drifting
from drifting import OPERATIONS, Case, Store
from servers import mariadb, mariadb_is_installed, postgres

TABLES = 40
SEEDS = (3, 17)
KINDS = ("postgres", "mysql", "sqlite", "duckdb", "csv", "json", "parquet", "http")
EVOLVE = ", drift: {rename: evolve}"
REORDERED = ("reordered", "", None)


def main() -> None:
    """Play every kind of source, and keep the table."""
    lines = ["| source | tables | changes | found | renames | right | followed wrongly | s a table |"]
    lines += ["| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    total: Counter[str] = Counter()
    with ExitStack() as stack:
        for kind in KINDS:
            if kind == "mysql" and not mariadb_is_installed():
                continue
            counts: Counter[str] = Counter()
            began = time.monotonic()
            for seed in SEEDS:
                counts += played(kind, seed, stack)
            seconds = (time.monotonic() - began) / counts["tables"]
            total += counts
            lines.append(row(kind, counts, seconds))
    lines.append(row("**all**", total, 0.0))
    share = total["right"] / max(total["renames"], 1)
    found = total["found"] / max(total["answers"], 1)
    targets = [
        Target("structural changes found", 1.0, found, at_least=True),
        Target("renames right", 0.95, share, at_least=True),
        Target("wrong renames that `evolve` would follow", 0.0, float(total["wrong"])),
    ]
    about = (
        f"{total['answers']} changes of shape in {total['tables']} made-up tables of {drifting.ROWS} rows, one to four in each: "
        "columns renamed, dropped, added, of another type, reordered, with names exchanged, replaced by others that share none "
        "or some of their values. Real DDL on real servers, files written anew, another answer of a web API. The time is that of "
        "loading, changing and asking, by table."
    )
    measure.publish("drift_changes", about, "\n".join(lines), measure.targets_table(targets))


def row(name: str, counts: Counter[str], seconds: float) -> str:
    """A row of the table."""
    numbers = (counts[word] for word in ("tables", "answers", "found", "renames", "right", "wrong"))
    return f"| {name} | {' | '.join(f'{number:,}' for number in numbers)} | {f'{seconds:.2f}' if seconds else ''} |"


def played(kind: str, seed: int, stack: ExitStack) -> Counter[str]:
    """Load a seed's tables, change them, and count what is found."""
    from jusante.app import Lake

    folder = Path(tempfile.mkdtemp(prefix=f"drift-{kind}-"))
    allowed = [each for each in OPERATIONS if kind != "csv" or "retype" not in each]
    tables = drifting.cases(seed, TABLES, allowed)
    with opened(kind, folder, tables, stack) as store:
        store(tables, False)
        with Lake.open(folder) as lake:
            assert lake.run().status == "succeeded"
        store(tables, True)
        found = drifting.found_in(folder)
        wrong = drifting.followed_wrongly(folder, tables)
    counts: Counter[str] = Counter({"tables": len(tables), "wrong": len(wrong)})
    for case in tables:
        there = found.get(case.table, set())
        counts["answers"] += len(case.answers)
        counts["found"] += len(case.answers & there)
        counts["renames"] += len({a for a in case.answers | there if a[0] == "renamed"})
        counts["right"] += len({a for a in case.answers & there if a[0] == "renamed"})
        if there - case.answers - {REORDERED} or case.answers - there:
            print(kind, seed, case.table, case.operations, case.answers ^ there, file=sys.stderr)
    return counts


def opened(kind: str, folder: Path, tables: Sequence[Case], stack: ExitStack) -> AbstractContextManager[Store]:
    """A real source of a kind."""
    if kind in {"postgres", "mysql"}:
        server = stack.enter_context(postgres() if kind == "postgres" else mariadb())
        server.run("create database drifting")
        url = server.url("drifting")
        return nullcontext(
            drifting.server_source(folder, tables, kind, url, lambda sql: server.run(sql, "drifting"), drift=EVOLVE)
        )
    match kind:
        case "sqlite":
            return nullcontext(drifting.sqlite_source(folder, tables, drift=EVOLVE))
        case "duckdb":
            return nullcontext(drifting.duckdb_source(folder, tables, drift=EVOLVE))
        case "http":
            return drifting.http_source(folder, tables, drift=EVOLVE)
    return nullcontext(drifting.files_source(folder, tables, kind, drift=EVOLVE))


if __name__ == "__main__":
    main()
