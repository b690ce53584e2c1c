"""Incidents, as their events in the ledger tell of them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Forward: a table that follows from the ledger; a ledger from before tells of no incident."""
    op.create_table(
        "incidents",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("incident", sa.JSON, nullable=False),
    )
    op.create_index("ix_incidents_state", "incidents", ["state"])


def downgrade() -> None:
    """Back: the events stay, and `jusante audit rebuild` fills the table again after the next upgrade."""
    op.drop_table("incidents")
