"""A real PostgreSQL, for contracts of a source that keeps its own keys."""

from servers.fixtures import postgres_server

__all__ = ["postgres_server"]
