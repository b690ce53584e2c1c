"""What all models have in common: their inputs shown to a session, their rows published."""

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from jusante.core.asset import Asset
from jusante.core.check import Check
from jusante.core.graph import Graph
from jusante.core.interval import Covered, Span
from jusante.core.model import PythonModel, SqlModel
from jusante.management.lake import Tables, show
from jusante.management.publish import Draft, Look, Published, Publisher
from jusante.management.quality import Audit, Hidden
from jusante.ports.engine import Engine, Operator, Session
from jusante.ports.table_store import Table
from jusante.transformation.watching import unheard


@dataclass(frozen=True, slots=True)
class Standing:
    """What a table that is there was made from: the version, the snapshots, and its intervals (see `core.interval`)."""

    version: str
    inputs: Mapping[str, int]
    intervals: Sequence[Sequence[Any]] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """One asset to build, in one run. `standing`: from this state on; None: anew, as a whole. `at`: now."""

    asset: Asset
    run_id: str
    version: str
    standing: Standing | None = None
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Built:
    """What came of a build: what was published (None for what has no rows), and the tables that were read.

    `profile` is the last operator of the query, where it was one; `audit` is that of what has no rows of its own.
    `intervals` are those of a model by time, done or not; `made` are those that were made by this very build. `told` says
    how much of the table was made, where it was not all.
    """

    published: Published | None
    read: dict[str, Table]
    notices: tuple[str, ...] = ()
    profile: Operator | None = None
    audit: Audit | None = None
    intervals: tuple[Covered, ...] = ()
    made: tuple[Span, ...] = ()
    told: str = ""

    @property
    def rows_in(self) -> int:
        """The rows of all tables that were read."""
        return sum(table.plan.rows for table in self.read.values())

    @property
    def bytes_scanned(self) -> int:
        """The bytes of all tables that were read."""
        return sum(table.plan.bytes for table in self.read.values())


def unseen(job: Job) -> Look | None:
    """No job's rows are looked at."""
    del job
    return None


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where models are built: the project's folder and graph, the tables as they are, an engine and a publisher.

    `looking` says how the rows of a job are looked at, if they are. `spent` hears how many processor seconds a process of a
    step's own has used. `hidden` says of which columns of an asset no message may show a value; it is asked when there is
    something to tell.
    """

    folder: Path
    graph: Graph
    tables: Tables
    engine: Engine
    publisher: Publisher
    scratch: Callable[[str], Path]
    hidden: Callable[[Asset], Hidden]
    spent: Callable[[float], None] = unheard
    looking: Callable[[Job], Look | None] = unseen

    def hides(self, asset: Asset) -> bool:
        """Whether an asset may see values that no message shows."""
        return self.hidden(asset).queries

    def show(self, session: Session, asset: Asset) -> dict[str, Table]:
        """The tables and views that an asset reads, in a session."""
        return show(session, asset.inputs, self.graph, self.tables)

    def draft(self, job: Job, sql: str, read: dict[str, Table]) -> Draft:
        """A table built anew, with its checks; its snapshot will say what it was built from."""
        inputs = {name: table.data_id for name, table in read.items()}
        return Draft(
            name=job.asset.id,
            sql=sql,
            run_id=job.run_id,
            current=self.tables.get(job.asset.id),
            checks=checks_of(job.asset),
            key=job.asset.grain,
            hidden=partial(self.hidden, job.asset),
            look=self.looking(job),
            summary={"jusante.version": job.version, "jusante.inputs": json.dumps(inputs)},
        )


def views_of(graph: Graph, name: str) -> dict[str, str]:
    """The queries of the views that a model may read."""
    found = {}
    for above in graph.above([name]):
        definition = graph[above].definition
        if graph[above].kind == "view" and isinstance(definition, SqlModel):
            found[above] = definition.query.sql
    return found


def checks_of(asset: Asset) -> tuple[Check, ...]:
    """What must hold before a model is published."""
    assert isinstance(asset.definition, SqlModel | PythonModel)
    return asset.audited
