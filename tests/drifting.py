"""Changes of shape with known answers, made up by a seed, and real sources of each kind in which they are made."""

import csv
import datetime as dt
import decimal
import json
import random
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 120
WORDS = ("north", "south", "east", "west", "blue", "green", "grey", "paid", "open", "late", "mild", "tall")
NAMES = (
    "amount", "total", "status", "note", "created_at", "updated_at", "owner", "region", "price", "quantity", "weight",
    "is_active", "score", "comment", "channel", "discount", "city", "label", "shipped_on", "rating",
)  # fmt: skip
FRESH = ("grand_total", "state", "remark", "born", "changed", "holder", "area", "cost", "pieces", "mass", "enabled",
         "points", "text_1", "via", "rebate", "town", "tag", "sent", "stars", "extra")  # fmt: skip
TYPES = ("long", "decimal(12,2)", "string", "date", "boolean")
OPERATIONS = ("rename", "drop", "add", "retype", "reorder", "swap", "rename+retype", "replace", "case", "twin")

Answer = tuple[str, str, str | None]
"""What changed, the column as it is known here, and its new name if it has one."""


@dataclass(slots=True)
class Col:
    """A column with its values, one a row."""

    name: str
    type: str
    values: list[Any]


@dataclass(slots=True)
class Case:
    """A table before and after, what was done to it, and what has to be found."""

    table: str
    before: list[Col]
    after: list[Col]
    operations: list[tuple[str, ...]] = field(default_factory=list)
    answers: set[Answer] = field(default_factory=set)


def cases(seed: int, count: int, allowed: Sequence[str]) -> list[Case]:
    """Tables with one to four changes each."""
    chance = random.Random(seed)
    return [_case(chance, f"t{number}", allowed) for number in range(count)]


def _case(chance: random.Random, table: str, allowed: Sequence[str]) -> Case:
    names = chance.sample(NAMES, chance.randint(6, 9))
    columns = [Col("id", "long", list(range(1, ROWS + 1)))]
    columns += [_made(chance, name, chance.choice(TYPES)) for name in names]
    case = Case(table, columns, [Col(c.name, c.type, list(c.values)) for c in columns])
    fresh, touched = list(FRESH), {"id"}
    chance.shuffle(fresh)
    for operation in chance.sample(list(allowed), min(len(allowed), chance.randint(1, 4))):
        _change(chance, case, operation, fresh, touched)
    return case


def _made(chance: random.Random, name: str, kind: str) -> Col:
    match kind:
        case "long":
            few = chance.random() < 0.3
            values: list[Any] = [chance.randint(0, 5 if few else 100_000) for _ in range(ROWS)]
        case "decimal(12,2)":
            values = [decimal.Decimal(chance.randint(1, 90_000)) / 100 + decimal.Decimal("0.01") for _ in range(ROWS)]
        case "string":
            few = chance.random() < 0.4
            values = [chance.choice(WORDS) + ("" if few else f" {chance.randint(1, 999)}") for _ in range(ROWS)]
        case "date":
            values = [dt.date(2026, 1, 1) + dt.timedelta(days=chance.randint(0, 300)) for _ in range(ROWS)]
        case _:
            values = [chance.random() < 0.4 for _ in range(ROWS)]
    if kind != "boolean" and chance.random() < 0.4:
        values = [None if chance.random() < 0.15 else value for value in values]
    return Col(name, kind, values)


def _change(  # noqa: C901  # one branch for each sort of change
    chance: random.Random, case: Case, operation: str, fresh: list[str], touched: set[str]
) -> None:
    free = [column for column in case.after if column.name not in touched]
    if not free:
        return
    chosen = chance.choice(free)
    old = chosen.name
    match operation:
        case "rename":
            chosen.name = _new_name(chance, chosen.name, fresh)
            case.operations.append(("rename", old, chosen.name))
            case.answers.add(("renamed", old, chosen.name))
        case "case":
            chosen.name = old.upper()
            case.operations.append(("rename", old, chosen.name))
            case.answers.add(("renamed", old, chosen.name))
        case "drop":
            case.after.remove(chosen)
            case.operations.append(("drop", old))
            case.answers.add(("dropped", old, None))
        case "add":
            chosen = _made(chance, fresh.pop(), chance.choice(TYPES))
            case.after.append(chosen)
            case.operations.append(("add", chosen.name))
            case.answers.add(("added", chosen.name, None))
        case "retype" | "rename+retype":
            _retype(chance, case, chosen, fresh, is_renamed=operation != "retype")
        case "replace" | "twin":
            _replace(chance, case, chosen, fresh, touched, share=0.6 if operation == "twin" else 0.0)
        case "swap":
            others = [
                c for c in free if c is not chosen and c.type == chosen.type and c.type in {"string", "decimal(12,2)"}
            ]
            if others:
                other = chance.choice(others)
                chosen.name, other.name = other.name, chosen.name
                case.operations.append(("swap", chosen.name, other.name))
                case.answers |= {("renamed", old, chosen.name), ("renamed", chosen.name, old)}
                touched.add(other.name)
        case "reorder":
            rest = case.after[1:]
            before = [c.name for c in rest]
            while [c.name for c in rest] == before and len(rest) > 1:
                chance.shuffle(rest)
            case.after[1:] = rest
            case.operations.append(("reorder",))
            case.answers.add(("reordered", "", None))
    touched |= {old, chosen.name}


def _new_name(chance: random.Random, old: str, fresh: list[str]) -> str:
    return chance.choice([fresh.pop(), f"{old}_v2", f"the_{old}", fresh.pop()])


def _retype(chance: random.Random, case: Case, chosen: Col, fresh: list[str], *, is_renamed: bool) -> None:
    if chosen.type not in {"long", "decimal(12,2)"}:
        return
    old = chosen.name
    chosen.type = "string"
    chosen.values = [None if value is None else str(value) for value in chosen.values]
    case.answers.add(("retyped", old, None))
    if is_renamed:
        chosen.name = _new_name(chance, old, fresh)
        case.operations.append(("rename", old, chosen.name))
        case.answers.add(("renamed", old, chosen.name))
    case.operations.append(("retype", chosen.name))


def _replace(
    chance: random.Random, case: Case, chosen: Col, fresh: list[str], touched: set[str], *, share: float
) -> None:
    """A column goes and another comes that is none of it, though some of its values may be the same by chance."""
    if chosen.type == "boolean":
        return
    other = _made(chance, fresh.pop(), chosen.type)
    pairs = zip(chosen.values, other.values, strict=True)
    other.values = [value if chance.random() < share else new for value, new in pairs]
    case.after[case.after.index(chosen)] = other
    case.operations += [("drop", chosen.name), ("add", other.name), ("reorder",)]
    case.answers |= {("dropped", chosen.name, None), ("added", other.name, None)}
    touched.add(other.name)


# -- sources -------------------------------------------------------------------------------------------------------------


def _nowhere_else(case: Case) -> str:
    """A database finds a table by its name."""
    del case
    return ""


Store = Callable[[Sequence[Case], bool], None]
"""Puts tables into a source: as they were, or, with True, as they are after their changes."""

SQL_TYPES = {
    "long": "bigint", "decimal(12,2)": "decimal(12,2)", "string": "varchar(200)", "date": "date", "boolean": "boolean",
}  # fmt: skip


def project(
    folder: Path, kind: str, connection: str, tables: Sequence[Case], options: Callable[[Case], str], drift: str = ""
) -> None:
    """A project that brings these tables in."""
    lines = [f"  {case.table}: {{key: [id]{options(case)}{drift}}}" for case in tables]
    text = f"source: src\nkind: {kind}\nowner: them@src.example\n{connection}tables:\n" + "\n".join(lines) + "\n"
    (folder / "sources").mkdir(parents=True, exist_ok=True)
    (folder / "jusante.yaml").write_text("name: drifting\n")
    (folder / "sources" / "src.yaml").write_text(text)


def columns_sql(columns: Sequence[Col]) -> str:
    """The columns of a CREATE TABLE."""
    items = [
        f"{quoted(c.name)} {SQL_TYPES[c.type]}{' not null primary key' if c.name == 'id' else ''}" for c in columns
    ]
    return ", ".join(items)


def literal(value: Any) -> str:
    """A value as each of the databases reads it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | decimal.Decimal():
            return str(value)
    return "'" + str(value) + "'"


def filled(table: str, columns: Sequence[Col]) -> list[str]:
    """Statements that make a table and put its rows in."""
    rows = ", ".join("(" + ", ".join(literal(c.values[n]) for c in columns) + ")" for n in range(ROWS))
    names = ", ".join(quoted(c.name) for c in columns)
    return [f"create table {table} ({columns_sql(columns)})", f"insert into {table} ({names}) values {rows}"]


def altered(case: Case, retype: str) -> list[str]:
    """The statements that a team would write: ALTER where that does, a new table in its place where columns move."""
    if ("reorder",) in case.operations:
        return [
            *filled("swapped_in", case.after),
            f"drop table {case.table}",
            f"alter table swapped_in rename to {case.table}",
        ]
    after = {column.name: column for column in case.after}
    done = []
    for operation, *names in case.operations:
        match operation:
            case "rename" if names[0].lower() == names[1].lower():
                done += [f"alter table {case.table} rename column {names[0]} to between_names"]
                done += [f"alter table {case.table} rename column between_names to {quoted(names[1])}"]
            case "rename":
                done.append(f"alter table {case.table} rename column {names[0]} to {names[1]}")
            case "swap":
                steps = ((names[0], "between_names"), (names[1], names[0]), ("between_names", names[1]))
                done += [f"alter table {case.table} rename column {a} to {b}" for a, b in steps]
            case "drop":
                done.append(f"alter table {case.table} drop column {names[0]}")
            case "retype":
                done.append(retype.format(table=case.table, column=names[0]))
            case "add":
                column = after[names[0]]
                done.append(f"alter table {case.table} add column {column.name} {SQL_TYPES[column.type]}")
                values = (
                    f"update {case.table} set {column.name} = {literal(v)} where id = {n + 1}"
                    for n, v in enumerate(column.values)
                )
                done += values
    return done


def quoted(name: str) -> str:
    """A name whose case is kept; MariaDB keeps it without."""
    return f'"{name}"'


def sqlite_source(folder: Path, tables: Sequence[Case], *, drift: str = "") -> Store:
    """Tables of a SQLite file."""
    project(folder, "sqlite", "connection: src.db\n", tables, _nowhere_else, drift)

    def store(some: Sequence[Case], is_after: bool) -> None:
        with sqlite3.connect(folder / "src.db") as database:
            for case in some:
                rebuild = is_after and any(each[0] in {"retype", "reorder"} for each in case.operations)
                moved = Case(case.table, case.before, case.after, [("reorder",)]) if rebuild else case
                for statement in altered(moved, "") if is_after else filled(case.table, case.before):
                    database.execute(statement)
        database.close()

    return store


def duckdb_source(folder: Path, tables: Sequence[Case], *, drift: str = "") -> Store:
    """Tables of a DuckDB file."""
    project(folder, "duckdb", "connection: src.duckdb\n", tables, _nowhere_else, drift)

    def store(some: Sequence[Case], is_after: bool) -> None:
        with duckdb.connect(str(folder / "src.duckdb")) as database:
            for case in some:
                # DuckDB alters no table that an index depends on: a new one takes its place.
                moved = Case(case.table, case.before, case.after, [("reorder",)])
                for statement in altered(moved, "") if is_after else filled(case.table, case.before):
                    database.execute(statement)

    return store


def server_source(
    folder: Path, tables: Sequence[Case], kind: str, url: str, run: Callable[[str], Any], *, drift: str = ""
) -> Store:
    """Tables of a PostgreSQL or MariaDB server."""
    (folder / "url").write_text(url)
    project(folder, kind, "connection: ${file:url}\n", tables, _nowhere_else, drift)
    retype = {
        "postgres": "alter table {table} alter column {column} type varchar(200) using {column}::varchar",
        "mysql": "alter table {table} modify column {column} varchar(200)",
    }[kind]

    def store(some: Sequence[Case], is_after: bool) -> None:
        statements = [
            s for case in some for s in (altered(case, retype) if is_after else filled(case.table, case.before))
        ]
        text = ";\n".join(statements) + ";\n"
        run(text.replace('"', "") if kind == "mysql" else text)

    return store


def files_source(folder: Path, tables: Sequence[Case], ending: str, *, drift: str = "") -> Store:
    """Tables as files: csv, json or parquet."""
    project(folder, "files", "", tables, lambda case: f", path: {case.table}.{ending}", drift)
    writers = {"csv": _write_csv, "json": _write_json, "parquet": _write_parquet}

    def store(some: Sequence[Case], is_after: bool) -> None:
        for case in some:
            writers[ending](folder / f"{case.table}.{ending}", case.after if is_after else case.before)

    return store


def _write_csv(path: Path, columns: Sequence[Col]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([c.name for c in columns])
        writer.writerows([["" if c.values[n] is None else _json(c.values[n]) for c in columns] for n in range(ROWS)])


def _write_json(path: Path, columns: Sequence[Col]) -> None:
    path.write_text(json.dumps(records(columns)))


def _write_parquet(path: Path, columns: Sequence[Col]) -> None:
    kinds = dict(zip(TYPES, (pa.int64(), pa.decimal128(12, 2), pa.string(), pa.date32(), pa.bool_()), strict=True))
    pq.write_table(pa.table({c.name: pa.array(c.values, kinds[c.type]) for c in columns}), path)


def _json(value: Any) -> Any:
    if isinstance(value, decimal.Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def records(columns: Sequence[Col]) -> list[dict[str, Any]]:
    """The rows as an API gives them."""
    return [{c.name: _json(c.values[n]) for c in columns} for n in range(ROWS)]


@contextmanager
def http_source(folder: Path, tables: Sequence[Case], *, drift: str = "") -> Iterator[Store]:
    """Tables of a web API, a real server on this machine."""
    pages: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages[self.path.partition("?")[0].strip("/")]
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"connection: http://127.0.0.1:{server.server_address[1]}\n"
    project(folder, "http", url, tables, lambda case: f", path: /{case.table}", drift)

    def store(some: Sequence[Case], is_after: bool) -> None:
        for case in some:
            pages[case.table] = json.dumps(records(case.after if is_after else case.before)).encode()

    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


# -- answers -------------------------------------------------------------------------------------------------------------


def found_in(folder: Path) -> dict[str, set[Answer]]:
    """By table, what `jusante drift` finds, with that alone which was asked for: harmless details are left out."""
    from jusante.app import Lake
    from jusante.app.drift import drift

    with Lake.open(folder) as lake:
        result = drift(lake.system)
    assert not result.unasked, result.unasked
    found: dict[str, set[Answer]] = {}
    for each in result.found:
        finding = each.finding
        if finding.change != "nullable":
            found.setdefault(finding.table.partition(".")[2], set()).add((finding.change, finding.column, finding.to))
    return found


def followed_wrongly(folder: Path, tables: Sequence[Case]) -> list[str]:
    """Renames that a policy of evolve would follow without asking, and that are none."""
    from jusante.app import Lake
    from jusante.app.drift import drift

    answers = {f"src.{case.table}": case.answers for case in tables}
    with Lake.open(folder) as lake:
        found = [each.finding for each in drift(lake.system).found]
    return [
        f"{f.table}.{f.column} → {f.to}"
        for f in found
        if f.change == "renamed" and not f.waits and ("renamed", f.column, f.to) not in answers[f.table]
    ]
