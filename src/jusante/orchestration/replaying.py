"""Replay: the models of a run built again from the snapshots that they were built from, and compared with what they gave."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from jusante.core import interval
from jusante.core.asset import Asset
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
from jusante.transformation.build import Job, Workshop
from jusante.transformation.incremental.tracing import changes_by_itself

Verdict = Literal["same", "rounding", "differs", "impossible"]
_THEN, _AGAIN = "__then.rows", "__again.rows"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of one model. `digest` is of the rows in any order; `why` says what differs, or why it cannot be told."""

    asset: str
    verdict: Verdict
    why: str = ""
    rows: int | None = None
    digest: str | None = None
    snapshot_id: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {name: getattr(self, name) for name in self.__slots__}


class PinnedTables(Tables):
    """The tables as they were at certain snapshots, and no others."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        super().__init__(None)
        self._pinned = tables

    def get(self, name: str) -> Table | None:
        """A table as it was, None for one that is not pinned."""
        return self._pinned.get(name)


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What a run published of a model, and what it read."""

    published: Table
    read: Mapping[str, Table]


class NotReplayable(Exception):
    """It cannot be built again as it was; the message says why."""


def recorded(graph: Graph, store: TableStore, task: Task) -> _Recorded:
    """What a task published and read, as it was. Raises NotReplayable."""
    if task.asset not in graph:
        raise NotReplayable("the project no longer makes it")
    asset = graph[task.asset]
    if not isinstance(asset.definition, SqlModel | PythonModel):
        kept = "what its source held then is kept nowhere else" if asset.kind == "ingested" else "it acts outside"
        raise NotReplayable(kept)
    if isinstance(asset.definition, SqlModel) and (why := _why_of_its_runs(asset.definition)):
        raise NotReplayable(why)
    then = store.at(task.asset, task.snapshot_id) if task.snapshot_id is not None else None
    if then is None:
        raise NotReplayable("its snapshot is gone: it has expired")
    if then.summary.get("jusante.version") != graph.versions[task.asset]:
        raise NotReplayable("its definition, or one above it, changed since")
    coverage = interval.covered(json.loads(then.summary.get("jusante.intervals", "[]")))
    if interval.waiting(coverage):
        raise NotReplayable("some of its intervals were not done then, or of another version")
    read = {}
    for name, snapshot in json.loads(then.summary.get("jusante.inputs", "{}")).items():
        table = store.at(name, snapshot)
        if table is None:
            raise NotReplayable(f"the snapshot of {name} that it read is gone: it has expired")
        read[name] = table
    return _Recorded(then, read)


def _why_of_its_runs(model: SqlModel) -> str:
    """Why a table is of all runs that there were, and not of one; empty where it is of one."""
    if model.header.kind == "append":
        return "rows were added to those of earlier runs"
    return "a history is of all runs before" if model.header.history else ""


def rebuilt(workshop: Workshop, asset: Asset, run_id: str, version: str) -> FilePlan:
    """Build a model as a whole; the workshop has its inputs as they were, and publishes nothing."""
    job = Job(asset, run_id, version)
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
