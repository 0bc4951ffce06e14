"""False alarms and power of the test whether sittings may be pooled: ``python -m tests.benchmarks.bench_occasions``.

Seventy 2PL items, cohorts that differ in ability, the report's own comparison; in the second half of the replications
one item of middling difficulty is answered as if known beforehand by everybody of the second sitting (p 0.95).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from exam_engine.calibration.reports.book import AnswerBook, BookForm, BookItem
from exam_engine.calibration.reports.occasions import compare_occasions
from exam_engine.calibration.reports.scoring import score_book

N_ITEMS, KNOWN = 70, 35
DESIGNS: tuple[tuple[tuple[int, ...], tuple[float, ...]], ...] = (
    ((40, 40, 40), (0.0, 0.3, 0.6)),
    ((40, 40, 40), (0.0, 0.0, 1.2)),
    ((200, 200), (0.0, 0.8)),
    ((600, 40, 40), (0.0, 0.5, -0.5)),
    ((2000, 2000), (0.0, 1.0)),
)


def simulate(
    sizes: Sequence[int], means: Sequence[float], rng: np.random.Generator, *, known: bool
) -> AnswerBook:
    """Return sittings of one form; the item KNOWN has b = 0."""
    b = rng.normal(-0.4, 1.0, N_ITEMS)
    b[KNOWN] = 0.0
    a = np.exp(rng.normal(0.0, 0.3, N_ITEMS))
    parts: list[NDArray[np.bool_]] = []
    for number, (size, mean) in enumerate(zip(sizes, means, strict=True)):
        chance = 1.0 / (1.0 + np.exp(-a * (rng.normal(mean, 1.0, size)[:, None] - b)))
        if known and number == 1:
            chance[:, KNOWN] = 0.95
        parts.append(rng.random(chance.shape) < chance)
    return AnswerBook(
        items=tuple(BookItem("", str(at)) for at in range(N_ITEMS)),
        forms=(BookForm("A", tuple(range(N_ITEMS))),),
        form_of=np.zeros(sum(sizes), dtype=np.int16),
        answers=np.concatenate(parts).astype(np.int16),
        attributes={"sitting": tuple(f"{k}" for k, size in enumerate(sizes) for _ in range(size))},
    )


def study(
    sizes: Sequence[int], means: Sequence[float], *, replications: int, seed: int
) -> tuple[list[float], list[bool], list[bool]]:
    """Return unadjusted p-values and whether anything was flagged without a known item, and whether one was found."""
    rng = np.random.default_rng(seed)
    p_values, alarms, hits = [], [], []
    for _ in range(replications):
        book = simulate(sizes, means, rng, known=False)
        found = compare_occasions(book, score_book(book))
        assert found is not None
        p_values += [float(chi2.sf(one["statistic"], one["df"])) for one in found["items"] if one["df"]]
        alarms.append(found["differing"] > 0)
        book = simulate(sizes, means, rng, known=True)
        found = compare_occasions(book, score_book(book))
        assert found is not None
        hits.append(found["items"][KNOWN]["differs"])
    return p_values, alarms, hits


def main() -> None:
    """Print the table of docs/recovery.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    print(
        "| candidates | means of ability | unadjusted p below 5 %, % | reports with a false alarm, % | found, % |"
    )
    print("|---|---|---|---|---|")
    for sizes, means in DESIGNS:
        p_values, alarms, hits = study(sizes, means, replications=chosen.replications, seed=chosen.seed)
        cells = [", ".join(map(str, sizes)), ", ".join(map(str, means))]
        cells += [_percent(np.array(values)) for values in (np.array(p_values) < 0.05, alarms, hits)]
        print("| " + " | ".join(cells) + " |", flush=True)


def _percent(hits: NDArray[np.bool_]) -> str:
    share = float(hits.mean())
    return f"{100 * share:.1f} ± {100 * np.sqrt(share * (1 - share) / hits.size):.1f}"


if __name__ == "__main__":
    main()
