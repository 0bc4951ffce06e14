"""Scores of adaptive and two-stage tests: an ability, and the mark that stands for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("attempt_mark", schema=None) as batch_op:
        batch_op.add_column(sa.Column("score", sa.Numeric(8, 2), nullable=True))
        batch_op.add_column(sa.Column("score_se", sa.Numeric(8, 2), nullable=True))
        batch_op.add_column(sa.Column("theta", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("theta_se", sa.Double(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("attempt_mark", schema=None) as batch_op:
        for name in ("theta_se", "theta", "score_se", "score"):
            batch_op.drop_column(name)
