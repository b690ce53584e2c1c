"""Whose memory a database is: that of one project in one environment. Two would take each other's assets for their own."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jusante.errors import StorageError
from jusante.storage.sql_metadata.tables import IDENTITY

_ROW = 1


@dataclass(frozen=True, slots=True)
class Identity:
    """A project in one of its environments."""

    project: str
    environment: str

    def __str__(self) -> str:
        return f"{self.project}, environment {self.environment}"


def known(connection: sa.Connection) -> Identity | None:
    """Whose the database is; None where nobody has said so yet."""
    row = connection.execute(sa.select(IDENTITY.c.project, IDENTITY.c.environment)).first()
    return Identity(row.project, row.environment) if row else None


def claim(connection: sa.Connection, ours: Identity, where: str, *, can_write: bool) -> None:
    """Take a database that is nobody's yet. Raises StorageError where it is somebody else's."""
    found = known(connection)
    if found is None and can_write:
        connection.execute(_insert(connection, ours).on_conflict_do_nothing())
        found = known(connection)  # another project may have come first, just now
    if found not in {None, ours}:
        raise StorageError(
            f"the metadata database is that of another project: it belongs to {found}, and this is {ours}",
            where=where,
            fix=f"give each a database of its own: metadata: of environment {ours.environment} in jusante.yaml. Where the "
            "project or the environment was renamed, or this is a copy for it alone: jusante migrate --adopt",
        )


def adopt(connection: sa.Connection, ours: Identity) -> Identity | None:
    """Make it ours; whose it was."""
    before = known(connection)
    put = _insert(connection, ours)
    told = {"project": put.excluded.project, "environment": put.excluded.environment}
    connection.execute(put.on_conflict_do_update(index_elements=["number"], set_=told))
    return before


def _insert(connection: sa.Connection, ours: Identity) -> Any:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return insert(IDENTITY).values(number=_ROW, project=ours.project, environment=ours.environment)
