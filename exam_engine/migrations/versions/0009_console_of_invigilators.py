"""Messages of invigilators, and the second person who confirms that an incident voids a component."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from itembank.base.db import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "room_message",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=True),
        sa.Column("registration_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.String(length=400), nullable=False),
        sa.Column("sent_by", sa.String(length=80), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_room_message_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk_room_message_registration_id_registration"),
        ),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_room_message_room_id_room")),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_room_message_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room_message")),
    )
    with op.batch_alter_table("room_message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_room_message_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_room_message_sitting_id"), ["sitting_id"], unique=False)
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.add_column(sa.Column("confirmed_at", UtcDateTime(), nullable=True))
        batch_op.add_column(
            sa.Column("confirmed_by", sa.String(length=80), nullable=False, server_default="")
        )
    # What was void before the second person was asked for stays void: a new rule never changes what was decided.
    op.execute(
        "UPDATE incident SET confirmed_at = recorded_at, confirmed_by = recorded_by "
        "WHERE kind IN ('CHEATING', 'IDENTICAL_PAPERS')"
    )
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.alter_column("confirmed_by", existing_type=sa.String(length=80), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.drop_column("confirmed_by")
        batch_op.drop_column("confirmed_at")
    with op.batch_alter_table("room_message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_room_message_sitting_id"))
        batch_op.drop_index(batch_op.f("ix_room_message_institution_id"))

    op.drop_table("room_message")
