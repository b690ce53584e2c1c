"""Which calls from outside were taken, so that one that comes again is known by whoever is called."""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Forward: the calls of the last week are taken from the ledger."""
    calls = op.create_table(
        "calls",
        sa.Column("asset", sa.String(400), primary_key=True),
        sa.Column("message", sa.String(64), primary_key=True),
        sa.Column("at", sa.String(40), nullable=False),
    )
    op.create_index("ix_calls_at", "calls", ["at"])
    events = sa.table("events", *(sa.column(name) for name in ("kind", "asset", "at")), sa.column("payload", sa.JSON))
    since = (dt.datetime.now(dt.UTC) - dt.timedelta(days=7)).isoformat()
    query = sa.select(events.c.asset, events.c.payload, events.c.at).where(
        events.c.kind == "hook.called", events.c.at >= since
    )
    known = {(row.asset, row.payload["message"]): row.at for row in op.get_bind().execute(query)}
    if known:
        rows = [{"asset": asset, "message": message, "at": at} for (asset, message), at in known.items()]
        op.bulk_insert(calls, rows)


def downgrade() -> None:
    """Back: the events stay."""
    op.drop_table("calls")
