"""Leases, who is the only one to do something, and the queue of tasks that workers take from."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Forward: nobody has a lease yet."""
    op.create_table(
        "leases",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("until", sa.Float(53), nullable=False),
    )
    op.create_table(
        "queue",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("run_token", sa.BigInteger, nullable=False),
        sa.Column("asset", sa.String(400), nullable=False, unique=True),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("anew", sa.Boolean, nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("pool", sa.String(200)),
        sa.Column("only", sa.String(200), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("worker", sa.String(200), nullable=False),
        sa.Column("takes", sa.Integer, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("until", sa.Float(53), nullable=False),
        sa.Column("task", sa.JSON),
    )
    op.create_index("ix_queue_worker", "queue", ["worker"])
    op.create_index("queue_by_turn", "queue", ["turn", "seq"])


def downgrade() -> None:
    """Back: call it while nothing runs."""
    op.drop_table("queue")
    op.drop_table("leases")
