"""Whose a database is."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Forward: the project that opens it first is the one whose it is."""
    op.create_table(
        "identity",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Back: nobody asks whose it is."""
    op.drop_table("identity")
