"""Recovery and false positives: ``OPENBLAS_NUM_THREADS=1 python -m tests.benchmarks.recovery``.

Prints Markdown tables; docs/recovery.md holds those of a full run. The same seed gives the same tables.
"""

from __future__ import annotations

import argparse
import os
import platform
import time

import numpy as np

from exam_engine.psychometrics.irt.models import Model
from tests.benchmarks.recovery import adaptive_study, dif_rates, fit_rates, forensics_rates, parameters, rates

PARTS = ("parameters", "fit", "dif", "forensics", "adaptive")
REPLICATIONS = {"parameters": 200, "fit": 200, "dif": 200, "forensics": 100, "adaptive": 100}
"""By default: about eight CPU minutes in all. M2 gives one p-value a replication; take more to look at it alone."""


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", action="append", choices=PARTS, help="by default all")
    parser.add_argument(
        "--model", action="append", choices=[*Model], help="of the parameters; by default all"
    )
    parser.add_argument("--replications", type=int, help=f"at least 2; by default {REPLICATIONS}")
    parser.add_argument("--seed", type=int, default=20_261_121)
    chosen = parser.parse_args()
    if chosen.replications is not None and chosen.replications < 2:
        parser.error("--replications must be at least 2, or there is no Monte Carlo error")
    machine = f"{os.cpu_count()} cores, {platform.machine()}"
    print(f"{machine}, Python {platform.python_version()}, NumPy {np.__version__}", flush=True)
    for part in chosen.part or (("parameters",) if chosen.model else PARTS):
        start, replications = time.process_time(), chosen.replications or REPLICATIONS[part]
        print(f"\n{part}, {replications} replications, seed {chosen.seed}\n", flush=True)
        print(run(part, chosen.model or [], replications, chosen.seed), flush=True)
        print(f"\n{time.process_time() - start:.0f} CPU s", flush=True)


def run(part: str, models: list[str], replications: int, seed: int) -> str:
    """Return the table of a part."""
    if part == "parameters":
        return parameters.report(models, replications=replications, seed=seed)
    if part == "forensics":
        return forensics_rates.report(replications=replications, seed=seed)
    if part == "adaptive":
        return adaptive_study.report(replications=replications, seed=seed)
    settings = fit_rates.SETTINGS if part == "fit" else dif_rates.SETTINGS
    return rates.report(settings, replications=replications, seed=seed, part=PARTS.index(part))


if __name__ == "__main__":
    main()
