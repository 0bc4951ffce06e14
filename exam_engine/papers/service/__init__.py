"""What can be asked of papers."""

from exam_engine.papers.service.assembling import (
    find_assembly,
    list_assemblies,
    papers_of,
    perform_assembly,
    request_assembly,
    run_assembly_job,
)
from exam_engine.papers.service.blueprints import (
    blueprint_versions,
    find_blueprint,
    list_blueprints,
    save_blueprint,
    spec_of,
    supply,
)
from exam_engine.papers.service.reading import (
    answer_key,
    candidate_view,
    find_paper,
    list_papers,
    open_sealed,
    preview_draft,
    verify_sealed,
)
from exam_engine.papers.service.sealing import approve_paper, discard_paper, seal_paper, waiting_for

__all__ = [
    "answer_key",
    "approve_paper",
    "blueprint_versions",
    "candidate_view",
    "discard_paper",
    "find_assembly",
    "find_blueprint",
    "find_paper",
    "list_assemblies",
    "list_blueprints",
    "list_papers",
    "open_sealed",
    "papers_of",
    "perform_assembly",
    "preview_draft",
    "request_assembly",
    "run_assembly_job",
    "save_blueprint",
    "seal_paper",
    "spec_of",
    "supply",
    "verify_sealed",
    "waiting_for",
]
