"""Draw individual forms from a synthetic pool and print time, memory, exposure, overlap and fairness.

Run as ``python -m tests.benchmarks.bench_individual [forms] [pool] [length] [seed] [max_overlap] [max_exposure]
[processes]``; without arguments it draws 10,000 forms of 100 items from 3,000 with seed 1 and no caps in two processes.
Pool and specification are those of bench_assembly: 115 rules, 200 enemy pairs, 50 sets of items, targets for
information and characteristic curve at five abilities, each held within 1 %. One thread a process:
``OPENBLAS_NUM_THREADS=1``. CPU seconds and memory count all processes; memory is the sum of what each had at its peak.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np

from exam_engine.assembly.individual import Individual, assemble_individual
from tests.benchmarks.bench_assembly import make_pool, make_specification


def run(
    forms: int,
    size: int,
    length: int,
    seed: int,
    max_overlap: int | None,
    max_exposure: float | None,
    processes: int,
) -> Individual:
    """Draw once and print what came out; an AssertionError when nothing did."""
    rng = np.random.default_rng(seed)
    pool = make_pool(size, rng)
    specification = make_specification(pool, length, rng)
    begun: dict[str, float] = {}
    wall = time.perf_counter()
    answer = assemble_individual(
        pool,
        specification,
        forms=forms,
        seed=seed,
        max_overlap=max_overlap,
        max_exposure=max_exposure,
        processes=processes,
        progress=lambda done, total, stage: begun.setdefault(stage, time.perf_counter() - wall) and None,
    )
    wall = time.perf_counter() - wall
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = sum(one.ru_utime + one.ru_stime for one in (own, others))
    print(
        f"CPU {cpu:.0f} s, wall {wall:.0f} s; begun after { ({k: round(v, 1) for k, v in begun.items()}) }",
        flush=True,
    )
    assert isinstance(answer, Individual), answer
    memory = (own.ru_maxrss + (processes if processes > 1 else 0) * others.ru_maxrss) / 1024
    exposure, overlap = answer.exposure, answer.overlap
    print(
        f"{forms} forms × {length} of {size}, seed {seed}: {len(specification.rules)} rules, CPU {cpu:.0f} s, "
        f"wall {wall:.0f} s, {memory:.0f} MB"
    )
    print(f"worst deviation {answer.deviation:.3%}; exposure: largest {exposure.largest:.4f}, least possible "
          f"{exposure.least:.4f} ({exposure.largest / exposure.least:.2f} times)")  # fmt: skip
    print(f"overlap: mean {overlap.mean:.2f} (at least {overlap.least_mean:.2f}), largest {overlap.largest}")
    print("pairs by shared items:", overlap.pairs[: overlap.largest + 1].tolist())
    for low, high, items in exposure.histogram():
        print(f"  exposure {low:.4f} to {high:.4f}: {items} items")
    for band in exposure.bands:
        print(f"  difficulty {band.easiest:.2f} to {band.hardest:.2f}: mean {band.mean:.4f}, "
              f"largest {band.maximum:.4f}")  # fmt: skip
    for one in answer.fairness:
        print(f"  {one.name}: {one.minimum:.3f} to {one.maximum:.3f}, SD {one.sd:.3f}")
    return answer


if __name__ == "__main__":
    words = (sys.argv[1:] + ["10000", "3000", "100", "1", "-", "-", "2"][len(sys.argv) - 1 :])[:7]
    forms, size, length, seed = (int(word) for word in words[:4])
    run(
        forms,
        size,
        length,
        seed,
        None if words[4] == "-" else int(words[4]),
        None if words[5] == "-" else float(words[5]),
        int(words[6]),
    )
