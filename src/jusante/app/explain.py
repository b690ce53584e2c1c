"""A model in words: what it does, what it reads, where its time goes, and what the guards say."""

import datetime as dt
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jusante.app.announcing import announced
from jusante.app.growth_size import size
from jusante.app.guards import Guards, Warned
from jusante.app.system import System
from jusante.core.announcement import Announcement
from jusante.core.asset import Asset
from jusante.core.model import SqlModel
from jusante.core.names import nearest
from jusante.errors import UsageError
from jusante.management.lake import Tables, show
from jusante.ports.engine import Target
from jusante.transformation.explain import Part, columns_read, parts_of
from jusante.transformation.row_growth.counts import JoinCount, joins_of, shares_of
from jusante.transformation.row_growth.sizing import Size


@dataclass(frozen=True, slots=True)
class Read:
    """A table that a query reads: which columns, and how many rows and bytes it has. `behind` are the tables of a view."""

    table: str
    columns: tuple[str, ...]
    rows: int | None
    bytes: int | None
    behind: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spent:
    """Where the time of a query went: `share` of all seconds, for an operator, and the rows that it gave."""

    what: str
    share: float
    seconds: float
    rows: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that can be said of a query. `measured` says when its time was measured; empty where it was not.

    `announced` are changes of what it reads that are still to come.
    """

    asset: Asset
    parts: tuple[Part, ...]
    untold: str
    reads: tuple[Read, ...]
    spent: tuple[Spent, ...]
    joins: tuple[JoinCount, ...]
    measured: str
    warned: tuple[tuple[Warned, Size | None], ...]
    announced: tuple[Announcement, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "asset": self.asset.id,
            "steps": [{"query": part.name, "does": list(part.sentences)} for part in self.parts],
            "untold": self.untold,
            "reads": [_fields(read) for read in self.reads],
            "time": {"measured": self.measured, "operators": [_fields(spent) for spent in self.spent]},
            "joins": [count.as_dict() for count in self.joins],
            "guards": [_warned(warned, found) for warned, found in self.warned],
            "announced": [each.as_dict() for each in self.announced],
        }


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}


def _warned(warned: Warned, found: Size | None) -> dict[str, Any]:
    more = _size(warned, found) if found else None
    return warned.problem.as_dict() | {
        "allowed": warned.reason,
        "facts": list(warned.found.facts),
        "rewrite": warned.found.rewrite,
        "size": more,
    }


def _size(warned: Warned, found: Size) -> dict[str, Any]:
    measures = dict(zip(warned.found.measures, found.measures, strict=False))
    return {"times": found.times, "measures": measures, "error": found.error, "percent": found.percent}


def explain(system: System, name: str, *, run: bool = False) -> Explanation:
    """A model or a view in words. `run`: its query is run now, into files that are thrown away, to see where its time goes.

    Raises UsageError where there is no such model.
    """
    asset = _named(system, name)
    assert isinstance(asset.definition, SqlModel)
    guards = Guards(system)
    analysis = guards.growth.analyses(asset)[0]
    tables = system.tables()
    joins, operators, measured = _run(system, asset, tables) if run else _kept(system, asset)
    reads = tuple(_read(system, tables, table, columns) for table, columns in columns_read(analysis).items())
    return Explanation(
        asset=asset,
        parts=parts_of(analysis, asset.grain),
        untold=analysis.untold,
        reads=reads,
        spent=_spent(operators),
        joins=tuple(joins),
        measured=measured,
        warned=tuple((warned, size(system, warned.found)) for warned in guards.over(asset)),
        announced=_to_come(system, reads),
    )


def _to_come(system: System, reads: Sequence[Read]) -> tuple[Announcement, ...]:
    """What is announced of the columns that a query reads, and has not come."""
    now = dt.datetime.now(dt.UTC)
    known = announced(system) if system.settings.state.is_dir() else ()
    return tuple(
        made for made in known if made.state(now) in {"planned", "now"} and any(_is_read(made, read) for read in reads)
    )


def _is_read(made: Announcement, read: Read) -> bool:
    if made.table:
        return made.table in {read.table, *read.behind} and (not made.column or made.column in read.columns)
    return any(name.partition(".")[0] == made.source for name in (read.table, *read.behind))


def _named(system: System, name: str) -> Asset:
    known = {asset.id: asset for asset in system.graph if isinstance(asset.definition, SqlModel)}
    if name in known:
        return known[name]
    near = nearest(name, known)
    there = (
        "it is no SQL query, and only those can be explained" if name in system.graph else f"there is no model {name}"
    )
    raise UsageError(there, fix=f"did you mean {near}?" if near and near != name else f"there are {', '.join(known)}")


def _read(system: System, tables: Tables, name: str, columns: tuple[str, ...]) -> Read:
    is_view = name in system.graph and not system.graph[name].is_table
    behind = system.graph.tables_above(name) if is_view else ()
    found = [table for each in (behind or (name,)) if (table := tables.get(each))]
    if len(found) < len(behind or (name,)):
        return Read(name, columns, None, None, behind)
    return Read(name, columns, sum(t.plan.rows for t in found), sum(t.plan.bytes for t in found), behind)


_Measured = tuple[Sequence[JoinCount], Sequence[dict[str, Any]], str]


def _kept(system: System, asset: Asset) -> _Measured:
    """What was measured when the model was built last."""
    if not system.settings.state.is_dir():
        return (), (), ""
    last = system.metadata.latest("joins.counted", 1, asset=asset.id)
    if not last:
        return (), (), ""
    joins = [JoinCount.of(kept) for kept in last[0].payload.get("joins", ())]
    return joins, last[0].payload.get("operators", ()), f"run {last[0].run_id}"


def _run(system: System, asset: Asset, tables: Tables) -> _Measured:
    assert isinstance(asset.definition, SqlModel)
    place = system.settings.state / "scratch" / f"explain-{asset.id}"
    try:
        with system.engine.session() as session:
            show(session, asset.inputs, system.graph, tables)
            found = session.profile()
            session.stage(asset.definition.query.sql, Target(str(place), {}, 0))
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return (joins_of(found[0]), shares_of(found[0]), "just now") if found else ((), (), "")


def _spent(operators: Sequence[dict[str, Any]]) -> tuple[Spent, ...]:
    """The operators of one kind and subject together, the dearest first."""
    whole = sum(each["seconds"] for each in operators) or 1.0
    found: dict[str, list[dict[str, Any]]] = {}
    for each in operators:
        found.setdefault(_what(each), []).append(each)
    spent = [
        Spent(
            what, sum(e["seconds"] for e in each) / whole, sum(e["seconds"] for e in each), max(e["rows"] for e in each)
        )
        for what, each in found.items()
    ]
    return tuple(sorted(spent, key=lambda each: -each.share))


_WORDS = {
    "scan": "read",
    "filter": "filter",
    "join": "join",
    "aggregate": "group and aggregate",
    "window": "windows",
    "sort": "sort",
    "union": "union",
    "project": "compute columns",
    "write": "write files",
}


def _what(operator: dict[str, Any]) -> str:
    word = _WORDS.get(operator["kind"], operator["about"] or "other")
    if operator["kind"] == "scan" and operator["table"]:
        return f"{word} {operator['table']}"
    return f"{word} on {operator['about']}" if operator["kind"] == "join" and operator["about"] else word
