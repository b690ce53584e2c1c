"""Whose a database is, the last task of each asset, events of a kind in their order, and what work took summed up by day."""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_WHOSE = ("kind", "asset", "actor", "reads")
_SUMS = ("made", "rows", "cpu_us", "bytes_scanned", "bytes_written", "bytes_out", "requests")
AT_ONCE = 10_000


def upgrade() -> None:
    """Forward: the project that opens it first is the one whose it is; what follows from the ledger is taken from what follows from it."""
    op.create_table(
        "identity",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
    )
    op.create_index("events_of_kind", "events", ["kind", "seq"])
    last = op.create_table(
        "last_tasks",
        sa.Column("asset", sa.String(400), primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )
    tasks = sa.table("tasks", *(sa.column(name) for name in ("asset", "seq", "status")))
    found = sa.select(tasks.c.asset, sa.func.max(tasks.c.seq)).where(tasks.c.status != "skipped")
    op.execute(sa.insert(last).from_select(["asset", "seq"], found.group_by(tasks.c.asset)))
    _sum_up()


def _sum_up() -> None:
    days = op.create_table(
        "usage_by_day",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("whose", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("asset", sa.String(400), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("reads", sa.Text, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("times", *_SUMS)),
    )
    usage = sa.table("usage", *(sa.column(name) for name in ("at", *_WHOSE, *_SUMS)))
    keys = (sa.func.substr(usage.c.at, 1, 10).label("day"), *(usage.c[name] for name in _WHOSE))
    sums = (sa.func.sum(usage.c[name]).label(name) for name in _SUMS)
    query = sa.select(*keys, sa.func.count().label("times"), *sums).group_by(*keys)
    for rows in op.get_bind().execute(query).mappings().partitions(AT_ONCE):
        op.bulk_insert(days, [{**row, "whose": _digest([row[name] for name in _WHOSE])} for row in rows])


def _digest(key: list[str]) -> str:
    return hashlib.sha256(json.dumps(key).encode()).hexdigest()


def downgrade() -> None:
    """Back: nobody asks whose it is, and the rest is looked for in all that there is."""
    op.drop_table("usage_by_day")
    op.drop_table("last_tasks")
    op.drop_index("events_of_kind", "events")
    op.drop_table("identity")
