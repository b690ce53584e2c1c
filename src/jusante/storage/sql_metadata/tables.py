"""The tables. A change here needs a migration beside it (`migrations/versions`); a test compares the two."""

import sqlalchemy as sa

REVISION = "0008"
"""The migration that these tables are the outcome of."""

METADATA = sa.MetaData()

REVISIONS = sa.Table("alembic_version", METADATA, sa.Column("version_num", sa.String(32), primary_key=True))

IDENTITY = sa.Table(
    "identity",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # there is one row
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("environment", sa.Text, nullable=False),
)

EVENTS = sa.Table(
    "events",
    METADATA,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("at", sa.String(40), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("run_id", sa.String(40), index=True),
    sa.Column("task", sa.String(500)),
    sa.Column("asset", sa.String(400)),
    sa.Column("column", sa.String(400)),
    sa.Column("snapshot_id", sa.BigInteger),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Index("events_by_kind", "kind", "asset", "seq"),
    sa.Index("events_of_kind", "kind", "seq"),
    sqlite_autoincrement=True,  # a number is never given twice, also when the last event was taken out
)

SEGMENTS = sa.Table(
    "segments",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("first_seq", sa.BigInteger, nullable=False),
    sa.Column("last_seq", sa.BigInteger, nullable=False),
    sa.Column("events", sa.Integer, nullable=False),
    sa.Column("bag", sa.String(64), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("sealed_at", sa.String(40), nullable=False),
)

RUNS = sa.Table(
    "runs",
    METADATA,
    sa.Column("run_id", sa.String(40), primary_key=True),
    sa.Column("command", sa.Text, nullable=False),
    sa.Column("environment", sa.Text, nullable=False),
    sa.Column("started_at", sa.String(40), nullable=False, index=True),
    sa.Column("ended_at", sa.String(40)),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("status", sa.String(12), nullable=False, index=True),
)

TASKS = sa.Table(
    "tasks",
    METADATA,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),  # the event that tells of it
    sa.Column("run_id", sa.String(40), nullable=False, index=True),
    sa.Column("asset", sa.String(400), nullable=False, index=True),
    sa.Column("status", sa.String(12), nullable=False),
)

LAST_TASKS = sa.Table(
    "last_tasks",
    METADATA,
    sa.Column("asset", sa.String(400), primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),  # the event of its last task that was not a skip
)

STATES = sa.Table(
    "asset_states",
    METADATA,
    sa.Column("asset", sa.String(400), primary_key=True),
    sa.Column("state", sa.JSON, nullable=False),
)

INCIDENTS = sa.Table(
    "incidents",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("incident", sa.JSON, nullable=False),
)

LEASES = sa.Table(
    "leases",
    METADATA,
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("until", sa.Float(53), nullable=False),  # seconds since 1970, by the database's clock
)

USAGE = sa.Table(
    "usage",
    METADATA,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),  # the event that tells of it
    sa.Column("at", sa.String(40), nullable=False, index=True),
    sa.Column("kind", sa.String(12), nullable=False),
    sa.Column("asset", sa.String(400), nullable=False),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("reads", sa.Text, nullable=False),
    sa.Column("made", sa.Integer, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("cpu_us", sa.BigInteger, nullable=False),
    sa.Column("bytes_scanned", sa.BigInteger, nullable=False),
    sa.Column("bytes_written", sa.BigInteger, nullable=False),
    sa.Column("bytes_out", sa.BigInteger, nullable=False),
    sa.Column("requests", sa.BigInteger, nullable=False),
    sa.Index("usage_by_asset", "asset", "kind", "seq"),
)

USAGE_BY_DAY = sa.Table(
    "usage_by_day",
    METADATA,
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("whose", sa.String(64), primary_key=True),  # a digest of the four that follow, which can be long
    sa.Column("kind", sa.String(12), nullable=False),
    sa.Column("asset", sa.String(400), nullable=False),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("reads", sa.Text, nullable=False),
    sa.Column("times", sa.BigInteger, nullable=False),
    sa.Column("made", sa.BigInteger, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("cpu_us", sa.BigInteger, nullable=False),
    sa.Column("bytes_scanned", sa.BigInteger, nullable=False),
    sa.Column("bytes_written", sa.BigInteger, nullable=False),
    sa.Column("bytes_out", sa.BigInteger, nullable=False),
    sa.Column("requests", sa.BigInteger, nullable=False),
)

STORAGE = sa.Table(
    "storage",
    METADATA,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.String(40), nullable=False),
    sa.Column("asset", sa.String(400), nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("files", sa.BigInteger, nullable=False),
    sa.Index("storage_by_asset", "asset", "at"),
)

CALLS = sa.Table(
    "calls",
    METADATA,
    sa.Column("asset", sa.String(400), primary_key=True),  # the hook
    sa.Column("message", sa.String(64), primary_key=True),  # a digest of the call's id
    sa.Column("at", sa.String(40), nullable=False, index=True),
)

QUEUE = sa.Table(
    "queue",
    METADATA,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("run_id", sa.String(40), nullable=False),
    sa.Column("run_token", sa.BigInteger, nullable=False),
    sa.Column("asset", sa.String(400), nullable=False, unique=True),
    sa.Column("version", sa.String(64), nullable=False),
    sa.Column("anew", sa.Boolean, nullable=False),
    sa.Column("turn", sa.Integer, nullable=False),  # the priority, the other way round: the lowest is the first
    sa.Column("pool", sa.String(200)),
    sa.Column("only", sa.String(200), nullable=False),
    sa.Column("state", sa.String(8), nullable=False),  # ready, leased, done
    sa.Column("worker", sa.String(200), nullable=False, index=True),
    sa.Column("takes", sa.Integer, nullable=False),  # how often it was taken
    sa.Column("tries", sa.Integer, nullable=False),  # how often it was taken and not given back
    sa.Column("until", sa.Float(53), nullable=False),  # seconds since 1970, by the database's clock
    sa.Column("task", sa.JSON),
    sa.Index("queue_by_turn", "turn", "seq"),
)
"""Tasks that wait for a worker, or have one. Nothing of it has to be kept: a run that begins empties it."""
