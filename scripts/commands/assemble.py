"""`exam-engine assemble`: parallel forms from a pool file and a specification file, without a site.

Exit codes: 0 forms were made, 1 an input cannot be used, 3 no such forms exist, 4 neither found nor excluded.
"""

from __future__ import annotations

import argparse
import csv
import errno
import json
import math
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from exam_engine.assembly import (
    WORK_LIMIT,
    Assembled,
    Enemies,
    Infeasible,
    Pool,
    Specification,
    Undecided,
    assemble,
)
from exam_engine.assembly.language import (
    SequenceTable,
    SpecificationFile,
    check_fit,
    read_specification,
    used_attributes,
)
from exam_engine.assembly.language.read import LARGEST_SEED
from exam_engine.assembly.sequence import Arranged
from exam_engine.assembly.solver import WorkExhausted
from exam_engine.papers.pool_cells import PoolRefused
from exam_engine.papers.pool_file import MAX_BYTES, PoolFile, read_pool
from itembank.base.errors import Conflict, Invalid
from scripts.commands.assembly_report import report_of, text_of
from scripts.commands.earlier_papers import with_papers
from scripts.commands.individual import (
    IndividualAnswer,
    add_individual_options,
    draw,
    individual_report,
    individual_status,
    individual_text,
    write_individual,
    wrong_option,
)
from scripts.commands.output import Progress, plain, quiet_solver, warn
from scripts.commands.sequencing import (
    arrange_forms,
    check_columns,
    fault_text,
    sequence_attributes,
    sequence_report,
    write_sequences,
)

INFEASIBLE, UNDECIDED = 3, 4
"""Exit codes when no such forms exist, and when none were found or excluded."""

MOST_FORMS = 1_000
MAX_SPECIFICATION_BYTES = 4 * 2**20
ENEMIES_RULE = "enemies of the pool"
"""Name of the rule that the pool's column of enemies makes."""


class SpecificationFileRefused(Invalid):
    """A specification that cannot be used."""

    code = "specification_refused"
    message = "The specification cannot be used: {reason}"


class OptionRefused(Invalid):
    """An option that makes no sense."""

    code = "option_refused"
    message = "Option {option}, {value}: {right}"


class OutFolderTaken(Conflict):
    """The folder holds files already."""

    code = "out_folder_taken"
    message = "Folder {folder} is not empty: name an empty or a new one."


def register(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser("assemble", help="assemble parallel forms from files: POOL.csv SPEC.toml")
    command.add_argument("pool", type=Path, metavar="POOL.csv", help="a row an item: id, a, b, c, attributes")
    command.add_argument("specification", type=Path, metavar="SPEC.toml", help="rules and targets")
    command.add_argument("--forms", type=int, metavar="N", help="number of forms, instead of the file's")
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="new or empty folder")
    command.add_argument(
        "--earlier",
        type=Path,
        nargs="+",
        default=[],
        metavar="FORM.csv",
        help='earlier papers, for rules of kind "earlier" that name none',
    )
    command.add_argument("--seed", type=int, metavar="S", help="instead of the file's; 0 without both")
    command.add_argument(
        "--work-limit",
        type=int,
        default=WORK_LIMIT,
        metavar="W",
        help=f"work of the search, default {WORK_LIMIT}",
    )
    command.add_argument(
        "--time-limit",
        type=float,
        metavar="T",
        help="seconds after which the search ends with what it has; the work limit does so alike on every machine",
    )
    add_individual_options(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read, assemble, write the folder; return the exit code."""
    _check_limits(arguments)
    _check_folder(arguments.out)
    file, pool_file = _read(arguments.pool, arguments.specification, arguments.earlier)
    forms, seed = arguments.individual or _forms(arguments, file), _seed(arguments, file)
    if arguments.individual is not None and file.sequence is not None:
        reason = f"{arguments.specification}: sequence: individual forms are not printed, leave it out"
        raise SpecificationFileRefused(reason=reason)
    pool, specification = pool_file.pool, file.specification
    inputs = {"pool": str(arguments.pool), "specification": str(arguments.specification)}
    head = {**inputs, "forms": forms, "pool_items": pool.size, "time_limit": arguments.time_limit}
    with quiet_solver():
        answer = _assemble(pool, specification, forms, seed, arguments)
    if arguments.individual is not None:
        with _whole_folder(arguments.out) as folder:
            write_individual(folder, pool, answer)
            _write_json(folder, head | individual_report(answer, specification))
        print(individual_text(answer, pool.size))
        return {"assembled": 0, "infeasible": INFEASIBLE}.get(individual_status(answer), UNDECIDED)
    assert isinstance(answer, Assembled | Infeasible | Undecided)
    report = head | report_of(answer, specification)
    if isinstance(answer, Assembled) and file.sequence is not None:
        return _write_in_order(arguments, file.sequence, pool_file, answer, report, seed)
    with _whole_folder(arguments.out) as folder:
        if isinstance(answer, Assembled):
            _write_forms(folder, pool_file, answer.forms)
        _write_json(folder, report)
    print(text_of(answer, pool.size, forms))
    return 0 if isinstance(answer, Assembled) else INFEASIBLE if isinstance(answer, Infeasible) else UNDECIDED


def _write_in_order(
    arguments: argparse.Namespace,
    table: SequenceTable,
    pool_file: PoolFile,
    answer: Assembled,
    report: dict[str, Any],
    seed: int,
) -> int:
    """Write the forms in printed order, or the report alone where there is no such order; return the exit code."""
    try:
        found = arrange_forms(table, pool_file, answer.forms, seed=seed)
    except ValueError as error:
        raise SpecificationFileRefused(reason=f"{arguments.specification}: {error}") from None
    except WorkExhausted:
        with _whole_folder(arguments.out) as folder:
            _write_json(folder, report | {"status": "undecided", "ended_by": "work of the printed order"})
        print("forms were found, but neither a printed order nor that there is none: undecided")
        return UNDECIDED
    last = found[-1][1]
    with _whole_folder(arguments.out) as folder:
        if isinstance(last, Arranged):
            write_sequences(folder, table, pool_file, found)
        _write_json(folder, report | sequence_report([one for _, one in found], answer.forms))
    print(text_of(answer, pool_file.pool.size, len(answer.forms)))
    if isinstance(last, Arranged):
        return 0
    print(fault_text(len(found), last))
    return INFEASIBLE


def _check_limits(arguments: argparse.Namespace) -> None:
    wrong = wrong_option(arguments)
    if wrong is not None:
        raise OptionRefused(**wrong)
    limit = arguments.time_limit
    if limit is not None and not (0 < limit < math.inf):
        right = "give seconds above 0, or leave it out: the work limit ends the search, too"
        raise OptionRefused(option="--time-limit", value=f"{limit:g}", right=right)
    if not 1 <= arguments.work_limit <= 10**9:
        right = "give a whole number from 1 to 1000000000"
        raise OptionRefused(option="--work-limit", value=arguments.work_limit, right=right)
    if arguments.forms is not None and not 1 <= arguments.forms <= MOST_FORMS:
        right = f"give a whole number from 1 to {MOST_FORMS}"
        raise OptionRefused(option="--forms", value=arguments.forms, right=right)
    if arguments.seed is not None and not 0 <= arguments.seed <= LARGEST_SEED:
        right = f"give a whole number from 0 to {LARGEST_SEED}"
        raise OptionRefused(option="--seed", value=arguments.seed, right=right)


def _forms(arguments: argparse.Namespace, file: SpecificationFile) -> int:
    forms: int | None = arguments.forms if arguments.forms is not None else file.forms
    if forms is None:
        right = f"say how many, here or as forms = 2 in {arguments.specification}"
        raise OptionRefused(option="--forms", value="is missing", right=right)
    if forms > MOST_FORMS:
        raise SpecificationFileRefused(
            reason=f"{arguments.specification}: forms: {forms} is above {MOST_FORMS}, the most in one run"
        )
    return forms


def _seed(arguments: argparse.Namespace, file: SpecificationFile) -> int:
    return next((seed for seed in (arguments.seed, file.seed) if seed is not None), 0)


def _read(pool_path: Path, path: Path, earlier: Sequence[Path]) -> tuple[SpecificationFile, PoolFile]:
    """Return what the files say, and that they fit each other; a refusal names the file."""
    try:
        text = _content(path, MAX_SPECIFICATION_BYTES).decode("utf-8-sig")
        file = read_specification(text)
        papers = with_papers(file.specification, earlier, lambda one: _content(one, MAX_BYTES))
        file = replace(file, specification=papers)
        uses = used_attributes(file.specification)
        numbers, labels = sequence_attributes(file.sequence, uses) if file.sequence else ([], [])
    except UnicodeDecodeError as error:
        reason = f"{path}: line {error.object.count(10, 0, error.start) + 1} is not UTF-8 text"
        raise SpecificationFileRefused(reason=reason) from None
    except ValueError as error:
        raise SpecificationFileRefused(reason=f"{path}: {error}") from None
    try:
        pool_file = read_pool(
            _content(pool_path, MAX_BYTES),
            numeric=[*numbers, *(use.attribute for use in uses.values() if use.is_numeric)],
            categorical=[*labels, *(use.attribute for use in uses.values() if not use.is_numeric)],
        )
    except PoolRefused as refused:
        raise PoolRefused(f"{pool_path}: {refused.facts['place']}", str(refused.facts["reason"])) from None
    try:
        if pool_file.enemies:
            rule = Enemies(name=ENEMIES_RULE, groups=pool_file.enemies)
            rules = (*file.specification.rules, rule)
            file = replace(file, specification=replace(file.specification, rules=rules))
        if file.sequence:
            check_columns(file.sequence, pool_file)
        remarks = check_fit(file.specification, pool_file.pool, columns=pool_file.attributes)
    except ValueError as error:
        raise SpecificationFileRefused(reason=f"{path}: {error}") from None
    for remark in remarks:
        warn(remark)
    return file, pool_file


def _content(path: Path, limit: int) -> bytes:
    """Return a file's bytes, at most one more than the limit."""
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit and limit == MAX_SPECIFICATION_BYTES:
        raise SpecificationFileRefused(reason=f"{path}: larger than {limit // 2**20} MB")
    return content


class _Shown:
    """Progress with the bound and the best deviation, as soon as they are known."""

    def __init__(self) -> None:
        self.show = Progress()
        self.known: dict[str, float] = {}

    def progress(self, done: int, total: int, stage: str) -> None:
        known = [f"{word} {value:.2%}" for word, value in self.known.items()]
        self.show(done, total, ", ".join([stage, *known]))

    def tell(self, word: str, value: float) -> None:
        if math.isfinite(value):
            self.known[word] = value


def _assemble(
    pool: Pool,
    specification: Specification,
    forms: int,
    seed: int,
    arguments: argparse.Namespace,
) -> Assembled | IndividualAnswer:
    shown = _Shown()
    try:
        if arguments.individual is not None:
            return draw(pool, specification, arguments, seed, shown.progress)
        return assemble(
            pool,
            specification,
            forms=forms,
            seed=seed,
            work_limit=arguments.work_limit,
            time_limit=arguments.time_limit,
            progress=shown.progress,
            known=shown.tell,
        )
    except ValueError as error:
        raise SpecificationFileRefused(reason=f"{arguments.specification}: {error}") from None


def _check_folder(folder: Path) -> None:
    """Refuse a place that cannot be filled, before the work is done."""
    if folder.is_dir():
        if any(folder.iterdir()):
            raise OutFolderTaken(folder=folder)
    elif folder.exists():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    elif not folder.absolute().parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder to write to", str(folder.parent))


@contextmanager
def _whole_folder(folder: Path) -> Iterator[Path]:
    """Fill a folder beside the wanted one, which takes its name only when it is complete."""
    target = folder.resolve()
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    part.mkdir()
    try:
        yield part
        if target.is_dir():
            target.rmdir()
        part.replace(target)
    except BaseException as error:
        with suppress(OSError):
            shutil.rmtree(part)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(folder)) from error
        raise


def _write_forms(folder: Path, pool_file: PoolFile, forms: Sequence[Sequence[str]]) -> None:
    digits = len(str(len(forms)))
    positions = pool_file.pool.positions
    for number, form in enumerate(forms, start=1):
        path = folder / f"form_{number:0{digits}}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(pool_file.columns)
            writer.writerows(pool_file.rows[at] for at in sorted(positions[name] for name in form))


def _write_json(folder: Path, report: dict[str, Any]) -> None:
    text = json.dumps(plain(report), ensure_ascii=False, allow_nan=False, indent=1)
    (folder / "report.json").write_text(text + "\n", "utf-8")
