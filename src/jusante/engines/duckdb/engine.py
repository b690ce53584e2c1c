"""The engine: one DuckDB instance, a connection for each session."""

import itertools
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from jusante.core.literals import literal
from jusante.engines.duckdb.session import DuckDBSession
from jusante.ports.relation import FilePlan, Relation

MOST_IDLE = 4
"""How many locked DuckDBs wait for another question over the same files."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How much of the machine DuckDB may use. `memory` as DuckDB writes sizes (`2GB`); `threads` 0: one for each core."""

    memory: str | None = None
    threads: int = 0
    spill: Path | None = None
    spill_limit: str = "100GB"


class DuckDBEngine:
    """DuckDB in this process, in memory, spilling to `spill` when a query needs more than `memory`."""

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self._settings = settings or EngineSettings()
        self._own_spill = None if self._settings.spill else tempfile.mkdtemp(prefix="jusante-spill-")
        self._numbers = itertools.count(1)
        self._database: duckdb.DuckDBPyConnection | None = None
        self._idle: OrderedDict[tuple[str, ...], duckdb.DuckDBPyConnection] = OrderedDict()
        self._guard = threading.Lock()

    @contextmanager
    def session(
        self, relations: Mapping[str, Relation] | None = None, *, locked: bool = False
    ) -> Iterator[DuckDBSession]:
        """A session over relations by table name; `locked` gives it a DuckDB of its own that reads nothing else."""
        with self._locked(files_of(relations or {})) if locked else nullcontext(self._shared()) as database:
            session = DuckDBSession(database.cursor(), f"s{next(self._numbers)}")
            try:
                for name, relation in (relations or {}).items():
                    session.add(name, relation)
                yield session
            finally:
                session.close()

    def close(self) -> None:
        """Let go of memory and spill files."""
        if self._database:
            self._database.close()
            self._database = None
        while self._idle:
            self._idle.popitem()[1].close()
        if self._own_spill:
            shutil.rmtree(self._own_spill, ignore_errors=True)

    @contextmanager
    def _locked(self, files: tuple[str, ...]) -> Iterator[duckdb.DuckDBPyConnection]:
        """A DuckDB that is shut off from all but these files, for one session at a time.

        A few are kept for the next question over the same files, which finds them opened; one that failed is not.
        """
        with self._guard:
            database = self._idle.pop(files, None)
        database = database or self._connect(files)
        try:
            yield database
        except BaseException:
            database.close()
            raise
        with self._guard:
            spare = [self._idle.pop(files)] if files in self._idle else []
            self._idle[files] = database
            spare += [self._idle.popitem(last=False)[1] for _ in range(len(self._idle) - MOST_IDLE)]
        for other in spare:
            other.close()

    def _shared(self) -> duckdb.DuckDBPyConnection:
        if self._database is None:
            self._database = self._connect(None)
        return self._database

    def _connect(self, allowed: tuple[str, ...] | None) -> duckdb.DuckDBPyConnection:
        spill = Path(self._settings.spill or self._own_spill or ".")
        with suppress(OSError):  # what fits into memory works all the same; what does not says where it could not write
            spill.parent.mkdir(parents=True, exist_ok=True)
        config: dict[str, str | bool | int | float | list[str]] = {
            "temp_directory": str(spill),
            "preserve_insertion_order": "false",
            "python_enable_replacements": "false",
            "autoinstall_known_extensions": "false",
            "allow_community_extensions": "false",
        }
        if self._settings.memory:
            config["memory_limit"] = self._settings.memory
        if self._settings.threads:
            config["threads"] = self._settings.threads
        connection = duckdb.connect(":memory:", config=config)
        connection.execute("set TimeZone = 'UTC'")
        # Among the settings above DuckDB would take it, show it and not hold it.
        connection.execute(f"set max_temp_directory_size = {literal(self._settings.spill_limit)}")
        if allowed is None:
            # It would remember each file that was ever read, and most are read once: a run's are new ones.
            connection.execute("set enable_external_file_cache = false")
        else:
            lock(connection, allowed)
        return connection


def files_of(relations: Mapping[str, Relation]) -> tuple[str, ...]:
    """The exact files that relations may read; a locked session admits only file plans."""
    plans = [relation for relation in relations.values() if isinstance(relation, FilePlan)]
    assert len(plans) == len(relations), "a locked session reads published tables only"
    return tuple(file for plan in plans for file in plan.files)


def lock(connection: duckdb.DuckDBPyConnection, files: tuple[str, ...]) -> None:
    """Shut a DuckDB off from all but these files. The order matters: the last line makes the others final."""
    connection.execute(f"set allowed_paths = [{', '.join(literal(file) for file in files)}]")
    connection.execute("set allow_persistent_secrets = false")
    connection.execute("set autoload_known_extensions = false")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
