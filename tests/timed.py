"""A lakehouse of made-up tables and one model by time, without a project around it."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jusante.core.asset import Asset, Definition
from jusante.core.graph import Graph
from jusante.core.interval import Covered
from jusante.core.literals import literal
from jusante.core.model import Model, SqlModel
from jusante.core.place import Place
from jusante.engines.duckdb.engine import DuckDBEngine, EngineSettings
from jusante.management.lake import Tables
from jusante.management.publish import Draft, Publisher
from jusante.management.quality import nothing_hidden
from jusante.storage.iceberg import IcebergStore
from jusante.transformation import sql_model
from jusante.transformation.build import Built, Job, Standing, Workshop
from jusante.transformation.sql_analysis import analyse


class Lake:
    """Tables by name, each a list of rows, and a model `m.days` over them."""

    def __init__(
        self, folder: Path, columns: dict[str, str], sql: str, views: dict[str, str] | None = None, **header: Any
    ) -> None:
        self.columns = columns
        self.folder = folder
        self.sql = sql
        self.engine = DuckDBEngine(EngineSettings(memory="300MB", threads=1))
        self.store = IcebergStore(str(folder / "warehouse"), f"sqlite:///{folder}/catalog.db", folder / "plans")
        self.publisher = Publisher(self.store, lambda: dt.datetime.now(dt.UTC))
        self.tables = Tables(self.store)
        self.model = _asset("m.days", SqlModel(Model(**{"kind": "by_time", "time": "day", **header}), analyse(sql)))
        above = [_asset(name, SqlModel(Model(), analyse("select 1 as x"))) for name in columns]
        named = [_asset(name, SqlModel(Model(kind="view"), analyse(text))) for name, text in (views or {}).items()]
        self.graph = Graph([*above, *named, self.model])
        self.standing: Standing | None = None
        self._runs = 0
        self.now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

    def load(self, name: str, rows: Sequence[tuple[Any, ...]], *, more: bool = False) -> None:
        """What a table holds from now on, or what comes to what it holds."""
        listed = ", ".join(f"({', '.join(literal(value) for value in row)})" for row in rows)
        names = [column.split()[0] for column in self.columns[name].split(", ")]
        types = [column.split()[1] for column in self.columns[name].split(", ")]
        cast = ", ".join(f"cast({column} as {kind}) as {column}" for column, kind in zip(names, types, strict=True))
        values = (
            f"(values {listed}) as t({', '.join(names)})"
            if rows
            else f"(select {', '.join(f'null as {n}' for n in names)} limit 0)"
        )
        self._runs += 1
        with self.engine.session() as session:
            draft = Draft(
                name, f"select {cast} from {values}", f"r{self._runs}", self.tables.get(name), () if more else None
            )
            self.tables.put(self.publisher.publish(session, draft).table)

    def build(self, version: str = "v1") -> Built:
        """Build what is due."""
        self._runs += 1
        workshop = Workshop(
            folder=Path(),
            graph=self.graph,
            tables=self.tables,
            engine=self.engine,
            publisher=self.publisher,
            scratch=lambda name: self.folder / f"scratch{self._runs}" / name,
            hidden=lambda _: nothing_hidden(),
        )
        built = sql_model.build(workshop, Job(self.model, f"r{self._runs}", version, self.standing, self.now))
        assert built.published
        self.tables.put(built.published.table)
        inputs = {name: table.data_id for name, table in built.read.items()}
        self.standing = Standing(version, inputs, [each.as_list() for each in built.intervals])
        return built

    def rows(self) -> list[tuple[Any, ...]]:
        """What the model's table holds, in order."""
        return self.asked("select * from m.days order by all")

    def expected(self) -> list[tuple[Any, ...]]:
        """What a build of the whole gives, in order."""
        return self.asked(f"select * from ({self.sql}) order by all")

    def asked(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows that a query gives."""
        with self.engine.session() as session:
            for name in [*self.columns, "m.days"]:
                if table := self.tables.get(name):
                    session.add(name, table.plan)
            for asset in self.graph:
                if asset.kind == "view" and isinstance(asset.definition, SqlModel):
                    session.add_view(asset.id, asset.definition.query.sql)
            return session.rows(sql)

    def close(self) -> None:
        """Let go of engine and store."""
        self.engine.close()
        self.store.close()


def _asset(name: str, definition: SqlModel) -> Asset:
    known: Definition = definition
    return Asset(name, Place("models"), tuple(definition.query.reads), known)


def waiting(built: Built) -> tuple[Covered, ...]:
    """What is not done after a build."""
    return tuple(each for each in built.intervals if not each.done)
