"""Reading what calibrations gave."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.calibration import store
from exam_engine.calibration.models import CalibrationRun
from exam_engine.calibration.outcome import ItemOutcome
from exam_engine.calibration.service.computing import JOB_KIND
from exam_engine.jobs import service as jobs
from exam_engine.jobs.models import Job
from exam_engine.sittings.rules import at_the_site
from itembank.statistics import service as statistics
from itembank.statistics.models import ItemParameter, Scale
from itembank.statistics.rules import ScaleModel


def table_of(session: Session, scale: Scale) -> list[tuple[ItemParameter, ItemOutcome]]:
    """Return a scale's items with the reference numbers of the bank."""
    rows = statistics.item_parameters(session, scale.id)
    names = store.names_of(session, [row.item_id for row in rows])
    return [(row, outcome_of(row, names.get(row.item_id, str(row.item_id)), scale.model)) for row in rows]


def outcome_of(row: ItemParameter, name: str, model: ScaleModel) -> ItemOutcome:
    """Return a kept row as an outcome under the item's name."""
    has_parameters = row.b is not None
    return ItemOutcome(
        item=name,
        n_responses=row.n_responses,
        p_value=row.p_value,
        point_biserial=row.point_biserial,
        corrected_point_biserial=row.corrected_point_biserial,
        is_constant=row.is_constant,
        a=row.a,
        b=row.b,
        d=row.d,
        se_a=row.se_a,
        se_b=row.se_b,
        se_d=row.se_d,
        cov_ad=row.cov_ad,
        model=model.value if has_parameters else None,
        c=row.c if row.c is not None or not has_parameters else 0.0,
        u=1.0 if has_parameters else None,
        se_c=row.se_c,
        cov_ac=row.cov_ac,
        cov_dc=row.cov_dc,
    )


def run_of(session: Session, scale_id: UUID) -> CalibrationRun | None:
    """Return the calibration behind a scale; None for a linked one."""
    return store.run_of_scale(session, scale_id)


def name_of(session: Session, item_id: UUID) -> str:
    """Return what an item is called."""
    return store.names_of(session, [item_id]).get(item_id, str(item_id))


def list_jobs(session: Session) -> list[Job]:
    """Return the calibrations that are waiting or under way."""
    return [job for job in jobs.list_jobs(session, kind=JOB_KIND) if not job.status.is_final]


def sources_of_scale(session: Session, scale: Scale) -> list[str]:
    """Return what a scale was calibrated from, in words; empty for one that was not."""
    if scale.source.get("kind") == "file":
        return [str(scale.source["filename"])]
    return names_of_sittings(session, scale.source.get("sittings", ()))


def names_of_sittings(session: Session, sitting_ids: Collection[str]) -> list[str]:
    """Return plans with their days, latest first."""
    wanted = set(sitting_ids)
    return [
        f"{plan.name} {at_the_site(sitting.starts_at)}"
        for sitting, plan in (store.theory_sittings(session) if wanted else ())
        if str(sitting.id) in wanted
    ]
