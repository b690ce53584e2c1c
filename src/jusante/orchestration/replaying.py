"""Replay: the models of a run built again from the snapshots that they were built from, and compared with what they gave."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from jusante.core import interval
from jusante.core.asset import Asset, Ingested
from jusante.core.graph import Graph
from jusante.core.model import PythonModel, SqlModel
from jusante.core.names import quote, quote_table
from jusante.core.run import Task
from jusante.core.schema import Schema
from jusante.errors import JusanteError
from jusante.management.lake import Tables
from jusante.ports.engine import Session
from jusante.ports.relation import FilePlan
from jusante.ports.table_store import Table, TableStore
from jusante.transformation import python_model, sql_model
from jusante.transformation.build import Job, Standing, Workshop
from jusante.transformation.incremental.tracing import changes_by_itself

Verdict = Literal["same", "rounding", "differs", "impossible"]
_THEN, _AGAIN = "__then.rows", "__again.rows"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of one model. `digest` is of the rows in any order; `why` says what differs, or why it cannot be told, and `fix`
    what can be done instead. Where a run added rows to others, it is about those that it added.
    """

    asset: str
    verdict: Verdict
    why: str = ""
    rows: int | None = None
    digest: str | None = None
    snapshot_id: int | None = None
    fix: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {name: getattr(self, name) for name in self.__slots__}


class PinnedTables(Tables):
    """The tables as they were at certain snapshots, and no others; `store` tells of what changed up to then."""

    def __init__(self, tables: Mapping[str, Table], store: TableStore) -> None:
        super().__init__(None)
        self._pinned = tables
        self._at = store.at

    def get(self, name: str) -> Table | None:
        """A table as it was, None for one that is not pinned."""
        return self._pinned.get(name)

    def at(self, name: str, data_id: int) -> Table | None:
        """A table with the rows it had at a snapshot, None where these can no longer be read."""
        return self._at(name, data_id)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a run published of a model, and what it read. Where it added to rows that were there, these are `before`, made from
    what `standing` says, and `published` are those added.
    """

    published: FilePlan
    read: Mapping[str, Table]
    before: Table | None = None
    standing: Standing | None = None

    @property
    def pinned(self) -> Mapping[str, Table]:
        """The tables as the build found them."""
        return {**self.read, self.before.name: self.before} if self.before else self.read


class NotReplayable(Exception):
    """It cannot be built again as it was; the message says why, and `fix` what can be done instead."""

    def __init__(self, why: str, fix: str) -> None:
        super().__init__(why)
        self.fix = fix


def recorded(graph: Graph, store: TableStore, task: Task) -> Recorded:
    """What a task published and read, as it was. Raises NotReplayable."""
    if task.asset not in graph:
        raise NotReplayable("the project no longer makes it", "git checkout the project as it was then")
    asset = graph[task.asset]
    definition = asset.definition
    if isinstance(definition, Ingested):
        what = "what its source held then is kept nowhere else"
        raise NotReplayable(what, f"jusante rollback {task.asset} lists what was loaded and still kept")
    if not isinstance(definition, SqlModel | PythonModel):
        raise NotReplayable("it acts outside", f"jusante run {task.asset} --anew does it again, from the data of now")
    if isinstance(definition, SqlModel) and definition.header.history:
        what = "a history is of all runs before: when rows began and ended stands in no input"
        raise NotReplayable(what, f"jusante rollback {task.asset} goes back to what it was after a run")
    then = store.at(task.asset, task.snapshot_id) if task.snapshot_id is not None else None
    if then is None:
        raise NotReplayable("its snapshot is gone: it has expired", KEEP)
    if then.summary.get("jusante.version") != graph.versions[task.asset]:
        raise NotReplayable("its definition, or one above it, changed since", "git checkout the project as it was then")
    coverage = interval.covered(json.loads(then.summary.get("jusante.intervals", "[]")))
    if interval.waiting(coverage):
        what = "some of its intervals were not done then, or of another version"
        raise NotReplayable(what, f"jusante backfill {task.asset} makes them; then replay that run")
    read = _read(store, then)
    if isinstance(definition, SqlModel) and definition.header.kind == "append":
        return _added(store, then, read)
    return Recorded(then.plan, read)


KEEP = "a table keeps its last 20 snapshots at the least, younger ones than `jusante maintain --keep` says: replay a later run"


def _read(store: TableStore, then: Table) -> Mapping[str, Table]:
    read = {}
    for name, snapshot in json.loads(then.summary.get("jusante.inputs", "{}")).items():
        table = store.at(name, snapshot)
        if table is None:
            raise NotReplayable(f"the snapshot of {name} that it read is gone: it has expired", KEEP)
        read[name] = table
    return read


def _added(store: TableStore, then: Table, read: Mapping[str, Table]) -> Recorded:
    """What a run added to a table of kind append; all of it, where that run was the first of its version."""
    history = [snapshot for snapshot in store.history(then.name) if not snapshot.is_same_rows]
    place = next((n for n, snapshot in enumerate(history) if snapshot.id == then.snapshot_id), None)
    if place is None:
        raise NotReplayable("its files were compacted since, and what that run added cannot be told apart", KEEP)
    this, before = history[place], history[place - 1] if place else None
    if this.added_rows == this.rows:
        return Recorded(then.plan, read)
    table = store.at(then.name, before.id) if before else None
    if table is None or not set(table.plan.files) <= set(then.plan.files):
        raise NotReplayable("its snapshot before that run is gone: it has expired", KEEP)
    files = tuple(file for file in then.plan.files if file not in table.plan.files)
    plan = replace(then.plan, files=files, rows=this.added_rows)
    made_from = json.loads(table.summary.get("jusante.inputs", "{}"))
    return Recorded(plan, read, table, Standing(table.summary["jusante.version"], made_from))


def rebuilt(workshop: Workshop, asset: Asset, run_id: str, version: str, standing: Standing | None) -> FilePlan:
    """Build a model again; the workshop has its inputs as they were, and publishes nothing."""
    job = Job(asset, run_id, version, standing)
    is_python = isinstance(asset.definition, PythonModel)
    built = python_model.build(workshop, job) if is_python else sql_model.build(workshop, job)
    assert built.published
    return built.published.table.plan


def compared(session: Session, asset: Asset, then: FilePlan, again: FilePlan) -> tuple[Verdict, str, str]:
    """Whether rows and columns are the same, what differs, and the digest of the rows there were."""
    session.add(_THEN, then)
    session.add(_AGAIN, again)
    exact = _digest(session, _THEN, then.schema, rounded=False)
    columns = [[(column.name, column.type) for column in plan.schema] for plan in (then, again)]
    if columns[0] != columns[1]:
        return "differs", _columns(then.schema, again.schema), exact
    if exact == _digest(session, _AGAIN, then.schema, rounded=False):
        return "same", "", exact
    if _digest(session, _THEN, then.schema, rounded=True) == _digest(session, _AGAIN, then.schema, rounded=True):
        return "rounding", "the same to 11 digits: sums of floating-point numbers depend on the order", exact
    return "differs", _rows(session, asset), exact


def _digest(session: Session, name: str, schema: Schema, *, rounded: bool) -> str:
    """A digest of rows in any order: how many there are, and the sum of their hashes."""
    columns = ", ".join(
        f"printf('%.11e', {quote(column.name)})"
        if rounded and column.type in {"float", "double"}
        else quote(column.name)
        for column in schema
    )
    hashed = f"select hash(row({columns}))::hugeint as h from {quote_table(name)}"
    count, total = session.rows(f"select count(*), coalesce(sum(h), 0)::varchar from ({hashed})")[0]
    return f"{count:x}-{int(total):x}"


def _columns(then: Schema, again: Schema) -> str:
    before, now = ({f"{column.name} {column.type}" for column in schema} for schema in (then, again))
    gone, came = ", ".join(sorted(before - now)), ", ".join(sorted(now - before))
    parts = [f"without {gone}" if gone else "", f"with {came}" if came else ""]
    return "its columns are other ones: " + (" and ".join(part for part in parts if part) or "in another order")


def _rows(session: Session, asset: Asset) -> str:
    then, again = (f"select * from {quote_table(name)}" for name in (_THEN, _AGAIN))
    lost, new = session.rows(
        f"select (select count(*) from ({then} except all {again})), (select count(*) from ({again} except all {then}))"
    )[0]
    text = f"{lost:,} rows that were published do not come again, and {new:,} others do"
    changing = changes_by_itself(asset.definition.query.sql) if isinstance(asset.definition, SqlModel) else ""
    return f"{text}; it uses {changing}, which gives something else each time" if changing else text


def why_failed(error: JusanteError) -> str:
    """Why a build could not be repeated, in words."""
    return f"it cannot be built: {error.what}"
