"""Papers that hold more than one candidate receives, and what each candidate is given of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _kind() -> sa.Column[str]:
    kinds = sa.Enum("FORM", "COLLECTION", name="paperkind", native_enum=False, length=12)
    return sa.Column("kind", kinds, nullable=False, server_default="FORM")


def upgrade() -> None:
    ways = sa.Enum("FIXED", "INDIVIDUAL", "MULTISTAGE", "ADAPTIVE", name="way", native_enum=False, length=12)
    with op.batch_alter_table("sitting", schema=None) as batch_op:
        batch_op.add_column(sa.Column("way", ways, nullable=False, server_default="FIXED"))
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.add_column(sa.Column("form", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("form_number", sa.Integer(), nullable=True))
        batch_op.create_unique_constraint(
            batch_op.f("uq_seat_sitting_id_form_number"), ["sitting_id", "form_number"]
        )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.add_column(sa.Column("form", sa.JSON(), nullable=True))
    with op.batch_alter_table("paper", schema=None) as batch_op:
        batch_op.add_column(_kind())
        batch_op.add_column(sa.Column("collection", sa.JSON(), nullable=True))
    with op.batch_alter_table("paper_assembly", schema=None) as batch_op:
        batch_op.add_column(_kind())
    op.create_table(
        "paper_form",
        sa.Column("paper_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("places", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_paper_form_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"], name=op.f("fk_paper_form_paper_id_paper")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_form")),
        sa.UniqueConstraint("paper_id", "number", name=op.f("uq_paper_form_paper_id_number")),
    )
    with op.batch_alter_table("paper_form", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_paper_form_institution_id"), ["institution_id"], unique=False)


def downgrade() -> None:
    op.drop_table("paper_form")
    with op.batch_alter_table("paper_assembly", schema=None) as batch_op:
        batch_op.drop_column("kind")
    with op.batch_alter_table("paper", schema=None) as batch_op:
        batch_op.drop_column("collection")
        batch_op.drop_column("kind")
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.drop_column("form")
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_seat_sitting_id_form_number"), type_="unique")
        batch_op.drop_column("form_number")
        batch_op.drop_column("form")
    with op.batch_alter_table("sitting", schema=None) as batch_op:
        batch_op.drop_column("way")
