"""The printed order of assembled forms on the command line: columns of the pool in, files in printed order out."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from exam_engine.assembly.language import AttributeUse, SequenceTable, SpecificationRefused
from exam_engine.assembly.language.place import Place, nearest, shown
from exam_engine.assembly.sequence import Arranged, Arrangement, NotArranged, SequenceItems, arrange
from exam_engine.assembly.sequence.form import MOST_OPTIONS
from exam_engine.papers.pool_file import PoolFile

COLUMNS = ("printed_position", "printed_options", "printed_key")
"""Added to the pool's columns. ``printed_options`` CADB: what the pool calls option C is printed as A."""

ALL_FIXED = "all"
TRUE_FALSE = {"T": 0, "F": 1, "√": 0, "×": 1}
"""Keys of items with two options that are true or false; such options never move."""

PLACE = Place("sequence")


def sequence_attributes(
    table: SequenceTable, uses: Mapping[str, AttributeUse]
) -> tuple[list[str], list[str]]:
    """Return the attributes that the table takes as numbers and as labels.

    Raises SpecificationRefused where one is taken as the other elsewhere.
    """
    found: dict[str, tuple[str, bool]] = {}
    for field, (attribute, is_numeric) in table.attributes.items():
        where = found.setdefault(attribute, (field, is_numeric))
        elsewhere = uses[attribute].is_numeric if attribute in uses else where[1]
        if elsewhere != is_numeric or where[1] != is_numeric:
            words = ("labels", "numbers")
            raise PLACE.refusal(
                field,
                f'takes "{attribute}" as {words[is_numeric]}, another place as {words[not is_numeric]}: '
                "give the pool two columns",
            )
    return [one for one, (_, is_numeric) in found.items() if is_numeric], [
        one for one, (_, is_numeric) in found.items() if not is_numeric
    ]


def check_columns(table: SequenceTable, pool_file: PoolFile) -> None:
    """Refuse a table that names what the pool does not have, or columns that the forms would have twice."""
    for field, (attribute, _) in table.attributes.items():
        if attribute not in pool_file.attributes:
            raise PLACE.refusal(
                field, f'the pool has no attribute "{attribute}": {nearest(attribute, pool_file.attributes)}'
            )
    for name in table.rules.pinned:
        if name not in pool_file.pool.positions:
            raise PLACE.refusal(f"pinned.{name}", "the pool has no such item")
    for column in COLUMNS:
        if column in pool_file.columns:
            raise PLACE.refusal(
                "", f'the pool has a column "{column}", which forms in printed order add: rename it'
            )


def items_of(table: SequenceTable, pool_file: PoolFile, form: Sequence[str]) -> SequenceItems:
    """Return a form's items as the kernel of sequences takes them, in the order of the pool."""
    pool = pool_file.pool
    at = sorted(pool.positions[name] for name in form)
    ids = [pool.ids[one] for one in at]

    def labels(attribute: str | None) -> list[str] | None:
        return None if attribute is None else [str(pool.texts(attribute)[one]) for one in at]

    counts = [_count(table, pool_file, one) for one in at]
    keys, fixed = [], []
    spelt, held = labels(table.key) or [], labels(table.fixed_options) or [""] * len(at)
    for name, count, key, options in zip(ids, counts, spelt, held, strict=True):
        places, is_judgement = _places("key", name, key, count)
        keys.append(places)
        all_fixed = is_judgement or options == ALL_FIXED
        fixed.append(range(count) if all_fixed else _places("fixed_options", name, options, count)[0])
    return SequenceItems(
        ids=ids,
        sections=labels(table.section) or [""] * len(at),
        options=counts,
        keys=keys,
        fixed=fixed,
        difficulty=None if table.difficulty is None else [pool.numbers(table.difficulty)[one] for one in at],
        units=labels(table.unit),
        cases=labels(table.case),
    )


def arrange_forms(
    table: SequenceTable, pool_file: PoolFile, forms: Sequence[Sequence[str]], *, seed: int
) -> list[tuple[SequenceItems, Arranged | NotArranged]]:
    """Return each form's items and variants, up to the first form that has none.

    Raises SpecificationRefused for keys and options that make no sense.
    """
    found: list[tuple[SequenceItems, Arranged | NotArranged]] = []
    for number, form in enumerate(forms):
        items = items_of(table, pool_file, form)
        try:
            answer = arrange(items, table.rules, seed=seed + number, variants=table.variants)
        except ValueError as error:
            raise SpecificationRefused(f"sequence, form {number + 1}", "", str(error)) from None
        found.append((items, answer))
        if isinstance(answer, NotArranged):
            break
    return found


def write_sequences(
    folder: Path,
    table: SequenceTable,
    pool_file: PoolFile,
    arranged: Sequence[tuple[SequenceItems, Arranged | NotArranged]],
) -> None:
    """Write a file for each form and variant: rows of the pool in printed order, with three columns more."""
    digits = len(str(len(arranged)))
    for number, (items, answer) in enumerate(arranged, start=1):
        variants = answer.variants if isinstance(answer, Arranged) else ()
        for letter, one in zip(ascii_uppercase, variants, strict=False):
            suffix = f"_{letter}" if len(variants) > 1 else ""
            path = folder / f"form_{number:0{digits}}{suffix}.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow((*pool_file.columns, *COLUMNS))
                writer.writerows(_rows(table, pool_file, items, one))


def sequence_report(
    answers: Sequence[Arranged | NotArranged], forms: Sequence[Sequence[str]]
) -> dict[str, Any]:
    """Return what report.json says of the printed order."""
    last = answers[-1]
    if isinstance(last, NotArranged):
        fault = {"section": last.section, "rule": last.rule, "asked": last.asked, "possible": last.possible}
        return {
            "status": "infeasible",
            "sequence": {"form": len(answers), **fault},
            "items": list(map(list, forms)),
        }
    return {
        "sequence": [
            {
                "form": number,
                "seed": answer.seed,
                "variants": [
                    {
                        "variant": letter,
                        "sections": [
                            {
                                "section": keys.section,
                                "first": keys.first,
                                "last": keys.last,
                                "letters": dict(keys.counts),
                                "deviation": keys.deviation,
                                "longest_run": keys.longest_run,
                                "moved": keys.moved,
                            }
                            for keys in check.sections
                        ],
                    }
                    for letter, check in zip(ascii_uppercase, answer.checks, strict=False)
                ],
                "in_common": [
                    {
                        "variants": ascii_uppercase[pair.first] + ascii_uppercase[pair.second],
                        "positions": pair.positions,
                        "keys": pair.keys,
                        "answers": pair.answers,
                    }
                    for pair in answer.in_common
                ],
            }
            for number, answer in enumerate(answers, start=1)
            if isinstance(answer, Arranged)
        ]
    }


def fault_text(number: int, fault: NotArranged) -> str:
    """Return in a line why a form cannot be put in order."""
    least = (
        "nothing else would do"
        if fault.possible is None
        else f"the smallest that works is {fault.possible:g}"
    )
    asked = "" if fault.rule == "pinned" else f" = {fault.asked:g}"
    where = f'form {number}, section "{fault.section}"' if fault.section else f"form {number}"
    return f"{where}: [sequence] {fault.rule}{asked} cannot be kept; {least}"


def _count(table: SequenceTable, pool_file: PoolFile, at: int) -> int:
    if isinstance(table.options, int):
        return table.options
    value = float(pool_file.pool.numbers(table.options)[at])
    if not (value.is_integer() and 0 <= value <= MOST_OPTIONS):
        raise PLACE.refusal(
            "options",
            f'item "{pool_file.pool.ids[at]}" has {value:g}, not a whole number of options from 0 to {MOST_OPTIONS}',
        )
    return int(value)


def _places(field: str, name: str, letters: str, count: int) -> tuple[list[int], bool]:
    """Return places of options by their letters, and whether they are true and false."""
    if count == len(set(TRUE_FALSE.values())) and letters in TRUE_FALSE:
        return [TRUE_FALSE[letters]], True
    found = []
    for letter in letters.upper().replace(",", "").replace(" ", ""):
        if letter not in ascii_uppercase[:count]:
            right = (
                f"{ascii_uppercase[0]} to {ascii_uppercase[count - 1]}"
                if count
                else "none: it has no options"
            )
            raise PLACE.refusal(field, f'item "{name}" has {shown(letters)}; its options are {right}')
        found.append(ascii_uppercase.index(letter))
    return found, False


def _rows(
    table: SequenceTable, pool_file: PoolFile, items: SequenceItems, one: Arrangement
) -> list[tuple[str, ...]]:
    pool = pool_file.pool
    spelt = pool.texts(table.key)
    rows = []
    for position, item in enumerate(one.order, start=1):
        at = pool.positions[items.ids[item]]
        options = "".join(ascii_uppercase[place] for place in one.options[item])
        key = "".join(ascii_uppercase[place] for place in one.keys[item])
        if options in ascii_uppercase:
            key = str(spelt[at])  # nothing moved: T stays T
        rows.append((*pool_file.rows[at], str(position), options, key))
    return rows
