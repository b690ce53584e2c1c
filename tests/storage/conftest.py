"""The servers that tests of storage use."""

from servers.fixtures import postgres_server

__all__ = ["postgres_server"]
