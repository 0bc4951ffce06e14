"""Earlier papers for `exam-engine assemble`: files of forms whose items a rule of kind "earlier" may repeat few of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from exam_engine.assembly import Earlier, Specification
from exam_engine.assembly.specification import Paper
from exam_engine.papers.pool_cells import PoolRefused
from exam_engine.papers.pool_file import read_pool


def with_papers(
    specification: Specification, paths: Sequence[Path], content: Callable[[Path], bytes]
) -> Specification:
    """Return the specification with the papers of the files in each rule that names none.

    Raises
    ------
    ValueError
        When a rule waits for papers and there are none, or the other way round.
    PoolRefused
        Naming file, row and column of what is no form.
    """
    waiting = [rule for rule in specification.rules if isinstance(rule, Earlier) and not rule.papers]
    if waiting and not paths:
        raise ValueError(f'rule "{waiting[0].name}", papers: is missing: name them there, or by --earlier')
    if not paths:
        return specification
    if not waiting:
        raise ValueError('--earlier is given, but no rule of kind "earlier" waits for papers')
    papers = tuple(_papers(paths, content))
    rules = [replace(rule, papers=papers) if rule in waiting else rule for rule in specification.rules]
    return replace(specification, rules=rules)


def _papers(paths: Sequence[Path], content: Callable[[Path], bytes]) -> list[Paper]:
    """Read the files; one is called by its name, or by its whole path where two are called alike."""
    often = Counter(path.stem for path in paths)
    found = []
    for path in dict.fromkeys(paths):
        try:
            ids = read_pool(content(path), numeric=()).pool.ids
        except PoolRefused as refused:
            raise PoolRefused(f"{path}: {refused.facts['place']}", str(refused.facts["reason"])) from None
        found.append((path.stem if often[path.stem] == 1 else str(path), tuple(ids)))
    return found
