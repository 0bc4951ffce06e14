"""Papers edited by hand: their history, locked items, filling the rest anew; progress of assemblies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from itembank.base.db import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "paper_event",
        sa.Column("paper_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("swaps", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["user_account.id"], name=op.f("fk_paper_event_by_user_account")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_paper_event_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"], name=op.f("fk_paper_event_paper_id_paper")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_event")),
        sa.UniqueConstraint("paper_id", "number", name=op.f("uq_paper_event_paper_id_number")),
    )
    with op.batch_alter_table("paper_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_paper_event_institution_id"), ["institution_id"], unique=False)

    with op.batch_alter_table("paper", schema=None) as batch_op:
        batch_op.add_column(sa.Column("revision", sa.Integer(), server_default="0", nullable=False))

    with op.batch_alter_table("paper_entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_locked", sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table("paper_assembly", schema=None) as batch_op:
        batch_op.add_column(sa.Column("progress", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("paper_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("request", sa.JSON(), nullable=True))
        batch_op.create_index(batch_op.f("ix_paper_assembly_paper_id"), ["paper_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("paper_assembly", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_paper_assembly_paper_id"))
        batch_op.drop_column("request")
        batch_op.drop_column("paper_id")
        batch_op.drop_column("progress")

    with op.batch_alter_table("paper_entry", schema=None) as batch_op:
        batch_op.drop_column("is_locked")

    with op.batch_alter_table("paper", schema=None) as batch_op:
        batch_op.drop_column("revision")

    with op.batch_alter_table("paper_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_paper_event_institution_id"))

    op.drop_table("paper_event")
