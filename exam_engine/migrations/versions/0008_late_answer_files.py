"""Late answer files, and what candidates' pages report of themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from itembank.base.db import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempt_event",
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "FOCUS_LOST",
                "FOCUS_BACK",
                "FULLSCREEN_LEFT",
                "PASTE",
                "SECOND_DISPLAY",
                name="eventkind",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("lasted_seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", "epoch", "number", name=op.f("pk_attempt_event")),
    )
    op.create_table(
        "late_answer_file",
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("remaining_seconds", sa.Double(), nullable=True),
        sa.Column(
            "state",
            sa.Enum("WAITING", "ACCEPTED", "REFUSED", name="latefilestate", native_enum=False, length=10),
            nullable=False,
        ),
        sa.Column("uploaded_by", sa.Uuid(), nullable=True),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("written", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_late_answer_file_attempt_id_attempt")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_late_answer_file_institution_id_institution"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_answer_file")),
        sa.UniqueConstraint("digest", name=op.f("uq_late_answer_file_digest")),
    )
    with op.batch_alter_table("late_answer_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_late_answer_file_attempt_id"), ["attempt_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_late_answer_file_institution_id"), ["institution_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("late_answer_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_late_answer_file_institution_id"))
        batch_op.drop_index(batch_op.f("ix_late_answer_file_attempt_id"))

    op.drop_table("late_answer_file")
    op.drop_table("attempt_event")
