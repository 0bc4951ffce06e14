"""Simulated past candidates: hidden item parameters and the marks they give. No I/O."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scripts.demonstration.content import DemonstrationItem

SEED = 6_31_01_03
PERSONS = 400
BLOCKS = 3
"""The trial was given in linked booklets: every candidate answered all blocks of items but one."""

_LOCATION = {1: -2.0, 2: -1.5, 3: -0.8, 4: 0.0, 5: 0.9}
_TYPE_SHIFT = {"single_choice": 0.0, "multiple_choice": 0.45, "true_false": -0.25}


@dataclass(frozen=True)
class Truth:
    """What the engine never sees.

    Attributes
    ----------
    theta : ndarray, shape (n_persons,)
        Ability, in logits.
    a, b : ndarray, shape (n_items,)
        Discrimination and difficulty of the two-parameter model.
    """

    theta: NDArray[np.float64]
    a: NDArray[np.float64]
    b: NDArray[np.float64]


def draw_truth(
    items: Sequence[DemonstrationItem], *, rng: np.random.Generator, persons: int = PERSONS
) -> Truth:
    """Draw abilities and parameters; the judged difficulty of an item is right on average, not exactly."""
    centre = np.array([_LOCATION[item.difficulty] + _TYPE_SHIFT[item.type] for item in items])
    return Truth(
        theta=rng.normal(0.0, 1.0, persons),
        a=rng.lognormal(0.0, 0.12, len(items)),  # 400 persons carry the Rasch model, not the 2PL
        b=centre + rng.normal(0.0, 0.4, len(items)),
    )


def mark(truth: Truth, *, rng: np.random.Generator) -> NDArray[np.int8]:
    """Return marks, shape (n_persons, n_items): 1 correct, 0 wrong, -1 not presented."""
    chance = 1.0 / (1.0 + np.exp(-truth.a * (truth.theta[:, None] - truth.b)))
    marks = (rng.random(chance.shape) < chance).astype(np.int8)
    left_out = np.arange(truth.theta.size)[:, None] % BLOCKS
    marks[np.arange(truth.b.size)[None, :] % BLOCKS == left_out] = -1
    return marks


def labels_of(item: DemonstrationItem) -> Sequence[str]:
    """Return the labels that can be chosen."""
    return "ABCDE"[: len(item.options)] if item.options else "TF"


def wrong_answer(item: DemonstrationItem, label: str) -> list[str]:
    """Return a plausible wrong answer with a wrong option: in multiple choice a right one is missed for it."""
    return sorted({*item.key[1:], label}) if item.type == "multiple_choice" else [label]


def answer(item: DemonstrationItem, *, right: bool, rng: np.random.Generator) -> list[str]:
    """Return the key, or a plausible wrong answer."""
    if right:
        return sorted(item.key)
    wrong = [label for label in labels_of(item) if label not in item.key]
    return wrong_answer(item, str(rng.choice(wrong)))


def response_file(items: Sequence[DemonstrationItem], marks: NDArray[np.int8]) -> bytes:
    """Return the marks as the CSV that calibration reads: item numbers, then 0, 1 or empty."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["person", *(item.reference for item in items)])
    for number, row in enumerate(marks, start=1):
        writer.writerow([f"P{number:03d}", *("" if value < 0 else int(value) for value in row)])
    return text.getvalue().encode()
