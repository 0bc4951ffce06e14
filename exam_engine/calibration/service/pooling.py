"""Which sittings could be taken together with those of a report whose sample is small."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.calibration import store
from exam_engine.calibration.models import StatisticsReport
from exam_engine.calibration.reports.rules import ReportKind
from exam_engine.calibration.service.sheets import FinishedSitting, finished_sittings

MOST_OFFERED = 60
"""Earlier sittings offered; the latest."""


@dataclass(frozen=True)
class Poolable:
    """A sitting of the report's occupation and level, and how many of its items the report's candidates had too."""

    row: FinishedSitting
    shared: int
    of: int
    """Items of the sitting's papers."""
    is_own: bool
    """Whether the report is of this sitting."""
    is_chosen: bool
    """Whether it is ticked to begin with."""


@dataclass(frozen=True)
class PoolOffer:
    """The sittings that a report could be made of together, latest first."""

    report: StatisticsReport
    sittings: tuple[Poolable, ...]

    @property
    def rows(self) -> list[FinishedSitting]:
        """The sittings without their standing in the offer."""
        return [one.row for one in self.sittings]

    @property
    def chosen(self) -> list[str]:
        """Ids of the sittings ticked."""
        return [str(one.row.sitting.id) for one in self.sittings if one.is_chosen]

    @property
    def n_more(self) -> int:
        """Sittings that the report does not have yet."""
        return sum(1 for one in self.sittings if one.is_chosen and not one.is_own)

    @property
    def n_persons(self) -> int:
        """Attempts of all sittings ticked."""
        return sum(one.row.n_attempts for one in self.sittings if one.is_chosen)

    @property
    def shared(self) -> dict[UUID, tuple[int, int]]:
        """Items in common and items of each sitting, by sitting."""
        return {one.row.sitting.id: (one.shared, one.of) for one in self.sittings}


def offer_pool(session: Session, report: StatisticsReport, *, now: datetime) -> PoolOffer | None:
    """Return what a report of sittings could be pooled with; None for a file, and where nothing is to be added.

    Ticked are the report's own sittings and those, held on the same or earlier days, whose candidates had items in
    common with them; where a pass mark is asked for, only those with the same one.
    """
    own = set(report.source.get("sittings", ()))
    bank = (report.occupation_id, report.level)
    found = [
        row
        for row in (finished_sittings(session, now=now) if own else ())
        if (row.plan.occupation_id, row.plan.level) == bank and row.n_attempts
    ]
    mine = [row for row in found if str(row.sitting.id) in own]
    if not mine:
        return None
    latest = max(row.sitting.starts_at for row in mine)
    earlier = [row for row in found if row.sitting.starts_at <= latest and row not in mine]
    found = [row for row in found if row in mine or row in earlier[:MOST_OFFERED]]
    items = store.items_of_sittings(session, [row.sitting.id for row in found])
    common = set[UUID]().union(*(items.get(row.sitting.id, set()) for row in mine))
    sittings = tuple(_poolable(row, items.get(row.sitting.id, set()), common, mine, report) for row in found)
    offer = PoolOffer(report, sittings)
    return offer if offer.n_more else None


def _poolable(
    row: FinishedSitting,
    items: set[UUID],
    common: set[UUID],
    mine: list[FinishedSitting],
    report: StatisticsReport,
) -> Poolable:
    shared = len(items & common)
    is_own = row in mine
    fits = report.kind is not ReportKind.SITTING or row.sitting.pass_mark == mine[0].sitting.pass_mark
    return Poolable(row, shared, len(items), is_own, is_own or (shared > 0 and fits))
