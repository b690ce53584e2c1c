"""Whose a database is, the last task of each asset, and events of a kind in their order."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


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


def downgrade() -> None:
    """Back: nobody asks whose it is, and the rest is looked for in all that there is."""
    op.drop_table("last_tasks")
    op.drop_index("events_of_kind", "events")
    op.drop_table("identity")
