"""`exam-engine paper assemble`, `paper seal` and `paper print`: papers of the site from the command line."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.papers import service as papers
from exam_engine.papers.blueprint import BlueprintFile, BlueprintSpec, BlueprintUnreadable, read_toml
from exam_engine.papers.models import Assembly
from exam_engine.papers.rules import AssemblyStatus, PaperStatus, PaperUnknown
from itembank.base.db import Scope
from itembank.base.errors import Invalid
from itembank.people import service as people
from itembank.people.rules import Action, Actor, check_may
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import read_level
from scripts.commands import paper_print
from scripts.commands.output import quiet_solver
from scripts.site import Site, open_site
from web.i18n import translator
from web.papers import labels

IMPOSSIBLE = 3
"""Exit code when no such forms exist, or none were found within the work limit."""


class NoInstitution(Invalid):
    """The account works nowhere."""

    code = "account_without_institution"
    message = "The account {username} has no role at any institution."


def register(commands: Any) -> None:
    """Add the commands."""
    group = commands.add_parser("paper", help="papers: assemble, seal and print").add_subparsers(
        required=True
    )
    assemble = group.add_parser("assemble", help="assemble parallel forms from a blueprint file")
    assemble.add_argument("blueprint", type=Path, metavar="BLUEPRINT.toml")
    assemble.add_argument("--forms", type=int, default=2)
    assemble.add_argument("--as", dest="username", required=True, metavar="USER", help="a paper manager")
    assemble.add_argument("--seed", type=int)
    assemble.add_argument("--json", action="store_true")
    assemble.set_defaults(run=run_assemble)
    seal = group.add_parser("seal", help="approve and seal drafts, as somebody else than who requested them")
    seal.add_argument("papers", nargs="+", metavar="PAPER", help="id or number of a paper")
    seal.add_argument("--as", dest="username", required=True, metavar="USER")
    seal.add_argument("--json", action="store_true")
    seal.set_defaults(run=run_seal)
    paper_print.register(group, run_print)


def run_assemble(arguments: argparse.Namespace) -> int:
    """Assemble, store drafts, print what came of it; 3 when there are no such forms."""
    try:
        file = read_toml(arguments.blueprint.read_text("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BlueprintUnreadable(reason=f"{arguments.blueprint} is not UTF-8 text") from error
    except Invalid:
        print(f"exam-engine: {arguments.blueprint}:", file=sys.stderr)
        raise
    site = open_site()
    actor, institution_id = _actor(site, arguments.username, Action.PAPER_ASSEMBLE)

    def open_session() -> AbstractContextManager[Session]:
        return site.database.session(scope=Scope.of((institution_id,)))

    now = site.database.clock.now
    with open_session() as session:
        blueprint_id = _blueprint(session, file, actor, institution_id, site)
        request = papers.request_assembly(
            session,
            actor=actor,
            blueprint_id=blueprint_id,
            forms=arguments.forms,
            seed=arguments.seed,
            now=now(),
            queue=False,
        )
        request_id = request.id
    with quiet_solver():
        status = papers.perform_assembly(open_session, request_id, actor=actor, now=now)
    with open_session() as session:
        report = _report(session, papers.find_assembly(session, request_id), file.spec)
    print(json.dumps(report, ensure_ascii=False, indent=1) if arguments.json else _text(report))
    return 0 if status is AssemblyStatus.ASSEMBLED else IMPOSSIBLE


def run_seal(arguments: argparse.Namespace) -> int:
    """Approve and seal each paper, all or none, and print the digests."""
    site = open_site()
    actor, institution_id = _actor(site, arguments.username, Action.PAPER_SEAL)
    sealed = []
    with site.database.session(scope=Scope.of((institution_id,))) as session:
        now = site.database.clock.now()
        for name in arguments.papers:
            paper = papers.find_paper(session, _paper_id(session, name))
            if paper.status is PaperStatus.DRAFT:
                papers.approve_paper(session, actor=actor, paper_id=paper.id, now=now)
            paper = papers.seal_paper(session, actor=actor, paper_id=paper.id, now=now)
            sealed.append({"paper": str(paper.id), "number": paper.label, "digest": paper.digest})
    for line in sealed:
        if not arguments.json:
            print(f"{line['number']}  sha256 {line['digest']}")
    if arguments.json:
        print(json.dumps(sealed))
    return 0


def run_print(arguments: argparse.Namespace) -> int:
    """Write the documents of a paper and print their digests."""
    site = open_site()
    actor, institution_id = _actor(site, arguments.username, Action.PAPER_SEAL)
    for path, digest in paper_print.print_files(
        site, arguments, actor, institution_id, lambda session: _paper_id(session, arguments.paper)
    ):
        print(f"{path}  sha256 {digest}")
    return 0


def _actor(site: Site, username: str, action: Action) -> tuple[Actor, UUID]:
    """Return the account's actor at its institution; raises NotPermitted when its roles do not carry the action."""
    # The operator of the machine may act as any account; what the account may not do stays refused.
    with site.database.session(scope=Scope.everything(), writes=False) as session:
        actor = people.actor_named(session, username)
    if actor.institution_id is None:
        raise NoInstitution(username=username)
    check_may(actor, action)
    return actor, actor.institution_id


def _blueprint(session: Session, file: BlueprintFile, actor: Actor, institution_id: UUID, site: Site) -> UUID:
    """Return the stored blueprint of the file: the same name, occupation and level is the same series."""
    occupation = taxonomy.occupation_by_code(session, file.occupation)
    level = read_level(file.level)
    former = [
        b
        for b in papers.list_blueprints(session)
        if (b.name, b.occupation_id, b.level) == (file.name, occupation.id, level.value)
    ]
    saved = papers.save_blueprint(
        session,
        actor=actor,
        institution_id=institution_id,
        occupation_id=occupation.id,
        level=level,
        name=file.name,
        spec=file.spec,
        now=site.database.clock.now(),
        series_id=former[0].series_id if former else None,
    )
    return saved.id


def _paper_id(session: Session, name: str) -> UUID:
    for paper in papers.list_papers(session):
        if name in (paper.label, str(paper.id)):
            return paper.id
    raise PaperUnknown


def _report(session: Session, assembly: Assembly, spec: BlueprintSpec) -> dict[str, Any]:
    outcome, english = dict(assembly.outcome or {}), translator("en")
    outcome.pop("curves", None)
    changes = outcome.get("changes", [])
    numbers = papers.item_numbers(session, labels.items_of_changes(changes))
    words = {
        "clash": [labels.clash_text(key, spec, english) for key in outcome.get("clash", [])],
        "changes": [labels.change_text(change, spec, english, numbers) for change in changes],
        "shortages": [
            {**s, "name": labels.rule_label(s["key"], spec, english)} for s in outcome.get("shortages", [])
        ],
    }
    made = [
        {
            "paper": str(paper.id),
            "number": paper.label,
            "form": paper.form,
            "marks": str(paper.total_marks),
            "items": [
                {"item": str(entry.item_id), "type": entry.type.value, "marks": str(entry.marks)}
                for entry in papers.preview_draft(session, paper.id).entries
            ],
        }
        for paper in papers.papers_of(session, assembly.id)
    ]
    return {
        "assembly": str(assembly.id),
        "status": assembly.status.value,
        "forms": assembly.forms,
        "papers": made,
        "outcome": outcome,
        "words": {name: found for name, found in words.items() if found},
    }


def _text(report: dict[str, Any]) -> str:
    outcome = report["outcome"]
    run = outcome["run"]
    how = f"seed {run['seed']}, {run['solver']} {run['solver_version']}, {run['seconds']:.2f} s"
    if report["status"] == "assembled":
        lines = [f"{report['forms']} forms assembled from {outcome['pool']} items ({how})"]
        lines.append(
            f"worst deviation {outcome['deviation']:.4%}, bound {outcome['bound']:.4%}, gap {outcome['gap']:.4%}"
        )
        lines.append(f"{len(outcome['rules'])} rules recomputed: all hold")
        lines += [
            f"form {paper['form']}: {paper['number']}  {len(paper['items'])} items, {paper['marks']} marks  "
            f"{paper['paper']}"
            for paper in report["papers"]
        ]
        return "\n".join(lines)
    if report["status"] == "undecided":
        return f"neither found nor excluded within the work limit ({how})"
    words = report["words"]
    lines = [f"no such forms exist ({how})", "these rules cannot hold together:"]
    lines += [f"  {text}" for text in words.get("clash", [])]
    lines += [
        f"  {s['name']}: needs {s['needs']} over all forms, the pool has {s['has']}"
        for s in words.get("shortages", [])
    ]
    if words.get("changes"):
        lines.append("smallest change:" if outcome["confirmed"] else "smallest change found (not checked):")
        lines += [f"  {text}" for text in words["changes"]]
    if outcome.get("forms_possible"):
        lines.append(f"or ask for at most {outcome['forms_possible']} forms")
    return "\n".join(lines)
