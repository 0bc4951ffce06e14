"""What a sitting wants of the Safe Exam Browser, and how its candidates stand with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from itembank.base.db import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def _foreign(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def upgrade() -> None:
    op.create_table(
        "sitting_seb",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column(
            "use",
            sa.Enum("OFF", "ALLOWED", "REQUIRED", name="sebuse", native_enum=False, length=10),
            nullable=False,
        ),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        _foreign("sitting_seb", "institution_id", "institution"),
        _foreign("sitting_seb", "sitting_id", "sitting"),
        sa.PrimaryKeyConstraint("sitting_id", name=op.f("pk_sitting_seb")),
    )
    op.create_table(
        "seb_candidate",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=80), nullable=False),
        sa.Column("shown_at", UtcDateTime(), nullable=True),
        sa.Column("let_in_at", UtcDateTime(), nullable=True),
        sa.Column("let_in_by", sa.String(length=80), nullable=False),
        sa.Column("let_in_reason", sa.String(length=400), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        _foreign("seb_candidate", "institution_id", "institution"),
        _foreign("seb_candidate", "registration_id", "registration"),
        _foreign("seb_candidate", "sitting_id", "sitting"),
        sa.PrimaryKeyConstraint("sitting_id", "registration_id", name=op.f("pk_seb_candidate")),
    )
    for table in ("sitting_seb", "seb_candidate"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.create_index(batch_op.f(f"ix_{table}_institution_id"), ["institution_id"], unique=False)


def downgrade() -> None:
    op.drop_table("seb_candidate")
    op.drop_table("sitting_seb")
