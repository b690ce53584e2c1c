"""How the tables came to be what they are, step by step, and back: Alembic's revisions, run by `jusante migrate`."""

from jusante.storage.sql_metadata.migrations.running import Migration, held, migrate, revision

__all__ = ["Migration", "held", "migrate", "revision"]
