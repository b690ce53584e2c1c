"""The table store on Iceberg. Its pointers are read by one query; pyiceberg is imported when a table must be opened."""

import datetime as dt
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from jusante.core.names import QUARANTINE, split
from jusante.errors import StorageError, storage_error
from jusante.ports.relation import FilePlan
from jusante.ports.table_store import Commit, Snapshot, Swept, Table
from jusante.storage.databases import bounded, engine_of, failures, place
from jusante.storage.iceberg.fences import Fences
from jusante.storage.iceberg.places import clear, folder_of, resting, staging_of
from jusante.storage.iceberg.plans import Plans

if TYPE_CHECKING:
    from pyiceberg.catalog.sql import SqlCatalog

CATALOG = "jusante"
LONGEST_COMMIT_SECONDS = 5
"""How long a commit may wait in the middle of its transaction before PostgreSQL ends it."""
_MENDED = "put back a copy from before; without one, move the file away: the next run makes all tables anew"
_POINTERS = "select table_namespace, table_name, metadata_location from iceberg_tables where catalog_name = :catalog"
_POINTER = f"{_POINTERS} and table_namespace = :namespace and table_name = :table"


class IcebergStore:
    """Tables in a warehouse folder, their pointers in the SQL database at `catalog_url`, plans kept in `plans`."""

    def __init__(self, warehouse: str, catalog_url: str, plans: Path) -> None:
        self._warehouse = warehouse
        self._catalog_url = catalog_url
        self._plans = Plans(plans)
        self._making = threading.RLock()
        self._opened: SqlCatalog | None = None

    @cached_property
    def _database(self) -> sa.Engine:
        if self._catalog_url.startswith("sqlite"):
            return engine_of(self._catalog_url)
        # A process that is stopped in the middle of a commit holds its fence; the server lets go of it for us.
        return engine_of(self._address, pool_pre_ping=True)

    @property
    def _address(self) -> str:
        return bounded(self._catalog_url, pause_seconds=LONGEST_COMMIT_SECONDS)

    @cached_property
    def _fences(self) -> Fences:
        return Fences(self._database)

    @property
    def _catalog(self) -> "SqlCatalog":
        with self._making:
            if self._opened is None:
                self._opened = self._open_catalog()
            return self._opened

    def _open_catalog(self) -> "SqlCatalog":
        from pyiceberg.catalog.sql import SqlCatalog

        # SqlCatalog makes its tables when they are missing; the engine is ours so that there is one pool.
        catalog = SqlCatalog(CATALOG, uri=self._address, warehouse=self._warehouse, init_catalog_tables="true")
        catalog.engine.dispose()
        catalog.engine = self._database
        return catalog

    # -- reading -----------------------------------------------------------------------------------------------------

    def pointers(self) -> Mapping[str, str]:
        """The pointer of every table, by one query."""
        return self._asked(_POINTERS)

    def table(self, name: str, pointer: str | None = None) -> Table | None:
        """A table as it stands, from the plan kept if there is one."""
        if pointer is None:
            namespace, table = split(name)
            pointer = self._asked(_POINTER, namespace=namespace, table=table).get(name)
        if pointer is None:
            return None
        if kept := self._plans.get(name, pointer):
            return kept
        from jusante.storage.iceberg.reading import table_of

        with _failures(name):
            found = table_of(name, self._open(name, pointer))
        self._plans.put(found)
        return found

    def at(self, name: str, data_id: int) -> Table | None:
        """A table with the rows of that snapshot, None where it can no longer be read."""
        from pyiceberg.exceptions import NoSuchTableError

        from jusante.storage.iceberg.reading import table_at

        with _failures(name):
            try:
                return table_at(name, self._catalog.load_table(split(name)), data_id)
            except NoSuchTableError:
                return None

    def history(self, name: str) -> tuple[Snapshot, ...]:
        """The snapshots that can still be read, oldest first."""
        from jusante.storage.iceberg.reading import history_of

        return history_of(self._load(name))

    # -- writing -----------------------------------------------------------------------------------------------------

    def staging(self, name: str, run_id: str) -> str:
        """The folder into which a run stages files of a table."""
        return str(staging_of(self._warehouse, name, self._try(run_id)))

    def commit(self, commit: Commit) -> Table:
        """Publish staged files in one step."""
        from jusante.storage.iceberg import writing

        with _failures(commit.name), self._fences.committing(commit.name.removesuffix(QUARANTINE)):
            if commit.expected is None:
                # Two first tables of one namespace at once would both make the namespace.
                with self._making:
                    writing.make_namespace(self._catalog, commit.name)
                table = writing.create(self._catalog, commit, str(folder_of(self._warehouse, commit.name)))
                return self._published(commit.name, table, commit.add)
            table = writing.replace(self._load(commit.name), commit)
        return self._published(commit.name, table)

    def rollback(self, name: str, snapshot_id: int) -> Table:
        """Make an earlier snapshot the current one, with the columns it had."""
        from pyiceberg.table.update import SetCurrentSchemaUpdate

        table = self._load(name)
        wanted = table.snapshot_by_id(snapshot_id)
        if wanted is None:
            raise StorageError(f"{name} has no snapshot {snapshot_id}", where=name, fix=f"see: jusante rollback {name}")
        with _failures(name), table.transaction() as transaction:
            if wanted.schema_id not in {None, table.metadata.current_schema_id}:
                transaction._apply((SetCurrentSchemaUpdate.model_validate({"schema-id": wanted.schema_id}),))
            updates, requirements = transaction._set_ref_snapshot(snapshot_id, "main", "branch")
            transaction._apply(updates, requirements)
        return self._published(name, self._load(name))

    def fence(self, name: str, token: int) -> None:
        """Refuse what others publish of a table (`*`: of any), all of whom have lower tokens."""
        with _failures(name):
            self._fences.raise_to(name, token)

    def fence_height(self, name: str) -> int:
        """The highest token that anybody has told of a table (`*`: of all); 0 for none."""
        with _failures(name):
            return self._fences.height(name)

    def unfence(self, name: str) -> None:
        """This process has no token for this table any more."""
        self._fences.forget(name)

    @contextmanager
    def fenced(self, tokens: Mapping[str, int]) -> Iterator[None]:
        """Be somebody who does one task: raise these fences, and publish in this thread by these tokens."""
        with _failures(", ".join(tokens)), self._fences.within(tokens):
            yield

    def drop(self, name: str) -> None:
        """Remove a table and its files."""
        self._catalog.drop_table(split(name))
        clear(folder_of(self._warehouse, name), frozenset())

    # -- sweeping ----------------------------------------------------------------------------------------------------

    def unstage(self, name: str, run_id: str) -> None:
        """Remove what a run (or the one try at it that this thread is) staged for a table and did not publish."""
        folder = staging_of(self._warehouse, name, self._try(run_id))
        for each in [folder] if self._fences.mark else [folder, *folder.parent.glob(f"{run_id}.*")]:
            if each.exists():
                clear(each, self._files_of_run(name, run_id))

    def _try(self, run_id: str) -> str:
        return f"{run_id}.{self._fences.mark}" if self._fences.mark else run_id

    def _files_of_run(self, name: str, run_id: str) -> frozenset[str]:
        from jusante.storage.iceberg.sweeping import files_of_run

        exists = self.table(name) is not None
        return files_of_run(self._load(name), run_id) if exists else frozenset()

    def resting(self, name: str) -> tuple[int, int]:
        """The bytes and the number of all files in the table's folder, those of old snapshots and of Iceberg itself included."""
        return resting(folder_of(self._warehouse, name))

    def maintain(self, name: str, keep: dt.timedelta, *, older_than: dt.datetime) -> Swept:
        """Expire old snapshots, and remove files that none of the rest needs."""
        from jusante.storage.iceberg.sweeping import sweep

        with _failures(name):
            swept, table = sweep(name, self._load(name), folder_of(self._warehouse, name), keep, older_than)
        self._published(name, table)
        return swept

    def close(self) -> None:
        """Let go of the catalogue's connections."""
        if "_database" in self.__dict__:
            self._database.dispose()

    # -- inside ------------------------------------------------------------------------------------------------------

    def _asked(self, query: str, **values: str) -> dict[str, str]:
        with _failures(place(self._catalog_url)), self._database.connect() as connection:
            if not sa.inspect(connection).has_table("iceberg_tables"):
                return {}
            rows = connection.execute(sa.text(query), {"catalog": CATALOG, **values})
            return {f"{namespace}.{table}": pointer for namespace, table, pointer in rows if pointer}

    def _published(self, name: str, table: Any, files: FilePlan | None = None) -> Table:
        from jusante.storage.iceberg.reading import table_of

        found = table_of(name, table, files)
        self._plans.put(found)
        return found

    def _load(self, name: str) -> Any:
        from pyiceberg.exceptions import NoSuchTableError

        try:
            with _failures(name):
                return self._catalog.load_table(split(name))
        except NoSuchTableError:
            raise StorageError(f"there is no table {name} yet", where=name, fix=f"jusante run {name}") from None

    def _open(self, name: str, pointer: str) -> Any:
        """The table in the state of a pointer, without asking the catalogue again."""
        from pyiceberg.serializers import FromInputFile
        from pyiceberg.table import Table as IcebergTable

        io = self._catalog._load_file_io(location=pointer)
        metadata = FromInputFile.table_metadata(io.new_input(pointer))
        return IcebergTable(split(name), metadata, pointer, io, self._catalog)


@contextmanager
def _failures(where: str) -> Iterator[None]:
    """Errors of the file system and of the catalogue database in our words."""
    try:
        with failures("the catalogue", where, _MENDED):
            yield
    except OSError as error:
        raise storage_error(error, where) from None
