"""Scales of the 1PL and the 3PL: lower asymptotes with their errors, and the settings of a calibration."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COLUMNS = ("c", "se_c", "cov_ac", "cov_dc")


def upgrade() -> None:
    with op.batch_alter_table("calibration_run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("settings", sa.JSON(), server_default="{}", nullable=False))
    with op.batch_alter_table("item_parameter", schema=None) as batch_op:
        for name in COLUMNS:
            batch_op.add_column(sa.Column(name, sa.Double(), nullable=True))


def downgrade() -> None:
    held = op.get_bind().scalar(sa.text("SELECT count(*) FROM scale WHERE model IN ('1pl', '3pl')"))
    if held:
        raise RuntimeError(f"{held} scales follow the 1PL or 3PL, which the version before cannot hold")
    with op.batch_alter_table("item_parameter", schema=None) as batch_op:
        for name in reversed(COLUMNS):
            batch_op.drop_column(name)
    with op.batch_alter_table("calibration_run", schema=None) as batch_op:
        batch_op.drop_column("settings")
