"""Pass marks taken from standard setting, withdrawn exclusions, lower asymptotes of rated items."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from itembank.base.db import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "standard_adoption",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("workshop_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("cut", sa.Double(), nullable=False),
        sa.Column("pass_mark", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("adopted_by", sa.Uuid(), nullable=False),
        sa.Column("adopted_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["adopted_by"], ["user_account.id"], name=op.f("fk_standard_adoption_adopted_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_standard_adoption_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_standard_adoption_sitting_id_sitting")
        ),
        sa.ForeignKeyConstraint(
            ["workshop_id"],
            ["standard_workshop.id"],
            name=op.f("fk_standard_adoption_workshop_id_standard_workshop"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_adoption")),
        sa.UniqueConstraint("sitting_id", name=op.f("uq_standard_adoption_sitting_id")),
    )
    with op.batch_alter_table("standard_adoption", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_standard_adoption_institution_id"), ["institution_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_standard_adoption_workshop_id"), ["workshop_id"], unique=False)

    with op.batch_alter_table("standard_item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("c", sa.Double(), nullable=True))

    with op.batch_alter_table("standard_judge", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("readmission_reason", sa.String(length=400), server_default="", nullable=False)
        )


def downgrade() -> None:
    with op.batch_alter_table("standard_judge", schema=None) as batch_op:
        batch_op.drop_column("readmission_reason")

    with op.batch_alter_table("standard_item", schema=None) as batch_op:
        batch_op.drop_column("c")

    with op.batch_alter_table("standard_adoption", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_standard_adoption_workshop_id"))
        batch_op.drop_index(batch_op.f("ix_standard_adoption_institution_id"))

    op.drop_table("standard_adoption")
