"""What candidates are given beyond the ordinary, and the breaks that they take."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from itembank.base.db import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STANDING = sa.text("withdrawn_at IS NULL")
STANDING_OF_PLAN = sa.text("withdrawn_at IS NULL AND sitting_id IS NULL")
OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "accommodation",
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("sitting_id", sa.Uuid(), nullable=True),
        sa.Column("given", sa.JSON(), nullable=False),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=False),
        sa.Column("given_by", sa.String(length=80), nullable=False),
        sa.Column("given_by_name", sa.String(length=60), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=80), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("sealed_withdrawal", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_accommodation_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk_accommodation_registration_id_registration"),
        ),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_accommodation_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accommodation")),
    )
    with op.batch_alter_table("accommodation", schema=None) as batch_op:
        for column in ("institution_id", "registration_id", "sitting_id"):
            batch_op.create_index(batch_op.f(f"ix_accommodation_{column}"), [column], unique=False)
        batch_op.create_index(
            "uq_accommodation_standing_of_plan",
            ["registration_id"],
            unique=True,
            postgresql_where=STANDING_OF_PLAN,
            sqlite_where=STANDING_OF_PLAN,
        )
        batch_op.create_index(
            "uq_accommodation_standing_of_sitting",
            ["registration_id", "sitting_id"],
            unique=True,
            postgresql_where=STANDING,
            sqlite_where=STANDING,
        )
    op.create_table(
        "attempt_break",
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("attempt_id", "number", name=op.f("pk_attempt_break")),
    )
    op.create_index(
        "ix_attempt_break_open_until",
        "attempt_break",
        ["until"],
        unique=False,
        postgresql_where=OPEN,
        sqlite_where=OPEN,
    )
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.add_column(sa.Column("accommodations", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.drop_column("accommodations")
    op.drop_index("ix_attempt_break_open_until", table_name="attempt_break")
    op.drop_table("attempt_break")
    op.drop_table("accommodation")
