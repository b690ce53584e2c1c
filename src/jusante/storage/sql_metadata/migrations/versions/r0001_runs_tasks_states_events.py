"""Runs, tasks, states, and events beside them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String(40), primary_key=True),
        sa.Column("command", sa.Text, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("started_at", sa.String(40), nullable=False),
        sa.Column("ended_at", sa.String(40)),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
    )
    op.create_index("ix_runs_started_at", "runs", ["started_at"])
    op.create_index("ix_runs_status", "runs", ["status"])
    op.create_table(
        "tasks",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("asset", sa.Text, nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("task", sa.JSON, nullable=False),
    )
    op.create_index("ix_tasks_run_id", "tasks", ["run_id"])
    op.create_index("ix_tasks_asset", "tasks", ["asset"])
    op.create_table(
        "asset_states",
        sa.Column("asset", sa.String(400), primary_key=True),
        sa.Column("state", sa.JSON, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("run_id", sa.String(40)),
        sa.Column("asset", sa.Text),
        sa.Column("payload", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    """Back."""
    for table in ("events", "asset_states", "tasks", "runs"):
        op.drop_table(table)
