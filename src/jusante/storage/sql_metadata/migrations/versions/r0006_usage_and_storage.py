"""What tasks and questions took, and how many bytes lay at rest, as the ledger tells of it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"

_NUMBERS = ("rows", "cpu_us", "bytes_scanned", "bytes_written", "bytes_out", "requests")


def upgrade() -> None:
    """Forward: tables that follow from the ledger; tasks from before were not measured."""
    op.create_table(
        "usage",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("asset", sa.String(400), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("reads", sa.Text, nullable=False),
        sa.Column("made", sa.Integer, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in _NUMBERS),
    )
    op.create_index("ix_usage_at", "usage", ["at"])
    op.create_index("usage_by_asset", "usage", ["asset", "kind", "seq"])
    op.create_table(
        "storage",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("asset", sa.String(400), nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("files", sa.BigInteger, nullable=False),
    )
    op.create_index("storage_by_asset", "storage", ["asset", "at"])


def downgrade() -> None:
    """Back: the events stay, and `jusante audit rebuild` fills the tables again after the next upgrade."""
    op.drop_table("storage")
    op.drop_table("usage")
