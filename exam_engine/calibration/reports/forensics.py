"""The security report of a sitting: pairs whose answers agree more than chance, and the other signs of help.

Response times, changed answers, pre-knowledge and score jumps stand in modules of their own. Every index comes with its
error rate. The frozen book keeps room and seat, no names. Options are compared by their label in the bank, whatever the
order in which a candidate saw them. No I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.reports.answer_times import analyse_times
from exam_engine.calibration.reports.book import AnswerBook, BookItem
from exam_engine.calibration.reports.changed_answers import analyse_changes
from exam_engine.calibration.reports.foreknowledge import analyse_foreknowledge
from exam_engine.calibration.reports.rules import Caution, NothingToCompare, Section
from exam_engine.calibration.reports.score_jumps import analyse_jumps
from exam_engine.calibration.reports.scoring import score_book
from exam_engine.calibration.reports.study import MINIMUM_PERSONS, ROUGH_BELOW, Progress, Study, people_of
from exam_engine.psychometrics.forensics.answers import Room
from exam_engine.psychometrics.forensics.errors.rates import ErrorRate
from exam_engine.psychometrics.forensics.errors.rooms import similarity_errors
from exam_engine.psychometrics.forensics.evidence import pair_evidence
from exam_engine.psychometrics.forensics.indices import analyse_similarity
from exam_engine.psychometrics.forensics.option_model import estimated_probabilities
from exam_engine.psychometrics.forensics.pairs import Index, Scope, SimilarityTable
from exam_engine.psychometrics.irt.calibrate import calibrate
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray

INDICES = (Index.OMEGA, Index.GBT, Index.M4)
MOST_FOR_M4 = 3_000_000
"""Pairs above which M4, the slowest, is left out."""

SHOWN = 40
"""Pairs shown with their evidence; all that are flagged are counted."""

PAIRS_SIMULATED = 5_000_000
LISTED_SIMULATED = 1_000_000
"""Pairs of one room are looked at one by one and cost more than all pairs of a form do together."""

LEAST_ROOMS = 5
"""Honest rooms simulated for the error rates at least; fewer than asked for where so many pairs do."""

MOST_CODES = 63
"""Different selections of an item with several right answers that are told apart; the kernels take 64 options."""


@dataclass(frozen=True)
class _Form:
    """One form ready for the kernels: rows and columns of the book, options numbered, right answers scored."""

    rows: NDArray[np.intp]
    columns: list[int]
    room: Room
    labels: list[list[str]]
    """Of each item: what its options, or selections, are called."""
    items: Items


def compute(book: AnswerBook, settings: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Return the pairs that stand out, form by form, and the persons that do.

    ``settings``: ``level`` of an index after Bonferroni's correction; ``within_rooms``, whether only candidates of one
    room are compared; ``rooms`` to simulate, up to ``pairs_simulated``, and their ``seed``; ``sections``, what is
    looked at besides pairs, absent from reports of former times; ``marked``, the ``items`` that may have been known
    beforehand.

    Raises NothingToCompare without a form of `MINIMUM_PERSONS` candidates with known options.
    """
    progress(0, 100, "scoring")
    level, seed = float(settings["level"]), int(settings["seed"])
    rooms = np.array(book.attributes.get("room", ("",) * book.n_persons))
    scored = score_book(book)
    scores = scored.score
    pairs_end = 60 if settings.get("sections") else 95
    forms, pairs = [], []
    for number, form in enumerate(book.forms):
        rows = np.flatnonzero(book.form_of == number)
        begin, end = (5 + (pairs_end - 5) * at // len(book.forms) for at in (number, number + 1))
        told: dict[str, Any] = {"label": form.label, "persons": int(rows.size), "indices": [], "n_pairs": 0}
        # Pairs with different items are not compared: what they share differs from pair to pair.
        enough = rows.size >= MINIMUM_PERSONS and book.is_complete(number)
        prepared = _prepare(book, rows, list(form.columns)) if enough else None
        if prepared is not None:
            scope = Scope(
                pairs=_within(rooms[rows]) if settings["within_rooms"] else None, level=level, shown=SHOWN
            )
            found, flagged = _compare(
                prepared,
                scope,
                np.random.default_rng(seed + number),
                progress,
                begin,
                end,
                (int(settings["rooms"]), int(settings.get("pairs_simulated", PAIRS_SIMULATED))),
            )
            told |= found
            pairs += [pair | {"form": form.label} for pair in flagged]
        forms.append(told)
    if not any(form["indices"] for form in forms):
        raise NothingToCompare(minimum=MINIMUM_PERSONS)
    seats = book.attributes.get("seat", ("",) * book.n_persons)
    per_row = book.attributes.get("seats_per_row", ("",) * book.n_persons)
    for pair in pairs:
        for side in ("first", "second"):
            person = pair[side]
            pair[side] = {"room": str(rooms[person]), "seat": seats[person], "score": float(scores[person])}
        pair["neighbours"] = _are_neighbours(pair["first"], pair["second"], per_row[0] or "6")
    pairs.sort(key=lambda pair: (not pair["flagged"], min(one["p"] for one in pair["indices"].values())))
    return {
        "persons": book.n_persons,
        "level": level,
        "within_rooms": bool(settings["within_rooms"]),
        "forms": forms,
        "pairs": pairs,
        "items": [{"item_id": item.item_id, "name": item.name} for item in book.items],
        "rooms": _rooms(rooms, seats, per_row),
        "cautions": [Caution.LEFT_OUT.value] if any(book.left_out.values()) else [],
    } | _sections(Study(book, scored, level, seed, int(settings["rooms"]), progress), settings)


def _sections(study: Study, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is looked at besides pairs; nothing for a report that was asked for without."""
    wanted = {Section(one) for one in settings.get("sections", ())}
    if not wanted:
        return {}
    found: dict[str, Any] = {"people": people_of(study)}
    if Section.TIMES in wanted:
        study.progress(60, 100, "response times")
        found["times"] = analyse_times(study)
    if Section.CHANGES in wanted:
        study.progress(70, 100, "changed answers")
        found["changes"] = analyse_changes(study)
    if Section.PREKNOWLEDGE in wanted:
        study.progress(83, 100, "pre-knowledge")
        marked = settings.get("marked", {}).get("items", ())
        found["preknowledge"] = analyse_foreknowledge(study, frozenset(marked))
    if Section.JUMPS in wanted:
        study.progress(91, 100, "score jumps")
        found["jumps"] = analyse_jumps(study)
    return found


def summary_of(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a list of reports shows."""
    pairs = sum(1 for pair in results["pairs"] if pair["flagged"])
    persons = {
        row["person"]
        for section in Section
        for row in results.get(section.value, {}).get("rows", ())
        if row["flagged"]
    }
    return {
        "persons": results["persons"],
        "items": len(results["items"]),
        "flagged": pairs,
        "serious": pairs + len(persons),
        "flagged_persons": len(persons),
    }


def _prepare(book: AnswerBook, rows: NDArray[np.intp], columns: list[int]) -> _Form | None:
    """Return a form as the kernels take it; None without items whose options are known and that tell persons apart."""
    kept, answers, key, options, labels, right = [], [], [], [], [], []
    for column in columns:
        item = book.items[column]
        codes = book.answers[rows, column]
        if not item.options:
            continue
        numbers, named, at_key = _numbered(item, codes)
        is_right = numbers == at_key
        if is_right.all() or not is_right.any():
            continue  # it tells nobody apart: no difficulty can be estimated
        kept.append(column)
        answers.append(numbers)
        key.append(at_key)
        options.append(max(len(named), 2))
        labels.append(named)
        right.append(is_right)
    if len(kept) < 2:
        return None
    room = Room.of(np.stack(answers, axis=1), np.array(key), n_options=np.array(options))
    marks = np.stack(right, axis=1).astype(np.int8)
    return _Form(rows, kept, room, labels, calibrate(marks, model="rasch", errors="none").items)


def _numbered(item: BookItem, codes: NDArray[np.int16]) -> tuple[NDArray[np.int16], list[str], int]:
    """Return options as positions, −1 for none, their names, and the position of the key."""
    right = item.bits([label for label in item.key if label in item.options])
    if len(item.key) == 1 and item.type != "multiple_choice":
        known = [1 << at for at in range(len(item.options))]
    else:
        found, counts = np.unique(codes[codes > 0], return_counts=True)
        common = found[np.argsort(-counts, kind="stable")][:MOST_CODES].tolist()
        known = [right, *(code for code in common if code != right)]
    numbers = np.full(codes.shape, -1, dtype=np.int16)
    for position, code in enumerate(known):
        numbers[codes == code] = position
    return numbers, ["".join(item.labels(code)) for code in known], known.index(right)


def _within(rooms: NDArray[np.str_]) -> NDArray[np.intp]:
    """Return all pairs of persons of one room."""
    found = []
    for room in np.unique(rooms):
        members = np.flatnonzero(rooms == room)
        one, other = np.triu_indices(members.size, 1)
        found.append(np.stack([members[one], members[other]], axis=1))
    return np.concatenate(found)


def _compare(
    form: _Form,
    scope: Scope,
    rng: np.random.Generator,
    progress: Progress,
    begin: int,
    end: int,
    most: tuple[int, int],
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what a form's indices say, and its pairs; ``most`` honest rooms, and pairs in them, are simulated."""
    n = form.room.n_persons
    n_pairs = n * (n - 1) // 2 if scope.pairs is None else len(np.asarray(scope.pairs))
    if not n_pairs:
        return {"indices": [], "n_pairs": 0}, []
    indices = [index for index in INDICES if index is not Index.M4 or n_pairs <= MOST_FOR_M4]
    chance = estimated_probabilities(form.room, form.items)
    tables = []
    for at, index in enumerate(indices):
        progress(begin + (end - begin) * at // (2 * len(indices)), 100, "comparing pairs")
        tables.append(analyse_similarity(form.room, index, chance, scope=scope))
    middle = (begin + end) // 2

    def simulated(done: int, total: int) -> None:
        progress(middle + (end - middle) * done // total, 100, "simulating honest rooms")

    rates = similarity_errors(
        form.room,
        form.items,
        rng=rng,
        indices=indices,
        scope=scope,
        replications=min(most[0], max(most[1] // n_pairs, LEAST_ROOMS)),
        progress=simulated,
    )
    told = {
        "n_pairs": int(n_pairs),
        "items": form.room.n_items,
        "is_rough": n < ROUGH_BELOW,
        "indices": [_index(table, rate) for table, rate in zip(tables, rates, strict=True)],
    }
    return told, _pairs(form, tables, chance)


def _index(table: SimilarityTable, rate: ErrorRate) -> dict[str, Any]:
    return {
        "index": table.index.value,
        "n_tests": int(table.n_tests),
        "n_flagged": int(table.n_flagged),
        "cautions": [caution.value for caution in table.cautions],
        "rate": float(rate.rate),
        "rate_error": float(rate.rate_error) if np.isfinite(rate.rate_error) else None,
        "room_rate": float(rate.room_rate),
        "room_low": float(rate.room_low),
        "room_high": float(rate.room_high),
        "n_rooms": int(rate.n_rooms),
    }


def _pairs(form: _Form, tables: list[SimilarityTable], chance: FloatArray) -> list[dict[str, Any]]:
    """Return the most suspicious pairs, each once, with what every index says and the answers behind it."""
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for table in tables:
        for at in range(table.source.size):
            one, other = int(table.source[at]), int(table.copier[at])
            pair = found.setdefault((min(one, other), max(one, other)), {"indices": {}, "flagged": False})
            p = float(table.adjusted_p_value[at])
            known = pair["indices"].get(table.index.value)
            if known is None or p < known["p"]:
                pair["indices"][table.index.value] = {
                    "p": p,
                    "p_single": float(table.p_value[at]),
                    "statistic": float(table.statistic[at]),
                    "expected": float(table.expected[at]),
                    "is_flagged": bool(table.is_flagged[at]),
                }
            pair["flagged"] = pair["flagged"] or bool(table.is_flagged[at])
    ranked = sorted(
        found.items(),
        key=lambda entry: (
            not entry[1]["flagged"],
            min(one["p_single"] for one in entry[1]["indices"].values()),
        ),
    )
    flagged = sum(1 for _, pair in ranked if pair["flagged"])
    return [
        pair | _evidence(form, chance, *persons) for persons, pair in ranked[: max(min(flagged, SHOWN), 5)]
    ]


def _evidence(form: _Form, chance: FloatArray, one: int, other: int) -> dict[str, Any]:
    evidence = pair_evidence(form.room, chance, one, other)
    loud = np.argsort(-evidence.surprise, kind="stable")[:10]
    return {
        "first": int(form.rows[one]),
        "second": int(form.rows[other]),
        "n_common": int(evidence.is_common.sum()),
        "n_identical": int(evidence.is_identical.sum()),
        "n_identical_wrong": int(evidence.is_identical_wrong.sum()),
        "longest_run_wrong": int(evidence.longest_run_wrong),
        "loudest": [
            {
                "item": form.columns[at],
                "answer": form.labels[at][int(evidence.first[at])],
                "is_wrong": bool(evidence.is_identical_wrong[at]),
                "chance": float(evidence.chance[at]),
            }
            for at in loud.tolist()
            if evidence.is_identical[at]
        ],
    }


def _are_neighbours(first: Mapping[str, Any], second: Mapping[str, Any], per_row: str) -> bool | None:
    """Tell whether two seats touch, also across a corner; None where a seat is not known."""
    if not (first["seat"] and second["seat"]):
        return None
    if first["room"] != second["room"]:
        return False
    width = int(per_row)
    places = [divmod(int(one["seat"]) - 1, width) for one in (first, second)]
    return max(abs(places[0][0] - places[1][0]), abs(places[0][1] - places[1][1])) <= 1


def _rooms(rooms: NDArray[np.str_], seats: tuple[str, ...], per_row: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the seats taken in each room."""
    found = []
    for room in np.unique(rooms):
        members = [person for person in np.flatnonzero(rooms == room).tolist() if seats[person]]
        if room and members:
            width = int(per_row[members[0]] or 6)
            taken = sorted(int(seats[person]) for person in members)
            found.append({"name": str(room), "per_row": width, "seats": taken})
    return found
