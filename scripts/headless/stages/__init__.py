"""The stages of the chain, in order; each returns its figures as text."""

from __future__ import annotations

from collections.abc import Callable

from scripts.headless.chain import Chain
from scripts.headless.stages import bank, exam, organisation, papers, results, sittings

STAGES: list[Callable[[Chain], str]] = [
    organisation.found,
    organisation.staff,
    bank.outline,
    bank.imported,
    bank.placed,
    bank.reviewed,
    bank.calibrated,
    papers.impossible,
    papers.assembled,
    papers.sealed,
    sittings.filed,
    sittings.planned,
    sittings.registered,
    sittings.arranged,
    sittings.ticketed,
    exam.waiting,
    exam.sat,
    results.caught,
    exam.resumed,
    exam.handed_in,
    exam.too_late,
    results.closed,
    results.practical,
    results.marked,
    results.noticed,
    results.objected,
    results.approved,
    results.certified,
    results.verified,
    results.audited,
]
