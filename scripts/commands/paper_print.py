"""`exam-engine paper print`: papers, answer sheets and keys as files, for those who may print them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.papers import service as papers
from exam_engine.papers.printing import service as printing
from exam_engine.papers.printing.rules import Document, Format, Variant
from exam_engine.papers.rules import PaperStatus
from itembank.base.db import Scope
from itembank.base.errors import Conflict
from itembank.base.fonts import find_fonts
from itembank.people.rules import Action, Actor, check_may
from scripts.site import Site

ALL = "all"
OWNER_ONLY = 0o600


class PrintExists(Conflict):
    """A file that would be overwritten."""

    code = "print_exists"
    message = "Folder {folder} holds {name} already: choose another folder, or move the file away."


def register(group: Any, run: Callable[[argparse.Namespace], int]) -> None:
    """Add the command to those of papers."""
    command = group.add_parser("print", help="paper, answer sheet and key as PDF or Word")
    command.add_argument("paper", metavar="PAPER", help="id or number of a paper")
    command.add_argument(
        "--variant", choices=list(Variant), default=Variant.A, help="order of items and options"
    )
    command.add_argument("--format", choices=list(Format), default=Format.PDF)
    command.add_argument("--document", choices=[*Document, ALL], default=ALL)
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the files")
    command.add_argument("--as", dest="username", required=True, metavar="USER", help="a paper manager")
    command.set_defaults(run=run)


def print_files(
    site: Site,
    arguments: argparse.Namespace,
    actor: Actor,
    institution_id: UUID,
    find: Callable[[Session], UUID],
) -> list[tuple[Path, str]]:
    """Write the documents asked for, readable by their owner alone; return each with its digest.

    All are made and recorded before the first is written. Raises PrintExists for a file that is there already.
    """
    asked = list(Document) if arguments.document == ALL else [Document(arguments.document)]
    with site.database.session(scope=Scope.of((institution_id,))) as session:
        paper = papers.find_paper(session, find(session))
        is_draft = paper.status is PaperStatus.DRAFT
        if not is_draft:
            check_may(actor, Action.PAPER_PRINT)
        files = [
            printing.print_paper(
                session,
                actor=actor,
                paper_id=paper.id,
                document=document,
                variant=Variant(arguments.variant),
                format=Format(arguments.format),
                fonts=find_fonts(tuple(site.settings.font_folders)),
                now=site.database.clock.now(),
                review_copy=is_draft,
            )
            for document in asked
        ]
        arguments.out.mkdir(parents=True, exist_ok=True)
        for file in files:
            if (arguments.out / file.name).exists():
                raise PrintExists(folder=arguments.out, name=file.name)
    return [(_write(arguments.out / file.name, file.content), file.digest) for file in files]


def _write(path: Path, content: bytes) -> Path:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as file:
        file.write(content)
    return path
