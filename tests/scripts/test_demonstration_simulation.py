"""The simulated trial can be read and calibrated, and its truth is found again."""

from __future__ import annotations

import numpy as np

from exam_engine.calibration.outcome import describe_items
from exam_engine.calibration.reading import read_responses
from exam_engine.calibration.rules import Method
from scripts.demonstration import simulation
from scripts.demonstration.content import items


def test_items_are_numbered_in_order() -> None:
    bank = items()

    assert bank[0].reference == "DG4-0001"
    assert len({item.reference for item in bank}) == len(bank)


def test_same_seed_gives_the_same_file() -> None:
    def make() -> bytes:
        rng = np.random.default_rng(simulation.SEED)
        return simulation.response_file(
            items(), simulation.mark(simulation.draw_truth(items(), rng=rng), rng=rng)
        )

    assert make() == make()


def test_calibration_recovers_the_hidden_difficulties() -> None:
    rng = np.random.default_rng(simulation.SEED)
    truth = simulation.draw_truth(items(), rng=rng)
    marks = simulation.mark(truth, rng=rng)

    outcome = describe_items(read_responses(simulation.response_file(items(), marks)), Method.RASCH)

    kept = [(n, item.b) for n, item in enumerate(outcome.items) if item.b is not None]
    found, hidden = np.array([b for _, b in kept]), truth.b[[n for n, _ in kept]]
    assert outcome.converged
    assert len(kept) == len(items())
    assert np.corrcoef(found, hidden)[0, 1] > 0.95
    assert 0.55 < np.mean(marks[marks >= 0]) < 0.75
