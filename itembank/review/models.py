"""Tables of review requests and verdicts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Enum, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from itembank.base.db import Base, IdMixin, TenantMixin
from itembank.review.rules import Verdict


class ReviewRequest(IdMixin, TenantMixin, Base):
    """An item waiting for a verdict; deleted with the verdict that answers it."""

    __tablename__ = "review_request"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"), index=True)
    requested_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    requested_at: Mapped[datetime]


class ReviewVerdict(IdMixin, TenantMixin, Base):
    """What a reviewer decided about one version of an item."""

    __tablename__ = "review_verdict"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"), index=True)
    version_id: Mapped[UUID] = mapped_column(ForeignKey("item_version.id"))
    reviewer_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    verdict: Mapped[Verdict] = mapped_column(Enum(Verdict, native_enum=False, length=16))
    comment: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Sealed: comments quote item text and keys."""
    at: Mapped[datetime]
