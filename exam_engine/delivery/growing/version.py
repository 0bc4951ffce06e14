"""Under which code items were picked and abilities estimated."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import exam_engine.assembly
import exam_engine.delivery.growing
from exam_engine.assembly.solver import solver_version


@cache
def engine_version() -> str:
    """Return a digest over the source of the kernels that pick and estimate, and the solver's version."""
    digest = hashlib.sha256()
    for package in (exam_engine.assembly, exam_engine.delivery.growing):
        folder = Path(str(package.__file__)).parent
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{digest.hexdigest()[:12]}, {solver_version()}"
