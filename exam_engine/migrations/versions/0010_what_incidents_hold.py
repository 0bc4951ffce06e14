"""Whether an incident alone stops a candidate's clock or bars the entry."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.add_column(sa.Column("holds", sa.Boolean(), nullable=False, server_default=sa.false()))
    # Until now the withdrawal of every incident that voids ended the pause and the bar.
    op.execute(
        "UPDATE incident SET holds = (withdrawn_at IS NULL AND confirmed_at IS NULL) "
        "WHERE kind IN ('CHEATING', 'IDENTICAL_PAPERS')"
    )
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.alter_column("holds", existing_type=sa.Boolean(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.drop_column("holds")
