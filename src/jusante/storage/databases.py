"""What databases on a server have in common that those in a file do not have: they can be away."""

from collections.abc import Mapping

import sqlalchemy as sa

SERVER_ARGUMENTS: Mapping[str, object] = {
    "connect_timeout": 10,
    "tcp_user_timeout": 20_000,  # ms: a machine that is gone says nothing, so somebody has to stop waiting for it
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
"""How long psycopg waits for a server that does not answer."""
_CONNECTION, _INTERVENTION = "08", "57"
"""The classes of SQLSTATE for a connection that failed, and for a server that is stopped or started."""


def is_gone(error: sa.exc.DBAPIError) -> bool:
    """Whether a server cannot be reached, or has cut the connection off; what it refuses is something else."""
    is_server = type(error.orig).__module__.startswith("psycopg")
    state = getattr(error.orig, "sqlstate", None) or _CONNECTION
    return is_server and (error.connection_invalidated or state[:2] in {_CONNECTION, _INTERVENTION})
