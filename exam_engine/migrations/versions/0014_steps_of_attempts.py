"""Attempts that go through steps: timed and forward-only sections, breaks, modules, single items."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from itembank.base.db import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("sitting", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sections", sa.JSON(), nullable=True))
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ends_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("step", sa.Integer(), nullable=False, server_default=sa.text("0")))
        batch_op.add_column(
            sa.Column("step_epoch", sa.Integer(), nullable=False, server_default=sa.text("0"))
        )
        batch_op.add_column(sa.Column("last_step", sa.Boolean(), nullable=False, server_default=sa.true()))
    kinds = sa.Enum("SECTION", "BREAK", "MODULE", "ITEM", name="stepkind", native_enum=False, length=10)
    op.create_table(
        "attempt_step",
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", kinds, nullable=False),
        sa.Column("places", sa.JSON(), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("left_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("attempt_id", "number", name=op.f("pk_attempt_step")),
    )


def downgrade() -> None:
    op.drop_table("attempt_step")
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        for name in ("last_step", "step_epoch", "step", "ends_at"):
            batch_op.drop_column(name)
    with op.batch_alter_table("sitting", schema=None) as batch_op:
        batch_op.drop_column("sections")
