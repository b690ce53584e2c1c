"""Brings a metadata database to a revision. A SQLite file is copied first; of a server one makes a dump oneself."""

import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from jusante.errors import ProjectBusy, StorageError
from jusante.storage.databases import bounded, engine_of
from jusante.storage.sql_metadata.leases import SqlLeases
from jusante.storage.sql_metadata.tables import LEASES, REVISION, REVISIONS


@dataclass(frozen=True, slots=True)
class Migration:
    """What was done: from which revision to which, and the copy from before, where one was made."""

    before: str | None
    after: str | None
    copy: Path | None


def revision(url: str) -> str | None:
    """The revision that a database is of; None for one without tables."""
    engine = engine_of(bounded(url))
    try:
        with engine.connect() as connection:
            if not sa.inspect(connection).has_table(REVISIONS.name):
                return None
            found: str | None = connection.execute(sa.select(REVISIONS.c.version_num)).scalar_one_or_none()
            return found
    finally:
        engine.dispose()


def migrate(url: str, target: str = REVISION) -> Migration:
    """Bring a database to a revision, up or down, as one transaction. Raises StorageError where that cannot be done."""
    from alembic import command
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    before = revision(url)
    if before == target:
        return Migration(before, before, None)
    config = _config()
    try:
        known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
        if target not in known:
            raise StorageError(f"there is no revision {target}", fix=f"there are {', '.join(sorted(known))}")
        copy = _copied(url, before)
        engine = engine_of(bounded(url))
        try:
            with engine.begin() as connection:
                config.attributes["connection"] = connection
                run = command.upgrade if before is None or target > before else command.downgrade
                run(config, target)
        finally:
            engine.dispose()
    except CommandError as error:
        raise StorageError(str(error), fix="install the version of jusante that wrote it") from None
    return Migration(before, target, copy)


HELD_SECONDS = 120.0


@contextmanager
def held(url: str, names: tuple[str, ...], holder: str) -> Iterator[None]:
    """Have leases of a database on a server, of whatever revision that is, while it is migrated; it may be without any.

    Raises ProjectBusy, which names the holder, where somebody has one of them.
    """
    engine = engine_of(bounded(url))
    leases, taken = SqlLeases(engine.begin), []
    try:
        for name in names if sa.inspect(engine).has_table(LEASES.name) else ():
            lease = leases.take(name, holder, HELD_SECONDS)
            if lease is None:
                raise ProjectBusy(leases.holder(name) or "it has just ended")
            taken.append(lease)
        yield
    finally:
        with suppress(sa.exc.DBAPIError):  # an older revision has none
            for lease in taken:
                leases.release(lease)
        engine.dispose()


def _config() -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config


def _copied(url: str, before: str | None) -> Path | None:
    """A copy of a SQLite file beside it, as `metadata.db.0001`, or `….2` where there is one; None where there is none to copy."""
    file = sa.make_url(url).database
    if not url.startswith("sqlite") or not file or before is None:
        return None
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("pragma wal_checkpoint(truncate)")  # so that the file is the whole of it
    engine.dispose()
    first = Path(f"{file}.{before}")
    later = (first.with_name(f"{first.name}.{number}") for number in itertools.count(2))
    copy = next(name for name in itertools.chain([first], later) if not name.exists())
    shutil.copy2(file, copy)
    return copy
