"""Former leaders of standard-setting workshops."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("standard_workshop", schema=None) as batch_op:
        batch_op.add_column(sa.Column("former_leaders", sa.JSON(), server_default="[]", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("standard_workshop", schema=None) as batch_op:
        batch_op.drop_column("former_leaders")
